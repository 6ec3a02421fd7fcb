//! What is measured, in Prometheus' text format, on the admin listener.

mod process;

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use actix_web::http::StatusCode;
use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// The recorder of one application. It is its own and not the process's, so that tests do not
/// share figures.
pub struct Metrics {
    recorder: metrics_exporter_prometheus::PrometheusRecorder,
    handle: PrometheusHandle,
    /// What was observed before, by operation: naming a series anew costs ten times an increment.
    known: RwLock<HashMap<String, Series>>,
    not_kept: Counter,
}

struct Series {
    durations: Histogram,
    /// By status.
    requests: Vec<(StatusCode, Counter)>,
}

/// Upper bounds of the duration histogram, in seconds.
const BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// What each series says.
fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!(
        "ree_requests_total",
        "Requests answered, by operation and status."
    );
    describe_histogram!(
        "ree_request_duration_seconds",
        Unit::Seconds,
        "From the first byte of a request to the head of its answer."
    );
    describe_gauge!(
        "ree_requests_in_flight",
        "Requests that run, or wait for their turn, by class."
    );
    describe_gauge!(
        "ree_body_memory_free_bytes",
        Unit::Bytes,
        "Memory left for bodies of requests."
    );
    describe_counter!(
        "ree_webhook_deliveries_total",
        "Messages sent to webhooks, by outcome."
    );
    describe_histogram!(
        "ree_webhook_delivery_duration_seconds",
        Unit::Seconds,
        "From connecting to a webhook's receiver to the end of what is read of its answer."
    );
    describe_gauge!(
        "ree_waiting_readers",
        "Readers of the change feed that wait for what comes."
    );
    describe_gauge!("ree_connections", "Connections of callers that are open.");
    describe_gauge!(
        "ree_pool_max_connections",
        "Connections to PostgreSQL that the pools of all workers may have, by pool."
    );
    describe_gauge!(
        "ree_pool_connections",
        "Connections to PostgreSQL that pools have, by pool and state: in use, or idle."
    );
    describe_gauge!(
        "ree_pool_waiting",
        "Requests that wait for a connection of a pool."
    );
    describe_counter!(
        "ree_reads_total",
        "Reads that may be a standby's, by the server that they went to."
    );
    describe_gauge!(
        "ree_standby_up",
        "1 where a standby is read from, 0 where it does not answer, lags too far or follows another primary."
    );
    describe_gauge!(
        "ree_standby_age_seconds",
        Unit::Seconds,
        "How long ago all was written that a standby lacks."
    );
    describe_counter!("ree_job_runs_total", "Runs of each job, by outcome.");
    describe_gauge!(
        "ree_job_last_success_timestamp_seconds",
        Unit::Seconds,
        "When each job last did what it is for."
    );
    describe_gauge!(
        "ree_feed_delay_seconds",
        Unit::Seconds,
        "How long the oldest transaction that is writing holds up what follows it in the change feed."
    );
    describe_gauge!(
        "ree_build_info",
        "1, with the version of the program that runs."
    );
    describe_gauge!("ree_webhooks", "Webhooks, by how they fare.");
    describe_counter!(
        "ree_request_log_dropped_total",
        "Requests of callers that are not kept for them to read: there were too many at once."
    );
    describe_counter!(
        "ree_rate_limited_total",
        "Requests refused because a client asked too much (429)."
    );
    describe_counter!(
        "ree_pages_total",
        "Public pages that read the register, by where they came from: kept, or made."
    );
    describe_counter!(
        "ree_overload_refused_total",
        "Requests refused because too many waited (503)."
    );
}

impl Default for Metrics {
    fn default() -> Self {
        let builder = PrometheusBuilder::new()
            .set_buckets(BUCKETS)
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            describe();
            process::describe();
            let version = env!("CARGO_PKG_VERSION");
            metrics::gauge!("ree_build_info", "version" => version).set(1.0);
        });
        let not_kept = metrics::with_local_recorder(&recorder, || {
            metrics::counter!("ree_request_log_dropped_total")
        });
        Self {
            recorder,
            handle,
            known: RwLock::default(),
            not_kept,
        }
    }
}

impl Metrics {
    /// One answered request.
    pub fn observe(&self, operation: &str, status: StatusCode, elapsed: Duration) {
        let operation = if operation.is_empty() {
            "none"
        } else {
            operation
        };
        if !self.count(operation, status, elapsed) {
            self.name(operation, status);
            self.count(operation, status, elapsed);
        }
    }

    /// False when the series has no name yet.
    fn count(&self, operation: &str, status: StatusCode, elapsed: Duration) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let Some(series) = known.get(operation) else {
            return false;
        };
        let Some((_, requests)) = series.requests.iter().find(|(known, _)| *known == status) else {
            return false;
        };
        requests.increment(1);
        series.durations.record(elapsed.as_secs_f64());
        true
    }

    fn name(&self, operation: &str, status: StatusCode) {
        let labels = [
            ("operation", operation.to_owned()),
            ("status", status.as_u16().to_string()),
        ];
        let (requests, durations) = metrics::with_local_recorder(&self.recorder, || {
            let durations = metrics::histogram!("ree_request_duration_seconds", "operation" => operation.to_owned());
            (metrics::counter!("ree_requests_total", &labels), durations)
        });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let series = known.entry(operation.to_owned()).or_insert(Series {
            durations,
            requests: Vec::new(),
        });
        series.requests.push((status, requests));
    }

    /// Requests that are not kept for their caller.
    pub fn count_not_kept(&self, requests: u64) {
        self.not_kept.increment(requests);
    }

    /// Sets what is only known now, before it is read.
    pub fn set(&self, values: impl FnOnce()) {
        metrics::with_local_recorder(&self.recorder, values);
    }

    /// The text a Prometheus server reads.
    pub fn render(&self) -> String {
        self.set(process::measure);
        self.handle.render()
    }

    /// Folds what was recorded since the last time: to be called every few seconds.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}
