//! The statement that computes figures. All of its text is constants of this file; the values of the
//! request are bound.
//!
//! Lines are first added up within each report and line key, then reports within each cell: a
//! report so counts once in a cell without sorting millions of ids. What is asked for most has been
//! added up already ([`rollup`](super::rollup)), establishments excepted. The parts of an answer (groups,
//! totals, establishments of each) are one statement: lines are read once, in one snapshot.

use std::fmt::Write;

use super::columns::{Source, places, source, sums, text_of};
use super::denominators::{self, Denominator, is_of_reports};
use super::filters::Filters;
use super::rollup::Cells;
use crate::db::sql_text::{Bind, BoundQuery};
use crate::results::indicators::model::{Asked, Dimension};
use crate::results::indicators::perimeter::Limit;

/// What a row of the answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A cell.
    Group,
    /// All cells together.
    Total,
    /// The establishments of a cell.
    GroupEstablishments,
    /// All establishments.
    TotalEstablishments,
    /// What the cells are measured against.
    Denominator(Denominator),
    /// What all of them together are.
    DenominatorOfTotal(Denominator),
}

impl Part {
    /// The number of the row that has the years of the campaigns.
    pub const CAMPAIGNS: i32 = 10;

    /// Its number in the rows.
    pub const fn number(self) -> i32 {
        match self {
            Self::Group => 0,
            Self::Total => 1,
            Self::GroupEstablishments => 2,
            Self::TotalEstablishments => 3,
            Self::Denominator(Denominator::Expected) => 4,
            Self::DenominatorOfTotal(Denominator::Expected) => 5,
            Self::Denominator(Denominator::Declined) => 6,
            Self::DenominatorOfTotal(Denominator::Declined) => 7,
            Self::Denominator(Denominator::Targets) => 8,
            Self::DenominatorOfTotal(Denominator::Targets) => 9,
        }
    }

    const fn is_total(self) -> bool {
        matches!(
            self,
            Self::Total | Self::TotalEstablishments | Self::DenominatorOfTotal(_)
        )
    }

    /// The denominator it is of, if it is.
    pub const fn denominator(self) -> Option<Denominator> {
        match self {
            Self::Denominator(one) | Self::DenominatorOfTotal(one) => Some(one),
            _ => None,
        }
    }

    const fn is_establishments(self) -> bool {
        matches!(self, Self::GroupEstablishments | Self::TotalEstablishments)
    }
}

/// The key of a cell, in the order of the dimensions.
pub type Key = Vec<Option<String>>;

/// Which cells are asked for.
#[derive(Debug, Clone)]
pub struct Slice {
    /// Those after this key.
    pub after: Option<Key>,
    /// At most this many.
    pub limit: i64,
}

/// A statement in the making.
pub struct Statement<'a> {
    asked: &'a Asked,
    filters: Filters<'a>,
    /// Which lines count, bound once for all parts.
    lines: String,
    /// What was added up already, where it answers.
    cells: Option<Cells>,
}

impl<'a> Statement<'a> {
    /// For these figures, within these limits.
    pub fn new(asked: &'a Asked, limit: &'a Limit) -> Self {
        let mut filters = Filters::new(asked, limit);
        Self {
            asked,
            lines: filters.lines(),
            filters,
            cells: Cells::answering(asked, limit),
        }
    }

    /// The whole of it.
    pub fn of(mut self, parts: &[Part], slice: &Slice) -> BoundQuery {
        let after = slice.after.as_ref().map(|key| self.after(key));
        let limit = self.filters.binds.bind(Bind::Number(slice.limit));
        let mut text = match self.cells.clone() {
            Some(cells) => format!(
                "WITH w AS ({}),\nt AS ({})",
                self.written(&cells, Part::Group),
                self.written(&cells, Part::Total)
            ),
            None => format!("WITH r AS ({})", self.reports(false)),
        };
        if parts.iter().any(|part| part.is_establishments()) {
            let _ = write!(text, ",\ne AS ({})", self.reports(true));
        }
        for (denominator, of_total) in self.denominators(parts) {
            let rows = denominators::rows(denominator, &mut self.filters, of_total);
            let _ = write!(text, ",\n{} AS ({rows})", denominator.table(of_total));
        }
        if denominators::keeps_empty_cells(self.asked) {
            let _ = write!(text, ",\nu AS ({})", self.with_empty_cells());
        }
        let campaigns = denominators::campaign_years(&mut self.filters, Part::CAMPAIGNS);
        let parts: Vec<String> = parts
            .iter()
            .map(|part| self.part(*part, after.as_deref(), &limit))
            .chain([campaigns])
            .collect();
        let _ = write!(text, "\n{}", parts.join("\nUNION ALL\n"));
        self.filters.binds.query(text)
    }

    /// The tables that the parts are measured against, each once: for the cells, for the total.
    fn denominators(&self, parts: &[Part]) -> Vec<(Denominator, bool)> {
        let of_cells = denominators::of(self.asked, &self.asked.group_by);
        let mut tables: Vec<_> = of_cells.into_iter().map(|one| (one, false)).collect();
        let of_total = parts.iter().filter(|part| part.is_total());
        for denominator in of_total.filter_map(|part| part.denominator()) {
            let table = denominator.table(true);
            if tables.iter().all(|(one, total)| one.table(*total) != table) {
                tables.push((denominator, true));
            }
        }
        tables
    }

    /// The cells that come after this one, in the order of their keys.
    fn after(&mut self, key: &Key) -> String {
        let group_by = self.asked.group_by.iter();
        let places: Vec<String> = group_by.map(|one| text_of(*one)).collect();
        self.filters.binds.after_key(&places, key)
    }

    fn part(&self, part: Part, after: Option<&str>, limit: &str) -> String {
        let dimensions = self.dimensions(part);
        let keys: Vec<String> = dimensions.iter().map(|one| text_of(*one)).collect();
        let table = match part {
            Part::GroupEstablishments | Part::TotalEstablishments => "e",
            Part::Denominator(one) | Part::DenominatorOfTotal(one) => one.table(part.is_total()),
            Part::Group if denominators::keeps_empty_cells(self.asked) => "u",
            Part::Group if self.cells.is_some() => "w",
            Part::Total if self.cells.is_some() => "t",
            Part::Group | Part::Total => "r",
        };
        let mut text = format!(
            "(SELECT {} AS part, ARRAY[{}]::text[] AS key, {} FROM {table} AS c",
            part.number(),
            keys.join(", "),
            self.figures(part)
        );
        self.join(&mut text, part);
        if part.denominator().is_some() {
            // All of them: cells look theirs up.
            if !keys.is_empty() {
                let _ = write!(text, " GROUP BY {}", keys.join(", "));
            }
        } else if !part.is_total() {
            if let Some(after) = after {
                let _ = write!(text, " WHERE {after}");
            }
            if !keys.is_empty() {
                let order = keys.join(", ");
                let _ = write!(text, " GROUP BY {order} ORDER BY {order} LIMIT {limit}");
            }
        }
        text.push(')');
        text
    }

    /// By what a part is grouped.
    fn dimensions(&self, part: Part) -> Vec<Dimension> {
        if part.is_total() {
            return Vec::new();
        }
        let all = self.asked.group_by.iter().copied();
        all.filter(|one| part.denominator().is_none() || is_of_reports(*one))
            .collect()
    }

    fn figures(&self, part: Part) -> String {
        if let Some(denominator) = part.denominator() {
            return format!(
                "{} AS figures, 0::bigint AS validated, NULL::timestamptz AS latest",
                denominator.figures(self.asked.aimed_at())
            );
        }
        if part.is_establishments() {
            return "ARRAY[count(DISTINCT u.uai)] AS figures, 0::bigint AS validated, \
                    NULL::timestamptz AS latest"
                .to_owned();
        }
        let sums: Vec<String> = (0..self.sums().count())
            .map(|number| format!("sum(c.f{number})::bigint"))
            .collect();
        let is_line = |one: &Dimension| matches!(source(*one), Source::Line(_));
        // A report has a row for each key of its lines.
        let has_counts = self.cells.is_some()
            || (part == Part::Group && denominators::keeps_empty_cells(self.asked));
        let validated = if has_counts {
            "coalesce(sum(c.reports), 0)::bigint"
        } else if part.is_total() && self.asked.group_by.iter().any(is_line) {
            "(SELECT count(*) FROM (SELECT DISTINCT id FROM r) AS once)"
        } else {
            "count(*)"
        };
        format!(
            "ARRAY[{}]::bigint[] AS figures, {validated} AS validated, \
             max(c.validated_at) AS latest",
            sums.join(", ")
        )
    }

    /// The sums of all the measures, one after the other.
    fn sums(&self) -> impl Iterator<Item = &'static str> {
        let measures = self.asked.measures.iter();
        measures.flat_map(|measure| sums(*measure).iter().copied())
    }

    /// A row for each report and key of lines in it, with the sums of the lines; or with the
    /// establishments of the report.
    fn reports(&self, with_establishments: bool) -> String {
        let mut columns = vec!["r.id".to_owned(), "r.convention_id".to_owned()];
        let mut group = vec!["r.id"];
        let mut tables = "reports AS r JOIN report_lines AS l ON l.report_id = r.id".to_owned();
        for dimension in &self.asked.group_by {
            let (column, is_line) = match source(*dimension) {
                // There already.
                Source::Report("r.convention_id") | Source::Party(_) => continue,
                Source::Report(column) => (column, false),
                Source::Line(column) => (column, true),
            };
            columns.push(format!("{column} AS {}", dimension.code()));
            group.extend(is_line.then_some(column));
        }
        if self.asked.group_by.contains(&Dimension::AcademicRegion) {
            tables.push_str(" LEFT JOIN territories AS a ON a.code = l.academy");
        }
        if with_establishments {
            columns.extend(["r.establishments".to_owned(), "l.academy AS own".to_owned()]);
            group.push("l.academy");
        } else {
            columns.push("r.validated_at".to_owned());
            let sums = self.sums().enumerate();
            columns.extend(sums.map(|(number, sum)| format!("{sum} AS f{number}")));
        }
        let (columns, group) = (columns.join(", "), group.join(", "));
        let conditions = &self.lines;
        format!("SELECT {columns} FROM {tables} WHERE {conditions} GROUP BY {group}")
    }

    /// What the cells are made of, and a row without figures for each place that a denominator knows:
    /// what nobody reported on shows.
    fn with_empty_cells(&self) -> String {
        let (base, reports) = match self.cells {
            Some(_) => ('w', "c.reports"),
            None => ('r', "1::bigint"),
        };
        let mut columns: Vec<&str> = self
            .asked
            .group_by
            .iter()
            .map(|one| match source(*one) {
                Source::Party(_) | Source::Report("r.convention_id") => "convention_id",
                Source::Report(_) | Source::Line(_) => one.code(),
            })
            .collect();
        columns.sort_unstable();
        columns.dedup();
        // Cells name the convention as text, all other tables by its id.
        let cast = if self.cells.is_some() { "::text" } else { "" };
        let columns: String = columns
            .iter()
            .map(|column| format!("c.{column}{cast}, "))
            .collect();
        let numbers = 0..self.sums().count();
        let figures: String = numbers
            .clone()
            .map(|number| format!("c.f{number}, "))
            .collect();
        let unknown: String = numbers.map(|_| "NULL::bigint, ").collect();
        let mut text = format!(
            "SELECT {columns}{figures}{reports} AS reports, c.validated_at FROM {base} AS c"
        );
        for denominator in denominators::of(self.asked, &self.asked.group_by) {
            let table = denominator.table(false);
            let _ = write!(
                text,
                " UNION ALL SELECT {columns}{unknown}0::bigint, NULL::timestamptz FROM {table} AS c"
            );
        }
        text
    }

    /// The cells that were added up already, as [`reports`](Self::reports) would give them, with how
    /// many reports each has.
    fn written(&mut self, cells: &Cells, part: Part) -> String {
        let grouped = !part.is_total();
        let told_by = if grouped {
            cells.told_by
        } else {
            cells.of_total()
        };
        let by_academy = grouped && self.asked.group_by.contains(&Dimension::Academy);
        let mut columns = vec![
            "w.school_year",
            "nullif(w.place, '-') AS academy",
            "w.reports",
            "w.changed_at AS validated_at",
        ];
        let value = told_by.map(|one| match one {
            Dimension::Convention => "w.value AS convention_id".to_owned(),
            other => format!("nullif(w.value, '-') AS {}", other.code()),
        });
        columns.extend(value.as_deref());
        let measures = &self.asked.measures;
        let places = measures.iter().flat_map(|measure| places(*measure));
        let sums: Vec<String> = places
            .enumerate()
            .map(|(number, place)| {
                format!("CASE WHEN w.known[{place}] > 0 THEN w.sums[{place}] END AS f{number}")
            })
            .collect();
        columns.extend(sums.iter().map(String::as_str));
        let columns = columns.join(", ");
        let dimension = told_by.map_or("", Dimension::code).to_owned();
        let mut conditions = vec![
            "w.reports > 0".to_owned(),
            format!(
                "w.dimension = {}",
                self.filters.binds.bind(Bind::Text(dimension))
            ),
        ];
        let binds = &mut self.filters.binds;
        conditions.extend(binds.among("w.school_year", &self.asked.school_year));
        conditions.extend(binds.among("w.value", &cells.values));
        if cells.of_parties {
            let parties = self.filters.party_rows("cp.convention_id::text");
            conditions.push(format!("w.value IN ({parties})"));
        }
        let binds = &mut self.filters.binds;
        conditions.push(match &cells.academy {
            Some(academy) => format!("w.place = {}", binds.bind(Bind::Text(academy.clone()))),
            None if by_academy => "w.place <> 'FR'".to_owned(),
            None => "w.place = 'FR'".to_owned(),
        });
        format!(
            "SELECT {columns} FROM indicator_cells AS w WHERE {}",
            conditions.join(" AND ")
        )
    }

    /// Whether an establishment counts in its own academy only.
    fn shows_academies(&self, part: Part) -> bool {
        let is_academic =
            |one: &Dimension| matches!(one, Dimension::Academy | Dimension::AcademicRegion);
        !self.asked.academy.is_empty()
            || !self.asked.academic_region.is_empty()
            || matches!(self.filters.limit, Limit::Academies(_))
            || self.dimensions(part).iter().any(is_academic)
    }

    /// What the reports are multiplied by: the parties of their conventions, their establishments.
    fn join(&self, text: &mut String, part: Part) {
        let mut columns = "cp.convention_id".to_owned();
        let mut has_parties = false;
        for dimension in self.dimensions(part) {
            if let Source::Party(column) = source(dimension) {
                let _ = write!(columns, ", {column} AS {}", dimension.code());
                has_parties = true;
            }
        }
        if has_parties {
            let rows = self.filters.party_rows(&columns);
            // Cells name the convention as text.
            let cast = if self.cells.is_some()
                && !part.is_establishments()
                && part.denominator().is_none()
            {
                "::text"
            } else {
                ""
            };
            let _ = write!(
                text,
                " JOIN ({rows}) AS p ON p.convention_id{cast} = c.convention_id"
            );
        }
        if part.is_establishments() {
            text.push_str(" CROSS JOIN LATERAL unnest(c.establishments) AS u (uai)");
            if self.shows_academies(part) {
                text.push_str(
                    " JOIN establishments AS s ON s.uai = u.uai \
                     AND (c.own IS NULL OR s.academy = c.own)",
                );
            }
        }
    }
}
