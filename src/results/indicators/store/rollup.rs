//! The queries that the rollup (`indicator_cells`) can answer: a year by academy, and by one of
//! convention, type of action and level, in the whole country or in one academy. All others are
//! added up from the lines.

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
    /// The only academy that counts, if there is one.
    pub academy: Option<String>,
}

impl Cells {
    /// Those that answer, if they do.
    pub fn answering(asked: &Asked, limit: &Limit) -> Option<Self> {
        let filters = filters(asked);
        let has_others = filters.iter().any(|(dimension, _)| !is_written(*dimension));
        let mut told_by: Vec<Dimension> = asked
            .group_by
            .iter()
            .chain(filters.iter().map(|(dimension, _)| dimension))
            .copied()
            .filter(|one| !matches!(one, Dimension::SchoolYear | Dimension::Academy))
            .collect();
        told_by.dedup();
        let of_parties = !asked.partner.is_empty() || !asked.sector.is_empty();
        if has_others
            || of_parties
            || told_by.len() > 1
            || !told_by.iter().all(|one| is_written(*one))
        {
            return None;
        }
        let values = filters
            .into_iter()
            .flat_map(|(_, values)| values)
            .collect::<Vec<_>>();
        let told_by = told_by.first().copied();
        // A report counts once in a total, and may have lines of several levels or types.
        if values.len() > 1 && told_by != Some(Dimension::Convention) {
            return None;
        }
        let academy = only_academy(asked, limit)?;
        Some(Self {
            told_by,
            values,
            academy,
        })
    }
}

/// Whether cells are written by it.
const fn is_written(dimension: Dimension) -> bool {
    matches!(
        dimension,
        Dimension::Convention | Dimension::ActionType | Dimension::Level
    )
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
        use Dimension::{Academy, ActionType, Axis, Convention, Level, Partner, SchoolYear};
        let everything = Limit::Everything;
        for group_by in [
            &[][..],
            &[Academy],
            &[SchoolYear, Academy, Level],
            &[Convention],
            &[ActionType],
        ] {
            assert!(
                Cells::answering(&asked(group_by), &everything).is_some(),
                "{group_by:?}"
            );
        }
        for group_by in [
            &[Axis][..],
            &[Level, ActionType],
            &[Partner],
            &[Dimension::AcademicRegion],
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
