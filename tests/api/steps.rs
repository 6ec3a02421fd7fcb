//! Steps taken with many objects at once: the same rules and the same outcome as one by one.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::support::{Caller, Reply, Service, absent, id, rounds, uai};

const LYON: &str = "academy:10";

/// What came of a step with an object: its status and version then, or the code of the refusal.
type Told = String;

fn code_of(reply: &Reply) -> Told {
    let problem: Value = serde_json::from_str(reply.text()).expect("a problem");
    problem["code"].as_str().expect("a code").to_owned()
}

/// Takes a step with each, by the operation of one.
async fn one_by_one(caller: &Caller, kind: &str, asked: &Value, ids: &[String]) -> Vec<Told> {
    let step = asked["step"].as_str().unwrap();
    let mut body = asked.as_object().unwrap().clone();
    body.remove("step");
    let query = match body.remove("confirm") {
        Some(code) => format!("?confirm={}", code.as_str().unwrap()),
        None => String::new(),
    };
    let mut told = Vec::new();
    for id in ids {
        let path = format!("/v1/{kind}/{id}/{step}{query}");
        let reply = caller.post(&path, Value::Object(body.clone())).await;
        told.push(if reply.status == 200 {
            let status = reply.expect(200)["status"].as_str().unwrap().to_owned();
            let version = reply.etag().trim_start_matches('"').split('.').next();
            format!("{status} {}", version.unwrap())
        } else {
            code_of(&reply)
        });
    }
    told
}

/// Takes it with all at once. What is refused as a whole is refused for each.
async fn at_once(caller: &Caller, kind: &str, asked: &Value, ids: &[String]) -> Vec<Told> {
    let mut body = asked.clone();
    body["ids"] = json!(ids);
    let reply = caller.post(&format!("/v1/{kind}/steps"), body).await;
    if reply.status != 200 {
        return vec![code_of(&reply); ids.len()];
    }
    let verdicts = reply.expect(200);
    let items = verdicts["items"].as_array().unwrap();
    let order: Vec<&str> = items
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(order, ids, "in the order asked for");
    items
        .iter()
        .map(|item| match item["outcome"].as_str().unwrap() {
            "done" => format!("{} {}", item["status"].as_str().unwrap(), item["version"]),
            _ => item["code"].as_str().unwrap().to_owned(),
        })
        .collect()
}

/// What the journal says of each of these objects.
async fn journal(service: &Service, ids: &[String]) -> Vec<Vec<String>> {
    const TOLD: &str = "SELECT a.action || ' ' || a.subject || ' ' || array_to_string(a.fields, ',')
           || ' ' || coalesce((a.before - 'updated_at' - 'validated_at')::text, '')
           || ' ' || coalesce((a.after - 'updated_at' - 'validated_at' - 'submitted_at')::text, '')
      FROM audit_events a WHERE a.object_id = $1::text::uuid AND a.action NOT LIKE '%.created' ORDER BY a.id";
    let sql = service.sql().await;
    let mut all = Vec::new();
    for id in ids {
        let rows = sql.query(TOLD, &[id]).await.expect("the journal");
        all.push(rows.iter().map(|row| row.get(0)).collect());
    }
    all
}

/// How many changes the feed has of each of these objects.
async fn told_in_feed(service: &Service, ids: &[String]) -> Vec<i64> {
    let mut counts = Vec::new();
    for id in ids {
        let query = format!("SELECT count(*) FROM changes WHERE object_id = '{id}'");
        counts.push(service.number(&query).await);
    }
    counts
}

/// The same objects twice: those that are treated one by one, those that are treated at once.
struct Twins {
    service: Service,
    random: StdRng,
    /// The ids of each, in the same order.
    ids: [Vec<String>; 2],
    /// Of each, the partner.
    partners: [String; 2],
}

impl Twins {
    async fn new(seed: usize) -> Self {
        let service = Service::start().await;
        let partners = [
            id(&service.new_partner("Un").await),
            id(&service.new_partner("Plusieurs").await),
        ];
        service
            .new_schools([690_001, 690_002, 690_003, 590_001])
            .await;
        Self {
            service,
            random: StdRng::seed_from_u64(u64::try_from(seed).expect("a seed")),
            ids: [Vec::new(), Vec::new()],
            partners,
        }
    }

    fn any<T: Clone>(&mut self, among: &[T]) -> T {
        among.choose(&mut self.random).expect("one").clone()
    }

    fn caller(&self, role: &str, twin: usize) -> Caller {
        match role {
            "ministry" => self.service.ministry(),
            "academy" => self.service.academy(LYON),
            "foreign" => self.service.academy("academy:09"),
            "school" => self.service.school(&uai(690_001)),
            "partner" => self.service.partner(&self.partners[twin]),
            _ => self.service.reader(),
        }
    }

    /// Takes this step with some of them in any order, in both ways, and compares.
    async fn compare(&mut self, role: &str, kind: &str, asked: &Value) {
        let mut places: Vec<usize> = (0..self.ids[0].len()).collect();
        places.shuffle(&mut self.random);
        let some = self.random.random_range(1..=places.len());
        places.truncate(some);
        let chosen = |twin: usize| -> Vec<String> {
            let mut ids: Vec<String> = places
                .iter()
                .map(|at| self.ids[twin][*at].clone())
                .collect();
            ids.push(absent());
            ids
        };
        let singly = one_by_one(&self.caller(role, 0), kind, asked, &chosen(0)).await;
        let dry = {
            let mut asked = asked.clone();
            asked["dry_run"] = json!(true);
            let before = self.service.everything().await;
            let dry = at_once(&self.caller(role, 1), kind, &asked, &chosen(1)).await;
            assert_eq!(
                self.service.everything().await,
                before,
                "a dry run writes nothing"
            );
            dry
        };
        let together = at_once(&self.caller(role, 1), kind, asked, &chosen(1)).await;
        assert_eq!(singly, together, "{role} {asked}");
        assert_eq!(together, dry, "{role} {asked}");
    }

    async fn have_the_same_past(&self) {
        let neutral = |mut told: Vec<Vec<String>>, twin: usize| {
            for line in told.iter_mut().flatten() {
                for (place, id) in self.ids[twin].iter().enumerate() {
                    *line = line.replace(id, &format!("<{place}>"));
                }
                *line = line.replace(&self.partners[twin], "<partner>");
            }
            told
        };
        let [singly, together] = [
            neutral(journal(&self.service, &self.ids[0]).await, 0),
            neutral(journal(&self.service, &self.ids[1]).await, 1),
        ];
        assert_eq!(singly, together);
        assert_eq!(
            told_in_feed(&self.service, &self.ids[0]).await,
            told_in_feed(&self.service, &self.ids[1]).await
        );
    }
}

/// Reports of every status, place and author, some of them corrections of validated ones.
async fn reports(twins: &mut Twins) {
    let conventions = [
        twins
            .service
            .signed_convention(&twins.partners[0], json!({}))
            .await,
        twins
            .service
            .signed_convention(&twins.partners[1], json!({}))
            .await,
    ];
    let places: Vec<String> = [690_001, 690_002, 690_003, 590_001]
        .map(|number| format!("uai:{}", uai(number)))
        .into_iter()
        .chain([LYON.to_owned(), "FR".to_owned()])
        .collect();
    for place in places {
        for year in ["2023-2024", "2024-2025"] {
            let status = twins.any(&["draft", "submitted", "submitted", "returned", "validated"]);
            let author = twins.any(&["somebody", "test academy", "test ministry"]);
            let pupils = twins.any(&[None, Some(20), Some(900)]);
            let is_correction = status != "validated" && twins.random.random_bool(0.4);
            let names_schools = place == LYON && twins.random.random_bool(0.5);
            for (twin, convention) in conventions.iter().enumerate() {
                let line = |pupils: i32| json!([{ "action_type": "class_talk", "academy": null, "pupils": pupils }]);
                let mut columns =
                    json!({ "status": status, "school_year": year, "authors": [author] });
                if is_correction {
                    let former = json!({ "status": "validated", "school_year": year });
                    let former = twins
                        .service
                        .stored_report(convention, &place, former)
                        .await;
                    twins.service.stored_lines(&former, line(10)).await;
                    columns["number"] = json!(2);
                    columns["supersedes_id"] = json!(former);
                    twins.ids[twin].push(former);
                }
                if names_schools {
                    columns["establishments"] = json!([uai(690_001)]);
                }
                let report = twins
                    .service
                    .stored_report(convention, &place, columns)
                    .await;
                if let Some(pupils) = pupils {
                    twins.service.stored_lines(&report, line(pupils)).await;
                }
                twins.ids[twin].push(report);
            }
        }
    }
}

#[actix_web::test]
async fn reports_become_at_once_what_they_become_one_by_one() {
    for seed in 0..rounds(60).div_ceil(10) {
        let mut twins = Twins::new(seed).await;
        reports(&mut twins).await;
        let ministry = twins.service.ministry();
        let campaign =
            json!({ "school_year": "2023-2024", "opens_on": "2024-05-01", "due_on": "2024-09-30" });
        let campaign = id(&ministry.post("/v1/campaigns", campaign).await.expect(201));
        if seed % 2 == 0 {
            let close = format!("/v1/campaigns/{campaign}/close");
            ministry.post(&close, json!({})).await.expect(200);
        }
        for _ in 0..6 {
            let role = twins.any(&[
                "ministry", "academy", "academy", "foreign", "school", "partner",
            ]);
            let asked = twins.any(&[
                json!({ "step": "submit" }),
                json!({ "step": "submit", "confirm": "ten_times_last_year" }),
                json!({ "step": "validate" }),
                json!({ "step": "return", "reason": "Précisez" }),
            ]);
            twins.compare(role, "reports", &asked).await;
        }
        twins.have_the_same_past().await;
        let drift = "SELECT count(*) FROM indicator_cells_drift('2024-2025')";
        assert_eq!(
            twins.service.number(drift).await,
            0,
            "the figures kept are those of the lines"
        );
    }
}

/// Requests for an intervention of two sessions, in every status.
async fn solicitations(twins: &mut Twins) {
    let mut interventions = Vec::new();
    for partner in twins.partners.clone() {
        let convention = twins.service.signed_convention(&partner, json!({})).await;
        let with = json!({ "sessions": 2 });
        let made = twins
            .service
            .new_intervention(&partner, &convention, with)
            .await;
        interventions.push(id(&made));
    }
    for number in 0..7 {
        let school = twins.any(&[690_001, 690_002, 690_003]);
        let status = twins.any(&[
            "requested",
            "requested",
            "requested",
            "accepted",
            "declined",
        ]);
        let wished = if number % 2 == 0 {
            json!("2099-01-11")
        } else {
            Value::Null
        };
        for (twin, intervention) in interventions.iter().enumerate() {
            let body = json!({ "uai": uai(school), "intervention_id": intervention, "levels": ["3e"], "wished_from": wished });
            let ministry = twins.service.ministry();
            let made = id(&ministry.post("/v1/solicitations", body).await.expect(201));
            let scheduled = if status == "accepted" {
                "'2025-10-09'"
            } else {
                "NULL"
            };
            let put = format!(
                "UPDATE solicitations SET status = '{status}', scheduled_on = {scheduled},
                        reason = CASE '{status}' WHEN 'declined' THEN 'Fermé' END WHERE id = '{made}'"
            );
            twins
                .service
                .sql()
                .await
                .batch_execute(&put)
                .await
                .expect("a status");
            twins.ids[twin].push(made);
        }
    }
}

#[actix_web::test]
async fn solicitations_become_at_once_what_they_become_one_by_one() {
    for seed in 0..rounds(60).div_ceil(10) {
        let mut twins = Twins::new(seed).await;
        solicitations(&mut twins).await;
        for _ in 0..6 {
            let role = twins.any(&[
                "ministry", "academy", "foreign", "school", "partner", "partner",
            ]);
            let asked = twins.any(&[
                json!({ "step": "accept", "scheduled_on": "2025-10-10" }),
                json!({ "step": "decline", "reason": "Fermé" }),
                json!({ "step": "hold", "outcome": { "held_on": "2025-10-10", "pupils": 12 } }),
                json!({ "step": "hold", "outcome": { "held_on": "2999-10-10" } }),
                json!({ "step": "not-held", "reason": "Grève" }),
            ]);
            twins.compare(role, "solicitations", &asked).await;
        }
        twins.have_the_same_past().await;
    }
}

/// Drafts of declinations, of which several want the same territories.
async fn declinations(twins: &mut Twins) {
    let mut conventions = Vec::new();
    for partner in twins.partners.clone() {
        conventions.push(twins.service.signed_convention(&partner, json!({})).await);
    }
    for _ in 0..7 {
        let territory = twins.any(&[LYON, LYON, "academy:08", "academy:09"]);
        let status = twins.any(&["draft", "draft", "draft", "closed"]);
        for (twin, convention) in conventions.iter().enumerate() {
            let with = json!({ "status": status });
            let made = twins
                .service
                .stored_declination(convention, &[territory], with)
                .await;
            twins.ids[twin].push(made);
        }
    }
}

#[actix_web::test]
async fn declinations_become_at_once_what_they_become_one_by_one() {
    for seed in 0..rounds(60).div_ceil(10) {
        let mut twins = Twins::new(seed).await;
        declinations(&mut twins).await;
        for _ in 0..6 {
            let role = twins.any(&["ministry", "academy", "academy", "foreign", "partner"]);
            let asked = twins.any(&[json!({ "step": "activate" }), json!({ "step": "close" })]);
            twins.compare(role, "declinations", &asked).await;
        }
        twins.have_the_same_past().await;
    }
}

/// Submitted reports of as many schools, each of 10 pupils.
async fn submitted(service: &Service, many: u32) -> Vec<String> {
    let (_, convention) = service.signed_partner("A", json!({})).await;
    let line = json!([{ "action_type": "class_talk", "academy": LYON, "pupils": 10 }]);
    let mut ids = Vec::new();
    for number in 0..many {
        let school = uai(690_100 + number);
        service.new_school(&school, "department:069", LYON).await;
        let place = format!("uai:{school}");
        let report = service
            .stored_report(&convention, &place, json!({ "status": "submitted" }))
            .await;
        service.stored_lines(&report, line.clone()).await;
        ids.push(report);
    }
    ids
}

#[actix_web::test]
async fn two_hundred_reports_are_validated_at_once_and_counted() {
    let service = Service::start().await;
    submitted(&service, 200).await;
    let academy = service.academy(LYON);
    let asked =
        json!({ "step": "validate", "filter": { "territory": LYON, "status": ["submitted"] } });
    let begun = Instant::now();
    let verdicts = academy.post("/v1/reports/steps", asked).await.expect(200);
    let took = begun.elapsed();
    println!("200 validations: {took:?}");
    assert_eq!(
        verdicts["counts"],
        json!({ "received": 200, "done": 200, "rejected": 0 })
    );
    let path = "/v1/indicators/values?measures=pupils,reports_validated&school_year=2025-2026&group_by=academy";
    let values = academy.get(path).await.expect(200);
    assert_eq!(values["data"][0]["values"]["pupils"], 2_000, "{values}");
    let drift = "SELECT count(*) FROM indicator_cells_drift('2025-2026')";
    assert_eq!(service.number(drift).await, 0);
    // A debug build beside other tests; a release build takes a tenth.
    assert!(took < Duration::from_secs(15), "{took:?}");
}

#[actix_web::test]
async fn what_is_asked_of_many_is_read_strictly() {
    let service = Service::start().await;
    let ids = submitted(&service, 2).await;
    let academy = service.academy(LYON);
    let before = service.everything().await;
    for (body, expected) in [
        (json!({}), vec!["/ids ids_or_filter", "/step required"]),
        (
            json!({ "step": "publish", "ids": [ids[0]] }),
            vec!["/step unknown_code"],
        ),
        (
            json!({ "step": "validate", "ids": [] }),
            vec!["/ids empty_list"],
        ),
        (
            json!({ "step": "validate", "ids": [ids[0], ids[0]] }),
            vec!["/ids/1 repeated_item"],
        ),
        (
            json!({ "step": "validate", "ids": ["x"] }),
            vec!["/ids/0 invalid_format"],
        ),
        (
            json!({ "step": "validate", "ids": [ids[0]], "filter": { "territory": LYON } }),
            vec!["/filter ids_or_filter"],
        ),
        (
            json!({ "step": "validate", "filter": {} }),
            vec!["/filter ids_or_filter"],
        ),
        (
            json!({ "step": "validate", "filter": { "status": "done", "colour": "red", "territory": { "a": 1 } } }),
            vec![
                "/filter/colour unknown_field",
                "/filter/status unknown_code",
                "/filter/territory wrong_type",
            ],
        ),
        (
            json!({ "step": "validate", "filter": { "hue": [{}] } }),
            vec!["/filter/hue unknown_field"],
        ),
        (
            json!({ "step": "validate", "filter": { "status": "done", "colour": "red" } }),
            vec![
                "/filter/colour unknown_field",
                "/filter/status unknown_code",
            ],
        ),
        (
            json!({ "step": "return", "ids": [ids[0]] }),
            vec!["/reason required"],
        ),
        (
            json!({ "step": "validate", "ids": [ids[0]], "reason": "X" }),
            vec!["/reason only_with"],
        ),
        (
            json!({ "step": "validate", "ids": [ids[0]], "confirm": ["ten_times_last_year"] }),
            vec!["/confirm only_with"],
        ),
        (
            json!({ "step": "submit", "ids": [ids[0]], "confirm": "all" }),
            vec!["/confirm invalid_format"],
        ),
        (
            json!({ "step": "validate", "ids": [ids[0]], "nope": 1 }),
            vec!["/nope unknown_field"],
        ),
    ] {
        let refused = academy.post("/v1/reports/steps", body.clone()).await;
        refused.problem(422, "validation_failed");
        assert_eq!(refused.faults(), expected, "{body}");
    }
    let many: Vec<String> = (0..1001)
        .map(|_| service.shared.clock.new_id().to_string())
        .collect();
    let refused = academy
        .post(
            "/v1/reports/steps",
            json!({ "step": "validate", "ids": many }),
        )
        .await;
    assert_eq!(refused.faults(), ["/ids too_many_items"]);
    assert_eq!(service.everything().await, before);
}

#[actix_web::test]
async fn who_may_not_take_a_step_with_one_takes_it_with_none() {
    let service = Service::start().await;
    let ids = submitted(&service, 1).await;
    let validate = json!({ "step": "validate", "ids": ids });
    let school = service.school(&uai(690_100));
    for caller in [&school, &service.partner(&absent()), &service.reader()] {
        let refused = caller.post("/v1/reports/steps", validate.clone()).await;
        refused.problem(403, "forbidden");
    }
    let accept = json!({ "step": "accept", "ids": [absent()], "scheduled_on": "2099-01-15" });
    for caller in [&school, &service.academy(LYON), &service.reader()] {
        let refused = caller.post("/v1/solicitations/steps", accept.clone()).await;
        refused.problem(403, "forbidden");
    }
    // Of what it may not see, it is told as of what does not exist.
    let told = service
        .academy("academy:09")
        .post("/v1/reports/steps", validate)
        .await;
    assert_eq!(told.expect(200)["items"][0]["code"], "not_found");
}

#[actix_web::test]
async fn a_verdict_says_what_one_by_one_says_and_the_same_key_repeats_it() {
    let service = Service::start().await;
    let ids = submitted(&service, 1).await;
    let asked = json!({ "step": "submit", "ids": ids });
    let academy = service.academy(LYON);
    let single = academy
        .post(&format!("/v1/reports/{}/submit", ids[0]), json!({}))
        .await;
    let single = single.problem(409, "invalid_transition");
    let verdicts = academy.post("/v1/reports/steps", asked).await.expect(200);
    let item = &verdicts["items"][0];
    assert_eq!(
        (&item["outcome"], &item["code"], &item["detail"]),
        (&json!("rejected"), &single["code"], &single["detail"])
    );
    let validate = json!({ "step": "validate", "ids": ids });
    let send = || {
        academy
            .request("POST", "/v1/reports/steps")
            .header("idempotency-key", "juin")
            .json(&validate)
    };
    let first = send().send().await;
    assert_eq!(first.expect(200)["counts"]["done"], 1);
    let again = send().send().await;
    assert_eq!(again.text(), first.text());
    assert_eq!(again.header("idempotency-replayed"), "true");
}

#[actix_web::test]
async fn requests_are_accepted_for_the_day_each_wishes_and_held_on_the_day_planned() {
    let service = Service::start().await;
    service.new_schools([690_001]).await;
    let (partner, convention) = service.signed_partner("A", json!({})).await;
    let intervention = service
        .new_intervention(&partner, &convention, json!({ "sessions": 2 }))
        .await;
    let mut ids = Vec::new();
    for wished in [
        json!("2099-01-11"),
        Value::Null,
        json!("2099-01-12"),
        json!("2099-01-13"),
    ] {
        let body = json!({ "uai": uai(690_001), "intervention_id": id(&intervention), "levels": ["3e"], "wished_from": wished });
        let made = service
            .school(&uai(690_001))
            .post("/v1/solicitations", body)
            .await;
        ids.push(id(&made.expect(201)));
    }
    let portal = service.partner(&partner);
    let accept = json!({ "step": "accept", "filter": { "status": "requested" } });
    let verdicts = portal
        .post("/v1/solicitations/steps", accept)
        .await
        .expect(200);
    let codes: Vec<&Value> = verdicts["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["code"])
        .collect();
    assert_eq!(
        codes,
        [
            &Value::Null,
            &json!("validation_failed"),
            &Value::Null,
            &json!("no_session_left")
        ]
    );
    assert_eq!(
        verdicts["items"][1]["errors"][0]["pointer"],
        "/scheduled_on"
    );
    let first = portal
        .get(&format!("/v1/solicitations/{}", ids[0]))
        .await
        .expect(200);
    assert_eq!(first["scheduled_on"], "2099-01-11");
    let hold = json!({ "step": "hold", "ids": [ids[0]] });
    let early = portal
        .post("/v1/solicitations/steps", hold)
        .await
        .expect(200);
    assert_eq!(early["items"][0]["code"], "too_early");
}

#[actix_web::test]
async fn two_who_validate_the_same_at_once_validate_each_once() {
    let service = Service::start().await;
    let mut ids = submitted(&service, 20).await;
    let academy = service.academy(LYON);
    let asked = json!({ "step": "validate", "ids": ids });
    ids.reverse();
    let reversed = json!({ "step": "validate", "ids": ids });
    let (one, other, single) = futures_util::future::join3(
        academy.post("/v1/reports/steps", asked),
        academy.post("/v1/reports/steps", reversed),
        academy.post(&format!("/v1/reports/{}/validate", ids[3]), json!({})),
    )
    .await;
    let done = |reply: &Reply| reply.expect(200)["counts"]["done"].as_i64().unwrap();
    let by_itself = i64::from(single.status == 200);
    assert_eq!(done(&one) + done(&other) + by_itself, 20);
    let drift = "SELECT count(*) FROM indicator_cells_drift('2025-2026')";
    assert_eq!(service.number(drift).await, 0);
}
