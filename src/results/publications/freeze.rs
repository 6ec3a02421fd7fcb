//! The tables of a publication, as they are read: the counts, less what is hidden, and what stays as an
//! earlier publication told it.

use std::collections::BTreeMap;

use disclosure::{Edition, Measure, Measures, protect};
use serde::Serialize;
use serde_json::{Map, Value};

use super::model::Table;
use super::standing::Standing;
use super::store::count::{Counted, Key, Tables};
use super::tables::{EXPECTED_VALIDATED, Grouping, MEASURES};
use super::true_counts::{CellIndex, KeptCertificates, TrueCounts, Untold};
use crate::results::indicators::model::Indicator;
use crate::results::indicators::store::columns::sums;
use crate::values::share;

/// A cell as it is read.
#[derive(Debug, Clone, Serialize)]
pub struct Cell {
    /// The table.
    pub grouping: String,
    /// The first part of its key.
    pub first_key: Option<String>,
    /// The second one.
    pub second_key: Option<String>,
    /// The value of each measure.
    pub figures: Map<String, Value>,
    /// The measures hidden.
    pub suppressed: Vec<&'static str>,
    /// The measures whose value is that of the publication of this number.
    pub carried: BTreeMap<&'static str, i32>,
    /// The reports expected, where a campaign expects some.
    pub expected: Option<i64>,
    /// The reports counted.
    pub validated: i64,
}

/// What is written of a publication.
#[derive(Debug)]
pub struct Frozen {
    /// Its tables.
    pub tables: Vec<Table>,
    /// Their cells.
    pub cells: Vec<Cell>,
    /// The true counts.
    pub true_counts: TrueCounts,
    /// What proves that they cannot be found.
    pub certificates: KeptCertificates,
    /// Whether a correction made it wait with all that is new of some measures.
    pub is_held: bool,
    /// How many hidden counts lack a proof.
    pub unproved: usize,
}

/// What the earlier publications of a year hide.
#[derive(Debug, Default)]
pub struct Earlier {
    /// The true counts of each, in their order.
    pub counts: Vec<TrueCounts>,
    /// The certificates of all of them.
    pub certificates: KeptCertificates,
}

/// Freezes what was counted, after the earlier publications of the same year; `standing` is the one
/// that this one comes in the place of.
pub fn freeze(tables: Tables, earlier: &Earlier, standing: &Standing, threshold: i64) -> Frozen {
    let now = counts(&tables);
    let index = CellIndex::new(earlier.counts.iter().chain([&now]));
    let editions: Vec<Edition> = earlier
        .counts
        .iter()
        .map(|one| index.edition(one))
        .collect();
    let kept = index.certificates(&earlier.certificates);
    let counts = index.edition(&now).counts;
    let protected = protect(&index.shape, &editions, counts.clone(), kept, threshold);
    let untold = protected.untold.iter().enumerate();
    let untold = untold.filter_map(|(number, untold)| Some((index.key(number)?, *untold)));
    let untold: BTreeMap<(Grouping, &Key), Measures> = untold.collect();
    let cells: Vec<Cell> = tables
        .cells
        .iter()
        .map(|((grouping, key), counted)| {
            let own = untold.get(&(*grouping, key)).copied().unwrap_or_default();
            cell(*grouping, key, counted, own, standing)
        })
        .collect();
    let edition = Edition {
        counts,
        untold: protected.untold.clone(),
    };
    Frozen {
        tables: described(&cells),
        true_counts: index.true_counts(&edition, now.regions),
        certificates: index.keep(&protected.certificates),
        is_held: protected.is_held,
        unproved: protected.unproved,
        cells,
    }
}

/// The counts that are protected.
fn counts(tables: &Tables) -> TrueCounts {
    let cells = tables.cells.iter().map(|((grouping, key), counted)| {
        let key = (grouping.to_string(), key.clone());
        (key, counted.parts.clone(), Untold::Measures(0))
    });
    TrueCounts {
        regions: tables.regions.clone().into_iter().collect(),
        cells: cells.collect(),
    }
}

/// The sum a measure is, or its numerator and denominator.
fn terms(counted: &Counted, measure: Indicator) -> (Option<i64>, Option<i64>) {
    let before = MEASURES.iter().take_while(|one| **one != measure);
    let place: usize = before.map(|one| sums(*one).len()).sum();
    let at = |place: usize| counted.sums.get(place).copied().flatten();
    (at(place), at(place + 1))
}

fn cell(
    grouping: Grouping,
    key: &Key,
    counted: &Counted,
    untold: Measures,
    standing: &Standing,
) -> Cell {
    let mut cell = Cell {
        grouping: grouping.to_string(),
        first_key: key.first().cloned().flatten(),
        second_key: key.get(1).cloned().flatten(),
        figures: Map::new(),
        suppressed: Vec::new(),
        carried: BTreeMap::new(),
        expected: counted.expected.map(|(expected, _)| expected),
        validated: counted.reports,
    };
    for measure in MEASURES {
        let code = measure.code();
        let is_untold = protected(*measure).is_some_and(|one| untold.has(one));
        let figure = if !is_untold {
            value(counted, *measure)
        } else if let Some((number, figure)) = standing.figure(&cell.grouping, key, code) {
            cell.carried.insert(code, number);
            figure
        } else {
            cell.suppressed.push(code);
            Value::Null
        };
        cell.figures.insert(code.to_owned(), figure);
    }
    if let Some((_, validated)) = counted.expected {
        let figure = Value::from(validated);
        cell.figures.insert(EXPECTED_VALIDATED.to_owned(), figure);
    }
    cell
}

/// The measure that an indicator is told with: other people are counted where pupils are.
const fn protected(measure: Indicator) -> Option<Measure> {
    match measure {
        Indicator::Pupils | Indicator::Teachers | Indicator::Professionals => Some(Measure::Pupils),
        Indicator::PupilsGirlsKnown => Some(Measure::GirlsKnown),
        Indicator::Girls => Some(Measure::Girls),
        Indicator::GirlsShare => Some(Measure::GirlsShare),
        Indicator::PupilsPriorityKnown => Some(Measure::PriorityKnown),
        Indicator::PriorityEducationPupils => Some(Measure::Priority),
        Indicator::PriorityEducationShare => Some(Measure::PriorityShare),
        Indicator::InternshipsFilled => Some(Measure::Filled),
        Indicator::InternshipFillRate => Some(Measure::FillRate),
        _ => None,
    }
}

fn value(counted: &Counted, measure: Indicator) -> Value {
    let (figure, denominator) = terms(counted, measure);
    match (measure, sums(measure).len()) {
        (Indicator::Establishments, _) => counted.establishments.into(),
        (Indicator::ReportsValidated, _) => counted.reports.into(),
        (Indicator::ReportsExpected, _) => counted.expected.map(|(expected, _)| expected).into(),
        (Indicator::CompletenessRate, _) => counted
            .expected
            .and_then(|(expected, validated)| share(Some(validated), Some(expected)))
            .into(),
        (_, 2) => share(figure, denominator).into(),
        _ => figure.into(),
    }
}

/// The description of each table.
fn described(cells: &[Cell]) -> Vec<Table> {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let describe = |grouping: Grouping| {
        let (name, years) = (grouping.to_string(), ["school_year"]);
        let own: Vec<&Cell> = cells.iter().filter(|cell| cell.grouping == name).collect();
        let hidden = own.iter().filter(|cell| !cell.suppressed.is_empty());
        let carried = own.iter().filter(|cell| !cell.carried.is_empty());
        let dimensions = years.iter().chain(grouping.dimensions());
        let codes = MEASURES.iter().map(|measure| measure.code().to_owned());
        Table {
            dimensions: dimensions.map(|one| (*one).to_owned()).collect(),
            measures: codes.collect(),
            cells: count(own.len()),
            hidden_cells: count(hidden.count()),
            carried_cells: count(carried.count()),
        }
    };
    Grouping::ALL.into_iter().map(describe).collect()
}
