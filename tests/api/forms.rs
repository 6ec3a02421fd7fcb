//! The forms of an answer, each at an address of its own: what a spreadsheet, a notebook or a browser
//! takes without a header.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};

use crate::support::document::{Operation, in_address, operations};
use crate::support::{Caller, Reply, Service, fill, id};

const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The operations that have an address for each form, and the names of these.
fn with_forms() -> Vec<(Operation, Vec<String>)> {
    let named = |operation: Operation| {
        let parameters = operation.parameters("query");
        let format = parameters.iter().find(|one| one["name"] == "format")?;
        let names = format["schema"]["enum"].as_array().expect("the forms");
        let names = names.iter().filter_map(Value::as_str).map(str::to_owned);
        Some((operation, names.collect()))
    };
    operations().into_iter().filter_map(named).collect()
}

/// An address of the example data, which ends where a parameter can be added.
fn address(operation: &Operation) -> String {
    let parameters = operation.parameters("path");
    let parts: Vec<(&str, String)> = parts_of(&parameters);
    let parts: Vec<(&str, &str)> = parts
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    format!(
        "{}?{}&",
        fill(operation.path, &parts),
        operation.required_query()
    )
}

fn parts_of(parameters: &[&'static Value]) -> Vec<(&'static str, String)> {
    let part = |one: &&'static Value| {
        (
            one["name"].as_str().expect("a name"),
            in_address(&one["example"]),
        )
    };
    parameters.iter().map(part).collect()
}

fn media_type(form: &str) -> &'static str {
    match form {
        "json" => "application/json",
        "csv" => "text/csv",
        "ndjson" => "application/x-ndjson",
        "xlsx" => WORKBOOK,
        "table-schema" => "application/vnd.tableschema",
        "ics" => "text/calendar",
        other => panic!("{other}: which media type?"),
    }
}

async fn example_data() -> Service {
    let service = Service::start().await;
    ree::integration::demo::load(&service.connector)
        .await
        .expect("the example data");
    service
}

/// The address of a workbook without the columns that CSV has not.
fn without_labels(operation: &Operation, address: &str) -> String {
    let parameters = operation.parameters("query");
    match parameters.iter().any(|one| one["name"] == "labels") {
        true => format!("{address}format=xlsx&labels=none"),
        false => format!("{address}format=xlsx"),
    }
}

async fn accepting(caller: &Caller, address: &str, form: &str) -> Reply {
    let request = caller.request("GET", address);
    request.header("accept", form).send().await
}

/// The rows of a sheet of a workbook.
fn sheet(reply: &Reply, name: &str) -> Vec<Vec<Data>> {
    let mut workbook = Xlsx::new(Cursor::new(reply.body.to_vec())).expect("a workbook");
    assert_eq!(workbook.sheet_names(), ["Données", "Définitions"]);
    let range = workbook.worksheet_range(name).expect("a sheet");
    range.rows().map(<[Data]>::to_vec).collect()
}

/// A workbook as a French spreadsheet saves it as CSV in UTF-8.
pub fn saved_as_csv(reply: &Reply) -> String {
    let mut text = "\u{feff}".to_owned();
    for row in sheet(reply, "Données") {
        let cells = row.iter().map(|cell| match cell {
            Data::Float(number) => number.to_string().replace('.', ","),
            other => format!("\"{}\"", other.to_string().replace('"', "\"\"")),
        });
        text += &cells.collect::<Vec<_>>().join(";");
        text += "\r\n";
    }
    text
}

fn records(reply: &Reply) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(reply.text().as_bytes());
    let record = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
    reader
        .records()
        .map(|one| record(one.expect("a record")))
        .collect()
}

/// The name in brackets of a head, or the head.
fn name_of(head: &Data) -> String {
    let head = head.to_string();
    let inner = head
        .rsplit_once('[')
        .and_then(|(_, rest)| rest.strip_suffix(']'));
    inner.unwrap_or(&head).to_owned()
}

#[actix_web::test]
async fn each_form_of_each_list_has_an_address_which_wins_over_accept() {
    let service = example_data().await;
    let ministry = service.ministry();
    let mut seen = 0;
    for (operation, forms) in with_forms() {
        let address = address(&operation);
        for form in &forms {
            let media_type = media_type(form);
            let asked = format!("{address}format={form}");
            let reply = accepting(&ministry, &asked, "text/html, image/png").await;
            assert_eq!(
                reply.status,
                200,
                "{asked}: {}",
                String::from_utf8_lossy(&reply.body)
            );
            let told = reply.header("content-type");
            assert_eq!(told.split(';').next(), Some(media_type), "{asked}");
            let disposition = reply.header("content-disposition");
            let is_file = disposition.starts_with("attachment; filename=\"ree-")
                && disposition.ends_with(&format!(".{form}\""));
            let is_shown = matches!(&**form, "json" | "table-schema");
            assert!(is_shown || is_file, "{asked}: {disposition}");
            let accepted = accepting(&ministry, &address, media_type).await;
            if form != "xlsx" {
                assert_eq!(reply.text(), accepted.text(), "{asked}");
            }
            assert_eq!(
                disposition,
                accepted.header("content-disposition"),
                "{asked}"
            );
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[actix_web::test]
async fn whatever_is_a_list_has_them() {
    let lists = operations().into_iter().filter(|operation| {
        let parameters = operation.parameters("query");
        let has = |name: &str| parameters.iter().any(|one| one["name"] == name);
        operation.method == "GET" && (has("cursor") || has("after"))
    });
    let named = with_forms();
    for list in lists {
        let forms = named.iter().find(|(one, _)| one.id == list.id);
        let (_, forms) = forms.unwrap_or_else(|| panic!("{} has no format", list.id));
        for form in ["json", "csv", "ndjson", "xlsx"] {
            assert!(forms.iter().any(|one| one == form), "{} {form}", list.id);
        }
    }
}

#[actix_web::test]
async fn a_workbook_has_the_rows_of_the_csv_its_codes_as_texts_and_says_what_each_column_is() {
    let service = example_data().await;
    let ministry = service.ministry();
    let mut rows = 0;
    // A template has sheets of its own.
    let lists = with_forms().into_iter();
    let lists = lists.filter(|(operation, _)| !operation.id.ends_with("_template"));
    for (operation, _) in lists {
        let address = address(&operation);
        let csv = records(&ministry.get(&format!("{address}format=csv")).await);
        let reply = ministry.get(&without_labels(&operation, &address)).await;
        let data = sheet(&reply, "Données");
        assert_eq!(data.len(), csv.len(), "{address}");
        let names: Vec<String> = data[0].iter().map(name_of).collect();
        for (head, name) in data[0].iter().zip(&names) {
            let head = head.to_string();
            let label = head.strip_suffix(&format!(" [{name}]"));
            assert!(label.is_some_and(|label| label != name), "{address} {head}");
        }
        assert_eq!(names, csv[0], "{address}");
        for (row, record) in data.iter().zip(&csv).skip(1) {
            for ((cell, text), name) in row.iter().zip(record).zip(&names) {
                let told = match cell {
                    Data::String(told) => told.clone(),
                    Data::Float(number) => number.to_string(),
                    Data::Int(number) => number.to_string(),
                    Data::Empty => String::new(),
                    other => panic!("{address} {name}: {other:?}"),
                };
                // What CSV neutralises, a workbook keeps as it is.
                let text = text.strip_prefix('\'').unwrap_or(text);
                let same = match cell {
                    Data::Float(number) => text.parse() == Ok(*number),
                    _ => told == text,
                };
                assert!(same, "{address} {name}: {told} for {text}");
            }
            rows += 1;
        }
        let definitions = sheet(&reply, "Définitions");
        let defined: Vec<String> = definitions[1..]
            .iter()
            .map(|row| row[1].to_string())
            .collect();
        assert_eq!(defined, names, "{address}");
    }
    assert!(rows > 200, "{rows}");
}

#[actix_web::test]
async fn a_code_of_digits_is_a_text_in_a_workbook_and_its_head_is_french() {
    let service = Service::on("2026-11-30").await;
    let body = json!({ "legal_name": "Zéro", "kind": "company", "siren": "005880596", "description": "=1+1" });
    service
        .ministry()
        .post("/v1/partners", body)
        .await
        .expect(201);
    let reply = service.reader().get("/v1/partners?format=xlsx").await;
    assert_eq!(
        reply.header("content-disposition"),
        "attachment; filename=\"ree-partners-2026-11-30.xlsx\""
    );
    let data = sheet(&reply, "Données");
    let place = |name: &str| {
        let mut heads = data[0].iter().map(name_of);
        heads.position(|one| one == name).expect(name)
    };
    assert_eq!(data[1][place("siren")], Data::String("005880596".into()));
    assert_eq!(data[1][place("description")], Data::String("'=1+1".into()));
    assert!(
        data[0][place("siren")]
            .to_string()
            .starts_with("Numéro SIREN")
    );
    let definitions = sheet(&reply, "Définitions");
    let is_siren = |row: &&Vec<Data>| matches!(&row[1], Data::String(name) if name == "siren");
    let defined = definitions.iter().find(is_siren);
    assert!(defined.unwrap()[2].to_string().contains("SIREN"));
    let excel = service
        .reader()
        .get("/v1/partners?format=csv&dialect=excel-fr")
        .await;
    assert!(
        excel.text().contains("=\"\"005880596\"\""),
        "{}",
        excel.text()
    );
}

#[actix_web::test]
async fn a_form_that_there_is_not_is_refused_with_those_that_there_are() {
    let service = example_data().await;
    let ministry = service.ministry();
    for (operation, forms) in with_forms() {
        let address = address(&operation);
        for (asked, nearest) in [
            ("xls", json!("xlsx")),
            ("CSV", json!("csv")),
            ("html", json!(null)),
            ("", json!(null)),
        ] {
            let reply = ministry.get(&format!("{address}format={asked}")).await;
            let problem = reply.problem(422, "validation_failed");
            assert_eq!(
                reply.faults(),
                ["format invalid_format"],
                "{address}{asked}"
            );
            assert_eq!(problem["errors"][0]["accepted"], json!(forms), "{address}");
            assert_eq!(problem["errors"][0]["nearest"], nearest, "{address}{asked}");
        }
        let twice = ministry
            .get(&format!("{address}format=csv&format=json"))
            .await;
        twice.problem(422, "validation_failed");
        // Beside what else is wrong, whatever `Accept` says.
        let reply = accepting(
            &ministry,
            &format!("{address}format=pdf&nope=1"),
            "image/png",
        )
        .await;
        reply.problem(422, "validation_failed");
        assert_eq!(
            reply.faults(),
            ["format invalid_format", "nope unknown_parameter"]
        );
        // Without it `Accept` still decides.
        let reply = accepting(&ministry, address.trim_end_matches('&'), "image/png").await;
        reply.problem(406, "not_acceptable");
    }
    let elsewhere = ministry.get("/v1/partners/count?format=csv").await;
    elsewhere.problem(422, "validation_failed");
    assert_eq!(elsewhere.faults(), ["format unknown_parameter"]);
}

#[actix_web::test]
async fn what_is_refused_in_json_is_refused_alike_in_each_form() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    for form in ["json", "csv", "ndjson", "xlsx"] {
        let of = |caller: Caller, path: &str| {
            let path = format!("{path}format={form}");
            async move { caller.get(&path).await }
        };
        let reply = of(service.anon(), "/v1/partners?").await;
        reply.problem(401, "unauthorized");
        let reply = of(service.partner(&partner), "/v1/campaigns?").await;
        reply.problem(403, "forbidden");
        let reply = of(service.ministry(), "/v1/partners?sort=nope&").await;
        reply.problem(422, "validation_failed");
        let reply = of(service.ministry(), "/v1/partners?cursor=x&").await;
        reply.problem(400, "invalid_cursor");
        let absent = crate::support::absent();
        let reply = of(
            service.ministry(),
            &format!("/v1/partners/{absent}/representatives?"),
        )
        .await;
        reply.problem(404, "not_found");
    }
}

#[actix_web::test]
async fn a_page_is_followed_in_the_form_it_was_asked_in_and_finished_in_another() {
    let service = Service::start().await;
    for name in ["A", "B", "C"] {
        service.new_partner(name).await;
    }
    let reader = service.reader();
    let first = reader
        .get("/v1/partners?limit=1&sort=legal_name&format=json")
        .await;
    assert!(first.header("link").contains("format=json"));
    let cursor = first.expect(200)["next_cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    let rest = format!("/v1/partners?sort=legal_name&format=csv&cursor={cursor}");
    let rest = records(&reader.get(&rest).await);
    let names: Vec<&String> = rest.iter().skip(1).map(|row| &row[1]).collect();
    assert_eq!(names, ["B", "C"]);
}
