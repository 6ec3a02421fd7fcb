//! The `ree` program: parses the command line, starts logging, calls the library.

use std::process::ExitCode;

// A general-purpose allocator that serves many small, short-lived strings well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ree::cli::main()
}
