//! Sessions are never oversold, whoever wants them at once; and a request's whole life.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::solicitations::{LIST, World, step};
use crate::support::{id, rounds};

/// Rounds of the great race at night, and how many ask for how many sessions in each.
const ROUNDS: usize = 100;
const SCHOOLS: i32 = 50;
const SESSIONS: usize = 10;

/// Requests of as many schools on an intervention, put there as their creation would.
async fn requests(world: &World, offer: &str, schools: i32) -> Vec<String> {
    const ROWS: &str = "INSERT INTO solicitations (id, uai, reach, intervention_id, partner_id, convention_id, levels, created_at, updated_at)
        SELECT gen_random_uuid(), lpad(n::text, 7, '0') || 'A', ARRAY['FR'], i.id, i.partner_id, i.convention_id, i.levels, now(), now()
          FROM interventions i, generate_series(1, $1::integer) AS n WHERE i.id = $2::text::uuid
        RETURNING id::text";
    let sql = world.service.sql().await;
    let rows = sql
        .query(ROWS, &[&schools, &offer])
        .await
        .expect("requests");
    rows.iter()
        .map(|row| format!("{LIST}/{}", row.get::<_, String>(0)))
        .collect()
}

#[actix_web::test]
async fn of_fifty_schools_for_ten_sessions_exactly_ten_are_accepted() {
    let world = World::new().await;
    let portal = world.portal();
    for round in 0..rounds(ROUNDS) {
        let name = format!("course-{round}");
        let offer = world.offer(&name, json!({ "sessions": SESSIONS })).await;
        let requests = requests(&world, &offer, SCHOOLS).await;
        let day = || json!({ "scheduled_on": "2099-01-15" });
        let accepts = requests
            .iter()
            .map(|path| step(&portal, path, "accept", day()));
        let replies = join_all(accepts).await;
        let accepted = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(accepted, SESSIONS, "round {round}");
        for refused in replies.iter().filter(|reply| reply.status != 200) {
            refused.problem(409, "no_session_left");
        }
        let path = format!("/v1/partners/{}/interventions/{name}", world.partner);
        assert_eq!(portal.get(&path).await.expect(200)["sessions_left"], 0);
    }
    let oversold = "SELECT count(*) FROM interventions i
                     WHERE i.sessions <> (SELECT count(*) FROM solicitations s WHERE s.intervention_id = i.id AND s.takes_session)
                       AND i.external_id LIKE 'course-%'";
    assert_eq!(world.service.number(oversold).await, 0);
    let told = "SELECT count(*) FROM changes WHERE type = 'solicitation.accepted'";
    let expected = i64::try_from(rounds(ROUNDS) * SESSIONS).unwrap();
    assert_eq!(world.service.number(told).await, expected);
}

#[actix_web::test]
async fn a_request_cancelled_and_accepted_at_once_ends_cancelled_and_keeps_no_session() {
    let world = World::new().await;
    let (portal, ministry) = (world.portal(), world.service.ministry());
    let mut first = 0;
    for round in 0..rounds(60) {
        let path = world.asked(json!({})).await;
        let accept = step(
            &portal,
            &path,
            "accept",
            json!({ "scheduled_on": "2099-01-15" }),
        );
        let cancel = step(&ministry, &path, "cancel", json!({}));
        let (accepted, cancelled) = if round % 2 == 0 {
            tokio::join!(accept, cancel)
        } else {
            let (cancelled, accepted) = tokio::join!(cancel, accept);
            (accepted, cancelled)
        };
        cancelled.expect(200);
        if accepted.status == 200 {
            first += 1;
        } else {
            accepted.problem(409, "invalid_transition");
        }
        assert_eq!(ministry.get(&path).await.expect(200)["status"], "cancelled");
        assert_eq!(world.sessions_left("visite").await, 2);
    }
    println!("accepted first {first} times in {}", rounds(60));
}

#[actix_web::test]
async fn a_session_freed_while_another_one_wants_it_goes_to_one_at_most() {
    let world = World::new().await;
    let portal = world.portal();
    let day = || json!({ "scheduled_on": "2099-01-15" });
    for round in 0..rounds(40) {
        let name = format!("place-{round}");
        let offer = world.offer(&name, json!({ "sessions": 1 })).await;
        let requests = requests(&world, &offer, 4).await;
        step(&portal, &requests[0], "accept", day())
            .await
            .expect(200);
        let (freed, others) = tokio::join!(
            step(&portal, &requests[0], "cancel", json!({})),
            join_all(
                requests[1..]
                    .iter()
                    .map(|path| step(&portal, path, "accept", day()))
            )
        );
        freed.expect(200);
        let taken = others.iter().filter(|reply| reply.status == 200).count();
        assert!(taken <= 1, "round {round}: {taken}");
        for refused in others.iter().filter(|reply| reply.status != 200) {
            refused.problem(409, "no_session_left");
        }
        let path = format!("/v1/partners/{}/interventions/{name}", world.partner);
        let left = portal.get(&path).await.expect(200)["sessions_left"].take();
        assert_eq!(left, json!(1 - taken));
    }
}

#[actix_web::test]
async fn an_acceptance_and_a_reduction_at_once_are_one_after_the_other() {
    let world = World::new().await;
    let portal = world.portal();
    for round in 0..rounds(40) {
        let name = format!("moins-{round}");
        let offer = world.offer(&name, json!({ "sessions": 1 })).await;
        let requests = requests(&world, &offer, 1).await;
        let path = format!("/v1/partners/{}/interventions/{name}", world.partner);
        let (accepted, reduced) = tokio::join!(
            step(
                &portal,
                &requests[0],
                "accept",
                json!({ "scheduled_on": "2099-01-15" })
            ),
            portal.patch(&path, json!({ "sessions": 0 }))
        );
        reduced.expect(200);
        let seen = portal.get(&path).await.expect(200);
        assert_eq!(seen["sessions_left"], 0);
        if accepted.status == 200 {
            assert_eq!(seen["warnings"][0]["code"], "more_sessions_granted");
        } else {
            accepted.problem(409, "no_session_left");
            assert_eq!(seen["warnings"], json!([]));
        }
    }
}

#[actix_web::test]
async fn the_life_of_a_request_from_the_search_to_what_took_place() {
    let world = World::new().await;
    let service = &world.service;
    // The school finds what covers it, and asks; its academy and the partner read it.
    let (portal, school) = (world.portal(), world.own());
    let found = school
        .all(&format!(
            "/v1/interventions?territory=uai:{}&level=3e",
            world.school
        ))
        .await;
    assert_eq!((found.len(), &found[0]["sessions_left"]), (1, &json!(2)));
    let body = json!({ "uai": world.school, "intervention_id": found[0]["id"], "levels": ["3e"], "pupils_expected": 28 });
    let path = school.post(LIST, body).await.header("location").to_owned();
    let waiting = portal.all(&format!("{LIST}?status=requested")).await;
    assert_eq!(waiting.len(), 1);
    // The partner proposes a day; nobody says what took place before it.
    let planned = ree::values::today(service.shared.clock.now()) + TimeDelta::days(10);
    let accepted = step(&portal, &path, "accept", json!({ "scheduled_on": planned }))
        .await
        .expect(200);
    assert_eq!(accepted["scheduled_on"], json!(planned));
    assert_eq!(world.sessions_left("visite").await, 1);
    let outcome = json!({ "held_on": planned, "pupils": 27, "girls": 14, "teachers": 2, "professionals": 3, "hours": 2 });
    step(&school, &path, "hold", json!({ "outcome": outcome }))
        .await
        .problem(409, "too_early");
    // The day comes: the school says what really happened, and its academy reads it.
    service.shared.clock.travel(TimeDelta::days(10));
    let held = step(&world.own(), &path, "hold", json!({ "outcome": outcome }))
        .await
        .expect(200);
    assert_eq!(
        (
            &held["status"],
            &held["outcome"]["girls"],
            &held["allowed_actions"]
        ),
        (&json!("held"), &json!(14), &json!([]))
    );
    let academy = service.academy("academy:10");
    let seen = academy
        .all(&format!("{LIST}?status=held&territory=academy:10"))
        .await;
    assert_eq!((seen.len(), &seen[0]["outcome"]), (1, &held["outcome"]));
    let types: Vec<Value> = academy
        .all_changes("solicitation")
        .await
        .into_iter()
        .map(|mut change| change["type"].take())
        .collect();
    assert_eq!(
        types,
        [
            "solicitation.created",
            "solicitation.accepted",
            "solicitation.held"
        ]
    );
    // What was held is there for the report on that year.
    let year = ree::values::SchoolYear::of(planned);
    let there = format!(
        "SELECT count(*) FROM solicitations WHERE uai = '{}' AND convention_id = '{}' AND held_school_year = '{year}' AND id = '{}'",
        world.school,
        world.convention,
        id(&held)
    );
    assert_eq!(service.number(&there).await, 1);
}
