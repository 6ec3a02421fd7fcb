//! What is done now and then, beside requests.

use chrono::TimeDelta;
use ree::app::App;
use ree::auth::{Identity, Scopes};
use ree::jobs::JOBS;
use serde_json::json;

use crate::support::Service;

const KEYS: &str = "SELECT count(*) FROM idempotency_keys";
const TOKENS: &str = "SELECT count(*) FROM revoked_tokens";

/// Does each job once, as the service does them on its start.
async fn do_all(service: &Service) {
    let app = App::new(service.shared.clone()).unwrap();
    for job in JOBS {
        (job.run)(&app).await.expect(job.name);
    }
}

#[actix_web::test]
async fn jobs_are_told_apart_by_their_names() {
    let mut names: Vec<&str> = JOBS.iter().map(|job| job.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), JOBS.len());
}

#[actix_web::test]
async fn keys_are_kept_for_thirty_days_and_revoked_tokens_until_they_expire() {
    let service = Service::start().await;
    let now = service.shared.clock.now();
    for (key, age) in [("aa", TimeDelta::days(31)), ("bb", TimeDelta::days(29))] {
        let row = json!({ "scope": format!("\\x{key}"), "request_hash": "\\x00", "status": 201, "created_at": now - age });
        service.store("idempotency_keys", &row).await;
    }
    for until in [-1, 1].map(TimeDelta::minutes) {
        let row = json!({ "jti": service.shared.clock.new_id(), "expires_at": now + until });
        service.store("revoked_tokens", &row).await;
    }
    do_all(&service).await;
    assert_eq!(service.number(KEYS).await, 1);
    assert_eq!(service.number(TOKENS).await, 1);
    // Another instance does the same at any moment: nothing more is removed.
    do_all(&service).await;
    assert_eq!(service.number(KEYS).await, 1);
    assert_eq!(service.number(TOKENS).await, 1);
}

#[actix_web::test]
async fn what_another_instance_revoked_is_refused_once_revocations_are_read() {
    let service = Service::start().await;
    let claims = service.claims(Identity::Ministry, Scopes::ReadWrite);
    let ministry = service.anon().with_token(&service.sign(&claims));
    ministry.get("/v1/partners?limit=1").await.expect(200);
    let row = json!({ "jti": claims.jti, "expires_at": claims.exp });
    service.store("revoked_tokens", &row).await;
    do_all(&service).await;
    ministry.get("/v1/partners?limit=1").await.expect(401);
}
