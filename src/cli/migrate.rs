//! `ree migrate`: brings the schema up to date; `ree migrate status`: tells what it lacks.

use super::{Failure, config, output};
use crate::cli::database::Database;
use crate::clock::Clock;
use crate::db::{functions, migrations};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List the migrations, and whether the functions are this program's; changes nothing
    Status,
}

pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let database = Database::open(&config()?).await?;
    if let Some(Action::Status) = arguments.action {
        return output::print(&lines(&migrations::state(&database.connector).await?));
    }
    let done = migrations::run(&database.connector, Clock::default().now()).await?;
    let mut said: String = done
        .migrations
        .iter()
        .map(|name| format!("applied {name}\n"))
        .collect();
    if done.functions {
        said.push_str("applied functions\n");
    }
    if said.is_empty() {
        said.push_str("the schema is up to date\n");
    }
    output::print(&said)
}

/// A line for each migration, then one for the functions, triggers and views.
fn lines(schema: &migrations::Schema) -> String {
    let word = |applied: bool| if applied { "applied" } else { "pending" };
    let migrations = schema.migrations.iter();
    let mut lines: String = migrations
        .map(|state| format!("{} {}\n", word(state.applied), state.name))
        .collect();
    let functions = match schema.functions {
        functions::State::Applied => "applied",
        functions::State::Pending => "pending",
        functions::State::Newer => "newer",
    };
    lines.push_str(&format!("{functions} functions\n"));
    lines
}
