//! The feed as a stream of events (Server-Sent Events): what there is, then each change as it comes.
//!
//! A stream ends, without a fault, when its caller may read no longer (the token has expired or was
//! revoked), when the service stops, and when a page cannot be read: whoever connects again with
//! `Last-Event-ID` misses nothing, and is told then what is wrong.

use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use actix_web::HttpResponse;
use bytes::Bytes;
use futures_util::stream;

use super::filter::{Filter, Sort};
use super::list::Changes;
use super::model::ChangeAnswer;
use super::waiting::{Waiting, Woken, deadline};
use crate::db::page::Page;
use crate::error::{Error, Result};
use crate::http::call::{Call, List, ListCall};
use crate::http::members::Members;

/// How long a stream is silent at most: proxies end connections that are.
const SILENCE: Duration = Duration::from_secs(15);
/// When a program is to connect again that lost its stream.
const BEGINNING: &str = "retry: 2000\n\n";
/// A comment, which programs pass over.
const COMMENT: &[u8] = b": \n\n";

/// Answers the feed from the page asked for on.
///
/// # Errors
/// What reading the first page answers, and `too_many_requests` where too many of the client wait.
pub async fn answer(list: ListCall<Changes>) -> Result<HttpResponse> {
    let (call, page, members) = list.into_parts();
    let waiting = Waiting::of(&call).await?;
    let mut follower = Follower {
        call,
        page,
        members,
        waiting,
        is_behind: true,
    };
    let mut beginning = BEGINNING.as_bytes().to_vec();
    follower.read(&mut beginning).await?;
    let beginning = stream::iter([Ok(Bytes::from(beginning))]);
    let rest = stream::unfold(follower, |mut follower| async {
        let bytes = follower.next().await?;
        Some((Ok::<_, Infallible>(bytes), follower))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .streaming(Box::pin(futures_util::StreamExt::chain(beginning, rest))))
}

/// Who follows the feed.
struct Follower {
    call: Rc<Call<Filter>>,
    /// What is read next.
    page: Page<Sort>,
    members: Members,
    waiting: Waiting,
    /// Whether there may be more to read at once.
    is_behind: bool,
}

impl Follower {
    /// What is sent next; none where the stream ends.
    async fn next(&mut self) -> Option<Bytes> {
        match self.sent_next().await {
            Ok(bytes) => bytes,
            Err(error) => {
                log::info!("a stream of changes ends: {error}");
                None
            }
        }
    }

    async fn sent_next(&mut self) -> Result<Option<Bytes>> {
        let until = deadline(SILENCE);
        let mut bytes = Vec::new();
        while bytes.is_empty() {
            if !self.is_behind {
                match self.waiting.wait(&self.call, until).await? {
                    Woken::Stopping => return Ok(None),
                    Woken::Late => {
                        self.check_caller().await?;
                        return Ok(Some(Bytes::from_static(COMMENT)));
                    }
                    Woken::News => {}
                }
            }
            self.check_caller().await?;
            self.read(&mut bytes).await?;
        }
        Ok(Some(bytes.into()))
    }

    /// Reads a page and writes its events.
    async fn read(&mut self, bytes: &mut Vec<u8>) -> Result<()> {
        let rows = Changes::page(Rc::clone(&self.call), self.page.clone()).await?;
        let read = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        self.is_behind = read >= self.page.limit;
        if let Some(last) = rows.last() {
            self.page.after = Some(Changes::mark(last, self.page.sort));
        }
        rows.iter()
            .try_for_each(|row| write(row, &self.members, bytes))
    }

    /// Whether the caller may still read: its token lives shorter than the stream.
    async fn check_caller(&self) -> Result<()> {
        let (app, headers) = (&self.call.app, self.call.request().headers());
        let claims = app.authenticator.claims_of(&app.db, headers, app.now());
        claims.await.map(|_| ())
    }
}

/// One event. JSON is written on one line.
fn write(change: &ChangeAnswer, members: &Members, bytes: &mut Vec<u8>) -> Result<()> {
    bytes.extend_from_slice(format!("id: {}\ndata: ", change.cursor).as_bytes());
    serde_json::to_writer(&mut *bytes, &members.of(change)?).map_err(Error::internal)?;
    bytes.extend_from_slice(b"\n\n");
    Ok(())
}
