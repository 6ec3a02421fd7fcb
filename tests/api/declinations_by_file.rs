//! Declinations by file: what a rectorat fills in with a spreadsheet program, a row for each.

use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use crate::support::{Caller, Reply, Service, absent, id};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const REFERENCE: &str = "CN-2020-0042";
const LYON: &str = "academy:10";

struct World {
    service: Service,
    convention: String,
    schools: [String; 3],
}

impl World {
    async fn new() -> Self {
        let service = Service::start().await;
        let schools = service.new_schools([690_001, 690_002, 590_001]).await;
        let (_, convention) = service
            .signed_partner(
                "Partenaire",
                json!({ "reference": REFERENCE, "levels": ["3e", "4e"] }),
            )
            .await;
        Self {
            service,
            convention,
            schools,
        }
    }

    fn rectorat(&self) -> Caller {
        self.service.academy(LYON)
    }

    fn of_school(&self, place: usize, with: Value) -> Value {
        let row = json!({
            "convention_id": self.convention, "level": "establishment",
            "territories": [format!("uai:{}", self.schools[place])], "starts_on": "2026-09-01",
        });
        crate::support::merged(row, with)
    }

    async fn declinations(&self) -> i64 {
        self.service
            .number("SELECT count(*) FROM declinations")
            .await
    }
}

async fn send(caller: &Caller, query: &str, (media_type, body): (&str, Vec<u8>)) -> Reply {
    let request = caller.request("POST", &format!("/v1/declinations/batch{query}"));
    request.body(media_type, body).send().await
}

async fn json(caller: &Caller, query: &str, items: Value) -> Reply {
    let body = json!({ "items": items }).to_string().into_bytes();
    send(caller, query, ("application/json", body)).await
}

fn told(verdict: &Value) -> Vec<(String, String)> {
    let items = verdict["items"].as_array().unwrap().iter();
    let told = items.map(|item| {
        let code = item["errors"][0]["code"].as_str().unwrap_or("-");
        (
            item["outcome"].as_str().unwrap().to_owned(),
            code.to_owned(),
        )
    });
    told.collect()
}

fn pairs(told: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = told.iter();
    owned
        .map(|(one, other)| ((*one).to_owned(), (*other).to_owned()))
        .collect()
}

#[actix_web::test]
async fn a_declination_is_what_it_is_when_it_is_created_alone() {
    let world = World::new().await;
    let rectorat = world.rectorat();
    let body = world.of_school(
        0,
        json!({
            "title": "Le collège et l'industrie", "levels": ["3e"], "ends_on": "2028-08-31",
            "coordinator": { "name": "Dominique Petit", "phone": "04 72 80 60 60" },
            "targets": [{ "measure": "pupils", "school_year": "2026-2027", "value": 120 }],
            "board_decision": { "date": "2026-02-03", "number": "7" }, "reports_by": "establishment",
        }),
    );
    let alone = rectorat.post("/v1/declinations", body.clone()).await;
    let alone = alone.expect(201);
    let path = format!("/v1/declinations/{}", id(&alone));
    let journal = "SELECT count(*) FROM audit_events WHERE action = 'declination.created'";
    rectorat.delete(&path).await.expect(204);
    let verdict = json(&rectorat, "", json!([body])).await.expect(200);
    assert_eq!(verdict["items"][0]["status"], "draft");
    let path = format!("/v1/declinations/{}", id(&verdict["items"][0]));
    let mut filed = rectorat.get(&path).await.expect(200);
    for field in ["id", "created_at", "updated_at"] {
        filed[field] = alone[field].clone();
    }
    assert_eq!(filed, alone);
    assert_eq!(world.service.number(journal).await, 2);
}

#[actix_web::test]
async fn a_spreadsheet_is_taken_as_it_is_saved_and_sent_again_writes_nothing() {
    let world = World::new().await;
    let rectorat = world.rectorat();
    let lost = world.schools[1].trim_start_matches('0').to_lowercase();
    let csv = format!(
        "Déclinaisons de septembre;;;;;;\r\nConvention;Niveau de déclinaison;UAI;Premier jour;Niveaux concernés;Coordination : nom;Coordination : téléphone\r\n\
         {REFERENCE};establishment;{};01/09/2026;3ème | 4e;Dominique Petit;472806060\r\n\
         {REFERENCE};Établissement;{lost};01/09/2026;;;\r\n\
         {REFERENCE};academy;Académie de Lyon;01/09/2026;;;\r\n",
        world.schools[0]
    );
    let windows: Vec<u8> = csv
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let first = send(&rectorat, "", ("text/csv", windows)).await.expect(200);
    assert_eq!(told(&first), pairs(&[("created", "-"); 3]), "{first}");
    let read = rectorat.all("/v1/declinations").await;
    assert_eq!(read[0]["levels"], json!(["3e", "4e"]));
    assert_eq!(read[0]["coordinator"]["phone"], "0472806060");
    assert_eq!(
        read[1]["territories"],
        json!([format!("uai:{}", world.schools[1])])
    );
    assert_eq!(read[2]["territories"], json!([LYON]));
    let before = world.service.everything_but("idempotency_keys").await;
    let again = send(&rectorat, "", ("text/csv", csv.clone().into_bytes())).await;
    assert_eq!(told(&again.expect(200)), pairs(&[("unchanged", "-"); 3]));
    assert_eq!(
        world.service.everything_but("idempotency_keys").await,
        before
    );
    // Without an id it is known by what it is of: its title is changed, and the rest stays.
    let titled = json!([world.of_school(0, json!({ "title": "Un titre" }))]);
    let verdict = json(&rectorat, "", titled).await.expect(200);
    assert_eq!(told(&verdict), pairs(&[("updated", "-")]));
    let after = rectorat
        .get(&format!("/v1/declinations/{}", id(&read[0])))
        .await
        .expect(200);
    assert_eq!(
        (&after["title"], &after["levels"]),
        (&json!("Un titre"), &read[0]["levels"])
    );
    assert_eq!(after["coordinator"], read[0]["coordinator"]);
}

#[actix_web::test]
async fn what_the_register_wrote_can_be_sent_back() {
    let world = World::new().await;
    let rectorat = world.rectorat();
    let rows = json!([
        world.of_school(0, json!({
            "title": "=Un titre", "coordinator": { "name": "Dominique Petit", "phone": "+33 4 72 80 60 60" },
            "targets": [{ "measure": "pupils", "school_year": "2026-2027", "value": 120 }],
            "planned_actions": [{ "title": "Visites", "action_type": "company_visit" }],
            "board_decision": { "date": "2026-02-03", "number": "07" },
        })),
        world.of_school(1, json!({ "coordinator": { "function": "Service", "phone": "0472806060" }, "ends_on": "2027-08-31" })),
    ]);
    let made = json(&rectorat, "", rows).await.expect(200);
    let close = world
        .service
        .stored_declination(&world.convention, &[LYON], json!({ "status": "closed" }))
        .await;
    let before = world.service.everything().await;
    for (form, media_type) in [
        ("csv", "text/csv"),
        ("xlsx", XLSX),
        ("ndjson", "application/x-ndjson"),
        ("json", "application/json"),
        ("csv&dialect=excel-fr", "text/csv"),
        ("csv&dialect=excel-fr&labels=fr", "text/csv"),
    ] {
        let list = rectorat
            .get(&format!("/v1/declinations?format={form}"))
            .await;
        assert_eq!(list.status, 200, "{form} {}", list.text());
        let verdict = send(&rectorat, "", (media_type, list.body.to_vec())).await;
        let verdict = verdict.expect(200);
        assert_eq!(
            told(&verdict),
            pairs(&[("unchanged", "-"); 3]),
            "{form} {verdict}"
        );
        let ids: Vec<String> = verdict["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(id)
            .collect();
        assert_eq!(
            ids,
            [id(&made["items"][0]), id(&made["items"][1]), close.clone()]
        );
    }
    assert_eq!(
        world.service.everything().await,
        before,
        "nothing was written"
    );
}

#[actix_web::test]
async fn a_wrong_row_is_told_with_its_cell_and_its_fix_and_the_others_are_written() {
    let world = World::new().await;
    let rectorat = world.rectorat();
    let csv = format!(
        "convention_id;level;territories;starts_on;ends_on;levels;coordinator_email;id\n\
         {REFERENCE};establishment;{0};2026-09-01;;3e;;\n\
         CN-2020-0O42;establishment;{0};2026-10-01;;3e;;\n\
         {REFERENCE};etablishment;{0};2026-11-01;;3e;;\n\
         {REFERENCE};academy;{0};2026-11-01;;3e;;\n\
         {REFERENCE};establishment;{0};2026-11-01;2026-10-01;tle_pro;dominique@;\n\
         {REFERENCE};establishment;{1};2026-09-01;;;;\n\
         {REFERENCE};establishment;{0};2026-09-01;;3e;;\n\
         ;;;;;;;{2}\n",
        world.schools[0],
        world.schools[2],
        absent()
    );
    let refused = send(
        &rectorat,
        "?mode=atomic",
        ("text/csv", csv.clone().into_bytes()),
    )
    .await;
    let problem = refused.problem(422, "validation_failed");
    assert_eq!(problem["verdicts"]["counts"]["rejected"], 7);
    assert_eq!(problem["errors"][0]["pointer"], "/items/1/convention_id");
    assert_eq!(world.declinations().await, 0, "all or nothing");
    let dry = send(
        &rectorat,
        "?dry_run=true",
        ("text/csv", csv.clone().into_bytes()),
    )
    .await;
    let dry = dry.expect(200);
    assert_eq!(dry["items"][0]["id"], Value::Null);
    assert_eq!(world.declinations().await, 0, "a rehearsal");
    let verdict = send(&rectorat, "", ("text/csv", csv.into_bytes())).await;
    let verdict = verdict.expect(200);
    assert_eq!(told(&verdict), told(&dry));
    assert_eq!(world.declinations().await, 1);
    let fault = |row: usize, place: usize| {
        let fault = &verdict["items"][row]["errors"][place];
        (
            fault["code"].as_str().unwrap().to_owned(),
            fault["cell"].clone(),
            fault["nearest"].clone(),
        )
    };
    let is = |code: &str, cell: &str, nearest: Value| (code.to_owned(), json!(cell), nearest);
    assert_eq!(
        fault(1, 0),
        is("unknown_convention", "A3", json!(REFERENCE))
    );
    assert_eq!(
        fault(2, 0),
        is("unknown_code", "B4", json!("establishment"))
    );
    assert_eq!(fault(3, 0), is("of_another_level", "C5", json!(null)));
    let codes: Vec<&str> = verdict["items"][4]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["cell"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["E6", "G6"], "all of the form at once");
    assert_eq!(fault(5, 0), is("outside_perimeter", "C7", json!(LYON)));
    assert_eq!(fault(6, 0).0, "repeated_row");
    assert_eq!(fault(7, 0), is("not_found", "H9", json!(null)));
}

#[actix_web::test]
async fn nobody_writes_by_file_what_they_may_not_write_alone() {
    let world = World::new().await;
    let rows = || json!([world.of_school(0, json!({})), world.of_school(1, json!({}))]);
    let school = world.service.school(&world.schools[0]);
    let verdict = json(&school, "", rows()).await.expect(200);
    assert_eq!(
        told(&verdict),
        pairs(&[("created", "-"), ("rejected", "outside_perimeter")])
    );
    let foreign = world.service.academy("academy:09");
    let verdict = json(&foreign, "", rows()).await.expect(200);
    assert_eq!(
        told(&verdict),
        pairs(&[("rejected", "outside_perimeter"); 2])
    );
    // A draft that one may not see is as one that is not there, word for word.
    let draft = world.declinations().await;
    assert_eq!(draft, 1);
    let hidden = world.rectorat().all("/v1/declinations").await;
    let verdict = |id: &str| {
        let (foreign, rows) = (foreign.clone(), json!([{ "id": id, "title": "Autre" }]));
        async move { json(&foreign, "", rows).await.expect(200) }
    };
    assert_eq!(verdict(&id(&hidden[0])).await, verdict(&absent()).await);
    // One that is active is seen, and not changed.
    let active = world
        .service
        .stored_declination(&world.convention, &[LYON], json!({}))
        .await;
    assert_eq!(
        told(&verdict(&active).await),
        pairs(&[("rejected", "forbidden")])
    );
    for caller in [world.service.reader(), world.service.partner(&absent())] {
        json(&caller, "", rows()).await.problem(403, "forbidden");
    }
}

#[actix_web::test]
async fn what_is_active_changes_but_for_what_was_agreed_and_two_alike_are_told_apart_by_their_ids()
{
    let world = World::new().await;
    let rectorat = world.rectorat();
    let active = world
        .service
        .active_declination(
            &world.convention,
            json!({ "level": "academy", "territories": [LYON] }),
        )
        .await;
    let rows = json!([{ "id": active, "title": "Un titre" }]);
    let verdict = json(&rectorat, "", rows).await.expect(200);
    assert_eq!(told(&verdict), pairs(&[("updated", "-")]));
    assert_eq!(verdict["items"][0]["status"], "active");
    let rows = json!([{ "id": active, "starts_on": "2021-01-01", "levels": ["3e"] }]);
    let verdict = json(&rectorat, "", rows).await.expect(200);
    assert_eq!(told(&verdict), pairs(&[("rejected", "agreed")]));
    for _ in 0..2 {
        let body = world.of_school(0, json!({}));
        rectorat.post("/v1/declinations", body).await.expect(201);
    }
    let verdict = json(&rectorat, "", json!([world.of_school(0, json!({}))])).await;
    let verdict = verdict.expect(200);
    assert_eq!(told(&verdict), pairs(&[("rejected", "several_match")]));
}

#[actix_web::test]
async fn the_template_is_sent_filled_in_and_of_two_who_send_it_at_once_each_row_is_written_once() {
    let world = World::new().await;
    let rectorat = world.rectorat();
    let csv = rectorat.get("/v1/declinations/template?format=csv").await;
    let text = csv
        .text()
        .trim_start_matches('\u{feff}')
        .trim_end()
        .to_owned();
    assert!(text.starts_with(
        "Convention [convention_id];Niveau de déclinaison [level];Territoires [territories]"
    ));
    assert!(!text.contains("[targets]"), "{text}");
    let columns = text.split(';').count();
    let mut rows = String::new();
    for school in &world.schools[..2] {
        let cells = [
            REFERENCE,
            "establishment",
            school.as_str(),
            "",
            "01/09/2026",
        ];
        let empty = columns - cells.len();
        rows.push_str(&format!("{}{}\r\n", cells.join(";"), ";".repeat(empty)));
    }
    let filled = format!("{text}\r\n{rows}").into_bytes();
    let (one, other) = futures_util::future::join(
        send(&rectorat, "", ("text/csv", filled.clone())),
        send(&rectorat, "", ("text/csv", filled)),
    )
    .await;
    let mut all: Vec<(String, String)> = told(&one.expect(200));
    all.extend(told(&other.expect(200)));
    all.sort();
    assert_eq!(
        all,
        pairs(&[
            ("created", "-"),
            ("created", "-"),
            ("unchanged", "-"),
            ("unchanged", "-")
        ])
    );
    assert_eq!(world.declinations().await, 2);
    let book = rectorat.get("/v1/declinations/template").await;
    assert_eq!(book.header("content-type"), XLSX);
    let verdict = send(&rectorat, "", (XLSX, book.body.to_vec())).await;
    assert_eq!(
        verdict.expect(200)["errors"],
        json!([]),
        "read as it was written"
    );
}

#[actix_web::test]
async fn a_workbook_keeps_its_days_and_lists_and_what_is_no_batch_is_refused_whole() {
    let world = World::new().await;
    let rectorat = world.rectorat();
    let book = {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 9, 1).unwrap();
        let format = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
        let heads = ["Convention", "Niveau", "Établissements", "Début", "Classes"];
        for (head, column) in heads.iter().zip(0..) {
            sheet.write_string(0, column, *head).unwrap();
        }
        let cells = [REFERENCE, "establishment", &world.schools[0]];
        for (cell, column) in cells.iter().zip(0..) {
            sheet.write_string(1, column, *cell).unwrap();
        }
        sheet
            .write_datetime_with_format(1, 3, &day, &format)
            .unwrap();
        sheet.write_string(1, 4, "3e, 4ème").unwrap();
        // The codes that a template has beside its table are none of it.
        let codes = book.add_worksheet().set_name("Codes").unwrap();
        for (row, cells) in [["axes", "levels"], ["internships", "3e"]]
            .iter()
            .enumerate()
        {
            for (cell, column) in cells.iter().zip(0..) {
                codes
                    .write_string(u32::try_from(row).unwrap(), column, *cell)
                    .unwrap();
            }
        }
        book.save_to_buffer().unwrap()
    };
    let verdict = send(&rectorat, "", (XLSX, book)).await.expect(200);
    assert_eq!(told(&verdict), pairs(&[("created", "-")]), "{verdict}");
    let path = format!("/v1/declinations/{}", id(&verdict["items"][0]));
    let read = rectorat.get(&path).await.expect(200);
    assert_eq!(
        (&read["starts_on"], &read["levels"]),
        (&json!("2026-09-01"), &json!(["3e", "4e"]))
    );
    json(&rectorat, "", json!([]))
        .await
        .problem(422, "validation_failed");
    let verdict = json(&rectorat, "", json!([7, {}])).await.expect(200);
    assert_eq!(
        told(&verdict),
        pairs(&[("rejected", "wrong_type"), ("rejected", "required")])
    );
    send(&rectorat, "", ("text/csv", b"Remarque;Nom\nx;y\n".to_vec()))
        .await
        .problem(422, "validation_failed");
}

#[actix_web::test]
async fn a_coordinator_is_not_kept_in_the_answer_to_a_repeated_request() {
    let world = World::new().await;
    let rectorat = world.rectorat();
    let csv = format!(
        "convention_id;level;territories;starts_on;coordinator_name;coordinator_phone\n\
         {REFERENCE};academy;{LYON};2026-09-01;Dominique Petit;472806060\n"
    );
    let again = async || {
        let request = rectorat
            .request("POST", "/v1/declinations/batch")
            .header("idempotency-key", "septembre");
        request.body("text/csv", csv.clone()).send().await
    };
    let first = again().await.expect(200);
    assert_eq!(first["file"]["repaired"][0]["written"], "472806060");
    let second = again().await;
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert!(!second.text().contains("472806060"), "{}", second.text());
    assert_eq!(second.expect(200)["items"], first["items"]);
}
