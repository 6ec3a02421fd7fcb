use std::os::unix::fs::PermissionsExt;
use std::sync::Barrier;
use std::thread;

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
    let kid = first.newest().kid().to_owned();
    assert_eq!(files(&dir), [format!("{kid}.pem")]);
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&dir.join(format!("{kid}.pem"))), 0o600);
    let again = Keys::load_or_create(&dir, noon() + TimeDelta::days(1)).unwrap();
    assert_eq!(again.newest().kid(), kid);
    assert_eq!(again.newest().created(), noon());
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
            keys.newest().kid().to_owned()
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
    assert_eq!(files(&dir), [format!("{}.pem", keys.newest().kid())]);
}

#[test]
fn a_key_others_can_read_is_refused() {
    let temp = TempDir::new();
    let dir = temp.keys();
    let kid = Keys::load_or_create(&dir, noon())
        .unwrap()
        .newest()
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
        Keys::load_or_create(&dir, noon()).unwrap().newest().kid(),
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
        for error in [Keys::load_or_create(&dir, noon()), Keys::load(&dir)] {
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
    let pem = fs::read_to_string(dir.join(format!("{}.pem", keys.newest().kid()))).unwrap();

    let broken = dir.join("broken.pem");
    write_private(&broken, &pem.replace("PRIVATE KEY", "PUBLIC KEY"));
    let error = Keys::load(&dir).unwrap_err();
    assert!(
        matches!(&error, KeyError::Malformed { path } if *path == broken),
        "{error}"
    );
    let body = pem.lines().nth(2).unwrap();
    assert!(!format!("{error} {error:?}").contains(body));

    write_private(&broken, &pem);
    let error = Keys::load(&dir).unwrap_err();
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
    assert_eq!(keys.newest().kid(), kid);
    // The public half that the RFC gives for it.
    let public = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
    let der = base64::engine::general_purpose::STANDARD
        .decode(public)
        .unwrap();
    assert_eq!(keys.newest().public, der[12..]);
}

#[test]
fn the_newest_signs_and_all_verify() {
    let temp = TempDir::new();
    let dir = temp.keys();
    let first = Keys::load_or_create(&dir, noon())
        .unwrap()
        .newest()
        .kid()
        .to_owned();
    // The clock went back in between.
    let second = Keys::rotate(&dir, noon() - TimeDelta::days(1)).unwrap();
    assert_ne!(second.newest().kid(), first);
    assert!(second.find(&first).is_some());
    assert!(second.find("unknown").is_none());
    let third = Keys::rotate(&dir, noon() + TimeDelta::days(1)).unwrap();
    let loaded = Keys::load(&dir).unwrap();
    assert_eq!(loaded.newest().kid(), third.newest().kid());
    let kids: Vec<_> = loaded.iter().map(Key::kid).collect();
    assert_eq!(kids, [third.newest().kid(), second.newest().kid(), &first]);
}

#[test]
fn a_revoked_key_is_gone_and_the_last_one_stays() {
    let temp = TempDir::new();
    let dir = temp.keys();
    let first = Keys::load_or_create(&dir, noon())
        .unwrap()
        .newest()
        .kid()
        .to_owned();
    let error = Keys::revoke(&dir, &first).unwrap_err();
    assert!(matches!(error, KeyError::Last { .. }), "{error}");
    let error = Keys::revoke(&dir, "../keys/x").unwrap_err();
    assert!(matches!(error, KeyError::Unknown { .. }), "{error}");
    let second = Keys::rotate(&dir, noon())
        .unwrap()
        .newest()
        .kid()
        .to_owned();
    let left = Keys::revoke(&dir, &first).unwrap();
    assert_eq!(
        left.iter().map(Key::kid).collect::<Vec<_>>(),
        [second.as_str()]
    );
    assert_eq!(files(&dir), [format!("{second}.pem")]);
}

#[test]
fn loading_alone_never_makes_a_key() {
    let temp = TempDir::new();
    let error = Keys::load(temp.path()).unwrap_err();
    assert!(matches!(error, KeyError::None { .. }), "{error}");
    assert!(matches!(
        Keys::load(&temp.keys()).unwrap_err(),
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
    assert!(set.find(keys.newest().kid()).is_some());
}

#[test]
fn debug_shows_ids_alone() {
    let temp = TempDir::new();
    let keys = Keys::load_or_create(&temp.keys(), noon()).unwrap();
    let kid = keys.newest().kid().to_owned();
    let shown = format!("{keys:?}");
    assert_eq!(
        shown,
        format!("[Key {{ kid: {kid:?}, created: 2026-03-02T12:00:00Z, .. }}]")
    );
}
