//! What time does by itself (D3, D10): invitations lapse, grace periods end. The server writes it down every few seconds,
//! with the mails about it. That an invitation has lapsed is so before that, whoever looks, and is also written down by the
//! next change to whom it concerns; that a delegate has no seat any more is so once it is written down.

use std::collections::BTreeSet;

use super::{Accounts, AccountsError, seats};
use crate::domain::{Answer, Delegate, DelegateState, LinkPurpose, Mailbox, MailboxId, Notice};
use crate::store::{self, Writes};

impl Accounts {
    /// Writes down what time has brought, and tells those whom it concerns. Once, however often it is called. Each mailbox
    /// by itself: others who change something get their turn in between, and one that cannot be read holds up no other;
    /// the first error comes back in the end.
    pub fn settle(&self, now_secs: i64) -> Result<(), AccountsError> {
        // Nearly always there is nothing, and nobody's change is held up.
        let concerned = store::read(self.store.as_ref(), |reads| {
            let lapsed = reads.lapsed_invitations(now_secs)?.into_iter().map(|delegate| delegate.mailbox);
            let mut concerned: BTreeSet<MailboxId> = lapsed.collect();
            for mailbox in reads.mailboxes_past_grace(now_secs)? {
                // What is wrong with it is said in its turn.
                if seats::to_enforce(reads, &mailbox, now_secs).unwrap_or(true) {
                    concerned.insert(mailbox.id);
                }
            }
            Ok::<_, AccountsError>(concerned)
        })?;
        let mut outcome = self.settle_app_passwords(now_secs).and(self.settle_panel_sessions(now_secs));
        outcome = outcome.and(self.settle_webmail_logins(now_secs.saturating_mul(1000)));
        for id in concerned {
            outcome = outcome.and(self.settle_mailbox(id, now_secs));
        }
        outcome
    }

    fn settle_mailbox(&self, id: MailboxId, now_secs: i64) -> Result<(), AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let Some(mailbox) = writes.mailbox_by_id(id)? else { return Ok(()) };
            for delegate in writes.delegates(id)? {
                self.settled(writes, &mailbox, delegate, now_secs)?;
            }
            if mailbox.grace_until_secs.is_some_and(|until| until <= now_secs) {
                self.enforce_seats(writes, mailbox, now_secs)?;
            }
            Ok(())
        })
    }

    /// The delegate as they are now; an invitation that has lapsed is written down, and the owner told.
    pub(super) fn settled(
        &self,
        writes: &dyn Writes,
        mailbox: &Mailbox,
        mut delegate: Delegate,
        now_secs: i64,
    ) -> Result<Delegate, AccountsError> {
        let state = delegate.state_at(now_secs);
        if state == delegate.state {
            return Ok(delegate);
        }
        delegate.state = state;
        delegate.invited_until_secs = None;
        delegate.changed_at_secs = now_secs;
        debug_assert_eq!(state, DelegateState::Rejected, "only invitations lapse");
        writes.update_delegate(&delegate)?;
        writes.delete_links(delegate.account(), LinkPurpose::Invitation)?;
        let notice = Notice::Answered { facts: self.facts(mailbox, &delegate), answer: Answer::Expired };
        self.tell_owner(writes, mailbox, notice, now_secs)?;
        Ok(delegate)
    }
}
