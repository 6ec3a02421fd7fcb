//! What the conventions, partners and schools that an answer names are called: its labels.

pub mod items;
mod places;
mod store;

use std::collections::HashMap;

use diesel_async::AsyncPgConnection;
use futures_util::future::LocalBoxFuture;
use uuid::Uuid;

pub use self::places::Places;
use crate::auth::policy::Scope;
use crate::error::Result;
use crate::http::labels::names::{Names, Wanted};

/// The ids of the conventions with these references, of those that the caller may see.
pub fn ids_of_references<'a>(
    connection: &'a AsyncPgConnection,
    scope: &'a Scope,
    references: &'a [String],
) -> LocalBoxFuture<'a, Result<HashMap<String, Uuid>>> {
    Box::pin(store::ids_of_references(connection, scope, references))
}

/// Reads the names of these objects, of each kind at once.
pub fn read<'a>(
    connection: &'a AsyncPgConnection,
    scope: &'a Scope,
    wanted: &'a Wanted,
) -> LocalBoxFuture<'a, Result<Names>> {
    Box::pin(async move {
        let (conventions, partners, schools) = tokio::try_join!(
            store::conventions(connection, scope, &wanted.conventions),
            store::partners(connection, scope, &wanted.partners),
            store::schools(connection, scope, &wanted.schools),
        )?;
        Ok(Names {
            conventions,
            partners,
            schools,
        })
    })
}
