//! `ree indicators verify` says of everything kept whether it still is what it follows, or was.

use serde_json::json;

use crate::support::{Directory, Service, run};

/// A convention with the partner there is, and a validated report on it with one line, sealed.
const A_VALIDATED_YEAR: &str = "
    INSERT INTO conventions (id, reference, status, title, kind, scope, reach, partner_ids, axes, action_types, levels,
        moments, starts_on, terms, publication, signatories, voided_signatures, signed_on, content_hash, created_at, updated_at)
    SELECT '0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e01', 'CN-2015-0001', 'signed', 'Convention', 'framework_cooperation', 'national',
        '{}', ARRAY[id], '{}', '{}', '{}', '{}', '2015-01-01', '{\"renewal\": {\"mode\": \"none\"}}', '{\"documents\": []}', '[]', '[]',
        '2015-01-01', '', now(), now() FROM partners;
    INSERT INTO reports (id, version, convention_id, territory, reach, school_year, number, status, establishments, narrative,
        authors, superseded, validated_at, created_at, updated_at)
    VALUES ('0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e02', 1, '0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e01', 'academy:10', '{academy:10,FR}',
        '2025-2026', 1, 'validated', '{}', '{}', '{audit}', false, now(), now(), now());
    INSERT INTO report_lines (report_id, place, academy, action_type, level, actions, pupils)
    VALUES ('0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e02', 1, 'academy:10', 'class_talk', '3e', 1, 30);
    UPDATE reports SET seal = report_seal(reports);";

#[test]
fn indicators_verify_names_whatever_kept_figure_validated_line_or_publication_is_not_what_it_was() {
    let directory = Directory::new();
    let service = Service::start(&directory);
    let mut ministry = service.client("ministry");
    let partner = json!({ "legal_name": "Partenaire", "kind": "company" });
    let made = ministry.post("/v1/partners", &[], &partner);
    made.expect("an answer").expect(201);
    directory.execute(A_VALIDATED_YEAR);
    let campaign =
        json!({ "school_year": "2025-2026", "opens_on": "2026-05-04", "due_on": "2026-09-30" });
    let made = ministry.post("/v1/campaigns", &[], &campaign);
    made.expect("an answer").expect(201);
    let rebuild = || run(&directory.path, &["indicators", "rebuild"]);
    assert_eq!(rebuild().status, 0);
    let year = json!({ "school_year": "2025-2026" });
    let made = ministry.post("/v1/publications", &[], &year);
    made.expect("an answer").expect(201);
    let verify = || run(&directory.path, &["indicators", "verify"]);
    let sound = verify();
    assert_eq!(sound.status, 0, "{}{}", sound.out, sound.err);
    const MENDED: &str = "run `ree indicators rebuild`";
    const SEALED: &str = "restore them from a backup";
    for (kept, planted, undone, advice) in [
        (
            "indicator_cells",
            "UPDATE indicator_cells SET sums[2] = sums[2] + 1 WHERE dimension = 'level' AND place = 'FR'",
            None,
            MENDED,
        ),
        (
            "expected_counts",
            "UPDATE expected_counts SET expected = expected + 2",
            None,
            MENDED,
        ),
        (
            "expected_reports",
            "DELETE FROM expected_reports",
            None,
            MENDED,
        ),
        (
            "report_lines",
            "UPDATE report_lines SET level = '4e'",
            Some("UPDATE report_lines SET level = '3e'"),
            SEALED,
        ),
        (
            "report_lines",
            "UPDATE reports SET seal = NULL",
            Some("UPDATE reports SET seal = report_seal(reports)"),
            SEALED,
        ),
        (
            "publication_cells",
            "ALTER TABLE publication_cells DISABLE TRIGGER USER; UPDATE publication_cells SET validated = validated + 1",
            Some("UPDATE publication_cells SET validated = validated - 1"),
            SEALED,
        ),
    ] {
        directory.execute(planted);
        let found = verify();
        assert_eq!(found.status, 1, "{planted}");
        assert!(found.out.contains(kept), "{planted}: {}", found.out);
        assert!(found.err.contains(advice), "{planted}: {}", found.err);
        match undone {
            Some(undone) => directory.execute(undone),
            None => assert_eq!(rebuild().status, 0, "{planted}"),
        }
        let sound = verify();
        assert_eq!(sound.status, 0, "{planted}: {}{}", sound.out, sound.err);
    }
    service.stop();
}
