//! The handler of the catalogue.

use actix_web::get;

use super::document::Catalogue;
use crate::agreements::conventions::content::ConventionScope;
use crate::agreements::conventions::filter::{Filter, Sort};
use crate::agreements::conventions::store as conventions;
use crate::db::page::{Direction, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::results::publications::store as publications;
use crate::values::today;

/// The media type of JSON-LD.
const JSON_LD: &str = "application/ld+json";

/// Catalogue des données ouvertes
///
/// Pour les portails qui moissonnent des catalogues (DCAT-AP, en JSON-LD) : le répertoire des conventions, la liste des publications, et chaque publication avec l'adresse de chacun de ses tableaux. Chaque fichier CSV y a son schéma (Table Schema), que toute liste donne avec `format=table-schema`.
#[utoipa::path(
    tag = "Données ouvertes",
    responses((status = 200, description = "Le catalogue", body = Object, content_type = "application/ld+json",
        example = json!({ "@type": "dcat:Catalog" })))
)]
#[get("/public/catalog.jsonld")]
pub async fn get_public_catalog(call: Call) -> Result<Answer> {
    let (reader, scope) = (call.reader().await?, call.scope()?);
    let filter = Filter {
        scope: vec![ConventionScope::National],
        today: today(call.app.now()),
        ..Filter::default()
    };
    let last = Page {
        sort: Sort::UpdatedAt,
        direction: Direction::Descending,
        limit: 1,
        after: None,
    };
    let (publications, conventions) = tokio::try_join!(
        publications::published(&reader, scope),
        conventions::page(&reader, scope, &filter, &last),
    )?;
    let catalogue = Catalogue {
        public_url: &call.app.config.public_url,
        publications: &publications,
        conventions_changed_at: conventions.first().map(|one| one.updated_at),
    };
    Ok(Answer::digested(&catalogue.document())?.of_type(JSON_LD))
}
