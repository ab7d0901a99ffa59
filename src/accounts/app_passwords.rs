//! App passwords (S3, X14): made for one mail program, shown once, and gone without anybody's other passwords.
//!
//! Each has 100 random bits, so its hash is a fast one, under a key: a login with it needs no argon2. It opens the
//! protocols of its scope on listeners for mail programs, as far as its person's permissions do. When one is revoked or
//! ends, all sessions of its account end, and programs come in again with what they have.
//!
//! Delegates have them, and owners, with two-step verification or without: then the mailbox's own password, which opens
//! everything at the provider, lies in no mail program. Behind an owner's the upstream is opened as it is for delegates.
//!
//! Untrusted is what is typed in its place; [`generated`] reads it.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

use super::account::Account;
use super::actor::mailbox_for;
use super::look::DelegateName;
use super::{Accounts, AccountsError, Actor, Rule, generated, text};
use crate::domain::app_password::{AppPassword, AppPasswordHash, Scope, Told};
use crate::domain::life::{Action, Role};
use crate::domain::{AccountId, Login, Notice};
use crate::store::{self, NewAppPassword, StoreError, Writes};

/// How long one opens anything, where nothing else is said.
pub const APP_PASSWORD_SECS: i64 = 90 * 24 * 60 * 60;
/// The longest that one may.
pub const APP_PASSWORD_MAX_SECS: i64 = 10 * 365 * 24 * 60 * 60;
/// The most that somebody may have.
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
    /// Whose: a delegate's or an owner's.
    pub login: Login,
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

    /// Makes an app password; it is shown now and never again. An owner's is made by them alone; a delegate's by the owner
    /// too, and by the delegate where the mailbox lets them. Nobody else makes any but the operator, since it opens the
    /// account.
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
            let whose = self.whose_app_passwords(writes, actor, &entry.login, Action::MakeAppPassword, now_secs)?;
            let account = whose.id();
            if let Account::Owner(mailbox) = &whose {
                // It would open nothing.
                self.credentials(mailbox, writes.sealed_password(mailbox.id)?.as_ref())?;
            }
            if writes.app_passwords(account)?.len() >= APP_PASSWORDS {
                return Err(Rule::TooManyAppPasswords.into());
            }
            let new = NewAppPassword {
                account,
                name: label.clone(),
                hash: self.app_hash(account, &secret),
                scope: entry.scope,
                created_at_secs: now_secs,
                expires_at_secs,
                told: Told::due(expires_at_secs, now_secs),
            };
            writes.insert_app_password(&new).map_err(|error| match error {
                StoreError::Exists => {
                    Rule::AppPasswordExists { login: entry.login.clone(), name: label.clone() }.into()
                }
                other => AccountsError::from(other),
            })?;
            let made = find(writes, account, &entry.login, &label)?;
            let (name, until_secs) = (label.clone(), expires_at_secs);
            let notice = |of| Notice::AppPasswordMade { of, name, until_secs };
            self.tell_account(writes, &whose, notice, now_secs)?;
            Ok((secret.clone(), made))
        })
    }

    /// The app passwords of a delegate or an owner, by name.
    pub fn app_passwords(&self, actor: Actor, login: &Login, now_secs: i64) -> Result<Vec<AppPassword>, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let whose = self.whose_app_passwords(writes, actor, login, Action::Look, now_secs)?;
            Ok(writes.app_passwords(whose.id())?)
        })
    }

    /// Lets an app password open what it opens for so long from now on, also one that has ended.
    pub fn extend_app_password(
        &self,
        actor: Actor,
        login: &Login,
        label: &str,
        valid_secs: i64,
        now_secs: i64,
    ) -> Result<AppPassword, AccountsError> {
        let expires_at_secs = ends(now_secs, valid_secs)?;
        store::change(self.store.as_ref(), |writes| {
            let whose = self.whose_app_passwords(writes, actor, login, Action::MakeAppPassword, now_secs)?;
            let mut found = find(writes, whose.id(), login, label)?;
            found.expires_at_secs = expires_at_secs;
            found.told = Told::due(expires_at_secs, now_secs);
            writes.update_app_password(&found)?;
            Ok(found)
        })
    }

    /// Takes an app password back. Sessions of the account end within a second, whichever password they came in with.
    pub fn revoke_app_password(
        &self,
        actor: Actor,
        login: &Login,
        label: &str,
        now_secs: i64,
    ) -> Result<AppPassword, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let whose = self.whose_app_passwords(writes, actor, login, Action::RevokeAppPassword, now_secs)?;
            let found = find(writes, whose.id(), login, label)?;
            writes.delete_app_password(found.id)?;
            writes.renew_password_version(whose.id())?;
            Ok(found)
        })
    }

    /// Whether `actor` may make some, so that a page need not offer what would be refused.
    pub fn may_make_app_passwords(&self, actor: Actor, login: &Login, now_secs: i64) -> Result<bool, AccountsError> {
        let judged = store::change(self.store.as_ref(), |writes| {
            self.whose_app_passwords(writes, actor, login, Action::MakeAppPassword, now_secs).map(drop)
        });
        match judged {
            Ok(()) => Ok(true),
            Err(AccountsError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whose app passwords `actor` acts on, if they may: a delegate's as [`life`](crate::domain::life) says; an owner's are
    /// for themself and the operator.
    fn whose_app_passwords(
        &self,
        writes: &dyn Writes,
        actor: Actor,
        login: &Login,
        action: Action,
        now_secs: i64,
    ) -> Result<Account, AccountsError> {
        match login {
            Login::Delegate(username, address) => {
                let name = DelegateName { address: address.clone(), username: username.clone() };
                let act = self.act(writes, actor, &name, action, now_secs)?;
                if action == Action::MakeAppPassword
                    && act.authority.role == Role::Themself
                    && !act.mailbox.own_app_passwords
                {
                    return Err(Rule::AppPasswordsByOwner(act.mailbox.address).into());
                }
                Ok(Account::Delegate(act.mailbox.into(), act.delegate))
            }
            Login::Owner(address) => {
                let mailbox = mailbox_for(writes, actor, action, address)?;
                match self.authority(writes, actor, &mailbox, None, now_secs)?.role {
                    Role::Operator | Role::Owner => Ok(Account::Owner(mailbox)),
                    Role::Postmaster
                    | Role::Manager
                    | Role::Themself
                    | Role::LinkHolder
                    | Role::Rule
                    | Role::Stranger => Err(Rule::NoRight { action, mailbox: mailbox.address }.into()),
                }
            }
        }
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
                if password.told == Told::Ended {
                    writes.renew_password_version(password.account)?;
                    continue;
                }
                let (whose, until_secs) = (Account::of(writes, password.account)?, password.expires_at_secs);
                let notice = |of| Notice::AppPasswordEnds { of, name: password.name, until_secs };
                self.tell_account(writes, &whose, notice, now_secs)?;
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

fn find(writes: &dyn Writes, account: AccountId, login: &Login, label: &str) -> Result<AppPassword, AccountsError> {
    let found = writes.app_passwords(account)?.into_iter().find(|password| password.name == label.trim());
    Ok(found.ok_or_else(|| Rule::UnknownAppPassword { login: login.clone(), name: label.trim().to_owned() })?)
}

#[cfg(test)]
#[path = "app_passwords_tests.rs"]
mod tests;
