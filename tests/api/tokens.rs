//! Which tokens are believed, and what they let their bearer do.

use chrono::TimeDelta;
use ree::auth::{Identity, Keys, Perimeter, Role, Scopes, Tokens};
use serde_json::json;

use crate::support::Service;

#[actix_web::test]
async fn only_tokens_of_this_service_in_their_time_are_believed() {
    let service = Service::start().await;
    let claims = service.claims(
        Identity::new(Role::Ministry, Perimeter::default()).unwrap(),
        Scopes::ReadWrite,
    );
    let good = service.sign(&claims);
    let payload = json!({
        "iss": claims.iss, "sub": claims.sub, "aud": "ree", "exp": claims.exp.timestamp(), "iat": claims.iat.timestamp(),
        "jti": claims.jti, "client_id": "tests", "scope": "read write", "role": "ministry",
    });
    let public_key = service
        .shared
        .authenticator
        .tokens()
        .keys()
        .jwks()
        .to_string();
    let symmetric = |typ: &str, kid: Option<String>| {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        (header.typ, header.kid) = (Some(typ.to_owned()), kid);
        jsonwebtoken::encode(
            &header,
            &payload,
            &jsonwebtoken::EncodingKey::from_secret(public_key.as_bytes()),
        )
        .unwrap()
    };
    let kid = service
        .shared
        .authenticator
        .tokens()
        .keys()
        .current()
        .kid()
        .to_owned();
    let foreign = std::env::temp_dir().join(format!("ree-foreign-keys-{}", std::process::id()));
    let keys = Keys::load_or_create(&foreign, claims.iat).unwrap();
    let foreign_token = Tokens::new(keys, claims.iss.as_str())
        .sign(&claims)
        .unwrap();
    let (head, rest) = good.split_once('.').unwrap();
    let none = format!(
        "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.",
        rest.split_once('.').unwrap().0
    );
    service
        .anon()
        .with_token(&good)
        .get("/v1/partners")
        .await
        .expect(200);
    let missing = service.anon().get("/v1/partners").await;
    missing.problem(401, "unauthorized");
    assert_eq!(missing.header("www-authenticate"), "Bearer realm=\"ree\"");
    for bad in [
        "x",
        "a.b.c",
        &symmetric("at+jwt", Some(kid)),
        &symmetric("JWT", None),
        &foreign_token,
        &none,
        head,
        &format!("{good}x"),
        &format!("x{good}"),
        &"x".repeat(20_000),
    ] {
        let reply = service.anon().with_token(bad).get("/v1/partners").await;
        reply.problem(401, "invalid_token");
        assert!(
            reply
                .header("www-authenticate")
                .contains("error=\"invalid_token\""),
            "{}",
            reply.header("www-authenticate")
        );
        assert!(
            !reply.text().contains(bad) || bad == "x",
            "a token is never repeated"
        );
    }
    for header in [
        "Basic eDp5",
        "bearer",
        "Bearer",
        "Bearer  ",
        &format!("Basic {good}"),
    ] {
        let reply = service
            .anon()
            .request("GET", "/v1/partners")
            .header("authorization", header)
            .send()
            .await;
        assert_eq!(reply.status, 401, "{header}");
    }
    let in_address = service
        .anon()
        .get(&format!("/v1/partners?access_token={good}"))
        .await;
    in_address.problem(401, "unauthorized");
    service.shared.clock.travel(TimeDelta::minutes(14));
    service
        .anon()
        .with_token(&good)
        .get("/v1/partners")
        .await
        .expect(200);
    service.shared.clock.travel(TimeDelta::minutes(2));
    service
        .anon()
        .with_token(&good)
        .get("/v1/partners")
        .await
        .problem(401, "invalid_token");
    let _ = std::fs::remove_dir_all(foreign);
}

#[actix_web::test]
async fn a_token_without_the_scope_word_is_refused_naming_it() {
    let service = Service::start().await;
    let with = |scope| service.with_scope(Role::Ministry, Perimeter::default(), scope);
    let reply = with(Scopes::Read)
        .post(
            "/v1/partners",
            json!({ "legal_name": "A", "kind": "company" }),
        )
        .await;
    reply.problem(403, "insufficient_scope");
    assert_eq!(
        reply.header("www-authenticate"),
        "Bearer realm=\"ree\", error=\"insufficient_scope\", scope=\"write\""
    );
    let reply = with(Scopes::Write).get("/v1/partners").await;
    reply.problem(403, "insufficient_scope");
    assert_eq!(
        reply.header("www-authenticate"),
        "Bearer realm=\"ree\", error=\"insufficient_scope\", scope=\"read\""
    );
    with(Scopes::Write)
        .post(
            "/v1/partners",
            json!({ "legal_name": "A", "kind": "company" }),
        )
        .await
        .expect(201);
}

#[actix_web::test]
async fn a_token_of_another_issuer_or_of_tomorrow_is_not_believed_though_our_key_signed_it() {
    let service = Service::start().await;
    let good = service.claims(Identity::Ministry, Scopes::ReadWrite);
    let keys = || Keys::load(&crate::support::KEYS, good.iat).unwrap();
    let read = async |token: String| {
        let caller = service.anon().with_token(&token);
        caller.get("/v1/partners?limit=1").await
    };
    let mut foreign = good.clone();
    foreign.iss = "https://autre.exemple.fr".to_owned();
    let elsewhere = Tokens::new(keys(), &foreign.iss);
    let answer = read(elsewhere.sign(&foreign).unwrap()).await;
    answer.problem(401, "invalid_token");
    let mut early = good.clone();
    early.iat += TimeDelta::days(1);
    early.exp += TimeDelta::days(1);
    read(service.sign(&early))
        .await
        .problem(401, "invalid_token");
    read(service.sign(&good)).await.expect(200);
}
