use super::{EDITION, FILES, digest, edition, stamp};

/// The digest of this edition.
const DIGEST: &str = "a2aa20616fdad76f4617aa7fbb30f6368a2243343ef916581ae5eeed605db23d";

#[test]
fn a_change_of_the_files_is_a_new_edition() {
    assert_eq!(
        digest(),
        DIGEST,
        "the files of edition {EDITION} changed: if main has that edition, the change is the next \
         one; write its digest here"
    );
}

#[test]
fn every_file_is_loaded() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db/functions");
    let mut files: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".sql"))
        .collect();
    files.sort();
    let mut loaded = FILES.map(|(name, _)| name);
    loaded.sort_unstable();
    assert_eq!(files, loaded);
}

#[test]
fn the_edition_is_read_back_from_what_is_stored_and_nothing_is_the_oldest() {
    assert_eq!(edition(&stamp(&["20261123000001".to_owned()])), EDITION);
    assert_eq!(edition("functions: edition 12 after none, sha256 0"), 12);
    for other in [
        "",
        "functions: edition",
        "functions: edition x y",
        "a table",
    ] {
        assert_eq!(edition(other), 0, "{other}");
    }
}
