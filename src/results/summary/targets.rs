//! Targets against results.

use super::figures::{Subject, SubjectFigures, value};
use super::labels;
use super::model::{SummaryRow, SummaryTarget};
use crate::agreements::conventions::content::{Content, Target};
use crate::agreements::declinations::model::Declination;
use crate::auth::policy::Scope;
use crate::language::Language;
use crate::results::declination_progress::model::DeclinationTarget;
use crate::results::indicators::model::academies_of;
use crate::results::indicators::perimeter::Limit;
use crate::values::ids::DeclinationId;
use crate::values::{TerritoryCode, TerritoryKind, TextValue};

/// The results to compare targets with: the figures, and the territories they are complete for.
pub struct Results<'a> {
    /// The figures, where the caller may see any.
    pub subject_figures: Option<&'a SubjectFigures>,
    /// Who asks.
    pub scope: &'a Scope,
    /// The territory of the agreement and all above it; the country's has none.
    pub ancestors: &'a [String],
}

/// The targets of the year in a text, each with its result.
pub fn of(content: &Content, subject: &Subject, results: &Results<'_>) -> Vec<SummaryTarget> {
    let follow_up = content.terms.follow_up.as_ref();
    let targets = follow_up.into_iter().flat_map(|terms| &terms.targets);
    let own = content
        .territory
        .clone()
        .unwrap_or_else(TerritoryCode::country);
    targets
        .filter(|target| target.school_year == subject.year)
        .map(|target| of_one(target, &own, subject, results))
        .collect()
}

fn of_one(
    target: &Target,
    own: &TerritoryCode,
    subject: &Subject,
    results: &Results<'_>,
) -> SummaryTarget {
    let territory = target.territory.clone().unwrap_or_else(|| own.clone());
    let measure = target.measure.to_string();
    let result = results.of(&territory, own, &measure);
    let rate = result.filter(|_| target.value > 0.0);
    SummaryTarget {
        declination_id: None,
        label: labels::of_code("measures", &measure, subject.language),
        territory_name: labels::of_territory(territory.as_str()),
        achievement_rate: rate.map(|result| four_decimals(result / target.value)),
        value: target.value,
        measure,
        territory,
        result,
    }
}

/// The targets of declinations, each with what its territory did under it; one for all the territories
/// of a declination names them.
pub fn of_declinations(
    declinations: &[Declination],
    told: Vec<(DeclinationId, DeclinationTarget)>,
    language: Language,
) -> Vec<SummaryTarget> {
    let one = |(id, target): (DeclinationId, DeclinationTarget)| {
        let declination = declinations.iter().find(|one| one.id == id)?;
        let territories = &declination.content.territories;
        let own = target.territory.as_slice();
        let places = if own.is_empty() { territories } else { own };
        let names: Vec<String> = places
            .iter()
            .map(|code| labels::of_territory(code.as_str()))
            .collect();
        Some(SummaryTarget {
            declination_id: Some(id),
            label: labels::of_code("measures", &target.measure, language),
            territory_name: names.join(", "),
            territory: places.first()?.clone(),
            value: target.value,
            result: target.achieved,
            achievement_rate: target.achievement_rate,
            measure: target.measure,
        })
    };
    told.into_iter().filter_map(one).collect()
}

fn four_decimals(rate: f64) -> f64 {
    (rate * 10_000.0).round() / 10_000.0
}

impl Results<'_> {
    /// Of a measure in a territory: of the agreement's own, a region or an academy, once the caller's
    /// figures are those of all of it. Lines know no narrower place.
    fn of(&self, territory: &TerritoryCode, own: &TerritoryCode, measure: &str) -> Option<f64> {
        let subject_figures = self.subject_figures?;
        let code = territory.as_str();
        if !self.is_whole(code) {
            return None;
        }
        if territory == own {
            return value(&subject_figures.figures.totals, measure);
        }
        let rows = if territory.is_of(TerritoryKind::Region) {
            &subject_figures.by_region
        } else {
            &subject_figures.figures.by_academy
        };
        let is_it = |row: &&SummaryRow| row.code.as_deref() == Some(code);
        value(&rows.iter().find(is_it)?.values, measure)
    }

    /// Whether the caller's figures are those of all of a territory.
    fn is_whole(&self, territory: &str) -> bool {
        // Of a local agreement nothing is counted elsewhere.
        let is_local = !self.ancestors.is_empty();
        if is_local && self.scope.covers_all(&[self.ancestors.to_vec()]) {
            return true;
        }
        match Limit::of(self.scope) {
            Limit::Everything => true,
            Limit::Academies(within) => {
                let below = academies_of(territory);
                !below.is_empty() && below.iter().all(|code| within.contains(code))
            }
            Limit::Reports(_) => false,
        }
    }
}
