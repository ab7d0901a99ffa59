//! Whoever has an account, of any kind (S1): what of the store's rows concerns them, what they are called, where they are
//! written to.

use super::{Accounts, AccountsError, Rule, passwords};
use crate::domain::{
    AccountFacts, AccountId, Delegate, DelegateState, Language, LinkPurpose, Login, Mailbox, Notice, PasswordVersion,
    Phone, Postmaster, PostmasterFacts,
};
use crate::store::{Reads, StoreError, Writes};

/// An account with its rows.
#[derive(Clone, Debug)]
pub(super) enum Account {
    /// The mailbox's owner.
    Owner(Mailbox),
    /// A delegate, and their mailbox.
    Delegate(Box<Mailbox>, Delegate),
    /// A postmaster.
    Postmaster(Postmaster),
}

impl Account {
    /// The account's rows, if there are any.
    pub(super) fn find<R: Reads + ?Sized>(reads: &R, account: AccountId) -> Result<Option<Account>, AccountsError> {
        Ok(match account {
            AccountId::Owner(id) => reads.mailbox_by_id(id)?.map(Account::Owner),
            AccountId::Delegate(id) => match reads.delegate_by_id(id)? {
                None => None,
                Some(delegate) => {
                    reads.mailbox_by_id(delegate.mailbox)?.map(|mailbox| Account::Delegate(mailbox.into(), delegate))
                }
            },
            AccountId::Postmaster(id) => reads.postmaster(id)?.map(Account::Postmaster),
        })
    }

    /// The same, or [`Rule::NoAccount`].
    pub(super) fn of<R: Reads + ?Sized>(reads: &R, account: AccountId) -> Result<Account, AccountsError> {
        Ok(Account::find(reads, account)?.ok_or(Rule::NoAccount)?)
    }

    /// Likewise, if they may look after their account now: no delegate who could not log in may.
    pub(super) fn at_work<R: Reads + ?Sized>(reads: &R, account: AccountId) -> Result<Account, AccountsError> {
        let found = Account::of(reads, account)?;
        match &found {
            Account::Delegate(mailbox, delegate)
                if !mailbox.multi_user
                    || delegate.state != DelegateState::Active
                    || delegate.reset_at_secs.is_some() =>
            {
                Err(Rule::NoAccount.into())
            }
            Account::Owner(_) | Account::Delegate(..) | Account::Postmaster(_) => Ok(found),
        }
    }

    /// What their rows belong to.
    pub(super) fn id(&self) -> AccountId {
        match self {
            Account::Owner(mailbox) => mailbox.owner_account(),
            Account::Delegate(_, delegate) => delegate.account(),
            Account::Postmaster(postmaster) => postmaster.account(),
        }
    }

    /// The name that they log in with, as people write it.
    pub(super) fn login(&self) -> String {
        match self {
            Account::Owner(mailbox) => mailbox.address.to_string(),
            Account::Delegate(mailbox, delegate) => {
                Login::Delegate(delegate.username.clone(), mailbox.address.clone()).to_string()
            }
            Account::Postmaster(postmaster) => format!("{} {}", postmaster.domain, postmaster.email),
        }
    }

    pub(super) fn email(&self) -> &str {
        match self {
            Account::Owner(mailbox) => &mailbox.owner.email,
            Account::Delegate(_, delegate) => &delegate.person.email,
            Account::Postmaster(postmaster) => &postmaster.email,
        }
    }

    pub(super) fn phone(&self) -> Option<&Phone> {
        match self {
            Account::Owner(mailbox) => mailbox.owner.phone.as_ref(),
            Account::Delegate(_, delegate) => delegate.person.phone.as_ref(),
            Account::Postmaster(postmaster) => postmaster.phone.as_ref(),
        }
    }

    pub(super) fn language(&self) -> Language {
        match self {
            Account::Owner(mailbox) => mailbox.owner.language,
            Account::Delegate(_, delegate) => delegate.language.unwrap_or_default(),
            Account::Postmaster(postmaster) => postmaster.language,
        }
    }

    pub(super) fn password(&self) -> PasswordVersion {
        match self {
            Account::Owner(mailbox) => mailbox.owner_password,
            Account::Delegate(_, delegate) => delegate.password,
            Account::Postmaster(postmaster) => postmaster.password,
        }
    }

    pub(super) fn two_factor_since_secs(&self) -> Option<i64> {
        match self {
            Account::Owner(mailbox) => mailbox.owner_two_factor_since_secs,
            Account::Delegate(_, delegate) => delegate.two_factor_since_secs,
            Account::Postmaster(postmaster) => postmaster.two_factor_since_secs,
        }
    }

    /// What others know about them, and would try as a password.
    pub(super) fn known(&self) -> Vec<&str> {
        match self {
            Account::Owner(mailbox) => vec![mailbox.address.as_str(), &mailbox.owner.name, &mailbox.owner.email],
            Account::Delegate(mailbox, delegate) => passwords::known(delegate, &mailbox.address),
            Account::Postmaster(postmaster) => vec![postmaster.domain.as_str(), &postmaster.name, &postmaster.email],
        }
    }

    pub(super) fn set_phone(&mut self, phone: Option<Phone>) {
        match self {
            Account::Owner(mailbox) => mailbox.owner.phone = phone,
            Account::Delegate(_, delegate) => delegate.person.phone = phone,
            Account::Postmaster(postmaster) => postmaster.phone = phone,
        }
    }

    pub(super) fn set_language(&mut self, language: Language) {
        match self {
            Account::Owner(mailbox) => mailbox.owner.language = language,
            Account::Delegate(_, delegate) => delegate.language = Some(language),
            Account::Postmaster(postmaster) => postmaster.language = language,
        }
    }

    fn set_email(&mut self, email: String) {
        match self {
            Account::Owner(mailbox) => mailbox.owner.email = email,
            Account::Delegate(_, delegate) => delegate.person.email = email,
            Account::Postmaster(postmaster) => postmaster.email = email,
        }
    }

    /// Stores them as they are here.
    pub(super) fn write(&mut self, writes: &dyn Writes, now_secs: i64) -> Result<(), AccountsError> {
        match self {
            Account::Owner(mailbox) => {
                mailbox.changed_at_secs = now_secs;
                writes.update_mailbox(mailbox)?;
            }
            Account::Delegate(_, delegate) => {
                delegate.changed_at_secs = now_secs;
                writes.update_delegate(delegate)?;
            }
            Account::Postmaster(postmaster) => {
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

/// The account of somebody by the name that [`Account::login`] gives them.
pub(super) fn named<R: Reads + ?Sized>(reads: &R, login: &str) -> Result<Option<AccountId>, AccountsError> {
    if let Some((domain, email)) = login.split_once(' ') {
        let theirs = |of: &Postmaster| of.domain.as_str() == domain && of.email == email;
        return Ok(reads.postmasters()?.iter().find(|of| theirs(of)).map(Postmaster::account));
    }
    let Ok(login) = login.parse::<Login>() else { return Ok(None) };
    let Some(mailbox) = reads.mailbox(login.mailbox())? else { return Ok(None) };
    Ok(match &login {
        Login::Owner(_) => Some(mailbox.owner_account()),
        Login::Delegate(username, _) => reads.delegate(mailbox.id, username)?.map(|found| found.account()),
    })
}

impl Accounts {
    /// What is the case with them, for a notice or a page.
    pub(super) fn account_facts(&self, whose: &Account) -> AccountFacts {
        match whose {
            Account::Owner(mailbox) => {
                AccountFacts::Owner { mailbox: mailbox.address.clone(), name: mailbox.owner.name.clone() }
            }
            Account::Delegate(mailbox, delegate) => AccountFacts::Delegate(self.facts(mailbox, delegate)),
            Account::Postmaster(postmaster) => AccountFacts::Postmaster(postmaster_facts(postmaster)),
        }
    }

    /// Tells somebody what concerns their account.
    pub(super) fn tell_account(
        &self,
        writes: &dyn Writes,
        whose: &Account,
        notice: impl FnOnce(AccountFacts) -> Notice,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        self.tell(writes, whose.email(), whose.language(), notice(self.account_facts(whose)), None, now_secs)
    }

    /// Gives somebody another e-mail address, and tells the one before. A link that was mailed to an address before works
    /// no more: it may have become somebody else's.
    pub(super) fn move_email(
        &self,
        writes: &dyn Writes,
        whose: &mut Account,
        email: String,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        let before = whose.email().to_owned();
        whose.set_email(email);
        whose.write(writes, now_secs)?;
        self.email_moved(writes, whose, &before, now_secs)
    }

    /// What comes of another e-mail address that is stored already.
    pub(super) fn email_moved(
        &self,
        writes: &dyn Writes,
        whose: &Account,
        before: &str,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        for purpose in [LinkPurpose::ConfirmEmail, LinkPurpose::PasswordReset] {
            writes.delete_links(whose.id(), purpose)?;
        }
        let notice = Notice::EmailChanged { of: self.account_facts(whose), email: whose.email().to_owned() };
        self.tell(writes, before, whose.language(), notice, None, now_secs)
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
