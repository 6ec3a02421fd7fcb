//! What is told of the rows of a batch, whatever they are of: how many faults, what was meant where
//! something is named that is not known, and what of it is kept for a repeated request.

use serde_json::Value;
use uuid::Uuid;

use super::request::{How, Received};
use super::verdict::{CellFault, CellNote, FileVerdict, Outcome, RowVerdict};
use crate::error::warning::Warning;
use crate::error::{Code, Error, Fault, Notice, Place, Result, Rule, notice};
use crate::http::bulk::{FaultBudget, MOST_FAULTS};
use crate::language::Language;
use crate::reference::nearest_of;

/// An object that is refused as it would be alone.
static REFUSED_OBJECT: Notice = notice(
    "refused_object",
    "Cet objet est refusé : le verdict de sa ligne dit pourquoi.",
    "This object is refused: the verdict of its row says why.",
);

/// What was said of a person, in an answer that is given again.
static NOT_KEPT: Notice = notice(
    "not_kept",
    "Déjà dit dans la première réponse ; ce qui est d'une personne n'en est pas gardé.",
    "Told in the first answer; what is of a person is not kept of it.",
);

/// What may be meant where something is named that the caller does not know or may not write.
#[derive(Debug, Default)]
pub struct Meant {
    /// The references of conventions.
    pub conventions: Vec<String>,
    /// The territories that the caller has in charge.
    pub territories: Vec<String>,
    /// Whether one of them is meant where a territory is unknown: of what is of those alone.
    pub are_all: bool,
}

impl Meant {
    /// A fault of an item, with its cell and its fix.
    pub fn told(
        &self,
        received: &Received,
        (index, pointer): (usize, &str),
        rule: &Rule,
        language: Language,
    ) -> CellFault {
        let told = received.told(index, pointer, rule, language);
        let is_of = |field: &str| pointer == field || pointer.starts_with(&format!("{field}/"));
        let known = match rule.code() {
            "required" | "unknown_convention" | "unknown_reference" if is_of("/convention_id") => {
                &self.conventions
            }
            "required" | "outside_perimeter" if is_of("/territory") || is_of("/territories") => {
                &self.territories
            }
            "unknown_territory" if self.are_all && is_of("/territory") => &self.territories,
            "outside_territory" if is_of("/academy") => &self.territories,
            _ => return told,
        };
        // Who has everything in charge is told what is known of the value itself.
        if known.is_empty() {
            return told;
        }
        one_of(told, known, received, index)
    }
}

/// The fault of a value that is to be one of these: the only one, or the nearest.
fn one_of(told: CellFault, known: &[String], received: &Received, index: usize) -> CellFault {
    let given = received
        .items
        .get(index)
        .and_then(|item| item.object.pointer(&told.pointer)?.as_str());
    let near = |given: &str| nearest_of(given, known.iter().cloned(), 3);
    let nearest = match known {
        [only] => Some(only.clone()),
        _ => given.and_then(near),
    };
    CellFault {
        accepted: known.iter().cloned().map(Value::from).collect(),
        nearest: nearest.map(Value::from),
        ..told
    }
}

/// An object as an item left it.
#[derive(Debug)]
pub struct Written {
    /// What became of it.
    pub outcome: Outcome,
    /// Its id.
    pub id: Uuid,
    /// Its version.
    pub version: i64,
    /// Its status, if it has one.
    pub status: Option<String>,
    /// What deserves attention in it.
    pub warnings: Vec<Warning>,
}

/// What came of items that are objects of their own.
#[derive(Debug)]
pub struct Objects {
    /// What came of each.
    pub outcomes: Vec<Result<Written>>,
    /// What may be meant.
    pub meant: Meant,
    /// The place that decides a refusal without one of its own.
    pub decisive: fn(Code) -> &'static str,
}

impl Objects {
    /// The verdict of the batch.
    ///
    /// # Errors
    /// `validation_failed` for a fault of an atomic batch.
    pub fn told(&self, received: &Received, how: How, language: Language) -> Result<FileVerdict> {
        let mut budget = FaultBudget::default();
        let outcomes = self.outcomes.iter().enumerate();
        let rows: Vec<RowVerdict> = outcomes
            .map(|(index, outcome)| match outcome {
                Ok(written) => row(received, index, written, how),
                Err(error) => self.refusal(received, (index, error), language, &mut budget),
            })
            .collect();
        let objects: Vec<Outcome> = rows.iter().map(|row| row.outcome).collect();
        let verdict = FileVerdict::of(received, how, language, (rows, objects.into_iter()));
        verdict.unless_refused(how, || self.faults(received))
    }

    fn refusal(
        &self,
        received: &Received,
        (index, error): (usize, &Error),
        language: Language,
        budget: &mut FaultBudget,
    ) -> RowVerdict {
        let told = error.faults.iter().filter_map(|fault| match &fault.place {
            Place::Pointer(pointer) => {
                let at = (index, pointer.as_str());
                Some(self.meant.told(received, at, &fault.rule, language))
            }
            Place::Parameter(_) | Place::Header(_) => None,
        });
        // One more than are told says that there are more.
        let mut errors: Vec<CellFault> = told.take(budget.of_item() + 1).collect();
        if errors.is_empty() {
            let pointer = (self.decisive)(error.code);
            errors.push(received.refused(index, pointer, error, language));
        }
        let is_cut = budget.fit(&mut errors) || error.is_cut;
        RowVerdict {
            errors,
            errors_truncated: is_cut,
            ..RowVerdict::of(received, index, Outcome::Rejected)
        }
    }

    /// What is wrong, as places of the whole body.
    fn faults(&self, received: &Received) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (index, outcome) in self.outcomes.iter().enumerate() {
            let Err(error) = outcome else { continue };
            if error.faults.is_empty() {
                let place = received.place(index, (self.decisive)(error.code));
                let rule = Rule::About(&REFUSED_OBJECT, error.code.as_str().to_owned());
                faults.push(Fault { place, rule });
            }
            faults.extend(error.faults.iter().filter_map(|fault| match &fault.place {
                Place::Pointer(pointer) => Some(Fault {
                    place: received.place(index, pointer),
                    rule: fault.rule.clone(),
                }),
                Place::Parameter(_) | Place::Header(_) => None,
            }));
        }
        faults.truncate(MOST_FAULTS);
        faults
    }
}

fn row(received: &Received, index: usize, written: &Written, how: How) -> RowVerdict {
    let is_kept = !how.is_dry_run || written.outcome != Outcome::Created;
    let notes = written.warnings.iter().map(|warning| CellNote {
        cell: received.cell(index, &warning.pointer).0,
        pointer: warning.pointer.clone(),
        code: warning.code,
        detail: warning.detail.clone(),
    });
    RowVerdict {
        id: Some(written.id).filter(|_| is_kept),
        version: Some(written.version),
        status: written.status.clone(),
        warnings: notes.collect(),
        ..RowVerdict::of(received, index, written.outcome)
    }
}

impl FileVerdict {
    /// What a repeated request is answered where this verdict tells what stands in cells of persons;
    /// none where it does not.
    pub fn without_persons(&self, received: &Received, language: Language) -> Option<Self> {
        let is_personal = |pointer: &str| {
            let column = received.layout.of(pointer);
            column.is_some_and(|column| column.is_personal)
        };
        let is_of_person = |field: &str| {
            let mut columns = received.layout.columns.iter();
            columns.any(|column| column.name == field && column.is_personal)
        };
        let mut faults = self.items.iter().flat_map(|item| &item.errors);
        let mut repairs = self.file.iter().flat_map(|file| &file.repaired);
        let tells_of_persons = faults.any(|fault| is_personal(&fault.pointer))
            || repairs.any(|repaired| is_of_person(repaired.field));
        if !tells_of_persons {
            return None;
        }
        let mut kept = self.clone();
        let faults = kept.items.iter_mut().flat_map(|item| &mut item.errors);
        for fault in faults.filter(|fault| is_personal(&fault.pointer)) {
            fault.detail = NOT_KEPT.detail.get(language).to_owned();
            (fault.accepted, fault.nearest) = (Vec::new(), None);
        }
        let repairs = kept.file.iter_mut().flat_map(|file| &mut file.repaired);
        for repaired in repairs.filter(|repaired| is_of_person(repaired.field)) {
            (repaired.written, repaired.read) = (String::new(), Value::Null);
        }
        Some(kept)
    }
}
