//! What is asked of app passwords (S3). A part of [`Reads`](super::Reads) and [`Writes`](super::Writes). What is noted of
//! their use concerns nobody's standing.

use super::StoreError;
use crate::domain::AccountId;
use crate::domain::app_password::{AppPassword, AppPasswordHash, AppPasswordId, LastUse, Scope, Told};

/// An app password that has no row yet.
#[derive(Clone, Debug)]
pub struct NewAppPassword {
    /// Whose.
    pub account: AccountId,
    /// For which program.
    pub name: String,
    /// What it is checked against.
    pub hash: AppPasswordHash,
    /// What it opens.
    pub scope: Scope,
    /// Seconds since 1970-01-01 UTC.
    pub created_at_secs: i64,
    /// Likewise.
    pub expires_at_secs: i64,
    /// What need not be told of its end any more.
    pub told: Told,
}

/// What can be asked within one piece of work.
pub trait AppPasswordReads {
    /// That of an account with this hash.
    fn app_password(&self, account: AccountId, hash: &AppPasswordHash) -> Result<Option<AppPassword>, StoreError>;
    /// Those of an account, by name.
    fn app_passwords(&self, account: AccountId) -> Result<Vec<AppPassword>, StoreError>;
    /// Those that end before that moment, and whose end was not seen to yet.
    fn app_passwords_ending(&self, before_secs: i64) -> Result<Vec<AppPassword>, StoreError>;
}

/// What can be changed within one piece of work.
pub trait AppPasswordWrites {
    /// A new one. [`StoreError::Exists`] where they have one of that name.
    fn insert_app_password(&self, new: &NewAppPassword) -> Result<AppPasswordId, StoreError>;
    /// When it ends, and what was told of that.
    fn update_app_password(&self, password: &AppPassword) -> Result<bool, StoreError>;
    /// When it was last used.
    fn use_app_password(&self, id: AppPasswordId, last: &LastUse) -> Result<bool, StoreError>;
    /// Removes one.
    fn delete_app_password(&self, id: AppPasswordId) -> Result<bool, StoreError>;
}
