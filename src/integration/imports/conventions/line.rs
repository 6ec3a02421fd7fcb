//! One line of a file of conventions, read. Nothing is guessed: what the file does not give stays
//! unknown, and an unknown word refuses the line.

use chrono::NaiveDate;
use csv::StringRecord;

use crate::agreements::conventions::acts::DatePrecision;
use crate::agreements::conventions::content::ConventionKind;
use crate::integration::imports::source::{header_key, is_visible, unused};
use crate::integration::imports::{ImportError, Rejection, Unused, excerpt};
use crate::register::territories::ancestry::{self, ancestry};
use crate::values::{FromText, Nor, Territory, TerritoryCode, TerritoryKind, Text, TextValue};

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What the file calls the convention.
    pub source_id: String,
    /// What the file of partners calls its parties.
    pub partners: Vec<String>,
    /// Its nature, in the file's words.
    pub words: String,
    /// Its nature.
    pub kind: ConventionKind,
    /// The territory of a local one.
    pub territory: Option<TerritoryCode>,
    /// The first day it can have been signed on, and how precisely that is known.
    pub signed: Option<(NaiveDate, DatePrecision)>,
    /// The year of its end.
    pub last_year: Option<i32>,
    /// Its NOR number.
    pub nor: Option<Nor>,
    /// The source that attests it.
    pub source: Option<String>,
    /// Whether the source is a draft, with no evidence that it was signed.
    pub is_project: bool,
}

/// Where the columns of one file are.
pub struct Layout {
    keys: Vec<String>,
}

/// Without these no line has a meaning.
const NEEDED: [&str; 4] = ["id", "partenaires_ids", "type", "niveau"];

/// Every name that a column may have.
const NAMES: [&str; 10] = [
    "id",
    "partenaires_ids",
    "type",
    "niveau",
    "territoire",
    "date_signature",
    "precision_date",
    "annee_fin",
    "nor",
    "source",
];

impl Layout {
    /// The columns that are not read.
    pub fn unused(header: &[String]) -> Vec<Unused> {
        unused(header, NAMES.into_iter())
    }

    /// Of a header.
    pub fn of(header: &[String]) -> Result<Self, ImportError> {
        let keys: Vec<String> = header.iter().map(|name| header_key(name)).collect();
        let missing = NEEDED
            .iter()
            .filter(|name| !keys.contains(&header_key(name)));
        let looked_for: Vec<String> = missing.map(|name| (*name).to_owned()).collect();
        if looked_for.is_empty() {
            return Ok(Self { keys });
        }
        Err(ImportError::MissingColumns {
            looked_for,
            found: header.to_vec(),
        })
    }

    fn cell<'r>(&self, record: &'r StringRecord, name: &str) -> Option<&'r str> {
        let wanted = header_key(name);
        let place = self.keys.iter().position(|key| *key == wanted)?;
        let cell = record.get(place)?.trim();
        is_visible(cell).then_some(cell)
    }
}

impl Line {
    /// Reads a record whose width has been checked.
    pub fn read(record: &StringRecord, layout: &Layout) -> Result<Self, Rejection> {
        let cell = |name| layout.cell(record, name);
        let needed = |name: &'static str| {
            cell(name).ok_or_else(|| Rejection::new("missing_value", format!("`{name}` is empty")))
        };
        let words = needed("type")?;
        let (bare, remark) = split_remark(words);
        let line = Self {
            source_id: needed("id")?.to_owned(),
            partners: needed("partenaires_ids")?
                .split('|')
                .map(|id| id.trim().to_owned())
                .collect(),
            kind: kind(bare)?,
            words: words.to_owned(),
            territory: territory(needed("niveau")?, cell("territoire"))?,
            signed: signed(cell("date_signature"), cell("precision_date"))?,
            last_year: cell("annee_fin").map(year).transpose()?,
            nor: cell("nor")
                .map(|nor| {
                    Nor::from_text(nor).map_err(|rule| Rejection::of("invalid_nor", nor, &rule))
                })
                .transpose()?,
            source: cell("source").map(source).transpose()?,
            is_project: remark.is_some_and(|remark| remark.contains("projet")),
        };
        line.in_order()?;
        Ok(line)
    }

    /// The API's rule: it does not end before it begins.
    fn in_order(&self) -> Result<(), Rejection> {
        let last = self.last_year.and_then(last_day);
        match self.signed.zip(last) {
            Some(((first, _), last)) if last < first => Err(end_before_start(first, last)),
            _ => Ok(()),
        }
    }
}

/// `convention de partenariat (projet)`: the words, and the part in parentheses.
fn split_remark(words: &str) -> (&str, Option<&str>) {
    match words.split_once('(') {
        Some((bare, remark)) => (bare.trim(), Some(remark)),
        None => (words, None),
    }
}

fn source(cell: &str) -> Result<String, Rejection> {
    Text::<2000>::from_text(cell)
        .map(|text| text.to_string())
        .map_err(|rule| Rejection::of("invalid_source", cell, &rule))
}

/// The kind that these words mean, by the table of words; its own code is understood too.
fn kind(words: &str) -> Result<ConventionKind, Rejection> {
    const TABLE: &str = include_str!("../../../../data/reference/convention_words.csv");
    let wanted = words.to_lowercase();
    let mut meanings = TABLE.lines().filter_map(|line| line.split_once(';'));
    let code = meanings
        .find(|(word, _)| *word == wanted)
        .map_or(wanted.as_str(), |(_, code)| code);
    ConventionKind::from_text(code).map_err(|_| {
        Rejection::new(
            "unknown_kind",
            format!("`{}` is no kind of convention", excerpt(words)),
        )
    })
}

/// The territory of a level: the code the cell begins with (`09 Lille`).
fn territory(level: &str, cell: Option<&str>) -> Result<Option<TerritoryCode>, Rejection> {
    let kind = match level.to_lowercase().as_str() {
        "national" => return Ok(None),
        "région académique" => TerritoryKind::Region,
        "académie" => TerritoryKind::Academy,
        _ => {
            return Err(Rejection::new(
                "unknown_level",
                format!(
                    "`{}` is not national, région académique or académie",
                    excerpt(level)
                ),
            ));
        }
    };
    let written = cell.unwrap_or_default();
    let code = written.split_whitespace().next().unwrap_or_default();
    TerritoryCode::from_text(&Territory::new(kind, code).to_string())
        .map(Some)
        .map_err(|_| {
            Rejection::new(
                "unknown_territory",
                format!(
                    "`{}` does not begin with the code of a territory",
                    excerpt(written)
                ),
            )
        })
}

/// The day, or the first day of the month or year given; none when the date is not known.
fn signed(
    cell: Option<&str>,
    precision: Option<&str>,
) -> Result<Option<(NaiveDate, DatePrecision)>, Rejection> {
    let Some(cell) = cell else { return Ok(None) };
    let found = match cell.len() {
        4 => (format!("{cell}-01-01"), DatePrecision::Year),
        7 => (format!("{cell}-01"), DatePrecision::Month),
        _ => (cell.to_owned(), DatePrecision::Day),
    };
    let day = NaiveDate::from_text(&found.0)
        .map_err(|rule| Rejection::of("invalid_date", cell, &rule))?;
    let word = precision.unwrap_or_default();
    let written = match word.split_whitespace().next() {
        None => found.1,
        Some("jour") => DatePrecision::Day,
        Some("mois") => DatePrecision::Month,
        Some("année") => DatePrecision::Year,
        Some(_) => {
            return Err(Rejection::new(
                "unknown_precision",
                format!("`{}` is not jour, mois or année", excerpt(word)),
            ));
        }
    };
    if written == found.1 {
        return Ok(Some((day, written)));
    }
    Err(Rejection::new(
        "conflicting_precision",
        format!("`{cell}` is not a date to the {}", written.code()),
    ))
}

/// The last day of a year.
pub fn last_day(year: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, 12, 31)
}

/// The refusal of a convention that would end before it begins.
pub fn end_before_start(first: NaiveDate, last: NaiveDate) -> Rejection {
    Rejection::new(
        "end_before_start",
        format!("it begins on {first} and ends on {last}: correct one of the two"),
    )
}

fn year(cell: &str) -> Result<i32, Rejection> {
    let year = cell.parse().ok().filter(|year| (1900..3000).contains(year));
    year.ok_or_else(|| Rejection::new("invalid_year", format!("`{}` is no year", excerpt(cell))))
}

/// The territory and all above it.
pub fn ancestors(territory: Option<&TerritoryCode>) -> Vec<String> {
    let above: Vec<Vec<String>> = territory
        .iter()
        .map(|code| ancestry(code.as_str()))
        .collect();
    ancestry::all(&above)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "id;partenaires_ids;type;niveau;territoire;date_signature;precision_date;annee_fin;nor;source";

    fn read(line: &str) -> Result<Line, Rejection> {
        let split = |text: &str| text.split(';').map(str::to_owned).collect::<Vec<_>>();
        let layout = Layout::of(&split(HEADER)).unwrap();
        Line::read(&StringRecord::from(split(line)), &layout)
    }

    #[test]
    fn a_date_is_as_precise_as_it_is_told() {
        let signed = |cells: &str| {
            read(&format!("1;2;accord-cadre;national;;{cells};;;")).map(|line| line.signed)
        };
        let day = |text| NaiveDate::from_text(text).unwrap();
        assert_eq!(
            signed("2000-12-13;jour"),
            Ok(Some((day("2000-12-13"), DatePrecision::Day)))
        );
        assert_eq!(
            signed("2005;année"),
            Ok(Some((day("2005-01-01"), DatePrecision::Year)))
        );
        assert_eq!(
            signed("2011;année (publication)"),
            Ok(Some((day("2011-01-01"), DatePrecision::Year)))
        );
        assert_eq!(signed(";inconnue"), Ok(None));
        let code = |cells: &str| signed(cells).unwrap_err().code;
        assert_eq!(code("2005;jour"), "conflicting_precision");
        assert_eq!(code("2005-02-30;jour"), "invalid_date");
        assert_eq!(code("13/12/2000;jour"), "invalid_date");
    }

    #[test]
    fn a_local_convention_names_its_territory() {
        let at = |cells: &str| read(&format!("1;2;convention;{cells};2016;année;;;"));
        let code = |line: Result<Line, Rejection>| {
            line.map(|line| line.territory.map(|code| code.to_string()))
        };
        assert_eq!(code(at("académie;09 Lille")), Ok(Some("academy:09".into())));
        assert_eq!(
            code(at("région académique;11 Île-de-France : 24 Créteil")),
            Ok(Some("region:11".into()))
        );
        assert_eq!(code(at("national;")), Ok(None));
        assert_eq!(
            code(at("académie;Lille")).unwrap_err().code,
            "unknown_territory"
        );
        assert_eq!(code(at("commune;Lille")).unwrap_err().code, "unknown_level");
    }

    #[test]
    fn a_project_was_signed_by_nobody_that_is_known() {
        let of = |words: &str| read(&format!("1;2|3;{words};national;;;;;;"));
        assert!(of("convention de partenariat (projet)").unwrap().is_project);
        let renewal = of("convention de coopération (renouvellement)").unwrap();
        assert!(!renewal.is_project);
        assert_eq!(
            (renewal.kind.as_str(), renewal.partners.len()),
            ("cooperation", 2)
        );
        assert_eq!(of("traité").unwrap_err().code, "unknown_kind");
    }
}
