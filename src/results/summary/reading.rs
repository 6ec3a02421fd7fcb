//! The reading of a summary: a few statements sent together, at one moment.

use chrono::{DateTime, NaiveDate, Utc};
use diesel_async::AsyncPgConnection;

use super::figures::{Subject, SubjectFigures, subject_figures};
use super::model::{
    ConventionSummary, LIMITED_TO_PERIMETER, PUBLISHED_FIGURES_ONLY, SummaryCoverage,
    SummaryExcerpt, SummaryHead, SummaryNote,
};
use super::store::{self, Excerpt};
use super::targets::{self, Results};
use crate::agreements::conventions::coverage::model::{Asked, Counted, Coverage};
use crate::agreements::conventions::coverage::store as coverage;
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::store as conventions;
use crate::agreements::declinations::model::Declination;
use crate::auth::policy::Scope;
use crate::error::notice::{IN_THE_FUTURE, NOT_IN_FORCE_THAT_YEAR};
use crate::error::{Faults, Place, Result, Rule};
use crate::language::Language;
use crate::register::partners::model::Partner;
use crate::register::partners::store as partners;
use crate::results::declination_progress::model::DeclinationTarget;
use crate::results::declination_progress::reading;
use crate::results::indicators::perimeter;
use crate::values::ids::{ConventionId, DeclinationId};
use crate::values::{SchoolYear, today};

/// What is asked: of which convention, for which year, when, in which language.
#[derive(Debug, Clone)]
pub struct Question {
    /// The convention.
    pub convention: ConventionId,
    /// The year.
    pub year: SchoolYear,
    /// Now.
    pub now: DateTime<Utc>,
    /// The language of labels.
    pub language: Language,
}

/// What the statements answer.
struct Read {
    convention: Convention,
    partners: Vec<Partner>,
    subject_figures: Option<SubjectFigures>,
    coverage: Coverage,
    narratives: (Vec<Excerpt>, i64),
    aiming: Vec<Declination>,
    aims: Vec<(DeclinationId, DeclinationTarget)>,
}

/// Reads it. Its figures are counted by several statements: they are of one moment, so that its parts
/// add up to its totals.
///
/// # Errors
/// `not_found`; `validation_failed` for a year that the convention has nothing to do with.
pub async fn read(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    question: &Question,
) -> Result<ConventionSummary> {
    let mut moment = connection.build_transaction().repeatable_read().read_only();
    let read = moment.run(async |connection| at_once(connection, scope, question).await);
    written(read.await?, scope, question)
}

async fn at_once(
    connection: &AsyncPgConnection,
    scope: &Scope,
    question: &Question,
) -> Result<Read> {
    let convention = conventions::find(connection, scope, question.convention).await?;
    concerned(&convention, question)?;
    let subject = Subject {
        convention: convention.id,
        year: question.year.clone(),
        language: question.language,
    };
    let parties = convention.parties(question.year.last_day());
    let covered = Asked::of(&convention, covered_on(&convention, question));
    // Sent together: one round trip.
    let (partners, subject_figures, wide, narratives, aiming) = tokio::try_join!(
        partners::find_all(connection, scope, &parties),
        subject_figures(connection, scope, &subject),
        coverage::wide(connection, scope, &covered),
        store::narratives(connection, scope, convention.id, &question.year),
        store::aiming(connection, scope, convention.id, &question.year),
    )?;
    let aims = reading::targets(connection, scope, &aiming, Some(&question.year)).await?;
    // Of the coverage only what regions and academies declined is answered.
    let counted = Counted {
        wide,
        all: Vec::new(),
        declined: Vec::new(),
    };
    Ok(Read {
        coverage: Coverage::of(&covered, &counted),
        convention,
        partners,
        subject_figures,
        narratives,
        aiming,
        aims,
    })
}

/// Refuses a year that has not begun, or on no day of which the convention is in force.
fn concerned(convention: &Convention, question: &Question) -> Result<()> {
    let (first, last) = (question.year.first_day(), question.year.last_day());
    let mut faults = Faults::default();
    let place = || Place::Parameter("school_year".to_owned());
    if first > today(question.now) {
        faults.add(place(), Rule::Own(&IN_THE_FUTURE));
    }
    if !convention.status.was_signed() || !convention.overlaps(first, last) {
        faults.add(place(), Rule::Own(&NOT_IN_FORCE_THAT_YEAR));
    }
    faults.check()
}

/// The last day of the year that has come and on which the convention is in force.
fn covered_on(convention: &Convention, question: &Question) -> NaiveDate {
    let last = question.year.last_day().min(today(question.now));
    convention.in_force_until.map_or(last, |end| end.min(last))
}

fn written(read: Read, scope: &Scope, question: &Question) -> Result<ConventionSummary> {
    let (today, language) = (today(question.now), question.language);
    let year = question.year.clone();
    let content = read.convention.on(year.last_day()).content;
    let results = Results {
        subject_figures: read.subject_figures.as_ref(),
        scope,
        ancestors: &read.convention.ancestors,
    };
    let subject = Subject {
        convention: read.convention.id,
        year: year.clone(),
        language,
    };
    let mut targets = targets::of(&content, &subject, &results);
    targets.extend(targets::of_declinations(&read.aiming, read.aims, language));
    let (effective, narratives) = (read.convention.clone(), read.narratives);
    let at_the_end = read
        .convention
        .answer_for(scope, year.last_day(), language)?;
    Ok(ConventionSummary {
        convention: SummaryHead::of(at_the_end, &effective, today, &read.partners),
        notes: notes(read.subject_figures.is_some(), scope, language),
        school_year: year,
        computed_on: today,
        perimeter: perimeter::territories(scope).filter(|_| read.subject_figures.is_some()),
        figures: read
            .subject_figures
            .map(|subject_figures| subject_figures.figures),
        targets,
        coverage: SummaryCoverage::of(&read.coverage),
        narratives: narratives.0.into_iter().map(SummaryExcerpt::of).collect(),
        narratives_left_out: narratives.1,
    })
}

fn notes(has_figures: bool, scope: &Scope, language: Language) -> Vec<SummaryNote> {
    let note = if !has_figures {
        &PUBLISHED_FIGURES_ONLY
    } else if scope.is_everything() {
        return Vec::new();
    } else {
        &LIMITED_TO_PERIMETER
    };
    vec![SummaryNote::of(note, language)]
}
