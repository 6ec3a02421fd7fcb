//! Faulty requests: each is refused for what is wrong with it, and changes nothing.

use serde_json::{Value, json};

use crate::support::document::{Operation, operation, operations, properties};
use crate::support::place::Place;
use crate::support::{Reply, Sending, Service, absent, id};

/// A resource's writable fields with wrong values, and the rules they break.
pub struct Resource {
    pub create: &'static str,
    pub update: &'static str,
    pub valid: Value,
    pub faults: Vec<(&'static str, Value, &'static str)>,
    pub required: Vec<&'static str>,
    pub read_only: Vec<&'static str>,
}

/// What is wrong in any text of at most `max` characters.
pub fn texts(name: &'static str, max: usize) -> Vec<(&'static str, Value, &'static str)> {
    let long = |length: usize| Value::from("x".repeat(length));
    vec![
        (name, json!(1), "/ wrong_type"),
        (name, json!(true), "/ wrong_type"),
        (name, json!(["a"]), "/ wrong_type"),
        (name, json!({}), "/ wrong_type"),
        (name, json!(""), "/ blank"),
        (name, json!(" \u{a0} "), "/ blank"),
        (name, json!("a\u{0}"), "/ forbidden_characters"),
        (name, json!("a\u{202e}b"), "/ forbidden_characters"),
        (name, json!("\u{2066}a"), "/ forbidden_characters"),
        (name, json!("a\u{7f}"), "/ forbidden_characters"),
        (name, long(max + 1), "/ too_long"),
        (name, "é".repeat(max + 1).into(), "/ too_long"),
    ]
}

fn resources(place: &Place) -> Vec<Resource> {
    let many: Vec<String> = (0..201).map(|number| format!("x{number}")).collect();
    let mut partner: Vec<(&'static str, Value, &'static str)> = vec![
        ("kind", json!("compagnie"), "/ unknown_code"),
        ("kind", json!(""), "/ unknown_code"),
        ("kind", json!(3), "/ wrong_type"),
        ("kind", json!("COMPANY"), "/ unknown_code"),
        ("siren", json!("552049448"), "/ invalid_checksum"),
        ("siren", json!("55204944"), "/ invalid_format"),
        ("siren", json!(552_049_447), "/ wrong_type"),
        ("siren", json!("٥٥٢٠٤٩٤٤٧"), "/ invalid_format"),
        ("siren", json!(" 552049447"), "/ invalid_format"),
        ("siren", json!("552049447\u{0}"), "/ invalid_format"),
        ("rna", json!("w751234567"), "/ invalid_format"),
        ("rna", json!("W75123456"), "/ invalid_format"),
        ("rna", json!({}), "/ wrong_type"),
        ("sectors", json!("energy"), "/ wrong_type"),
        ("sectors", json!([1]), "/0 wrong_type"),
        ("sectors", json!([null]), "/0 wrong_type"),
        ("sectors", json!(["energy", "x"]), "/1 unknown_code"),
        ("sectors", json!(["energy", "energy"]), "/1 repeated_item"),
        ("sectors", json!([["energy"]]), "/0 wrong_type"),
        ("sectors", json!(many), "/ too_many_items"),
        ("sectors", json!({ "0": "energy" }), "/ wrong_type"),
        ("member_of", json!(["x"]), "/0 invalid_format"),
        (
            "member_of",
            json!([absent().to_uppercase()]),
            "/0 invalid_format",
        ),
        ("member_of", json!(absent()), "/ wrong_type"),
        ("member_of", json!([absent(), absent()]), "/1 repeated_item"),
        ("member_of", json!([absent()]), "/ unknown_reference"),
        ("website", json!("http://a.fr"), "/ invalid_format"),
        ("website", json!("https://"), "/ invalid_format"),
        ("website", json!("javascript:alert(1)"), "/ invalid_format"),
        ("website", json!("https://u:p@a.fr"), "/ invalid_format"),
        (
            "website",
            json!("https://a.fr\u{0}"),
            "/ forbidden_characters",
        ),
        (
            "website",
            format!("https://a.fr/{}", "a".repeat(2000)).into(),
            "/ too_long",
        ),
        ("website", json!(1), "/ wrong_type"),
    ];
    let mut person: Vec<(&'static str, Value, &'static str)> = vec![
        ("email", json!("a"), "/ invalid_format"),
        ("email", json!("a@b"), "/ invalid_format"),
        ("email", json!("a b@c.fr"), "/ invalid_format"),
        ("email", json!(1), "/ wrong_type"),
        ("email", json!("a@b.fr\u{0}"), "/ forbidden_characters"),
        (
            "email",
            format!("a@{}.fr", "b".repeat(300)).into(),
            "/ too_long",
        ),
        ("phone", json!("abc"), "/ invalid_format"),
        ("phone", json!("1"), "/ invalid_format"),
        ("phone", json!(123_456), "/ wrong_type"),
        ("phone", "1 ".repeat(20).into(), "/ too_long"),
        ("territories", json!([]), "/ empty_list"),
        ("territories", json!("FR"), "/ wrong_type"),
        ("territories", json!(["fr"]), "/0 "),
        ("territories", json!(["academy:99"]), "/0 unknown_territory"),
        (
            "territories",
            json!(["FR", "region:99"]),
            "/1 unknown_territory",
        ),
        ("territories", json!(["FR", "FR"]), "/1 repeated_item"),
        ("territories", json!(["department:69"]), "/0 "),
        (
            "territories",
            json!(["uai:0690001Z"]),
            "/0 invalid_checksum",
        ),
        ("territories", json!(["uai:x"]), "/0 "),
        ("territories", json!([null]), "/0 wrong_type"),
        ("territories", json!([""]), "/0 "),
        ("territories", json!(["FR\u{0}"]), "/0 "),
        ("territories", json!([{}]), "/0 wrong_type"),
        ("territories", json!(many), "/ too_many_items"),
    ];
    for (name, max) in [
        ("legal_name", 200),
        ("usual_name", 200),
        ("acronym", 30),
        ("description", 5000),
    ] {
        partner.extend(texts(name, max));
    }
    for (name, max) in [("name", 120), ("function", 200)] {
        person.extend(texts(name, max));
    }
    partner.push(("legal_name", json!("a\nb"), "/ forbidden_characters"));
    let mut intervention: Vec<(&'static str, Value, &'static str)> = vec![
        ("convention_id", json!("x"), "/ invalid_format"),
        ("convention_id", json!(1), "/ wrong_type"),
        ("convention_id", json!(absent()), "/ unknown_reference"),
        ("title", json!("a\nb"), "/ forbidden_characters"),
        ("action_type", json!("visit"), "/ unknown_code"),
        ("action_type", json!([]), "/ wrong_type"),
        ("levels", json!([]), "/ empty_list"),
        ("levels", json!("3e"), "/ wrong_type"),
        ("levels", json!(["3e", "9e"]), "/1 unknown_code"),
        ("levels", json!(["3e", "3e"]), "/1 repeated_item"),
        ("moments", json!(["x"]), "/0 unknown_code"),
        ("axes", json!([null]), "/0 wrong_type"),
        ("event", json!("x"), "/ unknown_code"),
        ("modality", json!("both"), "/ unknown_code"),
        ("nationwide", json!("yes"), "/ wrong_type"),
        ("nationwide", json!(1), "/ wrong_type"),
        ("territories", json!([]), "/ empty_list"),
        ("territories", json!(["academy:99"]), "/0 unknown_territory"),
        ("territories", json!(["uai:0000001S"]), "/0 "),
        ("territories", json!(["uai:9999999R", "FR"]), "/0 "),
        ("territories", json!("FR"), "/ wrong_type"),
        ("territories", json!(many), "/ too_many_items"),
        ("place", json!([]), "/ wrong_type"),
        ("place", json!("Lyon"), "/ wrong_type"),
        (
            "place",
            json!({ "latitude": 90.1, "longitude": 0 }),
            "/latitude out_of_range",
        ),
        (
            "place",
            json!({ "latitude": 45, "longitude": "4" }),
            "/longitude wrong_type",
        ),
        ("place", json!({ "latitude": 45 }), "/longitude required"),
        (
            "place",
            json!({ "latitude": 45, "longitude": 4, "radius_km": -1 }),
            "/radius_km out_of_range",
        ),
        (
            "place",
            json!({ "latitude": 45, "longitude": 4, "city": "Lyon" }),
            "/city unknown_field",
        ),
        ("available_from", json!("2026-02-30"), "/ invalid_date"),
        ("available_to", json!("tomorrow"), "/ invalid_format"),
        ("duration_minutes", json!(0), "/ out_of_range"),
        ("duration_minutes", json!(1.5), "/ wrong_type"),
        ("sessions", json!(-1), "/ out_of_range"),
        ("sessions", json!("1"), "/ wrong_type"),
        ("pupils_per_session", json!(0), "/ out_of_range"),
        ("pupils_per_session", json!(u64::MAX), "/ out_of_range"),
        ("languages", json!([]), "/ empty_list"),
        ("languages", json!(["FR"]), "/0 invalid_format"),
        ("languages", json!(["fr", "fr"]), "/1 repeated_item"),
        ("languages", json!("fr"), "/ wrong_type"),
        ("url", json!("http://a.fr"), "/ invalid_format"),
    ];
    for (name, max) in [
        ("title", 150),
        ("description", 5000),
        ("accessibility", 1000),
    ] {
        intervention.extend(texts(name, max));
    }
    let mut client: Vec<(&'static str, Value, &'static str)> = vec![
        ("contact_email", json!("x"), "/ invalid_format"),
        ("contact_email", json!(1), "/ wrong_type"),
        ("role", json!("king"), "/ unknown_code"),
        ("role", json!(1), "/ wrong_type"),
        ("territories", json!(["academy:99"]), "/0 unknown_territory"),
        (
            "territories",
            json!(["department:069"]),
            "/0 invalid_format",
        ),
        ("territories", json!("x"), "/ wrong_type"),
        ("scopes", json!(["read", "admin"]), "/1 unknown_code"),
        ("scopes", json!([]), "/ empty_list"),
        ("scopes", json!("read"), "/ wrong_type"),
        ("expires_at", json!("tomorrow"), "/ invalid_format"),
        (
            "expires_at",
            json!("2026-02-30T00:00:00Z"),
            "/ invalid_date",
        ),
        ("expires_at", json!(1), "/ wrong_type"),
    ];
    client.extend(texts("name", 100));
    let mut webhook: Vec<(&'static str, Value, &'static str)> = vec![
        ("url", json!("portail.exemple.fr"), "/ invalid_format"),
        (
            "url",
            json!("https://portail.exemple.fr/#a"),
            "/ invalid_format",
        ),
        (
            "url",
            json!("https://a@portail.exemple.fr/"),
            "/ credentials_in_url",
        ),
        ("url", json!(1), "/ wrong_type"),
        (
            "types",
            json!(["partner.created", "partner.signed"]),
            "/1 unknown_code",
        ),
        (
            "types",
            json!(["partner.created", "partner.created"]),
            "/1 repeated_item",
        ),
        ("types", json!("partner.created"), "/ wrong_type"),
        ("territories", json!(["academy:99"]), "/0 unknown_territory"),
        ("territories", json!("FR"), "/ wrong_type"),
    ];
    webhook.extend(texts("description", 200));
    let mut declination: Vec<(&'static str, Value, &'static str)> = vec![
        ("level", json!("district"), "/ unknown_code"),
        ("level", json!(1), "/ wrong_type"),
        ("territories", json!([]), "/ empty_list"),
        ("territories", json!("academy:10"), "/ wrong_type"),
        ("territories", json!(["academy:99"]), "/0 unknown_territory"),
        ("territories", json!(["region:84"]), "/0 of_another_level"),
        (
            "territories",
            json!(["uai:0690001Z"]),
            "/0 invalid_checksum",
        ),
        ("territories", json!(many), "/ too_many_items"),
        ("starts_on", json!("2026-02-30"), "/ invalid_date"),
        ("starts_on", json!("1/9/2026"), "/ invalid_format"),
        ("ends_on", json!("2019-08-31"), "/ before_start"),
        ("ends_on", json!(2027), "/ wrong_type"),
        ("coordinator", json!("A"), "/ wrong_type"),
        ("coordinator", json!({ "name": 1 }), "/name wrong_type"),
        (
            "coordinator",
            json!({ "name": "A", "email": "a" }),
            "/email invalid_format",
        ),
        (
            "coordinator",
            json!({ "name": "A", "phone": "a" }),
            "/phone invalid_format",
        ),
        (
            "coordinator",
            json!({ "name": "A", "age": 1 }),
            "/age unknown_field",
        ),
        ("targets", json!({}), "/ wrong_type"),
        (
            "targets",
            json!([{ "measure": "pupil", "school_year": "2026-2027", "value": 1 }]),
            "/0/measure unknown_code",
        ),
        (
            "targets",
            json!([{ "measure": "pupils", "school_year": "2026", "value": 1 }]),
            "/0/school_year invalid_format",
        ),
        (
            "targets",
            json!([{ "measure": "pupils", "school_year": "2026-2027", "value": -1 }]),
            "/0/value out_of_range",
        ),
        ("planned_actions", json!([1]), "/0 wrong_type"),
        (
            "planned_actions",
            json!([{ "title": "A" }]),
            "/0/action_type required",
        ),
        (
            "planned_actions",
            json!([{ "title": "A", "action_type": "company_visit", "targets": [1] }]),
            "/0/targets/0 wrong_type",
        ),
        (
            "planned_actions",
            json!([{ "title": "A", "action_type": "company_visit", "levels": ["x"] }]),
            "/0/levels/0 unknown_code",
        ),
        ("planned_actions", json!(many), "/ too_many_items"),
        (
            "board_decision",
            json!({ "date": "2026-02-30" }),
            "/date invalid_date",
        ),
    ];
    for name in ["convention_id", "parent_id", "representative_id"] {
        declination.push((name, json!("x"), "/ invalid_format"));
        declination.push((name, json!(1), "/ wrong_type"));
    }
    for name in ["axes", "action_types", "levels", "moments"] {
        declination.push((name, json!(["x"]), "/0 unknown_code"));
        declination.push((name, json!("x"), "/ wrong_type"));
        declination.push((name, json!(many), "/ too_many_items"));
    }
    declination.extend(texts("title", 300));
    let report = report_faults();
    vec![
        Resource {
            create: "create_declination",
            update: "update_declination",
            valid: json!({ "convention_id": absent(), "level": "academy", "territories": ["academy:10"], "starts_on": "2026-09-01" }),
            faults: declination,
            required: vec!["convention_id", "level", "territories", "starts_on"],
            read_only: vec![
                "id",
                "status",
                "effective_status",
                "signatories",
                "created_at",
                "updated_at",
                "allowed_actions",
                "warnings",
            ],
        },
        Resource {
            create: "create_partner",
            update: "update_partner",
            valid: json!({ "legal_name": "Valable", "kind": "company" }),
            faults: partner,
            required: vec!["legal_name", "kind"],
            read_only: vec![
                "id",
                "status",
                "created_at",
                "updated_at",
                "allowed_actions",
                "warnings",
            ],
        },
        Resource {
            create: "create_representative",
            update: "update_representative",
            valid: json!({ "name": "Valable", "territories": ["FR"] }),
            faults: person,
            required: vec!["name", "territories"],
            read_only: vec!["id", "partner_id", "created_at", "updated_at"],
        },
        Resource {
            create: "put_intervention",
            update: "update_intervention",
            valid: crate::support::intervention(&place.convention, json!({})),
            faults: intervention,
            required: vec![
                "convention_id",
                "title",
                "action_type",
                "levels",
                "modality",
                "territories",
            ],
            read_only: vec![
                "id",
                "partner_id",
                "external_id",
                "sessions_left",
                "confirmed_at",
                "withdrawn_at",
                "status",
                "withheld_reasons",
                "created_at",
                "updated_at",
                "allowed_actions",
                "warnings",
            ],
        },
        Resource {
            create: "create_report",
            update: "update_report",
            valid: json!({ "convention_id": place.convention, "territory": "FR", "school_year": "2022-2023" }),
            faults: report,
            required: vec!["convention_id", "territory", "school_year"],
            read_only: vec![
                "id",
                "version",
                "supersedes_id",
                "superseded",
                "status",
                "consolidated",
                "authors",
                "submitted_at",
                "validated_at",
                "return_reason",
                "created_at",
                "updated_at",
                "allowed_actions",
                "warnings",
            ],
        },
        Resource {
            create: "create_client",
            update: "update_client",
            valid: json!({ "name": "Valable", "contact_email": "a@exemple.fr", "role": "academy", "territories": ["academy:10"], "scopes": ["read"] }),
            faults: client,
            required: vec!["name", "contact_email", "role", "scopes"],
            read_only: vec![
                "id",
                "status",
                "last_used_at",
                "secrets",
                "client_secret",
                "created_at",
                "updated_at",
                "allowed_actions",
                "warnings",
            ],
        },
        Resource {
            create: "create_webhook",
            update: "update_webhook",
            valid: json!({ "url": "https://portail.exemple.fr/webhooks" }),
            faults: webhook,
            required: vec!["url"],
            read_only: vec![
                "id",
                "client_id",
                "status",
                "disabled_reason",
                "secrets",
                "last_success_at",
                "failing_since",
                "cursor",
                "created_at",
                "updated_at",
                "allowed_actions",
            ],
        },
        Resource {
            create: "create_contact",
            update: "update_contact",
            valid: json!({ "territory": "academy:10", "role": "cell" }),
            faults: contact_faults(),
            required: vec!["territory", "role"],
            read_only: vec!["id", "created_at", "updated_at"],
        },
        crate::faulty_conventions::resource(),
    ]
}

fn contact_faults() -> Vec<(&'static str, Value, &'static str)> {
    let mut faults = vec![
        ("territory", json!("academy:99"), "/ unknown_territory"),
        ("territory", json!("FR"), "/ no_contacts_there"),
        ("territory", json!("region:84"), "/ no_contacts_there"),
        ("territory", json!("uai:0690001Z"), "/ invalid_checksum"),
        ("territory", json!(["academy:10"]), "/ wrong_type"),
        ("role", json!("chief"), "/ unknown_code"),
        ("role", json!("Cell"), "/ unknown_code"),
        ("role", json!(1), "/ wrong_type"),
        ("email", json!("a@b"), "/ invalid_format"),
        ("email", json!(1), "/ wrong_type"),
        ("phone", json!("abc"), "/ invalid_format"),
        ("phone", json!(123_456), "/ wrong_type"),
    ];
    faults.extend(texts("name", 120));
    faults.extend(texts("label", 200));
    faults
}

fn report_faults() -> Vec<(&'static str, Value, &'static str)> {
    let schools: Vec<String> = (0..5001).map(crate::support::uai).collect();
    let lines: Vec<Value> = (0..1001)
        .map(|_| json!({ "action_type": "standards_contribution" }))
        .collect();
    let line = |name: &str, value: Value| {
        let mut line = json!({ "action_type": "company_visit", "academy": "academy:10" });
        line[name] = value;
        json!([line])
    };
    vec![
        ("convention_id", json!("x"), "/ invalid_format"),
        ("convention_id", json!(1), "/ wrong_type"),
        ("declination_id", json!("x"), "/ invalid_format"),
        ("territory", json!("fr"), "/ invalid_format"),
        ("territory", json!("academy:99"), "/ unknown_territory"),
        ("territory", json!("uai:0690001Z"), "/ invalid_checksum"),
        ("territory", json!(1), "/ wrong_type"),
        ("school_year", json!("2025"), "/ invalid_format"),
        ("school_year", json!("2025-2027"), "/ invalid_format"),
        ("school_year", json!(2025), "/ wrong_type"),
        ("lines", json!({}), "/ wrong_type"),
        ("lines", json!([1]), "/0 wrong_type"),
        ("lines", json!([null]), "/0 wrong_type"),
        ("lines", json!(lines), "/ too_many_items"),
        (
            "lines",
            json!([{ "academy": "academy:10" }]),
            "/0/action_type required",
        ),
        (
            "lines",
            line("action_type", json!(null)),
            "/0/action_type not_null",
        ),
        (
            "lines",
            line("action_type", json!("visit")),
            "/0/action_type unknown_code",
        ),
        ("lines", line("level", json!("4")), "/0/level unknown_code"),
        (
            "lines",
            line("moment", json!("noon")),
            "/0/moment unknown_code",
        ),
        ("lines", line("axis", json!("x")), "/0/axis unknown_code"),
        ("lines", line("event", json!("x")), "/0/event unknown_code"),
        (
            "lines",
            line("academy", json!("academy:99")),
            "/0/academy unknown_territory",
        ),
        (
            "lines",
            line("academy", json!("FR")),
            "/0/academy invalid_format",
        ),
        (
            "lines",
            line("academy", json!("region:84")),
            "/0/academy invalid_format",
        ),
        (
            "lines",
            line("actions", json!(-1)),
            "/0/actions out_of_range",
        ),
        ("lines", line("pupils", json!(1.5)), "/0/pupils wrong_type"),
        ("lines", line("pupils", json!("3")), "/0/pupils wrong_type"),
        ("lines", line("hours", json!(1e12)), "/0/hours out_of_range"),
        ("lines", line("nope", json!(1)), "/0/nope unknown_field"),
        (
            "lines",
            line("report_id", json!(absent())),
            "/0/report_id unknown_field",
        ),
        ("establishments", json!("0690001A"), "/ wrong_type"),
        ("establishments", json!([1]), "/0 wrong_type"),
        ("establishments", json!([null]), "/0 wrong_type"),
        ("establishments", json!(["0690001Z"]), "/0 invalid_checksum"),
        (
            "establishments",
            json!(["uai:0690001A"]),
            "/0 invalid_format",
        ),
        (
            "establishments",
            json!([crate::support::uai(690_001), crate::support::uai(690_001)]),
            "/1 repeated_item",
        ),
        (
            "establishments",
            json!([crate::support::uai(9_999_999)]),
            "/0 unknown_territory",
        ),
        ("establishments", json!(schools), "/ too_many_items"),
        ("narrative", json!("x"), "/ wrong_type"),
        ("narrative", json!([]), "/ wrong_type"),
        ("narrative", json!({ "results": 1 }), "/results wrong_type"),
        (
            "narrative",
            json!({ "results": "a\u{0}" }),
            "/results forbidden_characters",
        ),
        (
            "narrative",
            json!({ "outlook": "x".repeat(10_001) }),
            "/outlook too_long",
        ),
        ("narrative", json!({ "nope": "x" }), "/nope unknown_field"),
    ]
}

/// Sends a body to a creation or a change, as one who may.
async fn write(service: &Service, place: &Place, operation: &Operation, body: &Value) -> Reply {
    let taken = operation.body().expect("a body");
    let request = place
        .writer(service, operation)
        .request(&operation.method, &place.path(operation))
        .header("if-match", "*");
    request
        .body(taken.media_type, body.to_string())
        .send()
        .await
}

#[actix_web::test]
async fn each_wrong_value_of_each_field_is_told_with_its_place_and_its_rule() {
    let service = Service::start().await;
    let place = Place::lyon(&service).await;
    let before = service.everything().await;
    for resource in resources(&place) {
        let (create, update) = (operation(resource.create), operation(resource.update));
        for (name, value, expected) in &resource.faults {
            let mut whole = resource.valid.clone();
            whole[*name] = value.clone();
            let mut patch = json!({});
            patch[*name] = value.clone();
            for (operation, body) in [(&create, &whole), (&update, &patch)] {
                let reply = write(&service, &place, operation, body).await;
                reply.problem(422, "validation_failed");
                let (below, rule) = expected.split_once(' ').expect("a place and a rule");
                let pointer = format!("/{name}{}", if below == "/" { "" } else { below });
                let faults = reply.faults();
                let told = faults.iter().any(|fault| {
                    if rule.is_empty() {
                        fault.starts_with(&format!("{pointer} "))
                    } else {
                        *fault == format!("{pointer} {rule}")
                    }
                });
                assert!(
                    told && faults.len() == 1,
                    "{} {name}={value:.60}: {faults:?} instead of {pointer} {rule}",
                    operation.id
                );
            }
        }
        let reply = write(&service, &place, &create, &json!({})).await;
        let mut required: Vec<String> = resource
            .required
            .iter()
            .map(|name| format!("/{name} required"))
            .collect();
        required.sort();
        assert_eq!(reply.faults(), required);
        for name in &resource.required {
            let mut body = resource.valid.clone();
            body[*name] = Value::Null;
            assert_eq!(
                write(&service, &place, &create, &body).await.faults(),
                [format!("/{name} not_null")]
            );
            assert_eq!(
                write(&service, &place, &update, &json!({ *name: null }))
                    .await
                    .faults(),
                [format!("/{name} not_null")]
            );
        }
        for name in &resource.read_only {
            for operation in [&create, &update] {
                let mut body = if operation.id == create.id {
                    resource.valid.clone()
                } else {
                    json!({})
                };
                body[*name] = Value::Null;
                assert_eq!(
                    write(&service, &place, operation, &body).await.faults(),
                    [format!("/{name} read_only")],
                    "{}",
                    operation.id
                );
            }
        }
        for (name, pointer) in [
            ("nope", "/nope"),
            ("Name", "/Name"),
            ("a/b~c", "/a~1b~0c"),
            ("", "/"),
            ("é\u{0}", "/é\u{0}"),
            ("__proto__", "/__proto__"),
        ] {
            let mut body = resource.valid.clone();
            body[name] = json!(1);
            assert_eq!(
                write(&service, &place, &create, &body).await.faults(),
                [format!("{pointer} unknown_field")]
            );
        }
        for body in [
            json!([]),
            json!("x"),
            json!(1),
            json!(null),
            json!(true),
            json!([{}]),
        ] {
            for operation in [&create, &update] {
                assert_eq!(
                    write(&service, &place, operation, &body).await.faults(),
                    [" wrong_type"],
                    "{body}"
                );
            }
        }
    }
    assert_eq!(service.everything().await, before);
}

#[actix_web::test]
async fn what_is_not_strictly_json_is_not_read() {
    let service = Service::start().await;
    let (ministry, place) = (service.ministry(), Place::lyon(&service).await);
    let mut before = service.everything().await;
    let nested = |depth: usize| {
        format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth)).into_bytes()
    };
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"{".to_vec(),
        b"x".to_vec(),
        b"{} {}".to_vec(),
        b"{'a':1}".to_vec(),
        b"{\"a\":1,}".to_vec(),
        b"{\"a\":NaN}".to_vec(),
        b"{\"a\":01}".to_vec(),
        b"{\"a\":1e999}".to_vec(),
        b"{}\xef\xbb\xbf".to_vec(),
        b"{\"a\":\"\xff\"}".to_vec(),
        b"{\"a\":\"\xed\xa0\x80\"}".to_vec(),
        b"{\"a\":\"\xc0\x80\"}".to_vec(),
        b"{\"a\":\"\\ud800\"}".to_vec(),
        b"{\"a\":\"\\udc00\\ud800\"}".to_vec(),
        b"{\"a\":1,\"a\":2}".to_vec(),
        b"{\"a\":{\"b\":1,\"b\":2}}".to_vec(),
        b"{\"a\":1,\"\\u0061\":2}".to_vec(),
        b"{\"a\":\"\x01\"}".to_vec(),
        b"// x\n{}".to_vec(),
        b"\0".to_vec(),
        nested(32),
        nested(100_000),
        "[".repeat(100_000).into_bytes(),
        "{\"a\":".repeat(100_000).into_bytes(),
        b"\x1f\x8b\x08".to_vec(),
    ];
    for operation in operations() {
        let Some(taken) = operation.body() else {
            continue;
        };
        for body in &bodies {
            // It takes none, and there is one at a time.
            if body.is_empty() && operation.id == "open_sync" {
                place.prepare(&service, &operation).await;
            }
            let request = place
                .writer(&service, &operation)
                .request(&operation.method, &place.path(&operation))
                .header("if-match", "*");
            let reply = request.body(taken.media_type, body.clone()).send().await;
            // An absent body may be what an operation takes.
            if body.is_empty() && reply.status.is_success() {
                before = service.everything().await;
                continue;
            }
            let said = reply.problem(400, "malformed_json");
            assert!(
                !said["detail"].as_str().unwrap().contains("duplicate"),
                "the parser's words stay inside"
            );
        }
        let over = vec![b'['; 6 * 1024 * 1024];
        let request = place
            .writer(&service, &operation)
            .request(&operation.method, &place.path(&operation))
            .header("if-match", "*");
        request
            .body(taken.media_type, over)
            .send()
            .await
            .problem(413, "payload_too_large");
    }
    let deepest = nested(31);
    let reply = ministry
        .request("POST", "/v1/partners")
        .body("application/json", deepest)
        .send()
        .await;
    reply.problem(422, "validation_failed");
    assert_eq!(service.everything().await, before);
}

#[actix_web::test]
async fn wrong_parameters_are_told_all_at_once_and_none_is_ignored() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let reader = service.reader();
    let of_partners: &[(&str, &str)] = &[
        ("kind=x", "kind unknown_code"),
        ("kind=company,x", "kind unknown_code"),
        ("kind=", "kind unknown_code"),
        ("kind=company,", "kind unknown_code"),
        ("kind=%00", "kind unknown_code"),
        ("sector=x", "sector unknown_code"),
        ("status=gone", "status unknown_code"),
        ("siren=552049448", "siren invalid_checksum"),
        ("siren=x", "siren invalid_format"),
        ("siren=", "siren invalid_format"),
        ("q=%00", "q forbidden_characters"),
        ("updated_since=yesterday", "updated_since invalid_format"),
        ("updated_since=2026-01-01", "updated_since invalid_format"),
        (
            "updated_since=2026-13-01T00:00:00Z",
            "updated_since invalid_date",
        ),
        (
            "updated_since=2026-02-30T00:00:00Z",
            "updated_since invalid_date",
        ),
        (
            "updated_since=2026-01-01T00:00:00",
            "updated_since invalid_format",
        ),
        ("kind=company&kind=company", "kind repeated"),
        ("KIND=company", "KIND unknown_parameter"),
        ("=", " unknown_parameter"),
        ("offset=1", "offset unknown_parameter"),
        ("id=1", "id unknown_parameter"),
        ("%F0%9F%98%80=1", "😀 unknown_parameter"),
    ];
    let of_lists: &[(&str, &str)] = &[
        ("limit=0", "limit out_of_range"),
        ("limit=201", "limit out_of_range"),
        ("limit=x", "limit wrong_type"),
        ("limit=1&limit=1", "limit repeated"),
        ("sort=x", "sort unknown_order"),
        ("sort=--updated_at", "sort unknown_order"),
        ("sort=", "sort unknown_order"),
        ("sort=-", "sort unknown_order"),
        ("dialect=x", "dialect invalid_format"),
    ];
    for (query, expected) in of_partners {
        for list in ["/v1/partners", "/v1/partners/count"] {
            let reply = reader.get(&format!("{list}?{query}")).await;
            reply.problem(422, "validation_failed");
            assert_eq!(reply.faults(), [*expected], "{list}?{query}");
        }
    }
    let people = format!("/v1/partners/{partner}/representatives");
    for (query, expected) in of_lists {
        for list in ["/v1/partners", &people] {
            let reply = reader.get(&format!("{list}?{query}")).await;
            reply.problem(422, "validation_failed");
            assert_eq!(reply.faults(), [*expected], "{list}?{query}");
        }
    }
    for (query, expected) in [
        ("territory=academy:99", "territory unknown_territory"),
        ("territory=x", "territory "),
        ("territory=FR,,", "territory "),
        ("territory=uai:0690001Z", "territory invalid_checksum"),
        ("kind=company", "kind unknown_parameter"),
    ] {
        let reply = reader.get(&format!("{people}?{query}")).await;
        reply.problem(422, "validation_failed");
        assert!(
            reply
                .faults()
                .iter()
                .all(|fault| fault.starts_with(expected)),
            "{query}: {:?}",
            reply.faults()
        );
    }
    let all = reader.get("/v1/partners?kind=x&sector=y&status=z&siren=1&q=%00&updated_since=1&sort=w&limit=0&dialect=v&nope=1").await;
    assert_eq!(all.faults().len(), 10);
    for bad in [
        "%",
        "%4",
        "%zz",
        "%ff",
        "q=%c3%28",
        "q=%ed%a0%80",
        "%ff=1",
        "q=%+1",
        "limit=%-1",
    ] {
        reader
            .get(&format!("/v1/partners?{bad}"))
            .await
            .problem(400, "malformed_request");
    }
    for path in [
        format!("/v1/partners/{partner}?a=1"),
        format!("{people}?offset=3"),
    ] {
        reader.get(&path).await.problem(422, "validation_failed");
    }
}

#[actix_web::test]
async fn a_precondition_that_is_no_version_matches_nothing() {
    let service = Service::start().await;
    let place = Place::lyon(&service).await;
    let before = service.everything().await;
    for operation in operations()
        .iter()
        .filter(|operation| operation.has_header("If-Match"))
    {
        for tag in [
            "x",
            "\"\"",
            "\"x\"",
            "\"1\"",
            "1",
            "W/\"1.x\"",
            "\"9.x\"",
            "\"-1.x\"",
            "\"99999999999999999999.x\"",
            "\"1.x",
            ",",
            "\"0.x\", \"2.x\"",
            "é",
            "\"é.x\"",
        ] {
            let request = place
                .writer(&service, operation)
                .request(&operation.method, &place.path(operation))
                .header("if-match", tag);
            let request = match operation.body() {
                Some(taken) => request.body(taken.media_type, place.example(&taken).to_string()),
                None => request,
            };
            request.send().await.problem(412, "precondition_failed");
        }
    }
    assert_eq!(service.everything().await, before);
}

const NASTY: [&str; 14] = [
    "",
    "%00",
    "%E2%80%AE",
    "null",
    "-1",
    "1e308",
    "NaN",
    "'%20OR%201=1%20--",
    "%25",
    ",",
    "a,,b",
    "%F0%9F%98%80",
    "99999999999999999999",
    "%5C%22%27%3B%0A%0D",
];

/// Never our failure, and a problem document whenever it is refused.
fn is_handled(reply: &Reply, what: &str) {
    assert!(!reply.status.is_server_error(), "{what}: {}", reply.text());
    if reply.status.is_client_error() {
        assert_eq!(
            reply.header("content-type"),
            "application/problem+json",
            "{what}"
        );
        let code = reply.json()["code"].as_str().expect("a code").to_owned();
        reply.problem(reply.status.as_u16(), &code);
    }
}

async fn sent(operation: &Operation, request: Sending, body: Option<&Value>) -> Reply {
    match (operation.body(), body) {
        (Some(taken), Some(body)) => {
            request
                .body(taken.media_type, body.to_string())
                .send()
                .await
        }
        (Some(taken), None) => {
            request
                .body(taken.media_type, taken.example.to_string())
                .send()
                .await
        }
        (None, _) => request.send().await,
    }
}

#[actix_web::test]
async fn no_parameter_of_any_operation_makes_the_service_fail() {
    let service = Service::start().await;
    let (ministry, place) = (service.ministry(), Place::lyon(&service).await);
    let long = "x".repeat(3000);
    for operation in operations()
        .into_iter()
        .filter(|operation| !operation.writes())
    {
        let path = place.path(&operation);
        for parameter in operation.parameters("query") {
            let name = parameter["name"].as_str().expect("a name");
            for value in NASTY.into_iter().chain([long.as_str()]) {
                let others = operation.required_query();
                let address = if parameter["required"] == true || others.is_empty() {
                    format!("{path}?{name}={value}")
                } else {
                    format!("{path}?{others}&{name}={value}")
                };
                is_handled(&ministry.get(&address).await, &address);
            }
        }
    }
}

#[actix_web::test]
async fn no_path_of_any_operation_makes_the_service_fail() {
    let ministry = Service::start().await.ministry();
    let long = "x".repeat(3000);
    for operation in operations()
        .into_iter()
        .filter(|operation| operation.path.contains('{'))
    {
        for value in NASTY
            .into_iter()
            .chain(["%FF", "..%2F..", ".", "%2e%2e", long.as_str()])
            .filter(|value| !value.is_empty())
        {
            let mut path = operation.path.to_owned();
            while let Some((before, rest)) = path.split_once('{') {
                path = format!("{before}{value}{}", rest.split_once('}').expect("a name").1);
            }
            let request = ministry
                .request(&operation.method, &path)
                .header("if-match", "*");
            let reply = sent(&operation, request, None).await;
            is_handled(&reply, &path);
            assert!(
                reply.status.is_client_error(),
                "{} {path}: {}",
                operation.method,
                reply.status
            );
        }
    }
}

#[actix_web::test]
async fn no_header_of_any_operation_makes_the_service_fail() {
    let service = Service::start().await;
    let (ministry, place) = (service.ministry(), Place::lyon(&service).await);
    for operation in operations()
        .into_iter()
        .filter(|operation| !operation.writes())
    {
        for name in [
            "accept",
            "accept-language",
            "accept-encoding",
            "if-none-match",
            "if-match",
            "prefer",
            "idempotency-key",
            "traceparent",
            "range",
            "content-type",
            "x-request-id",
        ] {
            for value in [
                "",
                ",",
                ";q=",
                "*/*;q=x",
                "a/b;q=-1",
                "\"",
                "W/",
                "=",
                "é",
                "gzip;q=9",
                "bytes=0-1",
                "text/csv;q=0.0001,*/*;q=1e9",
            ] {
                let request = ministry
                    .request("GET", &place.path(&operation))
                    .header(name, value);
                is_handled(
                    &request.send().await,
                    &format!("{} {name}: {value}", operation.id),
                );
            }
        }
    }
}

fn nasty_values() -> Vec<Value> {
    let nested = (0..20).fold(json!(1), |inner, _| json!([inner]));
    vec![
        json!(null),
        json!(true),
        json!(1e308),
        json!(-1),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}"),
        json!("\u{202e}a"),
        json!("\u{fffe}😀\u{301}"),
        json!([]),
        json!({}),
        json!([null]),
        json!(["\u{0}"]),
        json!("x".repeat(100_000)),
        nested,
        json!("'; DROP TABLE partners; --"),
        json!({ "a": { "b": [1] } }),
    ]
}

#[actix_web::test]
async fn no_value_of_any_field_of_any_body_makes_the_service_fail() {
    let service = Service::start().await;
    let place = Place::lyon(&service).await;
    let before = service.number("SELECT count(*) FROM audit_events").await;
    let mut accepted = 0;
    for operation in operations() {
        let Some(taken) = operation.body() else {
            continue;
        };
        for (name, _) in properties(taken.schema) {
            for value in nasty_values() {
                for whole in [true, false] {
                    let mut body = if whole {
                        place.example(&taken)
                    } else {
                        json!({})
                    };
                    body[name] = value.clone();
                    let request = place
                        .writer(&service, &operation)
                        .request(&operation.method, &place.path(&operation))
                        .header("if-match", "*");
                    let reply = sent(&operation, request, Some(&body)).await;
                    is_handled(&reply, &format!("{} {name}={value:.80}", operation.id));
                    accepted += i64::from(reply.status.is_success());
                }
            }
        }
    }
    let written = service.number("SELECT count(*) FROM audit_events").await - before;
    assert!(
        written <= accepted,
        "{written} writes for {accepted} accepted requests"
    );
}
