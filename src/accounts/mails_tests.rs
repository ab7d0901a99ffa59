//! The outbox with the clock moved by hand: order, pauses, two days, leases, and links that somebody has moved.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::accounts::fixture::{Fixture, NOW, Office};
use crate::accounts::{Actor, DelegateName, PermissionChange};
use crate::domain::{Permission, Profile};

const MINUTE: i64 = 60 * 1000;
const HOUR: i64 = 60 * MINUTE;

fn office() -> (Fixture, Accounts) {
    let Office { fixture, accounts } = Office::new();
    (fixture, accounts)
}

fn anna() -> DelegateName {
    super::super::fixture::anna().name
}

/// Causes a mail to Anna.
fn cause(accounts: &Accounts, now_secs: i64, grant: bool) {
    let which = vec![Permission::Settings];
    let change = match grant {
        true => PermissionChange { grant: which, ..PermissionChange::default() },
        false => PermissionChange { revoke: which, ..PermissionChange::default() },
    };
    accounts.change_permissions(Actor::Operator, &anna(), change, now_secs).unwrap();
}

fn postponed(accounts: &Accounts, id: MailId, now_ms: i64) -> MailState {
    accounts.end_mail(id, MailEnd::Postponed("451 later".into()), now_ms).unwrap()
}

#[test]
fn n5_pauses_grow_and_two_days_are_the_end() {
    let (_fixture, accounts) = office();
    cause(&accounts, NOW, true);
    let start = NOW * 1000;
    let (mut now, mut pauses) = (start, Vec::new());
    let state = loop {
        let attempt = accounts.begin_mail(now).unwrap().unwrap();
        let state = postponed(&accounts, attempt.row.id, now);
        if state != MailState::Waiting {
            break state;
        }
        let next = accounts.mails(None, 1).unwrap().rows[0].next_attempt_at_ms;
        assert!(accounts.begin_mail(next - 1).unwrap().is_none(), "tried before its time");
        pauses.push((next - now) / MINUTE);
        now = next;
    };
    assert_eq!(pauses[..9], [1, 2, 4, 8, 16, 32, 64, 128, 240]);
    assert!(pauses[9..].iter().all(|pause| *pause == 240), "{pauses:?}");
    assert_eq!(state, MailState::Failed);
    assert!((48 * HOUR..52 * HOUR).contains(&(now - start)), "given up after {} minutes", (now - start) / MINUTE);
    let row = accounts.mails(Some(MailState::Failed), 9).unwrap().rows.pop().unwrap();
    assert_eq!((row.why.as_deref(), row.ended_at_ms), (Some("451 later"), Some(now)));
    assert!(accounts.begin_mail(now + 100 * HOUR).unwrap().is_none());
    // Somebody wants it to be tried again: its two days begin anew.
    assert_eq!(accounts.retry_mails(&[], now + HOUR).unwrap(), 1);
    let again = accounts.begin_mail(now + HOUR).unwrap().unwrap();
    assert_eq!(postponed(&accounts, again.row.id, now + HOUR), MailState::Waiting);
}

#[test]
fn n5_mails_to_one_person_keep_their_order() {
    let (_fixture, accounts) = office();
    cause(&accounts, NOW, true);
    cause(&accounts, NOW + 1, false);
    let now = (NOW + 1) * 1000;
    let first = accounts.begin_mail(now).unwrap().unwrap();
    assert!(accounts.begin_mail(now).unwrap().is_none(), "overtook the one before it");
    postponed(&accounts, first.row.id, now);
    assert!(accounts.begin_mail(now).unwrap().is_none(), "overtook the one before it");
    let again = accounts.begin_mail(now + MINUTE).unwrap().unwrap();
    assert_eq!((again.row.id, again.row.attempts), (first.row.id, 2));
    accounts.end_mail(first.row.id, MailEnd::Failed("550 no".into()), now + MINUTE).unwrap();
    assert!(accounts.begin_mail(now + MINUTE).unwrap().is_some(), "one that was given up holds up the others");
}

#[test]
fn n5_an_attempt_that_nobody_ended_is_due_again() {
    let (fixture, accounts) = office();
    cause(&accounts, NOW, true);
    let begun = accounts.begin_mail(NOW * 1000).unwrap().unwrap();
    drop(accounts);
    // Another process, after a crash.
    let accounts = fixture.reopened(Profile::Nested).with_mails(true);
    let lease = i64::try_from(MAIL_ATTEMPT.as_millis()).unwrap();
    assert!(accounts.begin_mail(NOW * 1000 + lease - 1).unwrap().is_none());
    let again = accounts.begin_mail(NOW * 1000 + lease).unwrap().unwrap();
    assert_eq!((again.row.id, again.row.attempts), (begun.row.id, 2));
    accounts.end_mail(again.row.id, MailEnd::Sent("250 ok".into()), NOW * 1000 + lease).unwrap();
    let twice = accounts.end_mail(again.row.id, MailEnd::Failed("late".into()), NOW * 1000 + lease);
    assert!(matches!(twice, Err(AccountsError::Refused(Rule::UnknownMail(_)))), "{twice:?}");
}

#[test]
fn n5_a_server_that_starts_takes_up_what_was_cut_off_and_what_waits() {
    let (_fixture, accounts) = office();
    cause(&accounts, NOW, true);
    let now = NOW * 1000;
    let begun = accounts.begin_mail(now).unwrap().unwrap();
    assert_eq!(accounts.resume_mails(now + 1).unwrap(), 1);
    let again = accounts.begin_mail(now + 1).unwrap().unwrap();
    assert_eq!((again.row.id, again.row.attempts), (begun.row.id, 2));
    postponed(&accounts, again.row.id, now + 2);
    assert_eq!(accounts.resume_mails(now + 3).unwrap(), 1);
    let last = accounts.begin_mail(now + 3).unwrap().unwrap();
    accounts.end_mail(last.row.id, MailEnd::Sent("250 ok".into()), now + 4).unwrap();
    assert_eq!(accounts.resume_mails(now + 5).unwrap(), 0);
}

#[test]
fn a_link_that_was_moved_to_another_mail_is_not_sent() {
    let (fixture, accounts) = office();
    accounts.reset_password(Actor::Operator, &anna(), NOW).unwrap();
    let id = accounts.mails(None, 1).unwrap().rows[0].id;
    let moved = store::read(accounts.store.as_ref(), |reads| reads.sealed_token(id)).unwrap();
    accounts.end_mail(id, MailEnd::Failed("x".into()), NOW * 1000).unwrap();
    accounts.reset_password(Actor::Operator, &anna(), NOW + 1).unwrap();
    let other = accounts.mails(None, 1).unwrap().rows[0].id;
    store::change(accounts.store.as_ref(), |writes| writes.set_sealed_token(other, moved.as_ref())).unwrap();
    assert!(accounts.begin_mail(NOW * 1000 + 5 * HOUR).unwrap().is_none());
    let row = accounts.mails(Some(MailState::Failed), 9).unwrap().rows.remove(0);
    assert!(row.id == other && row.why.unwrap().contains("changed or moved"));
    drop(fixture);
}

#[test]
fn old_mails_are_forgotten_and_links_with_the_mail_that_went_out() {
    let (_fixture, accounts) = office();
    accounts.reset_password(Actor::Operator, &anna(), NOW).unwrap();
    let now = NOW * 1000;
    let id = accounts.begin_mail(now).unwrap().unwrap().row.id;
    let sealed = || store::read(accounts.store.as_ref(), |reads| reads.sealed_token(id)).unwrap();
    assert!(sealed().is_some());
    accounts.end_mail(id, MailEnd::Sent("250 ok".into()), now).unwrap();
    assert!(sealed().is_none());
    let kept = i64::try_from(MAIL_KEPT.as_millis()).unwrap();
    assert_eq!(accounts.forget_old_mails(now + kept).unwrap(), 0);
    assert_eq!(accounts.forget_old_mails(now + kept + 1).unwrap(), 1);
}
