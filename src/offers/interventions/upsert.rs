//! The upsert of a partner's interventions, one or a thousand at a time: the checks that need the
//! database, and the writing. `PUT`, `PATCH` and the batch all pass here.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::content::NewIntervention;
use super::model::{ExternalId, Intervention, Offer};
use super::status::{AsOf, Eligibility};
use super::store::{self, Change, Eligibilities, Named, NewRow};
use crate::agreements::conventions;
use crate::auth::policy::Scope;
use crate::db::overlap::overlapped;
use crate::db::tx::{Step, Tx};
use crate::error::{Error, Fault, Place, Result, Rule};
use crate::register::territories::ancestry::{self, Schools};
use crate::values::ids::{ConventionId, InterventionId, PartnerId};
use crate::values::{TextValue, differing};

/// What the database knows of what some interventions name: the conventions, the schools.
pub struct References {
    conventions: HashSet<ConventionId>,
    schools: Schools,
}

impl References {
    /// Reads all of them together.
    pub async fn of(tx: &mut Tx<'_>, scope: &Scope, upserted: &[&NewIntervention]) -> Result<Self> {
        let connection = &*tx.connection();
        let distinct: HashSet<ConventionId> =
            upserted.iter().map(|new| new.convention_id).collect();
        let named: Vec<ConventionId> = distinct.into_iter().collect();
        let territories = upserted.iter().flat_map(|new| &new.territories);
        let (conventions, schools) = tokio::try_join!(
            conventions::store::find_all(connection, scope, &named),
            Schools::among(connection, territories),
        )?;
        Ok(Self {
            conventions: conventions.into_iter().map(|one| one.id).collect(),
            schools,
        })
    }

    /// Where an intervention is offered, once its convention and its territories are known to exist.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn area(&self, new: &NewIntervention) -> std::result::Result<Area, Vec<Fault>> {
        let mut faults = Vec::new();
        if !self.conventions.contains(&new.convention_id) {
            faults.push(Fault {
                place: Place::field("convention_id"),
                rule: Rule::UnknownReference,
            });
        }
        match self.schools.each(&new.territories) {
            Ok(ancestries) if faults.is_empty() => Ok(Area::of(ancestries, new)),
            Ok(_) => Err(faults),
            Err(unknown) => {
                faults.extend(unknown.faults(|index| format!("/territories/{index}")));
                Err(faults)
            }
        }
    }
}

/// Where an intervention is offered, as territories above and below it are compared with.
#[derive(Debug, Default)]
pub struct Area {
    /// The ancestors common to its territories.
    pub held_by: Vec<String>,
    /// Its territories, the department of its place, and all above them.
    pub reach: Vec<String>,
}

impl Area {
    fn of(mut ancestries: Vec<Vec<String>>, new: &NewIntervention) -> Self {
        let held_by = ancestry::common(&ancestries);
        let department = new
            .place
            .as_ref()
            .and_then(|place| place.department.as_ref());
        ancestries.extend(department.map(|code| ancestry::ancestry(code.as_str())));
        Self {
            held_by,
            reach: ancestry::all(&ancestries),
        }
    }
}

/// The upsert of one intervention, checked.
#[derive(Debug)]
pub struct Upsert<'a> {
    /// Its external id.
    pub external_id: &'a ExternalId,
    /// Its content.
    pub content: &'a NewIntervention,
    /// Where it is offered.
    pub area: Area,
    /// Whether it existed when it was read.
    pub is_there: bool,
}

/// The outcome of an upsert.
#[derive(Debug)]
pub struct Upserted {
    /// The intervention before; none when it was created.
    pub before: Option<Offer>,
    /// The intervention now.
    pub after: Offer,
    /// The verb of the step; none when nothing changed.
    pub verb: Option<&'static str>,
}

impl Upserted {
    /// The outcome of an upsert that changes nothing.
    pub fn unchanged(offer: Offer) -> Self {
        Self {
            before: Some(offer.clone()),
            after: offer,
            verb: None,
        }
    }
}

/// The interventions that exist already, as far as they were read.
pub enum Existing {
    /// All of them, locked until the transaction ends.
    Locked(Named),
    /// They were read, and may have changed since.
    Read(Named),
}

/// Writes the upserts, each external id once: creates, changes, offers again, and journals it; in a
/// number of statements that does not depend on the number of upserts.
///
/// # Errors
/// As the writes.
pub async fn upsert_all(
    tx: &mut Tx<'_>,
    scope: &Scope,
    partner: PartnerId,
    upserts: &[Upsert<'_>],
    existing: Existing,
    as_of: AsOf,
) -> Result<Vec<Upserted>> {
    let now = tx.now;
    let new = new_rows(tx, upserts);
    let inserted = store::insert_all(tx.connection(), partner, &new, now).await?;
    // Those that another request inserted first exist now, and stay.
    let (mut locked, seen) = match existing {
        Existing::Locked(locked) => (locked, Named::new()),
        Existing::Read(seen) => (Named::new(), seen),
    };
    let others: Vec<&ExternalId> = upserts
        .iter()
        .map(|upsert| upsert.external_id)
        .filter(|name| !inserted.contains(*name) && !locked.contains_key(*name))
        .collect();
    locked.extend(store::lock_named(tx.connection(), scope, partner, &others, seen, as_of).await?);

    let upserted = plan(tx, partner, upserts, &new, locked, as_of).await?;
    let steps: Vec<Step<'_, Offer>> = upserted
        .iter()
        .filter_map(|one| {
            Some(Step {
                verb: one.verb?,
                before: one.before.as_ref(),
                after: Some(&one.after),
            })
        })
        .collect();
    // While the journal is written, what changes is worked out.
    let ((), changes) =
        overlapped(tx.record_all(&steps), async { changes(upserts, &upserted) }).await?;
    store::update_all(tx.connection(), &changes?, now).await?;
    Ok(upserted)
}

/// What [`upsert_all`] would make of it, with nothing written: `found` has what is there.
pub async fn dry_run(
    tx: &mut Tx<'_>,
    partner: PartnerId,
    upserts: &[Upsert<'_>],
    found: Named,
    as_of: AsOf,
) -> Result<Vec<Upserted>> {
    let new = new_rows(tx, upserts);
    plan(tx, partner, upserts, &new, found, as_of).await
}

/// The rows of those that did not exist when they were read.
fn new_rows<'a>(tx: &Tx<'_>, upserts: &'a [Upsert<'_>]) -> Vec<NewRow<'a>> {
    let absent = upserts.iter().filter(|upsert| !upsert.is_there);
    absent
        .map(|upsert| row(upsert, InterventionId::new(tx.new_id())))
        .collect()
}

fn row<'a>(upsert: &'a Upsert<'_>, id: InterventionId) -> NewRow<'a> {
    NewRow {
        id,
        external_id: upsert.external_id,
        content: upsert.content,
        held_by: &upsert.area.held_by,
        reach: &upsert.area.reach,
    }
}

/// The changes to existing rows, by the outcome of each upsert.
fn changes<'a>(upserts: &'a [Upsert<'_>], upserted: &[Upserted]) -> Result<Vec<Change<'a>>> {
    let mut changes = Vec::new();
    for (upsert, upserted) in upserts.iter().zip(upserted) {
        if let (Some(before), Some(_)) = (&upserted.before, upserted.verb) {
            changes.push(Change {
                row: row(upsert, before.intervention.id),
                members: differing(&before.intervention.content, upsert.content)?,
            });
        }
    }
    Ok(changes)
}

/// The outcome of each upsert, in their order: of those that are `there`, and of the others, whose
/// rows are `new`. Eligibility is only read for those whose upsert may change it.
async fn plan(
    tx: &mut Tx<'_>,
    partner: PartnerId,
    upserts: &[Upsert<'_>],
    new: &[NewRow<'_>],
    mut there: Named,
    as_of: AsOf,
) -> Result<Vec<Upserted>> {
    let mut rows: Vec<NewRow<'_>> = Vec::new();
    for upsert in upserts {
        if let Some(before) = there.get(upsert.external_id)
            && !before
                .intervention
                .content
                .has_same_eligibility_as(upsert.content)
        {
            rows.push(row(upsert, before.intervention.id));
        }
    }
    let absent = new
        .iter()
        .filter(|row| !there.contains_key(row.external_id));
    rows.extend(absent.cloned());
    let mut plan = Plan {
        eligibilities: store::eligibilities(tx.connection(), partner, &rows, as_of.day).await?,
        ids: rows.iter().map(|row| (row.external_id, row.id)).collect(),
        partner,
        now: tx.now,
        as_of,
    };
    let upserted = upserts
        .iter()
        .map(|upsert| plan.upserted(upsert, there.remove(upsert.external_id)));
    upserted.collect()
}

/// The rows whose eligibility may be new, and what it is.
struct Plan<'a> {
    eligibilities: Eligibilities,
    ids: HashMap<&'a ExternalId, InterventionId>,
    partner: PartnerId,
    now: DateTime<Utc>,
    as_of: AsOf,
}

impl Plan<'_> {
    fn upserted(&mut self, upsert: &Upsert<'_>, before: Option<Offer>) -> Result<Upserted> {
        let Some(before) = before else {
            let id = self.ids.get(upsert.external_id).copied();
            let (id, eligibility) = id
                .and_then(|id| Some((id, self.eligibilities.remove(&id)?)))
                .ok_or_else(|| Error::internal("an intervention that was not written"))?;
            return Ok(Upserted {
                before: None,
                after: self.offer(upsert, id, eligibility, None),
                verb: Some("created"),
            });
        };
        let Some(verb) = before.verb_to(upsert.content) else {
            return Ok(Upserted::unchanged(before));
        };
        let id = before.intervention.id;
        let eligibility = self
            .eligibilities
            .remove(&id)
            .unwrap_or_else(|| before.eligibility.clone());
        Ok(Upserted {
            after: self.offer(upsert, id, eligibility, Some(&before)),
            before: Some(before),
            verb: Some(verb),
        })
    }

    fn offer(
        &self,
        upsert: &Upsert<'_>,
        id: InterventionId,
        eligibility: Eligibility,
        before: Option<&Offer>,
    ) -> Offer {
        let row = before.map(|before| &before.intervention);
        Offer {
            intervention: Intervention {
                id,
                partner_id: self.partner,
                external_id: upsert.external_id.clone(),
                content: upsert.content.clone(),
                confirmed_at: self.now,
                withdrawn_at: None,
                created_at: row.map_or(self.now, |row| row.created_at),
                updated_at: self.now,
                version: row.map_or(1, |row| row.version.saturating_add(1)),
            },
            eligibility,
            taken: before.map_or(0, |before| before.taken),
            rank: None,
            distance_km: None,
            as_of: self.as_of,
        }
    }
}
