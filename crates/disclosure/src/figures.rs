//! The figures of cells, the measures they are of, and the measures that are shifted together.

use super::table_shape::at;

/// The measures that are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Pupils.
    Pupils,
    /// Girls among them.
    Girls,
    /// Pupils in priority education among them.
    Priority,
}

impl Measure {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Pupils, Self::Girls, Self::Priority];
}

/// The measures that are shifted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// One alone.
    Alone(Measure),
    /// One and the pupils with it.
    WithPupils(Measure),
}

impl Shift {
    /// Those in which a figure of this measure is shifted, the cheaper one first.
    pub fn of(measure: Measure) -> &'static [Self] {
        match measure {
            Measure::Pupils => &[Self::Alone(Measure::Pupils)],
            Measure::Girls => &[
                Self::Alone(Measure::Girls),
                Self::WithPupils(Measure::Girls),
            ],
            Measure::Priority => &[
                Self::Alone(Measure::Priority),
                Self::WithPupils(Measure::Priority),
            ],
        }
    }

    /// The measures shifted.
    pub fn measures(self) -> impl Iterator<Item = Measure> + Clone {
        Measure::ALL.into_iter().filter(move |one| self.has(*one))
    }

    /// Whether it shifts this measure.
    pub fn has(self, measure: Measure) -> bool {
        match self {
            Self::Alone(own) => own == measure,
            Self::WithPupils(own) => own == measure || measure == Measure::Pupils,
        }
    }
}

/// The figures of a cell, 0 where nobody knows; or what was added to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Pupils.
    pub pupils: i64,
    /// Girls.
    pub girls: i64,
    /// Pupils in priority education.
    pub priority: i64,
}

impl Counts {
    /// One of them.
    pub fn of(self, measure: Measure) -> i64 {
        match measure {
            Measure::Pupils => self.pupils,
            Measure::Girls => self.girls,
            Measure::Priority => self.priority,
        }
    }

    /// What was added to the earlier ones.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            pupils: self.pupils - earlier.pupils,
            girls: self.girls - earlier.girls,
            priority: self.priority - earlier.priority,
        }
    }

    /// Shifted by this much.
    pub fn shifted(self, shift: Shift, by: i64) -> Self {
        let add = |measure, figure: i64| {
            if shift.has(measure) {
                figure + by
            } else {
                figure
            }
        };
        Self {
            pupils: add(Measure::Pupils, self.pupils),
            girls: add(Measure::Girls, self.girls),
            priority: add(Measure::Priority, self.priority),
        }
    }
}

/// The figures of all cells, by number.
#[derive(Debug, Clone, Default)]
pub struct Figures(pub Vec<Counts>);

impl Figures {
    /// Of one cell.
    pub fn of(&self, cell: usize) -> Counts {
        at(&self.0, cell)
    }

    /// What was added to the earlier ones.
    pub fn since(&self, earlier: &Self) -> Self {
        let all = self.0.iter().enumerate();
        Self(
            all.map(|(cell, counts)| counts.since(earlier.of(cell)))
                .collect(),
        )
    }
}
