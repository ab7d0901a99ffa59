//! Suspending and re-enabling a delegate (D5; `delega delegate suspend` and `resume`).

use super::look::{DelegateName, delegate};
use super::{Accounts, AccountsError};
use crate::domain::DelegateState;
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
    pub fn suspend(&self, name: &DelegateName, what: Suspension, now_secs: i64) -> Result<bool, AccountsError> {
        let state = match what {
            Suspension::Suspend => DelegateState::Suspended,
            Suspension::Resume => DelegateState::Active,
        };
        store::change(self.store.as_ref(), |writes| {
            let mut found = delegate(writes, name)?;
            if found.state == state {
                return Ok(false);
            }
            found.state = state;
            found.changed_at_secs = now_secs;
            writes.update_delegate(&found)?;
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
        let state = || fixture.accounts.show_delegate(&fixture.anna_login()).unwrap().delegate.state;
        for (what, changes, after) in [
            (Suspension::Resume, false, DelegateState::Active),
            (Suspension::Suspend, true, DelegateState::Suspended),
            (Suspension::Suspend, false, DelegateState::Suspended),
            (Suspension::Resume, true, DelegateState::Active),
        ] {
            assert_eq!(fixture.accounts.suspend(&fixture.anna_login(), what, NOW).unwrap(), changes);
            assert_eq!(state(), after);
        }
    }
}
