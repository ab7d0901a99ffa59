//! Who is in a transcript: what it says of credentials, made true by accounts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use delega::accounts::{
    Accounts, AccountsError, Actor, DelegateName, MailboxChange, MailboxEntry, Master, OpenSessions, PermissionChange,
    Suspension, Upstreams, Vault,
};
use delega::domain::{
    DelegateState, Grant, Language, Login, MailboxId, Owner, Permissions, Person, Profile, Protocol, Protocols,
    SendFilter, SendRecord,
};
use delega::store::{self, ChangeMarker, NewDelegate, PasswordHash, Reads, Sqlite, Store, StoreError, Writes};

use super::transcript::{Asked, Event, Record, Script, Start, Step, Verdict};

/// The name of the upstream in the configuration.
pub const UPSTREAM: &str = "main";
/// The mailbox of every transcript.
pub const ADDRESS: &str = "ufficio@pec.example.it";
/// The password of whoever is logged in when the transcript begins.
const PASSWORD: &str = "prova";
const NOW: i64 = 1_800_000_000;

/// A delegate's password.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Secret {
    /// This one.
    Is(String),
    /// None that is typed.
    Another,
    /// What is stored of it cannot be read, so that nobody can tell.
    Unreadable,
}

/// The accounts of a transcript, and who logs in.
pub struct Cast {
    pub accounts: Arc<Accounts>,
    store: Arc<Counted>,
    delegate: Option<DelegateName>,
    /// What the client types where the transcript begins behind the login.
    pub login: String,
    pub password: String,
}

/// Why the credentials of a transcript cannot be had for real.
pub fn impossible(script: &Script) -> bool {
    secrets(script).is_none()
}

/// The delegates of a transcript; none where what it says of them cannot be so all at once.
fn secrets(script: &Script) -> Option<BTreeMap<String, Secret>> {
    let mut secrets = BTreeMap::new();
    let mut refused = Vec::new();
    for pair in script.steps.windows(2) {
        let [(_, Step::Verify { login, password }), (_, Step::Event(Event::Verified(verdict)))] = pair else {
            continue;
        };
        let (login, password) = (String::from_utf8_lossy(login), String::from_utf8_lossy(password));
        let username = match (login.parse(), verdict) {
            (Ok(Login::Delegate(username, address)), _) if address.as_str() == ADDRESS => username.to_string(),
            // The upstream is the judge of the owner's password.
            (Ok(Login::Owner(address)), Verdict::Ok) if address.as_str() == ADDRESS => continue,
            (Ok(Login::Owner(address)), Verdict::Refused) if address.as_str() == ADDRESS => return None,
            (_, Verdict::Refused) => continue,
            _ => return None,
        };
        let secret = match verdict {
            Verdict::Ok => Secret::Is(password.into_owned()),
            Verdict::Unavailable => Secret::Unreadable,
            Verdict::Refused => {
                refused.push((username.clone(), Secret::Is(password.into_owned())));
                secrets.entry(username).or_insert(Secret::Another);
                continue;
            }
        };
        if let Some(before) = secrets.insert(username, secret.clone())
            && before != secret
            && before != Secret::Another
        {
            return None;
        }
    }
    let told = |(username, secret): &(String, Secret)| {
        secrets.get(username).is_none_or(|known| known != secret && *known != Secret::Unreadable)
    };
    refused.iter().all(told).then_some(secrets)
}

impl Cast {
    /// Enters everybody into a store of their own in `folder`, sealed with the key in `key_file`.
    pub fn new(script: &Script, folder: &Path, key_file: &Path) -> Cast {
        let setup = &script.setup;
        let (user, password, authzid) = setup.upstream_login.clone();
        let database = folder.join("delega.db");
        let store = Arc::new(Counted { store: Sqlite::open(&database).unwrap(), markers: AtomicU64::new(0) });
        let master = authzid.as_ref().map(|_| Master { user: user.clone(), password: password.clone().into() });
        let mailbox = MailboxEntry {
            address: ADDRESS.parse().unwrap(),
            upstream: UPSTREAM.to_owned(),
            upstream_user: Some(authzid.unwrap_or(user)).filter(|user| user != ADDRESS),
            password: Some(password.clone()).filter(|_| master.is_none()).map(Into::into),
            plan: "Premium".parse().unwrap(),
            packs: 0,
            multi_user: true,
            owner: Owner {
                name: "Ufficio di prova".to_owned(),
                email: "ufficio@example.it".to_owned(),
                language: Language::Italian,
                fiscal_code: None,
                phone: None,
            },
        };
        let upstreams = Upstreams::from([(UPSTREAM.to_owned(), master)]);
        let vault = Vault::open(key_file).unwrap();
        let accounts = Accounts::new(store.clone(), vault, Profile::ClientApart, upstreams).unwrap();
        let id = accounts.add_mailbox(mailbox, NOW).unwrap().mailbox.id;
        let aliases: Vec<_> = setup.addresses.iter().filter(|one| one.as_str() != ADDRESS).cloned().collect();
        if !aliases.is_empty() {
            let change = MailboxChange { aliases, ..MailboxChange::default() };
            accounts.set_mailbox(&ADDRESS.parse().unwrap(), change, NOW).unwrap();
        }

        let mut secrets = secrets(script).unwrap();
        let changes = script.steps.iter().any(|(_, step)| matches!(step, Step::Event(Event::Grant(_) | Event::Revoke)));
        let mut login = setup.login.clone();
        if setup.start == Start::Authenticated {
            // Nothing can be changed about the owner; a delegate with all permissions is told the same.
            if changes && !login.contains('/') {
                login = format!("anna/{ADDRESS}");
            }
            if let Some((username, address)) = login.split_once('/') {
                assert_eq!(address, ADDRESS, "{}", script.name);
                secrets.insert(username.to_owned(), Secret::Is(PASSWORD.to_owned()));
            }
        }
        for (username, secret) in &secrets {
            store.add(id, username, secret, setup.grant.permissions, script.protocol);
        }
        // Whoever is let in is the one that things happen to.
        let subject = secrets.iter().find(|(_, secret)| matches!(secret, Secret::Is(_))).map(|(username, _)| {
            DelegateName { address: ADDRESS.parse().unwrap(), username: username.parse().unwrap() }
        });
        let password = if login.contains('/') { PASSWORD.to_owned() } else { password };
        Cast { accounts: Arc::new(accounts), store, delegate: subject, login, password }
    }

    /// The owner changes what the delegate may do.
    pub fn change(&self, grant: Grant) -> Result<(), String> {
        let change = PermissionChange { replace: Some(grant.permissions), ..PermissionChange::default() };
        self.accounts.change_permissions(Actor::Operator, self.delegate()?, change, NOW + 1).map_err(failed)?;
        Ok(())
    }

    /// The owner suspends the delegate.
    pub fn suspend(&self) -> Result<(), String> {
        self.accounts.suspend(Actor::Operator, self.delegate()?, Suspension::Suspend, NOW + 1).map_err(failed)?;
        Ok(())
    }

    /// Somebody ends the session.
    pub fn dismiss(&self, open: &dyn OpenSessions) -> Result<(), String> {
        let address = ADDRESS.parse().unwrap();
        let sessions = self.accounts.open_sessions(Actor::Operator, &address, open, NOW + 1).map_err(failed)?;
        let [session] = sessions.as_slice() else { return Err(format!("not one session is open: {sessions:?}")) };
        let ended = self.accounts.end_session(Actor::Operator, &address, &session.key, open, NOW + 1);
        if ended.map_err(failed)? { Ok(()) } else { Err("the session is not ended".to_owned()) }
    }

    fn delegate(&self) -> Result<&DelegateName, String> {
        self.delegate.as_ref().ok_or_else(|| "there is nobody to change".to_owned())
    }

    /// What is recorded of sends, in its order: the sends, and what became of them as far as that is known.
    fn recorded(&self) -> (Vec<Asked>, Vec<Asked>) {
        let found = self.accounts.sends(Actor::Operator, &SendFilter::default(), 100, 0).unwrap();
        let rows: Vec<SendRecord> = found.rows.into_iter().rev().collect();
        let sends = rows.iter().map(|row| Asked::RecordSending(Record::from(&row.sending))).collect();
        let known = rows.iter().filter(|row| row.outcome_at_ms.is_some());
        (sends, known.map(|row| Asked::RecordOutcome(row.outcome.clone())).collect())
    }

    /// How much there is beyond so many sends and outcomes.
    pub fn news(&self, (sends, outcomes): (usize, usize)) -> usize {
        let (all_sends, all_outcomes) = self.recorded();
        all_sends.len() - sends + all_outcomes.len() - outcomes
    }

    /// What that is.
    pub fn told(&self, before: &mut (usize, usize)) -> Vec<Asked> {
        let (sends, outcomes) = self.recorded();
        let news = [&sends[before.0..], &outcomes[before.1..]].concat();
        *before = (sends.len(), outcomes.len());
        news
    }

    /// How often the gateway has asked for changes.
    pub fn looks(&self) -> u64 {
        self.store.markers.load(Ordering::SeqCst)
    }
}

fn failed(error: AccountsError) -> String {
    error.to_string()
}

/// A store that counts how often it is asked for its change marker. The gateway tells its sessions of one change before
/// it asks for the next.
struct Counted {
    store: Sqlite,
    markers: AtomicU64,
}

impl Counted {
    /// A delegate; hashed with the least cost, since hundreds of them log in.
    fn add(&self, mailbox: MailboxId, username: &str, secret: &Secret, permissions: Permissions, protocol: Protocol) {
        let params = Params::new(Params::MIN_M_COST, 1, 1, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash = |password: &str| argon2.hash_password(password.as_bytes()).unwrap().to_string();
        let hash = match secret {
            Secret::Is(password) => hash(password),
            Secret::Another => hash("quella giusta"),
            Secret::Unreadable => "illeggibile".to_owned(),
        };
        let new = NewDelegate {
            mailbox,
            username: username.parse().unwrap(),
            person: Person {
                first_name: "Prova".to_owned(),
                last_name: username.to_owned(),
                email: "prova@example.it".to_owned(),
                phone: None,
            },
            language: None,
            invited_until_secs: None,
            state: DelegateState::Active,
            permissions,
            protocols: Protocols { imap: protocol != Protocol::Pop3, pop3: protocol == Protocol::Pop3 },
            password_hash: Some(PasswordHash(hash)),
            created_at_secs: NOW,
        };
        store::change(self, |writes| writes.insert_delegate(&new)).unwrap();
    }
}

impl Store for Counted {
    fn run_read(&self, work: &mut dyn FnMut(&dyn Reads)) -> Result<(), StoreError> {
        self.store.run_read(work)
    }

    fn run_change(&self, work: &mut dyn FnMut(&dyn Writes) -> bool) -> Result<(), StoreError> {
        self.store.run_change(work)
    }

    fn change_marker(&self) -> Result<ChangeMarker, StoreError> {
        self.markers.fetch_add(1, Ordering::SeqCst);
        self.store.change_marker()
    }
}
