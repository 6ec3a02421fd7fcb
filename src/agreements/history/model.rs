//! An audit row, and how it is answered.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::schema::audit_events;
use crate::values::ids::EventId;

/// An audit row.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = audit_events)]
pub struct Row {
    id: EventId,
    occurred_at: DateTime<Utc>,
    action: String,
    subject: String,
    role: String,
    object_type: String,
    object_id: Uuid,
    fields: Vec<String>,
    before: Option<Value>,
    after: Option<Value>,
}

/// Une écriture : qui, quand, quoi.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HistoryEvent)]
pub struct Event {
    /// Identifiant.
    pub id: EventId,
    /// Quand.
    #[serde(serialize_with = "crate::values::moment")]
    pub occurred_at: DateTime<Utc>,
    /// Ce qui a été fait.
    #[schema(example = "convention.updated")]
    pub action: String,
    /// Qui : le sujet de son jeton.
    #[schema(example = "dgesco")]
    pub subject: String,
    /// Son rôle.
    #[schema(example = "ministry")]
    pub role: String,
    /// Sur quoi.
    pub object: Written,
    /// Les champs écrits ; à la création tous, avec leurs premières valeurs.
    pub changes: Vec<Change>,
}

/// L'objet d'une écriture.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HistoryObject)]
pub struct Written {
    /// Son type.
    #[serde(rename = "type")]
    #[schema(example = "convention")]
    pub kind: String,
    /// Son identifiant.
    #[schema(example = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03")]
    pub id: Uuid,
}

/// Ce qu'une écriture fait d'un champ.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = HistoryChange)]
pub struct Change {
    /// Le champ.
    #[schema(example = "bulletin_reference")]
    pub field: String,
    /// Sa valeur d'avant ; null à la création.
    #[schema(example = json!(null))]
    pub before: Value,
    /// Sa valeur d'après.
    #[schema(example = "Bulletin officiel n° 5 du 29 janvier 2026")]
    pub after: Value,
    /// Si le champ dit une personne : ses valeurs ne sont alors pas conservées.
    #[schema(example = false)]
    pub personal: bool,
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        let sides = [
            row.before.unwrap_or_default(),
            row.after.unwrap_or_default(),
        ];
        Self {
            id: row.id,
            occurred_at: row.occurred_at,
            action: row.action,
            subject: row.subject,
            role: row.role,
            object: Written {
                kind: row.object_type,
                id: row.object_id,
            },
            changes: row
                .fields
                .into_iter()
                .map(|field| change(field, &sides))
                .collect(),
        }
    }
}

/// A field that was written and is on neither side is one whose values are not kept.
fn change(field: String, sides: &[Value; 2]) -> Change {
    let [before, after] = sides.each_ref().map(|side| side.get(&field));
    Change {
        personal: before.is_none() && after.is_none(),
        before: before.cloned().unwrap_or_default(),
        after: after.cloned().unwrap_or_default(),
        field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_without_values_is_personal_and_one_that_was_null_is_not() {
        let sides = [json!({ "title": null }), json!({ "title": "A" })];
        let change_told = change("title".to_owned(), &sides);
        assert_eq!(
            (change_told.before, change_told.after),
            (Value::Null, json!("A"))
        );
        assert!(!change_told.personal);
        assert!(change("coordinator".to_owned(), &sides).personal);
    }
}
