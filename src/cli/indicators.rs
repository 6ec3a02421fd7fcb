//! `ree indicators`: keeps the figures that are added up beside the reports true, and proves it.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::database::Database;
use super::output::{self, Format};
use super::{Failure, config};
use crate::results::indicators::store::rollup_check;

/// What `verify` shows of each difference.
const COLUMNS: &[&str] = &[
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
    /// Add the figures up anew from the lines of validated reports, a school year at a time; readers
    /// see the old ones until a year is done
    Rebuild,
    /// Compare the figures with the lines of validated reports; exit status 1 when one differs
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
            let mut cells = 0;
            for year in &years {
                cells += rollup_check::rebuild(&client, year).await?;
                progress.print(year);
            }
            progress.end();
            output::print(&format!(
                "{} school years, {cells} cells rebuilt\n",
                years.len()
            ))
        }
        Action::Verify { format } => {
            let verified = rollup_check::verify(&mut client, |year| progress.print(year)).await?;
            progress.end();
            report(&verified, format)
        }
    }
}

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
    let count = verified.drifts.len();
    Err(format!("{count} figures differ from the reports: run `ree indicators rebuild`").into())
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
