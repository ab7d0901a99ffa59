//! A new password for a delegate (D7): the owner takes the old one away, or the delegate has forgotten it.

use secrecy::SecretString;

use super::link::{Held, Token, holder};
use super::look::DelegateName;
use super::{Accounts, AccountsError, Actor, DelegateView, passwords};
use crate::domain::life::{self, Action, Role};
use crate::domain::{FiscalCode, LinkPurpose, Login, Notice};
use crate::store;

/// How long after a link for a new password none is sent again, whoever asks.
const BETWEEN_LINKS_SECS: i64 = 15 * 60;

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
    pub fn forgot_password(&self, login: &str, fiscal_code: &str, now_secs: i64) -> Result<(), AccountsError> {
        let (Ok(Login::Delegate(username, address)), Ok(code)) =
            (login.trim().parse::<Login>(), fiscal_code.parse::<FiscalCode>())
        else {
            return Ok(());
        };
        store::change(self.store.as_ref(), |writes| {
            let Some(mailbox) = writes.mailbox(&address)?.filter(|mailbox| mailbox.multi_user) else { return Ok(()) };
            let Some(delegate) = writes.delegate(mailbox.id, &username)? else { return Ok(()) };
            let asks = life::judge(Role::Themself, Action::AskForReset, Some(delegate.state_at(now_secs)));
            if mailbox.owner.fiscal_code.as_ref() != Some(&code) || asks.is_err() {
                return Ok(());
            }
            if let Some(link) = writes.link_of(delegate.id, LinkPurpose::PasswordReset)? {
                let sent_at = link.until_secs.saturating_sub(LinkPurpose::PasswordReset.valid_secs());
                if now_secs < sent_at.saturating_add(BETWEEN_LINKS_SECS) {
                    return Ok(());
                }
            }
            let (token, until_secs) = Accounts::new_link(writes, &delegate, LinkPurpose::PasswordReset, now_secs)?;
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
            writes.delete_link(delegate.id, LinkPurpose::PasswordReset)?;
            let notice = Notice::PasswordChanged(self.facts(&mailbox, &delegate));
            self.tell_delegate(writes, &delegate, notice, None, now_secs)?;
            Ok::<_, AccountsError>(delegate)
        })?;
        Ok(self.view_delegate(set, &view.address, now_secs))
    }
}
