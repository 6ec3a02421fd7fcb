//! Values read from a text.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};

use super::Described;
use crate::error::Rule;

/// A scalar read from a text: what most field types are. [`Field`](crate::http::fields::Field) and query parameters follow.
/// The document describes such a text.
pub trait FromText: Sized + Described {
    /// Parses it, or names the rule it breaks.
    ///
    /// # Errors
    /// The broken rule.
    fn from_text(text: &str) -> Result<Self, Rule>;
}

impl Described for chrono::DateTime<chrono::Utc> {
    fn described() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}

impl FromText for chrono::DateTime<chrono::Utc> {
    /// RFC 3339, with any offset.
    fn from_text(text: &str) -> std::result::Result<Self, Rule> {
        const FORM: &str = "2026-01-31T12:00:00Z";
        let shaped = text.len() >= 20
            && text.is_ascii()
            && text.as_bytes().get(10).is_some_and(|b| b"Tt".contains(b));
        match chrono::DateTime::parse_from_rfc3339(text) {
            Ok(time) => Ok(time.to_utc()),
            Err(error) if shaped && error.kind() == chrono::format::ParseErrorKind::OutOfRange => {
                Err(Rule::ImpossibleDate)
            }
            Err(_) => Err(Rule::Format(FORM)),
        }
    }
}
