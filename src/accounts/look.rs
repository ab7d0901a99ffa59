//! Listings (G7, O1): what there is, without secrets.

use super::seats::Seats;
use super::{Accounts, AccountsError, Rule};
use crate::domain::{Delegate, DelegateState, Login, Mailbox, MailboxAddress, Permissions, Username};
use crate::store::{self, Reads};

/// A mailbox and what concerns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxView {
    /// The mailbox.
    pub mailbox: Mailbox,
    /// Whether a password of its own is stored.
    pub has_password: bool,
    /// How many of its delegates are active (M1).
    pub delegates_active: usize,
    /// How many were invited and have not answered (M1).
    pub delegates_waiting: usize,
    /// How many of its delegates are suspended.
    pub delegates_suspended: usize,
    /// Its seats (D9).
    pub seats: Seats,
}

/// A delegate and what concerns them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegateView {
    /// The delegate, in the state that they are in at that moment.
    pub delegate: Delegate,
    /// The mailbox they work in.
    pub address: MailboxAddress,
    /// What of their permissions holds under the operator's profile (P6, X17).
    pub effective: Permissions,
}

/// A delegate of a mailbox, as people name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegateName {
    /// The mailbox.
    pub address: MailboxAddress,
    /// Their name within it.
    pub username: Username,
}

impl Accounts {
    /// All mailboxes, by address.
    pub fn mailboxes(&self, now_secs: i64) -> Result<Vec<MailboxView>, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            reads.mailboxes()?.into_iter().map(|mailbox| view_mailbox(reads, mailbox, now_secs)).collect()
        })
    }

    /// One mailbox.
    pub fn show_mailbox(&self, address: &MailboxAddress, now_secs: i64) -> Result<MailboxView, AccountsError> {
        store::read(self.store.as_ref(), |reads| view_mailbox(reads, mailbox(reads, address)?, now_secs))
    }

    /// The delegates of a mailbox, by username.
    pub fn delegates(&self, address: &MailboxAddress, now_secs: i64) -> Result<Vec<DelegateView>, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let mailbox = mailbox(reads, address)?;
            let found = reads.delegates(mailbox.id)?.into_iter();
            Ok(found.map(|found| self.view_delegate(found, address, now_secs)).collect())
        })
    }

    /// One delegate.
    pub fn show_delegate(&self, name: &DelegateName, now_secs: i64) -> Result<DelegateView, AccountsError> {
        let found = store::read(self.store.as_ref(), |reads| delegate(reads, name))?;
        Ok(self.view_delegate(found, &name.address, now_secs))
    }

    pub(super) fn view_delegate(
        &self,
        mut delegate: Delegate,
        address: &MailboxAddress,
        now_secs: i64,
    ) -> DelegateView {
        delegate.state = delegate.state_at(now_secs);
        let effective = delegate.permissions.under(self.profile);
        DelegateView { delegate, address: address.clone(), effective }
    }
}

pub(super) fn view_mailbox(reads: &dyn Reads, mailbox: Mailbox, now_secs: i64) -> Result<MailboxView, AccountsError> {
    let delegates = reads.delegates(mailbox.id)?;
    let count = |state| delegates.iter().filter(|delegate| delegate.state_at(now_secs) == state).count();
    Ok(MailboxView {
        has_password: reads.sealed_password(mailbox.id)?.is_some(),
        delegates_active: count(DelegateState::Active),
        delegates_waiting: count(DelegateState::Pending),
        delegates_suspended: count(DelegateState::Suspended),
        seats: Seats::of(reads, &mailbox, now_secs)?,
        mailbox,
    })
}

pub(super) fn mailbox(reads: &dyn Reads, address: &MailboxAddress) -> Result<Mailbox, AccountsError> {
    Ok(reads.mailbox(address)?.ok_or_else(|| Rule::UnknownMailbox(address.clone()))?)
}

/// The delegate of that name, or the rule that says what is missing.
pub(super) fn delegate<R: Reads + ?Sized>(reads: &R, name: &DelegateName) -> Result<Delegate, AccountsError> {
    let mailbox = reads.mailbox(&name.address)?.ok_or_else(|| Rule::UnknownMailbox(name.address.clone()))?;
    let found = reads.delegate(mailbox.id, &name.username)?;
    Ok(found.ok_or_else(|| Rule::UnknownDelegate(name.login()))?)
}

impl DelegateName {
    /// The name to log in with (L1).
    pub fn login(&self) -> Login {
        Login::Delegate(self.username.clone(), self.address.clone())
    }
}

impl DelegateView {
    /// The name to log in with (L1).
    pub fn login(&self) -> Login {
        Login::Delegate(self.delegate.username.clone(), self.address.clone())
    }
}
