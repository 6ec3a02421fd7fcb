use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use ed25519_dalek::pkcs8::DecodePrivateKey;

use super::files::make_dir;
use super::*;
use crate::auth::testing::{TempDir, noon};

fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .map(|name| name.into_string().unwrap())
        .collect();
    names.retain(|name| name != ".lock");
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    chmod(path, 0o600);
}

#[test]
fn first_start_makes_one_private_key_and_the_next_loads_it() {
    let temp = TempDir::new();
    let dir = temp.keys();
    let first = Keys::load_or_create(&dir, noon()).unwrap();
    let kid = first.current().kid().to_owned();
    assert_eq!(files(&dir), [format!("{kid}.pem")]);
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&dir.join(format!("{kid}.pem"))), 0o600);
    let again = Keys::load_or_create(&dir, noon() + TimeDelta::days(1)).unwrap();
    assert_eq!(again.current().kid(), kid);
    assert_eq!(again.current().created(), noon());
    assert_eq!(again.iter().count(), 1);
}

#[test]
fn starters_at_once_end_with_one_key() {
    for _ in 0..10 {
        let temp = TempDir::new();
        let dir = temp.keys();
        let gate = Barrier::new(8);
        let start = || {
            gate.wait();
            let keys = Keys::load_or_create(&dir, noon()).unwrap();
            assert_eq!(keys.iter().count(), 1);
            keys.current().kid().to_owned()
        };
        let kids: Vec<String> = thread::scope(|scope| {
            let started: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            started.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(kids.windows(2).all(|two| two[0] == two[1]), "{kids:?}");
        assert_eq!(files(&dir), [format!("{}.pem", kids[0])]);
    }
}

#[test]
fn a_starter_killed_half_way_leaves_nothing_that_counts() {
    let temp = TempDir::new();
    let dir = temp.keys();
    make_dir(&dir).unwrap();
    write_private(
        &dir.join(".abandoned.tmp"),
        "Created: 2026-03-02T12:00:00Z\n-----BEGIN",
    );
    let keys = Keys::load_or_create(&dir, noon()).unwrap();
    assert_eq!(files(&dir), [format!("{}.pem", keys.current().kid())]);
}

#[test]
fn a_key_others_can_read_is_refused() {
    let temp = TempDir::new();
    let dir = temp.keys();
    let kid = Keys::load_or_create(&dir, noon())
        .unwrap()
        .current()
        .kid()
        .to_owned();
    let path = dir.join(format!("{kid}.pem"));
    for open in [0o640, 0o604, 0o644, 0o620, 0o601] {
        chmod(&path, open);
        let error = Keys::load_or_create(&dir, noon()).unwrap_err();
        let wanted = format!("run chmod 600 {}", path.display());
        assert!(error.to_string().contains(&wanted), "{error}");
    }
    chmod(&path, 0o400);
    assert_eq!(
        Keys::load_or_create(&dir, noon()).unwrap().current().kid(),
        kid
    );
}

#[test]
fn a_directory_that_is_open_to_others_is_refused() {
    let temp = TempDir::new();
    let dir = temp.keys();
    Keys::load_or_create(&dir, noon()).unwrap();
    for mode in [0o777, 0o755, 0o750, 0o701] {
        chmod(&dir, mode);
        for error in [Keys::load_or_create(&dir, noon()), Keys::load(&dir, noon())] {
            let error = error.unwrap_err();
            assert!(error.to_string().contains("run chmod 700"), "{error}");
        }
    }
    chmod(&dir, 0o500);
    assert!(Keys::load_or_create(&dir, noon()).is_ok());
}

#[test]
fn what_is_not_a_key_is_refused_and_not_quoted() {
    let temp = TempDir::new();
    let dir = temp.keys();
    let keys = Keys::load_or_create(&dir, noon()).unwrap();
    let pem = fs::read_to_string(dir.join(format!("{}.pem", keys.current().kid()))).unwrap();

    let broken = dir.join("broken.pem");
    write_private(&broken, &pem.replace("PRIVATE KEY", "PUBLIC KEY"));
    let error = Keys::load(&dir, noon()).unwrap_err();
    assert!(
        matches!(&error, KeyError::Malformed { path } if *path == broken),
        "{error}"
    );
    let body = pem.lines().nth(2).unwrap();
    assert!(!format!("{error} {error:?}").contains(body));

    write_private(&broken, &pem);
    let error = Keys::load(&dir, noon()).unwrap_err();
    assert!(
        matches!(&error, KeyError::Misnamed { path, .. } if *path == broken),
        "{error}"
    );
}

#[test]
fn a_key_made_by_openssl_is_accepted() {
    // openssl genpkey -algorithm ed25519: no Created line, PKCS#8 version 1. RFC 8410 §10.3.
    let pem = "-----BEGIN PRIVATE KEY-----\n\
               MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
               -----END PRIVATE KEY-----\n";
    let temp = TempDir::new();
    let dir = temp.keys();
    make_dir(&dir).unwrap();
    let signing = SigningKey::from_pkcs8_pem(pem).unwrap();
    let kid = thumbprint(&signing.verifying_key().to_bytes());
    write_private(&dir.join(format!("{kid}.pem")), pem);
    let keys = Keys::load_or_create(&dir, noon()).unwrap();
    assert_eq!(keys.current().kid(), kid);
    // The public half that the RFC gives for it.
    let public = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
    let der = base64::engine::general_purpose::STANDARD
        .decode(public)
        .unwrap();
    assert_eq!(keys.current().public, der[12..]);
}

#[test]
fn the_newest_signs_once_it_was_there_for_a_while_and_all_verify() {
    let temp = TempDir::new();
    let dir = temp.keys();
    let kids = |keys: &Keys| {
        keys.iter()
            .map(|key| key.kid().to_owned())
            .collect::<Vec<_>>()
    };
    let first = kids(&Keys::load_or_create(&dir, noon()).unwrap()).remove(0);
    // The clock went back in between.
    let rotated = Keys::rotate(&dir, noon() - TimeDelta::days(1)).unwrap();
    assert_eq!(rotated.current().kid(), first);
    assert!(rotated.find("unknown").is_none());
    let [_, second] = kids(&rotated).try_into().unwrap();
    // Nobody signs with it before all instances have read it.
    let known = noon() + TimeDelta::seconds(1) + PUBLISHED;
    let before = Keys::load(&dir, known - TimeDelta::milliseconds(1)).unwrap();
    assert_eq!(kids(&before), [first.clone(), second.clone()]);
    let after = Keys::load(&dir, known).unwrap();
    assert_eq!(kids(&after), [second.clone(), first.clone()]);
    assert!(!after.are_those(&before) && after.are_those(&Keys::load(&dir, known).unwrap()));
    let later = noon() + TimeDelta::days(1);
    Keys::rotate(&dir, later).unwrap();
    let loaded = Keys::load(&dir, later + PUBLISHED).unwrap();
    assert_eq!(kids(&loaded)[1..], [second, first]);
}

#[test]
fn of_two_rotations_at_once_one_is_done() {
    let temp = TempDir::new();
    let dir = temp.keys();
    Keys::load_or_create(&dir, noon()).unwrap();
    let now = noon() + TimeDelta::days(1);
    let gate = Barrier::new(8);
    let rotate = || {
        gate.wait();
        Keys::rotate(&dir, now)
    };
    let rotated: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = (0..8).map(|_| scope.spawn(rotate)).collect();
        started.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(rotated.iter().filter(|one| one.is_ok()).count(), 1);
    let refused = rotated.into_iter().find_map(Result::err).unwrap();
    assert!(
        refused.to_string().contains("rotate again in 11 s"),
        "{refused}"
    );
    assert_eq!(files(&dir).len(), 2);
    Keys::rotate(&dir, now + PUBLISHED).unwrap();
}

#[test]
fn a_revoked_key_is_gone_and_the_last_one_stays() {
    let temp = TempDir::new();
    let dir = temp.keys();
    let first = Keys::load_or_create(&dir, noon())
        .unwrap()
        .current()
        .kid()
        .to_owned();
    let error = Keys::revoke(&dir, &first, noon()).unwrap_err();
    assert!(matches!(error, KeyError::Last { .. }), "{error}");
    let error = Keys::revoke(&dir, "../keys/x", noon()).unwrap_err();
    assert!(matches!(error, KeyError::Unknown { .. }), "{error}");
    Keys::rotate(&dir, noon() + TimeDelta::days(1)).unwrap();
    let known = noon() + TimeDelta::days(1) + PUBLISHED;
    // What would sign instead may not be known to all yet.
    let error = Keys::revoke(&dir, &first, known - TimeDelta::seconds(1)).unwrap_err();
    assert!(matches!(error, KeyError::Unpublished { .. }), "{error}");
    let second = Keys::load(&dir, known).unwrap().current().kid().to_owned();
    let left = Keys::revoke(&dir, &first, known).unwrap();
    assert_eq!(
        left.iter().map(Key::kid).collect::<Vec<_>>(),
        [second.as_str()]
    );
    assert_eq!(files(&dir), [format!("{second}.pem")]);
}

#[test]
fn keys_of_files_are_listed_with_what_each_is_for() {
    let temp = TempDir::new();
    let dir = temp.keys();
    Keys::load_or_create(&dir, noon()).unwrap();
    let day = |number| noon() + TimeDelta::days(number);
    Keys::rotate(&dir, day(1)).unwrap();
    Keys::rotate(&dir, day(2)).unwrap();
    let at = |now| -> Vec<Status> {
        let listed = Keys::list(&dir, now).unwrap();
        listed.iter().map(|key| key.status).collect()
    };
    assert_eq!(
        at(day(2)),
        [Status::Next, Status::Current, Status::Previous]
    );
    assert_eq!(
        at(day(3)),
        [Status::Current, Status::Previous, Status::Previous]
    );
    let listed = Keys::list(&dir, day(2)).unwrap();
    assert_eq!(listed[0].signs_from, Some(day(2) + PUBLISHED));
    assert_eq!(listed[2].signs_from, Some(noon()));
}

#[test]
fn loading_alone_never_makes_a_key() {
    let temp = TempDir::new();
    let error = Keys::load(temp.path(), noon()).unwrap_err();
    assert!(matches!(error, KeyError::None { .. }), "{error}");
    assert!(matches!(
        Keys::load(&temp.keys(), noon()).unwrap_err(),
        KeyError::None { .. }
    ));
    assert!(!temp.keys().exists());
}

#[test]
fn thumbprint_is_the_one_of_rfc_8037_appendix_a3() {
    let x = URL_SAFE_NO_PAD
        .decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        .unwrap();
    let thumbprint = thumbprint(&x.try_into().unwrap());
    assert_eq!(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn the_key_set_is_public_only() {
    let temp = TempDir::new();
    let dir = temp.keys();
    Keys::load_or_create(&dir, noon()).unwrap();
    let keys = Keys::rotate(&dir, noon()).unwrap();
    let jwks = keys.jwks();
    let listed = jwks["keys"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    for (jwk, key) in listed.iter().zip(keys.iter()) {
        let names: Vec<_> = jwk
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(names, ["kty", "crv", "x", "kid", "use", "alg"]);
        assert_eq!(jwk["kty"], "OKP");
        assert_eq!(jwk["crv"], "Ed25519");
        assert_eq!(jwk["x"], URL_SAFE_NO_PAD.encode(key.public));
        assert_eq!(jwk["kid"], key.kid());
        assert_eq!(jwk["use"], "sig");
        assert_eq!(jwk["alg"], "EdDSA");
    }
    // An independent reader takes it.
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(jwks).unwrap();
    assert!(set.find(keys.current().kid()).is_some());
}

#[test]
fn debug_shows_ids_alone() {
    let temp = TempDir::new();
    let keys = Keys::load_or_create(&temp.keys(), noon()).unwrap();
    let kid = keys.current().kid().to_owned();
    let shown = format!("{keys:?}");
    assert_eq!(
        shown,
        format!("[Key {{ kid: {kid:?}, created: 2026-03-02T12:00:00Z, .. }}]")
    );
}
