//! From a file to the objects that its rows stand for.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::cells;
use super::damage::ROW_LENGTH;
use super::heads::{HeadFault, Heads, NO_HEADS, ReadColumn, SEVERAL_SHEETS};
use super::layout::{Column, Layout};
use super::meaning::Meaning;
use super::sheet::{Row, Sheet, address};
use super::template::CODES;
use super::{text, workbook};
use crate::error::{Fault, Place, Result, Rule};
use crate::http::xlsx::DEFINITIONS;

/// Ce qui a été compris du fichier.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct FileReading {
    /// `xlsx` ou `csv`.
    #[schema(example = "csv")]
    pub form: &'static str,
    /// L'encodage d'un CSV.
    #[schema(example = "windows-1252")]
    pub encoding: Option<&'static str>,
    /// Ce qui sépare les cellules d'un CSV.
    #[schema(value_type = Option<String>, example = ";")]
    pub separator: Option<char>,
    /// La feuille lue d'un classeur.
    #[schema(example = json!(null))]
    pub sheet: Option<String>,
    /// La ligne qui nomme les colonnes ; null s'il n'y en a pas.
    #[schema(example = 1)]
    pub header_row: Option<u32>,
    /// Ses colonnes, celles qui ne sont pas lues comprises.
    pub columns: Vec<ReadColumn>,
    /// Ce qui a été écrit autrement, colonne par colonne, parce qu'il n'a qu'un sens possible.
    #[schema(example = json!([]))]
    pub repaired: Vec<RepairedColumn>,
    /// Les lignes où seules sont remplies les colonnes que le modèle remplit : elles ne sont pas lues.
    #[schema(example = 0)]
    pub rows_not_filled: usize,
}

/// Ce qui a été écrit autrement dans une colonne.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RepairedColumn {
    /// Ses lettres.
    #[schema(example = "C")]
    pub column: String,
    /// Le champ.
    #[schema(example = "school_year")]
    pub field: &'static str,
    /// Combien de cellules.
    #[schema(example = 12)]
    pub cells: usize,
    /// La première d'entre elles.
    #[schema(example = "C2")]
    pub first: String,
    /// Ce qui y est écrit.
    #[schema(example = "2025/26")]
    pub written: String,
    /// Ce qui y est lu.
    #[schema(example = "2025-2026")]
    pub read: Value,
}

/// A row, as the object it stands for.
#[derive(Debug)]
pub struct TableRow {
    /// Its number.
    pub number: u32,
    /// The object, without the cells that cannot be read.
    pub object: Value,
    /// What is wrong with cells, at the places of the object; of the whole row at the empty one.
    pub damage: Vec<Fault>,
}

/// A table that was read.
#[derive(Debug)]
pub struct Table {
    /// What was understood of it.
    pub reading: FileReading,
    /// Its rows.
    pub rows: Vec<TableRow>,
    /// What prevents reading its rows: there are none then.
    pub faults: Vec<HeadFault>,
    /// Its columns, by their place, and what is written above them.
    pub columns: Vec<(usize, &'static Column, String)>,
}

impl Table {
    /// The table of a body: a workbook by its first bytes, whatever it is called, else CSV.
    ///
    /// # Errors
    /// `malformed_csv`, `malformed_workbook`, `payload_too_large`.
    pub fn of(bytes: Bytes, layout: &'static Layout) -> Result<Self> {
        if bytes.starts_with(workbook::SIGNATURE) {
            return Ok(of_sheets(workbook::sheets(bytes)?, layout));
        }
        let sheet = text::sheet(&bytes, |head| layout.named(head).is_some())?;
        Ok(of_sheets(vec![sheet], layout))
    }

    fn without_rows(sheet: &Sheet, fault: HeadFault) -> Self {
        Self {
            reading: said_of(sheet),
            rows: Vec::new(),
            faults: vec![fault],
            columns: Vec::new(),
        }
    }
}

fn said_of(sheet: &Sheet) -> FileReading {
    FileReading {
        form: if sheet.separator.is_some() {
            "csv"
        } else {
            "xlsx"
        },
        encoding: sheet.encoding,
        separator: sheet.separator,
        sheet: sheet.name.clone(),
        ..FileReading::default()
    }
}

/// The table of the one sheet that has heads, and rows below them.
fn of_sheets(sheets: Vec<Sheet>, layout: &'static Layout) -> Table {
    let told = sheets
        .iter()
        .filter(|sheet| ![Some(DEFINITIONS), Some(CODES)].contains(&sheet.name.as_deref()));
    let with_heads = told.filter_map(|sheet| {
        let (heads, place) = Heads::of(&sheet.rows, layout)?;
        Some((
            sheet,
            heads,
            sheet.rows.get(place + 1..).unwrap_or_default(),
        ))
    });
    let mut found: Vec<_> = with_heads.collect();
    if found.iter().any(|(.., rows)| !rows.is_empty()) {
        found.retain(|(.., rows)| !rows.is_empty());
    }
    let names: Vec<&str> = found
        .iter()
        .filter_map(|(sheet, ..)| sheet.name.as_deref())
        .collect();
    let names = names.join(", ");
    let fault = |rule| HeadFault {
        column: None,
        title: String::new(),
        rule,
        nearest: None,
    };
    let nothing = Sheet::default();
    let first = sheets.first().unwrap_or(&nothing);
    match (found.pop(), found.is_empty()) {
        (Some((sheet, heads, rows)), true) => of_rows(sheet, heads, rows, layout),
        (Some(_), false) => Table::without_rows(first, fault(Rule::About(&SEVERAL_SHEETS, names))),
        (None, _) => Table::without_rows(first, fault(Rule::Own(&NO_HEADS))),
    }
}

fn of_rows(sheet: &Sheet, heads: Heads, rows: &[Row], layout: &'static Layout) -> Table {
    let mut reading = FileReading {
        header_row: Some(heads.row),
        columns: heads.told.clone(),
        ..said_of(sheet)
    };
    let (mut repaired, mut read) = (BTreeMap::new(), Vec::new());
    if heads.faults.is_empty() {
        for row in rows {
            if is_filled(row, &heads, layout) {
                read.push(object_of(row, &heads, &mut repaired));
            } else {
                reading.rows_not_filled += 1;
            }
        }
    }
    reading.repaired = repaired.into_values().collect();
    Table {
        reading,
        rows: read,
        faults: heads.faults,
        columns: heads.read,
    }
}

/// Whether it says more than what a template fills in.
fn is_filled(row: &Row, heads: &Heads, layout: &Layout) -> bool {
    let mut cells = row.cells.iter();
    cells.any(|(place, _)| match column_at(heads, *place) {
        Some(column) => !layout.filled_in.contains(&column.name),
        None => heads.length.is_some_and(|length| *place >= length),
    })
}

fn column_at(heads: &Heads, place: usize) -> Option<&'static Column> {
    let mut read = heads.read.iter();
    read.find(|(at, ..)| *at == place)
        .map(|(_, column, _)| *column)
}

fn object_of(row: &Row, heads: &Heads, repaired: &mut BTreeMap<usize, RepairedColumn>) -> TableRow {
    let (mut object, mut damage) = (Map::new(), Vec::new());
    if let Some(length) = uneven(row, heads) {
        damage.push(Fault {
            place: Place::Pointer(String::new()),
            rule: Rule::About(&ROW_LENGTH, length.to_string()),
        });
        return TableRow {
            number: row.number,
            object: json!({}),
            damage,
        };
    }
    for (place, cell) in &row.cells {
        let Some(column) = column_at(heads, *place) else {
            continue;
        };
        match cells::read(column.kind, cell) {
            Meaning::Plain(value) => put(&mut object, column, value),
            Meaning::Repaired(value) => {
                let first = || RepairedColumn {
                    column: super::sheet::letters(*place),
                    field: column.name,
                    cells: 0,
                    first: address(*place, row.number),
                    written: cell.shown().chars().take(200).collect(),
                    read: value.clone(),
                };
                repaired.entry(*place).or_insert_with(first).cells += 1;
                put(&mut object, column, value);
            }
            Meaning::Refused(rule) => damage.push(Fault {
                place: Place::Pointer(pointer(column)),
                rule,
            }),
        }
    }
    TableRow {
        number: row.number,
        object: Value::Object(object),
        damage,
    }
}

/// The cells of a row of CSV that has not as many as the heads: blank ones at its end apart.
fn uneven(row: &Row, heads: &Heads) -> Option<usize> {
    let (own, length) = (row.length?, heads.length?);
    let is_longer = row.cells.last().is_some_and(|(place, _)| *place >= length);
    (own < length || is_longer).then_some(own)
}

/// Where the value of a column is in an object.
pub fn pointer(column: &Column) -> String {
    match column.path {
        (field, None) => format!("/{field}"),
        (field, Some(member)) => format!("/{field}/{member}"),
    }
}

fn put(object: &mut Map<String, Value>, column: &Column, value: Value) {
    let (field, member) = column.path;
    match member {
        None => drop(object.insert(field.to_owned(), value)),
        Some(member) => {
            let within = object.entry(field).or_insert_with(|| json!({}));
            if let Some(within) = within.as_object_mut() {
                within.insert(member.to_owned(), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::table::layout::{Kind, column};

    static LAYOUT: Layout = Layout {
        columns: &[
            column("territory", Kind::Territory, "Territoire", &[]).required(),
            column("level", Kind::Code("levels"), "Niveau", &[]),
            column("pupils", Kind::Whole, "Élèves", &[]),
            column("narrative_results", Kind::Text, "Résultats", &[])
                .within("narrative", "results"),
        ],
        passed_over: &[&["report_id"]],
        filled_in: &["territory"],
    };

    fn table(text: &str) -> Table {
        Table::of(text.to_owned().into(), &LAYOUT).unwrap()
    }

    #[test]
    fn a_file_as_people_save_it_is_read_and_what_was_understood_is_told() {
        let read = table(
            "Bilan du collège;;;;\n\nÉlèves;TERRITOIRE;Niveau;résultats;Remarque\n1 200;fr;3ème;Bien;?\n;FR;;;\n;;;;\n12;FR;3e;;\n",
        );
        assert_eq!(read.rows.len(), 2);
        assert_eq!(
            read.rows[0].object,
            json!({ "pupils": 1200, "territory": "FR", "level": "3e", "narrative": { "results": "Bien" } })
        );
        assert_eq!(read.rows[1].number, 7);
        let reading = read.reading;
        assert_eq!((reading.header_row, reading.rows_not_filled), (Some(3), 1));
        let told: Vec<_> = reading
            .repaired
            .iter()
            .map(|one| (one.first.as_str(), one.cells))
            .collect();
        assert_eq!(told, [("A4", 1), ("B4", 1), ("C4", 1)]);
        assert_eq!(reading.columns[4].field, None);
    }

    #[test]
    fn heads_that_may_be_mistaken_are_refused_with_their_cell() {
        for (heads, code, nearest) in [
            (
                "territory;Eleve;level",
                "unknown_column",
                Some("Élèves [pupils]"),
            ),
            ("territory;pupils;Élèves", "repeated_column", None),
            ("level;pupils", "required", Some("Territoire [territory]")),
            ("a;b", "no_heads", None),
        ] {
            let read = table(&format!("{heads}\nx;y;z\n"));
            let fault = &read.faults[0];
            assert_eq!(
                (fault.rule.code(), fault.nearest.as_deref()),
                (code, nearest),
                "{heads}"
            );
            assert!(read.rows.is_empty());
        }
    }

    #[test]
    fn a_row_whose_cells_cannot_be_told_apart_is_refused_whole() {
        let read = table("territory;level;pupils\nFR;3e;1,5;2\nFR;3e\nFR;3e;12;;\n");
        let faults: Vec<usize> = read.rows.iter().map(|row| row.damage.len()).collect();
        assert_eq!(faults, [1, 1, 0]);
    }
}
