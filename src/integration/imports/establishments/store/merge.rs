//! From the staged lines to the register, set by set. The statements are in the `.sql` files
//! beside this one.

use serde_json::Value;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Transaction};
use uuid::Uuid;

use crate::db::tx::Author;
use crate::integration::imports::{ImportContext, ImportError, Options};
use crate::register::establishments::levels::{Tracks, levels};

/// One in so many of the covered establishments may be closed at once: 5 %.
const CLOSABLE: u64 = 20;

/// One in so many of the known values of a column may be cleared at once: 1 %.
const CLEARABLE: u64 = 100;

pub struct Merge<'a> {
    pub transaction: &'a Transaction<'a>,
    pub context: &'a ImportContext<'a>,
    /// The stored columns the file speaks of.
    pub present: Vec<&'static str>,
}

/// What was written.
pub struct Written {
    /// The establishments of the file.
    pub distinct: u64,
    pub inserted: u64,
    /// Those of the file only.
    pub updated: u64,
    pub closed: u64,
    /// By column, the stored values that stay against the file.
    pub kept: Vec<(String, u64)>,
    /// By column, the stored values that the file says are no more.
    pub cleared: Vec<(String, u64)>,
}

impl Merge<'_> {
    /// Merges and writes. `refused_uais` are in the file although their lines were not taken.
    pub async fn run(
        &self,
        refused_uais: &[String],
        options: &Options,
    ) -> Result<Written, ImportError> {
        self.transaction
            .batch_execute(include_str!("lines.sql"))
            .await?;
        let distinct = self
            .transaction
            .execute(include_str!("target.sql"), &[&self.present])
            .await?;
        let closed = if options.close_missing {
            self.close_missing(refused_uais, options.confirm).await?
        } else {
            0
        };
        self.work_out_levels().await?;
        self.transaction
            .batch_execute(include_str!("changed.sql"))
            .await?;
        let kept = self
            .counts(include_str!("kept.sql"), &[&self.present])
            .await?;
        let cleared = self.counts(include_str!("cleared.sql"), &[]).await?;
        if !options.confirm {
            self.guard(&cleared).await?;
        }
        let (inserted, changed) = self.write().await?;
        Ok(Written {
            distinct,
            inserted,
            updated: changed - closed,
            closed,
            kept,
            cleared,
        })
    }

    /// Refuses what would clear too much of a column: more likely a damaged file than a loss.
    async fn guard(&self, cleared: &[(String, u64)]) -> Result<(), ImportError> {
        if cleared.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = cleared.iter().map(|(name, _)| name.as_str()).collect();
        for (column, of) in self.counts(include_str!("known.sql"), &[&names]).await? {
            let clearing = cleared.iter().find(|(name, _)| *name == column);
            let clearing = clearing.map_or(0, |(_, count)| *count);
            if clearing.saturating_mul(CLEARABLE) > of {
                return Err(ImportError::TooManyCleared {
                    column,
                    clearing,
                    of,
                });
            }
        }
        Ok(())
    }

    /// By column, a count.
    async fn counts(
        &self,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<(String, u64)>, ImportError> {
        let rows = self.transaction.query(statement, parameters).await?;
        let counted = rows.iter().map(|row| {
            let count: i64 = row.try_get(1)?;
            Ok((row.try_get(0)?, u64::try_from(count).unwrap_or_default()))
        });
        counted.collect()
    }

    /// Adds to the targets what the file covers and does not have, unless that is too much.
    async fn close_missing(
        &self,
        refused_uais: &[String],
        is_confirmed: bool,
    ) -> Result<u64, ImportError> {
        let found = self
            .transaction
            .query_one(include_str!("closures.sql"), &[&refused_uais])
            .await?;
        let of = u64::try_from(found.try_get::<_, i64>("of")?).unwrap_or_default();
        let missing: Vec<String> = found.try_get("missing")?;
        let closing = u64::try_from(missing.len()).unwrap_or(u64::MAX);
        if closing.saturating_mul(CLOSABLE) > of && !is_confirmed {
            return Err(ImportError::TooManyClosures { closing, of });
        }
        let audit_ids: Vec<Uuid> = missing.iter().map(|_| (self.context.new_id)()).collect();
        let added = self
            .transaction
            .execute(include_str!("close.sql"), &[&missing, &audit_ids])
            .await?;
        Ok(added)
    }

    /// The rule is in Rust, the rows are in the database: a few dozen combinations of type and
    /// tracks go one way and their levels the other.
    async fn work_out_levels(&self) -> Result<(), ImportError> {
        let combinations = self
            .transaction
            .query(
                "SELECT DISTINCT type, tracks FROM import_target WHERE type IS NOT NULL",
                &[],
            )
            .await?;
        let insert = self
            .transaction
            .prepare("INSERT INTO import_levels VALUES ($1, $2, $3)")
            .await?;
        for combination in combinations {
            let (kind, tracks) = combined(&combination)?;
            let known: Tracks = serde_json::from_value(tracks.clone()).unwrap_or_default();
            self.transaction
                .execute(&insert, &[&kind, &tracks, &levels(Some(&kind), &known)])
                .await?;
        }
        Ok(())
    }

    /// Writes what changed, its audit rows and its events; tells how many rows are new and how
    /// many changed.
    async fn write(&self) -> Result<(u64, u64), ImportError> {
        let ImportContext { now, author, .. } = self.context;
        let Author {
            subject,
            role,
            client_id,
            request_id,
        } = author;
        let inserted = self
            .transaction
            .execute(include_str!("insert.sql"), &[now])
            .await?;
        let changed = self
            .transaction
            .execute(include_str!("update.sql"), &[now])
            .await?;
        let audited = self
            .transaction
            .execute(
                include_str!("audit.sql"),
                &[now, subject, role, client_id, request_id],
            )
            .await?;
        if audited != inserted + changed {
            return Err(ImportError::Overtaken);
        }
        self.transaction
            .execute(include_str!("events.sql"), &[now])
            .await?;
        self.transaction
            .execute(include_str!("moved.sql"), &[now])
            .await?;
        self.transaction
            .batch_execute(include_str!("expected.sql"))
            .await?;
        Ok((inserted, changed))
    }
}

fn combined(row: &Row) -> Result<(String, Value), ImportError> {
    Ok((row.try_get(0)?, row.try_get(1)?))
}
