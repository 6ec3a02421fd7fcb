//! A batch of objects as it is received: as JSON, NDJSON or a table; taken in parts or not at all.

use actix_web::web;
use serde_json::Value;

use super::layout::Layout;
use super::reading::Table;
use super::workbook;
use crate::error::{Code, Error, Fault, Faults, Place, Result, Rule, Subject};
use crate::http::call::Call;
use crate::http::fields::{Body, Fields};
use crate::http::formats::Form;
use crate::http::limits::bodies::Held;
use crate::http::query::{Parameter, Query, Reader, parameter};

/// Whether a batch is taken in parts.
pub const MODE: Parameter = parameter(
    "mode",
    "`partial` (par défaut) : ce qui est juste est écrit ; `atomic` : tout ou rien",
    "partial",
);

/// Whether a batch is only tried.
pub const DRY_RUN: Parameter = parameter(
    "dry_run",
    "`true` : rien n'est écrit, les verdicts sont ceux qu'aurait le lot",
    "true",
);

/// What to do with a batch.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// All of it or nothing.
    pub is_atomic: bool,
    /// Nothing is written.
    pub is_dry_run: bool,
}

impl Query for How {
    const PARAMETERS: &'static [Parameter] = &[MODE, DRY_RUN];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            is_atomic: reader.word("mode", "partial, atomic") == "atomic",
            is_dry_run: reader.flag("dry_run").unwrap_or_default(),
        }
    }
}

/// A body that [`Received::of`] reads: what is wrong with an item is said of the item.
#[derive(Debug, Clone, Copy)]
pub struct Batch;

impl Body for Batch {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.leave_the_rest();
        Some(Self)
    }
}

/// The list of a batch in JSON: under `items`, or as a page of a list is answered.
struct Listed(&'static str);

/// So many items are a batch.
struct Bounded<const MOST: usize>(Listed);

impl<const MOST: usize> Body for Bounded<MOST> {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let is_page = fields.names("data") && !fields.names("items");
        if is_page {
            fields.passed_over(&["next_cursor"]);
        }
        let name = if is_page { "data" } else { "items" };
        fields.values(name, MOST)?;
        Some(Self(Listed(name)))
    }
}

/// An item of a batch.
#[derive(Debug)]
pub struct Item {
    /// The number of its row, of a table.
    pub row: Option<u32>,
    /// The object it is to be.
    pub object: Value,
    /// What is wrong with its cells.
    pub damage: Vec<Fault>,
}

/// A batch as it was received.
#[derive(Debug)]
pub struct Received {
    /// The columns of its objects.
    pub layout: &'static Layout,
    /// The table it was, if it was one.
    pub table: Option<Table>,
    /// Its items.
    pub items: Vec<Item>,
    /// The member of the body that has them.
    pub list: &'static str,
    /// What is held of the memory for bodies.
    _held: Held,
}

impl Received {
    /// Reads a batch of so many items at most. A table is read beside the threads that answer.
    ///
    /// # Errors
    /// `malformed_csv`, `malformed_workbook`, `payload_too_large`; `validation_failed` for what is no
    /// list of items.
    pub async fn of<const MOST: usize>(
        call: &Call<How, Batch>,
        layout: &'static Layout,
    ) -> Result<Self> {
        let mut held = Held::default();
        if let Some(json) = &call.admitted.json {
            return Self::of_json::<MOST>(json, layout);
        }
        let raw = call.admitted.raw.clone();
        if raw.is_empty() {
            let code = match call.admitted.body_form {
                Form::Xlsx => Code::MalformedWorkbook,
                _ => Code::MalformedCsv,
            };
            return Err(
                Error::new(code).about(Subject::words("le corps est vide", "the body is empty"))
            );
        }
        if raw.starts_with(workbook::SIGNATURE) {
            let bytes = raw.clone();
            let unpacked = web::block(move || workbook::measured(&bytes)).await;
            call.app
                .limits
                .bodies
                .hold(&mut held, unpacked.map_err(Error::internal)??)?;
        }
        let table = web::block(move || Table::of(raw, layout)).await;
        let mut table = table.map_err(Error::internal)??;
        let rows = std::mem::take(&mut table.rows);
        if rows.len() > MOST {
            return Err(too_many(MOST));
        }
        let items = rows.into_iter().map(|row| Item {
            row: Some(row.number),
            object: row.object,
            damage: row.damage,
        });
        Ok(Self {
            layout,
            items: items.collect(),
            table: Some(table),
            list: "items",
            _held: held,
        })
    }

    fn of_json<const MOST: usize>(json: &Value, layout: &'static Layout) -> Result<Self> {
        let mut faults = Faults::default();
        let read = Fields::body::<Bounded<MOST>>(json, &mut faults);
        faults.check()?;
        let name = read.map_or("items", |Bounded(Listed(name))| name);
        let list = json.get(name).and_then(Value::as_array).cloned();
        let items = list.unwrap_or_default().into_iter().map(|object| Item {
            row: None,
            object,
            damage: Vec::new(),
        });
        Ok(Self {
            layout,
            table: None,
            items: items.collect(),
            list: name,
            _held: Held::default(),
        })
    }

    /// Whether what is read of it are its items: no fault of its heads prevents it.
    pub fn is_readable(&self) -> bool {
        self.table
            .as_ref()
            .is_none_or(|table| table.faults.is_empty())
    }
}

fn too_many(most: usize) -> Error {
    Error::validation(vec![Fault {
        place: Place::field("items"),
        rule: Rule::TooManyItems(most),
    }])
}
