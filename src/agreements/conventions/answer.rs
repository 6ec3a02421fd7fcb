//! How a convention is answered: the text of a day, what the caller may do with it, what deserves
//! attention in it.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::acts::{Article, DatePrecision};
use super::consolidated::{Consolidated, Origin};
use super::model::{Convention, Step};
use super::signing::Signatory;
use super::term::{EffectiveStatus, Gap};
use crate::auth::policy::Scope;
use crate::error::warning::Warning;
use crate::error::{Notice, Result, notice};
use crate::language::Language;
use crate::steps::Step as _;
use crate::values::ids::PartnerId;

static END_UNKNOWN: Notice = notice(
    "end_unknown",
    "La source ne donne pas l'échéance : la convention n'est pas tenue pour en vigueur au-delà de ce qu'elle atteste.",
    "The source gives no end: the convention is not taken to be in force beyond what it attests.",
);

static START_UNKNOWN: Notice = notice(
    "start_unknown",
    "La source ne donne pas la date de signature.",
    "The source does not give the day of signature.",
);

static START_UNCERTAIN: Notice = notice(
    "start_uncertain",
    "La source ne donne pas le jour : voyez `date_precision`.",
    "The source does not give the day: see `date_precision`.",
);

/// A school's agreement without its board's decision.
pub static BOARD_DECISION_MISSING: Notice = notice(
    "board_decision_missing",
    "Un établissement public contracte par délibération de son conseil d'administration : indiquez-la.",
    "A public school enters into agreements by a decision of its board: give it.",
);

static GAP_BEFORE: Notice = notice(
    "gap_before",
    "Aucune convention n'a été en vigueur entre la fin de la précédente et le début de celle-ci.",
    "No convention was in force between the end of the one before and the beginning of this one.",
);

static GAP_AFTER: Notice = notice(
    "gap_after",
    "Aucune convention n'est en vigueur entre la fin de celle-ci et le début de la suivante.",
    "No convention is in force between the end of this one and the beginning of the next.",
);

impl Convention {
    /// Whether this caller may ever take it.
    fn is_for(&self, step: Step, scope: &Scope, day: NaiveDate) -> bool {
        let unsigned_own = || {
            let own = |one: &&Signatory| one.who.partner_id.map(PartnerId::uuid) == scope.partner();
            self.signatories
                .iter()
                .filter(own)
                .any(|one| one.signature.is_none())
        };
        match step {
            Step::Sign => self.is_kept_by(scope) || (self.has_party(scope, day) && unsigned_own()),
            _ => self.is_kept_by(scope),
        }
    }

    /// Whether the step would be of use: what has ended is not terminated, and what is being
    /// renewed is not renewed again.
    fn leads_somewhere(&self, step: Step, day: NaiveDate) -> bool {
        match step {
            Step::Terminate => self.in_force_until.is_none_or(|last| last >= day),
            Step::Renew => self.successor_under_way.is_none(),
            _ => true,
        }
    }

    /// The convention as this caller is answered, with the text it has on this day.
    ///
    /// # Errors
    /// `internal_error` when its digest cannot be made.
    pub fn answer_for(
        self,
        scope: &Scope,
        day: NaiveDate,
        language: Language,
    ) -> Result<ConventionAnswer> {
        let (keeps, is_party) = (self.is_kept_by(scope), self.has_party(scope, day));
        let imported = self.imported.as_deref();
        let text = self.on(day);
        let hash = self.hash_of(&text)?;
        let Consolidated { content, articles } = text;
        let mut answer = ConventionAnswer {
            effective_status: self.effective_status(day),
            effective_ends_on: self.effective_ends_on(day),
            date_precision: imported.and_then(|from| from.date_precision),
            source: imported.and_then(|from| from.source.clone()),
            allowed_actions: Step::allowed(self.status, |step| {
                self.is_for(step, scope, day) && self.leads_somewhere(step, day)
            }),
            warnings: self.warnings(language),
            gap_before: self.gap_before(),
            amended_fields: self.origins(day),
            articles,
            convention: self,
        };
        let shown = &mut answer.convention;
        shown.content_hash = hash;
        shown.original = content;
        shown.amendments.0.retain(|one| one.effective_on <= day);
        // What was signed before the text changed is the parties' own affair.
        if !keeps && !is_party {
            shown.voided_signatures.0.clear();
        }
        if keeps {
            shown.successor_id = shown.successor_id.or(shown.successor_under_way.take());
        }
        Ok(answer)
    }

    fn warnings(&self, language: Language) -> Vec<Warning> {
        let of_school = |code: &crate::values::TerritoryCode| code.uai().is_some();
        let imported = self.imported.as_deref();
        let precise = imported.is_none_or(|from| from.date_precision == Some(DatePrecision::Day));
        let starts = self.original.starts_on.is_some();
        let notices = [
            (
                self.has_unknown_end()
                    && imported.is_some_and(|from| from.attested_until.is_some() || !starts),
                "/ends_on",
                &END_UNKNOWN,
            ),
            (!starts, "/starts_on", &START_UNKNOWN),
            (starts && !precise, "/starts_on", &START_UNCERTAIN),
            (
                self.original.territory.as_ref().is_some_and(of_school)
                    && self.original.terms.board_decision.is_none(),
                "/board_decision",
                &BOARD_DECISION_MISSING,
            ),
        ];
        let found = notices
            .into_iter()
            .filter(|(applies, ..)| *applies)
            .map(|(_, pointer, notice)| notice.at(pointer, language));
        let gaps = [
            (self.gap_before(), "/starts_on", &GAP_BEFORE),
            (self.gap_after(), "/ends_on", &GAP_AFTER),
        ];
        let of_gaps = gaps.into_iter().filter_map(|(gap, pointer, notice)| {
            let mut warning = notice.at(pointer, language);
            warning.detail = notice.about(&gap?.to_string(), language);
            Some(warning)
        });
        found.chain(of_gaps).collect()
    }
}

/// Une convention.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Convention)]
pub struct ConventionAnswer {
    /// Ses champs.
    #[serde(flatten)]
    #[schema(inline)]
    pub convention: Convention,
    /// Ce qu'elle est aujourd'hui (à Paris), ou au jour demandé par `at` ; null si elle n'a jamais été signée.
    #[schema(value_type = Option<EffectiveStatus>, example = "in_force")]
    pub effective_status: Option<EffectiveStatus>,
    /// Le dernier jour où elle est en vigueur, vu de ce jour : reconductions tacites, résiliation et remplacement compris.
    #[schema(example = "2028-12-31")]
    pub effective_ends_on: Option<NaiveDate>,
    /// Précision des dates d'une convention importée.
    #[schema(example = json!(null))]
    pub date_precision: Option<DatePrecision>,
    /// D'où vient une convention importée.
    #[schema(example = json!(null))]
    pub source: Option<String>,
    /// Ce que l'appelant peut en faire maintenant.
    #[schema(example = json!(["update", "open-negotiation", "abandon", "delete"]))]
    pub allowed_actions: Vec<&'static str>,
    /// Les jours sans convention entre la fin de la précédente et le début de celle-ci.
    pub gap_before: Option<Gap>,
    /// Les articles ajoutés ou récrits par des avenants.
    pub articles: Vec<Article>,
    /// Ce qui, dans ce texte, vient d'un avenant, et duquel.
    pub amended_fields: Vec<Origin>,
    /// Ce qui mérite attention sans être une erreur.
    #[schema(example = json!([]))]
    pub warnings: Vec<Warning>,
}
