//! What a batch of contacts is in JSON, as it is documented.

use serde::Serialize;
use utoipa::ToSchema;

use crate::register::contacts::content::NewContact;
use crate::values::ids::ContactId;

/// Des contacts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactRows {
    /// De 1 à 5 000 contacts ; ou, sous `data`, une page de `/v1/contacts` telle que le registre la donne.
    #[schema(min_items = 1, max_items = 5000)]
    pub items: Vec<ContactRow>,
}

/// Un contact d'un lot. Ce qu'il laisse de côté d'un contact qui existe reste comme il est.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactRow {
    /// Le contact à modifier ; sans identifiant, un nouveau, à moins qu'il n'y soit déjà tel quel.
    #[schema(example = json!(null))]
    pub id: Option<ContactId>,
    /// Its fields.
    #[serde(flatten)]
    #[schema(inline)]
    pub new: NewContact,
}
