//! Starting, stopping, starting again.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;

use crate::support::{Directory, Service, free_port, run, until};

#[test]
fn it_starts_from_nothing_keeps_its_data_and_leaves_nothing_behind() {
    let directory = Directory::new();
    let service = Service::start(&directory);
    let said = service.err();
    for expected in [
        format!("http://{}/v1", service.api),
        format!("http://{}/docs/", service.api),
        "ree token --role".into(),
    ] {
        assert!(said.contains(&expected), "{expected} is not in:\n{said}");
    }
    assert_eq!(service.out(), "", "standard output is for results");
    assert_eq!(service.anon().get("/docs/").unwrap().status, 200);
    assert_eq!(service.anon().get("/v1/partners").unwrap().status, 401);

    let body = json!({ "legal_name": "Ateliers du Midi", "kind": "company" });
    let created = service
        .client("ministry")
        .post("/v1/partners", &[], &body)
        .unwrap()
        .expect(201);
    let path = format!("/v1/partners/{}", created["id"].as_str().unwrap());

    assert_stops(service, &directory);
    let again = Service::start(&directory);
    assert_eq!(
        again.client("reader").get(&path).unwrap().expect(200)["legal_name"],
        "Ateliers du Midi"
    );
    assert_stops(again, &directory);
}

/// Within a few seconds, without an error, and its PostgreSQL with it. An idle connection that a
/// client keeps open does not hold it back.
fn assert_stops(service: Service, directory: &Directory) {
    let mut idle = service.anon();
    idle.get("/healthz").unwrap();
    let (status, took) = service.stop();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert!(
        directory.is_left_within(Duration::from_secs(8)),
        "PostgreSQL is still there"
    );
}

#[test]
fn two_services_on_one_directory_share_its_database() {
    let directory = Directory::new();
    // One public address, as behind one balancer: a token is good for both.
    let settings = [("REE_PUBLIC_URL", "http://registre.exemple.fr")];
    let first = Service::start_with(&directory, &settings);
    let second = Service::start_with(&directory, &settings);
    let token = first.token("ministry");
    let caller = |service: &Service| {
        let mut client = service.anon();
        client.token = Some(token.clone());
        client
    };
    let body = json!({ "legal_name": "Réseau commun", "kind": "association" });
    let created = caller(&first)
        .post("/v1/partners", &[], &body)
        .unwrap()
        .expect(201);
    let path = format!("/v1/partners/{}", created["id"].as_str().unwrap());
    assert_eq!(caller(&second).get(&path).unwrap().expect(200), created);

    // The one that started PostgreSQL goes; the other one keeps it.
    let (status, _) = first.stop();
    assert!(status.success(), "{status}");
    assert_eq!(caller(&second).get(&path).unwrap().expect(200), created);
    second.stop();
    assert!(
        directory.is_left_within(Duration::from_secs(8)),
        "PostgreSQL is still there"
    );
}

#[test]
fn a_client_revoked_through_one_service_is_refused_by_the_other_within_five_seconds() {
    let directory = Directory::new();
    let settings = [("REE_PUBLIC_URL", "http://registre.exemple.fr")];
    let first = Service::start_with(&directory, &settings);
    let second = Service::start_with(&directory, &settings);
    let mut ministry = first.client("ministry");
    let body = json!({ "name": "Programme", "contact_email": "si@exemple.fr", "role": "reader", "scopes": ["read"] });
    let created = ministry
        .post("/v1/clients", &[], &body)
        .unwrap()
        .expect(201);
    let text = |name: &str| created[name].as_str().unwrap().to_owned();
    let mut caller = second.anon();
    caller.token = Some(second.token_of(&created));
    caller.get("/v1/partners").unwrap().expect(200);

    let revoke = format!("/v1/clients/{}/revoke", text("id"));
    ministry.post(&revoke, &[], &json!({})).unwrap().expect(200);
    until(Duration::from_secs(5), "the token is refused", || {
        caller.get("/v1/partners").unwrap().status == 401
    });
}

#[test]
fn a_port_that_is_taken_is_told_in_one_message_and_nothing_is_started() {
    let directory = Directory::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (taken, free) = (
        taken.local_addr().unwrap().to_string(),
        format!("127.0.0.1:{}", free_port()),
    );
    for (setting, arguments) in [
        (
            "REE_LISTEN",
            ["serve", "--listen", &taken, "--admin-listen", &free],
        ),
        (
            "REE_ADMIN_LISTEN",
            ["serve", "--listen", &free, "--admin-listen", &taken],
        ),
    ] {
        let refused = run(&directory.path, &arguments);
        assert_eq!(refused.status, 1, "{}", refused.err);
        assert_eq!(refused.err.lines().count(), 1, "{}", refused.err);
        assert!(
            refused.err.contains(&format!("{setting}={taken}")),
            "{}",
            refused.err
        );
        assert!(refused.err.contains("in use"), "{}", refused.err);
    }
    assert_eq!(
        std::fs::read_dir(&directory.path).unwrap().count(),
        0,
        "the data directory is untouched"
    );
}
