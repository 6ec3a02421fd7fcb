//! The wrong values of a convention's fields, and the rules they break.

use serde_json::{Value, json};

use crate::faults::{Resource, texts};
use crate::support::absent;

pub fn resource() -> Resource {
    let mut faults: Vec<(&'static str, Value, &'static str)> = vec![
        ("kind", json!("convention"), "/ unknown_code"),
        ("scope", json!("regional"), "/ unknown_code"),
        ("scope", json!(1), "/ wrong_type"),
        ("territory", json!("academy:99"), "/ unknown_territory"),
        ("territory", json!("10"), "/ invalid_format"),
        ("territory", json!("uai:0690001A"), "/ invalid_checksum"),
        ("partner_ids", json!([]), "/ empty_list"),
        ("partner_ids", json!("x"), "/ wrong_type"),
        ("partner_ids", json!(["x"]), "/0 invalid_format"),
        (
            "partner_ids",
            json!([absent(), absent()]),
            "/1 repeated_item",
        ),
        ("axes", json!(["internship"]), "/0 unknown_code"),
        (
            "axes",
            json!(["internships", "internships"]),
            "/1 repeated_item",
        ),
        ("action_types", json!(["visit"]), "/0 unknown_code"),
        ("levels", json!(["3eme"]), "/0 unknown_code"),
        ("levels", json!({ "0": "3e" }), "/ wrong_type"),
        ("moments", json!([3]), "/0 wrong_type"),
        ("starts_on", json!("2026-02-30"), "/ invalid_date"),
        ("starts_on", json!("01/01/2026"), "/ invalid_format"),
        (
            "starts_on",
            json!("2026-01-01T00:00:00Z"),
            "/ invalid_format",
        ),
        ("starts_on", json!(20_260_101), "/ wrong_type"),
        ("ends_on", json!("0000-00-00"), "/ invalid_date"),
        ("ends_on", json!("+2026-1-1"), "/ invalid_format"),
        ("nor", json!("mene0701078x"), "/ invalid_format"),
        ("nor", json!("MENE07010780"), "/ invalid_format"),
        ("notice_months", json!(-1), "/ out_of_range"),
        ("notice_months", json!(121), "/ out_of_range"),
        ("notice_months", json!(1e300), "/ wrong_type"),
        ("notice_months", json!(u64::MAX), "/ out_of_range"),
        ("notice_months", json!("3"), "/ wrong_type"),
        ("notice_months", json!(2.5), "/ wrong_type"),
        ("renewal", json!("tacit"), "/ wrong_type"),
        ("renewal", json!({ "mode": "always" }), "/mode unknown_code"),
        (
            "renewal",
            json!({ "mode": "none", "months": 3 }),
            "/months only_with",
        ),
        (
            "renewal",
            json!({ "mode": "express", "max_times": 3 }),
            "/max_times only_with",
        ),
        (
            "renewal",
            json!({ "mode": "tacit", "months": 0 }),
            "/months out_of_range",
        ),
        (
            "renewal",
            json!({ "mode": "none", "year": 3 }),
            "/year unknown_field",
        ),
        ("follow_up", json!([]), "/ wrong_type"),
        (
            "follow_up",
            json!({ "periodicity": "monthly" }),
            "/periodicity unknown_code",
        ),
        ("follow_up", json!({ "targets": {} }), "/targets wrong_type"),
        (
            "follow_up",
            json!({ "targets": [null] }),
            "/targets/0 wrong_type",
        ),
        (
            "follow_up",
            json!({ "targets": [{ "measure": "pupils", "school_year": "2026-2027" }] }),
            "/targets/0/value required",
        ),
        (
            "follow_up",
            json!({ "targets": [{ "measure": "pupils", "school_year": "2026-2027", "value": -1 }] }),
            "/targets/0/value out_of_range",
        ),
        (
            "follow_up",
            json!({ "targets": [{ "measure": "pupils", "school_year": "2026-2025", "value": 1 }] }),
            "/targets/0/school_year invalid_format",
        ),
        (
            "board_decision",
            json!({ "date": "hier" }),
            "/date invalid_format",
        ),
        (
            "board_decision",
            json!({ "number": "x".repeat(51) }),
            "/number too_long",
        ),
        ("documents", json!({}), "/ wrong_type"),
        (
            "documents",
            Value::from(vec![json!({}); 101]),
            "/ too_many_items",
        ),
        (
            "documents",
            json!([{ "kind": "text", "title": "T", "url": "http://a.fr" }]),
            "/0/url invalid_format",
        ),
        (
            "documents",
            json!([{ "kind": "text", "title": "T", "url": "https://a.fr", "sha256": "AB" }]),
            "/0/sha256 invalid_format",
        ),
        (
            "signatories",
            json!([{ "side": "ministry", "name": "N", "function": "F" }]),
            "/0/organisation required",
        ),
        (
            "signatories",
            json!([{ "side": "school", "name": "N", "function": "F", "organisation": "O" }]),
            "/0/side unknown_code",
        ),
        (
            "signatories",
            json!([{ "side": "ministry", "name": "N", "function": "F", "organisation": "O", "order": -1 }]),
            "/0/order out_of_range",
        ),
        (
            "signatories",
            json!([{ "side": "ministry", "name": "N", "function": "F", "organisation": "O", "signature": {} }]),
            "/0/signature read_only",
        ),
        ("predecessor_id", json!("x"), "/ invalid_format"),
    ];
    for (name, max) in [
        ("title", 300),
        ("managing_office", 100),
        ("bulletin_reference", 200),
        ("purpose", 10000),
    ] {
        faults.extend(texts(name, max));
    }
    Resource {
        create: "create_convention",
        update: "update_convention",
        valid: json!({
            "title": "Valable", "kind": "partnership", "scope": "local", "territory": "academy:10",
            "partner_ids": [absent()], "starts_on": "2026-01-01",
        }),
        faults,
        required: vec!["title", "kind", "scope", "partner_ids", "starts_on"],
        read_only: vec![
            "id",
            "reference",
            "status",
            "successor_id",
            "effective_status",
            "effective_ends_on",
            "signed_on",
            "content_hash",
            "termination",
            "date_precision",
            "source",
            "voided_signatures",
            "created_at",
            "updated_at",
            "allowed_actions",
            "warnings",
        ],
    }
}
