//! Territories and the form of their codes. No other file takes a code apart.

use std::fmt;

use super::{TextValue, Uai};
use crate::error::Rule;
use crate::reference::Reference;
use crate::values::FromText;

/// The code of the country.
pub const COUNTRY: &str = "FR";

/// What stands for the academy of a school that has none, among the territories above it. It reads
/// as an academy's code and is no academy's, so that no perimeter holds it.
pub const NO_ACADEMY: &str = "academy:none";

/// What a territory is, as its code tells. An overseas service is written as an academy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerritoryKind {
    /// The country.
    Country,
    /// An academic region.
    Region,
    /// An academy or an overseas service.
    Academy,
    /// A department.
    Department,
    /// A school.
    School,
}

impl TerritoryKind {
    /// The kinds whose codes hold a number.
    const NUMBERED: [Self; 4] = [Self::Region, Self::Academy, Self::Department, Self::School];

    /// The kind of the territory that a code names; none where it is no territory's.
    pub fn of(code: &str) -> Option<Self> {
        split(code).map(|(kind, _)| kind)
    }

    /// Whether a code names a territory of this kind.
    pub fn is_of(self, code: &str) -> bool {
        Self::of(code) == Some(self)
    }

    /// A code of this kind, to show how they are written.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Country => COUNTRY,
            Self::Region => "region:84",
            Self::Academy => "academy:10",
            Self::Department => "department:069",
            Self::School => "uai:0690001B",
        }
    }

    /// The form of the codes of this kind, a regular expression.
    pub const fn form(self) -> &'static str {
        match self {
            Self::Country => "^FR$",
            Self::Region => "^region:[0-9]{2}$",
            Self::Academy => "^academy:[0-9]{2}$",
            Self::Department => "^department:[0-9][0-9AB][0-9AB]$",
            Self::School => "^uai:[0-9]{7}[A-Z]$",
        }
    }

    /// The SQL pattern (`LIKE`) of the codes of this kind.
    pub fn pattern(self) -> String {
        match self {
            Self::Country => COUNTRY.to_owned(),
            numbered => format!("{}:%", numbered.word()),
        }
    }

    /// What its codes begin with, up to the colon; the country's code has no more.
    const fn word(self) -> &'static str {
        match self {
            Self::Country => COUNTRY,
            Self::Region => "region",
            Self::Academy => "academy",
            Self::Department => "department",
            Self::School => "uai",
        }
    }
}

/// A territory, taken apart. Its numbers are not checked but by [`FromText`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Territory {
    /// The country.
    Country,
    /// An academic region, by its number: `84`.
    Region(String),
    /// An academy or an overseas service, by its number: `10`.
    Academy(String),
    /// A department, by its number of three characters: `069`.
    Department(String),
    /// A school.
    School(Uai),
}

impl Territory {
    /// Of a kind, by its number as its code writes it; the country has none.
    pub fn new(kind: TerritoryKind, number: &str) -> Self {
        match kind {
            TerritoryKind::Country => Self::Country,
            TerritoryKind::Region => Self::Region(number.to_owned()),
            TerritoryKind::Academy => Self::Academy(number.to_owned()),
            TerritoryKind::Department => Self::Department(number.to_owned()),
            TerritoryKind::School => Self::School(Uai::stored(number.to_owned())),
        }
    }

    /// The territory of a school.
    pub fn of_school(uai: &Uai) -> Self {
        Self::School(uai.clone())
    }

    /// The territory that a stored code names; none where its form is no territory's.
    pub fn parse(code: &str) -> Option<Self> {
        split(code).map(|(kind, number)| Self::new(kind, number))
    }

    /// What it is.
    pub const fn kind(&self) -> TerritoryKind {
        match self {
            Self::Country => TerritoryKind::Country,
            Self::Region(_) => TerritoryKind::Region,
            Self::Academy(_) => TerritoryKind::Academy,
            Self::Department(_) => TerritoryKind::Department,
            Self::School(_) => TerritoryKind::School,
        }
    }
}

impl fmt::Display for Territory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = match self {
            Self::Country => return f.write_str(COUNTRY),
            Self::Region(number) | Self::Academy(number) | Self::Department(number) => number,
            Self::School(uai) => uai.as_str(),
        };
        write!(f, "{}:{number}", self.kind().word())
    }
}

impl FromText for Territory {
    /// All but schools are checked here; whether a school exists is for the database to say.
    fn from_text(text: &str) -> Result<Self, Rule> {
        const FORM: Rule = Rule::Format("FR, region:84, academy:10, department:069, uai:0690001B");
        if let Some((TerritoryKind::School, uai)) = split(text) {
            return Uai::from_text(uai).map(Self::School);
        }
        if Reference::get().territory(text).is_some() {
            return Self::parse(text).ok_or(FORM);
        }
        let word = text.split(':').next().unwrap_or_default();
        let is_shaped = word == COUNTRY
            || TerritoryKind::NUMBERED
                .iter()
                .any(|kind| *kind != TerritoryKind::School && kind.word() == word);
        Err(if is_shaped {
            Rule::UnknownTerritory
        } else {
            FORM
        })
    }
}

/// The kind and the number of a code; the country's number is empty.
fn split(code: &str) -> Option<(TerritoryKind, &str)> {
    if code == COUNTRY {
        return Some((TerritoryKind::Country, ""));
    }
    let (word, number) = code.split_once(':')?;
    let mut kinds = TerritoryKind::NUMBERED.into_iter();
    let kind = kinds.find(|kind| kind.word() == word)?;
    Some((kind, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_territory_is_written_as_it_was_read() {
        for one in Reference::get().territories() {
            let territory = Territory::from_text(&one.code).unwrap();
            assert_eq!(territory.to_string(), one.code);
        }
        for kind in TerritoryKind::NUMBERED {
            let example = Territory::from_text(kind.example()).unwrap();
            assert_eq!(example.kind(), kind);
            assert_eq!(example.to_string(), kind.example());
            assert!(kind.is_of(kind.example()) && !kind.is_of(COUNTRY));
        }
        assert_eq!(Territory::parse(COUNTRY), Some(Territory::Country));
    }

    #[test]
    fn what_is_no_code_is_told_from_a_code_of_no_territory() {
        for unknown in [
            "FR:1",
            "region",
            "academy:99",
            "department:69",
            "academy:none",
        ] {
            assert_eq!(Territory::from_text(unknown), Err(Rule::UnknownTerritory));
        }
        for wrong in ["", "FRA", "uai", "Region:84", "lyon:10", "0690001B"] {
            assert!(matches!(Territory::from_text(wrong), Err(Rule::Format(_))));
            assert_eq!(TerritoryKind::of(wrong), None, "{wrong}");
        }
        assert!(TerritoryKind::Academy.is_of(NO_ACADEMY));
    }
}
