//! What goes with the pages: their style and icon, what robots may read, the list of what is there.

use actix_web::get;
use maud::{Markup, PreEscaped, html};

use super::TAG;
use crate::agreements::conventions::content::ConventionScope;
use crate::agreements::conventions::directory::store::catalogue;
use crate::agreements::conventions::filter::Filter;
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::asset;
use crate::http::query::Anything;
use crate::layout::{ICON, STYLE, Theme};
use crate::reference::Reference;
use crate::results::publications::store as publications;
use crate::values::today;

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
        name => match Theme::file(name) {
            Some(style) => Ok(asset("text/css; charset=utf-8", style)),
            None => Err(Error::not_found()),
        },
    }
}

/// Icône
///
/// Là où un navigateur la cherche sans qu'on la nomme.
#[utoipa::path(tag = TAG, responses((status = 200, description = "L'icône", body = String, content_type = "image/svg+xml")))]
#[get("/favicon.ico")]
pub async fn get_favicon(_call: Call<Anything>) -> Result<Answer> {
    Ok(asset("image/svg+xml", ICON))
}

/// Ce que les robots peuvent lire
///
/// Les pages ; ni l'API, ni chaque choix de filtres.
#[utoipa::path(tag = TAG, responses((status = 200, description = "Le texte", body = String, content_type = "text/plain")))]
#[get("/robots.txt")]
pub async fn get_robots(call: Call<Anything>) -> Result<Answer> {
    let url = &call.app.config.public_url;
    let text = format!(
        "User-agent: *\nDisallow: /v1/\nDisallow: /public/\nDisallow: /oauth2/\nDisallow: /conventions?\nDisallow: /etablissements?\n\nSitemap: {url}/sitemap.xml\n"
    );
    Ok(Answer::text("text/plain; charset=utf-8", text))
}

/// Liste des pages
///
/// Les pages qui demeurent, pour les moteurs de recherche : conventions, territoires, années.
#[utoipa::path(tag = TAG, responses((status = 200, description = "La liste", body = String, content_type = "application/xml")))]
#[get("/sitemap.xml")]
pub async fn get_sitemap(call: Call<Anything>) -> Result<Answer> {
    let (scope, connection) = (call.scope()?, call.long_reader().await?);
    let filter = Filter {
        scope: vec![ConventionScope::National],
        today: today(call.app.now()),
        ..Filter::default()
    };
    let (entries, standing) = tokio::try_join!(
        catalogue::entries(&connection, scope, &filter),
        publications::standing_of_all(&connection, scope),
    )?;
    let url = &call.app.config.public_url;
    let page = |path: String, changed: Option<String>| -> Markup {
        html! {
            url {
                loc { (url) (path) }
                @if let Some(changed) = changed { lastmod { (changed) } }
            }
        }
    };
    let places = Reference::get().territories().iter();
    let list = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" {
            @for path in ["/", "/conventions", "/territoires", "/etablissements", "/chiffres"] { (page(path.to_owned(), None)) }
            @for one in &entries { (page(format!("/conventions/{}", one.reference), Some(today(one.updated_at).to_string()))) }
            @for one in &standing { (page(format!("/chiffres/{}", one.school_year), Some(today(one.updated_at).to_string()))) }
            @for place in places.filter(|place| place.parent.is_some()) { (page(format!("/territoires/{}", place.code), None)) }
        }
    };
    Ok(Answer::text(
        "application/xml; charset=utf-8",
        list.into_string(),
    ))
}
