//! Statements that are put together as text: the values they bind, and the conditions that several
//! of them need. The values of a request are always bound and never written into the text.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::Pg;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{Array, BigInt, Date, Integer, Text, Timestamptz};
use uuid::Uuid;

use crate::values::ids::Id;

/// A statement with the values it binds.
pub type BoundQuery = BoxedSqlQuery<'static, Pg, SqlQuery>;

/// A value that a statement binds.
#[derive(Debug, Clone)]
pub enum Bind {
    /// Several texts.
    Texts(Vec<String>),
    /// Several ids.
    Ids(Vec<Uuid>),
    /// A text.
    Text(String),
    /// An id.
    Id(Uuid),
    /// A day.
    Day(NaiveDate),
    /// A moment.
    Time(DateTime<Utc>),
    /// A large number.
    Number(i64),
    /// A number of days.
    Days(i32),
}

/// The values that a statement binds, in the order of their numbers.
#[derive(Debug, Clone, Default)]
pub struct Binds(Vec<Bind>);

impl Binds {
    /// Binds a value. Answers how the text names it: `$1` for the first.
    pub fn bind(&mut self, value: Bind) -> String {
        self.0.push(value);
        format!("${}", self.0.len())
    }

    /// That a column is one of these values; no condition where there are none.
    pub fn among<T: ToString>(&mut self, column: &str, values: &[T]) -> Option<String> {
        let texts = values.iter().map(T::to_string).collect();
        (!values.is_empty()).then(|| format!("{column} = ANY ({})", self.bind(Bind::Texts(texts))))
    }

    /// That a column is one of these ids; no condition where there are none.
    pub fn among_ids<T>(&mut self, column: &str, ids: &[Id<T>]) -> Option<String> {
        let uuids = ids.iter().map(|id| id.uuid()).collect();
        (!ids.is_empty()).then(|| format!("{column} = ANY ({})", self.bind(Bind::Ids(uuids))))
    }

    /// That the key in these columns comes after this one, in ascending order, null last.
    pub fn after_key<C: AsRef<str>>(&mut self, columns: &[C], key: &[Option<String>]) -> String {
        let mut ways = Vec::new();
        let mut same: Vec<String> = Vec::new();
        for (column, value) in columns.iter().zip(key) {
            let column = column.as_ref();
            let Some(value) = value else {
                same.push(format!("{column} IS NULL"));
                continue;
            };
            let bound = self.bind(Bind::Text(value.clone()));
            let mut way = same.clone();
            way.push(format!("({column} > {bound} OR {column} IS NULL)"));
            ways.push(format!("({})", way.join(" AND ")));
            same.push(format!("{column} = {bound}"));
        }
        if ways.is_empty() {
            "false".to_owned()
        } else {
            format!("({})", ways.join(" OR "))
        }
    }

    /// The statement of this text.
    pub fn query(self, text: String) -> BoundQuery {
        let query = diesel::sql_query(text).into_boxed::<Pg>();
        self.0.into_iter().fold(query, |query, value| match value {
            Bind::Texts(texts) => query.bind::<Array<Text>, _>(texts),
            Bind::Ids(ids) => query.bind::<Array<diesel::sql_types::Uuid>, _>(ids),
            Bind::Text(text) => query.bind::<Text, _>(text),
            Bind::Id(id) => query.bind::<diesel::sql_types::Uuid, _>(id),
            Bind::Day(day) => query.bind::<Date, _>(day),
            Bind::Time(time) => query.bind::<Timestamptz, _>(time),
            Bind::Number(number) => query.bind::<BigInt, _>(number),
            Bind::Days(days) => query.bind::<Integer, _>(days),
        })
    }
}
