//! What a solicitation is: its row, its statuses, the steps between them, who takes which.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::content::{NewSolicitation, Outcome};
use crate::auth::policy::Scope;
use crate::db::journal::{Audience, Journaled, ObjectType};
use crate::db::schema::solicitations;
use crate::error::{Code as ErrorCode, Error, Result};
use crate::steps::{self, Step as _};
use crate::values::ids::{ConventionId, PartnerId, SolicitationId};
use crate::values::{Json, TerritoryCode, Text, TextValue, code_enum};

code_enum! {
    /// A solicitation's status.
    Status of "solicitation_statuses" {
        /// Its partner has not answered.
        Requested = "requested",
        /// Its partner agrees, and proposes a day.
        Accepted = "accepted",
        /// Its partner does not agree.
        Declined = "declined",
        /// It took place.
        Held = "held",
        /// It did not take place.
        NotHeld = "not_held",
        /// One side took it back.
        Cancelled = "cancelled",
    }
}

code_enum! {
    /// The sides of a solicitation.
    Side of "solicitation_sides" {
        /// The school, its academy, the ministry.
        School = "school",
        /// The partner.
        Partner = "partner",
    }
}

impl Side {
    /// That of a caller.
    pub const fn of(scope: &Scope) -> Self {
        match scope.partner() {
            Some(_) => Self::Partner,
            None => Self::School,
        }
    }
}

/// A step of a solicitation's life; `docs/LIFECYCLES.md` draws them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change what is asked.
    Update,
    /// Agree.
    Accept,
    /// Do not agree.
    Decline,
    /// Say what took place.
    Hold,
    /// Say that it did not.
    NotHeld,
    /// Take it back.
    Cancel,
    /// Propose another day.
    Propose,
    /// Agree on the day that the other side proposes.
    Agree,
}

impl steps::Step for Step {
    type Status = Status;

    const STATUSES: &'static [Status] = Status::ALL;

    const ALL: &'static [Self] = &[
        Self::Update,
        Self::Accept,
        Self::Decline,
        Self::Hold,
        Self::NotHeld,
        Self::Cancel,
        Self::Propose,
        Self::Agree,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::Hold => "hold",
            Self::NotHeld => "not-held",
            Self::Cancel => "cancel",
            Self::Propose => "propose",
            Self::Agree => "agree",
        }
    }

    /// The transition table: what a solicitation becomes by this step, if its status allows it.
    fn from(self, status: Status) -> Option<Status> {
        use Status::{Accepted, Cancelled, Declined, Held, NotHeld, Requested};
        match (self, status) {
            (Self::Update, Requested) => Some(Requested),
            (Self::Propose | Self::Agree, Accepted) => Some(Accepted),
            (Self::Accept, Requested) => Some(Accepted),
            (Self::Decline, Requested) => Some(Declined),
            (Self::Hold, Accepted) => Some(Held),
            (Self::NotHeld, Accepted) => Some(NotHeld),
            (Self::Cancel, Requested | Accepted) => Some(Cancelled),
            (
                Self::Update
                | Self::Accept
                | Self::Decline
                | Self::Hold
                | Self::NotHeld
                | Self::Cancel
                | Self::Propose
                | Self::Agree,
                Requested | Accepted | Declined | Held | NotHeld | Cancelled,
            ) => None,
        }
    }
}

impl Step {
    /// Its name in the journal, as what was done.
    pub const fn past(self) -> &'static str {
        match self {
            Self::Update => "updated",
            Self::Accept => "accepted",
            Self::Decline => "declined",
            Self::Hold => "held",
            Self::NotHeld => "not_held",
            Self::Cancel => "cancelled",
            Self::Propose => "proposed",
            Self::Agree => "agreed",
        }
    }
}

/// A solicitation as it is stored.
#[derive(Debug, Clone, Serialize, HasQuery)]
#[diesel(table_name = solicitations)]
pub struct Solicitation {
    /// Its id.
    pub id: SolicitationId,
    /// Its status.
    pub status: Status,
    /// What is asked.
    #[diesel(embed)]
    #[serde(flatten)]
    pub content: NewSolicitation,
    /// The partner it is addressed to.
    pub partner_id: PartnerId,
    /// The day agreed on: the one its partner proposed first, then the one that both want.
    pub scheduled_on: Option<NaiveDate>,
    /// Another day that one side proposes.
    pub proposed_on: Option<NaiveDate>,
    /// Which side.
    pub proposed_by: Option<Side>,
    /// Why it was declined, cancelled or not held.
    pub reason: Option<Text<2000>>,
    /// What took place.
    pub outcome: Option<Json<Outcome>>,
    /// When it was created.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// The school and all above it.
    #[serde(skip)]
    #[diesel(column_name = reach)]
    pub ancestors: Vec<String>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    pub version: i64,
}

/// The columns a step sets.
#[derive(Debug, Clone)]
pub struct StepColumns {
    /// Its status.
    pub status: Status,
    /// The day agreed on.
    pub scheduled_on: Option<NaiveDate>,
    /// Another day, and who proposes it.
    pub proposal: Option<(NaiveDate, Side)>,
    /// Why.
    pub reason: Option<Text<2000>>,
    /// What took place.
    pub outcome: Option<Json<Outcome>>,
}

impl Solicitation {
    /// Whether this caller may take a step: its partner answers; its partner and those who have its
    /// school in charge record its outcome, and cancel it.
    fn is_for(&self, step: Step, scope: &Scope) -> bool {
        let is_addressed = scope.may_write_for(self.partner_id.uuid());
        let asks = || scope.covers_all(std::slice::from_ref(&self.ancestors));
        match step {
            Step::Update => asks(),
            // Nobody agrees with itself; the ministry may speak for either.
            Step::Agree => {
                let own = self.proposed_by == Some(Side::of(scope));
                (is_addressed || asks()) && (scope.is_everything() || !own)
            }
            Step::Accept | Step::Decline => is_addressed,
            Step::Hold | Step::NotHeld | Step::Cancel | Step::Propose => is_addressed || asks(),
        }
    }

    /// Refuses a step that is not this caller's to take.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn must_be_for(&self, step: Step, scope: &Scope) -> Result<()> {
        if self.is_for(step, scope) {
            Ok(())
        } else {
            Err(Error::new(ErrorCode::Forbidden))
        }
    }

    /// Whether its day has come for a step: its outcome is recorded from that day on.
    fn is_due(&self, step: Step, day: NaiveDate) -> bool {
        match step {
            Step::Hold | Step::NotHeld => self.scheduled_on.is_some_and(|on| on <= day),
            Step::Agree => self.proposed_on.is_some(),
            Step::Update | Step::Accept | Step::Decline | Step::Cancel | Step::Propose => true,
        }
    }

    /// The status after a step on a day.
    ///
    /// # Errors
    /// `invalid_transition`, naming the status and the steps it allows; `too_early`, naming the day.
    pub fn step(&self, step: Step, day: NaiveDate) -> Result<Status> {
        let status = step.take(self.status)?;
        if self.is_due(step, day) {
            return Ok(status);
        }
        if step == Step::Agree {
            let others = Step::allowed(self.status, |other| other != Step::Agree);
            return Err(Error::impossible(self.status, &others));
        }
        let scheduled = self.scheduled_on.map(|on| on.to_string());
        Err(Error::new(ErrorCode::TooEarly).about(scheduled.unwrap_or_default()))
    }

    /// The steps this caller may take on a day.
    pub fn allowed(&self, scope: &Scope, day: NaiveDate) -> Vec<&'static str> {
        Step::allowed(self.status, |step| {
            self.is_for(step, scope) && self.is_due(step, day)
        })
    }

    /// Its columns before a step.
    pub fn step_columns(&self) -> StepColumns {
        StepColumns {
            status: self.status,
            scheduled_on: self.scheduled_on,
            proposal: self.proposed_on.zip(self.proposed_by),
            reason: self.reason.clone(),
            outcome: self.outcome.clone(),
        }
    }
}

impl ObjectType for Solicitation {
    const TYPE: &'static str = "solicitation";
    const VERBS: &'static [&'static str] = &[
        "created",
        "updated",
        "accepted",
        "declined",
        "held",
        "not_held",
        "cancelled",
        "proposed",
        "agreed",
        "moved",
    ];
}

impl Journaled for Solicitation {
    // Free texts from one person to another, which may name anyone.
    const PERSONAL: &'static [&'static str] = &["message", "reason"];

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    /// Those who may read it: its school and the perimeters that have it in charge, its partner.
    fn audience(&self) -> Audience {
        let school = TerritoryCode::of_school(&self.content.uai);
        Audience::ministry()
            .and_partners([self.partner_id.uuid()])
            .and_within(&self.ancestors)
            .and_schools_under([school.as_str()])
    }
}

/// To whom a solicitation is addressed, and under which convention.
#[derive(Debug, Clone, Copy)]
pub struct Addressee {
    /// The partner.
    pub partner: PartnerId,
    /// The convention, if it is known.
    pub convention: Option<ConventionId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_to_an_end_stays_as_it_is() {
        use Status::{Cancelled, Declined, Held, NotHeld};
        for step in Step::ALL {
            for status in [Declined, Held, NotHeld, Cancelled] {
                assert_eq!(step.from(status), None, "{step:?}");
            }
        }
    }

    #[test]
    fn only_what_was_accepted_is_held_or_not() {
        for status in Status::ALL {
            for step in [Step::Hold, Step::NotHeld] {
                assert_eq!(step.from(*status).is_some(), *status == Status::Accepted);
            }
        }
    }
}
