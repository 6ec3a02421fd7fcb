//! What pages read of publications.

use diesel_async::AsyncPgConnection;

use crate::auth::policy::Scope;
use crate::error::Result;
use crate::results::indicators::model::{Asked, Dimension};
use crate::results::publications::model::Publication;
use crate::results::publications::store::cells::{self, Cell, Wanted};
use crate::results::publications::tables::{Grouping, MEASURES};
use crate::values::TerritoryCode;

/// The most cells that a page shows.
pub const MOST: i64 = 200;

/// The total of each of these publications, in the order of their years.
pub async fn totals(
    connection: &AsyncPgConnection,
    scope: &Scope,
    publications: &[Publication],
) -> Result<Vec<Cell>> {
    let asked = Asked {
        group_by: vec![Dimension::SchoolYear],
        ..of_all()
    };
    read(connection, scope, publications, &asked).await
}

/// The cells of a publication by one dimension.
pub async fn by(
    connection: &AsyncPgConnection,
    scope: &Scope,
    publication: &Publication,
    dimension: Dimension,
) -> Result<Vec<Cell>> {
    let asked = Asked {
        group_by: vec![dimension],
        ..of_all()
    };
    read(connection, scope, std::slice::from_ref(publication), &asked).await
}

/// The cell of a region or an academy in each of these publications.
pub async fn of_place(
    connection: &AsyncPgConnection,
    scope: &Scope,
    publications: &[Publication],
    place: &TerritoryCode,
    dimension: Dimension,
) -> Result<Vec<Cell>> {
    let own = vec![place.clone()];
    let (academy, academic_region) = match dimension {
        Dimension::AcademicRegion => (Vec::new(), own),
        _ => (own, Vec::new()),
    };
    let asked = Asked {
        group_by: vec![Dimension::SchoolYear, dimension],
        academy,
        academic_region,
        ..of_all()
    };
    read(connection, scope, publications, &asked).await
}

fn of_all() -> Asked {
    Asked {
        measures: MEASURES.to_vec(),
        ..Asked::default()
    }
}

async fn read(
    connection: &AsyncPgConnection,
    scope: &Scope,
    publications: &[Publication],
    asked: &Asked,
) -> Result<Vec<Cell>> {
    let Some(grouping) = Grouping::asked(&asked.group_by).filter(|_| !publications.is_empty())
    else {
        return Ok(Vec::new());
    };
    let wanted = Wanted {
        publications,
        grouping,
        asked,
    };
    cells::page(connection, scope, &wanted, None, MOST).await
}
