//! The progress of a declination.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::measures::MEASURES;
use super::store::Done;
use crate::agreements::conventions::content::Target;
use crate::results::indicators::answer::Completeness;
use crate::results::indicators::model::Indicator;
use crate::results::indicators::store::columns::sums;
use crate::values::ids::{ConventionId, DeclinationId};
use crate::values::{SchoolYear, TerritoryCode, TextValue, share};

/// Où en est une déclinaison dans une année scolaire : ce qui a été fait sous elle, et ses objectifs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeclinationProgress {
    /// La déclinaison.
    pub declination_id: DeclinationId,
    /// La convention déclinée.
    pub convention_id: ConventionId,
    /// L'année scolaire.
    pub school_year: SchoolYear,
    /// Ses territoires.
    #[schema(example = json!(["academy:10"]))]
    pub territories: Vec<TerritoryCode>,
    /// Ses objectifs de l'année, chacun avec ce que son territoire a fait sous elle.
    pub targets: Vec<DeclinationTarget>,
    /// Ce qui a été fait sous elle : chaque mesure, null là où personne ne la connaît, et toutes null si ses territoires ne sont pas tous de votre périmètre.
    #[schema(value_type = HashMap<String, Option<f64>>, example = json!({ "pupils": 420, "girls_share": 0.4823 }))]
    pub values: Map<String, Value>,
    /// Ce sur quoi ces chiffres reposent ; null si ses territoires ne sont pas tous de votre périmètre.
    pub completeness: Option<Completeness>,
}

/// Un objectif d'une déclinaison, et ce que son territoire a fait sous elle.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DeclinationTarget {
    /// Ce qui est compté.
    #[schema(example = "pupils")]
    pub measure: String,
    /// L'année scolaire.
    pub school_year: SchoolYear,
    /// Le territoire de l'objectif ; null : tous ceux de la déclinaison.
    #[schema(example = json!(null))]
    pub territory: Option<TerritoryCode>,
    /// La valeur visée.
    #[schema(example = 500)]
    #[serde(serialize_with = "crate::values::plain_number")]
    pub value: f64,
    /// Ce qui est atteint, sur les bilans validés ; null s'il n'est pas connu, ou pas à vous.
    #[schema(example = 120)]
    #[serde(serialize_with = "crate::values::optional_number")]
    pub achieved: Option<f64>,
    /// Ce qui est atteint, rapporté à la valeur visée, à quatre décimales.
    #[schema(example = 0.24)]
    pub achievement_rate: Option<f64>,
}

impl DeclinationTarget {
    /// A target with what was done, where the caller may read it.
    pub fn of(target: &Target, done: Option<&Done>) -> Self {
        let measure = target.measure.as_str();
        let known = Indicator::ALL.iter().find(|one| one.code() == measure);
        let achieved = known
            .zip(done)
            .and_then(|(measure, done)| value(*measure, done).as_f64());
        let rate = achieved.filter(|_| target.value > 0.0);
        Self {
            measure: measure.to_owned(),
            school_year: target.school_year.clone(),
            territory: target.territory.clone(),
            value: target.value,
            achieved,
            achievement_rate: rate.map(|done| (done / target.value * 10_000.0).round() / 10_000.0),
        }
    }
}

/// Every measure of what was done, or null.
pub fn values(done: Option<&Done>) -> Map<String, Value> {
    let one = |measure: &Indicator| {
        let value = done.map(|done| value(*measure, done)).unwrap_or_default();
        (measure.code().to_owned(), value)
    };
    MEASURES.iter().map(one).collect()
}

fn value(measure: Indicator, done: &Done) -> Value {
    let before = MEASURES.iter().take_while(|one| **one != measure);
    let place: usize = before.map(|one| sums(*one).len()).sum();
    let at = |place: usize| done.sums.get(place).copied().flatten();
    match (measure, sums(measure).len()) {
        (Indicator::Establishments, _) => done.establishments.into(),
        (Indicator::ReportsValidated, _) => done.reports.into(),
        (Indicator::ReportsExpected, _) => done.expected.into(),
        (Indicator::CompletenessRate, _) => share(done.expected_validated, done.expected).into(),
        (_, 2) => share(at(place), at(place + 1)).into(),
        (_, 1) => at(place).into(),
        // The coverage of the territory is the convention's.
        _ => Value::Null,
    }
}

impl Done {
    /// The reports it stands on.
    pub const fn completeness(&self) -> Completeness {
        Completeness {
            expected: self.expected,
            expected_validated: self.expected_validated,
            validated: self.reports,
        }
    }
}
