//! The figures of all tables of a school year, by one statement: they agree because they are of
//! one moment. What is counted is what [`indicators`](crate::results::indicators) count live.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::error::Result;
use crate::results::indicators::store::columns::sums;
use crate::results::publications::tables::{Grouping, MEASURES};
use crate::values::{SchoolYear, TextValue};

/// The dimensions in the statement, in the order of its keys.
const DIMENSIONS: [&str; 8] = [
    "academic_region",
    "academy",
    "convention",
    "action_type",
    "level",
    "moment",
    "axis",
    "event",
];

/// The parts that `disclosure` cuts people into, in its order. How many girls of a line are in priority
/// education nobody counts: `both` is the likeliest number.
const PARTS: [&str; disclosure::PARTS] = [
    "sum(l.pupils) FILTER (WHERE l.girls IS NULL AND l.priority_education_pupils IS NULL)",
    "sum(l.priority_education_pupils) FILTER (WHERE l.pupils IS NOT NULL AND l.girls IS NULL)",
    "sum(l.pupils - l.priority_education_pupils) FILTER (WHERE l.girls IS NULL)",
    "sum(l.girls) FILTER (WHERE l.pupils IS NOT NULL AND l.priority_education_pupils IS NULL)",
    "sum(l.both)",
    "sum(l.girls - l.both)",
    "sum(l.pupils - l.girls) FILTER (WHERE l.priority_education_pupils IS NULL)",
    "sum(l.priority_education_pupils - l.both)",
    "sum(l.pupils - l.girls - l.priority_education_pupils + l.both)",
    "sum(l.internships_filled) FILTER (WHERE l.internships_offered IS NOT NULL)",
    "sum(l.girls) FILTER (WHERE l.pupils IS NULL)",
    "sum(l.priority_education_pupils) FILTER (WHERE l.pupils IS NULL)",
    "sum(l.internships_filled) FILTER (WHERE l.internships_offered IS NULL)",
    "sum(l.internships_offered - l.internships_filled)",
    "count(*)",
];

/// Girls in priority education, where all three counts are known.
const BOTH: &str = "CASE WHEN l.pupils IS NOT NULL AND l.girls IS NOT NULL AND l.priority_education_pupils IS NOT NULL \
     THEN LEAST(l.girls, l.priority_education_pupils, \
                GREATEST(l.girls + l.priority_education_pupils - l.pupils, \
                         l.girls::bigint * l.priority_education_pupils / NULLIF(l.pupils, 0))) END";

/// The values of a table's dimensions.
pub type Key = Vec<Option<String>>;

/// The dimensions a row is grouped by, with their values.
type Named = Vec<(&'static str, Option<String>)>;

/// What a cell counts.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    /// The sums of all published measures, one after the other, as `sums()` has them.
    pub sums: Vec<Option<i64>>,
    /// The people by part, as `disclosure` has them.
    pub parts: Vec<i64>,
    /// Distinct reports.
    pub reports: i64,
    /// Distinct establishments.
    pub establishments: i64,
    /// What the campaign of the year expects of its convention and place, and how much of it is
    /// validated.
    pub expected: Option<(i64, i64)>,
}

/// All cells of all tables, and the region of each academy.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// The cells.
    pub cells: BTreeMap<(Grouping, Key), Counted>,
    /// The region of each academy; lines without an academy have no region.
    pub regions: BTreeMap<Option<String>, Option<String>>,
}

#[derive(QueryableByName)]
struct Row {
    /// 0 sums, 1 reports, 2 establishments, 3 expected reports.
    #[diesel(sql_type = Integer)]
    part: i32,
    /// A bit for each dimension that is not part of the table, the last one the lowest.
    #[diesel(sql_type = Integer)]
    absent: i32,
    #[diesel(sql_type = Array<Nullable<Text>>)]
    key: Key,
    #[diesel(sql_type = Array<Nullable<BigInt>>)]
    figures: Vec<Option<i64>>,
}

impl Row {
    /// The dimensions it is grouped by, and their values.
    fn own(&self) -> Named {
        let present = |place: usize| self.absent & (1 << (DIMENSIONS.len() - 1 - place)) == 0;
        let named = DIMENSIONS.iter().zip(&self.key).enumerate();
        let own = named.filter(|(place, _)| present(*place));
        own.map(|(_, (name, value))| (*name, value.clone()))
            .collect()
    }
}

/// Counts a school year.
pub async fn count(mut connection: &AsyncPgConnection, year: &SchoolYear) -> Result<Tables> {
    let query = diesel::sql_query(statement()).bind::<Text, _>(year.as_str());
    let rows: Vec<Row> = query.load(&mut connection).await?;
    let mut tables = Tables::default();
    let (beside, counted): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.part == 3);
    for row in counted {
        tables.add(row);
    }
    tables.set_expected(&beside);
    Ok(tables)
}

/// Whether a dimension distinguishes reports, and not only their lines.
fn is_of_reports(dimension: &str) -> bool {
    ["academic_region", "academy", "convention"].contains(&dimension)
}

impl Tables {
    /// What is expected of each cell is what is of its convention and place, whatever its lines.
    fn set_expected(&mut self, rows: &[Row]) {
        let mut expected: BTreeMap<Named, (i64, i64)> = BTreeMap::new();
        for row in rows {
            let mut own = row.own();
            if own.iter().any(|(name, _)| *name == "academy") {
                own.retain(|(name, _)| *name != "academic_region");
            }
            let figure = |place: usize| {
                row.figures
                    .get(place)
                    .copied()
                    .flatten()
                    .unwrap_or_default()
            };
            let sum = expected.entry(own).or_default();
            *sum = (sum.0 + figure(0), sum.1 + figure(1));
        }
        for ((grouping, key), cell) in &mut self.cells {
            let named = grouping
                .dimensions()
                .iter()
                .copied()
                .zip(key.iter().cloned());
            let mut own: Vec<_> = named.filter(|(name, _)| is_of_reports(name)).collect();
            own.sort_by_key(|(name, _)| DIMENSIONS.iter().position(|one| one == name));
            // Where the year has a campaign, it expects none of what it does not name.
            let none = (!expected.is_empty()).then_some((0, 0));
            cell.expected = expected.get(&own).copied().or(none);
        }
    }

    fn add(&mut self, row: Row) {
        let mut own = row.own();
        // Each academy is counted with its region.
        let region = own.iter().position(|(name, _)| *name == "academic_region");
        if let (Some(region), Some((_, academy))) =
            (region, own.iter().find(|(name, _)| *name == "academy"))
        {
            let academy = academy.clone();
            self.regions.insert(academy, own.remove(region).1);
        }
        let names: Vec<&str> = own.iter().map(|(name, _)| *name).collect();
        let Some(grouping) = Grouping::of(&names) else {
            return;
        };
        let values = grouping.dimensions().iter().map(|dimension| {
            let value = own.iter().find(|(name, _)| name == dimension);
            value.and_then(|(_, value)| value.clone())
        });
        let cell = self.cells.entry((grouping, values.collect())).or_default();
        let number = row
            .figures
            .iter()
            .copied()
            .flatten()
            .next()
            .unwrap_or_default();
        match row.part {
            0 => {
                let measures = row.figures.len().saturating_sub(PARTS.len());
                let parts = row.figures.iter().skip(measures);
                cell.parts = parts.map(|part| part.unwrap_or_default()).collect();
                cell.sums = row.figures.into_iter().take(measures).collect();
            }
            1 => cell.reports = number,
            _ => cell.establishments = number,
        }
    }
}

/// Some tables, grouped in one pass.
struct Sets {
    /// The columns of each table, with the one counted.
    sets: String,
    /// The bits of the dimensions that a row is not grouped by.
    absent: String,
    /// All dimensions, null where none of the tables has them.
    columns: String,
}

impl Sets {
    fn of(is_wanted: impl Fn(Grouping) -> bool, more: Option<&str>) -> Self {
        let columns = |grouping: Grouping| {
            // Each academy is counted with its region.
            let region = grouping.dimensions() == ["academy"];
            let own = grouping.dimensions().iter().copied();
            let columns = region.then_some("academic_region").into_iter().chain(own);
            columns.collect::<Vec<_>>()
        };
        let wanted: Vec<Vec<&str>> = Grouping::ALL
            .into_iter()
            .filter(|one| is_wanted(*one))
            .map(columns)
            .collect();
        let set = |columns: &Vec<&str>| {
            let all = more.into_iter().chain(columns.iter().copied());
            format!("({})", all.collect::<Vec<_>>().join(", "))
        };
        let has = |name: &str| wanted.iter().any(|columns| columns.contains(&name));
        let bit = |(place, name): (usize, &&str)| {
            let bit = DIMENSIONS.len() - 1 - place;
            let grouped = if has(name) {
                format!("GROUPING({name})")
            } else {
                "1".to_owned()
            };
            format!("({grouped} << {bit})")
        };
        let column = |name: &&str| {
            let column = if has(name) { name } else { "NULL::text" };
            format!("{column} AS {name}")
        };
        Self {
            sets: wanted.iter().map(set).collect::<Vec<_>>().join(", "),
            absent: DIMENSIONS
                .iter()
                .enumerate()
                .map(bit)
                .collect::<Vec<_>>()
                .join(" | "),
            columns: DIMENSIONS.iter().map(column).collect::<Vec<_>>().join(", "),
        }
    }

    /// How many distinct values of a column there are in each cell.
    fn distinct(&self, part: i32, column: &str, from: &str) -> String {
        let Self {
            sets,
            absent,
            columns,
        } = self;
        let dimensions = DIMENSIONS.join(", ");
        format!(
            "SELECT {part}, absent, ARRAY[{dimensions}]::text[], ARRAY[count({column})] \
             FROM (SELECT {absent} AS absent, {columns}, {column} FROM {from} \
                   GROUP BY GROUPING SETS ({sets})) AS once \
             GROUP BY absent, {dimensions}"
        )
    }
}

/// Whether an establishment counts in its own academy only.
fn shows_academies(grouping: Grouping) -> bool {
    let mut dimensions = grouping.dimensions().iter();
    dimensions.any(|one| ["academy", "academic_region"].contains(one))
}

/// What the campaign of the year expects, and what is validated of it.
fn expected() -> String {
    let of_reports = |one: Grouping| one.dimensions().iter().all(|name| is_of_reports(name));
    let Sets {
        sets,
        absent,
        columns,
    } = Sets::of(of_reports, None);
    let dimensions = DIMENSIONS.join(", ");
    format!(
        "SELECT 3, absent, ARRAY[{dimensions}]::text[], ARRAY[n, v] FROM ( \
             SELECT {absent} AS absent, {columns}, count(*) AS n, \
                    count(*) FILTER (WHERE state = 'validated') AS v \
               FROM (SELECT e.academic_region, e.academy, e.convention_id::text AS convention, e.state \
                       FROM expected_report_states AS e WHERE e.school_year = $1) AS e \
              GROUP BY GROUPING SETS ({sets})) AS x"
    )
}

fn statement() -> String {
    let dimensions = DIMENSIONS.join(", ");
    let sums: Vec<&str> = MEASURES
        .iter()
        .flat_map(|measure| sums(*measure).iter().copied())
        .chain(PARTS)
        .collect();
    let (sums, all) = (sums.join(", "), Sets::of(|_| true, None));
    let (absent, sets) = (&all.absent, &all.sets);
    let reports = Sets::of(|_| true, Some("id")).distinct(1, "id", "l");
    let anywhere = Sets::of(|one| !shows_academies(one), Some("uai")).distinct(2, "uai", "named");
    let inside = Sets::of(shows_academies, Some("uai")).distinct(
        2,
        "uai",
        "(SELECT named.* FROM named JOIN establishments AS s ON s.uai = named.uai \
                             AND (named.academy IS NULL OR s.academy = named.academy)) AS own",
    );
    let expected = expected();
    format!(
        "WITH l AS MATERIALIZED ( \
             SELECT r.id, r.establishments, r.convention_id::text AS convention, a.parent AS academic_region, \
                    l.academy, l.action_type, l.level, l.moment, l.axis, l.event, l.actions, l.pupils, l.girls, \
                    l.priority_education_pupils, l.teachers, l.professionals, l.companies, l.hours, \
                    l.internships_offered, l.internships_filled, {BOTH} AS both \
               FROM reports AS r JOIN report_lines AS l ON l.report_id = r.id \
               LEFT JOIN territories AS a ON a.code = l.academy \
              WHERE r.school_year = $1 AND r.status = 'validated' AND NOT r.superseded), \
         named AS MATERIALIZED ( \
             SELECT DISTINCT {dimensions}, u.uai FROM l CROSS JOIN LATERAL unnest(l.establishments) AS u (uai)) \
         SELECT 0 AS part, {absent} AS absent, ARRAY[{dimensions}]::text[] AS key, \
                ARRAY[{sums}]::bigint[] AS figures FROM l GROUP BY GROUPING SETS ({sets}) \
         UNION ALL {reports} UNION ALL {anywhere} UNION ALL {inside} UNION ALL {expected}"
    )
}
