//! The handler of the public directory.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::filter::{Filter, Sort};
use super::model::{PublicConvention, PublicConventions};
use super::store;
use crate::agreements::conventions::{filter, store as conventions};
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::call::{Call, List, ListCall};
use crate::http::formats::{Column, columns_of};
use crate::register::territories::ancestry;
use crate::values::ids::PartnerId;
use crate::values::today;

const TAG: &str = "Données ouvertes";

/// The public directory.
pub struct Directory;

impl List for Directory {
    type Filter = Filter;
    type Sort = Sort;
    type Item = PublicConvention;

    fn columns(_call: &Call<Filter>) -> Vec<Column> {
        let columns = columns_of::<PublicConvention>().into_iter();
        let named = columns.map(|column| column.listing("partners", "name"));
        named
            .map(|column| column.listing("documents", "url"))
            .collect()
    }

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<PublicConvention>> {
        let (scope, today) = (call.scope()?, today(call.app.now()));
        let reader = call.reader().await?;
        let filter = call.query.0.clone();
        let above = ancestry::of_known(&reader, &filter.territory).await?;
        let filter = filter::Filter {
            today,
            above,
            ..filter
        };
        let found = conventions::page(&reader, scope, &filter, &page.sorted_by()).await?;
        let ids: Vec<PartnerId> = found.iter().flat_map(|one| one.parties(today)).collect();
        let parties = store::parties(&reader, scope, &ids).await?;
        Ok(found
            .into_iter()
            .map(|one| PublicConvention::of(one, &parties, today))
            .collect())
    }

    fn mark(item: &PublicConvention, sort: Sort) -> Mark {
        Mark {
            value: match sort {
                Sort::Reference => MarkValue::Text(item.reference.clone()),
                Sort::UpdatedAt => MarkValue::Time(item.updated_at),
            },
            id: item.id.to_string(),
        }
    }
}

/// Répertoire public des conventions nationales
///
/// Sans jeton. Toutes les conventions nationales un jour signées et leurs parties, avec ce que
/// chacune est aujourd'hui (`effective_status`), et aucune donnée personnelle. En JSON par pages,
/// en CSV et en NDJSON entier ; sous Licence Ouverte 2.0, que nomment `licence` et l'en-tête `Link`.
/// Une copie peut être gardée cinq minutes. Chacune se lit entière à `/public/conventions/{reference}`.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Directory>,
    ),
    responses(
        (status = 200, description = "Une page du répertoire", content(
            (PublicConventions = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
        )),
        (status = 304, description = "Inchangé depuis l'`ETag` donné dans `If-None-Match`")
    )
)]
#[get("/public/conventions")]
pub async fn list_public_conventions(call: ListCall<Directory>) -> Result<HttpResponse> {
    let read = async |call, page| Ok((Directory::page(call, page).await?, ()));
    call.answer_with(read, |listed, ()| PublicConventions::of(listed))
        .await
}
