//! The SQL of the catalogue for people: of every convention that a search finds, the little that it is
//! chosen, counted and sorted by. Those of one page are then read whole.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::agreements::conventions::filter::Filter;
use crate::agreements::conventions::store::{effective_on, filtered};
use crate::agreements::conventions::term::EffectiveStatus;
use crate::auth::policy::Scope;
use crate::db::schema::{
    convention_partners, convention_texts as texts, conventions, declinations, partners,
};
use crate::error::Result;
use crate::register::partners::content::Sector;
use crate::values::ids::ConventionId;
use crate::values::{ActionType, Axis, Level};

/// A convention of the catalogue.
#[derive(Debug, Clone, Queryable)]
pub struct Entry {
    /// Its id.
    pub id: ConventionId,
    /// Its reference.
    pub reference: String,
    /// Its title, as it was signed.
    pub title: String,
    /// What it is on the day.
    pub status: Option<EffectiveStatus>,
    /// The last day it can be in force, none when nothing ends it.
    pub until: Option<NaiveDate>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What the text of the day covers; an empty list restricts nothing.
#[derive(Debug, Clone, Queryable)]
pub struct Covered {
    /// The convention.
    pub convention: ConventionId,
    /// The axes.
    pub axes: Vec<Axis>,
    /// The types of action.
    pub action_types: Vec<ActionType>,
    /// The levels.
    pub levels: Vec<Level>,
}

/// All that the catalogue is counted by.
#[derive(Debug)]
pub struct Catalogue {
    /// The conventions found.
    pub entries: Vec<Entry>,
    /// What the texts of the day cover.
    pub covered: Vec<Covered>,
    /// The sectors of their parties, of those of today and of others.
    pub sectors: Vec<(ConventionId, Vec<Sector>)>,
}

/// Reads it: what is found, and what is known of every public convention, sent together.
pub async fn read(
    connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
) -> Result<Catalogue> {
    let (entries, covered, sectors) = tokio::try_join!(
        entries(connection, scope, filter),
        covered(connection, scope, filter.today),
        sectors(connection, scope),
    )?;
    Ok(Catalogue {
        entries,
        covered,
        sectors,
    })
}

/// The conventions that a search finds.
pub async fn entries(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
) -> Result<Vec<Entry>> {
    let columns = (
        conventions::id,
        conventions::reference,
        conventions::title,
        effective_on(filter.today),
        conventions::in_force_until,
        conventions::updated_at,
    );
    let found = filtered(scope, filter).select(columns);
    Ok(found.load(&mut connection).await?)
}

/// By their ids alone, which are compared with those found: nobody reads of others.
async fn covered(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    day: NaiveDate,
) -> Result<Vec<Covered>> {
    let of_the_day = texts::table
        .filter(texts::from_day.le(day))
        .filter(texts::until_day.gt(day));
    let columns = (
        texts::convention_id,
        texts::axes,
        texts::action_types,
        texts::levels,
    );
    Ok(of_the_day.select(columns).load(&mut connection).await?)
}

async fn sectors(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
) -> Result<Vec<(ConventionId, Vec<Sector>)>> {
    let parties = convention_partners::table
        .inner_join(partners::table)
        .select((convention_partners::convention_id, partners::sectors));
    Ok(parties.load(&mut connection).await?)
}

/// In how many places each of these is carried by a declination that is active.
pub async fn declined(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    ids: &[ConventionId],
) -> Result<Vec<(ConventionId, i64)>> {
    let active = declinations::table
        .filter(declinations::convention_id.eq_any(ids))
        .filter(declinations::status.eq("active"))
        .group_by(declinations::convention_id)
        .select((
            declinations::convention_id,
            diesel::dsl::count(declinations::id),
        ));
    Ok(active.load(&mut connection).await?)
}
