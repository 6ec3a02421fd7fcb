//! Webhooks: who has them, what they are told, with which proof, and to which addresses.

use ree::app::App;
use ree::auth::{Perimeter, Role};
use ree::integration::webhooks::sending;
use serde_json::{Value, json};

use crate::support::receiver::{Answering, Receiver};
use crate::support::{Caller, Service, id, uai};

/// A service that may send to loopback.
pub async fn service() -> Service {
    Service::start_with(&[("REE_WEBHOOKS_ALLOW_PRIVATE", "true")]).await
}

/// Sends all that is to be sent, once nothing older than what changed is under way.
pub async fn send(service: &Service) {
    service
        .until("SELECT coalesce(max(position), 0) < feed_horizon() FROM changes")
        .await;
    let app = App::new(service.shared.clone()).unwrap();
    sending::run(&app).await.unwrap();
}

/// A webhook of a caller's, told at this receiver.
pub async fn webhook(caller: &Caller, receiver: &Receiver, with: Value) -> Value {
    let body = crate::support::merged(json!({ "url": receiver.url }), with);
    caller.post("/v1/webhooks", body).await.expect(201)
}

pub fn path(webhook: &Value) -> String {
    format!("/v1/webhooks/{}", id(webhook))
}

pub fn secret(webhook: &Value) -> String {
    let secret = &webhook["secrets"][0]["secret"];
    secret.as_str().expect("a secret").to_owned()
}

#[actix_web::test]
async fn a_change_is_told_thinly_and_signed() {
    let service = service().await;
    let receiver = Receiver::start().await;
    let ministry = service.ministry();
    let webhook = webhook(&ministry, &receiver, json!({})).await;
    let partner = service.new_partner("Un partenaire").await;
    send(&service).await;
    let received = receiver.received();
    assert_eq!(receiver.types(), ["partner.created"], "nothing of itself");
    let one = &received[0];
    assert_eq!(one.line, "POST /webhooks?of=tests HTTP/1.1");
    assert_eq!(one.header("host"), format!("127.0.0.1:{}", receiver.port));
    assert_eq!(one.header("content-type"), "application/json");
    assert!(one.is_signed_by(&secret(&webhook)));
    assert!(one.id().starts_with("msg_"));
    let trace = one.header("traceparent");
    assert!(trace.len() == 55 && trace.starts_with("00-"), "{trace}");
    let now = service.shared.clock.now().timestamp();
    let moment: i64 = one.header("webhook-timestamp").parse().unwrap();
    assert!((now - moment).abs() < 60);
    let body = one.json();
    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["type", "timestamp", "data"]);
    let told = ministry.all_changes("partner").await;
    let change = told.last().unwrap();
    assert_eq!(body["timestamp"], change["occurred_at"]);
    assert_eq!(body["data"]["object"], change["object"]);
    assert_eq!(body["data"]["version"], 1);
    // What follows it is what follows the change in the feed.
    service.new_partner("Un autre").await;
    let mut followed = Vec::new();
    for cursor in [&body["data"]["cursor"], &change["cursor"]] {
        let after = format!("/v1/changes?after={}", cursor.as_str().unwrap());
        let page = ministry.get(&after).await.expect(200);
        followed.push(page["data"].clone());
    }
    assert_eq!(followed[0][0]["type"], "partner.created");
    assert_eq!(followed[0], followed[1]);
    assert_eq!(body["data"]["object"]["id"], partner["id"]);
    // Its own cursor goes on where it is.
    send(&service).await;
    let shown = ministry.get(&path(&webhook)).await.expect(200);
    let after = format!("/v1/changes?after={}", shown["cursor"].as_str().unwrap());
    assert_eq!(ministry.get(&after).await.expect(200)["data"], json!([]));
    assert!(shown["last_success_at"].is_string() && shown["failing_since"].is_null());
}

#[actix_web::test]
async fn a_secret_is_shown_once_and_kept_out_of_everything_else() {
    let service = service().await;
    let receiver = Receiver::start().await;
    let ministry = service.ministry();
    let body = json!({ "url": receiver.url, "description": "Essai" });
    let create = || {
        ministry
            .request("POST", "/v1/webhooks")
            .header("idempotency-key", "one")
            .json(&body)
            .send()
    };
    let created = create().await.expect(201);
    let shown = secret(&created);
    assert!(shown.starts_with("whsec_") && shown.len() == 50, "{shown}");
    let again = create().await.expect(201);
    assert_eq!(again["id"], created["id"]);
    assert_eq!(again["secrets"][0]["secret"], Value::Null);
    let (path, bare) = (path(&created), shown.trim_start_matches("whsec_"));
    let mut texts = vec![];
    for address in [
        &path,
        "/v1/webhooks",
        "/v1/changes",
        &format!("{path}/deliveries"),
    ] {
        texts.push(ministry.get(address).await.text().to_owned());
    }
    let csv = ministry
        .request("GET", "/v1/webhooks")
        .header("accept", "text/csv");
    texts.push(csv.send().await.text().to_owned());
    const STORED: &str = "SELECT concat((SELECT jsonb_agg(to_jsonb(w)) FROM webhooks w), (SELECT jsonb_agg(to_jsonb(s)) FROM webhook_secrets s),
        (SELECT jsonb_agg(to_jsonb(a)) FROM audit_events a), (SELECT string_agg(encode(body, 'escape'), '') FROM idempotency_keys))";
    let stored = service.sql().await.query_one(STORED, &[]).await.unwrap();
    texts.push(stored.get(0));
    for text in texts {
        assert!(!text.contains(bare) && !text.contains("whsec_"), "{text}");
    }
}

#[actix_web::test]
async fn both_secrets_sign_after_a_rotation_until_the_older_one_ends() {
    let service = service().await;
    let receiver = Receiver::start().await;
    let created = webhook(&service.ministry(), &receiver, json!({})).await;
    let (path, first) = (path(&created), secret(&created));
    let rotate = format!("{path}/rotate-secret");
    let rotated = service
        .ministry()
        .post(&rotate, json!({}))
        .await
        .expect(200);
    let second = secret(&rotated);
    assert_eq!(rotated["secrets"][1]["id"], created["secrets"][0]["id"]);
    assert!(rotated["secrets"][1]["expires_at"].is_string());
    assert!(rotated["secrets"][1]["secret"].is_null());
    service.new_partner("A").await;
    send(&service).await;
    let one = receiver.received().pop().unwrap();
    assert!(one.is_signed_by(&first) && one.is_signed_by(&second));
    let third = service.ministry().post(&rotate, json!({})).await;
    third.problem(409, "too_many_secrets");

    service.shared.clock.travel(chrono::TimeDelta::days(7));
    service.new_partner("B").await;
    send(&service).await;
    let one = receiver.received().pop().unwrap();
    assert!(!one.is_signed_by(&first) && one.is_signed_by(&second));

    let at_once = json!({ "revoke_previous": true });
    let rotated = service.ministry().post(&rotate, at_once).await.expect(200);
    let third = secret(&rotated);
    assert_eq!(rotated["secrets"].as_array().unwrap().len(), 1);
    service.new_partner("C").await;
    send(&service).await;
    let one = receiver.received().pop().unwrap();
    assert!(!one.is_signed_by(&second) && one.is_signed_by(&third));
}

#[actix_web::test]
async fn a_caller_sees_its_own_webhooks_whoever_shares_its_perimeter() {
    let service = service().await;
    let receiver = Receiver::start().await;
    let partner = id(&service.new_partner("A").await);
    let perimeter = || Perimeter {
        partner_id: Some(partner.parse().unwrap()),
        ..Perimeter::default()
    };
    let one = service.somebody("one", Role::Partner, perimeter());
    let other = service.somebody("other", Role::Partner, perimeter());
    let created = webhook(&one, &receiver, json!({})).await;
    let path = path(&created);
    assert_eq!(one.all("/v1/webhooks").await.len(), 1);
    assert_eq!(service.ministry().all("/v1/webhooks").await.len(), 1);
    let count = other.get("/v1/webhooks/count").await.expect(200);
    assert_eq!(count["count"], 0);
    other.get(&path).await.problem(404, "not_found");
    other
        .patch(&path, json!({ "description": "à moi" }))
        .await
        .problem(404, "not_found");
    other.delete(&path).await.problem(404, "not_found");
    for step in ["rotate-secret", "test", "pause", "resume", "deliveries"] {
        let path = format!("{path}/{step}");
        let reply = match step {
            "deliveries" => other.get(&path).await,
            _ => other.post(&path, json!({})).await,
        };
        reply.problem(404, "not_found");
    }
    assert_eq!(one.all_changes("webhook").await.len(), 1);
    assert_eq!(other.all_changes("webhook").await.len(), 0);
    assert_eq!(service.ministry().all_changes("webhook").await.len(), 1);
    let told = one.all_changes("webhook").await;
    assert_eq!(told[0]["data"]["id"], created["id"]);
    one.delete(&path).await.expect(204);
    one.get(&path).await.problem(404, "not_found");
}

#[actix_web::test]
async fn nobody_hears_of_what_is_outside_its_perimeter() {
    let service = service().await;
    let (mine, theirs) = (Receiver::start().await, Receiver::start().await);
    let partners = [
        service.new_partner("A").await,
        service.new_partner("B").await,
    ];
    let own = service.partner(&id(&partners[0]));
    let other = service.partner(&id(&partners[1]));
    let types = json!({ "types": ["solicitation.created"] });
    webhook(&own, &mine, types.clone()).await;
    webhook(&other, &theirs, types).await;
    let school = uai(690_001);
    service
        .new_school(&school, "department:069", "academy:10")
        .await;
    let representative = id(&service
        .new_representative(&id(&partners[0]), &["academy:10"])
        .await);
    let body = json!({ "uai": school, "representative_id": representative, "levels": ["3e"] });
    service
        .ministry()
        .post("/v1/solicitations", body)
        .await
        .expect(201);
    send(&service).await;
    assert_eq!(mine.types(), ["solicitation.created"]);
    assert_eq!(theirs.types(), [""; 0]);
}

/// A machine client of a school in Lyon, with a token.
async fn client(service: &Service, school: &str) -> (String, Caller) {
    let body = json!({ "name": "Programme", "contact_email": "a@exemple.fr", "role": "establishment",
                       "uais": [school], "scopes": ["read", "write"] });
    let client = service
        .ministry()
        .post("/v1/clients", body)
        .await
        .expect(201);
    let perimeter = Perimeter {
        uais: Some(vec![school.to_owned()]),
        ..Perimeter::default()
    };
    let client = id(&client);
    let caller = service.somebody(&client, Role::Establishment, perimeter);
    (client, caller)
}

async fn ask(service: &Service, school: &str) {
    let partner = id(&service.new_partner("Demandé").await);
    let representative = id(&service.new_representative(&partner, &["FR"]).await);
    let body = json!({ "uai": school, "representative_id": representative, "levels": ["3e"] });
    service
        .ministry()
        .post("/v1/solicitations", body)
        .await
        .expect(201);
}

#[actix_web::test]
async fn a_webhook_reads_with_the_rights_that_its_client_has_at_that_moment() {
    let service = service().await;
    let receiver = Receiver::start().await;
    let (first, second) = (uai(690_001), uai(690_002));
    for school in [&first, &second] {
        service
            .new_school(school, "department:069", "academy:10")
            .await;
    }
    let (client, caller) = client(&service, &first).await;
    let created = webhook(
        &caller,
        &receiver,
        json!({ "types": ["solicitation.created"] }),
    )
    .await;
    assert_eq!(created["client_id"], client);
    ask(&service, &first).await;
    ask(&service, &second).await;
    send(&service).await;
    assert_eq!(receiver.received().len(), 1, "its own school alone");

    let change = json!({ "uais": [second] });
    service
        .ministry()
        .patch(&format!("/v1/clients/{client}"), change)
        .await
        .expect(200);
    ask(&service, &first).await;
    ask(&service, &second).await;
    send(&service).await;
    assert_eq!(receiver.received().len(), 2, "the other school alone");

    let revoke = format!("/v1/clients/{client}/revoke");
    service
        .ministry()
        .post(&revoke, json!({}))
        .await
        .expect(200);
    ask(&service, &second).await;
    send(&service).await;
    assert_eq!(receiver.received().len(), 2);
    let shown = service.ministry().get(&path(&created)).await.expect(200);
    assert_eq!(shown["status"], "disabled");
    assert_eq!(shown["disabled_reason"], "client_revoked");
}

#[actix_web::test]
async fn types_and_territories_narrow_what_is_told() {
    let service = service().await;
    let ministry = service.ministry();
    let (lyon, lille) = (Receiver::start().await, Receiver::start().await);
    let types = json!(["contact.created", "partner.created"]);
    for (receiver, territory) in [(&lyon, "academy:10"), (&lille, "academy:09")] {
        let with = json!({ "types": types, "territories": [territory] });
        webhook(&ministry, receiver, with).await;
    }
    for territory in ["academy:10", "department:069", "department:059"] {
        let body = json!({ "territory": territory, "role": "cell", "label": "Cellule" });
        ministry.post("/v1/contacts", body).await.expect(201);
    }
    service.new_partner("De nulle part").await;
    service
        .new_school(&uai(690_001), "department:069", "academy:10")
        .await;
    send(&service).await;
    assert_eq!(
        lyon.types(),
        ["contact.created", "contact.created", "partner.created"]
    );
    assert_eq!(lille.types(), ["contact.created", "partner.created"]);
}

#[actix_web::test]
async fn what_cannot_be_a_webhook_is_refused_with_every_fault() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let body = json!({
        "url": "http://user@127.0.0.1/", "types": ["partner.update", "nothing"],
        "territories": ["academy:99"], "description": "a".repeat(201), "status": "active",
    });
    let refused = ministry.post("/v1/webhooks", body).await;
    refused.problem(422, "validation_failed");
    assert_eq!(
        refused.faults(),
        [
            "/description too_long",
            "/status read_only",
            "/territories/0 unknown_territory",
            "/types/0 unknown_code",
            "/types/1 unknown_code",
            "/url credentials_in_url",
        ]
    );
    let body = json!({ "url": "https://portail.exemple.fr/", "territories": ["uai:9999999Z"] });
    assert_eq!(ministry.post("/v1/webhooks", body).await.status, 422);
    let reader = service.with_scope(
        Role::Ministry,
        Perimeter::default(),
        ree::auth::Scopes::Write,
    );
    let body = json!({ "url": "https://portail.exemple.fr/" });
    reader
        .post("/v1/webhooks", body)
        .await
        .problem(403, "insufficient_scope");
}

#[actix_web::test]
async fn a_caller_has_twenty_at_most_and_makes_room_by_deleting() {
    let service = Service::start().await;
    let body = json!({ "url": "https://portail.exemple.fr/" });
    let reader = service.reader();
    let mut last = Value::Null;
    for _ in 0..20 {
        last = reader.post("/v1/webhooks", body.clone()).await.expect(201);
    }
    reader
        .post("/v1/webhooks", body.clone())
        .await
        .problem(409, "too_many_webhooks");
    service
        .ministry()
        .post("/v1/webhooks", body.clone())
        .await
        .expect(201);
    reader.delete(&path(&last)).await.expect(204);
    reader.post("/v1/webhooks", body).await.expect(201);
}

#[actix_web::test]
async fn a_change_names_the_version_it_was_made_from() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let body = json!({ "url": "https://portail.exemple.fr/" });
    let created = ministry.post("/v1/webhooks", body).await;
    let path = path(&created.expect(201));
    let change = |etag: &str, body: Value| {
        let request = ministry.request("PATCH", &path).header("if-match", etag);
        request.merge(&body).send()
    };
    let changed = change(
        created.etag(),
        json!({ "types": ["partner.updated"], "description": "A" }),
    )
    .await;
    assert_eq!(changed.expect(200)["types"], json!(["partner.updated"]));
    change(created.etag(), json!({ "description": null }))
        .await
        .problem(412, "precondition_failed");
    let cleared = change(
        changed.etag(),
        json!({ "description": null, "types": null }),
    )
    .await
    .expect(200);
    assert_eq!(
        (&cleared["description"], &cleared["types"]),
        (&Value::Null, &json!([]))
    );
    let refused = change("*", json!({ "url": "https://10.0.0.1/" })).await;
    assert_eq!(refused.faults(), ["/url inward_address"]);
    let bare = ministry
        .request("PATCH", &path)
        .merge(&json!({}))
        .send()
        .await;
    bare.problem(428, "precondition_required");
}

/// Ways to write an address that points inward; `PORT` is where somebody listens.
const INWARD: &[&str] = &[
    "https://127.0.0.1:PORT/",
    "https://127.0.0.1.:PORT/",
    "https://127.1:PORT/",
    "https://127.0.1:PORT/",
    "https://127.255.255.254:PORT/",
    "https://2130706433:PORT/",
    "https://0x7f000001:PORT/",
    "https://0x7f.0x0.0x0.0x1:PORT/",
    "https://0x7F.1:PORT/",
    "https://017700000001:PORT/",
    "https://0177.0.0.1:PORT/",
    "https://0177.0.0.01:PORT/",
    "https://00000177.1:PORT/",
    "https://localhost:PORT/",
    "https://LOCALHOST:PORT/",
    "https://localhost.:PORT/",
    "https://a.localhost:PORT/",
    "https://0.0.0.0:PORT/",
    "https://0:PORT/",
    "https://0x0:PORT/",
    "https://00:PORT/",
    "https://[::1]:PORT/",
    "https://[0:0:0:0:0:0:0:1]:PORT/",
    "https://[::]:PORT/",
    "https://[::127.0.0.1]:PORT/",
    "https://[::ffff:127.0.0.1]:PORT/",
    "https://[::ffff:7f00:1]:PORT/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]:PORT/",
    "https://[64:ff9b::127.0.0.1]:PORT/",
    "https://[64:ff9b::7f00:1]:PORT/",
    "https://[64:ff9b:1::7f00:1]:PORT/",
    "https://[2002:7f00:1::]:PORT/",
    "https://[2002:7f00:0001::1]:PORT/",
    "https://[2001:0:7f00:1::]:PORT/",
    "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]:PORT/",
    "https://[fe80::1]:PORT/",
    "https://[fc00::1]:PORT/",
    "https://[fd00:ec2::254]:PORT/",
    "https://[fec0::1]:PORT/",
    "https://[ff02::1]:PORT/",
    "https://[2001:db8::1]:PORT/",
    "https://[3fff::1]:PORT/",
    "https://[100::1]:PORT/",
    "https://10.0.0.1:PORT/",
    "https://172.16.0.1:PORT/",
    "https://172.31.255.255:PORT/",
    "https://192.168.1.1:PORT/",
    "https://169.254.169.254:PORT/",
    "https://0xa9fea9fe:PORT/",
    "https://2852039166:PORT/",
    "https://100.64.0.1:PORT/",
    "https://192.0.0.1:PORT/",
    "https://192.0.2.1:PORT/",
    "https://192.88.99.1:PORT/",
    "https://198.18.0.1:PORT/",
    "https://198.51.100.1:PORT/",
    "https://203.0.113.1:PORT/",
    "https://224.0.0.1:PORT/",
    "https://240.0.0.1:PORT/",
    "https://255.255.255.255:PORT/",
    "https://１２７.０.０.１:PORT/",
    "https://127。0。0。1:PORT/",
    "https://user@127.0.0.1:PORT/",
    "https://portail.exemple.fr@127.0.0.1:PORT/",
    "https://:@127.0.0.1:PORT/",
    "https://portail.exemple.fr:443@127.0.0.1:PORT/",
    "https://portail.exemple.fr\\@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT/",
    "https:127.0.0.1:PORT/",
    "https:\\\\127.0.0.1:PORT/",
    "//127.0.0.1:PORT/",
    "https://127.0.0.1:PORT/#a",
    "ftp://127.0.0.1:PORT/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:PORT/",
    "unix:/run/postgresql",
];

#[actix_web::test]
async fn addresses_that_point_inward_are_refused_and_nobody_connects_to_them() {
    let service = Service::start().await;
    let receiver = Receiver::start().await;
    let ministry = service.ministry();
    assert!(INWARD.len() > 60);
    let real = ministry
        .post(
            "/v1/webhooks",
            json!({ "url": "https://portail.exemple.fr/" }),
        )
        .await;
    let real = id(&real.expect(201));
    let sql = service.sql().await;
    for text in INWARD {
        let url = text.replace("PORT", &receiver.port.to_string());
        let refused = ministry.post("/v1/webhooks", json!({ "url": url })).await;
        assert_eq!(refused.status, 422, "{url}");
        assert!(refused.faults()[0].starts_with("/url "), "{url}");
        let changed = ministry
            .patch(&format!("/v1/webhooks/{real}"), json!({ "url": url }))
            .await;
        assert_eq!(changed.status, 422, "{url}");
        // Were it stored all the same: a name that was public yesterday may be this today.
        const FORCE: &str = "UPDATE webhooks SET url = $1, due_at = '2000-01-01', failing_since = NULL WHERE id = $2::text::uuid";
        sql.execute(FORCE, &[&url, &real]).await.unwrap();
        ministry
            .post(&format!("/v1/webhooks/{real}/test"), json!({}))
            .await
            .expect(202);
    }
    const LAST: &str = "UPDATE webhooks SET url = $1 WHERE id = $2::text::uuid";
    for scheme in ["https", "http"] {
        for host in ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "2130706433"] {
            let url = format!("{scheme}://{host}:{}/", receiver.port);
            sql.execute(LAST, &[&url, &real]).await.unwrap();
            ministry
                .post(&format!("/v1/webhooks/{real}/test"), json!({}))
                .await
                .expect(202);
            send(&service).await;
            let deliveries = ministry
                .get(&format!("/v1/webhooks/{real}/deliveries?limit=1"))
                .await
                .expect(200);
            assert_eq!(deliveries["data"][0]["outcome"], "failed", "{url}");
            assert_eq!(deliveries["data"][0]["error"], "inward_address", "{url}");
        }
    }
    assert_eq!(receiver.connections(), 0);
}

#[actix_web::test]
async fn a_redirect_is_not_followed_and_counts_as_a_failure() {
    let service = service().await;
    let (inside, outside) = (Receiver::start().await, Receiver::start().await);
    let location = format!("location: {}", inside.url);
    for status in [301, 302, 303, 307, 308] {
        outside.next(Answering::header(status, &location));
    }
    let ministry = service.ministry();
    let created = webhook(&ministry, &outside, json!({})).await;
    for _ in 0..5 {
        ministry
            .post(&format!("{}/test", path(&created)), json!({}))
            .await
            .expect(202);
    }
    send(&service).await;
    assert_eq!(outside.received().len(), 5);
    assert_eq!(inside.connections(), 0);
    for delivery in ministry
        .all(&format!("{}/deliveries", path(&created)))
        .await
    {
        assert_eq!(delivery["outcome"], "failed");
        let status = delivery["status_code"].as_i64().unwrap();
        assert!((300..400).contains(&status), "{delivery}");
    }
}

#[actix_web::test]
async fn the_cursors_of_a_webhook_are_those_of_the_feed_for_what_its_caller_may_read() {
    let service = service().await;
    let receiver = Receiver::start().await;
    let academy = service.academy("academy:10");
    let webhook = webhook(&academy, &receiver, json!({})).await;
    // Before anything is sent its place is that of no change: what follows is told from there on.
    let after = |cursor: &Value| format!("/v1/changes?after={}", cursor.as_str().unwrap());
    academy.get(&after(&webhook["cursor"])).await.expect(200);
    service.new_partner("Un partenaire").await;
    send(&service).await;
    let told = receiver.received()[0].json()["data"]["cursor"].clone();
    let deliveries = academy.all(&format!("{}/deliveries", path(&webhook))).await;
    for cursor in [&told, &deliveries[0]["event"]["cursor"], &webhook["cursor"]] {
        academy.get(&after(cursor)).await.expect(200);
        let elsewhere = service.academy("academy:09").get(&after(cursor)).await;
        let refused = elsewhere.problem(410, "resync_required");
        assert_eq!(refused["reason"], "perimeter_changed", "{refused}");
    }
    // What was told and then lost, as by a failover, is said to whoever goes on from there.
    let sql = service.sql().await;
    sql.batch_execute(
        "UPDATE changes SET occurred_at = occurred_at - interval '1 second'
          WHERE object_type = 'partner'",
    )
    .await
    .expect("another history");
    let refused = academy.get(&after(&told)).await;
    let refused = refused.problem(410, "resync_required");
    assert_eq!(refused["reason"], "lineage_lost", "{refused}");
}
