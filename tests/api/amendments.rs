//! Amendments: what a signed convention becomes, from which day, and what stands in the way.

use serde_json::{Value, json};

use crate::conventions::{SHA, national, signature, signed};
use crate::support::{Caller, Reply, Service, id, merged};

/// The day of stories that the years to come would end.
const STORY: &str = "2026-11-30";

/// A signed convention of this partner, from 2026 to the end of 2028, limited to two axes and to one
/// type of action; its path.
pub async fn agreed(service: &Service, partner: &str) -> String {
    let mut body = national(partner);
    body["axes"] = json!(["career_discovery", "internships"]);
    body["action_types"] = json!(["company_visit"]);
    signed(service, body).await
}

/// An amendment with a signatory of the ministry and one of each of these partners.
pub fn amendment(effective_on: &str, changes: Value, partners: &[&str]) -> Value {
    let mut signatories = vec![
        json!({ "side": "ministry", "name": "Édouard G.", "function": "Directeur", "organisation": "Ministère" }),
    ];
    for partner in partners {
        signatories.push(json!({ "side": "partner", "partner_id": partner, "name": "X", "function": "Présidente", "organisation": partner }));
    }
    json!({ "title": "Avenant", "effective_on": effective_on, "changes": changes, "signatories": signatories })
}

/// Drafts one and sends it for signature; its path.
pub async fn sent(service: &Service, convention: &str, body: Value) -> String {
    let ministry = service.ministry();
    let path = format!("{convention}/amendments");
    let draft = id(&ministry.post(&path, body).await.expect(201));
    let path = format!("{path}/{draft}");
    let send = format!("{path}/send-for-signature");
    ministry.post(&send, json!({})).await.expect(200);
    path
}

/// The signature of each signatory of an amendment, given by the ministry's hand.
pub async fn sign(service: &Service, path: &str) -> Reply {
    let ministry = service.ministry();
    let people = ministry.get(path).await.expect(200)["signatories"].clone();
    let people = people.as_array().unwrap().len();
    for place in 0..people - 1 {
        let who = signature(json!({ "signatory": place }));
        ministry
            .post(&format!("{path}/sign"), who)
            .await
            .expect(200);
    }
    let who = signature(json!({ "signatory": people - 1 }));
    ministry.post(&format!("{path}/sign"), who).await
}

/// Drafts, sends and signs one.
pub async fn amended(service: &Service, convention: &str, body: Value) -> Value {
    let path = sent(service, convention, body).await;
    sign(service, &path).await.expect(200)
}

async fn on(caller: &Caller, convention: &str, day: &str) -> Value {
    caller
        .get(&format!("{convention}?at={day}"))
        .await
        .expect(200)
}

#[actix_web::test]
async fn an_amendment_changes_the_convention_from_its_day_on_and_says_what_came_from_it() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("UIMM").await);
    let convention = agreed(&service, &partner).await;
    let changes = json!([
        { "op": "extend", "ends_on": "2029-12-31" },
        { "op": "set_axes", "axes": ["internships", "apprenticeship"] },
        { "op": "text", "article": "Article 3", "text": "Deux réunions par an." },
    ]);
    let first = amended(
        &service,
        &convention,
        amendment("2026-03-01", changes, &[&partner]),
    )
    .await;
    assert_eq!(
        (&first["number"], &first["status"]),
        (&json!(1), &json!("signed"))
    );
    assert_eq!(first["signed_on"], "2026-01-15");
    assert_eq!(first["allowed_actions"], json!(["update"]));
    let reader = service.reader();

    let before = on(&reader, &convention, "2026-02-28").await;
    assert_eq!(before["ends_on"], "2028-12-31");
    assert_eq!(before["axes"], json!(["career_discovery", "internships"]));
    for name in ["amendments", "amended_fields", "articles"] {
        assert_eq!(before[name], json!([]), "{name}");
    }
    let after = on(&reader, &convention, "2026-03-01").await;
    assert_eq!(after["ends_on"], "2029-12-31");
    assert_eq!(after["effective_ends_on"], "2029-12-31");
    assert_eq!(after["axes"], json!(["internships", "apprenticeship"]));
    assert_eq!(
        after["articles"],
        json!([{ "article": "Article 3", "text": "Deux réunions par an." }])
    );
    assert_eq!(after["amendments"][0]["number"], 1);
    let origins: Vec<(&str, i64)> = after["amended_fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|origin| {
            assert_eq!(origin["amendment_id"], first["id"]);
            (
                origin["field"].as_str().unwrap(),
                origin["number"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        origins,
        [("ends_on", 1), ("axes", 1), ("articles/Article 3", 1)]
    );
    // What was signed first is still what its signatures are of.
    let signed = &after["signatories"][0]["signature"]["content_hash"];
    assert_eq!(signed, &before["content_hash"]);
    assert_ne!(after["content_hash"], before["content_hash"]);
    assert_eq!(
        on(&reader, &convention, "2029-12-31").await["effective_status"],
        "in_force"
    );
    let told = reader.all_changes("convention").await;
    assert_eq!(told.last().unwrap()["type"], "convention.amended");
    assert_eq!(
        told.last().unwrap()["data"]["amendments"][0]["id"],
        first["id"]
    );
    // Of its preparation only those who keep the convention, or sign, were told.
    let told = reader.all_changes("amendment").await;
    let types: Vec<&Value> = told.iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["amendment.signed"]);
    assert_eq!(
        told[0]["object"]["url"],
        format!("{convention}/amendments/{}", id(&first))
    );
    assert_eq!(told[0]["data"]["number"], 1);
    let own = service.partner(&partner).all_changes("amendment").await;
    assert_eq!(own.len(), 4);
}

#[actix_web::test]
async fn lists_follow_what_amendments_make_of_a_convention_day_after_day() {
    let service = Service::on(STORY).await;
    let [a, b] = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
    ];
    let convention = agreed(&service, &a).await;
    let changes = json!([
        { "op": "set_axes", "axes": ["apprenticeship"] },
        { "op": "extend", "ends_on": "2030-06-30" },
        { "op": "add_partner", "partner_id": b },
    ]);
    let reader = service.reader();
    let listed = async |query: &str| {
        let found = reader.all(&format!("/v1/conventions?{query}")).await;
        found.iter().any(|one| convention.ends_with(&id(one)))
    };
    assert!(listed("axis=internships").await && !listed("axis=apprenticeship").await);
    assert!(!listed("in_force_on=2030-06-30").await && !listed(&format!("partner_id={b}")).await);
    amended(
        &service,
        &convention,
        amendment("2026-03-01", changes, &[&a, &b]),
    )
    .await;
    assert!(!listed("axis=internships").await && listed("axis=apprenticeship").await);
    assert!(listed("in_force_on=2030-06-30").await && !listed("in_force_on=2030-07-01").await);
    assert!(listed(&format!("partner_id={b}")).await);
    let count = reader
        .get("/v1/conventions/count?axis=apprenticeship&in_force_on=2029-01-01")
        .await
        .expect(200);
    assert_eq!(count["count"], 1);
    let partners = reader
        .all("/v1/partners?with_convention_in_force=true")
        .await;
    assert!(partners.iter().any(|one| id(one) == b));
}

#[actix_web::test]
async fn what_a_partner_offers_follows_the_text_of_the_day() {
    let service = Service::on(STORY).await;
    let [a, b] = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
    ];
    let convention = agreed(&service, &a).await;
    let of = convention.trim_start_matches("/v1/conventions/").to_owned();
    let offer = |kind: &str| json!({ "action_type": kind });
    let visit = service
        .new_intervention(&a, &of, offer("company_visit"))
        .await;
    assert_eq!(visit["status"], "published");
    let talk = service.new_intervention(&b, &of, offer("class_talk")).await;
    assert_eq!(talk["status"], "withheld");
    let changes = json!([
        { "op": "set_action_types", "action_types": ["class_talk"] },
        { "op": "add_partner", "partner_id": b },
    ]);
    amended(
        &service,
        &convention,
        amendment("2026-03-01", changes, &[&a, &b]),
    )
    .await;
    let read = async |partner: &str| {
        let path = format!("/v1/partners/{partner}/interventions/visite");
        service.partner(partner).get(&path).await.expect(200)
    };
    assert_eq!(read(&b).await["status"], "published");
    let visit = read(&a).await;
    assert_eq!(
        visit["withheld_reasons"][0]["code"],
        "action_type_not_covered"
    );
    // Of tomorrow's amendment nothing is felt today.
    let tomorrow = (service.shared.clock.now() + chrono::Days::new(2))
        .format("%Y-%m-%d")
        .to_string();
    let changes = json!([{ "op": "remove_partner", "partner_id": b }]);
    amended(
        &service,
        &convention,
        amendment(&tomorrow, changes, &[&a, &b]),
    )
    .await;
    assert_eq!(read(&b).await["status"], "published");
    let today = service.reader().get(&convention).await.expect(200);
    assert_eq!(today["partner_ids"], json!([a, b]));
    assert_eq!(
        on(&service.reader(), &convention, &tomorrow).await["partner_ids"],
        json!([a])
    );
}

#[actix_web::test]
async fn what_contradicts_the_text_or_a_signed_amendment_is_refused_with_each_obstacle() {
    let service = Service::start().await;
    let [a, b] = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
    ];
    let convention = agreed(&service, &a).await;
    let path = format!("{convention}/amendments");
    let first = json!([
        { "op": "extend", "ends_on": "2029-12-31" },
        { "op": "set_axes", "axes": ["internships"] },
        { "op": "text", "article": "Article 1", "text": "Un." },
    ]);
    amended(&service, &convention, amendment("2027-01-01", first, &[&a])).await;
    let ministry = service.ministry();
    let refused = async |effective_on: &str, changes: Value, faults: &[&str]| {
        let reply = ministry
            .post(&path, amendment(effective_on, changes, &[&a]))
            .await;
        reply.problem(422, "validation_failed");
        assert_eq!(reply.faults(), faults);
    };
    let stranger = crate::support::absent();
    refused(
        "2025-12-31",
        json!([{ "op": "set_levels", "levels": ["3e"] }]),
        &["/effective_on before_start"],
    )
    .await;
    refused(
        "2030-01-01",
        json!([{ "op": "set_levels", "levels": ["3e"] }]),
        &["/effective_on after_end"],
    )
    .await;
    refused(
        "2027-06-01",
        json!([{ "op": "extend", "ends_on": "2029-06-30" }, { "op": "add_partner", "partner_id": a }]),
        &["/changes/0 not_later", "/changes/1 already_a_party"],
    )
    .await;
    refused(
        "2027-06-01",
        json!([{ "op": "remove_partner", "partner_id": a }, { "op": "remove_partner", "partner_id": b }]),
        &["/changes/0 last_party", "/changes/1 not_a_party"],
    )
    .await;
    refused(
        "2027-01-01",
        json!([{ "op": "set_axes", "axes": ["apprenticeship"] }, { "op": "text", "article": "Article 1", "text": "Deux." }]),
        &["/changes/0 contradicts_amendment", "/changes/1 contradicts_amendment"],
    )
    .await;
    // It would make the one that is signed, and comes later, an extension no more.
    refused(
        "2026-06-01",
        json!([{ "op": "extend", "ends_on": "2030-12-31" }]),
        &["/changes/0 contradicts_amendment"],
    )
    .await;
    refused(
        "2027-06-01",
        json!([{ "op": "add_partner", "partner_id": stranger }]),
        &["/changes/0/partner_id unknown_reference"],
    )
    .await;
    for (changes, faults) in [
        (json!([]), ["/changes empty_list"].as_slice()),
        (
            json!([{ "op": "extend" }]),
            &["/changes/0/ends_on required"],
        ),
        (
            json!([{ "op": "shorten", "ends_on": "2027-01-01" }]),
            &["/changes/0/op unknown_code"],
        ),
        (
            json!([{ "op": "set_axes", "axes": ["x"], "levels": [] }]),
            &[
                "/changes/0/axes/0 unknown_code",
                "/changes/0/levels unknown_field",
            ],
        ),
        (
            json!([{ "op": "set_axes", "axes": [] }, { "op": "set_axes", "axes": ["internships"] }]),
            &["/changes/1 repeated_item"],
        ),
    ] {
        refused("2027-06-01", changes, faults).await;
    }
    let english = ministry
        .request("POST", &path)
        .header("accept-language", "en")
        .json(&amendment(
            "2027-01-01",
            json!([{ "op": "set_axes", "axes": [] }]),
            &[&a],
        ))
        .send()
        .await;
    let detail = english.problem(422, "validation_failed")["errors"][0]["detail"].clone();
    assert_eq!(
        detail,
        "A signed amendment changes this on the same day already: change the day of effect, or remove this change. (1)"
    );
}

#[actix_web::test]
async fn a_draft_overtaken_by_another_amendment_warns_and_is_not_sent() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let convention = agreed(&service, &partner).await;
    let ministry = service.ministry();
    let to = |end: &str| {
        amendment(
            "2027-01-01",
            json!([{ "op": "extend", "ends_on": end }]),
            &[&partner],
        )
    };
    let path = format!("{convention}/amendments");
    let slow = id(&ministry.post(&path, to("2029-12-31")).await.expect(201));
    let second = amended(&service, &convention, to("2030-12-31")).await;
    assert_eq!(second["number"], 2);
    let slow = format!("{path}/{slow}");
    let seen = ministry.get(&slow).await.expect(200);
    assert_eq!(seen["warnings"][0]["code"], "contradicts_amendment");
    assert_eq!(seen["warnings"][0]["pointer"], "/changes/0");
    let refused = ministry
        .post(&format!("{slow}/send-for-signature"), json!({}))
        .await;
    refused.problem(409, "amendment_conflict");
    assert_eq!(refused.faults(), ["/changes/0 contradicts_amendment"]);
    // Its day moved, it goes on.
    let moved = ministry
        .patch(&slow, json!({ "effective_on": "2027-02-01", "changes": [{ "op": "extend", "ends_on": "2031-12-31" }] }))
        .await
        .expect(200);
    assert_eq!(moved["warnings"], json!([]));
    ministry
        .post(&format!("{slow}/send-for-signature"), json!({}))
        .await
        .expect(200);
}

#[actix_web::test]
async fn narrowing_below_what_active_declinations_rely_on_is_refused_naming_them() {
    let service = Service::on(STORY).await;
    let partner = id(&service.new_partner("A").await);
    let convention = agreed(&service, &partner).await;
    let of = convention.trim_start_matches("/v1/conventions/").to_owned();
    let ministry = service.ministry();
    let decline = async |academy: &str, with: Value| {
        let body = merged(
            json!({ "level": "academy", "territories": [academy], "starts_on": "2026-01-01" }),
            with,
        );
        service.active_declination(&of, body).await
    };
    let relying = decline("academy:10", json!({ "axes": ["career_discovery"] })).await;
    let planning = decline(
        "academy:01",
        json!({ "planned_actions": [{ "title": "Visites", "action_type": "company_visit" }] }),
    )
    .await;
    decline("academy:02", json!({ "axes": ["internships"] })).await;
    decline(
        "academy:03",
        json!({ "axes": ["career_discovery"], "ends_on": "2026-06-30" }),
    )
    .await;
    let changes = json!([
        { "op": "set_action_types", "action_types": ["class_talk"] },
        { "op": "set_axes", "axes": ["internships"] },
    ]);
    let draft = amendment("2026-09-01", changes, &[&partner]);
    let path = format!("{convention}/amendments");
    let path = format!(
        "{path}/{}",
        id(&ministry.post(&path, draft).await.expect(201))
    );
    let refused = ministry
        .post(&format!("{path}/send-for-signature"), json!({}))
        .await;
    let problem = refused.problem(409, "amendment_conflict");
    assert_eq!(
        refused.faults(),
        ["/changes/0 relied_on", "/changes/1 relied_on"]
    );
    let details: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["detail"].as_str().unwrap())
        .collect();
    let names = |declination: &str, code: &str| {
        let subject = format!("({declination}: {code})");
        details.iter().any(|detail| detail.ends_with(&subject))
    };
    assert!(
        names(&relying, "career_discovery") && names(&planning, "company_visit"),
        "{details:?}"
    );
    for declination in [relying, planning] {
        ministry
            .post(&format!("/v1/declinations/{declination}/close"), json!({}))
            .await
            .expect(200);
    }
    ministry
        .post(&format!("{path}/send-for-signature"), json!({}))
        .await
        .expect(200);
    sign(&service, &path).await.expect(200);
    // From now on a declination finds the narrower text, from the day it takes effect.
    let wide = json!({ "convention_id": of, "level": "academy", "territories": ["academy:10"], "starts_on": "2026-01-01", "axes": ["career_discovery"] });
    let refused = ministry.post("/v1/declinations", wide).await;
    refused.problem(422, "validation_failed");
    assert_eq!(refused.faults(), ["/axes/0 not_in_convention"]);
}

#[actix_web::test]
async fn a_change_while_it_is_signed_voids_the_signatures_and_makes_it_a_draft_again() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let convention = agreed(&service, &partner).await;
    let changes = json!([{ "op": "extend", "ends_on": "2029-12-31" }]);
    let path = sent(
        &service,
        &convention,
        amendment("2027-01-01", changes, &[&partner]),
    )
    .await;
    let ministry = service.ministry();
    let signed = ministry
        .post(
            &format!("{path}/sign"),
            signature(json!({ "side": "ministry" })),
        )
        .await
        .expect(200);
    let given = signed["signatories"][0]["signature"].clone();
    assert_eq!(given["content_hash"], signed["content_hash"]);
    let documents = json!({ "documents": [{ "kind": "text", "title": "Avenant", "url": "https://exemple.fr/a.pdf" }] });
    let published = ministry.patch(&path, documents.clone()).await.expect(200);
    assert_eq!(published["status"], "to_sign");
    let changed = ministry
        .patch(&path, json!({ "title": "Avenant n° 1" }))
        .await
        .expect(200);
    assert_eq!(changed["status"], "draft");
    assert_eq!(changed["signatories"][0]["signature"], Value::Null);
    assert_eq!(
        changed["voided_signatures"][0]["signatory"]["signature"],
        given
    );
    assert_eq!(
        changed["voided_signatures"][0]["reason"],
        "Contenu modifié : title"
    );
    ministry
        .post(&format!("{path}/send-for-signature"), json!({}))
        .await
        .expect(200);
    sign(&service, &path).await.expect(200);
    let refused = ministry
        .patch(
            &path,
            json!({ "title": "Autre", "effective_on": "2027-02-01" }),
        )
        .await;
    refused.problem(409, "signed_content");
    assert_eq!(
        refused.faults(),
        ["/effective_on read_only", "/title read_only"]
    );
    ministry
        .patch(&path, json!({ "documents": [] }))
        .await
        .expect(200);
    let seen = service.reader().get(&path).await.expect(200);
    assert_eq!(seen["voided_signatures"], json!([]));
}

#[actix_web::test]
async fn each_party_and_whoever_joins_signs_an_amendment_for_itself() {
    let service = Service::start().await;
    let [a, b, c] = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
        id(&service.new_partner("C").await),
    ];
    let convention = agreed(&service, &a).await;
    let ministry = service.ministry();
    let joining = json!([{ "op": "add_partner", "partner_id": b }]);
    let path = format!("{convention}/amendments");
    let refused = ministry
        .post(&path, amendment("2026-06-01", joining.clone(), &[&a, &c]))
        .await;
    refused.problem(422, "validation_failed");
    assert_eq!(refused.faults(), ["/signatories/2/partner_id not_a_party"]);
    let draft = id(&ministry
        .post(&path, amendment("2026-06-01", joining, &[&a]))
        .await
        .expect(201));
    let path = format!("{path}/{draft}");
    let refused = ministry
        .post(&format!("{path}/send-for-signature"), json!({}))
        .await;
    refused.problem(409, "convention_incomplete");
    assert_eq!(refused.faults(), ["/signatories no_partner_signatory"]);
    let people = amendment("2026-06-01", json!([]), &[&a, &b])["signatories"].clone();
    ministry
        .patch(&path, json!({ "signatories": people }))
        .await
        .expect(200);
    ministry
        .post(&format!("{path}/send-for-signature"), json!({}))
        .await
        .expect(200);
    // Those who do not sign it do not know of it.
    for stranger in [
        service.partner(&c),
        service.reader(),
        service.academy("academy:10"),
    ] {
        stranger.get(&path).await.problem(404, "not_found");
        assert_eq!(
            stranger.all(&format!("{convention}/amendments")).await,
            Vec::<Value>::new()
        );
    }
    for own in [&a, &b] {
        let partner = service.partner(own);
        let seen = partner.get(&path).await.expect(200);
        assert_eq!(seen["allowed_actions"], json!(["sign"]));
        assert_eq!(
            partner.all(&format!("{convention}/amendments")).await.len(),
            1
        );
        let signing = json!({ "signed_on": "2026-05-01", "medium": "qualified" });
        partner
            .post(&format!("{path}/sign"), signing)
            .await
            .expect(200);
        let again = json!({ "signed_on": "2026-05-01", "medium": "simple" });
        partner
            .post(&format!("{path}/sign"), again)
            .await
            .problem(409, "already_signed");
        let for_another =
            json!({ "side": "ministry", "signed_on": "2026-05-01", "medium": "simple" });
        partner
            .post(&format!("{path}/sign"), for_another)
            .await
            .problem(403, "forbidden");
    }
    let last = json!({ "side": "ministry", "signed_on": "2026-05-02", "medium": "paper", "document_sha256": SHA });
    let signed = ministry
        .post(&format!("{path}/sign"), last)
        .await
        .expect(200);
    assert_eq!(
        (&signed["status"], &signed["signed_on"]),
        (&json!("signed"), &json!("2026-05-02"))
    );
    let parties = on(&service.reader(), &convention, "2026-06-01").await["partner_ids"].clone();
    assert_eq!(parties, json!([a, b]));
    service.partner(&c).get(&path).await.expect(200);
    // A partner that an amendment names is not deleted under it.
    ministry
        .delete(&format!("/v1/partners/{b}"))
        .await
        .problem(409, "in_use");
}

#[actix_web::test]
async fn a_draft_disappears_and_what_was_sent_is_given_up() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let convention = agreed(&service, &partner).await;
    let ministry = service.ministry();
    let changes = json!([{ "op": "set_levels", "levels": ["3e"] }]);
    let path = format!("{convention}/amendments");
    let body = amendment("2027-01-01", changes, &[&partner]);
    let draft = format!(
        "{path}/{}",
        id(&ministry.post(&path, body.clone()).await.expect(201))
    );
    ministry
        .request("DELETE", &draft)
        .send()
        .await
        .problem(428, "precondition_required");
    ministry.delete(&draft).await.expect(204);
    ministry.get(&draft).await.problem(404, "not_found");
    let sent = sent(&service, &convention, body).await;
    ministry
        .delete(&sent)
        .await
        .problem(409, "invalid_transition");
    let given_up = ministry
        .post(&format!("{sent}/abandon"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&given_up["status"], &given_up["allowed_actions"]),
        (&json!("abandoned"), &json!([]))
    );
    let elsewhere = agreed(&service, &partner).await;
    let misplaced = sent.replace(&convention, &elsewhere);
    ministry.get(&misplaced).await.problem(404, "not_found");
    let unsigned = id(&ministry
        .post("/v1/conventions", national(&partner))
        .await
        .expect(201));
    ministry
        .post(
            &format!("/v1/conventions/{unsigned}/amendments"),
            amendment(
                "2027-01-01",
                json!([{ "op": "set_levels", "levels": ["3e"] }]),
                &[],
            ),
        )
        .await
        .problem(409, "convention_not_signed");
}

#[actix_web::test]
async fn a_signed_convention_sent_back_as_it_reads_changes_nothing_of_what_was_signed() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let convention = agreed(&service, &partner).await;
    let changes =
        json!([{ "op": "extend", "ends_on": "2029-12-31" }, { "op": "set_axes", "axes": [] }]);
    amended(
        &service,
        &convention,
        amendment("2026-02-01", changes, &[&partner]),
    )
    .await;
    let ministry = service.ministry();
    let read = ministry.get(&convention).await.expect(200);
    let same = json!({ "ends_on": read["ends_on"], "axes": read["axes"], "managing_office": "DGESCO A2-2" });
    let changed = ministry.patch(&convention, same).await.expect(200);
    assert_eq!(changed["managing_office"], "DGESCO A2-2");
    assert_eq!(changed["content_hash"], read["content_hash"]);
    let first = on(&ministry, &convention, "2026-01-31").await;
    assert_eq!(
        (&first["ends_on"], &first["axes"][0]),
        (&json!("2028-12-31"), &json!("career_discovery"))
    );
    let refused = ministry
        .patch(&convention, json!({ "ends_on": "2028-12-31" }))
        .await;
    refused.problem(409, "signed_content");
}

#[actix_web::test]
async fn what_only_publishes_a_convention_is_corrected_after_a_partner_left() {
    let service = Service::start().await;
    let [a, b] = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
    ];
    let mut body = national(&a);
    body["partner_ids"] = json!([a, b]);
    let second = json!({ "side": "partner", "partner_id": b, "name": "X", "function": "Y", "organisation": "B" });
    body["signatories"].as_array_mut().unwrap().push(second);
    let convention = signed(&service, body).await;
    let changes = json!([{ "op": "remove_partner", "partner_id": b }]);
    amended(
        &service,
        &convention,
        amendment("2026-02-01", changes, &[&a, &b]),
    )
    .await;
    let ministry = service.ministry();
    let patch = json!({ "nor": "MENE2600123X" });
    let corrected = ministry.patch(&convention, patch).await.expect(200);
    assert_eq!(corrected["nor"], "MENE2600123X");
    assert_eq!(corrected["signatories"].as_array().unwrap().len(), 3);
    assert_eq!(
        on(&ministry, &convention, "2026-01-31").await["partner_ids"],
        json!([a, b])
    );
}

#[actix_web::test]
async fn whoever_signs_an_amendment_sees_it_whatever_the_day_it_is_a_party() {
    let service = Service::on(STORY).await;
    let [a, b] = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
    ];
    let convention = agreed(&service, &a).await;
    let joins = json!([{ "op": "add_partner", "partner_id": b }]);
    amended(
        &service,
        &convention,
        amendment("2027-09-01", joins, &[&a, &b]),
    )
    .await;
    // Not a party today, it will be one when this takes effect.
    let later = json!([{ "op": "set_levels", "levels": ["3e"] }]);
    let path = sent(
        &service,
        &convention,
        amendment("2028-01-01", later, &[&a, &b]),
    )
    .await;
    let own = service.partner(&b);
    assert_eq!(
        own.get(&path).await.expect(200)["allowed_actions"],
        json!(["sign"])
    );
    assert_eq!(own.all(&format!("{convention}/amendments")).await.len(), 2);
    let by_itself = json!({ "signed_on": "2026-05-01", "medium": "simple" });
    own.post(&format!("{path}/sign"), by_itself)
        .await
        .expect(200);
    // One that takes effect before it joins is none of its business.
    let before = json!([{ "op": "set_moments", "moments": ["pfmp"] }]);
    let path = sent(
        &service,
        &convention,
        amendment("2027-01-01", before, &[&a]),
    )
    .await;
    own.get(&path).await.problem(404, "not_found");
    let count = own
        .get(&format!("{convention}/amendments/count"))
        .await
        .expect(200);
    assert_eq!(count["count"], 2);
}

#[actix_web::test]
async fn a_terminated_convention_is_amended_until_its_end_and_extended_no_more() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let convention = agreed(&service, &partner).await;
    let longer = json!([{ "op": "extend", "ends_on": "2029-12-31" }]);
    amended(
        &service,
        &convention,
        amendment("2026-02-01", longer, &[&partner]),
    )
    .await;
    let end = json!({ "on": "2027-06-30", "party": "A", "kind": "mutual" });
    service
        .ministry()
        .post(&format!("{convention}/terminate"), end)
        .await
        .expect(200);
    let axes = json!([{ "op": "set_axes", "axes": ["internships"] }]);
    amended(
        &service,
        &convention,
        amendment("2027-01-01", axes, &[&partner]),
    )
    .await;
    let path = format!("{convention}/amendments");
    let again = json!([{ "op": "extend", "ends_on": "2031-12-31" }]);
    let refused = service
        .ministry()
        .post(&path, amendment("2027-02-01", again, &[&partner]))
        .await;
    assert_eq!(refused.faults(), ["/changes/0 ends_otherwise"]);
}

#[actix_web::test]
async fn an_active_declination_does_not_grow_into_what_the_convention_no_longer_covers() {
    let service = Service::on(STORY).await;
    let partner = id(&service.new_partner("A").await);
    let convention = agreed(&service, &partner).await;
    let of = convention.trim_start_matches("/v1/conventions/").to_owned();
    let ministry = service.ministry();
    let mut body = json!({
        "convention_id": of, "level": "academy", "territories": ["academy:10"], "axes": ["career_discovery"],
        "starts_on": "2026-01-01", "ends_on": "2027-08-31",
        "planned_actions": [{ "title": "Jurys", "action_type": "jury" }],
    });
    let refused = ministry.post("/v1/declinations", body.clone()).await;
    assert_eq!(
        refused.faults(),
        ["/planned_actions/0/action_type not_in_convention"]
    );
    body["planned_actions"] = json!([]);
    let path = format!(
        "/v1/declinations/{}",
        id(&ministry.post("/v1/declinations", body).await.expect(201))
    );
    ministry
        .post(&format!("{path}/activate"), json!({}))
        .await
        .expect(200);
    let narrower = json!([{ "op": "set_axes", "axes": ["internships"] }]);
    amended(
        &service,
        &convention,
        amendment("2027-09-01", narrower, &[&partner]),
    )
    .await;
    for end in [json!("2028-08-31"), Value::Null] {
        let refused = ministry.patch(&path, json!({ "ends_on": end })).await;
        refused.problem(422, "validation_failed");
        assert_eq!(refused.faults(), ["/axes/0 not_in_convention"]);
    }
    let planned = json!([{ "title": "Jurys", "action_type": "jury" }]);
    let refused = ministry
        .patch(&path, json!({ "planned_actions": planned }))
        .await;
    assert_eq!(
        refused.faults(),
        ["/planned_actions/0/action_type not_in_convention"]
    );
    ministry
        .patch(&path, json!({ "ends_on": "2027-06-30" }))
        .await
        .expect(200);
    // Between two narrowings a declination relies on neither.
    let meanwhile = json!([{ "op": "set_axes", "axes": ["career_discovery"] }]);
    amended(
        &service,
        &convention,
        amendment("2027-07-15", meanwhile, &[&partner]),
    )
    .await;
}

#[actix_web::test]
async fn an_end_that_no_source_gives_is_said_before_it_is_moved() {
    let service = Service::on(STORY).await;
    let partner = id(&service.new_partner("A").await);
    let imported = json!({ "source": "Liste", "source_id": "1", "date_precision": "day", "attested_until": "2024-01-01" });
    let of = service
        .signed_convention(
            &partner,
            json!({ "starts_on": "2024-01-01", "imported": imported }),
        )
        .await;
    let convention = format!("/v1/conventions/{of}");
    let ministry = service.ministry();
    let longer = json!([{ "op": "extend", "ends_on": "2029-12-31" }]);
    let path = format!("{convention}/amendments");
    let refused = ministry
        .post(&path, amendment("2026-02-01", longer.clone(), &[&partner]))
        .await;
    assert_eq!(refused.faults(), ["/changes/0 end_unknown"]);
    let said = ministry
        .patch(&convention, json!({ "ends_on": "2027-12-31" }))
        .await
        .expect(200);
    assert_eq!(
        (&said["warnings"], &said["effective_status"]),
        (&json!([]), &json!("in_force"))
    );
    amended(
        &service,
        &convention,
        amendment("2026-02-01", longer, &[&partner]),
    )
    .await;
    ministry
        .patch(&convention, json!({ "nor": "MENE2600123X" }))
        .await
        .expect(200);
    assert_eq!(
        on(&ministry, &convention, "2026-01-31").await["ends_on"],
        "2027-12-31"
    );
    let refused = ministry
        .patch(&convention, json!({ "ends_on": "2035-12-31" }))
        .await;
    refused.problem(409, "signed_content");
}

#[actix_web::test]
async fn an_extension_goes_beyond_the_period_that_tacit_renewals_have_reached() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let mut body = national(&partner);
    (body["starts_on"], body["ends_on"]) = (json!("2024-01-01"), json!("2025-12-31"));
    body["renewal"] = json!({ "mode": "tacit", "months": 12 });
    let convention = signed(&service, body).await;
    let path = format!("{convention}/amendments");
    let to = |end: &str| {
        amendment(
            "2026-12-01",
            json!([{ "op": "extend", "ends_on": end }]),
            &[&partner],
        )
    };
    let refused = service.ministry().post(&path, to("2026-06-30")).await;
    assert_eq!(refused.faults(), ["/changes/0 not_later"]);
    amended(&service, &convention, to("2030-12-31")).await;
    for (day, end) in [
        ("2026-11-30", "2026-12-31"),
        ("2026-12-01", "2030-12-31"),
        ("2031-01-01", "2031-12-31"),
    ] {
        assert_eq!(
            on(&service.reader(), &convention, day).await["effective_ends_on"],
            end,
            "on {day}"
        );
    }
}

#[actix_web::test]
async fn amendments_of_what_is_not_there_are_refused_in_every_form() {
    let service = Service::start().await;
    let path = format!("/v1/conventions/{}/amendments", crate::support::absent());
    for form in ["application/json", "text/csv", "application/x-ndjson"] {
        let reply = service
            .reader()
            .request("GET", &path)
            .header("accept", form)
            .send()
            .await;
        reply.problem(404, "not_found");
    }
}
