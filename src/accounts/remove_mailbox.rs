//! Removing a mailbox (`delega mailbox remove`).

use super::look::{mailbox, view_mailbox};
use super::{Accounts, AccountsError, MailboxView, Rule};
use crate::domain::MailboxAddress;
use crate::store;

impl Accounts {
    /// Removes a mailbox from delega; upstream it stays as it is. One that has delegates is removed only
    /// `with_delegates`. It comes back as it was last.
    pub fn remove_mailbox(
        &self,
        address: &MailboxAddress,
        with_delegates: bool,
        now_secs: i64,
    ) -> Result<MailboxView, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let mailbox = mailbox(writes, address)?;
            let delegates = writes.delegates(mailbox.id)?;
            if !delegates.is_empty() && !with_delegates {
                return Err(Rule::MailboxHasDelegates { address: address.clone(), count: delegates.len() }.into());
            }
            let last = view_mailbox(writes, mailbox.clone(), now_secs)?;
            for delegate in &delegates {
                self.forget(writes, &mailbox, delegate, now_secs)?;
            }
            writes.delete_mailbox(mailbox.id)?;
            Ok(last)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::accounts::Actor;
    use crate::accounts::fixture::{Fixture, NOW};

    #[test]
    fn delegates_go_only_when_that_was_said() {
        let fixture = Fixture::new();
        let accounts = &fixture.accounts;
        let refused = accounts.remove_mailbox(&fixture.address(), false, NOW);
        assert!(
            matches!(refused, Err(AccountsError::Refused(Rule::MailboxHasDelegates { count: 1, .. }))),
            "{refused:?}"
        );
        assert_eq!(accounts.delegates(Actor::Operator, &fixture.address(), NOW).unwrap().len(), 1);
        let last = accounts.remove_mailbox(&fixture.address(), true, NOW).unwrap();
        assert_eq!((last.mailbox.address, last.delegates_active), (fixture.address(), 1));
        let gone = accounts.remove_mailbox(&fixture.address(), true, NOW);
        assert!(matches!(gone, Err(AccountsError::Refused(Rule::UnknownMailbox(_)))), "{gone:?}");
    }

    #[test]
    fn without_delegates_it_just_goes() {
        let fixture = Fixture::new();
        fixture.accounts.delete_delegate(Actor::Operator, &fixture.anna_login(), NOW).unwrap();
        fixture.accounts.remove_mailbox(&fixture.address(), false, NOW).unwrap();
    }
}
