//! What the paths of the document name: an object of each kind.

use serde_json::{Value, json};

use super::document::{self, Operation};
use super::{Service, absent, id, uai};

/// One object of each kind.
#[derive(Debug, Clone)]
pub struct Place {
    pub partner: String,
    pub representative: String,
    pub client: String,
    pub convention: String,
    pub reports: Reports,
    pub uai: String,
    pub territory: &'static str,
    pub nomenclature: &'static str,
}

/// Reports of one convention, one for each of what can be done with one.
#[derive(Debug, Clone)]
pub struct Reports {
    /// To change or to delete.
    pub draft: String,
    /// To validate or to send back.
    pub submitted: String,
    /// To read.
    pub validated: String,
}

impl Reports {
    /// Of this territory, on different years.
    pub async fn of(service: &Service, convention: &str, territory: &str) -> Self {
        let line = json!([{ "action_type": "standards_contribution", "actions": 1 }]);
        let mut ids = Vec::new();
        for (status, year) in [
            ("draft", "2021-2022"),
            ("submitted", "2024-2025"),
            ("validated", "2023-2024"),
        ] {
            let columns = json!({ "status": status, "school_year": year });
            let report = service.stored_report(convention, territory, columns).await;
            service.stored_lines(&report, line.clone()).await;
            ids.push(report);
        }
        let mut ids = ids.into_iter();
        let mut next = || ids.next().expect("three");
        Self {
            draft: next(),
            submitted: next(),
            validated: next(),
        }
    }

    fn none() -> Self {
        Self {
            draft: absent(),
            submitted: absent(),
            validated: absent(),
        }
    }

    fn id(&self, operation: &Operation) -> &str {
        match operation.id {
            "update_report" | "delete_report" | "submit_report" => &self.draft,
            "validate_report" | "return_report" => &self.submitted,
            _ => &self.validated,
        }
    }
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
        // Of the whole country: what the ministry writes.
        let reports = Reports::of(service, &convention, "FR").await;
        Self {
            partner,
            representative,
            client,
            convention,
            reports,
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
            reports: Reports::none(),
            uai: uai(9_999_999),
            territory: "academy:99",
            nomenclature: "nothing",
        }
    }

    /// The operation's path for these objects.
    pub fn path(&self, operation: &Operation) -> String {
        let id = match operation.path.split('/').nth(2) {
            Some("clients") => &self.client,
            Some("reports") => self.reports.id(operation),
            _ => &self.partner,
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

    /// A body that names no object of its own, with the ids of these.
    pub fn filled(&self, body: &Value) -> Value {
        let mut body = body.clone();
        if let Some(id) = body.get_mut("convention_id") {
            *id = json!(self.convention);
        }
        body
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
