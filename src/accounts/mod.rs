//! The use cases: who may come in, what may be changed, and what is recorded. The command line and the gateway go through
//! these, so that a rule stands in one place; one file each.
//!
//! Everything here blocks (the store, argon2, files): call it from blocking threads. The clock is handed in as `now_secs`
//! or `now_ms`, seconds or milliseconds since 1970-01-01 UTC.
//!
//! Untrusted here are what a client says at login, what an operator types, and the database's rows: secrets are sealed
//! to their row, so that one that was changed or moved is found out ([`vault`]).

mod accesses;
mod account;
mod actor;
mod add_delegate;
mod add_mailbox;
mod answer;
mod api_tokens;
mod app_passwords;
mod authenticate;
mod change_email;
mod change_password;
mod change_permissions;
mod copies;
mod credentials;
mod deactivate;
mod delete_delegate;
mod directory;
mod error;
mod generated;
mod guard;
mod invite;
mod link;
mod look;
mod mails;
mod multi_user;
mod open_sessions;
mod oversight;
mod own_sessions;
mod panel_sessions;
mod password_refused;
mod passwords;
mod plans;
mod postmaster_password;
mod postmasters;
mod profile;
mod record_sending;
mod remove_mailbox;
mod reset_password;
mod seats;
pub mod secret_file;
mod set_mailbox;
mod settle;
mod sign_in;
pub mod spool;
mod standing;
mod suspend;
mod text;
mod totp;
mod two_factor;
pub mod vault;
mod webmail_logins;

#[cfg(test)]
mod edges_tests;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod life_tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

pub use accesses::{AccessEntry, Accesses};
pub use actor::Actor;
pub use add_delegate::DelegateEntry;
pub use add_mailbox::MailboxEntry;
pub use answer::InvitationView;
pub use api_tokens::{API_TOKEN_MAX_SECS, API_TOKEN_PREFIX, ApiSecret, ApiTokenEntry};
pub use app_passwords::{APP_PASSWORD_SECS, AppPasswordEntry, AppSecret, BadAppSecret};
pub use authenticate::{Credentials, Entry, Refusal, Unjudged, Verdict};
pub use change_email::EmailLink;
pub use change_permissions::PermissionChange;
pub use copies::{COPY_ATTEMPT, COPY_PATIENCE, CopyAttempt, CopyEnd};
pub use directory::{DelegateDetails, DelegateFilter, ListedDelegate, ManagedMailbox, PAGE_ROWS, Page};
pub use error::{AccountsError, Erred, Rule, TextFault};
pub use guard::{Closed, Knock, Tried};
pub use invite::{Invitee, invitee_faults};
pub use link::{BadToken, Token};
pub use look::{DelegateName, DelegateView, MailboxView};
pub use mails::{MAIL_ATTEMPT, MAIL_KEPT, MAIL_PATIENCE, MailAttempt, MailEnd, Mails};
pub use open_sessions::{BadSessionKey, OpenSession, OpenSessions, SessionKey};
pub use oversight::Overseen;
pub use own_sessions::PanelVisit;
pub use panel_sessions::{Place, SessionToken, SignedIn};
pub use passwords::{MEMORY_PER_LOGIN, PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS};
pub use postmasters::PostmasterEntry;
pub use profile::{ProfileChange, ProfileView};
pub use record_sending::{SendingEntry, Sends};
pub use reset_password::PasswordHolder;
pub use seats::{GRACE_SECS, Seats};
pub use set_mailbox::MailboxChange;
pub use sign_in::{OwnerTrial, PanelKnock, Passed, SignIn, SignInName};
pub use spool::{Draft, Spool, SpoolError, Spooled};
pub use standing::Standing;
pub use suspend::{Suspended, Suspension};
pub use two_factor::{CodeVerdict, Enrolment, RecoveryCodes};
pub use vault::{Vault, VaultError};
pub use webmail_logins::SignOn;

use crate::domain::{AccountId, DelegateId, MailboxId, PasswordVersion, Profile};
pub use crate::store::DomainMailbox;
use crate::store::{self, ChangeMarker, Store};
use passwords::Passwords;

/// One user of an upstream that may open every mailbox there (G5).
#[derive(Clone, Debug)]
pub struct Master {
    /// Their name.
    pub user: String,
    /// Their password.
    pub password: SecretString,
}

/// The upstreams of the configuration, by name, with the master user of those that have one.
pub type Upstreams = BTreeMap<String, Option<Master>>;

/// Who is in a session, as the store knows them. Row numbers are never used again, so an account that was deleted and
/// added anew is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountRef {
    /// The owner of a mailbox, who came in while that was the version of their password.
    Owner(MailboxId, PasswordVersion),
    /// A delegate of a mailbox, who came in with that password.
    Delegate(MailboxId, DelegateId, PasswordVersion),
}

impl AccountRef {
    /// The mailbox.
    pub fn mailbox(self) -> MailboxId {
        match self {
            AccountRef::Owner(mailbox, _) | AccountRef::Delegate(mailbox, ..) => mailbox,
        }
    }

    /// The account.
    pub fn id(self) -> AccountId {
        match self {
            AccountRef::Owner(mailbox, _) => AccountId::Owner(mailbox),
            AccountRef::Delegate(_, delegate, _) => AccountId::Delegate(delegate),
        }
    }
}

/// The accounts and their rules.
pub struct Accounts {
    store: Arc<dyn Store>,
    vault: Vault,
    profile: Profile,
    upstreams: Upstreams,
    passwords: Passwords,
    /// Whether people are written to.
    mails: bool,
    /// The upstreams where an owner's new password takes the place of a stored one that is refused.
    renewed_by_owners: BTreeSet<String>,
}

impl Accounts {
    /// The accounts of `store`, with the key in `key_file`. The key is made where neither the file nor anything sealed
    /// is there yet; it is never made anew for a store that has one.
    pub fn open(
        store: Arc<dyn Store>,
        key_file: &Path,
        profile: Profile,
        upstreams: Upstreams,
    ) -> Result<Accounts, AccountsError> {
        let sealed_before = store::read(store.as_ref(), |reads| reads.key_check())?.is_some();
        let vault = if sealed_before { Vault::open(key_file)? } else { Vault::open_or_create(key_file)? };
        Accounts::new(store, vault, profile, upstreams)
    }

    /// The accounts of `store`, sealed with `vault`. A vault with another key than the store's is refused.
    pub fn new(
        store: Arc<dyn Store>,
        vault: Vault,
        profile: Profile,
        upstreams: Upstreams,
    ) -> Result<Accounts, AccountsError> {
        match store::read(store.as_ref(), |reads| reads.key_check())? {
            Some(check) => vault.verify_key_check(&check)?,
            None => store::change(store.as_ref(), |writes| match writes.key_check()? {
                Some(check) => Ok(vault.verify_key_check(&check)?),
                None => Ok::<_, AccountsError>(writes.set_key_check(&vault.key_check()?)?),
            })?,
        }
        let (passwords, renewed_by_owners) = (Passwords::new()?, BTreeSet::new());
        Ok(Accounts { store, vault, profile, upstreams, passwords, mails: false, renewed_by_owners })
    }

    /// The same accounts, whose changes are told to people by mail, or not.
    #[must_use]
    pub fn with_mails(self, mails: bool) -> Accounts {
        Accounts { mails, ..self }
    }

    /// The same accounts, where the password that an owner logs in with at these upstreams takes the place of a stored one
    /// that is refused.
    #[must_use]
    pub fn with_passwords_renewed_by_owners(self, upstreams: BTreeSet<String>) -> Accounts {
        Accounts { renewed_by_owners: upstreams, ..self }
    }

    /// Differs from the last one whenever an account was changed in between, by this process or another (X2). What is sent
    /// changes no account.
    pub fn change_marker(&self) -> Result<ChangeMarker, AccountsError> {
        Ok(self.store.change_marker()?)
    }

    /// What the permissions include by the operator's choice (X17).
    pub fn permission_profile(&self) -> Profile {
        self.profile
    }

    fn master(&self, upstream: &str) -> Option<&Master> {
        self.upstreams.get(upstream).and_then(Option::as_ref)
    }

    fn known_upstream(&self, name: &str) -> Result<(), Rule> {
        if self.upstreams.contains_key(name) {
            return Ok(());
        }
        Err(Rule::UnknownUpstream { name: name.to_owned(), known: self.upstreams.keys().cloned().collect() })
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").field("profile", &self.profile).finish_non_exhaustive()
    }
}
