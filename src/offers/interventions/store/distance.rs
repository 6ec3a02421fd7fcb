//! How far the place of an intervention is: fragments of SQL that Diesel has no words for.

use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Double, Nullable};

use crate::offers::interventions::geo::{Bounds, Circle, Point};

const LATITUDE: &str = "(interventions.place ->> 'latitude')::float8";
const LONGITUDE: &str = "(interventions.place ->> 'longitude')::float8";
const RADIUS: &str = "(interventions.place ->> 'radius_km')::float8";

/// From the point to the place, in kilometres; null without one of them.
#[derive(Debug, Clone, Copy)]
pub struct Distance(pub Option<Point>);

/// The same, or a number where it is null: what is sorted by.
#[derive(Debug, Clone, Copy)]
pub struct DistanceOr(pub Option<Point>, pub f64);

/// Whether the place lies in the circle and, where it has a radius, the radius covers its centre.
#[derive(Debug, Clone, Copy)]
pub struct Within {
    circle: Circle,
    /// What an index finds it in.
    bounds: Bounds,
}

impl Within {
    /// In this circle.
    pub fn new(circle: Circle) -> Self {
        let bounds = circle.bounds();
        Self { circle, bounds }
    }
}

impl Expression for Distance {
    type SqlType = Nullable<Double>;
}

impl Expression for DistanceOr {
    type SqlType = Double;
}

impl Expression for Within {
    type SqlType = Nullable<Bool>;
}

/// What each is to Diesel: valid wherever interventions are, with a text that depends on its values.
macro_rules! of_interventions {
    ($($fragment:ty),*) => {$(
        impl diesel::query_builder::QueryId for $fragment {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl<QS> diesel::AppearsOnTable<QS> for $fragment {}
        impl<QS> diesel::SelectableExpression<QS> for $fragment {}
        impl<G> diesel::expression::ValidGrouping<G> for $fragment {
            type IsAggregate = diesel::expression::is_aggregate::No;
        }
    )*};
}
pub(super) use of_interventions;

of_interventions!(Distance, DistanceOr, Within);

impl QueryFragment<Pg> for Distance {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Some(point) = &self.0 else {
            out.push_sql("NULL::float8");
            return Ok(());
        };
        measure(point, &mut out)
    }
}

impl QueryFragment<Pg> for DistanceOr {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("coalesce(");
        if let Some(point) = &self.0 {
            measure(point, &mut out)?;
            out.push_sql(", ");
        }
        out.push_bind_param::<Double, _>(&self.1)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryFragment<Pg> for Within {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(");
        between(LATITUDE, &self.bounds.latitudes, &mut out)?;
        between(LONGITUDE, &self.bounds.longitudes, &mut out)?;
        measure(&self.circle.center, &mut out)?;
        out.push_sql(" <= least(");
        out.push_bind_param::<Double, _>(&self.circle.radius_km)?;
        out.push_sql(", ");
        out.push_sql(RADIUS);
        out.push_sql("))");
        Ok(())
    }
}

/// Writes that an angle is between two, and what follows is.
fn between<'b>(
    angle: &str,
    (low, high): &'b (f64, f64),
    out: &mut AstPass<'_, 'b, Pg>,
) -> QueryResult<()> {
    out.push_sql(angle);
    out.push_sql(" BETWEEN ");
    out.push_bind_param::<Double, _>(low)?;
    out.push_sql(" AND ");
    out.push_bind_param::<Double, _>(high)?;
    out.push_sql(" AND ");
    Ok(())
}

/// Writes the distance from a point to the place.
fn measure<'b>(point: &'b Point, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql("distance_km(");
    out.push_bind_param::<Double, _>(&point.latitude)?;
    out.push_sql(", ");
    out.push_bind_param::<Double, _>(&point.longitude)?;
    out.push_sql(", ");
    out.push_sql(LATITUDE);
    out.push_sql(", ");
    out.push_sql(LONGITUDE);
    out.push_sql(")");
    Ok(())
}
