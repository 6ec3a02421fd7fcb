//! One line of a file of partners, read. A cell that breaks a rule of its field refuses the line:
//! unlike the directory, these files are written by people who can correct them.

use serde_json::{Map, Value, json};

use super::form::{Form, text};
use super::words::Words;
use crate::integration::imports::reading::Reading;
use crate::integration::imports::{Rejection, cells, excerpt};
use crate::values::{FromText, Rna, TextValue};

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

    /// Reads a record. Lengths are those of the API's fields.
    ///
    /// # Errors
    /// The first fault of the line.
    pub fn read(reading: &mut Reading<'_>, form: &Form, words: &Words) -> Result<Self, Rejection> {
        let names = &form.names;
        Ok(Self {
            source_id: text::<100>(reading.cell(names.source_id))?,
            legal_name: form
                .name(reading)?
                .ok_or_else(|| Rejection::new("missing_name", "the legal name is empty"))?,
            usual_name: text::<200>(reading.cell(names.usual_name))?,
            acronym: form.acronym(reading)?,
            kind: form.kind(reading, words)?,
            siren: reading.value("siren", names.siren, cells::siren, SIREN)?,
            rna: identifier::<Rna>(reading.cell(names.rna), "invalid_rna")?,
            sectors: reading
                .cell(names.sectors)
                .map(|cell| sectors(cell, words))
                .transpose()?,
            website: form.website(reading)?,
            description: text::<5000>(reading.cell(names.description))?,
        })
    }
}

const SIREN: (&str, &str) = (
    "invalid_siren",
    "expected nine digits, the last of which checks the others",
);

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
    T::from_text(&bare)
        .map(|value| Some(value.as_str().to_owned()))
        .map_err(|rule| Rejection::of(code, &bare, &rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use csv::StringRecord;

    fn read(header: &str, line: &str) -> Result<Line, Rejection> {
        read_and_told(header, line).map(|(line, ..)| line)
    }

    type Told = (Line, Vec<&'static str>, Vec<&'static str>);

    fn read_and_told(header: &str, line: &str) -> Result<Told, Rejection> {
        let split = |text: &str| text.split(';').map(str::to_owned).collect::<Vec<_>>();
        let kinds = ["company", "association", "employer_organisation", "chamber"];
        let words = Words::new(kinds.map(str::to_owned), ["energy".to_owned()], "");
        let (form, header) = Form::of(&split(header)).unwrap();
        let record = StringRecord::from(split(line));
        let mut reading = Reading::of(&record, &header);
        let line = Line::read(&mut reading, form, &words)?;
        Ok((line, reading.repaired, reading.ignored))
    }

    #[test]
    fn a_line_of_the_register_of_associations() {
        let header = "id;id_ex;siret;nature;titre;titre_court;objet;siteweb";
        let (line, repaired, ignored) = read_and_told(
            header,
            "W751000001;;44478651100014;D;LES AMIS DES MÉTIERS;AMIS DES MÉTIERS DE LA MÉTALLURGIE;faire découvrir;www.amis.fr",
        )
        .unwrap();
        assert_eq!(
            (line.rna.as_deref(), line.source_id),
            (Some("W751000001"), None)
        );
        assert_eq!(line.legal_name, "LES AMIS DES MÉTIERS");
        assert_eq!(line.kind.as_deref(), Some("association"));
        assert_eq!(line.siren.as_deref(), Some("444786511"));
        assert_eq!(line.website.as_deref(), Some("https://www.amis.fr"));
        assert_eq!(line.description.as_deref(), Some("faire découvrir"));
        assert_eq!((repaired, ignored), (vec!["website"], vec!["acronym"]));
        // Nobody who takes an extract corrects it.
        let (line, _, ignored) = read_and_told(header, "W751000001;;;D;A;;;néant").unwrap();
        assert_eq!((line.website, ignored), (None, vec!["website"]));
        assert_eq!(
            read(header, "751;;;D;A;;;").unwrap_err().code,
            "invalid_rna"
        );
    }

    #[test]
    fn a_line_of_sirene() {
        let header = "siren;statutDiffusionUniteLegale;sigleUniteLegale;identifiantAssociationUniteLegale;\
            denominationUniteLegale;denominationUsuelle1UniteLegale;categorieJuridiqueUniteLegale";
        let kind = |category: &str| {
            read(header, &format!("444786511;O;GRDF;;GRDF;;{category}")).map(|line| line.kind)
        };
        for (category, expected) in [
            ("5599", Some("company")),
            ("9220", Some("association")),
            ("8420", Some("employer_organisation")),
            ("7381", Some("chamber")),
            ("0000", None),
        ] {
            assert_eq!(kind(category).unwrap().as_deref(), expected, "{category}");
        }
        let (line, repaired, _) =
            read_and_told(header, "444786511.0;O;[ND];W751000001;GRDF;;5599").unwrap();
        assert_eq!(
            (line.siren.as_deref(), line.rna.as_deref()),
            (Some("444786511"), Some("W751000001"))
        );
        assert_eq!((line.acronym, repaired), (None, vec!["siren"]));
        // A person who works alone is no partner without a name of its own.
        assert_eq!(
            read(header, "444786511;P;;;[ND];;1000").unwrap_err().code,
            "missing_name"
        );
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
        assert!(Form::of(&["name".to_owned()]).is_err());
    }
}
