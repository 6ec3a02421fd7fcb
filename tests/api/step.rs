//! Staying in step with the feed: what its cursors prove, and what a reader is told when it cannot go
//! on from one.

use std::collections::BTreeSet;

use ree::auth::{Perimeter, Role};
use ree::db::page::{Mark, MarkValue};
use ree::jobs::JOBS;
use serde_json::{Value, json};

use crate::support::portal::Portal;
use crate::support::{Caller, Reply, Service, id, uai};

const FEED: &str = "/v1/changes";

fn cursor(change: &Value) -> String {
    change["cursor"].as_str().expect("a cursor").to_owned()
}

async fn after(caller: &Caller, cursor: &str) -> Reply {
    caller.get(&format!("{FEED}?after={cursor}")).await
}

/// The objects that a page tells of.
fn objects(page: &Value) -> Vec<String> {
    let changes = page["data"].as_array().expect("data").iter();
    changes.map(|change| id(&change["object"])).collect()
}

/// Checks that this is no cursor to go on from, for this reason, and that the one given is.
async fn resync(caller: &Caller, cursor: &str, reason: &str) -> Value {
    let problem = after(caller, cursor).await.problem(410, "resync_required");
    assert_eq!(problem["reason"], reason, "{problem}");
    assert!(
        problem["types"]
            .as_array()
            .is_some_and(|types| types.contains(&json!("partner")))
    );
    let next = problem["cursor"].as_str().expect("a cursor");
    after(caller, next).await.expect(200);
    problem
}

/// An event that no writer of the service made, of a transaction that is open.
async fn write(sql: &impl tokio_postgres::GenericClient, object: u128) {
    const EVENT: &str =
        "INSERT INTO changes (type, object_type, object_id, object_key, version, occurred_at)
        VALUES ('partner.updated', 'partner', $1, 'x', 2, now())";
    let object = uuid::Uuid::from_u128(object);
    sql.execute(EVENT, &[&object]).await.expect("an event");
}

async fn run_jobs(service: &Service) {
    let app = ree::app::App::new(service.shared.clone()).expect("an application");
    for job in JOBS {
        (job.run)(&app).await.expect(job.name);
    }
}

#[actix_web::test]
async fn a_page_says_where_to_go_on_even_when_it_is_empty() {
    let service = Service::start().await;
    let reader = service.reader();
    let empty = reader.get(FEED).await.expect(200);
    let start = cursor(&empty);
    let partner = service.new_partner("A").await;
    reader.told().await;
    let page = after(&reader, &start).await.expect(200);
    assert_eq!(objects(&page), [id(&partner)]);
    let next = after(&reader, &cursor(&page)).await.expect(200);
    assert_eq!(objects(&next), Vec::<String>::new());
    let second = service.new_partner("B").await;
    reader.told().await;
    let page = after(&reader, &cursor(&next)).await.expect(200);
    assert_eq!(objects(&page), [id(&second)]);
}

#[actix_web::test]
async fn access_gained_later_is_told() {
    let service = Service::start().await;
    let academy = |codes: &[&str]| {
        let territories = Some(codes.iter().map(ToString::to_string).collect());
        let perimeter = Perimeter {
            territories,
            ..Perimeter::default()
        };
        service.caller(Role::Academy, perimeter)
    };
    let narrow = academy(&["academy:10"]);
    service.new_partner("A").await;
    let end = cursor(narrow.told().await.last().expect("an event"));
    let wide = academy(&["academy:10", "academy:08"]);
    let problem = resync(&wide, &end, "perimeter_changed").await;
    assert_eq!(problem["territories"], json!(["academy:08"]));
    after(&narrow, &end).await.expect(200);
    let same = academy(&["academy:10", "academy:10"]);
    after(&same, &end).await.expect(200);
}

#[actix_web::test]
async fn access_lost_is_told() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let ministry = service.ministry();
    let end = cursor(ministry.told().await.last().expect("an event"));
    for other in [
        service.reader(),
        service.partner(&partner),
        service.academy("academy:10"),
    ] {
        resync(&other, &end, "perimeter_changed").await;
    }
    let problem = resync(&service.reader(), &end, "perimeter_changed").await;
    assert_eq!(problem["territories"], json!(["FR"]));
    let english = service
        .reader()
        .request("GET", &format!("{FEED}?after={end}"))
        .header("accept-language", "en");
    let english = english.send().await.problem(410, "resync_required");
    assert!(
        english["detail"]
            .as_str()
            .expect("a detail")
            .contains("perimeter"),
        "{english}"
    );
}

#[actix_web::test]
async fn a_school_that_the_directory_moved_reads_again() {
    let service = Service::start().await;
    let [school] = service.new_schools([690_001]).await;
    let caller = service.school(&school);
    service.new_partner("A").await;
    let end = cursor(caller.told().await.last().expect("an event"));
    after(&caller, &end).await.expect(200);
    service
        .move_school(&school, "academy:08", "department:038")
        .await;
    let problem = resync(&caller, &end, "perimeter_changed").await;
    assert_eq!(problem["territories"], json!([format!("uai:{school}")]));
}

#[actix_web::test]
async fn uncommitted_transactions_at_the_boundary_are_told_once_they_commit() {
    let service = Service::start().await;
    let ministry = service.ministry();
    service.new_partner("A").await;
    let end = cursor(ministry.told().await.last().expect("an event"));
    let mut older = service.sql().await;
    let held = older.transaction().await.unwrap();
    write(&held, 7).await;
    let younger = service.new_partner("B").await;
    let waiting = after(&ministry, &end).await.expect(200);
    assert_eq!(objects(&waiting), Vec::<String>::new());
    held.commit().await.unwrap();
    ministry.told().await;
    let page = after(&ministry, &cursor(&waiting)).await.expect(200);
    let expected = [uuid::Uuid::from_u128(7).to_string(), id(&younger)];
    assert_eq!(objects(&page), expected);
}

#[actix_web::test]
async fn what_is_deleted_and_created_again_is_another_object() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let body = json!({ "legal_name": "A", "kind": "company", "siren": "552049447" });
    let first = id(&ministry
        .post("/v1/partners", body.clone())
        .await
        .expect(201));
    ministry
        .delete(&format!("/v1/partners/{first}"))
        .await
        .expect(204);
    let second = id(&ministry.post("/v1/partners", body).await.expect(201));
    let told = ministry.told().await;
    let told: Vec<_> = told
        .iter()
        .map(|change| (id(&change["object"]), change["data"].is_null()))
        .collect();
    assert_eq!(
        told,
        [(first.clone(), true), (first, true), (second, false)]
    );
}

#[actix_web::test]
async fn a_key_that_another_object_takes_over_is_told_of_both() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let with = |siren: Value| json!({ "siren": siren });
    let body = json!({ "legal_name": "A", "kind": "company", "siren": "552049447" });
    let first = id(&ministry.post("/v1/partners", body).await.expect(201));
    let second = id(&service.new_partner("B").await);
    for (partner, siren) in [(&first, json!(null)), (&second, json!("552049447"))] {
        let path = format!("/v1/partners/{partner}");
        ministry.patch(&path, with(siren)).await.expect(200);
    }
    let mut mirror = std::collections::BTreeMap::new();
    for change in ministry.told().await {
        mirror.insert(id(&change["object"]), change["data"]["siren"].clone());
    }
    assert_eq!(mirror[&first], json!(null));
    assert_eq!(mirror[&second], json!("552049447"));
}

#[actix_web::test]
async fn pages_that_shift_under_writers_tell_each_change_once() {
    let service = Service::start().await;
    let reader = service.reader();
    let mut written = Vec::new();
    let mut read = Vec::new();
    let mut at = cursor(&reader.get(FEED).await.expect(200));
    for round in 0..6 {
        for name in 0..3 {
            written.push(id(&service.new_partner(&format!("{round} {name}")).await));
        }
        let page = reader
            .get(&format!("{FEED}?limit=2&after={at}"))
            .await
            .expect(200);
        at = cursor(&page);
        read.extend(objects(&page));
    }
    reader.told().await;
    while read.len() < written.len() {
        let page = reader
            .get(&format!("{FEED}?limit=2&after={at}"))
            .await
            .expect(200);
        assert_ne!(objects(&page), Vec::<String>::new(), "{} read", read.len());
        at = cursor(&page);
        read.extend(objects(&page));
    }
    assert_eq!(read, written);
}

#[actix_web::test]
async fn a_reference_may_be_told_before_its_object_which_follows() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let member = id(&service.new_partner("Membre").await);
    let network = id(&service.new_partner("Réseau").await);
    let path = format!("/v1/partners/{member}");
    let body = json!({ "member_of": [network] });
    ministry.patch(&path, body).await.expect(200);
    ministry.told().await;
    let first = ministry.get(&format!("{FEED}?limit=1")).await.expect(200);
    let named = &first["data"][0]["data"]["member_of"];
    assert!(named.to_string().contains(&network), "{first}");
    let rest = after(&ministry, &cursor(&first)).await.expect(200);
    assert_eq!(objects(&rest), [network, member]);
}

#[actix_web::test]
async fn history_is_kept_for_thirteen_months_and_its_purge_is_told() {
    let service = Service::start().await;
    let reader = service.reader();
    for name in ["A", "B", "C"] {
        service.new_partner(name).await;
    }
    let old: Vec<String> = reader.told().await.iter().map(cursor).collect();
    service.shared.clock.travel(chrono::TimeDelta::days(396));
    let later = service.reader();
    service.new_partner("D").await;
    run_jobs(&service).await;
    assert_eq!(service.number("SELECT count(*) FROM changes").await, 4);
    after(&later, &old[0]).await.expect(200);
    service.shared.clock.travel(chrono::TimeDelta::days(10));
    run_jobs(&service).await;
    assert_eq!(service.number("SELECT count(*) FROM changes").await, 1);
    let later = service.reader();
    for one in &old {
        resync(&later, one, "history_purged").await;
    }
    let told = later.told().await;
    after(&later, &cursor(&told[0])).await.expect(200);
    service.shared.clock.travel(chrono::TimeDelta::days(1000));
    run_jobs(&service).await;
    let kept = service.reader().told().await;
    assert_eq!(
        objects(&json!({ "data": kept })),
        objects(&json!({ "data": told })),
        "the newest stays"
    );
}

#[actix_web::test]
async fn a_lossy_failover_is_told_where_something_that_was_read_is_gone() {
    let service = Service::start().await;
    let ministry = service.ministry();
    for name in ["A", "B", "C"] {
        service.new_partner(name).await;
    }
    let told: Vec<String> = ministry.told().await.iter().map(cursor).collect();
    let sql = service.sql().await;
    // The standby had the first alone, and writes at the places of the two others.
    const LOST: &str = "WITH lost AS (DELETE FROM changes WHERE position >
            (SELECT min(position) FROM changes) RETURNING position, seq)
        INSERT INTO changes (position, seq, type, object_type, object_id, object_key, version, occurred_at)
        OVERRIDING SYSTEM VALUE
        SELECT position, seq, 'partner.updated', 'partner', gen_random_uuid(), 'x', 1, now() FROM lost";
    sql.execute(LOST, &[]).await.unwrap();
    let page = after(&ministry, &told[0]).await.expect(200);
    assert_eq!(
        page["data"].as_array().map(Vec::len),
        Some(2),
        "nothing that it read is gone"
    );
    for read in &told[1..] {
        resync(&ministry, read, "lineage_lost").await;
    }
}

#[actix_web::test]
async fn an_older_transaction_that_committed_last_is_missed_where_only_it_was_lost() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let mut older = service.sql().await;
    let held = older.transaction().await.unwrap();
    write(&held, 7).await;
    service.new_partner("B").await;
    held.commit().await.unwrap();
    let told: Vec<String> = ministry.told().await.iter().map(cursor).collect();
    assert_eq!(told.len(), 2);
    service.new_partner("C").await;
    let later = cursor(ministry.told().await.last().expect("an event"));
    // What committed first, the younger one, is on the standby; the older one is not.
    let sql = service.sql().await;
    const LOST: &str = "DELETE FROM changes WHERE object_id = $1";
    sql.execute(LOST, &[&uuid::Uuid::from_u128(7)])
        .await
        .unwrap();
    for read in &told {
        resync(&ministry, read, "lineage_lost").await;
    }
    after(&ministry, &later).await.expect(200);
}

#[actix_web::test]
async fn a_restore_is_told_where_it_lost_something_and_is_not_noticed_otherwise() {
    let service = Service::start().await;
    let ministry = service.ministry();
    for name in ["A", "B"] {
        service.new_partner(name).await;
    }
    let told = ministry.told().await;
    let end = cursor(&ministry.get(FEED).await.expect(200));
    let sql = service.sql().await;
    let restored = async || {
        let now = service.shared.clock.now();
        ree::db::migrations::run(&service.connector, now)
            .await
            .unwrap();
    };
    // All of it, on a server whose numbers begin below those of the feed.
    sql.execute("UPDATE installation SET feed_shift = feed_shift - 500", &[])
        .await
        .unwrap();
    restored().await;
    let later = service.new_partner("C").await;
    ministry.told().await;
    assert_eq!(
        objects(&after(&ministry, &end).await.expect(200)),
        [id(&later)]
    );
    // A backup from before the last two writes.
    const LOST: &str = "DELETE FROM changes WHERE position > (SELECT min(position) FROM changes)";
    sql.execute(LOST, &[]).await.unwrap();
    restored().await;
    service.new_partner("D").await;
    ministry.told().await;
    resync(&ministry, &end, "lineage_lost").await;
    after(&ministry, &cursor(&told[0])).await.expect(200);
}

#[actix_web::test]
async fn cursors_given_out_before_they_proved_anything_go_on_working() {
    let service = Service::start().await;
    let reader = service.reader();
    for name in ["A", "B"] {
        service.new_partner(name).await;
    }
    reader.told().await;
    let sql = service.sql().await;
    sql.execute("UPDATE changes SET horizon = NULL", &[])
        .await
        .unwrap();
    let rows = "SELECT position, seq FROM changes ORDER BY position, seq";
    let first = &sql.query(rows, &[]).await.unwrap()[0];
    let of_old = |position: i64| {
        let value = MarkValue::Place(position, first.get(1));
        let mark = Mark {
            value,
            id: String::new(),
        };
        service.shared.cursors.write(&mark, FEED).expect("a cursor")
    };
    let page = after(&reader, &of_old(first.get(0))).await.expect(200);
    assert_eq!(page["data"].as_array().map(Vec::len), Some(1));
    after(&reader, &cursor(&page)).await.expect(200);
    let lost = of_old(first.get::<_, i64>(0) - 1);
    resync(&reader, &lost, "lineage_lost").await;
}

#[actix_web::test]
async fn a_reader_that_waits_or_streams_is_told_to_read_again_at_once() {
    let service = Service::start().await;
    service.new_partner("A").await;
    let end = cursor(service.ministry().told().await.last().expect("an event"));
    let reader = service.reader();
    let waiting = reader.get(&format!("{FEED}?wait=60&after={end}")).await;
    waiting.problem(410, "resync_required");
    let stream = reader
        .request("GET", FEED)
        .header("accept", "text/event-stream")
        .header("last-event-id", &end);
    stream.send().await.problem(410, "resync_required");
}

#[actix_web::test]
async fn a_mistyped_type_of_five_is_named_with_the_one_meant() {
    let service = Service::start().await;
    let reader = service.reader();
    let types = "partner.created,partner.updated,contact.creatd,report.created,campaign.closed";
    let refused = reader.get(&format!("{FEED}?types={types}")).await;
    let problem = refused.problem(422, "validation_failed");
    let fault = &problem["errors"][0];
    assert_eq!(fault["code"], "unknown_code");
    assert_eq!(fault["nearest"], "contact.created");
    assert!(
        fault["detail"]
            .as_str()
            .expect("a detail")
            .contains("contact.creatd"),
        "{fault}"
    );
    let list = reader
        .get("/v1/nomenclatures/event_types")
        .await
        .expect(200);
    let codes: Vec<&Value> = list["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|one| &one["code"])
        .collect();
    assert_eq!(json!(codes), fault["accepted"]);
    for kind in [
        "sync.created",
        "sync.committed",
        "sync.abandoned",
        "contact.moved",
    ] {
        reader
            .get(&format!("{FEED}?types={kind}"))
            .await
            .expect(200);
        assert!(codes.contains(&&json!(kind)), "{kind}");
    }
}

#[actix_web::test]
async fn synchronisations_are_told_by_their_types() {
    let portal = Portal::new().await;
    let path = format!("/v1/partners/{}/syncs", portal.partner);
    let sync = id(&portal.caller.post(&path, json!({})).await.expect(201));
    portal
        .caller
        .post(&format!("{path}/{sync}/abandon"), json!({}))
        .await
        .expect(200);
    portal.caller.told().await;
    let page = portal
        .caller
        .get(&format!("{FEED}?types=sync.abandoned"))
        .await
        .expect(200);
    assert_eq!(objects(&page), [sync]);
}

/// What of a school is told to its academies.
struct OfSchool {
    school: String,
    /// Contact, report, convention, declination, solicitation, in this order.
    objects: BTreeSet<String>,
}

async fn of_school(service: &Service) -> OfSchool {
    let school = uai(690_001);
    service.new_schools([690_001]).await;
    let ministry = service.ministry();
    let territory = format!("uai:{school}");
    let (partner, signed) = service.signed_partner("A", json!({})).await;
    let contact = json!({ "territory": territory, "role": "head", "label": "Direction", "name": "Claude Roux" });
    let contact = id(&ministry.post("/v1/contacts", contact).await.expect(201));
    let report = service.stored_report(&signed, &territory, json!({})).await;
    let local = json!({ "title": "Charte", "kind": "charter", "scope": "local", "territory": territory,
                        "partner_ids": [partner], "starts_on": "2026-09-01" });
    let convention = id(&ministry.post("/v1/conventions", local).await.expect(201));
    let draft = json!({ "status": "draft", "level": "establishment" });
    let declination = service
        .stored_declination(&signed, &[territory.as_str()], draft)
        .await;
    let person = id(&service
        .new_representative(&partner, &[territory.as_str()])
        .await);
    let request = json!({ "uai": school, "representative_id": person, "levels": ["3e"], "pupils_expected": 20 });
    let request = service
        .school(&school)
        .post("/v1/solicitations", request)
        .await;
    let objects = BTreeSet::from([
        contact,
        report,
        convention,
        declination,
        id(&request.expect(201)),
        person,
    ]);
    OfSchool { school, objects }
}

/// The objects told as moved, each with whether it can be read.
fn moved(page: &Value) -> BTreeSet<(String, bool)> {
    let changes = page["data"].as_array().expect("data").iter();
    changes
        .filter(|change| {
            change["type"]
                .as_str()
                .is_some_and(|kind| kind.ends_with(".moved"))
        })
        .map(|change| (id(&change["object"]), !change["data"].is_null()))
        .collect()
}

#[actix_web::test]
async fn what_follows_a_school_that_moves_is_told_to_those_who_lost_and_gained_it() {
    let service = Service::start().await;
    let OfSchool { school, objects } = of_school(&service).await;
    let [old, new, other] =
        ["academy:10", "academy:08", "academy:09"].map(|code| service.academy(code));
    let end = async |caller: &Caller| {
        caller.told().await;
        cursor(&caller.get(&format!("{FEED}?limit=200")).await.expect(200))
    };
    let ends = [end(&old).await, end(&new).await, end(&other).await];
    service
        .move_school(&school, "academy:08", "department:038")
        .await;
    old.told().await;
    let mut lost = moved(&after(&old, &ends[0]).await.expect(200));
    let gained = moved(&after(&new, &ends[1]).await.expect(200));
    assert_eq!(
        gained,
        objects.iter().map(|id| (id.clone(), true)).collect()
    );
    assert_eq!(lost.len(), objects.len());
    // Of a person and of whom to write to the rest stays to be read; the person does not.
    lost.retain(|(_, is_read)| *is_read);
    assert_eq!(lost.len(), 2, "{lost:?}");
    let page = after(&old, &ends[0]).await.expect(200);
    assert!(!page.to_string().contains("Claude Roux"), "{page}");
    assert!(!page.to_string().contains("Camille Martin"), "{page}");
    assert_eq!(
        moved(&after(&other, &ends[2]).await.expect(200)),
        BTreeSet::new()
    );
    let versions = page["data"].as_array().expect("data").iter();
    assert!(
        versions.clone().all(|change| change["version"] == 1),
        "{page}"
    );
}

#[actix_web::test]
async fn what_lies_in_a_territory_that_comes_under_another_is_told_likewise() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let contact = json!({ "territory": "department:069", "role": "cell", "label": "Cellule", "name": "Claude Roux" });
    let contact = id(&ministry.post("/v1/contacts", contact).await.expect(201));
    let [old, new] = ["academy:10", "academy:08"].map(|code| service.academy(code));
    old.told().await;
    let end = async |caller: &Caller| cursor(&caller.get(FEED).await.expect(200));
    // As it was before the reference data of this version: the department lay elsewhere.
    let sql = service.sql().await;
    sql.batch_execute(
        "UPDATE territories SET parent = 'academy:08' WHERE code = 'department:069';
                       SELECT refresh_reach(ARRAY['department:069'], now())",
    )
    .await
    .unwrap();
    old.told().await;
    let ends = [end(&old).await, end(&new).await];
    ree::db::migrations::run(&service.connector, service.shared.clock.now())
        .await
        .unwrap();
    old.told().await;
    for (caller, end) in [(&old, &ends[0]), (&new, &ends[1])] {
        let told = moved(&after(caller, end).await.expect(200));
        assert_eq!(told, BTreeSet::from([(contact.clone(), true)]));
    }
    let page = after(&new, &ends[1]).await.expect(200);
    assert_eq!(
        page["data"][0]["data"]["name"],
        json!(null),
        "the person is no longer shown"
    );
    let page = after(&old, &ends[0]).await.expect(200);
    assert_eq!(page["data"][0]["data"]["name"], "Claude Roux");
}

/// The lines of a snapshot: the first, the objects by type and id, the last.
async fn snapshot(caller: &Caller, query: &str) -> (Value, BTreeSet<(String, String)>, Value) {
    let reply = caller.get(&format!("{FEED}/snapshot{query}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    let lines = reply.text().lines();
    let mut lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    let (first, last) = (lines.remove(0), lines.pop().expect("a last line"));
    let named = |line: &Value| {
        assert!(line["data"].is_object(), "{line}");
        (
            line["object"]["type"].as_str().expect("a type").to_owned(),
            id(&line["object"]),
        )
    };
    (first, lines.iter().map(named).collect(), last)
}

#[actix_web::test]
async fn a_snapshot_is_all_that_its_caller_may_read_and_the_feed_goes_on_from_it() {
    let service = Service::start().await;
    let OfSchool { school, objects } = of_school(&service).await;
    let ministry = service.ministry();
    let (first, all, last) = snapshot(&ministry, "").await;
    assert!(
        first["at"].is_string()
            && first["types"]
                .as_array()
                .is_some_and(|types| types.len() == 15)
    );
    assert_eq!(first["partition"], json!(null));
    let ids: BTreeSet<String> = all.iter().map(|(_, id)| id.clone()).collect();
    assert!(ids.is_superset(&objects), "{all:?}");
    assert_eq!(last["objects"], json!(all.len()));
    let partner = id(&service.new_partner("Depuis").await);
    ministry.told().await;
    let page = after(&ministry, last["cursor"].as_str().expect("a cursor"))
        .await
        .expect(200);
    assert_eq!(objects_since(&page, &ids), [partner]);
    // The academy that has nothing to do with the school reads less, and each line as it may see it.
    let other = service.academy("academy:09");
    let (_, seen, _) = snapshot(&other, "?types=report,contact,solicitation,convention").await;
    let hidden = all
        .difference(&seen)
        .filter(|(kind, _)| kind == "report" || kind == "solicitation");
    assert_eq!(hidden.count(), 2, "{seen:?}");
    let text = other.get(&format!("{FEED}/snapshot")).await;
    assert!(!text.text().contains("Claude Roux"));
    let own = service
        .school(&school)
        .get(&format!("{FEED}/snapshot?types=contact"))
        .await;
    assert!(own.text().contains("Claude Roux"));
}

/// The objects of a page that are not among these.
fn objects_since(page: &Value, known: &BTreeSet<String>) -> Vec<String> {
    let told = objects(page).into_iter();
    told.filter(|id| !known.contains(id)).collect()
}

#[actix_web::test]
async fn the_parts_of_a_snapshot_are_disjoint_and_complete() {
    let service = Service::start().await;
    of_school(&service).await;
    for number in 0..40 {
        service.new_partner(&format!("Partenaire {number}")).await;
    }
    let ministry = service.ministry();
    let (_, all, _) = snapshot(&ministry, "").await;
    let mut read = BTreeSet::new();
    let mut number = 0;
    for part in 1..=3 {
        let (first, some, _) = snapshot(&ministry, &format!("?partition={part}/3")).await;
        assert_eq!(first["partition"], format!("{part}/3"));
        assert!(!some.is_empty());
        number += some.len();
        read.extend(some);
    }
    assert_eq!((number, &read), (all.len(), &all));
}

#[actix_web::test]
async fn a_snapshot_is_of_one_moment_whatever_is_written_meanwhile() {
    let service = Service::start().await;
    for number in 0..3 {
        service.new_partner(&format!("Partenaire {number}")).await;
    }
    let ministry = service.ministry();
    let mut held = service.sql().await;
    let held = held.transaction().await.unwrap();
    write(&held, 9).await;
    let (_, all, last) = snapshot(&ministry, "?types=partner").await;
    assert_eq!(all.len(), 3);
    held.commit().await.unwrap();
    ministry.told().await;
    let page = after(&ministry, last["cursor"].as_str().expect("a cursor"))
        .await
        .expect(200);
    assert!(
        objects(&page).contains(&uuid::Uuid::from_u128(9).to_string()),
        "{page}"
    );
}

#[actix_web::test]
async fn what_a_snapshot_is_asked_for_wrongly_is_named() {
    let service = Service::start().await;
    let reader = service.reader();
    for (query, parameter) in [
        ("types=partners", "types"),
        ("types=partner,partner", "types"),
        ("partition=5/4", "partition"),
        ("limit=2", "limit"),
    ] {
        let refused = reader.get(&format!("{FEED}/snapshot?{query}")).await;
        let problem = refused.problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["parameter"], parameter, "{problem}");
    }
    let refused = reader
        .get(&format!("{FEED}/snapshot?types=partner,contct"))
        .await;
    assert_eq!(
        refused.problem(422, "validation_failed")["errors"][0]["nearest"],
        "contact"
    );
}

#[actix_web::test]
async fn fields_of_the_feed_are_those_asked_for_and_the_cursor() {
    let service = Service::start().await;
    let reader = service.reader();
    service.new_partner("A").await;
    reader.told().await;
    let names = |item: &Value| -> Vec<String> {
        let mut names: Vec<String> = item.as_object().expect("an item").keys().cloned().collect();
        names.sort();
        names
    };
    let page = reader
        .get(&format!("{FEED}?fields=type,version"))
        .await
        .expect(200);
    assert_eq!(names(&page["data"][0]), ["cursor", "type", "version"]);
    let lines = reader
        .request("GET", &format!("{FEED}?fields=type"))
        .header("accept", "application/x-ndjson");
    let line: Value = serde_json::from_str(lines.send().await.text().trim()).expect("a line");
    assert_eq!(names(&line), ["cursor", "type"]);
}

#[actix_web::test]
async fn fields_of_a_list_are_those_asked_for_and_the_id() {
    let service = Service::start().await;
    let reader = service.reader();
    for name in ["A", "B"] {
        service.new_partner(name).await;
    }
    let page = reader
        .get("/v1/partners?fields=legal_name,kind&limit=1")
        .await
        .expect(200);
    let item = page["data"][0].as_object().expect("an item");
    assert_eq!(
        item.keys().collect::<Vec<_>>(),
        ["id", "legal_name", "kind"]
    );
    // The cursor goes on whatever the fields.
    let next = page["next_cursor"].as_str().expect("a cursor");
    let page = reader
        .get(&format!("/v1/partners?fields=acronym&cursor={next}"))
        .await
        .expect(200);
    assert_eq!(
        page["data"][0].as_object().map(serde_json::Map::len),
        Some(2)
    );
    let csv = reader
        .request("GET", "/v1/partners?fields=kind")
        .header("accept", "text/csv")
        .send()
        .await;
    assert_eq!(csv.text().lines().next(), Some("id,kind"));
    let refused = reader
        .get("/v1/partners?fields=legal_name,knd,kind,kind")
        .await;
    let problem = refused.problem(422, "validation_failed");
    let faults = problem["errors"].as_array().expect("errors");
    assert_eq!(faults.len(), 2, "{problem}");
    assert_eq!(
        (&faults[0]["code"], &faults[0]["nearest"]),
        (&json!("unknown_field"), &json!("kind"))
    );
    assert!(
        faults[0]["detail"]
            .as_str()
            .expect("a detail")
            .contains("knd")
    );
    assert!(
        faults[0]["accepted"]
            .as_array()
            .expect("accepted")
            .contains(&json!("siren"))
    );
    assert_eq!(faults[1]["code"], "repeated_item");
}
