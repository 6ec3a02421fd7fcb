//! Everything that a caller may read, of one moment: where a reader of the feed starts.
//!
//! It is one transaction, and one line after the other: memory does not grow with the register. The
//! cursor of its last line is that of the end of the feed at its moment: what was written before is in
//! it, what was written since is told by the feed.

use std::collections::VecDeque;

use actix_web::HttpResponse;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type as SchemaType};
use uuid::Uuid;

use super::objects::{ObjectKind, Objects, Type, url_of};
use super::reader::{Reader, reading};
use super::store::rows::{self, Partition, Row};
use crate::db::Borrowed;
use crate::error::{Error, Result, Rule};
use crate::feed::Changed;
use crate::http::answer::ObjectLink;
use crate::http::call::Call;
use crate::http::query::{Parameter, Query, Reader as Parameters, parameter};
use crate::values::{Described, FromText};

/// Objects read at a time.
const AT_A_TIME: i64 = 1000;
/// The most parts that it is read in.
const MOST_PARTS: i32 = 64;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Objects of these types; all where there are none.
    types: Vec<ObjectKind>,
    /// One part of them.
    partition: Option<Partition>,
}

impl Query for Question {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "types",
            "Types d'objets, séparés par des virgules ; tous sans ce paramètre",
            "partner,convention",
        ),
        parameter(
            "partition",
            "Une part des objets, pour les lire à plusieurs : la deuxième de quatre est `2/4` ; les parts sont disjointes et font le tout",
            "2/4",
        ),
    ];

    fn read(parameters: &mut Parameters<'_>) -> Self {
        Self {
            types: parameters.distinct("types"),
            partition: parameters.one("partition"),
        }
    }
}

impl Described for Partition {
    fn described() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::String)
            .pattern(Some("^[1-9][0-9]?/[1-9][0-9]?$"))
            .into()
    }
}

impl FromText for Partition {
    fn from_text(text: &str) -> Result<Self, Rule> {
        let number = |text: &str| text.parse::<i32>().ok().filter(|number| *number > 0);
        let parts = text.split_once('/');
        let read = parts.and_then(|(part, of)| Some((number(part)?, number(of)?)));
        match read {
            Some((part, of)) if part <= of && of <= MOST_PARTS => Ok(Self { part, of }),
            _ => Err(Rule::Format("2/4")),
        }
    }
}

/// The first line: what it is and when.
#[derive(Serialize)]
struct Beginning {
    #[serde(serialize_with = "crate::values::moment")]
    at: DateTime<Utc>,
    types: Vec<&'static str>,
    partition: Option<String>,
}

/// A line in between: an object as the feed shows it.
#[derive(Serialize)]
struct Line<'a> {
    object: ObjectLink,
    data: &'a Value,
}

/// The last line, without which it is not whole.
#[derive(Serialize)]
struct Ending<'a> {
    cursor: &'a str,
    objects: u64,
}

/// Answers it.
///
/// # Errors
/// `service_unavailable` when no connection is free or PostgreSQL is away.
pub async fn answer(call: Call<Question>) -> Result<HttpResponse> {
    let mut connection = call.long_reader().await?;
    rows::begin(&mut connection).await?;
    let (cursor, above) = {
        let reader = Reader::of(&call, &connection).await?;
        (reader.end().await?, reader.above_schools().to_vec())
    };
    let types: VecDeque<&'static Type> = match call.query.types.as_slice() {
        [] => Type::all().collect(),
        some => some.iter().map(|kind| kind.0).collect(),
    };
    let partition = call.query.partition;
    let beginning = Beginning {
        at: call.app.now(),
        types: types.iter().map(|kind| kind.name()).collect(),
        partition: partition.map(|Partition { part, of }| format!("{part}/{of}")),
    };
    let mut first = Vec::new();
    write(&beginning, &mut first)?;
    let snapshot = Snapshot {
        call,
        connection,
        above,
        partition: partition.unwrap_or(Partition { part: 1, of: 1 }),
        types,
        after: None,
        cursor: Some(cursor),
        objects: 0,
    };
    let beginning = stream::iter([Ok(Bytes::from(first))]);
    let rest = stream::try_unfold(snapshot, |mut snapshot| async move {
        let bytes = snapshot.next().await?;
        Ok::<_, Error>(bytes.map(|bytes| (bytes, snapshot)))
    });
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .streaming(Box::pin(futures_util::StreamExt::chain(beginning, rest))))
}

/// What is left to write.
struct Snapshot {
    call: Call<Question>,
    connection: Borrowed,
    above: Vec<String>,
    partition: Partition,
    /// The types left; the first of them is being read.
    types: VecDeque<&'static Type>,
    /// The last object of it that was read.
    after: Option<Uuid>,
    /// That of the last line, until it is written.
    cursor: Option<String>,
    objects: u64,
}

impl Snapshot {
    /// Some lines; none when the last is written.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let mut bytes = Vec::new();
        while bytes.is_empty() {
            let Some(kind) = self.types.front().copied() else {
                return self.ending().await;
            };
            let rows = self.rows(kind).await?;
            let found = self.read(kind, &rows).await?;
            for row in &rows {
                self.line(kind, row, &found, &mut bytes)?;
            }
        }
        Ok(Some(bytes.into()))
    }

    /// The next rows of a type; after its last ones it is done.
    async fn rows(&mut self, kind: &Type) -> Result<Vec<Row>> {
        let found = rows::after(
            &self.connection,
            kind.rows,
            self.partition,
            self.after,
            AT_A_TIME,
        )
        .await?;
        let read = i64::try_from(found.len()).unwrap_or(i64::MAX);
        self.after = found.last().map(|row| row.id);
        if read < AT_A_TIME {
            self.types.pop_front();
            self.after = None;
        }
        Ok(found)
    }

    async fn read(&self, kind: &Type, rows: &[Row]) -> Result<Objects> {
        if rows.is_empty() {
            return Ok(Objects::new());
        }
        let reading = reading(&self.call, &self.connection, self.above.clone())?;
        let objects = rows.iter().map(|row| (row.id, row.key.as_str())).collect();
        kind.read(&reading, Changed(objects)).await
    }

    /// Writes an object, if the caller may see it.
    fn line(&mut self, kind: &Type, row: &Row, found: &Objects, bytes: &mut Vec<u8>) -> Result<()> {
        let Some(data) = found.get(&row.id) else {
            return Ok(());
        };
        self.objects += 1;
        let object = ObjectLink {
            kind: kind.name().to_owned(),
            id: row.id,
            url: url_of(kind.name(), row.parent_id, &row.key),
        };
        write(&Line { object, data }, bytes)
    }

    async fn ending(&mut self) -> Result<Option<Bytes>> {
        let Some(cursor) = self.cursor.take() else {
            return Ok(None);
        };
        rows::end(&mut self.connection).await?;
        let mut bytes = Vec::new();
        let ending = Ending {
            cursor: &cursor,
            objects: self.objects,
        };
        write(&ending, &mut bytes)?;
        Ok(Some(bytes.into()))
    }
}

fn write(line: &impl Serialize, bytes: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(&mut *bytes, line).map_err(Error::internal)?;
    bytes.push(b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_one_of_so_many() {
        let part = |text: &str| Partition::from_text(text).ok();
        assert_eq!(part("2/4"), Some(Partition { part: 2, of: 4 }));
        assert_eq!(part("1/1"), Some(Partition { part: 1, of: 1 }));
        for wrong in ["0/4", "5/4", "2", "2/", "/4", "1/65", "-1/4", "a/b", ""] {
            assert_eq!(part(wrong), None, "{wrong}");
        }
    }
}
