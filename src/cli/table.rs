//! Data on standard output: `--format table|json|csv`.

use std::io::Write;

use serde_json::{Map, Value};

use super::Failure;

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Columns, for a person.
    #[default]
    Table,
    /// A JSON list of objects.
    Json,
    /// CSV with a header (RFC 4180).
    Csv,
}

/// Prints rows under these columns.
///
/// # Errors
/// When standard output is closed.
pub fn print(format: Format, columns: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match format {
        Format::Table => table(&mut out, columns, rows)?,
        Format::Json => {
            let object = |row: &Vec<String>| -> Map<String, Value> {
                columns.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), cell.as_str().into())).collect()
            };
            let objects: Vec<Map<String, Value>> = rows.iter().map(object).collect();
            writeln!(out, "{}", serde_json::to_string_pretty(&objects)?)?;
        }
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(&mut out);
            writer.write_record(columns)?;
            for row in rows {
                writer.write_record(row)?;
            }
            writer.flush()?;
        }
    }
    Ok(())
}

fn table(out: &mut impl Write, columns: &[&str], rows: &[Vec<String>]) -> std::io::Result<()> {
    let header: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    let width = |column: usize| {
        let cells = std::iter::once(&header).chain(rows).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    for row in std::iter::once(&header).chain(rows) {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}
