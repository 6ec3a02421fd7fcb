//! What one caller may cost the others: rates, bodies, turns, faults told.

use actix_web::dev::ServerHandle;
use actix_web::{HttpServer, web};
use futures_util::FutureExt;
use futures_util::future::join_all;
use ree::app::App;
use ree::auth::{Identity, Perimeter, Role, Scopes};
use ree::server::Waits;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::portal::Portal;
use crate::support::{Caller, Reply, Service, absent, id};

const FORM: &str = "application/x-www-form-urlencoded";

/// A reader who comes with a token of this client.
fn client(service: &Service, name: &str) -> Caller {
    let identity = Identity::new(Role::Reader, Perimeter::default()).unwrap();
    let mut claims = service.claims(identity, Scopes::ReadWrite);
    claims.client_id = name.to_owned();
    service.anon().with_token(&service.sign(&claims))
}

#[actix_web::test]
async fn a_client_that_asks_more_than_its_share_waits_and_nobody_else_does() {
    let service = Service::start_with(&[("REE_RATE", "1")]).await;
    let greedy = client(&service, "greedy");
    let path = format!("/v1/partners/{}", absent());
    let first = greedy.get(&path).await;
    first.problem(404, "not_found");
    assert_eq!(first.header("ratelimit-policy"), "\"default\";q=10;w=10");
    assert_eq!(first.header("ratelimit"), "\"default\";r=9;t=1");
    // A page costs twice as much as an object.
    let page = greedy.get("/v1/partners").await;
    page.expect(200);
    assert_eq!(page.header("ratelimit"), "\"default\";r=7;t=3");
    for _ in 0..7 {
        greedy.get(&path).await.problem(404, "not_found");
    }
    let refused = greedy.get(&path).await;
    refused.problem(429, "too_many_requests");
    let after: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=3).contains(&after), "{after}");
    // Whoever else asks is served, and who watches the service always is.
    service
        .ministry()
        .get(&path)
        .await
        .problem(404, "not_found");
    for _ in 0..20 {
        service.anon().get("/healthz").await.expect(200);
    }
}

#[actix_web::test]
async fn without_a_rate_there_is_no_bound_and_no_header() {
    let service = Service::start_with(&[("REE_RATE", "0")]).await;
    let reply = service.reader().get("/v1/partners").await;
    reply.expect(200);
    assert!(reply.headers.get("ratelimit").is_none());
}

async fn ask_for_token(service: &Service, client: &str) -> Reply {
    let body = format!("grant_type=client_credentials&client_id={client}&client_secret=wrong");
    let request = service.anon().request("POST", "/oauth2/token");
    request.body(FORM, body).send().await
}

#[actix_web::test]
async fn who_fails_to_name_itself_again_and_again_waits() {
    let service = Service::start().await;
    for _ in 0..10 {
        assert_eq!(ask_for_token(&service, "a").await.status, 401);
    }
    let refused = ask_for_token(&service, "a").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["error"], "temporarily_unavailable");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(ask_for_token(&service, "b").await.status, 401);
}

#[actix_web::test]
async fn a_body_is_as_long_as_what_it_is_for() {
    let service = Service::start().await;
    let long = vec![b'a'; 20 * 1024];
    let form = service.anon().request("POST", "/oauth2/token");
    assert_eq!(form.body(FORM, long.clone()).send().await.status, 413);
    // One that comes in pieces is read as far as that.
    let piecemeal = |body: Vec<u8>| {
        service
            .anon()
            .request("POST", "/oauth2/token")
            .chunked(FORM, body)
    };
    assert_eq!(piecemeal(long.clone()).send().await.status, 413);
    let short = b"grant_type=client_credentials&client_id=a&client_secret=b".to_vec();
    assert_eq!(piecemeal(short).send().await.status, 401);
    // A step that takes no body takes no long one.
    let step = format!("/v1/partners/{}/archive", absent());
    let request = service.ministry().request("POST", &step);
    let refused = request.body("application/json", long).send().await;
    refused.problem(413, "payload_too_large");
}

#[actix_web::test]
async fn a_batch_of_nothing_but_faults_is_answered_within_bounds() {
    let portal = Portal::new().await;
    let wrong: Vec<String> = (0..150).map(|number| format!("niveau {number}")).collect();
    let item = |number: usize| {
        let mut item = portal.item(&format!("x{number}"), json!({ "levels": wrong }));
        item["action_type"] = json!("visite");
        item
    };
    let items: Vec<Value> = (0..300).map(item).collect();
    let reply = portal.push("", &items).await;
    let verdict = reply.expect(200);
    assert!(
        reply.text().len() < 4 * 1024 * 1024,
        "{}",
        reply.text().len()
    );
    let items = verdict["items"].as_array().unwrap();
    let told = |item: &Value| item["errors"].as_array().unwrap().len();
    assert_eq!(
        (told(&items[0]), &items[0]["errors_truncated"]),
        (20, &json!(true))
    );
    // Each that is refused says why, and the first ones whole.
    assert!(
        items
            .iter()
            .all(|item| item["outcome"] == "rejected" && told(item) > 0)
    );
    let all: usize = items.iter().map(told).sum();
    assert!(all <= 1000 + items.len(), "{all}");
    // What is told is useful.
    assert_eq!(items[0]["errors"][0]["code"], "unknown_code");
}

#[actix_web::test]
async fn long_reads_that_wait_stop_neither_short_ones_nor_writes() {
    let service = Service::start_with(&[("REE_QUERY_CONNECTIONS", "2")]).await;
    let partner = id(&service.new_partner("A").await);
    let locked = service.sql().await;
    locked
        .batch_execute("BEGIN; LOCK TABLE interventions IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let callers: Vec<Caller> = ["a", "b", "c", "d"]
        .into_iter()
        .map(|name| client(&service, name))
        .collect();
    let searches = callers
        .iter()
        .map(|caller| caller.get("/v1/interventions?q=atelier"));
    let mut searches = pin!(join_all(searches));
    assert!(searches.as_mut().now_or_never().is_none());
    for _ in 0..3 {
        let own = format!("/v1/partners/{partner}");
        service.reader().get(&own).await.expect(200);
        service.new_partner("B").await;
        assert!(searches.as_mut().now_or_never().is_none());
    }
    locked.batch_execute("COMMIT").await.unwrap();
    for reply in searches.await {
        reply.expect(200);
    }
}

#[actix_web::test]
async fn who_watches_the_service_waits_behind_no_read() {
    let service = Service::start().await;
    let path = format!("/v1/partners/{}", id(&service.new_partner("A").await));
    let locked = service.sql().await;
    locked
        .batch_execute("BEGIN; LOCK TABLE partners IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let reader = service.reader();
    let mut read = pin!(reader.get(&path));
    assert!(read.as_mut().now_or_never().is_none());
    for _ in 0..3 {
        service.anon().get("/readyz").await.expect(200);
        assert!(read.as_mut().now_or_never().is_none());
    }
    locked.batch_execute("COMMIT").await.unwrap();
    read.await.expect(200);
}

/// A thread of the API that does nothing but one thing until it is let go, and a listener of its own.
struct BusyApi {
    address: std::net::SocketAddr,
    handle: ServerHandle,
    /// Whether the thread is to be busy, and is.
    state: Arc<(AtomicBool, AtomicBool)>,
}

impl BusyApi {
    async fn start(service: &Service) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let waits = Waits {
            request: Duration::from_secs(60),
            disconnect: Duration::from_secs(5),
            idle: Duration::from_secs(10),
            stop: 1,
        };
        let shared = service.shared.clone();
        let state = Arc::new((AtomicBool::new(true), AtomicBool::new(false)));
        let of_thread = Arc::clone(&state);
        let app = move || {
            let state = Arc::clone(&of_thread);
            actix_web::rt::spawn(async move {
                while state.0.load(Ordering::Relaxed) {
                    state.1.store(true, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(10));
                }
            });
            web::Data::new(App::new(shared.clone()).expect("the application"))
        };
        let server = ree::server::serve(&service.shared, listener, waits, app).expect("a server");
        let handle = server.handle();
        actix_web::rt::spawn(server);
        while !state.1.load(Ordering::Relaxed) {
            actix_web::rt::time::sleep(Duration::from_millis(10)).await;
        }
        Self {
            address,
            handle,
            state,
        }
    }

    async fn end(self) {
        self.state.0.store(false, Ordering::Relaxed);
        self.handle.stop(false).await;
    }
}

/// Asks on a connection of its own: the answer, and how long it took.
async fn ask(address: std::net::SocketAddr, path: &str) -> (Option<String>, Duration) {
    let began = Instant::now();
    let answer = tokio::time::timeout(Duration::from_millis(500), async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    });
    let answer = answer.await.ok().and_then(Result::ok);
    (answer, began.elapsed())
}

#[actix_web::test]
async fn the_admin_address_tells_while_every_thread_and_every_connection_is_busy() {
    let service = Service::start_with(&[("REE_WORKERS", "1")]).await;
    let partner = id(&service.new_partner("A").await);
    let locked = service.sql().await;
    locked
        .batch_execute("BEGIN; LOCK TABLE partners, interventions IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let (ministry, own) = (service.ministry(), format!("/v1/partners/{partner}"));
    let reads = (0..20).map(|_| ministry.get(&own));
    let searches = (0..20).map(|_| ministry.get("/v1/interventions?q=a"));
    let writes = (0..20).map(|_| ministry.patch(&own, json!({ "acronym": "B" })));
    let mut busy =
        pin!(async { tokio::join!(join_all(reads), join_all(searches), join_all(writes)) });
    assert!(busy.as_mut().now_or_never().is_none());

    let shared = web::Data::from(service.shared.clone());
    let factory = move || {
        actix_web::App::new()
            .app_data(shared.clone())
            .configure(ree::integration::operation::admin::configure)
    };
    let admin = HttpServer::new(factory).workers(1).disable_signals();
    let admin = admin.bind(("127.0.0.1", 0)).expect("a port");
    let address = admin.addrs()[0];
    let admin = admin.run();
    let admin_handle = admin.handle();
    actix_web::rt::spawn(admin);
    let api = BusyApi::start(&service).await;

    let asked = async {
        assert!(
            ask(api.address, "/healthz").await.0.is_none(),
            "the thread is not busy"
        );
        for path in ["/healthz", "/readyz", "/metrics"] {
            let mut quickest = Duration::MAX;
            for _ in 0..5 {
                let (answer, took) = ask(address, path).await;
                let answer = answer.unwrap_or_else(|| panic!("{path}: none in {took:?}"));
                assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
                quickest = quickest.min(took);
            }
            // Other tests keep the machine busy: one of five tells what the service takes.
            assert!(quickest < Duration::from_millis(50), "{path}: {quickest:?}");
        }
        assert!(
            ask(api.address, "/healthz").await.0.is_none(),
            "the thread was free meanwhile"
        );
    };
    tokio::select! {
        () = asked => {}
        _ = busy => panic!("nothing was busy"),
    }
    locked.batch_execute("COMMIT").await.unwrap();
    admin_handle.stop(false).await;
    api.end().await;
}

#[actix_web::test]
async fn ready_tells_when_the_database_was_asked_and_the_admin_address_why_it_is_not() {
    let service = Service::start().await;
    let told = service.anon().get("/readyz").await.expect(200);
    let checked: chrono::DateTime<chrono::Utc> =
        told["checked_at"].as_str().unwrap().parse().unwrap();
    let age = service.shared.clock.now() - checked;
    assert!(age <= chrono::TimeDelta::seconds(2), "{age}");
    service.shared.begin_to_stop();
    let app = actix_web::App::new()
        .app_data(web::Data::from(service.shared.clone()))
        .configure(ree::integration::operation::admin::configure);
    let app = actix_web::test::init_service(app).await;
    let request = actix_web::test::TestRequest::get()
        .uri("/readyz")
        .to_request();
    let refused = actix_web::test::call_service(&app, request).await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers().get("retry-after").unwrap(), "1");
    let problem: Value = actix_web::test::read_body_json(refused).await;
    assert_eq!(problem["code"], "service_unavailable");
    let request = actix_web::test::TestRequest::get()
        .uri("/healthz")
        .to_request();
    assert_eq!(
        actix_web::test::call_service(&app, request).await.status(),
        200
    );
}

#[actix_web::test]
async fn no_long_read_waits_for_a_second_connection_while_it_holds_one() {
    let service = Service::start_with(&[("REE_QUERY_CONNECTIONS", "1")]).await;
    let partner = id(&service.new_partner("A").await);
    let convention = service.signed_convention(&partner, json!({})).await;
    let declination = service
        .active_declination(
            &convention,
            json!({ "level": "academy", "territories": ["academy:10"], "starts_on": "2026-01-01" }),
        )
        .await;
    for path in [
        "/v1/interventions?near=45.76,4.84&sort=distance",
        "/v1/interventions?near=45.76,4.84&sort=distance&facets=level",
        &format!("/v1/conventions/{convention}/history"),
        &format!("/v1/declinations/{declination}/history"),
        "/v1/indicators/values?measures=pupils&group_by=academy",
        "/v1/deadlines",
        "/v1/conventions",
        "/v1/partners",
    ] {
        for form in ["application/json", "text/csv", "application/x-ndjson"] {
            let request = service.ministry().request("GET", path);
            let reply = request.header("accept", form).send().await;
            assert_eq!(reply.status, 200, "{path} as {form}: {}", reply.text());
        }
    }
}
