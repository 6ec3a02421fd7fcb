//! A portal's batch of 500, of what changed and of what did not, against the best SQL for it, which is
//! sent its items as the service is.

use std::net::SocketAddr;

use crate::postgres::{FIRST, ID_PREFIX, Postgres};
use crate::{Options, Subject};

/// The items of a batch.
const ITEMS: u64 = 500;
/// The partners of each subject, each with two batches of its 1,000 interventions.
const PARTNERS: u64 = 8;

/// Batches, as both sides are sent them.
pub fn subjects(options: &Options, postgres: &Postgres, api: SocketAddr) -> Vec<Subject> {
    postgres.sql("CREATE TABLE bench_batches (n bigint PRIMARY KEY, partner uuid, items jsonb)");
    for partner in 0..3 * PARTNERS {
        postgres.sql(&format!(
            "INSERT INTO bench_batches
             SELECT {partner} * 2 + slice, partner_id, jsonb_agg(item)
               FROM (SELECT partner_id, (row_number() OVER (ORDER BY id) - 1) / {ITEMS} AS slice, jsonb_build_object(
                            'external_id', external_id, 'convention_id', convention_id, 'title', title, 'description', description,
                            'action_type', action_type, 'levels', levels, 'moments', moments, 'axes', axes, 'modality', modality,
                            'nationwide', nationwide, 'territories', territories, 'place', place, 'sessions', sessions) AS item
                       FROM interventions WHERE partner_id = '{ID_PREFIX}{number}') AS rows
              WHERE slice < 2 GROUP BY partner_id, slice",
            number = FIRST + partner
        ));
    }
    postgres.sql("VACUUM ANALYZE bench_batches");
    vec![
        subject("batch", 1.0 / 1.5, 0, CHANGED, options, postgres, api),
        // Its aim is five times the rate of `batch`; what asking alone comes to is there to compare.
        subject("same", 0.15, PARTNERS, UNCHANGED, options, postgres, api),
    ]
}

fn subject(
    name: &'static str,
    aim: f64,
    first: u64,
    script: &str,
    options: &Options,
    postgres: &Postgres,
    api: SocketAddr,
) -> Subject {
    let mut requests = Vec::new();
    for partner in first..first + PARTNERS {
        let id = format!("{ID_PREFIX}{}", FIRST + partner);
        let token = crate::service::token(&options.ree, &postgres.directory, "partner", &["--partner-id", &id]);
        for slice in 0..2 {
            let items = postgres.sql(&format!("SELECT items FROM bench_batches WHERE n = {}", partner * 2 + slice));
            let head = format!(
                "POST /v1/partners/{id}/interventions/batch HTTP/1.1\r\nhost: {api}\r\nauthorization: Bearer {token}\r\n\
                 content-type: application/json\r\n"
            );
            requests.push((head, items));
        }
    }
    let changes = name == "batch";
    let request = move |random: &mut crate::load::Random| {
        let (head, items) = &requests[random.below(requests.len() as u64) as usize];
        let items = if changes {
            // The text too: the search's index of each is made again.
            let number = random.below(100_000);
            let says = format!("\"pupils_per_session\": {}, \"description\": \"{number} ", number + 1);
            items.replace("\"description\": \"", &says)
        } else {
            items.clone()
        };
        let body = format!("{{\"items\":{items}}}");
        format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    // PostgreSQL's own partners come after those of both subjects.
    let own = if changes { 2 * PARTNERS } else { PARTNERS };
    let batches: Vec<u64> = (own * 2..(own + PARTNERS) * 2).collect();
    let script = by_hand(script, &batches, postgres);
    Subject { name, aim, status: 200, request: Box::new(request), script, mode: "extended", connections: Some(1) }
}

/// A script that sends the statement with one of the batches in it.
fn by_hand(statement: &str, batches: &[u64], postgres: &Postgres) -> String {
    let mut script = format!("\\set n random(0, {})\n\\set s random(1, 99999)\n", batches.len() - 1);
    for (place, batch) in batches.iter().enumerate() {
        let literals = format!("SELECT quote_literal(partner), quote_literal(items) FROM bench_batches WHERE n = {batch}");
        let literals = postgres.sql(&literals);
        let (partner, items) = literals.split_once('|').expect("a batch");
        assert!(![":n", ":s"].iter().any(|variable| items.contains(variable)), "pgbench would take it for a variable");
        let statement = statement.replace('\n', " ").replace("PARTNER", partner).replace("ITEMS", items);
        script += &format!("\\{} :n = {place}\n{statement}\n", if place == 0 { "if" } else { "elif" });
    }
    script + "\\endif\n"
}

/// The rows, their audit rows and their change events: one statement, by hand.
const CHANGED: &str = "
WITH given AS MATERIALIZED (
    SELECT PARTNER::uuid AS partner, r.* FROM jsonb_to_recordset(ITEMS) AS r (
        external_id text, convention_id uuid, title text, description text, action_type text, levels text[], moments text[],
        axes text[], modality text, nationwide boolean, territories text[], place jsonb, sessions integer)),
written AS (
    UPDATE interventions AS i
       SET version = i.version + 1, updated_at = now(), confirmed_at = now(), withdrawn_at = NULL, convention_id = given.convention_id,
           title = given.title, description = (:s)::int::text || ' ' || given.description, action_type = given.action_type, levels = given.levels,
           moments = given.moments, axes = given.axes, modality = given.modality, nationwide = given.nationwide,
           territories = given.territories, held_by = i.held_by, place = given.place, sessions = given.sessions,
           pupils_per_session = (:s)::int
      FROM given WHERE i.partner_id = given.partner AND i.external_id = given.external_id
    RETURNING i.id, i.partner_id, i.external_id, i.version, i.description, given.description AS old),
audited AS (
    INSERT INTO audit_events (id, occurred_at, subject, role, client_id, request_id, action, object_type, object_id, fields, before, after)
    SELECT gen_random_uuid(), now(), 'bench', 'partner', 'bench', '0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f', 'intervention.updated',
           'intervention', id, '{description,pupils_per_session,confirmed_at}',
           jsonb_build_object('description', old, 'pupils_per_session', 1, 'confirmed_at', now()),
           jsonb_build_object('description', description, 'pupils_per_session', 2, 'confirmed_at', now()) FROM written)
INSERT INTO changes (type, object_type, object_id, object_key, parent_id, version, occurred_at, audience)
SELECT 'intervention.updated', 'intervention', id, external_id, partner_id, version, now(), '{everyone}' FROM written;";

/// Which of them are other than what is there: none.
const UNCHANGED: &str = "
SELECT count(*) FROM jsonb_to_recordset(ITEMS) AS r (
        external_id text, convention_id uuid, title text, description text, action_type text, levels text[], moments text[],
        axes text[], modality text, nationwide boolean, territories text[], place jsonb, sessions integer)
  JOIN interventions i USING (external_id)
 WHERE i.partner_id = PARTNER
   AND (i.convention_id, i.title, i.description, i.action_type, i.levels, i.moments, i.axes, i.modality, i.nationwide, i.territories,
        i.place, i.sessions)
       IS DISTINCT FROM (r.convention_id, r.title, r.description, r.action_type, r.levels, r.moments, r.axes, r.modality, r.nationwide,
                         r.territories, r.place, r.sessions);";
