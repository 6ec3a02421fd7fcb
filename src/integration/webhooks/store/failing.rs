//! A caller's webhooks that fail, with what they were answered.

use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::auth::policy::Scope;
use crate::error::Result;
use crate::integration::webhooks::model::FailingWebhook;

/// A webhook that fails stands before the one message that is not accepted: the next after its place that was
/// not delivered, by the key of deliveries.
const FAILING: &str = "
    SELECT w.id, w.url, w.status, w.disabled_reason, coalesce(w.failing_since, w.updated_at) AS since,
           w.last_success_at, refused.attempted_at AS last_attempt_at, refused.status_code AS last_status_code,
           refused.error AS last_error
      FROM webhooks AS w
      LEFT JOIN LATERAL (
        SELECT attempted_at, status_code, error FROM webhook_deliveries
         WHERE webhook_id = w.id AND (position, seq) > (w.position, w.seq) AND outcome <> 'delivered'
         ORDER BY position, seq LIMIT 1) AS refused ON true
     WHERE w.owner = $1 AND (w.status = 'disabled' OR (w.status = 'active' AND w.failing_since IS NOT NULL))
     ORDER BY w.id";

/// The caller's webhooks that fail or that were given up.
pub async fn failing(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
) -> Result<Vec<FailingWebhook>> {
    Ok(diesel::sql_query(FAILING)
        .bind::<Text, _>(scope.named_caller()?)
        .load(&mut connection)
        .await?)
}
