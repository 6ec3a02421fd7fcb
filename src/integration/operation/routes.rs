//! The handlers of operation and documentation.

use std::sync::LazyLock;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::cluster::Standing;
use crate::error::problem::ProblemType;
use crate::error::{Code, Error, Result};
use crate::http::answer::Answer;
use crate::http::call::Call;

const TAG: &str = "Exploitation";
const UNCHANGED: &str = "Inchangé depuis l'`ETag` donné dans `If-None-Match`";

/// L'état du service.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Si le service peut servir, et quoi.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// `primary` : lectures et écritures ; `read_only` : la base de données ne prend aucune écriture à présent, les lectures continuent et les écritures sont 503.
    #[schema(example = "primary")]
    database: &'static str,
}

/// La version du service.
#[derive(Serialize, ToSchema)]
pub struct Version {
    /// `ree`.
    #[schema(example = "ree")]
    name: &'static str,
    /// Version du programme.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Tous les codes d'erreur.
#[derive(Serialize, ToSchema)]
pub struct ProblemTypes {
    /// Leur documentation, code par code.
    data: Vec<ProblemType>,
    /// De même, celle des codes qui ne sont que dans `errors` et dans `warnings`.
    faults: Vec<ProblemType>,
}

/// Le service vit
///
/// 200 tant que le processus répond, même sans base de données.
#[utoipa::path(tag = TAG, responses((status = 200, description = "Il vit", body = Health)))]
#[get("/healthz")]
pub async fn get_health(_call: Call) -> Result<Answer> {
    Answer::json(StatusCode::OK, &Health { status: "ok" })
}

/// Le service peut servir
///
/// 503 tant que la base de données ne répond pas, et dès que le service doit s'arrêter. `database` dit si
/// elle prend des écritures.
#[utoipa::path(tag = TAG, responses(
    (status = 200, description = "Il peut servir", body = Readiness),
    (status = 503, description = "La base de données ne répond pas, ou le service s'arrête", body = crate::error::problem::Problem, content_type = "application/problem+json")
))]
#[get("/readyz")]
pub async fn get_readiness(call: Call) -> Result<Answer> {
    if call.app.is_stopping() {
        return Err(Error::unavailable("the service was told to stop"));
    }
    let database = match call.app.probe.ping().await? {
        Standing::ReadOnly => "read_only",
        _ => "primary",
    };
    let status = "ok";
    Answer::json(StatusCode::OK, &Readiness { status, database })
}

/// Version du service
///
/// Le nom et la version du programme en service.
#[utoipa::path(tag = TAG, responses(
    (status = 200, description = "La version", body = Version),
    (status = 304, description = UNCHANGED)
))]
#[get("/version")]
pub async fn get_version(_call: Call) -> Result<Answer> {
    Answer::digested(&Version {
        name: "ree",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Le document OpenAPI
///
/// Ce document même, en version 3.1.
#[utoipa::path(tag = TAG, responses(
    (status = 200, description = "Le document", body = Object, example = json!({ "openapi": "3.1.0" })),
    (status = 304, description = UNCHANGED)
))]
#[get("/openapi.json")]
pub async fn get_openapi(call: Call) -> Result<Answer> {
    let body = call.app.api.document.clone();
    let etag = format!("\"{}\"", crate::http::answer::digest(body.as_bytes()));
    Ok(Answer {
        status: StatusCode::OK,
        body: body.into(),
        etag: Some(etag),
        content_type: "application/json",
        ..Answer::nothing()
    })
}

/// Les codes d'erreur
///
/// Ce que chacun veut dire et ce qu'il faut faire, en français ou en anglais.
#[utoipa::path(tag = TAG, responses(
    (status = 200, description = "Tous les codes", body = ProblemTypes),
    (status = 304, description = UNCHANGED)
))]
#[get("/problems")]
pub async fn list_problems(call: Call) -> Result<Answer> {
    let language = call.admitted.language;
    let data = Code::ALL
        .iter()
        .map(|code| ProblemType::of(*code, language))
        .collect();
    let faults = ProblemType::of_faults(language);
    Answer::digested(&ProblemTypes { data, faults })
}

/// Un code d'erreur
///
/// L'adresse que donne le champ `type` d'un document d'erreur ; les codes de `errors` et de `warnings`
/// ont la leur de même.
#[utoipa::path(
    tag = TAG,
    params(("code" = String, Path, description = "Le code", example = "validation_failed")),
    responses(
        (status = 200, description = "Sa documentation", body = ProblemType),
        (status = 304, description = UNCHANGED)
    )
)]
#[get("/problems/{code}")]
pub async fn get_problem(call: Call) -> Result<Answer> {
    let (name, language) = (call.segment("code"), call.admitted.language);
    let page = match Code::named(name) {
        Some(code) => Some(ProblemType::of(code, language)),
        None => ProblemType::of_fault(name, language),
    };
    Answer::digested(&page.ok_or_else(Error::not_found)?)
}

/// Contact de sécurité
///
/// RFC 9116.
#[utoipa::path(tag = TAG, responses((status = 200, description = "Le contact", body = String, content_type = "text/plain", example = "Contact: https://ree.example/docs/\nExpires: 2027-09-01T00:00:00Z\n")))]
#[get("/.well-known/security.txt")]
pub async fn get_security_txt(call: Call) -> Result<Answer> {
    let url = &call.app.config.public_url;
    // RFC 9116 §2.5.5 asks for less than a year ahead.
    let expires = (call.app.now() + chrono::TimeDelta::days(180)).format("%Y-%m-%dT00:00:00Z");
    let body = format!(
        "Contact: {url}/docs/\nExpires: {expires}\nPreferred-Languages: fr, en\nCanonical: {url}/.well-known/security.txt\n"
    );
    Ok(Answer {
        status: StatusCode::OK,
        body: body.into(),
        content_type: "text/plain; charset=utf-8",
        ..Answer::nothing()
    })
}

/// Documentation interactive
///
/// Renvoie à la page qui présente ce document.
#[utoipa::path(tag = TAG, responses((status = 303, description = "Vers `/docs/`")))]
#[get("/docs")]
pub async fn redirect_to_docs(_call: Call) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

static PAGE: LazyLock<utoipa_swagger_ui::Config<'static>> =
    LazyLock::new(|| utoipa_swagger_ui::Config::from("/openapi.json"));

/// Documentation interactive
///
/// La page qui présente ce document ; elle fonctionne hors ligne.
#[utoipa::path(tag = TAG, responses((status = 200, description = "La page", body = String, content_type = "text/html")))]
#[get("/docs/")]
pub async fn get_docs(_call: Call) -> Result<HttpResponse> {
    docs_file("index.html")
}

/// Fichier de la documentation interactive
///
/// Styles et programmes de la page, tous servis d'ici.
#[utoipa::path(
    tag = TAG,
    params(("file" = String, Path, description = "Un fichier de la page", example = "index.html")),
    responses((status = 200, description = "Le fichier", body = String, content_type = "*/*"))
)]
#[get("/docs/{file}")]
pub async fn get_docs_file(call: Call) -> Result<HttpResponse> {
    docs_file(call.segment("file"))
}

fn docs_file(name: &str) -> Result<HttpResponse> {
    let file = utoipa_swagger_ui::serve(name, std::sync::Arc::new(PAGE.clone()))
        .map_err(|error| Error::internal(error.to_string()))?
        .ok_or_else(Error::not_found)?;
    Ok(HttpResponse::Ok()
        .content_type(file.content_type)
        .body(file.bytes.into_owned()))
}
