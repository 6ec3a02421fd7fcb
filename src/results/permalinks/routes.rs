//! The handler of permalinks.

use actix_web::get;

use super::model::ConventionPermalink;
use super::reading;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::values::today;

/// Convention nationale, sans jeton
///
/// Par sa référence, qui ne change pas : ses parties, son texte d'aujourd'hui (à Paris), où elle est
/// déclinée et combien d'établissements elle atteint, et ses chiffres publiés. Une convention locale,
/// ou jamais signée, n'y est pas. Les signataires, les coordonnateurs et les comités de suivi n'y sont
/// pas nommés.
#[utoipa::path(
    tag = "Données ouvertes",
    params(("reference" = String, Path, description = "Sa référence", example = "CN-2019-0001")),
    responses((status = 200, description = "La convention", body = ConventionPermalink))
)]
#[get("/public/conventions/{reference}")]
pub async fn get_public_convention(call: Call) -> Result<Answer> {
    // What counts every school must not delay the reads of others.
    let (scope, connection) = (call.scope()?, call.long_reader().await?);
    let day = today(call.app.now());
    let found = reading::read(&connection, scope, call.segment("reference"), day).await?;
    Answer::digested(&found)
}
