//! The one place that writes: a transaction, who writes in it, and its journal.
//!
//! `Tx::record` writes the audit row and the change event of a row beside it. There is no other
//! way to either table, and no transaction without an author.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Jsonb, Nullable, Text, Timestamptz};
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};
use uuid::Uuid;

use super::Session;
pub use super::journal::Step;
use super::journal::{Entry, Journaled};
use super::position::Position;
use crate::clock::Clock;
use crate::error::Result;
use crate::values::Json;

/// Who writes.
#[derive(Debug, Clone)]
pub struct Author {
    /// The subject of the token.
    pub subject: String,
    /// The role.
    pub role: String,
    /// The client.
    pub client_id: String,
    /// The request, to find its log line.
    pub request_id: String,
}

/// A transaction and what a step needs to write in it.
pub struct Tx<'a> {
    session: &'a mut Session,
    author: Author,
    clock: &'a Clock,
    /// The place in a trace that the request named.
    traceparent: Option<String>,
    /// The moment of the step: every row it writes has it.
    pub now: DateTime<Utc>,
}

impl<'a> Tx<'a> {
    /// Begins.
    ///
    /// # Errors
    /// `service_unavailable` when the database is away.
    pub async fn begin(session: &'a mut Session, author: Author, clock: &'a Clock) -> Result<Self> {
        AnsiTransactionManager::begin_transaction(&mut **session).await?;
        Ok(Self {
            session,
            author,
            clock,
            traceparent: None,
            now: clock.now(),
        })
    }

    /// As a part of a trace that others keep: whoever is told of what it writes is told the trace too.
    #[must_use]
    pub fn in_trace(mut self, traceparent: Option<String>) -> Self {
        self.traceparent = traceparent;
        self
    }

    /// The subject who writes.
    pub fn subject(&self) -> &str {
        &self.author.subject
    }

    /// Who writes.
    pub const fn author(&self) -> &Author {
        &self.author
    }

    /// The connection, for a store's queries.
    pub fn connection(&mut self) -> &mut AsyncPgConnection {
        self.session
    }

    /// A new id.
    pub fn new_id(&self) -> Uuid {
        self.clock.new_id()
    }

    /// Runs a part of it that may be refused: what the part wrote is undone then, and the rest stays.
    ///
    /// # Errors
    /// A failure of the service or of the database, after which nothing can go on.
    pub async fn attempt<T>(
        &mut self,
        part: impl AsyncFnOnce(&mut Self) -> Result<T>,
    ) -> Result<Result<T>> {
        AnsiTransactionManager::begin_transaction(self.connection()).await?;
        match part(self).await {
            Ok(done) => {
                AnsiTransactionManager::commit_transaction(self.connection()).await?;
                Ok(Ok(done))
            }
            Err(error) => {
                let undone = AnsiTransactionManager::rollback_transaction(self.connection()).await;
                if error.code.status().is_server_error() {
                    return Err(error);
                }
                undone?;
                Ok(Err(error))
            }
        }
    }

    /// Ends it, all of it written, on the synchronous standbys too where there are some. Tells the position
    /// after it, where the server does.
    ///
    /// # Errors
    /// `outcome_unknown` when the answer did not come, or not in time, or PostgreSQL warned that it did not
    /// wait for a standby. `service_unavailable` and others when it was refused.
    pub async fn commit(self) -> Result<Option<Position>> {
        self.session.commit().await
    }

    /// Ends it, nothing of it written. A failure only means that the connection is lost, which
    /// rolls back as well.
    pub async fn rollback(mut self) {
        if let Err(error) = AnsiTransactionManager::rollback_transaction(self.connection()).await {
            log::warn!("a rollback failed: {error}");
        }
    }

    /// Journals what was created.
    pub async fn created<T: Journaled>(&mut self, object: &T) -> Result<()> {
        self.record("created", None, Some(object)).await
    }

    /// Journals a change, under the verb of its step (`updated`, `archived`…).
    pub async fn changed<T: Journaled>(&mut self, verb: &str, before: &T, after: &T) -> Result<()> {
        self.record(verb, Some(before), Some(after)).await
    }

    /// Journals what was removed, under the verb of its step (`deleted`, `erased`).
    pub async fn removed<T: Journaled>(&mut self, verb: &str, object: &T) -> Result<()> {
        self.record(verb, Some(object), None).await
    }

    async fn record<T: Journaled>(
        &mut self,
        verb: &str,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Result<()> {
        let step = Step {
            verb,
            before,
            after,
        };
        self.record_all(&[step]).await
    }

    /// Journals many writes of one kind of object, in their order: one statement, whatever their number.
    pub async fn record_all<T: Journaled>(&mut self, steps: &[Step<'_, T>]) -> Result<()> {
        if steps.is_empty() {
            return Ok(());
        }
        let entries = steps.iter().map(|step| {
            let id = self.clock.new_id();
            Entry::of(id, step.verb, step.before, step.after)
        });
        let entries: Vec<Entry> = entries.collect::<Result<_>>()?;
        let journaled = Journaling {
            entries: Json(entries),
            now: self.now,
            object_type: T::TYPE,
            author: &self.author,
            traceparent: self.traceparent.as_deref(),
        };
        journaled.execute(self.session.connection_mut()).await?;
        Ok(())
    }
}

/// The audit rows and the change events of many writes: a statement that stays prepared, which one of
/// `sql_query` does not.
#[derive(Debug)]
struct Journaling<'a> {
    entries: Json<Vec<Entry>>,
    now: DateTime<Utc>,
    object_type: &'static str,
    author: &'a Author,
    traceparent: Option<&'a str>,
}

impl QueryId for Journaling<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Journaling<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH step AS MATERIALIZED (SELECT ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(" AS occurred_at, ");
        out.push_bind_param::<Text, _>(self.object_type)?;
        out.push_sql(" AS object_type, ");
        out.push_bind_param::<Text, _>(&self.author.subject)?;
        out.push_sql(" AS subject, ");
        out.push_bind_param::<Text, _>(&self.author.role)?;
        out.push_sql(" AS role, ");
        out.push_bind_param::<Text, _>(&self.author.client_id)?;
        out.push_sql(" AS client_id, ");
        out.push_bind_param::<Text, _>(&self.author.request_id)?;
        out.push_sql(" AS request_id, ");
        out.push_bind_param::<Nullable<Text>, _>(&self.traceparent)?;
        out.push_sql(" AS traceparent), given AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(");
        out.push_bind_param::<Jsonb, _>(&self.entries)?;
        out.push_sql(
            ") AS entry (
                audit_id uuid, action text, object_id uuid, fields text[], before jsonb, after jsonb,
                object_key text, parent_id uuid, version bigint, audience text[])
            ), audited AS (
                INSERT INTO audit_events (id, occurred_at, subject, role, client_id, request_id, action,
                                          object_type, object_id, fields, before, after)
                SELECT audit_id, occurred_at, subject, role, client_id, request_id, action,
                       object_type, object_id, fields, before, after FROM step, given
            )
            INSERT INTO changes (type, object_type, object_id, object_key, parent_id, version, occurred_at, audience,
                                 traceparent)
            SELECT action, object_type, object_id, object_key, parent_id, version, occurred_at, audience, traceparent
              FROM step, given",
        );
        Ok(())
    }
}
