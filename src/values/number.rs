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

/// The number that a parameter writes: digits, a point, and an exponent as JSON writes small and large ones.
pub fn decimal(text: &str) -> Option<f64> {
    let is_written_so = |byte: u8| byte.is_ascii_digit() || b"-+.eE".contains(&byte);
    text.parse()
        .ok()
        .filter(|_| text.bytes().all(is_written_so))
}

/// A share of one, to four decimals; none where the denominator is unknown or 0.
pub fn share(numerator: Option<i64>, denominator: Option<i64>) -> Option<f64> {
    let (numerator, denominator) = (i128::from(numerator?), i128::from(denominator?));
    // Of whole numbers, rounded half up: the same figure whoever computes it again.
    let rounded = (numerator * 20_000 + denominator).checked_div(denominator * 2)?;
    let tenthousandths = i32::try_from(rounded).ok()?;
    Some(f64::from(tenthousandths) / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_four_decimals_and_none_of_nothing() {
        assert_eq!(share(Some(1), Some(3)), Some(0.3333));
        assert_eq!(share(Some(2), Some(3)), Some(0.6667));
        assert_eq!(share(Some(1), Some(20_000)), Some(0.0001));
        assert_eq!(share(Some(0), Some(5)), Some(0.0));
        assert_eq!(share(Some(5), Some(5)), Some(1.0));
        for none in [(Some(0), Some(0)), (None, Some(3)), (None, None)] {
            assert_eq!(share(none.0, none.1), None);
        }
    }
}
