//! Representatives: persons, shown to those who need them, erasable.

use serde_json::{Value, json};

use crate::support::{Caller, Service, absent, id, uai};

fn person() -> Value {
    json!({ "name": "Camille Martin", "function": "Déléguée", "email": "camille@exemple.fr", "phone": "01 23 45 67 89",
            "territories": ["academy:10", "department:038"] })
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
        seen["function"], "Déléguée",
        "what is not personal is shown to all"
    );
    shown[0]
}

#[actix_web::test]
async fn what_was_created_is_read_back_changed_and_erased() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let list = format!("/v1/partners/{partner}/representatives");
    let created = ministry.post(&list, person()).await;
    let body = created.expect(201);
    for (name, value) in person().as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}");
    }
    assert_eq!(body["partner_id"], partner.as_str());
    let path = format!("{list}/{}", id(&body));
    assert_eq!(created.header("location"), path);
    assert_eq!(ministry.get(&path).await.expect(200), body);
    let changed = ministry
        .patch(&path, json!({ "email": null, "territories": ["FR"] }))
        .await;
    assert!(changed.etag().starts_with("\"2."));
    let changed = changed.expect(200);
    assert_eq!(
        (&changed["email"], &changed["territories"], &changed["name"]),
        (&Value::Null, &json!(["FR"]), &body["name"])
    );
    let stale = ministry
        .request("PATCH", &path)
        .header("if-match", created.etag())
        .merge(&json!({ "name": "X" }));
    stale.send().await.problem(412, "precondition_failed");
    ministry
        .request("PATCH", &path)
        .merge(&json!({ "name": "X" }))
        .send()
        .await
        .problem(428, "precondition_required");
    ministry
        .request("DELETE", &path)
        .header("if-match", created.etag())
        .send()
        .await
        .problem(412, "precondition_failed");
    ministry.request("DELETE", &path).send().await.expect(204);
    ministry.get(&path).await.problem(404, "not_found");
    ministry
        .request("DELETE", &path)
        .send()
        .await
        .problem(404, "not_found");
}

#[actix_web::test]
async fn a_change_that_changes_nothing_writes_nothing() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let created = ministry
        .post(&format!("/v1/partners/{partner}/representatives"), person())
        .await;
    let before = service.everything().await;
    let reply = ministry.patch(created.header("location"), person()).await;
    reply.expect(200);
    assert_eq!(
        (reply.etag(), service.everything().await),
        (created.etag(), before)
    );
}

#[actix_web::test]
async fn the_person_is_shown_to_the_ministry_to_their_partner_and_where_they_work() {
    let service = Service::start().await;
    let (own, other) = (
        id(&service.new_partner("Le sien").await),
        id(&service.new_partner("Un autre").await),
    );
    let [lyon, grenoble, lille] = service.new_schools([690_001, 380_001, 590_001]).await;
    let nowhere = uai(690_002);
    let school = format!("uai:{lyon}");
    // Territories; then academy 10, academy 08, region 84, academy 09, the schools of Lyon, Grenoble and Lille.
    for (territories, expected) in [
        (vec!["FR"], [true, true, true, true, true, true, true]),
        (
            vec!["region:84"],
            [true, true, true, false, true, true, false],
        ),
        (
            vec!["academy:10"],
            [true, false, true, false, true, false, false],
        ),
        (
            vec!["department:069"],
            [true, false, true, false, true, false, false],
        ),
        (
            vec!["department:038"],
            [false, true, true, false, false, true, false],
        ),
        (
            vec!["academy:09"],
            [false, false, false, true, false, false, true],
        ),
        (
            vec!["academy:09", "department:069"],
            [true, false, true, true, true, false, true],
        ),
        (
            vec![school.as_str()],
            [true, false, true, false, true, false, false],
        ),
        (
            vec!["department:001"],
            [true, false, true, false, false, false, false],
        ),
    ] {
        let one = service.new_representative(&own, &territories).await;
        let path = format!("/v1/partners/{own}/representatives/{}", id(&one));
        let callers = [
            service.academy("academy:10"),
            service.academy("academy:08"),
            service.academy("region:84"),
            service.academy("academy:09"),
            service.school(&lyon),
            service.school(&grenoble),
            service.school(&lille),
        ];
        for (caller, expected) in callers.iter().zip(expected) {
            assert_eq!(
                sees(caller, &path).await,
                expected,
                "{territories:?}: {:?}",
                caller.get(&path).await.text()
            );
            let listed = caller
                .all(&format!("/v1/partners/{own}/representatives?limit=200"))
                .await;
            let listed = listed
                .iter()
                .find(|listed| listed["id"] == one["id"])
                .unwrap();
            assert_eq!(
                !listed["name"].is_null(),
                expected,
                "the list shows no more than the object"
            );
        }
        assert!(sees(&service.ministry(), &path).await);
        assert!(sees(&service.partner(&own), &path).await);
        assert!(!sees(&service.partner(&other), &path).await);
        assert!(!sees(&service.reader(), &path).await);
        assert!(
            !sees(&service.school(&nowhere), &path).await,
            "a school the directory does not know is nowhere"
        );
    }
}

#[actix_web::test]
async fn other_forms_of_the_list_hide_the_person_as_well() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    service.new_representative(&partner, &["academy:10"]).await;
    let list = format!("/v1/partners/{partner}/representatives");
    for form in ["application/json", "text/csv", "application/x-ndjson"] {
        let read = |caller: Caller| caller.request("GET", &list).header("accept", form).send();
        for hidden in [
            service.reader(),
            service.academy("academy:09"),
            service.partner(&absent()),
        ] {
            let reply = read(hidden).await;
            assert!(
                reply.status == 200
                    && !reply.text().contains("amille")
                    && !reply.text().contains("23 45"),
                "{form}: {}",
                reply.text()
            );
        }
        assert!(
            read(service.academy("academy:10"))
                .await
                .text()
                .contains("Camille")
        );
    }
}

#[actix_web::test]
async fn territory_finds_those_who_work_above_and_below() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let lyon = uai(690_001);
    service
        .new_school(&lyon, "department:069", "academy:10")
        .await;
    for territories in [
        vec!["FR"],
        vec!["region:84"],
        vec!["academy:10"],
        vec!["department:069"],
        vec!["academy:08", "academy:09"],
    ] {
        service.new_representative(&partner, &territories).await;
    }
    let list = format!("/v1/partners/{partner}/representatives");
    for (filter, expected) in [
        ("", 5),
        ("?territory=FR", 5),
        ("?territory=region:84", 5),
        ("?territory=academy:10", 4),
        ("?territory=department:069", 4),
        ("?territory=department:042", 3),
        ("?territory=academy:09", 2),
        ("?territory=academy:09,department:069", 5),
        ("?territory=region:94", 1),
        (&format!("?territory=uai:{lyon}"), 4),
        ("?updated_since=2999-01-01T00:00:00Z", 0),
    ] {
        assert_eq!(
            service.reader().all(&format!("{list}{filter}")).await.len(),
            expected,
            "{filter}"
        );
        assert_eq!(
            service
                .reader()
                .get(&format!("{list}/count{filter}"))
                .await
                .expect(200),
            json!({ "count": expected }),
            "{filter}"
        );
    }
}

#[actix_web::test]
async fn a_partner_writes_its_own_representatives_and_no_others() {
    let service = Service::start().await;
    let (own, other) = (
        id(&service.new_partner("Le sien").await),
        id(&service.new_partner("Un autre").await),
    );
    let portal = service.partner(&own);
    let list = |partner: &str| format!("/v1/partners/{partner}/representatives");
    let mine = portal.post(&list(&own), person()).await;
    mine.expect(201);
    let theirs = service.new_representative(&other, &["FR"]).await;
    let theirs = format!("{}/{}", list(&other), id(&theirs));
    let before = service.everything().await;
    portal
        .post(&list(&other), person())
        .await
        .problem(403, "forbidden");
    portal
        .post(&list(&absent()), person())
        .await
        .problem(404, "not_found");
    portal
        .patch(&theirs, json!({ "name": "X" }))
        .await
        .problem(403, "forbidden");
    portal.delete(&theirs).await.problem(403, "forbidden");
    let through_mine = theirs.replace(&other, &own);
    portal.get(&through_mine).await.problem(404, "not_found");
    portal
        .patch(&through_mine, json!({ "name": "X" }))
        .await
        .problem(404, "not_found");
    portal.delete(&through_mine).await.problem(404, "not_found");
    assert_eq!(service.everything().await, before);
    portal
        .patch(mine.header("location"), json!({ "name": "X" }))
        .await
        .expect(200);
    portal.delete(mine.header("location")).await.expect(204);
}

#[actix_web::test]
async fn a_school_named_as_a_territory_exists() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let list = format!("/v1/partners/{partner}/representatives");
    let unknown = json!({ "name": "A", "territories": ["FR", format!("uai:{}", uai(690_001))] });
    let reply = service.ministry().post(&list, unknown).await;
    reply.problem(422, "validation_failed");
    assert_eq!(reply.faults(), ["/territories/1 unknown_territory"]);
}

#[actix_web::test]
async fn the_journal_names_what_changed_of_a_person_and_never_says_it() {
    let service = Service::start().await;
    let ministry = service.ministry();
    let partner = id(&service.new_partner("A").await);
    let created = ministry
        .post(&format!("/v1/partners/{partner}/representatives"), person())
        .await;
    let path = created.header("location").to_owned();
    ministry
        .patch(
            &path,
            json!({ "name": "Dominique Petit", "phone": null, "function": "Directrice" }),
        )
        .await
        .expect(200);
    ministry.delete(&path).await.expect(204);
    let rows = "SELECT action, fields, before::text, after::text FROM audit_events WHERE object_type = 'representative' ORDER BY id";
    let rows = service.sql().await.query(rows, &[]).await.unwrap();
    let actions: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        actions,
        [
            "representative.created",
            "representative.updated",
            "representative.erased"
        ]
    );
    let mut changed: Vec<String> = rows[1].get(1);
    changed.sort();
    assert_eq!(changed, ["function", "name", "phone"]);
    let (before, after): (Value, Value) = (
        serde_json::from_str(rows[1].get(2)).unwrap(),
        serde_json::from_str(rows[1].get(3)).unwrap(),
    );
    assert_eq!(
        (before, after),
        (
            json!({ "function": "Déléguée" }),
            json!({ "function": "Directrice" })
        )
    );
    for row in &rows {
        let said = format!(
            "{:?} {:?}",
            row.get::<_, Option<String>>(2),
            row.get::<_, Option<String>>(3)
        );
        for value in ["amille", "ominique", "23 45", "exemple.fr"] {
            assert!(!said.contains(value), "{said}");
        }
    }
}
