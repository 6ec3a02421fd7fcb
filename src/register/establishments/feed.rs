//! How the change feed reads schools.

use uuid::Uuid;

use super::model::{Establishment, EstablishmentAnswer};
use super::store;
use crate::db::journal::ObjectType;
use crate::error::Result;
use crate::feed::{Changed, FeedObject, Reading, Rows};
use crate::values::{TextValue, Uai};

/// The imports journal them, in SQL.
impl ObjectType for Establishment {
    const TYPE: &'static str = "establishment";
    const VERBS: &'static [&'static str] = &["created", "updated", "closed"];
}

impl FeedObject for Establishment {
    type Answer = EstablishmentAnswer;
    const ROWS: Rows = Rows::of("establishments").known_by("uai");

    async fn read(
        reading: &Reading<'_>,
        changed: &Changed<'_>,
    ) -> Result<Vec<(Uuid, EstablishmentAnswer)>> {
        let uais: Vec<Uai> = changed
            .keys()
            .map(|key| Uai::stored(key.to_owned()))
            .collect();
        let found = store::find_all(reading.connection, reading.scope, &uais).await?;
        let shown = found
            .into_iter()
            .map(|school| (school.id.uuid(), EstablishmentAnswer::from(school)));
        Ok(shown.collect())
    }
}
