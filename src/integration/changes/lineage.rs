//! What a cursor of the feed proves beside its place: that all its reader was given is still there, and
//! for whom it was given.
//!
//! A place alone would be believed after a failover that lost writes, or a restore, and what was
//! written since at the same places passed over. So a cursor has, of the transaction it names, a
//! digest, and a digest of all that it ran beside. That is enough: each transaction kept what could
//! still appear in the feed when it was written (`changes.horizon`). Whatever stands below that had been
//! committed before it, and a standby or a backup that has a commit has those before it too. What stands
//! between, some of it committed later than the transaction named, is in the second digest.
//!
//! For whom: another perimeter reads other objects, and the feed does not tell of what a reader came
//! to see, or no longer sees, because it became another reader.

use std::fmt;

use sha2::{Digest, Sha256};

use super::store::lineage::{Frontier, Transaction};
use crate::auth::policy::{Perimeter, Scope};
use crate::db::page::{Mark, MarkValue};
use crate::values::{COUNTRY, TerritoryKind};

/// Longer lists of territories are kept as a digest.
const LONGEST: usize = 300;

/// What a cursor proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// The digest of the transaction it names; 0 at the beginning of the feed.
    own: u64,
    /// That of all it ran beside, itself included.
    beside: u64,
    /// For whom it was given.
    perimeter: String,
}

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{:x}.{}", self.own, self.beside, self.perimeter)
    }
}

impl Lineage {
    /// That of a cursor; none in those given out before there was one.
    fn of(mark: &Mark) -> Option<Self> {
        let mut parts = mark.id.splitn(3, '.');
        let mut digest = || u64::from_str_radix(parts.next()?, 16).ok();
        let (own, beside) = (digest()?, digest()?);
        Some(Self {
            own,
            beside,
            perimeter: parts.next()?.to_owned(),
        })
    }
}

/// Why a cursor cannot be gone on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It was given to a reader of another perimeter.
    PerimeterChanged,
    /// Something its reader may have read is there no longer.
    LineageLost,
    /// What follows it has had its time.
    HistoryPurged,
}

impl Reason {
    /// Its name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PerimeterChanged => "perimeter_changed",
            Self::LineageLost => "lineage_lost",
            Self::HistoryPurged => "history_purged",
        }
    }
}

/// The transactions around some places, by which marks are made and checked.
pub struct Transactions {
    list: Vec<Transaction>,
    /// The sum of the digests of those before each, and at last of all.
    sums: Vec<u64>,
}

impl Transactions {
    /// Of these, in the order of the feed.
    pub fn new(list: Vec<Transaction>) -> Self {
        let mut sums = vec![0_u64];
        let mut sum = 0_u64;
        for transaction in &list {
            sum = sum.wrapping_add(digest(transaction));
            sums.push(sum);
        }
        Self { list, sums }
    }

    fn at(&self, position: i64) -> Option<&Transaction> {
        let found = self
            .list
            .binary_search_by_key(&position, |one| one.position);
        self.list.get(found.ok()?)
    }

    /// The sum of the digests of those from one position to another, both included.
    fn sum(&self, from: i64, to: i64) -> u64 {
        let before = self.list.partition_point(|one| one.position < from);
        let until = self.list.partition_point(|one| one.position <= to);
        let sum = |place: usize| self.sums.get(place).copied().unwrap_or_default();
        sum(until).wrapping_sub(sum(before))
    }

    /// The mark of a place, for a reader of this perimeter.
    pub fn mark(&self, position: i64, seq: i64, perimeter: &str) -> Mark {
        let (own, beside) = self
            .at(position)
            .map_or((0, 0), |one| (digest(one), self.sum(one.horizon, position)));
        let lineage = Lineage {
            own,
            beside,
            perimeter: perimeter.to_owned(),
        };
        Mark {
            value: MarkValue::Place(position, seq),
            id: lineage.to_string(),
        }
    }

    /// The same where there may be no transaction at the place: after the last one before it, from the
    /// beginning of the feed where there is none.
    pub fn mark_near(&self, position: i64, seq: i64, perimeter: &str) -> Mark {
        let until = self.list.partition_point(|one| one.position <= position);
        let last = until.checked_sub(1).and_then(|place| self.list.get(place));
        match last {
            Some(last) if last.position == position => self.mark(position, seq, perimeter),
            Some(last) => self.mark(last.position, i64::MAX, perimeter),
            None => self.mark(0, 0, perimeter),
        }
    }

    /// What stands against going on from a mark.
    pub fn objection(&self, mark: &Mark, frontier: Frontier, perimeter: &str) -> Option<Reason> {
        let position = position_of(mark)?;
        let is_purged = position < frontier.purged;
        let lineage = Lineage::of(mark);
        match (self.at(position), &lineage) {
            // The beginning of the feed, which is still there.
            _ if position == 0 && !is_purged => {}
            (None, _) if is_purged => return Some(Reason::HistoryPurged),
            (None, _) => return Some(Reason::LineageLost),
            (Some(_), None) => {}
            (Some(one), Some(lineage)) => {
                // What it ran beside may have had its time when it has not.
                let is_whole = one.horizon >= frontier.purged;
                let beside = self.sum(one.horizon, position);
                if digest(one) != lineage.own || (is_whole && beside != lineage.beside) {
                    return Some(Reason::LineageLost);
                }
            }
        }
        let is_other = lineage.is_some_and(|lineage| lineage.perimeter != perimeter);
        is_other.then_some(Reason::PerimeterChanged)
    }
}

/// The position of a mark of the feed.
pub fn position_of(mark: &Mark) -> Option<i64> {
    match mark.value {
        MarkValue::Place(position, _) => Some(position),
        _ => None,
    }
}

/// What tells a transaction from another at the same place.
fn digest(one: &Transaction) -> u64 {
    let moment = one.occurred_at.timestamp_micros();
    let text = format!("{} {} {} {moment}", one.position, one.seq, one.object_id);
    shortened(&text)
}

/// The first bytes of a digest.
fn shortened(text: &str) -> u64 {
    let hash = Sha256::digest(text.as_bytes());
    let first = hash.iter().take(8);
    first.fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// What tells a perimeter from another, in a cursor: its territories, as long as they are few.
pub fn perimeter_word(scope: &Scope, above_schools: &[String]) -> String {
    let listed = |mut codes: Vec<String>| {
        codes.sort_unstable();
        codes.dedup();
        codes.join(",")
    };
    let word = match scope.perimeter() {
        Perimeter::Everything => "everything".to_owned(),
        Perimeter::Public => "public".to_owned(),
        Perimeter::Partner(id) => format!("partner:{id}"),
        Perimeter::Territories { named, .. } => listed(named.clone()),
        // Where a school lies decides what it reads.
        Perimeter::Schools(_) => {
            let above = shortened(&listed(above_schools.to_vec()));
            format!("{}+{above:x}", listed(scope.own_schools()))
        }
    };
    if word.len() > LONGEST {
        format!("#{:x}", shortened(&word))
    } else {
        word
    }
}

/// The territories of a perimeter that a cursor tells; none where it tells of none.
fn territories_of(word: &str) -> Vec<&str> {
    let (codes, _) = word.split_once('+').unwrap_or((word, ""));
    let is_territory = |code: &&str| TerritoryKind::of(code).is_some();
    codes.split(',').filter(is_territory).collect()
}

/// The territories whose objects are to be read again: of a perimeter that became another those that
/// were gained or lost, else all of it.
pub fn territories_to_read(
    mark: &Mark,
    scope: &Scope,
    perimeter: &str,
    reason: Reason,
) -> Vec<String> {
    let own: Vec<String> = match scope.perimeter() {
        Perimeter::Territories { named, .. } => named.clone(),
        Perimeter::Schools(_) => scope.own_schools(),
        _ => Vec::new(),
    };
    let before = Lineage::of(mark).map(|lineage| lineage.perimeter);
    let before = territories_of(before.as_deref().unwrap_or_default());
    let after = territories_of(perimeter);
    if reason == Reason::PerimeterChanged && !before.is_empty() && !after.is_empty() {
        let lost = before.iter().filter(|code| !after.contains(code));
        let gained = after.iter().filter(|code| !before.contains(code));
        let moved: Vec<String> = lost.chain(gained).map(ToString::to_string).collect();
        if !moved.is_empty() {
            return moved;
        }
    }
    if own.is_empty() {
        vec![COUNTRY.to_owned()]
    } else {
        own
    }
}
