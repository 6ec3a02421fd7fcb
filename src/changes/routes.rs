//! The handler of the change feed.

use std::collections::HashMap;
use std::rc::Rc;

use actix_web::{HttpResponse, get};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::model::{Change, ChangeAnswer};
use super::store::{self, Filter, Sort};
use crate::db::Reader as Connection;
use crate::db::ids::Id;
use crate::error::{Error, Result};
use crate::establishments::model::EstablishmentAnswer;
use crate::establishments::reach;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{self, Listed, Mark, MarkValue, Page, bound_to};
use crate::http::query::{Documented, Parameter, Query, Reader, parameter};
use crate::partners::representatives::{self, model::Viewer};
use crate::values::{TextValue, Uai};
use crate::{clients, establishments, partners};

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[parameter(
        "types",
        "Types de changement, séparés par des virgules",
        "partner.created,partner.updated",
    )];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            types: reader.several("types"),
        }
    }
}

/// The filters, as the list and the count document them.
type Filters = Documented<Filter>;

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Feed;
    const ORDERS: &'static [(&'static str, Self)] = &[];
}

/// The feed.
pub struct Changes;

impl List for Changes {
    type Filter = Filter;
    type Sort = Sort;
    type Item = ChangeAnswer;
    const CURSOR: &'static str = "after";

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<ChangeAnswer>> {
        let connection = call.app.db.reader().await?;
        let changes = store::page(&connection, call.scope()?, &call.query, &page).await?;
        let objects = objects(&connection, &call, &changes).await?;
        let list = bound_to(Self::CURSOR, call.path(), &call.admitted.parameters);
        changes
            .into_iter()
            .map(|change| {
                let place = place(change.position, change.seq);
                let cursor = call.app.cursors.write(&place, &list)?;
                let data = objects.get(&change.object_id).cloned();
                Ok(change.answer(cursor, data))
            })
            .collect()
    }

    fn mark(item: &ChangeAnswer, _sort: Sort) -> Mark {
        place(item.position, item.seq)
    }
}

fn place(position: i64, seq: i64) -> Mark {
    Mark {
        value: MarkValue::Place(position, seq),
        id: String::new(),
    }
}

/// The objects of these changes as the caller may see them now: one query for each kind, all sent
/// together.
async fn objects(
    connection: &Connection,
    call: &Call<Filter>,
    changes: &[Change],
) -> Result<HashMap<Uuid, Value>> {
    let (scope, language) = (call.scope()?, call.admitted.language);
    let above = reach::above_schools(connection, scope).await?;
    let viewer = Viewer::new(scope, above);
    let (partners, representatives, establishments, clients) = (
        ids(changes, "partner"),
        ids(changes, "representative"),
        uais(changes),
        ids(changes, "client"),
    );
    let now = call.app.now();
    let (partners, representatives, establishments, clients) = tokio::try_join!(
        partners::store::find_all(connection, scope, &partners),
        representatives::store::find_all(connection, scope, &representatives),
        establishments::store::find_all(connection, scope, &establishments),
        clients::store::find_all(connection, scope, &clients, now),
    )?;
    let mut objects = HashMap::new();
    for partner in partners {
        insert(
            &mut objects,
            partner.id.uuid(),
            &partner.seen_by(scope, language),
        )?;
    }
    for representative in representatives {
        insert(
            &mut objects,
            representative.id.uuid(),
            &representative.seen_by(&viewer),
        )?;
    }
    for establishment in establishments {
        insert(
            &mut objects,
            establishment.id.uuid(),
            &EstablishmentAnswer::from(establishment),
        )?;
    }
    for client in clients {
        insert(
            &mut objects,
            client.record.id.uuid(),
            &client.seen(language, now),
        )?;
    }
    Ok(objects)
}

fn ids<T>(changes: &[Change], kind: &str) -> Vec<Id<T>> {
    let mut ids: Vec<Uuid> = changes
        .iter()
        .filter(|change| change.object_type == kind)
        .map(|change| change.object_id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(Id::new).collect()
}

fn uais(changes: &[Change]) -> Vec<Uai> {
    let establishments = changes
        .iter()
        .filter(|change| change.object_type == "establishment");
    establishments
        .map(|change| Uai::stored(change.object_key.clone()))
        .collect()
}

fn insert(objects: &mut HashMap<Uuid, Value>, id: Uuid, object: &impl Serialize) -> Result<()> {
    objects.insert(id, serde_json::to_value(object).map_err(Error::internal)?);
    Ok(())
}

/// Flux des changements
///
/// Chaque écriture une fois, dans un ordre que des écritures simultanées ne peuvent pas faire
/// manquer. Reprenez avec `after=` le `cursor` du dernier changement lu ; `next_cursor` est null
/// quand vous êtes à jour. `data` est l'objet tel que vous pouvez le lire maintenant, null s'il
/// n'est plus.
#[utoipa::path(
    tag = "Synchronisation",
    params(
        Filters,
        ("after" = Option<String>, Query, description = "Le `cursor` du dernier changement lu"),
        ("limit" = Option<i64>, Query, description = "Nombre de changements par page, de 1 à 200", minimum = 1, maximum = 200, example = 50),
        ("dialect" = Option<String>, Query, description = "Écriture du CSV : `standard` ou `excel-fr`", example = "standard"),
    ),
    responses((status = 200, description = "Une page du flux", content(
        (Listed<ChangeAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/changes")]
pub async fn list_changes(call: ListCall<Changes>) -> Result<HttpResponse> {
    call.answer().await
}
