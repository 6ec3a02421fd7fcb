//! The handler of summaries.

use actix_web::get;
use actix_web::http::header::{CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY};

use super::model::ConventionSummary;
use super::page::page;
use super::reading::{Question, read};
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::formats::Form;
use crate::http::query::Documented;
use crate::language::Language;
use crate::results::year::Year;
use crate::values::ids::ConventionId;

/// The printed page runs nothing and fetches nothing: only its own style is its own.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Synthèse d'une convention
///
/// Pour une année scolaire : la convention telle que son texte est à la fin de l'année, les chiffres
/// des bilans validés au total, par académie, par type d'action et par niveau, les objectifs et ce
/// qui en a été atteint, les bilans attendus et validés, la couverture, et le début des récits que
/// vous pouvez lire. Le ministère lit tous les chiffres, une académie et un établissement ceux de
/// leur périmètre ; les partenaires et les lecteurs lisent ceux qui sont publiés à
/// `/v1/indicators/values` : ici `figures` est null et la note `published_figures_only` le dit. Une année où la convention n'est en vigueur aucun
/// jour, ou qui n'a pas commencé : 422. `Accept: text/html` en donne une page à imprimer, toujours
/// en français.
#[utoipa::path(
    tag = "Conventions",
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        Documented<Year>,
    ),
    responses((status = 200, description = "La synthèse", content(
        (ConventionSummary = "application/json"), (String = "text/html")
    )))
)]
#[get("/v1/conventions/{id}/summary")]
pub async fn get_convention_summary(call: Call<Year>) -> Result<Answer> {
    let is_page = call.admitted.form == Form::Html;
    let year = call.query.0.clone();
    let question = Question {
        convention: call.id("id"),
        year: year.ok_or_else(|| Error::internal("a year that was not read"))?,
        now: call.app.now(),
        language: if is_page {
            Language::French
        } else {
            call.admitted.language
        },
    };
    let mut connection = call.long_reader().await?;
    let summary = read(&mut connection, call.scope()?, &question).await?;
    if !is_page {
        return Answer::digested(&summary);
    }
    let answer = Answer::text("text/html; charset=utf-8", page(&summary).into_string());
    Ok(answer
        .header(CONTENT_SECURITY_POLICY, POLICY)
        .header(CONTENT_LANGUAGE, Language::French.tag()))
}
