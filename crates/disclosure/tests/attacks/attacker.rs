//! Who knows everything that is shown, and nothing of how it was chosen.

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};

use super::*;

/// An integer program over the finest groups of all editions.
pub struct Attacker<'a> {
    published: &'a Published,
    problem: Problem,
    variables: BTreeMap<(usize, Measure, Group), Variable>,
}

impl<'a> Attacker<'a> {
    pub fn new(published: &'a Published) -> Self {
        let mut attacker = Self {
            published,
            problem: Problem::new(OptimizationDirection::Minimize),
            variables: BTreeMap::new(),
        };
        for edition in 0..published.editions.len() {
            attacker.knows_what_counts_are(edition);
            attacker.knows_what_is_shown(edition);
            if edition > 0 {
                attacker.supposes_growth(edition);
            }
        }
        attacker
    }

    fn variable(&self, edition: usize, measure: Measure, group: Group) -> Variable {
        self.variables[&(edition, measure, group)]
    }

    fn knows_what_counts_are(&mut self, edition: usize) {
        for group in self.published.country.groups() {
            for measure in Measure::ALL {
                let variable = self.problem.add_integer_var(0.0, (0, 10_000));
                self.variables.insert((edition, measure, group), variable);
            }
            let pupils = self.variable(edition, Measure::Pupils, group);
            for part in [Measure::Girls, Measure::Priority] {
                let part = self.variable(edition, part, group);
                let terms = [(pupils, 1.0), (part, -1.0)];
                self.problem.add_constraint(terms, ComparisonOp::Ge, 0.0);
            }
        }
    }

    /// The groups of a cell, in an edition.
    fn sum(
        &self,
        edition: usize,
        measure: Measure,
        number: usize,
        sign: f64,
    ) -> Vec<(Variable, f64)> {
        let cell = self.published.shape.cell(number);
        let groups = self.published.country.groups();
        groups
            .into_iter()
            .filter(|group| self.published.country.holds(cell, group))
            .map(|group| (self.variable(edition, measure, group), sign))
            .collect()
    }

    fn truth(&self, edition: usize, measure: Measure, number: usize) -> i64 {
        self.published.editions[edition].figures.0[number].of(measure)
    }

    fn is_hidden(&self, edition: usize, measure: Measure, number: usize) -> bool {
        self.published.editions[edition]
            .hidden
            .contains(&(measure, number))
    }

    fn knows_what_is_shown(&mut self, edition: usize) {
        for number in 0..self.published.shape.size() {
            for measure in Measure::ALL {
                let sum = self.sum(edition, measure, number, 1.0);
                let truth = float(self.truth(edition, measure, number));
                if !self.is_hidden(edition, measure, number) {
                    self.problem.add_constraint(sum, ComparisonOp::Eq, truth);
                } else if edition == 0 || !self.is_hidden(edition - 1, measure, number) {
                    // Zeros are shown, but for those of cells that were hidden before.
                    self.problem.add_constraint(sum, ComparisonOp::Ge, 1.0);
                }
            }
        }
    }

    /// Of every group where nothing was corrected; else of every cell of which it is true.
    fn supposes_growth(&mut self, edition: usize) {
        let data = &self.published.data;
        let (before, after) = (&data[edition - 1], &data[edition]);
        let added = |group: &Group| {
            let counts = |data: &Data| data.get(group).copied().unwrap_or_default();
            counts(after).since(counts(before))
        };
        let is_growth = |added: Counts| {
            added.girls >= 0
                && added.priority >= 0
                && added.pupils >= added.girls.max(added.priority)
        };
        let groups = self.published.country.groups();
        if groups.iter().all(|group| is_growth(added(group))) {
            for group in groups {
                let grown = |measure| {
                    let now = self.variable(edition, measure, group);
                    vec![
                        (now, 1.0),
                        (self.variable(edition - 1, measure, group), -1.0),
                    ]
                };
                let rows = Measure::ALL.map(grown);
                self.is_at_least_parts(rows, [true; 5]);
            }
            self.knows_what_did_not_change(edition);
            return;
        }
        for number in 0..self.published.shape.size() {
            let grown = |measure| {
                let mut sum = self.sum(edition, measure, number, 1.0);
                sum.extend(self.sum(edition - 1, measure, number, -1.0));
                sum
            };
            let by = |measure| {
                self.truth(edition, measure, number) - self.truth(edition - 1, measure, number)
            };
            let [pupils, girls, priority] = Measure::ALL.map(by);
            let rows = Measure::ALL.map(grown);
            let among_grown = |part| part >= 0 && pupils >= part;
            let (girls_too, priority_too) = (among_grown(girls), among_grown(priority));
            let true_of = [
                pupils >= 0,
                girls >= 0,
                priority >= 0,
                girls_too,
                priority_too,
            ];
            self.is_at_least_parts(rows, true_of);
        }
    }

    /// The numbers of reports tell which figures are still those of the edition before.
    fn knows_what_did_not_change(&mut self, edition: usize) {
        for number in 0..self.published.shape.size() {
            for measure in Measure::ALL {
                let truth = |edition| self.truth(edition, measure, number);
                if truth(edition) == truth(edition - 1) {
                    let mut sum = self.sum(edition, measure, number, 1.0);
                    sum.extend(self.sum(edition - 1, measure, number, -1.0));
                    self.problem.add_constraint(sum, ComparisonOp::Eq, 0.0);
                }
            }
        }
    }

    /// Pupils, girls and priority education at least 0, and pupils at least either.
    fn is_at_least_parts(&mut self, rows: [Vec<(Variable, f64)>; 3], true_of: [bool; 5]) {
        for (place, row) in rows.iter().enumerate() {
            if true_of[place] {
                self.problem
                    .add_constraint(row.clone(), ComparisonOp::Ge, 0.0);
            }
        }
        for (place, part) in rows.iter().skip(1).enumerate() {
            if true_of[3 + place] {
                let less = part.iter().map(|(variable, sign)| (*variable, -sign));
                let row: Vec<_> = rows[0].iter().copied().chain(less).collect();
                self.problem.add_constraint(row, ComparisonOp::Ge, 0.0);
            }
        }
    }

    fn admits(&self, edition: usize, measure: Measure, number: usize, value: i64) -> bool {
        let mut problem = self.problem.clone();
        let sum = self.sum(edition, measure, number, 1.0);
        problem.add_constraint(sum, ComparisonOp::Eq, float(value));
        problem.solve().is_ok()
    }

    /// How many values a hidden count can have, as far as five.
    pub fn values(&self, edition: usize, measure: Measure, number: usize) -> usize {
        let truth = self.truth(edition, measure, number);
        let mut values = 1;
        for step in [1, -1] {
            let mut value = truth + step;
            while values < 5 && value >= 0 && self.admits(edition, measure, number, value) {
                values += 1;
                value += step;
            }
        }
        values
    }
}

/// Of counts that are far below what either loses.
fn float(count: i64) -> f64 {
    f64::from(i32::try_from(count).unwrap())
}
