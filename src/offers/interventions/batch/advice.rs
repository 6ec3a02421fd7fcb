//! How a fault of an item could be put right: the values accepted, and the one probably meant.

use serde_json::{Value, json};

use super::guess;
use crate::error::Rule;
use crate::http::formats::columns_of;
use crate::offers::interventions::content::NewIntervention;
use crate::reference::{Reference, nearest_of};
use crate::values::ids::ConventionId;
use crate::values::{Territory, TerritoryKind};

/// A convention that a partner could offer something under: its id and its reference.
pub type Offerable = (ConventionId, String);

/// The advice on a fault, besides its rule.
#[derive(Debug, Default)]
pub struct Advice {
    /// The values accepted, where they can be listed; of a number, its bounds.
    pub accepted: Vec<Value>,
    /// The value probably meant.
    pub nearest: Option<Value>,
}

/// What the reader of an item wants where no date is.
const DATES: [&str; 2] = ["/available_from", "/available_to"];

/// The advice for a fault of an item.
pub fn of(pointer: &str, rule: &Rule, item: &Value, offerable: &[Offerable]) -> Advice {
    let given = item.pointer(pointer);
    let text = given.and_then(Value::as_str).unwrap_or_default();
    if pointer == "/convention_id" && !text.is_empty() {
        return convention(text, offerable);
    }
    Advice {
        accepted: accepted(rule),
        nearest: nearest(pointer, rule, given, text, item),
    }
}

fn accepted(rule: &Rule) -> Vec<Value> {
    match rule {
        Rule::UnknownCode(list, _) => {
            let list = Reference::get().nomenclature(list);
            let codes = list.map(crate::reference::Nomenclature::codes);
            codes.into_iter().flatten().map(Value::from).collect()
        }
        Rule::UnknownField => fields().map(Value::from).collect(),
        Rule::WrongType("boolean") => vec![true.into(), false.into()],
        Rule::OutOfRange(low, high) => vec![(*low).into(), (*high).into()],
        _ => Vec::new(),
    }
}

fn nearest(
    pointer: &str,
    rule: &Rule,
    given: Option<&Value>,
    text: &str,
    item: &Value,
) -> Option<Value> {
    match rule {
        Rule::UnknownCode(list, near) => {
            let list = Reference::get().nomenclature(list)?;
            let meant = list.meant_by(text).or_else(|| near.clone());
            meant.map(Value::from)
        }
        Rule::UnknownField => {
            let last = pointer.rsplit('/').next().unwrap_or_default();
            let name = last.trim_start_matches('\u{feff}').to_lowercase();
            nearest_of(&name, fields(), 2).map(Value::from)
        }
        Rule::Format("2026-01-31") | Rule::ImpossibleDate => guess::date(text),
        Rule::WrongType("string") if DATES.contains(&pointer) => guess::date(&given?.to_string()),
        Rule::WrongType("string") => {
            let plain = given.filter(|value| value.is_number() || value.is_boolean());
            plain.map(|value| value.to_string().into())
        }
        Rule::WrongType("array") => guess::list(given?),
        Rule::WrongType("boolean") => guess::flag(given?),
        Rule::WrongType("integer") => guess::number(text)
            .or_else(|| given?.as_f64())
            .and_then(guess::whole),
        Rule::WrongType("number") => guess::number(text).map(plain),
        Rule::WrongType("object") if pointer == "/place" => guess::place(text),
        Rule::OutOfRange(low, high) => guess::within(given?, *low, *high),
        Rule::UnknownTerritory => guess::territory(text),
        Rule::Format(form)
            if form.contains(TerritoryKind::Academy.example()) || *form == "0690001B" =>
        {
            guess::territory(text)
        }
        Rule::Checksum(Some(meant)) => {
            let school = Territory::new(TerritoryKind::School, meant);
            Some(school.to_string().into())
        }
        Rule::Format("fr, en, de") => guess::language(text),
        Rule::Format(form) if form.starts_with("https:") => guess::address(text),
        Rule::Format(form) if form.starts_with("visite-42") => guess::name(text),
        Rule::ForbiddenCharacters => guess::clean(text),
        Rule::Own(notice) if notice.code == "before_start" => item.get("available_from").cloned(),
        _ => None,
    }
}

fn plain(number: f64) -> Value {
    guess::whole(number).unwrap_or_else(|| json!(number))
}

/// The fields of an item, and those of its place.
fn fields() -> impl Iterator<Item = String> {
    let own = columns_of::<NewIntervention>()
        .into_iter()
        .map(|column| column.name().to_owned());
    let place = ["latitude", "longitude", "radius_km", "label", "place_label"];
    std::iter::once("external_id".to_owned())
        .chain(own)
        .chain(place.into_iter().map(str::to_owned))
}

/// A convention is meant by its id, mistyped, or by its reference.
fn convention(text: &str, offerable: &[Offerable]) -> Advice {
    let by_reference = offerable
        .iter()
        .find(|(_, known)| known.eq_ignore_ascii_case(text.trim()));
    let ids = || offerable.iter().map(|(id, _)| id.to_string());
    let nearest = match by_reference {
        Some((id, _)) => Some(id.to_string()),
        None => nearest_of(&text.trim().to_lowercase(), ids(), 3),
    };
    Advice {
        accepted: ids().map(Value::from).collect(),
        nearest: nearest.map(Value::from),
    }
}
