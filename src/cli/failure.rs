//! Why a command was not carried out, and with which exit status it ends.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use super::output::plain;
use crate::accounts::{AccountsError, Rule};
use crate::config::Faults;

pub(super) const REFUSED: u8 = 1;
pub(super) const USAGE: u8 = 2;

/// The reason, in words for the one who typed the command.
#[derive(Debug)]
pub enum Failure {
    /// Refused, or failed: exit status 1.
    Refused(String),
    /// Typed in a way that cannot be meant: exit status 2.
    Usage(String),
    /// Nobody reads the output any more. What was asked for is done.
    Unread,
}

impl Failure {
    /// Tells the reason, each line beginning with the program's name, and gives the exit status.
    pub(super) fn report(&self, err: &mut dyn Write) -> ExitCode {
        let (text, status) = match self {
            Failure::Refused(text) => (text, REFUSED),
            Failure::Usage(text) => (text, USAGE),
            Failure::Unread => return ExitCode::SUCCESS,
        };
        for line in text.lines() {
            // The exit status still tells it when stderr cannot.
            let _ = writeln!(err, "delega: {}", plain(line));
        }
        ExitCode::from(status)
    }
}

impl From<AccountsError> for Failure {
    fn from(error: AccountsError) -> Self {
        let hint = match &error {
            AccountsError::Refused(Rule::MailboxHasDelegates { .. }) => " (--with-delegates)",
            AccountsError::Refused(Rule::PasswordNeeded(_)) => " (--password-file FILE, or on stdin)",
            AccountsError::NoUpstreamPassword(_) => " (delega mailbox set ADDRESS --password)",
            _ => "",
        };
        Failure::Refused(format!("{error}{hint}"))
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Failure::Refused(faults.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Failure::Unread,
            _ => Failure::Refused(format!("the output cannot be written: {error}")),
        }
    }
}
