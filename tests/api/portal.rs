//! A partner's portal: registered by the ministry, it gets tokens, keeps its data, rotates its
//! secret, is revoked.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Caller, Reply, Service, id};

struct Portal {
    service: Service,
    partner: String,
    client: String,
    secret: String,
}

impl Portal {
    async fn new() -> Self {
        let service = Service::start().await;
        let partner = id(&service.new_partner("Partenaire").await);
        let body = json!({ "name": "Portail", "contact_email": "si@exemple.fr", "role": "partner",
                           "partner_id": partner, "scopes": ["read", "write"] });
        let created = service
            .ministry()
            .post("/v1/clients", body)
            .await
            .expect(201);
        let secret = created["client_secret"].as_str().unwrap().to_owned();
        Self {
            partner,
            client: id(&created),
            secret,
            service,
        }
    }

    fn path(&self) -> String {
        format!("/v1/clients/{}", self.client)
    }

    async fn ask(&self, form: &str) -> Reply {
        let request = self.service.anon().request("POST", "/oauth2/token");
        request
            .body("application/x-www-form-urlencoded", form.to_owned())
            .send()
            .await
    }

    async fn token_with(&self, secret: &str) -> Reply {
        self.ask(&format!(
            "grant_type=client_credentials&client_id={}&client_secret={secret}",
            self.client
        ))
        .await
    }

    async fn connect(&self) -> Caller {
        let granted = self.token_with(&self.secret).await.expect(200);
        self.service
            .anon()
            .with_token(granted["access_token"].as_str().unwrap())
    }
}

#[actix_web::test]
async fn a_portals_first_hour() {
    let portal = Portal::new().await;
    let service = portal.service.clone();
    let other = id(&service.new_partner("Un autre").await);
    let caller = portal.connect().await;
    let (own, foreign) = (
        format!("/v1/partners/{}", portal.partner),
        format!("/v1/partners/{other}"),
    );

    caller
        .patch(&own, json!({ "description": "Nous ouvrons nos ateliers." }))
        .await
        .expect(200);
    let person = json!({ "name": "Camille Martin", "territories": ["academy:10"] });
    let person = caller
        .post(&format!("{own}/representatives"), person)
        .await
        .expect(201);
    let person = format!("{own}/representatives/{}", id(&person));
    caller
        .patch(&person, json!({ "phone": "01 23 45 67 89" }))
        .await
        .expect(200);

    caller
        .patch(&foreign, json!({ "description": "x" }))
        .await
        .problem(403, "forbidden");
    caller
        .patch(&own, json!({ "legal_name": "x" }))
        .await
        .problem(403, "forbidden");
    caller.get("/v1/clients").await.problem(403, "forbidden");

    let rotated = service
        .ministry()
        .post(&format!("{}/rotate-secret", portal.path()), json!({}))
        .await
        .expect(200);
    let second = rotated["client_secret"].as_str().unwrap();
    portal.token_with(second).await.expect(200);
    portal.token_with(&portal.secret).await.expect(200);

    service
        .ministry()
        .post(&format!("{}/revoke", portal.path()), json!({}))
        .await
        .expect(200);
    caller.get(&own).await.problem(401, "invalid_token");
    for secret in [second, &portal.secret] {
        assert_eq!(
            portal.token_with(secret).await.expect(401)["error"],
            "invalid_client"
        );
    }
}

#[actix_web::test]
async fn a_token_answer_is_that_of_rfc_6749_and_is_not_kept() {
    let portal = Portal::new().await;
    let reply = portal.token_with(&portal.secret).await;
    let granted = reply.expect(200);
    assert_eq!(
        (
            &granted["token_type"],
            &granted["expires_in"],
            &granted["scope"]
        ),
        (&json!("Bearer"), &json!(900), &json!("read write"))
    );
    assert_eq!(
        (reply.header("cache-control"), reply.header("pragma")),
        ("no-store", "no-cache")
    );
    let narrow = format!(
        "grant_type=client_credentials&scope=read&client_id={}&client_secret={}",
        portal.client, portal.secret
    );
    let narrowed = portal.ask(&narrow).await.expect(200);
    assert_eq!(narrowed["scope"], "read");
    let reader = portal
        .service
        .anon()
        .with_token(narrowed["access_token"].as_str().unwrap());
    let path = format!("/v1/partners/{}", portal.partner);
    reader.get(&path).await.expect(200);
    reader
        .patch(&path, json!({ "description": "x" }))
        .await
        .problem(403, "insufficient_scope");
}

#[actix_web::test]
async fn what_the_token_endpoint_refuses_it_refuses_in_oauths_words() {
    let portal = Portal::new().await;
    let (client, secret) = (&portal.client, &portal.secret);
    let credentials = format!("client_id={client}&client_secret={secret}");
    for (form, status, error) in [
        (credentials.clone(), 400, "invalid_request"),
        (
            format!("grant_type=password&{credentials}"),
            400,
            "unsupported_grant_type",
        ),
        (
            format!("grant_type=client_credentials&scope=admin&{credentials}"),
            400,
            "invalid_scope",
        ),
        (
            format!("grant_type=client_credentials&client_id={client}&client_secret={secret}x"),
            401,
            "invalid_client",
        ),
        (
            format!(
                "grant_type=client_credentials&client_id={}&client_secret={secret}",
                portal.partner
            ),
            401,
            "invalid_client",
        ),
        (
            "grant_type=client_credentials".to_owned(),
            401,
            "invalid_client",
        ),
        (
            format!("grant_type=client_credentials&grant_type=x&{credentials}"),
            400,
            "invalid_request",
        ),
    ] {
        let reply = portal.ask(&form).await;
        assert_eq!(reply.expect(status)["error"], error, "{form}");
        assert!(!reply.text().contains(secret.as_str()));
        assert_eq!(reply.header("cache-control"), "no-store");
    }
    let json = portal
        .service
        .anon()
        .post(
            "/oauth2/token",
            json!({ "grant_type": "client_credentials" }),
        )
        .await;
    assert_eq!(json.expect(400)["error"], "invalid_request");
    assert_eq!(json.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn a_third_secret_waits_for_room_or_takes_the_place_of_the_others() {
    let portal = Portal::new().await;
    let (ministry, path) = (
        portal.service.ministry(),
        format!("{}/rotate-secret", portal.path()),
    );
    ministry.post(&path, json!({})).await.expect(200);
    ministry
        .post(&path, json!({}))
        .await
        .problem(409, "too_many_secrets");
    let last = ministry
        .post(&path, json!({ "revoke_previous": true }))
        .await
        .expect(200);
    assert_eq!(last["secrets"].as_array().unwrap().len(), 1);
    portal.token_with(&portal.secret).await.expect(401);
    portal
        .token_with(last["client_secret"].as_str().unwrap())
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_secret_is_shown_once_and_stored_nowhere() {
    let portal = Portal::new().await;
    let key = |request: crate::support::Sending| request.header("idempotency-key", "k");
    let path = format!("{}/rotate-secret", portal.path());
    let rotate = || {
        key(portal
            .service
            .ministry()
            .request("POST", &path)
            .json(&json!({})))
    };
    let first = rotate().send().await.expect(200);
    let secret = first["client_secret"].as_str().unwrap().to_owned();
    let again = rotate().send().await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(200)["client_secret"], Value::Null);
    assert!(
        portal
            .service
            .ministry()
            .get(&portal.path())
            .await
            .expect(200)
            .get("client_secret")
            .is_none()
    );
    let stored = portal.service.everything().await;
    assert!(!stored.contains(&secret) && !stored.contains(&portal.secret));
}

#[actix_web::test]
async fn narrowing_a_client_ends_the_tokens_it_had() {
    let portal = Portal::new().await;
    let caller = portal.connect().await;
    caller.get("/v1/partners").await.expect(200);
    portal
        .service
        .ministry()
        .patch(&portal.path(), json!({ "scopes": ["read"] }))
        .await
        .expect(200);
    caller
        .get("/v1/partners")
        .await
        .problem(401, "invalid_token");
    assert_eq!(
        portal.token_with(&portal.secret).await.expect(200)["scope"],
        "read"
    );
}

#[actix_web::test]
async fn an_expired_client_gets_no_token_and_none_outlives_it() {
    let portal = Portal::new().await;
    let soon = portal.service.shared.clock.now() + TimeDelta::minutes(5);
    let expiry = json!({ "expires_at": soon.to_rfc3339_opts(chrono::SecondsFormat::Secs, true) });
    portal
        .service
        .ministry()
        .patch(&portal.path(), expiry)
        .await
        .expect(200);
    let granted = portal.token_with(&portal.secret).await.expect(200);
    assert!(granted["expires_in"].as_i64().unwrap() <= 300, "{granted}");
    portal.service.shared.clock.travel(TimeDelta::minutes(6));
    portal.token_with(&portal.secret).await.expect(401);
}

#[actix_web::test]
async fn a_revoked_token_is_refused_and_only_its_own_client_may_revoke_it() {
    let portal = Portal::new().await;
    let granted = portal.token_with(&portal.secret).await.expect(200);
    let token = granted["access_token"].as_str().unwrap();
    let revoke = async |token: &str, client: &str, secret: &str| {
        let form = format!("token={token}&client_id={client}&client_secret={secret}");
        let request = portal.service.anon().request("POST", "/oauth2/revoke");
        request
            .body("application/x-www-form-urlencoded", form)
            .send()
            .await
    };
    revoke(token, &portal.client, "wrong").await.expect(401);
    let body = json!({ "name": "Autre", "contact_email": "a@exemple.fr", "role": "reader", "scopes": ["read"] });
    let other = portal
        .service
        .ministry()
        .post("/v1/clients", body)
        .await
        .expect(201);
    revoke(token, &id(&other), other["client_secret"].as_str().unwrap())
        .await
        .expect(400);
    let caller = portal.service.anon().with_token(token);
    caller.get("/v1/partners").await.expect(200);
    revoke("unknown", &portal.client, &portal.secret)
        .await
        .expect(200);
    revoke(token, &portal.client, &portal.secret)
        .await
        .expect(200);
    caller
        .get("/v1/partners")
        .await
        .problem(401, "invalid_token");
}

#[actix_web::test]
async fn an_academy_keeps_the_clients_of_its_schools_and_sees_no_others() {
    let service = Service::start().await;
    service
        .new_school("0311131L", "department:031", "academy:16")
        .await;
    service
        .new_school("0690001B", "department:069", "academy:10")
        .await;
    let client = |uai: &str| {
        json!({ "name": "Lycée", "contact_email": "a@exemple.fr", "role": "establishment",
                                     "uais": [uai], "scopes": ["read"] })
    };
    let (lyon, toulouse) = (service.academy("academy:10"), service.academy("academy:16"));
    let own = id(&lyon
        .post("/v1/clients", client("0690001B"))
        .await
        .expect(201));
    lyon.post("/v1/clients", client("0311131L"))
        .await
        .problem(403, "forbidden");
    let unknown = lyon.post("/v1/clients", client("0010001W")).await;
    unknown.problem(422, "validation_failed");
    let path = format!("/v1/clients/{own}");
    lyon.get(&path).await.expect(200);
    let (hidden, absent) = (
        toulouse.get(&path).await,
        toulouse
            .get(&format!("/v1/clients/{}", crate::support::absent()))
            .await,
    );
    assert_eq!(
        hidden.text().replace(&own, "").len(),
        absent.text().replace(&crate::support::absent(), "").len()
    );
    hidden.problem(404, "not_found");
    assert_eq!(toulouse.all("/v1/clients").await.len(), 0);
    let events = toulouse
        .get("/v1/changes?types=client.created")
        .await
        .expect(200);
    assert_eq!(events["data"], json!([]), "nor do its events show");
    let events = lyon
        .get("/v1/changes?types=client.created")
        .await
        .expect(200);
    assert_eq!(events["data"][0]["object"]["id"], own.as_str());
}

#[actix_web::test]
async fn anyone_may_read_the_keys_and_the_metadata() {
    let service = Service::start().await;
    let keys = service
        .anon()
        .get("/.well-known/jwks.json")
        .await
        .expect(200);
    let key = &keys["keys"][0];
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
    );
    assert!(key.get("d").is_none(), "the private part stays here");
    let metadata = service
        .anon()
        .get("/.well-known/oauth-authorization-server")
        .await
        .expect(200);
    assert_eq!(metadata["issuer"], service.shared.config.public_url);
    assert!(
        metadata["token_endpoint"]
            .as_str()
            .unwrap()
            .ends_with("/oauth2/token")
    );
}

#[actix_web::test]
async fn a_token_made_by_an_instance_whose_clock_is_ahead_or_behind_ends_with_the_others() {
    let portal = Portal::new().await;
    let clock = &portal.service.shared.clock;
    for seconds in [30, -30] {
        clock.travel(TimeDelta::seconds(seconds));
        let before = portal.connect().await;
        clock.travel(TimeDelta::seconds(-seconds));
        before.get("/v1/partners").await.expect(200);
        // Only whether the scope is there ends tokens; the other instance makes it so by its own clock.
        for scopes in [json!(["read"]), json!(["read", "write"])] {
            let ministry = portal.service.ministry();
            let change = json!({ "scopes": scopes });
            ministry.patch(&portal.path(), change).await.expect(200);
        }
        before
            .get("/v1/partners")
            .await
            .problem(401, "invalid_token");
        clock.travel(TimeDelta::seconds(-seconds));
        let after = portal.connect().await;
        clock.travel(TimeDelta::seconds(seconds));
        after.get("/v1/partners").await.expect(200);
    }
}
