//! Suspending and re-enabling a delegate (D5; `delega delegate suspend` and `resume`).

use super::look::DelegateName;
use super::seats::Seats;
use super::{Accounts, AccountsError, Actor, Rule};
use crate::domain::life::Action;
use crate::domain::{DelegateState, Grant, Notice, SuspensionCause};
use crate::store;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspension {
    /// They may do nothing from now on.
    Suspend,
    /// They may again.
    Resume,
}

impl Accounts {
    /// Suspends or re-enables a delegate; open sessions follow within a second. What is so already stays so, and false
    /// comes back: whoever suspends somebody in haste is not told off for being second.
    pub fn suspend(
        &self,
        actor: Actor,
        name: &DelegateName,
        what: Suspension,
        now_secs: i64,
    ) -> Result<bool, AccountsError> {
        let (action, state) = match what {
            Suspension::Suspend => (Action::Suspend, DelegateState::Suspended),
            Suspension::Resume => (Action::Resume, DelegateState::Active),
        };
        store::change(self.store.as_ref(), |writes| {
            let act = match self.act(writes, actor, name, action, now_secs) {
                Err(AccountsError::Refused(Rule::NotInState { state: now, .. })) if now == state => return Ok(false),
                act => act?,
            };
            if what == Suspension::Resume {
                let grant = Grant { permissions: act.delegate.permissions, protocols: act.delegate.protocols };
                act.authority.may_give(None, grant)?;
                let seats = Seats::of(writes, &act.mailbox, now_secs)?;
                if seats.grace_is_over(now_secs) {
                    return Err(seats.none_left(&act.mailbox).into());
                }
            }
            writes.update_delegate(&act.delegate)?;
            let facts = self.facts(&act.mailbox, &act.delegate);
            let notice = match what {
                Suspension::Suspend => Notice::Suspended { facts, cause: SuspensionCause::Wanted },
                Suspension::Resume => Notice::Resumed(facts),
            };
            self.tell_delegate(writes, &act.delegate, notice, None, now_secs)?;
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::accounts::fixture::{Fixture, NOW};

    #[test]
    fn d5_twice_is_once() {
        let fixture = Fixture::new();
        let state = || fixture.accounts.show_delegate(&fixture.anna_login(), NOW).unwrap().delegate.state;
        for (what, changes, after) in [
            (Suspension::Resume, false, DelegateState::Active),
            (Suspension::Suspend, true, DelegateState::Suspended),
            (Suspension::Suspend, false, DelegateState::Suspended),
            (Suspension::Resume, true, DelegateState::Active),
        ] {
            assert_eq!(fixture.accounts.suspend(Actor::Operator, &fixture.anna_login(), what, NOW).unwrap(), changes);
            assert_eq!(state(), after);
        }
    }
}
