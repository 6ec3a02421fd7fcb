//! The filters of a list of opportunities.

use crate::db::page::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::http::query::{Parameter, Query, Reader, parameter};
use crate::offers::interventions::geo::MAX_KM;
use crate::values::{ActionType, Level};

/// What a school chooses among, and how many partners are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// For one of these levels, of those that the school has.
    pub level: Vec<Level>,
    /// Of one of these types of action.
    pub action_type: Vec<ActionType>,
    /// Whose title or description has these words.
    pub q: Option<String>,
    /// At most so far from the school, in kilometres.
    pub within_km: Option<f64>,
    /// At most so many partners.
    pub most: usize,
}

impl Filter {
    /// Whether it asks for some interventions: partners that have none of these are left out.
    pub const fn chooses(&self) -> bool {
        !self.level.is_empty()
            || !self.action_type.is_empty()
            || self.q.is_some()
            || self.within_km.is_some()
    }
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "level",
            "Niveaux, parmi ceux de l'établissement, séparés par des virgules",
            "3e",
        ),
        parameter(
            "action_type",
            "Types d'action, séparés par des virgules",
            "company_visit",
        ),
        parameter(
            "q",
            "Mots cherchés dans l'intitulé et la présentation des interventions",
            "métallurgie",
        ),
        parameter(
            "within_km",
            "Celles dont le lieu est à cette distance de l'établissement au plus, en kilomètres",
            "30",
        ),
        parameter(
            "limit",
            "Nombre de partenaires, de 1 à 200 ; 50 par défaut",
            "50",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        let most = reader.number_or("limit", 1, MAX_LIMIT, DEFAULT_LIMIT);
        Self {
            level: reader.several("level"),
            action_type: reader.several("action_type"),
            q: reader.q(),
            within_km: reader.decimal("within_km", 0, MAX_KM),
            most: usize::try_from(most).unwrap_or_default(),
        }
    }
}
