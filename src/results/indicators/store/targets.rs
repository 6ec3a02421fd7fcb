//! The targets of the measure asked for, each with what was counted of it where it is set: that year,
//! under that convention, in that place.

use super::columns::{places, sums};
use super::filters::Filters;
use crate::db::sql_text::Bind;
use crate::results::indicators::aim::{Aim, academies};
use crate::results::indicators::model::{Dimension, Indicator};
use crate::results::indicators::perimeter::Limit;
use crate::values::TerritoryKind;

/// The tables of the statement that measures of other sources are counted from.
#[derive(Debug, Clone, Copy)]
pub struct Tables {
    /// Of the reports expected.
    pub expected: &'static str,
    /// Of the declinations in force.
    pub declined: &'static str,
}

/// How a measure's targets are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// They are added up.
    Sum,
    /// A share of sums of lines: only of one convention.
    Share,
    /// A distinct count, or a share of one: only of one convention, and what was achieved is the
    /// figure of the cell.
    Distinct,
}

impl Kind {
    /// Of a measure.
    pub const fn of(measure: Indicator) -> Self {
        match (measure, places(measure).len()) {
            (Indicator::ReportsExpected, _) | (_, 1) => Self::Sum,
            (_, 2) => Self::Share,
            _ => Self::Distinct,
        }
    }

    /// The figures of a cell: its target, what was counted of it (a numerator and a denominator),
    /// and whether all that is in the cell is of one year.
    pub const fn figures(self) -> &'static str {
        match self {
            Self::Sum => "ARRAY[sum(c.value), sum(c.f0), NULL, NULL]::bigint[]",
            Self::Share | Self::Distinct => {
                "CASE WHEN count(DISTINCT c.convention_id) = 1 AND count(c.value) = 1 \
                 THEN ARRAY[max(c.value), max(c.f0), max(c.f1), \
                            (count(DISTINCT coalesce(c.school_year, '')) = 1)::integer]::bigint[] \
                 ELSE '{}'::bigint[] END"
            }
        }
    }
}

/// A row for each target; where they are not added up, also one for each convention that counts in
/// the cells.
pub fn rows(filters: &mut Filters<'_>, group_by: &[Dimension], tables: Tables) -> String {
    let measure = filters.asked.aimed_at();
    let aim = Aim::of(filters.asked, filters.limit, group_by);
    let said = said(filters, &aim, measure);
    let academy = TerritoryKind::Academy.pattern();
    let achieved = achieved(filters, &aim, measure, tables);
    let mut text = format!(
        "SELECT o.school_year, CASE WHEN o.place LIKE '{academy}' THEN a.parent ELSE a.code END AS academic_region, \
                CASE WHEN o.place LIKE '{academy}' THEN a.code END AS academy, o.convention_id, o.value, {achieved} \
           FROM ({said}) AS o LEFT JOIN territories AS a ON a.code = o.place"
    );
    // Where no place is aimed at, none is told, and no cell is made for it.
    if Kind::of(measure) != Kind::Sum && aim != Aim::Territories(Vec::new()) {
        let present = present(filters, &aim, measure, tables);
        text.push_str(&format!(
            " UNION ALL SELECT n.school_year, n.academic_region, n.academy, n.convention_id, NULL, NULL, NULL \
              FROM ({present}) AS n"
        ));
    }
    text
}

/// What conventions say at the end of the year, and where one says nothing for a place, what its
/// declination in force there says: of several the oldest.
fn said(filters: &mut Filters<'_>, aim: &Aim, measure: Indicator) -> String {
    let bound = filters.binds.bind(Bind::Text(measure.code().to_owned()));
    let is_of_measure = format!("t.target ->> 'measure' = {bound}");
    let mut conditions = filters.under("s.convention_id");
    conditions.extend(
        filters
            .binds
            .among("s.school_year", &filters.asked.school_year),
    );
    conditions.push(match aim {
        Aim::Whole => "s.place = s.whole".to_owned(),
        Aim::Territories(codes) => {
            let codes = filters.binds.bind(Bind::Texts(codes.clone()));
            format!("s.place = ANY ({codes})")
        }
    });
    let of_declinations = match aim {
        Aim::Whole => String::new(),
        Aim::Territories(_) => of_declinations(&is_of_measure),
    };
    let conditions = conditions.join(" AND ");
    format!(
        "SELECT DISTINCT ON (s.convention_id, s.school_year, s.place) \
                s.convention_id, s.school_year, s.place, round(s.value * 10000)::bigint AS value \
           FROM (SELECT o.id AS convention_id, t.target ->> 'school_year' AS school_year, \
                        coalesce(o.territory, 'FR') AS whole, \
                        coalesce(t.target ->> 'territory', o.territory, 'FR') AS place, \
                        (t.target ->> 'value')::numeric AS value, NULL::uuid AS declination_id, t.number \
                   FROM conventions AS o \
                  CROSS JOIN LATERAL (SELECT DISTINCT said #>> '{{}}' AS year FROM jsonb_path_query(\
                        jsonb_build_array(o.terms, o.amendments), '$.**.targets[*].school_year') AS said) AS y \
                  CROSS JOIN LATERAL jsonb_array_elements(convention_targets(o.terms, o.amendments, \
                        upper(school_year_days(y.year)) - 1)) WITH ORDINALITY AS t (target, number) \
                  WHERE o.status IN ('signed', 'terminated', 'replaced') AND {is_of_measure} \
                    AND t.target ->> 'school_year' = y.year{of_declinations}) AS s \
          WHERE {conditions} \
          ORDER BY s.convention_id, s.school_year, s.place, s.declination_id NULLS FIRST, s.number DESC"
    )
}

/// One for all the territories of a declination of several is set for none of them.
fn of_declinations(is_of_measure: &str) -> String {
    format!(
        " UNION ALL \
         SELECT d.convention_id, t.target ->> 'school_year', NULL, \
                coalesce(t.target ->> 'territory', CASE WHEN cardinality(d.territories) = 1 THEN d.territories[1] END), \
                (t.target ->> 'value')::numeric, d.id, t.number \
           FROM declinations AS d JOIN conventions AS o ON o.id = d.convention_id \
          CROSS JOIN LATERAL jsonb_array_elements(d.targets) WITH ORDINALITY AS t (target, number) \
          WHERE d.status IN ('active', 'closed') AND {is_of_measure} \
            AND convention_days(o.status, o.starts_on, o.in_force_until) \
                * declination_days(d.status, d.starts_on, d.ends_on, d.updated_at) \
                && school_year_days(t.target ->> 'school_year')"
    )
}

/// What was counted of a measure where its target `o` is set: a sum, or the two sums of a share.
fn achieved(filters: &Filters<'_>, aim: &Aim, measure: Indicator, tables: Tables) -> String {
    let sum = |number: usize| match (measure, filters.limit) {
        (Indicator::ReportsExpected, limit) => Some(of_expected(aim, limit, tables)),
        (_, Limit::Reports(_)) => sums(measure).get(number).map(|sum| of_lines(sum)),
        _ => places(measure)
            .get(number)
            .map(|place| of_kept_sums(aim, *place)),
    };
    // The expected reports are one sum.
    let second = sum(1).filter(|_| Kind::of(measure) == Kind::Share);
    let or_null = |sum: Option<String>| sum.unwrap_or_else(|| "NULL".to_owned());
    format!(
        "({})::bigint AS f0, ({})::bigint AS f1",
        or_null(sum(0)),
        or_null(second)
    )
}

/// The kept sums of a convention are those of the country and of each academy.
fn of_kept_sums(aim: &Aim, place: usize) -> String {
    let at = match aim {
        Aim::Whole => "w.place = 'FR'",
        Aim::Territories(_) => {
            "w.place = ANY (ARRAY(SELECT b.code FROM territories AS b \
                                   WHERE b.code = o.place OR b.parent = o.place))"
        }
    };
    format!(
        "SELECT sum(w.sums[{place}]) FILTER (WHERE w.known[{place}] > 0) FROM indicator_cells AS w \
          WHERE w.school_year = o.school_year AND w.dimension = 'convention' \
            AND w.value = o.convention_id::text AND w.reports > 0 AND {at}"
    )
}

/// Of a school, its own reports.
fn of_lines(sum: &str) -> String {
    format!(
        "SELECT {sum} FROM reports AS r JOIN report_lines AS l ON l.report_id = r.id \
          WHERE r.convention_id = o.convention_id AND r.school_year = o.school_year AND r.territory = o.place \
            AND r.status = 'validated' AND NOT r.superseded"
    )
}

fn of_expected(aim: &Aim, limit: &Limit, tables: Tables) -> String {
    let at = match (aim, limit) {
        (Aim::Whole, _) | (_, Limit::Reports(_)) => "",
        _ => " AND (x.academy = o.place OR x.academic_region = o.place)",
    };
    format!(
        "SELECT sum(x.n) FROM {} AS x \
          WHERE x.convention_id = o.convention_id AND x.school_year = o.school_year{at}",
        tables.expected
    )
}

/// The conventions that count in the cells, whether or not they set a target.
fn present(filters: &mut Filters<'_>, aim: &Aim, measure: Indicator, tables: Tables) -> String {
    const COLUMNS: &str = "school_year, academic_region, academy, convention_id";
    match measure {
        Indicator::CompletenessRate => format!("SELECT {COLUMNS} FROM {}", tables.expected),
        Indicator::DeclinationsActive | Indicator::AcademiesCovered | Indicator::CoverageRate => {
            format!("SELECT {COLUMNS} FROM {}", tables.declined)
        }
        _ => reported(filters, aim),
    }
}

/// The convention of a kept cell, if it is of one: no other value is cast.
const CONVENTION: &str = "(CASE w.dimension WHEN 'convention' THEN w.value::uuid END)";

fn reported(filters: &mut Filters<'_>, aim: &Aim) -> String {
    let (asked, limit) = (filters.asked, filters.limit);
    if let Limit::Reports(codes) = limit {
        let codes = filters.binds.bind(Bind::Texts(codes.clone()));
        let mut conditions = vec![format!(
            "r.territory = ANY ({codes}) AND r.status = 'validated' AND NOT r.superseded"
        )];
        conditions.extend(filters.under("r.convention_id"));
        conditions.extend(filters.binds.among("r.school_year", &asked.school_year));
        return format!(
            "SELECT r.school_year, NULL::text AS academic_region, NULL::text AS academy, r.convention_id \
               FROM reports AS r WHERE {}",
            conditions.join(" AND ")
        );
    }
    let mut conditions = vec!["w.dimension = 'convention' AND w.reports > 0".to_owned()];
    conditions.extend(filters.under(CONVENTION));
    conditions.extend(filters.binds.among("w.school_year", &asked.school_year));
    conditions.push(match aim {
        Aim::Whole => "w.place = 'FR'".to_owned(),
        Aim::Territories(_) => {
            let within = academies(asked, limit);
            let codes = within.iter().map(|one| one.code.clone()).collect();
            format!("w.place = ANY ({})", filters.binds.bind(Bind::Texts(codes)))
        }
    });
    format!(
        "SELECT w.school_year, a.parent AS academic_region, a.code AS academy, {CONVENTION} AS convention_id \
           FROM indicator_cells AS w LEFT JOIN territories AS a ON a.code = w.place AND w.place <> 'FR' \
          WHERE {}",
        conditions.join(" AND ")
    )
}
