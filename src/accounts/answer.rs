//! Answering an invitation by the link that was mailed (D2, D6): it works once, and looking at it changes nothing.

use secrecy::SecretString;

use super::link::{Held, Token, holder};
use super::{Accounts, AccountsError, DelegateView, passwords};
use crate::domain::life::Action;
use crate::domain::{Answer, Delegate, LinkPurpose, Mailbox, Notice};
use crate::store::{self, Writes};

/// An invitation that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationView {
    /// Who is invited, to what.
    pub delegate: DelegateView,
    /// Whose mailbox it is.
    pub owner_name: String,
    /// Until when it can be answered: seconds since 1970-01-01 UTC.
    pub until_secs: i64,
}

impl Accounts {
    /// The invitation behind a link, or [`Rule::LinkGone`](super::Rule::LinkGone): answered, withdrawn, lapsed, or there
    /// never was one.
    pub fn invitation(&self, token: &Token, now_secs: i64) -> Result<InvitationView, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let Held { mailbox, delegate, until_secs, .. } = holder(reads, token, Action::Accept, now_secs)?;
            Ok(InvitationView {
                delegate: self.view_delegate(delegate, &mailbox.address, now_secs),
                owner_name: mailbox.owner.name,
                until_secs,
            })
        })
    }

    /// Takes an invitation, with the password that the delegate has chosen. They may log in from now on. Costs as much as
    /// a login where the link works and the password is acceptable, and little otherwise.
    pub fn accept_invitation(
        &self,
        token: &Token,
        password: &SecretString,
        now_secs: i64,
    ) -> Result<DelegateView, AccountsError> {
        // Nobody has argon2 run by a link that does not work.
        let view = self.invitation(token, now_secs)?;
        let known = passwords::known(&view.delegate.delegate, &view.delegate.address);
        let hash = self.passwords.choose(password, &known)?;
        let accepted = store::change(self.store.as_ref(), |writes| {
            let held = holder(writes, token, Action::Accept, now_secs)?;
            let (mailbox, delegate) = self.answered(writes, held, Answer::Accepted, now_secs)?;
            let delegate = passwords::set(writes, delegate, Some(&hash))?;
            let two_factor = mailbox.must_enrol(&delegate);
            let notice = Notice::Activated { facts: self.facts(&mailbox, &delegate), two_factor };
            self.tell_delegate(writes, &delegate, notice, None, now_secs)?;
            Ok::<_, AccountsError>(delegate)
        })?;
        Ok(self.view_delegate(accepted, &view.delegate.address, now_secs))
    }

    /// Refuses an invitation.
    pub fn refuse_invitation(&self, token: &Token, now_secs: i64) -> Result<DelegateView, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let held = holder(writes, token, Action::Refuse, now_secs)?;
            let (mailbox, delegate) = self.answered(writes, held, Answer::Refused, now_secs)?;
            Ok(self.view_delegate(delegate, &mailbox.address, now_secs))
        })
    }

    fn answered(
        &self,
        writes: &dyn Writes,
        held: Held,
        answer: Answer,
        now_secs: i64,
    ) -> Result<(Mailbox, Delegate), AccountsError> {
        let Held { mailbox, mut delegate, after, .. } = held;
        delegate.state = after;
        delegate.invited_until_secs = None;
        delegate.changed_at_secs = now_secs;
        writes.update_delegate(&delegate)?;
        writes.delete_links(delegate.account(), LinkPurpose::Invitation)?;
        let notice = Notice::Answered { facts: self.facts(&mailbox, &delegate), answer };
        self.tell_owner(writes, &mailbox, notice, now_secs)?;
        Ok((mailbox, delegate))
    }
}
