//! What lies above a territory, schools included: whom a perimeter or a representative reaches.

use std::collections::HashMap;

use diesel_async::AsyncPgConnection;

use super::store;
use crate::auth::policy::Scope;
use crate::error::{Error, Fault, Place, Result, Rule};
use crate::reference::Reference;
use crate::values::{COUNTRY, Territory, TerritoryCode, TerritoryKind, TextValue, Uai};

/// The territories and all above them, once each; or the places in the list of schools that do
/// not exist. Asks the database only where there are schools.
pub async fn of(
    connection: &AsyncPgConnection,
    territories: &[TerritoryCode],
) -> Result<std::result::Result<Vec<String>, Vec<usize>>> {
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
            let known = territories.iter().enumerate();
            let known = known.filter(|(index, _)| !unknown.contains(index));
            let known: Vec<TerritoryCode> = known.map(|(_, code)| code.clone()).collect();
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

/// The codes that all of these have: what holds all of the territories.
pub fn common(ancestries: &[Vec<String>]) -> Vec<String> {
    let Some((first, others)) = ancestries.split_first() else {
        return Vec::new();
    };
    let is_common = |code: &&String| others.iter().all(|other| other.contains(code));
    first.iter().filter(is_common).cloned().collect()
}

/// Each territory with itself and all above it; or the places in the list of schools that do not
/// exist. Asks the database only where there are schools.
pub async fn each(
    connection: &AsyncPgConnection,
    territories: &[TerritoryCode],
) -> Result<std::result::Result<Vec<Vec<String>>, Vec<usize>>> {
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
        let uais = territories.into_iter().filter_map(TerritoryCode::uai);
        let uais: Vec<Uai> = uais.collect();
        schools(connection, &uais).await.map(Self)
    }

    /// Each of these territories with itself and all above it; or the places in the list of schools
    /// that do not exist.
    ///
    /// # Errors
    /// Those places.
    pub fn each(
        &self,
        territories: &[TerritoryCode],
    ) -> std::result::Result<Vec<Vec<String>>, Vec<usize>> {
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
            Err(unknown)
        }
    }
}

/// A territory other than a school, and all above it.
pub fn ancestry(code: &str) -> Vec<String> {
    let above = Reference::get().ancestry(code);
    above.into_iter().map(str::to_owned).collect()
}

/// The refusal of schools that do not exist, by their places in a list; `pointer` says where each
/// stands in the body.
pub fn unknown(places: &[usize], pointer: impl Fn(usize) -> String) -> Error {
    let faults = places.iter().map(|index| Fault {
        place: Place::Pointer(pointer(*index)),
        rule: Rule::UnknownTerritory,
    });
    Error::validation(faults.collect())
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
            let above = [department, academy].into_iter().flatten();
            let mut codes: Vec<String> = above.flat_map(|code| ancestry(&code)).collect();
            codes.push(Territory::new(TerritoryKind::School, &uai).to_string());
            // A school the directory places nowhere is still in the country.
            codes.push(COUNTRY.to_owned());
            codes.sort();
            codes.dedup();
            (uai, codes)
        })
        .collect())
}
