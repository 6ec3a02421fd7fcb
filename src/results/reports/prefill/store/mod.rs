//! The SQL of what took place.

use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::TookPlace;
use crate::auth::policy::Scope;
use crate::error::Result;
use crate::results::reports::content::{MAX_LINES, NewReport};
use crate::values::{Json, TextValue};

diesel::define_sql_function! {
    /// What took place and no other report can state, added up into lines of this grain.
    fn held_for_report(
        convention: Uuid, declination: Nullable<Uuid>, own: Text, school_year: Text, grain: Integer, most: Integer,
    ) -> Jsonb;
}

/// The coarsest grain: a line for each type of action in each academy.
const COARSEST: i32 = 3;

/// What was held, in the finest lines that are not too many. What the key names, the caller writes:
/// it was checked.
pub async fn took_place(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    new: &NewReport,
) -> Result<TookPlace> {
    let most = i32::try_from(MAX_LINES).unwrap_or(i32::MAX);
    let mut grain = 0;
    loop {
        let took_place = held_for_report(
            new.convention_id.into_sql::<Uuid>(),
            new.declination_id.into_sql::<Nullable<Uuid>>(),
            new.territory.as_str(),
            new.school_year.as_str(),
            grain,
            most,
        );
        let Json(found) = diesel::select(took_place)
            .first::<Json<TookPlace>>(&mut connection)
            .await?;
        if found.lines.len() <= MAX_LINES || grain == COARSEST {
            return Ok(found);
        }
        grain += 1;
    }
}
