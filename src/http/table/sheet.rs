//! The cells of a file, as they stand in it.

use chrono::NaiveDate;

use crate::values::is_invisible;

/// The most columns that are looked at: what stands farther right is no part of a table.
pub const MOST_COLUMNS: usize = 200;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// A day, which a spreadsheet keeps as such.
    Day(NaiveDate),
    /// What a spreadsheet could not compute.
    Error(String),
}

impl Cell {
    /// A text, unless nothing of it can be seen.
    pub fn text(text: &str) -> Option<Self> {
        let is_blank = text.chars().all(|c| c.is_whitespace() || is_invisible(c));
        (!is_blank).then(|| Self::Text(text.to_owned()))
    }

    /// What is shown of it.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) | Self::Error(text) => text.clone(),
            Self::Number(number) => format!("{number}"),
            Self::Flag(true) => "VRAI".to_owned(),
            Self::Flag(false) => "FAUX".to_owned(),
            Self::Day(day) => day.format("%d/%m/%Y").to_string(),
        }
    }
}

/// A row that has a value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Its number, as a spreadsheet shows it.
    pub number: u32,
    /// Its values, with their columns from 0, in order.
    pub cells: Vec<(usize, Cell)>,
    /// How many cells it has, blank ones included, where that is known.
    pub length: Option<usize>,
}

impl Row {
    /// Adds a value on the right of the others.
    pub fn push(&mut self, column: usize, cell: Cell) {
        if column < MOST_COLUMNS {
            self.cells.push((column, cell));
        }
    }
}

/// A sheet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    /// Its name, of a workbook.
    pub name: Option<String>,
    /// How its text is encoded, of CSV.
    pub encoding: Option<&'static str>,
    /// What separates its cells, of CSV.
    pub separator: Option<char>,
    /// Its rows that have a value.
    pub rows: Vec<Row>,
}

/// The letters of a column: `A`, `Z`, `AA`.
pub fn letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut left = column;
    loop {
        let letter = u8::try_from(left % 26).unwrap_or_default();
        letters.push(char::from(b'A'.saturating_add(letter)));
        match left / 26 {
            0 => break,
            more => left = more - 1,
        }
    }
    letters.iter().rev().collect()
}

/// The address of a cell: `D12`.
pub fn address(column: usize, row: u32) -> String {
    format!("{}{row}", letters(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_addressed_as_spreadsheets_do() {
        for (column, letters) in [
            (0, "A"),
            (25, "Z"),
            (26, "AA"),
            (51, "AZ"),
            (53, "BB"),
            (702, "AAA"),
        ] {
            assert_eq!(super::letters(column), letters);
        }
        assert_eq!(address(3, 12), "D12");
    }

    #[test]
    fn what_nobody_sees_is_no_value() {
        for blank in ["", "  ", "\u{a0}", "\u{feff}", "\n"] {
            assert_eq!(Cell::text(blank), None, "{blank:?}");
        }
        assert_eq!(Cell::text("0"), Some(Cell::Text("0".to_owned())));
    }
}
