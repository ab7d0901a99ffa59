//! Whoever has an account, of any kind (S1): what of the store's rows concerns them, what they are called, where they are
//! written to.

use super::{Accounts, AccountsError, Rule};
use crate::domain::{AccountId, Delegate, Holder, Login, Mailbox, Notice, Postmaster};
use crate::store::{Reads, Writes};

/// An account with its rows.
#[derive(Clone, Debug)]
pub(super) enum Held {
    /// The mailbox's owner.
    Owner(Mailbox),
    /// A delegate, and their mailbox.
    Delegate(Mailbox, Delegate),
    /// A postmaster.
    Postmaster(Postmaster),
}

impl Held {
    /// The account's rows, or [`Rule::NoAccount`].
    pub(super) fn of<R: Reads + ?Sized>(reads: &R, account: AccountId) -> Result<Held, AccountsError> {
        let mailbox = |id| Ok::<_, AccountsError>(reads.mailbox_by_id(id)?.ok_or(Rule::NoAccount)?);
        Ok(match account {
            AccountId::Owner(id) => Held::Owner(mailbox(id)?),
            AccountId::Delegate(id) => {
                let delegate = reads.delegate_by_id(id)?.ok_or(Rule::NoAccount)?;
                Held::Delegate(mailbox(delegate.mailbox)?, delegate)
            }
            AccountId::Postmaster(id) => Held::Postmaster(reads.postmaster(id)?.ok_or(Rule::NoAccount)?),
        })
    }

    /// The name that they log in with, as people write it.
    pub(super) fn login(&self) -> String {
        match self {
            Held::Owner(mailbox) => mailbox.address.to_string(),
            Held::Delegate(mailbox, delegate) => {
                Login::Delegate(delegate.username.clone(), mailbox.address.clone()).to_string()
            }
            Held::Postmaster(postmaster) => format!("{} {}", postmaster.domain, postmaster.email),
        }
    }
}

/// The account of somebody by the name that [`Held::login`] gives them.
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
    pub(super) fn tell_holder(
        &self,
        writes: &dyn Writes,
        held: &Held,
        notice: impl FnOnce(Holder) -> Notice,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        match held {
            Held::Owner(mailbox) => {
                let holder = Holder::Owner { mailbox: mailbox.address.clone(), name: mailbox.owner.name.clone() };
                self.tell_owner(writes, mailbox, notice(holder), now_secs)
            }
            Held::Delegate(mailbox, delegate) => {
                let holder = Holder::Delegate(self.facts(mailbox, delegate));
                self.tell_delegate(writes, delegate, notice(holder), None, now_secs)
            }
            Held::Postmaster(of) => {
                let holder = Holder::Postmaster { domain: of.domain.clone(), name: of.name.clone() };
                self.tell(writes, &of.email, of.language, notice(holder), None, now_secs)
            }
        }
    }
}
