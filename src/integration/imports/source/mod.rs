//! A table in a file: gzip or not, in UTF-8, UTF-16 or Windows-1252, BOM or not, `;`, `,` or tabs or
//! what a line `sep=` says, CRLF or LF. Read record by record, so that memory does not grow with the
//! file (but for UTF-16, which is small and rare).

mod encoding;
mod names;
mod quotes;

pub use names::{header_key, is_visible, unused};

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ByteRecord, StringRecord};

use super::{ImportError, Rejection};
use encoding::{Plain, looked_at, unpacked};
use quotes::Quoted;

const SEPARATORS: [u8; 3] = [b';', b',', b'\t'];

/// An open file, past its header.
pub struct Table<'s> {
    reader: csv::Reader<Plain<'s>>,
    header: Vec<String>,
    record: ByteRecord,
    encoding: Encoding,
    /// How many line ends have been read when a record has: its own, unless lines end with CRLF,
    /// where the reader stops between the two.
    ends_read: u64,
    /// The lines before the header.
    skipped: u64,
    /// The line where a record starts that ends with the file inside quotes; 0 while there is none.
    unclosed: Arc<AtomicU64>,
    taken: Arc<AtomicU64>,
}

/// How the bytes of a file are read. One in UTF-8 until a line shows otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Ascii,
    Utf8,
    Utf16,
    Windows1252,
}

impl<'s> Table<'s> {
    /// Opens it and reads the header.
    ///
    /// # Errors
    /// When it cannot be read, is empty, or is no text.
    pub fn open(source: impl Read + Send + 's) -> Result<Self, ImportError> {
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            source,
            taken: Arc::clone(&taken),
        };
        let (plain, is_utf16) = unpacked(counted)?;
        let (head, mut plain) = looked_at(plain).map_err(ImportError::Source)?;
        let (separator, skipped) = separator(&head);
        let passed = u64::try_from(skipped).unwrap_or_default();
        std::io::copy(&mut plain.by_ref().take(passed), &mut std::io::sink())
            .map_err(ImportError::Source)?;
        let head = head.get(skipped..).unwrap_or_default();
        let first_line = head.split_inclusive(|b| *b == b'\n').next();
        let crlf = first_line.is_some_and(|line| line.ends_with(b"\r\n"));
        let unclosed = Arc::new(AtomicU64::new(0));
        let quotes = Quoted::of(plain, separator, &unclosed);
        // The last line may lack its end, which lines are counted by; one too many is nothing.
        let end: &[u8] = if crlf { b"\r\n" } else { b"\n" };
        let plain: Plain<'s> = Box::new(quotes.chain(end));
        let reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(plain);
        let mut table = Self {
            reader,
            header: Vec::new(),
            record: ByteRecord::new(),
            encoding: if is_utf16 {
                Encoding::Utf16
            } else {
                Encoding::Ascii
            },
            ends_read: u64::from(!crlf),
            skipped: u64::from(skipped > 0),
            unclosed,
            taken,
        };
        table.read_header()?;
        Ok(table)
    }

    fn read_header(&mut self) -> Result<(), ImportError> {
        if self.advance()?.is_none() {
            return Err(ImportError::Empty);
        }
        if self.record.as_slice().contains(&0) {
            return Err(ImportError::NotText);
        }
        let header = self.decoded().map_err(|_| ImportError::NotText)?;
        self.header = header.iter().map(|cell| cell.trim().to_owned()).collect();
        Ok(())
    }

    /// The names of the columns, as the file writes them.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// In what it is written.
    pub const fn encoding(&self) -> &'static str {
        match self.encoding {
            Encoding::Ascii | Encoding::Utf8 => "UTF-8",
            Encoding::Utf16 => "UTF-16",
            Encoding::Windows1252 => "Windows-1252",
        }
    }

    /// How many bytes of the source (packed as it is) have been read: what a progress bar shows.
    pub fn bytes_taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Goes to the next record that has a value and answers the line where it starts; `None` at the
    /// end.
    ///
    /// # Errors
    /// When the file cannot be read, or ends inside quotes: which lines it has is then not known.
    pub fn advance(&mut self) -> Result<Option<u64>, ImportError> {
        loop {
            let read = self.reader.read_byte_record(&mut self.record);
            let read = read.map_err(unreadable)?;
            let unclosed = self.unclosed.load(Ordering::Relaxed);
            if unclosed > 0 {
                let line = unclosed.saturating_add(self.skipped);
                return Err(ImportError::UnclosedQuote { line });
            }
            if !read {
                return Ok(None);
            }
            if self.record.iter().any(|cell| !cell.trim_ascii().is_empty()) {
                break;
            }
        }
        // The record's own position is where the reader stood before blank lines and the second
        // half of a CRLF: the line is counted back from its end.
        let inside = occurrences(self.record.as_slice(), b'\n');
        let after = self.reader.position().line().saturating_add(self.skipped);
        Ok(Some(after.saturating_sub(self.ends_read + inside)))
    }

    /// The record as text, or why it is none.
    ///
    /// # Errors
    /// When it is no text, has another number of cells than the header, or forbidden characters.
    pub fn cells(&mut self) -> Result<StringRecord, Rejection> {
        let cells = self.decoded()?;
        if cells.len() != self.header.len() {
            return Err(Rejection::new(
                "wrong_column_count",
                format!(
                    "{} cells, {} in the header: quote the cells that hold a separator",
                    cells.len(),
                    self.header.len()
                ),
            ));
        }
        if cells.as_slice().chars().any(forbidden) {
            return Err(Rejection::new(
                "forbidden_character",
                "the line holds a NUL or a control of writing direction: remove it",
            ));
        }
        Ok(cells)
    }

    /// A line that is not UTF-8 in a file that showed none before is Windows-1252, and so are those
    /// after it: French files are in one of the two.
    fn decoded(&mut self) -> Result<StringRecord, Rejection> {
        if self.encoding != Encoding::Windows1252 {
            match StringRecord::from_byte_record(self.record.clone()) {
                Ok(cells) => {
                    if self.encoding == Encoding::Ascii && !cells.as_slice().is_ascii() {
                        self.encoding = Encoding::Utf8;
                    }
                    return Ok(cells);
                }
                Err(_) if self.encoding == Encoding::Ascii => {
                    self.encoding = Encoding::Windows1252;
                }
                Err(_) => {
                    return Err(Rejection::new(
                        "invalid_encoding",
                        "the line is not UTF-8, as others of the file are: save the whole file as UTF-8",
                    ));
                }
            }
        }
        let decoded = |cell| {
            encoding_rs::WINDOWS_1252
                .decode_without_bom_handling(cell)
                .0
        };
        Ok(self.record.iter().map(decoded).collect())
    }

    /// A cell of a record that may not be taken as a whole.
    pub fn raw(&self, place: usize) -> Option<&str> {
        std::str::from_utf8(self.record.get(place)?).ok()
    }
}

/// What no stored text may hold: PostgreSQL has no NUL, and the controls of writing direction
/// make a name read as another.
fn forbidden(character: char) -> bool {
    matches!(character,
        '\0' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What separates the cells, and how many bytes come before the header: the line `sep=;` that
/// spreadsheets write says it, else the header has most of it.
fn separator(head: &[u8]) -> (u8, usize) {
    let line = head
        .split_inclusive(|b| *b == b'\n')
        .next()
        .unwrap_or_default();
    let said = line.trim_ascii_end().strip_prefix(b"sep=");
    let said = said.or_else(|| line.strip_prefix(b"sep=\t").map(|_| &b"\t"[..]));
    if let Some([separator]) = said {
        return (*separator, line.len());
    }
    let most = SEPARATORS
        .into_iter()
        .rev()
        .max_by_key(|one| occurrences(line, *one));
    (most.unwrap_or(b';'), 0)
}

fn occurrences(bytes: &[u8], wanted: u8) -> u64 {
    (0..)
        .zip(bytes.split(|b| *b == wanted))
        .last()
        .map_or(0, |(count, _)| count)
}

fn unreadable(error: csv::Error) -> ImportError {
    ImportError::Source(match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    })
}

struct Counted<R> {
    source: R,
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.taken
            .fetch_add(u64::try_from(count).unwrap_or_default(), Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    type Line = (u64, Result<Vec<String>, &'static str>);

    fn lines(bytes: &[u8]) -> (Vec<String>, Vec<Line>) {
        let mut table = Table::open(bytes).unwrap();
        let mut read = Vec::new();
        while let Some(line) = table.advance().unwrap() {
            let cells = table
                .cells()
                .map(|cells| cells.iter().map(str::to_owned).collect())
                .map_err(|r| r.code);
            read.push((line, cells));
        }
        (table.header().to_vec(), read)
    }

    #[test]
    fn any_dress_of_the_same_table_reads_alike() {
        let plain = "Code postal;b\n1;2\n3;4\n";
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(plain.as_bytes()).unwrap();
        let expected = lines(plain.as_bytes());
        assert_eq!(expected.0, ["Code postal", "b"]);
        assert_eq!(expected.1[1], (3, Ok(vec!["3".into(), "4".into()])));
        for other in [
            plain.replace('\n', "\r\n").into_bytes(),
            format!("\u{feff}{plain}").into_bytes(),
            plain.replace(';', ",").into_bytes(),
            plain.replace(';', "\t").into_bytes(),
            [&[0xff, 0xfe], utf16le(plain).as_slice()].concat(),
            utf16le(plain),
            format!("{plain};\n ; \n").into_bytes(),
            gz.finish().unwrap(),
        ] {
            assert_eq!(lines(&other), expected);
        }
    }

    fn utf16le(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_file_in_windows_1252_is_read_as_it_is_written() {
        let read = lines(b"a;b\nColl\xe8ge;1\n\x80;2\n").1;
        assert_eq!(read[0], (2, Ok(vec!["Collège".into(), "1".into()])));
        assert_eq!(read[1], (3, Ok(vec!["€".into(), "2".into()])));
        // One that is UTF-8 elsewhere is not.
        let mixed = lines("a;b\nCollège;1\n".as_bytes()).1.len();
        let spoilt = ["a;b\nCollège;1\n".as_bytes(), b"Coll\xe8ge;1\n"].concat();
        assert_eq!(lines(&spoilt).1[mixed].1, Err("invalid_encoding"));
    }

    #[test]
    fn a_line_that_tells_the_separator_is_none_of_the_table() {
        let (header, read) = lines(b"sep=,\r\na;x,b\r\n1,2\r\n");
        assert_eq!(header, ["a;x", "b"]);
        assert_eq!(read, [(3, Ok(vec!["1".into(), "2".into()]))]);
    }

    #[test]
    fn a_file_that_ends_inside_quotes_is_refused_where_that_record_starts() {
        for (text, line) in [
            ("a;b\n1;2\n3;\"4\n5;6\n", 3),
            ("sep=;\r\na;b\r\n1;\"x\ny\"\r\n3;\"4\r\n", 5),
            ("a;\"b\n1;2\n", 1),
        ] {
            let read = || {
                let mut table = Table::open(text.as_bytes())?;
                while table.advance()?.is_some() {}
                Ok::<_, ImportError>(())
            };
            let error = read().unwrap_err();
            assert!(
                matches!(error, ImportError::UnclosedQuote { line: at } if at == line),
                "{text:?}: {error}"
            );
        }
        assert_eq!(lines(b"a;b\n1;\"x\"\"y\"\n").1.len(), 1);
    }

    #[test]
    fn what_is_no_text_is_named_and_not_shown() {
        let open = |bytes: &[u8]| Table::open(bytes).err().unwrap().to_string();
        assert!(open(b"PK\x03\x04\x14\x00").contains("spreadsheet"));
        let text = open(b"\x00\x01\x02;\x1b[31m");
        assert!(!text.contains('\u{1b}') && text.contains("CSV"), "{text}");
    }

    #[test]
    fn a_text_without_a_visible_character_is_blank() {
        for blank in [
            "", " ", "\u{200b}", "\u{feff}", "\u{ad}", "\u{2800}", "\u{3164}", "\u{a0}",
        ] {
            assert!(!is_visible(blank), "{blank:?}");
        }
        assert!(is_visible("a\u{200b}") && is_visible("-"));
    }

    #[test]
    fn lines_are_counted_where_records_start() {
        for end in ["\n", "\r\n"] {
            let text = ["a;b", "1;\"x\ny\"", "2;2", "", "3;3", "4"].join(end);
            let places: Vec<u64> = lines(text.as_bytes()).1.iter().map(|l| l.0).collect();
            assert_eq!(places, [2, 4, 6, 7], "{end:?}");
        }
    }

    #[test]
    fn a_bad_line_does_not_stop_the_others() {
        let read = lines(b"a;b\n\xc3\xa9;1\n1\n1;\0\n\xe2\x80\xaex;1\n1;2").1;
        let codes: Vec<_> = read.into_iter().map(|(_, r)| r.err()).collect();
        assert_eq!(
            codes,
            [
                None,
                Some("wrong_column_count"),
                Some("forbidden_character"),
                Some("forbidden_character"),
                None
            ]
        );
        assert!(matches!(Table::open(&b""[..]), Err(ImportError::Empty)));
    }
}
