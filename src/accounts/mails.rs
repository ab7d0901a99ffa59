//! The outbox of mails to people (N5): what causes one stores it in the same transaction; which is due; what came of
//! sending it.
//!
//! Mails to one recipient go out in the order in which they were caused. Each attempt is written down before it is made,
//! and after one that nobody ended the mail is due again: a mail may come twice, with one Message-ID, and is never lost.
//! The token of a link is sealed to its mail, and forgotten once that has gone out; one that was given up can be tried again.

use std::time::Duration;

use super::record_sending::cut;
use super::{Accounts, AccountsError, Rule, Token};
use crate::domain::{Delegate, Facts, Language, Login, MailId, MailRow, MailState, Mailbox, Notice};
use crate::store::{self, NewMail, StoreError, Writes};

/// An attempt has to come to its end within this: a relay may take ten minutes to answer the end of a message alone
/// (RFC 5321 §4.5.3.2.6).
pub const MAIL_ATTEMPT: Duration = Duration::from_secs(15 * 60);
/// How long a mail is tried.
pub const MAIL_PATIENCE: Duration = Duration::from_secs(2 * 24 * 60 * 60);
/// How long mails that were sent or given up are kept.
pub const MAIL_KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How long after the first attempt the second comes; each further pause is twice as long, up to the longest.
const FIRST_PAUSE_MS: i64 = 60 * 1000;
const LONGEST_PAUSE_MS: i64 = 4 * 60 * 60 * 1000;

/// A mail that is to be sent now. Only one attempt has it at a time, unless somebody wants it tried again meanwhile.
#[derive(Debug)]
pub struct MailAttempt {
    /// What and to whom.
    pub row: MailRow,
    /// What its link carries, where it has one.
    pub token: Option<Token>,
}

/// What the outbox was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mails {
    /// Newest first.
    pub rows: Vec<MailRow>,
    /// Those that this version cannot read; likewise.
    pub unreadable: Vec<MailId>,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailEnd {
    /// The relay took it; its reply.
    Sent(String),
    /// It did not, or nobody knows; to be tried again. The text says why, for the operator.
    Postponed(String),
    /// It never will. The text says why.
    Failed(String),
}

impl Accounts {
    /// Tells a delegate something.
    pub(super) fn tell_delegate(
        &self,
        writes: &dyn Writes,
        delegate: &Delegate,
        notice: Notice,
        token: Option<&Token>,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        let language = delegate.language.unwrap_or_default();
        self.tell(writes, &delegate.person.email, language, notice, token, now_secs)
    }

    /// Tells a mailbox's owner something.
    pub(super) fn tell_owner(
        &self,
        writes: &dyn Writes,
        mailbox: &Mailbox,
        notice: Notice,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        self.tell(writes, &mailbox.owner.email, mailbox.owner.language, notice, None, now_secs)
    }

    /// Tells somebody something at an address of theirs, in their language.
    pub(super) fn tell(
        &self,
        writes: &dyn Writes,
        recipient: &str,
        language: Language,
        notice: Notice,
        token: Option<&Token>,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        if !self.mails {
            return Ok(());
        }
        let created_at_ms = now_secs.saturating_mul(1000);
        let id = writes.insert_mail(&NewMail { recipient: recipient.to_owned(), language, notice, created_at_ms })?;
        if let Some(token) = token {
            writes.set_sealed_token(id, Some(&self.vault.seal_token(id, token)?))?;
        }
        Ok(())
    }

    /// Whether people can be written to at all; without, nobody can be invited.
    pub(super) fn needs_mail(&self) -> Result<(), Rule> {
        if self.mails { Ok(()) } else { Err(Rule::NoMail) }
    }

    /// What is the case with a delegate, for a notice.
    pub(super) fn facts(&self, mailbox: &Mailbox, delegate: &Delegate) -> Facts {
        Facts {
            login: Login::Delegate(delegate.username.clone(), mailbox.address.clone()),
            first_name: delegate.person.first_name.clone(),
            last_name: delegate.person.last_name.clone(),
            owner_name: mailbox.owner.name.clone(),
            grant: delegate.grant_under(self.profile),
        }
    }

    /// For a server that starts: nobody goes on with the attempts that were cut off, and whoever starts it anew may have
    /// mended what the others wait for. All that waits is due; how many.
    pub fn resume_mails(&self, now_ms: i64) -> Result<usize, AccountsError> {
        store::change(self.store.as_ref(), |writes| Ok(writes.hasten_mails(now_ms)?))
    }

    /// Takes the mail that has been due for longest, and writes down that it is being sent. `None` is due.
    pub fn begin_mail(&self, now_ms: i64) -> Result<Option<MailAttempt>, AccountsError> {
        // Looked at without holding up anybody's change; nearly always there is none.
        if store::read(self.store.as_ref(), |reads| reads.next_mail(now_ms))?.is_none() {
            return Ok(None);
        }
        store::change(self.store.as_ref(), |writes| {
            while let Some(id) = writes.next_mail(now_ms)? {
                let mut row = match writes.mail(id) {
                    Ok(Some(row)) => row,
                    Ok(None) => return Ok(None),
                    // Of a later version, perhaps, that knows more of them. The others are not held up.
                    Err(StoreError::Corrupt(what)) => {
                        writes.give_up_mail(id, &cut(format!("it cannot be read: {what}")), now_ms)?;
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                };
                if row.attempts == 0 {
                    row.since_ms = now_ms;
                }
                row.attempts = row.attempts.saturating_add(1);
                row.next_attempt_at_ms = now_ms.saturating_add(millis(MAIL_ATTEMPT));
                let sealed = writes.sealed_token(row.id)?;
                let unsealed = sealed.map(|sealed| self.vault.unseal_token(row.id, &sealed)).transpose();
                match unsealed {
                    Ok(token) if token.is_some() == row.notice.has_link() => {
                        writes.update_mail(&row)?;
                        return Ok(Some(MailAttempt { row, token }));
                    }
                    // The others are not held up.
                    Ok(_) => self.ended(writes, row, MailEnd::Failed("its link is missing".to_owned()), now_ms)?,
                    Err(error) => self.ended(writes, row, MailEnd::Failed(error.to_string()), now_ms)?,
                };
            }
            Ok(None)
        })
    }

    /// Records what came of an attempt, and gives back how the mail stands now.
    pub fn end_mail(&self, id: MailId, end: MailEnd, now_ms: i64) -> Result<MailState, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let row = writes.mail(id)?.filter(|row| row.state == MailState::Waiting);
            let row = row.ok_or(Rule::UnknownMail(id))?;
            self.ended(writes, row, end, now_ms)
        })
    }

    fn ended(
        &self,
        writes: &dyn Writes,
        mut row: MailRow,
        end: MailEnd,
        now_ms: i64,
    ) -> Result<MailState, AccountsError> {
        let (state, why) = match end {
            MailEnd::Sent(reply) => (MailState::Sent, reply),
            MailEnd::Failed(why) => (MailState::Failed, why),
            MailEnd::Postponed(why) if now_ms.saturating_sub(row.since_ms) >= millis(MAIL_PATIENCE) => {
                (MailState::Failed, why)
            }
            MailEnd::Postponed(why) => {
                let pause = (FIRST_PAUSE_MS << row.attempts.saturating_sub(1).min(16)).min(LONGEST_PAUSE_MS);
                row.next_attempt_at_ms = now_ms.saturating_add(pause);
                (MailState::Waiting, why)
            }
        };
        row.state = state;
        row.why = Some(cut(why));
        row.ended_at_ms = (state != MailState::Waiting).then_some(now_ms);
        // A mail that was given up keeps its link, so that it can be tried again.
        if state == MailState::Sent {
            writes.set_sealed_token(row.id, None)?;
        }
        writes.update_mail(&row)?;
        Ok(state)
    }

    /// The mails of the outbox, newest first, at most so many (`delega notify list`). One that cannot be read hides no
    /// other.
    pub fn mails(&self, state: Option<MailState>, most: usize) -> Result<Mails, AccountsError> {
        let found = store::read(self.store.as_ref(), |reads| reads.mails(state, most))?;
        let mut mails = Mails { rows: Vec::new(), unreadable: Vec::new() };
        for row in found {
            match row {
                Ok(row) => mails.rows.push(row),
                Err(id) => mails.unreadable.push(id),
            }
        }
        Ok(mails)
    }

    /// Has mails tried again that were given up or wait: these, or all that were given up; how many. Their two days begin
    /// anew.
    pub fn retry_mails(&self, which: &[MailId], now_ms: i64) -> Result<usize, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            if which.is_empty() {
                return Ok(writes.retry_failed_mails(now_ms)?);
            }
            for id in which {
                if !writes.retry_mail(*id, now_ms)? {
                    return Err(Rule::UnknownMail(*id).into());
                }
            }
            Ok(which.len())
        })
    }

    /// Forgets the mails that ended long ago; how many.
    pub fn forget_old_mails(&self, now_ms: i64) -> Result<usize, AccountsError> {
        let before = now_ms.saturating_sub(millis(MAIL_KEPT));
        store::change(self.store.as_ref(), |writes| Ok(writes.delete_mails_ended_before(before)?))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "mails_tests.rs"]
mod tests;
