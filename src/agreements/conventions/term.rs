//! When a convention is in force: its dates, its tacit renewals, its end, seen from a day.

use std::fmt;

use chrono::{Months, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

use super::acts::Imported;
use super::content::{Renewal, RenewalMode};
use super::model::Convention;
use crate::values::code_enum;

code_enum! {
    /// What a convention that was signed is, on a day.
    EffectiveStatus of "convention_effective_statuses" {
        /// It begins later.
        Upcoming = "upcoming",
        /// It binds its parties.
        InForce = "in_force",
        /// It has come to its end.
        Expired = "expired",
        /// A party ended it.
        Terminated = "terminated",
        /// Its successor took its place.
        Replaced = "replaced",
    }
}

/// Des jours sans convention en vigueur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Gap {
    /// Le premier.
    #[schema(example = "2026-01-01")]
    pub from: NaiveDate,
    /// Le dernier.
    #[schema(example = "2026-03-31")]
    pub to: NaiveDate,
}

impl Gap {
    /// The days between the last of one and the first of the next, if there are any.
    fn between(last: Option<NaiveDate>, first: Option<NaiveDate>) -> Option<Self> {
        let (from, to) = (last?.succ_opt()?, first?.pred_opt()?);
        (from <= to).then_some(Self { from, to })
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} – {}", self.from, self.to)
    }
}

impl Convention {
    /// What it is on this day; none when it was never signed. The very rule of the database's
    /// `convention_effective_status`, by which lists are filtered.
    pub fn effective_status(&self, day: NaiveDate) -> Option<EffectiveStatus> {
        if !self.status.was_signed() {
            return None;
        }
        let terminated = self.termination.as_ref().is_some_and(|end| end.on < day);
        let replaced = self.replaced_on.is_some_and(|first| first <= day);
        let is_over = self.in_force_until.is_some_and(|last| last < day);
        Some(match self.original.starts_on {
            _ if terminated => EffectiveStatus::Terminated,
            _ if replaced => EffectiveStatus::Replaced,
            Some(first) if first > day => EffectiveStatus::Upcoming,
            Some(_) if !is_over => EffectiveStatus::InForce,
            _ => EffectiveStatus::Expired,
        })
    }

    /// The last day it is in force as things stand on this day: of a tacitly renewed one, the end
    /// of the renewal under way. None when nothing ends it, or the end is not known.
    pub fn effective_ends_on(&self, day: NaiveDate) -> Option<NaiveDate> {
        let agreed = self.period_end(day);
        let terminated = self.termination.as_ref().map(|end| end.on);
        let replaced = self.replaced_on.and_then(|first| first.pred_opt());
        [agreed, terminated, replaced].into_iter().flatten().min()
    }

    /// The end of the period that a day falls in, of what is agreed on that day.
    pub fn period_end(&self, day: NaiveDate) -> Option<NaiveDate> {
        let end = self.agreed_end(day)?;
        Some(renewed_until(
            end,
            self.original.terms.renewal.as_ref(),
            day,
        ))
    }

    /// The last day it can be in force if this is its end. The very rule of the database's
    /// `convention_last_day`.
    pub fn last_day(&self, ends_on: Option<NaiveDate>) -> Option<NaiveDate> {
        let renewal = self.original.terms.renewal.as_ref();
        let attested = self.imported.as_ref().and_then(|from| from.attested_until);
        let agreed = match ends_on {
            None => attested,
            Some(end) => last_renewal(end, renewal),
        };
        let terminated = self.termination.as_ref().map(|end| end.on);
        let replaced = self.replaced_on.and_then(|first| first.pred_opt());
        [agreed, terminated, replaced].into_iter().flatten().min()
    }

    /// Whether its end is unknown: neither its source nor an edit since gives it.
    pub fn has_unknown_end(&self) -> bool {
        self.original.ends_on.is_none() && self.imported.is_some()
    }

    /// Whether it is taken to be in force only as far as its source attests.
    pub fn is_only_attested(&self) -> bool {
        let attested = |from: &Imported| from.attested_until.is_some();
        self.has_unknown_end() && self.imported.as_deref().is_some_and(attested)
    }

    /// The days between the end of its predecessor and its own beginning.
    pub fn gap_before(&self) -> Option<Gap> {
        Gap::between(self.predecessor_until, self.original.starts_on)
    }

    /// The days between its end and the beginning of its successor.
    pub fn gap_after(&self) -> Option<Gap> {
        Gap::between(self.in_force_until, self.replaced_on)
    }

    /// Whether it can be in force on one of these days; an imported one whose source gives no end
    /// can, once it has begun.
    pub fn overlaps(&self, first: NaiveDate, last: NaiveDate) -> bool {
        self.original.starts_on.is_none_or(|start| start <= last)
            && (self.is_only_attested() || self.in_force_until.is_none_or(|end| end >= first))
    }
}

/// The end of the period that a day falls in: the agreed one, or as many tacit renewals later as it
/// takes to reach the day and the agreement allows. The very rule of the database's
/// `convention_period_end`.
pub fn renewed_until(ends_on: NaiveDate, renewal: Option<&Renewal>, day: NaiveDate) -> NaiveDate {
    let tacit = renewal.filter(|renewal| renewal.mode == RenewalMode::Tacit);
    let Some((renewal, months)) = tacit.and_then(|r| Some((r, u32::try_from(r.months?).ok()?)))
    else {
        return ends_on;
    };
    let most = renewal.max_times.map_or(u32::MAX, i32::unsigned_abs);
    let after = |times: u32| ends_on.checked_add_months(Months::new(months.checked_mul(times)?));
    let mut end = ends_on;
    let mut times = 0;
    while end < day && times < most {
        times += 1;
        match after(times) {
            Some(later) if months > 0 => end = later,
            _ => break,
        }
    }
    end
}

/// The end of the last renewal that the agreement allows; none when there is no last one.
fn last_renewal(ends_on: NaiveDate, renewal: Option<&Renewal>) -> Option<NaiveDate> {
    let Some(tacit) = renewal.filter(|renewal| renewal.mode == RenewalMode::Tacit) else {
        return Some(ends_on);
    };
    let months = tacit.months?.checked_mul(tacit.max_times?)?;
    ends_on.checked_add_months(Months::new(months.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::FromText;

    fn day(text: &str) -> NaiveDate {
        NaiveDate::from_text(text).unwrap()
    }

    #[test]
    fn a_tacit_renewal_goes_on_as_long_as_it_may() {
        let renewal = Renewal {
            mode: RenewalMode::Tacit,
            months: Some(12),
            max_times: Some(2),
        };
        for (on, end) in [
            ("2025-06-01", "2025-12-31"),
            ("2025-12-31", "2025-12-31"),
            ("2026-01-01", "2026-12-31"),
            ("2027-12-31", "2027-12-31"),
            ("2029-01-01", "2027-12-31"),
        ] {
            let end_on = renewed_until(day("2025-12-31"), Some(&renewal), day(on));
            assert_eq!(end_on, day(end), "on {on}");
        }
        assert_eq!(
            renewed_until(day("2025-12-31"), None, day("2030-01-01")),
            day("2025-12-31")
        );
    }
}
