//! The only step: publishing a school year.

use super::freeze::freeze;
use super::model::{NewPublication, Publication};
use super::store::{self, count};
use crate::db::tx::Tx;
use crate::error::Result;
use crate::values::ids::PublicationId;

/// Publishes: one publication at a time, so that each hides what the ones before it need hidden.
pub async fn create(
    tx: &mut Tx<'_>,
    new: &NewPublication,
    small_group: u16,
) -> Result<Publication> {
    let last = store::take_turn(tx.connection()).await?;
    let earlier = store::true_counts_of_year(tx.connection(), &new.school_year).await?;
    let tables = count::count(tx.connection(), &new.school_year).await?;
    let frozen = freeze(tables, &earlier, i64::from(small_group));
    if frozen.unproved > 0 {
        log::warn!(
            "{} counts hidden of {} lack a proof: corrections took away what protected them",
            frozen.unproved,
            new.school_year
        );
    }
    let id = PublicationId::new(tx.new_id());
    let stamp = store::Stamp {
        id,
        number: last.number + 1,
        // Numbers and moments have one order, whoever began first.
        published_at: last
            .published_at
            .map_or(tx.now, |before| tx.now.max(before)),
        now: tx.now,
        small_group: i32::from(small_group),
    };
    let created = store::insert(tx.connection(), &stamp, new, &frozen).await?;
    tx.created(&created).await?;
    Ok(created)
}
