//! One line of a file of partners, read. A cell that breaks a rule of its field refuses the line:
//! unlike the directory, these files are written by people who can correct them.

use csv::StringRecord;
use serde_json::{Map, Value, json};

use super::words::Words;
use crate::error::Rule;
use crate::integration::imports::source::{header_key, is_visible, unused};
use crate::integration::imports::{ImportError, Rejection, Unused, excerpt};
use crate::values::{FromText, HttpsUrl, Rna, Siren, Text, TextValue};

/// A line; `None` where its cell is empty or its column absent: the field then stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What the file calls the partner, for the files that refer to it.
    pub source_id: Option<String>,
    pub legal_name: String,
    pub usual_name: Option<String>,
    pub acronym: Option<String>,
    pub kind: Option<String>,
    pub siren: Option<String>,
    pub rna: Option<String>,
    pub sectors: Option<Vec<String>>,
    pub website: Option<String>,
    pub description: Option<String>,
}

/// The positions of the columns in one file.
pub struct Layout {
    keys: Vec<String>,
}

const LEGAL_NAME: &[&str] = &["nom", "legal_name", "raison_sociale"];

/// Every name that a column may have.
const NAMES: [&str; 18] = [
    "id",
    "nom",
    "legal_name",
    "raison_sociale",
    "usual_name",
    "nom_usuel",
    "acronym",
    "sigle",
    "kind",
    "nature",
    "siren",
    "rna",
    "sectors",
    "secteur",
    "secteurs",
    "website",
    "site_web",
    "description",
];

impl Layout {
    /// The columns that are not read.
    pub fn unused(header: &[String]) -> Vec<Unused> {
        unused(header, NAMES.into_iter())
    }

    pub fn of(header: &[String]) -> Result<Self, ImportError> {
        let layout = Self {
            keys: header.iter().map(|name| header_key(name)).collect(),
        };
        if layout.place(LEGAL_NAME).is_none() {
            return Err(ImportError::MissingColumns {
                looked_for: vec![LEGAL_NAME.join(" or ")],
                found: header.to_vec(),
            });
        }
        Ok(layout)
    }

    fn place(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            let wanted = header_key(name);
            self.keys.iter().position(|key| *key == wanted)
        })
    }

    fn cell<'r>(&self, record: &'r StringRecord, names: &[&str]) -> Option<&'r str> {
        let cell = record.get(self.place(names)?)?.trim();
        is_visible(cell).then_some(cell)
    }
}

impl Line {
    /// Whether it says the same of the partner, whatever it calls it.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let nameless = |line: &Self| Self {
            source_id: None,
            ..line.clone()
        };
        nameless(self) == nameless(other)
    }

    /// What it says of the partner, field by field.
    pub fn stated(&self) -> Map<String, Value> {
        let texts = [
            ("legal_name", Some(&self.legal_name)),
            ("usual_name", self.usual_name.as_ref()),
            ("acronym", self.acronym.as_ref()),
            ("kind", self.kind.as_ref()),
            ("siren", self.siren.as_ref()),
            ("rna", self.rna.as_ref()),
            ("website", self.website.as_ref()),
            ("description", self.description.as_ref()),
        ];
        let texts = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), json!(text?))));
        let sectors = self
            .sectors
            .iter()
            .map(|all| ("sectors".to_owned(), json!(all)));
        texts.chain(sectors).collect()
    }

    /// Reads a record whose width has been checked. Lengths are those of the API's fields.
    pub fn read(record: &StringRecord, layout: &Layout, words: &Words) -> Result<Self, Rejection> {
        let cell = |names| layout.cell(record, names);
        Ok(Self {
            source_id: text::<100>(cell(&["id"]))?,
            legal_name: text::<200>(cell(LEGAL_NAME))?
                .ok_or_else(|| Rejection::new("missing_name", "the legal name is empty"))?,
            usual_name: text::<200>(cell(&["usual_name", "nom_usuel"]))?,
            acronym: text::<30>(cell(&["acronym", "sigle"]))?,
            kind: cell(&["kind", "nature"])
                .map(|c| kind(c, words))
                .transpose()?,
            siren: identifier::<Siren>(cell(&["siren"]), "invalid_siren")?,
            rna: identifier::<Rna>(cell(&["rna"]), "invalid_rna")?,
            sectors: cell(&["sectors", "secteur", "secteurs"])
                .map(|c| sectors(c, words))
                .transpose()?,
            website: cell(&["website", "site_web"])
                .map(|c| value::<HttpsUrl>(c, "invalid_website"))
                .transpose()?,
            description: text::<5000>(cell(&["description"]))?,
        })
    }
}

fn kind(cell: &str, words: &Words) -> Result<String, Rejection> {
    words.kind(cell).map(str::to_owned).ok_or_else(|| {
        Rejection::new(
            "unknown_kind",
            format!("`{}` is no kind of partner", excerpt(cell)),
        )
    })
}

fn sectors(cell: &str, words: &Words) -> Result<Vec<String>, Rejection> {
    words.sectors(cell).map_err(|word| {
        Rejection::new(
            "unknown_sector",
            format!("`{}` is no sector", excerpt(&word)),
        )
    })
}

/// Identifiers are often written in groups; the spaces are not part of them.
fn identifier<T: FromText + TextValue>(
    cell: Option<&str>,
    code: &'static str,
) -> Result<Option<String>, Rejection> {
    let Some(cell) = cell else { return Ok(None) };
    let bare: String = cell.chars().filter(|c| !c.is_whitespace()).collect();
    value::<T>(&bare, code).map(Some)
}

/// A cell that follows the rules of the API's field.
fn value<T: FromText + TextValue>(cell: &str, code: &'static str) -> Result<String, Rejection> {
    T::from_text(cell)
        .map(|value| value.as_str().to_owned())
        .map_err(|rule| Rejection::of(code, cell, &rule))
}

fn text<const MAX: usize>(cell: Option<&str>) -> Result<Option<String>, Rejection> {
    let Some(cell) = cell else { return Ok(None) };
    match Text::<MAX>::from_text(cell) {
        Ok(text) => Ok(Some(text.as_str().to_owned())),
        Err(rule @ Rule::TooLong(_)) => Err(Rejection::of("too_long", cell, &rule)),
        Err(rule) => Err(Rejection::of("forbidden_character", cell, &rule)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str, line: &str) -> Result<Line, Rejection> {
        let split = |text: &str| text.split(';').map(str::to_owned).collect::<Vec<_>>();
        let words = Words::new(["company".to_owned()], ["energy".to_owned()], "");
        let layout = Layout::of(&split(header)).unwrap();
        Line::read(&StringRecord::from(split(line)), &layout, &words)
    }

    #[test]
    fn french_and_english_headers() {
        let french = read(
            "id;nom;sigle;nature;secteur;siren",
            "20;GRDF;;company;energy;444 786 511",
        );
        let english = read(
            "Legal name;kind;sectors;siren;rna;website",
            " GRDF;company;energy;444786511;;",
        );
        assert!(french.clone().unwrap().says_the_same(&english.unwrap()));
        assert_eq!(french.unwrap().siren.as_deref(), Some("444786511"));
    }

    #[test]
    fn what_is_refused() {
        let code = |column: &str, value: &str| {
            read(&format!("nom;{column}"), &format!("A;{value}")).map_err(|r| r.code)
        };
        assert_eq!(code("nature", "lune"), Err("unknown_kind"));
        assert_eq!(code("secteur", "lune"), Err("unknown_sector"));
        assert_eq!(code("siren", "444786512"), Err("invalid_siren"));
        assert_eq!(code("rna", "w751234567"), Err("invalid_rna"));
        assert_eq!(code("website", "http://a.fr"), Err("invalid_website"));
        assert_eq!(code("website", "javascript:x"), Err("invalid_website"));
        assert_eq!(code("sigle", &"é".repeat(31)), Err("too_long"));
        assert_eq!(code("sigle", "a\nb"), Err("forbidden_character"));
        assert_eq!(code("website", "https://u:p@a.fr"), Err("invalid_website"));
        assert!(code("sigle", &"é".repeat(30)).is_ok());
        assert_eq!(read("nom;sigle", ";A").unwrap_err().code, "missing_name");
        assert!(Layout::of(&["name".to_owned()]).is_err());
    }
}
