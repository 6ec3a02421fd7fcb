//! Who said what, as the journal tells it.

use chrono::NaiveDate;
use tokio_postgres::Transaction;
use uuid::Uuid;

use crate::integration::imports::merge::{Origin, Provenance};
use crate::integration::imports::{ImportContext, ImportError, List};

/// Makes the journal's rows of this import known for those of a list.
pub async fn record(
    transaction: &Transaction<'_>,
    context: &ImportContext<'_>,
    list: &List,
) -> Result<(), ImportError> {
    const RECORD: &str = "
        INSERT INTO imported_lists (request_id, source, edition, imported_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (request_id) DO NOTHING";
    let List { source, edition } = list;
    let request = &context.author.request_id;
    transaction
        .execute(RECORD, &[request, source, edition, &context.now])
        .await?;
    Ok(())
}

/// A person who creates an object without a field said nothing of it; one who empties a field did.
const LAST: &str = "
    SELECT DISTINCT ON (a.object_id, field)
           a.object_id, field, l.source, l.edition,
           a.before IS NULL AND coalesce(a.after -> field, 'null') IN ('null', '[]') AS is_unsaid
      FROM audit_events a
     CROSS JOIN unnest(a.fields) AS field
      LEFT JOIN imported_lists l USING (request_id)
     WHERE a.object_id = ANY ($1)
     ORDER BY a.object_id, field, a.id DESC";

/// Who said the fields of these objects last.
pub async fn of(transaction: &Transaction<'_>, ids: &[Uuid]) -> Result<Provenance, ImportError> {
    let rows = transaction.query(LAST, &[&ids]).await?;
    let origins = rows.iter().map(|row| {
        let source: Option<String> = row.try_get("source")?;
        let edition: Option<NaiveDate> = row.try_get("edition")?;
        let origin = match source {
            Some(source) => Origin::List(List { source, edition }),
            None if row.try_get("is_unsaid")? => Origin::Nobody,
            None => Origin::Person,
        };
        Ok(((row.try_get("object_id")?, row.try_get("field")?), origin))
    });
    origins.collect()
}
