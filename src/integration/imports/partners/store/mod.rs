//! The partners known so far: those stored, and those that earlier lines of the file made.

mod write;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_postgres::Transaction;
use uuid::Uuid;

use super::record::Line;
use crate::integration::imports::merge::{self, Origin, Provenance, Stated, Stored};
use crate::integration::imports::store::provenance;
use crate::integration::imports::{ImportError, Kept, List, Rejection};

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
    /// The names that lists gave to partners whom people have renamed since.
    by_former_name: HashMap<String, Vec<usize>>,
    by_source_id: HashMap<String, usize>,
    /// The ids that this file gives.
    named: Vec<(Uuid, String)>,
    provenance: Provenance,
    list: List,
}

/// What came of a line that is not refused.
pub enum Outcome {
    Taken,
    /// The line only repeats another one.
    Merged,
    /// What is stored stays where the line says otherwise.
    Kept(Vec<Kept>),
}

impl Register {
    /// Reads the stored partners.
    pub async fn load(transaction: &Transaction<'_>, list: &List) -> Result<Self, ImportError> {
        let rows = transaction.query(STORED, &[]).await?;
        let mut register = Self {
            list: list.clone(),
            ..Self::default()
        };
        for row in rows {
            let content = serde_json::from_value(row.try_get("content")?);
            let content: Content =
                content.map_err(|error| ImportError::Source(std::io::Error::other(error)))?;
            let entry = Entry {
                id: row.try_get("id")?,
                stored: Some((row.try_get("version")?, content.clone())),
                content,
                line: None,
            };
            register.add(entry, row.try_get("sort_name")?);
        }
        register.load_sources(transaction).await?;
        Ok(register)
    }

    /// What lists said before: who said what, the names and the ids they gave.
    async fn load_sources(&mut self, transaction: &Transaction<'_>) -> Result<(), ImportError> {
        let places: HashMap<Uuid, usize> = (0..)
            .zip(&self.entries)
            .map(|(place, entry)| (entry.id, place))
            .collect();
        let ids: Vec<Uuid> = places.keys().copied().collect();
        self.provenance = provenance::of(transaction, &ids).await?;
        for row in transaction.query(FORMER_NAMES, &[&ids]).await? {
            let id: Uuid = row.try_get("object_id")?;
            let renamed = self.provenance.of(id, "legal_name") == Origin::Person;
            if let Some(place) = places.get(&id).filter(|_| renamed) {
                let named = self.by_former_name.entry(row.try_get("name")?);
                named.or_default().push(*place);
            }
        }
        for row in transaction.query(SOURCE_IDS, &[]).await? {
            let id: Uuid = row.try_get("partner_id")?;
            if let Some(place) = places.get(&id) {
                self.by_source_id.insert(row.try_get("source_id")?, *place);
            }
        }
        Ok(())
    }

    /// Takes a line; `name` is its legal name as the database folds it.
    pub fn take(
        &mut self,
        place: u64,
        line: Line,
        name: String,
        new_id: &(dyn Fn() -> Uuid + Sync),
    ) -> Result<Outcome, Rejection> {
        let found = self.find(&line, &name)?;
        let Some(known) = self.called(&line, found)? else {
            let entry = Entry {
                id: new_id(),
                stored: None,
                content: created(&line)?,
                line: Some((place, line.clone())),
            };
            self.add(entry, name);
            self.name_source(self.entries.len() - 1, &line);
            return Ok(Outcome::Taken);
        };
        self.name_source(known, &line);
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
        let kept = entry.merge(place, &line, &self.provenance, &self.list)?;
        entry.line = Some((place, line));
        self.index(known, name);
        Ok(Outcome::Kept(kept))
    }

    /// The partner that the line's id names: an id that a list gave once names that partner for good.
    fn called(&self, line: &Line, found: Option<usize>) -> Result<Option<usize>, Rejection> {
        let Some(id) = &line.source_id else {
            return Ok(found);
        };
        let Some(owner) = self.by_source_id.get(&self.list.id(id)).copied() else {
            return Ok(found);
        };
        // A list that tells its name may rename its partners.
        let renamed = found.is_none() && !self.list.source.is_empty() && self.agrees(owner, line);
        if found == Some(owner) || renamed {
            return Ok(Some(owner));
        }
        let owner = self.entries.get(owner);
        let name = owner.map_or("another partner", |entry| &entry.content.legal_name);
        Err(Rejection::new(
            "id_taken",
            format!(
                "a list gave the id {id} to {name}: for another list, tell its name with --source"
            ),
        ))
    }

    fn name_source(&mut self, place: usize, line: &Line) {
        if let Some((id, entry)) = line.source_id.as_ref().zip(self.entries.get(place)) {
            let id = self.list.id(id);
            self.named.push((entry.id, id.clone()));
            self.by_source_id.entry(id).or_insert(place);
        }
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
        let known = |names: &HashMap<String, Vec<usize>>| -> Vec<usize> {
            let named = names.get(name).into_iter().flatten().copied();
            named.filter(|place| self.agrees(*place, line)).collect()
        };
        let mut named = known(&self.by_name);
        if named.is_empty() {
            named = known(&self.by_former_name);
        }
        let id = line.source_id.as_ref().map(|id| self.list.id(id));
        let owner = id.and_then(|id| self.by_source_id.get(&id));
        match named.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several if owner.is_some_and(|owner| several.contains(owner)) => Ok(owner.copied()),
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
}

impl Entry {
    /// Takes from the line what may be taken, and tells what stays.
    fn merge(
        &mut self,
        place: u64,
        line: &Line,
        provenance: &Provenance,
        list: &List,
    ) -> Result<Vec<Kept>, Rejection> {
        let stored = Stored {
            id: self.id,
            fields: &fields(&self.content),
            signed: &[],
        };
        let stated = Stated {
            line: place,
            fields: line.stated(),
        };
        let (merged, kept) = merge::merge(&stored, stated, provenance, list);
        self.content = serde_json::from_value(Value::Object(merged))
            .map_err(|error| Rejection::new("unwritable", error.to_string()))?;
        Ok(kept)
    }
}

fn created(line: &Line) -> Result<Content, Rejection> {
    let kind = line.kind.clone();
    Ok(Content {
        legal_name: line.legal_name.clone(),
        usual_name: line.usual_name.clone(),
        acronym: line.acronym.clone(),
        kind: kind.ok_or_else(|| Rejection::new("missing_kind", "a new partner needs a kind"))?,
        siren: line.siren.clone(),
        rna: line.rna.clone(),
        sectors: line.sectors.clone().unwrap_or_default(),
        website: line.website.clone(),
        description: line.description.clone(),
    })
}

fn fields(content: &Content) -> Map<String, Value> {
    match serde_json::to_value(content) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

const STORED: &str =
    "SELECT id, version, sort_name, to_jsonb(p) AS content FROM partners p ORDER BY id";

const SOURCE_IDS: &str = "SELECT source_id, partner_id FROM partner_source_ids";

/// $1: partners.
const FORMER_NAMES: &str = "
    SELECT DISTINCT a.object_id, fold(a.after ->> 'legal_name') AS name
      FROM audit_events a JOIN imported_lists USING (request_id)
     WHERE a.object_id = ANY ($1) AND a.after ? 'legal_name'";
