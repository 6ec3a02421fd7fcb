//! What the pages fetch: their style and their icon.

use actix_web::get;

use super::TAG;
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::asset;
use crate::http::query::Anything;
use crate::layout::{ICON, STYLE};

/// Fichier des pages
///
/// Leur style et leur icône.
#[utoipa::path(
    tag = TAG,
    params(("file" = String, Path, description = "Son nom", example = "ree.css")),
    responses((status = 200, description = "Le fichier", body = String, content_type = "*/*"))
)]
#[get("/assets/{file}")]
pub async fn get_asset(call: Call<Anything>) -> Result<Answer> {
    match call.segment("file") {
        "ree.css" => Ok(asset("text/css; charset=utf-8", STYLE)),
        "icon.svg" => Ok(asset("image/svg+xml", ICON)),
        _ => Err(Error::not_found()),
    }
}
