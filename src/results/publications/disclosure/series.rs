//! The editions of one year, and what their witnesses prove across them.
//!
//! A witness shifts the figures of some consecutive editions by the same amount. What was added from
//! one edition to the next then changes only where they begin and end: there, and in each edition,
//! its cells must have room.

use std::collections::BTreeMap;

use super::moves::{Board, Move};
use super::overlap::Overlap;
use super::reaches;
use super::room::{Figures, Measure, Room, Shift, room};
use super::shape::Shape;
use super::{Edition, Hidden};

/// A move that proves something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The move.
    pub found: Move,
    /// The first edition it was found for, counted from 0.
    pub first: usize,
    /// The last one it shifts, where later ones were lifted out of its way; such a witness stands
    /// whatever comes after.
    pub closed: Option<usize>,
}

/// Editions from one to another, both included.
type Span = (usize, usize);

/// Figures with what ties their measures.
struct Layer {
    figures: Figures,
    overlap: Overlap,
}

impl Layer {
    fn new(shape: &Shape, figures: Figures) -> Self {
        let overlap = Overlap::new(shape, &figures);
        Self { figures, overlap }
    }
}

/// The editions of a year, the new one last.
pub struct Series<'a> {
    shape: &'a Shape,
    hidden: Vec<Hidden>,
    levels: Vec<Layer>,
    /// What each edition adds to the one before.
    increments: Vec<Layer>,
    witnesses: Vec<Witness>,
    /// The witnesses that shift a figure.
    through: BTreeMap<(Measure, usize), Vec<usize>>,
    room: i64,
}

impl<'a> Series<'a> {
    /// Of these editions, of which there is one at least.
    pub fn new(
        shape: &'a Shape,
        editions: Vec<Edition>,
        witnesses: Vec<Witness>,
        room: i64,
    ) -> Self {
        let pairs = editions.iter().zip(editions.iter().skip(1));
        let added = pairs.map(|(before, after)| after.figures.since(&before.figures));
        let mut series = Self {
            shape,
            increments: added.map(|figures| Layer::new(shape, figures)).collect(),
            hidden: Vec::new(),
            levels: Vec::new(),
            witnesses: Vec::new(),
            through: BTreeMap::new(),
            room,
        };
        for edition in editions {
            series.hidden.push(edition.hidden);
            series.levels.push(Layer::new(shape, edition.figures));
        }
        for witness in witnesses {
            series.add(witness);
        }
        series
    }

    /// The cells.
    pub fn shape(&self) -> &'a Shape {
        self.shape
    }

    /// How far a hidden figure must be able to shift.
    pub fn room(&self) -> i64 {
        self.room
    }

    /// The place of the new edition.
    pub fn last(&self) -> usize {
        self.levels.len().saturating_sub(1)
    }

    /// The true figures of the new edition.
    pub fn now(&self) -> &Figures {
        static NONE: Figures = Figures(Vec::new());
        self.levels.last().map_or(&NONE, |layer| &layer.figures)
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

    /// Keeps a witness.
    pub fn add(&mut self, witness: Witness) {
        let place = self.witnesses.len();
        for (cell, _) in witness.found.cells() {
            for measure in witness.found.shift.measures() {
                let through = self.through.entry((measure, cell)).or_default();
                through.push(place);
            }
        }
        self.witnesses.push(witness);
    }

    /// What is hidden of the new edition, and all witnesses.
    pub fn into_result(mut self) -> (Hidden, Vec<Witness>) {
        (self.hidden.pop().unwrap_or_default(), self.witnesses)
    }

    /// What the search for moves of the new edition knows of each cell; `strictly`, that what did not
    /// change since the edition before is known not to have.
    pub fn board(&self, shift: Shift, strictly: bool) -> Board<'a> {
        let (last, hidden) = (self.last(), self.hidden_now());
        let each = || 0..self.shape.size();
        let shown = |cell: usize, measure| {
            let figure = self.now().of(cell).of(measure);
            (!hidden.contains(&(measure, cell))).then_some(figure)
        };
        let room = |cell: usize| {
            // A zero that is shown is known.
            let mut figures = shift.measures().map(|measure| shown(cell, measure));
            let is_known = strictly && self.is_unchanged(shift, cell);
            let moves = !is_known && figures.all(|figure| figure != Some(0));
            moves.then(|| self.room_of(shift, cell, (last, last), true))
        };
        let cost = |cell: usize| {
            let shown = shift.measures().filter_map(|measure| shown(cell, measure));
            shown.sum()
        };
        Board {
            shape: self.shape,
            room: each().map(room).collect(),
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
        self.witnesses_of(measure, cell)
            .any(|witness| match witness.closed {
                Some(last) => (witness.first..=last).contains(&edition),
                None => self
                    .spans(&witness.found, edition)
                    .any(|span| self.is_free(&witness.found, span, true)),
            })
    }

    /// A witness that protects a figure of an earlier edition, were it not for what the new one adds.
    pub fn without_last(&self, measure: Measure, cell: usize, edition: usize) -> Option<Witness> {
        let before = self.last().checked_sub(1)?;
        let open = |witness: &&Witness| witness.closed.is_none();
        let found = self.witnesses_of(measure, cell).filter(open);
        found
            .flat_map(|witness| {
                let spans = self.spans(&witness.found, edition);
                spans.map(move |span| (witness, span))
            })
            .filter(|(_, span)| span.1 == before)
            .find(|(witness, span)| self.is_free(&witness.found, *span, false))
            .map(|(witness, span)| Witness {
                first: span.0,
                ..witness.clone()
            })
    }

    /// Whether what the new edition adds binds a move of the earlier ones in a cell.
    pub fn last_binds(&self, found: &Move, cell: usize) -> bool {
        let added = self.increments.last();
        let free = added.map(|layer| room(layer.figures.of(cell), found.shift, |_| 0));
        free.is_some_and(|free| free != Room::FREE)
    }

    /// The counts that earlier editions hide.
    pub fn exposed(&self) -> Vec<(usize, Measure, usize)> {
        let mut all = Vec::new();
        for (edition, hidden) in self.hidden.iter().take(self.last()).enumerate() {
            let figures = self.levels.get(edition).map(|layer| &layer.figures);
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

    /// Whether nothing that ties the measures contradicts a move as far as this.
    pub fn admits(&self, found: &Move, span: Span, reach: Room) -> bool {
        let layers = self.layers(span, true);
        let mut ends =
            layers.flat_map(|(layer, sign)| [-reach.down, reach.up].map(|by| (layer, by * sign)));
        ends.all(|(layer, by)| {
            let cells = found.cells().map(|(cell, sign)| (cell, by * sign));
            let (overlap, figures) = (&layer.overlap, &layer.figures);
            overlap.admits(self.shape, figures, found.shift, cells)
        })
    }

    fn witnesses_of(&self, measure: Measure, cell: usize) -> impl Iterator<Item = &Witness> {
        let places = self.through.get(&(measure, cell)).into_iter().flatten();
        places.filter_map(|place| self.witnesses.get(*place))
    }

    /// The spans around an edition in which all cells of a move are hidden.
    fn spans(&self, found: &Move, edition: usize) -> impl Iterator<Item = Span> + use<> {
        let is_hidden = |hidden: &Hidden| {
            let mut cells = found.cells();
            cells.all(|(cell, _)| {
                let mut measures = found.shift.measures();
                measures.all(|measure| hidden.contains(&(measure, cell)))
            })
        };
        // What is hidden once is hidden from then on.
        let first = self.hidden.iter().position(is_hidden);
        let (first, last) = (first.unwrap_or(self.hidden.len()), self.last());
        // The whole of it first: what is added between editions then binds nothing.
        (first..=edition).flat_map(move |from| (edition..=last).rev().map(move |to| (from, to)))
    }

    /// Whether a move can shift a span far enough.
    fn is_free(&self, found: &Move, span: Span, bounded: bool) -> bool {
        let free = found.cells().fold(Room::FREE, |free, (cell, sign)| {
            let own = self.room_of(found.shift, cell, span, bounded);
            free.and(if sign < 0 { own.reversed() } else { own })
        });
        let up = free.up.min(self.room);
        let most = Room {
            down: (self.room - up).max(0),
            up,
        };
        reaches(self.room)
            .into_iter()
            .chain([most])
            .filter(|reach| reach.down <= free.down && reach.up <= free.up)
            .any(|reach| self.admits(found, span, reach))
    }

    /// The room of a cell in all the editions of a span, and where it begins and ends (unless what
    /// comes after is not to bound it).
    fn room_of(&self, shift: Shift, cell: usize, span: Span, bounded: bool) -> Room {
        let mut free = Room::FREE;
        for edition in span.0..=span.1 {
            if let Some(layer) = self.levels.get(edition) {
                let floor = |measure| self.floor(measure, cell, edition);
                free = free.and(room(layer.figures.of(cell), shift, floor));
            }
        }
        for (layer, sign) in self.edges(span, bounded) {
            let own = room(layer.figures.of(cell), shift, |_| 0);
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
        let levels = self.levels.iter().take(span.1 + 1).skip(span.0);
        levels
            .map(|layer| (layer, 1))
            .chain(self.edges(span, bounded))
    }

    fn edges(&self, span: Span, bounded: bool) -> impl Iterator<Item = (&Layer, i64)> {
        let start = span.0.checked_sub(1);
        let start = start.and_then(|place| self.increments.get(place));
        let end = self.increments.get(span.1).filter(|_| bounded);
        let edges = [start.map(|layer| (layer, 1)), end.map(|layer| (layer, -1))];
        edges.into_iter().flatten()
    }
}
