//! Laws of amended conventions: whatever is signed, ended and renewed, and in which order, what the
//! register says of a day is what a plain reading of the acts says.

use chrono::{Days, NaiveDate};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::amendments::{amendment, sent, sign};
use crate::conventions::{national, signature, signed};
use crate::support::{Service, id, merged};

const AXES: [&str; 4] = [
    "career_discovery",
    "internships",
    "apprenticeship",
    "staff_training",
];

fn day(offset: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + Days::new(offset)
}

/// An act as a clerk files it: from when, in which order it was registered, and what it says.
#[derive(Debug, Clone)]
struct Act {
    from: NaiveDate,
    number: i64,
    changes: Vec<Value>,
}

/// A convention as a clerk reads it: the first text, and the acts in the order they were filed.
#[derive(Debug)]
struct File {
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    partners: Vec<String>,
    axes: Vec<String>,
    acts: Vec<Act>,
    terminated_on: Option<NaiveDate>,
    replaced_on: Option<NaiveDate>,
}

/// What the convention says on a day.
#[derive(Debug, PartialEq)]
struct Reading {
    ends_on: NaiveDate,
    partners: Vec<String>,
    axes: Vec<String>,
    articles: Vec<(String, String)>,
}

impl File {
    /// The text on a day: each act in effect is read in its turn, and the last word is taken.
    fn read(&self, on: NaiveDate) -> Reading {
        let mut reading = Reading {
            ends_on: self.ends_on,
            partners: self.partners.clone(),
            axes: self.axes.clone(),
            articles: Vec::new(),
        };
        let mut acts: Vec<&Act> = self.acts.iter().filter(|act| act.from <= on).collect();
        acts.sort_by_key(|act| (act.from, act.number));
        for change in acts.iter().flat_map(|act| &act.changes) {
            let text = |name: &str| change[name].as_str().unwrap().to_owned();
            match change["op"].as_str().unwrap() {
                "extend" => reading.ends_on = text("ends_on").parse().unwrap(),
                "add_partner" => reading.partners.push(text("partner_id")),
                "remove_partner" => reading.partners.retain(|one| *one != text("partner_id")),
                "set_axes" => reading.axes = texts(&change["axes"]),
                "text" => {
                    reading
                        .articles
                        .retain(|(name, _)| *name != text("article"));
                    reading.articles.push((text("article"), text("text")));
                    reading.articles.sort();
                }
                other => panic!("{other}"),
            }
        }
        reading
    }

    /// The end of the whole, all acts counted.
    fn last_day(&self) -> NaiveDate {
        let agreed = self.read(NaiveDate::MAX).ends_on;
        let replaced = self.replaced_on.map(|first| first.pred_opt().unwrap());
        [Some(agreed), self.terminated_on, replaced]
            .into_iter()
            .flatten()
            .min()
            .unwrap()
    }

    fn status_on(&self, on: NaiveDate) -> &'static str {
        if self.terminated_on.is_some_and(|last| on > last) {
            "terminated"
        } else if self.replaced_on.is_some_and(|first| on >= first) {
            "replaced"
        } else if on < self.starts_on {
            "upcoming"
        } else if on <= self.last_day() {
            "in_force"
        } else {
            "expired"
        }
    }

    fn says(&self, answer: &Value, on: NaiveDate) {
        let reading = self.read(on);
        let told = Reading {
            ends_on: answer["ends_on"].as_str().unwrap().parse().unwrap(),
            partners: texts(&answer["partner_ids"]),
            axes: texts(&answer["axes"]),
            articles: answer["articles"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| {
                    (
                        one["article"].as_str().unwrap().to_owned(),
                        one["text"].as_str().unwrap().to_owned(),
                    )
                })
                .collect(),
        };
        assert_eq!(told, reading, "on {on}: {self:#?}");
        assert_eq!(
            answer["effective_status"],
            self.status_on(on),
            "on {on}: {self:#?}"
        );
        let is_later =
            |one: &&Value| one["effective_on"].as_str().unwrap() > on.to_string().as_str();
        let of_tomorrow = answer["amendments"]
            .as_array()
            .unwrap()
            .iter()
            .find(is_later);
        assert_eq!(of_tomorrow, None, "on {on}");
        let in_effect = self.acts.iter().filter(|act| act.from <= on).count();
        assert_eq!(answer["amendments"].as_array().unwrap().len(), in_effect);
    }
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one.as_str().unwrap().to_owned()).collect()
}

fn any_change(random: &mut StdRng, partners: &[String]) -> Value {
    match random.random_range(0..5) {
        0 => json!({ "op": "extend", "ends_on": day(random.random_range(300..2500)) }),
        1 => json!({ "op": "add_partner", "partner_id": partners.choose(random).unwrap() }),
        2 => json!({ "op": "remove_partner", "partner_id": partners.choose(random).unwrap() }),
        3 => {
            let count = random.random_range(0..3);
            let axes: Vec<&&str> = AXES.choose_multiple(random, count).collect();
            json!({ "op": "set_axes", "axes": axes })
        }
        _ => {
            let article = format!("Article {}", random.random_range(1..4));
            json!({ "op": "text", "article": article, "text": format!("{}", random.random_range(0..1000)) })
        }
    }
}

/// Tries an amendment with one or two changes; whether it was signed is for the register to say, and
/// what it then means is for the file.
async fn try_amendment(
    service: &Service,
    random: &mut StdRng,
    path: &str,
    file: &mut File,
    partners: &[String],
) {
    // Mostly while the convention is in force: elsewhere it is refused.
    let life = (file.last_day() - file.starts_on).num_days().max(1);
    let from = file.starts_on + chrono::TimeDelta::days(random.random_range(-10..life + 10));
    let changes: Vec<Value> = (0..random.random_range(1..3))
        .map(|_| any_change(random, partners))
        .collect();
    let eve = file.read(from.pred_opt().unwrap()).partners;
    let joining = changes
        .iter()
        .filter(|change| change["op"] == "add_partner");
    let joining = joining.map(|change| change["partner_id"].as_str().unwrap().to_owned());
    let mut parties = eve;
    parties.extend(joining);
    parties.sort();
    parties.dedup();
    let parties: Vec<&str> = parties.iter().map(String::as_str).collect();
    let body = amendment(&from.to_string(), json!(changes), &parties);
    let drafted = service
        .ministry()
        .post(&format!("{path}/amendments"), body)
        .await;
    if drafted.status != 201 {
        drafted.problem(422, "validation_failed");
        return;
    }
    let draft = drafted.expect(201);
    let number = draft["number"].as_i64().unwrap();
    let place = format!("{path}/amendments/{}", id(&draft));
    if random.random_bool(0.15) {
        let step = ["abandon", "send-for-signature"].choose(random).unwrap();
        service
            .ministry()
            .post(&format!("{place}/{step}"), json!({}))
            .await
            .expect(200);
        return;
    }
    service
        .ministry()
        .post(&format!("{place}/send-for-signature"), json!({}))
        .await
        .expect(200);
    sign(service, &place).await.expect(200);
    file.acts.push(Act {
        from,
        number,
        changes,
    });
}

#[actix_web::test]
async fn whatever_is_signed_the_text_and_the_status_of_a_day_are_what_the_acts_say() {
    let service = Service::start().await;
    let mut partners = Vec::new();
    for name in ["A", "B", "C"] {
        partners.push(id(&service.new_partner(name).await));
    }
    let ministry = service.ministry();
    let mut signed_acts = 0;
    for seed in 0..30 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut body = national(&partners[0]);
        let (starts, length) = (random.random_range(0..200), random.random_range(200..1200));
        (body["starts_on"], body["ends_on"]) = (json!(day(starts)), json!(day(starts + length)));
        body["axes"] = json!(["internships"]);
        let path = signed(&service, body).await;
        let mut file = File {
            starts_on: day(starts),
            ends_on: day(starts + length),
            partners: vec![partners[0].clone()],
            axes: vec!["internships".to_owned()],
            acts: Vec::new(),
            terminated_on: None,
            replaced_on: None,
        };
        for _ in 0..24 {
            match random.random_range(0..12) {
                0 if seed % 3 == 0 => {
                    let on = day(random.random_range(2300..2600)).min(file.last_day());
                    let body = json!({ "on": on, "party": "A", "kind": "mutual" });
                    let reply = ministry.post(&format!("{path}/terminate"), body).await;
                    let may = file.terminated_on.is_none() && file.replaced_on.is_none();
                    // Nothing is ended before it was signed.
                    if reply.status == 200 {
                        assert!(may);
                        file.terminated_on = Some(on);
                    } else if may {
                        assert!(on < NaiveDate::from_ymd_opt(2026, 1, 15).unwrap());
                        reply.problem(422, "validation_failed");
                    } else {
                        reply.problem(409, "invalid_transition");
                    }
                }
                1 if seed % 3 == 1 && file.replaced_on.is_none() => {
                    let first = day(random.random_range(250..2600));
                    let renewed = ministry
                        .post(
                            &format!("{path}/renew"),
                            json!({ "starts_on": first, "ends_on": day(4000) }),
                        )
                        .await;
                    let successor = format!("/v1/conventions/{}", id(&renewed.expect(201)));
                    let parties = file.read(NaiveDate::MAX).partners;
                    let people = amendment(
                        "2020-01-01",
                        json!([]),
                        &parties.iter().map(String::as_str).collect::<Vec<_>>(),
                    );
                    ministry
                        .patch(&successor, json!({ "signatories": people["signatories"] }))
                        .await
                        .expect(200);
                    for step in ["open-negotiation", "send-for-signature"] {
                        ministry
                            .post(&format!("{successor}/{step}"), json!({}))
                            .await
                            .expect(200);
                    }
                    for place in 0..=parties.len() {
                        ministry
                            .post(
                                &format!("{successor}/sign"),
                                signature(json!({ "signatory": place })),
                            )
                            .await
                            .expect(200);
                    }
                    file.replaced_on = Some(first);
                }
                _ => try_amendment(&service, &mut random, &path, &mut file, &partners).await,
            }
        }
        for _ in 0..25 {
            let on = day(random.random_range(0..2800));
            let answer = ministry.get(&format!("{path}?at={on}")).await.expect(200);
            file.says(&answer, on);
        }
        // On the eve of each act nothing of it is shown, on its day all of it.
        for act in &file.acts {
            for on in [act.from.pred_opt().unwrap(), act.from] {
                let answer = ministry.get(&format!("{path}?at={on}")).await.expect(200);
                file.says(&answer, on);
            }
        }
        for _ in 0..10 {
            let on = day(random.random_range(0..2800));
            let listed = ministry
                .all(&format!("/v1/conventions?in_force_on={on}&limit=200"))
                .await;
            let is_listed = listed.iter().any(|one| path.ends_with(&id(one)));
            assert_eq!(
                is_listed,
                file.status_on(on) == "in_force",
                "on {on}: {file:#?}"
            );
        }
        signed_acts += file.acts.len();
    }
    assert!(signed_acts > 60, "{signed_acts} acts");
}

#[actix_web::test]
async fn digests_are_equal_if_and_only_if_what_is_agreed_is() {
    let service = Service::start().await;
    let [a, b] = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
    ];
    let ministry = service.ministry();
    let mut random = StdRng::seed_from_u64(11);
    let mut seen: Vec<(Value, Value)> = Vec::new();
    for round in 0..90 {
        let mut pick = |values: &[Value]| values.choose(&mut random).unwrap().clone();
        // What is agreed, where lists are sets: told in one order, sent in another.
        let mut agreed = json!({
            "title": pick(&[json!("A"), json!("B")]),
            "partner_ids": pick(&[json!([a]), json!([a, b])]),
            "axes": pick(&[json!([]), json!(["apprenticeship", "internships"])]),
            "ends_on": pick(&[Value::Null, json!("2028-12-31")]),
            "notice_months": pick(&[Value::Null, json!(0), json!(3)]),
            "follow_up": pick(&[Value::Null, json!({ "targets": [{ "measure": "pupils", "school_year": "2026-2027", "value": 10 }] })]),
        });
        let body = json!({ "kind": "partnership", "scope": "national", "starts_on": "2026-01-01" });
        let mut body = merged(body, agreed.clone());
        // What is not agreed: an office, a document, in which order codes are listed.
        body["managing_office"] = pick(&[Value::Null, json!("DGESCO")]);
        body["nor"] = pick(&[Value::Null, json!("MENE2600123X")]);
        if round % 2 == 0 {
            for name in ["axes", "partner_ids"] {
                body[name].as_array_mut().unwrap().reverse();
            }
        }
        if let Some(follow_up) = agreed["follow_up"].as_object_mut() {
            follow_up.insert("committee".to_owned(), Value::Null);
        }
        let answer = ministry.post("/v1/conventions", body).await.expect(201);
        for (other, digest) in &seen {
            assert_eq!(
                *other == agreed,
                *digest == answer["content_hash"],
                "{other} {agreed}"
            );
        }
        seen.push((agreed, answer["content_hash"].clone()));
    }
}

#[actix_web::test]
async fn an_amended_text_has_a_digest_that_its_answer_gives_back() {
    use sha2::{Digest, Sha256};
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let convention = signed(&service, national(&partner)).await;
    let changes = json!([
        { "op": "text", "article": "Article 2", "text": "« Deux » réunions" },
        { "op": "text", "article": "Article 1", "text": "Une" },
        { "op": "set_levels", "levels": ["3e", "2de_gt"] },
    ]);
    let body = amendment("2026-02-01", changes, &[&partner]);
    let path = sent(&service, &convention, body).await;
    let amended = sign(&service, &path).await.expect(200);
    let answer = service.reader().get(&convention).await.expect(200);
    // RFC 8785 for what is in here: sorted names, no blanks; lists of texts sorted.
    fn form(value: &Value) -> String {
        match value {
            Value::Object(members) => {
                let mut names: Vec<&String> = members.keys().collect();
                names.sort();
                let members = names
                    .iter()
                    .map(|name| format!("{}:{}", json!(name), form(&members[*name])));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
            Value::Array(items) => {
                let mut items: Vec<String> = items.iter().map(form).collect();
                if items.iter().all(|item| item.starts_with('"')) {
                    items.sort();
                }
                format!("[{}]", items.join(","))
            }
            other => other.to_string(),
        }
    }
    let digest = |names: &[&str], object: &Value| {
        let members = names
            .iter()
            .map(|name| ((*name).to_owned(), object[*name].clone()));
        let digest = Sha256::digest(form(&Value::Object(members.collect())));
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let of_convention = [
        "title",
        "kind",
        "scope",
        "territory",
        "partner_ids",
        "purpose",
        "axes",
        "action_types",
        "levels",
        "moments",
        "follow_up",
        "starts_on",
        "ends_on",
        "renewal",
        "notice_months",
        "board_decision",
        "articles",
    ];
    assert_eq!(answer["content_hash"], digest(&of_convention, &answer));
    let of_amendment = [
        "convention_id",
        "number",
        "title",
        "effective_on",
        "changes",
    ];
    assert_eq!(amended["content_hash"], digest(&of_amendment, &amended));
}
