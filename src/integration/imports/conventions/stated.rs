//! What a line says of a convention, as the register has it.

use chrono::{Datelike, NaiveDate};

use super::line::{Act, Line, last_day};
use crate::agreements::conventions::acts::{DatePrecision, Imported};
use crate::agreements::conventions::content::{Content, ConventionScope, Publication, Terms};
use crate::integration::imports::Rejection;
use crate::values::ids::{ConventionId, PartnerId};
use crate::values::{FromText as _, Json, Text};

/// A partner, as a file of conventions names it.
pub struct Party {
    pub id: PartnerId,
    pub name: String,
}

/// The content of a line.
pub fn content(line: &Line, act: &Act, parties: &[&Party]) -> Result<Content, Rejection> {
    Ok(line.agreed.of(acted(act, parties)?))
}

/// The content of an act, whatever was agreed.
fn acted(act: &Act, parties: &[&Party]) -> Result<Content, Rejection> {
    let names: Vec<&str> = parties.iter().map(|party| party.name.as_str()).collect();
    let title: String = format!("{} : {}", capitalised(&act.words), names.join(", "))
        .chars()
        .take(300)
        .collect();
    let bulletin = act
        .source
        .as_ref()
        .filter(|source| source.starts_with("Bulletin officiel") || source.starts_with("BO "));
    Ok(Content {
        title: text(&title)?,
        kind: act.kind.clone(),
        scope: if act.territory.is_some() {
            ConventionScope::Local
        } else {
            ConventionScope::National
        },
        territory: act.territory.clone(),
        partner_ids: parties.iter().map(|party| party.id).collect(),
        axes: Vec::new(),
        action_types: Vec::new(),
        levels: Vec::new(),
        moments: Vec::new(),
        starts_on: act.signed.map(|(day, _)| day),
        ends_on: act.ends.map(|(day, _)| day),
        terms: Json(Terms::default()),
        publication: Json(Publication {
            nor: act.nor.clone(),
            bulletin_reference: bulletin.map(|source| text(source)).transpose()?,
            ..Publication::default()
        }),
        predecessor_id: None::<ConventionId>,
    })
}

fn text<const MAX: usize>(words: &str) -> Result<Text<MAX>, Rejection> {
    Text::from_text(words).map_err(|rule| Rejection::of("invalid_text", words, &rule))
}

fn capitalised(words: &str) -> String {
    let mut characters = words.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).collect()
}

/// What the line leaves unknown, and where it comes from.
pub fn imported(act: &Act, id: String) -> Imported {
    Imported {
        source: act.source.clone(),
        source_id: Some(id),
        date_precision: act.signed.map(|(_, precision)| precision),
        attested_until: attested(act).filter(|_| act.ends.is_none()),
    }
}

/// The last day that the line's date of signature speaks of.
pub fn attested(act: &Act) -> Option<NaiveDate> {
    let (day, precision) = act.signed?;
    Some(match precision {
        DatePrecision::Day => day,
        DatePrecision::Month => day + chrono::Months::new(1) - chrono::Days::new(1),
        DatePrecision::Year => last_day(day.year()).unwrap_or(day),
    })
}
