//! The lives of three real agreements, from the list that the project carries (`data/demo`): who
//! signed, when, and where it was published are facts; what the list does not say (an end, an axis, a
//! later amendment) is told here as such.

use serde_json::{Value, json};

use crate::amendments::{amended, amendment};
use crate::conventions::{SHA, signed};
use crate::support::{Reply, Service, id, merged, uai};

/// A row of a list of the project's, by its id.
fn fact(file: &str, key: &str) -> Value {
    let path = format!("{}/data/demo/{file}.csv", env!("CARGO_MANIFEST_DIR"));
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_path(path)
        .expect("the list");
    let mut rows = rows.deserialize::<serde_json::Map<String, Value>>();
    let found = rows.find(|row| {
        row.as_ref()
            .is_ok_and(|row| row["id"].to_string().trim_matches('"') == key)
    });
    Value::Object(found.expect("a row").expect("a row"))
}

/// The partners of the list with these ids, registered.
async fn partners(service: &Service, ids: &[&str]) -> Vec<String> {
    let mut made = Vec::new();
    for key in ids {
        let row = fact("partners", key);
        let partner = service.new_partner(row["nom"].as_str().unwrap()).await;
        made.push(id(&partner));
    }
    made
}

/// The signature of each signatory, on this day.
async fn sign_all(service: &Service, path: &str, on: &str) -> Value {
    let ministry = service.ministry();
    let people = ministry.get(path).await.expect(200)["signatories"].clone();
    let mut last = Value::Null;
    for place in 0..people.as_array().unwrap().len() {
        let body = json!({ "signatory": place, "signed_on": on, "medium": "paper", "document_sha256": SHA });
        last = ministry
            .post(&format!("{path}/sign"), body)
            .await
            .expect(200);
    }
    last
}

fn convention(title: &str, partners: &[String], from: &str, to: Value) -> Value {
    let people = amendment(
        from,
        json!([]),
        &partners.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    json!({
        "title": title, "kind": "framework_cooperation", "scope": "national", "partner_ids": partners,
        "starts_on": from, "ends_on": to, "signatories": people["signatories"],
    })
}

async fn step(service: &Service, path: &str, step: &str, body: Value) -> Reply {
    service
        .ministry()
        .post(&format!("{path}/{step}"), body)
        .await
}

/// UIMM and OPCAIM signed on 13 December 2000, and again on 29 December 2006. The list gives no
/// term: five years are supposed here, which leaves a year without a convention.
#[actix_web::test]
async fn the_metal_industry_renews_its_convention_after_a_year_without_one() {
    let (first, second) = (fact("conventions", "1"), fact("conventions", "10"));
    assert_eq!(first["partenaires_ids"], second["partenaires_ids"]);
    let service = Service::start().await;
    let parties = partners(&service, &["2", "3"]).await;
    let day = first["date_signature"].as_str().unwrap();
    let mut body = convention(
        "Convention générale de coopération",
        &parties,
        day,
        json!("2005-12-12"),
    );
    body["nor"] = first["nor"].clone();
    let path = format!(
        "/v1/conventions/{}",
        id(&service
            .ministry()
            .post("/v1/conventions", body)
            .await
            .expect(201))
    );
    step(&service, &path, "open-negotiation", json!({}))
        .await
        .expect(200);
    step(&service, &path, "send-for-signature", json!({}))
        .await
        .expect(200);
    let old = sign_all(&service, &path, day).await;
    assert_eq!(
        (&old["status"], &old["effective_status"]),
        (&json!("signed"), &json!("expired"))
    );

    // The new one takes up the old, with its own dates and number.
    let again = second["date_signature"].as_str().unwrap();
    let renewal = json!({ "title": "Convention-cadre de coopération", "starts_on": again, "ends_on": "2011-12-28" });
    let draft = step(&service, &path, "renew", renewal).await.expect(201);
    assert_eq!(draft["partner_ids"], old["partner_ids"]);
    assert_eq!(draft["nor"], Value::Null);
    let successor = format!("/v1/conventions/{}", id(&draft));
    service
        .ministry()
        .patch(&successor, json!({ "nor": second["nor"] }))
        .await
        .expect(200);
    step(&service, &successor, "open-negotiation", json!({}))
        .await
        .expect(200);
    step(&service, &successor, "send-for-signature", json!({}))
        .await
        .expect(200);
    let new = sign_all(&service, &successor, again).await;
    assert_eq!(new["signed_on"], again);
    assert_eq!(
        new["gap_before"],
        json!({ "from": "2005-12-13", "to": "2006-12-28" })
    );
    let reader = service.reader();
    for (on, expected) in [
        ("2000-12-12", ["upcoming", "upcoming"]),
        ("2005-12-12", ["in_force", "upcoming"]),
        ("2006-06-30", ["expired", "upcoming"]),
        ("2006-12-29", ["replaced", "in_force"]),
        ("2011-12-29", ["replaced", "expired"]),
    ] {
        for (path, status) in [&path, &successor].into_iter().zip(expected) {
            let then = reader.get(&format!("{path}?at={on}")).await.expect(200);
            assert_eq!(then["effective_status"], status, "{path} on {on}");
        }
        let in_force = reader
            .all(&format!("/v1/conventions?in_force_on={on}"))
            .await;
        assert_eq!(
            in_force.len(),
            expected.iter().filter(|one| **one == "in_force").count()
        );
    }
    let old = reader.get(&path).await.expect(200);
    assert_eq!(
        (&old["successor_id"], &new["predecessor_id"]),
        (&new["id"], &old["id"])
    );
    assert_eq!(old["warnings"][0]["code"], "gap_after");
}

/// Engie signed on 22 November 2016; the list has GRTgaz and GRDF beside it and says that how they
/// were grouped is uncertain. Here they join by an amendment, as parties do.
#[actix_web::test]
async fn two_companies_of_the_energy_sector_join_by_amendment() {
    let row = fact("conventions", "16");
    let day = row["date_signature"].as_str().unwrap();
    let ids: Vec<&str> = row["partenaires_ids"]
        .as_str()
        .unwrap()
        .split('|')
        .collect();
    let service = Service::start().await;
    let parties = partners(&service, &ids).await;
    let body = convention(
        "Convention école-entreprise",
        &parties[..1],
        day,
        json!("2019-11-21"),
    );
    let path = signed(&service, body).await;
    let changes: Vec<Value> = parties[1..]
        .iter()
        .map(|partner| json!({ "op": "add_partner", "partner_id": partner }))
        .collect();
    let who: Vec<&str> = parties.iter().map(String::as_str).collect();
    let joined = amended(
        &service,
        &path,
        amendment("2017-09-01", json!(changes), &who),
    )
    .await;
    assert_eq!(
        (
            &joined["number"],
            joined["signatories"].as_array().unwrap().len()
        ),
        (&json!(1), 4)
    );
    let longer = json!([{ "op": "extend", "ends_on": "2022-08-31" }]);
    amended(&service, &path, amendment("2019-09-01", longer, &who)).await;
    let reader = service.reader();
    for (on, parties_then, end) in [
        ("2017-08-31", 1, "2019-11-21"),
        ("2017-09-01", 3, "2019-11-21"),
        ("2019-09-01", 3, "2022-08-31"),
    ] {
        let then = reader.get(&format!("{path}?at={on}")).await.expect(200);
        assert_eq!(
            then["partner_ids"].as_array().unwrap().len(),
            parties_then,
            "on {on}"
        );
        assert_eq!(then["effective_ends_on"], end, "on {on}");
    }
    let today = reader.get(&path).await.expect(200);
    let origins: Vec<String> = today["amended_fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|origin| format!("{} {}", origin["field"].as_str().unwrap(), origin["number"]))
        .collect();
    assert_eq!(origins, ["partner_ids 1", "ends_on 2"]);
    // Each of them now finds it among its own.
    for partner in &parties {
        let own = reader
            .all(&format!(
                "/v1/conventions?partner_id={partner}&in_force_on=2021-01-01"
            ))
            .await;
        assert_eq!(own.len(), 1);
    }
}

/// MEDEF signed on 10 December 2021, by way of renewing the convention of 4 June 2019. The source is
/// a page of the Pyrénées-Orientales: there it is declined, from the region to a school.
#[actix_web::test]
async fn a_national_text_is_declined_by_a_region_then_an_academy_then_a_school() {
    let row = fact("conventions", "20");
    let service = Service::start().await;
    let parties = partners(&service, &["1"]).await;
    let mut body = convention(
        "Convention de coopération",
        &parties,
        row["date_signature"].as_str().unwrap(),
        Value::Null,
    );
    body["axes"] = json!(["career_discovery", "internships", "apprenticeship"]);
    body["action_types"] = json!(["company_visit", "class_talk", "internship_offer"]);
    let path = signed(&service, body).await;
    let of = path.trim_start_matches("/v1/conventions/").to_owned();
    let school = uai(660_004);
    service
        .new_school(&school, "department:066", "academy:11")
        .await;
    let (region, academy) = (service.academy("region:76"), service.academy("academy:11"));
    let own = service.school(&school);
    let decline = |level: &str, territory: &str, with: Value| {
        merged(
            json!({ "convention_id": of, "level": level, "territories": [territory], "starts_on": "2026-01-01" }),
            with,
        )
    };
    let activate = async |caller: &crate::support::Caller, declination: &str| {
        caller
            .post(
                &format!("/v1/declinations/{declination}/activate"),
                json!({}),
            )
            .await
    };

    let wide = decline(
        "academic_region",
        "region:76",
        json!({ "axes": ["career_discovery", "internships"], "targets": [{ "measure": "pupils", "school_year": "2026-2027", "value": 3000 }] }),
    );
    // Below its region no academy speaks for it.
    academy
        .post("/v1/declinations", wide.clone())
        .await
        .problem(403, "forbidden");
    let wide = id(&region.post("/v1/declinations", wide).await.expect(201));

    let narrower = |axes: Value| {
        decline(
            "academy",
            "academy:11",
            json!({ "parent_id": wide, "axes": axes, "levels": ["3e", "2de_gt"] }),
        )
    };
    let refused = academy
        .post("/v1/declinations", narrower(json!(["apprenticeship"])))
        .await;
    // What the region has not activated is its own affair: to an academy below it does not exist yet.
    refused.problem(422, "validation_failed");
    activate(&region, &wide).await.expect(200);
    let refused = academy
        .post("/v1/declinations", narrower(json!(["apprenticeship"])))
        .await;
    assert_eq!(refused.faults(), ["/axes/0 not_in_parent"]);
    let middle = id(&academy
        .post("/v1/declinations", narrower(json!(["internships"])))
        .await
        .expect(201));

    let at_school = |parent: &str| {
        decline(
            "establishment",
            &format!("uai:{school}"),
            json!({
                "parent_id": parent, "levels": ["2de_gt"], "board_decision": { "date": "2026-02-03", "number": "2026-07" },
                "planned_actions": [{ "title": "Visites d'entreprises", "action_type": "company_visit", "levels": ["2de_gt"] }],
            }),
        )
    };
    let leaf = id(&own
        .post("/v1/declinations", at_school(&middle))
        .await
        .expect(201));
    activate(&own, &leaf)
        .await
        .problem(409, "parent_not_active");
    activate(&academy, &middle).await.expect(200);
    let signed_by = json!({ "signatories": [{ "side": "ministry", "name": "A. B.", "function": "Proviseure", "organisation": "Lycée" }] });
    let active = own
        .post(&format!("/v1/declinations/{leaf}/activate"), signed_by)
        .await
        .expect(200);
    assert_eq!(
        (
            &active["status"],
            &active["effective_status"],
            &active["warnings"]
        ),
        (&json!("active"), &json!("in_force"), &json!([]))
    );

    // A second one of the same academy is refused, and the first is named.
    let twice = id(&academy
        .post(
            "/v1/declinations",
            decline("academy", "academy:11", json!({})),
        )
        .await
        .expect(201));
    let refused = activate(&academy, &twice).await;
    let problem = refused.problem(409, "territory_already_declined");
    assert!(problem["detail"].as_str().unwrap().contains(&middle));
    assert_eq!(refused.faults(), ["/territories/0 taken"]);

    // The tree, as a reader walks it.
    let reader = service.reader();
    let below = async |parent: &str| {
        reader
            .all(&format!(
                "/v1/declinations?convention_id={of}&parent_id={parent}"
            ))
            .await
    };
    assert_eq!(
        below(&wide).await.iter().map(id).collect::<Vec<_>>(),
        [middle.as_str()]
    );
    assert_eq!(
        below(&middle).await.iter().map(id).collect::<Vec<_>>(),
        [leaf.as_str()]
    );
    assert_eq!(
        reader
            .all(&format!(
                "/v1/declinations?convention_id={of}&territory=uai:{school}"
            ))
            .await
            .len(),
        3
    );
}
