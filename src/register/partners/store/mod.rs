//! The SQL of partners.

use chrono::{DateTime, Utc};
use diesel::dsl::{array, count_star};
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Uuid;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::content::NewPartner;
use super::filter::{Filter, Sort};
use super::model::{Like, Partner, Status};
use crate::agreements::conventions::store::effective_on;
use crate::agreements::conventions::term::EffectiveStatus;
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::{convention_partners, convention_texts as texts, conventions, partners};
use crate::db::search::{LikeWordsOf, contains, fold, fold_nullable, greatest, similarity};
use crate::error::{Error, Result};
use crate::values::ids::PartnerId;

type Filtered<'a> = IntoBoxed<'a, partners::table, Pg>;

/// Every partner may be read by every role: the scope is asked for so that this stays a decision.
fn filtered<'a>(_scope: &Scope, filter: &'a Filter) -> Filtered<'a> {
    let mut query = partners::table.into_boxed();
    if !filter.kind.is_empty() {
        query = query.filter(partners::kind.eq_any(&filter.kind));
    }
    if !filter.sector.is_empty() {
        query = query.filter(partners::sectors.overlaps_with(&filter.sector));
    }
    if !filter.status.is_empty() {
        query = query.filter(partners::status.eq_any(&filter.status));
    }
    if let Some(origin) = filter.origin {
        query = query.filter(partners::origin.eq(origin));
    }
    if !filter.territory.is_empty() {
        query = query.filter(partners::reach.overlaps_with(&filter.territory));
    }
    if let Some(siren) = &filter.siren {
        query = query.filter(partners::siren.eq(siren));
    }
    for word in filter.q.iter().flat_map(|q| q.split_whitespace()) {
        query = query.filter(partners::search.like(fold(contains(word))));
    }
    if let Some(wanted) = filter.with_convention_in_force {
        // The parties are found once, not looked for anew for each partner.
        let today = effective_on(filter.today).eq(EffectiveStatus::InForce);
        let parties = convention_partners::table
            .inner_join(
                conventions::table.on(conventions::id.eq(convention_partners::convention_id)),
            )
            .inner_join(texts::table.on(texts::convention_id.eq(conventions::id)))
            .filter(today.assume_not_null())
            .filter(texts::from_day.le(filter.today))
            .filter(texts::until_day.gt(filter.today))
            .filter(
                texts::partner_ids.contains(array::<Uuid, _>((convention_partners::partner_id,))),
            )
            .select(convention_partners::partner_id);
        query = if wanted {
            query.filter(partners::id.eq_any(parties))
        } else {
            query.filter(partners::id.ne_all(parties))
        };
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(partners::updated_at.ge(since));
    }
    query
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Partner>> {
    let query = filtered(scope, filter).select(Partner::as_select());
    let order = match page.sort {
        Sort::Id => Order::by_key(&partners::id),
        Sort::LegalName => Order::by(&partners::sort_name, &partners::id),
        Sort::UpdatedAt => Order::by(&partners::updated_at, &partners::id),
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

/// One partner.
///
/// # Errors
/// `not_found`.
pub async fn find(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    id: PartnerId,
) -> Result<Partner> {
    let found = Partner::query()
        .filter(partners::id.eq(id))
        .first(&mut connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}

/// The ones with these ids that exist.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    ids: &[PartnerId],
) -> Result<Vec<Partner>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Partner::query()
        .filter(partners::id.eq_any(ids))
        .load(&mut connection)
        .await?)
}

/// One partner, locked until the transaction ends.
///
/// # Errors
/// `not_found`.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    _scope: &Scope,
    id: PartnerId,
) -> Result<Partner> {
    let found = Partner::query()
        .filter(partners::id.eq(id))
        .for_no_key_update()
        .first(connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}

/// How alike two names are from which on they are told: the spelling, a form of company or a place differ.
const ALIKE: f32 = 0.6;

/// How many like ones are told.
const TOLD: i64 = 3;

/// The partners with a name like one's legal or usual name, the likest first.
pub async fn alike(mut connection: &AsyncPgConnection, partner: &Partner) -> Result<Vec<Like>> {
    let legal = partner.content.legal_name.to_string();
    let usual = partner.content.usual_name.as_ref();
    let usual = usual.map_or_else(|| legal.clone(), ToString::to_string);
    let closest = |name: String| {
        greatest(
            similarity(
                partners::sort_name.nullable(),
                fold(name.clone()).nullable(),
            ),
            similarity(
                fold_nullable(partners::usual_name),
                fold(name.clone()).nullable(),
            ),
            similarity(fold_nullable(partners::acronym), fold(name).nullable()),
        )
    };
    let likeness = || greatest(closest(legal.clone()), closest(usual.clone()), None::<f32>);
    // By the index first: names are words of `search`, and likeness is computed of those found.
    let found = LikeWordsOf::new(fold(legal.clone()), partners::search)
        .or(LikeWordsOf::new(fold(usual.clone()), partners::search));
    Ok(partners::table
        .filter(found)
        .filter(partners::id.ne(partner.id))
        .filter(likeness().ge(ALIKE))
        .order((likeness().desc(), partners::id))
        .limit(TOLD)
        .select((partners::id, partners::legal_name))
        .load(&mut connection)
        .await?)
}

/// Inserts one.
///
/// # Errors
/// `duplicate_siren`, `duplicate_rna`, or `validation_failed` for a network that does not exist.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    id: PartnerId,
    new: &NewPartner,
    ancestors: &[String],
    now: DateTime<Utc>,
) -> Result<Partner> {
    let row = (
        new,
        partners::id.eq(id),
        partners::reach.eq(ancestors),
        partners::created_at.eq(now),
        partners::updated_at.eq(now),
    );
    let inserted = diesel::insert_into(partners::table)
        .values(row)
        .returning(Partner::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// Changes one; `ancestors` goes with its territory.
///
/// # Errors
/// As [`insert`].
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: PartnerId,
    new: &NewPartner,
    ancestors: &[String],
    now: DateTime<Utc>,
) -> Result<Partner> {
    let stamp = (
        partners::reach.eq(ancestors),
        partners::version.eq(partners::version + 1),
        partners::updated_at.eq(now),
    );
    let updated = diesel::update(partners::table.find(id))
        .set((new, stamp))
        .returning(Partner::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Sets the status of one.
pub async fn set_status(
    connection: &mut AsyncPgConnection,
    id: PartnerId,
    status: Status,
    now: DateTime<Utc>,
) -> Result<Partner> {
    let stamp = (
        partners::version.eq(partners::version + 1),
        partners::updated_at.eq(now),
    );
    let updated = diesel::update(partners::table.find(id))
        .set((partners::status.eq(status), stamp))
        .returning(Partner::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Deletes one that nothing refers to.
///
/// # Errors
/// `in_use`.
pub async fn delete(connection: &mut AsyncPgConnection, id: PartnerId) -> Result<()> {
    diesel::delete(partners::table.find(id))
        .execute(connection)
        .await
        .map_err(Error::on_delete)?;
    Ok(())
}
