//! Conventions by their references in a table that people send. The gate, which puts ids in the place of
//! references, does not read such a body.

use std::collections::{BTreeSet, HashMap};

use diesel_async::AsyncPgConnection;
use serde_json::Value;

use super::store;
use crate::auth::policy::Scope;
use crate::error::{Fault, Notice, Place, Result, Rule, notice};
use crate::http::table::request::Item;
use crate::values::FromText;
use crate::values::ids::ConventionId;

/// The most conventions that are named where another was meant.
const MOST_NAMED: i64 = 200;

/// The longest text that can be a reference, in bytes.
const LONGEST: usize = 200;

/// A reference that names no convention.
static UNKNOWN_CONVENTION: Notice = notice(
    "unknown_convention",
    "Aucune convention que vous pouvez lire n'a cet identifiant ni cette référence : copiez la référence de la convention.",
    "No convention that you can read has this id or reference: copy the reference of the convention.",
);

/// The text that an item gives for its convention, unless it has the form of an id.
fn reference(item: &Item) -> Option<&str> {
    let text = item.object.get("convention_id")?.as_str()?;
    ConventionId::from_text(text).is_err().then_some(text)
}

/// Puts ids in the place of references; what names no convention is noted among the damage of its item.
pub async fn name_conventions(
    connection: &AsyncPgConnection,
    scope: &Scope,
    items: &mut [Item],
) -> Result<()> {
    let named = items.iter().filter_map(reference);
    let named: BTreeSet<&str> = named.filter(|text| text.len() <= LONGEST).collect();
    let named: Vec<String> = named.into_iter().map(str::to_owned).collect();
    let found = match named.is_empty() {
        true => HashMap::new(),
        false => store::ids_of_references(connection, scope, &named).await?,
    };
    for item in items {
        let Some(id) = reference(item).map(|text| found.get(text)) else {
            continue;
        };
        match (id, item.object.get_mut("convention_id")) {
            (Some(id), Some(place)) => *place = Value::from(id.to_string()),
            _ => item.damage.push(Fault {
                place: Place::field("convention_id"),
                rule: Rule::Own(&UNKNOWN_CONVENTION),
            }),
        }
    }
    Ok(())
}

/// The references of the last conventions that the caller sees: what may be meant where another is named.
pub async fn last_references(connection: &AsyncPgConnection, scope: &Scope) -> Result<Vec<String>> {
    store::last_references(connection, scope, MOST_NAMED).await
}
