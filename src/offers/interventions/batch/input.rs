//! The items of a batch, each read with its own faults.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::cells;
use crate::error::{Fault, Faults, Place, Rule};
use crate::http::fields::{Body, Fields};
use crate::http::formats::Form;
use crate::http::query::{Parameter, Query, Reader, parameter, without_example};
use crate::offers::interventions::content::NewIntervention;
use crate::offers::interventions::model::ExternalId;
use crate::values::FromText;
use crate::values::ids::SyncId;

/// The most items of a batch.
pub const MAX_ITEMS: usize = 1_000;

/// Des interventions à déposer.
#[derive(Debug, ToSchema)]
pub struct PushedInterventions {
    /// De 1 à 1 000 interventions.
    #[schema(min_items = 1, max_items = 1000)]
    pub items: Vec<PushedIntervention>,
}

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
        fields.values("items", MAX_ITEMS);
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
        parameter(
            "mode",
            "`partial` (par défaut) : ce qui est juste est écrit ; `atomic` : tout ou rien",
            "partial",
        ),
        parameter(
            "dry_run",
            "`true` : rien n'est écrit, les verdicts sont ceux qu'aurait le lot",
            "true",
        ),
        without_example("sync_id", "La synchronisation dont le lot fait partie"),
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        let mode = reader.text("mode").unwrap_or("partial");
        if !["partial", "atomic"].contains(&mode) {
            reader.fault("mode", Rule::Format("partial, atomic"));
        }
        Self {
            is_atomic: mode == "atomic",
            is_dry_run: reader.flag("dry_run").unwrap_or_default(),
            sync_id: reader.one("sync_id"),
        }
    }
}

/// An item of a batch as it was sent, a row of CSV as the object it represents.
#[derive(Debug)]
pub struct Sent<'a> {
    object: Cow<'a, Value>,
    /// What a spreadsheet did to its cells.
    damage: Vec<Fault>,
}

impl<'a> Sent<'a> {
    /// The items of a body that has a list of them.
    pub fn all(body: Option<&'a Value>, form: Form) -> Vec<Self> {
        let items = body
            .and_then(|body| body.get("items")?.as_array())
            .into_iter()
            .flatten();
        items
            .map(|item| {
                let (object, damage) = if form == Form::Csv {
                    let (item, damage) = cells::item(item);
                    (Cow::Owned(item), damage)
                } else {
                    (Cow::Borrowed(item), Vec::new())
                };
                Self { object, damage }
            })
            .collect()
    }

    /// Which intervention it is about, as [`Item`] reads it.
    pub fn external_id(&self) -> Option<ExternalId> {
        let name = self.object.get("external_id")?.as_str()?;
        ExternalId::from_text(name).ok()
    }
}

/// An item of a batch: what could be read of it, and what is wrong with it.
#[derive(Debug)]
pub struct Item<'a> {
    /// As it was sent.
    pub raw: Cow<'a, Value>,
    /// Which intervention it is about.
    pub external_id: Option<ExternalId>,
    /// What is said of it.
    pub content: Option<NewIntervention>,
    /// What is wrong with it; pointers are into the item.
    pub faults: Vec<Fault>,
}

impl<'a> Item<'a> {
    /// Reads what was sent.
    pub fn read(sent: Sent<'a>) -> Self {
        let Sent { object, damage } = sent;
        let mut faults = Faults::default();
        let whole = Fields::body::<Named>(&object, &mut faults);
        let (external_id, content) = whole.map_or((None, None), |whole| (whole.0, whole.1));
        let mut faults = faults.into_list();
        // What a damaged cell lacks, it lacks for its damage.
        faults.retain(|fault| damage.iter().all(|known| known.place != fault.place));
        faults.extend(damage);
        Self {
            raw: object,
            external_id,
            content,
            faults,
        }
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

    /// Its faults, as places of the whole batch.
    pub fn faults_of_batch(self, index: usize) -> impl Iterator<Item = Fault> {
        self.faults.into_iter().map(move |mut fault| {
            if let Place::Pointer(pointer) = &mut fault.place {
                pointer.insert_str(0, &format!("/items/{index}"));
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
struct Named(Option<ExternalId>, Option<NewIntervention>);

impl Body for Named {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let external_id = fields.required("external_id");
        let content = NewIntervention::read_beside_its_id(fields);
        Some(Self(external_id, content))
    }
}

/// Les interventions toujours proposées.
#[derive(Debug, ToSchema)]
pub struct TouchedInterventions {
    /// De 1 à 1 000 identifiants donnés par le partenaire.
    #[schema(min_items = 1, max_items = 1000, example = json!(["visite", "visite-42"]))]
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
