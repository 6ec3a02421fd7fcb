//! Reading a body that is CSV (RFC 4180): each row becomes an object of texts, by its header.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::error::{Code, Error, Result, Subject};
use crate::values::Quotes;

/// The most columns of a table: what the register writes has less than half as many.
const MOST_COLUMNS: usize = 200;

/// The most rows that are read: one more than any batch takes.
const MOST_ROWS: usize = 5_001;

/// The most cells that say something: a row of those that are read has sixty.
const MOST_CELLS: usize = 300_000;

/// The rows of a body, under `items`. A comma, a semicolon or a tab separates the cells, whichever
/// the header has most of, or what a first line `sep=` says; a BOM is passed over. An empty cell is
/// an absent member, a row without a value a blank line. A row with more or fewer cells than the
/// header is the pair of the header and its cells: which cell is of which column is unknown.
///
/// # Errors
/// `malformed_csv` for bytes that are not UTF-8, for a header that is empty or names a column twice,
/// and for a quote that is never closed: what follows it cannot be told apart. `payload_too_large` for
/// more columns or cells than a batch can have.
pub fn rows(bytes: &[u8]) -> Result<Value> {
    let malformed =
        |fr: String, en: String| Error::new(Code::MalformedCsv).about(Subject::words(fr, en));
    let decoded = std::str::from_utf8(bytes).map_err(|error| {
        let byte = error.valid_up_to();
        malformed(
            format!("l'octet {byte} n'est pas de l'UTF-8"),
            format!("byte {byte} is not UTF-8"),
        )
    })?;
    let unreadable = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        malformed(format!("ligne {line}"), format!("line {line}"))
    };
    let text = decoded.strip_prefix('\u{feff}').unwrap_or(decoded);
    let (separator, table) = separator(text);
    let mut quotes = Quotes::of(separator);
    quotes.pass(table.as_bytes());
    if let Some(line) = quotes.unclosed() {
        // A line `sep=` stands before the table.
        let line = line.saturating_add(u64::from(table.len() < text.len()));
        return Err(malformed(
            format!("le guillemet ouvert dans la ligne {line} ne se ferme pas"),
            format!("the quote opened in line {line} is never closed"),
        ));
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .from_reader(table.as_bytes());
    let header = reader.headers().map_err(unreadable)?;
    if header.len() > MOST_COLUMNS {
        return Err(malformed(
            format!("{MOST_COLUMNS} colonnes au plus"),
            format!("{MOST_COLUMNS} columns at most"),
        ));
    }
    let names: Vec<String> = header.iter().map(|head| name_of(head).to_owned()).collect();
    if names.is_empty() {
        return Err(malformed(
            "le corps est vide".into(),
            "the body is empty".into(),
        ));
    }
    let mut known = HashSet::new();
    for name in &names {
        if name.is_empty() || !known.insert(name) {
            return Err(malformed(
                format!("colonne « {name} »"),
                format!("column \"{name}\""),
            ));
        }
    }
    let (mut items, mut cells) = (Vec::new(), 0_usize);
    for record in reader.into_records() {
        let record = record.map_err(unreadable)?;
        let said = record.iter().filter(|cell| !cell.trim().is_empty()).count();
        if said == 0 {
            continue;
        }
        cells = cells.saturating_add(said);
        if cells > MOST_CELLS {
            return Err(Error::new(Code::PayloadTooLarge));
        }
        items.push(item(&names, &record));
        if items.len() == MOST_ROWS {
            break;
        }
    }
    Ok(json!({ "items": items }))
}

/// The name of a column: in brackets where a workbook that the register wrote was saved as CSV
/// (`Intitulé [title]`).
fn name_of(head: &str) -> &str {
    let head = head.trim();
    let inner = head
        .strip_suffix(']')
        .and_then(|rest| rest.rsplit_once('['));
    inner.map_or(head, |(_, name)| name.trim())
}

/// What separates the cells, and the table itself: without the line `sep=;` that spreadsheets write
/// before it.
fn separator(text: &str) -> (u8, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let said = first
        .trim_end_matches('\r')
        .strip_prefix("sep=")
        .map(str::as_bytes);
    if let Some(&[separator @ (b',' | b';' | b'\t')]) = said {
        return (separator, rest);
    }
    let count = |separator: u8| first.bytes().filter(|byte| *byte == separator).count();
    // Of equals the last: a comma stands in a name sooner than a tab does.
    let used = [b',', b';', b'\t']
        .into_iter()
        .filter(|one| count(*one) > 0);
    let most = used.max_by_key(|one| count(*one));
    (most.unwrap_or(b','), text)
}

fn item(names: &[String], record: &csv::StringRecord) -> Value {
    if record.len() != names.len() {
        return json!([names, record.iter().map(kept_text).collect::<Vec<_>>()]);
    }
    let cells = names
        .iter()
        .zip(record.iter())
        .filter(|(_, cell)| !cell.trim().is_empty());
    let members = cells.map(|(name, cell)| (name.clone(), Value::from(kept_text(cell))));
    Value::Object(members.collect::<Map<_, _>>())
}

/// The text of a cell that is written `="01505"`, as `dialect=excel-fr` writes a number that is a text;
/// any other formula stays one.
pub fn kept_text(cell: &str) -> &str {
    let quoted = cell
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'));
    quoted.filter(|text| !text.contains('"')).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_objects_of_texts_by_the_header() {
        let expected = json!({ "items": [{ "a": "1", "b": "x, y" }, { "b": "é" }] });
        for body in [
            "a,b\n1,\"x, y\"\n,é\n",
            "\u{feff}a;b\r\n1;x, y\r\n\r\n ;é\r\n",
        ] {
            assert_eq!(rows(body.as_bytes()).unwrap(), expected, "{body:?}");
        }
    }

    #[test]
    fn a_head_of_a_workbook_is_the_name_in_its_brackets() {
        let read = rows("Intitulé [title];levels;[;x]\nA;3e;1;2\n".as_bytes()).unwrap();
        let expected = json!({ "title": "A", "levels": "3e", "[": "1", "x]": "2" });
        assert_eq!(read, json!({ "items": [expected] }));
    }

    #[test]
    fn a_number_kept_as_a_text_is_that_text_and_a_formula_stays_one() {
        let read = rows(b"a;b;c\n\"=\"\"01505\"\"\";=1+1;\"=\"\"a\"\"&\"\"b\"\"\"\n").unwrap();
        let expected = json!({ "a": "01505", "b": "=1+1", "c": "=\"a\"&\"b\"" });
        assert_eq!(read, json!({ "items": [expected] }));
    }

    #[test]
    fn a_row_of_another_length_is_the_list_of_its_cells() {
        let read = rows(b"a,b\n1,2,3\n1\n").unwrap();
        let header = json!(["a", "b"]);
        let expected = json!([[header, ["1", "2", "3"]], [header, ["1"]]]);
        assert_eq!(read["items"], expected);
    }

    #[test]
    fn a_row_without_a_value_is_a_blank_line() {
        let read = rows(b"a;b\n1;2\n;\n ; \n;;;\n\n3;4\n").unwrap();
        assert_eq!(read["items"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn more_than_a_batch_can_have_is_refused_before_it_is_kept() {
        let wide: Vec<String> = (0..=MOST_COLUMNS).map(|n| n.to_string()).collect();
        let refused = rows(wide.join(",").as_bytes()).unwrap_err();
        assert_eq!(refused.code, Code::MalformedCsv);
        let full = "1,".repeat(99) + "1\n";
        let header: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let table = header.join(",") + "\n" + &full.repeat(3_001);
        let refused = rows(table.as_bytes()).unwrap_err();
        assert_eq!(refused.code, Code::PayloadTooLarge);
        // One row too many is told as such by who knows how many there may be.
        let long = rows(("a\n".to_owned() + &"1\n".repeat(10_000)).as_bytes()).unwrap();
        assert_eq!(long["items"].as_array().unwrap().len(), MOST_ROWS);
    }

    #[test]
    fn the_separator_is_what_the_first_line_says_or_has_most_of() {
        for body in [
            "a\tb, c\n1\t2\n",
            "sep=\t\r\na\tb, c\r\n1\t2\r\n",
            "sep=;\na;\"b, c\"\n1;2\n",
        ] {
            let read = rows(body.as_bytes()).unwrap();
            assert_eq!(
                read["items"],
                json!([{ "a": "1", "b, c": "2" }]),
                "{body:?}"
            );
        }
        assert_eq!(rows(b"a\n1\n").unwrap()["items"], json!([{ "a": "1" }]));
    }

    #[test]
    fn a_quote_that_is_never_closed_is_refused_where_its_record_starts() {
        let refused = rows(b"sep=,\na,b\n1,\"2\n").unwrap_err();
        let subject = refused.subject.unwrap();
        assert!(subject.fr.contains("ligne 3"));
    }

    #[test]
    fn a_header_that_cannot_be_told_by_is_refused() {
        for bad in [&b"a,a\n"[..], b"a,,b\n", b"", b"a\n\xff\n"] {
            let refused = matches!(rows(bad), Err(error) if error.code == Code::MalformedCsv);
            assert!(refused, "{bad:?}");
        }
    }
}
