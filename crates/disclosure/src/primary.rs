//! Primary suppression: the counts that are hidden for themselves.

use super::edition::{Edition, Hidden};
use super::figures::{Figures, Measure};
use super::table_shape::TableShape;

/// What is hidden for itself: small counts, counts that an earlier edition shows a little smaller or
/// larger, and what was hidden before.
pub fn primary_suppressions(
    shape: &TableShape,
    earlier: &[Edition],
    figures: &Figures,
    threshold: i64,
) -> Hidden {
    let small = 1..threshold;
    let mut hidden: Hidden = earlier
        .iter()
        .flat_map(|edition| edition.hidden.iter().copied())
        .collect();
    for cell in 0..shape.size() {
        for measure in Measure::ALL {
            let figure = figures.of(cell).of(measure);
            let near = |edition: &Edition| {
                let before = edition.figures.of(cell).of(measure);
                small.contains(&(figure - before).abs())
            };
            let is_shown = |edition: &&Edition| !edition.hidden.contains(&(measure, cell));
            let mut shown = earlier.iter().filter(is_shown);
            if small.contains(&figure) || (figure > 0 && shown.any(near)) {
                hidden.insert((measure, cell));
            }
        }
    }
    hidden
}
