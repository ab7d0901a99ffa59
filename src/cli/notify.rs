//! `delega notify list | retry | preview` (N5)

use std::io::{self, Write};
use std::path::Path;

use clap::{ArgGroup, Args, Subcommand};
use serde::Serialize;

use super::delegate::language;
use super::output::{self, Json};
use super::when::now_ms;
use super::{Context, Failure, context};
use crate::domain::{About, Language, MailId, MailRow, MailState};
use crate::notify::preview::{self, Rendering};

/// The most that is shown at once.
const MOST: u64 = 10_000;
/// How much of a text a table shows.
const COLUMN_CHARS: usize = 60;

/// What can be done about mails to people.
#[derive(Debug, Subcommand)]
pub(super) enum NotifyCommand {
    /// The mails of the last 90 days, newest first: to whom, about what, and what became of them
    List(List),
    /// Send mails again that were given up, or at once those that wait
    Retry(Retry),
    /// What a mail looks like, with sample data
    Preview(Preview),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// waiting, sent or failed
    #[arg(long, value_parser = state)]
    state: Option<MailState>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=MOST))]
    limit: u64,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").args(["ids", "failed"]).required(true))]
pub(super) struct Retry {
    /// Numbers as `delega notify list` shows them
    #[arg(value_name = "ID")]
    ids: Vec<i64>,
    /// All that were given up
    #[arg(long)]
    failed: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("rendering").args(["text", "html", "eml"]))]
pub(super) struct Preview {
    /// Such as invitation or activated; another name tells which there are
    kind: String,
    /// it or en
    #[arg(long, value_parser = language, default_value = "it")]
    language: Language,
    /// The text part; this is shown where nothing is said
    #[arg(long)]
    text: bool,
    /// The HTML part
    #[arg(long)]
    html: bool,
    /// The whole message
    #[arg(long)]
    eml: bool,
}

fn state(text: &str) -> Result<MailState, String> {
    MailState::from_name(text).ok_or_else(|| "use waiting, sent or failed".to_owned())
}

/// A mail, as programs see it.
#[derive(Serialize)]
struct MailJson<'a> {
    id: i64,
    kind: &'static str,
    /// None where it is about a postmaster; the domain then.
    mailbox: Option<&'a str>,
    domain: Option<&'a str>,
    recipient: &'a str,
    language: &'static str,
    state: &'static str,
    created_at: String,
    attempts: u32,
    /// While it waits.
    next_attempt_at: Option<String>,
    /// When it was sent or given up.
    ended_at: Option<String>,
    /// The relay's reply, or why it is not sent.
    why: Option<&'a str>,
}

impl<'a> From<&'a MailRow> for MailJson<'a> {
    fn from(row: &'a MailRow) -> Self {
        let waits = row.state == MailState::Waiting;
        let (mailbox, domain) = match row.notice.about() {
            About::Mailbox(mailbox) => (Some(mailbox.as_str()), None),
            About::Domain(domain) => (None, Some(domain.as_str())),
        };
        MailJson {
            id: row.id.0,
            kind: row.notice.kind(),
            mailbox,
            domain,
            recipient: &row.recipient,
            language: row.language.name(),
            state: row.state.name(),
            created_at: output::time_ms(row.created_at_ms),
            attempts: row.attempts,
            next_attempt_at: waits.then(|| output::time_ms(row.next_attempt_at_ms)),
            ended_at: row.ended_at_ms.map(output::time_ms),
            why: row.why.as_deref(),
        }
    }
}

pub(super) fn run(command: NotifyCommand, config: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        NotifyCommand::List(command) => list(&command, &Context::open(config)?, out),
        NotifyCommand::Retry(command) => retry(&command, &Context::open(config)?, out),
        NotifyCommand::Preview(command) => show(&command, config, out),
    }
}

fn list(command: &List, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let found = context.accounts.mails(command.state, usize::try_from(command.limit).unwrap_or(usize::MAX))?;
    if command.json.wanted {
        output::json(out, &found.rows.iter().map(MailJson::from).collect::<Vec<_>>())?;
    } else {
        table(&found.rows, out)?;
    }
    out.flush()?;
    for id in found.unreadable {
        // On stderr, so that what programs read stays as it is. Nobody is worse off where it cannot be told.
        let _ = writeln!(io::stderr(), "delega: mail {} cannot be read by this delega, and stays as it is", id.0);
    }
    Ok(())
}

fn table(rows: &[MailRow], out: &mut dyn Write) -> Result<(), Failure> {
    let rows = rows.iter().map(|row| {
        let why = row.why.as_deref().unwrap_or_default();
        [
            row.id.0.to_string(),
            output::moment(row.created_at_ms),
            row.notice.kind().to_owned(),
            row.recipient.clone(),
            row.state.name().to_owned(),
            row.attempts.to_string(),
            output::short(why, COLUMN_CHARS),
        ]
    });
    output::table(out, ["ID", "TIME (UTC)", "KIND", "TO", "STATE", "ATTEMPTS", "WHY"], rows)
}

fn retry(command: &Retry, context: &Context, out: &mut dyn Write) -> Result<(), Failure> {
    let ids: Vec<MailId> = command.ids.iter().copied().map(MailId).collect();
    let again = context.accounts.retry_mails(&ids, now_ms())?;
    Ok(writeln!(out, "{again} {} due now", if again == 1 { "mail is" } else { "mails are" })?)
}

/// Needs neither a store nor a configuration; addresses and sender are those of a configuration that can be read.
fn show(command: &Preview, config: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let rendering = match (command.html, command.eml) {
        (true, _) => Rendering::Html,
        (false, true) => Rendering::Message,
        (false, false) => Rendering::Text,
    };
    let config = context::load_config(config).ok();
    let shown = preview::render(&command.kind, command.language, rendering, config.as_ref());
    let shown = shown.ok_or_else(|| {
        let kinds = preview::kinds().join(", ");
        Failure::Refused(format!("there is no mail of the kind `{}`: use {kinds}", output::plain(&command.kind)))
    })?;
    Ok(out.write_all(&shown)?)
}
