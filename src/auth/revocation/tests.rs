use super::*;
use crate::auth::testing::{CLIENT, claims, noon, v7};

const NO_CLIENT: [(Uuid, Uuid); 0] = [];
const NO_TOKEN: [(Uuid, DateTime<Utc>); 0] = [];

fn client() -> Uuid {
    CLIENT.parse().unwrap()
}

fn token_of(at: DateTime<Utc>) -> Claims {
    Claims {
        jti: v7(at, 5),
        iat: at,
        exp: at + TimeDelta::minutes(15),
        ..claims()
    }
}

fn second() -> TimeDelta {
    TimeDelta::seconds(1)
}

#[test]
fn nothing_is_revoked_at_first() {
    let revocations = Revocations::default();
    assert!(!revocations.is_revoked(&claims()));
    assert_eq!(revocations.age(noon()), None);
}

#[test]
fn one_token_is_revoked_by_its_id() {
    let revocations = Revocations::default();
    let (one, other) = (token_of(noon()), token_of(noon() + second()));
    revocations.revoke_token(one.jti, one.exp);
    assert!(revocations.is_revoked(&one));
    assert!(!revocations.is_revoked(&other));
    let stored = Revocations::default();
    stored.replace(NO_CLIENT, [(one.jti, one.exp)], noon());
    assert!(stored.is_revoked(&one));
    assert!(!stored.is_revoked(&other));
}

#[test]
fn a_client_s_tokens_are_revoked_up_to_a_moment() {
    let after = v7(noon(), 5);
    let local = Revocations::default();
    local.revoke_client(client(), after);
    let stored = Revocations::default();
    stored.replace([(client(), after)], NO_TOKEN, noon());
    for revocations in [local, stored] {
        assert!(revocations.is_revoked(&token_of(noon() - second())));
        assert!(revocations.is_revoked(&Claims {
            jti: after,
            ..claims()
        }));
        assert!(!revocations.is_revoked(&Claims {
            jti: v7(noon(), 6),
            ..claims()
        }));
        assert!(!revocations.is_revoked(&token_of(noon() + second())));
        let other = "0198f2a0-0000-7000-8000-0000000000c2".to_owned();
        assert!(!revocations.is_revoked(&Claims {
            client_id: other,
            ..claims()
        }));
        // Made by `ree token`: not a machine client.
        assert!(!revocations.is_revoked(&Claims {
            client_id: "cli".to_owned(),
            ..claims()
        }));
    }
}

#[test]
fn an_id_outside_the_order_of_time_is_not_later() {
    let revocations = Revocations::default();
    let v4 = Uuid::from_u128(u128::MAX >> 1);
    let unordered = Claims {
        jti: v4,
        ..claims()
    };
    assert!(!revocations.is_revoked(&unordered));
    revocations.revoke_client(client(), v7(noon(), 0));
    assert!(revocations.is_revoked(&unordered));
}

#[test]
fn the_later_of_two_revocations_counts() {
    let revocations = Revocations::default();
    revocations.revoke_client(client(), v7(noon() + second(), 5));
    revocations.revoke_client(client(), v7(noon(), 5));
    assert!(revocations.is_revoked(&token_of(noon() + second())));
}

#[test]
fn rows_read_before_a_revocation_do_not_undo_it() {
    let revocations = Revocations::default();
    let token = token_of(noon());
    revocations.revoke_token(token.jti, token.exp);
    revocations.revoke_client(client(), v7(noon() + second(), 5));
    // The rows know an earlier revocation of the same client, or none at all.
    revocations.replace([(client(), v7(noon() - second(), 5))], NO_TOKEN, noon());
    assert!(revocations.is_revoked(&token));
    revocations.replace(NO_CLIENT, NO_TOKEN, noon());
    assert!(revocations.is_revoked(&token));
    assert!(revocations.is_revoked(&token_of(noon() + second())));
    // Once the rows show them, the rows alone decide.
    let rows = [(client(), v7(noon() + second(), 5))];
    revocations.replace(rows, [(token.jti, token.exp)], noon() + second());
    let known = revocations.read();
    assert!(known.pending.clients.is_empty() && known.pending.tokens.is_empty());
    assert_eq!(
        (known.stored.clients.len(), known.stored.tokens.len()),
        (1, 1)
    );
}

#[test]
fn tokens_are_forgotten_once_expired() {
    let revocations = Revocations::default();
    let (one, two) = (token_of(noon()), token_of(noon() + second()));
    revocations.revoke_token(one.jti, one.exp);
    revocations.replace(NO_CLIENT, [(two.jti, two.exp)], two.exp);
    let known = revocations.read();
    assert!(known.pending.tokens.is_empty() && known.stored.tokens.is_empty());
}

#[test]
fn age_is_that_of_the_rows() {
    let revocations = Revocations::default();
    revocations.replace(NO_CLIENT, NO_TOKEN, noon());
    revocations.revoke_client(client(), v7(noon(), 0));
    assert_eq!(revocations.age(noon() + second()), Some(second()));
    assert_eq!(revocations.age(noon() - second()), Some(TimeDelta::zero()));
}
