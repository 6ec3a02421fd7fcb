//! What the paths of the document name: an object of each kind.

use ree::auth::policy::{self, Grant};
use serde_json::{Value, json};

use super::document::{self, Operation, TakenBody};
use super::{Caller, Service, absent, id, uai};

/// One object of each kind.
#[derive(Debug, Clone)]
pub struct Place {
    pub partner: String,
    pub representative: String,
    /// A convention of the partner, and what it offers under it.
    pub convention: String,
    pub intervention: &'static str,
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
        let convention = service.signed_convention(&partner, json!({})).await;
        let intervention = service
            .new_intervention(&partner, &convention, json!({}))
            .await;
        assert_eq!(intervention["status"], "published");
        let client = new_client(service, &uai).await;
        Self {
            partner,
            representative,
            convention,
            intervention: "visite",
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
            convention: absent(),
            intervention: "nothing",
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
                ("external_id", self.intervention),
                ("uai", &self.uai),
                ("code", self.code(operation)),
                ("name", self.nomenclature),
                ("file", "index.html"),
            ],
        )
    }

    /// Who may write by this operation: the ministry, or where it may not the partner.
    pub fn writer(&self, service: &Service, operation: &Operation) -> Caller {
        let mut lines = policy::TABLE.iter();
        let line = lines.find(|line| line.operation == operation.id);
        match line.map(|line| line.grants[0]) {
            Some(Grant::No) => service.partner(&self.partner),
            _ => service.ministry(),
        }
    }

    /// The document's example of a body, speaking of these objects.
    pub fn example(&self, taken: &TakenBody) -> Value {
        let text = taken.example.to_string();
        serde_json::from_str(&text.replace(&absent(), &self.convention)).expect("JSON")
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
