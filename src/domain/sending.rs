//! The record of what was sent: who, when, from which address, to whom, and what became of it (O2).
//!
//! The record outlives those whom it names: it has their names as text, and the numbers of their rows only to tell them
//! from others of the same name.

use std::net::SocketAddr;

use super::{DelegateId, ListenerKind, Login, MailboxAddress, MailboxId, Position, SentCopy, Username};

/// The row number of a send in the store. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SendId(pub i64);

/// A message that goes out, as the record keeps it. Who sends it, when and where from, the gateway knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// The address in MAIL FROM, as the client wrote it.
    pub reverse_path: String,
    /// The addresses in RCPT TO that the upstream accepted, as the client wrote them, in that order.
    pub forward_paths: Vec<String>,
    /// The `Message-ID` with its angle brackets, where the message has one.
    pub message_id: Option<String>,
    /// The subject, decoded (RFC 2047), without control characters, bounded.
    pub subject: Option<String>,
    /// How large the message is, in octets, as a mailbox would store it.
    pub bytes: u64,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The upstream took it upon itself; its reply, such as `250 2.0.0 Ok: queued as 4F2A`.
    Accepted(String),
    /// The upstream refused it; its reply.
    Refused(String),
    /// Nobody knows: the connection or delega broke off between the end of the message and the reply.
    Unknown,
}

/// A [`SendOutcome`] without the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutcomeKind {
    /// The upstream took it.
    Accepted,
    /// The upstream refused it.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// One row of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendRecord {
    /// Its row.
    pub id: SendId,
    /// When the end of the message was about to go upstream: milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// The mailbox that it was sent from, as it was then.
    pub mailbox: MailboxId,
    /// Who sent it, as they had logged in.
    pub login: Login,
    /// The delegate's row, as it was then; none for the owner.
    pub delegate: Option<DelegateId>,
    /// Where they came from.
    pub peer: SocketAddr,
    /// Whether it was by a mail program or by webmail.
    pub kind: ListenerKind,
    /// What was sent.
    pub sending: Sending,
    /// What became of it. Unknown also for as long as it is under way, and for good where delega was cut off.
    pub outcome: SendOutcome,
    /// When that was found out, in milliseconds likewise; none where it never was.
    pub outcome_at_ms: Option<i64>,
    /// Its copy for the folder of sent messages, where one is to be made.
    pub copy: Option<SentCopy>,
}

/// Which rows of the record are asked for: those that fit all that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendFilter {
    /// Sent from the mailbox of this address.
    pub mailbox: Option<MailboxAddress>,
    /// Sent from this one of all that ever had that address.
    pub mailbox_id: Option<MailboxId>,
    /// Sent by this person.
    pub by: Option<SentBy>,
    /// Sent to this address, among others; case does not matter.
    pub to: Option<String>,
    /// Sent then or later: milliseconds since 1970-01-01 UTC.
    pub since_ms: Option<i64>,
    /// Sent then or before, likewise.
    pub until_ms: Option<i64>,
    /// With this outcome.
    pub outcome: Option<OutcomeKind>,
    /// With this somewhere in the subject; case does not matter.
    pub subject: Option<String>,
    /// Only those that come after this place.
    pub after: Option<Position>,
}

/// By whom a message was sent, of whichever mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentBy {
    /// The mailbox's owner.
    Owner,
    /// The delegate of that name.
    Delegate(Username),
    /// Any delegate.
    AnyDelegate,
}

impl SendRecord {
    /// Its place in the list.
    pub fn position(&self) -> Position {
        Position { at_ms: self.at_ms, row: self.id.0 }
    }
}

impl SendOutcome {
    /// Which of the three.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            SendOutcome::Accepted(_) => OutcomeKind::Accepted,
            SendOutcome::Refused(_) => OutcomeKind::Refused,
            SendOutcome::Unknown => OutcomeKind::Unknown,
        }
    }

    /// The upstream's final reply.
    pub fn reply(&self) -> Option<&str> {
        match self {
            SendOutcome::Accepted(reply) | SendOutcome::Refused(reply) => Some(reply),
            SendOutcome::Unknown => None,
        }
    }
}

impl OutcomeKind {
    /// All of them.
    pub const ALL: [OutcomeKind; 3] = [OutcomeKind::Accepted, OutcomeKind::Refused, OutcomeKind::Unknown];

    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            OutcomeKind::Accepted => "accepted",
            OutcomeKind::Refused => "refused",
            OutcomeKind::Unknown => "unknown",
        }
    }

    /// The outcome of that name.
    pub fn from_name(name: &str) -> Option<OutcomeKind> {
        OutcomeKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
