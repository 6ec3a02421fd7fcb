//! The steps of a batch: one transaction, and as many statements for a thousand items as for two.

use std::collections::{HashMap, HashSet};

use super::advice::Offerable;
use super::input::{How, Item, Received};
use super::verdict::{BatchVerdict, TouchVerdict};
use crate::auth::policy::Scope;
use crate::db::overlap::overlapped;
use crate::db::tx::Tx;
use crate::error::{Error, Place, Result};
use crate::offers::interventions::locating;
use crate::offers::interventions::model::{ExternalId, FRESH};
use crate::offers::interventions::pushes;
use crate::offers::interventions::status::AsOf;
use crate::offers::interventions::store::{self, Named};
use crate::offers::interventions::syncs;
use crate::offers::interventions::syncs::model::Sent;
use crate::offers::interventions::upsert::{self, Area, Existing, References, Upsert, Upserted};
use crate::register::partners::workflow::owned;
use crate::values::ids::PartnerId;

/// Upserts a partner's interventions from the items that have no fault, and answers the verdict of
/// each item.
///
/// # Errors
/// `not_found`, `forbidden`, `sync_not_open`; `validation_failed` for a fault of an atomic batch. What
/// is wrong with an item of another is noted in its verdict.
pub async fn push(
    tx: &mut Tx<'_>,
    scope: &Scope,
    partner: PartnerId,
    received: Received<'_>,
    as_of: AsOf,
) -> Result<BatchVerdict> {
    let how = received.how;
    let open = may_push(tx, scope, partner, how);
    let (_, mut items) = overlapped(open, received.items()).await?;
    refuse_repeats(&mut items);
    locate(tx, &mut items).await?;
    let distinct: HashSet<&ExternalId> = items.iter().flat_map(Item::possible_ids).collect();
    let names: Vec<&ExternalId> = distinct.into_iter().collect();
    let found = store::find_named(tx.connection(), scope, partner, &names, as_of).await?;
    let sent = Sent::of(&items, &found);
    let mut areas = check(tx, scope, &mut items, &found).await?;

    let is_refused = how.is_atomic && items.iter().any(|item| !item.faults.is_empty());
    let is_written = !how.is_dry_run && !is_refused;
    let upserts = upserts(&items, &mut areas, &found);
    let unchanged = unchanged(&items, found);
    let changed = if is_written {
        let existing = Existing::Read(unchanged.others);
        upsert::upsert_all(tx, scope, partner, &upserts, existing, as_of).await?
    } else {
        upsert::dry_run(tx, partner, &upserts, unchanged.others, as_of).await?
    };
    let mut by_name: HashMap<ExternalId, Upserted> = changed
        .into_iter()
        .chain(unchanged.upserted)
        .map(|one| (one.after.intervention.external_id.clone(), one))
        .collect();
    if is_written {
        confirm(tx, &mut by_name).await?;
    }
    let taken = |item: &Item<'_>| by_name.remove(item.sound()?.0);
    let upserted: Vec<Option<Upserted>> = items.iter().map(taken).collect();
    let offerable = offerable(tx, scope, partner, &items, as_of).await?;
    let mut verdict = BatchVerdict::of(&received, &items, &upserted, &offerable).await;
    if is_refused {
        return Err(Error::validation(received.faults(&items)).with_verdicts(&verdict)?);
    }
    if let Some(sync) = how.sync_id.filter(|_| is_written) {
        let sent = sent.and_created(&upserted);
        syncs::workflow::note(tx, sync, &mut verdict, sent).await?;
    }
    if is_written {
        pushes::store::insert(tx, partner, &verdict).await?;
    }
    Ok(verdict)
}

/// Refuses a batch that is not the partner's own, or of a synchronisation that is not open.
async fn may_push(tx: &mut Tx<'_>, scope: &Scope, partner: PartnerId, how: How) -> Result<()> {
    owned(tx, scope, partner).await?;
    match how.sync_id {
        Some(sync) => syncs::workflow::join(tx, scope, partner, sync).await,
        None => Ok(()),
    }
}

impl Sent {
    /// Every intervention that an item is or may be about: a mistake withdraws none of them.
    fn of(items: &[Item<'_>], found: &Named) -> Self {
        let possible = items.iter().flat_map(Item::possible_ids);
        let known = possible.filter_map(|name| found.get(name));
        Self {
            interventions: known.map(|offer| offer.intervention.id).collect(),
            unidentified: items
                .iter()
                .filter(|item| !item.is_identified(found))
                .count(),
        }
    }

    /// With those that the batch created.
    fn and_created(mut self, upserted: &[Option<Upserted>]) -> Self {
        let ids = upserted
            .iter()
            .flatten()
            .map(|one| one.after.intervention.id);
        self.interventions.extend(ids);
        self
    }
}

/// Of several items with one external id the first is taken.
fn refuse_repeats(items: &mut [Item<'_>]) {
    let mut seen: HashSet<ExternalId> = HashSet::new();
    for item in items {
        if let Some(name) = &item.external_id
            && !seen.insert(name.clone())
        {
            item.is_repeated();
        }
    }
}

/// Finds the points of places told by a commune or a postal code, for all items together.
async fn locate(tx: &mut Tx<'_>, items: &mut [Item<'_>]) -> Result<()> {
    let contents = items.iter_mut().filter_map(|item| item.content.as_mut());
    locating::locate(tx.connection(), contents).await?;
    for item in items {
        let fault = item.content.as_ref().and_then(locating::fault);
        item.faults.extend(fault);
    }
    Ok(())
}

/// Whether an item leaves its intervention unchanged.
fn is_unchanged(item: &Item<'_>, found: &Named) -> bool {
    item.sound().is_some_and(|(name, content)| {
        let before = found.get(name);
        before.is_some_and(|before| before.verb_to(content).is_none())
    })
}

/// Checks the items that change something against stored rows, noting their faults; answers
/// where each is offered, by its place.
async fn check(
    tx: &mut Tx<'_>,
    scope: &Scope,
    items: &mut [Item<'_>],
    found: &Named,
) -> Result<HashMap<usize, Area>> {
    let says_something = |item: &&Item<'_>| !is_unchanged(item, found);
    let new: Vec<_> = items
        .iter()
        .filter(says_something)
        .filter_map(|item| item.sound().map(|(_, content)| content))
        .collect();
    if new.is_empty() {
        return Ok(HashMap::new());
    }
    let references = References::of(tx, scope, &new).await?;
    let mut areas = HashMap::new();
    for (place, item) in items.iter_mut().enumerate() {
        if is_unchanged(item, found) {
            continue;
        }
        let Some((_, content)) = item.sound() else {
            continue;
        };
        match references.area(content) {
            Ok(area) => {
                areas.insert(place, area);
            }
            Err(faults) => item.faults.extend(faults),
        }
    }
    Ok(areas)
}

/// The upserts of the items that change something.
fn upserts<'i>(
    items: &'i [Item<'_>],
    areas: &mut HashMap<usize, Area>,
    found: &Named,
) -> Vec<Upsert<'i>> {
    let places = items.iter().enumerate();
    let upserts = places.filter_map(|(place, item)| {
        let (external_id, content) = item.sound()?;
        Some(Upsert {
            external_id,
            content,
            area: areas.remove(&place)?,
            is_there: found.contains_key(external_id),
        })
    });
    upserts.collect()
}

/// The existing ones that stay as they are, and the others.
struct Unchanged {
    upserted: Vec<Upserted>,
    others: Named,
}

fn unchanged(items: &[Item<'_>], mut found: Named) -> Unchanged {
    let names: Vec<ExternalId> = items
        .iter()
        .filter(|item| is_unchanged(item, &found))
        .filter_map(|item| item.external_id.clone())
        .collect();
    let same = names.into_iter().filter_map(|name| found.remove(&name));
    let upserted = same.map(Upserted::unchanged).collect();
    Unchanged {
        upserted,
        others: found,
    }
}

/// Confirms that what stays is still offered, where the last confirmation is old.
async fn confirm(tx: &mut Tx<'_>, upserted: &mut HashMap<ExternalId, Upserted>) -> Result<()> {
    let now = tx.now;
    let due = upserted
        .values_mut()
        .filter(|one| one.verb.is_none() && one.after.intervention.needs_confirmation(now));
    let mut ids = Vec::new();
    for one in due {
        one.after.intervention.confirmed_at = now;
        ids.push(one.after.intervention.id);
    }
    store::confirm(tx.connection(), &ids, now).await
}

/// The conventions a partner could offer something under: asked for only where an item names one it
/// cannot.
async fn offerable(
    tx: &mut Tx<'_>,
    scope: &Scope,
    partner: PartnerId,
    items: &[Item<'_>],
    as_of: AsOf,
) -> Result<Vec<Offerable>> {
    let place = Place::field("convention_id");
    let mut faults = items.iter().flat_map(|item| &item.faults);
    if !faults.any(|fault| fault.place == place) {
        return Ok(Vec::new());
    }
    store::offerable(tx.connection(), scope, partner, as_of.day).await
}

/// Confirms that a partner still offers these, and answers which of them it does not.
///
/// # Errors
/// `not_found`, `forbidden`.
pub async fn touch(
    tx: &mut Tx<'_>,
    scope: &Scope,
    partner: PartnerId,
    names: &[ExternalId],
) -> Result<TouchVerdict> {
    owned(tx, scope, partner).await?;
    let now = tx.now;
    let found = store::touch(tx.connection(), partner, names, now - FRESH, now).await?;
    let named = |is_it: &dyn Fn(Option<&bool>) -> bool| -> Vec<String> {
        let those = names.iter().filter(|name| is_it(found.get(*name)));
        those.map(ExternalId::to_string).collect()
    };
    let unknown = named(&|existing| existing.is_none());
    let withdrawn = named(&|existing| existing == Some(&true));
    Ok(TouchVerdict {
        confirmed: names.len().saturating_sub(unknown.len() + withdrawn.len()),
        unknown,
        withdrawn,
    })
}
