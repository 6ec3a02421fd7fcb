//! How much of a made-up national year is not told, by table and publication, and for how long.
//!
//! `loss [SEED [REPORTS [PER MILLE [EDITIONS]]]]`: thirty-one academies and a hundred conventions; after
//! the first publication so many reports in a thousand move before each other one, two new ones for one
//! that is corrected. *Carried* is what was told before and is not now, *hidden* what never was; *late*
//! what has been carried before, too, and has changed since.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program of the tests stops at the first surprise"
)]

#[path = "../tests/france/mod.rs"]
mod france;

use std::collections::BTreeMap;
use std::time::Instant;

use disclosure::{Cell, Change, Counts, Edition, Measure, PARTS, Quantity, TableShape, protect};
use france::{ACADEMIES, CONVENTIONS, france};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const THRESHOLD: i64 = 5;

/// A line: where it counts, and whom.
#[derive(Clone)]
struct Line {
    values: [usize; 5],
    counts: Counts,
}

/// The lines of a convention in an academy.
#[derive(Clone)]
struct Report {
    academy: usize,
    convention: usize,
    lines: Vec<Line>,
}

/// Few values have most of the lines.
fn few(random: &mut StdRng, values: usize) -> usize {
    random
        .random_range(0..values)
        .min(random.random_range(0..values))
}

fn people(random: &mut StdRng) -> Counts {
    let mut counts = Counts([0; PARTS]);
    let most = if random.random_bool(0.2) { 3 } else { 20 };
    let parts: &[usize] = match random.random_range(0..4) {
        0 => &[0],
        1 => &[3, 6],
        _ => &[4, 5, 7, 8],
    };
    for part in parts {
        counts.0[*part] = random.random_range(0..most) * 4 / i64::try_from(parts.len()).unwrap();
    }
    counts.0[PARTS - 1] = 1;
    counts
}

fn report(random: &mut StdRng) -> Report {
    let line = |random: &mut StdRng| Line {
        values: [14, 12, 7, 8, 6].map(|values| few(random, values)),
        counts: people(random),
    };
    let lines = (0..random.random_range(1..4)).map(|_| line(random));
    let lines = lines.collect();
    Report {
        academy: random.random_range(0..ACADEMIES),
        convention: few(random, CONVENTIONS),
        lines,
    }
}

/// A few pupils more or fewer in one of its lines.
fn correct(report: &mut Report, random: &mut StdRng) {
    let place = random.random_range(0..report.lines.len());
    let counts = &mut report.lines[place].counts;
    let part = (0..9).find(|part| counts.0[*part] > 0).unwrap_or(0);
    counts.0[part] = (counts.0[part] + random.random_range(-4..=4)).max(0);
}

fn count(shape: &TableShape, reports: &[Report]) -> Vec<Counts> {
    let mut counts = vec![Counts::default(); shape.size()];
    for report in reports {
        let academy = report.academy;
        for line in &report.lines {
            let mut cells = vec![
                Cell::Total,
                Cell::Region(shape.region(academy)),
                Cell::Academy(academy),
            ];
            let values = [report.convention].into_iter().chain(line.values);
            for ((dimension, by_academy), value) in shape.dimensions().zip(values) {
                cells.push(Cell::Value(dimension, value));
                cells.extend(by_academy.then_some(Cell::Cross(dimension, academy, value)));
            }
            for cell in cells {
                let own = &mut counts[shape.number(cell)];
                for (own, more) in own.0.iter_mut().zip(line.counts.0) {
                    *own += more;
                }
            }
        }
    }
    counts
}

fn table(cell: Cell) -> &'static str {
    match cell {
        Cell::Total => "0 country",
        Cell::Region(_) => "1 region",
        Cell::Academy(_) => "2 academy",
        Cell::Value(0, _) => "3 convention",
        Cell::Value(1 | 2, _) => "4 action, level",
        Cell::Value(..) => "5 moment, axis, event",
        Cell::Cross(0, ..) => "6 academy, convention",
        Cell::Cross(..) => "7 academy, action or level",
    }
}

/// What became of the cells of a table.
#[derive(Default)]
struct Loss {
    cells: usize,
    changed: usize,
    carried: usize,
    late: usize,
    longest: usize,
    hidden: usize,
    pupils: i64,
    not_told: i64,
}

fn main() {
    let mut given = std::env::args()
        .skip(1)
        .map(|one| one.parse::<usize>().unwrap());
    let seed = given.next().unwrap_or(1);
    let number = given.next().unwrap_or(3_000);
    let per_mille = given.next().unwrap_or(10);
    let editions = given.next().unwrap_or(6);
    let shape = france();
    let mut random = StdRng::seed_from_u64(u64::try_from(seed).unwrap());
    let mut reports: Vec<Report> = (0..number).map(|_| report(&mut random)).collect();
    let (mut earlier, mut certificates) = (Vec::<Edition>::new(), Vec::new());
    let mut lags = vec![0_usize; shape.size()];
    for edition in 0..editions {
        if edition > 0 {
            for place in 0..(number * per_mille / 1000).max(1) {
                if place % 3 == 2 {
                    let corrected = random.random_range(0..reports.len());
                    correct(&mut reports[corrected], &mut random);
                } else {
                    reports.push(report(&mut random));
                }
            }
        }
        let counts = count(&shape, &reports);
        let begun = Instant::now();
        let protected = protect(&shape, &earlier, counts.clone(), certificates, THRESHOLD);
        println!(
            "edition {edition}: {} ms, {} certificates, held {}, without a proof {}",
            begun.elapsed().as_millis(),
            protected.certificates.len(),
            protected.is_held,
            protected.unproved
        );
        certificates = protected.certificates;
        let now = Edition {
            counts,
            untold: protected.untold,
        };
        tell(&shape, &earlier, &now, &mut lags);
        earlier.push(now);
    }
}

fn number(count: i64) -> f64 {
    f64::from(i32::try_from(count).unwrap())
}

fn tell(shape: &TableShape, earlier: &[Edition], now: &Edition, lags: &mut [usize]) {
    let mut losses = BTreeMap::<&str, Loss>::new();
    for cell in (0..shape.size()).filter(|cell| now.counts(*cell) != Counts::default()) {
        let loss = losses.entry(table(shape.cell(cell))).or_default();
        let pupils = Quantity::all()[0].value(&now.counts(cell));
        loss.cells += 1;
        loss.pupils += pupils;
        let before = earlier.last().map(|one| one.counts(cell));
        let change = Change::between(&before.unwrap_or_default(), &now.counts(cell));
        loss.changed += usize::from(change != Change::None);
        if !now.untold(cell).has(Measure::Pupils) {
            lags[cell] = 0;
            continue;
        }
        loss.not_told += pupils;
        let was_told = |one: &Edition| {
            one.counts(cell) != Counts::default() && !one.untold(cell).has(Measure::Pupils)
        };
        if !earlier.iter().any(was_told) {
            loss.hidden += 1;
            continue;
        }
        loss.carried += 1;
        lags[cell] += 1;
        loss.late += usize::from(lags[cell] > 1 && change != Change::None);
        loss.longest = loss.longest.max(lags[cell]);
    }
    print(&losses);
}

fn print(losses: &BTreeMap<&str, Loss>) {
    for (table, loss) in losses {
        println!(
            "  {table:<26} {:>5} cells {:>5} changed {:>5} carried {:>5} late {:>2} longest {:>5} hidden {:>6.2} % of pupils",
            loss.cells,
            loss.changed,
            loss.carried,
            loss.late,
            loss.longest,
            loss.hidden,
            100.0 * number(loss.not_told) / number(loss.pupils)
        );
    }
}
