//! `ree migrate`: brings the schema up to date; `ree migrate status`: tells what it lacks.

use super::{Failure, config};
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
        print(&migrations::state(&database.connector).await?);
        return Ok(());
    }
    let done = migrations::run(&database.connector, Clock::default().now()).await?;
    for name in &done.migrations {
        println!("applied {name}");
    }
    if done.functions {
        println!("applied functions");
    }
    if done.migrations.is_empty() && !done.functions {
        println!("the schema is up to date");
    }
    Ok(())
}

/// A line for each migration, then one for the functions, triggers and views.
fn print(schema: &migrations::Schema) {
    for state in &schema.migrations {
        println!(
            "{} {}",
            if state.applied { "applied" } else { "pending" },
            state.name
        );
    }
    let functions = match schema.functions {
        functions::State::Applied => "applied",
        functions::State::Pending => "pending",
        functions::State::Newer => "newer",
    };
    println!("{functions} functions");
}
