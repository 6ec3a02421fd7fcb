//! Steps taken at the same instant: the outcome is that of one after the other, and who comes second
//! is told why.

use serde_json::{Value, json};

use crate::amendments::{amendment, sent};
use crate::conventions::{national, signature};
use crate::support::{Service, id, rounds};

/// Of each race, at night.
const ROUNDS: usize = 200;

/// An amendment that lacks the partner's signature alone.
async fn nearly_signed(service: &Service, convention: &str, body: Value) -> String {
    let path = sent(service, convention, body).await;
    let ministry = signature(json!({ "side": "ministry" }));
    service
        .ministry()
        .post(&format!("{path}/sign"), ministry)
        .await
        .expect(200);
    format!("{path}/sign")
}

#[actix_web::test]
async fn of_two_contradictory_amendments_signed_at_once_one_is() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let mut first = 0;
    for round in 0..rounds(ROUNDS) {
        let convention = format!(
            "/v1/conventions/{}",
            service
                .signed_convention(&partner, json!({ "ends_on": "2028-12-31" }))
                .await
        );
        let to = |end: &str| {
            amendment(
                "2027-01-01",
                json!([{ "op": "extend", "ends_on": end }]),
                &[&partner],
            )
        };
        let one = nearly_signed(&service, &convention, to("2029-12-31")).await;
        let two = nearly_signed(&service, &convention, to("2030-12-31")).await;
        let (ministry, own) = (service.ministry(), service.partner(&partner));
        let last = signature(json!({ "side": "partner" }));
        let by_itself = json!({ "signed_on": "2026-01-15", "medium": "simple" });
        let (one, two) = if round % 2 == 0 {
            tokio::join!(ministry.post(&one, last), own.post(&two, by_itself))
        } else {
            let (two, one) = tokio::join!(own.post(&two, by_itself), ministry.post(&one, last));
            (one, two)
        };
        let (won, lost) = if one.status == 200 {
            (one, two)
        } else {
            (two, one)
        };
        first += usize::from(won.expect(200)["number"] == 1);
        lost.problem(409, "amendment_conflict");
        assert_eq!(lost.faults(), ["/changes/0 contradicts_amendment"]);
        let after = service
            .reader()
            .get(&format!("{convention}?at=2027-01-01"))
            .await
            .expect(200);
        let end = &after["amendments"][0]["changes"][0]["ends_on"];
        assert_eq!(
            (
                after["amendments"].as_array().unwrap().len(),
                &after["ends_on"]
            ),
            (1, end)
        );
        let signed = service
            .ministry()
            .all(&format!("{convention}/amendments?status=signed"))
            .await;
        assert_eq!(signed.len(), 1);
    }
    println!(
        "the first amendment came first {first} times in {}",
        rounds(ROUNDS)
    );
    let half = "SELECT count(*) FROM amendments a JOIN conventions c ON c.id = a.convention_id
                 WHERE (a.status = 'signed') <> (c.amendments @> jsonb_build_array(jsonb_build_object('id', a.id)))";
    assert_eq!(service.number(half).await, 0);
}

#[actix_web::test]
async fn a_termination_and_the_signature_of_a_successor_at_once_are_one_after_the_other() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let ministry = service.ministry();
    for _ in 0..rounds(ROUNDS) {
        let old = service
            .signed_convention(&partner, json!({ "ends_on": "2028-12-31" }))
            .await;
        let path = format!("/v1/conventions/{old}");
        let mut body = national(&partner);
        (body["predecessor_id"], body["starts_on"]) = (json!(old), json!("2027-07-01"));
        let successor = format!(
            "/v1/conventions/{}",
            id(&ministry.post("/v1/conventions", body).await.expect(201))
        );
        for step in ["open-negotiation", "send-for-signature"] {
            ministry
                .post(&format!("{successor}/{step}"), json!({}))
                .await
                .expect(200);
        }
        let sign = format!("{successor}/sign");
        ministry
            .post(&sign, signature(json!({ "side": "ministry" })))
            .await
            .expect(200);
        let end = json!({ "on": "2027-03-31", "party": "Ministère", "kind": "mutual" });
        let (terminate, own) = (format!("{path}/terminate"), service.partner(&partner));
        let by_itself = json!({ "signed_on": "2026-01-15", "medium": "simple" });
        let (ended, signed) =
            tokio::join!(ministry.post(&terminate, end), own.post(&sign, by_itself));
        signed.expect(200);
        let after = ministry
            .get(&format!("{path}?at=2027-07-01"))
            .await
            .expect(200);
        assert_eq!(after["successor_id"], signed.json()["id"]);
        if ended.status == 200 {
            assert_eq!(
                (&after["status"], &after["effective_ends_on"]),
                (&json!("terminated"), &json!("2027-03-31"))
            );
        } else {
            ended.problem(409, "invalid_transition");
            assert_eq!(
                (&after["status"], &after["termination"]),
                (&json!("replaced"), &Value::Null)
            );
            assert_eq!(after["effective_ends_on"], "2027-06-30");
        }
    }
}

#[actix_web::test]
async fn a_termination_and_a_renewal_at_once_are_one_after_the_other() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let ministry = service.ministry();
    for _ in 0..rounds(ROUNDS) {
        let old = service
            .signed_convention(&partner, json!({ "ends_on": "2028-12-31" }))
            .await;
        let path = format!("/v1/conventions/{old}");
        let etag = ministry.get(&path).await.etag().to_owned();
        let end = json!({ "on": "2027-03-31", "party": "Ministère", "kind": "mutual" });
        let (terminate, renew) = (format!("{path}/terminate"), format!("{path}/renew"));
        let (ended, again, renewed) = tokio::join!(
            ministry
                .request("POST", &terminate)
                .header("if-match", &etag)
                .json(&end)
                .send(),
            ministry
                .request("POST", &terminate)
                .header("if-match", &etag)
                .json(&end)
                .send(),
            ministry.post(&renew, json!({}))
        );
        // Of two terminations of the same version, one is of a version that is no more.
        let (won, lost) = if ended.status == 200 {
            (ended, again)
        } else {
            (again, ended)
        };
        won.expect(200);
        lost.problem(412, "precondition_failed");
        let drafts = ministry
            .all(&format!(
                "/v1/conventions?status=draft&partner_id={partner}"
            ))
            .await;
        let drafted = drafts
            .iter()
            .filter(|draft| draft["predecessor_id"] == old.as_str())
            .count();
        if renewed.status == 201 {
            assert_eq!(drafted, 1);
        } else {
            renewed.problem(409, "invalid_transition");
            assert_eq!(drafted, 0);
        }
    }
}

#[actix_web::test]
async fn a_narrowing_and_the_activation_it_would_forbid_are_never_both() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let ministry = service.ministry();
    let mut narrowed = 0;
    for _ in 0..rounds(ROUNDS) {
        let of = service
            .signed_convention(
                &partner,
                json!({ "axes": ["internships", "apprenticeship"] }),
            )
            .await;
        let convention = format!("/v1/conventions/{of}");
        let changes = json!([{ "op": "set_axes", "axes": ["internships"] }]);
        let sign = nearly_signed(
            &service,
            &convention,
            amendment("2026-06-01", changes, &[&partner]),
        )
        .await;
        let body = json!({ "convention_id": of, "level": "academy", "territories": ["academy:10"], "starts_on": "2026-01-01", "axes": ["apprenticeship"] });
        let academy = service.academy("academy:10");
        let declination = format!(
            "/v1/declinations/{}",
            id(&academy.post("/v1/declinations", body).await.expect(201))
        );
        let activate = format!("{declination}/activate");
        let last = signature(json!({ "side": "partner" }));
        let (signed, active) = tokio::join!(
            ministry.post(&sign, last),
            academy.post(&activate, json!({}))
        );
        if signed.status == 200 {
            narrowed += 1;
            active.problem(409, "declination_outdated");
            assert_eq!(active.faults(), ["/axes/0 not_in_convention"]);
        } else {
            signed.problem(409, "amendment_conflict");
            assert_eq!(signed.faults(), ["/changes/0 relied_on"]);
            active.expect(200);
        }
        let claims =
            format!("SELECT count(*) FROM declination_claims WHERE convention_id = '{of}'");
        assert_eq!(
            service.number(&claims).await,
            i64::from(active.status == 200)
        );
    }
    println!(
        "the narrowing came first {narrowed} times in {}",
        rounds(ROUNDS)
    );
    let journal = "SELECT count(*) FROM changes WHERE type IN ('declination.activated', 'convention.amended')";
    assert_eq!(
        service.number(journal).await,
        i64::try_from(rounds(ROUNDS)).unwrap()
    );
}
