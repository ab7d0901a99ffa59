//! Two-step verification, turned on as the panel does it, and the codes as oathtool shows them.

use std::process::Command;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use delega::accounts::{Accounts, Actor, DelegateName, Knock, Upstreams};
use delega::domain::{AccountId, Login, Profile};
use delega::store::Sqlite;
use secrecy::ExposeSecret;

use super::delega::Delega;
use super::programs::installed;

/// An app that shows the codes of one account.
pub struct Codes(String);

impl Codes {
    /// Of a secret as it is shown to a person.
    pub fn of(shown: &str) -> Codes {
        Codes(shown.replace(' ', ""))
    }

    /// The code of now, or of so many steps later. Delega takes those next to now; each once, and none after a later one.
    pub fn now_and(&self, steps: i64) -> String {
        let at = now_secs() + 30 * steps;
        let mut command = Command::new(installed("oathtool"));
        command.args(["--totp", "--base32", &format!("--now=@{at}"), &self.0]);
        String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
    }
}

/// The accounts of a running delega, as another process sees them.
pub fn accounts(delega: &Delega) -> Accounts {
    let store = Sqlite::open(&delega.folder().join("delega.db")).unwrap();
    let upstreams = Upstreams::from([("main".to_owned(), None)]);
    Accounts::open(Arc::new(store), &delega.folder().join("delega.key"), Profile::Nested, upstreams).unwrap()
}

/// Whose account is opened by this login.
pub fn account(accounts: &Accounts, login: &str) -> AccountId {
    match login.parse().unwrap() {
        Login::Owner(address) => {
            accounts.show_mailbox(Actor::Operator, &address, now_secs()).unwrap().mailbox.owner_account()
        }
        Login::Delegate(username, address) => {
            let name = DelegateName { address, username };
            accounts.show_delegate(Actor::Operator, &name, now_secs()).unwrap().delegate.account()
        }
    }
}

/// Turns two-step verification on, a few minutes ago, so that the codes of now are all unused.
pub fn enrols(delega: &Delega, login: &str) -> Codes {
    let accounts = accounts(delega);
    let account = account(&accounts, login);
    let ago = now_secs() - 300;
    let shown = accounts.begin_enrolment(account, ago).unwrap();
    let codes = Codes::of(shown.secret.expose_secret());
    let knock = Knock { from: "127.0.0.1".parse().unwrap(), at_ms: ago * 1000 };
    let _ = accounts.confirm_enrolment(account, &codes.now_and(-10).into(), None, knock).unwrap();
    codes
}

/// An app password for reading and sending.
pub fn app_password(delega: &Delega, login: &str) -> String {
    let (address, username) = match login.parse().unwrap() {
        Login::Owner(address) => (address, None),
        Login::Delegate(username, address) => (address, Some(username)),
    };
    let whose = [Some(address.as_str()), username.as_ref().map(|username| username.as_str())];
    let create = ["app-password", "create", "--name", "in prova", "--json"];
    let told = delega.cli(&create.into_iter().chain(whose.into_iter().flatten()).collect::<Vec<_>>(), "");
    let made: serde_json::Value = serde_json::from_str(&told).unwrap();
    made["password"].as_str().unwrap().to_owned()
}

pub fn now_secs() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}
