//! Reports made of items: those of one key are one report, each a line of it or, in JSON, several.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::layout::{LAYOUT, OF_REPORT};
use crate::error::{Fault, Faults, Notice, Place, Rule, notice};
use crate::http::bulk::FaultBudget;
use crate::http::fields::{Body, Fields};
use crate::http::table::request::Item;
use crate::results::reports::content::NewReport;
use crate::values::ids::{ConventionId, DeclinationId};
use crate::values::{SchoolYear, TerritoryCode};

/// Two rows of one report that say different things of it.
pub static DIFFERS_BETWEEN_ROWS: Notice = notice(
    "differs_between_rows",
    "Une ligne précédente du même bilan dit autre chose ici : ne le dites qu'une fois, ou pareil partout.",
    "An earlier row of the same report says something else here: say it once, or the same everywhere.",
);

/// A fault of an item.
#[derive(Debug, Clone)]
pub struct ItemFault {
    /// Which item.
    pub item: usize,
    /// Where in it.
    pub pointer: String,
    /// What is wrong.
    pub rule: Rule,
}

/// The key of a report.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Its convention.
    pub convention: ConventionId,
    /// Its declination.
    pub declination: Option<DeclinationId>,
    /// Its territory.
    pub territory: TerritoryCode,
    /// Its year.
    pub year: SchoolYear,
}

impl Key {
    /// That of a report.
    pub fn of(new: &NewReport) -> Self {
        Self {
            convention: new.convention_id,
            declination: new.declination_id,
            territory: new.territory.clone(),
            year: new.school_year.clone(),
        }
    }
}

impl Body for Key {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.leave_the_rest();
        let (convention, declination) = (
            fields.required("convention_id"),
            fields.optional("declination_id"),
        );
        let (territory, year) = (fields.required("territory"), fields.required("school_year"));
        let is_whole = declination.is_some() || !fields.gives("declination_id");
        Some(Self {
            convention: convention?,
            declination,
            territory: territory?,
            year: year?,
        })
        .filter(|_| is_whole)
    }
}

/// A report made of items.
#[derive(Debug, Default)]
pub struct Piece {
    /// Its items.
    pub items: Vec<usize>,
    /// Its content, as far as nothing is wrong with it.
    pub new: Option<NewReport>,
    /// Which parts of it the items say: what they leave out stays as it is.
    pub says: Says,
    /// What is wrong with it.
    pub faults: Vec<ItemFault>,
    /// Whether more is wrong than is told.
    pub is_cut: bool,
    origins: Origins,
}

/// The parts of a report that are said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Says {
    /// Its lines.
    pub lines: bool,
    /// Its schools.
    pub establishments: bool,
    /// Its narrative.
    pub narrative: bool,
}

/// Where the parts of a report come from.
#[derive(Debug, Default)]
struct Origins {
    /// Of each line: the item, and its place in that.
    lines: Vec<(usize, String)>,
    /// Of each school.
    schools: Vec<(usize, usize)>,
    /// The schools that the items before name.
    named: HashSet<String>,
    /// Of each member of the narrative.
    narrative: HashMap<String, usize>,
}

impl Piece {
    /// The items that a place of the report comes from, and the place in them.
    pub fn places(&self, pointer: &str) -> Vec<(usize, String)> {
        let mut parts = pointer.splitn(4, '/').skip(1);
        let (field, second, rest) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let index = second.and_then(|second| second.parse::<usize>().ok());
        let found = match (field, index) {
            ("lines", Some(index)) => self.origins.lines.get(index).map(|(item, above)| {
                let rest = rest.map(|rest| format!("/{rest}")).unwrap_or_default();
                (*item, format!("{above}{rest}"))
            }),
            ("establishments", Some(index)) => {
                let origin = self.origins.schools.get(index);
                origin.map(|(item, place)| (*item, format!("/establishments/{place}")))
            }
            ("narrative", None) => {
                let origin = second.and_then(|member| self.origins.narrative.get(member));
                origin.map(|item| (*item, pointer.to_owned()))
            }
            _ => None,
        };
        match found {
            Some(found) => vec![found],
            // Of the whole report: each of its items says so.
            None => self
                .items
                .iter()
                .map(|item| (*item, pointer.to_owned()))
                .collect(),
        }
    }

    /// What is wrong with each of its items.
    pub fn faults_of_items(&self) -> HashMap<usize, Vec<&ItemFault>> {
        let mut faults: HashMap<usize, Vec<&ItemFault>> = HashMap::new();
        for fault in &self.faults {
            faults.entry(fault.item).or_default().push(fault);
        }
        faults
    }

    /// Notes a fault of the report.
    pub fn is_wrong(&mut self, fault: &Fault) {
        let Place::Pointer(pointer) = &fault.place else {
            return;
        };
        for (item, pointer) in self.places(pointer) {
            self.faults.push(ItemFault {
                item,
                pointer,
                rule: fault.rule.clone(),
            });
        }
    }

    /// Adds an item, and answers the object of the report with it.
    fn add(&mut self, index: usize, object: &Map<String, Value>, report: &mut Map<String, Value>) {
        self.items.push(index);
        for name in [
            "convention_id",
            "declination_id",
            "territory",
            "school_year",
        ] {
            if let Some(value) = object.get(name) {
                report.entry(name).or_insert_with(|| value.clone());
            }
        }
        self.add_lines(index, object, report);
        if let Some(schools) = object
            .get("establishments")
            .filter(|value| !value.is_null())
        {
            self.says.establishments = true;
            self.add_schools(index, schools, report);
        }
        if let Some(narrative) = object.get("narrative").filter(|value| !value.is_null()) {
            self.says.narrative = true;
            self.add_narrative(index, narrative, report);
        }
    }

    fn add_lines(
        &mut self,
        index: usize,
        object: &Map<String, Value>,
        report: &mut Map<String, Value>,
    ) {
        let lines = report.entry("lines").or_insert_with(|| json!([]));
        let (Some(lines), given) = (lines.as_array_mut(), object.get("lines")) else {
            return;
        };
        if let Some(given) = given.and_then(Value::as_array) {
            self.says.lines = true;
            for (place, line) in given.iter().enumerate() {
                self.origins.lines.push((index, format!("/lines/{place}")));
                lines.push(line.clone());
            }
        }
        let is_of_line =
            |name: &str| !OF_REPORT.contains(&name) && !LAYOUT.passes_over_member(name);
        let members = object.iter().filter(|(name, _)| is_of_line(name));
        let own: Map<String, Value> = members
            .filter(|(name, _)| *name != "lines" || !given.is_some_and(Value::is_array))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if !own.is_empty() {
            self.says.lines = true;
            self.origins.lines.push((index, String::new()));
            lines.push(Value::Object(own));
        }
    }

    /// A school that another item names already is the same; named twice by one it is a fault.
    fn add_schools(&mut self, index: usize, given: &Value, report: &mut Map<String, Value>) {
        let Some(given) = given.as_array() else {
            report.insert("establishments".to_owned(), given.clone());
            return;
        };
        let schools = report.entry("establishments").or_insert_with(|| json!([]));
        let Some(schools) = schools.as_array_mut() else {
            return;
        };
        let mut own = Vec::new();
        for (place, school) in given.iter().enumerate() {
            let text = school.as_str().unwrap_or_default();
            if !self.origins.named.contains(text) {
                self.origins.schools.push((index, place));
                schools.push(school.clone());
                own.extend(school.as_str().map(str::to_owned));
            }
        }
        self.origins.named.extend(own);
    }

    fn add_narrative(&mut self, index: usize, given: &Value, report: &mut Map<String, Value>) {
        let narrative = report.entry("narrative").or_insert_with(|| json!({}));
        let (Some(narrative), Some(given)) = (narrative.as_object_mut(), given.as_object()) else {
            report.insert("narrative".to_owned(), given.clone());
            return;
        };
        for (name, value) in given {
            let before = narrative.get(name).filter(|before| !before.is_null());
            if before.is_some_and(|before| before != value && !value.is_null()) {
                self.faults.push(ItemFault {
                    item: index,
                    pointer: format!("/narrative/{name}"),
                    rule: Rule::Own(&DIFFERS_BETWEEN_ROWS),
                });
            } else if before.is_none() {
                self.origins.narrative.insert(name.clone(), index);
                narrative.insert(name.clone(), value.clone());
            }
        }
    }
}

/// The reports that items are of, in the order of their first items.
pub fn reports(items: &[Item]) -> Vec<Piece> {
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut pieces: Vec<(Piece, Map<String, Value>)> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let nothing = Map::new();
        let object = item.object.as_object().unwrap_or(&nothing);
        let is_known = item.damage.is_empty();
        let key = Fields::body::<Key>(&item.object, &mut Faults::default()).filter(|_| is_known);
        let new = pieces.len();
        let place = key.map_or(new, |key| *places.entry(key).or_insert(new));
        if place == new {
            pieces.push(Default::default());
        }
        if let Some((piece, report)) = pieces.get_mut(place) {
            piece.add(index, object, report);
        }
    }
    let mut budget = FaultBudget::default();
    let read = pieces.into_iter().map(|(piece, report)| {
        let piece = read(piece, report, items, budget.of_item());
        budget.spend(piece.faults.len());
        piece
    });
    read.collect()
}

/// Reads the report of a piece, and notes what is wrong with it, so much at most.
fn read(mut piece: Piece, report: Map<String, Value>, items: &[Item], most: usize) -> Piece {
    let mut faults = Faults::at_most(most);
    let damage: Vec<(usize, Fault)> = piece
        .items
        .iter()
        .filter_map(|index| Some((*index, items.get(*index)?)))
        .flat_map(|(index, item)| item.damage.iter().map(move |fault| (index, fault.clone())))
        .collect();
    let is_whole = |item: &usize| items.get(*item).is_some_and(|item| item.object.is_object());
    let new = if piece.items.iter().all(is_whole) {
        Fields::body::<NewReport>(&Value::Object(report), &mut faults)
    } else {
        faults.add(Place::Pointer(String::new()), Rule::WrongType("object"));
        None
    };
    piece.is_cut = faults.is_cut();
    for fault in faults.into_list() {
        piece.is_wrong(&fault);
    }
    // What a damaged cell or row lacks, it lacks for its damage.
    piece.faults.retain(|fault| {
        let item = items.get(fault.item);
        !item.is_some_and(|item| item.explains(&fault.pointer))
    });
    let damage = damage
        .into_iter()
        .filter_map(|(item, fault)| match fault.place {
            Place::Pointer(pointer) => Some(ItemFault {
                item,
                pointer,
                rule: fault.rule,
            }),
            Place::Parameter(_) | Place::Header(_) => None,
        });
    piece.faults.extend(damage);
    piece.new = new.filter(|_| piece.faults.is_empty());
    piece
}
