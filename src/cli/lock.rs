//! `delega lock list | release` (S5)

use std::io::Write;

use clap::{Args, Subcommand};

use super::output::Json;
use super::when::now_ms;
use super::{Context, Failure, output};
use crate::json::ClosedJson;

/// The most that is shown at once.
const MOST: u64 = 10_000;

/// What can be done with those who are not let in.
#[derive(Debug, Subcommand)]
pub(super) enum LockCommand {
    /// The accounts and addresses that nobody is let in by for a while, after too many wrong passwords
    List(List),
    /// Let a login or an address in again at once
    Release(Release),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=MOST))]
    limit: u64,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Release {
    /// A login (username/mailbox@domain, mailbox@domain) or an IP address, as in the list
    who: String,
}

pub(super) fn run(command: LockCommand, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        LockCommand::List(List { limit, json }) => {
            let closed = context.accounts.closed(now_ms(), usize::try_from(limit).unwrap_or(usize::MAX))?;
            if json.wanted {
                return output::json(out, &closed.iter().map(ClosedJson::from).collect::<Vec<_>>());
            }
            let rows = closed.into_iter().map(|one| [one.who, output::moment(one.until_ms), one.count.to_string()]);
            output::table(out, ["WHO", "UNTIL (UTC)", "WRONG PASSWORDS"], rows)
        }
        LockCommand::Release(Release { who }) => {
            context.accounts.release(&who)?;
            Ok(writeln!(out, "{} is let in again", output::plain(who.trim()))?)
        }
    }
}
