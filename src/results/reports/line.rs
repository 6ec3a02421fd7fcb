//! The lines of a report: what was done of each type of action, and how much of it.

use std::collections::HashSet;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::schema::report_lines;
use crate::error::notice::OUTSIDE_TERRITORY;
use crate::error::{Notice, Rule, notice};
use crate::http::fields::{Body, Fields};
use crate::offers::counts::{Pupils, check_part, count};
use crate::reference::Reference;
use crate::values::{
    ActionType, Axis, Event, Level, Moment, TerritoryCode, TerritoryKind, TextValue,
};

/// The fields that, with the type of action, are the key of a line.
const KEY: [&str; 5] = ["level", "moment", "axis", "event", "academy"];

static MORE_THAN_OFFERED: Notice = notice(
    "more_than_offered",
    "Ce nombre dépasse `internships_offered`, dont il est une partie.",
    "This number is greater than `internships_offered`, of which it is a part.",
);

static REPEATED_LINE: Notice = notice(
    "repeated_line",
    "Une autre ligne a déjà ce type d'action, ce niveau, ce temps, cet axe, cette académie et cet événement : réunissez-les.",
    "Another line has this action type, level, moment, axis, academy and event already: put them together.",
);

/// Une ligne : ce qui a été fait d'un type d'action, pour un niveau, un temps du parcours, un axe, une académie, un événement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, HasQuery, ToSchema)]
#[schema(as = ReportLine)]
#[diesel(table_name = report_lines)]
pub struct Line {
    /// Type d'action.
    #[schema(example = "company_visit")]
    pub action_type: ActionType,
    /// Niveau.
    #[schema(example = "3e")]
    pub level: Option<Level>,
    /// Temps du parcours.
    #[schema(example = "career_discovery")]
    pub moment: Option<Moment>,
    /// Axe de travail.
    #[schema(example = "career_discovery")]
    pub axis: Option<Axis>,
    /// L'académie, `academy:NN` : reprise du territoire quand il n'en couvre qu'une, sinon obligatoire sauf pour une action nationale.
    #[schema(example = "academy:10")]
    pub academy: Option<TerritoryCode>,
    /// Événement.
    #[schema(example = "semaine_ecole_entreprise")]
    pub event: Option<Event>,
    /// Actions ; null : on ne sait pas, 0 : aucune.
    #[schema(example = 12, minimum = 0, maximum = 100000000)]
    pub actions: Option<i32>,
    /// Participations d'élèves.
    #[schema(example = 340, minimum = 0, maximum = 100000000)]
    pub pupils: Option<i32>,
    /// Dont filles.
    #[schema(example = 171, minimum = 0, maximum = 100000000)]
    pub girls: Option<i32>,
    /// Dont élèves de l'éducation prioritaire.
    #[schema(example = 90, minimum = 0, maximum = 100000000)]
    pub priority_education_pupils: Option<i32>,
    /// Participations d'enseignants.
    #[schema(example = 24, minimum = 0, maximum = 100000000)]
    pub teachers: Option<i32>,
    /// Participations de professionnels.
    #[schema(example = 30, minimum = 0, maximum = 100000000)]
    pub professionals: Option<i32>,
    /// Participations d'entreprises.
    #[schema(example = 12, minimum = 0, maximum = 100000000)]
    pub companies: Option<i32>,
    /// Heures, entières.
    #[schema(example = 48, minimum = 0, maximum = 100000000)]
    pub hours: Option<i32>,
    /// Stages et périodes proposés.
    #[schema(example = json!(null), minimum = 0, maximum = 100000000)]
    pub internships_offered: Option<i32>,
    /// Dont pourvus.
    #[schema(example = json!(null), minimum = 0, maximum = 100000000)]
    pub internships_filled: Option<i32>,
}

impl Body for Line {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let action_type = fields.required("action_type");
        let (level, moment) = (fields.optional("level"), fields.optional("moment"));
        let (axis, event) = (fields.optional("axis"), fields.optional("event"));
        let academy = academy(fields);
        let (actions, pupils) = (count(fields, "actions"), Pupils::read(fields));
        let (teachers, professionals) = (count(fields, "teachers"), count(fields, "professionals"));
        let (companies, hours) = (count(fields, "companies"), count(fields, "hours"));
        let internships_offered = count(fields, "internships_offered");
        let internships_filled = count(fields, "internships_filled");
        let filled = ("internships_filled", internships_filled);
        check_part(fields, filled, internships_offered, &MORE_THAN_OFFERED);
        // What could not be read is not compared with the other lines.
        let key = [
            level.is_some(),
            moment.is_some(),
            axis.is_some(),
            event.is_some(),
            academy.is_some(),
        ];
        let is_whole = KEY
            .iter()
            .zip(key)
            .all(|(name, is_read)| is_read || !fields.gives(name));
        is_whole.then_some(Self {
            action_type: action_type?,
            level,
            moment,
            axis,
            academy,
            event,
            actions,
            pupils: pupils.all,
            girls: pupils.girls,
            priority_education_pupils: pupils.priority_education,
            teachers,
            professionals,
            companies,
            hours,
            internships_offered,
            internships_filled,
        })
    }
}

/// The academy of a line, which is no other kind of territory.
fn academy(fields: &mut Fields<'_>) -> Option<TerritoryCode> {
    let said: TerritoryCode = fields.optional("academy")?;
    if said.is_of(TerritoryKind::Academy) {
        return Some(said);
    }
    fields.fault("academy", Rule::Format(TerritoryKind::Academy.example()));
    None
}

impl Line {
    /// What it counts, by the names of its fields.
    pub const fn counters(&self) -> [(&'static str, Option<i32>); 10] {
        [
            ("actions", self.actions),
            ("pupils", self.pupils),
            ("girls", self.girls),
            ("priority_education_pupils", self.priority_education_pupils),
            ("teachers", self.teachers),
            ("professionals", self.professionals),
            ("companies", self.companies),
            ("hours", self.hours),
            ("internships_offered", self.internships_offered),
            ("internships_filled", self.internships_filled),
        ]
    }

    /// Its key among the lines of its report, with this academy where it has none.
    pub fn key(&self, only_academy: Option<&str>) -> [String; 6] {
        fn code<T: TextValue>(value: Option<&T>) -> String {
            value
                .map(|code| code.as_str().to_owned())
                .unwrap_or_default()
        }
        let own = self.academy.as_ref().map(TextValue::as_str);
        [
            code(Some(&self.action_type)),
            code(self.level.as_ref()),
            code(self.moment.as_ref()),
            code(self.axis.as_ref()),
            own.or(only_academy).unwrap_or_default().to_owned(),
            code(self.event.as_ref()),
        ]
    }

    /// Whether what it counts is done for the whole country, and so in no academy.
    fn is_national(&self) -> bool {
        let list = Reference::get().nomenclature("action_types");
        let entry = list.and_then(|list| {
            let mut entries = list.entries.iter();
            entries.find(|entry| entry.code == self.action_type.as_str())
        });
        entry.is_some_and(|entry| {
            entry
                .more
                .get("scale")
                .is_some_and(|scale| scale == "national")
        })
    }
}

/// The faults of lines among themselves and under their territory, each with its place below the
/// lines. The academy of a school is for the database to say: see [`settle`].
pub fn between(territory: Option<&TerritoryCode>, lines: &[Option<Line>]) -> Vec<(String, Rule)> {
    let mut faults = Vec::new();
    let of_school = territory.is_some_and(|code| code.uai().is_some());
    let academies = territory.filter(|_| !of_school).map(academies_of);
    let only = academies.as_deref().and_then(only_one);
    let mut keys = HashSet::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(line) = line else { continue };
        let mut key = line.key(only);
        if of_school {
            // Whatever it is, there is only one.
            key[4].clear();
        }
        if !keys.insert(key) {
            faults.push((format!("/{index}"), Rule::Own(&REPEATED_LINE)));
        }
        let fault = academies
            .as_ref()
            .and_then(|academies| match &line.academy {
                Some(academy) => (!academies.contains(&academy.as_str()))
                    .then_some(Rule::Own(&OUTSIDE_TERRITORY)),
                None => (academies.len() > 1 && !line.is_national()).then_some(Rule::Required),
            });
        faults.extend(fault.map(|rule| (format!("/{index}/academy"), rule)));
    }
    faults
}

/// Fills in the academy of the lines that say none, where the territory has only one; of the lines
/// that say another one, the places. `ancestors` is the territory and all above it.
pub fn settle(territory: &TerritoryCode, ancestors: &[String], lines: &mut [Line]) -> Vec<usize> {
    let above = ancestors
        .iter()
        .find(|code| TerritoryKind::Academy.is_of(code))
        .map(String::as_str);
    let academies = academies_of(territory);
    let only = above.or_else(|| only_one(&academies));
    let mut elsewhere = Vec::new();
    for (index, line) in lines.iter_mut().enumerate() {
        match (&line.academy, only) {
            (None, Some(only)) => line.academy = Some(TerritoryCode::stored(only.to_owned())),
            (Some(said), Some(only)) if said.as_str() != only => elsewhere.push(index),
            // A school that the directory places in no academy.
            (Some(_), None) if territory.uai().is_some() => elsewhere.push(index),
            _ => {}
        }
    }
    elsewhere
}

/// The academies that a territory other than a school lies in or covers.
fn academies_of(territory: &TerritoryCode) -> Vec<&'static str> {
    let reference = Reference::get();
    let above = reference.ancestry(territory.as_str());
    let is_related = |code: &str| {
        above.contains(&code) || reference.ancestry(code).contains(&territory.as_str())
    };
    let codes = reference
        .territories()
        .iter()
        .map(|territory| territory.code.as_str());
    codes
        .filter(|code| TerritoryKind::Academy.is_of(code) && is_related(code))
        .collect()
}

fn only_one<'a>(academies: &[&'a str]) -> Option<&'a str> {
    match academies {
        [only] => Some(only),
        _ => None,
    }
}
