//! What is done now and then, beside requests: a job is a name, a period and a function.
//!
//! Each job runs when the service starts and again each time its period has passed since it ended. A job
//! that fails is logged, and tried again after its period. Every instance of the service runs them
//! all: a job must do no harm when another does the same at the same moment.

mod expiry;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::{BoxFuture, join_all};

use crate::app::{App, Shared};
use crate::error::Result;
use crate::integration::changes::store::delay;
use crate::integration::requests::keeping as requests;
use crate::integration::webhooks::{sending as webhooks, store};

/// A job.
pub struct Job {
    /// Its name in the log.
    pub name: &'static str,
    /// How long it rests.
    pub period: Duration,
    /// Whether it writes to the database: it rests while no server takes writes.
    pub writes: bool,
    /// What it does.
    pub run: for<'a> fn(&'a App) -> BoxFuture<'a, Result<()>>,
}

/// How often revocations and signing keys are read again: what one instance revokes, all refuse within
/// five seconds.
const REVOCATIONS: Duration = Duration::from_secs(2);
/// How often what has expired is removed.
const EXPIRY: Duration = Duration::from_secs(3600);
/// How long the last of it may take when the service stops.
const PARTING: Duration = Duration::from_secs(2);
/// How often what is only known to the database is measured.
const GAUGES: Duration = Duration::from_secs(15);

/// All of them.
pub const JOBS: &[Job] = &[
    Job {
        name: "read revocations",
        period: REVOCATIONS,
        writes: false,
        run: |app| Box::pin(read_revocations(app)),
    },
    Job {
        name: "remove old idempotency keys",
        period: EXPIRY,
        writes: true,
        run: |app| Box::pin(expiry::remove_idempotency_keys(app)),
    },
    Job {
        name: "remove expired revoked tokens",
        period: EXPIRY,
        writes: true,
        run: |app| Box::pin(expiry::remove_revoked_tokens(app)),
    },
    Job {
        name: "remove old verdicts",
        period: EXPIRY,
        writes: true,
        run: |app| Box::pin(expiry::remove_verdicts(app)),
    },
    Job {
        name: "remove old pushes",
        period: EXPIRY,
        writes: true,
        run: |app| Box::pin(expiry::remove_pushes(app)),
    },
    Job {
        name: "remove old events of the feed",
        period: EXPIRY,
        writes: true,
        run: |app| Box::pin(expiry::remove_changes(app)),
    },
    Job {
        name: "send webhooks",
        period: webhooks::PERIOD,
        writes: true,
        run: |app| Box::pin(webhooks::run(app)),
    },
    Job {
        name: "count webhooks",
        period: GAUGES,
        writes: false,
        run: |app| Box::pin(count_webhooks(app)),
    },
    Job {
        name: "measure the feed",
        period: GAUGES,
        writes: false,
        run: |app| Box::pin(measure_feed(app)),
    },
    Job {
        name: "remove old deliveries",
        period: EXPIRY,
        writes: true,
        run: |app| Box::pin(expiry::remove_deliveries(app)),
    },
    Job {
        name: "keep requests",
        period: requests::PERIOD,
        writes: true,
        run: |app| Box::pin(requests::write(app)),
    },
    Job {
        name: "remove surplus requests",
        period: requests::SURPLUS,
        writes: true,
        run: |app| Box::pin(requests::remove_surplus(app)),
    },
    Job {
        name: "remove old requests",
        period: EXPIRY,
        writes: true,
        run: |app| Box::pin(requests::remove_old(app)),
    },
    Job {
        name: "fold metrics",
        period: REVOCATIONS,
        writes: false,
        run: |app| Box::pin(fold_metrics(app)),
    },
];

/// Runs all jobs, until it is dropped.
pub async fn run(shared: Arc<Shared>) {
    match App::new(shared) {
        Ok(app) => {
            join_all(JOBS.iter().map(|job| job.repeat(&app))).await;
        }
        Err(error) => log::error!("jobs cannot start: {error}"),
    }
}

/// What is done once more when the service stops, after the last answer.
pub async fn finish(shared: Arc<Shared>) {
    let kept = async { requests::write(&App::new(shared)?).await };
    match tokio::time::timeout(PARTING, kept).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => log::warn!("the last requests are not kept: {error}"),
        Err(_) => log::warn!("the last requests are not kept: PostgreSQL does not answer"),
    }
}

impl Job {
    async fn repeat(&self, app: &App) {
        loop {
            if !(self.writes && app.db.is_read_only()) {
                let outcome = (self.run)(app).await;
                self.measure(app, outcome.is_ok());
                if let Err(error) = outcome {
                    log::warn!("{}: {error}", self.name);
                }
            }
            tokio::time::sleep(self.period).await;
        }
    }

    /// Counts a run, and notes the moment of one that did what it is for.
    fn measure(&self, app: &App, is_done: bool) {
        let outcome = if is_done { "done" } else { "failed" };
        let now = u32::try_from(app.now().timestamp()).unwrap_or_default();
        app.metrics.set(|| {
            let of = [("task", self.name), ("outcome", outcome)];
            metrics::counter!("ree_job_runs_total", &of).increment(1);
            if is_done {
                metrics::gauge!("ree_job_last_success_timestamp_seconds", "task" => self.name)
                    .set(f64::from(now));
            }
        });
    }
}

async fn read_revocations(app: &App) -> Result<()> {
    let now = app.now();
    app.authenticator
        .refresh(&app.db, TimeDelta::zero(), now)
        .await
}

async fn fold_metrics(app: &App) -> Result<()> {
    app.metrics.upkeep();
    app.limits.rates.forget_full();
    Ok(())
}

async fn measure_feed(app: &App) -> Result<()> {
    let seconds = delay::seconds(&*app.db.reader().await?).await?;
    app.metrics
        .set(|| metrics::gauge!("ree_feed_delay_seconds").set(seconds));
    Ok(())
}

async fn count_webhooks(app: &App) -> Result<()> {
    let counts = store::counts::counts(&*app.db.reader().await?).await?;
    app.metrics.set(|| {
        for (state, count) in [
            ("active", counts.active),
            ("failing", counts.failing),
            ("paused", counts.paused),
            ("disabled", counts.disabled),
        ] {
            metrics::gauge!("ree_webhooks", "state" => state).set(f64::from(count));
        }
    });
    Ok(())
}
