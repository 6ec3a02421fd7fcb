//! An expected report.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date, Nullable, Text, Uuid};
use serde::Serialize;
use utoipa::ToSchema;

use crate::values::ids::{ConventionId, DeclinationId, ReportId};
use crate::values::{SchoolYear, TerritoryCode, code_enum};

code_enum! {
    /// The state of an expected report.
    State of "expected_report_states" {
        /// Nobody began it.
        Missing = "missing",
        /// It is being written.
        Draft = "draft",
        /// It is to be validated.
        Submitted = "submitted",
        /// It was sent back.
        Returned = "returned",
        /// It counts.
        Validated = "validated",
    }
}

/// Un bilan attendu par une campagne.
#[derive(Debug, Clone, Serialize, QueryableByName, ToSchema)]
pub struct ExpectedReport {
    /// La convention.
    #[diesel(sql_type = Uuid)]
    pub convention_id: ConventionId,
    /// Sa référence.
    #[diesel(sql_type = Text)]
    #[schema(example = "CN-2025-0014")]
    pub reference: String,
    /// La déclinaison ; null pour le bilan de la convention elle-même.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub declination_id: Option<DeclinationId>,
    /// Le territoire qui rend compte.
    #[diesel(sql_type = Text)]
    #[schema(example = "academy:10")]
    pub territory: TerritoryCode,
    /// L'année scolaire.
    #[diesel(sql_type = Text)]
    pub school_year: SchoolYear,
    /// Le premier jour de l'année où la convention, ou la déclinaison, y est en vigueur.
    #[diesel(sql_type = Date)]
    #[schema(example = "2025-09-01")]
    pub starts_on: NaiveDate,
    /// Le dernier.
    #[diesel(sql_type = Date)]
    #[schema(example = "2026-08-31")]
    pub ends_on: NaiveDate,
    /// Le jour où il est dû.
    #[diesel(sql_type = Date)]
    #[schema(example = "2026-09-30")]
    pub due_on: NaiveDate,
    /// Où il en est.
    #[diesel(sql_type = Text)]
    #[schema(example = "missing")]
    pub state: State,
    /// S'il est en retard : ni transmis ni validé après le jour dû.
    #[diesel(sql_type = Bool)]
    #[schema(example = false)]
    pub late: bool,
    /// Le bilan, s'il y en a un.
    #[diesel(sql_type = Nullable<Uuid>)]
    #[schema(example = json!(null))]
    pub report_id: Option<ReportId>,
}
