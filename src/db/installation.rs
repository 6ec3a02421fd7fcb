//! What belongs to a database as a whole: that it is there, the key it was given, whom its tokens name.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::Connector;
use crate::error::{Error, Result};

/// The key that cursors are signed with.
///
/// # Errors
/// `service_unavailable` when the database is away.
pub async fn cursor_key(connector: &Connector) -> Result<[u8; 32]> {
    let (client, _alive) = connector.plain().await.map_err(Error::unavailable)?;
    let row = client
        .query_one("SELECT cursor_key FROM installation", &[])
        .await
        .map_err(Error::internal)?;
    let key: Vec<u8> = row.try_get(0).map_err(Error::internal)?;
    key.try_into()
        .map_err(|_| Error::internal("the installation's cursor key has not 32 bytes"))
}

/// Keeps the address that tokens name as their issuer; says which it was, where that is another.
///
/// # Errors
/// `service_unavailable` when the database is away.
pub async fn keep_issuer(connector: &Connector, issuer: &str) -> Result<Option<String>> {
    const KEEP: &str = "
        UPDATE installation AS kept SET issuer = $1 FROM installation AS former
        WHERE former.issuer IS DISTINCT FROM $1 RETURNING former.issuer";
    let (client, _alive) = connector.plain().await.map_err(Error::unavailable)?;
    let former = client
        .query_opt(KEEP, &[&issuer])
        .await
        .map_err(Error::internal)?;
    let former = former.map(|row| row.try_get(0)).transpose();
    Ok(former.map_err(Error::internal)?.flatten())
}

/// The address that tokens name as their issuer, as the service was started last.
///
/// # Errors
/// As [`keep_issuer`].
pub async fn issuer(connector: &Connector) -> Result<Option<String>> {
    let (client, _alive) = connector.plain().await.map_err(Error::unavailable)?;
    let row = client
        .query_one("SELECT issuer FROM installation", &[])
        .await
        .map_err(Error::internal)?;
    row.try_get(0).map_err(Error::internal)
}

/// Creates the database of this name, unless it is there; the connection is to another one of the
/// server. Two starters at once are told apart by PostgreSQL.
///
/// # Errors
/// When the server refuses.
pub async fn create(client: &Client, name: &'static str) -> Result<(), tokio_postgres::Error> {
    let there = client
        .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name])
        .await?;
    if there.is_some() {
        return Ok(());
    }
    let statement = format!("CREATE DATABASE {name}");
    match client.batch_execute(&statement).await {
        Err(error)
            if error.code() == Some(&SqlState::DUPLICATE_DATABASE)
                || error.code() == Some(&SqlState::UNIQUE_VIOLATION) =>
        {
            Ok(())
        }
        outcome => outcome,
    }
}
