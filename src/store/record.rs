//! What is asked of the record of sends, and of the queue of copies that belongs to it. A part of [`Reads`](super::Reads)
//! and [`Writes`](super::Writes), apart because it changes with every message and concerns nobody's standing: nothing
//! here moves the [`ChangeMarker`](super::ChangeMarker).

use std::net::SocketAddr;

use super::StoreError;
use crate::domain::{
    CopyState, DelegateId, ListenerKind, Login, MailboxId, SendFilter, SendId, SendOutcome, SendRecord, Sending,
    SentCopy,
};

/// A send that has no row yet.
#[derive(Clone, Debug)]
pub struct NewSend {
    /// When: milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// The mailbox that it is sent from.
    pub mailbox: MailboxId,
    /// Who sends it.
    pub login: Login,
    /// The delegate's row; none for the owner.
    pub delegate: Option<DelegateId>,
    /// Where they come from.
    pub peer: SocketAddr,
    /// Whether by a mail program or by webmail.
    pub kind: ListenerKind,
    /// What is sent.
    pub sending: Sending,
}

/// What can be asked of the record within one piece of work.
pub trait RecordReads {
    /// The send of that row.
    fn send(&self, id: SendId) -> Result<Option<SendRecord>, StoreError>;
    /// The sends that fit, newest first, at most so many.
    fn sends(&self, filter: &SendFilter, most: usize) -> Result<Vec<SendRecord>, StoreError>;
    /// The copy that has been due for longest at that moment, of those for other mailboxes than these.
    fn next_copy(&self, now_ms: i64, except: &[MailboxId]) -> Result<Option<SentCopy>, StoreError>;
    /// The copies that have come so far, oldest first.
    fn copies(&self, state: CopyState) -> Result<Vec<SentCopy>, StoreError>;
}

/// What can be changed in the record within one piece of work. Rows of sends are never removed.
pub trait RecordWrites {
    /// A send that is about to begin; its outcome is unknown.
    fn insert_send(&self, new: &NewSend) -> Result<SendId, StoreError>;
    /// What became of a send. Told once: false where it was told before, or there is no such send.
    fn set_outcome(&self, id: SendId, outcome: &SendOutcome, at_ms: i64) -> Result<bool, StoreError>;
    /// A copy that is to be made of a send.
    fn insert_copy(&self, copy: &SentCopy) -> Result<(), StoreError>;
    /// Everything of a copy but whose it is and where it is kept.
    fn update_copy(&self, copy: &SentCopy) -> Result<bool, StoreError>;
    /// Forgets a copy that is not to be made.
    fn delete_copy(&self, id: SendId) -> Result<bool, StoreError>;
}
