//! Moments in answers: RFC 3339 in UTC, `…Z`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serializer;

/// The text `DateTime` would be serialised as, made whole first. Its own way hands the serialiser
/// one character after the other, each to be looked at for escaping: a sixth of a page's cost.
pub fn moment<S: Serializer>(moment: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// The same, where there may be none.
pub fn optional_moment<S: Serializer>(
    moment: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match moment {
        Some(moment) => self::moment(moment, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_text_a_moment_has_anyway() {
        for micros in [
            0,
            1_764_000_000_000_000,
            1_764_000_000_120_000,
            1_764_000_000_123_456,
            -62_000_000_000_000_000,
        ] {
            let time = DateTime::from_timestamp_micros(micros).unwrap();
            let written = moment(&time, serde_json::value::Serializer).unwrap();
            assert_eq!(written, serde_json::to_value(time).unwrap());
        }
    }
}
