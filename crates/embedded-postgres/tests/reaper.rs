//! The reaper of the tests, and nothing else.

use std::path::Path;
use std::process::ExitCode;

/// The name that the tests give their servers.
const NAME: &str = "tester";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(command), Some(run_dir)) if command == "embedded-reaper" => {
            embedded_postgres::reap(NAME, Path::new(&run_dir))
                .map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
        }
        _ => ExitCode::FAILURE,
    }
}
