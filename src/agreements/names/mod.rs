//! What the conventions, partners and schools that an answer names are called: its labels.

mod store;

use diesel_async::AsyncPgConnection;
use futures_util::future::LocalBoxFuture;

use crate::auth::policy::Scope;
use crate::error::Result;
use crate::http::labels::names::{Names, Wanted};

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
