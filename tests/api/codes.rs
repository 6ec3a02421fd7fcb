//! The codes of faults and warnings: none is documented that nothing gives or that no test asks for.

use std::collections::BTreeSet;
use std::path::Path;

use ree::auth::{Perimeter, Role};
use ree::error::notice::NOTICES;
use ree::error::{Code, Rule};
use serde_json::{Value, json};

use crate::amendments::{amended, amendment};
use crate::conventions::{national, signed};
use crate::publications::World as Publications;
use crate::support::{Caller, Reply, Service, id};

const REFERENCE: &str = "CN-2020-0042";

/// The texts of the files of a folder and of those in it.
fn texts(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts(&path, found);
        } else if path
            .extension()
            .is_some_and(|kind| kind == "rs" || kind == "ndjson")
        {
            found.push(std::fs::read_to_string(&path).expect("a text"));
        }
    }
}

#[test]
fn every_code_that_has_a_page_is_asked_for_by_a_test() {
    let mut found = Vec::new();
    texts(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"),
        &mut found,
    );
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words: BTreeSet<&str> = found
        .iter()
        .flat_map(|text| text.split(|c| !is_word(c)))
        .collect();
    let codes = Code::ALL.iter().map(|code| code.entry().code);
    let rules: Vec<&str> = Rule::examples().iter().map(Rule::code).collect();
    let notices = NOTICES.iter().map(|notice| notice.code);
    let documented: BTreeSet<&str> = codes.chain(rules).chain(notices).collect();
    assert!(documented.len() > 180, "{}", documented.len());
    let silent: Vec<&&str> = documented
        .iter()
        .filter(|code| !words.contains(*code))
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

/// The codes of warnings of an answer, each after its place.
fn warnings(answer: &Value) -> Vec<String> {
    let all = answer["warnings"].as_array().expect("warnings");
    let told = all.iter().map(|one| {
        let text = |name: &str| one[name].as_str().expect(name);
        format!("{} {}", text("pointer"), text("code"))
    });
    told.collect()
}

#[actix_web::test]
async fn a_convention_whose_first_day_its_source_does_not_give_says_so() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    for (starts_on, precision, expected) in [
        (Value::Null, "unknown", "/starts_on start_unknown"),
        (json!("2024-01-01"), "year", "/starts_on start_uncertain"),
    ] {
        let imported =
            json!({ "source": "Liste", "source_id": precision, "date_precision": precision });
        let columns = json!({ "starts_on": starts_on, "imported": imported });
        let convention = service.signed_convention(&partner, columns).await;
        let path = format!("/v1/conventions/{convention}");
        let read = service.ministry().get(&path).await.expect(200);
        assert!(warnings(&read).contains(&expected.to_owned()), "{read}");
    }
}

#[actix_web::test]
async fn an_amendment_in_force_before_it_was_signed_warns_and_nothing_open_ended_is_extended() {
    let service = Service::on("2026-11-30").await;
    let partner = id(&service.new_partner("A").await);
    let convention = signed(&service, national(&partner)).await;
    let narrower = json!([{ "op": "set_axes", "axes": ["internships"] }]);
    let amended = amended(
        &service,
        &convention,
        amendment("2026-01-02", narrower, &[&partner]),
    )
    .await;
    assert_eq!(warnings(&amended), ["/effective_on retroactive"]);
    let mut open = national(&partner);
    open["ends_on"] = Value::Null;
    open["renewal"] = json!({ "mode": "none" });
    let open = signed(&service, open).await;
    let longer = json!([{ "op": "extend", "ends_on": "2029-12-31" }]);
    let body = amendment("2026-12-01", longer, &[&partner]);
    let refused = service
        .ministry()
        .post(&format!("{open}/amendments"), body)
        .await;
    assert_eq!(refused.faults(), ["/changes/0 open_ended"]);
}

#[actix_web::test]
async fn a_webhook_goes_to_https_and_to_no_port_of_another_service() {
    let service = Service::start().await;
    for (url, code) in [
        ("http://portail.exemple.fr/", "/url https_only"),
        ("https://portail.exemple.fr:22/", "/url port_refused"),
    ] {
        let refused = service
            .ministry()
            .post("/v1/webhooks", json!({ "url": url }))
            .await;
        refused.problem(422, "validation_failed");
        assert_eq!(refused.faults(), [code], "{url}");
    }
}

#[actix_web::test]
async fn a_client_does_not_end_before_it_begins() {
    let service = Service::start().await;
    let body = json!({ "name": "Passé", "role": "ministry", "scopes": ["read"], "contact_email": "a@exemple.fr", "expires_at": "2020-01-01T00:00:00Z" });
    let refused = service.ministry().post("/v1/clients", body).await;
    refused.problem(422, "validation_failed");
    assert_eq!(refused.faults(), ["/expires_at in_the_past"]);
}

#[actix_web::test]
async fn a_measure_that_is_not_published_is_named() {
    let world = Publications::new().await;
    let line = json!([{ "action_type": "jury", "academy": "academy:10", "pupils": 50 }]);
    world.report(0, "FR", "2025-2026", line).await;
    world.publish("2025-2026").await;
    let path = "/v1/indicators/values?measures=pupils,declinations_active&group_by=academy";
    let refused = world.service.reader().get(path).await;
    assert_eq!(refused.faults(), ["measures measure_not_published"]);
    assert!(
        refused.text().contains("declinations_active"),
        "{}",
        refused.text()
    );
}

#[actix_web::test]
async fn a_filter_that_finds_more_than_a_thousand_takes_no_step() {
    let service = Service::start().await;
    let (_, convention) = service.signed_partner("Partenaire", json!({})).await;
    let report = service
        .stored_report(&convention, "academy:10", json!({}))
        .await;
    const MANY: &str = "INSERT INTO reports
        SELECT (jsonb_populate_record(one, jsonb_build_object(
                   'id', gen_random_uuid(), 'territory', code, 'school_year', year || '-' || year + 1))).*
          FROM reports one, territories, generate_series(2015, 2024) year
         WHERE one.id = $1::text::uuid AND code <> 'academy:10' LIMIT 1000";
    let sql = service.sql().await;
    assert_eq!(sql.execute(MANY, &[&report]).await.expect("many"), 1000);
    let asked = json!({ "step": "submit", "filter": { "status": "draft" } });
    let refused = service
        .academy("academy:10")
        .post("/v1/reports/steps", asked)
        .await;
    refused.problem(422, "validation_failed");
    assert_eq!(refused.faults(), ["/filter too_many_found"]);
}

async fn send(caller: &Caller, query: &str, csv: &str) -> Reply {
    let request = caller.request("POST", &format!("/v1/reports/batch{query}"));
    request.body("text/csv", csv.to_owned()).send().await
}

#[actix_web::test]
async fn a_table_of_reports_says_what_is_wrong_with_its_heads_its_rows_and_its_reports() {
    let service = Service::start().await;
    service
        .signed_partner("Partenaire", json!({ "reference": REFERENCE }))
        .await;
    let academy = service.academy("academy:10");
    let heads = "Convention;Territoire;Année scolaire;Type d'action;Élèves";
    for (heads, code) in [
        ("Remarque;Nom", "no_heads"),
        (
            "Convention;Territoire;Année scolaire;Type d'action;Élèves;élèves",
            "repeated_column",
        ),
        (
            "Convention;Territoire;Année scolaire;Type d'action;Elevs",
            "unknown_column",
        ),
    ] {
        let cells = heads.replace(|c| c != ';', "");
        let refused = send(&academy, "", &format!("{heads}\n1{cells}\n")).await;
        let problem = refused.problem(422, "validation_failed");
        assert_eq!(problem["verdicts"]["errors"][0]["code"], code, "{heads}");
    }
    let key = format!("{REFERENCE};academy:10;2025-2026");
    let csv = format!("{heads};Résultats\n{key};class_talk;1,234;A\n{key};jury;5;B\n");
    let verdict = send(&academy, "", &csv).await.expect(200);
    let code = |item: usize| verdict["items"][item]["errors"][0]["code"].clone();
    assert_eq!(code(0), "ambiguous_number", "{verdict}");
    assert_eq!(verdict["items"][0]["errors"][0]["nearest"], 1234);
    let csv = format!("{heads};Résultats\n{key};class_talk;12;A\n{key};jury;5;B\n");
    let verdict = send(&academy, "", &csv).await.expect(200);
    let fault = &verdict["items"][1]["errors"][0];
    assert_eq!(
        (&fault["code"], &fault["cell"]),
        (&json!("differs_between_rows"), &json!("F3"))
    );
}

#[actix_web::test]
async fn a_report_refused_as_a_whole_is_named_among_the_faults_of_all_or_nothing() {
    let service = Service::start().await;
    let (_, convention) = service
        .signed_partner("Partenaire", json!({ "reference": REFERENCE }))
        .await;
    let submitted = json!({ "school_year": "2025-2026", "status": "submitted" });
    service
        .stored_report(&convention, "academy:10", submitted)
        .await;
    let academy = service.caller(
        Role::Academy,
        Perimeter {
            territories: Some(vec!["academy:10".to_owned()]),
            ..Perimeter::default()
        },
    );
    let heads = "Convention;Territoire;Année scolaire;Type d'action;Élèves";
    let csv = format!("{heads}\n{REFERENCE};academy:10;2025-2026;class_talk;12\n");
    let problem = send(&academy, "?mode=atomic", &csv)
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "refused_report", "{problem}");
    assert_eq!(
        problem["verdicts"]["items"][0]["errors"][0]["code"],
        "invalid_transition"
    );
}

#[actix_web::test]
async fn schools_that_a_prefilled_report_left_out_are_counted_while_it_is_written() {
    let service = Service::start().await;
    let (_, convention) = service.signed_partner("Partenaire", json!({})).await;
    let prefilled = json!({
        "prefilled_at": "2026-06-01T08:00:00Z", "solicitations": 9000, "unplaced": 0,
        "establishments_left_out": 7, "lines": [], "establishments": [],
    });
    let with = json!({ "status": "draft", "prefilled": prefilled });
    let report = service.stored_report(&convention, "academy:10", with).await;
    let read = service
        .ministry()
        .get(&format!("/v1/reports/{report}"))
        .await
        .expect(200);
    let all = warnings(&read);
    assert!(
        all.contains(&"/establishments establishments_left_out".to_owned()),
        "{all:?}"
    );
}

#[actix_web::test]
async fn a_table_of_declinations_says_which_day_it_cannot_tell_and_which_object_is_refused_whole() {
    let service = Service::start().await;
    let (_, convention) = service
        .signed_partner("Partenaire", json!({ "reference": REFERENCE }))
        .await;
    let send = async |caller: Caller, query: &str, csv: String| {
        let path = format!("/v1/declinations/batch{query}");
        caller
            .request("POST", &path)
            .body("text/csv", csv)
            .send()
            .await
    };
    let csv = format!(
        "convention_id;level;territories;starts_on\n{REFERENCE};academy;academy:10;01/09/26\n"
    );
    let verdict = send(service.ministry(), "?dry_run=true", csv)
        .await
        .expect(200);
    let fault = &verdict["items"][0]["errors"][0];
    assert_eq!(
        (&fault["code"], &fault["cell"]),
        (&json!("ambiguous_day"), &json!("D2")),
        "{verdict}"
    );
    // Another's, that it reads and does not write.
    let with = json!({ "level": "academy", "territories": ["academy:10"] });
    let declination = service.active_declination(&convention, with).await;
    let csv = format!("id;title\n{declination};Un autre titre\n");
    let refused = send(service.academy("academy:09"), "?mode=atomic", csv).await;
    let problem = refused.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "refused_object", "{problem}");
}
