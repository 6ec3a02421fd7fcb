//! The other forms of a list: CSV (RFC 4180), NDJSON, and what else a list writes itself as,
//! streamed page by page in constant memory.

use std::borrow::Cow;
use std::future::{Future, ready};

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};
use bytes::Bytes;
use chrono::NaiveDate;
use futures_util::future::Either;
use futures_util::stream;
use serde::Serialize;
use serde_json::Value;
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

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
    /// A workbook (Office Open XML).
    Xlsx,
    /// What the columns of the CSV are ([`table_schema`](super::table_schema)).
    TableSchema,
    /// Events that a calendar program imports (RFC 5545).
    Calendar,
    /// A page that a person reads.
    Html,
    /// Events as they come (Server-Sent Events).
    Events,
}

impl Form {
    /// Each with its name in an address and in a file's, and its media type.
    const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::Json, "json", "application/json"),
        (Self::Csv, "csv", "text/csv"),
        (Self::Ndjson, "ndjson", "application/x-ndjson"),
        (
            Self::Xlsx,
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (
            Self::TableSchema,
            "table-schema",
            "application/vnd.tableschema",
        ),
        (Self::Calendar, "ics", "text/calendar"),
        (Self::Html, "html", "text/html"),
        (Self::Events, "events", "text/event-stream"),
    ];

    /// The one that `format=` names.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|(_, one, _)| *one == name).map(|(form, ..)| form)
    }

    /// The one of a media type; JSON of those that are none of them.
    pub fn of(media_type: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        let found = all.find(|(.., one)| *one == media_type);
        found.map_or(Self::Json, |(form, ..)| form)
    }

    /// Its name, also at the end of a file's.
    pub fn name(self) -> &'static str {
        self.described().1
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        self.described().2
    }

    fn described(self) -> (Self, &'static str, &'static str) {
        let mut all = Self::ALL.into_iter();
        all.find(|(form, ..)| *form == self)
            .unwrap_or((Self::Json, "json", "application/json"))
    }
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
    /// What it is, in French, where that is said.
    words: String,
}

/// What members are called whose description begins with their values.
const IN_FRENCH: [(&str, &str); 8] = [
    ("kind", "Nature"),
    ("level", "Échelon"),
    ("modality", "Modalité"),
    ("priority_education", "Éducation prioritaire"),
    ("role", "Rôle"),
    ("scope", "Portée"),
    ("sector", "Secteur"),
    ("status", "Statut"),
];

impl Column {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its value is in a row.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The members that lead to its value, from the row on (RFC 6901).
    pub fn path(&self) -> impl Iterator<Item = String> {
        let members = self.pointer.split('/').skip(1);
        members.map(|member| member.replace("~1", "/").replace("~0", "~"))
    }

    /// Whether its value is a list of objects, written as one member of each.
    pub const fn is_listing(&self) -> bool {
        self.item.is_some()
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
            words: String::new(),
        }
    }

    /// The same column, told in these words, where it has none.
    #[must_use]
    pub fn told(mut self, words: impl Into<String>) -> Self {
        if self.words.is_empty() {
            self.words = words.into();
        }
        self
    }

    /// What it is, in French.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// What people call it: the beginning of what is said of it, else its name. What is said of a code may
    /// begin with its values: it is called by its name, in French.
    pub fn label(&self) -> String {
        let end = self.words.find(['.', ';', ':', ',', '(']);
        let begins = self.words.get(..end.unwrap_or(self.words.len()));
        let begins = begins.map(str::trim).unwrap_or_default();
        let mut known = IN_FRENCH.iter();
        match known.find(|(name, _)| *name == self.name) {
            Some((_, label)) if begins.is_empty() || begins.starts_with('`') => (*label).to_owned(),
            _ if begins.is_empty() => self.name.clone(),
            _ => begins.replace('`', ""),
        }
    }

    /// What stands above it in a workbook: what people call it, and its name in brackets.
    pub fn head(&self) -> String {
        match self.label() {
            label if label == self.name => label,
            label => format!("{label} [{}]", self.name),
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
    pub fn value<'a>(&self, row: &'a Value) -> Cow<'a, Value> {
        let found = row.pointer(&self.pointer).unwrap_or(&Value::Null);
        match (&self.item, found) {
            (Some(member), Value::Array(items)) => {
                let members = items.iter().filter_map(|item| item.get(member));
                Cow::Owned(members.cloned().collect())
            }
            _ => Cow::Borrowed(found),
        }
    }

    /// The same as a cell of CSV.
    fn of(&self, row: &Value, dialect: Dialect) -> String {
        cell(&self.value(row), dialect)
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
pub type Batch<T> = (Vec<T>, Option<Mark>);

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
            serde_json::to_writer(&mut *bytes, row).map_err(Error::internal)?;
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

/// The same columns; those of which nothing is said are told as the ones of the same name in a `T`.
pub fn told_as<T: PartialSchema>(columns: Vec<Column>) -> Vec<Column> {
    let described = columns_of::<T>();
    let told = |column: Column| {
        let mut all = described.iter();
        let found = all.find(|one| one.name == column.name);
        let words = found.map(|one| one.words.clone());
        column.told(words.unwrap_or_default())
    };
    columns.into_iter().map(told).collect()
}

fn columns(schema: &RefOr<Schema>) -> Vec<Column> {
    match schema {
        RefOr::T(Schema::Object(object)) => object
            .properties
            .iter()
            .map(|(name, schema)| Column::member(name).told(words_of(schema)))
            .collect(),
        RefOr::T(Schema::AllOf(all)) => all.items.iter().flat_map(columns).collect(),
        _ => Vec::new(),
    }
}

/// What a schema says of its values; of one that may be null, what is said of those that are not.
fn words_of(schema: &RefOr<Schema>) -> String {
    let inner = |items: &[RefOr<Schema>]| {
        let mut words = items.iter().map(words_of);
        words.find(|words| !words.is_empty())
    };
    let words = match schema {
        RefOr::Ref(reference) => Some(reference.description.clone()),
        RefOr::T(Schema::Object(one)) => one.description.clone(),
        RefOr::T(Schema::Array(one)) => one.description.clone(),
        RefOr::T(Schema::OneOf(one)) => one.description.clone().or_else(|| inner(&one.items)),
        RefOr::T(Schema::AllOf(one)) => one.description.clone().or_else(|| inner(&one.items)),
        RefOr::T(Schema::AnyOf(one)) => one.description.clone().or_else(|| inner(&one.items)),
        RefOr::T(_) => None,
    };
    words.unwrap_or_default()
}

/// The same answer as a file of this name, which a browser keeps and does not show.
pub fn saved_as(response: &mut HttpResponse, name: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
}

/// What a file of an address is called: the fixed parts of its template, the day, the form.
pub fn file_name(template: &str, day: NaiveDate, form: Form) -> String {
    let parts = template.split('/').filter(|part| {
        !part.is_empty() && !part.starts_with('{') && !["v1", "public"].contains(part)
    });
    let name: Vec<&str> = parts.collect();
    format!("ree-{}-{day}.{}", name.join("-"), form.name())
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
    fn a_file_is_called_by_its_address_its_day_and_its_form() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
        for (template, form, name) in [
            ("/v1/partners", Form::Csv, "ree-partners-2026-11-30.csv"),
            (
                "/public/indicators/values",
                Form::Xlsx,
                "ree-indicators-values-2026-11-30.xlsx",
            ),
            (
                "/v1/partners/{id}/syncs/{sync_id}/batches",
                Form::Ndjson,
                "ree-partners-syncs-batches-2026-11-30.ndjson",
            ),
        ] {
            assert_eq!(file_name(template, day, form), name);
        }
    }

    #[test]
    fn a_column_is_headed_by_the_beginning_of_what_is_said_of_it() {
        let column =
            Column::member("ends_on").told("Dernier jour, compris ; null : sans échéance.");
        assert_eq!(column.head(), "Dernier jour [ends_on]");
        assert_eq!(Column::member("x").head(), "x");
        assert_eq!(Column::member("x").told("`a` ou `b`.").label(), "a ou b");
    }

    #[test]
    fn cells_with_separators_and_quotes_are_quoted() {
        let mut bytes = Vec::new();
        quote("a \"b\", c", &mut bytes);
        assert_eq!(bytes, b"\"a \"\"b\"\", c\"");
    }
}
