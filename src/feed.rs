//! How the change feed reads the objects of a type: each type brings its own reading, in the `feed`
//! of its resource.

use chrono::{DateTime, NaiveDate, Utc};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use uuid::Uuid;

use crate::auth::person_viewer::Viewer;
use crate::auth::policy::Scope;
use crate::db::journal::ObjectType;
use crate::error::Result;
use crate::language::Language;
use crate::values::ids::Id;
use crate::values::today;

/// Who reads, and when.
pub struct Reading<'a> {
    /// To ask the database by.
    pub connection: &'a AsyncPgConnection,
    /// What the caller may see and change.
    pub scope: &'a Scope,
    /// With a school: it and the territories above it.
    pub above_schools: Vec<String>,
    /// The subject of its token.
    pub subject: &'a str,
    /// Its language.
    pub language: Language,
    /// The moment.
    pub now: DateTime<Utc>,
    /// After how many days what a portal has not confirmed is stale.
    pub stale_after_days: u16,
}

impl Reading<'_> {
    /// The day it is.
    pub fn day(&self) -> NaiveDate {
        today(self.now)
    }

    /// The caller, for what is shown to those it concerns.
    pub fn viewer(&self) -> Viewer<'_> {
        Viewer::new(self.scope, self.above_schools.clone())
    }
}

/// The objects of a type that changed: their ids, each with the last part of its URL.
#[derive(Debug)]
pub struct Changed<'a>(pub Vec<(Uuid, &'a str)>);

impl Changed<'_> {
    /// Their ids.
    pub fn ids<T>(&self) -> Vec<Id<T>> {
        self.0.iter().map(|(id, _)| Id::new(*id)).collect()
    }

    /// The last parts of their URLs.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, key)| *key)
    }
}

/// Where the rows of a type are, one for each of its objects.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    /// The table.
    pub table: &'static str,
    /// The column that is the last part of an object's URL.
    pub key: &'static str,
    /// The column of the object that its URL is below.
    pub parent: Option<&'static str>,
}

impl Rows {
    /// In this table, each known by its id alone.
    pub const fn of(table: &'static str) -> Self {
        Self {
            table,
            key: "id",
            parent: None,
        }
    }

    /// The same, known by this column in their URLs.
    #[must_use]
    pub const fn known_by(self, key: &'static str) -> Self {
        Self { key, ..self }
    }

    /// The same, below the object of this column.
    #[must_use]
    pub const fn below(self, parent: &'static str) -> Self {
        Self {
            parent: Some(parent),
            ..self
        }
    }
}

/// A type whose objects the feed shows beside their changes.
pub trait FeedObject: ObjectType {
    /// An object as its own resource answers it.
    type Answer: Serialize;

    /// Where its rows are.
    const ROWS: Rows;

    /// Those of the changed objects that the caller may see now, as it may see them, with their ids.
    fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> impl Future<Output = Result<Vec<(Uuid, Self::Answer)>>>;
}
