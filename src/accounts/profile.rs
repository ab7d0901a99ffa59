//! What somebody's account says about them (S1): looked at and changed by the person whom it belongs to, and by the
//! operator. Another e-mail address of their own choice is confirmed first (`change_email`); the operator's is believed.

use super::account::Account;
use super::{Accounts, AccountsError, Rule, text};
use crate::domain::{AccountFacts, AccountId, DelegateState, Language, LinkPurpose, PasswordVersion, Phone};
use crate::store::{self, Reads, Writes};

/// An account, as the person whom it belongs to sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileView {
    /// Whose.
    pub account: AccountId,
    /// What they are called, and log in with.
    pub facts: AccountFacts,
    /// Where they are written to.
    pub email: String,
    /// The address that they want instead and have not confirmed, and until when they can: seconds since 1970-01-01 UTC.
    pub unconfirmed: Option<(String, i64)>,
    /// Their phone number.
    pub phone: Option<Phone>,
    /// The language that they are written to in.
    pub language: Language,
    /// Since when they have had a second factor, likewise (S2).
    pub two_factor_since_secs: Option<i64>,
    /// Which password they have now.
    pub password: PasswordVersion,
    /// Whether it is one of delega's. An owner's is the mailbox's own (L3).
    pub has_password: bool,
}

/// What the operator wants to be different. `None` leaves things as they are.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// Another e-mail address.
    pub email: Option<String>,
    /// Another phone number, or none.
    pub phone: Option<Option<Phone>>,
    /// Another language.
    pub language: Option<Language>,
}

impl Accounts {
    /// Somebody's account, for themself.
    pub fn profile(&self, account: AccountId, now_secs: i64) -> Result<ProfileView, AccountsError> {
        store::read(self.store.as_ref(), |reads| self.view_profile(reads, &Account::at_work(reads, account)?, now_secs))
    }

    /// Another phone number of somebody's own, or none.
    pub fn set_phone(
        &self,
        account: AccountId,
        phone: Option<Phone>,
        now_secs: i64,
    ) -> Result<ProfileView, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let mut whose = Account::at_work(writes, account)?;
            whose.set_phone(phone);
            whose.write(writes, now_secs)?;
            self.view_profile(writes, &whose, now_secs)
        })
    }

    /// The language that somebody wants to be written to in.
    pub fn set_language(
        &self,
        account: AccountId,
        language: Language,
        now_secs: i64,
    ) -> Result<ProfileView, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let mut whose = Account::at_work(writes, account)?;
            whose.set_language(language);
            whose.write(writes, now_secs)?;
            self.view_profile(writes, &whose, now_secs)
        })
    }

    /// Changes somebody's account for them, in whatever state it is; for the operator, so nothing is confirmed. The
    /// address before is told of another, and whoever has to set a password gets a new link for it there. An invitation that
    /// waits for an answer has gone to the address before, and has to be withdrawn first.
    pub fn set_profile(
        &self,
        account: AccountId,
        change: ProfileChange,
        now_secs: i64,
    ) -> Result<ProfileView, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let mut whose = Account::of(writes, account)?;
            if let Some(phone) = change.phone {
                whose.set_phone(phone);
            }
            if let Some(language) = change.language {
                whose.set_language(language);
            }
            let email = change.email.map(|email| written(&whose, &email)).transpose()?;
            match email.filter(|email| email != whose.email()) {
                None => whose.write(writes, now_secs)?,
                Some(email) => {
                    still_invited(self, &whose, now_secs)?;
                    self.move_email(writes, &mut whose, email, now_secs)?;
                    self.link_anew(writes, &whose, now_secs)?;
                }
            }
            self.view_profile(writes, &whose, now_secs)
        })
    }

    /// Mails a link for a password to whoever cannot log in without.
    fn link_anew(&self, writes: &dyn Writes, whose: &Account, now_secs: i64) -> Result<(), AccountsError> {
        match whose {
            _ if !self.mails => Ok(()),
            Account::Delegate(mailbox, delegate)
                if delegate.reset_at_secs.is_some() && delegate.state == DelegateState::Active =>
            {
                self.mail_password_taken(writes, mailbox, delegate, now_secs)
            }
            Account::Postmaster(postmaster) if !postmaster.has_password => {
                self.invite_postmaster(writes, postmaster, now_secs)
            }
            Account::Owner(_) | Account::Delegate(..) | Account::Postmaster(_) => Ok(()),
        }
    }

    pub(super) fn view_profile<R: Reads + ?Sized>(
        &self,
        reads: &R,
        whose: &Account,
        now_secs: i64,
    ) -> Result<ProfileView, AccountsError> {
        let account = whose.id();
        let asked = reads.links(account, LinkPurpose::ConfirmEmail)?;
        let unconfirmed = asked.into_iter().filter(|link| now_secs < link.until_secs);
        Ok(ProfileView {
            account,
            facts: self.account_facts(whose),
            email: whose.email().to_owned(),
            unconfirmed: unconfirmed.filter_map(|link| Some((link.email?, link.until_secs))).next(),
            phone: whose.phone().cloned(),
            language: whose.language(),
            two_factor_since_secs: whose.two_factor_since_secs(),
            password: whose.password(),
            has_password: reads.password_hash(account)?.is_some(),
        })
    }
}

/// An e-mail address as it is kept: a postmaster's in lower case, since they log in with it.
pub(super) fn written(whose: &Account, email: &str) -> Result<String, Rule> {
    let email = text::email("e-mail", email)?;
    Ok(match whose {
        Account::Owner(_) | Account::Delegate(..) => email,
        Account::Postmaster(_) => email.to_lowercase(),
    })
}

fn still_invited(accounts: &Accounts, whose: &Account, now_secs: i64) -> Result<(), Rule> {
    match whose {
        Account::Delegate(mailbox, delegate) if delegate.state_at(now_secs) == DelegateState::Pending => {
            Err(Rule::StillInvited(accounts.facts(mailbox, delegate).login))
        }
        Account::Owner(_) | Account::Delegate(..) | Account::Postmaster(_) => Ok(()),
    }
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
