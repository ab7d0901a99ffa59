//! Tests of login. A file of their own, since they are longer than what they test.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::accounts::fixture::{CLIENT, Fixture, KNOCK, NOW, POP3, WEBMAIL, anna, entry, secret};
use crate::accounts::passwords::RUNS;
use crate::accounts::{Actor, DelegateEntry, MailboxEntry, PermissionChange, Suspension, Upstreams, Vault, VaultError};
use crate::domain::{PasswordVersion, Permissions, Profile};
use crate::store::Sqlite;

const ANNA: &str = "anna/ufficio@pec.example.it";
const OWNER: &str = "ufficio@pec.example.it";

#[test]
fn l1_l2_a_delegate_comes_in_and_the_upstream_is_opened_for_them() {
    let fixture = Fixture::new();
    let entry = fixture.admit("Anna/UFFICIO@pec.example.it", Fixture::ANNAS, CLIENT);
    assert_eq!(entry.account, fixture.anna());
    assert_eq!((entry.login.to_string().as_str(), entry.upstream.as_str()), (ANNA, "provider"));
    assert_eq!(entry.grant.permissions.to_string(), "read,write,send,client");
    let credentials = &entry.credentials;
    assert_eq!((credentials.authzid.as_deref(), credentials.authcid.as_str()), (None, OWNER));
    assert_eq!(credentials.password.expose_secret(), Fixture::MAILBOXS);
    assert!(!credentials.typed);
    let printed = format!("{entry:?}");
    assert!(!printed.contains(Fixture::MAILBOXS), "{printed}");
}

#[test]
fn l3_the_owners_password_goes_upstream_as_typed() {
    let fixture = Fixture::new();
    for password in ["anything", "a \"quoted\" è"] {
        let entry = fixture.admit("Ufficio@PEC.example.it", password, POP3);
        assert_eq!(entry.account, AccountRef::Owner(fixture.mailbox(), PasswordVersion(0)));
        assert_eq!(entry.grant, Grant::OWNER);
        assert_eq!((entry.credentials.authcid.as_str(), entry.credentials.typed), (OWNER, true));
        assert_eq!(entry.credentials.password.expose_secret(), password);
    }
    assert_eq!(fixture.refuse("altro@pec.example.it", "anything", CLIENT), Refusal::UnknownMailbox);
    assert_eq!(fixture.refuse(OWNER, "", CLIENT), Refusal::WrongPassword);
    assert_eq!(fixture.refuse(OWNER, &"x".repeat(1025), CLIENT), Refusal::WrongPassword);
    fixture.admit(OWNER, &"x".repeat(1024), CLIENT);
}

#[test]
fn s5_every_refusal_of_a_delegate_costs_one_run_of_argon2() {
    let fixture = Fixture::new();
    let cost = |login: &str, password: &str| {
        RUNS.set(0);
        let refusal = fixture.refuse(login, password, CLIENT);
        assert_eq!(RUNS.get(), 1, "{login}: {refusal}");
        refusal
    };
    assert_eq!(cost("", "x"), Refusal::Malformed);
    assert_eq!(cost("anna", "x"), Refusal::Malformed);
    assert_eq!(cost("anna/ufficio", "x"), Refusal::Malformed);
    assert_eq!(cost("anna//ufficio@pec.example.it", "x"), Refusal::Malformed);
    assert_eq!(cost("anna/altro@pec.example.it", "x"), Refusal::UnknownMailbox);
    assert_eq!(cost("bruno/ufficio@pec.example.it", Fixture::ANNAS), Refusal::UnknownDelegate);
    assert_eq!(cost(ANNA, "x"), Refusal::WrongPassword);
    assert_eq!(cost(ANNA, ""), Refusal::WrongPassword);
    assert_eq!(cost(ANNA, &Fixture::ANNAS.repeat(100)), Refusal::WrongPassword);
    fixture.accounts.suspend(Actor::Operator, &fixture.anna_login(), Suspension::Suspend, NOW).unwrap();
    assert_eq!(cost(ANNA, Fixture::ANNAS), Refusal::Suspended);
    RUNS.set(0);
    fixture.accounts.suspend(Actor::Operator, &fixture.anna_login(), Suspension::Resume, NOW).unwrap();
    fixture.admit(ANNA, Fixture::ANNAS, CLIENT);
    assert_eq!(RUNS.get(), 1, "an admission costs the same");
}

#[test]
fn s5_only_the_right_password_learns_the_state() {
    let fixture = Fixture::new();
    fixture.accounts.suspend(Actor::Operator, &fixture.anna_login(), Suspension::Suspend, NOW).unwrap();
    assert_eq!(fixture.refuse(ANNA, "wrong password", WEBMAIL), Refusal::WrongPassword);
    assert_eq!(fixture.refuse(ANNA, Fixture::ANNAS, WEBMAIL), Refusal::Suspended);
}

#[test]
fn p4_p7_g4_the_door_is_judged() {
    let fixture = Fixture::new();
    assert_eq!(fixture.refuse(ANNA, Fixture::ANNAS, POP3), Refusal::NoProtocol);
    let change = PermissionChange { replace: Some(Permissions::READ), ..PermissionChange::default() };
    fixture.accounts.change_permissions(Actor::Operator, &fixture.anna_login(), change, NOW).unwrap();
    assert_eq!(fixture.refuse(ANNA, Fixture::ANNAS, CLIENT), Refusal::NoClient);
    assert_eq!(fixture.refuse(ANNA, Fixture::ANNAS, POP3), Refusal::NoClient);
    assert_eq!(fixture.admit(ANNA, Fixture::ANNAS, WEBMAIL).grant.permissions, Permissions::READ);
}

#[test]
fn x17_a_read_only_mail_program_ends_with_its_profile() {
    let fixture = Fixture::under(Profile::ClientApart);
    let replace = Some(Permissions::parse("read,client", Profile::ClientApart).unwrap());
    let change = PermissionChange { replace, ..PermissionChange::default() };
    fixture.accounts.change_permissions(Actor::Operator, &fixture.anna_login(), change, NOW).unwrap();
    assert_eq!(fixture.admit(ANNA, Fixture::ANNAS, CLIENT).grant.permissions.to_string(), "read,client");
    let nested = fixture.reopened(Profile::Nested).authenticate(ANNA, &secret(Fixture::ANNAS), CLIENT, KNOCK).unwrap();
    assert!(matches!(nested, Verdict::Refused(Refusal::NoClient)), "{nested:?}");
}

#[test]
fn g5_the_master_user_opens_what_has_no_password_of_its_own() {
    let fixture = Fixture::new();
    let new = MailboxEntry {
        upstream: "mastered".into(),
        upstream_user: Some("u77".into()),
        password: None,
        ..entry("protocollo@pec.example.it")
    };
    let address = new.address.clone();
    fixture.accounts.add_mailbox(new, NOW).unwrap();
    let name = crate::accounts::DelegateName { address, ..anna().name };
    fixture.accounts.add_delegate(DelegateEntry { name, ..anna() }, NOW).unwrap();
    let credentials = fixture.admit("anna/protocollo@pec.example.it", Fixture::ANNAS, CLIENT).credentials;
    assert_eq!((credentials.authzid.as_deref(), credentials.authcid.as_str()), (Some("u77"), "master"));
    assert_eq!((credentials.password.expose_secret(), credentials.typed), ("m4ster", false));
    let owner = fixture.admit("protocollo@pec.example.it", "typed", CLIENT).credentials;
    assert_eq!((owner.authzid, owner.authcid.as_str(), owner.typed), (None, "u77", true));
}

#[test]
fn a_mailbox_whose_upstream_is_gone_is_the_operators_fault() {
    let fixture = Fixture::new();
    let store = std::sync::Arc::new(Sqlite::open(&fixture.database()).unwrap());
    let accounts = Accounts::open(store, &fixture.key_file(), Profile::Nested, Upstreams::new()).unwrap();
    for (login, password) in [(ANNA, Fixture::ANNAS), (OWNER, "typed")] {
        let outcome = accounts.authenticate(login, &secret(password), CLIENT, KNOCK);
        assert!(matches!(outcome, Err(AccountsError::UpstreamGone { .. })), "{outcome:?}");
    }
    assert!(matches!(accounts.authenticate(ANNA, &secret("wrong"), CLIENT, KNOCK), Ok(Verdict::Refused(_))));
}

#[test]
fn a_secret_swapped_between_rows_is_found_out() {
    let fixture = Fixture::new();
    let other = MailboxEntry { password: Some(secret("the other's")), ..entry("altro@pec.example.it") };
    fixture.accounts.add_mailbox(other, NOW).unwrap();
    let raw = rusqlite::Connection::open(fixture.database()).unwrap();
    let swap = "UPDATE mailboxes SET sealed_password = \
                (SELECT other.sealed_password FROM mailboxes other WHERE other.id <> mailboxes.id)";
    assert_eq!(raw.execute(swap, []).unwrap(), 2);
    let outcome = fixture.accounts.authenticate(ANNA, &secret(Fixture::ANNAS), CLIENT, KNOCK);
    assert!(matches!(outcome, Err(AccountsError::Vault(VaultError::Tampered(_)))), "{outcome:?}");
}

#[test]
fn a_key_that_is_gone_or_another_is_told_and_never_made_anew() {
    let fixture = Fixture::new();
    let again = || {
        let store = std::sync::Arc::new(Sqlite::open(&fixture.database()).unwrap());
        Accounts::open(store, &fixture.key_file(), Profile::Nested, Upstreams::new())
    };
    again().unwrap();
    std::fs::remove_file(fixture.key_file()).unwrap();
    assert!(matches!(again(), Err(AccountsError::Vault(VaultError::Missing(_)))));
    assert!(!fixture.key_file().exists());
    drop(Vault::open_or_create(&fixture.key_file()).unwrap());
    assert!(matches!(again(), Err(AccountsError::Vault(VaultError::WrongKey(_)))));
}
