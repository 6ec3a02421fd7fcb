//! The conventions that earlier imports made, and what a line makes of one.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde_json::{Map, Value, json};
use tokio_postgres::Transaction;
use uuid::Uuid;

use super::line::{Line, ancestors};
use crate::agreements::conventions::acts::{DatePrecision, Imported};
use crate::agreements::conventions::content::{Content, ConventionScope, Publication, Terms};
use crate::agreements::conventions::content_hash::content_hash;
use crate::agreements::conventions::model::Status;
use crate::agreements::conventions::reference;
use crate::db::tx::Author;
use crate::integration::imports::{ImportContext, ImportError, Rejection};
use crate::values::ids::{ConventionId, PartnerId};
use crate::values::{FromText as _, Json, Text, today};

/// A convention that an import made.
struct Stored {
    id: Uuid,
    version: i64,
    content: Content,
    imported: Imported,
    status: String,
}

/// A partner, as a file of conventions names it.
struct Party {
    id: PartnerId,
    name: String,
}

/// What the lines are compared with.
pub struct Register {
    stored: HashMap<String, Stored>,
    parties: HashMap<String, Party>,
    now: DateTime<Utc>,
}

/// A convention to write.
pub struct Entry {
    id: Uuid,
    known_version: Option<i64>,
    before: Option<Value>,
    prefix: Option<String>,
    row: Map<String, Value>,
}

/// What became of a line that is not refused.
pub enum Outcome {
    Unchanged,
    Written(Box<Entry>),
}

impl Register {
    /// Reads what is stored.
    pub async fn load(
        transaction: &Transaction<'_>,
        now: DateTime<Utc>,
    ) -> Result<Self, ImportError> {
        const STORED: &str = "SELECT id, version, status, imported, to_jsonb(c) || c.terms || c.publication AS content
                                FROM conventions c WHERE imported IS NOT NULL FOR NO KEY UPDATE";
        let mut stored = HashMap::new();
        for row in transaction.query(STORED, &[]).await? {
            let imported: Imported = parsed(row.try_get("imported")?)?;
            let convention = Stored {
                id: row.try_get("id")?,
                version: row.try_get("version")?,
                status: row.try_get("status")?,
                content: parsed(row.try_get("content")?)?,
                imported,
            };
            if let Some(source_id) = convention.imported.source_id.clone() {
                stored.insert(source_id, convention);
            }
        }
        const PARTIES: &str =
            "SELECT source_id, id, coalesce(acronym, usual_name, legal_name) AS name
                                 FROM partners WHERE source_id IS NOT NULL";
        let mut parties = HashMap::new();
        for row in transaction.query(PARTIES, &[]).await? {
            let party = Party {
                id: PartnerId::new(row.try_get("id")?),
                name: row.try_get("name")?,
            };
            parties.insert(row.try_get("source_id")?, party);
        }
        Ok(Self {
            stored,
            parties,
            now,
        })
    }

    /// What a line makes.
    pub fn take(&self, line: &Line, context: &ImportContext<'_>) -> Result<Outcome, Rejection> {
        let parties = self.parties(line)?;
        let stated = self.content(line, &parties)?;
        let Some(stored) = self.stored.get(&line.source_id) else {
            let year = match line.signed.filter(|_| !line.is_project) {
                Some((day, _)) => day.year(),
                None => today(self.now).year(),
            };
            let prefix = reference::prefix(line.territory.as_ref(), year);
            let entry = Entry {
                id: (context.new_id)(),
                known_version: None,
                before: None,
                prefix: Some(prefix),
                row: row(line, &stated, imported(line))?,
            };
            return Ok(Outcome::Written(Box::new(entry)));
        };
        let (content, imported) = stored.merged(line, stated)?;
        if content == stored.content && imported == stored.imported {
            return Ok(Outcome::Unchanged);
        }
        let mut row = row(line, &content, imported)?;
        row.insert("status".to_owned(), json!(stored.status));
        Ok(Outcome::Written(Box::new(Entry {
            id: stored.id,
            known_version: Some(stored.version),
            before: Some(serde_json::to_value(&stored.content).map_err(|e| unwritable(&e))?),
            prefix: None,
            row,
        })))
    }

    fn parties(&self, line: &Line) -> Result<Vec<&Party>, Rejection> {
        let known = |id: &String| {
            self.parties.get(id).ok_or_else(|| {
                Rejection::new(
                    "unknown_partner",
                    format!("no partner was imported under the id {id}: import the list of partners first"),
                )
            })
        };
        line.partners.iter().map(known).collect()
    }

    /// The content of a line.
    fn content(&self, line: &Line, parties: &[&Party]) -> Result<Content, Rejection> {
        let names: Vec<&str> = parties.iter().map(|party| party.name.as_str()).collect();
        let title: String = format!("{} : {}", capitalised(&line.words), names.join(", "))
            .chars()
            .take(300)
            .collect();
        let bulletin = line
            .source
            .as_ref()
            .filter(|source| source.starts_with("Bulletin officiel") || source.starts_with("BO "));
        Ok(Content {
            title: text(&title)?,
            kind: line.kind.clone(),
            scope: if line.territory.is_some() {
                ConventionScope::Local
            } else {
                ConventionScope::National
            },
            territory: line.territory.clone(),
            partner_ids: parties.iter().map(|party| party.id).collect(),
            axes: Vec::new(),
            action_types: Vec::new(),
            levels: Vec::new(),
            moments: Vec::new(),
            starts_on: line.signed.map(|(day, _)| day),
            ends_on: line.last_year.and_then(last_day),
            terms: Json(Terms::default()),
            publication: Json(Publication {
                nor: line.nor.clone(),
                bulletin_reference: bulletin.map(|source| text(source)).transpose()?,
                ..Publication::default()
            }),
            predecessor_id: None::<ConventionId>,
        })
    }
}

fn last_day(year: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, 12, 31)
}

fn text<const MAX: usize>(words: &str) -> Result<Text<MAX>, Rejection> {
    Text::from_text(words).map_err(|rule| Rejection::of("invalid_text", words, &rule))
}

fn capitalised(words: &str) -> String {
    let mut characters = words.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).collect()
}

/// What the line leaves unknown, and where it comes from.
fn imported(line: &Line) -> Imported {
    let attested = line.signed.map(|(day, precision)| match precision {
        DatePrecision::Day => day,
        DatePrecision::Month => day + chrono::Months::new(1) - chrono::Days::new(1),
        DatePrecision::Year => last_day(day.year()).unwrap_or(day),
    });
    Imported {
        source: line.source.clone(),
        source_id: Some(line.source_id.clone()),
        date_precision: line.signed.map(|(_, precision)| precision),
        attested_until: attested.filter(|_| line.last_year.is_none()),
    }
}

impl Stored {
    /// The line replaces what is stored, but for fields edited since: an empty cell changes nothing,
    /// and a year does not replace a day of it.
    fn merged(&self, line: &Line, stated: Content) -> Result<(Content, Imported), Rejection> {
        if stated.partner_ids != self.content.partner_ids
            || stated.territory != self.content.territory
        {
            return Err(Rejection::new(
                "id_taken",
                format!(
                    "another convention was imported under the id {}",
                    line.source_id
                ),
            ));
        }
        let (mut content, mut merged) = (self.content.clone(), imported(line));
        content.title = stated.title;
        content.kind = stated.kind;
        let present = content.starts_on;
        match line.signed.zip(present) {
            Some(((first, precision), day)) if is_within(day, first, precision) => {
                merged.date_precision = self.imported.date_precision;
            }
            _ => content.starts_on = stated.starts_on.or(present),
        }
        content.ends_on = stated.ends_on.or(content.ends_on);
        if content.ends_on.is_some() {
            merged.attested_until = None;
        }
        let publication = &mut content.publication.0;
        if stated.publication.nor.is_some() {
            publication.nor.clone_from(&stated.publication.nor);
        }
        if stated.publication.bulletin_reference.is_some() {
            publication
                .bulletin_reference
                .clone_from(&stated.publication.bulletin_reference);
        }
        Ok((content, merged))
    }
}

/// Whether a day is in the month or year that begins on another.
fn is_within(day: NaiveDate, first: NaiveDate, precision: DatePrecision) -> bool {
    match precision {
        DatePrecision::Day => day == first,
        DatePrecision::Month => (day.year(), day.month()) == (first.year(), first.month()),
        DatePrecision::Year => day.year() == first.year(),
    }
}

fn parsed<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, ImportError> {
    serde_json::from_value(value).map_err(|error| ImportError::Source(std::io::Error::other(error)))
}

fn unwritable(error: &dyn std::fmt::Display) -> Rejection {
    Rejection::new("unwritable", error.to_string())
}

/// The columns of a convention's row that come from its content.
fn row(
    line: &Line,
    content: &Content,
    imported: Imported,
) -> Result<Map<String, Value>, Rejection> {
    let hash = content_hash(content, &[]).map_err(|error| unwritable(&error))?;
    let status = if line.is_project {
        Status::Draft
    } else {
        Status::Signed
    };
    let signed_on = content.starts_on.filter(|_| !line.is_project);
    let mut row = match serde_json::to_value(content) {
        Ok(Value::Object(row)) => row,
        other => return Err(unwritable(&format!("{other:?}"))),
    };
    row.extend([
        ("status".to_owned(), json!(status)),
        ("terms".to_owned(), json!(content.terms)),
        ("publication".to_owned(), json!(content.publication)),
        (
            "reach".to_owned(),
            json!(ancestors(content.territory.as_ref())),
        ),
        ("signed_on".to_owned(), json!(signed_on)),
        ("content_hash".to_owned(), json!(hash)),
        ("imported".to_owned(), json!(imported)),
    ]);
    Ok(row)
}

impl Entry {
    /// Whether it makes a new convention.
    pub const fn is_new(&self) -> bool {
        self.known_version.is_none()
    }

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
       SET version = c.version + 1, title = r.title, kind = r.kind, starts_on = r.starts_on, ends_on = r.ends_on,
           publication = r.publication, signed_on = CASE WHEN c.signatories = '[]' THEN r.signed_on ELSE c.signed_on END,
           content_hash = r.content_hash, imported = r.imported, updated_at = $2::timestamptz
      FROM jsonb_to_recordset($1) AS r (
           id uuid, title text, kind text, starts_on date, ends_on date, publication jsonb, signed_on date,
           content_hash text, imported jsonb, known_version bigint)
     WHERE c.id = r.id AND known_version IS NOT NULL";

/// $3: subject, $4: role, $5: client, $6: request.
const AUDIT: &str = "
    INSERT INTO audit_events (id, occurred_at, subject, role, client_id, request_id, action,
                              object_type, object_id, fields, before, after)
    SELECT audit_id, $2::timestamptz, $3, $4, $5, $6,
           CASE WHEN known_version IS NULL THEN 'convention.created' ELSE 'convention.updated' END,
           'convention', id, fields, nullif(before, 'null'), after
      FROM jsonb_to_recordset($1) AS r (
           id uuid, audit_id uuid, known_version bigint, fields text[], before jsonb, after jsonb)";

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
