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

/// What can be changed in the history within one piece of work.
pub trait AccessWrites {
    /// Notes an access at that moment: in the latest row that is like it and whose last was not before `since_ms`, or in a
    /// new one.
    fn note_access(&self, access: &Access, at_ms: i64, since_ms: i64) -> Result<(), StoreError>;
    /// Removes the rows whose last was before that moment; how many.
    fn delete_accesses_before(&self, ms: i64) -> Result<usize, StoreError>;
}
