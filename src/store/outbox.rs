//! What is asked of the mails to people (N5): they are stored with the change that causes them, and sent afterwards. A part
//! of [`Reads`](super::Reads) and [`Writes`](super::Writes); nothing here moves the
//! [`ChangeMarker`](super::ChangeMarker).

use super::{SealedSecret, StoreError};
use crate::domain::{Language, MailId, MailRow, MailState, Notice};

/// A mail that has no row yet. It waits.
#[derive(Clone, Debug)]
pub struct NewMail {
    /// Where it goes.
    pub recipient: String,
    /// The language that it is written in.
    pub language: Language,
    /// What it says.
    pub notice: Notice,
    /// When it was caused, and so the earliest that it can be sent: milliseconds since 1970-01-01 UTC.
    pub created_at_ms: i64,
}

/// What can be asked within one piece of work.
pub trait OutboxReads {
    /// The mail of that row.
    fn mail(&self, id: MailId) -> Result<Option<MailRow>, StoreError>;
    /// The mail that has been due for longest at that moment, of those before which nothing else waits for the same
    /// recipient. Its row alone, so that one that cannot be read can be told from the others.
    fn next_mail(&self, now_ms: i64) -> Result<Option<MailId>, StoreError>;
    /// The mails that have come so far, all where nothing is said; newest first, at most so many.
    fn mails(&self, state: Option<MailState>, most: usize) -> Result<Vec<MailRow>, StoreError>;
    /// The sealed token of its link, while it is needed.
    fn sealed_token(&self, id: MailId) -> Result<Option<SealedSecret>, StoreError>;
}

/// What can be changed within one piece of work.
pub trait OutboxWrites {
    /// A new mail.
    fn insert_mail(&self, new: &NewMail) -> Result<MailId, StoreError>;
    /// The sealed token of its link, or none any more.
    fn set_sealed_token(&self, id: MailId, sealed: Option<&SealedSecret>) -> Result<bool, StoreError>;
    /// How far a mail has come: everything from its state on.
    fn update_mail(&self, mail: &MailRow) -> Result<bool, StoreError>;
    /// A mail that cannot be read is not tried any more. It stays as it is, for a version that can.
    fn give_up_mail(&self, id: MailId, why: &str, at_ms: i64) -> Result<bool, StoreError>;
    /// All mails that wait are due at that moment; how many.
    fn hasten_mails(&self, now_ms: i64) -> Result<usize, StoreError>;
    /// A mail that waits or was given up waits as if it were new; false where there is none such.
    fn retry_mail(&self, id: MailId, now_ms: i64) -> Result<bool, StoreError>;
    /// The same for all that were given up; how many.
    fn retry_failed_mails(&self, now_ms: i64) -> Result<usize, StoreError>;
    /// Removes the mails that ended before that moment; how many.
    fn delete_mails_ended_before(&self, ms: i64) -> Result<usize, StoreError>;
}
