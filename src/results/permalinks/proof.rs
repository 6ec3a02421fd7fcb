//! What proves a convention to whoever reads it: the digests of what was signed, and who signed which of
//! them when, by sides and parties. No person is named.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::agreements::conventions::amendments::model::Amendment;
use crate::agreements::conventions::consolidated::Consolidated;
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::signing::{Medium, Side, Signatory};
use crate::error::Result;
use crate::values::Sha256Hex;
use crate::values::ids::PartnerId;

/// De quoi vérifier que le texte est celui qui a été signé.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PublicProof)]
pub struct Proof {
    /// L'empreinte du texte d'aujourd'hui, avenants appliqués : le `content_hash` de `/v1/conventions/{id}`, que chacun refait de ce qu'il y lit.
    pub content_hash: Sha256Hex,
    /// Les actes signés : la convention, puis les avenants qui ont pris effet.
    pub acts: Vec<SignedAct>,
}

/// Un acte signé : la convention ou un avenant.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PublicAct)]
pub struct SignedAct {
    /// Le numéro de l'avenant ; null pour la convention.
    #[schema(example = json!(null))]
    pub amendment: Option<i32>,
    /// L'empreinte de ce que cet acte dit, que chaque signature porte.
    pub content_hash: Sha256Hex,
    /// Les signatures enregistrées, dans l'ordre de leurs jours ; aucune pour une convention importée.
    pub signatures: Vec<PublicSignature>,
}

/// Une signature, sans la personne.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicSignature {
    /// `ministry` ou `partner`.
    #[schema(example = "ministry")]
    pub side: Side,
    /// Le partenaire pour qui elle est donnée.
    #[schema(example = json!(null))]
    pub partner_id: Option<PartnerId>,
    /// Le jour de la signature.
    #[schema(example = "2026-01-15")]
    pub signed_on: NaiveDate,
    /// Le procédé.
    #[schema(example = "paper")]
    pub medium: Medium,
    /// SHA-256 du document signé, en hexadécimal.
    pub document_sha256: Option<Sha256Hex>,
}

impl Proof {
    /// Of a convention with its text of a day, and of its amendments.
    ///
    /// # Errors
    /// `internal_error` when a digest cannot be made.
    pub fn of(
        convention: &Convention,
        text: &Consolidated,
        amendments: &[Amendment],
    ) -> Result<Self> {
        let first = SignedAct {
            amendment: None,
            content_hash: convention.content_hash.clone(),
            signatures: signatures(&convention.signatories),
        };
        let mut later: Vec<&Amendment> = amendments.iter().collect();
        later.sort_by_key(|one| (one.effective_on, one.number));
        let acts = later.into_iter().map(|one| SignedAct {
            amendment: Some(one.number),
            content_hash: one.content_hash.clone(),
            signatures: signatures(&one.signatories),
        });
        Ok(Self {
            content_hash: convention.hash_of(text)?,
            acts: std::iter::once(first).chain(acts).collect(),
        })
    }
}

/// Those that were given, in the order of their days.
fn signatures(signatories: &[Signatory]) -> Vec<PublicSignature> {
    let given = signatories.iter().filter_map(|one| {
        let act = &one.signature.as_ref()?.act;
        Some(PublicSignature {
            side: one.who.side,
            partner_id: one.who.partner_id,
            signed_on: act.signed_on,
            medium: act.medium,
            document_sha256: act.document_sha256.clone(),
        })
    });
    let mut given: Vec<PublicSignature> = given.collect();
    given.sort_by_key(|one| one.signed_on);
    given
}
