//! The one place that writes: a transaction, who writes in it, and its journal.
//!
//! [`Tx::record`] writes the audit row and the change event of a row beside it. There is no other
//! way to either table, and no transaction without an author.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::schema::{audit_events, changes};
use crate::clock::Clock;
use crate::error::{Error, Result};

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

    fn or(mut self, other: Self) -> Vec<String> {
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
        let subject = after
            .or(before)
            .ok_or_else(|| Error::internal("nothing to journal"))?;
        let action = format!("{}.{verb}", T::TYPE);
        let difference = Difference::between(snapshot(before)?, snapshot(after)?, T::PERSONAL);
        let removed = i64::from(after.is_none());
        // Those who could read it and those who can: the first must learn that they no longer do.
        let audience_of = |object: Option<&T>| object.map(T::audience).unwrap_or_default();
        let audience = audience_of(before).or(audience_of(after));
        let audit = diesel::insert_into(audit_events::table).values((
            audit_events::id.eq(self.clock.new_id()),
            audit_events::occurred_at.eq(self.now),
            audit_events::subject.eq(&self.author.subject),
            audit_events::role.eq(&self.author.role),
            audit_events::client_id.eq(&self.author.client_id),
            audit_events::request_id.eq(&self.author.request_id),
            audit_events::action.eq(&action),
            audit_events::object_type.eq(T::TYPE),
            audit_events::object_id.eq(subject.id()),
            audit_events::fields.eq(difference.fields),
            audit_events::before.eq(difference.before),
            audit_events::after.eq(difference.after),
        ));
        let change = diesel::insert_into(changes::table).values((
            changes::type_.eq(&action),
            changes::object_type.eq(T::TYPE),
            changes::object_id.eq(subject.id()),
            changes::object_key.eq(subject.key()),
            changes::parent_id.eq(subject.parent()),
            changes::version.eq(subject.version() + removed),
            changes::occurred_at.eq(self.now),
            changes::audience.eq(audience),
        ));
        // Sent together: the two cost one round trip.
        let connection = &*self.connection;
        let (mut first, mut second) = (connection, connection);
        tokio::try_join!(audit.execute(&mut first), change.execute(&mut second))?;
        Ok(())
    }
}

fn snapshot<T: Journaled>(object: Option<&T>) -> Result<Option<Map<String, Value>>> {
    let Some(object) = object else {
        return Ok(None);
    };
    match serde_json::to_value(object).map_err(Error::internal)? {
        Value::Object(members) => Ok(Some(members)),
        _ => Err(Error::internal("only objects are journaled")),
    }
}

/// What a write changed: the names of the fields, and the values of those that are not personal.
struct Difference {
    fields: Vec<String>,
    before: Option<Value>,
    after: Option<Value>,
}

impl Difference {
    fn between(
        before: Option<Map<String, Value>>,
        after: Option<Map<String, Value>>,
        personal: &[&str],
    ) -> Self {
        let members = before.as_ref().or(after.as_ref());
        let changed = |name: &&String| match (&before, &after) {
            (Some(before), Some(after)) => {
                name.as_str() != "updated_at" && before.get(*name) != after.get(*name)
            }
            _ => true,
        };
        let fields: Vec<String> = members
            .into_iter()
            .flat_map(Map::keys)
            .filter(changed)
            .cloned()
            .collect();
        let shown = |members: &Option<Map<String, Value>>| {
            let members = members.as_ref()?;
            let kept = members
                .iter()
                .filter(|(name, _)| fields.contains(name) && !personal.contains(&name.as_str()));
            Some(Value::Object(
                kept.map(|(name, value)| (name.clone(), value.clone()))
                    .collect(),
            ))
        };
        let (before, after) = (shown(&before), shown(&after));
        Self {
            fields,
            before,
            after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn members(value: Value) -> Option<Map<String, Value>> {
        value.as_object().cloned()
    }

    #[test]
    fn a_change_names_personal_fields_and_never_shows_them() {
        let before = members(json!({"id": 1, "name": "A", "function": "x", "updated_at": 1}));
        let after = members(json!({"id": 1, "name": "B", "function": "y", "updated_at": 2}));
        let difference = Difference::between(before, after, &["name"]);
        assert_eq!(difference.fields, ["name", "function"]);
        assert_eq!(difference.before, Some(json!({"function": "x"})));
        assert_eq!(difference.after, Some(json!({"function": "y"})));
    }
}
