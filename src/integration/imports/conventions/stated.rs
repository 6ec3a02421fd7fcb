//! What a line says of a convention, as the register has it.

use chrono::{Datelike, NaiveDate};

use super::line::{Line, last_day};
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
pub fn content(line: &Line, parties: &[&Party]) -> Result<Content, Rejection> {
    let names: Vec<&str> = parties.iter().map(|party| party.name.as_str()).collect();
    let title: String = format!("{} : {}", capitalised(&line.words), names.join(", "))
        .chars()
        .take(300)
        .collect();
    let bulletin = line
        .source
        .as_ref()
        .filter(|source| source.starts_with("Bulletin officiel") || source.starts_with("BO "));
    Ok(Content {
        title: text(&title)?,
        kind: line.kind.clone(),
        scope: if line.territory.is_some() {
            ConventionScope::Local
        } else {
            ConventionScope::National
        },
        territory: line.territory.clone(),
        partner_ids: parties.iter().map(|party| party.id).collect(),
        axes: Vec::new(),
        action_types: Vec::new(),
        levels: Vec::new(),
        moments: Vec::new(),
        starts_on: line.signed.map(|(day, _)| day),
        ends_on: line.last_year.and_then(last_day),
        terms: Json(Terms::default()),
        publication: Json(Publication {
            nor: line.nor.clone(),
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
pub fn imported(line: &Line, id: String) -> Imported {
    Imported {
        source: line.source.clone(),
        source_id: Some(id),
        date_precision: line.signed.map(|(_, precision)| precision),
        attested_until: attested(line).filter(|_| line.last_year.is_none()),
    }
}

/// The last day that the line's date of signature speaks of.
pub fn attested(line: &Line) -> Option<NaiveDate> {
    let (day, precision) = line.signed?;
    Some(match precision {
        DatePrecision::Day => day,
        DatePrecision::Month => day + chrono::Months::new(1) - chrono::Days::new(1),
        DatePrecision::Year => last_day(day.year()).unwrap_or(day),
    })
}
