//! The row of heads: where the table begins, and which column is what.

use serde::Serialize;
use utoipa::ToSchema;

use super::layout::{Column, ID, Layout, key};
use super::sheet::{Cell, Row, letters};
use super::text::FIRST_LINES;
use crate::error::{Notice, Rule, notice};
use crate::reference::nearest_of;

/// A file without a row of heads.
pub static NO_HEADS: Notice = notice(
    "no_heads",
    "Aucune des premières lignes ne nomme les colonnes attendues : partez du modèle, ou mettez les noms des colonnes au-dessus des données.",
    "None of the first rows names the columns that are expected: start from the template, or put the names of the columns above the data.",
);

/// Two columns that are one.
pub static REPEATED_COLUMN: Notice = notice(
    "repeated_column",
    "Une autre colonne a déjà ce sens : gardez l'une des deux.",
    "Another column has this meaning already: keep one of the two.",
);

/// A head that is nearly one that is expected.
pub static UNKNOWN_COLUMN: Notice = notice(
    "unknown_column",
    "Cette colonne n'est pas reconnue, et son nom est proche d'une colonne qui manque : corrigez son nom, ou retirez-la.",
    "This column is not known, and looks like one that is missing: correct its name, or remove it.",
);

/// Several sheets that look like the table.
pub static SEVERAL_SHEETS: Notice = notice(
    "several_sheets",
    "Plusieurs feuilles ont des lignes à lire : gardez-en une.",
    "Several sheets have rows to read: keep one of them.",
);

/// Une colonne du fichier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReadColumn {
    /// Ses lettres.
    #[schema(example = "D")]
    pub column: String,
    /// Ce qui est écrit au-dessus d'elle.
    #[schema(example = "Niveau")]
    pub title: String,
    /// Le champ qu'elle donne ; null si elle n'est pas lue.
    #[schema(example = "level")]
    pub field: Option<&'static str>,
}

/// A fault of a head, or of what is no head.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadFault {
    /// The column it is about, if it is there.
    pub column: Option<usize>,
    /// What is written above it, or what it is to be called.
    pub title: String,
    /// What is wrong.
    pub rule: Rule,
    /// The head that was probably meant.
    pub nearest: Option<String>,
}

/// How much of a head is told.
const LONGEST_TOLD: usize = 200;

/// The row of heads.
#[derive(Debug)]
pub struct Heads {
    /// Its number.
    pub row: u32,
    /// How many cells it has, where that is known.
    pub length: Option<usize>,
    /// The columns that are read: by their place, and what is written above them.
    pub read: Vec<(usize, &'static Column, String)>,
    /// All of them, as they are told.
    pub told: Vec<ReadColumn>,
    /// What prevents reading.
    pub faults: Vec<HeadFault>,
}

impl Heads {
    /// The heads of a sheet: in the one of its first rows that has most of them, and two at least.
    pub fn of(rows: &[Row], layout: &'static Layout) -> Option<(Self, usize)> {
        let known = |row: &Row| {
            let texts = row.cells.iter().filter_map(|(_, cell)| text(cell));
            texts.filter(|text| layout.named(text).is_some()).count()
        };
        let first = rows.iter().take(FIRST_LINES).enumerate();
        let (place, row) = first.rev().max_by_key(|(_, row)| known(row))?;
        (known(row) >= 2).then(|| (Self::read(row, layout), place))
    }

    fn read(row: &Row, layout: &'static Layout) -> Self {
        let mut heads = Self {
            row: row.number,
            length: row.length,
            read: Vec::new(),
            told: Vec::new(),
            faults: Vec::new(),
        };
        for (place, cell) in &row.cells {
            let title = cell.shown().trim().chars().take(LONGEST_TOLD).collect();
            heads.add(*place, title, layout);
        }
        heads.must_be_unmistakable(layout);
        heads
    }

    fn add(&mut self, place: usize, title: String, layout: &'static Layout) {
        // What the register writes beside a column is read where that column is missing.
        let is_beside = |column: &Column| self.has(column) && layout.passes_over(&title);
        let column = layout.named(&title).filter(|column| !is_beside(column));
        self.told.push(ReadColumn {
            column: letters(place),
            title: title.clone(),
            field: column.map(|column| column.name),
        });
        let Some(column) = column else { return };
        if self.has(column) {
            self.faults.push(HeadFault {
                column: Some(place),
                title,
                rule: Rule::Own(&REPEATED_COLUMN),
                nearest: None,
            });
        } else {
            self.read.push((place, column, title));
        }
    }

    fn has(&self, column: &Column) -> bool {
        self.read
            .iter()
            .any(|(_, read, _)| read.name == column.name)
    }

    /// No column is missing that there must be, and none is passed over that was probably meant to be
    /// one that is missing.
    fn must_be_unmistakable(&mut self, layout: &'static Layout) {
        let missing: Vec<&Column> = layout
            .columns
            .iter()
            .filter(|column| !self.has(column))
            .collect();
        let mut meant = Vec::new();
        let unread: Vec<ReadColumn> = self
            .told
            .iter()
            .filter(|one| one.field.is_none())
            .cloned()
            .collect();
        for one in unread.iter().filter(|one| !layout.passes_over(&one.title)) {
            if let Some(near) = nearest(&one.title, &missing) {
                meant.push(near.name);
                self.faults.push(HeadFault {
                    column: place_of(&one.column),
                    title: one.title.clone(),
                    rule: Rule::Own(&UNKNOWN_COLUMN),
                    nearest: Some(near.head()),
                });
            }
        }
        // What is there already may be named by its id alone: a row without one says what it lacks.
        let is_by_id = self.read.iter().any(|(_, column, _)| column.name == ID);
        let needed = missing
            .into_iter()
            .filter(|column| column.is_required && !is_by_id && !meant.contains(&column.name));
        let absent = needed.map(|column| HeadFault {
            column: None,
            title: column.head(),
            rule: Rule::Required,
            nearest: Some(column.head()),
        });
        self.faults.extend(absent);
    }
}

fn text(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}

/// The place of a column by its letters.
fn place_of(column: &str) -> Option<usize> {
    (0..super::sheet::MOST_COLUMNS).find(|place| letters(*place) == column)
}

/// The missing column that this head was probably meant to be.
fn nearest<'c>(title: &str, missing: &[&'c Column]) -> Option<&'c Column> {
    let bare = title.split('[').next().unwrap_or(title);
    let written = key(bare);
    if written.chars().count() < 4 {
        return None;
    }
    let names = missing.iter().flat_map(|column| {
        let all = [column.name, column.label]
            .into_iter()
            .chain(column.aliases.iter().copied());
        all.map(move |name| (key(name), *column))
    });
    let names: Vec<(String, &Column)> = names.collect();
    let near = nearest_of(&written, names.iter().map(|(name, _)| name.clone()), 3)?;
    let mut found = names.into_iter().filter(|(name, _)| *name == near);
    found.next().map(|(_, column)| column)
}
