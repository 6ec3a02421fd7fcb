//! What commands print: a table for people, JSON or CSV for programs.

use std::io::{ErrorKind, Write};

use serde::Serialize;
use serde_json::Value;

use super::Failure;

/// Writes a result to standard output. Whoever reads it may have read enough (`| head -1`): that is no
/// failure of the command.
///
/// # Errors
/// When it cannot be written for another reason (a full disk).
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes a line for a person to standard error, where there is still one.
pub fn tell(line: &str) {
    // Nobody can be told that it cannot be told.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Columns, for people
    Table,
    /// The objects as the API answers them
    Json,
    /// RFC 4180
    Csv,
}

/// One object as text: in a table, a line for each of its fields.
///
/// # Errors
/// When it cannot be serialised.
pub fn object(
    format: Format,
    object: &impl Serialize,
    columns: &[&str],
) -> Result<String, Failure> {
    let value = serde_json::to_value(object)?;
    match format {
        Format::Json => Ok(format!("{}\n", serde_json::to_string_pretty(&value)?)),
        Format::Csv => csv(&[value], columns),
        Format::Table => {
            let rows = columns
                .iter()
                .map(|column| vec![(*column).to_owned(), cell(&value, column)]);
            Ok(aligned(&rows.collect::<Vec<_>>()))
        }
    }
}

/// A list of objects as text: in a table, a line for each.
///
/// # Errors
/// When it cannot be serialised.
pub fn list(
    format: Format,
    objects: &[impl Serialize],
    columns: &[&str],
) -> Result<String, Failure> {
    let values = objects
        .iter()
        .map(serde_json::to_value)
        .collect::<Result<Vec<_>, _>>()?;
    match format {
        Format::Json => Ok(format!("{}\n", serde_json::to_string_pretty(&values)?)),
        Format::Csv => csv(&values, columns),
        Format::Table => {
            let header = columns.iter().map(|column| column.to_uppercase()).collect();
            let rows = values
                .iter()
                .map(|value| columns.iter().map(|column| cell(value, column)).collect());
            Ok(aligned(
                &std::iter::once(header).chain(rows).collect::<Vec<_>>(),
            ))
        }
    }
}

fn csv(values: &[Value], columns: &[&str]) -> Result<String, Failure> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(columns)?;
    for value in values {
        writer.write_record(columns.iter().map(|column| cell(value, column)))?;
    }
    Ok(String::from_utf8(
        writer.into_inner().map_err(|error| error.to_string())?,
    )?)
}

fn cell(value: &Value, column: &str) -> String {
    match value.get(column) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) if items.iter().all(Value::is_string) => items
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join("|"),
        Some(other) => other.to_string(),
    }
}

/// Rows whose columns are as wide as their widest cell.
fn aligned(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_form_shows_the_same_cells() {
        let objects = [
            json!({"id": 1, "name": "é, b", "uais": ["x", "y"]}),
            json!({"id": 22, "name": null, "uais": []}),
        ];
        let columns = ["id", "name", "uais"];
        assert_eq!(
            list(Format::Table, &objects, &columns).unwrap(),
            "ID  NAME  UAIS\n1   é, b  x|y\n22\n"
        );
        assert_eq!(
            list(Format::Csv, &objects, &columns).unwrap(),
            "id,name,uais\r\n1,\"é, b\",x|y\r\n22,,\r\n"
        );
        assert_eq!(
            object(Format::Table, &objects[0], &columns).unwrap(),
            "id    1\nname  é, b\nuais  x|y\n"
        );
    }
}
