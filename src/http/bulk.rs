//! A step taken with many objects at once: which ones, and a verdict for each, in order.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::fields::{Fields, MAX_ITEMS};
use super::query::{Parameters, Query, Reader};
use crate::db::page::{Direction, Page};
use crate::db::tx::Tx;
use crate::error::problem::ProblemFault;
use crate::error::{Advice, Error, Fault, Faults, Notice, Place, Result, Rule, notice};
use crate::language::Language;
use crate::values::FromText;
use crate::values::ids::{Id, Kind};

/// The most objects that a step is taken with at once.
pub const MOST: usize = 1_000;

/// The most items of a batch.
pub const BATCH_ITEMS: usize = 5_000;

/// The most faults that are told of a batch.
pub const MOST_FAULTS: usize = 1_000;
/// The most of them that are told of one of its items.
const MOST_OF_ITEM: usize = 20;

/// How many faults of a batch may still be told: to tell one costs something, the search for what was
/// meant above all.
#[derive(Debug)]
pub struct FaultBudget(usize);

impl Default for FaultBudget {
    fn default() -> Self {
        Self(MOST_FAULTS)
    }
}

impl FaultBudget {
    /// How many of the next item may be told: each that is refused says why, be it in one word.
    pub fn of_item(&self) -> usize {
        self.0.clamp(1, MOST_OF_ITEM)
    }

    /// Takes from it those that an item has.
    pub const fn spend(&mut self, faults: usize) {
        self.0 = self.0.saturating_sub(faults);
    }

    /// Keeps of the faults of an item those that may be told; answers whether some are left out.
    pub fn fit<T>(&mut self, faults: &mut Vec<T>) -> bool {
        let most = self.of_item();
        let is_cut = faults.len() > most;
        faults.truncate(most);
        self.spend(faults.len());
        is_cut
    }
}

static IDS_OR_FILTER: Notice = notice(
    "ids_or_filter",
    "Donnez `ids`, ou `filter` avec un critère au moins : l'un des deux.",
    "Give `ids`, or `filter` with one criterion at least: one of the two.",
);

static TOO_MANY_FOUND: Notice = notice(
    "too_many_found",
    "Ce filtre trouve plus de 1 000 objets : resserrez-le.",
    "This filter finds more than 1,000 objects: narrow it.",
);

/// The objects that a step is to be taken with.
#[derive(Debug, Clone)]
pub enum Chosen<T: 'static, F> {
    /// These, in this order.
    Ids(Vec<Id<T>>),
    /// Those that the list finds, in the order of their creation.
    Matching(F),
}

impl<T: Kind, F: Query> Chosen<T, F> {
    /// Reads `ids` or `filter`.
    pub fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (ids, filter) = (fields.raw("ids"), fields.raw("filter"));
        match (ids, filter) {
            (Some(_), None) => ids_of(fields).map(Self::Ids),
            (None, Some(filter)) => {
                let Some(members) = filter.as_object().filter(|members| !members.is_empty()) else {
                    fields.fault("filter", Rule::Own(&IDS_OR_FILTER));
                    return None;
                };
                Some(Self::Matching(filter_of(fields, members)))
            }
            (None, None) => {
                fields.fault("ids", Rule::Own(&IDS_OR_FILTER));
                None
            }
            (Some(_), Some(_)) => {
                fields.fault("filter", Rule::Own(&IDS_OR_FILTER));
                None
            }
        }
    }
}

/// Ids, each once.
fn ids_of<T: Kind>(fields: &mut Fields<'_>) -> Option<Vec<Id<T>>> {
    let given = fields.values("ids", MOST)?;
    let mut seen = HashSet::new();
    let mut ids = Vec::with_capacity(given.len());
    for (place, value) in given.iter().enumerate() {
        let Some(id) = fields.item::<Id<T>>("ids", place, value) else {
            continue;
        };
        if seen.insert(id) {
            ids.push(id);
        } else {
            fields.fault_below("ids", &format!("/{place}"), Rule::RepeatedItem);
        }
    }
    Some(ids)
}

/// The filters of the list, as members of an object.
fn filter_of<F: Query>(fields: &mut Fields<'_>, members: &Map<String, Value>) -> F {
    let (parameters, strange) = Parameters::of_members(members);
    for name in strange {
        let known = || F::PARAMETERS.iter().map(|parameter| parameter.name);
        let rule = if known().any(|one| one == name) {
            Rule::WrongType("string")
        } else {
            Rule::UnknownField(known().collect())
        };
        fields.fault_below("filter", &format!("/{name}"), rule);
    }
    let mut faults = Faults::default();
    let filter = F::read(&mut Reader::new(
        &parameters,
        F::PARAMETERS,
        &[],
        &mut faults,
    ));
    for fault in faults.into_list() {
        let Place::Parameter(name) = fault.place else {
            continue;
        };
        let rule = match fault.rule {
            Rule::UnknownParameter(known) => Rule::UnknownField(known),
            rule => rule,
        };
        fields.fault_below("filter", &format!("/{name}"), rule);
    }
    filter
}

/// The first page of a list, of one object more than can be done at once.
///
/// # Errors
/// `internal_error` on a machine whose numbers are too small.
pub fn first_page<S: super::page::Sort>() -> Result<Page<S>> {
    Ok(Page {
        sort: S::DEFAULT,
        direction: Direction::Ascending,
        limit: i64::try_from(MOST + 1).map_err(Error::internal)?,
        after: None,
    })
}

/// The refusal of a filter that finds more than can be done at once.
///
/// # Errors
/// `validation_failed`.
pub fn must_be_few(found: usize) -> Result<()> {
    if found <= MOST {
        return Ok(());
    }
    Err(Error::validation(vec![Fault {
        place: Place::field("filter"),
        rule: Rule::Own(&TOO_MANY_FOUND),
    }]))
}

/// Words as a list, or as a query writes them: separated by commas.
pub fn words<T: FromText>(fields: &mut Fields<'_>, name: &'static str) -> Vec<T> {
    let Some(value) = fields.raw(name) else {
        return Vec::new();
    };
    if value
        .as_array()
        .is_some_and(|items| items.len() > MAX_ITEMS)
    {
        fields.fault(name, Rule::TooManyItems(MAX_ITEMS));
        return Vec::new();
    }
    let texts: Option<Vec<&str>> = match value {
        serde_json::Value::String(text) => Some(text.split(',').collect()),
        serde_json::Value::Array(items) => items.iter().map(|item| item.as_str()).collect(),
        _ => None,
    };
    let Some(texts) = texts else {
        fields.fault(name, Rule::WrongType("array"));
        return Vec::new();
    };
    let read = texts.into_iter().map(T::from_text);
    read.filter_map(|word| word.map_err(|rule| fields.fault(name, rule)).ok())
        .collect()
}

/// An object after a step.
#[derive(Debug, Clone)]
pub struct Stepped {
    /// Its status.
    pub status: String,
    /// Its version.
    pub version: i64,
}

/// What came of a step with an object.
pub type Outcome = (Uuid, Result<Stepped>);

/// Takes a step with each, in their order: what is refused of one leaves the others as they are.
///
/// # Errors
/// When the database fails: nothing of any is then written.
pub async fn each<T>(
    tx: &mut Tx<'_>,
    ids: &[Id<T>],
    mut step: impl AsyncFnMut(&mut Tx<'_>, Id<T>) -> Result<Stepped>,
) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(ids.len());
    for id in ids {
        let outcome = tx.attempt(async |tx| step(tx, *id).await).await?;
        outcomes.push((id.uuid(), outcome));
    }
    Ok(outcomes)
}

/// Ce que l'étape a fait de chaque objet.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepVerdicts {
    /// L'étape.
    #[schema(example = "validate")]
    pub step: &'static str,
    /// Vrai : rien n'a été écrit.
    #[schema(example = false)]
    pub dry_run: bool,
    /// Combien de chaque.
    pub counts: StepCounts,
    /// Ce que chaque objet est devenu, dans l'ordre demandé.
    pub items: Vec<StepVerdict>,
}

/// Le compte des objets d'une étape.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct StepCounts {
    /// Demandés.
    #[schema(example = 1)]
    pub received: usize,
    /// Dont l'étape est faite.
    #[schema(example = 1)]
    pub done: usize,
    /// Refusés.
    #[schema(example = 0)]
    pub rejected: usize,
}

/// Ce que l'étape a fait d'un objet.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepVerdict {
    /// Sa place dans la demande, à partir de 0.
    #[schema(example = 0)]
    pub index: usize,
    /// L'objet.
    #[schema(example = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e0b")]
    pub id: Uuid,
    /// Ce qu'il en est.
    pub outcome: StepOutcome,
    /// Le statut de l'objet ; null s'il est refusé.
    #[schema(example = "validated")]
    pub status: Option<String>,
    /// Sa version ; null s'il est refusé.
    #[schema(example = 3)]
    pub version: Option<i64>,
    /// Le code du refus, celui de l'étape prise seule.
    #[schema(example = json!(null))]
    pub code: Option<&'static str>,
    /// Le refus, en toutes lettres.
    #[schema(example = json!(null))]
    pub detail: Option<String>,
    /// Les endroits à corriger de l'objet ou de la demande.
    pub errors: Vec<ProblemFault>,
}

/// Ce qu'il en est d'une étape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "done")]
pub enum StepOutcome {
    /// Faite.
    Done,
    /// Refusée.
    Rejected,
}

impl StepVerdicts {
    /// The verdicts of a step, in their order.
    pub fn of(
        step: &'static str,
        dry_run: bool,
        outcomes: Vec<Outcome>,
        language: Language,
    ) -> Self {
        let outcomes = outcomes.into_iter().enumerate();
        let items: Vec<StepVerdict> = outcomes
            .map(|(index, (id, outcome))| StepVerdict::of(index, id, outcome, language))
            .collect();
        let is_done = |item: &&StepVerdict| item.outcome == StepOutcome::Done;
        let done = items.iter().filter(is_done).count();
        Self {
            step,
            dry_run,
            counts: StepCounts {
                received: items.len(),
                done,
                rejected: items.len().saturating_sub(done),
            },
            items,
        }
    }
}

impl StepVerdict {
    fn of(index: usize, id: Uuid, outcome: Result<Stepped>, language: Language) -> Self {
        let verdict = Self {
            index,
            id,
            outcome: StepOutcome::Done,
            status: None,
            version: None,
            code: None,
            detail: None,
            errors: Vec::new(),
        };
        match outcome {
            Ok(stepped) => Self {
                status: Some(stepped.status),
                version: Some(stepped.version),
                ..verdict
            },
            Err(error) => Self {
                outcome: StepOutcome::Rejected,
                code: Some(error.code.as_str()),
                detail: Some(error.told(language)),
                errors: error
                    .faults
                    .iter()
                    .map(|fault| ProblemFault::of(fault, Advice::default(), language))
                    .collect(),
                ..verdict
            },
        }
    }
}
