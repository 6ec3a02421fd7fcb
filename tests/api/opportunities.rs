//! Opportunities: what a school can ask for, of whom, and why.

use serde_json::{Value, json};

use crate::support::{Caller, Service, id, merged};

/// A school of Lyon with its levels and its place, and another of Lille.
struct World {
    service: Service,
    school: String,
}

impl World {
    async fn new() -> Self {
        let service = Service::start().await;
        let [school, _away] = service.new_schools([690_001, 590_001]).await;
        let place =
            "UPDATE establishments SET levels = '{3e,4e}', latitude = 45.76, longitude = 4.84";
        service
            .sql()
            .await
            .execute(place, &[])
            .await
            .expect("levels");
        Self { service, school }
    }

    fn path(&self) -> String {
        format!("/v1/establishments/{}/opportunities", self.school)
    }

    async fn read(&self, caller: &Caller) -> Value {
        caller.get(&self.path()).await.expect(200)
    }

    async fn partner(&self, name: &str, member_of: &[&str]) -> String {
        let body = json!({ "legal_name": name, "kind": "company", "member_of": member_of });
        let partner = self.service.ministry().post("/v1/partners", body).await;
        id(&partner.expect(201))
    }

    async fn offer(&self, partner: &str, convention: &str, name: &str, with: Value) -> Value {
        let path = format!("/v1/partners/{partner}/interventions/{name}");
        let body = crate::support::intervention(convention, with);
        self.service
            .partner(partner)
            .put(&path, body)
            .await
            .expect(201)
    }

    async fn decline(&self, convention: &str, level: &str, territory: &str) -> String {
        let with = json!({ "level": level, "territories": [territory], "starts_on": "2026-01-01" });
        self.service.active_declination(convention, with).await
    }
}

fn names(answer: &Value) -> Vec<&str> {
    let data = answer["data"].as_array().unwrap().iter();
    data.map(|one| one["partner"]["name"].as_str().unwrap())
        .collect()
}

fn codes(reasons: &Value) -> Vec<&str> {
    let reasons = reasons.as_array().unwrap().iter();
    reasons.map(|one| one["code"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_school_reads_whom_it_can_ask_for_what_and_why_the_nearest_first() {
    let world = World::new().await;
    let service = &world.service;
    let (far, near) = (
        world.partner("Partout", &[]).await,
        world.partner("Métal", &[]).await,
    );
    let member = world.partner("Métal Rhône", &[&near]).await;
    world.partner("Métal ailleurs", &[&near]).await;
    let national = service.signed_convention(&far, json!({})).await;
    let declined = service.signed_convention(&near, json!({})).await;
    let declination = world.decline(&declined, "academy", "academy:10").await;
    world
        .offer(&far, &national, "un", json!({ "levels": ["3e", "2de_gt"], "nationwide": true, "territories": [], "place": null }))
        .await;
    let place = json!({ "modality": "in_person", "nationwide": false, "territories": ["department:069"],
                        "place": { "latitude": 45.86, "longitude": 4.84, "radius_km": 20 } });
    let visit = world.offer(&member, &declined, "deux", place).await;
    for territories in [["FR"], ["department:069"]] {
        service.new_representative(&near, &territories).await;
    }

    let answer = world.read(&service.school(&world.school)).await;
    assert_eq!(
        (&answer["uai"], &answer["partners"]),
        (&json!(world.school), &json!(3))
    );
    // Carried by the academy and with an offer; carried by it without one; national.
    assert_eq!(names(&answer), ["Métal Rhône", "Métal", "Partout"]);
    let first = &answer["data"][0];
    assert_eq!(
        first["conventions"][0]["declination_id"],
        declination.as_str()
    );
    assert_eq!(
        codes(&first["conventions"][0]["reasons"]),
        ["declined_in_academy", "member_of_network"]
    );
    let offered = &first["interventions"][0];
    assert_eq!(
        (&offered["id"], &offered["distance_km"]),
        (&visit["id"], &json!(11.1))
    );
    assert_eq!(
        codes(&offered["reasons"]),
        ["covers_department", "levels_offered", "distance"]
    );
    let second = &answer["data"][1];
    assert_eq!(
        (&second["interventions_count"], &second["interventions"]),
        (&json!(0), &json!([]))
    );
    let person = &second["representative"];
    assert_eq!(
        (&person["territories"], codes(&person["reasons"])),
        (&json!(["department:069"]), vec!["covers_department"])
    );
    assert!(person["name"].is_string());
    let third = &answer["data"][2];
    assert_eq!(
        codes(&third["conventions"][0]["reasons"]),
        ["national_convention"]
    );
    assert_eq!(
        codes(&third["interventions"][0]["reasons"]),
        ["nationwide", "levels_offered"]
    );
    // The person is for those whom the representative is there for.
    for stranger in [
        service.reader(),
        service.partner(&far),
        service.academy("academy:09"),
    ] {
        let seen = world.read(&stranger).await;
        assert_eq!(seen["data"][1]["representative"]["name"], Value::Null);
        assert_eq!(names(&seen), names(&answer));
    }
    let english = service
        .reader()
        .request("GET", &world.path())
        .header("accept-language", "en")
        .send()
        .await;
    let words = &english.expect(200)["data"][0]["conventions"][0]["reasons"][0]["detail"];
    assert_eq!(words, "Declined by the academy.");
    let limited = service
        .reader()
        .get(&format!("{}?limit=1", world.path()))
        .await
        .expect(200);
    assert_eq!(
        (names(&limited).len(), &limited["partners"]),
        (1, &json!(3))
    );
}

#[actix_web::test]
async fn whom_to_write_to_on_the_side_of_education_is_told_the_most_local_first() {
    let world = World::new().await;
    let (service, ministry) = (&world.service, world.service.ministry());
    let school = format!("uai:{}", world.school);
    for (territory, role) in [
        ("academy:10", "cell"),
        ("academy:09", "cell"),
        (school.as_str(), "bde"),
        ("department:069", "clee"),
    ] {
        let body = json!({ "territory": territory, "role": role, "name": "Camille M.", "label": "Relation école-entreprise" });
        ministry.post("/v1/contacts", body).await.expect(201);
    }
    let own = world.read(&service.school(&world.school)).await;
    let told = |answer: &Value| -> Vec<(Value, Value)> {
        let contacts = answer["contacts"].as_array().unwrap().iter();
        contacts
            .map(|one| (one["role"].clone(), one["name"].clone()))
            .collect()
    };
    let roles = ["bde", "clee", "cell"].map(|role| json!(role));
    let name = json!("Camille M.");
    assert_eq!(told(&own), roles.clone().map(|role| (role, name.clone())));
    let partner = world.partner("A", &[]).await;
    let seen = world.read(&service.partner(&partner)).await;
    assert_eq!(told(&seen), roles.map(|role| (role, Value::Null)));
}

#[actix_web::test]
async fn what_does_not_reach_the_school_is_not_told() {
    let world = World::new().await;
    let service = &world.service;
    let ministry = service.ministry();
    let partner = world.partner("A", &[]).await;
    let nothing = async |what: &str| {
        let answer = world.read(&ministry).await;
        assert_eq!(answer["data"], json!([]), "{what}");
    };
    service
        .signed_convention(&partner, json!({ "ends_on": "2021-01-01" }))
        .await;
    service
        .signed_convention(&partner, json!({ "starts_on": "2999-01-01" }))
        .await;
    service
        .signed_convention(&partner, json!({ "status": "to_sign" }))
        .await;
    service
        .signed_convention(&partner, json!({ "levels": ["tle_pro"] }))
        .await;
    let elsewhere = json!({ "scope": "local", "territory": "academy:09", "reach": ["FR", "academy:09", "region:32"] });
    service.signed_convention(&partner, elsewhere).await;
    nothing("no convention in force reaches it").await;

    let here = json!({ "scope": "local", "territory": "academy:10", "reach": ["FR", "academy:10", "region:84"], "action_types": ["class_talk"] });
    let local = service.signed_convention(&partner, here).await;
    let answer = world.read(&ministry).await;
    assert_eq!(
        codes(&answer["data"][0]["conventions"][0]["reasons"]),
        ["local_convention"]
    );
    let lyon = |with: Value| {
        merged(
            json!({ "nationwide": false, "territories": ["academy:10"], "action_type": "class_talk" }),
            with,
        )
    };
    world
        .offer(
            &partner,
            &local,
            "withheld",
            lyon(json!({ "action_type": "company_visit" })),
        )
        .await;
    world
        .offer(
            &partner,
            &local,
            "past",
            lyon(json!({ "available_to": "2021-01-01" })),
        )
        .await;
    world
        .offer(
            &partner,
            &local,
            "older",
            lyon(json!({ "levels": ["tle_pro"] })),
        )
        .await;
    world
        .offer(
            &partner,
            &local,
            "there",
            json!({ "nationwide": false, "territories": ["department:001"] }),
        )
        .await;
    let too_far = json!({ "modality": "in_person", "place": { "latitude": 48.85, "longitude": 2.35, "radius_km": 30 } });
    world.offer(&partner, &local, "far", lyon(too_far)).await;
    let gone = world.offer(&partner, &local, "gone", lyon(json!({}))).await;
    service
        .partner(&partner)
        .delete(&format!(
            "/v1/partners/{partner}/interventions/{}",
            gone["external_id"].as_str().unwrap()
        ))
        .await
        .expect(200);
    let answer = world.read(&ministry).await;
    assert_eq!(answer["data"][0]["interventions"], json!([]));
    let kept = world.offer(&partner, &local, "kept", lyon(json!({}))).await;
    let answer = world.read(&ministry).await;
    assert_eq!(answer["data"][0]["interventions_count"], 1);
    assert_eq!(answer["data"][0]["interventions"][0]["id"], kept["id"]);
    ministry
        .post(&format!("/v1/partners/{partner}/archive"), json!({}))
        .await
        .expect(200);
    nothing("an archived partner is asked for nothing").await;
}

#[actix_web::test]
async fn a_school_that_does_not_exist_has_none() {
    let world = World::new().await;
    let ministry = world.service.ministry();
    for key in ["0690009Z", "nothing"] {
        let path = format!("/v1/establishments/{key}/opportunities");
        ministry.get(&path).await.problem(404, "not_found");
    }
    let reply = ministry
        .get(&format!("{}?limit=0&page=2", world.path()))
        .await;
    reply.problem(422, "validation_failed");
    assert_eq!(
        reply.faults(),
        ["limit out_of_range", "page unknown_parameter"]
    );
}

/// The titles of what a partner offers, in their order.
fn titles(answer: &Value, partner: usize) -> Vec<&str> {
    let found = answer["data"][partner]["interventions"].as_array().unwrap();
    found
        .iter()
        .map(|one| one["title"].as_str().unwrap())
        .collect()
}

#[actix_web::test]
async fn what_a_school_can_choose_from_is_told_whole_and_what_is_full_comes_last() {
    let world = World::new().await;
    let service = &world.service;
    let (one, other) = (
        world.partner("Atelier", &[]).await,
        world.partner("Bureau", &[]).await,
    );
    let convention = service.signed_convention(&one, json!({})).await;
    let elsewhere = service.signed_convention(&other, json!({})).await;
    let at = |latitude: f64| json!({ "latitude": latitude, "longitude": 4.84 });
    let whole = json!({
        "title": "Loin", "description": "Une visite.", "url": "https://exemple.fr/visite", "duration_minutes": 90,
        "sessions": 2, "pupils_per_session": 28, "place": at(46.0),
    });
    world.offer(&one, &convention, "far", whole.clone()).await;
    let full = json!({ "title": "Complet", "sessions": 0, "place": at(45.77) });
    world.offer(&one, &convention, "full", full.clone()).await;
    let unlimited = json!({ "title": "Partout" });
    world.offer(&one, &convention, "anywhere", unlimited).await;
    world.offer(&other, &elsewhere, "full", full).await;

    let answer = world.read(&service.school(&world.school)).await;
    assert_eq!(
        names(&answer),
        ["Atelier", "Bureau"],
        "what is full invites nobody"
    );
    assert_eq!(titles(&answer, 0), ["Loin", "Partout", "Complet"]);
    let told = &answer["data"][0]["interventions"];
    for name in [
        "description",
        "url",
        "duration_minutes",
        "pupils_per_session",
    ] {
        assert_eq!(told[0][name], whole[name], "{name}");
    }
    let left: Vec<(&Value, &Value)> = (0..3)
        .map(|place| (&told[place]["sessions_left"], &told[place]["full"]))
        .collect();
    assert_eq!(
        left,
        [
            (&json!(2), &json!(false)),
            (&Value::Null, &json!(false)),
            (&json!(0), &json!(true))
        ]
    );
    // What is granted is no longer left.
    let asked = json!({ "uai": world.school, "intervention_id": told[0]["id"], "levels": ["3e"] });
    let asked = service.ministry().post("/v1/solicitations", asked).await;
    asked.expect(201);
    let accept = format!("{}/accept", asked.header("location"));
    let day = json!({ "scheduled_on": ree::values::today(service.shared.clock.now()) });
    service.partner(&one).post(&accept, day).await.expect(200);
    let after = world.read(&service.school(&world.school)).await;
    assert_eq!(after["data"][0]["interventions"][0]["sessions_left"], 1);
}

#[actix_web::test]
async fn a_school_chooses_by_level_type_words_and_distance_and_who_has_none_of_it_is_left_out() {
    let world = World::new().await;
    let service = &world.service;
    let (one, other) = (
        world.partner("Atelier", &[]).await,
        world.partner("Bureau", &[]).await,
    );
    let convention = service.signed_convention(&one, json!({})).await;
    let elsewhere = service.signed_convention(&other, json!({})).await;
    let at = |latitude: f64| json!({ "latitude": latitude, "longitude": 4.84 });
    for (partner, convention, name, with) in [
        (
            &one,
            &convention,
            "a",
            json!({ "title": "Visite de l'atelier de soudure", "place": at(45.8) }),
        ),
        (
            &one,
            &convention,
            "b",
            json!({ "title": "Parler du métier", "action_type": "class_talk", "levels": ["4e", "2de_gt"] }),
        ),
        (
            &other,
            &elsewhere,
            "c",
            json!({ "title": "Visite du bureau", "levels": ["4e"], "place": at(46.5) }),
        ),
    ] {
        world.offer(partner, convention, name, with).await;
    }
    let reader = service.reader();
    let chosen = async |query: &str| {
        let answer = reader
            .get(&format!("{}?{query}", world.path()))
            .await
            .expect(200);
        assert_eq!(answer["partners"], answer["data"].as_array().unwrap().len());
        let partners = 0..names(&answer).len();
        partners
            .flat_map(|place| titles(&answer, place))
            .map(str::to_owned)
            .collect::<Vec<String>>()
    };
    let (weld, talk, office) = (
        "Visite de l'atelier de soudure",
        "Parler du métier",
        "Visite du bureau",
    );
    for (query, expected) in [
        ("", vec![weld, talk, office]),
        ("level=3e", vec![weld]),
        ("level=4e,3e", vec![weld, talk, office]),
        // The school has no 2de: what is for both is not found for it.
        ("level=2de_gt", vec![]),
        ("action_type=class_talk,mentoring", vec![talk]),
        ("q=soudures", vec![weld]),
        ("q=visite", vec![weld, office]),
        ("within_km=10", vec![weld]),
        ("within_km=200&q=visite", vec![weld, office]),
        ("q=visite&level=4e&action_type=company_visit", vec![office]),
        ("q=poterie", vec![]),
    ] {
        assert_eq!(chosen(query).await, expected, "{query}");
    }
    for (query, fault) in [
        ("level=cm2x", "level unknown_code"),
        ("action_type=visite", "action_type unknown_code"),
        ("within_km=-1", "within_km out_of_range"),
        ("near=45,4", "near unknown_parameter"),
    ] {
        let refused = reader.get(&format!("{}?{query}", world.path())).await;
        refused.problem(422, "validation_failed");
        assert_eq!(refused.faults(), [fault]);
    }
    // A school that the directory does not locate is in the middle of those of its commune.
    const MOVE: &str = "UPDATE establishments SET city_code = '69383', latitude = CASE WHEN uai <> $1 THEN 46.5 END";
    service
        .sql()
        .await
        .execute(MOVE, &[&world.school])
        .await
        .expect("places");
    assert_eq!(chosen("within_km=10").await, [office]);
}

#[actix_web::test]
async fn each_level_at_which_something_reaches_a_school_has_its_reason() {
    let world = World::new().await;
    let school = format!("uai:{}", world.school);
    for (level, territory, declined, covers) in [
        (
            "establishment",
            &*school,
            "declined_for_school",
            "covers_school",
        ),
        (
            "academy",
            "academy:10",
            "declined_in_academy",
            "covers_academy",
        ),
        (
            "academic_region",
            "region:84",
            "declined_in_region",
            "covers_region",
        ),
    ] {
        let partner = world.partner(level, &[]).await;
        let convention = world.service.signed_convention(&partner, json!({})).await;
        world.decline(&convention, level, territory).await;
        let offered = json!({ "levels": ["3e"], "nationwide": false, "territories": [territory], "place": null });
        world.offer(&partner, &convention, level, offered).await;
        let answer = world.read(&world.service.ministry()).await;
        let all = answer["data"].as_array().unwrap().iter();
        let mut found = all.filter(|one| one["partner"]["name"] == level);
        let told = found.next().expect(level);
        assert_eq!(
            codes(&told["conventions"][0]["reasons"]),
            [declined],
            "{level}"
        );
        let reasons = codes(&told["interventions"][0]["reasons"]);
        assert!(reasons.contains(&covers), "{level}: {reasons:?}");
    }
}
