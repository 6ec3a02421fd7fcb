//! What a cell of a list says, by the kind of its column.

use chrono::NaiveDate;

use crate::reference::Reference;
use crate::values::{FromText, HttpsUrl, Siren, Uai, is_siret};

/// What came of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<T> {
    /// Nothing is written.
    Empty,
    /// Read as it is written.
    Read(T),
    /// Damaged so that it can only have been this.
    Repaired(T),
    /// Damaged, or no value of its column.
    Unreadable,
}

impl<T> Cell<T> {
    fn of(value: Option<T>) -> Self {
        value.map_or(Self::Unreadable, Self::Read)
    }

    /// Repaired when what was read is not what was written.
    fn repaired(value: T, is_changed: bool) -> Self {
        if is_changed {
            Self::Repaired(value)
        } else {
            Self::Read(value)
        }
    }
}

/// Line breaks and tabs inside a cell come from copied text and mean no more than a space.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Public or private.
pub fn sector(cell: &str) -> Cell<&'static str> {
    Cell::of(match cell.to_lowercase().as_str() {
        "public" => Some("public"),
        "privé" | "prive" => Some("private"),
        _ => None,
    })
}

/// A priority of education.
pub fn priority(cell: &str) -> Cell<&'static str> {
    Cell::of(["REP", "REP+"].into_iter().find(|known| *known == cell))
}

/// `1` or `0`.
pub fn flag(cell: &str) -> Cell<bool> {
    match whole(cell) {
        "1" => Cell::repaired(true, cell != "1"),
        "0" => Cell::repaired(false, cell != "0"),
        _ => Cell::Unreadable,
    }
}

/// A number as a spreadsheet writes it: `82000.0`, `82000,0`.
fn whole(cell: &str) -> &str {
    cell.strip_suffix(".0")
        .or_else(|| cell.strip_suffix(",0"))
        .unwrap_or(cell)
}

/// A code of so many characters, whose first zeros a spreadsheet may have lost, one of its digits at
/// least being left.
fn code(cell: &str, length: usize) -> Cell<String> {
    let bare = whole(cell);
    let is_code = bare
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, 'A' | 'B'));
    if !is_code || bare.is_empty() || bare.len() > length {
        return Cell::Unreadable;
    }
    Cell::repaired(
        format!("{bare:0>length$}"),
        bare.len() < length || bare != cell,
    )
}

/// Zeros are lost one at a time: a code that lacks more than one is another thing.
fn near_code(cell: &str, length: usize) -> Cell<String> {
    if whole(cell).len() + 1 < length {
        return Cell::Unreadable;
    }
    code(cell, length)
}

/// Five digits.
pub fn postal_code(cell: &str) -> Cell<String> {
    near_code(cell, 5)
}

/// Five characters (`2A004`).
pub fn city_code(cell: &str) -> Cell<String> {
    near_code(cell, 5)
}

/// Three digits.
pub fn nature(cell: &str) -> Cell<String> {
    near_code(cell, 3)
}

/// The ministry's code of a department that exists.
pub fn department(cell: &str) -> Cell<String> {
    existing("department", code(cell, 3))
}

/// The code of an academy, or of a service overseas, that exists.
pub fn academy(cell: &str) -> Cell<String> {
    existing("academy", code(cell, 2))
}

fn existing(kind: &str, code: Cell<String>) -> Cell<String> {
    match &code {
        Cell::Read(known) | Cell::Repaired(known)
            if Reference::get()
                .territory(&format!("{kind}:{known}"))
                .is_none() =>
        {
            Cell::Unreadable
        }
        _ => code,
    }
}

/// Ten digits however grouped become five pairs, so that two editions that only group them
/// otherwise are the same; nine lack their first zero; anything else is kept as written.
pub fn phone(cell: &str) -> Cell<String> {
    let bare = whole(cell);
    let digits: String = bare
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-'))
        .collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        // What a spreadsheet makes of a long number is no number any more.
        let is_lost = cell.contains("E+") && cell.starts_with(|c: char| c.is_ascii_digit());
        return if is_lost {
            Cell::Unreadable
        } else {
            Cell::Read(clean(cell))
        };
    }
    match digits.len() {
        10 => Cell::Read(pairs(&digits)),
        9 if !digits.starts_with('0') => Cell::Repaired(pairs(&format!("0{digits}"))),
        _ => Cell::Read(clean(cell)),
    }
}

fn pairs(digits: &str) -> String {
    let mut grouped = String::with_capacity(14);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 2 == 0 {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// One address.
pub fn email(cell: &str) -> Cell<String> {
    let is_address = cell.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty()
            && !host.contains('@')
            && host.split('.').count() > 1
            && host.split('.').all(|label| !label.is_empty())
            && !cell.chars().any(|c| c.is_whitespace() || c.is_control())
    });
    Cell::of(is_address.then(|| cell.to_lowercase()))
}

/// A SIRET whose digits agree, however grouped.
pub fn siret(cell: &str) -> Cell<String> {
    let bare = whole(cell);
    let digits: String = bare.chars().filter(|c| !c.is_whitespace()).collect();
    if is_siret(&digits) {
        Cell::repaired(digits, bare != cell)
    } else {
        Cell::Unreadable
    }
}

/// A SIREN whose digits agree, however grouped; its first zero may be lost. A SIRET begins with one.
pub fn siren(cell: &str) -> Cell<String> {
    let bare = whole(cell);
    let digits: String = bare.chars().filter(|c| !c.is_whitespace()).collect();
    if let (true, Some(siren)) = (is_siret(&digits), digits.get(..9)) {
        return Cell::repaired(siren.to_owned(), bare != cell);
    }
    let padded = format!("{digits:0>9}");
    if digits.len() + 1 >= padded.len() && Siren::from_text(&padded).is_ok() {
        Cell::repaired(padded.clone(), bare != cell || padded != digits)
    } else {
        Cell::Unreadable
    }
}

/// The code of a school; its letter may be small.
pub fn uai(cell: &str) -> Cell<String> {
    let upper = cell.to_ascii_uppercase();
    if Uai::from_text(&upper).is_ok() {
        Cell::repaired(upper.clone(), upper != cell)
    } else {
        Cell::Unreadable
    }
}

/// The number of an academic region that exists.
pub fn region(cell: &str) -> Cell<String> {
    existing("region", code(cell, 2))
}

/// A secure address; what it begins with may be left out.
pub fn website(cell: &str) -> Cell<String> {
    let whole = if cell.contains("://") {
        cell.to_owned()
    } else {
        format!("https://{cell}")
    };
    let is_host = whole
        .split('/')
        .nth(2)
        .is_some_and(|host| host.contains('.'));
    if is_host && HttpsUrl::from_text(&whole).is_ok() {
        Cell::repaired(whole.clone(), whole != cell)
    } else {
        Cell::Unreadable
    }
}

/// `YYYY-MM-DD`, or the `DD/MM/YYYY` that a spreadsheet makes of it.
pub fn date(cell: &str) -> Cell<NaiveDate> {
    let written = |form: &str| {
        let date = NaiveDate::parse_from_str(cell, form).ok();
        date.filter(|date| date.format(form).to_string() == cell)
    };
    match (written("%Y-%m-%d"), written("%d/%m/%Y")) {
        (Some(date), _) => Cell::Read(date),
        (None, Some(date)) => Cell::Repaired(date),
        (None, None) => Cell::Unreadable,
    }
}

/// Degrees within these bounds; a comma may stand for the point.
pub fn degrees(text: &str, most: f64) -> Cell<f64> {
    let text = text.trim();
    let pointed = text.replace(',', ".");
    // NaN is in no range.
    let degrees = pointed
        .parse()
        .ok()
        .filter(|degrees| (-most..=most).contains(degrees));
    degrees.map_or(Cell::Unreadable, |degrees| {
        Cell::repaired(degrees, text != pointed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_get_back_the_zeros_they_lost() {
        let repaired = |code: &str| Cell::Repaired(code.to_owned());
        assert_eq!(department("24"), repaired("024"));
        assert_eq!(department("4"), repaired("004"));
        assert_eq!(department("2A"), repaired("02A"));
        assert_eq!(department("024"), Cell::Read("024".to_owned()));
        assert_eq!(academy("4"), repaired("04"));
        assert_eq!(postal_code("82000.0"), repaired("82000"));
        assert_eq!(postal_code("1000"), repaired("01000"));
        assert_eq!(city_code("1053"), repaired("01053"));
        assert_eq!(city_code("2A004"), Cell::Read("2A004".to_owned()));
        for lost in ["999", "ABC", "2,4E+1", "0024"] {
            assert_eq!(department(lost), Cell::Unreadable, "{lost}");
        }
        assert_eq!(academy("99"), Cell::Unreadable);
        assert_eq!(postal_code("10"), Cell::Unreadable);
        assert_eq!(siret("77684512500058.0"), repaired("77684512500058"));
    }

    #[test]
    fn what_names_a_partner_or_a_school_is_repaired() {
        let repaired = |text: &str| Cell::Repaired(text.to_owned());
        let read = |text: &str| Cell::Read(text.to_owned());
        assert_eq!(siren("444 786 511"), read("444786511"));
        assert_eq!(siren("444786511.0"), repaired("444786511"));
        assert_eq!(siren("5520544"), Cell::Unreadable);
        assert_eq!(siren("444786512"), Cell::Unreadable);
        assert_eq!(siren(""), Cell::Unreadable);
        assert_eq!(uai("0311131l"), repaired("0311131L"));
        assert_eq!(uai("0311131K"), Cell::Unreadable);
        assert_eq!(region("1"), repaired("01"));
        assert_eq!(region("99"), Cell::Unreadable);
        assert_eq!(website("www.a.fr/b"), repaired("https://www.a.fr/b"));
        assert_eq!(website("https://a.fr"), read("https://a.fr"));
        for none in ["http://a.fr", "javascript:x", "néant", "a b.fr"] {
            assert_eq!(website(none), Cell::Unreadable, "{none}");
        }
    }

    #[test]
    fn phones_are_grouped_alike() {
        let of = |cell: &str| phone(cell);
        let read = |phone: &str| Cell::Read(phone.to_owned());
        assert_eq!(of("05.62.00.95.10"), read("05 62 00 95 10"));
        assert_eq!(of("+33 5 62 00 95 10"), read("+33 5 62 00 95 10"));
        assert_eq!(of("562009510"), Cell::Repaired("05 62 00 95 10".to_owned()));
        assert_eq!(of("5,62E+08"), Cell::Unreadable);
    }
}
