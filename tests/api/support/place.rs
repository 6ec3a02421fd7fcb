//! What the paths of the document name: an object of each kind.

use serde_json::json;

use super::document::{self, Operation};
use super::{Service, absent, id, uai};

/// One object of each kind.
#[derive(Debug, Clone)]
pub struct Place {
    pub partner: String,
    pub representative: String,
    pub client: String,
    pub uai: String,
    pub territory: &'static str,
    pub nomenclature: &'static str,
}

impl Place {
    /// Objects that exist: a partner with a representative, a client of a school in this department.
    pub async fn new(
        service: &Service,
        number: u32,
        department: &str,
        academy: &'static str,
        nomenclature: &'static str,
    ) -> Self {
        let uai = uai(number);
        let there = format!("SELECT count(*) FROM establishments WHERE uai = '{uai}'");
        if service.number(&there).await == 0 {
            service.new_school(&uai, department, academy).await;
        }
        let partner = id(&service.new_partner("Partenaire").await);
        let representative = id(&service.new_representative(&partner, &[academy]).await);
        let client = new_client(service, &uai).await;
        Self {
            partner,
            representative,
            client,
            uai,
            territory: academy,
            nomenclature,
        }
    }

    /// An object of each kind, in Lyon.
    pub async fn lyon(service: &Service) -> Self {
        Self::new(service, 690_001, "department:069", "academy:10", "sectors").await
    }

    /// No object of any kind.
    pub fn nowhere() -> Self {
        Self {
            partner: absent(),
            representative: absent(),
            client: absent(),
            uai: uai(9_999_999),
            territory: "academy:99",
            nomenclature: "nothing",
        }
    }

    /// The operation's path for these objects.
    pub fn path(&self, operation: &Operation) -> String {
        let is_client = operation.path.starts_with("/v1/clients");
        let id = if is_client {
            &self.client
        } else {
            &self.partner
        };
        super::fill(
            operation.path,
            &[
                ("id", id),
                ("representative_id", &self.representative),
                ("uai", &self.uai),
                ("code", self.code(operation)),
                ("name", self.nomenclature),
                ("file", "index.html"),
            ],
        )
    }

    fn code(&self, operation: &Operation) -> &'static str {
        if operation.is_public() {
            "not_found"
        } else {
            self.territory
        }
    }
}

async fn new_client(service: &Service, uai: &str) -> String {
    if document::operation("create_client").is_none() {
        return absent();
    }
    let body = json!({ "name": "Programme", "contact_email": "a@exemple.fr", "role": "establishment", "uais": [uai], "scopes": ["read"] });
    id(&service
        .ministry()
        .post("/v1/clients", body)
        .await
        .expect(201))
}
