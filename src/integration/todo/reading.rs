//! A page of what is to be done: what waits and what falls due, each read in the order of the list, put
//! together.

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use super::filter::Filter;
use super::model::{Kind, Place, TodoAnswer};
use super::store::{self, Asked};
use crate::agreements::deadlines;
use crate::agreements::deadlines::filter::Sort as DeadlineSort;
use crate::agreements::deadlines::model::{Deadline, Kind as DeadlineKind};
use crate::agreements::names::Places;
use crate::auth::policy::{Perimeter, Scope};
use crate::db::Borrowed as Connection;
use crate::db::page::{Direction, Mark, MarkValue, Page};
use crate::error::Result;
use crate::language::Language;
use crate::values::FromText;

/// Who asks, and when.
pub struct Caller<'a> {
    /// What they may see and change.
    pub scope: &'a Scope,
    /// The subject of their token: nobody validates what they wrote.
    pub subject: &'a str,
    /// The day it is.
    pub today: NaiveDate,
    /// The language of the sentences.
    pub language: Language,
}

/// The mark of a place.
pub fn mark(place: Place) -> Mark {
    Mark {
        value: MarkValue::Text(format!("{} {}", place.day, place.kind)),
        id: place.object.to_string(),
    }
}

fn place(mark: &Mark) -> Option<Place> {
    let MarkValue::Text(text) = &mark.value else {
        return None;
    };
    let (day, kind) = text.split_once(' ')?;
    Some(Place {
        day: day.parse().ok()?,
        kind: Kind::from_text(kind).ok()?.code(),
        object: mark.uuid(),
    })
}

/// The first so many after a place.
///
/// # Errors
/// `service_unavailable` when the database is away.
pub async fn page(
    connection: &Connection,
    caller: &Caller<'_>,
    filter: &Filter,
    (after, limit): (Option<&Mark>, i64),
) -> Result<Vec<TodoAnswer>> {
    let after = after.and_then(place);
    let asked = asked(caller, filter);
    let (waiting, due) = tokio::try_join!(
        store::page(connection, caller.scope, &asked, (after, limit)),
        deadlines_after(connection, caller, filter, (after, limit)),
    )?;
    let lists = waiting.iter().map(|one| one.territories.as_slice());
    let lists = lists.chain(due.iter().map(|one| one.territories.as_slice()));
    let places = Places::of(connection, caller.scope, lists).await?;
    let (today, language) = (caller.today, caller.language);
    let waiting = waiting.into_iter();
    let waiting = waiting.map(|one| TodoAnswer::of_waiting(one, today, language, &places));
    let due = due.into_iter();
    let due = due.map(|one| TodoAnswer::of_deadline(one.answer(today, language, &places), today));
    let mut all: Vec<TodoAnswer> = waiting.chain(due).collect();
    all.sort_by_key(TodoAnswer::place);
    all.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(all)
}

/// How many there are.
///
/// # Errors
/// `service_unavailable` when the database is away.
pub async fn count(connection: &Connection, caller: &Caller<'_>, filter: &Filter) -> Result<i64> {
    let asked = asked(caller, filter);
    let due = async {
        match deadline_filter(connection, caller, filter).await? {
            Some(filter) => deadlines::store::count(connection, caller.scope, &filter).await,
            None => Ok(0),
        }
    };
    let (waiting, due) = tokio::try_join!(store::count(connection, caller.scope, &asked), due)?;
    Ok(waiting + due)
}

fn asked<'a>(caller: &Caller<'a>, filter: &'a Filter) -> Asked<'a> {
    Asked {
        filter,
        subject: caller.subject,
        today: caller.today,
    }
}

/// The deadlines after a place.
async fn deadlines_after(
    connection: &Connection,
    caller: &Caller<'_>,
    filter: &Filter,
    (after, limit): (Option<Place>, i64),
) -> Result<Vec<Deadline>> {
    let today = caller.today;
    let Some(filter) = deadline_filter(connection, caller, filter).await? else {
        return Ok(Vec::new());
    };
    let page = Page {
        sort: DeadlineSort::DueOn,
        direction: Direction::Ascending,
        limit,
        after: after.map(|place| among_deadlines(place, today)),
    };
    deadlines::store::page(connection, caller.scope, &filter, &page).await
}

/// The deadlines that are asked for, if any are: a reader has none to see to.
async fn deadline_filter(
    connection: &Connection,
    caller: &Caller<'_>,
    filter: &Filter,
) -> Result<Option<deadlines::filter::Filter>> {
    let kinds = Kind::ALL.iter().filter(|kind| filter.asks_for(**kind));
    let kinds: Vec<DeadlineKind> = kinds.filter_map(|kind| kind.deadline()).collect();
    if kinds.is_empty() || matches!(caller.scope.perimeter(), Perimeter::Public) {
        return Ok(None);
    }
    let late = match [Kind::ReportLate, Kind::ReportDue].map(|kind| filter.asks_for(kind)) {
        [true, false] => Some(true),
        [false, true] => Some(false),
        _ => None,
    };
    let asked = deadlines::filter::Filter {
        kind: kinds,
        convention_id: filter.convention_id.clone(),
        within_days: filter.within_days,
        own: true,
        late,
        ..Default::default()
    };
    let complete = deadlines::reading::complete(connection, caller.scope, asked, caller.today);
    complete.await.map(Some)
}

/// The place in the list of deadlines that as many of them come after as after this one: the kinds of both
/// lists are in one order.
fn among_deadlines(place: Place, today: NaiveDate) -> Mark {
    let mut kinds = DeadlineKind::ALL.to_vec();
    kinds.sort_by_key(|kind| kind.code());
    let code = |kind: &DeadlineKind| Kind::of_deadline(*kind, place.day, today).code();
    let before = kinds.iter().rev().find(|kind| code(kind) <= place.kind);
    let last = Uuid::max();
    match (before, kinds.last()) {
        (Some(kind), _) if code(kind) == place.kind => {
            deadlines::store::mark(*kind, place.day, place.object)
        }
        (Some(kind), _) => deadlines::store::mark(*kind, place.day, last),
        (None, kind) => {
            let day = place.day - Days::new(1);
            deadlines::store::mark(kind.copied().unwrap_or(DeadlineKind::Notice), day, last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_on_among_deadlines_where_it_ended_among_all() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
        let at = |kind: Kind, object: u128| {
            let place = Place {
                day,
                kind: kind.code(),
                object: Uuid::from_u128(object),
            };
            among_deadlines(place, day)
        };
        let mark =
            |kind, day, object: u128| deadlines::store::mark(kind, day, Uuid::from_u128(object));
        let before = day - Days::new(1);
        let renewal = DeadlineKind::TacitRenewal;
        assert_eq!(
            at(Kind::AcademyUncovered, 7),
            mark(renewal, before, u128::MAX)
        );
        assert_eq!(
            at(Kind::ConventionEnd, 7),
            mark(DeadlineKind::ConventionEnd, day, 7)
        );
        assert_eq!(
            at(Kind::DayToAgree, 7),
            mark(DeadlineKind::ConventionEnd, day, u128::MAX)
        );
        assert_eq!(
            at(Kind::ReportDue, 7),
            mark(DeadlineKind::ReportDue, day, 7)
        );
        assert_eq!(
            at(Kind::RequestToAnswer, 7),
            mark(DeadlineKind::ReportDue, day, u128::MAX)
        );
        assert_eq!(at(Kind::TacitRenewal, 7), mark(renewal, day, 7));
    }
}
