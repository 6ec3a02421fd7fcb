//! Looking published figures up: which publications answer, and whether they have the table asked for.
//! Its cells are in [`cells`](super::store::cells).

use diesel_async::AsyncPgConnection;

use super::model::Publication;
use super::store;
use super::tables::{Grouping, MEASURES, offered};
use crate::auth::policy::Scope;
use crate::error::{Code, Error, Fault, Notice, Place, Result, Rule, notice};
use crate::results::indicators::model::{Asked, Dimension, Edition};

static GROUPING_NOT_PUBLISHED: Notice = notice(
    "grouping_not_published",
    "Ce tableau n'est pas publié. Groupements publiés",
    "This table is not published. Published groupings",
);

static MEASURE_NOT_PUBLISHED: Notice = notice(
    "measure_not_published",
    "Ces mesures ne sont pas publiées : retirez-les",
    "These measures are not published: remove them",
);

static NOT_PUBLISHED: Notice = notice(
    "not_published",
    "Rien n'est publié pour ce qui est demandé : voyez /v1/publications",
    "Nothing is published of what is asked for: see /v1/publications",
);

static YEARS_APART: Notice = notice(
    "years_apart",
    "Chaque année a sa publication : demandez-en une seule, ou ajoutez school_year à group_by.",
    "Each year has a publication of its own: ask for one, or add school_year to group_by.",
);

/// The publications that answer, one for each year asked for.
///
/// # Errors
/// `not_published`.
pub async fn select(
    connection: &AsyncPgConnection,
    scope: &Scope,
    asked: &Asked,
) -> Result<Vec<Publication>> {
    let years = &asked.school_year;
    let (found, parameter) = match &asked.edition {
        Some(Edition::Id(id)) => (
            store::find_all(connection, scope, &[*id]).await?,
            "publication",
        ),
        Some(Edition::Number(number)) => {
            let found = store::find_numbers(connection, scope, &[*number]).await?;
            (found, "publication")
        }
        Some(Edition::AsOf(at)) => {
            let found = store::latest(connection, scope, years, Some(*at)).await?;
            (found, "as_of")
        }
        None => {
            let found = store::latest(connection, scope, years, None).await?;
            (found, "school_year")
        }
    };
    let is_missing = |year: &&_| !found.iter().any(|one| one.school_year == **year);
    let missing: Vec<String> = years
        .iter()
        .filter(is_missing)
        .map(ToString::to_string)
        .collect();
    let rule = match (found.is_empty(), missing.is_empty()) {
        (_, false) => Rule::About(&NOT_PUBLISHED, missing.join(", ")),
        (true, true) => Rule::Own(&NOT_PUBLISHED),
        (false, true) => return Ok(found),
    };
    let place = Place::Parameter(parameter.to_owned());
    Err(Error::at(Code::NotPublished, place, rule))
}

/// The table asked for, where these publications have it.
///
/// # Errors
/// `grouping_not_published`, or `validation_failed` for what else they do not have; all at once.
pub fn table(asked: &Asked, publications: &[Publication]) -> Result<Grouping> {
    let mut faults = Vec::new();
    let mut fault = |name: &str, rule| {
        let place = Place::Parameter(name.to_owned());
        faults.push(Fault { place, rule });
    };
    let not_there = || Rule::About(&GROUPING_NOT_PUBLISHED, offered());
    let grouping = Grouping::asked(&asked.group_by);
    match grouping {
        None => fault("group_by", not_there()),
        Some(grouping) => filters(asked)
            .iter()
            .filter(|(name, values)| !values.is_empty() && grouping.place(name).is_none())
            .for_each(|(name, _)| fault(name, not_there())),
    }
    let unknown: Vec<&str> = asked
        .measures
        .iter()
        .filter(|one| !MEASURES.contains(one))
        .map(|one| one.code())
        .collect();
    if !unknown.is_empty() {
        fault(
            "measures",
            Rule::About(&MEASURE_NOT_PUBLISHED, unknown.join(", ")),
        );
    }
    if publications.len() > 1 && !asked.group_by.contains(&Dimension::SchoolYear) {
        fault("school_year", Rule::Own(&YEARS_APART));
    }
    let is_grouping = |fault: &Fault| fault.rule.code() == GROUPING_NOT_PUBLISHED.code;
    match grouping.filter(|_| faults.is_empty()) {
        Some(grouping) => Ok(grouping),
        None if faults.iter().any(is_grouping) => {
            Err(Error::new(Code::GroupingNotPublished).with(faults))
        }
        None => Err(Error::validation(faults)),
    }
}

/// The values asked for of each dimension but the school year, as they are in keys.
pub(super) fn filters(asked: &Asked) -> [(&'static str, Vec<String>); 10] {
    fn texts<T: ToString>(values: &[T]) -> Vec<String> {
        values.iter().map(T::to_string).collect()
    }
    [
        ("academic_region", texts(&asked.academic_region)),
        ("academy", texts(&asked.academy)),
        ("convention", texts(&asked.convention)),
        ("partner", texts(&asked.partner)),
        ("sector", texts(&asked.sector)),
        ("axis", texts(&asked.axis)),
        ("action_type", texts(&asked.action_type)),
        ("level", texts(&asked.level)),
        ("moment", texts(&asked.moment)),
        ("event", texts(&asked.event)),
    ]
}
