//! The handlers of the documentation. They are pages for people, and no operations of the document.

use actix_web::http::header;
use actix_web::{HttpResponse, get};
use maud::{PreEscaped, html};

use super::frame::{Shown, answer};
use super::guides::{self, Guide};
use super::reference::spec::{Spec, text};
use super::reference::{index, operation, schema};
use super::{home, markdown, nomenclatures};
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::asset;
use crate::http::query::Anything;
use crate::pages::TAG;
use crate::reference::Reference;

/// Documentation
///
/// Renvoie à la première page de la documentation.
#[utoipa::path(tag = TAG, responses((status = 303, description = "Vers `/docs/`")))]
#[get("/docs")]
pub async fn redirect_to_docs(_call: Call<Anything>) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

/// Documentation
///
/// Sa première page.
#[utoipa::path(tag = TAG, responses((status = 200, description = "La page", body = String, content_type = "text/html")))]
#[get("/docs/")]
pub async fn get_docs(call: Call<Anything>) -> Result<Answer> {
    let about =
        "Démarrer en dix minutes, comprendre le registre, consulter la référence de son API.";
    Ok(answer(
        &call,
        Shown::filtered("Documentation", about, home::body()),
    ))
}

/// Le filtre des listes de la documentation
///
/// Un petit programme, sans lequel tout est montré.
#[utoipa::path(tag = TAG, responses((status = 200, description = "Le programme", body = String, content_type = "text/javascript")))]
#[get("/docs/filter.js")]
pub async fn get_docs_filter(_call: Call<Anything>) -> Result<Answer> {
    Ok(asset(
        "text/javascript; charset=utf-8",
        include_str!("filter.js"),
    ))
}

/// Une page de la documentation
///
/// Un guide, ou une liste : `reference`, `nomenclatures`, `definitions`.
#[utoipa::path(
    tag = TAG,
    params(("page" = String, Path, description = "Son nom", example = "portail")),
    responses((status = 200, description = "La page", body = String, content_type = "text/html"))
)]
#[get("/docs/{page}")]
pub async fn get_docs_page(call: Call<Anything>) -> Result<Answer> {
    let name = call.segment("page");
    let shown = match name {
        "reference" => Shown::filtered(
            "La référence",
            "Chaque opération de l’API.",
            index::body(spec(&call)),
        )
        .with_contents(index::groups(spec(&call))),
        "nomenclatures" => Shown::filtered(
            "Les nomenclatures",
            "Chaque code et son libellé.",
            nomenclatures::list(),
        ),
        "definitions" => Shown::plain(
            "Les définitions des indicateurs",
            "Ce que compte chaque mesure.",
            nomenclatures::definitions(),
        ),
        _ => {
            let guide = guides::named(name).ok_or_else(Error::not_found)?;
            guided(guide)
        }
    };
    Ok(answer(&call, shown))
}

/// Une opération de la référence
///
/// Ses droits, ses paramètres, ses exemples.
#[utoipa::path(
    tag = TAG,
    params(("operation" = String, Path, description = "Son `operationId`", example = "list_partners")),
    responses((status = 200, description = "La page", body = String, content_type = "text/html"))
)]
#[get("/docs/reference/{operation}")]
pub async fn get_docs_operation(call: Call<Anything>) -> Result<Answer> {
    let spec = spec(&call);
    let found = spec
        .operation(call.segment("operation"))
        .ok_or_else(Error::not_found)?;
    let about = markdown::words(text(&found.value, "description"));
    let shown = Shown::plain(&found.summary, &about, operation::body(spec, found))
        .with_neighbours(operation::neighbours(spec, found));
    Ok(answer(
        &call,
        shown.below("/docs/reference", "La référence"),
    ))
}

/// Un schéma de la référence
///
/// Ses champs.
#[utoipa::path(
    tag = TAG,
    params(("schema" = String, Path, description = "Son nom", example = "Partner")),
    responses((status = 200, description = "La page", body = String, content_type = "text/html"))
)]
#[get("/docs/schemas/{schema}")]
pub async fn get_docs_schema(call: Call<Anything>) -> Result<Answer> {
    let name = call.segment("schema");
    let body = schema::body(spec(&call), name).ok_or_else(Error::not_found)?;
    let shown = Shown::plain(name, "Un schéma de l’API, et ses champs.", body);
    Ok(answer(
        &call,
        shown.below("/docs/reference", "La référence"),
    ))
}

/// Une nomenclature
///
/// Ses codes et leurs libellés.
#[utoipa::path(
    tag = TAG,
    params(("name" = String, Path, description = "Son nom", example = "sectors")),
    responses((status = 200, description = "La page", body = String, content_type = "text/html"))
)]
#[get("/docs/nomenclatures/{name}")]
pub async fn get_docs_nomenclature(call: Call<Anything>) -> Result<Answer> {
    let name = call.segment("name");
    let found = Reference::get()
        .nomenclature(name)
        .ok_or_else(Error::not_found)?;
    let title = format!("Nomenclature {name}");
    let shown = Shown::plain(
        &title,
        "Ses codes et leurs libellés.",
        nomenclatures::entries(found),
    );
    Ok(answer(
        &call,
        shown.below("/docs/nomenclatures", "Les nomenclatures"),
    ))
}

fn spec(call: &Call<Anything>) -> &'static Spec {
    Spec::of(&call.app.api.document)
}

/// A guide, with what it is made of where it is long.
fn guided(guide: &Guide) -> Shown {
    let shown = Shown::plain(
        &guide.text.title,
        guide.about,
        PreEscaped(guide.text.body.clone()),
    );
    if guide.text.sections.len() < 3 {
        return shown;
    }
    shown.with_contents(html! {
        ul { @for section in &guide.text.sections { li { a href={ "#" (section.id) } { (section.title) } } } }
    })
}
