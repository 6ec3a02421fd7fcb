//! The steps that write reports. Each runs in the transaction it is given and journals what it
//! writes; the order of refusals is 404, 403, 412, 409, and 422 for what depends on the row.

use chrono::{DateTime, Utc};

use super::checks::{Confirmable, must_be_confirmed};
use super::content::{KEY, NewReport, Return};
use super::line::settle;
use super::model::{FullReport, Status, Step, is_written_by};
use super::prefill::model::Prefilled;
use super::store;
use super::store::writes::{self, Beginning, Taken};
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::store as conventions;
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::notice::{
    IN_THE_FUTURE, NOT_IN_FORCE_THAT_YEAR, OUTSIDE_TERRITORY, PART_OF_THE_KEY,
};
use crate::error::{Code, Error, Faults, Notice, Place, Result, Rule, notice};
use crate::http::merge::Patch;
use crate::register::territories::ancestry::{self, UnknownSchools};
use crate::results::campaigns::store as campaigns;
use crate::values::ids::ReportId;
use crate::values::{SchoolYear, TerritoryCode, TextValue, today};

static OF_ANOTHER_CONVENTION: Notice = notice(
    "of_another_convention",
    "Cette déclinaison est celle d'une autre convention.",
    "This declination is another convention's.",
);

fn at(pointer: impl Into<String>) -> Place {
    Place::Pointer(pointer.into())
}

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
    let mut faults = Faults::default();
    let ancestors = settled(tx, scope, new, &mut faults).await?;
    let convention = placed(tx, scope, new, &ancestors, &mut faults).await?;
    faults.check()?;
    if !convention.is_some_and(|convention| convention.status.was_signed()) {
        return Err(Error::new(Code::ConventionNotSigned));
    }
    must_be_open(tx, scope, &new.school_year).await?;
    // The key's constraint decides; this only finds the report that the refusal names.
    let versions = store::versions_of(tx.connection(), scope, new).await?;
    let is_open = |(_, _, status): &&(ReportId, i32, Status)| *status != Status::Validated;
    if let Some((open, ..)) = versions.iter().find(is_open) {
        let open = format!("/v1/reports/{open}");
        return Err(Error::new(Code::DuplicateReport).about(open));
    }
    let before = versions.first();
    Ok(Opening {
        ancestors,
        number: before.map_or(1, |(_, number, _)| number + 1),
        supersedes_id: before.map(|(id, ..)| *id),
    })
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
    let beginning = Beginning {
        id: ReportId::new(tx.new_id()),
        number: opening.number,
        supersedes_id: opening.supersedes_id,
        ancestors: &opening.ancestors,
        author: &author,
        prefilled,
        now: tx.now,
    };
    writes::insert(tx.connection(), &beginning, new).await?;
    let report = store::find(tx.connection(), scope, beginning.id).await?;
    tx.created(&report).await?;
    Ok(report)
}

/// What lies above the territory, once the caller may write there; the lines' academies are filled
/// in, and the faults of places in the lines and the list of schools noted.
async fn settled(
    tx: &mut Tx<'_>,
    scope: &Scope,
    new: &mut NewReport,
    faults: &mut Faults,
) -> Result<Vec<String>> {
    let mut places = vec![new.territory.clone()];
    places.extend(new.establishments.0.iter().map(TerritoryCode::of_school));
    let found = match ancestry::each(tx.connection(), &places).await? {
        Ok(ancestries) => ancestries,
        Err(unknown) => known_of(tx, &places, &unknown, faults).await?,
    };
    let mut ancestries = found.into_iter();
    let ancestors = ancestries.next().unwrap_or_default();
    if !is_written_by(scope, &new.territory, &ancestors) {
        let place = Place::field("territory");
        return Err(Error::at(Code::Forbidden, place, Rule::OutsidePerimeter));
    }
    for (index, above) in ancestries.enumerate() {
        // Those that do not exist have nothing above them, and their fault already.
        if !above.is_empty() && !above.iter().any(|code| code == new.territory.as_str()) {
            faults.add(
                at(format!("/establishments/{index}")),
                Rule::Own(&OUTSIDE_TERRITORY),
            );
        }
    }
    for index in settle(&new.territory, &ancestors, &mut new.lines) {
        faults.add(
            at(format!("/lines/{index}/academy")),
            Rule::Own(&OUTSIDE_TERRITORY),
        );
    }
    Ok(ancestors)
}

/// What lies above those of these places that exist, nothing above the others, which are noted.
/// Without the report's own territory there is nothing more to check.
async fn known_of(
    tx: &mut Tx<'_>,
    places: &[TerritoryCode],
    unknown: &UnknownSchools,
    faults: &mut Faults,
) -> Result<Vec<Vec<String>>> {
    if unknown.has(0) {
        let place = Place::Pointer("/territory".to_owned());
        return Err(Error::at(
            Code::ValidationFailed,
            place,
            Rule::UnknownTerritory,
        ));
    }
    let exists = |index: &usize| !unknown.has(*index);
    let known: Vec<TerritoryCode> = places
        .iter()
        .enumerate()
        .filter(|(index, _)| exists(index))
        .map(|(_, code)| code.clone())
        .collect();
    let mut found = ancestry::each(tx.connection(), &known)
        .await?
        .unwrap_or_default()
        .into_iter();
    let above = |index: usize| {
        if exists(&index) {
            found.next().unwrap_or_default()
        } else {
            faults.add(
                at(format!("/establishments/{}", index - 1)),
                Rule::UnknownTerritory,
            );
            Vec::new()
        }
    };
    Ok((0..places.len()).map(above).collect())
}

/// The convention, once the place and the year are checked against it and the declination.
async fn placed(
    tx: &mut Tx<'_>,
    scope: &Scope,
    new: &NewReport,
    ancestors: &[String],
    faults: &mut Faults,
) -> Result<Option<Convention>> {
    let mut fault = |name: &str, rule| faults.add(Place::field(name), rule);
    let (first, last) = (new.school_year.first_day(), new.school_year.last_day());
    if first > today(tx.now) {
        fault("school_year", Rule::Own(&IN_THE_FUTURE));
    }
    let found = conventions::find_all(tx.connection(), scope, &[new.convention_id]).await?;
    let convention = found.into_iter().next();
    if let Some(convention) = &convention {
        if convention.status.was_signed() && !convention.overlaps(first, last) {
            fault("school_year", Rule::Own(&NOT_IN_FORCE_THAT_YEAR));
        }
        let home = convention.original.territory.as_ref();
        if home.is_some_and(|home| !ancestors.iter().any(|code| code == home.as_str())) {
            fault("territory", Rule::Own(&OUTSIDE_TERRITORY));
        }
    } else {
        fault("convention_id", Rule::UnknownReference);
    }
    let Some(id) = new.declination_id else {
        return Ok(convention);
    };
    let rule = match store::declination(tx.connection(), scope, id).await? {
        Some((_, status, _)) if status != "active" && status != "closed" => Rule::UnknownReference,
        None => Rule::UnknownReference,
        Some((of, ..)) if of != new.convention_id => Rule::Own(&OF_ANOTHER_CONVENTION),
        Some((.., covered)) if covered.iter().any(|code| ancestors.contains(code)) => {
            return Ok(convention);
        }
        Some(_) => Rule::Own(&OUTSIDE_TERRITORY),
    };
    fault("declination_id", rule);
    Ok(convention)
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
    settled(tx, scope, &mut new, &mut faults).await?;
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
