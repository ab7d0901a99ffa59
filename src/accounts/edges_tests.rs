//! Rights, seats and time where one step alone is allowed and two of them would lead too far.
#![allow(clippy::unwrap_used)]

use super::fixture::{Fixture, NOW, entry, secret};
use super::life_tests::{DAY, GOOD, Office, invitee, name, owner_of, rule};
use super::*;
use crate::domain::{DelegateState, MailState, Permission, Permissions, Plan, Profile};
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
    Actor::Delegate(office.accept(&token, NOW).unwrap().delegate.id)
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
    assert!(resume(owner_of(&office)).unwrap());
    // Within their own, they can.
    let change = PermissionChange { replace: Some(Permissions::READ), ..PermissionChange::default() };
    office.accounts.change_permissions(bruno, &name("anna"), change, NOW + 3).unwrap();
    office.accounts.suspend(bruno, &name("anna"), Suspension::Suspend, NOW + 4).unwrap();
    assert!(resume(bruno).unwrap());
}

#[test]
fn m2_an_unknown_mailbox_is_said_to_the_operator_alone() {
    let office = Office::new();
    let nowhere = "nobody@pec.example.it".parse().unwrap();
    let switch = |actor| rule(office.accounts.set_multi_user(actor, &nowhere, true, NOW));
    assert!(matches!(switch(Actor::Operator), Rule::UnknownMailbox(_)));
    assert!(matches!(switch(owner_of(&office)), Rule::NoRight { .. }));
}
