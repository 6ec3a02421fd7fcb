//! The steps of a batch: one transaction, and as many statements for a thousand reports as for two.

use std::collections::HashMap;

use super::pieces;
use super::plan::{Planned, plan};
use super::told::Outcomes;
use crate::agreements::names::items;
use crate::auth::policy::Scope;
use crate::db::tx::{Step as Journal, Tx};
use crate::error::{Error, Result};
use crate::http::table::request::{How, Received};
use crate::http::table::told::Meant;
use crate::results::reports::model::FullReport;
use crate::results::reports::store;
use crate::results::reports::store::many::{self, Change};
use crate::values::COUNTRY;
use crate::values::ids::ReportId;

/// Creates and changes the reports whose items have no fault; answers what came of each.
///
/// # Errors
/// `validation_failed` for more reports than a batch may have. What is wrong with an item is noted of it.
pub async fn take(
    tx: &mut Tx<'_>,
    scope: &Scope,
    received: &mut Received,
    how: How,
) -> Result<Outcomes> {
    items::name_conventions(tx.connection(), scope, &mut received.items).await?;
    let items = std::mem::take(&mut received.items);
    let read = move || {
        let pieces = pieces::reports(&items);
        (items, pieces)
    };
    let read = tokio::task::spawn_blocking(read).await;
    let (items, mut pieces) = read.map_err(Error::internal)?;
    received.items = items;
    let planned = plan(tx, scope, &mut pieces).await?;
    let is_refused = planned.iter().any(|one| matches!(one, Planned::Refused(_)));
    let after = if how.is_atomic && is_refused {
        HashMap::new()
    } else {
        write(tx, scope, &planned).await?
    };
    let mut faults = pieces.iter().flat_map(|piece| &piece.faults);
    let conventions = match faults.any(|fault| fault.pointer == "/convention_id") {
        true => items::last_references(tx.connection(), scope).await?,
        false => Vec::new(),
    };
    Ok(Outcomes {
        pieces,
        planned,
        after,
        meant: Meant {
            conventions,
            territories: match scope.is_everything() {
                true => vec![COUNTRY.to_owned()],
                false => scope.in_charge(),
            },
            are_all: true,
        },
    })
}

/// Writes what is planned, and journals it. Answers the reports as they are then.
async fn write(
    tx: &mut Tx<'_>,
    scope: &Scope,
    planned: &[Planned],
) -> Result<HashMap<ReportId, FullReport>> {
    let (author, now) = (tx.subject().to_owned(), tx.now);
    let opened = planned.iter().filter_map(|one| match one {
        Planned::Opened(id, new, opening) => Some((opening.beginning(&author, (*id, now)), new)),
        _ => None,
    });
    let opened: Vec<_> = opened.collect();
    let changed = planned.iter().filter_map(|one| match one {
        Planned::Changed(before, new) => Some(Change {
            before: &before.report,
            new,
            are_lines_new: before.lines != new.lines,
        }),
        _ => None,
    });
    let changed: Vec<_> = changed.collect();
    many::insert(tx.connection(), (author.as_str(), now), &opened).await?;
    many::update(tx.connection(), (author.as_str(), now), &changed).await?;
    let ids: Vec<ReportId> = planned.iter().filter_map(Planned::written).collect();
    let found = store::find_whole(tx.connection(), scope, &ids).await?;
    let after: HashMap<ReportId, FullReport> = found
        .into_iter()
        .map(|report| (report.report.id, report))
        .collect();
    let steps = planned.iter().filter_map(|one| journal(one, &after));
    let steps: Vec<_> = steps.collect();
    tx.record_all(&steps).await?;
    Ok(after)
}

fn journal<'a>(
    planned: &'a Planned,
    after: &'a HashMap<ReportId, FullReport>,
) -> Option<Journal<'a, FullReport>> {
    let after = after.get(&planned.written()?);
    Some(match planned {
        Planned::Changed(before, _) => Journal {
            verb: "updated",
            before: Some(before),
            after,
        },
        _ => Journal {
            verb: "created",
            before: None,
            after,
        },
    })
}
