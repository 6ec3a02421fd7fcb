//! What a spreadsheet program does to cells and rows.

use crate::error::{Notice, Rule, notice};

/// A cell that a spreadsheet would have computed.
pub static FORMULA: Notice = notice(
    "spreadsheet_formula",
    "La cellule est une formule de tableur : donnez sa valeur, ou mettez une apostrophe devant un texte qui commence ainsi.",
    "The cell is a spreadsheet's formula: give its value, or put an apostrophe before a text that starts so.",
);

/// A cell that a spreadsheet could not compute.
pub static ERROR: Notice = notice(
    "spreadsheet_error",
    "La cellule porte une erreur de tableur : donnez la valeur qu'elle devait avoir.",
    "The cell has a spreadsheet's error: give the value it was to have.",
);

/// A row with more or fewer cells than the header.
pub static ROW_LENGTH: Notice = notice(
    "row_length",
    "La ligne n'a pas autant de cellules que l'en-tête : mettez entre guillemets celles qui contiennent le séparateur (une virgule décimale s'écrit avec un point).",
    "The row has not as many cells as the header: quote those that hold the separator (a decimal comma is written as a point).",
);

/// What errors look like in the spreadsheets of both languages.
const ERRORS: [&str; 12] = [
    "#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#NOM?", "#VALEUR!",
    "#NOMBRE!", "#NUL!", "########",
];

/// What is wrong with the text of a cell, whatever its column.
pub fn of(cell: &str) -> Option<Rule> {
    if cell.starts_with('=') {
        Some(Rule::About(&FORMULA, cell.chars().take(50).collect()))
    } else if ERRORS.contains(&cell.trim()) {
        Some(Rule::About(&ERROR, cell.trim().to_owned()))
    } else {
        None
    }
}
