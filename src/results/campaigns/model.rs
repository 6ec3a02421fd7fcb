//! The row of a campaign, its steps, its content.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::policy::Scope;
use crate::db::journal::{Audience, Journaled, ObjectType};
use crate::db::schema::campaigns;
use crate::error::notice::{BEFORE_START, PART_OF_THE_KEY};
use crate::error::{Faults, Place, Result, Rule};
use crate::http::fields::{Body, Fields};
use crate::http::merge::Patch;
use crate::reference::Reference;
use crate::steps::{self, Step as _};
use crate::values::ids::CampaignId;
use crate::values::{COUNTRY, SchoolYear, TerritoryKind, Text, code_enum};

code_enum! {
    /// A campaign's status.
    Status of "campaign_statuses" {
        /// Reports of its year are written.
        Open = "open",
        /// They are not, until it is reopened.
        Closed = "closed",
    }
}

/// A step of a campaign's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change its days.
    Update,
    /// Take no more reports.
    Close,
    /// Take reports again.
    Reopen,
}

impl steps::Step for Step {
    type Status = Status;

    const STATUSES: &'static [Status] = Status::ALL;

    const ALL: &'static [Self] = &[Self::Update, Self::Close, Self::Reopen];

    fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Close => "close",
            Self::Reopen => "reopen",
        }
    }

    fn from(self, status: Status) -> Option<Status> {
        match (self, status) {
            (Self::Update, Status::Open) | (Self::Reopen, Status::Closed) => Some(Status::Open),
            (Self::Close, Status::Open) => Some(Status::Closed),
            (Self::Update | Self::Close, Status::Closed) | (Self::Reopen, Status::Open) => None,
        }
    }
}

/// A campaign as it is stored.
#[derive(Debug, Clone, Serialize, HasQuery)]
#[diesel(table_name = campaigns)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// Its status.
    pub status: Status,
    /// Its fields.
    #[diesel(embed)]
    #[serde(flatten)]
    pub content: NewCampaign,
    /// When it was closed, if it is.
    pub closed_at: Option<DateTime<Utc>>,
    /// Why it was last reopened.
    pub reopen_reason: Option<Text<2000>>,
    /// When it was created.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    pub version: i64,
}

/// Ce qu'il faut pour ouvrir une campagne.
#[derive(
    Debug, Clone, PartialEq, Serialize, Queryable, Selectable, Insertable, AsChangeset, ToSchema,
)]
#[diesel(table_name = campaigns, check_for_backend(diesel::pg::Pg))]
pub struct NewCampaign {
    /// L'année scolaire : une seule campagne chacune.
    #[schema(example = "2025-2026")]
    pub school_year: SchoolYear,
    /// Le premier jour pour rendre compte, au plus tôt celui de l'année scolaire.
    #[schema(example = "2026-05-04")]
    pub opens_on: NaiveDate,
    /// Le jour où les bilans sont dus ; le lendemain, ce qui n'est pas transmis est en retard.
    #[schema(example = "2026-09-30")]
    pub due_on: NaiveDate,
}

/// A change of a campaign.
pub type CampaignPatch = Patch<NewCampaign>;

impl Body for NewCampaign {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(&[
            "id",
            "status",
            "closed_at",
            "reopen_reason",
            "created_at",
            "updated_at",
            "allowed_actions",
            "warnings",
        ]);
        let school_year: Option<SchoolYear> = fields.required("school_year");
        let opens_on: Option<NaiveDate> = fields.required("opens_on");
        let due_on: Option<NaiveDate> = fields.required("due_on");
        let first_day = school_year.as_ref().map(SchoolYear::first_day);
        if opens_on
            .zip(first_day)
            .is_some_and(|(day, first)| day < first)
        {
            fields.fault("opens_on", Rule::Own(&BEFORE_START));
        }
        if due_on.zip(opens_on).is_some_and(|(due, opens)| due < opens) {
            fields.fault("due_on", Rule::Own(&BEFORE_START));
        }
        Some(Self {
            school_year: school_year?,
            opens_on: opens_on?,
            due_on: due_on?,
        })
    }
}

impl NewCampaign {
    /// What a change makes of it; its year stays.
    ///
    /// # Errors
    /// `validation_failed`.
    pub fn patched(&self, patch: &CampaignPatch) -> Result<Self> {
        let new = patch.apply(self)?;
        let mut faults = Faults::default();
        if new.school_year != self.school_year {
            faults.add(Place::field("school_year"), Rule::Own(&PART_OF_THE_KEY));
        }
        faults.check()?;
        Ok(new)
    }
}

/// Pourquoi une campagne est rouverte.
#[derive(Debug, Clone, ToSchema)]
pub struct Reopening {
    /// Le motif, gardé avec la campagne et dans son journal.
    #[schema(example = "L'académie de Mayotte n'a pu rendre compte à temps.")]
    pub reason: Text<2000>,
}

impl Body for Reopening {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            reason: fields.required("reason")?,
        })
    }
}

/// Une campagne : pour une année scolaire, les bilans attendus et le jour où ils sont dus.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Campaign)]
pub struct CampaignAnswer {
    /// Identifiant.
    pub id: CampaignId,
    /// Statut.
    #[schema(example = "open")]
    pub status: Status,
    /// Its fields.
    #[serde(flatten)]
    #[schema(inline)]
    pub content: NewCampaign,
    /// Date de clôture ; null tant que la campagne est ouverte.
    #[serde(serialize_with = "crate::values::optional_moment")]
    pub closed_at: Option<DateTime<Utc>>,
    /// Pourquoi elle a été rouverte la dernière fois.
    #[schema(example = json!(null))]
    pub reopen_reason: Option<Text<2000>>,
    /// Date de création.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// Ce que l'appelant peut en faire maintenant.
    #[schema(example = json!(["update", "close"]))]
    pub allowed_actions: Vec<&'static str>,
}

impl Campaign {
    /// The status after a step.
    ///
    /// # Errors
    /// `invalid_transition`, naming the status and the steps it allows.
    pub fn step(&self, step: Step) -> Result<Status> {
        step.take(self.status)
    }

    /// The campaign as this caller is answered.
    pub fn answer_for(self, scope: &Scope) -> CampaignAnswer {
        CampaignAnswer {
            allowed_actions: Step::allowed(self.status, |_| scope.is_everything()),
            id: self.id,
            status: self.status,
            content: self.content,
            closed_at: self.closed_at,
            reopen_reason: self.reopen_reason,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

impl ObjectType for Campaign {
    const TYPE: &'static str = "campaign";
    const VERBS: &'static [&'static str] = &["created", "updated", "closed", "reopened"];
}

impl Journaled for Campaign {
    const PERSONAL: &'static [&'static str] = &[];

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    /// The ministry and whoever may report: the academies, the regions and the schools, whichever they
    /// are.
    fn audience(&self) -> Audience {
        let territories = Reference::get().territories().iter();
        let codes: Vec<String> = territories
            .map(|one| one.code.clone())
            .filter(|code| {
                let kind = TerritoryKind::of(code);
                matches!(kind, Some(TerritoryKind::Region | TerritoryKind::Academy))
            })
            .collect();
        let everywhere = [COUNTRY]
            .into_iter()
            .chain(codes.iter().map(String::as_str));
        Audience::ministry()
            .and_within(&codes)
            .and_schools_under(everywhere)
    }
}
