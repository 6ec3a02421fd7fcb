//! What a list of conventions is asked for.

use chrono::{DateTime, NaiveDate, Utc};

use super::content::{ConventionKind, Reach};
use super::model::Status;
use super::term::EffectiveStatus;
use crate::register::partners::content::Sector;
use crate::values::ids::PartnerId;
use crate::values::{ActionType, Axis, Level, TerritoryCode};

/// What a list of conventions is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// National or local.
    pub scope: Vec<Reach>,
    /// Of one of these kinds.
    pub kind: Vec<ConventionKind>,
    /// Of one of these statuses.
    pub status: Vec<Status>,
    /// Being one of these today.
    pub effective_status: Vec<EffectiveStatus>,
    /// In force on this day, renewals, amendments, terminations and successors counted.
    pub in_force_on: Option<NaiveDate>,
    /// To which one of these partners is a party, or was.
    pub partner_id: Vec<PartnerId>,
    /// To which a partner of one of these sectors is a party, or was.
    pub sector: Vec<Sector>,
    /// Covering one of these axes today.
    pub axis: Vec<Axis>,
    /// Covering one of these types of action today.
    pub action_type: Vec<ActionType>,
    /// Covering one of these levels today.
    pub level: Vec<Level>,
    /// Present in one of these territories.
    pub territory: Vec<TerritoryCode>,
    /// Without a declination in force there today.
    pub not_declined_in: Vec<TerritoryCode>,
    /// Whose title or numbers contain this, accents and case ignored.
    pub q: Option<String>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
    /// The territories asked for and all above them.
    pub above: Vec<String>,
    /// Those they must not be declined in, and all above them.
    pub above_undeclined: Vec<String>,
    /// The day it is.
    pub today: NaiveDate,
}

/// By what a list of conventions is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The order of creation.
    Id,
    /// The reference.
    Reference,
    /// The last change.
    UpdatedAt,
}

impl Filter {
    /// Whether it asks for what the text of a convention covers.
    pub const fn restricts(&self) -> bool {
        !(self.axis.is_empty() && self.action_type.is_empty() && self.level.is_empty())
    }
}
