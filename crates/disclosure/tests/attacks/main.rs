//! Attacks on what is published, by an integer program that knows everything shown and nothing of
//! how it was chosen.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeMap;

use disclosure::{
    Cell, Counts, Dimension, Edition, Figures, Hidden, Measure, TableShape, primary_suppressions,
    protect,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use attacker::Attacker;

mod attacker;

const THRESHOLD: i64 = 5;

/// The finest groups there are: an academy and a value of each dimension.
type Group = (usize, [usize; 3]);
type Data = BTreeMap<Group, Counts>;

/// Academies in regions, and three dimensions, the last one not published by academy.
#[derive(Debug, Clone)]
struct Country {
    region_of: Vec<usize>,
    values: [usize; 3],
}

impl Country {
    fn random(random: &mut StdRng) -> Self {
        let academies = random.random_range(1..=3);
        let mut region_of: Vec<usize> = (0..academies).map(|_| random.random_range(0..2)).collect();
        region_of.sort_unstable();
        let regions: std::collections::BTreeSet<usize> = region_of.iter().copied().collect();
        let place = |region| regions.iter().position(|one| *one == region).unwrap();
        Self {
            region_of: region_of.iter().map(|one| place(*one)).collect(),
            values: [(); 3].map(|()| random.random_range(1..=3)),
        }
    }

    fn shape(&self) -> TableShape {
        let regions = self.region_of.iter().max().unwrap() + 1;
        let dimension = |place: usize| Dimension {
            values: self.values[place],
            by_academy: place < 2,
        };
        TableShape::new(
            regions,
            self.region_of.clone(),
            (0..3).map(dimension).collect(),
        )
    }

    fn groups(&self) -> Vec<Group> {
        let [one, two, three] = self.values;
        let mut groups = Vec::new();
        for academy in 0..self.region_of.len() {
            for place in 0..one * two * three {
                let values = [place % one, place / one % two, place / one / two];
                groups.push((academy, values));
            }
        }
        groups
    }

    fn holds(&self, cell: Cell, group: &Group) -> bool {
        let (academy, values) = group;
        match cell {
            Cell::Total => true,
            Cell::Region(region) => self.region_of[*academy] == region,
            Cell::Academy(own) => own == *academy,
            Cell::Value(dimension, value) => values[dimension] == value,
            Cell::Cross(dimension, own, value) => own == *academy && values[dimension] == value,
        }
    }

    fn figures(&self, shape: &TableShape, data: &Data) -> Figures {
        let sum = |number| {
            let cell = shape.cell(number);
            let groups = data.iter().filter(|(group, _)| self.holds(cell, group));
            groups.fold(Counts::default(), |sum, (_, counts)| Counts {
                pupils: sum.pupils + counts.pupils,
                girls: sum.girls + counts.girls,
                priority: sum.priority + counts.priority,
            })
        };
        Figures((0..shape.size()).map(sum).collect())
    }

    /// Some groups of pupils more.
    fn grow(&self, random: &mut StdRng, data: &mut Data, chance: f64) {
        for group in self.groups() {
            if random.random_bool(chance) {
                let pupils = match random.random_range(0..4) {
                    0 => random.random_range(1..5),
                    1 => random.random_range(1..12),
                    _ => random.random_range(5..60),
                };
                let counts = data.entry(group).or_default();
                counts.pupils += pupils;
                counts.girls += part(random, pupils);
                counts.priority += part(random, pupils);
            }
        }
    }

    /// Some groups counted anew.
    fn correct(&self, random: &mut StdRng, data: &mut Data) {
        let groups = self.groups();
        for _ in 0..random.random_range(1..=3) {
            let group = groups[random.random_range(0..groups.len())];
            data.remove(&group);
            if random.random_bool(0.5) {
                let pupils = random.random_range(1..20);
                let (girls, priority) = (part(random, pupils), part(random, pupils));
                data.insert(
                    group,
                    Counts {
                        pupils,
                        girls,
                        priority,
                    },
                );
            }
        }
    }
}

fn part(random: &mut StdRng, pupils: i64) -> i64 {
    match random.random_range(0..4) {
        0 => 0,
        1 => pupils,
        _ => random.random_range(0..=pupils),
    }
}

/// What was published, and the data it was published of.
struct Published {
    country: Country,
    shape: TableShape,
    data: Vec<Data>,
    editions: Vec<Edition>,
    unproved: Hidden,
}

impl Published {
    /// Whether a figure of a later edition is smaller than before.
    fn is_corrected(&self) -> bool {
        let mut pairs = self.editions.iter().zip(self.editions.iter().skip(1));
        pairs.any(|(before, after)| {
            let added = after.figures.since(&before.figures).0;
            let mut all = added.iter();
            all.any(|added| Measure::ALL.iter().any(|measure| added.of(*measure) < 0))
        })
    }
}

fn publish(seed: u64) -> Published {
    let random = &mut StdRng::seed_from_u64(seed);
    let country = Country::random(random);
    let shape = country.shape();
    let (mut data, mut editions, mut all) = (Data::new(), Vec::<Edition>::new(), Vec::new());
    let (mut certificates, mut unproved) = (Vec::new(), Hidden::new());
    country.grow(random, &mut data, 0.6);
    for number in 0..random.random_range(1..=3) {
        if number > 0 && random.random_bool(0.5) {
            country.correct(random, &mut data);
        }
        if number > 0 {
            country.grow(random, &mut data, 0.25);
        }
        let figures = country.figures(&shape, &data);
        let protected = protect(
            &shape,
            &editions,
            figures.clone(),
            certificates.clone(),
            THRESHOLD,
        );
        let again = protect(
            &shape,
            &editions,
            figures.clone(),
            certificates.clone(),
            THRESHOLD,
        );
        assert_eq!(
            protected.hidden, again.hidden,
            "seed {seed}: the same twice"
        );
        certificates.extend(protected.certificates);
        unproved.extend(protected.unproved);
        all.push(data.clone());
        editions.push(Edition {
            figures,
            hidden: protected.hidden,
        });
    }
    Published {
        country,
        shape,
        data: all,
        editions,
        unproved,
    }
}

/// Thirty-one academies, a hundred conventions, sparse as such tables are.
#[test]
fn a_country_of_the_size_of_france_is_protected_and_its_total_shown() {
    let random = &mut StdRng::seed_from_u64(31);
    let dimension = |values, by_academy| Dimension { values, by_academy };
    let dimensions = vec![
        dimension(100, true),
        dimension(19, true),
        dimension(22, true),
        dimension(9, false),
        dimension(17, false),
        dimension(5, false),
    ];
    let region_of: Vec<usize> = (0..31).map(|academy| academy * 18 / 31).collect();
    let shape = TableShape::new(18, region_of.clone(), dimensions);
    let mut figures = Figures(vec![Counts::default(); shape.size()]);
    for _ in 0..6_000 {
        let academy = random.random_range(0..31);
        let pupils = if random.random_bool(0.2) {
            random.random_range(1..5)
        } else {
            random.random_range(5..80)
        };
        let (girls, priority) = (part(random, pupils), part(random, pupils));
        let mut cells = vec![
            Cell::Total,
            Cell::Region(region_of[academy]),
            Cell::Academy(academy),
        ];
        for (dimension, by_academy) in shape.dimensions() {
            // Few values have most of the lines.
            let value = random
                .random_range(0..shape.values(dimension))
                .min(random.random_range(0..shape.values(dimension)));
            cells.push(Cell::Value(dimension, value));
            cells.extend(by_academy.then_some(Cell::Cross(dimension, academy, value)));
        }
        for cell in cells {
            let counts = &mut figures.0[shape.number(cell)];
            counts.pupils += pupils;
            counts.girls += girls;
            counts.priority += priority;
        }
    }
    let small = primary_suppressions(&shape, &[], &figures, THRESHOLD).len();
    let protected = protect(&shape, &[], figures, Vec::new(), THRESHOLD);
    assert!(protected.unproved.is_empty());
    assert!(protected.hidden.len() < small * 4);
    assert!(
        !protected.hidden.contains(&(Measure::Pupils, 0)),
        "the total is shown"
    );
}

fn number_of(name: &str, usual: u64) -> u64 {
    let given = std::env::var(name).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(usual)
}

#[test]
fn the_attacker_does_undo_what_only_hides_small_counts() {
    let undone = (0..10).filter(|seed| {
        let mut published = publish(*seed);
        let first = published.editions.remove(0);
        let figures = &first.figures;
        let hidden = primary_suppressions(&published.shape, &[], figures, THRESHOLD);
        published.editions = vec![Edition {
            hidden: hidden.clone(),
            ..first.clone()
        }];
        let attacker = Attacker::new(&published);
        hidden
            .iter()
            .any(|(measure, number)| attacker.values(0, *measure, *number) < 5)
    });
    assert!(undone.count() > 5);
}

/// As many worlds are attacked as a race has rounds: twenty, and two hundred in the nightly run
/// (`REE_NIGHTLY=1`). `ATTACKS` of them, from the `ATTACKS_FROM`th on, for those who want more.
#[test]
fn whoever_knows_all_that_is_shown_cannot_tell_a_hidden_count_from_four_others() {
    let from = number_of("ATTACKS_FROM", 0);
    let is_night = std::env::var_os("REE_NIGHTLY").is_some_and(|set| set == "1");
    let usual = if is_night { 200 } else { 20 };
    for seed in from..from + number_of("ATTACKS", usual) {
        let published = publish(seed);
        // Only a correction that empties what was hidden can leave something without a proof.
        let unproved = &published.unproved;
        assert!(
            unproved.is_empty() || published.is_corrected(),
            "seed {seed}: {unproved:?}"
        );
        let attacker = Attacker::new(&published);
        let random = &mut StdRng::seed_from_u64(seed);
        for (edition, one) in published.editions.iter().enumerate() {
            for (measure, number) in &one.hidden {
                // What was hidden and is 0 now is no group.
                let is_group = one.figures.of(*number).of(*measure) > 0;
                if !is_group || unproved.contains(&(*measure, *number)) {
                    continue;
                }
                let hidden = u32::try_from(one.hidden.len()).unwrap();
                if hidden > 6 && !random.random_ratio(6, hidden) {
                    continue;
                }
                let values = attacker.values(edition, *measure, *number);
                assert!(
                    values >= 5,
                    "seed {seed}: edition {edition}, {measure:?} of {:?} is {} and has {values} values",
                    published.shape.cell(*number),
                    one.figures.of(*number).of(*measure)
                );
            }
        }
    }
}
