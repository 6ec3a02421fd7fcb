//! Laws that hold for every convention: what it is on a day, and what a change makes of it.

use chrono::{Datelike, Days, NaiveDate};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::conventions::national;
use crate::support::{Service, id};

/// A convention as a lawyer would tell its life, day after day.
#[derive(Debug)]
struct Life {
    status: &'static str,
    starts_on: NaiveDate,
    ends_on: Option<NaiveDate>,
    /// Months and, if there is one, the greatest number of times.
    tacit: Option<(u32, Option<u32>)>,
    terminated_on: Option<NaiveDate>,
    replaced_on: Option<NaiveDate>,
}

fn day(offset: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + Days::new(offset)
}

impl Life {
    fn any(random: &mut StdRng) -> Self {
        let starts = random.random_range(0..400);
        let length = random.random_range(0..800);
        let status = *[
            "signed",
            "signed",
            "terminated",
            "replaced",
            "draft",
            "to_sign",
            "abandoned",
        ]
        .choose(random)
        .unwrap();
        let end = |random: &mut StdRng| day(starts + random.random_range(0..1500));
        Self {
            status,
            starts_on: day(starts),
            ends_on: random.random_bool(0.8).then(|| day(starts + length)),
            tacit: random.random_bool(0.5).then(|| {
                let most = random.random_bool(0.7).then(|| random.random_range(1..4));
                (random.random_range(1..14), most)
            }),
            terminated_on: (status == "terminated").then(|| end(random)),
            replaced_on: (status == "replaced").then(|| end(random)),
        }
    }

    /// Whether the agreement itself, with its tacit renewals, still runs on a day: told month by
    /// month, without any of the program's arithmetic.
    fn runs(&self, day: NaiveDate) -> bool {
        let Some(mut end) = self.ends_on else {
            return true;
        };
        if day <= end {
            return true;
        }
        let Some((months, most)) = self.tacit else {
            return false;
        };
        let (first, mut times) = (end, 0);
        while end < day {
            if most.is_some_and(|most| times == most) {
                return false;
            }
            times += 1;
            end = later(first, months * times);
        }
        true
    }

    fn status_on(&self, day: NaiveDate) -> Value {
        if ["draft", "to_sign", "abandoned"].contains(&self.status) {
            return Value::Null;
        }
        let word = if self.terminated_on.is_some_and(|last| day > last) {
            "terminated"
        } else if self.replaced_on.is_some_and(|first| day >= first) {
            "replaced"
        } else if day < self.starts_on {
            "upcoming"
        } else if self.runs(day) {
            "in_force"
        } else {
            "expired"
        };
        json!(word)
    }

    fn columns(&self, successor: &str) -> Value {
        let renewal = self
            .tacit
            .map(|(months, most)| json!({ "mode": "tacit", "months": months, "max_times": most }));
        json!({
            "status": self.status, "starts_on": self.starts_on, "ends_on": self.ends_on,
            "terms": { "renewal": renewal },
            "termination": self.terminated_on.map(|on| json!({ "on": on, "party": "A", "kind": "notice", "reason": null })),
            "replaced_on": self.replaced_on, "successor_id": self.replaced_on.map(|_| successor),
        })
    }
}

/// The same day some months later, or the last day of that month.
fn later(from: NaiveDate, months: u32) -> NaiveDate {
    let month = from.month0() + months;
    let (year, month) = (
        from.year() + i32::try_from(month / 12).unwrap(),
        month % 12 + 1,
    );
    let mut day = from.day();
    loop {
        match NaiveDate::from_ymd_opt(year, month, day) {
            Some(found) => return found,
            None => day -= 1,
        }
    }
}

#[actix_web::test]
async fn what_a_convention_is_on_a_day_is_what_its_dates_say() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let successor = service.signed_convention(&partner, json!({})).await;
    let mut random = StdRng::seed_from_u64(20260101);
    let mut lives = Vec::new();
    for _ in 0..120 {
        let life = Life::any(&mut random);
        let convention = service
            .signed_convention(&partner, life.columns(&successor))
            .await;
        lives.push((convention, life));
    }
    let ministry = service.ministry();
    for (convention, life) in &lives {
        for _ in 0..12 {
            let day = day(random.random_range(0..3000));
            let answer = ministry
                .get(&format!("/v1/conventions/{convention}?at={day}"))
                .await
                .expect(200);
            assert_eq!(
                answer["effective_status"],
                life.status_on(day),
                "on {day}: {life:?}"
            );
            if answer["effective_status"] == "in_force" {
                let end = answer["effective_ends_on"].as_str();
                assert!(
                    end.is_none_or(|end| end >= day.to_string().as_str()),
                    "{end:?} on {day}: {life:?}"
                );
            }
        }
    }
    // The database filters by the same rule.
    for _ in 0..40 {
        let day = day(random.random_range(0..3000));
        let path = format!("/v1/conventions?in_force_on={day}&limit=200");
        let found = ministry.all(&path).await;
        for (convention, life) in &lives {
            let is_listed = found.iter().any(|one| one["id"] == convention.as_str());
            assert_eq!(
                is_listed,
                life.status_on(day) == "in_force",
                "on {day}: {life:?}"
            );
        }
    }
}

#[actix_web::test]
async fn effective_statuses_divide_the_conventions_ever_signed() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let successor = service.signed_convention(&partner, json!({})).await;
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..60 {
        let life = Life::any(&mut random);
        service
            .signed_convention(&partner, life.columns(&successor))
            .await;
    }
    let ministry = service.ministry();
    let count = async |query: &str| -> i64 {
        let answer = ministry
            .get(&format!("/v1/conventions/count?{query}"))
            .await
            .expect(200);
        answer["count"].as_i64().unwrap()
    };
    let mut sum = 0;
    for status in ["upcoming", "in_force", "expired", "terminated", "replaced"] {
        let path = format!("/v1/conventions?effective_status={status}&limit=200");
        for one in ministry.all(&path).await {
            assert_eq!(one["effective_status"], status);
            sum += 1;
        }
    }
    assert_eq!(sum, count("status=signed,terminated,replaced").await);
    assert_eq!(
        count("effective_status=upcoming,in_force,expired,terminated,replaced").await,
        sum
    );
}

/// A value, or null, for some fields of a convention, parts of objects included.
fn any_patch(random: &mut StdRng) -> Value {
    let choices: [(&str, Vec<Value>); 9] = [
        ("title", vec![json!("Un"), json!("Deux")]),
        ("purpose", vec![json!("Un objet"), Value::Null]),
        ("notice_months", vec![json!(3), json!(0), Value::Null]),
        ("axes", vec![json!(["internships"]), json!([]), Value::Null]),
        ("managing_office", vec![json!("A2-2"), Value::Null]),
        (
            "ends_on",
            vec![json!("2027-01-01"), json!("2029-12-31"), Value::Null],
        ),
        (
            "renewal",
            vec![
                json!({ "mode": "tacit", "months": 12, "max_times": 2 }),
                json!({ "mode": "express", "months": null, "max_times": null }),
                Value::Null,
            ],
        ),
        (
            "follow_up",
            vec![
                json!({ "periodicity": "yearly" }),
                json!({ "committee": "Un comité" }),
                json!({ "periodicity": null }),
                json!({ "targets": [{ "measure": "pupils", "school_year": "2026-2027", "value": 10, "territory": null }] }),
                Value::Null,
            ],
        ),
        (
            "board_decision",
            vec![
                json!({ "number": "7" }),
                json!({ "date": "2026-02-03" }),
                json!({ "number": null }),
            ],
        ),
    ];
    let mut patch = json!({});
    for (name, values) in choices {
        if random.random_bool(0.3) {
            patch[name] = values.choose(random).unwrap().clone();
        }
    }
    patch
}

/// What RFC 7396 makes of a field, in the words of this API: what is absent is null, or an empty list.
fn expected(before: &Value, change: &Value) -> Value {
    let Value::Object(changes) = change else {
        return if change.is_null() && before.is_array() {
            json!([])
        } else {
            change.clone()
        };
    };
    let mut after = if before.is_object() {
        before.clone()
    } else {
        json!({})
    };
    for (name, value) in changes {
        after[name] = value.clone();
    }
    after
}

/// An object with a member for each of its fields, as it is answered.
fn whole(name: &str, value: Value) -> Value {
    let fields: &[(&str, Value)] = match name {
        "renewal" => &[
            ("mode", Value::Null),
            ("months", Value::Null),
            ("max_times", Value::Null),
        ],
        "follow_up" => &[
            ("periodicity", Value::Null),
            ("committee", Value::Null),
            ("targets", json!([])),
        ],
        "board_decision" => &[("date", Value::Null), ("number", Value::Null)],
        _ => &[],
    };
    let Value::Object(mut members) = value else {
        return value;
    };
    for (name, empty) in fields {
        members.entry(*name).or_insert(empty.clone());
    }
    Value::Object(members)
}

#[actix_web::test]
async fn a_change_changes_what_it_names_and_nothing_else() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let ministry = service.ministry();
    let mut present = ministry
        .post("/v1/conventions", national(&partner))
        .await
        .expect(201);
    let path = format!("/v1/conventions/{}", id(&present));
    let mut random = StdRng::seed_from_u64(42);
    for _ in 0..300 {
        let patch = any_patch(&mut random);
        let before = ministry.get(&path).await;
        let reply = ministry.patch(&path, patch.clone()).await;
        let answer = reply.expect(200);
        for (name, value) in present.as_object().unwrap() {
            let meant = match patch.get(name) {
                Some(change) => whole(name, expected(value, change)),
                None => value.clone(),
            };
            if !["updated_at", "content_hash", "effective_ends_on"].contains(&name.as_str()) {
                assert_eq!(answer[name], meant, "{name} after {patch}");
            }
        }
        let changed = answer["updated_at"] != present["updated_at"];
        let same_but = |name: &str| answer[name] == present[name];
        let is_same = present
            .as_object()
            .unwrap()
            .keys()
            .all(|name| name == "updated_at" || same_but(name));
        assert_eq!(
            changed, !is_same,
            "what changes nothing writes nothing: {patch}"
        );
        assert_eq!(before.etag() == reply.etag(), is_same);
        present = answer;
    }
}
