//! Seeded mistakes in what portals push: the verdict names the field and the fix.
//!
//! `mistakes.ndjson` has one a line: where (`set`) the `wrong` value stands, the pointer at which it
//! is to be told (`at`), and the value that was meant (`fix`); where that cannot be known, a value
//! that is to be `accepted`, or what the `detail` is to say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Service, id, intervention, uai};

const MISTAKES: &str = include_str!("mistakes.ndjson");

/// What the placeholders of the corpus stand for.
struct Names {
    convention: String,
    uai: String,
}

impl Names {
    fn in_place(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.filled(text).into(),
            other => other.clone(),
        }
    }

    fn filled(&self, text: &str) -> String {
        if let Some(place) = text.strip_prefix("<typo ") {
            let place: usize = place.trim_end_matches('>').parse().unwrap();
            let (before, after) = self.convention.split_at(place);
            let digit = if after.starts_with('f') { "e" } else { "f" };
            let digit = if after.starts_with('-') { "-" } else { digit };
            return format!("{before}{digit}{}", &after[1..]);
        }
        let wrong = if self.uai.ends_with('Z') { 'A' } else { 'Z' };
        let wrong = format!("{}{wrong}", &self.uai[..7]);
        text.replace("<convention>", &self.convention)
            .replace("<CONVENTION>", &self.convention.to_uppercase())
            .replace("<uai>", &format!("uai:{}", self.uai))
            .replace("<short>", &self.uai[1..])
            .replace("<wrong>", &wrong)
    }
}

/// Puts a value at a pointer of an item, or takes it away.
fn set(item: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    if parent == "/place" && item["place"].is_null() {
        item["place"] = json!({ "latitude": 45.75, "longitude": 4.85 });
    }
    if ["/moments", "/axes", "/languages"].contains(&parent) {
        item[&parent[1..]] = json!([]);
    }
    match item.pointer_mut(parent).unwrap() {
        Value::Array(items) => *items = vec![value],
        Value::Object(members) if value == json!("<absent>") => {
            members.shift_remove(name);
        }
        Value::Object(members) => {
            members.insert(name.to_owned(), value);
        }
        other => panic!("{other}"),
    }
}

/// The item as a CSV of one row: what stands below the place beside the others.
fn csv(item: &Value) -> String {
    let (mut header, mut row) = (Vec::new(), Vec::new());
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut cell = |name: &str, value: &Value| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(items) => {
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                items.join("|")
            }
            other => other.to_string(),
        };
        header.push(name.to_owned());
        row.push(quoted(&text));
    };
    for (name, value) in item.as_object().unwrap() {
        match value {
            Value::Object(place) => place.iter().for_each(|(name, value)| cell(name, value)),
            value => cell(name, value),
        }
    }
    format!("{}\n{}\n", header.join(","), row.join(","))
}

/// Whether the verdict names the field, and the fix.
fn is_told(mistake: &Value, verdict: &Value, names: &Names) -> bool {
    let at = mistake["at"].as_str().unwrap();
    let mut faults = verdict["errors"].as_array().into_iter().flatten();
    let Some(fault) = faults.find(|fault| fault["pointer"] == at) else {
        return false;
    };
    let fix = names.in_place(&mistake["fix"]);
    let accepted = names.in_place(&mistake["accepted"]);
    let accepts = || fault["accepted"].as_array().unwrap().contains(&accepted);
    let detail = mistake["detail"].as_str();
    let says = |word: &str| fault["detail"].as_str().unwrap().contains(word);
    (fix.is_null() || is_same(&fault["nearest"], &fix))
        && (accepted.is_null() || accepts())
        && detail.is_none_or(says)
        && !(fix.is_null() && accepted.is_null() && detail.is_none())
}

/// Equal, `48` being `48.0`.
fn is_same(left: &Value, right: &Value) -> bool {
    left == right || (left.is_number() && left.as_f64() == right.as_f64())
}

#[actix_web::test]
async fn the_verdict_of_a_mistake_names_the_field_and_the_fix() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("Partenaire").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    let names = Names {
        convention,
        uai: uai(690_001),
    };
    service
        .new_school(&names.uai, "department:069", "academy:10")
        .await;
    let (portal, path) = (
        service.partner(&partner),
        format!("/v1/partners/{partner}/interventions/batch?dry_run=true"),
    );
    let mistakes: Vec<Value> = MISTAKES
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(mistakes.len() >= 300, "{}", mistakes.len());
    let mut missed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mistake in &mistakes {
        let mut item = intervention(&names.convention, json!({ "external_id": "a" }));
        for (pointer, value) in mistake["also"].as_object().into_iter().flatten() {
            set(&mut item, pointer, value.clone());
        }
        let pointer = mistake["set"].as_str().unwrap();
        set(&mut item, pointer, names.in_place(&mistake["wrong"]));
        let request = portal.request("POST", &path);
        let request = if mistake["form"] == "csv" {
            request.body("text/csv", csv(&item))
        } else {
            request.json(&json!({ "items": [item] }))
        };
        let verdict = request.send().await.expect(200)["items"][0].take();
        assert_eq!(verdict["outcome"], "rejected", "{mistake}");
        if !is_told(mistake, &verdict, &names) {
            let told = format!("{mistake} → {}", verdict["errors"]);
            let class = mistake["class"].as_str().unwrap().to_owned();
            missed.entry(class).or_default().push(told);
        }
    }
    let count: usize = missed.values().map(Vec::len).sum();
    let share = 100 * (mistakes.len() - count) / mistakes.len();
    println!("{share} % of {} told: {missed:#?}", mistakes.len());
    assert!(share >= 95, "{share} %: {missed:#?}");
}
