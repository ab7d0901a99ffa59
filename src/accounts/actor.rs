//! Who acts, and whether they may: every change of a delegate begins here, so that nobody's right is forgotten. The rule
//! itself is [`life::judge`].

use super::{AccountRef, Accounts, AccountsError, DelegateName, Rule};
use crate::domain::life::{self, Action, After, No, Role};
use crate::domain::{
    Delegate, DelegateId, DelegateState, Grant, MailDomain, Mailbox, MailboxAddress, Permission, Permissions,
    PostmasterId, Profile, Protocols,
};
use crate::store::{Reads, Writes};

/// Somebody who was let in and wants something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The operator, by the command line.
    Operator,
    /// The owner of a mailbox, or a delegate, with the password that they came in with: once it is another, they are a
    /// stranger.
    Account(AccountRef),
    /// A postmaster.
    Postmaster(PostmasterId),
}

/// In which capacity somebody acts on a mailbox, and what they can give of their own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Authority {
    pub(super) role: Role,
    pub(super) own: Grant,
    profile: Profile,
}

/// A delegate on whom somebody may act as they want to.
#[derive(Debug)]
pub(super) struct Act {
    pub(super) mailbox: Mailbox,
    /// In the state that the action leads to, and changed now; not stored.
    pub(super) delegate: Delegate,
    pub(super) authority: Authority,
}

impl Accounts {
    /// Finds a delegate, and judges whether `actor` may do this to them now. An invitation that has lapsed is written
    /// down first.
    pub(super) fn act(
        &self,
        writes: &dyn Writes,
        actor: Actor,
        name: &DelegateName,
        action: Action,
        now_secs: i64,
    ) -> Result<Act, AccountsError> {
        let (mailbox, delegate, authority) = self.addressed(writes, actor, name, action, now_secs)?;
        let mut delegate = self.settled(writes, &mailbox, delegate, now_secs)?;
        let after = life::judge(authority.role, action, Some(delegate.state)).map_err(|no| match no {
            No::Right => Rule::NoRight { action, mailbox: mailbox.address.clone() },
            No::State => Rule::NotInState {
                login: name.login(),
                state: delegate.state,
                action,
                possible_in: action.possible_in(authority.role),
            },
        })?;
        if let After::In(state) = after {
            delegate.state = state;
            delegate.changed_at_secs = now_secs;
        }
        Ok(Act { mailbox, delegate, authority })
    }

    /// The delegate of that name, and in which capacity `actor` acts on them. Who has no right to does not learn which
    /// there are.
    pub(super) fn addressed<R: Reads + ?Sized>(
        &self,
        reads: &R,
        actor: Actor,
        name: &DelegateName,
        action: Action,
        now_secs: i64,
    ) -> Result<(Mailbox, Delegate, Authority), AccountsError> {
        let mailbox = mailbox_for(reads, actor, action, &name.address)?;
        let delegate = reads.delegate(mailbox.id, &name.username)?;
        let authority = self.authority(reads, actor, &mailbox, delegate.as_ref().map(|found| found.id), now_secs)?;
        if !authority.may(action) {
            return Err(Rule::NoRight { action, mailbox: mailbox.address }.into());
        }
        let delegate = delegate.ok_or_else(|| Rule::UnknownDelegate(name.login()))?;
        Ok((mailbox, delegate, authority))
    }

    /// In which capacity `actor` acts on a delegate of a mailbox, or on the mailbox where none is given.
    pub(super) fn authority<R: Reads + ?Sized>(
        &self,
        reads: &R,
        actor: Actor,
        mailbox: &Mailbox,
        target: Option<DelegateId>,
        now_secs: i64,
    ) -> Result<Authority, AccountsError> {
        let profile = self.profile;
        let whole = |role| Authority { role, own: Grant::OWNER, profile };
        let stranger = Authority { role: Role::Stranger, own: NOTHING, profile };
        Ok(match actor {
            Actor::Operator => whole(Role::Operator),
            Actor::Account(AccountRef::Owner(id, version)) if id == mailbox.id && version == mailbox.owner_password => {
                whole(Role::Owner)
            }
            Actor::Account(AccountRef::Owner(..)) => stranger,
            Actor::Postmaster(id) => {
                let found = reads.postmaster(id)?;
                let theirs = found.is_some_and(|postmaster| postmaster.domain == MailDomain::of(&mailbox.address));
                if theirs { whole(Role::Postmaster) } else { stranger }
            }
            Actor::Account(AccountRef::Delegate(_, id, password)) => {
                let found = reads.delegate_by_id(id)?.filter(|found| found.mailbox == mailbox.id);
                let active = found.filter(|found| {
                    mailbox.multi_user
                        && found.state_at(now_secs) == DelegateState::Active
                        && found.reset_at_secs.is_none()
                        && !mailbox.must_enrol(found)
                        && found.password == password
                });
                match active {
                    None => stranger,
                    Some(found) => Authority {
                        role: match target {
                            Some(target) if target == id => Role::Themself,
                            _ => Role::of_delegate(found.permissions, self.profile),
                        },
                        own: found.grant_under(self.profile),
                        profile,
                    },
                }
            }
        })
    }
}

/// The mailbox of that address. Nobody but the operator learns which there are.
pub(super) fn mailbox_for<R: Reads + ?Sized>(
    reads: &R,
    actor: Actor,
    action: Action,
    address: &MailboxAddress,
) -> Result<Mailbox, AccountsError> {
    let unknown = || match actor {
        Actor::Operator => Rule::UnknownMailbox(address.clone()),
        Actor::Account(_) | Actor::Postmaster(_) => Rule::NoRight { action, mailbox: address.clone() },
    };
    Ok(reads.mailbox(address)?.ok_or_else(unknown)?)
}

impl Authority {
    /// Whether it is for them at all, whatever the state.
    pub(super) fn may(&self, action: Action) -> bool {
        life::judge(self.role, action, None) != Err(No::Right)
    }

    /// Whether they may change what somebody has from `before` to `after`: nobody gives what they do not have.
    pub(super) fn may_give(&self, before: Option<Grant>, after: Grant) -> Result<(), Rule> {
        let before = before.unwrap_or(NOTHING);
        let holds = |grant: Grant| Grant { permissions: grant.permissions.under(self.profile), ..grant };
        // What is written down may hold under another profile one day, and what is added may make hold what did not.
        for (before, after) in [(before, after), (holds(before), holds(after))] {
            if let Some(permission) = life::beyond(self.own.permissions, before.permissions, after.permissions) {
                return Err(Rule::GivesMoreThanOwn { what: permission.name() });
            }
            if life::protocols_beyond(with_client(self.own), with_client(before), with_client(after)) {
                return Err(Rule::GivesMoreThanOwn { what: "client by that protocol" });
            }
        }
        Ok(())
    }
}

const NO_PROTOCOLS: Protocols = Protocols { imap: false, pop3: false };
/// What nobody is without.
const NOTHING: Grant = Grant { permissions: Permissions::READ, protocols: NO_PROTOCOLS };

/// The protocols as far as they are of use: none without **client**.
fn with_client(grant: Grant) -> Protocols {
    if grant.may(Permission::Client) { grant.protocols } else { NO_PROTOCOLS }
}
