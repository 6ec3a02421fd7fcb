//! Places in sentences: what each is called, and its code.

use std::collections::{BTreeMap, BTreeSet};

use diesel_async::AsyncPgConnection;

use super::store;
use crate::auth::policy::Scope;
use crate::error::Result;
use crate::language::Language;
use crate::reference::Reference;
use crate::values::{TerritoryCode, TerritoryKind, TextValue};

/// How many places a sentence names.
const MOST: usize = 5;

/// What the schools of some sentences are called; all other places have their names in the program.
#[derive(Debug, Default)]
pub struct Places(BTreeMap<String, String>);

impl Places {
    /// Reads the names of the schools that sentences on these lists of places name: one statement, and none
    /// where there are no schools.
    ///
    /// # Errors
    /// `service_unavailable` when the database is away.
    pub async fn of<'a>(
        connection: &AsyncPgConnection,
        scope: &Scope,
        lists: impl Iterator<Item = &'a [TerritoryCode]>,
    ) -> Result<Self> {
        let named = lists.flat_map(|list| list.iter().take(MOST));
        let uais: BTreeSet<String> = named.filter_map(uai_of).map(str::to_owned).collect();
        store::schools(connection, scope, &uais).await.map(Self)
    }

    /// The first of these places, each with its name and its code, and how many more there are.
    pub fn told(&self, places: &[TerritoryCode], language: Language) -> String {
        let named: Vec<String> = places.iter().take(MOST).map(|one| self.name(one)).collect();
        let named = named.join(", ");
        let more = places.len().saturating_sub(MOST);
        match (more, language) {
            (0, _) => named,
            (1, Language::French) => format!("{named} et 1 autre"),
            (1, Language::English) => format!("{named} and 1 other"),
            (_, Language::French) => format!("{named} et {more} autres"),
            (_, Language::English) => format!("{named} and {more} others"),
        }
    }

    fn name(&self, place: &TerritoryCode) -> String {
        let code = place.as_str();
        let territory = Reference::get().territory(code);
        let name = territory.map(|one| one.name.as_str());
        let school = || self.0.get(uai_of(place)?).map(String::as_str);
        match name.or_else(school) {
            Some(name) => format!("{name} ({code})"),
            None => code.to_owned(),
        }
    }
}

/// The school that a place is.
fn uai_of(place: &TerritoryCode) -> Option<&str> {
    match TerritoryKind::of(place.as_str()) {
        Some(TerritoryKind::School) => place.as_str().split_once(':').map(|(_, uai)| uai),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(codes: &[&str], language: Language) -> String {
        let schools = BTreeMap::from([("0690001A".to_owned(), "Lycée Ampère".to_owned())]);
        let code = |code: &&str| TerritoryCode::stored((*code).to_owned());
        let codes: Vec<TerritoryCode> = codes.iter().map(code).collect();
        Places(schools).told(&codes, language)
    }

    #[test]
    fn places_have_their_names_beside_their_codes() {
        let named = told(
            &["academy:10", "uai:0690001A", "uai:0690002B"],
            Language::French,
        );
        assert_eq!(
            named,
            "Lyon (academy:10), Lycée Ampère (uai:0690001A), uai:0690002B"
        );
    }

    #[test]
    fn of_many_the_first_are_named_and_the_others_counted() {
        let many = ["academy:10"; 7];
        let five = ["Lyon (academy:10)"; 5].join(", ");
        assert_eq!(told(&many, Language::French), format!("{five} et 2 autres"));
        assert_eq!(
            told(&many, Language::English),
            format!("{five} and 2 others")
        );
        assert_eq!(
            told(&many[..6], Language::French),
            format!("{five} et 1 autre")
        );
        assert_eq!(told(&many[..5], Language::English), five);
    }
}
