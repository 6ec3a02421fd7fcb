//! The SQL of what secrets are encrypted with: when that changes they are encrypted anew.

use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::auth::sealing::Sealer;
use crate::db::schema::webhook_secrets;
use crate::error::{Error, Result};
use crate::values::ids::{SecretId, WebhookId};

/// What became of the secrets that were not encrypted with the first key.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Anew {
    /// How many are now.
    pub sealed: usize,
    /// How many could not be decrypted, and stay as they are.
    pub lost: usize,
}

diesel::define_sql_function! {
    /// Whether a table is in the database, by its name.
    fn to_regclass(name: Text) -> Nullable<Oid>;
}

/// Whether the database has webhooks at all: its schema may not be made yet.
pub async fn is_there(connection: &mut AsyncPgConnection) -> Result<bool> {
    let there = diesel::select(to_regclass("webhook_secrets").is_not_null());
    Ok(there.get_result(connection).await?)
}

/// Encrypts with the sealer's first key what is encrypted with another, all of it in one statement. The
/// caller commits.
pub async fn seal_anew(connection: &mut AsyncPgConnection, sealer: &Sealer) -> Result<Anew> {
    const WRITE: &str = "
        UPDATE webhook_secrets AS kept SET sealed = anew.sealed
        FROM unnest($1, $2) AS anew (id, sealed) WHERE kept.id = anew.id";
    // `_` stands for any character in a pattern.
    let first = sealer.id().unwrap_or_default().replace('_', "\\_");
    let others: Vec<(SecretId, WebhookId, String)> = webhook_secrets::table
        .filter(webhook_secrets::sealed.not_like(format!("{first}.%")))
        .select((
            webhook_secrets::id,
            webhook_secrets::webhook_id,
            webhook_secrets::sealed,
        ))
        .order(webhook_secrets::id)
        .for_update()
        .load(connection)
        .await?;
    let (mut ids, mut texts) = (Vec::new(), Vec::new());
    for (id, webhook, sealed) in &others {
        let name = webhook.to_string();
        if let Some(secret) = sealer.open(&name, sealed) {
            ids.push(id.uuid());
            texts.push(sealer.seal(&name, &secret).map_err(Error::internal)?);
        }
    }
    let lost = others.len() - ids.len();
    let sealed = diesel::sql_query(WRITE)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Text>, _>(texts)
        .execute(connection)
        .await?;
    Ok(Anew { sealed, lost })
}
