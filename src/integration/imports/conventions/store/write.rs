//! Writing what an import made of the conventions: rows, journal, feed.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use tokio_postgres::Transaction;
use uuid::Uuid;

use super::Entry;
use crate::integration::imports::{ImportContext, ImportError, store};

impl Entry {
    /// What the statements read of it.
    fn described(&self, audit_id: Uuid, reference: Option<String>) -> Value {
        let after = &self.row;
        let differs = |name: &&String| match &self.before {
            Some(before) => before
                .get(name.as_str())
                .is_some_and(|value| Some(value) != after.get(*name)),
            None => !["terms", "publication", "reach", "imported"].contains(&name.as_str()),
        };
        let names: Vec<&String> = after.keys().filter(differs).collect();
        let only = |get: &dyn Fn(&str) -> Option<Value>| -> Map<String, Value> {
            let stated = names
                .iter()
                .filter_map(|name| Some(((*name).clone(), get(name)?)));
            stated.collect()
        };
        let before = self
            .before
            .as_ref()
            .map(|before| only(&|name| before.get(name).cloned()));
        let mut described = self.row.clone();
        described.extend([
            ("id".to_owned(), json!(self.id)),
            ("reference".to_owned(), json!(reference)),
            ("audit_id".to_owned(), json!(audit_id)),
            ("known_version".to_owned(), json!(self.known_version)),
            ("fields".to_owned(), json!(names)),
            ("before".to_owned(), json!(before)),
            (
                "after".to_owned(),
                json!(only(&|name| after.get(name).cloned())),
            ),
        ]);
        Value::Object(described)
    }
}

/// Writes conventions with their references, audit rows and events: five statements for all.
pub async fn write(
    transaction: &Transaction<'_>,
    context: &ImportContext<'_>,
    entries: &[Entry],
) -> Result<(), ImportError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut numbers = numbers(transaction, entries).await?;
    let described = entries.iter().map(|entry| {
        let reference = entry.prefix.as_ref().and_then(|prefix| {
            let next = numbers.get_mut(prefix)?;
            *next += 1;
            Some(format!("{prefix}-{next:04}"))
        });
        entry.described((context.new_id)(), reference)
    });
    let rows = Value::Array(described.collect());
    let now = &context.now;
    for statement in [INSERT, UPDATE] {
        transaction.execute(statement, &[&rows, now]).await?;
    }
    store::audit(transaction, context, "convention", &rows).await?;
    transaction.execute(EVENTS, &[&rows, now]).await?;
    Ok(())
}

/// For each prefix, the last number given before this import, which takes as many as it needs.
async fn numbers(
    transaction: &Transaction<'_>,
    entries: &[Entry],
) -> Result<HashMap<String, i32>, ImportError> {
    let mut needed: HashMap<&str, i32> = HashMap::new();
    for prefix in entries.iter().filter_map(|entry| entry.prefix.as_deref()) {
        *needed.entry(prefix).or_default() += 1;
    }
    let (prefixes, counts): (Vec<&str>, Vec<i32>) = needed.into_iter().unzip();
    const NUMBERS: &str = "
        INSERT INTO reference_counters AS c (prefix, last)
        SELECT prefix, needed FROM unnest($1::text[], $2::integer[]) AS n (prefix, needed)
        ON CONFLICT (prefix) DO UPDATE SET last = c.last + excluded.last
        RETURNING prefix, last";
    let given = transaction.query(NUMBERS, &[&prefixes, &counts]).await?;
    let mut before = HashMap::new();
    for row in given {
        let (prefix, last): (String, i32) = (row.try_get(0)?, row.try_get(1)?);
        let place = prefixes.iter().position(|one| *one == prefix);
        let count = place.and_then(|place| counts.get(place)).copied();
        before.insert(prefix, last - count.unwrap_or_default());
    }
    Ok(before)
}

/// $1: the written conventions, $2: now.
const INSERT: &str = "
    INSERT INTO conventions (id, reference, status, title, kind, scope, territory, reach, partner_ids, axes, action_types,
                             levels, moments, starts_on, ends_on, terms, publication, signatories, voided_signatures,
                             signed_on, content_hash, imported, created_at, updated_at)
    SELECT id, reference, status, title, kind, scope, territory, reach, partner_ids, axes, action_types,
           levels, moments, starts_on, ends_on, terms, publication, '[]', '[]',
           signed_on, content_hash, imported, $2::timestamptz, $2::timestamptz
      FROM jsonb_to_recordset($1) AS r (
           id uuid, reference text, status text, title text, kind text, scope text, territory text, reach text[],
           partner_ids uuid[], axes text[], action_types text[], levels text[], moments text[], starts_on date, ends_on date,
           terms jsonb, publication jsonb, signed_on date, content_hash text, imported jsonb, known_version bigint)
     WHERE known_version IS NULL";

/// The rows are locked since they were compared.
const UPDATE: &str = "
    UPDATE conventions c
       SET version = c.version + 1, title = r.title, kind = r.kind, axes = r.axes, action_types = r.action_types,
           levels = r.levels, moments = r.moments, starts_on = r.starts_on, ends_on = r.ends_on, terms = r.terms,
           publication = r.publication, signed_on = r.signed_on,
           content_hash = r.content_hash, imported = r.imported, updated_at = $2::timestamptz
      FROM jsonb_to_recordset($1) AS r (
           id uuid, title text, kind text, axes text[], action_types text[], levels text[], moments text[],
           starts_on date, ends_on date, terms jsonb, publication jsonb, signed_on date,
           content_hash text, imported jsonb, known_version bigint)
     WHERE c.id = r.id AND known_version IS NOT NULL";

/// Only those who may read a project see its changes: see `Convention::audience`.
const EVENTS: &str = "
    INSERT INTO changes (position, type, object_type, object_id, object_key, version, occurred_at, audience)
    SELECT (SELECT feed_position()),
           CASE WHEN known_version IS NULL THEN 'convention.created' ELSE 'convention.updated' END,
           'convention', id, id::text, coalesce(known_version + 1, 1), $2::timestamptz,
           CASE WHEN status = 'signed' THEN ARRAY['everyone']
                ELSE ARRAY(SELECT 'partner:' || p FROM unnest(partner_ids) AS p)
                     || ARRAY(SELECT 'within:' || t FROM unnest(reach) AS t)
           END
      FROM jsonb_to_recordset($1) AS r (id uuid, known_version bigint, status text, partner_ids uuid[], reach text[])";
