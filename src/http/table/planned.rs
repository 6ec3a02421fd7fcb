//! What becomes of an item that is an object of its own.

use std::collections::HashMap;

use super::verdict::Outcome;
use crate::db::rows::Row;
use crate::db::tx::Step;
use crate::values::ids::Id;

/// What becomes of an object: `T` is what is said of it, `B` the one that is there.
pub enum Planned<K: 'static, T, B> {
    /// It is created.
    Created(Row<K, T>),
    /// The one that is there becomes this.
    Changed(Box<B>, Row<K, T>),
    /// It is there as it is said.
    Same(Box<B>),
}

impl<K, T, B> Planned<K, T, B> {
    /// What it is called in a verdict.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Created(_) => Outcome::Created,
            Self::Changed(..) => Outcome::Updated,
            Self::Same(_) => Outcome::Unchanged,
        }
    }

    /// What is written of it.
    pub const fn row(&self) -> Option<&Row<K, T>> {
        match self {
            Self::Created(row) | Self::Changed(_, row) => Some(row),
            Self::Same(_) => None,
        }
    }

    /// Its step in the journal, once it is written; `of` is the object that is journaled.
    pub fn step<'a, J>(
        &'a self,
        after: &'a HashMap<Id<K>, B>,
        of: impl Fn(&'a B) -> &'a J,
    ) -> Option<Step<'a, J>> {
        let after = Some(of(after.get(&self.row()?.id)?));
        Some(match self {
            Self::Changed(before, _) => Step {
                verb: "updated",
                before: Some(of(before)),
                after,
            },
            Self::Created(_) | Self::Same(_) => Step {
                verb: "created",
                before: None,
                after,
            },
        })
    }
}

/// Rows of those planned.
pub type Rows<'a, K, T> = Vec<&'a Row<K, T>>;

/// Of those planned, the rows to insert and the rows to replace.
pub fn rows<'a, K, T, B>(planned: &[&'a Planned<K, T, B>]) -> (Rows<'a, K, T>, Rows<'a, K, T>) {
    let new = planned.iter().filter_map(|one| match one {
        Planned::Created(row) => Some(row),
        Planned::Changed(..) | Planned::Same(_) => None,
    });
    let changed = planned.iter().filter_map(|one| match one {
        Planned::Changed(_, row) => Some(row),
        Planned::Created(_) | Planned::Same(_) => None,
    });
    (new.collect(), changed.collect())
}
