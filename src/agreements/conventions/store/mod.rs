//! The SQL of conventions.

pub mod functions;
pub mod neighbours;
mod scoped;
pub mod writes;

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::agreements::conventions::content::ConventionScope;
use crate::agreements::conventions::store::functions::{
    convention_days, convention_effective_status,
};

pub use self::scoped::{Scoped, followed, kept, scoped, visible};
use super::filter::{Filter, Sort};
use super::model::Convention;
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::{
    convention_partners, convention_texts as texts, conventions, declinations, partners,
};
use crate::db::search::{contains, fold};
use crate::error::{Error, Result};
use crate::values::TerritoryCode;
use crate::values::ids::ConventionId;

/// What a convention is on a day, in a query.
pub fn effective_on(
    day: NaiveDate,
) -> convention_effective_status<
    conventions::status,
    conventions::starts_on,
    conventions::in_force_until,
    conventions::termination,
    conventions::replaced_on,
    diesel::dsl::AsExprOf<NaiveDate, Date>,
> {
    convention_effective_status(
        conventions::status,
        conventions::starts_on,
        conventions::in_force_until,
        conventions::termination,
        conventions::replaced_on,
        day.into_sql::<Date>(),
    )
}

/// What a list of codes covers: an empty one restricts nothing.
macro_rules! covers {
    ($column:expr, $codes:expr) => {
        $column
            .overlaps_with($codes)
            .or($column.eq(Vec::<String>::new()))
    };
}

/// The conventions that a list is of.
pub fn filtered<'a>(scope: &Scope, filter: &'a Filter) -> Scoped<'a> {
    let mut query = scoped(scope);
    if !filter.scope.is_empty() {
        query = query.filter(conventions::scope.eq_any(&filter.scope));
    }
    if !filter.kind.is_empty() {
        query = query.filter(conventions::kind.eq_any(&filter.kind));
    }
    if !filter.status.is_empty() {
        query = query.filter(conventions::status.eq_any(&filter.status));
    }
    if !filter.effective_status.is_empty() {
        let among = effective_on(filter.today).eq_any(&filter.effective_status);
        query = query.filter(among.assume_not_null());
    }
    if let Some(day) = filter.in_force_on {
        let days = convention_days(
            conventions::status,
            conventions::starts_on,
            conventions::in_force_until,
        );
        query = query.filter(days.contains(day.into_sql::<Date>()));
    }
    if !filter.partner_id.is_empty() {
        let parties = convention_partners::table
            .filter(convention_partners::partner_id.eq_any(&filter.partner_id))
            .select(convention_partners::convention_id);
        query = query.filter(conventions::id.eq_any(parties));
    }
    if !filter.sector.is_empty() {
        let parties = convention_partners::table
            .inner_join(partners::table)
            .filter(partners::sectors.overlaps_with(&filter.sector))
            .select(convention_partners::convention_id);
        query = query.filter(conventions::id.eq_any(parties));
    }
    if filter.restricts() {
        let covering = covering(filter).select(texts::convention_id);
        query = query.filter(conventions::id.eq_any(covering));
    }
    if !filter.territory.is_empty() {
        query = query.filter(present_in(&filter.territory, &filter.above));
    }
    if !filter.not_declined_in.is_empty() {
        let ends_on = declinations::ends_on;
        let declined = declinations::table
            .filter(declinations::convention_id.eq(conventions::id))
            .filter(declinations::status.eq("active"))
            .filter(declinations::starts_on.le(filter.today))
            .filter(
                ends_on
                    .is_null()
                    .or(ends_on.assume_not_null().ge(filter.today)),
            )
            .filter(declinations::territories.overlaps_with(&filter.above_undeclined));
        query = query.filter(diesel::dsl::not(diesel::dsl::exists(declined)));
    }
    for word in filter.q.iter().flat_map(|q| q.split_whitespace()) {
        let named = conventions::search.like(fold(contains(word)));
        if !filter.names_parties {
            query = query.filter(named);
            continue;
        }
        let of_parties = convention_partners::table
            .inner_join(partners::table)
            .filter(partners::search.like(fold(contains(word))))
            .select(convention_partners::convention_id);
        query = query.filter(named.or(conventions::id.eq_any(of_parties)));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(conventions::updated_at.ge(since));
    }
    query
}

/// The texts of today that cover what is asked for.
fn covering(filter: &Filter) -> IntoBoxed<'_, texts::table, Pg> {
    let mut query = texts::table
        .filter(texts::from_day.le(filter.today))
        .filter(texts::until_day.gt(filter.today))
        .into_boxed();
    if !filter.axis.is_empty() {
        query = query.filter(covers!(texts::axes, &filter.axis));
    }
    if !filter.action_type.is_empty() {
        query = query.filter(covers!(texts::action_types, &filter.action_type));
    }
    if !filter.level.is_empty() {
        query = query.filter(covers!(texts::levels, &filter.level));
    }
    query
}

type Condition<'a> = Box<dyn BoxableExpression<conventions::table, Pg, SqlType = Bool> + 'a>;

/// Condition: a local convention of these territories, of one below or above them, or one with an
/// active declination there.
fn present_in<'a>(territories: &'a [TerritoryCode], above: &'a [String]) -> Condition<'a> {
    let declined = declinations::table
        .filter(declinations::convention_id.eq(conventions::id))
        .filter(declinations::status.eq("active"))
        .filter(
            declinations::territories
                .overlaps_with(above)
                .or(declinations::reach.overlaps_with(territories)),
        );
    Box::new(
        conventions::reach
            .overlaps_with(territories)
            .or(conventions::territory.assume_not_null().eq_any(above))
            .or(diesel::dsl::exists(declined)),
    )
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Convention>> {
    let query = filtered(scope, filter).select(Convention::as_select());
    let order = match page.sort {
        Sort::Id => Order::by_key(&conventions::id),
        Sort::Reference => Order::by(&conventions::reference, &conventions::id),
        Sort::UpdatedAt => Order::by(&conventions::updated_at, &conventions::id),
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

/// One convention.
///
/// # Errors
/// `not_found`.
pub async fn find(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    id: ConventionId,
) -> Result<Convention> {
    let found = scoped(scope)
        .filter(conventions::id.eq(id))
        .select(Convention::as_select())
        .first(&mut connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}

/// The ones with these ids that the caller may see.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[ConventionId],
) -> Result<Vec<Convention>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(scoped(scope)
        .filter(conventions::id.eq_any(ids))
        .select(Convention::as_select())
        .load(&mut connection)
        .await?)
}

/// Which of these the caller may see and are national.
pub async fn national_of(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[ConventionId],
) -> Result<Vec<ConventionId>> {
    Ok(scoped(scope)
        .filter(conventions::id.eq_any(ids))
        .filter(conventions::scope.eq(ConventionScope::National))
        .select(conventions::id)
        .load(&mut connection)
        .await?)
}

/// One convention, locked until the transaction ends: what depends on it waits.
///
/// # Errors
/// `not_found`.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    id: ConventionId,
) -> Result<Convention> {
    // Locked first, read next: a boxed query takes no lock, and what was waited for is then read.
    let locked = conventions::table
        .filter(conventions::id.eq(id))
        .select(conventions::id)
        .for_no_key_update()
        .first::<ConventionId>(connection)
        .await;
    locked.optional()?.ok_or_else(Error::not_found)?;
    find(connection, scope, id).await
}
