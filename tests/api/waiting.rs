//! Readers of the feed that wait: long polling and streams of events.

use std::time::{Duration, Instant};

use actix_web::rt;
use ree::auth::{Perimeter, Role};
use serde_json::{Value, json};

use crate::support::{Caller, Reply, Service, id};

/// Where the feed ends now, once nothing older is under way.
async fn end_of_feed(caller: &Caller) -> String {
    let events = caller.told().await;
    let last = events.last().expect("an event");
    last["cursor"].as_str().expect("a cursor").to_owned()
}

/// Until this many readers wait.
async fn until_waiting(service: &Service, number: usize) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while service.shared.limits.waiting.count() != number {
        assert!(Instant::now() < deadline, "{number} readers never wait");
        rt::time::sleep(Duration::from_millis(5)).await;
    }
}

fn asked(caller: &Caller, path: String) -> rt::task::JoinHandle<Reply> {
    let caller = caller.clone();
    rt::spawn(async move { caller.get(&path).await })
}

fn stream(caller: &Caller, path: &str, last: Option<&str>) -> rt::task::JoinHandle<Reply> {
    let mut request = caller
        .request("GET", path)
        .header("accept", "text/event-stream");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    rt::spawn(request.send())
}

/// The events of a stream: their ids and the changes.
fn events(reply: &Reply) -> Vec<(String, Value)> {
    let blocks = reply.text().split("\n\n");
    let event = |block: &str| {
        let id = block.lines().find_map(|line| line.strip_prefix("id: "))?;
        let data = block.lines().find_map(|line| line.strip_prefix("data: "))?;
        Some((id.to_owned(), serde_json::from_str(data).expect(data)))
    };
    blocks.filter_map(event).collect()
}

#[actix_web::test]
async fn a_reader_that_waits_is_answered_within_a_second_of_the_commit() {
    let service = Service::start().await;
    let reader = service.reader();
    service.new_partner("A").await;
    let end = end_of_feed(&reader).await;
    let waiting = asked(&reader, format!("/v1/changes?after={end}&wait=60"));
    until_waiting(&service, 1).await;
    let partner = service.new_partner("B").await;
    service
        .until("SELECT max(position) < feed_horizon() FROM changes")
        .await;
    let committed = Instant::now();
    let answer = waiting.await.expect("an answer").expect(200);
    assert!(
        committed.elapsed() < Duration::from_secs(1),
        "{:?}",
        committed.elapsed()
    );
    assert_eq!(answer["data"][0]["object"]["id"], partner["id"]);
    assert_eq!(service.shared.limits.waiting.count(), 0);
}

#[actix_web::test]
async fn what_is_there_already_is_not_waited_for() {
    let service = Service::start().await;
    let partner = service.new_partner("A").await;
    let reader = service.reader();
    reader.told().await;
    let began = Instant::now();
    let answer = reader.get("/v1/changes?wait=60").await.expect(200);
    assert_eq!(answer["data"][0]["object"]["id"], partner["id"]);
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[actix_web::test]
async fn who_waits_for_nothing_is_answered_an_empty_page_in_time() {
    let service = Service::start().await;
    let began = Instant::now();
    let answer = service.reader().get("/v1/changes?wait=1").await.expect(200);
    assert_eq!(answer["data"], json!([]));
    assert_eq!(answer["next_cursor"], json!(null));
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[actix_web::test]
async fn a_reader_is_not_woken_by_what_it_may_not_read_or_did_not_ask_for() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let reader = service.reader();
    let end = end_of_feed(&reader).await;
    let path = format!("/v1/changes?after={end}&types=partner.archived&wait=60");
    let waiting = asked(&reader, path);
    until_waiting(&service, 1).await;
    let ministry = service.ministry();
    let of_partner = format!("/v1/partners/{partner}");
    ministry
        .patch(&of_partner, json!({ "acronym": "A" }))
        .await
        .expect(200);
    ministry
        .post(&format!("{of_partner}/archive"), json!({}))
        .await
        .expect(200);
    let answer = waiting.await.expect("an answer").expect(200);
    assert_eq!(answer["data"][0]["type"], "partner.archived");
    assert_eq!(answer["data"].as_array().map(Vec::len), Some(1));
}

#[actix_web::test]
async fn readers_that_wait_hold_neither_a_turn_nor_a_connection() {
    let service = Service::start().await;
    let reader = service.reader();
    let waiting: Vec<_> = (0..100)
        .map(|_| asked(&reader, "/v1/changes?wait=60".into()))
        .collect();
    until_waiting(&service, 100).await;
    const FEW: &str = "SELECT count(*) <= 4 FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'ree' AND pid <> pg_backend_pid()";
    // The reads' own one, the one of the watcher, and what the service opened before.
    service.until(FEW).await;
    let are_all_given_on = || {
        let in_flight = service.shared.limits.in_flight();
        in_flight.iter().all(|(_, running, _)| *running == 0)
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    while !are_all_given_on() {
        assert!(Instant::now() < deadline, "they keep their turns");
        rt::time::sleep(Duration::from_millis(5)).await;
    }
    service.new_partner("A").await;
    for reply in waiting {
        let answer = reply.await.expect("an answer").expect(200);
        assert_eq!(answer["data"].as_array().map(Vec::len), Some(1));
    }
}

#[actix_web::test]
async fn one_client_has_so_many_readers_that_wait_and_no_more() {
    let service = Service::start_with(&[("REE_WAITING_PER_CLIENT", "2")]).await;
    let reader = service.reader();
    let waiting: Vec<_> = (0..2)
        .map(|_| asked(&reader, "/v1/changes?wait=60".into()))
        .collect();
    until_waiting(&service, 2).await;
    let refused = reader.get("/v1/changes?wait=60").await;
    refused.problem(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), "11");
    let streamed = stream(&reader, "/v1/changes", None)
        .await
        .expect("an answer");
    streamed.problem(429, "too_many_requests");
    reader.get("/v1/changes").await.expect(200);
    service.shared.begin_to_stop();
    for reply in waiting {
        assert_eq!(
            reply.await.expect("an answer").expect(200)["data"],
            json!([])
        );
    }
}

#[actix_web::test]
async fn a_service_that_stops_answers_those_who_wait_at_once() {
    let service = Service::start().await;
    let reader = service.reader();
    let page = asked(&reader, "/v1/changes?wait=60".into());
    let streamed = stream(&reader, "/v1/changes", None);
    until_waiting(&service, 2).await;
    let told = Instant::now();
    service.shared.begin_to_stop();
    assert_eq!(
        page.await.expect("an answer").expect(200)["data"],
        json!([])
    );
    assert!(events(&streamed.await.expect("a stream")).is_empty());
    assert!(told.elapsed() < Duration::from_secs(5));
    let later = reader.get("/v1/changes?wait=60").await.expect(200);
    assert_eq!(later["data"], json!([]), "nobody begins to wait either");
}

#[actix_web::test]
async fn a_stream_has_what_there_is_and_then_each_change_as_it_comes() {
    let service = Service::start().await;
    let first = service.new_partner("A").await;
    let reader = service.reader();
    reader.told().await;
    let streamed = stream(&reader, "/v1/changes?limit=1", None);
    until_waiting(&service, 1).await;
    let second = service.new_partner("B").await;
    let third = service.new_partner("C").await;
    reader.told().await;
    rt::time::sleep(Duration::from_secs(1)).await;
    service.shared.begin_to_stop();
    let reply = streamed.await.expect("a stream");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "text/event-stream");
    assert!(reply.text().starts_with("retry: "), "{}", reply.text());
    let told = events(&reply);
    let ids: Vec<&Value> = told
        .iter()
        .map(|(_, change)| &change["object"]["id"])
        .collect();
    assert_eq!(ids, [&first["id"], &second["id"], &third["id"]]);
    assert!(
        told.iter()
            .all(|(id, change)| change["cursor"] == json!(id))
    );
}

#[actix_web::test]
async fn a_stream_goes_on_after_the_last_event_whatever_its_address_says() {
    let service = Service::start().await;
    let reader = service.reader();
    for name in ["A", "B", "C"] {
        service.new_partner(name).await;
    }
    let all = reader.told().await;
    let cursor = |place: usize| all[place]["cursor"].as_str().expect("a cursor");
    let path = format!("/v1/changes?after={}", cursor(0));
    let streamed = stream(&reader, &path, Some(cursor(1)));
    until_waiting(&service, 1).await;
    service.shared.begin_to_stop();
    let told = events(&streamed.await.expect("a stream"));
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, cursor(2));
    let refused = stream(&reader, &path, Some("x")).await.expect("an answer");
    refused.problem(400, "invalid_cursor");
    assert_eq!(refused.faults(), ["Last-Event-ID invalid_format"]);
}

#[actix_web::test]
async fn a_silent_stream_has_a_comment_and_ends_when_its_token_does() {
    let service = Service::start().await;
    let caller = service.somebody("who goes", Role::Reader, Perimeter::default());
    let streamed = stream(&caller, "/v1/changes", None);
    until_waiting(&service, 1).await;
    rt::time::sleep(Duration::from_secs(16)).await;
    assert_eq!(service.shared.limits.waiting.count(), 1, "it goes on");
    service.shared.clock.travel(chrono::TimeDelta::hours(1));
    let reply = streamed.await.expect("a stream");
    assert_eq!(
        reply.text().matches(": \n\n").count(),
        1,
        "{}",
        reply.text()
    );
    assert_eq!(service.shared.limits.waiting.count(), 0);
}

#[actix_web::test]
async fn a_wait_has_its_bounds() {
    let service = Service::start().await;
    let reader = service.reader();
    for wrong in ["0", "61", "x", ""] {
        let refused = reader.get(&format!("/v1/changes?wait={wrong}")).await;
        refused.problem(422, "validation_failed");
    }
}
