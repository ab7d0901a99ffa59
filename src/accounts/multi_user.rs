//! Whether several people may work in a mailbox (M2). The operator and the domain's postmasters say so, not the owner.

use super::{Accounts, AccountsError, Actor, Rule};
use crate::domain::life::{Action, Role};
use crate::domain::{Mailbox, MailboxAddress};
use crate::store::{self, Writes};

impl Accounts {
    /// Turns multi-user on or off.
    pub fn set_multi_user(
        &self,
        actor: Actor,
        address: &MailboxAddress,
        on: bool,
        now_secs: i64,
    ) -> Result<(), AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let no_right = || Rule::NoRight { action: Action::Invite, mailbox: address.clone() };
            let mut mailbox = writes.mailbox(address)?.ok_or_else(|| match actor {
                Actor::Operator => Rule::UnknownMailbox(address.clone()),
                Actor::Owner(_) | Actor::Delegate(_) | Actor::Postmaster(_) => no_right(),
            })?;
            match self.authority(writes, actor, &mailbox, None, now_secs)?.role {
                Role::Operator | Role::Postmaster => {}
                Role::Owner | Role::Manager | Role::Themself | Role::LinkHolder | Role::Rule | Role::Stranger => {
                    return Err(no_right().into());
                }
            }
            switch(writes, &mut mailbox, Some(on), None, now_secs)?;
            mailbox.changed_at_secs = now_secs;
            writes.update_mailbox(&mailbox)?;
            Ok(())
        })
    }
}

/// Changes the two options of a mailbox, which is not stored. On needs the other; off is refused while there are
/// collaborations.
pub(super) fn switch(
    writes: &dyn Writes,
    mailbox: &mut Mailbox,
    multi_user: Option<bool>,
    password_management: Option<bool>,
    now_secs: i64,
) -> Result<(), AccountsError> {
    let before = mailbox.multi_user;
    mailbox.multi_user = multi_user.unwrap_or(before);
    mailbox.password_management = password_management.unwrap_or(mailbox.password_management);
    if mailbox.multi_user && !mailbox.password_management {
        return Err(Rule::NeedsPasswordManagement(mailbox.address.clone()).into());
    }
    if before && !mailbox.multi_user {
        let delegates = writes.delegates(mailbox.id)?;
        let count = delegates.iter().filter(|one| one.state_at(now_secs).takes_seat()).count();
        if count > 0 {
            return Err(Rule::HasCollaborations { mailbox: mailbox.address.clone(), count }.into());
        }
    }
    Ok(())
}
