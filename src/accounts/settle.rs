//! What time does by itself (D3, D10): invitations lapse, grace periods end. What has come to be is so whoever looks, and
//! is written down, with the mails about it, by the next change or by the server, which settles every few seconds.

use super::{Accounts, AccountsError};
use crate::domain::{Answer, Delegate, DelegateState, LinkPurpose, Mailbox, Notice};
use crate::store::{self, Writes};

impl Accounts {
    /// Writes down what time has brought, and tells those whom it concerns. Once, however often it is called.
    pub fn settle(&self, now_secs: i64) -> Result<(), AccountsError> {
        // Nearly always there is nothing, and nobody's change is held up.
        let anything = store::read(self.store.as_ref(), |reads| {
            let lapsed = !reads.lapsed_invitations(now_secs)?.is_empty();
            Ok::<_, AccountsError>(lapsed || !reads.mailboxes_past_grace(now_secs)?.is_empty())
        })?;
        if !anything {
            return Ok(());
        }
        store::change(self.store.as_ref(), |writes| {
            for delegate in writes.lapsed_invitations(now_secs)? {
                if let Some(mailbox) = writes.mailbox_by_id(delegate.mailbox)? {
                    self.settled(writes, &mailbox, delegate, now_secs)?;
                }
            }
            for mailbox in writes.mailboxes_past_grace(now_secs)? {
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
        writes.delete_link(delegate.id, LinkPurpose::Invitation)?;
        let notice = Notice::Answered { facts: self.facts(mailbox, &delegate), answer: Answer::Expired };
        self.tell_owner(writes, mailbox, notice, now_secs)?;
        Ok(delegate)
    }
}
