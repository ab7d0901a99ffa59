//! The door to [`delega::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    delega::cli::main()
}
