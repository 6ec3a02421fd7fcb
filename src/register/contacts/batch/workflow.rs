//! The steps of a batch: one transaction, and as many statements for a thousand contacts as for two.

use std::collections::HashMap;

use uuid::Uuid;

use super::plan::{Planned, plan};
use crate::auth::policy::Scope;
use crate::db::idempotency;
use crate::db::tx::{Step as Journal, Tx};
use crate::error::{Code, Result};
use crate::http::table::planned::rows;
use crate::http::table::request::{How, Received};
use crate::http::table::told::{Meant, Objects, Written};
use crate::register::contacts::model::Contact;
use crate::register::contacts::store::{self, many};
use crate::values::ids::ContactId;

type Found = HashMap<ContactId, Contact>;

/// Registers and changes the contacts whose rows have no fault; answers what came of each.
///
/// # Errors
/// When the database fails. What is wrong with a row is its outcome.
pub async fn take(
    tx: &mut Tx<'_>,
    scope: &Scope,
    received: &Received,
    how: How,
) -> Result<Objects> {
    let planned = plan(tx, scope, &received.items).await?;
    let after = if how.is_atomic && planned.iter().any(Result::is_err) {
        Found::new()
    } else {
        write(tx, scope, &planned).await?
    };
    let outcomes = planned
        .into_iter()
        .map(|one| one.map(|one| written(&one, &after)));
    Ok(Objects {
        outcomes: outcomes.collect(),
        meant: Meant {
            conventions: Vec::new(),
            territories: scope.in_charge(),
            are_all: false,
        },
        decisive,
    })
}

/// The place that decides a refusal of a whole contact.
const fn decisive(code: Code) -> &'static str {
    match code {
        Code::NotFound => "/id",
        _ => "",
    }
}

/// Writes what is planned, and journals it. Answers the contacts as they are then.
async fn write(tx: &mut Tx<'_>, scope: &Scope, planned: &[Result<Planned>]) -> Result<Found> {
    let now = tx.now;
    let planned: Vec<&Planned> = planned.iter().flatten().collect();
    let (new, changed) = rows(&planned);
    many::insert(tx.connection(), now, &new).await?;
    many::update(tx.connection(), now, &changed).await?;
    // The kept answers that contain a person who was changed are erased too.
    let persons: Vec<Uuid> = planned
        .iter()
        .filter_map(|one| person_changed(one))
        .collect();
    idempotency::erase_persons(tx.connection(), &persons).await?;
    let ids: Vec<ContactId> = new.iter().chain(&changed).map(|row| row.id).collect();
    let found = store::find_all(tx.connection(), scope, &ids).await?;
    let after: Found = found.into_iter().map(|one| (one.id, one)).collect();
    let steps: Vec<Journal<'_, Contact>> = planned
        .iter()
        .filter_map(|one| one.step(&after, |one| one))
        .collect();
    tx.record_all(&steps).await?;
    Ok(after)
}

/// The contact whose person is replaced or removed.
fn person_changed(planned: &Planned) -> Option<Uuid> {
    let Planned::Changed(before, row) = planned else {
        return None;
    };
    (!row.content.names_the_same(&before.content)).then(|| before.id.uuid())
}

/// What is told of a contact: as it is after it was written, or as it was.
fn written(planned: &Planned, after: &Found) -> Written {
    let (id, version) = match planned {
        Planned::Created(row) => (row.id, 1),
        Planned::Changed(before, ..) | Planned::Same(before) => (before.id, before.version),
    };
    let after = after.get(&id).map(|after| after.version);
    Written {
        outcome: planned.outcome(),
        id: id.uuid(),
        version: after.unwrap_or(version),
        status: None,
        warnings: Vec::new(),
    }
}
