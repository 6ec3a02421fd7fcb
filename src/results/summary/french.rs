//! Numbers and days as French typography has them: a narrow no-break space between thousands and
//! before `%`, a decimal comma.

use chrono::{Datelike, NaiveDate};

/// U+202F.
const NARROW: char = '\u{202f}';

/// What is not known.
const UNKNOWN: &str = "non connu";

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// A number, whole where it is, else to one decimal.
pub fn number(value: f64) -> String {
    let text = if value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    };
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text.as_str()), |rest| ("\u{2212}", rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let mut grouped = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(NARROW);
        }
        grouped.push(digit);
    }
    if !decimals.is_empty() {
        grouped.push(',');
        grouped.push_str(decimals);
    }
    grouped
}

/// A share of one, in percent, to one decimal.
pub fn percent(share: f64) -> String {
    let tenths = (share * 1_000.0).round() / 10.0;
    format!("{}{NARROW}%", number(tenths))
}

/// How a value changed since another one: of a share in points, else in percent.
pub fn change(now: Option<f64>, before: Option<f64>, is_share: bool) -> String {
    let Some((now, before)) = now.zip(before) else {
        return "–".to_owned();
    };
    let signed = |value: f64, unit: &str| {
        let tenths = (value * 1_000.0).round() / 10.0;
        let sign = if tenths > 0.0 { "+" } else { "" };
        format!("{sign}{}{NARROW}{unit}", number(tenths))
    };
    if is_share {
        return signed(now - before, "pt");
    }
    if before > 0.0 {
        signed(now / before - 1.0, "%")
    } else {
        "–".to_owned()
    }
}

/// A measure's value in its unit.
pub fn measured(value: Option<f64>, is_share: bool) -> String {
    match value {
        None => UNKNOWN.to_owned(),
        Some(value) if is_share => percent(value),
        Some(value) => number(value),
    }
}

/// A day: `1er septembre 2025`.
pub fn day(day: NaiveDate) -> String {
    let month = usize::try_from(day.month0())
        .ok()
        .and_then(|place| MONTHS.get(place));
    let first = if day.day() == 1 { "er" } else { "" };
    format!(
        "{}{first}\u{a0}{} {}",
        day.day(),
        month.copied().unwrap_or_default(),
        day.year()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn thousands_and_decimals_are_the_french_ones() {
        for (value, text) in [
            (0.0, "0"),
            (999.0, "999"),
            (1_000.0, "1\u{202f}000"),
            (1_234_567.5, "1\u{202f}234\u{202f}567,5"),
            (-1_000.0, "\u{2212}1\u{202f}000"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(percent(0.4823), "48,2\u{202f}%");
        assert_eq!(percent(1.0), "100\u{202f}%");
        assert_eq!(measured(None, true), "non connu");
    }

    #[test]
    fn a_change_is_in_percent_and_that_of_a_share_in_points() {
        assert_eq!(change(Some(110.0), Some(100.0), false), "+10\u{202f}%");
        assert_eq!(change(Some(99.0), Some(100.0), false), "\u{2212}1\u{202f}%");
        assert_eq!(change(Some(0.452), Some(0.44), true), "+1,2\u{202f}pt");
        for unknown in [(None, Some(1.0)), (Some(1.0), None), (Some(1.0), Some(0.0))] {
            assert_eq!(change(unknown.0, unknown.1, false), "–");
        }
    }

    #[test]
    fn a_month_begins_with_its_first() {
        let on = |y, m, d| day(NaiveDate::from_ymd_opt(y, m, d).unwrap());
        assert_eq!(on(2025, 9, 1), "1er\u{a0}septembre 2025");
        assert_eq!(on(2026, 8, 31), "31\u{a0}août 2026");
    }

    proptest! {
        #[test]
        fn a_whole_number_loses_nothing_but_its_spaces(value in 0..1_000_000_000_i32) {
            prop_assert_eq!(number(f64::from(value)).replace(NARROW, ""), value.to_string());
        }
    }
}
