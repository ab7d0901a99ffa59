//! A new password for a delegate (D7): the owner takes the old one away, or the delegate has forgotten it. And the link by
//! which it is set, a delegate's or a postmaster's.

use secrecy::SecretString;

use super::account::{Account, postmaster_facts};
use super::link::{Held, Token, asked_again, holder, link};
use super::look::DelegateName;
use super::{Accounts, AccountsError, Actor, DelegateView, Rule, passwords};
use crate::domain::life::{self, Action, Role};
use crate::domain::{AccountId, Delegate, FiscalCode, Language, LinkPurpose, Login, Mailbox, Notice, Postmaster};
use crate::store::{self, PasswordHash, Reads, Writes};

/// Whose new password a link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordHolder {
    /// A delegate's.
    Delegate(Box<DelegateView>),
    /// A postmaster's.
    Postmaster(Postmaster),
}

/// Somebody who is to be sent a link that was asked for in their name.
struct Asked {
    mailbox: Mailbox,
    delegate: Delegate,
    /// When links were asked for in their name, this one included.
    requests: Vec<i64>,
}

impl Accounts {
    /// Takes a delegate's password away and mails them a link for a new one. Until they have set it they can do nothing;
    /// their open sessions end within a second.
    pub fn reset_password(
        &self,
        actor: Actor,
        name: &DelegateName,
        now_secs: i64,
    ) -> Result<DelegateView, AccountsError> {
        let reset = store::change(self.store.as_ref(), |writes| {
            let mut act = self.act(writes, actor, name, Action::ResetPassword, now_secs)?;
            self.needs_mail()?;
            act.delegate.reset_at_secs = Some(now_secs);
            writes.update_delegate(&act.delegate)?;
            act.delegate = passwords::set(writes, act.delegate, None)?;
            self.mail_password_taken(writes, &act.mailbox, &act.delegate, now_secs)?;
            Ok::<_, AccountsError>(act.delegate)
        })?;
        Ok(self.view_delegate(reset, &name.address, now_secs))
    }

    /// Mails a delegate whose password was taken away a link for a new one, in place of those that they have.
    pub(super) fn mail_password_taken(
        &self,
        writes: &dyn Writes,
        mailbox: &Mailbox,
        delegate: &Delegate,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        let (token, until_secs) = Accounts::new_link(writes, delegate.account(), LinkPurpose::PasswordReset, now_secs)?;
        let notice = Notice::PasswordTaken { facts: self.facts(mailbox, delegate), until_secs };
        self.tell_delegate(writes, delegate, notice, Some(&token), now_secs)
    }

    /// Somebody says that they have forgotten the password of `login`, and gives the codice fiscale of the mailbox's
    /// owner. If both are right, the delegate is mailed a link; their password stays as it is until they use it. Nothing
    /// that comes back tells whether it was so, and how long it takes does: whoever asks must not wait for it.
    ///
    /// The codice fiscale is no secret, so this may be somebody else, and as often as they like. Therefore no link that is
    /// asked for takes the place of another; and where none is sent because there were too many, one of those works still,
    /// unless a password was set since.
    pub fn forgot_password(&self, login: &str, fiscal_code: &str, now_secs: i64) -> Result<(), AccountsError> {
        let (Ok(Login::Delegate(username, address)), Ok(code)) =
            (login.trim().parse::<Login>(), fiscal_code.parse::<FiscalCode>())
        else {
            return Ok(());
        };
        let name = DelegateName { address, username };
        // Strangers hold up nobody's change.
        if store::read(self.store.as_ref(), |reads| asked(reads, &name, &code, now_secs))?.is_none() {
            return Ok(());
        }
        store::change(self.store.as_ref(), |writes| {
            let Some(Asked { mailbox, delegate, requests }) = asked(writes, &name, &code, now_secs)? else {
                return Ok(());
            };
            writes.set_link_requests(delegate.account(), LinkPurpose::PasswordReset, &requests)?;
            let (token, until_secs) =
                Accounts::further_link(writes, delegate.account(), LinkPurpose::PasswordReset, now_secs)?;
            let notice = Notice::PasswordForgotten { facts: self.facts(&mailbox, &delegate), until_secs };
            self.tell_delegate(writes, &delegate, notice, Some(&token), now_secs)
        })
    }

    /// Whose new password a link is for, or [`Rule::LinkGone`].
    pub fn password_link(&self, token: &Token, now_secs: i64) -> Result<PasswordHolder, AccountsError> {
        let whose = store::read(self.store.as_ref(), |reads| by_link(reads, token, now_secs))?;
        self.password_holder(whose, now_secs)
    }

    /// Sets a new password by a link, which then works no more. Costs as much as a login where the link works and the
    /// password is acceptable.
    pub fn set_password(
        &self,
        token: &Token,
        password: &SecretString,
        now_secs: i64,
    ) -> Result<PasswordHolder, AccountsError> {
        let whose = store::read(self.store.as_ref(), |reads| by_link(reads, token, now_secs))?;
        let hash = self.passwords.choose(password, &whose.known())?;
        let set = store::change(self.store.as_ref(), |writes| {
            let mut whose = by_link(writes, token, now_secs)?;
            if let Account::Delegate(_, delegate) = &mut whose {
                delegate.reset_at_secs = None;
            }
            whose.write(writes, now_secs)?;
            self.replace_password(writes, whose.id(), &hash, now_secs)
        })?;
        self.password_holder(set, now_secs)
    }

    fn password_holder(&self, whose: Account, now_secs: i64) -> Result<PasswordHolder, AccountsError> {
        match whose {
            Account::Owner(_) => Err(Rule::LinkGone.into()),
            Account::Delegate(mailbox, delegate) => {
                Ok(PasswordHolder::Delegate(Box::new(self.view_delegate(delegate, &mailbox.address, now_secs))))
            }
            Account::Postmaster(postmaster) => Ok(PasswordHolder::Postmaster(postmaster)),
        }
    }

    /// Stores what somebody's password is checked against from now on, tells them, and gives them back as they are then.
    /// Links for a new one work no more.
    pub(super) fn replace_password(
        &self,
        writes: &dyn Writes,
        account: AccountId,
        hash: &PasswordHash,
        now_secs: i64,
    ) -> Result<Account, AccountsError> {
        writes.set_password_hash(account, Some(hash))?;
        writes.delete_links(account, LinkPurpose::PasswordReset)?;
        let whose = Account::of(writes, account)?;
        let notice = match &whose {
            // Theirs is the mailbox's own.
            Account::Owner(_) => return Err(Rule::OwnersPassword.into()),
            Account::Delegate(mailbox, delegate) => Notice::PasswordChanged(self.facts(mailbox, delegate)),
            Account::Postmaster(postmaster) => Notice::PostmasterPasswordChanged(postmaster_facts(postmaster)),
        };
        self.tell(writes, whose.email(), whose.language(), notice, None, now_secs)?;
        Ok(whose)
    }
}

impl PasswordHolder {
    /// What they log in with.
    pub fn login(&self) -> String {
        match self {
            PasswordHolder::Delegate(view) => view.login().to_string(),
            PasswordHolder::Postmaster(postmaster) => postmaster.email.clone(),
        }
    }

    /// The language that they want to be written to in, if they have said so.
    pub fn language(&self) -> Option<Language> {
        match self {
            PasswordHolder::Delegate(view) => view.delegate.language,
            PasswordHolder::Postmaster(postmaster) => Some(postmaster.language),
        }
    }
}

/// Whose new password a link is for: a delegate in the state that it leads to.
fn by_link<R: Reads + ?Sized>(reads: &R, token: &Token, now_secs: i64) -> Result<Account, AccountsError> {
    match link(reads, token, LinkPurpose::PasswordReset, now_secs)?.account {
        AccountId::Owner(_) => Err(Rule::LinkGone.into()),
        AccountId::Delegate(_) => {
            let Held { mailbox, mut delegate, after, .. } = holder(reads, token, Action::SetPassword, now_secs)?;
            delegate.state = after;
            Ok(Account::Delegate(mailbox.into(), delegate))
        }
        AccountId::Postmaster(id) => Ok(Account::Postmaster(reads.postmaster(id)?.ok_or(Rule::LinkGone)?)),
    }
}

/// Who is to be sent a link now, if anybody.
fn asked<R: Reads + ?Sized>(
    reads: &R,
    name: &DelegateName,
    code: &FiscalCode,
    now_secs: i64,
) -> Result<Option<Asked>, AccountsError> {
    let Some(mailbox) = reads.mailbox(&name.address)?.filter(|mailbox| mailbox.multi_user) else { return Ok(None) };
    let Some(delegate) = reads.delegate(mailbox.id, &name.username)? else { return Ok(None) };
    let asks = life::judge(Role::Themself, Action::AskForReset, Some(delegate.state_at(now_secs)));
    if mailbox.owner.fiscal_code.as_ref() != Some(code) || asks.is_err() {
        return Ok(None);
    }
    let requests = asked_again(reads, delegate.account(), LinkPurpose::PasswordReset, now_secs)?;
    Ok(requests.map(|requests| Asked { mailbox, delegate, requests }))
}

#[cfg(test)]
#[path = "reset_password_tests.rs"]
mod tests;
