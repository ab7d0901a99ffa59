//! How people come in by web mail whose password alone does not open it (S2), or who are sent there by the panel.
//!
//! A web mail opens a connection for each click, and says the same text each time. With two-step verification that text
//! is the password followed by the six digits of a code, which works once: what was accepted becomes a *web mail login*,
//! by which the same text is let in again, for as long as somebody works, from the address that it came from. A token that
//! the panel has asked for becomes one likewise, when a web mail shows it together with a word of its own making: who
//! finds the token in a browser's history or a server's log afterwards has nothing.
//!
//! Of either the store has a keyed hash. Untrusted is the text: it is looked up before anything else is done with it, and
//! opens nothing while the door is closed.

use secrecy::{ExposeSecret, SecretString};

use super::guard::network;
use super::{Accounts, AccountsError, Knock, Rule, Token};
use crate::domain::{AccountId, Door, ListenerKind, Login, PasswordVersion, Protocol};
use crate::store::{self, WebmailHash, WebmailLogin, Writes};

/// How long one that is not used opens anything.
const IDLE_MS: i64 = 30 * 60 * 1000;
/// How long one that is used does.
const LONGEST_MS: i64 = 12 * 60 * 60 * 1000;
/// How long a token can be shown for the first time.
const SIGN_ON_MS: i64 = 60 * 1000;
/// The use of one is written down when it would open something for so much longer; most clicks cost no write.
const NOTED_MS: i64 = 60 * 1000;
/// How many somebody may have; the oldest go.
const MOST: usize = 20;

/// The digits of a code.
const CODE_CHARS: usize = 6;
/// The characters of a token, and the least of the word that a web mail adds: 128 random bits in base64.
const TOKEN_CHARS: usize = 43;
const WORD_CHARS: usize = 22;

/// The web mail's door.
const WEBMAIL: Door = Door { protocol: Protocol::Imap, kind: ListenerKind::Webmail };

/// What opens the web mail for somebody without a password.
#[derive(Debug)]
pub struct SignOn {
    /// With which login.
    pub login: Login,
    /// What is typed in the place of the password, followed by a full stop and a word that the web mail makes up: at least
    /// 22 random characters, which nobody else gets to know.
    pub token: Token,
}

impl SignOn {
    /// Where the panel sends a browser: to the web mail at that address, as the plugin in `examples/roundcube` reads it.
    pub fn url(&self, webmail_url: &str) -> SecretString {
        let (login, token) = (self.login.to_string(), self.token.expose());
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("_sso", token)
            .append_pair("_login", &login)
            .finish();
        let joint = if webmail_url.contains('?') { '&' } else { '?' };
        format!("{webmail_url}{joint}{query}").into()
    }
}

impl Accounts {
    /// Makes a token by which a web mail may log this account in once, within a minute.
    pub fn create_sign_on(&self, account: AccountId, now_ms: i64) -> Result<SignOn, AccountsError> {
        let token = Token::random()?;
        store::change(self.store.as_ref(), |writes| {
            let (login, password) = self.may_come_by_webmail(writes, account)?;
            let sign_on = WebmailLogin {
                account,
                password,
                made_at_ms: now_ms,
                until_ms: now_ms.saturating_add(SIGN_ON_MS),
                address: None,
            };
            insert(writes, &self.vault.webmail_hash(account, token.expose()), &sign_on)?;
            Ok(SignOn { login, token: token.clone() })
        })
    }

    /// With which login and password, if at all.
    fn may_come_by_webmail(
        &self,
        writes: &dyn Writes,
        account: AccountId,
    ) -> Result<(Login, PasswordVersion), AccountsError> {
        match account {
            AccountId::Owner(mailbox) => {
                let mailbox = writes.mailbox_by_id(mailbox)?.ok_or(Rule::NoWebmail)?;
                self.credentials(&mailbox, writes.sealed_password(mailbox.id)?.as_ref())?;
                Ok((Login::Owner(mailbox.address), mailbox.owner_password))
            }
            AccountId::Delegate(delegate) => {
                let delegate = writes.delegate_by_id(delegate)?.ok_or(Rule::NoWebmail)?;
                let mailbox = writes.mailbox_by_id(delegate.mailbox)?.ok_or(Rule::NoWebmail)?;
                self.standing_of(&mailbox, &delegate, WEBMAIL).map_err(|_| Rule::NoWebmail)?;
                Ok((Login::Delegate(delegate.username, mailbox.address), delegate.password))
            }
            // They have no mailbox.
            AccountId::Postmaster(_) => Err(Rule::NoWebmail.into()),
        }
    }

    /// Whether what a web mail says was accepted before, or is a token that is shown for the first time.
    pub(super) fn by_webmail_login(
        &self,
        account: AccountId,
        password: PasswordVersion,
        said: &SecretString,
        knock: Knock,
    ) -> Result<bool, AccountsError> {
        let hash = self.vault.webmail_hash(account, said.expose_secret());
        let works = |found: &WebmailLogin, address: Option<&str>| {
            found.account == account
                && found.password == password
                && found.address.as_deref() == address
                && knock.at_ms < found.until_ms
        };
        if let Some(found) = store::read(self.store.as_ref(), |reads| reads.webmail_login(&hash))? {
            let opens = works(&found, Some(&network(knock.from)));
            let until_ms = knock.at_ms.saturating_add(IDLE_MS).min(found.made_at_ms.saturating_add(LONGEST_MS));
            if opens && until_ms.saturating_sub(found.until_ms) >= NOTED_MS {
                store::change(self.store.as_ref(), |writes| writes.prolong_webmail_login(&hash, until_ms))?;
            }
            return Ok(opens);
        }
        let Some(token) = sign_on(said.expose_secret()) else { return Ok(false) };
        let token = self.vault.webmail_hash(account, token);
        let waits = |found: &WebmailLogin| works(found, None);
        if !store::read(self.store.as_ref(), |reads| reads.webmail_login(&token))?.as_ref().is_some_and(waits) {
            return Ok(false);
        }
        store::change(self.store.as_ref(), |writes| {
            // Asked again, now that nobody else can take it.
            if !writes.webmail_login(&token)?.as_ref().is_some_and(waits) {
                return Ok(false);
            }
            writes.delete_webmail_login(&token)?;
            insert(writes, &hash, &opened(account, password, knock))?;
            Ok(true)
        })
    }

    /// What a web mail has said was accepted: it opens the same from there again.
    pub(super) fn open_webmail_login(
        &self,
        account: AccountId,
        password: PasswordVersion,
        said: &SecretString,
        knock: Knock,
    ) -> Result<(), AccountsError> {
        let hash = self.vault.webmail_hash(account, said.expose_secret());
        store::change(self.store.as_ref(), |writes| {
            // One that has ended may still be there: the digits of a code come again.
            writes.delete_webmail_login(&hash)?;
            insert(writes, &hash, &opened(account, password, knock))
        })
    }

    /// Forgets what opens nothing any more.
    pub(super) fn settle_webmail_logins(&self, now_ms: i64) -> Result<(), AccountsError> {
        if store::read(self.store.as_ref(), |reads| reads.any_webmail_login_ended(now_ms))? {
            store::change(self.store.as_ref(), |writes| writes.delete_webmail_logins_ended(now_ms))?;
        }
        Ok(())
    }
}

fn opened(account: AccountId, password: PasswordVersion, knock: Knock) -> WebmailLogin {
    WebmailLogin {
        account,
        password,
        made_at_ms: knock.at_ms,
        until_ms: knock.at_ms.saturating_add(IDLE_MS),
        address: Some(network(knock.from)),
    }
}

fn insert(writes: &dyn Writes, hash: &WebmailHash, login: &WebmailLogin) -> Result<(), AccountsError> {
    writes.insert_webmail_login(hash, login)?;
    writes.delete_webmail_logins_beyond(login.account, MOST)?;
    Ok(())
}

/// The password and the code that follows it, of what is typed at a web mail where both are asked for. Recovery codes are
/// for the panel: it tells how many are left, and opens the web mail.
pub(super) fn password_and_code(typed: &SecretString) -> Option<(SecretString, SecretString)> {
    let (password, code) =
        typed.expose_secret().split_at_checked(typed.expose_secret().len().checked_sub(CODE_CHARS)?)?;
    let is_code = code.bytes().all(|b| b.is_ascii_digit());
    (is_code && !password.is_empty()).then(|| (password.to_owned().into(), code.to_owned().into()))
}

/// The token of a text that a web mail makes of one: `TOKEN.WORD`.
fn sign_on(said: &str) -> Option<&str> {
    let (token, word) = said.split_once('.')?;
    (token.len() == TOKEN_CHARS && word.len() >= WORD_CHARS).then_some(token)
}

#[cfg(test)]
#[path = "webmail_logins_tests.rs"]
mod tests;
