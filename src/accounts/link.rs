//! The tokens of mailed links: 256 random bits, of which the store keeps a hash (D2, D7, S1).
//!
//! Untrusted is the token that comes back: it is looked up by its hash, so that how long the search takes tells nothing
//! about other tokens.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{Accounts, AccountsError, Rule};
use crate::domain::life::{self, Action, After, Role};
use crate::domain::{AccountId, Delegate, DelegateState, LinkHash, LinkPurpose, Mailbox};
use crate::store::{Link, Reads, Writes};

/// How long after a link for a new password was asked for none is sent again, whoever asks.
const BETWEEN_PASSWORD_LINKS_SECS: i64 = 15 * 60;
/// How many are sent for one account within the time that each of them works.
const MOST_LINKS: usize = 5;

const TOKEN_BYTES: usize = 32;
/// Of 32 bytes in base64 without padding.
const TOKEN_CHARS: usize = 43;

/// What a link carries.
#[derive(Clone)]
pub struct Token(SecretString);

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the token of a link")]
pub struct BadToken;

impl Token {
    pub(super) fn random() -> Result<Token, AccountsError> {
        let mut bytes = Zeroizing::new([0_u8; TOKEN_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|error| AccountsError::Hash(error.to_string()))?;
        Ok(Token(URL_SAFE_NO_PAD.encode(bytes.as_slice()).into()))
    }

    /// The token as it stands in a link: 43 characters that need no escape there.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(super) fn hash(&self) -> LinkHash {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.expose().as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(digest.as_ref());
        LinkHash(hash)
    }
}

impl FromStr for Token {
    type Err = BadToken;

    fn from_str(text: &str) -> Result<Self, BadToken> {
        let fine =
            text.len() == TOKEN_CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if fine { Ok(Token(text.to_owned().into())) } else { Err(BadToken) }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([redacted])")
    }
}

/// A link that works.
pub(super) struct Held {
    pub(super) mailbox: Mailbox,
    /// Whose it is.
    pub(super) delegate: Delegate,
    pub(super) until_secs: i64,
    /// The state that the action leads to.
    pub(super) after: DelegateState,
}

/// The link with this token, if it works now for this purpose.
pub(super) fn link<R: Reads + ?Sized>(
    reads: &R,
    token: &Token,
    purpose: LinkPurpose,
    now_secs: i64,
) -> Result<Link, AccountsError> {
    let found = reads.link(&token.hash())?.filter(|link| link.purpose == purpose && now_secs < link.until_secs);
    Ok(found.ok_or(Rule::LinkGone)?)
}

/// When links for this purpose were asked for in somebody's name within the time that such a link works, with one more
/// now; `None` where that would be too many, or too soon.
pub(super) fn asked_again<R: Reads + ?Sized>(
    reads: &R,
    account: AccountId,
    purpose: LinkPurpose,
    now_secs: i64,
) -> Result<Option<Vec<i64>>, AccountsError> {
    let between_secs = match purpose {
        // By anybody who knows whom to name.
        LinkPurpose::PasswordReset => BETWEEN_PASSWORD_LINKS_SECS,
        // By the person themself, who has mistyped perhaps.
        LinkPurpose::Invitation | LinkPurpose::ConfirmEmail => 0,
    };
    // What was asked for in the future, by a clock that was wrong, counts for nothing.
    let works_since = now_secs.saturating_sub(purpose.valid_secs());
    let mut requests = reads.link_requests(account, purpose)?;
    requests.retain(|at| works_since < *at && *at <= now_secs);
    if requests.len() >= MOST_LINKS || requests.iter().any(|at| now_secs < at.saturating_add(between_secs)) {
        return Ok(None);
    }
    // Of several within a second each has a moment of its own, so that all are counted.
    let at = (0..).map(|n| now_secs.saturating_sub(n)).find(|at| !requests.contains(at));
    requests.push(at.unwrap_or(now_secs));
    Ok(Some(requests))
}

/// Whose link has this token, if it works now for this action.
pub(super) fn holder<R: Reads + ?Sized>(
    reads: &R,
    token: &Token,
    action: Action,
    now_secs: i64,
) -> Result<Held, AccountsError> {
    let purpose = match action {
        Action::SetPassword => LinkPurpose::PasswordReset,
        Action::Accept | Action::Refuse => LinkPurpose::Invitation,
        // No link is for anything else.
        Action::Invite
        | Action::Add
        | Action::Look
        | Action::Reject
        | Action::Expire
        | Action::Reinvite
        | Action::ChangePermissions
        | Action::ResetPassword
        | Action::AskForReset
        | Action::MakeAppPassword
        | Action::RevokeAppPassword
        | Action::RemoveTwoFactor
        | Action::Suspend
        | Action::Resume
        | Action::Deactivate
        | Action::Delete => return Err(Rule::LinkGone.into()),
    };
    let link = link(reads, token, purpose, now_secs)?;
    let AccountId::Delegate(delegate) = link.account else { return Err(Rule::LinkGone.into()) };
    let delegate = reads.delegate_by_id(delegate)?.ok_or(Rule::LinkGone)?;
    let mailbox = reads.mailbox_by_id(delegate.mailbox)?.filter(|mailbox| mailbox.multi_user).ok_or(Rule::LinkGone)?;
    let Ok(After::In(after)) = life::judge(Role::LinkHolder, action, Some(delegate.state_at(now_secs))) else {
        return Err(Rule::LinkGone.into());
    };
    Ok(Held { mailbox, delegate, until_secs: link.until_secs, after })
}

impl Accounts {
    /// A new link for somebody, in place of those that they have for this purpose; its token, and until when it works.
    pub(super) fn new_link(
        writes: &dyn Writes,
        account: AccountId,
        purpose: LinkPurpose,
        now_secs: i64,
    ) -> Result<(Token, i64), AccountsError> {
        writes.delete_links(account, purpose)?;
        Accounts::further_link(writes, account, purpose, now_secs)
    }

    /// The same, beside those that still work.
    pub(super) fn further_link(
        writes: &dyn Writes,
        account: AccountId,
        purpose: LinkPurpose,
        now_secs: i64,
    ) -> Result<(Token, i64), AccountsError> {
        writes.delete_links_until(account, purpose, now_secs)?;
        let token = Token::random()?;
        let until_secs = now_secs.saturating_add(purpose.valid_secs());
        writes.insert_link(&token.hash(), &Link { purpose, account, email: None, until_secs })?;
        Ok((token, until_secs))
    }

    /// This link, in place of those that its account has for this purpose; its token.
    pub(super) fn only_link(writes: &dyn Writes, link: &Link) -> Result<Token, AccountsError> {
        writes.delete_links(link.account, link.purpose)?;
        let token = Token::random()?;
        writes.insert_link(&token.hash(), link)?;
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_are_long_differ_and_are_not_printed() {
        let tokens: HashSet<String> = (0..100).map(|_| Token::random().unwrap().expose().to_owned()).collect();
        assert_eq!(tokens.len(), 100);
        for token in &tokens {
            assert_eq!(URL_SAFE_NO_PAD.decode(token).unwrap().len(), 32);
            let again: Token = token.parse().unwrap();
            assert!(!format!("{again:?}").contains(token.as_str()));
        }
    }

    #[test]
    fn the_hash_is_that_of_the_text() {
        // printf %s AAAA…A (43 times) | sha256sum
        let token: Token = "A".repeat(43).parse().unwrap();
        let hex: String = token.hash().0.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, HASH_OF_43_A);
    }

    const HASH_OF_43_A: &str = "0f007385b6f9d4b7eeb2748605afe1a984a0a3bfa3f014d09e2a784ce9e5cd1a";

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", &"A".repeat(42), &"A".repeat(44), &format!("{}/", "A".repeat(42)), &"è".repeat(21)] {
            assert!(text.parse::<Token>().is_err(), "{text}");
        }
    }
}
