//! Codes of the reference data: entries of nomenclatures and territories.

use std::marker::PhantomData;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use utoipa::openapi::schema::{Schema, Type};
use utoipa::openapi::{ObjectBuilder, RefOr};

use super::{Described, Territory, TerritoryKind, TextValue, Uai, text_type};
use crate::error::Rule;
use crate::reference::{self, Reference};
use crate::values::FromText;

/// A nomenclature as a type, so that a sector is never taken for a level.
pub trait Nomenclature: 'static {
    /// Its name, as in `/v1/nomenclatures/{name}`.
    const NAME: &'static str;
}

/// Whether a list of what a text covers leaves a value out: an empty one restricts nothing.
pub fn leaves_out<T: PartialEq>(list: &[T], value: &T) -> bool {
    !list.is_empty() && !list.contains(value)
}

/// A code of the nomenclature `N`. The codes are data: see [`crate::reference`].
#[derive(AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct Code<N: Nomenclature>(String, PhantomData<fn() -> N>);

text_type!([N: Nomenclature] Code<N>);

impl<N: Nomenclature> std::fmt::Debug for Code<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<N: Nomenclature> Clone for Code<N> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<N: Nomenclature> PartialEq for Code<N> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<N: Nomenclature> FromText for Code<N> {
    fn from_text(text: &str) -> Result<Self, Rule> {
        let nomenclature = Reference::get().nomenclature(N::NAME);
        if nomenclature.is_some_and(|entries| entries.has(text)) {
            return Ok(Self(text.to_owned(), PhantomData));
        }
        Err(Rule::UnknownCode(
            N::NAME,
            nomenclature.and_then(|entries| entries.meant_by(text)),
        ))
    }
}

impl<N: Nomenclature> TextValue for Code<N> {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text, PhantomData)
    }

    fn describe() -> ObjectBuilder {
        let codes = Reference::get()
            .nomenclature(N::NAME)
            .map(reference::Nomenclature::codes);
        let builder = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(format!("Un code de la nomenclature `{}`.", N::NAME)));
        match codes {
            Some(codes) => builder.enum_values(Some(codes)),
            None => builder,
        }
    }

    fn schema_name() -> String {
        format!("code_{}", N::NAME)
    }
}

/// A territory as every field and filter writes it: `FR`, `region:84`, `academy:10`,
/// `department:069`, `uai:0690001B`. It is what is stored and answered; [`Territory`] is what it
/// says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct TerritoryCode(String);

text_type!([] TerritoryCode);

impl TerritoryCode {
    /// The whole country.
    pub fn country() -> Self {
        Territory::Country.into()
    }

    /// The territory of a school.
    pub fn of_school(uai: &Uai) -> Self {
        Territory::of_school(uai).into()
    }

    /// The territory it names; none where a stored text is no territory's.
    pub fn territory(&self) -> Option<Territory> {
        Territory::parse(&self.0)
    }

    /// Whether it names a territory of this kind.
    pub fn is_of(&self, kind: TerritoryKind) -> bool {
        kind.is_of(&self.0)
    }

    /// The school it names, if it names one.
    pub fn uai(&self) -> Option<Uai> {
        match self.territory()? {
            Territory::School(uai) => Some(uai),
            _ => None,
        }
    }
}

impl From<Territory> for TerritoryCode {
    fn from(territory: Territory) -> Self {
        Self(territory.to_string())
    }
}

// A territory is written as its code.
impl Described for Territory {
    fn described() -> RefOr<Schema> {
        TerritoryCode::described()
    }
}

impl FromText for TerritoryCode {
    fn from_text(text: &str) -> Result<Self, Rule> {
        Territory::from_text(text).map(Self::from)
    }
}

impl TextValue for TerritoryCode {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^(FR|region:[0-9]{2}|academy:[0-9]{2}|department:[0-9][0-9AB][0-9AB]|uai:[0-9]{7}[A-Z])$"))
            .description(Some("Un territoire : `FR`, `region:84`, `academy:10`, `department:069` ou `uai:0690001B`."))
            .examples([serde_json::json!("academy:10")])
    }

    fn schema_name() -> String {
        "TerritoryCode".into()
    }
}
