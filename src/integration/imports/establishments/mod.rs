//! The import of the ministry's directory (`annuaire`).
//!
//! The file is read line by line and copied into a temporary table; the rest is done by the
//! database, set by set, in the same transaction: lines of one UAI are merged, territories and
//! levels found, equal rows left alone, changed ones written with their audit rows and events.
//! Running it again changes nothing, in whatever order the lines come.
//!
//! A UAI is not a key of the file: a school with several addresses has several lines. The main one
//! is the one with the most tracks, then the shortest name (an annexe adds to its school's), then
//! the first in the order of its content, never of the file. The others become `sites`.
//!
//! A line that does not tell its day is of the day of the edition, where that is told.
//!
//! A column that the file does not have changes nothing, nor does a cell that cannot be read, nor a
//! line that is older than what is stored (but where nothing is): what is stored stays. An empty cell
//! of a column that the file has clears.
//!
//! The change feed waits for the transaction from the first copied line on: a file on disk takes a
//! second, a slow pipe should be spooled by the caller.

mod columns;
mod record;
mod store;

use std::io::Read;

use tokio_postgres::Client;

use crate::integration::imports::source::Table;
use crate::integration::imports::{self, ImportContext, ImportError, Options, Summary};
use columns::Layout;

/// Imports a file of the directory, or of its sibling of addresses and locations. `progress` is
/// told how many bytes of the source have been read.
///
/// Reading the source blocks the task it runs on, for as long as the source does.
///
/// # Errors
/// Nothing is imported when the file cannot be read, has no UAI or name column, would close too
/// much, when another import runs, or when the database refuses.
pub async fn import(
    client: &mut Client,
    source: impl Read + Send,
    context: &ImportContext<'_>,
    options: &Options,
    progress: impl Fn(u64) + Sync,
) -> Result<Summary, ImportError> {
    let mut table = Table::open(source)?;
    let layout = Layout::of(table.header())?;
    let transaction = client.transaction().await?;
    imports::store::begin(&transaction).await?;
    let staged = crate::integration::imports::establishments::store::stage::stage(
        &transaction,
        &mut table,
        &layout,
        (context, options.list.edition),
        &progress,
    )
    .await?;
    let merge = crate::integration::imports::establishments::store::merge::Merge {
        transaction: &transaction,
        context,
        present: layout.present(options.list.edition.is_some()),
    };
    let written = merge.run(&staged.refused_uais, options).await?;
    let mut summary = Summary {
        encoding: table.encoding(),
        unused_columns: layout.unused(table.header()),
        lines_dated: staged.dated,
        ..Summary::of(&options.list)
    };
    for (name, count) in &staged.repaired {
        summary.column(name).repaired += count;
    }
    for (name, kept) in &written.kept {
        summary.column(name).kept += kept;
    }
    for (name, cleared) in &written.cleared {
        summary.column(name).cleared += cleared;
    }
    imports::store::finish(transaction, options).await?;
    let lines = staged
        .read
        .saturating_sub(u64::try_from(staged.refused.len()).unwrap_or_default());
    Ok(Summary {
        read: staged.read,
        inserted: written.inserted,
        updated: written.updated,
        unchanged: written.distinct - written.inserted - written.updated,
        merged: lines - written.distinct,
        closed: written.closed,
        refused: staged.refused,
        ..summary
    })
}
