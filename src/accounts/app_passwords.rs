//! App passwords (S3, X14): made for one mail program, shown once, and gone without anybody's other passwords.
//!
//! Each has 100 random bits, so its hash is a fast one, under a key: a login with it needs no argon2. It opens the
//! protocols of its scope on listeners for mail programs, as far as the delegate's permissions do. When one is revoked or
//! ends, all sessions of its delegate end, and programs come in again with what they have.
//!
//! Untrusted is what is typed in its place; [`generated`] reads it.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

use super::look::DelegateName;
use super::{Accounts, AccountsError, Actor, Rule, generated, text};
use crate::domain::app_password::{AppPassword, AppPasswordHash, Scope, Told};
use crate::domain::life::{Action, Role};
use crate::domain::{AccountId, Notice};
use crate::store::{self, NewAppPassword, StoreError, Writes};

/// How long one opens anything, where nothing else is said.
pub const APP_PASSWORD_SECS: i64 = 90 * 24 * 60 * 60;
/// The longest that one may.
pub const APP_PASSWORD_MAX_SECS: i64 = 10 * 365 * 24 * 60 * 60;
/// The most that a delegate may have.
pub const APP_PASSWORDS: usize = 50;
/// From how long before its end on one is looked at.
const LOOKED_AT_SECS: i64 = 14 * 24 * 60 * 60;

const CHARS: usize = 20;

/// An app password, in the clear.
#[derive(Clone)]
pub struct AppSecret(SecretString);

/// Why a text is no app password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an app password: 20 letters and digits")]
pub struct BadAppSecret;

/// An app password to make, as typed.
#[derive(Clone, Debug)]
pub struct AppPasswordEntry {
    /// Whose.
    pub name: DelegateName,
    /// For which program.
    pub label: String,
    /// What it opens.
    pub scope: Scope,
    /// How long, in seconds.
    pub valid_secs: i64,
}

impl AppSecret {
    fn random() -> Result<AppSecret, AccountsError> {
        generated::random::<CHARS>().map(AppSecret)
    }

    /// As it is shown: four groups of five.
    pub fn shown(&self) -> SecretString {
        generated::shown(&self.0)
    }
}

impl FromStr for AppSecret {
    type Err = BadAppSecret;

    fn from_str(text: &str) -> Result<Self, BadAppSecret> {
        generated::read::<CHARS>(text).map(AppSecret).ok_or(BadAppSecret)
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret([redacted])")
    }
}

impl Accounts {
    /// What an app password is looked up by.
    pub(super) fn app_hash(&self, account: AccountId, secret: &AppSecret) -> AppPasswordHash {
        AppPasswordHash(self.vault.app_hash(account, secret.0.expose_secret()))
    }

    /// Makes an app password; it is shown now and never again. The owner may, and the delegate themself where the mailbox
    /// lets them; nobody else, since it opens the delegate's account.
    pub fn create_app_password(
        &self,
        actor: Actor,
        entry: AppPasswordEntry,
        now_secs: i64,
    ) -> Result<(AppSecret, AppPassword), AccountsError> {
        let label = text::line("name of the app password", &entry.label)?;
        let secret = AppSecret::random()?;
        let expires_at_secs = ends(now_secs, entry.valid_secs)?;
        store::change(self.store.as_ref(), |writes| {
            let act = self.act(writes, actor, &entry.name, Action::MakeAppPassword, now_secs)?;
            if act.authority.role == Role::Themself && !act.mailbox.own_app_passwords {
                return Err(Rule::AppPasswordsByOwner(act.mailbox.address).into());
            }
            if writes.app_passwords(act.delegate.account())?.len() >= APP_PASSWORDS {
                return Err(Rule::TooManyAppPasswords.into());
            }
            let new = NewAppPassword {
                account: act.delegate.account(),
                name: label.clone(),
                hash: self.app_hash(act.delegate.account(), &secret),
                scope: entry.scope,
                created_at_secs: now_secs,
                expires_at_secs,
                told: Told::due(expires_at_secs, now_secs),
            };
            writes.insert_app_password(&new).map_err(|error| match error {
                StoreError::Exists => Rule::AppPasswordExists { login: entry.name.login(), name: label.clone() }.into(),
                other => AccountsError::from(other),
            })?;
            let made = find(writes, act.delegate.account(), &entry.name, &label)?;
            let facts = self.facts(&act.mailbox, &act.delegate);
            let notice = Notice::AppPasswordMade { facts, name: label.clone(), until_secs: expires_at_secs };
            self.tell_delegate(writes, &act.delegate, notice, None, now_secs)?;
            Ok((secret.clone(), made))
        })
    }

    /// The app passwords of a delegate, by name.
    pub fn app_passwords(
        &self,
        actor: Actor,
        name: &DelegateName,
        now_secs: i64,
    ) -> Result<Vec<AppPassword>, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let act = self.act(writes, actor, name, Action::Look, now_secs)?;
            Ok(writes.app_passwords(act.delegate.account())?)
        })
    }

    /// Lets an app password open what it opens for so long from now on, also one that has ended.
    pub fn extend_app_password(
        &self,
        actor: Actor,
        name: &DelegateName,
        label: &str,
        valid_secs: i64,
        now_secs: i64,
    ) -> Result<AppPassword, AccountsError> {
        let expires_at_secs = ends(now_secs, valid_secs)?;
        store::change(self.store.as_ref(), |writes| {
            let act = self.act(writes, actor, name, Action::MakeAppPassword, now_secs)?;
            if act.authority.role == Role::Themself && !act.mailbox.own_app_passwords {
                return Err(Rule::AppPasswordsByOwner(act.mailbox.address).into());
            }
            let mut found = find(writes, act.delegate.account(), name, label)?;
            found.expires_at_secs = expires_at_secs;
            found.told = Told::due(expires_at_secs, now_secs);
            writes.update_app_password(&found)?;
            Ok(found)
        })
    }

    /// Takes an app password back. Sessions of the delegate end within a second, whichever password they came in with.
    pub fn revoke_app_password(
        &self,
        actor: Actor,
        name: &DelegateName,
        label: &str,
        now_secs: i64,
    ) -> Result<AppPassword, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let act = self.act(writes, actor, name, Action::RevokeAppPassword, now_secs)?;
            let found = find(writes, act.delegate.account(), name, label)?;
            writes.delete_app_password(found.id)?;
            writes.renew_password_version(act.delegate.account())?;
            Ok(found)
        })
    }

    /// Tells of app passwords that end soon, and ends the sessions of those that have.
    pub(super) fn settle_app_passwords(&self, now_secs: i64) -> Result<(), AccountsError> {
        let soon = now_secs.saturating_add(LOOKED_AT_SECS).saturating_add(1);
        let due = |password: &AppPassword| Told::due(password.expires_at_secs, now_secs) > password.told;
        if !store::read(self.store.as_ref(), |reads| reads.app_passwords_ending(soon))?.iter().any(due) {
            return Ok(());
        }
        store::change(self.store.as_ref(), |writes| {
            for mut password in writes.app_passwords_ending(soon)?.into_iter().filter(|password| due(password)) {
                password.told = Told::due(password.expires_at_secs, now_secs);
                writes.update_app_password(&password)?;
                let AccountId::Delegate(delegate) = password.account else { continue };
                let Some(delegate) = writes.delegate_by_id(delegate)? else { continue };
                let Some(mailbox) = writes.mailbox_by_id(delegate.mailbox)? else { continue };
                if password.told == Told::Ended {
                    writes.renew_password_version(delegate.account())?;
                    continue;
                }
                let notice = Notice::AppPasswordEnds {
                    facts: self.facts(&mailbox, &delegate),
                    name: password.name,
                    until_secs: password.expires_at_secs,
                };
                self.tell_delegate(writes, &delegate, notice, None, now_secs)?;
            }
            Ok(())
        })
    }
}

fn ends(now_secs: i64, valid_secs: i64) -> Result<i64, Rule> {
    if (1..=APP_PASSWORD_MAX_SECS).contains(&valid_secs) {
        Ok(now_secs.saturating_add(valid_secs))
    } else {
        Err(Rule::AppPasswordTooLong)
    }
}

fn find(
    writes: &dyn Writes,
    account: AccountId,
    name: &DelegateName,
    label: &str,
) -> Result<AppPassword, AccountsError> {
    let found = writes.app_passwords(account)?.into_iter().find(|password| password.name == label.trim());
    Ok(found.ok_or_else(|| Rule::UnknownAppPassword { login: name.login(), name: label.trim().to_owned() })?)
}

#[cfg(test)]
#[path = "app_passwords_tests.rs"]
mod tests;
