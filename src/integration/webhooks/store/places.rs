//! Where the objects of changes are: what a webhook that limits itself to territories is not told.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::error::Result;

/// Of each kind of object that has a place: the territories that it names, and these with all above
/// them. What names none is everywhere.
const ELSEWHERE: &str = "
    SELECT DISTINCT id FROM (
        SELECT id, ARRAY[territory] AS places, reach FROM contacts
        UNION ALL
        SELECT id, territories, reach FROM representatives
        UNION ALL
        SELECT id, ARRAY[territory], reach FROM conventions WHERE territory IS NOT NULL
        UNION ALL
        SELECT a.id, ARRAY[c.territory], c.reach FROM amendments a JOIN conventions c ON c.id = a.convention_id
         WHERE c.territory IS NOT NULL
        UNION ALL
        SELECT id, territories, reach FROM declinations
        UNION ALL
        SELECT id, covers, reach_of(covers) FROM interventions
        UNION ALL
        SELECT id, ARRAY['uai:' || uai], reach FROM solicitations
        UNION ALL
        SELECT id, ARRAY[territory], reach FROM reports
        UNION ALL
        SELECT id, ARRAY['uai:' || uai], reach_of(ARRAY['uai:' || uai]) FROM establishments
    ) AS placed
     WHERE id = ANY ($1) AND places <> '{}' AND NOT (reach && $2) AND NOT (places && $3)";

#[derive(QueryableByName)]
struct Elsewhere {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Those of these objects that neither lie in one of the territories nor cover one; `above` is the
/// territories and all above them.
pub async fn elsewhere(
    mut connection: &AsyncPgConnection,
    ids: &[Uuid],
    territories: &[String],
    above: &[String],
) -> Result<HashSet<Uuid>> {
    let found: Vec<Elsewhere> = diesel::sql_query(ELSEWHERE)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Text>, _>(territories)
        .bind::<Array<Text>, _>(above)
        .load(&mut connection)
        .await?;
    Ok(found.into_iter().map(|row| row.id).collect())
}
