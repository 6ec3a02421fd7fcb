//! The true counts of a publication and the certificates found for it, as they are kept for the next
//! one: by what cells are, since their numbers change with what the tables hold.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::{
    Cell, Certificate, Circuit, Counts, Dimension, Edition, Figures, Hidden, Measure, Shift,
    TableShape,
};
use serde::{Deserialize, Serialize};

use super::store::count::Key;
use super::tables::Grouping;

/// A cell, by the name of its table and its key.
pub type CellKey = (String, Key);

/// What the next publication must know of one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TrueCounts {
    /// The region of each academy.
    pub regions: Vec<(Option<String>, Option<String>)>,
    /// The true counts of each cell, and which of them are hidden.
    pub cells: Vec<(CellKey, [i64; 3], [bool; 3])>,
}

/// A certificate as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptCertificate {
    measure: usize,
    with_pupils: bool,
    plus: Vec<CellKey>,
    minus: Vec<CellKey>,
    first: usize,
    closed: Option<usize>,
}

/// The dimensions beside regions and academies, and whether they are published by academy.
const DIMENSIONS: [(&str, bool); 6] = [
    ("convention", true),
    ("action_type", true),
    ("level", true),
    ("moment", false),
    ("axis", false),
    ("event", false),
];

/// The cells of all the publications of a year, numbered.
pub struct CellIndex {
    /// The numbers.
    pub shape: TableShape,
    keys: Vec<CellKey>,
    numbers: BTreeMap<CellKey, usize>,
}

/// The values of each dimension, in their order.
struct Values {
    regions_of: BTreeMap<Option<String>, Option<String>>,
    of: BTreeMap<String, Vec<Option<String>>>,
}

impl Values {
    fn of<'a>(counts: impl Iterator<Item = &'a TrueCounts>) -> Self {
        let mut regions_of = BTreeMap::new();
        let mut of: BTreeMap<String, BTreeSet<Option<String>>> = BTreeMap::new();
        for one in counts {
            regions_of.extend(one.regions.iter().cloned());
            for ((grouping, key), ..) in &one.cells {
                if let [value] = key.as_slice() {
                    of.entry(grouping.clone())
                        .or_default()
                        .insert(value.clone());
                }
            }
        }
        let of = of
            .into_iter()
            .map(|(name, values)| (name, values.into_iter().collect()));
        Self {
            regions_of,
            of: of.collect(),
        }
    }

    fn all(&self, dimension: &str) -> &[Option<String>] {
        self.of.get(dimension).map_or(&[], Vec::as_slice)
    }

    fn shape(&self) -> TableShape {
        let regions = self.all("academic_region");
        let region_of = self.all("academy").iter().map(|academy| {
            let region = self.regions_of.get(academy);
            let place = regions.iter().position(|one| Some(one) == region);
            place.unwrap_or_default()
        });
        let dimensions = DIMENSIONS.map(|(name, by_academy)| Dimension {
            values: self.all(name).len(),
            by_academy,
        });
        TableShape::new(regions.len(), region_of.collect(), dimensions.to_vec())
    }

    fn key(&self, cell: Cell) -> CellKey {
        let value = |name: &str, place: usize| self.all(name).get(place).cloned().flatten();
        let dimension = |place: usize| DIMENSIONS.get(place).map_or("", |(name, _)| *name);
        match cell {
            Cell::Total => (String::new(), Vec::new()),
            Cell::Region(region) => {
                let name = "academic_region";
                (name.to_owned(), vec![value(name, region)])
            }
            Cell::Academy(academy) => ("academy".to_owned(), vec![value("academy", academy)]),
            Cell::Value(own, number) => {
                let name = dimension(own);
                (name.to_owned(), vec![value(name, number)])
            }
            Cell::Cross(own, academy, number) => {
                let name = dimension(own);
                let key = vec![value("academy", academy), value(name, number)];
                (format!("academy,{name}"), key)
            }
        }
    }
}

impl CellIndex {
    /// Of what these publications counted.
    pub fn new<'a>(counts: impl Iterator<Item = &'a TrueCounts> + Clone) -> Self {
        let values = Values::of(counts);
        let shape = values.shape();
        let keys: Vec<CellKey> = (0..shape.size())
            .map(|number| values.key(shape.cell(number)))
            .collect();
        let numbered = keys.iter().cloned().enumerate();
        Self {
            numbers: numbered.map(|(number, key)| (key, number)).collect(),
            keys,
            shape,
        }
    }

    /// The table and the key of a cell.
    pub fn key(&self, number: usize) -> Option<(Grouping, &Key)> {
        let (name, key) = self.keys.get(number)?;
        Some((Grouping::stored(name)?, key))
    }

    /// What was counted, by number.
    pub fn edition(&self, counted: &TrueCounts) -> Edition {
        let mut figures = vec![Counts::default(); self.shape.size()];
        let mut hidden = Hidden::new();
        for (key, counts, is_hidden) in &counted.cells {
            let Some(number) = self.numbers.get(key).copied() else {
                continue;
            };
            let [pupils, girls, priority] = *counts;
            if let Some(own) = figures.get_mut(number) {
                *own = Counts {
                    pupils,
                    girls,
                    priority,
                };
            }
            let measures = Measure::ALL
                .into_iter()
                .zip(is_hidden)
                .filter(|(_, is_hidden)| **is_hidden);
            hidden.extend(measures.map(|(measure, _)| (measure, number)));
        }
        let figures = Figures(figures);
        Edition { figures, hidden }
    }

    /// What is kept of an edition.
    pub fn true_counts(
        &self,
        edition: &Edition,
        regions: Vec<(Option<String>, Option<String>)>,
    ) -> TrueCounts {
        let cells = self.keys.iter().enumerate().map(|(number, key)| {
            let counts = edition.figures.of(number);
            let is_hidden = Measure::ALL.map(|one| edition.hidden.contains(&(one, number)));
            (
                key.clone(),
                Measure::ALL.map(|one| counts.of(one)),
                is_hidden,
            )
        });
        let says_something = |(_, counts, hidden): &(CellKey, [i64; 3], [bool; 3])| {
            *counts != [0; 3] || hidden.contains(&true)
        };
        TrueCounts {
            regions,
            cells: cells.filter(says_something).collect(),
        }
    }

    /// A certificate, kept.
    pub fn keep(&self, certificate: &Certificate) -> KeptCertificate {
        let keys = |cells: &[usize]| {
            let keys = cells
                .iter()
                .filter_map(|cell| self.keys.get(*cell).cloned());
            keys.collect()
        };
        let (measure, with_pupils) = match certificate.circuit.shift {
            Shift::Alone(measure) => (measure, false),
            Shift::WithPupils(measure) => (measure, true),
        };
        KeptCertificate {
            measure: Measure::ALL
                .iter()
                .position(|one| *one == measure)
                .unwrap_or_default(),
            with_pupils,
            plus: keys(&certificate.circuit.plus),
            minus: keys(&certificate.circuit.minus),
            first: certificate.first,
            closed: certificate.closed,
        }
    }

    /// A certificate that was kept.
    pub fn certificate(&self, kept: &KeptCertificate) -> Option<Certificate> {
        let numbers = |keys: &[CellKey]| {
            let numbers = keys.iter().map(|key| self.numbers.get(key).copied());
            numbers.collect::<Option<Vec<_>>>()
        };
        let measure = Measure::ALL.get(kept.measure).copied()?;
        let shift = if kept.with_pupils {
            Shift::WithPupils(measure)
        } else {
            Shift::Alone(measure)
        };
        Some(Certificate {
            circuit: Circuit {
                shift,
                plus: numbers(&kept.plus)?,
                minus: numbers(&kept.minus)?,
            },
            first: kept.first,
            closed: kept.closed,
        })
    }
}
