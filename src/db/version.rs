//! Which version of an object a write is made from.

use crate::error::{Code, Error, Notice, Place, Result, Rule, notice};

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
    /// The same, and a tag that matches nothing for the way it is written.
    Flawed(Vec<i64>, &'static Notice),
}

/// A tag that a proxy made weak: it stands for one of several codings of the object.
pub static WEAK_ETAG: Notice = notice(
    "weak_etag",
    "Cet `ETag` est faible (`W/…`) et ne se compare pas dans `If-Match` (RFC 9110 §13.1.1) : un intermédiaire qui compresse l'a changé. Envoyez-le sans `W/`, ou demandez la réponse avec `Accept-Encoding: identity`.",
    "This `ETag` is weak (`W/…`) and is not compared in `If-Match` (RFC 9110 §13.1.1): a proxy that compresses has changed it. Send it without `W/`, or ask for the answer with `Accept-Encoding: identity`.",
);

/// A tag without its quotes.
pub static UNQUOTED_ETAG: Notice = notice(
    "unquoted_etag",
    "Un `ETag` s'écrit entre guillemets, tel qu'il a été lu : `\"1.abc\"`.",
    "An `ETag` is written in double quotes, as it was read: `\"1.abc\"`.",
);

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
            Self::Flawed(versions, notice) if !versions.contains(&present) => Err(Error::at(
                Code::PreconditionFailed,
                Place::Header("If-Match"),
                Rule::Own(notice),
            )),
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
            (
                Some(present),
                Precondition::Versions(versions) | Precondition::Flawed(versions, _),
            ) => versions.contains(&present),
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
