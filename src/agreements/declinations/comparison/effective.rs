//! The effective terms of a convention, and of a declination below it.

use chrono::NaiveDate;

use crate::agreements::conventions::content::Target;
use crate::agreements::conventions::model::Convention;
use crate::agreements::declinations::content::Content;
use crate::values::{COUNTRY, TextValue};

/// The effective terms of an agreement. An empty list of codes restricts nothing.
#[derive(Debug, Clone, Default)]
pub struct EffectiveTerms {
    /// Axes.
    pub axes: Vec<String>,
    /// Types of action.
    pub action_types: Vec<String>,
    /// Levels.
    pub levels: Vec<String>,
    /// Pathway moments.
    pub moments: Vec<String>,
    /// Territories.
    pub territories: Vec<String>,
    /// The first day; none when it is not known.
    pub starts_on: Option<NaiveDate>,
    /// The last day, if there is one.
    pub ends_on: Option<NaiveDate>,
    /// Targets.
    pub targets: Vec<Target>,
    /// The first and the last day of the convention, which bind whatever is below it.
    frame: (Option<NaiveDate>, Option<NaiveDate>),
}

impl EffectiveTerms {
    /// Of a convention, on a day.
    pub fn of(convention: &Convention, day: NaiveDate) -> Self {
        let content = convention.on(day).content;
        let territory = content
            .territory
            .as_ref()
            .map_or(COUNTRY, TextValue::as_str);
        let follow_up = content.terms.follow_up.as_ref();
        Self {
            axes: texts(&content.axes),
            action_types: texts(&content.action_types),
            levels: texts(&content.levels),
            moments: texts(&content.moments),
            territories: vec![territory.to_owned()],
            starts_on: content.starts_on,
            ends_on: convention.in_force_until,
            targets: follow_up.map_or_else(Vec::new, |terms| terms.targets.clone()),
            frame: (content.starts_on, convention.in_force_until),
        }
    }

    /// Of a declination below this: where it names no codes, all of these. Its dates are bound by
    /// the convention's alone, as they are when it is asked whether it is in force; its territories
    /// and its targets are its own.
    #[must_use]
    pub fn below(&self, content: &Content) -> Self {
        let (first, last) = self.frame;
        let ends = [content.ends_on, last].into_iter().flatten();
        Self {
            axes: chosen(texts(&content.axes), &self.axes),
            action_types: chosen(texts(&content.action_types), &self.action_types),
            levels: chosen(texts(&content.levels), &self.levels),
            moments: chosen(texts(&content.moments), &self.moments),
            territories: texts(&content.territories),
            starts_on: first.max(Some(content.starts_on)),
            ends_on: ends.min(),
            targets: content.targets.0.clone(),
            frame: self.frame,
        }
    }

    /// The last day of what says this of its end: without an end of its own, the convention's.
    pub fn end_of(&self, ends_on: Option<NaiveDate>) -> Option<NaiveDate> {
        ends_on.or(self.frame.1)
    }
}

fn chosen(own: Vec<String>, of_parent: &[String]) -> Vec<String> {
    if own.is_empty() {
        of_parent.to_vec()
    } else {
        own
    }
}

/// The codes as texts.
pub fn texts<T: TextValue>(codes: &[T]) -> Vec<String> {
    codes.iter().map(|code| code.as_str().to_owned()).collect()
}
