use serde_json::json;

use super::*;
use crate::auth::testing::{PARTNER, claims, noon};
use crate::values::{TerritoryCode, TextValue, Uai};

fn with(name: &str, value: Value) -> Map<String, Value> {
    let mut payload = claims().to_payload();
    payload.insert(name.to_owned(), value);
    payload
}

fn without(name: &str) -> Map<String, Value> {
    let mut payload = claims().to_payload();
    payload.remove(name).unwrap();
    payload
}

/// The payload of a role, with that perimeter and no other.
fn as_role(role: &str, perimeter: &[(&str, Value)]) -> Map<String, Value> {
    let mut payload = without("partner_id");
    payload.insert("role".to_owned(), role.into());
    for (name, value) in perimeter {
        payload.insert((*name).to_owned(), value.clone());
    }
    payload
}

fn fault(payload: &Map<String, Value>) -> ClaimFault {
    Claims::parse(payload).unwrap_err()
}

#[test]
fn what_is_written_is_read_back() {
    for identity in [
        Identity::Ministry,
        Identity::Academy {
            territories: ["academy:10", "region:84"]
                .map(|code| TerritoryCode::stored(code.to_owned()))
                .to_vec(),
        },
        Identity::Establishment {
            uais: vec![Uai::stored("0690001A".to_owned())],
        },
        Identity::Partner {
            partner_id: PARTNER.parse().unwrap(),
        },
        Identity::Reader,
    ] {
        let written = Claims {
            identity,
            ..claims()
        };
        assert_eq!(Claims::parse(&written.to_payload()), Ok(written));
    }
}

#[test]
fn the_payload_is_the_documented_one() {
    let expected = json!({
        "iss": "https://ree.example", "sub": "someone", "aud": "ree",
        "exp": 1_772_453_700, "iat": 1_772_452_800,
        "jti": claims().jti.to_string(), "client_id": claims().client_id,
        "scope": "read write", "role": "partner", "partner_id": PARTNER,
    });
    assert_eq!(Value::Object(claims().to_payload()), expected);
}

#[test]
fn every_claim_is_required() {
    let names: Vec<String> = claims().to_payload().keys().cloned().collect();
    assert_eq!(names.len(), 10);
    for name in names {
        let fault = fault(&without(&name));
        assert!(
            matches!(fault, ClaimFault::Missing(missing) if missing == name),
            "{name}: {fault}"
        );
    }
}

#[test]
fn every_claim_has_one_type() {
    let names: Vec<String> = claims().to_payload().keys().cloned().collect();
    for name in &names {
        for wrong in [
            json!(null),
            json!(true),
            json!({}),
            json!([]),
            json!(1.5),
            json!(""),
        ] {
            let fault = fault(&with(name, wrong.clone()));
            let expected = matches!(fault, ClaimFault::Malformed(claim) if claim == name);
            assert!(expected, "{name} = {wrong}: {fault}");
        }
    }
}

#[test]
fn dates_are_json_integers() {
    // A string that is skipped instead of refused is CVE-2026-25537.
    for name in ["exp", "iat"] {
        for wrong in [
            json!("1772453700"),
            json!("9999999999"),
            json!(1_772_453_700.0),
            json!(1e300),
            json!(u64::MAX),
            json!(i64::MAX),
            json!(i64::MIN),
            json!([1_772_453_700]),
        ] {
            assert_eq!(
                fault(&with(name, wrong.clone())).claim(),
                name,
                "{name} = {wrong}"
            );
        }
    }
}

#[test]
fn the_end_is_after_the_beginning() {
    let iat = claims().iat.timestamp();
    assert_eq!(
        fault(&with("exp", iat.into())),
        ClaimFault::Malformed("exp")
    );
    assert_eq!(
        fault(&with("exp", (iat - 1).into())),
        ClaimFault::Malformed("exp")
    );
    assert!(Claims::parse(&with("exp", (iat + 1).into())).is_ok());
}

#[test]
fn time_is_counted_to_the_second() {
    let claims = claims();
    assert!(!claims.is_expired(claims.exp - TimeDelta::milliseconds(1)));
    assert!(claims.is_expired(claims.exp));
    assert!(!claims.is_from_the_future(noon() - TimeDelta::seconds(60)));
    assert!(claims.is_from_the_future(noon() - TimeDelta::milliseconds(60_001)));
}

#[test]
fn the_audience_is_exactly_ours() {
    assert!(Claims::parse(&with("aud", json!("ree"))).is_ok());
    assert!(Claims::parse(&with("aud", json!(["ree"]))).is_ok());
    for foreign in [
        json!("REE"),
        json!("ree "),
        json!("other"),
        json!(["other"]),
        json!(["ree", "other"]),
        json!(["ree", "ree"]),
        json!([["ree"]]),
    ] {
        assert_eq!(fault(&with("aud", foreign)), ClaimFault::Malformed("aud"));
    }
}

#[test]
fn nbf_is_not_silently_ignored_but_other_unknown_claims_are() {
    assert_eq!(fault(&with("nbf", json!(1))), ClaimFault::Foreign("nbf"));
    assert_eq!(Claims::parse(&with("acr", json!("2"))), Ok(claims()));
}

#[test]
fn ids_are_canonical() {
    let jti = claims().jti;
    for wrong in [
        jti.to_string().to_uppercase(),
        jti.simple().to_string(),
        jti.braced().to_string(),
        jti.urn().to_string(),
        format!(" {jti}"),
        "not-a-uuid".to_owned(),
    ] {
        assert_eq!(
            fault(&with("jti", wrong.clone().into())),
            ClaimFault::Malformed("jti")
        );
        let fault = fault(&with("partner_id", wrong.into()));
        assert_eq!(fault, ClaimFault::Malformed("partner_id"));
    }
}

#[test]
fn texts_are_bounded_and_without_control_characters() {
    for name in ["sub", "client_id", "iss"] {
        assert!(Claims::parse(&with(name, "é".repeat(255).into())).is_ok());
        for wrong in ["é".repeat(256), "a\nb".to_owned(), "a\u{0}".to_owned()] {
            assert_eq!(fault(&with(name, wrong.into())).claim(), name);
        }
    }
}

#[test]
fn roles_are_the_documented_ones() {
    for role in Role::ALL {
        assert_eq!(role.as_str().parse(), Ok(role));
        assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        assert_eq!(
            serde_json::from_value::<Role>(role.as_str().into()).unwrap(),
            role
        );
    }
    for unknown in ["Ministry", "admin", " reader"] {
        assert_eq!(
            fault(&with("role", unknown.into())),
            ClaimFault::Malformed("role")
        );
    }
}

#[test]
fn scopes_are_a_non_empty_subset() {
    for (text, scopes) in [
        ("read", Scopes::Read),
        ("write", Scopes::Write),
        ("read write", Scopes::ReadWrite),
        ("write read", Scopes::ReadWrite),
    ] {
        assert_eq!(
            Claims::parse(&with("scope", text.into())).unwrap().scope,
            scopes
        );
    }
    for wrong in [
        "",
        " ",
        "read  write",
        "read ",
        "admin",
        "read admin",
        "READ",
        "read,write",
    ] {
        assert_eq!(
            fault(&with("scope", wrong.into())),
            ClaimFault::Malformed("scope")
        );
    }
    assert!(Scopes::ReadWrite.include(Scopes::Read) && Scopes::Read.include(Scopes::Read));
    assert!(!Scopes::Read.include(Scopes::ReadWrite) && !Scopes::Read.include(Scopes::Write));
    assert!(Scopes::Read.can_read() && !Scopes::Read.can_write());
    assert!(Scopes::Write.can_write() && !Scopes::Write.can_read());
}

#[test]
fn a_role_has_its_own_perimeter_and_no_other() {
    let perimeters = [
        ("academy", "territories", json!(["academy:10"])),
        ("establishment", "uais", json!(["0690001A"])),
        ("partner", "partner_id", json!(PARTNER)),
    ];
    for role in Role::ALL {
        let own: Vec<_> = perimeters
            .iter()
            .find(|(owner, ..)| *owner == role.as_str())
            .map(|(_, name, value)| (*name, value.clone()))
            .into_iter()
            .collect();
        let parsed = Claims::parse(&as_role(role.as_str(), &own)).unwrap();
        assert_eq!(parsed.identity.role(), role);
        if let [(name, _)] = own.as_slice() {
            let fault = fault(&as_role(role.as_str(), &[]));
            assert!(
                matches!(fault, ClaimFault::Missing(claim) if claim == *name),
                "{fault}"
            );
        }
        for (owner, name, value) in &perimeters {
            // Even an empty one, or null: it says that whoever signed meant something else.
            for extra in [value.clone(), json!([]), json!(null)] {
                if *owner != role.as_str() {
                    let mut both = own.clone();
                    both.push((name, extra));
                    assert_eq!(fault(&as_role(role.as_str(), &both)).claim(), *name);
                }
            }
        }
    }
}

#[test]
fn perimeters_are_checked_by_shape() {
    for wrong in [
        json!([]),
        json!("academy:10"),
        json!(["academy:10", 1]),
        json!(["academy:10", ""]),
        json!(["academy:1"]),
        json!(["academy:100"]),
        json!(["academy:1a"]),
        json!(["academy:١٠"]),
        json!(["Academy:10"]),
        json!(["department:069"]),
        json!(["uai:0690001A"]),
        json!(["FR"]),
    ] {
        let fault = fault(&as_role("academy", &[("territories", wrong.clone())]));
        assert_eq!(fault, ClaimFault::Malformed("territories"), "{wrong}");
    }
    for wrong in [
        "0690001a",
        "069001A",
        "06900011A",
        "06900011",
        "0690001A ",
        "",
        "É690001A",
        "A",
    ] {
        let fault = fault(&as_role("establishment", &[("uais", json!([wrong]))]));
        assert_eq!(fault, ClaimFault::Malformed("uais"), "{wrong}");
    }
}

#[test]
fn duplicate_names_are_refused() {
    let read = |text: &str| serde_json::from_str::<Payload>(text);
    assert!(read(r#"{"role":"reader","sub":"a"}"#).is_ok());
    assert!(read(r#"{"role":"reader","role":"ministry"}"#).is_err());
    assert!(read(r#"{"role":"reader","r\u006fle":"ministry"}"#).is_err());
    assert!(read(r#"["role","reader"]"#).is_err());
}

#[test]
fn a_fault_names_the_claim() {
    assert_eq!(ClaimFault::Missing("exp").to_string(), "exp is missing");
    assert_eq!(ClaimFault::Malformed("exp").to_string(), "exp is malformed");
    assert_eq!(
        ClaimFault::Foreign("uais").to_string(),
        "uais is out of place"
    );
}
