//! The forms that a file of partners comes in: a list that people keep, an extract of the national
//! register of associations (RNA), an extract of Sirene. Each names its columns its own way.

use super::words::Words;
use crate::error::Rule;
use crate::integration::imports::cells::{self, Cell};
use crate::integration::imports::reading::{Header, Reading};
use crate::integration::imports::source::unused;
use crate::integration::imports::{ImportError, Rejection, Unused, excerpt};
use crate::values::{FromText as _, Text, TextValue as _};

/// Names that a column may have.
type Column = &'static [&'static str];

/// The names of each column.
pub struct Names {
    pub source_id: Column,
    pub legal_name: Column,
    pub usual_name: Column,
    pub acronym: Column,
    pub kind: Column,
    pub siren: Column,
    pub rna: Column,
    pub sectors: Column,
    pub website: Column,
    pub description: Column,
}

/// Whose file it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    List,
    Associations,
    Sirene,
}

/// A form.
pub struct Form {
    source: Source,
    pub names: Names,
}

const LIST: Form = Form {
    source: Source::List,
    names: Names {
        source_id: &["id"],
        legal_name: &["nom", "legal_name", "raison_sociale"],
        usual_name: &["usual_name", "nom_usuel"],
        acronym: &["acronym", "sigle"],
        kind: &["kind", "nature"],
        siren: &["siren"],
        rna: &["rna"],
        sectors: &["sectors", "secteur", "secteurs"],
        website: &["website", "site_web"],
        description: &["description"],
    },
};

/// `nature` is there how an association was declared, and `id` its number in the RNA.
const ASSOCIATIONS: Form = Form {
    source: Source::Associations,
    names: Names {
        source_id: &[],
        legal_name: &["titre"],
        usual_name: &[],
        acronym: &["titre_court"],
        kind: &[],
        siren: &["siren", "siret"],
        rna: &["id", "id_association"],
        sectors: &[],
        website: &["siteweb", "site_web"],
        description: &["objet"],
    },
};

const SIRENE: Form = Form {
    source: Source::Sirene,
    names: Names {
        source_id: &[],
        legal_name: &["denominationUniteLegale"],
        usual_name: &["denominationUsuelle1UniteLegale"],
        acronym: &["sigleUniteLegale"],
        kind: &["categorieJuridiqueUniteLegale"],
        siren: &["siren"],
        rna: &["identifiantAssociationUniteLegale"],
        sectors: &[],
        website: &[],
        description: &[],
    },
};

/// The categories of Insee's nomenclature of legal forms, by how they begin, longest first.
const CATEGORIES: [(&str, &str); 9] = [
    ("7381", "chamber"),
    ("842", "employer_organisation"),
    ("92", "association"),
    ("93", "foundation"),
    ("4", "public_body"),
    ("5", "company"),
    ("7", "public_body"),
    ("6", "other"),
    ("8", "other"),
];

/// What an extract writes for what it does not tell.
const UNTOLD: &str = "[ND]";

impl Names {
    fn all(&self) -> [Column; 10] {
        [
            self.source_id,
            self.legal_name,
            self.usual_name,
            self.acronym,
            self.kind,
            self.siren,
            self.rna,
            self.sectors,
            self.website,
            self.description,
        ]
    }
}

impl Form {
    /// That of a file, and where its columns are.
    ///
    /// # Errors
    /// The columns without which no line has a meaning.
    pub fn of(header: &[String]) -> Result<(&'static Self, Header), ImportError> {
        const FORMS: [&Form; 3] = [&SIRENE, &ASSOCIATIONS, &LIST];
        let any = Header::of(header, &[])?;
        let has = |form: &&Form| any.has(form.names.legal_name);
        let form = FORMS.into_iter().find(has).unwrap_or(&LIST);
        Ok((form, Header::of(header, &[form.names.legal_name])?))
    }

    /// The columns that are not read.
    pub fn unread(&self, header: &[String]) -> Vec<Unused> {
        let names = self.names.all();
        unused(header, names.iter().copied().flatten().copied())
    }

    fn is_extract(&self) -> bool {
        self.source != Source::List
    }

    /// The legal name.
    pub fn name(&self, reading: &Reading<'_>) -> Result<Option<String>, Rejection> {
        let cell = reading.cell(self.names.legal_name);
        text::<200>(cell.filter(|cell| !self.is_extract() || *cell != UNTOLD))
    }

    /// One that is too long is none, in an extract that nobody corrects.
    pub fn acronym(&self, reading: &mut Reading<'_>) -> Result<Option<String>, Rejection> {
        let cell = reading.cell(self.names.acronym);
        let told = cell.filter(|cell| *cell != UNTOLD);
        match text::<30>(told) {
            Err(_) if self.is_extract() => {
                reading.ignored.push("acronym");
                Ok(None)
            }
            read => read,
        }
    }

    /// By the words of a list, or the category of the legal form.
    pub fn kind(&self, reading: &Reading<'_>, words: &Words) -> Result<Option<String>, Rejection> {
        let cell = reading.cell(self.names.kind);
        let code = match self.source {
            Source::List => return cell.map(|cell| kind(cell, words)).transpose(),
            Source::Associations => Some("association"),
            Source::Sirene => cell.and_then(|cell| {
                let is_in = |(beginning, _): &&(&str, &str)| cell.starts_with(beginning);
                CATEGORIES.iter().find(is_in).map(|(_, code)| *code)
            }),
        };
        Ok(code.map(str::to_owned))
    }

    /// One that cannot be read is none, in an extract that nobody corrects.
    pub fn website(&self, reading: &mut Reading<'_>) -> Result<Option<String>, Rejection> {
        const RULE: (&str, &str) = ("invalid_website", "expected form: https://www.example.fr");
        let cell = reading.cell(self.names.website);
        let is_read = |cell| !matches!(cells::website(cell), Cell::Unreadable);
        if self.is_extract() && !cell.is_none_or(is_read) {
            reading.ignored.push("website");
            return Ok(None);
        }
        reading.value("website", self.names.website, cells::website, RULE)
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

/// A text of the API, not longer than its field.
pub fn text<const MAX: usize>(cell: Option<&str>) -> Result<Option<String>, Rejection> {
    let Some(cell) = cell else { return Ok(None) };
    match Text::<MAX>::from_text(cell) {
        Ok(text) => Ok(Some(text.as_str().to_owned())),
        Err(rule @ Rule::TooLong(_)) => Err(Rejection::of("too_long", cell, &rule)),
        Err(rule) => Err(Rejection::of("forbidden_character", cell, &rule)),
    }
}
