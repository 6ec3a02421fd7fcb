//! The handlers of the codes of errors.

use actix_web::get;
use actix_web::http::header;

use super::model::ProblemTypes;
use super::page;
use super::query::Tongue;
use crate::error::problem::ProblemType;
use crate::error::{Code, Error, Result};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::formats::Form;
use crate::http::query::Documented;

const TAG: &str = "Exploitation";
const UNCHANGED: &str = "Inchangé depuis l'`ETag` donné dans `If-None-Match`";
/// What the answer depends on beside its address.
const DEPENDS_ON: &str = "Accept, Accept-Encoding, Accept-Language";

/// Les codes d'erreur
///
/// Ce que chacun veut dire et ce qu'il faut faire, en français ou en anglais. `Accept: text/html` en
/// donne une page.
#[utoipa::path(tag = TAG, params(Documented<Tongue>), responses(
    (status = 200, description = "Tous les codes", content((ProblemTypes = "application/json"), (String = "text/html"))),
    (status = 304, description = UNCHANGED)
))]
#[get("/problems")]
pub async fn list_problems(call: Call<Tongue>) -> Result<Answer> {
    let language = call.query.0.unwrap_or(call.admitted.language);
    let data = Code::ALL
        .iter()
        .map(|code| ProblemType::of(*code, language))
        .collect();
    let faults = ProblemType::of_faults(language);
    let all = ProblemTypes { data, faults };
    let answer = match call.admitted.form {
        Form::Html => page::of_all(&call, &all),
        _ => Answer::digested(&all)?.header(header::VARY, DEPENDS_ON),
    };
    Ok(answer)
}

/// Un code d'erreur
///
/// L'adresse que donne le champ `type` d'un document d'erreur ; les codes de `errors` et de `warnings`
/// ont la leur de même. `Accept: text/html` en donne une page.
#[utoipa::path(
    tag = TAG,
    params(("code" = String, Path, description = "Le code", example = "validation_failed"), Documented<Tongue>),
    responses(
        (status = 200, description = "Sa documentation", content((ProblemType = "application/json"), (String = "text/html"))),
        (status = 304, description = UNCHANGED)
    )
)]
#[get("/problems/{code}")]
pub async fn get_problem(call: Call<Tongue>) -> Result<Answer> {
    let language = call.query.0.unwrap_or(call.admitted.language);
    let name = call.segment("code");
    let found = match Code::named(name) {
        Some(code) => Some(ProblemType::of(code, language)),
        None => ProblemType::of_fault(name, language),
    };
    let found = found.ok_or_else(Error::not_found)?;
    let answer = match call.admitted.form {
        Form::Html => page::of(&call, &found),
        _ => Answer::digested(&found)?.header(header::VARY, DEPENDS_ON),
    };
    Ok(answer)
}
