//! The content of an intervention, as its partner writes it.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::host::Host;
use super::place::InterventionPlace;
use crate::db::schema::interventions;
use crate::error::Rule;
use crate::error::notice::BEFORE_START;
use crate::http::fields::{Body, Fields};
use crate::values::ids::ConventionId;
use crate::values::{
    ActionType, Axis, Code, Event, HttpsUrl, Json, LanguageCode, Level, Moment, Nomenclature,
    TerritoryCode, Text,
};

/// The nomenclature of the modalities.
pub enum Modalities {}

impl Nomenclature for Modalities {
    const NAME: &'static str = "modalities";
}

/// How an intervention takes place.
pub type Modality = Code<Modalities>;

/// The longest duration, in minutes: a year.
const MAX_MINUTES: i32 = 525_600;

/// The most sessions, and the most pupils in one.
const MAX_COUNT: i32 = 100_000;

/// Ce qu'un partenaire propose.
#[derive(
    Debug, Clone, PartialEq, Serialize, Queryable, Selectable, Insertable, AsChangeset, ToSchema,
)]
#[diesel(table_name = interventions, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct NewIntervention {
    /// La convention au titre de laquelle elle est proposée.
    pub convention_id: ConventionId,
    /// Intitulé.
    #[schema(example = "Visite d'un atelier de métallurgie")]
    pub title: Text<150>,
    /// Présentation.
    #[schema(
        example = "Les élèves découvrent les métiers de l'atelier avec ceux qui les exercent."
    )]
    pub description: Option<Text<5000>>,
    /// Type d'action.
    #[schema(example = "company_visit")]
    pub action_type: ActionType,
    /// Niveaux concernés, un au moins.
    #[schema(example = json!(["3e", "2de_gt"]), min_items = 1)]
    pub levels: Vec<Level>,
    /// Temps du parcours.
    #[schema(example = json!(["career_discovery"]), required = false)]
    pub moments: Vec<Moment>,
    /// Axes de travail.
    #[schema(example = json!(["career_discovery"]), required = false)]
    pub axes: Vec<Axis>,
    /// L'événement national dont elle fait partie.
    #[schema(example = "semaine_industrie")]
    pub event: Option<Event>,
    /// `in_person`, `remote` ou `hybrid`.
    #[schema(example = "in_person")]
    pub modality: Modality,
    /// Proposée dans tout le pays ; `false` par défaut.
    #[schema(example = false, required = false)]
    pub nationwide: bool,
    /// Territoires où elle est proposée, un au moins si elle ne l'est pas dans tout le pays.
    #[schema(example = json!(["academy:10"]), required = false)]
    pub territories: Vec<TerritoryCode>,
    /// Le lieu.
    #[schema(value_type = Option<InterventionPlace>)]
    pub place: Option<Json<InterventionPlace>>,
    /// L'organisation qui accueille les élèves ou qui vient à eux.
    #[schema(value_type = Option<Host>)]
    pub host: Option<Json<Host>>,
    /// Premier jour.
    #[schema(example = "2026-09-01")]
    pub available_from: Option<NaiveDate>,
    /// Dernier jour, compris.
    #[schema(example = "2099-06-30")]
    pub available_to: Option<NaiveDate>,
    /// Durée, en minutes.
    #[schema(example = 120, minimum = 1, maximum = 525600)]
    pub duration_minutes: Option<i32>,
    /// Nombre de séances ; null : sans limite.
    #[schema(example = 10, minimum = 0, maximum = 100000)]
    pub sessions: Option<i32>,
    /// Nombre d'élèves par séance.
    #[schema(example = 30, minimum = 1, maximum = 100000)]
    pub pupils_per_session: Option<i32>,
    /// Langues, par leurs codes ISO 639-1 ; `["fr"]` par défaut.
    #[schema(example = json!(["fr"]), required = false)]
    pub languages: Vec<LanguageCode>,
    /// Page qui la présente, en https.
    #[schema(example = "https://www.exemple.fr/visite")]
    pub url: Option<HttpsUrl>,
    /// Accessibilité.
    #[schema(example = "Atelier accessible en fauteuil roulant.")]
    pub accessibility: Option<Text<1000>>,
}

/// Fields of the answer that input may not set.
pub const SET_BY_SERVICE: &[&str] = &[
    "id",
    "partner_id",
    "sessions_left",
    "distance_km",
    "confirmed_at",
    "withdrawn_at",
    "status",
    "withheld_reasons",
    "created_at",
    "updated_at",
    "allowed_actions",
    "warnings",
];

/// The labels that an answer may have beside its codes and ids.
pub const LABELS: &[&str] = &[
    "partner_name",
    "convention_reference",
    "convention_title",
    "action_type_label",
    "levels_labels",
    "moments_labels",
    "axes_labels",
    "event_label",
    "modality_label",
    "territories_labels",
    "status_label",
];

impl Body for NewIntervention {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        // The path has it.
        fields.read_only(&["external_id"]);
        fields.read_only(SET_BY_SERVICE);
        Self::read_beside_its_id(fields)
    }
}

impl NewIntervention {
    /// Whether it has the eligibility of another: both are of the same convention, type of action,
    /// levels and territories, whatever else differs.
    pub fn has_same_eligibility_as(&self, other: &Self) -> bool {
        self.convention_id == other.convention_id
            && self.action_type == other.action_type
            && self.levels == other.levels
            && self.nationwide == other.nationwide
            && self.territories == other.territories
    }

    /// The same as its partner gave it: what the register finds is found anew after a change.
    #[must_use]
    pub fn given(&self) -> Self {
        Self {
            place: self.place.as_ref().map(|place| Json(place.given())),
            ..self.clone()
        }
    }

    /// Reads it from an object that names the intervention as well.
    pub fn read_beside_its_id(fields: &mut Fields<'_>) -> Option<Self> {
        let convention_id = fields.required("convention_id");
        let title = fields.required("title");
        let description = fields.optional("description");
        let action_type = fields.required("action_type");
        let levels = fields.required_list("levels");
        let (moments, axes) = (fields.list("moments"), fields.list("axes"));
        let event = fields.optional("event");
        let modality = fields.required("modality");
        let (nationwide, territories) = area(fields);
        let place = fields.object("place").map(Json);
        let host = fields.object("host").filter(Host::says_something);
        let (available_from, available_to) = window(fields);
        Some(Self {
            description,
            moments,
            axes,
            event,
            nationwide,
            territories,
            place,
            host: host.map(Json),
            available_from,
            available_to,
            duration_minutes: fields.integer("duration_minutes", 1, MAX_MINUTES),
            sessions: fields.integer("sessions", 0, MAX_COUNT),
            pupils_per_session: fields.integer("pupils_per_session", 1, MAX_COUNT),
            languages: languages(fields),
            url: fields.optional("url"),
            accessibility: fields.optional("accessibility"),
            convention_id: convention_id?,
            title: title?,
            action_type: action_type?,
            levels: levels?,
            modality: modality?,
        })
    }
}

/// The whole country, or territories.
fn area(fields: &mut Fields<'_>) -> (bool, Vec<TerritoryCode>) {
    let nationwide = fields.optional("nationwide").unwrap_or(false);
    let territories: Vec<TerritoryCode> = fields.list("territories");
    if !nationwide {
        fields.needs_item("territories");
    } else if !territories.is_empty() {
        fields.fault("territories", Rule::OnlyWith("nationwide = false"));
    }
    (nationwide, territories)
}

/// The first and the last day.
fn window(fields: &mut Fields<'_>) -> (Option<NaiveDate>, Option<NaiveDate>) {
    let first: Option<NaiveDate> = fields.optional("available_from");
    let last: Option<NaiveDate> = fields.optional("available_to");
    if first.zip(last).is_some_and(|(first, last)| last < first) {
        fields.fault("available_to", Rule::Own(&BEFORE_START));
    }
    (first, last)
}

/// French by default.
fn languages(fields: &mut Fields<'_>) -> Vec<LanguageCode> {
    let given: Option<Vec<LanguageCode>> = fields.optional("languages");
    if given.is_some() {
        fields.needs_item("languages");
    }
    given.unwrap_or_else(|| vec![LanguageCode::french()])
}
