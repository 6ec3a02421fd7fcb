//! `src/db/schema.rs` says what a migrated database is.

use std::collections::BTreeMap;

use crate::support::Service;

#[actix_web::test]
async fn the_schema_in_the_code_is_that_of_a_migrated_database() {
    let service = Service::start().await;
    let columns = "SELECT table_name::text, column_name::text FROM information_schema.columns
                   WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations'
                     -- Kept by a trigger and read by SQL alone: see LEFT_OUT of scripts/schema.
                     AND NOT (table_name = 'interventions' AND column_name = 'reach')
                   ORDER BY table_name, ordinal_position";
    let mut stored: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in service.sql().await.query(columns, &[]).await.unwrap() {
        stored.entry(row.get(0)).or_default().push(row.get(1));
    }
    assert_eq!(declared(), stored);
}

/// The tables of `schema.rs` and their columns, in order.
fn declared() -> BTreeMap<String, Vec<String>> {
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table = None;
    for line in include_str!("../../src/db/schema.rs")
        .lines()
        .map(str::trim)
    {
        if let Some(head) = line.strip_suffix(") {") {
            table = head.split_once(" (").map(|(name, _)| name.to_owned());
        } else if let (Some(table), Some((column, _))) = (
            &table,
            line.strip_suffix(',')
                .and_then(|line| line.split_once(" -> ")),
        ) {
            let column = if column == "type_" { "type" } else { column };
            tables
                .entry(table.clone())
                .or_default()
                .push(column.to_owned());
        }
    }
    tables
}
