//! The handler of progress.

use actix_web::get;

use super::model::CampaignProgress;
use super::store;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::results::campaigns::store as campaigns;
use crate::values::ids::CampaignId;
use crate::values::today;

/// Avancement d'une campagne
///
/// Combien de bilans sont attendus, rédigés, transmis, validés, en retard : au total, par région
/// académique, par académie et par convention. Une académie lit ce qui est de son périmètre.
#[utoipa::path(
    tag = "Campagnes",
    params(("id" = CampaignId, Path, description = "Identifiant de la campagne")),
    responses((status = 200, description = "L'avancement", body = CampaignProgress))
)]
#[get("/v1/campaigns/{id}/progress")]
pub async fn get_campaign_progress(call: Call) -> Result<Answer> {
    // On a connection of its own: what counts every report must not delay the reads of others.
    let (scope, connection) = (call.scope()?, call.long_reader().await?);
    let campaign = campaigns::find(&connection, scope, call.id("id")).await?;
    let day = today(call.app.now());
    let rows = store::progress(&connection, scope, &campaign.content, day).await?;
    Answer::digested(&CampaignProgress::of(campaign, rows))
}
