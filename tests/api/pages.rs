//! What following a list to its end gives, while others write and in every form.

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::document::operations;
use crate::support::{Service, id};

/// Partners made without the API, for lists that are long.
async fn insert_partners(service: &Service, number: i64) {
    const INSERT: &str = "INSERT INTO partners (id, legal_name, kind, sectors, member_of, created_at, updated_at)
        SELECT gen_random_uuid(), 'Partenaire ' || (n % 97), (ARRAY['company', 'association'])[1 + n % 2], '{}', '{}',
               now(), timestamptz '2026-01-01' + (n % 31) * interval '1 day'
        FROM generate_series(1, $1::bigint) AS n";
    service
        .sql()
        .await
        .execute(INSERT, &[&number])
        .await
        .expect("partners");
}

const SORTS: [&str; 6] = [
    "created_at",
    "-created_at",
    "legal_name",
    "-legal_name",
    "updated_at",
    "-updated_at",
];

#[actix_web::test]
async fn while_eight_write_every_row_that_was_there_throughout_is_read_once() {
    const ROWS: i64 = 120;
    let service = Service::start().await;
    insert_partners(&service, ROWS).await;
    let rows = service.reader().all("/v1/partners?limit=200").await;
    let there: Vec<String> = rows.iter().map(id).collect();
    // Half of them are changed meanwhile: these may move in the order of changes, and in no other.
    let (still, touched) = there.split_at(there.len() / 2);
    let done = Rc::new(Cell::new(false));
    let writers: Vec<_> = (0..8)
        .map(|number| write_until(service.clone(), number, touched.to_vec(), Rc::clone(&done)))
        .collect();
    let writers: Vec<_> = writers.into_iter().map(actix_web::rt::spawn).collect();
    for sort in SORTS {
        let seen = service
            .reader()
            .all(&format!("/v1/partners?limit=17&sort={sort}"))
            .await;
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for row in &seen {
            *times.entry(id(row)).or_default() += 1;
        }
        for row in still {
            assert_eq!(times.get(row), Some(&1), "{sort}");
        }
        for row in touched.iter().filter(|_| !sort.ends_with("updated_at")) {
            assert_eq!(times.get(row), Some(&1), "{sort}");
        }
    }
    done.set(true);
    for writer in writers {
        assert!(
            writer.await.expect("a writer") > 0,
            "every writer wrote meanwhile"
        );
    }
}

/// Inserts, changes and deletes until told to stop; how many times it did.
async fn write_until(
    service: Service,
    number: usize,
    touched: Vec<String>,
    done: Rc<Cell<bool>>,
) -> usize {
    let ministry = service.ministry();
    let mut rounds = 0;
    while !done.get() {
        let name = format!(
            "{} passager {number}-{rounds}",
            ["A", "Partenaire 50", "Z"][rounds % 3]
        );
        let created = ministry
            .post(
                "/v1/partners",
                json!({ "legal_name": name, "kind": "company" }),
            )
            .await;
        created.expect(201);
        let other = &touched[(number + rounds * 8) % touched.len()];
        ministry
            .patch(
                &format!("/v1/partners/{other}"),
                json!({ "acronym": format!("{rounds}") }),
            )
            .await
            .expect(200);
        ministry
            .delete(created.header("location"))
            .await
            .expect(204);
        rounds += 1;
    }
    rounds
}

#[actix_web::test]
async fn pages_of_any_size_add_up_to_the_same_list() {
    let service = Service::start().await;
    insert_partners(&service, 230).await;
    let reader = service.reader();
    let mut runner = TestRunner::deterministic();
    for sort in SORTS {
        let whole: Vec<String> = reader
            .all(&format!("/v1/partners?sort={sort}&limit=200"))
            .await
            .iter()
            .map(id)
            .collect();
        assert_eq!(whole.iter().collect::<HashSet<_>>().len(), 230);
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            // Another size for each page: a cursor is bound to the list, not to the size.
            let limit = (1..=60_usize).new_tree(&mut runner).unwrap().current();
            let page = reader
                .get(&format!("/v1/partners?sort={sort}&limit={limit}{cursor}"))
                .await
                .expect(200);
            let rows = page["data"].as_array().unwrap();
            assert!(rows.len() == limit || page["next_cursor"].is_null());
            seen.extend(rows.iter().map(id));
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, whole, "{sort}");
    }
    let mut backwards: Vec<String> = reader
        .all("/v1/partners?sort=-legal_name")
        .await
        .iter()
        .map(id)
        .collect();
    backwards.reverse();
    assert_eq!(
        backwards,
        reader
            .all("/v1/partners?sort=legal_name")
            .await
            .iter()
            .map(id)
            .collect::<Vec<_>>()
    );
    assert_eq!(
        reader.get("/v1/partners/count").await.expect(200),
        json!({ "count": 230 })
    );
}

#[actix_web::test]
async fn names_are_sorted_without_regard_to_accents_and_case() {
    let service = Service::start().await;
    for name in ["Zoé", "énergie", "Eau", "ÉTÉ", "abeille", "Çà"] {
        service.new_partner(name).await;
    }
    let names: Vec<Value> = service
        .reader()
        .all("/v1/partners?sort=legal_name&limit=2")
        .await
        .iter()
        .map(|row| row["legal_name"].clone())
        .collect();
    assert_eq!(names, ["abeille", "Çà", "Eau", "énergie", "ÉTÉ", "Zoé"]);
}

#[actix_web::test]
async fn a_page_has_one_to_two_hundred_rows_and_fifty_unless_said() {
    let service = Service::start().await;
    insert_partners(&service, 201).await;
    let reader = service.reader();
    let length = async |query: &str| {
        reader
            .get(&format!("/v1/partners{query}"))
            .await
            .expect(200)["data"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        (
            length("").await,
            length("?limit=1").await,
            length("?limit=200").await
        ),
        (50, 1, 200)
    );
    for (limit, rule) in [
        ("0", "out_of_range"),
        ("201", "out_of_range"),
        ("-1", "out_of_range"),
        ("x", "wrong_type"),
        ("", "wrong_type"),
        ("1.5", "wrong_type"),
        ("99999999999999999999", "wrong_type"),
        ("%2B5x", "wrong_type"),
    ] {
        let reply = reader.get(&format!("/v1/partners?limit={limit}")).await;
        reply.problem(422, "validation_failed");
        assert_eq!(reply.faults(), [format!("limit {rule}")], "{limit}");
    }
    let last = reader.get("/v1/partners?limit=200").await;
    assert!(last.header("link").ends_with("; rel=\"next\""));
    let next = last
        .header("link")
        .split_once('>')
        .unwrap()
        .0
        .trim_start_matches('<')
        .to_owned();
    let page = reader.get(&next).await;
    assert_eq!(
        (
            page.json()["data"].as_array().unwrap().len(),
            &page.json()["next_cursor"],
            page.header("link")
        ),
        (1, &Value::Null, "")
    );
    let exact = reader.get("/v1/partners?kind=company&limit=100").await;
    assert_eq!(
        (&exact.json()["next_cursor"], exact.header("link")),
        (&Value::Null, ""),
        "no empty last page"
    );
}

#[actix_web::test]
async fn the_link_keeps_every_filter_and_the_size() {
    let service = Service::start().await;
    insert_partners(&service, 30).await;
    let mut page = service
        .reader()
        .get("/v1/partners?q=partenaire%201&kind=company&sort=-legal_name&limit=2")
        .await;
    let mut seen = Vec::new();
    loop {
        let body = page.expect(200);
        seen.extend(body["data"].as_array().unwrap().iter().map(id));
        let Some((address, _)) = page.header("link").split_once('>') else {
            break;
        };
        let address = address.trim_start_matches('<').to_owned();
        page = service.reader().get(&address).await;
    }
    let whole = service
        .reader()
        .all("/v1/partners?q=partenaire%201&kind=company&sort=-legal_name")
        .await;
    assert_eq!(seen, whole.iter().map(id).collect::<Vec<_>>());
    assert!(seen.len() > 3);
}

#[actix_web::test]
async fn a_cursor_serves_the_list_it_was_made_for_alone() {
    let service = Service::start().await;
    insert_partners(&service, 10).await;
    let reader = service.reader();
    let partner = id(&service.new_partner("A").await);
    let cursor = reader
        .get("/v1/partners?kind=company&limit=2")
        .await
        .expect(200)["next_cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    reader
        .get(&format!(
            "/v1/partners?limit=7&kind=company&cursor={cursor}"
        ))
        .await
        .expect(200);
    reader
        .get(&format!(
            "/v1/partners?kind=company&cursor={cursor}&dialect=standard"
        ))
        .await
        .expect(200);
    for other in [
        "?",
        "?kind=association&",
        "?kind=company&sort=legal_name&",
        "?kind=company&q=a&",
        "?kind=company&kind=company&",
        &format!("/{partner}/representatives?"),
    ] {
        let path = format!("/v1/partners{other}cursor={cursor}");
        let reply = reader.get(&path).await;
        reply.problem(400, "invalid_cursor");
        assert_eq!(reply.faults(), ["cursor invalid_format"]);
    }
    for bad in ["", "x", "AAAA", "%00", "====", &"A".repeat(4000)] {
        reader
            .get(&format!("/v1/partners?kind=company&cursor={bad}"))
            .await
            .problem(400, "invalid_cursor");
    }
    // Each character in turn.
    for place in 0..cursor.len() {
        let other = if cursor.as_bytes()[place] == b'A' {
            'B'
        } else {
            'A'
        };
        let altered = format!("{}{other}{}", &cursor[..place], &cursor[place + 1..]);
        reader
            .get(&format!("/v1/partners?kind=company&cursor={altered}"))
            .await
            .problem(400, "invalid_cursor");
    }
}

/// The rows of a CSV as RFC 4180 reads them.
fn csv_rows(text: &str, separator: u8) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(separator)
        .flexible(false)
        .from_reader(text.as_bytes());
    reader
        .records()
        .map(|record| {
            record
                .expect("RFC 4180")
                .iter()
                .map(str::to_owned)
                .collect()
        })
        .collect()
}

async fn read(service: &Service, path: &str, form: &str) -> String {
    let reply = service
        .ministry()
        .request("GET", path)
        .header("accept", form)
        .send()
        .await;
    assert_eq!(reply.status, 200, "{path} {form}: {}", reply.text());
    reply.text().to_owned()
}

#[actix_web::test]
async fn csv_is_read_by_any_program_and_run_by_none() {
    let service = Service::start().await;
    let empty = read(&service, "/v1/partners", "text/csv").await;
    let header = csv_rows(&empty, b',');
    assert_eq!(header.len(), 1, "an empty list has its header");
    let text = "Une \"belle\" présentation,\nsur deux lignes ; avec tout";
    let body = json!({ "legal_name": "=HYPERLINK(\"https://x.fr\")", "usual_name": "-2", "acronym": "@A", "kind": "company",
                       "siren": "552049447", "sectors": ["energy", "digital"], "description": text });
    let created = service
        .ministry()
        .post("/v1/partners", body)
        .await
        .expect(201);
    for (query, separator) in [
        ("", b','),
        ("?dialect=standard", b','),
        ("?dialect=excel-fr&labels=none", b';'),
    ] {
        let csv = read(&service, &format!("/v1/partners{query}"), "text/csv").await;
        assert_eq!(csv.starts_with('\u{feff}'), separator == b';');
        assert!(csv.ends_with("\r\n"));
        let rows = csv_rows(csv.trim_start_matches('\u{feff}'), separator);
        assert_eq!((rows.len(), &rows[0]), (2, &header[0]));
        let cell = |name: &str| {
            rows[1][rows[0]
                .iter()
                .position(|column| column == name)
                .expect(name)]
            .as_str()
        };
        assert_eq!(
            (cell("legal_name"), cell("usual_name"), cell("acronym")),
            ("'=HYPERLINK(\"https://x.fr\")", "'-2", "'@A")
        );
        // In a spreadsheet a number that is a name stays a text.
        let siren = if separator == b';' {
            "=\"552049447\""
        } else {
            "552049447"
        };
        assert_eq!(
            (
                cell("siren"),
                cell("sectors"),
                cell("description"),
                cell("rna")
            ),
            (siren, "energy|digital", text, "")
        );
        assert_eq!(cell("id"), id(&created));
    }
    // Every field of the JSON answer has its column.
    let names: Vec<&String> = created.as_object().unwrap().keys().collect();
    assert_eq!(names, header[0].iter().collect::<Vec<_>>());
    service
        .ministry()
        .get("/v1/partners?dialect=latin1")
        .await
        .problem(422, "validation_failed");
}

#[actix_web::test]
async fn whole_lists_come_in_one_answer_in_the_other_forms() {
    let service = Service::start().await;
    insert_partners(&service, 1_234).await;
    for sort in ["created_at", "-legal_name", "updated_at"] {
        let pages = service
            .ministry()
            .all(&format!("/v1/partners?sort={sort}&limit=200"))
            .await;
        let lines = read(
            &service,
            &format!("/v1/partners?sort={sort}&limit=3"),
            "application/x-ndjson",
        )
        .await;
        let lines: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("a JSON document a line"))
            .collect();
        assert_eq!((lines.len(), lines == pages), (1_234, true), "{sort}");
        let rows = csv_rows(
            &read(&service, &format!("/v1/partners?sort={sort}"), "text/csv").await,
            b',',
        );
        let place = rows[0].iter().position(|name| name == "id").unwrap();
        let ids: Vec<String> = rows[1..].iter().map(|row| row[place].clone()).collect();
        assert_eq!(ids, pages.iter().map(id).collect::<Vec<_>>());
    }
    let filtered = read(
        &service,
        "/v1/partners?kind=company&q=partenaire",
        "application/x-ndjson",
    )
    .await;
    assert_eq!(filtered.lines().count(), 617);
    assert_eq!(
        read(&service, "/v1/partners?q=nobody", "application/x-ndjson").await,
        ""
    );
}

#[actix_web::test]
async fn a_list_of_what_is_not_there_is_refused_whole_in_every_form() {
    let service = Service::start().await;
    let (ministry, absent) = (service.ministry(), crate::support::absent());
    let below = operations().into_iter().filter(|operation| {
        let parameters = operation.parameters("query");
        operation.path.contains("{id}") && parameters.iter().any(|one| one["name"] == "cursor")
    });
    let mut seen = 0;
    for list in below {
        let path = list.path.replace("{id}", &absent);
        for form in ["application/json", "text/csv", "application/x-ndjson"] {
            let reply = ministry
                .request("GET", &path)
                .header("accept", form)
                .send()
                .await;
            reply.problem(404, "not_found");
        }
        seen += 1;
    }
    assert!(seen > 4, "{seen} lists");
}

#[actix_web::test]
async fn every_list_takes_its_page_parameters_and_has_its_count() {
    // Figures come by pages, of which there is one order; who reads what is open takes it whole;
    // a history, the versions of one report, what moved in a publication and what a webhook was sent are
    // followed to their end.
    const UNCOUNTED: [&str; 10] = [
        "get_indicator_values",
        "get_public_indicator_values",
        "list_public_conventions",
        "list_public_indicators",
        "list_public_publications",
        "list_convention_history",
        "list_declination_history",
        "list_report_versions",
        "list_publication_changes",
        "list_webhook_deliveries",
    ];
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let lists = operations().into_iter().filter(|operation| {
        operation.method == "GET"
            && !UNCOUNTED.contains(&operation.id)
            && operation
                .parameters("query")
                .iter()
                .any(|parameter| parameter["name"] == "cursor")
    });
    let convention = service.signed_convention(&partner, json!({})).await;
    let campaign =
        json!({ "school_year": "2025-2026", "opens_on": "2026-05-04", "due_on": "2026-09-30" });
    let campaign = service.ministry().post("/v1/campaigns", campaign).await;
    let campaign = id(&campaign.expect(201));
    let syncs = format!("/v1/partners/{partner}/syncs");
    let sync = service.partner(&partner).post(&syncs, json!({})).await;
    let sync = id(&sync.expect(201));
    let mut seen = 0;
    for list in lists {
        let id = match list.path.split('/').nth(2) {
            Some("conventions") => &convention,
            Some("campaigns") => &campaign,
            _ => &partner,
        };
        let path = list.path.replace("{id}", id).replace("{sync_id}", &sync);
        let page = service
            .ministry()
            .get(&format!("{path}?limit=200"))
            .await
            .expect(200);
        let names: Vec<&String> = page.as_object().unwrap().keys().collect();
        assert_eq!(names, ["data", "next_cursor"], "{path}");
        let count = service
            .ministry()
            .get(&format!("{path}/count"))
            .await
            .expect(200)["count"]
            .as_i64()
            .unwrap();
        let rows = i64::try_from(page["data"].as_array().unwrap().len()).unwrap();
        assert!(
            count == rows || (rows == 200 && count > 200),
            "{path}: {count}, {rows}"
        );
        for form in ["text/csv", "application/x-ndjson"] {
            let text = read(&service, &path, form).await;
            let lines = if form == "text/csv" {
                csv_rows(&text, b',').len() - 1
            } else {
                text.lines().count()
            };
            assert_eq!(i64::try_from(lines).unwrap(), count, "{path} {form}");
        }
        let reply = service
            .ministry()
            .get(&format!(
                "{path}?limit=0&sort=nope&dialect=nope&updated_since=nope&nope=1"
            ))
            .await;
        reply.problem(422, "validation_failed");
        // What is written once never changes; what is worked out for a day has no moment of its own.
        let since = match list.id {
            "list_pushes" | "list_sync_batches" | "list_coverage" | "list_todo"
            | "list_requests" => "updated_since unknown_parameter",
            _ => "updated_since invalid_format",
        };
        // What is to be done has one order.
        let sort = match list.id {
            "list_todo" => "sort unknown_parameter",
            _ => "sort unknown_order",
        };
        assert_eq!(
            reply.faults(),
            [
                "dialect invalid_format",
                "limit out_of_range",
                "nope unknown_parameter",
                sort,
                since
            ],
            "{path}"
        );
        seen += 1;
    }
    assert!(seen >= 2);
}
