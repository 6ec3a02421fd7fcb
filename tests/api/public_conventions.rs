//! The public directory of national conventions: what anyone may read, and nothing else.

use serde_json::{Value, json};

use crate::support::{Reply, Service, absent, id};

const LIST: &str = "/public/conventions";

const FORMS: [&str; 3] = ["application/json", "text/csv", "application/x-ndjson"];

/// A signatory whose every word can be recognised.
fn signatory(side: &str, partner: Option<&str>) -> Value {
    json!({
        "side": side, "partner_id": partner, "name": "Zoé Quernin", "function": "Sous-directrice-quernin",
        "organisation": "Organisme-quernin", "order": null,
        "signature": {
            "signed_on": "2024-05-06", "medium": "paper", "place": "Lieu-quernin", "document_sha256": "a".repeat(64),
            "by_delegation_of": "Délégante-quernin", "registered_by": "subject-quernin", "content_hash": "b".repeat(64),
        },
    })
}

async fn read(service: &Service, path: &str, form: &str) -> Reply {
    let request = service.anon().request("GET", path);
    let reply = request.header("accept", form).send().await;
    assert_eq!(reply.status, 200, "{path} {form}: {}", reply.text());
    reply
}

async fn references(service: &Service, query: &str) -> Vec<String> {
    let rows = service.anon().all(&format!("{LIST}?{query}")).await;
    let reference = |row: &Value| row["reference"].as_str().expect("a reference").to_owned();
    rows.iter().map(reference).collect()
}

#[actix_web::test]
async fn anyone_reads_each_signed_national_convention_with_its_parties() {
    let service = Service::start().await;
    let body = json!({ "legal_name": "Union des industries", "usual_name": "UIMM La Fabrique", "acronym": "UIMM",
                       "kind": "professional_branch", "siren": "552049447", "sectors": ["metal_industry", "energy"],
                       "website": "https://uimm.fr", "description": "Présentation" });
    let ministry = service.ministry();
    let first = id(&ministry.post("/v1/partners", body).await.expect(201));
    let second = id(&service.new_partner("Réseau, du bâtiment").await);
    let document = json!({ "kind": "text", "title": "Texte signé", "url": "https://exemple.fr/convention.pdf",
                           "sha256": "c".repeat(64), "media_type": "application/pdf" });
    let columns = json!({
        "reference": "CN-2024-0001", "title": "Convention-cadre", "partner_ids": [second, first],
        "axes": ["internships", "career_discovery"], "action_types": ["class_talk"], "levels": ["3e", "2de_gt"],
        "moments": ["pfmp"], "starts_on": "2024-06-01", "ends_on": "2099-05-31", "signed_on": "2024-05-06",
        "terms": { "purpose": "Faire découvrir les métiers.", "notice_months": 3 },
        "publication": { "managing_office": "DGESCO A2-2", "nor": "MENE2400123X",
                         "bulletin_reference": "BO n° 5", "documents": [document] },
    });
    let convention = service.signed_convention(&first, columns).await;

    let page = service.anon().get(LIST).await.expect(200);
    assert_eq!(page["next_cursor"], Value::Null);
    let expected = json!({
        "id": convention, "reference": "CN-2024-0001", "title": "Convention-cadre", "kind": "framework_cooperation",
        "partners": [
            { "id": second, "name": "Réseau, du bâtiment", "acronym": null, "siren": null, "sectors": [], "website": null },
            { "id": first, "name": "UIMM La Fabrique", "acronym": "UIMM", "siren": "552049447",
              "sectors": ["metal_industry", "energy"], "website": "https://uimm.fr" },
        ],
        "purpose": "Faire découvrir les métiers.", "axes": ["internships", "career_discovery"],
        "action_types": ["class_talk"], "levels": ["3e", "2de_gt"], "moments": ["pfmp"],
        "starts_on": "2024-06-01", "ends_on": "2099-05-31", "effective_status": "in_force",
        "effective_ends_on": "2099-05-31", "signed_on": "2024-05-06", "nor": "MENE2400123X",
        "bulletin_reference": "BO n° 5",
        "documents": [{ "kind": "text", "title": "Texte signé", "url": "https://exemple.fr/convention.pdf" }],
        "updated_at": "2020-01-01T00:00:00Z",
    });
    assert_eq!(page["data"], json!([expected]));
    let line = read(&service, LIST, "application/x-ndjson").await;
    assert_eq!(line.json(), expected);

    let csv = read(&service, LIST, "text/csv").await;
    let lines: Vec<&str> = csv.text().lines().collect();
    let names: Vec<&String> = expected.as_object().unwrap().keys().collect();
    assert_eq!(lines[0].split(',').collect::<Vec<_>>(), names);
    assert_eq!(
        lines[1].strip_prefix(&convention),
        Some(
            ",CN-2024-0001,Convention-cadre,framework_cooperation,\"Réseau, du bâtiment|UIMM La Fabrique\",\
         Faire découvrir les métiers.,internships|career_discovery,class_talk,3e|2de_gt,pfmp,2024-06-01,2099-05-31,\
         in_force,2099-05-31,2024-05-06,MENE2400123X,BO n° 5,https://exemple.fr/convention.pdf,2020-01-01T00:00:00Z"
        )
    );
    let excel = read(&service, &format!("{LIST}?dialect=excel-fr"), "text/csv").await;
    assert!(
        excel
            .text()
            .starts_with("\u{feff}id;reference;title;kind;kind_label;partners;")
    );
    assert!(
        excel
            .text()
            .contains(";\"Réseau, du bâtiment|UIMM La Fabrique\";")
    );
}

#[actix_web::test]
async fn neither_a_signatory_nor_a_subject_is_in_any_form_of_the_answer() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("UIMM").await);
    let signatories = json!([
        signatory("ministry", None),
        signatory("partner", Some(&partner))
    ]);
    let voided = json!([{ "signatory": signatory("partner", Some(&partner)), "voided_at": "2024-05-01T00:00:00Z",
                          "reason": "Contenu modifié : quernin" }]);
    let columns = json!({
        "reference": "CN-2024-0001", "signatories": signatories, "voided_signatures": voided, "status": "terminated",
        "termination": { "on": "2025-06-30", "party": "Partie-quernin", "kind": "notice", "reason": "Raison-quernin" },
        "imported": { "source": "Source-quernin", "source_id": "quernin" },
        "terms": { "follow_up": { "committee": "Comité de Zoé Quernin", "targets": [] } },
    });
    let convention = service.signed_convention(&partner, columns).await;
    let person = json!({ "name": "Zoé Quernin", "email": "quernin@exemple.fr" });
    let declination = json!({ "convention_id": convention, "level": "academy", "territories": ["academy:10"],
                              "starts_on": "2024-09-01", "coordinator": person });
    service
        .ministry()
        .post("/v1/declinations", declination)
        .await
        .expect(201);
    let people = format!("/v1/partners/{partner}/representatives");
    let body = json!({ "name": "Zoé Quernin", "territories": ["FR"] });
    service.ministry().post(&people, body).await.expect(201);

    let known = service
        .ministry()
        .get(&format!("/v1/conventions/{convention}"))
        .await;
    assert!(
        known.text().contains("subject-quernin"),
        "it is there to be found"
    );
    for form in FORMS {
        for query in ["", "?dialect=excel-fr", "?q=convention"] {
            let text = read(&service, &format!("{LIST}{query}"), form)
                .await
                .text()
                .to_lowercase();
            assert!(text.contains("cn-2024-0001"), "{form} {query}");
            assert!(!text.contains("quernin"), "{form} {query}: {text}");
        }
    }
    // Nor can they be searched for.
    assert_eq!(references(&service, "q=quernin").await, [""; 0]);
}

#[actix_web::test]
async fn what_is_local_or_was_never_signed_is_not_told() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("UIMM").await);
    for status in ["draft", "negotiation", "to_sign", "abandoned"] {
        let columns = json!({ "reference": format!("CN-2024-{status}"), "status": status, "signed_on": null });
        service.signed_convention(&partner, columns).await;
    }
    let local = json!({ "reference": "CL-A10-2024-0001", "scope": "local", "territory": "academy:10",
                        "reach": ["academy:10", "region:84", "FR"] });
    service.signed_convention(&partner, local).await;
    let successor = service
        .signed_convention(
            &partner,
            json!({ "reference": "CN-2024-0004", "starts_on": "2099-01-01" }),
        )
        .await;
    for (reference, columns) in [
        ("CN-2024-0001", json!({ "ends_on": "2021-12-31" })),
        (
            "CN-2024-0002",
            json!({ "status": "terminated", "termination": { "on": "2022-06-30", "party": "A", "kind": "notice" } }),
        ),
        (
            "CN-2024-0003",
            json!({ "status": "replaced", "successor_id": successor, "replaced_on": "2023-01-01" }),
        ),
        ("CN-2024-0005", json!({})),
    ] {
        let mut columns = columns;
        columns["reference"] = json!(reference);
        service.signed_convention(&partner, columns).await;
    }
    for form in FORMS {
        let text = read(&service, LIST, form).await;
        for hidden in ["CL-", "draft", "negotiation", "to_sign", "abandoned"] {
            assert!(!text.text().contains(hidden), "{form} {hidden}");
        }
    }
    let rows = service.anon().all(LIST).await;
    let statuses: Vec<&str> = rows
        .iter()
        .map(|row| row["effective_status"].as_str().unwrap())
        .collect();
    assert_eq!(
        statuses,
        ["expired", "terminated", "replaced", "upcoming", "in_force"]
    );
    assert_eq!(
        references(&service, "effective_status=in_force,upcoming").await,
        ["CN-2024-0004", "CN-2024-0005"]
    );
    // What filters conventions for callers is no filter here.
    for query in [
        "status=draft",
        "scope=local",
        "not_declined_in=FR",
        "kind=charter",
        "count=1",
    ] {
        let reply = service.anon().get(&format!("{LIST}?{query}")).await;
        reply.problem(422, "validation_failed");
        let name = query.split('=').next().unwrap();
        assert_eq!(reply.faults(), [format!("{name} unknown_parameter")]);
    }
}

#[actix_web::test]
async fn it_is_filtered_sorted_and_read_by_pages_like_any_list() {
    let service = Service::start().await;
    let energy = json!({ "legal_name": "Énergie", "kind": "company", "sectors": ["energy"] });
    let energy = id(&service
        .ministry()
        .post("/v1/partners", energy)
        .await
        .expect(201));
    let other = id(&service.new_partner("Autre").await);
    for (number, partner, columns) in [
        (
            1,
            &energy,
            json!({ "axes": ["internships"], "title": "Électricité", "updated_at": "2026-03-01T00:00:00Z" }),
        ),
        (
            2,
            &other,
            json!({ "levels": ["3e"], "ends_on": "2021-12-31", "updated_at": "2026-02-01T00:00:00Z" }),
        ),
        (
            3,
            &other,
            json!({ "action_types": ["jury"], "levels": ["cap_1"], "axes": ["equipment"] }),
        ),
    ] {
        let mut columns = columns;
        columns["reference"] = json!(format!("CN-2020-000{number}"));
        service.signed_convention(partner, columns).await;
    }
    for (query, expected) in [
        ("", vec![1, 2, 3]),
        ("sort=reference", vec![1, 2, 3]),
        ("sort=-reference", vec![3, 2, 1]),
        ("sort=updated_at", vec![3, 2, 1]),
        ("sort=-updated_at", vec![1, 2, 3]),
        ("in_force_on=2021-06-01", vec![1, 2, 3]),
        ("in_force_on=2022-06-01", vec![1, 3]),
        ("effective_status=expired", vec![2]),
        ("sector=energy", vec![1]),
        (&format!("partner_id={other}"), vec![2, 3]),
        (&format!("partner_id={}", absent()), vec![]),
        ("axis=internships", vec![1, 2]),
        ("action_type=class_talk", vec![1, 2]),
        ("level=3e", vec![1, 2]),
        ("q=electricite", vec![1]),
        ("updated_since=2026-02-01T00:00:00Z", vec![1, 2]),
    ] {
        let expected: Vec<String> = expected
            .iter()
            .map(|number| format!("CN-2020-000{number}"))
            .collect();
        for limit in ["", "limit=1"] {
            let query = [query, limit].join("&");
            assert_eq!(references(&service, &query).await, expected, "{query}");
        }
    }
    for bad in [
        "limit=0",
        "sort=title",
        "dialect=x",
        "in_force_on=2026-02-30",
        "partner_id=1",
    ] {
        service
            .anon()
            .get(&format!("{LIST}?{bad}"))
            .await
            .problem(422, "validation_failed");
    }
    service
        .anon()
        .get(&format!("{LIST}?cursor=x"))
        .await
        .problem(400, "invalid_cursor");
}

#[actix_web::test]
async fn a_copy_may_be_kept_and_names_its_licence() {
    const LICENCE: &str =
        "<https://www.etalab.gouv.fr/licence-ouverte-open-licence/>; rel=\"license\"";
    let origin = "https://exemple.fr";
    let service = Service::start_with(&[("REE_CORS_ORIGINS", origin)]).await;
    let partner = id(&service.new_partner("UIMM").await);
    for _ in 0..2 {
        service.signed_convention(&partner, json!({})).await;
    }
    let path = format!("{LIST}?limit=1");
    let ask = |form: &str, tag: &str| {
        let request = service.anon().request("GET", &path).header("accept", form);
        request
            .header("if-none-match", tag)
            .header("origin", origin)
            .send()
    };
    let tag = service.anon().get(&path).await.etag().to_owned();
    assert!(!tag.is_empty());
    for (form, tag, status) in [
        (FORMS[0], "\"x\"", 200),
        (FORMS[0], tag.as_str(), 304),
        (FORMS[1], "\"x\"", 200),
        (FORMS[2], "\"x\"", 200),
    ] {
        let reply = ask(form, tag).await;
        assert_eq!(reply.status, status, "{form}");
        assert_eq!(reply.header("cache-control"), "public, max-age=300");
        let vary = reply.header("vary").to_lowercase();
        for name in ["accept", "accept-encoding", "origin"] {
            assert!(
                vary.split(", ").any(|listed| listed == name),
                "{form}: {vary}"
            );
        }
        assert!(!vary.contains("authorization"), "{form}: {vary}");
        let links: Vec<&str> = reply
            .headers
            .get_all("link")
            .map(|link| link.to_str().unwrap())
            .collect();
        assert!(links.contains(&LICENCE), "{form}: {links:?}");
        let next = links.iter().any(|link| link.ends_with("rel=\"next\""));
        assert_eq!(next, form == FORMS[0], "{form}: {links:?}");
        assert_eq!(reply.header("access-control-allow-origin"), origin);
    }
    // A refusal is not for keeping.
    let refused = service.anon().get(&format!("{LIST}?limit=0")).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("cache-control")),
        (422, "")
    );
}
