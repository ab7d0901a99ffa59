//! What every store must do with the record of sends and the queue of copies; a part of `conformance`.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::conformance::{Open, delegate, mailbox};
use super::*;
use crate::domain::{
    CopyState, DelegateId, ListenerKind, Login, OutcomeKind, Position, SendFilter, SendId, SendOutcome, SendRecord,
    Sending, SentBy, SentCopy, SpoolName,
};

/// A send by anna, or by the owner.
pub(super) fn send(mailbox: MailboxId, delegate: Option<DelegateId>) -> NewSend {
    let login = if delegate.is_some() { "anna/ufficio@pec.example.it" } else { "ufficio@pec.example.it" };
    NewSend {
        at_ms: 1_800_000_000_123,
        mailbox,
        login: login.parse().unwrap(),
        delegate,
        peer: "[2001:db8::7]:51234".parse().unwrap(),
        kind: ListenerKind::Client,
        sending: Sending {
            reverse_path: "Ufficio@pec.example.it".into(),
            forward_paths: vec!["b@example.it".into(), "A@Example.it".into(), "b@example.it".into()],
            message_id: Some("<1@pec.example.it>".into()),
            subject: Some("Città – \u{1f4e8}".into()),
            bytes: u64::from(u32::MAX) + 1,
        },
    }
}

/// A copy that is due.
pub(super) fn copy(send: SendId, mailbox: MailboxId, number: u8, due_at_ms: i64) -> SentCopy {
    let spool = SpoolName::new([number; 16]);
    SentCopy { send, mailbox, spool, state: CopyState::Due, attempts: 0, next_attempt_at_ms: due_at_ms, why: None }
}

/// Runs all of it.
pub(super) fn holds(open: Open) {
    for test in [
        sends_come_back,
        an_outcome_is_told_once,
        sends_are_found,
        the_record_outlives_whom_it_names,
        copies_come_in_their_turn,
        a_busy_sender_moves_no_marker,
        what_does_not_fit_together_is_not_kept,
    ] {
        let dir = tempfile::tempdir().unwrap();
        test(dir.path(), open);
    }
}

fn sends_come_back(dir: &Path, open: Open) {
    let store = open(dir);
    let store = store.as_ref();
    let (office, anna) = (MailboxId(7), DelegateId(9));
    let new = send(office, Some(anna));
    let id = change(store, |w| w.insert_send(&new)).unwrap();
    let expected = SendRecord {
        id,
        at_ms: new.at_ms,
        mailbox: office,
        login: new.login,
        delegate: Some(anna),
        peer: new.peer,
        kind: new.kind,
        sending: new.sending,
        outcome: SendOutcome::Unknown,
        outcome_at_ms: None,
        copy: None,
    };
    assert_eq!(read(store, |r| r.send(id)).unwrap(), Some(expected));
    assert_eq!(read(store, |r| r.send(SendId(id.0 + 1))).unwrap(), None);
    let bare =
        Sending { message_id: None, subject: None, forward_paths: Vec::new(), bytes: 0, ..send(office, None).sending };
    let bare = NewSend { sending: bare, kind: ListenerKind::Webmail, ..send(office, None) };
    let id = change(store, |w| w.insert_send(&bare)).unwrap();
    let found = read(store, |r| r.send(id)).unwrap().unwrap();
    assert_eq!((found.sending, found.kind, found.delegate), (bare.sending, ListenerKind::Webmail, None));
    assert!(matches!(found.login, Login::Owner(_)));
}

fn an_outcome_is_told_once(dir: &Path, open: Open) {
    let store = open(dir);
    let store = store.as_ref();
    let begin = || change(store, |w| w.insert_send(&send(MailboxId(1), None))).unwrap();
    let tell = |id, outcome: &SendOutcome, at_ms| change(store, |w| w.set_outcome(id, outcome, at_ms)).unwrap();
    let accepted = SendOutcome::Accepted("250 2.0.0 Ok: queued as 4F2A".into());
    let refused = SendOutcome::Refused("554 5.7.1 no".into());
    for outcome in [&accepted, &refused, &SendOutcome::Unknown] {
        let id = begin();
        assert!(tell(id, outcome, 2_000));
        assert!(!tell(id, &accepted, 3_000) && !tell(id, &SendOutcome::Unknown, 3_000), "told twice");
        let found = read(store, |r| r.send(id)).unwrap().unwrap();
        assert_eq!((&found.outcome, found.outcome_at_ms), (outcome, Some(2_000)));
    }
    assert!(!tell(SendId(99), &accepted, 1));
}

fn sends_are_found(dir: &Path, open: Open) {
    let store = open(dir);
    let store = store.as_ref();
    let add = |login: &str, to: &[&str], at_ms: i64, outcome: Option<SendOutcome>| {
        let login: Login = login.parse().unwrap();
        let delegate = matches!(login, Login::Delegate(..)).then_some(DelegateId(1));
        let mut new = NewSend { login, at_ms, ..send(MailboxId(1), delegate) };
        new.sending.forward_paths = to.iter().map(|to| (*to).to_owned()).collect();
        let add = |w: &dyn Writes| {
            let id = w.insert_send(&new)?;
            if let Some(outcome) = outcome {
                assert!(w.set_outcome(id, &outcome, at_ms + 1)?);
            }
            Ok::<_, StoreError>(id.0)
        };
        change(store, add).unwrap()
    };
    let accepted = || Some(SendOutcome::Accepted("250 ok".into()));
    let first = add("anna/a@b.it", &["x@y.it", "Z@y.it"], 100, accepted());
    let second = add("a@b.it", &["z@Y.it"], 300, Some(SendOutcome::Refused("550 no".into())));
    let third = add("anna/c@b.it", &["w@y.it"], 200, None);
    let fourth = add("bruno/a@b.it", &["x@y.it"], 300, accepted());
    let ask = |filter: SendFilter, most| -> Vec<i64> {
        read(store, |r| r.sends(&filter, most)).unwrap().into_iter().map(|send| send.id.0).collect()
    };
    let all = SendFilter::default;
    assert_eq!(ask(all(), 10), [fourth, second, third, first], "newest first");
    assert_eq!(ask(all(), 2), [fourth, second]);
    let mailbox = Some("a@b.it".parse().unwrap());
    assert_eq!(ask(SendFilter { mailbox: mailbox.clone(), ..all() }, 10), [fourth, second, first]);
    assert_eq!(ask(SendFilter { by: Some(SentBy::Owner), ..all() }, 10), [second]);
    let anna = Some(SentBy::Delegate("anna".parse().unwrap()));
    assert_eq!(ask(SendFilter { by: anna.clone(), ..all() }, 10), [third, first]);
    assert_eq!(ask(SendFilter { by: anna, mailbox, ..all() }, 10), [first]);
    assert_eq!(ask(SendFilter { to: Some("z@y.IT".into()), ..all() }, 10), [second, first]);
    assert_eq!(ask(SendFilter { to: Some("%".into()), ..all() }, 10), [0; 0]);
    assert_eq!(ask(SendFilter { since_ms: Some(200), ..all() }, 10), [fourth, second, third]);
    assert_eq!(ask(SendFilter { since_ms: Some(101), until_ms: Some(200), ..all() }, 10), [third]);
    assert_eq!(ask(SendFilter { until_ms: Some(100), ..all() }, 10), [first]);
    assert_eq!(ask(SendFilter { outcome: Some(OutcomeKind::Accepted), ..all() }, 10), [fourth, first]);
    assert_eq!(ask(SendFilter { outcome: Some(OutcomeKind::Refused), ..all() }, 10), [second]);
    assert_eq!(ask(SendFilter { outcome: Some(OutcomeKind::Unknown), ..all() }, 10), [third]);
    assert_eq!(ask(SendFilter { by: Some(SentBy::AnyDelegate), ..all() }, 10), [fourth, third, first]);
    let of = |id| ask(SendFilter { mailbox_id: Some(MailboxId(id)), ..all() }, 10).len();
    assert_eq!((of(1), of(2)), (4, 0));
    let subject = read(store, |r| r.send(SendId(first))).unwrap().unwrap().sending.subject.unwrap();
    let titled = |part: &str| ask(SendFilter { subject: Some(part.to_owned()), ..all() }, 10).len();
    assert_eq!((titled(&subject.to_uppercase()), titled("%"), titled("nothing like it")), (4, 0, 0));
    let after = |at_ms, id| ask(SendFilter { after: Some(Position { at_ms, row: id }), ..all() }, 10);
    assert_eq!((after(300, fourth), after(300, second)), (vec![second, third, first], vec![third, first]));
    assert_eq!(after(100, first), [0; 0]);
    let to = read(store, |r| r.sends(&all(), 10)).unwrap().pop().unwrap().sending.forward_paths;
    assert_eq!(to, ["x@y.it", "Z@y.it"], "as they were written");
}

fn the_record_outlives_whom_it_names(dir: &Path, open: Open) {
    let store = open(dir);
    let store = store.as_ref();
    let address = "ufficio@pec.example.it";
    let office = change(store, |w| w.insert_mailbox(&mailbox(address))).unwrap();
    let anna = change(store, |w| w.insert_delegate(&delegate(office, "anna"))).unwrap();
    let id = change(store, |w| w.insert_send(&send(office, Some(anna)))).unwrap();
    let before = read(store, |r| r.send(id)).unwrap();
    change(store, |w| w.delete_delegate(anna)).unwrap();
    assert!(change(store, |w| w.delete_mailbox(office)).unwrap());
    let again = change(store, |w| w.insert_mailbox(&mailbox(address))).unwrap();
    assert_eq!(read(store, |r| r.send(id)).unwrap(), before);
    assert_ne!(before.unwrap().mailbox, again, "another mailbox of the same address passes for the first");
}

fn copies_come_in_their_turn(dir: &Path, open: Open) {
    let store = open(dir);
    let store = store.as_ref();
    let office = MailboxId(3);
    let add = |number, due_at_ms| {
        change(store, |w| {
            let id = w.insert_send(&send(office, None))?;
            let copy = copy(id, office, number, due_at_ms);
            w.insert_copy(&copy)?;
            Ok::<_, StoreError>(copy)
        })
        .unwrap()
    };
    let later = add(1, 500);
    let mut sooner = add(2, 400);
    let waiting = add(3, 0);
    change(store, |w| w.update_copy(&SentCopy { state: CopyState::Waiting, ..waiting.clone() })).unwrap();
    let next = |now| read(store, |r| r.next_copy(now, &[])).unwrap();
    let next_but = |except: &[MailboxId]| read(store, |r| r.next_copy(9_999, except)).unwrap();
    assert_eq!(next_but(&[MailboxId(2), MailboxId(4)]), Some(sooner.clone()));
    assert_eq!(next_but(&[MailboxId(2), office]), None);
    assert_eq!(next(399), None);
    assert_eq!(next(400), Some(sooner.clone()));
    assert_eq!(next(9_999), Some(sooner.clone()));
    assert_eq!(read(store, |r| r.send(sooner.send)).unwrap().unwrap().copy, Some(sooner.clone()));
    sooner.attempts = 3;
    sooner.next_attempt_at_ms = 600;
    sooner.why = Some("it is away".into());
    assert!(change(store, |w| w.update_copy(&sooner)).unwrap());
    assert_eq!(next(9_999), Some(later.clone()));
    change(store, |w| w.update_copy(&SentCopy { state: CopyState::Done, ..later.clone() })).unwrap();
    assert_eq!(next(9_999), Some(sooner.clone()));
    change(store, |w| w.update_copy(&SentCopy { state: CopyState::Failed, ..sooner.clone() })).unwrap();
    assert_eq!(next(9_999), None);
    let in_state =
        |state| read(store, |r| r.copies(state)).unwrap().into_iter().map(|copy| copy.send).collect::<Vec<_>>();
    assert_eq!(
        [CopyState::Waiting, CopyState::Due, CopyState::Done, CopyState::Failed].map(in_state),
        [vec![waiting.send], vec![], vec![later.send], vec![sooner.send]]
    );
    assert!(change(store, |w| w.delete_copy(waiting.send)).unwrap());
    assert!(!change(store, |w| w.delete_copy(waiting.send)).unwrap());
    assert!(!change(store, |w| w.update_copy(&waiting)).unwrap());
    assert!(read(store, |r| r.send(waiting.send)).unwrap().unwrap().copy.is_none());
}

/// Each message commits twice, and more where it is copied; nobody's standing has changed by that.
fn a_busy_sender_moves_no_marker(dir: &Path, open: Open) {
    let ours = open(dir);
    let theirs = open(dir);
    let office = change(ours.as_ref(), |w| w.insert_mailbox(&mailbox("ufficio@pec.example.it"))).unwrap();
    let before = ours.change_marker().unwrap();
    for (number, store) in (0..4).zip([&ours, &theirs].into_iter().cycle()) {
        let store = store.as_ref();
        let id = change(store, |w| w.insert_send(&send(office, None))).unwrap();
        change(store, |w| w.insert_copy(&copy(id, office, number, 0))).unwrap();
        assert!(change(store, |w| w.set_outcome(id, &SendOutcome::Unknown, 1)).unwrap());
        change(store, |w| w.update_copy(&copy(id, office, number, 1))).unwrap();
        change(store, |w| w.delete_copy(id)).unwrap();
    }
    assert_eq!(ours.change_marker().unwrap(), before);
}

fn what_does_not_fit_together_is_not_kept(dir: &Path, open: Open) {
    let store = open(dir);
    let store = store.as_ref();
    let office = MailboxId(1);
    assert!(change(store, |w| w.insert_copy(&copy(SendId(5), office, 1, 0))).is_err(), "a copy of nothing");
    let id = change(store, |w| w.insert_send(&send(office, None))).unwrap();
    change(store, |w| w.insert_copy(&copy(id, office, 1, 0))).unwrap();
    let again = change(store, |w| w.insert_copy(&copy(id, office, 2, 0)));
    assert!(matches!(again, Err(StoreError::Exists)), "{again:?}");
    let other = change(store, |w| w.insert_send(&send(office, None))).unwrap();
    let same_file = change(store, |w| w.insert_copy(&copy(other, office, 1, 0)));
    assert!(matches!(same_file, Err(StoreError::Exists)), "{same_file:?}");
}
