//! When what failed is tried again.

use chrono::{DateTime, TimeDelta, Utc};

/// The first pause, which doubles with each failure.
const FIRST: TimeDelta = TimeDelta::seconds(5);
/// The longest pause.
const LONGEST: TimeDelta = TimeDelta::hours(2);
/// The longest pause that a receiver may ask for.
const LONGEST_ASKED: TimeDelta = TimeDelta::hours(24);

/// How long to wait after this many failures in a row, the present one included. `chance`, from 0 to 1,
/// spreads over half of the pause those who failed together; what the receiver asks for is the least.
pub fn pause(failures: i32, asked: Option<TimeDelta>, chance: f64) -> TimeDelta {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or_default();
    let factor = 2_i32.checked_pow(doublings).unwrap_or(i32::MAX);
    let longest = FIRST.checked_mul(factor).unwrap_or(LONGEST).min(LONGEST);
    let millis = u32::try_from(longest.num_milliseconds()).unwrap_or(u32::MAX);
    let spread = f64::from(millis) * (0.5 + chance.clamp(0.0, 1.0) / 2.0);
    let pause = std::time::Duration::from_secs_f64(spread / 1000.0);
    let pause = TimeDelta::from_std(pause).unwrap_or(longest);
    pause.max(asked.unwrap_or_default().min(LONGEST_ASKED))
}

/// What a `Retry-After` asks for: seconds, or a moment (RFC 9110 §10.2.3).
pub fn retry_after(value: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    if let Ok(seconds) = value.trim().parse::<u32>() {
        return Some(TimeDelta::seconds(seconds.into()));
    }
    let moment = DateTime::parse_from_rfc2822(value.trim()).ok()?;
    Some((moment.to_utc() - now).max(TimeDelta::zero()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_two_hours_and_are_spread() {
        let seconds = |failures, chance| pause(failures, None, chance).num_seconds();
        assert_eq!(seconds(1, 1.0), 5);
        assert_eq!(seconds(2, 1.0), 10);
        assert_eq!(seconds(5, 1.0), 80);
        assert_eq!(seconds(5, 0.0), 40);
        for many in [12, 32, 33, 1000, i32::MAX] {
            assert_eq!(seconds(many, 1.0), 7200, "{many}");
        }
        assert_eq!(seconds(0, 1.0), 5);
    }

    #[test]
    fn a_receiver_may_ask_for_more_and_not_for_ever() {
        let asked = |seconds| pause(1, Some(TimeDelta::seconds(seconds)), 1.0).num_seconds();
        assert_eq!(asked(1), 5);
        assert_eq!(asked(120), 120);
        assert_eq!(asked(10_000_000), 86_400);
    }

    #[test]
    fn retry_after_is_seconds_or_a_moment() {
        let now: DateTime<Utc> = "2026-11-30T12:00:00Z".parse().unwrap();
        let seconds = |value| retry_after(value, now).map(|delta| delta.num_seconds());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("Mon, 30 Nov 2026 12:01:00 GMT"), Some(60));
        assert_eq!(seconds("Mon, 30 Nov 2026 11:01:00 GMT"), Some(0));
        for nothing in ["", "soon", "-1", "1.5"] {
            assert_eq!(seconds(nothing), None, "{nothing}");
        }
    }
}
