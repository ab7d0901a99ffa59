//! Suspending and re-enabling a delegate (D5; `delega delegate suspend` and `resume`).

use super::look::{DelegateName, delegate};
use super::seats::Seats;
use super::{Accounts, AccountsError, Actor, DelegateView, Rule};
use crate::domain::life::Action;
use crate::domain::{DelegateState, Notice, SuspensionCause};
use crate::store;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspension {
    /// They may do nothing from now on.
    Suspend,
    /// They may again.
    Resume,
}

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspended {
    /// The delegate as they are now.
    pub view: DelegateView,
    /// Whether they were otherwise before.
    pub changed: bool,
}

impl Accounts {
    /// Suspends or re-enables a delegate; open sessions follow within a second. What is so already stays so: whoever
    /// suspends somebody in haste is not told off for being second.
    pub fn suspend(
        &self,
        actor: Actor,
        name: &DelegateName,
        what: Suspension,
        now_secs: i64,
    ) -> Result<Suspended, AccountsError> {
        let (action, state) = match what {
            Suspension::Suspend => (Action::Suspend, DelegateState::Suspended),
            Suspension::Resume => (Action::Resume, DelegateState::Active),
        };
        let (delegate, changed) = store::change(self.store.as_ref(), |writes| {
            let act = match self.act(writes, actor, name, action, now_secs) {
                Err(AccountsError::Refused(Rule::NotInState { state: now, .. })) if now == state => {
                    return Ok((delegate(writes, name)?, false));
                }
                act => act?,
            };
            if what == Suspension::Resume {
                act.authority.may_give(None, act.delegate.granted())?;
                let seats = Seats::of(writes, &act.mailbox, now_secs)?;
                if seats.grace_is_over(now_secs) {
                    return Err(seats.none_left(&act.mailbox).into());
                }
            }
            writes.update_delegate(&act.delegate)?;
            if what == Suspension::Suspend {
                // What is open now does not open again with the delegation.
                writes.renew_password_version(act.delegate.account())?;
            }
            let facts = self.facts(&act.mailbox, &act.delegate);
            let notice = match what {
                Suspension::Suspend => Notice::Suspended { facts, cause: SuspensionCause::Wanted },
                Suspension::Resume => Notice::Resumed(facts),
            };
            self.tell_delegate(writes, &act.delegate, notice, None, now_secs)?;
            if what == Suspension::Resume {
                self.tell_of_requirement(writes, &act.mailbox, &act.delegate, now_secs)?;
            }
            Ok::<_, AccountsError>((delegate(writes, name)?, true))
        })?;
        Ok(Suspended { view: self.view_delegate(delegate, &name.address, now_secs), changed })
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
        let state =
            || fixture.accounts.show_delegate(Actor::Operator, &fixture.anna_login(), NOW).unwrap().delegate.state;
        for (what, changes, after) in [
            (Suspension::Resume, false, DelegateState::Active),
            (Suspension::Suspend, true, DelegateState::Suspended),
            (Suspension::Suspend, false, DelegateState::Suspended),
            (Suspension::Resume, true, DelegateState::Active),
        ] {
            let outcome = fixture.accounts.suspend(Actor::Operator, &fixture.anna_login(), what, NOW).unwrap();
            assert_eq!((outcome.changed, outcome.view.delegate.state), (changes, after));
            assert_eq!(state(), after);
        }
    }
}
