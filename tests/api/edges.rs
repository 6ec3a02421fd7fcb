//! What crosses the edge of the API as people and proxies send it: bytes, tags, encodings, names that
//! nobody sees, and refusals that say what to do.

use std::io::Write;

use serde_json::{Value, json};

use crate::support::{Service, id, intervention};

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Both languages' words for the one fault of a problem.
fn told(problem: &Value) -> String {
    problem["errors"][0]["detail"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_tag_that_a_proxy_made_weak_is_told_from_a_change() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let path = format!("/v1/partners/{partner}");
    let etag = ministry.get(&path).await.etag().to_owned();
    let patch = async |tag: &str, language: &str| {
        let request = ministry.request("PATCH", &path).header("if-match", tag);
        let request = request.header("accept-language", language);
        request.merge(&json!({ "acronym": "B" })).send().await
    };
    let unquoted = etag.trim_matches('"').to_owned();
    for (tag, code, word) in [
        (format!("W/{etag}"), "weak_etag", "W/"),
        (unquoted, "unquoted_etag", "\"1.abc\""),
        // `*` stands alone, or not at all.
        (format!("*, {etag}0"), "unquoted_etag", "\"1.abc\""),
    ] {
        for language in ["fr", "en"] {
            let refused = patch(&tag, language).await;
            let problem = refused.problem(412, "precondition_failed");
            assert_eq!(refused.faults(), [format!("If-Match {code}")]);
            assert!(told(&problem).contains(word), "{problem}");
            assert_eq!(problem["detail"], problem["errors"][0]["detail"]);
            for changed in ["a changé :", "has changed:"] {
                assert!(!refused.text().contains(changed), "{problem}");
            }
        }
    }
    let stale = patch("\"9.abc\"", "fr").await;
    assert_eq!(
        stale.problem(412, "precondition_failed")["errors"],
        json!([])
    );
    patch(&etag, "fr").await.expect(200);
    // RFC 9110 §13.1.2: what must not be there is compared weakly.
    let convention = service.signed_convention(&partner, json!({})).await;
    service
        .new_intervention(&partner, &convention, json!({}))
        .await;
    let put = service
        .partner(&partner)
        .request("PUT", &format!("{path}/interventions/visite"))
        .header("if-none-match", "W/\"1.x\"");
    put.json(&intervention(&convention, json!({})))
        .send()
        .await
        .problem(412, "precondition_failed");
}

#[actix_web::test]
async fn two_codings_of_an_answer_have_two_tags_and_either_makes_it_known() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let body = json!({ "legal_name": "A", "kind": "company", "description": "x".repeat(4900) });
    let partner = id(&ministry.post("/v1/partners", body).await.expect(201));
    let path = format!("/v1/partners/{partner}");
    let plain = ministry.get(&path).await;
    let packed = ministry
        .request("GET", &path)
        .header("accept-encoding", "gzip")
        .send()
        .await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_ne!(plain.etag(), packed.etag());
    for tag in [plain.etag(), packed.etag(), &format!("W/{}", packed.etag())] {
        let again = ministry
            .request("GET", &path)
            .header("if-none-match", tag)
            .send()
            .await;
        again.expect(304);
        assert_eq!(again.etag(), tag.trim_start_matches("W/"));
    }
    let patch = ministry
        .request("PATCH", &path)
        .header("if-match", packed.etag());
    patch
        .merge(&json!({ "acronym": "B" }))
        .send()
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_compressed_body_is_taken_and_bounded_by_what_it_unpacks_to() {
    let service = Service::start().await;
    let send = async |coding: &str, body: Vec<u8>| {
        let request = service.ministry().request("POST", "/v1/partners");
        let request = request.header("content-encoding", coding);
        request.body("application/json", body).send().await
    };
    let partner = json!({ "legal_name": "A", "kind": "company" }).to_string();
    for coding in ["gzip", "GZIP", "x-gzip"] {
        send(coding, gzipped(partner.as_bytes())).await.expect(201);
    }
    send("identity", partner.clone().into_bytes())
        .await
        .expect(201);
    // Two members, one after the other, are one body (RFC 1952 §2.2).
    let (start, end) = partner.as_bytes().split_at(10);
    send("gzip", [gzipped(start), gzipped(end)].concat())
        .await
        .expect(201);
    let bomb = gzipped(&vec![b' '; 64 * 1024 * 1024]);
    assert!(bomb.len() < 1024 * 1024);
    send("gzip", bomb).await.problem(413, "payload_too_large");
    let mut cut = gzipped(partner.as_bytes());
    cut.truncate(cut.len() - 4);
    for broken in [cut, partner.clone().into_bytes()] {
        let refused = send("gzip", broken).await.problem(400, "malformed_request");
        assert!(
            refused["detail"].as_str().unwrap().contains("gzip"),
            "{refused}"
        );
    }
    for coding in ["br", "deflate", "gzip, gzip", "zstd"] {
        let refused = send(coding, gzipped(partner.as_bytes())).await;
        refused.problem(415, "unsupported_media_type");
        assert_eq!(refused.header("accept-encoding"), "gzip, identity");
    }
    // A batch of a portal too, as NDJSON.
    let partner = id(&service.new_partner("B").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    let line = intervention(&convention, json!({ "external_id": "a" })).to_string();
    let request = service
        .partner(&partner)
        .request(
            "POST",
            &format!("/v1/partners/{partner}/interventions/batch"),
        )
        .header("content-encoding", "gzip");
    let verdict = request
        .body("application/x-ndjson", gzipped(line.as_bytes()))
        .send()
        .await;
    assert_eq!(verdict.expect(200)["counts"]["created"], 1);
}

#[actix_web::test]
async fn a_byte_order_mark_before_json_is_passed_over() {
    let service = Service::start().await;
    let body = "\u{feff}{\"legal_name\": \"A\", \"kind\": \"company\"}";
    let request = service.ministry().request("POST", "/v1/partners");
    request
        .body("application/json", body)
        .send()
        .await
        .expect(201);
}

#[actix_web::test]
async fn broken_json_is_told_by_its_place_and_reason_in_the_language_asked_for() {
    let service = Service::start().await;
    for (body, fr, en) in [
        (
            "{\"a\": 1,\n \"a\": 2}",
            "ligne 2, colonne",
            "a key is repeated",
        ),
        ("{\"a\": \"x\n", "ligne", "line"),
        ("{\"a\":", "s'arrête avant la fin", "stops before its end"),
        ("", "le corps est vide", "the body is empty"),
        ("{\"a\": \"\u{0}", "colonne", "column"),
    ] {
        for (language, word, other) in [("fr", fr, "line "), ("en", en, "ligne")] {
            let request = service.ministry().request("POST", "/v1/partners");
            let request = request.header("accept-language", language);
            let refused = request.body("application/json", body).send().await;
            let problem = refused.problem(400, "malformed_json");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(word) && !detail.contains(other), "{detail}");
        }
    }
}

#[actix_web::test]
async fn a_name_that_a_path_would_lose_is_refused() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    let portal = service.partner(&partner);
    let batch = format!("/v1/partners/{partner}/interventions/batch");
    for name in [".", ".."] {
        let items = json!({ "items": [intervention(&convention, json!({ "external_id": name }))] });
        let verdict = portal.post(&batch, items).await.expect(200);
        assert_eq!(
            verdict["items"][0]["errors"][0]["code"], "invalid_format",
            "{verdict}"
        );
    }
    for name in ["...", ".a", "a..b"] {
        let path = format!("/v1/partners/{partner}/interventions/{name}");
        portal
            .put(&path, intervention(&convention, json!({})))
            .await
            .expect(201);
    }
}

#[actix_web::test]
async fn a_name_that_nobody_can_see_is_blank() {
    let service = Service::start().await;
    let ministry = service.ministry();
    for blank in [
        "\u{200b}",
        "\u{feff}",
        "\u{ad}",
        "\u{2800}",
        "\u{3164}",
        " \u{2060}\u{200d} ",
        "\u{e0001}",
    ] {
        let body = json!({ "legal_name": blank, "kind": "company" });
        let refused = ministry.post("/v1/partners", body).await;
        refused.problem(422, "validation_failed");
        assert_eq!(refused.faults(), ["/legal_name blank"], "{blank:?}");
        let body = json!({ "territory": "academy:10", "role": "head", "label": blank, "email": "a@exemple.fr" });
        let refused = ministry.post("/v1/contacts", body).await;
        assert!(
            refused.faults().contains(&"/label blank".to_owned()),
            "{blank:?}"
        );
    }
}

#[actix_web::test]
async fn every_list_is_searched_by_all_words_in_any_order() {
    let service = Service::start().await;
    let name = "Union des industries et métiers de la métallurgie";
    let partner = id(&service.new_partner(name).await);
    service.new_partner("Durand Électricité").await;
    service
        .signed_convention(
            &partner,
            json!({ "title": "Découverte des métiers de l'industrie" }),
        )
        .await;
    let found = async |list: &str, q: &str| {
        let path = format!("/v1/{list}?q={}", q.replace(' ', "%20"));
        service.reader().all(&path).await.len()
    };
    for q in [
        "metiers metallurgie",
        "METALLURGIE%20%20metiers",
        "m%C3%A9tallurgie union",
    ] {
        assert_eq!(found("partners", q).await, 1, "{q}");
    }
    assert_eq!(found("partners", "electricite durand").await, 1);
    assert_eq!(found("partners", "durand metallurgie").await, 0);
    assert_eq!(found("conventions", "industrie decouverte").await, 1);
}

#[actix_web::test]
async fn a_plus_sign_that_a_form_made_a_blank_is_that_sign() {
    let service = Service::start().await;
    service.new_partner("A").await;
    let count = async |since: &str| {
        let path = format!("/v1/partners/count?updated_since={since}");
        service.reader().get(&path).await.expect(200)["count"]
            .as_i64()
            .unwrap()
    };
    for past in [
        "2020-01-01T10:00:00+01:00",
        "2020-01-01T10:00:00%2B01:00",
        "2020-01-01T10:00:00%2001:00",
    ] {
        assert_eq!(count(past).await, 1, "{past}");
    }
    assert_eq!(count("2999-01-01T10:00:00.5+01:00").await, 0);
    for wrong in [
        "2020-01-01T10:00:00",
        "2020-01-01T10:00:00+0100",
        "2020-01-01+01:00",
    ] {
        let refused = service
            .reader()
            .get(&format!("/v1/partners/count?updated_since={wrong}"))
            .await;
        assert_eq!(
            refused.faults(),
            ["updated_since invalid_format"],
            "{wrong}"
        );
    }
}

#[actix_web::test]
async fn whatever_is_wrong_at_an_address_of_oauth_is_said_in_its_words() {
    let service = Service::start().await;
    let anon = service.anon();
    for path in ["/oauth2/token", "/oauth2/revoke"] {
        let json = json!({ "grant_type": "client_credentials" });
        let form = "application/x-www-form-urlencoded";
        let replies = [
            (400, anon.post(path, json.clone()).await),
            (
                400,
                anon.post(&format!("{path}?grant_type=client_credentials"), json)
                    .await,
            ),
            (
                400,
                anon.request("POST", &format!("{path}?token=a"))
                    .body(form, "token=a")
                    .send()
                    .await,
            ),
            (
                400,
                anon.request("POST", path).body(form, "%ff=a").send().await,
            ),
            (405, anon.get(path).await),
            (
                413,
                anon.request("POST", path)
                    .body(form, vec![b'a'; 6 * 1024 * 1024])
                    .send()
                    .await,
            ),
            (
                414,
                anon.request("POST", &format!("{path}?{}", "a".repeat(9000)))
                    .body(form, "token=a")
                    .send()
                    .await,
            ),
        ];
        for (status, reply) in replies {
            let body = reply.expect(status);
            assert_eq!(body["error"], "invalid_request", "{body}");
            assert!(body["error_description"].is_string(), "{body}");
            assert_eq!(reply.header("content-type"), "application/json");
        }
        assert_eq!(anon.get(path).await.header("allow"), "OPTIONS, POST");
    }
    anon.get("/oauth2/nowhere").await.problem(404, "not_found");
}

#[actix_web::test]
async fn a_code_of_digits_stays_a_text_in_a_spreadsheet_and_comes_back_as_it_was() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let body = json!({ "legal_name": "01505", "kind": "company", "siren": "552049447", "acronym": "＝A1" });
    let partner = id(&ministry.post("/v1/partners", body).await.expect(201));
    let csv = async |dialect: &str| {
        let path = format!("/v1/partners?dialect={dialect}");
        let request = ministry.request("GET", &path).header("accept", "text/csv");
        request.send().await.text().to_owned()
    };
    let spreadsheet = csv("excel-fr").await;
    for cell in ["\"=\"\"01505\"\"\"", "\"=\"\"552049447\"\"\"", "'＝A1"] {
        assert!(spreadsheet.contains(cell), "{spreadsheet}");
    }
    let standard = csv("standard").await;
    assert!(
        standard.contains(",01505,") && standard.contains(",552049447,"),
        "{standard}"
    );
    let convention = service.signed_convention(&partner, json!({})).await;
    let mut row =
        "external_id;convention_id;title;action_type;levels;modality;territories\n".to_owned();
    row += &format!(
        "\"=\"\"0042\"\"\";{convention};\"=\"\"2026\"\"\";company_visit;3e;in_person;academy:10\n"
    );
    let batch = format!("/v1/partners/{partner}/interventions/batch");
    let request = service.partner(&partner).request("POST", &batch);
    let verdict = request.body("text/csv", row).send().await.expect(200);
    assert_eq!(verdict["items"][0]["external_id"], "0042", "{verdict}");
    let path = format!("/v1/partners/{partner}/interventions/0042");
    assert_eq!(
        service.partner(&partner).get(&path).await.expect(200)["title"],
        "2026"
    );
}

#[actix_web::test]
async fn a_mistyped_name_or_value_is_told_with_the_nearest_and_all_there_are() {
    let service = Service::start().await;
    let ministry = service.ministry();
    for (query, code, nearest, accepted) in [
        (
            "secteur=a",
            "unknown_parameter",
            json!("sector"),
            json!("siren"),
        ),
        (
            "updatedSince=a",
            "unknown_parameter",
            json!("updated_since"),
            json!("limit"),
        ),
        (
            "sort=-legalname",
            "unknown_order",
            json!("-legal_name"),
            json!("updated_at"),
        ),
        (
            "sort=updated_at:desc",
            "unknown_order",
            json!("-updated_at"),
            json!("-legal_name"),
        ),
        (
            "kind=company,asociation",
            "unknown_code",
            json!("association"),
            json!("association"),
        ),
        (
            "dialect=excel_fr",
            "invalid_format",
            json!("excel-fr"),
            json!("standard"),
        ),
        (
            "updated_since=2026-01-31",
            "invalid_format",
            json!("2026-01-31T00:00:00Z"),
            Value::Null,
        ),
        ("limit=1000", "out_of_range", Value::Null, json!(200)),
        (
            "siren=552%20049%20447",
            "invalid_format",
            json!("552049447"),
            Value::Null,
        ),
    ] {
        let problem = ministry
            .get(&format!("/v1/partners?{query}"))
            .await
            .problem(422, "validation_failed");
        let fault = &problem["errors"][0];
        assert_eq!(
            (&fault["code"], &fault["nearest"]),
            (&json!(code), &nearest),
            "{query}: {fault}"
        );
        let list = fault["accepted"].as_array().unwrap();
        assert!(
            accepted.is_null() || list.contains(&accepted),
            "{query}: {fault}"
        );
    }
    for (query, nearest) in [
        ("uai:0660522j", "uai:0660522J"),
        ("department:69", "department:069"),
        ("Academy:10", "academy:10"),
        ("academy:9", "academy:09"),
        ("lyon", "academy:10"),
        ("region:auvergne-rhône-alpes", "region:84"),
    ] {
        let fault = ministry
            .get(&format!(
                "/v1/contacts?territory={}",
                query.replace('ô', "%C3%B4")
            ))
            .await
            .problem(422, "validation_failed");
        assert_eq!(fault["errors"][0]["nearest"], nearest, "{fault}");
        let body = json!({ "territory": query, "role": "head", "label": "Direction", "email": "a@exemple.fr" });
        let fault = ministry
            .post("/v1/contacts", body)
            .await
            .problem(422, "validation_failed");
        assert_eq!(fault["errors"][0]["nearest"], nearest, "{fault}");
    }
    for (name, value, nearest) in [
        ("legalName", json!("A"), json!("legal_name")),
        ("sirn", json!("552049447"), json!("siren")),
        ("kind", json!("entreprise"), json!("company")),
        ("siren", json!("552 049 447"), json!("552049447")),
        ("siren", json!(552049447), json!("552049447")),
        (
            "website",
            json!("www.exemple.fr"),
            json!("https://www.exemple.fr"),
        ),
    ] {
        let mut body = json!({ "legal_name": "A", "kind": "company" });
        body[name] = value;
        let problem = ministry
            .post("/v1/partners", body)
            .await
            .problem(422, "validation_failed");
        let faults = problem["errors"].as_array().unwrap();
        let at = format!("/{name}");
        let fault = faults.iter().find(|fault| fault["pointer"] == at).unwrap();
        assert_eq!(fault["nearest"], nearest, "{problem}");
    }
}

#[actix_web::test]
async fn a_level_is_guessed_as_people_write_it_wherever_it_stands() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    let batch = format!("/v1/partners/{partner}/interventions/batch");
    for (written, code) in [
        ("3ème", "3e"),
        ("3eme", "3e"),
        ("2nde", "2de_gt"),
        ("seconde pro", "2de_pro"),
        ("terminale pro", "tle_pro"),
        ("3e SEGPA", "segpa"),
        ("troisième", "3e"),
    ] {
        let items = json!({ "items": [intervention(&convention, json!({ "external_id": "a", "levels": [written] }))] });
        let verdict = service
            .partner(&partner)
            .post(&batch, items)
            .await
            .expect(200);
        assert_eq!(
            verdict["items"][0]["errors"][0]["nearest"], code,
            "{written}"
        );
        let path = format!("/v1/partners/{partner}/interventions/a");
        let body = intervention(&convention, json!({ "levels": [written] }));
        let problem = service
            .partner(&partner)
            .put(&path, body)
            .await
            .problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["nearest"], code, "{written}");
    }
}

#[actix_web::test]
async fn every_code_that_a_fault_has_leads_to_its_page_in_both_languages() {
    let service = Service::start().await;
    let all = service.anon().get("/problems").await.expect(200);
    let faults = all["faults"].as_array().unwrap();
    assert!(faults.len() > 80, "{}", faults.len());
    let mut codes: Vec<&str> = faults
        .iter()
        .map(|page| page["code"].as_str().unwrap())
        .collect();
    for code in [
        "required",
        "unknown_code",
        "invalid_format",
        "weak_etag",
        "before_start",
        "not_in_convention",
        "repeated",
    ] {
        assert!(codes.contains(&code), "{code}");
    }
    codes.push("read_only");
    for code in codes {
        let page = |language: &str| {
            service
                .anon()
                .request("GET", &format!("/problems/{code}"))
                .header("accept-language", language)
                .send()
        };
        let (french, english) = (page("fr").await.expect(200), page("en").await.expect(200));
        assert_eq!(
            (&french["code"], &french["type"]),
            (&json!(code), &json!(format!("/problems/{code}")))
        );
        for name in ["title", "meaning", "fix"] {
            let text = french[name].as_str().unwrap();
            assert!(
                !text.is_empty() && french[name] != english[name],
                "{french} {english}"
            );
        }
    }
}

#[actix_web::test]
async fn a_number_that_another_partner_has_names_it_to_those_who_may_read_it() {
    use ree::auth::{Perimeter, Role, Scopes};
    let service = Service::start().await;
    let ministry = service.ministry();
    let body = json!({ "legal_name": "La Fabrique", "kind": "association", "siren": "552049447", "rna": "W751234567" });
    let holder = id(&ministry.post("/v1/partners", body).await.expect(201));
    let other = id(&service.new_partner("Autre").await);
    let siren = json!({ "legal_name": "B", "kind": "company", "siren": "552049447" });
    let rna = json!({ "legal_name": "B", "kind": "company", "rna": "W751234567" });
    let replies = [
        ministry
            .post("/v1/partners", siren.clone())
            .await
            .problem(409, "duplicate_siren"),
        ministry
            .post("/v1/partners", rna)
            .await
            .problem(409, "duplicate_rna"),
        ministry
            .patch(
                &format!("/v1/partners/{other}"),
                json!({ "siren": "552049447" }),
            )
            .await
            .problem(409, "duplicate_siren"),
    ];
    for problem in replies {
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains(&holder) && detail.contains("La Fabrique"),
            "{problem}"
        );
    }
    let depositor = service.with_scope(Role::Ministry, Perimeter::default(), Scopes::Write);
    let problem = depositor
        .post("/v1/partners", siren)
        .await
        .problem(409, "duplicate_siren");
    assert!(!problem.to_string().contains(&holder), "{problem}");
}

#[actix_web::test]
async fn what_is_signed_says_so_and_a_signature_says_whose_it_is() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("Les Ateliers").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    let path = format!("/v1/conventions/{convention}");
    let problem = service
        .ministry()
        .patch(&path, json!({ "title": "Autre" }))
        .await
        .problem(409, "signed_content");
    let said = told(&problem);
    assert!(
        said.contains("signé") && said.contains("avenant") && !said.contains("retirez"),
        "{said}"
    );

    let draft = json!({
        "title": "B", "kind": "framework_cooperation", "scope": "national", "partner_ids": [partner], "starts_on": "2020-09-01", "ends_on": "2030-08-31",
        "action_types": ["company_visit"], "axes": ["career_discovery"], "levels": ["3e"],
        "signatories": [
            { "side": "ministry", "name": "C", "function": "D", "organisation": "Ministère" },
            { "side": "partner", "partner_id": partner, "name": "D", "function": "P", "organisation": "Les Ateliers" }]
    });
    let draft = id(&service
        .ministry()
        .post("/v1/conventions", draft)
        .await
        .expect(201));
    let path = format!("/v1/conventions/{draft}");
    for step in ["open-negotiation", "send-for-signature"] {
        service
            .ministry()
            .post(&format!("{path}/{step}"), json!({}))
            .await
            .expect(200);
    }
    let sign = json!({ "side": "ministry", "signed_on": "2020-09-01", "medium": "simple" });
    let problem = service
        .partner(&partner)
        .post(&format!("{path}/sign"), sign)
        .await
        .problem(403, "forbidden");
    assert!(
        told(&problem).contains("Ministère") && told(&problem).contains("`signed_on`"),
        "{problem}"
    );
    let sign = json!({ "side": "partner", "signed_on": "2020-09-01", "medium": "simple" });
    let refused = service.ministry().post(&format!("{path}/sign"), sign).await;
    assert_eq!(refused.faults(), ["/medium not_yours"]);
    let problem = refused.problem(403, "forbidden");
    assert!(
        told(&problem).contains("`paper`") && told(&problem).contains("`document_sha256`"),
        "{problem}"
    );
}

#[actix_web::test]
async fn an_object_that_does_not_exist_is_refused_with_where_to_look() {
    let service = Service::start().await;
    let body = json!({ "convention_id": crate::support::absent(), "level": "academy", "territories": ["academy:10"], "starts_on": "2026-09-01" });
    let request = service
        .ministry()
        .request("POST", "/v1/declinations")
        .header("accept-language", "en");
    let problem = request
        .json(&body)
        .send()
        .await
        .problem(422, "validation_failed");
    assert!(told(&problem).contains("See /v1/conventions"), "{problem}");
}
