//! CSV as programs save it: with a mark or without, in UTF-8, UTF-16 or Windows-1252, its cells
//! separated by commas, semicolons or tabs.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::sheet::{Cell, MOST_COLUMNS, Row, Sheet};
use crate::error::{Code, Error, Result, Subject};
use crate::http::csv_body::kept_text;
use crate::values::Quotes;

/// The lines in which a header is looked for.
pub const FIRST_LINES: usize = 20;

/// The sheet of a text. Which character separates its cells is told by the heads that `knows` finds in
/// the first lines; where none tells, by what the first line has most of.
///
/// # Errors
/// `malformed_csv` for bytes that are no text, and for a quote that is never closed.
pub fn sheet(bytes: &[u8], knows: impl Fn(&str) -> bool) -> Result<Sheet> {
    let (text, encoding) = decoded(bytes)?;
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (said, table) = said_separator(&text);
    let separator = said.unwrap_or_else(|| separator(table, knows));
    closed(table, separator)?;
    Ok(Sheet {
        name: None,
        encoding: Some(encoding),
        separator: Some(char::from(separator)),
        rows: rows(table, separator)?,
    })
}

fn malformed(fr: &str, en: &str) -> Error {
    Error::new(Code::MalformedCsv).about(Subject::words(fr, en))
}

/// The text of bytes, and the name of its encoding. What is not UTF-8 and has no mark is what a French
/// Windows saves.
fn decoded(bytes: &[u8]) -> Result<(String, &'static str)> {
    let no_text = || malformed("ce n'est pas un texte", "this is no text");
    let (encoding, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, bytes.get(mark..).unwrap_or_default()),
        None if std::str::from_utf8(bytes).is_ok() => (UTF_8, bytes),
        None => (WINDOWS_1252, bytes),
    };
    let text = encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or_else(no_text)?;
    // Bytes that Windows-1252 leaves undefined become these, and a file that is no text has zeros.
    if text.contains(|c| c == '\0' || ('\u{80}'..='\u{9f}').contains(&c)) {
        return Err(no_text());
    }
    Ok((text.into_owned(), encoding.name()))
}

/// What a first line `sep=;` says, and the table below it: a spreadsheet does not show that line.
fn said_separator(text: &str) -> (Option<u8>, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    match first.strip_prefix("sep=").map(str::as_bytes) {
        Some(&[separator @ (b',' | b';' | b'\t')]) => (Some(separator), rest),
        _ => (None, text),
    }
}

fn separator(table: &str, knows: impl Fn(&str) -> bool) -> u8 {
    const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
    let known = |separator: &u8| {
        let of_line = |line: &str| {
            let cells = line.split(char::from(*separator)).take(MOST_COLUMNS);
            cells.filter(|cell| knows(cell.trim_matches('"'))).count()
        };
        table.lines().take(FIRST_LINES).map(of_line).max()
    };
    let counted = |separator: &u8| {
        let first = table.lines().next().unwrap_or_default();
        first.bytes().filter(|byte| byte == separator).count()
    };
    // Of equals the last: a comma stands in a name sooner than a tab does.
    let most = SEPARATORS
        .into_iter()
        .max_by_key(|separator| (known(separator), counted(separator)));
    most.filter(|separator| counted(separator) > 0 || known(separator) > Some(1))
        .unwrap_or(b',')
}

fn closed(table: &str, separator: u8) -> Result<()> {
    let mut quotes = Quotes::of(separator);
    quotes.pass(table.as_bytes());
    match quotes.unclosed() {
        None => Ok(()),
        Some(line) => Err(malformed(
            &format!("le guillemet ouvert dans la ligne {line} ne se ferme pas"),
            &format!("the quote opened in line {line} is never closed"),
        )),
    }
}

fn rows(table: &str, separator: u8) -> Result<Vec<Row>> {
    let reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .has_headers(false)
        .from_reader(table.as_bytes());
    let (mut rows, mut lines) = (Vec::new(), Lines::of(table));
    for record in reader.into_records() {
        let record = record.map_err(Error::internal)?;
        let mut row = Row {
            number: lines.row_of(&record),
            cells: Vec::new(),
            length: Some(record.len()),
        };
        for (column, text) in record.iter().enumerate() {
            if let Some(cell) = Cell::text(kept_text(text)) {
                row.push(column, cell);
            }
        }
        if !row.cells.is_empty() {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The numbers of rows: of lines, but for those within a cell.
struct Lines<'a> {
    table: &'a str,
    /// How far was counted.
    byte: usize,
    row: u32,
    /// The lines within the cells of the last record.
    inner: usize,
}

impl<'a> Lines<'a> {
    const fn of(table: &'a str) -> Self {
        Self {
            table,
            byte: 0,
            row: 1,
            inner: 0,
        }
    }

    fn row_of(&mut self, record: &csv::StringRecord) -> u32 {
        let place = record.position().map_or(0, csv::Position::byte);
        let place = usize::try_from(place).unwrap_or(self.table.len());
        let rest = self.table.get(place..).unwrap_or_default();
        // Blank lines before it are passed over by the reader, and are rows.
        let start = place.saturating_add(rest.len() - rest.trim_start_matches('\n').len());
        let passed = self.table.get(self.byte..start).unwrap_or_default();
        let lines = passed.matches('\n').count().saturating_sub(self.inner);
        self.row = self
            .row
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.inner = record.iter().map(|cell| cell.matches('\n').count()).sum();
        self.byte = start;
        self.row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Sheet {
        sheet(bytes, |head| ["niveau", "élèves"].contains(&head)).unwrap()
    }

    fn texts(sheet: &Sheet) -> Vec<(u32, Vec<(usize, String)>)> {
        let row = |row: &Row| {
            let cells = row.cells.iter();
            (
                row.number,
                cells
                    .map(|(column, cell)| (*column, cell.shown()))
                    .collect(),
            )
        };
        sheet.rows.iter().map(row).collect()
    }

    #[test]
    fn every_encoding_of_spreadsheets_is_read_and_said() {
        let text = "niveau;élèves\n3e;12\n";
        let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "\u{feff}"
                .encode_utf16()
                .chain(text.encode_utf16())
                .flat_map(bytes)
                .collect()
        };
        let (windows, ..) = WINDOWS_1252.encode(text);
        for (bytes, name) in [
            (text.as_bytes().to_vec(), "UTF-8"),
            (format!("\u{feff}{text}").into_bytes(), "UTF-8"),
            (windows.into_owned(), "windows-1252"),
            (utf16(u16::to_le_bytes), "UTF-16LE"),
            (utf16(u16::to_be_bytes), "UTF-16BE"),
        ] {
            let read = read(&bytes);
            assert_eq!((read.encoding, read.separator), (Some(name), Some(';')));
            assert_eq!(texts(&read)[0].1[1].1, "élèves", "{name}");
        }
        for none in [&b"a\x00b"[..], b"a;\x81\n"] {
            assert!(sheet(none, |_| false).is_err());
        }
    }

    #[test]
    fn rows_have_the_numbers_that_a_spreadsheet_shows() {
        let read = read(
            "sep=;\r\nBilan, de l'année;\r\n\r\nniveau;élèves\r\n\"3e\n4e\";12\r\n;\r\n5e;13"
                .as_bytes(),
        );
        let numbers: Vec<u32> = read.rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, [1, 3, 4, 6]);
    }

    #[test]
    fn the_separator_is_what_makes_heads() {
        for (text, separator) in [
            ("Bilan, 2025, collège\nniveau;élèves\n", ';'),
            ("niveau\télèves\n3e\t1\n", '\t'),
            ("niveau,élèves;x\n", ','),
            ("a,b\n", ','),
            ("niveau\n3e\n", ','),
        ] {
            assert_eq!(read(text.as_bytes()).separator, Some(separator), "{text}");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_is_refused() {
        let error = sheet(b"a;b\n1;\"2\n", |_| false).unwrap_err();
        assert!(error.subject.unwrap().fr.contains("ligne 2"));
    }
}
