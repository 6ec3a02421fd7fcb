//! What becomes of each report of a batch: what it would become were it sent alone.

use std::collections::HashMap;

use super::layout::MOST_REPORTS;
use super::pieces::{Key, Piece, Says};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::error::{Code, Error, Fault, Place, Result, Rule};
use crate::http::table::verdict::Outcome;
use crate::results::campaigns::store as campaigns;
use crate::results::reports::content::NewReport;
use crate::results::reports::ground::Ground;
use crate::results::reports::line::Line;
use crate::results::reports::model::{FullReport, Status, Step};
use crate::results::reports::store;
use crate::results::reports::workflow::Opening;
use crate::values::SchoolYear;
use crate::values::ids::ReportId;

/// What becomes of a report.
pub enum Planned {
    /// It is opened: the first of its key, or the correction of the validated one.
    Opened(ReportId, NewReport, Opening),
    /// The one in the making becomes this.
    Changed(Box<FullReport>, NewReport),
    /// It is there as it is said.
    Same(Box<FullReport>),
    /// It is refused: as a whole, or for what is wrong with its items, which they know.
    Refused(Option<Error>),
}

impl Planned {
    /// The report that is written for it.
    pub fn written(&self) -> Option<ReportId> {
        match self {
            Self::Opened(id, ..) => Some(*id),
            Self::Changed(before, _) => Some(before.report.id),
            Self::Same(_) | Self::Refused(_) => None,
        }
    }

    /// The report that it is, of those that were written or as it was.
    pub fn report<'a>(
        &'a self,
        after: &'a HashMap<ReportId, FullReport>,
    ) -> Option<&'a FullReport> {
        match self {
            Self::Same(report) => Some(report),
            _ => after.get(&self.written()?),
        }
    }

    /// What it is called in a verdict.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Opened(..) => Outcome::Created,
            Self::Changed(..) => Outcome::Updated,
            Self::Same(_) => Outcome::Unchanged,
            Self::Refused(_) => Outcome::Rejected,
        }
    }
}

/// Decides of each report, under locks that last as long as the transaction: six queries, whatever their
/// number.
///
/// # Errors
/// `validation_failed` for more reports than a batch may have.
pub async fn plan(tx: &mut Tx<'_>, scope: &Scope, pieces: &mut [Piece]) -> Result<Vec<Planned>> {
    if pieces.len() > MOST_REPORTS {
        return Err(Error::validation(vec![Fault {
            place: Place::field("items"),
            rule: Rule::TooManyItems(MOST_REPORTS),
        }]));
    }
    let news: Vec<&NewReport> = pieces
        .iter()
        .filter_map(|piece| piece.new.as_ref())
        .collect();
    let ground = Ground::of(tx.connection(), scope, &news).await?;
    let mut admitted = Vec::with_capacity(pieces.len());
    for piece in pieces.iter_mut() {
        let Some(mut new) = piece.new.clone() else {
            admitted.push(Err(None));
            continue;
        };
        admitted.push(match ground.admits(scope, &mut new, tx.now) {
            Ok(ancestors) => Ok((new, ancestors)),
            Err(error) if error.faults.is_empty() => Err(Some(error)),
            Err(error) => {
                error.faults.iter().for_each(|fault| piece.is_wrong(fault));
                Err(None)
            }
        });
    }
    let sound: Vec<&NewReport> = admitted.iter().flatten().map(|(new, _)| new).collect();
    let stored = Stored::of(tx, scope, &sound).await?;
    let says = pieces.iter().map(|piece| piece.says);
    let decided = says.zip(admitted).map(|(says, admitted)| match admitted {
        Ok((new, ancestors)) => stored.decide(tx, scope, says, (new, ancestors)),
        Err(error) => Planned::Refused(error),
    });
    Ok(decided.collect())
}

/// What is stored under the keys of reports.
struct Stored {
    closed: Vec<SchoolYear>,
    /// The one in the making, and the one that counts.
    open: HashMap<Key, FullReport>,
    current: HashMap<Key, FullReport>,
}

impl Stored {
    async fn of(tx: &mut Tx<'_>, scope: &Scope, news: &[&NewReport]) -> Result<Self> {
        let mut years: Vec<SchoolYear> = news.iter().map(|new| new.school_year.clone()).collect();
        years.sort();
        years.dedup();
        let closed = campaigns::lock_closed(tx.connection(), scope, &years).await?;
        let keys: Vec<Key> = news.iter().map(|new| Key::of(new)).collect();
        let found = store::versions_of_all(tx.connection(), scope, news).await?;
        let wanted: std::collections::HashSet<&Key> = keys.iter().collect();
        let ids: Vec<ReportId> = found
            .into_iter()
            .filter(|version| {
                wanted.contains(&Key {
                    convention: version.convention_id,
                    declination: version.declination_id,
                    territory: version.territory.clone(),
                    year: version.school_year.clone(),
                })
            })
            .map(|version| version.id)
            .collect();
        let (mut open, mut current) = (HashMap::new(), HashMap::new());
        if !ids.is_empty() {
            store::lock_all(tx.connection(), &ids).await?;
        }
        for report in store::find_whole(tx.connection(), scope, &ids).await? {
            let key = Key::of(&report.as_input());
            match report.report.status {
                Status::Validated => current.insert(key, report),
                _ => open.insert(key, report),
            };
        }
        Ok(Self {
            closed,
            open,
            current,
        })
    }

    fn decide(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        says: Says,
        (new, ancestors): (NewReport, Vec<String>),
    ) -> Planned {
        let key = Key::of(&new);
        let (open, current) = (self.open.get(&key), self.current.get(&key));
        if let Some(there) = open.or(current) {
            let whole = with_what_stays(new.clone(), says, there);
            if is_same(&whole, &there.as_input()) {
                return Planned::Same(Box::new(there.clone()));
            }
        }
        if self.closed.contains(&new.school_year) {
            return Planned::Refused(Some(Error::new(Code::CampaignClosed)));
        }
        match open {
            Some(before) => change(tx, scope, before, with_what_stays(new, says, before)),
            None => {
                let before = current.map(|report| (report.report.id, report.report.number));
                let opening = Opening::after(ancestors, before);
                Planned::Opened(ReportId::new(tx.new_id()), new, opening)
            }
        }
    }
}

fn change(tx: &Tx<'_>, scope: &Scope, before: &FullReport, new: NewReport) -> Planned {
    let report = &before.report;
    let may = report
        .must_be_for(Step::Update, scope, tx.subject())
        .and_then(|()| report.step(Step::Update));
    match may {
        Ok(_) => Planned::Changed(Box::new(before.clone()), new),
        Err(error) => Planned::Refused(Some(error)),
    }
}

/// The content with what its items leave out, as it is now.
fn with_what_stays(mut new: NewReport, says: Says, there: &FullReport) -> NewReport {
    let present = there.as_input();
    if !says.lines {
        new.lines = present.lines;
    }
    if !says.establishments {
        new.establishments = present.establishments;
    }
    if !says.narrative {
        new.narrative = present.narrative;
    }
    new
}

/// Whether two contents say the same: in whatever order a spreadsheet was sorted.
fn is_same(one: &NewReport, other: &NewReport) -> bool {
    let sorted = |lines: &[Line]| {
        let mut lines = lines.to_vec();
        lines.sort_by_key(|line| line.key(None));
        lines
    };
    let schools = |new: &NewReport| {
        let mut names: Vec<String> = new
            .establishments
            .0
            .iter()
            .map(ToString::to_string)
            .collect();
        names.sort();
        names
    };
    sorted(&one.lines) == sorted(&other.lines)
        && schools(one) == schools(other)
        && one.narrative == other.narrative
}
