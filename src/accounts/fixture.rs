//! One mailbox, one delegate and two upstreams in a temporary folder, for the tests of this module.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use tempfile::TempDir;

use super::*;
use crate::domain::{
    Door, Language, ListenerKind, MailboxAddress, Owner, Permissions, Person, Postmaster, Protocol, Protocols, Sending,
};
use crate::store::Sqlite;

/// A moment.
pub(super) const NOW: i64 = 1_800_000_000;
/// Somebody at that moment.
pub(super) const KNOCK: Knock =
    Knock { from: std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)), at_ms: NOW * 1000 };
/// A mail program's IMAP.
pub(super) const CLIENT: Door = Door { protocol: Protocol::Imap, kind: ListenerKind::Client };
/// A mail program's POP3.
pub(super) const POP3: Door = Door { protocol: Protocol::Pop3, kind: ListenerKind::Client };
/// A mail program's submission.
pub(super) const SUBMISSION: Door = Door { protocol: Protocol::Submission, kind: ListenerKind::Client };
/// The webmail's IMAP.
pub(super) const WEBMAIL: Door = Door { protocol: Protocol::Imap, kind: ListenerKind::Webmail };

/// The mailbox `ufficio@pec.example.it` at `provider`, and its delegate `anna` who may do all but the settings.
pub(super) struct Fixture {
    dir: TempDir,
    pub(super) accounts: Accounts,
}

pub(super) fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

pub(super) fn entry(address: &str) -> MailboxEntry {
    MailboxEntry {
        address: address.parse().unwrap(),
        upstream: "provider".into(),
        upstream_user: None,
        password: Some(secret(Fixture::MAILBOXS)),
        plan: "Premium".parse().unwrap(),
        packs: 0,
        multi_user: true,
        owner: Owner {
            name: "Carla Bianchi".into(),
            email: "carla@example.it".into(),
            language: Language::Italian,
            fiscal_code: Some("RSSMRA85T10A562S".parse().unwrap()),
            phone: None,
        },
    }
}

pub(super) fn anna() -> DelegateEntry {
    DelegateEntry {
        name: DelegateName { address: "ufficio@pec.example.it".parse().unwrap(), username: "anna".parse().unwrap() },
        person: Person {
            first_name: "Anna".into(),
            last_name: "Verdi".into(),
            email: "anna@example.it".into(),
            phone: None,
        },
        language: Some(Language::Italian),
        permissions: Permissions::parse("client", Profile::Nested).unwrap(),
        protocols: Protocols::default(),
        password: secret(Fixture::ANNAS),
    }
}

impl Fixture {
    pub(super) const MAILBOXS: &str = "upstream s3cret";
    pub(super) const ANNAS: &str = "annas own password";

    pub(super) fn new() -> Fixture {
        Fixture::under(Profile::Nested)
    }

    pub(super) fn under(profile: Profile) -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let accounts = open(&dir, profile);
        accounts.add_mailbox(entry("ufficio@pec.example.it"), NOW).unwrap();
        let fixture = Fixture { dir, accounts };
        fixture.add_anna();
        fixture
    }

    /// The same accounts, as another process with another configuration opens them.
    pub(super) fn reopened(&self, profile: Profile) -> Accounts {
        open(&self.dir, profile)
    }

    pub(super) fn database(&self) -> PathBuf {
        self.dir.path().join("delega.db")
    }

    pub(super) fn spool(&self) -> Spool {
        self.accounts.open_spool(&self.database()).unwrap()
    }

    /// Anna's next message, as the gateway has it.
    pub(super) fn sending(&self) -> SendingEntry {
        SendingEntry {
            account: self.anna(),
            login: self.anna_login().login(),
            peer: "192.0.2.7:40123".parse().unwrap(),
            door: SUBMISSION,
            addresses: vec![self.address()],
            sending: Sending {
                reverse_path: "ufficio@pec.example.it".into(),
                forward_paths: vec!["comune@pec.example.org".into()],
                message_id: Some("<1@pec.example.it>".into()),
                subject: Some("Domanda".into()),
                bytes: 1234,
            },
        }
    }

    pub(super) fn key_file(&self) -> PathBuf {
        self.dir.path().join("delega.key")
    }

    pub(super) fn add_anna(&self) {
        self.accounts.add_delegate(anna(), NOW).unwrap();
    }

    pub(super) fn address(&self) -> MailboxAddress {
        anna().name.address
    }

    pub(super) fn anna_login(&self) -> DelegateName {
        anna().name
    }

    pub(super) fn mailbox(&self) -> MailboxId {
        self.accounts.show_mailbox(Actor::Operator, &self.address(), NOW).unwrap().mailbox.id
    }

    pub(super) fn anna(&self) -> AccountRef {
        let anna = self.accounts.show_delegate(Actor::Operator, &self.anna_login(), NOW).unwrap().delegate;
        AccountRef::Delegate(self.mailbox(), anna.id, anna.password)
    }

    pub(super) fn admit(&self, login: &str, password: &str, door: Door) -> Entry {
        match self.accounts.authenticate(login, &secret(password), door, KNOCK).unwrap() {
            Verdict::Admitted(entry) => *entry,
            Verdict::Refused(refusal) => panic!("{login}: {refusal}"),
            Verdict::Unjudged(_) => panic!("{login}: for the mail server to judge"),
        }
    }

    pub(super) fn refuse(&self, login: &str, password: &str, door: Door) -> Refusal {
        match self.accounts.authenticate(login, &secret(password), door, KNOCK).unwrap() {
            Verdict::Admitted(entry) => panic!("admitted {entry:?}"),
            Verdict::Unjudged(_) => panic!("{login}: for the mail server to judge"),
            Verdict::Refused(refusal) => refusal,
        }
    }
}

/// The fixture, whose people are written to.
pub(super) struct Office {
    pub(super) fixture: Fixture,
    pub(super) accounts: Accounts,
}

impl Office {
    pub(super) fn new() -> Office {
        let fixture = Fixture::new();
        let accounts = fixture.reopened(Profile::Nested).with_mails(true);
        Office { fixture, accounts }
    }

    /// What goes out at that moment, in its order: to whom, what, and the token of its link.
    pub(super) fn mailed(&self, now: i64) -> Vec<(String, &'static str, Option<Token>)> {
        let mut all = Vec::new();
        while let Some(MailAttempt { row, token }) = self.accounts.begin_mail(now * 1000).unwrap() {
            all.push((row.recipient.clone(), row.notice.kind(), token));
            self.accounts.end_mail(row.id, MailEnd::Sent("250 ok".into()), now * 1000).unwrap();
        }
        all
    }

    /// The same: to whom, and what.
    pub(super) fn kinds(&self, now: i64) -> Vec<(String, &'static str)> {
        self.mailed(now).into_iter().map(|(recipient, kind, _)| (recipient, kind)).collect()
    }

    pub(super) fn anna(&self) -> AccountId {
        self.fixture.anna().id()
    }

    pub(super) fn owners_account(&self) -> AccountId {
        AccountId::Owner(self.fixture.mailbox())
    }

    /// A postmaster of the mailbox's domain, and the token of the link that they were mailed.
    pub(super) fn postmaster(&self, email: &str) -> (Postmaster, Token) {
        let entry = PostmasterEntry {
            domain: "pec.example.it".parse().unwrap(),
            email: email.into(),
            name: "Ufficio posta".into(),
            phone: None,
            language: Language::English,
        };
        let added = self.accounts.add_postmaster(entry, NOW).unwrap();
        (added, self.mailed(NOW).pop().unwrap().2.unwrap())
    }

    /// Each of the three whom an account can belong to.
    pub(super) fn everybody(&self) -> [AccountId; 3] {
        [self.owners_account(), self.anna(), self.postmaster("posta@example.it").0.account()]
    }
}

fn open(dir: &TempDir, profile: Profile) -> Accounts {
    let store = Arc::new(Sqlite::open(&dir.path().join("delega.db")).unwrap());
    let master = Master { user: "master".into(), password: secret("m4ster") };
    let upstreams = Upstreams::from([("provider".into(), None), ("mastered".into(), Some(master))]);
    Accounts::open(store, &dir.path().join("delega.key"), profile, upstreams).unwrap()
}
