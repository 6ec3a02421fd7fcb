use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use jsonwebtoken::{EncodingKey, crypto};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::cache::SHARD_CAPACITY;
use super::*;
use crate::auth::testing::{ISSUER, TempDir, claims, noon, tokens, v7};
use crate::values::{TextValue, Uai};

fn header_of(tokens: &Tokens) -> Value {
    json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": tokens.keys().current().kid() })
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// A token with any header and payload, soundly signed by the service's key.
fn forge(tokens: &Tokens, header: &Value, payload: &str) -> String {
    let message = format!("{}.{}", encode(header), URL_SAFE_NO_PAD.encode(payload));
    let key = tokens.keys().current().encoding();
    let signature = crypto::sign(message.as_bytes(), key, Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

fn with_header(tokens: &Tokens, name: &str, value: Option<Value>) -> String {
    let mut header = header_of(tokens);
    let members = header.as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
    forge(tokens, &header, &payload().to_string())
}

fn payload() -> Value {
    Value::Object(claims().to_payload())
}

fn with_claim(tokens: &Tokens, name: &str, value: Value) -> String {
    let mut payload = payload();
    payload[name] = value;
    forge(tokens, &header_of(tokens), &payload.to_string())
}

fn refusal(tokens: &Tokens, token: &str) -> TokenError {
    let error = tokens.verify(token, noon()).expect_err(token);
    assert_eq!(error.code(), "invalid_token");
    // What is refused is not remembered, and refused again.
    assert_eq!(tokens.verify(token, noon()), Err(error));
    assert_eq!(tokens.verified.len(), 0);
    error
}

fn reason(tokens: &Tokens, token: &str) -> String {
    refusal(tokens, token).to_string()
}

#[test]
fn what_is_signed_is_verified() {
    let tokens = tokens();
    let token = tokens.sign(&claims()).unwrap();
    assert!(token.len() < 800, "{}", token.len());
    assert_eq!(*tokens.verify(&token, noon()).unwrap(), claims());
    assert_eq!(*tokens.verify(&token, noon()).unwrap(), claims());
    let header = jsonwebtoken::decode_header(&token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    assert_eq!(header.alg, Algorithm::EdDSA);
    assert_eq!(header.kid.as_deref(), Some(tokens.keys().current().kid()));
    // The same claims, put together by hand: the forgeries below differ in one thing only.
    let forged = forge(&tokens, &header_of(&tokens), &payload().to_string());
    assert_eq!(*tokens.verify(&forged, noon()).unwrap(), claims());
}

#[test]
fn claims_nobody_would_accept_are_not_signed() {
    let tokens = tokens();
    let refused = |claims: Claims| tokens.sign(&claims).unwrap_err();
    let other = Claims {
        iss: "https://other.example".to_owned(),
        ..claims()
    };
    assert_eq!(
        refused(other),
        SignError::Claim(ClaimFault::Malformed("iss"))
    );
    let no_school = crate::auth::Identity::Establishment { uais: Vec::new() };
    let empty = Claims {
        identity: no_school,
        ..claims()
    };
    assert_eq!(
        refused(empty),
        SignError::Claim(ClaimFault::Malformed("uais"))
    );
    let backwards = Claims {
        exp: noon(),
        ..claims()
    };
    assert_eq!(
        refused(backwards),
        SignError::Claim(ClaimFault::Malformed("exp"))
    );
    let many = crate::auth::Identity::Establishment {
        uais: vec![Uai::stored("0690001A".to_owned()); 600],
    };
    assert_eq!(
        refused(Claims {
            identity: many,
            ..claims()
        }),
        SignError::TooLong
    );
}

#[test]
fn a_tampered_token_is_refused() {
    let tokens = tokens();
    let token = tokens.sign(&claims()).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let mut ministry = payload();
    ministry["role"] = "ministry".into();
    ministry.as_object_mut().unwrap().remove("partner_id");
    let tampered = format!("{header}.{}.{signature}", encode(&ministry));
    assert_eq!(reason(&tokens, &tampered), "the signature does not match");
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[40] ^= 1;
    let tampered = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&bytes));
    assert_eq!(reason(&tokens, &tampered), "the signature does not match");
    for wrong in ["", "AA", &signature[..80], &format!("{signature}AAAA")] {
        refusal(&tokens, &format!("{message}.{wrong}"));
    }
}

#[test]
fn another_service_s_token_is_refused() {
    let (ours, theirs) = (tokens(), tokens());
    let token = theirs.sign(&claims()).unwrap();
    assert_eq!(reason(&ours, &token), "kid is not one of our keys");
    // Their signature under our key's name.
    let forged = forge(&theirs, &header_of(&ours), &payload().to_string());
    assert_eq!(reason(&ours, &forged), "the signature does not match");
}

#[test]
fn the_algorithm_is_pinned() {
    let tokens = tokens();
    let mut header = header_of(&tokens);
    for none in ["none", "None", "NONE", ""] {
        header["alg"] = none.into();
        let message = format!("{}.{}", encode(&header), encode(&payload()));
        refusal(&tokens, &format!("{message}."));
        refusal(&tokens, &message);
    }
    // The public key is public: as an HMAC secret it would let anyone sign.
    header["alg"] = "HS256".into();
    let message = format!("{}.{}", encode(&header), encode(&payload()));
    let x = tokens.keys().jwks()["keys"][0]["x"]
        .as_str()
        .unwrap()
        .to_owned();
    for secret in [URL_SAFE_NO_PAD.decode(&x).unwrap(), x.into_bytes()] {
        let key = EncodingKey::from_secret(&secret);
        let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        let token = format!("{message}.{signature}");
        assert_eq!(reason(&tokens, &token), "the algorithm is not EdDSA");
    }
    for other in ["RS256", "RS512", "PS256", "ES256", "ES384", "HS512"] {
        let token = with_header(&tokens, "alg", Some(other.into()));
        assert_eq!(reason(&tokens, &token), "the algorithm is not EdDSA");
    }
    for unknown in [
        json!("eddsa"),
        json!("ES256K"),
        json!(1),
        json!(null),
        json!(["EdDSA"]),
    ] {
        refusal(&tokens, &with_header(&tokens, "alg", Some(unknown)));
    }
    refusal(&tokens, &with_header(&tokens, "alg", None));
}

#[test]
fn the_type_is_access_token() {
    let tokens = tokens();
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/At+Jwt",
    ] {
        let token = with_header(&tokens, "typ", Some(typ.into()));
        assert!(tokens.verify(&token, noon()).is_ok(), "{typ}");
    }
    let tokens = crate::auth::testing::tokens();
    for typ in [
        "JWT",
        "jwt",
        "",
        "at+jwt ",
        "id+jwt",
        "text/at+jwt",
        "application/jwt",
    ] {
        let token = with_header(&tokens, "typ", Some(typ.into()));
        assert_eq!(reason(&tokens, &token), "typ is not at+jwt");
    }
    assert_eq!(
        reason(&tokens, &with_header(&tokens, "typ", None)),
        "typ is not at+jwt"
    );
    refusal(
        &tokens,
        &with_header(&tokens, "typ", Some(json!(["at+jwt"]))),
    );
}

#[test]
fn the_key_is_one_of_ours_whatever_the_header_offers() {
    let tokens = tokens();
    let unknown = with_header(&tokens, "kid", Some("other".into()));
    assert_eq!(reason(&tokens, &unknown), "kid is not one of our keys");
    assert_eq!(
        reason(&tokens, &with_header(&tokens, "kid", None)),
        "kid is missing"
    );
    refusal(&tokens, &with_header(&tokens, "kid", Some(json!(1))));
    // An attacker's key, brought along.
    let theirs = crate::auth::testing::tokens();
    let mut header = header_of(&tokens);
    header["jwk"] = theirs.keys().jwks()["keys"][0].clone();
    let token = forge(&theirs, &header, &payload().to_string());
    assert_eq!(reason(&tokens, &token), "the signature does not match");
}

#[test]
fn critical_extensions_are_refused() {
    let tokens = tokens();
    for crit in [json!(["b64"]), json!(["exp"]), json!([])] {
        let token = with_header(&tokens, "crit", Some(crit));
        assert_eq!(reason(&tokens, &token), "crit is not supported");
    }
    refusal(&tokens, &with_header(&tokens, "crit", Some(json!("b64"))));
}

#[test]
fn issuer_and_audience_are_ours() {
    let tokens = tokens();
    for iss in [
        "https://other.example",
        "https://ree.example/",
        "HTTPS://ree.example",
    ] {
        assert_eq!(
            reason(&tokens, &with_claim(&tokens, "iss", iss.into())),
            "iss is malformed"
        );
    }
    let both = json!([ISSUER, "https://other.example"]);
    assert_eq!(
        reason(&tokens, &with_claim(&tokens, "iss", both)),
        "iss is malformed"
    );
    for aud in [json!("other"), json!(["ree", "other"]), json!(null)] {
        assert_eq!(
            reason(&tokens, &with_claim(&tokens, "aud", aud)),
            "aud is malformed"
        );
    }
}

#[test]
fn a_signed_payload_is_still_checked() {
    let tokens = tokens();
    let exp = json!(claims().exp.timestamp().to_string());
    assert_eq!(
        reason(&tokens, &with_claim(&tokens, "exp", exp)),
        "exp is malformed"
    );
    let extra = json!(["0690001A"]);
    assert_eq!(
        reason(&tokens, &with_claim(&tokens, "uais", extra)),
        "uais is out of place"
    );
    let header = header_of(&tokens);
    let text = payload().to_string();
    let twice = format!(r#"{{"role":"ministry",{}"#, &text[1..]);
    let trailing = format!("{text}{text}");
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(2_500), "]".repeat(2_500));
    for payload in [
        "",
        "null",
        "[]",
        "\u{feff}{}",
        "{",
        &twice,
        &trailing,
        &deep,
    ] {
        refusal(&tokens, &forge(&tokens, &header, payload));
    }
}

#[test]
fn expiry_has_no_leeway_and_issue_has_a_minute() {
    let tokens = tokens();
    let token = tokens.sign(&claims()).unwrap();
    let early = noon() - TimeDelta::seconds(61);
    let future = TokenError::Claim(ClaimFault::Malformed("iat"));
    assert_eq!(tokens.verify(&token, early), Err(future));
    assert_eq!(
        tokens.verify(&token, claims().exp).unwrap_err().code(),
        "expired"
    );
    assert!(
        tokens
            .verify(&token, noon() - TimeDelta::seconds(60))
            .is_ok()
    );
    assert!(
        tokens
            .verify(&token, claims().exp - TimeDelta::nanoseconds(1))
            .is_ok()
    );
}

#[test]
fn a_remembered_token_does_not_outlive_its_end() {
    let tokens = tokens();
    let token = tokens.sign(&claims()).unwrap();
    let first = tokens.verify(&token, noon()).unwrap();
    assert_eq!(tokens.verified.len(), 1);
    let second = tokens.verify(&token, noon()).unwrap();
    assert!(
        Arc::ptr_eq(&first, &second),
        "the second was not remembered"
    );
    assert_eq!(
        tokens.verify(&token, claims().exp),
        Err(TokenError::Expired)
    );
    let later = claims().exp + TimeDelta::days(1);
    assert_eq!(tokens.verify(&token, later), Err(TokenError::Expired));
}

#[test]
fn what_is_remembered_is_bounded() {
    let seen = VerifiedTokens::default();
    let digest = |n: usize| Sha256::digest(n.to_string()).into();
    let claims = Arc::new(claims());
    for n in 0..20_000 {
        seen.insert(digest(n), Arc::clone(&claims), noon());
        assert!(seen.get(&digest(n)).is_some());
    }
    assert!(seen.len() <= 16 * SHARD_CAPACITY, "{}", seen.len());
    assert!(seen.len() >= 16 * SHARD_CAPACITY / 2, "{}", seen.len());
    // Once they have expired, they make room before any other does.
    let later = Arc::new(Claims {
        exp: claims.exp + TimeDelta::hours(1),
        ..(*claims).clone()
    });
    for n in 20_000..22_000 {
        seen.insert(digest(n), Arc::clone(&later), claims.exp);
    }
    assert!((20_000..22_000).all(|n| seen.get(&digest(n)).is_some()));
}

#[test]
fn an_older_key_verifies_until_it_is_revoked() {
    let temp = TempDir::new();
    let dir = temp.keys();
    let before = Tokens::new(Keys::load_or_create(&dir, noon()).unwrap(), ISSUER);
    let token = before.sign(&claims()).unwrap();
    Keys::rotate(&dir, noon()).unwrap();
    // A second later than the first, whatever the clock says, and published for a while.
    let later = noon() + TimeDelta::seconds(1) + crate::auth::keys::PUBLISHED;
    let rotated = Tokens::new(Keys::load(&dir, later).unwrap(), ISSUER);
    assert!(rotated.verify(&token, noon()).is_ok());
    assert_ne!(rotated.sign(&claims()).unwrap(), token);
    let old = before.keys().current().kid();
    let revoked = Tokens::new(Keys::revoke(&dir, old, later).unwrap(), ISSUER);
    assert_eq!(reason(&revoked, &token), "kid is not one of our keys");
}

#[test]
fn an_endless_token_costs_nothing() {
    let tokens = tokens();
    assert_eq!(reason(&tokens, &"a".repeat(LONGEST + 1)), "too long");
    assert_eq!(
        reason(&tokens, &".".repeat(LONGEST)),
        "malformed header or unknown algorithm"
    );
}

#[test]
fn nothing_of_the_token_is_shown() {
    let tokens = tokens();
    let marked = with_claim(&tokens, "scope", "s3cr3t".into());
    let error = refusal(&tokens, &marked);
    assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    assert!(!format!("{tokens:?}").contains("PRIVATE"));
}

#[test]
fn threads_share_it() {
    let tokens = tokens();
    let signed: Vec<(String, Claims)> = (0..8)
        .map(|n| Claims {
            jti: v7(noon(), n),
            ..claims()
        })
        .map(|claims| (tokens.sign(&claims).unwrap(), claims))
        .collect();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for (token, claims) in signed.iter().cycle().take(200) {
                    assert_eq!(*tokens.verify(token, noon()).unwrap(), *claims);
                }
            });
        }
    });
    assert_eq!(tokens.verified.len(), 8);
}

#[test]
fn any_one_character_changed_is_refused() {
    let tokens = tokens();
    let token = tokens.sign(&claims()).unwrap();
    let refused = |changed: &str| {
        assert!(tokens.verify(changed, noon()).is_err(), "{changed}");
    };
    let replaced = |at: usize, by: char| {
        let mut changed = token.clone();
        changed.replace_range(at..=at, &by.to_string());
        changed
    };
    for at in 0..token.len() {
        // The next letter: one bit or two, the change a check is likeliest to overlook.
        let by = match token.as_bytes()[at] {
            b'.' => 'A',
            b'z' | b'Z' | b'9' | b'_' => '-',
            other => char::from(other + 1),
        };
        refused(&replaced(at, by));
        refused(&replaced(at, '='));
        refused(&replaced(at, '\0'));
    }
    // The last character carries four bits that belong to no byte: 16 spellings of a signature.
    let alphabet = ('0'..='9')
        .chain('A'..='Z')
        .chain('a'..='z')
        .chain(['-', '_']);
    for by in alphabet.filter(|by| !token.ends_with(*by)) {
        refused(&replaced(token.len() - 1, by));
    }
    for other in [
        format!("{token} "),
        format!(" {token}"),
        format!("{token}="),
        format!("{token}."),
    ] {
        refused(&other);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_refused_without_a_panic(text in "\\PC{0,200}|([A-Za-z0-9_-]{0,60}\\.){0,4}[A-Za-z0-9_=-]{0,90}") {
        // One key for all cases: making one syncs a disk.
        static TOKENS: std::sync::LazyLock<Tokens> = std::sync::LazyLock::new(tokens);
        prop_assert!(TOKENS.verify(&text, noon()).is_err());
    }
}

/// Not a check: `cargo test --release --lib auth -- --ignored --nocapture cost`.
#[test]
#[ignore = "a measurement"]
fn cost() {
    let tokens = tokens();
    let token = tokens.sign(&claims()).unwrap();
    let time = |what: &str, times: u32, run: &dyn Fn()| {
        let start = std::time::Instant::now();
        (0..times).for_each(|_| run());
        println!(
            "{what}: {:?} ({} bytes)",
            start.elapsed() / times,
            token.len()
        );
    };
    time("unseen", 5_000, &|| {
        drop(std::hint::black_box(tokens.verify_unseen(&token)));
    });
    time("seen", 500_000, &|| {
        drop(std::hint::black_box(tokens.verify(&token, noon())));
    });
    time("sign", 5_000, &|| {
        drop(std::hint::black_box(tokens.sign(&claims())));
    });
}
