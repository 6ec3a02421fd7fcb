//! The obstacles to an amendment: the text it applies to, the amendments already signed, and the
//! declinations that rely on what it removes.

use chrono::NaiveDate;
use serde::Serialize;

use super::content::{Change, Field};
use crate::agreements::conventions::acts::Amended;
use crate::agreements::conventions::consolidated::Consolidated;
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::term::renewed_until;
use crate::error::notice::{AFTER_END, BEFORE_START};
use crate::error::warning::Warning;
use crate::error::{Fault, Notice, Place, Rule, notice};
use crate::language::Language;

static SAME_DAY: Notice = notice(
    "contradicts_amendment",
    "Un avenant signé change déjà cela le même jour : changez la date d'effet, ou retirez ce changement.",
    "A signed amendment changes this on the same day already: change the day of effect, or remove this change.",
);

static BREAKS_LATER: Notice = notice(
    "contradicts_amendment",
    "Un avenant signé, qui prend effet plus tard, ne s'appliquerait plus : retirez ce changement.",
    "A signed amendment, which takes effect later, would no longer apply: remove this change.",
);

static NOT_LATER: Notice = notice(
    "not_later",
    "L'échéance n'est pas repoussée : donnez une date postérieure à celle qui est convenue.",
    "The end is not moved back: give a date after the one agreed on.",
);

static OPEN_ENDED: Notice = notice(
    "open_ended",
    "La convention est sans échéance : il n'y a rien à prolonger.",
    "The convention has no end: there is nothing to extend.",
);

static ENDS_OTHERWISE: Notice = notice(
    "ends_otherwise",
    "La convention est résiliée ou remplacée : sa fin ne se repousse plus.",
    "The convention is terminated or replaced: its end can no longer be moved back.",
);

static ALREADY_A_PARTY: Notice = notice(
    "already_a_party",
    "Ce partenaire est déjà partie à la convention ce jour-là.",
    "This partner is a party to the convention on that day already.",
);

static NO_PARTY: Notice = notice(
    "not_a_party",
    "Ce partenaire n'est pas partie à la convention ce jour-là.",
    "This partner is not a party to the convention on that day.",
);

static LAST_PARTY: Notice = notice(
    "last_party",
    "Il ne resterait aucun partenaire : mettez plutôt fin à la convention.",
    "No partner would be left: terminate the convention instead.",
);

static END_UNKNOWN: Notice = notice(
    "end_unknown",
    "La source de cette convention ne donne pas son échéance : dites-la d'abord (`ends_on`).",
    "The source of this convention does not give its end: say it first (`ends_on`).",
);

/// What active declinations rely on.
pub static RELIED_ON: Notice = notice(
    "relied_on",
    "Une déclinaison active repose sur ce qui est retiré : fermez-la d'abord, ou laissez-le.",
    "An active declination relies on what is taken away: close it first, or leave it.",
);

/// An obstacle to an amendment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The place in the amendment.
    pub pointer: String,
    /// What is wrong.
    pub notice: &'static Notice,
    /// What it is about: the number of an amendment, a declination with the codes it relies on.
    pub about: Option<String>,
}

impl Obstacle {
    fn at(pointer: impl Into<String>, notice: &'static Notice) -> Self {
        Self {
            pointer: pointer.into(),
            notice,
            about: None,
        }
    }

    /// At the change of this place in the list.
    pub fn of_change(index: usize, notice: &'static Notice) -> Self {
        Self::at(format!("/changes/{index}"), notice)
    }

    /// With what it is about.
    #[must_use]
    pub fn about(self, subject: impl ToString) -> Self {
        Self {
            about: Some(subject.to_string()),
            ..self
        }
    }

    /// As the fault of a refusal.
    pub fn as_fault(self) -> Fault {
        Fault {
            place: Place::Pointer(self.pointer),
            rule: match self.about {
                Some(subject) => Rule::About(self.notice, subject),
                None => Rule::Own(self.notice),
            },
        }
    }

    /// As the warning in the answer of a draft.
    pub fn as_warning(self, language: Language) -> Warning {
        let mut warning = self.notice.at(self.pointer, language);
        if let Some(subject) = self.about {
            warning.detail = self.notice.about(&subject, language);
        }
        warning
    }
}

/// What of an amendment contradicts the convention, or the amendments signed so far. The whole
/// series is applied again with it in its place: it must fit, and so must those that come later.
pub fn contradictions(convention: &Convention, amendment: &Amended) -> Vec<Obstacle> {
    let mut found = out_of_time(convention, amendment);
    let signed = &convention.amendments;
    for (index, change) in amendment.changes.iter().enumerate() {
        let mut rivals = signed.iter().filter(|other| {
            let mut changes = other.changes.iter();
            other.effective_on == amendment.effective_on
                && changes.any(|one| one.field() == change.field())
        });
        let rival = rivals.next();
        found.extend(rival.map(|other| Obstacle::of_change(index, &SAME_DAY).about(other.number)));
    }
    if found.is_empty() {
        found = misfits(convention, amendment);
    }
    found
}

/// It takes effect while the convention is in force, so that the convention never ends and goes on.
fn out_of_time(convention: &Convention, amendment: &Amended) -> Vec<Obstacle> {
    let effective_on = amendment.effective_on;
    let is_unknown = convention.is_only_attested();
    let end = convention.last_day(convention.agreed_end(effective_on));
    let notice = match (convention.original.starts_on, end) {
        (Some(first), _) if effective_on < first => &BEFORE_START,
        (_, Some(last)) if effective_on > last && !is_unknown => &AFTER_END,
        _ => return Vec::new(),
    };
    vec![Obstacle::at("/effective_on", notice)]
}

fn misfits(convention: &Convention, amendment: &Amended) -> Vec<Obstacle> {
    let signed: Vec<&Amended> = convention.amendments.iter().collect();
    let mut series = signed.clone();
    series.push(amendment);
    series.sort_by_key(|one| one.rank());
    // What is signed is not put in question again by what came since, a termination for instance.
    let already = replayed(convention, &signed);
    let misfits = replayed(convention, &series).into_iter();
    misfits
        .filter(|(one, index, _)| {
            !already
                .iter()
                .any(|(other, at, _)| (other, at) == (one, index))
        })
        .map(|(one, index, notice)| match one.changes.get(index) {
            Some(change) if one.id != amendment.id => broken(amendment, change, one.number),
            _ => Obstacle::of_change(index, notice),
        })
        .collect()
}

/// The changes of a series that do not apply when their turn comes, each by its amendment and its
/// place there.
fn replayed<'a>(
    convention: &Convention,
    series: &[&'a Amended],
) -> Vec<(&'a Amended, usize, &'static Notice)> {
    let mut text = Consolidated::original(convention.original.clone());
    let mut found = Vec::new();
    for one in series {
        for (index, change) in one.changes.iter().enumerate() {
            let misfit = misfit(convention, &text, change, one.effective_on);
            found.extend(misfit.map(|notice| (*one, index, notice)));
            text.apply(change);
        }
    }
    found
}

/// A later amendment's change that would no longer apply, reported at the change that causes it.
fn broken(amendment: &Amended, later: &Change, number: i32) -> Obstacle {
    let same = |change: &Change| change.field() == later.field();
    let is_party = |change: &Change| matches!(change.field(), Field::Party(_));
    let mut changes = amendment.changes.iter();
    let cause = changes
        .clone()
        .position(same)
        .or_else(|| changes.position(is_party));
    let obstacle = match cause {
        Some(index) => Obstacle::of_change(index, &BREAKS_LATER),
        None => Obstacle::at("/changes", &BREAKS_LATER),
    };
    obstacle.about(number)
}

/// Why a change does not apply to a text on a day.
fn misfit(
    convention: &Convention,
    text: &Consolidated,
    change: &Change,
    day: NaiveDate,
) -> Option<&'static Notice> {
    let content = &text.content;
    match change {
        Change::Extend { ends_on } => {
            let renewal = content.terms.renewal.as_ref();
            match content.ends_on {
                _ if convention.termination.is_some() || convention.replaced_on.is_some() => {
                    Some(&ENDS_OTHERWISE)
                }
                None if convention.has_unknown_end() => Some(&END_UNKNOWN),
                None => Some(&OPEN_ENDED),
                // Tacit renewals have moved it already.
                Some(agreed) if *ends_on <= renewed_until(agreed, renewal, day) => Some(&NOT_LATER),
                Some(_) => None,
            }
        }
        Change::AddPartner { partner_id } => content
            .partner_ids
            .contains(partner_id)
            .then_some(&ALREADY_A_PARTY),
        Change::RemovePartner { partner_id } if !content.partner_ids.contains(partner_id) => {
            Some(&NO_PARTY)
        }
        Change::RemovePartner { .. } => (content.partner_ids.len() == 1).then_some(&LAST_PARTY),
        _ => None,
    }
}

/// What one change of an amendment leaves of a list of codes, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    /// The place of the change.
    pub index: usize,
    /// The list.
    pub field: &'static str,
    /// The codes that are left.
    pub codes: Vec<String>,
    /// The first day that a signed amendment says otherwise.
    pub until: Option<NaiveDate>,
}

/// What an amendment restricts: what it leaves free, or takes nothing away from, is not among it.
pub fn left_by(convention: &Convention, amendment: &Amended) -> Vec<Left> {
    fn texts<T: ToString>(codes: &[T]) -> Vec<String> {
        codes.iter().map(T::to_string).collect()
    }
    let changes = amendment.changes.iter().enumerate();
    let restricted = changes.filter_map(|(index, change)| {
        let (field, codes) = match change {
            Change::SetAxes { axes } => ("axes", texts(axes)),
            Change::SetActionTypes { action_types } => ("action_types", texts(action_types)),
            Change::SetLevels { levels } => ("levels", texts(levels)),
            Change::SetMoments { moments } => ("moments", texts(moments)),
            _ => return None,
        };
        let mut later = convention.amendments.iter().filter(|other| {
            let mut changes = other.changes.iter();
            other.rank() > amendment.rank() && changes.any(|one| one.field().is_member(field))
        });
        Some(Left {
            index,
            field,
            codes,
            until: later.next().map(|other| other.effective_on),
        })
    });
    restricted.filter(|left| !left.codes.is_empty()).collect()
}
