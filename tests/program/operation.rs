//! What an operator sees: metrics and the access log; and the limits on slow clients.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Client, Directory, Service, free_port, ree, until};

#[test]
fn metrics_and_the_access_log_tell_of_every_request_and_betray_nobody() {
    let directory = Directory::new();
    let service = Service::start(&directory);
    let mut ministry = service.client("ministry");
    let token = ministry.token.clone().unwrap();

    let body = json!({ "legal_name": "Fonderies Réunies", "kind": "company", "description": "corps-de-la-demande" });
    let traced = (
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    );
    let created = ministry
        .post(
            "/v1/partners",
            &[("x-request-id", "write-1"), traced],
            &body,
        )
        .unwrap()
        .expect(201);
    let representatives = format!(
        "/v1/partners/{}/representatives",
        created["id"].as_str().unwrap()
    );
    let person = json!({ "name": "Camille Martin", "email": "camille@exemple.fr", "territories": ["academy:10"] });
    ministry
        .post(&representatives, &[("x-request-id", "write-2")], &person)
        .unwrap()
        .expect(201);
    let headers = [("x-request-id", "refused-1")];
    let unknown = json!({ "camille@exemple.fr": 1 });
    ministry
        .post(
            "/v1/partners?camille@exemple.fr=recherche-privee",
            &headers,
            &unknown,
        )
        .unwrap()
        .expect(422);
    let listed = ministry.get("/v1/partners?q=recherche-privee").unwrap();
    let list_id = listed.header("x-request-id").unwrap().to_owned();
    listed.expect(200);

    for (request_id, operation, status) in [
        ("write-1", "create_partner", 201),
        ("refused-1", "create_partner", 422),
        (list_id.as_str(), "list_partners", 200),
    ] {
        let line = service.access_line(request_id);
        assert_eq!(
            (&line["operation"], &line["status"]),
            (&json!(operation), &json!(status)),
            "{line}"
        );
        assert_eq!(
            (&line["role"], &line["client_id"]),
            (&json!("ministry"), &json!("ree-cli")),
            "{line}"
        );
        assert!(
            line["duration_us"].is_u64() && line["time"].is_string() && line["level"] == "INFO",
            "{line}"
        );
    }
    let line = service.access_line("write-1");
    assert_eq!(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    let log = service.err();
    for private in [
        token.as_str(),
        token.rsplit('.').next().unwrap(),
        "recherche-privee",
        "camille",
        "corps-de-la-demande",
    ] {
        assert!(!log.contains(private), "{private} is in the log:\n{log}");
    }
    assert_eq!(service.out(), "", "standard output is for results");

    assert_eq!(
        service.anon().get("/metrics").unwrap().status,
        404,
        "metrics are not public"
    );
    let metrics = Client::connect(service.admin, None)
        .unwrap()
        .get("/metrics")
        .unwrap()
        .body;
    for expected in [
        "ree_requests_total{operation=\"create_partner\",status=\"201\"} 1",
        "ree_requests_total{operation=\"create_partner\",status=\"422\"} 1",
        "ree_request_duration_seconds_bucket{operation=\"list_partners\",le=\"0.005\"}",
        "ree_request_duration_seconds_count{operation=\"list_partners\"} 1",
    ] {
        assert!(
            metrics.contains(expected),
            "{expected} is not in:\n{metrics}"
        );
    }
}

#[test]
fn a_body_that_does_not_arrive_is_answered_408() {
    let directory = Directory::new();
    let service = Service::start(&directory);
    let mut slow = service.client("ministry");
    let token = slow.token.clone().unwrap();
    let head = format!(
        "POST /v1/partners HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\n\r\n{{\"legal_name\""
    );
    let started = Instant::now();
    slow.write(head.as_bytes()).unwrap();
    assert_eq!(slow.read().unwrap().expect(408)["code"], "request_timeout");
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn what_the_parser_refuses_is_a_problem_document_that_says_to_percent_encode() {
    let directory = Directory::new();
    let service = Service::start(&directory);
    for line in [
        "GET /v1/partners?q=métallurgie HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET /v1/partners/é HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
    ] {
        let mut client = service.anon();
        client.write(line.as_bytes()).unwrap();
        let reply = client.read().unwrap();
        let kind = reply.header("content-type").map(str::to_owned);
        assert_eq!(kind.as_deref(), Some("application/problem+json"));
        let id = reply.header("x-request-id").map(str::to_owned);
        let problem = reply.expect(400);
        assert_eq!(problem["code"], "malformed_request");
        assert_eq!(problem["request_id"].as_str(), id.as_deref());
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("encodez par `%`"),
            "{problem}"
        );
    }
    // Encoded, it is an address like another, on a connection that is kept.
    let mut reader = service.client("reader");
    for _ in 0..2 {
        let found = reader.get("/v1/partners?q=m%C3%A9tallurgie").unwrap();
        assert_eq!(found.expect(200)["data"], json!([]));
    }
}

#[test]
fn told_to_stop_it_is_not_ready_still_listens_and_finishes_what_is_in_flight() {
    let directory = Directory::new();
    let service = Service::start_with(&directory, &[("REE_DRAIN", "2")]);
    let mut slow = service.client("ministry");
    let mut kept = service.client("reader");
    kept.get("/v1/partners").unwrap().expect(200);
    let token = slow.token.clone().unwrap();
    let body = json!({ "legal_name": "Envoyé avant, reçu après", "kind": "company" }).to_string();
    let (first, rest) = body.split_at(10);
    let head = format!(
        "POST /v1/partners HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{first}",
        body.len()
    );
    slow.write(head.as_bytes()).unwrap();
    let told = Instant::now();
    service.signal(nix::sys::signal::Signal::SIGTERM);
    until(Duration::from_secs(1), "it is not ready", || {
        service
            .try_get("/readyz")
            .is_some_and(|reply| reply.status == 503)
    });
    // Who has a connection is served on it once more, and told to make another one, elsewhere.
    let last = kept.get("/v1/partners").unwrap();
    assert_eq!(last.header("connection"), Some("close"));
    last.expect(200);
    slow.write(rest.as_bytes()).unwrap();
    slow.read().unwrap().expect(201);
    assert!(
        told.elapsed() < Duration::from_secs(2),
        "{:?}",
        told.elapsed()
    );
    until(
        Duration::from_secs(10),
        "it does not listen any more",
        || service.try_get("/healthz").is_none(),
    );
    assert!(told.elapsed() >= Duration::from_secs(2));
}

#[test]
fn a_token_of_the_command_line_is_revoked_by_itself_or_by_its_id_and_no_other_with_it() {
    let directory = Directory::new();
    let service = Service::start(&directory);
    let tokens = [(); 3].map(|()| service.token("reader"));
    let status = |token: &String| {
        let mut client = Client::connect(service.api, Some(token)).unwrap();
        client.get("/v1/partners").unwrap().status
    };
    let revoke = |token: &str| crate::support::run(&directory.path, &["token", "revoke", token]);
    assert_eq!(tokens.each_ref().map(status), [200, 200, 200]);

    let revoked = revoke(&tokens[0]);
    assert_eq!(revoked.status, 0, "{}", revoked.err);
    let payload = tokens[1].split('.').nth(1).unwrap();
    let payload =
        base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, payload).unwrap();
    let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    let by_id = revoke(payload["jti"].as_str().unwrap());
    assert_eq!(by_id.status, 0, "{}", by_id.err);
    until(Duration::from_secs(5), "both are refused", || {
        status(&tokens[0]) == 401 && status(&tokens[1]) == 401
    });
    assert_eq!(status(&tokens[2]), 200);
    assert_eq!(revoke("neither").status, 1);
}

#[test]
fn a_process_that_takes_over_a_port_is_given_no_connection_before_it_can_answer() {
    let directory = Directory::new();
    let shared = ("REE_REUSE_PORT", "true");
    let service = Service::start_with(&directory, &[shared]);
    // The next process waits for a database that takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let database = format!("postgresql://ree@{}/ree", silent.local_addr().unwrap());
    let other = Directory::new();
    let admin = format!("127.0.0.1:{}", free_port());
    let mut next = ree(&other.path)
        .args([
            "serve",
            "--listen",
            &service.api.to_string(),
            "--admin-listen",
            &admin,
        ])
        .envs([shared, ("DATABASE_URL", &database)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let asked = silent.accept().unwrap();
    for _ in 0..40 {
        let began = Instant::now();
        let reply = service.try_get("/healthz").expect("an answer");
        assert_eq!(reply.status, 200);
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
    }
    drop(asked);
    next.kill().unwrap();
    next.wait().unwrap();
}
