//! The acts kept in a convention's row: signed amendments, the articles they wrote, the termination
//! by a party; and the source of an imported one.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::amendments::content::Change;
use crate::values::ids::AmendmentId;
use crate::values::{Text, code_enum};

/// Un avenant signé, tel que sa convention le porte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Amended {
    /// Identifiant de l'avenant.
    pub id: AmendmentId,
    /// Son numéro.
    #[schema(example = 1)]
    pub number: i32,
    /// Son intitulé.
    #[schema(example = "Prolongation d'un an")]
    pub title: Text<300>,
    /// Le jour où il prend effet.
    #[schema(example = "2027-01-01")]
    pub effective_on: NaiveDate,
    /// Le jour de la dernière signature.
    #[schema(example = "2026-12-15")]
    pub signed_on: Option<NaiveDate>,
    /// Ce qu'il change.
    pub changes: Vec<Change>,
    /// L'échéance convenue une fois qu'il a pris effet.
    #[schema(example = "2029-12-31")]
    pub ends_on: Option<NaiveDate>,
}

impl Amended {
    /// Its place in the order of effect.
    pub const fn rank(&self) -> (NaiveDate, i32) {
        (self.effective_on, self.number)
    }
}

/// Un article ajouté ou récrit par un avenant.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Article {
    /// Son nom.
    #[schema(example = "Article 3")]
    pub article: Text<100>,
    /// Ce qu'il dit.
    #[schema(example = "Le comité de pilotage se réunit deux fois par an.")]
    pub text: Text<10000>,
}

code_enum! {
    /// Why a convention was ended.
    TerminationKind of "termination_kinds" {
        /// A party refused that it goes on.
        NonRenewal = "non_renewal",
        /// A party gave notice.
        Notice = "notice",
        /// A party did not do what it had agreed to.
        Breach = "breach",
        /// The public interest demanded it.
        PublicInterest = "public_interest",
        /// All parties agreed.
        Mutual = "mutual",
    }
}

/// La fin qu'une partie a mise à une convention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Termination {
    /// Le dernier jour où elle est en vigueur.
    #[schema(example = "2027-06-30")]
    pub on: NaiveDate,
    /// La partie qui y met fin.
    #[schema(example = "Ministère de l'Éducation nationale")]
    pub party: Text<200>,
    /// Le motif.
    #[schema(example = "notice")]
    pub kind: TerminationKind,
    /// La raison, en toutes lettres ; pourquoi le préavis n'est pas respecté, s'il ne l'est pas.
    pub reason: Option<Text<1000>>,
    /// Le jour où l'autre partie en a été avertie.
    #[schema(example = "2027-03-15")]
    #[serde(default)]
    pub notified_on: Option<NaiveDate>,
    /// Si le préavis convenu est respecté ; null quand aucun n'est dû.
    #[serde(default)]
    pub notice_respected: Option<bool>,
}

code_enum! {
    /// How precisely the source of an imported convention dates it.
    DatePrecision of "date_precisions" {
        /// To the day.
        Day = "day",
        /// To the month.
        Month = "month",
        /// To the year.
        Year = "year",
    }
}

/// What an import keeps of where a convention comes from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Imported {
    /// Where it is told.
    pub source: Option<String>,
    /// What the file calls it.
    pub source_id: Option<String>,
    /// How precise its dates are.
    pub date_precision: Option<DatePrecision>,
    /// Where the source gives no end, the last day it speaks of.
    pub attested_until: Option<NaiveDate>,
}
