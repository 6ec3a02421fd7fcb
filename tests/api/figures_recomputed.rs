//! Figures are worked out a second time, from the reports, conventions and declinations as they are
//! stored, and compared with the answer: bases, targets, what was achieved and completeness, for random
//! registers, questions and callers. And whatever is asked, the total is the answer to the same
//! question without a grouping.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::support::{Caller, Service, rounds};

const YEARS: [&str; 2] = ["2024-2025", "2025-2026"];
/// Each academy with its region: one is all of its region, one an overseas service.
const ACADEMIES: [(&str, &str); 7] = [
    ("academy:06", "region:84"),
    ("academy:08", "region:84"),
    ("academy:10", "region:84"),
    ("academy:09", "region:32"),
    ("academy:20", "region:32"),
    ("academy:14", "region:53"),
    ("academy:40", "FR"),
];
/// What is asked for, the first of them being what targets are about.
const AIMED_AT: [&str; 6] = [
    "pupils",
    "girls",
    "pupils_girls_known",
    "girls_share",
    "reports_validated",
    "reports_expected",
];

fn region_of(academy: &str) -> &'static str {
    let found = ACADEMIES.iter().find(|(code, _)| *code == academy);
    found.expect("an academy of the test").1
}

struct Aim {
    measure: &'static str,
    year: &'static str,
    value: i64,
    place: Option<&'static str>,
}

struct Convention {
    id: String,
    partner: String,
    aims: Vec<Aim>,
}

struct Declination {
    convention: usize,
    territory: String,
    aims: Vec<Aim>,
    in_force: bool,
}

struct Line {
    academy: Option<&'static str>,
    level: Option<&'static str>,
    pupils: Option<i64>,
    girls: Option<i64>,
}

struct Report {
    convention: usize,
    declination: Option<usize>,
    territory: String,
    year: &'static str,
    counts: bool,
    lines: Vec<Line>,
}

struct World {
    service: Service,
    school: String,
    conventions: Vec<Convention>,
    declinations: Vec<Declination>,
    reports: Vec<Report>,
    campaigns: Vec<&'static str>,
}

fn aims(random: &mut StdRng, places: &[Option<&'static str>]) -> Vec<Aim> {
    let mut seen = BTreeSet::new();
    let many = random.random_range(0..6);
    let aim = |random: &mut StdRng| Aim {
        measure: AIMED_AT.choose(random).expect("a measure"),
        year: YEARS.choose(random).expect("a year"),
        value: random.random_range(1..200),
        place: *places.choose(random).expect("a place"),
    };
    let drawn: Vec<Aim> = (0..many).map(|_| aim(random)).collect();
    let each = drawn.into_iter();
    each.filter(|one| seen.insert((one.measure, one.year, one.place)))
        .collect()
}

fn written(aims: &[Aim]) -> Value {
    let one = |aim: &Aim| json!({ "measure": aim.measure, "school_year": aim.year, "value": aim.value, "territory": aim.place });
    aims.iter().map(one).collect()
}

impl World {
    async fn new(random: &mut StdRng) -> Self {
        let service = Service::start().await;
        let [uai] = service.new_schools([690_001]).await;
        let mut world = Self {
            service,
            school: format!("uai:{uai}"),
            conventions: Vec::new(),
            declinations: Vec::new(),
            reports: Vec::new(),
            campaigns: Vec::new(),
        };
        let anywhere: Vec<Option<&str>> = [None, None, Some("region:84"), Some("region:53")]
            .into_iter()
            .chain(ACADEMIES.iter().map(|(code, _)| Some(*code)))
            .collect();
        for number in 0..random.random_range(1..4) {
            let aims = aims(random, &anywhere);
            let with = json!({ "terms": { "follow_up": { "targets": written(&aims) } } });
            let name = format!("Partenaire {number}");
            let (partner, id) = world.service.signed_partner(&name, with).await;
            world.conventions.push(Convention { id, partner, aims });
        }
        world.declined(random).await;
        world.reported(random).await;
        for year in YEARS {
            if random.random_bool(0.6) {
                let body = json!({ "school_year": year, "opens_on": format!("{}-05-04", &year[5..]), "due_on": format!("{}-09-30", &year[5..]) });
                let ministry = world.service.ministry();
                ministry.post("/v1/campaigns", body).await.expect(201);
                world.campaigns.push(year);
            }
        }
        world
    }

    /// At most one at each place, as the register has it.
    async fn declined(&mut self, random: &mut StdRng) {
        let places: Vec<String> = ["region:84".to_owned(), self.school.clone()]
            .into_iter()
            .chain(ACADEMIES.iter().map(|(code, _)| (*code).to_owned()))
            .collect();
        for convention in 0..self.conventions.len() {
            for territory in &places {
                if random.random_bool(0.5) {
                    continue;
                }
                let (aims, in_force) = (aims(random, &[None]), random.random_bool(0.8));
                let level = match territory.split(':').next() {
                    Some("region") => "academic_region",
                    Some("uai") => "establishment",
                    _ => "academy",
                };
                let mut with = json!({ "level": level, "targets": written(&aims) });
                if !in_force {
                    with["ends_on"] = json!("2023-12-31");
                }
                let of = &self.conventions[convention].id;
                self.service
                    .stored_declination(of, &[territory], with)
                    .await;
                let territory = territory.clone();
                self.declinations.push(Declination {
                    convention,
                    territory,
                    aims,
                    in_force,
                });
            }
        }
    }

    async fn reported(&mut self, random: &mut StdRng) {
        const IDS: &str = "SELECT id::text FROM declinations ORDER BY id";
        let ids = self.service.sql().await.query(IDS, &[]).await.expect("ids");
        let ids: Vec<String> = ids.iter().map(|row| row.get(0)).collect();
        let mut keys = BTreeSet::new();
        for _ in 0..random.random_range(3..16) {
            let convention = random.random_range(0..self.conventions.len());
            let own: Vec<usize> = (0..self.declinations.len())
                .filter(|place| self.declinations[*place].convention == convention)
                .collect();
            let declination = own
                .choose(random)
                .copied()
                .filter(|_| random.random_bool(0.6));
            let year = *YEARS.choose(random).expect("a year");
            let anywhere = [
                "FR",
                "region:84",
                "academy:08",
                "academy:10",
                "academy:09",
                "academy:14",
                "academy:40",
                &self.school,
            ];
            let territory = match declination {
                Some(place) => self.declinations[place].territory.clone(),
                None => (*anywhere.choose(random).expect("a place")).to_owned(),
            };
            if !keys.insert((convention, declination, territory.clone(), year)) {
                continue;
            }
            let lines = lines(random, &territory);
            let counts = random.random_bool(0.8);
            let status = if counts { "validated" } else { "submitted" };
            let with = json!({ "status": status, "school_year": year, "declination_id": declination.map(|place| &ids[place]) });
            let of = &self.conventions[convention].id;
            let report = self.service.stored_report(of, &territory, with).await;
            let rows: Vec<Value> = lines.iter().map(row).collect();
            self.service.stored_lines(&report, json!(rows)).await;
            self.reports.push(Report {
                convention,
                declination,
                territory,
                year,
                counts,
                lines,
            });
        }
    }
}

fn row(line: &Line) -> Value {
    json!({ "action_type": "class_talk", "level": line.level, "academy": line.academy, "pupils": line.pupils, "girls": line.girls })
}

fn lines(random: &mut StdRng, territory: &str) -> Vec<Line> {
    let places: Vec<Option<&str>> = ACADEMIES
        .iter()
        .filter(|(code, region)| match territory {
            "FR" => true,
            other if other.starts_with("uai:") => *code == "academy:10",
            other => *code == other || *region == other,
        })
        .map(|(code, _)| Some(*code))
        .chain((territory == "FR").then_some(None))
        .collect();
    let line = |random: &mut StdRng| {
        let pupils = random.random_bool(0.8).then(|| random.random_range(0..60));
        let most = pupils.unwrap_or(30);
        Line {
            academy: *places.choose(random).expect("a place"),
            level: *[None, Some("3e"), Some("4e")]
                .choose(random)
                .expect("a level"),
            girls: random
                .random_bool(0.6)
                .then(|| random.random_range(0..=most)),
            pupils,
        }
    };
    let mut keys = BTreeSet::new();
    let drawn: Vec<Line> = (0..random.random_range(1..4))
        .map(|_| line(random))
        .collect();
    let each = drawn.into_iter();
    each.filter(|one| keys.insert((one.academy, one.level)))
        .collect()
}

/// What is asked, and by whom.
struct Question {
    aimed_at: &'static str,
    group_by: Vec<&'static str>,
    filters: BTreeMap<&'static str, Vec<String>>,
    /// The caller's perimeter: none for the ministry.
    perimeter: Option<String>,
}

const DIMENSIONS: [&str; 6] = [
    "school_year",
    "academic_region",
    "academy",
    "convention",
    "partner",
    "level",
];

impl Question {
    fn new(random: &mut StdRng, world: &World) -> Self {
        let perimeters = ["academy:10", "academy:14", "region:84", &world.school];
        let perimeter = random
            .random_bool(0.4)
            .then(|| perimeters.choose(random).expect("one"));
        let many = random.random_range(0..4);
        let group_by: Vec<&str> = DIMENSIONS.choose_multiple(random, many).copied().collect();
        let mut filters = BTreeMap::new();
        let mut filter =
            |random: &mut StdRng, name: &'static str, values: Vec<String>, share: f64| {
                if random.random_bool(share) {
                    let many = random.random_range(1..=values.len().min(2));
                    let chosen = values.choose_multiple(random, many).cloned().collect();
                    filters.insert(name, chosen);
                }
            };
        let texts = |codes: &[&str]| {
            codes
                .iter()
                .map(|code| (*code).to_owned())
                .collect::<Vec<_>>()
        };
        filter(random, "school_year", texts(&YEARS), 0.6);
        let ids = world.conventions.iter().map(|one| one.id.clone()).collect();
        filter(random, "convention", ids, 0.3);
        filter(random, "level", texts(&["3e", "4e"]), 0.15);
        if perimeter.is_none() {
            let codes: Vec<&str> = ACADEMIES.iter().map(|(code, _)| *code).collect();
            filter(random, "academy", texts(&codes), 0.3);
            filter(
                random,
                "academic_region",
                texts(&["region:84", "region:32", "region:53"]),
                0.2,
            );
        }
        Self {
            aimed_at: AIMED_AT.choose(random).expect("a measure"),
            group_by,
            filters,
            perimeter: perimeter.map(|code| (*code).to_owned()),
        }
    }

    fn path(&self, grouped: bool) -> String {
        let mut measures = vec![self.aimed_at];
        measures.extend(AIMED_AT.iter().filter(|one| **one != self.aimed_at));
        let mut path = format!(
            "/v1/indicators/values?measures={},target,achieved,achievement_rate,completeness_rate",
            measures.join(",")
        );
        if grouped && !self.group_by.is_empty() {
            path += &format!("&group_by={}", self.group_by.join(","));
        }
        for (name, values) in &self.filters {
            path += &format!("&{name}={}", values.join(","));
        }
        path
    }

    fn caller(&self, service: &Service) -> Caller {
        match &self.perimeter {
            None => service.ministry(),
            Some(place) => match place.strip_prefix("uai:") {
                Some(uai) => service.school(uai),
                None => service.academy(place),
            },
        }
    }

    fn lets(&self, name: &str, value: &str) -> bool {
        self.filters
            .get(name)
            .is_none_or(|allowed| allowed.iter().any(|one| one == value))
    }

    fn is_school(&self) -> bool {
        self.perimeter
            .as_ref()
            .is_some_and(|place| place.starts_with("uai:"))
    }

    /// Whether a line of this academy counts, as far as places go.
    fn lets_academy(&self, academy: Option<&str>) -> bool {
        let Some(academy) = academy else {
            let is_placed = self.filters.contains_key("academy")
                || self.filters.contains_key("academic_region");
            return !is_placed && (self.perimeter.is_none() || self.is_school());
        };
        let region = region_of(academy);
        let is_within = |place: &String| place == academy || place == region;
        self.lets("academy", academy)
            && self.lets("academic_region", region)
            && (self.is_school() || self.perimeter.as_ref().is_none_or(is_within))
    }

    fn is_whole(&self, group_by: &[&str]) -> bool {
        !self.filters.contains_key("level") && !group_by.contains(&"level")
    }
}

/// A row of what makes a cell up, with the key it is in, dimension by dimension.
type Key = BTreeMap<&'static str, Option<String>>;

fn key_of(
    world: &World,
    convention: usize,
    year: &str,
    academy: Option<&str>,
    region: Option<&str>,
    level: Option<&str>,
) -> Key {
    let own = &world.conventions[convention];
    let text = |value: Option<&str>| value.map(str::to_owned);
    Key::from([
        ("school_year", text(Some(year))),
        ("academic_region", text(region)),
        ("academy", text(academy)),
        ("convention", text(Some(&own.id))),
        ("partner", text(Some(&own.partner))),
        ("level", text(level)),
    ])
}

/// A measure of some lines, each with the number of its report.
type Figure<'a> = dyn Fn(&str, &[(usize, &Line)]) -> Value + 'a;

struct Recomputed<'a> {
    world: &'a World,
    question: &'a Question,
    group_by: &'a [&'static str],
}

impl Recomputed<'_> {
    fn cell(&self, key: &Key) -> String {
        let values: Vec<Value> = self.group_by.iter().map(|one| json!(key[one])).collect();
        json!(values).to_string()
    }

    /// The lines that count, each with its report and its key.
    fn lines(&self) -> Vec<(usize, &Line, Key)> {
        let question = self.question;
        let mut all = Vec::new();
        for (number, report) in self.world.reports.iter().enumerate() {
            let convention = &self.world.conventions[report.convention];
            let is_own =
                !question.is_school() || question.perimeter.as_ref() == Some(&report.territory);
            if !report.counts
                || !is_own
                || !question.lets("school_year", report.year)
                || !question.lets("convention", &convention.id)
            {
                continue;
            }
            for line in &report.lines {
                if question.lets_academy(line.academy)
                    && question.lets("level", line.level.unwrap_or("-"))
                {
                    let region = line.academy.map(region_of);
                    all.push((
                        number,
                        line,
                        key_of(
                            self.world,
                            report.convention,
                            report.year,
                            line.academy,
                            region,
                            line.level,
                        ),
                    ));
                }
            }
        }
        all
    }

    /// The reports that campaigns expect, each with whether it is validated, and its key.
    fn expected(&self) -> Vec<(bool, Key)> {
        let question = self.question;
        let mut wanted: Vec<(usize, Option<usize>, String)> = Vec::new();
        for convention in 0..self.world.conventions.len() {
            wanted.push((convention, None, "FR".to_owned()));
        }
        for (place, one) in self.world.declinations.iter().enumerate() {
            if one.in_force {
                wanted.push((one.convention, Some(place), one.territory.clone()));
            }
        }
        let mut all = Vec::new();
        for year in &self.world.campaigns {
            for (convention, declination, territory) in &wanted {
                let id = &self.world.conventions[*convention].id;
                let academy = match territory.as_str() {
                    "FR" => None,
                    place if place.starts_with("region:") => None,
                    place if place.starts_with("uai:") => Some("academy:10"),
                    place => ACADEMIES
                        .iter()
                        .map(|(code, _)| *code)
                        .find(|code| *code == place),
                };
                let region = academy
                    .map(region_of)
                    .or(territory.starts_with("region:").then_some("region:84"));
                let is_within = match &question.perimeter {
                    None => true,
                    Some(place) if question.is_school() => place == territory,
                    Some(place) => [academy, region].contains(&Some(place.as_str())),
                };
                let is_let = question.lets("academy", academy.unwrap_or("-"))
                    && question.lets("academic_region", region.unwrap_or("-"));
                if !question.lets("school_year", year)
                    || !question.lets("convention", id)
                    || !is_within
                    || !is_let
                {
                    continue;
                }
                let is_validated = self.world.reports.iter().any(|report| {
                    report.counts
                        && report.convention == *convention
                        && report.declination == *declination
                        && report.territory == *territory
                        && report.year == *year
                });
                all.push((
                    is_validated,
                    key_of(self.world, *convention, year, academy, region, None),
                ));
            }
        }
        all
    }

    /// The place that a cell is, if it is one: `FR` for whole agreements.
    fn place(&self, cell: &[Option<String>]) -> Option<String> {
        let question = self.question;
        let at = |name: &str| {
            self.group_by
                .iter()
                .position(|one| *one == name)
                .map(|place| cell[place].clone())
        };
        if question.is_school() {
            let is_split = at("academy").is_some() || at("academic_region").is_some();
            return question.perimeter.clone().filter(|_| !is_split);
        }
        if let Some(academy) = at("academy") {
            return academy.filter(|code| question.lets_academy(Some(code)));
        }
        let named_academy = question.filters.contains_key("academy")
            || question
                .perimeter
                .as_ref()
                .is_some_and(|place| place.starts_with("academy:"));
        let named_region = question.filters.contains_key("academic_region")
            || question
                .perimeter
                .as_ref()
                .is_some_and(|place| place.starts_with("region:"));
        let region = at("academic_region");
        let codes = ree::reference::Reference::get().territories().iter();
        let left: Vec<(String, String)> = codes
            .filter(|one| ["academy", "overseas_service"].contains(&one.kind.as_str()))
            .map(|one| (one.code.clone(), one.parent.clone().unwrap_or_default()))
            .filter(|(code, parent)| {
                let within = |place: &String| place == code || place == parent;
                question.lets("academy", code)
                    && question.lets("academic_region", parent)
                    && question.perimeter.as_ref().is_none_or(within)
                    && region
                        .as_ref()
                        .is_none_or(|region| region.as_ref() == Some(parent))
            })
            .collect();
        let all_of = |region: &str| {
            let codes = ree::reference::Reference::get().territories().iter();
            codes
                .filter(|one| {
                    one.parent.as_deref() == Some(region) && one.code.starts_with("academy:")
                })
                .count()
        };
        let whole_region = |left: &[(String, String)]| {
            let first = &left.first()?.1;
            let is_one = left.iter().all(|(_, parent)| parent == first);
            (is_one && first != "FR" && left.len() == all_of(first)).then(|| first.clone())
        };
        let only = || (left.len() == 1).then(|| left[0].0.clone());
        match region {
            Some(None) => None,
            Some(Some(_)) => whole_region(&left).or_else(only),
            None if question.filters.contains_key("academy") => only(),
            None if named_region => whole_region(&left).or_else(only),
            None if named_academy => only(),
            None => Some("FR".to_owned()),
        }
    }

    /// The targets of the measure in a cell: its place's, by the convention, else by its declination in
    /// force there.
    fn targets(&self, cell: &[Option<String>]) -> Vec<(usize, &'static str, i64)> {
        let Some(place) = self.place(cell) else {
            return Vec::new();
        };
        if !self.question.is_whole(self.group_by) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (number, convention) in self.world.conventions.iter().enumerate() {
            for year in YEARS {
                let is_of_year =
                    |aim: &&Aim| aim.measure == self.question.aimed_at && aim.year == year;
                let own = convention.aims.iter().filter(is_of_year);
                let mut own = own
                    .filter(|aim| aim.place.unwrap_or("FR") == place)
                    .map(|aim| aim.value);
                let declined = self.world.declinations.iter().filter(|one| {
                    one.convention == number && one.in_force && one.territory == place
                });
                let mut declined = declined
                    .flat_map(|one| &one.aims)
                    .filter(is_of_year)
                    .map(|aim| aim.value);
                let Some(value) = own.next().or_else(|| declined.next()) else {
                    continue;
                };
                let key = key_of(self.world, number, year, None, None, None);
                let is_here = self.group_by.iter().zip(cell).all(|(one, value)| {
                    ["academy", "academic_region"].contains(one) || key[one] == *value
                });
                if is_here
                    && self.question.lets("school_year", year)
                    && self.question.lets("convention", &convention.id)
                {
                    found.push((number, year, value));
                }
            }
        }
        found
    }

    fn cells(&self) -> BTreeMap<String, Value> {
        let (lines, expected) = (self.lines(), self.expected());
        let mut keys: BTreeSet<String> = lines.iter().map(|(.., key)| self.cell(key)).collect();
        let tells_lines_apart = self.group_by.contains(&"level");
        if self.group_by.is_empty() {
            keys.insert("[]".to_owned());
        } else if !tells_lines_apart {
            keys.extend(expected.iter().map(|(_, key)| self.cell(key)));
            keys.extend(self.aimed_cells());
        }
        keys.into_iter()
            .map(|key| {
                let values = self.values(&key, &lines, &expected);
                (key, values)
            })
            .collect()
    }

    /// The cells that only a target makes: one for each convention, year and place there is.
    fn aimed_cells(&self) -> Vec<String> {
        let mut cells = Vec::new();
        let places: Vec<(Option<&str>, Option<&str>)> = ACADEMIES
            .iter()
            .map(|(code, region)| (Some(*code), Some(*region)))
            .chain([(None, Some("region:84")), (None, None)])
            .collect();
        for convention in 0..self.world.conventions.len() {
            for year in YEARS {
                for (academy, region) in &places {
                    let key = key_of(self.world, convention, year, *academy, *region, None);
                    let cell: Vec<Option<String>> =
                        self.group_by.iter().map(|one| key[one].clone()).collect();
                    if !self.targets(&cell).is_empty() {
                        cells.push(self.cell(&key));
                    }
                }
            }
        }
        cells
    }

    fn values(&self, cell: &str, lines: &[(usize, &Line, Key)], expected: &[(bool, Key)]) -> Value {
        let key: Vec<Option<String>> = serde_json::from_str(cell).expect("a key");
        let own: Vec<(usize, &Line)> = lines
            .iter()
            .filter(|(.., key)| self.cell(key) == cell)
            .map(|(report, line, _)| (*report, *line))
            .collect();
        let here = expected.iter().filter(|(_, key)| {
            self.group_by
                .iter()
                .zip(serde_json::from_str::<Vec<Option<String>>>(cell).expect("a key"))
                .all(|(one, value)| *one == "level" || key[one] == value)
        });
        let (mut wanted, mut done) = (0, 0);
        for (is_validated, _) in here {
            wanted += 1;
            done += i64::from(*is_validated);
        }
        let year = self
            .group_by
            .iter()
            .position(|one| *one == "school_year")
            .and_then(|place| key[place].clone());
        let has_campaign = self.world.campaigns.iter().any(|one| {
            year.as_ref()
                .map_or(self.question.lets("school_year", one), |year| year == one)
        });
        let count = |number: i64| has_campaign.then_some(number);
        let reports: BTreeSet<usize> = own.iter().map(|(report, _)| *report).collect();
        let figure = |measure: &str, lines: &[(usize, &Line)]| -> Value {
            match measure {
                "reports_validated" => json!(
                    lines
                        .iter()
                        .map(|(report, _)| report)
                        .collect::<BTreeSet<_>>()
                        .len()
                ),
                "reports_expected" => json!(count(wanted)),
                other => of_lines(other, lines),
            }
        };
        let mut values: BTreeMap<&str, Value> = AIMED_AT
            .iter()
            .map(|one| (*one, figure(one, &own)))
            .collect();
        values.insert("completeness_rate", share(count(done), count(wanted)));
        let (target, achieved) = self.aimed(&key, &own, &figure, expected);
        let rate = target
            .as_f64()
            .zip(achieved.as_f64())
            .filter(|(target, _)| *target > 0.0)
            .map(|(target, achieved)| (achieved / target * 10_000.0).round() / 10_000.0);
        values.insert("target", target);
        values.insert("achieved", achieved);
        values.insert("achievement_rate", json!(rate));
        json!({ "values": values, "completeness": { "expected": count(wanted), "expected_validated": count(done), "validated": reports.len() } })
    }

    fn aimed(
        &self,
        cell: &[Option<String>],
        own: &[(usize, &Line)],
        figure: &Figure<'_>,
        expected: &[(bool, Key)],
    ) -> (Value, Value) {
        let (targets, measure) = (self.targets(cell), self.question.aimed_at);
        let is_aimed = |(report, _): &&(usize, &Line)| {
            let report = &self.world.reports[*report];
            targets.iter().any(|(convention, year, _)| {
                *convention == report.convention && *year == report.year
            })
        };
        let under: Vec<(usize, &Line)> = own.iter().filter(is_aimed).copied().collect();
        let conventions: BTreeSet<usize> = own
            .iter()
            .map(|(report, _)| self.world.reports[*report].convention)
            .chain(targets.iter().map(|one| one.0))
            .collect();
        match (measure, targets.as_slice()) {
            (_, []) => (Value::Null, Value::Null),
            ("girls_share", [(_, _, value)]) if conventions.len() == 1 => {
                (json!(value), figure(measure, &under))
            }
            ("reports_validated", [(_, year, value)]) if conventions.len() == 1 => {
                let is_of_year = own
                    .iter()
                    .all(|(report, _)| self.world.reports[*report].year == *year);
                (
                    json!(value),
                    if is_of_year {
                        figure(measure, own)
                    } else {
                        Value::Null
                    },
                )
            }
            ("girls_share" | "reports_validated", _) => (Value::Null, Value::Null),
            ("reports_expected", _) => {
                let here = expected.iter().filter(|(_, key)| {
                    self.group_by
                        .iter()
                        .zip(cell)
                        .all(|(one, value)| key[one] == *value)
                });
                let aimed = here.filter(|(_, key)| {
                    targets.iter().any(|(convention, year, _)| {
                        key["convention"].as_ref() == Some(&self.world.conventions[*convention].id)
                            && key["school_year"].as_deref() == Some(*year)
                    })
                });
                let aimed = aimed.count();
                (
                    json!(targets.iter().map(|one| one.2).sum::<i64>()),
                    if aimed == 0 {
                        Value::Null
                    } else {
                        json!(aimed)
                    },
                )
            }
            _ => (
                json!(targets.iter().map(|one| one.2).sum::<i64>()),
                figure(measure, &under),
            ),
        }
    }
}

fn share(part: Option<i64>, whole: Option<i64>) -> Value {
    match (part, whole) {
        (Some(part), Some(whole)) if whole > 0 => json!(
            f64::from(i32::try_from((part * 20_000 + whole) / (whole * 2)).expect("a share"))
                / 10_000.0
        ),
        _ => Value::Null,
    }
}

/// A sum over the lines that know it, or a share over those that know both.
fn of_lines(measure: &str, lines: &[(usize, &Line)]) -> Value {
    let sum = |of: &dyn Fn(&Line) -> Option<i64>| {
        let known: Vec<i64> = lines.iter().filter_map(|(_, line)| of(line)).collect();
        (!known.is_empty()).then(|| known.iter().sum::<i64>())
    };
    let base = |line: &Line| line.girls.and(line.pupils);
    match measure {
        "pupils" => json!(sum(&|line| line.pupils)),
        "girls" => json!(sum(&|line| line.girls)),
        "pupils_girls_known" => json!(sum(&base)),
        _ => share(sum(&|line| line.pupils.and(line.girls)), sum(&base)),
    }
}

/// The cells of an answer, numbers as they are compared.
fn answered(rows: &[Value]) -> BTreeMap<String, Value> {
    let one = |row: &Value| {
        let key: Vec<&Value> = row["key"].as_object().expect("a key").values().collect();
        let values: BTreeMap<&String, &Value> =
            row["values"].as_object().expect("values").iter().collect();
        (
            json!(key).to_string(),
            json!({ "values": values, "completeness": row["completeness"] }),
        )
    };
    rows.iter().map(one).collect()
}

/// Numbers alone, so that `1` and `1.0` are one.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect(),
        other => other.clone(),
    }
}

#[actix_web::test]
async fn figures_targets_and_completeness_are_what_the_stored_reports_come_to() {
    let mut compared = 0;
    for seed in 0..u64::try_from(rounds(60) / 3).expect("few") {
        let random = &mut StdRng::seed_from_u64(seed);
        let world = World::new(random).await;
        for number in 0..40 {
            let question = Question::new(random, &world);
            let caller = question.caller(&world.service);
            let told = format!(
                "seed {seed}, question {number}: {} as {:?}",
                question.path(true),
                question.perimeter
            );
            let grouped = caller.get(&question.path(true)).await.expect(200);
            let alone = caller.get(&question.path(false)).await.expect(200);
            assert_eq!(grouped["totals"], alone["totals"], "the total of {told}");
            let recomputed = Recomputed {
                world: &world,
                question: &question,
                group_by: &[],
            };
            let whole = &recomputed.cells()["[]"];
            let total = json!({ "values": alone["totals"]["values"], "completeness": alone["totals"]["completeness"] });
            assert_eq!(plain(&total), plain(whole), "the total of {told}");
            let rows = caller
                .all(&format!("{}&limit=3", question.path(true)))
                .await;
            let recomputed = Recomputed {
                group_by: &question.group_by,
                ..recomputed
            };
            let (found, expected) = (answered(&rows), recomputed.cells());
            assert_eq!(
                found.keys().collect::<Vec<_>>(),
                expected.keys().collect::<Vec<_>>(),
                "the cells of {told}"
            );
            for (key, cell) in &found {
                assert_eq!(plain(cell), plain(&expected[key]), "{key} of {told}");
                compared += 1;
            }
            if number % 8 == 0 {
                forms(&caller, &question, &rows).await;
            }
        }
    }
    assert!(compared > 300, "{compared} cells");
}

/// The same in the other forms.
async fn forms(caller: &Caller, question: &Question, rows: &[Value]) {
    let form = |accept: &str| {
        let sending = caller.request("GET", &question.path(true));
        sending.header("accept", accept).send()
    };
    let lines = form("application/x-ndjson").await;
    let lines: Vec<Value> = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).expect("a cell"))
        .collect();
    assert_eq!(lines, rows);
    let csv = form("text/csv").await;
    let mut table = csv::Reader::from_reader(csv.text().as_bytes());
    let head: Vec<String> = table
        .headers()
        .expect("a head")
        .iter()
        .map(str::to_owned)
        .collect();
    for (record, row) in table.records().zip(rows) {
        let record = record.expect("a record");
        for name in [
            "target",
            "achieved",
            "expected",
            "expected_validated",
            "validated",
        ] {
            let at = head.iter().position(|one| one == name).expect("its column");
            let part = if ["target", "achieved"].contains(&name) {
                "values"
            } else {
                "completeness"
            };
            assert_eq!(
                record[at],
                row[part][name].to_string().replace("null", ""),
                "{name}"
            );
        }
    }
}
