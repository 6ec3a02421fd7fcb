//! The row of a declination, its statuses, the steps between them, its effective status on a day.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::content::{Content, Coordinator, DeclinationLevel, NewDeclination, Signatory};
use crate::agreements::conventions::acts::Amended;
use crate::agreements::conventions::consolidated::parties_on;
use crate::agreements::conventions::model::Convention;
use crate::auth::policy::Scope;
use crate::db::journal::{Audience, Journaled, ObjectType};
use crate::db::schema::{conventions, declinations};
use crate::error::Result;
use crate::register::territories::ancestry::ancestry;
use crate::steps::{self, Step as _};
use crate::values::ids::{DeclinationId, PartnerId};
use crate::values::{Json, TerritoryKind, TextValue, code_enum};

code_enum! {
    /// A declination's status.
    Status of "declination_statuses" {
        /// Being written.
        Draft = "draft",
        /// Carrying the convention to its territories.
        Active = "active",
        /// Ended; it stays readable.
        Closed = "closed",
        /// Given up before it was active.
        Abandoned = "abandoned",
    }
}

impl Status {
    /// Whether it changes no more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Abandoned)
    }

    /// Whether it was ever active, hence readable by all.
    pub const fn was_active(self) -> bool {
        matches!(self, Self::Active | Self::Closed)
    }
}

code_enum! {
    /// What a declination that was activated is, on a day.
    EffectiveStatus of "declination_effective_statuses" {
        /// It, or its convention, begins later.
        Upcoming = "upcoming",
        /// It carries its convention.
        InForce = "in_force",
        /// It, or its convention, has come to its end.
        Expired = "expired",
        /// It was closed.
        Closed = "closed",
    }
}

/// A step of a declination's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change its fields.
    Update,
    /// Remove a draft.
    Delete,
    /// Carry the convention.
    Activate,
    /// End it.
    Close,
    /// Give it up.
    Abandon,
}

impl steps::Step for Step {
    type Status = Status;

    const STATUSES: &'static [Status] = Status::ALL;

    const ALL: &'static [Self] = &[
        Self::Update,
        Self::Delete,
        Self::Activate,
        Self::Close,
        Self::Abandon,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Activate => "activate",
            Self::Close => "close",
            Self::Abandon => "abandon",
        }
    }

    /// The transition table: what a declination becomes by this step, if its status allows it.
    fn from(self, status: Status) -> Option<Status> {
        use Status::{Abandoned, Active, Closed, Draft};
        match (self, status) {
            (Self::Update, Draft | Active) | (Self::Delete, Draft) => Some(status),
            (Self::Activate, Draft) => Some(Active),
            (Self::Close, Active) => Some(Closed),
            (Self::Abandon, Draft) => Some(Abandoned),
            (Self::Update, Closed | Abandoned)
            | (Self::Delete | Self::Activate | Self::Abandon, Active | Closed | Abandoned)
            | (Self::Close, Draft | Closed | Abandoned) => None,
        }
    }
}

impl Step {
    /// Its name in the journal, as what was done.
    pub const fn past(self) -> &'static str {
        match self {
            Self::Update => "updated",
            Self::Delete => "deleted",
            Self::Activate => "activated",
            Self::Close => "closed",
            Self::Abandon => "abandoned",
        }
    }
}

/// A declination as it is stored.
#[derive(Debug, Clone, Serialize, HasQuery)]
#[diesel(table_name = declinations)]
pub struct Declination {
    /// Its id.
    pub id: DeclinationId,
    /// Its status.
    pub status: Status,
    /// Its fields.
    #[diesel(embed)]
    #[serde(flatten)]
    pub content: Content,
    /// The person who coordinates it.
    pub coordinator: Option<Json<Coordinator>>,
    /// Who signed for it.
    pub signatories: Json<Vec<Signatory>>,
    /// When it was created.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// The territories and all above them.
    #[serde(skip)]
    #[diesel(column_name = reach)]
    pub ancestors: Vec<String>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    pub version: i64,
}

/// What of its convention a declination is read with: between whom, and from when to when.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = conventions, check_for_backend(diesel::pg::Pg))]
pub struct DeclinationContext {
    /// The parties that signed it first.
    pub partner_ids: Vec<PartnerId>,
    /// What was signed since.
    pub amendments: Json<Vec<Amended>>,
    /// The first day; none of an imported one whose source does not say, which is never in force.
    pub starts_on: Option<NaiveDate>,
    /// The last day it can be in force, none when nothing ends it.
    pub in_force_until: Option<NaiveDate>,
}

impl From<&Convention> for DeclinationContext {
    fn from(convention: &Convention) -> Self {
        Self {
            partner_ids: convention.original.partner_ids.clone(),
            amendments: convention.amendments.clone(),
            starts_on: convention.original.starts_on,
            in_force_until: convention.in_force_until,
        }
    }
}

impl DeclinationContext {
    /// The parties on a day.
    pub fn parties(&self, day: NaiveDate) -> Vec<PartnerId> {
        parties_on(&self.partner_ids, &self.amendments, day)
    }
}

/// A declination with what of its convention it is read with.
#[derive(Debug, Clone)]
pub struct DeclinationInContext {
    /// The declination.
    pub declination: Declination,
    /// Of its convention.
    pub frame: DeclinationContext,
}

impl Declination {
    /// What created it, or would create it as it is now.
    pub fn as_input(&self) -> NewDeclination {
        NewDeclination {
            content: self.content.clone(),
            coordinator: self.coordinator.as_deref().cloned(),
        }
    }

    /// The status after a step.
    ///
    /// # Errors
    /// `invalid_transition`, naming the status and the steps it allows.
    pub fn step(&self, step: Step) -> Result<Status> {
        step.take(self.status)
    }

    /// Whether this caller writes it: those who have all of its territories in charge.
    pub fn is_kept_by(&self, scope: &Scope) -> bool {
        let territories = self.content.territories.iter().map(TextValue::as_str);
        let of_schools = self.content.level == DeclinationLevel::Establishment;
        let ancestries: Vec<Vec<String>> = if of_schools && scope.territories().is_some() {
            // Those who have academies in charge have schools so: the row knows of which academies.
            let academies = self
                .ancestors
                .iter()
                .filter(|code| TerritoryKind::Academy.is_of(code));
            academies.map(|code| ancestry(code)).collect()
        } else if of_schools {
            territories.map(|code| vec![code.to_owned()]).collect()
        } else {
            territories.map(ancestry).collect()
        };
        // A school of no academy is nobody's but the ministry's and its own.
        (!ancestries.is_empty() || scope.is_everything()) && scope.covers_all(&ancestries)
    }
}

impl DeclinationInContext {
    /// What it is on this day; none when it was never activated.
    pub fn effective_status(&self, day: NaiveDate) -> Option<EffectiveStatus> {
        let (content, frame) = (&self.declination.content, &self.frame);
        match self.declination.status {
            Status::Draft | Status::Abandoned => return None,
            Status::Closed => return Some(EffectiveStatus::Closed),
            Status::Active => {}
        }
        let is_over = |last: Option<NaiveDate>| last.is_some_and(|last| last < day);
        Some(match frame.starts_on {
            None => EffectiveStatus::Expired,
            _ if is_over(content.ends_on) || is_over(frame.in_force_until) => {
                EffectiveStatus::Expired
            }
            Some(first) if first > day || content.starts_on > day => EffectiveStatus::Upcoming,
            Some(_) => EffectiveStatus::InForce,
        })
    }
}

impl ObjectType for Declination {
    const TYPE: &'static str = "declination";
    const VERBS: &'static [&'static str] = &[
        "created",
        "updated",
        "activated",
        "closed",
        "abandoned",
        "deleted",
        "moved",
    ];
}

impl Journaled for Declination {
    const PERSONAL: &'static [&'static str] = &["coordinator"];

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn audience(&self) -> Audience {
        if self.status.was_active() {
            return Audience::everyone();
        }
        let territories = self.content.territories.iter().map(TextValue::as_str);
        Audience::ministry()
            .and_within(&self.ancestors)
            .and_schools_under(territories)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_active_stays_readable_and_what_ended_stays_as_it_is() {
        for step in Step::ALL {
            for status in [Status::Active, Status::Closed] {
                assert!(step.from(status).is_none_or(Status::was_active), "{step:?}");
            }
            for status in [Status::Closed, Status::Abandoned] {
                assert_eq!(step.from(status), None, "{step:?}");
            }
        }
    }

    #[test]
    fn only_a_draft_disappears() {
        for status in Status::ALL {
            assert_eq!(
                Step::Delete.from(*status).is_some(),
                *status == Status::Draft
            );
        }
    }

    #[test]
    fn no_level_is_wider_than_itself_and_of_two_one_is() {
        for one in DeclinationLevel::ALL {
            for other in DeclinationLevel::ALL {
                let wider = [one.is_wider_than(*other), other.is_wider_than(*one)];
                assert_eq!(wider.contains(&true), one != other);
                assert_ne!(wider, [true, true]);
            }
        }
    }
}
