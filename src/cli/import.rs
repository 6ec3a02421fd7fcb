//! `ree import`: loads a file into the register, all of it or nothing.

use std::fs::File;
use std::io::{IsTerminal, Read, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressStyle};

use super::database::Database;
use super::{Failure, config, output};
use crate::clock::Clock;
use crate::db::tx::Author;
use crate::integration::imports::conventions::import as import_conventions;
use crate::integration::imports::establishments::import as import_establishments;
use crate::integration::imports::partners::{Words, import as import_partners};
use crate::integration::imports::{ImportContext, ImportError, List, Options, Summary, excerpt};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// The ministry's directory of establishments (CSV, gzip or not)
    Annuaire {
        #[command(flatten)]
        common: Common,
        /// Close the establishments the file should have and does not
        #[arg(long)]
        close_missing: bool,
    },
    /// A list of partners (CSV, gzip or not)
    Partners {
        #[command(flatten)]
        common: Common,
    },
    /// A list of conventions already signed (CSV, gzip or not); its partners are those of a list
    /// imported before
    Conventions {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(clap::Args)]
struct Common {
    /// The file; - is standard input
    file: PathBuf,
    /// Do everything, say what it did, and undo it
    #[arg(long)]
    dry_run: bool,
    /// The name of the list: its ids are its own, and only its newer editions replace what it said
    #[arg(long, default_value = "", hide_default_value = true)]
    source: String,
    /// The day of this edition of the list (2026-01-31); one that is not told is taken for the newest
    #[arg(long, value_name = "DATE")]
    edition: Option<NaiveDate>,
    /// Clear and close as much as the file says: asked for above 1 % of a column, 5 % of the schools
    #[arg(long)]
    confirm: bool,
    /// How the summary is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a person
    Table,
    /// One JSON object
    Json,
}

/// Exit status 0 when every line was taken, 1 when some were refused, 3 when none was taken.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let (common, close_missing) = match &arguments.what {
        What::Annuaire {
            common,
            close_missing,
        } => (common, *close_missing),
        What::Partners { common } | What::Conventions { common } => (common, false),
    };
    let source = open(&common.file)?;
    let database = Database::open(&config()?).await?;
    let (mut client, _alive) = database.plain().await?;
    let options = Options {
        dry_run: common.dry_run,
        close_missing,
        confirm: common.confirm,
        list: List {
            source: common.source.clone(),
            edition: common.edition,
        },
    };
    let progress = Progress::of(source.metadata()?.len());
    let outcome = import(&mut client, &arguments.what, source, &options, &progress).await;
    progress.end();
    let summary = match outcome {
        Err(error) if error.is_of_the_file() => {
            output::tell(&format!("ree: {}", explain(&error)));
            return Ok(ExitCode::from(NOTHING_TAKEN));
        }
        outcome => outcome.map_err(|error| explain(&error))?,
    };
    print(&summary, common.format)?;
    if common.dry_run {
        output::tell("dry run: nothing was written");
    }
    Ok(status(&summary))
}

/// The exit status of an import of which no line was taken.
const NOTHING_TAKEN: u8 = 3;

fn status(summary: &Summary) -> ExitCode {
    if summary.is_nothing_taken() {
        ExitCode::from(NOTHING_TAKEN)
    } else if summary.refused.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn import(
    client: &mut tokio_postgres::Client,
    what: &What,
    source: File,
    options: &Options,
    progress: &Progress,
) -> Result<Summary, ImportError> {
    let clock = Clock::default();
    let new_id = || clock.new_id();
    let context = ImportContext {
        author: Author {
            subject: std::env::var("USER")
                .ok()
                .filter(|user| !user.is_empty())
                .unwrap_or_else(|| "cli".to_owned()),
            role: "ministry".to_owned(),
            client_id: "ree-cli".to_owned(),
            request_id: clock.new_id().to_string(),
        },
        now: clock.now(),
        new_id: &new_id,
    };
    let tell = |taken| progress.update(taken);
    match what {
        What::Annuaire { .. } => {
            import_establishments(client, source, &context, options, tell).await
        }
        What::Conventions { .. } => {
            import_conventions(client, source, &context, options, tell).await
        }
        What::Partners { .. } => {
            import_partners(
                client,
                source,
                &context,
                &Words::of_reference(),
                options,
                tell,
            )
            .await
        }
    }
}

/// The file. Standard input and pipes are first copied whole: the transaction of an import holds
/// back the change feed, and must not wait for a slow writer.
fn open(path: &Path) -> Result<File, Failure> {
    let unreadable = |error: std::io::Error| format!("{}: {error}", path.display());
    if path.as_os_str() == "-" {
        return Ok(spooled(std::io::stdin().lock()).map_err(unreadable)?);
    }
    let file = File::open(path).map_err(unreadable)?;
    let kind = file.metadata().map_err(unreadable)?.file_type();
    if kind.is_dir() {
        return Err(format!("{}: is a directory", path.display()).into());
    }
    if kind.is_file() {
        Ok(file)
    } else {
        Ok(spooled(file).map_err(unreadable)?)
    }
}

/// A copy in a temporary file, which has no name any more and goes away with its last reader.
fn spooled(mut source: impl Read) -> std::io::Result<File> {
    let path = std::env::temp_dir().join(format!("ree-import-{}", Clock::default().new_id()));
    let mut file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    std::fs::remove_file(&path)?;
    std::io::copy(&mut source, &mut file)?;
    file.rewind()?;
    Ok(file)
}

/// An error, and what lies below one of reading; the database's own words are in the log alone.
fn explain(error: &ImportError) -> String {
    if let ImportError::Database(error) = error {
        log::debug!("the database refused an import: {error:?}");
    }
    format!("{error} (nothing was written)")
}

/// How far the import is, on standard error: a bar on a terminal, else a line every tenth.
struct Progress {
    bar: Option<ProgressBar>,
    length: u64,
    tenths: AtomicU64,
}

impl Progress {
    fn of(length: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(
                "{bar:40} {percent:>3} % {bytes} of {total_bytes} {msg}",
            );
            ProgressBar::new(length)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self {
            bar,
            length,
            tenths: AtomicU64::new(0),
        }
    }

    fn update(&self, taken: u64) {
        let taken = taken.min(self.length);
        if let Some(bar) = &self.bar {
            bar.set_position(taken);
            if taken == self.length {
                bar.set_message("read; comparing and writing");
            }
            return;
        }
        let tenth = taken
            .saturating_mul(10)
            .checked_div(self.length)
            .unwrap_or(10);
        if self.tenths.fetch_max(tenth, Ordering::Relaxed) < tenth {
            output::tell(&format!("{} % read", tenth.saturating_mul(10)));
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn print(summary: &Summary, format: Format) -> Result<(), Failure> {
    let text = match format {
        Format::Json => format!("{}\n", serde_json::to_string(summary)?),
        Format::Table => table(summary),
    };
    output::print(&text)
}

fn table(summary: &Summary) -> String {
    let counts = [
        ("read", summary.read),
        ("inserted", summary.inserted),
        ("updated", summary.updated),
        ("unchanged", summary.unchanged),
        ("merged", summary.merged),
        ("closed", summary.closed),
        (
            "refused",
            u64::try_from(summary.refused.len()).unwrap_or(u64::MAX),
        ),
    ];
    let mut text: String = counts
        .iter()
        .map(|(name, count)| format!("{name:<9} {count:>8}\n"))
        .collect();
    text.push_str(&columns(summary));
    if !summary.refused.is_empty() {
        text.push_str("\n    line  code                     detail\n");
    }
    for refusal in &summary.refused {
        text.push_str(&format!(
            "{:>8}  {:<23}  {}\n",
            refusal.line, refusal.code, refusal.detail
        ));
    }
    text
}

/// What happened column by column, and what stays against the file.
fn columns(summary: &Summary) -> String {
    let mut text = String::new();
    if !summary.encoding.is_empty() && summary.encoding != "UTF-8" {
        text.push_str(&format!("\nread as {}\n", summary.encoding));
    }
    if let Some(edition) = summary.edition {
        text.push_str(&format!("\nedition of {edition}\n"));
    }
    if let Some((first, last)) = summary.lines_dated {
        text.push_str(&format!("\nlines dated from {first} to {last}\n"));
    }
    if !summary.columns.is_empty() {
        text.push_str("\nrepaired      kept   cleared   ignored  column\n");
    }
    for (name, column) in &summary.columns {
        for count in [column.repaired, column.kept, column.cleared, column.ignored] {
            text.push_str(&format!("{count:>8}  "));
        }
        text.push_str(&format!("{name}\n"));
    }
    for unused in &summary.unused_columns {
        let meant = unused.nearest.as_deref();
        let meant = meant.map_or_else(String::new, |name| format!(": was `{name}` meant?"));
        text.push_str(&format!("\ncolumn `{}` is not used{meant}", unused.column));
    }
    if !summary.unused_columns.is_empty() {
        text.push('\n');
    }
    if !summary.kept.is_empty() {
        text.push_str("\n    line  kept\n");
    }
    for kept in &summary.kept {
        let (stored, stated) = (
            excerpt(&kept.stored.to_string()),
            excerpt(&kept.stated.to_string()),
        );
        text.push_str(&format!(
            "{:>8}  {} stays {stored}, although the file says {stated}: {}\n",
            kept.line,
            kept.field,
            kept.reason.words()
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integration::imports::Rejection;

    #[test]
    fn the_table_counts_and_lists_refusals() {
        let refused = vec![Rejection::new("invalid_uai", "the UAI is empty").at(7)];
        let text = table(&Summary {
            read: 3,
            inserted: 2,
            refused,
            ..Summary::default()
        });
        assert!(
            text.starts_with("read             3\ninserted         2\n"),
            "{text}"
        );
        assert!(
            text.ends_with("       7  invalid_uai              the UAI is empty\n"),
            "{text}"
        );
    }

    #[test]
    fn a_pipe_is_copied_whole_before_it_is_read() {
        let mut text = String::new();
        spooled(&b"a;b\n"[..])
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "a;b\n");
    }
}
