//! The reading of a permalink: the convention, then what is told of it, sent together.

use chrono::NaiveDate;
use diesel_async::AsyncPgConnection;

use super::model::{Agreed, ConventionPermalink, PublishedYear};
use super::proof::Proof;
use crate::agreements::conventions::amendments::model::Amendment;
use crate::agreements::conventions::amendments::store as amendments;
use crate::agreements::conventions::consolidated::in_effect;
use crate::agreements::conventions::coverage::model::{Asked as Covered, Coverage};
use crate::agreements::conventions::coverage::store as coverage;
use crate::agreements::conventions::directory::model::PublicConvention;
use crate::agreements::conventions::directory::store as directory;
use crate::auth::policy::Scope;
use crate::error::Result;
use crate::results::figures::published;
use crate::results::indicators::model::{Asked, Dimension};
use crate::results::publications::store as publications;
use crate::results::publications::store::cells::{self, Wanted};
use crate::results::publications::tables::{Grouping, MEASURES};
use crate::values::ids::{AmendmentId, ConventionId};

/// Reads it as it is on this day.
///
/// # Errors
/// `not_found`.
pub async fn read(
    connection: &AsyncPgConnection,
    scope: &Scope,
    reference: &str,
    day: NaiveDate,
) -> Result<ConventionPermalink> {
    let convention = directory::find(connection, scope, reference).await?;
    let (parties, covered) = (convention.parties(day), Covered::of(&convention, day));
    let signed: Vec<AmendmentId> = in_effect(&convention.amendments, day)
        .map(|one| one.id)
        .collect();
    let (parties, counted, figures, signed) = tokio::try_join!(
        directory::parties(connection, scope, &parties),
        coverage::counted(connection, scope, &covered),
        figures(connection, scope, convention.id),
        amendments::find_all(connection, scope, &signed, day),
    )?;
    let coverage = Coverage::of(&covered, &counted);
    let signed: Vec<Amendment> = signed.into_iter().map(|(one, _)| one).collect();
    let text = convention.on(day);
    let proof = Proof::of(&convention, &text, &signed)?;
    let agreed = Agreed::of(&convention, text, day);
    let convention = PublicConvention::of(convention, &parties, day);
    Ok(ConventionPermalink::of(
        convention, agreed, proof, coverage, figures,
    ))
}

/// What the publications that stand tell of a convention, year by year.
async fn figures(
    connection: &AsyncPgConnection,
    scope: &Scope,
    convention: ConventionId,
) -> Result<Vec<PublishedYear>> {
    let publications = publications::standing_of_all(connection, scope).await?;
    let Some(grouping) = Grouping::of(&[Dimension::Convention.code()]) else {
        return Ok(Vec::new());
    };
    if publications.is_empty() {
        return Ok(Vec::new());
    }
    let asked = Asked {
        measures: MEASURES.to_vec(),
        group_by: vec![Dimension::SchoolYear, Dimension::Convention],
        convention: vec![convention],
        ..Asked::default()
    };
    let wanted = Wanted {
        publications: &publications,
        grouping,
        asked: &asked,
    };
    // One cell of each publication.
    let most = i64::try_from(publications.len()).unwrap_or(i64::MAX);
    let rows = cells::page(connection, scope, &wanted, None, most).await?;
    let year = |row: cells::Cell| {
        let of = publications
            .iter()
            .find(|one| one.number == row.publication)?;
        Some(PublishedYear {
            school_year: of.school_year.clone(),
            publication: of.number,
            status: of.status,
            published_at: of.published_at,
            values: published::values(&asked, &row),
            suppressed: published::suppressed(&asked, &row),
            carried: published::carried(&asked, &row),
            completeness: published::completeness(&row),
        })
    };
    Ok(rows.into_iter().filter_map(year).collect())
}
