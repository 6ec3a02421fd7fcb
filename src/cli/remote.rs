//! A service spoken to over HTTP, as integrators' programs do: a token, what to repeat and when, and
//! problem documents told in their own words.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use ureq::http::Response;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::Failure;
use super::output::tell;
use crate::config::TOKEN;

/// A long poll is answered within a minute.
const ANSWER: Duration = Duration::from_secs(90);
const CONNECT: Duration = Duration::from_secs(10);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A token is renewed when it has less than this left.
const MARGIN: Duration = Duration::from_secs(60);
/// The largest page that is read into memory.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Who calls.
#[derive(clap::Args)]
pub struct Caller {
    /// A file with an access token; it is read again when the token is refused (else REE_TOKEN)
    #[arg(long, value_name = "FILE", conflicts_with = "client_id")]
    token_file: Option<PathBuf>,
    /// The id of a registered client, which asks for its tokens itself
    #[arg(long, value_name = "ID", requires = "client_secret_file")]
    client_id: Option<String>,
    /// A file with the client's secret
    #[arg(long, value_name = "FILE", requires = "client_id")]
    client_secret_file: Option<PathBuf>,
}

enum Credentials {
    Token(String),
    TokenFile(PathBuf),
    Client { id: String, secret: PathBuf },
}

impl Caller {
    fn credentials(&self) -> Result<Credentials, Failure> {
        if let (Some(id), Some(secret)) = (&self.client_id, &self.client_secret_file) {
            return Ok(Credentials::Client {
                id: id.clone(),
                secret: secret.clone(),
            });
        }
        if let Some(file) = &self.token_file {
            return Ok(Credentials::TokenFile(file.clone()));
        }
        let token = std::env::var(TOKEN).map_err(|_| {
            "no token: give --token-file, or --client-id and --client-secret-file, or set REE_TOKEN"
        })?;
        Ok(Credentials::Token(token.trim().to_owned()))
    }
}

/// How long a service that is away is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As long as it takes.
    Endless,
    /// This long.
    For(Duration),
}

/// A service, and who calls it.
pub struct Remote {
    agent: Agent,
    base: String,
    credentials: Credentials,
    token: Option<Token>,
    patience: Patience,
}

struct Token {
    value: String,
    /// When it is to be renewed, where that is known.
    until: Option<Instant>,
}

/// A request that can be sent again.
pub struct Request<'a> {
    /// The path and the query.
    pub path: &'a str,
    /// The form wanted.
    pub accept: &'static str,
    /// What is posted: its form, its bytes, and the key under which it is done once.
    pub body: Option<(&'static str, &'a [u8], &'a str)>,
}

impl<'a> Request<'a> {
    /// A reading.
    pub const fn get(path: &'a str, accept: &'static str) -> Self {
        Self {
            path,
            accept,
            body: None,
        }
    }
}

impl Remote {
    /// The service at this address.
    ///
    /// # Errors
    /// When the address is none, or nobody is named.
    pub fn new(address: &str, caller: &Caller, patience: Patience) -> Result<Self, Failure> {
        let url = url::Url::parse(address).map_err(|error| format!("{address}: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("{address}: an http or https address is expected").into());
        }
        Ok(Self {
            agent: agent(),
            base: address.trim_end_matches('/').to_owned(),
            credentials: caller.credentials()?,
            token: None,
            patience,
        })
    }

    /// Its address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The claims of the token, as far as they can be read.
    ///
    /// # Errors
    /// When there is no token.
    pub fn claims(&mut self) -> Result<Value, Failure> {
        let token = self.token()?;
        let payload = token.split('.').nth(1).unwrap_or_default();
        let bytes = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// Sends a request, again where that may help: 429 and 503 after `Retry-After`, a service that does
    /// not answer after a pause that grows, 401 once with a new token. Any other answer is given back.
    ///
    /// # Errors
    /// When patience is at its end, or there is no token.
    pub fn send(&mut self, request: &Request<'_>) -> Result<Response<Body>, Failure> {
        let token = self.token()?;
        let response = self.repeat(request.path, || self.attempt(request, &token))?;
        if response.status() != 401 {
            return Ok(response);
        }
        self.token = None;
        let token = self.token()?;
        self.repeat(request.path, || self.attempt(request, &token))
    }

    fn attempt(&self, request: &Request<'_>, token: &str) -> Result<Response<Body>, ureq::Error> {
        let url = format!("{}{}", self.base, request.path);
        let token = format!("Bearer {token}");
        let Some((form, bytes, key)) = request.body else {
            let get = self.agent.get(&url).header("Accept", request.accept);
            return get.header("Authorization", &token).call();
        };
        let post = self.agent.post(&url).header("Accept", request.accept);
        let post = post.header("Authorization", &token);
        let post = post.header("Idempotency-Key", key);
        post.header("Content-Type", form).send(bytes)
    }

    /// Attempts it until it is answered.
    fn repeat(
        &self,
        path: &str,
        attempt: impl Fn() -> Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, Failure> {
        let began = Instant::now();
        let mut pause = Duration::from_secs(1);
        loop {
            let (why, wait) = match attempt() {
                Ok(response) if matches!(response.status().as_u16(), 429 | 502 | 503 | 504) => {
                    (format!("answered {}", response.status()), told(&response))
                }
                Ok(response) => return Ok(response),
                Err(error) => (error.to_string(), None),
            };
            let wait = wait.unwrap_or(pause).min(LONGEST_PAUSE);
            pause = (pause * 2).min(LONGEST_PAUSE);
            if let Patience::For(longest) = self.patience
                && began.elapsed() + wait > longest
            {
                return Err(format!("{}{path}: {why}", self.base).into());
            }
            tell(&format!("{why}; again in {} s", wait.as_secs()));
            std::thread::sleep(wait);
        }
    }

    fn token(&mut self) -> Result<String, Failure> {
        let is_good = |token: &&Token| token.until.is_none_or(|until| Instant::now() < until);
        if let Some(token) = self.token.as_ref().filter(is_good) {
            return Ok(token.value.clone());
        }
        let token = match &self.credentials {
            Credentials::Token(token) => Token {
                value: token.clone(),
                until: None,
            },
            Credentials::TokenFile(file) => Token {
                value: read(file)?,
                until: None,
            },
            Credentials::Client { id, secret } => self.asked_for(id, &read(secret)?)?,
        };
        let value = token.value.clone();
        self.token = Some(token);
        Ok(value)
    }

    /// A token of the client's (RFC 6749 §4.4).
    fn asked_for(&self, id: &str, secret: &str) -> Result<Token, Failure> {
        let url = format!("{}/oauth2/token", self.base);
        let basic = STANDARD.encode(format!("{id}:{secret}"));
        let response = self.repeat("/oauth2/token", || {
            let post = self.agent.post(&url);
            let post = post.header("Authorization", format!("Basic {basic}"));
            let post = post.header("Content-Type", "application/x-www-form-urlencoded");
            post.send("grant_type=client_credentials")
        })?;
        let answer = json(expect(response)?)?;
        let value = member(&answer, "access_token").as_str();
        let value = value.ok_or("the service answered no token")?.to_owned();
        let lives = Duration::from_secs(member(&answer, "expires_in").as_u64().unwrap_or(300));
        Ok(Token {
            value,
            until: Some(Instant::now() + lives.saturating_sub(MARGIN)),
        })
    }
}

fn agent() -> Agent {
    let trusted = rustls_native_certs::load_native_certs().certs;
    let trusted: Vec<Certificate<'static>> = trusted
        .iter()
        .map(|one| Certificate::from_der(one).to_owned())
        .collect();
    // The one implementation of the whole program.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::Specific(Arc::new(trusted)));
    let config = Agent::config_builder()
        .tls_config(tls.build())
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(ANSWER))
        .user_agent(concat!("ree/", env!("CARGO_PKG_VERSION")))
        .build();
    config.into()
}

fn read(file: &Path) -> Result<String, Failure> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(text.trim().to_owned())
}

/// `Retry-After`, in seconds.
fn told(response: &Response<Body>) -> Option<Duration> {
    let value = response.headers().get("retry-after")?.to_str().ok()?;
    value.parse().ok().map(Duration::from_secs)
}

/// The answer, if it is a success; else what its problem document says.
///
/// # Errors
/// The problem, in words.
pub fn expect(response: Response<Body>) -> Result<Response<Body>, Failure> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let problem = json(response).unwrap_or_default();
    Err(said(status.as_u16(), &problem).into())
}

/// A member of an object; null where it has none.
pub fn member<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// A problem document, in words.
pub fn said(status: u16, problem: &Value) -> String {
    let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    let code = if problem["code"].is_string() {
        text("code")
    } else {
        text("error")
    };
    let faults = problem["errors"].as_array().into_iter().flatten();
    let faults: String = faults
        .map(|fault| {
            let place = ["pointer", "parameter", "header"]
                .iter()
                .find_map(|kind| fault[*kind].as_str());
            let detail = fault["detail"].as_str().unwrap_or_default();
            format!("\n  {}: {detail}", place.unwrap_or_default())
        })
        .collect();
    format!("{status} {code}: {}{faults}", text("detail"))
}

/// The body as JSON.
///
/// # Errors
/// When it is none, or breaks off.
pub fn json(mut response: Response<Body>) -> Result<Value, Failure> {
    let body = response.body_mut().with_config().limit(LARGEST);
    let text = body.read_to_string()?;
    Ok(serde_json::from_str(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_with_each_of_its_faults() {
        let problem = serde_json::json!({ "code": "validation_failed", "detail": "1 place.",
            "errors": [{ "parameter": "types", "detail": "No such code." }] });
        let words = said(422, &problem);
        assert_eq!(
            words,
            "422 validation_failed: 1 place.\n  types: No such code."
        );
    }
}
