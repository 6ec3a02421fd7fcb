//! The one place that writes: a transaction, who writes in it, and its journal.
//!
//! `Tx::record` writes the audit row and the change event of a row beside it. There is no other
//! way to either table, and no transaction without an author.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Jsonb, Text, Timestamptz};
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};
use serde::Serialize;
use uuid::Uuid;

use super::journal::Entry;
pub use super::journal::Step;
use super::schema::{audit_events, changes};
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
    connection: &'a mut AsyncPgConnection,
    author: Author,
    clock: &'a Clock,
    /// The moment of the step: every row it writes has it.
    pub now: DateTime<Utc>,
}

/// An object whose writes are journaled.
pub trait Journaled: Serialize {
    /// Its type, the first word of its actions (`partner`).
    const TYPE: &'static str;
    /// The fields that speak of a person: named in the journal, never shown.
    const PERSONAL: &'static [&'static str];
    /// Its id.
    fn id(&self) -> Uuid;
    /// Its version.
    fn version(&self) -> i64;
    /// The last part of its URL.
    fn key(&self) -> String {
        self.id().to_string()
    }
    /// The object whose URL its own starts with.
    fn parent(&self) -> Option<Uuid> {
        None
    }
    /// Who may read of its changes.
    fn audience(&self) -> Audience {
        Audience::everyone()
    }
}

/// Who may read of a change, kept with it: what an object is now cannot tell who was told of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience(Vec<String>);

impl Audience {
    /// The ministry alone, which every audience has.
    pub fn ministry() -> Self {
        Self::default()
    }

    /// Every role.
    pub fn everyone() -> Self {
        Self(vec!["everyone".to_owned()])
    }

    /// These partners too.
    #[must_use]
    pub fn and_partners(mut self, partners: impl IntoIterator<Item = Uuid>) -> Self {
        let partners = partners.into_iter().map(|id| format!("partner:{id}"));
        self.0.extend(partners);
        self
    }

    /// The perimeters that hold it too: `reach` is its territories and all above them.
    #[must_use]
    pub fn and_within(mut self, reach: &[String]) -> Self {
        self.0
            .extend(reach.iter().map(|code| format!("within:{code}")));
        self
    }

    /// The schools that these territories cover too.
    #[must_use]
    pub fn and_schools_under<'c>(mut self, covers: impl IntoIterator<Item = &'c str>) -> Self {
        self.0
            .extend(covers.into_iter().map(|code| format!("over:{code}")));
        self
    }

    /// The readers too.
    #[must_use]
    pub fn and_readers(mut self) -> Self {
        self.0.push("readers".to_owned());
        self
    }

    /// The words of both, once each.
    pub(super) fn or(mut self, other: Self) -> Vec<String> {
        let more = other.0.into_iter().filter(|word| !self.0.contains(word));
        let more: Vec<String> = more.collect();
        self.0.extend(more);
        self.0
    }
}

impl<'a> Tx<'a> {
    /// Begins.
    ///
    /// # Errors
    /// `service_unavailable` when the database is away.
    pub async fn begin(
        connection: &'a mut AsyncPgConnection,
        author: Author,
        clock: &'a Clock,
    ) -> Result<Self> {
        AnsiTransactionManager::begin_transaction(connection).await?;
        Ok(Self {
            connection,
            author,
            clock,
            now: clock.now(),
        })
    }

    /// The subject who writes.
    pub fn subject(&self) -> &str {
        &self.author.subject
    }

    /// The connection, for a store's queries.
    pub fn connection(&mut self) -> &mut AsyncPgConnection {
        self.connection
    }

    /// A new id.
    pub fn new_id(&self) -> Uuid {
        self.clock.new_id()
    }

    /// Ends it, all of it written.
    ///
    /// # Errors
    /// `service_unavailable` when the database went away: the outcome is then unknown.
    pub async fn commit(self) -> Result<()> {
        Ok(AnsiTransactionManager::commit_transaction(self.connection).await?)
    }

    /// Ends it, nothing of it written. A failure only means that the connection is lost, which
    /// rolls back as well.
    pub async fn rollback(self) {
        if let Err(error) = AnsiTransactionManager::rollback_transaction(self.connection).await {
            log::warn!("a rollback failed: {error}");
        }
    }

    /// Journals what was created.
    ///
    /// # Errors
    /// As any write.
    pub async fn created<T: Journaled>(&mut self, object: &T) -> Result<()> {
        self.record("created", None, Some(object)).await
    }

    /// Journals a change, under the verb of its step (`updated`, `archived`…).
    ///
    /// # Errors
    /// As any write.
    pub async fn changed<T: Journaled>(&mut self, verb: &str, before: &T, after: &T) -> Result<()> {
        self.record(verb, Some(before), Some(after)).await
    }

    /// Journals what was removed, under the verb of its step (`deleted`, `erased`).
    ///
    /// # Errors
    /// As any write.
    pub async fn removed<T: Journaled>(&mut self, verb: &str, object: &T) -> Result<()> {
        self.record(verb, Some(object), None).await
    }

    async fn record<T: Journaled>(
        &mut self,
        verb: &str,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Result<()> {
        let entry = Entry::of(self.clock.new_id(), verb, before, after)?;
        let audit = diesel::insert_into(audit_events::table).values((
            audit_events::id.eq(entry.audit_id),
            audit_events::occurred_at.eq(self.now),
            audit_events::subject.eq(&self.author.subject),
            audit_events::role.eq(&self.author.role),
            audit_events::client_id.eq(&self.author.client_id),
            audit_events::request_id.eq(&self.author.request_id),
            audit_events::action.eq(&entry.action),
            audit_events::object_type.eq(T::TYPE),
            audit_events::object_id.eq(entry.object_id),
            audit_events::fields.eq(entry.fields),
            audit_events::before.eq(entry.before.map(Json)),
            audit_events::after.eq(entry.after.map(Json)),
        ));
        let change = diesel::insert_into(changes::table).values((
            changes::type_.eq(&entry.action),
            changes::object_type.eq(T::TYPE),
            changes::object_id.eq(entry.object_id),
            changes::object_key.eq(entry.object_key),
            changes::parent_id.eq(entry.parent_id),
            changes::version.eq(entry.version),
            changes::occurred_at.eq(self.now),
            changes::audience.eq(entry.audience),
        ));
        // Sent together: the two cost one round trip.
        let connection = &*self.connection;
        let (mut first, mut second) = (connection, connection);
        tokio::try_join!(audit.execute(&mut first), change.execute(&mut second))?;
        Ok(())
    }

    /// Journals many writes of one kind of object, in their order: one statement, whatever their number.
    ///
    /// # Errors
    /// As any write.
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
        };
        journaled.execute(self.connection).await?;
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
        out.push_sql(" AS request_id), given AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(");
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
            INSERT INTO changes (type, object_type, object_id, object_key, parent_id, version, occurred_at, audience)
            SELECT action, object_type, object_id, object_key, parent_id, version, occurred_at, audience
              FROM step, given",
        );
        Ok(())
    }
}
