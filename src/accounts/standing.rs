//! Whether somebody who is in would still be let in (P9, D8, X2). Asked for each open session when something changed.

use super::{AccountRef, Accounts, AccountsError, Refusal};
use crate::domain::{Door, Grant};
use crate::store::{self, Reads};

/// How an account stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Standing {
    /// They would be let in, with this grant.
    In(Grant),
    /// They would not.
    Out(Refusal),
}

impl Accounts {
    /// Whether this account would be let in by this door now, the password apart. One short read; no argon2.
    pub fn standing(&self, account: AccountRef, door: Door) -> Result<Standing, AccountsError> {
        store::read(self.store.as_ref(), |reads| self.standing_now(reads, account, door))
    }

    /// The same, at the moment of a piece of work.
    pub(super) fn standing_now<R: Reads + ?Sized>(
        &self,
        reads: &R,
        account: AccountRef,
        door: Door,
    ) -> Result<Standing, AccountsError> {
        let Some(mailbox) = reads.mailbox_by_id(account.mailbox())? else {
            return Ok(Standing::Out(Refusal::UnknownMailbox));
        };
        let (delegate, password) = match account {
            AccountRef::Owner(_, password) if mailbox.owner_password == password => {
                return Ok(Standing::In(Grant::OWNER));
            }
            AccountRef::Owner(..) => return Ok(Standing::Out(Refusal::PasswordChanged)),
            AccountRef::Delegate(_, delegate, password) => (delegate, password),
        };
        Ok(match reads.delegate_by_id(delegate)?.filter(|found| found.mailbox == mailbox.id) {
            None => Standing::Out(Refusal::UnknownDelegate),
            Some(found) => match self.standing_of(&mailbox, &found, door) {
                Ok(_) if found.password != password => Standing::Out(Refusal::PasswordChanged),
                Ok(grant) => Standing::In(grant),
                Err(refusal) => Standing::Out(refusal),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::accounts::fixture::{CLIENT, Fixture, NOW, POP3, WEBMAIL};
    use crate::accounts::{Actor, PermissionChange, Suspension};
    use crate::domain::{PasswordVersion, Permission};

    fn out(standing: Standing) -> Refusal {
        match standing {
            Standing::In(grant) => panic!("in, with {grant:?}"),
            Standing::Out(refusal) => refusal,
        }
    }

    #[test]
    fn x2_it_follows_every_change() {
        let fixture = Fixture::new();
        let accounts = &fixture.accounts;
        let account = fixture.anna();
        let now = |door| accounts.standing(account, door).unwrap();
        assert!(matches!(now(CLIENT), Standing::In(grant) if grant.may(Permission::Send)));
        assert_eq!(out(now(POP3)), Refusal::NoProtocol);

        let change = PermissionChange { revoke: vec![Permission::Client], ..PermissionChange::default() };
        let _ = accounts.change_permissions(Actor::Operator, &fixture.anna_login(), change, NOW).unwrap();
        assert_eq!(out(now(CLIENT)), Refusal::NoClient);
        assert!(matches!(now(WEBMAIL), Standing::In(grant) if !grant.may(Permission::Client)));

        accounts.suspend(Actor::Operator, &fixture.anna_login(), Suspension::Suspend, NOW).unwrap();
        assert_eq!(out(now(WEBMAIL)), Refusal::Suspended);
        accounts.suspend(Actor::Operator, &fixture.anna_login(), Suspension::Resume, NOW).unwrap();
        assert_eq!(out(now(WEBMAIL)), Refusal::PasswordChanged, "what was open does not open again");
        let account = fixture.anna();
        let now = |door| accounts.standing(account, door).unwrap();
        assert!(matches!(now(WEBMAIL), Standing::In(_)));

        accounts.delete_delegate(Actor::Operator, &fixture.anna_login(), NOW).unwrap();
        assert_eq!(out(now(WEBMAIL)), Refusal::UnknownDelegate);
        fixture.add_anna();
        assert_eq!(out(now(WEBMAIL)), Refusal::UnknownDelegate, "a new anna is not the old one");

        let owner = AccountRef::Owner(fixture.mailbox(), PasswordVersion(0));
        assert_eq!(accounts.standing(owner, POP3).unwrap(), Standing::In(Grant::OWNER));
        accounts.remove_mailbox(&fixture.address(), true, NOW).unwrap();
        assert_eq!(out(accounts.standing(owner, POP3).unwrap()), Refusal::UnknownMailbox);
    }

    #[test]
    fn the_marker_moves_with_a_change_and_not_with_a_login() {
        let fixture = Fixture::new();
        let before = fixture.accounts.change_marker().unwrap();
        fixture.admit("anna/ufficio@pec.example.it", Fixture::ANNAS, CLIENT);
        assert_eq!(fixture.accounts.change_marker().unwrap(), before);
        fixture.accounts.suspend(Actor::Operator, &fixture.anna_login(), Suspension::Suspend, NOW).unwrap();
        assert_ne!(fixture.accounts.change_marker().unwrap(), before);
    }
}
