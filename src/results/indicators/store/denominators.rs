//! The denominators of figures: the reports that campaigns expect, the declinations in force, the
//! targets that conventions and declinations set ([`super::targets`]). None depends on lines: a
//! cell of a type of action or a level has the denominator of its other dimensions.

pub use super::columns::is_of_reports;
use super::filters::Filters;
use super::targets::{self, Kind, Tables};
use crate::db::sql_text::Bind;
use crate::reference::{Reference, Territory};
use crate::results::indicators::model::{Asked, Dimension, Indicator};
use crate::results::indicators::perimeter::Limit;
use crate::values::{TerritoryCode, TextValue};

/// Those that declinations answer.
const OF_DECLINATIONS: [Indicator; 3] = [
    Indicator::DeclinationsActive,
    Indicator::AcademiesCovered,
    Indicator::CoverageRate,
];

/// A denominator of figures, by the source of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Denominator {
    /// The reports expected, and those of them that are validated.
    Expected,
    /// The declinations in force, and the academies they cover.
    Declined,
    /// The targets, in ten-thousandths.
    Targets,
}

impl Denominator {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Expected, Self::Declined, Self::Targets];

    /// Its table in the statement: of the cells, or of all of them together. The reports expected are
    /// the same whatever the grouping.
    pub const fn table(self, of_total: bool) -> &'static str {
        match (self, of_total) {
            (Self::Expected, _) => "x",
            (Self::Declined, false) => "d",
            (Self::Declined, true) => "total_d",
            (Self::Targets, false) => "o",
            (Self::Targets, true) => "total_o",
        }
    }

    /// What its rows add up to, for targets of this measure.
    pub const fn figures(self, aimed_at: Indicator) -> &'static str {
        match self {
            Self::Expected => "ARRAY[sum(c.n), sum(c.v)]::bigint[]",
            Self::Declined => {
                "ARRAY[count(DISTINCT c.id), count(DISTINCT c.academy) FILTER (WHERE c.covers)]"
            }
            Self::Targets => Kind::of(aimed_at).figures(),
        }
    }
}

/// The denominators that measures ask for in cells of this grouping: those of the answer, or none of
/// the total. The reports expected go with every figure.
pub fn of(asked: &Asked, group_by: &[Dimension]) -> Vec<Denominator> {
    let is_whole = is_whole(asked, group_by);
    let candidates = [
        (Denominator::Expected, true),
        (
            Denominator::Declined,
            asked.asks_for(&OF_DECLINATIONS) && is_whole,
        ),
        (
            Denominator::Targets,
            asked.asks_for(&Indicator::OF_TARGETS) && is_whole,
        ),
    ];
    let wanted = candidates.into_iter().filter(|(_, is_asked)| *is_asked);
    wanted.map(|(denominator, _)| denominator).collect()
}

/// Whether cells without a report are answered too: what was expected of nobody's lines in particular is
/// missing wherever lines are not told apart.
pub fn keeps_empty_cells(asked: &Asked) -> bool {
    !asked.group_by.is_empty() && asked.group_by.iter().all(|one| is_of_reports(*one))
}

/// The years that have a campaign, of those asked for: elsewhere nothing is expected, rather than 0.
pub(super) fn campaign_years(filters: &mut Filters<'_>, part: i32) -> String {
    let years = &filters.asked.school_year;
    let asked = filters.binds.among("k.school_year", years);
    let asked = asked.unwrap_or_else(|| "true".to_owned());
    format!(
        "SELECT {part} AS part, coalesce(array_agg(k.school_year), '{{}}')::text[] AS key, '{{}}'::bigint[] AS figures, \
                0::bigint AS validated, NULL::timestamptz AS latest FROM campaigns AS k WHERE {asked}"
    )
}

/// Whether what is asked for is about reports, and not only about some lines of them.
fn is_whole(asked: &Asked, group_by: &[Dimension]) -> bool {
    let of_all_lines = asked.axis.is_empty()
        && asked.action_type.is_empty()
        && asked.level.is_empty()
        && asked.moment.is_empty()
        && asked.event.is_empty();
    of_all_lines && group_by.iter().all(|one| is_of_reports(*one))
}

/// The rows of a denominator, by year, region, academy and convention: what the cells of the answer
/// are measured against, or the answer to the same question without a grouping.
pub(super) fn rows(denominator: Denominator, filters: &mut Filters<'_>, of_total: bool) -> String {
    let asked = filters.asked;
    let group_by: &[Dimension] = if of_total { &[] } else { &asked.group_by };
    let tables = Tables {
        expected: Denominator::Expected.table(of_total),
        declined: Denominator::Declined.table(of_total),
    };
    match denominator {
        Denominator::Expected => expected(filters),
        Denominator::Declined => declined(filters, group_by),
        Denominator::Targets => targets::rows(filters, group_by, tables),
    }
}

fn expected(filters: &mut Filters<'_>) -> String {
    let mut conditions = filters.under("e.convention_id");
    conditions.extend(
        filters
            .binds
            .among("e.school_year", &filters.asked.school_year),
    );
    conditions.extend(filters.binds.among("e.academy", &filters.asked.academy));
    conditions.extend(
        filters
            .binds
            .among("e.academic_region", &filters.asked.academic_region),
    );
    match filters.limit {
        Limit::Everything => {}
        Limit::Academies(codes) => {
            let codes = filters.binds.bind(Bind::Texts(codes.clone()));
            conditions.push(format!(
                "(e.academy = ANY ({codes}) OR e.academic_region = ANY ({codes}))"
            ));
        }
        Limit::Reports(codes) => {
            let codes = filters.binds.bind(Bind::Texts(codes.clone()));
            conditions.push(format!("e.territory = ANY ({codes})"));
        }
    }
    conditions.push("true".to_owned());
    let conditions = conditions.join(" AND ");
    let place = "e.school_year, nullif(e.academic_region, '') AS academic_region, \
                 nullif(e.academy, '') AS academy, e.convention_id";
    if matches!(filters.limit, Limit::Reports(_)) {
        // Those of a school are few, and counted.
        return format!(
            "SELECT {place}, count(*) AS n, count(*) FILTER (WHERE e.state = 'validated') AS v \
             FROM expected_report_states AS e WHERE {conditions} \
             GROUP BY e.school_year, e.academic_region, e.academy, e.convention_id"
        );
    }
    format!(
        "SELECT {place}, e.expected AS n, e.validated AS v FROM expected_counts AS e \
         WHERE {conditions}"
    )
}

/// A row for each declination, academy it reaches and year it is in force in; without a year,
/// those of today.
fn declined(filters: &mut Filters<'_>, group_by: &[Dimension]) -> String {
    let mut conditions = vec!["d.status IN ('active', 'closed')".to_owned()];
    conditions.extend(filters.under("d.convention_id"));
    conditions.extend(filters.binds.among("a.code", &filters.asked.academy));
    conditions.extend(
        filters
            .binds
            .among("a.parent", &filters.asked.academic_region),
    );
    match filters.limit {
        Limit::Everything => {}
        Limit::Academies(codes) => {
            let codes = filters.binds.bind(Bind::Texts(codes.clone()));
            conditions.push(format!("a.code = ANY ({codes})"));
        }
        Limit::Reports(codes) => {
            let codes = filters.binds.bind(Bind::Texts(codes.clone()));
            conditions.push(format!(
                "a.code IN (SELECT s.academy FROM establishments AS s WHERE 'uai:' || s.uai = ANY ({codes}))"
            ));
        }
    }
    let conditions = conditions.join(" AND ");
    let years = years(filters, group_by);
    format!(
        "SELECT DISTINCT y.school_year, a.parent AS academic_region, a.code AS academy, d.convention_id, d.id, \
                d.level <> 'establishment' AND a.kind = 'academy' AS covers \
           FROM ({years}) AS y JOIN declinations AS d \
             ON declination_days(d.status, d.starts_on, d.ends_on, d.updated_at) && y.days \
           JOIN conventions AS o ON o.id = d.convention_id \
            AND convention_days(o.status, o.starts_on, o.in_force_until) \
                * declination_days(d.status, d.starts_on, d.ends_on, d.updated_at) && y.days \
           JOIN territories AS a ON a.kind IN ('academy', 'overseas_service') \
            AND (a.code = ANY (d.reach) OR a.parent = ANY (d.territories)) \
          WHERE {conditions}"
    )
}

/// The years asked for and their days; all years of reports or campaigns where they are grouped by
/// year, else the present day.
fn years(filters: &mut Filters<'_>, group_by: &[Dimension]) -> String {
    const YEARS: &str = "SELECT code AS school_year, school_year_days(code) AS days FROM";
    if !filters.asked.school_year.is_empty() {
        let years = filters
            .asked
            .school_year
            .iter()
            .map(ToString::to_string)
            .collect();
        let mark = filters.binds.bind(Bind::Texts(years));
        return format!("{YEARS} unnest({mark}) AS code");
    }
    if group_by.contains(&Dimension::SchoolYear) {
        return format!(
            "{YEARS} (SELECT school_year FROM campaigns \
             UNION SELECT school_year FROM indicator_cells) AS known (code)"
        );
    }
    "SELECT NULL::text AS school_year, daterange(day, day, '[]') AS days \
     FROM (SELECT (now() AT TIME ZONE 'Europe/Paris')::date) AS today (day)"
        .to_owned()
}

/// The places of a key that distinguish reports: a denominator's keys are made of them.
pub fn places(group_by: &[Dimension]) -> Vec<usize> {
    let of_reports = group_by.iter().enumerate();
    of_reports
        .filter(|(_, one)| is_of_reports(**one))
        .map(|(place, _)| place)
        .collect()
}

/// How many academies a cell could cover: those of its academy or region, of the filters and of the
/// perimeter; overseas services are not among them. Unknown for schools.
pub fn academies(asked: &Asked, limit: &Limit, key: &[Option<String>]) -> Option<i64> {
    let of_cell: Vec<(&Dimension, &str)> = asked
        .group_by
        .iter()
        .zip(key)
        .filter(|(one, _)| matches!(one, Dimension::Academy | Dimension::AcademicRegion))
        .map(|(one, code)| Some((one, code.as_deref()?)))
        .collect::<Option<_>>()?;
    let own = match limit {
        Limit::Everything => None,
        Limit::Academies(codes) => Some(codes),
        Limit::Reports(_) => return None,
    };
    let among = |codes: &[TerritoryCode], code: &str| {
        codes.is_empty() || codes.iter().any(|one| one.as_str() == code)
    };
    let counts = |one: &&Territory| {
        let region = one.parent.as_deref().unwrap_or_default();
        one.kind == "academy"
            && own.is_none_or(|codes| codes.contains(&one.code))
            && among(&asked.academy, &one.code)
            && among(&asked.academic_region, region)
            && of_cell
                .iter()
                .all(|(_, code)| *code == one.code || *code == region)
    };
    let count = Reference::get().territories().iter().filter(counts).count();
    i64::try_from(count).ok()
}
