use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::*;
use crate::auth::testing::{TempDir, noon};

const ONE: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const TWO: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// These rows, so long after noon.
fn after(rows: &[Row], seconds: i64, encryption: &str) -> Stored {
    let now = noon() + TimeDelta::seconds(seconds);
    Stored::new(rows.to_vec(), now, &encryption.parse().unwrap())
}

/// Keys made at noon.
fn begun() -> Vec<Row> {
    let mut stored = after(&[], 0, ONE);
    stored.begin().unwrap();
    stored.rows
}

fn statuses(stored: &Stored) -> Vec<Status> {
    stored.list().iter().map(|key| key.status).collect()
}

fn kid_of(stored: &Stored, status: Status) -> String {
    let listed = stored.list();
    let found = listed.iter().find(|key| key.status == status);
    found
        .unwrap_or_else(|| panic!("{status:?}: {listed:?}"))
        .kid
        .clone()
}

#[test]
fn one_key_signs_and_one_is_published_from_the_beginning() {
    let stored = after(&begun(), 0, ONE);
    assert_eq!(statuses(&stored), [Status::Next, Status::Current]);
    let keys = stored.keys().unwrap();
    assert_eq!(keys.current().kid(), kid_of(&stored, Status::Current));
    assert_eq!(keys.jwks()["keys"].as_array().unwrap().len(), 2);
}

#[test]
fn a_rotation_has_the_published_key_sign_and_the_one_before_verify_for_thirty_days() {
    let before = after(&begun(), 0, ONE);
    let (current, next) = (
        kid_of(&before, Status::Current),
        kid_of(&before, Status::Next),
    );
    let mut stored = after(&before.rows, 3600, ONE);
    stored.rotate().unwrap();
    assert_eq!(
        statuses(&stored),
        [Status::Next, Status::Current, Status::Previous]
    );
    let keys = stored.keys().unwrap();
    assert_eq!(keys.current().kid(), next);
    assert!(keys.find(&current).is_some());
    assert_eq!(keys.iter().count(), 3);
    // The longest token it signed lives for thirty days.
    let days = |days: i64| after(&stored.rows, 3600 + days * 86_400, ONE);
    assert!(days(30).keys().unwrap().find(&current).is_some());
    let later = days(31);
    assert!(later.keys().unwrap().find(&current).is_none());
    assert_eq!(kid_of(&later, Status::Expired), current);
    // It goes with the next rotation.
    let mut later = later;
    later.rotate().unwrap();
    assert!(later.rows.iter().all(|row| row.kid != current));
}

#[test]
fn a_key_that_was_published_a_moment_ago_signs_once_all_have_read_it() {
    let rows = begun();
    let first = kid_of(&after(&rows, 0, ONE), Status::Current);
    let mut stored = after(&rows, 2, ONE);
    stored.rotate().unwrap();
    let at = |seconds| {
        after(&stored.rows, seconds, ONE)
            .keys()
            .unwrap()
            .current()
            .kid()
            .to_owned()
    };
    assert_eq!((at(2), at(9)), (first.clone(), first.clone()));
    assert_ne!(at(10), first);
    // Of two rotations at once one is done.
    let error = after(&stored.rows, 2, ONE).rotate().unwrap_err();
    assert!(matches!(error, KeyError::Rotated { .. }), "{error}");
    assert!(
        error.to_string().contains("rotate again in 19 s"),
        "{error}"
    );
    after(&stored.rows, 20, ONE).rotate().unwrap();
}

#[test]
fn a_revoked_key_is_replaced_whatever_it_was_for_and_is_not_imported_again() {
    let mut stored = after(&begun(), 100, ONE);
    stored.rotate().unwrap();
    for status in [Status::Next, Status::Current, Status::Previous] {
        let mut stored = after(&stored.rows, 200, ONE);
        let (kid, next) = (kid_of(&stored, status), kid_of(&stored, Status::Next));
        stored.revoke(&kid).unwrap();
        let keys = stored.keys().unwrap();
        assert!(keys.find(&kid).is_none());
        assert!(stored.list().iter().all(|key| key.kid != kid));
        kid_of(&stored, Status::Next);
        if status == Status::Current {
            assert_eq!(keys.current().kid(), next);
        }
        let error = stored.revoke(&kid).unwrap_err();
        assert!(matches!(error, KeyError::Unknown { .. }), "{error}");
        // Its private half is nowhere any more.
        let row = stored.rows.iter().find(|row| row.kid == kid).unwrap();
        assert!(row.sealed.is_none() && row.revoked_at.is_some());
    }
}

#[test]
fn the_only_key_is_not_revoked_and_one_that_nobody_knows_yet_does_not_follow() {
    let mut stored = after(&begun(), 5, ONE);
    let current = kid_of(&stored, Status::Current);
    let error = stored.revoke(&current).unwrap_err();
    assert!(matches!(error, KeyError::Unpublished { .. }), "{error}");
    let mut alone = stored.rows.clone();
    alone.retain(|row| row.kid == current);
    let error = after(&alone, 100, ONE).revoke(&current).unwrap_err();
    assert!(matches!(error, KeyError::Last { .. }), "{error}");
}

#[test]
fn a_rotation_that_is_revoked_before_it_counts_leaves_the_current_key_as_it_was() {
    let mut stored = after(&begun(), 2, ONE);
    let (current, next) = (
        kid_of(&stored, Status::Current),
        kid_of(&stored, Status::Next),
    );
    stored.rotate().unwrap();
    stored.revoke(&next).unwrap();
    let later = after(&stored.rows, 90 * 86_400, ONE);
    assert_eq!(later.keys().unwrap().current().kid(), current);
}

#[test]
fn what_cannot_be_decrypted_is_told_apart_and_stops_every_step() {
    let rows = begun();
    let error = after(&rows, 100, TWO).keys().unwrap_err();
    assert!(matches!(error, KeyError::OtherEncryption { .. }), "{error}");
    assert!(
        error.to_string().contains("separated by a comma"),
        "{error}"
    );
    assert!(after(&rows, 100, TWO).rotate().is_err());
    // Two private halves exchanged, by who may write to the database and cannot decrypt.
    let mut exchanged = rows.clone();
    let first = exchanged[0].sealed.clone();
    exchanged[0].sealed = exchanged[1].sealed.clone();
    exchanged[1].sealed = first;
    let mut stored = after(&exchanged, 100, ONE);
    let error = stored.keys().unwrap_err();
    assert!(matches!(error, KeyError::Damaged { .. }), "{error}");
    assert!(stored.rotate().is_err());
    // A key that is nobody's business: made elsewhere, under another encryption key.
    let mut foreign = rows.clone();
    foreign.extend(after(&[], 0, TWO).also_begun());
    assert!(after(&foreign, 100, ONE).keys().is_err());
}

impl Stored {
    fn also_begun(mut self) -> Vec<Row> {
        self.begin().unwrap();
        self.rows
    }
}

#[test]
fn a_damaged_key_is_given_up_by_revoking_it() {
    let mut rows = begun();
    rows[0].sealed = rows[0]
        .sealed
        .as_ref()
        .map(|sealed| format!("{sealed}AAAA"));
    let damaged = rows[0].kid.clone();
    let mut stored = after(&rows, 100, ONE);
    let error = stored.keys().unwrap_err().to_string();
    assert!(
        error.contains(&format!("ree keys revoke {damaged}")),
        "{error}"
    );
    stored.revoke(&damaged).unwrap();
    assert_ne!(stored.keys().unwrap().current().kid(), damaged);
}

#[test]
fn an_instance_goes_on_with_what_it_knows_where_it_cannot_decrypt() {
    let mut stored = after(&begun(), 100, ONE);
    let known = stored.keys().unwrap();
    // The others have a new encryption key, and have rotated.
    let both = format!("{TWO},{ONE}");
    stored = after(&stored.rows, 100, &both);
    stored.rotate().unwrap();
    let behind = after(&stored.rows, 100, ONE);
    assert!(behind.keys().is_err());
    let keys = behind.keys_after(Some(&known)).unwrap();
    assert_eq!(keys.current().kid(), kid_of(&behind, Status::Current));
    let unknown = kid_of(&behind, Status::Next);
    assert!(keys.is_unreadable(&unknown) && keys.find(&unknown).is_none());
}

#[test]
fn a_rotation_encrypts_everything_under_the_new_encryption_key() {
    let rows = begun();
    let both = format!("{TWO},{ONE}");
    let mut stored = after(&rows, 100, &both);
    let secrets = stored.secrets();
    let sealed = after(&rows, 100, ONE)
        .secrets()
        .seal("webhook", b"secret")
        .unwrap();
    stored.rotate().unwrap();
    let under: BTreeSet<_> = stored
        .list()
        .into_iter()
        .map(|key| key.encryption_key)
        .collect();
    assert_eq!(under.len(), 1);
    assert!(after(&stored.rows, 100, ONE).keys().is_err());
    after(&stored.rows, 100, TWO).keys().unwrap();
    // What is kept for others is opened with the former one, and sealed with the new one.
    assert_eq!(secrets.open("webhook", &sealed).unwrap(), b"secret");
    let anew = secrets.seal("webhook", b"secret").unwrap();
    let alone = after(&stored.rows, 100, TWO).secrets();
    assert_eq!(alone.open("webhook", &anew).unwrap(), b"secret");
    assert_eq!(alone.open("webhook", &sealed), None);
}

#[test]
fn the_keys_of_files_go_on_in_the_database() {
    let temp = TempDir::new();
    let dir = temp.keys();
    Keys::load_or_create(&dir, noon() - TimeDelta::days(40)).unwrap();
    Keys::rotate(&dir, noon() - TimeDelta::days(20)).unwrap();
    let files = Keys::load(&dir, noon()).unwrap();
    let sealed = files.sealer().seal("webhook", b"secret").unwrap();
    let mut stored = after(&[], 0, ONE);
    stored.import(&files).unwrap();
    assert_eq!(
        statuses(&stored),
        [Status::Next, Status::Current, Status::Previous]
    );
    let keys = stored.keys().unwrap();
    assert_eq!(keys.current().kid(), files.current().kid());
    assert!(files.iter().all(|key| keys.find(key.kid()).is_some()));
    assert_eq!(keys.sealer().open("webhook", &sealed).unwrap(), b"secret");
    // Again it changes nothing; those of another instance verify, and do not sign.
    let once = stored.rows.clone();
    stored.import(&files).unwrap();
    assert_eq!(stored.rows, once);
    let other = TempDir::new();
    let others = Keys::load_or_create(&other.keys(), noon() + TimeDelta::days(1)).unwrap();
    stored.import(&others).unwrap();
    let keys = stored.keys().unwrap();
    assert_eq!(keys.current().kid(), files.current().kid());
    assert!(keys.find(others.current().kid()).is_some());
    // What was given up does not come back with its file.
    stored.now += TimeDelta::days(1);
    stored.revoke(others.current().kid()).unwrap();
    let error = stored.import(&others).unwrap_err();
    assert!(matches!(error, KeyError::Revoked { .. }), "{error}");
}

#[test]
fn no_message_quotes_a_private_half() {
    let rows = begun();
    let sealed = rows[0].sealed.clone().unwrap();
    let (_, text) = sealed.split_once('.').unwrap();
    let error = after(&rows, 0, TWO).keys().unwrap_err();
    let keys = after(&rows, 0, ONE).keys().unwrap();
    let said = format!(
        "{error} {error:?} {keys:?} {:?}",
        after(&rows, 0, ONE).list()
    );
    assert!(!said.contains(text), "{said}");
}
