//! Circuits: people shifted up in some cells and down in others so that every sum stays what it was.

use crate::network::{Network, Path, Price, Tree};
use crate::table_shape::{Cell, TableShape};

/// The networks of all tables by academy.
#[derive(Debug)]
pub struct Circuits<'a> {
    shape: &'a TableShape,
    /// By dimension; none of those that are of the whole country only.
    networks: Vec<Option<Network>>,
}

impl<'a> Circuits<'a> {
    /// Through the cells that are ever counted.
    pub fn new(shape: &'a TableShape, is_counted: impl Fn(usize) -> bool) -> Self {
        let network = |(dimension, by_academy): (usize, bool)| {
            by_academy.then(|| Network::new(shape, dimension, &is_counted))
        };
        Self {
            shape,
            networks: shape.dimensions().map(network).collect(),
        }
    }

    /// The cheapest one that shifts this cell up and neither an academy nor anything above it.
    pub fn within_tables(&self, number: usize, price: &Price<'_>, most: i64) -> Option<Path> {
        let target = Path::step(number, true, price)?;
        let cell = self.shape.cell(number);
        let (Cell::Cross(dimension, ..) | Cell::Value(dimension, _)) = cell else {
            return None;
        };
        let back = match self.networks.get(dimension)?.as_ref() {
            Some(network) => {
                let (from, to) = network.ends(cell)?;
                network
                    .from(to, price, number, Some(from), most)
                    .path(from)?
            }
            None => self.value_of(dimension, false, Some(number), price)?,
        };
        Some(target.and(back)).filter(|path| path.cost < most)
    }

    /// The cheapest value of a dimension.
    fn value_of(
        &self,
        dimension: usize,
        is_up: bool,
        without: Option<usize>,
        price: &Price<'_>,
    ) -> Option<Path> {
        let values = (0..self.shape.values(dimension))
            .map(|value| self.shape.number(Cell::Value(dimension, value)));
        let others = values.filter(|number| Some(*number) != without);
        let paths = others.filter_map(|number| Path::step(number, is_up, price));
        paths.min_by_key(|path| path.cost)
    }

    /// The cheapest one that shifts this cell up and with it an academy, and another one down or the
    /// total up: in every table as much must flow from the one to the other.
    pub fn across_tables(&self, number: usize, price: &Price<'_>, most: i64) -> Option<Path> {
        Path::step(number, true, price)?;
        let all = AllTables::new(self, number, price);
        let academies = 0..self.shape.academies();
        let mut best: Option<(i64, usize, Option<usize>)> = None;
        for from in academies.clone() {
            let sinks = academies
                .clone()
                .filter(|to| *to != from)
                .map(Some)
                .chain([None]);
            for to in sinks {
                let Some(cost) = all.path(from, to, false).map(|path| path.cost) else {
                    continue;
                };
                if cost < best.map_or(most, |(least, ..)| least)
                    && all
                        .path(from, to, true)
                        .is_some_and(|path| path.is_simple())
                {
                    best = Some((cost, from, to));
                }
            }
        }
        best.and_then(|(_, from, to)| all.path(from, to, true))
    }
}

/// The shortest ways of all tables, between any two places where an academy begins or ends.
struct AllTables<'a> {
    circuits: &'a Circuits<'a>,
    /// The cell that it must go through.
    target: usize,
    price: &'a Price<'a>,
    /// By dimension, from each academy.
    trees: Vec<Vec<Tree>>,
    /// From where the target leads.
    after: Option<(usize, Tree)>,
}

impl<'a> AllTables<'a> {
    fn new(circuits: &'a Circuits<'a>, target: usize, price: &'a Price<'a>) -> Self {
        let shape = circuits.shape;
        let cell = shape.cell(target);
        let trees = |network: &Option<Network>| {
            let from =
                |network: &Network, academy| network.from(academy, price, target, None, i64::MAX);
            network
                .iter()
                .flat_map(|network| {
                    (0..shape.academies()).map(move |academy| from(network, academy))
                })
                .collect()
        };
        let after = match cell {
            Cell::Cross(dimension, ..) | Cell::Value(dimension, _) => {
                let network = circuits.networks.get(dimension).and_then(Option::as_ref);
                network.and_then(|network| {
                    let (_, to) = network.ends(cell)?;
                    Some((dimension, network.from(to, price, target, None, i64::MAX)))
                })
            }
            _ => None,
        };
        Self {
            circuits,
            target,
            price,
            trees: circuits.networks.iter().map(trees).collect(),
            after,
        }
    }

    /// From an academy to another one, or to the total; with its cells, or only what it costs.
    fn path(&self, from: usize, to: Option<usize>, with_cells: bool) -> Option<Path> {
        let mut path = self.above(from, to)?;
        for (dimension, network) in self.circuits.networks.iter().enumerate() {
            let further = match network {
                Some(network) => {
                    let end = to.unwrap_or_else(|| network.total());
                    self.through(dimension, network, from, end, with_cells)?
                }
                None if to.is_some() => continue,
                None => self.value(dimension)?,
            };
            path = path.and(further);
        }
        // A value of the country alone is shifted only with the total.
        let is_through = !with_cells || path.steps.iter().any(|(cell, _)| *cell == self.target);
        is_through.then_some(path)
    }

    /// The academies, their regions, the total.
    fn above(&self, from: usize, to: Option<usize>) -> Option<Path> {
        let shape = self.circuits.shape;
        let (region, other) = (shape.region(from), to.map(|to| shape.region(to)));
        let mut cells = vec![(Cell::Academy(from), true)];
        if other != Some(region) {
            cells.push((Cell::Region(region), true));
            cells.extend(other.map(|other| (Cell::Region(other), false)));
        }
        cells.push(to.map_or((Cell::Total, true), |to| (Cell::Academy(to), false)));
        let is_above = match shape.cell(self.target) {
            own @ (Cell::Total | Cell::Region(_) | Cell::Academy(_)) => {
                cells.contains(&(own, true))
            }
            Cell::Value(dimension, _) if !shape.is_by_academy(dimension) => to.is_none(),
            _ => true,
        };
        let step = |(cell, is_up)| Path::step(shape.number(cell), is_up, self.price);
        let all = cells
            .into_iter()
            .map(step)
            .try_fold(Path::default(), |all, one| Some(all.and(one?)));
        all.filter(|_| is_above)
    }

    /// Through one table, and through the target where it is in it.
    fn through(
        &self,
        dimension: usize,
        network: &Network,
        from: usize,
        end: usize,
        with_cells: bool,
    ) -> Option<Path> {
        let tree = self.trees.get(dimension)?.get(from)?;
        let way = |tree: &Tree, to: usize| match with_cells {
            true => tree.path(to),
            false => tree.cost(to).map(|cost| Path {
                cost,
                steps: Vec::new(),
            }),
        };
        match &self.after {
            Some((own, after)) if *own == dimension => {
                let (start, _) = network.ends(self.circuits.shape.cell(self.target))?;
                let target = Path::step(self.target, true, self.price)?;
                Some(way(tree, start)?.and(target).and(way(after, end)?))
            }
            _ => way(tree, end),
        }
    }

    /// A value of a dimension of the whole country: the target, or the cheapest.
    fn value(&self, dimension: usize) -> Option<Path> {
        match self.circuits.shape.cell(self.target) {
            Cell::Value(own, _) if own == dimension => Path::step(self.target, true, self.price),
            _ => self.circuits.value_of(dimension, true, None, self.price),
        }
    }
}
