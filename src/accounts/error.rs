//! What can go wrong in a use case, and whose fault it is.

use super::VaultError;
use super::passwords::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS};
use super::spool::SpoolError;
use crate::domain::{Login, MailboxAddress, SendId, limits};
use crate::store::StoreError;

/// Why a use case was not carried out. No variant holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// A rule says no: the one who asks can ask differently.
    #[error(transparent)]
    Refused(#[from] Rule),
    /// A mailbox lives on an upstream that is no longer configured.
    #[error(
        "the mailbox {address} lives on the upstream `{upstream}`, which the configuration does not name: add \
             [upstream.{upstream}], or move the mailbox to another upstream"
    )]
    UpstreamGone {
        /// The mailbox.
        address: MailboxAddress,
        /// The missing upstream.
        upstream: String,
    },
    /// A mailbox has no password, and its upstream no master user.
    #[error(
        "no password is stored for the mailbox {0}, and its upstream has no master user: set the mailbox's password"
    )]
    NoUpstreamPassword(MailboxAddress),
    /// The key or a sealed secret.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The files of messages that are to be copied.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// An outcome was told twice, or of nothing.
    #[error("there is no message {} whose outcome is open", .0.0)]
    NoOpenSend(SendId),
    /// The password hash failed, other than by a wrong password.
    #[error("a password could not be hashed: {0}")]
    Hash(String),
}

/// Who has to do something about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erred {
    /// The one who asked.
    Asker,
    /// The operator: the configuration, the key file, the machine.
    Operator,
    /// delega itself, or its database.
    Delega,
}

/// A rule that says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// The address is taken.
    #[error("the mailbox {0} is there already")]
    MailboxExists(MailboxAddress),
    /// There is no such mailbox.
    #[error("there is no mailbox {0}")]
    UnknownMailbox(MailboxAddress),
    /// A mailbox goes only after its delegates, or together with them.
    #[error("the mailbox {address} has {count} {}: delete them first, or remove the mailbox with its delegates",
            if *count == 1 { "delegate" } else { "delegates" })]
    MailboxHasDelegates {
        /// The mailbox.
        address: MailboxAddress,
        /// How many.
        count: usize,
    },
    /// The address is some mailbox's alias (G2).
    #[error("{alias} is an alias of the mailbox {mailbox}: take it away there first")]
    IsAlias {
        /// The address.
        alias: MailboxAddress,
        /// Whose it is.
        mailbox: MailboxAddress,
    },
    /// The alias is a mailbox's own address, which its owner alone hands out.
    #[error("{0} is the address of a mailbox, so it cannot be an alias")]
    AliasIsMailbox(MailboxAddress),
    /// The address is not among the mailbox's aliases.
    #[error("{alias} is no alias of the mailbox {mailbox}")]
    UnknownAlias {
        /// The address.
        alias: MailboxAddress,
        /// The mailbox.
        mailbox: MailboxAddress,
    },
    /// Too many.
    #[error("a mailbox has at most {} aliases", limits::ALIASES)]
    TooManyAliases,
    /// Somebody who was let in may not send, or not send so, any more (P9).
    #[error("{login} may not send this any more: {why}")]
    MaySendNoMore {
        /// Who.
        login: Login,
        /// What has changed.
        why: String,
    },
    /// The username is taken in that mailbox (L1).
    #[error("the delegate {0} is there already")]
    DelegateExists(Login),
    /// There is no such delegate.
    #[error("there is no delegate {0}")]
    UnknownDelegate(Login),
    /// The configuration names no such upstream.
    #[error("the configuration has no upstream `{}`; it has {}", .name.escape_debug(), listed(.known))]
    UnknownUpstream {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The upstream has no master user, so the mailbox's own password is needed.
    #[error("the upstream `{0}` has no master user, so the mailbox's own password is needed")]
    PasswordNeeded(String),
    /// The password is empty.
    #[error("the password is empty")]
    PasswordEmpty,
    /// The password has too few characters.
    #[error("the password is too short: it needs at least {PASSWORD_MIN_CHARS} characters")]
    PasswordTooShort,
    /// The password has too many bytes.
    #[error("the password is too long: at most {PASSWORD_MAX_BYTES} bytes")]
    PasswordTooLong,
    /// The password has control characters, which many mail programs cannot send.
    #[error("the password has a control character, such as a tab or a line break: leave it out")]
    PasswordControl,
    /// A text that people will read cannot be one.
    #[error("the {field} {fault}")]
    BadText {
        /// What it was for.
        field: &'static str,
        /// "is empty" …
        fault: &'static str,
    },
}

impl AccountsError {
    /// Who has to do something about it.
    pub fn erred(&self) -> Erred {
        match self {
            AccountsError::Refused(_) => Erred::Asker,
            AccountsError::UpstreamGone { .. }
            | AccountsError::NoUpstreamPassword(_)
            | AccountsError::Vault(_)
            | AccountsError::Store(StoreError::Full)
            | AccountsError::Spool(_) => Erred::Operator,
            AccountsError::Store(_) | AccountsError::Hash(_) | AccountsError::NoOpenSend(_) => Erred::Delega,
        }
    }
}

fn listed(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}
