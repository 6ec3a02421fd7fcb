//! Reference data the program carries: the tree of territories and the nomenclatures.
//!
//! They ship in `data/reference/` with their sources and are compiled in. Rules are checked
//! against this copy; bringing a database up to date puts it there, where lists and joins read it.

pub mod communes;
mod levels;

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Serialize;

use crate::language::Language;

/// One node of the tree above schools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Territory {
    /// `FR`, `region:84`, `academy:10`, `department:069`.
    pub code: String,
    /// A code of the nomenclature `territory_kinds`.
    pub kind: String,
    /// In French.
    pub name: String,
    /// The territory just above, if any.
    pub parent: Option<String>,
    /// The code the owner of the list gives it (INSEE or the ministry).
    pub official_code: String,
}

/// One entry of a nomenclature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The code.
    pub code: String,
    /// Its label in French.
    pub label_fr: String,
    /// Its label in English.
    pub label_en: String,
    /// What this nomenclature says besides (an action type's scale, a level's stage).
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// A nomenclature: its entries in their order of display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nomenclature {
    /// Its name, as in `/v1/nomenclatures/{name}`.
    pub name: &'static str,
    /// In order of display.
    pub entries: Vec<Entry>,
    /// Their places, by their codes.
    by_code: HashMap<String, usize>,
    /// And by their codes and labels, in lower case and without accents.
    by_words: HashMap<String, usize>,
}

impl Nomenclature {
    fn new(name: &'static str, entries: Vec<Entry>) -> Self {
        let (mut by_code, mut by_words) = (HashMap::new(), HashMap::new());
        for (place, entry) in entries.iter().enumerate() {
            by_code.entry(entry.code.clone()).or_insert(place);
            for words in [
                entry.code.clone(),
                fold(&entry.label_fr),
                fold(&entry.label_en),
            ] {
                by_words.entry(words).or_insert(place);
            }
        }
        Self {
            name,
            entries,
            by_code,
            by_words,
        }
    }

    /// Whether it has this code.
    pub fn has(&self, code: &str) -> bool {
        self.by_code.contains_key(code)
    }

    /// Its codes, in order.
    pub fn codes(&self) -> Vec<String> {
        self.entries
            .iter()
            .map(|entry| entry.code.clone())
            .collect()
    }

    /// The code a mistyped one was probably meant to be: at most a third of it differs.
    pub fn nearest(&self, typed: &str) -> Option<String> {
        let codes = self.entries.iter().map(|entry| entry.code.clone());
        nearest_of(&typed.to_lowercase(), codes, 3)
    }

    /// The code of what is written like this, case, accents and spaces apart: a code, a label, or a level
    /// that is no other (`3ème`, but not `terminale`, of which there are three).
    pub fn written_as(&self, typed: &str) -> Option<String> {
        let words = fold(typed.trim());
        let code = words.replace([' ', '-', '.'], "_");
        let entry = self.entry_of(&words, &code);
        let level = || levels::written_as(&words).filter(|_| self.name == "levels");
        entry
            .map(|entry| entry.code.clone())
            .or_else(|| level().map(str::to_owned))
    }

    /// The entry of this code, or with these words for its label: the first of them.
    fn entry_of(&self, words: &str, code: &str) -> Option<&Entry> {
        let places = [self.by_code.get(code), self.by_words.get(words)];
        let first = places.into_iter().flatten().min()?;
        self.entries.get(*first)
    }

    /// The code meant by what people write for it: another case, spaces, or its label.
    pub fn meant_by(&self, typed: &str) -> Option<String> {
        let typed = typed.trim().trim_start_matches('\u{feff}');
        if typed.len() > LONGEST {
            return None;
        }
        let words = fold(typed);
        if self.name == "levels"
            && let Some(level) = levels::meant_by(&words)
        {
            return Some(level.to_owned());
        }
        let code = words.replace([' ', '-', '.'], "_");
        self.entry_of(&words, &code)
            .map(|entry| entry.code.clone())
            .or_else(|| self.nearest(&code))
            .or_else(|| {
                let labels = self.entries.iter().map(|entry| fold(&entry.label_fr));
                let near = nearest_of(&words, labels, 3)?;
                let entry = self
                    .entries
                    .iter()
                    .find(|entry| fold(&entry.label_fr) == near)?;
                Some(entry.code.clone())
            })
    }
}

/// Lower case, without accents.
pub fn fold(text: &str) -> String {
    folded(text).collect()
}

/// The characters of a text in lower case, without accents.
pub fn folded(text: &str) -> impl Iterator<Item = char> {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower.flat_map(|character| {
        let (first, second) = match character {
            'à' | 'â' | 'ä' => ('a', None),
            'é' | 'è' | 'ê' | 'ë' => ('e', None),
            'î' | 'ï' => ('i', None),
            'ô' | 'ö' => ('o', None),
            'ù' | 'û' | 'ü' => ('u', None),
            'ç' => ('c', None),
            'œ' => ('o', Some('e')),
            '’' => ('\'', None),
            other => (other, None),
        };
        std::iter::once(first).chain(second)
    })
}

/// The longest part of a word that is compared with others.
const COMPARED: usize = 64;

/// The longest text that may be a word mistyped, in bytes.
const LONGEST: usize = 500;

/// The word that a mistyped one was probably meant to be: at most a `share`-th of it differs.
pub fn nearest_of(
    typed: &str,
    words: impl Iterator<Item = String>,
    share: usize,
) -> Option<String> {
    if typed.len() > LONGEST {
        return None;
    }
    let typed: Vec<char> = typed.chars().take(COMPARED).collect();
    let mut nearest: Option<(usize, String)> = None;
    for word in words {
        let characters: Vec<char> = word.chars().collect();
        // As many letters are missing at least as one is shorter: most words need no closer look.
        let least = characters.len().abs_diff(typed.len());
        if nearest.as_ref().is_some_and(|(best, _)| least > *best) {
            continue;
        }
        let found = (distance(&typed, &characters), word);
        if nearest.as_ref().is_none_or(|best| found < *best) {
            nearest = Some(found);
        }
    }
    let (distance, word) = nearest?;
    (distance * share <= word.chars().count().max(3)).then_some(word)
}

/// Levenshtein's distance, in characters.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, character) in left.iter().enumerate() {
        let (mut diagonal, mut before) = (line, line + 1);
        if let Some(first) = row.first_mut() {
            *first = before;
        }
        for (other, place) in right.iter().zip(row.iter_mut().skip(1)) {
            let cost = if other == character {
                diagonal
            } else {
                diagonal + 1
            };
            diagonal = *place;
            before = cost.min(before + 1).min(diagonal + 1);
            *place = before;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// All of it.
#[derive(Debug)]
pub struct Reference {
    territories: Vec<Territory>,
    by_code: HashMap<String, usize>,
    nomenclatures: Vec<Nomenclature>,
}

static REFERENCE: LazyLock<Reference> = LazyLock::new(Reference::read);

const TERRITORIES: &str = include_str!("../../data/reference/territories.csv");

const NOMENCLATURES: &[(&str, &str)] = &[
    (
        "action_types",
        include_str!("../../data/reference/nomenclatures/action_types.csv"),
    ),
    (
        "axes",
        include_str!("../../data/reference/nomenclatures/axes.csv"),
    ),
    (
        "client_scopes",
        include_str!("../../data/reference/nomenclatures/client_scopes.csv"),
    ),
    (
        "client_statuses",
        include_str!("../../data/reference/nomenclatures/client_statuses.csv"),
    ),
    (
        "contact_roles",
        include_str!("../../data/reference/nomenclatures/contact_roles.csv"),
    ),
    (
        "convention_effective_statuses",
        include_str!("../../data/reference/nomenclatures/convention_effective_statuses.csv"),
    ),
    (
        "convention_kinds",
        include_str!("../../data/reference/nomenclatures/convention_kinds.csv"),
    ),
    (
        "convention_scopes",
        include_str!("../../data/reference/nomenclatures/convention_scopes.csv"),
    ),
    (
        "convention_statuses",
        include_str!("../../data/reference/nomenclatures/convention_statuses.csv"),
    ),
    (
        "date_precisions",
        include_str!("../../data/reference/nomenclatures/date_precisions.csv"),
    ),
    (
        "deadline_kinds",
        include_str!("../../data/reference/nomenclatures/deadline_kinds.csv"),
    ),
    (
        "declination_effective_statuses",
        include_str!("../../data/reference/nomenclatures/declination_effective_statuses.csv"),
    ),
    (
        "declination_levels",
        include_str!("../../data/reference/nomenclatures/declination_levels.csv"),
    ),
    (
        "declination_reporters",
        include_str!("../../data/reference/nomenclatures/declination_reporters.csv"),
    ),
    (
        "declination_statuses",
        include_str!("../../data/reference/nomenclatures/declination_statuses.csv"),
    ),
    (
        "declination_steps",
        include_str!("../../data/reference/nomenclatures/declination_steps.csv"),
    ),
    (
        "delivery_outcomes",
        include_str!("../../data/reference/nomenclatures/delivery_outcomes.csv"),
    ),
    (
        "dimensions",
        include_str!("../../data/reference/nomenclatures/dimensions.csv"),
    ),
    (
        "document_kinds",
        include_str!("../../data/reference/nomenclatures/document_kinds.csv"),
    ),
    (
        "establishment_sectors",
        include_str!("../../data/reference/nomenclatures/establishment_sectors.csv"),
    ),
    (
        "establishment_states",
        include_str!("../../data/reference/nomenclatures/establishment_states.csv"),
    ),
    (
        "establishment_types",
        include_str!("../../data/reference/nomenclatures/establishment_types.csv"),
    ),
    (
        "event_types",
        include_str!("../../data/reference/nomenclatures/event_types.csv"),
    ),
    (
        "events",
        include_str!("../../data/reference/nomenclatures/events.csv"),
    ),
    (
        "intervention_statuses",
        include_str!("../../data/reference/nomenclatures/intervention_statuses.csv"),
    ),
    (
        "levels",
        include_str!("../../data/reference/nomenclatures/levels.csv"),
    ),
    (
        "measures",
        include_str!("../../data/reference/nomenclatures/measures.csv"),
    ),
    (
        "modalities",
        include_str!("../../data/reference/nomenclatures/modalities.csv"),
    ),
    (
        "moments",
        include_str!("../../data/reference/nomenclatures/moments.csv"),
    ),
    (
        "partner_kinds",
        include_str!("../../data/reference/nomenclatures/partner_kinds.csv"),
    ),
    (
        "partner_origins",
        include_str!("../../data/reference/nomenclatures/partner_origins.csv"),
    ),
    (
        "partner_statuses",
        include_str!("../../data/reference/nomenclatures/partner_statuses.csv"),
    ),
    (
        "periodicities",
        include_str!("../../data/reference/nomenclatures/periodicities.csv"),
    ),
    (
        "place_precisions",
        include_str!("../../data/reference/nomenclatures/place_precisions.csv"),
    ),
    (
        "priority_education",
        include_str!("../../data/reference/nomenclatures/priority_education.csv"),
    ),
    (
        "publication_statuses",
        include_str!("../../data/reference/nomenclatures/publication_statuses.csv"),
    ),
    (
        "renewal_modes",
        include_str!("../../data/reference/nomenclatures/renewal_modes.csv"),
    ),
    (
        "campaign_statuses",
        include_str!("../../data/reference/nomenclatures/campaign_statuses.csv"),
    ),
    (
        "expected_report_states",
        include_str!("../../data/reference/nomenclatures/expected_report_states.csv"),
    ),
    (
        "report_includes",
        include_str!("../../data/reference/nomenclatures/report_includes.csv"),
    ),
    (
        "report_statuses",
        include_str!("../../data/reference/nomenclatures/report_statuses.csv"),
    ),
    (
        "report_steps",
        include_str!("../../data/reference/nomenclatures/report_steps.csv"),
    ),
    (
        "todo_kinds",
        include_str!("../../data/reference/nomenclatures/todo_kinds.csv"),
    ),
    (
        "roles",
        include_str!("../../data/reference/nomenclatures/roles.csv"),
    ),
    (
        "sectors",
        include_str!("../../data/reference/nomenclatures/sectors.csv"),
    ),
    (
        "signatory_sides",
        include_str!("../../data/reference/nomenclatures/signatory_sides.csv"),
    ),
    (
        "signature_mediums",
        include_str!("../../data/reference/nomenclatures/signature_mediums.csv"),
    ),
    (
        "solicitation_sides",
        include_str!("../../data/reference/nomenclatures/solicitation_sides.csv"),
    ),
    (
        "solicitation_statuses",
        include_str!("../../data/reference/nomenclatures/solicitation_statuses.csv"),
    ),
    (
        "solicitation_steps",
        include_str!("../../data/reference/nomenclatures/solicitation_steps.csv"),
    ),
    (
        "sync_statuses",
        include_str!("../../data/reference/nomenclatures/sync_statuses.csv"),
    ),
    (
        "amendment_statuses",
        include_str!("../../data/reference/nomenclatures/amendment_statuses.csv"),
    ),
    (
        "amendment_operations",
        include_str!("../../data/reference/nomenclatures/amendment_operations.csv"),
    ),
    (
        "termination_kinds",
        include_str!("../../data/reference/nomenclatures/termination_kinds.csv"),
    ),
    (
        "territory_kinds",
        include_str!("../../data/reference/nomenclatures/territory_kinds.csv"),
    ),
    (
        "webhook_disabled_reasons",
        include_str!("../../data/reference/nomenclatures/webhook_disabled_reasons.csv"),
    ),
    (
        "webhook_statuses",
        include_str!("../../data/reference/nomenclatures/webhook_statuses.csv"),
    ),
];

impl Reference {
    /// The copy compiled in.
    pub fn get() -> &'static Self {
        &REFERENCE
    }

    fn read() -> Self {
        let territories: Vec<Territory> = rows(TERRITORIES).map(territory).collect();
        let by_code = territories
            .iter()
            .enumerate()
            .map(|(place, t)| (t.code.clone(), place))
            .collect();
        let nomenclatures = NOMENCLATURES
            .iter()
            .map(|(name, text)| Nomenclature::new(name, rows(text).map(entry).collect()))
            .collect();
        Self {
            territories,
            by_code,
            nomenclatures,
        }
    }

    /// The nomenclature of this name.
    pub fn nomenclature(&self, name: &str) -> Option<&Nomenclature> {
        self.nomenclatures
            .iter()
            .find(|nomenclature| nomenclature.name == name)
    }

    /// What a code of a nomenclature is called.
    pub fn label(&self, list: &str, code: &str, language: Language) -> Option<&str> {
        let mut entries = self.nomenclature(list)?.entries.iter();
        let entry = entries.find(|entry| entry.code == code)?;
        Some(match language {
            Language::French => &entry.label_fr,
            Language::English => &entry.label_en,
        })
    }

    /// Every nomenclature.
    pub fn nomenclatures(&self) -> &[Nomenclature] {
        &self.nomenclatures
    }

    /// Every territory above schools, parents before children.
    pub fn territories(&self) -> &[Territory] {
        &self.territories
    }

    /// The territory of this code, schools aside.
    pub fn territory(&self, code: &str) -> Option<&Territory> {
        self.by_code
            .get(code)
            .and_then(|place| self.territories.get(*place))
    }

    /// The territory itself and all above it, up to `FR`; empty when the code is unknown.
    pub fn ancestry(&self, code: &str) -> Vec<&str> {
        let first = self.territory(code);
        let up = std::iter::successors(first, |territory| {
            self.territory(territory.parent.as_deref()?)
        });
        up.map(|territory| territory.code.as_str()).collect()
    }
}

type Row = Vec<(String, String)>;

/// The rows of an embedded file, as (column, cell).
fn rows(text: &'static str) -> impl Iterator<Item = Row> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    reader
        .into_records()
        .map_while(Result::ok)
        .map(move |record| {
            header
                .iter()
                .zip(record.iter())
                .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
                .collect()
        })
}

fn cell(row: &Row, name: &str) -> String {
    row.iter()
        .find(|(column, _)| column == name)
        .map(|(_, cell)| cell.clone())
        .unwrap_or_default()
}

fn territory(row: Row) -> Territory {
    Territory {
        code: cell(&row, "code"),
        kind: cell(&row, "kind"),
        name: cell(&row, "name"),
        parent: Some(cell(&row, "parent")).filter(|parent| !parent.is_empty()),
        official_code: cell(&row, "official_code"),
    }
}

fn entry(row: Row) -> Entry {
    let more = row
        .iter()
        .filter(|(name, _)| !["code", "label_fr", "label_en"].contains(&name.as_str()));
    Entry {
        code: cell(&row, "code"),
        label_fr: cell(&row, "label_fr"),
        label_en: cell(&row, "label_en"),
        more: more
            .map(|(name, value)| (name.clone(), value.clone().into()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_an_embedded_file_is_read() {
        for (name, text) in NOMENCLATURES.iter().chain(&[("territories", TERRITORIES)]) {
            assert_eq!(rows(text).count() + 1, text.lines().count(), "{name}");
        }
    }

    #[test]
    fn the_tree_is_whole() {
        let reference = Reference::get();
        let count = |kind| {
            reference
                .territories()
                .iter()
                .filter(|t| t.kind == kind)
                .count()
        };
        assert_eq!(
            (count("country"), count("academic_region"), count("academy")),
            (1, 18, 30)
        );
        assert_eq!((count("overseas_service"), count("department")), (4, 107));
        for territory in reference.territories() {
            assert_eq!(
                reference.ancestry(&territory.code).last(),
                Some(&"FR"),
                "{}",
                territory.code
            );
        }
        assert_eq!(
            reference.ancestry("department:069"),
            ["department:069", "academy:10", "region:84", "FR"]
        );
    }

    #[test]
    fn every_code_has_both_labels_and_stands_once() {
        for nomenclature in Reference::get().nomenclatures() {
            assert!(!nomenclature.entries.is_empty(), "{}", nomenclature.name);
            let mut codes = nomenclature.codes();
            codes.sort();
            codes.dedup();
            assert_eq!(
                codes.len(),
                nomenclature.entries.len(),
                "{}",
                nomenclature.name
            );
            assert!(
                nomenclature
                    .entries
                    .iter()
                    .all(|e| !e.label_fr.is_empty() && !e.label_en.is_empty())
            );
        }
    }

    #[test]
    fn a_mistyped_code_finds_its_neighbour() {
        let kinds = Reference::get().nomenclature("partner_kinds").unwrap();
        assert_eq!(kinds.nearest("compagny").as_deref(), Some("company"));
        assert_eq!(kinds.nearest("zzzzzz"), None);
    }
}
