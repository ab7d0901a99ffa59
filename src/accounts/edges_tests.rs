//! Rights, seats and time where one step alone is allowed and two of them would lead too far.
#![allow(clippy::unwrap_used)]

use super::fixture::{Fixture, NOW, entry, secret};
use super::life_tests::{DAY, GOOD, Office, delegate_of, invitee, name, owner_of, rule};
use super::*;
use crate::domain::{
    DelegateState, Language, MailState, MailboxAddress, PasswordVersion, Permission, Permissions, Plan, Profile,
    Protocols,
};
use crate::store::Sqlite;

fn grant(what: Permission) -> PermissionChange {
    PermissionChange { grant: vec![what], ..PermissionChange::default() }
}

fn protocols(list: &str) -> PermissionChange {
    PermissionChange { protocols: Some(list.parse().unwrap()), ..PermissionChange::default() }
}

fn plan(name: &str) -> MailboxChange {
    MailboxChange { plan: Some(name.parse().unwrap()), ..MailboxChange::default() }
}

/// Bruno, with **settings** and what else is said, by IMAP alone.
fn manager(office: &Office, permissions: &str) -> Actor {
    office.accounts.invite(Actor::Operator, invitee("bruno", permissions), NOW).unwrap();
    let token = office.mailed(NOW).pop().unwrap().2.unwrap();
    office.accept(&token, NOW).unwrap();
    delegate_of(office, "bruno")
}

#[test]
fn p5_a_protocol_that_was_chosen_without_client_is_not_given_by_client_later() {
    let office = Office::new();
    let bruno = manager(&office, "client,settings");
    let change = |actor, change| office.accounts.change_permissions(actor, &name("anna"), change, NOW + 1);
    change(Actor::Operator, PermissionChange { revoke: vec![Permission::Client], ..grant(Permission::Send) }).unwrap();
    change(bruno, protocols("pop3")).unwrap();
    let refused = rule(change(bruno, grant(Permission::Client)));
    assert!(matches!(refused, Rule::GivesMoreThanOwn { .. }), "{refused:?}");
    change(bruno, PermissionChange { grant: vec![Permission::Client], ..protocols("imap") }).unwrap();
    // What she has by somebody else stays hers.
    change(Actor::Operator, protocols("imap,pop3")).unwrap();
    change(bruno, protocols("pop3")).unwrap();
}

#[test]
fn p5_a_permission_that_does_not_hold_is_not_made_to_hold_by_another() {
    let fixture = Fixture::under(Profile::ClientApart);
    let apart = fixture.reopened(Profile::ClientApart);
    let replace = Some(Permissions::parse("read,client", Profile::ClientApart).unwrap());
    let change = PermissionChange { replace, ..PermissionChange::default() };
    apart.change_permissions(Actor::Operator, &name("anna"), change, NOW).unwrap();
    // The operator returns to P6, under which her client does not hold.
    let accounts = fixture.reopened(Profile::Nested).with_mails(true);
    let office = Office { fixture, accounts };
    let bruno = manager(&office, "send,settings");
    let change = |change| office.accounts.change_permissions(bruno, &name("anna"), change, NOW + 1);
    assert_eq!(rule(change(grant(Permission::Send))), Rule::GivesMoreThanOwn { what: "client" });
    assert_eq!(change(grant(Permission::Write)).unwrap().effective.to_string(), "read,write");
}

#[test]
fn p5_who_has_more_is_not_re_enabled_by_who_has_less() {
    let office = Office::new();
    let bruno = manager(&office, "write,settings");
    let resume = |actor| office.accounts.suspend(actor, &name("anna"), Suspension::Resume, NOW + 2);
    office.accounts.suspend(owner_of(&office), &name("anna"), Suspension::Suspend, NOW + 1).unwrap();
    assert_eq!(rule(resume(bruno)), Rule::GivesMoreThanOwn { what: "send" });
    assert_eq!(office.state("anna", NOW + 2), DelegateState::Suspended);
    assert!(resume(owner_of(&office)).unwrap().changed);
    // Within their own, they can.
    let change = PermissionChange { replace: Some(Permissions::READ), ..PermissionChange::default() };
    office.accounts.change_permissions(bruno, &name("anna"), change, NOW + 3).unwrap();
    office.accounts.suspend(bruno, &name("anna"), Suspension::Suspend, NOW + 4).unwrap();
    assert!(resume(bruno).unwrap().changed);
}

/// Such a row could not be read again, nor any list that it stands in.
#[test]
fn p7_a_protocol_is_chosen() {
    let office = Office::new();
    let none = Protocols { imap: false, pop3: false };
    let change = PermissionChange { protocols: Some(none), ..PermissionChange::default() };
    assert_eq!(rule(office.accounts.change_permissions(Actor::Operator, &name("anna"), change, NOW)), Rule::NoProtocol);
    let invitee = Invitee { protocols: none, ..invitee("bruno", "read") };
    assert_eq!(rule(office.accounts.invite(Actor::Operator, invitee, NOW)), Rule::NoProtocol);
    assert_eq!(office.accounts.delegates(Actor::Operator, &office.fixture.address(), NOW).unwrap().len(), 1);
}

/// Whoever makes a session of what came back would be out at once otherwise.
#[test]
fn d7_what_comes_back_has_the_password_that_was_set() {
    let office = Office::new();
    let kept = |view: DelegateView| {
        let now = office.accounts.show_delegate(Actor::Operator, &view_name(&view), NOW).unwrap();
        assert_eq!(view, now);
        view.delegate.password
    };
    let token = office.invite("bruno", NOW);
    let accepted = kept(office.accept(&token, NOW).unwrap());
    let taken = kept(office.accounts.reset_password(Actor::Operator, &name("bruno"), NOW).unwrap());
    let token = office.mailed(NOW).pop().unwrap().2.unwrap();
    let set = match office.accounts.set_password(&token, &secret(GOOD), NOW).unwrap() {
        PasswordHolder::Delegate(view) => kept(*view),
        PasswordHolder::Postmaster(other) => panic!("{other:?}"),
    };
    let ended = kept(office.accounts.deactivate(Actor::Operator, &name("bruno"), NOW).unwrap());
    assert!(accepted < taken && taken < set && set < ended);
}

fn view_name(view: &DelegateView) -> DelegateName {
    name(view.delegate.username.as_str())
}

#[test]
fn m2_an_unknown_mailbox_is_said_to_the_operator_alone() {
    let office = Office::new();
    let nowhere = "nobody@pec.example.it".parse().unwrap();
    let switch = |actor| rule(office.accounts.set_multi_user(actor, &nowhere, true, NOW));
    assert!(matches!(switch(Actor::Operator), Rule::UnknownMailbox(_)));
    assert!(matches!(switch(owner_of(&office)), Rule::NoRight { .. }));
}

/// Somebody read the clock, and then waited for argon2 and for somebody else's change.
#[test]
fn d9_a_seat_that_was_given_on_is_not_taken_by_an_answer_that_comes_late() {
    for again in [false, true] {
        let office = Office::new();
        let token = office.invite("bruno", NOW);
        let dario = office.invite("dario", NOW);
        let past = NOW + 7 * DAY;
        if again {
            office.accounts.refuse_invitation(&dario, NOW).unwrap();
            office.accounts.reinvite(Actor::Operator, &name("dario"), None, past).unwrap();
        } else {
            office.accounts.reject(Actor::Operator, &name("dario"), NOW).unwrap();
        }
        office.invite("clia", past);
        if !again {
            office.invite("elio", past);
        }
        assert_eq!(rule(office.accept(&token, past - 1)), Rule::LinkGone);
        let seats = office.accounts.show_mailbox(Actor::Operator, &office.fixture.address(), past).unwrap().seats;
        assert_eq!((seats.taken, seats.all()), (3, 3));
    }
}

#[test]
fn d10_a_plan_that_is_lowered_again_gives_time_again() {
    let office = Office::new();
    for username in ["bruno", "clia"] {
        let token = office.invite(username, NOW + 10);
        office.accept(&token, NOW + 10).unwrap();
    }
    let two = Plan { name: "Two".parse().unwrap(), seats: 2, pack_seats: 0, most_packs: 0 };
    office.accounts.set_plan(two, NOW).unwrap();
    office.set(plan("Two"), NOW + 20).unwrap();
    let end = NOW + 20 + GRACE_SECS;
    office.accounts.settle(end).unwrap();
    assert_eq!(office.state("clia", end), DelegateState::Suspended);
    // What does not lower it begins no new period.
    office.set(MailboxChange { owner_name: Some("Altra".into()), ..MailboxChange::default() }, end + 1).unwrap();
    let resumed = office.accounts.suspend(owner_of(&office), &name("clia"), Suspension::Resume, end + 1);
    assert!(matches!(rule(resumed), Rule::NoSeat { .. }));
    office.mailed(end + 1);
    office.set(plan("Pro"), end + 2).unwrap();
    assert_eq!(office.kinds(end + 2), [("carla@example.it".to_owned(), "over-seats")]);
    office.accounts.settle(end + 2).unwrap();
    assert_eq!(office.state("bruno", end + 2), DelegateState::Active, "suspended without any time");
    office.accounts.settle(end + 2 + GRACE_SECS).unwrap();
    assert_eq!(office.state("bruno", end + 2 + GRACE_SECS), DelegateState::Suspended);
}

#[test]
fn d9_a_mailbox_with_more_packs_than_its_plan_gives_now_can_still_be_changed() {
    let office = Office::new();
    office.set(MailboxChange { packs: Some(5), ..MailboxChange::default() }, NOW).unwrap();
    let premium = Plan { name: "Premium".parse().unwrap(), seats: 3, pack_seats: 5, most_packs: 2 };
    office.accounts.set_plan(premium, NOW).unwrap();
    office.set(MailboxChange { owner_name: Some("Altra".into()), ..MailboxChange::default() }, NOW).unwrap();
    let seats = office.accounts.show_mailbox(Actor::Operator, &office.fixture.address(), NOW).unwrap().seats;
    assert_eq!((seats.packs, seats.all()), (5, 13));
    let refused = rule(office.set(MailboxChange { packs: Some(5), ..MailboxChange::default() }, NOW));
    assert!(matches!(refused, Rule::TooManyPacks { most: 2, .. }), "{refused:?}");
}

/// Such as `--grace-until 30d`, which is thirty days ago.
#[test]
fn d10_a_date_that_is_past_suspends_nobody() {
    let office = Office::new();
    office.invite("bruno", NOW);
    for at in [NOW - 30 * DAY, NOW] {
        let change = MailboxChange { grace_until_secs: Some(at), ..plan("Pro") };
        assert_eq!(rule(office.set(change, NOW)), Rule::GraceIsPast);
    }
    office.set(MailboxChange { grace_until_secs: Some(NOW + 1), ..plan("Pro") }, NOW).unwrap();
}

/// A mailbox whose newest were suspended stays over its seats, for years perhaps.
#[test]
fn settling_holds_up_nobody_where_there_is_nothing_to_write_down() {
    let office = Office::new();
    office.invite("bruno", NOW);
    let suspended = office.invite("clia", NOW);
    office.accept(&suspended, NOW).unwrap();
    office.set(plan("Pro"), NOW).unwrap();
    let end = NOW + GRACE_SECS;
    office.accounts.settle(end).unwrap();
    assert_eq!(office.state("clia", end), DelegateState::Suspended);
    let other = Sqlite::open(&office.fixture.database()).unwrap();
    // While another process changes something, which would be waited for in vain.
    store::change(&other, |_| office.accounts.settle(end + 1)).unwrap();
}

#[test]
fn settling_goes_on_where_one_mailbox_cannot_be_settled() {
    let office = Office::new();
    let first = MailboxEntry { plan: "Pro-3".parse().unwrap(), ..entry("a@pec.example.it") };
    office.accounts.add_mailbox(first, NOW).unwrap();
    for (address, username) in [("a@pec.example.it", "uno"), ("a@pec.example.it", "due")] {
        let mut invitee = invitee(username, "read");
        invitee.name.address = address.parse().unwrap();
        office.accounts.invite(Actor::Operator, invitee, NOW).unwrap();
    }
    office.accounts.set_mailbox(&"a@pec.example.it".parse().unwrap(), plan("Plus"), NOW).unwrap();
    let token = office.invite("bruno", NOW);
    office.accept(&token, NOW).unwrap();
    office.set(plan("Pro"), NOW).unwrap();
    let gone = "Plus".parse().unwrap();
    store::change(office.accounts.store.as_ref(), |writes| writes.delete_plan(&gone)).unwrap();
    let damage = "UPDATE mailboxes SET grace_until_secs = grace_until_secs - 9";
    rusqlite::Connection::open(office.fixture.database()).unwrap().execute(damage, []).unwrap();
    let settled = office.accounts.settle(NOW + GRACE_SECS);
    assert!(matches!(settled, Err(AccountsError::Store(_))), "{settled:?}");
    assert_eq!(office.state("bruno", NOW + GRACE_SECS), DelegateState::Suspended);
}

#[test]
fn n5_a_mail_that_cannot_be_read_holds_up_nobodys_and_is_given_up() {
    let office = Office::new();
    for username in ["bruno", "clia"] {
        office.accounts.invite(Actor::Operator, invitee(username, "read"), NOW).unwrap();
    }
    let ids: Vec<_> = office.accounts.mails(None, 9).unwrap().rows.iter().rev().map(|row| row.id).collect();
    let database = rusqlite::Connection::open(office.fixture.database()).unwrap();
    let damage = "UPDATE mails SET notice = replace(notice, '\"invitation\"', '\"of-a-later-version\"') WHERE id = ?1";
    assert_eq!(database.execute(damage, [ids[0].0]).unwrap(), 1);
    assert_eq!(office.accounts.resume_mails(NOW * 1000).unwrap(), 2);
    let next = office.accounts.begin_mail(NOW * 1000).unwrap().unwrap();
    assert_eq!(next.row.id, ids[1]);
    let ask = "SELECT state, why FROM mails WHERE id = ?1";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let (state, why) = database.query_row(ask, [ids[0].0], row).unwrap();
    assert!(state == "failed" && why == "it cannot be read: the notice of mail 1", "{state}: {why}");
    // Once a delega that knows it is back, it is not lost.
    let repair = "UPDATE mails SET notice = replace(notice, '\"of-a-later-version\"', '\"invitation\"') WHERE id = ?1";
    database.execute(repair, [ids[0].0]).unwrap();
    assert_eq!(office.accounts.retry_mails(&[], NOW * 1000).unwrap(), 1);
    office.accounts.end_mail(next.row.id, MailEnd::Sent("250 ok".into()), NOW * 1000).unwrap();
    let again = office.accounts.begin_mail(NOW * 1000).unwrap().unwrap();
    assert_eq!((again.row.id, again.row.state, again.token.is_some()), (ids[0], MailState::Waiting, true));
}

/// A server that was away for a long weekend, and a relay that puts every newcomer off once.
#[test]
fn n5_two_days_begin_with_the_first_attempt() {
    let office = Office::new();
    office.accounts.invite(Actor::Operator, invitee("bruno", "read"), NOW).unwrap();
    let late = (NOW + 3 * DAY) * 1000;
    let first = office.accounts.begin_mail(late).unwrap().unwrap();
    let later = MailEnd::Postponed("451 come back".into());
    assert_eq!(office.accounts.end_mail(first.row.id, later, late).unwrap(), MailState::Waiting);
}

#[test]
fn m1_each_sees_the_mailboxes_that_they_administer() {
    let office = Office::new();
    let bruno = manager(&office, "settings");
    for address in ["altro@pec.example.it", "altro@pec.example.org"] {
        office.accounts.add_mailbox(entry(address), NOW).unwrap();
    }
    let seen = |actor| {
        let views = office.accounts.mailboxes(actor, NOW).unwrap();
        views.into_iter().map(|view| view.mailbox.address.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(seen(Actor::Operator).len(), 3);
    assert_eq!(seen(owner_of(&office)), ["ufficio@pec.example.it"]);
    assert_eq!(seen(bruno), ["ufficio@pec.example.it"]);
    office.accounts.suspend(Actor::Operator, &name("bruno"), Suspension::Suspend, NOW).unwrap();
    assert_eq!(seen(bruno), [""; 0]);
}

/// P10, issue 5: whoever has nothing to look for here does not even learn whether there is something.
#[test]
fn p10_each_looks_at_what_is_theirs() {
    let office = Office::new();
    let bruno = manager(&office, "read,settings");
    office.accounts.add_mailbox(entry("altro@pec.example.org"), NOW).unwrap();
    let other: MailboxAddress = "altro@pec.example.org".parse().unwrap();
    let of_other = Actor::Account(AccountRef::Owner(
        office.accounts.show_mailbox(Actor::Operator, &other, NOW).unwrap().mailbox.id,
        PasswordVersion(0),
    ));
    let postmaster = |domain: &str| {
        let (domain, email) = (domain.parse().unwrap(), "posta@example.it".to_owned());
        let new = PostmasterEntry { domain, email, name: "Posta".into(), phone: None, language: Language::Italian };
        Actor::Postmaster(office.accounts.add_postmaster(new, NOW).unwrap().id)
    };
    let here = office.fixture.address();
    let mailbox = |actor, address| office.accounts.show_mailbox(actor, address, NOW);
    let list = |actor, address| {
        let seen = office.accounts.delegates(actor, address, NOW)?.into_iter();
        Ok::<_, AccountsError>(seen.map(|view| view.delegate.username.to_string()).collect::<Vec<_>>())
    };
    let look = |actor, who| office.accounts.show_delegate(actor, &name(who), NOW);
    for actor in [Actor::Operator, owner_of(&office), bruno, postmaster("pec.example.it")] {
        assert_eq!(mailbox(actor, &here).unwrap().delegates_active, 2);
        assert_eq!(list(actor, &here).unwrap(), ["anna", "bruno"]);
        assert_eq!(look(actor, "anna").unwrap().delegate.username.as_str(), "anna");
        assert!(matches!(rule(look(actor, "clia")), Rule::UnknownDelegate(_)));
    }
    let anna = delegate_of(&office, "anna");
    assert_eq!(list(anna, &here).unwrap(), ["anna"]);
    assert_eq!(look(anna, "anna").unwrap().delegate.username.as_str(), "anna");
    assert!(matches!(rule(mailbox(anna, &here)), Rule::NoRight { .. }));
    let nowhere: MailboxAddress = "none@pec.example.it".parse().unwrap();
    let said = |refused: Rule, at: &MailboxAddress| refused.to_string().replace(at.as_str(), "it");
    for stranger in [of_other, postmaster("pec.example.org")] {
        assert_eq!(said(rule(mailbox(stranger, &here)), &here), said(rule(mailbox(stranger, &nowhere)), &nowhere));
        assert_eq!(said(rule(list(stranger, &here)), &here), said(rule(list(stranger, &nowhere)), &nowhere));
    }
    for stranger in [anna, of_other] {
        assert_eq!(rule(look(stranger, "bruno")), rule(look(stranger, "clia")));
    }
    // Nobody is in it, which whoever may look is told.
    assert_eq!(list(of_other, &other).unwrap(), [""; 0]);
    assert!(matches!(rule(mailbox(Actor::Operator, &nowhere)), Rule::UnknownMailbox(_)));
}

/// D7: a session that was opened with the password before is nobody's.
#[test]
fn d7_whoever_acts_with_a_former_password_is_a_stranger() {
    let office = Office::new();
    let bruno = manager(&office, "read,settings");
    let look = |actor| office.accounts.show_delegate(actor, &name("bruno"), NOW).is_ok();
    let suspend = |actor| office.accounts.suspend(actor, &name("anna"), Suspension::Suspend, NOW);
    assert!(look(bruno));
    office.accounts.reset_password(Actor::Operator, &name("bruno"), NOW).unwrap();
    assert!(!look(bruno));
    let token = office.mailed(NOW).pop().unwrap().2.unwrap();
    office.accounts.set_password(&token, &secret(GOOD), NOW + 1).unwrap();
    assert!(!look(bruno), "they have set another password");
    assert!(matches!(rule(suspend(bruno)), Rule::NoRight { .. }));
    assert!(office.accounts.mailboxes(bruno, NOW).unwrap().is_empty());
    let again = delegate_of(&office, "bruno");
    assert!(look(again) && suspend(again).unwrap().changed);
}
