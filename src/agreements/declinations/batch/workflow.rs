//! The steps of a batch: one transaction, and as many statements for a thousand declinations as for two.

use std::collections::HashMap;

use uuid::Uuid;

use super::plan::{Planned, plan};
use crate::agreements::declinations::model::{Declination, DeclinationInContext};
use crate::agreements::declinations::store::{self, many};
use crate::agreements::names::items;
use crate::auth::policy::Scope;
use crate::db::idempotency;
use crate::db::tx::{Step as Journal, Tx};
use crate::error::{Code, Place, Result};
use crate::http::table::planned::rows;
use crate::http::table::request::{How, Received};
use crate::http::table::told::{Meant, Objects, Written};
use crate::language::Language;
use crate::values::TextValue;
use crate::values::ids::DeclinationId;

type Found = HashMap<DeclinationId, DeclinationInContext>;

/// Creates and changes the declinations whose rows have no fault; answers what came of each.
///
/// # Errors
/// When the database fails. What is wrong with a row is its outcome.
pub async fn take(
    tx: &mut Tx<'_>,
    scope: &Scope,
    received: &mut Received,
    (how, language): (How, Language),
) -> Result<Objects> {
    items::name_conventions(tx.connection(), scope, &mut received.items).await?;
    let planned = plan(tx, scope, &received.items).await?;
    let after = if how.is_atomic && planned.iter().any(Result::is_err) {
        Found::new()
    } else {
        write(tx, scope, &planned).await?
    };
    let is_unnamed = |one: &Result<Planned>| match one {
        Err(error) => error
            .faults
            .iter()
            .any(|fault| fault.place == Place::field("convention_id")),
        Ok(_) => false,
    };
    let conventions = match planned.iter().any(is_unnamed) {
        true => items::last_references(tx.connection(), scope).await?,
        false => Vec::new(),
    };
    let outcomes = planned
        .into_iter()
        .map(|one| one.map(|one| written(one, &after, language)));
    Ok(Objects {
        outcomes: outcomes.collect(),
        meant: Meant {
            conventions,
            territories: scope.in_charge(),
            are_all: false,
        },
        decisive,
    })
}

/// The place that decides a refusal of a whole declination.
const fn decisive(code: Code) -> &'static str {
    match code {
        Code::ConventionNotSigned => "/convention_id",
        Code::NotFound | Code::Forbidden => "/id",
        _ => "",
    }
}

/// Writes what is planned, and journals it. Answers the declinations as they are then.
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
    let ids: Vec<DeclinationId> = new.iter().chain(&changed).map(|row| row.id).collect();
    let found = store::find_all(tx.connection(), scope, &ids).await?;
    let after: Found = found
        .into_iter()
        .map(|one| (one.declination.id, one))
        .collect();
    let steps: Vec<Journal<'_, Declination>> = planned
        .iter()
        .filter_map(|one| one.step(&after, |one| &one.declination))
        .collect();
    tx.record_all(&steps).await?;
    Ok(after)
}

/// The declination whose coordinator is replaced or removed.
fn person_changed(planned: &Planned) -> Option<Uuid> {
    let Planned::Changed(before, row) = planned else {
        return None;
    };
    let present = before.declination.as_input().coordinator;
    let is_changed = present.is_some() && present != row.content.coordinator;
    is_changed.then(|| before.declination.id.uuid())
}

/// What is told of a declination: as it is after it was written, or as it was.
fn written(planned: Planned, after: &Found, language: Language) -> Written {
    let outcome = planned.outcome();
    let id = planned.row().map(|row| row.id);
    let after = id.and_then(|id| after.get(&id));
    let told = |one: &DeclinationInContext| Written {
        outcome,
        id: one.declination.id.uuid(),
        version: one.declination.version,
        status: Some(one.declination.status.as_str().to_owned()),
        warnings: one.warnings(language),
    };
    match (after, &planned) {
        (Some(after), _) => told(after),
        (None, Planned::Same(one) | Planned::Changed(one, ..)) => told(one),
        // Only where the batch is refused as a whole: no verdict of it is kept.
        (None, Planned::Created(row)) => Written {
            outcome,
            id: row.id.uuid(),
            version: 1,
            status: None,
            warnings: Vec::new(),
        },
    }
}
