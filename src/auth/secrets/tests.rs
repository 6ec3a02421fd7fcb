use std::collections::{HashMap, HashSet};

use super::*;

const LENGTH: usize = PREFIX.len() + RANDOM + CHECKSUM;

#[test]
fn what_is_made_is_recognised() {
    for _ in 0..200 {
        let secret = Secret::generate().unwrap();
        let text = secret.expose();
        assert_eq!(text.len(), LENGTH);
        assert_eq!(LENGTH, 56);
        let read = Secret::parse(text).unwrap();
        assert!(read.matches(&secret.digest()));
    }
}

#[test]
fn the_form_does_not_change() {
    // Computed apart from this code, with Python's zlib.crc32: secrets in use must stay valid.
    let text = format!("ree_sk_{}0w4p6F", "0".repeat(43));
    let secret = Secret::parse(&text).unwrap();
    assert_eq!(secret.hint(), "ree_sk_0000");
}

#[test]
fn secrets_are_random_and_even() {
    let mut seen = HashSet::new();
    let mut letters: HashMap<char, u32> = HashMap::new();
    for _ in 0..2_000 {
        let secret = Secret::generate().unwrap();
        for letter in secret.expose()[PREFIX.len()..PREFIX.len() + RANDOM].chars() {
            *letters.entry(letter).or_default() += 1;
        }
        assert!(seen.insert(secret.expose().to_owned()));
    }
    // 86,000 characters over 62 letters: 1,387 each, and a deviation of 37.
    assert_eq!(letters.len(), 62);
    assert!(
        letters.values().all(|count| (1_100..1_700).contains(count)),
        "{letters:?}"
    );
}

#[test]
fn any_one_character_mistyped_is_noticed() {
    let secret = Secret::generate().unwrap();
    let text = secret.expose();
    for at in 0..text.len() {
        for by in ["0", "A", "z", "_", "-", " ", "é"] {
            let mut changed = text.to_owned();
            changed.replace_range(at..=at, by);
            if changed != text {
                assert!(Secret::parse(&changed).is_err(), "{at} by {by}");
            }
        }
        let (before, after) = text.split_at(at);
        assert!(Secret::parse(before).is_err());
        assert!(Secret::parse(&format!("{before}{}", &after[1..])).is_err());
        assert!(Secret::parse(&format!("{before}0{after}")).is_err());
    }
}

#[test]
fn the_fault_is_named() {
    let fault = |text: &str| Secret::parse(text).unwrap_err();
    let secret = Secret::generate().unwrap();
    let text = secret.expose();
    assert_eq!(fault(""), SecretError::Prefix);
    assert_eq!(fault(&text.replace("_sk_", "_pk_")), SecretError::Prefix);
    assert_eq!(fault(&text.to_uppercase()), SecretError::Prefix);
    assert_eq!(fault(PREFIX), SecretError::Length);
    assert_eq!(fault(&format!("{text}0")), SecretError::Length);
    assert_eq!(fault(&format!("{text}\n")), SecretError::Alphabet);
    assert_eq!(
        fault(&format!("ree_sk_{}", "é".repeat(30))),
        SecretError::Alphabet
    );
    let last = if text.ends_with('0') { "1" } else { "0" };
    let changed = format!("{}{last}", &text[..LENGTH - 1]);
    assert_eq!(fault(&changed), SecretError::Checksum);
    assert!(!fault(&changed).to_string().contains(&text[7..20]));
}

#[test]
fn a_digest_matches_its_own_secret_alone() {
    let (one, other) = (Secret::generate().unwrap(), Secret::generate().unwrap());
    assert!(one.matches(&one.digest()));
    assert!(!one.matches(&other.digest()));
    assert!(!one.matches(&one.digest()[..31]));
    assert!(!one.matches(&[]));
    let expected: [u8; 32] = Sha256::digest(one.expose()).into();
    assert_eq!(one.digest(), expected);
}

#[test]
fn debug_and_hint_give_little_away() {
    let secret = Secret::generate().unwrap();
    let shown = &secret.expose()[..11];
    assert_eq!(secret.hint(), shown);
    assert_eq!(format!("{secret:?}"), format!("Secret({shown}…)"));
}

#[test]
fn base_62_covers_all_values() {
    let letters: HashSet<char> = (0..62).map(letter).collect();
    assert_eq!(letters.len(), 62);
    assert!(letters.iter().all(char::is_ascii_alphanumeric));
}
