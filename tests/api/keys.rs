//! Signing keys that several instances share: what rotating, revoking and encrypting anew mean to those
//! who call.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use ree::app::App;
use ree::auth::keys::{Status, Stored, store};
use ree::auth::{Identity, KeyError, KeySource, Scopes};
use ree::integration::webhooks::sending;
use ree::integration::webhooks::store::sealing::{Anew, seal_anew};
use serde_json::{Value, json};

use crate::support::receiver::Receiver;
use crate::support::{KEYS, Service};
use crate::webhooks::{secret, webhook};

const SETTING: &str = "REE_KEY_ENCRYPTION_KEY";
const ONE: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const TWO: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Takes a step of the keys as `ree keys` does, and encrypts secrets anew in it.
async fn step(
    service: &Service,
    encryption: &str,
    step: impl FnOnce(&mut Stored) -> Result<(), KeyError>,
) -> Anew {
    let mut session = service.connector.diesel().await.unwrap();
    let mut stored = store::begin(&mut session, &encryption.parse().unwrap())
        .await
        .unwrap();
    let sealer = stored.secrets();
    step(&mut stored).unwrap();
    store::write(&mut session, &stored).await.unwrap();
    let anew = seal_anew(session.connection_mut(), &sealer).await.unwrap();
    session.commit().await.unwrap();
    anew
}

/// The id of the key of this status.
async fn kid_of(service: &Service, status: Status) -> String {
    let session = service.connector.diesel().await.unwrap();
    let stored = store::read(&session, &ONE.parse().unwrap()).await.unwrap();
    let listed = stored.list();
    let found = listed.iter().find(|key| key.status == status);
    found.unwrap_or_else(|| panic!("{listed:?}")).kid.clone()
}

/// As if all keys had been there for a minute more.
async fn age(service: &Service) {
    const AGE: &str = "UPDATE signing_keys SET created_at = created_at - interval '1 minute',
        signs_from = signs_from - interval '1 minute'";
    service.sql().await.execute(AGE, &[]).await.unwrap();
}

/// Has an instance read keys and revocations now, as its job does every two seconds.
async fn read(service: &Service) {
    let app = App::new(service.shared.clone()).unwrap();
    let now = app.now();
    app.authenticator
        .refresh(&app.db, TimeDelta::zero(), now)
        .await
        .unwrap();
}

fn token(service: &Service) -> String {
    service.sign(&service.claims(Identity::Ministry, Scopes::ReadWrite))
}

async fn status(service: &Service, token: &str) -> u16 {
    let caller = service.anon().with_token(token);
    caller.get("/v1/partners?limit=1").await.status.as_u16()
}

fn kids(jwks: &Value) -> Vec<String> {
    let keys = jwks["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// Three instances, one with a clock 30 seconds ahead, one 30 seconds behind.
async fn instances() -> [Service; 3] {
    let first = Service::start_with(&[(SETTING, ONE)]).await;
    let ahead = first.beside(&[(SETTING, ONE)]).await;
    let behind = first.beside(&[(SETTING, ONE)]).await;
    ahead.shared.clock.travel(TimeDelta::seconds(30));
    behind.shared.clock.travel(TimeDelta::seconds(-30));
    [first, ahead, behind]
}

#[actix_web::test]
async fn instances_share_the_keys_of_their_database_and_publish_the_next_before_it_signs() {
    let [first, ahead, behind] = instances().await;
    let published = first.anon().get("/.well-known/jwks.json").await.expect(200);
    let (current, next) = (
        kid_of(&first, Status::Current).await,
        kid_of(&first, Status::Next).await,
    );
    assert_eq!(kids(&published), [current.clone(), next.clone()]);
    assert!(!published.to_string().contains("\"d\""));
    for other in [&ahead, &behind] {
        let same = other.anon().get("/.well-known/jwks.json").await.expect(200);
        assert_eq!(same, published);
        assert_eq!(status(other, &token(&first)).await, 200);
        assert_eq!(status(&first, &token(other)).await, 200);
    }
    age(&first).await;
    step(&first, ONE, Stored::rotate).await;
    read(&first).await;
    let rotated = first.anon().get("/.well-known/jwks.json").await.expect(200);
    let coming = kid_of(&first, Status::Next).await;
    assert_eq!(kids(&rotated)[0], next);
    assert!(kids(&rotated).contains(&current) && kids(&rotated).contains(&coming));
    // Those that have not read the keys since know what it signs with now.
    for other in [&ahead, &behind] {
        assert_eq!(status(other, &token(&first)).await, 200);
    }
}

#[actix_web::test]
async fn no_valid_token_is_refused_while_keys_are_rotated_under_requests() {
    let instances = Rc::new(instances().await);
    let oldest = token(&instances[0]);
    let (is_over, asked) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(0)));
    let mut tasks = Vec::new();
    for number in 0..6 {
        let (instances, is_over, asked) = (instances.clone(), is_over.clone(), asked.clone());
        tasks.push(actix_web::rt::spawn(async move {
            let mut refused = Vec::new();
            let mut turn = number;
            while !is_over.get() {
                // Each signs what another reads.
                let token = token(&instances[turn % 3]);
                let answer = status(&instances[(turn / 3 + 1) % 3], &token).await;
                if answer != 200 {
                    refused.push(answer);
                }
                asked.set(asked.get() + 1);
                turn += 1;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            refused
        }));
    }
    for number in 0..3_u64 {
        let (instances, is_over) = (instances.clone(), is_over.clone());
        tasks.push(actix_web::rt::spawn(async move {
            tokio::time::sleep(Duration::from_millis(number * 70)).await;
            while !is_over.get() {
                read(&instances[usize::try_from(number).unwrap()]).await;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Vec::new()
        }));
    }
    for _ in 0..5 {
        // Ten seconds for readings every two: here a tenth of both.
        tokio::time::sleep(Duration::from_secs(1)).await;
        age(&instances[0]).await;
        step(&instances[0], ONE, Stored::rotate).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    is_over.set(true);
    for task in tasks {
        let refused = task.await.unwrap();
        assert!(refused.is_empty(), "{refused:?}");
    }
    assert!(asked.get() > 100, "{} requests", asked.get());
    for instance in instances.iter() {
        assert_eq!(status(instance, &oldest).await, 200);
    }
}

#[actix_web::test]
async fn a_revoked_key_s_tokens_are_refused_everywhere_within_five_seconds() {
    let instances = instances().await;
    let revoked = token(&instances[1]);
    for instance in &instances {
        assert_eq!(status(instance, &revoked).await, 200);
    }
    age(&instances[0]).await;
    let leaked = kid_of(&instances[0], Status::Current).await;
    step(&instances[0], ONE, |stored| stored.revoke(&leaked)).await;
    let since = Instant::now();
    // No job reads anything here: what is too old is read before a token is believed.
    let mut last_accepted = Duration::ZERO;
    while since.elapsed() < Duration::from_millis(5500) {
        for instance in &instances {
            let asked = since.elapsed();
            match status(instance, &revoked).await {
                200 => last_accepted = asked,
                refused => assert_eq!(refused, 401),
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(last_accepted < Duration::from_secs(5), "{last_accepted:?}");
    let jwks = instances[2].anon().get("/.well-known/jwks.json").await;
    assert!(!kids(&jwks.expect(200)).contains(&leaked));
    for instance in &instances {
        assert_eq!(status(instance, &token(&instances[0])).await, 200);
        assert_eq!(status(instance, &revoked).await, 401);
    }
}

#[actix_web::test]
async fn an_instance_with_another_encryption_key_or_none_does_not_start() {
    let service = Service::start_with(&[(SETTING, ONE)]).await;
    let begin = async |source: KeySource| {
        let mut session = service.connector.diesel().await.unwrap();
        let begun = source.begin(&mut session, &KEYS, true, chrono::Utc::now());
        begun.await.unwrap_err().cause().unwrap()
    };
    let other = begin(KeySource::Database(TWO.parse().unwrap())).await;
    assert!(
        other.contains("encrypted under the encryption key"),
        "{other}"
    );
    let none = begin(KeySource::Files(KEYS.clone())).await;
    assert!(none.contains("set REE_KEY_ENCRYPTION_KEY"), "{none}");
    assert_eq!(service.number("SELECT count(*) FROM signing_keys").await, 2);
}

#[actix_web::test]
async fn a_token_whose_key_an_instance_cannot_decrypt_is_503_there_and_not_401() {
    let behind = Service::start_with(&[(SETTING, ONE)]).await;
    let both = format!("{TWO},{ONE}");
    let other = behind.beside(&[(SETTING, &both)]).await;
    let known = token(&other);
    for _ in 0..2 {
        age(&behind).await;
        step(&behind, &both, Stored::rotate).await;
    }
    for instance in [&behind, &other] {
        read(instance).await;
        assert_eq!(status(instance, &known).await, 200);
    }
    let unknown = token(&other);
    assert_eq!(status(&other, &unknown).await, 200);
    assert_eq!(status(&behind, &unknown).await, 503);
    // What it signs itself all others believe.
    assert_eq!(status(&other, &token(&behind)).await, 200);
}

#[actix_web::test]
async fn the_secrets_of_webhooks_outlive_every_key_that_they_were_encrypted_with() {
    const PRIVATE: (&str, &str) = ("REE_WEBHOOKS_ALLOW_PRIVATE", "true");
    let files = Service::start_with(&[PRIVATE]).await;
    let receiver = Receiver::start().await;
    let created = webhook(&files.ministry(), &receiver, json!({})).await;
    let secret = secret(&created);
    // The keys move into the database, the encryption key changes, each key they had is given up.
    let shared = files.beside(&[PRIVATE, (SETTING, ONE)]).await;
    let told = async |service: &Service, number: usize| {
        service.new_partner(&format!("Partenaire {number}")).await;
        service
            .until("SELECT coalesce(max(position), 0) < feed_horizon() FROM changes")
            .await;
        let app = App::new(service.shared.clone()).unwrap();
        sending::run(&app).await.unwrap();
        let received = receiver.received();
        assert_eq!(received.len(), number);
        assert!(received.iter().all(|one| one.is_signed_by(&secret)));
    };
    told(&shared, 1).await;
    age(&shared).await;
    let anew = step(&shared, ONE, Stored::rotate).await;
    assert_eq!(anew, Anew { sealed: 1, lost: 0 });
    let first = kid_of(&shared, Status::Previous).await;
    step(&shared, ONE, |stored| stored.revoke(&first)).await;
    read(&shared).await;
    told(&shared, 2).await;
    let both = format!("{TWO},{ONE}");
    let anew = step(&shared, &both, Stored::encrypt).await;
    assert_eq!(anew, Anew { sealed: 1, lost: 0 });
    let later = shared.beside(&[PRIVATE, (SETTING, TWO)]).await;
    told(&later, 3).await;
}
