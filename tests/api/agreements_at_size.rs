//! Agreements at their full number: 2,000 conventions, 30,000 declinations, 20,000 schools. What is
//! read of them walks indexes, so that its cost follows what is answered and not what there is.

use std::time::Duration;

use serde_json::json;

use crate::support::{Caller, Service, id};

/// $1: a partner. A hundred conventions a year of four years, for twenty years; one of them declined
/// in 18 regions, 30 academies and 4,000 schools, the others in a few.
const CONVENTIONS: &str = "
    INSERT INTO conventions (id, version, reference, status, title, kind, scope, reach, partner_ids, axes, action_types, levels,
                             moments, starts_on, ends_on, terms, publication, signatories, voided_signatures, signed_on,
                             content_hash, created_at, updated_at)
    SELECT gen_random_uuid(), 1, 'CN-' || n, 'signed', 'Convention ' || n, 'partnership', 'national', '{}', ARRAY[$1::uuid],
           ARRAY[(ARRAY['internships', 'apprenticeship', 'career_discovery'])[1 + n % 3]], '{}', '{}', '{}',
           '2006-01-01'::date + (n % 20) * 365, '2006-01-01'::date + (n % 20 + 4) * 365,
           jsonb_build_object('purpose', repeat('Faire découvrir les métiers. ', 100)), '{\"documents\": []}', '[]', '[]',
           '2006-01-01', repeat('0', 64), now(), now()
      FROM generate_series(1, 2000) AS n";

const SCHOOLS: &str = "
    INSERT INTO establishments (uai, id, name, type, sector, department, academy, tracks, levels, state, created_at, updated_at)
    SELECT lpad(n::text, 7, '0') || substr('ABCDEFGHJKLMNPRSTUVWXYZ', n % 23 + 1, 1), gen_random_uuid(), 'Lycée ' || n, 'Lycée',
           'public', 'department:069', (SELECT code FROM territories WHERE kind = 'academy' ORDER BY code OFFSET n % 30 LIMIT 1),
           '{}', ARRAY['2de_gt'], 'open', now(), now()
      FROM generate_series(1, 20000) AS n";

const DECLINATIONS: &str = "
    INSERT INTO declinations (id, convention_id, parent_id, level, territories, reach, axes, action_types, levels, moments,
                              starts_on, targets, planned_actions, signatories, status, created_at, updated_at)
    SELECT gen_random_uuid(), c.id, NULL, 'establishment', ARRAY['uai:' || e.uai], ARRAY['FR', e.academy, 'uai:' || e.uai],
           '{}', '{}', '{}', '{}', c.starts_on, '[]', '[]', '[]', 'active', now(), now()
      FROM (SELECT id, starts_on, row_number() OVER (ORDER BY reference) AS n FROM conventions) AS c
      JOIN LATERAL (SELECT uai, academy FROM establishments
                     ORDER BY uai OFFSET (c.n * 7) % 10000 LIMIT CASE WHEN c.n = 1 THEN 4000 ELSE 13 END) AS e ON true";

/// The whole tables walked since the last look, of these.
async fn walked(service: &Service, tables: &str) -> i64 {
    let query = format!(
        "SELECT coalesce(sum(seq_scan), 0)::bigint FROM pg_stat_user_tables WHERE relname IN ({tables})"
    );
    service.number(&query).await
}

/// Asks twice, a moment apart: a server tells what it did at the end of a second.
async fn ask(caller: &Caller, path: &str) {
    for _ in 0..2 {
        caller.get(path).await.expect(200);
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
    caller.get("/v1/nomenclatures/axes").await.expect(200);
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[actix_web::test]
async fn at_full_size_no_read_of_agreements_walks_a_whole_table() {
    let service = Service::start().await;
    let partner = id(&service.new_partner("A").await);
    let client = service.sql().await;
    let partner_id: uuid::Uuid = partner.parse().unwrap();
    client
        .execute(CONVENTIONS, &[&partner_id])
        .await
        .expect("conventions");
    client.execute(SCHOOLS, &[]).await.expect("schools");
    client
        .execute(DECLINATIONS, &[])
        .await
        .expect("declinations");
    client.batch_execute("VACUUM ANALYZE conventions, convention_texts, convention_partners, establishments, declinations").await.expect("statistics");
    assert!(service.number("SELECT count(*) FROM declinations").await > 29_000);
    let wide =
        "SELECT convention_id::text FROM declinations GROUP BY 1 ORDER BY count(*) DESC LIMIT 1";
    let wide: String = client.query_one(wide, &[]).await.unwrap().get(0);
    let reader = service.reader();
    // A first request, for what a new connection reads once.
    ask(&reader, "/v1/conventions?limit=1").await;
    for (path, tables) in [
        (
            format!("/v1/conventions/{wide}/coverage"),
            "'declinations', 'establishments', 'conventions'",
        ),
        (
            format!("/v1/declinations?convention_id={wide}&limit=200"),
            "'declinations', 'conventions'",
        ),
        (
            format!("/v1/declinations?convention_id={wide}&territory=academy:10"),
            "'declinations', 'conventions'",
        ),
        (
            "/v1/conventions?in_force_on=2015-03-01".to_owned(),
            "'conventions'",
        ),
        (
            "/v1/conventions?in_force_on=2015-03-01&axis=internships&sort=reference".to_owned(),
            "'conventions'",
        ),
        (
            "/v1/conventions/count?in_force_on=2007-03-01".to_owned(),
            "'conventions'",
        ),
    ] {
        let before = walked(&service, tables).await;
        ask(&reader, &path).await;
        assert_eq!(walked(&service, tables).await - before, 0, "{path}");
    }
    // What has no index to walk is seen to be walked whole.
    let before = walked(&service, "'conventions'").await;
    ask(&reader, "/v1/conventions/count?q=metallurgie").await;
    assert!(walked(&service, "'conventions'").await > before);
    let count = reader
        .get("/v1/conventions/count?in_force_on=2015-03-01")
        .await
        .expect(200);
    assert_eq!(count["count"], json!(400));
}
