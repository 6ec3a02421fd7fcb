//! The orders of a list of interventions.

use diesel::prelude::*;
use diesel::sql_types::{Double, Float, Timestamptz, Uuid};

use super::distance::DistanceOr;
use super::matching::rank;
use super::scoped::Scoped;
use crate::db::keyset::after;
use crate::db::page::{Direction, Mark, MarkValue, Page};
use crate::db::schema::interventions;
use crate::offers::interventions::filter::{Filter, Sort};

/// The distance that replaces a missing one: the last in this direction.
const fn nowhere(direction: Direction) -> f64 {
    match direction {
        Direction::Ascending => f64::INFINITY,
        Direction::Descending => -1.0,
    }
}

/// From the page's mark on, in the page's order.
pub fn ordered<'a>(query: Scoped<'a>, filter: &'a Filter, page: &'a Page<Sort>) -> Scoped<'a> {
    let query = match &page.after {
        Some(mark) => following(query, filter, mark, page.direction),
        None => query,
    };
    let ascending = page.direction == Direction::Ascending;
    let (updated_at, id) = (interventions::updated_at, interventions::id);
    let distance = DistanceOr(filter.near, nowhere(page.direction));
    match (page.sort.settled(filter.q.is_some()), ascending) {
        (Sort::Relevance, true) => query.order((rank!(filter.q.as_deref()).desc(), id.desc())),
        (Sort::Relevance, false) => query.order((rank!(filter.q.as_deref()).asc(), id.asc())),
        (Sort::Distance, true) => query.order((distance.asc(), id.asc())),
        (Sort::Distance, false) => query.order((distance.desc(), id.desc())),
        (Sort::UpdatedAt, true) => query.order((updated_at.asc(), id.asc())),
        (Sort::UpdatedAt, false) => query.order((updated_at.desc(), id.desc())),
        (Sort::Natural | Sort::Id, true) => query.order(id.asc()),
        (Sort::Natural | Sort::Id, false) => query.order(id.desc()),
    }
}

/// What comes after a row in the order that its mark is of.
fn following<'a>(
    query: Scoped<'a>,
    filter: &'a Filter,
    mark: &'a Mark,
    direction: Direction,
) -> Scoped<'a> {
    let id = mark.uuid().into_sql::<Uuid>();
    match &mark.value {
        MarkValue::Rank(bits) => query.filter(after(
            (rank!(filter.q.as_deref()), interventions::id),
            (f32::from_bits(*bits).into_sql::<Float>(), id),
            // The best first: the greatest.
            direction.reversed(),
        )),
        MarkValue::Distance(bits) => {
            let distance = bits.map_or(nowhere(direction), f64::from_bits);
            query.filter(after(
                (
                    DistanceOr(filter.near, nowhere(direction)),
                    interventions::id,
                ),
                (distance.into_sql::<Double>(), id),
                direction,
            ))
        }
        MarkValue::Time(time) => query.filter(after(
            (interventions::updated_at, interventions::id),
            (time.into_sql::<Timestamptz>(), id),
            direction,
        )),
        _ if direction == Direction::Ascending => query.filter(interventions::id.gt(id)),
        _ => query.filter(interventions::id.lt(id)),
    }
}
