//! Days of those who work with the register, each in few calls: `docs/STORIES.md` tells them.

use serde_json::{Value, json};

use crate::support::{Service, id, intervention, uai};

/// A caller that counts what it asks.
macro_rules! call {
    ($calls:ident, $caller:ident . $method:ident ( $($argument:expr),* )) => {{
        $calls += 1;
        $caller.$method($($argument),*).await
    }};
}

#[actix_web::test]
async fn a_partners_monday() {
    let service = Service::on("2026-11-30").await;
    let (partner, convention) = service.signed_partner("UIMM", json!({})).await;
    let portal = service.partner(&partner);
    // Two offers, one with ten sessions, and a representative who is asked directly.
    let mut offers = Vec::new();
    for (name, with) in [
        ("visite", json!({ "sessions": 10 })),
        ("atelier", json!({})),
    ] {
        let path = format!("/v1/partners/{partner}/interventions/{name}");
        let made = portal.put(&path, intervention(&convention, with)).await;
        offers.push(id(&made.expect(201)));
    }
    let person = id(&service.new_representative(&partner, &["academy:10"]).await);
    // Over the week-end thirty schools have asked: twelve for the visit, ten for the workshop, eight for help.
    let mut asked = Vec::new();
    for number in 0..30 {
        let school = uai(690_001 + number);
        service
            .new_school(&school, "department:069", "academy:10")
            .await;
        let mut body = json!({
            "uai": school, "levels": ["3e"], "wished_from": "2027-01-11", "wished_to": "2027-01-22",
        });
        match number {
            0..12 => body["intervention_id"] = json!(offers[0]),
            12..22 => body["intervention_id"] = json!(offers[1]),
            _ => body["representative_id"] = json!(person),
        }
        let made = service
            .school(&school)
            .post("/v1/solicitations", body)
            .await;
        asked.push((school, id(&made.expect(201))));
    }

    let mut calls = 0;
    // What awaits us?
    let todo = call!(
        calls,
        portal.get("/v1/todo?kind=request_to_answer&limit=200")
    )
    .expect(200);
    assert_eq!(todo["data"].as_array().unwrap().len(), 30);
    // Yes to the visit, each on the first day it wished, as far as sessions go.
    let visits = json!({
        "step": "accept", "filter": { "status": "requested", "intervention_id": offers[0] },
    });
    let told = call!(calls, portal.post("/v1/solicitations/steps", visits)).expect(200);
    assert_eq!(
        told["counts"],
        json!({ "received": 12, "done": 10, "rejected": 2 })
    );
    let refused = told["items"].as_array().unwrap().iter();
    let refused: Vec<&Value> = refused.filter(|one| one["outcome"] == "rejected").collect();
    let full: Vec<&str> = refused
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        full,
        [asked[10].1.as_str(), asked[11].1.as_str()],
        "first asked, first served"
    );
    // The two that came last are told why.
    let late = json!({ "step": "decline", "ids": full, "reason": "Complet ; de nouvelles dates en mars." });
    let told = call!(calls, portal.post("/v1/solicitations/steps", late)).expect(200);
    assert_eq!(told["counts"]["done"], 2);
    // Yes to all that is left, workshops and help alike.
    let rest = json!({ "step": "accept", "filter": { "status": "requested" }, "scheduled_on": "2027-01-14" });
    let told = call!(calls, portal.post("/v1/solicitations/steps", rest)).expect(200);
    assert_eq!(
        told["counts"],
        json!({ "received": 18, "done": 18, "rejected": 0 })
    );
    // The 14th does not suit one of them: another day is proposed, and agreed on.
    let (school, path) = (&asked[20].0, format!("/v1/solicitations/{}", asked[20].1));
    let another = json!({ "proposed_on": "2027-01-21" });
    let proposed = call!(calls, portal.post(&format!("{path}/propose"), another)).expect(200);
    assert_eq!(proposed["scheduled_on"], "2027-01-14");
    let school = service.school(school);
    let theirs = school.get("/v1/todo").await.expect(200)["data"].clone();
    assert_eq!(
        (&theirs[0]["kind"], &theirs[0]["url"]),
        (&json!("day_to_agree"), &json!(path))
    );
    let agreed = school.post(&format!("{path}/agree"), json!({})).await;
    assert_eq!(agreed.expect(200)["scheduled_on"], "2027-01-21");
    // The inbox is empty.
    let left = call!(
        calls,
        portal.get("/v1/todo/count?kind=request_to_answer,day_to_agree")
    )
    .expect(200);
    assert_eq!(left["count"], 0);
    assert_eq!(calls, 6, "thirty requests answered in six calls");

    for (place, (_, request)) in asked.iter().enumerate() {
        let seen = portal
            .get(&format!("/v1/solicitations/{request}"))
            .await
            .expect(200);
        let expected = match place {
            10 | 11 => ("declined", Value::Null),
            0..10 => ("accepted", json!("2027-01-11")),
            20 => ("accepted", json!("2027-01-21")),
            _ => ("accepted", json!("2027-01-14")),
        };
        assert_eq!(
            (
                seen["status"].as_str().unwrap(),
                seen["scheduled_on"].clone()
            ),
            expected,
            "{place}"
        );
        assert_eq!(seen["convention_id"], json!(convention), "{place}");
    }
}

#[actix_web::test]
async fn a_rectorats_september() {
    const SHA: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let service = Service::on("2026-09-07").await;
    let numbers: [u32; 12] = std::array::from_fn(|place| 690_001 + u32::try_from(place).unwrap());
    let schools = service.new_schools(numbers).await;
    let rectorat = service.academy("academy:10");

    let mut calls = 0;
    // The partner of the academy's own convention.
    let partner = json!({
        "legal_name": "Menuiserie Dupont", "kind": "company", "origin": "local", "territory": "department:069",
    });
    let partner = id(&call!(calls, rectorat.post("/v1/partners", partner)).expect(201));
    // Its convention, written, sent for signature, and signed on paper by both sides.
    let convention = json!({
        "title": "Le bois au collège", "kind": "partnership", "scope": "local", "territory": "academy:10",
        "partner_ids": [partner], "starts_on": "2026-09-01", "levels": ["4e", "3e"],
        "signatories": [
            { "side": "ministry", "name": "Anne Roux", "function": "Rectrice", "organisation": "Académie de Lyon" },
            { "side": "partner", "partner_id": partner, "name": "Luc Dupont", "function": "Gérant", "organisation": "Menuiserie Dupont" },
        ],
    });
    let draft = call!(calls, rectorat.post("/v1/conventions", convention)).expect(201);
    let path = format!("/v1/conventions/{}", id(&draft));
    for step in ["open-negotiation", "send-for-signature"] {
        let step = format!("{path}/{step}");
        call!(calls, rectorat.post(&step, json!({}))).expect(200);
    }
    let mut signed = Value::Null;
    for side in ["ministry", "partner"] {
        let signature = json!({
            "side": side, "signed_on": "2026-09-04", "medium": "paper", "document_sha256": SHA,
        });
        let sign = format!("{path}/sign");
        signed = call!(calls, rectorat.post(&sign, signature)).expect(200);
    }
    assert_eq!(
        (&signed["status"], &signed["effective_status"]),
        (&json!("signed"), &json!("in_force"))
    );
    // The table to fill in: twelve schools, one number mistyped and one level that is not of the convention.
    let template = call!(calls, rectorat.get("/v1/declinations/template?format=csv"));
    let heads = template.text().trim_end().to_owned();
    let columns = heads.split(';').count();
    let place = heads.split(';').position(|head| head.ends_with("[levels]"));
    let reference = signed["reference"].as_str().unwrap();
    let row = |(number, school): (usize, &String)| {
        let mut cells = vec![String::new(); columns];
        cells[0] = reference.to_owned();
        cells[1] = "Établissement".to_owned();
        cells[2].clone_from(school);
        cells[4] = "07/09/2026".to_owned();
        cells[place.unwrap()] = "3ème".to_owned();
        if number == 4 {
            cells[2].replace_range(7.., "Z");
        }
        if number == 7 {
            cells[place.unwrap()] = "Seconde générale et technologique".to_owned();
        }
        cells.join(";")
    };
    let rows: Vec<String> = schools.iter().enumerate().map(row).collect();
    let file = format!("{heads}\r\n{}\r\n", rows.join("\r\n"));
    let send = |file: String| {
        let request = rectorat.request("POST", "/v1/declinations/batch");
        request.body("text/csv", file).send()
    };
    calls += 1;
    let first = send(file.clone()).await.expect(200);
    assert_eq!(
        (&first["counts"]["created"], &first["counts"]["rejected"]),
        (&json!(10), &json!(2)),
        "{first}"
    );
    let fault = |row: usize| &first["items"][row]["errors"][0];
    assert_eq!(
        (&fault(4)["cell"], &fault(4)["nearest"]),
        (&json!("C6"), &json!(format!("uai:{}", schools[4])))
    );
    assert_eq!(fault(7)["code"], "not_in_convention");
    // Both cells are corrected, and the same file is sent again: what was written stays as it is.
    let wrong = format!("{}Z", &schools[4][..7]);
    let file = file
        .replace(&wrong, &schools[4])
        .replace("Seconde générale et technologique", "3ème");
    calls += 1;
    let second = send(file).await.expect(200);
    assert_eq!(
        (&second["counts"]["created"], &second["counts"]["unchanged"]),
        (&json!(2), &json!(10)),
        "{second}"
    );
    // They are active from now on, all of them.
    let activate =
        json!({ "step": "activate", "filter": { "convention_id": reference, "status": "draft" } });
    let told = call!(calls, rectorat.post("/v1/declinations/steps", activate)).expect(200);
    assert_eq!(
        told["counts"],
        json!({ "received": 12, "done": 12, "rejected": 0 })
    );
    assert_eq!(
        calls, 10,
        "a convention signed and declined in twelve schools in ten calls"
    );

    // Each school finds it among what is its own, the ministry did nothing.
    for school in &schools {
        let own = service.school(school);
        let query = format!("/v1/declinations?territory=uai:{school}&status=active");
        let own = own.get(&query).await.expect(200);
        assert_eq!(own["data"].as_array().unwrap().len(), 1, "{school}");
        assert_eq!(own["data"][0]["effective_status"], "in_force");
    }
    let ministry = "SELECT count(*) FROM audit_events WHERE role = 'ministry'";
    assert_eq!(service.number(ministry).await, 0);
}
