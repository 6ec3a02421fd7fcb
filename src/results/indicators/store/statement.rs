//! The statement that computes figures. All of its words are constants of this file; what the
//! request says is bound.
//!
//! Lines are first added up within each report and line key, then reports within each cell: a
//! report so counts once in a cell without sorting millions of ids. What is asked for most has been
//! added up already ([`cells`](super::rollup)), establishments excepted. The parts of an answer (groups,
//! totals, establishments of each) are one statement: lines are read once, in one snapshot.

use std::fmt::Write;

use diesel::pg::Pg;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{Array, BigInt, Text, Uuid};

use super::denominators;
use super::denominators::{Yardstick, is_of_reports};
use super::rollup::Cells;
use crate::results::indicators::columns::{Source, places, source, sums, text_of};
use crate::results::indicators::model::{Asked, Dimension, academies_of};
use crate::results::indicators::perimeter::Limit;
use crate::values::TextValue;

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
    Beside(Yardstick),
    /// What all of them are.
    BesideTotal(Yardstick),
}

impl Part {
    /// Its number in the rows.
    pub const fn number(self) -> i32 {
        match self {
            Self::Group => 0,
            Self::Total => 1,
            Self::GroupEstablishments => 2,
            Self::TotalEstablishments => 3,
            Self::Beside(Yardstick::Expected) => 4,
            Self::BesideTotal(Yardstick::Expected) => 5,
            Self::Beside(Yardstick::Declined) => 6,
            Self::BesideTotal(Yardstick::Declined) => 7,
            Self::Beside(Yardstick::Targets) => 8,
            Self::BesideTotal(Yardstick::Targets) => 9,
        }
    }

    const fn is_total(self) -> bool {
        matches!(
            self,
            Self::Total | Self::TotalEstablishments | Self::BesideTotal(_)
        )
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

pub(super) enum Bind {
    Texts(Vec<String>),
    Ids(Vec<uuid::Uuid>),
    Text(String),
    Number(i64),
}

/// A statement in the making.
pub struct Statement<'a> {
    pub(super) asked: &'a Asked,
    pub(super) limit: &'a Limit,
    binds: Vec<Bind>,
    /// The filters, bound once for all parts.
    lines: String,
    parties: Vec<String>,
    /// What was added up already, where it answers.
    cells: Option<Cells>,
}

impl<'a> Statement<'a> {
    /// For these figures, within these limits.
    pub fn new(asked: &'a Asked, limit: &'a Limit) -> Self {
        let mut statement = Self {
            asked,
            limit,
            binds: Vec::new(),
            lines: String::new(),
            parties: Vec::new(),
            cells: Cells::answering(asked, limit),
        };
        statement.parties = statement.party_conditions();
        statement.lines = statement.line_conditions();
        statement
    }

    /// The whole of it.
    pub fn of(mut self, parts: &[Part], slice: &Slice) -> BoxedSqlQuery<'static, Pg, SqlQuery> {
        let after = slice.after.as_ref().map(|key| self.after(key));
        let limit = self.bind(Bind::Number(slice.limit));
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
        for yardstick in denominators::of(self.asked) {
            let rows = self.yardstick(yardstick);
            let _ = write!(text, ",\n{} AS ({rows})", yardstick.table());
        }
        if denominators::tell_empty_cells(self.asked) {
            let _ = write!(text, ",\nu AS ({})", self.with_empty_cells());
        }
        let parts: Vec<String> = parts
            .iter()
            .map(|part| self.part(*part, after.as_deref(), &limit))
            .collect();
        let _ = write!(text, "\n{}", parts.join("\nUNION ALL\n"));
        let query = diesel::sql_query(text).into_boxed::<Pg>();
        self.binds
            .into_iter()
            .fold(query, |query, bind| match bind {
                Bind::Texts(texts) => query.bind::<Array<Text>, _>(texts),
                Bind::Ids(ids) => query.bind::<Array<Uuid>, _>(ids),
                Bind::Text(text) => query.bind::<Text, _>(text),
                Bind::Number(number) => query.bind::<BigInt, _>(number),
            })
    }

    pub(super) fn bind(&mut self, bind: Bind) -> String {
        self.binds.push(bind);
        format!("${}", self.binds.len())
    }

    pub(super) fn among<T: ToString>(&mut self, column: &str, values: &[T]) -> Option<String> {
        let texts: Vec<String> = values.iter().map(T::to_string).collect();
        (!texts.is_empty()).then(|| format!("{column} = ANY ({})", self.bind(Bind::Texts(texts))))
    }

    fn among_ids(&mut self, column: &str, ids: Vec<uuid::Uuid>) -> Option<String> {
        (!ids.is_empty()).then(|| format!("{column} = ANY ({})", self.bind(Bind::Ids(ids))))
    }

    /// Which parties are meant, where partners or sectors are named.
    fn party_conditions(&mut self) -> Vec<String> {
        let asked = self.asked;
        let partners = asked.partner.iter().map(|id| id.uuid()).collect();
        let conditions = [
            self.among_ids("cp.partner_id", partners),
            self.among("s.sector", &asked.sector),
        ];
        conditions.into_iter().flatten().collect()
    }

    /// Which lines count.
    fn line_conditions(&mut self) -> String {
        let asked = self.asked;
        let mut conditions = vec!["r.status = 'validated' AND NOT r.superseded".to_owned()];
        conditions.extend(self.under("r.convention_id"));
        conditions.extend(
            [
                self.among("r.school_year", &asked.school_year),
                self.among("l.academy", &asked.academy),
                self.among("l.axis", &asked.axis),
                self.among("l.action_type", &asked.action_type),
                self.among("l.level", &asked.level),
                self.among("l.moment", &asked.moment),
                self.among("l.event", &asked.event),
            ]
            .into_iter()
            .flatten(),
        );
        conditions.extend(self.territory_conditions());
        conditions.join(" AND ")
    }

    /// Under which conventions: those named, and those of the parties meant.
    pub(super) fn under(&mut self, column: &str) -> Vec<String> {
        let conventions = self.asked.convention.iter().map(|id| id.uuid()).collect();
        let named = self.among_ids(column, conventions);
        let of_parties = (!self.parties.is_empty())
            .then(|| format!("{column} IN ({})", self.party_rows("cp.convention_id")));
        named.into_iter().chain(of_parties).collect()
    }

    /// In which regions, and within which limits. What names nothing holds nothing: the condition
    /// stands.
    fn territory_conditions(&mut self) -> Vec<String> {
        let mut sets = Vec::new();
        let regions = &self.asked.academic_region;
        if !regions.is_empty() {
            let academies = regions.iter().flat_map(|one| academies_of(one.as_str()));
            sets.push(("l.academy", academies.collect()));
        }
        match self.limit {
            Limit::Everything => {}
            Limit::Academies(codes) => sets.push(("l.academy", codes.clone())),
            Limit::Reports(codes) => sets.push(("r.territory", codes.clone())),
        }
        sets.into_iter()
            .map(|(column, codes)| format!("{column} = ANY ({})", self.bind(Bind::Texts(codes))))
            .collect()
    }

    /// The parties meant, one row for each of what is selected of them.
    fn party_rows(&self, columns: &str) -> String {
        let mut rows = format!(
            "SELECT DISTINCT {columns} FROM convention_partners AS cp \
             JOIN partners AS q ON q.id = cp.partner_id \
             LEFT JOIN LATERAL unnest(q.sectors) AS s (sector) ON true"
        );
        if !self.parties.is_empty() {
            let _ = write!(rows, " WHERE {}", self.parties.join(" AND "));
        }
        rows
    }

    /// The cells that come after this one: in the order of their keys, null last.
    fn after(&mut self, key: &Key) -> String {
        let mut ways = Vec::new();
        let mut same: Vec<String> = Vec::new();
        let places: Vec<String> = self
            .asked
            .group_by
            .iter()
            .map(|one| text_of(*one))
            .collect();
        for (place, value) in places.iter().zip(key) {
            let Some(value) = value else {
                same.push(format!("{place} IS NULL"));
                continue;
            };
            let bound = self.bind(Bind::Text(value.clone()));
            let mut way = same.clone();
            way.push(format!("({place} > {bound} OR {place} IS NULL)"));
            ways.push(format!("({})", way.join(" AND ")));
            same.push(format!("{place} = {bound}"));
        }
        if ways.is_empty() {
            "false".to_owned()
        } else {
            format!("({})", ways.join(" OR "))
        }
    }

    fn part(&self, part: Part, after: Option<&str>, limit: &str) -> String {
        let dimensions = self.dimensions(part);
        let keys: Vec<String> = dimensions.iter().map(|one| text_of(*one)).collect();
        let table = match part {
            Part::GroupEstablishments | Part::TotalEstablishments => 'e',
            Part::Beside(yardstick) | Part::BesideTotal(yardstick) => yardstick.table(),
            Part::Group if denominators::tell_empty_cells(self.asked) => 'u',
            Part::Group if self.cells.is_some() => 'w',
            Part::Total if self.cells.is_some() => 't',
            Part::Group | Part::Total => 'r',
        };
        let mut text = format!(
            "(SELECT {} AS part, ARRAY[{}]::text[] AS key, {} FROM {table} AS c",
            part.number(),
            keys.join(", "),
            self.figures(part)
        );
        self.join(&mut text, part);
        if part.yardstick().is_some() {
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
        all.filter(|one| part.yardstick().is_none() || is_of_reports(*one))
            .collect()
    }

    fn figures(&self, part: Part) -> String {
        if let Some(yardstick) = part.yardstick() {
            return format!(
                "{} AS figures, 0::bigint AS validated, NULL::timestamptz AS latest",
                yardstick.figures()
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
            || (part == Part::Group && denominators::tell_empty_cells(self.asked));
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
        let measures = self.asked.computed();
        measures
            .into_iter()
            .flat_map(|measure| sums(measure).iter().copied())
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

    /// What the cells are made of, and a row without figures for each place that a yardstick knows:
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
        // Cells say which convention in words, all others by its id.
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
        for yardstick in denominators::of(self.asked) {
            let table = yardstick.table();
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
        let told_by = cells.told_by.filter(|one| {
            !cells.values.is_empty() || (grouped && self.asked.group_by.contains(one))
        });
        let by_academy = grouped && self.asked.group_by.contains(&Dimension::Academy);
        let mut columns = vec![
            "w.school_year",
            "nullif(w.place, '-') AS academy",
            "w.reports",
            "w.changed_at AS validated_at",
        ];
        columns.extend(told_by.map(|one| match one {
            Dimension::Convention => "w.value AS convention_id",
            Dimension::ActionType => "w.value AS action_type",
            _ => "nullif(w.value, '-') AS level",
        }));
        let measures = self.asked.computed();
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
            format!("w.dimension = {}", self.bind(Bind::Text(dimension))),
        ];
        conditions.extend(self.among("w.school_year", &self.asked.school_year));
        conditions.extend(self.among("w.value", &cells.values));
        conditions.push(match &cells.academy {
            Some(academy) => format!("w.place = {}", self.bind(Bind::Text(academy.clone()))),
            None if by_academy => "w.place <> 'FR'".to_owned(),
            None => "w.place = 'FR'".to_owned(),
        });
        format!(
            "SELECT {columns} FROM indicator_cells AS w WHERE {}",
            conditions.join(" AND ")
        )
    }

    /// Whether an establishment counts in its own academy only.
    fn tells_academies(&self, part: Part) -> bool {
        let is_academic =
            |one: &Dimension| matches!(one, Dimension::Academy | Dimension::AcademicRegion);
        !self.asked.academy.is_empty()
            || !self.asked.academic_region.is_empty()
            || matches!(self.limit, Limit::Academies(_))
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
            let rows = self.party_rows(&columns);
            let _ = write!(
                text,
                " JOIN ({rows}) AS p ON p.convention_id = c.convention_id"
            );
        }
        if part.is_establishments() {
            text.push_str(" CROSS JOIN LATERAL unnest(c.establishments) AS u (uai)");
            if self.tells_academies(part) {
                text.push_str(
                    " JOIN establishments AS s ON s.uai = u.uai \
                     AND (c.own IS NULL OR s.academy = c.own)",
                );
            }
        }
    }
}
