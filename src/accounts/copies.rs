//! The queue of copies for the folder of sent messages (X13): which is due, and what came of trying.
//!
//! Each attempt is written down before anything of it goes upstream. So whoever tries knows whether it was tried before,
//! by this process or one that was cut off. Whoever tries looks in the folder first: a copy is there once, whoever put it
//! there. The first attempt therefore comes a little after the acceptance of the message, when mail programs that keep
//! copies themselves have done so.

use std::path::Path;
use std::time::Duration;

use super::record_sending::cut;
use super::spool::{self, Spool};
use super::{Accounts, AccountsError, Credentials};
use crate::domain::{CopyState, Mailbox, MailboxId, SendId, SendRecord, SentCopy, SpoolName};
use crate::store::{self, StoreError, Writes};

/// An attempt has to come to its end within this: afterwards the copy is taken to be tried by nobody, and is due again.
pub const COPY_ATTEMPT: Duration = Duration::from_secs(15 * 60);
/// How long a copy is tried, from the acceptance of its message on: as long as mail is (RFC 5321 §4.5.4.1).
pub const COPY_PATIENCE: Duration = Duration::from_secs(5 * 24 * 60 * 60);
/// How long after the acceptance of a message its first attempt comes, and how much longer for its size: as long as a mail
/// program needs that puts a copy there itself, on a line of 2 Mbit/s. The attempt then finds that one, and adds none.
const OWN_COPY_MS: i64 = 10 * 1000;
const OWN_COPY_BYTES_PER_MS: u64 = 256;
/// How long after the first attempt the second comes; each further pause is twice as long, up to the longest.
const FIRST_PAUSE_MS: i64 = 60 * 1000;
const LONGEST_PAUSE_MS: i64 = 60 * 60 * 1000;

/// A copy that is to be put into the folder now. Only one attempt has it at a time.
#[derive(Debug)]
pub struct CopyAttempt {
    /// Which.
    pub send: SendId,
    /// The mailbox whose folder it is.
    pub mailbox: Mailbox,
    /// How to log in to it.
    pub credentials: Credentials,
    /// What to look for in the folder: the message may be there already, by an attempt before or by the sender's program.
    pub message_id: Option<String>,
    /// Whether there was one.
    pub tried_before: bool,
    /// Where the message is.
    pub spool: SpoolName,
    /// When the upstream accepted the message: milliseconds since 1970-01-01 UTC.
    pub accepted_at_ms: i64,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyEnd {
    /// The message is in the folder.
    Done,
    /// It is not, or nobody knows; to be tried again. The text says why, for the operator.
    Postponed(String),
    /// It never will be. The text says why.
    Failed(String),
}

impl Accounts {
    /// Opens the folder of messages beside the store, for a server that starts, and tidies up what was cut off: a send
    /// whose outcome is unknown has no copy, and attempts that nobody goes on with are due at once. A server that makes no
    /// copies opens it too where [`spool::beside`] is there: it was wanted once, and there may be copies left to make.
    pub fn open_spool(&self, store: &Path) -> Result<Spool, AccountsError> {
        Spool::open(spool::beside(store), || {
            store::change(self.store.as_ref(), |writes| {
                for waiting in writes.copies(CopyState::Waiting)? {
                    writes.delete_copy(waiting.send)?;
                }
                let due = writes.copies(CopyState::Due)?;
                for tried in due.iter().filter(|copy| copy.attempts > 0) {
                    writes.update_copy(&SentCopy { next_attempt_at_ms: 0, ..tried.clone() })?;
                }
                let kept = [due, writes.copies(CopyState::Failed)?].concat();
                Ok::<_, AccountsError>(kept.into_iter().map(|copy| copy.spool).collect())
            })
        })
    }

    /// Takes the copy that has been due for longest, and writes down that it is being tried. None is due but for the
    /// mailboxes that are to be left alone: `None`.
    pub fn begin_copy(&self, except: &[MailboxId], now_ms: i64) -> Result<Option<CopyAttempt>, AccountsError> {
        // Looked at without holding up anybody's change; nearly always there is none.
        if store::read(self.store.as_ref(), |reads| reads.next_copy(now_ms, except))?.is_none() {
            return Ok(None);
        }
        store::change(self.store.as_ref(), |writes| {
            while let Some(copy) = writes.next_copy(now_ms, except)? {
                if let Some(attempt) = self.attempt(writes, copy, now_ms)? {
                    return Ok(Some(attempt));
                }
            }
            Ok(None)
        })
    }

    /// `None` where there can be no attempt now; the copy is then no longer due.
    fn attempt(&self, writes: &dyn Writes, copy: SentCopy, now_ms: i64) -> Result<Option<CopyAttempt>, AccountsError> {
        let send = writes.send(copy.send)?.ok_or_else(|| corrupt(&copy))?;
        let accepted_at_ms = send.outcome_at_ms.ok_or_else(|| corrupt(&copy))?;
        let Some(mailbox) = writes.mailbox_by_id(copy.mailbox)? else {
            let why = "the mailbox was removed from delega".to_owned();
            writes.update_copy(&SentCopy { state: CopyState::Failed, why: Some(why), ..copy })?;
            return Ok(None);
        };
        let tried_before = copy.attempts > 0;
        let spool = copy.spool.clone();
        let begun = SentCopy {
            attempts: copy.attempts.saturating_add(1),
            next_attempt_at_ms: now_ms.saturating_add(millis(COPY_ATTEMPT)),
            ..copy
        };
        let sealed = writes.sealed_password(mailbox.id)?;
        let credentials = match self.credentials(&mailbox, sealed.as_ref()) {
            Ok(credentials) => credentials,
            // The operator can mend it; the others are not held up.
            Err(error) => {
                writes.update_copy(&postponed(begun, error.to_string(), accepted_at_ms, now_ms))?;
                return Ok(None);
            }
        };
        writes.update_copy(&begun)?;
        Ok(Some(CopyAttempt {
            send: send.id,
            mailbox,
            credentials,
            message_id: send.sending.message_id,
            tried_before,
            spool,
            accepted_at_ms,
        }))
    }

    /// Records what came of an attempt. A copy that is done needs its file no more; one that failed keeps it, for the
    /// operator. Gives back how the copy stands now.
    pub fn end_copy(&self, spool: &Spool, send: SendId, end: CopyEnd, now_ms: i64) -> Result<CopyState, AccountsError> {
        let copy = store::change(self.store.as_ref(), |writes| {
            let send = writes.send(send)?.ok_or(AccountsError::NoOpenSend(send))?;
            let (Some(copy), Some(accepted_at_ms)) = (send.copy, send.outcome_at_ms) else {
                return Err(AccountsError::NoOpenSend(send.id));
            };
            let ended = match end {
                _ if copy.state != CopyState::Due => return Err(AccountsError::NoOpenSend(send.id)),
                CopyEnd::Done => SentCopy { state: CopyState::Done, why: None, ..copy },
                CopyEnd::Failed(why) => SentCopy { state: CopyState::Failed, why: Some(cut(why)), ..copy },
                CopyEnd::Postponed(why) => postponed(copy, why, accepted_at_ms, now_ms),
            };
            writes.update_copy(&ended)?;
            Ok(ended)
        })?;
        if copy.state == CopyState::Done {
            spool.remove(&copy.spool)?;
        }
        Ok(copy.state)
    }

    /// The messages whose copies were given up, oldest first.
    pub fn failed_copies(&self) -> Result<Vec<SendRecord>, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let failed = reads.copies(CopyState::Failed)?;
            let sends = failed.into_iter().map(|copy| reads.send(copy.send)?.ok_or_else(|| corrupt(&copy)));
            sends.collect()
        })
    }
}

/// When a message that was just accepted is first tried.
pub(super) fn first_attempt_at_ms(bytes: u64, now_ms: i64) -> i64 {
    let for_its_size = i64::try_from(bytes / OWN_COPY_BYTES_PER_MS).unwrap_or(i64::MAX);
    now_ms.saturating_add(OWN_COPY_MS).saturating_add(for_its_size)
}

/// The copy after an attempt that came to nothing: due later, or given up.
fn postponed(copy: SentCopy, why: String, accepted_at_ms: i64, now_ms: i64) -> SentCopy {
    let why = Some(cut(why));
    if now_ms.saturating_sub(accepted_at_ms) >= millis(COPY_PATIENCE) {
        return SentCopy { state: CopyState::Failed, why, ..copy };
    }
    let doubled = copy.attempts.saturating_sub(1).min(16);
    let pause = (FIRST_PAUSE_MS << doubled).min(LONGEST_PAUSE_MS);
    SentCopy { next_attempt_at_ms: now_ms.saturating_add(pause), why, ..copy }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn corrupt(copy: &SentCopy) -> AccountsError {
    StoreError::Corrupt(format!("a copy of send {}, which was not accepted", copy.send.0)).into()
}

#[cfg(test)]
#[path = "copies_tests.rs"]
mod tests;
