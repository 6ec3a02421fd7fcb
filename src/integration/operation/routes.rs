//! The handlers of operation.

use actix_web::get;
use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::health::{Health, Readiness};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;

const TAG: &str = "Exploitation";
const UNCHANGED: &str = "Inchangé depuis l'`ETag` donné dans `If-None-Match`";

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

/// Le service vit
///
/// 200 tant que le processus répond, même sans base de données.
#[utoipa::path(tag = TAG, responses((status = 200, description = "Il vit", body = Health)))]
#[get("/healthz")]
pub async fn get_health(_call: Call) -> Result<Answer> {
    Answer::json(StatusCode::OK, &Health::OK)
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
    Answer::json(StatusCode::OK, &Readiness::of(&call.app).await?)
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

/// Contact de sécurité
///
/// RFC 9116.
#[utoipa::path(tag = TAG, responses((status = 200, description = "Le contact", body = String, content_type = "text/plain", example = "Contact: https://ree.example/docs/\nExpires: 2027-09-01T00:00:00Z\n")))]
#[get("/.well-known/security.txt")]
pub async fn get_security_txt(call: Call) -> Result<Answer> {
    let (url, contacts) = (
        &call.app.config.public_url,
        &call.app.config.security_contacts,
    );
    let documentation = [format!("{url}/docs/")];
    let contacts = match contacts.as_slice() {
        [] => &documentation,
        named => named,
    };
    let contacts: String = contacts
        .iter()
        .map(|contact| format!("Contact: {contact}\n"))
        .collect();
    // RFC 9116 §2.5.5 asks for less than a year ahead.
    let expires = (call.app.now() + chrono::TimeDelta::days(180)).format("%Y-%m-%dT00:00:00Z");
    let body = format!(
        "{contacts}Expires: {expires}\nPreferred-Languages: fr, en\nCanonical: {url}/.well-known/security.txt\n"
    );
    Ok(Answer {
        status: StatusCode::OK,
        body: body.into(),
        content_type: "text/plain; charset=utf-8",
        ..Answer::nothing()
    })
}
