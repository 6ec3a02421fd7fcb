//! Levels as people write them: `3ème`, `2nde`, `terminale pro`, `3e SEGPA`.

/// The years, as they begin: by their number or their name.
const YEARS: [(&str, &[&str]); 8] = [
    ("6e", &["6", "six", "sixieme"]),
    ("5e", &["5", "cinq", "cinquieme"]),
    ("4e", &["4", "quatre", "quatrieme"]),
    ("3e", &["3", "trois", "troisieme"]),
    ("2de", &["2", "sec", "second", "seconde"]),
    ("1re", &["1", "prem", "premier", "premiere"]),
    (
        "tle",
        &["t", "te", "tl", "tle", "term", "terminal", "terminale"],
    ),
    ("cap", &["cap"]),
];

/// What is written behind a number: `3e`, `3eme`, `2nde`, `1ere`.
const ORDINALS: [&str; 13] = [
    "", "e", "em", "eme", "iem", "ieme", "de", "nd", "nde", "ere", "er", "re", "emes",
];

/// The tracks, and the codes that they make of a year.
const TRACKS: [(&str, &[&str]); 5] = [
    (
        "pro",
        &[
            "pro",
            "prof",
            "professionnel",
            "professionnelle",
            "bac",
            "p",
            "lp",
            "lycee",
        ],
    ),
    (
        "techno",
        &[
            "techno",
            "technologique",
            "t",
            "stmg",
            "sti2d",
            "st2s",
            "stl",
            "std2a",
        ],
    ),
    (
        "generale",
        &["generale", "general", "gen", "g", "s", "es", "l"],
    ),
    (
        "gt",
        &[
            "gt",
            "generale",
            "technologique",
            "generaletechnologique",
            "lgt",
        ],
    ),
    (
        "prepa_metiers",
        &["prepa", "metiers", "metier", "pm", "pro"],
    ),
];

/// The levels that a year alone is taken for, and what says that it is they.
const OF_A_YEAR: [(&str, &[&str]); 4] = [
    ("2de_gt", &["gt", "gen"]),
    ("1re_generale", &["gen"]),
    ("tle_generale", &["gen"]),
    ("cap_1", &["1", "prem"]),
];

/// The level of such words, where they can mean no other.
pub(super) fn written_as(words: &str) -> Option<&'static str> {
    let level = meant_by(words)?;
    let said = OF_A_YEAR.iter().find(|(of_year, _)| *of_year == level);
    let is_said = said.is_none_or(|(_, said)| said.iter().any(|word| words.contains(word)));
    is_said.then_some(level)
}

/// The level meant by words in small letters without accents, where it can be told.
pub(super) fn meant_by(words: &str) -> Option<&'static str> {
    let plain: String = words
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
        .collect();
    let words: Vec<&str> = plain
        .split_whitespace()
        .filter(|word| !["classe", "classes", "de", "et", "en", "niveau", "eleves"].contains(word))
        .collect();
    if words.iter().any(|word| word.starts_with("segpa")) {
        return Some("segpa");
    }
    if words.iter().any(|word| word.starts_with("ulis")) {
        return Some("ulis");
    }
    let (first, tracks) = words.split_first()?;
    let (year, attached) = year(first)?;
    let tracks: Vec<&str> = Some(attached)
        .filter(|attached| !attached.is_empty())
        .into_iter()
        .chain(tracks.iter().copied())
        // `3 ème`: the number and what is written behind it stand apart.
        .filter(|word| !ORDINALS.contains(word))
        .collect();
    let has = |name: &str| {
        let of_name = TRACKS.iter().find(|(track, _)| *track == name);
        of_name.is_some_and(|(_, written)| tracks.iter().any(|word| written.contains(word)))
    };
    match (year, tracks.is_empty()) {
        ("6e" | "5e" | "4e" | "3e", true) => Some(year),
        ("3e", false) => has("prepa_metiers").then_some("3e_prepa_metiers"),
        ("2de", true) => Some("2de_gt"),
        ("2de", false) if has("pro") => Some("2de_pro"),
        ("2de", false) => has("gt").then_some("2de_gt"),
        ("1re", true) => Some("1re_generale"),
        ("1re", false) if has("pro") => Some("1re_pro"),
        ("1re", false) if has("techno") => Some("1re_techno"),
        ("1re", false) => has("generale").then_some("1re_generale"),
        ("tle", true) => Some("tle_generale"),
        ("tle", false) if has("pro") => Some("tle_pro"),
        ("tle", false) if has("techno") => Some("tle_techno"),
        ("tle", false) => has("generale").then_some("tle_generale"),
        ("cap", _) => match tracks
            .first()
            .map(|year| year.trim_end_matches(char::is_alphabetic))
        {
            Some("2") => Some("cap_2"),
            Some("1") | None => Some("cap_1"),
            _ => None,
        },
        _ => None,
    }
}

/// The year that a word names, and the track that is written to it: `2ndepro`, `3e`, `tlepro`, `2nde`.
fn year(word: &str) -> Option<(&'static str, &str)> {
    let digits = word
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(word.len());
    if digits > 0 {
        let (number, rest) = word.split_at_checked(digits)?;
        let (year, _) = YEARS
            .iter()
            .find(|(_, written)| written.first() == Some(&number))?;
        // The longest ordinal first: `eme` is no `e` with a track `me`.
        let ordinals = ORDINALS
            .iter()
            .filter_map(|ordinal| rest.strip_prefix(ordinal));
        let rest = ordinals.min_by_key(|rest| rest.len())?;
        return Some((year, rest));
    }
    let named = YEARS.iter().find(|(_, written)| written.contains(&word));
    named.map(|(year, _)| (*year, "")).or_else(|| {
        let glued = |written: &&str| written.len() > 2 && word.starts_with(*written);
        YEARS.iter().find_map(|(year, written)| {
            let longest = written
                .iter()
                .copied()
                .filter(|w| glued(w))
                .max_by_key(|w| w.len())?;
            Some((*year, word.strip_prefix(longest)?))
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::reference::Reference;

    #[test]
    fn a_level_is_meant_as_people_write_it() {
        let levels = Reference::get().nomenclature("levels").unwrap();
        for (written, code) in [
            ("3ème", "3e"),
            ("3eme", "3e"),
            ("3è", "3e"),
            ("3 ème", "3e"),
            ("3ième", "3e"),
            ("3E", "3e"),
            ("3", "3e"),
            ("troisième", "3e"),
            ("Troisieme", "3e"),
            ("classe de 3e", "3e"),
            ("classe de troisième", "3e"),
            ("4ème", "4e"),
            ("quatrième", "4e"),
            ("5EME", "5e"),
            ("cinquième", "5e"),
            ("6ème", "6e"),
            ("sixième", "6e"),
            ("3e SEGPA", "segpa"),
            ("3ème segpa", "segpa"),
            ("SEGPA", "segpa"),
            ("ULIS collège", "ulis"),
            ("3e prépa-métiers", "3e_prepa_metiers"),
            ("3ème prépa métiers", "3e_prepa_metiers"),
            ("3PM", "3e_prepa_metiers"),
            ("2nde", "2de_gt"),
            ("2de", "2de_gt"),
            ("seconde", "2de_gt"),
            ("2nde GT", "2de_gt"),
            ("Seconde générale", "2de_gt"),
            ("seconde pro", "2de_pro"),
            ("2nde pro", "2de_pro"),
            ("2de professionnelle", "2de_pro"),
            ("2ndepro", "2de_pro"),
            ("1ère", "1re_generale"),
            ("première", "1re_generale"),
            ("1re générale", "1re_generale"),
            ("1ère techno", "1re_techno"),
            ("première technologique", "1re_techno"),
            ("1ère STMG", "1re_techno"),
            ("1ère pro", "1re_pro"),
            ("première professionnelle", "1re_pro"),
            ("terminale", "tle_generale"),
            ("Tle", "tle_generale"),
            ("terminale pro", "tle_pro"),
            ("Term pro", "tle_pro"),
            ("tle bac pro", "tle_pro"),
            ("terminale techno", "tle_techno"),
            ("Terminale générale", "tle_generale"),
            ("term. S", "tle_generale"),
            ("terminale bac pro", "tle_pro"),
            ("CAP", "cap_1"),
            ("CAP 1re année", "cap_1"),
            ("CAP 2", "cap_2"),
            ("CAP 2ème année", "cap_2"),
            ("cap1", "cap_1"),
            ("BTS 2", "bts_2"),
        ] {
            assert_eq!(levels.meant_by(written).as_deref(), Some(code), "{written}");
        }
        for code in levels.codes() {
            assert_eq!(levels.meant_by(&code), Some(code.clone()), "{code}");
        }
        for unclear in ["8ème", "zzzz", "", "12e"] {
            assert_eq!(levels.meant_by(unclear), None, "{unclear}");
        }
    }
}
