//! What a report says: its key, its lines, the schools that took part, a narrative.

use std::collections::HashSet;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::conventions::model::ConventionId;
use crate::db::ids::Id;
use crate::db::schema::report_lines;
use crate::error::notice::OUTSIDE_TERRITORY;
use crate::error::{Faults, Notice, Place, Rule, notice};
use crate::http::fields::{Body, Field, Fields, FromText};
use crate::reference::Reference;
use crate::values::{
    ActionType, Axis, Event, Level, Moment, SchoolYear, TerritoryCode, Text, TextValue, Uai,
};

/// A declination, as far as reports know it.
pub enum DeclinationRow {}

/// The id of a declination.
pub type DeclinationId = Id<DeclinationRow>;

/// The most lines of a report.
pub const MAX_LINES: usize = 1_000;

/// The most schools a report names: more than an academy has.
pub const MAX_SCHOOLS: usize = 5_000;

/// The greatest count of a line.
const MAX_COUNT: i32 = 100_000_000;

/// The fields that tell one report from another.
pub const KEY: [&str; 4] = [
    "convention_id",
    "declination_id",
    "territory",
    "school_year",
];

static MORE_THAN_PUPILS: Notice = notice(
    "more_than_pupils",
    "Ce nombre dépasse `pupils`, dont il est une partie.",
    "This number is greater than `pupils`, of which it is a part.",
);

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
#[derive(Debug, Clone, PartialEq, Serialize, HasQuery, Insertable, ToSchema)]
#[schema(as = ReportLine)]
#[diesel(table_name = report_lines, treat_none_as_default_value = false, check_for_backend(diesel::pg::Pg))]
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
    #[schema(example = 12, minimum = 0)]
    pub actions: Option<i32>,
    /// Participations d'élèves.
    #[schema(example = 340, minimum = 0)]
    pub pupils: Option<i32>,
    /// Dont filles.
    #[schema(example = 171, minimum = 0)]
    pub girls: Option<i32>,
    /// Dont élèves de l'éducation prioritaire.
    #[schema(example = 90, minimum = 0)]
    pub priority_education_pupils: Option<i32>,
    /// Participations d'enseignants.
    #[schema(example = 24, minimum = 0)]
    pub teachers: Option<i32>,
    /// Participations de professionnels.
    #[schema(example = 30, minimum = 0)]
    pub professionals: Option<i32>,
    /// Participations d'entreprises.
    #[schema(example = 12, minimum = 0)]
    pub companies: Option<i32>,
    /// Heures, entières.
    #[schema(example = 48, minimum = 0)]
    pub hours: Option<i32>,
    /// Stages et périodes proposés.
    #[schema(example = json!(null), minimum = 0)]
    pub internships_offered: Option<i32>,
    /// Dont pourvus.
    #[schema(example = json!(null), minimum = 0)]
    pub internships_filled: Option<i32>,
}

impl Body for Line {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let action_type = fields.required("action_type");
        let (level, moment) = (fields.optional("level"), fields.optional("moment"));
        let (axis, event) = (fields.optional("axis"), fields.optional("event"));
        let academy = fields.optional("academy");
        let academy = academy.filter(|code: &TerritoryCode| {
            let is_one = is_academy(code.as_str());
            if !is_one {
                fields.fault("academy", Rule::Format("academy:10"));
            }
            is_one
        });
        // What could not be read is not compared with the other lines.
        let is_read = [
            ("level", level.is_some()),
            ("moment", moment.is_some()),
            ("axis", axis.is_some()),
            ("event", event.is_some()),
            ("academy", academy.is_some()),
        ];
        let is_whole = is_read
            .iter()
            .all(|(name, is_read)| *is_read || !fields.gives(name));
        let mut count = |name| fields.integer(name, 0, MAX_COUNT);
        let (actions, pupils, girls) = (count("actions"), count("pupils"), count("girls"));
        let priority_education_pupils = count("priority_education_pupils");
        let (teachers, professionals) = (count("teachers"), count("professionals"));
        let (companies, hours) = (count("companies"), count("hours"));
        let internships_offered = count("internships_offered");
        let internships_filled = count("internships_filled");
        for (name, part, whole, notice) in [
            ("girls", girls, pupils, &MORE_THAN_PUPILS),
            (
                "priority_education_pupils",
                priority_education_pupils,
                pupils,
                &MORE_THAN_PUPILS,
            ),
            (
                "internships_filled",
                internships_filled,
                internships_offered,
                &MORE_THAN_OFFERED,
            ),
        ] {
            // What is not known is not compared.
            if part.zip(whole).is_some_and(|(part, whole)| part > whole) {
                fields.fault(name, Rule::Own(notice));
            }
        }
        is_whole.then_some(Self {
            action_type: action_type?,
            level,
            moment,
            axis,
            academy,
            event,
            actions,
            pupils,
            girls,
            priority_education_pupils,
            teachers,
            professionals,
            companies,
            hours,
            internships_offered,
            internships_filled,
        })
    }
}

impl Line {
    /// What tells it from the other lines of its report, its academy being this one where it says none.
    fn key(&self, only_academy: Option<&str>) -> [String; 6] {
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

/// Le récit : résultats, difficultés, perspectives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Narrative {
    /// Résultats.
    #[schema(example = "Douze visites, bien suivies.")]
    pub results: Option<Text<10000>>,
    /// Difficultés.
    #[schema(example = "Transports.")]
    pub difficulties: Option<Text<10000>>,
    /// Perspectives.
    #[schema(example = "Étendre aux classes de seconde.")]
    pub outlook: Option<Text<10000>>,
}

impl Body for Narrative {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            results: fields.optional("results"),
            difficulties: fields.optional("difficulties"),
            outlook: fields.optional("outlook"),
        })
    }
}

/// The schools of a report, each once: a list that may be longer than the others.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Schools(pub Vec<Uai>);

impl Field for Schools {
    fn read(value: &serde_json::Value, pointer: &str, faults: &mut Faults) -> Option<Self> {
        let mut fault =
            |below: String, rule| faults.add(Place::Pointer(format!("{pointer}{below}")), rule);
        let Some(items) = value.as_array() else {
            fault(String::new(), Rule::WrongType("array"));
            return None;
        };
        if items.len() > MAX_SCHOOLS {
            fault(String::new(), Rule::TooManyItems(MAX_SCHOOLS));
            return None;
        }
        let mut seen = HashSet::new();
        let mut schools = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let text = item.as_str().ok_or(Rule::WrongType("string"));
            match text.and_then(Uai::from_text) {
                Ok(uai) if seen.insert(uai.to_string()) => schools.push(uai),
                Ok(_) => fault(format!("/{index}"), Rule::RepeatedItem),
                Err(rule) => fault(format!("/{index}"), rule),
            }
        }
        Some(Self(schools))
    }
}

/// Ce qu'il faut pour créer un bilan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NewReport {
    /// La convention.
    pub convention_id: ConventionId,
    /// La déclinaison de cette convention, s'il en est une.
    #[schema(example = json!(null))]
    pub declination_id: Option<DeclinationId>,
    /// Le territoire dont c'est le bilan.
    #[schema(example = "academy:10")]
    pub territory: TerritoryCode,
    /// L'année scolaire.
    #[schema(example = "2025-2026")]
    pub school_year: SchoolYear,
    /// Les lignes : seulement ce qu'aucun bilan d'un territoire inclus ne dit déjà. 1 000 au plus.
    #[schema(required = false, max_items = 1000)]
    pub lines: Vec<Line>,
    /// Les établissements qui ont pris part (UAI), 5 000 au plus.
    #[schema(value_type = Vec<Uai>, required = false, max_items = 5000, example = json!([]))]
    pub establishments: Schools,
    /// Le récit.
    #[schema(required = false)]
    pub narrative: Narrative,
}

/// Fields of the answer that input may not set.
const SET_BY_SERVICE: &[&str] = &[
    "id",
    "version",
    "supersedes_id",
    "superseded",
    "status",
    "consolidated",
    "authors",
    "submitted_at",
    "validated_at",
    "return_reason",
    "created_at",
    "updated_at",
    "allowed_actions",
    "warnings",
];

impl Body for NewReport {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let convention_id = fields.required("convention_id");
        let declination_id = fields.optional("declination_id");
        let territory: Option<TerritoryCode> = fields.required("territory");
        let school_year = fields.required("school_year");
        let lines: Vec<Option<Line>> = fields.objects_in_place("lines", MAX_LINES);
        for (below, rule) in between_lines(territory.as_ref(), &lines) {
            fields.fault_below("lines", &below, rule);
        }
        let establishments = fields.optional("establishments");
        let narrative = fields.object("narrative");
        Some(Self {
            convention_id: convention_id?,
            declination_id,
            territory: territory?,
            school_year: school_year?,
            lines: lines.into_iter().flatten().collect(),
            establishments: establishments.unwrap_or_default(),
            narrative: narrative.unwrap_or_default(),
        })
    }
}

/// The faults of lines among themselves and under their territory, each with its place below the
/// lines. The academy of a school is for the database to say: see [`settle`].
fn between_lines(territory: Option<&TerritoryCode>, lines: &[Option<Line>]) -> Vec<(String, Rule)> {
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
/// that say another one, the places. `reach` is the territory and all above it.
pub fn settle(territory: &TerritoryCode, reach: &[String], lines: &mut [Line]) -> Vec<usize> {
    let above = reach
        .iter()
        .find(|code| is_academy(code))
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
        .filter(|code| is_academy(code) && is_related(code))
        .collect()
}

fn only_one<'a>(academies: &[&'a str]) -> Option<&'a str> {
    match academies {
        [only] => Some(only),
        _ => None,
    }
}

fn is_academy(code: &str) -> bool {
    code.starts_with("academy:")
}

/// Pourquoi un bilan est renvoyé.
#[derive(Debug, Clone, ToSchema)]
pub struct Return {
    /// Le motif, que l'auteur lira.
    #[schema(example = "Précisez le nombre de filles.")]
    pub reason: Text<2000>,
}

impl Body for Return {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            reason: fields.required("reason")?,
        })
    }
}
