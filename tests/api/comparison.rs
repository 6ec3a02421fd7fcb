//! A declination compared with its parent: what it says, what holds, what it leaves out.

use serde_json::{Value, json};

use crate::support::{Caller, Service, id, merged};

/// The day of stories that the years to come would end.
const STORY: &str = "2026-11-30";

/// A convention limited in some ways, and a school of Lyon.
struct World {
    service: Service,
    convention: String,
    school: String,
}

impl World {
    async fn new() -> Self {
        let service = Service::on(STORY).await;
        let columns = json!({
            "title": "Convention-cadre", "axes": ["internships", "equipment", "staff_training"],
            "levels": ["3e", "2de_gt", "cap_1"], "ends_on": "2028-12-31",
            "terms": { "follow_up": { "targets": [
                { "measure": "pupils", "school_year": "2026-2027", "value": 12000 },
                { "measure": "actions", "school_year": "2026-2027", "value": 300 },
            ] } },
        });
        let (_, convention) = service.signed_partner("UIMM", columns).await;
        let [school] = service.new_schools([690_001]).await;
        Self {
            service,
            convention,
            school,
        }
    }

    fn place(&self) -> String {
        format!("uai:{}", self.school)
    }

    async fn draft(&self, level: &str, territories: &[&str], with: Value) -> String {
        let body = merged(
            json!({ "convention_id": self.convention, "level": level, "territories": territories,
                               "starts_on": "2026-09-01" }),
            with,
        );
        id(&self
            .service
            .ministry()
            .post("/v1/declinations", body)
            .await
            .expect(201))
    }

    async fn read(&self, declination: &str) -> Value {
        read(&self.service.ministry(), declination).await
    }

    /// Changes what is stored, as amendments may.
    async fn set(&self, table: &str, assignment: &str, id: &str) {
        let set = format!("UPDATE {table} SET {assignment} WHERE id = '{id}'");
        assert_eq!(
            self.service.sql().await.execute(&set, &[]).await.unwrap(),
            1
        );
    }
}

fn path(declination: &str) -> String {
    format!("/v1/declinations/{declination}/comparison")
}

async fn read(caller: &Caller, declination: &str) -> Value {
    caller.get(&path(declination)).await.expect(200)
}

async fn activate(world: &World, declination: &str) {
    let path = format!("/v1/declinations/{declination}/activate");
    world
        .service
        .ministry()
        .post(&path, json!({}))
        .await
        .expect(200);
}

/// A field of the comparison, without its name.
fn field(comparison: &Value, name: &str) -> Value {
    let mut fields = comparison["fields"].as_array().unwrap().iter();
    let mut found = fields.find(|field| field["field"] == name).unwrap().clone();
    found.as_object_mut().unwrap().remove("field");
    found
}

fn told(
    own: Value,
    parent: Value,
    effective: Value,
    status: &str,
    missing: Value,
    extra: Value,
) -> Value {
    json!({ "own": own, "parent": parent, "effective": effective, "status": status, "missing": missing, "extra": extra })
}

#[actix_web::test]
async fn without_a_parent_it_is_compared_with_its_convention() {
    let world = World::new().await;
    let with = json!({ "levels": ["3e"], "axes": ["staff_training", "internships", "equipment"],
                       "moments": ["pfmp"], "ends_on": "2028-12-31" });
    let academies = ["academy:06", "academy:08", "academy:10"];
    let declination = world.draft("academy", &academies, with).await;
    let comparison = world.read(&declination).await;
    assert_eq!(comparison["declination_id"], declination.as_str());
    let url = format!("/v1/conventions/{}", world.convention);
    assert_eq!(
        comparison["parent"],
        json!({ "type": "convention", "id": world.convention, "url": url, "title": "Convention-cadre" })
    );
    assert_eq!(comparison["warnings"], json!([]));
    let names: Vec<&Value> = comparison["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| &field["field"])
        .collect();
    assert_eq!(
        names,
        [
            "axes",
            "action_types",
            "levels",
            "moments",
            "territories",
            "starts_on",
            "ends_on",
            "targets"
        ]
    );
    assert_eq!(
        field(&comparison, "levels"),
        told(
            json!(["3e"]),
            json!(["3e", "2de_gt", "cap_1"]),
            json!(["3e"]),
            "narrower",
            json!(["2de_gt", "cap_1"]),
            json!([])
        )
    );
    // All of them, in whatever order; and none named is all of them too.
    assert_eq!(field(&comparison, "axes")["status"], "same");
    assert_eq!(
        field(&comparison, "action_types"),
        told(
            json!([]),
            json!([]),
            json!([]),
            "same",
            json!([]),
            json!([])
        )
    );
    // Where the convention names none, every other one is left out.
    let moments = field(&comparison, "moments");
    assert_eq!(
        (&moments["status"], &moments["parent"], &moments["extra"]),
        (&json!("narrower"), &json!([]), &json!([]))
    );
    let missing = moments["missing"].as_array().unwrap();
    assert!(
        missing.len() > 5 && !missing.contains(&json!("pfmp")),
        "{moments}"
    );

    let territories = field(&comparison, "territories");
    assert_eq!(
        (&territories["parent"], &territories["status"]),
        (&json!(["FR"]), &json!("narrower"))
    );
    let missing = territories["missing"].as_array().unwrap();
    assert!(
        missing.len() == 31 && missing.contains(&json!("academy:09")),
        "{territories}"
    );
    assert_eq!(
        field(&comparison, "starts_on"),
        told(
            json!("2026-09-01"),
            json!("2020-01-01"),
            json!("2026-09-01"),
            "narrower",
            json!([]),
            json!([])
        )
    );
    assert_eq!(
        field(&comparison, "ends_on"),
        told(
            json!("2028-12-31"),
            json!("2028-12-31"),
            json!("2028-12-31"),
            "same",
            json!([]),
            json!([])
        )
    );
    assert_eq!(
        field(&comparison, "targets")["missing"],
        json!(["pupils 2026-2027", "actions 2026-2027"])
    );
}

#[actix_web::test]
async fn what_is_not_said_is_the_parents_up_to_the_convention() {
    let world = World::new().await;
    let with = json!({ "axes": ["internships", "equipment"], "title": "En région" });
    let region = world.draft("academic_region", &["region:84"], with).await;
    let with = json!({ "parent_id": region, "levels": ["3e", "2de_gt"] });
    let academy = world
        .draft("academy", &["academy:10", "academy:08"], with)
        .await;
    let with = json!({ "parent_id": academy, "levels": ["3e"] });
    let school = world.draft("establishment", &[&world.place()], with).await;

    let comparison = world.read(&academy).await;
    let url = format!("/v1/declinations/{region}");
    assert_eq!(
        comparison["parent"],
        json!({ "type": "declination", "id": region, "url": url, "title": "En région" })
    );
    assert_eq!(
        field(&comparison, "axes"),
        told(
            json!([]),
            json!(["internships", "equipment"]),
            json!(["internships", "equipment"]),
            "same",
            json!([]),
            json!([])
        )
    );
    assert_eq!(
        field(&comparison, "levels"),
        told(
            json!(["3e", "2de_gt"]),
            json!(["3e", "2de_gt", "cap_1"]),
            json!(["3e", "2de_gt"]),
            "narrower",
            json!(["cap_1"]),
            json!([])
        )
    );
    assert_eq!(
        field(&comparison, "territories"),
        told(
            json!(["academy:10", "academy:08"]),
            json!(["region:84"]),
            json!(["academy:10", "academy:08"]),
            "narrower",
            json!(["academy:06"]),
            json!([])
        )
    );

    let comparison = world.read(&school).await;
    assert_eq!(comparison["parent"]["title"], Value::Null);
    // Two levels up, and three.
    assert_eq!(
        field(&comparison, "axes")["effective"],
        json!(["internships", "equipment"])
    );
    assert_eq!(field(&comparison, "axes")["status"], "same");
    assert_eq!(
        field(&comparison, "levels"),
        told(
            json!(["3e"]),
            json!(["3e", "2de_gt"]),
            json!(["3e"]),
            "narrower",
            json!(["2de_gt"]),
            json!([])
        )
    );
    assert_eq!(
        field(&comparison, "territories"),
        told(
            json!([world.place()]),
            json!(["academy:10", "academy:08"]),
            json!([world.place()]),
            "narrower",
            json!(["academy:08"]),
            json!([])
        )
    );
}

#[actix_web::test]
async fn what_the_parent_no_longer_has_is_told_as_extra() {
    let world = World::new().await;
    let parent = world
        .draft(
            "academic_region",
            &["region:84"],
            json!({ "levels": ["3e", "2de_gt"] }),
        )
        .await;
    let with = json!({ "parent_id": parent, "levels": ["3e"] });
    let academy = world.draft("academy", &["academy:10"], with).await;
    let with = json!({ "levels": ["3e", "2de_gt", "cap_1"] });
    let alone = world.draft("establishment", &[&world.place()], with).await;
    world
        .set(
            "declinations",
            "levels = '{2de_gt}', territories = '{region:32}'",
            &parent,
        )
        .await;
    world
        .set("conventions", "levels = '{3e}'", &world.convention)
        .await;
    let comparison = world.read(&academy).await;
    assert_eq!(
        field(&comparison, "levels"),
        told(
            json!(["3e"]),
            json!(["2de_gt"]),
            json!(["3e"]),
            "different",
            json!(["2de_gt"]),
            json!(["3e"])
        )
    );
    assert_eq!(
        field(&comparison, "territories"),
        told(
            json!(["academy:10"]),
            json!(["region:32"]),
            json!(["academy:10"]),
            "different",
            json!(["academy:09", "academy:20"]),
            json!(["academy:10"])
        )
    );
    let levels = field(&world.read(&alone).await, "levels");
    assert_eq!(
        (&levels["status"], &levels["extra"]),
        (&json!("wider"), &json!(["2de_gt", "cap_1"]))
    );
}

#[actix_web::test]
async fn a_date_is_wider_when_it_outlives_and_bound_by_the_convention() {
    let world = World::new().await;
    for (parent, own, of_parent, effective, status) in [
        // Of the convention, until the end of 2028.
        (
            None,
            json!("2030-06-30"),
            "2028-12-31",
            "2028-12-31",
            "wider",
        ),
        (
            None,
            json!("2027-06-30"),
            "2028-12-31",
            "2027-06-30",
            "narrower",
        ),
        (None, json!(null), "2028-12-31", "2028-12-31", "same"),
        // Of a parent that ends before.
        (
            Some("2027-08-31"),
            json!("2028-08-31"),
            "2027-08-31",
            "2028-08-31",
            "wider",
        ),
        (
            Some("2027-08-31"),
            json!(null),
            "2027-08-31",
            "2028-12-31",
            "wider",
        ),
        (
            Some("2027-08-31"),
            json!("2027-08-31"),
            "2027-08-31",
            "2027-08-31",
            "same",
        ),
    ] {
        let mut with = json!({ "ends_on": own });
        if let Some(ends_on) = parent {
            let parent = json!({ "ends_on": ends_on, "starts_on": "2027-01-01" });
            with["parent_id"] = json!(world.draft("academic_region", &["region:84"], parent).await);
        }
        let declination = world.draft("academy", &["academy:10"], with).await;
        let comparison = world.read(&declination).await;
        let expected = told(
            own.clone(),
            json!(of_parent),
            json!(effective),
            status,
            json!([]),
            json!([]),
        );
        assert_eq!(field(&comparison, "ends_on"), expected, "{parent:?} {own}");
        let starts = field(&comparison, "starts_on");
        assert_eq!(
            starts["status"],
            if parent.is_some() {
                "wider"
            } else {
                "narrower"
            }
        );
        assert_eq!(starts["effective"], "2026-09-01");
    }
    // What has no end at all is outlived by nothing, and a day before the convention's waits for it.
    world
        .set(
            "conventions",
            "ends_on = NULL, starts_on = '2026-10-01'",
            &world.convention,
        )
        .await;
    let declination = world
        .draft(
            "academy",
            &["academy:10"],
            json!({ "ends_on": "2090-01-01" }),
        )
        .await;
    let comparison = world.read(&declination).await;
    assert_eq!(field(&comparison, "ends_on")["status"], "narrower");
    assert_eq!(
        field(&comparison, "starts_on"),
        told(
            json!("2026-09-01"),
            json!("2026-10-01"),
            json!("2026-10-01"),
            "wider",
            json!([]),
            json!([])
        )
    );
}

#[actix_web::test]
async fn targets_are_compared_one_by_one() {
    let world = World::new().await;
    let target = |measure: &str, year: &str, value: i32| json!({ "measure": measure, "school_year": year, "value": value });
    for (targets, status, missing, extra) in [
        (
            json!([]),
            "narrower",
            json!(["pupils 2026-2027", "actions 2026-2027"]),
            json!([]),
        ),
        (
            json!([
                target("pupils", "2026-2027", 12000),
                target("actions", "2026-2027", 300)
            ]),
            "same",
            json!([]),
            json!([]),
        ),
        (
            json!([
                target("pupils", "2026-2027", 900),
                target("actions", "2026-2027", 300)
            ]),
            "narrower",
            json!([]),
            json!([]),
        ),
        (
            json!([
                target("pupils", "2026-2027", 900),
                target("actions", "2026-2027", 301)
            ]),
            "different",
            json!([]),
            json!([]),
        ),
        (
            json!([
                target("pupils", "2026-2027", 12000),
                target("actions", "2026-2027", 300),
                target("hours", "2027-2028", 5)
            ]),
            "wider",
            json!([]),
            json!(["hours 2027-2028"]),
        ),
    ] {
        let declination = world
            .draft("academy", &["academy:10"], json!({ "targets": targets }))
            .await;
        let compared = field(&world.read(&declination).await, "targets");
        assert_eq!(
            (
                &compared["status"],
                &compared["missing"],
                &compared["extra"]
            ),
            (&json!(status), &missing, &extra)
        );
        assert_eq!(compared["own"], compared["effective"]);
        assert_eq!(compared["parent"][0]["value"], 12000);
    }
}

#[actix_web::test]
async fn a_parent_that_is_not_to_be_seen_does_not_show_through() {
    let world = World::new().await;
    let with = json!({ "title": "Projet-secret", "levels": ["cap_1", "3e"], "targets":
        [{ "measure": "hours", "school_year": "2031-2032", "value": 7_770_777 }] });
    let region = world.draft("academic_region", &["region:84"], with).await;
    let academy = world
        .draft("academy", &["academy:10"], json!({ "parent_id": region }))
        .await;
    let with = json!({ "parent_id": academy });
    let school = world.draft("establishment", &[&world.place()], with).await;
    let own = world.service.academy("academy:10");
    for (declination, kind) in [(&academy, "convention"), (&school, "declination")] {
        let reply = own.get(&path(declination)).await;
        let comparison = reply.expect(200);
        assert_eq!(comparison["parent"]["type"], kind);
        assert_eq!(comparison["warnings"][0]["code"], "parent_not_visible");
        assert_eq!(
            field(&comparison, "levels")["effective"],
            json!(["3e", "2de_gt", "cap_1"])
        );
        for trace in ["Projet-secret", "7770777", "2031-2032", &region] {
            assert!(!reply.text().contains(trace), "{trace}: {}", reply.text());
        }
        // The ministry sees all of it.
        let whole = world.read(declination).await;
        assert_eq!(
            (&whole["warnings"], &whole["parent"]["type"]),
            (&json!([]), &json!("declination"))
        );
        assert_eq!(field(&whole, "levels")["effective"], json!(["cap_1", "3e"]));
    }
    activate(&world, &region).await;
    let comparison = read(&own, &academy).await;
    assert_eq!(
        (&comparison["parent"]["title"], &comparison["warnings"]),
        (&json!("Projet-secret"), &json!([]))
    );
}

#[actix_web::test]
async fn it_is_read_by_whoever_reads_the_declination() {
    let world = World::new().await;
    let (service, declination) = (
        &world.service,
        world.draft("academy", &["academy:10"], json!({})).await,
    );
    let callers = [
        (service.ministry(), 200),
        (service.academy("academy:10"), 200),
        (service.school(&world.school), 200),
        (service.academy("academy:08"), 404),
        (service.reader(), 404),
    ];
    for (caller, draft) in &callers {
        assert_eq!(caller.get(&path(&declination)).await.status, *draft);
    }
    activate(&world, &declination).await;
    for (caller, _) in &callers {
        caller.get(&path(&declination)).await.expect(200);
    }
    let reader = service.reader();
    reader
        .get(&format!("{}?a=1", path(&declination)))
        .await
        .problem(422, "validation_failed");
    let tag = reader.get(&path(&declination)).await.etag().to_owned();
    let again = reader
        .request("GET", &path(&declination))
        .header("if-none-match", &tag);
    assert_eq!(again.send().await.status, 304);
}
