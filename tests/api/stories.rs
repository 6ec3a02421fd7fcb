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
