//! The handlers of histories.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::filter::{Filter, Sort};
use super::model::Event;
use super::store;
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::store as conventions;
use crate::agreements::declinations::model::Declination;
use crate::agreements::declinations::store as declinations;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::{Code, Error, Result};
use crate::http::call::{Call, List, ListCall};
use crate::http::formats::Column;
use crate::http::page::Listed;
use crate::values::ids::{ConventionId, DeclinationId};
use crate::values::today;

/// The history of the object that the path names; its handler has seen to it that the caller may
/// read it.
pub struct History;

impl List for History {
    type Filter = Filter;
    type Sort = Sort;
    type Item = Event;

    fn columns(_call: &Call<Filter>) -> Vec<Column> {
        let own = ["id", "occurred_at", "action", "subject", "role"];
        let nested = [
            Column::at("object_type", "/object/type").told("Nature de l'objet"),
            Column::at("object_id", "/object/id").told("Identifiant de l'objet"),
            Column::at("fields", "/changes")
                .listing("fields", "field")
                .told("Champs écrits"),
            Column::member("changes"),
        ];
        own.map(Column::member).into_iter().chain(nested).collect()
    }

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<Event>> {
        let object = call.id::<Event>("id").uuid();
        let reader = call.reader().await?;
        let rows = store::page(&reader, call.scope()?, object, &call.query, &page).await?;
        Ok(rows.into_iter().map(Event::from).collect())
    }

    fn mark(item: &Event, _sort: Sort) -> Mark {
        Mark {
            value: MarkValue::Id,
            id: item.id.to_string(),
        }
    }
}

/// What only those in charge may read, of an object that others see.
fn only_if(allowed: bool) -> Result<()> {
    if allowed {
        Ok(())
    } else {
        Err(Error::new(Code::Forbidden))
    }
}

/// Historique d'une convention
///
/// Qui l'a écrite, quand, quels champs, de quoi à quoi, ses avenants compris ; le plus récent d'abord.
/// Pour le ministère, pour qui la suit et pour les partenaires parties : les autres lisent la convention signée, non
/// sa négociation (403).
#[utoipa::path(
    tag = "Conventions",
    params(
        ("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"),
        ListCall<History>,
    ),
    responses((status = 200, description = "Une page de l'historique", content(
        (Listed<Event> = "application/json"), (String = "text/csv", example = json!("id,occurred_at,action,subject,role,object_type,object_id,fields,changes\r\n01a22e52-3d23-7493-ab9e-080f3c5c090e,2026-09-01T08:00:00Z,declination.activated,rectorat,academy,declination,0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e05,status,\"[{\"\"field\"\":\"\"status\"\",\"\"before\"\":\"\"draft\"\",\"\"after\"\":\"\"active\"\",\"\"personal\"\":false}]\"\r\n")), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/conventions/{id}/history")]
pub async fn list_convention_history(call: ListCall<History>) -> Result<HttpResponse> {
    let asker = call.call();
    let scope = asker.scope()?;
    // Given back before the list is read: an export has one of its own.
    let convention: Convention =
        conventions::find(&*asker.reader().await?, scope, asker.id("id")).await?;
    let day = today(asker.app.now());
    only_if(convention.is_kept_by(scope) || convention.has_party(scope, day))?;
    call.answer().await
}

/// Historique d'une déclinaison
///
/// Qui l'a écrite, quand, quels champs, de quoi à quoi ; le plus récent d'abord. La personne qui
/// coordonne y est un champ nommé, jamais une valeur. Pour le ministère et pour qui a la charge de
/// tous ses territoires ; les autres, qui la lisent, n'ont pas son historique (403).
#[utoipa::path(
    tag = "Déclinaisons",
    params(
        ("id" = DeclinationId, Path, description = "Identifiant de la déclinaison"),
        ListCall<History>,
    ),
    responses((status = 200, description = "Une page de l'historique", content(
        (Listed<Event> = "application/json"), (String = "text/csv", example = json!("id,occurred_at,action,subject,role,object_type,object_id,fields,changes\r\n01a22e52-3d23-7493-ab9e-080f3c5c090e,2026-09-01T08:00:00Z,declination.activated,rectorat,academy,declination,0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e05,status,\"[{\"\"field\"\":\"\"status\"\",\"\"before\"\":\"\"draft\"\",\"\"after\"\":\"\"active\"\",\"\"personal\"\":false}]\"\r\n")), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/declinations/{id}/history")]
pub async fn list_declination_history(call: ListCall<History>) -> Result<HttpResponse> {
    let asker = call.call();
    let scope = asker.scope()?;
    // Given back before the list is read: an export has one of its own.
    let found = declinations::find(&*asker.reader().await?, scope, asker.id("id")).await?;
    let declination: Declination = found.declination;
    only_if(declination.is_kept_by(scope))?;
    call.answer().await
}
