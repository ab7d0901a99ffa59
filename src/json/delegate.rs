//! Delegates, and their app passwords.

use serde::Serialize;

use super::{time, time_ms};
use crate::accounts::DelegateView;
use crate::domain::life::{Action, Role, judge};
use crate::domain::{AppPassword, DelegateState, Language, Permissions, Phone, Protocols};

/// A delegate, as programs see them.
#[derive(Serialize)]
pub struct DelegateJson<'a> {
    mailbox: &'a str,
    username: &'a str,
    login: String,
    first_name: &'a str,
    last_name: &'a str,
    email: &'a str,
    phone: Option<&'a str>,
    language: Option<&'static str>,
    state: &'static str,
    /// Until when the invitation of one who is pending can be answered.
    invited_until: Option<String>,
    /// Since when they have to set a new password before they can do anything.
    password_reset_at: Option<String>,
    /// Since when they have two-step verification.
    two_factor_since: Option<String>,
    /// What they may do now.
    permissions: Vec<&'static str>,
    /// What they were granted, part of which the configured profile may not let count.
    granted: Vec<&'static str>,
    protocols: Vec<&'static str>,
    /// What can be done with them now, by the names of the subcommands.
    actions: Vec<&'static str>,
    created_at: String,
    changed_at: String,
}

impl<'a> From<&'a DelegateView> for DelegateJson<'a> {
    fn from(view: &'a DelegateView) -> Self {
        let delegate = &view.delegate;
        DelegateJson {
            mailbox: view.address.as_str(),
            username: delegate.username.as_str(),
            login: view.login().to_string(),
            first_name: &delegate.person.first_name,
            last_name: &delegate.person.last_name,
            email: &delegate.person.email,
            phone: delegate.person.phone.as_ref().map(Phone::as_str),
            language: delegate.language.map(Language::name),
            state: delegate.state.name(),
            invited_until: delegate.invited_until_secs.filter(|_| delegate.state == DelegateState::Pending).map(time),
            password_reset_at: delegate.reset_at_secs.map(time),
            two_factor_since: delegate.two_factor_since_secs.map(time),
            permissions: names(view.effective),
            granted: names(delegate.permissions),
            protocols: protocols(delegate.protocols),
            actions: actions(delegate.state),
            created_at: time(delegate.created_at_secs),
            changed_at: time(delegate.changed_at_secs),
        }
    }
}

fn names(permissions: Permissions) -> Vec<&'static str> {
    permissions.iter().map(|permission| permission.name()).collect()
}

fn protocols(protocols: Protocols) -> Vec<&'static str> {
    [("imap", protocols.imap), ("pop3", protocols.pop3)]
        .into_iter()
        .filter(|(_, on)| *on)
        .map(|(name, _)| name)
        .collect()
}

/// The subcommands that do something with a delegate in this state (O1).
pub fn actions(state: DelegateState) -> Vec<&'static str> {
    let all = [
        (Action::ChangePermissions, "permissions"),
        (Action::Suspend, "suspend"),
        (Action::Resume, "resume"),
        (Action::ResetPassword, "reset-password"),
        (Action::Deactivate, "deactivate"),
        (Action::Reject, "reject"),
        (Action::Reinvite, "reinvite"),
        (Action::Delete, "delete"),
    ];
    let can = |action| judge(Role::Operator, action, Some(state)).is_ok();
    all.into_iter().filter(|(action, _)| can(*action)).map(|(_, name)| name).collect()
}

/// An app password, as programs see it.
#[derive(Serialize)]
pub struct AppPasswordJson<'a> {
    name: &'a str,
    protocols: Vec<String>,
    created_at: String,
    expires_at: String,
    expired: bool,
    last_used_at: Option<String>,
    last_used_from: Option<String>,
    last_used_by: Option<&'a str>,
    /// Once, when it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
}

impl<'a> AppPasswordJson<'a> {
    /// As it is at that moment.
    pub fn of(password: &'a AppPassword, shown: Option<&'a str>, now_secs: i64) -> AppPasswordJson<'a> {
        let last = password.last_use.as_ref();
        AppPasswordJson {
            name: &password.name,
            protocols: password.scope.iter().map(|protocol| protocol.to_string()).collect(),
            created_at: time(password.created_at_secs),
            expires_at: time(password.expires_at_secs),
            expired: password.expires_at_secs <= now_secs,
            last_used_at: last.map(|last| time_ms(last.at_ms)),
            last_used_from: last.map(|last| last.address.to_string()),
            last_used_by: last.and_then(|last| last.program.as_deref()),
            password: shown,
        }
    }
}
