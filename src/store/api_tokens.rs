//! What is asked of the tokens of the API. A part of [`Reads`](super::Reads) and [`Writes`](super::Writes); nothing here
//! moves the [`ChangeMarker`](super::ChangeMarker), since no session hangs on a token.

use super::StoreError;
use crate::domain::api_token::{ApiScope, ApiToken, ApiTokenHash, ApiTokenId};

/// A token that has no row yet.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    /// For what.
    pub name: String,
    /// What it is looked up by.
    pub hash: ApiTokenHash,
    /// What may be done with it.
    pub scope: ApiScope,
    /// Seconds since 1970-01-01 UTC.
    pub created_at_secs: i64,
    /// Likewise; none is never.
    pub expires_at_secs: Option<i64>,
}

/// What can be asked within one piece of work.
pub trait ApiTokenReads {
    /// That with this hash.
    fn api_token(&self, hash: &ApiTokenHash) -> Result<Option<ApiToken>, StoreError>;
    /// All of them, by name.
    fn api_tokens(&self) -> Result<Vec<ApiToken>, StoreError>;
}

/// What can be changed within one piece of work.
pub trait ApiTokenWrites {
    /// A new one. [`StoreError::Exists`] where there is one of that name.
    fn insert_api_token(&self, new: &NewApiToken) -> Result<ApiTokenId, StoreError>;
    /// When it was last used.
    fn use_api_token(&self, id: ApiTokenId, at_ms: i64) -> Result<bool, StoreError>;
    /// Removes one.
    fn delete_api_token(&self, id: ApiTokenId) -> Result<bool, StoreError>;
}
