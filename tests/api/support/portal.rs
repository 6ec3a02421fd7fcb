//! A portal: the program of a partner, that pushes what the partner offers.

use serde_json::{Value, json};

use super::{Caller, Reply, Service, intervention, merged};

/// A partner with a convention that covers everything.
pub struct Portal {
    pub service: Service,
    pub caller: Caller,
    pub partner: String,
    pub convention: String,
}

impl Portal {
    pub async fn new() -> Self {
        Self::of(&Service::start().await).await
    }

    pub async fn of(service: &Service) -> Self {
        let (partner, convention) = service.signed_partner("Partenaire", json!({})).await;
        Self {
            service: service.clone(),
            caller: service.partner(&partner),
            partner,
            convention,
        }
    }

    /// An item of a batch, but for what `with` says of its fields.
    pub fn item(&self, external_id: &str, with: Value) -> Value {
        let item = intervention(&self.convention, with);
        merged(item, json!({ "external_id": external_id }))
    }

    pub fn batch_path(&self, query: &str) -> String {
        format!("/v1/partners/{}/interventions/batch{query}", self.partner)
    }

    pub async fn push(&self, query: &str, items: &[Value]) -> Reply {
        let path = self.batch_path(query);
        self.caller.post(&path, json!({ "items": items })).await
    }
}
