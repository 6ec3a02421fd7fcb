//! The import of a list of conventions already signed: historical ones, for the most part. What the
//! source leaves uncertain stays so: a year is not made a day, and a convention without a known end
//! is not taken to be in force beyond what the source attests.

mod agreed;
mod line;
mod stated;
mod store;

use std::collections::HashMap;
use std::io::Read;

use tokio_postgres::Client;

use crate::integration::imports::reading::{Header, Reading};
use crate::integration::imports::source::Table;
use crate::integration::imports::{self, ImportContext, ImportError, Options, Rejection, Summary};
use line::Line;
use store::{Outcome, Register};

/// Imports a file of conventions (`id;partenaires_ids;type;niveau;territoire;date_signature;
/// precision_date;annee_fin;date_fin;nor;source`, and `axes;types_action;niveaux;moments;suivi`), all
/// of it or nothing. Its partners are those that an import of partners made from a file with the same
/// ids. A file of `id_convention` and the last five alone completes conventions imported before.
///
/// # Errors
/// See [`ImportError`]; the database is then unchanged.
pub async fn import(
    client: &mut Client,
    source: impl Read + Send,
    context: &ImportContext<'_>,
    options: &Options,
    progress: impl Fn(u64) + Sync,
) -> Result<Summary, ImportError> {
    let mut table = Table::open(source)?;
    let header = line::header(table.header())?;
    let mut summary = Summary {
        unused_columns: line::unread(table.header()),
        ..Summary::of(&options.list)
    };
    let lines = read(&mut table, &header, &mut summary)?;
    summary.encoding = table.encoding();
    progress(table.bytes_taken());
    let transaction = client.transaction().await?;
    imports::store::begin(&transaction).await?;
    imports::store::provenance::record(&transaction, context, &options.list).await?;
    let register = Register::load(&transaction, &options.list, &lines, context.now).await?;
    let mut entries = Vec::new();
    for (place, line) in &lines {
        match register.take(*place, line, context) {
            Ok(Outcome { entry, kept }) => {
                match &entry {
                    None => summary.unchanged += 1,
                    Some(entry) if entry.is_new() => summary.inserted += 1,
                    Some(_) => summary.updated += 1,
                }
                kept.into_iter().for_each(|kept| summary.keep(kept));
                entries.extend(entry.map(|entry| *entry));
            }
            Err(rejection) => summary.refused.push(rejection.at(*place)),
        }
    }
    summary.refused.sort_by_key(|refusal| refusal.line);
    store::write(&transaction, context, &entries).await?;
    imports::store::finish(transaction, options).await?;
    Ok(summary)
}

/// The lines that can be taken, each id once.
fn read(
    table: &mut Table<'_>,
    header: &Header,
    summary: &mut Summary,
) -> Result<Vec<(u64, Line)>, ImportError> {
    let mut lines: Vec<(u64, Line)> = Vec::new();
    let mut indexes: HashMap<String, usize> = HashMap::new();
    while let Some(place) = table.advance()? {
        summary.read += 1;
        let line = table.cells().and_then(|cells| {
            let mut reading = Reading::of(&cells, header);
            let line = Line::read(&mut reading)?;
            summary.add(&reading.repaired, &reading.ignored);
            Ok(line)
        });
        let line = match line {
            Ok(line) => line,
            Err(rejection) => {
                summary.refused.push(rejection.at(place));
                continue;
            }
        };
        let known = indexes.get(&line.source_id);
        match known.and_then(|index| lines.get(*index)) {
            None => {
                indexes.insert(line.source_id.clone(), lines.len());
                lines.push((place, line));
            }
            Some((_, earlier)) if *earlier == line => summary.merged += 1,
            Some((first, _)) => {
                let detail = format!("line {first} has the same id and says otherwise");
                let rejection = Rejection::new("duplicate_in_file", detail);
                summary.refused.push(rejection.at(place));
            }
        }
    }
    Ok(lines)
}
