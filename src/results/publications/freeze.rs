//! The tables of a publication, as they are read: what was counted, less what is hidden.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::{Edition, Measure, protect};
use serde::Serialize;
use serde_json::{Map, Value};

use super::model::Table;
use super::store::count::{Counted, Key, Tables};
use super::tables::{Grouping, MEASURES};
use super::true_counts::{CellIndex, KeptCertificate, TrueCounts};
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
    pub certificates: Vec<KeptCertificate>,
    /// How many hidden counts lack a proof.
    pub unproved: usize,
}

/// The true counts and the certificates of an earlier publication.
pub type Earlier = (TrueCounts, Vec<KeptCertificate>);

/// The measures hidden of each cell.
type Hidden<'a> = BTreeMap<(Grouping, &'a Key), Vec<Measure>>;

/// Freezes what was counted, after the earlier publications of the same year.
pub fn freeze(tables: Tables, earlier: &[Earlier], threshold: i64) -> Frozen {
    let now = counts(&tables);
    let all = earlier.iter().map(|(counts, _)| counts).chain([&now]);
    let index = CellIndex::new(all);
    let editions: Vec<Edition> = earlier.iter().map(|(one, _)| index.edition(one)).collect();
    let kept = earlier
        .iter()
        .flat_map(|(_, kept)| kept)
        .filter_map(|one| index.certificate(one))
        .collect();
    let figures = index.edition(&now).figures;
    let protected = protect(&index.shape, &editions, figures.clone(), kept, threshold);
    let mut hidden = Hidden::new();
    for (measure, number) in &protected.hidden {
        if let Some(key) = index.key(*number) {
            hidden.entry(key).or_default().push(*measure);
        }
    }
    let cells = written(&tables, &hidden, threshold);
    let edition = Edition {
        figures,
        hidden: protected.hidden.clone(),
    };
    Frozen {
        tables: described(&cells),
        true_counts: index.true_counts(&edition, now.regions),
        certificates: protected
            .certificates
            .iter()
            .map(|one| index.keep(one))
            .collect(),
        unproved: protected.unproved.len(),
        cells,
    }
}

/// The counts that are protected.
fn counts(tables: &Tables) -> TrueCounts {
    let cells = tables.cells.iter().map(|((grouping, key), counted)| {
        let counts = [
            Indicator::Pupils,
            Indicator::Girls,
            Indicator::PriorityEducationPupils,
        ]
        .map(|one| parts(counted, one).0.unwrap_or_default());
        ((grouping.to_string(), key.clone()), counts, [false; 3])
    });
    TrueCounts {
        regions: tables.regions.clone().into_iter().collect(),
        cells: cells.collect(),
    }
}

/// The sum a measure is, or its numerator and denominator.
fn parts(counted: &Counted, measure: Indicator) -> (Option<i64>, Option<i64>) {
    let before = MEASURES.iter().take_while(|one| **one != measure);
    let place: usize = before.map(|one| sums(*one).len()).sum();
    let at = |place: usize| counted.sums.get(place).copied().flatten();
    (at(place), at(place + 1))
}

/// Every cell that was counted, and those that only an earlier publication has, whose hidden counts
/// stay hidden.
fn written(tables: &Tables, hidden: &Hidden<'_>, threshold: i64) -> Vec<Cell> {
    let none = Counted::default();
    let mut keys: BTreeSet<(Grouping, &Key)> = hidden.keys().copied().collect();
    keys.extend(tables.cells.keys().map(|(grouping, key)| (*grouping, key)));
    let each = keys.into_iter().map(|(grouping, key)| {
        let counted = tables.cells.get(&(grouping, key.clone())).unwrap_or(&none);
        let own = hidden.get(&(grouping, key)).map_or(&[][..], Vec::as_slice);
        cell(grouping, key, counted, own, threshold)
    });
    each.collect()
}

fn cell(
    grouping: Grouping,
    key: &Key,
    counted: &Counted,
    hidden: &[Measure],
    threshold: i64,
) -> Cell {
    let is_hidden = |measure: &&Indicator| is_suppressed(counted, **measure, hidden, threshold);
    let suppressed: Vec<&Indicator> = MEASURES.iter().filter(is_hidden).collect();
    let figure = |measure: &Indicator| {
        let shown = (!suppressed.contains(&measure)).then(|| value(counted, *measure));
        (measure.code().to_owned(), shown.unwrap_or_default())
    };
    Cell {
        grouping: grouping.to_string(),
        first_key: key.first().cloned().flatten(),
        second_key: key.get(1).cloned().flatten(),
        figures: MEASURES.iter().map(figure).collect(),
        suppressed: suppressed.iter().map(|measure| measure.code()).collect(),
        expected: counted.expected.map(|(expected, _)| expected),
        validated: counted.reports,
    }
}

/// The count a share is of; the protected count that an indicator is.
fn protected(measure: Indicator) -> Option<Measure> {
    match measure {
        Indicator::Pupils => Some(Measure::Pupils),
        Indicator::Girls | Indicator::GirlsShare => Some(Measure::Girls),
        Indicator::PriorityEducationPupils | Indicator::PriorityEducationShare => {
            Some(Measure::Priority)
        }
        _ => None,
    }
}

/// Whether a measure is hidden: a count that is, a share of what is, and a share that tells of a
/// small group: of its own terms, or of what they leave out of the counts that are shown.
fn is_suppressed(
    counted: &Counted,
    measure: Indicator,
    hidden: &[Measure],
    threshold: i64,
) -> bool {
    let Some(own) = protected(measure) else {
        return false;
    };
    if hidden.contains(&own) {
        return true;
    }
    let of = match measure {
        Indicator::GirlsShare => Indicator::Girls,
        Indicator::PriorityEducationShare => Indicator::PriorityEducationPupils,
        _ => return false,
    };
    let (numerator, denominator) = parts(counted, measure);
    let beside = |whole: Option<i64>, part: Option<i64>| Some(whole? - part?);
    let shown = [
        numerator,
        denominator,
        beside(parts(counted, of).0, numerator),
        beside(parts(counted, Indicator::Pupils).0, denominator),
    ];
    let is_small = |figure: &i64| (1..threshold).contains(figure);
    hidden.contains(&Measure::Pupils) || shown.iter().flatten().any(is_small)
}

fn value(counted: &Counted, measure: Indicator) -> Value {
    let (figure, denominator) = parts(counted, measure);
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

/// What is said of each table.
fn described(cells: &[Cell]) -> Vec<Table> {
    let describe = |grouping: Grouping| {
        let (name, years) = (grouping.to_string(), ["school_year"]);
        let own: Vec<&Cell> = cells.iter().filter(|cell| cell.grouping == name).collect();
        let hidden = own.iter().filter(|cell| !cell.suppressed.is_empty());
        let dimensions = years.iter().chain(grouping.dimensions());
        let codes = MEASURES.iter().map(|measure| measure.code().to_owned());
        Table {
            dimensions: dimensions.map(|one| (*one).to_owned()).collect(),
            measures: codes.collect(),
            cells: i64::try_from(own.len()).unwrap_or(i64::MAX),
            hidden_cells: i64::try_from(hidden.count()).unwrap_or(i64::MAX),
        }
    };
    Grouping::ALL.into_iter().map(describe).collect()
}
