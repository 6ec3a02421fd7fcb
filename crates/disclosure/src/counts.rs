//! What a cell counts, cut into parts that no published count cuts further; the measures published;
//! and the shifts, which move people from one part to another.

use crate::table_shape::at;

/// How many parts there are.
pub const PARTS: usize = 15;

/// Participants of placements whose offer is known.
const FILLED: usize = 9;
/// Girls of lines that do not know their pupils.
const GIRLS_ALONE: usize = 10;
/// Pupils in priority education of lines that do not know their pupils.
const PRIORITY_ALONE: usize = 11;
/// Placements filled of lines that do not know how many were offered.
const FILLED_ALONE: usize = 12;
/// Placements offered and not filled.
const UNFILLED: usize = 13;

/// Lines of reports.
const LINES: usize = 14;

/// What is known of pupils on one of the two questions: nothing, that they are, that they are not.
const ANSWERS: [usize; 3] = [0, 1, 2];

/// The people of a cell by part: pupils by whether they are girls and in priority education (unknown,
/// yes, no, the latter varying first), then placements filled of lines that know the offer; girls, and
/// pupils in priority education, of lines that do not know their pupils; placements filled of lines
/// that do not know the offer; placements offered and not filled; and, of no measure, the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts(pub [i64; PARTS]);

impl Counts {
    /// One part.
    pub(crate) fn of(&self, part: usize) -> i64 {
        at(&self.0, part)
    }

    /// Whether nothing is reported of it, as everyone sees.
    pub(crate) fn is_empty(&self) -> bool {
        self.of(LINES) == 0
    }

    /// What was added to the earlier ones.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let mut added = *self;
        for (own, before) in added.0.iter_mut().zip(earlier.0) {
            *own -= before;
        }
        added
    }
}

/// A measure of people that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Pupils.
    Pupils,
    /// Pupils of lines that know how many are girls.
    GirlsKnown,
    /// Girls.
    Girls,
    /// Girls over pupils.
    GirlsShare,
    /// Pupils of lines that know how many are in priority education.
    PriorityKnown,
    /// Pupils in priority education.
    Priority,
    /// They over pupils.
    PriorityShare,
    /// Placements filled.
    Filled,
    /// They over those offered.
    FillRate,
}

impl Measure {
    /// Each of them.
    pub const ALL: [Self; 9] = [
        Self::Pupils,
        Self::GirlsKnown,
        Self::Girls,
        Self::GirlsShare,
        Self::PriorityKnown,
        Self::Priority,
        Self::PriorityShare,
        Self::Filled,
        Self::FillRate,
    ];

    /// Its bit in [`Measures`].
    const fn bit(self) -> u16 {
        match self {
            Self::Pupils => 1,
            Self::GirlsKnown => 2,
            Self::Girls => 4,
            Self::GirlsShare => 8,
            Self::PriorityKnown => 16,
            Self::Priority => 32,
            Self::PriorityShare => 64,
            Self::Filled => 128,
            Self::FillRate => 256,
        }
    }

    /// What is not told where this is not.
    const fn below(self) -> u16 {
        match self {
            Self::Pupils => 511,
            Self::GirlsKnown => 2 | 4 | 8,
            Self::Girls => 4 | 8,
            Self::PriorityKnown => 16 | 32 | 64,
            Self::Priority => 32 | 64,
            Self::Filled => 128 | 256,
            Self::GirlsShare | Self::PriorityShare | Self::FillRate => self.bit(),
        }
    }

    /// What is not told where nobody would show its zeros.
    const fn above(self) -> u16 {
        match self {
            Self::Pupils => 0,
            Self::GirlsKnown | Self::PriorityKnown | Self::Filled => 1,
            Self::Girls | Self::GirlsShare => 1 | 2,
            Self::Priority | Self::PriorityShare => 1 | 16,
            Self::FillRate => 1 | 128,
        }
    }
}

/// Some measures: those of a cell that are not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Measures(pub u16);

impl Measures {
    /// All of them.
    pub const ALL: Self = Self(511);

    /// Whether this is one of them.
    pub const fn has(self, measure: Measure) -> bool {
        self.0 & measure.bit() != 0
    }

    /// Whether those are all of them.
    pub const fn has_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Either's.
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// With this one, and what is not told where it is not.
    pub const fn with(self, measure: Measure) -> Self {
        Self(self.0 | measure.below())
    }

    /// Without this one.
    pub const fn without(self, measure: Measure) -> Self {
        Self(self.0 & !measure.bit())
    }

    /// Whether a measure that is among them could be zero for all that one knows: zeros are shown,
    /// unless what they are part of is not.
    pub(crate) const fn may_be_zero(self, measure: Measure) -> bool {
        self.0 & measure.above() != 0
    }
}

/// A number that nobody is to find where its measure is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity {
    /// The measure that tells it.
    pub measure: Measure,
    /// Whether it is the measure itself, and not what one computes of it and others.
    pub is_published: bool,
    /// Whether it is protected beyond that, from whoever adds up.
    pub is_protected: bool,
    parts: [i64; PARTS],
}

impl Quantity {
    fn new(measure: Measure, is_published: bool, has: impl Fn(usize) -> i64) -> Self {
        let mut parts = [0; PARTS];
        for (part, own) in parts.iter_mut().enumerate() {
            *own = has(part);
        }
        let is_share = matches!(
            measure,
            Measure::GirlsShare | Measure::PriorityShare | Measure::FillRate
        );
        Self {
            measure,
            is_published,
            is_protected: !is_share,
            parts,
        }
    }

    /// All of them, in the order in which they are protected: the whole before its parts.
    pub fn all() -> Vec<Self> {
        let girls = |part: usize, answer: usize| part < FILLED && part / 3 == answer;
        let priority = |part: usize, answer: usize| part < FILLED && part % 3 == answer;
        let one = |is: bool| i64::from(is);
        vec![
            Self::new(Measure::Pupils, true, |part| one(part < FILLED)),
            Self::new(Measure::GirlsKnown, true, |part| {
                one(girls(part, 1) || girls(part, 2))
            }),
            Self::new(Measure::Girls, true, |part| {
                one(girls(part, 1) || part == GIRLS_ALONE)
            }),
            // Boys: the base less girls.
            Self::new(Measure::Girls, false, |part| {
                one(girls(part, 2)) - one(part == GIRLS_ALONE)
            }),
            Self::new(Measure::PriorityKnown, true, |part| {
                one(priority(part, 1) || priority(part, 2))
            }),
            Self::new(Measure::Priority, true, |part| {
                one(priority(part, 1) || part == PRIORITY_ALONE)
            }),
            Self::new(Measure::Filled, true, |part| {
                one(part == FILLED || part == FILLED_ALONE)
            }),
            // What a share tells beside its counts: it is not told where that is small.
            Self::new(Measure::GirlsShare, false, |part| one(girls(part, 1))),
            Self::new(Measure::GirlsShare, false, |part| one(girls(part, 2))),
            Self::new(Measure::GirlsShare, false, |part| one(part == GIRLS_ALONE)),
            Self::new(Measure::PriorityShare, false, |part| one(priority(part, 1))),
            Self::new(Measure::PriorityShare, false, |part| {
                one(part == PRIORITY_ALONE)
            }),
            Self::new(Measure::FillRate, false, |part| one(part == FILLED)),
            Self::new(Measure::FillRate, false, |part| one(part == FILLED_ALONE)),
        ]
    }

    /// How much of it there is.
    pub fn value(&self, counts: &Counts) -> i64 {
        self.parts
            .iter()
            .zip(counts.0)
            .map(|(own, count)| own * count)
            .sum()
    }

    /// By how much a shift by one moves it.
    pub(crate) fn moved_by(&self, shift: &Shift) -> i64 {
        let sum = |parts: &[usize]| parts.iter().map(|part| at(&self.parts, *part)).sum::<i64>();
        sum(&shift.plus) - sum(&shift.minus)
    }
}

/// People more in some parts, and as many fewer in others.
#[derive(Debug, Clone)]
pub struct Shift {
    /// One more in each.
    pub plus: Vec<usize>,
    /// One fewer in each.
    pub minus: Vec<usize>,
    /// The measures it moves: not told in any cell that is shifted so.
    pub moved: Measures,
}

impl Shift {
    /// All of them. A shift keeps to one answer of the other question, so that girls and priority
    /// education can be shifted each without regard to the other.
    pub fn all() -> Vec<Self> {
        let girls = |answer: usize, other: usize| 3 * answer + other;
        let priority = |answer: usize, other: usize| 3 * other + answer;
        let mut all: Vec<(Vec<usize>, Vec<usize>)> =
            (0..FILLED).map(|part| (vec![part], Vec::new())).collect();
        all.extend([
            (vec![FILLED], vec![UNFILLED]),
            (vec![FILLED_ALONE], Vec::new()),
        ]);
        for other in ANSWERS {
            let places: [[usize; 3]; 2] = [
                ANSWERS.map(|answer| girls(answer, other)),
                ANSWERS.map(|answer| priority(answer, other)),
            ];
            for [unknown, yes, no] in places {
                all.extend(
                    [(yes, unknown), (no, unknown), (yes, no)]
                        .map(|(to, from)| (vec![to], vec![from])),
                );
            }
        }
        let quantities = Quantity::all();
        let shift = |(plus, minus)| {
            let mut shift = Self {
                plus,
                minus,
                moved: Measures::default(),
            };
            let moved = quantities.iter().filter(|one| one.moved_by(&shift) != 0);
            shift.moved = moved.fold(Measures::default(), |all, one| all.with(one.measure));
            shift
        };
        all.into_iter().map(shift).collect()
    }
}
