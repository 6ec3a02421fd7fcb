//! The handler of values.

use std::rc::Rc;

use actix_web::{HttpResponse, get};
use serde_json::Value;

use super::filter::{ByKey, after};
use super::long::{self, Figure, OpenShapedIndicatorValues, Place, ShapedIndicatorValues};
use super::published;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::call::{Call, List, ListCall};
use crate::http::formats::Column;
use crate::http::open::Open;
use crate::reference::Reference;
use crate::results::indicators::answer::{self, Cell, Meta, Totals};
use crate::results::indicators::model::{Asked, Dimension, Shape};
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
        let values = call.query.measures.iter();
        let values = values.map(|one| at("values", one.code()).told(words("measures", one.code())));
        let reports = COMPLETENESS.map(|(name, words)| at("completeness", name).told(words));
        let columns = keys(&call.query).chain(values).chain(reports);
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

/// The reports that a cell stands on, as columns.
const COMPLETENESS: [(&str, &str); 3] = [
    ("expected", "Bilans attendus ; vide sans campagne."),
    ("expected_validated", "Bilans attendus et validés."),
    ("validated", "Bilans validés, attendus ou non."),
];

/// The columns of the key of a cell.
fn keys(asked: &Asked) -> impl Iterator<Item = Column> {
    let key = |one: &Dimension| {
        let code = one.code();
        Column::at(code, format!("/key/{code}")).told(words("dimensions", code))
    };
    asked.group_by.iter().map(key)
}

/// What a nomenclature says of a code: its label, and its definition where there is one.
fn words(list: &str, code: &str) -> String {
    let list = Reference::get().nomenclature(list);
    let mut entries = list.iter().flat_map(|list| &list.entries);
    let Some(entry) = entries.find(|entry| entry.code == code) else {
        return String::new();
    };
    let definition = entry.more.get("definition_fr").and_then(Value::as_str);
    match definition {
        Some(definition) => format!("{}. {definition}", entry.label_fr),
        None => entry.label_fr.clone(),
    }
}

/// The figures of the cells of a grouping, one by one.
pub struct LongValues;

impl List for LongValues {
    type Filter = Asked;
    type Sort = ByKey;
    type Item = Figure;
    const BATCH: i64 = BATCH;

    fn columns(call: &Call<Asked>) -> Vec<Column> {
        let own = ["measure", "value", "unit", "obs_status", "publication"];
        keys(&call.query).chain(own.map(Column::member)).collect()
    }

    async fn page(call: Rc<Call<Asked>>, page: Page<ByKey>) -> Result<Vec<Figure>> {
        let place = Place::of(&page)?;
        let cells = Values::page(Rc::clone(&call), place.cells(&call.query, &page)).await?;
        Ok(place.figures(&call.query, cells, &page))
    }

    fn mark(item: &Figure, _sort: ByKey) -> Mark {
        long::mark(item)
    }
}

/// The figures of a page, and what the answer adds to them.
async fn read_long(
    call: Rc<Call<Asked>>,
    page: Page<ByKey>,
) -> Result<(Vec<Figure>, (Option<Totals>, Meta))> {
    let place = Place::of(&page)?;
    let (cells, around) = read(Rc::clone(&call), place.cells(&call.query, &page)).await?;
    Ok((place.figures(&call.query, cells, &page), around))
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
/// En CSV et en NDJSON, toutes les cases, ou le total sans `group_by`. Avec `shape=long`, une ligne par chiffre : sa mesure, sa valeur, son unité, ce qu'il en est (`obs_status`) et sa publication.
#[utoipa::path(
    tag = TAG,
    params(ListCall<Values>),
    responses((status = 200, description = "Une page de valeurs", content(
        (ShapedIndicatorValues = "application/json"), (String = "text/csv", example = json!("academy,pupils,girls_share,expected,expected_validated,validated\r\nacademy:11,113,0.4425,2,2,2\r\n")),
        (String = "application/x-ndjson", example = json!("{\"key\":{\"academy\":\"academy:11\"},\"values\":{\"pupils\":113,\"girls_share\":0.4425},\"suppressed\":[],\"carried\":{},\"publication\":null,\"completeness\":{\"expected\":2,\"expected_validated\":2,\"validated\":2}}\n"))
    )))
)]
#[get("/v1/indicators/values")]
pub async fn get_indicator_values(call: ListCall<Values>) -> Result<HttpResponse> {
    match call.call().query.shape {
        Shape::Wide => {
            let write = |listed, more| ShapedIndicatorValues::Wide(answer::whole(listed, more));
            call.answer_with(read, write).await
        }
        Shape::Long => {
            let write = |listed, more| ShapedIndicatorValues::Long(long::whole(listed, more));
            call.of::<LongValues>().answer_with(read_long, write).await
        }
    }
}

/// Chiffres publiés, sans jeton
///
/// Les mêmes que `/v1/indicators/values` pour qui lit les publications : ceux de la dernière publication de chaque année demandée, ou sans `school_year` de la dernière année publiée ; avec `publication` ou `as_of`, ceux d'une autre. Les tableaux sont fixes : un autre groupement, ou un filtre sur une autre dimension que celles de `group_by`, est refusé (422 `grouping_not_published`). `suppressed` nomme les mesures masquées, `carried` celles qui sont restées d'une publication antérieure.
///
/// En CSV et en NDJSON, toutes les cases, ou le total sans `group_by`. Avec `shape=long`, une ligne par chiffre : sa mesure, sa valeur, son unité, ce qu'il en est (`obs_status`) et sa publication.
#[utoipa::path(
    tag = OPEN,
    params(ListCall<Values>),
    responses((status = 200, description = "Une page de valeurs", content(
        (OpenShapedIndicatorValues = "application/json"), (String = "text/csv", example = json!("academy,pupils,girls_share,expected,expected_validated,validated\r\nacademy:11,113,0.4425,2,2,2\r\n")),
        (String = "application/x-ndjson", example = json!("{\"key\":{\"academy\":\"academy:11\"},\"values\":{\"pupils\":113,\"girls_share\":0.4425},\"suppressed\":[],\"carried\":{},\"publication\":null,\"completeness\":{\"expected\":2,\"expected_validated\":2,\"validated\":2}}\n"))
    )))
)]
#[get("/public/indicators/values")]
pub async fn get_public_indicator_values(call: ListCall<Values>) -> Result<HttpResponse> {
    use OpenShapedIndicatorValues::{Long, Wide};
    match call.call().query.shape {
        Shape::Wide => {
            let write = |listed, more| Wide(Open::of(answer::whole(listed, more)));
            call.answer_with(read, write).await
        }
        Shape::Long => {
            let write = |listed, more| Long(Open::of(long::whole(listed, more)));
            call.of::<LongValues>().answer_with(read_long, write).await
        }
    }
}
