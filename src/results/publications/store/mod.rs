//! The SQL of publications; that of their figures is in [`mod@count`] and [`cells`].

pub mod cells;
pub mod count;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::{Filter, Sort};
use super::freeze::{Earlier, Frozen};
use super::model::{NewPublication, Publication};
use super::true_counts::TrueCounts;
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::{publication_secrets, publications};
use crate::error::{Error, Result};
use crate::values::ids::PublicationId;
use crate::values::{Json, SchoolYear, Text};

type Filtered<'a> = IntoBoxed<'a, publications::table, Pg>;

/// Everyone may read every publication.
fn filtered<'a>(_scope: &Scope, filter: &'a Filter) -> Filtered<'a> {
    let mut query = publications::table.into_boxed();
    if !filter.school_year.is_empty() {
        query = query.filter(publications::school_year.eq_any(&filter.school_year));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(publications::updated_at.ge(since));
    }
    query
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Publication>> {
    let query = filtered(scope, filter).select(Publication::as_select());
    let order = match page.sort {
        Sort::Id => Order::by_key(&publications::id),
        Sort::UpdatedAt => Order::by(&publications::updated_at, &publications::id),
    };
    Ok(paged(query, order, page).load(&mut connection).await?)
}

/// How many there are.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
) -> Result<i64> {
    Ok(filtered(scope, filter)
        .select(count_star())
        .first(&mut connection)
        .await?)
}

/// One publication.
///
/// # Errors
/// `not_found`.
pub async fn find(
    connection: &AsyncPgConnection,
    scope: &Scope,
    id: PublicationId,
) -> Result<Publication> {
    let found = find_all(connection, scope, &[id]).await?;
    found.into_iter().next().ok_or_else(Error::not_found)
}

/// The ones with these ids that exist.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    ids: &[PublicationId],
) -> Result<Vec<Publication>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Publication::query()
        .filter(publications::id.eq_any(ids))
        .load(&mut connection)
        .await?)
}

/// Those of these numbers that there are.
pub async fn find_numbers(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    numbers: &[i32],
) -> Result<Vec<Publication>> {
    Ok(Publication::query()
        .filter(publications::number.eq_any(numbers))
        .order(publications::number)
        .load(&mut connection)
        .await?)
}

/// The last one of each of these years (without any, of the last year published) at a moment.
pub async fn latest(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    years: &[SchoolYear],
    at: Option<DateTime<Utc>>,
) -> Result<Vec<Publication>> {
    let mut query = publications::table
        .select(Publication::as_select())
        .distinct_on(publications::school_year)
        .order((
            publications::school_year.desc(),
            publications::number.desc(),
        ))
        .into_boxed();
    query = match at {
        // As it stood then: what was withdrawn since had not been.
        Some(at) => query.filter(publications::published_at.le(at)).filter(
            publications::withdrawn_at
                .is_null()
                .or(publications::withdrawn_at.gt(at).assume_not_null()),
        ),
        None => query.filter(publications::withdrawn_at.is_null()),
    };
    query = if years.is_empty() {
        query.limit(1)
    } else {
        query.filter(publications::school_year.eq_any(years))
    };
    Ok(query.load(&mut connection).await?)
}

/// The one that stands of each year, the first year first.
pub async fn standing_of_all(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
) -> Result<Vec<Publication>> {
    Ok(Publication::query()
        .distinct_on(publications::school_year)
        .filter(publications::withdrawn_at.is_null())
        .order((publications::school_year, publications::number.desc()))
        .load(&mut connection)
        .await?)
}

/// Every publication that was not withdrawn, the last one first.
pub async fn published(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
) -> Result<Vec<Publication>> {
    Ok(Publication::query()
        .filter(publications::withdrawn_at.is_null())
        .order(publications::number.desc())
        .load(&mut connection)
        .await?)
}

/// The last publication there is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Last {
    /// Its number.
    pub number: i32,
    /// Its moment.
    pub published_at: Option<DateTime<Utc>>,
}

/// Waits until nobody else publishes, until the transaction ends; readers do not wait.
///
/// # Errors
/// `service_unavailable` when others take too long.
pub async fn take_turn(connection: &mut AsyncPgConnection) -> Result<Last> {
    diesel::sql_query("LOCK TABLE publications IN SHARE ROW EXCLUSIVE MODE")
        .execute(connection)
        .await?;
    let last: Option<(i32, DateTime<Utc>)> = publications::table
        .select((publications::number, publications::published_at))
        .order(publications::number.desc())
        .first(connection)
        .await
        .optional()?;
    Ok(last.map_or_else(Last::default, |(number, at)| Last {
        number,
        published_at: Some(at),
    }))
}

/// What the publications of a year hide, withdrawn ones too: what was said is known. For the next one
/// alone.
pub async fn earlier(mut connection: &AsyncPgConnection, year: &SchoolYear) -> Result<Earlier> {
    type Row = (Json<TrueCounts>, Json<serde_json::Value>);
    let rows: Vec<Row> = publications::table
        .inner_join(publication_secrets::table)
        .filter(publications::school_year.eq(year))
        .order(publications::number)
        .select((publication_secrets::counts, publication_secrets::witnesses))
        .load(&mut connection)
        .await?;
    // The last one has the certificates of all; those of older programs are of another kind.
    let last = rows.last().map(|(_, certificates)| certificates.0.clone());
    let certificates = last.and_then(|kept| serde_json::from_value(kept).ok());
    Ok(Earlier {
        counts: rows.into_iter().map(|(counts, _)| counts.0).collect(),
        certificates: certificates.unwrap_or_default(),
    })
}

/// The publication of a year that stands.
pub async fn standing(
    mut connection: &AsyncPgConnection,
    year: &SchoolYear,
) -> Result<Option<Publication>> {
    Ok(Publication::query()
        .filter(publications::school_year.eq(year))
        .filter(publications::withdrawn_at.is_null())
        .order(publications::number.desc())
        .first(&mut connection)
        .await
        .optional()?)
}

/// One publication, locked until the transaction ends.
///
/// # Errors
/// `not_found`.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    _scope: &Scope,
    id: PublicationId,
) -> Result<Publication> {
    let found = Publication::query()
        .filter(publications::id.eq(id))
        .for_no_key_update()
        .first(connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}

/// Withdraws one, for a reason on record.
pub async fn withdraw(
    connection: &mut AsyncPgConnection,
    id: PublicationId,
    reason: &Text<2000>,
    now: DateTime<Utc>,
) -> Result<Publication> {
    let set = (
        publications::withdrawn_at.eq(now),
        publications::withdrawal_reason.eq(reason),
        publications::version.eq(publications::version + 1),
        publications::updated_at.eq(now),
    );
    let updated = diesel::update(publications::table.find(id))
        .set(set)
        .returning(Publication::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// What the service sets on a publication.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// Its id.
    pub id: PublicationId,
    /// Its number.
    pub number: i32,
    /// Its moment.
    pub published_at: DateTime<Utc>,
    /// That of the step.
    pub now: DateTime<Utc>,
    /// Counts below this are hidden.
    pub small_group: i32,
    /// The one it comes in the place of.
    pub revises: Option<PublicationId>,
}

/// Inserts one, its cells and what it keeps secret.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    stamp: &Stamp,
    new: &NewPublication,
    frozen: &Frozen,
) -> Result<Publication> {
    let inserted = diesel::insert_into(publications::table)
        .values((
            publications::id.eq(stamp.id),
            publications::school_year.eq(&new.school_year),
            publications::number.eq(stamp.number),
            publications::published_at.eq(stamp.published_at),
            publications::small_group.eq(stamp.small_group),
            publications::tables.eq(Json(frozen.tables.clone())),
            publications::note.eq(&new.note),
            publications::status.eq(new.status),
            publications::revises.eq(stamp.revises),
            publications::created_at.eq(stamp.now),
            publications::updated_at.eq(stamp.now),
        ))
        .returning(Publication::as_returning());
    let created = inserted.get_result(connection).await?;
    diesel::sql_query(INSERT_CELLS)
        .bind::<Uuid, _>(stamp.id.uuid())
        .bind::<Jsonb, _>(Json(&frozen.cells))
        .execute(connection)
        .await?;
    let secret = (
        publication_secrets::publication_id.eq(stamp.id.uuid()),
        publication_secrets::counts.eq(Json(frozen.true_counts.clone())),
        publication_secrets::witnesses.eq(Json(frozen.certificates.clone())),
    );
    diesel::insert_into(publication_secrets::table)
        .values(secret)
        .execute(connection)
        .await?;
    Ok(created)
}

const INSERT_CELLS: &str = "
    INSERT INTO publication_cells (publication_id, place, grouping, first_key, second_key, figures, suppressed, carried, expected, validated)
    SELECT $1, place, grouping, first_key, second_key, figures, suppressed, carried, expected, validated
      FROM ROWS FROM (jsonb_to_recordset($2) AS (grouping text, first_key text, second_key text, figures jsonb,
                                                 suppressed text[], carried jsonb, expected bigint, validated bigint))
           WITH ORDINALITY AS cell (grouping, first_key, second_key, figures, suppressed, carried, expected, validated, place)";
