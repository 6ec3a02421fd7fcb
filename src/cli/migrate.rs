//! `ree migrate`: brings the schema up to date; `ree migrate status`: tells what it lacks.

use super::{Failure, config};
use crate::cli::database::Database;
use crate::clock::Clock;
use crate::db::migrations;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List the migrations, applied or pending; changes nothing
    Status,
}

pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let database = Database::open(&config()?).await?;
    if let Some(Action::Status) = arguments.action {
        for state in migrations::state(&database.connector).await? {
            println!(
                "{} {}",
                if state.applied { "applied" } else { "pending" },
                state.name
            );
        }
        return Ok(());
    }
    let applied = migrations::run(&database.connector, Clock::default().now()).await?;
    for name in &applied {
        println!("applied {name}");
    }
    if applied.is_empty() {
        println!("the schema is up to date");
    }
    Ok(())
}
