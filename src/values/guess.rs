//! What was probably meant by a value that cannot be read: dates and numbers as French people and
//! spreadsheets write them, territories without their zeros, addresses without their beginning.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::{
    COUNTRY, Email, FromText, HttpsUrl, Rna, SchoolYear, Siren, Siret, Territory, TerritoryKind,
    TextValue, Uai, uai_key,
};
use crate::reference::{Reference, fold};

const MONTHS: [&str; 12] = [
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
];

/// A date: `31/12/2026`, `2026/12/31`, `31 décembre 2026`, a moment, or a spreadsheet's number of days.
pub fn date(text: &str) -> Option<Value> {
    let text = text.trim().trim_start_matches('\u{feff}');
    let (day, _) = text
        .split_at_checked(10)
        .filter(|(_, time)| time.starts_with(['T', ' ']) && time.contains(':'))
        .unwrap_or((text, ""));
    if let Ok(serial) = day.trim_end_matches(".0").parse::<u64>() {
        return serial_date(serial, day.len());
    }
    let folded = fold(day);
    let parts: Vec<u32> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .filter_map(part)
        .collect();
    let found = match parts.as_slice() {
        [year, month, day] if *year > 1000 => calendar(*year, *month, *day),
        [day, month, year] => {
            let year = if *year < 100 { year + 2000 } else { *year };
            calendar(year, *month, *day)
        }
        _ => None,
    };
    found.map(|day| day.to_string().into())
}

/// A moment, of one without its offset, with a blank for its `T`, or of a day alone.
pub fn moment(text: &str) -> Option<Value> {
    let text = text.trim();
    let (day, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, ""));
    let day = NaiveDate::from_text(day)
        .ok()
        .or_else(|| NaiveDate::from_text(date(day)?.as_str()?).ok())?;
    let time = if time.is_empty() { "00:00:00" } else { time };
    ["", "Z", ":00Z"].into_iter().find_map(|end| {
        let whole = format!("{day}T{time}{end}").replace(' ', "");
        let moment = chrono::DateTime::<chrono::Utc>::from_text(&whole).ok()?;
        Some(
            moment
                .to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
                .into(),
        )
    })
}

/// A school year: `2025/2026`, `2025-26`, `2025`.
pub fn school_year(text: &str) -> Option<Value> {
    let digits: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    let first: u32 = digits
        .first()
        .filter(|year| year.len() == 4)?
        .parse()
        .ok()?;
    let year = format!("{first}-{}", first.checked_add(1)?);
    SchoolYear::from_text(&year)
        .ok()
        .map(|year| year.as_str().into())
}

/// The digits and letters of a text, in capitals.
fn alphanumeric(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_uppercase()
}

/// A SIREN, of one with spaces, or of a SIRET.
pub fn siren(text: &str) -> Option<Value> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let nine = digits.get(..9).filter(|_| matches!(digits.len(), 9 | 14))?;
    Siren::from_text(nine)
        .ok()
        .map(|siren| siren.as_str().into())
}

/// A SIRET, of one with blanks or points.
pub fn siret(text: &str) -> Option<Value> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    Siret::from_text(&digits)
        .ok()
        .map(|siret| siret.as_str().into())
}

/// A postal code or that of a commune, with blanks, in small letters, or without its zero.
pub fn code_of_place<T: FromText + TextValue>(text: &str) -> Option<Value> {
    let code = format!("{:0>5}", alphanumeric(text));
    T::from_text(&code).ok().map(|code| code.as_str().into())
}

/// A school's number, in small letters, with blanks, or without its zeros or its letter.
pub fn uai(text: &str) -> Option<Value> {
    let code = text.rsplit(':').next().unwrap_or(text);
    let territory = school(code)?;
    territory.split_once(':').map(|(_, uai)| uai.into())
}

/// A number of the directory of associations, in small letters or with blanks.
pub fn rna(text: &str) -> Option<Value> {
    let code = alphanumeric(text);
    let code = if code.starts_with('W') {
        code
    } else {
        format!("W{code}")
    };
    Rna::from_text(&code).ok().map(|rna| rna.as_str().into())
}

/// An e-mail address, of one with blanks, or written to evade robots.
pub fn email(text: &str) -> Option<Value> {
    let text: String = text
        .trim()
        .trim_start_matches("mailto:")
        .replace(" at ", "@")
        .replace("(at)", "@")
        .replace("[at]", "@")
        .replace(',', ".")
        .chars()
        .filter(|c| !c.is_whitespace() && !"<>\"".contains(*c))
        .collect();
    let email = Email::from_text(text.trim_end_matches(['.', ';'])).ok()?;
    Some(email.as_str().into())
}

/// A number, or the number of a month.
fn part(text: &str) -> Option<u32> {
    let number = text.trim_end_matches("er");
    let month = || MONTHS.iter().position(|month| *month == text);
    number
        .parse()
        .ok()
        .or_else(|| u32::try_from(month()? + 1).ok())
}

/// The day; with the month and the day changed round where only that makes one; the last of the
/// month where there is no such day.
fn calendar(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let year = i32::try_from(year).ok()?;
    let (month, day) = if month > 12 {
        (day, month)
    } else {
        (month, day)
    };
    let plain = NaiveDate::from_ymd_opt(year, month, day);
    let mut earlier = (28..=31)
        .rev()
        .filter_map(|last| NaiveDate::from_ymd_opt(year, month, last));
    plain.or_else(|| earlier.next().filter(|_| (29..=31).contains(&day)))
}

/// `20261231`, or the days since 30 December 1899 that a spreadsheet keeps.
fn serial_date(number: u64, digits: usize) -> Option<Value> {
    let day = if digits == 8 {
        let part = |number: u64| u32::try_from(number).ok();
        calendar(
            part(number / 10_000)?,
            part(number / 100 % 100)?,
            part(number % 100)?,
        )
    } else if (20_000..80_000).contains(&number) {
        NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(number))
    } else {
        None
    };
    day.map(|day| day.to_string().into())
}

/// A number: `48,85`, `1 000`, `1E+05`, `10 élèves`.
pub fn number(text: &str) -> Option<f64> {
    let unspaced: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let digits = unspaced
        .trim_start_matches(['\u{feff}', '\''])
        .replace(',', ".");
    let plain = digits.parse::<f64>().ok();
    let leading = || {
        let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-')?;
        digits.get(..end)?.parse::<f64>().ok()
    };
    plain.or_else(leading).filter(|number| number.is_finite())
}

/// The number as a whole one, if it is.
pub fn whole(number: f64) -> Option<Value> {
    format!("{number}").parse::<i64>().ok().map(Value::from)
}

/// A number brought within its bounds: without a sign it has not, or with the point it lost.
pub fn within(given: &Value, low: i64, high: i64) -> Option<Value> {
    let number = given.as_f64()?;
    let is_within = |number: &f64| {
        format!("{low}")
            .parse()
            .is_ok_and(|low: f64| low <= *number)
            && format!("{high}")
                .parse()
                .is_ok_and(|high: f64| *number <= high)
    };
    let scaled = std::iter::successors(Some(number), |number| Some(number / 10.0)).take(8);
    let has_point = high <= 180 && low < 0;
    let meant = if has_point {
        scaled.filter(is_within).find(|_| true)
    } else {
        Some(number.abs()).filter(is_within)
    };
    meant.map(|meant| whole(meant).unwrap_or_else(|| json!(meant)))
}

/// True or false, in the words of spreadsheets and people.
pub fn flag(given: &Value) -> Option<Value> {
    let text = given
        .as_str()
        .map_or_else(|| given.to_string(), str::to_owned);
    match fold(text.trim()).as_str() {
        "vrai" | "true" | "oui" | "o" | "yes" | "y" | "1" | "x" => Some(true.into()),
        "faux" | "false" | "non" | "n" | "no" | "0" => Some(false.into()),
        _ => None,
    }
}

/// A list of what stands in one text.
pub fn list(given: &Value) -> Option<Value> {
    let text = given.as_str()?;
    let items = text.split(['|', ',', ';']).map(str::trim);
    Some(items.filter(|item| !item.is_empty()).collect())
}

/// A place of two numbers.
pub fn place(text: &str) -> Option<Value> {
    let (latitude, longitude) = text
        .split_once([';', ' '])
        .or_else(|| text.split_once(','))?;
    let of = |part: &str| number(part.trim_end_matches(','));
    Some(json!({ "latitude": of(latitude)?, "longitude": of(longitude)? }))
}

/// A territory: with the zeros it lost, by its name, or by its bare number.
pub fn territory(text: &str) -> Option<Value> {
    let text = text.trim().trim_start_matches('\u{feff}');
    if ["fr", "france", "national"].contains(&fold(text).as_str()) {
        return Some(COUNTRY.into());
    }
    let (kind, code) = text.split_once(':').unwrap_or(("", text));
    let kind = kind_of(&fold(kind.trim()));
    let code = code.trim();
    let by_code = match kind {
        Some(TerritoryKind::School) => school(code),
        Some(kind) => padded(kind, code),
        None => school(code)
            .or_else(|| padded(TerritoryKind::Department, code))
            .or_else(|| padded(TerritoryKind::Academy, code)),
    };
    by_code.or_else(|| named(kind, code)).map(Value::from)
}

/// The kinds, as they are called and as they are mistyped.
fn kind_of(text: &str) -> Option<TerritoryKind> {
    const KINDS: [(&str, TerritoryKind); 9] = [
        ("region", TerritoryKind::Region),
        ("academic_region", TerritoryKind::Region),
        ("academy", TerritoryKind::Academy),
        ("academie", TerritoryKind::Academy),
        ("department", TerritoryKind::Department),
        ("departement", TerritoryKind::Department),
        ("dept", TerritoryKind::Department),
        ("dep", TerritoryKind::Department),
        ("uai", TerritoryKind::School),
    ];
    let exact = KINDS.iter().find(|(name, _)| *name == text);
    let near = || {
        let names = KINDS.iter().map(|(name, _)| (*name).to_owned());
        let near = crate::reference::nearest_of(text, names, 3)?;
        KINDS.iter().find(|(name, _)| *name == near)
    };
    exact.or_else(near).map(|(_, kind)| *kind)
}

fn padded(kind: TerritoryKind, code: &str) -> Option<String> {
    let code = code.to_uppercase();
    let width = match kind {
        TerritoryKind::Department => 3,
        _ => 2,
    };
    let code = code.trim_start_matches('0');
    let whole = Territory::new(kind, &format!("{code:0>width$}")).to_string();
    Reference::get()
        .territory(&whole)
        .map(|known| known.code.clone())
}

/// A school's number with the zeros and the letter it lost.
fn school(code: &str) -> Option<String> {
    let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    let digits = code.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if !(6..=7).contains(&digits.len()) {
        return None;
    }
    let key = uai_key(digits.parse().ok()?);
    let rest = code.get(digits.len()..).unwrap_or_default().to_uppercase();
    let letter = if rest.len() == 1 {
        rest
    } else {
        key.to_string()
    };
    let uai = Uai::from_text(&format!("{digits:0>7}{letter}")).ok()?;
    Some(Territory::of_school(&uai).to_string())
}

fn named(kind: Option<TerritoryKind>, name: &str) -> Option<String> {
    let folded = fold(name);
    let name = folded
        .trim_start_matches("academie de ")
        .trim_start_matches("academie d'");
    let territories = Reference::get().territories().iter();
    let of_kind = |code: &str| kind.is_none_or(|kind| kind.is_of(code));
    let mut named = territories.filter(|one| of_kind(&one.code) && fold(&one.name) == name);
    named.next().map(|one| one.code.clone())
}

/// A language by its name or a longer code.
pub fn language(text: &str) -> Option<Value> {
    let text = fold(text.trim());
    const NAMES: [(&str, &str); 8] = [
        ("francais", "fr"),
        ("anglais", "en"),
        ("allemand", "de"),
        ("espagnol", "es"),
        ("italien", "it"),
        ("english", "en"),
        ("french", "fr"),
        ("german", "de"),
    ];
    let named = NAMES
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, code)| *code);
    let short = text
        .get(..2)
        .filter(|two| two.bytes().all(|byte| byte.is_ascii_lowercase()));
    named.or(short).map(Value::from)
}

/// An address with `https`.
pub fn address(text: &str) -> Option<Value> {
    let text: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '\u{feff}')
        .collect();
    let authority = text
        .split_once("://")
        .map_or(text.as_str(), |(_, rest)| rest);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, rest)| rest);
    let whole = format!("https://{}", host.trim_start_matches(['/', ':']));
    HttpsUrl::from_text(&whole)
        .ok()
        .map(|url| url.as_str().into())
}

/// A name of the letters that names are made of.
pub fn name(text: &str) -> Option<Value> {
    let text = text
        .trim()
        .trim_start_matches('\u{feff}')
        .trim_matches(['=', '"', '\'']);
    if text.contains(['e', 'E']) && text.contains('+') {
        let number = number(text).and_then(whole);
        return number.map(|number| number.to_string().into());
    }
    let kept = |c: char| {
        if c.is_ascii_alphanumeric() || "._:~-".contains(c) {
            c
        } else {
            '-'
        }
    };
    let replaced: String = fold_case(text).chars().map(kept).take(128).collect();
    let name = replaced.trim_matches('-');
    Some(name.into()).filter(|_| !name.is_empty())
}

/// Without accents, capitals kept.
fn fold_case(text: &str) -> String {
    let plain = |c: char| {
        let folded = fold(&c.to_string());
        let is_capital = c.is_uppercase();
        if is_capital {
            folded.to_uppercase()
        } else {
            folded
        }
    };
    text.chars().map(plain).collect()
}

/// A text on one line, without the characters nobody sees.
pub fn clean(text: &str) -> Option<Value> {
    let plain = |c: char| if c.is_whitespace() { ' ' } else { c };
    let is_kept = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let kept: String = text.chars().map(plain).filter(is_kept).collect();
    let words: Vec<&str> = kept.split_whitespace().collect();
    Some(words.join(" ").into()).filter(|text: &Value| *text != json!(""))
}
