//! Who looks at a mailbox's records, and of whom they see something (O2, S4, X16). The rule is
//! [`oversight::sight`](crate::domain::oversight::sight).

use super::actor::mailbox_for;
use super::{Accounts, AccountsError, Actor, Rule};
use crate::domain::life::Action;
use crate::domain::oversight::{Record, Sight, sight};
use crate::domain::{AccountId, Login, Mailbox, MailboxAddress, SentBy};
use crate::store::{self, Reads};

/// Somebody whom a record tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overseen {
    /// Whose account it is.
    pub account: AccountId,
    /// What they log in as.
    pub login: Login,
    /// Their name, as people say it.
    pub name: String,
}

impl Accounts {
    /// The people of a mailbox whom `actor` sees in that record of it: the owner first, then by username.
    pub fn overseen(
        &self,
        actor: Actor,
        address: &MailboxAddress,
        record: Record,
        now_secs: i64,
    ) -> Result<Vec<Overseen>, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let (mailbox, seen) = self.oversee(reads, actor, address, record, now_secs)?;
            let owner = (seen == Sight::Everybody).then(|| Overseen {
                account: mailbox.owner_account(),
                login: Login::Owner(mailbox.address.clone()),
                name: mailbox.owner.name.clone(),
            });
            let delegates = reads.delegates(mailbox.id)?.into_iter().map(|delegate| Overseen {
                account: delegate.account(),
                name: delegate.full_name(),
                login: Login::Delegate(delegate.username, mailbox.address.clone()),
            });
            Ok(owner.into_iter().chain(delegates).collect())
        })
    }

    /// The mailbox, and of whom `actor` sees that record of it. Whoever sees nothing does not learn whether it is there.
    pub(super) fn oversee<R: Reads + ?Sized>(
        &self,
        reads: &R,
        actor: Actor,
        address: &MailboxAddress,
        record: Record,
        now_secs: i64,
    ) -> Result<(Mailbox, Sight), AccountsError> {
        let mailbox = mailbox_for(reads, actor, Action::Look, address)?;
        let role = self.authority(reads, actor, &mailbox, None, now_secs)?.role;
        match sight(role, record) {
            Sight::Nobody => Err(Rule::NoRight { action: Action::Look, mailbox: mailbox.address }.into()),
            seen @ (Sight::Everybody | Sight::Delegates) => Ok((mailbox, seen)),
        }
    }

    /// Ends all that a person has open, in mail programs, web mail and at the panel; they may come in again.
    pub fn sign_out(&self, actor: Actor, login: &Login, now_secs: i64) -> Result<(), AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let (mailbox, seen) = self.oversee(writes, actor, login.mailbox(), Record::Sessions, now_secs)?;
            let account = match login {
                Login::Owner(_) if seen == Sight::Everybody => mailbox.owner_account(),
                Login::Owner(_) => {
                    return Err(Rule::NoRight { action: Action::Look, mailbox: mailbox.address }.into());
                }
                Login::Delegate(username, _) => {
                    let found = writes.delegate(mailbox.id, username)?;
                    found.ok_or_else(|| Rule::UnknownDelegate(login.clone()))?.account()
                }
            };
            Ok(writes.renew_password_version(account).map(drop)?)
        })
    }
}

/// Whose rows are shown of those that were asked for; none where nobody's are.
pub(super) fn narrowed(seen: Sight, asked: Option<SentBy>) -> Option<Option<SentBy>> {
    match (seen, asked) {
        (Sight::Nobody, _) | (Sight::Delegates, Some(SentBy::Owner)) => None,
        (Sight::Everybody, asked) => Some(asked),
        (Sight::Delegates, None | Some(SentBy::AnyDelegate)) => Some(Some(SentBy::AnyDelegate)),
        (Sight::Delegates, Some(SentBy::Delegate(username))) => Some(Some(SentBy::Delegate(username))),
    }
}

#[cfg(test)]
#[path = "oversight_tests.rs"]
mod tests;
