//! The queries that the rollup (`indicator_cells`) can answer: a year by academy, and by one of
//! convention (and so partner and sector), type of action, level, axis, moment and event, in the whole
//! country or in one academy; the whole country by academic region. All others are added up from the
//! lines.

use crate::results::indicators::model::{Asked, Dimension};
use crate::results::indicators::perimeter::Limit;
use crate::values::{TerritoryKind, TextValue};

/// The cells that answer a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    /// The dimension that splits the lines of a place, if any.
    pub told_by: Option<Dimension>,
    /// The values of it that count; none for all.
    pub values: Vec<String>,
    /// Whether only the conventions of some parties count.
    pub of_parties: bool,
    /// The only academy that counts, if there is one.
    pub academy: Option<String>,
}

impl Cells {
    /// Those that answer, if they do.
    pub fn answering(asked: &Asked, limit: &Limit) -> Option<Self> {
        let filters = filters(asked);
        let of_parties = !asked.partner.is_empty() || !asked.sector.is_empty();
        let filtered = filters.iter().map(|(dimension, _)| *dimension);
        let grouped = asked.group_by.iter().copied();
        let mut dimensions = grouped
            .chain(filtered)
            .chain(of_parties.then_some(Dimension::Convention))
            .filter_map(written_by);
        let told_by = dimensions.next();
        if dimensions.any(|other| Some(other) != told_by) {
            return None;
        }
        let values: Vec<String> = filters.into_iter().flat_map(|(_, values)| values).collect();
        // A report counts once in a total, and may have lines of several levels or types.
        if values.len() > 1 && told_by != Some(Dimension::Convention) {
            return None;
        }
        let academy = only_academy(asked, limit)?;
        let by_academy = academy.is_some() || asked.group_by.contains(&Dimension::Academy);
        if told_by == Some(Dimension::AcademicRegion) && by_academy {
            return None;
        }
        Some(Self {
            told_by,
            values,
            of_parties,
            academy,
        })
    }

    /// What the cells of all lines together are told by: their filter, if they have one.
    pub fn of_total(&self) -> Option<Dimension> {
        self.told_by
            .filter(|_| !self.values.is_empty() || self.of_parties)
    }
}

/// The dimension whose cells tell this one; years and academies are told by each.
const fn written_by(dimension: Dimension) -> Option<Dimension> {
    match dimension {
        Dimension::SchoolYear | Dimension::Academy => None,
        // A report has one convention: what its parties did is what their conventions' cells add up to.
        Dimension::Partner | Dimension::Sector => Some(Dimension::Convention),
        other => Some(other),
    }
}

/// The filters by line and convention that are given, with their values.
fn filters(asked: &Asked) -> Vec<(Dimension, Vec<String>)> {
    fn texts<T: ToString>(list: &[T]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }
    let given = [
        (Dimension::Convention, texts(&asked.convention)),
        (Dimension::ActionType, texts(&asked.action_type)),
        (Dimension::Level, texts(&asked.level)),
        (Dimension::Axis, texts(&asked.axis)),
        (Dimension::Moment, texts(&asked.moment)),
        (Dimension::Event, texts(&asked.event)),
        (Dimension::AcademicRegion, texts(&asked.academic_region)),
    ];
    given
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .collect()
}

/// The one academy that the filter and the perimeter leave, none where nothing limits them; no
/// answer for several: a report may have lines in each.
fn only_academy(asked: &Asked, limit: &Limit) -> Option<Option<String>> {
    let named: Vec<&str> = asked.academy.iter().map(TextValue::as_str).collect();
    let left: Vec<&str> = match limit {
        Limit::Everything if named.is_empty() => return Some(None),
        Limit::Everything => named,
        Limit::Academies(own) => own
            .iter()
            .map(String::as_str)
            .filter(|code| TerritoryKind::Academy.is_of(code))
            .filter(|code| named.is_empty() || named.contains(code))
            .collect(),
        Limit::Reports(_) => return None,
    };
    match left.as_slice() {
        [only] => Some(Some((*only).to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::TerritoryCode;

    fn asked(group_by: &[Dimension]) -> Asked {
        Asked {
            group_by: group_by.to_vec(),
            ..Asked::default()
        }
    }

    #[test]
    fn they_answer_a_year_by_academy_and_one_more() {
        use Dimension::{
            AcademicRegion, Academy, ActionType, Axis, Convention, Level, Partner, SchoolYear,
        };
        let everything = Limit::Everything;
        for group_by in [
            &[][..],
            &[Academy],
            &[SchoolYear, Academy, Level],
            &[Convention],
            &[ActionType],
            &[Axis],
            &[Partner],
            &[Partner, Academy],
            &[AcademicRegion, SchoolYear],
        ] {
            assert!(
                Cells::answering(&asked(group_by), &everything).is_some(),
                "{group_by:?}"
            );
        }
        for group_by in [
            &[Level, ActionType][..],
            &[Partner, Level],
            &[AcademicRegion, Academy],
        ] {
            assert!(
                Cells::answering(&asked(group_by), &everything).is_none(),
                "{group_by:?}"
            );
        }
    }

    #[test]
    fn one_academy_or_none_is_what_they_know() {
        let lyon = Limit::Academies(vec!["academy:10".to_owned()]);
        let cells = Cells::answering(&asked(&[Dimension::Level]), &lyon).unwrap();
        assert_eq!(cells.academy.as_deref(), Some("academy:10"));
        let region = Limit::Academies(vec!["academy:10".to_owned(), "academy:08".to_owned()]);
        assert!(Cells::answering(&asked(&[]), &region).is_none());
        let mut one = asked(&[]);
        one.academy = vec![TerritoryCode::stored("academy:08".to_owned())];
        let cells = Cells::answering(&one, &region).unwrap();
        assert_eq!(cells.academy.as_deref(), Some("academy:08"));
        assert!(Cells::answering(&one, &lyon).is_none());
        let school = Limit::Reports(vec!["uai:0690001A".to_owned()]);
        assert!(Cells::answering(&asked(&[]), &school).is_none());
    }
}
