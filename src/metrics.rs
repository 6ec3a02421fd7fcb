//! What is measured, in Prometheus' text format, on the admin listener.

use std::time::Duration;

use actix_web::http::StatusCode;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// The recorder of one application. It is its own and not the process's, so that tests do not
/// share figures.
pub struct Metrics {
    recorder: metrics_exporter_prometheus::PrometheusRecorder,
    handle: PrometheusHandle,
}

/// Upper bounds of the duration histogram, in seconds.
const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

impl Default for Metrics {
    fn default() -> Self {
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets(BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        Self { recorder, handle }
    }
}

impl Metrics {
    /// One answered request.
    pub fn observe(&self, operation: &str, status: StatusCode, elapsed: Duration) {
        let operation = if operation.is_empty() { "none" } else { operation };
        let labels = [("operation", operation.to_owned()), ("status", status.as_u16().to_string())];
        metrics::with_local_recorder(&self.recorder, || {
            metrics::counter!("ree_requests_total", &labels).increment(1);
            metrics::histogram!("ree_request_duration_seconds", "operation" => operation.to_owned())
                .record(elapsed.as_secs_f64());
        });
    }

    /// The text a Prometheus server reads.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds what was recorded since the last time: to be called every few seconds.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}
