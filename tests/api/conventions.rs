//! Conventions, from the first draft to the last signature.

use futures_util::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Caller, Reply, Service, id, merged, rounds};

/// The day of stories that the years to come would end.
const STORY: &str = "2026-11-30";

pub const SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A national convention with this partner, and someone to sign on each side.
pub fn national(partner: &str) -> Value {
    json!({
        "title": "Convention-cadre de coopération", "kind": "framework_cooperation", "scope": "national",
        "partner_ids": [partner], "starts_on": "2026-01-01", "ends_on": "2028-12-31",
        "signatories": [
            { "side": "ministry", "name": "Édouard G.", "function": "Directeur", "organisation": "Ministère" },
            { "side": "partner", "partner_id": partner, "name": "Camille M.", "function": "Présidente", "organisation": "UIMM" },
        ],
    })
}

/// One with a signatory of the ministry and one of each partner.
fn of_several(partners: &[String]) -> Value {
    let mut body = national(&partners[0]);
    body["partner_ids"] = json!(partners);
    for partner in &partners[1..] {
        body["signatories"].as_array_mut().unwrap().push(json!({
            "side": "partner", "partner_id": partner, "name": "X", "function": "Président", "organisation": partner
        }));
    }
    body
}

/// A signature on paper of whoever this designates.
pub fn signature(who: Value) -> Value {
    merged(
        json!({ "signed_on": "2026-01-15", "medium": "paper", "document_sha256": SHA, "place": "Paris" }),
        who,
    )
}

async fn post(caller: &Caller, path: &str) -> Reply {
    caller.post(path, json!({})).await
}

/// Takes a new convention to the point where it is signed.
pub async fn to_sign(service: &Service, body: Value) -> String {
    let ministry = service.ministry();
    let path = format!(
        "/v1/conventions/{}",
        id(&ministry.post("/v1/conventions", body).await.expect(201))
    );
    post(&ministry, &format!("{path}/open-negotiation"))
        .await
        .expect(200);
    post(&ministry, &format!("{path}/send-for-signature"))
        .await
        .expect(200);
    path
}

/// Takes a new convention, with a signatory for the ministry and one for each party, to the last
/// signature; its path.
pub async fn signed(service: &Service, body: Value) -> String {
    let signatories = body["signatories"].as_array().unwrap().len();
    let path = to_sign(service, body).await;
    let (ministry, sign) = (service.ministry(), format!("{path}/sign"));
    for place in 0..signatories {
        let who = json!({ "signatory": place });
        ministry.post(&sign, signature(who)).await.expect(200);
    }
    path
}

#[actix_web::test]
async fn a_national_convention_goes_from_draft_to_signed() {
    let service = Service::on(STORY).await;
    let partner = id(&service.new_partner("UIMM").await);
    let ministry = service.ministry();
    let created = ministry.post("/v1/conventions", national(&partner)).await;
    let path = created.header("location").to_owned();
    let draft = created.expect(201);
    assert_eq!(draft["status"], "draft");
    assert_eq!(draft["effective_status"], Value::Null);
    let year = &service.shared.clock.now().format("%Y").to_string();
    assert_eq!(draft["reference"], format!("CN-{year}-0001"));
    assert_eq!(
        draft["allowed_actions"],
        json!(["update", "delete", "open-negotiation", "abandon"])
    );
    let sign = format!("{path}/sign");
    ministry
        .post(&sign, signature(json!({ "side": "ministry" })))
        .await
        .problem(409, "invalid_transition");

    let negotiation = post(&ministry, &format!("{path}/open-negotiation"))
        .await
        .expect(200);
    assert_eq!(negotiation["status"], "negotiation");
    let to_sign = post(&ministry, &format!("{path}/send-for-signature"))
        .await
        .expect(200);
    assert_eq!(to_sign["status"], "to_sign");

    let first = ministry
        .post(&sign, signature(json!({ "side": "ministry" })))
        .await
        .expect(200);
    assert_eq!(first["status"], "to_sign");
    let given = &first["signatories"][0]["signature"];
    assert_eq!(given["content_hash"], first["content_hash"]);
    assert_eq!(given["registered_by"], "test ministry");
    let own = service.partner(&partner);
    let mine = own.get(&path).await.expect(200);
    assert_eq!(mine["allowed_actions"], json!(["sign"]));
    let by_itself = json!({ "signed_on": "2026-02-03", "medium": "qualified" });
    let signed = own.post(&sign, by_itself).await.expect(200);
    assert_eq!(signed["status"], "signed");
    assert_eq!(signed["signed_on"], "2026-02-03");
    assert_eq!(
        signed["signatories"][1]["signature"]["registered_by"],
        "test partner"
    );
    let reader = service.reader();
    assert_eq!(
        reader.get(&path).await.expect(200)["effective_status"],
        "in_force"
    );
    for (day, status) in [
        ("2025-12-31", "upcoming"),
        ("2026-01-01", "in_force"),
        ("2028-12-31", "in_force"),
        ("2029-01-01", "expired"),
    ] {
        let then = reader.get(&format!("{path}?at={day}")).await.expect(200);
        assert_eq!(then["effective_status"], status, "on {day}");
    }
    let journal = "SELECT count(*) FROM changes WHERE type = 'convention.signed'";
    assert_eq!(service.number(journal).await, 1);
}

#[actix_web::test]
async fn each_side_signs_for_itself_and_the_ministry_records_what_was_signed_on_paper() {
    let service = Service::start().await;
    let [a, b] = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
    ];
    let path = to_sign(&service, of_several(&[a.clone(), b.clone()])).await;
    let sign = format!("{path}/sign");
    let (ministry, own) = (service.ministry(), service.partner(&a));
    own.post(&sign, signature(json!({ "side": "ministry" })))
        .await
        .problem(403, "forbidden");
    own.post(&sign, signature(json!({ "partner_id": b })))
        .await
        .problem(403, "forbidden");
    let electronic = json!({ "partner_id": a, "signed_on": "2026-01-15", "medium": "simple" });
    let refused = ministry.post(&sign, electronic).await;
    refused.problem(403, "forbidden");
    assert_eq!(refused.faults(), ["/medium not_yours"]);
    service
        .partner(&id(&service.new_partner("C").await))
        .post(&sign, signature(json!({})))
        .await
        .problem(404, "not_found");
    service
        .academy("academy:10")
        .post(&sign, signature(json!({})))
        .await
        .problem(404, "not_found");
    service
        .reader()
        .post(&sign, signature(json!({})))
        .await
        .problem(403, "forbidden");
    ministry
        .post(&sign, signature(json!({ "partner_id": a })))
        .await
        .expect(200);
    own.post(&sign, signature(json!({})))
        .await
        .problem(409, "already_signed");
    ministry
        .post(&sign, signature(json!({ "partner_id": a })))
        .await
        .problem(409, "already_signed");
}

#[actix_web::test]
async fn a_signature_says_who_signed_and_how() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let path = to_sign(&service, national(&partner)).await;
    let sign = format!("{path}/sign");
    let ministry = service.ministry();
    let reply = ministry
        .post(
            &sign,
            json!({ "side": "king", "medium": "paper", "signed_on": "2026-02-30", "by": "x" }),
        )
        .await;
    assert_eq!(
        reply.faults(),
        [
            "/by unknown_field",
            "/document_sha256 required",
            "/side unknown_code",
            "/signed_on invalid_date"
        ]
    );
    let reply = ministry.post(&sign, signature(json!({}))).await;
    assert_eq!(reply.faults(), ["/side several_signatories"]);
    let reply = ministry
        .post(&sign, signature(json!({ "name": "Personne" })))
        .await;
    assert_eq!(reply.faults(), ["/name no_such_signatory"]);
    let reply = ministry
        .post(&sign, signature(json!({ "signatory": 7 })))
        .await;
    assert_eq!(reply.faults(), ["/signatory no_such_signatory"]);
    let reply = ministry
        .post(
            &sign,
            signature(json!({ "side": "ministry", "signed_on": "2126-01-01" })),
        )
        .await;
    assert_eq!(reply.faults(), ["/signed_on in_the_future"]);
    let signed = ministry
        .post(&sign, signature(json!({ "signatory": 0 })))
        .await
        .expect(200);
    assert_eq!(signed["signatories"][0]["signature"]["place"], "Paris");
    assert_eq!(signed["signatories"][1]["signature"], Value::Null);
}

#[actix_web::test]
async fn signatories_sign_in_their_order_where_there_is_one() {
    let service = Service::start().await;
    let [a, b] = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
    ];
    let mut body = of_several(&[a.clone(), b.clone()]);
    body["signatories"][1]["order"] = json!(1);
    body["signatories"][2]["order"] = json!(2);
    let path = to_sign(&service, body).await;
    let sign = format!("{path}/sign");
    service
        .partner(&b)
        .post(&sign, signature(json!({})))
        .await
        .problem(409, "not_your_turn");
    service
        .partner(&a)
        .post(&sign, signature(json!({})))
        .await
        .expect(200);
    service
        .partner(&b)
        .post(&sign, signature(json!({})))
        .await
        .expect(200);
    let ministry = service
        .ministry()
        .post(&sign, signature(json!({ "side": "ministry" })))
        .await;
    assert_eq!(
        ministry.expect(200)["status"],
        "signed",
        "who has no place in the order signs at any time"
    );
}

#[actix_web::test]
async fn a_change_of_content_voids_the_signatures_given_and_keeps_them_on_record() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let path = to_sign(&service, national(&partner)).await;
    let ministry = service.ministry();
    let sign = format!("{path}/sign");
    let before = ministry
        .post(&sign, signature(json!({ "side": "ministry" })))
        .await
        .expect(200);

    let link = json!({ "managing_office": "DGESCO A2-2", "documents": [
        { "kind": "text", "title": "Texte", "url": "https://www.exemple.fr/texte.pdf", "sha256": SHA }] });
    let published = ministry.patch(&path, link).await.expect(200);
    assert_eq!(published["status"], "to_sign", "a link is not contractual");
    assert_eq!(published["signatories"], before["signatories"]);
    assert_eq!(published["content_hash"], before["content_hash"]);

    let changed = ministry
        .patch(&path, json!({ "ends_on": "2027-12-31" }))
        .await
        .expect(200);
    assert_eq!(changed["status"], "negotiation");
    assert_eq!(changed["signatories"][0]["signature"], Value::Null);
    assert_ne!(changed["content_hash"], before["content_hash"]);
    let voided = &changed["voided_signatures"];
    assert_eq!(voided.as_array().unwrap().len(), 1);
    assert_eq!(voided[0]["signatory"], before["signatories"][0]);
    assert_eq!(voided[0]["reason"], "Contenu modifié : ends_on");
    let back = ministry
        .patch(&path, json!({ "ends_on": "2028-12-31" }))
        .await
        .expect(200);
    assert_eq!(
        back["content_hash"], before["content_hash"],
        "the same content has the same digest"
    );
}

#[actix_web::test]
async fn what_was_signed_only_changes_by_an_amendment() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let path = to_sign(&service, national(&partner)).await;
    let (ministry, sign) = (service.ministry(), format!("{path}/sign"));
    ministry
        .post(&sign, signature(json!({ "side": "ministry" })))
        .await
        .expect(200);
    ministry
        .post(&sign, signature(json!({ "side": "partner" })))
        .await
        .expect(200);
    let refused = ministry
        .patch(&path, json!({ "title": "Autre", "notice_months": 6, "nor": "MENE2600123X", "signatories": [] }))
        .await;
    refused.problem(409, "signed_content");
    assert_eq!(
        refused.faults(),
        [
            "/notice_months read_only",
            "/signatories read_only",
            "/title read_only"
        ]
    );
    let published = ministry
        .patch(&path, json!({ "nor": "MENE2600123X" }))
        .await
        .expect(200);
    assert_eq!(published["nor"], "MENE2600123X");
    for step in ["open-negotiation", "send-for-signature", "abandon"] {
        post(&ministry, &format!("{path}/{step}"))
            .await
            .problem(409, "invalid_transition");
    }
    ministry
        .delete(&path)
        .await
        .problem(409, "invalid_transition");
}

#[actix_web::test]
async fn a_text_is_sent_for_signature_once_each_party_has_someone_to_sign() {
    let service = Service::start().await;
    let [a, b] = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
    ];
    let mut body = of_several(&[a, b]);
    body["signatories"] = json!([body["signatories"][1]]);
    let ministry = service.ministry();
    let path = format!(
        "/v1/conventions/{}",
        id(&ministry.post("/v1/conventions", body).await.expect(201))
    );
    post(&ministry, &format!("{path}/send-for-signature"))
        .await
        .problem(409, "invalid_transition");
    post(&ministry, &format!("{path}/open-negotiation"))
        .await
        .expect(200);
    let refused = post(&ministry, &format!("{path}/send-for-signature")).await;
    refused.problem(409, "convention_incomplete");
    assert_eq!(
        refused.faults(),
        [
            "/partner_ids/1 no_partner_signatory",
            "/signatories no_ministry_signatory"
        ]
    );
}

#[actix_web::test]
async fn the_rules_of_a_convention_are_told_together() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let ministry = service.ministry();
    let mut body = national(&partner);
    for (name, value) in [
        ("ends_on", json!("2025-12-31")),
        ("territory", json!("academy:10")),
        ("renewal", json!({ "mode": "tacit" })),
        ("axes", json!(["internship"])),
        ("notice_months", json!(1.5)),
        ("nor", json!("MENE1")),
        (
            "follow_up",
            json!({ "targets": [{ "measure": "pupil", "school_year": "2026-2028" }, 3] }),
        ),
        (
            "documents",
            json!([{ "kind": "text", "title": "T", "url": "http://x.fr", "sha256": "AB" }]),
        ),
        ("reference", json!("CN-2026-0007")),
    ] {
        body[name] = value;
    }
    body["signatories"][0]["partner_id"] = json!(partner);
    body["signatories"][1]["signature"] = json!({});
    let reply = ministry.post("/v1/conventions", body).await;
    reply.problem(422, "validation_failed");
    assert_eq!(
        reply.faults(),
        [
            "/axes/0 unknown_code",
            "/documents/0/sha256 invalid_format",
            "/documents/0/url invalid_format",
            "/ends_on before_start",
            "/follow_up/targets/0/measure unknown_code",
            "/follow_up/targets/0/school_year invalid_format",
            "/follow_up/targets/0/value required",
            "/follow_up/targets/1 wrong_type",
            "/nor invalid_format",
            "/notice_months wrong_type",
            "/reference read_only",
            "/renewal/months required",
            "/signatories/0/partner_id only_with",
            "/signatories/1/signature read_only",
            "/territory only_with",
        ]
    );
    let mut body = national(&partner);
    body["partner_ids"] = json!([partner, crate::support::absent()]);
    body["predecessor_id"] = json!(crate::support::absent());
    let reply = ministry.post("/v1/conventions", body).await;
    assert_eq!(
        reply.faults(),
        [
            "/partner_ids/1 unknown_reference",
            "/predecessor_id unknown_reference"
        ]
    );
    assert_eq!(service.number("SELECT count(*) FROM conventions").await, 0);
    assert_eq!(
        service
            .number("SELECT count(*) FROM reference_counters")
            .await,
        0
    );
}

#[actix_web::test]
async fn a_local_convention_is_written_by_those_in_charge_of_its_territory() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    service
        .new_school("0690001B", "department:069", "academy:10")
        .await;
    let local = |territory: &str| {
        let mut body = national(&partner);
        body["scope"] = json!("local");
        body["territory"] = json!(territory);
        body
    };
    let academy = service.academy("academy:10");
    let school = service.school("0690001B");
    let year = service.shared.clock.now().format("%Y").to_string();
    let of_academy = academy
        .post("/v1/conventions", local("academy:10"))
        .await
        .expect(201);
    assert_eq!(of_academy["reference"], format!("CL-A10-{year}-0001"));
    let of_school = school
        .post("/v1/conventions", local("uai:0690001B"))
        .await
        .expect(201);
    assert_eq!(of_school["reference"], format!("CL-0690001B-{year}-0001"));
    assert_eq!(of_school["warnings"][0]["code"], "board_decision_missing");
    let of_region = service
        .academy("region:84")
        .post("/v1/conventions", local("region:84"))
        .await
        .expect(201);
    assert_eq!(of_region["reference"], format!("CL-R84-{year}-0001"));

    let refused = academy.post("/v1/conventions", national(&partner)).await;
    refused.problem(403, "forbidden");
    assert_eq!(refused.faults(), ["/scope not_yours"]);
    for (caller, territory) in [
        (&academy, "region:84"),
        (&academy, "academy:08"),
        (&school, "academy:10"),
    ] {
        let refused = caller.post("/v1/conventions", local(territory)).await;
        refused.problem(403, "forbidden");
        assert_eq!(
            refused.faults(),
            ["/territory outside_perimeter"],
            "{territory}"
        );
    }
    assert_eq!(
        academy
            .post("/v1/conventions", local("uai:0690002C"))
            .await
            .faults(),
        ["/territory unknown_territory"]
    );
    assert_eq!(
        academy.post("/v1/conventions", local("FR")).await.faults(),
        ["/territory not_a_local_territory"]
    );

    let paths: Vec<String> = [&of_academy, &of_school, &of_region]
        .iter()
        .map(|one| format!("/v1/conventions/{}", id(one)))
        .collect();
    let seen = async |caller: &Caller| -> Vec<u16> {
        join_all(paths.iter().map(|path| caller.get(path)))
            .await
            .iter()
            .map(|reply| reply.status.as_u16())
            .collect()
    };
    assert_eq!(
        seen(&academy).await,
        [200, 200, 404],
        "an academy does not follow its region's"
    );
    assert_eq!(seen(&service.academy("region:84")).await, [200, 200, 200]);
    assert_eq!(seen(&school).await, [404, 200, 404]);
    assert_eq!(seen(&service.academy("academy:08")).await, [404, 404, 404]);
    assert_eq!(seen(&service.partner(&partner)).await, [200, 200, 200]);
    assert_eq!(seen(&service.reader()).await, [404, 404, 404]);
    let moved = academy
        .patch(&paths[0], json!({ "territory": "academy:08" }))
        .await;
    assert_eq!(moved.faults(), ["/territory part_of_the_key"]);

    for step in ["open-negotiation", "send-for-signature"] {
        post(&academy, &format!("{}/{step}", paths[0]))
            .await
            .expect(200);
    }
    let sign = format!("{}/sign", paths[0]);
    academy
        .post(&sign, signature(json!({ "side": "ministry" })))
        .await
        .expect(200);
    let electronic =
        json!({ "partner_id": partner, "signed_on": "2026-01-15", "medium": "simple" });
    let refused = academy.post(&sign, electronic).await;
    refused.problem(403, "forbidden");
    let signed = service
        .partner(&partner)
        .post(&sign, signature(json!({})))
        .await
        .expect(200);
    assert_eq!(signed["status"], "signed");
    assert_eq!(seen(&service.reader()).await, [200, 404, 404]);
}

#[actix_web::test]
async fn each_role_sees_a_convention_in_each_status_as_the_contract_says() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let other = id(&service.new_partner("B").await);
    service
        .new_school("0690001B", "department:069", "academy:10")
        .await;
    let callers = [
        service.ministry(),
        service.academy("academy:10"),
        service.academy("academy:08"),
        service.school("0690001B"),
        service.partner(&partner),
        service.partner(&other),
        service.reader(),
    ];
    let successor = service.signed_convention(&partner, json!({})).await;
    let reach = json!([
        "FR",
        "academy:10",
        "region:84",
        "uai:0690001B",
        "department:069"
    ]);
    let local = json!({ "scope": "local", "territory": "uai:0690001B", "reach": reach });
    let everyone = [200; 7];
    for (with, expected) in [
        (json!({}), [200, 404, 404, 404, 200, 404, 404]),
        (local, [200, 200, 404, 200, 200, 404, 404]),
    ] {
        for status in [
            "draft",
            "negotiation",
            "to_sign",
            "abandoned",
            "signed",
            "terminated",
            "replaced",
        ] {
            let mut with = with.clone();
            with["status"] = json!(status);
            match status {
                "terminated" => {
                    with["termination"] =
                        json!({ "on": "2026-06-30", "party": "A", "kind": "mutual" });
                }
                "replaced" => {
                    with["successor_id"] = json!(successor);
                    with["replaced_on"] = json!("2026-07-01");
                }
                _ => {}
            }
            let convention = service.signed_convention(&partner, with).await;
            let was_signed = ["signed", "terminated", "replaced"].contains(&status);
            let expected = if was_signed { everyone } else { expected };
            for (place, caller) in callers.iter().enumerate() {
                let reply = caller.get(&format!("/v1/conventions/{convention}")).await;
                assert_eq!(
                    reply.status.as_u16(),
                    expected[place],
                    "{status} as caller {place}"
                );
                let listed = caller
                    .all(&format!("/v1/conventions?status={status}"))
                    .await;
                let is_listed = listed.iter().any(|one| one["id"] == convention.as_str());
                assert_eq!(
                    is_listed,
                    expected[place] == 200,
                    "{status} as caller {place}"
                );
            }
        }
    }
}

#[actix_web::test]
async fn an_event_is_only_told_to_those_who_may_read_the_convention() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let path = to_sign(&service, national(&partner)).await;
    let told = async |caller: &Caller| -> Vec<String> {
        service
            .until("SELECT feed_horizon() > max(position) FROM changes")
            .await;
        let events = caller.get("/v1/changes?limit=200").await.expect(200);
        let events = events["data"].as_array().unwrap().clone();
        let of_it = events
            .into_iter()
            .filter(|event| event["object"]["type"] == "convention");
        of_it
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    };
    let unsigned = [
        "convention.created",
        "convention.negotiation_opened",
        "convention.sent_for_signature",
    ];
    assert_eq!(told(&service.ministry()).await, unsigned);
    assert_eq!(told(&service.partner(&partner)).await, unsigned);
    for stranger in [
        service.reader(),
        service.academy("academy:10"),
        service.partner(&id(&service.new_partner("B").await)),
    ] {
        assert_eq!(told(&stranger).await, [""; 0]);
    }
    let (ministry, sign) = (service.ministry(), format!("{path}/sign"));
    ministry
        .post(&sign, signature(json!({ "side": "ministry" })))
        .await
        .expect(200);
    ministry
        .post(&sign, signature(json!({ "side": "partner" })))
        .await
        .expect(200);
    assert_eq!(told(&service.reader()).await, ["convention.signed"]);
}

#[actix_web::test]
async fn the_digest_can_be_made_again_from_the_answer() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let mut body = national(&partner);
    body["levels"] = json!(["3e", "2de_gt", "cap_1"]);
    body["purpose"] = json!("Découvrir « l'industrie »,\net ses métiers.");
    body["follow_up"] = json!({ "periodicity": "yearly", "targets": [
        { "measure": "pupils", "school_year": "2026-2027", "value": 1200.0 },
        { "measure": "girls_share", "school_year": "2026-2027", "value": 0.45, "territory": "academy:10" }] });
    let answer = service
        .ministry()
        .post("/v1/conventions", body)
        .await
        .expect(201);
    // Independent of the program: the members named in docs/API.md, sorted, without blanks.
    let mut names = [
        "title",
        "kind",
        "scope",
        "territory",
        "partner_ids",
        "purpose",
        "axes",
        "action_types",
        "levels",
        "moments",
        "follow_up",
        "starts_on",
        "ends_on",
        "renewal",
        "notice_months",
        "board_decision",
    ];
    names.sort_unstable();
    fn sorted(value: &Value) -> String {
        match value {
            Value::Object(members) => {
                let mut members: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("{}:{}", json!(name), sorted(value)))
                    .collect();
                members.sort();
                format!("{{{}}}", members.join(","))
            }
            Value::Array(items) => {
                let mut texts: Vec<String> = items.iter().map(sorted).collect();
                if items.iter().all(Value::is_string) {
                    texts.sort();
                }
                format!("[{}]", texts.join(","))
            }
            other => other.to_string(),
        }
    }
    let form: Vec<String> = names
        .iter()
        .map(|name| format!("{}:{}", json!(name), sorted(&answer[name])))
        .collect();
    let digest: String = Sha256::digest(format!("{{{}}}", form.join(",")))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(answer["content_hash"], digest);
}

#[actix_web::test]
async fn a_signed_successor_takes_the_place_of_its_predecessor_from_its_first_day() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let old = service
        .signed_convention(
            &partner,
            json!({ "starts_on": "2020-01-01", "ends_on": "2026-12-31" }),
        )
        .await;
    let mut body = national(&partner);
    body["starts_on"] = json!("2026-07-01");
    body["predecessor_id"] = json!(old);
    let path = to_sign(&service, body).await;
    let (ministry, sign) = (service.ministry(), format!("{path}/sign"));
    let old_path = format!("/v1/conventions/{old}");
    ministry
        .post(&sign, signature(json!({ "side": "ministry" })))
        .await
        .expect(200);
    // Who keeps the old one knows of the new one; others learn of it once it is signed.
    let known = ministry.get(&old_path).await.expect(200);
    assert_eq!(
        format!(
            "/v1/conventions/{}",
            known["successor_id"].as_str().unwrap()
        ),
        path
    );
    let not_yet = service.reader().get(&old_path).await.expect(200);
    assert_eq!(not_yet["successor_id"], Value::Null);
    assert_eq!(not_yet["status"], "signed");
    let successor = ministry
        .post(&sign, signature(json!({ "side": "partner" })))
        .await
        .expect(200);
    let replaced = service
        .reader()
        .get(&format!("{old_path}?at=2026-06-30"))
        .await
        .expect(200);
    assert_eq!(replaced["status"], "replaced");
    assert_eq!(replaced["successor_id"], successor["id"]);
    assert_eq!(replaced["effective_status"], "in_force");
    assert_eq!(replaced["effective_ends_on"], "2026-06-30");
    let after = service
        .reader()
        .get(&format!("{old_path}?at=2026-07-01"))
        .await
        .expect(200);
    assert_eq!(after["effective_status"], "replaced");
}

#[actix_web::test]
async fn two_last_signatories_at_once_are_both_recorded_and_sign_once() {
    let service = Service::start().await;
    let [a, b] = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
    ];
    let rounds = rounds(200);
    for round in 0..rounds {
        let path = to_sign(&service, of_several(&[a.clone(), b.clone()])).await;
        let sign = format!("{path}/sign");
        service
            .ministry()
            .post(&sign, signature(json!({ "side": "ministry" })))
            .await
            .expect(200);
        let (one, two) = (service.partner(&a), service.partner(&b));
        let (one, two) = tokio::join!(
            one.post(&sign, signature(json!({}))),
            two.post(&sign, signature(json!({})))
        );
        let mut statuses = [
            one.expect(200)["status"].clone(),
            two.expect(200)["status"].clone(),
        ];
        statuses.sort_by_key(Value::to_string);
        assert_eq!(statuses, ["signed", "to_sign"], "round {round}");
        let stored = service.ministry().get(&path).await.expect(200);
        assert_eq!(stored["status"], "signed");
        for signatory in stored["signatories"].as_array().unwrap() {
            assert!(
                signatory["signature"].is_object(),
                "round {round}: {signatory}"
            );
        }
    }
    assert_eq!(
        service
            .number("SELECT count(*) FROM changes WHERE type = 'convention.signed'")
            .await,
        i64::try_from(rounds).unwrap()
    );
    assert_eq!(
        service
            .number("SELECT count(*) FROM changes WHERE type = 'convention.signature_recorded'")
            .await,
        i64::try_from(rounds * 2).unwrap()
    );
}

#[actix_web::test]
async fn the_same_signatory_twice_at_once_signs_once() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let own = service.partner(&partner);
    let rounds = rounds(200);
    for round in 0..rounds {
        let path = to_sign(&service, national(&partner)).await;
        let sign = format!("{path}/sign");
        let (one, two) = tokio::join!(
            own.post(&sign, signature(json!({}))),
            own.post(&sign, signature(json!({})))
        );
        let (won, lost) = if one.status == 200 {
            (one, two)
        } else {
            (two, one)
        };
        won.expect(200);
        lost.problem(409, "already_signed");
        let stored = service.ministry().get(&path).await.expect(200);
        assert_eq!(stored["status"], "to_sign", "round {round}");
    }
    assert_eq!(
        service
            .number("SELECT count(*) FROM changes WHERE type = 'convention.signature_recorded'")
            .await,
        i64::try_from(rounds).unwrap()
    );
}

#[actix_web::test]
async fn references_are_numbered_without_a_gap_or_a_repeat_whoever_creates_at_once() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let ministry = service.ministry();
    let absent = crate::support::absent();
    let replies = join_all((0..40).map(|number| {
        // One in four is refused, and takes no number.
        let body = if number % 4 == 0 {
            national(&absent)
        } else {
            national(&partner)
        };
        let ministry = ministry.clone();
        async move { ministry.post("/v1/conventions", body).await }
    }))
    .await;
    let mut references: Vec<String> = replies
        .iter()
        .filter(|reply| reply.status == 201)
        .map(|reply| reply.json()["reference"].as_str().unwrap().to_owned())
        .collect();
    references.sort();
    let year = service.shared.clock.now().format("%Y").to_string();
    let expected: Vec<String> = (1..=30)
        .map(|number| format!("CN-{year}-{number:04}"))
        .collect();
    assert_eq!(references, expected);
}

#[actix_web::test]
async fn lists_filter_by_what_conventions_cover_and_where_they_are() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    service
        .ministry()
        .patch(
            &format!("/v1/partners/{partner}"),
            json!({ "sectors": ["metal_industry"] }),
        )
        .await
        .expect(200);
    let other = id(&service.new_partner("B").await);
    let wide = service
        .signed_convention(&partner, json!({ "title": "Métallurgie" }))
        .await;
    let narrow = service
        .signed_convention(&other, json!({ "axes": ["internships"], "action_types": ["class_talk"], "levels": ["3e"], "ends_on": "2021-12-31" }))
        .await;
    let reach = json!(["FR", "region:84", "academy:10"]);
    let local = service
        .signed_convention(
            &other,
            json!({ "scope": "local", "territory": "academy:10", "reach": reach }),
        )
        .await;
    let (reader, all) = (service.reader(), [&wide, &narrow, &local]);
    for (query, expected) in [
        ("scope=local", vec![2]),
        ("scope=local,national", vec![0, 1, 2]),
        ("effective_status=in_force", vec![0, 2]),
        ("effective_status=expired,upcoming", vec![1]),
        ("in_force_on=2021-06-01", vec![0, 1, 2]),
        ("in_force_on=2019-06-01", vec![]),
        (&format!("partner_id={partner}"), vec![0]),
        ("sector=metal_industry", vec![0]),
        ("axis=internships", vec![0, 1, 2]),
        ("axis=entrepreneurship", vec![0, 2]),
        ("action_type=company_visit", vec![0, 2]),
        ("level=3e,6e", vec![0, 1, 2]),
        ("level=6e", vec![0, 2]),
        ("q=metallurgie", vec![0]),
        ("territory=academy:10", vec![2]),
        ("territory=region:84", vec![2]),
        ("territory=department:069", vec![2]),
        ("territory=academy:08", vec![]),
        ("not_declined_in=academy:10", vec![0, 1, 2]),
        ("kind=charter", vec![]),
    ] {
        let path = format!("/v1/conventions?{query}&sort=reference");
        let found: Vec<Value> = reader
            .all(&path)
            .await
            .iter()
            .map(|one| one["id"].clone())
            .collect();
        let mut expected: Vec<&String> = expected.iter().map(|place: &usize| all[*place]).collect();
        expected.sort();
        let mut sorted: Vec<&str> = found.iter().filter_map(Value::as_str).collect();
        sorted.sort_unstable();
        assert_eq!(sorted, expected, "{query}");
        let count = reader
            .get(&format!("/v1/conventions/count?{query}"))
            .await
            .expect(200);
        assert_eq!(count["count"], sorted.len(), "{query}");
    }
}

#[actix_web::test]
async fn partners_are_listed_by_whether_a_convention_binds_them_today() {
    let service = Service::start().await;
    let [bound, past, none] = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
        id(&service.new_partner("C").await),
    ];
    service.signed_convention(&bound, json!({})).await;
    service
        .signed_convention(&past, json!({ "ends_on": "2021-12-31" }))
        .await;
    service
        .signed_convention(&none, json!({ "status": "negotiation" }))
        .await;
    let reader = service.reader();
    let listed = async |value: &str| -> Vec<Value> {
        let path = format!("/v1/partners?with_convention_in_force={value}&sort=legal_name");
        reader
            .all(&path)
            .await
            .iter()
            .map(|partner| partner["id"].clone())
            .collect()
    };
    assert_eq!(listed("true").await, [json!(bound)]);
    assert_eq!(listed("false").await, [json!(past), json!(none)]);
    let refused = reader
        .get("/v1/partners?with_convention_in_force=yes")
        .await;
    assert_eq!(refused.faults(), ["with_convention_in_force wrong_type"]);
}

#[actix_web::test]
async fn nobody_replaces_a_convention_they_do_not_keep() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    service
        .new_school("0690001B", "department:069", "academy:10")
        .await;
    let national_one = service.signed_convention(&partner, json!({})).await;
    let unsigned = service
        .signed_convention(&partner, json!({ "status": "negotiation" }))
        .await;
    let mut body = national(&partner);
    body["scope"] = json!("local");
    body["territory"] = json!("uai:0690001B");
    body["predecessor_id"] = json!(national_one);
    let school = service.school("0690001B");
    let refused = school.post("/v1/conventions", body.clone()).await;
    refused.problem(403, "forbidden");
    assert_eq!(refused.faults(), ["/predecessor_id not_yours"]);
    body["predecessor_id"] = Value::Null;
    let created = school.post("/v1/conventions", body).await;
    let later = json!({ "predecessor_id": national_one });
    school
        .patch(created.header("location"), later)
        .await
        .problem(403, "forbidden");
    let ministry = service.ministry();
    for (predecessor, starts_on) in [(&unsigned, "2026-01-01"), (&national_one, "2020-01-01")] {
        let mut body = national(&partner);
        body["predecessor_id"] = json!(predecessor);
        body["starts_on"] = json!(starts_on);
        let refused = ministry.post("/v1/conventions", body).await;
        assert_eq!(refused.faults(), ["/predecessor_id no_predecessor"]);
    }
}

#[actix_web::test]
async fn a_signature_may_be_told_as_it_is_read() {
    let service = Service::start().await;
    let [a, b] = [
        id(&service.new_partner("A").await),
        id(&service.new_partner("B").await),
    ];
    let path = to_sign(&service, of_several(&[a.clone(), b])).await;
    let sign = format!("{path}/sign");
    let ministry = service.ministry();
    let read = ministry.get(&path).await.expect(200);
    // What was read is sent back, as a form would.
    let same = json!({ "signatories": read["signatories"] });
    assert_eq!(
        ministry.patch(&path, same).await.expect(200)["updated_at"],
        read["updated_at"]
    );
    let mut told = read["signatories"][0].clone();
    told["signature"] = signature(json!({}));
    told.as_object_mut().unwrap().remove("order");
    let signed = ministry.post(&sign, told).await.expect(200);
    assert_eq!(signed["signatories"][0]["signature"]["medium"], "paper");
    let own = service.partner(&a);
    let mine = signature(json!({ "side": "partner" }));
    own.post(&sign, mine.clone()).await.expect(200);
    own.post(&sign, mine).await.problem(409, "already_signed");
}

#[actix_web::test]
async fn an_undated_imported_convention_is_corrected_without_inventing_its_date() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let imported = json!({ "source": "Une page", "source_id": "18", "date_precision": null, "attested_until": null });
    let undated = json!({ "starts_on": null, "signed_on": null, "imported": imported });
    let path = format!(
        "/v1/conventions/{}",
        service.signed_convention(&partner, undated).await
    );
    let ministry = service.ministry();
    let read = ministry.get(&path).await.expect(200);
    assert_eq!(
        (&read["starts_on"], &read["effective_status"]),
        (&Value::Null, &json!("expired"))
    );
    let corrected = ministry
        .patch(&path, json!({ "nor": "MENE2600123X" }))
        .await
        .expect(200);
    assert_eq!(
        (&corrected["nor"], &corrected["starts_on"]),
        (&json!("MENE2600123X"), &Value::Null)
    );
    assert_eq!(
        ministry
            .patch(&path, json!({ "starts_on": null }))
            .await
            .faults(),
        ["/starts_on not_null"]
    );
    let dated = ministry
        .patch(
            &path,
            json!({ "starts_on": "2016-03-01", "ends_on": "2019-02-28" }),
        )
        .await
        .expect(200);
    assert_eq!(
        (&dated["date_precision"], &dated["warnings"]),
        (&json!("day"), &json!([]))
    );
    ministry
        .patch(&path, json!({ "starts_on": "2016-04-01" }))
        .await
        .problem(409, "signed_content");
}
