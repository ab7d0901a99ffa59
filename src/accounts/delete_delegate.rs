//! Taking a delegate off the list (D4; `delega delegate delete`).

use super::look::DelegateName;
use super::{Accounts, AccountsError, Actor, DelegateView};
use crate::domain::life::Action;
use crate::domain::{Delegate, DelegateState, Mailbox, Notice};
use crate::store::{self, Writes};

impl Accounts {
    /// Deletes a delegate, and the username is free again. The operator can delete one who was not deactivated before:
    /// their open sessions end within a second. They come back as they were last.
    pub fn delete_delegate(
        &self,
        actor: Actor,
        name: &DelegateName,
        now_secs: i64,
    ) -> Result<DelegateView, AccountsError> {
        let gone = store::change(self.store.as_ref(), |writes| {
            let act = self.act(writes, actor, name, Action::Delete, now_secs)?;
            self.forget(writes, &act.mailbox, &act.delegate, now_secs)?;
            Ok::<_, AccountsError>(act.delegate)
        })?;
        Ok(self.view_delegate(gone, &name.address, now_secs))
    }

    /// Removes a delegate's row, and tells them if they could still do something.
    pub(super) fn forget(
        &self,
        writes: &dyn Writes,
        mailbox: &Mailbox,
        delegate: &Delegate,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        let notice = match delegate.state_at(now_secs) {
            DelegateState::Pending => Some(Notice::InvitationWithdrawn(self.facts(mailbox, delegate))),
            DelegateState::Active | DelegateState::Suspended => Some(Notice::Revoked(self.facts(mailbox, delegate))),
            DelegateState::Inactive | DelegateState::Rejected => None,
        };
        if let Some(notice) = notice {
            self.tell_delegate(writes, delegate, notice, None, now_secs)?;
        }
        writes.delete_delegate(delegate.id)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::accounts::fixture::{CLIENT, Fixture, NOW};
    use crate::accounts::{Refusal, Rule};

    #[test]
    fn d8_it_is_final_and_the_name_is_free() {
        let fixture = Fixture::new();
        let gone = fixture.accounts.delete_delegate(Actor::Operator, &fixture.anna_login(), NOW).unwrap();
        assert_eq!(gone.delegate.state, DelegateState::Active, "not as they were last");
        let again = fixture.accounts.delete_delegate(Actor::Operator, &fixture.anna_login(), NOW);
        assert!(matches!(again, Err(AccountsError::Refused(Rule::UnknownDelegate(_)))), "{again:?}");
        assert_eq!(fixture.refuse("anna/ufficio@pec.example.it", Fixture::ANNAS, CLIENT), Refusal::UnknownDelegate);
        fixture.add_anna();
        fixture.admit("anna/ufficio@pec.example.it", Fixture::ANNAS, CLIENT);
    }
}
