//! Verifies the rollup kept beside the lines by comparing it with them, and rebuilds it. For the
//! command line, on a connection without a statement timeout.

use serde::Serialize;
use tokio_postgres::{Client, Error, IsolationLevel};

use super::columns::places;
use crate::results::indicators::model::Indicator;

/// A figure of the rollup that differs from the sum of its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The school year.
    pub school_year: String,
    /// The dimension that splits the lines: none, `convention`, `action_type`, `level`.
    pub dimension: String,
    /// `FR`, an academy, or `-` for the lines of none.
    pub place: String,
    /// The value of the dimension.
    pub value: String,
    /// The measure.
    pub measure: &'static str,
    /// What it is.
    pub found: i64,
    /// What it should be.
    pub expected: i64,
}

/// What a comparison saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// The years compared.
    pub years: usize,
    /// The cells compared.
    pub cells: i64,
    /// What differs.
    pub drifts: Vec<Drift>,
}

/// The school years that have figures, or should.
pub async fn years(client: &Client) -> Result<Vec<String>, Error> {
    const YEARS: &str = "SELECT DISTINCT school_year FROM reports WHERE status = 'validated'
                         UNION SELECT DISTINCT school_year FROM indicator_cells ORDER BY school_year";
    let rows = client.query(YEARS, &[]).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// Adds the figures of a year up anew, in a transaction of its own: those who read see the old ones
/// until it ends, those who validate wait. How many cells there are.
pub async fn rebuild(client: &Client, year: &str) -> Result<i64, Error> {
    let row = client
        .query_one("SELECT rebuild_indicator_cells($1)", &[&year])
        .await?;
    row.try_get(0)
}

/// Compares the figures of all years with the lines, at one moment.
pub async fn verify(client: &mut Client, mut tell: impl FnMut(&str)) -> Result<Verified, Error> {
    let years = years(client).await?;
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    const CELLS: &str = "SELECT count(*) FROM indicator_cells";
    let mut verified = Verified {
        years: years.len(),
        cells: transaction.query_one(CELLS, &[]).await?.try_get(0)?,
        drifts: Vec::new(),
    };
    for year in years {
        const DRIFT: &str =
            "SELECT dimension, place, value, is_reports, should_reports, is_sums, should_sums
                               FROM indicator_cells_drift($1) ORDER BY dimension, place, value";
        for row in transaction.query(DRIFT, &[&year]).await? {
            verified.drifts.extend(drifts(&year, &row)?);
        }
        tell(&year);
    }
    transaction.commit().await?;
    Ok(verified)
}

/// The figures of a cell that differ. Where all sums agree, it is how many lines know them.
fn drifts(year: &str, row: &tokio_postgres::Row) -> Result<Vec<Drift>, Error> {
    let [found, expected]: [Option<Vec<i64>>; 2] = [row.try_get(5)?, row.try_get(6)?];
    let drift = |measure: Indicator, found, expected| -> Result<Drift, Error> {
        Ok(Drift {
            school_year: year.to_owned(),
            dimension: row.try_get(0)?,
            place: row.try_get(1)?,
            value: row.try_get(2)?,
            measure: measure.code(),
            found,
            expected,
        })
    };
    let at = |sums: &Option<Vec<i64>>, place: usize| {
        let sum = sums.as_ref().and_then(|sums| sums.get(place - 1));
        sum.copied().unwrap_or_default()
    };
    let mut all = Vec::new();
    for measure in Indicator::ALL {
        let differs = |place: &&usize| at(&found, **place) != at(&expected, **place);
        if let Some(place) = places(*measure).iter().find(differs) {
            all.push(drift(*measure, at(&found, *place), at(&expected, *place))?);
        }
    }
    let reports: [i64; 2] = [row.try_get(3)?, row.try_get(4)?];
    if reports[0] != reports[1] || all.is_empty() {
        all.push(drift(Indicator::ReportsValidated, reports[0], reports[1])?);
    }
    Ok(all)
}
