//! The handler of a declination's progress.

use actix_web::get;

use super::model::{DeclinationProgress, values};
use super::reading::{targets, whole};
use crate::agreements::declinations::store as declinations;
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::query::Documented;
use crate::results::year::Year;
use crate::values::ids::DeclinationId;

/// Avancement d'une déclinaison
///
/// Pour une année scolaire : ce qui a été fait sous elle, d'après les bilans validés qui s'y
/// rattachent ou se rattachent aux déclinaisons qu'elle contient, et chacun de ses objectifs de
/// l'année à côté. Le ministère lit tout, une académie et un établissement ce qui est tout entier de
/// leur périmètre : le reste est null.
#[utoipa::path(
    tag = "Déclinaisons",
    params(
        ("id" = DeclinationId, Path, description = "Identifiant de la déclinaison"),
        Documented<Year>,
    ),
    responses((status = 200, description = "L'avancement", body = DeclinationProgress))
)]
#[get("/v1/declinations/{id}/progress")]
pub async fn get_declination_progress(call: Call<Year>) -> Result<Answer> {
    let year = call.query.0.as_ref();
    let year = year.ok_or_else(|| Error::internal("a year that was not read"))?;
    let (scope, connection) = (call.scope()?, call.long_reader().await?);
    let found = declinations::find(&connection, scope, call.id("id")).await?;
    let declination = found.declination;
    let (targets, done) = tokio::try_join!(
        targets(
            &connection,
            scope,
            std::slice::from_ref(&declination),
            Some(year)
        ),
        whole(&connection, scope, &declination, year),
    )?;
    Answer::digested(&DeclinationProgress {
        declination_id: declination.id,
        convention_id: declination.content.convention_id,
        school_year: year.clone(),
        territories: declination.content.territories,
        targets: targets.into_iter().map(|(_, target)| target).collect(),
        values: values(done.as_ref()),
        completeness: done.as_ref().map(super::store::Done::completeness),
    })
}
