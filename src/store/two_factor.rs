//! What is asked of second factors (S2). A part of [`Reads`](super::Reads) and [`Writes`](super::Writes). Who has one stands
//! otherwise than before, so that moves the [`ChangeMarker`](super::ChangeMarker); that a code was used does not.

use super::{SealedSecret, StoreError};
use crate::domain::{AccountId, RecoveryHash, Step};

/// Somebody's second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// The secret of the codes.
    pub secret: SealedSecret,
    /// Since when they have it: seconds since 1970-01-01 UTC.
    pub since_secs: i64,
    /// The step of the last code that was accepted.
    pub last_step: Step,
}

/// A second factor that is not in force yet: somebody has its secret, and has shown no code of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolling {
    /// The secret of the codes.
    pub secret: SealedSecret,
    /// When it was made: seconds since 1970-01-01 UTC.
    pub begun_at_secs: i64,
}

/// What can be asked within one piece of work.
pub trait TwoFactorReads {
    /// Somebody's second factor.
    fn second_factor(&self, account: AccountId) -> Result<Option<SecondFactor>, StoreError>;
    /// The one that they have begun to set up.
    fn enrolling(&self, account: AccountId) -> Result<Option<Enrolling>, StoreError>;
    /// How many recovery codes they have left.
    fn recovery_left(&self, account: AccountId) -> Result<u32, StoreError>;
}

/// What can be changed within one piece of work.
pub trait TwoFactorWrites {
    /// A second factor, in place of the one that they have.
    fn put_second_factor(&self, account: AccountId, factor: &SecondFactor) -> Result<(), StoreError>;
    /// Keeps the step of the last code that was accepted.
    fn use_step(&self, account: AccountId, step: Step) -> Result<bool, StoreError>;
    /// Removes their second factor and their recovery codes.
    fn delete_second_factor(&self, account: AccountId) -> Result<bool, StoreError>;
    /// One that is being set up, in place of another that is.
    fn put_enrolling(&self, account: AccountId, enrolling: &Enrolling) -> Result<(), StoreError>;
    /// Removes it.
    fn delete_enrolling(&self, account: AccountId) -> Result<bool, StoreError>;
    /// These recovery codes, in place of all that they have.
    fn set_recovery_codes(&self, account: AccountId, hashes: &[RecoveryHash]) -> Result<(), StoreError>;
    /// Uses a recovery code up. False where they have no such code.
    fn use_recovery_code(&self, account: AccountId, hash: &RecoveryHash) -> Result<bool, StoreError>;
}
