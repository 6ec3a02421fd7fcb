//! The true counts of a publication and the certificates found for it, as they are kept for the next
//! one: by the keys of cells, since the numbers of cells change with the content of the tables.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::{
    Cell, Certificate, Circuit, Counts, Dimension, Edition, Measure, Measures, PARTS, TableShape,
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
    /// The parts of each cell, and which of its measures are not told.
    pub cells: Vec<(CellKey, Vec<i64>, Untold)>,
}

/// What is not told of a cell.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Untold {
    /// As `disclosure` has it.
    Measures(u16),
    /// Of a publication made before bases were protected, which kept three counts: pupils, girls,
    /// pupils in priority education.
    OfThree([bool; 3]),
}

/// The certificates of a year, by the places of their cells in a list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct KeptCertificates {
    cells: Vec<CellKey>,
    certificates: Vec<KeptCertificate>,
}

/// A certificate as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptCertificate {
    shift: usize,
    first: usize,
    room: (i64, i64),
    /// In how many editions each circuit is.
    circuits: Vec<(usize, Vec<(usize, i64)>)>,
}

/// The dimensions beside regions and academies: whether they are published by academy, and whether
/// their values are looked at first.
const DIMENSIONS: [(&str, bool, bool); 6] = [
    ("convention", true, true),
    ("action_type", true, false),
    ("level", true, false),
    ("moment", false, false),
    ("axis", false, false),
    ("event", false, false),
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
        let dimensions = DIMENSIONS.map(|(name, by_academy, is_headline)| Dimension {
            values: self.all(name).len(),
            by_academy,
            is_headline,
        });
        TableShape::new(regions.len(), region_of.collect(), dimensions.to_vec())
    }

    fn key(&self, cell: Cell) -> CellKey {
        let value = |name: &str, place: usize| self.all(name).get(place).cloned().flatten();
        let dimension = |place: usize| DIMENSIONS.get(place).map_or("", |(name, ..)| *name);
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
    pub fn new<'a>(counts: impl Iterator<Item = &'a TrueCounts>) -> Self {
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

    /// What was counted and what of it was not told, by number.
    pub fn edition(&self, counted: &TrueCounts) -> Edition {
        let size = self.shape.size();
        let mut edition = Edition {
            counts: vec![Counts::default(); size],
            untold: vec![Measures::default(); size],
        };
        for (key, parts, untold) in &counted.cells {
            let Some(number) = self.numbers.get(key).copied() else {
                continue;
            };
            let (counts, untold) = read(parts, *untold);
            if let Some(own) = edition.counts.get_mut(number) {
                *own = counts;
            }
            if let Some(own) = edition.untold.get_mut(number) {
                *own = untold;
            }
        }
        edition
    }

    /// What is kept of an edition.
    pub fn true_counts(
        &self,
        edition: &Edition,
        regions: Vec<(Option<String>, Option<String>)>,
    ) -> TrueCounts {
        let numbered = self.keys.iter().enumerate();
        let cells = numbered.map(|(number, key)| {
            let untold = Untold::Measures(edition.untold(number).0);
            (key.clone(), edition.counts(number).0.to_vec(), untold)
        });
        TrueCounts {
            regions,
            cells: cells
                .filter(|(_, parts, _)| parts.iter().any(|part| *part != 0))
                .collect(),
        }
    }

    /// Certificates, kept.
    pub fn keep(&self, certificates: &[Certificate]) -> KeptCertificates {
        let kept = |one: &Certificate| {
            let mut circuits: Vec<(usize, Vec<(usize, i64)>)> = Vec::new();
            for circuit in &one.circuits {
                let cells: Vec<(usize, i64)> =
                    circuit.iter().map(|(cell, sign)| (*cell, *sign)).collect();
                match circuits.last_mut().filter(|(_, last)| *last == cells) {
                    Some((editions, _)) => *editions += 1,
                    None => circuits.push((1, cells)),
                }
            }
            KeptCertificate {
                shift: one.shift,
                first: one.first,
                room: one.room(),
                circuits,
            }
        };
        KeptCertificates {
            cells: self.keys.clone(),
            certificates: certificates.iter().map(kept).collect(),
        }
    }

    /// Certificates that were kept.
    pub fn certificates(&self, kept: &KeptCertificates) -> Vec<Certificate> {
        let number = |place: usize| {
            let key = kept.cells.get(place)?;
            self.numbers.get(key).copied()
        };
        let circuit = |cells: &Vec<(usize, i64)>| -> Option<Circuit> {
            cells
                .iter()
                .map(|(place, sign)| Some((number(*place)?, *sign)))
                .collect()
        };
        let read = |one: &KeptCertificate| {
            let mut circuits = Vec::new();
            for (editions, cells) in &one.circuits {
                circuits.extend(std::iter::repeat_n(circuit(cells)?, *editions));
            }
            let (down, up) = one.room;
            Some(Certificate::kept(one.shift, one.first, circuits, down, up))
        };
        kept.certificates.iter().filter_map(read).collect()
    }
}

/// The parts of a cell; those of an older publication are not known beside its three counts, so that
/// what it hid, and the bases it did not have, are taken for not told.
fn read(parts: &[i64], untold: Untold) -> (Counts, Measures) {
    let part = |place: usize| parts.get(place).copied().unwrap_or_default();
    let mut counts = Counts::default();
    match untold {
        Untold::Measures(untold) => {
            for (place, own) in counts.0.iter_mut().enumerate().take(PARTS) {
                *own = part(place);
            }
            (counts, Measures(untold))
        }
        Untold::OfThree(hidden) => {
            let of_three = [(0, 0), (10, 1), (11, 2)];
            for (place, own) in counts.0.iter_mut().enumerate() {
                let known = of_three.iter().find(|(own, _)| *own == place);
                *own = known.map_or(0, |(_, one)| part(*one));
            }
            let [.., lines] = &mut counts.0;
            *lines = 1;
            let told = [Measure::Pupils, Measure::Girls, Measure::Priority];
            let told = told
                .into_iter()
                .zip(hidden)
                .filter(|(_, is_hidden)| !is_hidden);
            let untold = told.fold(Measures::ALL, |untold, (measure, _)| {
                untold.without(measure)
            });
            (counts, untold)
        }
    }
}
