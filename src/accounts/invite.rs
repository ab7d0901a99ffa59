//! Inviting somebody (D1), inviting again from *rejected* (D4), and withdrawing an invitation.
//!
//! The delegate, the hash of the link's token and the mail are one transaction: after a crash there is all of it or
//! nothing.

use super::actor::{Authority, mailbox_for};
use super::look::DelegateName;
use super::seats::Seats;
use super::{Accounts, AccountsError, Actor, DelegateView, Rule, change_permissions, text};
use crate::domain::life::{self, Action, After};
use crate::domain::{
    Delegate, DelegateId, DelegateState, Facts, Grant, Language, LinkPurpose, Mailbox, Notice, Permissions, Person,
    Protocols, Username,
};
use crate::store::{self, NewDelegate, PasswordHash, Reads, StoreError, Writes};

/// Somebody to invite, as typed.
#[derive(Clone, Debug)]
pub struct Invitee {
    /// The mailbox, and their name within it.
    pub name: DelegateName,
    /// Who they are.
    pub person: Person,
    /// The language of the mail.
    pub language: Option<Language>,
    /// The owner's own words, of several lines perhaps.
    pub message: Option<String>,
    /// What they will be granted.
    pub permissions: Permissions,
    /// The retrieval protocols of their mail program.
    pub protocols: Protocols,
}

/// A delegate to enter, with a password or without.
pub(super) struct Entering {
    pub(super) username: Username,
    pub(super) person: Person,
    pub(super) language: Option<Language>,
    pub(super) grant: Grant,
    pub(super) password: Option<PasswordHash>,
}

impl Accounts {
    /// Invites somebody; the mail goes out by itself.
    pub fn invite(&self, actor: Actor, invitee: Invitee, now_secs: i64) -> Result<DelegateView, AccountsError> {
        let message = invitee.message.as_deref().map(|words| text::lines("message", words)).transpose()?.flatten();
        let Invitee { name, person, language, permissions, protocols, .. } = invitee;
        let entering = Entering {
            username: name.username.clone(),
            person: judged(person)?,
            language,
            grant: Grant { permissions, protocols },
            password: None,
        };
        let invited = store::change(self.store.as_ref(), |writes| {
            let (mailbox, delegate) = self.enter(writes, actor, &name, Action::Invite, entering, now_secs)?;
            self.needs_mail()?;
            self.send_invitation(writes, &mailbox, &delegate, message, now_secs)?;
            Ok::<_, AccountsError>(delegate)
        })?;
        Ok(self.view_delegate(invited, &name.address, now_secs))
    }

    /// Invites somebody again who did not come; what they may do stays as it was.
    pub fn reinvite(
        &self,
        actor: Actor,
        name: &DelegateName,
        message: Option<&str>,
        now_secs: i64,
    ) -> Result<DelegateView, AccountsError> {
        let message = message.map(|words| text::lines("message", words)).transpose()?.flatten();
        let invited = store::change(self.store.as_ref(), |writes| {
            let mut act = self.act(writes, actor, name, Action::Reinvite, now_secs)?;
            multi_user(&act.mailbox)?;
            self.needs_mail()?;
            act.authority.may_give(None, act.delegate.granted())?;
            self.free_seat(writes, &act.mailbox, now_secs)?;
            act.delegate.seated_at_secs = now_secs;
            act.delegate.invited_until_secs = Some(now_secs.saturating_add(LinkPurpose::Invitation.valid_secs()));
            writes.update_delegate(&act.delegate)?;
            self.send_invitation(writes, &act.mailbox, &act.delegate, message, now_secs)?;
            Ok::<_, AccountsError>(act.delegate)
        })?;
        Ok(self.view_delegate(invited, &name.address, now_secs))
    }

    /// Withdraws an invitation that was not answered (D4: *reject the request*).
    pub fn reject(&self, actor: Actor, name: &DelegateName, now_secs: i64) -> Result<DelegateView, AccountsError> {
        let rejected = store::change(self.store.as_ref(), |writes| {
            let mut act = self.act(writes, actor, name, Action::Reject, now_secs)?;
            act.delegate.invited_until_secs = None;
            writes.update_delegate(&act.delegate)?;
            writes.delete_links(act.delegate.account(), LinkPurpose::Invitation)?;
            let notice = Notice::InvitationWithdrawn(self.facts(&act.mailbox, &act.delegate));
            self.tell_delegate(writes, &act.delegate, notice, None, now_secs)?;
            Ok::<_, AccountsError>(act.delegate)
        })?;
        Ok(self.view_delegate(rejected, &name.address, now_secs))
    }

    /// The mail by which somebody would be invited now, and its language; or the rule that says no, as
    /// [`Accounts::invite`] would. Nothing is changed.
    pub fn draft_invitation(
        &self,
        actor: Actor,
        invitee: &Invitee,
        now_secs: i64,
    ) -> Result<(Notice, Language), AccountsError> {
        let message = invitee.message.as_deref().map(|words| text::lines("message", words)).transpose()?.flatten();
        let Invitee { name, language, permissions, protocols, .. } = invitee;
        let Person { first_name, last_name, .. } = judged(invitee.person.clone())?;
        let grant = Grant { permissions: *permissions, protocols: change_permissions::chosen(*protocols)? };
        store::read(self.store.as_ref(), |reads| {
            let (mailbox, _) = self.may_enter(reads, actor, name, Action::Invite, grant, now_secs)?;
            let there = reads.delegate(mailbox.id, &name.username)?.map(|there| there.state_at(now_secs));
            if let Some(state) = there.filter(|state| *state != DelegateState::Rejected) {
                return Err(Rule::DelegateExists { login: name.login(), state }.into());
            }
            Seats::of(reads, &mailbox, now_secs)?.free(&mailbox)?;
            self.needs_mail()?;
            let facts = Facts {
                login: name.login(),
                first_name,
                last_name,
                owner_name: mailbox.owner.name,
                grant: Grant { permissions: grant.permissions.under(self.profile), ..grant },
            };
            let until_secs = now_secs.saturating_add(LinkPurpose::Invitation.valid_secs());
            Ok((Notice::Invitation { facts, message, until_secs }, language.unwrap_or_default()))
        })
    }

    /// The same for somebody who would be invited again.
    pub fn draft_reinvitation(
        &self,
        actor: Actor,
        name: &DelegateName,
        message: &str,
        now_secs: i64,
    ) -> Result<(Notice, Language), AccountsError> {
        let message = text::lines("message", message)?;
        store::read(self.store.as_ref(), |reads| {
            let (mailbox, delegate, authority) = self.addressed(reads, actor, name, Action::Reinvite, now_secs)?;
            multi_user(&mailbox)?;
            self.needs_mail()?;
            authority.may_give(None, delegate.granted())?;
            let until_secs = now_secs.saturating_add(LinkPurpose::Invitation.valid_secs());
            let notice = Notice::Invitation { facts: self.facts(&mailbox, &delegate), message, until_secs };
            Ok((notice, delegate.language.unwrap_or_default()))
        })
    }

    /// The mailbox that somebody may be entered in, and the state that they would be in; the name and a seat apart.
    fn may_enter<R: Reads + ?Sized>(
        &self,
        reads: &R,
        actor: Actor,
        name: &DelegateName,
        action: Action,
        grant: Grant,
        now_secs: i64,
    ) -> Result<(Mailbox, DelegateState), AccountsError> {
        let mailbox = mailbox_for(reads, actor, action, &name.address)?;
        let authority: Authority = self.authority(reads, actor, &mailbox, None, now_secs)?;
        let Ok(After::In(state)) = life::judge(authority.role, action, None) else {
            return Err(Rule::NoRight { action, mailbox: mailbox.address }.into());
        };
        multi_user(&mailbox)?;
        authority.may_give(None, grant)?;
        Ok((mailbox, state))
    }

    /// A new row for a delegate, if `actor` may and there is room. One of that name who was rejected gives it up.
    pub(super) fn enter(
        &self,
        writes: &dyn Writes,
        actor: Actor,
        name: &DelegateName,
        action: Action,
        entering: Entering,
        now_secs: i64,
    ) -> Result<(Mailbox, Delegate), AccountsError> {
        let (mailbox, state) = self.may_enter(writes, actor, name, action, entering.grant, now_secs)?;
        if let Some(there) = writes.delegate(mailbox.id, &entering.username)? {
            let there = self.settled(writes, &mailbox, there, now_secs)?;
            if there.state != DelegateState::Rejected {
                return Err(Rule::DelegateExists { login: name.login(), state: there.state }.into());
            }
            writes.delete_delegate(there.id)?;
        }
        self.free_seat(writes, &mailbox, now_secs)?;
        let until = now_secs.saturating_add(LinkPurpose::Invitation.valid_secs());
        let new = NewDelegate {
            mailbox: mailbox.id,
            username: entering.username,
            person: entering.person,
            language: entering.language,
            state,
            invited_until_secs: (state == DelegateState::Pending).then_some(until),
            permissions: entering.grant.permissions,
            protocols: change_permissions::chosen(entering.grant.protocols)?,
            password_hash: entering.password,
            created_at_secs: now_secs,
        };
        let id: DelegateId = writes.insert_delegate(&new).map_err(|error| match error {
            StoreError::Exists => Rule::DelegateExists { login: name.login(), state }.into(),
            other => AccountsError::from(other),
        })?;
        let delegate = writes.delegate_by_id(id)?.ok_or_else(|| Rule::UnknownDelegate(name.login()))?;
        Ok((mailbox, delegate))
    }

    fn send_invitation(
        &self,
        writes: &dyn Writes,
        mailbox: &Mailbox,
        delegate: &Delegate,
        message: Option<String>,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        let (token, until_secs) = Accounts::new_link(writes, delegate.account(), LinkPurpose::Invitation, now_secs)?;
        let notice = Notice::Invitation { facts: self.facts(mailbox, delegate), message, until_secs };
        self.tell_delegate(writes, delegate, notice, Some(&token), now_secs)
    }
}

/// A person's data, each text judged.
pub(super) fn judged(person: Person) -> Result<Person, Rule> {
    Ok(Person {
        first_name: text::line("first name", &person.first_name)?,
        last_name: text::line("last name", &person.last_name)?,
        email: text::email("e-mail", &person.email)?,
        phone: person.phone,
    })
}

/// What is wrong with what was typed of a person, their words included: all of it, for a form that shows it at once.
pub fn invitee_faults(person: &Person, message: &str) -> Vec<Rule> {
    let faults = [
        text::line("first name", &person.first_name).err(),
        text::line("last name", &person.last_name).err(),
        text::email("e-mail", &person.email).err(),
        text::lines("message", message).err(),
    ];
    faults.into_iter().flatten().collect()
}

/// Whether several people may work in the mailbox (M2).
pub(super) fn multi_user(mailbox: &Mailbox) -> Result<(), Rule> {
    if mailbox.multi_user { Ok(()) } else { Err(Rule::NotMultiUser(mailbox.address.clone())) }
}
