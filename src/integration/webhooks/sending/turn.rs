//! A webhook's turn: it is told what it has not been told, in the order of the feed.
//!
//! Changes of different objects are sent together, those of one object one after the other. The first one
//! that is not accepted stops the webhook where it is; then a single one is tried until it is.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use super::backoff::pause;
use super::connect::Failure;
use super::exchange::{Answered, Letter, Session, send};
use super::message::{Message, message_id};
use crate::app::App;
use crate::auth::policy::Scope;
use crate::db::tx::{Author, Tx};
use crate::error::{Error, Result};
use crate::integration::webhooks::cursor::PlaceCursors;
use crate::integration::webhooks::deliveries::model::{Event, Outcome};
use crate::integration::webhooks::model::{DisabledReason, FeedPlace, PATIENCE};
use crate::integration::webhooks::owner::rights_now;
use crate::integration::webhooks::reserved::Reach;
use crate::integration::webhooks::secrets::WebhookSecret;
use crate::integration::webhooks::sending::queue::{self, Queue, Queued};
use crate::integration::webhooks::store::sending::{
    self as store, Attempted, Claimed, Progress, Sent,
};
use crate::integration::webhooks::workflow;
use crate::values::ids::DeliveryId;

/// How long a webhook goes on before others have their turn.
const TURN: Duration = Duration::from_secs(5);
/// How many are sent together.
const TOGETHER: usize = 16;
/// How many are sent beside the feed in a turn.
const BESIDE: i64 = 10;

/// A webhook's turn.
pub struct Turn<'a> {
    app: &'a App,
    lease: Uuid,
    webhook: Claimed,
    url: Url,
    secrets: Vec<WebhookSecret>,
    /// Connections that can serve again.
    sessions: Vec<Session>,
}

/// Whether a turn goes on.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    Stop,
}

/// Gives a webhook its turn, and ends it.
pub async fn take(app: &App, lease: Uuid, webhook: Claimed) {
    let id = webhook.id;
    let outcome = async {
        let mut turn = Turn::begin(app, lease, webhook).await?;
        turn.run().await
    };
    if let Err(error) = outcome.await {
        // Its turn ends by itself, in a minute: it is not tried again at once.
        log::warn!("webhook {id}: {error}");
        return;
    }
    let released = async {
        let mut connection = app.db.borrow().await?;
        store::release(&mut connection, id, lease).await
    };
    if let Err(error) = released.await {
        log::warn!("webhook {id}: {error}");
    }
}

impl<'a> Turn<'a> {
    async fn begin(app: &'a App, lease: Uuid, webhook: Claimed) -> Result<Self> {
        let sealer = app.authenticator.tokens().keys().sealer();
        let reader = app.db.reader().await?;
        let sealed = store::secrets(&reader, webhook.id, app.now()).await?;
        let opened = sealed.iter().filter_map(|secret| {
            let bytes = sealer.open(&secret.webhook_id.to_string(), &secret.sealed)?;
            WebhookSecret::of_bytes(&bytes)
        });
        Ok(Self {
            app,
            lease,
            url: Url::parse(&webhook.url).map_err(Error::internal)?,
            secrets: opened.collect(),
            webhook,
            sessions: Vec::new(),
        })
    }

    async fn run(&mut self) -> Result<()> {
        let scope = match self.rights().await? {
            Ok(scope) => scope,
            Err(reason) => return self.give_up(reason).await,
        };
        if self.send_beside(&scope).await? == Next::GoOn && self.webhook.is_active {
            self.follow_the_feed().await?;
        }
        Ok(())
    }

    /// What it may read at this moment.
    async fn rights(&self) -> Result<std::result::Result<Scope, DisabledReason>> {
        let acts_as = self.webhook.acts_as.0.clone();
        rights_now(self.app, self.webhook.client_id, acts_as).await
    }

    /// Sends tests, and what is to be sent again: each once.
    async fn send_beside(&mut self, scope: &Scope) -> Result<Next> {
        let reader = self.app.db.reader().await?;
        let pending =
            store::beside_the_feed(&reader, self.webhook.id, BESIDE, self.app.now()).await?;
        if pending.is_empty() {
            return Ok(Next::GoOn);
        }
        let (app, own) = (self.app, (self.webhook.position, self.webhook.seq));
        let places = pending.iter().map(|one| one.event.place().unwrap_or(own));
        let cursors = PlaceCursors::of(&reader, &app.cursors, scope, places).await?;
        for one in pending {
            let id = message_id(self.webhook.id, one.event.place(), one.id);
            let answered = self.send_all(&cursors, &[(id, &one.event)]).await?;
            let Some(answered) = answered.first() else {
                continue;
            };
            let attempt = self.attempted(answered, Outcome::Failed);
            let (id, now) = (self.webhook.id, self.app.now());
            let mut connection = self.app.db.borrow().await?;
            if !store::mark_one(&mut connection, id, self.lease, one.id, &attempt, now).await? {
                return Ok(Next::Stop);
            }
        }
        Ok(Next::GoOn)
    }

    async fn follow_the_feed(&mut self) -> Result<()> {
        let until = Instant::now() + TURN;
        while Instant::now() < until {
            let scope = match self.rights().await? {
                Ok(scope) => scope,
                Err(reason) => return self.give_up(reason).await,
            };
            let reader = self.app.db.reader().await?;
            let queue = queue::read(&reader, &scope, &self.webhook).await?;
            let is_last = queue.is_last;
            let app = self.app;
            let places = queue.waiting.iter().map(|one| one.place);
            let cursors = PlaceCursors::of(&reader, &app.cursors, &scope, places).await?;
            if self.send_queue(&cursors, queue).await? == Next::Stop || is_last {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn send_queue(&mut self, cursors: &PlaceCursors<'_>, mut queue: Queue) -> Result<Next> {
        loop {
            let together = self.together(&mut queue.waiting);
            let events: Vec<(String, &Event)> = together
                .iter()
                .map(|one| {
                    let place = Some(one.place);
                    (
                        message_id(self.webhook.id, place, DeliveryId::new(Uuid::nil())),
                        &one.event,
                    )
                })
                .collect();
            let answered = self.send_all(cursors, &events).await?;
            let done = if queue.waiting.is_empty() {
                queue.end
            } else {
                together.last().map_or(queue.end, |last| last.place)
            };
            let next = self.settle(together, &answered, done).await?;
            if next == Next::Stop || queue.waiting.is_empty() {
                return Ok(next);
            }
        }
    }

    /// The next ones that may be sent together: no two of one object.
    fn together(&self, waiting: &mut VecDeque<Queued>) -> Vec<Queued> {
        let most = if self.webhook.failing_since.is_some() {
            1
        } else {
            TOGETHER
        };
        let (mut objects, mut together) = (HashSet::new(), Vec::new());
        while together.len() < most {
            match waiting.pop_front() {
                Some(next) if objects.insert(next.event.object_id) => together.push(next),
                Some(next) => {
                    waiting.push_front(next);
                    break;
                }
                None => break,
            }
        }
        together
    }

    /// Sends these at the same time.
    async fn send_all(
        &mut self,
        cursors: &PlaceCursors<'_>,
        events: &[(String, &Event)],
    ) -> Result<Vec<Answered>> {
        let place = (self.webhook.position, self.webhook.seq);
        let now = self.app.now();
        let mut letters = Vec::with_capacity(events.len());
        for (id, event) in events {
            let message = Message::of(id.clone(), event, place, cursors)?;
            let signatures = message.signatures(&self.secrets, now)?;
            letters.push((message, signatures, self.sessions.pop()));
        }
        let reach = Reach {
            private: self.app.config.webhooks_allow_private,
        };
        let (url, is_signed) = (&self.url, !self.secrets.is_empty());
        let sendings = letters
            .into_iter()
            .map(|(message, signatures, session)| async move {
                if !is_signed {
                    return (Answered::nothing(Failure::SecretLost), None);
                }
                let letter = Letter {
                    url,
                    message: &message,
                    signatures: &signatures,
                    now,
                };
                send(&letter, reach, session).await
            });
        let (answered, sessions): (Vec<Answered>, Vec<Option<Session>>) =
            join_all(sendings).await.into_iter().unzip();
        self.sessions.extend(sessions.into_iter().flatten());
        for one in &answered {
            measure(self.app, one);
        }
        Ok(answered)
    }

    /// Notes what became of those sent together; `done` is how far the feed is done with when all were
    /// accepted.
    async fn settle(
        &mut self,
        together: Vec<Queued>,
        answered: &[Answered],
        done: FeedPlace,
    ) -> Result<Next> {
        let now = self.app.now();
        let progress = self.progress(together, answered, done);
        let has_failed = progress.has_failed == Some(true);
        let mut connection = self.app.db.borrow().await?;
        let (id, lease) = (self.webhook.id, self.lease);
        let Some(marked) = store::mark(&mut connection, id, lease, &progress, now).await? else {
            return Ok(Next::Stop);
        };
        drop(connection);
        (self.webhook.position, self.webhook.seq) = progress.place;
        self.webhook.failing_since = marked.failing_since;
        let is_over = marked
            .failing_since
            .is_some_and(|since| now - since >= PATIENCE);
        if answered.iter().any(|one| one.status == Some(410)) {
            self.give_up(DisabledReason::ReceiverGone).await?;
        } else if is_over {
            self.give_up(DisabledReason::ReceiverFailing).await?;
        }
        // Its caller has changed it: the next turn reads it anew.
        let goes_on = !has_failed && marked.version == self.webhook.version;
        Ok(if goes_on { Next::GoOn } else { Next::Stop })
    }

    /// What those sent together have come to.
    fn progress(&self, together: Vec<Queued>, answered: &[Answered], done: FeedPlace) -> Progress {
        let now = self.app.now();
        let failed = answered.iter().position(|one| !one.is_accepted());
        let asked = failed
            .and_then(|at| answered.get(at))
            .and_then(|one| one.retry_after);
        let failures = self.webhook.failures.saturating_add(1);
        let before = |at: usize| at.checked_sub(1).and_then(|last| together.get(last));
        let stays = (self.webhook.position, self.webhook.seq);
        Progress {
            place: failed.map_or(done, |at| before(at).map_or(stays, |last| last.place)),
            has_delivered: answered.iter().any(Answered::is_accepted),
            has_failed: (!answered.is_empty()).then_some(failed.is_some()),
            due_at: failed.map_or(now, |_| now + pause(failures, asked, rand::random())),
            sent: self.sent(together, answered),
        }
    }

    fn sent(&self, together: Vec<Queued>, answered: &[Answered]) -> Vec<Sent> {
        let told = together.into_iter().zip(answered);
        let one = |(queued, answered): (Queued, &Answered)| Sent {
            id: self.app.new_id(),
            kind: queued.event.type_,
            position: queued.place.0,
            seq: queued.place.1,
            object_type: queued.event.object_type,
            object_id: queued.event.object_id,
            object_url: queued.event.object_url,
            object_version: queued.event.object_version,
            occurred_at: queued.event.occurred_at,
            traceparent: queued.event.traceparent,
            attempt: self.attempted(answered, Outcome::Pending),
        };
        told.map(one).collect()
    }

    /// What became of a sending; `otherwise` is what it is when it was not accepted.
    fn attempted(&self, answered: &Answered, otherwise: Outcome) -> Attempted {
        Attempted {
            outcome: if answered.is_accepted() {
                Outcome::Delivered
            } else {
                otherwise
            },
            attempted_at: self.app.now(),
            duration_ms: i32::try_from(answered.duration.as_millis()).unwrap_or(i32::MAX),
            status_code: answered.status.map(i32::from),
            answer: answered.text.clone(),
            error: answered.failure.map(str::to_owned),
        }
    }

    /// Gives the webhook up: an event of its own, for those who follow the feed.
    async fn give_up(&self, reason: DisabledReason) -> Result<()> {
        let mut connection = self.app.db.borrow().await?;
        let author = Author {
            subject: "ree".to_owned(),
            role: "ministry".to_owned(),
            client_id: "ree".to_owned(),
            request_id: self.app.new_id().to_string(),
        };
        let mut tx = Tx::begin(&mut connection, author, &self.app.clock).await?;
        match workflow::disable(&mut tx, self.webhook.id, reason).await {
            Ok(()) => {
                tx.commit().await?;
            }
            Err(error) => {
                tx.rollback().await;
                return Err(error);
            }
        }
        log::info!("webhook {}: disabled ({})", self.webhook.id, reason.code());
        Ok(())
    }
}

/// One sending, in the metrics.
fn measure(app: &App, answered: &Answered) {
    let outcome = match (answered.is_accepted(), answered.failure) {
        (true, _) => "delivered",
        (false, Some(failure)) => failure,
        (false, None) => "refused",
    };
    app.metrics.set(|| {
        metrics::counter!("ree_webhook_deliveries_total", "outcome" => outcome).increment(1);
        metrics::histogram!("ree_webhook_delivery_duration_seconds")
            .record(answered.duration.as_secs_f64());
    });
}
