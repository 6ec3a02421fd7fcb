//! Names of columns, and what is no value.

use crate::integration::imports::{Unused, excerpt};
use crate::reference::nearest_of;
use crate::values::is_invisible;

/// Whether a text has a character that can be seen.
pub fn is_visible(text: &str) -> bool {
    !text.chars().all(is_invisible)
}

/// The key a column is found under: case, spaces, underscores and accents do not count, since the
/// ministry's headers vary in them from year to year.
pub fn header_key(name: &str) -> String {
    name.chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'à' | 'â' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'î' | 'ï' => 'i',
            'ô' => 'o',
            'û' | 'ù' => 'u',
            'ç' => 'c',
            other => other,
        })
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// The columns of a header that are none of these names.
pub fn unused<'n>(header: &[String], known: impl Iterator<Item = &'n str> + Clone) -> Vec<Unused> {
    let is_known = |key: &str| known.clone().any(|name| header_key(name) == key);
    let unread = header
        .iter()
        .filter(|name| is_visible(name) && !is_known(&header_key(name)));
    let described = unread.map(|name| Unused {
        column: excerpt(name),
        nearest: nearest(name, known.clone()),
    });
    described.collect()
}

/// By letters, else by a word that both have.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str> + Clone) -> Option<String> {
    let key = nearest_of(&header_key(name), known.clone().map(header_key), 3);
    let words = |name: &str| -> Vec<String> {
        let words = name.split(|c: char| !c.is_alphanumeric()).map(header_key);
        words.filter(|word| word.chars().count() >= 4).collect()
    };
    let written = words(name);
    let by_letters = known.clone().find(|name| Some(header_key(name)) == key);
    let by_word = || {
        known
            .clone()
            .find(|name| words(name).iter().any(|word| written.contains(word)))
    };
    by_letters.or_else(by_word).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_is_not_read_is_told_with_the_one_that_was_meant() {
        let known = ["nom", "siren", "site_web", "nature"];
        let header = [
            "Nom",
            "sirn",
            "N° SIREN",
            "siret",
            "Site internet",
            "Remarque",
            "",
        ];
        let header: Vec<String> = header.map(str::to_owned).into();
        let told: Vec<_> = unused(&header, known.into_iter())
            .into_iter()
            .map(|one| (one.column, one.nearest))
            .collect();
        let expected = [
            ("sirn", Some("siren")),
            ("N° SIREN", Some("siren")),
            ("siret", Some("siren")),
            ("Site internet", Some("site_web")),
            ("Remarque", None),
        ];
        let expected = expected.map(|(name, near)| (name.to_owned(), near.map(str::to_owned)));
        assert_eq!(told, expected);
    }
}
