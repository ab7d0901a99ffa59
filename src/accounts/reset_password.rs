//! A new password for a delegate (D7): the owner takes the old one away, or the delegate has forgotten it.

use secrecy::SecretString;

use super::link::{Held, Token, holder};
use super::look::DelegateName;
use super::{Accounts, AccountsError, Actor, DelegateView, passwords};
use crate::domain::life::{self, Action, Role};
use crate::domain::{Delegate, FiscalCode, LinkPurpose, Login, Mailbox, Notice};
use crate::store::{self, Reads};

/// How long after a link for a new password was asked for none is sent again, whoever asks.
const BETWEEN_LINKS_SECS: i64 = 15 * 60;
/// How many are sent for one delegate within the time that each of them works.
const MOST_LINKS: usize = 5;

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
            let (token, until_secs) = Accounts::new_link(writes, &act.delegate, LinkPurpose::PasswordReset, now_secs)?;
            let notice = Notice::PasswordTaken { facts: self.facts(&act.mailbox, &act.delegate), until_secs };
            self.tell_delegate(writes, &act.delegate, notice, Some(&token), now_secs)?;
            Ok::<_, AccountsError>(act.delegate)
        })?;
        Ok(self.view_delegate(reset, &name.address, now_secs))
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
            writes.set_link_requests(delegate.account(), &requests)?;
            let (token, until_secs) = Accounts::further_link(writes, &delegate, LinkPurpose::PasswordReset, now_secs)?;
            let notice = Notice::PasswordForgotten { facts: self.facts(&mailbox, &delegate), until_secs };
            self.tell_delegate(writes, &delegate, notice, Some(&token), now_secs)
        })
    }

    /// Whose new password a link is for, or [`Rule::LinkGone`](super::Rule::LinkGone).
    pub fn password_link(&self, token: &Token, now_secs: i64) -> Result<DelegateView, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let Held { mailbox, delegate, .. } = holder(reads, token, Action::SetPassword, now_secs)?;
            Ok(self.view_delegate(delegate, &mailbox.address, now_secs))
        })
    }

    /// Sets a new password by a link, which then works no more. Costs as much as a login where the link works and the
    /// password is acceptable.
    pub fn set_password(
        &self,
        token: &Token,
        password: &SecretString,
        now_secs: i64,
    ) -> Result<DelegateView, AccountsError> {
        let view = self.password_link(token, now_secs)?;
        let hash = self.passwords.choose(password, &view)?;
        let set = store::change(self.store.as_ref(), |writes| {
            let Held { mailbox, mut delegate, after, .. } = holder(writes, token, Action::SetPassword, now_secs)?;
            delegate.state = after;
            delegate.reset_at_secs = None;
            delegate.changed_at_secs = now_secs;
            writes.update_delegate(&delegate)?;
            delegate = passwords::set(writes, delegate, Some(&hash))?;
            writes.delete_links(delegate.account(), LinkPurpose::PasswordReset)?;
            let notice = Notice::PasswordChanged(self.facts(&mailbox, &delegate));
            self.tell_delegate(writes, &delegate, notice, None, now_secs)?;
            Ok::<_, AccountsError>(delegate)
        })?;
        Ok(self.view_delegate(set, &view.address, now_secs))
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
    // What was asked for in the future, by a clock that was wrong, counts for nothing.
    let works_since = now_secs.saturating_sub(LinkPurpose::PasswordReset.valid_secs());
    let mut requests = reads.link_requests(delegate.account())?;
    requests.retain(|at| works_since < *at && *at <= now_secs);
    if requests.len() >= MOST_LINKS || requests.iter().any(|at| now_secs < at.saturating_add(BETWEEN_LINKS_SECS)) {
        return Ok(None);
    }
    requests.push(now_secs);
    Ok(Some(Asked { mailbox, delegate, requests }))
}

#[cfg(test)]
#[path = "reset_password_tests.rs"]
mod tests;
