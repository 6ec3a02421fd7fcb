//! What a partner says of its interventions, one or a thousand at a time: the checks that need the
//! database, and the writing. `PUT`, `PATCH` and the batch all pass here.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::content::NewIntervention;
use super::model::{ExternalId, Intervention, InterventionId, Offer};
use super::standing::{Looked, Standing};
use super::store::{self, Named, NewRow};
use crate::auth::policy::Scope;
use crate::conventions;
use crate::conventions::model::ConventionId;
use crate::db::write::{Step, Tx};
use crate::error::{Error, Fault, Place, Result, Rule};
use crate::establishments::reach::{self, Schools};
use crate::partners::model::PartnerId;

/// What the database knows of what some interventions name: the conventions, the schools.
pub struct Grounds {
    conventions: HashSet<ConventionId>,
    schools: Schools,
}

impl Grounds {
    /// Asks for all of them together.
    ///
    /// # Errors
    /// As any query.
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
            Ok(ancestries) if faults.is_empty() => Ok(reach::common(&ancestries)),
            Ok(_) => Err(faults),
            Err(places) => {
                let unknown = reach::unknown(&places, |index| format!("/territories/{index}"));
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

/// Writes what a partner says, each name once: creates, changes, offers again, and journals it; in a
/// number of statements that does not depend on theirs. `held` has those already held.
///
/// # Errors
/// As the writes.
pub async fn say(
    tx: &mut Tx<'_>,
    scope: &Scope,
    partner: PartnerId,
    sayings: &[Saying<'_>],
    mut held: Named,
    looked: Looked,
) -> Result<Vec<Said>> {
    let now = tx.now;
    let new: Vec<NewRow<'_>> = sayings
        .iter()
        .filter(|saying| !saying.is_there)
        .map(|saying| row(saying, InterventionId::new(tx.new_id())))
        .collect();
    let inserted = store::insert_all(tx.connection(), partner, &new, now).await?;
    // Those that another request said first are there now, and stay.
    let others = sayings.iter().map(|saying| saying.external_id);
    let others = others.filter(|name| !inserted.contains(*name) && !held.contains_key(*name));
    let others: Vec<&ExternalId> = others.collect();
    held.extend(store::hold_named(tx.connection(), scope, partner, &others, looked).await?);

    let created = new
        .into_iter()
        .filter(|row| inserted.contains(row.external_id));
    let mut written: Vec<NewRow<'_>> = created.collect();
    let changed = changed(sayings, &held);
    for has_new_text in [false, true] {
        let rows: Vec<NewRow<'_>> = changed
            .iter()
            .filter(|(_, is_new)| *is_new == has_new_text)
            .map(|(row, _)| row.clone())
            .collect();
        store::update_all(tx.connection(), &rows, has_new_text, now).await?;
        written.extend(rows);
    }
    let standings = store::standings(tx.connection(), partner, &written, looked.day).await?;
    let mut written = Written {
        ids: written
            .iter()
            .map(|row| (row.external_id, row.id))
            .collect(),
        standings,
        partner,
        now,
        looked,
    };
    let said: Result<Vec<Said>> = sayings
        .iter()
        .map(|saying| written.said(saying, held.remove(saying.external_id)))
        .collect();
    let said = said?;
    let steps = said.iter().filter_map(|one| {
        Some(Step {
            verb: one.verb?,
            before: one.before.as_ref(),
            after: Some(&one.after),
        })
    });
    tx.record_all(&steps.collect::<Vec<_>>()).await?;
    Ok(said)
}

/// What [`say`] would make of it, with nothing written: `found` has what is there.
///
/// # Errors
/// As any query.
pub async fn rehearse(
    tx: &mut Tx<'_>,
    partner: PartnerId,
    sayings: &[Saying<'_>],
    found: &Named,
    looked: Looked,
) -> Result<Vec<Said>> {
    let now = tx.now;
    let absent = sayings.iter().filter(|saying| !saying.is_there);
    let mut rows: Vec<NewRow<'_>> = absent
        .map(|saying| row(saying, InterventionId::new(tx.new_id())))
        .collect();
    rows.extend(changed(sayings, found).into_iter().map(|(row, _)| row));
    let mut written = Written {
        standings: store::standings(tx.connection(), partner, &rows, looked.day).await?,
        ids: rows.iter().map(|row| (row.external_id, row.id)).collect(),
        partner,
        now,
        looked,
    };
    let before = |saying: &Saying<'_>| found.get(saying.external_id).cloned();
    let said = sayings
        .iter()
        .map(|saying| written.said(saying, before(saying)));
    said.collect()
}

fn row<'a>(saying: &'a Saying<'_>, id: InterventionId) -> NewRow<'a> {
    NewRow {
        id,
        external_id: saying.external_id,
        content: saying.content,
        held_by: &saying.held_by,
    }
}

/// The rows of those that say something else than what is there, and whether their text is new.
fn changed<'a>(sayings: &'a [Saying<'_>], held: &Named) -> Vec<(NewRow<'a>, bool)> {
    let there = sayings.iter().filter_map(|saying| {
        let before = held.get(saying.external_id)?;
        before.verb_to(saying.content)?;
        let (present, new) = (&before.intervention.content, saying.content);
        let has_new_text = present.title != new.title || present.description != new.description;
        Some((row(saying, before.intervention.id), has_new_text))
    });
    there.collect()
}

/// What was written, to tell what became of each saying.
struct Written<'a> {
    ids: HashMap<&'a ExternalId, InterventionId>,
    standings: HashMap<ExternalId, Standing>,
    partner: PartnerId,
    now: DateTime<Utc>,
    looked: Looked,
}

impl Written<'_> {
    fn said(&mut self, saying: &Saying<'_>, before: Option<Offer>) -> Result<Said> {
        let verb = match &before {
            Some(before) => before.verb_to(saying.content),
            None => Some("created"),
        };
        let before = match (before, verb) {
            (Some(before), None) => return Ok(Said::unchanged(before)),
            (before, _) => before,
        };
        let id = self.ids.get(saying.external_id).copied();
        let standing = self.standings.remove(saying.external_id);
        let (Some(id), Some(standing)) = (id, standing) else {
            return Err(Error::internal("an intervention that was not written"));
        };
        let row = before.as_ref().map(|before| &before.intervention);
        let after = Offer {
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
            taken: before.as_ref().map_or(0, |before| before.taken),
            rank: None,
            distance_km: None,
            looked: self.looked,
        };
        Ok(Said {
            before,
            after,
            verb,
        })
    }
}
