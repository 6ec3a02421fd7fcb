//! What codes are called in a summary.

use crate::language::Language;
use crate::reference::{Entry, Reference};

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

/// What lines that do not say are called.
pub const fn unsaid(language: Language) -> &'static str {
    match language {
        Language::French => "Non précisé",
        Language::English => "Not stated",
    }
}
