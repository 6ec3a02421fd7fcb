//! What is open to everyone under `/public`: the very figures and conventions that a partner reads, and
//! nothing else.

use serde_json::{Value, json};

use crate::publications::World;
use crate::support::document::{Operation, operations};
use crate::support::{Caller, Service, id};

const LICENCE: &str = "<https://www.etalab.gouv.fr/licence-ouverte-open-licence/>; rel=\"license\"";

const VALUES: &str = "/indicators/values?measures=actions,pupils,girls,pupils_girls_known,girls_share,completeness_rate";

/// Three pupils in Lyon, whose count two publications hide; a campaign; a convention declined.
pub async fn published() -> World {
    let world = World::new().await;
    world.expect("2025-2026").await;
    let line = |academy: &str, kind: &str, pupils: i64| json!({ "action_type": kind, "academy": academy, "level": "3e", "actions": 1, "pupils": pupils, "girls": pupils / 2 });
    let lines = json!([
        line("academy:10", "class_talk", 3),
        line("academy:10", "company_visit", 40),
        line("academy:08", "class_talk", 50),
        line("academy:09", "class_talk", 70),
    ]);
    world.report(0, "FR", "2025-2026", lines).await;
    world.publish("2025-2026").await;
    let more = json!([line("academy:09", "jury", 90)]);
    world.report(1, "FR", "2025-2026", more.clone()).await;
    world.publish("2025-2026").await;
    world.report(1, "FR", "2024-2025", more).await;
    world.publish("2024-2025").await;
    world
}

fn open() -> impl Iterator<Item = Operation> {
    operations()
        .into_iter()
        .filter(|operation| operation.path.starts_with("/public/"))
}

async fn reference(service: &Service, convention: &str) -> String {
    let path = format!("/v1/conventions/{convention}");
    let read = service.ministry().get(&path).await.expect(200);
    read["reference"].as_str().expect("a reference").to_owned()
}

/// The answer without its licence, which is there.
fn licensed(mut answer: Value) -> Value {
    let licence = answer.as_object_mut().unwrap().remove("licence");
    let licence = licence.expect("a licence");
    assert_eq!(licence["id"], "etalab-2.0");
    assert_eq!(
        licence["url"],
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
    );
    answer
}

/// What each open address answers is what a partner is answered under `/v1`, in each form.
async fn same(anyone: &Caller, partner: &Caller, path: &str) {
    let known = partner.get(&format!("/v1{path}")).await;
    let told = anyone.get(&format!("/public{path}")).await;
    assert_eq!(told.status, known.status, "{path}: {}", told.text());
    if known.status != 200 {
        assert_eq!(told.json()["code"], known.json()["code"], "{path}");
        assert_eq!(told.faults(), known.faults(), "{path}");
        return;
    }
    assert_eq!(licensed(told.json()), known.json(), "{path}");
    for form in ["text/csv", "application/x-ndjson"] {
        let of = |caller: &Caller, path: String| {
            caller.request("GET", &path).header("accept", form).send()
        };
        let known = of(partner, format!("/v1{path}")).await;
        let told = of(anyone, format!("/public{path}")).await;
        assert_eq!(told.text(), known.text(), "{path} {form}");
    }
}

#[actix_web::test]
async fn whatever_is_open_is_what_a_partner_reads_and_nothing_else() {
    let world = published().await;
    let (anyone, partner) = (world.service.anon(), world.service.partner(&world.partner));
    for operation in open() {
        match operation.id {
            "list_public_publications" => {
                for query in ["", "?school_year=2024-2025", "?sort=-updated_at"] {
                    same(&anyone, &partner, &format!("/publications{query}")).await;
                }
            }
            "get_public_publication" => every_publication(&anyone, &partner).await,
            "list_public_indicators" => same(&anyone, &partner, "/indicators").await,
            "get_public_indicator_values" => every_value(&anyone, &partner).await,
            "list_public_conventions" => every_convention(&anyone, &partner).await,
            "get_public_convention" => every_permalink(&world).await,
            // What it names is open itself: see the tests of the catalogue.
            "get_public_catalog" => drop(anyone.get("/public/catalog.jsonld").await.expect(200)),
            other => panic!("{other}: say which answer under /v1 it is compared with"),
        }
    }
}

async fn every_publication(anyone: &Caller, partner: &Caller) {
    let all = partner.all("/v1/publications").await;
    assert_eq!(all.len(), 3);
    for known in all {
        let path = format!("/public/publications/{}", known["number"]);
        let told = anyone.get(&path).await;
        assert_eq!(licensed(told.expect(200)), known);
    }
    for absent in ["0", "4", "-1", "x", "1.5", "99999999999", "%20"] {
        let path = format!("/public/publications/{absent}");
        anyone.get(&path).await.problem(404, "not_found");
    }
}

async fn every_value(anyone: &Caller, partner: &Caller) {
    let groupings = [
        "",
        "&group_by=academic_region",
        "&group_by=academy",
        "&group_by=school_year,convention&school_year=2025-2026,2024-2025",
        "&group_by=action_type&action_type=class_talk",
        "&group_by=level",
        "&group_by=academy,action_type",
        "&group_by=academy,action_type&academy=academy:10",
        "&group_by=academy,level&publication=1",
        "&group_by=academy,convention&as_of=2030-01-01",
        "&school_year=2024-2025",
        // What is not published is refused to both.
        "&group_by=partner",
        "&group_by=academy,axis",
        "&group_by=academy&level=3e",
        "&sector=energy",
        "&publication=9",
        "&school_year=2001-2002",
        "&as_of=2001-01-01",
        "&publication=1&as_of=2030-01-01",
        "&group_by=nothing",
        "&nothing=1",
    ];
    for grouping in groupings {
        same(anyone, partner, &format!("{VALUES}{grouping}")).await;
    }
    let hidden = format!("/public{VALUES}&group_by=academy,action_type&academy=academy:10");
    let hidden = anyone.get(&hidden).await.expect(200);
    assert!(
        hidden.to_string().contains(r#""suppressed":["pupils""#),
        "there is something to hide: {hidden}"
    );
    let pages = format!("/public{VALUES}&group_by=academy,action_type&limit=1");
    let whole = partner
        .get(&format!("/v1{VALUES}&group_by=academy,action_type"))
        .await;
    assert_eq!(json!(anyone.all(&pages).await), whole.expect(200)["data"]);
}

async fn every_convention(anyone: &Caller, partner: &Caller) {
    let told = anyone.all("/public/conventions").await;
    let known = partner.all("/v1/conventions?scope=national").await;
    assert_eq!((told.len(), known.len()), (2, 2));
    for one in told {
        let whole = known.iter().find(|whole| whole["id"] == one["id"]);
        let whole = whole.expect("one that a partner reads");
        for name in [
            "reference",
            "title",
            "kind",
            "axes",
            "levels",
            "starts_on",
            "ends_on",
            "purpose",
            "effective_status",
            "effective_ends_on",
            "signed_on",
            "nor",
            "updated_at",
        ] {
            assert_eq!(one[name], whole[name], "{name}");
        }
    }
    let page = anyone.get("/public/conventions?limit=1").await.expect(200);
    assert_eq!(licensed(page)["data"].as_array().map(Vec::len), Some(1));
}

async fn every_permalink(world: &World) {
    let (anyone, partner) = (world.service.anon(), world.service.partner(&world.partner));
    for (convention, years) in world.conventions.iter().zip([1, 2]) {
        let reference = reference(&world.service, convention).await;
        let path = format!("/public/conventions/{reference}");
        let told = licensed(anyone.get(&path).await.expect(200));
        let listed = anyone.all("/public/conventions").await;
        let listed = listed.iter().find(|one| one["reference"] == *reference);
        for (name, value) in listed.expect("in the directory").as_object().unwrap() {
            assert_eq!(told[name], *value, "{name}");
        }
        let path = format!("/v1/conventions/{convention}/coverage");
        let coverage = partner.get(&path).await;
        assert_eq!(told["coverage"], coverage.expect(200));
        let figures = told["figures"].as_array().expect("figures");
        assert_eq!(figures.len(), years);
        for figure in figures {
            let names: Vec<&String> = figure["values"].as_object().unwrap().keys().collect();
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            let year = figure["school_year"].as_str().unwrap();
            let asked = format!(
                "/v1/indicators/values?measures={}&group_by=convention&convention={convention}&school_year={year}",
                names.join(",")
            );
            let known = partner.get(&asked).await.expect(200);
            for part in ["values", "suppressed", "carried", "completeness"] {
                assert_eq!(figure[part], known["data"][0][part], "{part}");
            }
            assert_eq!(figure["publication"], known["meta"]["publication"]);
        }
    }
}

#[actix_web::test]
async fn a_permalink_tells_the_text_of_today_and_names_no_person() {
    let service = Service::on("2026-11-30").await;
    let partner = id(&service.new_partner("UIMM").await);
    let person = "Zoé Quernin";
    let signatory = json!({ "side": "ministry", "name": person, "function": "Sous-directrice", "organisation": "Ministère", "order": null,
        "partner_id": null, "signature": { "signed_on": "2024-05-06", "medium": "paper", "registered_by": "quernin", "content_hash": "b".repeat(64) } });
    let amendment = |number: i64, day: &str, changes: Value| {
        json!({ "id": service.shared.clock.new_id(), "number": number, "title": format!("Avenant {number}"), "effective_on": day,
                "signed_on": "2025-01-02", "changes": changes, "ends_on": "2030-12-31" })
    };
    let columns = json!({
        "reference": "CN-2024-0007", "starts_on": "2024-06-01", "ends_on": "2027-05-31", "signatories": [signatory],
        "terms": { "notice_months": 3, "renewal": { "mode": "express", "months": null, "max_times": null },
                   "follow_up": { "periodicity": null, "committee": format!("Comité de {person}"),
                                  "targets": [{ "measure": "pupils", "school_year": "2025-2026", "value": 120.0, "territory": null }] } },
        "amendments": [
            amendment(1, "2025-02-01", json!([
                { "op": "extend", "ends_on": "2030-12-31" },
                { "op": "text", "article": "Article 4", "text": "Deux réunions par an." },
            ])),
            amendment(2, "2027-01-01", json!([{ "op": "text", "article": "Article 9", "text": "Plus tard." }])),
        ],
    });
    service.signed_convention(&partner, columns).await;
    let reply = service.anon().get("/public/conventions/CN-2024-0007").await;
    let told = reply.expect(200);
    assert_eq!(told["ends_on"], "2030-12-31");
    assert_eq!(told["partners"][0]["name"], "UIMM");
    assert_eq!(told["notice_months"], 3);
    assert_eq!(told["renewal"]["mode"], "express");
    assert_eq!(told["targets"][0]["value"], 120);
    assert_eq!(
        told["articles"],
        json!([{ "article": "Article 4", "text": "Deux réunions par an." }])
    );
    let amendments = json!([{ "number": 1, "title": "Avenant 1", "effective_on": "2025-02-01", "signed_on": "2025-01-02" }]);
    assert_eq!(told["amendments"], amendments);
    assert_eq!(told["coverage"]["on"], "2026-11-30");
    assert_eq!(told["figures"], json!([]));
    assert!(!reply.text().to_lowercase().contains("quernin"));
}

#[actix_web::test]
async fn what_is_local_or_was_never_signed_has_no_permalink() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("UIMM").await);
    for status in ["draft", "negotiation", "to_sign", "abandoned"] {
        let columns = json!({ "reference": format!("CN-2024-{status}"), "status": status, "signed_on": null });
        service.signed_convention(&partner, columns).await;
    }
    let local = json!({ "reference": "CL-A10-2024-0001", "scope": "local", "territory": "academy:10",
                        "reach": ["academy:10", "region:84", "FR"] });
    let local = service.signed_convention(&partner, local).await;
    let absent = service.anon().get("/public/conventions/CN-2024-9999").await;
    absent.problem(404, "not_found");
    for hidden in [
        "CN-2024-draft",
        "CN-2024-negotiation",
        "CN-2024-to_sign",
        "CN-2024-abandoned",
        "CL-A10-2024-0001",
        "cn-2024-9999",
        &local,
        "count",
        "%2e%2e",
    ] {
        let path = format!("/public/conventions/{hidden}");
        for caller in [
            service.anon(),
            service.ministry(),
            service.partner(&partner),
        ] {
            let reply = caller.get(&path).await;
            let (mut told, mut nothing) = (reply.problem(404, "not_found"), absent.json());
            for name in ["request_id", "instance"] {
                told.as_object_mut().unwrap().remove(name);
                nothing.as_object_mut().unwrap().remove(name);
            }
            assert_eq!(told, nothing, "{hidden}");
        }
    }
}

/// An address of each open operation that answers.
async fn addresses(world: &World) -> Vec<String> {
    let reference = reference(&world.service, &world.conventions[0]).await;
    let address = |operation: Operation| {
        let path = operation.path.replace("{number}", "1");
        let path = path.replace("{reference}", &reference);
        let query = operation.required_query();
        match query.is_empty() {
            true => path,
            false => format!("{path}?{query}"),
        }
    };
    open().map(address).collect()
}

#[actix_web::test]
async fn what_is_open_may_be_kept_names_its_licence_and_is_read_from_any_origin() {
    let world = published().await;
    let addresses = addresses(&world).await;
    assert!(addresses.len() >= 6, "{addresses:?}");
    for address in addresses {
        let anyone = world.service.anon();
        let ask = |tag: &str| {
            let request = anyone.request("GET", &address);
            let request = request.header("origin", "https://ailleurs.exemple");
            request.header("if-none-match", tag).send()
        };
        let first = ask("\"x\"").await;
        // The catalogue names it in the terms of catalogues.
        let catalogue = address.ends_with(".jsonld");
        let told = first.expect(200);
        assert!(catalogue || licensed(told).is_object(), "{address}");
        let tag = first.etag().to_owned();
        assert!(!tag.is_empty(), "{address}");
        for reply in [first, ask(&tag).await] {
            assert_eq!(
                reply.header("cache-control"),
                "public, max-age=300",
                "{address}"
            );
            assert_eq!(
                reply.header("access-control-allow-origin"),
                "*",
                "{address}"
            );
            assert_eq!(reply.header("access-control-allow-credentials"), "");
            assert!(
                reply
                    .header("access-control-expose-headers")
                    .contains("ETag")
            );
            assert!(
                reply.header("vary").contains("Accept-Language"),
                "{address}"
            );
            let mut links = reply.headers.get_all("link");
            assert!(links.any(|link| link == LICENCE), "{address}");
        }
        assert_eq!(ask(&tag).await.status, 304, "{address}");
        let head = anyone.request("HEAD", &address).send().await;
        assert_eq!(
            (head.status.as_u16(), head.etag()),
            (200, &*tag),
            "{address}"
        );
        // A refusal is not for keeping, and any program may read why.
        let separator = if address.contains('?') { '&' } else { '?' };
        let refused = anyone.get(&format!("{address}{separator}nope=1")).await;
        refused.problem(422, "validation_failed");
        assert_eq!(refused.faults(), ["nope unknown_parameter"], "{address}");
        assert_eq!(refused.header("cache-control"), "");
        assert_eq!(refused.header("access-control-allow-origin"), "*");
        let path = address.split('?').next().unwrap();
        let written = anyone.post(path, json!({})).await;
        written.problem(405, "method_not_allowed");
    }
}

#[actix_web::test]
async fn any_program_in_a_browser_may_ask_what_is_open_and_nothing_more() {
    let own = "https://portail.exemple";
    let service = Service::start_with(&[("REE_CORS_ORIGINS", own)]).await;
    let preflight = |path: &str, origin: &str| {
        let request = service.anon().request("OPTIONS", path);
        let request = request.header("origin", origin);
        let request = request.header("access-control-request-method", "GET");
        request.header("access-control-request-headers", "if-none-match")
    };
    for origin in [own, "https://ailleurs.exemple", "null"] {
        let reply = preflight("/public/indicators", origin).send().await;
        assert_eq!(reply.status, 204);
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("access-control-allow-methods"), "GET, HEAD");
        assert_eq!(reply.header("access-control-allow-headers"), "*");
    }
    let closed = preflight("/v1/indicators", "https://ailleurs.exemple")
        .send()
        .await;
    assert_eq!(closed.header("access-control-allow-origin"), "");
    let opened = preflight("/v1/indicators", own).send().await;
    assert_eq!(opened.header("access-control-allow-origin"), own);
    for path in ["/v1/indicators", "/problems", "/publicly", "/public"] {
        let request = service.anon().request("GET", path);
        let reply = request
            .header("origin", "https://ailleurs.exemple")
            .send()
            .await;
        assert_eq!(reply.header("access-control-allow-origin"), "", "{path}");
    }
}

#[actix_web::test]
async fn strangers_share_the_rate_of_their_address() {
    let service = Service::start_with(&[("REE_RATE", "1")]).await;
    let mut asked = 0;
    let refused = loop {
        let reply = service.anon().get("/public/indicators").await;
        asked += 1;
        assert!(
            reply
                .header("ratelimit-policy")
                .starts_with("\"default\";q=10;")
        );
        if reply.status != 200 {
            break reply;
        }
        assert!(asked < 10, "never refused");
    };
    refused.problem(429, "too_many_requests");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    assert_eq!(refused.header("cache-control"), "");
}
