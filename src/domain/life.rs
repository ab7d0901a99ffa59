//! A delegate's life (D2–D8): who may do what to whom in which state, and what becomes of them.
//!
//! [`judge`] is total over role, action and state; `tests/golden/delegate-life.txt` shows all of it. What must hold beside
//! that – a free seat, a valid link, a password – is asked where it is known, in `accounts`.

use super::{DelegateState, Permission, Permissions, Profile, Protocols};

/// In which capacity somebody acts on a delegate of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The operator, by the command line.
    Operator,
    /// The mailbox's owner.
    Owner,
    /// A postmaster of the mailbox's domain (M3).
    Postmaster,
    /// Another delegate of the mailbox, with **settings** (P5).
    Manager,
    /// The delegate themself, whatever else they may do.
    Themself,
    /// Whoever holds the link that was mailed to the delegate.
    LinkHolder,
    /// Nobody: time has passed, or a plan was lowered.
    Rule,
    /// Anybody else: a delegate without **settings**, somebody of another mailbox or domain.
    Stranger,
}

/// What can be done to a delegate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send the first invitation (D1).
    Invite,
    /// Add with a password and without an invitation, for provisioning.
    Add,
    /// Look at the details (D4, P10).
    Look,
    /// Take the invitation, with a new password (D2).
    Accept,
    /// Refuse it (D6).
    Refuse,
    /// Reject the request before it was answered (D4).
    Reject,
    /// Let the invitation lapse (D3).
    Expire,
    /// Invite again (D4).
    Reinvite,
    /// Change what they may do (P9).
    ChangePermissions,
    /// Take the password away, and send a link for a new one (D7).
    ResetPassword,
    /// Ask for a link for a new password; the one they have stays until then (D7).
    AskForReset,
    /// Set a new password by such a link (D7).
    SetPassword,
    /// Make a password for one of their mail programs, or lengthen its time (S3).
    MakeAppPassword,
    /// Take such a password back.
    RevokeAppPassword,
    /// Turn their two-step verification off, which they have lost (S2).
    RemoveTwoFactor,
    /// Let them do nothing until re-enabled (D5).
    Suspend,
    /// Re-enable (D5).
    Resume,
    /// End the delegation (D4, D8).
    Deactivate,
    /// Take it off the list; the username is free again (D4).
    Delete,
}

/// What becomes of a delegate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum After {
    /// They are in this state.
    In(DelegateState),
    /// There is no such delegate any more.
    Gone,
}

/// Why an action is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum No {
    /// Whoever acts has no right to.
    Right,
    /// Nobody does that in this state.
    State,
}

/// What becomes of a delegate in `state`, where there is one, if somebody in this role does this. An action that changes
/// no state leads to the same one.
pub fn judge(role: Role, action: Action, state: Option<DelegateState>) -> Result<After, No> {
    use DelegateState::{Active, Inactive, Pending, Rejected, Suspended};
    if !may(role, action) {
        return Err(No::Right);
    }
    let after = match (action, state) {
        (Action::Invite, None) => Pending,
        (Action::Add, None) => Active,
        (Action::Look, Some(state)) => state,
        (Action::Accept, Some(Pending)) => Active,
        (Action::Refuse | Action::Reject | Action::Expire, Some(Pending)) => Rejected,
        (Action::Reinvite, Some(Rejected)) => Pending,
        (
            Action::ChangePermissions
            | Action::ResetPassword
            | Action::AskForReset
            | Action::SetPassword
            | Action::MakeAppPassword,
            Some(Active),
        ) => Active,
        (Action::RevokeAppPassword | Action::RemoveTwoFactor, Some(state @ (Active | Suspended))) => state,
        (Action::Suspend, Some(Active)) => Suspended,
        (Action::Resume, Some(Suspended)) => Active,
        (Action::Deactivate, Some(Active | Suspended)) => Inactive,
        (Action::Delete, Some(Inactive | Rejected)) => return Ok(After::Gone),
        // A script that provisions needs no two steps.
        (Action::Delete, Some(_)) if role == Role::Operator => return Ok(After::Gone),
        (
            Action::Invite
            | Action::Add
            | Action::Look
            | Action::Accept
            | Action::Refuse
            | Action::Reject
            | Action::Expire
            | Action::Reinvite
            | Action::ChangePermissions
            | Action::ResetPassword
            | Action::AskForReset
            | Action::SetPassword
            | Action::MakeAppPassword
            | Action::RevokeAppPassword
            | Action::RemoveTwoFactor
            | Action::Suspend
            | Action::Resume
            | Action::Deactivate
            | Action::Delete,
            None | Some(Pending | Active | Suspended | Inactive | Rejected),
        ) => return Err(No::State),
    };
    Ok(After::In(after))
}

/// Whether it is for this role at all, whatever the state.
fn may(role: Role, action: Action) -> bool {
    match action {
        Action::Look => !matches!(role, Role::Rule | Role::Stranger),
        Action::Invite
        | Action::Reject
        | Action::Reinvite
        | Action::ChangePermissions
        | Action::ResetPassword
        | Action::RemoveTwoFactor
        | Action::Resume
        | Action::Deactivate
        | Action::Delete => matches!(role, Role::Operator | Role::Owner | Role::Postmaster | Role::Manager),
        // Also by the end of a grace period (D10).
        Action::Suspend => {
            matches!(role, Role::Operator | Role::Owner | Role::Postmaster | Role::Manager | Role::Rule)
        }
        // It opens the delegate's account: beside them, only the mailbox's owner and the operator get to know it.
        Action::MakeAppPassword => matches!(role, Role::Operator | Role::Owner | Role::Themself),
        Action::RevokeAppPassword => {
            matches!(role, Role::Operator | Role::Owner | Role::Postmaster | Role::Manager | Role::Themself)
        }
        // It sets somebody else's password.
        Action::Add => role == Role::Operator,
        Action::Accept | Action::Refuse | Action::SetPassword => role == Role::LinkHolder,
        Action::AskForReset => matches!(role, Role::Themself | Role::Operator),
        Action::Expire => role == Role::Rule,
    }
}

/// Whether somebody who has `own` (the owner, a postmaster and the operator have everything) may change what a delegate
/// has from `before` to `after`: what is added must be theirs. The first that is not comes back.
pub fn beyond(own: Permissions, before: Permissions, after: Permissions) -> Option<Permission> {
    after.iter().find(|permission| !before.contains(*permission) && !own.contains(*permission))
}

/// The same for the retrieval protocols of a mail program (P7), of a delegate who has or gets **client**.
pub fn protocols_beyond(own: Protocols, before: Protocols, after: Protocols) -> bool {
    (after.imap && !before.imap && !own.imap) || (after.pop3 && !before.pop3 && !own.pop3)
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 8] = [
        Role::Operator,
        Role::Owner,
        Role::Postmaster,
        Role::Manager,
        Role::Themself,
        Role::LinkHolder,
        Role::Rule,
        Role::Stranger,
    ];

    /// What a delegate is to another delegate who has `permissions`, under the operator's profile.
    pub fn of_delegate(permissions: Permissions, profile: Profile) -> Role {
        if permissions.under(profile).contains(Permission::Settings) { Role::Manager } else { Role::Stranger }
    }

    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            Role::Operator => "operator",
            Role::Owner => "owner",
            Role::Postmaster => "postmaster",
            Role::Manager => "delegate with settings",
            Role::Themself => "the delegate themself",
            Role::LinkHolder => "holder of the link",
            Role::Rule => "a rule",
            Role::Stranger => "anybody else",
        }
    }
}

impl Action {
    /// All of them.
    pub const ALL: [Action; 19] = [
        Action::Invite,
        Action::Add,
        Action::Look,
        Action::Accept,
        Action::Refuse,
        Action::Reject,
        Action::Expire,
        Action::Reinvite,
        Action::ChangePermissions,
        Action::ResetPassword,
        Action::AskForReset,
        Action::SetPassword,
        Action::MakeAppPassword,
        Action::RevokeAppPassword,
        Action::RemoveTwoFactor,
        Action::Suspend,
        Action::Resume,
        Action::Deactivate,
        Action::Delete,
    ];

    /// How it is written, as in "cannot …".
    pub fn name(self) -> &'static str {
        match self {
            Action::Invite => "invite",
            Action::Add => "add",
            Action::Look => "look at",
            Action::Accept => "accept",
            Action::Refuse => "refuse",
            Action::Reject => "reject",
            Action::Expire => "expire",
            Action::Reinvite => "invite again",
            Action::ChangePermissions => "change permissions",
            Action::ResetPassword => "reset the password",
            Action::AskForReset => "ask for a reset",
            Action::SetPassword => "set a password",
            Action::MakeAppPassword => "make an app password",
            Action::RevokeAppPassword => "revoke an app password",
            Action::RemoveTwoFactor => "remove two-step verification",
            Action::Suspend => "suspend",
            Action::Resume => "resume",
            Action::Deactivate => "deactivate",
            Action::Delete => "delete",
        }
    }

    /// The states in which this role may do it, for saying what would have to be so.
    pub fn possible_in(self, role: Role) -> Vec<DelegateState> {
        DelegateState::ALL.into_iter().filter(|state| judge(role, self, Some(*state)).is_ok()).collect()
    }
}
