use crate::*;
use ree::integration::imports::conventions::import as conventions;
use ree::integration::imports::partners::{Words, import as partners};

const PARTNERS: &[u8] = include_bytes!("../../data/demo/partners.csv");
const CONVENTIONS: &[u8] = include_bytes!("../../data/demo/conventions.csv");

async fn with_partners() -> Fresh {
    let mut client = fresh().await;
    partners(
        &mut client,
        PARTNERS,
        &context(),
        &Words::of_reference(),
        &REAL,
        |_| {},
    )
    .await
    .unwrap();
    client
}

async fn take(client: &mut Client, file: &[u8], options: &Options) -> Result<Summary, ImportError> {
    conventions(client, file, &context(), options, |_| {}).await
}

const HEADER: &str = "id;partenaires_ids;type;niveau;territoire;date_signature;precision_date;annee_fin;nor;source\n";

#[tokio::test]
async fn the_real_conventions_are_taken_whole_once() {
    let client = &mut with_partners().await;
    assert_eq!(
        counts(take(client, CONVENTIONS, &DRY).await),
        [23, 0, 0, 0, 0, 0]
    );
    assert_eq!(number(client, "SELECT count(*) FROM conventions").await, 0);
    assert_eq!(
        counts(take(client, CONVENTIONS, &REAL).await),
        [23, 0, 0, 0, 0, 0]
    );
    assert_eq!(
        counts(take(client, CONVENTIONS, &REAL).await),
        [0, 0, 23, 0, 0, 0]
    );
    assert_eq!(
        number(
            client,
            "SELECT count(*) FROM changes WHERE type = 'convention.created'"
        )
        .await,
        23
    );
    assert_eq!(
        number(
            client,
            "SELECT count(*) FROM audit_events WHERE action = 'convention.created'"
        )
        .await,
        23
    );
    let local = "SELECT string_agg(reference || ' ' || territory, ', ' ORDER BY reference) FROM conventions WHERE scope = 'local'";
    let year = Utc::now().format("%Y").to_string();
    assert_eq!(
        text(client, local).await.unwrap(),
        format!(
            "CL-A09-2016-0001 academy:09, CL-R11-{year}-0001 region:11, CL-R27-2021-0001 region:27"
        )
    );
    let same_year = "SELECT string_agg(reference, ' ' ORDER BY reference) FROM conventions WHERE reference LIKE 'CN-2003-%'";
    assert_eq!(
        text(client, same_year).await.unwrap(),
        "CN-2003-0001 CN-2003-0002 CN-2003-0003 CN-2003-0004"
    );
    let title = "SELECT title FROM conventions WHERE imported ->> 'source_id' = '10'";
    assert_eq!(
        text(client, title).await.unwrap(),
        "Convention-cadre de coopération : UIMM, OPCAIM"
    );
}

#[tokio::test]
async fn old_conventions_enter_as_expired_and_nothing_is_guessed() {
    let client = &mut with_partners().await;
    take(client, CONVENTIONS, &REAL).await.unwrap();
    let on = |day: &str| {
        format!(
            "SELECT string_agg(status || ' ' || n, ', ' ORDER BY status) FROM (
                SELECT coalesce(convention_effective_status(status, starts_on, in_force_until, termination, replaced_on, '{day}'), 'unsigned') AS status,
                       count(*) AS n FROM conventions GROUP BY 1) AS s"
        )
    };
    assert_eq!(
        text(client, &on("2026-11-23")).await.unwrap(),
        "expired 22, unsigned 1"
    );
    // To the year: in force that year, as far as the source tells; the one with an end, until it.
    assert_eq!(
        text(client, &on("2005-06-01")).await.unwrap(),
        "expired 8, in_force 1, unsigned 1, upcoming 13"
    );
    assert_eq!(
        text(client, &on("2021-12-31")).await.unwrap(),
        "expired 21, in_force 1, unsigned 1"
    );
    let uncertain = "SELECT string_agg(concat_ws(' ', imported ->> 'source_id', starts_on, ends_on, imported ->> 'date_precision', status), ', '
                               ORDER BY (imported ->> 'source_id')::int)
                       FROM conventions WHERE imported ->> 'date_precision' IS DISTINCT FROM 'day'";
    assert_eq!(
        text(client, uncertain).await.unwrap(),
        "8 2005-01-01 year signed, 14 2011-01-01 year signed, 18 signed, 21 2016-01-01 2021-12-31 year signed, 22 2018-01-01 year draft"
    );
    let ends = "SELECT count(*) FROM conventions WHERE ends_on IS NOT NULL";
    assert_eq!(number(client, ends).await, 1);
}

#[tokio::test]
async fn a_line_that_cannot_be_taken_is_refused_with_its_reason() {
    let client = &mut with_partners().await;
    let file = format!(
        "{HEADER}1;999;convention;national;;2005;année;;;
2;2|3;traité;national;;2005;année;;;
3;;convention;national;;2005;année;;;
4;2;convention;commune;;2005;année;;;
5;2;convention;académie;Lille;2005;année;;;
6;2;convention;national;;2005-13-01;jour;;;
7;2;convention;national;;2005;jour;;;
8;2;convention;national;;2005;année;20O7;;
9;2;convention;national;;2005;année;;MENE1;
10;2;convention;national;;2005;année;;;a
10;2;convention;national;;2005;année;;;a
10;2;convention;national;;2006;année;;;a
"
    );
    let summary = take(client, file.as_bytes(), &REAL).await.unwrap();
    let refused: Vec<(u64, &str)> = summary.refused.iter().map(|r| (r.line, r.code)).collect();
    assert_eq!(
        refused,
        [
            (2, "unknown_partner"),
            (3, "unknown_kind"),
            (4, "missing_value"),
            (5, "unknown_level"),
            (6, "unknown_territory"),
            (7, "invalid_date"),
            (8, "conflicting_precision"),
            (9, "invalid_year"),
            (10, "invalid_nor"),
            (13, "duplicate_in_file"),
        ]
    );
    assert_eq!((summary.read, summary.inserted, summary.merged), (12, 1, 1));
    let lacking = take(client, b"nom;type\nA;charte\n", &REAL).await;
    assert!(matches!(lacking, Err(ImportError::MissingColumns { .. })));
}

#[tokio::test]
async fn a_later_file_completes_and_what_people_said_since_stays() {
    let client = &mut with_partners().await;
    let first = format!("{HEADER}1;2;accord-cadre;national;;2005;année;;;\n");
    take(client, first.as_bytes(), &REAL).await.unwrap();
    let later = format!(
        "{HEADER}1;2;accord-cadre;national;;2005;année;2008;MENE0501234X;BO n° 3 de 2005\n"
    );
    assert_eq!(
        counts(take(client, later.as_bytes(), &REAL).await),
        [0, 1, 0, 0, 0, 0]
    );
    let row = "SELECT concat_ws(' ', ends_on, in_force_until, publication ->> 'nor', version, (SELECT fields FROM audit_events
                 WHERE action = 'convention.updated')) FROM conventions";
    assert_eq!(
        text(client, row).await.unwrap(),
        "2008-12-31 2008-12-31 MENE0501234X 2 {ends_on,nor,bulletin_reference}"
    );
    client
        .execute("UPDATE conventions SET starts_on = '2005-03-04', imported = imported || '{\"date_precision\": \"day\"}'", &[])
        .await
        .unwrap();
    assert_eq!(
        counts(take(client, later.as_bytes(), &REAL).await),
        [0, 0, 1, 0, 0, 0]
    );
    let other = format!("{HEADER}1;3;accord-cadre;national;;2005;année;;;\n");
    let summary = take(client, other.as_bytes(), &REAL).await.unwrap();
    assert_eq!(summary.refused[0].code, "id_taken");
}

#[tokio::test]
async fn a_list_tells_what_was_agreed_beside_the_acts_or_after_them() {
    let client = &mut with_partners().await;
    take(client, CONVENTIONS, &REAL).await.unwrap();
    let agreed = "id_convention;axes;types_action;niveaux;moments;suivi;remarque
10;career_discovery|internships;company_visit;3e|2de_gt;;yearly|committee|indicators;lycéens
11;;company_visits;;;;
900;career_discovery;;;;;
";
    let summary = take(client, agreed.as_bytes(), &REAL).await.unwrap();
    let refused: Vec<_> = summary.refused.iter().map(|r| (r.line, r.code)).collect();
    assert_eq!(refused, [(3, "unknown_code"), (4, "unknown_convention")]);
    let detail = &summary.refused[0].detail;
    assert!(detail.ends_with("company_visit."), "the nearest: {detail}");
    assert_eq!(summary.updated, 1);
    assert_eq!(summary.columns["follow_up"].ignored, 1);
    assert_eq!(summary.unused_columns[0].column, "remarque");
    let row =
        "SELECT concat_ws('|', axes, action_types, levels, terms -> 'follow_up' ->> 'periodicity',
                      terms -> 'follow_up' ->> 'committee' IS NOT NULL)
                 FROM conventions WHERE imported ->> 'source_id' = '10'";
    let expected = "{career_discovery,internships}|{company_visit}|{3e,2de_gt}|yearly|t";
    assert_eq!(text(client, row).await.unwrap(), expected);
    // Neither file undoes the other.
    let again = take(client, agreed.as_bytes(), &REAL).await.unwrap();
    assert_eq!((again.updated, again.unchanged), (0, 1));
    assert_eq!(
        counts(take(client, CONVENTIONS, &REAL).await),
        [0, 0, 23, 0, 0, 0]
    );
    assert_eq!(text(client, row).await.unwrap(), expected);
    // One list may tell both.
    let both = format!(
        "{},axes,suivi,date_fin\n901,1,accord-cadre,national,,31/01/2020,jour,2022.0,,,internships,none,30/06/2022\n",
        HEADER.trim_end().replace(';', ",")
    );
    let summary = take(client, both.as_bytes(), &REAL).await.unwrap();
    assert_eq!(
        (summary.inserted, summary.refused.len()),
        (1, 0),
        "{summary:?}"
    );
    let repaired = ["starts_on", "ends_on"].map(|name| summary.columns[name].repaired);
    assert_eq!(repaired, [1, 2]);
    let row = "SELECT concat_ws('|', starts_on, ends_on, axes) FROM conventions WHERE imported ->> 'source_id' = '901'";
    assert_eq!(
        text(client, row).await.unwrap(),
        "2020-01-31|2022-06-30|{internships}"
    );
    // The year alone says nothing against the day in it.
    let year = both.replace(",30/06/2022", ",");
    assert_eq!(
        take(client, year.as_bytes(), &REAL)
            .await
            .unwrap()
            .unchanged,
        1
    );
}

#[tokio::test]
async fn conventions_of_a_department_and_of_a_school_are_taken() {
    let client = &mut with_partners().await;
    let lines = format!(
        "{HEADER}902;1;convention;département;82 Tarn-et-Garonne;2020;;;;
903;1;convention;établissement;0820021C Lycée;2020;;;;
"
    );
    let summary = take(client, lines.as_bytes(), &REAL).await.unwrap();
    assert_eq!(summary.refused[0].code, "unknown_establishment");
    let school = "uai;nom_etablissement;code_departement;code_academie\n0820021C;Lycée;082;16\n";
    ree::integration::imports::establishments::import(
        client,
        school.as_bytes(),
        &context(),
        &REAL,
        |_| {},
    )
    .await
    .unwrap();
    assert_eq!(
        counts(take(client, lines.as_bytes(), &REAL).await),
        [1, 0, 1, 0, 0, 0]
    );
    let rows = "SELECT string_agg(concat_ws('|', reference, territory, array_to_string(reach, ' ')), E'\n' ORDER BY reference) FROM conventions";
    assert_eq!(
        text(client, rows).await.unwrap(),
        "CL-0820021C-2020-0001|uai:0820021C|FR academy:16 department:082 region:76 uai:0820021C\n\
         CL-D082-2020-0001|department:082|FR academy:16 department:082 region:76"
    );
}
