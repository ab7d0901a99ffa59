//! What is asked of the access history (S4). A part of [`Reads`](super::Reads) and [`Writes`](super::Writes); nothing here
//! moves the [`ChangeMarker`](super::ChangeMarker).

use super::StoreError;
use crate::domain::{Access, AccessFilter, AccessRecord, DelegateId, MailboxId};

/// What can be asked of the history within one piece of work.
pub trait AccessReads {
    /// The rows that fit, the latest first, at most so many.
    fn accesses(&self, filter: &AccessFilter, most: usize) -> Result<Vec<AccessRecord>, StoreError>;
    /// When each of these delegates of a mailbox was last let in, in milliseconds since 1970-01-01 UTC; nothing of those who
    /// never were.
    fn last_admitted(&self, mailbox: MailboxId, delegates: &[DelegateId])
    -> Result<Vec<(DelegateId, i64)>, StoreError>;
}

/// When alike accesses were, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The first: milliseconds since 1970-01-01 UTC.
    pub first_at_ms: i64,
    /// The last, likewise.
    pub last_at_ms: i64,
    /// How many.
    pub count: u32,
}

impl Times {
    /// Once.
    pub fn once(at_ms: i64) -> Times {
        Times { first_at_ms: at_ms, last_at_ms: at_ms, count: 1 }
    }
}

/// What can be changed in the history within one piece of work.
pub trait AccessWrites {
    /// Notes alike accesses: in the latest row that is like them and whose last was not before `since_ms`, or in a new one.
    fn note_access(&self, access: &Access, times: Times, since_ms: i64) -> Result<(), StoreError>;
    /// Removes the rows whose last was before that moment; how many.
    fn delete_accesses_before(&self, ms: i64) -> Result<usize, StoreError>;
}
