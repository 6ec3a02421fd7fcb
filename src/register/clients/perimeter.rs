//! Perimeters: what a client of an academy is given, and how much of a client its reader has in
//! charge.

use crate::register::clients::model::Overlap;
use crate::register::clients::model::School;
use diesel::{deserialize::FromSqlRow, expression::AsExpression};

use super::model::ClientRecord;
use crate::auth::policy::Scope;
use crate::error::Rule;
use crate::values::FromText;
use crate::values::{Territory, TextValue, Uai, text_type};

/// An academy or an academic region: what the perimeter of the role `academy` is made of.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct AcademyCode(String);

text_type!([] AcademyCode);

impl FromText for AcademyCode {
    fn from_text(text: &str) -> Result<Self, Rule> {
        match Territory::from_text(text)? {
            academic @ (Territory::Academy(_) | Territory::Region(_)) => {
                Ok(Self(academic.to_string()))
            }
            _ => Err(Rule::Format("academy:10, region:84")),
        }
    }
}

impl TextValue for AcademyCode {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> utoipa::openapi::ObjectBuilder {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^(region|academy):[0-9]{2}$"))
            .description(Some("Une académie ou une région académique."))
            .examples([serde_json::json!("academy:10")])
    }

    fn schema_name() -> String {
        "AcademyCode".into()
    }
}

impl Overlap {
    /// How much of a client a scope has in charge, its schools being these.
    pub fn of(scope: &Scope, client: &ClientRecord, schools: &[School]) -> Self {
        if scope.is_everything() {
            return Self::All;
        }
        let is_within = |uai: &&Uai| {
            schools
                .iter()
                .any(|school| school.uai == **uai && school.is_within(scope))
        };
        // Only clients of schools have UAIs.
        match client.uais.iter().filter(is_within).count() {
            0 => Self::Nothing,
            within if within == client.uais.len() => Self::All,
            _ => Self::Some,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perimeter_is_made_of_academies_and_academic_regions() {
        for good in ["academy:10", "region:84", "academy:43"] {
            assert!(AcademyCode::from_text(good).is_ok(), "{good}");
        }
        for bad in ["FR", "department:069", "uai:0311131L"] {
            assert!(
                matches!(AcademyCode::from_text(bad), Err(Rule::Format(_))),
                "{bad}"
            );
        }
        assert_eq!(
            AcademyCode::from_text("academy:99"),
            Err(Rule::UnknownTerritory)
        );
    }
}
