//! A complete list as a workbook (Office Open XML), which spreadsheets of every language open alike:
//! codes stay texts, heads are French, and a sheet says what each column is.
//!
//! A workbook is an archive whose table of contents comes last: it is written row by row to files
//! without a name, and sent once it is whole. Memory does not grow with the list.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};

use actix_web::body::SizedStream;
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use rust_xlsxwriter::{Format, Workbook, Worksheet};
use serde::Serialize;
use serde_json::Value;
use tokio::io::AsyncReadExt;

use super::formats::{Batch, Column, Form, is_formula};
use crate::db::page::Mark;
use crate::error::{Error, Result};

/// The most rows of a sheet, its heads included; a longer list goes on in another one.
const MOST_ROWS: u32 = 1_048_576;

/// The sheet that says what the columns of the others are.
pub const DEFINITIONS: &str = "Définitions";

/// The longest text of a cell; a longer one is cut, and ends in `…`.
const LONGEST: usize = 32_767;

/// How much of a file is sent at a time.
const PIECE: u32 = 64 * 1024;

/// What is in a cell.
enum Cell {
    Empty,
    Number(f64),
    Text(String),
}

/// Answers a complete list as a workbook; `next` reads the batch after a mark, as for
/// [`stream`](super::formats::stream).
///
/// # Errors
/// What reading a batch answers; `internal_error` when the workbook cannot be written.
pub async fn answer<T, R>(
    columns: Vec<Column>,
    next: impl Fn(Option<Mark>) -> R,
) -> Result<HttpResponse>
where
    T: Serialize,
    R: Future<Output = Result<Batch<T>>>,
{
    let heads = columns.clone();
    let mut book = apart(move || Book::begin(heads)).await?;
    let mut mark = None;
    loop {
        let (rows, more) = next(mark).await?;
        let rows = cells(&columns, &rows)?;
        book = apart(move || book.add(rows)).await?;
        match more {
            Some(_) => mark = more,
            None => break,
        }
    }
    send(apart(move || book.end()).await?)
}

/// Writes beside the threads that answer.
async fn apart<T: Send + 'static>(
    write: impl FnOnce() -> Written<T> + Send + 'static,
) -> Result<T> {
    let written = web::block(write).await.map_err(Error::internal)?;
    written.map_err(Error::internal)
}

/// The cells of rows.
fn cells<T: Serialize>(columns: &[Column], rows: &[T]) -> Result<Vec<Vec<Cell>>> {
    let row = |row: &T| {
        let value = serde_json::to_value(row).map_err(Error::internal)?;
        let cells = columns.iter().map(|column| cell(&column.value(&value)));
        Ok(cells.collect())
    };
    rows.iter().map(row).collect()
}

/// A value as a cell: lists of texts are joined by `|`, deeper values are written as JSON, as in CSV.
fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::Number(number) => match number.as_f64() {
            Some(number) => Cell::Number(number),
            None => Cell::Text(number.to_string()),
        },
        Value::String(text) => Cell::Text(kept(text)),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            Cell::Text(kept(&items.join("|")))
        }
        // `true` and not a spreadsheet's own value: saved as CSV, that one is written in its language.
        other => Cell::Text(other.to_string()),
    }
}

/// A text as it can be read back when the workbook is saved as CSV: a formula has an apostrophe before
/// it, and so has a text that would be taken for such a one.
fn kept(text: &str) -> String {
    if text.starts_with('=') || (text.starts_with('\'') && is_formula(text)) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// A text that a cell has room for, counted as spreadsheets count: in units of UTF-16.
fn short(text: String) -> String {
    if text.encode_utf16().count() <= LONGEST {
        return text;
    }
    let mut left = LONGEST - 1;
    let fits = |character: &char| {
        let fits = left.checked_sub(character.len_utf16());
        left = fits.unwrap_or_default();
        fits.is_some()
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// What is written of a workbook, or why it is not.
type Written<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A workbook that is being written.
struct Book {
    workbook: Workbook,
    columns: Vec<Column>,
    /// Its sheets of rows.
    sheets: usize,
    /// The rows of the last one, its heads included.
    rows: u32,
}

impl Book {
    fn begin(columns: Vec<Column>) -> Written<Self> {
        let mut book = Self {
            workbook: Workbook::new(),
            columns,
            sheets: 0,
            rows: 0,
        };
        book.new_sheet()?;
        Ok(book)
    }

    /// A sheet for rows: its heads stay in sight.
    fn new_sheet(&mut self) -> Written<()> {
        self.sheets += 1;
        let name = match self.sheets {
            1 => "Données".to_owned(),
            number => format!("Données {number}"),
        };
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        heads(sheet, self.columns.iter().map(Column::head))?;
        self.rows = 1;
        Ok(())
    }

    fn add(mut self, rows: Vec<Vec<Cell>>) -> Written<Self> {
        for row in rows {
            if self.rows == MOST_ROWS {
                self.new_sheet()?;
            }
            let sheet = self.workbook.worksheet_from_index(self.sheets - 1)?;
            for (cell, column) in row.into_iter().zip(0..) {
                match cell {
                    Cell::Empty => {}
                    Cell::Number(number) => {
                        sheet.write_number(self.rows, column, number)?;
                    }
                    Cell::Text(text) => {
                        sheet.write_string(self.rows, column, short(text))?;
                    }
                }
            }
            self.rows += 1;
        }
        Ok(self)
    }

    /// The file, with what each column is.
    fn end(mut self) -> Written<File> {
        let sheet = self.workbook.add_worksheet();
        sheet.set_name(DEFINITIONS)?.set_freeze_panes(1, 0)?;
        heads(
            sheet,
            ["Colonne", "Nom", "Définition"]
                .map(str::to_owned)
                .into_iter(),
        )?;
        sheet.set_column_width(2, 100)?;
        for (column, row) in self.columns.iter().zip(1..) {
            sheet.write_string(row, 0, column.label())?;
            sheet.write_string(row, 1, column.name())?;
            sheet.write_string(row, 2, column.words())?;
        }
        let mut file = BufWriter::new(tempfile::tempfile()?);
        self.workbook.save_to_writer(&mut file)?;
        file.flush()?;
        let mut file = file.into_inner().map_err(|error| error.into_error())?;
        file.rewind()?;
        Ok(file)
    }
}

/// The first row of a sheet.
fn heads(sheet: &mut Worksheet, heads: impl Iterator<Item = String>) -> Written<()> {
    let bold = Format::new().set_bold();
    for (head, column) in heads.zip(0..) {
        let width = u16::try_from(head.chars().count())
            .unwrap_or(u16::MAX)
            .clamp(12, 40);
        sheet.set_column_width(column, width)?;
        sheet.write_string_with_format(0, column, head, &bold)?;
    }
    Ok(())
}

/// Sends a file piece by piece.
fn send(file: File) -> Result<HttpResponse> {
    let length = file.metadata().map_err(Error::internal)?.len();
    let file = tokio::fs::File::from_std(file);
    let pieces = stream::try_unfold(file, |mut file| async move {
        let mut piece = Vec::new();
        let most = (&mut file).take(PIECE.into());
        let read = { most }.read_to_end(&mut piece).await?;
        let more = (read > 0).then(|| (Bytes::from(piece), file));
        Ok::<_, std::io::Error>(more)
    });
    Ok(HttpResponse::Ok()
        .content_type(Form::Xlsx.media_type())
        .body(SizedStream::new(length, Box::pin(pieces))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_longer_than_a_cell_is_cut_where_spreadsheets_count() {
        assert_eq!(short("a".repeat(LONGEST)), "a".repeat(LONGEST));
        let long = short("a".repeat(LONGEST + 1));
        assert!(long.ends_with("a…") && long.encode_utf16().count() == LONGEST);
        let wide = short("🚲".repeat(LONGEST));
        assert!(wide.ends_with("🚲…") && wide.encode_utf16().count() <= LONGEST);
    }

    #[test]
    fn codes_stay_texts_and_numbers_numbers() {
        let text = |value: Value| match cell(&value) {
            Cell::Text(text) => text,
            Cell::Number(number) => format!("number {number}"),
            Cell::Empty => "empty".to_owned(),
        };
        for (value, expected) in [
            (serde_json::json!("01505"), "01505"),
            (serde_json::json!(1505), "number 1505"),
            (serde_json::json!(0.5), "number 0.5"),
            (serde_json::json!(true), "true"),
            (serde_json::json!(null), "empty"),
            (serde_json::json!(["a", "b"]), "a|b"),
            (serde_json::json!({"a": 1}), "{\"a\":1}"),
            (serde_json::json!("=1+1"), "'=1+1"),
            (serde_json::json!("'=1+1"), "''=1+1"),
            (serde_json::json!("+33 1"), "+33 1"),
        ] {
            assert_eq!(text(value), expected);
        }
    }
}
