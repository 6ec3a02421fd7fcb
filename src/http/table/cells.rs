//! What a cell means in its column. What can only mean one thing is read, and what was changed for it is
//! told; the rest is left as it is written, for the field's own reader to refuse.

use serde_json::Value;

use super::damage;
use super::days::{day, of_serial, year};
use super::layout::Kind;
use super::meaning::{AMBIGUOUS_NUMBER, Meaning, NOT_KNOWN, TAKEN_FOR_A_DAY};
use super::places::{academy, school, territory};
use super::sheet::Cell;
use crate::error::Rule;
use crate::http::formats::is_formula;
use crate::reference::{Reference, fold};

/// What a cell means in a column of this kind.
pub fn read(kind: Kind, cell: &Cell) -> Meaning {
    match (kind, cell) {
        (_, Cell::Error(text)) => Meaning::Refused(Rule::About(&damage::ERROR, text.clone())),
        (_, Cell::Text(text)) => match damage::of(text) {
            Some(rule) => Meaning::Refused(rule),
            None => of_text(kind, text),
        },
        (Kind::Whole, Cell::Number(number)) if number.fract() == 0.0 => {
            Meaning::Plain(plain(*number))
        }
        (Kind::Day, Cell::Day(day)) => Meaning::Plain(day.to_string().into()),
        (Kind::Day, Cell::Number(number)) => of_serial(*number),
        (_, Cell::Day(day)) => Meaning::Refused(Rule::About(
            &TAKEN_FOR_A_DAY,
            day.format("%d/%m/%Y").to_string(),
        )),
        (Kind::Whole, Cell::Flag(flag)) => Meaning::Plain(Value::Bool(*flag)),
        (_, Cell::Number(_) | Cell::Flag(_)) => match of_text(kind, &cell.shown()) {
            Meaning::Plain(value) => Meaning::Plain(value),
            other => other,
        },
    }
}

/// A number, whole where it is.
fn plain(number: f64) -> Value {
    let whole = format!("{number}").parse::<i64>().ok().map(Value::from);
    whole
        .or_else(|| serde_json::Number::from_f64(number).map(Value::Number))
        .unwrap_or_default()
}

/// The longest text that can be anything but a text or a list, in bytes.
const LONGEST: usize = 400;

/// The most items of a list that are put in their place: more are no list of any field.
const MOST_ITEMS: usize = 6_000;

fn of_text(kind: Kind, written: &str) -> Meaning {
    let text = written.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let is_list = matches!(kind, Kind::Codes(_) | Kind::Territories | Kind::Schools);
    if text.len() > LONGEST && kind != Kind::Text && !is_list {
        return Meaning::Plain(text.into());
    }
    match kind {
        Kind::Text => Meaning::Plain(unquoted(text).into()),
        Kind::Reference => Meaning::of(reference(text), text),
        Kind::Phone => Meaning::of(phone(unquoted(text)), unquoted(text)),
        Kind::Json => Meaning::Plain(serde_json::from_str(text).unwrap_or_else(|_| text.into())),
        Kind::Code(list) => code(list, text).map_or_else(
            || Meaning::Plain(text.into()),
            |code| Meaning::of(code, text),
        ),
        Kind::Codes(list) => several(text, |item| code(list, item)),
        Kind::Whole => whole(text),
        Kind::Day => day(text),
        Kind::SchoolYear => year(text).map_or_else(
            || Meaning::Plain(text.into()),
            |year| Meaning::of(year, text),
        ),
        Kind::Territory => territory(text).map_or_else(
            || Meaning::Plain(text.into()),
            |code| Meaning::of(code, text),
        ),
        Kind::Academy => academy(text).map_or_else(
            || Meaning::Plain(text.into()),
            |code| Meaning::of(code, text),
        ),
        Kind::Territories => several(text, territory),
        Kind::Schools => several(text, |item| {
            school(item.strip_prefix("uai:").unwrap_or(item))
        }),
    }
}

/// A text without the apostrophe that keeps a spreadsheet from running it.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('\'')
        .filter(|rest| is_formula(rest))
        .unwrap_or(text)
}

/// An id in small letters, a reference in capitals.
fn reference(text: &str) -> String {
    if uuid::Uuid::try_parse(text).is_ok() {
        text.to_lowercase()
    } else {
        text.to_uppercase()
    }
}

/// A telephone number with the first zero that a spreadsheet took for a number's.
fn phone(text: &str) -> String {
    let is_cut =
        text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if is_cut {
        format!("0{text}")
    } else {
        text.to_owned()
    }
}

/// The items of a list, separated as people do; each that is understood is put in its place.
fn several(text: &str, meant: impl Fn(&str) -> Option<String>) -> Meaning {
    let items = text
        .split(['|', ';', ',', '\n'])
        .map(str::trim)
        .filter(|item| !item.is_empty());
    let mut is_repaired = false;
    if items.clone().nth(MOST_ITEMS).is_some() {
        return Meaning::Plain(items.collect());
    }
    let read = items.map(|item| {
        let code = meant(item).unwrap_or_else(|| item.to_owned());
        is_repaired |= code != item;
        code
    });
    let list: Value = read.collect();
    if is_repaired {
        Meaning::Repaired(list)
    } else {
        Meaning::Plain(list)
    }
}

/// The code that a text is, or that has it for a label.
fn code(list: &str, text: &str) -> Option<String> {
    let list = Reference::get().nomenclature(list)?;
    if list.has(text) {
        return Some(text.to_owned());
    }
    list.written_as(text)
}

/// Digits, in groups of three or not, with zeros behind a comma or not.
fn whole(text: &str) -> Meaning {
    let bare: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{202f}' | '\''))
        .collect();
    let folded = fold(&bare);
    if [
        "-", "--", "?", "nc", "n/c", "nd", "n/a", "na", "neant", "inconnu", "x", ".",
    ]
    .contains(&folded.as_str())
    {
        return Meaning::Refused(Rule::About(&NOT_KNOWN, text.to_owned()));
    }
    let is_day = match day(text) {
        Meaning::Repaired(_) => bare.len() >= 8 && !bare.bytes().all(|byte| byte.is_ascii_digit()),
        // With a year of two digits, as a spreadsheet program saves it in a table of text.
        Meaning::Refused(_) => true,
        Meaning::Plain(_) => false,
    };
    if is_day {
        return Meaning::Refused(Rule::About(&TAKEN_FOR_A_DAY, text.to_owned()));
    }
    let (head, tail) = bare.split_once([',', '.']).unwrap_or((&bare, ""));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if is_number(head) && head.len() <= 3 && tail.len() == 3 && is_number(tail) && head != "0" {
        return Meaning::Refused(Rule::About(&AMBIGUOUS_NUMBER, format!("{head}{tail}")));
    }
    let is_whole = tail.bytes().all(|byte| byte == b'0');
    match head.parse::<i64>() {
        Ok(number) if is_whole && is_number(head.trim_start_matches('-')) && head.len() < 16 => {
            let value = Value::from(number);
            if head == text {
                Meaning::Plain(value)
            } else {
                Meaning::Repaired(value)
            }
        }
        // With decimals, or no number: refused by the field, which says what it takes.
        _ => Meaning::Plain(decimal(&bare).unwrap_or_else(|| text.into())),
    }
}

fn decimal(bare: &str) -> Option<Value> {
    let pointed = bare.replace(',', ".");
    let is_plain = pointed
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte));
    let number = pointed.parse::<f64>().ok().filter(|_| is_plain)?;
    serde_json::Number::from_f64(number).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::uai_key;
    use chrono::NaiveDate;
    use serde_json::json;

    fn text(kind: Kind, text: &str) -> Meaning {
        read(kind, &Cell::Text(text.to_owned()))
    }

    #[test]
    fn numbers_are_read_as_people_group_them_and_what_may_be_two_is_refused() {
        assert_eq!(text(Kind::Whole, "12"), Meaning::Plain(json!(12)));
        for (written, number) in [
            ("1 234", 1234),
            ("1\u{202f}234", 1234),
            ("12,0", 12),
            ("12.00", 12),
            (" 7 ", 7),
        ] {
            let meaning = text(Kind::Whole, written);
            let is_it = meaning == Meaning::Repaired(json!(number))
                || meaning == Meaning::Plain(json!(number));
            assert!(is_it, "{written} {meaning:?}");
        }
        assert_eq!(
            text(Kind::Whole, "12,5"),
            Meaning::Plain(json!(12.5)),
            "the field refuses it"
        );
        assert_eq!(text(Kind::Whole, "douze"), Meaning::Plain(json!("douze")));
        for (written, code) in [
            ("1,234", "ambiguous_number"),
            ("1.234", "ambiguous_number"),
            ("01/02/2026", "taken_for_a_day"),
            ("01/02/26", "taken_for_a_day"),
            ("-", "not_known"),
            ("n/c", "not_known"),
            ("=1+1", "spreadsheet_formula"),
            ("#N/A", "spreadsheet_error"),
        ] {
            let Meaning::Refused(rule) = text(Kind::Whole, written) else {
                panic!("{written}")
            };
            assert_eq!(rule.code(), code);
        }
        for (number, meaning) in [
            (12.0, Meaning::Plain(json!(12))),
            (12.5, Meaning::Plain(json!(12.5))),
            // What a French spreadsheet makes of `1,234`.
            (1.234, text(Kind::Whole, "1.234")),
        ] {
            assert_eq!(read(Kind::Whole, &Cell::Number(number)), meaning);
        }
    }

    #[test]
    fn a_telephone_number_gets_back_its_zero_and_json_is_what_it_says() {
        let repaired = Meaning::Repaired(json!("0472806060"));
        assert_eq!(text(Kind::Phone, "472806060"), repaired);
        assert_eq!(read(Kind::Phone, &Cell::Number(472_806_060.0)), repaired);
        for (written, number) in [
            ("04 72 80 60 60", "04 72 80 60 60"),
            ("'+33472806060", "+33472806060"),
        ] {
            let plain = Meaning::Plain(json!(number));
            assert_eq!(text(Kind::Phone, written), plain);
        }
        assert_eq!(
            text(Kind::Json, "[{\"value\":3}]"),
            Meaning::Plain(json!([{ "value": 3 }]))
        );
        assert_eq!(text(Kind::Json, "trois"), Meaning::Plain(json!("trois")));
    }

    #[test]
    fn days_are_those_of_france_or_of_a_spreadsheet() {
        for written in [
            "31/12/2026",
            "31-12-2026",
            "31.12.2026",
            "46387",
            "2026-12-31 00:00:00",
        ] {
            let meaning = text(Kind::Day, written);
            let is_it = [
                Meaning::Repaired(json!("2026-12-31")),
                Meaning::Plain(json!("2026-12-31")),
            ]
            .contains(&meaning);
            assert!(is_it, "{written} {meaning:?}");
        }
        assert_eq!(
            text(Kind::Day, "12/31/2026"),
            Meaning::Plain(json!("12/31/2026")),
            "no such month: refused"
        );
        assert!(matches!(text(Kind::Day, "01/02/26"), Meaning::Refused(_)));
        assert_eq!(
            read(Kind::Day, &Cell::Number(46_387.0)),
            Meaning::Repaired(json!("2026-12-31"))
        );
        assert!(matches!(
            read(Kind::Whole, &Cell::Day(NaiveDate::MIN)),
            Meaning::Refused(_)
        ));
    }

    #[test]
    fn codes_are_read_by_their_labels_and_not_by_what_is_near_them() {
        let action = Kind::Code("action_types");
        assert_eq!(
            text(action, "company_visit"),
            Meaning::Plain(json!("company_visit"))
        );
        let label = Reference::get()
            .nomenclature("action_types")
            .unwrap()
            .entries[0]
            .label_fr
            .to_uppercase();
        assert!(matches!(text(action, &label), Meaning::Repaired(_)));
        assert_eq!(
            text(action, "compagny_visit"),
            Meaning::Plain(json!("compagny_visit"))
        );
        assert_eq!(
            text(Kind::Code("levels"), "3ème"),
            Meaning::Repaired(json!("3e"))
        );
        assert_eq!(
            text(Kind::Codes("levels"), "3ème ; 4e"),
            Meaning::Repaired(json!(["3e", "4e"]))
        );
    }

    #[test]
    fn places_get_back_what_they_lost() {
        let uai = format!("0690001{}", uai_key(690_001));
        let lost = uai.trim_start_matches('0').to_lowercase();
        let whole = Meaning::Repaired(json!(format!("uai:{uai}")));
        assert_eq!(text(Kind::Territory, &uai), whole);
        assert_eq!(text(Kind::Territory, &lost), whole);
        assert_eq!(
            text(Kind::Territory, "Académie de Lyon"),
            Meaning::Repaired(json!("academy:10"))
        );
        assert_eq!(
            text(Kind::Academy, "10"),
            Meaning::Repaired(json!("academy:10"))
        );
        assert_eq!(
            read(Kind::Academy, &Cell::Number(1.0)),
            Meaning::Repaired(json!("academy:01"))
        );
        assert_eq!(
            text(Kind::Territory, "10"),
            Meaning::Plain(json!("10")),
            "of which kind is not said"
        );
        assert_eq!(
            text(Kind::SchoolYear, "2025/26"),
            Meaning::Repaired(json!("2025-2026"))
        );
        assert_eq!(
            text(Kind::SchoolYear, "2025-2027"),
            Meaning::Plain(json!("2025-2027"))
        );
        assert_eq!(
            text(Kind::SchoolYear, "2025"),
            Meaning::Plain(json!("2025"))
        );
    }
}
