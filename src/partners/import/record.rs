//! One line of a file of partners, read. A cell that breaks a rule of its field refuses the line:
//! unlike the directory, these files are written by people who can correct them.

use super::words::Words;
use crate::imports::identifiers::{excerpt, is_rna, is_siren};
use crate::imports::source::header_key;
use crate::imports::{ImportError, Rejection};
use csv::StringRecord;
use url::Url;

/// A line; `None` where its cell is empty or its column absent: then it says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
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

/// Where the columns of one file are.
pub struct Layout {
    keys: Vec<String>,
}

const LEGAL_NAME: &[&str] = &["nom", "legal_name", "raison_sociale"];

impl Layout {
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
        (!cell.is_empty()).then_some(cell)
    }
}

impl Line {
    /// Reads a record whose width has been checked. Lengths are those of the API's fields.
    pub fn read(record: &StringRecord, layout: &Layout, words: &Words) -> Result<Self, Rejection> {
        let cell = |names| layout.cell(record, names);
        let text = |names, most| cell(names).map(|c| bounded(c, names, most)).transpose();
        Ok(Self {
            legal_name: text(LEGAL_NAME, 200)?
                .ok_or_else(|| Rejection::new("missing_name", "the legal name is empty"))?,
            usual_name: text(&["usual_name", "nom_usuel"], 200)?,
            acronym: text(&["acronym", "sigle"], 30)?,
            kind: cell(&["kind", "nature"])
                .map(|c| kind(c, words))
                .transpose()?,
            siren: identifier(cell(&["siren"]), is_siren, "invalid_siren")?,
            rna: identifier(cell(&["rna"]), is_rna, "invalid_rna")?,
            sectors: cell(&["sectors", "secteur", "secteurs"])
                .map(|c| sectors(c, words))
                .transpose()?,
            website: cell(&["website", "site_web"]).map(website).transpose()?,
            description: text(&["description"], 5_000)?,
        })
    }
}

fn bounded(cell: &str, names: &[&str], most: usize) -> Result<String, Rejection> {
    if cell.chars().nth(most).is_some() {
        let name = names.first().copied().unwrap_or_default();
        return Err(Rejection::new(
            "too_long",
            format!("`{name}` is longer than {most} characters"),
        ));
    }
    // A description has lines; a name has not.
    if most <= 200 && cell.contains(char::is_control) {
        return Err(Rejection::new(
            "forbidden_character",
            "a name holds a line break or another control character",
        ));
    }
    Ok(cell.to_owned())
}

fn kind(cell: &str, words: &Words) -> Result<String, Rejection> {
    words.kind(cell).map(str::to_owned).ok_or_else(|| {
        Rejection::new(
            "unknown_kind",
            format!("`{}` is no kind of partner", excerpt(cell, 80)),
        )
    })
}

fn sectors(cell: &str, words: &Words) -> Result<Vec<String>, Rejection> {
    words.sectors(cell).map_err(|word| {
        Rejection::new(
            "unknown_sector",
            format!("`{}` is no sector", excerpt(&word, 80)),
        )
    })
}

/// Identifiers are often written in groups; the spaces are not part of them.
fn identifier(
    cell: Option<&str>,
    is_valid: fn(&str) -> bool,
    code: &'static str,
) -> Result<Option<String>, Rejection> {
    let Some(cell) = cell else { return Ok(None) };
    let bare: String = cell.chars().filter(|c| !c.is_whitespace()).collect();
    if is_valid(&bare) {
        Ok(Some(bare))
    } else {
        let detail = format!("`{}` is not valid", excerpt(cell, 40));
        Err(Rejection::new(code, detail))
    }
}

fn website(cell: &str) -> Result<String, Rejection> {
    match Url::parse(cell) {
        Ok(url) if url.scheme() == "https" && url.has_host() && url.username().is_empty() => {
            Ok(cell.to_owned())
        }
        _ => Err(Rejection::new(
            "invalid_website",
            format!("`{}` is not an https address", excerpt(cell, 80)),
        )),
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
        assert_eq!(french, english);
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
