//! The SQL of names.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::agreements::conventions::store::scoped;
use crate::auth::policy::Scope;
use crate::db::schema::{conventions, establishments, partners};
use crate::error::Result;
use crate::values::ids::{ConventionId, PartnerId};

/// The references and titles of conventions that the caller may see.
pub async fn conventions(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, (String, String)>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let columns = (conventions::id, conventions::reference, conventions::title);
    let rows: Vec<(ConventionId, String, String)> = scoped(scope)
        .filter(conventions::id.eq_any(ids))
        .select(columns)
        .load(&mut connection)
        .await?;
    let named = |(id, reference, title): (ConventionId, _, _)| (id.uuid(), (reference, title));
    Ok(rows.into_iter().map(named).collect())
}

/// The ids of conventions that the caller may see, by their references.
pub async fn ids_of_references(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    references: &[String],
) -> Result<HashMap<String, Uuid>> {
    let rows: Vec<(String, ConventionId)> = scoped(scope)
        .filter(conventions::reference.eq_any(references))
        .select((conventions::reference, conventions::id))
        .load(&mut connection)
        .await?;
    let rows = rows.into_iter();
    Ok(rows.map(|(reference, id)| (reference, id.uuid())).collect())
}

/// The references of the last conventions that the caller may see.
pub async fn last_references(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    most: i64,
) -> Result<Vec<String>> {
    Ok(scoped(scope)
        .order(conventions::id.desc())
        .limit(most)
        .select(conventions::reference)
        .load(&mut connection)
        .await?)
}

/// The names of partners, which everyone may read.
pub async fn partners(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    ids: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, String>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(PartnerId, String, Option<String>)> = partners::table
        .filter(partners::id.eq_any(ids))
        .select((partners::id, partners::legal_name, partners::usual_name))
        .load(&mut connection)
        .await?;
    let named = |(id, legal, usual): (PartnerId, String, Option<String>)| {
        (id.uuid(), usual.unwrap_or(legal))
    };
    Ok(rows.into_iter().map(named).collect())
}

/// The names of schools, which everyone may read.
pub async fn schools(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    uais: &BTreeSet<String>,
) -> Result<BTreeMap<String, String>> {
    if uais.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(String, Option<String>)> = establishments::table
        .filter(establishments::uai.eq_any(uais))
        .select((establishments::uai, establishments::name))
        .load(&mut connection)
        .await?;
    let named = rows.into_iter();
    Ok(named.filter_map(|(uai, name)| Some((uai, name?))).collect())
}
