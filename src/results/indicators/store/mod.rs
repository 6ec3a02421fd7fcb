//! The SQL of indicators: plain SQL, see [`statement`].

pub(crate) mod columns;
pub mod denominators;
mod filters;
pub mod rollup;
pub mod rollup_check;
pub mod statement;
pub mod targets;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::Asked;
use super::perimeter::Limit;
use super::store::denominators::Denominator;
use super::store::statement::Statement;
pub use super::store::statement::{Key, Part, Slice};
use crate::auth::policy::Scope;
use crate::error::Result;

/// One row: the figures of a cell or of the total.
#[derive(Debug, Clone, Default, QueryableByName)]
pub struct Counted {
    #[diesel(sql_type = Integer)]
    part: i32,
    /// The key of the cell; empty for a total.
    #[diesel(sql_type = Array<Nullable<Text>>)]
    pub key: Key,
    /// The sums of the measures, in order, or the number of establishments.
    #[diesel(sql_type = Array<Nullable<BigInt>>)]
    pub figures: Vec<Option<i64>>,
    /// The reports counted.
    #[diesel(sql_type = BigInt)]
    pub validated: i64,
    /// When the last of them was validated.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub latest: Option<DateTime<Utc>>,
}

/// The rows of each part.
#[derive(Debug, Default)]
pub struct Computed {
    /// The cells, in the order of their keys.
    pub groups: Vec<Counted>,
    /// All of them together, where it was asked for.
    pub total: Option<Counted>,
    /// The establishments of the cells, where they were asked for.
    pub establishments: Vec<Counted>,
    /// All establishments, where both were asked for.
    pub all_establishments: Option<i64>,
    /// The denominators of the cells, by their keys without the dimensions of lines.
    pub denominators: HashMap<(Denominator, Key), Vec<Option<i64>>>,
    /// What all of them together are.
    pub denominators_of_total: HashMap<Denominator, Vec<Option<i64>>>,
    /// The years asked for that have a campaign.
    pub campaign_years: Vec<String>,
    /// Within which limits it was computed.
    pub limit: Limit,
}

impl Computed {
    fn add_denominator(&mut self, row: Counted) {
        for one in Denominator::ALL {
            if row.part == Part::Denominator(one).number() {
                self.denominators.insert((one, row.key), row.figures);
                return;
            }
            if row.part == Part::DenominatorOfTotal(one).number() {
                self.denominators_of_total.insert(one, row.figures);
                return;
            }
        }
    }
}

/// Computes the parts asked for, at one moment and in one round trip; on a connection of one's own:
/// what adds up millions of lines must not delay the reads of others.
pub async fn compute(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    asked: &Asked,
    parts: &[Part],
    slice: &Slice,
) -> Result<Computed> {
    let limit = Limit::of(scope);
    let query = Statement::new(asked, &limit).of(parts, slice);
    let rows: Vec<Counted> = query.load(&mut connection).await?;
    let mut computed = Computed {
        limit,
        ..Computed::default()
    };
    for row in rows {
        match row.part {
            part if part == Part::Group.number() => computed.groups.push(row),
            Part::CAMPAIGNS => {
                computed.campaign_years = row.key.into_iter().flatten().collect();
            }
            part if part == Part::Total.number() => computed.total = Some(row),
            part if part == Part::GroupEstablishments.number() => computed.establishments.push(row),
            part if part == Part::TotalEstablishments.number() => {
                computed.all_establishments = row.figures.into_iter().flatten().next();
            }
            _ => computed.add_denominator(row),
        }
    }
    Ok(computed)
}
