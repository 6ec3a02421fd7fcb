//! What declinations are checked against: their conventions, parents, places and representatives, read
//! at once for one or for many. [`rules`](super::rules) has what is checked.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;
use diesel_async::AsyncPgConnection;

use super::content::Content;
use super::model::Declination;
use super::store;
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::store as conventions;
use crate::auth::policy::Scope;
use crate::error::Result;
use crate::register::territories::ancestry::{Known, Schools};
use crate::values::TerritoryCode;
use crate::values::ids::{ConventionId, DeclinationId, PartnerId, RepresentativeId};

/// What the rules of a declination are checked against.
pub struct Ground {
    /// Its convention, if the caller may see it.
    pub convention: Option<Arc<Convention>>,
    /// Its parent, if it has one that the caller may see.
    pub parent: Option<Arc<Declination>>,
    /// Each of its territories with all above it, unless schools among them do not exist.
    pub ancestries: Known<Vec<Vec<String>>>,
    /// Whether its representative, if it has one, speaks for a party or a member of one.
    pub represented: bool,
    /// The day it is.
    pub day: NaiveDate,
}

impl Ground {
    /// Reads it as things stand on a day; the convention may be at hand already.
    pub async fn of(
        connection: &AsyncPgConnection,
        scope: &Scope,
        content: &Content,
        convention: Option<Convention>,
        day: NaiveDate,
    ) -> Result<Self> {
        let at_hand = convention.into_iter().collect();
        let grounds = Grounds::of(connection, scope, &[content], at_hand, day).await?;
        Ok(grounds.under(content))
    }
}

/// The grounds of many.
pub struct Grounds {
    conventions: HashMap<ConventionId, Arc<Convention>>,
    parents: HashMap<DeclinationId, Arc<Declination>>,
    schools: Schools,
    /// The partners that representatives speak for.
    spoken_for: HashMap<RepresentativeId, Vec<PartnerId>>,
    day: NaiveDate,
}

impl Grounds {
    /// Reads them: four queries at most, sent together. Some conventions may be at hand already.
    pub async fn of(
        connection: &AsyncPgConnection,
        scope: &Scope,
        contents: &[&Content],
        at_hand: Vec<Convention>,
        day: NaiveDate,
    ) -> Result<Self> {
        let known: HashSet<ConventionId> = at_hand.iter().map(|one| one.id).collect();
        let named: HashSet<ConventionId> = contents.iter().map(|one| one.convention_id).collect();
        let named: Vec<ConventionId> = named.difference(&known).copied().collect();
        let parents: HashSet<DeclinationId> =
            contents.iter().filter_map(|one| one.parent_id).collect();
        let parents: Vec<DeclinationId> = parents.into_iter().collect();
        let speakers: HashSet<RepresentativeId> = contents
            .iter()
            .filter_map(|one| one.representative_id)
            .collect();
        let speakers: Vec<RepresentativeId> = speakers.into_iter().collect();
        let places: Vec<&TerritoryCode> =
            contents.iter().flat_map(|one| &one.territories).collect();
        // Sent together: one round trip.
        let (conventions, parents, schools, spoken_for) = tokio::try_join!(
            conventions::find_all(connection, scope, &named),
            store::find_all(connection, scope, &parents),
            Schools::among(connection, places),
            store::spoken_for(connection, scope, &speakers),
        )?;
        let conventions = conventions.into_iter().chain(at_hand);
        let parents = parents.into_iter().map(|in_context| in_context.declination);
        Ok(Self {
            conventions: conventions.map(|one| (one.id, Arc::new(one))).collect(),
            parents: parents.map(|one| (one.id, Arc::new(one))).collect(),
            schools,
            spoken_for,
            day,
        })
    }

    /// That of one of them.
    pub fn under(&self, content: &Content) -> Ground {
        let convention = self.conventions.get(&content.convention_id);
        let represented = match (convention, content.representative_id) {
            (Some(convention), Some(id)) => {
                let parties = convention.parties(self.day);
                let spoken_for = self.spoken_for.get(&id);
                spoken_for.is_some_and(|all| all.iter().any(|one| parties.contains(one)))
            }
            _ => true,
        };
        let parent = content.parent_id.and_then(|id| self.parents.get(&id));
        Ground {
            convention: convention.cloned(),
            parent: parent.cloned(),
            ancestries: self.schools.each(&content.territories),
            represented,
            day: self.day,
        }
    }
}
