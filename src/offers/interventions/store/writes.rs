//! The SQL that writes interventions: each statement for any number of them.
//!
//! Their content is sent as one JSON document, whose members are the columns: the fields are listed
//! in its structure and nowhere else.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Bool, Date, Jsonb, Nullable, Text, Timestamptz, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};

use crate::db::schema::interventions;
use crate::error::Result;
use crate::offers::interventions::content::NewIntervention;
use crate::offers::interventions::model::ExternalId;
use crate::offers::interventions::status::Eligibility;
use crate::values::ids::{InterventionId, PartnerId};
use crate::values::{Json, Written};

/// A row as its partner writes it.
#[derive(Debug, Clone, Serialize)]
pub struct Row<'a> {
    /// Its id, a new one where there is none yet.
    pub id: InterventionId,
    /// Its external id.
    pub external_id: &'a ExternalId,
    /// Its content.
    #[serde(flatten)]
    pub content: &'a NewIntervention,
    /// The ancestors common to its territories.
    pub held_by: &'a [String],
    /// Its territories, the department of its place, and all above them.
    pub reach: &'a [String],
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    external_id: ExternalId,
}

/// Inserts those whose external id the partner does not have yet, and answers their ids. In the order
/// of their ids, so that no two writers wait for each other.
///
/// # Errors
/// `validation_failed` for a convention that does not exist, `not_found` when the partner went away.
pub async fn insert_all(
    connection: &mut AsyncPgConnection,
    partner: PartnerId,
    rows: &[Row<'_>],
    now: DateTime<Utc>,
) -> Result<HashSet<ExternalId>> {
    let Some(first) = rows.first() else {
        return Ok(HashSet::new());
    };
    let written = Written::of(first.content)?;
    let names: Vec<&str> = written.members()?.names().collect();
    let columns = names.join(", ");
    let sql = format!(
        "INSERT INTO interventions (id, partner_id, external_id, held_by, reach, confirmed_at, created_at, updated_at, {columns})
         SELECT id, $2, external_id, held_by, reach, $3, $3, $3, {columns}
           FROM jsonb_populate_recordset(NULL::interventions, $1) ORDER BY external_id
             ON CONFLICT (partner_id, external_id) DO NOTHING RETURNING external_id"
    );
    let inserted: Vec<Name> = sql_query(sql)
        .bind::<Jsonb, _>(Json(rows))
        .bind::<Uuid, _>(partner)
        .bind::<Timestamptz, _>(now)
        .load(connection)
        .await?;
    Ok(inserted.into_iter().map(|row| row.external_id).collect())
}

/// The members of a content that the index of the search is made of: it is slow to make.
const TEXT: [&str; 2] = ["title", "description"];

/// What changes of a row that is there.
#[derive(Debug)]
pub struct Change<'a> {
    /// The row as it will be.
    pub row: Row<'a>,
    /// The members of its content that are others than before.
    pub members: Vec<String>,
}

impl Change<'_> {
    fn has_new_text(&self) -> bool {
        self.members
            .iter()
            .any(|name| TEXT.contains(&name.as_str()))
    }
}

/// A row's id and where it is offered, beside some members of its content.
#[derive(Debug)]
struct Part<'a> {
    row: &'a Row<'a>,
    members: &'a [&'a str],
}

fn parts<'a>(rows: impl Iterator<Item = &'a Row<'a>>, members: &'a [&'a str]) -> Vec<Part<'a>> {
    rows.map(|row| Part { row, members }).collect()
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let written = Written::of(self.row.content).map_err(S::Error::custom)?;
        let members = written.members().map_err(S::Error::custom)?;
        let mut part = serializer.serialize_map(None)?;
        part.serialize_entry("id", &self.row.id)?;
        part.serialize_entry("held_by", self.row.held_by)?;
        part.serialize_entry("reach", self.row.reach)?;
        for (name, value) in members.only(self.members).iter() {
            part.serialize_entry(name, value)?;
        }
        part.end()
    }
}

/// Changes those, which are offered again if they were withdrawn. Only members that change in any of
/// them are sent and written; those whose text stays are written apart, since PostgreSQL updates the
/// index of the search for every column that it writes.
///
/// # Errors
/// As [`insert_all`].
pub async fn update_all(
    connection: &mut AsyncPgConnection,
    changes: &[Change<'_>],
    now: DateTime<Utc>,
) -> Result<()> {
    let (with_text, others): (Vec<_>, Vec<_>) = changes.iter().partition(|one| one.has_new_text());
    for changes in [others, with_text] {
        update(connection, &changes, now).await?;
    }
    Ok(())
}

async fn update(
    connection: &mut AsyncPgConnection,
    changes: &[&Change<'_>],
    now: DateTime<Utc>,
) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let distinct: BTreeSet<&str> = changes
        .iter()
        .flat_map(|change| change.members.iter().map(String::as_str))
        .collect();
    let members: Vec<&str> = distinct.into_iter().collect();
    let set: Vec<String> = members
        .iter()
        .map(|name| format!(", {name} = given.{name}"))
        .collect();
    let sql = format!(
        "UPDATE interventions AS present
            SET version = present.version + 1, updated_at = $2, confirmed_at = $2, withdrawn_at = NULL,
                held_by = given.held_by, reach = given.reach{}
           FROM jsonb_populate_recordset(NULL::interventions, $1) AS given WHERE present.id = given.id",
        set.concat()
    );
    let rows = changes.iter().map(|change| &change.row);
    sql_query(sql)
        .bind::<Jsonb, _>(Json(parts(rows, &members)))
        .bind::<Timestamptz, _>(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// What their conventions are to some interventions.
pub type Eligibilities = HashMap<InterventionId, Eligibility>;

#[derive(QueryableByName)]
struct Stands {
    #[diesel(sql_type = Uuid)]
    id: InterventionId,
    #[diesel(sql_type = Nullable<Date>)]
    in_force_from: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    in_force_until: Option<NaiveDate>,
    #[diesel(sql_type = Array<Text>)]
    reasons: Vec<String>,
}

/// What their conventions are to rows, written or not.
pub async fn eligibilities(
    mut connection: &AsyncPgConnection,
    partner: PartnerId,
    rows: &[Row<'_>],
    day: NaiveDate,
) -> Result<Eligibilities> {
    if rows.is_empty() {
        return Ok(Eligibilities::new());
    }
    const STANDINGS: &str = "
        SELECT given.id, s.in_force_from, s.in_force_until,
               intervention_reasons(s.obstacles, s.action_types, s.levels, s.territory,
                                    given.action_type, given.levels, given.held_by) AS reasons
          FROM jsonb_to_recordset($1) AS given (
               id uuid, convention_id uuid, action_type text, levels text[], held_by text[])
          JOIN intervention_standing s ON s.convention_id = given.convention_id AND s.partner_id = $2
                                      AND s.from_day <= $3 AND s.until_day > $3";
    let members = ["convention_id", "action_type", "levels"];
    let found: Vec<Stands> = sql_query(STANDINGS)
        .bind::<Jsonb, _>(Json(parts(rows.iter(), &members)))
        .bind::<Uuid, _>(partner)
        .bind::<Date, _>(day)
        .load(&mut connection)
        .await?;
    let eligibility = |row: Stands| {
        let eligibility = Eligibility {
            in_force_from: row.in_force_from,
            in_force_until: row.in_force_until,
            reasons: row.reasons,
        };
        (row.id, eligibility)
    };
    Ok(found.into_iter().map(eligibility).collect())
}

/// Notes that their partner still offers them. Nothing else of them changes, not even their version.
/// One that somebody else is writing is passed over: it is confirmed, or withdrawn, that way.
pub async fn confirm(
    connection: &mut AsyncPgConnection,
    ids: &[InterventionId],
    now: DateTime<Utc>,
) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let free = interventions::table
        .filter(interventions::id.eq_any(ids))
        .select(interventions::id)
        .for_no_key_update()
        .skip_locked()
        .load::<InterventionId>(connection)
        .await?;
    diesel::update(interventions::table.filter(interventions::id.eq_any(free)))
        .set(interventions::confirmed_at.eq(now))
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Touched {
    #[diesel(sql_type = Text)]
    external_id: ExternalId,
    #[diesel(sql_type = Bool)]
    is_withdrawn: bool,
}

/// Those of these names that the partner has, confirmed where they were not `since`, and whether
/// they are withdrawn. In one statement.
pub async fn touch(
    connection: &mut AsyncPgConnection,
    partner: PartnerId,
    names: &[ExternalId],
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<HashMap<ExternalId, bool>> {
    const TOUCH: &str = "
        WITH found AS MATERIALIZED (
            SELECT id, external_id, withdrawn_at, confirmed_at FROM interventions
             WHERE partner_id = $1 AND external_id = ANY ($2)
        ), due AS MATERIALIZED (
            SELECT id FROM interventions
             WHERE id IN (SELECT id FROM found WHERE withdrawn_at IS NULL AND confirmed_at < $3)
               FOR NO KEY UPDATE SKIP LOCKED
        ), confirmed AS (
            UPDATE interventions AS present SET confirmed_at = $4 FROM due WHERE present.id = due.id
        )
        SELECT external_id, withdrawn_at IS NOT NULL AS is_withdrawn FROM found";
    let found: Vec<Touched> = sql_query(TOUCH)
        .bind::<Uuid, _>(partner)
        .bind::<Array<Text>, _>(names)
        .bind::<Timestamptz, _>(since)
        .bind::<Timestamptz, _>(now)
        .load(connection)
        .await?;
    Ok(found
        .into_iter()
        .map(|row| (row.external_id, row.is_withdrawn))
        .collect())
}

/// Takes them back.
pub async fn withdraw_all(
    connection: &mut AsyncPgConnection,
    ids: &[InterventionId],
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::update(interventions::table.filter(interventions::id.eq_any(ids)))
        .set((
            interventions::withdrawn_at.eq(now),
            interventions::version.eq(interventions::version + 1),
            interventions::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    Ok(())
}
