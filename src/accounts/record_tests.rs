//! Tests of the record. A file of their own, since they are longer than what they test.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::accounts::fixture::{Fixture, NOW, entry};
use crate::accounts::{Actor, MailboxChange, PermissionChange, Suspension};
use crate::domain::{ListenerKind, PasswordVersion, Permissions, SentBy};

const NOW_MS: i64 = NOW * 1000 + 7;

fn accepted() -> SendOutcome {
    SendOutcome::Accepted("250 2.0.0 Ok: queued as 4F2A".into())
}

fn all(fixture: &Fixture) -> Vec<SendRecord> {
    fixture.accounts.sends(Actor::Operator, &SendFilter::default(), 100, NOW).unwrap().rows
}

#[test]
fn o2_a_send_is_recorded_before_and_after() {
    let fixture = Fixture::new();
    let id = fixture.accounts.record_sending(fixture.sending(), None, NOW_MS).unwrap();
    let before = all(&fixture).remove(0);
    assert_eq!((before.id, before.at_ms, before.mailbox), (id, NOW_MS, fixture.mailbox()));
    assert_eq!((before.login.to_string().as_str(), before.kind), ("anna/ufficio@pec.example.it", ListenerKind::Client));
    assert_eq!((&before.sending, before.peer), (&fixture.sending().sending, fixture.sending().peer));
    assert_eq!((&before.outcome, before.outcome_at_ms, &before.copy), (&SendOutcome::Unknown, None, &None));
    fixture.accounts.record_outcome(id, accepted(), None, NOW_MS + 90).unwrap();
    let after = all(&fixture).remove(0);
    assert_eq!(after, SendRecord { outcome: accepted(), outcome_at_ms: Some(NOW_MS + 90), ..before });
    let again = fixture.accounts.record_outcome(id, SendOutcome::Unknown, None, NOW_MS);
    assert!(matches!(again, Err(AccountsError::NoOpenSend(which)) if which == id), "{again:?}");
    assert_eq!(all(&fixture), [after]);
}

#[test]
fn o2_the_owner_is_recorded_too() {
    let fixture = Fixture::new();
    let (account, login) = (AccountRef::Owner(fixture.mailbox(), PasswordVersion(0)), Login::Owner(fixture.address()));
    let entry = SendingEntry { account, login, ..fixture.sending() };
    fixture.accounts.record_sending(entry, None, NOW_MS).unwrap();
    fixture.accounts.record_sending(fixture.sending(), None, NOW_MS).unwrap();
    let by_owner = SendFilter { by: Some(SentBy::Owner), ..SendFilter::default() };
    let found = fixture.accounts.sends(Actor::Operator, &by_owner, 10, NOW).unwrap().rows;
    assert_eq!(found.iter().map(|send| send.login.to_string()).collect::<Vec<_>>(), ["ufficio@pec.example.it"]);
}

#[test]
fn p9_nothing_is_sent_after_a_change_that_forbids_it() {
    let refused = |change: &dyn Fn(&Fixture), expected: &str| {
        let fixture = Fixture::new();
        let sending = fixture.sending();
        change(&fixture);
        match fixture.accounts.record_sending(sending, None, NOW_MS) {
            Err(AccountsError::Refused(Rule::MaySendNoMore { why, .. })) => assert!(why.contains(expected), "{why}"),
            other => panic!("{expected}: {other:?}"),
        }
        assert_eq!(all(&fixture), []);
    };
    refused(
        &|f| assert!(f.accounts.suspend(Actor::Operator, &f.anna_login(), Suspension::Suspend, NOW).unwrap().changed),
        "suspended",
    );
    refused(&|f| drop(f.accounts.delete_delegate(Actor::Operator, &f.anna_login(), NOW).unwrap()), "unknown delegate");
    refused(&|f| drop(f.accounts.remove_mailbox(&f.address(), true, NOW).unwrap()), "unknown mailbox");
    let reader = |f: &Fixture| {
        let change = PermissionChange { replace: Some(Permissions::READ), ..PermissionChange::default() };
        f.accounts.change_permissions(Actor::Operator, &f.anna_login(), change, NOW).unwrap();
    };
    refused(&reader, "no client permission");
    // Another anna is not this one.
    refused(
        &|f| {
            f.accounts.delete_delegate(Actor::Operator, &f.anna_login(), NOW).unwrap();
            f.add_anna();
        },
        "unknown delegate",
    );
}

#[test]
fn p3_the_record_asks_for_send_by_webmail_too() {
    let fixture = Fixture::new();
    let change = PermissionChange { replace: Some(Permissions::READ), ..PermissionChange::default() };
    fixture.accounts.change_permissions(Actor::Operator, &fixture.anna_login(), change, NOW).unwrap();
    let door = Door { kind: ListenerKind::Webmail, ..fixture.sending().door };
    let outcome = fixture.accounts.record_sending(SendingEntry { door, ..fixture.sending() }, None, NOW_MS);
    let error = outcome.unwrap_err().to_string();
    assert_eq!(error, "anna/ufficio@pec.example.it may not send this any more: no send permission");
}

#[test]
fn g2_an_alias_that_was_taken_away_is_used_no_more() {
    let fixture = Fixture::new();
    let alias: MailboxAddress = "info@pec.example.it".parse().unwrap();
    let set = |aliases: &[&MailboxAddress], no_aliases: &[&MailboxAddress]| {
        let list = |list: &[&MailboxAddress]| list.iter().map(|alias| (*alias).clone()).collect();
        let change = MailboxChange { aliases: list(aliases), no_aliases: list(no_aliases), ..MailboxChange::default() };
        fixture.accounts.set_mailbox(&fixture.address(), change, NOW).unwrap();
    };
    let send = || {
        let addresses = vec![fixture.address(), alias.clone()];
        fixture.accounts.record_sending(SendingEntry { addresses, ..fixture.sending() }, None, NOW_MS)
    };
    set(&[&alias], &[]);
    send().unwrap();
    set(&[], &[&alias]);
    let error = send().unwrap_err().to_string();
    assert!(error.ends_with("info@pec.example.it is no address of the mailbox any more"), "{error}");
}

#[test]
fn texts_are_bounded() {
    let fixture = Fixture::new();
    let at = |bytes: usize| "è".repeat(bytes / 2);
    let (fits, over) = (at(limits::RECORDED_TEXT_BYTES), at(limits::RECORDED_TEXT_BYTES + 2));
    let sending = Sending {
        reverse_path: fits.clone(),
        forward_paths: vec![over.clone(), "a@b.it".into()],
        message_id: Some(over.clone()),
        subject: Some(over.clone()),
        bytes: u64::MAX,
    };
    let id = fixture.accounts.record_sending(SendingEntry { sending, ..fixture.sending() }, None, NOW_MS).unwrap();
    fixture.accounts.record_outcome(id, SendOutcome::Refused(over.clone()), None, NOW_MS).unwrap();
    let found = all(&fixture).remove(0);
    assert_eq!(found.sending.reverse_path, fits);
    assert_eq!(found.sending.message_id.as_deref(), Some(fits.as_str()), "what is left must still be found");
    for text in [&found.sending.forward_paths[0], &found.sending.subject.unwrap(), found.outcome.reply().unwrap()] {
        assert!(text.len() <= limits::RECORDED_TEXT_BYTES && text.ends_with("è…"), "{} bytes", text.len());
    }
    assert_eq!((found.sending.forward_paths[1].as_str(), found.sending.bytes), ("a@b.it", i64::MAX as u64));
}

#[test]
fn what_is_left_out_is_said() {
    let fixture = Fixture::new();
    for n in 0..3 {
        fixture.accounts.record_sending(fixture.sending(), None, NOW_MS + n).unwrap();
    }
    let ask = |most| {
        let found = fixture.accounts.sends(Actor::Operator, &SendFilter::default(), most, NOW).unwrap();
        (found.rows.len(), found.more)
    };
    assert_eq!([ask(2), ask(3), ask(4)], [(2, true), (3, false), (3, false)]);
}

#[test]
fn the_record_of_a_mailbox_that_is_gone_is_shown() {
    let fixture = Fixture::new();
    fixture.accounts.add_mailbox(entry("altro@pec.example.it"), NOW).unwrap();
    fixture.accounts.record_sending(fixture.sending(), None, NOW_MS).unwrap();
    fixture.accounts.remove_mailbox(&fixture.address(), true, NOW).unwrap();
    let ask = |address: &str| {
        let filter = SendFilter { mailbox: Some(address.parse().unwrap()), ..SendFilter::default() };
        fixture.accounts.sends(Actor::Operator, &filter, 9, NOW).map(|found| found.rows.len())
    };
    assert_eq!(ask("ufficio@pec.example.it").unwrap(), 1);
    assert_eq!(ask("altro@pec.example.it").unwrap(), 0);
    let unknown = ask("mai@pec.example.it");
    assert!(matches!(unknown, Err(AccountsError::Refused(Rule::UnknownMailbox(_)))), "{unknown:?}");
}
