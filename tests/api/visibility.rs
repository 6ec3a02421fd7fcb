//! What a caller sees of an object is one thing, whoever tells it: the list, the count, the object's
//! own path, its history, the feed and the deadlines are compared on random objects of every kind, for
//! callers of every role, with one another and with a plain reading of who sees what.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use ree::values::today;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::place::Place;
use crate::support::{Caller, Service, id, intervention, uai};

const TERRITORIES: [&str; 4] = ["region:84", "academy:10", "academy:08", "academy:09"];

/// Who sees an object, besides the ministry.
#[derive(Debug, Clone, Default)]
struct Readers {
    everyone: bool,
    /// The perimeters named here.
    territories: Vec<String>,
    schools: Vec<String>,
    partners: Vec<String>,
    readers: bool,
}

impl Readers {
    fn everyone() -> Self {
        Self {
            everyone: true,
            ..Self::default()
        }
    }

    fn one_partner(partner: &str) -> Self {
        Self {
            partners: vec![partner.to_owned()],
            ..Self::default()
        }
    }

    /// Whether this caller, named as [`World::callers`] names it, is among them.
    fn has(&self, name: &str) -> bool {
        let among = |all: &[String], name: &str| all.iter().any(|one| one == name);
        match name.split_once(' ') {
            _ if self.everyone || name == "ministry" => true,
            None => self.readers,
            Some(("academy", code)) => among(&self.territories, code),
            Some(("school", uai)) => among(&self.schools, uai),
            Some((_, partner)) => among(&self.partners, partner),
        }
    }
}

/// An object: its type, its id, the list it is in, the last part of its URL.
#[derive(Debug, Clone)]
struct Object {
    kind: &'static str,
    id: String,
    list: String,
    key: String,
    parent: Option<String>,
    readers: Readers,
}

impl Object {
    fn path(&self) -> String {
        format!("{}/{}", self.list, self.key)
    }

    /// The same object by its id alone, where that is another path.
    fn is_named_otherwise(&self) -> bool {
        self.key != self.id
    }
}

struct World {
    service: Service,
    random: StdRng,
    today: NaiveDate,
    partners: Vec<String>,
    schools: Vec<String>,
    /// Who prepares each convention, and who is a party to it.
    keepers: BTreeMap<String, Readers>,
    objects: Vec<Object>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let service = Service::start().await;
        let mut partners = Vec::new();
        for name in ["Alpha", "Bêta", "Gamma"] {
            partners.push(id(&service.new_partner(name).await));
        }
        let schools = vec![uai(690_002), uai(380_002), uai(590_002)];
        let places = [
            ("department:069", "academy:10"),
            ("department:038", "academy:08"),
            ("department:059", "academy:09"),
        ];
        for (school, (department, academy)) in schools.iter().zip(places) {
            service.new_school(school, department, academy).await;
        }
        const REGIONS: &str = "UPDATE establishments
            SET academic_region = CASE academy WHEN 'academy:09' THEN 'region:32' ELSE 'region:84' END";
        let sql = service.sql().await;
        sql.execute(REGIONS, &[]).await.expect("the regions");
        let today = today(service.shared.clock.now());
        let mut world = Self {
            service,
            random: StdRng::seed_from_u64(seed),
            today,
            partners,
            schools,
            keepers: BTreeMap::new(),
            objects: Vec::new(),
        };
        let signed = world.conventions().await;
        world.declinations(&signed).await;
        world.amendments(&signed).await;
        world.reports(&signed).await;
        world.interventions(&signed).await;
        world.solicitations().await;
        world.clients().await;
        world.others().await;
        world.tell_everyone().await;
        world
    }

    fn any<'a, T: ?Sized>(&mut self, among: &[&'a T]) -> &'a T {
        among.choose(&mut self.random).expect("one")
    }

    fn any_partners(&mut self) -> Vec<String> {
        let count = self.random.random_range(1..3);
        let some = self.partners.choose_multiple(&mut self.random, count);
        some.cloned().collect()
    }

    fn any_school(&mut self) -> String {
        self.schools
            .choose(&mut self.random)
            .expect("a school")
            .clone()
    }

    /// A territory, or one of the schools.
    fn any_place(&mut self) -> String {
        if self.random.random_bool(0.3) {
            format!("uai:{}", self.any_school())
        } else {
            self.any(&TERRITORIES).to_owned()
        }
    }

    fn soon(&mut self) -> NaiveDate {
        self.today + Days::new(self.random.random_range(1..60))
    }

    fn add(&mut self, kind: &'static str, id: String, list: &str, readers: Readers) {
        self.objects.push(Object {
            kind,
            key: id.clone(),
            id,
            list: list.to_owned(),
            parent: None,
            readers,
        });
    }

    fn add_below(
        &mut self,
        kind: &'static str,
        id: String,
        (parent, list): (&str, String),
        readers: Readers,
    ) {
        self.objects.push(Object {
            kind,
            key: id.clone(),
            id,
            list,
            parent: Some(parent.to_owned()),
            readers,
        });
    }

    /// A place and all above it.
    async fn above(&self, place: &str) -> Vec<String> {
        let sql = self.service.sql().await;
        let above = "SELECT reach_of(ARRAY[$1::text])";
        sql.query_one(above, &[&place]).await.expect(place).get(0)
    }

    /// Those who have a place in charge: the perimeters around it, and the school that it is.
    async fn in_charge_of(&self, place: &str) -> Readers {
        let school = place.strip_prefix("uai:").map(str::to_owned);
        Readers {
            territories: self.above(place).await,
            schools: school.into_iter().collect(),
            ..Readers::default()
        }
    }

    /// Inserts a row as it is stored: these columns, and what is above these territories where there
    /// are some.
    async fn store(&self, table: &str, mut row: Value, territories: &[String]) -> String {
        let id = self.service.shared.clock.new_id().to_string();
        row["id"] = json!(id);
        row["version"] = json!(1);
        for moment in ["created_at", "updated_at"] {
            row[moment] = json!("2026-01-01T00:00:00Z");
        }
        let sql = self.service.sql().await;
        if !territories.is_empty() {
            const ABOVE: &str = "SELECT reach_of($1)";
            let above = sql.query_one(ABOVE, &[&territories]).await.expect("above");
            row["reach"] = json!(above.get::<_, Vec<String>>(0));
        }
        let columns: Vec<&str> = row
            .as_object()
            .expect("columns")
            .keys()
            .map(String::as_str)
            .collect();
        let columns = columns.join(", ");
        let insert = format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, $1)"
        );
        let inserted = sql.execute(&insert, &[&row]).await;
        inserted.unwrap_or_else(|error| panic!("{table}: {error:?} {row}"));
        id
    }

    /// Conventions of every status; the ids of those ever signed.
    async fn conventions(&mut self) -> Vec<String> {
        const STATUSES: [&str; 7] = [
            "signed",
            "draft",
            "negotiation",
            "to_sign",
            "abandoned",
            "terminated",
            "replaced",
        ];
        let mut signed: Vec<String> = Vec::new();
        for number in 0..28 {
            let status = STATUSES[number % STATUSES.len()];
            let was_signed = ["signed", "terminated", "replaced"].contains(&status);
            let local = self.random.random_bool(0.7).then(|| self.any_place());
            let territories: Vec<String> = local.iter().cloned().collect();
            let partners = self.any_partners();
            let mut keepers = match &local {
                Some(place) => self.in_charge_of(place).await,
                None => Readers::default(),
            };
            keepers.partners.clone_from(&partners);
            let row = json!({
                "reference": format!("CN-2020-{number:04}"), "status": status, "title": format!("Convention {number}"),
                "kind": "framework_cooperation", "scope": if local.is_some() { "local" } else { "national" },
                "territory": local, "reach": [], "partner_ids": partners, "axes": [], "action_types": [],
                "levels": [], "moments": [], "starts_on": "2020-01-01", "ends_on": self.soon(),
                "terms": { "follow_up": { "periodicity": "yearly", "targets": [] } }, "publication": { "documents": [] },
                "signatories": [], "voided_signatures": [], "signed_on": was_signed.then_some("2020-01-01"),
                "termination": (status == "terminated").then(|| json!({ "on": self.soon(), "party": "Alpha", "kind": "notice", "reason": null })),
                "replaced_on": (status == "replaced").then(|| self.soon()),
                "successor_id": (status == "replaced").then(|| signed[0].clone()),
                "content_hash": "0".repeat(64),
            });
            let id = self.store("conventions", row, &territories).await;
            if status == "to_sign" {
                self.sent_for_signature(&id).await;
            }
            let readers = if was_signed {
                signed.push(id.clone());
                Readers::everyone()
            } else {
                keepers.clone()
            };
            self.keepers.insert(id.clone(), keepers);
            self.add("convention", id, "/v1/conventions", readers);
        }
        signed
    }

    /// Long ago.
    async fn sent_for_signature(&self, convention: &str) {
        const SENT: &str = "INSERT INTO audit_events
            (id, occurred_at, subject, role, client_id, request_id, action, object_type, object_id, fields)
            VALUES ($1, now() - interval '1 year', 'a', 'ministry', 'c', 'r', 'convention.sent_for_signature', 'convention', $2::text::uuid, '{}')";
        let id = self.service.shared.clock.new_id();
        let sql = self.service.sql().await;
        sql.execute(SENT, &[&id, &convention]).await.expect("sent");
    }

    async fn declinations(&mut self, signed: &[String]) {
        for number in 0..25 {
            let status = ["draft", "active", "active", "closed", "abandoned"][number % 5];
            let place = self.any_place();
            let level = match place.split(':').next() {
                Some("uai") => "establishment",
                Some("academy") => "academy",
                _ => "academic_region",
            };
            let row = json!({
                "convention_id": signed.choose(&mut self.random), "level": level, "territories": [place],
                "title": format!("Déclinaison {number}"), "axes": [], "action_types": [], "levels": [], "moments": [],
                "coordinator": { "name": "Maëlle Quernin", "email": "quernin@exemple.fr" },
                "starts_on": "2020-01-01", "ends_on": self.today + Days::new(1), "targets": [], "planned_actions": [], "signatories": [],
                "status": status,
            });
            let readers = if ["active", "closed"].contains(&status) {
                Readers::everyone()
            } else {
                let mut readers = self.in_charge_of(&place).await;
                // And the schools that it covers.
                for school in &self.schools {
                    let above = self.above(&format!("uai:{school}")).await;
                    if above.contains(&place) {
                        readers.schools.push(school.clone());
                    }
                }
                readers
            };
            let id = self.store("declinations", row, &[place]).await;
            self.add("declination", id, "/v1/declinations", readers);
        }
    }

    async fn amendments(&mut self, signed: &[String]) {
        for number in 0..16 {
            let convention = signed[number % 4].clone();
            let status = self
                .any(&["draft", "to_sign", "signed", "abandoned"])
                .to_owned();
            let named = self.partners.choose(&mut self.random).expect("one").clone();
            let row = json!({
                "convention_id": convention, "number": number, "status": status, "title": format!("Avenant {number}"),
                "effective_on": self.today + Days::new(90), "documents": [], "signatories": [], "voided_signatures": [],
                "changes": [{ "op": "add_partner", "partner_id": named }],
                "signed_on": (status == "signed").then_some("2026-01-01"), "content_hash": "0".repeat(64),
            });
            let id = self.store("amendments", row, &[]).await;
            let list = format!("/v1/conventions/{convention}/amendments");
            let readers = if status == "signed" {
                Readers::everyone()
            } else {
                let mut readers = self.keepers[&convention].clone();
                readers.partners.push(named);
                readers
            };
            self.add_below("amendment", id, (&convention, list), readers);
        }
    }

    async fn reports(&mut self, signed: &[String]) {
        for convention in signed {
            for year in ["2023-2024", "2024-2025"] {
                let status =
                    self.any(&["draft", "submitted", "returned", "validated", "validated"]);
                let with = json!({ "school_year": year, "status": status });
                let place = self.any_place();
                let id = self.service.stored_report(convention, &place, with).await;
                let mut readers = self.in_charge_of(&place).await;
                if status == "validated" {
                    readers
                        .partners
                        .clone_from(&self.keepers[convention].partners);
                    readers.readers = true;
                }
                self.add("report", id, "/v1/reports", readers);
            }
        }
    }

    /// Published, withheld for want of a party or of a place, and withdrawn ones.
    async fn interventions(&mut self, signed: &[String]) {
        for number in 0..15 {
            let partner = self.partners[number % 3].clone();
            let convention = signed.choose(&mut self.random).expect("one").clone();
            let (portal, name) = (self.service.partner(&partner), format!("visite-{number}"));
            let list = format!("/v1/partners/{partner}/interventions");
            let path = format!("{list}/{name}");
            let made = portal
                .put(&path, intervention(&convention, json!({})))
                .await;
            let made = made.expect(201);
            let is_published = made["status"] == "published" && number % 4 != 0;
            let readers = if is_published {
                Readers::everyone()
            } else {
                Readers::one_partner(&partner)
            };
            if number % 4 == 0 {
                portal.delete(&path).await.expect(200);
            }
            self.objects.push(Object {
                kind: "intervention",
                id: id(&made),
                list: "/v1/interventions".to_owned(),
                key: name,
                parent: Some(partner),
                readers,
            });
        }
    }

    async fn solicitations(&mut self) {
        for number in 0..15 {
            let school = self.any_school();
            let status = ["requested", "declined", "cancelled"][number % 3];
            let partner = self.partners[number % 2].clone();
            let row = json!({
                "uai": school, "partner_id": partner, "levels": ["3e"], "status": status,
                "reason": (status == "declined").then_some("Complet."),
            });
            let place = [format!("uai:{school}")];
            let id = self.store("solicitations", row, &place).await;
            let mut readers = self.in_charge_of(&place[0]).await;
            readers.partners.push(partner);
            self.add("solicitation", id, "/v1/solicitations", readers);
        }
    }

    async fn clients(&mut self) {
        for number in 0..12 {
            let role = [
                "establishment",
                "establishment",
                "academy",
                "partner",
                "reader",
            ][number % 5];
            let count = self.random.random_range(1..3);
            let schools: Vec<String> = self
                .schools
                .choose_multiple(&mut self.random, count)
                .cloned()
                .collect();
            let row = json!({
                "name": format!("Client {number}"), "contact_email": "a@exemple.fr", "role": role, "scopes": ["read"], "status": "active",
                "territories": if role == "academy" { json!(["academy:10"]) } else { json!([]) },
                "uais": if role == "establishment" { json!(schools) } else { json!([]) },
                "partner_id": (role == "partner").then(|| self.partners[0].clone()),
            });
            let id = self.store("clients", row, &[]).await;
            let mut readers = Readers::default();
            if role == "establishment" {
                for school in schools {
                    let above = self.above(&format!("uai:{school}")).await;
                    readers.territories.extend(above);
                }
            }
            self.add("client", id, "/v1/clients", readers);
        }
    }

    /// What everyone may read, persons aside; and the runs of two portals.
    async fn others(&mut self) {
        let ministry = self.service.ministry();
        for territory in ["academy:10", "academy:09", "department:038"] {
            let body = json!({ "territory": territory, "role": "cell", "label": "Cellule", "name": "Maëlle Quernin" });
            let contact = id(&ministry.post("/v1/contacts", body).await.expect(201));
            self.add("contact", contact, "/v1/contacts", Readers::everyone());
        }
        for partner in self.partners.clone() {
            self.add(
                "partner",
                partner.clone(),
                "/v1/partners",
                Readers::everyone(),
            );
            for territory in ["FR", "academy:09"] {
                let person = id(&self
                    .service
                    .new_representative(&partner, &[territory])
                    .await);
                let list = format!("/v1/partners/{partner}/representatives");
                self.add_below(
                    "representative",
                    person,
                    (&partner, list),
                    Readers::everyone(),
                );
            }
            let list = format!("/v1/partners/{partner}/syncs");
            let run = self.service.partner(&partner).post(&list, json!({})).await;
            let run = id(&run.expect(201));
            self.add_below(
                "sync",
                run,
                (&partner, list),
                Readers::one_partner(&partner),
            );
        }
    }

    /// A change of each object that all may read of: what the feed shows of it is then up to what
    /// the reader may see now.
    async fn tell_everyone(&self) {
        const TELL: &str = "INSERT INTO changes (type, object_type, object_id, object_key, parent_id, version, occurred_at, audience)
            VALUES ($1 || '.created', $1, $2, $3, $4, 1, now(), '{everyone}')";
        let sql = self.service.sql().await;
        for object in &self.objects {
            let id: Uuid = object.id.parse().expect("a UUID");
            let parent: Option<Uuid> = object.parent.as_ref().map(|id| id.parse().expect("a UUID"));
            sql.execute(TELL, &[&object.kind, &id, &object.key, &parent])
                .await
                .expect("a change");
        }
        let read = "SELECT coalesce(max(position), 0) < feed_horizon() FROM changes";
        self.service.until(read).await;
    }

    fn callers(&self) -> Vec<(String, Caller)> {
        let service = &self.service;
        let mut callers = vec![
            ("ministry".to_owned(), service.ministry()),
            ("reader".to_owned(), service.reader()),
        ];
        for territory in TERRITORIES {
            callers.push((format!("academy {territory}"), service.academy(territory)));
        }
        for school in &self.schools {
            callers.push((format!("school {school}"), service.school(school)));
        }
        for partner in &self.partners {
            callers.push((format!("partner {partner}"), service.partner(partner)));
        }
        callers
    }
}

/// Everything that the feed tells a caller: each object's URL, and what it shows of the object.
async fn feed(caller: &Caller) -> BTreeMap<String, (Value, Value)> {
    let mut told = BTreeMap::new();
    let mut next = "/v1/changes?limit=200".to_owned();
    loop {
        let mut page = caller.get(&next).await.expect(200);
        for mut row in page["data"].as_array_mut().expect("data").drain(..) {
            let id = row["object"]["id"].as_str().expect("an id").to_owned();
            told.insert(id, (row["object"].take(), row["data"].take()));
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            return told;
        };
        next = format!("/v1/changes?limit=200&after={cursor}");
    }
}

/// What a list tells a caller, by id; nothing where it is refused to its role.
async fn listed(caller: &Caller, list: &str) -> Option<BTreeMap<String, Value>> {
    if caller.get(list).await.status == 403 {
        return None;
    }
    let rows = caller.all(&format!("{list}?limit=200")).await;
    let count = caller.get(&format!("{list}/count")).await.expect(200);
    assert_eq!(count["count"], rows.len(), "{list}");
    Some(rows.into_iter().map(|row| (id(&row), row)).collect())
}

/// That the path of an object, and its history, are answered to those who are told of it and to
/// nobody else.
async fn is_read_by(object: &Object, caller: &Caller, is_told: bool, name: &str) {
    let by_id = caller.get(&format!("{}/{}", object.list, object.id)).await;
    let expected = if is_told { 200 } else { 404 };
    assert_eq!(
        by_id.status,
        expected,
        "{name} {object:?}: {}",
        by_id.text()
    );
    if object.is_named_otherwise() {
        let partner = object.parent.as_deref().unwrap_or_default();
        let path = format!("/v1/partners/{partner}/interventions/{}", object.key);
        assert_eq!(caller.get(&path).await.status, expected, "{name} {path}");
    }
    if ["convention", "declination"].contains(&object.kind) {
        let history = caller.get(&format!("{}/history", object.path())).await;
        // Of what is seen, those in charge read the history; the others are told so.
        let agrees = match history.status.as_u16() {
            404 => !is_told,
            200 | 403 => is_told,
            _ => false,
        };
        assert!(agrees, "{name} {object:?}: {}", history.text());
    }
}

#[actix_web::test]
async fn a_caller_is_told_of_the_same_objects_by_whoever_tells_it() {
    let world = World::new(20_260_713).await;
    let lists: BTreeSet<(&str, &str)> = world
        .objects
        .iter()
        .map(|object| (object.kind, object.list.as_str()))
        .collect();
    // How many of the objects of a kind were told, in all, and how many callers a deadline was told.
    let (mut told_of, mut with_deadlines) = (BTreeMap::<&str, Vec<usize>>::new(), 0);
    for (name, caller) in world.callers() {
        let feed = feed(&caller).await;
        let mut seen = BTreeSet::new();
        for (kind, list) in &lists {
            let rows = listed(&caller, list).await;
            let objects = world.objects.iter().filter(|object| object.list == *list);
            for object in objects {
                let shown = feed.get(&object.id).map_or(&Value::Null, |(_, data)| data);
                let row = rows.as_ref().and_then(|rows| rows.get(&object.id));
                assert_eq!(shown, row.unwrap_or(&Value::Null), "{name} {object:?}");
                let is_reader = object.readers.has(&name);
                assert_eq!(row.is_some(), is_reader, "{name} {object:?}");
                match &rows {
                    Some(_) => is_read_by(object, &caller, row.is_some(), &name).await,
                    None => {
                        let status = caller.get(&object.path()).await.status;
                        assert!([403, 404].contains(&status.as_u16()), "{name} {object:?}");
                    }
                }
                if row.is_some() {
                    seen.insert(object.id.clone());
                }
            }
            let told = world.objects.iter().filter(|object| object.list == *list);
            let told = told.filter(|object| seen.contains(&object.id)).count();
            told_of.entry(kind).or_default().push(told);
        }
        let deadlines = caller.all("/v1/deadlines?limit=200").await;
        for deadline in &deadlines {
            let object = id(&deadline["object"]);
            assert!(
                seen.contains(&object),
                "{name} is told a deadline of {deadline}"
            );
        }
        let count = caller.get("/v1/deadlines/count").await.expect(200);
        assert_eq!(count["count"], deadlines.len(), "{name}");
        with_deadlines += usize::from(!deadlines.is_empty());
    }
    assert!(
        with_deadlines > 8,
        "{with_deadlines} callers have deadlines"
    );
    let everyone_reads = ["contact", "partner", "representative"];
    for (kind, told) in told_of {
        let differ = told.iter().collect::<BTreeSet<_>>().len() > 1;
        assert_eq!(differ, !everyone_reads.contains(&kind), "{kind}: {told:?}");
    }
}

#[actix_web::test]
async fn each_change_shows_the_ministry_its_object_whatever_its_type() {
    let service = Service::start().await;
    let place = Place::lyon(&service).await;
    const SCHOOL: &str =
        "INSERT INTO changes (type, object_type, object_id, object_key, version, occurred_at)
        SELECT 'establishment.created', 'establishment', id, uai, 1, now() FROM establishments";
    service
        .sql()
        .await
        .execute(SCHOOL, &[])
        .await
        .expect("a change");
    const REPORT: &str =
        "INSERT INTO changes (type, object_type, object_id, object_key, version, occurred_at)
        SELECT 'report.created', 'report', id, id, 1, now() FROM reports";
    service
        .sql()
        .await
        .execute(REPORT, &[])
        .await
        .expect("a change");
    let read = "SELECT coalesce(max(position), 0) < feed_horizon() FROM changes";
    service.until(read).await;
    let ministry = service.ministry();
    let mut types = BTreeSet::new();
    for (id, (object, data)) in feed(&ministry).await {
        assert!(!data.is_null(), "{object} is told of and not shown");
        assert_eq!(data["id"], json!(id), "{object}");
        let url = object["url"].as_str().expect("a URL");
        assert_eq!(
            ministry.get(url).await.expect(200)["id"],
            json!(id),
            "{url}"
        );
        types.insert(object["type"].as_str().expect("a type").to_owned());
    }
    assert_eq!(types.len(), 15, "of {types:?}, with {place:?}");
}
