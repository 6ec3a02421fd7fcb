//! Numbers, days and names in the language of a page.

use chrono::{Datelike, NaiveDate};

use crate::agreements::conventions::term::EffectiveStatus;
use crate::language::Language;
use crate::layout::Spoken;
use crate::reference::Reference;
use crate::results::summary::{french, labels};
use crate::values::TextValue as _;

/// The months in English.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A number, whole where it is, else to one decimal.
pub fn number(spoken: Spoken, value: f64) -> String {
    let text = french::number(value);
    match spoken.language {
        Language::French => text,
        Language::English => text.replace(',', ".").replace('\u{202f}', ","),
    }
}

/// A whole number.
pub fn count(spoken: Spoken, value: i64) -> String {
    let whole = value.to_string().parse().unwrap_or_default();
    number(spoken, whole)
}

/// How many there are of what a page shows.
pub fn length(spoken: Spoken, value: usize) -> String {
    count(spoken, i64::try_from(value).unwrap_or(i64::MAX))
}

/// The word for so many: in French the plural begins at two, in English it is for all but one.
pub fn plural(
    spoken: Spoken,
    value: i64,
    french: [&'static str; 2],
    english: [&'static str; 2],
) -> &'static str {
    let [one, many] = match spoken.language {
        Language::French => french,
        Language::English => english,
    };
    let is_one = match spoken.language {
        Language::French => value.abs() < 2,
        Language::English => value == 1,
    };
    if is_one { one } else { many }
}

/// A share of one, in percent.
pub fn percent(spoken: Spoken, share: f64) -> String {
    match spoken.language {
        Language::French => french::percent(share),
        Language::English => {
            let text = french::percent(share);
            text.replace(',', ".").replace('\u{202f}', "")
        }
    }
}

/// A day.
pub fn day(spoken: Spoken, day: NaiveDate) -> String {
    match spoken.language {
        Language::French => french::day(day),
        Language::English => {
            let month = usize::try_from(day.month0()).ok();
            let month = month.and_then(|place| MONTHS.get(place));
            let month = month.copied().unwrap_or_default();
            format!("{}\u{a0}{month} {}", day.day(), day.year())
        }
    }
}

/// What a code of a nomenclature is called.
pub fn label(spoken: Spoken, nomenclature: &str, code: &str) -> String {
    labels::of_code(nomenclature, code, spoken.language)
}

/// What a code is called without what stands in brackets after it: `Quatrième`.
pub fn short_label(spoken: Spoken, nomenclature: &str, code: &str) -> String {
    let whole = label(spoken, nomenclature, code);
    let short = whole.split_once(" (").map(|(name, _)| name.to_owned());
    short.unwrap_or(whole)
}

/// What a measure counts.
pub fn definition(spoken: Spoken, measure: &str) -> String {
    let list = Reference::get().nomenclature("measures");
    let mut entries = list.into_iter().flat_map(|list| &list.entries);
    let name = spoken.say("definition_fr", "definition_en");
    let entry = entries.find(|entry| entry.code == measure);
    let text = entry
        .and_then(|entry| entry.more.get(name))
        .and_then(serde_json::Value::as_str);
    text.unwrap_or_default().to_owned()
}

/// Whether a measure is a share of one.
pub fn is_share(measure: &str) -> bool {
    measure.ends_with("_share") || measure.ends_with("_rate")
}

/// What kind of territory a code is of, with a capital.
pub fn kind_of_place(spoken: Spoken, kind: &str) -> &'static str {
    match kind {
        "country" => spoken.say("Pays", "Country"),
        "academic_region" => spoken.say("Région académique", "Academic region"),
        "academy" => spoken.say("Académie", "Academy"),
        "overseas_service" => spoken.say("Service d’outre-mer", "Overseas service"),
        _ => spoken.say("Département", "Department"),
    }
}

/// What a convention is today, as a badge says it: its words and its class.
pub fn state(spoken: Spoken, status: Option<EffectiveStatus>) -> (String, &'static str) {
    let Some(status) = status else {
        return (String::new(), "state");
    };
    let class = match status {
        EffectiveStatus::InForce => "state on",
        EffectiveStatus::Upcoming => "state soon",
        _ => "state",
    };
    let words = label(spoken, "convention_effective_statuses", status.as_str());
    (words, class)
}

/// From when to when.
pub fn period(spoken: Spoken, first: Option<NaiveDate>, last: Option<NaiveDate>) -> String {
    match (first, last) {
        (Some(first), Some(last)) => format!(
            "{} {} {} {}",
            spoken.say("du", "from"),
            day(spoken, first),
            spoken.say("au", "to"),
            day(spoken, last)
        ),
        (Some(first), None) => format!(
            "{} {}, {}",
            spoken.say("depuis le", "since"),
            day(spoken, first),
            spoken.say("sans échéance connue", "without a known end")
        ),
        (None, Some(last)) => {
            format!("{} {}", spoken.say("jusqu’au", "until"), day(spoken, last))
        }
        (None, None) => spoken
            .say(
                "dates que la source ne dit pas",
                "dates that the source does not tell",
            )
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_days_are_written_as_each_language_has_them() {
        let (french, english) = (
            Spoken::in_language(Language::French),
            Spoken::in_language(Language::English),
        );
        assert_eq!(number(french, 12_345.5), "12\u{202f}345,5");
        assert_eq!(number(english, 12_345.5), "12,345.5");
        assert_eq!(percent(english, 0.482), "48.2%");
        let first = NaiveDate::from_ymd_opt(2026, 9, 1).unwrap();
        assert_eq!(day(french, first), "1er\u{a0}septembre 2026");
        assert_eq!(day(english, first), "1\u{a0}September 2026");
        assert_eq!(short_label(english, "levels", "4e"), "Quatrième");
    }
}
