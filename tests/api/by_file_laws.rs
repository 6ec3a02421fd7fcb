//! What is sent by file becomes what it becomes one by one: the same verdicts, the same rows, the same
//! journal, whoever sends it and in whatever order.

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::support::{Caller, Reply, Service, absent, id, merged, rounds, uai};

const LYON: &str = "academy:10";
const LILLE: &str = "academy:09";

/// Two registers with the same objects: what is sent to one row by row is sent to the other at once.
struct Twins {
    services: [Service; 2],
    conventions: [Vec<String>; 2],
    /// The ids of what is there, in the order of its creation, and of what is not.
    ids: [Vec<String>; 2],
    random: StdRng,
    /// The number of titles given out: no two are alike.
    titles: usize,
    /// The rows without an id that were sent before.
    sent: Vec<Value>,
}

impl Twins {
    async fn new(seed: usize) -> Self {
        let services = [Service::start().await, Service::start().await];
        let mut conventions = [Vec::new(), Vec::new()];
        for (service, conventions) in services.iter().zip(&mut conventions) {
            service.new_schools([690_001, 690_002, 590_001]).await;
            let partner = id(&service.new_partner("Partenaire").await);
            for with in [
                json!({}),
                json!({ "levels": ["3e"], "action_types": ["company_visit"] }),
                json!({ "status": "draft", "signed_on": null }),
            ] {
                conventions.push(service.signed_convention(&partner, with).await);
            }
        }
        Self {
            services,
            conventions,
            ids: [vec![absent()], vec![absent()]],
            random: StdRng::seed_from_u64(u64::try_from(seed).expect("a seed")),
            titles: 0,
            sent: Vec::new(),
        }
    }

    fn any<T: Clone>(&mut self, among: &[T]) -> T {
        among.choose(&mut self.random).expect("one").clone()
    }

    /// Adds some of the rows that were sent before.
    fn again(&mut self, rows: &mut Vec<Value>) {
        let known: Vec<Value> = rows
            .iter()
            .filter(|row| row["id"].is_null())
            .cloned()
            .collect();
        let some = self.sent.choose_multiple(&mut self.random, 2).cloned();
        rows.extend(some.collect::<Vec<Value>>());
        self.sent.extend(known);
    }

    fn title(&mut self) -> String {
        self.titles += 1;
        format!("Titre {}", self.titles)
    }

    fn caller(&self, role: &str, twin: usize) -> Caller {
        let service = &self.services[twin];
        match role {
            "ministry" => service.ministry(),
            "academy" => service.academy(LYON),
            "foreign" => service.academy(LILLE),
            "school" => service.school(&uai(690_001)),
            _ => service.reader(),
        }
    }

    /// What a twin has in the place of `<convention 1>` and `<object 0>`.
    fn named(&self, twin: usize, value: &Value) -> Value {
        let mut text = value.to_string();
        for (place, id) in self.conventions[twin].iter().enumerate() {
            text = text.replace(&format!("<convention {place}>"), id);
        }
        for (place, id) in self.ids[twin].iter().enumerate() {
            text = text.replace(&format!("<object {place}>"), id);
        }
        serde_json::from_str(&text).expect("json")
    }

    /// Sends rows in any order in both ways, and compares the verdicts; a dry run before writes nothing.
    async fn compare(&mut self, kind: Sent, role: &str, mut rows: Vec<Value>) {
        rows.shuffle(&mut self.random);
        let singly = {
            let caller = self.caller(role, 0);
            let mut told = Vec::new();
            for row in &rows {
                let row = self.named(0, row);
                told.push(kind.alone(&caller, &row).await);
            }
            told
        };
        let (caller, service) = (self.caller(role, 1), &self.services[1]);
        let sent = self.named(1, &Value::Array(rows.clone()));
        let before = service.everything().await;
        let dry = at_once(&caller, kind, "?dry_run=true", &sent).await;
        assert_eq!(
            service.everything().await,
            before,
            "a dry run writes nothing"
        );
        let together = at_once(&caller, kind, "", &sent).await;
        assert_eq!(singly, together, "{role} {rows:?}");
        assert_eq!(together, dry, "{role} {rows:?}");
        for twin in 0..2 {
            let list = format!("SELECT id::text FROM {} ORDER BY id", kind.table());
            let sql = self.services[twin].sql().await;
            let ids = sql.query(&list, &[]).await.expect("ids");
            self.ids[twin] = ids.iter().map(|row| row.get(0)).collect();
            self.ids[twin].push(absent());
        }
    }

    async fn are_alike(&self, kind: Sent) {
        let past = [
            past(&self.services[0], kind).await,
            past(&self.services[1], kind).await,
        ];
        assert_eq!(past[0], past[1]);
    }
}

/// What is sent by file.
#[derive(Clone, Copy, PartialEq)]
enum Sent {
    Declinations,
    Contacts,
    Reports,
}

impl Sent {
    const fn table(self) -> &'static str {
        match self {
            Self::Declinations => "declinations",
            Self::Contacts => "contacts",
            Self::Reports => "reports",
        }
    }

    /// What comes of a row sent by the operations of one.
    async fn alone(self, caller: &Caller, row: &Value) -> String {
        let mut said = row.as_object().expect("a row").clone();
        let named = said
            .remove("id")
            .map(|id| id.as_str().expect("an id").to_owned());
        let said = Value::Object(said);
        let path = format!("/v1/{}", self.table());
        let there = match named {
            Some(id) => Some(id),
            None => self.alike(caller, &said).await,
        };
        let Some(there) = there else {
            let made = caller.post(&path, said).await;
            return outcome(&made, 201, "created");
        };
        let path = format!("{path}/{there}");
        let before = caller.get(&path).await;
        if before.status == 200 && self.says(&before.json(), &said) {
            // Who may not write it is refused, whether it says the same or not.
            let asked = match self {
                Self::Reports => before,
                Self::Declinations | Self::Contacts => caller.patch(&path, json!({})).await,
            };
            return outcome(&asked, 200, "unchanged");
        }
        if self == Self::Reports && before.status == 200 && before.json()["status"] == "validated" {
            let made = caller.post("/v1/reports", said).await;
            return outcome(&made, 201, "created");
        }
        let after = caller.patch(&path, said).await;
        outcome(&after, 200, "updated")
    }

    /// Whether an object says what a row says.
    fn says(self, object: &Value, row: &Value) -> bool {
        let members = row.as_object().expect("members");
        members.iter().all(|(name, value)| match name.as_str() {
            "lines" => {
                let lines = object["lines"].as_array().expect("lines");
                let said = value.as_array().expect("lines");
                lines.len() == said.len()
                    && lines.iter().zip(said).all(|(line, said)| {
                        let said = said.as_object().expect("a line");
                        said.iter().all(|(name, value)| line[name] == *value)
                    })
            }
            _ => object[name] == *value,
        })
    }

    /// The object that a row without an id is of.
    async fn alike(self, caller: &Caller, row: &Value) -> Option<String> {
        let is_same =
            |one: &Value, fields: &[&str]| fields.iter().all(|name| one[*name] == row[*name]);
        let listed = caller.all(&format!("/v1/{}?limit=200", self.table())).await;
        let mut listed = listed.into_iter();
        let found = match self {
            Self::Declinations => listed.find(|one| {
                let key = ["convention_id", "level", "territories", "starts_on"];
                let actions = one["allowed_actions"].as_array().expect("actions");
                is_same(one, &key) && actions.contains(&json!("update"))
            }),
            Self::Contacts => {
                let all = ["territory", "role", "name", "email", "phone", "label"];
                listed.find(|one| is_same(one, &all))
            }
            Self::Reports => {
                let key = ["convention_id", "territory", "school_year"];
                let mut alike: Vec<Value> = listed.filter(|one| is_same(one, &key)).collect();
                alike.retain(|one| one["superseded"] == false);
                alike.sort_by_key(|one| one["status"] == "validated");
                alike.into_iter().next()
            }
        };
        found.map(|one| id(&one))
    }
}

fn version(reply: &Reply) -> String {
    let etag = reply.etag().trim_start_matches('"');
    etag.split('.').next().expect("a version").to_owned()
}

/// What came of a request: what it did and the version after it, or what is wrong.
fn outcome(reply: &Reply, status: u16, done: &str) -> String {
    if reply.status == status {
        return format!("{done} {}", version(reply));
    }
    let problem = reply.json();
    let faults = problem["errors"].as_array().cloned().unwrap_or_default();
    rejected(&faults, problem["code"].as_str().expect("a code"))
}

/// What is wrong, without what says the same of a row.
fn rejected(faults: &[Value], code: &str) -> String {
    let told = |fault: &Value| {
        let pointer = fault["pointer"].as_str().unwrap_or_default();
        format!("{pointer} {}", fault["code"].as_str().expect("a code"))
    };
    let mut faults: Vec<String> = faults.iter().map(told).collect();
    faults.sort();
    match faults.is_empty() {
        true => format!("rejected {code}"),
        false => format!("rejected {}", faults.join(", ")),
    }
}

/// What comes of rows sent at once. What is refused as a whole is refused for each.
async fn at_once(caller: &Caller, kind: Sent, query: &str, rows: &Value) -> Vec<String> {
    let path = format!("/v1/{}/batch{query}", kind.table());
    let reply = caller.post(&path, json!({ "items": rows })).await;
    if reply.status != 200 {
        let count = rows.as_array().expect("rows").len();
        return vec![rejected(&[], reply.json()["code"].as_str().expect("a code")); count];
    }
    let verdict = reply.json();
    let told = verdict["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| {
            let outcome = item["outcome"].as_str().expect("an outcome");
            if outcome != "rejected" {
                // The version of a report is its number among corrections: its tag's is not told.
                return format!("{outcome} {}", item["version"]);
            }
            let errors = item["errors"].as_array().expect("errors");
            const WHOLE: [&str; 6] = [
                "not_found",
                "forbidden",
                "convention_not_signed",
                "campaign_closed",
                "invalid_transition",
                "active_content",
            ];
            match errors.as_slice() {
                [one] if WHOLE.contains(&one["code"].as_str().expect("a code")) => {
                    rejected(&[], one["code"].as_str().expect("a code"))
                }
                several => rejected(several, ""),
            }
        });
    told.collect()
}

/// The rows of a kind and what the journal and the feed say of them, ids by their order and moments left out.
async fn past(service: &Service, kind: Sent) -> Vec<String> {
    let table = kind.table();
    let object = table.trim_end_matches('s');
    let moments = "'created_at' - 'updated_at' - 'submitted_at' - 'validated_at'";
    let rows = format!("SELECT (to_jsonb(o) - {moments})::text FROM {table} o ORDER BY id");
    let journal = format!(
        "SELECT action || ' ' || subject || ' ' || object_id::text || ' ' || array_to_string(fields, ',')
             || ' ' || coalesce((before - {moments})::text, '') || ' ' || coalesce((after - {moments})::text, '')
           FROM audit_events WHERE object_type = '{object}' ORDER BY id"
    );
    let feed = format!(
        "SELECT type || ' ' || object_id::text || ' ' || version::text || ' ' || audience::text
           FROM changes WHERE object_type = '{object}' ORDER BY position"
    );
    let lines = "SELECT to_jsonb(l)::text FROM report_lines l ORDER BY report_id, place".to_owned();
    let sql = service.sql().await;
    let mut told = Vec::new();
    for query in [rows, journal, feed, lines] {
        let found = sql.query(&query, &[]).await.expect("what was written");
        told.extend(found.iter().map(|row| row.get::<_, String>(0)));
    }
    let mut ids = HashMap::new();
    told.into_iter()
        .map(|text| without_ids(&text, &mut ids))
        .collect()
}

/// A text whose ids are numbers, in the order of their first appearance.
fn without_ids(text: &str, known: &mut HashMap<String, usize>) -> String {
    let mut told = String::new();
    let mut rest = text;
    while let Some(head) = rest.get(..36) {
        if uuid::Uuid::try_parse(head).is_ok() {
            let next = known.len();
            let number = *known.entry(head.to_owned()).or_insert(next);
            told.push_str(&format!("<{number}>"));
            rest = &rest[36..];
        } else {
            let first = head.chars().next().map_or(1, char::len_utf8);
            told.push_str(&rest[..first]);
            rest = &rest[first..];
            while !rest.is_empty() && !rest.is_char_boundary(36.min(rest.len())) {
                let first = rest.chars().next().map_or(1, char::len_utf8);
                told.push_str(&rest[..first]);
                rest = &rest[first..];
            }
        }
    }
    told + rest
}

/// Leaves of each object one row: what a second row of it is told is its own.
fn each_once(rows: Vec<Value>, key: impl Fn(&Value) -> String) -> Vec<Value> {
    let mut seen = std::collections::HashSet::new();
    rows.into_iter()
        .filter(|row| seen.insert(key(row)))
        .collect()
}

#[actix_web::test]
async fn declinations_become_by_file_what_they_become_one_by_one() {
    for seed in 0..rounds(60).div_ceil(10) {
        let mut twins = Twins::new(seed).await;
        for _ in 0..6 {
            let role = twins.any(&[
                "ministry", "academy", "academy", "foreign", "school", "reader",
            ]);
            let mut rows = Vec::new();
            for _ in 0..twins.random.random_range(1..8) {
                let convention = twins.any(&[
                    "<convention 0>",
                    "<convention 0>",
                    "<convention 1>",
                    "<convention 2>",
                ]);
                let school = format!(
                    "uai:{}",
                    uai(twins.any(&[690_001, 690_001, 690_002, 590_001]))
                );
                let (level, place) = twins.any(&[
                    ("establishment", school.clone()),
                    ("establishment", school),
                    ("academy", LYON.to_owned()),
                    ("academy", LILLE.to_owned()),
                    ("academic_region", LYON.to_owned()),
                    ("establishment", "uai:0690009A".to_owned()),
                ]);
                let with = twins.any(&[
                    json!({}),
                    json!({ "levels": ["3e"] }),
                    json!({ "levels": ["4e", "x"], "ends_on": "2020-01-01" }),
                    json!({ "coordinator": { "name": "Dominique", "email": "d@exemple.fr" } }),
                    json!({ "status": "active" }),
                    json!({ "representative_id": absent() }),
                    json!({ "starts_on": null }),
                ]);
                let row = json!({ "convention_id": convention, "level": level, "territories": [place],
                                  "starts_on": twins.any(&["2026-09-01", "2027-09-01"]) });
                let title = json!({ "title": twins.title() });
                rows.push(merged(merged(row, title), with));
            }
            for _ in 0..3 {
                let place = twins.random.random_range(0..twins.ids[0].len());
                let title = twins.title();
                let change = twins.any(&[
                    json!({ "title": title }),
                    json!({ "coordinator": { "name": "Claude" } }),
                    json!({ "title": title, "starts_on": "2026-09-15" }),
                    json!({ "convention_id": "<convention 1>", "title": title }),
                    json!({ "territories": [LILLE], "level": "academy" }),
                ]);
                rows.push(merged(json!({ "id": format!("<object {place}>") }), change));
            }
            twins.again(&mut rows);
            // A key that is told has one row, and no row by its id beside it.
            let by_id =
                rows.iter().any(|row| row["id"].is_string()) && twins.random.random_bool(0.5);
            rows.retain(|row| row["id"].is_string() == by_id);
            let rows = each_once(rows, |row| match row["id"].as_str() {
                Some(id) => id.to_owned(),
                None => format!(
                    "{}{}{}{}",
                    row["convention_id"], row["level"], row["territories"], row["starts_on"]
                ),
            });
            // Passed over by a file, and refused alone: what the service sets is left to the round trips.
            let rows: Vec<Value> = rows
                .into_iter()
                .filter(|row| row["status"].is_null())
                .collect();
            if !rows.is_empty() {
                twins.compare(Sent::Declinations, role, rows).await;
            }
        }
        twins.are_alike(Sent::Declinations).await;
    }
}

#[actix_web::test]
async fn contacts_become_by_file_what_they_become_one_by_one() {
    for seed in 0..rounds(60).div_ceil(10) {
        let mut twins = Twins::new(seed).await;
        for _ in 0..6 {
            let role = twins.any(&[
                "ministry", "academy", "academy", "foreign", "school", "reader",
            ]);
            let mut rows = Vec::new();
            for _ in 0..twins.random.random_range(1..8) {
                let school = format!("uai:{}", uai(twins.any(&[690_001, 690_002, 590_001])));
                let place = twins.any(&[
                    school,
                    LYON.to_owned(),
                    LILLE.to_owned(),
                    "FR".to_owned(),
                    "uai:0690009A".to_owned(),
                ]);
                let with = twins.any(&[
                    json!({ "name": "Dominique" }),
                    json!({ "email": "d@exemple.fr", "phone": "0472806060" }),
                    json!({ "email": "d@", "label": "" }),
                    json!({ "role": "chief" }),
                ]);
                let row = json!({ "territory": place, "role": "cell", "name": null, "email": null, "phone": null, "label": null });
                let label = json!({ "label": twins.title() });
                rows.push(merged(merged(row, label), with));
            }
            for _ in 0..3 {
                let place = twins.random.random_range(0..twins.ids[0].len());
                let change = twins.any(&[
                    json!({ "name": "Claude" }),
                    json!({ "name": null, "phone": "04 72 80 60 61" }),
                    json!({ "territory": LILLE }),
                    json!({ "role": "bde", "email": "x" }),
                ]);
                let label = json!({ "label": twins.title() });
                rows.push(merged(
                    merged(json!({ "id": format!("<object {place}>") }), change),
                    label,
                ));
            }
            twins.again(&mut rows);
            let rows = each_once(rows, |row| {
                row["id"]
                    .as_str()
                    .map_or_else(|| row.to_string(), str::to_owned)
            });
            twins.compare(Sent::Contacts, role, rows).await;
        }
        twins.are_alike(Sent::Contacts).await;
    }
}

#[actix_web::test]
async fn reports_become_by_file_what_they_become_one_by_one() {
    for seed in 0..rounds(60).div_ceil(10) {
        let mut twins = Twins::new(seed).await;
        for place in [690_001, 690_002] {
            let status = twins.any(&["draft", "submitted", "validated"]);
            let pupils = twins.any(&[1, 2]);
            for twin in 0..2 {
                let (service, convention) = (&twins.services[twin], &twins.conventions[twin][0]);
                let territory = format!("uai:{}", uai(place));
                let made = service
                    .stored_report(convention, &territory, json!({ "status": status }))
                    .await;
                let lines = json!([{ "action_type": "class_talk", "level": "3e", "academy": LYON, "pupils": pupils }]);
                service.stored_lines(&made, lines).await;
            }
        }
        for _ in 0..4 {
            let role = twins.any(&["academy", "academy", "foreign", "school", "reader"]);
            let mut rows = Vec::new();
            for _ in 0..twins.random.random_range(1..7) {
                let convention = twins.any(&[
                    "<convention 0>",
                    "<convention 0>",
                    "<convention 0>",
                    "<convention 2>",
                ]);
                let place = uai(twins.any(&[690_001, 690_002, 590_001]));
                let action =
                    twins.any(&["class_talk", "class_talk", "class_talk", "talk_of_class"]);
                rows.push(json!({
                    "convention_id": convention, "territory": format!("uai:{place}"),
                    "school_year": twins.any(&["2025-2026", "2025-2026", "2024-2025", "2009-2010"]),
                    "lines": [{ "action_type": action, "level": "3e", "pupils": twins.any(&[1, 2, 3]), "girls": twins.any(&[0, 2]) }],
                }));
            }
            twins.again(&mut rows);
            let rows = each_once(rows, |row| {
                format!(
                    "{}{}{}",
                    row["convention_id"], row["territory"], row["school_year"]
                )
            });
            twins.compare(Sent::Reports, role, rows).await;
        }
        twins.are_alike(Sent::Reports).await;
    }
}

#[actix_web::test]
async fn a_thousand_rows_cost_as_many_statements_as_ten() {
    let service = Service::start().await;
    let (_, convention) = service.signed_partner("Partenaire", json!({})).await;
    let rectorat = service.academy(LYON);
    // Each statement that writes is one command of its transaction: the command counter tells.
    let commands = async |kind: Sent, rows: &[Value]| {
        let told = at_once(&rectorat, kind, "", &json!(rows)).await;
        assert!(
            told.iter().all(|one| !one.starts_with("rejected")),
            "{told:?}"
        );
        let table = kind.table();
        let query = format!(
            "SELECT count(DISTINCT cmin::text::bigint) FROM {table}
              WHERE xmin = (SELECT max(xmin::text::bigint)::text::xid FROM {table})"
        );
        service.number(&query).await
    };
    let first = chrono::NaiveDate::from_ymd_opt(2021, 1, 1).unwrap();
    for kind in [Sent::Contacts, Sent::Declinations] {
        let row = |place: u64| match kind {
            Sent::Contacts => {
                json!({ "territory": LYON, "role": "clee", "label": format!("Comité {place}") })
            }
            _ => json!({ "convention_id": convention, "level": "academy", "territories": [LYON],
                         "title": format!("Titre {place}"), "starts_on": first + chrono::Days::new(place) }),
        };
        let few: Vec<Value> = (0..10).map(row).collect();
        let many: Vec<Value> = (10..1010).map(row).collect();
        assert_eq!(commands(kind, &few).await, 1);
        assert_eq!(commands(kind, &many).await, 1);
        let rows = rectorat
            .all(&format!("/v1/{}?limit=200", kind.table()))
            .await;
        let field = if kind == Sent::Contacts {
            "label"
        } else {
            "title"
        };
        let changed =
            |row: &Value| json!({ "id": row["id"], field: format!("{} bis", row[field]) });
        let rows: Vec<Value> = rows.iter().map(changed).collect();
        assert_eq!(rows.len(), 1010);
        assert_eq!(commands(kind, &rows[..10]).await, 1);
        assert_eq!(commands(kind, &rows).await, 1);
    }
}
