//! The pages for people: what they tell, what they never tell, and how few clicks lead to an answer.

use std::collections::BTreeSet;

use serde_json::json;

use crate::amendments::{agreed, amended, amendment};
use crate::publications::World;
use crate::support::{Reply, Service, id, uai};

/// What a browser says that it reads.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// What is named where no page may tell it.
const SECRET: &str = "quernin";

async fn open(service: &Service, path: &str) -> Reply {
    let request = service.anon().request("GET", path);
    request.header("accept", BROWSER).send().await
}

async fn page(service: &Service, path: &str) -> String {
    let reply = open(service, path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.text().to_owned()
}

/// What is between two marks, each time.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    let parts = text.split(start).skip(1);
    parts.map(move |part| part.split(end).next().unwrap_or_default())
}

/// The addresses of our own that a page links to, with the words of each link.
fn links(page: &str) -> Vec<(String, String)> {
    let link = |part: &str| {
        let address = part.split('"').next()?.replace("&amp;", "&");
        let words = part.split_once('>')?.1.split("</a>").next()?;
        let own = address.starts_with('/') && !address.starts_with("//");
        own.then(|| (address, plain(words)))
    };
    let parts = page.split("<a ").skip(1);
    let parts = parts.filter_map(|part| part.split_once("href=\"").map(|(_, rest)| rest));
    parts.filter_map(link).collect()
}

/// The text of a page, as it is read.
fn plain(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        text.push(' ');
    }
    let text = text.replace("&amp;", "&").replace("&quot;", "\"");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A convention declined in Lyon, published twice, offered under; and, beside it, all that is nobody's.
async fn world() -> World {
    let world = World::new().await;
    world.expect("2025-2026").await;
    let line = |academy: &str, pupils: i64| json!({ "action_type": "class_talk", "academy": academy, "level": "3e", "actions": 1, "pupils": pupils, "girls": pupils / 2 });
    let lines = json!([
        line("academy:10", 3),
        line("academy:08", 50),
        line("academy:09", 70)
    ]);
    world.report(0, "FR", "2025-2026", lines).await;
    world.publish("2025-2026").await;
    let with = json!({ "title": "Visite d'un atelier", "nationwide": true, "territories": [], "levels": ["3e"] });
    world
        .service
        .new_intervention(&world.partner, &world.conventions[0], with)
        .await;
    hide(&world).await;
    world
}

/// What the public scope may not read, each by the same word.
async fn hide(world: &World) {
    let (service, ministry) = (&world.service, world.service.ministry());
    let person = json!({ "name": "Zoé Quernin", "email": "quernin@exemple.fr", "phone": "01 23 45 67 89",
                         "function": "Déléguée", "territories": ["FR"] });
    let representatives = format!("/v1/partners/{}/representatives", world.partner);
    ministry.post(&representatives, person).await.expect(201);
    let contact = json!({ "territory": "academy:10", "role": "cell", "name": "Zoé Quernin",
                          "email": "quernin@ac-lyon.example", "phone": "04 72 80 60 60",
                          "label": "Cellule école-entreprise de Lyon" });
    ministry.post("/v1/contacts", contact).await.expect(201);
    let draft = json!({ "title": "Projet quernin", "kind": "partnership", "scope": "national",
                        "partner_ids": [world.partner], "starts_on": "2026-01-01" });
    ministry.post("/v1/conventions", draft).await.expect(201);
    let local = json!({ "reference": "CL-quernin", "title": "Locale quernin", "scope": "local",
                        "territory": "academy:10", "reach": ["FR", "region:84", "academy:10"] });
    service.signed_convention(&world.partner, local).await;
    let draft = json!({ "convention_id": world.conventions[1], "level": "academy", "territories": ["academy:09"],
                        "starts_on": "2025-01-01", "coordinator": { "name": "Zoé Quernin", "email": "quernin@exemple.fr" } });
    ministry.post("/v1/declinations", draft).await.expect(201);
    let sql = service.sql().await;
    for (stored, number) in [
        ("0690001A", 690_001),
        ("0380001B", 380_001),
        ("0590001C", 590_001),
    ] {
        let change = "UPDATE establishments SET levels = '{3e}', uai = $2 WHERE uai = $1";
        let changed = sql.execute(change, &[&stored, &uai(number)]).await;
        changed.expect("a school with a number that is one");
    }
    let columns = "UPDATE conventions SET signatories = $1::text::jsonb, terms = terms || $2::text::jsonb WHERE scope = 'national'";
    let signatories = json!([{ "side": "ministry", "partner_id": null, "name": "Zoé Quernin", "function": "Directrice-quernin",
        "organisation": "Organisme-quernin", "order": null, "signature": null }]);
    let terms = json!({ "follow_up": { "committee": "Comité de Zoé Quernin", "targets": [] } });
    let changed = sql
        .execute(columns, &[&signatories.to_string(), &terms.to_string()])
        .await;
    changed.expect("the columns");
}

async fn reference(world: &World, place: usize) -> String {
    let path = format!("/v1/conventions/{}", world.conventions[place]);
    let read = world.service.ministry().get(&path).await.expect(200);
    read["reference"].as_str().expect("a reference").to_owned()
}

/// Every page that is reached from the first one, with its text.
async fn walk(service: &Service) -> Vec<(String, String)> {
    let mut to_read = vec!["/".to_owned(), "/etablissements?q=0690001B".to_owned()];
    let (mut seen, mut pages) = (BTreeSet::new(), Vec::new());
    while let Some(path) = to_read.pop() {
        let is_ours = ["/docs", "/public/", "/openapi", "/problems"]
            .iter()
            .all(|start| !path.starts_with(start));
        // One department is as the others.
        let is_other = path.contains("department:") && !path.contains("department:069");
        if !is_ours || is_other || !seen.insert(path.clone()) {
            continue;
        }
        let text = page(service, &path).await;
        // Each choice of the catalogue leads to others without an end: those of the plain one are enough.
        let leads_on = !path.contains('?') || path.starts_with("/etablissements?q");
        to_read.extend(
            links(&text)
                .into_iter()
                .filter(|_| leads_on)
                .map(|(address, _)| address),
        );
        pages.push((path, text));
    }
    pages
}

#[actix_web::test]
async fn no_page_tells_what_the_public_may_not_read_nor_names_a_person() {
    let world = world().await;
    let convention = reference(&world, 0).await;
    let pages = walk(&world.service).await;
    for needed in [
        "/",
        "/conventions",
        "/territoires",
        "/territoires/academy:10",
        "/etablissements",
        "/etablissements/0690001B",
        "/chiffres",
        "/chiffres/2025-2026",
        &format!("/conventions/{convention}"),
    ] {
        assert!(
            pages.iter().any(|(path, _)| path == needed),
            "{needed} is not reached"
        );
    }
    for (path, text) in &pages {
        assert!(!text.to_lowercase().contains(SECRET), "{path}");
        for personal in ["04 72 80 60 60", "01 23 45 67 89", "@ac-lyon", "mailto:"] {
            assert!(!text.contains(personal), "{path}: {personal}");
        }
    }
    for absent in [
        "/conventions/CL-quernin",
        "/conventions/nothing",
        "/territoires/FR",
        "/territoires/academy:99",
        "/etablissements/0000000X",
        "/etablissements/nothing",
        "/chiffres/1999-2000",
        "/assets/nothing",
        "/nothing",
    ] {
        assert_eq!(open(&world.service, absent).await.status, 404, "{absent}");
    }
}

#[actix_web::test]
async fn a_figure_too_small_is_hidden_in_words_on_every_page_that_has_its_place() {
    let world = world().await;
    for path in ["/chiffres/2025-2026", "/territoires/academy:10"] {
        let text = plain(&page(&world.service, path).await);
        assert!(text.contains("masqué"), "{path}: {text}");
        assert!(text.contains("trop peu d’élèves"), "{path}");
    }
    let convention = format!("/conventions/{}", reference(&world, 0).await);
    let text = plain(&page(&world.service, &convention).await);
    assert!(text.contains("123"), "{text}");
    assert!(text.contains("Visite d'un atelier"), "{text}");
}

#[actix_web::test]
async fn the_files_of_the_catalogue_have_exactly_what_it_shows() {
    let world = world().await;
    let other = id(&world.service.new_partner("Compagnons du fer").await);
    let with = json!({ "reference": "CN-2020-0077", "title": "Vieille convention", "starts_on": "2010-01-01",
                       "ends_on": "2012-12-31", "signed_on": "2010-01-01", "axes": ["internships"] });
    world.service.signed_convention(&other, with).await;
    for query in [
        "",
        "?effective_status=any",
        "?effective_status=expired",
        "?q=compagnons&effective_status=any",
        "?territory=academy:10",
        "?axis=internships&effective_status=any",
        "?q=nothing",
    ] {
        let text = page(&world.service, &format!("/conventions{query}")).await;
        let shown: BTreeSet<String> = between(&text, "<h3><a href=\"/conventions/", "\"")
            .map(str::to_owned)
            .collect();
        let number: usize = between(&text, "<h2 id=\"resultats\">", " ")
            .next()
            .expect("a number")
            .parse()
            .expect(query);
        assert_eq!(number, shown.len(), "{query}");
        let (csv, _) = links(&text)
            .into_iter()
            .find(|(address, _)| address.contains("format=ndjson"))
            .expect("a file");
        let file = world.service.anon().get(&csv).await;
        assert_eq!(file.status, 200, "{csv}: {}", file.text());
        let lines = file.text().lines().filter(|line| !line.is_empty());
        let told: BTreeSet<String> = lines
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).expect("JSON")["reference"]
                    .as_str()
                    .expect("a reference")
                    .to_owned()
            })
            .collect();
        assert_eq!(told, shown, "{csv}");
    }
}

#[actix_web::test]
async fn a_browser_is_refused_by_a_page_and_a_program_by_a_document() {
    let service = Service::start().await;
    for path in [
        "/nothing",
        "/conventions/nothing",
        "/conventions?axis=interships",
        "/chiffres/nothing",
    ] {
        let told = open(&service, path).await;
        assert_eq!(
            told.header("content-type"),
            "text/html; charset=utf-8",
            "{path}"
        );
        assert!(
            told.header("content-security-policy")
                .starts_with("default-src 'none'"),
            "{path}"
        );
        assert!(
            told.text()
                .contains("<meta name=\"robots\" content=\"noindex\">"),
            "{path}"
        );
    }
    let wrong = open(&service, "/conventions?axis=interships").await;
    assert_eq!(wrong.status, 422);
    assert!(
        plain(wrong.text()).contains("internships"),
        "{}",
        plain(wrong.text())
    );
    let program = service.anon().get("/nothing").await;
    program.problem(404, "not_found");
    let json = service
        .anon()
        .request("GET", "/conventions")
        .header("accept", "application/json");
    json.send().await.problem(406, "not_acceptable");
    for private in ["/v1/partners", "/v1/nothing"] {
        let told = open(&service, private).await;
        told.problem(401, "unauthorized");
    }
}

/// The language that an address asks for.
fn tongue(path: &str) -> &str {
    if path.contains("lang=en") { "en" } else { "fr" }
}

#[actix_web::test]
async fn a_page_is_whole_without_a_program_and_fetches_from_nowhere_else() {
    let world = world().await;
    for (path, text) in walk(&world.service).await {
        assert!(
            !text.contains("<script") && !text.contains("style="),
            "{path}"
        );
        assert!(text.len() <= 100_000, "{path}: {} bytes", text.len());
        assert_eq!(text.matches("<h1").count(), 1, "{path}");
        assert!(
            text.contains(&format!("<html lang=\"{}\">", tongue(&path)))
                && text.contains("href=\"#contenu\""),
            "{path}"
        );
        for name in ["og:title", "og:description", "og:url", "description"] {
            assert!(text.contains(&format!("\"{name}\"")), "{path}: {name}");
        }
        for source in between(&text, "src=\"", "\"") {
            assert!(source.starts_with('/'), "{path}: {source}");
        }
    }
    let style = between(
        &page(&world.service, "/").await,
        "rel=\"stylesheet\" href=\"",
        "\"",
    )
    .next()
    .map(str::to_owned);
    let style = open(&world.service, &style.expect("a style")).await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(style.header("cache-control").contains("immutable"));
}

#[actix_web::test]
async fn every_page_is_read_in_english_and_its_links_stay_english() {
    let world = world().await;
    let by_browser = world
        .service
        .anon()
        .request("GET", "/chiffres")
        .header("accept-language", "en");
    let by_browser = by_browser.send().await;
    assert!(by_browser.text().contains("Published figures"));
    assert_eq!(by_browser.header("content-language"), "en");
    let convention = reference(&world, 0).await;
    for path in [
        "/",
        "/conventions",
        "/territoires",
        "/territoires/academy:10",
        "/etablissements/0690001B",
        "/chiffres",
        "/chiffres/2025-2026",
        &format!("/conventions/{convention}"),
    ] {
        let text = page(&world.service, &format!("{path}?lang=en&utm_source=letter")).await;
        assert!(text.contains("<html lang=\"en\">"), "{path}");
        let is_page = |address: &str| {
            !["/public/", "/openapi"]
                .iter()
                .any(|start| address.starts_with(start))
        };
        for (address, words) in links(&text) {
            let stays = address.contains("lang=en") || words == "Français";
            assert!(stays || !is_page(&address), "{path}: {address} {words}");
        }
    }
}

#[actix_web::test]
async fn robots_are_told_what_to_read_and_every_address_of_the_list_is_there() {
    let world = world().await;
    let robots = page(&world.service, "/robots.txt").await;
    assert!(robots.contains("Disallow: /v1/"));
    let list = between(&robots, "Sitemap: ", "\n")
        .next()
        .expect("a list")
        .to_owned();
    let base = list.strip_suffix("/sitemap.xml").expect("its address");
    let list = page(&world.service, "/sitemap.xml").await;
    let addresses: Vec<&str> = between(&list, "<loc>", "</loc>").collect();
    assert!(addresses.len() > 150);
    for address in addresses
        .iter()
        .filter(|address| !address.contains("department:"))
    {
        let path = address.strip_prefix(base).expect("of ours");
        assert_eq!(open(&world.service, path).await.status, 200, "{path}");
    }
    assert!(!list.contains(SECRET));
}

/// Follows links by their words, from the first page; a search is a click as well.
async fn clicks(service: &Service, steps: &[&str]) -> String {
    assert!(steps.len() <= 3, "{steps:?}");
    let mut text = page(service, "/").await;
    for step in steps {
        let address = match step.strip_prefix("search ") {
            Some(search) => search.to_owned(),
            None => {
                let found = links(&text)
                    .into_iter()
                    .find(|(_, words)| words.contains(step));
                found
                    .unwrap_or_else(|| panic!("no link {step:?} in {}", plain(&text)))
                    .0
            }
        };
        text = page(service, &address).await;
    }
    plain(&text)
}

#[actix_web::test]
async fn ten_questions_are_answered_in_three_clicks_from_the_first_page() {
    let world = world().await;
    let questions: [(&str, &[&str], &[&str]); 10] = [
        (
            "Is there a convention with this partner?",
            &["search /conventions?q=partenaire"],
            &["2 conventions", "Partenaire"],
        ),
        (
            "Until when?",
            &["Conventions", "Convention-cadre"],
            &["En vigueur"],
        ),
        (
            "Who has declined it here?",
            &[
                "search /conventions?q=partenaire&territory=academy:10",
                "Convention-cadre",
            ],
            &["Où elle est déclinée", "Lyon par l’académie"],
        ),
        (
            "What is declined in my academy?",
            &["Choisir un territoire", "Lyon"],
            &["Conventions déclinées ici", "Convention-cadre"],
        ),
        (
            "What can my school ask for?",
            &["search /etablissements?q=0690001B", "Lycée 0690001A"],
            &[
                "Ce que l’établissement peut demander",
                "Visite d'un atelier",
            ],
        ),
        (
            "Whom do we write to?",
            &["search /etablissements?q=0690001B", "Lycée 0690001A"],
            &["Cellule école-entreprise de Lyon"],
        ),
        (
            "How many pupils last year, and how complete is that?",
            &["Tous les chiffres publiés"],
            &["2025-2026", "123"],
        ),
        (
            "How many in my academy, beside the country?",
            &["Choisir un territoire", "Lyon"],
            &["Chiffres publiés · 2025-2026", "France"],
        ),
        (
            "May I have this as a file?",
            &["Toutes les conventions"],
            &["CSV pour Excel", "Licence Ouverte 2.0"],
        ),
        (
            "How are figures made?",
            &["Chiffres"],
            &["Méthode", "Complétude"],
        ),
    ];
    for (question, steps, answers) in questions {
        let text = clicks(&world.service, steps).await;
        for answer in answers {
            assert!(
                text.contains(answer),
                "{question} {answer:?} is not in: {text}"
            );
        }
    }
}

#[actix_web::test]
async fn a_convention_shows_the_digests_of_what_was_signed_and_anybody_reads_them_as_json() {
    let service = &Service::on("2026-11-30").await;
    let partner = id(&service.new_partner("Partenaire").await);
    let convention = agreed(service, &partner).await;
    let read = service.ministry().get(&convention).await.expect(200);
    let reference = read["reference"].as_str().unwrap();
    let path = format!("/public/conventions/{reference}");
    let open = service.anon().get(&path).await.expect(200);
    let proof = &open["proof"];
    assert_eq!(proof["content_hash"], read["content_hash"]);
    let act = &proof["acts"][0];
    assert_eq!(act["amendment"], serde_json::Value::Null);
    let given = read["signatories"].as_array().unwrap();
    let told = act["signatures"].as_array().unwrap();
    assert_eq!((given.len(), told.len()), (2, 2));
    for one in given {
        let signature = &one["signature"];
        assert_eq!(
            act["content_hash"], signature["content_hash"],
            "what was signed"
        );
        let alike = told
            .iter()
            .find(|told| told["side"] == one["side"])
            .unwrap();
        for name in ["signed_on", "medium", "document_sha256"] {
            assert_eq!(alike[name], signature[name], "{name}");
        }
        // Who signed is the parties' affair.
        assert!(alike.get("name").is_none() && alike.get("registered_by").is_none());
        assert!(!open.to_string().contains(one["name"].as_str().unwrap()));
    }
    let shown = plain(&page(service, &format!("/conventions/{reference}")).await);
    for words in [
        "Preuve",
        "Convention : signature (le ministère)",
        act["content_hash"].as_str().unwrap(),
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[actix_web::test]
async fn a_signed_amendment_has_its_digest_and_changes_that_of_the_text_from_its_day_on() {
    let service = &Service::on("2026-11-30").await;
    let partner = id(&service.new_partner("Partenaire").await);
    let convention = agreed(service, &partner).await;
    let read = service.ministry().get(&convention).await.expect(200);
    let reference = read["reference"].as_str().unwrap();
    let changes = json!([{ "op": "text", "article": "Article 4", "text": "Le comité se réunit." }]);
    let body = amendment("2026-11-30", changes, &[&partner]);
    let amendment = amended(service, &convention, body).await;
    let now = service.reader().get(&convention).await.expect(200);
    let path = format!("/public/conventions/{reference}");
    let proof = service.anon().get(&path).await.expect(200)["proof"].clone();
    assert_eq!(proof["content_hash"], now["content_hash"]);
    assert_ne!(proof["content_hash"], proof["acts"][0]["content_hash"]);
    assert_eq!(proof["acts"][1]["amendment"], amendment["number"]);
    assert_eq!(proof["acts"][1]["content_hash"], amendment["content_hash"]);
    // The convention's own act is what it was.
    let shown = plain(&page(service, &format!("/conventions/{reference}")).await);
    assert!(shown.contains("Avenant n° 1"), "{shown}");
}

#[actix_web::test]
async fn a_territory_says_how_many_schools_are_reached_and_how_many_are_not() {
    let world = world().await;
    let service = &world.service;
    let published = service
        .anon()
        .get("/public/indicators/values?measures=establishments&group_by=academy&school_year=2025-2026")
        .await
        .expect(200);
    let rows = published["data"].as_array().unwrap();
    let row = rows
        .iter()
        .find(|row| row["key"]["academy"] == "academy:10");
    let reached = row.and_then(|row| row["values"]["establishments"].as_i64());
    let open = service
        .number(
            "SELECT count(*) FROM establishments WHERE state = 'open' AND academy = 'academy:10'",
        )
        .await;
    let shown = plain(&page(service, "/territoires/academy:10").await);
    let part = shown.split("Établissements atteints").nth(1).unwrap();
    match reached.filter(|reached| *reached <= open) {
        Some(reached) => {
            let words = format!(
                "{reached} établissements avec une action, sur {open} ouverts : {} sans action connue",
                open - reached
            );
            assert!(part.contains(&words), "{words}: {part}");
        }
        None => assert!(part.contains("n’est donc pas dit"), "{part}"),
    }
    // No school is named.
    assert!(!shown.contains("0690001A"), "{shown}");
}

#[actix_web::test]
async fn pages_are_neutral_and_in_the_states_manner_only_where_the_operator_says_so() {
    let of = async |service: &Service, path: &str| -> Vec<String> {
        let reply = open(service, path).await;
        between(reply.text(), "rel=\"stylesheet\" href=\"", "\"")
            .map(str::to_owned)
            .collect()
    };
    let neutral = Service::start().await;
    let themed = Service::start_with(&[("REE_THEME", "state")]).await;
    for path in [
        "/",
        "/conventions",
        "/docs/",
        "/problems/not_found",
        "/nothing",
    ] {
        let (own, state) = (of(&neutral, path).await, of(&themed, path).await);
        assert_eq!((own.len(), state.len()), (1, 2), "{path}");
        assert_eq!(own[0], state[0]);
        let style = themed.anon().get(&state[1]).await;
        assert_eq!(style.status, 200);
        assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
        assert!(style.header("cache-control").contains("immutable"));
    }
}
