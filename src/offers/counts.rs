//! Counts of what took place: null is not known, 0 is none, and a part is no more than its whole.

use crate::error::{Notice, Rule, notice};
use crate::http::fields::Fields;

/// The greatest count.
const MAX_COUNT: i32 = 100_000_000;

static MORE_THAN_PUPILS: Notice = notice(
    "more_than_pupils",
    "Ce nombre dépasse `pupils`, dont il est une partie.",
    "This number is greater than `pupils`, of which it is a part.",
);

/// A count, which may be absent or null.
pub fn count(fields: &mut Fields<'_>, name: &'static str) -> Option<i32> {
    fields.integer(name, 0, MAX_COUNT)
}

/// Notes a part that is greater than its whole; what is not known is not compared.
pub fn check_part(
    fields: &mut Fields<'_>,
    (name, part): (&str, Option<i32>),
    whole: Option<i32>,
    notice: &'static Notice,
) {
    if part.zip(whole).is_some_and(|(part, whole)| part > whole) {
        fields.fault(name, Rule::Own(notice));
    }
}

/// The number of pupils, and of those counted apart.
#[derive(Debug, Clone, Copy)]
pub struct Pupils {
    /// All of them.
    pub all: Option<i32>,
    /// The girls.
    pub girls: Option<i32>,
    /// Those of priority education.
    pub priority_education: Option<i32>,
}

impl Pupils {
    /// Reads `pupils`, `girls` and `priority_education_pupils`.
    pub fn read(fields: &mut Fields<'_>) -> Self {
        const PRIORITY: &str = "priority_education_pupils";
        let (all, girls) = (count(fields, "pupils"), count(fields, "girls"));
        let priority_education = count(fields, PRIORITY);
        check_part(fields, ("girls", girls), all, &MORE_THAN_PUPILS);
        check_part(
            fields,
            (PRIORITY, priority_education),
            all,
            &MORE_THAN_PUPILS,
        );
        Self {
            all,
            girls,
            priority_education,
        }
    }
}
