//! The SQL of contacts.

pub mod many;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::content::NewContact;
use super::filter::{Filter, Sort};
use super::model::Contact;
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::contacts;
use crate::error::{Error, Result};
use crate::values::ids::ContactId;

type Filtered<'a> = IntoBoxed<'a, contacts::table, Pg>;

/// Everyone may read that a contact exists; whom the person is shown to is the model's.
fn filtered<'a>(_scope: &Scope, filter: &'a Filter) -> Filtered<'a> {
    let mut query = contacts::table.into_boxed();
    if !filter.territory.is_empty() {
        query = query.filter(
            contacts::territory
                .eq_any(&filter.above)
                .or(contacts::reach.overlaps_with(&filter.territory)),
        );
    }
    if !filter.role.is_empty() {
        query = query.filter(contacts::role.eq_any(&filter.role));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(contacts::updated_at.ge(since));
    }
    query
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Contact>> {
    let query = filtered(scope, filter).select(Contact::as_select());
    let order = match page.sort {
        Sort::Id => Order::by_key(&contacts::id),
        Sort::UpdatedAt => Order::by(&contacts::updated_at, &contacts::id),
    };
    Ok(paged(query, order, page).load(&mut connection).await?)
}

/// Those of one of these territories: whom to write to of a school, given it and all above it.
pub async fn of_territories(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    codes: &[String],
) -> Result<Vec<Contact>> {
    Ok(contacts::table
        .filter(contacts::territory.eq_any(codes))
        .order(contacts::id)
        .select(Contact::as_select())
        .load(&mut connection)
        .await?)
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

/// One contact.
///
/// # Errors
/// `not_found`.
pub async fn find(connection: &AsyncPgConnection, scope: &Scope, id: ContactId) -> Result<Contact> {
    let found = find_all(connection, scope, &[id]).await?;
    found.into_iter().next().ok_or_else(Error::not_found)
}

/// The ones with these ids that exist.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    ids: &[ContactId],
) -> Result<Vec<Contact>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Contact::query()
        .filter(contacts::id.eq_any(ids))
        .load(&mut connection)
        .await?)
}

/// One contact, locked until the transaction ends.
///
/// # Errors
/// `not_found`.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    _scope: &Scope,
    id: ContactId,
) -> Result<Contact> {
    let found = Contact::query()
        .filter(contacts::id.eq(id))
        .for_no_key_update()
        .first(connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}

/// Inserts one.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    id: ContactId,
    new: &NewContact,
    ancestors: &[String],
    now: DateTime<Utc>,
) -> Result<Contact> {
    let beginning = (
        contacts::id.eq(id),
        contacts::reach.eq(ancestors),
        contacts::created_at.eq(now),
        contacts::updated_at.eq(now),
    );
    let inserted = diesel::insert_into(contacts::table)
        .values((new, beginning))
        .returning(Contact::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// Changes one; `ancestors` goes with its territory.
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: ContactId,
    new: &NewContact,
    ancestors: &[String],
    now: DateTime<Utc>,
) -> Result<Contact> {
    let stamp = (
        contacts::reach.eq(ancestors),
        contacts::version.eq(contacts::version + 1),
        contacts::updated_at.eq(now),
    );
    let updated = diesel::update(contacts::table.find(id))
        .set((new, stamp))
        .returning(Contact::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Erases one.
pub async fn delete(connection: &mut AsyncPgConnection, id: ContactId) -> Result<()> {
    diesel::delete(contacts::table.find(id))
        .execute(connection)
        .await
        .map_err(Error::on_delete)?;
    Ok(())
}
