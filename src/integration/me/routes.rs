//! The handler of who the caller is.

use actix_web::get;

use super::model::{CallerLimits, Me};
use crate::db::page::MAX_LIMIT;
use crate::error::{Code, Error, Result};
use crate::http::answer::Answer;
use crate::http::body::MAX_BODY;
use crate::http::bulk;
use crate::http::call::Call;
use crate::http::limits::rates;
use crate::integration::webhooks::store::failing::failing;

const TAG: &str = "Clients";

/// Qui suis-je
///
/// Ce que dit le jeton de l'appelant : son rôle, son périmètre, ce qu'il permet et jusqu'à quand ; et ce que
/// l'appelant peut demander au service ; lesquels de ses webhooks échouent, depuis quand, et ce qui leur a été
/// répondu.
#[utoipa::path(
    tag = TAG,
    responses((status = 200, description = "L'appelant", body = Me))
)]
#[get("/v1/me")]
pub async fn get_me(call: Call) -> Result<Answer> {
    let claims = call.admitted.claims.as_deref();
    let claims = claims.ok_or_else(|| Error::new(Code::Unauthorized))?;
    let quota = rates::quota(call.app.config.rate);
    let limits = CallerLimits {
        quota,
        window_seconds: rates::WINDOW,
        body_bytes: MAX_BODY,
        batch_items: bulk::BATCH_ITEMS,
        step_items: bulk::MOST,
        page_items: MAX_LIMIT,
    };
    let failing_webhooks = failing(&*call.reader().await?, call.scope()?).await?;
    Answer::digested(&Me::of(claims, limits, failing_webhooks))
}
