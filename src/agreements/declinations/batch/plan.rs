//! What becomes of each row of a batch: what would become of its declination were it sent alone.

use std::collections::HashSet;

use super::layout::LAYOUT;
use super::there::{Key, Row, There};
use crate::agreements::declinations::content::{Content, NewDeclination};
use crate::agreements::declinations::ground::Grounds;
use crate::agreements::declinations::model::{DeclinationInContext, Step};
use crate::agreements::declinations::store::many;
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::error::{Error, Result};
use crate::http::table::object::{Said, repeated_row};
use crate::http::table::planned;
use crate::http::table::request::Item;
use crate::values::ids::{DeclinationId, kind};
use crate::values::today;

/// What becomes of a declination.
pub type Planned = planned::Planned<kind::Declination, NewDeclination, DeclinationInContext>;

/// What a row asks for, before the rules.
enum Asked {
    New(NewDeclination),
    /// With its content under the convention that it keeps.
    Change(Box<DeclinationInContext>, NewDeclination, Box<Content>),
    Same(Box<DeclinationInContext>),
}

impl Asked {
    /// The content whose ground the rules are checked on.
    const fn content(&self) -> Option<&Content> {
        match self {
            Self::New(new) => Some(&new.content),
            Self::Change(_, _, kept) => Some(kept),
            Self::Same(_) => None,
        }
    }
}

/// Decides of each row, under locks that last as long as the transaction: nine queries, whatever their
/// number.
pub async fn plan(tx: &mut Tx<'_>, scope: &Scope, items: &[Item]) -> Result<Vec<Result<Planned>>> {
    let rows: Vec<Result<Row>> = Said::read_all(items, &LAYOUT).await;
    let sound: Vec<&Row> = rows.iter().flatten().collect();
    let there = There::of(tx.connection(), scope, &sound).await?;
    let mut seen = Seen::default();
    let asked = rows
        .into_iter()
        .map(|row| row.and_then(|row| asked(scope, &there, &mut seen, row)));
    let asked: Vec<Result<Asked>> = asked.collect();
    let contents: Vec<&Content> = asked.iter().flatten().filter_map(Asked::content).collect();
    let day = today(tx.now);
    let grounds = Grounds::of(tx.connection(), scope, &contents, Vec::new(), day).await?;
    let planned = asked
        .into_iter()
        .map(|asked| asked.and_then(|asked| admitted(tx, scope, &grounds, asked)));
    Ok(planned.collect())
}

/// The declinations that earlier rows are of.
#[derive(Default)]
struct Seen {
    ids: HashSet<DeclinationId>,
    keys: HashSet<Key>,
}

/// What a row asks for: the first of its declination.
fn asked(scope: &Scope, there: &There, seen: &mut Seen, row: Row) -> Result<Asked> {
    let before = there.one(scope, &row)?;
    let is_first = match (before, &row.new) {
        (Some(before), _) => seen.ids.insert(before.declination.id),
        (None, Some(new)) => seen.keys.insert(Key::of(new)),
        (None, None) => true,
    };
    if !is_first {
        return Err(repeated_row());
    }
    let Some(before) = before else {
        let new = row.new.ok_or_else(Error::not_found)?;
        return Ok(Asked::New(new));
    };
    let present = before.declination.as_input();
    let changed = row.patch.apply(&present);
    let before = Box::new(before.clone());
    if changed.as_ref().is_ok_and(|new| *new == present) {
        return Ok(Asked::Same(before));
    }
    before.declination.step(Step::Update)?;
    let new = changed?;
    let kept = new.content.under(present.content.convention_id);
    Ok(Asked::Change(before, new, Box::new(kept)))
}

/// What is to be written of it, by the rules of one.
fn admitted(tx: &Tx<'_>, scope: &Scope, grounds: &Grounds, asked: Asked) -> Result<Planned> {
    match asked {
        Asked::New(new) => {
            let ground = grounds.under(&new.content);
            ground.admits(scope, &new.content)?;
            Ok(Planned::Created(many::Row {
                id: DeclinationId::new(tx.new_id()),
                content: new,
                ancestors: ground.ancestors(),
            }))
        }
        Asked::Change(before, new, kept) => {
            let ground = grounds.under(&kept);
            let ancestors = ground.admits_change(scope, &before.declination, &new.content)?;
            let row = many::Row {
                id: before.declination.id,
                content: new,
                ancestors,
            };
            Ok(Planned::Changed(before, row))
        }
        Asked::Same(before) => Ok(Planned::Same(before)),
    }
}
