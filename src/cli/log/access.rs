//! `delega log access` (S4)

use std::io::Write;

use clap::Args;

use super::{By, COLUMN_CHARS, Context, Failure, MOST, by, output, tell_of_more, whose};
use crate::accounts::Actor;
use crate::cli::output::Listed;
use crate::cli::when::{When, now_secs, when};
use crate::domain::{AccessFilter, AccessRecord, MailboxAddress};
use crate::json::AccessJson;

#[derive(Debug, Args)]
#[command(
    after_help = "WHEN is a day (2026-11-22), a time (2026-11-22T10:30, which is UTC, or 2026-11-22T10:30+01:00), \
                        or how long ago (30m, 2h, 7d). Times are shown in UTC.\n\nAccesses that differ in nothing but the \
                        time, within an hour of each other, are one line with a count. Only those to accounts that are \
                        there are kept, for as long as [log] accesses_kept_days says."
)]
pub(in crate::cli) struct Access {
    /// To this mailbox, also one that was removed since
    mailbox: Option<MailboxAddress>,
    /// By this delegate, or by the owner; a delegate whose name is `owner` is written owner/mailbox@domain
    #[arg(long, value_name = "USERNAME|owner", value_parser = by)]
    by: Option<By>,
    /// Then or later
    #[arg(long, value_name = "WHEN", value_parser = when)]
    since: Option<When>,
    /// Then or before; a day counts to its end
    #[arg(long, value_name = "WHEN", value_parser = when)]
    until: Option<When>,
    /// in: who was let in; refused: who was not
    #[arg(long, value_name = "in|refused", value_parser = result)]
    result: Option<bool>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=MOST))]
    limit: u64,
    #[command(flatten)]
    listed: Listed,
}

fn result(text: &str) -> Result<bool, String> {
    match text {
        "in" => Ok(true),
        "refused" => Ok(false),
        _ => Err("use in or refused".to_owned()),
    }
}

pub(super) fn run(command: Access, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let (mailbox, by) = whose(command.mailbox, command.by)?;
    let filter = AccessFilter {
        mailbox,
        by,
        since_ms: command.since.map(When::begins_ms),
        until_ms: command.until.map(When::ends_ms),
        admitted: command.result,
        ..AccessFilter::default()
    };
    let found = context.accounts.accesses(
        Actor::Operator,
        &filter,
        usize::try_from(command.limit).unwrap_or(usize::MAX),
        now_secs(),
    )?;
    if command.listed.json.wanted {
        output::json(out, &found.rows.iter().map(AccessJson::from).collect::<Vec<_>>())?;
    } else if command.listed.csv {
        output::csv(out, CSV, found.rows.iter().map(csv))?;
    } else {
        let head = ["LAST (UTC)", "TIMES", "LOGIN", "FROM", "BY", "PROGRAM", "RESULT"];
        output::table(out, head, found.rows.iter().map(row))?;
    }
    match found.rows.last().filter(|_| found.more) {
        Some(last) => tell_of_more(last.last_at_ms, command.limit, out),
        None => Ok(()),
    }
}

/// The columns for spreadsheets, by the names that programs know.
const CSV: [&str; 9] = ["id", "first_at", "last_at", "count", "login", "address", "way", "program", "refusal"];

fn csv(record: &AccessRecord) -> [String; 9] {
    let access = &record.access;
    [
        record.id.0.to_string(),
        output::time_ms(record.first_at_ms),
        output::time_ms(record.last_at_ms),
        record.count.to_string(),
        access.visitor.to_string(),
        access.address.to_string(),
        access.way.to_string(),
        access.program.clone().unwrap_or_default(),
        access.refusal.clone().unwrap_or_default(),
    ]
}

fn row(record: &AccessRecord) -> [String; 7] {
    let access = &record.access;
    [
        output::moment(record.last_at_ms),
        record.count.to_string(),
        access.visitor.to_string(),
        access.address.to_string(),
        access.way.to_string(),
        output::short(access.program.as_deref().unwrap_or_default(), COLUMN_CHARS),
        access.refusal.as_ref().map_or("in".to_owned(), |why| format!("refused: {why}")),
    ]
}
