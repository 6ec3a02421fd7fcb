//! The handlers of indicators.

use std::rc::Rc;

use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter as DocumentedParameter, ParameterIn};

use super::answer::{self, Cell, IndicatorValues, Meta, Totals};
use super::model::{Asked, Definition, Dimension, MAX_DIMENSIONS};
use super::store::{self, Computed, Key, Part, Slice};
use super::{perimeter, published, yardsticks};
use crate::db::keyset::Direction;
use crate::error::{Error, Result, Rule};
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::forms::Column;
use crate::http::page::{self, Count, Listed, Mark, MarkValue, Page};
use crate::http::query::{
    Documented, Parameter, Query, Reader, UPDATED_SINCE, parameter, without_example,
};
use crate::nomenclatures::store as nomenclatures;
use crate::values::TextValue;

const TAG: &str = "Indicateurs";

/// Cells that a stream reads at a time: each batch adds the lines up again, so few of them.
const BATCH: i64 = 20_000;

/// What the list of definitions is filtered by.
#[derive(Debug, Default)]
pub struct Filter {
    updated_since: Option<DateTime<Utc>>,
}

impl Query for Filter {
    const PARAMETERS: &'static [Parameter] = &[UPDATED_SINCE];

    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            updated_since: reader.one("updated_since"),
        }
    }
}

/// The filters, as the list and the count document them.
type Filters = Documented<Filter>;

/// By what definitions are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// As they are displayed.
    Place,
    /// The code.
    Code,
}

impl page::Sort for Sort {
    const DEFAULT: Self = Self::Place;
    const ORDERS: &'static [(&'static str, Self)] = &[("place", Self::Place), ("code", Self::Code)];
}

/// The definitions.
pub struct Definitions;

impl List for Definitions {
    type Filter = Filter;
    type Sort = Sort;
    type Item = Definition;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<Definition>> {
        let limit = usize::try_from(page.limit).unwrap_or_default();
        let mut all = definitions(&call).await?;
        if page.sort == Sort::Code {
            all.sort_by(|one, other| one.code.as_str().cmp(other.code.as_str()));
        }
        if page.direction == Direction::Descending {
            all.reverse();
        }
        let last = page.after.as_ref().map(|mark| mark.id.as_str());
        let seen = last.and_then(|last| all.iter().position(|one| one.code.as_str() == last));
        let skipped = seen.map_or(0, |place| place + 1);
        Ok(all.into_iter().skip(skipped).take(limit).collect())
    }

    fn mark(item: &Definition, _sort: Sort) -> Mark {
        Mark {
            value: MarkValue::Id,
            id: item.code.to_string(),
        }
    }
}

/// The definitions the filters leave: all changed when the nomenclature did.
async fn definitions(call: &Call<Filter>) -> Result<Vec<Definition>> {
    let Some(since) = call.query.updated_since else {
        return Ok(Definition::all());
    };
    let reader = call.app.db.reader().await?;
    let measures = nomenclatures::find(&reader, call.scope()?, "measures").await?;
    if measures.updated_at < since {
        return Ok(Vec::new());
    }
    Ok(Definition::all())
}

/// Cells have one order, that of their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByKey {
    /// Ascending, null last.
    Only,
}

impl page::Sort for ByKey {
    const DEFAULT: Self = Self::Only;
    const ORDERS: &'static [(&'static str, Self)] = &[];
}

impl Query for Asked {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "measures",
            "Mesures, séparées par des virgules : les codes de `/v1/indicators`",
            "pupils,girls_share",
        ),
        parameter(
            "group_by",
            "Dimensions, trois au plus, séparées par des virgules ; sans elles, le total seul",
            "academy,school_year",
        ),
        parameter(
            "school_year",
            "Années scolaires, séparées par des virgules",
            "2025-2026",
        ),
        parameter(
            "academic_region",
            "Régions académiques, séparées par des virgules",
            "region:84",
        ),
        parameter(
            "academy",
            "Académies, séparées par des virgules",
            "academy:10",
        ),
        Parameter {
            name: "convention",
            description: "Identifiants de conventions, séparés par des virgules",
            example: None,
        },
        Parameter {
            name: "partner",
            description: "Identifiants de partenaires parties à la convention, séparés par des virgules",
            example: None,
        },
        parameter(
            "sector",
            "Secteurs des partenaires, séparés par des virgules",
            "metal_industry",
        ),
        parameter(
            "axis",
            "Axes de travail, séparés par des virgules",
            "internships",
        ),
        parameter(
            "action_type",
            "Types d'action, séparés par des virgules",
            "company_visit",
        ),
        parameter("level", "Niveaux, séparés par des virgules", "3e"),
        parameter(
            "moment",
            "Temps du parcours, séparés par des virgules",
            "pfmp",
        ),
        parameter(
            "event",
            "Événements, séparés par des virgules",
            "semaine_industrie",
        ),
        without_example(
            "publication",
            "Les chiffres de cette publication : son numéro ou son identifiant",
        ),
        without_example(
            "as_of",
            "Les chiffres publiés à ce moment (RFC 3339), ou à la fin de ce jour à Paris : la dernière publication de chaque année demandée",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        if reader.text("measures").is_none() {
            reader.fault("measures", Rule::Required);
        }
        let group_by: Vec<Dimension> = reader.distinct("group_by");
        if group_by.len() > MAX_DIMENSIONS {
            reader.fault("group_by", Rule::TooManyItems(MAX_DIMENSIONS));
        }
        Self {
            measures: reader.distinct("measures"),
            group_by,
            school_year: reader.several("school_year"),
            academic_region: reader.territories("academic_region", "region:84"),
            academy: reader.territories("academy", "academy:10"),
            convention: reader.several("convention"),
            partner: reader.several("partner"),
            sector: reader.several("sector"),
            axis: reader.several("axis"),
            action_type: reader.several("action_type"),
            level: reader.several("level"),
            moment: reader.several("moment"),
            event: reader.several("event"),
            edition: published::edition(reader),
        }
    }
}

/// The parameters of values: `measures` must be there.
struct ValuesParameters;

impl IntoParams for ValuesParameters {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<DocumentedParameter> {
        let mut parameters = Documented::<Asked>::into_params(place);
        let measures = parameters.iter_mut().find(|one| one.name == "measures");
        measures
            .into_iter()
            .for_each(|one| one.required = Required::True);
        parameters
    }
}

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
        let columns = keys
            .chain(values)
            .chain(["expected", "validated"].map(|name| at("completeness", name)));
        // Elsewhere an empty cell is unknown; here it may be hidden.
        let hidden = published::is_certain(call).then(|| Column::at("suppressed", "/suppressed"));
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

/// The key of the last cell of the page before.
pub(super) fn after(page: &Page<ByKey>) -> Result<Option<Key>> {
    let mark = page.after.as_ref();
    mark.map(|mark| serde_json::from_str(&mark.id).map_err(Error::internal))
        .transpose()
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
    let is_grouped = !call.query.group_by.is_empty();
    for yardstick in yardsticks::of(&call.query) {
        if is_grouped {
            parts.push(Part::Beside(yardstick));
        }
        if !is_grouped || parts.contains(&Part::Total) {
            parts.push(Part::BesideTotal(yardstick));
        }
    }
    let slice = Slice {
        after: after(page)?,
        limit: page.limit,
    };
    let connection = call.app.db.borrow().await?;
    store::compute(&connection, call.scope()?, &call.query, &parts, &slice).await
}

/// The cells of a page, and what is said around them. Without a grouping there is only the total.
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
    let perimeter = perimeter::told(call.scope()?);
    let around = answer::around(&call.query, &computed, perimeter, call.admitted.language);
    Ok((answer::cells(&call.query, &computed), around))
}

/// Définitions des indicateurs
///
/// Chacune avec ses libellés, son unité et ce qu'il compte, dans l'ordre de présentation ou celui de `sort`. En CSV et en NDJSON, la liste entière.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
        ("sort" = Option<String>, Query, description = "`place` (par défaut, l'ordre de présentation), `code` ; `-` devant pour l'ordre inverse", example = "code"),
        crate::openapi::PageParameters,
    ),
    responses((status = 200, description = "Une page de définitions", content(
        (Listed<Definition> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/indicators")]
pub async fn list_indicators(call: ListCall<Definitions>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre d'indicateurs
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(Filters),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/indicators/count")]
pub async fn count_indicators(call: Call<Filter>) -> Result<Answer> {
    let count = i64::try_from(definitions(&call).await?.len()).map_err(Error::internal)?;
    Answer::digested(&Count { count })
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
    params(ValuesParameters, crate::openapi::PageParameters),
    responses((status = 200, description = "Une page de valeurs", content(
        (IndicatorValues = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/indicators/values")]
pub async fn get_indicator_values(call: ListCall<Values>) -> Result<HttpResponse> {
    call.answer_with(read, answer::whole).await
}
