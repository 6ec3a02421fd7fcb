//! What a line says was agreed: axes, types of action, levels, moments, follow-up.

use serde_json::{Map, Value, json};

use crate::agreements::conventions::content::{Content, FollowUp, Periodicity, Terms};
use crate::integration::imports::reading::Reading;
use crate::integration::imports::{Rejection, excerpt};
use crate::values::{
    ActionType, Axis, Code, FromText as _, Json, Level, Moment, Nomenclature, Text,
};

/// What was agreed; what the line does not say is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Agreed {
    axes: Vec<Axis>,
    action_types: Vec<ActionType>,
    levels: Vec<Level>,
    moments: Vec<Moment>,
    follow_up: Option<FollowUp>,
}

const AXES: &[&str] = &["axes"];
const ACTION_TYPES: &[&str] = &["types_action", "action_types"];
const LEVELS: &[&str] = &["niveaux", "levels"];
const MOMENTS: &[&str] = &["moments", "temps_du_parcours"];
const FOLLOW_UP: &[&str] = &["suivi", "follow_up"];

impl Agreed {
    /// Every name that its columns may have.
    pub const NAMES: [&[&str]; 5] = [AXES, ACTION_TYPES, LEVELS, MOMENTS, FOLLOW_UP];

    /// Reads the columns that the file has of it.
    ///
    /// # Errors
    /// A code that is none of its nomenclature.
    pub fn read(reading: &mut Reading<'_>) -> Result<Self, Rejection> {
        Ok(Self {
            axes: codes(reading, AXES)?,
            action_types: codes(reading, ACTION_TYPES)?,
            levels: codes(reading, LEVELS)?,
            moments: codes(reading, MOMENTS)?,
            follow_up: follow_up(reading)?,
        })
    }

    /// The same content, with what was agreed.
    pub fn of(&self, content: Content) -> Content {
        let terms = Terms {
            follow_up: self.follow_up.clone(),
            ..content.terms.0
        };
        Content {
            axes: self.axes.clone(),
            action_types: self.action_types.clone(),
            levels: self.levels.clone(),
            moments: self.moments.clone(),
            terms: Json(terms),
            ..content
        }
    }

    /// Its fields, as the API calls them.
    pub fn fields(&self) -> Map<String, Value> {
        let fields = [
            ("axes", json!(self.axes)),
            ("action_types", json!(self.action_types)),
            ("levels", json!(self.levels)),
            ("moments", json!(self.moments)),
            ("follow_up", json!(self.follow_up)),
        ];
        fields
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }
}

/// The items of a cell, each once.
fn items<'r>(reading: &Reading<'r>, names: &[&str]) -> Vec<&'r str> {
    let mut items = Vec::new();
    let written = reading.cell(names).unwrap_or_default().split(['|', ',']);
    for item in written.map(str::trim).filter(|item| !item.is_empty()) {
        if !items.contains(&item) {
            items.push(item);
        }
    }
    items
}

fn codes<N: Nomenclature>(
    reading: &Reading<'_>,
    names: &[&str],
) -> Result<Vec<Code<N>>, Rejection> {
    let read = |item: &str| {
        Code::from_text(item).map_err(|rule| Rejection::of("unknown_code", item, &rule))
    };
    items(reading, names).into_iter().map(read).collect()
}

/// `yearly|committee|indicators`: how often, whether there is a committee; indicators without their
/// values are no targets, and told as read for nothing.
fn follow_up(reading: &mut Reading<'_>) -> Result<Option<FollowUp>, Rejection> {
    let mut found = FollowUp {
        periodicity: None,
        committee: None,
        targets: Vec::new(),
    };
    for item in items(reading, FOLLOW_UP) {
        match item {
            "committee" => found.committee = Text::from_text("Comité de suivi").ok(),
            "indicators" => reading.ignored.push("follow_up"),
            other => {
                let periodicity = Periodicity::from_text(other);
                found.periodicity = Some(periodicity.map_err(|_| unknown(other))?);
            }
        }
    }
    let is_said = found.periodicity.is_some() || found.committee.is_some();
    Ok(is_said.then_some(found))
}

fn unknown(item: &str) -> Rejection {
    let rule = "none of yearly, half_yearly, none, committee, indicators";
    Rejection::new("unknown_code", format!("`{}` is {rule}", excerpt(item)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integration::imports::reading::Header;
    use csv::StringRecord;

    fn read(cells: &str) -> Result<(Agreed, Vec<&'static str>), &'static str> {
        let split = |text: &str| text.split(';').map(str::to_owned).collect::<Vec<_>>();
        let header = split("axes;types_action;niveaux;moments;suivi");
        let header = Header::of(&header, &[]).unwrap();
        let record = StringRecord::from(split(cells));
        let mut reading = Reading::of(&record, &header);
        let agreed = Agreed::read(&mut reading).map_err(|rejection| rejection.code)?;
        Ok((agreed, reading.ignored))
    }

    #[test]
    fn codes_are_read_each_once_and_an_unknown_one_is_refused() {
        let (agreed, ignored) =
            read("career_discovery|internships|career_discovery;company_visit;3e,2de_gt;;")
                .unwrap();
        assert_eq!(
            (agreed.axes.len(), agreed.levels.len(), ignored.len()),
            (2, 2, 0)
        );
        assert_eq!(read(";;;;").unwrap().0, Agreed::default());
        for unknown in ["a;;;;", ";a;;;", ";;3ème;;", ";;;a;", ";;;;monthly"] {
            assert_eq!(read(unknown).err(), Some("unknown_code"), "{unknown}");
        }
    }

    #[test]
    fn indicators_without_values_are_told_as_read_for_nothing() {
        let (agreed, ignored) = read(";;;;yearly|committee|indicators").unwrap();
        let follow_up = agreed.follow_up.unwrap();
        assert_eq!(json!(follow_up.periodicity), json!("yearly"));
        assert!(follow_up.committee.is_some() && follow_up.targets.is_empty());
        assert_eq!(ignored, ["follow_up"]);
        let (agreed, ignored) = read(";;;;indicators").unwrap();
        assert_eq!((agreed.follow_up, ignored), (None, vec!["follow_up"]));
    }
}
