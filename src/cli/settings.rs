//! `ree config check`: every setting, its value with secrets masked, and where it came from.

use serde_json::json;

use super::output::{self, Format};
use super::{Failure, config};

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
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Action::Check { format } = arguments.action;
    let settings = config()?.shown();
    let rows: Vec<_> = settings
        .into_iter()
        .map(|(name, value, origin)| json!({ "setting": name, "value": value, "origin": origin }))
        .collect();
    output::print(&output::list(
        format,
        &rows,
        &["setting", "value", "origin"],
    )?)
}
