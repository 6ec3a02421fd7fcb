//! How fresh what a request reads must be, and how fresh it was: what a request asks of the servers that it
//! may be read from.

use std::cell::Cell;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::Pg;
use diesel::pg::data_types::PgLsn;
use diesel::pg::sql_types::PgLsn as Lsn;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use tokio::time::Instant;

use super::position::Position;
use crate::error::Result;

/// How long a standby is waited for that has not replayed yet what a read asks for.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long until it is asked again, at first and at last.
const SOON: Duration = Duration::from_millis(1);
const LATER: Duration = Duration::from_millis(16);

/// What a request asks for, and what it was given.
#[derive(Debug, Default)]
pub struct Freshness {
    /// What it reads is read after this.
    position: Option<Position>,
    /// Of a reader of the change feed, the last position it was given.
    feed: Option<i64>,
    /// It may write: nothing that it decides is read from a standby.
    is_write: bool,
    /// It reads where writes go, as long as there is such a server.
    is_of_primary: Cell<bool>,
    /// Until when what it read from a standby is complete.
    as_of: Cell<Option<DateTime<Utc>>>,
}

impl Freshness {
    /// What is read is read after this, and by a reader of the feed after that.
    pub fn after(position: Option<Position>, feed: Option<i64>) -> Self {
        Self {
            position,
            feed,
            ..Self::default()
        }
    }

    /// Of a request that may write.
    #[must_use]
    pub fn of_write(self) -> Self {
        Self {
            is_write: true,
            ..self
        }
    }

    /// Whether a standby may be read from.
    pub(super) fn takes_standby(&self, has_primary: bool) -> bool {
        let keeps_to_primary = self.is_of_primary.get() && has_primary;
        !(self.is_write || keeps_to_primary)
    }

    /// What it reads from now on is read where writes go, as long as there is such a server.
    pub fn keep_to_primary(&self) {
        self.is_of_primary.set(true);
    }

    /// Until when what was read is complete, where a standby was read from.
    pub fn as_of(&self) -> Option<DateTime<Utc>> {
        self.as_of.get()
    }

    /// Notes that a standby was read from, which lacks what came later than this.
    pub(super) fn note(&self, as_of: DateTime<Utc>) {
        let before = self.as_of.get().unwrap_or(as_of);
        self.as_of.set(Some(before.min(as_of)));
    }

    /// Whether a standby of this age would show less than was shown before: a request does not go back.
    pub(super) fn is_after(&self, as_of: DateTime<Utc>) -> bool {
        self.as_of.get().is_some_and(|before| as_of < before)
    }

    /// Whether a standby on this timeline is known to have all that is asked for, without being asked.
    fn is_known_to_be_met(&self, timeline: Option<i64>, replayed: Option<u64>) -> bool {
        match (self.position, timeline, replayed) {
            _ if self.feed.is_some() => false,
            (None, ..) => true,
            (Some(position), Some(timeline), Some(replayed)) => {
                replayed >= position.lsn && timeline >= i64::from(position.timeline)
            }
            _ => false,
        }
    }

    /// Waits until a standby has replayed all that is asked for; false where it has not in time, or never
    /// will: a position of another timeline than its own is not waited for.
    pub(super) async fn is_met(
        &self,
        connection: &AsyncPgConnection,
        timeline: Option<i64>,
        replayed: Option<u64>,
    ) -> bool {
        if self.is_known_to_be_met(timeline, replayed) {
            return true;
        }
        let of_position = self.position.map(|position| i64::from(position.timeline));
        let (is_later, may_come) = match of_position {
            None => (false, true),
            Some(_) => (of_position > timeline, of_position == timeline),
        };
        if is_later {
            return false;
        }
        let waited = tokio::time::timeout(PATIENCE, self.wait(connection, may_come));
        matches!(waited.await, Ok(Ok(true)))
    }

    async fn wait(&self, mut connection: &AsyncPgConnection, may_come: bool) -> Result<bool> {
        let until = Instant::now() + PATIENCE;
        let mut pause = SOON;
        loop {
            let asked = Reached {
                lsn: PgLsn(self.position.map_or(0, |position| position.lsn)),
                feed: self.feed.unwrap_or(i64::MIN),
            };
            let is_met: bool = asked.get_result(&mut connection).await?;
            if is_met || !may_come || Instant::now() + pause > until {
                return Ok(is_met);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LATER);
        }
    }
}

/// The moment that lies so long before this one.
pub(super) fn before(now: DateTime<Utc>, age: Duration) -> DateTime<Utc> {
    let age = TimeDelta::from_std(age).unwrap_or(TimeDelta::MAX);
    now.checked_sub_signed(age)
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// Whether a server has replayed so far, or is no standby; and whether no transaction runs any more that
/// stands in the change feed up to this place. A statement that stays prepared.
#[derive(Debug)]
struct Reached {
    lsn: PgLsn,
    feed: i64,
}

impl QueryId for Reached {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Reached {
    type SqlType = Bool;
}

impl QueryFragment<Pg> for Reached {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT NOT pg_is_in_recovery() OR (coalesce(pg_last_wal_replay_lsn(), '0/0') >= ",
        );
        out.push_bind_param::<Lsn, _>(&self.lsn)?;
        out.push_sql(" AND feed_horizon() > ");
        out.push_bind_param::<BigInt, _>(&self.feed)?;
        out.push_sql(")");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(position: &str) -> Freshness {
        Freshness::after(position.parse().ok(), None)
    }

    #[test]
    fn a_standby_is_only_compared_with_a_position_that_its_own_history_has() {
        let is_met =
            |position, timeline| asked(position).is_known_to_be_met(Some(timeline), Some(0x100));
        assert!(is_met("2-100", 2));
        assert!(!is_met("2-101", 2), "it has not come");
        assert!(
            is_met("1-ff", 2),
            "of before the promotion that it went through"
        );
        assert!(
            !is_met("3-ff", 2),
            "of a promotion that it has not gone through"
        );
        assert!(!asked("2-100").is_known_to_be_met(None, Some(0x100)));
        assert!(Freshness::default().is_known_to_be_met(None, None));
        let of_feed = Freshness::after(None, Some(7));
        assert!(
            !of_feed.is_known_to_be_met(Some(2), Some(0x100)),
            "it is asked"
        );
    }

    #[test]
    fn a_write_takes_no_standby_and_a_read_that_keeps_to_the_primary_one_where_there_is_no_primary()
    {
        let read = Freshness::default();
        assert!(read.takes_standby(true) && read.takes_standby(false));
        read.keep_to_primary();
        assert!(!read.takes_standby(true) && read.takes_standby(false));
        let write = Freshness::default().of_write();
        assert!(!write.takes_standby(true) && !write.takes_standby(false));
    }

    #[test]
    fn a_request_tells_the_oldest_that_it_read_and_does_not_go_back() {
        let freshness = Freshness::default();
        let moment = |second| DateTime::from_timestamp(second, 0).unwrap();
        freshness.note(moment(20));
        assert!(freshness.is_after(moment(19)) && !freshness.is_after(moment(20)));
        freshness.note(moment(30));
        assert_eq!(freshness.as_of(), Some(moment(20)));
        assert_eq!(before(moment(20), Duration::from_secs(5)), moment(15));
    }
}
