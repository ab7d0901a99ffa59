//! Ending a delegation (D4, D8): at once, in open sessions too.

use super::look::DelegateName;
use super::{Accounts, AccountsError, Actor, DelegateView, passwords};
use crate::domain::life::Action;
use crate::domain::{LinkPurpose, Notice};
use crate::store;

impl Accounts {
    /// Ends a delegation. The delegate stays on the list until they are deleted from it, and their seat is free. Open
    /// sessions end within a second.
    pub fn deactivate(&self, actor: Actor, name: &DelegateName, now_secs: i64) -> Result<DelegateView, AccountsError> {
        let ended = store::change(self.store.as_ref(), |writes| {
            let mut act = self.act(writes, actor, name, Action::Deactivate, now_secs)?;
            act.delegate.reset_at_secs = None;
            writes.update_delegate(&act.delegate)?;
            // Nobody comes back from here.
            act.delegate = passwords::set(writes, act.delegate, None)?;
            writes.delete_links(act.delegate.account(), LinkPurpose::PasswordReset)?;
            let notice = Notice::Revoked(self.facts(&act.mailbox, &act.delegate));
            self.tell_delegate(writes, &act.delegate, notice, None, now_secs)?;
            Ok::<_, AccountsError>(act.delegate)
        })?;
        Ok(self.view_delegate(ended, &name.address, now_secs))
    }
}
