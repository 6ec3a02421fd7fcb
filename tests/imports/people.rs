//! Lists and people who write about the same objects: what people said last stands.

use crate::*;
use ree::integration::imports::conventions::import as conventions;
use ree::integration::imports::merge::Reason;
use ree::integration::imports::partners::{Words, import as partners};

const PARTNERS: &str = "id;nom;nature\n970;Organisme Reprise;association\n";
const HEADER: &str = "id;partenaires_ids;type;niveau;territoire;date_signature;precision_date;annee_fin;nor;source\n";
const PROJECT: &str = "972;970;convention de partenariat (projet);national;;;;2028;;\n";

async fn take_partners(client: &mut Client, file: &str, options: &Options) -> Summary {
    let words = Words::of_reference();
    let file = file.as_bytes();
    partners(client, file, &context(), &words, options, |_| {})
        .await
        .unwrap()
}

async fn take(client: &mut Client, lines: &str) -> Summary {
    let file = format!("{HEADER}{lines}");
    conventions(client, file.as_bytes(), &context(), &REAL, |_| {})
        .await
        .unwrap()
}

async fn with_partner() -> Fresh {
    let mut client = fresh().await;
    take_partners(&mut client, PARTNERS, &REAL).await;
    client
}

/// A person writes a field of the only object of a table, and the journal keeps it.
async fn say(client: &Client, table: &str, field: &str, value: &str) {
    let kind = table.trim_end_matches('s');
    let write = format!(
        "WITH said AS (UPDATE {table} SET {field} = {value}, version = version + 1 RETURNING id, {field} AS said)
         INSERT INTO audit_events (id, occurred_at, subject, role, client_id, request_id, action, object_type, object_id, fields, before, after)
         SELECT '{}', now(), 'someone', 'ministry', 'ree-cli', 'by hand', '{kind}.updated', '{kind}', id, '{{{field}}}',
                jsonb_build_object('{field}', NULL), jsonb_build_object('{field}', said) FROM said",
        Uuid::now_v7()
    );
    client.batch_execute(&write).await.unwrap();
}

fn kept(summary: &Summary) -> Vec<(&str, Reason)> {
    let mut kept: Vec<_> = summary
        .kept
        .iter()
        .map(|kept| (kept.field.as_str(), kept.reason))
        .collect();
    kept.sort_by_key(|(field, _)| *field);
    kept
}

const TEXT: &str = "SELECT concat_ws('|', status, title, kind, starts_on, ends_on, content_hash, version) FROM conventions";

#[tokio::test]
async fn what_people_wrote_in_an_imported_project_stays_and_is_told_with_both_values() {
    let client = &mut with_partner().await;
    take(client, PROJECT).await;
    say(client, "conventions", "title", "'Le titre convenu'").await;
    say(client, "conventions", "ends_on", "'2027-06-30'").await;
    let before = text(client, TEXT).await;
    let summary = take(client, PROJECT).await;
    let people = Reason::WrittenByPeople;
    assert_eq!(kept(&summary), [("ends_on", people), ("title", people)]);
    let end = summary
        .kept
        .iter()
        .find(|kept| kept.field == "ends_on")
        .unwrap();
    assert_eq!(
        (end.line, end.stored.as_str(), end.stated.as_str()),
        (2, Some("2027-06-30"), Some("2028-12-31"))
    );
    assert_eq!(summary.columns["title"].kept, 1);
    assert_eq!((summary.updated, summary.unchanged), (0, 1));
    assert_eq!(text(client, TEXT).await, before);
    // What nobody touched follows the list; what people emptied stays empty.
    say(client, "conventions", "ends_on", "NULL").await;
    let other = PROJECT.replace("convention de partenariat", "charte");
    assert_eq!(
        kept(&take(client, &other).await),
        [("ends_on", people), ("title", people)]
    );
    let row = "SELECT concat_ws('|', title, kind, ends_on) FROM conventions";
    assert_eq!(text(client, row).await.unwrap(), "Le titre convenu|charter");
}

#[tokio::test]
async fn a_text_sent_for_signature_or_signed_is_changed_by_no_list() {
    let client = &mut with_partner().await;
    take(client, PROJECT).await;
    let signed = "signed_on = '2026-01-15', starts_on = '2026-01-15', status = 'signed', signatories = '[{}]'";
    for settled in [
        "status = 'to_sign', signatories = '[{}]'",
        signed,
        "status = 'abandoned'",
    ] {
        client
            .execute(&format!("UPDATE conventions SET {settled}"), &[])
            .await
            .unwrap();
        let before = text(client, TEXT).await;
        assert_eq!(take(client, PROJECT).await.updated, 0);
        let other = PROJECT
            .replace("convention de partenariat", "charte")
            .replace("2028", "2031");
        let summary = take(client, &other).await;
        assert_eq!((summary.updated, summary.unchanged), (0, 1));
        let told = kept(&summary);
        assert!(told.contains(&("ends_on", Reason::Signed)), "{told:?}");
        assert!(told.contains(&("kind", Reason::Signed)), "{told:?}");
        assert_eq!(text(client, TEXT).await, before);
    }
    // What only publishes it is completed.
    let published = PROJECT.replace("2028;;", "2028;MENE2600123X;");
    assert_eq!(take(client, &published).await.updated, 1);
    let row = "SELECT concat_ws('|', status, publication ->> 'nor') FROM conventions";
    assert_eq!(text(client, row).await.unwrap(), "abandoned|MENE2600123X");
    assert_eq!(take(client, &published).await.updated, 0);
}

#[tokio::test]
async fn a_partner_renamed_by_people_is_the_same_partner_and_keeps_its_name() {
    let client = &mut with_partner().await;
    say(client, "partners", "legal_name", "'Le nouveau nom'").await;
    say(client, "partners", "kind", "'company'").await;
    for file in [PARTNERS, "nom;nature\nOrganisme Reprise;association\n"] {
        let summary = take_partners(client, file, &REAL).await;
        let people = Reason::WrittenByPeople;
        assert_eq!(kept(&summary), [("kind", people), ("legal_name", people)]);
        assert_eq!((summary.inserted, summary.updated), (0, 0));
    }
    let row = "SELECT string_agg(concat_ws('|', legal_name, kind), ' ') FROM partners";
    assert_eq!(text(client, row).await.unwrap(), "Le nouveau nom|company");
}

#[tokio::test]
async fn another_list_or_an_older_edition_completes_and_replaces_nothing() {
    let client = &mut fresh().await;
    let of = |source: &str, day: u32| Options {
        list: List {
            source: source.into(),
            edition: chrono::NaiveDate::from_ymd_opt(2026, 1, day),
        },
        ..REAL
    };
    let siren = "siren;nom;nature;sigle\n444786511;GRDF;";
    take_partners(client, &format!("{siren}entreprise;\n"), &of("a", 2)).await;
    let other = take_partners(client, &format!("{siren}association;GR\n"), &of("b", 9)).await;
    assert_eq!(kept(&other), [("kind", Reason::OtherList)]);
    let older = take_partners(client, &format!("{siren}association;\n"), &of("a", 1)).await;
    assert_eq!(kept(&older), [("kind", Reason::NewerEdition)]);
    let row = "SELECT concat_ws('|', kind, acronym) FROM partners";
    assert_eq!(text(client, row).await.unwrap(), "company|GR");
    take_partners(client, &format!("{siren}association;\n"), &of("a", 3)).await;
    assert_eq!(text(client, row).await.unwrap(), "association|GR");
}

#[tokio::test]
async fn an_id_that_a_list_gave_names_no_other_partner() {
    let client = &mut fresh().await;
    take_partners(
        client,
        "id;nom;nature\n950;Liste A premier;association\n",
        &REAL,
    )
    .await;
    let other = "id;nom;nature\n950;Liste B premier;association\n951;Liste B second;association\n";
    let summary = take_partners(client, other, &REAL).await;
    let refused: Vec<_> = summary.refused.iter().map(|r| (r.line, r.code)).collect();
    assert_eq!(refused, [(2, "id_taken")]);
    assert!(summary.refused[0].detail.contains("Liste A premier"));
    assert_eq!(summary.inserted, 1);
    // A list that tells its name has ids of its own, and may rename what it calls so.
    let named = Options {
        list: List {
            source: "b".into(),
            edition: None,
        },
        ..REAL
    };
    assert_eq!(take_partners(client, other, &named).await.inserted, 1);
    let renamed = other.replace("B premier", "B renommée");
    assert_eq!(take_partners(client, &renamed, &named).await.updated, 1);
    take(
        client,
        "951;950;convention de partenariat;national;;2021-12-13;jour;2028;;\n",
    )
    .await;
    let party = "SELECT legal_name FROM partners p, conventions c WHERE p.id = ANY (c.partner_ids)";
    assert_eq!(text(client, party).await.unwrap(), "Liste A premier");
}

#[tokio::test]
async fn lists_of_conventions_obey_the_rules_of_the_api() {
    let client = &mut with_partner().await;
    let lines = "957;970|970;convention de partenariat;national;;2020-12;mois;2025;;
963;970;convention de partenariat;national;;2130-12-13;jour;2135;;
964;970;convention de partenariat;national;;2131;année;;;
912;970;convention de partenariat;national;;2020-12-13;jour;2018;;
915;970;convention de partenariat;national;;2021-12-13;jour;2025;;
";
    let summary = take(client, lines).await;
    let refused: Vec<_> = summary.refused.iter().map(|r| (r.line, r.code)).collect();
    assert_eq!(
        refused,
        [
            (2, "repeated_item"),
            (3, "in_the_future"),
            (4, "in_the_future"),
            (5, "end_before_start")
        ]
    );
    let detail = &summary.refused[3].detail;
    assert!(
        detail.contains("2020-12-13") && detail.contains("2018-12-31"),
        "{detail}"
    );
    assert_eq!(summary.inserted, 1);
    // Completed on both sides, a line may still put the end before the beginning of what is stored.
    let other = "915;970;convention de partenariat;national;;;;2020;;\n";
    assert_eq!(
        take(client, other).await.refused[0].code,
        "end_before_start"
    );
}
