//! The codes that places are told by: those of communes and of the mail.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::schema::Type;

use super::{TextValue, text_type};
use crate::error::{Notice, Rule, notice};
use crate::reference::communes;
use crate::values::FromText;

static UNKNOWN_COMMUNE: Notice = notice(
    "unknown_code",
    "Aucune commune n'a ce code INSEE. Un code postal se donne dans `postal_code`.",
    "No commune has this INSEE code. A postal code goes into `postal_code`.",
);

static UNKNOWN_POSTAL_CODE: Notice = notice(
    "unknown_code",
    "Aucun département n'a ce code postal.",
    "No department has this postal code.",
);

/// The code of a commune or of a municipal district (INSEE): `34172`, `2A004`, `75115`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct CityCode(String);

text_type!([] CityCode);

impl FromText for CityCode {
    fn from_text(text: &str) -> Result<Self, Rule> {
        let is_shaped = text.len() == 5
            && text.bytes().enumerate().all(|(place, byte)| {
                byte.is_ascii_digit() || (place == 1 && matches!(byte, b'A' | b'B'))
            });
        if !is_shaped {
            return Err(Rule::Format("34172"));
        }
        if communes::is_commune(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Rule::Own(&UNKNOWN_COMMUNE))
        }
    }
}

impl TextValue for CityCode {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        code_of_five("^[0-9][0-9AB][0-9]{3}$", "34172")
    }

    fn schema_name() -> String {
        "CityCode".into()
    }
}

/// A postal code, that of a commune or that of large receivers of mail (`CEDEX`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct PostalCode(String);

text_type!([] PostalCode);

impl FromText for PostalCode {
    fn from_text(text: &str) -> Result<Self, Rule> {
        if text.len() != 5 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Rule::Format("34000"));
        }
        match communes::department_of_postal_code(text) {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err(Rule::Own(&UNKNOWN_POSTAL_CODE)),
        }
    }
}

impl TextValue for PostalCode {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        code_of_five("^[0-9]{5}$", "34000")
    }

    fn schema_name() -> String {
        "PostalCode".into()
    }
}

fn code_of_five(pattern: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern))
        .examples([serde_json::json!(example)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_a_place_is_one_that_there_is() {
        for good in ["34172", "2A004", "75056", "75115", "97105", "98818"] {
            assert!(CityCode::from_text(good).is_ok(), "{good}");
        }
        for unknown in ["34000", "99999", "00000"] {
            assert_eq!(
                CityCode::from_text(unknown),
                Err(Rule::Own(&UNKNOWN_COMMUNE))
            );
        }
        for good in ["34000", "34064", "20000", "97150", "98800"] {
            assert!(PostalCode::from_text(good).is_ok(), "{good}");
        }
        let refused = Err(Rule::Own(&UNKNOWN_POSTAL_CODE));
        assert_eq!(PostalCode::from_text("00100"), refused);
        for bad in ["", "1400", "34 000", "2a004", "340000"] {
            assert!(
                matches!(CityCode::from_text(bad), Err(Rule::Format(_))),
                "{bad}"
            );
            assert!(
                matches!(PostalCode::from_text(bad), Err(Rule::Format(_))),
                "{bad}"
            );
        }
    }
}
