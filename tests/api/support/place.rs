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
    /// A convention in force, that this partner is a party to.
    pub convention: String,
    /// A draft, of that convention at that school.
    pub declination: String,
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
        let convention = service.signed_convention(&partner, json!({})).await;
        let declination = new_declination(service, &convention, &uai).await;
        Self {
            partner,
            representative,
            client,
            convention,
            declination,
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
            convention: absent(),
            declination: absent(),
            uai: uai(9_999_999),
            territory: "academy:99",
            nomenclature: "nothing",
        }
    }

    /// The operation's path for these objects.
    pub fn path(&self, operation: &Operation) -> String {
        let below = |start: &str| operation.path.starts_with(start);
        let id = if below("/v1/clients") {
            &self.client
        } else if below("/v1/declinations") {
            &self.declination
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

async fn new_declination(service: &Service, convention: &str, uai: &str) -> String {
    if document::operation("create_declination").is_none() {
        return absent();
    }
    let body = json!({ "convention_id": convention, "level": "establishment", "territories": [format!("uai:{uai}")],
                       "starts_on": "2020-09-01" });
    id(&service
        .ministry()
        .post("/v1/declinations", body)
        .await
        .expect(201))
}
