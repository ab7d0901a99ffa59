//! S1: an address is somebody's once it was confirmed there, and the one before is told.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::thread;

use super::*;
use crate::accounts::fixture::{NOW, Office};
use crate::accounts::life_tests::{DAY, name, rule};
use crate::accounts::{Actor, ProfileChange, Suspension};

const NEW: &str = "nuova@example.it";

/// Asks, and gives back the token that was mailed to the new address.
fn asked(office: &Office, account: AccountId, email: &str, now: i64) -> Token {
    office.accounts.ask_email(account, email, now).unwrap();
    let mut mailed = office.mailed(now);
    let (recipient, kind, token) = mailed.pop().unwrap();
    assert_eq!((recipient.as_str(), kind, mailed.len()), (email.trim(), "email-confirm", 0));
    token.unwrap()
}

#[test]
fn s1_an_address_is_theirs_once_it_was_confirmed_there() {
    let office = Office::new();
    for account in office.everybody() {
        let before = office.accounts.profile(account, NOW).unwrap();
        let token = asked(&office, account, NEW, NOW);
        let waiting = office.accounts.profile(account, NOW).unwrap();
        assert_eq!(waiting.unconfirmed, Some((NEW.to_owned(), NOW + DAY)));
        assert_eq!(waiting.email, before.email);
        // Looking changes nothing.
        for _ in 0..2 {
            let link = office.accounts.email_link(&token, NOW + 1).unwrap();
            assert_eq!((link.email.as_str(), link.until_secs), (NEW, NOW + DAY));
        }
        assert_eq!(office.accounts.profile(account, NOW + 1).unwrap(), waiting);
        let after = office.accounts.confirm_email(&token, NOW + DAY - 1).unwrap();
        assert_eq!((after.email.as_str(), after.unconfirmed.clone()), (NEW, None));
        assert_eq!(after.password, before.password, "their sessions go on");
        assert_eq!(office.kinds(NOW + DAY), [(before.email, "email-changed")]);
        // It works once.
        assert_eq!(rule(office.accounts.email_link(&token, NOW + 2)), Rule::LinkGone);
        assert_eq!(rule(office.accounts.confirm_email(&token, NOW + 2)), Rule::LinkGone);
        assert_eq!(office.kinds(NOW + DAY), []);
    }
}

#[test]
fn a_link_ends_after_a_day_and_is_for_nothing_else() {
    let office = Office::new();
    let token = asked(&office, office.anna(), NEW, NOW);
    assert!(office.accounts.email_link(&token, NOW + DAY - 1).is_ok());
    assert_eq!(rule(office.accounts.confirm_email(&token, NOW + DAY)), Rule::LinkGone);
    assert_eq!(office.accounts.profile(office.anna(), NOW + DAY).unwrap().unconfirmed, None);
    assert_eq!(rule(office.accounts.password_link(&token, NOW)), Rule::LinkGone);
    assert_eq!(rule(office.accounts.invitation(&token, NOW)), Rule::LinkGone);
    let invited = office.invite("bruno", NOW);
    assert_eq!(rule(office.accounts.confirm_email(&invited, NOW)), Rule::LinkGone);
}

#[test]
fn one_address_waits_at_a_time() {
    let office = Office::new();
    let anna = office.anna();
    let first = asked(&office, anna, NEW, NOW);
    let second = asked(&office, anna, "altra@example.it", NOW);
    assert_eq!(rule(office.accounts.confirm_email(&first, NOW)), Rule::LinkGone);
    // The address that she has takes the wish back, and nobody is written to.
    assert_eq!(office.accounts.ask_email(anna, "anna@example.it", NOW).unwrap().unconfirmed, None);
    assert_eq!(office.kinds(NOW), []);
    assert_eq!(rule(office.accounts.confirm_email(&second, NOW)), Rule::LinkGone);
}

#[test]
fn what_the_operator_sets_meanwhile_stays() {
    let office = Office::new();
    let token = asked(&office, office.anna(), NEW, NOW);
    let change = ProfileChange { email: Some("ufficio@example.it".into()), ..ProfileChange::default() };
    office.accounts.set_profile(office.anna(), change, NOW).unwrap();
    assert_eq!(rule(office.accounts.confirm_email(&token, NOW)), Rule::LinkGone);
    assert_eq!(office.accounts.profile(office.anna(), NOW).unwrap().email, "ufficio@example.it");
}

/// However often somebody asks, in a second or in a day, and whatever else was asked for in their name.
#[test]
fn strangers_are_written_to_five_times_a_day() {
    let office = Office::new();
    let anna = office.anna();
    let stranger = |n: i64| format!("stranger-{n}@example.it");
    for n in 0..3 {
        asked(&office, anna, &stranger(n), NOW);
    }
    for n in 3..5 {
        asked(&office, anna, &stranger(n), NOW + n);
    }
    assert_eq!(rule(office.accounts.ask_email(anna, NEW, NOW + 5)), Rule::TooManyEmails);
    assert_eq!(rule(office.accounts.ask_email(anna, NEW, NOW + DAY - 4)), Rule::TooManyEmails);
    assert_eq!(office.kinds(NOW + DAY - 4), []);
    // Forgotten passwords are counted apart.
    let code = "RSSMRA85T10A562S";
    office.accounts.forgot_password("anna/ufficio@pec.example.it", code, NOW + 6).unwrap();
    assert_eq!(office.kinds(NOW + 6), [("anna@example.it".to_owned(), "password-forgotten")]);
    asked(&office, anna, NEW, NOW + DAY);
}

#[test]
fn a_postmasters_address_is_one_in_the_domain() {
    let office = Office::new();
    let (posta, _) = office.postmaster("posta@example.it");
    let exists = |email: &str| Rule::PostmasterExists { domain: posta.domain.clone(), email: email.to_owned() };
    let token = asked(&office, posta.account(), NEW, NOW);
    // Another takes it, before it was confirmed.
    office.postmaster(NEW);
    assert_eq!(rule(office.accounts.confirm_email(&token, NOW)), exists(NEW));
    assert_eq!(rule(office.accounts.ask_email(posta.account(), "NUOVA@example.it", NOW)), exists(NEW));
    assert_eq!(office.kinds(NOW), []);
    assert_eq!(office.accounts.profile(posta.account(), NOW).unwrap().email, "posta@example.it");
    // It is their own login, in lower case.
    office.accounts.ask_email(posta.account(), " Altra@Example.it ", NOW).unwrap();
    let token = office.mailed(NOW).pop().unwrap().2.unwrap();
    office.accounts.confirm_email(&token, NOW).unwrap();
    assert_eq!(office.accounts.postmaster(&posta.domain, "altra@example.it").unwrap().id, posta.id);
    assert!(office.accounts.postmaster(&posta.domain, "posta@example.it").is_err());
}

#[test]
fn who_was_suspended_meanwhile_confirms_nothing() {
    let office = Office::new();
    let token = asked(&office, office.anna(), NEW, NOW);
    office.accounts.suspend(Actor::Operator, &name("anna"), Suspension::Suspend, NOW).unwrap();
    assert_eq!(rule(office.accounts.email_link(&token, NOW)), Rule::LinkGone);
    assert_eq!(rule(office.accounts.confirm_email(&token, NOW)), Rule::LinkGone);
    assert_eq!(office.delegate("anna").person.email, "anna@example.it");
}

/// threats.md: CR, LF in names and texts of mails.
#[test]
fn what_is_no_address_is_written_nowhere() {
    let office = Office::new();
    for email in ["", "nuova", "a@b.it\r\nBcc: c@d.it", "a@b.it, c@d.it", "<script>@b.it", "a@b.it\u{202e}"] {
        assert!(
            matches!(rule(office.accounts.ask_email(office.anna(), email, NOW)), Rule::BadText { .. }),
            "{email:?}"
        );
    }
    assert_eq!(office.kinds(NOW), []);
}

#[test]
fn nobody_is_asked_to_confirm_where_no_mail_can_be_sent() {
    let office = Office::new();
    let anna = office.anna();
    let mute = office.fixture.reopened(crate::domain::Profile::Nested);
    assert_eq!(rule(mute.ask_email(anna, NEW, NOW)), Rule::NoMail);
    assert_eq!(mute.profile(anna, NOW).unwrap().unconfirmed, None);
}

#[test]
fn of_two_who_confirm_at_once_one_does() {
    let office = Office::new();
    let token = asked(&office, office.anna(), NEW, NOW);
    let Office { fixture, accounts } = office;
    let accounts = Arc::new(accounts);
    let outcomes = thread::scope(|scope| {
        let both: Vec<_> = (0..2).map(|_| scope.spawn(|| accounts.confirm_email(&token, NOW))).collect();
        both.into_iter().map(|one| one.join().unwrap().is_ok()).collect::<Vec<_>>()
    });
    assert_eq!(outcomes.iter().filter(|done| **done).count(), 1);
    let office = Office { fixture, accounts: Arc::into_inner(accounts).unwrap() };
    assert_eq!(office.kinds(NOW), [("anna@example.it".to_owned(), "email-changed")]);
}

/// The address, the link and the mail are one transaction: the last write of several fails, as on a full disk.
#[test]
fn a_confirmation_that_is_cut_off_changes_nothing() {
    let office = Office::new();
    let token = asked(&office, office.anna(), NEW, NOW);
    let store = rusqlite::Connection::open(office.fixture.database()).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON mails BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END";
    store.execute_batch(full).unwrap();
    assert!(matches!(office.accounts.confirm_email(&token, NOW), Err(AccountsError::Store(_))));
    assert!(matches!(office.accounts.ask_email(office.anna(), "altra@example.it", NOW), Err(AccountsError::Store(_))));
    store.execute_batch("DROP TRIGGER full").unwrap();
    let view = office.accounts.profile(office.anna(), NOW).unwrap();
    assert_eq!((view.email.as_str(), view.unconfirmed), ("anna@example.it", Some((NEW.to_owned(), NOW + DAY))));
    office.accounts.confirm_email(&token, NOW).unwrap();
}
