//! `ree keys`: what operators may rely on when they list, rotate and revoke signing keys.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Client, Directory, Ended, Service, ended, ree, run, until};

const SETTING: &str = "REE_KEY_ENCRYPTION_KEY";
const ONE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const TWO: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Runs a command with this encryption key.
fn run_with(directory: &Path, encryption: &str, arguments: &[&str]) -> Ended {
    let mut command = ree(directory);
    command.args(arguments).env(SETTING, encryption);
    ended(command.output().unwrap())
}

/// The keys as a command prints them.
#[track_caller]
fn keys(done: &Ended) -> Vec<Value> {
    assert_eq!(done.status, 0, "{}", done.err);
    serde_json::from_str(&done.out).unwrap()
}

fn kid_of(keys: &[Value], status: &str) -> String {
    let found = keys.iter().find(|key| key["status"] == status);
    let found = found.unwrap_or_else(|| panic!("{status}: {keys:?}"));
    found["kid"].as_str().unwrap().to_owned()
}

#[track_caller]
fn refused(done: &Ended, because: &str) {
    assert_eq!((done.status, done.out.as_str()), (1, ""), "{}", done.err);
    assert!(done.err.contains(because), "{}", done.err);
}

fn status(service: &Service, token: &str) -> u16 {
    let mut client = Client::connect(service.api, Some(token)).unwrap();
    client.get("/v1/partners?limit=1").unwrap().status
}

fn published(service: &Service) -> Vec<String> {
    let jwks = service.anon().get("/.well-known/jwks.json").unwrap();
    let jwks = jwks.expect(200);
    let keys = jwks["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

const LIST: [&str; 4] = ["keys", "list", "--format", "json"];
const ROTATE: [&str; 4] = ["keys", "rotate", "--format", "json"];

#[test]
fn keys_of_files_are_listed_rotated_and_revoked_beside_a_running_service() {
    let directory = Directory::new();
    let path = &directory.path;
    refused(&run(path, &["keys", "list"]), "no signing key");
    refused(&run(path, &["keys", "rotate"]), "no signing key");
    assert!(!path.join("keys").exists());
    let service = Service::start(&directory);
    let only = kid_of(&keys(&run(path, &LIST)), "current");
    refused(
        &run(path, &["keys", "revoke", &only]),
        "rotate before revoking it",
    );
    refused(
        &run(path, &["keys", "revoke", "../x"]),
        "no signing key has the id",
    );
    refused(
        &run(path, &["keys", "reencrypt"]),
        "REE_KEY_ENCRYPTION_KEY is not set",
    );
    let before = service.token("ministry");
    let body = json!({ "url": "https://portail.exemple.fr/webhooks" });
    let mut ministry = Client::connect(service.api, Some(&before)).unwrap();
    ministry
        .post("/v1/webhooks", &[], &body)
        .unwrap()
        .expect(201);

    let rotated = keys(&run(path, &ROTATE));
    assert_eq!(kid_of(&rotated, "current"), only);
    let next = kid_of(&rotated, "next");
    refused(&run(path, &ROTATE), "rotated a moment ago");
    until(Duration::from_secs(5), "the next key is published", || {
        published(&service).contains(&next)
    });
    // Given up while it signs: the next is waited for.
    let revoked = run(path, &["keys", "revoke", &only, "--format", "json"]);
    assert_eq!(kid_of(&keys(&revoked), "current"), next);
    assert!(
        revoked.err.contains("1 secrets of webhooks encrypted anew"),
        "{}",
        revoked.err
    );
    assert_eq!(status(&service, &before), 401);
    assert_eq!(status(&service, &service.token("ministry")), 200);
    assert_eq!(published(&service), [next.as_str()]);
    let sealed =
        format!("SELECT count(*) FROM webhook_secrets WHERE starts_with(sealed, '{next}.')");
    assert_eq!(directory.number(&sealed), 1);
    let said = format!("{}{}", service.out(), service.err());
    assert!(!said.contains("PRIVATE KEY"), "{said}");
}

#[test]
fn keys_of_the_database_are_shared_rotated_at_once_and_refused_to_who_cannot_decrypt_them() {
    let directory = Directory::new();
    let path = &directory.path;
    let service = Service::start_with(&directory, &[(SETTING, ONE)]);
    assert!(!path.join("keys").exists());
    let begun = keys(&run_with(path, ONE, &LIST));
    let (first, next) = (kid_of(&begun, "current"), kid_of(&begun, "next"));
    let token = |encryption: &str| run_with(path, encryption, &["token", "--role", "ministry"]);
    let before = token(ONE);
    assert_eq!((before.status, before.err.as_str()), (0, ""));
    let before = before.out.trim().to_owned();
    assert_eq!(status(&service, &before), 200);
    // Who has not the encryption key, or another, is told what to set; nothing is made instead.
    for command in [
        &LIST[..2],
        &ROTATE[..2],
        &["keys", "revoke", &first],
        &["token", "--role", "reader"],
    ] {
        refused(&run(path, command), "set REE_KEY_ENCRYPTION_KEY");
    }
    refused(&token(TWO), "is encrypted under the encryption key");
    refused(
        &run_with(path, TWO, &ROTATE),
        "is encrypted under the encryption key",
    );
    refused(
        &run_with(path, TWO, &["keys", "revoke", &first]),
        "is encrypted under",
    );
    let listed = run_with(path, TWO, &LIST);
    assert_eq!(listed.status, 1);
    assert!(listed.out.contains(&first), "{}", listed.out);
    let malformed = run_with(path, "hunter2", &LIST);
    refused(&malformed, "openssl rand -base64 32");
    assert!(!malformed.err.contains("hunter2"), "{}", malformed.err);
    assert!(!path.join("keys").exists());

    std::thread::sleep(Duration::from_secs(10));
    let done = run_with(path, &format!("{TWO},{ONE}"), &ROTATE);
    let rotated = keys(&done);
    assert_eq!(kid_of(&rotated, "current"), next);
    assert_eq!(kid_of(&rotated, "previous"), first);
    let under = &rotated[0]["encryption_key"];
    assert!(
        rotated.iter().all(|key| key["encryption_key"] == *under),
        "{rotated:?}"
    );
    assert_ne!(*under, begun[0]["encryption_key"]);
    refused(&token(ONE), "is encrypted under the encryption key");
    let after = token(TWO).out.trim().to_owned();
    assert_eq!(
        (status(&service, &before), status(&service, &after)),
        (200, 200)
    );
    // What the service knows it goes on with; started anew it is told.
    refused_start(path, ONE, "separated by a comma");
    refused_start(path, "", "set REE_KEY_ENCRYPTION_KEY");

    let since = Instant::now();
    let left = keys(&run_with(
        path,
        TWO,
        &["keys", "revoke", &first, "--format", "json"],
    ));
    assert!(left.iter().all(|key| key["kid"] != first.as_str()));
    until(Duration::from_secs(5), "the token is refused", || {
        status(&service, &before) == 401
    });
    assert!(since.elapsed() < Duration::from_secs(8));
    assert_eq!(status(&service, &after), 200);
    assert!(!published(&service).contains(&first));
}

/// Starts a service with this encryption key, which says why it does not.
#[track_caller]
fn refused_start(path: &Path, encryption: &str, because: &str) {
    let started = run_with(
        path,
        encryption,
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--admin-listen",
            "127.0.0.1:0",
        ],
    );
    assert_eq!(started.status, 1, "{}", started.err);
    assert!(started.err.contains(because), "{}", started.err);
}

#[test]
fn of_rotations_at_once_one_is_done_and_a_damaged_key_is_told_and_given_up() {
    let directory = Directory::new();
    let path = &directory.path;
    let service = Service::start_with(&directory, &[(SETTING, ONE)]);
    let begun = keys(&run_with(path, ONE, &LIST));
    let rotations: Vec<Ended> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| run_with(path, ONE, &ROTATE)))
            .collect();
        started.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (done, not): (Vec<_>, Vec<_>) = rotations.iter().partition(|one| one.status == 0);
    assert_eq!(done.len(), 1);
    for one in not {
        refused(one, "rotated a moment ago");
    }
    assert_eq!(keys(&run_with(path, ONE, &LIST)).len(), 3);

    let client = client(path);
    let damaged = kid_of(&begun, "current");
    let damage = format!(
        "WITH damaged AS (UPDATE signing_keys SET sealed = sealed || 'AAAA' WHERE kid = '{damaged}'
        RETURNING 1) SELECT count(*) FROM damaged"
    );
    assert_eq!(directory.number(&damage), 1);
    let advice = format!("ree keys revoke {damaged}");
    let listed = run_with(path, ONE, &LIST);
    assert!(
        listed.status == 1 && listed.err.contains(&advice),
        "{}",
        listed.err
    );
    refused(
        &run_with(path, ONE, &["token", "--role", "reader"]),
        &advice,
    );
    refused_start(path, ONE, &advice);
    // The running service has read it before.
    assert_eq!(status(&service, &service.token_of(&client)), 200);
    let left = keys(&run_with(
        path,
        ONE,
        &["keys", "revoke", &damaged, "--format", "json"],
    ));
    assert!(left.iter().all(|key| key["kid"] != damaged.as_str()));
    assert_eq!(
        run_with(path, ONE, &["token", "--role", "reader"]).status,
        0
    );
}

/// A client registered with the service.
fn client(path: &Path) -> Value {
    let named = ["--name", "Test", "--contact-email", "a@exemple.fr"];
    let create = ["client", "create", "--role", "reader", "--format", "json"];
    let made = run_with(path, ONE, &[create.as_slice(), named.as_slice()].concat());
    assert_eq!(made.status, 0, "{}", made.err);
    serde_json::from_str(&made.out).unwrap()
}

#[test]
fn keys_move_from_files_into_the_database_and_their_tokens_stay_valid() {
    let directory = Directory::new();
    let path = &directory.path;
    let service = Service::start(&directory);
    let token = service.token("ministry");
    let only = kid_of(&keys(&run(path, &LIST)), "current");
    let public_url = format!("http://{}", service.api);
    service.stop();
    let service = Service::start_with(
        &directory,
        &[(SETTING, ONE), ("REE_PUBLIC_URL", &public_url)],
    );
    assert_eq!(status(&service, &token), 200);
    let moved = keys(&run_with(path, ONE, &LIST));
    assert_eq!(kid_of(&moved, "current"), only);
    kid_of(&moved, "next");
    // Those of another instance, which had made its own.
    let other = Directory::new();
    let now = chrono::DateTime::UNIX_EPOCH;
    let others = ree::auth::Keys::load_or_create(&other.path.join("keys"), now).unwrap();
    let directory_of_other = other.path.join("keys").display().to_string();
    let import = ["keys", "import", &directory_of_other, "--format", "json"];
    let imported = keys(&run_with(path, ONE, &import));
    assert_eq!(kid_of(&imported, "previous"), others.current().kid());
    assert_eq!(kid_of(&imported, "current"), only);
    refused(&run(path, &import), "set REE_KEY_ENCRYPTION_KEY");
    // Given up, it does not come back with its file.
    let kid = others.current().kid();
    assert_eq!(run_with(path, ONE, &["keys", "revoke", kid]).status, 0);
    refused(&run_with(path, ONE, &import), "was revoked");
    let named = |url: &str| {
        let mut command = ree(path);
        command
            .args(["token", "--role", "reader"])
            .env(SETTING, ONE)
            .env("REE_PUBLIC_URL", url);
        ended(command.output().unwrap())
    };
    assert_eq!(named(&public_url).status, 0);
    refused(&named("https://other.example"), &public_url);
}
