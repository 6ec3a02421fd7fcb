//! Days and school years, as people and spreadsheets write them.

use chrono::{Days, NaiveDate};

use super::meaning::{AMBIGUOUS_DAY, Meaning};
use crate::error::Rule;
use crate::values::{FromText, SchoolYear};

/// `2026-12-31`, `31/12/2026`, `31-12-2026`, `31.12.2026`.
pub fn day(text: &str) -> Meaning {
    let text = text
        .split_once([' ', 'T'])
        .filter(|(_, time)| time.contains(':'))
        .map_or(text, |(day, _)| day);
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let found = match parts.as_slice() {
        [year, month, day] if year.len() == 4 => calendar(year, month, day),
        [day, month, year] if year.len() == 4 => calendar(year, month, day),
        [_, _, year] if year.len() == 2 && year.parse::<u8>().is_ok() => {
            return Meaning::Refused(Rule::About(&AMBIGUOUS_DAY, text.to_owned()));
        }
        _ => None,
    };
    match found {
        Some(day) => Meaning::of(day.to_string(), text),
        None if parts.len() == 1 => serial(text),
        None => Meaning::Plain(text.into()),
    }
}

fn calendar(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// The days since 30 December 1899 that a spreadsheet keeps, which it writes where a cell lost its format.
fn serial(text: &str) -> Meaning {
    match text.trim_end_matches(".0").parse::<f64>() {
        Ok(number) if text.len() >= 5 => of_serial(number),
        _ => Meaning::Plain(text.into()),
    }
}

/// The day of such a number.
pub fn of_serial(number: f64) -> Meaning {
    let days = format!("{}", number.trunc())
        .parse::<u64>()
        .ok()
        .filter(|days| (20_000..80_000).contains(days));
    let first = NaiveDate::from_ymd_opt(1899, 12, 30);
    let day = first
        .zip(days)
        .and_then(|(first, days)| first.checked_add_days(Days::new(days)));
    match day {
        Some(day) => Meaning::Repaired(day.to_string().into()),
        None => Meaning::Plain(format!("{number}").into()),
    }
}

/// `2025-2026`, `2025/26`, `2025 – 2026`: two years, the second after the first.
pub fn year(text: &str) -> Option<String> {
    let digits: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    let [first, second] = digits.as_slice() else {
        return None;
    };
    let year: u32 = first.parse().ok().filter(|_| first.len() == 4)?;
    let next = year.checked_add(1)?.to_string();
    let is_next = *second == next || (second.len() == 2 && next.ends_with(second));
    let whole = format!("{year}-{next}");
    SchoolYear::from_text(&whole)
        .ok()
        .filter(|_| is_next)
        .map(|year| year.to_string())
}
