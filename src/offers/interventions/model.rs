//! What an intervention is: its row, its key, what can be done with it, how it is answered.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::schema::Type;
use uuid::Uuid;

use super::content::NewIntervention;
use super::status::{AsOf, Eligibility, Status, WithheldReason, withheld_reasons};
use crate::auth::policy::Scope;
use crate::db::journal::{Audience, Journaled, ObjectType};
use crate::db::schema::interventions;
use crate::error::warning::Warning;
use crate::error::{Error, Notice, Result, Rule, notice};
use crate::language::Language;
use crate::values::ids::{InterventionId, PartnerId};
use crate::values::{FromText, TextValue, text_type};

/// How long a confirmation is taken for fresh: sent again sooner, it is not written anew.
pub const FRESH: TimeDelta = TimeDelta::days(1);

/// The longest external id, in characters.
const MAX_EXTERNAL_ID: usize = 128;

/// Parts of a path that name operations and not interventions.
const RESERVED: [&str; 5] = ["batch", "count", "touch", ".", ".."];

/// What a partner calls an intervention.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct ExternalId(String);

text_type!([] ExternalId);

impl ExternalId {
    /// The one that a path names.
    ///
    /// # Errors
    /// `not_found` for what cannot be one.
    pub fn of_path(text: &str) -> Result<Self> {
        Self::from_text(text).map_err(|_| Error::not_found())
    }
}

impl FromText for ExternalId {
    fn from_text(text: &str) -> Result<Self, Rule> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:~-".contains(&byte);
        let is_id = (1..=MAX_EXTERNAL_ID).contains(&text.len())
            && text.bytes().all(is_plain)
            && !RESERVED.contains(&text);
        if is_id {
            Ok(Self(text.to_owned()))
        } else {
            Err(Rule::Format("visite-42 : 1-128 × [A-Za-z0-9._:~-]"))
        }
    }
}

impl TextValue for ExternalId {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Za-z0-9._:~-]{1,128}$"))
            .description(Some("L'identifiant donné par le partenaire."))
            .examples([serde_json::json!("exemple-metiers")])
    }

    fn schema_name() -> String {
        "ExternalId".into()
    }
}

/// Which intervention of which partner.
#[derive(Debug, Clone)]
pub struct Key {
    /// The partner.
    pub partner: PartnerId,
    /// What it calls it.
    pub external_id: ExternalId,
}

/// Une intervention.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = interventions)]
pub struct Intervention {
    /// Identifiant.
    pub id: InterventionId,
    /// Le partenaire qui la propose.
    pub partner_id: PartnerId,
    /// Identifiant donné par le partenaire.
    #[schema(example = "visite-42")]
    pub external_id: ExternalId,
    /// Its fields.
    #[diesel(embed)]
    #[serde(flatten)]
    #[schema(inline)]
    pub content: NewIntervention,
    /// Quand le partenaire l'a confirmée pour la dernière fois.
    #[serde(serialize_with = "crate::values::moment")]
    pub confirmed_at: DateTime<Utc>,
    /// Quand elle a été retirée.
    #[serde(serialize_with = "crate::values::optional_moment")]
    #[schema(example = json!(null))]
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Date de création.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    #[schema(ignore)]
    pub version: i64,
}

impl Intervention {
    /// Its key.
    pub fn key(&self) -> Key {
        Key {
            partner: self.partner_id,
            external_id: self.external_id.clone(),
        }
    }

    /// Its path.
    pub fn path(&self) -> String {
        format!(
            "/v1/partners/{}/interventions/{}",
            self.partner_id, self.external_id
        )
    }

    /// Whether its last confirmation is old enough to be written again.
    pub fn needs_confirmation(&self, now: DateTime<Utc>) -> bool {
        now - self.confirmed_at > FRESH
    }
}

/// An intervention with its eligibility under its convention.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The row.
    pub intervention: Intervention,
    /// Its eligibility under its convention.
    pub eligibility: Eligibility,
    /// How many of its sessions are taken.
    pub taken: i64,
    /// How well it answers the search that found it.
    pub rank: Option<f32>,
    /// The distance from its place to the point that is measured from, in kilometres.
    pub distance_km: Option<f64>,
    /// The day its status is computed for.
    pub as_of: AsOf,
}

/// A step of an intervention's life, by its name in `allowed_actions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Replace it, or offer it again if it was withdrawn.
    Put,
    /// Change its fields.
    Update,
    /// Withdraw it.
    Withdraw,
}

impl Step {
    const ALL: [Self; 3] = [Self::Put, Self::Update, Self::Withdraw];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Update => "update",
            Self::Withdraw => "withdraw",
        }
    }

    /// Whether it makes something of an intervention of this status.
    const fn is_open(self, status: Status) -> bool {
        matches!(self, Self::Put) || !matches!(status, Status::Withdrawn)
    }

    /// Whether this caller may ever take it: the ministry only withdraws.
    fn is_for(self, scope: &Scope, partner: PartnerId) -> bool {
        match self {
            Self::Put | Self::Update => scope.partner() == Some(partner.uuid()),
            Self::Withdraw => scope.may_write_for(partner.uuid()),
        }
    }
}

static OUTLIVES_CONVENTION: Notice = notice(
    "outlives_convention",
    "La convention prend fin avant le dernier jour : l'intervention ne sera plus publiée ensuite.",
    "The convention ends before the last day: the intervention will not be published afterwards.",
);

static MORE_GRANTED: Notice = notice(
    "more_sessions_granted",
    "Plus de séances ont été accordées qu'il n'en est proposé : aucune ne l'est plus.",
    "More sessions were granted than are offered: no more will be.",
);

/// A distance as it is answered, to a tenth of a kilometre: nobody visits a point.
pub fn to_a_tenth(km: f64) -> f64 {
    (km * 10.0).round() / 10.0
}

impl Offer {
    /// Its status on that day.
    pub fn status(&self) -> Status {
        status(&self.intervention, &self.eligibility, self.as_of)
    }

    /// The verb of the step that gives it this content; none where it has it already, and is offered.
    pub fn verb_to(&self, new: &NewIntervention) -> Option<&'static str> {
        if self.intervention.withdrawn_at.is_some() {
            Some("offered_again")
        } else if self.intervention.content != *new {
            Some("updated")
        } else {
            None
        }
    }

    /// The same, once withdrawn.
    #[must_use]
    pub fn withdrawn(mut self, now: DateTime<Utc>) -> Self {
        self.intervention.withdrawn_at = Some(now);
        self.intervention.updated_at = now;
        self.intervention.version = self.intervention.version.saturating_add(1);
        self
    }

    /// Refuses a change of a withdrawn one: it is offered again by a complete `PUT`.
    ///
    /// # Errors
    /// `invalid_transition`.
    pub fn may_change(&self) -> Result<()> {
        let status = self.status();
        if Step::Update.is_open(status) {
            return Ok(());
        }
        let open: Vec<&str> = Step::ALL
            .into_iter()
            .filter(|step| step.is_open(status))
            .map(Step::as_str)
            .collect();
        Err(Error::impossible(status, &open))
    }

    /// The intervention as this caller is answered.
    pub fn answer_for(self, scope: &Scope, language: Language) -> InterventionAnswer {
        let status = self.status();
        let partner = self.intervention.partner_id;
        let allowed = Step::ALL
            .into_iter()
            .filter(|step| step.is_open(status) && step.is_for(scope, partner));
        let withheld_reasons = if status == Status::Withheld {
            withheld_reasons(&self.eligibility, self.as_of.day, language)
        } else {
            Vec::new()
        };
        InterventionAnswer {
            sessions_left: self.sessions_left().map(|left| left.max(0)),
            status,
            withheld_reasons,
            allowed_actions: allowed.map(Step::as_str).collect(),
            warnings: self.warnings(language),
            distance_km: self.distance_km.map(to_a_tenth),
            rank: self.rank,
            distance: self.distance_km,
            intervention: self.intervention,
        }
    }

    /// How many sessions are free, fewer than none where its partner offers fewer than it has
    /// granted; none where they are not counted.
    fn sessions_left(&self) -> Option<i64> {
        let sessions = self.intervention.content.sessions?;
        Some(i64::from(sessions) - self.taken)
    }

    fn warnings(&self, language: Language) -> Vec<Warning> {
        let last = self.intervention.content.available_to;
        let ends = self.eligibility.in_force_until;
        let outlives = ends.zip(last).is_some_and(|(ends, last)| ends < last);
        let oversubscribed = self.sessions_left().is_some_and(|left| left < 0);
        let notices = [
            (outlives, "/available_to", &OUTLIVES_CONVENTION),
            (oversubscribed, "/sessions", &MORE_GRANTED),
        ];
        notices
            .into_iter()
            .filter(|(applies, ..)| *applies)
            .map(|(_, pointer, notice)| notice.at(pointer, language))
            .collect()
    }
}

impl Serialize for Offer {
    /// What is stored: the rest follows from it, from the convention and from the day.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.intervention.serialize(serializer)
    }
}

impl ObjectType for Offer {
    const TYPE: &'static str = "intervention";
    const VERBS: &'static [&'static str] = &["created", "updated", "withdrawn", "offered_again"];
    const PARENT: Option<&'static str> = Some("partners");
}

impl Journaled for Offer {
    const PERSONAL: &'static [&'static str] = &[];

    fn id(&self) -> Uuid {
        self.intervention.id.uuid()
    }

    fn version(&self) -> i64 {
        self.intervention.version
    }

    fn key(&self) -> String {
        self.intervention.external_id.to_string()
    }

    fn parent(&self) -> Option<Uuid> {
        Some(self.intervention.partner_id.uuid())
    }

    fn audience(&self) -> Audience {
        if self.status() == Status::Published {
            return Audience::everyone();
        }
        Audience::ministry().and_partners([self.intervention.partner_id.uuid()])
    }
}

/// Une intervention.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Intervention)]
pub struct InterventionAnswer {
    /// Ses champs.
    #[serde(flatten)]
    #[schema(inline)]
    pub intervention: Intervention,
    /// Nombre de séances encore libres ; null : sans limite.
    #[schema(example = 10)]
    pub sessions_left: Option<i64>,
    /// Distance de son lieu au point demandé (`near`), en kilomètres ; null sans l'un ou sans l'autre.
    #[schema(example = json!(null))]
    #[serde(serialize_with = "crate::values::optional_number")]
    pub distance_km: Option<f64>,
    /// Ce qu'elle est aujourd'hui, à Paris.
    #[schema(example = "published")]
    pub status: Status,
    /// Pourquoi elle n'est pas publiée, si elle est `withheld`.
    #[schema(example = json!([]))]
    pub withheld_reasons: Vec<WithheldReason>,
    /// Ce que l'appelant peut en faire maintenant.
    #[schema(example = json!(["put", "update", "withdraw"]))]
    pub allowed_actions: Vec<&'static str>,
    /// Ce qui mérite attention sans être une erreur.
    #[schema(example = json!([]))]
    pub warnings: Vec<Warning>,
    /// How well it answers the search that found it.
    #[serde(skip)]
    #[schema(ignore)]
    pub rank: Option<f32>,
    /// The unrounded distance, by which pages follow each other.
    #[serde(skip)]
    #[schema(ignore)]
    pub distance: Option<f64>,
}

/// What an intervention is on a day. The very rule of the database's `intervention_status`, by which
/// lists are filtered.
pub fn status(intervention: &Intervention, eligibility: &Eligibility, as_of: AsOf) -> Status {
    let ended = |last: NaiveDate| last < as_of.day;
    if intervention.withdrawn_at.is_some() {
        Status::Withdrawn
    } else if intervention.content.available_to.is_some_and(ended) {
        Status::Expired
    } else if intervention.confirmed_at < as_of.stale_before {
        Status::Stale
    } else if eligibility.reasons.is_empty() && eligibility.is_in_force(as_of.day) {
        Status::Published
    } else {
        Status::Withheld
    }
}
