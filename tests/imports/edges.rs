//! Files as people and spreadsheets make them: what cannot be read is not empty.

use crate::*;
use ree::integration::imports::establishments::import as annuaire;
use ree::integration::imports::partners::{Words, import as partners};

async fn take(
    client: &mut Client,
    file: impl AsRef<[u8]>,
    options: &Options,
) -> Result<Summary, ImportError> {
    annuaire(client, file.as_ref(), &context(), options, |_| {}).await
}

const HEADER: &str = "Identifiant_de_l_etablissement;Nom_etablissement;Type_etablissement;Statut_public_prive;Adresse_1;\
    Code_postal;Code_commune;Nom_commune;Code_departement;Code_academie;latitude;longitude;Telephone;Mail;SIREN_SIRET;\
    Voie_generale;Appartenance_Education_Prioritaire;code_nature;etablissement_mere;date_maj_ligne;etat;\
    Type_contrat_prive;Web;Voie_technologique;Voie_professionnelle;Segpa;ULIS;Post_BAC";
const SCHOOL: &str = "0240016M;Collège Arnault de Mareuil;Collège;Public;1 rue A;24340;24253;Mareuil;024;04;45.1;0.5;\
    05 53 60 90 50;a@ac-bordeaux.fr;19301326500015;1;REP;340;0311968W;2026-05-27;FERME;\
    CONTRAT D'ASSOCIATION;www.mareuil.fr;1;0;1;1;0";

fn file(line: &str) -> String {
    format!("{HEADER}\n{line}\n")
}

/// The column of the file, the stored one, what it says damaged and what that is repaired to (where
/// something can be), and what it says unreadable (of a free text, nothing is).
const COLUMNS: &[(&str, &str, &str, &str, &str)] = &[
    ("Nom_etablissement", "name", "", "", ""),
    ("Type_etablissement", "type", "", "", ""),
    ("Adresse_1", "address", "", "", ""),
    ("Nom_commune", "city", "", "", ""),
    ("Type_contrat_prive", "contract", "", "", ""),
    ("Web", "website", "", "", ""),
    ("longitude", "longitude", "0,5", "0.5", "190"),
    ("Voie_technologique", "technological", "1,0", "true", "x"),
    ("Voie_professionnelle", "vocational", "0.0", "false", "non"),
    ("Segpa", "segpa", "1.0", "true", "VRAI"),
    ("ULIS", "ulis", "1.0", "true", "2"),
    ("Post_BAC", "post_bac", "0.0", "false", "-"),
    ("Statut_public_prive", "sector", "", "", "Semi"),
    ("Code_postal", "postal_code", "24340.0", "24340", "2,434E+4"),
    ("Code_commune", "city_code", "24253.0", "24253", "#N/A"),
    (
        "Code_departement",
        "department",
        "24",
        "department:024",
        "999",
    ),
    ("Code_academie", "academy", "4", "academy:04", "#REF!"),
    ("latitude", "latitude", "45,1", "45.1", "143.1"),
    (
        "Telephone",
        "phone",
        "553609050",
        "05 53 60 90 50",
        "5,5E+08",
    ),
    ("Mail", "email", "", "", "a@ - b"),
    ("SIREN_SIRET", "siret", "", "", "1,92401E+13"),
    ("Voie_generale", "general", "1.0", "true", "oui"),
    (
        "Appartenance_Education_Prioritaire",
        "priority_education",
        "",
        "",
        "peut-être",
    ),
    ("code_nature", "nature_code", "340.0", "340", "x"),
    ("etablissement_mere", "parent_uai", "", "", "0311968A"),
    (
        "date_maj_ligne",
        "source_updated_on",
        "27/05/2026",
        "2026-05-27",
        "46169",
    ),
];

fn stored(column: &str) -> String {
    let members = "to_jsonb(e) || e.tracks";
    format!("SELECT ({members}) ->> '{column}' FROM establishments e")
}

fn with(column: &str, cell: &str) -> String {
    let place = HEADER.split(';').position(|name| name == column).unwrap();
    let mut cells: Vec<&str> = SCHOOL.split(';').collect();
    *cells.get_mut(place).unwrap() = cell;
    cells.join(";")
}

#[tokio::test]
async fn each_column_of_the_directory_missing_unreadable_damaged_or_older() {
    let client = &mut fresh().await;
    take(client, file(SCHOOL), &REAL).await.unwrap();
    let whole = "SELECT to_jsonb(e)::text FROM establishments e";
    let before = text(client, whole).await;
    for (column, name, damaged, repaired, unreadable) in COLUMNS {
        let known = text(client, &stored(name)).await;
        assert!(known.is_some(), "{name}");
        // Missing: the file says nothing of it, and without a name it is no directory.
        let missing = file(SCHOOL).replace(column, "autre_chose");
        match take(client, &missing, &REAL).await {
            Ok(summary) => assert_eq!(summary.unchanged, 1, "{name} missing"),
            Err(error) => assert!(
                *name == "name" && matches!(error, ImportError::MissingColumns { .. }),
                "{name} missing: {error}"
            ),
        }
        // Unreadable: nothing either, and it is told.
        if !unreadable.is_empty() {
            let line = with(column, unreadable);
            let summary = take(client, file(&line), &REAL).await.unwrap();
            assert_eq!(summary.unchanged, 1, "{name} unreadable");
            let told: u64 = summary.columns.values().map(|column| column.kept).sum();
            assert_eq!(told, 1, "{name} unreadable: {:?}", summary.columns);
        }
        // Damaged so that it can only have been one value: repaired, and told.
        if !damaged.is_empty() {
            let summary = take(client, file(&with(column, damaged)), &REAL)
                .await
                .unwrap();
            assert_eq!(
                (summary.unchanged, known.as_deref()),
                (1, Some(*repaired)),
                "{name} damaged"
            );
            let told: u64 = summary.columns.values().map(|column| column.repaired).sum();
            assert_eq!(told, 1, "{name} damaged");
        }
        assert_eq!(text(client, whole).await, before, "{name}");
    }
    // A state that cannot be read refuses the line: a guess would open or close a school.
    let summary = take(client, file(&with("etat", "?")), &REAL).await.unwrap();
    assert_eq!(summary.refused[0].code, "unknown_state");
    let summary = take(client, file(SCHOOL).replace("etat", "x"), &REAL).await;
    assert_eq!(summary.unwrap().unchanged, 1);
    assert_eq!(text(client, whole).await, before);
    // An older line replaces and clears nothing, and completes what is not known.
    let older = "0240016M;Autre nom;Lycée;Privé;2 rue B;33000;33063;Bordeaux;033;10;44.1;0.1;05 00 00 00 00;\
        b@ac-bordeaux.fr;;0;;306;;2025-05-27;OUVERT;;www.autre.fr;0;1;0;0;1";
    let summary = take(client, file(older), &REAL).await.unwrap();
    assert_eq!(text(client, whole).await, before);
    assert_eq!(summary.columns["department"].kept, 1);
    assert_eq!(summary.columns["state"].kept, 1);
    client
        .execute("UPDATE establishments SET phone = NULL", &[])
        .await
        .unwrap();
    assert_eq!(take(client, file(older), &REAL).await.unwrap().updated, 1);
    assert_eq!(
        text(client, &stored("phone")).await.unwrap(),
        "05 00 00 00 00"
    );
}

#[tokio::test]
async fn no_column_of_a_school_is_left_out_of_that_table() {
    let client = &mut fresh().await;
    take(client, file(SCHOOL), &REAL).await.unwrap();
    // What follows from others, or is the register's own.
    let own =
        "{id,uai,state,created_at,updated_at,version,tracks,levels,sites,academic_region,search}";
    let all = format!(
        "SELECT string_agg(key, ',') FROM establishments e,
                jsonb_object_keys((to_jsonb(e) || e.tracks) - '{own}'::text[]) AS key"
    );
    let all = text(client, &all).await.unwrap();
    let unheard: Vec<&str> = all
        .split(',')
        .filter(|key| COLUMNS.iter().all(|(_, name, ..)| name != key))
        .collect();
    assert_eq!(unheard, [""; 0]);
}

#[tokio::test]
async fn a_file_is_of_the_day_of_its_edition_where_its_lines_tell_none() {
    let client = &mut fresh().await;
    let edition = |day: &str| Options {
        list: List {
            source: String::new(),
            edition: Some(day.parse().unwrap()),
        },
        ..REAL
    };
    let named = |name: &str| format!("uai;nom_etablissement\n0240016M;{name}\n");
    take(client, named("Collège A"), &edition("2026-05-27"))
        .await
        .unwrap();
    let summary = take(client, named("Collège B"), &edition("2025-05-27"))
        .await
        .unwrap();
    assert_eq!(summary.unchanged, 1);
    assert_eq!(text(client, &stored("name")).await.unwrap(), "Collège A");
    let summary = take(client, named("Collège C"), &edition("2026-06-27"))
        .await
        .unwrap();
    assert_eq!(summary.updated, 1);
    assert_eq!(summary.edition, Some("2026-06-27".parse().unwrap()));
    // Lines that tell their day are of that day, and the summary says which days there are.
    let summary = take(client, file(SCHOOL), &edition("2026-07-01"))
        .await
        .unwrap();
    let day = "2026-05-27".parse().unwrap();
    assert_eq!(summary.lines_dated, Some((day, day)));
    assert_eq!(text(client, &stored("name")).await.unwrap(), "Collège C");
}

#[tokio::test]
async fn extracts_of_sirene_and_of_the_register_of_associations_are_lists_of_partners() {
    let client = &mut fresh().await;
    let words = Words::of_reference();
    let associations = "id;id_ex;siret;rup_mi;nature;titre;titre_court;objet;siteweb;maj_time
W751000001;;44478651100014;;D;LES AMIS DES METIERS;AMIS;faire découvrir;www.amis.fr;2026-01-31
751;;;;D;SANS NUMERO;;;;
";
    let sirene = "siren;statutDiffusionUniteLegale;sigleUniteLegale;identifiantAssociationUniteLegale;denominationUniteLegale;categorieJuridiqueUniteLegale
444786511;O;AMIS;W751000001;LES AMIS DES METIERS;9220
552081317;O;EDF;;ELECTRICITE DE FRANCE;5599
";
    let take = async |client: &mut Client, file: &str| {
        partners(client, file.as_bytes(), &context(), &words, &REAL, |_| {}).await
    };
    let summary = take(client, associations).await.unwrap();
    assert_eq!(summary.refused[0].code, "invalid_rna");
    assert_eq!(
        (summary.inserted, summary.columns["website"].repaired),
        (1, 1)
    );
    let summary = take(client, sirene).await.unwrap();
    assert_eq!((summary.inserted, summary.unchanged), (1, 1));
    let rows = "SELECT string_agg(concat_ws('|', legal_name, acronym, kind, siren, rna, website), E'\n' ORDER BY siren) FROM partners";
    assert_eq!(
        text(client, rows).await.unwrap(),
        "LES AMIS DES METIERS|AMIS|association|444786511|W751000001|https://www.amis.fr\n\
         ELECTRICITE DE FRANCE|EDF|company|552081317"
    );
}

#[tokio::test]
async fn a_directory_that_a_spreadsheet_saved_takes_no_school_out_of_its_academy() {
    let client = &mut fresh().await;
    take(client, file(SCHOOL), &REAL).await.unwrap();
    let saved = "Identifiant_de_l_etablissement;Nom_etablissement;Type_etablissement;Code_postal;Code_commune;Nom_commune;Code_departement;Code_academie;Telephone;SIREN_SIRET;date_maj_ligne;etat
0240016M;Collège Arnault de Mareuil;Collège;24340;24253;Mareuil en Périgord;24;4;553609050;1,92401E+13;27/05/2026;OUVERT
";
    let summary = take(client, saved, &REAL).await.unwrap();
    let row = "SELECT concat_ws('|', department, academy, academic_region, siret, phone, city, source_updated_on, state) FROM establishments";
    assert_eq!(
        text(client, row).await.unwrap(),
        "department:024|academy:04|region:75|19301326500015|05 53 60 90 50|Mareuil en Périgord|2026-05-27|open"
    );
    let repaired = |name: &str| summary.columns[name].repaired;
    assert_eq!(
        ["department", "academy", "phone", "source_updated_on"].map(repaired),
        [1; 4]
    );
    assert_eq!(summary.columns["siret"].kept, 1);
    assert_eq!(take(client, saved, &REAL).await.unwrap().unchanged, 1);
}

#[tokio::test]
async fn a_closed_school_is_not_reopened_by_a_file_that_does_not_speak_of_it() {
    let client = &mut fresh().await;
    take(client, file(SCHOOL), &REAL).await.unwrap();
    take(client, "uai;nom_etablissement\n0240016M;Collège\n", &REAL)
        .await
        .unwrap();
    take(
        client,
        "uai;nom_etablissement;etat\n0240016M;Collège;\n",
        &REAL,
    )
    .await
    .unwrap();
    assert_eq!(text(client, &stored("state")).await.unwrap(), "closed");
}

#[tokio::test]
async fn a_quote_that_is_never_closed_closes_no_school() {
    let client = &mut fresh().await;
    let header = "Identifiant_de_l_etablissement;Nom_etablissement;Type_etablissement;Code_departement;Code_academie;etat\n";
    let line = |uai: &str| format!("{uai};Collège;Collège;024;04;OUVERT\n");
    let all = format!(
        "{header}{}{}{}",
        line("0240004Z"),
        line("0240016M"),
        line("0240047W")
    );
    take(client, &all, &REAL).await.unwrap();
    let spoilt = all.replace("0240016M;Coll", "0240016M;\"Coll");
    let confirmed = Options {
        confirm: true,
        ..CLOSE
    };
    let error = take(client, &spoilt, &confirmed).await.unwrap_err();
    assert!(
        matches!(error, ImportError::UnclosedQuote { line: 3 }),
        "{error}"
    );
    let open = "SELECT count(*) FROM establishments WHERE state = 'open'";
    assert_eq!(number(client, open).await, 3);
}

#[tokio::test]
async fn files_of_any_encoding_and_edition_are_read_and_named() {
    let client = &mut fresh().await;
    let text_of = "Code établissement;Appellation officielle;Secteur Public/Privé;Adresse;Lieu dit;Code postal;Commune;Code nature;Etat établissement;Code département;Code académie;Code commune;Position
0240016M;Collège Arnault de Mareuil;Public;1 rue A;Le bourg;24340;Mareuil;340;OUVERT;024;04;24253;45.1, 0.5
;;;;;;;;;;;;
";
    let utf16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(text_of.encode_utf16())
        .flat_map(u16::to_be_bytes)
        .collect();
    let windows: Vec<u8> = text_of
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    for (bytes, encoding, counted) in [
        (text_of.as_bytes(), "UTF-8", [1, 0, 0, 0, 0, 0]),
        (utf16.as_slice(), "UTF-16", [0, 0, 1, 0, 0, 0]),
        (windows.as_slice(), "Windows-1252", [0, 0, 1, 0, 0, 0]),
    ] {
        let summary = take(client, bytes, &REAL).await.unwrap();
        assert_eq!(summary.encoding, encoding);
        assert_eq!(counts(Ok(summary)), counted);
    }
    let row = "SELECT concat_ws('|', name, type, sector, address, city, city_code, state, latitude) FROM establishments";
    assert_eq!(
        text(client, row).await.unwrap(),
        "Collège Arnault de Mareuil|Collège|public|1 rue A, Le bourg|Mareuil|24253|open|45.1"
    );
}

#[tokio::test]
async fn a_column_that_is_not_used_is_named_with_the_one_that_was_meant() {
    let client = &mut fresh().await;
    let file = "nom;nature;sirn\nOrganisme Iota;association;732829320\n\u{200b};association;\n";
    let words = Words::of_reference();
    let summary = partners(client, file.as_bytes(), &context(), &words, &REAL, |_| {})
        .await
        .unwrap();
    let unused = &summary.unused_columns[0];
    assert_eq!(
        (unused.column.as_str(), unused.nearest.as_deref()),
        ("sirn", Some("siren"))
    );
    // A name that nobody can see is none.
    assert_eq!(summary.refused[0].code, "missing_name");
    let directory = HEADER
        .replace("Telephone", "Telefone")
        .replace("latitude", "Fax");
    let summary = take(client, format!("{directory}\n{SCHOOL}\n"), &REAL)
        .await
        .unwrap();
    let unused: Vec<_> = summary
        .unused_columns
        .iter()
        .map(|one| one.column.as_str())
        .collect();
    assert_eq!(unused, ["Telefone"]);
}
