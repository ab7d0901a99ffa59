//! The tokens of the API (`delega api-token`): who holds one acts for the operator, from wherever they are.
//!
//! Each has 256 random bits behind a prefix that secret scanners can look for; the store has its SHA-256 alone, by which it
//! is looked up, so that how long the search takes tells nothing about other tokens. It is shown once.
//!
//! Untrusted is what comes in its place. Whatever is wrong with it – no token, an unknown one, one that has ended – is
//! counted for the address that it comes from (S5), on a count of its own: people who mistype passwords at the same address
//! close nothing to the provider's programs.

use std::fmt;
use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};

use super::guard::{count, network};
use super::link::Token;
use super::{Accounts, AccountsError, Rule, text};
use crate::domain::api_token::{ApiScope, ApiToken, ApiTokenHash};
use crate::domain::guessing::Patience;
use crate::store::{self, NewApiToken, Reads, StoreError};

/// What each begins with.
pub const API_TOKEN_PREFIX: &str = "delega_";
/// The longest that one may open anything, where it ends at all.
pub const API_TOKEN_MAX_SECS: i64 = 10 * 365 * 24 * 60 * 60;
/// How long its use is not noted again, in milliseconds.
const USE_NOTED_MS: i64 = 60 * 1000;

/// A token, in the clear.
#[derive(Clone)]
pub struct ApiSecret(SecretString);

/// A token to make, as typed.
#[derive(Clone, Debug)]
pub struct ApiTokenEntry {
    /// For what.
    pub name: String,
    /// What may be done with it.
    pub scope: ApiScope,
    /// How long, in seconds; none is until it is revoked.
    pub valid_secs: Option<i64>,
}

impl ApiSecret {
    /// As it is shown, once.
    pub fn shown(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for ApiSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiSecret([redacted])")
    }
}

impl Accounts {
    /// Makes a token; it is shown now and never again.
    pub fn create_api_token(
        &self,
        entry: ApiTokenEntry,
        now_secs: i64,
    ) -> Result<(ApiSecret, ApiToken), AccountsError> {
        if entry.valid_secs.is_some_and(|secs| !(1..=API_TOKEN_MAX_SECS).contains(&secs)) {
            return Err(Rule::ApiTokenTooLong.into());
        }
        let name = text::line("name of the API token", &entry.name)?;
        let secret = SecretString::from(format!("{API_TOKEN_PREFIX}{}", Token::random()?.expose()));
        let new = NewApiToken {
            name: name.clone(),
            hash: hash(&secret),
            scope: entry.scope,
            created_at_secs: now_secs,
            expires_at_secs: entry.valid_secs.map(|secs| now_secs.saturating_add(secs)),
        };
        store::change(self.store.as_ref(), |writes| {
            writes.insert_api_token(&new).map_err(|error| match error {
                StoreError::Exists => Rule::ApiTokenExists(name.clone()).into(),
                other => AccountsError::from(other),
            })?;
            Ok((ApiSecret(secret), find(writes, &name)?))
        })
    }

    /// All tokens, by name.
    pub fn api_tokens(&self) -> Result<Vec<ApiToken>, AccountsError> {
        store::read(self.store.as_ref(), |reads| Ok(reads.api_tokens()?))
    }

    /// Takes a token back, and gives it back as it was: from now on it opens nothing.
    pub fn revoke_api_token(&self, name: &str) -> Result<ApiToken, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let found = find(writes, name)?;
            writes.delete_api_token(found.id)?;
            Ok(found)
        })
    }

    /// The token that somebody shows, if it is one. `from` is none where everybody comes from one address.
    ///
    /// While the address is closed, no token is looked at from there. That one was used is noted once a minute at most.
    pub fn present_api_token(
        &self,
        shown: &SecretString,
        from: Option<IpAddr>,
        now_ms: i64,
    ) -> Result<Option<ApiToken>, AccountsError> {
        let counted = from.map(|from| format!("{} api", network(from)));
        let (closed, found) = store::read(self.store.as_ref(), |reads| {
            let guesses = counted.as_ref().map(|who| reads.guesses(who)).transpose()?.flatten();
            let closed = guesses.is_some_and(|guesses| guesses.closed(now_ms));
            Ok::<_, AccountsError>((closed, reads.api_token(&hash(shown))?))
        })?;
        if closed {
            return Ok(None);
        }
        let Some(found) = found.filter(|found| !found.expired(now_ms / 1000)) else {
            if let Some(who) = counted {
                let guess = self.guess(None, shown);
                store::change(self.store.as_ref(), |writes| {
                    count(writes, &who, guess, Patience::Address, now_ms).map(drop)
                })?;
            }
            return Ok(None);
        };
        if found.used_at_ms.is_none_or(|used| now_ms.saturating_sub(used) >= USE_NOTED_MS) {
            let noted = store::change(self.store.as_ref(), |writes| writes.use_api_token(found.id, now_ms));
            // Whoever only looks can do so also where nothing can be written.
            if let Err(error) = noted {
                tracing::warn!(%error, token = found.name, "the use of an API token could not be noted");
            }
        }
        Ok(Some(found))
    }
}

fn hash(secret: &SecretString) -> ApiTokenHash {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.expose_secret().as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    ApiTokenHash(hash)
}

fn find<R: Reads + ?Sized>(reads: &R, name: &str) -> Result<ApiToken, AccountsError> {
    let found = reads.api_tokens()?.into_iter().find(|token| token.name == name.trim());
    Ok(found.ok_or_else(|| Rule::UnknownApiToken(name.trim().to_owned()))?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::accounts::fixture::{Fixture, NOW, secret};

    const NOW_MS: i64 = NOW * 1000;
    const HERE: &str = "192.0.2.7";

    fn entry(name: &str) -> ApiTokenEntry {
        ApiTokenEntry { name: name.into(), scope: ApiScope::Full, valid_secs: None }
    }

    fn present(fixture: &Fixture, shown: &SecretString, from: &str, now_ms: i64) -> Option<String> {
        let found = fixture.accounts.present_api_token(shown, Some(from.parse().unwrap()), now_ms).unwrap();
        found.map(|token| token.name)
    }

    #[test]
    fn a_token_opens_until_it_ends_or_is_revoked() {
        let fixture = Fixture::new();
        let accounts = &fixture.accounts;
        let (shown, made) = accounts.create_api_token(entry(" crm "), NOW).unwrap();
        let text = shown.shown().expose_secret();
        assert_eq!((made.name.as_str(), text.len(), &text[..7]), ("crm", 7 + 43, "delega_"));
        assert!(!format!("{shown:?}{made:?}").contains(&text[7..]));
        let hour = ApiTokenEntry { valid_secs: Some(3600), scope: ApiScope::ReadOnly, ..entry("audit") };
        let (brief, made) = accounts.create_api_token(hour, NOW).unwrap();
        assert_eq!((made.scope, made.expires_at_secs), (ApiScope::ReadOnly, Some(NOW + 3600)));
        assert_eq!(present(&fixture, brief.shown(), HERE, NOW_MS + 3_599_999).as_deref(), Some("audit"));
        assert_eq!(present(&fixture, brief.shown(), HERE, NOW_MS + 3_600_000), None);
        assert_eq!(present(&fixture, shown.shown(), HERE, NOW_MS).as_deref(), Some("crm"));
        accounts.revoke_api_token("crm").unwrap();
        assert_eq!(present(&fixture, shown.shown(), HERE, NOW_MS), None);
    }

    #[test]
    fn names_are_told_apart_and_times_are_bounded() {
        let fixture = Fixture::new();
        let refused = |entry| match fixture.accounts.create_api_token(entry, NOW) {
            Err(AccountsError::Refused(rule)) => Some(rule),
            _ => None,
        };
        assert_eq!(refused(entry("crm")), None);
        assert_eq!(refused(entry("crm")), Some(Rule::ApiTokenExists("crm".into())));
        assert!(matches!(refused(entry("a\nb")), Some(Rule::BadText { .. })));
        for (secs, fine) in [(0, false), (1, true), (API_TOKEN_MAX_SECS, true), (API_TOKEN_MAX_SECS + 1, false)] {
            let rule = refused(ApiTokenEntry { valid_secs: Some(secs), ..entry(&format!("t{secs}")) });
            assert_eq!(rule, (!fine).then_some(Rule::ApiTokenTooLong), "{secs}");
        }
        let unknown = fixture.accounts.revoke_api_token("none");
        assert!(matches!(unknown, Err(AccountsError::Refused(Rule::UnknownApiToken(_)))), "{unknown:?}");
    }

    #[test]
    fn its_use_is_noted_once_a_minute() {
        let fixture = Fixture::new();
        let (shown, _) = fixture.accounts.create_api_token(entry("crm"), NOW).unwrap();
        let used = |now_ms| {
            present(&fixture, shown.shown(), HERE, now_ms).unwrap();
            fixture.accounts.api_tokens().unwrap()[0].used_at_ms
        };
        assert_eq!(fixture.accounts.api_tokens().unwrap()[0].used_at_ms, None);
        assert_eq!(used(NOW_MS), Some(NOW_MS));
        assert_eq!(used(NOW_MS + USE_NOTED_MS - 1), Some(NOW_MS));
        assert_eq!(used(NOW_MS + USE_NOTED_MS), Some(NOW_MS + USE_NOTED_MS));
    }

    #[test]
    fn s5_guesses_close_the_api_to_their_address_and_nothing_else() {
        let fixture = Fixture::new();
        let (shown, _) = fixture.accounts.create_api_token(entry("crm"), NOW).unwrap();
        let wrong = |n: u32| secret(&format!("delega_{n:043}"));
        for n in 0..20 {
            assert_eq!(present(&fixture, shown.shown(), HERE, NOW_MS).as_deref(), Some("crm"), "closed after {n}");
            // The same again is no further guess.
            for _ in 0..3 {
                assert_eq!(present(&fixture, &wrong(n), HERE, NOW_MS), None);
            }
        }
        assert_eq!(present(&fixture, shown.shown(), HERE, NOW_MS), None, "twenty different ones, and it is open");
        assert_eq!(present(&fixture, shown.shown(), "192.0.2.8", NOW_MS).as_deref(), Some("crm"));
        assert!(fixture.accounts.present_api_token(shown.shown(), None, NOW_MS).unwrap().is_some());
        let closed = fixture.accounts.closed(NOW_MS, 9).unwrap();
        assert_eq!(closed.iter().map(|one| one.who.as_str()).collect::<Vec<_>>(), ["192.0.2.7 api"]);
        fixture.accounts.release(HERE).unwrap();
        assert_eq!(present(&fixture, shown.shown(), HERE, NOW_MS).as_deref(), Some("crm"));
    }
}
