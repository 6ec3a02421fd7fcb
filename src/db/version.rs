//! Which version of an object a write is made from.

use crate::error::{Code, Error, Result};

/// What a write asks of the object's present version (`If-Match`, RFC 9110 §13.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    /// No `If-Match`.
    #[default]
    None,
    /// `If-Match: *`: any version.
    Any,
    /// One of these versions. Those of tags that are not ours match nothing.
    Versions(Vec<i64>),
}

impl Precondition {
    /// Refuses when the object is not of a version asked for.
    ///
    /// # Errors
    /// `precondition_failed`.
    pub fn check(&self, present: i64) -> Result<()> {
        match self {
            Self::Versions(versions) if !versions.contains(&present) => {
                Err(Error::new(Code::PreconditionFailed))
            }
            _ => Ok(()),
        }
    }
}

/// What a write that creates or replaces asks, in both ways.
#[derive(Debug, Clone, Copy)]
pub struct Conditions<'a> {
    /// What must be there (`If-Match`).
    pub if_match: &'a Precondition,
    /// What must not (`If-None-Match`, RFC 9110 §13.1.2): with `*`, anything.
    pub if_none_match: &'a Precondition,
}

impl Conditions<'_> {
    /// Refuses when what is there, if anything is, is not what is asked for.
    ///
    /// # Errors
    /// `precondition_failed`.
    pub fn check(&self, present: Option<i64>) -> Result<()> {
        let refused = match (present, self.if_none_match) {
            (Some(_), Precondition::Any) => true,
            (Some(present), Precondition::Versions(versions)) => versions.contains(&present),
            // Nothing is there: no version matches, not even any.
            (None, _) => *self.if_match != Precondition::None,
            (Some(_), Precondition::None) => false,
        };
        if refused {
            return Err(Error::new(Code::PreconditionFailed));
        }
        present.map_or(Ok(()), |present| self.if_match.check(present))
    }
}
