//! The command line. Standard output is for the result, standard error for everything else; exit
//! status 0 done, 1 refused or failed, 2 wrong usage, 3 an import that took nothing.

mod client;
pub mod database;
mod import;
mod indicators;
mod keys;
mod migrate;
mod mirror;
mod output;
mod push;
mod remote;
mod serve;
mod settings;
mod token;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{Config, Overrides};
use crate::error::Error;
use crate::{db, logging, openapi};

/// Why a command failed, in words for a person.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Le registre national des relations école-entreprise: a JSON REST API on PostgreSQL.
#[derive(Parser)]
#[command(name = "ree", version, about, long_about = LONG, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const LONG: &str = "\
The national register of school–business partnerships in France, as a JSON REST API.

  ree serve --demo          start everything on a private PostgreSQL, with example data
  ree token --role reader   make a token to call it with
  ree config check          every setting, its value and where it came from

Without DATABASE_URL, commands use the embedded PostgreSQL of the data directory (REE_DATA_DIR), \
running or not, and so work beside a running service.";

#[derive(Subcommand)]
enum Command {
    /// Run the service; ready when /readyz answers 200
    Serve(serve::Arguments),
    /// Bring the database schema up to date
    Migrate(migrate::Arguments),
    /// Load a file into the register; running it again changes nothing
    Import(import::Arguments),
    /// Make an access token with the service's key, and print it and nothing else; or revoke one
    Token(token::Arguments),
    /// Register machine clients and their secrets
    Client(client::Arguments),
    /// List, rotate and revoke the keys that sign tokens
    ///
    /// With REE_KEY_ENCRYPTION_KEY they are in the database, encrypted, and shared by all instances; without
    /// it they are files of REE_DATA_DIR, of an instance alone. Running services notice a change within 5
    /// seconds. Each command prints the keys as they are after it, never their private halves.
    Keys(keys::Arguments),
    /// Keep the figures true, and prove it
    Indicators(indicators::Arguments),
    /// Keep a copy of what a caller may read, in step with a service
    Mirror(mirror::Arguments),
    /// Send a partner's whole offer to a service
    Push(push::Arguments),
    /// Print the OpenAPI document
    Openapi {
        /// Compare the document with this file instead; fails when they differ
        #[arg(long, value_name = "FILE")]
        check: Option<PathBuf>,
    },
    /// Check the settings
    Config(settings::Arguments),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Stop the embedded PostgreSQL when its last user is gone
    #[command(hide = true)]
    EmbeddedReaper {
        /// The server's run directory
        directory: PathBuf,
    },
}

/// Runs the command the process was started with.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // The reaper outlives its maker: it must not hold a log or a runtime.
    if let Command::EmbeddedReaper { directory } = &arguments.command {
        return db::embedded::reap(directory).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    // A command that does not need the settings must work where they are wrong.
    logging::start(
        config()
            .as_ref()
            .map_or("info", |config| &config.log_filter),
    );
    match run(arguments.command) {
        Ok(status) => status,
        Err(failure) => {
            output::tell(&format!("ree: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Import(arguments) => wait(import::run(arguments)),
        Command::Push(arguments) => push::run(&arguments),
        other => done(other).map(|()| ExitCode::SUCCESS),
    }
}

/// The commands that are done or fail.
fn done(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Migrate(arguments) => wait(migrate::run(arguments)),
        Command::Token(arguments) => token::run(arguments),
        Command::Client(arguments) => wait(client::run(arguments)),
        Command::Keys(arguments) => wait(keys::run(arguments)),
        Command::Indicators(arguments) => wait(indicators::run(arguments)),
        Command::Mirror(arguments) => mirror::run(&arguments),
        Command::Openapi { check } => document(check),
        Command::Config(arguments) => settings::run(&arguments),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "ree", &mut script);
            output::print(&String::from_utf8(script)?)
        }
        Command::Import(_) | Command::Push(_) | Command::EmbeddedReaper { .. } => Ok(()),
    }
}

/// An error in words for a person: its cause, where it has one.
fn reason(error: &Error) -> Failure {
    let meaning = || error.code.entry().meaning.en.to_owned();
    error.cause().unwrap_or_else(meaning).into()
}

/// The settings of a command that takes none of its own.
fn config() -> Result<Config, Failure> {
    Ok(Config::read(&Overrides::default())?)
}

/// Runs a command to its end on a runtime of its own.
fn wait<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(command)
}

fn document(check: Option<PathBuf>) -> Result<(), Failure> {
    let text = openapi::text()?;
    let Some(path) = check else {
        return output::print(&text);
    };
    let committed =
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    if committed == text {
        return Ok(());
    }
    Err(format!(
        "{} is not the document this program serves: run `ree openapi > {}`",
        path.display(),
        path.display()
    )
    .into())
}
