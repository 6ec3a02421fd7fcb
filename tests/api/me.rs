//! Who the caller is, what a partner's client does with itself, and a partner's own list of offers.

use ree::auth::{Identity, Perimeter, Role, Scopes};
use serde_json::{Value, json};

use crate::support::{Caller, Service, absent, id, intervention};

/// A client of this partner, and a caller with a token of its own.
pub async fn client_of(service: &Service, partner: &str) -> (String, Caller) {
    let body = json!({ "name": "Portail", "contact_email": "a@exemple.fr", "role": "partner", "partner_id": partner,
                       "scopes": ["read", "write"] });
    let client = id(&service
        .ministry()
        .post("/v1/clients", body)
        .await
        .expect(201));
    let perimeter = Perimeter {
        partner_id: Some(partner.parse().unwrap()),
        ..Perimeter::default()
    };
    let identity = Identity::new(Role::Partner, perimeter).unwrap();
    let mut claims = service.claims(identity, Scopes::ReadWrite);
    claims.client_id.clone_from(&client);
    claims.sub.clone_from(&client);
    let caller = service.anon().with_token(&service.sign(&claims));
    (client, caller)
}

#[actix_web::test]
async fn each_caller_is_told_who_it_is_and_what_it_may_ask() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let nobody = (json!([]), json!([]), Value::Null);
    let of = |territories: Value, uais: Value, partner: Value| (territories, uais, partner);
    for (caller, role, perimeter) in [
        (service.ministry(), "ministry", nobody.clone()),
        (
            service.academy("academy:10"),
            "academy",
            of(json!(["academy:10"]), json!([]), Value::Null),
        ),
        (
            service.school("0690001B"),
            "establishment",
            of(json!([]), json!(["0690001B"]), Value::Null),
        ),
        (
            service.partner(&partner),
            "partner",
            of(json!([]), json!([]), json!(partner)),
        ),
        (service.reader(), "reader", nobody.clone()),
    ] {
        let me = caller.get("/v1/me").await.expect(200);
        assert_eq!(me["role"], role);
        let told = (
            me["territories"].clone(),
            me["uais"].clone(),
            me["partner_id"].clone(),
        );
        assert_eq!(told, perimeter, "{role}");
        assert_eq!(me["subject"], format!("test {role}"));
        assert_eq!(
            (&me["client_id"], &me["scopes"]),
            (&json!("tests"), &json!(["read", "write"]))
        );
        assert_eq!(
            me["limits"],
            json!({ "quota": 5000, "window_seconds": 10, "body_bytes": 5_242_880, "batch_items": 5000,
                    "step_items": 1000, "page_items": 200 })
        );
        assert_eq!(me["failing_webhooks"], json!([]));
    }
    let unbound = Service::start_with(&[("REE_RATE", "0")]).await;
    let me = unbound.reader().get("/v1/me").await.expect(200);
    assert_eq!(me["limits"]["quota"], Value::Null);
    service
        .anon()
        .get("/v1/me")
        .await
        .problem(401, "unauthorized");
}

#[actix_web::test]
async fn a_partners_client_reads_itself_and_has_its_own_secret_replaced() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let (client, itself) = client_of(&service, &partner).await;
    let path = format!("/v1/clients/{client}");
    let read = itself.get(&path).await.expect(200);
    assert_eq!(
        (&read["name"], &read["allowed_actions"]),
        (&json!("Portail"), &json!(["rotate-secret"]))
    );
    let rotate = format!("{path}/rotate-secret");
    let rotated = itself.post(&rotate, json!({})).await.expect(200);
    assert!(rotated["client_secret"].is_string());
    assert_eq!(rotated["allowed_actions"], json!(["rotate-secret"]));
    assert_eq!(rotated["secrets"].as_array().unwrap().len(), 2);
    itself
        .post(&rotate, json!({}))
        .await
        .problem(409, "too_many_secrets");
    itself
        .patch(&path, json!({ "name": "Autre" }))
        .await
        .problem(403, "forbidden");
    itself
        .post(&format!("{path}/revoke"), json!({}))
        .await
        .problem(403, "forbidden");
    itself.get("/v1/clients").await.problem(403, "forbidden");
}

#[actix_web::test]
async fn a_partners_client_sees_no_other_client_not_even_its_partners() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let (_, itself) = client_of(&service, &partner).await;
    let (sibling, _) = client_of(&service, &partner).await;
    let (foreign, _) = client_of(&service, &id(&service.new_partner("B").await)).await;
    let before = service.everything().await;
    for other in [sibling, foreign, absent()] {
        let path = format!("/v1/clients/{other}");
        itself.get(&path).await.problem(404, "not_found");
        let refused = itself
            .post(&format!("{path}/rotate-secret"), json!({}))
            .await;
        refused.problem(404, "not_found");
    }
    assert_eq!(service.everything().await, before);
}

#[actix_web::test]
async fn a_partner_lists_its_own_offers_in_every_status() {
    let service = Service::start().await;
    let (partner, convention) = service
        .signed_partner("A", json!({ "levels": ["3e"] }))
        .await;
    let (other, its) = service.signed_partner("B", json!({})).await;
    service.new_intervention(&other, &its, json!({})).await;
    let portal = service.partner(&partner);
    let path = format!("/v1/partners/{partner}/interventions");
    for (name, levels) in [("publiee", "3e"), ("retenue", "4e"), ("retiree", "3e")] {
        let body = intervention(&convention, json!({ "levels": [levels] }));
        portal
            .put(&format!("{path}/{name}"), body)
            .await
            .expect(201);
    }
    portal.delete(&format!("{path}/retiree")).await.expect(200);
    let names = async |caller: &Caller, query: &str| {
        let rows = caller.all(&format!("{path}{query}")).await;
        let count = caller
            .get(&format!("{path}/count{query}"))
            .await
            .expect(200);
        assert_eq!(count["count"], rows.len(), "{query}");
        let mut names: Vec<String> = rows
            .iter()
            .map(|row| row["external_id"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&portal, "").await, ["publiee", "retenue", "retiree"]);
    assert_eq!(names(&service.ministry(), "").await.len(), 3);
    assert_eq!(names(&portal, "?status=withheld").await, ["retenue"]);
    assert_eq!(names(&portal, "?level=4e").await, ["retenue"]);
    for stranger in [
        service.reader(),
        service.partner(&other),
        service.academy("academy:10"),
    ] {
        assert_eq!(names(&stranger, "").await, ["publiee"]);
        assert_eq!(names(&stranger, "?status=withdrawn").await, [""; 0]);
    }
    let nowhere = format!("/v1/partners/{}/interventions", absent());
    portal.get(&nowhere).await.problem(404, "not_found");
    let refused = portal.get(&format!("{path}?partner_id={other}")).await;
    assert_eq!(refused.faults(), ["partner_id unknown_parameter"]);
    let named = portal
        .put(
            &format!("{path}/count"),
            intervention(&convention, json!({})),
        )
        .await;
    named.problem(405, "method_not_allowed");
}

#[actix_web::test]
async fn five_thousand_offers_are_pushed_at_once_and_not_one_more() {
    let service = Service::start().await;
    let (partner, convention) = service.signed_partner("A", json!({})).await;
    let portal = service.partner(&partner);
    let path = format!("/v1/partners/{partner}/interventions/batch");
    let item = |number: usize| {
        json!({ "external_id": format!("o-{number}"), "convention_id": convention, "title": "Visite",
                "action_type": "company_visit", "levels": ["3e"], "modality": "in_person", "territories": ["academy:10"] })
    };
    let items: Vec<Value> = (0..5_000).map(item).collect();
    let verdict = portal
        .post(&path, json!({ "items": items }))
        .await
        .expect(200);
    assert_eq!(
        (
            &verdict["counts"]["received"],
            &verdict["counts"]["created"]
        ),
        (&json!(5_000), &json!(5_000))
    );
    let one_more: Vec<Value> = (0..5_001).map(|_| json!({})).collect();
    let refused = portal.post(&path, json!({ "items": one_more })).await;
    assert_eq!(refused.faults(), ["/items too_many_items"]);
    let wrong: Vec<Value> = (0..5_000).map(|_| json!({ "nope": 1 })).collect();
    let verdict = portal
        .post(&path, json!({ "items": wrong }))
        .await
        .expect(200);
    let items = verdict["items"].as_array().unwrap();
    let told: usize = items
        .iter()
        .map(|item| item["errors"].as_array().unwrap().len())
        .sum();
    assert!(
        (5_000..=6_020).contains(&told),
        "each says why, and no more: {told}"
    );
}
