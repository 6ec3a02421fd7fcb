//! Seeded mistakes over the whole API: the answer names the place, the rule and the fix, in both
//! languages, and in one of them at a time.
//!
//! `mistakes_everywhere.ndjson` is written by `scripts/mistakes`, which says what its members mean.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Service, absent, id, intervention};

const MISTAKES: &str = include_str!("mistakes_everywhere.ndjson");

const SCHOOL: &str = "0660522J";

/// Requests that work, each but for the mistake that is put into it.
struct Bases {
    service: Service,
    partner: String,
    bodies: BTreeMap<&'static str, Value>,
}

impl Bases {
    async fn new() -> Self {
        let service = Service::start().await;
        let partner = id(&service.new_partner("Partenaire").await);
        let convention = service.signed_convention(&partner, json!({})).await;
        service
            .new_school(SCHOOL, "department:066", "academy:11")
            .await;
        let offer = id(&service
            .new_intervention(&partner, &convention, json!({}))
            .await);
        let client = |role: &str| json!({ "name": "A", "contact_email": "a@exemple.fr", "role": role, "scopes": ["read"] });
        let with = |mut body: Value, name: &str, value: Value| {
            body[name] = value;
            body
        };
        let bodies = BTreeMap::from([
            ("partners", json!({ "legal_name": "A", "kind": "company" })),
            (
                "conventions",
                json!({
                    "title": "A", "kind": "framework_cooperation", "scope": "national", "partner_ids": [partner], "starts_on": "2026-09-01",
                    "ends_on": "2029-08-31", "follow_up": { "periodicity": "yearly" }, "renewal": { "mode": "none" }
                }),
            ),
            (
                "declinations",
                json!({
                    "convention_id": convention, "level": "academy", "territories": ["academy:10"], "starts_on": "2026-09-01",
                    "targets": [{ "measure": "pupils", "school_year": "2026-2027", "value": 10 }]
                }),
            ),
            (
                "contacts",
                json!({ "territory": "academy:10", "role": "cell", "label": "A", "email": "a@exemple.fr" }),
            ),
            ("clients", client("reader")),
            (
                "clients_of_schools",
                with(client("establishment"), "uais", json!([SCHOOL])),
            ),
            (
                "clients_of_partners",
                with(client("partner"), "partner_id", json!(partner)),
            ),
            (
                "campaigns",
                json!({ "school_year": "2025-2026", "opens_on": "2026-05-01", "due_on": "2028-10-31" }),
            ),
            (
                "reports",
                json!({
                    "convention_id": convention, "territory": "academy:10", "school_year": "2025-2026",
                    "lines": [{ "action_type": "company_visit", "level": "3e", "actions": 1, "pupils": 10 }]
                }),
            ),
            (
                "interventions",
                intervention(
                    &convention,
                    json!({ "place": { "latitude": 45.75, "longitude": 4.85 } }),
                ),
            ),
            (
                "solicitations",
                json!({ "uai": SCHOOL, "intervention_id": offer, "levels": ["3e"], "pupils_expected": 24 }),
            ),
        ]);
        Self {
            service,
            partner,
            bodies,
        }
    }

    /// What is answered to a mistake.
    async fn answer(&self, mistake: &Value, language: &str) -> Value {
        let of = mistake["of"].as_str().unwrap();
        let request = if let Some(name) = mistake["query"].as_str() {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair(name, mistake["wrong"].as_str().unwrap());
            let path = format!("/v1/{of}?{}", query.finish());
            self.service.ministry().request("GET", &path)
        } else if of == "interventions" {
            let path = format!("/v1/partners/{}/interventions/a", self.partner);
            let portal = self.service.partner(&self.partner);
            portal.request("PUT", &path).json(&self.body(mistake))
        } else {
            let path = format!("/v1/{}", of.split("_of_").next().unwrap());
            let ministry = self.service.ministry();
            ministry.request("POST", &path).json(&self.body(mistake))
        };
        let reply = request.header("accept-language", language).send().await;
        assert!(
            reply.status.is_client_error(),
            "{mistake}: {}",
            reply.text()
        );
        reply.json()
    }

    fn body(&self, mistake: &Value) -> Value {
        let mut body = self.bodies[mistake["of"].as_str().unwrap()].clone();
        let wrong = match &mistake["wrong"] {
            Value::String(text) if text == "<nobody>" => absent().into(),
            other => other.clone(),
        };
        set(&mut body, mistake["set"].as_str().unwrap(), wrong);
        body
    }
}

/// Puts a value at a pointer, or takes it away; what lies on the way there is made.
fn set(body: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let mut place = body;
    for step in parent.split('/').skip(1) {
        place = match step.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[step],
        };
    }
    match (name.parse::<usize>(), value) {
        (Ok(_), value) => *place = json!([value]),
        (Err(_), value) if value == "<absent>" => {
            place.as_object_mut().unwrap().shift_remove(name);
        }
        (Err(_), value) => place[name] = value,
    }
}

/// Whether an answer names the place, the rule and the fix.
fn is_told(mistake: &Value, answer: &Value, language: usize) -> bool {
    let of_place = |fault: &&Value| {
        let places = ["pointer", "parameter", "header"];
        places.iter().any(|kind| fault[*kind] == mistake["at"])
    };
    let mut faults = answer["errors"].as_array().unwrap().iter().filter(of_place);
    let is_rule = |fault: &&Value| mistake["code"].is_null() || fault["code"] == mistake["code"];
    let Some(fault) = faults.find(is_rule) else {
        return false;
    };
    let (fix, accepted) = (&mistake["fix"], &mistake["accepted"]);
    let word = mistake["says"][language].as_str();
    let says = |word: &str| fault["detail"].as_str().unwrap().contains(word);
    (fix.is_null() || is_same(&fault["nearest"], fix))
        && (accepted.is_null() || fault["accepted"].as_array().unwrap().contains(accepted))
        && word.is_none_or(says)
        && !(fix.is_null() && accepted.is_null() && word.is_none())
}

fn is_same(left: &Value, right: &Value) -> bool {
    left == right || (left.is_number() && left.as_f64() == right.as_f64())
}

/// Whether the words of an answer are of another language: what is quoted aside.
fn is_foreign(answer: &Value, language: usize) -> bool {
    const WORDS: [&[&str]; 2] = [
        &[
            "the", "this", "is", "are", "of", "here", "remove", "expected", "correct",
        ],
        &[
            "le", "la", "les", "une", "des", "du", "ce", "cette", "est", "vous", "retirez",
            "attendue",
        ],
    ];
    let details = answer["errors"].as_array().unwrap().iter();
    let texts = details
        .map(|fault| &fault["detail"])
        .chain([&answer["detail"], &answer["title"]]);
    let mut texts = texts.map(|text| text.as_str().unwrap().to_lowercase());
    texts.any(|text| {
        let unquoted: String = text.split(['`', '«', '»', '"']).step_by(2).collect();
        let mut words = unquoted.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        words.any(|word| WORDS[language].contains(&word))
    })
}

#[actix_web::test]
async fn an_answer_names_the_place_the_rule_and_the_fix_of_a_mistake_in_both_languages() {
    let bases = Bases::new().await;
    let mistakes: Vec<Value> = MISTAKES
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(mistakes.len() >= 500, "{}", mistakes.len());
    let mut missed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mistake in &mistakes {
        for (place, language) in ["fr", "en"].into_iter().enumerate() {
            let answer = bases.answer(mistake, language).await;
            assert!(!is_foreign(&answer, place), "{language}: {answer}");
            if !is_told(mistake, &answer, place) {
                let class = mistake["class"].as_str().unwrap().to_owned();
                let told = format!("{mistake} → {}", answer["errors"]);
                missed.entry(class).or_default().push(told);
                break;
            }
        }
    }
    let count: usize = missed.values().map(Vec::len).sum();
    let share = 100 * (mistakes.len() - count) / mistakes.len();
    println!("{share} % of {} told: {missed:#?}", mistakes.len());
    assert!(share >= 95, "{share} %: {missed:#?}");
}
