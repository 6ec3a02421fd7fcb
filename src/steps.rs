//! The steps of an object's life: one transition table a resource, read by its refusals and by
//! `allowed_actions` alike.

use std::fmt::Display;

use crate::error::{Error, Result};

/// A step, with the table of what it makes of each status.
pub trait Step: Copy + 'static {
    /// What the object is before and after.
    type Status: Copy + Display;

    /// Every step, in the order of `allowed_actions`.
    const ALL: &'static [Self];

    /// Its name in `allowed_actions`: the last part of its path.
    fn as_str(self) -> &'static str;

    /// The transition table: what an object becomes by this step, if its status allows it.
    fn from(self, status: Self::Status) -> Option<Self::Status>;

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
