//! The SQL of the reports that are expected and nobody began.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::auth::policy::Scope;
use crate::error::Result;
use crate::results::indicators::perimeter::territories;
use crate::values::ids::ConventionId;
use crate::values::{SchoolYear, TextValue};

/// A report to write.
#[derive(Debug, QueryableByName)]
pub struct Missing {
    /// The reference of its convention.
    #[diesel(sql_type = Text)]
    pub reference: String,
    /// The title of that.
    #[diesel(sql_type = Text)]
    pub title: String,
    /// Its declination.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub declination_id: Option<uuid::Uuid>,
    /// Its territory.
    #[diesel(sql_type = Text)]
    pub territory: String,
    /// The name of that, where it is a school.
    #[diesel(sql_type = Nullable<Text>)]
    pub school: Option<String>,
}

/// The reports that a year expects of the caller's perimeter, and that nobody began; the ministry's own are
/// those of the country.
pub async fn missing(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    (year, conventions): (&SchoolYear, &[ConventionId]),
    most: i64,
) -> Result<Vec<Missing>> {
    let conventions: Vec<uuid::Uuid> = conventions.iter().map(|id| id.uuid()).collect();
    let query = diesel::sql_query(
        "SELECT c.reference, c.title, e.declination_id, e.territory, s.name AS school \
           FROM expected_report_states e \
           JOIN conventions c ON c.id = e.convention_id \
           LEFT JOIN establishments s ON s.uai = substr(e.territory, 5) AND e.territory LIKE 'uai:%' \
          WHERE e.school_year = $1 AND e.state = 'missing' \
            AND CASE WHEN $2::text[] IS NULL THEN e.territory = 'FR' ELSE e.reach && $2 END \
            AND ($3 = '{}' OR e.convention_id = ANY ($3)) \
          ORDER BY e.territory COLLATE \"C\", c.reference, e.declination_id LIMIT $4",
    )
    .bind::<Text, _>(year.as_str())
    .bind::<Nullable<Array<Text>>, _>(territories(scope))
    .bind::<Array<Uuid>, _>(conventions)
    .bind::<BigInt, _>(most);
    Ok(query.load(&mut connection).await?)
}
