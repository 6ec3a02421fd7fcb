//! The row of a report, its steps, who writes, validates and reads it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::content::{Narrative, NewReport, Schools};
use super::line::Line;
use super::prefill::model::Prefilled;
use crate::auth::policy::{Perimeter, Scope};
use crate::db::journal::{Audience, Journaled, ObjectType};
use crate::db::schema::{convention_texts, reports};
use crate::error::{Code as ErrorCode, Error, Result};
use crate::steps::{self, Step as _};
use crate::values::ids::{ConventionId, DeclinationId, ReportId};
use crate::values::{
    ActionType, Axis, Json, Level, Moment, SchoolYear, TerritoryCode, TerritoryKind, Text,
    TextValue, Uai, code_enum,
};

code_enum! {
    /// A report's status.
    Status of "report_statuses" {
        /// Being written.
        Draft = "draft",
        /// Before those who validate it.
        Submitted = "submitted",
        /// Sent back to its authors.
        Returned = "returned",
        /// Counted, and frozen.
        Validated = "validated",
    }
}

/// A step of a report's life: see the module's diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change its content.
    Update,
    /// Remove a draft.
    Delete,
    /// Hand it to those who validate it.
    Submit,
    /// Make it count.
    Validate,
    /// Send it back.
    Return,
}

impl steps::Step for Step {
    type Status = Status;

    const STATUSES: &'static [Status] = Status::ALL;

    const ALL: &'static [Self] = &[
        Self::Update,
        Self::Delete,
        Self::Submit,
        Self::Validate,
        Self::Return,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Submit => "submit",
            Self::Validate => "validate",
            Self::Return => "return",
        }
    }

    /// The transition table: what a report becomes by this step, if its status allows it.
    fn from(self, status: Status) -> Option<Status> {
        use Status::{Draft, Returned, Submitted, Validated};
        match (self, status) {
            (Self::Update, Draft | Returned) | (Self::Delete, Draft) => Some(status),
            (Self::Submit, Draft | Returned) => Some(Submitted),
            (Self::Validate, Submitted) => Some(Validated),
            (Self::Return, Submitted) => Some(Returned),
            (
                Self::Update | Self::Delete | Self::Submit | Self::Validate | Self::Return,
                Draft | Submitted | Returned | Validated,
            ) => None,
        }
    }
}

impl Step {
    /// Whether it is taken no more once the campaign of the year is closed: what was handed in is
    /// still validated, and a draft still removed.
    pub const fn needs_open_campaign(self) -> bool {
        match self {
            Self::Update | Self::Submit | Self::Return => true,
            Self::Delete | Self::Validate => false,
        }
    }

    /// Its name in the journal, as what was done.
    pub const fn past(self) -> &'static str {
        match self {
            Self::Update => "updated",
            Self::Delete => "deleted",
            Self::Submit => "submitted",
            Self::Validate => "validated",
            Self::Return => "returned",
        }
    }
}

/// Whether a caller reads heads only: of validated reports, and without lines or schools.
pub fn reads_heads(scope: &Scope) -> bool {
    matches!(scope.perimeter(), Perimeter::Partner(_) | Perimeter::Public)
}

/// Whether a caller writes the reports of a territory, given with all above it: the ministry the
/// country's, the others those of their perimeter.
pub fn is_written_by(scope: &Scope, territory: &TerritoryCode, ancestors: &[String]) -> bool {
    if scope.is_everything() {
        territory.is_of(TerritoryKind::Country)
    } else {
        scope.covers_all(&[ancestors.to_vec()])
    }
}

/// A report as it is stored, lines aside. Serialised, it is what the journal keeps.
#[derive(Debug, Clone, Serialize, HasQuery)]
#[diesel(table_name = reports)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// Its convention.
    pub convention_id: ConventionId,
    /// Its declination, if it has one.
    pub declination_id: Option<DeclinationId>,
    /// Its territory.
    pub territory: TerritoryCode,
    /// Its school year.
    pub school_year: SchoolYear,
    /// 1 for the first version, one more for each correction.
    #[serde(rename = "version")]
    pub number: i32,
    /// The version it corrects.
    pub supersedes_id: Option<ReportId>,
    /// Whether a later version was validated in its place.
    pub superseded: bool,
    /// Its status.
    pub status: Status,
    /// The schools that took part.
    pub establishments: Vec<Uai>,
    /// The narrative.
    pub narrative: Json<Narrative>,
    /// Those who created, edited or submitted this version.
    pub authors: Vec<String>,
    /// When it was last submitted.
    pub submitted_at: Option<DateTime<Utc>>,
    /// When it was validated.
    pub validated_at: Option<DateTime<Utc>>,
    /// Why it was sent back.
    pub return_reason: Option<Text<2000>>,
    /// What its author confirmed when it was last submitted.
    pub confirmed: Json<Vec<Confirmed>>,
    /// What it began with, of what was held.
    pub prefilled: Option<Json<Prefilled>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Its version, in its `ETag`.
    #[serde(skip)]
    pub version: i64,
    /// The territory and all above it.
    #[serde(skip)]
    #[diesel(column_name = reach)]
    pub ancestors: Vec<String>,
}

impl Report {
    /// The status after a step.
    ///
    /// # Errors
    /// `invalid_transition`, naming the status and the steps it allows.
    pub fn step(&self, step: Step) -> Result<Status> {
        step.take(self.status)
    }

    /// Whether a caller takes this step with this report: its writers write it; the level above
    /// validates it. That of a school or a department is its academy, of all others the ministry.
    fn is_for(&self, step: Step, scope: &Scope) -> bool {
        match step {
            Step::Update | Step::Delete | Step::Submit => {
                is_written_by(scope, &self.territory, &self.ancestors)
            }
            Step::Validate | Step::Return => {
                let of_academy = [TerritoryKind::School, TerritoryKind::Department]
                    .iter()
                    .any(|kind| self.territory.is_of(*kind));
                if of_academy {
                    scope.territories().is_some()
                        && scope.covers_all(std::slice::from_ref(&self.ancestors))
                } else {
                    scope.is_everything()
                }
            }
        }
    }

    /// The version that it takes the place of, once it has this status.
    pub fn corrected_by(&self, status: Status) -> Option<ReportId> {
        self.supersedes_id.filter(|_| status == Status::Validated)
    }

    fn is_own(&self, step: Step, subject: &str) -> bool {
        step == Step::Validate && self.authors.iter().any(|author| author == subject)
    }

    /// Refuses a step that is not this caller's to take.
    ///
    /// # Errors
    /// `forbidden`, `own_report`.
    pub fn must_be_for(&self, step: Step, scope: &Scope, subject: &str) -> Result<()> {
        if !self.is_for(step, scope) {
            return Err(Error::new(ErrorCode::Forbidden));
        }
        if self.is_own(step, subject) {
            return Err(Error::new(ErrorCode::OwnReport));
        }
        Ok(())
    }

    /// The steps this caller may take now; fewer once the campaign of the year is closed.
    pub fn allowed(&self, scope: &Scope, subject: &str, is_closed: bool) -> Vec<&'static str> {
        Step::allowed(self.status, |step| {
            self.is_for(step, scope)
                && !self.is_own(step, subject)
                && !(is_closed && step.needs_open_campaign())
        })
    }
}

/// Ce que les bilans des territoires inclus ajoutent : validés, non remplacés, de la même convention et de la même année.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Consolidated {
    /// Combien de bilans.
    #[schema(example = 14)]
    pub reports: i64,
    /// Combien d'établissements distincts y ont pris part.
    #[schema(example = 37)]
    pub establishments: i64,
    /// Actions ; null : aucun de ces bilans ne le sait.
    #[schema(example = 96)]
    pub actions: Option<i64>,
    /// Participations d'élèves.
    #[schema(example = 2510)]
    pub pupils: Option<i64>,
    /// Dont filles.
    #[schema(example = 1248)]
    pub girls: Option<i64>,
    /// Dont élèves de l'éducation prioritaire.
    #[schema(example = 610)]
    pub priority_education_pupils: Option<i64>,
    /// Participations d'enseignants.
    #[schema(example = 180)]
    pub teachers: Option<i64>,
    /// Participations de professionnels.
    #[schema(example = 210)]
    pub professionals: Option<i64>,
    /// Participations d'entreprises.
    #[schema(example = 88)]
    pub companies: Option<i64>,
    /// Heures.
    #[schema(example = 402)]
    pub hours: Option<i64>,
    /// Stages et périodes proposés.
    #[schema(example = 300)]
    pub internships_offered: Option<i64>,
    /// Dont pourvus.
    #[schema(example = 245)]
    pub internships_filled: Option<i64>,
}

/// What a report's convention covers by one of its texts, and who its parties are.
#[derive(Debug, Clone, Default, Queryable, Selectable)]
#[diesel(table_name = convention_texts, check_for_backend(diesel::pg::Pg))]
pub struct Covered {
    /// Its axes; none restrict nothing, here and below.
    pub axes: Vec<Axis>,
    /// Its types of action.
    pub action_types: Vec<ActionType>,
    /// Its levels.
    pub levels: Vec<Level>,
    /// Its moments.
    pub moments: Vec<Moment>,
    /// Its parties.
    pub partner_ids: Vec<Uuid>,
}

impl Covered {
    /// What one text or the other covers.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        fn either<T: PartialEq>(mut one: Vec<T>, other: Vec<T>) -> Vec<T> {
            if one.is_empty() || other.is_empty() {
                return Vec::new();
            }
            let more: Vec<T> = other
                .into_iter()
                .filter(|code| !one.contains(code))
                .collect();
            one.extend(more);
            one
        }
        Self {
            axes: either(self.axes, other.axes),
            action_types: either(self.action_types, other.action_types),
            levels: either(self.levels, other.levels),
            moments: either(self.moments, other.moments),
            partner_ids: either(self.partner_ids, other.partner_ids),
        }
    }
}

/// A report with its lines and what is computed of it. Of a caller who reads heads only, both are
/// left empty.
#[derive(Debug, Clone, Serialize)]
pub struct FullReport {
    /// The report.
    #[serde(flatten)]
    pub report: Report,
    /// Its lines, in their order.
    pub lines: Vec<Line>,
    /// What the reports below add.
    #[serde(skip)]
    pub consolidated: Consolidated,
    /// Its establishments that have a report of their own.
    #[serde(skip)]
    pub reporting: HashSet<String>,
    /// What its convention covers.
    #[serde(skip)]
    pub covered: Covered,
    /// What its cross-checks compare it with.
    #[serde(skip)]
    pub facts: Facts,
}

impl FullReport {
    /// Of a caller who reads its head only.
    pub fn head(report: Report) -> Self {
        Self {
            report,
            lines: Vec::new(),
            consolidated: Consolidated::default(),
            reporting: HashSet::new(),
            covered: Covered::default(),
            facts: Facts::default(),
        }
    }

    /// What created it, or would create it as it is now.
    pub fn as_input(&self) -> NewReport {
        NewReport {
            convention_id: self.report.convention_id,
            declination_id: self.report.declination_id,
            territory: self.report.territory.clone(),
            school_year: self.report.school_year.clone(),
            lines: self.lines.clone(),
            establishments: Schools(self.report.establishments.clone()),
            narrative: self.report.narrative.0.clone(),
        }
    }
}

impl ObjectType for FullReport {
    const TYPE: &'static str = "report";
    const VERBS: &'static [&'static str] = &[
        "created",
        "updated",
        "submitted",
        "returned",
        "validated",
        "superseded",
        "deleted",
        "moved",
    ];
}

impl Journaled for FullReport {
    const PERSONAL: &'static [&'static str] = &[];

    fn id(&self) -> Uuid {
        self.report.id.uuid()
    }

    fn version(&self) -> i64 {
        self.report.version
    }

    /// Those who may read it: while it is in the making, its perimeters, its school and the
    /// ministry; once validated, the convention's parties and the readers too.
    fn audience(&self) -> Audience {
        let report = &self.report;
        let school =
            Some(report.territory.as_str()).filter(|code| TerritoryKind::School.is_of(code));
        let within = Audience::ministry()
            .and_within(&report.ancestors)
            .and_schools_under(school);
        if report.status == Status::Validated {
            within
                .and_partners(self.covered.partner_ids.iter().copied())
                .and_readers()
        } else {
            within
        }
    }
}

/// What a report's cross-checks compare it with.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Facts {
    /// The academies of its schools that no line names.
    pub unlined: Vec<Unlined>,
    /// The lines of the validated report of its key on the year before.
    pub last_year: Vec<Line>,
}

/// An academy without a line.
#[derive(Debug, Clone, Deserialize)]
pub struct Unlined {
    /// The academy.
    pub academy: String,
    /// The place of its first school.
    pub place: usize,
}

/// Un nombre inhabituel que l'auteur a confirmé.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConfirmedFigure)]
pub struct Confirmed {
    /// L'endroit.
    #[schema(example = "/lines/0/pupils")]
    pub pointer: String,
    /// Ce qui a été confirmé.
    #[schema(example = "ten_times_last_year")]
    pub code: String,
    /// Le nombre, de la ligne ou du total.
    #[schema(example = 3400)]
    pub value: i64,
    /// Celui de l'an dernier.
    #[schema(example = 340)]
    pub last_year: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_validated_is_frozen() {
        for step in Step::ALL {
            assert_eq!(step.from(Status::Validated), None, "{step:?}");
        }
    }

    #[test]
    fn every_report_in_the_making_can_come_to_its_end() {
        for status in [Status::Draft, Status::Returned] {
            let submitted = Step::Submit.from(status).unwrap();
            assert_eq!(Step::Validate.from(submitted), Some(Status::Validated));
            assert_eq!(Step::Return.from(submitted), Some(Status::Returned));
        }
    }
}
