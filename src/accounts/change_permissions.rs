//! Changing what a delegate may do (P6, P9; `delega delegate permissions`).

use super::look::DelegateName;
use super::{Accounts, AccountsError, Actor, DelegateView, Rule};
use crate::domain::life::Action;
use crate::domain::{Grant, Notice, Permission, Permissions, Protocols};
use crate::store;

/// What is to be different: first replaced, then granted, then revoked.
#[derive(Clone, Debug, Default)]
pub struct PermissionChange {
    /// These, in place of those before.
    pub replace: Option<Permissions>,
    /// These as well, with those they need.
    pub grant: Vec<Permission>,
    /// Not these, nor those that need them.
    pub revoke: Vec<Permission>,
    /// These retrieval protocols, in place of those before (P7).
    pub protocols: Option<Protocols>,
}

impl Accounts {
    /// Changes a delegate's permissions, and gives back how they stand after it. Open sessions follow within a second.
    pub fn change_permissions(
        &self,
        actor: Actor,
        name: &DelegateName,
        change: PermissionChange,
        now_secs: i64,
    ) -> Result<DelegateView, AccountsError> {
        let changed = store::change(self.store.as_ref(), |writes| {
            let mut act = self.act(writes, actor, name, Action::ChangePermissions, now_secs)?;
            let found = &mut act.delegate;
            let before = Grant { permissions: found.permissions, protocols: found.protocols };
            let start = change.replace.unwrap_or(found.permissions);
            let granted = change.grant.iter().fold(start, |all, one| all.granting(*one, self.profile));
            found.permissions = change.revoke.iter().fold(granted, |all, one| all.revoking(*one, self.profile));
            found.protocols = chosen(change.protocols.unwrap_or(found.protocols))?;
            let after = Grant { permissions: found.permissions, protocols: found.protocols };
            act.authority.may_give(Some(before), after)?;
            writes.update_delegate(&act.delegate)?;
            if after != before {
                let notice = Notice::PermissionsChanged(self.facts(&act.mailbox, &act.delegate));
                self.tell_delegate(writes, &act.delegate, notice, None, now_secs)?;
            }
            Ok::<_, AccountsError>(act.delegate)
        })?;
        Ok(self.view_delegate(changed, &name.address, now_secs))
    }
}

/// Retrieval protocols of which there is one at least (P7).
pub(super) fn chosen(protocols: Protocols) -> Result<Protocols, Rule> {
    if protocols.imap || protocols.pop3 { Ok(protocols) } else { Err(Rule::NoProtocol) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::accounts::fixture::{Fixture, NOW};
    use crate::domain::Profile;

    fn after(fixture: &Fixture, change: PermissionChange) -> String {
        let view =
            fixture.accounts.change_permissions(Actor::Operator, &fixture.anna_login(), change, NOW + 7).unwrap();
        assert_eq!(
            fixture.accounts.show_delegate(&fixture.anna_login(), NOW).unwrap(),
            view,
            "said one thing, kept another"
        );
        assert_eq!(view.delegate.changed_at_secs, NOW + 7);
        view.effective.to_string()
    }

    #[test]
    fn p6_granting_and_revoking_take_their_kin_along() {
        let fixture = Fixture::new();
        let revoke = |p| PermissionChange { revoke: vec![p], ..PermissionChange::default() };
        let grant = |p| PermissionChange { grant: vec![p], ..PermissionChange::default() };
        assert_eq!(after(&fixture, revoke(Permission::Write)), "read");
        assert_eq!(after(&fixture, grant(Permission::Send)), "read,write,send");
        assert_eq!(after(&fixture, grant(Permission::Settings)), "read,write,send,settings");
        let replace = PermissionChange { replace: Some(Permissions::READ), ..PermissionChange::default() };
        assert_eq!(after(&fixture, replace), "read");
        assert_eq!(after(&fixture, revoke(Permission::Read)), "read");
    }

    #[test]
    fn x17_the_operators_profile_decides_what_goes_along() {
        let fixture = Fixture::under(Profile::ClientApart);
        let change = PermissionChange { revoke: vec![Permission::Write], ..PermissionChange::default() };
        assert_eq!(after(&fixture, change), "read,client");
        let nested = fixture.reopened(Profile::Nested);
        let view = nested.show_delegate(&fixture.anna_login(), NOW).unwrap();
        assert_eq!(
            (view.delegate.permissions.to_string().as_str(), view.effective.to_string().as_str()),
            ("read,client", "read")
        );
    }

    #[test]
    fn p7_protocols_are_chosen() {
        let fixture = Fixture::new();
        let protocols = Some("pop3".parse().unwrap());
        after(&fixture, PermissionChange { protocols, ..PermissionChange::default() });
        assert_eq!(
            fixture.accounts.show_delegate(&fixture.anna_login(), NOW).unwrap().delegate.protocols.to_string(),
            "pop3"
        );
    }

    #[test]
    fn nobody_is_not_changed() {
        let fixture = Fixture::new();
        let name = DelegateName { username: "nobody".parse().unwrap(), ..fixture.anna_login() };
        let outcome = fixture.accounts.change_permissions(Actor::Operator, &name, PermissionChange::default(), NOW);
        assert!(matches!(outcome, Err(AccountsError::Refused(Rule::UnknownDelegate(_)))), "{outcome:?}");
    }
}
