//! Who is guessing (S5): wrong passwords are counted in the store, so that a restart forgets none and every process knows.
//!
//! They are counted for the account and for the address. An account has a count of its own for each address from which its
//! person has come in lately: somebody far away who guesses closes the door to the person at their own desk no more than
//! their own mistakes do. By web mail everybody comes from one address, which is not counted; the account has a count of its
//! own there.
//!
//! What the client gets is one answer, whatever it is; how long it takes is evened out by the caller. Passwords that were
//! wrong are kept as keyed hashes, a few, for a day, and forgotten when the right one comes.

use std::net::{IpAddr, Ipv6Addr};

use secrecy::{ExposeSecret, SecretString};

use super::account::{self, Account};
use super::password_refused::Renewal;
use super::{Accounts, AccountsError, Rule};
use crate::domain::guessing::{FORGOTTEN_MS, Guess, Guesses, Patience};
use crate::domain::{AccessFilter, AccountId, Delegate, Door, ListenerKind, Login, Mailbox, Notice, SentBy};
use crate::store::{self, Reads, Writes};

/// How long an address is one from which somebody has come in lately, in milliseconds.
const LATELY_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// How many counts are kept; beyond, the oldest go.
const MOST: usize = 100_000;

/// How the name of a count of codes ends.
const CODES: &str = " code";

/// Somebody who knocks: where from, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Knock {
    /// The address that they come from.
    pub from: IpAddr,
    /// Milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
}

/// What wrong passwords of one who knocks are counted under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    account: Option<String>,
    /// None where everybody comes from one address: from the operator's web mail.
    address: Option<String>,
    /// Whether anything is counted for the account.
    counted: bool,
    /// Whether nobody is let in now under these.
    pub(super) closed: bool,
}

/// A password that an owner has typed, of which the mail server will tell whether it is right.
#[derive(Clone, Debug)]
pub struct Tried {
    counts: Counts,
    guess: Guess,
    login: Login,
    knock: Knock,
    /// Stands in for the stored password that the mail server refuses, where the operator allows it.
    renewal: Option<Renewal>,
}

impl Tried {
    /// Whether anything comes of it that the mail server has said so; for nearly every right password nothing does.
    pub fn matters(&self, right: bool) -> bool {
        !right || self.counts.counted || self.renewal.is_some()
    }
}

/// An account or an address that nobody is let in by for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The login, or the address; for an account and one address, both.
    pub who: String,
    /// Until when: milliseconds since 1970-01-01 UTC.
    pub until_ms: i64,
    /// How many different wrong passwords there were.
    pub count: u32,
}

impl Counts {
    fn look<R: Reads + ?Sized>(
        reads: &R,
        account: Option<String>,
        address: Option<String>,
        knock: Knock,
    ) -> Result<Counts, AccountsError> {
        let guesses = |who: &Option<String>| match who {
            None => Ok(None),
            Some(who) => reads.guesses(who),
        };
        let (of_account, of_address) = (guesses(&account)?, guesses(&address)?);
        let closed = [&of_account, &of_address].into_iter().flatten().any(|guesses| guesses.closed(knock.at_ms));
        Ok(Counts { account, address, counted: of_account.is_some(), closed })
    }
}

impl Accounts {
    /// What wrong passwords are counted under, and how it stands; the account only where there is one.
    pub(super) fn counts<R: Reads + ?Sized>(
        reads: &R,
        login: Option<&Login>,
        known: bool,
        door: Door,
        knock: Knock,
    ) -> Result<Counts, AccountsError> {
        let address = match door.kind {
            ListenerKind::Client => Some(network(knock.from)),
            ListenerKind::Webmail => None,
        };
        let account = match (login.filter(|_| known), &address) {
            (None, _) => None,
            (Some(login), None) => Some(format!("{login} webmail")),
            (Some(login), Some(address)) => {
                let lately = AccessFilter {
                    mailbox: Some(login.mailbox().clone()),
                    by: Some(match login {
                        Login::Owner(_) => SentBy::Owner,
                        Login::Delegate(username, _) => SentBy::Delegate(username.clone()),
                    }),
                    since_ms: Some(knock.at_ms.saturating_sub(LATELY_MS)),
                    admitted: Some(true),
                    address: Some(knock.from.to_canonical()),
                    ..AccessFilter::default()
                };
                let own_desk = !reads.accesses(&lately, 1)?.is_empty();
                Some(if own_desk { format!("{login} {address}") } else { login.to_string() })
            }
        };
        Counts::look(reads, account, address, knock)
    }

    /// The same for an account that is known by another name than a login.
    pub(super) fn counts_of<R: Reads + ?Sized>(
        reads: &R,
        account: Option<String>,
        knock: Knock,
    ) -> Result<Counts, AccountsError> {
        Counts::look(reads, account, Some(network(knock.from)), knock)
    }

    /// One more wrong password; the account's person is told once the door is closed for an hour.
    pub(super) fn wrong_password(
        &self,
        counts: &Counts,
        guess: Guess,
        login: Option<&Login>,
        knock: Knock,
    ) -> Result<(), AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            if let Some(address) = &counts.address {
                count(writes, address, guess, Patience::Address, knock.at_ms)?;
            }
            let (Some(account), Some(login)) = (&counts.account, login) else { return Ok(()) };
            let Some(until_ms) = count(writes, account, guess, Patience::Account, knock.at_ms)? else { return Ok(()) };
            self.tell_of_guessing(writes, login, until_ms, knock)
        })
    }

    /// The right one: the account's count is forgotten. Costs a write only where there was something to forget.
    pub(super) fn right_password(&self, counts: &Counts) -> Result<(), AccountsError> {
        let Some(account) = counts.account.as_ref().filter(|_| counts.counted) else { return Ok(()) };
        store::change(self.store.as_ref(), |writes| Ok(writes.delete_guesses(account).map(drop)?))
    }

    /// A password that an owner has typed, before the mail server is asked.
    pub(super) fn tried(
        &self,
        counts: Counts,
        login: Login,
        mailbox: &Mailbox,
        password: &SecretString,
        knock: Knock,
    ) -> Tried {
        let guess = self.guess(Some(&login), password);
        Tried { counts, guess, login, knock, renewal: self.renewal(mailbox, password) }
    }

    /// What the mail server said about an owner's password.
    pub fn owner_tried(&self, tried: &Tried, right: bool) -> Result<(), AccountsError> {
        match right {
            true => {
                if let Some(renewal) = &tried.renewal {
                    self.renew_stored_password(renewal, tried.knock.at_ms / 1000)?;
                }
                self.right_password(&tried.counts)
            }
            false => self.wrong_password(&tried.counts, tried.guess, Some(&tried.login), tried.knock),
        }
    }

    /// A keyed hash of a password that was tried with a login.
    pub(super) fn guess(&self, login: Option<&Login>, password: &SecretString) -> Guess {
        let login = login.map(Login::to_string).unwrap_or_default();
        Guess(self.vault.mark(login.as_bytes(), password.expose_secret().as_bytes()))
    }

    fn tell_of_guessing(
        &self,
        writes: &dyn Writes,
        login: &Login,
        until_ms: i64,
        knock: Knock,
    ) -> Result<(), AccountsError> {
        let Some(mailbox) = writes.mailbox(login.mailbox())? else { return Ok(()) };
        let (until_secs, now_secs) = (until_ms / 1000, knock.at_ms / 1000);
        let address = knock.from.to_canonical();
        match login {
            Login::Owner(_) => self.tell_owner(
                writes,
                &mailbox,
                Notice::OwnerGuessed {
                    mailbox: mailbox.address.clone(),
                    owner_name: mailbox.owner.name.clone(),
                    address,
                    until_secs,
                },
                now_secs,
            ),
            Login::Delegate(username, _) => {
                let Some(delegate) = writes.delegate(mailbox.id, username)? else { return Ok(()) };
                let delegate: Delegate = delegate;
                let facts = self.facts(&mailbox, &delegate);
                self.tell_delegate(writes, &delegate, Notice::Guessed { facts, address, until_secs }, None, now_secs)
            }
        }
    }

    /// The accounts and addresses that nobody is let in by now, at most so many (`delega lock list`).
    pub fn closed(&self, now_ms: i64, most: usize) -> Result<Vec<Closed>, AccountsError> {
        store::read(self.store.as_ref(), |reads| {
            let mut found = Vec::new();
            for (who, Guesses { count, closed_until_ms, .. }) in reads.closed(now_ms, most)? {
                found.push(Closed { who: as_people_say(reads, who)?, until_ms: closed_until_ms, count });
            }
            Ok(found)
        })
    }

    /// Lets a login or an address in again at once (`delega lock release`).
    pub fn release(&self, who: &str) -> Result<(), AccountsError> {
        let who = match (who.parse::<Login>(), who.parse::<IpAddr>()) {
            (Ok(login), _) => login.to_string(),
            (_, Ok(from)) => network(from),
            // As it stands in the list, such as an IPv6 network.
            (Err(_), Err(_)) => who.trim().to_owned(),
        };
        store::change(self.store.as_ref(), |writes| {
            let codes = match account::named(writes, who.strip_suffix(CODES).unwrap_or(&who))? {
                Some(account) => writes.delete_guesses(&code_count(account))?,
                None => false,
            };
            match writes.delete_guesses(&who)? || codes {
                true => Ok(()),
                false => Err(Rule::NotClosed(who.clone()).into()),
            }
        })
    }

    /// Forgets what is too old to count, and the oldest beyond a bound; how many.
    pub fn forget_guesses(&self, now_ms: i64) -> Result<usize, AccountsError> {
        let before = now_ms.saturating_sub(FORGOTTEN_MS);
        store::change(self.store.as_ref(), |writes| Ok(writes.delete_old_guesses(before, MOST)?))
    }
}

/// What wrong codes of an account are counted under (S2). Not under the login, whose counts a right password clears.
pub(super) fn code_count(account: AccountId) -> String {
    format!("{account}{CODES}")
}

/// What is counted under an account's row, by the name of whose it is.
fn as_people_say<R: Reads + ?Sized>(reads: &R, who: String) -> Result<String, AccountsError> {
    let Some(Ok(account)) = who.strip_suffix(CODES).map(str::parse) else { return Ok(who) };
    match Account::of(reads, account) {
        Ok(whose) => Ok(format!("{}{CODES}", whose.login())),
        // A count outlives whoever it is of, for a day.
        Err(AccountsError::Refused(_)) => Ok(who),
        Err(error) => Err(error),
    }
}

/// Counts one more; until when nobody is let in, where somebody is to be told.
pub(super) fn count(
    writes: &dyn Writes,
    who: &str,
    guess: Guess,
    patience: Patience,
    now_ms: i64,
) -> Result<Option<i64>, AccountsError> {
    let mut guesses = writes.guesses(who)?.unwrap_or_default();
    let told = guesses.wrong(guess, patience, now_ms);
    writes.put_guesses(who, &guesses)?;
    Ok(told.then_some(guesses.closed_until_ms))
}

/// What an address is counted under, and what is bound to one: IPv6 by its network of 64 bits, within which somebody has them all.
pub(super) fn network(from: IpAddr) -> String {
    match from.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
