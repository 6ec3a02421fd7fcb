//! Territories and schools, as people write them and spreadsheets damage them.

use crate::reference::{Reference, fold};
use crate::values::{COUNTRY, FromText, Territory, TerritoryCode, TerritoryKind, Uai, uai_key};

/// A school's number in capitals, with the first zeros that a spreadsheet took for a number's.
pub fn school(text: &str) -> Option<String> {
    let upper: String = text.to_uppercase().split_whitespace().collect();
    let digits = upper.strip_suffix(|c: char| c.is_ascii_uppercase())?;
    if !(6..=7).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse().ok()?;
    upper
        .ends_with(uai_key(number))
        .then(|| format!("{upper:0>8}"))
        .filter(|uai| Uai::from_text(uai).is_ok())
}

/// A territory by its code, whatever its case and without the zeros it lost, by a school's number alone, or by
/// its kind and its name (`académie de Lyon`).
pub fn territory(text: &str) -> Option<String> {
    if TerritoryCode::from_text(text).is_ok() {
        return Some(text.to_owned());
    }
    if ["fr", "france"].contains(&fold(text).as_str()) {
        return Some(COUNTRY.to_owned());
    }
    if let Some(uai) = school(text) {
        return Some(Territory::new(TerritoryKind::School, &uai).to_string());
    }
    // With a wrong letter it is a school still, whose right letter is told.
    let upper = text.to_uppercase();
    if upper.len() == 8
        && upper.bytes().take(7).all(|byte| byte.is_ascii_digit())
        && upper.ends_with(|c: char| c.is_ascii_uppercase())
    {
        return Some(Territory::new(TerritoryKind::School, &upper).to_string());
    }
    let (kind, code) = text.split_once(':').or_else(|| text.split_once(' '))?;
    match fold(kind.trim()).as_str() {
        "uai" => {
            school(code.trim()).map(|uai| Territory::new(TerritoryKind::School, &uai).to_string())
        }
        "academy" | "academie" => academy(code.trim()),
        "department" | "departement" => within(TerritoryKind::Department, 3, code.trim()),
        "region" => within(TerritoryKind::Region, 2, code.trim()),
        _ => None,
    }
}

/// An academy, by its code, its number or its name.
pub fn academy(text: &str) -> Option<String> {
    let bare = text.strip_prefix("academy:").unwrap_or(text).trim();
    within(TerritoryKind::Academy, 2, bare)
}

/// The territory of a kind that has this number, its first zeros apart, or this name.
fn within(kind: TerritoryKind, width: usize, text: &str) -> Option<String> {
    let number = Territory::new(kind, &format!("{:0>width$}", text.to_uppercase())).to_string();
    let name = fold(text);
    let name = [
        "academie de la ",
        "academie de ",
        "academie d'",
        "de la ",
        "de ",
        "d'",
        "academie ",
    ]
    .iter()
    .find_map(|start| name.strip_prefix(start))
    .unwrap_or(&name)
    .to_owned();
    let mut known = Reference::get()
        .territories()
        .iter()
        .filter(|one| kind.is_of(&one.code));
    let mut named = known.clone().filter(|one| fold(&one.name) == name);
    let by_name = named.next().filter(|_| named.next().is_none());
    known
        .find(|one| one.code == number)
        .or(by_name)
        .map(|one| one.code.clone())
}
