//! What a batch of declinations is in JSON, as it is documented.

use serde::Serialize;
use utoipa::ToSchema;

use crate::agreements::declinations::content::NewDeclination;
use crate::values::ids::DeclinationId;

/// Des déclinaisons.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeclinationRows {
    /// De 1 à 5 000 déclinaisons ; ou, sous `data`, une page de `/v1/declinations` telle que le registre la donne.
    #[schema(min_items = 1, max_items = 5000)]
    pub items: Vec<DeclinationRow>,
}

/// Une déclinaison d'un lot. Ce qu'elle laisse de côté d'une déclinaison qui existe reste comme il est.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeclinationRow {
    /// La déclinaison à modifier. Sans identifiant, celle de la même convention, du même niveau, des mêmes territoires et du même premier jour, si elle est en préparation ou active ; sinon une nouvelle.
    #[schema(example = json!(null))]
    pub id: Option<DeclinationId>,
    /// Its fields.
    #[serde(flatten)]
    #[schema(inline)]
    pub new: NewDeclination,
}
