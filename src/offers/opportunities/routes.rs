//! The handler of opportunities.

use actix_web::get;

use super::filter::Filter;
use super::model::{self, Opportunities, Read, opportunities};
use super::store::{self, Asked};
use crate::auth::person_viewer::Viewer;
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::query::Documented;
use crate::offers::interventions::locating;
use crate::offers::interventions::status::AsOf;
use crate::register::contacts::store as contacts;
use crate::register::establishments::store as establishments;
use crate::register::territories::ancestry;
use crate::values::{FromText as _, TerritoryCode, Uai};

/// The most interventions of one partner that are answered.
const EACH: i64 = 10;

/// Ce qu'un établissement peut demander
///
/// En un appel : les partenaires dont une convention en vigueur atteint l'établissement (nationale,
/// locale ou déclinée chez lui), eux-mêmes ou par leur réseau ; ce qu'ils proposent pour ses niveaux
/// et son territoire ; qui les représente au plus près ; et pourquoi. Les plus proches d'abord : par
/// la déclinaison, par l'offre, par la distance ; ce dont il ne reste aucune séance vient en dernier.
/// Ce qui dit jusqu'où il se déplace (`radius_km`) n'est pas proposé au-delà. Les filtres choisissent
/// parmi les interventions : un partenaire qui n'en a plus est laissé de côté.
#[utoipa::path(
    tag = "Établissements",
    params(("uai" = Uai, Path, description = "Numéro UAI"), Documented<Filter>),
    responses((status = 200, description = "Ce qu'il peut demander", body = Opportunities))
)]
#[get("/v1/establishments/{uai}/opportunities")]
pub async fn list_opportunities(call: Call<Filter>) -> Result<Answer> {
    let uai = Uai::from_text(call.segment("uai")).map_err(|_| Error::not_found())?;
    let (scope, language) = (call.scope()?, call.admitted.language);
    // On a connection of its own: what ranks every offer must not delay the reads of others.
    let connection = call.long_reader().await?;
    let place = [TerritoryCode::of_school(&uai)];
    let (school, above, own) = tokio::try_join!(
        establishments::find(&connection, scope, &uai),
        ancestry::of(&connection, &place),
        ancestry::above_schools(&connection, scope),
    )?;
    let as_of = AsOf::at(call.app.now(), call.app.config.stale_after_days);
    let point = locating::point_of(&connection, &school).await?;
    let asked = Asked {
        above: above.unwrap_or_default(),
        levels: school.levels.iter().map(ToString::to_string).collect(),
        point,
        as_of,
        chosen: call.query.clone(),
    };
    let (partner_offers, found, contacts) = tokio::try_join!(
        store::partner_offers(&connection, scope, &asked),
        store::interventions(&connection, scope, &asked, EACH),
        contacts::of_territories(&connection, scope, &asked.above),
    )?;
    let partners: Vec<uuid::Uuid> = partner_offers
        .iter()
        .map(|partner_offer| partner_offer.partner_id)
        .collect();
    let representatives = store::representatives(&connection, scope, &asked, &partners).await?;
    let read = Read {
        partner_offers,
        found,
        representatives,
    };
    let viewer = Viewer::new(scope, own);
    let mut data = opportunities(read, &asked, &viewer, language);
    let partners = data.len();
    data.truncate(call.query.most);
    Answer::digested(&Opportunities {
        uai: uai.to_string(),
        on: asked.as_of.day,
        partners,
        contacts: model::contacts(contacts, &asked, &viewer),
        data,
    })
}
