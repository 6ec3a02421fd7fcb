//! The SQL of one convention and of the parties; that of the list is
//! [theirs](crate::agreements::conventions::store).

pub mod catalogue;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::agreements::conventions::content::ConventionScope;
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::store::scoped;
use crate::auth::policy::Scope;
use crate::db::schema::{conventions, partners};
use crate::error::{Error, Result};
use crate::register::partners::content::Sector;
use crate::values::ids::PartnerId;
use crate::values::{HttpsUrl, Siren, Text};

/// What is read of a party.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = partners)]
pub struct Party {
    /// Its id.
    pub id: PartnerId,
    /// Its legal name.
    pub legal_name: Text<200>,
    /// The name it is known by.
    pub usual_name: Option<Text<200>>,
    /// Its acronym.
    pub acronym: Option<Text<30>>,
    /// Its SIREN.
    pub siren: Option<Siren>,
    /// Its sectors.
    pub sectors: Vec<Sector>,
    /// Its website.
    pub website: Option<HttpsUrl>,
}

/// The convention of a reference, if it is in the directory.
///
/// # Errors
/// `not_found`.
pub async fn find(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    reference: &str,
) -> Result<Convention> {
    // PostgreSQL has no such text: none is stored under it.
    if reference.contains('\0') {
        return Err(Error::not_found());
    }
    let found = scoped(scope)
        .filter(conventions::scope.eq(ConventionScope::National))
        .filter(conventions::reference.eq(reference))
        .select(Convention::as_select())
        .first(&mut connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}

/// The partners of these ids. Every partner may be read by anyone.
pub async fn parties(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    ids: &[PartnerId],
) -> Result<Vec<Party>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Party::query()
        .filter(partners::id.eq_any(ids))
        .load(&mut connection)
        .await?)
}
