//! The cells of a publication, numbered: the total, the regions, the academies, the values of each
//! dimension, and those of some dimensions in each academy.
//!
//! Every equation between shown figures is one of these sums: regions to the total, academies to
//! their region, the values of a dimension to the total, and in each academy to the academy.

/// A dimension beside the academies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimension {
    /// How many values it has.
    pub values: usize,
    /// Whether it is published for each academy too.
    pub by_academy: bool,
    /// Whether its values are figures that people look at first, hidden only where nothing else helps.
    pub is_headline: bool,
}

/// What a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Everything.
    Total,
    /// A region.
    Region(usize),
    /// An academy.
    Academy(usize),
    /// A value of a dimension: the dimension, the value.
    Value(usize, usize),
    /// A value in an academy: the dimension, the academy, the value.
    Cross(usize, usize, usize),
}

/// How many of each there are, and where their numbers begin.
#[derive(Debug, Clone)]
pub struct TableShape {
    regions: usize,
    /// The region of each academy.
    region_of: Vec<usize>,
    dimensions: Vec<Dimension>,
    /// Where each dimension's values begin, and its values in academies.
    starts: Vec<(usize, usize)>,
    cells: Vec<Cell>,
}

/// A member of a list; nothing is ever looked for beyond the end of one.
pub fn at<T: Copy + Default>(list: &[T], place: usize) -> T {
    list.get(place).copied().unwrap_or_default()
}

impl TableShape {
    /// Of so many regions, academies in them, and dimensions.
    pub fn new(regions: usize, region_of: Vec<usize>, dimensions: Vec<Dimension>) -> Self {
        let mut cells = vec![Cell::Total];
        cells.extend((0..regions).map(Cell::Region));
        cells.extend((0..region_of.len()).map(Cell::Academy));
        let mut starts = Vec::new();
        for (number, dimension) in dimensions.iter().enumerate() {
            let values = cells.len();
            cells.extend((0..dimension.values).map(|value| Cell::Value(number, value)));
            let crosses = cells.len();
            if dimension.by_academy {
                for academy in 0..region_of.len() {
                    let cross = |value| Cell::Cross(number, academy, value);
                    cells.extend((0..dimension.values).map(cross));
                }
            }
            starts.push((values, crosses));
        }
        Self {
            regions,
            region_of,
            dimensions,
            starts,
            cells,
        }
    }

    /// The number of a cell.
    pub fn number(&self, cell: Cell) -> usize {
        match cell {
            Cell::Total => 0,
            Cell::Region(region) => 1 + region,
            Cell::Academy(academy) => 1 + self.regions + academy,
            Cell::Value(dimension, value) => at(&self.starts, dimension).0 + value,
            Cell::Cross(dimension, academy, value) => {
                at(&self.starts, dimension).1 + academy * self.values(dimension) + value
            }
        }
    }

    /// The cell of a number.
    pub fn cell(&self, number: usize) -> Cell {
        self.cells.get(number).copied().unwrap_or(Cell::Total)
    }

    /// How many cells there are.
    pub fn size(&self) -> usize {
        self.cells.len()
    }

    /// How many academies.
    pub fn academies(&self) -> usize {
        self.region_of.len()
    }

    /// The region of an academy.
    pub fn region(&self, academy: usize) -> usize {
        at(&self.region_of, academy)
    }

    /// How many values a dimension has.
    pub fn values(&self, dimension: usize) -> usize {
        self.dimensions.get(dimension).map_or(0, |one| one.values)
    }

    /// The dimensions: their numbers, and whether they are published by academy.
    pub fn dimensions(&self) -> impl Iterator<Item = (usize, bool)> + '_ {
        let dimensions = self.dimensions.iter().enumerate();
        dimensions.map(|(number, one)| (number, one.by_academy))
    }

    /// The cells that a cell is part of.
    pub fn above(&self, number: usize) -> Vec<usize> {
        let above = match self.cell(number) {
            Cell::Total => vec![],
            Cell::Region(_) | Cell::Value(..) => vec![Cell::Total],
            Cell::Academy(academy) => vec![Cell::Region(self.region(academy)), Cell::Total],
            Cell::Cross(dimension, academy, value) => vec![
                Cell::Academy(academy),
                Cell::Value(dimension, value),
                Cell::Region(self.region(academy)),
                Cell::Total,
            ],
        };
        above.into_iter().map(|cell| self.number(cell)).collect()
    }

    /// Whether the values of a dimension are figures that people look at first.
    pub fn is_headline(&self, dimension: usize) -> bool {
        let dimension = self.dimensions.get(dimension);
        dimension.is_some_and(|one| one.is_headline)
    }

    /// Whether a dimension is published by academy.
    pub fn is_by_academy(&self, dimension: usize) -> bool {
        let dimension = self.dimensions.get(dimension);
        dimension.is_some_and(|one| one.by_academy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_a_number_of_its_own() {
        let dimension = |values, by_academy| Dimension {
            values,
            by_academy,
            is_headline: false,
        };
        let dimensions = vec![dimension(2, true), dimension(3, false), dimension(1, true)];
        let shape = TableShape::new(2, vec![0, 1, 1], dimensions);
        assert_eq!(shape.size(), 1 + 2 + 3 + (2 + 6) + 3 + (1 + 3));
        for number in 0..shape.size() {
            assert_eq!(shape.number(shape.cell(number)), number);
        }
        assert_eq!(shape.region(2), 1);
    }
}
