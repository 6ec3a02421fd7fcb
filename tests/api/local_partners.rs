//! Local partners, and the local conventions that are signed without the ministry.

use serde_json::{Value, json};

use crate::support::{Caller, Service, absent, id, uai};

const LYON: &str = "academy:10";
const SHA: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn local(legal_name: &str, territory: &str) -> Value {
    json!({ "legal_name": legal_name, "kind": "company", "origin": "local", "territory": territory })
}

async fn created(caller: &Caller, body: Value) -> Value {
    caller.post("/v1/partners", body).await.expect(201)
}

fn path(partner: &Value) -> String {
    format!("/v1/partners/{}", id(partner))
}

/// A draft of a local convention of the academy with this partner, each side with its signatory.
fn convention(partner: &str, territory: &str) -> Value {
    json!({
        "title": "Convention locale", "kind": "partnership", "scope": "local", "territory": territory,
        "partner_ids": [partner], "starts_on": "2026-01-01",
        "signatories": [
            { "side": "ministry", "name": "A", "function": "Recteur", "organisation": "Académie" },
            { "side": "partner", "partner_id": partner, "name": "B", "function": "Gérante", "organisation": "Menuiserie" },
        ],
    })
}

/// Takes a draft to where it is signed.
async fn to_sign(caller: &Caller, body: Value) -> String {
    let draft = id(&caller.post("/v1/conventions", body).await.expect(201));
    let path = format!("/v1/conventions/{draft}");
    for step in ["open-negotiation", "send-for-signature"] {
        let step = format!("{path}/{step}");
        caller.post(&step, json!({})).await.expect(200);
    }
    path
}

fn on_paper(side: &str) -> Value {
    json!({ "side": side, "signed_on": "2026-01-15", "medium": "paper", "document_sha256": SHA })
}

#[actix_web::test]
async fn an_academy_creates_keeps_and_archives_its_local_partner() {
    let service = Service::start().await;
    let academy = service.academy(LYON);
    let partner = created(&academy, local("Menuiserie Dupont", "department:069")).await;
    assert_eq!(
        (&partner["origin"], &partner["territory"]),
        (&json!("local"), &json!("department:069"))
    );
    assert_eq!(
        partner["allowed_actions"],
        json!(["update", "delete", "archive"])
    );
    let patch = json!({ "usual_name": "Dupont", "territory": "academy:10" });
    let changed = academy.patch(&path(&partner), patch).await.expect(200);
    assert_eq!(
        (&changed["usual_name"], &changed["territory"]),
        (&json!("Dupont"), &json!("academy:10"))
    );
    for step in ["archive", "restore"] {
        let step = format!("{}/{step}", path(&partner));
        academy.post(&step, json!({})).await.expect(200);
    }
    let read = service.reader().get(&path(&partner)).await.expect(200);
    assert_eq!(read["allowed_actions"], json!([]), "everyone reads it");
    academy.delete(&path(&partner)).await.expect(204);
}

#[actix_web::test]
async fn a_territory_alone_makes_a_partner_local_and_a_school_has_its_own() {
    let service = Service::start().await;
    let uai = uai(690_001);
    service.new_school(&uai, "department:069", LYON).await;
    let body = json!({ "legal_name": "Garage Martin", "kind": "company", "territory": format!("uai:{uai}") });
    let partner = created(&service.school(&uai), body).await;
    assert_eq!(partner["origin"], "local");
    let patch = json!({ "acronym": "GM" });
    let of_academy = service.academy(LYON).patch(&path(&partner), patch).await;
    of_academy.expect(200);
    let stranger = service.academy("academy:09");
    let patch = json!({ "acronym": "X" });
    let refused = stranger.patch(&path(&partner), patch).await;
    refused.problem(403, "forbidden");

    // The school moves to another academy, and its partner with it.
    let sql = service.sql().await;
    let moves = format!(
        "UPDATE establishments SET academy = 'academy:09', department = 'department:059' WHERE uai = '{uai}';
         SELECT refresh_reach(ARRAY['{uai}'])"
    );
    sql.batch_execute(&moves).await.unwrap();
    let patch = json!({ "acronym": "GMN" });
    stranger.patch(&path(&partner), patch).await.expect(200);
    let patch = json!({ "acronym": "GML" });
    let refused = service.academy(LYON).patch(&path(&partner), patch).await;
    refused.problem(403, "forbidden");
}

#[actix_web::test]
async fn nobody_creates_a_partner_outside_its_perimeter() {
    let service = Service::start().await;
    let uai = uai(690_001);
    service.new_school(&uai, "department:069", LYON).await;
    let (academy, school) = (service.academy(LYON), service.school(&uai));
    let before = service.number("SELECT count(*) FROM partners").await;
    for (caller, territory) in [
        (&academy, "academy:09"),
        (&academy, "region:84"),
        (&academy, "department:059"),
        (&school, "academy:10"),
        (&school, "department:069"),
    ] {
        let refused = caller.post("/v1/partners", local("X", territory)).await;
        refused.problem(403, "forbidden");
        assert_eq!(
            refused.faults(),
            ["/territory outside_perimeter"],
            "{territory}"
        );
    }
    let national = json!({ "legal_name": "X", "kind": "company" });
    for caller in [&academy, &school] {
        let refused = caller.post("/v1/partners", national.clone()).await;
        refused.problem(403, "forbidden");
        assert_eq!(refused.faults(), ["/origin not_yours"]);
    }
    for caller in [service.reader(), service.partner(&absent())] {
        let refused = caller.post("/v1/partners", local("X", LYON)).await;
        refused.problem(403, "forbidden");
    }
    assert_eq!(
        service.number("SELECT count(*) FROM partners").await,
        before
    );
}

#[actix_web::test]
async fn an_origin_and_a_territory_go_together() {
    let service = Service::start().await;
    let ministry = service.ministry();
    for (body, fault) in [
        (json!({ "origin": "local" }), "/territory required"),
        (
            json!({ "origin": "local", "territory": null }),
            "/territory not_null",
        ),
        (
            json!({ "origin": "national", "territory": LYON }),
            "/territory only_with",
        ),
        (json!({ "origin": "regional" }), "/origin unknown_code"),
        (
            json!({ "territory": "FR" }),
            "/territory not_a_local_territory",
        ),
        (
            json!({ "territory": "academy:99" }),
            "/territory unknown_territory",
        ),
        (json!({ "territory": "uai:0699999X" }), "/territory"),
    ] {
        let mut body = body;
        body["legal_name"] = json!("X");
        body["kind"] = json!("company");
        let refused = ministry.post("/v1/partners", body.clone()).await;
        refused.problem(422, "validation_failed");
        assert!(
            refused.faults()[0].starts_with(fault),
            "{body}: {}",
            refused.text()
        );
    }
}

#[actix_web::test]
async fn only_the_ministry_makes_a_local_partner_national() {
    let service = Service::start().await;
    let (academy, ministry) = (service.academy(LYON), service.ministry());
    let partner = created(&academy, local("Menuiserie Dupont", LYON)).await;
    for patch in [
        json!({ "origin": "national" }),
        json!({ "territory": null }),
    ] {
        let refused = academy.patch(&path(&partner), patch).await;
        refused.problem(403, "forbidden");
        assert_eq!(refused.faults(), ["/origin not_yours"]);
    }
    let away = json!({ "territory": "academy:09" });
    let refused = academy.patch(&path(&partner), away).await;
    assert_eq!(refused.faults(), ["/territory outside_perimeter"]);
    let made = json!({ "origin": "national" });
    let national = ministry.patch(&path(&partner), made).await.expect(200);
    assert_eq!(
        (&national["origin"], &national["territory"]),
        (&json!("national"), &Value::Null)
    );
    let patch = json!({ "acronym": "MD" });
    let refused = academy.patch(&path(&partner), patch).await;
    refused.problem(403, "forbidden");
}

#[actix_web::test]
async fn an_academy_does_nothing_to_a_national_partner() {
    let service = Service::start().await;
    let academy = service.academy(LYON);
    let national = service.new_partner("Union nationale").await;
    let representative = id(&service.new_representative(&id(&national), &[LYON]).await);
    let before = service.everything().await;
    let path = path(&national);
    let representatives = format!("{path}/representatives");
    let refused = [
        academy.patch(&path, json!({ "description": "X" })).await,
        academy
            .patch(&path, json!({ "origin": "local", "territory": LYON }))
            .await,
        academy.patch(&path, json!({ "territory": LYON })).await,
        academy.delete(&path).await,
        academy.post(&format!("{path}/archive"), json!({})).await,
        academy.post(&format!("{path}/restore"), json!({})).await,
        academy
            .post(
                &representatives,
                json!({ "name": "A", "territories": [LYON] }),
            )
            .await,
        academy
            .delete(&format!("{representatives}/{representative}"))
            .await,
    ];
    for reply in refused {
        reply.problem(403, "forbidden");
    }
    assert_eq!(service.everything().await, before);
}

#[actix_web::test]
async fn the_portal_of_a_local_partner_writes_its_description_alone() {
    let service = Service::start().await;
    let partner = created(&service.academy(LYON), local("Menuiserie Dupont", LYON)).await;
    let portal = service.partner(&id(&partner));
    let patch = json!({ "description": "Nous" });
    portal.patch(&path(&partner), patch).await.expect(200);
    let patch = json!({ "origin": "national", "territory": null });
    let refused = portal.patch(&path(&partner), patch).await;
    refused.problem(403, "forbidden");
    assert_eq!(
        refused.faults(),
        ["/origin not_yours", "/territory not_yours"]
    );
}

#[actix_web::test]
async fn a_number_that_exists_is_refused_with_the_partner_to_use() {
    let service = Service::start().await;
    let mut known = json!({ "legal_name": "Union des métiers", "kind": "professional_branch" });
    known["siren"] = json!("552049447");
    let known = created(&service.ministry(), known).await;
    let mut body = local("Métiers du Rhône", LYON);
    body["siren"] = json!("552049447");
    let refused = service.academy(LYON).post("/v1/partners", body).await;
    let problem = refused.problem(409, "duplicate_siren");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("Union des métiers") && detail.contains(&id(&known)),
        "{detail}"
    );
}

#[actix_web::test]
async fn a_like_name_is_told_and_taken_all_the_same() {
    let service = Service::start().await;
    let academy = service.academy(LYON);
    let known = created(
        &service.ministry(),
        json!({ "legal_name": "Menuiserie Dupont SARL", "kind": "company" }),
    )
    .await;
    for name in [
        "menuiserie dupont",
        "Dupont Menuiserie",
        "MENUISERIE DUPOND",
    ] {
        let made = created(&academy, local(name, LYON)).await;
        let warnings = made["warnings"].as_array().unwrap();
        let like = warnings.iter().filter(|one| one["code"] == "looks_like");
        let details: Vec<_> = like.map(|one| one["detail"].as_str().unwrap()).collect();
        assert!(
            details.iter().any(|detail| detail.contains(&id(&known))),
            "{name}: {made}"
        );
        academy.delete(&path(&made)).await.expect(204);
    }
    let other = created(&academy, local("Boulangerie Martin", LYON)).await;
    let warned = |partner: &Value| {
        let warnings = partner["warnings"].as_array().unwrap();
        warnings.iter().any(|one| one["code"] == "looks_like")
    };
    assert!(!warned(&other), "{other}");
    let patch = json!({ "legal_name": "Menuiserie Dupont" });
    let renamed = academy.patch(&path(&other), patch).await.expect(200);
    assert!(warned(&renamed), "{renamed}");
    let patch = json!({ "acronym": "MD" });
    let changed = academy.patch(&path(&other), patch).await.expect(200);
    assert!(!warned(&changed), "said once: {changed}");
}

#[actix_web::test]
async fn local_partners_are_found_by_origin_and_place() {
    let service = Service::start().await;
    service.new_partner("Nationale").await;
    created(&service.academy(LYON), local("Locale", "department:069")).await;
    for (filter, expected) in [
        ("?origin=local", 1),
        ("?origin=national", 1),
        ("?territory=academy:10", 1),
        ("?territory=region:84", 1),
        ("?territory=department:059", 0),
        ("?origin=national&territory=academy:10", 0),
    ] {
        let found = service.reader().all(&format!("/v1/partners{filter}")).await;
        assert_eq!(found.len(), expected, "{filter}");
    }
}

#[actix_web::test]
async fn a_local_convention_goes_from_draft_to_signed_without_the_ministry() {
    let service = Service::start().await;
    let academy = service.academy(LYON);
    let partner = id(&created(&academy, local("Menuiserie Dupont", LYON)).await);
    let path = to_sign(&academy, convention(&partner, LYON)).await;
    let sign = format!("{path}/sign");
    academy.post(&sign, on_paper("ministry")).await.expect(200);
    let signed = academy.post(&sign, on_paper("partner")).await.expect(200);
    assert_eq!(signed["status"], "signed");
    let signature = &signed["signatories"][1]["signature"];
    assert_eq!(
        (&signature["registered_by"], &signature["document_sha256"]),
        (&json!("test academy"), &json!(SHA))
    );
}

#[actix_web::test]
async fn a_school_registers_the_paper_signatures_of_its_own_convention() {
    let service = Service::start().await;
    let uai = uai(690_001);
    service.new_school(&uai, "department:069", LYON).await;
    let (school, territory) = (service.school(&uai), format!("uai:{uai}"));
    let partner = id(&created(&school, local("Garage Martin", &territory)).await);
    let path = to_sign(&school, convention(&partner, &territory)).await;
    let sign = format!("{path}/sign");
    let colleague = service.school("0690002B");
    let foreign = colleague.post(&sign, on_paper("partner")).await;
    foreign.problem(404, "not_found");
    school.post(&sign, on_paper("partner")).await.expect(200);
    let signed = school.post(&sign, on_paper("ministry")).await.expect(200);
    assert_eq!(signed["status"], "signed");
}

#[actix_web::test]
async fn whoever_keeps_a_convention_registers_no_electronic_signature_of_a_partner() {
    let service = Service::start().await;
    let academy = service.academy(LYON);
    let partner = id(&created(&academy, local("Menuiserie Dupont", LYON)).await);
    let path = to_sign(&academy, convention(&partner, LYON)).await;
    let sign = format!("{path}/sign");
    let electronic = json!({ "side": "partner", "signed_on": "2026-01-15", "medium": "qualified" });
    let refused = academy.post(&sign, electronic.clone()).await;
    refused.problem(403, "forbidden");
    assert_eq!(refused.faults(), ["/medium not_yours"]);
    let mut undigested = on_paper("partner");
    undigested["document_sha256"] = Value::Null;
    let refused = academy.post(&sign, undigested).await;
    assert_eq!(refused.faults(), ["/document_sha256 not_null"]);
    service
        .partner(&partner)
        .post(&sign, electronic)
        .await
        .expect(200);
    let again = academy.post(&sign, on_paper("partner")).await;
    again.problem(409, "already_signed");
}

#[actix_web::test]
async fn an_academy_registers_no_signature_of_a_national_convention() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("Union nationale").await);
    let mut body = convention(&partner, LYON);
    body["scope"] = json!("national");
    body["territory"] = Value::Null;
    let path = to_sign(&service.ministry(), body).await;
    for side in ["ministry", "partner"] {
        let refused = service
            .academy(LYON)
            .post(&format!("{path}/sign"), on_paper(side))
            .await;
        refused.problem(404, "not_found");
    }
}

#[actix_web::test]
async fn the_amendment_of_a_local_convention_is_signed_without_the_ministry_too() {
    let service = Service::start().await;
    let academy = service.academy(LYON);
    let partner = id(&created(&academy, local("Menuiserie Dupont", LYON)).await);
    let path = to_sign(&academy, convention(&partner, LYON)).await;
    for side in ["ministry", "partner"] {
        academy
            .post(&format!("{path}/sign"), on_paper(side))
            .await
            .expect(200);
    }
    let body = json!({
        "title": "Avenant", "effective_on": "2026-06-01",
        "changes": [{ "op": "text", "article": "Article 1", "text": "Deux réunions par an." }],
        "signatories": convention(&partner, LYON)["signatories"],
    });
    let amendments = format!("{path}/amendments");
    let amendment = id(&academy.post(&amendments, body).await.expect(201));
    let path = format!("{amendments}/{amendment}");
    academy
        .post(&format!("{path}/send-for-signature"), json!({}))
        .await
        .expect(200);
    academy
        .post(&format!("{path}/sign"), on_paper("partner"))
        .await
        .expect(200);
    let signed = academy
        .post(&format!("{path}/sign"), on_paper("ministry"))
        .await
        .expect(200);
    assert_eq!(signed["status"], "signed");
}
