//! The large tables: reports with their lines, interventions. Filled by `generate_series`, and
//! asked for what costs most.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::load::Connection;
use crate::postgres::{FIRST, ID_PREFIX, Postgres};
use crate::{Options, Subject};

/// Conventions that reports and interventions are under; as many again for the reports inserted
/// over HTTP, and for those pgbench inserts.
const CONVENTIONS: u64 = 200;
const SCHOOLS: u64 = 50_000;
const CONVENTION_PREFIX: &str = "0193c5a8-0000-7000-9000-";
const REPORT_PREFIX: &str = "0193c5a8-0000-7000-a000-";
const INTERVENTION_PREFIX: &str = "0193c5a8-0000-7000-b000-";

/// The academies, as an SQL array; of school `n` it is the one numbered `1 + n % 30`.
const ACADEMIES: &str = "(SELECT array_agg(code ORDER BY code) FROM territories WHERE kind = 'academy')";

/// A school of the academy that is searched in, its levels and its place.
const SCHOOL: u64 = 8;

/// The subjects over interventions: what is asked for, and words of the statements it makes the
/// service send.
const ASKED: [(&str, &str, &[&str]); 3] = [
    ("search", "/v1/interventions?q=m%C3%A9tallurgie%20ateliers&territory=academy:10&level=3e&action_type=company_visit", &["french_query"]),
    (
        "facets",
        "/v1/interventions?q=m%C3%A9tallurgie&territory=academy:10&level=3e&facets=action_type,level,academy,modality",
        &["ts_rank", "WITH groups"],
    ),
    ("opportunities", "/v1/establishments/{uai}/opportunities", &["WITH reaching", "WITH matching", "\"representatives\"", "\"contacts\""]),
];

/// Fills what the subjects need that this service has, and says what they are.
pub fn subjects(options: &Options, postgres: &Postgres, api: SocketAddr, head: &str) -> Vec<Subject> {
    let document = document(api);
    let has = |path: &str| document.contains(path);
    let wanted = |name: &str| options.wants(name);
    let reports = options.reports > 0 && (wanted("values") || wanted("report"));
    let search = options.interventions > 0 && ASKED.iter().any(|(name, ..)| wanted(name)) && has("\"/v1/interventions\"");
    let push = options.interventions > 0 && (wanted("batch") || wanted("same")) && has("/interventions/batch\"");
    let mut subjects = Vec::new();
    if reports || search || push {
        run(postgres, "schools and conventions", &[schools(), conventions()]);
    }
    if reports {
        fill_reports(postgres, options.reports);
        if wanted("values") {
            subjects.extend(FIGURES.map(|figure| values(figure, head)));
        }
        if wanted("report") && has("\"/v1/reports\"") {
            subjects.push(insert(options, postgres, api));
        }
    }
    if search || push {
        run(postgres, "interventions", &[interventions(options.interventions)]);
    }
    if push {
        subjects.extend(crate::push::subjects(options, postgres, api));
    }
    if search {
        subjects.extend(searches(options, postgres, api));
    }
    for name in ["values", "report", "batch", "same", "search", "facets", "opportunities"] {
        if wanted(name) && !subjects.iter().any(|subject| subject.name.starts_with(name)) {
            eprintln!("{name} is left out: no rows were asked for, or this service does not have it");
        }
    }
    subjects
}

/// A year by each dimension: those that the service keeps added up, and one that it does not.
const FIGURES: [(&str, &str, f64); 5] = [
    ("values by academy", "academy", 50.0),
    ("values by convention", "convention", 50.0),
    ("values by action_type", "action_type", 50.0),
    ("values by level", "level", 50.0),
    ("values by axis", "axis", 0.95),
];

/// Figures, against the same aggregate over the raw rows: lines within their reports first, so that a
/// report counts once in a cell without sorting ids.
fn values((name, dimension, aim): (&'static str, &str, f64), head: &str) -> Subject {
    let path = format!("/v1/indicators/values?measures=pupils,girls_share&group_by={dimension}&school_year=2025-2026");
    let request = format!("GET {path} {head}\r\n").into_bytes();
    let column = if dimension == "convention" { "r.convention_id".to_owned() } else { format!("l.{dimension}") };
    let sums = "sum(pupils) AS pupils, sum(girls) AS girls, sum(known) AS known";
    let script = format!(
        "WITH once AS (SELECT r.id, {column} AS key, sum(l.pupils) AS pupils, sum(l.girls) FILTER (WHERE l.pupils IS NOT NULL) AS girls, \
         sum(l.pupils) FILTER (WHERE l.girls IS NOT NULL) AS known, max(r.validated_at) AS validated_at \
         FROM reports r JOIN report_lines l ON l.report_id = r.id \
         WHERE r.school_year = '2025-2026' AND r.status = 'validated' AND NOT r.superseded GROUP BY r.id, {column}) \
         SELECT key, {sums}, count(*), max(validated_at) FROM once GROUP BY key \
         UNION ALL SELECT NULL, {sums}, count(DISTINCT id), max(validated_at) FROM once;\n"
    );
    Subject { name, aim, status: 200, request: Box::new(move |_| request.clone()), script, mode: "prepared", connections: Some(1) }
}

/// What keeping the figures added up costs: the years anew, and one report more.
fn keep_figures(postgres: &Postgres) {
    let years = "SELECT sum(rebuild_indicator_cells(school_year)) FROM (SELECT DISTINCT school_year FROM reports) AS years";
    run(postgres, "their figures", &[years.to_owned()]);
    let each = postgres.sql(
        "CREATE TEMP TABLE took AS SELECT 0.0::float8 AS ms WHERE false;
         DO $$ DECLARE one uuid; began timestamptz; BEGIN
            FOR one IN SELECT id FROM reports WHERE status = 'submitted' ORDER BY id DESC LIMIT 300 LOOP
                began := clock_timestamp();
                PERFORM count_report(one, NULL, now());
                INSERT INTO took VALUES (extract(epoch FROM clock_timestamp() - began) * 1000);
            END LOOP;
         END $$;
         SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 2) FROM took",
    );
    println!("What a validation adds: {each} ms to count its report (median of 300).");
    run(postgres, "their figures again", &[years.to_owned()]);
}

/// What a school asks for, with its own token: what is not published is left out of it.
fn searches(options: &Options, postgres: &Postgres, api: SocketAddr) -> Vec<Subject> {
    let uai = postgres.sql(&format!("SELECT lpad('{SCHOOL}', 7, '0') || {}", uai_letter(&SCHOOL.to_string())));
    postgres.sql(&format!(
        "UPDATE establishments SET levels = '{{6e,5e,4e,3e}}', latitude = 45.76, longitude = 4.84 WHERE uai = '{uai}'"
    ));
    let token = crate::service::token(&options.ree, &postgres.directory, "establishment", &["--uais", &uai]);
    let head = format!("HTTP/1.1\r\nhost: {api}\r\nauthorization: Bearer {token}\r\n");
    let wanted = ASKED.iter().filter(|(name, ..)| options.wants(name));
    wanted.map(|(name, path, words)| asked(name, &path.replace("{uai}", &uai), words, postgres, api, &head)).collect()
}

/// The OpenAPI document.
fn document(api: SocketAddr) -> String {
    let mut connection = Connection::open(api).expect("a connection");
    let request = format!("GET /openapi.json HTTP/1.1\r\nhost: {api}\r\n\r\n");
    let (_, body) = connection.exchange(request.as_bytes()).expect("the document");
    String::from_utf8_lossy(body).into_owned()
}

/// A request, against the very statements that it makes the service send.
fn asked(
    name: &'static str,
    path: &str,
    words: &[&str],
    postgres: &Postgres,
    api: SocketAddr,
    head: &str,
) -> Subject {
    let request = format!("GET {path} {head}\r\n").into_bytes();
    let script = postgres.script_of(words, || {
        let mut connection = Connection::open(api).expect("a connection");
        let (status, body) = connection.exchange(&request).expect("an answer");
        let body = String::from_utf8_lossy(body);
        assert_eq!(status, 200, "{body}");
        eprintln!("{name}: {}…", body.chars().take(160).collect::<String>());
    });
    let aim = 1.0 / 1.2;
    Subject { name, aim, status: 200, request: Box::new(move |_| request.clone()), script, mode: "prepared", connections: None }
}

/// A school's draft with five lines, another school or convention each time.
fn insert(options: &Options, postgres: &Postgres, api: SocketAddr) -> Subject {
    let academies = postgres.sql("SELECT string_agg(code, ',') FROM territories WHERE kind = 'academy'");
    let perimeter = ["--territories", academies.as_str()];
    let token = crate::service::token(&options.ree, &postgres.directory, "academy", &perimeter);
    let schools: Vec<String> =
        postgres.sql("SELECT uai FROM establishments ORDER BY uai").lines().map(str::to_owned).collect();
    let next = AtomicU64::new(0);
    let request = move |_: &mut crate::load::Random| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let school = &schools[(number % SCHOOLS) as usize];
        let convention = FIRST + CONVENTIONS + number / SCHOOLS % CONVENTIONS;
        let lines: Vec<String> = ["class_talk", "company_visit", "career_forum", "mentoring", "contest"]
            .iter()
            .map(|action_type| {
                format!(
                    r#"{{"action_type":"{action_type}","level":"3e","moment":"career_discovery","axis":"internships","actions":2,"pupils":48,"girls":23,"teachers":4,"professionals":3,"companies":2,"hours":6}}"#
                )
            })
            .collect();
        let body = format!(
            r#"{{"convention_id":"{CONVENTION_PREFIX}{convention}","territory":"uai:{school}","school_year":"2025-2026","establishments":["{school}"],"narrative":{{"results":"Bien suivi."}},"lines":[{}]}}"#,
            lines.join(",")
        );
        let length = body.len();
        format!(
            "POST /v1/reports HTTP/1.1\r\nhost: {api}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    };
    postgres.sql("CREATE SEQUENCE IF NOT EXISTS bench_reports MINVALUE 0");
    Subject { name: "report", aim: 0.5, status: 201, request: Box::new(request), script: insert_script(), mode: "prepared", connections: None }
}

/// The report, its lines, its audit row and its change event, in one transaction.
fn insert_script() -> String {
    // pgbench takes a colon before a letter for a variable of its own: `\x3a` is one to PostgreSQL.
    let report = format!(
        "SELECT gen_random_uuid() AS id, n, uai, ('{CONVENTION_PREFIX}' || {FIRST} + 2 * {CONVENTIONS} + n / {SCHOOLS} % {CONVENTIONS})::uuid AS convention
           FROM (SELECT nextval('bench_reports') AS n) AS next
           JOIN LATERAL (SELECT lpad((n % {SCHOOLS})::text, 7, '0') || {letter} AS uai) AS school ON true",
        letter = uai_letter(&format!("(n % {SCHOOLS})"))
    )
    .replace('\n', " ");
    format!(
        "BEGIN;\n\
         WITH new AS MATERIALIZED ({report}), \
         report AS (INSERT INTO reports (id, convention_id, territory, reach, school_year, number, establishments, narrative, \
                                         authors, created_at, updated_at) \
            SELECT id, convention, E'uai\\x3a' || uai, ARRAY[E'uai\\x3a' || uai, E'academy\\x3a10', E'region\\x3a84', 'FR'], \
                   '2025-2026', 1, ARRAY[uai], jsonb_build_object('results', 'Bien suivi.'), '{{bench}}', now(), now() FROM new), \
         lines AS (INSERT INTO report_lines (report_id, place, action_type, level, moment, axis, academy, actions, pupils, girls, \
                                             teachers, professionals, companies, hours) \
            SELECT id, place, (ARRAY['class_talk', 'company_visit', 'career_forum', 'mentoring', 'contest'])[place], '3e', \
                   'career_discovery', 'internships', E'academy\\x3a10', 2, 48, 23, 4, 3, 2, 6 FROM new, generate_series(1, 5) AS place), \
         audit AS (INSERT INTO audit_events (id, occurred_at, subject, role, client_id, request_id, action, object_type, object_id, \
                                             fields, before, after) \
            SELECT gen_random_uuid(), now(), 'cli', 'academy', 'ree-cli', id, 'report.created', 'report', id, \
                   '{{id,convention_id,territory,school_year,lines,establishments,narrative}}', NULL, to_jsonb(new) FROM new) \
         INSERT INTO changes (type, object_type, object_id, object_key, version, occurred_at, audience) \
            SELECT 'report.created', 'report', id, id, 1, now(), \
                   ARRAY[E'within\\x3auai\\x3a' || uai, E'within\\x3aacademy\\x3a10', E'within\\x3aregion\\x3a84'] FROM new;\n\
         COMMIT;\n"
    )
}

fn run(postgres: &Postgres, what: &str, statements: &[String]) {
    let begin = std::time::Instant::now();
    for statement in statements {
        postgres.sql(statement);
    }
    eprintln!("{what}: {:.0} s", begin.elapsed().as_secs_f64());
}

/// Schools whose number tells their academy.
fn schools() -> String {
    format!(
        "INSERT INTO establishments (uai, id, type, sector, academy, tracks, levels, state, created_at, updated_at)
         SELECT lpad(n::text, 7, '0') || {letter}, gen_random_uuid(), 'Lycée', 'public', codes[1 + n % 30], '{{}}', '{{}}', 'open', now(), now()
           FROM generate_series(0, {SCHOOLS} - 1) AS n, {ACADEMIES} AS academies (codes)",
        letter = uai_letter("n")
    )
}

/// The key of a UAI's number, as SQL: the rest of its division by 23.
fn uai_letter(number: &str) -> String {
    format!("substr('ABCDEFGHJKLMNPRSTUVWXYZ', 1 + ({number} % 23)::integer, 1)")
}

fn conventions() -> String {
    format!(
        "INSERT INTO conventions (id, reference, status, title, kind, scope, reach, partner_ids, axes, action_types, levels,
                                  moments, starts_on, terms, publication, signatories, voided_signatures, signed_on,
                                  content_hash, created_at, updated_at)
         SELECT ('{CONVENTION_PREFIX}' || {FIRST} + n)::uuid, 'CN-2015-' || n, 'signed', 'Convention-cadre', 'framework_cooperation',
                'national', '{{}}', ARRAY[('{ID_PREFIX}' || {FIRST} + n % 1000)::uuid], '{{}}', '{{}}', '{{}}', '{{}}',
                '2015-01-01', '{{\"renewal\": {{\"mode\": \"none\"}}}}', '{{\"documents\": []}}', '[]', '[]', '2015-01-01', '', now(), now()
           FROM generate_series(0, 3 * {CONVENTIONS} - 1) AS n;
         ANALYZE establishments, conventions, convention_partners, convention_texts"
    )
}

/// Ten years of reports of schools, nine of ten validated, five lines each. Indexes are put aside
/// meanwhile, and references not looked up.
fn fill_reports(postgres: &Postgres, reports: u64) {
    let aside = postgres.sql(
        "SELECT pg_get_indexdef(indexrelid) || ';' FROM pg_index WHERE indrelid = 'reports'::regclass
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
         UNION ALL SELECT format('ALTER TABLE report_lines ADD CONSTRAINT %I %s;', conname, pg_get_constraintdef(oid))
            FROM pg_constraint WHERE conname = 'report_lines_key'",
    );
    postgres.sql(
        "DO $$ DECLARE one regclass; BEGIN
            FOR one IN SELECT indexrelid FROM pg_index WHERE indrelid = 'reports'::regclass
                AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
            LOOP EXECUTE format('DROP INDEX %s', one); END LOOP;
         END $$;
         ALTER TABLE report_lines DROP CONSTRAINT report_lines_key",
    );
    let yearly = (reports / 10).max(1);
    // Two reports of a year differ in their convention or in their school.
    let school = format!("((n % {yearly}) / {CONVENTIONS} + 500 * (n % 100)) % {SCHOOLS}");
    let id = format!("('{REPORT_PREFIX}' || {FIRST} + n)::uuid");
    run(
        postgres,
        "reports",
        &[format!(
            "SET session_replication_role = replica;
             INSERT INTO reports (id, convention_id, territory, reach, school_year, number, status, establishments, narrative,
                                  authors, submitted_at, validated_at, created_at, updated_at)
             SELECT {id}, ('{CONVENTION_PREFIX}' || {FIRST} + n % {CONVENTIONS})::uuid, 'uai:' || uai, ARRAY['uai:' || uai, academy, 'FR'],
                    2016 + n / {yearly} || '-' || 2017 + n / {yearly}, 1, CASE WHEN n % 10 = 0 THEN 'submitted' ELSE 'validated' END,
                    ARRAY[uai], '{{}}', '{{bench}}', t, CASE WHEN n % 10 > 0 THEN t END, t, t
               FROM (SELECT n, lpad(school::text, 7, '0') || {letter} AS uai, codes[1 + school % 30] AS academy,
                            timestamptz '2016-09-01' + n * interval '5 minutes' AS t
                       FROM generate_series(0, {reports} - 1) AS n, {ACADEMIES} AS academies (codes),
                            LATERAL (SELECT {school} AS school) AS one) AS given",
            letter = uai_letter("school")
        )],
    );
    run(
        postgres,
        "lines",
        &[format!(
            "SET session_replication_role = replica;
             INSERT INTO report_lines (report_id, place, action_type, level, moment, axis, academy, actions, pupils, girls,
                                       priority_education_pupils, teachers, professionals, companies, hours,
                                       internships_offered, internships_filled)
             SELECT {id}, place, (ARRAY['class_talk','company_visit','career_forum','internship_offer','mentoring','mock_interview','contest'])[1 + (n + place) % 7],
                    (ARRAY['6e','5e','4e','3e','2de_gt','cap_1',NULL])[1 + (n / 7 + place) % 7], (ARRAY['career_discovery','pfmp',NULL])[1 + n % 3],
                    (ARRAY['internships','gender_equality','sector_attractiveness',NULL])[1 + place % 4], codes[1 + ({school}) % 30],
                    1 + place, 20 + n % 30, CASE WHEN n % 5 > 0 THEN 10 + n % 10 END, 5, 2, 3, 1, 4,
                    CASE WHEN place = 1 THEN 3 END, CASE WHEN place = 1 THEN 2 END
               FROM generate_series(0, {reports} - 1) AS n, generate_series(1, 5) AS place, {ACADEMIES} AS academies (codes)"
        )],
    );
    let rebuild = format!("SET maintenance_work_mem = '256MB'; {}", aside.replace('\n', " "));
    run(postgres, "their indexes", &[rebuild]);
    // As autovacuum leaves them: figures are read of indexes alone.
    run(postgres, "their statistics", &["VACUUM ANALYZE reports, report_lines".to_owned()]);
    keep_figures(postgres);
    run(postgres, "their statistics", &["VACUUM ANALYZE indicator_cells".to_owned()]);
}

/// Offers in French, one of ten nationwide, four of five with a place, each other with counted sessions.
fn interventions(interventions: u64) -> String {
    let word = |seed: u64| format!("words[1 + abs(hashint8(n * 31 + {seed})) % 48]");
    let title = [1, 2].map(word).join(" || ' ' || ");
    let description = (3..13).map(word).collect::<Vec<_>>().join(" || ' ' || ");
    format!(
        "SET session_replication_role = replica;
         INSERT INTO interventions (id, partner_id, external_id, convention_id, title, description, action_type, levels, moments,
                                    axes, modality, nationwide, territories, held_by, place, sessions, languages, confirmed_at,
                                    created_at, updated_at)
         SELECT ('{INTERVENTION_PREFIX}' || {FIRST} + n)::uuid, ('{ID_PREFIX}' || {FIRST} + n % {CONVENTIONS})::uuid, 'bench-' || n,
                ('{CONVENTION_PREFIX}' || {FIRST} + n % {CONVENTIONS})::uuid, {title}, {description},
                (ARRAY['class_talk','company_visit','career_forum','internship_offer','mentoring'])[1 + n / 7 % 5],
                CASE WHEN n % 3 = 0 THEN '{{3e,2de_gt}}' WHEN n % 3 = 1 THEN '{{4e,3e}}' ELSE '{{cap_1,cap_2}}' END::text[],
                '{{career_discovery}}', '{{internships}}', (ARRAY['in_person','in_person','remote','hybrid'])[1 + n / 3 % 4], n % 10 = 0,
                CASE WHEN n % 10 = 0 THEN '{{}}' ELSE ARRAY[codes[1 + n / 11 % 30]] END,
                CASE WHEN n % 10 = 0 THEN '{{FR}}' ELSE ARRAY[codes[1 + n / 11 % 30], 'FR'] END,
                CASE WHEN n % 5 > 0 THEN jsonb_build_object('label', NULL, 'latitude', 42.5 + n % 837 / 100.0,
                    'longitude', -4.5 + n % 1241 / 100.0, 'radius_km', CASE WHEN n % 2 = 0 THEN 300 END) END,
                CASE WHEN n % 2 = 0 THEN 10 END, '{{fr}}', now(), now(), now()
           FROM generate_series(0::bigint, {interventions} - 1) AS n, {ACADEMIES} AS academies (codes),
                (SELECT ARRAY['métallurgie','ateliers','visite','découverte','métiers','usine','soudure','chaudronnerie','élèves','classe',
                              'stage','ingénieure','robotique','maintenance','production','qualité','énergie','chantier','numérique',
                              'laboratoire','apprentissage','orientation','collège','lycée','bois','menuiserie','boulangerie','cuisine',
                              'service','hôtellerie','tourisme','transport','logistique','conduite','mécanique','automobile','aéronautique',
                              'électronique','informatique','réseaux','santé','soin','aide','commerce','vente','banque','assurance','droit']) AS vocabulary (words);
         ANALYZE interventions"
    )
}
