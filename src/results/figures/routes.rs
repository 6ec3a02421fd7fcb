//! The handler of values.

use std::rc::Rc;

use actix_web::{HttpResponse, get};

use super::filter::{ByKey, after};
use super::published;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::call::{Call, List, ListCall};
use crate::http::formats::Column;
use crate::http::open::Open;
use crate::results::indicators::answer::{self, Cell, IndicatorValues, Meta, Totals};
use crate::results::indicators::model::Asked;
use crate::results::indicators::perimeter;
use crate::results::indicators::store::{self, Computed, Part, Slice, denominators};

const TAG: &str = "Indicateurs";

const OPEN: &str = "Données ouvertes";

/// Cells that a stream reads at a time: each batch adds the lines up again, so few of them.
const BATCH: i64 = 20_000;

/// The cells of a grouping.
pub struct Values;

impl List for Values {
    type Filter = Asked;
    type Sort = ByKey;
    type Item = Cell;
    const BATCH: i64 = BATCH;

    fn columns(call: &Call<Asked>) -> Vec<Column> {
        let at = |part: &str, name: &str| Column::at(name, format!("/{part}/{name}"));
        let keys = call.query.group_by.iter().map(|one| at("key", one.code()));
        let values = call
            .query
            .measures
            .iter()
            .map(|one| at("values", one.code()));
        let columns = keys.chain(values).chain(
            ["expected", "expected_validated", "validated"].map(|name| at("completeness", name)),
        );
        // Elsewhere an empty cell is unknown; here it may be hidden.
        let of_publications = ["suppressed", "carried", "publication"].map(Column::member);
        let hidden = of_publications
            .into_iter()
            .filter(|_| published::is_certain(call));
        columns.chain(hidden).collect()
    }

    async fn page(call: Rc<Call<Asked>>, page: Page<ByKey>) -> Result<Vec<Cell>> {
        if let Some(selected) = published::selected(&call, &page).await? {
            return published::cells(&call, &selected, &page).await;
        }
        let computed = compute(&call, &page, &[Part::Group], &[Part::GroupEstablishments]).await?;
        Ok(answer::cells(&call.query, &computed))
    }

    fn mark(item: &Cell, _sort: ByKey) -> Mark {
        let editions = item.editions.as_deref();
        Mark {
            value: editions.map_or(MarkValue::Id, |all| MarkValue::Text(all.to_owned())),
            id: serde_json::json!(item.place).to_string(),
        }
    }
}

async fn compute(
    call: &Call<Asked>,
    page: &Page<ByKey>,
    parts: &[Part],
    of_establishments: &[Part],
) -> Result<Computed> {
    let mut parts = parts.to_vec();
    if call.query.counts_establishments() {
        parts.extend_from_slice(of_establishments);
    }
    // Without a grouping the one cell is all of them.
    let group_by = &call.query.group_by;
    if group_by.is_empty() || parts.contains(&Part::Total) {
        let of_total = denominators::of(&call.query, &[]);
        parts.extend(of_total.into_iter().map(Part::DenominatorOfTotal));
    }
    if !group_by.is_empty() {
        let of_cells = denominators::of(&call.query, group_by);
        parts.extend(of_cells.into_iter().map(Part::Denominator));
    }
    let slice = Slice {
        after: after(page)?,
        limit: page.limit,
    };
    let connection = call.long_reader().await?;
    store::compute(&connection, call.scope()?, &call.query, &parts, &slice).await
}

/// The cells of a page, and what the answer adds to them. Without a grouping there is only the total.
async fn read(
    call: Rc<Call<Asked>>,
    page: Page<ByKey>,
) -> Result<(Vec<Cell>, (Option<Totals>, Meta))> {
    if let Some(selected) = published::selected(&call, &page).await? {
        let cells = published::cells(&call, &selected, &page).await?;
        return Ok((cells, published::around(&call, &selected).await?));
    }
    let (parts, of_establishments): (&[Part], &[Part]) = if call.query.group_by.is_empty() {
        (&[Part::Total], &[Part::TotalEstablishments])
    } else {
        (
            &[Part::Group, Part::Total],
            &[Part::GroupEstablishments, Part::TotalEstablishments],
        )
    };
    let computed = compute(&call, &page, parts, of_establishments).await?;
    let perimeter = perimeter::territories(call.scope()?);
    let (totals, meta) = answer::around(&call.query, &computed, perimeter, call.admitted.language);
    Ok((answer::cells(&call.query, &computed), (Some(totals), meta)))
}

/// Valeurs d'indicateurs
///
/// Calculées sur les bilans validés que rien n'a remplacés, groupées par trois dimensions au plus, page par page dans l'ordre des clés. Une ligne compte une fois pour chaque partie de la convention (`partner`) et pour chacun de leurs secteurs (`sector`) : ces cases ne s'ajoutent pas. Avec les filtres `partner` et `sector`, seuls les partenaires et secteurs demandés forment des cases. Le ministère les lit en direct, une académie et un établissement aussi dans leur périmètre, dit dans `meta.perimeter`.
///
/// Au-delà de leur périmètre (une académie ou une région d'ailleurs dans les filtres), et pour les autres rôles, les chiffres sont ceux de la dernière publication de chaque année demandée, ou sans `school_year` de la dernière année publiée ; avec `publication` ou `as_of`, ceux d'une publication pour tous. Une publication a des tableaux fixes : un autre groupement, ou un filtre sur une autre dimension, est refusé (422 `grouping_not_published`).
///
/// En CSV et en NDJSON, toutes les cases, ou le total sans `group_by`.
#[utoipa::path(
    tag = TAG,
    params(ListCall<Values>),
    responses((status = 200, description = "Une page de valeurs", content(
        (IndicatorValues = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/indicators/values")]
pub async fn get_indicator_values(call: ListCall<Values>) -> Result<HttpResponse> {
    call.answer_with(read, answer::whole).await
}

/// Chiffres publiés, sans jeton
///
/// Les mêmes que `/v1/indicators/values` pour qui lit les publications : ceux de la dernière publication de chaque année demandée, ou sans `school_year` de la dernière année publiée ; avec `publication` ou `as_of`, ceux d'une autre. Les tableaux sont fixes : un autre groupement, ou un filtre sur une autre dimension que celles de `group_by`, est refusé (422 `grouping_not_published`). `suppressed` nomme les mesures masquées, `carried` celles qui sont restées d'une publication antérieure.
///
/// En CSV et en NDJSON, toutes les cases, ou le total sans `group_by`.
#[utoipa::path(
    tag = OPEN,
    params(ListCall<Values>),
    responses((status = 200, description = "Une page de valeurs", content(
        (Open<IndicatorValues> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/public/indicators/values")]
pub async fn get_public_indicator_values(call: ListCall<Values>) -> Result<HttpResponse> {
    let write = |listed, more| Open::of(answer::whole(listed, more));
    call.answer_with(read, write).await
}
