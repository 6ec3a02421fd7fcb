//! The tables of a publication and their measures.

use std::fmt;

use crate::results::indicators::model::{Dimension, Indicator};

/// Beside the measures of a cell: how many of the reports expected are validated. Its rate is rounded,
/// and does not tell it where more than ten thousand are expected.
pub const EXPECTED_VALIDATED: &str = "expected_validated";

/// The dimensions of a table, the school year left out: every table is of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grouping(&'static [&'static str]);

impl Grouping {
    /// Every table, in the order of the documentation. A star around the academies, so that tables
    /// constrain each other by the margins they share and by nothing else; partners and sectors,
    /// which overlap, are not published.
    pub const ALL: [Self; 12] = [
        Self(&[]),
        Self(&["academic_region"]),
        Self(&["academy"]),
        Self(&["convention"]),
        Self(&["action_type"]),
        Self(&["level"]),
        Self(&["moment"]),
        Self(&["axis"]),
        Self(&["event"]),
        Self(&["academy", "action_type"]),
        Self(&["academy", "level"]),
        Self(&["academy", "convention"]),
    ];

    /// Its dimensions, in the order of its keys.
    pub const fn dimensions(self) -> &'static [&'static str] {
        self.0
    }

    /// The one with these dimensions, in any order.
    pub fn of(dimensions: &[&str]) -> Option<Self> {
        let same = |one: &Self| {
            one.0.len() == dimensions.len() && one.0.iter().all(|name| dimensions.contains(name))
        };
        Self::ALL.into_iter().find(same)
    }

    /// That of what is asked to be grouped by, with or without the school year.
    pub fn asked(group_by: &[Dimension]) -> Option<Self> {
        let beside_year = |one: &&Dimension| **one != Dimension::SchoolYear;
        let names = group_by.iter().filter(beside_year).map(|one| one.code());
        Self::of(&names.collect::<Vec<_>>())
    }

    /// The one stored under this name.
    pub fn stored(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.to_string() == name)
    }

    /// Where a dimension is in its keys.
    pub fn place(self, dimension: &str) -> Option<usize> {
        self.0.iter().position(|one| *one == dimension)
    }
}

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

/// Every table, as one names it in `group_by`.
pub fn offered() -> String {
    let names = Grouping::ALL.iter().map(|one| {
        let year = std::iter::once("school_year");
        year.chain(one.0.iter().copied())
            .collect::<Vec<_>>()
            .join(",")
    });
    names.collect::<Vec<_>>().join(" ; ")
}

/// The measures published, in the order of the definitions.
pub const MEASURES: &[Indicator] = &[
    Indicator::Actions,
    Indicator::Pupils,
    Indicator::Girls,
    Indicator::PriorityEducationPupils,
    Indicator::Teachers,
    Indicator::Professionals,
    Indicator::Companies,
    Indicator::Hours,
    Indicator::InternshipsOffered,
    Indicator::InternshipsFilled,
    Indicator::PupilsGirlsKnown,
    Indicator::GirlsShare,
    Indicator::PupilsPriorityKnown,
    Indicator::PriorityEducationShare,
    Indicator::InternshipFillRate,
    Indicator::Establishments,
    Indicator::ReportsExpected,
    Indicator::ReportsValidated,
    Indicator::CompletenessRate,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_by_its_dimensions_in_any_order() {
        use Dimension::{Academy, Level, Partner, SchoolYear};
        let asked = |group_by: &[Dimension]| Grouping::asked(group_by).map(|one| one.to_string());
        assert_eq!(asked(&[]), Some(String::new()));
        assert_eq!(asked(&[SchoolYear]), Some(String::new()));
        assert_eq!(
            asked(&[Level, SchoolYear, Academy]),
            Some("academy,level".into())
        );
        assert_eq!(asked(&[Partner]), None);
        for one in Grouping::ALL {
            assert_eq!(Grouping::stored(&one.to_string()), Some(one));
        }
    }
}
