//! The step of many reports. What each is is read at once under their locks, what becomes of each is
//! decided one after the other, and all is written at the end; nothing that one becomes changes what
//! another may become.

use std::collections::{HashMap, HashSet};

use futures_util::future::try_join_all;

use super::content::ReportSteps;
use crate::auth::policy::Scope;
use crate::db::tx::{Step as Journal, Tx};
use crate::error::{Code, Error, Result};
use crate::http::bulk::{Chosen, Outcome, Stepped, first_page, must_be_few};
use crate::results::campaigns::store as campaigns;
use crate::results::reports::model::{FullReport, Status};
use crate::results::reports::store;
use crate::results::reports::store::writes::{self, Taken};
use crate::results::reports::workflow::Act;
use crate::values::TextValue;
use crate::values::ids::ReportId;

/// Takes the step with each report, in their order.
///
/// # Errors
/// `validation_failed` for a filter that finds too many; what is refused of a report is its outcome.
pub async fn take(tx: &mut Tx<'_>, scope: &Scope, asked: &ReportSteps) -> Result<Vec<Outcome>> {
    let ids = ids(tx, scope, asked).await?;
    let returned = asked.returned();
    let act = asked.act(returned.as_ref());
    store::lock_all(tx.connection(), &ids).await?;
    let before = read(tx, scope, &ids).await?;
    let open = OpenYears::of(tx, scope, &before, &act).await?;
    let (subject, now) = (tx.subject().to_owned(), tx.now);
    let decide = |id: &ReportId| {
        let before = before.get(id).ok_or_else(Error::not_found)?;
        let step = act.step();
        before.report.must_be_for(step, scope, &subject)?;
        let status = before.report.step(step)?;
        open.must_have(before)?;
        let taken = act.taken(before, status, (&subject, now))?;
        Ok((before, taken))
    };
    let decided: Vec<(ReportId, Result<_>)> = ids.iter().map(|id| (*id, decide(id))).collect();
    let (mut written, mut refused) = (Vec::new(), HashMap::new());
    for (id, decision) in decided {
        match decision {
            Ok(decision) => written.push(decision),
            Err(error) => drop(refused.insert(id, error)),
        }
    }
    let after = write(tx, scope, &act, written).await?;
    let outcomes = ids.into_iter().map(|id| {
        let outcome = match refused.remove(&id) {
            Some(error) => Err(error),
            None => after.get(&id).map(stepped).ok_or_else(Error::not_found),
        };
        (id.uuid(), outcome)
    });
    Ok(outcomes.collect())
}

fn stepped(report: &FullReport) -> Stepped {
    Stepped {
        status: report.report.status.as_str().to_owned(),
        version: report.report.version,
    }
}

/// The reports asked for.
async fn ids(tx: &mut Tx<'_>, scope: &Scope, asked: &ReportSteps) -> Result<Vec<ReportId>> {
    let filter = match &asked.ids {
        Chosen::Ids(ids) => return Ok(ids.clone()),
        Chosen::Matching(filter) => filter,
    };
    let page = first_page()?;
    let found = store::page(tx.connection(), scope, filter, &page).await?;
    must_be_few(found.len())?;
    Ok(found.into_iter().map(|report| report.id).collect())
}

/// Those of these that the caller sees, by their ids.
async fn read(
    tx: &mut Tx<'_>,
    scope: &Scope,
    ids: &[ReportId],
) -> Result<HashMap<ReportId, FullReport>> {
    let found = store::find_whole(tx.connection(), scope, ids).await?;
    let by_id = found.into_iter().map(|report| (report.report.id, report));
    Ok(by_id.collect())
}

/// The years whose reports may be written, of a step that asks for it.
struct OpenYears(Option<HashSet<String>>);

impl OpenYears {
    /// None of them closes before the transaction ends.
    async fn of(
        tx: &mut Tx<'_>,
        scope: &Scope,
        reports: &HashMap<ReportId, FullReport>,
        act: &Act<'_>,
    ) -> Result<Self> {
        if !act.step().needs_open_campaign() {
            return Ok(Self(None));
        }
        let years = reports.values().map(|one| &one.report.school_year);
        let mut years: Vec<_> = years.cloned().collect();
        years.sort_by_key(ToString::to_string);
        years.dedup();
        let mut open = HashSet::new();
        for year in years {
            if campaigns::lock_open(tx.connection(), scope, &year).await? {
                open.insert(year.to_string());
            }
        }
        Ok(Self(Some(open)))
    }

    fn must_have(&self, report: &FullReport) -> Result<()> {
        let year = report.report.school_year.to_string();
        match &self.0 {
            Some(open) if !open.contains(&year) => Err(Error::new(Code::CampaignClosed)),
            _ => Ok(()),
        }
    }
}

/// Writes what was decided, journals it, and counts what was validated. Answers the reports as they
/// are then.
async fn write(
    tx: &mut Tx<'_>,
    scope: &Scope,
    act: &Act<'_>,
    written: Vec<(&FullReport, Taken<'_>)>,
) -> Result<HashMap<ReportId, FullReport>> {
    let status_of = |(before, taken): &(&FullReport, Taken<'_>)| {
        (before.report.id, before.report.corrected_by(taken.status))
    };
    let counted: Vec<_> = written.iter().map(status_of).collect();
    let formers: Vec<ReportId> = counted.iter().filter_map(|(_, former)| *former).collect();
    let before: Vec<&FullReport> = written.iter().map(|(before, _)| *before).collect();
    let formers_before = read(tx, scope, &formers).await?;
    set(tx, &formers, written).await?;
    let mut all: Vec<ReportId> = counted.iter().map(|(id, _)| *id).collect();
    all.extend(&formers);
    let after = read(tx, scope, &all).await?;
    let journal = journal(act, &before, &formers_before, &after);
    tx.record_all(&journal).await?;
    count(tx, counted, &after).await?;
    Ok(after)
}

/// Sets the status of each, after those of the versions that they correct.
async fn set(
    tx: &mut Tx<'_>,
    formers: &[ReportId],
    written: Vec<(&FullReport, Taken<'_>)>,
) -> Result<()> {
    let now = tx.now;
    let connection = &*tx.connection();
    let superseded = formers
        .iter()
        .map(|id| writes::supersede(connection, *id, now));
    try_join_all(superseded).await?;
    let set = written
        .into_iter()
        .map(|(before, taken)| writes::set_status(connection, &before.report, taken));
    try_join_all(set).await?;
    Ok(())
}

/// What is journaled, in the order of a step with one: the version that is corrected, then the report.
fn journal<'a>(
    act: &Act<'_>,
    before: &[&'a FullReport],
    formers: &'a HashMap<ReportId, FullReport>,
    after: &'a HashMap<ReportId, FullReport>,
) -> Vec<Journal<'a, FullReport>> {
    let steps = before.iter().flat_map(|before| {
        let former = before.report.supersedes_id;
        let former = former.and_then(|former| formers.get(&former));
        let former = former.map(|former| Journal {
            verb: "superseded",
            before: Some(former),
            after: after.get(&former.report.id),
        });
        let own = Journal {
            verb: act.step().past(),
            before: Some(*before),
            after: after.get(&before.report.id),
        };
        former.into_iter().chain([own])
    });
    steps.collect()
}

/// Last: whoever validates a report of a year meanwhile waits for the end of this step.
async fn count(
    tx: &mut Tx<'_>,
    mut counted: Vec<(ReportId, Option<ReportId>)>,
    after: &HashMap<ReportId, FullReport>,
) -> Result<()> {
    let year = |id: &ReportId| {
        let report = after.get(id).map(|one| &one.report);
        report.map(|report| report.school_year.to_string())
    };
    let is_validated = |id: &ReportId| {
        let report = after.get(id).map(|one| &one.report);
        report.is_some_and(|report| report.status == Status::Validated)
    };
    counted.retain(|(id, _)| is_validated(id));
    counted.sort_by_key(|(id, _)| year(id));
    let now = tx.now;
    writes::count_all(tx.connection(), &counted, now).await
}
