//! Postmasters' passwords (M1, S1): the first one, a new one, and one that was forgotten, each set by a link that is mailed
//! (`reset_password` has the page's part), or by the operator for provisioning.

use secrecy::SecretString;

use super::account::postmaster_facts;
use super::link::asked_again;
use super::postmasters::find;
use super::{Accounts, AccountsError, Rule, Token};
use crate::domain::{INVITATION_SECS, LinkPurpose, MailDomain, Notice, Postmaster};
use crate::store::{self, Link, Reads, Writes};

impl Accounts {
    /// Mails a postmaster who has no password a link to set one, for as long as an invitation works, in place of those
    /// that they have.
    pub(super) fn invite_postmaster(
        &self,
        writes: &dyn Writes,
        postmaster: &Postmaster,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        let until_secs = now_secs.saturating_add(INVITATION_SECS);
        let link = Link { purpose: LinkPurpose::PasswordReset, account: postmaster.account(), email: None, until_secs };
        let token = Accounts::only_link(writes, &link)?;
        let notice = Notice::PostmasterInvited { facts: postmaster_facts(postmaster), until_secs };
        self.tell_postmaster(writes, postmaster, notice, Some(&token), now_secs)
    }

    /// Takes a postmaster's password away and mails them a link for a new one; until they have set it they cannot log in,
    /// and their sessions end within a second. Who has none yet is mailed another link for the first.
    pub fn reset_postmaster_password(
        &self,
        domain: &MailDomain,
        email: &str,
        now_secs: i64,
    ) -> Result<Postmaster, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let found = find(writes, domain, email)?;
            self.needs_mail()?;
            if !found.has_password {
                self.invite_postmaster(writes, &found, now_secs)?;
                return Ok(found);
            }
            writes.set_password_hash(found.account(), None)?;
            let (token, until_secs) =
                Accounts::new_link(writes, found.account(), LinkPurpose::PasswordReset, now_secs)?;
            let notice = Notice::PostmasterPasswordTaken { facts: postmaster_facts(&found), until_secs };
            self.tell_postmaster(writes, &found, notice, Some(&token), now_secs)?;
            find(writes, domain, email)
        })
    }

    /// Sets a postmaster's password, for provisioning. The operator alone can: it is somebody else's. They are told; links
    /// that were mailed to them work no more, and their sessions end.
    pub fn set_postmaster_password(
        &self,
        domain: &MailDomain,
        email: &str,
        password: &SecretString,
        now_secs: i64,
    ) -> Result<Postmaster, AccountsError> {
        let hash = self.passwords.hash(password)?;
        store::change(self.store.as_ref(), |writes| {
            let found = find(writes, domain, email)?;
            self.replace_password(writes, found.account(), &hash, now_secs)?;
            find(writes, domain, email)
        })
    }

    /// Somebody says that they have forgotten the password of the postmaster of that domain and address, or never had
    /// one. If there is such a one, they are mailed a link; their password stays as it is until they use it. As with a
    /// delegate's ([`Accounts::forgot_password`]), nothing that comes back tells whether it was so, nobody is written to
    /// without end, and no link takes the place of another.
    pub fn forgot_postmaster_password(&self, domain: &str, email: &str, now_secs: i64) -> Result<(), AccountsError> {
        let Ok(domain) = domain.trim().parse::<MailDomain>() else { return Ok(()) };
        // Strangers hold up nobody's change.
        if store::read(self.store.as_ref(), |reads| due(reads, &domain, email, now_secs))?.is_none() {
            return Ok(());
        }
        store::change(self.store.as_ref(), |writes| {
            let Some((found, requests)) = due(writes, &domain, email, now_secs)? else { return Ok(()) };
            writes.set_link_requests(found.account(), LinkPurpose::PasswordReset, &requests)?;
            let (token, until_secs) =
                Accounts::further_link(writes, found.account(), LinkPurpose::PasswordReset, now_secs)?;
            let notice = Notice::PostmasterPasswordForgotten { facts: postmaster_facts(&found), until_secs };
            self.tell_postmaster(writes, &found, notice, Some(&token), now_secs)
        })
    }

    fn tell_postmaster(
        &self,
        writes: &dyn Writes,
        postmaster: &Postmaster,
        notice: Notice,
        token: Option<&Token>,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        self.tell(writes, &postmaster.email, postmaster.language, notice, token, now_secs)
    }
}

/// Who is to be sent a link now, if anybody, and when links were asked for in their name, this one included.
fn due<R: Reads + ?Sized>(
    reads: &R,
    domain: &MailDomain,
    email: &str,
    now_secs: i64,
) -> Result<Option<(Postmaster, Vec<i64>)>, AccountsError> {
    let found = match find(reads, domain, email) {
        Ok(found) => found,
        Err(AccountsError::Refused(Rule::UnknownPostmaster { .. })) => return Ok(None),
        Err(error) => return Err(error),
    };
    let requests = asked_again(reads, found.account(), LinkPurpose::PasswordReset, now_secs)?;
    Ok(requests.map(|requests| (found, requests)))
}

#[cfg(test)]
#[path = "postmaster_password_tests.rs"]
mod tests;
