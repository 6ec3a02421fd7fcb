//! What is answered of a batch: a verdict for each item, in their order.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::advice::{self, Offerable};
use super::input::{Item, Received};
use crate::error::{Fault, Place};
use crate::http::slices::Slices;
pub use crate::http::table::verdict::{BatchCounts, Outcome};
use crate::language::Language;
use crate::offers::interventions::status::{Status, WithheldReason, withheld_reasons};
use crate::offers::interventions::upsert::Upserted;
use crate::values::ids::{BatchId, InterventionId, SyncId};

/// Ce que le lot est devenu.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchVerdict {
    /// `partial` ou `atomic`.
    #[schema(example = "partial")]
    pub mode: &'static str,
    /// Vrai : rien n'a été écrit.
    #[schema(example = false)]
    pub dry_run: bool,
    /// La synchronisation dont il fait partie.
    pub sync_id: Option<SyncId>,
    /// Son identifiant dans cette synchronisation, sous lequel ces verdicts se relisent ; null hors
    /// d'une synchronisation, et si rien n'a été écrit.
    pub batch_id: Option<BatchId>,
    /// Combien de chaque.
    pub counts: BatchCounts,
    /// Ce que chaque intervention est devenue, dans l'ordre reçu.
    pub items: Vec<ItemVerdict>,
}

/// Le verdict d'une intervention d'un lot.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemVerdict {
    /// Sa place dans le lot, à partir de 0.
    #[schema(example = 0)]
    pub index: usize,
    /// L'identifiant qu'elle porte.
    #[schema(example = "visite-42")]
    pub external_id: Option<String>,
    /// Ce qu'elle est devenue : `created`, `updated`, `unchanged`, `rejected`.
    #[schema(value_type = String, example = "created")]
    pub outcome: Outcome,
    /// Son identifiant dans le registre ; null si elle est refusée, ou s'il n'en aurait encore aucun.
    pub id: Option<InterventionId>,
    /// Sa version.
    #[schema(example = 1)]
    pub version: Option<i64>,
    /// Ce qu'elle est aujourd'hui.
    #[schema(example = "published")]
    pub status: Option<Status>,
    /// Pourquoi elle n'est pas publiée, si elle est `withheld`.
    #[schema(example = json!([]))]
    pub withheld_reasons: Vec<WithheldReason>,
    /// Champs que seul le registre écrit, reçus et laissés de côté.
    #[schema(value_type = Vec<String>, example = json!([]))]
    pub ignored: Vec<&'static str>,
    /// Tout ce qui est à corriger, si elle est refusée.
    #[schema(example = json!([]))]
    pub errors: Vec<ItemFault>,
    /// S'il peut y en avoir d'autres, que la réponse laisse de côté : 20 sont dits d'un élément, 1 000 d'un lot.
    #[schema(example = false)]
    pub errors_truncated: bool,
}

/// Un endroit à corriger d'une intervention d'un lot.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemFault {
    /// Pointeur JSON dans l'intervention (RFC 6901).
    #[schema(example = "/action_type")]
    pub pointer: String,
    /// Code stable de la règle.
    #[schema(example = "unknown_code")]
    pub code: &'static str,
    /// La règle et ce qu'il faut faire.
    pub detail: String,
    /// Les valeurs acceptées, où elles sont en nombre ; pour un nombre, ses bornes.
    #[schema(example = json!(["class_talk", "company_visit"]))]
    pub accepted: Vec<Value>,
    /// La valeur probablement voulue, si elle se devine.
    #[schema(example = "company_visit")]
    pub nearest: Option<Value>,
}

impl BatchVerdict {
    /// The verdicts of a batch: what came of each item, none where it is rejected. `offerable` are the
    /// conventions that could be named, where one that cannot was.
    pub async fn of(
        received: &Received<'_>,
        items: &[Item<'_>],
        upserted: &[Option<Upserted>],
        offerable: &[Offerable],
    ) -> Self {
        let (how, language) = (received.how, received.language);
        let (mut verdicts, mut slices) = (Vec::with_capacity(items.len()), Slices::default());
        for (index, (item, upserted)) in items.iter().zip(upserted).enumerate() {
            slices.pause().await;
            verdicts.push(match upserted {
                Some(upserted) => ItemVerdict::of(index, item, upserted, received),
                None => ItemVerdict::refusal(index, item, offerable, language),
            });
        }
        Self {
            mode: if how.is_atomic { "atomic" } else { "partial" },
            dry_run: how.is_dry_run,
            sync_id: how.sync_id,
            batch_id: None,
            counts: BatchCounts::of(verdicts.iter().map(|verdict: &ItemVerdict| verdict.outcome)),
            items: verdicts,
        }
    }
}

impl Upserted {
    /// What it is called in a batch.
    pub fn outcome(&self) -> Outcome {
        match (&self.before, self.verb) {
            (None, _) => Outcome::Created,
            (Some(_), Some(_)) => Outcome::Updated,
            (Some(_), None) => Outcome::Unchanged,
        }
    }
}

impl ItemVerdict {
    fn of(index: usize, item: &Item<'_>, upserted: &Upserted, received: &Received<'_>) -> Self {
        let (offer, outcome) = (&upserted.after, upserted.outcome());
        let status = offer.status();
        let withheld_reasons = if status == Status::Withheld {
            withheld_reasons(&offer.eligibility, offer.as_of.day, received.language)
        } else {
            Vec::new()
        };
        let has_no_id = received.how.is_dry_run && outcome == Outcome::Created;
        Self {
            index,
            external_id: item.name(),
            outcome,
            id: Some(offer.intervention.id).filter(|_| !has_no_id),
            version: Some(offer.intervention.version),
            status: Some(status),
            withheld_reasons,
            ignored: item.ignored.clone(),
            errors: Vec::new(),
            errors_truncated: false,
        }
    }

    fn refusal(index: usize, item: &Item<'_>, offerable: &[Offerable], language: Language) -> Self {
        let errors = item
            .faults
            .iter()
            .map(|fault| ItemFault::of(fault, &item.raw, offerable, language));
        Self {
            index,
            external_id: item.name(),
            outcome: Outcome::Rejected,
            id: None,
            version: None,
            status: None,
            withheld_reasons: Vec::new(),
            ignored: item.ignored.clone(),
            errors: errors.collect(),
            errors_truncated: item.is_cut,
        }
    }
}

impl ItemFault {
    fn of(fault: &Fault, item: &Value, offerable: &[Offerable], language: Language) -> Self {
        let pointer = match &fault.place {
            Place::Pointer(pointer) => pointer.clone(),
            Place::Parameter(_) | Place::Header(_) => String::new(),
        };
        let advice = advice::of(&pointer, &fault.rule, item, offerable);
        Self {
            code: fault.rule.code(),
            detail: fault.rule.detail(language),
            accepted: advice.accepted,
            nearest: advice.nearest,
            pointer,
        }
    }
}

/// Ce que les confirmations sont devenues.
#[derive(Debug, Serialize, ToSchema)]
pub struct TouchVerdict {
    /// Combien sont confirmées.
    #[schema(example = 1)]
    pub confirmed: usize,
    /// Identifiants que le registre ne connaît pas.
    #[schema(value_type = Vec<String>, example = json!(["visite-42"]))]
    pub unknown: Vec<String>,
    /// Identifiants d'interventions retirées : `PUT` ou un lot les propose de nouveau.
    #[schema(value_type = Vec<String>, example = json!([]))]
    pub withdrawn: Vec<String>,
}
