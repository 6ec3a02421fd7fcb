//! What the paths of the document name: an object of each kind.

use ree::auth::policy::{self, Grant};
use serde_json::{Value, json};

use super::document::{Operation, TakenBody};
use super::{Caller, Service, absent, id, uai};

/// One object of each kind.
#[derive(Debug, Clone)]
pub struct Place {
    pub partner: String,
    pub representative: String,
    /// A convention in force, that this partner is a party to.
    pub convention: String,
    /// What the partner offers under it.
    pub intervention: &'static str,
    pub intervention_id: String,
    /// The partner's open synchronisation, and a batch of it.
    pub sync: String,
    pub batch: String,
    pub client: String,
    /// A webhook of the ministry's, and a test of it.
    pub webhook: String,
    pub delivery: String,
    /// What that school asks of that representative.
    pub solicitation: String,
    /// A contact of that school.
    pub contact: String,
    /// A campaign, of a year of its own.
    pub campaign: String,
    /// The draft of a local convention of that academy with this partner.
    pub draft: String,
    /// A local convention of that academy with this partner, signed, until the end of 2028.
    pub local: String,
    /// Another one, to be ended.
    pub ended: String,
    /// The draft of an amendment of the former.
    pub amendment: String,
    /// A draft, of that convention at that school.
    pub declination: String,
    pub reports: Reports,
    /// Of the year of the validated one.
    pub publication: String,
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
        let convention = service.signed_convention(&partner, json!({})).await;
        let intervention = service
            .new_intervention(&partner, &convention, json!({}))
            .await;
        assert_eq!(intervention["status"], "published");
        let client = new_client(service, &uai).await;
        let (webhook, delivery) = new_webhook(service).await;
        let contact = new_contact(service, &uai).await;
        let solicitation = new_solicitation(service, &uai, &representative).await;
        let campaign = new_campaign(service).await;
        let draft = new_convention(service, &partner, academy).await;
        let local = json!({
            "scope": "local", "territory": academy, "reach": ree::register::territories::ancestry::ancestry(academy),
            "ends_on": "2028-12-31",
        });
        let ended = service.signed_convention(&partner, local.clone()).await;
        let local = service.signed_convention(&partner, local).await;
        let amendment = new_amendment(service, &local, &partner).await;
        let declination = new_declination(service, &convention, &uai).await;
        // Of the whole country: what the ministry writes.
        let reports = Reports::of(service, &convention, "FR").await;
        let (sync, batch) = new_sync(service, &partner).await;
        let publication = new_publication(service, &convention).await;
        Self {
            partner,
            representative,
            convention,
            intervention: "visite",
            intervention_id: id(&intervention),
            sync,
            batch,
            client,
            webhook,
            delivery,
            solicitation,
            contact,
            campaign,
            declination,
            draft,
            local,
            ended,
            amendment,
            reports,
            publication,
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
            intervention_id: absent(),
            sync: absent(),
            batch: absent(),
            client: absent(),
            webhook: absent(),
            delivery: absent(),
            solicitation: absent(),
            contact: absent(),
            campaign: absent(),
            declination: absent(),
            draft: absent(),
            local: absent(),
            ended: absent(),
            amendment: absent(),
            reports: Reports::none(),
            publication: absent(),
            uai: uai(9_999_999),
            territory: "academy:99",
            nomenclature: "nothing",
        }
    }

    /// The operation's path for these objects.
    pub fn path(&self, operation: &Operation) -> String {
        let resource = operation.path.split('/').nth(2).unwrap_or_default();
        let id = match resource {
            "clients" => &self.client,
            "webhooks" => &self.webhook,
            "solicitations" => &self.solicitation,
            "contacts" => &self.contact,
            "campaigns" => &self.campaign,
            "conventions" if operation.id == "terminate_convention" => &self.ended,
            "conventions" if acts_on_a_signed_one(operation) => &self.local,
            "conventions" => &self.draft,
            "declinations" => &self.declination,
            "interventions" => &self.intervention_id,
            "reports" => self.reports.id(operation),
            "publications" => &self.publication,
            _ => &self.partner,
        };
        super::fill(
            operation.path,
            &[
                ("id", id),
                ("representative_id", &self.representative),
                ("amendment_id", &self.amendment),
                ("external_id", self.intervention),
                ("sync_id", &self.sync),
                ("batch_id", &self.batch),
                ("delivery_id", &self.delivery),
                ("uai", &self.uai),
                ("code", self.code(operation)),
                ("name", self.nomenclature),
                ("file", "index.html"),
                ("number", "1"),
                (
                    "secret",
                    "cal_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.ics",
                ),
                ("reference", "CN-2020-0001"),
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

    /// Brings the objects to where this operation is possible.
    pub async fn prepare(&self, service: &Service, operation: &Operation) {
        let steps: &[&str] = match operation.id {
            "sign_convention" => &["open-negotiation", "send-for-signature"],
            "sign_amendment" => &["send-for-signature"],
            _ => &[],
        };
        let object = match operation.id {
            "sign_amendment" => format!("{}/amendments/{}", self.local, self.amendment),
            _ => self.draft.clone(),
        };
        if operation.id == "open_sync" {
            let path = format!("/v1/partners/{}/syncs/{}/abandon", self.partner, self.sync);
            let portal = service.partner(&self.partner);
            portal.post(&path, json!({})).await.expect(200);
        }
        if operation.id == "prefill_report" {
            self.hold(service).await;
        }
        for step in steps {
            let path = format!("/v1/conventions/{object}/{step}");
            service.ministry().post(&path, json!({})).await.expect(200);
        }
        if operation.id == "resume_webhook" {
            let path = format!("/v1/webhooks/{}/pause", self.webhook);
            service.ministry().post(&path, json!({})).await.expect(200);
        }
        if operation.id == "reopen_campaign" {
            let path = format!("/v1/campaigns/{}/close", self.campaign);
            service.ministry().post(&path, json!({})).await.expect(200);
        }
        if operation.path.starts_with("/v1/solicitations/{id}/") {
            let is_over = [
                "hold_solicitation",
                "mark_solicitation_not_held",
                "propose_solicitation_day",
                "agree_solicitation_day",
            ];
            let status = if is_over.contains(&operation.id) {
                "accepted"
            } else {
                "requested"
            };
            const PUT: &str =
                "UPDATE solicitations SET status = $1, scheduled_on = '2025-10-09', outcome = NULL,
                                        proposed_on = '2025-10-10', proposed_by = 'school'
                                WHERE id = $2::text::uuid";
            service
                .sql()
                .await
                .execute(PUT, &[&status, &self.solicitation])
                .await
                .expect("a solicitation");
        }
    }

    /// What the school asked for took place, under the convention, in 2022-2023.
    async fn hold(&self, service: &Service) {
        const PUT: &str = "UPDATE solicitations SET status = 'held', scheduled_on = '2025-10-09',
                outcome = '{\"held_on\": \"2022-10-09\"}', convention_id = $1::text::uuid WHERE id = $2::text::uuid";
        let sql = service.sql().await;
        sql.execute(PUT, &[&self.convention, &self.solicitation])
            .await
            .expect("a solicitation");
    }

    /// The document's example of a body, speaking of these objects.
    pub fn example(&self, taken: &TakenBody) -> Value {
        let own = |name: &str| match name {
            "partner_ids" => Some(json!([self.partner])),
            "convention_id" => Some(json!(self.convention)),
            "intervention_id" => Some(json!(self.intervention_id)),
            "uai" => Some(json!(self.uai)),
            // Of a year to come.
            "due_on" => Some(json!("2999-09-30")),
            _ => None,
        };
        let mut named = taken.example.clone();
        for (name, value) in named.as_object_mut().into_iter().flatten() {
            if let Some(id) = own(name).filter(|_| !value.is_null()) {
                *value = id;
            }
        }
        named
    }

    fn code(&self, operation: &Operation) -> &'static str {
        if operation.is_public() {
            "not_found"
        } else {
            self.territory
        }
    }
}

/// Whether it is about what is signed: its amendments, its renewal, what came of it.
fn acts_on_a_signed_one(operation: &Operation) -> bool {
    let signed = ["renew_convention", "get_convention_summary"];
    operation.path.contains("/amendments") || signed.contains(&operation.id)
}

/// A synchronisation that a partner opens, and a batch of it, in which something is wrong.
async fn new_sync(service: &Service, partner: &str) -> (String, String) {
    let portal = service.partner(partner);
    let syncs = format!("/v1/partners/{partner}/syncs");
    let sync = id(&portal.post(&syncs, json!({})).await.expect(201));
    let batch = format!("/v1/partners/{partner}/interventions/batch?sync_id={sync}");
    let items = json!({ "items": [{ "external_id": "visite" }] });
    let verdict = portal.post(&batch, items).await.expect(200);
    (sync, verdict["batch_id"].as_str().unwrap().to_owned())
}

/// The draft of an amendment that adds an article.
async fn new_amendment(service: &Service, convention: &str, partner: &str) -> String {
    let body = json!({
        "title": "Avenant", "effective_on": "2026-06-01",
        "changes": [{ "op": "text", "article": "Article 1", "text": "Deux réunions par an." }],
        "signatories": [
            { "side": "ministry", "name": "A", "function": "Recteur", "organisation": "Académie" },
            { "side": "partner", "partner_id": partner, "name": "B", "function": "Présidente", "organisation": "B" },
        ],
    });
    let path = format!("/v1/conventions/{convention}/amendments");
    id(&service.ministry().post(&path, body).await.expect(201))
}

/// The draft of a local convention of this academy with this partner.
async fn new_convention(service: &Service, partner: &str, academy: &str) -> String {
    let body = json!({
        "title": "Convention locale", "kind": "partnership", "scope": "local", "territory": academy,
        "partner_ids": [partner], "starts_on": "2026-01-01",
        "signatories": [
            { "side": "ministry", "name": "A", "function": "Recteur", "organisation": "Académie" },
            { "side": "partner", "partner_id": partner, "name": "B", "function": "Présidente", "organisation": "B" },
        ],
    });
    id(&service
        .ministry()
        .post("/v1/conventions", body)
        .await
        .expect(201))
}

async fn new_client(service: &Service, uai: &str) -> String {
    let body = json!({ "name": "Programme", "contact_email": "a@exemple.fr", "role": "establishment", "uais": [uai], "scopes": ["read"] });
    id(&service
        .ministry()
        .post("/v1/clients", body)
        .await
        .expect(201))
}

/// There are twenty of a caller at most: the oldest, of places that are done with, make room.
async fn new_webhook(service: &Service) -> (String, String) {
    let ministry = service.ministry();
    for old in ministry.all("/v1/webhooks").await.iter().rev().skip(15) {
        let path = format!("/v1/webhooks/{}", id(old));
        ministry.delete(&path).await.expect(204);
    }
    let body = json!({ "url": "https://portail.exemple.fr/webhooks" });
    let webhook = id(&ministry.post("/v1/webhooks", body).await.expect(201));
    let path = format!("/v1/webhooks/{webhook}/test");
    let test = ministry.post(&path, json!({})).await.expect(202);
    (webhook, id(&test))
}

async fn new_contact(service: &Service, uai: &str) -> String {
    let body = json!({ "territory": format!("uai:{uai}"), "role": "bde", "name": "Claude Roux" });
    id(&service
        .ministry()
        .post("/v1/contacts", body)
        .await
        .expect(201))
}

/// The one of a year later than those of the examples, open: campaigns are nobody's own.
async fn new_campaign(service: &Service) -> String {
    let ministry = service.ministry();
    let known = ministry.all("/v1/campaigns?school_year=2100-2101").await;
    let Some(known) = known.first() else {
        let body =
            json!({ "school_year": "2100-2101", "opens_on": "2100-09-01", "due_on": "2101-09-30" });
        return id(&ministry.post("/v1/campaigns", body).await.expect(201));
    };
    if known["status"] == "closed" {
        let path = format!("/v1/campaigns/{}/reopen", id(known));
        let reason = json!({ "reason": "Pour la suite" });
        ministry.post(&path, reason).await.expect(200);
    }
    id(known)
}

async fn new_solicitation(service: &Service, uai: &str, representative: &str) -> String {
    let body = json!({ "uai": uai, "representative_id": representative, "levels": ["3e"] });
    id(&service
        .ministry()
        .post("/v1/solicitations", body)
        .await
        .expect(201))
}

/// A publication of a year that has a report.
async fn new_publication(service: &Service, convention: &str) -> String {
    let with = json!({ "status": "validated", "school_year": "2023-2024" });
    let counted = "SELECT count(*) FROM reports WHERE school_year = '2023-2024'";
    if service.number(counted).await == 0 {
        let report = service.stored_report(convention, "FR", with).await;
        let line = json!([{ "action_type": "class_talk", "academy": "academy:10", "pupils": 60 }]);
        service.stored_lines(&report, line).await;
    }
    let body = json!({ "school_year": "2023-2024" });
    let ministry = service.ministry();
    id(&ministry.post("/v1/publications", body).await.expect(201))
}

async fn new_declination(service: &Service, convention: &str, uai: &str) -> String {
    let body = json!({ "convention_id": convention, "level": "establishment", "territories": [format!("uai:{uai}")],
                       "starts_on": "2020-09-01" });
    id(&service
        .ministry()
        .post("/v1/declinations", body)
        .await
        .expect(201))
}
