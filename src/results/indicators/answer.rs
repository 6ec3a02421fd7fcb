//! Figures as they are answered.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::model::{Asked, Definition, Dimension, Indicator};
use super::store::columns::sums;
use super::store::denominators::{self, Denominator};
use super::store::targets::Kind;
use super::store::{Computed, Counted, Key};
use crate::http::page::Listed;
use crate::language::Language;
use crate::values::share;

/// Des valeurs d'indicateurs, case par case.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndicatorValues {
    /// Les cases de la page, dans l'ordre de leurs clés, null en dernier ; aucune sans `group_by`.
    pub data: Vec<Cell>,
    /// Le total de tout ce que les filtres retiennent, toutes pages confondues, compté et non additionné. Dans une publication, celui qui est publié : null quand aucune case publiée n'est ce total.
    pub totals: Option<Totals>,
    /// Le curseur de la page suivante, ou null à la fin.
    pub next_cursor: Option<String>,
    /// Ce qu'il faut savoir des chiffres.
    pub meta: Meta,
}

/// Une case : une combinaison de valeurs des dimensions.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = IndicatorCell)]
pub struct Cell {
    /// La valeur de chaque dimension de `group_by` ; null là où les lignes n'en ont pas.
    #[schema(value_type = HashMap<String, Option<String>>, example = json!({ "academy": "academy:10", "school_year": "2025-2026" }))]
    pub key: Map<String, Value>,
    /// La valeur de chaque mesure ; null là où personne ne la connaît.
    #[schema(value_type = HashMap<String, Option<f64>>, example = json!({ "pupils": 1240, "girls_share": 0.4823 }))]
    pub values: Map<String, Value>,
    /// Les mesures masquées, dont la valeur est null, parce qu'un petit groupe s'y lirait : aucune dans les chiffres en direct.
    #[schema(example = json!([]))]
    pub suppressed: Vec<String>,
    /// Les mesures dont la valeur est restée celle d'une publication antérieure, avec son numéro : la nouvelle, ou ce qui a changé depuis, trahirait un petit groupe.
    #[schema(example = json!({}))]
    pub carried: BTreeMap<String, i32>,
    /// Le numéro de la publication dont est la case, quand plusieurs répondent ; null sinon : `meta.publication` le dit.
    #[schema(example = json!(null))]
    pub publication: Option<i32>,
    /// Ce sur quoi la case repose.
    pub completeness: Completeness,
    /// Its place in the order.
    #[serde(skip)]
    #[schema(ignore)]
    pub place: Key,
    /// The numbers of the publications it is of: pages that follow are of the same.
    #[serde(skip)]
    #[schema(ignore)]
    pub editions: Option<Rc<str>>,
}

/// Un total.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IndicatorTotals)]
pub struct Totals {
    /// La valeur de chaque mesure ; null là où personne ne la connaît.
    #[schema(value_type = HashMap<String, Option<f64>>, example = json!({ "pupils": 18250, "girls_share": 0.4907 }))]
    pub values: Map<String, Value>,
    /// Les mesures masquées, dont la valeur est null : aucune dans les chiffres en direct.
    #[schema(example = json!([]))]
    pub suppressed: Vec<String>,
    /// Les mesures dont la valeur est restée celle d'une publication antérieure, avec son numéro.
    #[schema(example = json!({}))]
    pub carried: BTreeMap<String, i32>,
    /// Ce sur quoi le total repose.
    pub completeness: Completeness,
}

/// Les bilans sur lesquels des chiffres reposent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Completeness {
    /// Les bilans attendus ; null sans campagne.
    #[schema(example = 48)]
    pub expected: Option<i64>,
    /// Parmi eux, les validés ; null sans campagne.
    #[schema(example = 40)]
    pub expected_validated: Option<i64>,
    /// Tous les bilans validés comptés, attendus ou non.
    #[schema(example = 42)]
    pub validated: i64,
}

/// Ce qu'il faut savoir de chiffres.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IndicatorMeta)]
pub struct Meta {
    /// Le numéro de la publication, la dernière s'il y en a plusieurs ; null pour des chiffres en direct.
    #[schema(example = json!(null))]
    pub publication: Option<i32>,
    /// Le moment dont les chiffres datent : celui de la publication, ou en direct la dernière validation parmi les bilans comptés, null s'il n'y en a pas.
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub computed_at: Option<DateTime<Utc>>,
    /// Les mesures demandées, par leur code.
    #[schema(value_type = HashMap<String, Summary>)]
    pub definitions: BTreeMap<&'static str, Summary>,
    /// Les territoires auxquels votre rôle limite les chiffres ; null sans limite.
    #[schema(example = json!(["academy:10"]))]
    pub perimeter: Option<Vec<String>>,
}

/// L'essentiel d'une définition.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = IndicatorSummary)]
pub struct Summary {
    /// Son libellé, dans la langue de la réponse.
    #[schema(example = "Élèves")]
    pub label: String,
    /// Son unité.
    #[schema(example = "participation")]
    pub unit: String,
    /// `additive`, `distinct` ou `share`.
    #[schema(example = "additive")]
    pub kind: String,
}

/// The measures asked for, by their codes, in this language.
pub fn definitions(asked: &Asked, language: Language) -> BTreeMap<&'static str, Summary> {
    let mut all: HashMap<String, Definition> = Definition::all()
        .into_iter()
        .map(|one| (one.code.to_string(), one))
        .collect();
    let codes = asked.measures.iter().map(|measure| measure.code());
    codes
        .filter_map(|code| Some((code, all.remove(code)?)))
        .map(|(code, one)| {
            let label = match language {
                Language::French => one.label_fr,
                Language::English => one.label_en,
            };
            let (unit, kind) = (one.unit, one.kind);
            (code, Summary { label, unit, kind })
        })
        .collect()
}

/// The cells of a page.
pub fn cells(asked: &Asked, computed: &Computed) -> Vec<Cell> {
    let of_reports = denominators::places(&asked.group_by);
    let establishments: HashMap<&Key, i64> = computed
        .establishments
        .iter()
        .filter_map(|row| Some((&row.key, row.figures.first().copied()??)))
        .collect();
    let names = || asked.group_by.iter().map(|one| one.code().to_owned());
    let cell = |row: &Counted| {
        let own: Key = of_reports
            .iter()
            .filter_map(|place| row.key.get(*place).cloned())
            .collect();
        let figures = Figures {
            row,
            establishments: establishments.get(&row.key).copied(),
            denominator: |one| computed.denominators.get(&(one, own.clone())),
            academies: denominators::academies(asked, &computed.limit, &row.key),
            has_campaign: has_campaign(asked, computed, &row.key),
        };
        Cell {
            key: names()
                .zip(row.key.iter().cloned().map(Value::from))
                .collect(),
            values: figures.values(asked),
            suppressed: Vec::new(),
            carried: BTreeMap::new(),
            publication: None,
            completeness: figures.completeness(),
            place: row.key.clone(),
            editions: None,
        }
    };
    if asked.group_by.is_empty() {
        // Without a grouping there is one cell: all of them together.
        let total = computed.groups.first().or(computed.total.as_ref());
        let whole = |row: &Counted| {
            let figures = of_total(asked, computed, row);
            Cell {
                values: figures.values(asked),
                completeness: figures.completeness(),
                ..cell(row)
            }
        };
        return total.map(whole).into_iter().collect();
    }
    computed.groups.iter().map(cell).collect()
}

/// The figures of all cells together.
fn of_total<'a>(
    asked: &Asked,
    computed: &'a Computed,
    row: &'a Counted,
) -> Figures<'a, impl Fn(Denominator) -> Option<&'a Vec<Option<i64>>>> {
    Figures {
        row,
        establishments: of_all(computed),
        denominator: |one| computed.denominators_of_total.get(&one),
        academies: denominators::academies(asked, &computed.limit, &[]),
        has_campaign: !computed.campaign_years.is_empty(),
    }
}

/// Whether a campaign expects reports of the year of a cell, or of one of those asked for.
fn has_campaign(asked: &Asked, computed: &Computed, key: &Key) -> bool {
    let dimensions = asked.group_by.iter().zip(key);
    let mut of_year = dimensions.filter(|(one, _)| **one == Dimension::SchoolYear);
    match of_year.next() {
        Some((_, Some(year))) => computed.campaign_years.contains(year),
        _ => !computed.campaign_years.is_empty(),
    }
}

/// The establishments of the one cell there is without a grouping.
fn of_all(computed: &Computed) -> Option<i64> {
    let group = computed.establishments.first();
    computed
        .all_establishments
        .or_else(|| group.and_then(|row| row.figures.first().copied().flatten()))
}

/// The totals and what is to be known of the figures.
pub fn around(
    asked: &Asked,
    computed: &Computed,
    perimeter: Option<Vec<String>>,
    language: Language,
) -> (Totals, Meta) {
    let empty = Counted::default();
    let total = computed.total.as_ref().unwrap_or(&empty);
    let figures = of_total(asked, computed, total);
    let totals = Totals {
        values: figures.values(asked),
        suppressed: Vec::new(),
        carried: BTreeMap::new(),
        completeness: figures.completeness(),
    };
    let meta = Meta {
        publication: None,
        computed_at: total.latest,
        definitions: definitions(asked, language),
        perimeter,
    };
    (totals, meta)
}

/// The whole answer.
pub fn whole(listed: Listed<Cell>, (totals, meta): (Option<Totals>, Meta)) -> IndicatorValues {
    IndicatorValues {
        data: listed.data,
        totals,
        next_cursor: listed.next_cursor,
        meta,
    }
}

/// What the figures of a cell, or of all of them, are made of.
struct Figures<'a, D> {
    row: &'a Counted,
    establishments: Option<i64>,
    /// What it is measured against.
    denominator: D,
    /// How many academies it could cover.
    academies: Option<i64>,
    /// Whether reports are expected at all.
    has_campaign: bool,
}

impl<'a, D: Fn(Denominator) -> Option<&'a Vec<Option<i64>>>> Figures<'a, D> {
    fn at(&self, denominator: Denominator, place: usize) -> Option<i64> {
        (self.denominator)(denominator)?
            .get(place)
            .copied()
            .flatten()
    }

    /// Of the reports expected (0), or those of them that are validated (1): none where a campaign
    /// expects nothing, unknown without one.
    fn expected(&self, place: usize) -> Option<i64> {
        let counted = self.at(Denominator::Expected, place);
        self.has_campaign.then(|| counted.unwrap_or_default())
    }

    fn completeness(&self) -> Completeness {
        Completeness {
            expected: self.expected(0),
            expected_validated: self.expected(1),
            validated: self.row.validated,
        }
    }

    /// The value of each measure, from the sums it is made of.
    fn values(&self, asked: &Asked) -> Map<String, Value> {
        let mut sums_left = self.row.figures.iter().copied();
        let mut found: HashMap<Indicator, Value> = HashMap::new();
        for measure in &asked.measures {
            let value = self.value(*measure, &mut sums_left);
            found.insert(*measure, value);
        }
        if asked.asks_for(&Indicator::OF_TARGETS) {
            let own = found.get(&asked.aimed_at()).cloned();
            let achieved = self.achieved(asked.aimed_at(), own);
            let rate = self.achievement(achieved.as_f64());
            found.insert(Indicator::Achieved, achieved);
            found.insert(Indicator::AchievementRate, rate.into());
        }
        let value = |measure: &Indicator| {
            let value = found.get(measure).cloned().unwrap_or_default();
            (measure.code().to_owned(), value)
        };
        asked.measures.iter().map(value).collect()
    }

    fn value(
        &self,
        measure: Indicator,
        sums_left: &mut impl Iterator<Item = Option<i64>>,
    ) -> Value {
        use Denominator::Declined;
        match (measure, sums(measure).len()) {
            // Where nobody named an establishment there is no row that counts them.
            (Indicator::Establishments, _) => self.establishments.unwrap_or_default().into(),
            (Indicator::ReportsValidated, _) => self.row.validated.into(),
            (Indicator::ReportsExpected, _) => self.expected(0).into(),
            (Indicator::CompletenessRate, _) => share(self.expected(1), self.expected(0)).into(),
            (Indicator::DeclinationsActive, _) => self.at(Declined, 0).into(),
            (Indicator::AcademiesCovered, _) => self.at(Declined, 1).into(),
            (Indicator::CoverageRate, _) => share(self.at(Declined, 1), self.academies).into(),
            (Indicator::Target, _) => self.target().map(plain).into(),
            (_, 2) => {
                let numerator = sums_left.next().flatten();
                share(numerator, sums_left.next().flatten()).into()
            }
            (_, 1) => sums_left.next().flatten().into(),
            _ => Value::Null,
        }
    }

    fn target(&self) -> Option<f64> {
        decimal(self.at(Denominator::Targets, 0)?)
    }

    /// What was counted of the measure where its target is set; of a distinct count, which is told
    /// of one convention only, the figure of the cell, where all of it is of one year.
    fn achieved(&self, aimed_at: Indicator, own: Option<Value>) -> Value {
        let at = |place| self.at(Denominator::Targets, place);
        match Kind::of(aimed_at) {
            Kind::Sum => at(1).into(),
            Kind::Share => share(at(1), at(2)).into(),
            Kind::Distinct if at(3) == Some(1) => own.unwrap_or_default(),
            Kind::Distinct => Value::Null,
        }
    }

    fn achievement(&self, reached: Option<f64>) -> Option<f64> {
        let target = self.target().filter(|target| *target > 0.0)?;
        Some((reached? / target * 10_000.0).round() / 10_000.0)
    }
}

/// The number of so many ten-thousandths.
fn decimal(tenthousandths: i64) -> Option<f64> {
    let (whole, rest) = (tenthousandths / 10_000, tenthousandths % 10_000);
    format!("{whole}.{rest:04}").parse().ok()
}

/// A whole number without its decimal point.
fn plain(number: f64) -> Value {
    serde_json::to_value(Plain(number)).unwrap_or_default()
}

#[derive(Serialize)]
struct Plain(#[serde(serialize_with = "crate::values::plain_number")] f64);
