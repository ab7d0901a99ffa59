//! The command line: one file for each group of subcommands, all of them through `accounts` (G7).
//!
//! Exit status: 0 done, 1 refused or failed with the reason on stderr, 2 usage. What people typed is shown with its
//! control characters escaped; `--json` gives it as it is, by JSON's own escapes. No password is ever an argument, and
//! none but those that delega makes is shown, once.
//!
//! A new subcommand is a variant of `Command`, its file beside this one, and its line in `run`.

mod api_token;
mod app_password;
mod check;
pub mod context;
mod delegate;
mod failure;
mod invitation;
mod lock;
mod log;
mod mailbox;
mod notify;
mod output;
mod plan;
mod postmaster;
mod prompt;
mod serve;
mod two_factor;
mod when;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use context::Context;
pub use failure::Failure;

/// Lets several people work in one certified mailbox, each with credentials and permissions of their own.
#[derive(Debug, Parser)]
#[command(name = "delega", version, max_term_width = 120)]
struct Cli {
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE", default_value = "delega.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway
    Serve,
    Check(check::CheckCommand),
    /// The mailboxes that delega opens
    #[command(subcommand)]
    Mailbox(mailbox::MailboxCommand),
    /// The people who work in a mailbox
    #[command(subcommand)]
    Delegate(delegate::DelegateCommand),
    /// Passwords for single mail programs
    #[command(subcommand)]
    AppPassword(app_password::AppPasswordCommand),
    /// What programs use the API with
    #[command(subcommand)]
    ApiToken(api_token::ApiTokenCommand),
    /// Two-step verification: codes of an app beside the password
    #[command(subcommand)]
    TwoFactor(two_factor::TwoFactorCommand),
    /// How many delegates a mailbox may have
    #[command(subcommand)]
    Plan(plan::PlanCommand),
    /// Who administers the mailboxes of a domain
    #[command(subcommand)]
    Postmaster(postmaster::PostmasterCommand),
    /// The mails to people: what became of them, and what they look like
    #[command(subcommand)]
    Notify(notify::NotifyCommand),
    /// Who is not let in after too many wrong passwords
    #[command(subcommand)]
    Lock(lock::LockCommand),
    /// What was done in the mailboxes
    #[command(subcommand)]
    Log(log::LogCommand),
}

/// Runs what the process was called with.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing is left to be told when this cannot be printed.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { failure::USAGE } else { 0 });
        }
    };
    match run(cli, &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(&mut io::stderr().lock()),
    }
}

fn run(cli: Cli, out: &mut dyn Write) -> Result<(), Failure> {
    match cli.command {
        Command::Serve => serve::run(&cli.config)?,
        Command::Check(command) => {
            warn_on_stderr();
            check::run(&command, &cli.config, out)?;
        }
        Command::Mailbox(command) => {
            warn_on_stderr();
            mailbox::run(command, &Context::open(&cli.config)?, out)?;
        }
        Command::Delegate(command) => {
            warn_on_stderr();
            delegate::run(command, &Context::open(&cli.config)?, out)?;
        }
        Command::AppPassword(command) => {
            warn_on_stderr();
            app_password::run(command, &Context::open(&cli.config)?, out)?;
        }
        Command::ApiToken(command) => {
            warn_on_stderr();
            api_token::run(command, &Context::open(&cli.config)?, out)?;
        }
        Command::TwoFactor(command) => {
            warn_on_stderr();
            two_factor::run(command, &Context::open(&cli.config)?, out)?;
        }
        Command::Plan(command) => {
            warn_on_stderr();
            plan::run(command, &Context::open(&cli.config)?, out)?;
        }
        Command::Postmaster(command) => {
            warn_on_stderr();
            postmaster::run(command, &Context::open(&cli.config)?, out)?;
        }
        Command::Notify(command) => {
            warn_on_stderr();
            notify::run(command, &cli.config, out)?;
        }
        Command::Lock(command) => {
            warn_on_stderr();
            lock::run(command, &Context::open(&cli.config)?, out)?;
        }
        Command::Log(command) => {
            warn_on_stderr();
            log::run(command, &Context::open(&cli.config)?, out)?;
        }
    }
    Ok(out.flush()?)
}

/// A command that ends shows its warnings in plain lines; a server keeps a log of its own.
fn warn_on_stderr() {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(|| Prefixed(io::stderr()))
        .with_max_level(tracing::Level::WARN)
        .with_target(false)
        .with_level(false)
        .with_ansi(false)
        .without_time();
    // Another subscriber that is there already will do.
    let _ = subscriber.try_init();
}

/// Begins each line with the program's name, as the reasons of refusals do.
struct Prefixed(io::Stderr);

impl Write for Prefixed {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(&[b"delega: ", line].concat())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_agree_with_each_other() {
        Cli::command().debug_assert();
    }
}
