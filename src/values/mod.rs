//! Field types: a value that exists is valid.
//!
//! Each type parses a text ([`FromText`]), naming the rule it
//! breaks, is stored as PostgreSQL `text`, and describes itself in the OpenAPI document.

mod codes;
mod days;
mod form;
mod from_text;
pub mod guess;
mod identifiers;
pub mod ids;
mod json;
mod members;
mod moment;
mod number;
mod places;
mod quotes;
pub mod schemas;
mod territory;
mod text;
mod themes;

pub use codes::{Code, Nomenclature, TerritoryCode, leaves_out};
pub use days::{KNOWN_YEARS, SchoolYear, start_of, today};
pub use form::{form_decode, hex_digit};
pub use from_text::FromText;
pub use identifiers::{Nor, Rna, Sha256Hex, Siren, Siret, Uai, is_siret, uai_key};
pub use json::Json;
pub use members::{Members, Written, differing};
pub use moment::{moment, optional_moment};
pub use number::{decimal, optional_number, plain_number, share};
pub use places::{CityCode, PostalCode};
pub use quotes::Quotes;
pub use schemas::Described;
pub use territory::{COUNTRY, NO_ACADEMY, Territory, TerritoryKind};
pub use text::{Email, HttpsUrl, LanguageCode, Phone, Text, is_invisible};
pub use themes::{
    ActionType, ActionTypes, Axes, Axis, Event, Events, Level, Levels, Measure, Measures, Moment,
    Moments,
};

/// A type whose value is one text: `text_type!` gives it all that text-like types share.
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

        // Of what was stored, hence checked: input goes through `FromText`.
        impl<'de, $($generics)*> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                Ok($crate::values::TextValue::stored(text))
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

        impl<$($generics)*> $crate::values::Described for $type {
            fn described() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                <Self as $crate::values::TextValue>::describe().into()
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

/// Declares an enumeration whose values are the codes of a nomenclature that the program acts upon
/// (statuses above all); codes it only passes on are [`Code`]s. A macro so that a value and its code
/// stand side by side, once.
macro_rules! code_enum {
    (
        $(#[$meta:meta])*
        $name:ident of $nomenclature:literal {
            $(#[$first_doc:meta])* $first:ident = $first_code:literal
            $(, $(#[$doc:meta])* $variant:ident = $code:literal)* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Debug,
            Clone,
            Copy,
            PartialEq,
            Eq,
            Hash,
            diesel::expression::AsExpression,
            diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name {
            $(#[$first_doc])* $first
            $(, $(#[$doc])* $variant)*
        }

        $crate::values::text_type!([] $name);

        impl $name {
            /// Every value, in the order of the nomenclature.
            pub const ALL: &'static [Self] = &[Self::$first $(, Self::$variant)*];

            /// Its code.
            pub const fn code(self) -> &'static str {
                match self {
                    Self::$first => $first_code,
                    $(Self::$variant => $code),*
                }
            }
        }

        impl $crate::values::TextValue for $name {
            fn as_str(&self) -> &str {
                self.code()
            }

            fn stored(text: String) -> Self {
                match text.as_str() {
                    $($code => Self::$variant,)*
                    _ => Self::$first,
                }
            }

            fn describe() -> utoipa::openapi::ObjectBuilder {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some(concat!("Un code de la nomenclature `", $nomenclature, "`.")))
                    .enum_values(Some([$first_code $(, $code)*]))
            }

            fn schema_name() -> String {
                concat!("code_", $nomenclature).to_owned()
            }
        }

        impl $crate::values::FromText for $name {
            fn from_text(text: &str) -> Result<Self, $crate::error::Rule> {
                let found = Self::ALL.iter().copied().find(|value| value.code() == text);
                found.ok_or_else(|| {
                    let list = $crate::reference::Reference::get().nomenclature($nomenclature);
                    let nearest = list.and_then(|list| list.meant_by(text));
                    $crate::error::Rule::UnknownCode($nomenclature, nearest)
                })
            }
        }
    };
}
pub(crate) use code_enum;
