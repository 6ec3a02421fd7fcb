//! Puts the reference data in the database.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Connector;
use crate::error::{Error, Result};
use crate::reference::Reference;

const TERRITORIES: &str = "
    INSERT INTO territories (code, kind, name, parent, official_code, created_at, updated_at)
    SELECT code, kind, name, parent, official_code, $2, $2
    FROM jsonb_to_recordset($1) AS given (code text, kind text, name text, parent text, official_code text)
    ON CONFLICT (code) DO UPDATE
    SET kind = excluded.kind, name = excluded.name, parent = excluded.parent,
        official_code = excluded.official_code, updated_at = excluded.updated_at
    WHERE (territories.kind, territories.name, territories.parent, territories.official_code)
        IS DISTINCT FROM (excluded.kind, excluded.name, excluded.parent, excluded.official_code)";

/// The territories that come to lie elsewhere.
const MOVED: &str = "
    SELECT array_agg(t.code)
    FROM jsonb_to_recordset($1) AS given (code text, parent text)
    JOIN territories t USING (code)
    WHERE t.parent IS DISTINCT FROM given.parent";

/// Perimeters follow them, and those who gained or lost something are told.
const FOLLOW: &str = "SELECT refresh_reach($1, $2)";

const NOMENCLATURES: &str = "
    INSERT INTO nomenclatures (name, entries, created_at, updated_at)
    SELECT name, entries, $2, $2 FROM jsonb_to_recordset($1) AS given (name text, entries jsonb)
    ON CONFLICT (name) DO UPDATE SET entries = excluded.entries, updated_at = excluded.updated_at
    WHERE nomenclatures.entries <> excluded.entries";

/// Inserts what is missing and updates what differs; nothing is ever removed, since objects may
/// refer to it.
///
/// # Errors
/// `service_unavailable` when the database is away.
pub async fn load(connector: &Connector, now: DateTime<Utc>) -> Result<()> {
    let reference = Reference::get();
    let territories: Vec<_> = reference
        .territories()
        .iter()
        .map(|t| {
            json!({ "code": t.code, "kind": t.kind, "name": t.name, "parent": t.parent, "official_code": t.official_code })
        })
        .collect();
    let nomenclatures: Vec<_> = reference
        .nomenclatures()
        .iter()
        .map(|n| json!({ "name": n.name, "entries": n.entries }))
        .collect();
    let (mut client, _alive) = connector.plain().await.map_err(Error::unavailable)?;
    let transaction = client.transaction().await.map_err(Error::unavailable)?;
    let territories = json!(territories);
    let moved = transaction
        .query_one(MOVED, &[&territories])
        .await
        .map_err(Error::internal)?;
    let moved: Option<Vec<String>> = moved.try_get(0).map_err(Error::internal)?;
    transaction
        .execute(TERRITORIES, &[&territories, &now])
        .await
        .map_err(Error::internal)?;
    if let Some(moved) = moved {
        transaction
            .execute(FOLLOW, &[&moved, &now])
            .await
            .map_err(Error::internal)?;
    }
    transaction
        .execute(NOMENCLATURES, &[&json!(nomenclatures), &now])
        .await
        .map_err(Error::internal)?;
    transaction.commit().await.map_err(Error::unavailable)
}
