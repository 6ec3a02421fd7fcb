//! The last requests of a caller: what it may rely on finding, and what nobody finds.

use chrono::{TimeDelta, Utc};
use ree::app::App;
use ree::auth::{Perimeter, Role};
use ree::integration::requests::{keeping, store};
use serde_json::{Value, json};

use crate::support::{Caller, Service, id};

/// Has what waits be kept, as the task does every second.
async fn keep(service: &Service) {
    let app = App::new(service.shared.clone()).unwrap();
    keeping::write(&app).await.unwrap();
}

/// What a caller reads of its own, the last first, without its own readings.
async fn of(caller: &Caller, query: &str) -> Vec<Value> {
    let read = caller.all(&format!("/v1/me/requests{query}")).await;
    let is_other = |one: &Value| one["route"] != "/v1/me/requests";
    read.into_iter().filter(is_other).collect()
}

fn told(one: &Value) -> String {
    let text = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
    let (method, route, code) = (text("method"), text("route"), text("code"));
    format!("{method} {route} {} {code}", one["status"])
}

#[actix_web::test]
async fn a_caller_finds_its_last_requests_with_why_they_were_refused() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let reader = service.reader();
    reader.get("/v1/partners?q=confidential").await.expect(200);
    let one = reader.get(&format!("/v1/partners/{partner}")).await;
    one.expect(200);
    reader
        .get("/v1/partners?limit=0&q=x")
        .await
        .problem(422, "validation_failed");
    reader
        .post("/v1/partners", json!({ "legal_name": "Tu" }))
        .await
        .problem(403, "forbidden");
    reader.get("/v1/partnerz").await.problem(404, "not_found");
    reader
        .delete("/v1/partners")
        .await
        .problem(405, "method_not_allowed");
    assert_eq!(of(&reader, "").await, Vec::<Value>::new(), "not yet kept");
    keep(&service).await;
    let kept = of(&reader, "").await;
    assert_eq!(
        kept.iter().map(told).collect::<Vec<_>>(),
        [
            "DELETE - 405 method_not_allowed",
            "GET - 404 not_found",
            "POST /v1/partners 403 forbidden",
            "GET /v1/partners 422 validation_failed",
            "GET /v1/partners/{id} 200 -",
            "GET /v1/partners 200 -",
        ]
    );
    let read = &kept[4];
    assert_eq!(read["path"], format!("/v1/partners/{partner}"));
    assert_eq!(read["operation"], "get_partner");
    assert_eq!(read["request_id"], one.header("x-request-id"));
    assert_eq!(read["not_kept"], 0);
    assert!(read["duration_ms"].as_i64().unwrap() >= 0);
    let everything: Value = kept.into();
    assert!(!everything.to_string().contains("confidential"));
}

#[actix_web::test]
async fn they_are_found_by_their_id_their_status_and_whether_they_were_refused() {
    let service = Service::start().await;
    let reader = service.reader();
    for (path, own) in [("/v1/partners", "mine-1"), ("/v1/partnerz", "mine-2")] {
        let request = reader.request("GET", path).header("x-request-id", own);
        request.send().await;
    }
    keep(&service).await;
    for (query, found) in [
        ("?request_id=mine-1", vec!["mine-1"]),
        ("?request_id=other", vec![]),
        ("?status=404", vec!["mine-2"]),
        ("?refused=true", vec!["mine-2"]),
        ("?refused=false", vec!["mine-1"]),
        ("?refused=false&status=404", vec![]),
        ("?sort=at", vec!["mine-1", "mine-2"]),
        ("?limit=1", vec!["mine-2", "mine-1"]),
    ] {
        let kept = of(&reader, query).await;
        let ids: Vec<&str> = kept
            .iter()
            .map(|one| one["request_id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, found, "{query}");
    }
    let count = reader.get("/v1/me/requests/count?refused=true").await;
    assert_eq!(count.expect(200)["count"], 1);
    let wrong = reader
        .get("/v1/me/requests?status=42&refused=maybe&operation=x")
        .await;
    wrong.problem(422, "validation_failed");
    assert_eq!(
        wrong.faults(),
        [
            "operation unknown_parameter",
            "refused wrong_type",
            "status out_of_range"
        ]
    );
}

#[actix_web::test]
async fn nobody_reads_those_of_another_caller_not_even_the_ministry_nor_a_namesake() {
    let service = Service::start().await;
    let reader = service.reader();
    reader.get("/v1/partners").await.expect(200);
    service
        .anon()
        .get("/v1/partners")
        .await
        .problem(401, "unauthorized");
    keep(&service).await;
    assert_eq!(of(&reader, "").await.len(), 1);
    let namesake = service.somebody("test reader", Role::Ministry, Perimeter::default());
    let others = [service.ministry(), service.academy("academy:10"), namesake];
    for other in others {
        assert_eq!(of(&other, "").await, Vec::<Value>::new());
    }
    service
        .anon()
        .get("/v1/me/requests")
        .await
        .problem(401, "unauthorized");
}

#[actix_web::test]
async fn what_is_in_a_path_by_mistake_is_not_kept() {
    let service = Service::start().await;
    let reader = service.reader();
    let long = "s".repeat(120);
    for path in [
        "/v1/contacts/camille.martin@exemple.fr",
        "/v1/contacts/camille.martin%40exemple.fr",
        "/v1/calendars/cal_9bK2.ics",
        &format!("/v1/partners/{long}"),
    ] {
        reader.get(path).await.problem(404, "not_found");
    }
    keep(&service).await;
    let kept: Value = of(&reader, "").await.into();
    assert_eq!(kept.as_array().unwrap().len(), 4);
    for trace in ["camille", "cal_9bK2", &long] {
        assert!(!kept.to_string().contains(trace), "{kept}");
    }
}

#[actix_web::test]
async fn who_asks_too_much_at_once_is_told_how_many_are_not_kept_and_refusals_still_are() {
    let service = Service::start_with(&[("REE_RATE", "0")]).await;
    let reader = service.reader();
    for _ in 0..130 {
        reader.get("/v1/me").await.expect(200);
    }
    reader.get("/v1/partnerz").await.problem(404, "not_found");
    let other = service.academy("academy:10");
    other.get("/v1/me").await.expect(200);
    keep(&service).await;
    let kept = of(&reader, "").await;
    assert_eq!(kept.len(), 101);
    assert_eq!(
        (&kept[0]["status"], &kept[1]["not_kept"]),
        (&json!(404), &json!(30))
    );
    assert_eq!(of(&other, "").await.len(), 1, "nobody else pays for it");
    let measured = service.shared.measured();
    assert!(
        measured.contains("\nree_request_log_dropped_total 30\n"),
        "{measured}"
    );
}

#[actix_web::test]
async fn several_instances_keep_each_its_own_and_they_are_read_together() {
    let service = Service::start().await;
    let reader = service.reader();
    reader.get("/v1/me").await.expect(200);
    let app = App::new(service.shared.clone()).unwrap();
    let first = app.request_log.take();
    reader.get("/v1/partners").await.expect(200);
    let second = app.request_log.take();
    let mut connection = app.db.borrow().await.unwrap();
    for part in [&second, &first] {
        store::insert(&mut connection, part).await.unwrap();
    }
    let kept = of(&reader, "").await;
    let routes: Vec<&Value> = kept.iter().map(|one| &one["route"]).collect();
    assert_eq!(routes, ["/v1/partners", "/v1/me"]);
}

#[actix_web::test]
async fn they_are_kept_for_thirty_days_and_ten_thousand_of_each_caller() {
    let service = Service::start().await;
    let reader = service.reader();
    let sql = service.sql().await;
    let fill = "INSERT INTO request_log
        SELECT 'busy', gen_random_uuid(), $1::timestamptz, n::text, 'GET', NULL, NULL, '/v1', 200, NULL, 1, 0
          FROM generate_series(1, $2::integer) AS n";
    let (now, old) = (Utc::now(), Utc::now() - TimeDelta::days(31));
    sql.execute(fill, &[&now, &10_005]).await.unwrap();
    sql.execute(fill, &[&old, &3]).await.unwrap();
    reader.get("/v1/me").await.expect(200);
    keep(&service).await;
    let app = App::new(service.shared.clone()).unwrap();
    keeping::remove_old(&app).await.unwrap();
    assert_eq!(
        service.number("SELECT count(*) FROM request_log").await,
        10_006
    );
    let mut connection = app.db.borrow().await.unwrap();
    let busy = ["busy".to_owned()];
    let removed = store::forget_surplus(&mut connection, &busy).await.unwrap();
    assert_eq!(removed, 5);
    // Of who asks little nothing goes.
    keeping::remove_surplus(&app).await.unwrap();
    assert_eq!(of(&reader, "").await.len(), 1);
}
