//! What tests put into the database past the API, and how they look at all that it holds.

use std::collections::BTreeSet;
use std::path::Path;

use ree::reference::Reference;
use serde_json::{Value, json};

use super::{Service, id, merged, uai};

impl Service {
    /// The stored rows of every table there is, as one text: what did not change wrote nothing.
    pub async fn everything(&self) -> String {
        self.everything_but("").await
    }

    /// The same without this table.
    pub async fn everything_but(&self, left_out: &str) -> String {
        let rows = |table: &String| {
            format!(
                "SELECT '{table} ' || coalesce(string_agg(t::text, '|' ORDER BY t::text), '') FROM \"{table}\" t"
            )
        };
        let tables = self.tables().await;
        let looked_at = tables.iter().filter(|table| *table != left_out);
        let query = looked_at.map(rows).collect::<Vec<_>>().join(" UNION ALL ");
        let sql = self.sql().await;
        let all = sql.query(&query, &[]).await.expect("every table");
        let texts: Vec<String> = all.iter().map(|row| row.get(0)).collect();
        texts.join("\n")
    }

    /// The tables of the catalogue. Were it blind for one that a migration declares, a write there
    /// would pass for none.
    pub async fn tables(&self) -> BTreeSet<String> {
        const TABLES: &str = "SELECT relname::text FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition";
        let seen = self.sql().await.query(TABLES, &[]).await.expect("tables");
        let seen: BTreeSet<String> = seen.iter().map(|row| row.get(0)).collect();
        let unseen: Vec<String> = declared_tables().difference(&seen).cloned().collect();
        assert!(unseen.is_empty(), "tables that nobody looks at: {unseen:?}");
        seen
    }

    /// Writes a row as the database keeps it: the columns it names, and of the others the defaults.
    pub async fn store(&self, table: &str, row: &Value) {
        let names = row.as_object().expect("columns").keys();
        let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
        let columns = names.join(", ");
        let insert = format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, $1)"
        );
        let stored = self.sql().await.execute(&insert, &[row]).await;
        stored.unwrap_or_else(|error| panic!("{table}: {error}: {row}"));
    }

    /// These territories and all above them, as the database works them out.
    pub async fn reach_of(&self, territories: &[&str]) -> Vec<String> {
        let sql = self.sql().await;
        let row = sql.query_one("SELECT reach_of($1)", &[&territories]).await;
        row.expect("what is above").get(0)
    }

    /// A partner with a convention as [`Self::signed_convention`] has it: the ids of both.
    pub async fn signed_partner(&self, legal_name: &str, with: Value) -> (String, String) {
        let partner = id(&self.new_partner(legal_name).await);
        let convention = self.signed_convention(&partner, with).await;
        (partner, convention)
    }

    /// A convention of this partner as it stands once signed: national, in force since 2020 and
    /// without an end, covering everything, but for what `with` says of its columns.
    pub async fn signed_convention(&self, partner: &str, with: Value) -> String {
        let id = self.shared.clock.new_id();
        let row = json!({
            "id": id, "reference": format!("CN-2020-{}", &id.to_string()[24..]), "status": "signed",
            "title": "Convention-cadre", "kind": "framework_cooperation", "scope": "national", "reach": [],
            "partner_ids": [partner], "axes": [], "action_types": [], "levels": [], "moments": [],
            "starts_on": "2020-01-01", "terms": {}, "publication": { "documents": [] }, "signatories": [],
            "voided_signatures": [], "signed_on": "2020-01-01", "content_hash": "0".repeat(64),
            "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
        });
        self.store("conventions", &merged(row, with)).await;
        id.to_string()
    }

    /// A declination of these territories as it is stored: of an academy, active since 2020, but for
    /// what `with` says of its columns.
    pub async fn stored_declination(
        &self,
        convention: &str,
        territories: &[&str],
        with: Value,
    ) -> String {
        let id = self.shared.clock.new_id();
        let row = json!({
            "id": id, "convention_id": convention, "level": "academy", "territories": territories,
            "reach": self.reach_of(territories).await, "axes": [], "action_types": [], "levels": [], "moments": [],
            "starts_on": "2020-01-01", "targets": [], "planned_actions": [], "signatories": [], "status": "active",
            "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
        });
        self.store("declinations", &merged(row, with)).await;
        id.to_string()
    }

    /// A report as it is stored: a draft of 2025-2026 without lines, written by somebody else than
    /// any caller of a test, but for what `with` says of its columns; a validated one counts among those
    /// expected, its lines with [`Self::stored_lines`].
    pub async fn stored_report(&self, convention: &str, territory: &str, with: Value) -> String {
        let id = self.shared.clock.new_id();
        let row = json!({
            "id": id, "convention_id": convention, "territory": territory, "reach": self.reach_of(&[territory]).await,
            "school_year": "2025-2026", "number": 1, "status": "draft", "establishments": [], "narrative": {},
            "authors": ["somebody"], "created_at": "2026-07-01T00:00:00Z", "updated_at": "2026-07-01T00:00:00Z",
        });
        let mut row = merged(row, with);
        if row["status"] == "validated" && row["validated_at"].is_null() {
            row["validated_at"] = json!("2026-07-02T00:00:00Z");
        }
        self.store("reports", &row).await;
        const COUNTED: &str = "SELECT count_expected(id, NULL) FROM reports
                                WHERE id = $1::text::uuid AND status = 'validated' AND NOT superseded";
        let sql = self.sql().await;
        sql.execute(COUNTED, &[&id.to_string()])
            .await
            .expect("it counts");
        id.to_string()
    }

    /// All the lines of a stored report, each with these columns; counted as the service counts
    /// those of a report when it is validated.
    pub async fn stored_lines(&self, report: &str, lines: Value) {
        const ROWS: &str = "INSERT INTO report_lines
            SELECT (jsonb_populate_record(NULL::report_lines,
                        line || jsonb_build_object('report_id', $2::text, 'place', place))).*
              FROM jsonb_array_elements($1) WITH ORDINALITY AS given (line, place)";
        let sql = self.sql().await;
        let stored = sql.execute(ROWS, &[&lines, &report]).await;
        stored.expect("lines");
        const COUNTED: &str = "SELECT count_lines(id, NULL, validated_at) FROM reports
                                WHERE id = $1::text::uuid AND status = 'validated' AND NOT superseded";
        sql.execute(COUNTED, &[&report]).await.expect("figures");
    }

    /// A school of an academy's department, as an import would have written it.
    pub async fn new_school(&self, uai: &str, department: &str, academy: &str) {
        let row = json!({
            "uai": uai, "id": self.shared.clock.new_id(), "name": format!("Lycée {uai}"), "type": "Lycée",
            "sector": "public", "department": department, "academy": academy, "tracks": {}, "levels": [], "state": "open",
            "created_at": self.shared.clock.now(), "updated_at": self.shared.clock.now(),
        });
        self.store("establishments", &row).await;
    }

    /// Moves a school, as the directory does.
    pub async fn move_school(&self, uai: &str, academy: &str, department: &str) {
        const MOVE: &str = "UPDATE establishments SET academy = $2, department = $3 WHERE uai = $1";
        const FOLLOW: &str = "SELECT refresh_reach(ARRAY['uai:' || $1], now())";
        let sql = self.sql().await;
        sql.execute(MOVE, &[&uai, &academy, &department])
            .await
            .expect("a move");
        sql.execute(FOLLOW, &[&uai]).await.expect("what follows");
    }

    /// Schools of these numbers, each where its number says: `690_001` in the department 069.
    pub async fn new_schools<const N: usize>(&self, numbers: [u32; N]) -> [String; N] {
        for number in numbers {
            let department = format!("department:{:03}", number / 10_000);
            let above = Reference::get().ancestry(&department);
            let academy = above.iter().find(|code| code.starts_with("academy:"));
            let academy = academy.unwrap_or_else(|| panic!("no academy has {department}"));
            self.new_school(&uai(number), &department, academy).await;
        }
        numbers.map(uai)
    }
}

/// The tables that the migrations leave behind.
fn declared_tables() -> BTreeSet<String> {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let migrations = std::fs::read_dir(migrations).expect("the migrations");
    let mut files: Vec<_> = migrations
        .map(|entry| entry.expect("a migration").path().join("up.sql"))
        .collect();
    files.sort();
    let mut declared = BTreeSet::new();
    for file in files {
        let sql = std::fs::read_to_string(file).expect("a migration");
        for line in sql.lines() {
            let name = |rest: &str| rest.trim_end_matches([';', '(', ' ']).to_owned();
            if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
                declared.insert(name(rest));
            } else if let Some(rest) = line.strip_prefix("DROP TABLE ") {
                declared.remove(&name(rest));
            }
        }
    }
    assert!(declared.len() > 30, "{declared:?}");
    declared
}

#[actix_web::test]
async fn a_write_to_any_table_is_seen() {
    let service = Service::start().await;
    let tables = service.tables().await;
    for name in ["partner_networks", "expected_counts", "publication_secrets"] {
        assert!(tables.contains(name), "{name}");
    }
    let sql = service.sql().await;
    let before = service.everything().await;
    assert_eq!(service.everything().await, before);
    sql.batch_execute("CREATE TABLE of_a_later_migration (id int)")
        .await
        .expect("a table");
    let with_it = service.everything().await;
    assert_ne!(with_it, before);
    sql.batch_execute("INSERT INTO of_a_later_migration VALUES (1)")
        .await
        .expect("a row");
    assert_ne!(service.everything().await, with_it);
}

#[actix_web::test]
#[should_panic(expected = "tables that nobody looks at: [\"publication_secrets\"]")]
async fn a_table_that_the_catalogue_does_not_show_fails_whoever_looks_at_everything() {
    let service = Service::start().await;
    let sql = service.sql().await;
    sql.batch_execute("CREATE SCHEMA away; ALTER TABLE publication_secrets SET SCHEMA away")
        .await
        .expect("a move");
    service.everything().await;
}
