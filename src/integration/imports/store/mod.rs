//! The transaction of an import, and what the journal tells of earlier ones.

pub mod provenance;

use serde_json::Value;
use tokio_postgres::Transaction;

use super::{ImportContext, ImportError, Options};
use crate::db::tx::Author;

/// The key of the advisory lock that keeps imports apart: "import" in ASCII.
const IMPORT_LOCK: i64 = 0x696d_706f_7274;

/// Prepares the transaction of an import. A second import is refused at once rather than made to
/// wait: two people started it by mistake. The limits that protect the service from slow requests
/// are lifted: a bulk statement takes as long as it takes. JIT costs more than these joins do.
pub async fn begin(transaction: &Transaction<'_>) -> Result<(), ImportError> {
    let row = transaction
        .query_one("SELECT pg_try_advisory_xact_lock($1)", &[&IMPORT_LOCK])
        .await?;
    if !row.try_get::<_, bool>(0)? {
        return Err(ImportError::Busy);
    }
    transaction
        .batch_execute(
            "SET LOCAL statement_timeout = 0; \
             SET LOCAL idle_in_transaction_session_timeout = 0; \
             SET LOCAL jit = off",
        )
        .await?;
    Ok(())
}

/// Ends it: a dry run is rolled back, so that it did the same work and reports the same.
pub async fn finish(transaction: Transaction<'_>, options: &Options) -> Result<(), ImportError> {
    if options.dry_run {
        transaction.rollback().await?;
    } else {
        transaction.commit().await?;
    }
    Ok(())
}

/// Journals the objects of one type that an import created or changed: each of `rows` has its `id`, the
/// `known_version` that was changed, `fields`, `before`, `after`, and the `audit_id` of its own row.
pub async fn audit(
    transaction: &Transaction<'_>,
    context: &ImportContext<'_>,
    object_type: &str,
    rows: &Value,
) -> Result<(), ImportError> {
    const AUDIT: &str = "
        INSERT INTO audit_events (id, occurred_at, subject, role, client_id, request_id, action,
                                  object_type, object_id, fields, before, after)
        SELECT audit_id, $2::timestamptz, $3, $4, $5, $6,
               $7::text || CASE WHEN known_version IS NULL THEN '.created' ELSE '.updated' END,
               $7::text, id, fields, nullif(before, 'null'), after
          FROM jsonb_to_recordset($1) AS r (
               id uuid, audit_id uuid, known_version bigint, fields text[], before jsonb, after jsonb)";
    let Author {
        subject,
        role,
        client_id,
        request_id,
    } = &context.author;
    transaction
        .execute(
            AUDIT,
            &[
                &rows,
                &context.now,
                subject,
                role,
                client_id,
                request_id,
                &object_type,
            ],
        )
        .await?;
    Ok(())
}
