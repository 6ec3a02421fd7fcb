//! The items of a batch, each read with its own faults.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::advice;
use super::cells::{self, Row};
use crate::error::{Fault, Faults, Place, Rule};
use crate::http::bulk::{BATCH_ITEMS, FaultBudget};
use crate::http::fields::{Body, Fields};
use crate::http::formats::Form;
use crate::http::query::{Parameter, Query, Reader, without_example};
use crate::http::slices::Slices;
use crate::http::table::request::{self, DRY_RUN, MODE};
use crate::language::Language;
use crate::offers::interventions::content::{LABELS, NewIntervention, SET_BY_SERVICE};
use crate::offers::interventions::model::ExternalId;
use crate::offers::interventions::store::Named as Found;
use crate::values::FromText;
use crate::values::ids::SyncId;

/// The most items of a batch.
pub const MAX_ITEMS: usize = BATCH_ITEMS;

/// Des interventions à déposer.
#[derive(Debug, ToSchema)]
pub struct PushedInterventions {
    /// De 1 à 5 000 interventions ; ou, sous `data`, une page de la liste telle que le registre la donne.
    #[schema(min_items = 1, max_items = 5000)]
    pub items: Vec<PushedIntervention>,
}

/// The members under which a body has its items: its own, and that of a page of a list sent back.
const LISTS: [&str; 2] = ["items", "data"];

/// Une intervention à déposer.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushedIntervention {
    /// Identifiant donné par le partenaire.
    pub external_id: ExternalId,
    /// What `PUT` takes.
    #[serde(flatten)]
    #[schema(inline)]
    pub content: NewIntervention,
}

impl Body for PushedInterventions {
    /// Only the list itself: its items have faults of their own, see [`Item`].
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let is_page = fields.names("data") && !fields.names("items");
        if is_page {
            fields.passed_over(&["next_cursor", "facets"]);
        }
        fields.values(if is_page { "data" } else { "items" }, MAX_ITEMS);
        Some(Self { items: Vec::new() })
    }
}

/// What to do with a batch.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// All of it or nothing.
    pub is_atomic: bool,
    /// Nothing is written.
    pub is_dry_run: bool,
    /// The full synchronisation it is a part of.
    pub sync_id: Option<SyncId>,
}

impl Query for How {
    const PARAMETERS: &'static [Parameter] = &[
        MODE,
        DRY_RUN,
        without_example("sync_id", "La synchronisation dont le lot fait partie"),
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        let request::How {
            is_atomic,
            is_dry_run,
        } = request::How::read(reader);
        Self {
            is_atomic,
            is_dry_run,
            sync_id: reader.one("sync_id"),
        }
    }
}

/// A batch as it was received.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// Its body.
    pub body: Option<&'a Value>,
    /// The form of its body.
    pub form: Form,
    /// What to do with it.
    pub how: How,
    /// The language of its verdicts.
    pub language: Language,
}

impl<'a> Received<'a> {
    /// The member that has its items, and these.
    fn list(&self) -> Option<(&'static str, &'a Vec<Value>)> {
        let body = self.body?;
        let list = |name: &'static str| Some((name, body.get(name)?.as_array()?));
        LISTS.into_iter().find_map(list)
    }

    /// Its items, each as far as it can be read.
    pub async fn items(&self) -> Vec<Item<'a>> {
        let items = self.list().into_iter().flat_map(|(_, items)| items);
        let (mut budget, mut slices) = (FaultBudget::default(), Slices::default());
        let mut read = Vec::new();
        for item in items {
            slices.pause().await;
            let most = budget.of_item();
            let item = match self.form {
                Form::Csv => Item::of_row(cells::item(item), most),
                _ => Item::read(Cow::Borrowed(item), most),
            };
            budget.spend(item.faults.len());
            read.push(item);
        }
        read
    }

    /// The faults of its items, as places of the whole body.
    pub fn faults(&self, items: &[Item<'a>]) -> Vec<Fault> {
        let name = self.list().map_or("items", |(name, _)| name);
        let items = items.iter().enumerate();
        items
            .flat_map(|(index, item)| item.faults_below(format!("/{name}/{index}")))
            .collect()
    }
}

/// An item of a batch: what could be read of it, and what is wrong with it.
#[derive(Debug)]
pub struct Item<'a> {
    /// As it was sent, a row of CSV as the object it represents.
    pub raw: Cow<'a, Value>,
    /// Which intervention it is about.
    pub external_id: Option<ExternalId>,
    /// Which ones it may be about, where that cannot be read.
    guesses: Vec<ExternalId>,
    /// What is said of it.
    pub content: Option<NewIntervention>,
    /// Fields of it that only the register sets, passed over.
    pub ignored: Vec<&'static str>,
    /// What is wrong with it; pointers are into the item.
    pub faults: Vec<Fault>,
    /// Whether more is wrong than is told.
    pub is_cut: bool,
}

impl<'a> Item<'a> {
    fn read(object: Cow<'a, Value>, most: usize) -> Self {
        let mut faults = Faults::at_most(most);
        let read = Fields::body::<Named>(&object, &mut faults);
        let Named {
            external_id,
            content,
            ignored,
        } = read.unwrap_or_default();
        let mut item = Self {
            raw: object,
            external_id,
            guesses: Vec::new(),
            content,
            ignored,
            is_cut: faults.is_cut(),
            faults: faults.into_list(),
        };
        item.guesses.extend(item.guessed_id());
        item
    }

    fn of_row(row: Row, most: usize) -> Self {
        let mut item = Self::read(Cow::Owned(row.object), most);
        // What a damaged cell or row lacks, it lacks for its damage.
        let whole = Place::Pointer(String::new());
        let is_due_to =
            |damage: &Fault, place: &Place| damage.place == whole || damage.place == *place;
        item.faults.retain(|fault| {
            !row.damage
                .iter()
                .any(|damage| is_due_to(damage, &fault.place))
        });
        let possible = row.possible_ids.iter();
        item.guesses
            .extend(possible.filter_map(|text| ExternalId::from_text(text).ok()));
        item.faults.extend(row.damage);
        item
    }

    /// The external id that `nearest` suggests where the given one cannot be read.
    fn guessed_id(&self) -> Option<ExternalId> {
        let place = Place::field("external_id");
        let fault = self.faults.iter().find(|fault| fault.place == place)?;
        let nearest = advice::of("/external_id", &fault.rule, &self.raw, &[]).nearest?;
        ExternalId::from_text(nearest.as_str()?).ok()
    }

    /// The interventions it is about, or may be about.
    pub fn possible_ids(&self) -> impl Iterator<Item = &ExternalId> {
        self.external_id.iter().chain(&self.guesses)
    }

    /// Whether it can be told which intervention it is about: it says so, or one of its guesses alone
    /// is one that there is.
    pub fn is_identified(&self, found: &Found) -> bool {
        let distinct: HashSet<&ExternalId> = self.guesses.iter().collect();
        let known = distinct
            .into_iter()
            .filter(|name| found.contains_key(*name));
        self.external_id.is_some() || known.count() == 1
    }

    /// The name it gives itself, right or not.
    pub fn name(&self) -> Option<String> {
        let name = self.raw.get("external_id")?.as_str()?;
        Some(name.chars().take(128).collect())
    }

    /// Notes that an item before it has its name.
    pub fn is_repeated(&mut self) {
        self.faults.push(Fault {
            place: Place::field("external_id"),
            rule: Rule::RepeatedItem,
        });
    }

    fn faults_below(&self, above: String) -> impl Iterator<Item = Fault> {
        self.faults.iter().cloned().map(move |mut fault| {
            if let Place::Pointer(pointer) = &mut fault.place {
                pointer.insert_str(0, &above);
            }
            fault
        })
    }

    /// Its name and its content, when nothing is wrong with it.
    pub fn sound(&self) -> Option<(&ExternalId, &NewIntervention)> {
        let both = self.external_id.as_ref().zip(self.content.as_ref());
        both.filter(|_| self.faults.is_empty())
    }
}

/// An intervention beside its name, each as far as it can be read.
#[derive(Default)]
struct Named {
    external_id: Option<ExternalId>,
    content: Option<NewIntervention>,
    ignored: Vec<&'static str>,
}

impl Body for Named {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let external_id = fields.required("external_id");
        let mut ignored = fields.passed_over(SET_BY_SERVICE);
        ignored.extend(fields.passed_over(LABELS));
        let content = NewIntervention::read_beside_its_id(fields);
        Some(Self {
            external_id,
            content,
            ignored,
        })
    }
}

/// Les interventions toujours proposées.
#[derive(Debug, ToSchema)]
pub struct TouchedInterventions {
    /// De 1 à 5 000 identifiants donnés par le partenaire.
    #[schema(min_items = 1, max_items = 5000, example = json!(["visite", "visite-42"]))]
    pub external_ids: Vec<ExternalId>,
}

impl Body for TouchedInterventions {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let given = fields.values("external_ids", MAX_ITEMS)?;
        let mut external_ids = Vec::with_capacity(given.len());
        for (place, value) in given.iter().enumerate() {
            external_ids.extend(fields.item::<ExternalId>("external_ids", place, value));
        }
        // Said twice, it is as valid as said once.
        external_ids.sort();
        external_ids.dedup();
        Some(Self { external_ids })
    }
}
