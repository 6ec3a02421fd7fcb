//! What a partner says of its interventions, one or a thousand at a time: the checks that need the
//! database, and the writing. `PUT`, `PATCH` and the batch all pass here.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::content::NewIntervention;
use super::model::{ExternalId, Intervention, Offer};
use super::status::{Looked, Standing};
use super::store::{self, Change, Named, NewRow, Standings};
use crate::agreements::conventions;
use crate::auth::policy::Scope;
use crate::db::overlap::meanwhile;
use crate::db::tx::{Step, Tx};
use crate::error::{Error, Fault, Place, Result, Rule};
use crate::register::territories::ancestry;
use crate::register::territories::ancestry::Schools;
use crate::values::differing;
use crate::values::ids::ConventionId;
use crate::values::ids::InterventionId;
use crate::values::ids::PartnerId;

/// What the database knows of what some interventions name: the conventions, the schools.
pub struct Grounds {
    conventions: HashSet<ConventionId>,
    schools: Schools,
}

impl Grounds {
    /// Asks for all of them together.
    pub async fn of(tx: &mut Tx<'_>, scope: &Scope, said: &[&NewIntervention]) -> Result<Self> {
        let connection = &*tx.connection();
        let named: HashSet<ConventionId> = said.iter().map(|new| new.convention_id).collect();
        let named: Vec<ConventionId> = named.into_iter().collect();
        let territories = said.iter().flat_map(|new| &new.territories);
        let (conventions, schools) = tokio::try_join!(
            conventions::store::find_all(connection, scope, &named),
            Schools::among(connection, territories),
        )?;
        Ok(Self {
            conventions: conventions.into_iter().map(|one| one.id).collect(),
            schools,
        })
    }

    /// What holds all of an intervention's territories, once its convention and its territories are
    /// known to be there.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn held_by(&self, new: &NewIntervention) -> std::result::Result<Vec<String>, Vec<Fault>> {
        let mut faults = Vec::new();
        if !self.conventions.contains(&new.convention_id) {
            faults.push(Fault {
                place: Place::field("convention_id"),
                rule: Rule::UnknownReference,
            });
        }
        match self.schools.each(&new.territories) {
            Ok(ancestries) if faults.is_empty() => Ok(ancestry::common(&ancestries)),
            Ok(_) => Err(faults),
            Err(places) => {
                let unknown = ancestry::unknown(&places, |index| format!("/territories/{index}"));
                faults.extend(unknown.faults);
                Err(faults)
            }
        }
    }
}

/// What a partner says of an intervention, checked.
#[derive(Debug)]
pub struct Saying<'a> {
    /// What it calls it.
    pub external_id: &'a ExternalId,
    /// What it says.
    pub content: &'a NewIntervention,
    /// What holds all of its territories.
    pub held_by: Vec<String>,
    /// Whether it was there when it was looked for.
    pub is_there: bool,
}

/// What came of a saying.
#[derive(Debug)]
pub struct Said {
    /// The intervention before; none when it was created.
    pub before: Option<Offer>,
    /// The intervention now.
    pub after: Offer,
    /// The verb of the step; none when it said so already.
    pub verb: Option<&'static str>,
}

impl Said {
    /// That it is as it was.
    pub fn unchanged(offer: Offer) -> Self {
        Self {
            before: Some(offer.clone()),
            after: offer,
            verb: None,
        }
    }
}

/// What is known of the interventions that are there.
pub enum Known {
    /// All of them, held until the transaction ends.
    Held(Named),
    /// They were read, and may have changed since.
    Seen(Named),
}

/// Writes what a partner says, each name once: creates, changes, offers again, and journals it; in a
/// number of statements that does not depend on theirs.
///
/// # Errors
/// As the writes.
pub async fn say(
    tx: &mut Tx<'_>,
    scope: &Scope,
    partner: PartnerId,
    sayings: &[Saying<'_>],
    known: Known,
    looked: Looked,
) -> Result<Vec<Said>> {
    let now = tx.now;
    let new = new_rows(tx, sayings);
    let inserted = store::insert_all(tx.connection(), partner, &new, now).await?;
    // Those that another request said first are there now, and stay.
    let (mut held, seen) = match known {
        Known::Held(held) => (held, Named::new()),
        Known::Seen(seen) => (Named::new(), seen),
    };
    let others = sayings.iter().map(|saying| saying.external_id);
    let others = others.filter(|name| !inserted.contains(*name) && !held.contains_key(*name));
    let others: Vec<&ExternalId> = others.collect();
    held.extend(store::hold_named(tx.connection(), scope, partner, &others, seen, looked).await?);

    let said = tell(tx, partner, sayings, &new, held, looked).await?;
    let steps = said.iter().filter_map(|one| {
        Some(Step {
            verb: one.verb?,
            before: one.before.as_ref(),
            after: Some(&one.after),
        })
    });
    let steps: Vec<Step<'_, Offer>> = steps.collect();
    // While the journal is written, what changes is worked out.
    let ((), changes) = meanwhile(tx.record_all(&steps), || changes(sayings, &said)).await?;
    store::update_all(tx.connection(), &changes?, now).await?;
    Ok(said)
}

/// What [`say`] would make of it, with nothing written: `found` has what is there.
pub async fn rehearse(
    tx: &mut Tx<'_>,
    partner: PartnerId,
    sayings: &[Saying<'_>],
    found: Named,
    looked: Looked,
) -> Result<Vec<Said>> {
    let new = new_rows(tx, sayings);
    tell(tx, partner, sayings, &new, found, looked).await
}

/// The rows of those that were not there when they were looked for.
fn new_rows<'a>(tx: &Tx<'_>, sayings: &'a [Saying<'_>]) -> Vec<NewRow<'a>> {
    let absent = sayings.iter().filter(|saying| !saying.is_there);
    absent
        .map(|saying| row(saying, InterventionId::new(tx.new_id())))
        .collect()
}

fn row<'a>(saying: &'a Saying<'_>, id: InterventionId) -> NewRow<'a> {
    NewRow {
        id,
        external_id: saying.external_id,
        content: saying.content,
        held_by: &saying.held_by,
    }
}

/// What changes of those that are there, once it is told what becomes of each saying.
fn changes<'a>(sayings: &'a [Saying<'_>], said: &[Said]) -> Result<Vec<Change<'a>>> {
    let mut changes = Vec::new();
    for (saying, said) in sayings.iter().zip(said) {
        if let (Some(before), Some(_)) = (&said.before, said.verb) {
            changes.push(Change {
                row: row(saying, before.intervention.id),
                members: differing(&before.intervention.content, saying.content)?,
            });
        }
    }
    Ok(changes)
}

/// What becomes of each saying, in their order: of those that are `there`, and of the others, whose
/// rows are `new`. What their conventions are is only asked for where it may not be what it was.
async fn tell(
    tx: &mut Tx<'_>,
    partner: PartnerId,
    sayings: &[Saying<'_>],
    new: &[NewRow<'_>],
    mut there: Named,
    looked: Looked,
) -> Result<Vec<Said>> {
    let mut rows: Vec<NewRow<'_>> = Vec::new();
    for saying in sayings {
        if let Some(before) = there.get(saying.external_id)
            && !before.intervention.content.stands_as(saying.content)
        {
            rows.push(row(saying, before.intervention.id));
        }
    }
    let absent = new
        .iter()
        .filter(|row| !there.contains_key(row.external_id));
    rows.extend(absent.cloned());
    let mut told = Told {
        standings: store::standings(tx.connection(), partner, &rows, looked.day).await?,
        ids: rows.iter().map(|row| (row.external_id, row.id)).collect(),
        partner,
        now: tx.now,
        looked,
    };
    let said = sayings
        .iter()
        .map(|saying| told.said(saying, there.remove(saying.external_id)));
    said.collect()
}

/// What is known of the rows whose standing may be new.
struct Told<'a> {
    standings: Standings,
    ids: HashMap<&'a ExternalId, InterventionId>,
    partner: PartnerId,
    now: DateTime<Utc>,
    looked: Looked,
}

impl Told<'_> {
    fn said(&mut self, saying: &Saying<'_>, before: Option<Offer>) -> Result<Said> {
        let Some(before) = before else {
            let id = self.ids.get(saying.external_id).copied();
            let (id, standing) = id
                .and_then(|id| Some((id, self.standings.remove(&id)?)))
                .ok_or_else(|| Error::internal("an intervention that was not written"))?;
            return Ok(Said {
                before: None,
                after: self.offer(saying, id, standing, None),
                verb: Some("created"),
            });
        };
        let Some(verb) = before.verb_to(saying.content) else {
            return Ok(Said::unchanged(before));
        };
        let id = before.intervention.id;
        let standing = self.standings.remove(&id);
        let standing = standing.unwrap_or_else(|| before.standing.clone());
        Ok(Said {
            after: self.offer(saying, id, standing, Some(&before)),
            before: Some(before),
            verb: Some(verb),
        })
    }

    fn offer(
        &self,
        saying: &Saying<'_>,
        id: InterventionId,
        standing: Standing,
        before: Option<&Offer>,
    ) -> Offer {
        let row = before.map(|before| &before.intervention);
        Offer {
            intervention: Intervention {
                id,
                partner_id: self.partner,
                external_id: saying.external_id.clone(),
                content: saying.content.clone(),
                confirmed_at: self.now,
                withdrawn_at: None,
                created_at: row.map_or(self.now, |row| row.created_at),
                updated_at: self.now,
                version: row.map_or(1, |row| row.version.saturating_add(1)),
            },
            standing,
            taken: before.map_or(0, |before| before.taken),
            rank: None,
            distance_km: None,
            looked: self.looked,
        }
    }
}
