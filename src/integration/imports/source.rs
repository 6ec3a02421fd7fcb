//! A table in a file: gzip or not, BOM or not, `;` or `,`, CRLF or LF. Read record by record, so
//! that memory does not grow with the file.

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ByteRecord, StringRecord};
use flate2::read::MultiGzDecoder;

use super::{ImportError, Rejection};

/// How much is read to recognise gzip and the separator: more than any header.
const SNIFFED: u64 = 64 * 1024;
const GZIP: &[u8] = &[0x1f, 0x8b];
const BOM: &[u8] = &[0xef, 0xbb, 0xbf];

/// An open file, past its header.
pub struct Table<'s> {
    reader: csv::Reader<Box<dyn Read + Send + 's>>,
    header: Vec<String>,
    record: ByteRecord,
    /// How many line ends have been read when a record has: its own, unless lines end with CRLF,
    /// where the reader stops between the two.
    ends_read: u64,
    taken: Arc<AtomicU64>,
}

impl<'s> Table<'s> {
    /// Opens it and reads the header.
    pub fn open(source: impl Read + Send + 's) -> Result<Self, ImportError> {
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            source,
            taken: Arc::clone(&taken),
        };
        let (head, plain) = unpacked(counted).map_err(ImportError::Source)?;
        let first_line = head.split_inclusive(|b| *b == b'\n').next();
        let crlf = first_line.is_some_and(|line| line.ends_with(b"\r\n"));
        // The last line may lack its end, which lines are counted by; one too many is nothing.
        let end: &[u8] = if crlf { b"\r\n" } else { b"\n" };
        let plain: Plain<'s> = Box::new(plain.chain(end));
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator(&head))
            .has_headers(false)
            .flexible(true)
            .from_reader(plain);
        let mut record = ByteRecord::new();
        if !reader.read_byte_record(&mut record).map_err(unreadable)? {
            return Err(ImportError::Empty);
        }
        let header = record
            .iter()
            .map(|cell| String::from_utf8_lossy(cell).trim().to_owned())
            .collect();
        Ok(Self {
            reader,
            header,
            record,
            ends_read: u64::from(!crlf),
            taken,
        })
    }

    /// The names of the columns, as the file writes them.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// How many bytes of the source (packed as it is) have been read: what a progress bar shows.
    pub fn bytes_taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Goes to the next record and answers the line where it starts; `None` at the end.
    pub fn advance(&mut self) -> Result<Option<u64>, ImportError> {
        if !self
            .reader
            .read_byte_record(&mut self.record)
            .map_err(unreadable)?
        {
            return Ok(None);
        }
        // The record's own position is where the reader stood before blank lines and the second
        // half of a CRLF: the line is counted back from its end.
        let inside = occurrences(self.record.as_slice(), b'\n');
        let after = self.reader.position().line();
        Ok(Some(after.saturating_sub(self.ends_read + inside)))
    }

    /// The record as text, or why it is none.
    pub fn cells(&self) -> Result<StringRecord, Rejection> {
        let cells = StringRecord::from_byte_record(self.record.clone())
            .map_err(|_| Rejection::new("invalid_encoding", "the line is not UTF-8"))?;
        if cells.len() != self.header.len() {
            return Err(Rejection::new(
                "wrong_column_count",
                format!("{} cells, {} in the header", cells.len(), self.header.len()),
            ));
        }
        if cells.as_slice().chars().any(forbidden) {
            return Err(Rejection::new(
                "forbidden_character",
                "the line holds a NUL or a control of writing direction",
            ));
        }
        Ok(cells)
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

/// The key a column is found under: case, spaces, underscores and accents do not count, since the
/// ministry's headers vary in them from year to year.
pub fn header_key(name: &str) -> String {
    name.chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'à' | 'â' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'î' | 'ï' => 'i',
            'ô' => 'o',
            'û' | 'ù' => 'u',
            'ç' => 'c',
            other => other,
        })
        .filter(|c| c.is_alphanumeric())
        .collect()
}

type Plain<'s> = Box<dyn Read + Send + 's>;

/// The source without gzip and BOM, and the beginning that was already read.
fn unpacked<'s>(source: impl Read + Send + 's) -> std::io::Result<(Vec<u8>, Plain<'s>)> {
    let (packed_head, packed) = looked_at(source)?;
    let (head, mut plain) = if packed_head.starts_with(GZIP) {
        looked_at(MultiGzDecoder::new(packed))?
    } else {
        (packed_head, packed)
    };
    if head.starts_with(BOM) {
        plain.read_exact(&mut [0; 3])?;
    }
    Ok((head, plain))
}

/// The first bytes of a source, and the source with them still in front.
fn looked_at<'s>(mut source: impl Read + Send + 's) -> std::io::Result<(Vec<u8>, Plain<'s>)> {
    let mut head = Vec::new();
    source.by_ref().take(SNIFFED).read_to_end(&mut head)?;
    let whole = Cursor::new(head.clone()).chain(source);
    Ok((head, Box::new(whole)))
}

/// `;` unless the first line has more `,`.
fn separator(head: &[u8]) -> u8 {
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    if occurrences(line, b',') > occurrences(line, b';') {
        b','
    } else {
        b';'
    }
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
            gz.finish().unwrap(),
        ] {
            assert_eq!(lines(&other), expected);
        }
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
        let read = lines(b"a;b\n\xff;1\n1\n1;\0\n\xe2\x80\xaex;1\n1;2").1;
        let codes: Vec<_> = read.into_iter().map(|(_, r)| r.err()).collect();
        assert_eq!(
            codes,
            [
                Some("invalid_encoding"),
                Some("wrong_column_count"),
                Some("forbidden_character"),
                Some("forbidden_character"),
                None
            ]
        );
        assert!(matches!(Table::open(&b""[..]), Err(ImportError::Empty)));
    }
}
