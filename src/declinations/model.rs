//! What a declination is: its row, its statuses, the steps between them, who sees the coordinator,
//! how it is answered.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::content::{Content, Coordinator, DeclinationLevel, NewDeclination, Signatory};
use crate::auth::policy::Scope;
use crate::conventions::model::Convention;
use crate::db::ids::Id;
use crate::db::schema::{conventions, declinations};
use crate::db::write::{Audience, Journaled};
use crate::error::{Error, Notice, Result, notice};
use crate::http::language::Language;
use crate::http::warning::Warning;
use crate::partners::model::PartnerId;
use crate::reference::Reference;
use crate::values::{Email, Json, Phone, Text, TextValue, code_enum};

/// The id of a declination.
pub type DeclinationId = Id<Declination>;

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

impl Step {
    const ALL: [Self; 5] = [
        Self::Update,
        Self::Delete,
        Self::Activate,
        Self::Close,
        Self::Abandon,
    ];

    /// Its name in `allowed_actions`: the last part of its path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Activate => "activate",
            Self::Close => "close",
            Self::Abandon => "abandon",
        }
    }

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

    /// The transition table: what a declination becomes by this step, if its status allows it.
    pub const fn from(self, status: Status) -> Option<Status> {
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
    pub reach: Vec<String>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    pub version: i64,
}

/// What of its convention a declination is read with: between whom, and from when to when.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = conventions, check_for_backend(diesel::pg::Pg))]
pub struct Frame {
    /// The parties.
    pub partner_ids: Vec<PartnerId>,
    /// The first day; none of an imported one whose source does not say, which is never in force.
    pub starts_on: Option<NaiveDate>,
    /// The last day it can be in force, none when nothing ends it.
    pub in_force_until: Option<NaiveDate>,
}

impl From<&Convention> for Frame {
    fn from(convention: &Convention) -> Self {
        Self {
            partner_ids: convention.content.partner_ids.clone(),
            starts_on: convention.content.starts_on,
            in_force_until: convention.in_force_until,
        }
    }
}

/// A declination with what of its convention it is read with.
#[derive(Debug, Clone)]
pub struct Framed {
    /// The declination.
    pub declination: Declination,
    /// Of its convention.
    pub frame: Frame,
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
        step.from(self.status).ok_or_else(|| {
            let possible = Step::ALL
                .into_iter()
                .filter(|step| step.from(self.status).is_some());
            let possible: Vec<&str> = possible.map(Step::as_str).collect();
            Error::impossible(self.status, &possible)
        })
    }

    /// Whether this caller writes it: those who have all of its territories in charge.
    pub fn is_kept_by(&self, scope: &Scope) -> bool {
        let territories = self.content.territories.iter().map(TextValue::as_str);
        let of_schools = self.content.level == DeclinationLevel::Establishment;
        let ancestries: Vec<Vec<String>> = if of_schools && scope.territories().is_some() {
            // Those who have academies in charge have schools so: the row knows of which academies.
            let academies = self
                .reach
                .iter()
                .filter(|code| code.starts_with("academy:"));
            academies.map(|code| ancestry(code)).collect()
        } else if of_schools {
            territories.map(|code| vec![code.to_owned()]).collect()
        } else {
            territories.map(ancestry).collect()
        };
        // A school of no academy is nobody's but the ministry's and its own.
        (!ancestries.is_empty() || scope.is_everything()) && scope.holds_all(&ancestries)
    }
}

fn ancestry(code: &str) -> Vec<String> {
    let above = Reference::get().ancestry(code);
    above.into_iter().map(str::to_owned).collect()
}

/// Whom the coordinator is shown to: the ministry, the academies it concerns, the schools it
/// covers, and the parties to its convention.
pub struct Viewer<'a> {
    scope: &'a Scope,
    /// With a school: it and the territories above it.
    above_schools: Vec<String>,
}

impl<'a> Viewer<'a> {
    /// The caller, with what is above its schools if it is limited to schools.
    pub const fn new(scope: &'a Scope, above_schools: Vec<String>) -> Self {
        Self {
            scope,
            above_schools,
        }
    }

    /// The caller of a step, which is at its own schools if it is limited to schools: what is above
    /// them need not be asked for.
    pub fn of_writer(scope: &'a Scope) -> Self {
        let schools = scope.schools().unwrap_or_default();
        Self::new(
            scope,
            schools.iter().map(|uai| format!("uai:{uai}")).collect(),
        )
    }

    fn sees_person(&self, framed: &Framed) -> bool {
        let declination = &framed.declination;
        let covers = |codes: &[String]| {
            let mut territories = declination.content.territories.iter();
            territories.any(|territory| codes.iter().any(|code| code == territory.as_str()))
        };
        if let Some((named, above)) = self.scope.territories() {
            return covers(above) || declination.reach.iter().any(|code| named.contains(code));
        }
        let is_party = |id: Uuid| framed.frame.partner_ids.contains(&PartnerId::new(id));
        self.scope.is_everything()
            || self.scope.partner().is_some_and(is_party)
            || covers(&self.above_schools)
    }
}

static OUTLIVES_CONVENTION: Notice = notice(
    "outlives_convention",
    "La déclinaison finit après la convention, ou n'a pas de fin alors que la convention en a une : elle cessera avec elle.",
    "The declination ends after its convention, or has no end while the convention has one: it will cease with it.",
);

static BOARD_DECISION_MISSING: Notice = notice(
    "board_decision_missing",
    "Un établissement public contracte par délibération de son conseil d'administration : indiquez-la.",
    "A public school enters into agreements by a decision of its board: give it.",
);

impl Framed {
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

    fn warnings(&self, language: Language) -> Vec<Warning> {
        let content = &self.declination.content;
        let outlives = self
            .frame
            .in_force_until
            .is_some_and(|last| content.ends_on.is_none_or(|end| end > last));
        let undecided =
            content.level == DeclinationLevel::Establishment && content.board_decision.is_none();
        let found = [
            (outlives, "/ends_on", &OUTLIVES_CONVENTION),
            (undecided, "/board_decision", &BOARD_DECISION_MISSING),
        ];
        let found = found.into_iter().filter(|(holds, ..)| *holds);
        found
            .map(|(_, pointer, notice)| notice.at(pointer, language))
            .collect()
    }

    /// The declination as this caller is answered, on this day.
    pub fn seen_by(
        self,
        viewer: &Viewer<'_>,
        day: NaiveDate,
        language: Language,
    ) -> DeclinationAnswer {
        let shown = viewer.sees_person(&self);
        let (effective_status, warnings) = (self.effective_status(day), self.warnings(language));
        let declination = self.declination;
        let kept = declination.is_kept_by(viewer.scope);
        let allowed = Step::ALL
            .into_iter()
            .filter(|step| kept && step.from(declination.status).is_some());
        let allowed_actions = allowed.map(Step::as_str).collect();
        DeclinationAnswer {
            id: declination.id,
            status: declination.status,
            content: declination.content,
            coordinator: declination
                .coordinator
                .map(|Json(person)| CoordinatorAnswer::of(person, shown)),
            signatories: declination.signatories,
            effective_status,
            created_at: declination.created_at,
            updated_at: declination.updated_at,
            allowed_actions,
            warnings,
            version: declination.version,
        }
    }
}

impl Journaled for Declination {
    const TYPE: &'static str = "declination";
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
            .and_within(&self.reach)
            .and_schools_under(territories)
    }
}

/// Une déclinaison : une convention portée dans des régions académiques, des académies ou des
/// établissements.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Declination)]
pub struct DeclinationAnswer {
    /// Identifiant.
    pub id: DeclinationId,
    /// Statut.
    #[schema(example = "draft")]
    pub status: Status,
    /// Its fields.
    #[serde(flatten)]
    #[schema(inline)]
    pub content: Content,
    /// La personne qui la coordonne ; nom, courriel et téléphone ne sont montrés qu'à qui en a l'usage.
    pub coordinator: Option<CoordinatorAnswer>,
    /// Ceux qui l'ont signée, tels qu'ils étaient à l'activation.
    #[schema(value_type = Vec<Signatory>)]
    pub signatories: Json<Vec<Signatory>>,
    /// Ce qu'elle est aujourd'hui (à Paris) ; null si elle n'a jamais été active.
    #[schema(value_type = Option<EffectiveStatus>, example = "in_force")]
    pub effective_status: Option<EffectiveStatus>,
    /// Date de création.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// Ce que l'appelant peut en faire maintenant.
    #[schema(example = json!(["update", "delete", "activate", "abandon"]))]
    pub allowed_actions: Vec<&'static str>,
    /// Ce qui mérite attention sans être une erreur.
    #[schema(example = json!([]))]
    pub warnings: Vec<Warning>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    #[schema(ignore)]
    pub version: i64,
}

/// La personne qui coordonne une déclinaison, telle que l'appelant peut la voir.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeclinationCoordinator)]
pub struct CoordinatorAnswer {
    /// Nom.
    #[schema(example = "Dominique Petit")]
    pub name: Option<Text<120>>,
    /// Fonction.
    #[schema(example = "Chargée de mission école-entreprise")]
    pub function: Option<Text<200>>,
    /// Courriel.
    #[schema(example = "dominique.petit@ac-lyon.fr")]
    pub email: Option<Email>,
    /// Téléphone.
    #[schema(example = "04 72 80 60 60")]
    pub phone: Option<Phone>,
}

impl CoordinatorAnswer {
    fn of(person: Coordinator, shown: bool) -> Self {
        Self {
            name: Some(person.name).filter(|_| shown),
            function: person.function,
            email: person.email.filter(|_| shown),
            phone: person.phone.filter(|_| shown),
        }
    }
}
