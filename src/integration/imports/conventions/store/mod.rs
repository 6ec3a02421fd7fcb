//! The conventions that earlier imports made, and what a line makes of one.

mod write;

pub use write::write;

use std::collections::HashMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde_json::{Map, Value, json};
use tokio_postgres::{Row, Transaction};
use uuid::Uuid;

use super::line::{Act, Line, end_before_start};
use super::stated::{Party, attested, content, imported};
use crate::agreements::conventions::acts::{DatePrecision, Imported};
use crate::agreements::conventions::content::Content;
use crate::agreements::conventions::content_hash::{CONTRACTUAL, content_hash};
use crate::agreements::conventions::model::Status;
use crate::agreements::conventions::reference;
use crate::integration::imports::merge::{self, Origin, Provenance, Stated};
use crate::integration::imports::store::provenance;
use crate::integration::imports::{ImportContext, ImportError, Kept, List, Rejection};
use crate::register::territories::ancestry;
use crate::values::ids::PartnerId;
use crate::values::{Sha256Hex, TerritoryCode, TextValue as _, today};

/// A convention that an import made.
struct Stored {
    id: Uuid,
    version: i64,
    content: Content,
    content_hash: Sha256Hex,
    imported: Imported,
    status: Status,
    signed_on: Option<NaiveDate>,
    /// Whether people sent its text for signature, signed it or an amendment of it, or gave it up.
    is_settled: bool,
}

/// What the lines are compared with.
pub struct Register {
    stored: HashMap<String, Stored>,
    parties: HashMap<String, Party>,
    /// The schools that lines name, each with itself and all above it.
    schools: HashMap<String, Vec<String>>,
    provenance: Provenance,
    list: List,
    today: NaiveDate,
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
pub struct Outcome {
    /// What is to be written, when the line changes something.
    pub entry: Option<Box<Entry>>,
    /// What stays although the line says otherwise.
    pub kept: Vec<Kept>,
}

/// The text of one that was signed before it was imported is the list's, until people sign on it.
const STORED: &str = "
    SELECT id, version, status, imported, content_hash, signed_on,
           to_jsonb(c) || c.terms || c.publication AS content,
           status NOT IN ('draft', 'negotiation', 'signed') OR (status = 'signed' AND signatories <> '[]')
           OR EXISTS (SELECT FROM amendments a WHERE a.convention_id = c.id AND a.status IN ('to_sign', 'signed'))
           AS is_settled
      FROM conventions c WHERE imported IS NOT NULL FOR NO KEY UPDATE";

const PARTIES: &str = "
    SELECT s.source_id, p.id, coalesce(acronym, usual_name, legal_name) AS name
      FROM partner_source_ids s JOIN partners p ON p.id = s.partner_id";

const SCHOOLS: &str = "SELECT uai, department, academy FROM establishments WHERE uai = ANY ($1)";

impl Register {
    /// Reads what is stored, and the schools that the lines name.
    pub async fn load(
        transaction: &Transaction<'_>,
        list: &List,
        lines: &[(u64, Line)],
        now: DateTime<Utc>,
    ) -> Result<Self, ImportError> {
        let mut stored = HashMap::new();
        for row in transaction.query(STORED, &[]).await? {
            let convention = Stored::of(&row)?;
            if let Some(source_id) = convention.imported.source_id.clone() {
                stored.insert(source_id, convention);
            }
        }
        let mut parties = HashMap::new();
        for row in transaction.query(PARTIES, &[]).await? {
            let party = Party {
                id: PartnerId::new(row.try_get("id")?),
                name: row.try_get("name")?,
            };
            parties.insert(row.try_get("source_id")?, party);
        }
        let ids: Vec<Uuid> = stored.values().map(|stored: &Stored| stored.id).collect();
        Ok(Self {
            provenance: provenance::of(transaction, &ids).await?,
            schools: schools(transaction, lines).await?,
            stored,
            parties,
            list: list.clone(),
            today: today(now),
        })
    }

    /// What a line makes.
    pub fn take(
        &self,
        place: u64,
        line: &Line,
        context: &ImportContext<'_>,
    ) -> Result<Outcome, Rejection> {
        let id = self.list.id(&line.source_id);
        let stored = self.stored.get(&id);
        let Some(act) = &line.act else {
            let stored = stored.ok_or_else(|| unknown_convention(line))?;
            return self.completed(place, line, line.agreed.fields(), stored);
        };
        self.is_past(act)?;
        let parties = self.parties(act)?;
        let stated = content(line, act, &parties)?;
        match stored {
            Some(stored) => self.changed(place, (line, act), &stated, stored),
            None => self.created(act, &stated, id, context),
        }
    }

    /// A convention cannot have been signed on a day that is to come.
    fn is_past(&self, act: &Act) -> Result<(), Rejection> {
        let signed = act.signed.filter(|_| !act.is_project);
        match signed.filter(|(day, _)| *day > self.today) {
            None => Ok(()),
            Some((day, _)) => Err(Rejection::new(
                "in_the_future",
                format!(
                    "signed on {day}, which is to come: correct `date_signature`, or call it a project: `type` with `(projet)`"
                ),
            )),
        }
    }

    fn created(
        &self,
        act: &Act,
        stated: &Content,
        id: String,
        context: &ImportContext<'_>,
    ) -> Result<Outcome, Rejection> {
        let status = if act.is_project {
            Status::Draft
        } else {
            Status::Signed
        };
        let signed_on = stated.starts_on.filter(|_| !act.is_project);
        let year = signed_on.unwrap_or(self.today).year();
        let hash = hash(stated)?;
        let reach = self.reach(act.territory.as_ref())?;
        let entry = Entry {
            id: (context.new_id)(),
            known_version: None,
            before: None,
            prefix: Some(reference::prefix(act.territory.as_ref(), year)),
            row: row(stated, reach, &hash, status, signed_on, &imported(act, id))?,
        };
        Ok(Outcome {
            entry: Some(Box::new(entry)),
            kept: Vec::new(),
        })
    }

    fn changed(
        &self,
        place: u64,
        (line, act): (&Line, &Act),
        stated: &Content,
        stored: &Stored,
    ) -> Result<Outcome, Rejection> {
        let fields = members(&stored.content)?;
        let stated = stored.stated(act, stated)?;
        let is_one = |name: &str| {
            stated
                .get(name)
                .is_none_or(|value| merge::is_same(fields.get(name).unwrap_or(&Value::Null), value))
                || self.provenance.of(stored.id, name) == Origin::Person
        };
        if !is_one("partner_ids") || !is_one("territory") {
            let detail = format!(
                "another convention was imported under the id {}: for another list, tell its name with --source",
                line.source_id
            );
            return Err(Rejection::new("id_taken", detail));
        }
        self.completed(place, line, stated, stored)
    }

    /// What is to be written of a stored convention, of which a line says this.
    fn completed(
        &self,
        place: u64,
        line: &Line,
        mut stated: Map<String, Value>,
        stored: &Stored,
    ) -> Result<Outcome, Rejection> {
        stated.retain(|_, value| !merge::is_blank(value));
        let fields = members(&stored.content)?;
        let object = merge::Stored {
            id: stored.id,
            fields: &fields,
            signed: if stored.is_settled { CONTRACTUAL } else { &[] },
        };
        let stated = Stated {
            line: place,
            fields: stated,
        };
        let (merged, kept) = merge::merge(&object, stated, &self.provenance, &self.list);
        let content: Content =
            serde_json::from_value(Value::Object(merged)).map_err(|error| unwritable(&error))?;
        let reach = self.reach(stored.content.territory.as_ref())?;
        let entry = stored.written(line.act.as_ref(), content, reach)?;
        Ok(Outcome { entry, kept })
    }

    /// A territory and all above it.
    fn reach(&self, territory: Option<&TerritoryCode>) -> Result<Vec<String>, Rejection> {
        let Some(territory) = territory else {
            return Ok(Vec::new());
        };
        let Some(uai) = territory.uai() else {
            return Ok(ancestry::all(&[ancestry::ancestry(territory.as_str())]));
        };
        let unknown = || {
            let detail = format!("no school {uai} in the register: import the directory first");
            Rejection::new("unknown_establishment", detail)
        };
        self.schools.get(uai.as_str()).cloned().ok_or_else(unknown)
    }

    fn parties(&self, act: &Act) -> Result<Vec<&Party>, Rejection> {
        let mut parties: Vec<&Party> = Vec::new();
        for id in &act.partners {
            let party = self.parties.get(&self.list.id(id)).ok_or_else(|| {
                Rejection::new(
                    "unknown_partner",
                    format!("no partner was imported under the id {id}: import the list of partners first, with the same --source"),
                )
            })?;
            if parties.iter().any(|other| other.id == party.id) {
                return Err(Rejection::new(
                    "repeated_item",
                    format!("`partenaires_ids` names {} twice: name it once", party.name),
                ));
            }
            parties.push(party);
        }
        Ok(parties)
    }
}

impl Stored {
    fn of(row: &Row) -> Result<Self, ImportError> {
        Ok(Self {
            id: row.try_get("id")?,
            version: row.try_get("version")?,
            status: Status::stored(row.try_get("status")?),
            content: parsed(row.try_get("content")?)?,
            content_hash: Sha256Hex::stored(row.try_get("content_hash")?),
            imported: parsed(row.try_get("imported")?)?,
            signed_on: row.try_get("signed_on")?,
            is_settled: row.try_get("is_settled")?,
        })
    }

    /// What the line says of the convention, field by field: an empty cell says nothing, nor does a
    /// month or a year of a day in it.
    fn stated(&self, act: &Act, content: &Content) -> Result<Map<String, Value>, Rejection> {
        let mut stated = members(content)?;
        let is_known = |told: Option<(NaiveDate, DatePrecision)>, known: Option<NaiveDate>| {
            told.zip(known)
                .is_some_and(|((told, precision), day)| is_within(day, told, precision))
        };
        let own = &self.content;
        for (name, told, known) in [
            ("starts_on", act.signed, own.starts_on),
            ("ends_on", act.ends, own.ends_on),
        ] {
            if is_known(told, known) {
                stated.remove(name);
            }
        }
        Ok(stated)
    }

    /// What is to be written of it, if anything.
    fn written(
        &self,
        act: Option<&Act>,
        content: Content,
        reach: Vec<String>,
    ) -> Result<Option<Box<Entry>>, Rejection> {
        in_order(&content)?;
        let imported = self.sourced(act, &content);
        if content == self.content && imported == self.imported {
            return Ok(None);
        }
        let hash = if self.is_settled {
            self.content_hash.clone()
        } else {
            hash(&content)?
        };
        let is_lists = self.status == Status::Signed && !self.is_settled;
        let signed_on = if is_lists {
            content.starts_on
        } else {
            self.signed_on
        };
        Ok(Some(Box::new(Entry {
            id: self.id,
            known_version: Some(self.version),
            before: Some(Value::Object(members(&self.content)?)),
            prefix: None,
            row: row(&content, reach, &hash, self.status, signed_on, &imported)?,
        })))
    }

    /// Where it comes from, once the line is taken: how precise its first day is goes with that day.
    fn sourced(&self, act: Option<&Act>, content: &Content) -> Imported {
        let mut sourced = self.imported.clone();
        let Some(act) = act.filter(|_| !self.is_settled) else {
            return sourced;
        };
        if act.source.is_some() {
            sourced.source.clone_from(&act.source);
        }
        let signed = act
            .signed
            .filter(|(day, _)| content.starts_on == Some(*day));
        if let Some((_, precision)) = signed.filter(|_| content.starts_on != self.content.starts_on)
        {
            sourced.date_precision = Some(precision);
            sourced.attested_until = attested(act);
        }
        if content.ends_on.is_some() {
            sourced.attested_until = None;
        }
        sourced
    }
}

/// The API's rule: it does not end before it begins.
fn in_order(content: &Content) -> Result<(), Rejection> {
    match content.starts_on.zip(content.ends_on) {
        Some((first, last)) if last < first => Err(end_before_start(first, last)),
        _ => Ok(()),
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

fn hash(content: &Content) -> Result<Sha256Hex, Rejection> {
    content_hash(content, &[]).map_err(|error| unwritable(&error))
}

/// The fields of a content, as the API calls them.
fn members(content: &Content) -> Result<Map<String, Value>, Rejection> {
    match serde_json::to_value(content) {
        Ok(Value::Object(members)) => Ok(members),
        other => Err(unwritable(&format!("{other:?}"))),
    }
}

fn unknown_convention(line: &Line) -> Rejection {
    let detail = format!(
        "no convention was imported under the id {}: import the list of conventions first, with the same --source",
        line.source_id
    );
    Rejection::new("unknown_convention", detail)
}

/// The schools that these lines name, each with itself and all above it.
async fn schools(
    transaction: &Transaction<'_>,
    lines: &[(u64, Line)],
) -> Result<HashMap<String, Vec<String>>, ImportError> {
    let acts = lines.iter().filter_map(|(_, line)| line.act.as_ref());
    let territories = acts.filter_map(|act| act.territory.as_ref());
    let uais: Vec<String> = territories
        .filter_map(|territory| territory.uai().map(|uai| uai.to_string()))
        .collect();
    let mut schools = HashMap::new();
    for row in transaction.query(SCHOOLS, &[&uais]).await? {
        let uai: String = row.try_get("uai")?;
        let above = [row.try_get("department")?, row.try_get("academy")?];
        let codes = ancestry::of_school(&uai, above);
        schools.insert(uai, codes);
    }
    Ok(schools)
}

/// The columns of a convention's row that come from its content.
fn row(
    content: &Content,
    reach: Vec<String>,
    hash: &Sha256Hex,
    status: Status,
    signed_on: Option<NaiveDate>,
    imported: &Imported,
) -> Result<Map<String, Value>, Rejection> {
    let mut row = members(content)?;
    row.extend([
        ("status".to_owned(), json!(status)),
        ("terms".to_owned(), json!(content.terms)),
        ("publication".to_owned(), json!(content.publication)),
        ("reach".to_owned(), json!(reach)),
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
}
