//! The codes of errors, together.

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::problem::ProblemType;

/// Tous les codes d'erreur.
#[derive(Serialize, ToSchema)]
pub struct ProblemTypes {
    /// Leur documentation, code par code.
    pub data: Vec<ProblemType>,
    /// De même, celle des codes qui ne sont que dans `errors` et dans `warnings`.
    pub faults: Vec<ProblemType>,
}
