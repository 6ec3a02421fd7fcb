//! `ree mirror` and `ree push`: what integrators start from.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, Directory, Ended, Service, ended, ree, until};

/// Under one name, whatever the port: its tokens outlive it.
fn start(directory: &Directory) -> Service {
    Service::start_with(directory, &[("REE_PUBLIC_URL", "http://ree.test")])
}

/// A mirror in a file of the directory, not yet started.
fn mirror(
    directory: &Path,
    service: &Service,
    token: &str,
    more: &[&str],
) -> std::process::Command {
    let into = format!("sqlite:{}", directory.join("mirror.db").display());
    let from = format!("http://{}", service.api);
    let mut command = ree(directory);
    command.args(["mirror", "--from", &from, "--into", &into]);
    command.args(more).env("REE_TOKEN", token);
    command
}

fn once(directory: &Path, service: &Service, token: &str) -> Ended {
    let output = mirror(directory, service, token, &["--once"]).output();
    ended(output.expect("the program"))
}

/// What the mirror has of a type: the objects by their ids.
fn mirrored(directory: &Path, kind: &str) -> BTreeMap<String, Value> {
    let file = rusqlite::Connection::open(directory.join("mirror.db")).expect("a mirror");
    let Ok(mut all) = file.prepare(&format!("SELECT id, object FROM {kind}")) else {
        return BTreeMap::new();
    };
    let rows = all.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
    let rows = rows.expect("rows").map(|row| row.expect("a row"));
    rows.map(|(id, object)| (id, serde_json::from_str(&object).expect("JSON")))
        .collect()
}

/// What the list has.
fn listed(client: &mut Client, path: &str) -> BTreeMap<String, Value> {
    let page = client.get(path).expect("an answer").expect(200);
    let rows = page["data"].as_array().expect("data").iter();
    rows.map(|row| (row["id"].as_str().expect("an id").to_owned(), row.clone()))
        .collect()
}

fn new_partner(client: &mut Client, name: &str) -> String {
    let body = json!({ "legal_name": name, "kind": "company" });
    let created = client
        .post("/v1/partners", &[], &body)
        .expect("an answer")
        .expect(201);
    created["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_mirror_gets_in_step_and_goes_on_where_it_was() {
    let directory = Directory::new();
    let service = start(&directory);
    let mut ministry = service.client("ministry");
    let token = service.token("ministry");
    let first = new_partner(&mut ministry, "Premier");
    let ended = once(&directory.path, &service, &token);
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(ended.err.contains("snapshot: "), "{}", ended.err);
    assert_eq!(
        mirrored(&directory.path, "partner"),
        listed(&mut ministry, "/v1/partners?limit=200")
    );
    let second = new_partner(&mut ministry, "Second");
    let gone = ministry.delete(&format!("/v1/partners/{first}"));
    assert_eq!(gone.expect("an answer").status, 204);
    let ended = once(&directory.path, &service, &token);
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(!ended.err.contains("snapshot"), "it goes on: {}", ended.err);
    let kept = mirrored(&directory.path, "partner");
    assert!(kept.contains_key(&second) && !kept.contains_key(&first));
    // Read by somebody else it is read again, and has nothing that they may not read.
    let contact = json!({ "territory": "academy:10", "role": "cell", "label": "Cellule", "name": "Claude Roux" });
    ministry
        .post("/v1/contacts", &[], &contact)
        .expect("an answer")
        .expect(201);
    once(&directory.path, &service, &token);
    assert!(format!("{:?}", mirrored(&directory.path, "contact")).contains("Claude Roux"));
    let ended = once(&directory.path, &service, &service.token("reader"));
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(
        ended.err.contains("reading again: 410 resync_required"),
        "{}",
        ended.err
    );
    assert_eq!(
        mirrored(&directory.path, "partner"),
        listed(&mut service.client("reader"), "/v1/partners?limit=200")
    );
    assert!(!format!("{:?}", mirrored(&directory.path, "contact")).contains("Claude Roux"));
}

/// A copy is of one service: that has another port at each of its starts here, and the same address
/// elsewhere.
fn comes_from(directory: &Path, service: &Service) {
    let file = directory.join("mirror.db");
    if file.exists() {
        let file = rusqlite::Connection::open(file).expect("a mirror");
        let from = format!("http://{}", service.api);
        const FROM: &str = "UPDATE mirror_state SET value = ?1 WHERE name = 'from'";
        file.execute(FROM, [from]).expect("its state");
    }
}

/// Killed when the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

#[test]
fn a_mirror_stays_in_step_while_it_and_the_service_are_killed() {
    let directory = Directory::new();
    let mut service = start(&directory);
    let token = service.token("ministry");
    let run = |service: &Service| {
        let mut command = mirror(&directory.path, service, &token, &[]);
        Running(command.stderr(Stdio::null()).spawn().expect("the program"))
    };
    let mut number = 0;
    for round in 0..3 {
        comes_from(&directory.path, &service);
        let running = run(&service);
        let mut ministry = service.client("ministry");
        for _ in 0..5 {
            number += 1;
            new_partner(&mut ministry, &format!("Partenaire {number}"));
        }
        until(Duration::from_secs(30), "the mirror is in step", || {
            mirrored(&directory.path, "partner").len() == number
        });
        drop(running);
        new_partner(&mut ministry, &format!("Sans miroir {round}"));
        number += 1;
        service.kill();
        service = start(&directory);
    }
    comes_from(&directory.path, &service);
    let ended = once(&directory.path, &service, &token);
    assert_eq!(ended.status, 0, "{}", ended.err);
    let mut ministry = service.client("ministry");
    assert_eq!(
        mirrored(&directory.path, "partner"),
        listed(&mut ministry, "/v1/partners?limit=200")
    );
}

#[test]
fn a_mirror_says_why_it_cannot_be_kept() {
    let directory = Directory::new();
    let service = start(&directory);
    let refused = once(&directory.path, &service, "x");
    assert_eq!(refused.status, 1);
    assert!(refused.err.contains("401 invalid_token"), "{}", refused.err);
    let token = service.token("reader");
    let into = |into: &str| {
        let from = format!("http://{}", service.api);
        let mut command = ree(&directory.path);
        command
            .args(["mirror", "--once", "--from", &from, "--into", into])
            .env("REE_TOKEN", &token);
        ended(command.output().expect("the program"))
    };
    assert!(into("file.db").err.contains("sqlite:FILE or postgres://"));
    let mut command = ree(&directory.path);
    command.args([
        "mirror",
        "--once",
        "--from",
        "http://127.0.0.1:1",
        "--into",
        "sqlite:x.db",
    ]);
    let without = ended(
        command
            .current_dir(&directory.path)
            .output()
            .expect("the program"),
    );
    assert!(without.err.contains("no token"), "{}", without.err);
    // The other commands do not take it for a setting that they do not know.
    let mut command = ree(&directory.path);
    command.args(["config", "check"]).env("REE_TOKEN", &token);
    let checked = ended(command.output().expect("the program"));
    assert_eq!(checked.status, 0, "{}", checked.err);
}

#[test]
fn a_push_shows_what_became_of_each_item_and_withdraws_what_is_no_longer_sent() {
    let directory = Directory::new();
    let service = start(&directory);
    let mut ministry = service.client("ministry");
    let partner = new_partner(&mut ministry, "Portail");
    let convention = json!({ "title": "Convention", "kind": "partnership", "scope": "national",
                             "partner_ids": [partner], "starts_on": "2020-01-01" });
    let convention = ministry
        .post("/v1/conventions", &[], &convention)
        .expect("an answer")
        .expect(201);
    let convention = convention["id"].as_str().expect("an id").to_owned();
    let file = directory.path.join("token");
    let made = crate::support::run(
        &directory.path,
        &["token", "--role", "partner", "--partner-id", &partner],
    );
    std::fs::write(&file, &made.out).expect("a file");
    let push = |name: &str, text: &str, more: &[&str]| {
        let path = directory.path.join(name);
        std::fs::write(&path, text).expect("a file");
        let mut command = ree(&directory.path);
        command
            .arg("push")
            .args(["--to", &format!("http://{}", service.api)])
            .arg(&path);
        command.arg("--token-file").arg(&file).args(more);
        ended(command.output().expect("the program"))
    };
    let item = |name: &str, action: &str| {
        json!({ "external_id": name, "convention_id": convention, "title": "Visite", "description": "Une visite.",
                "action_type": action, "levels": ["3e"], "modality": "in_person", "territories": ["department:069"] })
        .to_string()
    };
    let whole = format!(
        "{}\n{}\n",
        item("a", "company_visit"),
        item("b", "company_visit")
    );
    let taken = push("offre.ndjson", &whole, &[]);
    assert_eq!(taken.status, 0, "{}{}", taken.out, taken.err);
    assert_eq!(taken.out.matches("created").count(), 2, "{}", taken.out);
    let csv = format!(
        "external_id;convention_id;title;description;action_type;levels;modality;territories\r\n\
        a;{convention};Visite;Une visite.;compagny_visit;3e;in_person;department:069\r\n\
        c;{convention};Visite;Une visite.;company_visit;3e;in_person;department:069\r\n"
    );
    let some = push("offre.csv", &csv, &["--format", "json"]);
    assert_eq!(some.status, 1, "{}{}", some.out, some.err);
    let verdicts: Value = serde_json::from_str(&some.out).expect("JSON");
    assert_eq!(
        (&verdicts[0]["line"], &verdicts[0]["outcome"]),
        (&json!(2), &json!("rejected"))
    );
    assert!(
        verdicts[0]["errors"][0]
            .as_str()
            .expect("a fault")
            .contains("company_visit"),
        "{verdicts}"
    );
    assert_eq!(verdicts[1]["outcome"], "created");
    assert!(some.err.contains("committed: 1 withdrawn"), "{}", some.err);
    let broken = push("offre.csv", "external_id;title\na;\"b\n", &[]);
    assert_eq!(broken.status, 1);
    assert!(
        broken.out.is_empty() && !broken.err.contains("sent"),
        "{}",
        broken.err
    );
    let mut client = service.client("ministry");
    let syncs = client
        .get(&format!("/v1/partners/{partner}/syncs"))
        .expect("an answer")
        .expect(200);
    assert_eq!(
        syncs["data"].as_array().map(Vec::len),
        Some(2),
        "nothing was opened for it"
    );
}
