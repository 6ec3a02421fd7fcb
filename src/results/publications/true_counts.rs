//! The true counts of a publication and the witnesses found for it, as they are kept for the next
//! one: by what cells are, since their numbers change with what the tables hold.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::disclosure::{
    Cell, Counts, Dimension, Edition, Figures, Hidden, Measure, Move, Shape, Shift, Witness,
};
use super::store::count::Key;
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

/// The values of each dimension, in their order.
struct Values {
    regions_of: BTreeMap<Option<String>, Option<String>>,
    of: BTreeMap<String, Vec<Option<String>>>,
}

impl Values {
    fn of<'a>(counted: impl Iterator<Item = &'a Counted>) -> Self {
        let mut regions_of = BTreeMap::new();
        let mut of: BTreeMap<String, BTreeSet<Option<String>>> = BTreeMap::new();
        for one in counted {
            regions_of.extend(one.regions.iter().cloned());
            for ((grouping, key), ..) in &one.cells {
                if let [value] = key.as_slice() {
                    of.entry(grouping.clone())
                        .or_default()
                        .insert(value.clone());
                }
            }
        }
        let of = of.into_iter();
        let of = of.map(|(name, values)| (name, values.into_iter().collect()));
        Self {
            regions_of,
            of: of.collect(),
        }
    }

    fn all(&self, dimension: &str) -> &[Option<String>] {
        self.of.get(dimension).map_or(&[], Vec::as_slice)
    }

    fn shape(&self) -> Shape {
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
        Shape::new(regions.len(), region_of.collect(), dimensions.to_vec())
    }

    fn spot(&self, cell: Cell) -> Spot {
        let key = |name: &str, place: usize| self.all(name).get(place).cloned().flatten();
        let dimension = |place: usize| DIMENSIONS.get(place).map_or("", |(name, _)| *name);
        match cell {
            Cell::Total => (String::new(), Vec::new()),
            Cell::Region(region) => {
                let name = "academic_region";
                (name.to_owned(), vec![key(name, region)])
            }
            Cell::Academy(academy) => ("academy".to_owned(), vec![key("academy", academy)]),
            Cell::Value(own, value) => {
                let name = dimension(own);
                (name.to_owned(), vec![key(name, value)])
            }
            Cell::Cross(own, academy, value) => {
                let name = dimension(own);
                let key = vec![key("academy", academy), key(name, value)];
                (format!("academy,{name}"), key)
            }
        }
    }
}

impl Atlas {
    /// Of what these publications counted.
    pub fn new<'a>(counted: impl Iterator<Item = &'a Counted> + Clone) -> Self {
        let values = Values::of(counted);
        let shape = values.shape();
        let spots: Vec<Spot> = (0..shape.size())
            .map(|number| values.spot(shape.cell(number)))
            .collect();
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
        let mut figures = vec![Counts::default(); self.shape.size()];
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
