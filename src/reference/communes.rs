//! Communes and their postal codes, and where departments are: what places are found by that are told
//! without coordinates. Read when they are first asked for.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Reference, Territory, cell, rows};

/// The codes of a commune: INSEE's, and one of its postal codes.
type Codes = (&'static str, &'static str);

/// A line for each commune and each of its postal codes, in the order of both.
const COMMUNES: &str = include_str!("../../data/reference/communes.csv");

/// A line for each department whose schools are known to be somewhere.
const CENTERS: &str = include_str!("../../data/reference/department_centers.csv");

/// Three cities have a code, and their municipal districts have others, by which schools are known.
const DISTRICTS: [(&str, &str); 3] = [("75056", "751"), ("13055", "132"), ("69123", "6938")];

static BY_COMMUNE: LazyLock<Vec<Codes>> = LazyLock::new(|| {
    let lines = COMMUNES.lines().skip(1);
    lines.filter_map(|line| line.split_once(';')).collect()
});

static BY_POSTAL_CODE: LazyLock<Vec<Codes>> = LazyLock::new(|| {
    let mut codes = BY_COMMUNE.clone();
    codes.sort_unstable_by_key(|(commune, postal_code)| (*postal_code, *commune));
    codes
});

static CENTER_OF: LazyLock<HashMap<String, (f64, f64)>> = LazyLock::new(|| {
    let center = |row| {
        let degrees = |name| cell(&row, name).parse().ok();
        Some((
            cell(&row, "code"),
            (degrees("latitude")?, degrees("longitude")?),
        ))
    };
    rows(CENTERS).filter_map(center).collect()
});

/// Whether INSEE gives a commune, or a municipal district, this code.
pub fn is_commune(code: &str) -> bool {
    let found = BY_COMMUNE.binary_search_by_key(&code, |(commune, _)| *commune);
    found.is_ok()
}

/// The communes that have a postal code: none where it is that of large receivers of mail alone.
pub fn communes_of(postal_code: &str) -> Vec<&'static str> {
    let first = BY_POSTAL_CODE.partition_point(|(_, other)| *other < postal_code);
    let following = BY_POSTAL_CODE.iter().skip(first);
    following
        .take_while(|(_, other)| *other == postal_code)
        .map(|(commune, _)| *commune)
        .collect()
}

/// The codes by which schools of a commune are known: its own, or those of its districts.
pub fn districts_of(commune: &str) -> Vec<&str> {
    let divided = DISTRICTS.iter().find(|(city, _)| *city == commune);
    let Some((_, begins)) = divided else {
        return vec![commune];
    };
    let mut districts: Vec<&str> = BY_COMMUNE
        .iter()
        .map(|(commune, _)| *commune)
        .filter(|commune| commune.starts_with(begins))
        .collect();
    districts.dedup();
    districts
}

/// The department of a commune.
pub fn department_of_commune(code: &str) -> Option<&'static str> {
    let digits = if code.starts_with("97") || code.starts_with("98") {
        3
    } else {
        2
    };
    department(code.get(..digits)?)
}

/// The department of a postal code: that of most of its communes, else the one it begins with.
pub fn department_of_postal_code(code: &str) -> Option<&'static str> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let communes = communes_of(code);
    for department in communes.iter().filter_map(|one| department_of_commune(one)) {
        let count = counts.entry(department).or_default();
        *count = count.saturating_add(1);
    }
    let most = counts.into_iter().map(|(code, count)| (count, code)).max();
    let begins = |digits: usize| department(code.get(..digits)?);
    match (most, code.get(..2)?) {
        (Some((_, department)), _) => Some(department),
        // Corsica was one department when its postal codes were given.
        (None, "20") if matches!(code.get(..3), Some("200" | "201")) => department("2A"),
        (None, "20") => department("2B"),
        (None, "97" | "98") => begins(3),
        (None, _) => begins(2),
    }
}

/// The middle of the schools of a department.
pub fn center_of(department: &str) -> Option<(f64, f64)> {
    CENTER_OF.get(department).copied()
}

/// The department with this official code.
fn department(official_code: &str) -> Option<&'static str> {
    let is_it = |one: &&Territory| one.kind == "department" && one.official_code == official_code;
    let found = Reference::get().territories().iter().find(is_it);
    found.map(|territory| territory.code.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_commune_is_in_a_department_and_in_order() {
        assert_eq!(BY_COMMUNE.len() + 1, COMMUNES.lines().count());
        assert!(BY_COMMUNE.is_sorted());
        for (commune, postal_code) in BY_COMMUNE.iter() {
            assert!(department_of_commune(commune).is_some(), "{commune}");
            assert!(
                department_of_postal_code(postal_code).is_some(),
                "{postal_code}"
            );
        }
    }

    #[test]
    fn a_postal_code_is_of_its_communes_and_of_their_department() {
        assert!(communes_of("75015").contains(&"75115"), "and its city");
        assert_eq!(communes_of("34000"), ["34172"]);
        assert!(communes_of("34064").is_empty(), "of large receivers");
        for (code, department) in [
            ("34000", "department:034"),
            ("34064", "department:034"),
            ("20000", "department:02A"),
            ("20293", "department:02B"),
            ("97133", "department:977"),
            ("97150", "department:978"),
            ("97499", "department:974"),
        ] {
            assert_eq!(department_of_postal_code(code), Some(department), "{code}");
        }
        for none in ["00000", "96000", "99999", "98000"] {
            assert_eq!(department_of_postal_code(none), None, "{none}");
        }
    }

    #[test]
    fn a_divided_city_is_its_districts() {
        assert_eq!(districts_of("34172"), ["34172"]);
        for (city, count) in [("75056", 20), ("13055", 16), ("69123", 9)] {
            assert_eq!(districts_of(city).len(), count, "{city}");
        }
    }

    #[test]
    fn a_center_is_of_a_department() {
        let reference = Reference::get();
        let departments = reference.territories().iter();
        let departments = departments.filter(|one| one.kind == "department");
        let known = departments.filter(|one| center_of(&one.code).is_some());
        assert_eq!(known.count(), CENTER_OF.len());
        assert_eq!(center_of("academy:10"), None);
    }
}
