//! The Fréchet bounds of girls in priority education: a count that nobody publishes, which ties
//! girls to priority education all the same.
//!
//! In a cell of `x` pupils, `g` girls and `p` in priority education, between `g + p − x` and
//! `min(g, p)` pupils are both. Added up over the values of a dimension this gives bounds of how many
//! there are in each academy and in all, and those of all dimensions must have a number in common:
//! tables that have none are the margins of no data at all. The condition is exact, and convex in
//! the figures: where two shifts keep to it, those between them do.

use super::figures::{Counts, Figures, Shift};
use super::table_shape::{Cell, TableShape, at};

/// At least and at most.
type Bounds = (i64, i64);

fn of_counts(counts: Counts) -> Bounds {
    (
        (counts.girls + counts.priority - counts.pupils).max(0),
        counts.girls.min(counts.priority),
    )
}

/// The bounds of each dimension: in each academy, or in all.
#[derive(Debug, Clone)]
pub struct FrechetBounds {
    /// By dimension and academy.
    academies: Vec<Vec<Bounds>>,
    /// By dimension, of those not published by academy.
    whole: Vec<Bounds>,
    /// Whether the true figures keep to them: where girls or priority education were counted and
    /// pupils not, they need not, and then nothing can be concluded.
    binds: bool,
}

impl FrechetBounds {
    /// Of these figures.
    pub fn new(shape: &TableShape, figures: &Figures) -> Self {
        let dimensions = shape.dimensions().count();
        let mut bounds = Self {
            academies: vec![vec![(0, 0); shape.academies()]; dimensions],
            whole: vec![(0, 0); dimensions],
            binds: true,
        };
        for number in 0..shape.size() {
            bounds.add(shape, number, of_counts(figures.of(number)));
        }
        bounds.binds = bounds.has_solution(shape);
        bounds
    }

    /// Whether figures shifted so, up in some cells and down in others, still have a solution.
    pub fn admits(
        &self,
        shape: &TableShape,
        figures: &Figures,
        shift: Shift,
        cells: impl Iterator<Item = (usize, i64)>,
    ) -> bool {
        if !self.binds {
            return true;
        }
        let mut shifted = self.clone();
        for (number, by) in cells {
            let before = of_counts(figures.of(number));
            let after = of_counts(figures.of(number).shifted(shift, by));
            shifted.add(shape, number, (after.0 - before.0, after.1 - before.1));
        }
        shifted.has_solution(shape)
    }

    fn add(&mut self, shape: &TableShape, number: usize, more: Bounds) {
        let bounds = match shape.cell(number) {
            Cell::Cross(dimension, academy, _) => self
                .academies
                .get_mut(dimension)
                .and_then(|academies| academies.get_mut(academy)),
            Cell::Value(dimension, _) if !shape.is_by_academy(dimension) => {
                self.whole.get_mut(dimension)
            }
            _ => None,
        };
        if let Some(bounds) = bounds {
            *bounds = (bounds.0 + more.0, bounds.1 + more.1);
        }
    }

    fn has_solution(&self, shape: &TableShape) -> bool {
        let mut all = (0, 0);
        for academy in 0..shape.academies() {
            let each = shape.dimensions().filter(|(_, by_academy)| *by_academy);
            let bounds = each.filter_map(|(dimension, _)| {
                self.academies.get(dimension).map(|own| at(own, academy))
            });
            let Some((low, high)) = bounds.reduce(common) else {
                return true;
            };
            if low > high {
                return false;
            }
            all = (all.0 + low, all.1 + high);
        }
        let whole = shape
            .dimensions()
            .filter(|(_, by_academy)| !by_academy)
            .map(|(dimension, _)| at(&self.whole, dimension));
        let (low, high) = whole.fold(all, common);
        low <= high
    }
}

fn common(one: Bounds, other: Bounds) -> Bounds {
    (one.0.max(other.0), one.1.min(other.1))
}

#[cfg(test)]
mod tests {
    use super::super::figures::Measure;
    use super::super::table_shape::Dimension;
    use super::*;

    /// One academy, two dimensions of two values.
    fn shape() -> TableShape {
        let dimension = Dimension {
            values: 2,
            by_academy: true,
        };
        TableShape::new(1, vec![0], vec![dimension, dimension])
    }

    fn figures(shape: &TableShape, crosses: [(i64, i64, i64); 4]) -> Figures {
        let mut all = vec![Counts::default(); shape.size()];
        for (place, (pupils, girls, priority)) in crosses.into_iter().enumerate() {
            let number = shape.number(Cell::Cross(place / 2, 0, place % 2));
            all[number] = Counts {
                pupils,
                girls,
                priority,
            };
        }
        Figures(all)
    }

    #[test]
    fn girls_cannot_shift_where_another_dimension_says_none_is_in_priority_education() {
        let shape = shape();
        let crosses = [(9, 9, 0), (9, 0, 9), (9, 9, 0), (9, 0, 9)];
        let figures = figures(&shape, crosses);
        let bounds = FrechetBounds::new(&shape, &figures);
        let cross = |value| shape.number(Cell::Cross(0, 0, value));
        let girls = Shift::Alone(Measure::Girls);
        let shifted = [(cross(0), -1), (cross(1), 1)];
        assert!(!bounds.admits(&shape, &figures, girls, shifted.into_iter()));
        assert!(bounds.admits(&shape, &figures, girls, std::iter::empty()));
    }

    #[test]
    fn figures_that_are_of_no_data_bind_nothing() {
        let shape = shape();
        let crosses = [(0, 9, 9), (9, 0, 0), (9, 9, 0), (9, 0, 9)];
        let figures = figures(&shape, crosses);
        let bounds = FrechetBounds::new(&shape, &figures);
        assert!(!bounds.binds);
        let anywhere = [(shape.number(Cell::Cross(0, 0, 0)), 100)];
        let girls = Shift::Alone(Measure::Girls);
        assert!(bounds.admits(&shape, &figures, girls, anywhere.into_iter()));
    }
}
