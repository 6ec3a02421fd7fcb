//! How a fault of a cell could be put right: what is accepted there, and what was probably meant.

use serde_json::Value;

use super::layout::{Kind, Layout};
use super::meaning::{AMBIGUOUS_DAY, AMBIGUOUS_NUMBER};
use crate::error::{Advice, Rule};
use crate::http::advice;
use crate::reference::{Nomenclature, Reference, fold, nearest_of};
use crate::values::{TerritoryKind, guess};

/// How a fault could be put right, besides what holds for every request.
pub fn advised(layout: &'static Layout, pointer: &str, rule: &Rule, object: &Value) -> Advice {
    let given = object.pointer(pointer);
    let general = advice::of(pointer, rule, given);
    let kind = layout.of(pointer).map(|column| column.kind);
    let text = given.and_then(Value::as_str).unwrap_or_default();
    match (rule, kind) {
        (Rule::UnknownField(_), _) if pointer.matches('/').count() == 1 => field(layout, pointer),
        (Rule::Required | Rule::NotNull, Some(Kind::Code(list) | Kind::Codes(list))) => Advice {
            accepted: codes(list),
            nearest: None,
        },
        (Rule::About(notice, meant), _) if std::ptr::eq(*notice, &AMBIGUOUS_NUMBER) => Advice {
            nearest: meant.parse::<i64>().ok().map(Value::from),
            ..general
        },
        (Rule::About(notice, meant), _) if std::ptr::eq(*notice, &AMBIGUOUS_DAY) => Advice {
            nearest: guess::date(meant),
            ..general
        },
        (Rule::WrongType("integer"), _) if general.nearest.is_none() => Advice {
            accepted: given
                .and_then(Value::as_f64)
                .map(beside)
                .unwrap_or_default(),
            nearest: only_number(text),
        },
        (Rule::Own(notice), _) => Advice {
            accepted: part_of(notice.code, object).unwrap_or(general.accepted),
            ..general
        },
        (_, Some(Kind::Academy | Kind::Territory | Kind::Territories))
            if general.nearest.is_none() && !text.is_empty() =>
        {
            Advice {
                nearest: by_name(text, kind == Some(Kind::Academy)),
                ..general
            }
        }
        _ => general,
    }
}

fn field(layout: &Layout, pointer: &str) -> Advice {
    let names = || layout.columns.iter().map(|column| column.name.to_owned());
    let typed = pointer
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    Advice {
        accepted: names().map(Value::from).collect(),
        nearest: nearest_of(&typed, names(), 2).map(Value::from),
    }
}

fn codes(list: &str) -> Vec<Value> {
    let list = Reference::get().nomenclature(list);
    let codes = list.map(Nomenclature::codes);
    codes.into_iter().flatten().map(Value::from).collect()
}

/// The whole numbers beside one with decimals.
fn beside(number: f64) -> Vec<Value> {
    let whole = [number.floor(), number.ceil()].into_iter();
    whole.filter_map(guess::whole).collect()
}

/// The bounds of a number that is greater than what it is a part of.
fn part_of(code: &str, object: &Value) -> Option<Vec<Value>> {
    let whole = match code {
        "more_than_pupils" => "pupils",
        "more_than_offered" => "internships_offered",
        _ => return None,
    };
    Some(vec![0.into(), object.get(whole)?.clone()])
}

/// The number in a text that has only one: `environ 50`, `50 élèves`.
fn only_number(text: &str) -> Option<Value> {
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty());
    let first = numbers.next()?.parse::<i64>().ok()?;
    numbers.next().is_none().then(|| first.into())
}

/// The territory whose name is nearest.
fn by_name(text: &str, is_academy: bool) -> Option<Value> {
    let words = fold(text.rsplit([':', ' ']).next().unwrap_or(text));
    let is_of = |code: &str| !is_academy || TerritoryKind::Academy.is_of(code);
    let known = || {
        Reference::get()
            .territories()
            .iter()
            .filter(|one| is_of(&one.code))
    };
    let near = nearest_of(&words, known().map(|one| fold(&one.name)), 3)?;
    known()
        .find(|one| fold(&one.name) == near)
        .map(|one| one.code.clone().into())
}
