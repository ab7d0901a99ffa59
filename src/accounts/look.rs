//! Listings (G7, O1, P10): what there is, without secrets, for those who may look at it.

use super::actor::{Authority, mailbox_for};
use super::seats::Seats;
use super::{Accounts, AccountsError, Actor, Rule};
use crate::domain::life::{Action, Role};
use crate::domain::{Delegate, DelegateState, Login, MailDomain, Mailbox, MailboxAddress, Permissions, Username};
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
    /// The mailboxes that somebody administers, by address, each with the number of its active and its waiting delegates
    /// (M1): the operator all, a postmaster those of their domain, an owner and a delegate with **settings** their own.
    pub fn mailboxes(&self, actor: Actor, now_secs: i64) -> Result<Vec<MailboxView>, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let among = match actor {
                Actor::Operator | Actor::Postmaster(_) => reads.mailboxes()?,
                Actor::Account(account) => reads.mailbox_by_id(account.mailbox())?.into_iter().collect(),
            };
            let mut theirs = Vec::new();
            for mailbox in among {
                let authority = self.authority(reads, actor, &mailbox, None, now_secs)?;
                if authority.may(Action::Look) {
                    theirs.push(view_mailbox(reads, as_seen(&authority, mailbox), now_secs)?);
                }
            }
            Ok(theirs)
        })
    }

    /// The mailboxes of a domain, or of all, by address from after this one on, at most so many, for the operator; and
    /// whether there are more.
    pub fn mailboxes_after(
        &self,
        domain: Option<&MailDomain>,
        after: Option<&MailboxAddress>,
        most: usize,
        now_secs: i64,
    ) -> Result<(Vec<MailboxView>, bool), AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let mut found = reads.mailboxes_after(domain, after, most.saturating_add(1))?;
            let more = found.len() > most;
            found.truncate(most);
            let views = found.into_iter().map(|mailbox| view_mailbox(reads, mailbox, now_secs));
            Ok((views.collect::<Result<_, _>>()?, more))
        })
    }

    /// One mailbox, for somebody who administers it.
    pub fn show_mailbox(
        &self,
        actor: Actor,
        address: &MailboxAddress,
        now_secs: i64,
    ) -> Result<MailboxView, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let mailbox = mailbox_for(reads, actor, Action::Look, address)?;
            let authority = self.authority(reads, actor, &mailbox, None, now_secs)?;
            if !authority.may(Action::Look) {
                return Err(no_right(address));
            }
            view_mailbox(reads, as_seen(&authority, mailbox), now_secs)
        })
    }

    /// The delegates of a mailbox whom somebody may look at, by username: whoever administers it all of them, a delegate
    /// themself alone (P10).
    pub fn delegates(
        &self,
        actor: Actor,
        address: &MailboxAddress,
        now_secs: i64,
    ) -> Result<Vec<DelegateView>, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let mailbox = mailbox_for(reads, actor, Action::Look, address)?;
            let mut seen = Vec::new();
            for found in reads.delegates(mailbox.id)? {
                if self.authority(reads, actor, &mailbox, Some(found.id), now_secs)?.may(Action::Look) {
                    seen.push(self.view_delegate(found, address, now_secs));
                }
            }
            // Who sees nobody here is told whether that is because there is nobody, if it is for them to know.
            if seen.is_empty() && !self.authority(reads, actor, &mailbox, None, now_secs)?.may(Action::Look) {
                return Err(no_right(address));
            }
            Ok(seen)
        })
    }

    /// One delegate, for somebody who administers their mailbox, or for themself (P10).
    pub fn show_delegate(
        &self,
        actor: Actor,
        name: &DelegateName,
        now_secs: i64,
    ) -> Result<DelegateView, AccountsError> {
        let (_, found, _) =
            store::read(self.store.as_ref(), |reads| self.addressed(reads, actor, name, Action::Look, now_secs))?;
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

/// A mailbox as somebody sees it who administers it: its owner's codice fiscale, with which one asks for a delegate's
/// password (D7), and their phone number are not for other delegates.
fn as_seen(authority: &Authority, mut mailbox: Mailbox) -> Mailbox {
    if authority.role == Role::Manager {
        (mailbox.owner.fiscal_code, mailbox.owner.phone) = (None, None);
    }
    mailbox
}

pub(super) fn view_mailbox<R: Reads + ?Sized>(
    reads: &R,
    mailbox: Mailbox,
    now_secs: i64,
) -> Result<MailboxView, AccountsError> {
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

pub(super) fn no_right(address: &MailboxAddress) -> AccountsError {
    Rule::NoRight { action: Action::Look, mailbox: address.clone() }.into()
}

/// The mailbox of that address, or the rule that says that there is none.
pub(super) fn mailbox<R: Reads + ?Sized>(reads: &R, address: &MailboxAddress) -> Result<Mailbox, AccountsError> {
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
