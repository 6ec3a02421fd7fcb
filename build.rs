//! What the compiler does not see by itself: a folder of migrations, and all notices of the sources.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    // A migration is part of the program: without this a new one would not be built in.
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=src");
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        for arguments in notices(&fs::read_to_string(file)?) {
            writeln!(list, "    notice({arguments}),").map_err(io::Error::other)?;
        }
    }
    list.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    let path = PathBuf::from(out).join("notices.rs");
    // Written only when it differs, so that nothing is compiled again for its date.
    if fs::read_to_string(&path).is_ok_and(|written| written == list) {
        return Ok(());
    }
    fs::write(path, list)
}

/// The Rust files of a folder and of those in it.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// The arguments of each `notice("code", "français", "English")` of a file, as they are written.
fn notices(text: &str) -> Vec<&str> {
    let starts = text
        .match_indices("notice(")
        .map(|(at, word)| at + word.len());
    starts
        .filter_map(|start| three_texts(text.get(start..)?))
        .collect()
}

/// Three string literals, separated by commas, at the beginning of a text.
fn three_texts(text: &str) -> Option<&str> {
    let (mut end, mut found) = (0, 0);
    while found < 3 {
        let rest = text.get(end..)?;
        let quote = rest.find('"')?;
        if !rest
            .get(..quote)?
            .chars()
            .all(|c| c.is_whitespace() || c == ',')
        {
            return None;
        }
        end += quote + 1 + closing_quote(text.get(end + quote + 1..)?)? + 1;
        found += 1;
    }
    text.get(..end)
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let closes = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        closes.then_some(at)
    })
}
