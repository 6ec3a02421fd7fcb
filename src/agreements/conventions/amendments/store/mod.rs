//! The SQL of amendments.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{count_star, max};
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Integer, Jsonb, Text, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::content::{Change, NewAmendment};
use super::filter::{Filter, Sort};
use super::model::{Amendment, Status};
use super::rules::Left;
use crate::agreements::conventions::content::Document;
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::signing::{Signatory, VoidedSignature};
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::{amendments, conventions};
use crate::error::{Error, Result};
use crate::values::ids::{AmendmentId, ConventionId};
use crate::values::{Json, Sha256Hex};

type Scoped<'a> = IntoBoxed<'a, amendments::table, Pg>;

/// Those of a convention that the caller may see, by [`Amendment::is_visible_to`]: some of them by
/// the texts they apply to.
async fn scoped<'a>(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    convention: &Convention,
    day: NaiveDate,
) -> Result<Scoped<'a>> {
    let own = amendments::table.filter(amendments::convention_id.eq(convention.id));
    let all: Vec<Amendment> = own
        .select(Amendment::as_select())
        .load(&mut connection)
        .await?;
    let seen: Vec<AmendmentId> = all
        .iter()
        .filter(|one| one.is_visible_to(scope, convention, day))
        .map(|one| one.id)
        .collect();
    Ok(own.filter(amendments::id.eq_any(seen)).into_boxed())
}

async fn filtered<'a>(
    connection: &AsyncPgConnection,
    scope: &Scope,
    (convention, day): (&Convention, NaiveDate),
    filter: &'a Filter,
) -> Result<Scoped<'a>> {
    let mut query = scoped(connection, scope, convention, day).await?;
    if !filter.status.is_empty() {
        query = query.filter(amendments::status.eq_any(&filter.status));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(amendments::updated_at.ge(since));
    }
    Ok(query)
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    place: (&Convention, NaiveDate),
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Amendment>> {
    let query = filtered(connection, scope, place, filter)
        .await?
        .select(Amendment::as_select());
    let order = match page.sort {
        Sort::Number => Order::by(&amendments::number, &amendments::id),
        Sort::UpdatedAt => Order::by(&amendments::updated_at, &amendments::id),
    };
    Ok(paged(query, order, page).load(&mut connection).await?)
}

/// How many there are.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    place: (&Convention, NaiveDate),
    filter: &Filter,
) -> Result<i64> {
    Ok(filtered(connection, scope, place, filter)
        .await?
        .select(count_star())
        .first(&mut connection)
        .await?)
}

/// One amendment of a convention.
///
/// # Errors
/// `not_found`.
pub async fn find(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    (convention, day): (&Convention, NaiveDate),
    id: AmendmentId,
) -> Result<Amendment> {
    let found = amendments::table
        .filter(amendments::id.eq(id))
        .filter(amendments::convention_id.eq(convention.id))
        .select(Amendment::as_select())
        .first::<Amendment>(&mut connection)
        .await
        .optional()?;
    found
        .filter(|one| one.is_visible_to(scope, convention, day))
        .ok_or_else(Error::not_found)
}

/// The ones with these ids that the caller may see, each with its convention.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[AmendmentId],
    day: NaiveDate,
) -> Result<Vec<(Amendment, Convention)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<(Amendment, Convention)> = amendments::table
        .inner_join(conventions::table)
        .filter(amendments::id.eq_any(ids))
        .select((Amendment::as_select(), Convention::as_select()))
        .load(&mut connection)
        .await?;
    let is_seen = |(amendment, convention): &(Amendment, Convention)| {
        amendment.is_visible_to(scope, convention, day)
    };
    Ok(found.into_iter().filter(is_seen).collect())
}

/// The number of a convention's next amendment; the convention is locked, so that none is given twice.
pub async fn next_number(
    connection: &mut AsyncPgConnection,
    convention: ConventionId,
) -> Result<i32> {
    let last: Option<i32> = amendments::table
        .filter(amendments::convention_id.eq(convention))
        .select(max(amendments::number))
        .first(connection)
        .await?;
    Ok(last.unwrap_or_default() + 1)
}

/// The columns a step sets, besides the content.
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = amendments, treat_none_as_null = true)]
pub struct StepColumns {
    /// Its status.
    pub status: Status,
    /// Those who sign it, with their signatures.
    pub signatories: Json<Vec<Signatory>>,
    /// The signatures that are no longer valid.
    pub voided_signatures: Json<Vec<VoidedSignature>>,
    /// The day of the last signature.
    pub signed_on: Option<NaiveDate>,
    /// The digest of its content.
    pub content_hash: Sha256Hex,
}

impl StepColumns {
    /// Those of the stored row.
    pub fn of(amendment: &Amendment) -> Self {
        Self {
            status: amendment.status,
            signatories: amendment.signatories.clone(),
            voided_signatures: amendment.voided_signatures.clone(),
            signed_on: amendment.signed_on,
            content_hash: amendment.content_hash.clone(),
        }
    }
}

/// The content of an amendment, as columns.
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = amendments)]
struct ContentColumns<'a> {
    title: &'a crate::values::Text<300>,
    effective_on: NaiveDate,
    changes: Json<Vec<Change>>,
    documents: Json<Vec<Document>>,
}

impl<'a> ContentColumns<'a> {
    fn of(new: &'a NewAmendment) -> Self {
        Self {
            title: &new.title,
            effective_on: new.effective_on,
            changes: Json(new.changes.clone()),
            documents: Json(new.documents.clone()),
        }
    }
}

/// Inserts one.
///
/// # Errors
/// `validation_failed` for a partner that was deleted since.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    (id, convention, number): (AmendmentId, ConventionId, i32),
    new: &NewAmendment,
    columns: &StepColumns,
    now: DateTime<Utc>,
) -> Result<Amendment> {
    let beginning = (
        amendments::id.eq(id),
        amendments::convention_id.eq(convention),
        amendments::number.eq(number),
        amendments::created_at.eq(now),
        amendments::updated_at.eq(now),
    );
    let inserted = diesel::insert_into(amendments::table)
        .values((beginning, ContentColumns::of(new), columns))
        .returning(Amendment::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// Changes one.
///
/// # Errors
/// As [`insert`].
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: AmendmentId,
    new: &NewAmendment,
    columns: &StepColumns,
    now: DateTime<Utc>,
) -> Result<Amendment> {
    let stamp = (
        amendments::version.eq(amendments::version + 1),
        amendments::updated_at.eq(now),
    );
    let updated = diesel::update(amendments::table.find(id))
        .set((ContentColumns::of(new), columns, stamp))
        .returning(Amendment::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Deletes a draft.
pub async fn delete(connection: &mut AsyncPgConnection, id: AmendmentId) -> Result<()> {
    diesel::delete(amendments::table.find(id))
        .execute(connection)
        .await?;
    Ok(())
}

/// An active declination that relies on codes an amendment takes away.
#[derive(Debug, QueryableByName)]
pub struct Relying {
    /// The declination.
    #[diesel(sql_type = Uuid)]
    pub id: uuid::Uuid,
    /// The place of the change that takes them away.
    #[diesel(sql_type = Integer)]
    pub change: i32,
    /// The codes, of its own lists or of its planned actions.
    #[diesel(sql_type = Array<Text>)]
    pub codes: Vec<String>,
}

/// The active declinations of a convention that, from a day on and for as long as it lasts, rely on
/// what is not left; the first hundred.
pub async fn relying(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    convention: ConventionId,
    from: NaiveDate,
    left: &[Left],
) -> Result<Vec<Relying>> {
    const RELYING: &str = "
        SELECT d.id, l.index AS change, lost.codes
          FROM declinations d
         CROSS JOIN jsonb_to_recordset($3) AS l (index integer, field text, codes text[], until date)
         CROSS JOIN LATERAL (
               SELECT codes_beyond(CASE l.field
                          WHEN 'axes' THEN d.axes
                          WHEN 'action_types' THEN d.action_types || array_agg(p ->> 'action_type')
                          WHEN 'levels' THEN d.levels || array_agg(named.level)
                          ELSE d.moments || array_agg(p ->> 'moment') END, l.codes) AS codes
                 FROM jsonb_array_elements(d.planned_actions) AS p
                 LEFT JOIN LATERAL jsonb_array_elements_text(p -> 'levels') AS named (level) ON true) AS lost
         WHERE d.convention_id = $1 AND d.status = 'active' AND coalesce(d.ends_on >= $2, true)
           AND coalesce(d.starts_on < l.until, true) AND lost.codes <> '{}'
         ORDER BY d.id, l.index LIMIT 100";
    Ok(diesel::sql_query(RELYING)
        .bind::<Uuid, _>(convention)
        .bind::<Date, _>(from)
        .bind::<Jsonb, _>(Json(left.to_vec()))
        .load(&mut connection)
        .await?)
}
