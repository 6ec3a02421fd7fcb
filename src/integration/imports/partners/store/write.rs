//! Writing what an import made of the partners: rows, journal, feed, in one statement for each table.

use serde_json::{Map, Value, json};
use tokio_postgres::Transaction;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use super::{Entry, Register, fields};
use crate::integration::imports::{ImportContext, ImportError, Summary, store};

impl Register {
    /// Writes what is new and what changed, with audit rows and events, and counts.
    pub async fn write(
        &self,
        transaction: &Transaction<'_>,
        context: &ImportContext<'_>,
        summary: &mut Summary,
    ) -> Result<(), ImportError> {
        self.write_changes(transaction, context, summary).await?;
        self.name_sources(transaction).await
    }

    async fn write_changes(
        &self,
        transaction: &Transaction<'_>,
        context: &ImportContext<'_>,
        summary: &mut Summary,
    ) -> Result<(), ImportError> {
        let rows = self.written(context, summary);
        let expected = summary.inserted + summary.updated;
        if expected == 0 {
            return Ok(());
        }
        let rows = Value::Array(rows);
        let now = &context.now;
        let mut written = 0;
        for statement in [INSERT, UPDATE] {
            written += transaction
                .execute(statement, &[&rows, now])
                .await
                .map_err(overtaken)?;
        }
        if written != expected {
            return Err(ImportError::Overtaken);
        }
        store::audit(transaction, context, "partner", &rows).await?;
        transaction.execute(EVENTS, &[&rows, now]).await?;
        Ok(())
    }

    /// Keeps what the file calls its partners, for the files that refer to them.
    async fn name_sources(&self, transaction: &Transaction<'_>) -> Result<(), ImportError> {
        let named = self.named.iter().map(|(id, source)| (*id, source.as_str()));
        let (ids, sources): (Vec<Uuid>, Vec<&str>) = named.unzip();
        transaction.execute(NAME_SOURCES, &[&ids, &sources]).await?;
        Ok(())
    }

    /// Counts the partners the file names, and describes those to write.
    fn written(&self, context: &ImportContext<'_>, summary: &mut Summary) -> Vec<Value> {
        let mut rows = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.line.is_some()) {
            match &entry.stored {
                None => summary.inserted += 1,
                Some((_, stored)) if *stored == entry.content => {
                    summary.unchanged += 1;
                    continue;
                }
                Some(_) => summary.updated += 1,
            }
            rows.push(entry.described((context.new_id)()));
        }
        rows
    }
}

impl Entry {
    /// What the statements below read of a written partner: its content, and beside it what
    /// happened to which of its fields.
    fn described(&self, audit_id: Uuid) -> Value {
        let after = fields(&self.content);
        let before = self.stored.as_ref().map(|(_, stored)| fields(stored));
        let changed =
            |name: &str, value: &Value| before.as_ref().is_none_or(|b| b.get(name) != Some(value));
        let names: Vec<&str> = after
            .iter()
            .filter(|(name, value)| changed(name, value))
            .map(|(name, _)| name.as_str())
            .collect();
        let only = |all: &Map<String, Value>| -> Map<String, Value> {
            all.iter()
                .filter(|(name, _)| names.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        };
        let known_version = self.stored.as_ref().map(|(version, _)| *version);
        let mut row = after.clone();
        row.extend([
            ("id".to_owned(), json!(self.id)),
            ("audit_id".to_owned(), json!(audit_id)),
            ("known_version".to_owned(), json!(known_version)),
            ("fields".to_owned(), json!(names)),
            ("before".to_owned(), json!(before.as_ref().map(only))),
            ("after".to_owned(), json!(only(&after))),
        ]);
        Value::Object(row)
    }
}

/// Somebody else just gave a partner the same SIREN or RNA.
fn overtaken(error: tokio_postgres::Error) -> ImportError {
    if error.code() == Some(&SqlState::UNIQUE_VIOLATION) {
        ImportError::Overtaken
    } else {
        error.into()
    }
}

/// $1: the written partners, $2: now.
const INSERT: &str = "
    INSERT INTO partners (id, legal_name, usual_name, acronym, kind, siren, rna, sectors, member_of,
                          website, description, created_at, updated_at)
    SELECT id, legal_name, usual_name, acronym, kind, siren, rna, sectors, '{}', website,
           description, $2::timestamptz, $2::timestamptz
      FROM jsonb_to_recordset($1) AS r (
           id uuid, legal_name text, usual_name text, acronym text, kind text, siren text,
           rna text, sectors text[], website text, description text, known_version bigint)
     WHERE known_version IS NULL";

/// The version is the one that was compared: a partner changed meanwhile is not overwritten.
const UPDATE: &str = "
    UPDATE partners p
       SET version = p.version + 1, legal_name = r.legal_name, usual_name = r.usual_name,
           acronym = r.acronym, kind = r.kind, siren = r.siren, rna = r.rna, sectors = r.sectors,
           website = r.website, description = r.description, updated_at = $2::timestamptz
      FROM jsonb_to_recordset($1) AS r (
           id uuid, legal_name text, usual_name text, acronym text, kind text, siren text,
           rna text, sectors text[], website text, description text, known_version bigint)
     WHERE p.id = r.id AND p.version = r.known_version";

/// $1: partners, $2: what the file calls each.
const NAME_SOURCES: &str = "
    INSERT INTO partner_source_ids (partner_id, source_id)
    SELECT id, source_id FROM unnest($1::uuid[], $2::text[]) AS r (id, source_id)
    ON CONFLICT DO NOTHING";

const EVENTS: &str = "
    INSERT INTO changes (position, type, object_type, object_id, object_key, version, occurred_at)
    SELECT (SELECT feed_position()),
           CASE WHEN known_version IS NULL THEN 'partner.created' ELSE 'partner.updated' END,
           'partner', id, id::text, coalesce(known_version + 1, 1), $2::timestamptz
      FROM jsonb_to_recordset($1) AS r (id uuid, known_version bigint)";
