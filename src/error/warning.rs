//! Warnings: an object is accepted, and something in it deserves attention.

use serde::Serialize;
use utoipa::ToSchema;

/// Un avertissement : l'objet est accepté, mais quelque chose mérite attention.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Warning {
    /// L'endroit concerné.
    #[schema(example = "/siren")]
    pub pointer: String,
    /// Code stable.
    #[schema(example = "not_identified")]
    pub code: &'static str,
    /// En toutes lettres.
    #[schema(
        example = "Ni SIREN ni RNA : l'organisme ne peut pas être rapproché des répertoires officiels."
    )]
    pub detail: String,
}
