//! How a fault of an item could be put right, besides what holds for every request.

use serde_json::Value;

use super::cells::columns_within;
use crate::error::{Advice, Rule};
use crate::http::advice;
use crate::http::formats::columns_of;
use crate::offers::interventions::content::NewIntervention;
use crate::offers::interventions::model::ExternalId;
use crate::reference::nearest_of;
use crate::values::ids::ConventionId;
use crate::values::{FromText, guess};

/// A convention that a partner could offer something under: its id and its reference.
pub type Offerable = (ConventionId, String);

/// What the reader of an item wants where no date is.
const DATES: [&str; 2] = ["/available_from", "/available_to"];

/// The advice for a fault of an item.
pub fn of(pointer: &str, rule: &Rule, item: &Value, offerable: &[Offerable]) -> Advice {
    let given = item.pointer(pointer);
    let text = given.and_then(Value::as_str).unwrap_or_default();
    if pointer == "/convention_id" && !text.is_empty() {
        return convention(text, offerable);
    }
    let general = advice::of(pointer, rule, given);
    let nearest = match rule {
        Rule::UnknownField(_) => return field(pointer),
        Rule::WrongType("string") if DATES.contains(&pointer) => {
            given.and_then(|given| guess::date(&given.to_string()))
        }
        Rule::WrongType("object") if pointer == "/place" => guess::place(text),
        Rule::Own(notice) if notice.code == "before_start" => item.get("available_from").cloned(),
        Rule::Format(_) if pointer == "/external_id" => general.nearest.filter(is_external_id),
        _ => general.nearest,
    };
    Advice { nearest, ..general }
}

fn is_external_id(name: &Value) -> bool {
    name.as_str()
        .is_some_and(|name| ExternalId::from_text(name).is_ok())
}

/// The fields of an item are known wherever one of them was meant to stand, in its place too.
fn field(pointer: &str) -> Advice {
    let last = pointer.rsplit('/').next().unwrap_or_default();
    let name = last.trim_start_matches('\u{feff}').to_lowercase();
    Advice {
        accepted: fields().map(Value::from).collect(),
        nearest: nearest_of(&name, fields(), 2).map(Value::from),
    }
}

/// The fields of an item, and those of its place and of its host.
fn fields() -> impl Iterator<Item = String> {
    let own = columns_of::<NewIntervention>()
        .into_iter()
        .map(|column| column.name().to_owned());
    let members = ["label", "city_code", "postal_code", "name", "siret", "city"];
    let members = columns_within().chain(members);
    std::iter::once("external_id".to_owned())
        .chain(own)
        .chain(members.map(str::to_owned))
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
