//! Contacts by file: a row for each, as an address book is kept.

use serde_json::{Value, json};

use crate::support::{Caller, Reply, Service, absent, id};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const LYON: &str = "academy:10";

async fn send(caller: &Caller, query: &str, (media_type, body): (&str, Vec<u8>)) -> Reply {
    let request = caller.request("POST", &format!("/v1/contacts/batch{query}"));
    request.body(media_type, body).send().await
}

async fn json(caller: &Caller, query: &str, items: Value) -> Reply {
    let body = json!({ "items": items }).to_string().into_bytes();
    send(caller, query, ("application/json", body)).await
}

fn told(verdict: &Value) -> Vec<(&str, &str)> {
    let items = verdict["items"].as_array().unwrap().iter();
    let told = items.map(|item| {
        let code = item["errors"][0]["code"].as_str().unwrap_or("-");
        (item["outcome"].as_str().unwrap(), code)
    });
    told.collect()
}

async fn contacts(service: &Service) -> i64 {
    service.number("SELECT count(*) FROM contacts").await
}

fn book(school: &str) -> String {
    format!(
        "Territoire;Rôle;Nom;Courriel;Téléphone;Service\r\n\
         Académie de Lyon;cell;Dominique Petit;dominique@ac-lyon.example;472806060;Cellule école-entreprise\r\n\
         département 69;clee;;clee@ac-lyon.example;04 72 80 60 61;Comité local de Vénissieux\r\n\
         {school};head;Claude Roux;;'+33472806062;\r\n"
    )
}

#[actix_web::test]
async fn an_address_book_is_taken_as_it_is_kept_and_sent_again_writes_nothing() {
    let service = Service::start().await;
    let [school] = service.new_schools([690_001]).await;
    let rectorat = service.academy(LYON);
    let csv = book(&school).into_bytes();
    let dry = send(&rectorat, "?dry_run=true", ("text/csv", csv.clone())).await;
    let dry = dry.expect(200);
    assert_eq!(
        (told(&dry), &dry["items"][0]["id"]),
        (vec![("created", "-"); 3], &json!(null))
    );
    assert_eq!(contacts(&service).await, 0, "a rehearsal");
    let first = send(&rectorat, "", ("text/csv", csv.clone()))
        .await
        .expect(200);
    assert_eq!(told(&first), [("created", "-"); 3], "{first}");
    let read = rectorat.all("/v1/contacts").await;
    assert_eq!(
        (&read[0]["territory"], &read[0]["phone"], &read[0]["label"]),
        (
            &json!(LYON),
            &json!("0472806060"),
            &json!("Cellule école-entreprise")
        )
    );
    assert_eq!(read[1]["territory"], "department:069");
    assert_eq!(read[2]["phone"], "+33472806062");
    let before = service.everything().await;
    let again = send(&rectorat, "", ("text/csv", csv)).await.expect(200);
    assert_eq!(told(&again), [("unchanged", "-"); 3]);
    assert_eq!(again["items"][0]["id"], first["items"][0]["id"]);
    assert_eq!(service.everything().await, before);
}

#[actix_web::test]
async fn what_the_register_wrote_can_be_sent_back_corrected() {
    let service = Service::start().await;
    let [school] = service.new_schools([690_001]).await;
    let rectorat = service.academy(LYON);
    send(&rectorat, "", ("text/csv", book(&school).into_bytes()))
        .await
        .expect(200);
    for (form, media_type) in [
        ("csv", "text/csv"),
        ("xlsx", XLSX),
        ("ndjson", "application/x-ndjson"),
        ("json", "application/json"),
        ("csv&dialect=excel-fr", "text/csv"),
        ("csv&labels=fr", "text/csv"),
    ] {
        let list = rectorat.get(&format!("/v1/contacts?format={form}")).await;
        assert_eq!(list.status, 200, "{form} {}", list.text());
        let verdict = send(&rectorat, "", (media_type, list.body.to_vec())).await;
        let verdict = verdict.expect(200);
        assert_eq!(told(&verdict), [("unchanged", "-"); 3], "{form} {verdict}");
    }
    let list = rectorat.get("/v1/contacts?format=csv").await;
    let corrected = list.text().replace("Dominique Petit", "Camille Martin");
    let verdict = send(&rectorat, "", ("text/csv", corrected.into_bytes())).await;
    let verdict = verdict.expect(200);
    assert_eq!(
        told(&verdict),
        [("updated", "-"), ("unchanged", "-"), ("unchanged", "-")]
    );
    assert_eq!(verdict["items"][0]["version"], 2);
    let path = format!("/v1/contacts/{}", id(&verdict["items"][0]));
    let read = rectorat.get(&path).await.expect(200);
    assert_eq!(
        (&read["name"], &read["email"]),
        (
            &json!("Camille Martin"),
            &json!("dominique@ac-lyon.example")
        )
    );
    // By their ids alone, without the other columns.
    let few = format!("id;phone\n{};\n", id(&read)).into_bytes();
    assert_eq!(
        told(&send(&rectorat, "", ("text/csv", few)).await.expect(200)),
        [("unchanged", "-")],
        "an empty cell says nothing"
    );
    let cleared = json(&rectorat, "", json!([{ "id": id(&read), "phone": null }])).await;
    assert_eq!(told(&cleared.expect(200)), [("updated", "-")]);
    assert_eq!(rectorat.get(&path).await.expect(200)["phone"], json!(null));
}

#[actix_web::test]
async fn a_wrong_row_is_told_with_its_cell_and_its_fix_and_the_others_are_written() {
    let service = Service::start().await;
    let rectorat = service.academy(LYON);
    let csv = format!(
        "territory;role;email;phone;id\n\
         {LYON};cell;a@ac-lyon.example;0472806060;\n\
         {LYON};cels;;;\n\
         FR;cell;;;\n\
         academy:09;cell;;;\n\
         {LYON};cell;a@ac-lyon,example;;\n\
         {LYON};cell;a@ac-lyon.example;0472806060;\n\
         0690001Z;head;;;\n\
         {LYON};cell;;=1+1;\n\
         ;;;;{}\n",
        absent()
    );
    let refused = send(
        &rectorat,
        "?mode=atomic",
        ("text/csv", csv.clone().into_bytes()),
    )
    .await;
    let problem = refused.problem(422, "validation_failed");
    assert_eq!(problem["verdicts"]["counts"]["rejected"], 8);
    assert_eq!(contacts(&service).await, 0, "all or nothing");
    let verdict = send(&rectorat, "", ("text/csv", csv.into_bytes())).await;
    let verdict = verdict.expect(200);
    assert_eq!(contacts(&service).await, 1);
    let faults: Vec<(&str, &str)> = verdict["items"]
        .as_array()
        .unwrap()
        .iter()
        .skip(1)
        .map(|item| {
            let fault = &item["errors"][0];
            (
                fault["code"].as_str().unwrap(),
                fault["cell"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        faults,
        [
            ("unknown_code", "B3"),
            ("no_contacts_there", "A4"),
            ("outside_perimeter", "A5"),
            ("invalid_format", "C6"),
            ("repeated_row", "A7:E7"),
            ("invalid_checksum", "A8"),
            ("spreadsheet_formula", "D9"),
            ("not_found", "E10"),
        ],
        "{verdict}"
    );
    let nearest = |row: usize| &verdict["items"][row]["errors"][0]["nearest"];
    assert_eq!((nearest(1), nearest(3)), (&json!("cell"), &json!(LYON)));
}

#[actix_web::test]
async fn nobody_registers_by_file_whom_they_may_not_register_alone() {
    let service = Service::start().await;
    let schools = service.new_schools([690_001, 690_002]).await;
    let rows = |name: &str| {
        let row = |school: &String| json!({ "territory": format!("uai:{school}"), "role": "head", "name": name });
        Value::Array(schools.iter().map(row).collect())
    };
    let school = service.school(&schools[0]);
    let verdict = json(&school, "", rows("Claude Roux")).await.expect(200);
    assert_eq!(
        told(&verdict),
        [("created", "-"), ("rejected", "outside_perimeter")]
    );
    // Guessing who is there tells nothing to who has not the place in charge.
    let foreign = service.academy("academy:09");
    let there = json(&foreign, "", rows("Claude Roux")).await.expect(200);
    assert_eq!(
        there,
        json(&foreign, "", rows("Camille Martin")).await.expect(200)
    );
    // What another reads of a person is null, and is not written back.
    let read = foreign.all("/v1/contacts").await;
    assert_eq!(read[0]["name"], json!(null));
    let back = json(&foreign, "", json!(read)).await.expect(200);
    assert_eq!(told(&back), [("rejected", "outside_perimeter")]);
    let kept = school.all("/v1/contacts").await;
    assert_eq!(kept[0]["name"], "Claude Roux");
    for caller in [service.reader(), service.partner(&absent())] {
        json(&caller, "", rows("X")).await.problem(403, "forbidden");
    }
}

#[actix_web::test]
async fn a_person_is_in_no_kept_answer_and_in_no_journal() {
    let service = Service::start().await;
    let rectorat = service.academy(LYON);
    let csv = format!(
        "territory;role;name;email;phone\n{LYON};cell;Dominique Petit;d@ac-lyon.example;472806060\n{LYON};cell;Claude;claude@exemple,fr;\n"
    );
    let again = async || {
        let request = rectorat
            .request("POST", "/v1/contacts/batch")
            .header("idempotency-key", "carnet");
        request.body("text/csv", csv.clone()).send().await
    };
    let first = again().await.expect(200);
    assert_eq!(first["file"]["repaired"][0]["read"], "0472806060");
    let second = again().await;
    assert_eq!(second.header("idempotency-replayed"), "true");
    let fault = &second.expect(200)["items"][1]["errors"][0];
    assert_eq!(
        (&fault["pointer"], &fault["nearest"]),
        (&json!("/email"), &json!(null))
    );
    for what in ["472806060", "exemple,fr", "exemple.fr", "Dominique"] {
        assert!(!second.text().contains(what), "{what} {}", second.text());
        let journal = format!(
            "SELECT count(*) FROM audit_events WHERE before::text LIKE '%{what}%' OR after::text LIKE '%{what}%'"
        );
        assert_eq!(service.number(&journal).await, 0, "{what}");
    }
    // Who is replaced by a file goes from the answers that were kept of them, as by a change of one.
    let alone = rectorat
        .request("POST", "/v1/contacts")
        .header("idempotency-key", "seul")
        .json(&json!({ "territory": LYON, "role": "bde", "name": "Sacha Noir" }));
    let alone = alone.send().await.expect(201);
    let rows = json!([{ "id": id(&alone), "name": "Lou Blanc" }]);
    assert_eq!(
        told(&json(&rectorat, "", rows).await.expect(200)),
        [("updated", "-")]
    );
    let kept =
        "SELECT count(*) FROM idempotency_keys WHERE convert_from(body, 'UTF8') LIKE '%Sacha%'";
    assert_eq!(service.number(kept).await, 0);
}

#[actix_web::test]
async fn the_template_is_sent_filled_in_and_of_two_who_send_it_at_once_each_row_is_written_once() {
    let service = Service::start().await;
    let rectorat = service.academy(LYON);
    let csv = rectorat.get("/v1/contacts/template?format=csv").await;
    let text = csv
        .text()
        .trim_start_matches('\u{feff}')
        .trim_end()
        .to_owned();
    assert!(
        text.starts_with("Territoire [territory];Rôle [role];Nom [name]"),
        "{text}"
    );
    let filled = format!("{text}\r\n{LYON};cell;Dominique Petit;;;;\r\n").into_bytes();
    let (one, other) = futures_util::future::join(
        send(&rectorat, "", ("text/csv", filled.clone())),
        send(&rectorat, "", ("text/csv", filled)),
    )
    .await;
    let (one, other) = (one.expect(200), other.expect(200));
    let mut all = [told(&one), told(&other)].concat();
    all.sort_unstable();
    assert_eq!(all, [("created", "-"), ("unchanged", "-")]);
    assert_eq!(contacts(&service).await, 1);
    let book = rectorat.get("/v1/contacts/template").await;
    let verdict = send(&rectorat, "", (XLSX, book.body.to_vec())).await;
    assert_eq!(
        verdict.expect(200)["errors"],
        json!([]),
        "read as it was written"
    );
}
