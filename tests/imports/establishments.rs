use crate::*;
use ree::integration::imports::establishments::import as annuaire;
use ree::values::uai_key;

const HEADER: &str = "Identifiant_de_l_etablissement;Nom_etablissement;Type_etablissement;\
    Code_departement;Code_academie;Code_region;Voie_generale;Voie_technologique;\
    Voie_professionnelle;Post_BAC;ULIS;etat;Adresse_1;Telephone";

fn file(lines: &[&str]) -> String {
    format!("{HEADER}\n{}\n", lines.join("\n"))
}

fn uai(number: u32) -> String {
    format!("{number:07}{}", uai_key(number))
}

async fn take(client: &mut Client, file: &str, options: &Options) -> Result<Summary, ImportError> {
    annuaire(client, file.as_bytes(), &context(), options, |_| {}).await
}

async fn journal(client: &Client) -> (i64, i64) {
    (
        number(client, "SELECT count(*) FROM audit_events").await,
        number(client, "SELECT count(*) FROM changes").await,
    )
}

const LYCEE: &str = "0311131L;Lycée A;Lycée;031;16;76;1;0;1;;0;OUVERT;1 rue A;0562009510";
const ANNEXE: &str = "0311131L;Lycée A - annexe;Lycée;031;16;76;0;1;;;0;OUVERT;2 rue B;";

#[tokio::test]
async fn lines_of_one_uai_are_one_establishment() {
    let client = &mut fresh().await;
    let first = take(client, &file(&[LYCEE, ANNEXE, LYCEE]), &REAL).await;
    assert_eq!(counts(first), [1, 0, 0, 2, 0, 0]);
    let row = client
        .query_one(
            "SELECT name, academic_region, levels, tracks, sites, version, phone FROM establishments",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(row.get::<_, String>(0), "Lycée A");
    assert_eq!(
        row.get::<_, Option<String>>(1).as_deref(),
        Some("region:76")
    );
    let levels: Vec<String> = row.get(2);
    assert!(levels.contains(&"tle_techno".into()) && levels.contains(&"bts_1".into()));
    let tracks: serde_json::Value = row.get(3);
    assert_eq!(tracks["technological"], true);
    assert_eq!(tracks["ulis"], false);
    assert!(tracks["post_bac"].is_null());
    let sites: serde_json::Value = row.get(4);
    assert_eq!(sites.as_array().unwrap().len(), 1);
    assert_eq!(sites[0]["address"], "2 rue B");
    // The order of the lines says nothing.
    let again = take(client, &file(&[ANNEXE, LYCEE, LYCEE]), &REAL).await;
    assert_eq!(counts(again), [0, 0, 1, 2, 0, 0]);
    assert_eq!(journal(client).await, (1, 1));
    assert_eq!(
        number(client, "SELECT version FROM establishments").await,
        1
    );
}

#[tokio::test]
async fn a_change_is_written_once_with_its_journal() {
    let client = &mut fresh().await;
    take(client, &file(&[LYCEE]), &REAL).await.unwrap();
    let changed = LYCEE.replace("Lycée A", "Lycée B");
    let dry = take(client, &file(&[&changed]), &DRY).await.unwrap();
    assert_eq!(
        text(client, "SELECT name FROM establishments")
            .await
            .unwrap(),
        "Lycée A"
    );
    assert_eq!(journal(client).await, (1, 1));
    let real = take(client, &file(&[&changed]), &REAL).await.unwrap();
    assert_eq!(dry, real);
    assert_eq!(counts(Ok(real)), [0, 1, 0, 0, 0, 0]);
    let audit = client
        .query_one(
            "SELECT a.before, a.after, a.fields, a.subject, a.object_id = e.id, e.version
               FROM audit_events a, establishments e WHERE action = 'establishment.updated'",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(
        audit.get::<_, serde_json::Value>(0),
        serde_json::json!({"name": "Lycée A"})
    );
    assert_eq!(
        audit.get::<_, serde_json::Value>(1),
        serde_json::json!({"name": "Lycée B"})
    );
    assert_eq!(audit.get::<_, Vec<String>>(2), ["name"]);
    assert_eq!(audit.get::<_, String>(3), "cli:test");
    assert!(audit.get::<_, bool>(4));
    assert_eq!(audit.get::<_, i64>(5), 2);
    let event = "SELECT string_agg(type || ' ' || object_key || ' ' || version, ',' ORDER BY seq) FROM changes";
    assert_eq!(
        text(client, event).await.unwrap(),
        "establishment.created 0311131L 1,establishment.updated 0311131L 2"
    );
    let created = "SELECT after ->> 'phone' FROM audit_events WHERE before IS NULL";
    assert_eq!(text(client, created).await.unwrap(), "05 62 00 95 10");
}

#[tokio::test]
async fn a_file_says_nothing_of_the_columns_it_lacks() {
    let client = &mut fresh().await;
    take(client, &file(&[LYCEE]), &REAL).await.unwrap();
    let sibling = "numero_uai;appellation_officielle;nature_uai\n0311131L;Lycée A;306\n";
    assert_eq!(
        counts(take(client, sibling, &REAL).await),
        [0, 1, 0, 0, 0, 0]
    );
    let kept = "SELECT concat_ws('|', phone, address, department, academic_region, nature_code,
                tracks ->> 'general', cardinality(levels)) FROM establishments";
    assert_eq!(
        text(client, kept).await.unwrap(),
        "05 62 00 95 10|1 rue A|department:031|region:76|306|true|13"
    );
    // A column that is there and empty clears; too much of a column, with consent alone.
    let emptied = LYCEE.replace("0562009510", "");
    let refused = take(client, &file(&[&emptied]), &REAL).await.unwrap_err();
    assert!(
        matches!(&refused, ImportError::TooManyCleared { column, clearing: 1, of: 1 } if column == "phone"),
        "{refused}"
    );
    let cleared = take(client, &file(&[&emptied]), &CONFIRMED).await;
    assert_eq!(cleared.as_ref().unwrap().columns["phone"].cleared, 1);
    assert_eq!(counts(cleared), [0, 1, 0, 0, 0, 0]);
    assert_eq!(text(client, "SELECT phone FROM establishments").await, None);
}

#[tokio::test]
async fn what_cannot_be_placed_is_kept() {
    let client = &mut fresh().await;
    let lines = [
        "0311131L;A;Lycée;031;99;;;;;;;OUVERT;;",
        "0090038T;B;Collège;999;10;;;;;;;A OUVRIR;;",
        "0301326D;C;Ecole;;;;;;;;;A FERMER;;",
        "9830002K;D;Lycée;988;40;00;;;;;;FERME;;",
    ];
    assert_eq!(
        counts(take(client, &file(&lines), &REAL).await),
        [4, 0, 0, 0, 0, 0]
    );
    let placed =
        "SELECT string_agg(concat_ws('/', coalesce(department, '-'), coalesce(academy, '-'),
                  coalesce(academic_region, '-'), state), ' ' ORDER BY name) FROM establishments";
    assert_eq!(
        text(client, placed).await.unwrap(),
        "department:031/academy:16/region:76/open -/academy:10/region:84/opening \
         -/-/-/closing department:988/academy:40/-/closed"
    );
}

#[tokio::test]
async fn wrong_lines_are_refused_and_the_others_taken() {
    let client = &mut fresh().await;
    let lines = [
        "0311131K;A;;;;;;;;;;;;",
        "0311131L;;;;;;;;;;;;;",
        "0311131L;A",
        "0311131L;A\0;;;;;;;;;;;;",
        "0311131L;A;;;;;;;;;;PERDU;;",
        "0090038T;B;;;;;;;;;;;;",
    ];
    let summary = take(client, &file(&lines), &REAL).await.unwrap();
    let refused: Vec<(u64, &str)> = summary.refused.iter().map(|r| (r.line, r.code)).collect();
    assert_eq!(
        refused,
        [
            (2, "invalid_uai"),
            (4, "wrong_column_count"),
            (5, "forbidden_character"),
            (6, "unknown_state")
        ]
    );
    assert!(summary.refused[0].detail.contains("0311131L"));
    assert_eq!(counts(Ok(summary)), [2, 0, 0, 0, 0, 4]);
    let headless = take(client, "a;b\n1;2\n", &REAL).await;
    assert!(matches!(headless, Err(ImportError::MissingColumns { .. })));
}

fn lycees(numbers: impl Iterator<Item = u32>) -> String {
    let lines: Vec<String> = numbers
        .map(|n| format!("{};L{n};Lycée;031;16;76;;;;;;OUVERT;;", uai(n)))
        .collect();
    file(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

#[tokio::test]
async fn what_the_file_lacks_is_closed_on_request() {
    let client = &mut fresh().await;
    let college = format!("{};C;Collège;031;16;76;;;;;;OUVERT;;", uai(900));
    take(client, &lycees(1..=40), &REAL).await.unwrap();
    take(client, &file(&[&college]), &REAL).await.unwrap();
    // Left alone when not asked for, refused when too many.
    assert_eq!(
        counts(take(client, &lycees(1..=30), &REAL).await),
        [0, 0, 30, 0, 0, 0]
    );
    let before = journal(client).await;
    let error = take(client, &lycees(1..=37), &CLOSE).await.unwrap_err();
    assert!(
        matches!(error, ImportError::TooManyClosures { closing: 3, of: 40 }),
        "{error}"
    );
    assert_eq!(journal(client).await, before);
    // Two of forty are 5 %; the collège is of a type the file does not cover.
    assert_eq!(
        counts(take(client, &lycees(1..=38), &CLOSE).await),
        [0, 0, 38, 0, 2, 0]
    );
    let closed =
        "SELECT string_agg(name, ',' ORDER BY name) FROM establishments WHERE state = 'closed'";
    assert_eq!(text(client, closed).await.unwrap(), "L39,L40");
    let events = "SELECT count(*) FROM changes WHERE type = 'establishment.closed' AND version = 2";
    assert_eq!(number(client, events).await, 2);
    let audits = "SELECT count(*) FROM audit_events WHERE action = 'establishment.closed' \
                  AND fields = '{state}' AND before = '{\"state\": \"open\"}'";
    assert_eq!(number(client, audits).await, 2);
    assert_eq!(
        counts(take(client, &lycees(1..=38), &CLOSE).await),
        [0, 0, 38, 0, 0, 0]
    );
    // A refused line is in the file: its school is not missing. A later file reopens a school.
    let spoilt = lycees(1..=39).replace(
        ";L38;Lycée;031;16;76;;;;;;OUVERT",
        ";L38;Lycée;031;16;76;;;;;;PERDU",
    );
    assert_eq!(
        counts(take(client, &spoilt, &CLOSE).await),
        [0, 1, 37, 0, 0, 1]
    );
    assert_eq!(text(client, closed).await.unwrap(), "L40");
}

#[tokio::test]
async fn two_imports_do_not_run_together() {
    let client = &mut fresh().await;
    let (mut other, _alive) = client.database.connector.plain().await.unwrap();
    let transaction = other.transaction().await.unwrap();
    ree::integration::imports::store::begin(&transaction)
        .await
        .unwrap();
    let error = take(client, &file(&[LYCEE]), &REAL).await.unwrap_err();
    assert!(matches!(error, ImportError::Busy));
    transaction.rollback().await.unwrap();
    assert_eq!(counts(take(client, &file(&[LYCEE]), &REAL).await)[0], 1);
}

const EXTRACT: &[u8] = include_bytes!("../../data/demo/annuaire.csv.gz");
const OLDER_HEADER: &[u8] = include_bytes!("../../data/demo/annuaire_2023_header.csv");

#[tokio::test]
async fn the_extract_of_the_directory_is_taken_whole_and_once() {
    let client = &mut fresh().await;
    let first = annuaire(client, EXTRACT, &context(), &REAL, |_| {}).await;
    // Two schools have no name yet: they are kept.
    assert_eq!(counts(first), [1446, 0, 0, 42, 0, 0]);
    let again = annuaire(client, EXTRACT, &context(), &CLOSE, |_| {}).await;
    assert_eq!(counts(again), [0, 0, 1446, 42, 0, 0]);
    assert_eq!(journal(client).await, (1446, 1446));
    let lost = "SELECT count(*) FROM establishments WHERE academy IS NULL OR department IS NULL";
    assert_eq!(number(client, lost).await, 0);
    // The same schools in an older edition's dress, where one lacks its second site.
    let older = annuaire(client, OLDER_HEADER, &context(), &DRY, |_| {}).await;
    assert_eq!(counts(older), [0, 1, 41, 3, 0, 0]);
}

#[tokio::test]
async fn the_tree_of_territories_has_the_schools_as_leaves() {
    let client = &mut fresh().await;
    take(client, &file(&[LYCEE]), &REAL).await.unwrap();
    let path = "WITH RECURSIVE up AS (
                    SELECT code, parent, 1 AS height FROM territory_tree WHERE code = 'uai:0311131L'
                    UNION ALL
                    SELECT t.code, t.parent, height + 1 FROM up JOIN territory_tree t ON t.code = up.parent)
                SELECT string_agg(code, ' ' ORDER BY height) FROM up";
    assert_eq!(
        text(client, path).await.unwrap(),
        "uai:0311131L department:031 academy:16 region:76 FR"
    );
}

#[tokio::test]
async fn whoever_had_a_school_in_charge_no_longer_has_once_the_directory_moves_it() {
    let client = &mut fresh().await;
    let header = "Identifiant_de_l_etablissement;Nom_etablissement;Type_etablissement;Code_departement;Code_academie;etat\n";
    let line = |academy: &str, department: &str| {
        format!("{header}0690001B;Lycée A;Lycée;{department};{academy};OUVERT\n")
    };
    take(client, &line("10", "069"), &REAL).await.unwrap();
    let about = "
        INSERT INTO partners (id, legal_name, kind, sectors, member_of, created_at, updated_at)
            VALUES ('00000000-0000-7000-8000-000000000001', 'A', 'company', '{}', '{}', now(), now());
        INSERT INTO representatives (id, partner_id, name, territories, reach, created_at, updated_at)
            SELECT gen_random_uuid(), id, 'B', '{uai:0690001B,academy:09}', reach_of('{uai:0690001B,academy:09}'), now(), now() FROM partners;
        INSERT INTO conventions (id, reference, status, title, kind, scope, territory, reach, partner_ids, axes, action_types, levels,
                moments, starts_on, terms, publication, signatories, voided_signatures, signed_on, content_hash, created_at, updated_at)
            SELECT '00000000-0000-7000-8000-000000000002', 'CL', 'signed', 'C', 'charter', 'local', 'uai:0690001B',
                   reach_of('{uai:0690001B}'), ARRAY[id], '{}', '{}', '{}', '{}', '2020-01-01', '{}', '{}', '[]', '[]', '2020-01-01', 'x', now(), now()
              FROM partners;
        INSERT INTO reports (id, convention_id, territory, reach, school_year, number, establishments, narrative, authors, created_at, updated_at)
            SELECT gen_random_uuid(), id, territory, reach, '2025-2026', 1, '{}', '{}', '{}', now(), now() FROM conventions;
        INSERT INTO contacts (id, territory, reach, role, created_at, updated_at)
            SELECT gen_random_uuid(), territory, reach, 'bde', now(), now() FROM conventions;
        INSERT INTO solicitations (id, uai, reach, partner_id, levels, created_at, updated_at)
            SELECT gen_random_uuid(), '0690001B', reach, partner_ids[1], '{3e}', now(), now() FROM conventions;";
    client.batch_execute(about).await.unwrap();
    let reach = "SELECT concat_ws(' ', (SELECT reach FROM representatives), (SELECT reach FROM conventions), (SELECT reach FROM reports), (SELECT reach FROM contacts),\n        (SELECT reach FROM solicitations))";
    let lyon = "{FR,academy:10,department:069,region:84,uai:0690001B}";
    assert_eq!(
        text(client, reach).await.unwrap(),
        format!(
            "{{FR,academy:09,academy:10,department:069,region:32,region:84,uai:0690001B}} {lyon} {lyon} {lyon} {lyon}"
        )
    );
    take(client, &line("08", "038"), &REAL).await.unwrap();
    let grenoble = "{FR,academy:08,department:038,region:84,uai:0690001B}";
    assert_eq!(
        text(client, reach).await.unwrap(),
        format!(
            "{{FR,academy:08,academy:09,department:038,region:32,region:84,uai:0690001B}} {grenoble} {grenoble} {grenoble} {grenoble}"
        )
    );
    let told = "SELECT string_agg(DISTINCT type, ' ' ORDER BY type) FROM changes WHERE type LIKE '%.moved'";
    assert_eq!(
        text(client, told).await.unwrap(),
        "contact.moved convention.moved report.moved representative.moved solicitation.moved"
    );
    let to = "SELECT string_agg(DISTINCT array_to_string(ARRAY(SELECT unnest(audience) ORDER BY 1), ' '), '; ')
                FROM changes WHERE type LIKE '%.moved'";
    assert_eq!(
        text(client, to).await.unwrap(),
        "within:academy:08 within:academy:10 within:department:038 within:department:069"
    );
}
