//! One request to a receiver and its answer, of which little is read. A redirect is an answer like any
//! other: it is not followed.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};
use url::{Position, Url};

use super::backoff::retry_after;
use super::connect::{Failure, connect};
use super::message::Message;
use crate::http::trace::TRACEPARENT;
use crate::integration::webhooks::reserved::Reach;

/// How long connecting may take, resolving and encrypting included.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a sending may take in all, to the end of what is read of the answer.
const WHOLE: Duration = Duration::from_secs(15);
/// What is kept of an answer, in bytes.
const KEPT: usize = 1024;
/// What is read of an answer, so that the connection can serve again.
const READ: usize = 16 * 1024;
/// The longest head of an answer.
const HEAD: usize = 16 * 1024;

/// A connection that can serve again.
pub struct Session {
    requests: SendRequest<Full<Bytes>>,
    _driver: Driver,
}

/// What moves a connection on; it ends with it.
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What came of a request.
#[derive(Debug, Clone, Default)]
pub struct Answered {
    /// The status of the answer.
    pub status: Option<u16>,
    /// The first kilobyte of it.
    pub text: Option<String>,
    /// How long the receiver asks to wait.
    pub retry_after: Option<TimeDelta>,
    /// Why there was no answer.
    pub failure: Option<&'static str>,
    /// How long it took.
    pub duration: Duration,
}

impl Answered {
    /// None, for this reason.
    pub fn nothing(failure: Failure) -> Self {
        Self {
            failure: Some(failure.as_str()),
            ..Self::default()
        }
    }

    /// Whether it was accepted.
    pub fn is_accepted(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}

/// A request to be sent.
pub struct Letter<'a> {
    /// Where.
    pub url: &'a Url,
    /// What.
    pub message: &'a Message,
    /// By whose signatures it is recognised.
    pub signatures: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

/// Sends a letter, by a connection that served before if there is one. Answers with the connection, if it
/// can serve again.
pub async fn send(
    letter: &Letter<'_>,
    reach: Reach,
    session: Option<Session>,
) -> (Answered, Option<Session>) {
    let start = Instant::now();
    let outcome = timeout(WHOLE, attempt(letter, reach, session)).await;
    let (answered, session) = match outcome.unwrap_or(Err(Failure::Timeout)) {
        Ok((answered, session)) => (answered, session),
        Err(failure) => (Answered::nothing(failure), None),
    };
    let duration = start.elapsed();
    (
        Answered {
            duration,
            ..answered
        },
        session,
    )
}

async fn attempt(
    letter: &Letter<'_>,
    reach: Reach,
    session: Option<Session>,
) -> Result<(Answered, Option<Session>), Failure> {
    if let Some(mut session) = session
        && let Ok(response) = session.request(letter).await
    {
        return read(response, session, letter.now).await;
    }
    // None yet, or the receiver has closed it meanwhile: a message that arrives twice has one id.
    let mut session = timeout(CONNECT, Session::open(letter.url, reach))
        .await
        .unwrap_or(Err(Failure::Timeout))?;
    let response = session.request(letter).await?;
    read(response, session, letter.now).await
}

impl Session {
    async fn open(url: &Url, reach: Reach) -> Result<Self, Failure> {
        let wire = TokioIo::new(connect(url, reach).await?);
        let handshake = Builder::new().max_buf_size(HEAD).handshake(wire).await;
        let (requests, connection) = handshake.map_err(|_| Failure::ConnectionFailed)?;
        let driver = tokio::spawn(async move {
            // What breaks it is told by the request that it breaks.
            let _ = connection.await;
        });
        Ok(Self {
            requests,
            _driver: Driver(driver.abort_handle()),
        })
    }

    async fn request(&mut self, letter: &Letter<'_>) -> Result<Response<Incoming>, Failure> {
        let url = letter.url;
        let request = Request::post(&url[Position::BeforePath..Position::AfterQuery])
            .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("ree/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &letter.message.id)
            .header(TRACEPARENT, letter.message.trace().as_str())
            .header("webhook-timestamp", letter.now.timestamp())
            .header("webhook-signature", letter.signatures)
            .body(Full::new(letter.message.body.clone()))
            .map_err(|_| Failure::ConnectionFailed)?;
        let broken = |_| Failure::AnswerBroken;
        self.requests.ready().await.map_err(broken)?;
        self.requests.send_request(request).await.map_err(broken)
    }
}

/// Reads the beginning of an answer. The connection serves again if that was all.
async fn read(
    response: Response<Incoming>,
    session: Session,
    now: DateTime<Utc>,
) -> Result<(Answered, Option<Session>), Failure> {
    let asked = response.headers().get(RETRY_AFTER);
    let asked = asked.and_then(|value| value.to_str().ok());
    let mut answered = Answered {
        status: Some(response.status().as_u16()),
        retry_after: asked.and_then(|value| retry_after(value, now)),
        ..Answered::default()
    };
    let mut body = response.into_body();
    let (mut kept, mut length, mut is_whole) = (Vec::new(), 0, false);
    while length <= READ {
        let Some(frame) = body.frame().await else {
            is_whole = true;
            break;
        };
        // A status without its text is an answer all the same.
        let Ok(frame) = frame else { break };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length += data.len();
        let room = KEPT.saturating_sub(kept.len());
        kept.extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
    }
    answered.text = Some(text(&kept));
    Ok((answered, is_whole.then_some(session)))
}

/// Bytes as text that can be stored: what is no text, or cut in the middle of a letter, is marked.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}
