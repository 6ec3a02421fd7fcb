//! Official identifiers of organisations and schools, with their check digits and letters.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::schema::Type;

use super::{TextValue, text_type};
use crate::error::Rule;
use crate::values::FromText;

/// A SIREN number: 9 digits whose last is a Luhn key (INSEE).
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct Siren(String);

text_type!([] Siren);

impl FromText for Siren {
    fn from_text(text: &str) -> Result<Self, Rule> {
        if text.len() != 9 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Rule::Format("552049447"));
        }
        if luhn(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Rule::Checksum(None))
        }
    }
}

impl TextValue for Siren {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        pattern("^[0-9]{9}$", "552049447")
    }

    fn schema_name() -> String {
        "Siren".into()
    }
}

/// A SIRET number: that of one of the places of an organisation, its SIREN and five digits (INSEE).
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct Siret(String);

text_type!([] Siret);

impl FromText for Siret {
    fn from_text(text: &str) -> Result<Self, Rule> {
        if is_siret(text) {
            Ok(Self(text.to_owned()))
        } else if text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit()) {
            Err(Rule::Checksum(None))
        } else {
            Err(Rule::Format("77684512500058"))
        }
    }
}

impl TextValue for Siret {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        pattern("^[0-9]{14}$", "77684512500058")
    }

    fn schema_name() -> String {
        "Siret".into()
    }
}

/// A number of the national directory of associations (RNA).
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct Rna(String);

text_type!([] Rna);

impl FromText for Rna {
    fn from_text(text: &str) -> Result<Self, Rule> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(place, byte)| match place {
                0 => byte == b'W',
                2 => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
                _ => byte.is_ascii_digit(),
            });
        if shaped {
            Ok(Self(text.to_owned()))
        } else {
            Err(Rule::Format("W751234567"))
        }
    }
}

impl TextValue for Rna {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        pattern("^W[0-9][0-9A-Z][0-9]{7}$", "W751234567")
    }

    fn schema_name() -> String {
        "Rna".into()
    }
}

/// A school's UAI: 7 digits and a check letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct Uai(String);

text_type!([] Uai);

impl Uai {
    /// Whether a text has the form of a UAI, whatever its check letter: `^[0-9]{7}[A-Z]$`.
    pub fn is_shaped(text: &str) -> bool {
        match text.as_bytes() {
            [digits @ .., letter] => {
                digits.len() == 7
                    && digits.iter().all(u8::is_ascii_digit)
                    && letter.is_ascii_uppercase()
            }
            [] => false,
        }
    }
}

/// The check letter of a UAI's number: the number modulo 23 in the alphabet without I, O and Q.
pub fn uai_key(number: u32) -> char {
    const LETTERS: &str = "ABCDEFGHJKLMNPRSTUVWXYZ";
    LETTERS
        .chars()
        .cycle()
        .nth(usize::try_from(number % 23).unwrap_or_default())
        .unwrap_or('A')
}

impl FromText for Uai {
    fn from_text(text: &str) -> Result<Self, Rule> {
        const FORM: Rule = Rule::Format("0690001B");
        if !Self::is_shaped(text) {
            return Err(FORM);
        }
        let (number, letter) = text.split_at_checked(7).ok_or(FORM)?;
        let key = uai_key(number.parse().map_err(|_| FORM)?);
        if letter.starts_with(key) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Rule::Checksum(Some(format!("{number}{key}"))))
        }
    }
}

impl TextValue for Uai {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        pattern("^[0-9]{7}[A-HJ-NPR-Z]$", "0660522J")
    }

    fn schema_name() -> String {
        "Uai".into()
    }
}

/// Whether a text is a SIRET: 14 digits with a Luhn key, or those of La Poste (SIREN 356000000),
/// whose digits add up to a multiple of 5 (INSEE).
pub fn is_siret(text: &str) -> bool {
    let digits = text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit());
    let sum: u32 = text.chars().filter_map(|c| c.to_digit(10)).sum();
    digits && (luhn(text) || (text.starts_with("356000000") && sum.is_multiple_of(5)))
}

/// Luhn's formula (ISO/IEC 7812-1 annex B).
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|digit| digit.to_digit(10))
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum.is_multiple_of(10)
}

fn pattern(pattern: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern))
        .examples([serde_json::json!(example)])
}

/// A SHA-256 digest, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct Sha256Hex(String);

text_type!([] Sha256Hex);

impl Sha256Hex {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest;
        let digest = sha2::Sha256::digest(bytes);
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl FromText for Sha256Hex {
    fn from_text(text: &str) -> Result<Self, Rule> {
        if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Rule::Format("64 × [0-9a-f]"))
        }
    }
}

impl TextValue for Sha256Hex {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[0-9a-f]{64}$"))
            .examples([serde_json::json!(
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            )])
    }

    fn schema_name() -> String {
        "Sha256".into()
    }
}

/// A NOR number (*numéro d'ordre normalisé*), as the official journals give each text: the emitter's
/// four letters, the year, the number and a letter for the kind.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct Nor(String);

text_type!([] Nor);

impl FromText for Nor {
    fn from_text(text: &str) -> Result<Self, Rule> {
        let shaped = text.len() == 12
            && text.bytes().enumerate().all(|(place, byte)| match place {
                0..=3 | 11 => byte.is_ascii_uppercase(),
                _ => byte.is_ascii_digit(),
            });
        if shaped {
            Ok(Self(text.to_owned()))
        } else {
            Err(Rule::Format("MENE0701078X"))
        }
    }
}

impl TextValue for Nor {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Z]{4}[0-9]{7}[A-Z]$"))
            .examples([serde_json::json!("MENE0701078X")])
    }

    fn schema_name() -> String {
        "Nor".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_siren_is_nine_digits_with_a_luhn_key() {
        for good in ["552049447", "428436893", "356000000"] {
            assert!(Siren::from_text(good).is_ok(), "{good}");
        }
        assert_eq!(Siren::from_text("552049448"), Err(Rule::Checksum(None)));
        for bad in [
            "55204944",
            "5520494471",
            "552 049 447",
            "55204944A",
            "５52049447",
        ] {
            assert!(
                matches!(Siren::from_text(bad), Err(Rule::Format(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_uai_has_the_letter_its_number_gives() {
        assert!(Uai::from_text("0660522J").is_ok());
        assert_eq!(
            Uai::from_text("0932529Y"),
            Err(Rule::Checksum(Some("0932529U".into())))
        );
        for bad in ["04770677F", "0311131l", "311131L", "", "03111é1L"] {
            assert!(matches!(Uai::from_text(bad), Err(Rule::Format(_))), "{bad}");
        }
    }

    #[test]
    fn an_rna_is_a_w_and_nine_characters() {
        assert!(Rna::from_text("W751234567").is_ok());
        assert!(Rna::from_text("W9R1234567").is_ok());
        for bad in ["w751234567", "W75123456", "W7512345678", "W75123456A"] {
            assert!(Rna::from_text(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_siret_follows_luhn_or_la_poste() {
        assert!(is_siret("77684512500058"));
        assert!(is_siret("35600000000048"));
        assert!(!is_siret("77684512500059"));
        assert!(!is_siret("7768451250005"));
    }
}
