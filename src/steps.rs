//! The steps of an object's life: one transition table a resource, read by the workflow, its
//! refusals, `allowed_actions`, the OpenAPI document and `docs/LIFECYCLES.md` alike.

use std::fmt::Display;

use crate::error::{Error, Result};
use crate::language::Text;

/// Another outcome of a step, and when it is the one.
pub struct Alternative<S> {
    /// What the object becomes.
    pub status: S,
    /// When.
    pub when: Text,
}

/// Another outcome, and when in French and English.
pub const fn alternative<S: Copy>(
    status: S,
    fr: &'static str,
    en: &'static str,
) -> Option<Alternative<S>> {
    let when = Text { fr, en };
    Some(Alternative { status, when })
}

/// A step, with the table of what it makes of each status.
pub trait Step: Copy + 'static {
    /// What the object is before and after.
    type Status: Copy + Display + PartialEq + 'static;

    /// Every status, the first one first.
    const STATUSES: &'static [Self::Status];

    /// Every step, in the order of `allowed_actions`.
    const ALL: &'static [Self];

    /// Its name in `allowed_actions`: the last part of its path.
    fn as_str(self) -> &'static str;

    /// The transition table: what an object becomes by this step, if its status allows it.
    fn from(self, status: Self::Status) -> Option<Self::Status>;

    /// What else the step may lead to, and when: with the last signature, once the content changes.
    fn alternative(self, _status: Self::Status) -> Option<Alternative<Self::Status>> {
        None
    }

    /// What an object of this status becomes in that other case.
    ///
    /// # Errors
    /// `internal_error` when the table has none.
    fn take_alternative(self, status: Self::Status) -> Result<Self::Status> {
        let other = self.alternative(status);
        other
            .map(|other| other.status)
            .ok_or_else(|| Error::internal("a step without another outcome"))
    }

    /// What an object of this status becomes.
    ///
    /// # Errors
    /// `invalid_transition`, naming the status and the steps it allows.
    fn take(self, status: Self::Status) -> Result<Self::Status> {
        self.from(status)
            .ok_or_else(|| Error::impossible(status, &Self::allowed(status, |_| true)))
    }

    /// The names of the steps that a status allows, of those that a caller may take.
    fn allowed(status: Self::Status, may: impl Fn(Self) -> bool) -> Vec<&'static str> {
        let steps = Self::ALL.iter().copied();
        steps
            .filter(|step| step.from(status).is_some() && may(*step))
            .map(Self::as_str)
            .collect()
    }
}
