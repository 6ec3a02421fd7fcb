//! Partners.

use serde_json::{Value, json};

use crate::support::{Service, absent, id};

fn uimm() -> Value {
    json!({
        "legal_name": "Union des industries et métiers de la métallurgie", "usual_name": "UIMM", "acronym": "UIMM",
        "kind": "professional_branch", "siren": "552049447", "rna": "W751234567", "sectors": ["metal_industry"],
        "website": "https://uimm.fr", "description": "Métallurgie.",
    })
}

#[actix_web::test]
async fn what_was_created_is_read_back_with_every_field() {
    let service = Service::start().await;
    let reply = service.ministry().post("/v1/partners", uimm()).await;
    let created = reply.expect(201);
    for (name, value) in uimm().as_object().unwrap() {
        assert_eq!(&created[name], value, "{name}");
    }
    assert_eq!(created["status"], "active");
    assert_eq!(created["warnings"], json!([]));
    assert_eq!(
        reply.header("location"),
        format!("/v1/partners/{}", id(&created))
    );
    let read = service.reader().get(reply.header("location")).await;
    let mut seen = read.expect(200);
    assert_eq!(
        seen["allowed_actions"],
        json!([]),
        "a reader can change nothing"
    );
    seen["allowed_actions"] = created["allowed_actions"].clone();
    assert_eq!(seen, created);
    assert!(read.etag().starts_with("\"1."), "{}", read.etag());
}

#[actix_web::test]
async fn a_partner_without_siren_and_rna_is_accepted_with_a_warning() {
    let service = Service::start().await;
    let created = service.new_partner("Sans numéro").await;
    assert_eq!(created["warnings"][0]["code"], "not_identified");
}

#[actix_web::test]
async fn every_fault_of_a_creation_comes_back_at_once_and_nothing_is_written() {
    let service = Service::start().await;
    let before = service.everything().await;
    let body = json!({
        "legal_name": "x".repeat(201), "usual_name": "\u{202e}", "kind": "compagny", "siren": "552049448",
        "rna": "W1", "sectors": ["energy", "energy", "nope"], "member_of": ["x"], "website": "http://a.fr",
        "description": 3, "status": "active", "id": "x", "nope": 1, "acronym": "a\u{0}",
    });
    let reply = service.ministry().post("/v1/partners?nope=1", body).await;
    reply.problem(422, "validation_failed");
    assert_eq!(
        reply.faults(),
        [
            "/acronym forbidden_characters",
            "/description wrong_type",
            "/id read_only",
            "/kind unknown_code",
            "/legal_name too_long",
            "/member_of/0 invalid_format",
            "/nope unknown_field",
            "/rna invalid_format",
            "/sectors/1 repeated_item",
            "/sectors/2 unknown_code",
            "/siren invalid_checksum",
            "/status read_only",
            "/usual_name forbidden_characters",
            "/website invalid_format",
            "nope unknown_parameter",
        ]
    );
    assert_eq!(service.everything().await, before);
}

#[actix_web::test]
async fn a_number_is_registered_once() {
    let service = Service::start().await;
    let ministry = service.ministry();
    ministry.post("/v1/partners", uimm()).await.expect(201);
    let other = json!({ "legal_name": "Autre", "kind": "company", "siren": "552049447" });
    ministry
        .post("/v1/partners", other)
        .await
        .problem(409, "duplicate_siren");
    let other = json!({ "legal_name": "Autre", "kind": "association", "rna": "W751234567" });
    ministry
        .post("/v1/partners", other)
        .await
        .problem(409, "duplicate_rna");
    let third = service.new_partner("Troisième").await;
    let path = format!("/v1/partners/{}", id(&third));
    ministry
        .patch(&path, json!({ "siren": "552049447" }))
        .await
        .problem(409, "duplicate_siren");
    assert_eq!(service.number("SELECT count(*) FROM partners").await, 2);
}

#[actix_web::test]
async fn a_patch_changes_what_it_names_and_null_clears() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let created = ministry.post("/v1/partners", uimm()).await.expect(201);
    let path = format!("/v1/partners/{}", id(&created));
    let patched = ministry
        .patch(
            &path,
            json!({ "usual_name": null, "sectors": null, "acronym": "U" }),
        )
        .await;
    let after = patched.expect(200);
    assert!(patched.etag().starts_with("\"2."));
    assert_eq!(
        (&after["usual_name"], &after["sectors"], &after["acronym"]),
        (&Value::Null, &json!([]), &json!("U"))
    );
    assert_eq!(after["legal_name"], created["legal_name"]);
    let reply = ministry
        .patch(&path, json!({ "legal_name": null, "kind": null }))
        .await;
    assert_eq!(reply.faults(), ["/kind not_null", "/legal_name not_null"]);
}

#[actix_web::test]
async fn a_patch_that_changes_nothing_writes_nothing() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let created = ministry.post("/v1/partners", uimm()).await;
    let path = created.header("location").to_owned();
    let before = service.everything().await;
    let reply = ministry
        .patch(&path, json!({ "acronym": "UIMM", "siren": "552049447" }))
        .await;
    reply.expect(200);
    assert_eq!(reply.etag(), created.etag());
    assert_eq!(service.everything().await, before);
}

#[actix_web::test]
async fn a_change_needs_the_present_version() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let created = ministry.post("/v1/partners", uimm()).await;
    let path = created.header("location").to_owned();
    let patch = |tag: &str| {
        let request = ministry
            .request("PATCH", &path)
            .merge(&json!({ "acronym": tag }));
        if tag.is_empty() {
            request
        } else {
            request.header("if-match", tag)
        }
    };
    patch("").send().await.problem(428, "precondition_required");
    patch(created.etag()).send().await.expect(200);
    patch(created.etag())
        .send()
        .await
        .problem(412, "precondition_failed");
    patch("\"2.whatever\"").send().await.expect(200);
    ministry
        .request("DELETE", &path)
        .send()
        .await
        .problem(428, "precondition_required");
    ministry
        .request("DELETE", &path)
        .header("if-match", "\"1.x\"")
        .send()
        .await
        .problem(412, "precondition_failed");
}

#[actix_web::test]
async fn archiving_and_restoring_follow_the_transition_table() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let step = |verb: &str| format!("/v1/partners/{partner}/{verb}");
    let archived = ministry
        .request("POST", &step("archive"))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&archived["status"], &archived["allowed_actions"]),
        (&json!("archived"), &json!(["update", "delete", "restore"]))
    );
    let again = ministry
        .request("POST", &step("archive"))
        .send()
        .await
        .problem(409, "invalid_transition");
    assert!(
        again["detail"]
            .as_str()
            .unwrap()
            .contains("archived → update, delete, restore"),
        "{again}"
    );
    ministry.post(&step("restore"), json!({})).await.expect(200);
    ministry
        .request("POST", &step("restore"))
        .send()
        .await
        .problem(409, "invalid_transition");
    let reply = ministry.post(&step("archive"), json!({ "why": 1 })).await;
    assert_eq!(reply.faults(), ["/why unknown_field"]);
}

#[actix_web::test]
async fn only_what_nothing_refers_to_is_deleted() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let network = id(&service.new_partner("Réseau").await);
    let member = json!({ "legal_name": "Membre", "kind": "company", "member_of": [network] });
    let member = id(&ministry.post("/v1/partners", member).await.expect(201));
    let path = |id: &str| format!("/v1/partners/{id}");
    ministry
        .delete(&path(&network))
        .await
        .problem(409, "in_use");
    let representative = service.new_representative(&member, &["FR"]).await;
    ministry.delete(&path(&member)).await.problem(409, "in_use");
    ministry
        .delete(&format!(
            "/v1/partners/{member}/representatives/{}",
            id(&representative)
        ))
        .await
        .expect(204);
    ministry.delete(&path(&member)).await.expect(204);
    ministry
        .delete(&path(&member))
        .await
        .problem(404, "not_found");
    ministry.delete(&path(&network)).await.expect(204);
}

#[actix_web::test]
async fn a_network_exists_and_is_another_partner() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let body = json!({ "legal_name": "Membre", "kind": "company", "member_of": [absent()] });
    let reply = ministry.post("/v1/partners", body).await;
    reply.problem(422, "validation_failed");
    assert_eq!(reply.faults(), ["/member_of unknown_reference"]);
    let partner = id(&service.new_partner("A").await);
    let reply = ministry
        .patch(
            &format!("/v1/partners/{partner}"),
            json!({ "member_of": [partner] }),
        )
        .await;
    assert_eq!(reply.faults(), ["/member_of its_own_network"]);
}

#[actix_web::test]
async fn a_partner_writes_its_own_description_and_website_alone() {
    let service = Service::start().await;
    let (own, other) = (
        id(&service.new_partner("Le sien").await),
        id(&service.new_partner("Un autre").await),
    );
    let portal = service.partner(&own);
    let path = |id: &str| format!("/v1/partners/{id}");
    let changed = portal
        .patch(
            &path(&own),
            json!({ "description": "Nous", "website": "https://nous.fr" }),
        )
        .await
        .expect(200);
    assert_eq!(
        (&changed["description"], &changed["allowed_actions"]),
        (&json!("Nous"), &json!(["update"]))
    );
    let reply = portal
        .patch(
            &path(&own),
            json!({ "legal_name": "X", "siren": null, "description": "Y" }),
        )
        .await;
    reply.problem(403, "forbidden");
    assert_eq!(
        reply.faults(),
        ["/legal_name not_yours", "/siren not_yours"]
    );
    portal
        .patch(&path(&other), json!({ "description": "Y" }))
        .await
        .problem(403, "forbidden");
    portal
        .patch(&path(&absent()), json!({ "description": "Y" }))
        .await
        .problem(404, "not_found");
    portal.delete(&path(&own)).await.problem(403, "forbidden");
    portal
        .post("/v1/partners", uimm())
        .await
        .problem(403, "forbidden");
}

#[actix_web::test]
async fn filters_find_what_they_name() {
    let service = Service::start().await;
    let ministry = service.ministry();
    ministry.post("/v1/partners", uimm()).await.expect(201);
    let energy = json!({ "legal_name": "Énergie & Cie", "kind": "company", "sectors": ["energy", "digital"] });
    let energy = id(&ministry.post("/v1/partners", energy).await.expect(201));
    ministry
        .request("POST", &format!("/v1/partners/{energy}/archive"))
        .send()
        .await
        .expect(200);
    for (filter, expected) in [
        ("", 2),
        ("?kind=company", 1),
        ("?kind=company,professional_branch", 2),
        ("?sector=energy", 1),
        ("?sector=metal_industry,digital", 2),
        ("?status=archived", 1),
        ("?siren=552049447", 1),
        ("?q=energie", 1),
        ("?q=METALLURGIE", 1),
        ("?q=100%25", 0),
        ("?q=_", 0),
        ("?updated_since=2999-01-01T00:00:00Z", 0),
        ("?updated_since=2000-01-01T00:00:00%2B02:00", 2),
        ("?status=active&kind=company", 0),
    ] {
        assert_eq!(
            service
                .reader()
                .all(&format!("/v1/partners{filter}"))
                .await
                .len(),
            expected,
            "{filter}"
        );
        let count = service
            .reader()
            .get(&format!("/v1/partners/count{filter}"))
            .await
            .expect(200);
        assert_eq!(count, json!({ "count": expected }), "{filter}");
    }
}
