//! Bars. Each stands beside its figure, which says the same.

use maud::{Markup, html};

/// How wide a bar can be.
const WIDTH: f64 = 200.0;

/// A bar that fills this share of its frame.
pub fn bar(share: f64) -> Markup {
    let filled = share.clamp(0.0, 1.0) * WIDTH;
    html! {
        svg class="bar" viewBox="0 0 200 12" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect class="frame" x="0" y="0" width="200" height="12" {}
            rect class="filled" x="0" y="0" width=(format!("{filled:.1}")) height="12" {}
        }
    }
}

/// The bars of some values, the longest for the greatest; none where a value is not told.
pub fn shares(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let most = values.iter().flatten().copied().fold(0.0, f64::max);
    let share = |value: &Option<f64>| value.filter(|_| most > 0.0).map(|value| value / most);
    values.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_value_has_the_longest_bar_and_what_is_not_told_none() {
        let shares = shares(&[Some(5.0), None, Some(10.0), Some(0.0)]);
        assert_eq!(shares, [Some(0.5), None, Some(1.0), Some(0.0)]);
        assert!(bar(0.5).into_string().contains("width=\"100.0\""));
    }
}
