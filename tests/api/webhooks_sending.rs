//! How webhooks are told: in order, again until they are, by one instance at a time, whatever other
//! receivers do.

use std::time::Duration;

use chrono::TimeDelta;
use ree::app::App;
use ree::auth::{Perimeter, Role};
use ree::integration::webhooks::sending;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::receiver::{Answering, Receiver};
use crate::support::{Service, id};
use crate::webhooks::{path, send, service, webhook};

/// The present state of a webhook.
async fn shown(service: &Service, webhook: &Value) -> Value {
    service.ministry().get(&path(webhook)).await.expect(200)
}

async fn deliveries(service: &Service, webhook: &Value) -> Vec<Value> {
    let list = format!("{}/deliveries", path(webhook));
    service.ministry().all(&list).await
}

/// Changes a partner so many times.
async fn rename(service: &Service, partner: &str, times: std::ops::Range<usize>) {
    for number in times {
        let body = json!({ "usual_name": format!("Nom {number}") });
        let path = format!("/v1/partners/{partner}");
        service.ministry().patch(&path, body).await.expect(200);
    }
}

#[actix_web::test]
async fn changes_of_one_object_arrive_in_their_order_each_once() {
    let service = service().await;
    let receiver = Receiver::start().await;
    webhook(&service.ministry(), &receiver, json!({})).await;
    let partners = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
        id(&service.new_partner("C").await),
    ];
    for round in 0..7 {
        for partner in &partners {
            rename(&service, partner, round..round + 1).await;
        }
    }
    send(&service).await;
    let received = receiver.received();
    assert_eq!(received.len(), 24);
    let mut ids: Vec<String> = received.iter().map(|one| one.id()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 24, "each once");
    for partner in &partners {
        let own = received.iter().filter(|one| one.object() == *partner);
        let versions: Vec<i64> = own
            .map(|one| one.json()["data"]["version"].as_i64().unwrap())
            .collect();
        assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8]);
    }
    send(&service).await;
    assert_eq!(receiver.received().len(), 24);
}

#[actix_web::test]
async fn after_an_outage_everything_missed_is_told_and_nothing_is_dropped() {
    let service = service().await;
    let receiver = Receiver::answering(Answering::status(503)).await;
    let created = webhook(&service.ministry(), &receiver, json!({})).await;
    let partner = id(&service.new_partner("A").await);
    send(&service).await;
    let failing = shown(&service, &created).await;
    assert!(failing["failing_since"].is_string());
    assert_eq!(failing["last_success_at"], Value::Null);
    let pending = deliveries(&service, &created).await;
    assert_eq!(
        (&pending[0]["outcome"], &pending[0]["status_code"]),
        (&json!("pending"), &json!(503))
    );

    rename(&service, &partner, 0..40).await;
    send(&service).await;
    assert_eq!(
        receiver.received().len(),
        1,
        "it waits before it tries again"
    );
    service.shared.clock.travel(TimeDelta::hours(1));
    send(&service).await;
    assert_eq!(receiver.received().len(), 2);
    let again = receiver.received();
    assert_eq!(again[0].id(), again[1].id());
    assert_eq!(deliveries(&service, &created).await[0]["attempts"], 2);

    receiver.always(None);
    service.shared.clock.travel(TimeDelta::hours(3));
    send(&service).await;
    let versions = receiver
        .received()
        .iter()
        .skip(2)
        .map(|one| one.json()["data"]["version"].as_i64().unwrap())
        .collect::<Vec<_>>();
    assert_eq!(versions, (1..=41).collect::<Vec<_>>());
    let well = shown(&service, &created).await;
    assert!(well["failing_since"].is_null() && well["last_success_at"].is_string());
    let told = deliveries(&service, &created).await;
    assert_eq!(told.len(), 41);
    assert!(told.iter().all(|one| one["outcome"] == "delivered"));
}

#[actix_web::test]
async fn one_change_that_is_refused_holds_up_what_follows_and_nothing_is_sent_twice() {
    let service = service().await;
    let receiver = Receiver::start().await;
    let created = webhook(&service.ministry(), &receiver, json!({})).await;
    // Sent together; the first is refused.
    receiver.next(Answering::status(500));
    for name in ["A", "B", "C"] {
        service.new_partner(name).await;
    }
    send(&service).await;
    assert_eq!(receiver.received().len(), 3);
    service.shared.clock.travel(TimeDelta::minutes(1));
    send(&service).await;
    let received = receiver.received();
    assert_eq!(received.len(), 4, "the one that was refused, and no other");
    let refused = &received[3];
    assert_eq!(
        received
            .iter()
            .filter(|one| one.id() == refused.id())
            .count(),
        2
    );
    assert!(shown(&service, &created).await["failing_since"].is_null());
    service.new_partner("D").await;
    send(&service).await;
    assert_eq!(receiver.received().len(), 5);
}

#[actix_web::test]
async fn a_receiver_may_say_when_to_come_back() {
    let service = service().await;
    let receiver = Receiver::start().await;
    webhook(&service.ministry(), &receiver, json!({})).await;
    receiver.next(Answering::header(429, "retry-after: 7200"));
    service.new_partner("A").await;
    send(&service).await;
    service.shared.clock.travel(TimeDelta::minutes(119));
    send(&service).await;
    assert_eq!(receiver.received().len(), 1);
    service.shared.clock.travel(TimeDelta::minutes(2));
    send(&service).await;
    assert_eq!(receiver.received().len(), 2);
}

#[actix_web::test]
async fn a_receiver_that_is_gone_is_not_asked_again_until_it_is_resumed() {
    let service = service().await;
    let (receiver, watching) = (Receiver::start().await, Receiver::start().await);
    let ministry = service.ministry();
    let created = webhook(&ministry, &receiver, json!({})).await;
    let types = json!({ "types": ["webhook.disabled"] });
    webhook(&ministry, &watching, types).await;
    receiver.next(Answering::status(410));
    service.new_partner("A").await;
    send(&service).await;
    let gone = shown(&service, &created).await;
    assert_eq!(
        (&gone["status"], &gone["disabled_reason"]),
        (&json!("disabled"), &json!("receiver_gone"))
    );
    assert_eq!(
        gone["allowed_actions"],
        json!([
            "update",
            "delete",
            "rotate-secret",
            "test",
            "resume",
            "replay"
        ])
    );
    assert_eq!(deliveries(&service, &created).await[0]["outcome"], "failed");
    // It is an event of its own.
    send(&service).await;
    assert_eq!(watching.types(), ["webhook.disabled"]);
    assert_eq!(watching.received()[0].object(), id(&created));
    let told = ministry
        .get("/v1/changes?types=webhook.disabled")
        .await
        .expect(200);
    assert_eq!(told["data"][0]["data"]["disabled_reason"], "receiver_gone");

    service.new_partner("B").await;
    service.shared.clock.travel(TimeDelta::minutes(10));
    send(&service).await;
    assert_eq!(receiver.received().len(), 1);
    let resumed = ministry
        .post(&format!("{}/resume", path(&created)), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&resumed["status"], &resumed["disabled_reason"]),
        (&json!("active"), &Value::Null)
    );
    send(&service).await;
    assert_eq!(
        receiver.types(),
        ["partner.created"; 3],
        "what was refused, and what was missed"
    );
}

#[actix_web::test]
async fn a_receiver_that_accepts_nothing_for_three_days_is_given_up_and_not_before() {
    let service = service().await;
    let receiver = Receiver::answering(Answering::status(500)).await;
    let created = webhook(&service.ministry(), &receiver, json!({})).await;
    service.new_partner("A").await;
    for hours in [0, 24, 47] {
        service.shared.clock.travel(TimeDelta::hours(hours));
        send(&service).await;
        assert_eq!(shown(&service, &created).await["status"], "active");
    }
    service.shared.clock.travel(TimeDelta::hours(2));
    send(&service).await;
    let given_up = shown(&service, &created).await;
    assert_eq!(
        (&given_up["status"], &given_up["disabled_reason"]),
        (&json!("disabled"), &json!("receiver_failing"))
    );
    assert_eq!(receiver.received().len(), 4);
}

#[actix_web::test]
async fn a_paused_webhook_keeps_its_place() {
    let service = service().await;
    let receiver = Receiver::start().await;
    let ministry = service.ministry();
    let created = webhook(&ministry, &receiver, json!({})).await;
    let step = |name: &str| format!("{}/{name}", path(&created));
    ministry.post(&step("pause"), json!({})).await.expect(200);
    ministry
        .post(&step("pause"), json!({}))
        .await
        .problem(409, "invalid_transition");
    service.new_partner("A").await;
    send(&service).await;
    assert_eq!(receiver.received().len(), 0);
    // A test is sent all the same.
    let test = ministry.post(&step("test"), json!({})).await.expect(202);
    assert_eq!(
        (&test["outcome"], &test["event"]["type"]),
        (&json!("pending"), &json!("webhook.test"))
    );
    send(&service).await;
    assert_eq!(receiver.types(), ["webhook.test"]);
    assert_eq!(
        receiver.received()[0].id(),
        test["message_id"].as_str().unwrap()
    );
    assert_eq!(receiver.received()[0].object(), id(&created));
    ministry.post(&step("resume"), json!({})).await.expect(200);
    ministry
        .post(&step("resume"), json!({}))
        .await
        .problem(409, "invalid_transition");
    send(&service).await;
    assert_eq!(receiver.types(), ["webhook.test", "partner.created"]);
}

#[actix_web::test]
async fn what_was_told_is_told_again_on_demand_one_or_all_since_a_moment() {
    let service = service().await;
    let receiver = Receiver::start().await;
    let ministry = service.ministry();
    let created = webhook(&ministry, &receiver, json!({})).await;
    service.new_partner("A").await;
    send(&service).await;
    service.shared.clock.travel(TimeDelta::minutes(5));
    let since = service.shared.clock.now();
    service.new_partner("B").await;
    service.new_partner("C").await;
    send(&service).await;
    let first: Vec<String> = receiver.received().iter().map(|one| one.id()).collect();
    assert_eq!(first.len(), 3);

    let told = deliveries(&service, &created).await;
    let oldest = told.last().unwrap();
    assert_eq!(oldest["message_id"], first[0]);
    let replay = format!("{}/deliveries/{}/replay", path(&created), id(oldest));
    let asked = ministry.post(&replay, json!({})).await.expect(202);
    assert_eq!(asked["outcome"], "pending");
    send(&service).await;
    assert_eq!(receiver.received()[3].id(), first[0]);
    assert_eq!(
        deliveries(&service, &created).await.last().unwrap()["attempts"],
        2
    );

    let replay = format!("{}/replay", path(&created));
    ministry
        .post(&replay, json!({ "since": since }))
        .await
        .expect(200);
    send(&service).await;
    let again: Vec<String> = receiver
        .received()
        .iter()
        .skip(4)
        .map(|one| one.id())
        .collect();
    assert_eq!(again, first[1..]);
    let tomorrow = json!({ "since": since + TimeDelta::days(1) });
    let refused = ministry.post(&replay, tomorrow).await;
    assert_eq!(refused.faults(), ["/since in_the_future"]);
    // Nothing changed since: nothing is passed over either.
    service.new_partner("D").await;
    ministry
        .post(&replay, json!({ "since": service.shared.clock.now() }))
        .await
        .expect(200);
    send(&service).await;
    assert_eq!(receiver.received().len(), 7);
}

#[actix_web::test]
async fn receivers_that_hang_delay_no_other() {
    // Nor do fifty turns wait for each other's connections to the database.
    let settings = [
        ("REE_WEBHOOKS_ALLOW_PRIVATE", "true"),
        ("REE_DB_CONNECTIONS", "1"),
    ];
    let service = Service::start_with(&settings).await;
    let hanging = Receiver::answering(Answering::Hang).await;
    let healthy = Receiver::start().await;
    let ministry = service.ministry();
    let mut first = Value::Null;
    for number in 0..50 {
        let name = format!("caller {}", number / 20);
        let caller = service.somebody(&name, Role::Ministry, Perimeter::default());
        first = webhook(&caller, &hanging, json!({})).await;
    }
    webhook(&ministry, &healthy, json!({})).await;
    let app = App::new(service.shared.clone()).unwrap();
    let partner = id(&service.new_partner("A").await);
    let sending = actix_web::rt::spawn(async move { sending::run(&app).await });
    hanging.until(50).await;
    for round in 0..10 {
        let start = Instant::now();
        rename(&service, &partner, round..round + 1).await;
        healthy.until(round + 2).await;
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{:?}",
            start.elapsed()
        );
    }
    assert_eq!(hanging.received().len(), 50);
    sending.await.unwrap().unwrap();
    let failed = deliveries(&service, &first).await;
    assert_eq!(failed[0]["error"], "timeout");
    assert!(failed[0]["duration_ms"].as_i64().unwrap() >= 14_000);
}

#[actix_web::test]
async fn what_was_sent_and_not_noted_is_sent_again_under_the_same_id() {
    let service = service().await;
    let receiver = Receiver::start().await;
    let created = webhook(&service.ministry(), &receiver, json!({})).await;
    receiver.next(Answering::Hang);
    service.new_partner("A").await;
    service
        .until("SELECT coalesce(max(position), 0) < feed_horizon() FROM changes")
        .await;
    let app = App::new(service.shared.clone()).unwrap();
    let sending = actix_web::rt::spawn(async move { sending::run(&app).await });
    receiver.until(1).await;
    // Killed between the sending and the note: its turn stays taken.
    sending.abort();
    assert!(sending.await.is_err());
    assert_eq!(deliveries(&service, &created).await.len(), 0);
    send(&service).await;
    assert_eq!(receiver.received().len(), 1, "its turn is not over yet");
    service.shared.clock.travel(TimeDelta::seconds(61));
    send(&service).await;
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].id(), received[1].id());
    assert_eq!(received[0].body, received[1].body);
    assert_eq!(
        deliveries(&service, &created).await[0]["outcome"],
        "delivered"
    );
}

#[actix_web::test]
async fn several_instances_tell_each_change_once() {
    let service = service().await;
    let receivers = [
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    ];
    for receiver in &receivers {
        webhook(&service.ministry(), receiver, json!({})).await;
    }
    for number in 0..30 {
        service.new_partner(&format!("Partenaire {number}")).await;
    }
    service
        .until("SELECT coalesce(max(position), 0) < feed_horizon() FROM changes")
        .await;
    let instances = (0..4).map(|_| {
        let app = App::new(service.shared.clone()).unwrap();
        actix_web::rt::spawn(async move { sending::run(&app).await })
    });
    for instance in instances.collect::<Vec<_>>() {
        instance.await.unwrap().unwrap();
    }
    for receiver in &receivers {
        let mut ids: Vec<String> = receiver.received().iter().map(|one| one.id()).collect();
        assert_eq!(ids.len(), 30);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 30);
    }
}

#[actix_web::test]
async fn little_of_an_answer_is_read_and_a_kilobyte_of_it_kept() {
    let service = service().await;
    let receiver = Receiver::start().await;
    let ministry = service.ministry();
    let created = webhook(&ministry, &receiver, json!({})).await;
    let test = format!("{}/test", path(&created));
    // It announces a gigabyte, and sends some of it.
    let endless = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n{}",
        "é\0".repeat(100_000)
    );
    for answer in [
        endless,
        "HTTP/1.1 200 OK\r\nx: ".to_owned() + &"a".repeat(100_000),
        "nonsense\r\n\r\n".to_owned(),
    ] {
        receiver.next(Answering::With(answer));
        ministry.post(&test, json!({})).await.expect(202);
        send(&service).await;
    }
    let told = deliveries(&service, &created).await;
    let answer = told[2]["answer"].as_str().unwrap();
    assert!(
        answer.starts_with("é\u{fffd}é") && answer.chars().count() < 1024,
        "{answer}"
    );
    assert_eq!(told[2]["outcome"], "delivered");
    for broken in &told[..2] {
        assert_eq!(
            (&broken["error"], &broken["answer"]),
            (&json!("answer_broken"), &Value::Null)
        );
    }
}

#[actix_web::test]
async fn deliveries_are_kept_for_thirty_days_and_filtered_by_outcome() {
    let service = service().await;
    let receiver = Receiver::start().await;
    let created = webhook(&service.ministry(), &receiver, json!({})).await;
    service.new_partner("A").await;
    send(&service).await;
    let count = async |query: &str| {
        let list = format!("{}/deliveries?{query}", path(&created));
        service.ministry().get(&list).await.expect(200)["data"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        (
            count("outcome=delivered").await,
            count("outcome=failed,pending").await
        ),
        (1, 0)
    );
    let app = App::new(service.shared.clone()).unwrap();
    let job = ree::jobs::JOBS
        .iter()
        .find(|job| job.name == "remove old deliveries")
        .unwrap();
    for (days, left) in [(29, 1), (2, 0)] {
        service.shared.clock.travel(TimeDelta::days(days));
        (job.run)(&app).await.unwrap();
        assert_eq!(count("limit=1").await, left);
    }
}

#[actix_web::test]
async fn how_webhooks_fare_is_measured() {
    let service = service().await;
    let (well, ill) = (
        Receiver::start().await,
        Receiver::answering(Answering::status(500)).await,
    );
    webhook(&service.ministry(), &well, json!({})).await;
    webhook(&service.ministry(), &ill, json!({})).await;
    service.new_partner("A").await;
    send(&service).await;
    let app = App::new(service.shared.clone()).unwrap();
    let job = ree::jobs::JOBS
        .iter()
        .find(|job| job.name == "count webhooks")
        .unwrap();
    (job.run)(&app).await.unwrap();
    let text = service.shared.metrics.render();
    for line in [
        "ree_webhook_deliveries_total{outcome=\"delivered\"} 1",
        "ree_webhook_deliveries_total{outcome=\"refused\"} 1",
        "ree_webhook_delivery_duration_seconds_count 2",
        "ree_webhooks{state=\"active\"} 1",
        "ree_webhooks{state=\"failing\"} 1",
        "ree_webhooks{state=\"paused\"} 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[actix_web::test]
async fn thousands_that_wait_are_told_within_a_minute() {
    let count = crate::support::rounds(500) * 20;
    let service = service().await;
    let receiver = Receiver::start().await;
    webhook(&service.ministry(), &receiver, json!({})).await;
    let partner = id(&service.new_partner("A").await);
    const WAITING: &str = "INSERT INTO changes (type, object_type, object_id, object_key, version, occurred_at, audience)
        SELECT 'partner.updated', 'partner', CASE WHEN n % 4 = 0 THEN $1::text::uuid ELSE gen_random_uuid() END, $1, n, now(), '{everyone}'
          FROM generate_series(2, $2::bigint) AS n";
    let waiting = i64::try_from(count).unwrap();
    service
        .sql()
        .await
        .execute(WAITING, &[&partner, &waiting])
        .await
        .unwrap();
    let start = Instant::now();
    send(&service).await;
    let seconds = start.elapsed().as_secs_f64();
    println!("{count} deliveries in {seconds:.1} s");
    assert_eq!(receiver.received().len(), count);
    assert!(seconds < 60.0, "{seconds}");
}

#[actix_web::test]
async fn the_trace_of_a_write_goes_on_in_what_it_causes_and_is_nowhere_in_the_feed() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    let service = service().await;
    let receiver = Receiver::start().await;
    let ministry = service.ministry();
    let created = webhook(&ministry, &receiver, json!({})).await;
    let traced = ministry
        .request("POST", "/v1/partners")
        .header("traceparent", &format!("00-{TRACE}-b7ad6b7169203331-01"))
        .json(&json!({ "legal_name": "Suivi", "kind": "company" }));
    traced.send().await.expect(201);
    service.new_partner("Sans trace").await;
    receiver.next(Answering::status(500));
    send(&service).await;
    service.shared.clock.travel(TimeDelta::minutes(1));
    send(&service).await;
    let delivery = deliveries(&service, &created).await.pop().unwrap();
    let again = format!("{}/deliveries/{}/replay", path(&created), id(&delivery));
    ministry.post(&again, json!({})).await.expect(202);
    send(&service).await;
    let received = receiver.received();
    let traces: Vec<(String, &str)> = received
        .iter()
        .map(|one| (one.id(), one.header("traceparent")))
        .collect();
    let of_it: Vec<&(String, &str)> = traces.iter().filter(|one| one.0 == traces[0].0).collect();
    assert_eq!(of_it.len(), 3, "refused, accepted, sent again: {traces:?}");
    for (_, trace) in &of_it {
        assert_eq!(&trace[..36], format!("00-{TRACE}-"));
        assert!(trace.ends_with("-01") && !trace.contains("b7ad6b7169203331"));
    }
    let untraced = traces.iter().filter(|one| one.0 != traces[0].0);
    assert!(untraced.clone().count() > 0 && untraced.clone().all(|one| !one.1.contains(TRACE)));
    for list in [
        "/v1/changes".to_owned(),
        format!("{}/deliveries", path(&created)),
    ] {
        let told = ministry.get(&list).await;
        assert!(!told.text().contains(TRACE), "{list}: {}", told.text());
    }
}

#[actix_web::test]
async fn who_asks_who_it_is_is_told_which_of_its_webhooks_fail() {
    let service = service().await;
    let (failing, well) = (
        Receiver::answering(Answering::status(503)).await,
        Receiver::start().await,
    );
    let gone = Receiver::answering(Answering::status(410)).await;
    let ministry = service.ministry();
    let told = async || {
        // A token of now: the clock travels.
        let me = service.ministry().get("/v1/me").await.expect(200);
        me["failing_webhooks"].as_array().unwrap().clone()
    };
    let first = webhook(&ministry, &failing, json!({})).await;
    webhook(&ministry, &well, json!({})).await;
    assert_eq!(told().await, Vec::<Value>::new());
    service.new_partner("A").await;
    send(&service).await;
    service.new_partner("B").await;
    let one = &told().await[0];
    assert_eq!((&one["id"], &one["url"]), (&first["id"], &first["url"]));
    assert_eq!(
        (&one["status"], &one["last_status_code"], &one["last_error"]),
        (&json!("active"), &json!(503), &Value::Null)
    );
    assert_eq!(one["since"], shown(&service, &first).await["failing_since"]);
    assert!(one["last_attempt_at"].is_string() && one["last_success_at"].is_null());
    // Given up, it is still told; what is said is of the message that stands in the way.
    let second = webhook(&ministry, &gone, json!({})).await;
    service.new_partner("C").await;
    send(&service).await;
    let all = told().await;
    assert_eq!(all.len(), 2, "{all:?}");
    let disabled = all.iter().find(|one| one["id"] == second["id"]).unwrap();
    assert_eq!(
        (
            &disabled["status"],
            &disabled["disabled_reason"],
            &disabled["last_status_code"]
        ),
        (&json!("disabled"), &json!("receiver_gone"), &json!(410))
    );
    // Its own caller alone is told.
    let other = service
        .academy("academy:10")
        .get("/v1/me")
        .await
        .expect(200);
    assert_eq!(other["failing_webhooks"], json!([]));
    failing.always(None);
    service.shared.clock.travel(TimeDelta::hours(3));
    send(&service).await;
    let left = told().await;
    assert_eq!((left.len(), &left[0]["id"]), (1, &second["id"]));
}
