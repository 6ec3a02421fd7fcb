//! `ree config check`: every setting, its value with secrets masked, and where it came from.

use super::{Failure, config};
use crate::cli::table::{Format, print};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Check every setting; print its value, secrets masked, and where it came from
    Check {
        /// How to print them
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Action::Check { format } = arguments.action;
    let rows: Vec<Vec<String>> =
        config()?.shown().into_iter().map(|(name, value, origin)| vec![name.to_owned(), value, origin]).collect();
    print(format, &["setting", "value", "origin"], &rows)
}
