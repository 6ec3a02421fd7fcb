//! How a fault could be put right: the values accepted, and the one probably meant.

use serde_json::{Value, json};

use super::query::Parameters;
use crate::error::{Advice, Fault, Place, Rule};
use crate::reference::{Nomenclature, Reference, nearest_of};
use crate::values::{CityCode, PostalCode, Territory, TerritoryKind, guess};

const DEPARTMENT: &str = TerritoryKind::Department.example();
const SCHOOL: &str = TerritoryKind::School.example();

/// The advice for a fault of a request, of which the body and the query are given where they were read.
pub fn on_request(fault: &Fault, body: Option<&Value>, parameters: Option<&Parameters>) -> Advice {
    match &fault.place {
        Place::Pointer(pointer) => {
            let given = body.and_then(|body| body.pointer(pointer));
            of(pointer, &fault.rule, given)
        }
        Place::Parameter(name) => {
            let value = parameters.and_then(|parameters| parameters.get(name));
            on_parameter(name, &fault.rule, value)
        }
        Place::Header(_) => of("", &fault.rule, None),
    }
}

/// Of a parameter with several values, the first that something else is meant by.
fn on_parameter(name: &str, rule: &Rule, value: Option<&str>) -> Advice {
    let path = format!("/{name}");
    if let Rule::Item(value, rule) = rule {
        return of(&path, rule, Some(&value.as_str().into()));
    }
    let values = value.into_iter().flat_map(|value| value.split(','));
    let advised = values.map(|value| (value, of(&path, rule, Some(&value.into()))));
    let is_other = |(value, advice): &(&str, Advice)| {
        advice
            .nearest
            .as_ref()
            .is_some_and(|meant| meant.as_str() != Some(value))
    };
    let mut all: Vec<(&str, Advice)> = advised.collect();
    let chosen = all.iter().position(is_other).unwrap_or_default();
    if all.is_empty() {
        return of(&path, rule, None);
    }
    all.swap_remove(chosen).1
}

/// The longest text, and the longest list, of which is guessed what was meant: to guess costs something.
const LONGEST: usize = 6_000;
const MOST_ITEMS: usize = 200;

fn is_worth_a_guess(given: &Value) -> bool {
    match given {
        Value::String(text) => text.len() <= LONGEST,
        Value::Array(items) => items.len() <= MOST_ITEMS,
        _ => true,
    }
}

/// The advice for a rule that a value at this place breaks.
pub fn of(pointer: &str, rule: &Rule, given: Option<&Value>) -> Advice {
    let given = given.filter(|given| is_worth_a_guess(given));
    let text = given.and_then(Value::as_str).unwrap_or_default();
    let nearest = match rule {
        Rule::UnknownField(known) | Rule::UnknownParameter(known) => {
            let last = pointer.rsplit('/').next().unwrap_or_default();
            name_meant(last, known)
        }
        Rule::UnknownMember(known) => member_meant(text, known),
        Rule::UnknownOrder(known) => order_meant(text, known),
        _ => nearest(rule, given, text),
    };
    Advice {
        accepted: accepted(rule),
        nearest,
    }
}

/// The name of a field or a parameter that was probably meant.
fn name_meant(typed: &str, known: &[&str]) -> Option<Value> {
    let typed = typed
        .trim_start_matches('\u{feff}')
        .replace(['-', ' '], "_");
    let words = snake_case(&typed);
    nearest_of(&words, known.iter().map(|name| (*name).to_owned()), 2).map(Value::from)
}

/// The member of an answer that was probably meant.
fn member_meant(typed: &str, known: &[String]) -> Option<Value> {
    let words = snake_case(&typed.trim().replace(['-', ' '], "_"));
    nearest_of(&words, known.iter().cloned(), 2).map(Value::from)
}

/// `legalName` as `legal_name`.
fn snake_case(name: &str) -> String {
    let mut words = String::with_capacity(name.len());
    let mut was_lower = false;
    for character in name.chars() {
        if character.is_uppercase() && was_lower {
            words.push('_');
        }
        was_lower = character.is_lowercase();
        words.extend(character.to_lowercase());
    }
    words
}

/// An order, with the sign that was given: `-updated_at`, also as `updated_at:desc`.
fn order_meant(typed: &str, known: &[&str]) -> Option<Value> {
    let folded = typed.trim().to_lowercase();
    let name = folded.trim_start_matches(['-', '+']);
    let (name, direction) = name.split_once([':', ' ', '.']).unwrap_or((name, ""));
    let sign = if folded.starts_with('-') || direction == "desc" {
        "-"
    } else {
        ""
    };
    let name = snake_case(&name.replace('-', "_"));
    let meant = nearest_of(&name, known.iter().map(|name| (*name).to_owned()), 2)?;
    Some(format!("{sign}{meant}").into())
}

fn accepted(rule: &Rule) -> Vec<Value> {
    match rule {
        Rule::UnknownCode(list, _) => {
            let list = Reference::get().nomenclature(list);
            let codes = list.map(Nomenclature::codes);
            codes.into_iter().flatten().map(Value::from).collect()
        }
        Rule::UnknownField(known) | Rule::UnknownParameter(known) => {
            known.iter().map(|name| (*name).into()).collect()
        }
        Rule::Choice(_, _, values) => values.iter().cloned().map(Value::from).collect(),
        Rule::UnknownMember(known) => known.iter().cloned().map(Value::from).collect(),
        Rule::UnknownOrder(known) => known
            .iter()
            .flat_map(|name| [(*name).into(), format!("-{name}").into()])
            .collect(),
        Rule::WrongType("boolean") => vec![true.into(), false.into()],
        Rule::OutOfRange(low, high) => vec![(*low).into(), (*high).into()],
        Rule::Format(form) => words_of(form).into_iter().map(Value::from).collect(),
        _ => Vec::new(),
    }
}

/// The words of a form that is a list of them (`standard, excel-fr`), and no example.
fn words_of(form: &'static str) -> Vec<&'static str> {
    let words: Vec<&str> = form.split(", ").collect();
    let is_word = |word: &&str| {
        word.len() > 1
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || b"_-".contains(&byte))
    };
    // Two letters each are examples of languages.
    let is_list = words.len() > 1 && words.iter().any(|word| word.len() > 2);
    if is_list && words.iter().all(is_word) {
        words
    } else {
        Vec::new()
    }
}

fn nearest(rule: &Rule, given: Option<&Value>, text: &str) -> Option<Value> {
    match rule {
        Rule::UnknownCode(list, near) => {
            let list = Reference::get().nomenclature(list)?;
            let meant = list.meant_by(text).or_else(|| near.clone());
            meant.map(Value::from)
        }
        Rule::Format("2026-01-31") | Rule::ImpossibleDate => guess::date(text),
        Rule::Format("2026-01-31T12:00:00Z") => guess::moment(text),
        Rule::Format("2025-2026") => guess::school_year(text),
        Rule::Format("552049447") => guess::siren(text),
        Rule::Format("77684512500058") => guess::siret(text),
        Rule::Format("34000") => guess::code_of_place::<PostalCode>(text),
        Rule::Format("34172") => guess::code_of_place::<CityCode>(text),
        Rule::Format("0690001B") if !text.contains(':') => guess::uai(text),
        Rule::Format("W751234567") => guess::rna(text),
        Rule::WrongType(kind) => of_type(kind, given?, text),
        Rule::OutOfRange(low, high) => guess::within(given?, *low, *high),
        Rule::UnknownTerritory => guess::territory(text),
        Rule::Format(form) if form.contains("academy:10") || form.contains("region:84") => {
            guess::territory(text)
        }
        Rule::Format(form) if [DEPARTMENT, SCHOOL, "0690001B"].contains(form) => {
            guess::territory(text)
        }
        Rule::Checksum(Some(meant)) if text.contains(':') => {
            let school = Territory::new(TerritoryKind::School, meant);
            Some(school.to_string().into())
        }
        Rule::Checksum(Some(meant)) => Some(meant.clone().into()),
        Rule::Format("fr, en, de") => guess::language(text),
        Rule::Format(form) if form.starts_with("https:") => guess::address(text),
        Rule::Format(form) if form.starts_with("visite-42") => guess::name(text),
        Rule::Format(form) if form.starts_with("prenom.nom@") => guess::email(text),
        Rule::Format(form) => {
            let words = words_of(form);
            let typed = text.to_lowercase().replace('_', "-");
            nearest_of(&typed, words.into_iter().map(str::to_owned), 2).map(Value::from)
        }
        Rule::ForbiddenCharacters => guess::clean(text),
        Rule::About(notice, meant)
            if std::ptr::eq(*notice, &crate::error::notice::DECIMAL_POINT) =>
        {
            Some(meant.clone().into())
        }
        _ => None,
    }
}

/// A value of another type that says the same.
fn of_type(kind: &str, given: &Value, text: &str) -> Option<Value> {
    match kind {
        "string" => {
            let plain = Some(given).filter(|value| value.is_number() || value.is_boolean());
            plain.map(|value| value.to_string().into())
        }
        "array" => guess::list(given),
        "boolean" => guess::flag(given),
        "integer" => guess::number(text)
            .or_else(|| given.as_f64())
            .and_then(guess::whole),
        "number" => guess::number(text).map(plain),
        _ => None,
    }
}

fn plain(number: f64) -> Value {
    guess::whole(number).unwrap_or_else(|| json!(number))
}
