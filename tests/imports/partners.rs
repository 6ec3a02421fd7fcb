use crate::*;
use ree::integration::imports::partners::{Words, import as partners};

fn words() -> Words {
    let owned = |codes: &[&str]| codes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
    Words::new(
        owned(&["company", "association"]),
        owned(&["energy", "construction", "public_works"]),
        "column;word;code\nnature;entreprise;company\nnature;association;association\n\
         secteur;énergie;energy\nsecteur;BTP;construction\nsecteur;BTP;public_works\n",
    )
}

async fn take(client: &mut Client, file: &str, options: &Options) -> Result<Summary, ImportError> {
    partners(
        client,
        file.as_bytes(),
        &context(),
        &words(),
        options,
        |_| {},
    )
    .await
}

const FILE: &str = "id;nom;sigle;nature;secteur;siren\n\
    20;GRDF;;entreprise;énergie;444786511\n\
    21;Bâtisseurs;BAT;association;BTP;\n";

#[tokio::test]
async fn partners_are_made_once_and_then_updated() {
    let client = &mut fresh().await;
    assert_eq!(counts(take(client, FILE, &DRY).await), [2, 0, 0, 0, 0, 0]);
    assert_eq!(number(client, "SELECT count(*) FROM partners").await, 0);
    assert_eq!(counts(take(client, FILE, &REAL).await), [2, 0, 0, 0, 0, 0]);
    assert_eq!(counts(take(client, FILE, &REAL).await), [0, 0, 2, 0, 0, 0]);
    // By SIREN, then by name whatever its case and accents; empty cells clear nothing.
    let later = "legal_name;acronym;kind;siren;sectors;website\n\
        GRDF SA;;;444786511;;https://grdf.fr\n\
        BATISSEURS;;company;552049447;public_works|construction;\n";
    assert_eq!(counts(take(client, later, &REAL).await), [0, 2, 0, 0, 0, 0]);
    let row = "SELECT string_agg(concat_ws('/', legal_name, acronym, kind, siren, sectors::text, website, version),
               ' ' ORDER BY legal_name COLLATE \"C\") FROM partners";
    assert_eq!(
        text(client, row).await.unwrap(),
        "BATISSEURS/BAT/company/552049447/{construction,public_works}/2 \
         GRDF SA/company/444786511/{energy}/https://grdf.fr/2"
    );
    let fields = "SELECT string_agg(fields::text, ' ' ORDER BY fields::text) FROM audit_events
                  WHERE action = 'partner.updated' AND object_type = 'partner'";
    assert_eq!(
        text(client, fields).await.unwrap(),
        "{legal_name,kind,siren} {legal_name,website}"
    );
    let events = "SELECT count(*) FROM changes c JOIN partners p ON p.id = c.object_id AND c.object_key = p.id::text
                  WHERE (c.type, c.version) IN (('partner.created', 1), ('partner.updated', 2))";
    assert_eq!(number(client, events).await, 4);
    let nulls =
        "SELECT count(*) FROM audit_events WHERE action = 'partner.created' AND before IS NULL";
    assert_eq!(number(client, nulls).await, 2);
}

#[tokio::test]
async fn lines_that_name_no_one_partner_are_refused() {
    let client = &mut fresh().await;
    let file = "nom;nature;secteur;siren;rna\n\
        A;entreprise;;444786511;W751234567\n\
        A;entreprise;;444786511;W751234567\n\
        A bis;entreprise;;444786511;\n\
        B;lune;;;\n\
        B;entreprise;énergie|lune;;\n\
        B;entreprise;;444786512;\n\
        B;;;;\n\
        C;entreprise;;552049447;\n\
        D;entreprise;;552049447;W751234567\n\
        a;association;;542107651;\n\
        A;association;;;\n";
    let summary = take(client, file, &REAL).await.unwrap();
    let refused: Vec<(u64, &str)> = summary.refused.iter().map(|r| (r.line, r.code)).collect();
    assert_eq!(
        refused,
        [
            (4, "duplicate_in_file"),
            (5, "unknown_kind"),
            (6, "unknown_sector"),
            (7, "invalid_siren"),
            (8, "missing_kind"),
            (10, "conflicting_identifiers"),
            // Another SIREN under the same name (line 11) is another partner; the bare name
            // of line 12 is then either of them.
            (12, "ambiguous_name"),
        ]
    );
    assert!(summary.refused[1].detail.contains("lune"));
    assert_eq!(counts(Ok(summary)), [3, 0, 0, 1, 0, 7]);
}

#[tokio::test]
async fn the_example_partners_are_all_understood() {
    let client = &mut fresh().await;
    let file = include_bytes!("../../data/demo/partners.csv");
    let words = Words::of_reference();
    for expected in [[26, 0, 0, 0, 0, 0], [0, 0, 26, 0, 0, 0]] {
        let taken = partners(client, &file[..], &context(), &words, &REAL, |_| {}).await;
        assert_eq!(counts(taken), expected);
    }
}
