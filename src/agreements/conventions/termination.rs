//! Termination of a convention by a party, and renewal by a successor: the requests, and the
//! clauses of the agreement on both.

use chrono::{Months, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

use super::acts::{Termination, TerminationKind};
use super::content::{Content, NewConvention, RenewalMode};
use super::model::Convention;
use crate::error::notice::{AFTER_END, BEFORE_START, IN_THE_FUTURE};
use crate::error::{Faults, Notice, Place, Result, Rule, notice};
use crate::http::fields::{Body, Fields};
use crate::values::ids::PartnerId;
use crate::values::{Json, Text};

static NOT_TACIT: Notice = notice(
    "not_tacitly_renewed",
    "Cette convention ne se reconduit pas tacitement : choisissez un autre motif, ou laissez-la finir.",
    "This convention is not tacitly renewed: choose another kind, or let it end.",
);

static NOT_A_PERIOD_END: Notice = notice(
    "not_a_period_end",
    "Un refus de reconduction prend effet à la fin d'une période : donnez-en la date.",
    "A refusal of renewal takes effect at the end of a period: give its date.",
);

static NOTICE_TOO_SHORT: Notice = notice(
    "notice_too_short",
    "Le préavis convenu n'est pas respecté : dites pourquoi, ou choisissez une date plus tardive.",
    "The notice agreed on is not respected: say why, or choose a later date.",
);

static BEFORE_SIGNATURE: Notice = notice(
    "before_signature",
    "Cette date précède la signature.",
    "This date comes before the signature.",
);

static NO_END_TO_FOLLOW: Notice = notice(
    "no_end_to_follow",
    "La convention n'a pas d'échéance : donnez le premier jour de celle qui lui succède.",
    "The convention has no end: give the first day of its successor.",
);

/// Ce qu'il faut pour mettre fin à une convention.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NewTermination {
    /// Le dernier jour où elle est en vigueur.
    #[schema(example = "2027-06-30")]
    pub on: NaiveDate,
    /// La partie qui y met fin.
    #[schema(example = "Ministère de l'Éducation nationale")]
    pub party: Text<200>,
    /// Le motif ; `non_renewal` est le refus d'une reconduction tacite.
    #[schema(example = "notice")]
    pub kind: TerminationKind,
    /// La raison ; nécessaire quand le préavis convenu n'est pas respecté.
    #[schema(example = "Réorganisation du partenariat")]
    pub reason: Option<Text<1000>>,
    /// Le jour où l'autre partie en a été avertie ; aujourd'hui par défaut.
    #[schema(example = "2026-11-23")]
    pub notified_on: Option<NaiveDate>,
}

impl Body for NewTermination {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(&["notice_respected"]);
        let on = fields.required("on");
        let party = fields.required("party");
        let kind = fields.required("kind");
        let reason = fields.optional("reason");
        let notified_on = fields.optional("notified_on");
        Some(Self {
            on: on?,
            party: party?,
            kind: kind?,
            reason,
            notified_on,
        })
    }
}

impl NewTermination {
    /// The end it puts to a convention.
    ///
    /// # Errors
    /// `validation_failed` for a day that the agreement does not allow.
    pub fn of(&self, convention: &Convention, today: NaiveDate) -> Result<Termination> {
        let notified_on = self.notified_on.unwrap_or(today);
        let notice_respected = self.respects_notice(convention, notified_on);
        let mut faults = Faults::default();
        let mut fault = |field, notice| faults.add(Place::field(field), Rule::Own(notice));
        if notified_on > today {
            fault("notified_on", &IN_THE_FUTURE);
        }
        if convention.signed_on.is_some_and(|day| self.on < day) {
            fault("on", &BEFORE_SIGNATURE);
        } else if convention.in_force_until.is_some_and(|end| self.on > end) {
            fault("on", &AFTER_END);
        } else if self.kind == TerminationKind::NonRenewal && !convention.is_tacitly_renewed() {
            fault("kind", &NOT_TACIT);
        } else if self.kind == TerminationKind::NonRenewal
            && convention.period_end(self.on) != Some(self.on)
        {
            let next = convention
                .period_end(self.on.max(today))
                .map(|end| end.to_string())
                .unwrap_or_default();
            faults.add(Place::field("on"), Rule::About(&NOT_A_PERIOD_END, next));
        }
        if notice_respected == Some(false) && self.reason.is_none() {
            let rule = Rule::Own(&NOTICE_TOO_SHORT);
            faults.add(Place::field("reason"), rule);
        }
        faults.check()?;
        Ok(Termination {
            on: self.on,
            party: self.party.clone(),
            kind: self.kind,
            reason: self.reason.clone(),
            notified_on: Some(notified_on),
            notice_respected,
        })
    }

    /// None when no notice is due: none was agreed on, or the kind needs none.
    fn respects_notice(&self, convention: &Convention, notified_on: NaiveDate) -> Option<bool> {
        if !matches!(
            self.kind,
            TerminationKind::Notice | TerminationKind::NonRenewal
        ) {
            return None;
        }
        let months = convention.original.terms.notice_months?.unsigned_abs();
        let earliest = notified_on.checked_add_months(Months::new(months))?;
        Some(self.on >= earliest)
    }
}

/// Ce que l'on peut dire de la convention qui succédera à une autre ; le reste en est repris.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct NewRenewal {
    /// Intitulé ; le même par défaut.
    #[schema(example = "Convention-cadre de coopération avec l'UIMM, renouvelée")]
    pub title: Option<Text<300>>,
    /// Premier jour ; par défaut le lendemain de l'échéance, ou aujourd'hui si elle est passée.
    #[schema(example = "2029-01-01")]
    pub starts_on: Option<NaiveDate>,
    /// Dernier jour ; par défaut, la même durée.
    #[schema(example = "2031-12-31")]
    pub ends_on: Option<NaiveDate>,
}

impl Body for NewRenewal {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let starts_on: Option<NaiveDate> = fields.optional("starts_on");
        let ends_on: Option<NaiveDate> = fields.optional("ends_on");
        if starts_on
            .zip(ends_on)
            .is_some_and(|(start, end)| end < start)
        {
            fields.fault("ends_on", Rule::Own(&BEFORE_START));
        }
        Some(Self {
            title: fields.optional("title"),
            starts_on,
            ends_on,
        })
    }
}

impl NewRenewal {
    /// The draft that succeeds a convention: its last text, its dates moved, nothing signed and
    /// nothing published.
    ///
    /// # Errors
    /// `validation_failed` where a first day must be given.
    pub fn successor_of(&self, convention: &Convention, today: NaiveDate) -> Result<NewConvention> {
        let last = convention.on(NaiveDate::MAX).content;
        let follows = convention
            .in_force_until
            .and_then(|end| end.succ_opt())
            .map(|first| first.max(today));
        let mut faults = Faults::default();
        let Some(starts_on) = self.starts_on.or(follows) else {
            faults.add(Place::field("starts_on"), Rule::Own(&NO_END_TO_FOLLOW));
            faults.check()?;
            return Err(crate::error::Error::internal("a fault that is none"));
        };
        if convention.original.starts_on >= Some(starts_on) {
            faults.add(Place::field("starts_on"), Rule::Own(&BEFORE_START));
        }
        let ends_on = self.ends_on.or_else(|| lasting_as_long(&last, starts_on));
        if ends_on.is_some_and(|end| end < starts_on) {
            faults.add(Place::field("ends_on"), Rule::Own(&BEFORE_START));
        }
        faults.check()?;
        Ok(self.drafted(convention, last, (starts_on, ends_on)))
    }

    fn drafted(
        &self,
        convention: &Convention,
        last: Content,
        (starts_on, ends_on): (NaiveDate, Option<NaiveDate>),
    ) -> NewConvention {
        let mut content = Content {
            title: self.title.clone().unwrap_or(last.title),
            starts_on: Some(starts_on),
            ends_on,
            predecessor_id: Some(convention.id),
            ..last
        };
        let terms = &mut content.terms.0;
        // Decided anew by each board, for each agreement.
        terms.board_decision = None;
        if let Some(follow_up) = &mut terms.follow_up {
            follow_up
                .targets
                .retain(|target| target.school_year.last_day() >= starts_on);
        }
        let office = content.publication.managing_office.clone();
        content.publication = Json(super::content::Publication {
            managing_office: office,
            ..Default::default()
        });
        let people = convention.signatories.iter().map(|one| one.who.clone());
        let parties = &content.partner_ids;
        let still_signs =
            |partner: &Option<PartnerId>| partner.is_none_or(|id| parties.contains(&id));
        NewConvention {
            signatories: people.filter(|one| still_signs(&one.partner_id)).collect(),
            content,
        }
    }
}

/// The end of a convention that begins on a day and lasts as many months, or days, as another.
fn lasting_as_long(other: &Content, starts_on: NaiveDate) -> Option<NaiveDate> {
    let (first, end) = (other.starts_on?, other.ends_on?);
    let after = end.succ_opt()?;
    let months =
        (0..=1200).find(|months| first.checked_add_months(Months::new(*months)) == Some(after));
    match months {
        Some(months) => starts_on
            .checked_add_months(Months::new(months))?
            .pred_opt(),
        None => starts_on.checked_add_signed(end - first),
    }
}

impl Convention {
    /// Whether it goes on by itself at the end of a period.
    pub fn is_tacitly_renewed(&self) -> bool {
        let renewal = self.original.terms.renewal.as_ref();
        renewal.is_some_and(|renewal| renewal.mode == RenewalMode::Tacit)
    }
}
