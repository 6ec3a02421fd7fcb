//! The progress of a campaign.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::store::Row;
use crate::reference::Reference;
use crate::results::campaigns::model::{Campaign, Status};
use crate::values::ids::ConventionId;
use crate::values::{SchoolYear, TerritoryCode, TextValue};

/// Où en sont des bilans attendus : `missing` + `drafted` + `submitted` + `validated` = `expected`.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Standing {
    /// Combien de bilans sont attendus.
    #[schema(example = 120)]
    pub expected: i64,
    /// Que personne n'a commencés.
    #[schema(example = 30)]
    pub missing: i64,
    /// En cours de rédaction, renvoyés compris.
    #[schema(example = 20)]
    pub drafted: i64,
    /// Dont renvoyés à leurs auteurs.
    #[schema(example = 4)]
    pub returned: i64,
    /// Transmis, à valider.
    #[schema(example = 25)]
    pub submitted: i64,
    /// Validés.
    #[schema(example = 45)]
    pub validated: i64,
    /// En retard : ni transmis ni validés, après le jour dû.
    #[schema(example = 0)]
    pub late: i64,
    /// La part des bilans attendus qui sont validés ; null s'il n'y en a pas.
    #[schema(example = 0.375)]
    pub completeness_rate: Option<f64>,
}

/// Où en sont les bilans d'un territoire.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TerritoryProgress {
    /// Le territoire.
    #[schema(example = "academy:10")]
    pub territory: TerritoryCode,
    /// Son nom.
    #[schema(example = "Lyon")]
    pub name: Option<String>,
    /// Its reports.
    #[serde(flatten)]
    #[schema(inline)]
    pub standing: Standing,
}

/// Où en sont les bilans d'une convention et de ses déclinaisons.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConventionProgress {
    /// La convention.
    pub convention_id: ConventionId,
    /// Sa référence.
    #[schema(example = "CN-2025-0014")]
    pub reference: Option<String>,
    /// Its reports.
    #[serde(flatten)]
    #[schema(inline)]
    pub standing: Standing,
}

/// Où en est une campagne.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CampaignProgress {
    /// L'année scolaire.
    pub school_year: SchoolYear,
    /// Le statut de la campagne.
    #[schema(example = "open")]
    pub status: Status,
    /// Le jour où les bilans sont dus.
    #[schema(example = "2026-09-30")]
    pub due_on: NaiveDate,
    /// All of them.
    #[serde(flatten)]
    #[schema(inline)]
    pub total: Standing,
    /// Par région académique : tout ce qui s'y trouve, les bilans de la région compris.
    pub by_academic_region: Vec<TerritoryProgress>,
    /// Par académie : ce qui s'y trouve ; les bilans d'une région ou du pays ne sont d'aucune.
    pub by_academy: Vec<TerritoryProgress>,
    /// Par convention, ses déclinaisons comprises.
    pub by_convention: Vec<ConventionProgress>,
}

impl CampaignProgress {
    /// Of a campaign, from the rows counted, in the order of their codes and references.
    pub fn of(campaign: Campaign, rows: Vec<Row>) -> Self {
        let mut progress = Self {
            school_year: campaign.content.school_year,
            status: campaign.status,
            due_on: campaign.content.due_on,
            total: Standing::default(),
            by_academic_region: Vec::new(),
            by_academy: Vec::new(),
            by_convention: Vec::new(),
        };
        for row in rows {
            let standing = Standing::from(&row);
            if let Some(academy) = row.academy {
                progress.by_academy.push(territory(academy, standing));
            } else if let Some(region) = row.academic_region {
                progress
                    .by_academic_region
                    .push(territory(region, standing));
            } else if let Some(convention_id) = row.convention_id {
                progress.by_convention.push(ConventionProgress {
                    convention_id,
                    reference: row.reference,
                    standing,
                });
            } else {
                progress.total = standing;
            }
        }
        progress
    }
}

fn territory(territory: TerritoryCode, standing: Standing) -> TerritoryProgress {
    let known = Reference::get().territories().iter();
    let mut named = known.filter(|one| one.code == territory.as_str());
    TerritoryProgress {
        name: named.next().map(|one| one.name.clone()),
        territory,
        standing,
    }
}

impl From<&Row> for Standing {
    fn from(row: &Row) -> Self {
        Self {
            expected: row.expected,
            missing: row.missing,
            drafted: row.drafted,
            returned: row.returned,
            submitted: row.submitted,
            validated: row.validated,
            late: row.late,
            completeness_rate: crate::values::share(Some(row.validated), Some(row.expected)),
        }
    }
}
