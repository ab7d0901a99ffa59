//! Whoever has an account, of any kind (S1): what of the store's rows concerns them, what they are called, where they are
//! written to.

use super::{Accounts, AccountsError, Rule};
use crate::domain::{AccountId, Delegate, Holder, Login, Mailbox, Notice, Postmaster};
use crate::store::{Reads, Writes};

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
    /// The account's rows, or [`Rule::NoAccount`].
    pub(super) fn of<R: Reads + ?Sized>(reads: &R, account: AccountId) -> Result<Account, AccountsError> {
        let mailbox = |id| Ok::<_, AccountsError>(reads.mailbox_by_id(id)?.ok_or(Rule::NoAccount)?);
        Ok(match account {
            AccountId::Owner(id) => Account::Owner(mailbox(id)?),
            AccountId::Delegate(id) => {
                let delegate = reads.delegate_by_id(id)?.ok_or(Rule::NoAccount)?;
                Account::Delegate(mailbox(delegate.mailbox)?.into(), delegate)
            }
            AccountId::Postmaster(id) => Account::Postmaster(reads.postmaster(id)?.ok_or(Rule::NoAccount)?),
        })
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
    /// Tells somebody what concerns their account.
    pub(super) fn tell_account(
        &self,
        writes: &dyn Writes,
        whose: &Account,
        notice: impl FnOnce(Holder) -> Notice,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        match whose {
            Account::Owner(mailbox) => {
                let holder = Holder::Owner { mailbox: mailbox.address.clone(), name: mailbox.owner.name.clone() };
                self.tell_owner(writes, mailbox, notice(holder), now_secs)
            }
            Account::Delegate(mailbox, delegate) => {
                let holder = Holder::Delegate(self.facts(mailbox, delegate));
                self.tell_delegate(writes, delegate, notice(holder), None, now_secs)
            }
            Account::Postmaster(of) => {
                let holder = Holder::Postmaster { domain: of.domain.clone(), name: of.name.clone() };
                self.tell(writes, &of.email, of.language, notice(holder), None, now_secs)
            }
        }
    }
}
