//! `delega log sends | access`

mod access;

use std::io::{self, Write};

use clap::{Args, Subcommand};

use super::output::{self, Listed};
use super::when::{When, now_secs, when};
use super::{Context, Failure};
use crate::accounts::Actor;
use crate::domain::{
    CopyState, Login, MailboxAddress, OutcomeKind, SendFilter, SendOutcome, SendRecord, SentBy, Username,
};
use crate::json::SendJson;

/// The most that is shown at once, in memory as on the terminal.
const MOST: u64 = 10_000;
/// How much of a text a table shows.
const COLUMN_CHARS: usize = 60;

/// What can be looked up.
#[derive(Debug, Subcommand)]
pub(super) enum LogCommand {
    /// Who came in or was not let in, the latest first: when, from where, by which program, with what result
    Access(access::Access),
    /// The messages that were sent, newest first: by whom, when, to whom, and what became of them
    Sends(Sends),
}

#[derive(Debug, Args)]
#[command(
    after_help = "WHEN is a day (2026-11-22), a time (2026-11-22T10:30, which is UTC, or 2026-11-22T10:30+01:00), \
                        or how long ago (30m, 2h, 7d). Times are shown in UTC.\n\nA message whose outcome is unknown is \
                        under way, or was when delega or the connection broke off: it may have been sent."
)]
pub(super) struct Sends {
    /// Sent from this mailbox, also one that was removed since
    mailbox: Option<MailboxAddress>,
    /// Sent by this delegate, or by the owner; a delegate whose name is `owner` is written owner/mailbox@domain
    #[arg(long, value_name = "USERNAME|owner", value_parser = by)]
    by: Option<By>,
    /// Sent to this address, among others
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    /// Sent then or later
    #[arg(long, value_name = "WHEN", value_parser = when)]
    since: Option<When>,
    /// Sent then or before; a day counts to its end
    #[arg(long, value_name = "WHEN", value_parser = when)]
    until: Option<When>,
    /// accepted or refused by the mail server, or unknown
    #[arg(long, value_parser = outcome)]
    outcome: Option<OutcomeKind>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=MOST))]
    limit: u64,
    #[command(flatten)]
    listed: Listed,
}

/// Whose messages are asked for.
#[derive(Clone, Debug)]
enum By {
    Anywhere(SentBy),
    Login(Login),
}

fn by(text: &str) -> Result<By, String> {
    if text == "owner" {
        return Ok(By::Anywhere(SentBy::Owner));
    }
    if let Ok(login) = text.parse() {
        return Ok(By::Login(login));
    }
    let username: Username = text.parse().map_err(|_| "use a username, a login, or owner")?;
    Ok(By::Anywhere(SentBy::Delegate(username)))
}

fn outcome(text: &str) -> Result<OutcomeKind, String> {
    OutcomeKind::from_name(text).ok_or_else(|| "use accepted, refused or unknown".to_owned())
}

pub(super) fn run(command: LogCommand, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        LogCommand::Access(command) => access::run(command, context, out),
        LogCommand::Sends(command) => sends(command, context, out),
    }
}

/// Of which mailbox and of whom rows are asked for.
fn whose(mailbox: Option<MailboxAddress>, by: Option<By>) -> Result<(Option<MailboxAddress>, Option<SentBy>), Failure> {
    Ok(match by {
        None => (mailbox, None),
        Some(By::Anywhere(by)) => (mailbox, Some(by)),
        Some(By::Login(login)) => {
            let of = login.mailbox().clone();
            if mailbox.is_some_and(|other| other != of) {
                return Err(Failure::Usage(format!("{login} is of no other mailbox than {of}")));
            }
            let by = match login {
                Login::Owner(_) => SentBy::Owner,
                Login::Delegate(username, _) => SentBy::Delegate(username),
            };
            (Some(of), Some(by))
        }
    })
}

/// Says that there are rows beyond the last one shown. On stderr, so that what programs read stays as it is; nobody is
/// worse off where it cannot be told.
fn tell_of_more(last_ms: i64, limit: u64, out: &mut dyn Write) -> Result<(), Failure> {
    out.flush()?;
    let until = output::time_ms(last_ms);
    let _ =
        writeln!(io::stderr(), "delega: there are older ones: raise --limit {limit}, or go on with --until {until}");
    Ok(())
}

fn sends(command: Sends, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let mut filter = SendFilter {
        mailbox: command.mailbox,
        by: None,
        to: command.to,
        since_ms: command.since.map(When::begins_ms),
        until_ms: command.until.map(When::ends_ms),
        outcome: command.outcome,
        ..SendFilter::default()
    };
    (filter.mailbox, filter.by) = whose(filter.mailbox, command.by)?;
    let found = context.accounts.sends(
        Actor::Operator,
        &filter,
        usize::try_from(command.limit).unwrap_or(usize::MAX),
        now_secs(),
    )?;
    if command.listed.json.wanted {
        output::json(out, &found.rows.iter().map(SendJson::from).collect::<Vec<_>>())?;
    } else if command.listed.csv {
        output::csv(out, CSV, found.rows.iter().map(csv))?;
    } else {
        let head = ["WHEN (UTC)", "LOGIN", "FROM", "TO", "SUBJECT", "BYTES", "OUTCOME", "COPY"];
        output::table(out, head, found.rows.iter().map(row))?;
    }
    match found.rows.last().filter(|_| found.more) {
        Some(last) => tell_of_more(last.at_ms, command.limit, out),
        None => Ok(()),
    }
}

/// The columns for spreadsheets, by the names that programs know.
const CSV: [&str; 14] = [
    "id",
    "at",
    "login",
    "peer",
    "kind",
    "from",
    "to",
    "message_id",
    "subject",
    "bytes",
    "outcome",
    "reply",
    "outcome_at",
    "copy",
];

fn csv(send: &SendRecord) -> [String; 14] {
    let sending = &send.sending;
    [
        send.id.0.to_string(),
        output::time_ms(send.at_ms),
        send.login.to_string(),
        send.peer.to_string(),
        send.kind.to_string(),
        sending.reverse_path.clone(),
        sending.forward_paths.join(" "),
        sending.message_id.clone().unwrap_or_default(),
        sending.subject.clone().unwrap_or_default(),
        sending.bytes.to_string(),
        send.outcome.kind().name().to_owned(),
        send.outcome.reply().unwrap_or_default().to_owned(),
        send.outcome_at_ms.map(output::time_ms).unwrap_or_default(),
        send.copy.as_ref().map_or("", |copy| copy.state.name()).to_owned(),
    ]
}

fn row(send: &SendRecord) -> [String; 8] {
    let short = |text: &str| output::short(text, COLUMN_CHARS);
    let sending = &send.sending;
    let to = match sending.forward_paths.as_slice() {
        [] => String::new(),
        [only] => short(only),
        [first, others @ ..] => format!("{} and {} more", short(first), others.len()),
    };
    let outcome = match &send.outcome {
        SendOutcome::Unknown => "unknown".to_owned(),
        SendOutcome::Accepted(reply) | SendOutcome::Refused(reply) => {
            format!("{}: {}", send.outcome.kind().name(), short(reply))
        }
    };
    let copy = match send.copy.as_ref().map(|copy| (copy.state, copy.why.as_deref())) {
        None => "",
        Some((CopyState::Waiting, _)) => "waiting",
        Some((CopyState::Due, None)) => "due",
        Some((CopyState::Due, Some(why))) => &format!("due: {}", short(why)),
        Some((CopyState::Done, _)) => "done",
        Some((CopyState::Failed, why)) => &format!("failed: {}", short(why.unwrap_or_default())),
    };
    [
        output::moment(send.at_ms),
        send.login.to_string(),
        short(&sending.reverse_path),
        to,
        short(sending.subject.as_deref().unwrap_or_default()),
        sending.bytes.to_string(),
        outcome,
        copy.to_owned(),
    ]
}
