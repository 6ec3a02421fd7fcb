//! Facets: of what a search finds, how many there are of each kind.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::error::{Error, Notice, Result, Rule, notice};
use crate::http::page::Listed;
use crate::offers::interventions::model::InterventionAnswer;
use crate::values::{Described, FromText, schemas};

/// The fields a search can be counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facet {
    /// The type of action.
    ActionType,
    /// Each level.
    Level,
    /// Each academy that it takes place or is offered in, in whole or in part.
    Academy,
    /// Each department, likewise.
    Department,
    /// The modality.
    Modality,
}

static UNKNOWN_FACET: Notice = notice(
    "unknown_code",
    "Cette facette n'existe pas. Les facettes : action_type, level, academy, department, modality.",
    "There is no such facet. The facets: action_type, level, academy, department, modality.",
);

impl Facet {
    const ALL: [Self; 5] = [
        Self::ActionType,
        Self::Level,
        Self::Academy,
        Self::Department,
        Self::Modality,
    ];

    /// Its name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ActionType => "action_type",
            Self::Level => "level",
            Self::Academy => "academy",
            Self::Department => "department",
            Self::Modality => "modality",
        }
    }
}

impl Described for Facet {
    fn described() -> RefOr<Schema> {
        schemas::one_of(Self::ALL.map(Self::code), None)
    }
}

impl FromText for Facet {
    fn from_text(text: &str) -> Result<Self, Rule> {
        let mut all = Self::ALL.into_iter();
        all.find(|facet| facet.code() == text)
            .ok_or(Rule::Own(&UNKNOWN_FACET))
    }
}

/// How many interventions of a facet have a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The facet's name.
    pub facet: String,
    /// The code.
    pub code: String,
    /// How many have it.
    pub count: i64,
}

/// Une valeur d'une facette.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FacetCount {
    /// Le code : celui que prend le filtre.
    #[schema(example = "company_visit")]
    pub code: String,
    /// Combien d'interventions trouvées l'ont.
    #[schema(example = 42)]
    pub count: i64,
}

/// Une page d'interventions.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedInterventions {
    /// Les éléments de la page.
    pub data: Vec<InterventionAnswer>,
    /// Le curseur de la page suivante, ou null à la fin.
    pub next_cursor: Option<String>,
    /// Les facettes demandées, chacune avec ses codes, le plus fréquent d'abord ; absent sans `facets`.
    #[schema(value_type = Option<HashMap<String, Vec<FacetCount>>>, example = json!(null))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facets: Option<Map<String, Value>>,
}

impl ListedInterventions {
    /// The page with what was counted.
    pub fn with(listed: Listed<InterventionAnswer>, facets: Option<Map<String, Value>>) -> Self {
        Self {
            data: listed.data,
            next_cursor: listed.next_cursor,
            facets,
        }
    }
}

/// The facets asked for, in the order asked for; what was counted is in the order of the answer.
///
/// # Errors
/// `internal_error` when a count cannot be written.
pub fn answered(asked: &[Facet], counted: Vec<Counted>) -> Result<Map<String, Value>> {
    let mut answer = Map::new();
    for facet in asked {
        answer.insert(facet.code().to_owned(), Value::Array(Vec::new()));
    }
    for Counted { facet, code, count } in counted {
        let one = serde_json::to_value(FacetCount { code, count }).map_err(Error::internal)?;
        if let Some(Value::Array(codes)) = answer.get_mut(&facet) {
            codes.push(one);
        }
    }
    Ok(answer)
}
