//! What new reports are checked against: the directory, their conventions and declinations, read at once
//! for one report or for many. The rules are here, and the same for both.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;

use super::content::NewReport;
use super::line::settle;
use super::model::is_written_by;
use super::store::{self, OfDeclination};
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::store as conventions;
use crate::auth::policy::Scope;
use crate::error::notice::{IN_THE_FUTURE, NOT_IN_FORCE_THAT_YEAR, OUTSIDE_TERRITORY};
use crate::error::{Code, Error, Faults, Notice, Place, Result, Rule, notice};
use crate::register::territories::ancestry::Schools;
use crate::values::ids::{ConventionId, DeclinationId};
use crate::values::{TerritoryCode, TextValue, today};

static OF_ANOTHER_CONVENTION: Notice = notice(
    "of_another_convention",
    "Cette déclinaison est celle d'une autre convention.",
    "This declination is another convention's.",
);

/// What is stored of what new reports name.
pub struct Ground {
    schools: Schools,
    conventions: Vec<Convention>,
    declinations: HashMap<DeclinationId, OfDeclination>,
}

/// The schools that the places of these reports are.
pub async fn schools_of(connection: &AsyncPgConnection, news: &[&NewReport]) -> Result<Schools> {
    let places = news.iter().flat_map(|new| {
        let named = new.establishments.0.iter().map(TerritoryCode::of_school);
        std::iter::once(new.territory.clone()).chain(named)
    });
    let places: Vec<TerritoryCode> = places.collect();
    Schools::among(connection, &places).await
}

impl Ground {
    /// Reads it: three queries at most, sent together.
    pub async fn of(
        connection: &AsyncPgConnection,
        scope: &Scope,
        news: &[&NewReport],
    ) -> Result<Self> {
        let mut named: Vec<ConventionId> = news.iter().map(|new| new.convention_id).collect();
        let mut declined: Vec<DeclinationId> =
            news.iter().filter_map(|new| new.declination_id).collect();
        named.sort_by_key(|id| id.uuid());
        named.dedup();
        declined.sort_by_key(|id| id.uuid());
        declined.dedup();
        let (schools, conventions, declinations) = tokio::try_join!(
            schools_of(connection, news),
            conventions::find_all(connection, scope, &named),
            store::declinations(connection, scope, &declined),
        )?;
        Ok(Self {
            schools,
            conventions,
            declinations,
        })
    }

    /// What lies above the territory of a report that may be created: its place, its year and what it is
    /// on are right. Fills in the academies of its lines.
    ///
    /// # Errors
    /// `validation_failed`, `forbidden`, `convention_not_signed`.
    pub fn admits(
        &self,
        scope: &Scope,
        new: &mut NewReport,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>> {
        let mut faults = Faults::default();
        let ancestors = settled(&self.schools, scope, new, &mut faults)?;
        let convention = self.placed(new, &ancestors, now, &mut faults);
        self.declined(new, &ancestors, &mut faults);
        faults.check()?;
        if !convention.is_some_and(|convention| convention.status.was_signed()) {
            return Err(Error::new(Code::ConventionNotSigned));
        }
        Ok(ancestors)
    }

    /// The convention, once the place and the year are checked against it.
    fn placed(
        &self,
        new: &NewReport,
        ancestors: &[String],
        now: DateTime<Utc>,
        faults: &mut Faults,
    ) -> Option<&Convention> {
        let mut fault = |name: &str, rule| faults.add(Place::field(name), rule);
        let (first, last) = (new.school_year.first_day(), new.school_year.last_day());
        if first > today(now) {
            fault("school_year", Rule::Own(&IN_THE_FUTURE));
        }
        let mut known = self.conventions.iter();
        let convention = known.find(|convention| convention.id == new.convention_id);
        let Some(convention) = convention else {
            fault("convention_id", Rule::UnknownReference);
            return None;
        };
        if convention.status.was_signed() && !convention.overlaps(first, last) {
            fault("school_year", Rule::Own(&NOT_IN_FORCE_THAT_YEAR));
        }
        let home = convention.original.territory.as_ref();
        if home.is_some_and(|home| !ancestors.iter().any(|code| code == home.as_str())) {
            fault("territory", Rule::Own(&OUTSIDE_TERRITORY));
        }
        Some(convention)
    }

    /// The declination, if there is one, is of the convention, and covers the place.
    fn declined(&self, new: &NewReport, ancestors: &[String], faults: &mut Faults) {
        let Some(id) = new.declination_id else { return };
        let rule = match self.declinations.get(&id) {
            Some((_, status, _)) if status != "active" && status != "closed" => {
                Rule::UnknownReference
            }
            None => Rule::UnknownReference,
            Some((of, ..)) if *of != new.convention_id => Rule::Own(&OF_ANOTHER_CONVENTION),
            Some((.., covered)) if covered.iter().any(|code| ancestors.contains(code)) => return,
            Some(_) => Rule::Own(&OUTSIDE_TERRITORY),
        };
        faults.add(Place::field("declination_id"), rule);
    }
}

/// What lies above the territory, once the caller may write there; the lines' academies are filled
/// in, and the faults of places in the lines and the list of schools noted. Without the report's own
/// territory there is nothing more to check.
///
/// # Errors
/// `validation_failed` for a territory that does not exist, `forbidden`.
pub fn settled(
    schools: &Schools,
    scope: &Scope,
    new: &mut NewReport,
    faults: &mut Faults,
) -> Result<Vec<String>> {
    let unknown = || {
        Error::at(
            Code::ValidationFailed,
            Place::field("territory"),
            Rule::UnknownTerritory,
        )
    };
    let ancestors = above(schools, &new.territory).ok_or_else(unknown)?;
    if !is_written_by(scope, &new.territory, &ancestors) {
        let place = Place::field("territory");
        return Err(Error::at(Code::Forbidden, place, Rule::OutsidePerimeter));
    }
    for (index, uai) in new.establishments.0.iter().enumerate() {
        let rule = match above(schools, &TerritoryCode::of_school(uai)) {
            None => Rule::UnknownTerritory,
            Some(above) if above.iter().any(|code| code == new.territory.as_str()) => continue,
            Some(_) => Rule::Own(&OUTSIDE_TERRITORY),
        };
        faults.add(Place::Pointer(format!("/establishments/{index}")), rule);
    }
    for index in settle(&new.territory, &ancestors, &mut new.lines) {
        let place = Place::Pointer(format!("/lines/{index}/academy"));
        faults.add(place, Rule::Own(&OUTSIDE_TERRITORY));
    }
    Ok(ancestors)
}

/// A territory and all above it, where it exists.
fn above(schools: &Schools, place: &TerritoryCode) -> Option<Vec<String>> {
    let known = schools.each(std::slice::from_ref(place)).ok()?;
    known.into_iter().next()
}
