//! Workbooks (Office Open XML). An archive may unpack to a thousand times its size, and name a cell a
//! million rows away: what it unpacks to is measured before it is read, and cells are taken one by one.

use std::io::{Cursor, Read, copy, sink};

use bytes::Bytes;
use calamine::{DataRef, ExcelDateTime, Reader, Xlsx, XlsxError};
use chrono::NaiveDate;

use super::sheet::{Cell, Row, Sheet};
use crate::error::{Code, Error, Result, Subject};
use crate::values::FromText;

/// How an archive begins.
pub const SIGNATURE: &[u8] = b"PK\x03\x04";

/// What a workbook may unpack to, in bytes: some times what its most rows need. To read as much of
/// nothing but shared texts takes most of a second.
pub const MOST_UNPACKED: usize = 20 * 1024 * 1024;

/// The most parts of one.
const MOST_PARTS: usize = 1_000;

/// The most rows of a sheet that are read: more than a batch takes.
const MOST_ROWS: usize = 6_000;

/// The most sheets of one.
const MOST_SHEETS: usize = 50;

fn unreadable(_: impl std::error::Error) -> Error {
    refused(
        "le corps n'est pas un classeur xlsx lisible : enregistrez-le en « Classeur Excel (.xlsx) », sans mot de passe",
        "the body is not a readable xlsx workbook: save it as \"Excel workbook (.xlsx)\", without a password",
    )
}

fn refused(fr: &str, en: &str) -> Error {
    Error::new(Code::MalformedWorkbook).about(Subject::words(fr, en))
}

/// The bytes that a workbook unpacks to.
///
/// # Errors
/// `malformed_workbook` for what is no archive, `payload_too_large` for one that unpacks to more than a
/// workbook may.
pub fn measured(bytes: &Bytes) -> Result<usize> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.as_ref())).map_err(unreadable)?;
    if archive.len() > MOST_PARTS {
        return Err(Error::new(Code::PayloadTooLarge));
    }
    let mut unpacked = 0_usize;
    for index in 0..archive.len() {
        let left = u64::try_from(MOST_UNPACKED - unpacked).map_err(Error::internal)?;
        let mut part = archive.by_index(index).map_err(unreadable)?.take(left + 1);
        let length = copy(&mut part, &mut sink()).map_err(unreadable)?;
        unpacked = unpacked.saturating_add(usize::try_from(length).map_err(Error::internal)?);
        if unpacked > MOST_UNPACKED {
            return Err(Error::new(Code::PayloadTooLarge));
        }
    }
    Ok(unpacked)
}

/// The sheets of a workbook that was measured.
///
/// # Errors
/// `malformed_workbook`; `payload_too_large` for a sheet of more rows than are read.
pub fn sheets(bytes: Bytes) -> Result<Vec<Sheet>> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let names = book.sheet_names();
    let mut sheets = Vec::new();
    for name in names.into_iter().take(MOST_SHEETS) {
        if let Some(rows) = rows(&mut book, &name)? {
            sheets.push(Sheet {
                name: Some(name),
                rows,
                ..Sheet::default()
            });
        }
    }
    Ok(sheets)
}

/// The rows of a sheet that have a value; none of what is no table, as a chart.
fn rows(book: &mut Xlsx<Cursor<Bytes>>, name: &str) -> Result<Option<Vec<Row>>> {
    let mut reader = match book.worksheet_cells_reader(name) {
        Ok(reader) => reader,
        Err(XlsxError::NotAWorksheet(_)) => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut rows: Vec<Row> = Vec::new();
    while let Some(found) = reader.next_cell().map_err(unreadable)? {
        let (row, column) = found.get_position();
        let (Some(cell), Ok(column)) = (cell(found.get_value()), usize::try_from(column)) else {
            continue;
        };
        let number = row.saturating_add(1);
        if rows.last().is_none_or(|last| last.number != number) {
            if rows.len() == MOST_ROWS {
                return Err(Error::new(Code::PayloadTooLarge));
            }
            rows.push(Row {
                number,
                ..Row::default()
            });
        }
        if let Some(last) = rows.last_mut() {
            last.push(column, cell);
        }
    }
    rows.retain(|row| !row.cells.is_empty());
    Ok(Some(rows))
}

fn cell(value: &DataRef<'_>) -> Option<Cell> {
    match value {
        DataRef::Empty => None,
        DataRef::String(text) => Cell::text(text),
        DataRef::SharedString(text) => Cell::text(text),
        DataRef::Int(number) => format!("{number}").parse().ok().map(Cell::Number),
        DataRef::Float(number) => Some(Cell::Number(*number)),
        DataRef::Bool(flag) => Some(Cell::Flag(*flag)),
        DataRef::DateTime(moment) => Some(day(moment)),
        DataRef::DateTimeIso(text) => Some(iso_day(text)),
        DataRef::DurationIso(text) => Cell::text(text),
        DataRef::Error(error) => Some(Cell::Error(error.to_string())),
    }
}

/// A day; a duration, or a time of no day, is a number.
fn day(moment: &ExcelDateTime) -> Cell {
    let (year, month, day, ..) = moment.to_ymd_hms_milli();
    let found = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into());
    match found.filter(|_| moment.is_datetime() && moment.as_f64() >= 1.0) {
        Some(day) => Cell::Day(day),
        None => Cell::Number(moment.as_f64()),
    }
}

fn iso_day(text: &str) -> Cell {
    let day = text
        .get(..10)
        .and_then(|day| NaiveDate::from_text(day).ok());
    day.map_or_else(|| Cell::Text(text.to_owned()), Cell::Day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_xlsxwriter::{ExcelDateTime as Written, Format, Workbook};
    use std::io::Write as _;

    fn book(write: impl FnOnce(&mut Workbook)) -> Bytes {
        let mut book = Workbook::new();
        write(&mut book);
        book.save_to_buffer().unwrap().into()
    }

    #[test]
    fn values_are_read_as_the_spreadsheet_keeps_them() {
        let bytes = book(|book| {
            let sheet = book.add_worksheet();
            let date = Format::new().set_num_format("dd/mm/yyyy");
            let day = Written::from_ymd(2026, 9, 1).unwrap();
            sheet.write_string(2, 0, "3e").unwrap();
            sheet.write_number(2, 1, 12.0).unwrap();
            sheet.write_boolean(2, 2, true).unwrap();
            sheet.write_datetime_with_format(2, 3, &day, &date).unwrap();
            sheet.write_string(2, 4, " ").unwrap();
            // The last cell that there is: it makes no table of a billion cells.
            sheet.write_string(1_048_575, 16_383, "x").unwrap();
            book.add_worksheet();
        });
        assert!(measured(&bytes).unwrap() > 1_000);
        let sheets = sheets(bytes).unwrap();
        let row = Row {
            number: 3,
            cells: vec![
                (0, Cell::Text("3e".to_owned())),
                (1, Cell::Number(12.0)),
                (2, Cell::Flag(true)),
                (3, Cell::Day(NaiveDate::from_ymd_opt(2026, 9, 1).unwrap())),
            ],
            length: None,
        };
        assert_eq!(sheets[0].rows, [row]);
        assert!(sheets[1].rows.is_empty());
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused_and_what_is_no_workbook_too() {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let packed = zip::write::SimpleFileOptions::default();
        archive.start_file("xl/workbook.xml", packed).unwrap();
        let zeros = vec![0; 1024 * 1024];
        for _ in 0..33 {
            archive.write_all(&zeros).unwrap();
        }
        let bomb = Bytes::from(archive.finish().unwrap().into_inner());
        assert!(bomb.len() < 100_000);
        assert_eq!(measured(&bomb).unwrap_err().code, Code::PayloadTooLarge);
        let no_book = Bytes::from_static(b"PK\x03\x04 and nothing more");
        assert_eq!(
            measured(&no_book).unwrap_err().code,
            Code::MalformedWorkbook
        );
        let mut other = zip::ZipWriter::new(Cursor::new(Vec::new()));
        other.start_file("mimetype", packed).unwrap();
        let other = Bytes::from(other.finish().unwrap().into_inner());
        assert!(measured(&other).is_ok());
        assert_eq!(sheets(other).unwrap_err().code, Code::MalformedWorkbook);
    }
}
