//! What is not told of made-up countries. That nobody finds it is for the auditor to say
//! (`tests/auditor/`); here is what may never be hidden, and how much is.

#![expect(
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod france;

use disclosure::{
    Cell, Counts, Dimension, Edition, Measure, PARTS, Protected, Quantity, TableShape, protect,
};
use france::france;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const THRESHOLD: i64 = 5;

/// So many lines of pupils, of which all is known.
fn add(shape: &TableShape, counts: &mut [Counts], random: &mut StdRng, lines: usize) {
    for _ in 0..lines {
        let academy = random.random_range(0..shape.academies());
        let mut cells = vec![
            Cell::Total,
            Cell::Region(shape.region(academy)),
            Cell::Academy(academy),
        ];
        for (dimension, by_academy) in shape.dimensions() {
            // Few values have most of the lines.
            let values = shape.values(dimension);
            let value = random
                .random_range(0..values)
                .min(random.random_range(0..values));
            cells.push(Cell::Value(dimension, value));
            cells.extend(by_academy.then_some(Cell::Cross(dimension, academy, value)));
        }
        let most = if random.random_bool(0.2) { 3 } else { 20 };
        let mut line = Counts([0; PARTS]);
        for part in [4, 5, 7, 8] {
            line.0[part] = random.random_range(0..most);
        }
        line.0[PARTS - 1] = 1;
        for cell in cells {
            let own = &mut counts[shape.number(cell)];
            own.0
                .iter_mut()
                .zip(line.0)
                .for_each(|(own, more)| *own += more);
        }
    }
}

fn publish(
    shape: &TableShape,
    earlier: &[Edition],
    counts: &[Counts],
    last: Option<&Protected>,
) -> Protected {
    let certificates = last.map(|one| one.certificates.clone()).unwrap_or_default();
    protect(shape, earlier, counts.to_vec(), certificates, THRESHOLD)
}

fn pupils(counts: &Counts) -> i64 {
    Quantity::all()[0].value(counts)
}

/// The share of pupils not told, of the cells of a kind.
fn untold(
    shape: &TableShape,
    counts: &[Counts],
    protected: &Protected,
    is_of: impl Fn(Cell) -> bool,
) -> f64 {
    let cells = (0..shape.size()).filter(|number| is_of(shape.cell(*number)));
    let (all, hidden) = cells.fold((0, 0), |(all, hidden), number| {
        let own = pupils(&counts[number]);
        let is_hidden = protected.untold[number].has(Measure::Pupils);
        (all + own, hidden + if is_hidden { own } else { 0 })
    });
    f64::from(i32::try_from(hidden).unwrap_or(i32::MAX))
        / f64::from(i32::try_from(all).unwrap_or(i32::MAX))
}

#[test]
fn a_first_publication_of_france_tells_all_margins_and_hides_little_else() {
    let (shape, random) = (france(), &mut StdRng::seed_from_u64(1));
    let mut counts = vec![Counts::default(); shape.size()];
    add(&shape, &mut counts, random, 6_000);
    let protected = publish(&shape, &[], &counts, None);
    assert_eq!(protected.unproved, 0);
    let is_margin = |cell| matches!(cell, Cell::Total | Cell::Region(_) | Cell::Academy(_));
    for number in (0..shape.size()).filter(|number| is_margin(shape.cell(*number))) {
        assert_eq!(protected.untold[number].0, 0, "{:?}", shape.cell(number));
    }
    let crosses = untold(&shape, &counts, &protected, |cell| {
        matches!(cell, Cell::Cross(..))
    });
    assert!(crosses < 0.016, "{crosses}");
    let again = publish(&shape, &[], &counts, None);
    assert_eq!(again.untold, protected.untold, "the same twice");
}

#[test]
fn six_publications_of_a_growing_year_keep_the_total_and_the_regions_up_to_date() {
    let (shape, random) = (france(), &mut StdRng::seed_from_u64(2));
    let mut counts = vec![Counts::default(); shape.size()];
    let (mut editions, mut last) = (Vec::<Edition>::new(), None);
    for number in 0..6 {
        add(
            &shape,
            &mut counts,
            random,
            if number == 0 { 6_000 } else { 1_000 },
        );
        let protected = publish(&shape, &editions, &counts, last.as_ref());
        assert_eq!(protected.unproved, 0);
        assert!(!protected.is_held, "publication {number}");
        assert!(
            !protected.untold[0].has(Measure::Pupils),
            "publication {number}"
        );
        let regions = untold(&shape, &counts, &protected, |cell| {
            matches!(cell, Cell::Region(_))
        });
        assert!(regions < 0.1, "publication {number}: {regions}");
        editions.push(Edition {
            counts: counts.clone(),
            untold: protected.untold.clone(),
        });
        last = Some(protected);
    }
}

#[test]
fn what_is_small_is_not_told_and_five_is_not_small() {
    let dimension = Dimension {
        values: 2,
        by_academy: true,
        is_headline: false,
    };
    let shape = TableShape::new(1, vec![0, 0], vec![dimension]);
    for (small, is_hidden) in [(4, true), (5, false)] {
        let mut counts = vec![Counts::default(); shape.size()];
        let crosses = [(0, 0, small), (0, 1, 60), (1, 0, 70), (1, 1, 80)];
        for (academy, value, pupils) in crosses {
            let cells = [
                Cell::Total,
                Cell::Region(0),
                Cell::Academy(academy),
                Cell::Value(0, value),
                Cell::Cross(0, academy, value),
            ];
            for cell in cells {
                let own = &mut counts[shape.number(cell)];
                own.0[0] += pupils;
                own.0[PARTS - 1] += 1;
            }
        }
        let protected = publish(&shape, &[], &counts, None);
        for (academy, value, _) in crosses {
            let untold = protected.untold[shape.number(Cell::Cross(0, academy, value))];
            assert_eq!(untold.has(Measure::Pupils), is_hidden, "{small}");
        }
        let margins = [Cell::Total, Cell::Academy(0), Cell::Value(0, 0)];
        for cell in margins {
            assert!(!protected.untold[shape.number(cell)].has(Measure::Pupils));
        }
    }
}
