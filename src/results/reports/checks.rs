//! Cross-checks of a report: what deserves attention in it, and what must be confirmed before it is
//! submitted.
//!
//! A figure ten times last year's must be confirmed. One ten times smaller is not even reported: lines
//! state only what no report below states, so figures fall whenever schools begin to report
//! themselves.

use std::collections::{HashMap, HashSet};

use utoipa::openapi::{RefOr, Schema};

use super::line::Line;
use super::model::{FullReport, Status};
use crate::error::warning::Warning;
use crate::error::{Code, Error, Fault, Notice, Place, Result, Rule, notice};
use crate::language::Language;
use crate::results::reports::model::Confirmed;
use crate::values::{Described, FromText, TextValue, leaves_out, schemas};

/// How many times last year's figure asks to be confirmed.
const TIMES: i64 = 10;

/// The least difference that does: 3 companies that become 30 are nothing unusual.
const LEAST_DIFFERENCE: i64 = 50;

static OUTSIDE_CONVENTION: Notice = notice(
    "outside_convention",
    "La convention ne porte pas sur ce code.",
    "The convention does not cover this code.",
);

static NO_LINES: Notice = notice(
    "no_lines",
    "Ni ce bilan ni ceux des territoires inclus ne disent rien.",
    "Neither this report nor those of the territories within says anything.",
);

static REPORTED_BELOW: Notice = notice(
    "reported_below",
    "Cet établissement a son propre bilan : les lignes ne disent que ce qu'aucun bilan d'un territoire inclus ne dit déjà.",
    "This school has a report of its own: lines state only what no report below states.",
);

static NO_LINE_IN_ACADEMY: Notice = notice(
    "no_line_in_academy",
    "Des établissements de cette académie sont nommés, et aucune ligne n'est de cette académie : ajoutez-en une, ou retirez-les.",
    "Schools of this academy are named, and no line is of it: add one, or remove them.",
);

static NO_ESTABLISHMENTS: Notice = notice(
    "no_establishments",
    "Des élèves sont comptés et aucun établissement n'est nommé.",
    "Pupils are counted and no school is named.",
);

static SOMEONE_WITHOUT_ACTION: Notice = notice(
    "someone_without_action",
    "Cette ligne compte des personnes et aucune action : null si le nombre d'actions n'est pas connu.",
    "This line counts people and no action: null if the number of actions is not known.",
);

static UNPLACED: Notice = notice(
    "unplaced_solicitations",
    "Des demandes qui ont eu lieu ne sont dans aucune ligne préremplie, leur type d'action n'étant pas connu : ajoutez-les.",
    "Requests that were held are in no prefilled line, as their type of action is not known: add them.",
);

static LEFT_OUT: Notice = notice(
    "establishments_left_out",
    "Un bilan nomme 5 000 établissements au plus : les autres n'ont pas été préremplis.",
    "A report names 5,000 schools at most: the others were not prefilled.",
);

static TEN_TIMES_LAST_YEAR: Notice = notice(
    "ten_times_last_year",
    "Ce nombre est au moins dix fois celui de l'an dernier : vérifiez-le, puis confirmez.",
    "This number is at least ten times last year's: check it, then confirm.",
);

/// What can be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmable {
    /// Figures ten times last year's.
    TenTimesLastYear,
}

impl Described for Confirmable {
    fn described() -> RefOr<Schema> {
        schemas::one_of([TEN_TIMES_LAST_YEAR.code], None)
    }
}

impl FromText for Confirmable {
    fn from_text(text: &str) -> std::result::Result<Self, Rule> {
        if text == TEN_TIMES_LAST_YEAR.code {
            return Ok(Self::TenTimesLastYear);
        }
        Err(Rule::Format(TEN_TIMES_LAST_YEAR.code))
    }
}

/// What is unusual in a report must be confirmed: what was, for it to be kept.
///
/// # Errors
/// `confirmation_required`, naming each place.
pub fn must_be_confirmed(report: &FullReport, confirmed: &[Confirmable]) -> Result<Vec<Confirmed>> {
    let found = tenfold(&report.lines, &report.facts.last_year);
    if found.is_empty() || confirmed.contains(&Confirmable::TenTimesLastYear) {
        return Ok(found);
    }
    let fault = |one: &Confirmed| Fault {
        place: Place::Pointer(one.pointer.clone()),
        rule: Rule::About(&TEN_TIMES_LAST_YEAR, one.described()),
    };
    Err(Error::new(Code::ConfirmationRequired).with(found.iter().map(fault).collect()))
}

impl Confirmed {
    fn described(&self) -> String {
        format!("{} → {}", self.last_year, self.value)
    }
}

fn is_tenfold(value: i64, last_year: i64) -> bool {
    last_year > 0
        && value >= last_year.saturating_mul(TIMES)
        && value - last_year >= LEAST_DIFFERENCE
}

/// The counters that are ten times last year's: of each, the lines that are by themselves, else the
/// greatest line of a total that is.
fn tenfold(lines: &[Line], last_year: &[Line]) -> Vec<Confirmed> {
    let before: HashMap<_, _> = last_year
        .iter()
        .map(|line| (line.key(None), line))
        .collect();
    let by_line = lines.iter().enumerate().flat_map(|(index, line)| {
        let same = before.get(&line.key(None)).map(|line| line.counters());
        let pairs = line.counters().into_iter().zip(same.into_iter().flatten());
        pairs.filter_map(move |((name, value), (_, past))| unusual(index, name, value, past))
    });
    let mut found: Vec<Confirmed> = by_line.collect();
    let found_names: HashSet<String> = found.iter().map(Confirmed::counter).collect();
    let (totals, past) = (totals(lines), totals(last_year));
    for ((name, total), (_, past)) in totals.into_iter().zip(past) {
        let greatest = greatest(lines, name).filter(|_| !found_names.contains(name));
        found.extend(greatest.and_then(|index| unusual(index, name, total, past)));
    }
    found
}

fn unusual<N: Into<i64>>(
    line: usize,
    counter: &str,
    value: Option<N>,
    past: Option<N>,
) -> Option<Confirmed> {
    let (value, last_year) = (value?.into(), past?.into());
    is_tenfold(value, last_year).then(|| Confirmed {
        pointer: format!("/lines/{line}/{counter}"),
        code: TEN_TIMES_LAST_YEAR.code.to_owned(),
        value,
        last_year,
    })
}

impl Confirmed {
    fn counter(&self) -> String {
        let last = self.pointer.rsplit('/').next();
        last.unwrap_or_default().to_owned()
    }
}

/// The sum of each counter over the lines that know it.
fn totals(lines: &[Line]) -> Vec<(&'static str, Option<i64>)> {
    let mut totals: Vec<(&'static str, Option<i64>)> = Vec::new();
    for (place, (name, value)) in lines
        .iter()
        .flat_map(|line| line.counters().into_iter().enumerate())
    {
        let value = value.map(i64::from);
        match totals.get_mut(place) {
            Some((_, total)) => *total = sum(*total, value),
            None => totals.push((name, value)),
        }
    }
    totals
}

fn sum(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    }
}

/// The line with the most of a counter.
fn greatest(lines: &[Line], name: &str) -> Option<usize> {
    let value = |line: &Line| {
        let mut counters = line.counters().into_iter();
        counters.find(|(counter, _)| *counter == name)?.1
    };
    let known = lines
        .iter()
        .enumerate()
        .filter_map(|(index, line)| Some((value(line)?, index)));
    known
        .max_by_key(|(value, index)| (*value, std::cmp::Reverse(*index)))
        .map(|(_, index)| index)
}

/// What deserves attention in a report.
pub fn warnings(report: &FullReport, language: Language) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if report.lines.is_empty() && report.consolidated.reports == 0 {
        warnings.push(NO_LINES.at("/lines", language));
    }
    warnings.extend(of_lines(report, language));
    warnings.extend(of_schools(report, language));
    warnings.extend(of_prefilling(report, language));
    warnings
}

fn of_lines(report: &FullReport, language: Language) -> Vec<Warning> {
    fn outside<T: PartialEq>(list: &[T], code: Option<&T>) -> bool {
        code.is_some_and(|code| leaves_out(list, code))
    }
    let (covered, mut warnings) = (&report.covered, Vec::new());
    for (index, line) in report.lines.iter().enumerate() {
        let (types, levels) = (&covered.action_types, &covered.levels);
        let found_names = [
            ("action_type", outside(types, Some(&line.action_type))),
            ("level", outside(levels, line.level.as_ref())),
            ("moment", outside(&covered.moments, line.moment.as_ref())),
            ("axis", outside(&covered.axes, line.axis.as_ref())),
        ];
        for (name, _) in found_names
            .into_iter()
            .filter(|(_, is_outside)| *is_outside)
        {
            warnings.push(OUTSIDE_CONVENTION.at(format!("/lines/{index}/{name}"), language));
        }
        let people = [line.pupils, line.teachers, line.professionals];
        if line.actions == Some(0) && people.iter().flatten().any(|count| *count > 0) {
            warnings.push(SOMEONE_WITHOUT_ACTION.at(format!("/lines/{index}/actions"), language));
        }
    }
    let unusual = tenfold(&report.lines, &report.facts.last_year);
    warnings.extend(unusual.into_iter().map(|one| {
        let detail = TEN_TIMES_LAST_YEAR.about(&one.described(), language);
        Warning {
            detail,
            ..TEN_TIMES_LAST_YEAR.at(one.pointer, language)
        }
    }));
    warnings
}

fn of_schools(report: &FullReport, language: Language) -> Vec<Warning> {
    let schools = &report.report.establishments;
    let counts_pupils = report.lines.iter().any(|line| line.pupils > Some(0));
    let mut warnings = Vec::new();
    if schools.is_empty() && counts_pupils {
        warnings.push(NO_ESTABLISHMENTS.at("/establishments", language));
    }
    for (index, uai) in schools.iter().enumerate() {
        if report.reporting.contains(uai.as_str()) {
            warnings.push(REPORTED_BELOW.at(format!("/establishments/{index}"), language));
        }
    }
    let unlined = report.facts.unlined.iter().map(|one| Warning {
        detail: NO_LINE_IN_ACADEMY.about(&one.academy, language),
        ..NO_LINE_IN_ACADEMY.at(format!("/establishments/{}", one.place), language)
    });
    warnings.extend(unlined);
    warnings
}

/// While it is written: what the prefilling could not place.
fn of_prefilling(report: &FullReport, language: Language) -> Vec<Warning> {
    let is_written = matches!(report.report.status, Status::Draft | Status::Returned);
    let Some(prefilled) = report.report.prefilled.as_ref().filter(|_| is_written) else {
        return Vec::new();
    };
    let counts = [
        (prefilled.unplaced, "/lines", &UNPLACED),
        (
            prefilled.establishments_left_out,
            "/establishments",
            &LEFT_OUT,
        ),
    ];
    counts
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, pointer, notice)| Warning {
            detail: notice.about(&number.to_string(), language),
            ..notice.at(pointer, language)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(level: &str, pupils: Option<i32>) -> Line {
        let line =
            serde_json::json!({ "action_type": "company_visit", "level": level, "pupils": pupils });
        serde_json::from_value(line).unwrap()
    }

    fn found(lines: &[Line], last_year: &[Line]) -> Vec<String> {
        let found = tenfold(lines, last_year);
        found
            .iter()
            .map(|one| format!("{} {}", one.pointer, one.described()))
            .collect()
    }

    #[test]
    fn a_line_ten_times_its_own_of_last_year_is_told_and_else_the_greatest_of_a_total() {
        let past = [line("3e", Some(40)), line("4e", Some(20))];
        let typed = [line("3e", Some(400)), line("4e", Some(25))];
        assert_eq!(found(&typed, &past), ["/lines/0/pupils 40 → 400"]);
        let elsewhere = [line("5e", Some(100)), line("6e", Some(500))];
        assert_eq!(found(&elsewhere, &past), ["/lines/1/pupils 60 → 600"]);
    }

    #[test]
    fn what_was_unknown_or_none_or_small_is_not_compared() {
        assert!(found(&[line("3e", Some(900))], &[line("3e", None)]).is_empty());
        assert!(found(&[line("3e", Some(900))], &[line("3e", Some(0))]).is_empty());
        assert!(found(&[line("3e", Some(50))], &[line("3e", Some(5))]).is_empty());
        assert!(found(&[line("3e", None)], &[line("3e", Some(5))]).is_empty());
        assert!(found(&[line("3e", Some(4))], &[line("3e", Some(400))]).is_empty());
    }

    proptest! {
        #[test]
        fn what_grew_less_than_tenfold_everywhere_is_never_told(
            pupils in proptest::collection::vec((1..100_000_i32, 0..10_i32), 0..6)
        ) {
            let levels = ["6e", "5e", "4e", "3e", "2de_gt", "tle_pro"];
            let each = || pupils.iter().zip(levels);
            let past: Vec<Line> = each().map(|((past, _), level)| line(level, Some(*past))).collect();
            let grown = |past: i32, times: i32| Some(past.saturating_mul(times));
            let lines: Vec<Line> =
                each().map(|((past, times), level)| line(level, grown(*past, *times))).collect();
            prop_assert!(found(&lines, &past).is_empty());
        }
    }
}
