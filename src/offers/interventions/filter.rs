//! What a list of interventions is asked for.

use chrono::{DateTime, NaiveDate, Utc};

use super::content::Modality;
use super::geo::{Circle, Point};
use super::status::{Looked, Status};
use crate::values::ids::ConventionId;
use crate::values::ids::PartnerId;
use crate::values::{ActionType, Axis, Level, Moment, TerritoryCode};

/// What a list of interventions is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Whose title or description has these words.
    pub q: Option<String>,
    /// Of one of these partners.
    pub partner_id: Vec<PartnerId>,
    /// Under one of these conventions.
    pub convention_id: Vec<ConventionId>,
    /// Of one of these types of action.
    pub action_type: Vec<ActionType>,
    /// For one of these levels.
    pub level: Vec<Level>,
    /// For one of these moments.
    pub moment: Vec<Moment>,
    /// On one of these axes.
    pub axis: Vec<Axis>,
    /// In one of these ways.
    pub modality: Vec<Modality>,
    /// Offered in one of these territories.
    pub territory: Vec<TerritoryCode>,
    /// From where distances are measured.
    pub near: Option<Point>,
    /// At most so far from there, in kilometres.
    pub within_km: Option<f64>,
    /// Offered then or later.
    pub available_from: Option<NaiveDate>,
    /// Offered then or earlier.
    pub available_to: Option<NaiveDate>,
    /// Being one of these today.
    pub status: Vec<Status>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
    /// The territories asked for and all above them.
    pub above: Vec<String>,
    /// When it is looked.
    pub looked: Looked,
}

impl Filter {
    /// Where its place must be, if it must be somewhere.
    pub fn circle(&self) -> Option<Circle> {
        let (center, radius_km) = self.near.zip(self.within_km)?;
        Some(Circle { center, radius_km })
    }
}

/// By what a list of interventions is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The best match first where something is looked for, else the order of creation.
    Natural,
    /// The best match first.
    Relevance,
    /// The order of creation.
    Id,
    /// The last change.
    UpdatedAt,
    /// How far the place is, those without one last in both directions.
    Distance,
}

impl Sort {
    /// The order there is, where something is looked for or not.
    pub const fn settled(self, searches: bool) -> Self {
        match (self, searches) {
            (Self::Natural | Self::Relevance, true) => Self::Relevance,
            (Self::Natural | Self::Relevance, false) => Self::Id,
            (other, _) => other,
        }
    }
}
