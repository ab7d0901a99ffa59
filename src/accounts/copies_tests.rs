//! Tests of the queue of copies. A file of their own, since they are longer than what they test.
#![allow(clippy::unwrap_used)]

use std::io::Read;

use super::*;
use crate::accounts::fixture::{Fixture, NOW, secret};
use crate::accounts::{Actor, MailboxChange, Spooled};
use crate::domain::{Profile, SendFilter, SendOutcome};

const NOW_MS: i64 = NOW * 1000;
const MINUTE: i64 = 60 * 1000;
const DAY: i64 = 24 * 60 * MINUTE;
/// How long after its acceptance a message of 1234 octets is first tried.
const HEAD_START: i64 = 10 * 1000 + 4;
const DUE: i64 = NOW_MS + HEAD_START;

/// Anna's mailbox, and the folder of messages.
struct Desk {
    fixture: Fixture,
    spool: Spool,
}

impl Desk {
    fn new() -> Desk {
        let fixture = Fixture::new();
        let spool = fixture.spool();
        Desk { fixture, spool }
    }

    fn begin(&self, octets: &[u8]) -> (SendId, Spooled) {
        let mut draft = self.spool.create().unwrap();
        draft.append(octets).unwrap();
        let spooled = self.spool.seal(draft).unwrap();
        let id = self.fixture.accounts.record_sending(self.fixture.sending(), Some(&spooled), NOW_MS).unwrap();
        (id, spooled)
    }

    fn send(&self, outcome: SendOutcome) -> SendId {
        let (id, spooled) = self.begin(b"message");
        self.fixture.accounts.record_outcome(id, outcome, Some(spooled), NOW_MS).unwrap();
        id
    }

    fn accepted(&self) -> SendId {
        self.send(SendOutcome::Accepted("250 ok".into()))
    }

    fn attempt(&self, now_ms: i64) -> Option<CopyAttempt> {
        self.fixture.accounts.begin_copy(&[], now_ms).unwrap()
    }

    fn end(&self, send: SendId, end: CopyEnd, now_ms: i64) -> CopyState {
        self.fixture.accounts.end_copy(&self.spool, send, end, now_ms).unwrap()
    }

    fn copy(&self, send: SendId) -> Option<SentCopy> {
        let rows = self.fixture.accounts.sends(Actor::Operator, &SendFilter::default(), 99, NOW).unwrap().rows;
        rows.into_iter().find(|row| row.id == send).unwrap().copy
    }

    fn files(&self) -> usize {
        std::fs::read_dir(spool::beside(&self.fixture.database())).unwrap().count()
    }
}

#[test]
fn x13_an_accepted_message_is_copied_once() {
    let desk = Desk::new();
    let (id, spooled) = desk.begin(b"Subject: x\r\n\r\nbody\r\n");
    assert_eq!(desk.copy(id).unwrap().state, CopyState::Waiting);
    assert!(desk.attempt(NOW_MS + DAY).is_none(), "nobody knows yet whether it was sent");
    let accepted = SendOutcome::Accepted("250 ok".into());
    desk.fixture.accounts.record_outcome(id, accepted, Some(spooled), NOW_MS + 5).unwrap();
    assert!(desk.attempt(DUE + 4).is_none(), "the sender's program may be putting its own copy there");
    let attempt = desk.attempt(DUE + 5).unwrap();
    assert_eq!((attempt.send, attempt.tried_before, attempt.accepted_at_ms), (id, false, NOW_MS + 5));
    assert_eq!((attempt.mailbox.id, attempt.mailbox.upstream.as_str()), (desk.fixture.mailbox(), "provider"));
    assert_eq!(attempt.message_id.as_deref(), Some("<1@pec.example.it>"));
    assert_eq!(secrecy::ExposeSecret::expose_secret(&attempt.credentials.password), Fixture::MAILBOXS);
    let (mut file, bytes) = desk.spool.read(&attempt.spool).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), bytes), ("Subject: x\r\n\r\nbody\r\n", 20));
    assert!(desk.attempt(DUE + 5).is_none(), "two attempts at one time");
    assert_eq!(desk.end(id, CopyEnd::Done, NOW_MS + 9), CopyState::Done);
    assert_eq!(desk.files(), 0);
    assert!(desk.attempt(NOW_MS + 30 * DAY).is_none());
    let late = desk.fixture.accounts.end_copy(&desk.spool, id, CopyEnd::Postponed("late".into()), NOW_MS + 10);
    assert!(matches!(late, Err(AccountsError::NoOpenSend(_))), "{late:?}");
}

#[test]
fn x13_what_was_not_accepted_is_not_copied() {
    let desk = Desk::new();
    for outcome in [SendOutcome::Refused("554 no".into()), SendOutcome::Unknown] {
        let id = desk.send(outcome);
        assert_eq!((desk.copy(id), desk.files()), (None, 0));
    }
    let (id, spooled) = desk.begin(b"x");
    drop(spooled);
    assert_eq!(desk.files(), 0, "the session that held it is gone");
    drop(desk.fixture.accounts.record_outcome(id, SendOutcome::Unknown, None, NOW_MS));
    assert!(desk.attempt(NOW_MS + DAY).is_none());
}

#[test]
fn a_message_that_is_not_recorded_is_not_kept() {
    let desk = Desk::new();
    let mut draft = desk.spool.create().unwrap();
    draft.append(b"x").unwrap();
    let spooled = desk.spool.seal(draft).unwrap();
    let entry = desk.fixture.sending();
    desk.fixture.accounts.delete_delegate(Actor::Operator, &desk.fixture.anna_login(), NOW).unwrap();
    assert!(desk.fixture.accounts.record_sending(entry, Some(&spooled), NOW_MS).is_err());
    drop(spooled);
    assert_eq!(desk.files(), 0);
}

#[test]
fn x13_an_upstream_that_is_away_is_tried_again_with_longer_pauses() {
    let desk = Desk::new();
    let id = desk.accepted();
    let mut now = DUE;
    for (turn, pause) in [1, 2, 4, 8, 16, 32, 60, 60].into_iter().enumerate() {
        let attempt = desk.attempt(now).unwrap();
        assert_eq!(attempt.tried_before, turn > 0);
        assert_eq!(desk.end(id, CopyEnd::Postponed(format!("away {turn}")), now), CopyState::Due);
        let copy = desk.copy(id).unwrap();
        assert_eq!((copy.next_attempt_at_ms, copy.why), (now + pause * MINUTE, Some(format!("away {turn}"))));
        assert!(desk.attempt(now + pause * MINUTE - 1).is_none());
        now += pause * MINUTE;
    }
    assert_eq!(desk.files(), 1);
}

#[test]
fn x13_it_is_given_up_after_five_days_and_the_message_kept() {
    let desk = Desk::new();
    let id = desk.accepted();
    desk.attempt(DUE).unwrap();
    assert_eq!(desk.end(id, CopyEnd::Postponed("away".into()), NOW_MS + 5 * DAY - 1), CopyState::Due);
    desk.attempt(NOW_MS + 6 * DAY).unwrap();
    assert!(desk.fixture.accounts.failed_copies().unwrap().is_empty());
    assert_eq!(desk.end(id, CopyEnd::Postponed("still away".into()), NOW_MS + 6 * DAY), CopyState::Failed);
    let failed = desk.fixture.accounts.failed_copies().unwrap();
    assert_eq!(failed.iter().map(|send| send.id).collect::<Vec<_>>(), [id]);
    let copy = failed[0].copy.clone().unwrap();
    assert_eq!(copy.why.as_deref(), Some("still away"));
    assert!(desk.attempt(NOW_MS + 90 * DAY).is_none());
    let Desk { fixture, spool } = desk;
    drop(spool);
    assert!(fixture.spool().read(&copy.spool).is_ok(), "the next start removed it");
}

/// Cut off in the middle of an attempt, nobody knows what became of it: the next one looks first.
#[test]
fn x13_an_attempt_that_was_cut_off_is_repeated_with_care() {
    let desk = Desk::new();
    let id = desk.accepted();
    desk.attempt(DUE).unwrap();
    let bound = millis(COPY_ATTEMPT);
    assert!(desk.attempt(DUE + bound - 1).is_none());
    let again = desk.attempt(DUE + bound).unwrap();
    assert!(again.tried_before && again.send == id);
}

/// The process that tried is gone, and with it what would have made the next one wait.
#[test]
fn x13_a_start_tries_at_once_what_was_tried_before() {
    let desk = Desk::new();
    let (cut_off, postponed) = (desk.accepted(), desk.accepted());
    desk.attempt(DUE).unwrap();
    desk.attempt(DUE).unwrap();
    desk.end(postponed, CopyEnd::Postponed("away".into()), DUE);
    let untried = desk.accepted();
    let Desk { fixture, spool } = desk;
    let beside = fixture.spool();
    let at_once = |accounts: &Accounts| accounts.begin_copy(&[], NOW_MS + 1).unwrap();
    assert!(at_once(&fixture.accounts).is_none(), "the other server still goes on with it");
    drop((spool, beside));
    let desk = Desk { spool: fixture.spool(), fixture };
    let next = || at_once(&desk.fixture.accounts).map(|attempt| (attempt.send, attempt.tried_before));
    assert_eq!([next(), next(), next()], [Some((cut_off, true)), Some((postponed, true)), None]);
    assert_eq!(desk.attempt(DUE).map(|attempt| attempt.send), Some(untried));
}

#[test]
fn x13_large_messages_have_longer_for_the_senders_own_copy() {
    assert_eq!(first_attempt_at_ms(0, 7), 10_007);
    // 100 MiB at 2 Mbit/s are seven minutes
    assert_eq!(first_attempt_at_ms(100 * 1024 * 1024, 0), 10_000 + 409_600);
}

#[test]
fn mailboxes_that_are_left_alone_hold_up_nobody() {
    let desk = Desk::new();
    let id = desk.accepted();
    let office = desk.fixture.mailbox();
    assert!(desk.fixture.accounts.begin_copy(&[office], DUE).unwrap().is_none());
    assert_eq!(desk.copy(id).unwrap().attempts, 0);
    let other = [MailboxId(office.0 + 1)];
    assert_eq!(desk.fixture.accounts.begin_copy(&other, DUE).unwrap().map(|attempt| attempt.send), Some(id));
}

#[test]
fn a_start_tidies_up_what_was_cut_off() {
    let desk = Desk::new();
    let (unknown, spooled) = desk.begin(b"nobody knows");
    // The process ends here: nothing is dropped in order.
    std::mem::forget(spooled);
    let mut draft = desk.spool.create().unwrap();
    draft.append(b"half a mess").unwrap();
    std::mem::forget(draft);
    let due = desk.accepted();
    assert_eq!(desk.files(), 3);
    let Desk { fixture, spool } = desk;
    let second = fixture.spool();
    assert!(
        second
            .read(
                &fixture.accounts.sends(Actor::Operator, &SendFilter::default(), 9, NOW).unwrap().rows[0]
                    .copy
                    .clone()
                    .unwrap()
                    .spool
            )
            .is_ok()
    );
    drop((spool, second));
    let desk = Desk { spool: fixture.spool(), fixture };
    assert_eq!((desk.files(), desk.copy(unknown)), (1, None));
    let rows = desk.fixture.accounts.sends(Actor::Operator, &SendFilter::default(), 9, NOW).unwrap().rows;
    assert!(rows.iter().any(|row| row.id == unknown && row.outcome == SendOutcome::Unknown));
    assert_eq!(desk.attempt(DUE).unwrap().send, due);
}

#[test]
fn a_mailbox_that_is_gone_gets_no_copy_and_holds_up_nobody() {
    let desk = Desk::new();
    let first = desk.accepted();
    let accounts = &desk.fixture.accounts;
    accounts.remove_mailbox(&desk.fixture.address(), true, NOW).unwrap();
    // Another mailbox of the same address is another mailbox.
    accounts.add_mailbox(crate::accounts::fixture::entry("ufficio@pec.example.it"), NOW).unwrap();
    desk.fixture.add_anna();
    let second = desk.accepted();
    assert_eq!(desk.attempt(DUE).unwrap().send, second);
    let copy = desk.copy(first).unwrap();
    assert_eq!((copy.state, copy.why.as_deref()), (CopyState::Failed, Some("the mailbox was removed from delega")));
}

#[test]
fn a_mailbox_that_cannot_be_opened_waits_and_holds_up_nobody() {
    let desk = Desk::new();
    let id = desk.accepted();
    let store = std::sync::Arc::new(crate::store::Sqlite::open(&desk.fixture.database()).unwrap());
    let key = desk.fixture.key_file();
    let lost = Accounts::open(store, &key, Profile::Nested, crate::accounts::Upstreams::new()).unwrap();
    assert!(lost.begin_copy(&[], DUE).unwrap().is_none());
    let copy = desk.copy(id).unwrap();
    assert!(copy.state == CopyState::Due && copy.why.unwrap().contains("provider"));
    let change = MailboxChange { password: Some(secret("another")), ..MailboxChange::default() };
    desk.fixture.accounts.set_mailbox(&desk.fixture.address(), change, NOW).unwrap();
    let attempt = desk.attempt(DUE + MINUTE).unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&attempt.credentials.password), "another");
}
