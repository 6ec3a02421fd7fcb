//! When things go wrong around a request: others write at the same time, the caller goes away,
//! PostgreSQL does.

use futures_util::future::{join, join_all};
use serde_json::json;

use crate::support::{Reply, Service, absent, id};

fn count(replies: &[Reply], status: u16) -> usize {
    replies
        .iter()
        .filter(|reply| reply.status == status)
        .count()
}

/// The refusal of `/readyz`, once what was found a moment ago is not told any more.
async fn not_ready(service: &Service) -> Reply {
    let began = std::time::Instant::now();
    loop {
        let reply = service.anon().get("/readyz").await;
        if reply.status != 200 || began.elapsed() > std::time::Duration::from_secs(5) {
            return reply;
        }
    }
}

#[actix_web::test]
async fn of_changes_to_one_version_at_once_one_is_made() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let created = ministry
        .post(
            "/v1/partners",
            json!({ "legal_name": "A", "kind": "company" }),
        )
        .await;
    let path = created.header("location").to_owned();
    let change = |number: usize| {
        let request = ministry
            .request("PATCH", &path)
            .header("if-match", created.etag());
        request
            .merge(&json!({ "acronym": format!("{number}") }))
            .send()
    };
    let replies = join_all((0..16).map(change)).await;
    assert_eq!((count(&replies, 200), count(&replies, 412)), (1, 15));
    let archive = || ministry.request("POST", &format!("{path}/archive")).send();
    let replies = join_all((0..8).map(|_| archive())).await;
    assert_eq!((count(&replies, 200), count(&replies, 409)), (1, 7));
    assert_eq!(service.number("SELECT count(*) FROM changes").await, 3);
}

#[actix_web::test]
async fn of_creations_with_one_number_at_once_one_is_made() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let create = |number: usize| {
        ministry.post(
            "/v1/partners",
            json!({ "legal_name": format!("{number}"), "kind": "company", "siren": "552049447" }),
        )
    };
    let replies = join_all((0..16).map(create)).await;
    assert_eq!((count(&replies, 201), count(&replies, 409)), (1, 15));
    replies
        .iter()
        .filter(|reply| reply.status == 409)
        .for_each(|reply| drop(reply.problem(409, "duplicate_siren")));
}

#[actix_web::test]
async fn what_is_deleted_while_it_comes_into_use_is_one_or_the_other() {
    let service = Service::start().await;
    let ministry = service.ministry();
    for round in 0..12 {
        let network = id(&service.new_partner("Réseau").await);
        let path = format!("/v1/partners/{network}");
        let delete = ministry.delete(&path);
        let (deleted, used) = if round % 2 == 0 {
            let body = json!({ "name": "Camille Martin", "territories": ["FR"] });
            join(
                delete,
                ministry.post(&format!("{path}/representatives"), body),
            )
            .await
        } else {
            join(
                delete,
                ministry.post(
                    "/v1/partners",
                    json!({ "legal_name": "M", "kind": "company", "member_of": [network] }),
                ),
            )
            .await
        };
        match deleted.status.as_u16() {
            204 => assert!(
                [404, 422].contains(&used.status.as_u16()),
                "{}",
                used.text()
            ),
            _ => drop((deleted.problem(409, "in_use"), used.expect(201))),
        }
    }
}

#[actix_web::test]
async fn two_writes_that_wait_for_each_other_end_in_a_conflict() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let (member, network) = (
        id(&service.new_partner("Membre").await),
        id(&service.new_partner("Réseau").await),
    );
    let mut other = service.sql().await;
    let held = other.transaction().await.unwrap();
    let lock = |id: &str| format!("SELECT 1 FROM partners WHERE id = '{id}' FOR UPDATE");
    held.batch_execute(&lock(&network)).await.unwrap();
    let path = format!("/v1/partners/{member}");
    let change = ministry.patch(&path, json!({ "member_of": [network] }));
    let cross = async {
        service.until_someone_waits().await;
        held.batch_execute(&lock(&member)).await.unwrap();
        held.rollback().await.unwrap();
    };
    let (reply, ()) = join(change, cross).await;
    reply.problem(409, "conflict");
    ministry
        .patch(&path, json!({ "member_of": [network] }))
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_row_that_stays_locked_is_waited_for_a_bounded_time() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let mut other = service.sql().await;
    let held = other.transaction().await.unwrap();
    held.batch_execute("SELECT 1 FROM partners FOR UPDATE")
        .await
        .unwrap();
    let path = format!("/v1/partners/{partner}");
    let reply = ministry.patch(&path, json!({ "acronym": "A" })).await;
    reply.problem(503, "service_unavailable");
    assert_eq!(reply.header("retry-after"), "1");
    ministry.get(&path).await.expect(200);
    held.rollback().await.unwrap();
    ministry
        .patch(&path, json!({ "acronym": "A" }))
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_caller_who_goes_away_leaves_nothing_half_done() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let before = service.everything().await;
    let mut other = service.sql().await;
    let held = other.transaction().await.unwrap();
    held.batch_execute("SELECT 1 FROM partners FOR UPDATE")
        .await
        .unwrap();
    let archive = format!("/v1/partners/{partner}/archive");
    // More of them than there are connections to borrow.
    for _ in 0..6 {
        let request = ministry
            .request("POST", &archive)
            .header("idempotency-key", "k")
            .send();
        let gone = tokio::select! {
            reply = request => Some(reply),
            () = service.until_someone_waits() => None,
        };
        assert!(gone.is_none_or(|reply| reply.status == 409));
    }
    held.rollback().await.unwrap();
    // What they had begun ends without effect, however late PostgreSQL learns that they are gone.
    const ALONE: &str = "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()";
    service.until(ALONE).await;
    assert_eq!(service.everything().await, before);
    for _ in 0..6 {
        service.new_partner("B").await;
    }
    let done = ministry
        .request("POST", &archive)
        .header("idempotency-key", "k")
        .send()
        .await;
    assert_eq!(
        (done.status.as_u16(), done.header("idempotency-replayed")),
        (200, "")
    );
    assert_eq!(service.number("SELECT count(*) FROM partners").await, 7);
}

/// Ends every connection of the service.
async fn disconnect(service: &Service, name: &str) {
    let end = format!(
        "SELECT count(pg_terminate_backend(pid, 1000)) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    );
    let (sql, _alive) = service
        .connector
        .database("postgres")
        .plain()
        .await
        .expect("the server");
    sql.query_one(&end, &[])
        .await
        .expect("the connections' end");
}

#[actix_web::test]
async fn after_postgresql_was_away_the_service_finds_it_again() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let path = format!("/v1/partners/{partner}");
    let name: String = service
        .sql()
        .await
        .query_one("SELECT current_database()::text", &[])
        .await
        .unwrap()
        .get(0);
    let (server, _alive) = service
        .connector
        .database("postgres")
        .plain()
        .await
        .unwrap();
    server
        .batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        .await
        .unwrap();
    disconnect(&service, &name).await;
    for reply in [
        ministry.get(&path).await,
        ministry.get("/v1/partners").await,
        ministry.patch(&path, json!({ "acronym": "A" })).await,
        ministry
            .post(
                "/v1/partners",
                json!({ "legal_name": "B", "kind": "company" }),
            )
            .await,
        not_ready(&service).await,
    ] {
        let body = reply.problem(503, "service_unavailable");
        assert_eq!(
            (
                reply.header("retry-after"),
                body["detail"].as_str().unwrap().contains("PostgreSQL")
            ),
            ("1", false)
        );
    }
    service.anon().get("/healthz").await.expect(200);
    service.anon().get("/version").await.expect(200);
    server
        .batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
        .await
        .unwrap();
    ministry.get(&path).await.expect(200);
    service.anon().get("/readyz").await.expect(200);
    ministry
        .patch(&path, json!({ "acronym": "A" }))
        .await
        .expect(200);
    assert_eq!(service.number("SELECT count(*) FROM partners").await, 1);
}

#[actix_web::test]
async fn connections_lost_while_idle_cost_no_request_an_internal_error() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let name: String = service
        .sql()
        .await
        .query_one("SELECT current_database()::text", &[])
        .await
        .unwrap()
        .get(0);
    let create = |number: usize| {
        ministry.post(
            "/v1/partners",
            json!({ "legal_name": format!("{number}"), "kind": "company" }),
        )
    };
    join_all((0..8).map(create)).await;
    disconnect(&service, &name).await;
    let mut replies = join_all((0..8).map(create)).await;
    replies.push(ministry.get(&format!("/v1/partners/{partner}")).await);
    for reply in &replies {
        if reply.status.is_server_error() {
            reply.problem(503, "service_unavailable");
        }
    }
    let done = count(&replies, 201);
    let again = join_all((0..8).map(create)).await;
    assert_eq!(count(&again, 201), 8);
    assert_eq!(
        service.number("SELECT count(*) FROM partners").await,
        i64::try_from(1 + 8 + done + 8).unwrap()
    );
    ministry
        .get(&format!("/v1/partners/{}", absent()))
        .await
        .problem(404, "not_found");
}

#[actix_web::test]
async fn a_database_that_turns_read_only_is_for_trying_again_and_written_to_once_it_is_not() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let path = format!("/v1/partners/{}", id(&service.new_partner("A").await));
    let name: String = service
        .sql()
        .await
        .query_one("SELECT current_database()::text", &[])
        .await
        .unwrap()
        .get(0);
    let (server, _alive) = service
        .connector
        .database("postgres")
        .plain()
        .await
        .unwrap();
    // As a primary that is demoted: its sessions end, the next ones may only read.
    let turn = |to: &str| format!("ALTER DATABASE {name} SET default_transaction_read_only = {to}");
    server.batch_execute(&turn("on")).await.unwrap();
    disconnect(&service, &name).await;
    for _ in 0..6 {
        let refused = ministry.patch(&path, json!({ "acronym": "A" })).await;
        refused.problem(503, "service_unavailable");
        assert_eq!(refused.header("retry-after"), "1");
    }
    ministry.get(&path).await.expect(200);
    // The sessions that could only read are not used again.
    server.batch_execute(&turn("off")).await.unwrap();
    ministry
        .patch(&path, json!({ "acronym": "A" }))
        .await
        .expect(200);
}
