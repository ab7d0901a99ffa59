//! S1, S5: who types the present password sets another, and who does not is soon not looked at any more.
#![allow(clippy::unwrap_used)]

use std::thread;

use super::*;
use crate::accounts::fixture::{CLIENT, Fixture, KNOCK, NOW, Office, secret};
use crate::accounts::life_tests::{DAY, GOOD, name, rule};
use crate::accounts::passwords::RUNS;
use crate::accounts::{Actor, AppPasswordEntry, Refusal, Standing, Suspension, Verdict};

const ANNA: &str = "anna/ufficio@pec.example.it";

impl Office {
    fn changes(&self, account: AccountId, current: &str, new: &str, at_ms: i64) -> Result<ProfileView, AccountsError> {
        self.accounts.change_password(account, &secret(current), &secret(new), Knock { at_ms, ..KNOCK })
    }

    fn verdict(&self, login: &str, password: &str) -> Verdict {
        self.accounts.authenticate(login, &secret(password), CLIENT, KNOCK).unwrap()
    }
}

#[test]
fn s1_a_delegate_changes_their_password_and_all_their_sessions_end() {
    let office = Office::new();
    let Verdict::Admitted(entry) = office.verdict(ANNA, Fixture::ANNAS) else { panic!("not let in") };
    let before = office.accounts.profile(office.anna(), NOW).unwrap();
    // A link for a new one that was mailed before works no more either.
    office.accounts.forgot_password(ANNA, "RSSMRA85T10A562S", NOW).unwrap();
    let link = office.mailed(NOW).pop().unwrap().2.unwrap();
    let view = office.changes(office.anna(), Fixture::ANNAS, GOOD, NOW * 1000).unwrap();
    assert_ne!(view.password, before.password);
    assert_eq!(office.kinds(NOW), [("anna@example.it".to_owned(), "password-changed")]);
    let standing = office.accounts.standing(entry.account, CLIENT).unwrap();
    assert_eq!(standing, Standing::Out(Refusal::PasswordChanged));
    assert!(matches!(office.verdict(ANNA, Fixture::ANNAS), Verdict::Refused(Refusal::WrongPassword)));
    assert!(matches!(office.verdict(ANNA, GOOD), Verdict::Admitted(_)));
    assert_eq!(rule(office.accounts.password_link(&link, NOW)), Rule::LinkGone);
}

#[test]
fn s3_app_passwords_stay() {
    let office = Office::new();
    let entry = AppPasswordEntry {
        login: name("anna").login(),
        label: "Outlook".into(),
        scope: "imap".parse().unwrap(),
        valid_secs: DAY,
    };
    let (made, _) = office.accounts.create_app_password(Actor::Operator, entry, NOW).unwrap_or_else(|error| {
        panic!("{error}");
    });
    office.changes(office.anna(), Fixture::ANNAS, GOOD, NOW * 1000).unwrap();
    let password = made.shown();
    assert!(matches!(office.accounts.authenticate(ANNA, &password, CLIENT, KNOCK).unwrap(), Verdict::Admitted(_)));
}

#[test]
fn the_present_one_is_asked_for_and_the_new_one_is_judged() {
    let office = Office::new();
    let anna = office.anna();
    let change = |current: &str, new: &str| rule(office.changes(anna, current, new, NOW * 1000));
    assert_eq!(change("another one", GOOD), Rule::WrongPassword);
    assert_eq!(change("", GOOD), Rule::WrongPassword);
    assert_eq!(change(Fixture::ANNAS, "short"), Rule::PasswordTooShort);
    assert_eq!(change(Fixture::ANNAS, "password1234"), Rule::PasswordWeak);
    // What others know about her is guessed first.
    assert_eq!(change(Fixture::ANNAS, "anna@example.it1"), Rule::PasswordWeak);
    assert_eq!(change(Fixture::ANNAS, "tab\there battery staple"), Rule::PasswordControl);
    assert_eq!(office.kinds(NOW), []);
    assert!(matches!(office.verdict(ANNA, Fixture::ANNAS), Verdict::Admitted(_)));
}

#[test]
fn s5_guessing_is_stopped_and_closes_no_other_door() {
    let office = Office::new();
    let anna = office.anna();
    for n in 0..5 {
        let guess = format!("guess number {n}");
        assert_eq!(rule(office.changes(anna, &guess, GOOD, NOW * 1000 + n)), Rule::WrongPassword);
    }
    RUNS.set(0);
    assert_eq!(rule(office.changes(anna, Fixture::ANNAS, GOOD, NOW * 1000 + 10)), Rule::TooManyWrong);
    assert_eq!(RUNS.get(), 0, "nobody is looked at");
    assert!(matches!(office.verdict(ANNA, Fixture::ANNAS), Verdict::Admitted(_)), "the login's own door is closed");
    let closed = office.accounts.closed(NOW * 1000 + 10, 9).unwrap().remove(0);
    assert_eq!(closed.who, format!("{ANNA} password"));
    assert_eq!(rule(office.changes(anna, Fixture::ANNAS, GOOD, closed.until_ms - 1)), Rule::TooManyWrong);
    office.accounts.release(&closed.who).unwrap();
    office.changes(anna, Fixture::ANNAS, GOOD, closed.until_ms - 1).unwrap();
}

#[test]
fn a_postmaster_changes_theirs_and_an_owner_has_none_of_delegas() {
    let office = Office::new();
    let (posta, token) = office.postmaster("posta@example.it");
    let change = |current: &str, new: &str| office.changes(posta.account(), current, new, NOW * 1000);
    assert_eq!(rule(change("", GOOD)), Rule::WrongPassword, "they have none yet");
    office.accounts.set_password(&token, &secret(GOOD), NOW).unwrap();
    office.kinds(NOW);
    assert_eq!(rule(change(GOOD, "posta@example.it1")), Rule::PasswordWeak);
    change(GOOD, "tre lune di carta velina").unwrap();
    assert_eq!(office.kinds(NOW), [("posta@example.it".to_owned(), "postmaster-password-changed")]);
    assert_eq!(rule(change(GOOD, GOOD)), Rule::WrongPassword);
    assert_eq!(
        rule(office.changes(office.owners_account(), Fixture::MAILBOXS, GOOD, NOW * 1000)),
        Rule::OwnersPassword
    );
}

#[test]
fn who_could_not_log_in_changes_no_password() {
    let office = Office::new();
    let anna = office.anna();
    office.accounts.suspend(Actor::Operator, &name("anna"), Suspension::Suspend, NOW).unwrap();
    assert_eq!(rule(office.changes(anna, Fixture::ANNAS, GOOD, NOW * 1000)), Rule::NoAccount);
}

/// The second has typed what is no more the present one.
#[test]
fn of_two_at_once_one_does() {
    let office = Office::new();
    let (anna, accounts) = (office.anna(), &office.accounts);
    let outcomes = thread::scope(|scope| {
        let both = [GOOD, "tre lune di carta velina"].map(|new| {
            scope.spawn(move || accounts.change_password(anna, &secret(Fixture::ANNAS), &secret(new), KNOCK))
        });
        both.map(|one| one.join().unwrap().is_ok())
    });
    assert_eq!(outcomes.iter().filter(|done| **done).count(), 1);
    assert_eq!(office.kinds(NOW).len(), 1);
}
