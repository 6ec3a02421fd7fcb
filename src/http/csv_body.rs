//! Reading a body that is CSV (RFC 4180): each row becomes an object of texts, by its header.

use serde_json::{Map, Value, json};

use crate::error::{Code, Error, Result, Subject};

/// The rows of a body, under `items`. A comma or a semicolon separates the cells, whichever the
/// header has more of; a BOM is passed over. An empty cell is an absent member. A row with more or
/// fewer cells than the header is the list of its cells: which cell is of which column is unknown.
///
/// # Errors
/// `malformed_csv` for bytes that are not UTF-8, and for a header that is empty or names a column twice.
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
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator(text))
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(unreadable)?;
    let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    if names.is_empty() {
        return Err(malformed(
            "le corps est vide".into(),
            "the body is empty".into(),
        ));
    }
    for (place, name) in names.iter().enumerate() {
        if name.is_empty() || names.iter().take(place).any(|other| other == name) {
            return Err(malformed(
                format!("colonne « {name} »"),
                format!("column \"{name}\""),
            ));
        }
    }
    let mut items = Vec::new();
    for record in reader.into_records() {
        let record = record.map_err(unreadable)?;
        items.push(item(&names, &record));
    }
    Ok(json!({ "items": items }))
}

/// What separates the cells of the first line.
fn separator(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |separator: char| header.matches(separator).count();
    if count(';') > count(',') { b';' } else { b',' }
}

fn item(names: &[String], record: &csv::StringRecord) -> Value {
    if record.len() != names.len() {
        return record.iter().collect();
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
fn kept_text(cell: &str) -> &str {
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
    fn a_number_kept_as_a_text_is_that_text_and_a_formula_stays_one() {
        let read = rows(b"a;b;c\n\"=\"\"01505\"\"\";=1+1;\"=\"\"a\"\"&\"\"b\"\"\"\n").unwrap();
        let expected = json!({ "a": "01505", "b": "=1+1", "c": "=\"a\"&\"b\"" });
        assert_eq!(read, json!({ "items": [expected] }));
    }

    #[test]
    fn a_row_of_another_length_is_the_list_of_its_cells() {
        let read = rows(b"a,b\n1,2,3\n1\n").unwrap();
        assert_eq!(read, json!({ "items": [["1", "2", "3"], ["1"]] }));
    }

    #[test]
    fn a_header_that_cannot_be_told_by_is_refused() {
        for bad in [&b"a,a\n"[..], b"a,,b\n", b"", b"a\n\xff\n"] {
            let refused = matches!(rows(bad), Err(error) if error.code == Code::MalformedCsv);
            assert!(refused, "{bad:?}");
        }
    }
}
