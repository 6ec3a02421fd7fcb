//! The partners known so far: those stored, and those that earlier lines of the file made.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio_postgres::Transaction;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use super::record::Line;
use crate::db::tx::Author;
use crate::integration::imports::{ImportContext, ImportError, Rejection, Summary};

/// The names as the database folds them, since it is the database's `sort_name` they are compared with.
pub async fn folded(
    transaction: &Transaction<'_>,
    lines: &[(u64, Line)],
) -> Result<Vec<String>, ImportError> {
    let names: Vec<&str> = lines.iter().map(|(_, l)| l.legal_name.as_str()).collect();
    let rows = transaction
        .query(
            "SELECT fold(n) FROM unnest($1::text[]) WITH ORDINALITY AS u (n, place) ORDER BY place",
            &[&names],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// What an import may change of a partner. The field names are the columns'.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    legal_name: String,
    usual_name: Option<String>,
    acronym: Option<String>,
    kind: String,
    siren: Option<String>,
    rna: Option<String>,
    sectors: Vec<String>,
    website: Option<String>,
    description: Option<String>,
}

struct Entry {
    id: Uuid,
    /// The stored version and content; `None` for a partner that the file makes.
    stored: Option<(i64, Content)>,
    content: Content,
    /// The line that names it.
    line: Option<(u64, Line)>,
}

#[derive(Default)]
pub struct Register {
    entries: Vec<Entry>,
    by_siren: HashMap<String, usize>,
    by_rna: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
}

/// What came of a line that is not refused.
pub enum Outcome {
    Taken,
    /// The line only repeats another one.
    Merged,
}

impl Register {
    /// Reads the stored partners.
    pub async fn load(transaction: &Transaction<'_>) -> Result<Self, ImportError> {
        let rows = transaction
            .query(
                "SELECT id, version, sort_name, legal_name, usual_name, acronym, kind, siren, rna,
                        sectors, website, description
                   FROM partners ORDER BY id",
                &[],
            )
            .await?;
        let mut register = Self::default();
        for row in rows {
            let content = Content {
                legal_name: row.try_get("legal_name")?,
                usual_name: row.try_get("usual_name")?,
                acronym: row.try_get("acronym")?,
                kind: row.try_get("kind")?,
                siren: row.try_get("siren")?,
                rna: row.try_get("rna")?,
                sectors: row.try_get("sectors")?,
                website: row.try_get("website")?,
                description: row.try_get("description")?,
            };
            let entry = Entry {
                id: row.try_get("id")?,
                stored: Some((row.try_get("version")?, content.clone())),
                content,
                line: None,
            };
            register.add(entry, row.try_get("sort_name")?);
        }
        Ok(register)
    }

    /// Takes a line; `name` is its legal name as the database folds it.
    pub fn take(
        &mut self,
        place: u64,
        line: Line,
        name: String,
        new_id: &(dyn Fn() -> Uuid + Sync),
    ) -> Result<Outcome, Rejection> {
        let Some(known) = self.find(&line, &name)? else {
            let entry = Entry {
                id: new_id(),
                stored: None,
                content: created(&line)?,
                line: Some((place, line)),
            };
            self.add(entry, name);
            return Ok(Outcome::Taken);
        };
        let Some(entry) = self.entries.get_mut(known) else {
            return Ok(Outcome::Taken);
        };
        if let Some((first, earlier)) = &entry.line {
            return if earlier.says_the_same(&line) {
                Ok(Outcome::Merged)
            } else {
                Err(Rejection::new(
                    "duplicate_in_file",
                    format!("line {first} names the same partner and says otherwise"),
                ))
            };
        }
        entry.content.merge(&line);
        entry.line = Some((place, line));
        self.index(known, name);
        Ok(Outcome::Taken)
    }

    fn add(&mut self, entry: Entry, name: String) {
        self.entries.push(entry);
        self.index(self.entries.len() - 1, name);
    }

    fn index(&mut self, place: usize, name: String) {
        let Some(entry) = self.entries.get(place) else {
            return;
        };
        if let Some(siren) = &entry.content.siren {
            self.by_siren.insert(siren.clone(), place);
        }
        if let Some(rna) = &entry.content.rna {
            self.by_rna.insert(rna.clone(), place);
        }
        let named = self.by_name.entry(name).or_default();
        if !named.contains(&place) {
            named.push(place);
        }
    }

    /// The partner a line names: by SIREN, else RNA, else name. An import fills in an identifier
    /// and never replaces one: two identifiers that name two partners, or one that contradicts the
    /// stored one, are for a person to sort out.
    fn find(&self, line: &Line, name: &str) -> Result<Option<usize>, Rejection> {
        let by = |index: &HashMap<String, usize>, key: &Option<String>| {
            key.as_ref().and_then(|key| index.get(key)).copied()
        };
        let siren = by(&self.by_siren, &line.siren);
        let rna = by(&self.by_rna, &line.rna);
        if let Some(known) = siren.or(rna) {
            let agrees = self.agrees(known, line) && rna.is_none_or(|other| other == known);
            return if agrees {
                Ok(Some(known))
            } else {
                Err(Rejection::new(
                    "conflicting_identifiers",
                    "the SIREN and the RNA do not name the same partner",
                ))
            };
        }
        let named = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let mut agreeing = named.iter().filter(|place| self.agrees(**place, line));
        match (agreeing.next(), agreeing.next()) {
            (found, None) => Ok(found.copied()),
            _ => Err(Rejection::new(
                "ambiguous_name",
                "several partners have this name: give the SIREN or the RNA",
            )),
        }
    }

    /// No identifier of the line differs from one the partner already has.
    fn agrees(&self, place: usize, line: &Line) -> bool {
        let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
        self.entries.get(place).is_some_and(|entry| {
            !differ(&entry.content.siren, &line.siren) && !differ(&entry.content.rna, &line.rna)
        })
    }

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
        let Author {
            subject,
            role,
            client_id,
            request_id,
        } = &context.author;
        transaction
            .execute(AUDIT, &[&rows, now, subject, role, client_id, request_id])
            .await?;
        transaction.execute(EVENTS, &[&rows, now]).await?;
        Ok(())
    }

    /// Keeps what the file calls its partners: an id names one partner, the last one that was given it.
    async fn name_sources(&self, transaction: &Transaction<'_>) -> Result<(), ImportError> {
        let named = self.entries.iter().filter_map(|entry| {
            let (_, line) = entry.line.as_ref()?;
            Some((entry.id, line.source_id.as_deref()?))
        });
        let (ids, sources): (Vec<Uuid>, Vec<&str>) = named.unzip();
        for statement in [FREE_SOURCES, NAME_SOURCES] {
            transaction.execute(statement, &[&ids, &sources]).await?;
        }
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

impl Content {
    /// What the line says replaces what is stored; an empty cell says nothing. The order of
    /// sectors is nothing either.
    fn merge(&mut self, line: &Line) {
        let set = |field: &mut Option<String>, given: &Option<String>| {
            if given.is_some() {
                field.clone_from(given);
            }
        };
        self.legal_name.clone_from(&line.legal_name);
        set(&mut self.usual_name, &line.usual_name);
        set(&mut self.acronym, &line.acronym);
        set(&mut self.siren, &line.siren);
        set(&mut self.rna, &line.rna);
        set(&mut self.website, &line.website);
        set(&mut self.description, &line.description);
        if let Some(kind) = &line.kind {
            self.kind.clone_from(kind);
        }
        if let Some(sectors) = &line.sectors {
            let same = sectors.len() == self.sectors.len()
                && sectors.iter().all(|sector| self.sectors.contains(sector));
            if !same {
                self.sectors.clone_from(sectors);
            }
        }
    }
}

fn created(line: &Line) -> Result<Content, Rejection> {
    let kind = line
        .kind
        .clone()
        .ok_or_else(|| Rejection::new("missing_kind", "a new partner needs a kind"))?;
    let mut content = Content {
        legal_name: line.legal_name.clone(),
        usual_name: None,
        acronym: None,
        kind,
        siren: None,
        rna: None,
        sectors: Vec::new(),
        website: None,
        description: None,
    };
    content.merge(line);
    Ok(content)
}

/// Somebody else just gave a partner the same SIREN or RNA.
fn overtaken(error: tokio_postgres::Error) -> ImportError {
    if error.code() == Some(&SqlState::UNIQUE_VIOLATION) {
        ImportError::Overtaken
    } else {
        error.into()
    }
}

fn fields(content: &Content) -> Map<String, Value> {
    match serde_json::to_value(content) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
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
const FREE_SOURCES: &str = "
    UPDATE partners p SET source_id = NULL
      FROM unnest($1::uuid[], $2::text[]) AS r (id, source_id)
     WHERE p.source_id = r.source_id AND p.id <> r.id";

const NAME_SOURCES: &str = "
    UPDATE partners p SET source_id = r.source_id
      FROM unnest($1::uuid[], $2::text[]) AS r (id, source_id)
     WHERE p.id = r.id AND p.source_id IS DISTINCT FROM r.source_id";

/// $3: subject, $4: role, $5: client, $6: request.
const AUDIT: &str = "
    INSERT INTO audit_events (id, occurred_at, subject, role, client_id, request_id, action,
                              object_type, object_id, fields, before, after)
    SELECT audit_id, $2::timestamptz, $3, $4, $5, $6,
           CASE WHEN known_version IS NULL THEN 'partner.created' ELSE 'partner.updated' END,
           'partner', id, fields, nullif(before, 'null'), after
      FROM jsonb_to_recordset($1) AS r (
           id uuid, audit_id uuid, known_version bigint, fields text[], before jsonb, after jsonb)";

const EVENTS: &str = "
    INSERT INTO changes (position, type, object_type, object_id, object_key, version, occurred_at)
    SELECT (SELECT feed_position()),
           CASE WHEN known_version IS NULL THEN 'partner.created' ELSE 'partner.updated' END,
           'partner', id, id::text, coalesce(known_version + 1, 1), $2::timestamptz
      FROM jsonb_to_recordset($1) AS r (id uuid, known_version bigint)";
