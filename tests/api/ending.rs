//! How conventions end: by a party's will, by their term, by a successor; and how they are renewed.

use serde_json::{Value, json};

use crate::conventions::{national, signature, signed};
use crate::support::{Service, id, merged};

/// The day of stories that the years to come would end.
const STORY: &str = "2026-11-30";

async fn post(service: &Service, path: &str, body: Value) -> crate::support::Reply {
    service.ministry().post(path, body).await
}

/// A signed convention of this partner with what `with` says of its fields; its path.
async fn agreed(service: &Service, partner: &str, with: Value) -> String {
    let body = merged(national(partner), with);
    signed(service, body).await
}

fn end(on: &str, kind: &str, with: Value) -> Value {
    merged(
        json!({ "on": on, "party": "Ministère", "kind": kind }),
        with,
    )
}

#[actix_web::test]
async fn a_terminated_convention_is_in_force_until_its_last_day() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let convention = agreed(&service, &partner, json!({})).await;
    let terminate = format!("{convention}/terminate");
    let body = end(
        "2027-06-30",
        "mutual",
        json!({ "reason": "D'un commun accord" }),
    );
    let ended = post(&service, &terminate, body.clone()).await.expect(200);
    assert_eq!(ended["status"], "terminated");
    assert_eq!(ended["effective_ends_on"], "2027-06-30");
    assert_eq!(ended["allowed_actions"], json!(["update"]));
    let termination = &ended["termination"];
    assert_eq!(
        (&termination["kind"], &termination["party"]),
        (&json!("mutual"), &json!("Ministère"))
    );
    assert_eq!(termination["notice_respected"], Value::Null);
    let reader = service.reader();
    for (day, status) in [("2027-06-30", "in_force"), ("2027-07-01", "terminated")] {
        let then = reader
            .get(&format!("{convention}?at={day}"))
            .await
            .expect(200);
        assert_eq!(then["effective_status"], status, "on {day}");
    }
    assert_eq!(
        reader
            .all("/v1/conventions?in_force_on=2027-06-30")
            .await
            .len(),
        1
    );
    assert_eq!(
        reader
            .all("/v1/conventions?in_force_on=2027-07-01")
            .await
            .len(),
        0
    );
    post(&service, &terminate, body)
        .await
        .problem(409, "invalid_transition");
    let told = reader.all_changes("convention").await;
    assert_eq!(told.last().unwrap()["type"], "convention.terminated");
}

#[actix_web::test]
async fn a_notice_that_is_too_short_needs_its_reason() {
    let service = Service::on(STORY).await;
    let partner = id(&service.new_partner("A").await);
    let notice = json!({ "notice_months": 3 });
    let given = |on: &str, with: Value| end(on, "notice", with);
    for (body, expected) in [
        (
            given("2026-05-31", json!({ "notified_on": "2026-03-01" })),
            Err("/reason notice_too_short"),
        ),
        (
            given(
                "2026-05-31",
                json!({ "notified_on": "2026-03-01", "reason": "Urgence" }),
            ),
            Ok(false),
        ),
        (
            given("2026-06-01", json!({ "notified_on": "2026-03-01" })),
            Ok(true),
        ),
        (given("2029-01-01", json!({})), Err("/on after_end")),
        (
            given("2026-01-14", json!({ "reason": "Trop tôt" })),
            Err("/on before_signature"),
        ),
        (
            given(
                "2028-01-01",
                json!({ "notified_on": "2999-01-01", "reason": "x" }),
            ),
            Err("/notified_on in_the_future"),
        ),
    ] {
        let convention = agreed(&service, &partner, notice.clone()).await;
        let reply = post(&service, &format!("{convention}/terminate"), body).await;
        match expected {
            Ok(respected) => assert_eq!(
                reply.expect(200)["termination"]["notice_respected"],
                respected
            ),
            Err(fault) => {
                reply.problem(422, "validation_failed");
                assert_eq!(reply.faults(), [fault]);
            }
        }
    }
}

#[actix_web::test]
async fn a_tacit_renewal_is_refused_at_the_end_of_a_period() {
    let service = Service::on(STORY).await;
    let partner = id(&service.new_partner("A").await);
    let tacit = json!({ "renewal": { "mode": "tacit", "months": 12, "max_times": 2 } });
    for (on, fault) in [
        ("2029-06-30", Some("/on not_a_period_end")),
        ("2028-12-31", None),
        ("2029-12-31", None),
        ("2030-12-31", None),
        ("2031-12-31", Some("/on after_end")),
    ] {
        let convention = agreed(&service, &partner, tacit.clone()).await;
        let reply = post(
            &service,
            &format!("{convention}/terminate"),
            end(on, "non_renewal", json!({})),
        )
        .await;
        match fault {
            None => {
                let ended = reply.expect(200);
                assert_eq!(
                    ended["effective_ends_on"],
                    if on < "2029" { on } else { "2028-12-31" }
                );
                let then = service
                    .reader()
                    .get(&format!("{convention}?at={on}"))
                    .await
                    .expect(200);
                assert_eq!(
                    (&then["effective_status"], &then["effective_ends_on"]),
                    (&json!("in_force"), &json!(on))
                );
            }
            Some(fault) => {
                reply.problem(422, "validation_failed");
                assert_eq!(reply.faults(), [fault]);
            }
        }
    }
    let express = agreed(&service, &partner, json!({})).await;
    let reply = post(
        &service,
        &format!("{express}/terminate"),
        end("2028-12-31", "non_renewal", json!({})),
    )
    .await;
    assert_eq!(reply.faults(), ["/kind not_tacitly_renewed"]);
}

#[actix_web::test]
async fn a_renewal_drafts_a_successor_from_the_last_text_with_nothing_signed() {
    let service = Service::on(STORY).await;
    let partner = id(&service.new_partner("A").await);
    let with = json!({
        "axes": ["internships"], "managing_office": "DGESCO A2-2", "nor": "MENE2600123X", "notice_months": 3,
        "follow_up": { "periodicity": "yearly", "targets": [
            { "measure": "pupils", "school_year": "2026-2027", "value": 1 },
            { "measure": "pupils", "school_year": "2029-2030", "value": 2 },
        ] },
    });
    let convention = agreed(&service, &partner, with).await;
    let changes = json!([{ "op": "extend", "ends_on": "2029-08-31" }, { "op": "set_levels", "levels": ["3e"] }]);
    let body = crate::amendments::amendment("2027-01-01", changes, &[&partner]);
    crate::amendments::amended(&service, &convention, body).await;
    let renewed = post(&service, &format!("{convention}/renew"), json!({})).await;
    let path = renewed.header("location").to_owned();
    let draft = renewed.expect(201);
    assert_eq!(
        (&draft["status"], &draft["starts_on"], &draft["ends_on"]),
        (&json!("draft"), &json!("2029-09-01"), &json!("2033-04-30"))
    );
    assert_eq!(
        (&draft["levels"], &draft["axes"]),
        (&json!(["3e"]), &json!(["internships"]))
    );
    assert_eq!(
        (&draft["managing_office"], &draft["nor"]),
        (&json!("DGESCO A2-2"), &Value::Null)
    );
    assert_eq!(draft["follow_up"]["targets"].as_array().unwrap().len(), 1);
    let signatures: Vec<&Value> = draft["signatories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["signature"])
        .collect();
    assert_eq!(signatures, [&Value::Null, &Value::Null]);
    let old = service.ministry().get(&convention).await.expect(200);
    assert_eq!(
        (&draft["predecessor_id"], &old["successor_id"]),
        (&old["id"], &draft["id"])
    );
    assert_eq!(
        (&old["status"], &draft["gap_before"]),
        (&json!("signed"), &Value::Null)
    );
    let again = post(&service, &format!("{convention}/renew"), json!({})).await;
    let detail = again.problem(409, "already_renewed")["detail"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(detail.contains(&id(&draft)), "{detail}");
    // Given up, it leaves the place to another.
    post(&service, &format!("{path}/abandon"), json!({}))
        .await
        .expect(200);
    let other = json!({ "title": "Autre", "starts_on": "2029-10-01", "ends_on": "2030-08-31" });
    let other = post(&service, &format!("{convention}/renew"), other)
        .await
        .expect(201);
    assert_eq!(
        (&other["title"], &other["ends_on"]),
        (&json!("Autre"), &json!("2030-08-31"))
    );
    assert_eq!(
        other["gap_before"],
        json!({ "from": "2029-09-01", "to": "2029-09-30" })
    );
    assert_eq!(other["warnings"][0]["code"], "gap_before");
}

#[actix_web::test]
async fn what_cannot_be_renewed_says_why() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let open = agreed(&service, &partner, json!({ "ends_on": null })).await;
    let renew = format!("{open}/renew");
    let reply = post(&service, &renew, json!({})).await;
    assert_eq!(reply.faults(), ["/starts_on no_end_to_follow"]);
    let reply = post(&service, &renew, json!({ "starts_on": "2025-01-01" })).await;
    assert_eq!(reply.faults(), ["/starts_on before_start"]);
    let reply = post(
        &service,
        &renew,
        json!({ "starts_on": "2027-01-01", "ends_on": "2026-12-31" }),
    )
    .await;
    assert_eq!(reply.faults(), ["/ends_on before_start"]);
    let terminated = agreed(&service, &partner, json!({})).await;
    post(
        &service,
        &format!("{terminated}/terminate"),
        end("2026-12-31", "breach", json!({})),
    )
    .await
    .expect(200);
    post(&service, &format!("{terminated}/renew"), json!({}))
        .await
        .problem(409, "invalid_transition");
    let draft = id(&post(&service, "/v1/conventions", national(&partner))
        .await
        .expect(201));
    post(
        &service,
        &format!("/v1/conventions/{draft}/renew"),
        json!({}),
    )
    .await
    .problem(409, "invalid_transition");
    post(
        &service,
        &format!("/v1/conventions/{draft}/terminate"),
        end("2026-12-31", "breach", json!({})),
    )
    .await
    .problem(409, "invalid_transition");
}

#[actix_web::test]
async fn a_successor_after_a_termination_follows_it_without_replacing_it() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let old = agreed(&service, &partner, json!({})).await;
    let successor = post(
        &service,
        &format!("{old}/renew"),
        json!({ "starts_on": "2027-03-01" }),
    )
    .await
    .expect(201);
    post(
        &service,
        &format!("{old}/terminate"),
        end("2026-12-31", "breach", json!({})),
    )
    .await
    .expect(200);
    let path = format!("/v1/conventions/{}", id(&successor));
    for step in ["open-negotiation", "send-for-signature"] {
        post(&service, &format!("{path}/{step}"), json!({}))
            .await
            .expect(200);
    }
    for side in ["ministry", "partner"] {
        post(
            &service,
            &format!("{path}/sign"),
            signature(json!({ "side": side })),
        )
        .await
        .expect(200);
    }
    let reader = service.reader();
    let ended = reader
        .get(&format!("{old}?at=2027-03-01"))
        .await
        .expect(200);
    assert_eq!(
        (&ended["status"], &ended["effective_status"]),
        (&json!("terminated"), &json!("terminated"))
    );
    assert_eq!(ended["successor_id"], successor["id"]);
    let codes: Vec<&Value> = ended["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["code"])
        .collect();
    assert_eq!(codes, ["gap_after"]);
    let signed = reader.get(&path).await.expect(200);
    assert_eq!(
        signed["gap_before"],
        json!({ "from": "2027-01-01", "to": "2027-02-28" })
    );
}

#[actix_web::test]
async fn declinations_cease_with_their_convention_and_keep_what_they_say() {
    let service = Service::on(STORY).await;
    let partner = id(&service.new_partner("A").await);
    let convention = agreed(&service, &partner, json!({})).await;
    let of = convention.trim_start_matches("/v1/conventions/").to_owned();
    let body = json!({ "convention_id": of, "level": "academy", "territories": ["academy:10"], "starts_on": "2026-01-01", "ends_on": "2028-12-31" });
    let declination = format!(
        "/v1/declinations/{}",
        id(&post(&service, "/v1/declinations", body).await.expect(201))
    );
    let active = post(&service, &format!("{declination}/activate"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&active["effective_status"], &active["warnings"]),
        (&json!("in_force"), &json!([]))
    );
    let yesterday = (service.shared.clock.now() - chrono::Days::new(2))
        .format("%Y-%m-%d")
        .to_string();
    post(
        &service,
        &format!("{convention}/terminate"),
        end(&yesterday, "public_interest", json!({})),
    )
    .await
    .expect(200);
    let after = service.reader().get(&declination).await.expect(200);
    assert_eq!(
        (&after["status"], &after["effective_status"]),
        (&json!("active"), &json!("expired"))
    );
    assert_eq!(after["warnings"][0]["code"], "outlives_convention");
    // It can still be closed, and its territory is not taken by a new one: its convention has ended.
    let late = json!({ "convention_id": of, "level": "academy", "territories": ["academy:01"], "starts_on": "2026-01-01" });
    let late = id(&post(&service, "/v1/declinations", late).await.expect(201));
    post(
        &service,
        &format!("/v1/declinations/{late}/activate"),
        json!({}),
    )
    .await
    .problem(409, "convention_not_in_force");
    let closed = post(&service, &format!("{declination}/close"), json!({}))
        .await
        .expect(200);
    assert_eq!(closed["effective_status"], "closed");
}

#[actix_web::test]
async fn a_successor_begins_after_what_it_succeeds_and_no_two_are_signed() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let old = agreed(&service, &partner, json!({})).await;
    let of = old.trim_start_matches("/v1/conventions/").to_owned();
    let draft = post(&service, &format!("{old}/renew"), json!({}))
        .await
        .expect(201);
    let path = format!("/v1/conventions/{}", id(&draft));
    let refused = service
        .ministry()
        .patch(&path, json!({ "starts_on": "2025-01-01" }))
        .await;
    assert_eq!(refused.faults(), ["/predecessor_id no_predecessor"]);
    let mut body = national(&partner);
    (body["predecessor_id"], body["starts_on"]) = (json!(of), json!("2027-01-01"));
    let other = crate::conventions::to_sign(&service, body).await;
    for step in ["open-negotiation", "send-for-signature"] {
        post(&service, &format!("{path}/{step}"), json!({}))
            .await
            .expect(200);
    }
    for (path, last) in [(&path, 200), (&other, 409)] {
        post(
            &service,
            &format!("{path}/sign"),
            signature(json!({ "side": "ministry" })),
        )
        .await
        .expect(200);
        let reply = post(
            &service,
            &format!("{path}/sign"),
            signature(json!({ "side": "partner" })),
        )
        .await;
        assert_eq!(reply.status, last, "{}", reply.text());
    }
    let after = service.reader().get(&old).await.expect(200);
    assert_eq!(
        (&after["status"], &after["successor_id"]),
        (&json!("replaced"), &draft["id"])
    );
}
