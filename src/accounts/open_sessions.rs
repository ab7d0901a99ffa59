//! Who has a mailbox open now, and how a session is ended (X16). The gateway knows; who may ask it is judged here.

use std::cmp::Reverse;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::{AccountRef, Accounts, AccountsError, Actor};
use crate::domain::oversight::{Record, Sight};
use crate::domain::{AccountId, Door, Login, MailboxAddress, MailboxId};
use crate::store;

/// The sessions of mail programs and web mail that are open, as the gateway has them.
pub trait OpenSessions: Send + Sync {
    /// Those that have a mailbox open.
    fn of(&self, mailbox: MailboxId) -> Vec<OpenSession>;
    /// Ends one, wherever it is in what it does; false where it has ended already. Its person may come in again.
    fn end(&self, key: &SessionKey) -> bool;
}

/// A session that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// What it is ended by.
    pub key: SessionKey,
    /// Whose it is.
    pub account: AccountRef,
    /// As they had logged in.
    pub login: Login,
    /// Where they come from.
    pub address: IpAddr,
    /// Where they came in.
    pub door: Door,
    /// What their program said of itself.
    pub program: Option<String>,
    /// When they logged in: milliseconds since 1970-01-01 UTC.
    pub since_ms: i64,
}

/// The name of an open session, which nobody can guess: 32 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionKey(pub [u8; 16]);

/// Why a text names no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 32 hexadecimal digits")]
pub struct BadSessionKey;

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl FromStr for SessionKey {
    type Err = BadSessionKey;

    fn from_str(text: &str) -> Result<Self, BadSessionKey> {
        let key = SessionKey(u128::from_str_radix(text, 16).map_err(|_| BadSessionKey)?.to_be_bytes());
        if key.to_string() == text { Ok(key) } else { Err(BadSessionKey) }
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey([redacted])")
    }
}

impl Accounts {
    /// Who has a mailbox open, of those whom somebody sees; the latest login first.
    pub fn open_sessions(
        &self,
        actor: Actor,
        address: &MailboxAddress,
        open: &dyn OpenSessions,
        now_secs: i64,
    ) -> Result<Vec<OpenSession>, AccountsError> {
        let (mailbox, seen) =
            store::read(self.store.as_ref(), |reads| self.oversee(reads, actor, address, Record::Sessions, now_secs))?;
        Ok(latest_first(open.of(mailbox.id), |session| match session.account {
            AccountRef::Owner(..) => seen == Sight::Everybody,
            AccountRef::Delegate(..) => true,
        }))
    }

    /// Ends one of them; false where it is none of them, or no more.
    pub fn end_session(
        &self,
        actor: Actor,
        address: &MailboxAddress,
        key: &SessionKey,
        open: &dyn OpenSessions,
        now_secs: i64,
    ) -> Result<bool, AccountsError> {
        let seen = self.open_sessions(actor, address, open, now_secs)?;
        Ok(seen.iter().any(|session| session.key == *key) && open.end(key))
    }

    /// One's own; the latest login first.
    pub fn own_open_sessions(
        &self,
        account: AccountId,
        open: &dyn OpenSessions,
    ) -> Result<Vec<OpenSession>, AccountsError> {
        let mailbox = match account {
            AccountId::Owner(mailbox) => Some(mailbox),
            AccountId::Delegate(id) => {
                store::read(self.store.as_ref(), |reads| Ok::<_, AccountsError>(reads.delegate_by_id(id)?))?
                    .map(|delegate| delegate.mailbox)
            }
            AccountId::Postmaster(_) => None,
        };
        let all = mailbox.map_or_else(Vec::new, |mailbox| open.of(mailbox));
        Ok(latest_first(all, |session| session.account.id() == account))
    }

    /// Ends one of one's own; false likewise.
    pub fn end_own_open_session(
        &self,
        account: AccountId,
        key: &SessionKey,
        open: &dyn OpenSessions,
    ) -> Result<bool, AccountsError> {
        let own = self.own_open_sessions(account, open)?;
        Ok(own.iter().any(|session| session.key == *key) && open.end(key))
    }
}

fn latest_first(mut sessions: Vec<OpenSession>, seen: impl Fn(&OpenSession) -> bool) -> Vec<OpenSession> {
    sessions.retain(seen);
    sessions.sort_by_key(|session| Reverse((session.since_ms, session.key.0)));
    sessions
}
