//! Tests of who sees what of a mailbox. A file of their own, since they are longer than what they test.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::accounts::fixture::{CLIENT, Fixture, NOW, anna, entry};
use crate::accounts::{
    AccessEntry, AccountRef, DelegateEntry, DelegateName, OpenSession, OpenSessions, PostmasterEntry, SendingEntry,
    SessionKey,
};
use crate::domain::{AccessFilter, Language, MailboxId, PasswordVersion, Permissions, Profile, SendFilter, SendId};
use std::sync::Mutex;

const NOW_MS: i64 = NOW * 1000;
const OWNER: &str = "ufficio@pec.example.it";
const ANNA: &str = "anna/ufficio@pec.example.it";

/// A mailbox in which Anna may read and send, Bruno manages, and the domain has a postmaster.
struct Office {
    fixture: Fixture,
    owner: Actor,
    anna: Actor,
    manager: Actor,
    postmaster: Actor,
    elsewhere: Actor,
}

impl Office {
    fn open() -> Office {
        let fixture = Fixture::new();
        let accounts = &fixture.accounts;
        let name = DelegateName { address: fixture.address(), username: "bruno".parse().unwrap() };
        let permissions = Permissions::parse("settings", Profile::Nested).unwrap();
        let bruno = DelegateEntry { name: name.clone(), permissions, ..anna() };
        accounts.add_delegate(bruno, NOW).unwrap();
        let bruno = accounts.show_delegate(Actor::Operator, &name, NOW).unwrap().delegate;
        let postmaster = |domain: &str| {
            let entry = PostmasterEntry {
                phone: None,
                domain: domain.parse().unwrap(),
                email: "posta@example.it".into(),
                name: "Dario Neri".into(),
                language: Language::Italian,
            };
            Actor::Postmaster(accounts.add_postmaster(entry, NOW).unwrap().id)
        };
        Office {
            owner: Actor::Account(AccountRef::Owner(fixture.mailbox(), PasswordVersion(0))),
            anna: Actor::Account(fixture.anna()),
            manager: Actor::Account(AccountRef::Delegate(fixture.mailbox(), bruno.id, bruno.password)),
            postmaster: postmaster("pec.example.it"),
            elsewhere: postmaster("pec.example.org"),
            fixture,
        }
    }

    fn owners_sending(&self) -> SendingEntry {
        let account = AccountRef::Owner(self.fixture.mailbox(), PasswordVersion(0));
        SendingEntry { account, login: OWNER.parse().unwrap(), ..self.fixture.sending() }
    }

    fn sends(&self, actor: Actor) -> Option<Vec<String>> {
        let filter = SendFilter { mailbox: Some(self.fixture.address()), ..SendFilter::default() };
        let found = self.fixture.accounts.sends(actor, &filter, 9, NOW);
        seen(found.map(|found| found.rows.into_iter().map(|row| row.login.to_string()).collect()))
    }

    fn accesses(&self, actor: Actor, by: Option<SentBy>) -> Option<Vec<String>> {
        let filter = AccessFilter { mailbox: Some(self.fixture.address()), by, ..AccessFilter::default() };
        let found = self.fixture.accounts.accesses(actor, &filter, 9, NOW);
        seen(found.map(|found| found.rows.into_iter().map(|row| row.access.visitor.to_string()).collect()))
    }
}

/// None for somebody who has no right to look.
fn seen<T>(found: Result<T, AccountsError>) -> Option<T> {
    match found {
        Ok(found) => Some(found),
        Err(AccountsError::Refused(Rule::NoRight { action: Action::Look, .. })) => None,
        Err(error) => panic!("{error}"),
    }
}

fn access(login: &str, at_ms: i64) -> AccessEntry {
    AccessEntry {
        login: login.parse().unwrap(),
        address: "192.0.2.7".parse().unwrap(),
        door: CLIENT,
        program: None,
        refusal: None,
        app_password: None,
        by_stored: false,
        at_ms,
    }
}

#[test]
fn o2_sends_are_seen_by_whoever_looks_after_the_mailbox_and_by_no_postmaster() {
    let office = Office::open();
    let accounts = &office.fixture.accounts;
    let id = accounts.record_sending(office.fixture.sending(), None, NOW_MS).unwrap();
    accounts.record_sending(office.owners_sending(), None, NOW_MS + 1).unwrap();
    let both = Some(vec![OWNER.to_owned(), ANNA.to_owned()]);
    let actors = [Actor::Operator, office.owner, office.manager, office.anna, office.postmaster, office.elsewhere];
    let expected = [both.clone(), both.clone(), both, None, None, None];
    assert_eq!(actors.map(|actor| office.sends(actor)), expected);
    let one = |actor, id| accounts.send(actor, &office.fixture.address(), id, NOW);
    assert_eq!(one(office.owner, id).unwrap().unwrap().id, id);
    assert_eq!(one(office.owner, SendId(99)).unwrap(), None);
    assert!(seen(one(office.postmaster, id)).is_none());
    // Nobody but the operator sees those of all mailboxes.
    let all = |actor| accounts.sends(actor, &SendFilter::default(), 9, NOW).unwrap().rows.len();
    assert_eq!([all(Actor::Operator), all(office.owner), all(office.postmaster)], [2, 0, 0]);
}

#[test]
fn o2_a_mailbox_does_not_inherit_the_record_of_one_that_had_its_address() {
    let office = Office::open();
    let accounts = &office.fixture.accounts;
    let before = accounts.record_sending(office.fixture.sending(), None, NOW_MS).unwrap();
    accounts.note_accesses(&[access(OWNER, NOW_MS)]).unwrap();
    accounts.remove_mailbox(&office.fixture.address(), true, NOW).unwrap();
    assert_eq!(office.sends(office.owner), None);
    accounts.add_mailbox(entry(OWNER), NOW).unwrap();
    let next = Actor::Account(AccountRef::Owner(office.fixture.mailbox(), PasswordVersion(0)));
    assert_eq!(office.sends(next), Some(Vec::new()));
    assert_eq!(office.accesses(next, None), Some(Vec::new()));
    assert_eq!(accounts.send(next, &office.fixture.address(), before, NOW).unwrap(), None);
    assert_eq!(office.sends(Actor::Operator).unwrap().len(), 1);
}

#[test]
fn s4_the_owners_accesses_are_the_owners_own() {
    let office = Office::open();
    let accounts = &office.fixture.accounts;
    accounts.note_accesses(&[access(ANNA, NOW_MS), access(OWNER, NOW_MS + 1)]).unwrap();
    let (both, annas) = (Some(vec![OWNER.to_owned(), ANNA.to_owned()]), Some(vec![ANNA.to_owned()]));
    let actors = [Actor::Operator, office.owner, office.manager, office.postmaster, office.anna, office.elsewhere];
    let expected = [both.clone(), both, annas.clone(), annas.clone(), None, None];
    assert_eq!(actors.map(|actor| office.accesses(actor, None)), expected);
    assert_eq!(office.accesses(office.manager, Some(SentBy::Owner)), Some(Vec::new()));
    let one = Some(SentBy::Delegate("anna".parse().unwrap()));
    assert_eq!(office.accesses(office.postmaster, one), annas);
    let own = |account| accounts.own_accesses(account, &AccessFilter::default(), 9).unwrap().rows.len();
    let anna = office.fixture.anna().id();
    assert_eq!([own(anna), own(AccountId::Owner(office.fixture.mailbox()))], [1, 1]);
    accounts.delete_delegate(Actor::Operator, &office.fixture.anna_login(), NOW).unwrap();
    office.fixture.add_anna();
    assert_eq!(own(office.fixture.anna().id()), 0, "another anna is not the old one");
}

#[test]
fn lists_go_on_from_a_place() {
    let office = Office::open();
    let accounts = &office.fixture.accounts;
    for at in [1, 2, 2, 3] {
        accounts.record_sending(office.fixture.sending(), None, NOW_MS + at).unwrap();
    }
    let page = |after| {
        let filter = SendFilter { mailbox: Some(office.fixture.address()), after, ..SendFilter::default() };
        let found = accounts.sends(office.owner, &filter, 2, NOW).unwrap();
        (
            found.rows.iter().map(|row| row.id.0).collect::<Vec<_>>(),
            found.rows.last().map(|row| row.position()),
            found.more,
        )
    };
    let (first, last, more) = page(None);
    assert_eq!((first, more), (vec![4, 3], true));
    // What comes on top meanwhile moves nothing.
    accounts.record_sending(office.fixture.sending(), None, NOW_MS + 9).unwrap();
    let (second, last, more) = page(last);
    assert_eq!((second, more), (vec![2, 1], false));
    assert_eq!(page(last).0, Vec::<i64>::new());
}

#[test]
fn o2_a_subject_is_found_in_whatever_case_and_by_its_own_signs() {
    let office = Office::open();
    let accounts = &office.fixture.accounts;
    for subject in ["SOCIETÀ Alfa", "100% certo", "100 per cento"] {
        let mut entry = office.fixture.sending();
        entry.sending.subject = Some(subject.to_owned());
        accounts.record_sending(entry, None, NOW_MS).unwrap();
    }
    let found = |subject: &str| {
        let filter = SendFilter { subject: Some(subject.to_owned()), ..SendFilter::default() };
        accounts.sends(Actor::Operator, &filter, 9, NOW).unwrap().rows.len()
    };
    assert_eq!(["società", "100", "100%", "_", "'", "Alfa"].map(found), [1, 2, 1, 0, 0, 1]);
}

/// Sessions as a gateway would have them.
struct Gateway(Mutex<Vec<OpenSession>>);

impl OpenSessions for Gateway {
    fn of(&self, mailbox: MailboxId) -> Vec<OpenSession> {
        let open = self.0.lock().unwrap();
        open.iter().filter(|session| session.account.mailbox() == mailbox).cloned().collect()
    }

    fn end(&self, key: &SessionKey) -> bool {
        let mut open = self.0.lock().unwrap();
        let before = open.len();
        open.retain(|session| session.key != *key);
        open.len() < before
    }
}

#[test]
fn x16_who_sees_a_session_may_end_it_and_nobody_else() {
    let office = Office::open();
    let (accounts, address) = (&office.fixture.accounts, office.fixture.address());
    let session = |key: u8, account: AccountRef, login: &str| OpenSession {
        key: SessionKey([key; 16]),
        account,
        login: login.parse().unwrap(),
        address: "192.0.2.7".parse().unwrap(),
        door: CLIENT,
        program: None,
        since_ms: key.into(),
    };
    let owner = AccountRef::Owner(office.fixture.mailbox(), PasswordVersion(0));
    let other = AccountRef::Owner(MailboxId(99), PasswordVersion(0));
    let open = || {
        Gateway(Mutex::new(vec![
            session(1, owner, OWNER),
            session(2, office.fixture.anna(), ANNA),
            session(3, other, "altro@pec.example.it"),
        ]))
    };
    let sees = |actor| {
        let found = seen(accounts.open_sessions(actor, &address, &open(), NOW));
        found.map(|found| found.iter().map(|session| session.key.0[0]).collect::<Vec<_>>())
    };
    let actors = [Actor::Operator, office.owner, office.manager, office.postmaster, office.anna, office.elsewhere];
    let expected = [Some(vec![2, 1]), Some(vec![2, 1]), Some(vec![2]), Some(vec![2]), None, None];
    assert_eq!(actors.map(sees), expected);
    let ends = |actor, key: u8| seen(accounts.end_session(actor, &address, &SessionKey([key; 16]), &open(), NOW));
    assert_eq!(actors.map(|actor| ends(actor, 1)), [Some(true), Some(true), Some(false), Some(false), None, None]);
    assert_eq!(actors.map(|actor| ends(actor, 2)), [Some(true), Some(true), Some(true), Some(true), None, None]);
    assert_eq!(actors.map(|actor| ends(actor, 3)), [Some(false), Some(false), Some(false), Some(false), None, None]);
    let own = |account: AccountRef, key: u8| {
        accounts.end_own_open_session(account.id(), &SessionKey([key; 16]), &open()).unwrap()
    };
    assert_eq!([own(owner, 1), own(owner, 2), own(office.fixture.anna(), 2)], [true, false, true]);
    assert_eq!([own(office.fixture.anna(), 1), own(owner, 3)], [false, false]);
}

#[test]
fn x16_whoever_was_signed_out_is_out_and_may_come_again() {
    let office = Office::open();
    let (accounts, anna) = (&office.fixture.accounts, ANNA.parse().unwrap());
    assert!(seen(accounts.sign_out(office.anna, &anna, NOW)).is_none());
    assert!(seen(accounts.sign_out(office.manager, &OWNER.parse().unwrap(), NOW)).is_none());
    let before = office.fixture.anna();
    accounts.sign_out(office.manager, &anna, NOW).unwrap();
    assert!(matches!(accounts.standing(before, CLIENT).unwrap(), crate::accounts::Standing::Out(_)));
    office.fixture.admit(ANNA, Fixture::ANNAS, CLIENT);
    accounts.sign_out(Actor::Operator, &OWNER.parse().unwrap(), NOW).unwrap();
    assert_eq!(office.sends(office.owner), None, "the owner at the panel, too");
}
