//! Somebody with an account, whoever they are (S1): what an owner, a delegate and a postmaster have in common.

use super::{Accounts, AccountsError, Rule, passwords};
use crate::domain::{
    AccountFacts, AccountId, Delegate, DelegateState, Language, LinkPurpose, Mailbox, Notice, PasswordVersion, Phone,
    Postmaster, PostmasterFacts,
};
use crate::store::{Reads, StoreError, Writes};

/// Somebody with an account, as the store has them.
pub(super) enum Somebody {
    Owner(Box<Mailbox>),
    Delegate(Box<Mailbox>, Box<Delegate>),
    Postmaster(Box<Postmaster>),
}

impl Somebody {
    /// Whose account it is, whether or not they may do anything.
    pub(super) fn find<R: Reads + ?Sized>(reads: &R, account: AccountId) -> Result<Somebody, AccountsError> {
        let found = match account {
            AccountId::Owner(id) => reads.mailbox_by_id(id)?.map(|mailbox| Somebody::Owner(Box::new(mailbox))),
            AccountId::Delegate(id) => match reads.delegate_by_id(id)? {
                None => None,
                Some(delegate) => reads
                    .mailbox_by_id(delegate.mailbox)?
                    .map(|mailbox| Somebody::Delegate(Box::new(mailbox), Box::new(delegate))),
            },
            AccountId::Postmaster(id) => reads.postmaster(id)?.map(|found| Somebody::Postmaster(Box::new(found))),
        };
        Ok(found.ok_or(Rule::NoAccount)?)
    }

    /// Likewise, if they may look after their account now: no delegate who could not log in may.
    pub(super) fn at_work<R: Reads + ?Sized>(reads: &R, account: AccountId) -> Result<Somebody, AccountsError> {
        let found = Somebody::find(reads, account)?;
        match &found {
            Somebody::Delegate(mailbox, delegate)
                if !mailbox.multi_user
                    || delegate.state != DelegateState::Active
                    || delegate.reset_at_secs.is_some() =>
            {
                Err(Rule::NoAccount.into())
            }
            Somebody::Owner(_) | Somebody::Delegate(..) | Somebody::Postmaster(_) => Ok(found),
        }
    }

    pub(super) fn account(&self) -> AccountId {
        match self {
            Somebody::Owner(mailbox) => mailbox.owner_account(),
            Somebody::Delegate(_, delegate) => delegate.account(),
            Somebody::Postmaster(postmaster) => postmaster.account(),
        }
    }

    pub(super) fn email(&self) -> &str {
        match self {
            Somebody::Owner(mailbox) => &mailbox.owner.email,
            Somebody::Delegate(_, delegate) => &delegate.person.email,
            Somebody::Postmaster(postmaster) => &postmaster.email,
        }
    }

    pub(super) fn phone(&self) -> Option<&Phone> {
        match self {
            Somebody::Owner(mailbox) => mailbox.owner.phone.as_ref(),
            Somebody::Delegate(_, delegate) => delegate.person.phone.as_ref(),
            Somebody::Postmaster(postmaster) => postmaster.phone.as_ref(),
        }
    }

    pub(super) fn language(&self) -> Language {
        match self {
            Somebody::Owner(mailbox) => mailbox.owner.language,
            Somebody::Delegate(_, delegate) => delegate.language.unwrap_or_default(),
            Somebody::Postmaster(postmaster) => postmaster.language,
        }
    }

    pub(super) fn password(&self) -> PasswordVersion {
        match self {
            Somebody::Owner(mailbox) => mailbox.owner_password,
            Somebody::Delegate(_, delegate) => delegate.password,
            Somebody::Postmaster(postmaster) => postmaster.password,
        }
    }

    pub(super) fn two_factor_since_secs(&self) -> Option<i64> {
        match self {
            Somebody::Owner(mailbox) => mailbox.owner_two_factor_since_secs,
            Somebody::Delegate(_, delegate) => delegate.two_factor_since_secs,
            Somebody::Postmaster(postmaster) => postmaster.two_factor_since_secs,
        }
    }

    /// What others know about them, and would try as a password.
    pub(super) fn known(&self) -> Vec<&str> {
        match self {
            Somebody::Owner(mailbox) => vec![mailbox.address.as_str(), &mailbox.owner.name, &mailbox.owner.email],
            Somebody::Delegate(mailbox, delegate) => passwords::known(delegate, &mailbox.address),
            Somebody::Postmaster(postmaster) => vec![postmaster.domain.as_str(), &postmaster.name, &postmaster.email],
        }
    }

    pub(super) fn set_phone(&mut self, phone: Option<Phone>) {
        match self {
            Somebody::Owner(mailbox) => mailbox.owner.phone = phone,
            Somebody::Delegate(_, delegate) => delegate.person.phone = phone,
            Somebody::Postmaster(postmaster) => postmaster.phone = phone,
        }
    }

    pub(super) fn set_language(&mut self, language: Language) {
        match self {
            Somebody::Owner(mailbox) => mailbox.owner.language = language,
            Somebody::Delegate(_, delegate) => delegate.language = Some(language),
            Somebody::Postmaster(postmaster) => postmaster.language = language,
        }
    }

    fn set_email(&mut self, email: String) {
        match self {
            Somebody::Owner(mailbox) => mailbox.owner.email = email,
            Somebody::Delegate(_, delegate) => delegate.person.email = email,
            Somebody::Postmaster(postmaster) => postmaster.email = email,
        }
    }

    /// Stores them as they are here.
    pub(super) fn write(&mut self, writes: &dyn Writes, now_secs: i64) -> Result<(), AccountsError> {
        match self {
            Somebody::Owner(mailbox) => {
                mailbox.changed_at_secs = now_secs;
                writes.update_mailbox(mailbox)?;
            }
            Somebody::Delegate(_, delegate) => {
                delegate.changed_at_secs = now_secs;
                writes.update_delegate(delegate)?;
            }
            Somebody::Postmaster(postmaster) => {
                writes.update_postmaster(postmaster).map_err(|error| match error {
                    StoreError::Exists => {
                        Rule::PostmasterExists { domain: postmaster.domain.clone(), email: postmaster.email.clone() }
                            .into()
                    }
                    other => AccountsError::from(other),
                })?;
            }
        }
        Ok(())
    }
}

impl Accounts {
    /// What is the case with them, for a notice or a page.
    pub(super) fn account_facts(&self, somebody: &Somebody) -> AccountFacts {
        match somebody {
            Somebody::Owner(mailbox) => {
                AccountFacts::Owner { mailbox: mailbox.address.clone(), name: mailbox.owner.name.clone() }
            }
            Somebody::Delegate(mailbox, delegate) => AccountFacts::Delegate(self.facts(mailbox, delegate)),
            Somebody::Postmaster(postmaster) => AccountFacts::Postmaster(postmaster_facts(postmaster)),
        }
    }

    /// Gives somebody another e-mail address, and tells the one before. A link that was mailed to an address before works
    /// no more: it may have become somebody else's.
    pub(super) fn move_email(
        &self,
        writes: &dyn Writes,
        somebody: &mut Somebody,
        email: String,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        let before = somebody.email().to_owned();
        somebody.set_email(email);
        somebody.write(writes, now_secs)?;
        self.email_moved(writes, somebody, &before, now_secs)
    }

    /// What comes of another e-mail address that is stored already.
    pub(super) fn email_moved(
        &self,
        writes: &dyn Writes,
        somebody: &Somebody,
        before: &str,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        for purpose in [LinkPurpose::ConfirmEmail, LinkPurpose::PasswordReset] {
            writes.delete_links(somebody.account(), purpose)?;
        }
        let notice = Notice::EmailChanged { of: self.account_facts(somebody), email: somebody.email().to_owned() };
        self.tell(writes, before, somebody.language(), notice, None, now_secs)
    }
}

/// What is the case with a postmaster, for a notice.
pub(super) fn postmaster_facts(postmaster: &Postmaster) -> PostmasterFacts {
    PostmasterFacts {
        domain: postmaster.domain.clone(),
        email: postmaster.email.clone(),
        name: postmaster.name.clone(),
    }
}
