//! Reports by file: what a school or a rectorat fills in with a spreadsheet program, and sends as it is.

use ree::auth::{Perimeter, Role};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{Caller, Reply, Service};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const REFERENCE: &str = "CN-2020-0042";

/// A convention that is called by its reference, and four schools of Lyon.
struct World {
    service: Service,
    convention: String,
    schools: [String; 4],
}

impl World {
    async fn new() -> Self {
        let service = Service::start().await;
        let schools = service
            .new_schools([690_001, 690_002, 690_003, 690_004])
            .await;
        let (_, convention) = service
            .signed_partner("Partenaire", json!({ "reference": REFERENCE }))
            .await;
        Self {
            service,
            convention,
            schools,
        }
    }

    fn rectorat(&self) -> Caller {
        self.service.academy("academy:10")
    }

    /// A row of each of the first schools, in French heads.
    fn table(&self) -> Table {
        let row = |(place, school): (usize, &String)| {
            let pupils = (30 + place).to_string();
            [
                REFERENCE,
                school,
                "2025-2026",
                "company_visit",
                "3e",
                "",
                "",
                "",
                "",
                "4",
                &pupils,
                "12",
                "",
                "",
            ]
            .map(str::to_owned)
            .to_vec()
        };
        Table {
            heads: HEADS.map(str::to_owned).to_vec(),
            rows: self.schools.iter().take(3).enumerate().map(row).collect(),
        }
    }
}

const HEADS: [&str; 14] = [
    "Convention",
    "Territoire",
    "Année scolaire",
    "Type d'action",
    "Niveau",
    "Temps du parcours",
    "Axe de travail",
    "Académie",
    "Événement",
    "Actions",
    "Élèves",
    "Dont filles",
    "Établissements participants",
    "Résultats",
];

/// The numbers among them.
const NUMBERS: std::ops::RangeInclusive<usize> = 9..=11;

/// A table as people type it.
#[derive(Clone)]
struct Table {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// How a spreadsheet program saves it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Saved {
    Xlsx,
    Utf8,
    ExcelFr,
    Windows,
}

const SAVED: [Saved; 4] = [Saved::Xlsx, Saved::Utf8, Saved::ExcelFr, Saved::Windows];

impl Table {
    fn lines(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.heads).chain(&self.rows)
    }

    fn saved(&self, saved: Saved) -> (&'static str, Vec<u8>) {
        match saved {
            Saved::Xlsx => (XLSX, self.workbook()),
            Saved::Utf8 => ("text/csv", self.csv(',').into_bytes()),
            // With the blank rows and columns that Excel leaves.
            Saved::ExcelFr => {
                let padded = self.csv(';').replace("\r\n", ";;\r\n");
                (
                    "text/csv; charset=utf-8",
                    format!("\u{feff}{padded};;;\r\n\r\n").into_bytes(),
                )
            }
            Saved::Windows => {
                let text = self.csv(';');
                let bytes = text
                    .chars()
                    .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'));
                ("text/csv; charset=windows-1252", bytes.collect())
            }
        }
    }

    fn csv(&self, separator: char) -> String {
        let quoted = |cell: &String| {
            if cell.contains([separator, '"', '\n']) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell.clone()
            }
        };
        let line = |cells: &Vec<String>| {
            let cells: Vec<String> = cells.iter().map(quoted).collect();
            format!("{}\r\n", cells.join(&separator.to_string()))
        };
        self.lines().map(line).collect()
    }

    fn workbook(&self) -> Vec<u8> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (cells, row) in self.lines().zip(0..) {
            for ((cell, place), column) in cells.iter().zip(0..).zip(0..) {
                match cell.parse::<f64>() {
                    Ok(number) if row > 0 && NUMBERS.contains(&place) => {
                        sheet.write_number(row, column, number).unwrap();
                    }
                    _ if cell.is_empty() => {}
                    _ => drop(sheet.write_string(row, column, cell).unwrap()),
                }
            }
        }
        book.save_to_buffer().unwrap()
    }
}

async fn send(caller: &Caller, query: &str, (media_type, body): (&str, Vec<u8>)) -> Reply {
    let request = caller.request("POST", &format!("/v1/reports/batch{query}"));
    request.body(media_type, body).send().await
}

async fn written(service: &Service) -> (i64, i64, i64) {
    let count = async |table: &str| {
        service
            .number(&format!("SELECT count(*) FROM {table}"))
            .await
    };
    (
        count("reports").await,
        count("report_lines").await,
        service
            .number("SELECT count(*) FROM changes WHERE object_type = 'report'")
            .await,
    )
}

#[actix_web::test]
async fn a_spreadsheet_is_taken_however_it_is_saved_and_sent_again_writes_nothing() {
    let world = World::new().await;
    let rectorat = world.rectorat();
    let mut table = world.table();
    // As people write: labels, grouped digits, a school year with a slash, a lost zero.
    table.rows[0][2] = "2025/26".into();
    table.rows[0][3] = "Visite d'entreprise".into();
    table.rows[0][4] = "3ème".into();
    table.rows[0][10] = "1 200".into();
    table.rows[1][1] = world.schools[1].trim_start_matches('0').to_lowercase();
    table.rows[1][12] = world.schools[1].clone();
    table.rows[1][13] = "Bien suivi, « déjà »".into();
    let mut outcomes = Vec::new();
    for saved in SAVED {
        let verdict = send(&rectorat, "", table.saved(saved)).await.expect(200);
        outcomes.push(verdict["objects"].clone());
        assert_eq!(verdict["errors"], json!([]));
        let file = &verdict["file"];
        assert_eq!(file["header_row"], 1, "{saved:?}");
        let repaired: Vec<&str> = file["repaired"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["first"].as_str().unwrap())
            .collect();
        for cell in ["B2", "C2", "D2", "E2", "K2"] {
            assert!(repaired.contains(&cell), "{saved:?} {cell} {file}");
        }
        let encoding = match saved {
            Saved::Xlsx => json!(null),
            Saved::Windows => json!("windows-1252"),
            Saved::Utf8 | Saved::ExcelFr => json!("UTF-8"),
        };
        assert_eq!(file["encoding"], encoding);
    }
    let all = |created, unchanged| json!({ "received": 3, "created": created, "updated": 0, "unchanged": unchanged, "rejected": 0 });
    assert_eq!(outcomes, [all(3, 0), all(0, 3), all(0, 3), all(0, 3)]);
    assert_eq!(written(&world.service).await, (3, 3, 3));
    let reports = rectorat.all("/v1/reports").await;
    assert_eq!(reports[0]["lines"][0]["pupils"], 1200);
    assert_eq!(reports[0]["lines"][0]["level"], "3e");
    assert_eq!(reports[1]["territory"], format!("uai:{}", world.schools[1]));
    assert_eq!(reports[1]["narrative"]["results"], "Bien suivi, « déjà »");
    assert_eq!(reports[1]["establishments"], json!([world.schools[1]]));
    assert_eq!(reports[2]["status"], "draft");
}

#[actix_web::test]
async fn a_report_is_what_it_is_when_it_is_created_alone() {
    let world = World::new().await;
    let (rectorat, school) = (world.rectorat(), &world.schools[0]);
    let lines = json!([
        { "action_type": "company_visit", "level": "3e", "actions": 4, "pupils": 30, "girls": 12 },
        { "action_type": "class_talk", "level": "4e", "pupils": 25 }
    ]);
    let key = json!({ "convention_id": world.convention, "territory": format!("uai:{school}"), "school_year": "2025-2026" });
    let mut alone = key.clone();
    alone["lines"] = lines.clone();
    alone["establishments"] = json!([school]);
    let alone = rectorat.post("/v1/reports", alone).await.expect(201);
    let path = format!("/v1/reports/{}", alone["id"].as_str().unwrap());
    rectorat.delete(&path).await.expect(204);
    let items: Vec<Value> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let mut item = key.clone();
            item.as_object_mut()
                .unwrap()
                .extend(line.as_object().unwrap().clone());
            item["establishments"] = json!([school]);
            item
        })
        .collect();
    let body = json!({ "items": items });
    let verdict = rectorat.post("/v1/reports/batch", body).await.expect(200);
    assert_eq!(verdict["file"], Value::Null);
    let (first, second) = (&verdict["items"][0], &verdict["items"][1]);
    assert_eq!(first["id"], second["id"], "two lines of one report");
    let path = format!("/v1/reports/{}", first["id"].as_str().unwrap());
    let mut filed = rectorat.get(&path).await.expect(200);
    for field in ["id", "created_at", "updated_at"] {
        filed[field] = alone[field].clone();
    }
    assert_eq!(filed, alone);
}

#[actix_web::test]
async fn a_report_with_a_wrong_row_is_refused_whole_and_the_others_are_written() {
    let world = World::new().await;
    let rectorat = world.rectorat();
    let mut table = world.table();
    let mut more = table.rows[1].clone();
    more[3] = "compagny_visit".into();
    table.rows.push(more);
    let verdict = send(&rectorat, "?dry_run=true", table.saved(Saved::ExcelFr))
        .await
        .expect(200);
    assert_eq!(written(&world.service).await, (0, 0, 0), "a rehearsal");
    assert_eq!(verdict["items"][0]["id"], Value::Null);
    let refused = send(&rectorat, "?mode=atomic", table.saved(Saved::ExcelFr)).await;
    let problem = refused.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/items/3/action_type");
    assert_eq!(problem["verdicts"]["counts"]["rejected"], 2);
    assert_eq!(written(&world.service).await, (0, 0, 0), "all or nothing");
    let verdict = send(&rectorat, "", table.saved(Saved::ExcelFr))
        .await
        .expect(200);
    let outcomes: Vec<&str> = verdict["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["created", "rejected", "created", "rejected"]);
    assert_eq!(verdict["items"][1]["errors"][0]["code"], "another_row");
    let fault = &verdict["items"][3]["errors"][0];
    assert_eq!(
        (&fault["cell"], &fault["column"], &fault["nearest"]),
        (
            &json!("D5"),
            &json!("Type d'action"),
            &json!("company_visit")
        )
    );
    assert_eq!(written(&world.service).await, (2, 2, 2));
}

#[actix_web::test]
async fn what_is_there_is_changed_corrected_or_left_as_its_status_says() {
    let world = World::new().await;
    let (rectorat, mut table) = (world.rectorat(), world.table());
    let chief = world.service.somebody(
        "chief",
        Role::Academy,
        Perimeter {
            territories: Some(vec!["academy:10".to_owned()]),
            ..Perimeter::default()
        },
    );
    let verdict = send(&rectorat, "", table.saved(Saved::Xlsx))
        .await
        .expect(200);
    let id = |place: usize| verdict["items"][place]["id"].as_str().unwrap().to_owned();
    let step = async |caller: &Caller, id: &str, verb: &str| {
        caller
            .post(&format!("/v1/reports/{id}/{verb}"), json!({}))
            .await
            .expect(200)
    };
    step(&rectorat, &id(1), "submit").await;
    step(&rectorat, &id(2), "submit").await;
    step(&chief, &id(2), "validate").await;
    for row in &mut table.rows {
        row[10] = "99".into();
    }
    let verdict = send(&rectorat, "", table.saved(Saved::Windows))
        .await
        .expect(200);
    let told: Vec<(&str, &str)> = verdict["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["outcome"].as_str().unwrap(),
                item["errors"][0]["code"].as_str().unwrap_or("-"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("updated", "-"),
            ("rejected", "invalid_transition"),
            ("created", "-")
        ]
    );
    let correction = rectorat
        .get(&format!(
            "/v1/reports/{}",
            verdict["items"][2]["id"].as_str().unwrap()
        ))
        .await
        .expect(200);
    assert_eq!(
        (&correction["version"], &correction["supersedes_id"]),
        (&json!(2), &json!(id(2)))
    );
    assert_eq!(correction["lines"][0]["pupils"], 99);
}

#[actix_web::test]
async fn nobody_reports_by_file_for_whom_they_may_not_report_alone() {
    let world = World::new().await;
    let table = world.table();
    let school = world.service.school(&world.schools[0]);
    let verdict = send(&school, "", table.saved(Saved::Utf8))
        .await
        .expect(200);
    assert_eq!(verdict["objects"]["created"], 1, "its own");
    let fault = &verdict["items"][1]["errors"][0];
    assert_eq!(
        (&fault["code"], &fault["cell"]),
        (&json!("outside_perimeter"), &json!("B3"))
    );
    assert_eq!(fault["nearest"], format!("uai:{}", world.schools[0]));
    for caller in [
        world.service.reader(),
        world.service.partner(&crate::support::absent()),
    ] {
        send(&caller, "", table.saved(Saved::Utf8))
            .await
            .problem(403, "forbidden");
    }
}

#[actix_web::test]
async fn what_the_register_wrote_can_be_sent_back() {
    let world = World::new().await;
    let rectorat = world.rectorat();
    send(&rectorat, "", world.table().saved(Saved::Xlsx))
        .await
        .expect(200);
    for (form, media_type) in [
        ("csv", "text/csv"),
        ("xlsx", XLSX),
        ("ndjson", "application/x-ndjson"),
        ("json", "application/json"),
        ("csv&dialect=excel-fr", "text/csv"),
    ] {
        let lines = rectorat
            .get(&format!("/v1/reports/lines?status=draft&format={form}"))
            .await;
        let verdict = send(&rectorat, "", (media_type, lines.body.to_vec()))
            .await
            .expect(200);
        assert_eq!(
            (
                &verdict["objects"]["unchanged"],
                &verdict["objects"]["received"]
            ),
            (&json!(3), &json!(3)),
            "{form} {verdict}"
        );
    }
}

#[actix_web::test]
async fn the_template_has_the_reports_that_are_expected_and_is_sent_filled_in() {
    let world = World::new().await;
    let declined = world
        .service
        .stored_declination(
            &world.convention,
            &["academy:10"],
            json!({ "reports_by": "territory" }),
        )
        .await;
    let campaign =
        json!({ "school_year": "2025-2026", "opens_on": "2026-05-04", "due_on": "2099-09-30" });
    world
        .service
        .ministry()
        .post("/v1/campaigns", campaign)
        .await
        .expect(201);
    let rectorat = world.rectorat();
    let query = "/v1/reports/template?school_year=2025-2026";
    let csv = rectorat.get(&format!("{query}&format=csv")).await;
    assert!(
        csv.header("content-disposition").ends_with(".csv\""),
        "{}",
        csv.header("content-disposition")
    );
    let text = csv.text().trim_start_matches('\u{feff}').to_owned();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with(
        "Convention [convention_id];Déclinaison [declination_id];Territoire [territory]"
    ));
    assert!(
        lines[1].starts_with(&format!("{REFERENCE};{declined};academy:10;2025-2026;;")),
        "{}",
        lines[1]
    );
    let empty = send(&rectorat, "", ("text/csv", csv.body.to_vec()))
        .await
        .expect(200);
    assert_eq!(
        (
            &empty["counts"]["received"],
            &empty["file"]["rows_not_filled"]
        ),
        (&json!(0), &json!(lines.len() - 1))
    );
    let filled =
        text.replacen("2025-2026;;3e", "", 0)
            .replacen("2025-2026;;", "2025-2026;class_talk;", 1);
    let verdict = send(&rectorat, "", ("text/csv", filled.into_bytes()))
        .await
        .expect(200);
    assert_eq!(verdict["objects"]["created"], 1, "{verdict}");
    let book = rectorat.get(query).await;
    assert_eq!(book.header("content-type"), XLSX);
    let verdict = send(&rectorat, "", (XLSX, book.body.to_vec()))
        .await
        .expect(200);
    assert_eq!(verdict["errors"], json!([]), "read as it was written");
}

#[actix_web::test]
async fn what_is_no_table_is_refused_before_anything_is_read() {
    let world = World::new().await;
    let rectorat = world.rectorat();
    for (body, code, status) in [
        (b"PK\x03\x04".to_vec(), "malformed_workbook", 400),
        (b"a;b\n1;\"2".to_vec(), "malformed_csv", 400),
        (b"a\x00b".to_vec(), "malformed_csv", 400),
        (b"Remarque;Nom\nx;y\n".to_vec(), "validation_failed", 422),
    ] {
        send(&rectorat, "", ("text/csv", body))
            .await
            .problem(status, code);
    }
    let two = {
        let mut book = Workbook::new();
        for _ in 0..2 {
            let sheet = book.add_worksheet();
            for (head, column) in HEADS.iter().zip(0..) {
                sheet.write_string(0, column, *head).unwrap();
                sheet.write_string(1, column, "x").unwrap();
            }
        }
        book.save_to_buffer().unwrap()
    };
    let problem = send(&rectorat, "", (XLSX, two))
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["verdicts"]["errors"][0]["code"], "several_sheets");
    rectorat
        .post("/v1/reports/batch", json!({ "items": [] }))
        .await
        .problem(422, "validation_failed");
    let reply = rectorat
        .post("/v1/reports/batch", json!({ "items": [7, {}] }))
        .await
        .expect(200);
    assert_eq!(reply["counts"]["rejected"], 2);
}

/// Of the same seed always the same numbers.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// A mistake: where, what is typed, and what is to be told of it, one of these: the value to put there
/// (`nearest`), one of those that are accepted, or the rule, whose words say what to do (`code`). A spreadsheet
/// program makes the same ones (`scripts/readers`).
#[derive(Deserialize)]
struct Mistake {
    column: usize,
    typed: String,
    nearest: Option<Value>,
    accepted: Option<Value>,
    code: Option<String>,
}

/// Those of `mistakes_by_file.ndjson`, made in the world's convention and its first school.
fn mistakes() -> Vec<Mistake> {
    let school = crate::support::uai(690_001);
    let text = [
        ("{reference}", REFERENCE),
        ("{mistyped_reference}", "CN-2020-0O42"),
        ("{school}", &school),
        ("{mistyped_school}", "0690001Z"),
    ]
    .into_iter()
    .fold(
        include_str!("mistakes_by_file.ndjson").to_owned(),
        |text, (name, value)| text.replace(name, value),
    );
    let read = |line: &str| serde_json::from_str(line).expect(line);
    text.lines().map(read).collect()
}

impl Mistake {
    /// Whether the fault of a cell says what is to be told.
    fn is_told_by(&self, fault: &Value) -> bool {
        let accepts = |value: &Value| {
            let all = fault["accepted"].as_array();
            all.is_some_and(|all| all.contains(value))
        };
        let explains = |code: &String| {
            let words = fault["detail"].as_str();
            fault["code"] == **code && words.is_some_and(|words| words.len() > 30)
        };
        self.nearest
            .as_ref()
            .is_none_or(|value| fault["nearest"] == *value)
            && self.accepted.as_ref().is_none_or(accepts)
            && self.code.as_ref().is_none_or(explains)
    }
}

#[actix_web::test]
async fn of_three_hundred_seeded_mistakes_the_cell_and_the_fix_are_named() {
    let world = World::new().await;
    let (rectorat, mistakes) = (world.rectorat(), mistakes());
    let mut seeded = Seeded(20_260_601);
    let (mut missed, mut made) = (Vec::new(), 0);
    while made < 300 {
        let mut table = world.table();
        let saved = SAVED[seeded.below(SAVED.len())];
        // A mistake in each row: each is told at its own cell.
        let mut planted = Vec::new();
        for row in 0..table.rows.len() {
            let mistake = &mistakes[seeded.below(mistakes.len())];
            table.rows[row][mistake.column].clone_from(&mistake.typed);
            planted.push(mistake);
        }
        let verdict = send(&rectorat, "?dry_run=true", table.saved(saved))
            .await
            .expect(200);
        for (row, mistake) in planted.into_iter().enumerate() {
            made += 1;
            let letter = char::from(b'A' + u8::try_from(mistake.column).unwrap());
            let cell = format!("{letter}{}", row + 2);
            let errors = verdict["items"][row]["errors"].as_array().unwrap();
            let told = errors
                .iter()
                .any(|fault| fault["cell"] == *cell && mistake.is_told_by(fault));
            if !told {
                missed.push(format!(
                    "{saved:?} {cell} {:?}: {}",
                    mistake.typed, verdict["items"][row]["errors"]
                ));
            }
        }
    }
    println!("{} of {made} told", made - missed.len());
    assert!(
        missed.len() * 20 <= made,
        "{} of {made}:\n{}",
        missed.len(),
        missed.join("\n")
    );
}

#[actix_web::test]
async fn mistakes_of_heads_and_of_whole_rows_are_named_too() {
    let world = World::new().await;
    let rectorat = world.rectorat();
    for (column, head, cell, nearest) in [
        (10, "Elevs", json!("K1"), json!("Élèves [pupils]")),
        (3, "Type d action", json!(null), json!(null)),
        (9, "Élèves", json!("K1"), json!(null)),
        (1, "Lieu", json!(null), json!("Territoire [territory]")),
    ] {
        let mut table = world.table();
        table.heads[column] = head.to_owned();
        let reply = send(&rectorat, "?dry_run=true", table.saved(Saved::ExcelFr)).await;
        if head == "Type d action" {
            reply.expect(200);
            continue;
        }
        let problem = reply.problem(422, "validation_failed");
        let fault = &problem["verdicts"]["errors"][0];
        assert_eq!(
            (&fault["cell"], &fault["nearest"]),
            (&cell, &nearest),
            "{head}"
        );
    }
    let mut table = world.table();
    table.rows[1] = table.rows[0].clone();
    let verdict = send(&rectorat, "?dry_run=true", table.saved(Saved::Xlsx))
        .await
        .expect(200);
    let fault = &verdict["items"][1]["errors"][0];
    assert_eq!(
        (&fault["code"], &fault["cell"]),
        (&json!("repeated_line"), &json!("A3:N3"))
    );
    let text = "Convention;Territoire;Année scolaire;Type d'action;Élèves\nCN-2020-0042;FR;2025-2026;class_talk;1;5\n";
    let verdict = send(&rectorat, "?dry_run=true", ("text/csv", text.into()))
        .await
        .expect(200);
    let fault = &verdict["items"][0]["errors"][0];
    assert_eq!(
        (&fault["code"], &fault["cell"]),
        (&json!("row_length"), &json!("A2:E2"))
    );
}

#[actix_web::test]
async fn a_day_that_a_spreadsheet_made_of_a_number_is_refused_with_its_cell() {
    let world = World::new().await;
    let mut book = Workbook::new();
    let (sheet, day) = (
        book.add_worksheet(),
        Format::new().set_num_format("dd/mm/yyyy"),
    );
    let row = [REFERENCE, &world.schools[0], "2025-2026", "class_talk"];
    for ((head, cell), column) in ["Convention", "UAI", "Année", "Action"]
        .iter()
        .zip(row)
        .zip(0..)
    {
        sheet.write_string(0, column, *head).unwrap();
        sheet.write_string(1, column, cell).unwrap();
    }
    sheet.write_string(0, 4, "Nb élèves").unwrap();
    let date = ExcelDateTime::from_ymd(2026, 2, 1).unwrap();
    sheet.write_datetime_with_format(1, 4, &date, &day).unwrap();
    let body = book.save_to_buffer().unwrap();
    let verdict = send(&world.rectorat(), "", (XLSX, body)).await.expect(200);
    let fault = &verdict["items"][0]["errors"][0];
    assert_eq!(
        (&fault["cell"], &fault["code"], &fault["column"]),
        (&json!("E2"), &json!("taken_for_a_day"), &json!("Nb élèves"))
    );
}

/// The story of `docs/STORIES.md`: six calls.
#[actix_web::test]
async fn a_rectorats_june_is_a_spreadsheet_in_its_corrections_a_validation_and_the_end_of_the_campaign()
 {
    let service = Service::start().await;
    let numbers: [u32; 200] = std::array::from_fn(|place| 690_001 + u32::try_from(place).unwrap());
    let schools = service.new_schools(numbers).await;
    let (_, convention) = service
        .signed_partner("Partenaire", json!({ "reference": REFERENCE }))
        .await;
    let world = World {
        service: service.clone(),
        convention,
        schools: [0, 1, 2, 3].map(|place: usize| schools[place].clone()),
    };
    let ministry = service.ministry();
    let campaign =
        json!({ "school_year": "2025-2026", "opens_on": "2026-05-04", "due_on": "2099-09-30" });
    let campaign = ministry.post("/v1/campaigns", campaign).await.expect(201);
    let one = world.table();
    let mut table = Table {
        rows: schools
            .iter()
            .map(|school| {
                let mut row = one.rows[0].clone();
                row[1].clone_from(school);
                row
            })
            .collect(),
        ..one
    };
    for place in 0..50 {
        let (column, typed) = [(3, "compagny_visit"), (10, "30 élèves"), (2, "2025")][place % 3];
        table.rows[place * 4][column] = typed.to_owned();
    }
    let rectorat = world.rectorat();
    let first = send(&rectorat, "", table.saved(Saved::Windows))
        .await
        .expect(200);
    assert_eq!(
        (&first["objects"]["created"], &first["objects"]["rejected"]),
        (&json!(150), &json!(50))
    );
    // Each verdict names the cell and the value: they are put there.
    for item in first["items"].as_array().unwrap() {
        for fault in item["errors"].as_array().unwrap() {
            let (letter, row) = fault["cell"].as_str().unwrap().split_at(1);
            let column = usize::from(letter.as_bytes()[0] - b'A');
            let value = &fault["nearest"];
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            table.rows[row.parse::<usize>().unwrap() - 2][column] = value;
        }
    }
    let second = send(&rectorat, "", table.saved(Saved::Windows))
        .await
        .expect(200);
    assert_eq!(
        (
            &second["objects"]["created"],
            &second["objects"]["unchanged"]
        ),
        (&json!(50), &json!(150))
    );
    let all = json!({ "school_year": "2025-2026", "territory": "academy:10", "status": "draft" });
    let submitted = rectorat
        .post(
            "/v1/reports/steps",
            json!({ "step": "submit", "filter": all }),
        )
        .await
        .expect(200);
    assert_eq!(submitted["counts"]["done"], 200);
    let chief = service.somebody(
        "chief",
        Role::Academy,
        Perimeter {
            territories: Some(vec!["academy:10".to_owned()]),
            ..Perimeter::default()
        },
    );
    let handed =
        json!({ "school_year": "2025-2026", "territory": "academy:10", "status": "submitted" });
    let validated = chief
        .post(
            "/v1/reports/steps",
            json!({ "step": "validate", "filter": handed }),
        )
        .await
        .expect(200);
    assert_eq!(validated["counts"]["done"], 200);
    let close = format!("/v1/campaigns/{}/close", campaign["id"].as_str().unwrap());
    ministry.post(&close, json!({})).await.expect(200);
    let pupils = service
        .number("SELECT sum(pupils)::bigint FROM report_lines")
        .await;
    assert_eq!(pupils, 200 * 30);
    let late = send(&rectorat, "", table.saved(Saved::Windows))
        .await
        .expect(200);
    assert_eq!(
        late["objects"]["unchanged"], 200,
        "and sent once more it changes nothing"
    );
}
