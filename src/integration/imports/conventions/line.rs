//! One line of a file of conventions, read. Nothing is guessed: what the file does not give stays
//! unknown, and an unknown word refuses the line.

use chrono::{Datelike, NaiveDate};

use super::agreed::Agreed;
use crate::agreements::conventions::acts::DatePrecision;
use crate::agreements::conventions::content::ConventionKind;
use crate::integration::imports::cells::{self, Cell};
use crate::integration::imports::reading::{Header, Reading};
use crate::integration::imports::source::unused;
use crate::integration::imports::{ImportError, Rejection, Unused, excerpt};
use crate::reference::fold;
use crate::values::{FromText, Nor, Territory, TerritoryCode, TerritoryKind, Text};

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What the file calls the convention.
    pub source_id: String,
    /// Who signed what and when; none in a file that only completes conventions imported before.
    pub act: Option<Act>,
    /// What was agreed.
    pub agreed: Agreed,
}

/// What a line says of the convention as an act.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
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
    /// The last day it is in force, and how precisely that is known.
    pub ends: Option<(NaiveDate, DatePrecision)>,
    /// Its NOR number.
    pub nor: Option<Nor>,
    /// The source that attests it.
    pub source: Option<String>,
    /// Whether the source is a draft, with no evidence that it was signed.
    pub is_project: bool,
}

/// What the file calls a convention.
const ID: &[&str] = &["id", "id_convention"];

/// Without these no line of acts has a meaning.
const ACT: [&[&str]; 3] = [&["partenaires_ids"], &["type"], &["niveau"]];

/// The other names that a column may have.
const MORE: [&str; 7] = [
    "territoire",
    "date_signature",
    "precision_date",
    "annee_fin",
    "date_fin",
    "nor",
    "source",
];

/// The columns that are not read.
pub fn unread(header: &[String]) -> Vec<Unused> {
    let names = ID.iter().chain(ACT.iter().copied().flatten());
    unused(
        header,
        names
            .chain(&MORE)
            .chain(Agreed::NAMES.iter().copied().flatten())
            .copied(),
    )
}

/// Where the columns of one file are: those of acts, or of what was agreed by acts known before.
///
/// # Errors
/// The columns that it lacks.
pub fn header(names: &[String]) -> Result<Header, ImportError> {
    let header = Header::of(names, &[ID])?;
    let is_of_acts = ACT.iter().any(|names| header.has(names));
    if !is_of_acts && Agreed::NAMES.iter().any(|names| header.has(names)) {
        return Ok(header);
    }
    let [partners, kind, level] = ACT;
    Header::of(names, &[ID, partners, kind, level])
}

fn needed<'r>(reading: &Reading<'r>, names: &[&'static str]) -> Result<&'r str, Rejection> {
    let name = names.first().copied().unwrap_or_default();
    let empty = || Rejection::new("missing_value", format!("`{name}` is empty"));
    reading.cell(names).ok_or_else(empty)
}

impl Line {
    /// Reads a record.
    ///
    /// # Errors
    /// The first fault of the line.
    pub fn read(reading: &mut Reading<'_>) -> Result<Self, Rejection> {
        let source_id = needed(reading, ID)?.to_owned();
        let is_of_acts = reading.has(&["partenaires_ids"]);
        Ok(Self {
            source_id,
            act: is_of_acts.then(|| Act::read(reading)).transpose()?,
            agreed: Agreed::read(reading)?,
        })
    }
}

impl Act {
    fn read(reading: &mut Reading<'_>) -> Result<Self, Rejection> {
        let words = needed(reading, &["type"])?;
        let (bare, remark) = split_remark(words);
        let partners = needed(reading, &["partenaires_ids"])?.split('|');
        let act = Self {
            partners: partners.map(|id| id.trim().to_owned()).collect(),
            kind: kind(bare)?,
            words: words.to_owned(),
            territory: territory(reading)?,
            signed: signed(reading)?,
            ends: ends(reading)?,
            nor: reading.cell(&["nor"]).map(nor).transpose()?,
            source: reading.cell(&["source"]).map(source).transpose()?,
            is_project: remark.is_some_and(|remark| remark.contains("projet")),
        };
        act.in_order()?;
        Ok(act)
    }

    /// The API's rule: it does not end before it begins.
    fn in_order(&self) -> Result<(), Rejection> {
        match self.signed.zip(self.ends) {
            Some(((first, _), (last, _))) if last < first => Err(end_before_start(first, last)),
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

fn nor(cell: &str) -> Result<Nor, Rejection> {
    Nor::from_text(cell).map_err(|rule| Rejection::of("invalid_nor", cell, &rule))
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

/// What levels are called, and how the number that begins the cell is read.
type Level = (&'static str, TerritoryKind, fn(&str) -> Cell<String>);

const LEVELS: [Level; 4] = [
    ("region academique", TerritoryKind::Region, cells::region),
    ("academie", TerritoryKind::Academy, cells::academy),
    ("departement", TerritoryKind::Department, cells::department),
    ("etablissement", TerritoryKind::School, cells::uai),
];

/// The territory of a level: the code the cell begins with (`09 Lille`).
fn territory(reading: &mut Reading<'_>) -> Result<Option<TerritoryCode>, Rejection> {
    let level = needed(reading, &["niveau"])?;
    let wanted = fold(level);
    if wanted == "national" {
        return Ok(None);
    }
    let Some((_, kind, read)) = LEVELS.into_iter().find(|(name, ..)| *name == wanted) else {
        let detail = format!(
            "`{}` is none of national, région académique, académie, département, établissement",
            excerpt(level)
        );
        return Err(Rejection::new("unknown_level", detail));
    };
    let written = reading.cell(&["territoire"]).unwrap_or_default();
    let code = written.split_whitespace().next().unwrap_or_default();
    let number = match read(code) {
        Cell::Read(number) => Some(number),
        Cell::Repaired(number) => {
            reading.repaired.push("territory");
            Some(number)
        }
        Cell::Empty | Cell::Unreadable => None,
    };
    let code = number.and_then(|number| {
        TerritoryCode::from_text(&Territory::new(kind, &number).to_string()).ok()
    });
    let unknown = || {
        let detail = format!(
            "`{}` does not begin with the code of a territory of this level",
            excerpt(written)
        );
        Rejection::new("unknown_territory", detail)
    };
    code.map(Some).ok_or_else(unknown)
}

/// A day, or the first day of the month or year given.
fn date(cell: &str) -> Cell<(NaiveDate, DatePrecision)> {
    let bare = cell.strip_suffix(".0").unwrap_or(cell);
    let (written, precision) = match bare.len() {
        4 => (format!("{bare}-01-01"), DatePrecision::Year),
        7 => (format!("{bare}-01"), DatePrecision::Month),
        _ => (bare.to_owned(), DatePrecision::Day),
    };
    match cells::date(&written) {
        Cell::Read(day) if bare == cell => Cell::Read((day, precision)),
        Cell::Read(day) | Cell::Repaired(day) => Cell::Repaired((day, precision)),
        Cell::Empty | Cell::Unreadable => Cell::Unreadable,
    }
}

/// The words of a precision.
const PRECISIONS: [(&str, DatePrecision); 3] = [
    ("jour", DatePrecision::Day),
    ("mois", DatePrecision::Month),
    ("annee", DatePrecision::Year),
];

/// When it was signed; none when the date is not known.
fn signed(reading: &mut Reading<'_>) -> Result<Option<(NaiveDate, DatePrecision)>, Rejection> {
    const RULE: (&str, &str) = ("invalid_date", "expected form: 2026-01-31, 2026-01 or 2026");
    let Some((day, precision)) = reading.value("starts_on", &["date_signature"], date, RULE)?
    else {
        return Ok(None);
    };
    let words = reading.cell(&["precision_date"]).unwrap_or_default();
    let Some(word) = words.split_whitespace().next() else {
        return Ok(Some((day, precision)));
    };
    match PRECISIONS.into_iter().find(|(name, _)| *name == fold(word)) {
        Some((_, written)) if written == precision => Ok(Some((day, precision))),
        Some((_, written)) => Err(Rejection::new(
            "conflicting_precision",
            format!(
                "`{day}` is told to the {}, not to the {}",
                precision.code(),
                written.code()
            ),
        )),
        None => Err(Rejection::new(
            "unknown_precision",
            format!("`{}` is not jour, mois or année", excerpt(words)),
        )),
    }
}

/// When it ends: the day, else the last one of the year.
fn ends(reading: &mut Reading<'_>) -> Result<Option<(NaiveDate, DatePrecision)>, Rejection> {
    const DATE: (&str, &str) = ("invalid_date", "expected form: 2026-12-31");
    const YEAR: (&str, &str) = ("invalid_year", "no year");
    let day = reading.value("ends_on", &["date_fin"], cells::date, DATE)?;
    let year = reading.value("ends_on", &["annee_fin"], year, YEAR)?;
    match (day, year) {
        (Some(day), Some(year)) if day.year() != year => Err(Rejection::new(
            "conflicting_end",
            format!("`date_fin` is {day} and `annee_fin` {year}: correct one of the two"),
        )),
        (Some(day), _) => Ok(Some((day, DatePrecision::Day))),
        (None, year) => Ok(year
            .and_then(last_day)
            .map(|day| (day, DatePrecision::Year))),
    }
}

fn year(cell: &str) -> Cell<i32> {
    let bare = cell.strip_suffix(".0").unwrap_or(cell);
    match bare.parse().ok().filter(|year| (1900..3000).contains(year)) {
        Some(year) if bare == cell => Cell::Read(year),
        Some(year) => Cell::Repaired(year),
        None => Cell::Unreadable,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::TextValue as _;
    use csv::StringRecord;

    const HEADER: &str = "id;partenaires_ids;type;niveau;territoire;date_signature;precision_date;annee_fin;nor;source;date_fin";

    fn split(text: &str) -> Vec<String> {
        text.split(';').map(str::to_owned).collect()
    }

    fn read(line: &str) -> Result<(Act, Vec<&'static str>), Rejection> {
        let header = header(&split(HEADER)).unwrap();
        let record = StringRecord::from(split(line));
        let mut reading = Reading::of(&record, &header);
        let line = Line::read(&mut reading)?;
        Ok((line.act.unwrap(), reading.repaired))
    }

    fn day(text: &str) -> NaiveDate {
        NaiveDate::from_text(text).unwrap()
    }

    #[test]
    fn a_date_is_as_precise_as_it_is_told() {
        let signed = |cells: &str| {
            let line = read(&format!("1;2;accord-cadre;national;;{cells};;;;"));
            line.map(|(act, repaired)| (act.signed, repaired.len()))
        };
        for (cells, first, precision, repaired) in [
            ("2000-12-13;jour", "2000-12-13", DatePrecision::Day, 0),
            ("13/12/2000;jour", "2000-12-13", DatePrecision::Day, 1),
            ("2005;année", "2005-01-01", DatePrecision::Year, 0),
            ("2005.0;annee", "2005-01-01", DatePrecision::Year, 1),
            (
                "2011;année (publication)",
                "2011-01-01",
                DatePrecision::Year,
                0,
            ),
            ("2011-03;", "2011-03-01", DatePrecision::Month, 0),
        ] {
            let expected = Ok((Some((day(first), precision)), repaired));
            assert_eq!(signed(cells), expected, "{cells}");
        }
        assert_eq!(signed(";inconnue"), Ok((None, 0)));
        let code = |cells: &str| signed(cells).unwrap_err().code;
        assert_eq!(code("2005;jour"), "conflicting_precision");
        assert_eq!(code("2005-02-30;jour"), "invalid_date");
        assert_eq!(code("30/02/2005;jour"), "invalid_date");
        assert_eq!(code("2005;siècle"), "unknown_precision");
    }

    #[test]
    fn an_end_is_a_day_or_the_last_of_a_year() {
        let ends = |year: &str, day: &str| {
            let line = read(&format!("1;2;accord-cadre;national;;2020;;{year};;;{day}"));
            line.map(|(act, _)| act.ends.map(|(day, _)| day.to_string()))
        };
        assert_eq!(ends("2024", ""), Ok(Some("2024-12-31".into())));
        assert_eq!(ends("2024.0", "30/06/2024"), Ok(Some("2024-06-30".into())));
        assert_eq!(ends("", "2024-06-30"), Ok(Some("2024-06-30".into())));
        assert_eq!(
            ends("2025", "2024-06-30").unwrap_err().code,
            "conflicting_end"
        );
        assert_eq!(ends("bientôt", "").unwrap_err().code, "invalid_year");
        assert_eq!(ends("", "2019-06-30").unwrap_err().code, "end_before_start");
    }

    #[test]
    fn a_local_convention_names_its_territory() {
        let at = |cells: &str| {
            let line = read(&format!("1;2;convention;{cells};2016;année;;;;"));
            line.map(|(act, _)| act.territory.map(|code| code.to_string()))
        };
        for (cells, code) in [
            ("académie;09 Lille", "academy:09"),
            ("Académie;9 Lille", "academy:09"),
            (
                "région académique;11 Île-de-France : 24 Créteil",
                "region:11",
            ),
            ("département;082 Tarn-et-Garonne", "department:082"),
            ("departement;2A Corse-du-Sud", "department:02A"),
            (
                "établissement;0311131l Lycée Sainte-Thérèse",
                "uai:0311131L",
            ),
        ] {
            assert_eq!(at(cells), Ok(Some(code.into())), "{cells}");
        }
        assert_eq!(at("national;"), Ok(None));
        for unknown in [
            "académie;Lille",
            "académie;99 Lille",
            "établissement;0311131K",
            "département;",
        ] {
            assert_eq!(
                at(unknown).unwrap_err().code,
                "unknown_territory",
                "{unknown}"
            );
        }
        assert_eq!(at("commune;Lille").unwrap_err().code, "unknown_level");
    }

    #[test]
    fn a_project_was_signed_by_nobody_that_is_known() {
        let of = |words: &str| read(&format!("1;2|3;{words};national;;;;;;;")).map(|(act, _)| act);
        assert!(of("convention de partenariat (projet)").unwrap().is_project);
        let renewal = of("convention de coopération (renouvellement)").unwrap();
        assert!(!renewal.is_project);
        assert_eq!(
            (renewal.kind.as_str(), renewal.partners.len()),
            ("cooperation", 2)
        );
        assert_eq!(of("traité").unwrap_err().code, "unknown_kind");
    }

    #[test]
    fn a_file_says_who_signed_or_what_was_agreed() {
        let missing = |names: &str| header(&split(names)).err().unwrap().to_string();
        assert!(header(&split("id_convention;axes;suivi")).is_ok());
        assert!(missing("id;type;niveau;axes").contains("partenaires_ids"));
        assert!(missing("partenaires_ids;type;niveau").contains("id or id_convention"));
        assert!(missing("id;remarque").contains("partenaires_ids"));
    }
}
