//! How a declination is answered: what the caller may do with it, what deserves attention in it, and
//! whether the coordinator is shown.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::content::{Content, Coordinator, DeclinationLevel, Signatory};
use super::model::{DeclinationInContext, EffectiveStatus, Status, Step};
use crate::agreements::conventions::answer::BOARD_DECISION_MISSING;
use crate::auth::person_viewer::Viewer;
use crate::error::warning::Warning;
use crate::error::{Notice, notice};
use crate::language::Language;
use crate::steps::Step as _;
use crate::values::Json;
use crate::values::ids::{DeclinationId, PartnerId};

static OUTLIVES_CONVENTION: Notice = notice(
    "outlives_convention",
    "La déclinaison finit après la convention : elle cessera avec elle.",
    "The declination ends after its convention: it will cease with it.",
);

impl DeclinationInContext {
    /// Whether the coordinator is shown: to the ministry, the academies it concerns, the schools it
    /// covers, and the parties to its convention.
    fn shows_person_to(&self, viewer: &Viewer<'_>, day: NaiveDate) -> bool {
        let is_party = |id: Uuid| self.frame.parties(day).contains(&PartnerId::new(id));
        let declination = &self.declination;
        viewer.scope.partner().is_some_and(is_party)
            || viewer.is_concerned_by(&declination.content.territories, &declination.ancestors)
    }

    /// What deserves attention in it.
    pub fn warnings(&self, language: Language) -> Vec<Warning> {
        let content = &self.declination.content;
        let outlives = self
            .frame
            .in_force_until
            .is_some_and(|last| content.ends_on.is_some_and(|end| end > last));
        let undecided =
            content.level == DeclinationLevel::Establishment && content.board_decision.is_none();
        let notices = [
            (outlives, "/ends_on", &OUTLIVES_CONVENTION),
            (undecided, "/board_decision", &BOARD_DECISION_MISSING),
        ];
        notices
            .into_iter()
            .filter(|(applies, ..)| *applies)
            .map(|(_, pointer, notice)| notice.at(pointer, language))
            .collect()
    }

    /// The declination as this caller is answered, on this day.
    pub fn answer_for(
        self,
        viewer: &Viewer<'_>,
        day: NaiveDate,
        language: Language,
    ) -> DeclinationAnswer {
        let shown = self.shows_person_to(viewer, day);
        let (effective_status, warnings) = (self.effective_status(day), self.warnings(language));
        let declination = self.declination;
        let kept = declination.is_kept_by(viewer.scope);
        let allowed_actions = Step::allowed(declination.status, |_| kept);
        DeclinationAnswer {
            id: declination.id,
            status: declination.status,
            content: declination.content,
            coordinator: declination
                .coordinator
                .map(|Json(person)| person.shown_if(shown)),
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
    /// La personne qui la coordonne ; nom, courriel et téléphone ne sont montrés qu'à qui en a l'usage,
    /// ceux d'un service sans nom à tous.
    pub coordinator: Option<Coordinator>,
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
