//! Decides on the editions of countries that it reads from standard input, for the auditor.
//!
//! Whole numbers, divided by white space: the threshold; how many regions; how many academies, and the
//! region of each; how many dimensions, and of each how many values, whether it is published by academy
//! and whether its values are headlines; how many editions, and of each the parts of every cell. Then
//! the next country. Answers, for each edition, a line: how long it took (microseconds), whether nothing
//! new was told, how many numbers lack a proof, and the measures of each cell that are not told.
//!
//! `--tell-bases` tells what shares are over wherever it is not small itself: the auditor must undo it.

#![expect(
    clippy::unwrap_used,
    reason = "a program of the tests stops at the first surprise"
)]

use std::io::Read;
use std::time::Instant;

use disclosure::{Counts, Dimension, Edition, Measure, PARTS, Quantity, TableShape, protect};

fn main() {
    let tells_bases = std::env::args().any(|one| one == "--tell-bases");
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text
        .split_ascii_whitespace()
        .map(|one| one.parse::<i64>().unwrap());
    while let Some(threshold) = numbers.next() {
        let mut size = || usize::try_from(numbers.next().unwrap()).unwrap();
        let (regions, academies) = (size(), size());
        let region_of = (0..academies).map(|_| size()).collect();
        let dimensions = size();
        let dimension = |_| Dimension {
            values: size(),
            by_academy: size() == 1,
            is_headline: size() == 1,
        };
        let dimensions = (0..dimensions).map(dimension).collect();
        let editions = size();
        let shape = TableShape::new(regions, region_of, dimensions);
        let (mut earlier, mut certificates) = (Vec::<Edition>::new(), Vec::new());
        for _ in 0..editions {
            let mut counts = vec![Counts::default(); shape.size()];
            for own in &mut counts {
                own.0 = [(); PARTS].map(|()| numbers.next().unwrap());
            }
            let begun = Instant::now();
            let mut protected = protect(&shape, &earlier, counts.clone(), certificates, threshold);
            for (own, counts) in protected
                .untold
                .iter_mut()
                .zip(&counts)
                .filter(|_| tells_bases)
            {
                let bases = Quantity::all().into_iter().filter(|one| {
                    let is_base =
                        [Measure::GirlsKnown, Measure::PriorityKnown].contains(&one.measure);
                    is_base && one.value(counts) >= threshold
                });
                *own = bases.fold(*own, |own, one| own.without(one.measure));
            }
            let untold: Vec<String> = protected
                .untold
                .iter()
                .map(|own| own.0.to_string())
                .collect();
            let took = begun.elapsed().as_micros();
            println!(
                "{took} {} {} {}",
                u8::from(protected.is_held),
                protected.unproved,
                untold.join(" ")
            );
            certificates = protected.certificates;
            earlier.push(Edition {
                counts,
                untold: protected.untold,
            });
        }
    }
}
