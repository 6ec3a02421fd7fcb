//! The labels of codes in a summary.

use crate::language::Language;
use crate::reference::{Entry, Reference};
use crate::values::Territory;

/// What a code of a nomenclature is called; the code itself where it has no name.
pub fn of_code(nomenclature: &str, code: &str, language: Language) -> String {
    let mut entries = Reference::get()
        .nomenclature(nomenclature)
        .into_iter()
        .flat_map(|list| &list.entries);
    let entry = entries.find(|entry| entry.code == code);
    entry.map_or_else(|| code.to_owned(), |entry| label(entry, language))
}

fn label(entry: &Entry, language: Language) -> String {
    match language {
        Language::French => entry.label_fr.clone(),
        Language::English => entry.label_en.clone(),
    }
}

/// The place of a code in its nomenclature; what it does not have comes last.
pub fn place(nomenclature: &str, code: &str) -> usize {
    let mut entries = Reference::get()
        .nomenclature(nomenclature)
        .into_iter()
        .flat_map(|list| &list.entries);
    entries
        .position(|entry| entry.code == code)
        .unwrap_or(usize::MAX)
}

/// What a territory is called, schools aside.
pub fn of_territory(code: &str) -> String {
    let place = Reference::get().territory(code);
    place.map_or_else(|| code.to_owned(), |place| place.name.clone())
}

/// What kind of territory a code is of, in French; nothing for the country.
pub fn kind_of_territory(code: &str) -> &'static str {
    match Territory::parse(code) {
        Some(Territory::Region(_)) => "région académique",
        Some(Territory::Academy(_)) => {
            let place = Reference::get().territory(code);
            match place.map(|place| place.kind.as_str()) {
                Some("overseas_service") => "service d’outre-mer",
                _ => "académie",
            }
        }
        Some(Territory::Department(_)) => "département",
        Some(Territory::School(_)) => "établissement",
        Some(Territory::Country) | None => "",
    }
}

/// The label of lines without a value: of a place, what is done for the whole country.
pub const fn unsaid(is_place: bool, language: Language) -> &'static str {
    match (is_place, language) {
        (true, Language::French) => "Action nationale ou régionale",
        (true, Language::English) => "National or regional action",
        (false, Language::French) => "Non précisé",
        (false, Language::English) => "Not stated",
    }
}
