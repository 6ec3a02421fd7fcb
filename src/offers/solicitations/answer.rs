//! How a solicitation is answered: what the caller may do with it today, what deserves attention.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::content::{NewSolicitation, Outcome};
use super::model::{Side, Solicitation, Status};
use crate::auth::policy::Scope;
use crate::error::warning::Warning;
use crate::error::{Notice, notice};
use crate::language::Language;
use crate::values::ids::{PartnerId, SolicitationId};
use crate::values::{Json, Text, today};

static OUTSIDE_WISHES: Notice = notice(
    "outside_wishes",
    "Le jour proposé n'est pas parmi ceux que l'établissement souhaite.",
    "The day proposed is not among those the school wishes.",
);

static BEFORE_REQUEST: Notice = notice(
    "before_request",
    "Ce jour précède la demande : vérifiez-le.",
    "This day comes before the request: check it.",
);

static NO_CONVENTION: Notice = notice(
    "no_convention",
    "Aucune convention du partenaire n'est en vigueur là : cette demande ne comptera dans aucun bilan prérempli.",
    "No convention of the partner is in force there: this request will count in no prefilled report.",
);

/// Une demande d'un établissement à un partenaire.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Solicitation)]
pub struct SolicitationAnswer {
    /// Identifiant.
    pub id: SolicitationId,
    /// Statut.
    #[schema(example = "requested")]
    pub status: Status,
    /// Its fields.
    #[serde(flatten)]
    #[schema(inline)]
    pub content: NewSolicitation,
    /// Le partenaire à qui elle s'adresse.
    pub partner_id: PartnerId,
    /// Le jour prévu : celui que le partenaire propose en acceptant, puis celui dont les deux côtés conviennent.
    #[schema(example = json!(null))]
    pub scheduled_on: Option<NaiveDate>,
    /// Un autre jour, que l'un des côtés propose à l'autre.
    #[schema(example = json!(null))]
    pub proposed_on: Option<NaiveDate>,
    /// Le côté qui le propose : `school` ou `partner`.
    pub proposed_by: Option<Side>,
    /// Pourquoi elle est refusée, annulée, ou n'a pas eu lieu.
    #[schema(example = json!(null))]
    pub reason: Option<Text<2000>>,
    /// Ce qui a eu lieu.
    #[schema(value_type = Option<Outcome>, example = json!(null))]
    pub outcome: Option<Json<Outcome>>,
    /// Date de création.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// Ce que l'appelant peut en faire aujourd'hui.
    #[schema(example = json!(["cancel"]))]
    pub allowed_actions: Vec<&'static str>,
    /// Ce qui mérite attention sans être une erreur.
    #[schema(example = json!([]))]
    pub warnings: Vec<Warning>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    #[schema(ignore)]
    pub version: i64,
}

impl Solicitation {
    /// The solicitation as this caller is answered, on this day.
    pub fn answer_for(
        self,
        scope: &Scope,
        day: NaiveDate,
        language: Language,
    ) -> SolicitationAnswer {
        SolicitationAnswer {
            allowed_actions: self.allowed(scope, day),
            warnings: self.warnings(language),
            id: self.id,
            status: self.status,
            content: self.content,
            partner_id: self.partner_id,
            scheduled_on: self.scheduled_on,
            proposed_on: self.proposed_on,
            proposed_by: self.proposed_by,
            reason: self.reason,
            outcome: self.outcome,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }

    fn warnings(&self, language: Language) -> Vec<Warning> {
        let (asked, wishes) = (today(self.created_at), &self.content);
        let is_early = |day: NaiveDate| day < asked;
        let is_unwished = |day: NaiveDate| {
            wishes.wished_from.is_some_and(|from| day < from)
                || wishes.wished_to.is_some_and(|to| day > to)
        };
        let scheduled = self.scheduled_on;
        let held = self.outcome.as_ref().map(|outcome| outcome.held_on);
        let notices = [
            (
                self.content.convention_id.is_none(),
                "/convention_id",
                &NO_CONVENTION,
            ),
            (
                scheduled.is_some_and(is_unwished),
                "/scheduled_on",
                &OUTSIDE_WISHES,
            ),
            (
                scheduled.is_some_and(is_early),
                "/scheduled_on",
                &BEFORE_REQUEST,
            ),
            (
                held.is_some_and(is_early),
                "/outcome/held_on",
                &BEFORE_REQUEST,
            ),
        ];
        notices
            .into_iter()
            .filter(|(applies, ..)| *applies)
            .map(|(_, pointer, notice)| notice.at(pointer, language))
            .collect()
    }
}
