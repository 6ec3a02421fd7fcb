//! The SQL of the narratives.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::agreements::declinations::content::DeclinationLevel;
use crate::agreements::declinations::model::{Declination, Status};
use crate::agreements::declinations::store::visible;
use crate::auth::policy::Scope;
use crate::db::schema::{declinations, reports};
use crate::error::Result;
use crate::results::reports::model::{self as report, reads_heads};
use crate::results::reports::store::scoped;
use crate::values::ids::{ConventionId, ReportId};
use crate::values::{SchoolYear, TerritoryCode, start_of};

/// The most narratives of a summary: a document is read to its end.
const MOST: i64 = 60;

/// Condition: the report has a narrative.
const HAS_NARRATIVE: &str = "num_nonnulls(narrative ->> 'results', narrative ->> 'difficulties', narrative ->> 'outlook') > 0";

/// The widest territories first.
const WIDTH: &str = "array_position(ARRAY['FR', 'region', 'academy', 'department', 'uai'], split_part(territory, ':', 1))";

/// The name of a school, for its own report.
const SCHOOL: &str = "(SELECT e.name FROM establishments e WHERE e.uai = substr(territory, 5))";

/// What is read of each part of a narrative: its first 600 characters, and a sign where there is more.
macro_rules! excerpt {
    ($part:literal) => {
        sql::<Nullable<Text>>(concat!(
            "CASE WHEN length(narrative ->> '",
            $part,
            "') > 600 THEN left(narrative ->> '",
            $part,
            "', 600) || '…' ELSE narrative ->> '",
            $part,
            "' END"
        ))
    };
}

/// The beginning of a report's narrative.
#[derive(Debug, Clone, Queryable)]
pub struct Excerpt {
    /// The report.
    pub id: ReportId,
    /// Its territory.
    pub territory: TerritoryCode,
    /// The name of its school, if it is one's.
    pub school: Option<String>,
    /// Results.
    pub results: Option<String>,
    /// Difficulties.
    pub difficulties: Option<String>,
    /// Outlook.
    pub outlook: Option<String>,
    /// How many there are in all.
    all: i64,
}

/// The most declinations whose targets are told.
const MOST_DECLINATIONS: i64 = 200;

/// The declinations of a convention that carried it on a day of a year and say what they aim at: those of
/// regions and academies, the widest first, and of schools the caller's own.
pub async fn aiming(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    convention: ConventionId,
    year: &SchoolYear,
) -> Result<Vec<Declination>> {
    let query = declinations::table
        .filter(visible(scope, "declinations"))
        .filter(declinations::convention_id.eq(convention))
        .filter(declinations::status.eq_any([Status::Active, Status::Closed]))
        .filter(declinations::starts_on.le(year.last_day()))
        .filter(
            declinations::ends_on
                .is_null()
                .or(declinations::ends_on.ge(year.first_day())),
        )
        .filter(
            declinations::status
                .eq(Status::Active)
                .or(declinations::updated_at.ge(start_of(year.first_day()))),
        )
        .filter(sql::<Bool>("targets <> '[]'"))
        .filter(
            declinations::level
                .ne(DeclinationLevel::Establishment)
                .or(declinations::territories.overlaps_with(scope.own_schools())),
        )
        .order((
            declinations::level,
            declinations::territories,
            declinations::id,
        ))
        .limit(MOST_DECLINATIONS)
        .select(Declination::as_select());
    Ok(query.load(&mut connection).await?)
}

/// The narratives of the validated reports of a year that the caller may read, the widest territories
/// first, and how many more there are.
pub async fn narratives(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    convention: ConventionId,
    year: &SchoolYear,
) -> Result<(Vec<Excerpt>, i64)> {
    if reads_heads(scope) {
        return Ok((Vec::new(), 0));
    }
    let query = scoped(scope)
        .filter(reports::convention_id.eq(convention))
        .filter(reports::school_year.eq(year))
        .filter(reports::status.eq(report::Status::Validated))
        .filter(reports::superseded.eq(false))
        .filter(sql::<Bool>(HAS_NARRATIVE))
        .order((sql::<Integer>(WIDTH), reports::territory, reports::id))
        .limit(MOST)
        .select((
            reports::id,
            reports::territory,
            sql::<Nullable<Text>>(SCHOOL),
            excerpt!("results"),
            excerpt!("difficulties"),
            excerpt!("outlook"),
            sql::<BigInt>("count(*) OVER ()"),
        ));
    let found: Vec<Excerpt> = query.load(&mut connection).await?;
    let shown = i64::try_from(found.len()).unwrap_or(MOST);
    let all = found.as_slice().first().map_or(0, |first| first.all);
    Ok((found, all - shown))
}
