//! A deadline: its kinds, when reports are due, its wording.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Integer, Nullable, Text, Timestamptz};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::agreements::names::Places;
use crate::http::answer::ObjectLink;
use crate::language::Language;
use crate::reference::Reference;
use crate::values::ids::ConventionId;
use crate::values::{SchoolYear, TerritoryCode, TextValue, code_enum};

/// The days that signatures may take before they are overdue.
pub const SIGNATURE_DAYS: i32 = 60;

code_enum! {
    /// What falls due.
    Kind of "deadline_kinds" {
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
        /// The day a report is due.
        ReportDue = "report_due",
    }
}

impl Kind {
    /// Its label.
    pub fn label(self, language: Language) -> &'static str {
        let label = Reference::get().label("deadline_kinds", self.code(), language);
        label.unwrap_or(self.code())
    }
}

/// A school year, and the day its reports are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportYear {
    /// The school year.
    pub year: SchoolYear,
    /// The day its reports are due.
    pub due_on: NaiveDate,
    /// Whether a campaign expects a report on every convention, and not only on those that require one.
    pub has_campaign: bool,
}

/// The report rules that a campaign sets for its year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignYear {
    /// The school year.
    pub year: SchoolYear,
    /// The day its reports are due.
    pub due_on: NaiveDate,
    /// Whether reports are still taken.
    pub is_open: bool,
}

impl ReportYear {
    /// The years whose reports are asked for from a day until another: the last that ended, however
    /// late its reports are, and the one under way once its own are due by then. A campaign says when
    /// those of its year are due, and closed that none is asked for any more; an open one of another
    /// year asks for its own.
    pub fn between(today: NaiveDate, until: NaiveDate, campaigns: &[CampaignYear]) -> Vec<Self> {
        let under_way = SchoolYear::of(today);
        let before = SchoolYear::of(under_way.first_day() - Days::new(1));
        let others = campaigns
            .iter()
            .filter(|one| one.is_open)
            .map(|one| &one.year)
            .filter(|year| **year != before && **year != under_way);
        let mut years: Vec<SchoolYear> = others.cloned().collect();
        years.extend([before, under_way.clone()]);
        let asked_for = years
            .into_iter()
            .filter_map(|year| Self::of(year, campaigns));
        let is_due = |one: &Self| one.year < under_way || one.due_on <= until;
        asked_for.filter(is_due).collect()
    }

    /// Without a campaign reports are due two months after their year, on 31 October.
    fn of(year: SchoolYear, campaigns: &[CampaignYear]) -> Option<Self> {
        let last = year.last_day();
        let Some(campaign) = campaigns.iter().find(|one| one.year == year) else {
            return Some(Self {
                due_on: NaiveDate::from_ymd_opt(last.year(), 10, 31).unwrap_or(last),
                year,
                has_campaign: false,
            });
        };
        campaign.is_open.then_some(Self {
            due_on: campaign.due_on,
            year,
            has_campaign: true,
        })
    }
}

/// A deadline as it is computed.
#[derive(Debug, Clone, QueryableByName)]
pub struct Deadline {
    /// What falls due.
    #[diesel(sql_type = Text)]
    pub kind: Kind,
    /// When.
    #[diesel(sql_type = Date)]
    pub due_on: NaiveDate,
    /// Of what kind of object.
    #[diesel(sql_type = Text)]
    pub object_type: String,
    /// Of which.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub object_id: Uuid,
    /// The convention it is, or is of.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub convention_id: ConventionId,
    /// The convention's reference.
    #[diesel(sql_type = Text)]
    pub reference: String,
    /// The convention's title.
    #[diesel(sql_type = Text)]
    pub title: String,
    /// Of a report.
    #[diesel(sql_type = Nullable<Text>)]
    pub school_year: Option<SchoolYear>,
    /// Where; of a report, whose are missing.
    #[diesel(sql_type = Array<Text>)]
    pub territories: Vec<TerritoryCode>,
    /// When the object was last changed.
    #[diesel(sql_type = Timestamptz)]
    pub revised_at: DateTime<Utc>,
    /// The months of notice, or of the renewal.
    #[diesel(sql_type = Nullable<Integer>)]
    pub months: Option<i32>,
    /// The renewals that may follow this one, none when nothing limits them.
    #[diesel(sql_type = Nullable<Integer>)]
    pub renewals_left: Option<i32>,
}

/// Une échéance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deadline)]
pub struct DeadlineAnswer {
    /// Ce qui vient à échéance.
    #[schema(example = "notice")]
    pub kind: Kind,
    /// Le jour.
    #[schema(example = "2026-09-30")]
    pub due_on: NaiveDate,
    /// Le nombre de jours d'ici là, à Paris ; négatif en cas de retard.
    #[schema(example = 42)]
    pub days_left: i64,
    /// La convention ou la déclinaison dont c'est l'échéance.
    #[schema(example = json!({ "type": "convention", "id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03", "url": "/v1/conventions/0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03" }))]
    pub object: ObjectLink,
    /// La convention, ou celle que porte la déclinaison.
    pub convention_id: ConventionId,
    /// La référence de la convention.
    #[schema(example = "CN-2026-0001")]
    pub reference: String,
    /// L'intitulé de la convention.
    #[schema(example = "Convention-cadre de coopération avec l'UIMM")]
    pub title: String,
    /// Les territoires de la déclinaison ou de la convention locale ; d'un bilan, ceux dont il manque, parmi les vôtres.
    #[schema(example = json!([]))]
    pub territories: Vec<TerritoryCode>,
    /// L'année scolaire d'un bilan.
    #[schema(example = json!(null))]
    pub school_year: Option<SchoolYear>,
    /// L'échéance en une phrase.
    #[schema(
        example = "Dernier jour pour dénoncer CN-2026-0001 avant sa reconduction tacite (préavis de 3 mois)."
    )]
    pub detail: String,
    /// When the object was last changed.
    #[serde(skip)]
    #[schema(ignore)]
    pub revised_at: DateTime<Utc>,
}

impl Deadline {
    /// As it is answered on a day.
    pub fn answer(self, today: NaiveDate, language: Language, places: &Places) -> DeadlineAnswer {
        let places = places.told(&self.territories, language);
        DeadlineAnswer {
            kind: self.kind,
            due_on: self.due_on,
            days_left: (self.due_on - today).num_days(),
            detail: match language {
                Language::French => self.in_french(&places),
                Language::English => self.in_english(&places),
            },
            object: ObjectLink {
                url: format!("/v1/{}s/{}", self.object_type, self.object_id),
                kind: self.object_type,
                id: self.object_id,
            },
            convention_id: self.convention_id,
            reference: self.reference,
            title: self.title,
            territories: self.territories,
            school_year: self.school_year,
            revised_at: self.revised_at,
        }
    }

    fn in_french(&self, places: &str) -> String {
        let (reference, months) = (&self.reference, self.months.unwrap_or_default());
        match self.kind {
            Kind::ConventionEnd => format!("Dernier jour de {reference}."),
            Kind::DeclinationEnd => {
                format!("Dernier jour de la déclinaison de {reference} : {places}.")
            }
            Kind::Notice => format!(
                "Dernier jour pour dénoncer {reference} avant sa reconduction tacite (préavis de {months} mois)."
            ),
            Kind::TacitRenewal => {
                let then = match self.renewals_left {
                    None => "sans limite du nombre de reconductions".to_owned(),
                    Some(0) => "pour la dernière fois".to_owned(),
                    Some(left) => format!("reconductions encore possibles ensuite : {left}"),
                };
                format!("{reference} est reconduite tacitement pour {months} mois ; {then}.")
            }
            Kind::SignatureOverdue => {
                format!("{reference} a été envoyée à la signature {SIGNATURE_DAYS} jours plus tôt.")
            }
            Kind::ReportDue => {
                format!(
                    "Bilan {} de {reference} à remettre : {places}.",
                    self.year()
                )
            }
        }
    }

    fn in_english(&self, places: &str) -> String {
        let (reference, months) = (&self.reference, self.months.unwrap_or_default());
        match self.kind {
            Kind::ConventionEnd => format!("Last day of {reference}."),
            Kind::DeclinationEnd => {
                format!("Last day of the declination of {reference}: {places}.")
            }
            Kind::Notice => format!(
                "Last day to give notice of {reference} before its tacit renewal (notice of {}).",
                months_in_english(months)
            ),
            Kind::TacitRenewal => {
                let then = match self.renewals_left {
                    None => "without limit of the number of renewals".to_owned(),
                    Some(0) => "for the last time".to_owned(),
                    Some(left) => format!("renewals still possible afterwards: {left}"),
                };
                format!(
                    "{reference} is tacitly renewed for {}; {then}.",
                    months_in_english(months)
                )
            }
            Kind::SignatureOverdue => {
                format!("{reference} was sent for signature {SIGNATURE_DAYS} days earlier.")
            }
            Kind::ReportDue => format!("Report {} of {reference} due: {places}.", self.year()),
        }
    }

    fn year(&self) -> &str {
        self.school_year.as_ref().map_or("", TextValue::as_str)
    }
}

fn months_in_english(months: i32) -> String {
    match months {
        1 => "1 month".to_owned(),
        _ => format!("{months} months"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::FromText;

    fn day(text: &str) -> NaiveDate {
        NaiveDate::from_text(text).unwrap()
    }

    fn years(today: &str, until: &str) -> Vec<(String, String)> {
        let years = ReportYear::between(day(today), day(until), &[]);
        let pair = |one: ReportYear| (one.year.to_string(), one.due_on.to_string());
        years.into_iter().map(pair).collect()
    }

    #[test]
    fn reports_are_asked_for_before_and_after_the_last_of_october() {
        let pair = |year: &str, due: &str| (year.to_owned(), due.to_owned());
        let both = [
            pair("2024-2025", "2025-10-31"),
            pair("2025-2026", "2026-10-31"),
        ];
        assert_eq!(years("2026-08-02", "2026-10-30"), both[..1]);
        assert_eq!(years("2026-08-02", "2026-10-31"), both);
        assert_eq!(years("2026-09-01", "2026-09-02"), both[1..]);
        assert_eq!(years("2027-08-31", "2027-09-30"), both[1..]);
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
