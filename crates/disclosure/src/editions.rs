//! The editions of one year, and what their certificates prove across them.
//!
//! A certificate shifts the figures of some consecutive editions by the same amount. What was added
//! from one edition to the next then changes only where they begin and end: there, and in each
//! edition, its cells must have a feasibility interval that is wide enough.

use std::collections::BTreeMap;

use super::certificate::Certificate;
use super::circuits::{Candidates, Circuit};
use super::edition::{Edition, Hidden};
use super::figures::{Figures, Measure, Shift};
use super::frechet::FrechetBounds;
use super::interval::{Interval, feasible, protection_levels};
use super::table_shape::TableShape;

/// Editions from one to another, both included.
type Span = (usize, usize);

/// Figures with what ties their measures.
struct Layer {
    figures: Figures,
    bounds: FrechetBounds,
}

impl Layer {
    fn new(shape: &TableShape, figures: Figures) -> Self {
        let bounds = FrechetBounds::new(shape, &figures);
        Self { figures, bounds }
    }
}

/// The editions of a year, the new one last.
pub struct Editions<'a> {
    shape: &'a TableShape,
    hidden: Vec<Hidden>,
    cumulative: Vec<Layer>,
    /// What each edition adds to the one before.
    increments: Vec<Layer>,
    certificates: Vec<Certificate>,
    /// The certificates that shift a figure.
    through: BTreeMap<(Measure, usize), Vec<usize>>,
    protection: i64,
}

impl<'a> Editions<'a> {
    /// Of these editions, of which there is one at least.
    pub fn new(
        shape: &'a TableShape,
        editions: Vec<Edition>,
        certificates: Vec<Certificate>,
        protection: i64,
    ) -> Self {
        let pairs = editions.iter().zip(editions.iter().skip(1));
        let added = pairs.map(|(before, after)| after.figures.since(&before.figures));
        let mut all = Self {
            shape,
            increments: added.map(|figures| Layer::new(shape, figures)).collect(),
            hidden: Vec::new(),
            cumulative: Vec::new(),
            certificates: Vec::new(),
            through: BTreeMap::new(),
            protection,
        };
        for edition in editions {
            all.hidden.push(edition.hidden);
            all.cumulative.push(Layer::new(shape, edition.figures));
        }
        for certificate in certificates {
            all.add(certificate);
        }
        all
    }

    /// The cells.
    pub fn shape(&self) -> &'a TableShape {
        self.shape
    }

    /// The sliding protection level: how far a hidden figure must be able to shift, down and up
    /// together.
    pub fn protection(&self) -> i64 {
        self.protection
    }

    /// The place of the new edition.
    pub fn last(&self) -> usize {
        self.cumulative.len().saturating_sub(1)
    }

    /// The true figures of the new edition.
    pub fn now(&self) -> &Figures {
        static NONE: Figures = Figures(Vec::new());
        self.cumulative.last().map_or(&NONE, |layer| &layer.figures)
    }

    /// What the new edition hides.
    pub fn hidden_now(&self) -> &Hidden {
        static NONE: Hidden = Hidden::new();
        self.hidden.last().unwrap_or(&NONE)
    }

    /// Hides a figure of the new edition, and tells whether it was shown.
    pub fn hide(&mut self, measure: Measure, cell: usize) -> bool {
        let hidden = self.hidden.last_mut();
        hidden.is_some_and(|hidden| hidden.insert((measure, cell)))
    }

    /// Keeps a certificate.
    pub fn add(&mut self, certificate: Certificate) {
        let place = self.certificates.len();
        for (cell, _) in certificate.circuit.cells() {
            for measure in certificate.circuit.shift.measures() {
                let through = self.through.entry((measure, cell)).or_default();
                through.push(place);
            }
        }
        self.certificates.push(certificate);
    }

    /// What is hidden of the new edition, and all certificates.
    pub fn into_result(mut self) -> (Hidden, Vec<Certificate>) {
        (self.hidden.pop().unwrap_or_default(), self.certificates)
    }

    /// The cells that circuits of the new edition can go through; `strictly`, where what did not
    /// change since the edition before is known not to have.
    pub fn candidates(&self, shift: Shift, strictly: bool) -> Candidates<'a> {
        let (last, hidden) = (self.last(), self.hidden_now());
        let each = || 0..self.shape.size();
        let shown = |cell: usize, measure| {
            let figure = self.now().of(cell).of(measure);
            (!hidden.contains(&(measure, cell))).then_some(figure)
        };
        let interval = |cell: usize| {
            // A zero that is shown is known.
            let mut figures = shift.measures().map(|measure| shown(cell, measure));
            let is_known = strictly && self.is_unchanged(shift, cell);
            let can_shift = !is_known && figures.all(|figure| figure != Some(0));
            can_shift.then(|| self.interval_of(shift, cell, (last, last), true))
        };
        let cost = |cell: usize| {
            let shown = shift.measures().filter_map(|measure| shown(cell, measure));
            shown.sum()
        };
        Candidates {
            shape: self.shape,
            interval: each().map(interval).collect(),
            cost: each().map(cost).collect(),
        }
    }

    /// Whether the new edition adds nothing to one of the figures shifted.
    fn is_unchanged(&self, shift: Shift, cell: usize) -> bool {
        let is_same = |layer: &Layer| {
            let added = layer.figures.of(cell);
            shift.measures().any(|measure| added.of(measure) == 0)
        };
        self.increments.last().is_some_and(is_same)
    }

    /// Whether a hidden figure of an edition can shift far enough.
    pub fn is_protected(&self, measure: Measure, cell: usize, edition: usize) -> bool {
        self.certificates_of(measure, cell)
            .any(|certificate| match certificate.closed {
                Some(last) => (certificate.first..=last).contains(&edition),
                None => self
                    .spans(&certificate.circuit, edition)
                    .any(|span| self.can_shift(&certificate.circuit, span, true)),
            })
    }

    /// A certificate that protects a figure of an earlier edition, were it not for what the new one
    /// adds.
    pub fn without_last(
        &self,
        measure: Measure,
        cell: usize,
        edition: usize,
    ) -> Option<Certificate> {
        let before = self.last().checked_sub(1)?;
        let open = |certificate: &&Certificate| certificate.closed.is_none();
        self.certificates_of(measure, cell)
            .filter(open)
            .flat_map(|certificate| {
                let spans = self.spans(&certificate.circuit, edition);
                spans.map(move |span| (certificate, span))
            })
            .filter(|(_, span)| span.1 == before)
            .find(|(certificate, span)| self.can_shift(&certificate.circuit, *span, false))
            .map(|(certificate, span)| Certificate {
                first: span.0,
                ..certificate.clone()
            })
    }

    /// Whether what the new edition adds binds a circuit of the earlier ones in a cell.
    pub fn last_binds(&self, circuit: &Circuit, cell: usize) -> bool {
        let added = self.increments.last();
        let free = added.map(|layer| feasible(layer.figures.of(cell), circuit.shift, |_| 0));
        free.is_some_and(|free| free != Interval::UNBOUNDED)
    }

    /// The counts that earlier editions hide.
    pub fn hidden_earlier(&self) -> Vec<(usize, Measure, usize)> {
        let mut all = Vec::new();
        for (edition, hidden) in self.hidden.iter().take(self.last()).enumerate() {
            let figures = self.cumulative.get(edition).map(|layer| &layer.figures);
            let is_group = |measure: Measure, cell: usize| {
                figures.is_some_and(|figures| figures.of(cell).of(measure) > 0)
            };
            let groups = hidden
                .iter()
                .filter(|(measure, cell)| is_group(*measure, *cell));
            all.extend(groups.map(|(measure, cell)| (edition, *measure, *cell)));
        }
        all
    }

    /// Whether nothing that ties the measures contradicts a circuit shifted as far as this.
    pub fn admits(&self, circuit: &Circuit, span: Span, levels: Interval) -> bool {
        let layers = self.layers(span, true);
        let mut ends =
            layers.flat_map(|(layer, sign)| [-levels.down, levels.up].map(|by| (layer, by * sign)));
        ends.all(|(layer, by)| {
            let cells = circuit.cells().map(|(cell, sign)| (cell, by * sign));
            let (bounds, figures) = (&layer.bounds, &layer.figures);
            bounds.admits(self.shape, figures, circuit.shift, cells)
        })
    }

    fn certificates_of(&self, measure: Measure, cell: usize) -> impl Iterator<Item = &Certificate> {
        let places = self.through.get(&(measure, cell)).into_iter().flatten();
        places.filter_map(|place| self.certificates.get(*place))
    }

    /// The spans around an edition in which all cells of a circuit are hidden.
    fn spans(&self, circuit: &Circuit, edition: usize) -> impl Iterator<Item = Span> + use<> {
        let is_hidden = |hidden: &Hidden| {
            let mut cells = circuit.cells();
            cells.all(|(cell, _)| {
                let mut measures = circuit.shift.measures();
                measures.all(|measure| hidden.contains(&(measure, cell)))
            })
        };
        // What is hidden once is hidden from then on.
        let first = self.hidden.iter().position(is_hidden);
        let (first, last) = (first.unwrap_or(self.hidden.len()), self.last());
        // The whole of it first: what is added between editions then binds nothing.
        (first..=edition).flat_map(move |from| (edition..=last).rev().map(move |to| (from, to)))
    }

    /// Whether a circuit can shift a span far enough.
    fn can_shift(&self, circuit: &Circuit, span: Span, bounded: bool) -> bool {
        let free = circuit
            .cells()
            .fold(Interval::UNBOUNDED, |free, (cell, sign)| {
                let own = self.interval_of(circuit.shift, cell, span, bounded);
                free.and(if sign < 0 { own.reversed() } else { own })
            });
        let up = free.up.min(self.protection);
        let most = Interval {
            down: (self.protection - up).max(0),
            up,
        };
        protection_levels(self.protection)
            .into_iter()
            .chain([most])
            .filter(|levels| free.covers(*levels))
            .any(|levels| self.admits(circuit, span, levels))
    }

    /// The feasibility interval of a cell in all the editions of a span, and where it begins and
    /// ends (unless what comes after is not to bound it).
    fn interval_of(&self, shift: Shift, cell: usize, span: Span, bounded: bool) -> Interval {
        let mut free = Interval::UNBOUNDED;
        for edition in span.0..=span.1 {
            if let Some(layer) = self.cumulative.get(edition) {
                let floor = |measure| self.floor(measure, cell, edition);
                free = free.and(feasible(layer.figures.of(cell), shift, floor));
            }
        }
        for (layer, sign) in self.edges(span, bounded) {
            let own = feasible(layer.figures.of(cell), shift, |_| 0);
            free = free.and(if sign < 0 { own.reversed() } else { own });
        }
        free
    }

    /// The least that a hidden figure can be: what was hidden before stays so when it becomes 0.
    fn floor(&self, measure: Measure, cell: usize, edition: usize) -> i64 {
        let before = edition.checked_sub(1).and_then(|one| self.hidden.get(one));
        let was_hidden = before.is_some_and(|hidden| hidden.contains(&(measure, cell)));
        i64::from(!was_hidden)
    }

    /// What shifts with a span: its editions, and what was added at its two ends.
    fn layers(&self, span: Span, bounded: bool) -> impl Iterator<Item = (&Layer, i64)> {
        let within = self.cumulative.iter().take(span.1 + 1).skip(span.0);
        within
            .map(|layer| (layer, 1))
            .chain(self.edges(span, bounded))
    }

    fn edges(&self, span: Span, bounded: bool) -> impl Iterator<Item = (&Layer, i64)> {
        let start = span
            .0
            .checked_sub(1)
            .and_then(|place| self.increments.get(place));
        let end = self.increments.get(span.1).filter(|_| bounded);
        let edges = [start.map(|layer| (layer, 1)), end.map(|layer| (layer, -1))];
        edges.into_iter().flatten()
    }
}
