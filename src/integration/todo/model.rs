//! What is to be done: its kinds, its wording, its place in the list.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Nullable, Text, Timestamptz};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::agreements::deadlines::calendar::{Entry, Scheduled, titled};
use crate::agreements::deadlines::model::{DeadlineAnswer, Kind as DeadlineKind};
use crate::agreements::names::Places;
use crate::http::answer::ObjectLink;
use crate::language::Language;
use crate::reference::Reference;
use crate::values::ids::ConventionId;
use crate::values::{SchoolYear, TerritoryCode, code_enum};

code_enum! {
    /// What is to be done.
    Kind of "todo_kinds" {
        /// A report that the caller validates or returns.
        ReportToValidate = "report_to_validate",
        /// A request of a school that the caller accepts or declines.
        RequestToAnswer = "request_to_answer",
        /// A day that the other side of a request proposes.
        DayToAgree = "day_to_agree",
        /// A request whose day has come.
        OutcomeToRecord = "outcome_to_record",
        /// A text that the caller signs next.
        SignatureAwaited = "signature_awaited",
        /// A report whose day is past.
        ReportLate = "report_late",
        /// The day a report is due.
        ReportDue = "report_due",
        /// The last day a convention is in force.
        ConventionEnd = "convention_end",
        /// The last day of a declination that its convention outlives.
        DeclinationEnd = "declination_end",
        /// The last day to give notice before a tacit renewal.
        Notice = "notice",
        /// The first day of a tacit renewal.
        TacitRenewal = "tacit_renewal",
        /// The day by which a convention should have been signed.
        SignatureOverdue = "signature_overdue",
        /// A convention in force that academies have not declined.
        AcademyUncovered = "academy_uncovered",
    }
}

impl Kind {
    /// Its label.
    pub fn label(self, language: Language) -> &'static str {
        let label = Reference::get().label("todo_kinds", self.code(), language);
        label.unwrap_or(self.code())
    }

    /// The kind of a deadline that falls on a day.
    pub fn of_deadline(kind: DeadlineKind, due_on: NaiveDate, today: NaiveDate) -> Self {
        match kind {
            DeadlineKind::ReportDue if due_on < today => Self::ReportLate,
            DeadlineKind::ReportDue => Self::ReportDue,
            DeadlineKind::ConventionEnd => Self::ConventionEnd,
            DeadlineKind::DeclinationEnd => Self::DeclinationEnd,
            DeadlineKind::Notice => Self::Notice,
            DeadlineKind::TacitRenewal => Self::TacitRenewal,
            DeadlineKind::SignatureOverdue => Self::SignatureOverdue,
        }
    }

    /// The kind of deadline that it is, if it is one.
    pub const fn deadline(self) -> Option<DeadlineKind> {
        match self {
            Self::ReportLate | Self::ReportDue => Some(DeadlineKind::ReportDue),
            Self::ConventionEnd => Some(DeadlineKind::ConventionEnd),
            Self::DeclinationEnd => Some(DeadlineKind::DeclinationEnd),
            Self::Notice => Some(DeadlineKind::Notice),
            Self::TacitRenewal => Some(DeadlineKind::TacitRenewal),
            Self::SignatureOverdue => Some(DeadlineKind::SignatureOverdue),
            Self::ReportToValidate
            | Self::RequestToAnswer
            | Self::DayToAgree
            | Self::OutcomeToRecord
            | Self::SignatureAwaited
            | Self::AcademyUncovered => None,
        }
    }
}

/// A place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The day since when it waits, or on which it is due.
    pub day: NaiveDate,
    /// The code of its kind.
    pub kind: &'static str,
    /// Its object.
    pub object: Uuid,
}

/// What waits for a step of the caller's, as it is read.
#[derive(Debug, Clone, QueryableByName)]
pub struct Waiting {
    /// What is to be done.
    #[diesel(sql_type = Text)]
    pub kind: Kind,
    /// Since when.
    #[diesel(sql_type = Date)]
    pub day: NaiveDate,
    /// With what kind of object.
    #[diesel(sql_type = Text)]
    pub object_type: String,
    /// With which.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub object_id: Uuid,
    /// The convention it is, or comes under, if it is known.
    #[diesel(sql_type = Nullable<diesel::sql_types::Uuid>)]
    pub convention_id: Option<ConventionId>,
    /// The convention's reference.
    #[diesel(sql_type = Nullable<Text>)]
    pub reference: Option<String>,
    /// The convention's title.
    #[diesel(sql_type = Nullable<Text>)]
    pub title: Option<String>,
    /// Where.
    #[diesel(sql_type = Array<Text>)]
    pub territories: Vec<TerritoryCode>,
    /// Of a report.
    #[diesel(sql_type = Nullable<Text>)]
    pub school_year: Option<SchoolYear>,
    /// When the object was last changed.
    #[diesel(sql_type = Timestamptz)]
    pub revised_at: DateTime<Utc>,
}

/// Une chose à faire.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Todo)]
pub struct TodoAnswer {
    /// Ce qu'il y a à faire.
    #[schema(example = "report_to_validate")]
    pub kind: Kind,
    /// Depuis quand elle attend ; null pour ce qui a une échéance.
    #[schema(example = "2026-11-02")]
    pub since: Option<NaiveDate>,
    /// Depuis combien de jours elle attend.
    #[schema(example = 28)]
    pub age_days: Option<i64>,
    /// Son échéance ; null pour ce qui attend sans en avoir.
    #[schema(example = json!(null))]
    pub due_on: Option<NaiveDate>,
    /// Le nombre de jours d'ici là, à Paris ; négatif en cas de retard.
    #[schema(example = json!(null))]
    pub days_left: Option<i64>,
    /// L'adresse où le faire.
    #[schema(example = "/v1/reports/0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e0b")]
    pub url: String,
    /// L'objet dont il s'agit.
    #[schema(example = json!({ "type": "report", "id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e0b", "url": "/v1/reports/0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e0b" }))]
    pub object: ObjectLink,
    /// La convention, ou celle dont l'objet relève, si elle est connue.
    pub convention_id: Option<ConventionId>,
    /// La référence de la convention.
    #[schema(example = "CN-2026-0001")]
    pub reference: Option<String>,
    /// L'intitulé de la convention.
    #[schema(example = "Convention-cadre de coopération avec l'UIMM")]
    pub title: Option<String>,
    /// Où : le territoire du bilan, l'établissement qui demande, les académies sans déclinaison.
    #[schema(example = json!(["uai:0690001B"]))]
    pub territories: Vec<TerritoryCode>,
    /// L'année scolaire d'un bilan.
    #[schema(example = "2025-2026")]
    pub school_year: Option<SchoolYear>,
    /// Ce qu'il y a à faire, en une phrase.
    #[schema(
        example = "Bilan 2025-2026 de CN-2026-0001 à valider ou à renvoyer, depuis 28 jours : Collège Jean Moulin (uai:0690001B)."
    )]
    pub detail: String,
    /// When the object was last changed.
    #[serde(skip)]
    #[schema(ignore)]
    pub revised_at: DateTime<Utc>,
    /// The day it is.
    #[serde(skip)]
    #[schema(ignore)]
    pub today: NaiveDate,
}

impl TodoAnswer {
    /// What waits, on a day.
    pub fn of_waiting(
        waiting: Waiting,
        today: NaiveDate,
        language: Language,
        places: &Places,
    ) -> Self {
        let age = (today - waiting.day).num_days();
        let places = places.told(&waiting.territories, language);
        let detail = match language {
            Language::French => waiting.in_french(age, &places),
            Language::English => waiting.in_english(age, &places),
        };
        let url = waiting.address();
        Self {
            kind: waiting.kind,
            since: Some(waiting.day),
            age_days: Some(age),
            due_on: None,
            days_left: None,
            url: match waiting.kind {
                Kind::AcademyUncovered => format!("{url}/coverage"),
                _ => url.clone(),
            },
            object: ObjectLink {
                kind: waiting.object_type,
                id: waiting.object_id,
                url,
            },
            convention_id: waiting.convention_id,
            reference: waiting.reference,
            title: waiting.title,
            territories: waiting.territories,
            school_year: waiting.school_year,
            detail,
            revised_at: waiting.revised_at,
            today,
        }
    }

    /// A deadline, on a day.
    pub fn of_deadline(deadline: DeadlineAnswer, today: NaiveDate) -> Self {
        Self {
            kind: Kind::of_deadline(deadline.kind, deadline.due_on, today),
            since: None,
            age_days: None,
            due_on: Some(deadline.due_on),
            days_left: Some(deadline.days_left),
            url: deadline.object.url.clone(),
            object: deadline.object,
            convention_id: Some(deadline.convention_id),
            reference: Some(deadline.reference),
            title: Some(deadline.title),
            territories: deadline.territories,
            school_year: deadline.school_year,
            detail: deadline.detail,
            revised_at: deadline.revised_at,
            today,
        }
    }

    /// Its place in the list.
    pub fn place(&self) -> Place {
        Place {
            day: self.due_on.or(self.since).unwrap_or(self.today),
            kind: self.kind.code(),
            object: self.object.id,
        }
    }
}

impl Waiting {
    fn address(&self) -> String {
        match (self.object_type.as_str(), self.convention_id) {
            ("amendment", Some(convention)) => {
                format!("/v1/conventions/{convention}/amendments/{}", self.object_id)
            }
            (kind, _) => format!("/v1/{kind}s/{}", self.object_id),
        }
    }
}

impl Scheduled for TodoAnswer {
    /// A deadline is the event that the calendar of deadlines has. What waits stands at the day it is, and
    /// moves on when it is imported again.
    fn entry(&self, language: Language) -> Entry {
        let (kind, id) = (self.kind, self.object.id);
        let label = kind.label(language);
        let named = self.reference.iter().chain(&self.title);
        let named: Vec<&str> = named.map(String::as_str).collect();
        let uid = match (self.due_on, kind.deadline()) {
            (Some(day), Some(deadline)) => format!("{deadline}-{id}-{}@ree", day.format("%Y%m%d")),
            _ => format!("{kind}-{id}@ree"),
        };
        Entry {
            uid,
            day: self.due_on.unwrap_or(self.today),
            revised_at: self.revised_at,
            summary: match named.as_slice() {
                [] => label.to_owned(),
                named => titled(label, &named.join(", "), language),
            },
            description: self.detail.clone(),
            path: self.url.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_of_deadlines_stand_in_their_own_order_among_all() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
        for due_on in [today - chrono::Days::new(1), today] {
            let mut kinds = DeadlineKind::ALL.to_vec();
            kinds.sort_by_key(|kind| kind.code());
            let codes = kinds
                .iter()
                .map(|kind| Kind::of_deadline(*kind, due_on, today).code());
            assert!(codes.is_sorted());
        }
    }

    #[test]
    fn a_deadline_is_a_deadline() {
        for kind in Kind::ALL {
            let Some(deadline) = kind.deadline() else {
                continue;
            };
            let today = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
            let due_on = match kind {
                Kind::ReportLate => today - chrono::Days::new(1),
                _ => today,
            };
            assert_eq!(Kind::of_deadline(deadline, due_on, today), *kind);
        }
    }

    #[test]
    fn every_kind_has_a_label_in_both_languages() {
        for kind in Kind::ALL {
            for language in [Language::French, Language::English] {
                assert_ne!(kind.label(language), kind.code());
            }
        }
    }
}
