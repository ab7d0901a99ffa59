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
use crate::domain::{AccessFilter, AccountFacts, AccountId, Door, ListenerKind, Login, Mailbox, Notice, SentBy};
use crate::store::{self, Reads, Writes};

/// How long an address is one from which somebody has come in lately, in milliseconds.
const LATELY_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// How many counts are kept; beyond, the oldest go.
const MOST: usize = 100_000;

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
    account: Option<Under>,
    /// None where everybody comes from one address: from the operator's web mail.
    address: Option<String>,
    /// Whether anything is counted for the account.
    counted: bool,
    /// Whether nobody is let in now under these.
    pub(super) closed: bool,
}

/// What is counted apart from the passwords of logins, whose right ones would clear the count. It is counted under the
/// account's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Apart {
    /// Codes of two-step verification (S2).
    Code,
    /// The present password, typed once more by whoever is in (S1).
    Retyped,
}

impl Apart {
    const ALL: [Apart; 2] = [Apart::Code, Apart::Retyped];

    /// How the name of such a count ends.
    fn suffix(self) -> &'static str {
        match self {
            Apart::Code => " code",
            Apart::Retyped => " password",
        }
    }

    /// What it is counted under.
    pub(super) fn count(self, account: AccountId) -> String {
        format!("{account}{}", self.suffix())
    }
}

/// What the wrong passwords of an account are counted under.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Under {
    /// This name.
    Name(String),
    /// That of the login, or its own for the address: which, is looked up once there is something to count.
    Login { login: Login, network: String, knock: Knock },
}

impl Under {
    /// Whether anything is counted that may be meant.
    fn is_counted<R: Reads + ?Sized>(&self, reads: &R) -> Result<bool, AccountsError> {
        Ok(match self {
            Under::Name(name) => reads.guesses(name)?.is_some(),
            Under::Login { login, network, .. } => {
                reads.guesses(&login.to_string())?.is_some() || reads.guesses(&at_desk(login, network))?.is_some()
            }
        })
    }

    fn name<R: Reads + ?Sized>(&self, reads: &R) -> Result<String, AccountsError> {
        match self {
            Under::Name(name) => Ok(name.clone()),
            Under::Login { login, network, knock } => {
                let at_their_desk = has_come_in(reads, login, *knock)?;
                Ok(if at_their_desk { at_desk(login, network) } else { login.to_string() })
            }
        }
    }
}

/// A password that an owner has typed, of which the mail server will tell whether it is right.
#[derive(Clone, Debug)]
pub struct Tried {
    counts: Counts,
    guess: Guess,
    owner: AccountId,
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
        account: Option<Under>,
        address: Option<String>,
        knock: Knock,
    ) -> Result<Counts, AccountsError> {
        // Nearly always nothing is counted under either name, and it does not matter which it would be.
        let account = match account {
            Some(under) if under.is_counted(reads)? => Some(Under::Name(under.name(reads)?)),
            account => account,
        };
        let of_account = match &account {
            Some(Under::Name(name)) => reads.guesses(name)?,
            Some(Under::Login { .. }) | None => None,
        };
        let of_address = match &address {
            None => None,
            Some(address) => reads.guesses(address)?,
        };
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
        let account = login.filter(|_| known).map(|login| match &address {
            None => Under::Name(format!("{login} webmail")),
            Some(network) => Under::Login { login: login.clone(), network: network.clone(), knock },
        });
        Counts::look(reads, account, address, knock)
    }

    /// The same for an account that is known by another name than a login.
    pub(super) fn counts_of<R: Reads + ?Sized>(
        reads: &R,
        account: Option<AccountId>,
        own_address: bool,
        knock: Knock,
    ) -> Result<Counts, AccountsError> {
        let account = account.map(|account| Under::Name(account.to_string()));
        Counts::look(reads, account, own_address.then(|| network(knock.from)), knock)
    }

    /// The same for what somebody who is known already gets wrong.
    pub(super) fn counts_apart<R: Reads + ?Sized>(
        reads: &R,
        apart: Apart,
        account: AccountId,
        knock: Knock,
    ) -> Result<Counts, AccountsError> {
        Counts::look(reads, Some(Under::Name(apart.count(account))), None, knock)
    }

    /// One more wrong password; whose account it is, if anybody's, is told once the door is closed for an hour.
    pub(super) fn wrong_password(
        &self,
        counts: &Counts,
        guess: Guess,
        whose: Option<AccountId>,
        knock: Knock,
    ) -> Result<(), AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            if let Some(address) = &counts.address {
                count(writes, address, guess, Patience::Address, knock.at_ms)?;
            }
            let Some(who) = &counts.account else { return Ok(()) };
            let who = who.name(writes)?;
            let address = knock.from.to_canonical();
            let notice = |of, until_secs| Notice::Guessed { of, address, until_secs };
            self.wrong_of_account(writes, &who, guess, whose, knock, notice)
        })
    }

    /// Counts one more for an account under this name, and tells its person by this notice where that closes the door for
    /// an hour.
    pub(super) fn wrong_of_account(
        &self,
        writes: &dyn Writes,
        who: &str,
        guess: Guess,
        whose: Option<AccountId>,
        knock: Knock,
        notice: impl FnOnce(AccountFacts, i64) -> Notice,
    ) -> Result<(), AccountsError> {
        let closed = count(writes, who, guess, Patience::Account, knock.at_ms)?;
        let (Some(until_ms), Some(account)) = (closed, whose) else { return Ok(()) };
        // It may have gone since it was looked up.
        let Some(whose) = Account::find(writes, account)? else { return Ok(()) };
        self.tell_account(writes, &whose, |of| notice(of, until_ms / 1000), knock.at_ms / 1000)
    }

    /// The right one: the account's count is forgotten. Costs a write only where there was something to forget.
    pub(super) fn right_password(&self, counts: &Counts) -> Result<(), AccountsError> {
        let Some(account) = counts.account.as_ref().filter(|_| counts.counted) else { return Ok(()) };
        store::change(self.store.as_ref(), |writes| Ok(writes.delete_guesses(&account.name(writes)?).map(drop)?))
    }

    /// A password that an owner has typed, before the mail server is asked.
    pub(super) fn tried(
        &self,
        counts: Counts,
        login: &Login,
        mailbox: &Mailbox,
        password: &SecretString,
        knock: Knock,
    ) -> Tried {
        let guess = self.guess(Some(login), password);
        Tried { counts, guess, owner: mailbox.owner_account(), knock, renewal: self.renewal(mailbox, password) }
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
            false => self.wrong_password(&tried.counts, tried.guess, Some(tried.owner), tried.knock),
        }
    }

    /// A keyed hash of a password that was tried with a login.
    pub(super) fn guess(&self, login: Option<&Login>, password: &SecretString) -> Guess {
        let login = login.map(Login::to_string).unwrap_or_default();
        Guess(self.vault.mark(login.as_bytes(), password.expose_secret().as_bytes()))
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
            let name = Apart::ALL.iter().find_map(|apart| who.strip_suffix(apart.suffix())).unwrap_or(&who);
            let mut counted = writes.delete_guesses(&who)?;
            if let Some(account) = account::named(writes, name)? {
                for under in Apart::ALL.map(|apart| apart.count(account)).into_iter().chain([account.to_string()]) {
                    counted |= writes.delete_guesses(&under)?;
                }
            }
            match counted {
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

/// Whether the person of an account has come in from there lately.
fn has_come_in<R: Reads + ?Sized>(reads: &R, login: &Login, knock: Knock) -> Result<bool, AccountsError> {
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
    Ok(!reads.accesses(&lately, 1)?.is_empty())
}

/// What the wrong passwords of an account are counted under, at an address from which its person has come in lately.
fn at_desk(login: &Login, network: &str) -> String {
    format!("{login} {network}")
}

/// What is counted under an account's row, by the name of whose it is.
fn as_people_say<R: Reads + ?Sized>(reads: &R, who: String) -> Result<String, AccountsError> {
    let (row, what) = who.split_at(who.find(' ').unwrap_or(who.len()));
    let Ok(account) = row.parse() else { return Ok(who) };
    // A count outlives whoever it is of, for a day.
    Ok(Account::find(reads, account)?.map(|whose| format!("{}{what}", whose.login())).unwrap_or(who))
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
