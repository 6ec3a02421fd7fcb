//! The ancestors of a territory, schools included.

use std::collections::HashMap;

use diesel_async::AsyncPgConnection;

use super::store;
use crate::auth::policy::Scope;
use crate::error::{Error, Fault, Place, Result, Rule};
use crate::reference::Reference;
use crate::values::{COUNTRY, Territory, TerritoryCode, TerritoryKind, TextValue, Uai};

/// The schools of a list of territories that do not exist.
#[derive(Debug)]
pub struct UnknownSchools {
    places: Vec<usize>,
}

/// What is computed of a list of territories, unless schools among them do not exist.
pub type Known<T> = std::result::Result<T, UnknownSchools>;

impl UnknownSchools {
    /// Whether the school at this place in the list does not exist.
    pub fn has(&self, place: usize) -> bool {
        self.places.binary_search(&place).is_ok()
    }

    /// Their places in the list, in order.
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// A fault for each; `pointer` gives the position in the body from the place in the list.
    pub fn faults(&self, pointer: impl Fn(usize) -> String) -> Vec<Fault> {
        let faults = self.places.iter().map(|index| Fault {
            place: Place::Pointer(pointer(*index)),
            rule: Rule::UnknownTerritory,
        });
        faults.collect()
    }

    /// The refusal of them; `pointer` as in [`UnknownSchools::faults`].
    pub fn refusal(&self, pointer: impl Fn(usize) -> String) -> Error {
        Error::validation(self.faults(pointer))
    }
}

/// The territories and all above them, once each, where all schools among them exist. Asks the
/// database only where there are schools.
pub async fn of(
    connection: &AsyncPgConnection,
    territories: &[TerritoryCode],
) -> Result<Known<Vec<String>>> {
    Ok(each(connection, territories).await?.map(|each| all(&each)))
}

/// The territories and all above them, once each, but for schools that do not exist: what a filter
/// is compared with.
pub async fn of_known(
    connection: &AsyncPgConnection,
    territories: &[TerritoryCode],
) -> Result<Vec<String>> {
    match each(connection, territories).await? {
        Ok(ancestries) => Ok(all(&ancestries)),
        Err(unknown) => {
            let known: Vec<TerritoryCode> = territories
                .iter()
                .enumerate()
                .filter(|(index, _)| !unknown.has(*index))
                .map(|(_, code)| code.clone())
                .collect();
            Ok(of(connection, &known).await?.unwrap_or_default())
        }
    }
}

/// Every code of these, once.
pub fn all(ancestries: &[Vec<String>]) -> Vec<String> {
    let mut ancestors = ancestries.concat();
    ancestors.sort();
    ancestors.dedup();
    ancestors
}

/// The codes that all of these have: the ancestors common to the territories.
pub fn common(ancestries: &[Vec<String>]) -> Vec<String> {
    let Some((first, others)) = ancestries.split_first() else {
        return Vec::new();
    };
    let is_common = |code: &&String| others.iter().all(|other| other.contains(code));
    first.iter().filter(is_common).cloned().collect()
}

/// Each territory with itself and all above it, where all schools among them exist. Asks the
/// database only where there are schools.
pub async fn each(
    connection: &AsyncPgConnection,
    territories: &[TerritoryCode],
) -> Result<Known<Vec<Vec<String>>>> {
    Ok(Schools::among(connection, territories)
        .await?
        .each(territories))
}

/// The schools that some territories name, with all above them, as far as they exist.
pub struct Schools(HashMap<String, Vec<String>>);

impl Schools {
    /// Asks the database only where there are schools, and once for all of them.
    pub async fn among(
        connection: &AsyncPgConnection,
        territories: impl IntoIterator<Item = &TerritoryCode>,
    ) -> Result<Self> {
        let uais: Vec<Uai> = territories
            .into_iter()
            .filter_map(TerritoryCode::uai)
            .collect();
        schools(connection, &uais).await.map(Self)
    }

    /// Each of these territories with itself and all above it.
    ///
    /// # Errors
    /// [`UnknownSchools`], by their places in the list.
    pub fn each(&self, territories: &[TerritoryCode]) -> Known<Vec<Vec<String>>> {
        let mut unknown = Vec::new();
        let mut ancestries = Vec::with_capacity(territories.len());
        for (index, code) in territories.iter().enumerate() {
            let Some(uai) = code.uai() else {
                ancestries.push(ancestry(code.as_str()));
                continue;
            };
            match self.0.get(uai.as_str()) {
                Some(above) => ancestries.push(above.clone()),
                None => unknown.push(index),
            }
        }
        if unknown.is_empty() {
            Ok(ancestries)
        } else {
            Err(UnknownSchools { places: unknown })
        }
    }
}

/// A territory other than a school, and all above it.
pub fn ancestry(code: &str) -> Vec<String> {
    let above = Reference::get().ancestry(code);
    above.into_iter().map(str::to_owned).collect()
}

/// A school with itself and all above it, by its department and its academy.
pub fn of_school(uai: &str, above: [Option<String>; 2]) -> Vec<String> {
    let above = above.into_iter().flatten();
    let mut codes: Vec<String> = above.flat_map(|code| ancestry(&code)).collect();
    codes.push(Territory::new(TerritoryKind::School, uai).to_string());
    // A school the directory places nowhere is still in the country.
    codes.push(COUNTRY.to_owned());
    codes.sort();
    codes.dedup();
    codes
}

/// The schools a caller is limited to and what is above them; nothing for other callers.
pub async fn above_schools(connection: &AsyncPgConnection, scope: &Scope) -> Result<Vec<String>> {
    let uais = scope.schools().unwrap_or_default();
    Ok(schools(connection, uais)
        .await?
        .into_values()
        .flatten()
        .collect())
}

/// Each school of these that exists, with itself and what is above it.
async fn schools(
    connection: &AsyncPgConnection,
    uais: &[Uai],
) -> Result<HashMap<String, Vec<String>>> {
    if uais.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = store::schools(connection, uais).await?;
    Ok(rows
        .into_iter()
        .map(|(uai, department, academy)| {
            let codes = of_school(&uai, [department, academy]);
            (uai, codes)
        })
        .collect())
}
