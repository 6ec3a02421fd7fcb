//! The steps that write reports. Each runs in the transaction it is given and journals what it
//! writes; the order of refusals is 404, 403, 412, 409, and 422 for what depends on the row.

use chrono::{DateTime, Utc};

use super::checks::{Confirmable, must_be_confirmed};
use super::content::{KEY, NewReport, Return};
use super::ground::{Ground, schools_of, settled};
use super::model::{FullReport, Status, Step};
use super::prefill::model::Prefilled;
use super::store;
use super::store::writes::{self, Beginning, Taken};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::notice::PART_OF_THE_KEY;
use crate::error::{Code, Error, Faults, Place, Result, Rule};
use crate::http::merge::Patch;
use crate::results::campaigns::store as campaigns;
use crate::values::SchoolYear;
use crate::values::ids::ReportId;

/// A new report that may be created: nothing prevents it, and it is the first of its key or the
/// correction of the validated one.
pub struct Opening {
    ancestors: Vec<String>,
    number: i32,
    supersedes_id: Option<ReportId>,
}

/// Creates one: the first of its key, or the correction of the validated one.
///
/// # Errors
/// `validation_failed`, `forbidden`, `convention_not_signed`, `duplicate_report`.
pub async fn create(tx: &mut Tx<'_>, scope: &Scope, mut new: NewReport) -> Result<FullReport> {
    let opening = opening(tx, scope, &mut new).await?;
    open(tx, scope, &new, opening, None).await
}

/// Checks that it may be created; fills in the academies of its lines.
///
/// # Errors
/// `validation_failed`, `forbidden`, `convention_not_signed`, `duplicate_report`.
pub async fn opening(tx: &mut Tx<'_>, scope: &Scope, new: &mut NewReport) -> Result<Opening> {
    let ground = Ground::of(tx.connection(), scope, &[&*new]).await?;
    let ancestors = ground.admits(scope, new, tx.now)?;
    must_be_open(tx, scope, &new.school_year).await?;
    // The key's constraint decides; this only finds the report that the refusal names.
    let versions = store::versions_of(tx.connection(), scope, new).await?;
    let is_open = |(_, _, status): &&(ReportId, i32, Status)| *status != Status::Validated;
    if let Some((open, ..)) = versions.iter().find(is_open) {
        let open = format!("/v1/reports/{open}");
        return Err(Error::new(Code::DuplicateReport).about(open));
    }
    let before = versions.first().map(|(id, number, _)| (*id, *number));
    Ok(Opening::after(ancestors, before))
}

impl Opening {
    /// The version after the one that counts, if there is one.
    pub fn after(ancestors: Vec<String>, before: Option<(ReportId, i32)>) -> Self {
        Self {
            ancestors,
            number: before.map_or(1, |(_, number)| number + 1),
            supersedes_id: before.map(|(id, _)| id),
        }
    }

    /// What it is besides its content.
    pub fn beginning<'a>(
        &'a self,
        author: &'a str,
        (id, now): (ReportId, DateTime<Utc>),
    ) -> Beginning<'a> {
        Beginning {
            id,
            number: self.number,
            supersedes_id: self.supersedes_id,
            ancestors: &self.ancestors,
            author,
            prefilled: None,
            now,
        }
    }
}

/// Writes it.
///
/// # Errors
/// `duplicate_report`.
pub async fn open(
    tx: &mut Tx<'_>,
    scope: &Scope,
    new: &NewReport,
    opening: Opening,
    prefilled: Option<Prefilled>,
) -> Result<FullReport> {
    let author = tx.subject().to_owned();
    let id = ReportId::new(tx.new_id());
    let beginning = Beginning {
        prefilled,
        ..opening.beginning(&author, (id, tx.now))
    };
    writes::insert(tx.connection(), &beginning, new).await?;
    let report = store::find(tx.connection(), scope, beginning.id).await?;
    tx.created(&report).await?;
    Ok(report)
}

/// Changes the content of one. A change that changes nothing writes nothing, and makes nobody an
/// author.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `validation_failed`.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ReportId,
    patch: &Patch<NewReport>,
    if_match: &Precondition,
) -> Result<FullReport> {
    let before = store::lock(tx.connection(), scope, id).await?;
    before
        .report
        .must_be_for(Step::Update, scope, tx.subject())?;
    if_match.check(before.report.version)?;
    before.report.step(Step::Update)?;
    must_be_open(tx, scope, &before.report.school_year).await?;
    let present = before.as_input();
    keeps_the_key(patch, &present)?;
    let mut new = patch.apply(&present)?;
    if new == present {
        return Ok(before);
    }
    let mut faults = Faults::default();
    let schools = schools_of(tx.connection(), &[&new]).await?;
    settled(&schools, scope, &mut new, &mut faults)?;
    faults.check()?;
    if new == present {
        return Ok(before);
    }
    let (author, now) = (tx.subject().to_owned(), tx.now);
    let are_lines_new = new.lines != present.lines;
    writes::update(
        tx.connection(),
        &before.report,
        &new,
        are_lines_new,
        &author,
        now,
    )
    .await?;
    changed(tx, scope, "updated", &before).await
}

/// Refuses a write in a year whose campaign is closed; it does not close before the write is done.
async fn must_be_open(tx: &mut Tx<'_>, scope: &Scope, year: &SchoolYear) -> Result<()> {
    if campaigns::lock_open(tx.connection(), scope, year).await? {
        return Ok(());
    }
    Err(Error::new(Code::CampaignClosed))
}

/// Refuses a change of a field of the key; to repeat it as it is does no harm.
fn keeps_the_key(patch: &Patch<NewReport>, present: &NewReport) -> Result<()> {
    let present = serde_json::to_value(present).map_err(Error::internal)?;
    let mut faults = Faults::default();
    for name in KEY {
        if patch
            .member(name)
            .is_some_and(|value| Some(value) != present.get(name))
        {
            faults.add(Place::field(name), Rule::Own(&PART_OF_THE_KEY));
        }
    }
    faults.check()
}

/// The report as it is now, journaled against what it was.
async fn changed(
    tx: &mut Tx<'_>,
    scope: &Scope,
    verb: &str,
    before: &FullReport,
) -> Result<FullReport> {
    let after = store::find(tx.connection(), scope, before.report.id).await?;
    tx.changed(verb, before, &after).await?;
    Ok(after)
}

/// A step of those who write a report or validate it.
pub enum Act<'a> {
    /// Hand it over, with what is confirmed of its figures.
    Submit(&'a [Confirmable]),
    /// Make it count.
    Validate,
    /// Send it back, and why.
    Return(&'a Return),
}

impl Act<'_> {
    /// Which step of a report's life it is.
    pub const fn step(&self) -> Step {
        match self {
            Self::Submit(_) => Step::Submit,
            Self::Validate => Step::Validate,
            Self::Return(_) => Step::Return,
        }
    }

    /// What it makes of a report whose status allows it.
    ///
    /// # Errors
    /// `report_incomplete`, `confirmation_required`.
    pub fn taken<'a>(
        &self,
        before: &FullReport,
        status: Status,
        (subject, now): (&'a str, DateTime<Utc>),
    ) -> Result<Taken<'a>> {
        let (reason, confirmed) = match self {
            Self::Submit(confirmed) => {
                must_be_complete(before)?;
                (None, must_be_confirmed(before, confirmed)?)
            }
            Self::Return(given) => (Some(given.reason.clone()), Vec::new()),
            Self::Validate => (None, Vec::new()),
        };
        Ok(Taken {
            status,
            reason,
            confirmed,
            subject,
            now,
        })
    }
}

/// Submits one, or validates it, or sends it back with a reason.
///
/// # Errors
/// `not_found`, `forbidden`, `own_report`, `precondition_failed`, `invalid_transition`,
/// `report_incomplete`, `confirmation_required`.
pub async fn step(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ReportId,
    act: Act<'_>,
    if_match: &Precondition,
) -> Result<FullReport> {
    let (before, step) = (store::lock(tx.connection(), scope, id).await?, act.step());
    before.report.must_be_for(step, scope, tx.subject())?;
    if_match.check(before.report.version)?;
    let status = before.report.step(step)?;
    if step.needs_open_campaign() {
        must_be_open(tx, scope, &before.report.school_year).await?;
    }
    let (subject, now) = (tx.subject().to_owned(), tx.now);
    let taken = act.taken(&before, status, (&subject, now))?;
    let former = before.report.corrected_by(status);
    if let Some(former) = former {
        supersede(tx, scope, former).await?;
    }
    writes::set_status(tx.connection(), &before.report, taken).await?;
    let after = changed(tx, scope, step.past(), &before).await?;
    if status == Status::Validated {
        // Last: whoever validates a report of the year meanwhile waits for the end of this step.
        writes::count(tx.connection(), id, former, now).await?;
    }
    Ok(after)
}

/// Refuses one that counts schools and says nothing of them. One whose schools said everything says
/// nothing more, and names nobody.
fn must_be_complete(report: &FullReport) -> Result<()> {
    if report.lines.is_empty() && !report.report.establishments.is_empty() {
        let place = Place::field("lines");
        return Err(Error::at(Code::ReportIncomplete, place, Rule::EmptyList));
    }
    Ok(())
}

/// Takes the corrected version out of the figures, before the correction enters them.
async fn supersede(tx: &mut Tx<'_>, scope: &Scope, id: ReportId) -> Result<()> {
    let former = store::lock(tx.connection(), scope, id).await?;
    let now = tx.now;
    writes::supersede(tx.connection(), id, now).await?;
    changed(tx, scope, "superseded", &former).await?;
    Ok(())
}

/// Deletes a draft.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`.
pub async fn delete(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ReportId,
    if_match: &Precondition,
) -> Result<()> {
    let report = store::lock(tx.connection(), scope, id).await?;
    report
        .report
        .must_be_for(Step::Delete, scope, tx.subject())?;
    if_match.check(report.report.version)?;
    report.report.step(Step::Delete)?;
    writes::delete(tx.connection(), id).await?;
    tx.removed("deleted", &report).await
}
