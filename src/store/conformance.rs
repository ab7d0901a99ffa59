//! What every store must do, whatever is below it. [`holds`] is run by each implementation's own tests.
#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::path::Path;

use super::*;
use crate::domain::{AccountId, DelegateState, Language, Owner, Permissions, Person, Profile, Protocols};

/// Opens the store that lives in a folder; asked twice for one folder, it opens the same accounts as a second process
/// would.
pub(super) type Open = fn(&Path) -> Box<dyn Store>;

/// A mailbox to enter.
pub(super) fn mailbox(address: &str) -> NewMailbox {
    NewMailbox {
        address: address.parse().unwrap(),
        upstream: "provider".into(),
        upstream_user: None,
        plan: "Pro".parse().unwrap(),
        packs: 0,
        multi_user: true,
        password_management: true,
        owner: Owner {
            name: "Carla Bianchi".into(),
            email: "carla@example.it".into(),
            language: Language::English,
            fiscal_code: Some("RSSMRA85T10A562S".parse().unwrap()),
            phone: None,
        },
        created_at_secs: 1_000,
    }
}

/// A delegate to enter.
pub(super) fn delegate(mailbox: MailboxId, username: &str) -> NewDelegate {
    NewDelegate {
        mailbox,
        username: username.parse().unwrap(),
        person: Person {
            first_name: "Anna".into(),
            last_name: "Verdi".into(),
            email: "anna@example.it".into(),
            phone: None,
        },
        language: Some(Language::Italian),
        state: DelegateState::Active,
        invited_until_secs: None,
        permissions: Permissions::parse("read,client", Profile::ClientApart).unwrap(),
        protocols: Protocols { imap: true, pop3: true },
        password_hash: Some(PasswordHash("$argon2id$x".into())),
        created_at_secs: 2_000,
    }
}

/// Runs all of it.
pub(super) fn holds(open: Open) {
    for test in [
        rows_come_back,
        names_are_unique,
        mailboxes_come_in_pages,
        aliases_belong_to_one_mailbox,
        row_numbers_are_not_reused,
        work_is_whole,
        the_marker_moves,
        changes_queue_up,
    ] {
        let dir = tempfile::tempdir().unwrap();
        test(dir.path(), open);
    }
    let dir = tempfile::tempdir().unwrap();
    life_conformance::holds(open(dir.path()).as_ref());
}

fn rows_come_back(dir: &Path, open: Open) {
    let store = open(dir);
    let store = store.as_ref();
    let address = "ufficio@pec.example.it".parse().unwrap();
    let id = change(store, |w| w.insert_mailbox(&mailbox("ufficio@pec.example.it"))).unwrap();
    let mut found = read(store, |r| r.mailbox(&address)).unwrap().unwrap();
    assert_eq!((found.id, found.plan.as_str(), found.created_at_secs), (id, "Pro", 1_000));
    assert_eq!(read(store, |r| r.mailbox_by_id(id)).unwrap(), Some(found.clone()));
    assert_eq!(read(store, |r| r.mailboxes()).unwrap(), [found.clone()]);
    found.upstream_user = Some("u1".into());
    found.changed_at_secs = 3_000;
    assert!(change(store, |w| w.update_mailbox(&found)).unwrap());
    assert_eq!(read(store, |r| r.mailbox(&address)).unwrap(), Some(found));

    assert_eq!(read(store, |r| r.sealed_password(id)).unwrap(), None);
    let sealed = SealedSecret(vec![0, 1, 255]);
    assert!(change(store, |w| w.set_sealed_password(id, Some(&sealed))).unwrap());
    assert_eq!(read(store, |r| r.sealed_password(id)).unwrap(), Some(sealed.clone()));
    assert!(change(store, |w| w.set_sealed_password(id, None)).unwrap());
    assert_eq!(read(store, |r| r.sealed_password(id)).unwrap(), None);
    assert_eq!(read(store, |r| r.key_check()).unwrap(), None);
    change(store, |w| w.set_key_check(&sealed)).unwrap();
    assert_eq!(read(store, |r| r.key_check()).unwrap(), Some(sealed));

    let username = "anna".parse().unwrap();
    let anna = change(store, |w| w.insert_delegate(&delegate(id, "anna"))).unwrap();
    let mut found = read(store, |r| r.delegate(id, &username)).unwrap().unwrap();
    assert_eq!((found.id, found.mailbox, found.language), (anna, id, Some(Language::Italian)));
    assert_eq!((found.permissions.to_string().as_str(), found.protocols.pop3), ("read,client", true));
    assert_eq!(read(store, |r| r.delegates(id)).unwrap(), [found.clone()]);
    found.state = DelegateState::Suspended;
    found.language = None;
    found.permissions = Permissions::ALL;
    assert!(change(store, |w| w.update_delegate(&found)).unwrap());
    assert_eq!(read(store, |r| r.delegate_by_id(anna)).unwrap(), Some(found));
    let hash = PasswordHash("$argon2id$y".into());
    assert!(change(store, |w| w.set_password_hash(AccountId::Delegate(anna), Some(&hash))).unwrap());
    assert_eq!(read(store, |r| r.password_hash(AccountId::Delegate(anna))).unwrap(), Some(hash));
    assert!(change(store, |w| w.delete_delegate(anna)).unwrap());
    assert!(!change(store, |w| w.delete_delegate(anna)).unwrap());
    assert_eq!(read(store, |r| r.delegate_by_id(anna)).unwrap(), None);
}

fn names_are_unique(dir: &Path, open: Open) {
    let store = open(dir);
    let store = store.as_ref();
    let a = change(store, |w| w.insert_mailbox(&mailbox("a@b.it"))).unwrap();
    let b = change(store, |w| w.insert_mailbox(&mailbox("b@b.it"))).unwrap();
    assert!(matches!(change(store, |w| w.insert_mailbox(&mailbox("a@b.it"))), Err(StoreError::Exists)));
    change(store, |w| w.insert_delegate(&delegate(a, "anna"))).unwrap();
    change(store, |w| w.insert_delegate(&delegate(b, "anna"))).unwrap();
    assert!(matches!(change(store, |w| w.insert_delegate(&delegate(a, "anna"))), Err(StoreError::Exists)));
    let nowhere = MailboxId(b.0 + 1);
    assert!(change(store, |w| w.insert_delegate(&delegate(nowhere, "anna"))).is_err(), "a delegate of no mailbox");
    assert!(change(store, |w| w.delete_mailbox(a)).is_err(), "a mailbox went from under its delegates");
    assert_eq!(read(store, |r| r.mailboxes()).unwrap().len(), 2);
}

fn mailboxes_come_in_pages(dir: &Path, open: Open) {
    let store = open(dir);
    let store = store.as_ref();
    for address in ["b@b.it", "a@b.it", "a@sub.b.it", "c@b.it"] {
        change(store, |w| w.insert_mailbox(&mailbox(address))).unwrap();
    }
    let page = |domain: Option<&str>, after: Option<&str>, most| -> Vec<String> {
        let (domain, after) = (domain.map(|text| text.parse().unwrap()), after.map(|text| text.parse().unwrap()));
        let found = read(store, |r| r.mailboxes_after(domain.as_ref(), after.as_ref(), most)).unwrap();
        found.into_iter().map(|mailbox| mailbox.address.to_string()).collect()
    };
    assert_eq!(page(None, None, 9), ["a@b.it", "a@sub.b.it", "b@b.it", "c@b.it"]);
    assert_eq!(page(None, Some("a@b.it"), 2), ["a@sub.b.it", "b@b.it"]);
    assert_eq!(page(None, Some("aa@b.it"), 9), ["b@b.it", "c@b.it"], "also after one that is not there");
    assert_eq!(page(Some("b.it"), None, 2), ["a@b.it", "b@b.it"]);
    assert_eq!(page(Some("b.it"), Some("c@b.it"), 2), [""; 0]);
    assert_eq!(page(Some("it"), None, 9), [""; 0]);
}

fn aliases_belong_to_one_mailbox(dir: &Path, open: Open) {
    let store = open(dir);
    let store = store.as_ref();
    let a = change(store, |w| w.insert_mailbox(&mailbox("a@b.it"))).unwrap();
    let b = change(store, |w| w.insert_mailbox(&mailbox("b@b.it"))).unwrap();
    let address = |text: &str| -> MailboxAddress { text.parse().unwrap() };
    let find = |id| read(store, |r| r.mailbox_by_id(id)).unwrap().unwrap();
    let set = |id, aliases: &[&str]| {
        let mailbox = Mailbox { aliases: aliases.iter().map(|alias| address(alias)).collect(), ..find(id) };
        change(store, |w| w.update_mailbox(&mailbox))
    };
    assert!(set(a, &["z@b.it", "y@b.it"]).unwrap());
    assert_eq!(find(a).aliases, [address("y@b.it"), address("z@b.it")]);
    assert_eq!(find(a).addresses(), [address("a@b.it"), address("y@b.it"), address("z@b.it")]);
    assert_eq!(read(store, |r| r.mailbox(&address("a@b.it"))).unwrap(), Some(find(a)));
    assert_eq!(read(store, |r| r.mailboxes()).unwrap(), [find(a), find(b)]);
    assert_eq!(read(store, |r| r.mailbox(&address("z@b.it"))).unwrap(), None, "nobody logs in by an alias");
    let of = |alias| read(store, |r| r.mailbox_of_alias(&address(alias))).unwrap();
    assert_eq!((of("z@b.it"), of("a@b.it"), of("x@b.it")), (Some(a), None, None));
    let taken = set(b, &["x@b.it", "z@b.it"]);
    assert!(matches!(taken, Err(StoreError::Exists)), "{taken:?}");
    assert_eq!((find(b).aliases.len(), of("x@b.it")), (0, None), "half of a change was kept");
    assert!(set(a, &["y@b.it"]).unwrap());
    assert!(set(b, &["z@b.it"]).unwrap());
    assert!(change(store, |w| w.delete_mailbox(b)).unwrap());
    assert_eq!((of("z@b.it"), of("y@b.it")), (None, Some(a)));
    assert!(!change(store, |w| w.update_mailbox(&Mailbox { id: b, ..find(a) })).unwrap());
}

fn row_numbers_are_not_reused(dir: &Path, open: Open) {
    let store = open(dir);
    let store = store.as_ref();
    let first = change(store, |w| w.insert_mailbox(&mailbox("a@b.it"))).unwrap();
    let anna = change(store, |w| w.insert_delegate(&delegate(first, "anna"))).unwrap();
    change(store, |w| w.delete_delegate(anna)).unwrap();
    assert_ne!(change(store, |w| w.insert_delegate(&delegate(first, "anna"))).unwrap(), anna);
    let anna = read(store, |r| r.delegates(first)).unwrap().remove(0).id;
    change(store, |w| w.delete_delegate(anna)).unwrap();
    assert!(change(store, |w| w.delete_mailbox(first)).unwrap());
    assert_ne!(change(store, |w| w.insert_mailbox(&mailbox("a@b.it"))).unwrap(), first);
}

fn work_is_whole(dir: &Path, open: Open) {
    let store = open(dir);
    let store = store.as_ref();
    let outcome: Result<(), StoreError> = change(store, |w| {
        w.insert_mailbox(&mailbox("a@b.it"))?;
        assert_eq!(w.mailboxes()?.len(), 1, "work does not see its own changes");
        assert_eq!(read(store, |r| r.mailboxes())?.len(), 0, "a reader sees unfinished work, or waits for it");
        Err(StoreError::Exists)
    });
    assert!(outcome.is_err());
    assert_eq!(read(store, |r| r.mailboxes()).unwrap().len(), 0, "unfinished work was kept");
}

fn the_marker_moves(dir: &Path, open: Open) {
    let ours = open(dir);
    let theirs = open(dir);
    let start = ours.change_marker().unwrap();
    assert_eq!(ours.change_marker().unwrap(), start, "it moved by itself");
    read(ours.as_ref(), |r| r.mailboxes()).unwrap();
    assert_eq!(ours.change_marker().unwrap(), start, "reading moved it");
    change(ours.as_ref(), |w| w.insert_mailbox(&mailbox("a@b.it"))).unwrap();
    let own = ours.change_marker().unwrap();
    assert_ne!(own, start, "an own change did not move it");
    change(theirs.as_ref(), |w| w.insert_mailbox(&mailbox("b@b.it"))).unwrap();
    assert_ne!(ours.change_marker().unwrap(), own, "another's change did not move it");
    assert_eq!(read(ours.as_ref(), |r| r.mailboxes()).unwrap().len(), 2);
    let mut found = read(ours.as_ref(), |r| r.mailboxes()).unwrap().remove(0);
    let id = found.id;
    found.aliases.push("c@b.it".parse().unwrap());
    let anna = Cell::new(DelegateId(0));
    let changed = |what: &str, work: &dyn Fn(&dyn Writes) -> Result<(), StoreError>| {
        let before = ours.change_marker().unwrap();
        change(theirs.as_ref(), work).unwrap();
        assert_ne!(ours.change_marker().unwrap(), before, "{what} did not move it");
    };
    changed("a mailbox's change", &|w| w.update_mailbox(&found).map(drop));
    changed("a password upstream", &|w| w.set_sealed_password(id, Some(&SealedSecret(vec![1]))).map(drop));
    changed("a new delegate", &|w| w.insert_delegate(&delegate(id, "anna")).map(|row| anna.set(row)));
    changed("a delegate's change", &|w| {
        let anna = w.delegate_by_id(anna.get())?.unwrap();
        w.update_delegate(&Delegate { state: DelegateState::Suspended, ..anna }).map(drop)
    });
    changed("a password", &|w| {
        w.set_password_hash(AccountId::Delegate(anna.get()), Some(&PasswordHash("$x".into()))).map(drop)
    });
    changed("a delegate's end", &|w| w.delete_delegate(anna.get()).map(drop));
    changed("a mailbox's end", &|w| w.delete_mailbox(id).map(drop));
}

/// Read, think, write: with others doing the same, nothing is lost.
fn changes_queue_up(dir: &Path, open: Open) {
    let store = open(dir);
    let id = change(store.as_ref(), |w| w.insert_mailbox(&NewMailbox { packs: 0, ..mailbox("a@b.it") })).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let store = open(dir);
                for _ in 0..10 {
                    let outcome: Result<(), StoreError> = change(store.as_ref(), |w| {
                        let mut found = w.mailbox_by_id(id)?.unwrap();
                        found.packs += 1;
                        w.update_mailbox(&found).map(drop)
                    });
                    outcome.unwrap();
                }
            });
        }
    });
    assert_eq!(read(store.as_ref(), |r| r.mailbox_by_id(id)).unwrap().unwrap().packs, 40);
}
