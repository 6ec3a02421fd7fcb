//! Receivers of webhooks, on loopback: what they are sent, and what they answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// What a receiver answers.
#[derive(Debug, Clone)]
pub enum Answering {
    /// This, head and body, as it is.
    With(String),
    /// Nothing: it takes the request and keeps the connection.
    Hang,
}

impl Answering {
    /// This status without a body.
    pub fn status(status: u16) -> Self {
        Self::header(status, "x-nothing: here")
    }

    /// This status with one more header.
    pub fn header(status: u16, header: &str) -> Self {
        Self::With(format!(
            "HTTP/1.1 {status} S\r\n{header}\r\ncontent-length: 0\r\n\r\n"
        ))
    }
}

/// What a receiver was sent.
#[derive(Debug, Clone)]
pub struct Received {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    pub fn id(&self) -> String {
        self.header("webhook-id").to_owned()
    }

    pub fn object(&self) -> String {
        let id = &self.json()["data"]["object"]["id"];
        id.as_str().expect("an id").to_owned()
    }

    /// Whether one of its signatures is made with this secret, computed as the specification says.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").expect("a secret"))
            .expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        let (id, moment) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        mac.update(format!("{id}.{moment}.{}", self.body).as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let mut signatures = self.header("webhook-signature").split(' ');
        signatures.any(|signature| signature == expected)
    }
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    /// What is answered next; then always 204.
    next: VecDeque<Answering>,
    /// What is answered otherwise.
    always: Option<Answering>,
    connections: usize,
}

/// A receiver. It listens as long as its runtime lives.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let receiver = Self {
            url: format!("http://127.0.0.1:{port}/webhooks?of=tests"),
            port,
            state: Arc::default(),
        };
        let state = Arc::clone(&receiver.state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                state.lock().unwrap().connections += 1;
                tokio::spawn(serve(stream, Arc::clone(&state)));
            }
        });
        receiver
    }

    /// One that always answers so.
    pub async fn answering(always: Answering) -> Self {
        let receiver = Self::start().await;
        receiver.always(Some(always));
        receiver
    }

    /// From now on always answers so; none: that it has accepted.
    pub fn always(&self, always: Option<Answering>) {
        self.state.lock().unwrap().always = always;
    }

    /// Answers so the next time.
    pub fn next(&self, answering: Answering) {
        self.state.lock().unwrap().next.push_back(answering);
    }

    /// What it was sent so far.
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// The types of what it was sent so far.
    pub fn types(&self) -> Vec<String> {
        let kind = |one: &Received| one.json()["type"].as_str().expect("a type").to_owned();
        self.received().iter().map(kind).collect()
    }

    /// How many have connected so far.
    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// Waits until it was sent so many.
    pub async fn until(&self, count: usize) {
        let start = Instant::now();
        while self.received().len() < count {
            let so_far = self.received().len();
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{so_far} of {count}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut buffer = Vec::new();
    while let Some(received) = read(&mut stream, &mut buffer).await {
        let answering = {
            let mut state = state.lock().unwrap();
            state.received.push(received);
            let always = state.always.clone();
            let next = state.next.pop_front().or(always);
            next.unwrap_or_else(|| Answering::status(204))
        };
        match answering {
            Answering::Hang => std::future::pending().await,
            Answering::With(answer) => {
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The next request of a connection; none once it is closed.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Received> {
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(buffer[..end].to_vec()).expect("a head");
            let mut lines = head.lines();
            let line = lines.next().expect("a request line").to_owned();
            let headers: Vec<(String, String)> = lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect();
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let length: usize = length.map_or(0, |(_, value)| value.parse().expect("a length"));
            let whole = end + 4 + length;
            if buffer.len() >= whole {
                let body = String::from_utf8(buffer[end + 4..whole].to_vec()).expect("UTF-8");
                buffer.drain(..whole);
                return Some(Received {
                    line,
                    headers,
                    body,
                });
            }
        }
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => buffer.extend_from_slice(&more[..read]),
        }
    }
}
