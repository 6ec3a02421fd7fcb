//! Laws of lists and people who write about the same objects: whatever is imported, edited, signed and
//! amended, and in which order, what a person said last stands, what was signed does not change, and a
//! list imported twice changes nothing the second time.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use ree::db::tx::Author;
use ree::integration::imports::conventions::import as conventions;
use ree::integration::imports::partners::{Words, import as partners};
use ree::integration::imports::{ImportContext, List, Options, Summary};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::amendments::{amendment, sent, sign};
use crate::conventions::signature;
use crate::support::{Service, id, rounds};

const SOURCES: [&str; 2] = ["", "b"];
const HEADER: &str = "id;partenaires_ids;type;niveau;territoire;date_signature;precision_date;annee_fin;nor;source;axes";
/// What the parties agree on, of what a list may say.
const AGREED: [&str; 6] = [
    "title",
    "kind",
    "axes",
    "starts_on",
    "ends_on",
    "partner_ids",
];
const AXES: [&str; 3] = ["career_discovery", "internships", "apprenticeship"];

/// The register, and what people said of each field of each object last.
struct World {
    service: Service,
    chance: StdRng,
    said: BTreeMap<(String, &'static str), Value>,
    amendments: u64,
}

impl World {
    async fn new(seed: u64) -> Self {
        Self {
            service: Service::start().await,
            chance: StdRng::seed_from_u64(seed),
            said: BTreeMap::new(),
            amendments: 0,
        }
    }

    fn pick<'o>(&mut self, of: &[&'o str]) -> &'o str {
        of.choose(&mut self.chance).unwrap()
    }

    /// Every object of a list, as the ministry reads it, by its path.
    async fn read(&self) -> BTreeMap<String, Value> {
        let ministry = self.service.ministry();
        let mut objects = BTreeMap::new();
        for list in ["/v1/partners", "/v1/conventions"] {
            for object in ministry.all(list).await {
                objects.insert(format!("{list}/{}", id(&object)), object);
            }
        }
        objects
    }

    /// A list of partners and one of conventions, of one source, with random words.
    fn lists(&mut self) -> (String, String) {
        let acronym = self.pick(&["OL", "OLI", ""]);
        let site = self.pick(&["www.loi.fr", "https://loi.fr", ""]);
        let partners = format!(
            "id;nom;nature;sigle;site_web\n7;Organisme des Lois;association;{acronym};{site}\n"
        );
        let mut conventions = HEADER.to_owned();
        for number in 1..=3 {
            let kind = self.pick(&["convention de partenariat", "charte"]);
            // The third was signed long before there was a register.
            let (remark, signed) = if number == 3 {
                ("", "2020-03-02;jour")
            } else {
                (" (projet)", ";")
            };
            let end = self.pick(&["2034", "2035", "2036", ""]);
            let axes = self.pick(&["internships", "career_discovery|internships", ""]);
            conventions.push_str(&format!(
                "\n{number};7;{kind}{remark};national;;{signed};{end};;;{axes}"
            ));
        }
        (partners, conventions)
    }

    async fn take(
        &self,
        source: &str,
        (of_partners, of_conventions): &(String, String),
    ) -> [Summary; 2] {
        let clock = self.service.shared.clock.now();
        let context = ImportContext {
            author: Author {
                subject: "cli:test".into(),
                role: "ministry".into(),
                client_id: "ree-cli".into(),
                request_id: Uuid::now_v7().to_string(),
            },
            now: clock,
            new_id: &Uuid::now_v7,
        };
        let options = Options {
            list: List {
                source: source.to_owned(),
                edition: None,
            },
            ..Options::default()
        };
        let client = &mut self.service.sql().await;
        let words = Words::of_reference();
        let file = of_partners.as_bytes();
        let first = partners(client, file, &context, &words, &options, |_| {}).await;
        let file = of_conventions.as_bytes();
        let second = conventions(client, file, &context, &options, |_| {}).await;
        [first.unwrap(), second.unwrap()]
    }

    /// Imports lists, twice: nothing that people said or signed has changed, and the second import
    /// changes nothing at all.
    async fn import(&mut self) {
        let source = self.pick(&SOURCES);
        let lists = self.lists();
        let before = self.read().await;
        self.take(source, &lists).await;
        let after = self.read().await;
        for (path, object) in &before {
            if is_settled(object) {
                for field in AGREED.into_iter().chain(["content_hash", "signatories"]) {
                    assert_eq!(
                        after[path][field], object[field],
                        "{path} {field}: {object}"
                    );
                }
            }
        }
        for ((path, field), value) in &self.said {
            assert_eq!(&after[path][field], value, "{path} {field} after {lists:?}");
        }
        let again = self.take(source, &lists).await;
        for summary in again {
            assert_eq!((summary.inserted, summary.updated), (0, 0), "{summary:?}");
        }
        assert_eq!(self.read().await, after, "the second time");
    }

    /// A person changes a field, where that is allowed.
    async fn edit(&mut self, path: &str) {
        let (field, value) = if path.contains("partners") {
            let acronym = self.pick(&["OL", "LOIS"]);
            let choices = [
                ("acronym", json!(acronym)),
                ("website", json!("https://lois.example.fr")),
                ("website", Value::Null),
            ];
            choices.choose(&mut self.chance).unwrap().clone()
        } else {
            let title = self.pick(&["Un titre", "Un autre titre"]);
            let axis = self.pick(&AXES);
            let choices = [
                ("title", json!(title)),
                ("kind", json!("cooperation")),
                ("axes", json!([axis])),
                ("ends_on", json!("2033-06-30")),
                ("ends_on", Value::Null),
            ];
            choices.choose(&mut self.chance).unwrap().clone()
        };
        let reply = self
            .service
            .ministry()
            .patch(path, json!({ field: value }))
            .await;
        if reply.status.is_success() {
            self.said.insert((path.to_owned(), field), value);
        }
    }

    /// A step towards the signature, or an amendment of what is signed.
    async fn advance(&mut self, path: &str, object: &Value) {
        let ministry = self.service.ministry();
        let post =
            async |step: &str, body: Value| ministry.post(&format!("{path}/{step}"), body).await;
        let partner = object["partner_ids"][0].as_str().unwrap();
        match object["status"].as_str().unwrap() {
            "draft" => {
                let people = amendment("2026-01-01", json!([]), &[partner])["signatories"].clone();
                let first = json!({ "signatories": people, "starts_on": "2026-01-15" });
                ministry.patch(path, first).await.expect(200);
                self.said
                    .insert((path.to_owned(), "starts_on"), json!("2026-01-15"));
                post("open-negotiation", json!({})).await.expect(200);
            }
            "negotiation" => {
                post("send-for-signature", json!({})).await;
            }
            "to_sign" => {
                let place = self.chance.random_range(0..2);
                post("sign", signature(json!({ "signatory": place }))).await;
            }
            _ => self.amend(path, partner).await,
        }
    }

    async fn amend(&mut self, path: &str, partner: &str) {
        let axes = json!([self.pick(&AXES)]);
        let changes = json!([{ "op": "set_axes", "axes": axes }]);
        // Two of one day would contradict each other.
        self.amendments += 1;
        let day = NaiveDate::from_ymd_opt(2026, 2, 1).unwrap() + Days::new(self.amendments);
        let day = day.to_string();
        let act = sent(&self.service, path, amendment(&day, changes, &[partner])).await;
        // What was sent for signature is settled, signed or not.
        if self.chance.random_bool(0.5) {
            sign(&self.service, &act).await.expect(200);
            self.said.insert((path.to_owned(), "axes"), axes);
        }
    }

    async fn step(&mut self) {
        let objects = self.read().await;
        let paths: Vec<&String> = objects.keys().collect();
        let Some(path) = paths.choose(&mut self.chance) else {
            return self.import().await;
        };
        match self.chance.random_range(0..10) {
            0..4 => self.import().await,
            4..7 => self.edit(path).await,
            _ if path.contains("partners") => {}
            _ => self.advance(path, &objects[*path]).await,
        }
    }
}

/// Whether people sent its text for signature, or signed it.
fn is_settled(object: &Value) -> bool {
    let people = object["signatories"].as_array().map_or(0, Vec::len);
    match object["status"].as_str() {
        Some("to_sign") => true,
        Some("signed") => people > 0,
        _ => false,
    }
}

#[actix_web::test]
async fn whatever_lists_and_people_do_in_whatever_order_what_people_said_last_stands() {
    for seed in 0..u64::try_from(rounds(100)).unwrap().div_ceil(4) {
        let mut world = World::new(seed).await;
        for step in 0..30 {
            println!("seed {seed}, step {step}");
            world.step().await;
        }
        world.import().await;
    }
}
