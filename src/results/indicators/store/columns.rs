//! Measures and dimensions in SQL. The lines are `l`, their reports `r`, the territories of
//! their academies `a`, the parties of the conventions `cp` and their sectors `s`.

use crate::results::indicators::model::{Dimension, Indicator};

/// The sums within a report and line key that a measure is made of: one, or of a share the
/// numerator and the denominator over the lines where both are known.
pub const fn sums(measure: Indicator) -> &'static [&'static str] {
    match measure {
        Indicator::Actions => &["sum(l.actions)"],
        Indicator::Pupils => &["sum(l.pupils)"],
        Indicator::Girls => &["sum(l.girls)"],
        Indicator::PriorityEducationPupils => &["sum(l.priority_education_pupils)"],
        Indicator::Teachers => &["sum(l.teachers)"],
        Indicator::Professionals => &["sum(l.professionals)"],
        Indicator::Companies => &["sum(l.companies)"],
        Indicator::Hours => &["sum(l.hours)"],
        Indicator::InternshipsOffered => &["sum(l.internships_offered)"],
        Indicator::InternshipsFilled => &["sum(l.internships_filled)"],
        Indicator::PupilsGirlsKnown => &["sum(l.pupils) FILTER (WHERE l.girls IS NOT NULL)"],
        Indicator::PupilsPriorityKnown => {
            &["sum(l.pupils) FILTER (WHERE l.priority_education_pupils IS NOT NULL)"]
        }
        Indicator::GirlsShare => &[
            "sum(l.girls) FILTER (WHERE l.pupils IS NOT NULL)",
            "sum(l.pupils) FILTER (WHERE l.girls IS NOT NULL)",
        ],
        Indicator::PriorityEducationShare => &[
            "sum(l.priority_education_pupils) FILTER (WHERE l.pupils IS NOT NULL)",
            "sum(l.pupils) FILTER (WHERE l.priority_education_pupils IS NOT NULL)",
        ],
        Indicator::InternshipFillRate => &[
            "sum(l.internships_filled) FILTER (WHERE l.internships_offered IS NOT NULL)",
            "sum(l.internships_offered) FILTER (WHERE l.internships_filled IS NOT NULL)",
        ],
        // Counted in parts of their own.
        _ => &[],
    }
}

/// The places of the same sums in `indicator_cells` (see its migration), from 1.
pub const fn places(measure: Indicator) -> &'static [usize] {
    match measure {
        Indicator::Actions => &[1],
        Indicator::Pupils => &[2],
        Indicator::Girls => &[3],
        Indicator::PriorityEducationPupils => &[4],
        Indicator::Teachers => &[5],
        Indicator::Professionals => &[6],
        Indicator::Companies => &[7],
        Indicator::Hours => &[8],
        Indicator::InternshipsOffered => &[9],
        Indicator::InternshipsFilled => &[10],
        // The second place of their shares: what a share is over is kept with it.
        Indicator::PupilsGirlsKnown => &[12],
        Indicator::PupilsPriorityKnown => &[14],
        Indicator::GirlsShare => &[11, 12],
        Indicator::PriorityEducationShare => &[13, 14],
        Indicator::InternshipFillRate => &[15, 16],
        _ => &[],
    }
}

/// The table that has a dimension's value.
pub enum Source {
    /// On the report.
    Report(&'static str),
    /// On the line, or on what its academy lies in.
    Line(&'static str),
    /// On the parties of the convention.
    Party(&'static str),
}

/// Of each dimension.
pub const fn source(dimension: Dimension) -> Source {
    match dimension {
        Dimension::SchoolYear => Source::Report("r.school_year"),
        Dimension::Convention => Source::Report("r.convention_id"),
        Dimension::AcademicRegion => Source::Line("a.parent"),
        Dimension::Academy => Source::Line("l.academy"),
        Dimension::Axis => Source::Line("l.axis"),
        Dimension::ActionType => Source::Line("l.action_type"),
        Dimension::Level => Source::Line("l.level"),
        Dimension::Moment => Source::Line("l.moment"),
        Dimension::Event => Source::Line("l.event"),
        Dimension::Partner => Source::Party("cp.partner_id"),
        Dimension::Sector => Source::Party("s.sector"),
    }
}

/// Whether a dimension distinguishes reports, and not only the lines of one.
pub const fn is_of_reports(dimension: Dimension) -> bool {
    !matches!(
        dimension,
        Dimension::Axis
            | Dimension::ActionType
            | Dimension::Level
            | Dimension::Moment
            | Dimension::Event
    )
}

/// A dimension's value as the key has it, in the order of its characters.
pub fn text_of(dimension: Dimension) -> String {
    let column = match source(dimension) {
        Source::Party(_) => format!("p.{}", dimension.code()),
        Source::Report("r.convention_id") => "c.convention_id".to_owned(),
        Source::Report(_) | Source::Line(_) => format!("c.{}", dimension.code()),
    };
    format!("({column}::text COLLATE \"C\")")
}
