//! The access history (S4): who came in, or tried to, when, from where, by what, and with what result.
//!
//! Like the record of sends it outlives those whom it names. It is no trace of every connection: a webmail opens one for
//! each click, and a program with an old password knocks every minute. Those that differ in nothing but the time, within
//! an hour of each other, are one row with a count.

use std::fmt;
use std::net::IpAddr;

use super::{
    AccountId, DelegateId, Door, Login, MailDomain, MailboxAddress, MailboxId, Position, PostmasterId, SentBy,
};

/// The row number of an access in the store. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccessId(pub i64);

/// How far apart two that are alike may be and still share a row, in milliseconds.
pub const ACCESS_APART_MS: i64 = 60 * 60 * 1000;

/// Somebody who came in, or was not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Who they said they are.
    pub visitor: Visitor,
    /// Where they came from.
    pub address: IpAddr,
    /// Where they came in.
    pub way: Way,
    /// What the program said of itself, if anything: bounded, without control characters.
    pub program: Option<String>,
    /// Why they were not let in; none is that they were.
    pub refusal: Option<String>,
}

/// Whose account somebody came to, as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// An owner's or a delegate's.
    Mailbox {
        /// The mailbox.
        mailbox: MailboxId,
        /// What they logged in as.
        login: Login,
        /// The delegate's row; none for the owner.
        delegate: Option<DelegateId>,
    },
    /// A postmaster's.
    Postmaster {
        /// Their row.
        id: PostmasterId,
        /// What they administer.
        domain: MailDomain,
        /// Their own address.
        email: String,
    },
}

/// Where somebody came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// By a protocol of mail.
    Mail(Door),
    /// By the panel's pages.
    Panel,
}

/// One row of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRecord {
    /// Its row.
    pub id: AccessId,
    /// When it was first: milliseconds since 1970-01-01 UTC.
    pub first_at_ms: i64,
    /// When it was last, likewise.
    pub last_at_ms: i64,
    /// How often.
    pub count: u64,
    /// What.
    pub access: Access,
}

/// Which rows of the history are asked for: those that fit all that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessFilter {
    /// To the mailbox of this address.
    pub mailbox: Option<MailboxAddress>,
    /// To this one of all that ever had that address.
    pub mailbox_id: Option<MailboxId>,
    /// By this person.
    pub by: Option<SentBy>,
    /// To this account.
    pub account: Option<AccountId>,
    /// From this address.
    pub address: Option<IpAddr>,
    /// Of which the last was then or later: milliseconds since 1970-01-01 UTC.
    pub since_ms: Option<i64>,
    /// Of which the first was then or before, likewise.
    pub until_ms: Option<i64>,
    /// Only those who were let in, or only those who were not.
    pub admitted: Option<bool>,
    /// Only those that come after this place.
    pub after: Option<Position>,
}

impl AccessRecord {
    /// Its place in the list.
    pub fn position(&self) -> Position {
        Position { at_ms: self.last_at_ms, row: self.id.0 }
    }
}

impl Visitor {
    /// What they logged in as, where that is a mailbox or somebody in one.
    pub fn login(&self) -> Option<&Login> {
        match self {
            Visitor::Mailbox { login, .. } => Some(login),
            Visitor::Postmaster { .. } => None,
        }
    }
}

impl fmt::Display for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Visitor::Mailbox { login, .. } => login.fmt(f),
            Visitor::Postmaster { domain, email, .. } => write!(f, "{email} (postmaster of {domain})"),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Mail(door) => write!(f, "{} ({})", door.protocol, door.kind),
            Way::Panel => f.write_str("panel"),
        }
    }
}
