//! What becomes of each row of a batch: what would become of its contact were it sent alone.

use std::collections::{HashMap, HashSet};

use super::layout::LAYOUT;
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::error::{Error, Result};
use crate::http::table::object::{Said, repeated_row};
use crate::http::table::planned;
use crate::http::table::request::Item;
use crate::register::contacts::content::NewContact;
use crate::register::contacts::model::{Contact, must_be_kept_by};
use crate::register::contacts::store;
use crate::register::contacts::store::many::{self, Row};
use crate::register::territories::ancestry::{self, Schools};
use crate::values::ids::{ContactId, kind};
use crate::values::{TerritoryCode, TextValue};

/// What a row says.
type Stated = Said<kind::Contact, NewContact>;

/// What becomes of a contact.
pub type Planned = planned::Planned<kind::Contact, NewContact, Contact>;

/// Decides of each row, under locks that last as long as the transaction: four queries, whatever their
/// number.
pub async fn plan(tx: &mut Tx<'_>, scope: &Scope, items: &[Item]) -> Result<Vec<Result<Planned>>> {
    let rows: Vec<Result<Stated>> = Said::read_all(items, &LAYOUT).await;
    let there = There::of(tx, scope, rows.iter().flatten()).await?;
    let mut seen = HashSet::new();
    let asked = rows
        .into_iter()
        .map(|row| row.and_then(|row| asked(scope, &there, &mut seen, row)));
    let asked: Vec<Result<Asked>> = asked.collect();
    let places = asked.iter().flatten().filter_map(|one| match one {
        Asked::New(new) | Asked::Change(_, new) => Some(&new.territory),
        Asked::Same(_) => None,
    });
    let schools = Schools::among(tx.connection(), places).await?;
    let mut texts = HashSet::new();
    let planned = asked.into_iter().map(|asked| match asked? {
        Asked::Same(before) => Ok(Planned::Same(Box::new(before))),
        Asked::Change(before, new) => {
            let ancestors = match new.territory == before.content.territory {
                true => before.ancestors.clone(),
                false => above(&schools, &new.territory)?,
            };
            must_be_kept_by(scope, &ancestors)?;
            let row = Row {
                id: before.id,
                content: new,
                ancestors,
            };
            Ok(Planned::Changed(Box::new(before), row))
        }
        Asked::New(new) => {
            let ancestors = above(&schools, &new.territory)?;
            must_be_kept_by(scope, &ancestors)?;
            let said = text(&new);
            if !texts.insert(said.clone()) {
                return Err(repeated_row());
            }
            // Compared only now: who has not the place in charge does not learn who is there.
            Ok(match there.by_text.get(&said) {
                Some(same) if !seen.insert(same.id) => return Err(repeated_row()),
                Some(same) => Planned::Same(Box::new(same.clone())),
                None => Planned::Created(Row {
                    id: ContactId::new(tx.new_id()),
                    content: new,
                    ancestors,
                }),
            })
        }
    });
    Ok(planned.collect())
}

/// What a row asks for, before the rules.
enum Asked {
    New(NewContact),
    Change(Contact, NewContact),
    Same(Contact),
}

/// What a row asks for: the first of its contact.
fn asked(
    scope: &Scope,
    there: &There,
    seen: &mut HashSet<ContactId>,
    row: Stated,
) -> Result<Asked> {
    let Some(id) = row.id else {
        return row.new.map(Asked::New).ok_or_else(Error::not_found);
    };
    let before = there.by_id.get(&id).ok_or_else(Error::not_found)?;
    must_be_kept_by(scope, &before.ancestors)?;
    if !seen.insert(id) {
        return Err(repeated_row());
    }
    let new = row.patch.apply(&before.content)?;
    Ok(if new == before.content {
        Asked::Same(before.clone())
    } else {
        Asked::Change(before.clone(), new)
    })
}

/// A content as one text, to be compared.
fn text(new: &NewContact) -> String {
    serde_json::to_string(new).unwrap_or_default()
}

/// The territory and all above it.
fn above(schools: &Schools, territory: &TerritoryCode) -> Result<Vec<String>> {
    let known = schools.each(std::slice::from_ref(territory));
    let above = known.map_err(|unknown| unknown.refusal(|_| "/territory".to_owned()))?;
    Ok(ancestry::all(&above))
}

/// The contacts that rows may be of.
struct There {
    by_id: HashMap<ContactId, Contact>,
    by_text: HashMap<String, Contact>,
}

impl There {
    async fn of(
        tx: &mut Tx<'_>,
        scope: &Scope,
        rows: impl Iterator<Item = &Stated> + Clone,
    ) -> Result<Self> {
        let ids: Vec<ContactId> = rows.clone().filter_map(|row| row.id).collect();
        let places = rows.filter_map(|row| Some(row.new.as_ref()?.territory.as_str().to_owned()));
        let places: HashSet<String> = places.collect();
        let places: Vec<String> = places.into_iter().collect();
        let (mut by_id, mut by_text) = (HashMap::new(), HashMap::new());
        many::take_turns(tx.connection()).await?;
        for contact in many::lock_all(tx.connection(), scope, &ids).await? {
            by_id.insert(contact.id, contact);
        }
        if !places.is_empty() {
            for contact in store::of_territories(tx.connection(), scope, &places).await? {
                by_text.entry(text(&contact.content)).or_insert(contact);
            }
        }
        Ok(Self { by_id, by_text })
    }
}
