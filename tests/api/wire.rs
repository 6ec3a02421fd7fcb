//! What only shows on a real connection: bodies that HEAD leaves out, chunks, what the parser
//! itself refuses.

use std::sync::Arc;

use actix_web::{HttpServer, web};
use ree::app::App;
use ree::server::configure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Service, id};

/// A server on a port of its own.
struct Listening {
    service: Service,
    address: std::net::SocketAddr,
    handle: actix_web::dev::ServerHandle,
}

impl Listening {
    async fn start() -> Self {
        let service = Service::start().await;
        let shared = Arc::clone(&service.shared);
        let factory = move || {
            configure(web::Data::new(
                App::new(Arc::clone(&shared)).expect("the application"),
            ))
        };
        let server = HttpServer::new(factory)
            .workers(1)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .expect("a port");
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self {
            service,
            address,
            handle,
        }
    }

    /// Sends these bytes and reads until the server has closed the connection.
    async fn exchange(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address)
            .await
            .expect("a connection");
        stream.write_all(request).await.expect("the request sent");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (String, String) {
        let token = self.service.ministry().token.expect("a token");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {token}\r\n{headers}\r\n{body}"
        );
        let answer = self.exchange(request.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        (head.to_ascii_lowercase(), body.to_owned())
    }
}

#[actix_web::test]
async fn head_sends_the_headers_of_get_and_no_body() {
    let server = Listening::start().await;
    let partner = id(&server.service.new_partner("A").await);
    for path in [
        "/v1/partners",
        "/v1/partners?limit=0",
        &format!("/v1/partners/{partner}"),
        "/openapi.json",
        "/docs/",
        "/nowhere",
    ] {
        let (get, body) = server.ask("GET", path, "x-request-id: same\r\n", "").await;
        let (head, nothing) = server.ask("HEAD", path, "x-request-id: same\r\n", "").await;
        let sorted = |head: &str| {
            let mut lines: Vec<String> = head
                .lines()
                .filter(|line| !line.starts_with("date:") && !line.starts_with("ratelimit:"))
                .map(str::to_owned)
                .collect();
            lines.sort();
            lines
        };
        assert_eq!(
            (sorted(&head), nothing.as_str()),
            (sorted(&get), ""),
            "{path}"
        );
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{head}"
        );
    }
    server.handle.stop(false).await;
}

#[actix_web::test]
async fn a_body_in_chunks_is_read_up_to_its_bound_and_a_stream_is_sent_whole() {
    let server = Listening::start().await;
    let chunk = |bytes: &str| format!("{:x}\r\n{bytes}\r\n", bytes.len());
    let headers = "content-type: application/json\r\ntransfer-encoding: chunked\r\n";
    let body = format!(
        "{}{}0\r\n\r\n",
        chunk("{\"legal_name\":\"A\","),
        chunk("\"kind\":\"company\"}")
    );
    let (head, _) = server.ask("POST", "/v1/partners", headers, &body).await;
    assert!(head.starts_with("http/1.1 201"), "{head}");
    let long = chunk(&" ".repeat(1024 * 1024)).repeat(6);
    let (head, said) = server
        .ask("POST", "/v1/partners", headers, &format!("{long}0\r\n\r\n"))
        .await;
    assert!(
        head.is_empty() || (head.starts_with("http/1.1 413") && said.contains("payload_too_large")),
        "{head} {said}"
    );
    let (head, _) = server.ask("POST", "/v1/partners", headers, "zz\r\n").await;
    assert!(head.starts_with("http/1.1 400"), "{head}");
    let (head, csv) = server
        .ask("GET", "/v1/partners", "accept: text/csv\r\n", "")
        .await;
    assert!(
        head.contains("transfer-encoding: chunked")
            && csv.ends_with("\r\n0\r\n\r\n")
            && csv.contains(",A,"),
        "{head} {csv}"
    );
    server.handle.stop(false).await;
}

#[actix_web::test]
async fn what_is_no_http_is_refused_and_the_service_goes_on() {
    let server = Listening::start().await;
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..], b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\xff HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n", b"POST /v1/partners HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
        b"POST /v1/partners HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    ] {
        let answer = server.exchange(garbage).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let (head, _) = server.ask("GET", "/healthz", "", "").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    server.handle.stop(false).await;
}

#[actix_web::test]
async fn an_answer_to_http_1_0_has_no_chunks_and_ends_with_its_connection() {
    let server = Listening::start().await;
    server.service.new_partner("A").await;
    let token = server.service.ministry().token.expect("a token");
    for headers in [
        "",
        "connection: keep-alive\r\n",
        "accept-encoding: gzip\r\n",
    ] {
        let request = format!(
            "GET /v1/partners HTTP/1.0\r\nauthorization: Bearer {token}\r\naccept: text/csv\r\n{headers}\r\n"
        );
        let answer = server.exchange(request.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let head = head.to_ascii_lowercase();
        assert!(
            head.contains(" 200 ") && !head.contains("transfer-encoding"),
            "{head}"
        );
        if !headers.contains("gzip") {
            assert!(body.starts_with("id,") && body.ends_with("\r\n"), "{body}");
        }
    }
    server.handle.stop(false).await;
}

#[actix_web::test]
async fn a_header_that_has_one_value_is_refused_when_it_is_given_twice() {
    let server = Listening::start().await;
    let other = server.service.reader().token.expect("a token");
    for (twice, name) in [
        (
            format!("authorization: Bearer {other}\r\n"),
            "Authorization",
        ),
        (
            "idempotency-key: a\r\nidempotency-key: b\r\n".to_owned(),
            "Idempotency-Key",
        ),
        (
            "idempotency-key: a\r\nIdempotency-Key: a\r\n".to_owned(),
            "Idempotency-Key",
        ),
        ("content-type: text/csv\r\n".to_owned(), "Content-Type"),
    ] {
        let body = "{\"legal_name\":\"A\",\"kind\":\"company\"}";
        let headers = format!(
            "{twice}content-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        let (head, body) = server.ask("POST", "/v1/partners", &headers, body).await;
        assert!(head.starts_with("http/1.1 400"), "{head}");
        let problem: serde_json::Value = serde_json::from_str(&body).expect("a problem");
        assert_eq!(problem["errors"][0]["header"], name, "{body}");
        assert_eq!(problem["errors"][0]["code"], "repeated", "{body}");
    }
    server.handle.stop(false).await;
}
