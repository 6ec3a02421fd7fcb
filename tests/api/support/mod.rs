//! A service for one test, callers of each role, and builders of what they work on.

pub mod answers;
mod cluster;
pub mod document;
pub mod place;
pub mod portal;
pub mod receiver;
mod stored;

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use actix_http::Request;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, init_service};
use actix_web::{body, web};
use ree::app::{App, Shared};
use ree::auth::{Claims, Identity, KeySource, Keys, Perimeter, Role, Scopes, Tokens};
use ree::config::{Config, Overrides};
use ree::db::Connector;
use ree::server;
use serde_json::{Value, json};
use uuid::Uuid;

type Handler = Rc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Reply>>>>;

/// A running service with a database of its own.
#[derive(Clone)]
pub struct Service {
    handler: Handler,
    pub shared: Arc<Shared>,
    pub connector: Connector,
    database: Rc<cluster::Database>,
}

/// One key for all tests: making one costs more than a test.
pub static KEYS: LazyLock<std::path::PathBuf> = LazyLock::new(|| {
    let directory = std::env::temp_dir().join(format!("ree-test-keys-{}", std::process::id()));
    Keys::load_or_create(&directory, chrono::DateTime::UNIX_EPOCH).expect("keys for the tests");
    directory
});

impl Service {
    /// Starts one.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts one on a day of its own: that of the story that a test tells, whatever year it is.
    pub async fn on(day: &str) -> Self {
        let service = Self::start().await;
        let day: chrono::NaiveDate = day.parse().expect("a day");
        let noon = day.and_hms_opt(12, 0, 0).expect("noon").and_utc();
        let clock = &service.shared.clock;
        clock.travel(noon - clock.now());
        service
    }

    /// Starts one with these settings.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::over(Rc::new(cluster::Database::new().await), settings).await
    }

    /// Starts another instance over the same database, with these settings.
    pub async fn beside(&self, settings: &[(&str, &str)]) -> Self {
        Self::over(Rc::clone(&self.database), settings).await
    }

    async fn over(database: Rc<cluster::Database>, settings: &[(&str, &str)]) -> Self {
        let connector = database.connector.clone();
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let settings = settings.iter().map(owned);
        let config =
            Config::from_environment(settings, &Overrides::default()).expect("default settings");
        let source = match KeySource::of(&config) {
            KeySource::Files(_) => KeySource::Files(KEYS.clone()),
            shared => shared,
        };
        let mut session = connector.diesel().await.expect("a connection");
        let keys = source.begin(&mut session, &KEYS, true, chrono::Utc::now());
        let tokens = Tokens::new(keys.await.expect("keys"), &config.public_url);
        let shared = ree::server::shared(config, connector.clone(), source, tokens)
            .await
            .expect("the application");
        shared.clock.travel(days_ahead());
        let app = web::Data::new(App::new(Arc::clone(&shared)).expect("the application"));
        let service = Rc::new(init_service(server::configure(app)).await);
        let handler: Handler = Rc::new(move |request| {
            let service = Rc::clone(&service);
            Box::pin(async move {
                let reply =
                    Reply::of(actix_web::dev::Service::call(&*service, request).await).await;
                reply.is_documented();
                reply
            })
        });
        Self {
            handler,
            shared,
            connector,
            database,
        }
    }

    /// A caller without a token.
    pub fn anon(&self) -> Caller {
        Caller {
            service: self.clone(),
            token: None,
        }
    }

    pub fn ministry(&self) -> Caller {
        self.caller(Role::Ministry, Perimeter::default())
    }

    pub fn reader(&self) -> Caller {
        self.caller(Role::Reader, Perimeter::default())
    }

    pub fn partner(&self, id: &str) -> Caller {
        let partner_id = Some(id.parse().expect("a UUID"));
        self.caller(
            Role::Partner,
            Perimeter {
                partner_id,
                ..Perimeter::default()
            },
        )
    }

    pub fn academy(&self, territory: &str) -> Caller {
        let territories = Some(vec![territory.to_owned()]);
        self.caller(
            Role::Academy,
            Perimeter {
                territories,
                ..Perimeter::default()
            },
        )
    }

    pub fn school(&self, uai: &str) -> Caller {
        let uais = Some(vec![uai.to_owned()]);
        self.caller(
            Role::Establishment,
            Perimeter {
                uais,
                ..Perimeter::default()
            },
        )
    }

    pub fn caller(&self, role: Role, perimeter: Perimeter) -> Caller {
        self.with_scope(role, perimeter, Scopes::ReadWrite)
    }

    pub fn with_scope(&self, role: Role, perimeter: Perimeter, scope: Scopes) -> Caller {
        let claims = self.claims(Identity::new(role, perimeter).expect("an identity"), scope);
        Caller {
            service: self.clone(),
            token: Some(self.sign(&claims)),
        }
    }

    /// The claims of a token that is good for a quarter of an hour.
    pub fn claims(&self, identity: Identity, scope: Scopes) -> Claims {
        let now = self.shared.clock.now();
        Claims {
            iss: self.shared.config.public_url.clone(),
            sub: format!("test {}", identity.role()),
            exp: now + chrono::TimeDelta::minutes(15),
            iat: now,
            jti: self.shared.clock.new_id(),
            client_id: "tests".to_owned(),
            scope,
            identity,
        }
    }

    pub fn sign(&self, claims: &Claims) -> String {
        self.shared
            .authenticator
            .tokens()
            .sign(claims)
            .expect("a token")
    }

    /// A plain connection, to look at what is stored.
    pub async fn sql(&self) -> tokio_postgres::Client {
        self.connector.plain().await.expect("a connection").0
    }

    /// A number that a query answers.
    pub async fn number(&self, query: &str) -> i64 {
        self.sql()
            .await
            .query_one(query, &[])
            .await
            .expect(query)
            .get(0)
    }

    /// Asks again and again until the answer is true: what a test waits for, it waits for by name.
    pub async fn until(&self, query: &str) {
        let sql = self.sql().await;
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !sql
            .query_one(query, &[])
            .await
            .expect(query)
            .get::<_, bool>(0)
        {
            assert!(std::time::Instant::now() < deadline, "never: {query}");
        }
    }

    /// A declination of a convention that the ministry activated, from 2020-09-01 on if it does not say.
    pub async fn active_declination(&self, convention: &str, with: Value) -> String {
        let body = json!({ "convention_id": convention, "starts_on": "2020-09-01" });
        let body = merged(body, with);
        let ministry = self.ministry();
        let declination = id(&ministry.post("/v1/declinations", body).await.expect(201));
        let activate = format!("/v1/declinations/{declination}/activate");
        ministry.post(&activate, json!({})).await.expect(200);
        declination
    }

    /// Until somebody in this test's database waits for a lock.
    pub async fn until_someone_waits(&self) {
        self.until("SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").await;
    }

    /// A partner of the ministry's making.
    pub async fn new_partner(&self, legal_name: &str) -> Value {
        let body = json!({ "legal_name": legal_name, "kind": "company" });
        self.ministry().post("/v1/partners", body).await.expect(201)
    }

    /// A representative of a partner.
    pub async fn new_representative(&self, partner: &str, territories: &[&str]) -> Value {
        let body = json!({ "name": "Camille Martin", "email": "camille@exemple.fr", "phone": "01 23 45 67 89",
                           "function": "Déléguée", "territories": territories });
        self.ministry()
            .post(&format!("/v1/partners/{partner}/representatives"), body)
            .await
            .expect(201)
    }

    /// An intervention of a partner, `visite`, but for what `with` says of its fields.
    pub async fn new_intervention(&self, partner: &str, convention: &str, with: Value) -> Value {
        let path = format!("/v1/partners/{partner}/interventions/visite");
        let body = intervention(convention, with);
        self.partner(partner).put(&path, body).await.expect(201)
    }

    /// A caller of this role and perimeter, under another name than the usual one.
    pub fn somebody(&self, subject: &str, role: Role, perimeter: Perimeter) -> Caller {
        let identity = Identity::new(role, perimeter).expect("an identity");
        let mut claims = self.claims(identity, Scopes::ReadWrite);
        claims.sub = subject.to_owned();
        self.anon().with_token(&self.sign(&claims))
    }
}

/// Who sends requests.
#[derive(Clone)]
pub struct Caller {
    service: Service,
    pub token: Option<String>,
}

impl Caller {
    /// The same service, with this token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            service: self.service.clone(),
            token: Some(token.to_owned()),
        }
    }

    pub fn request(&self, method: &str, path: &str) -> Sending {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = TestRequest::with_uri(path).method(method);
        if let Some(token) = &self.token {
            request = request.insert_header(("authorization", format!("Bearer {token}")));
        }
        Sending {
            handler: Rc::clone(&self.service.handler),
            request,
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send().await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.request("POST", path).json(&body).send().await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.request("PUT", path).json(&body).send().await
    }

    /// A change with `If-Match: *`.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.request("PATCH", path)
            .header("if-match", "*")
            .merge(&body)
            .send()
            .await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.request("DELETE", path)
            .header("if-match", "*")
            .send()
            .await
    }

    /// What the feed tells of a kind of object, once nothing older is under way.
    pub async fn all_changes(&self, kind: &str) -> Vec<Value> {
        let of_kind = |row: &Value| row["object"]["type"] == kind;
        self.told().await.into_iter().filter(of_kind).collect()
    }

    /// What the feed tells, from its beginning, once nothing older is under way.
    pub async fn told(&self) -> Vec<Value> {
        self.service
            .until("SELECT coalesce(max(position), 0) < feed_horizon() FROM changes")
            .await;
        let mut rows = self.get("/v1/changes?limit=200").await.expect(200)["data"].take();
        std::mem::take(rows.as_array_mut().expect("data"))
    }

    /// Every row of a list, following `next_cursor`.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut next = path.to_owned();
        loop {
            let mut page = self.get(&next).await.expect(200);
            rows.append(page["data"].as_array_mut().expect("data"));
            let Some(cursor) = page["next_cursor"].as_str() else {
                return rows;
            };
            let separator = if path.contains('?') { '&' } else { '?' };
            next = format!("{path}{separator}cursor={cursor}");
        }
    }
}

/// A request on its way.
pub struct Sending {
    handler: Handler,
    request: TestRequest,
}

impl Sending {
    pub fn header(self, name: &str, value: &str) -> Self {
        Self {
            request: self.request.insert_header((name, value)),
            ..self
        }
    }

    pub fn body(self, content_type: &str, body: impl Into<web::Bytes>) -> Self {
        let body = body.into();
        let request = self
            .request
            .insert_header(("content-type", content_type))
            .insert_header(("content-length", body.len().to_string()))
            .set_payload(body);
        Self { request, ..self }
    }

    /// A body whose length is not announced.
    pub fn chunked(self, content_type: &str, body: impl Into<web::Bytes>) -> Self {
        let request = self.request.insert_header(("content-type", content_type));
        let request = request
            .insert_header(("transfer-encoding", "chunked"))
            .set_payload(body);
        Self { request, ..self }
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn merge(self, body: &Value) -> Self {
        self.body("application/merge-patch+json", body.to_string())
    }

    pub async fn send(self) -> Reply {
        (self.handler)(self.request.to_request()).await
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: web::Bytes,
    /// The method and the path template it answers, where there is such a path.
    route: Option<(String, String)>,
    /// Whether some members of a list's items were asked for.
    is_partial: bool,
}

impl Reply {
    async fn of<B: body::MessageBody>(
        outcome: Result<actix_web::dev::ServiceResponse<B>, actix_web::Error>,
    ) -> Self {
        match outcome {
            Ok(response) => {
                let (status, headers) = (response.status(), response.headers().clone());
                let request = response.request();
                let is_partial = request.query_string().contains("fields=");
                let route = request
                    .match_pattern()
                    .map(|pattern| (request.method().to_string(), pattern));
                let body = body::to_bytes(response.into_body())
                    .await
                    .unwrap_or_else(|_| panic!("a body"));
                Self {
                    status,
                    headers,
                    body,
                    route,
                    is_partial,
                }
            }
            Err(error) => {
                let response = error.error_response();
                let (status, headers) = (response.status(), response.headers().clone());
                let body = body::to_bytes(response.into_body())
                    .await
                    .unwrap_or_else(|_| panic!("a body"));
                Self {
                    status,
                    headers,
                    body,
                    route: None,
                    is_partial: false,
                }
            }
        }
    }

    /// The status, the headers and the body of every answer that any test meets are those that the
    /// document tells.
    fn is_documented(&self) {
        let route = self.route.as_ref();
        let answer = answers::Answer {
            route: route.map(|(method, path)| (method.as_str(), path.as_str())),
            status: self.status.as_u16(),
            headers: &self.headers,
            body: &self.body,
            is_partial: self.is_partial,
        };
        let faults = answers::undocumented(&answer);
        assert!(
            faults.is_empty(),
            "{:?} answers {} as the document does not say: {}\n{}",
            self.route,
            self.status,
            faults.join("\n"),
            self.text()
        );
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body, once the status is this one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// Checks that it is a problem document with this status and code, and returns it.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status);
        assert_eq!(body["type"], format!("/problems/{code}"));
        assert_eq!(self.header("content-type"), "application/problem+json");
        body
    }

    /// The places a problem names, with their rules: `/siren invalid_checksum`, sorted.
    #[track_caller]
    pub fn faults(&self) -> Vec<String> {
        let body = self.json();
        let faults = body["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("{body}"));
        let place = |fault: &Value| {
            ["pointer", "parameter", "header"]
                .iter()
                .find_map(|kind| fault[*kind].as_str().map(str::to_owned))
        };
        let mut faults: Vec<String> = faults
            .iter()
            .map(|fault| {
                format!(
                    "{} {}",
                    place(fault).unwrap_or_default(),
                    fault["code"].as_str().unwrap_or("?")
                )
            })
            .collect();
        faults.sort();
        faults
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub fn etag(&self) -> &str {
        self.header("etag")
    }

    /// What two answers that must look the same are compared by: all but the request's id, and what
    /// is left to the caller.
    pub fn without_request_id(&self) -> (u16, Vec<(String, String)>, String) {
        let mut headers: Vec<(String, String)> = self
            .headers
            .iter()
            .filter(|(name, _)| !["x-request-id", "ratelimit"].contains(&name.as_str()))
            .map(|(name, value)| {
                (
                    name.to_string(),
                    value.to_str().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        headers.sort();
        let id = self.header("x-request-id");
        let text = self.text().replace(id, "<request>");
        // When the database was asked is as little of the answer as the request's id.
        let text = match text.split_once(r#""checked_at":""#) {
            Some((before, after)) => {
                before.to_owned() + after.split_once('"').map_or(after, |(_, rest)| rest)
            }
            None => text,
        };
        (self.status.as_u16(), headers, text)
    }
}

/// What a partner says of an intervention, but for what `with` says of it.
pub fn intervention(convention: &str, with: Value) -> Value {
    let body = json!({ "convention_id": convention, "title": "Visite d'un atelier", "action_type": "company_visit",
                       "levels": ["3e"], "modality": "in_person", "territories": ["academy:10"] });
    merged(body, with)
}

/// An object, but for what `with` says of its members.
pub fn merged(mut object: Value, with: Value) -> Value {
    for (name, value) in with.as_object().expect("members") {
        object[name] = value.clone();
    }
    object
}

/// The school of this number, with the letter that goes with it.
pub fn uai(number: u32) -> String {
    format!("{number:07}{}", ree::values::uai_key(number))
}

/// How far ahead of the system's clock services start: `REE_TEST_DAYS_AHEAD`, to see which tests hold
/// today alone.
pub fn days_ahead() -> chrono::TimeDelta {
    let days = std::env::var("REE_TEST_DAYS_AHEAD").ok();
    let days = days.map(|days| days.parse().expect("a number of days"));
    chrono::TimeDelta::days(days.unwrap_or_default())
}

/// How often a race is run or a law tried: as often as this in the nightly run (`REE_NIGHTLY=1`), which
/// `.ci/nightly` is, and twenty times at most in the others, which people wait for.
pub fn rounds(nightly: usize) -> usize {
    match std::env::var_os("REE_NIGHTLY") {
        Some(set) if set == "1" => nightly,
        _ => nightly.min(20),
    }
}

/// A path template with its parts filled in; the same value may be named for several templates.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let filled = values
        .iter()
        .fold(template.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value)
        });
    assert!(!filled.contains('{'), "{filled}");
    filled
}

/// The id of an object.
pub fn id(object: &Value) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

/// An id that no object has.
pub fn absent() -> String {
    Uuid::from_u128(0x0193_c5a8_2f6e_7d3a_9a51_4a6f_0c1d_2e3f).to_string()
}
