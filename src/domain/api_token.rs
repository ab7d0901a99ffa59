//! The tokens by which a provider's programs use the API: made by the operator, each with a name, a scope and perhaps an
//! end.

use std::fmt;

/// The row number of a token in the store. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiTokenId(pub i64);

/// The SHA-256 of a token. They are random and long, so that a fast hash will do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ApiTokenHash(pub [u8; 32]);

/// What may be done with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApiScope {
    /// Look, and change nothing.
    ReadOnly,
    /// Everything that the API can do.
    Full,
}

/// A token as the store knows it, the secret itself apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its row.
    pub id: ApiTokenId,
    /// For what, as the operator calls it; all have different names.
    pub name: String,
    /// What may be done with it.
    pub scope: ApiScope,
    /// When it was made: seconds since 1970-01-01 UTC.
    pub created_at_secs: i64,
    /// From when on it opens nothing any more, likewise; none is never.
    pub expires_at_secs: Option<i64>,
    /// When it was last used, to the minute or so: milliseconds since 1970-01-01 UTC.
    pub used_at_ms: Option<i64>,
}

impl ApiScope {
    /// Both.
    pub const ALL: [ApiScope; 2] = [ApiScope::ReadOnly, ApiScope::Full];

    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            ApiScope::ReadOnly => "read-only",
            ApiScope::Full => "full",
        }
    }

    /// That of this name.
    pub fn from_name(name: &str) -> Option<ApiScope> {
        ApiScope::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl ApiToken {
    /// Whether it opens nothing any more.
    pub fn expired(&self, now_secs: i64) -> bool {
        self.expires_at_secs.is_some_and(|until| until <= now_secs)
    }
}

impl fmt::Debug for ApiTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiTokenHash([redacted])")
    }
}
