//! The other forms of a list: CSV (RFC 4180), NDJSON, and what else a list writes itself as,
//! streamed page by page in constant memory.

use std::future::{Future, ready};

use actix_web::HttpResponse;
use bytes::Bytes;
use futures_util::future::Either;
use futures_util::stream;
use serde::Serialize;
use serde_json::Value;
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::members::Members;
use crate::db::page::Mark;
use crate::error::fault::escape;
use crate::error::{Error, Result};

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// One JSON document.
    #[default]
    Json,
    /// A row a line, with a header.
    Csv,
    /// A JSON document a line.
    Ndjson,
    /// Events that a calendar program imports (RFC 5545).
    Calendar,
    /// A page that a person reads.
    Html,
    /// Events as they come (Server-Sent Events).
    Events,
}

/// How CSV is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// RFC 4180: commas, points.
    #[default]
    Standard,
    /// What a French spreadsheet opens by double click: a BOM, semicolons, decimal commas.
    ExcelFr,
}

impl Dialect {
    /// The dialect a `dialect` parameter names.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "standard" => Some(Self::Standard),
            "excel-fr" => Some(Self::ExcelFr),
            _ => None,
        }
    }
}

/// A column of a CSV: its name, and the pointer to its value in a row (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    name: String,
    pointer: String,
    /// For a list of objects, the member that represents each.
    item: Option<String>,
}

impl Column {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The member of the row that its value is in.
    pub fn top(&self) -> &str {
        let path = self.pointer.trim_start_matches('/');
        path.split('/').next().unwrap_or_default()
    }

    /// A member of the row itself.
    pub fn member(name: &str) -> Self {
        Self::at(name, format!("/{}", escape(name)))
    }

    /// A value deeper in the row.
    pub fn at(name: impl Into<String>, pointer: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            pointer: pointer.into(),
            item: None,
        }
    }

    /// The same column; if it is the one of this name, a list of objects, each is written as this
    /// member of it.
    #[must_use]
    pub fn listing(mut self, name: &str, member: &str) -> Self {
        if self.name == name {
            self.item = Some(member.to_owned());
        }
        self
    }

    /// Its value in a row.
    fn of(&self, row: &Value, dialect: Dialect) -> String {
        let found = row.pointer(&self.pointer).unwrap_or(&Value::Null);
        match (&self.item, found) {
            (Some(member), Value::Array(items)) => {
                let members = items.iter().filter_map(|item| item.get(member));
                cell(&members.cloned().collect(), dialect)
            }
            _ => cell(found, dialect),
        }
    }
}

/// How a complete list is written: the part before its rows, each row, the part after them.
pub trait Writing<T>: Clone + 'static {
    /// The media type.
    fn content_type(&self) -> &'static str;
    /// The part before the rows.
    ///
    /// # Errors
    /// `internal_error` when it cannot be written.
    fn start(&self) -> Result<Vec<u8>>;
    /// Adds a row.
    ///
    /// # Errors
    /// `internal_error` when it cannot be written.
    fn row(&self, row: &T, bytes: &mut Vec<u8>) -> Result<()>;
    /// The part after the last row.
    fn end(&self) -> &'static [u8];
}

/// Some rows of a list, and where the next ones start.
type Batch<T> = (Vec<T>, Option<Mark>);

/// Streams a complete list, batch after batch; `next` reads the batch after a mark and answers where
/// the one after it starts. The first is read before the answer begins, so that a refusal is an
/// answer of its own; a later failure cuts the stream before its end, so that no reader takes a part
/// for the complete list.
///
/// # Errors
/// What reading the first batch answers.
pub async fn stream<T, W, F, R>(writer: W, next: F) -> Result<HttpResponse>
where
    T: 'static,
    W: Writing<T>,
    F: Fn(Option<Mark>) -> R + 'static,
    R: Future<Output = Result<Batch<T>>> + 'static,
{
    let content_type = writer.content_type();
    let first = State::First(next(None).await?);
    let body = stream::try_unfold(first, move |state| {
        let is_first = matches!(state, State::First(_));
        let batch = match state {
            State::First(batch) => Some(Either::Left(ready(Ok(batch)))),
            State::After(mark) => Some(Either::Right(next(Some(mark)))),
            State::End => None,
        };
        let writer = writer.clone();
        async move {
            let Some(batch) = batch else {
                return Ok::<_, Error>(None);
            };
            let (rows, mark) = batch.await?;
            let mut bytes = if is_first {
                writer.start()?
            } else {
                Vec::new()
            };
            for row in &rows {
                writer.row(row, &mut bytes)?;
            }
            if mark.is_none() {
                bytes.extend_from_slice(writer.end());
            }
            Ok(Some((
                Bytes::from(bytes),
                mark.map_or(State::End, State::After),
            )))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type(content_type)
        .streaming(Box::pin(body)))
}

enum State<T> {
    First(Batch<T>),
    After(Mark),
    End,
}

/// CSV or NDJSON.
#[derive(Clone)]
pub struct Writer {
    /// Which of the two.
    pub form: Form,
    /// How CSV is written.
    pub dialect: Dialect,
    /// The columns of CSV.
    pub columns: Vec<Column>,
    /// The members of NDJSON.
    pub members: Members,
}

impl<T: Serialize> Writing<T> for Writer {
    fn content_type(&self) -> &'static str {
        match self.form {
            Form::Csv => "text/csv; charset=utf-8; header=present",
            _ => "application/x-ndjson",
        }
    }

    fn start(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if self.form == Form::Csv {
            if self.dialect == Dialect::ExcelFr {
                bytes.extend_from_slice("\u{feff}".as_bytes());
            }
            let names = self.columns.iter().map(|column| column.name.as_str());
            self.line(names, &mut bytes);
        }
        Ok(bytes)
    }

    fn row(&self, row: &T, bytes: &mut Vec<u8>) -> Result<()> {
        if self.form == Form::Ndjson {
            if self.members.are_all() {
                serde_json::to_writer(&mut *bytes, row).map_err(Error::internal)?;
            } else {
                let row = self.members.of(row)?;
                serde_json::to_writer(&mut *bytes, &row).map_err(Error::internal)?;
            }
            bytes.push(b'\n');
            return Ok(());
        }
        let value = serde_json::to_value(row).map_err(Error::internal)?;
        let cells: Vec<String> = self
            .columns
            .iter()
            .map(|column| column.of(&value, self.dialect))
            .collect();
        self.line(cells.iter().map(String::as_str), bytes);
        Ok(())
    }

    fn end(&self) -> &'static [u8] {
        b""
    }
}

impl Writer {
    fn line<'a>(&self, cells: impl Iterator<Item = &'a str>, bytes: &mut Vec<u8>) {
        let separator = match self.dialect {
            Dialect::Standard => b',',
            Dialect::ExcelFr => b';',
        };
        for (place, cell) in cells.enumerate() {
            if place > 0 {
                bytes.push(separator);
            }
            quote(cell, bytes);
        }
        bytes.extend_from_slice(b"\r\n");
    }
}

/// A cell as RFC 4180 §2 writes it: quoted when it holds a separator, a quote or a line end.
fn quote(cell: &str, bytes: &mut Vec<u8>) {
    if cell.contains([',', ';', '"', '\r', '\n']) {
        bytes.push(b'"');
        bytes.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
        bytes.push(b'"');
    } else {
        bytes.extend_from_slice(cell.as_bytes());
    }
}

/// A value as a cell: lists of texts are joined by `|`, deeper values are written as JSON.
fn cell(value: &Value, dialect: Dialect) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) if dialect == Dialect::ExcelFr => {
            number.to_string().replace('.', ",")
        }
        Value::Number(number) => number.to_string(),
        Value::String(text) if dialect == Dialect::ExcelFr && reads_as_a_number(text) => {
            format!("=\"{text}\"")
        }
        Value::String(text) => neutral(text),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            cell(&Value::from(items.join("|")), dialect)
        }
        other => other.to_string(),
    }
}

/// Whether a spreadsheet would take a text for a number, and lose its zeros or its last digits: a
/// postal code, a SIREN, a telephone number. It keeps one that is written `="01505"`.
fn reads_as_a_number(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let is_digit = |c: char| c.is_ascii_digit();
    let is_grouped = |c: char| is_digit(c) || " .,\u{a0}\u{202f}".contains(c);
    mantissa.starts_with(is_digit)
        && mantissa.chars().all(is_grouped)
        && exponent
            .trim_start_matches(['+', '-'])
            .chars()
            .all(is_digit)
        && exponent.ends_with(is_digit)
}

/// A text that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, "CSV
/// injection"), and so does one that would be taken for such a text when it is read again; one that
/// begins in full width is read as if it began in plain characters.
fn neutral(text: &str) -> String {
    if is_formula(text) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Whether a spreadsheet would run a text, or has been kept from it by apostrophes.
pub fn is_formula(text: &str) -> bool {
    let bare = text.trim_start_matches('\'');
    const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    bare.starts_with(STARTS)
}

/// The columns of a `T`: the properties of its schema, in order, the id before all others.
pub fn columns_of<T: PartialSchema>() -> Vec<Column> {
    let mut columns = columns(&T::schema());
    // Stable: the others keep their order.
    columns.sort_by_key(|column| column.name != "id");
    columns
}

fn columns(schema: &RefOr<Schema>) -> Vec<Column> {
    match schema {
        RefOr::T(Schema::Object(object)) => object
            .properties
            .keys()
            .map(|name| Column::member(name))
            .collect(),
        RefOr::T(Schema::AllOf(all)) => all.items.iter().flat_map(columns).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_looks_like_a_formula_is_neutralised_and_numbers_stay_numbers() {
        for text in ["=1+1", "+33", "-x", "@a", "\tx", "'=1", "''-x"] {
            assert_eq!(cell(&text.into(), Dialect::Standard), format!("'{text}"));
        }
        assert_eq!(cell(&serde_json::json!(-1.5), Dialect::Standard), "-1.5");
        assert_eq!(cell(&serde_json::json!(-1.5), Dialect::ExcelFr), "-1,5");
        assert_eq!(
            cell(&serde_json::json!(["a", "b"]), Dialect::Standard),
            "a|b"
        );
    }

    #[test]
    fn a_formula_in_full_width_is_neutralised_too() {
        for text in ["＝1+1", "＋33", "－x", "＠a", "\n=1"] {
            for dialect in [Dialect::Standard, Dialect::ExcelFr] {
                assert_eq!(cell(&text.into(), dialect), format!("'{text}"));
            }
        }
    }

    #[test]
    fn a_text_of_digits_stays_a_text_in_a_french_spreadsheet() {
        for text in [
            "01505",
            "552049447",
            "069",
            "2026",
            "01 23 45 67 89",
            "1,5",
            "12E3",
            "1e-2",
        ] {
            assert_eq!(cell(&text.into(), Dialect::ExcelFr), format!("=\"{text}\""));
            assert_eq!(cell(&text.into(), Dialect::Standard), text);
        }
        for text in [
            "3e",
            "2025-2026",
            "2026-01-31",
            "0690001B",
            "W751234567",
            "12 rue",
            "e3",
            "",
        ] {
            assert_eq!(cell(&text.into(), Dialect::ExcelFr), text);
        }
        assert_eq!(
            cell(&serde_json::json!(["069"]), Dialect::ExcelFr),
            "=\"069\""
        );
        assert_eq!(cell(&serde_json::json!(1505), Dialect::ExcelFr), "1505");
    }

    #[test]
    fn a_list_of_objects_reads_as_the_member_that_stands_for_each() {
        let row = serde_json::json!({"parties": [{"name": "A"}, {"name": "B"}], "name": "C"});
        let column = |name: &str| Column::member(name).listing("parties", "name");
        assert_eq!(column("parties").of(&row, Dialect::Standard), "A|B");
        assert_eq!(column("name").of(&row, Dialect::Standard), "C");
    }

    #[test]
    fn cells_with_separators_and_quotes_are_quoted() {
        let mut bytes = Vec::new();
        quote("a \"b\", c", &mut bytes);
        assert_eq!(bytes, b"\"a \"\"b\"\", c\"");
    }
}
