//! Verifies all that is kept beside what it follows: the rollup beside the lines, what campaigns expect
//! and how much of it is validated. It rebuilds these. What is not derived, the lines of validated
//! reports and the cells of publications, is held against the digest taken when it was written, and
//! never blessed. For the command line, on a connection without a statement timeout.

use serde::Serialize;
use tokio_postgres::{Client, Error, IsolationLevel, Row, Transaction};

use super::columns::places;
use crate::results::indicators::model::Indicator;

/// Something kept that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The table.
    pub kept: &'static str,
    /// The school year.
    pub school_year: String,
    /// Of the rollup, the dimension that splits the lines: none, `convention`, `action_type`, `level`.
    pub dimension: String,
    /// `FR`, an academy, or `-` for the lines of none; the territory of a report.
    pub place: String,
    /// The value of the dimension; the convention, the declination or the report; the number of a
    /// publication.
    pub value: String,
    /// The measure, or `lines` or `cells` of what is sealed.
    pub measure: &'static str,
    /// What it is.
    pub found: i64,
    /// What it should be; none where the digest alone tells that it is not.
    pub expected: Option<i64>,
}

impl Drift {
    /// Whether it is of what nothing derives again.
    pub fn is_sealed(&self) -> bool {
        [REPORT_LINES, PUBLICATION_CELLS].contains(&self.kept)
    }
}

const CELLS: &str = "indicator_cells";
const EXPECTED_REPORTS: &str = "expected_reports";
const EXPECTED_COUNTS: &str = "expected_counts";
const REPORT_LINES: &str = "report_lines";
const PUBLICATION_CELLS: &str = "publication_cells";

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
                         UNION SELECT DISTINCT school_year FROM indicator_cells
                         UNION SELECT school_year FROM campaigns
                         UNION SELECT DISTINCT school_year FROM expected_counts ORDER BY school_year";
    let rows = client.query(YEARS, &[]).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// Writes what is derived of a year anew, in a transaction of its own: those who read see the old
/// figures until it ends, those who validate wait. How many cells there are; or, where validated reports
/// are not what they were, these, and nothing is written.
pub async fn rebuild(client: &mut Client, year: &str) -> Result<Result<i64, Vec<Drift>>, Error> {
    let transaction = client.transaction().await?;
    let unsealed = unsealed(&transaction, year).await?;
    if !unsealed.is_empty() {
        return Ok(Err(unsealed));
    }
    let row = transaction
        .query_one("SELECT rebuild_indicator_cells($1)", &[&year])
        .await?;
    transaction
        .execute("SELECT rebuild_expected($1)", &[&year])
        .await?;
    transaction.commit().await?;
    row.try_get(0).map(Ok)
}

/// The validated reports of a year whose lines are not those that were validated.
async fn unsealed(transaction: &Transaction<'_>, year: &str) -> Result<Vec<Drift>, Error> {
    const UNSEALED: &str = "SELECT report_id::text, territory, lines FROM unsealed_reports($1)
                             ORDER BY territory, report_id";
    let rows = transaction.query(UNSEALED, &[&year]).await?;
    let drift = |row: &Row| {
        Ok(Drift {
            kept: REPORT_LINES,
            school_year: year.to_owned(),
            dimension: String::new(),
            place: row.try_get(1)?,
            value: row.try_get(0)?,
            measure: "lines",
            found: row.try_get(2)?,
            expected: None,
        })
    };
    rows.iter().map(drift).collect()
}

/// What is kept of a campaign and is not what it follows.
async fn expected(transaction: &Transaction<'_>, year: &str) -> Result<Vec<Drift>, Error> {
    const DRIFT: &str =
        "SELECT kept, place, value, measure, found, expected FROM expected_drift($1)
                          ORDER BY kept, place, value, measure";
    let rows = transaction.query(DRIFT, &[&year]).await?;
    let drift = |row: &Row| {
        let (kept, measure): (&str, &str) = (row.try_get(0)?, row.try_get(3)?);
        Ok(Drift {
            kept: if kept == EXPECTED_REPORTS {
                EXPECTED_REPORTS
            } else {
                EXPECTED_COUNTS
            },
            school_year: year.to_owned(),
            dimension: String::new(),
            place: row.try_get(1)?,
            value: row.try_get(2)?,
            measure: if measure == Indicator::ReportsExpected.code() {
                "expected"
            } else {
                "validated"
            },
            found: row.try_get(4)?,
            expected: row.try_get(5)?,
        })
    };
    rows.iter().map(drift).collect()
}

/// The publications that are not what was published.
async fn altered(transaction: &Transaction<'_>) -> Result<Vec<Drift>, Error> {
    const ALTERED: &str =
        "SELECT school_year, number::text, cells, published FROM altered_publications()";
    let rows = transaction.query(ALTERED, &[]).await?;
    let drift = |row: &Row| {
        Ok(Drift {
            kept: PUBLICATION_CELLS,
            school_year: row.try_get(0)?,
            dimension: String::new(),
            place: String::new(),
            value: row.try_get(1)?,
            measure: "cells",
            found: row.try_get(2)?,
            expected: row.try_get(3)?,
        })
    };
    rows.iter().map(drift).collect()
}

/// Compares all that is kept with what it follows, or was when it was written, at one moment.
pub async fn verify(client: &mut Client, mut tell: impl FnMut(&str)) -> Result<Verified, Error> {
    let years = years(client).await?;
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    const COUNT: &str = "SELECT count(*) FROM indicator_cells";
    let mut verified = Verified {
        years: years.len(),
        cells: transaction.query_one(COUNT, &[]).await?.try_get(0)?,
        drifts: Vec::new(),
    };
    for year in years {
        const DRIFT: &str =
            "SELECT dimension, place, value, is_reports, should_reports, is_sums, should_sums
                               FROM indicator_cells_drift($1) ORDER BY dimension, place, value";
        for row in transaction.query(DRIFT, &[&year]).await? {
            verified.drifts.extend(drifts(&year, &row)?);
        }
        let expected = expected(&transaction, &year).await?;
        verified.drifts.extend(expected);
        verified.drifts.extend(unsealed(&transaction, &year).await?);
        tell(&year);
    }
    verified.drifts.extend(altered(&transaction).await?);
    transaction.commit().await?;
    Ok(verified)
}

/// The figures of a cell that differ. Where all sums agree, it is how many lines know them.
fn drifts(year: &str, row: &Row) -> Result<Vec<Drift>, Error> {
    let [found, expected]: [Option<Vec<i64>>; 2] = [row.try_get(5)?, row.try_get(6)?];
    let drift = |measure: Indicator, found, expected: i64| -> Result<Drift, Error> {
        Ok(Drift {
            kept: CELLS,
            school_year: year.to_owned(),
            dimension: row.try_get(0)?,
            place: row.try_get(1)?,
            value: row.try_get(2)?,
            measure: measure.code(),
            found,
            expected: Some(expected),
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
