//! Values in long form, as statisticians have them: a row for each figure, with what it is (SDMX calls
//! that its observation status), its unit and its publication.

use std::rc::Rc;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::filter::ByKey;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::{Error, Result};
use crate::http::open::Open;
use crate::http::page::Listed;
use crate::results::indicators::answer::{Cell, IndicatorValues, Meta, Totals};
use crate::results::indicators::model::{Asked, Definition, Indicator};
use crate::results::indicators::store::Key;
use crate::values::{Measure, TextValue};

/// Des valeurs d'indicateurs, chiffre par chiffre.
#[derive(Debug, Serialize, ToSchema)]
pub struct LongIndicatorValues {
    /// Les chiffres de la page, case par case dans l'ordre des clés, et dans chacune dans l'ordre des mesures demandées.
    pub data: Vec<Figure>,
    /// Le total de tout ce que les filtres retiennent, comme dans l'autre forme.
    pub totals: Option<Totals>,
    /// Le curseur de la page suivante, ou null à la fin.
    pub next_cursor: Option<String>,
    /// Ce qu'il faut savoir des chiffres.
    pub meta: Meta,
}

/// Un chiffre : une mesure d'une case.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = IndicatorFigure)]
pub struct Figure {
    /// La valeur de chaque dimension de `group_by`.
    #[schema(value_type = HashMap<String, Option<String>>, example = json!({ "academy": "academy:10", "school_year": "2025-2026" }))]
    pub key: Map<String, Value>,
    /// La mesure.
    #[schema(example = "pupils")]
    pub measure: Measure,
    /// Sa valeur ; null si elle est masquée, ou que personne ne la connaît.
    #[schema(value_type = Option<f64>, example = 1240)]
    pub value: Value,
    /// Son unité ; celle de la mesure visée pour un objectif.
    #[schema(example = "participation")]
    pub unit: String,
    /// Ce qu'il en est : `shown` (montré), `carried` (resté celui d'une publication antérieure), `hidden` (masqué), `not_applicable` (sans valeur : rien ne le dit, ou il n'y a pas lieu).
    pub obs_status: ObsStatus,
    /// Le numéro de la publication dont est le chiffre ; null pour un chiffre en direct.
    #[schema(example = 1)]
    pub publication: Option<i32>,
    /// Where the page after it begins.
    #[serde(skip)]
    #[schema(ignore)]
    pub place: Place,
    /// The numbers of the publications it is of.
    #[serde(skip)]
    #[schema(ignore)]
    pub editions: Option<Rc<str>>,
}

/// Ce qu'il en est d'un chiffre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObsStatus {
    /// Told.
    Shown,
    /// Still what an earlier publication told.
    Carried,
    /// Hidden, since a small group would be read in it.
    Hidden,
    /// Without a value.
    NotApplicable,
}

/// A place among figures: so many after the cells that come up to a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Place {
    /// The last cell whose figures are all before it; none at the beginning.
    pub after: Option<Key>,
    /// How many figures of the cells after that one are before it.
    pub skip: usize,
}

impl Place {
    /// Where a page begins.
    ///
    /// # Errors
    /// `internal_error` for a mark of another list.
    pub fn of(page: &Page<ByKey>) -> Result<Self> {
        let mark = page.after.as_ref();
        let place = mark.map(|mark| serde_json::from_str(&mark.id).map_err(Error::internal));
        Ok(place.transpose()?.unwrap_or_default())
    }

    /// The page of cells whose figures a page of these is.
    pub fn cells(&self, asked: &Asked, page: &Page<ByKey>) -> Page<ByKey> {
        let measures = i64::try_from(asked.measures.len()).unwrap_or(1).max(1);
        let skip = i64::try_from(self.skip).unwrap_or_default();
        let mark = page.after.as_ref().map(|mark| Mark {
            value: mark.value.clone(),
            id: serde_json::json!(self.after).to_string(),
        });
        Page {
            after: mark,
            limit: page.limit.saturating_add(skip) / measures + 1,
            ..page.clone()
        }
    }

    /// The figures of cells from here on, as many as a page has.
    pub fn figures(self, asked: &Asked, cells: Vec<Cell>, page: &Page<ByKey>) -> Vec<Figure> {
        let limit = usize::try_from(page.limit).unwrap_or_default();
        let (units, skip) = (units(asked), self.skip);
        let mut before = self.after;
        let mut all = Vec::new();
        for cell in cells {
            let own = asked.measures.iter().zip(&units).enumerate();
            for (number, (measure, unit)) in own {
                let place = Self {
                    after: before.clone(),
                    skip: number + 1,
                };
                all.push(figure(&cell, *measure, unit, place));
            }
            before = Some(cell.place);
        }
        all.into_iter().skip(skip).take(limit).collect()
    }
}

/// The mark of a figure.
pub fn mark(figure: &Figure) -> Mark {
    let editions = figure.editions.as_deref();
    Mark {
        value: editions.map_or(MarkValue::Id, |all| MarkValue::Text(all.to_owned())),
        id: serde_json::json!(figure.place).to_string(),
    }
}

/// The unit of each measure asked for.
fn units(asked: &Asked) -> Vec<String> {
    let all = Definition::all();
    let unit = |measure: Indicator| {
        let mut all = all.iter();
        let found = all.find(|one| one.code.as_str() == measure.code());
        found.map_or("", |one| one.unit.as_str())
    };
    let of = |measure: &Indicator| match unit(*measure) {
        "measure" => unit(asked.aimed_at()),
        own => own,
    };
    asked
        .measures
        .iter()
        .map(|one| of(one).to_owned())
        .collect()
}

fn figure(cell: &Cell, measure: Indicator, unit: &str, place: Place) -> Figure {
    let code = measure.code();
    let value = cell.values.get(code).cloned().unwrap_or_default();
    let carried = cell.carried.get(code).copied();
    let is_hidden = cell.suppressed.iter().any(|one| one == code);
    let obs_status = match (is_hidden, carried, value.is_null()) {
        (true, ..) => ObsStatus::Hidden,
        (_, Some(_), _) => ObsStatus::Carried,
        (.., true) => ObsStatus::NotApplicable,
        _ => ObsStatus::Shown,
    };
    let alone = || cell.editions.as_deref()?.parse().ok();
    Figure {
        key: cell.key.clone(),
        measure: Measure::stored(code.to_owned()),
        value,
        unit: unit.to_owned(),
        obs_status,
        publication: carried.or(cell.publication).or_else(alone),
        place,
        editions: cell.editions.clone(),
    }
}

/// The whole answer.
pub fn whole(
    listed: Listed<Figure>,
    (totals, meta): (Option<Totals>, Meta),
) -> LongIndicatorValues {
    LongIndicatorValues {
        data: listed.data,
        totals,
        next_cursor: listed.next_cursor,
        meta,
    }
}

/// Des valeurs d'indicateurs, dans la forme que `shape` demande.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ShapedIndicatorValues {
    /// Une ligne par case.
    Wide(IndicatorValues),
    /// Une ligne par chiffre.
    Long(LongIndicatorValues),
}

/// Des chiffres publiés, dans la forme que `shape` demande, avec leur licence.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum OpenShapedIndicatorValues {
    /// Une ligne par case.
    Wide(Open<IndicatorValues>),
    /// Une ligne par chiffre.
    Long(Open<LongIndicatorValues>),
}

/// Describes an answer that has one of two shapes, an empty one both: utoipa's own derivation would say
/// that it never has both.
macro_rules! either {
    ($type:ident of $wide:ty as $wide_name:literal, $long:ty as $long_name:literal) => {
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let shapes = [$wide_name, $long_name].map(Ref::from_schema_name);
                let either = shapes
                    .into_iter()
                    .fold(AnyOfBuilder::new(), AnyOfBuilder::item);
                either.into()
            }
        }

        impl ToSchema for $type {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                schemas.push(($wide_name.to_owned(), <$wide>::schema()));
                schemas.push(($long_name.to_owned(), <$long>::schema()));
                <$wide>::schemas(schemas);
                <$long>::schemas(schemas);
            }
        }
    };
}

either!(ShapedIndicatorValues of
    IndicatorValues as "IndicatorValues",
    LongIndicatorValues as "LongIndicatorValues");
either!(OpenShapedIndicatorValues of
    Open<IndicatorValues> as "Open_IndicatorValues",
    Open<LongIndicatorValues> as "Open_LongIndicatorValues");
