//! What is asked of web mail logins (S2). A part of [`Reads`](super::Reads) and [`Writes`](super::Writes). They concern
//! nobody's standing.

use std::fmt;

use super::StoreError;
use crate::domain::{AccountId, PasswordVersion};

/// A keyed hash of what a web mail types for somebody, or of a token that was made for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct WebmailHash(pub [u8; 32]);

/// What a web mail may come in by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebmailLogin {
    /// Whose.
    pub account: AccountId,
    /// Their password when it was made; with another one it opens nothing.
    pub password: PasswordVersion,
    /// When it was made: milliseconds since 1970-01-01 UTC.
    pub made_at_ms: i64,
    /// From when on it opens nothing any more, likewise.
    pub until_ms: i64,
    /// The address, of IPv6 the network, that it opens anything from; none is a token that waits for its use.
    pub address: Option<String>,
}

/// What can be asked within one piece of work.
pub trait WebmailLoginReads {
    /// That with this hash.
    fn webmail_login(&self, hash: &WebmailHash) -> Result<Option<WebmailLogin>, StoreError>;
    /// Whether there are any that open nothing at that moment.
    fn any_webmail_login_ended(&self, now_ms: i64) -> Result<bool, StoreError>;
}

/// What can be changed within one piece of work.
pub trait WebmailLoginWrites {
    /// A new one. [`StoreError::Exists`] where there is one with this hash.
    fn insert_webmail_login(&self, hash: &WebmailHash, login: &WebmailLogin) -> Result<(), StoreError>;
    /// Lets one open something until then.
    fn prolong_webmail_login(&self, hash: &WebmailHash, until_ms: i64) -> Result<bool, StoreError>;
    /// Removes one.
    fn delete_webmail_login(&self, hash: &WebmailHash) -> Result<bool, StoreError>;
    /// Removes all of an account but the newest, so many; how many went.
    fn delete_webmail_logins_beyond(&self, account: AccountId, most: usize) -> Result<usize, StoreError>;
    /// Removes those that open nothing at that moment; how many.
    fn delete_webmail_logins_ended(&self, now_ms: i64) -> Result<usize, StoreError>;
}

impl fmt::Debug for WebmailHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebmailHash([redacted])")
    }
}
