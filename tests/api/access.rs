//! Who may do what to which object: every operation of the document, every role, on an object of
//! their own, a neighbour's, a stranger's, and on one that does not exist.
//!
//! The table is reviewed by hand. An operation that the document has and the table has not fails.

use serde_json::Value;

use crate::support::document::{Operation, operation, operations};
use crate::support::place::{Place, Reports};
use crate::support::{Caller, Reply, Service, id};

/// What each role is answered: one status for all objects, or four: own, sibling, foreign, absent.
struct Line {
    operation: &'static str,
    body: &'static str,
    /// Ministry, academy, establishment, partner, reader.
    answers: [&'static str; 5],
}

const fn line(operation: &'static str, body: &'static str, answers: [&'static str; 5]) -> Line {
    Line {
        operation,
        body,
        answers,
    }
}

/// Read by all roles alike.
const fn common(operation: &'static str) -> Line {
    line(operation, "", ["200"; 5])
}

/// Read by all roles alike, where it exists.
const fn shared(operation: &'static str) -> Line {
    line(operation, "", ["200 200 200 404"; 5])
}

const PARTNER: &str = r#"{"legal_name": "Nouveau", "kind": "company"}"#;
const DESCRIPTION: &str = r#"{"description": "Autre"}"#;
const PERSON: &str = r#"{"name": "Camille Martin", "territories": ["FR"]}"#;
const NAME: &str = r#"{"name": "Autre"}"#;
const LOCAL: &str = r#"{"title": "Locale", "kind": "partnership", "scope": "local", "territory": "academy:10", "partner_ids": ["<partner>"], "starts_on": "2026-01-01"}"#;
const TITLE: &str = r#"{"title": "Autre"}"#;
const END: &str = r#"{"on": "2028-06-30", "party": "Académie", "kind": "mutual"}"#;
const AMENDMENT: &str = r#"{"title": "Avenant", "effective_on": "2027-01-01", "changes": [{"op": "set_axes", "axes": ["internships"]}]}"#;
const SIGNATURE: &str = r#"{"side": "partner", "signed_on": "2026-01-15", "medium": "simple"}"#;
const INTERVENTION: &str = r#"{"convention_id": "<convention>", "title": "Autre", "action_type": "class_talk", "levels": ["3e"], "modality": "remote", "nationwide": true}"#;
const BATCH: &str = r#"{"items": [{"external_id": "visite", "convention_id": "<convention>", "title": "Autre", "action_type": "class_talk", "levels": ["3e"], "modality": "remote", "nationwide": true}]}"#;
const TOUCH: &str = r#"{"external_ids": ["visite"]}"#;
const REPORT: &str =
    r#"{"convention_id": "<convention>", "territory": "uai:0690001A", "school_year": "2022-2023"}"#;
const REPORT_KEY: &str =
    r#"{"convention_id": "<convention>", "territory": "uai:0690001A", "school_year": "2022-2023"}"#;
const NARRATIVE: &str = r#"{"narrative": {"results": "Autres"}}"#;
const REASON: &str = r#"{"reason": "À compléter"}"#;
const CLIENT: &str = r#"{"name": "N", "contact_email": "a@exemple.fr", "role": "establishment", "uais": ["0690001A"], "scopes": ["read"]}"#;
const WEBHOOK: &str = r#"{"url": "https://portail.exemple.fr/autre"}"#;
const SINCE: &str = r#"{"since": "2026-01-01T00:00:00Z"}"#;
const CONTACT: &str = r#"{"territory": "uai:0690001A", "role": "head"}"#;
const REQUEST: &str =
    r#"{"uai": "0690001A", "intervention_id": "<intervention>", "levels": ["3e"]}"#;
const PUPILS: &str = r#"{"pupils_expected": 12}"#;
const ANOTHER_DAY: &str = r#"{"proposed_on": "2099-01-22"}"#;
const DAY: &str = r#"{"scheduled_on": "2099-01-15"}"#;
const OUTCOME: &str = r#"{"outcome": {"held_on": "2025-10-09"}}"#;
const VALIDATE: &str = r#"{"step": "validate", "ids": ["0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f"]}"#;
const HOLD: &str = r#"{"step": "hold", "ids": ["0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f"]}"#;
const CLOSE: &str = r#"{"step": "close", "ids": ["0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f"]}"#;
const DECLINATIONS: &str = r#"{"items": [{"convention_id": "<convention>", "level": "establishment", "territories": ["uai:0690001A"], "starts_on": "2026-09-01"}]}"#;
const CONTACTS: &str = r#"{"items": [{"territory": "uai:0690001A", "role": "head"}]}"#;
const ROWS: &str = r#"{"items": [{"convention_id": "<convention>", "territory": "uai:0690001A", "school_year": "2022-2023", "action_type": "class_talk"}]}"#;
const CAMPAIGN: &str =
    r#"{"school_year": "2023-2024", "opens_on": "2024-05-01", "due_on": "2024-09-30"}"#;
const DUE_ON: &str = r#"{"due_on": "2999-10-15"}"#;
const YEAR: &str = r#"{"school_year": "2023-2024"}"#;
const DECLINATION: &str = r#"{"convention_id": "<convention>", "level": "establishment", "territories": ["uai:0690001A"], "starts_on": "2026-09-01"}"#;

#[rustfmt::skip]
const TABLE: &[Line] = &[
    //                                          ministry           academy            establishment      partner            reader
    common("list_partners"),
    common("count_partners"),
    shared("get_partner"),
    // National ones: see `local_partners.rs` for those of a territory.
    line("create_partner", PARTNER,            ["201",             "403",             "403",             "403",             "403"]),
    line("update_partner", DESCRIPTION,        ["200 200 200 404", "403 403 403 404", "403 403 403 404", "200 403 403 404", "403"]),
    line("delete_partner", "",                 ["409 409 409 404", "403 403 403 404", "403 403 403 404", "403",             "403"]),
    line("archive_partner", "",                ["200 200 200 404", "403 403 403 404", "403 403 403 404", "403",             "403"]),
    line("restore_partner", "",                ["409 409 409 404", "403 403 403 404", "403 403 403 404", "403",             "403"]),
    shared("list_representatives"),
    shared("count_representatives"),
    shared("get_representative"),
    line("create_representative", PERSON,      ["201 201 201 404", "403",             "403",             "201 403 403 404", "403"]),
    line("update_representative", NAME,        ["200 200 200 404", "403",             "403",             "200 403 403 404", "403"]),
    line("delete_representative", "",          ["204 204 204 404", "403",             "403",             "204 403 403 404", "403"]),
    common("list_conventions"),
    common("count_conventions"),
    line("get_convention", "",                 ["200 200 200 404", "200 404 404 404", "404",             "200 404 404 404", "404"]),
    line("create_convention", LOCAL,           ["201",             "201",             "403",             "403",             "403"]),
    line("update_convention", TITLE,           ["200 200 200 404", "200 404 404 404", "404",             "403",             "403"]),
    line("delete_convention", "",              ["204 204 204 404", "204 404 404 404", "404",             "403",             "403"]),
    line("open_convention_negotiation", "",    ["200 200 200 404", "200 404 404 404", "404",             "403",             "403"]),
    line("send_convention_for_signature", "",  ["409 409 409 404", "409 404 404 404", "404",             "403",             "403"]),
    line("sign_convention", SIGNATURE,         ["409 409 409 404", "409 404 404 404", "404",             "409 404 404 404", "403"]),
    line("abandon_convention", "",             ["200 200 200 404", "200 404 404 404", "404",             "403",             "403"]),
    line("terminate_convention", END,          ["200 200 200 404", "200 403 403 404", "403 403 403 404", "403",             "403"]),
    line("renew_convention", "",               ["201 201 201 404", "201 403 403 404", "403 403 403 404", "403",             "403"]),
    shared("list_amendments"),
    shared("count_amendments"),
    line("get_amendment", "",                  ["200 200 200 404", "200 404 404 404", "404",             "200 404 404 404", "404"]),
    line("create_amendment", AMENDMENT,        ["201 201 201 404", "201 403 403 404", "403 403 403 404", "403",             "403"]),
    line("update_amendment", TITLE,            ["200 200 200 404", "200 404 404 404", "404",             "403",             "403"]),
    line("delete_amendment", "",               ["204 204 204 404", "204 404 404 404", "404",             "403",             "403"]),
    line("send_amendment_for_signature", "",   ["200 200 200 404", "200 404 404 404", "404",             "403",             "403"]),
    line("sign_amendment", SIGNATURE,          ["409 409 409 404", "409 404 404 404", "404",             "409 404 404 404", "403"]),
    line("abandon_amendment", "",              ["200 200 200 404", "200 404 404 404", "404",             "403",             "403"]),
    common("list_declinations"),
    common("count_declinations"),
    // Drafts: those of a school are its own, its academy's and the ministry's.
    line("get_declination", "",                ["200 200 200 404", "200 404 404 404", "200 404 404 404", "404",             "404"]),
    line("create_declination", DECLINATION,    ["201",             "201",             "201",             "403",             "403"]),
    line("update_declination", TITLE,          ["200 200 200 404", "200 404 404 404", "200 404 404 404", "403",             "403"]),
    line("delete_declination", "",             ["204 204 204 404", "204 404 404 404", "204 404 404 404", "403",             "403"]),
    line("activate_declination", "",           ["200 200 200 404", "200 404 404 404", "200 404 404 404", "403",             "403"]),
    line("close_declination", "",              ["409 409 409 404", "409 404 404 404", "409 404 404 404", "403",             "403"]),
    line("abandon_declination", "",            ["200 200 200 404", "200 404 404 404", "200 404 404 404", "403",             "403"]),
    // What may be done with each, `steps.rs` compares with the step taken alone.
    line("step_declinations", CLOSE,           ["200",             "200",             "200",             "403",             "403"]),
    line("list_convention_history", "",        ["200 200 200 404", "200 404 404 404", "404",             "200 404 404 404", "404"]),
    line("get_convention_coverage", "",        ["200 200 200 404", "200 404 404 404", "404",             "200 404 404 404", "404"]),
    shared("get_convention_summary"),
    line("list_declination_history", "",       ["200 200 200 404", "200 404 404 404", "200 404 404 404", "404",             "404"]),
    line("get_declination_comparison", "",     ["200 200 200 404", "200 404 404 404", "200 404 404 404", "404",             "404"]),
    line("get_declination_progress", "",       ["200 200 200 404", "200 404 404 404", "200 404 404 404", "403",             "403"]),
    common("list_interventions"),
    common("count_interventions"),
    shared("list_partner_interventions"),
    shared("count_partner_interventions"),
    shared("get_intervention_by_id"),
    shared("get_intervention"),
    line("put_intervention", INTERVENTION,     ["403",             "403",             "403",             "200 403 403 404", "403"]),
    line("update_intervention", TITLE,         ["403",             "403",             "403",             "200 403 403 404", "403"]),
    line("withdraw_intervention", "",          ["200 200 200 404", "403",             "403",             "200 403 403 404", "403"]),
    line("list_solicitations", "",             ["200",             "200",             "200",             "200",             "403"]),
    line("count_solicitations", "",            ["200",             "200",             "200",             "200",             "403"]),
    line("get_solicitation", "",               ["200 200 200 404", "200 404 404 404", "200 404 404 404", "200 404 404 404", "403"]),
    line("create_solicitation", REQUEST,       ["201",             "201",             "201",             "403",             "403"]),
    line("update_solicitation", PUPILS,        ["200 200 200 404", "200 404 404 404", "200 404 404 404", "403",             "403"]),
    // It is requested, not accepted.
    line("propose_solicitation_day", ANOTHER_DAY, ["409 409 409 404", "409 404 404 404", "409 404 404 404", "409 404 404 404", "403"]),
    line("agree_solicitation_day", "",         ["409 409 409 404", "409 404 404 404", "409 404 404 404", "409 404 404 404", "403"]),
    line("accept_solicitation", DAY,           ["200 200 200 404", "403",             "403",             "200 404 404 404", "403"]),
    line("decline_solicitation", REASON,       ["200 200 200 404", "403",             "403",             "200 404 404 404", "403"]),
    line("hold_solicitation", OUTCOME,         ["409 409 409 404", "409 404 404 404", "409 404 404 404", "409 404 404 404", "403"]),
    line("mark_solicitation_not_held", REASON, ["409 409 409 404", "409 404 404 404", "409 404 404 404", "409 404 404 404", "403"]),
    line("cancel_solicitation", "",            ["200 200 200 404", "200 404 404 404", "200 404 404 404", "200 404 404 404", "403"]),
    line("step_solicitations", HOLD,           ["200",             "200",             "200",             "200",             "403"]),
    line("list_campaigns", "",                 ["200",             "200",             "200",             "403",             "403"]),
    line("count_campaigns", "",                ["200",             "200",             "200",             "403",             "403"]),
    line("get_campaign", "",                   ["200 200 200 404", "200 200 200 404", "200 200 200 404", "403",             "403"]),
    line("create_campaign", CAMPAIGN,          ["201",             "403",             "403",             "403",             "403"]),
    line("update_campaign", DUE_ON,            ["200 200 200 404", "403",             "403",             "403",             "403"]),
    line("close_campaign", "",                 ["200 200 200 404", "403",             "403",             "403",             "403"]),
    line("reopen_campaign", REASON,            ["409 409 409 404", "403",             "403",             "403",             "403"]),
    line("get_campaign_progress", "",          ["200 200 200 404", "200 200 200 404", "200 200 200 404", "403",             "403"]),
    line("list_expected_reports", "",          ["200 200 200 404", "200 200 200 404", "200 200 200 404", "403",             "403"]),
    line("count_expected_reports", "",         ["200 200 200 404", "200 200 200 404", "200 200 200 404", "403",             "403"]),
    common("list_contacts"),
    common("count_contacts"),
    shared("get_contact"),
    line("create_contact", CONTACT,            ["201",             "201",             "201",             "403",             "403"]),
    line("update_contact", NAME,               ["200 200 200 404", "200 403 403 404", "200 403 403 404", "403",             "403"]),
    line("delete_contact", "",                 ["204 204 204 404", "204 403 403 404", "204 403 403 404", "403",             "403"]),
    line("push_interventions", BATCH,          ["403",             "403",             "403",             "200 403 403 404", "403"]),
    line("touch_interventions", TOUCH,         ["403",             "403",             "403",             "200 403 403 404", "403"]),
    line("list_syncs", "",                     ["200 200 200 404", "403",             "403",             "200 403 403 404", "403"]),
    line("count_syncs", "",                    ["200 200 200 404", "403",             "403",             "200 403 403 404", "403"]),
    line("get_sync", "",                       ["200 200 200 404", "403",             "403",             "200 404 404 404", "403"]),
    line("list_pushes", "",                    ["200 200 200 404", "403",             "403",             "200 403 403 404", "403"]),
    line("count_pushes", "",                   ["200 200 200 404", "403",             "403",             "200 403 403 404", "403"]),
    line("list_sync_batches", "",              ["200 200 200 404", "403",             "403",             "200 404 404 404", "403"]),
    line("count_sync_batches", "",             ["200 200 200 404", "403",             "403",             "200 404 404 404", "403"]),
    line("get_sync_batch", "",                 ["200 200 200 404", "403",             "403",             "200 404 404 404", "403"]),
    // One is open.
    line("open_sync", "",                      ["403",             "403",             "403",             "409 403 403 404", "403"]),
    line("commit_sync", "",                    ["403",             "403",             "403",             "200 403 403 404", "403"]),
    line("abandon_sync", "",                   ["403",             "403",             "403",             "200 403 403 404", "403"]),
    common("list_establishments"),
    common("count_establishments"),
    shared("get_establishment"),
    shared("list_opportunities"),
    common("list_territories"),
    common("count_territories"),
    shared("get_territory"),
    common("list_nomenclatures"),
    common("count_nomenclatures"),
    shared("get_nomenclature"),
    common("list_indicators"),
    common("count_indicators"),
    // Live for the first three, published for the others.
    common("get_indicator_values"),
    common("list_publications"),
    common("count_publications"),
    shared("get_publication"),
    line("create_publication", YEAR,           ["201",             "403",             "403",             "403",             "403"]),
    line("withdraw_publication", REASON,       ["200 200 200 404", "403",             "403",             "403",             "403"]),
    shared("list_publication_changes"),
    common("list_deadlines"),
    common("count_deadlines"),
    common("list_coverage"),
    common("count_coverage"),
    common("list_todo"),
    common("count_todo"),
    common("list_changes"),
    common("get_snapshot"),
    common("list_webhooks"),
    common("count_webhooks"),
    // A webhook of the ministry's: those of others are their own, whatever their perimeter.
    line("get_webhook", "",                    ["200 200 200 404", "404",             "404",             "404",             "404"]),
    line("create_webhook", WEBHOOK,            ["201",             "201",             "201",             "201",             "201"]),
    line("update_webhook", WEBHOOK,            ["200 200 200 404", "404",             "404",             "404",             "404"]),
    line("delete_webhook", "",                 ["204 204 204 404", "404",             "404",             "404",             "404"]),
    line("rotate_webhook_secret", "",          ["200 200 200 404", "404",             "404",             "404",             "404"]),
    line("test_webhook", "",                   ["202 202 202 404", "404",             "404",             "404",             "404"]),
    line("pause_webhook", "",                  ["200 200 200 404", "404",             "404",             "404",             "404"]),
    line("resume_webhook", "",                 ["409 409 409 404", "404",             "404",             "404",             "404"]),
    line("replay_webhook", SINCE,              ["200 200 200 404", "404",             "404",             "404",             "404"]),
    line("list_webhook_deliveries", "",        ["200 200 200 404", "404",             "404",             "404",             "404"]),
    line("replay_webhook_delivery", "",        ["202 202 202 404", "404",             "404",             "404",             "404"]),
    line("list_clients", "",                   ["200",             "200",             "403",             "403",             "403"]),
    common("get_me"),
    // Each its own: see `requests.rs`, `calendars.rs`.
    common("list_requests"),
    common("count_requests"),
    common("get_calendar"),
    line("create_calendar", "",                ["201",             "201",             "201",             "201",             "201"]),
    line("delete_calendar", "",                ["204",             "204",             "204",             "204",             "204"]),
    line("count_clients", "",                  ["200",             "200",             "403",             "403",             "403"]),
    // A partner's client reads itself: see `clients.rs`.
    line("get_client", "",                     ["200 200 200 404", "200 404 404 404", "403",             "404",             "403"]),
    line("create_client", CLIENT,              ["201",             "201",             "403",             "403",             "403"]),
    line("update_client", NAME,                ["200 200 200 404", "200 404 404 404", "403",             "403",             "403"]),
    line("rotate_client_secret", "",           ["200 200 200 404", "200 404 404 404", "403",             "404",             "403"]),
    line("revoke_client", "",                  ["200 200 200 404", "200 404 404 404", "403",             "403",             "403"]),
    // Schools' reports: of those, the ministry only reads. See `reports.rs` for those of other territories.
    common("list_reports"),
    common("count_reports"),
    line("get_report", "",                     ["200 200 200 404", "200 404 404 404", "200 404 404 404", "200 404 404 404", "200 200 200 404"]),
    line("list_report_versions", "",           ["200 200 200 404", "200 404 404 404", "200 404 404 404", "200 404 404 404", "200 200 200 404"]),
    line("list_report_lines", "",              ["200",             "200",             "200",             "403",             "403"]),
    line("count_report_lines", "",             ["200",             "200",             "200",             "403",             "403"]),
    line("create_report", REPORT,              ["403",             "201",             "201",             "403",             "403"]),
    // Nothing was held there.
    line("prefill_report", REPORT_KEY,         ["403",             "409",             "409",             "403",             "403"]),
    line("update_report", NARRATIVE,           ["403 403 403 404", "200 404 404 404", "200 404 404 404", "403",             "403"]),
    line("delete_report", "",                  ["403 403 403 404", "204 404 404 404", "204 404 404 404", "403",             "403"]),
    line("submit_report", "",                  ["403 403 403 404", "200 404 404 404", "200 404 404 404", "403",             "403"]),
    line("validate_report", "",                ["403 403 403 404", "200 404 404 404", "403",             "403",             "403"]),
    line("return_report", REASON,              ["403 403 403 404", "200 404 404 404", "403",             "403",             "403"]),
    line("step_reports", VALIDATE,             ["200",             "200",             "403",             "403",             "403"]),
    // Whose rows are taken: see `declinations_by_file.rs` and `contacts_by_file.rs`.
    line("push_declinations", DECLINATIONS,     ["200",             "200",             "200",             "403",             "403"]),
    line("get_declination_template", "",       ["200",             "200",             "200",             "403",             "403"]),
    line("push_contacts", CONTACTS,             ["200",             "200",             "200",             "403",             "403"]),
    line("get_contact_template", "",           ["200",             "200",             "200",             "403",             "403"]),
    line("push_reports", ROWS,                 ["200",             "200",             "200",             "403",             "403"]),
    line("get_report_template", "",            ["200",             "200",             "200",             "403",             "403"]),
];

/// Answered to everyone alike, token or not.
const PUBLIC: &[&str] = &[
    "get_health",
    "get_readiness",
    "get_version",
    "get_openapi",
    "list_problems",
    "get_problem",
    "get_security_txt",
    "redirect_to_docs",
    "get_docs",
    "get_docs_filter",
    "get_docs_page",
    "get_docs_operation",
    "get_docs_schema",
    "get_docs_nomenclature",
    "get_asset",
    "get_jwks",
    "get_authorization_server",
    "list_public_conventions",
    "get_public_convention",
    "list_public_indicators",
    "get_public_indicator_values",
    "list_public_publications",
    "get_public_publication",
    "get_public_catalog",
    "get_calendar_feed",
    "issue_token",
    "revoke_token",
];

const OBJECTS: [&str; 4] = ["own", "sibling", "foreign", "absent"];

impl Line {
    fn expected(&self, role: usize, object: usize) -> u16 {
        let answers: Vec<&str> = self.answers[role].split(' ').collect();
        answers
            .get(object)
            .unwrap_or(&answers[0])
            .parse()
            .expect("a status")
    }
}

#[test]
fn every_operation_has_its_line() {
    let listed: Vec<&str> = TABLE
        .iter()
        .map(|line| line.operation)
        .chain(PUBLIC.iter().copied())
        .collect();
    let missing: Vec<&str> = operations()
        .into_iter()
        .map(|operation| operation.id)
        .filter(|id| !listed.contains(id))
        .collect();
    assert_eq!(
        missing, [""; 0],
        "add them to the table of this file, once it was thought about who may do them"
    );
    for operation in operations() {
        assert_eq!(
            operation.is_public(),
            PUBLIC.contains(&operation.id),
            "{}: only what is under /v1 asks for a token",
            operation.id
        );
        let policy = ree::auth::policy::TABLE
            .iter()
            .any(|line| line.operation == operation.id);
        assert_eq!(
            policy,
            !operation.is_public(),
            "{}: its line of the service's own table",
            operation.id
        );
    }
}

/// The objects of the four relations, and who is related to them.
struct World {
    service: Service,
    /// Of which the partners of the first two are members.
    network: String,
    places: [Place; 4],
}

impl World {
    async fn new(service: &Service) -> Self {
        let mut world = Self {
            service: service.clone(),
            network: id(&service.new_partner("Réseau").await),
            places: std::array::from_fn(|_| Place::nowhere()),
        };
        for object in 0..3 {
            world.renew(object).await;
        }
        world
    }

    /// New objects of this relation, for those that a request may have changed.
    async fn renew(&mut self, object: usize) {
        let service = &self.service;
        let mut place = match object {
            0 => Place::lyon(service).await,
            // The same region, and the same national network.
            1 => Place::new(service, 380_001, "department:038", "academy:08", "levels").await,
            _ => Place::new(service, 590_001, "department:059", "academy:09", "axes").await,
        };
        if object < 2 {
            let body = serde_json::json!({ "member_of": [self.network] });
            let path = format!("/v1/partners/{}", place.partner);
            service.ministry().patch(&path, body).await.expect(200);
        }
        let school = format!("uai:{}", place.uai);
        place.reports = Reports::of(service, &place.convention, &school).await;
        self.places[object] = place;
    }

    fn callers(&self) -> [(&'static str, Caller); 5] {
        let own = &self.places[0];
        [
            ("ministry", self.service.ministry()),
            ("academy", self.service.academy("academy:10")),
            ("establishment", self.service.school(&own.uai)),
            ("partner", self.service.partner(&own.partner)),
            ("reader", self.service.reader()),
        ]
    }

    async fn ask(
        &self,
        caller: &Caller,
        operation: &Operation,
        line: &Line,
        object: usize,
    ) -> Reply {
        let path = self.places[object].path(operation);
        let query = operation.required_query();
        let address = if query.is_empty() {
            path.clone()
        } else {
            format!("{path}?{query}")
        };
        let request = caller
            .request(&operation.method, &address)
            .header("x-request-id", "same");
        let request = if operation.has_header("If-Match") {
            request.header("if-match", "*")
        } else {
            request
        };
        let own = &self.places[0];
        let body = line.body.replace("0690001A", &own.uai);
        let body = body.replace("<partner>", &own.partner);
        let body = body.replace("<convention>", &own.convention);
        let body = body.replace("<intervention>", &own.intervention_id);
        let mut reply = match operation.body().filter(|_| !body.is_empty()) {
            Some(taken) => request.body(taken.media_type, body).send().await,
            None => request.send().await,
        };
        // The path is in `instance`: what is asked for is the caller's own word, and tells nothing.
        if reply.status.is_client_error() {
            // A workbook is no text, and names no path.
            if let Ok(text) = std::str::from_utf8(&reply.body) {
                reply.body = text.replace(&path, "<path>").into();
            }
        }
        reply
    }
}

/// Asks for one operation as every role on every object, and compares.
async fn check(line: &Line, operation: &Operation, service: &Service) {
    let mut world = World::new(service).await;
    let has_object = operation.path.contains('{');
    for role in 0..5 {
        let mut absent = None;
        for object in (0..4).rev().filter(|object| has_object || *object == 0) {
            let (name, caller) = world.callers()[role].clone();
            let reply = world.ask(&caller, operation, line, object).await;
            let told = format!(
                "{} as {name} on {}: {}",
                operation.id,
                OBJECTS[object],
                String::from_utf8_lossy(&reply.body)
            );
            assert_eq!(reply.status.as_u16(), line.expected(role, object), "{told}");
            if object == 3 {
                absent = Some(reply.clone());
            }
            if let Some(absent) = absent
                .as_ref()
                .filter(|absent| absent.status == reply.status && reply.status.is_client_error())
            {
                assert_eq!(
                    reply.without_request_id(),
                    absent.without_request_id(),
                    "what may not be seen looks absent: {told}"
                );
            }
            if operation.writes() && reply.status.is_success() {
                world.renew(object).await;
                // What is sent may name the first one's.
                if object > 0 && line.body.contains('<') {
                    world.renew(0).await;
                }
            }
        }
    }
    for object in 0..4 {
        let anon = world.ask(&service.anon(), operation, line, object).await;
        anon.problem(401, "unauthorized");
        let first = world.ask(&service.anon(), operation, line, 0).await;
        assert_eq!(
            anon.without_request_id(),
            first.without_request_id(),
            "{}",
            operation.id
        );
    }
}

async fn check_all(chosen: impl Fn(&Operation) -> bool) {
    let service = Service::start().await;
    for line in TABLE {
        let operation = operation(line.operation);
        if chosen(&operation) {
            check(line, &operation, &service).await;
        }
    }
}

// In parts only so that they run at the same time.

#[actix_web::test]
async fn each_role_reads_what_the_table_says() {
    check_all(|operation| !operation.writes()).await;
}

#[actix_web::test]
async fn each_role_writes_partners_as_the_table_says() {
    check_all(|operation| {
        operation.writes()
            && operation.path.starts_with("/v1/partners")
            && !operation.id.contains("representative")
            && !operation.id.contains("intervention")
            && !operation.id.contains("sync")
    })
    .await;
}

#[actix_web::test]
async fn each_role_writes_interventions_as_the_table_says() {
    check_all(|operation| operation.writes() && operation.id.contains("intervention")).await;
}

#[actix_web::test]
async fn each_role_writes_syncs_as_the_table_says() {
    check_all(|operation| operation.writes() && operation.id.contains("sync")).await;
}

#[actix_web::test]
async fn each_role_writes_representatives_as_the_table_says() {
    check_all(|operation| operation.writes() && operation.id.contains("representative")).await;
}

#[actix_web::test]
async fn each_role_writes_reports_as_the_table_says() {
    check_all(|operation| operation.writes() && operation.path.starts_with("/v1/reports")).await;
}

#[actix_web::test]
async fn each_role_writes_conventions_as_the_table_says() {
    check_all(|operation| operation.writes() && operation.path.starts_with("/v1/conventions"))
        .await;
}

#[actix_web::test]
async fn each_role_writes_everything_else_as_the_table_says() {
    check_all(|operation| {
        let elsewhere = ["/v1/partners", "/v1/reports", "/v1/conventions"];
        operation.writes()
            && !elsewhere
                .iter()
                .any(|path| operation.path.starts_with(path))
    })
    .await;
}

#[actix_web::test]
async fn what_is_public_is_the_same_for_everyone() {
    let world = World::new(&Service::start().await).await;
    for operation in operations().into_iter().filter(Operation::is_public) {
        let line = line(operation.id, "", ["200"; 5]);
        let anon = world.ask(&world.service.anon(), &operation, &line, 0).await;
        assert!(
            !anon.status.is_server_error(),
            "{}: {}",
            operation.id,
            anon.text()
        );
        let stranger = world.service.anon().with_token("not a token");
        for caller in world
            .callers()
            .iter()
            .map(|(_, caller)| caller)
            .chain([&stranger])
        {
            let reply = world.ask(caller, &operation, &line, 0).await;
            assert_eq!(
                reply.without_request_id(),
                anon.without_request_id(),
                "{}",
                operation.id
            );
        }
    }
}

#[actix_web::test]
async fn a_token_for_reading_writes_nothing_and_one_for_writing_reads_nothing() {
    use ree::auth::policy::Grant;
    use ree::auth::{Perimeter, Role, Scopes};
    let world = World::new(&Service::start().await).await;
    let before = world.service.everything().await;
    for line in TABLE {
        let operation = operation(line.operation);
        let (scope, word) = if operation.writes() {
            (Scopes::Read, "write")
        } else {
            (Scopes::Write, "read")
        };
        // One whose role may: only the word is missing.
        let partner_id = world.places[0].partner.parse().ok();
        let mut lines = ree::auth::policy::TABLE.iter();
        let grants = lines.find(|granted| granted.operation == line.operation);
        let is_not_for_the_ministry = grants.is_some_and(|line| line.grants[0] == Grant::No);
        let (role, perimeter) = if is_not_for_the_ministry {
            let perimeter = Perimeter {
                partner_id,
                ..Perimeter::default()
            };
            (Role::Partner, perimeter)
        } else {
            (Role::Ministry, Perimeter::default())
        };
        let caller = world.service.with_scope(role, perimeter, scope);
        let reply = world.ask(&caller, &operation, line, 0).await;
        reply.problem(403, "insufficient_scope");
        assert!(
            reply
                .header("www-authenticate")
                .ends_with(&format!("scope=\"{word}\""))
        );
    }
    assert_eq!(world.service.everything().await, before);
}

#[actix_web::test]
async fn allowed_actions_are_those_that_are_not_refused() {
    let world = World::new(&Service::start().await).await;
    let verbs = [
        ("update", "update_partner"),
        ("delete", "delete_partner"),
        ("archive", "archive_partner"),
        ("restore", "restore_partner"),
    ];
    for (_, caller) in world.callers() {
        for object in 0..3 {
            let path = format!("/v1/partners/{}", world.places[object].partner);
            let shown: Value = caller.get(&path).await.expect(200)["allowed_actions"].clone();
            for (verb, name) in verbs {
                let line = TABLE
                    .iter()
                    .find(|line| line.operation == name)
                    .expect("its line");
                let stale = Line {
                    body: line.body,
                    operation: line.operation,
                    answers: line.answers,
                };
                let operation = operation(stale.operation);
                // A version that never was: refused for the role before it is refused for the version.
                let request = caller
                    .request(&operation.method, &world.places[object].path(&operation))
                    .header("if-match", "\"0.x\"");
                let reply = if stale.body.is_empty() {
                    request.send().await
                } else {
                    request
                        .merge(&serde_json::json!({ "description": "x" }))
                        .send()
                        .await
                };
                let is_shown = shown
                    .as_array()
                    .expect("a list")
                    .iter()
                    .any(|action| action == verb);
                assert_eq!(
                    is_shown || (verb == "restore" && reply.status == 412),
                    reply.status == 412,
                    "{verb}: {shown} {}",
                    String::from_utf8_lossy(&reply.body)
                );
            }
        }
    }
}
