//! The figures of a summary, and which of them a caller may see.

use diesel_async::AsyncPgConnection;
use serde_json::{Map, Value};

use super::labels;
use super::model::{SummaryCompleteness, SummaryFigures, SummaryLastYear, SummaryRow};
use crate::auth::policy::Scope;
use crate::error::Result;
use crate::language::Language;
use crate::reference::fold;
use crate::results::declination_progress::measures::MEASURES;
use crate::results::indicators::answer::{self, Cell};
use crate::results::indicators::model::{Asked, Dimension};
use crate::results::indicators::perimeter::territories as perimeter;
use crate::results::indicators::store::denominators::Denominator;
use crate::results::indicators::store::{Computed, Part, Slice, compute};
use crate::results::reports::model::reads_heads;
use crate::values::SchoolYear;
use crate::values::ids::ConventionId;

/// More cells than any grouping of a summary has.
const ALL: i64 = 1_000;

/// The convention and the year that a summary is of.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The convention.
    pub convention: ConventionId,
    /// The year.
    pub year: SchoolYear,
    /// The language of labels.
    pub language: Language,
}

/// The figures, and those of each region that its targets are compared with.
#[derive(Debug, Clone)]
pub struct SubjectFigures {
    /// What is answered.
    pub figures: SummaryFigures,
    /// By academic region.
    pub by_region: Vec<SummaryRow>,
}

/// The live figures that this caller may see: all for the ministry, those of their perimeter for
/// academies and schools, none for partners and readers, who read published ones elsewhere.
pub async fn subject_figures(
    connection: &AsyncPgConnection,
    scope: &Scope,
    subject: &Subject,
) -> Result<Option<SubjectFigures>> {
    if reads_heads(scope) {
        return Ok(None);
    }
    live(connection, scope, subject).await.map(Some)
}

async fn live(
    connection: &AsyncPgConnection,
    scope: &Scope,
    subject: &Subject,
) -> Result<SubjectFigures> {
    let by = |dimension| grouped(connection, scope, subject, dimension);
    let (academies, types, levels, regions, last_year) = tokio::try_join!(
        by(Dimension::Academy),
        by(Dimension::ActionType),
        by(Dimension::Level),
        by(Dimension::AcademicRegion),
        last_year(connection, scope, subject),
    )?;
    let mut by_academy = rows(&academies, subject.language);
    by_academy.sort_by_key(|row| (row.code.is_none(), fold(&row.label)));
    Ok(SubjectFigures {
        figures: SummaryFigures {
            by_academy,
            by_action_type: in_order("action_types", rows(&types, subject.language)),
            by_level: in_order("levels", rows(&levels, subject.language)),
            ..totals(scope, &academies, last_year, subject.language)
        },
        by_region: rows(&regions, subject.language),
    })
}

/// What one statement computes: the cells of a dimension and the total, with what was asked.
struct Grouped {
    asked: Asked,
    computed: Computed,
}

async fn grouped(
    connection: &AsyncPgConnection,
    scope: &Scope,
    subject: &Subject,
    dimension: Dimension,
) -> Result<Grouped> {
    let asked = Asked {
        measures: MEASURES.to_vec(),
        group_by: vec![dimension],
        school_year: vec![subject.year.clone()],
        convention: vec![subject.convention],
        ..Asked::default()
    };
    let (after, limit) = (None, ALL);
    let mut parts = vec![Part::Group, Part::GroupEstablishments];
    if dimension == Dimension::Academy {
        let expected = Part::DenominatorOfTotal(Denominator::Expected);
        parts.extend([Part::Total, Part::TotalEstablishments, expected]);
    }
    let computed = compute(connection, scope, &asked, &parts, &Slice { after, limit }).await?;
    Ok(Grouped { asked, computed })
}

/// The totals of the year before.
async fn last_year(
    connection: &AsyncPgConnection,
    scope: &Scope,
    subject: &Subject,
) -> Result<SummaryLastYear> {
    let school_year = subject.year.before();
    let asked = Asked {
        measures: MEASURES.to_vec(),
        school_year: vec![school_year.clone()],
        convention: vec![subject.convention],
        ..Asked::default()
    };
    let (after, limit) = (None, ALL);
    let parts = [
        Part::Total,
        Part::TotalEstablishments,
        Part::DenominatorOfTotal(Denominator::Expected),
    ];
    let computed = compute(connection, scope, &asked, &parts, &Slice { after, limit }).await?;
    let (totals, _) = answer::around(&asked, &computed, None, subject.language);
    Ok(SummaryLastYear {
        school_year,
        completeness: SummaryCompleteness::of(&totals.completeness),
        totals: totals.values,
    })
}

fn totals(
    scope: &Scope,
    grouped: &Grouped,
    last_year: SummaryLastYear,
    language: Language,
) -> SummaryFigures {
    let (asked, computed) = (&grouped.asked, &grouped.computed);
    let (totals, meta) = answer::around(asked, computed, perimeter(scope), language);
    SummaryFigures {
        computed_at: meta.computed_at,
        completeness: SummaryCompleteness::of(&totals.completeness),
        totals: totals.values,
        last_year,
        by_academy: Vec::new(),
        by_action_type: Vec::new(),
        by_level: Vec::new(),
        definitions: meta.definitions,
    }
}

fn rows(grouped: &Grouped, language: Language) -> Vec<SummaryRow> {
    let cells = answer::cells(&grouped.asked, &grouped.computed);
    cells.into_iter().map(|cell| row(cell, language)).collect()
}

fn row(cell: Cell, language: Language) -> SummaryRow {
    let key = cell.key.iter().next();
    let code = key.and_then(|(dimension, code)| Some((dimension, code.as_str()?.to_owned())));
    let is_place = key.is_some_and(|(dimension, _)| dimension == Dimension::Academy.code());
    let label = code.as_ref().map_or_else(
        || labels::unsaid(is_place, language).to_owned(),
        |(dimension, code)| match dimension.as_str() {
            "action_type" => labels::of_code("action_types", code, language),
            "level" => labels::of_code("levels", code, language),
            _ => labels::of_territory(code),
        },
    );
    SummaryRow {
        code: code.map(|(_, code)| code),
        label,
        values: cell.values,
    }
}

/// The rows as their nomenclature has them, what is not stated last.
fn in_order(nomenclature: &str, mut rows: Vec<SummaryRow>) -> Vec<SummaryRow> {
    rows.sort_by_key(|row| {
        let code = row.code.as_deref();
        code.map_or(usize::MAX, |code| labels::place(nomenclature, code))
    });
    rows
}

/// The value of a measure, if it is known.
pub fn value(values: &Map<String, Value>, measure: &str) -> Option<f64> {
    values.get(measure).and_then(Value::as_f64)
}
