//! Numbers in answers: whole values without a fraction, as people and RFC 8785 write them.

use serde::Serializer;

/// The number, without a fraction where it has none.
pub fn plain_number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    match format!("{value}").parse::<i64>() {
        Ok(whole) => serializer.serialize_i64(whole),
        Err(_) => serializer.serialize_f64(*value),
    }
}

/// The same, where there may be none.
pub fn optional_number<S: Serializer>(
    value: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => plain_number(value, serializer),
        None => serializer.serialize_none(),
    }
}
