//! The address that a calendar program subscribes to without a header.

use serde_json::{Value, json};

use crate::me::client_of;
use crate::support::{Caller, Reply, Service, id};

/// The address of a new calendar, as it is shown once: its path.
async fn subscribe(caller: &Caller) -> String {
    let told = caller.post("/v1/me/calendar", json!({})).await.expect(201);
    path_of(&told)
}

fn path_of(told: &Value) -> String {
    let url = told["url"].as_str().expect("an address");
    let at = url.find("/calendars/").expect("a calendar's address");
    url[at..].to_owned()
}

/// The example data, whose deadlines are many, and its ministry.
async fn example_data() -> (Service, Caller) {
    let service = crate::labels::example_data().await;
    let ministry = service.ministry();
    (service, ministry)
}

fn gone(reply: &Reply, path: &str) {
    let problem = reply.json();
    reply.problem(404, "not_found");
    let secret = path.trim_start_matches("/calendars/");
    assert!(!problem.to_string().contains(secret), "{problem}");
}

#[actix_web::test]
async fn a_calendar_reads_what_its_owner_reads_without_a_header() {
    let (service, ministry) = example_data().await;
    for caller in [&ministry, &service.academy("academy:10"), &service.reader()] {
        let path = subscribe(caller).await;
        assert!(path.ends_with(".ics"), "{path}");
        for query in ["", "?within_days=365", "?kind=report_due&within_days=3660"] {
            let known = caller.request("GET", &format!("/v1/deadlines{query}"));
            let known = known.header("accept", "text/calendar").send().await;
            let told = service.anon().get(&format!("{path}{query}")).await;
            assert_eq!(told.status, 200, "{}", told.text());
            assert_eq!(told.text(), known.text(), "{query}");
            assert_eq!(told.header("content-type"), "text/calendar; charset=utf-8");
            assert_eq!(told.header("cache-control"), "private, no-store");
        }
    }
    let events = |reply: &Reply| reply.text().matches("BEGIN:VEVENT").count();
    let all = service.anon().get(&subscribe(&ministry).await).await;
    assert!(events(&all) > 0, "the example data has deadlines");
}

#[actix_web::test]
async fn an_address_reads_deadlines_alone_and_is_no_token() {
    let (service, ministry) = example_data().await;
    let path = subscribe(&ministry).await;
    let secret = path
        .trim_start_matches("/calendars/")
        .trim_end_matches(".ics");
    let bearer = service.anon().with_token(secret);
    bearer
        .get("/v1/deadlines")
        .await
        .problem(401, "invalid_token");
    let written = service.anon().request("POST", &path).send().await;
    assert_eq!(written.status, 405);
    let wrong = service.anon().get(&format!("{path}?nothing=1")).await;
    wrong.problem(422, "validation_failed");
}

#[actix_web::test]
async fn an_address_is_shown_once_replaced_and_taken_away() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let none = ministry.get("/v1/me/calendar").await.expect(200);
    assert_eq!(none, json!({ "url": null, "created_at": null }));
    let first = subscribe(&ministry).await;
    let known = ministry.get("/v1/me/calendar").await.expect(200);
    assert_eq!(known["url"], Value::Null);
    assert!(known["created_at"].is_string());

    let keyed = || {
        let request = ministry.request("POST", "/v1/me/calendar");
        request
            .header("idempotency-key", "agenda-1")
            .json(&json!({}))
            .send()
    };
    let second = path_of(&keyed().await.expect(201));
    let replayed = keyed().await.expect(201);
    assert_eq!(
        replayed["url"],
        Value::Null,
        "a secret is not kept to be repeated"
    );
    let anyone = service.anon();
    gone(&anyone.get(&first).await, &first);
    assert_eq!(anyone.get(&second).await.status, 200);

    // Another caller's has nothing to do with it.
    let other = service.academy("academy:10");
    assert_eq!(other.delete("/v1/me/calendar").await.status, 204);
    assert_eq!(anyone.get(&second).await.status, 200);
    assert_eq!(ministry.delete("/v1/me/calendar").await.status, 204);
    gone(&anyone.get(&second).await, &second);
    for bad in [
        "/calendars/x",
        "/calendars/cal_.ics",
        "/calendars/cal_AAAA.ics",
    ] {
        anyone.get(bad).await.problem(404, "not_found");
    }
}

#[actix_web::test]
async fn a_revoked_client_s_calendar_ends_with_it_and_its_secret_is_nowhere() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let (client, caller) = client_of(&service, &partner).await;
    let path = subscribe(&caller).await;
    let secret = path
        .trim_start_matches("/calendars/")
        .trim_end_matches(".ics");
    assert!(!service.everything().await.contains(secret));
    assert_eq!(service.anon().get(&path).await.status, 200);
    let revoke = format!("/v1/clients/{client}/revoke");
    service
        .ministry()
        .post(&revoke, json!({}))
        .await
        .expect(200);
    gone(&service.anon().get(&path).await, &path);
}
