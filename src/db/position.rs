//! A position in PostgreSQL's log: what a write answers, and what a read may ask to be read after.
//!
//! It names the timeline too: a server may only be compared with a position that its own history has.

use std::fmt;
use std::str::FromStr;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::error::{Error, Notice, Result, notice};

/// What is no position.
pub static MALFORMED_POSITION: Notice = notice(
    "malformed_position",
    "`Ree-Position` se renvoie tel qu'une écriture l'a répondu (`1-16b3748`), sans guillemets ; ou ne l'envoyez pas.",
    "`Ree-Position` is sent back as a write answered it (`1-16b3748`), without quotes; or leave it out.",
);

/// How far the log of a server that takes writes is kept: all that was acknowledged stands before it. Where
/// commits do not wait for the disk, what is only written to memory counts.
pub const KEPT: &str = "CASE current_setting('synchronous_commit') WHEN 'off' \
     THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END";

/// A position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// PostgreSQL's count of promotions.
    pub timeline: u32,
    /// The byte of the log: PostgreSQL's `pg_lsn`.
    pub lsn: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.timeline, self.lsn)
    }
}

impl FromStr for Position {
    type Err = &'static Notice;

    /// Reads what [`Display`](fmt::Display) writes, and nothing else.
    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let read = || {
            let (timeline, lsn) = text.split_once('-')?;
            Some(Self {
                timeline: u32::from_str_radix(timeline, 16).ok()?,
                lsn: u64::from_str_radix(lsn, 16).ok()?,
            })
        };
        let found = read().filter(|position| position.timeline > 0);
        found
            .filter(|position| position.to_string() == text)
            .ok_or(&MALFORMED_POSITION)
    }
}

impl Position {
    /// Of the name of a file of the log, and of a place in it: `000000010000000000000001 0/16B3748`.
    fn of_log(text: &str) -> Option<Self> {
        let (file, place) = text.split_once(' ')?;
        Some(Self {
            timeline: u32::from_str_radix(file.get(..8)?, 16).ok()?,
            lsn: lsn(place)?,
        })
    }
}

/// PostgreSQL's text of a place in its log, as a number.
pub fn lsn(text: &str) -> Option<u64> {
    let (high, low) = text.split_once('/')?;
    let high = u64::from(u32::from_str_radix(high, 16).ok()?);
    let low = u64::from(u32::from_str_radix(low, 16).ok()?);
    Some((high << 32) | low)
}

/// Where the log of a server that takes writes ends now. A statement that stays prepared, which one of
/// `sql_query` does not.
#[derive(Debug)]
struct End;

impl QueryId for End {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for End {
    type SqlType = Text;
}

impl QueryFragment<Pg> for End {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT pg_walfile_name(lsn) || ' ' || lsn FROM (SELECT ");
        out.push_sql(KEPT);
        out.push_sql(" AS lsn) AS kept");
        Ok(())
    }
}

/// Where the log of this server ends now.
///
/// # Errors
/// Where the server is a standby, or may not be asked.
pub async fn end(mut connection: &AsyncPgConnection) -> Result<Position> {
    let text: String = End.get_result(&mut connection).await?;
    Position::of_log(&text).ok_or_else(|| Error::internal("a position that cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let position = Position {
            timeline: 0x1a,
            lsn: 0x2_016b_3748,
        };
        assert_eq!(position.to_string(), "1a-2016b3748");
        assert_eq!("1a-2016b3748".parse(), Ok(position));
        assert_eq!("1-0".parse::<Position>().unwrap().lsn, 0);
        assert!(
            format!("{:x}-{:x}", u32::MAX, u64::MAX)
                .parse::<Position>()
                .is_ok()
        );
    }

    #[test]
    fn what_no_write_answered_is_no_position() {
        for text in [
            "",
            "-",
            "1",
            "1-",
            "-1",
            "0-16b3748",
            "1-016b3748",
            "1-16B3748",
            "+1-16b3748",
            " 1-1",
            "1-1 ",
            "\"1-1\"",
            "1-1-1",
            "0/16B3748",
            "100000000-1",
            "1-10000000000000000",
            "é-1",
        ] {
            assert_eq!(text.parse::<Position>(), Err(&MALFORMED_POSITION), "{text}");
        }
    }

    #[test]
    fn a_place_in_the_log_has_its_timeline() {
        let read = Position::of_log("0000000A0000000200000016 2/16B3748");
        assert_eq!(read.unwrap().to_string(), "a-2016b3748");
        assert_eq!(Position::of_log("0000000A 2"), None);
    }
}
