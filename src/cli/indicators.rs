//! `ree indicators`: keeps the figures that are added up beside the reports true, and proves it.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::database::Database;
use super::output::{self, Format};
use super::{Failure, config};
use crate::results::indicators::store::rollup_check::{self, Drift};

/// What `verify` shows of each difference.
const COLUMNS: &[&str] = &[
    "kept",
    "school_year",
    "dimension",
    "place",
    "value",
    "measure",
    "found",
    "expected",
];

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Write anew what is derived (the figures that are kept added up, what campaigns expect), a school
    /// year at a time; readers see the old figures until a year is done. A year with a validated report
    /// whose lines are not those that were validated is left as it is: exit status 1
    Rebuild,
    /// Compare all that is kept with what it follows, and what was validated and published with what it
    /// was then; exit status 1 when something differs
    Verify {
        /// How to print what differs
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let database = Database::open(&config()?).await?;
    let (mut client, _alive) = database.plain().await?;
    let years = rollup_check::years(&client).await?;
    let progress = Progress::of(years.len());
    match arguments.action {
        Action::Rebuild => {
            let (mut rebuilt, mut cells, mut unsealed) = (0, 0, Vec::new());
            for year in &years {
                match rollup_check::rebuild(&mut client, year).await? {
                    Ok(written) => {
                        rebuilt += 1;
                        cells += written;
                    }
                    Err(reports) => unsealed.extend(reports),
                }
                progress.print(year);
            }
            progress.end();
            output::print(&format!("{rebuilt} school years, {cells} cells rebuilt\n"))?;
            refuse(&unsealed)
        }
        Action::Verify { format } => {
            let verified = rollup_check::verify(&mut client, |year| progress.print(year)).await?;
            progress.end();
            report(&verified, format)
        }
    }
}

/// What was changed behind the register's back is not made true by adding it up.
fn refuse(unsealed: &[Drift]) -> Result<(), Failure> {
    if unsealed.is_empty() {
        return Ok(());
    }
    output::print(&output::list(Format::Table, unsealed, COLUMNS)?)?;
    let count = unsealed.len();
    Err(format!("{count} {SEALED}: their school years were not rebuilt").into())
}

/// What is told of what no rebuild mends.
const SEALED: &str = "reports or publications are not what they were when they were validated or published \
                      (restore them from a backup, or correct a report by a new version)";

fn report(verified: &rollup_check::Verified, format: Format) -> Result<(), Failure> {
    let (years, cells) = (verified.years, verified.cells);
    output::tell(&format!(
        "{years} school years, {cells} cells compared with the lines of validated reports"
    ));
    if verified.drifts.is_empty() {
        if matches!(format, Format::Table) {
            return output::print("nothing differs\n");
        }
        return output::print(&output::list(format, &verified.drifts, COLUMNS)?);
    }
    output::print(&output::list(format, &verified.drifts, COLUMNS)?)?;
    let (sealed, derived): (Vec<&Drift>, Vec<&Drift>) =
        verified.drifts.iter().partition(|drift| drift.is_sealed());
    let told = [
        (
            derived.len(),
            "figures differ from the reports: run `ree indicators rebuild`",
        ),
        (sealed.len(), SEALED),
    ];
    let told = told.into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    Err(told.join("; ").into())
}

/// How far it is, on standard error: a bar on a terminal, else a line a year.
struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    fn of(years: usize) -> Self {
        let length = u64::try_from(years).unwrap_or_default();
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:40} {pos} of {len} school years {msg}");
            ProgressBar::new(length)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar }
    }

    fn print(&self, year: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(year.to_owned());
                bar.inc(1);
            }
            None => output::tell(&format!("{year} done")),
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
