//! The records of a mailbox, and one's own: what was sent (O2), who came in (S4), who is at work now (X16).
//!
//! - `query`: what is asked for, by the query of the address
//! - `export`: the same as a table for spreadsheets, as it is read from the store
//! - `sends`, `accesses`, `now`, `own`: the pages
//!
//! Untrusted are the query and all that the records hold: subjects, recipients, what programs say of themselves. Of whom
//! somebody sees something is decided in [`accounts`](crate::accounts).

mod export;
mod query;

pub(super) mod accesses;
pub(super) mod now;
pub(super) mod own;
pub(super) mod sends;

use std::collections::HashMap;
use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::now_secs;
use super::page::Problem;
use super::session::Signed;
use super::site::{Site, Work};
use crate::accounts::Overseen;
use crate::domain::oversight::Record;
use crate::domain::{AccountId, Door, Language, ListenerKind, Login, MailboxAddress, Protocol};
use crate::texts;

/// How many rows a page has.
const PAGE_ROWS: usize = 50;

/// The parts of a path that stand for something: none where one is no text.
pub(super) struct Places(Vec<String>);

impl<S: Send + Sync> FromRequestParts<S> for Places {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Places, Infallible> {
        let found: Result<Path<Vec<(String, String)>>, _> = Path::from_request_parts(parts, state).await;
        Ok(Places(found.map_or_else(|_| Vec::new(), |Path(found)| found.into_iter().map(|(_, text)| text).collect())))
    }
}

impl Places {
    /// The mailbox, which is named first.
    fn mailbox(&self) -> Result<MailboxAddress, Problem> {
        self.nth(0)
    }

    fn nth<T: std::str::FromStr>(&self, place: usize) -> Result<T, Problem> {
        self.0.get(place).and_then(|text| text.parse().ok()).ok_or(Problem::NotFound)
    }
}

/// Those whom somebody sees in a record of a mailbox.
struct People(Vec<Overseen>);

impl People {
    async fn of(site: &Site, signed: &Signed, address: &MailboxAddress, record: Record) -> Result<People, Problem> {
        let (actor, address) = (signed.actor(), address.clone());
        site.ask(Work::Lookup, move |accounts| accounts.overseen(actor, &address, record, now_secs())).await.map(People)
    }

    /// Their names, by their accounts: somebody else who has the username now is another person.
    fn names(&self) -> HashMap<AccountId, &str> {
        self.0.iter().map(|one| (one.account, one.name.as_str())).collect()
    }
}

/// Somebody in a list.
struct Person {
    /// Their name, where they are still there.
    name: Option<String>,
    /// What they log in as, within the mailbox.
    login: String,
}

impl Person {
    fn new(login: &Login, account: AccountId, names: &HashMap<AccountId, &str>) -> Person {
        let login = match login {
            Login::Owner(address) => address.as_str(),
            Login::Delegate(username, _) => username.as_str(),
        };
        Person { name: names.get(&account).map(|name| (*name).to_owned()), login: login.to_owned() }
    }
}

/// Where somebody came in, for people.
fn way(language: Language, door: Door) -> String {
    let protocol = match door.protocol {
        Protocol::Imap => "IMAP",
        Protocol::Pop3 => "POP3",
        Protocol::Submission => "SMTP",
    };
    let by = match door.kind {
        ListenerKind::Client => "page-way-client",
        ListenerKind::Webmail => "page-way-webmail",
    };
    texts::text(language, by, &[("protocol", protocol)])
}
