//! Field types: a value that exists is valid.
//!
//! Each type parses a text ([`FromText`](crate::http::fields::FromText)), naming the rule it
//! breaks, is stored as PostgreSQL `text`, and describes itself in the OpenAPI document.

mod codes;
mod identifiers;
mod moment;
mod text;

pub use codes::{Code, Nomenclature, TerritoryCode};
pub use identifiers::{Rna, Siren, Uai, is_siret, uai_key};
pub use moment::moment;
pub use text::{Email, HttpsUrl, Phone, Text};

/// A type whose value is one text: [`text_type`] gives it all that text-like types share.
pub trait TextValue: Sized {
    /// The text.
    fn as_str(&self) -> &str;
    /// The value of a text that was stored, hence checked.
    fn stored(text: String) -> Self;
    /// Its OpenAPI schema.
    fn describe() -> utoipa::openapi::ObjectBuilder;
    /// The name of that schema.
    fn schema_name() -> String;
}

/// Implements serialisation, PostgreSQL `text` and the OpenAPI schema for a [`TextValue`].
/// A macro because these are foreign traits, which cannot be implemented for every `TextValue`.
macro_rules! text_type {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::values::TextValue::as_str(self))
            }
        }

        impl<$($generics)*> serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::values::TextValue::as_str(self))
            }
        }

        impl<$($generics)*> diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $type {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                let text = $crate::values::TextValue::as_str(self);
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg>>::to_sql(text, out)
            }
        }

        impl<$($generics)*> diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for $type {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                let text = <String as diesel::deserialize::FromSql<
                    diesel::sql_types::Text,
                    diesel::pg::Pg,
                >>::from_sql(bytes)?;
                Ok($crate::values::TextValue::stored(text))
            }
        }

        impl<$($generics)*> utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                <Self as $crate::values::TextValue>::describe().into()
            }
        }

        impl<$($generics)*> utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Owned(<Self as $crate::values::TextValue>::schema_name())
            }
        }
    };
}
pub(crate) use text_type;
