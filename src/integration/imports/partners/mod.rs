//! The import of partners from a file.
//!
//! Columns: `nom`, `sigle`, `nature`, `secteur`, `siren` as in the published lists, or the API's
//! own names (`legal_name`, `acronym`, `kind`, `sectors`, `siren`, `rna`, `website`, `usual_name`,
//! `description`), or those of an extract of Sirene (units) or of the register of associations (RNA).
//! The `id` of a list is what lists of conventions call the partner: it names that one
//! for good. Only the columns of the file are compared, and an empty cell changes nothing: it never
//! clears what is stored. What people wrote stays (`imports::merge`).
//!
//! A line names the stored partner with its SIREN, else its RNA, else its legal name (case and
//! accents aside; the one a list gave it before people renamed it is known too) unless the identifiers
//! contradict. Partners are a few thousand: they are matched in memory and written in one statement
//! for each table.

mod form;
mod record;
mod store;
mod words;

pub use words::Words;

use std::io::Read;

use tokio_postgres::Client;

use crate::integration::imports::reading::{Header, Reading};
use crate::integration::imports::source::Table;
use crate::integration::imports::{self, ImportContext, ImportError, Options, Rejection, Summary};
use form::Form;
use record::Line;
use store::{Outcome, Register, folded};

/// Imports a file of partners. `progress` is told how many bytes of the source have been read.
///
/// # Errors
/// Nothing is imported when the file cannot be read, has no name column, when another import runs,
/// when a partner is changed meanwhile, or when the database refuses.
pub async fn import(
    client: &mut Client,
    source: impl Read + Send,
    context: &ImportContext<'_>,
    words: &Words,
    options: &Options,
    progress: impl Fn(u64) + Sync,
) -> Result<Summary, ImportError> {
    let mut table = Table::open(source)?;
    let (form, header) = Form::of(table.header())?;
    let mut summary = Summary {
        unused_columns: form.unread(table.header()),
        ..Summary::of(&options.list)
    };
    let lines = read(&mut table, (form, &header), words, &mut summary)?;
    summary.encoding = table.encoding();
    progress(table.bytes_taken());
    let transaction = client.transaction().await?;
    imports::store::begin(&transaction).await?;
    let names = folded(&transaction, &lines).await?;
    imports::store::provenance::record(&transaction, context, &options.list).await?;
    let mut register = Register::load(&transaction, &options.list).await?;
    for ((place, line), name) in lines.into_iter().zip(names) {
        match register.take(place, line, name, context.new_id) {
            Ok(Outcome::Taken) => {}
            Ok(Outcome::Kept(kept)) => kept.into_iter().for_each(|kept| summary.keep(kept)),
            Ok(Outcome::Merged) => summary.merged += 1,
            Err(rejection) => summary.refused.push(rejection.at(place)),
        }
    }
    summary.refused.sort_by_key(|refusal| refusal.line);
    register.write(&transaction, context, &mut summary).await?;
    imports::store::finish(transaction, options).await?;
    Ok(summary)
}

fn read(
    table: &mut Table<'_>,
    (form, header): (&Form, &Header),
    words: &Words,
    summary: &mut Summary,
) -> Result<Vec<(u64, Line)>, ImportError> {
    let mut lines = Vec::new();
    while let Some(place) = table.advance()? {
        summary.read += 1;
        let line: Result<Line, Rejection> = table.cells().and_then(|cells| {
            let mut reading = Reading::of(&cells, header);
            let line = Line::read(&mut reading, form, words)?;
            summary.add(&reading.repaired, &reading.ignored);
            Ok(line)
        });
        match line {
            Ok(line) => lines.push((place, line)),
            Err(rejection) => summary.refused.push(rejection.at(place)),
        }
    }
    Ok(lines)
}
