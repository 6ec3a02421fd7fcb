//! The true counts of a publication and the witnesses found for it, as they are kept for the next
//! one: by what cells are, since their numbers change with what the tables hold.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::counting::Key;
use super::disclosure::{
    Cell, Counts, Dimension, Edition, Figures, Hidden, Measure, Move, Shape, Shift, Witness,
};
use super::tables::Grouping;

/// A cell, by the name of its table and its key.
pub type Spot = (String, Key);

/// What the next publication must know of one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Counted {
    /// The region of each academy.
    pub regions: Vec<(Option<String>, Option<String>)>,
    /// The true counts of each cell, and which of them are hidden.
    pub cells: Vec<(Spot, [i64; 3], [bool; 3])>,
}

/// A witness as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    measure: usize,
    with_pupils: bool,
    plus: Vec<Spot>,
    minus: Vec<Spot>,
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
pub struct Atlas {
    /// The numbers.
    pub shape: Shape,
    spots: Vec<Spot>,
    numbers: BTreeMap<Spot, usize>,
}

impl Atlas {
    /// Of what these publications counted.
    pub fn new<'a>(counted: impl Iterator<Item = &'a Counted> + Clone) -> Self {
        let mut regions_of: BTreeMap<&Option<String>, &Option<String>> = BTreeMap::new();
        let mut values: BTreeMap<&str, BTreeSet<&Option<String>>> = BTreeMap::new();
        for one in counted {
            regions_of.extend(
                one.regions
                    .iter()
                    .map(|(academy, region)| (academy, region)),
            );
            for ((grouping, key), ..) in &one.cells {
                if let [value] = key.as_slice() {
                    values.entry(grouping).or_default().insert(value);
                }
            }
        }
        let all = |name: &str| -> Vec<&Option<String>> {
            values.get(name).into_iter().flatten().copied().collect()
        };
        let (regions, academies) = (all("academic_region"), all("academy"));
        let region_of = academies.iter().map(|academy| {
            let region = regions_of.get(*academy);
            regions.iter().position(|one| Some(one) == region)
        });
        let region_of = region_of.map(Option::unwrap_or_default).collect();
        let dimensions = DIMENSIONS.map(|(name, by_academy)| Dimension {
            values: all(name).len(),
            by_academy,
        });
        let shape = Shape::new(regions.len(), region_of, dimensions.to_vec());
        let key = |list: &[&Option<String>], place: usize| {
            list.get(place)
                .map(|value| (*value).clone())
                .unwrap_or_default()
        };
        let dimension = |place: usize| DIMENSIONS.get(place).map_or("", |(name, _)| *name);
        let spot = |number| match shape.cell(number) {
            Cell::Total => (String::new(), Vec::new()),
            Cell::Region(region) => ("academic_region".to_owned(), vec![key(&regions, region)]),
            Cell::Academy(academy) => ("academy".to_owned(), vec![key(&academies, academy)]),
            Cell::Value(own, value) => {
                let name = dimension(own);
                (name.to_owned(), vec![key(&all(name), value)])
            }
            Cell::Cross(own, academy, value) => {
                let name = dimension(own);
                let key = vec![key(&academies, academy), key(&all(name), value)];
                (format!("academy,{name}"), key)
            }
        };
        let spots: Vec<Spot> = (0..shape.len()).map(spot).collect();
        let numbered = spots.iter().cloned().enumerate();
        Self {
            numbers: numbered.map(|(number, spot)| (spot, number)).collect(),
            spots,
            shape,
        }
    }

    /// The cell of a number.
    pub fn spot(&self, number: usize) -> Option<(Grouping, &Key)> {
        let (name, key) = self.spots.get(number)?;
        Some((Grouping::stored(name)?, key))
    }

    /// What was counted, by number.
    pub fn edition(&self, counted: &Counted) -> Edition {
        let mut figures = vec![Counts::default(); self.shape.len()];
        let mut hidden = Hidden::new();
        for (spot, counts, is_hidden) in &counted.cells {
            let Some(number) = self.numbers.get(spot).copied() else {
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
            let measures = Measure::ALL.into_iter().zip(is_hidden);
            let measures = measures.filter(|(_, is_hidden)| **is_hidden);
            hidden.extend(measures.map(|(measure, _)| (measure, number)));
        }
        let figures = Figures(figures);
        Edition { figures, hidden }
    }

    /// What is kept of an edition.
    pub fn counted(
        &self,
        edition: &Edition,
        regions: Vec<(Option<String>, Option<String>)>,
    ) -> Counted {
        let cells = self.spots.iter().enumerate().map(|(number, spot)| {
            let counts = edition.figures.of(number);
            let is_hidden = Measure::ALL.map(|one| edition.hidden.contains(&(one, number)));
            (
                spot.clone(),
                Measure::ALL.map(|one| counts.of(one)),
                is_hidden,
            )
        });
        let says_something = |(_, counts, hidden): &(Spot, [i64; 3], [bool; 3])| {
            *counts != [0; 3] || hidden.contains(&true)
        };
        Counted {
            regions,
            cells: cells.filter(says_something).collect(),
        }
    }

    /// A witness, kept.
    pub fn keep(&self, witness: &Witness) -> Kept {
        let spots = |cells: &[usize]| {
            let spots = cells
                .iter()
                .filter_map(|cell| self.spots.get(*cell).cloned());
            spots.collect()
        };
        let (measure, with_pupils) = match witness.found.shift {
            Shift::Alone(measure) => (measure, false),
            Shift::WithPupils(measure) => (measure, true),
        };
        Kept {
            measure: Measure::ALL
                .iter()
                .position(|one| *one == measure)
                .unwrap_or_default(),
            with_pupils,
            plus: spots(&witness.found.plus),
            minus: spots(&witness.found.minus),
            first: witness.first,
            closed: witness.closed,
        }
    }

    /// A witness that was kept.
    pub fn witness(&self, kept: &Kept) -> Option<Witness> {
        let numbers = |spots: &[Spot]| {
            let numbers = spots.iter().map(|spot| self.numbers.get(spot).copied());
            numbers.collect::<Option<Vec<_>>>()
        };
        let measure = Measure::ALL.get(kept.measure).copied()?;
        let shift = if kept.with_pupils {
            Shift::WithPupils(measure)
        } else {
            Shift::Alone(measure)
        };
        Some(Witness {
            found: Move {
                shift,
                plus: numbers(&kept.plus)?,
                minus: numbers(&kept.minus)?,
            },
            first: kept.first,
            closed: kept.closed,
        })
    }
}
