//! Values as they were published: whose reading they are, and how they are answered.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::filter::{ByKey, after};
use crate::db::page::{MarkValue, Page};
use crate::error::{Error, Result};
use crate::http::call::Call;
use crate::results::indicators::answer::{self, Cell, Completeness, Meta, Totals};
use crate::results::indicators::model::{Asked, Indicator};
use crate::results::indicators::perimeter;
use crate::results::publications::lookup;
use crate::results::publications::model::Publication;
use crate::results::publications::store;
use crate::results::publications::store::cells::{self, Wanted};
use crate::results::publications::tables::{EXPECTED_VALIDATED, Grouping};

/// The publications that answer, and their table.
pub struct Selected {
    publications: Vec<Publication>,
    grouping: Grouping,
}

impl Selected {
    fn wanted<'a>(&'a self, asked: &'a Asked) -> Wanted<'a> {
        Wanted {
            publications: &self.publications,
            grouping: self.grouping,
            asked,
        }
    }
}

/// Whether a request reads published figures wherever its filters point.
pub fn is_certain(call: &Call<Asked>) -> bool {
    call.query.edition.is_some() || !call.scope().is_ok_and(perimeter::has_live)
}

/// The publications that a request reads, unless it reads live figures. A page that follows another
/// one reads the same, whatever was published in between.
///
/// # Errors
/// `not_published`, `grouping_not_published`, `validation_failed`.
pub async fn selected(call: &Call<Asked>, page: &Page<ByKey>) -> Result<Option<Selected>> {
    let (scope, asked) = (call.scope()?, &call.query);
    let reader = call.reader().await?;
    let publications = match page.after.as_ref().map(|mark| &mark.value) {
        Some(MarkValue::Text(numbers)) => {
            let numbers: Result<Vec<i32>, _> = numbers.split(',').map(str::parse).collect();
            let numbers = numbers.map_err(Error::internal)?;
            store::find_numbers(&reader, scope, &numbers).await?
        }
        Some(_) => return Ok(None),
        None if is_certain(call) || perimeter::is_beyond(&reader, scope, asked).await? => {
            lookup::select(&reader, scope, asked).await?
        }
        None => return Ok(None),
    };
    let grouping = lookup::table(asked, &publications)?;
    Ok(Some(Selected {
        publications,
        grouping,
    }))
}

/// The cells of a page.
pub async fn cells(
    call: &Call<Asked>,
    selected: &Selected,
    page: &Page<ByKey>,
) -> Result<Vec<Cell>> {
    let (scope, asked) = (call.scope()?, &call.query);
    let reader = call.reader().await?;
    let (after, wanted) = (after(page)?, selected.wanted(asked));
    let rows = cells::page(&reader, scope, &wanted, after.as_ref(), page.limit).await?;
    let publications = &selected.publications;
    let numbers: Vec<String> = publications
        .iter()
        .map(|one| one.number.to_string())
        .collect();
    let editions: Rc<str> = numbers.join(",").into();
    let is_several = publications.len() > 1;
    let names = || asked.group_by.iter().map(|one| one.code().to_owned());
    let cell = |row: cells::Cell| Cell {
        key: names()
            .zip(row.key.iter().cloned().map(Value::from))
            .collect(),
        values: values(asked, &row),
        suppressed: suppressed(asked, &row),
        carried: carried(asked, &row),
        publication: is_several.then_some(row.publication),
        completeness: completeness(&row),
        place: row.key,
        editions: Some(Rc::clone(&editions)),
    };
    Ok(rows.into_iter().map(cell).collect())
}

/// The total and what is to be known of the figures.
pub async fn around(call: &Call<Asked>, selected: &Selected) -> Result<(Option<Totals>, Meta)> {
    let (scope, asked) = (call.scope()?, &call.query);
    let reader = call.reader().await?;
    let total = cells::total(&reader, scope, &selected.wanted(asked)).await?;
    let totals = total.map(|row| Totals {
        values: values(asked, &row),
        suppressed: suppressed(asked, &row),
        carried: carried(asked, &row),
        completeness: completeness(&row),
    });
    let last = selected.publications.iter().max_by_key(|one| one.number);
    let meta = Meta {
        publication: last.map(|one| one.number),
        computed_at: last.map(|one| one.published_at),
        definitions: answer::definitions(asked, call.admitted.language),
        perimeter: None,
    };
    Ok((totals, meta))
}

/// Of the measures asked for, in their order.
pub fn values(asked: &Asked, row: &cells::Cell) -> Map<String, Value> {
    let value = |code: &'static str| {
        let value = row.figures.get(code).cloned().unwrap_or_default();
        (code.to_owned(), value)
    };
    asked.measures.iter().map(|one| value(one.code())).collect()
}

/// Those of them that are hidden.
pub fn suppressed(asked: &Asked, row: &cells::Cell) -> Vec<String> {
    let codes = asked.measures.iter().map(|one| one.code().to_owned());
    codes.filter(|code| row.suppressed.contains(code)).collect()
}

/// As many reports, and more, of which a rate of four decimals does not say how many it is of.
const TOO_MANY_FOR_A_RATE: i32 = 10_000;

/// Of the reports expected, those that are validated. Publications of before it was kept have but the
/// rounded rate: what it is of is said where no other number has the same.
fn expected_validated(row: &cells::Cell) -> Option<i64> {
    if let Some(kept) = row.figures.get(EXPECTED_VALIDATED) {
        return kept.as_i64();
    }
    let expected = i32::try_from(row.expected?).ok()?;
    if expected == 0 {
        return Some(0);
    }
    let rate = row
        .figures
        .get(Indicator::CompletenessRate.code())?
        .as_f64()
        .filter(|_| expected < TOO_MANY_FOR_A_RATE)?;
    format!("{:.0}", rate * f64::from(expected)).parse().ok()
}

/// Those of them that are still of an earlier publication.
pub fn carried(asked: &Asked, row: &cells::Cell) -> BTreeMap<String, i32> {
    let number = |code: &'static str| Some((code.to_owned(), *row.carried.get(code)?));
    asked
        .measures
        .iter()
        .filter_map(|one| number(one.code()))
        .collect()
}

/// The reports that a cell is of.
pub fn completeness(row: &cells::Cell) -> Completeness {
    Completeness {
        expected: row.expected,
        expected_validated: expected_validated(row),
        validated: row.validated,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::values::{Json, share};

    fn cell(expected: i64, validated: i64, is_kept: bool) -> cells::Cell {
        let rate = share(Some(validated), Some(expected));
        let mut figures = Map::from_iter([("completeness_rate".to_owned(), json!(rate))]);
        if is_kept {
            figures.insert(EXPECTED_VALIDATED.to_owned(), json!(validated));
        }
        cells::Cell {
            key: Vec::new(),
            figures: Json(figures),
            suppressed: Vec::new(),
            expected: Some(expected),
            validated,
            carried: Json(BTreeMap::new()),
            publication: 1,
        }
    }

    #[test]
    fn how_many_expected_reports_are_validated_is_what_was_counted_never_a_guess_from_a_rounded_rate()
     {
        for validated in [0, 1, 7, 24_993] {
            let kept = cell(25_000, validated, true);
            assert_eq!(expected_validated(&kept), Some(validated));
            assert_eq!(expected_validated(&cell(25_000, validated, false)), None);
        }
        for (expected, step) in [(1, 1), (3, 1), (997, 1), (9_999, 13)] {
            for validated in (0..=expected).step_by(step) {
                let of_before = cell(expected, validated, false);
                assert_eq!(
                    expected_validated(&of_before),
                    Some(validated),
                    "{expected}"
                );
            }
        }
        assert_eq!(expected_validated(&cell(0, 0, false)), Some(0));
    }
}
