//! Which targets a question is about: those of the agreements as a whole, or those of certain
//! territories.
//!
//! A target is compared with what was done in the very place that it is set for. So a cell of an
//! academy or a region takes those of that territory, one without a place those of the whole
//! agreement, and one that is of several places at once none: a target is not made from its parts.

use super::model::{Asked, Dimension};
use super::perimeter::Limit;
use crate::reference::{Reference, Territory};
use crate::values::{TerritoryKind, TextValue};

/// The targets that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim {
    /// Those set for the whole agreement.
    Whole,
    /// Those set for one of these territories.
    Territories(Vec<String>),
}

impl Aim {
    /// Of the cells of this grouping.
    pub fn of(asked: &Asked, limit: &Limit, group_by: &[Dimension]) -> Self {
        let by_academy = group_by.contains(&Dimension::Academy);
        let by_region = group_by.contains(&Dimension::AcademicRegion);
        let is_placed = !asked.academy.is_empty() || !asked.academic_region.is_empty();
        if let Limit::Reports(own) = limit {
            // What a school did is no figure of its academy.
            let is_own = !is_placed && !by_academy && !by_region;
            return Self::only(own.iter().filter(|_| is_own).cloned().map(Some));
        }
        let within = academies(asked, limit);
        let each = || within.iter().map(|one| Some(one.code.clone()));
        if by_academy {
            return Self::Territories(each().flatten().collect());
        }
        if by_region {
            return Self::Territories(regions(&within).into_iter().flatten().collect());
        }
        if !asked.academy.is_empty() {
            return Self::only(each());
        }
        match limit {
            Limit::Everything if !is_placed => Self::Whole,
            Limit::Academies(own) if !is_placed && !has_regions(own) => Self::only(each()),
            _ => Self::only(regions(&within).into_iter()),
        }
    }

    /// The one place there is; of several at once, none.
    fn only(mut places: impl Iterator<Item = Option<String>>) -> Self {
        let first = places.next().flatten();
        let only = first.filter(|_| places.next().is_none());
        Self::Territories(only.into_iter().collect())
    }
}

fn has_regions(codes: &[String]) -> bool {
    codes.iter().any(|code| TerritoryKind::Region.is_of(code))
}

/// The academies and overseas services that the filters and the perimeter leave.
pub fn academies(asked: &Asked, limit: &Limit) -> Vec<&'static Territory> {
    let own = match limit {
        Limit::Everything => None,
        Limit::Academies(codes) | Limit::Reports(codes) => Some(codes),
    };
    let is_left = |one: &&Territory| {
        let region = one.parent.as_deref().unwrap_or_default();
        let is_among = |codes: &[crate::values::TerritoryCode], code: &str| {
            codes.is_empty() || codes.iter().any(|one| one.as_str() == code)
        };
        own.is_none_or(|codes| codes.contains(&one.code))
            && is_among(&asked.academy, &one.code)
            && is_among(&asked.academic_region, region)
    };
    all().filter(is_left).collect()
}

fn all() -> impl Iterator<Item = &'static Territory> {
    let territories = Reference::get().territories().iter();
    territories.filter(|one| ["academy", "overseas_service"].contains(&one.kind.as_str()))
}

/// Of each region that these academies lie in, the place they are: the region where they are all of
/// its academies, else the only one, else none. Overseas services are of no region.
fn regions(within: &[&Territory]) -> Vec<Option<String>> {
    let mut parents: Vec<&str> = within
        .iter()
        .filter_map(|one| one.parent.as_deref())
        .collect();
    parents.sort_unstable();
    parents.dedup();
    let place = |parent: &str| {
        let of_parent = |one: &&Territory| one.parent.as_deref() == Some(parent);
        let own: Vec<&Territory> = within
            .iter()
            .copied()
            .filter(|one| of_parent(one))
            .collect();
        if TerritoryKind::Region.is_of(parent) && own.len() == all().filter(of_parent).count() {
            return Some(parent.to_owned());
        }
        match own.as_slice() {
            [only] => Some(only.code.clone()),
            _ => None,
        }
    };
    parents.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::TerritoryCode;

    fn codes(texts: &[&str]) -> Vec<TerritoryCode> {
        let stored = |text: &&str| TerritoryCode::stored((*text).to_owned());
        texts.iter().map(stored).collect()
    }

    fn at(academies: &[&str], regions: &[&str]) -> Asked {
        Asked {
            academy: codes(academies),
            academic_region: codes(regions),
            ..Asked::default()
        }
    }

    fn territories(texts: &[&str]) -> Aim {
        Aim::Territories(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    fn perimeter(texts: &[&str]) -> Limit {
        Limit::Academies(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn a_question_without_a_place_is_about_whole_agreements_and_one_of_several_about_none() {
        let everything = Limit::Everything;
        let aim = |asked: &Asked| Aim::of(asked, &everything, &[Dimension::Convention]);
        assert_eq!(aim(&at(&[], &[])), Aim::Whole);
        assert_eq!(aim(&at(&["academy:10"], &[])), territories(&["academy:10"]));
        assert_eq!(aim(&at(&[], &["region:84"])), territories(&["region:84"]));
        assert_eq!(
            aim(&at(&["academy:10"], &["region:84"])),
            territories(&["academy:10"])
        );
        for several in [
            at(&["academy:10", "academy:08"], &[]),
            at(&[], &["region:84", "region:32"]),
            at(&["academy:10"], &["region:32"]),
        ] {
            assert_eq!(aim(&several), territories(&[]));
        }
    }

    #[test]
    fn a_perimeter_is_a_place_as_a_filter_is() {
        let of = |limit: &Limit| Aim::of(&Asked::default(), limit, &[]);
        assert_eq!(
            of(&perimeter(&["academy:14"])),
            territories(&["academy:14"])
        );
        assert_eq!(
            of(&perimeter(&["academy:14", "region:53"])),
            territories(&["region:53"])
        );
        let region = perimeter(&["academy:06", "academy:08", "academy:10", "region:84"]);
        assert_eq!(of(&region), territories(&["region:84"]));
        let part = Aim::of(&at(&["academy:08"], &[]), &region, &[]);
        assert_eq!(part, territories(&["academy:08"]));
        assert_eq!(
            of(&perimeter(&["academy:06", "academy:08"])),
            territories(&[])
        );
        let school = Limit::Reports(vec!["uai:0690001A".to_owned()]);
        assert_eq!(of(&school), territories(&["uai:0690001A"]));
        let by_academy = Aim::of(&Asked::default(), &school, &[Dimension::Academy]);
        assert_eq!(by_academy, territories(&[]));
    }

    #[test]
    fn cells_of_places_are_about_their_own_and_a_part_of_a_region_is_not_the_region() {
        let everything = Limit::Everything;
        let by = |asked: &Asked, dimension| Aim::of(asked, &everything, &[dimension]);
        let Aim::Territories(all) = by(&Asked::default(), Dimension::Academy) else {
            panic!("no territories")
        };
        assert_eq!(all.len(), 34, "30 academies and the overseas services");
        let Aim::Territories(all) = by(&Asked::default(), Dimension::AcademicRegion) else {
            panic!("no territories")
        };
        assert_eq!(all.len(), 18);
        assert_eq!(
            by(
                &at(&["academy:10", "academy:09", "academy:20"], &[]),
                Dimension::AcademicRegion
            ),
            territories(&["region:32", "academy:10"])
        );
        assert_eq!(
            by(
                &at(&["academy:10", "academy:08"], &[]),
                Dimension::AcademicRegion
            ),
            territories(&[])
        );
    }
}
