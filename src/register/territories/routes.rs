//! The handlers of territories.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::model::Territory;
use super::store::{self, Filter, Sort};
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{self, Count, Listed};
use crate::http::query::{Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter};
use crate::values::FromText;
use crate::values::TerritoryCode;

const TAG: &str = "Référentiels";

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "kind",
            "Natures, séparées par des virgules",
            "academic_region,academy",
        ),
        parameter(
            "parent",
            "Ceux qui sont juste au-dessous de ces territoires, séparés par des virgules",
            "region:84",
        ),
        parameter(
            "q",
            "Mots cherchés dans le nom et le code officiel, tous exigés, sans tenir compte des accents ni de la casse ; pour un établissement, aussi dans la commune et le code postal",
            "lyon",
        ),
        UPDATED_SINCE,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            kind: reader.several("kind"),
            parent: reader.several("parent"),
            q: reader.q(),
            updated_since: reader.one("updated_since"),
        }
    }
}

/// The filters, as the list and the count document them.
type Filters = Documented<Filter>;

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Code;
    const ORDERS: &'static [(&'static str, Self)] =
        &[("code", Self::Code), ("updated_at", Self::UpdatedAt)];
}

/// The list of territories.
pub struct Territories;

impl List for Territories {
    type Filter = Filter;
    type Sort = Sort;
    type Item = Territory;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<Territory>> {
        store::page(
            &*call.app.db.reader().await?,
            call.scope()?,
            &call.query,
            &page,
        )
        .await
    }

    fn mark(item: &Territory, sort: Sort) -> Mark {
        let value = match sort {
            Sort::Code => MarkValue::Id,
            Sort::UpdatedAt => MarkValue::Time(item.updated_at),
        };
        Mark {
            value,
            id: item.code.to_string(),
        }
    }
}

/// Liste des territoires
///
/// L'arbre entier, du pays aux établissements, page par page, dans l'ordre des codes ou celui de `sort`. `parent` en donne une branche, `kind` un étage. En CSV et en NDJSON, la liste entière.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
        ("sort" = Option<String>, Query, description = "`code` (par défaut), `updated_at` ; `-` devant pour l'ordre inverse", example = "-updated_at"),
        crate::http::parameters::PageParameters,
    ),
    responses((status = 200, description = "Une page de territoires", content(
        (Listed<Territory> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/territories")]
pub async fn list_territories(call: ListCall<Territories>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de territoires
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
    ),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/territories/count")]
pub async fn count_territories(call: Call<Filter>) -> Result<Answer> {
    let count = store::count(&*call.app.db.reader().await?, call.scope()?, &call.query).await?;
    Answer::digested(&Count { count })
}

/// Lecture d'un territoire
///
/// Par son code : `FR`, `region:84`, `academy:10`, `department:069`, `uai:0311131L`.
#[utoipa::path(
    tag = TAG,
    params(("code" = TerritoryCode, Path, description = "Code du territoire")),
    responses((status = 200, description = "Le territoire", body = Territory))
)]
#[get("/v1/territories/{code}")]
pub async fn get_territory(call: Call) -> Result<Answer> {
    let code = TerritoryCode::from_text(call.segment("code")).map_err(|_| Error::not_found())?;
    Answer::digested(&store::find(&*call.app.db.reader().await?, call.scope()?, &code).await?)
}
