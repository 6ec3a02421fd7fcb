//! The SQL of what was done under declinations.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::auth::policy::Scope;
use crate::error::Result;
use crate::results::declination_progress::measures::MEASURES;
use crate::results::indicators::store::columns::sums;
use crate::values::ids::DeclinationId;
use crate::values::{SchoolYear, TerritoryCode, TextValue};

/// What is asked for: under which declination, in which year, in which of its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The declination.
    pub declination: DeclinationId,
    /// The year.
    pub year: SchoolYear,
    /// The place; none for all of it.
    pub place: Option<TerritoryCode>,
}

/// What was done.
#[derive(Debug, Clone, QueryableByName)]
pub struct Done {
    /// The sums of the measures, one after the other.
    #[diesel(sql_type = Array<Nullable<BigInt>>)]
    pub sums: Vec<Option<i64>>,
    /// The reports with a line in the place.
    #[diesel(sql_type = BigInt)]
    pub reports: i64,
    /// The distinct establishments they name there.
    #[diesel(sql_type = BigInt)]
    pub establishments: i64,
    /// The reports that the campaign expects; none without a campaign.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub expected: Option<i64>,
    /// Those of them that are validated.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub expected_validated: Option<i64>,
}

/// The lines of a place are those of the reports that lie in it, and those that name it in a report of
/// a wider one.
const DONE: &str = "
    FROM unnest($1, $2, $3) WITH ORDINALITY AS w (declination_id, school_year, place, number)
   CROSS JOIN LATERAL (
        WITH RECURSIVE tree AS (
            SELECT d.id, d.convention_id FROM declinations AS d WHERE d.id = w.declination_id
            UNION
            SELECT b.id, b.convention_id FROM declinations AS b JOIN tree ON b.parent_id = tree.id
        ), line AS (
            SELECT l.*, r.establishments
              FROM tree JOIN reports AS r ON r.declination_id = tree.id AND r.convention_id = tree.convention_id
              JOIN report_lines AS l ON l.report_id = r.id
             WHERE r.school_year = w.school_year AND r.status = 'validated' AND NOT r.superseded
               AND (w.place IS NULL OR w.place = ANY (r.reach) OR l.academy = w.place
                    OR l.academy IN (SELECT t.code FROM territories AS t WHERE t.parent = w.place))
        ), expected AS (
            SELECT e.state FROM tree JOIN expected_report_states AS e ON e.declination_id = tree.id
             WHERE e.school_year = w.school_year AND (w.place IS NULL OR w.place = ANY (e.reach))
        ), campaign AS (
            SELECT count(*) > 0 AS is_there FROM campaigns AS c WHERE c.school_year = w.school_year
        )
        SELECT (SELECT ARRAY[{sums}]::bigint[] FROM line AS l) AS sums,
               (SELECT count(DISTINCT report_id) FROM line) AS reports,
               (SELECT count(DISTINCT u.uai)
                  FROM line CROSS JOIN LATERAL unnest(line.establishments) AS u (uai)
                 WHERE w.place IS NULL OR w.place = 'uai:' || u.uai
                    OR EXISTS (SELECT FROM establishments AS s JOIN territories AS t ON t.code = s.academy
                                WHERE s.uai = u.uai AND w.place IN (s.department, s.academy, t.parent))) AS establishments,
               (SELECT count(*) FROM expected) AS expected,
               (SELECT count(*) FILTER (WHERE state = 'validated') FROM expected) AS expected_validated,
               (SELECT is_there FROM campaign) AS is_expected
   ) AS f
   ORDER BY w.number";

/// What was done under each, in the order asked; the caller may read all of it.
pub async fn done(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    asked: &[Asked],
) -> Result<Vec<Done>> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let columns = "SELECT f.sums, f.reports, f.establishments, \
                   CASE WHEN f.is_expected THEN f.expected END AS expected, \
                   CASE WHEN f.is_expected THEN f.expected_validated END AS expected_validated";
    let all: Vec<&str> = MEASURES
        .iter()
        .flat_map(|one| sums(*one))
        .copied()
        .collect();
    let text = format!("{columns} {}", DONE.replace("{sums}", &all.join(", ")));
    let ids: Vec<uuid::Uuid> = asked.iter().map(|one| one.declination.uuid()).collect();
    let years: Vec<&str> = asked.iter().map(|one| one.year.as_str()).collect();
    let places: Vec<Option<&str>> = asked
        .iter()
        .map(|one| one.place.as_ref().map(TextValue::as_str))
        .collect();
    let query = diesel::sql_query(text)
        .bind::<Array<Uuid>, _>(ids)
        .bind::<Array<Text>, _>(years)
        .bind::<Array<Nullable<Text>>, _>(places);
    Ok(query.load(&mut connection).await?)
}
