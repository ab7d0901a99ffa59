//! The database behind one trait, so that a second kind of database can stand beside the first.
//!
//! A [`Store`] runs pieces of work: [`Reads`] see one moment, [`Writes`] happen whole or not at all and one after the
//! other, whichever process asks. What a change means is decided in `accounts`, inside such a piece of work; nothing
//! here knows a rule. All of it blocks: call it from blocking threads.
//!
//! Untrusted here is the file itself: what a row holds is parsed again when it is read, and a value that this version
//! does not know is [`StoreError::Corrupt`], never a guess.

pub mod access;
pub mod api_tokens;
pub mod app_passwords;
pub mod guesses;
pub mod life;
mod notice_text;
pub mod outbox;
pub mod panel_sessions;
pub mod record;
pub mod rows;
pub mod sqlite;
pub mod two_factor;
pub mod webmail_logins;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod life_conformance;
#[cfg(test)]
mod record_conformance;

pub use access::{AccessReads, AccessWrites, Times};
pub use api_tokens::{ApiTokenReads, ApiTokenWrites, NewApiToken};
pub use app_passwords::{AppPasswordReads, AppPasswordWrites, NewAppPassword};
pub use guesses::{GuessReads, GuessWrites};
pub use life::{DomainMailbox, LifeReads, LifeWrites, Link, NewPostmaster};
pub use outbox::{NewMail, OutboxReads, OutboxWrites};
pub use panel_sessions::{PanelSessionReads, PanelSessionWrites};
pub use record::{NewSend, RecordReads, RecordWrites};
pub use rows::{NewDelegate, NewMailbox, PasswordHash, SealedSecret};
pub use sqlite::Sqlite;
pub use two_factor::{Enrolling, SecondFactor, TwoFactorReads, TwoFactorWrites};
pub use webmail_logins::{WebmailHash, WebmailLogin, WebmailLoginReads, WebmailLoginWrites};

use std::path::PathBuf;

use crate::domain::{AccountId, Delegate, DelegateId, MailDomain, Mailbox, MailboxAddress, MailboxId, Username};

/// Something that differs whenever an account was changed since it was last asked for, by anybody. The record of sends
/// does not count: whoever follows the marker looks up everybody's standing each time that it moves, which a busy sender
/// must not cause. Compare markers of one store only; they have no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChangeMarker(pub i64);

/// Why the store could not do it. None of these is the fault of a client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer delega made it.
    #[error(
        "the database {} has version {found}, and this delega knows versions up to {known}: start the newer delega that \
         made it, or restore a backup", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The file is a database of another program.
    #[error("{} is a database, but not one of delega's: give another file in [store] url", .0.display())]
    Foreign(PathBuf),
    /// The file cannot be made, or not be closed to others.
    #[error("the database {} cannot be {what}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried: "opened", "made private" …
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// There is no room on the disk. What was being written is undone.
    #[error("the database cannot grow, for there is no room left on its disk: make room, and try again")]
    Full,
    /// A row with that address, or that username in that mailbox, is there already.
    #[error("a row of that name is there already")]
    Exists,
    /// A row holds something that this version cannot read.
    #[error("the database holds {0}, which this delega cannot read: restore a backup")]
    Corrupt(String),
    /// Anything else that the database said.
    #[error("the database failed: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What can be asked within one piece of work.
pub trait Reads:
    AccessReads
    + ApiTokenReads
    + AppPasswordReads
    + GuessReads
    + LifeReads
    + OutboxReads
    + PanelSessionReads
    + RecordReads
    + TwoFactorReads
    + WebmailLoginReads
{
    /// The mailbox of that address.
    fn mailbox(&self, address: &MailboxAddress) -> Result<Option<Mailbox>, StoreError>;
    /// The mailbox of that row.
    fn mailbox_by_id(&self, id: MailboxId) -> Result<Option<Mailbox>, StoreError>;
    /// All mailboxes, by address.
    fn mailboxes(&self) -> Result<Vec<Mailbox>, StoreError>;
    /// Those of a domain, or of all, by address from after this one on, at most so many.
    fn mailboxes_after(
        &self,
        domain: Option<&MailDomain>,
        after: Option<&MailboxAddress>,
        most: usize,
    ) -> Result<Vec<Mailbox>, StoreError>;
    /// The mailbox that has this address as an alias (G2).
    fn mailbox_of_alias(&self, alias: &MailboxAddress) -> Result<Option<MailboxId>, StoreError>;
    /// The mailbox's own upstream password, sealed; `None` where a master user opens it.
    fn sealed_password(&self, id: MailboxId) -> Result<Option<SealedSecret>, StoreError>;
    /// The delegate of that name in that mailbox.
    fn delegate(&self, mailbox: MailboxId, username: &Username) -> Result<Option<Delegate>, StoreError>;
    /// The delegate of that row.
    fn delegate_by_id(&self, id: DelegateId) -> Result<Option<Delegate>, StoreError>;
    /// The delegates of a mailbox, by username.
    fn delegates(&self, mailbox: MailboxId) -> Result<Vec<Delegate>, StoreError>;
    /// What somebody's password is checked against; `None` before they have one, and for owners: theirs is the mailbox's.
    fn password_hash(&self, account: AccountId) -> Result<Option<PasswordHash>, StoreError>;
    /// What tells whether the key at hand is the one that this store's secrets are sealed with.
    fn key_check(&self) -> Result<Option<SealedSecret>, StoreError>;
}

/// What can be changed within one piece of work. A change to a row that is not there changes nothing and says so.
pub trait Writes:
    Reads
    + AccessWrites
    + ApiTokenWrites
    + AppPasswordWrites
    + GuessWrites
    + LifeWrites
    + OutboxWrites
    + PanelSessionWrites
    + RecordWrites
    + TwoFactorWrites
    + WebmailLoginWrites
{
    /// A new mailbox, without a password. [`StoreError::Exists`] where the address is taken.
    fn insert_mailbox(&self, new: &NewMailbox) -> Result<MailboxId, StoreError>;
    /// Everything of a mailbox but its row, its address and when it was entered. [`StoreError::Exists`] where an alias is
    /// another mailbox's alias.
    fn update_mailbox(&self, mailbox: &Mailbox) -> Result<bool, StoreError>;
    /// The mailbox's own upstream password, or none.
    fn set_sealed_password(&self, id: MailboxId, sealed: Option<&SealedSecret>) -> Result<bool, StoreError>;
    /// Removes a mailbox. One that has delegates cannot be removed.
    fn delete_mailbox(&self, id: MailboxId) -> Result<bool, StoreError>;
    /// A new delegate. [`StoreError::Exists`] where the username is taken in that mailbox.
    fn insert_delegate(&self, new: &NewDelegate) -> Result<DelegateId, StoreError>;
    /// Everything of a delegate but their row, mailbox, username and when they were added.
    fn update_delegate(&self, delegate: &Delegate) -> Result<bool, StoreError>;
    /// What a delegate's or postmaster's password is checked against from now on; none is a password that nothing matches.
    /// Their [`PasswordVersion`](crate::domain::PasswordVersion) is another one afterwards.
    fn set_password_hash(&self, account: AccountId, hash: Option<&PasswordHash>) -> Result<bool, StoreError>;
    /// Makes whoever came in with any password of this account come in anew: its
    /// [`PasswordVersion`](crate::domain::PasswordVersion) is another one afterwards.
    fn renew_password_version(&self, account: AccountId) -> Result<bool, StoreError>;
    /// Removes a delegate, and what belongs to their account.
    fn delete_delegate(&self, id: DelegateId) -> Result<bool, StoreError>;
    /// See [`Reads::key_check`].
    fn set_key_check(&self, check: &SealedSecret) -> Result<(), StoreError>;
}

/// A database of accounts. Use [`read`] and [`change`], which carry results out of the work.
pub trait Store: Send + Sync {
    /// Runs `work` on one moment of the database, once. A change that is under way elsewhere does not hold it up.
    fn run_read(&self, work: &mut dyn FnMut(&dyn Reads)) -> Result<(), StoreError>;

    /// Runs `work` alone, once, and keeps what it changed where it returns true.
    fn run_change(&self, work: &mut dyn FnMut(&dyn Writes) -> bool) -> Result<(), StoreError>;

    /// Differs from the last one whenever an account was changed in between, by this or any other process.
    fn change_marker(&self) -> Result<ChangeMarker, StoreError>;
}

/// Runs `work` on one moment of the database.
pub fn read<T, E: From<StoreError>>(store: &dyn Store, work: impl FnOnce(&dyn Reads) -> Result<T, E>) -> Result<T, E> {
    let mut work = Some(work);
    let mut outcome = None;
    store.run_read(&mut |reads| outcome = work.take().map(|work| work(reads)))?;
    outcome.unwrap_or_else(|| Err(unrun().into()))
}

/// Runs `work` alone. What it changed is kept where it returns `Ok`, and undone where it returns `Err`.
pub fn change<T, E: From<StoreError>>(
    store: &dyn Store,
    work: impl FnOnce(&dyn Writes) -> Result<T, E>,
) -> Result<T, E> {
    let mut work = Some(work);
    let mut outcome = None;
    store.run_change(&mut |writes| {
        outcome = work.take().map(|work| work(writes));
        matches!(outcome, Some(Ok(_)))
    })?;
    outcome.unwrap_or_else(|| Err(unrun().into()))
}

fn unrun() -> StoreError {
    StoreError::Database("the work was not run".into())
}
