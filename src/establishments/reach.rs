//! What lies above a territory, schools included: whom a perimeter or a representative reaches.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::auth::policy::Scope;
use crate::db::schema::establishments;
use crate::error::Result;
use crate::reference::Reference;
use crate::values::{TerritoryCode, TextValue};

/// The territories and all above them, once each; or the places in the list of schools that do
/// not exist. Asks the database only where there are schools.
///
/// # Errors
/// As any query.
pub async fn of(
    connection: &AsyncPgConnection,
    territories: &[TerritoryCode],
) -> Result<std::result::Result<Vec<String>, Vec<usize>>> {
    let uais: Vec<&str> = territories.iter().filter_map(TerritoryCode::uai).collect();
    let schools = schools(connection, &uais).await?;
    let is_unknown =
        |code: &TerritoryCode| code.uai().is_some_and(|uai| !schools.contains_key(uai));
    let unknown: Vec<usize> = territories
        .iter()
        .enumerate()
        .filter(|(_, code)| is_unknown(code))
        .map(|(index, _)| index)
        .collect();
    if !unknown.is_empty() {
        return Ok(Err(unknown));
    }
    let mut reach: Vec<String> = Vec::new();
    for code in territories {
        let above = match code.uai() {
            Some(uai) => schools.get(uai).cloned().unwrap_or_default(),
            None => Reference::get()
                .ancestry(code.as_str())
                .into_iter()
                .map(str::to_owned)
                .collect(),
        };
        reach.extend(above);
    }
    reach.sort();
    reach.dedup();
    Ok(Ok(reach))
}

/// The schools a caller is limited to and what is above them; nothing for other callers.
///
/// # Errors
/// As any query.
pub async fn above_schools(connection: &AsyncPgConnection, scope: &Scope) -> Result<Vec<String>> {
    let uais: Vec<&str> = scope
        .schools()
        .unwrap_or_default()
        .iter()
        .map(String::as_str)
        .collect();
    Ok(schools(connection, &uais)
        .await?
        .into_values()
        .flatten()
        .collect())
}

/// Each school of these that exists, with itself and what is above it.
async fn schools(
    mut connection: &AsyncPgConnection,
    uais: &[&str],
) -> Result<HashMap<String, Vec<String>>> {
    if uais.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, Option<String>, Option<String>)> = establishments::table
        .filter(establishments::uai.eq_any(uais))
        .select((
            establishments::uai,
            establishments::department,
            establishments::academy,
        ))
        .load(&mut connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(uai, department, academy)| {
            let above = [department, academy].into_iter().flatten();
            let mut codes: Vec<String> = above
                .flat_map(|code| {
                    Reference::get()
                        .ancestry(&code)
                        .into_iter()
                        .map(str::to_owned)
                        .collect::<Vec<_>>()
                })
                .collect();
            codes.push(format!("uai:{uai}"));
            // A school the directory places nowhere is still in the country.
            codes.push("FR".to_owned());
            (uai, codes)
        })
        .collect())
}
