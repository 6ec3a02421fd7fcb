//! Contacts: whom to write to on the education side; persons, shown to those who need them, erasable.

use serde_json::{Value, json};

use crate::support::{Caller, Service, id, uai};

const LIST: &str = "/v1/contacts";

/// What must be in no journal.
const TRACES: [&str; 3] = ["Quernin", "33 44", "quernin@"];

fn contact(territory: &str) -> Value {
    json!({ "territory": territory, "role": "cell", "label": "Cellule école-entreprise", "name": "Maëlle Quernin",
            "email": "quernin@exemple.fr", "phone": "01 22 33 44 55" })
}

/// A school in Lyon, Grenoble and Lille.
async fn schools(service: &Service) -> [String; 3] {
    service.new_schools([690_001, 380_001, 590_001]).await
}

async fn sees(caller: &Caller, path: &str) -> bool {
    let seen = caller.get(path).await.expect(200);
    let shown: Vec<bool> = ["name", "email", "phone"]
        .iter()
        .map(|name| !seen[*name].is_null())
        .collect();
    assert!(
        shown.iter().all(|one| *one == shown[0]),
        "the person is shown whole or not at all: {seen}"
    );
    assert_eq!(
        (&seen["label"], &seen["role"]),
        (&json!("Cellule école-entreprise"), &json!("cell")),
        "what is not personal is shown to all"
    );
    let listed = caller.all(&format!("{LIST}?limit=200")).await;
    let listed = listed.iter().find(|one| one["id"] == seen["id"]).unwrap();
    assert_eq!(*listed, seen, "the list shows no more than the object");
    shown[0]
}

#[actix_web::test]
async fn what_was_registered_is_read_back_changed_and_erased() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let created = ministry.post(LIST, contact("academy:10")).await;
    let body = created.expect(201);
    for (name, value) in contact("academy:10").as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}");
    }
    let path = format!("{LIST}/{}", id(&body));
    assert_eq!(created.header("location"), path);
    assert_eq!(ministry.get(&path).await.expect(200), body);
    let before = service.everything().await;
    let same = ministry.patch(&path, contact("academy:10")).await;
    same.expect(200);
    assert_eq!(
        (same.etag(), service.everything().await),
        (created.etag(), before),
        "a change that changes nothing writes nothing"
    );
    let changed = ministry
        .patch(
            &path,
            json!({ "email": null, "territory": "department:069", "role": "clee" }),
        )
        .await;
    assert!(changed.etag().starts_with("\"2."));
    let changed = changed.expect(200);
    assert_eq!(
        (
            &changed["email"],
            &changed["territory"],
            &changed["role"],
            &changed["name"]
        ),
        (
            &Value::Null,
            &json!("department:069"),
            &json!("clee"),
            &body["name"]
        )
    );
    let with = |method: &str| ministry.request(method, &path);
    let stale = with("PATCH").header("if-match", created.etag());
    stale
        .merge(&json!({ "label": "X" }))
        .send()
        .await
        .problem(412, "precondition_failed");
    with("PATCH")
        .merge(&json!({ "label": "X" }))
        .send()
        .await
        .problem(428, "precondition_required");
    let stale = with("DELETE").header("if-match", created.etag());
    stale.send().await.problem(412, "precondition_failed");
    with("DELETE").send().await.expect(204);
    ministry.get(&path).await.problem(404, "not_found");
    with("DELETE").send().await.problem(404, "not_found");
}

#[actix_web::test]
async fn the_person_is_shown_where_they_work_and_never_to_partners() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let [lyon, grenoble, lille] = schools(&service).await;
    let own = format!("uai:{lyon}");
    // Academy 10, academy 08, region 84, academy 09, the schools of Lyon, Grenoble and Lille.
    for (territory, expected) in [
        ("academy:10", [true, false, true, false, true, false, false]),
        (
            "department:069",
            [true, false, true, false, true, false, false],
        ),
        (
            "department:001",
            [true, false, true, false, false, false, false],
        ),
        (own.as_str(), [true, false, true, false, true, false, false]),
        ("academy:08", [false, true, true, false, false, true, false]),
        (
            "academy:09",
            [false, false, false, true, false, false, true],
        ),
    ] {
        let one = service.ministry().post(LIST, contact(territory)).await;
        let path = one.header("location").to_owned();
        let callers = [
            service.academy("academy:10"),
            service.academy("academy:08"),
            service.academy("region:84"),
            service.academy("academy:09"),
            service.school(&lyon),
            service.school(&grenoble),
            service.school(&lille),
        ];
        for (place, (caller, expected)) in callers.iter().zip(expected).enumerate() {
            assert_eq!(sees(caller, &path).await, expected, "{territory}: {place}");
        }
        assert!(sees(&service.ministry(), &path).await);
        assert!(!sees(&service.partner(&partner), &path).await);
        assert!(!sees(&service.reader(), &path).await);
        assert!(
            !sees(&service.school(&uai(690_002)), &path).await,
            "a school the directory does not know is nowhere"
        );
    }
    for form in ["text/csv", "application/x-ndjson"] {
        let read = |caller: Caller| caller.request("GET", LIST).header("accept", form).send();
        let hidden = read(service.partner(&partner)).await;
        for trace in TRACES {
            assert!(
                hidden.status == 200 && !hidden.text().contains(trace),
                "{form}"
            );
        }
        assert!(
            read(service.academy("academy:09"))
                .await
                .text()
                .contains("Quernin")
        );
    }
}

#[actix_web::test]
async fn a_contact_without_a_name_is_a_service_whose_address_everyone_reads() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let mut body = contact("academy:10");
    body["name"] = Value::Null;
    let ministry = service.ministry();
    let path = ministry
        .post(LIST, body)
        .await
        .header("location")
        .to_owned();
    let callers = || {
        [
            service.partner(&partner),
            service.reader(),
            service.academy("academy:09"),
        ]
    };
    for caller in callers() {
        let seen = caller.get(&path).await.expect(200);
        assert_eq!(
            (&seen["name"], &seen["email"], &seen["phone"]),
            (
                &Value::Null,
                &json!("quernin@exemple.fr"),
                &json!("01 22 33 44 55")
            )
        );
        let listed = caller.all(LIST).await;
        assert_eq!(listed, [seen], "the list shows as much");
    }
    // Once a person answers there, the address is theirs.
    let named = json!({ "name": "Maëlle Quernin" });
    ministry.patch(&path, named).await.expect(200);
    for caller in callers() {
        assert!(!sees(&caller, &path).await);
    }
}

#[actix_web::test]
async fn each_writes_the_contacts_of_its_own_place() {
    let service = Service::start().await;
    let [lyon, grenoble, _] = schools(&service).await;
    let (own, other) = (format!("uai:{lyon}"), format!("uai:{grenoble}"));
    let (academy, region) = (service.academy("academy:10"), service.academy("region:84"));
    let school = service.school(&lyon);
    let mut made = Vec::new();
    for (caller, territory, allowed) in [
        (&academy, "academy:10", true),
        (&academy, "department:069", true),
        (&academy, own.as_str(), true),
        (&academy, "academy:08", false),
        (&academy, "department:038", false),
        (&academy, other.as_str(), false),
        (&region, "academy:08", true),
        (&region, other.as_str(), true),
        (&school, own.as_str(), true),
        (&school, other.as_str(), false),
        (&school, "academy:10", false),
        (&school, "department:069", false),
    ] {
        let before = service.everything().await;
        let reply = caller.post(LIST, contact(territory)).await;
        if allowed {
            let body = reply.expect(201);
            assert_eq!(
                body["name"], "Maëlle Quernin",
                "who writes it reads it whole"
            );
            made.push((territory.to_owned(), reply.header("location").to_owned()));
        } else {
            reply.problem(403, "forbidden");
            assert_eq!(reply.faults(), ["/territory outside_perimeter"]);
            assert_eq!(service.everything().await, before);
        }
    }
    for (territory, path) in &made {
        let within = ["academy:10", "department:069", &own].contains(&territory.as_str());
        let change = academy.patch(path, json!({ "label": "Autre" })).await;
        if within {
            change.expect(200);
            academy
                .patch(path, json!({ "territory": "academy:08" }))
                .await
                .problem(403, "forbidden");
        } else {
            change.problem(403, "forbidden");
            academy.delete(path).await.problem(403, "forbidden");
        }
        let change = school.patch(path, json!({ "label": "Encore" })).await;
        if *territory == own {
            change.expect(200);
            school.delete(path).await.expect(204);
        } else {
            change.problem(403, "forbidden");
            school.delete(path).await.problem(403, "forbidden");
        }
    }
}

#[actix_web::test]
async fn a_contact_is_of_an_academy_a_department_or_a_school_that_exists() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let before = service.everything().await;
    for (territory, rule) in [
        ("FR", "no_contacts_there"),
        ("region:84", "no_contacts_there"),
        (&format!("uai:{}", uai(690_001)), "unknown_territory"),
    ] {
        let reply = ministry.post(LIST, contact(territory)).await;
        reply.problem(422, "validation_failed");
        assert_eq!(reply.faults(), [format!("/territory {rule}")]);
    }
    assert_eq!(service.everything().await, before);
}

#[actix_web::test]
async fn filters_find_what_serves_a_place_and_what_lies_in_it() {
    let service = Service::start().await;
    let [lyon, ..] = schools(&service).await;
    let own = format!("uai:{lyon}");
    for (territory, role) in [
        ("academy:10", "cell"),
        ("department:069", "clee"),
        (own.as_str(), "bde"),
        (own.as_str(), "head"),
        ("academy:09", "cell"),
    ] {
        let mut body = contact(territory);
        body["role"] = json!(role);
        service.ministry().post(LIST, body).await.expect(201);
    }
    for (filter, expected) in [
        ("", 5),
        ("?territory=FR", 5),
        ("?territory=region:84", 4),
        ("?territory=academy:10", 4),
        ("?territory=department:069", 4),
        ("?territory=department:042", 1),
        (&format!("?territory={own}"), 4),
        (&format!("?territory=uai:{},academy:09", uai(690_002)), 1),
        ("?role=cell", 2),
        ("?role=cell,bde", 3),
        ("?role=cell&territory=academy:10", 1),
        ("?updated_since=2999-01-01T00:00:00Z", 0),
        ("?sort=-updated_at&limit=2", 5),
    ] {
        let found = service.reader().all(&format!("{LIST}{filter}")).await;
        assert_eq!(found.len(), expected, "{filter}");
        if !filter.contains("sort") {
            let counted = service.reader().get(&format!("{LIST}/count{filter}")).await;
            assert_eq!(
                counted.expect(200),
                json!({ "count": expected }),
                "{filter}"
            );
        }
    }
}

#[actix_web::test]
async fn with_the_person_go_their_traces_and_the_feed_keeps_a_tombstone() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let keyed = || {
        let request = ministry
            .request("POST", LIST)
            .header("idempotency-key", "a");
        request.json(&contact("academy:10")).send()
    };
    let path = keyed().await.header("location").to_owned();
    assert_eq!(keyed().await.header("idempotency-replayed"), "true");
    ministry
        .patch(&path, json!({ "label": "Sans effet sur la personne" }))
        .await
        .expect(200);
    keyed().await.expect(201);
    ministry
        .patch(
            &path,
            json!({ "name": "Autre", "phone": null, "email": null }),
        )
        .await
        .expect(200);
    keyed().await.problem(409, "idempotency_answer_erased");
    ministry.delete(&path).await.expect(204);
    let everything = service.everything().await;
    for trace in TRACES {
        assert!(!everything.contains(trace), "{trace}");
    }
    let rows = "SELECT action, fields, before::text, after::text FROM audit_events ORDER BY id";
    let rows = service.sql().await.query(rows, &[]).await.unwrap();
    let actions: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let types = [
        "contact.created",
        "contact.updated",
        "contact.updated",
        "contact.erased",
    ];
    assert_eq!(actions, types);
    assert_eq!(rows[2].get::<_, Vec<String>>(1), ["name", "email", "phone"]);
    assert_eq!(rows[2].get::<_, String>(3), "{}");
    for reader in [service.reader(), service.academy("academy:09")] {
        let told = reader.all_changes("contact").await;
        let of_each: Vec<&Value> = told.iter().map(|change| &change["type"]).collect();
        assert_eq!(of_each, types);
        for change in &told {
            assert_eq!(
                (&change["object"]["url"], &change["data"]),
                (&json!(path), &Value::Null)
            );
        }
    }
}

#[actix_web::test]
async fn the_feed_shows_a_contact_as_its_reader_may_see_it() {
    let service = Service::start().await;
    let body = service
        .ministry()
        .post(LIST, contact("academy:10"))
        .await
        .expect(201);
    let data = |caller: Caller| async move {
        caller.all_changes("contact").await.remove(0)["data"].take()
    };
    assert_eq!(data(service.academy("academy:10")).await, body);
    let hidden = data(service.reader()).await;
    assert_eq!(
        (&hidden["label"], &hidden["name"]),
        (&body["label"], &Value::Null)
    );
}
