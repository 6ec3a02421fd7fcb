//! The steps of a batch: one transaction, and as many statements for a thousand reports as for two.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::pieces;
use super::plan::{Planned, plan};
use super::told::Outcomes;
use crate::auth::policy::Scope;
use crate::db::tx::{Step as Journal, Tx};
use crate::error::{Error, Result};
use crate::http::table::request::{How, Item, Received};
use crate::results::reports::model::FullReport;
use crate::results::reports::store;
use crate::results::reports::store::many::{self, Change};
use crate::values::ids::{ConventionId, ReportId};
use crate::values::{COUNTRY, FromText};

/// The longest text that can be a reference, in bytes.
const LONGEST_REFERENCE: usize = 200;

/// The most conventions that are named where another was meant.
const MOST_NAMED: i64 = 200;

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
    let unknown = name_conventions(tx, scope, &mut received.items).await?;
    let items = std::mem::take(&mut received.items);
    let read = move || {
        let pieces = pieces::reports(&items, &unknown);
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
        true => many::references(tx.connection(), scope, MOST_NAMED).await?,
        false => Vec::new(),
    };
    Ok(Outcomes {
        pieces,
        planned,
        after,
        conventions,
        own: own(scope),
    })
}

/// The territories that the caller reports on.
fn own(scope: &Scope) -> Vec<String> {
    match scope.territories() {
        Some((named, _)) => named.to_vec(),
        None if scope.is_everything() => vec![COUNTRY.to_owned()],
        None => scope.own_schools(),
    }
}

/// Puts ids in the place of references; answers the items whose convention is none.
async fn name_conventions(
    tx: &mut Tx<'_>,
    scope: &Scope,
    items: &mut [Item],
) -> Result<HashSet<usize>> {
    let text = |item: &Item| {
        item.object
            .get("convention_id")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let is_id = |text: &str| ConventionId::from_text(text).is_ok();
    let mut references: Vec<String> = items
        .iter()
        .filter_map(text)
        .filter(|text| !is_id(text) && text.len() <= LONGEST_REFERENCE)
        .collect();
    references.sort();
    references.dedup();
    let found: HashMap<String, ConventionId> = many::named(tx.connection(), scope, &references)
        .await?
        .into_iter()
        .collect();
    let mut unknown = HashSet::new();
    for (index, item) in items.iter_mut().enumerate() {
        let Some(named) = text(item).filter(|text| !is_id(text)) else {
            continue;
        };
        match (found.get(&named), item.object.get_mut("convention_id")) {
            (Some(id), Some(place)) => *place = id.to_string().into(),
            _ => {
                unknown.insert(index);
            }
        }
    }
    Ok(unknown)
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
