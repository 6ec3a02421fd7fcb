//! The steps: publishing a school year, and withdrawing what was published.

use diesel_async::AsyncPgConnection;
use serde_json::{Map, Value};

use super::freeze::{Earlier, Frozen, freeze};
use super::model::{
    Headline, NewPublication, PreviewTable, Publication, PublicationPreview, Withdrawal,
};
use super::standing::Standing;
use super::store::cells;
use super::store::{self, count};
use super::tables::{Grouping, MEASURES};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::notice::IN_THE_FUTURE;
use crate::error::{Code, Error, Fault, Place, Result, Rule};
use crate::results::indicators::model::Indicator;
use crate::values::SchoolYear;
use crate::values::ids::PublicationId;

/// What would be published of a year, after what was, and in the place of what stands.
struct Draft {
    frozen: Frozen,
    standing: Standing,
    revises: Option<PublicationId>,
}

impl Draft {
    /// # Errors
    /// `nothing_to_publish`.
    async fn new(
        connection: &AsyncPgConnection,
        year: &SchoolYear,
        small_group: u16,
    ) -> Result<Self> {
        let earlier: Earlier = store::earlier(connection, year).await?;
        let revised = store::standing(connection, year).await?;
        let standing = cells::standing(connection, revised.as_ref()).await?;
        let tables = count::count(connection, year).await?;
        if tables.cells.values().all(|cell| cell.reports == 0) {
            return Err(Error::new(Code::NothingToPublish));
        }
        // To find out what to hide takes seconds of a large year.
        let decide = move || {
            let frozen = freeze(tables, &earlier, &standing, i64::from(small_group));
            (frozen, standing)
        };
        let decided = tokio::task::spawn_blocking(decide).await;
        let (frozen, standing) = decided.map_err(Error::internal)?;
        Ok(Self {
            frozen,
            standing,
            revises: revised.map(|one| one.id),
        })
    }
}

/// A year that has begun can be published.
///
/// # Errors
/// `validation_failed` with `in_the_future`.
pub fn check_begun(new: &NewPublication, today: chrono::NaiveDate) -> Result<()> {
    if new.school_year.first_day() <= today {
        return Ok(());
    }
    Err(Error::validation(vec![Fault {
        place: Place::field("school_year"),
        rule: Rule::Own(&IN_THE_FUTURE),
    }]))
}

/// Publishes: one publication at a time, so that each hides what the ones before it need hidden.
///
/// # Errors
/// `nothing_to_publish`.
pub async fn create(
    tx: &mut Tx<'_>,
    new: &NewPublication,
    small_group: u16,
) -> Result<Publication> {
    let last = store::take_turn(tx.connection()).await?;
    let draft = Draft::new(tx.connection(), &new.school_year, small_group).await?;
    let frozen = &draft.frozen;
    if frozen.is_held || frozen.unproved > 0 {
        log::warn!(
            "{}: a correction made what is new of some measures wait; {} counts lack a proof",
            new.school_year,
            frozen.unproved
        );
    }
    let stamp = store::Stamp {
        id: PublicationId::new(tx.new_id()),
        number: last.number + 1,
        // Numbers and moments have one order, whoever began first.
        published_at: last
            .published_at
            .map_or(tx.now, |before| tx.now.max(before)),
        now: tx.now,
        small_group: i32::from(small_group),
        revises: draft.revises,
    };
    let created = store::insert(tx.connection(), &stamp, new, frozen).await?;
    tx.created(&created).await?;
    Ok(created)
}

/// What publishing would say; writes nothing, and waits for nobody.
///
/// # Errors
/// As [`create`].
pub async fn preview(
    connection: &AsyncPgConnection,
    new: &NewPublication,
    small_group: u16,
) -> Result<PublicationPreview> {
    let draft = Draft::new(connection, &new.school_year, small_group).await?;
    let cells = &draft.frozen.cells;
    let total = cells.iter().find(|cell| cell.grouping.is_empty());
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let table = |grouping: Grouping| {
        let name = grouping.to_string();
        let own = || cells.iter().filter(|cell| cell.grouping == name);
        let (carried, hidden) = own().fold((0, 0), |(carried, hidden), cell| {
            (carried + cell.carried.len(), hidden + cell.suppressed.len())
        });
        let count = own().count();
        let year = std::iter::once("school_year");
        PreviewTable {
            dimensions: year
                .chain(grouping.dimensions().iter().copied())
                .map(str::to_owned)
                .collect(),
            cells: number(count),
            shown: number((count * MEASURES.len()).saturating_sub(carried + hidden)),
            carried: number(carried),
            hidden: number(hidden),
        }
    };
    Ok(PublicationPreview {
        school_year: new.school_year.clone(),
        status: new.status,
        revises: draft.revises,
        tables: Grouping::ALL.into_iter().map(table).collect(),
        headline: Headline {
            before: draft.standing.headline().map(measured),
            after: total
                .map(|cell| measured(&cell.figures))
                .unwrap_or_default(),
        },
    })
}

/// The figures of the measures, and nothing that is kept beside them.
fn measured(figures: &Map<String, Value>) -> Map<String, Value> {
    let own = |measure: &Indicator| figures.get_key_value(measure.code());
    let own = MEASURES.iter().filter_map(own);
    own.map(|(code, figure)| (code.clone(), figure.clone()))
        .collect()
}

/// Withdraws one: it is nobody's answer any more, unless it is named.
///
/// # Errors
/// `not_found`, `precondition_failed`, `invalid_transition`.
pub async fn withdraw(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: PublicationId,
    withdrawal: &Withdrawal,
    if_match: &Precondition,
) -> Result<Publication> {
    // Whoever publishes meanwhile comes in the place of what stands.
    store::take_turn(tx.connection()).await?;
    let before = store::lock(tx.connection(), scope, id).await?;
    if_match.check(before.version)?;
    if before.withdrawn_at.is_some() {
        return Err(Error::impossible("withdrawn", &[]));
    }
    let now = tx.now;
    let after = store::withdraw(tx.connection(), id, &withdrawal.reason, now).await?;
    tx.changed("withdrawn", &before, &after).await?;
    Ok(after)
}
