//! Measures, dimensions, and the query of figures.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AnyOfBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::error::Rule;
use crate::reference::{Entry, Reference};
use crate::register::partners::content::Sector;
use crate::values::ids::{ConventionId, PartnerId, PublicationId};
use crate::values::{
    ActionType, Axis, Described, Event, FromText, Level, Measure, Moment, SchoolYear,
    TerritoryCode, TextValue, code_enum, schemas, start_of,
};

/// The most dimensions of one grouping.
pub const MAX_DIMENSIONS: usize = 3;

code_enum! {
    /// What is counted.
    Indicator of "measures" {
        /// Actions.
        Actions = "actions",
        /// Participations of pupils.
        Pupils = "pupils",
        /// Of girls.
        Girls = "girls",
        /// Of pupils in priority education.
        PriorityEducationPupils = "priority_education_pupils",
        /// Of teachers and staff.
        Teachers = "teachers",
        /// Of professionals.
        Professionals = "professionals",
        /// Of companies.
        Companies = "companies",
        /// Hours.
        Hours = "hours",
        /// Placements offered.
        InternshipsOffered = "internships_offered",
        /// Placements filled.
        InternshipsFilled = "internships_filled",
        /// The base of the share of girls: pupils of lines that state girls.
        PupilsGirlsKnown = "pupils_girls_known",
        /// Girls over pupils.
        GirlsShare = "girls_share",
        /// The base of the share of priority education: pupils of lines that state it.
        PupilsPriorityKnown = "pupils_priority_known",
        /// Pupils in priority education over pupils.
        PriorityEducationShare = "priority_education_share",
        /// Placements filled over offered.
        InternshipFillRate = "internship_fill_rate",
        /// Distinct establishments.
        Establishments = "establishments",
        /// Distinct declinations in force.
        DeclinationsActive = "declinations_active",
        /// Distinct academies that one reaches.
        AcademiesCovered = "academies_covered",
        /// Academies covered over all of them.
        CoverageRate = "coverage_rate",
        /// What the campaign expects.
        ReportsExpected = "reports_expected",
        /// Distinct reports.
        ReportsValidated = "reports_validated",
        /// Of them, those validated.
        CompletenessRate = "completeness_rate",
        /// What conventions set out to reach.
        Target = "target",
        /// What was counted where they did.
        Achieved = "achieved",
        /// How much of it was reached.
        AchievementRate = "achievement_rate",
    }
}

code_enum! {
    /// By what it is counted.
    Dimension of "dimensions" {
        /// The year of the report.
        SchoolYear = "school_year",
        /// The region of the line's academy.
        AcademicRegion = "academic_region",
        /// The line's academy.
        Academy = "academy",
        /// The report's convention.
        Convention = "convention",
        /// Each party of the convention.
        Partner = "partner",
        /// Each sector of each party.
        Sector = "sector",
        /// The line's axis.
        Axis = "axis",
        /// The line's type of action.
        ActionType = "action_type",
        /// The line's level.
        Level = "level",
        /// The line's moment.
        Moment = "moment",
        /// The line's event.
        Event = "event",
    }
}

/// What is asked for: the measures, by what, and which lines count. An empty filter takes all.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What to count, in the order of the answer.
    pub measures: Vec<Indicator>,
    /// By what, in the order of the key.
    pub group_by: Vec<Dimension>,
    /// In these years.
    pub school_year: Vec<SchoolYear>,
    /// In the academies of these regions.
    pub academic_region: Vec<TerritoryCode>,
    /// In these academies.
    pub academy: Vec<TerritoryCode>,
    /// Under these conventions.
    pub convention: Vec<ConventionId>,
    /// Under a convention of one of these partners.
    pub partner: Vec<PartnerId>,
    /// Under a convention of a partner of one of these sectors.
    pub sector: Vec<Sector>,
    /// On these axes.
    pub axis: Vec<Axis>,
    /// Of these types of action.
    pub action_type: Vec<ActionType>,
    /// At these levels.
    pub level: Vec<Level>,
    /// At these moments.
    pub moment: Vec<Moment>,
    /// For these events.
    pub event: Vec<Event>,
    /// As they were published.
    pub edition: Option<Edition>,
    /// What a row of the answer is.
    pub shape: Shape,
}

/// What a row of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// A cell, with all its measures.
    #[default]
    Wide,
    /// A figure: one measure of a cell.
    Long,
}

impl Asked {
    /// The measure that targets are set for: the first that is not about targets itself.
    pub fn aimed_at(&self) -> Indicator {
        let mut measures = self.measures.iter().copied();
        let first = measures.find(|one| !Indicator::OF_TARGETS.contains(one));
        first.unwrap_or(Indicator::Pupils)
    }

    /// Whether one of these is asked for.
    pub fn asks_for(&self, measures: &[Indicator]) -> bool {
        self.measures.iter().any(|one| measures.contains(one))
    }

    /// Whether distinct establishments are asked for.
    pub fn counts_establishments(&self) -> bool {
        self.measures.contains(&Indicator::Establishments)
    }
}

impl Indicator {
    /// The measures that are about the targets of another one.
    pub const OF_TARGETS: [Self; 3] = [Self::Target, Self::Achieved, Self::AchievementRate];
}

/// The academies just below a region, or the academy itself.
pub fn academies_of(territory: &str) -> Vec<String> {
    let all = Reference::get().territories().iter();
    let is_academy = |kind: &str| ["academy", "overseas_service"].contains(&kind);
    all.filter(|one| is_academy(&one.kind))
        .filter(|one| one.code == territory || one.parent.as_deref() == Some(territory))
        .map(|one| one.code.clone())
        .collect()
}

/// La définition d'un indicateur.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Definition {
    /// Son code, le nom de la mesure.
    pub code: Measure,
    /// Son libellé en français.
    #[schema(example = "Élèves")]
    pub label_fr: String,
    /// Son libellé en anglais.
    #[schema(example = "Pupils")]
    pub label_en: String,
    /// Son unité : `count`, `participation`, `hour`, `ratio`, ou `measure` pour celle de la mesure visée.
    #[schema(example = "participation")]
    pub unit: String,
    /// `additive` (les cases s'ajoutent), `distinct` (jamais), `share` (de 0 à 1).
    #[schema(example = "additive")]
    pub kind: String,
    /// Ce qu'il compte, en français.
    #[schema(
        example = "Participations d'élèves aux actions : un élève présent à deux actions compte deux fois."
    )]
    pub definition_fr: String,
    /// Ce qu'il compte, en anglais.
    #[schema(example = "Pupils' participations in actions: a pupil at two actions counts twice.")]
    pub definition_en: String,
}

impl Definition {
    /// Every one, in order of display.
    pub fn all() -> Vec<Self> {
        let measures = Reference::get().nomenclature("measures");
        let entries = measures.map(|measures| measures.entries.iter());
        entries.into_iter().flatten().map(Self::of).collect()
    }

    fn of(entry: &Entry) -> Self {
        let more = |name: &str| {
            let text = entry.more.get(name).and_then(serde_json::Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        Self {
            code: Measure::stored(entry.code.clone()),
            label_fr: entry.label_fr.clone(),
            label_en: entry.label_en.clone(),
            unit: more("unit"),
            kind: more("kind"),
            definition_fr: more("definition_fr"),
            definition_en: more("definition_en"),
        }
    }
}

/// Which publication is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edition {
    /// The one of this id.
    Id(PublicationId),
    /// The one of this number.
    Number(i32),
    /// The last one of each year at this moment.
    AsOf(DateTime<Utc>),
}

/// `publication=`, an id or a number.
pub struct EditionNamed(pub Edition);

impl Described for EditionNamed {
    fn described() -> RefOr<Schema> {
        let number = schemas::between(Type::Integer, 1, i32::MAX);
        let either = OneOfBuilder::new().item(number);
        either.item(PublicationId::described()).into()
    }
}

impl FromText for EditionNamed {
    fn from_text(text: &str) -> std::result::Result<Self, Rule> {
        if let Ok(number) = text.parse::<i32>() {
            return Ok(Self(Edition::Number(number)));
        }
        let id = PublicationId::from_text(text);
        id.map(|id| Self(Edition::Id(id)))
            .map_err(|_| Rule::Format("3, 0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f"))
    }
}

/// `as_of=`, a moment, or a day until its end in Paris.
pub struct EditionAsOf(pub Edition);

impl Described for EditionAsOf {
    fn described() -> RefOr<Schema> {
        let either = AnyOfBuilder::new().item(NaiveDate::described());
        either.item(DateTime::<Utc>::described()).into()
    }
}

impl FromText for EditionAsOf {
    fn from_text(text: &str) -> std::result::Result<Self, Rule> {
        if text.len() > "2026-07-31".len() {
            return DateTime::from_text(text).map(|at| Self(Edition::AsOf(at)));
        }
        let day = NaiveDate::from_text(text)?;
        let next = day
            .checked_add_days(Days::new(1))
            .ok_or(Rule::ImpossibleDate)?;
        let end = start_of(next) - TimeDelta::microseconds(1);
        Ok(Self(Edition::AsOf(end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_counts_exactly_what_the_nomenclatures_name() {
        let codes = |name: &str| Reference::get().nomenclature(name).unwrap().codes();
        let indicators: Vec<_> = Indicator::ALL.iter().map(|one| one.code()).collect();
        assert_eq!(indicators, codes("measures"));
        let dimensions: Vec<_> = Dimension::ALL.iter().map(|one| one.code()).collect();
        assert_eq!(dimensions, codes("dimensions"));
    }

    #[test]
    fn a_region_has_its_academies_and_an_academy_itself() {
        assert_eq!(
            academies_of("region:84"),
            ["academy:06", "academy:08", "academy:10"]
        );
        assert_eq!(academies_of("academy:10"), ["academy:10"]);
        assert_eq!(academies_of("academy:40"), ["academy:40"]);
    }
}
