//! Another e-mail address of somebody's own choice (S1): a link goes to it, and it is theirs once somebody has confirmed
//! there that it is. Until then everything stays as it was; then the address before is told.
//!
//! A postmaster logs in with their address, so from then on with the new one; one that another postmaster of the domain
//! has is refused, when it is asked for and again when it is confirmed.
//!
//! Untrusted is the address: it may be a stranger's, who never asked to be written to. So few are written to in a day, and
//! what they are told has nothing of the asker's own but their name and login.

use super::account::Account;
use super::link::{asked_again, link};
use super::profile::written;
use super::{Accounts, AccountsError, ProfileView, Rule, Token};
use crate::domain::{AccountFacts, AccountId, Language, LinkPurpose, Notice};
use crate::store::{self, Link, Reads};

/// An address that waits to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailLink {
    /// Whose account it will be that of.
    pub facts: AccountFacts,
    /// The language that they are written to in.
    pub language: Language,
    /// The address.
    pub email: String,
    /// Until when it can be confirmed: seconds since 1970-01-01 UTC.
    pub until_secs: i64,
}

impl Accounts {
    /// Somebody wants another e-mail address: a link goes there, in place of one that waits to be confirmed. The address
    /// that they have already takes such a wish back.
    pub fn ask_email(&self, account: AccountId, email: &str, now_secs: i64) -> Result<ProfileView, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let whose = Account::at_work(writes, account)?;
            let email = written(&whose, email)?;
            if email == whose.email() {
                writes.delete_links(account, LinkPurpose::ConfirmEmail)?;
                return self.view_profile(writes, &whose, now_secs);
            }
            self.needs_mail()?;
            free(writes, &whose, &email)?;
            let requests = asked_again(writes, account, LinkPurpose::ConfirmEmail, now_secs)?;
            let requests = requests.ok_or(Rule::TooManyEmails)?;
            writes.set_link_requests(account, LinkPurpose::ConfirmEmail, &requests)?;
            let until_secs = now_secs.saturating_add(LinkPurpose::ConfirmEmail.valid_secs());
            let wish = Link { purpose: LinkPurpose::ConfirmEmail, account, email: Some(email.clone()), until_secs };
            let token = Accounts::only_link(writes, &wish)?;
            let of = self.account_facts(&whose);
            let notice = Notice::EmailConfirm { of, email: email.clone(), until_secs };
            self.tell(writes, &email, whose.language(), notice, Some(&token), now_secs)?;
            self.view_profile(writes, &whose, now_secs)
        })
    }

    /// The address that a link confirms, or [`Rule::LinkGone`]. Looking changes nothing.
    pub fn email_link(&self, token: &Token, now_secs: i64) -> Result<EmailLink, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let (whose, email, until_secs) = wish(reads, token, now_secs)?;
            Ok(EmailLink { facts: self.account_facts(&whose), language: whose.language(), email, until_secs })
        })
    }

    /// Confirms an address by the link that was mailed there, which then works no more.
    pub fn confirm_email(&self, token: &Token, now_secs: i64) -> Result<ProfileView, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let (mut whose, email, _) = wish(writes, token, now_secs)?;
            self.move_email(writes, &mut whose, email, now_secs)?;
            self.view_profile(writes, &whose, now_secs)
        })
    }
}

/// Whose link this is, which address it confirms, and until when.
fn wish<R: Reads + ?Sized>(reads: &R, token: &Token, now_secs: i64) -> Result<(Account, String, i64), AccountsError> {
    let Link { account, email, until_secs, .. } = link(reads, token, LinkPurpose::ConfirmEmail, now_secs)?;
    let whose = Account::at_work(reads, account).map_err(|error| match error {
        // Who has no account now is told no more than any holder of a link that does not work.
        AccountsError::Refused(Rule::NoAccount) => Rule::LinkGone.into(),
        other => other,
    })?;
    Ok((whose, email.ok_or(Rule::LinkGone)?, until_secs))
}

/// Whether nobody else is known by this address where it has to be one person's.
fn free<R: Reads + ?Sized>(reads: &R, whose: &Account, email: &str) -> Result<(), AccountsError> {
    let Account::Postmaster(postmaster) = whose else { return Ok(()) };
    let taken = reads.postmasters()?.into_iter().any(|one| one.domain == postmaster.domain && one.email == email);
    if taken {
        return Err(Rule::PostmasterExists { domain: postmaster.domain.clone(), email: email.to_owned() }.into());
    }
    Ok(())
}

#[cfg(test)]
#[path = "change_email_tests.rs"]
mod tests;
