//! The SQL of what waits for a step of the caller's: plain SQL, a branch for each kind, each in the order of
//! the list and cut to what a page needs of it, put together and cut again. All of its text is constants of
//! this file and of `branches`; the values of the request are bound.

mod branches;

use chrono::NaiveDate;
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::filter::Filter;
use super::model::{Place, Waiting};
use crate::auth::policy::Scope;
use crate::db::condition::{Condition, Values};
use crate::db::sql_text::{Bind, Binds, BoundQuery};
use crate::error::Result;

/// What is asked for, by whom, and when.
pub struct Asked<'a> {
    /// The filters.
    pub filter: &'a Filter,
    /// The subject of the caller's token.
    pub subject: &'a str,
    /// The day it is.
    pub today: NaiveDate,
}

/// A statement in the making.
struct Statement<'a> {
    scope: &'a Scope,
    asked: &'a Asked<'a>,
    /// After this place, and at most so many; all of them to be counted.
    slice: Option<(Option<Place>, i64)>,
    binds: Binds,
}

/// The order of the list.
const ORDER: &str = "day, kind COLLATE \"C\", object_id";

impl<'a> Statement<'a> {
    fn new(scope: &'a Scope, asked: &'a Asked<'a>, slice: Option<(Option<Place>, i64)>) -> Self {
        Self {
            scope,
            asked,
            slice,
            binds: Binds::default(),
        }
    }

    /// The statement, unless nothing of what is asked for can wait for this caller.
    fn query(mut self, selected: &str) -> Option<BoundQuery> {
        let branches = self.branches();
        if branches.is_empty() {
            return None;
        }
        let cut: Vec<String> = branches.into_iter().map(|one| self.cut(&one)).collect();
        let all = self.cut(&cut.join("\nUNION ALL\n"));
        Some(
            self.binds
                .query(format!("SELECT {selected} FROM ({all}) AS todo")),
        )
    }

    /// What a page needs of these rows.
    fn cut(&mut self, rows: &str) -> String {
        let Some((after, limit)) = self.slice else {
            return format!("(SELECT * FROM ({rows}) AS waiting)");
        };
        let after = after.map_or_else(String::new, |place| {
            let day = self.bind(Bind::Day(place.day));
            let kind = self.bind(Bind::Text(place.kind.to_owned()));
            let object = self.bind(Bind::Id(place.object));
            format!(" WHERE (day, kind COLLATE \"C\", object_id) > ({day}, {kind}, {object})")
        });
        let limit = self.bind(Bind::Number(limit));
        format!("(SELECT * FROM ({rows}) AS waiting{after} ORDER BY {ORDER} LIMIT {limit})")
    }

    fn bind(&mut self, value: Bind) -> String {
        self.binds.bind(value)
    }

    fn today(&mut self) -> String {
        let today = self.asked.today;
        self.bind(Bind::Day(today))
    }

    fn written(&mut self, condition: Condition) -> String {
        condition.text(|values| {
            self.bind(match values {
                Values::Texts(texts) => Bind::Texts(texts),
                Values::Ids(ids) => Bind::Ids(ids),
            })
        })
    }
}

/// The first so many after a place, in the order of the list: one statement.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    asked: &Asked<'_>,
    slice: (Option<Place>, i64),
) -> Result<Vec<Waiting>> {
    let statement = Statement::new(scope, asked, Some(slice));
    match statement.query("*") {
        // What stands in a subquery is in no order to be sure of: who puts it together sorts it.
        Some(query) => Ok(query.load(&mut connection).await?),
        None => Ok(Vec::new()),
    }
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many there are.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    asked: &Asked<'_>,
) -> Result<i64> {
    let Some(query) = Statement::new(scope, asked, None).query("count(*) AS count") else {
        return Ok(0);
    };
    let counted: Counted = query.get_result(&mut connection).await?;
    Ok(counted.count)
}
