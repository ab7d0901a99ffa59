//! D7: whoever knows the owner's codice fiscale may ask in a delegate's name, and takes nothing from them by it.
#![allow(clippy::unwrap_used)]

use crate::accounts::fixture::{NOW, secret};
use crate::accounts::life_tests::{DAY, GOOD, Office, name, owner_of, rule};
use crate::accounts::{Rule, Token};

const ANNA: &str = "anna/ufficio@pec.example.it";
const CODE: &str = "RSSMRA85T10A562S";
const QUARTER: i64 = 15 * 60;

/// The tokens that were mailed because somebody asked at that time.
fn asked(office: &Office, now: i64) -> Vec<Token> {
    office.accounts.forgot_password(ANNA, CODE, now).unwrap();
    office.mailed(now).into_iter().filter_map(|(_, _, token)| token).collect()
}

fn works(office: &Office, token: &Token, now: i64) -> bool {
    office.accounts.password_link(token, now).is_ok()
}

#[test]
fn d7_asking_again_leaves_the_links_that_were_mailed() {
    let office = Office::new();
    let first = asked(&office, NOW).remove(0);
    let second = asked(&office, NOW + QUARTER).remove(0);
    assert!(works(&office, &first, NOW + QUARTER) && works(&office, &second, NOW + QUARTER));
    assert!(works(&office, &first, NOW + DAY - 1) && !works(&office, &first, NOW + DAY));
    // One of them is used once, and none after it.
    office.accounts.set_password(&first, &secret(GOOD), NOW + QUARTER).unwrap();
    assert!(!works(&office, &first, NOW + QUARTER) && !works(&office, &second, NOW + QUARTER));
}

#[test]
fn d7_the_owners_reset_takes_the_place_of_what_was_asked_for() {
    let office = Office::new();
    let before = asked(&office, NOW).remove(0);
    office.accounts.reset_password(owner_of(&office), &name("anna"), NOW + 1).unwrap();
    let owners = office.mailed(NOW + 1).pop().unwrap().2.unwrap();
    assert!(!works(&office, &before, NOW + 1));
    // And is not taken away by somebody who asks then.
    asked(&office, NOW + QUARTER).remove(0);
    assert!(works(&office, &owners, NOW + QUARTER));
}

/// Somebody asks every five minutes for three days. Whenever the delegate looks, the newest mail that they have works.
#[test]
fn d7_nobody_is_written_to_without_end_or_kept_from_their_link() {
    let office = Office::new();
    let mut sent: Vec<(i64, Token)> = Vec::new();
    for now in (NOW..NOW + 3 * DAY).step_by(300) {
        sent.extend(asked(&office, now).into_iter().map(|token| (now, token)));
        let within_a_day = sent.iter().filter(|(at, _)| now - DAY < *at).count();
        assert!(within_a_day <= 5, "{within_a_day} at {}", now - NOW);
        let (_, newest) = sent.last().unwrap();
        assert!(works(&office, newest, now), "{}", now - NOW);
    }
    let times: Vec<i64> = sent.iter().map(|(at, _)| at - NOW).collect();
    let a_day: Vec<i64> = (0..5).map(|n| n * QUARTER).collect();
    assert_eq!(times[..5], a_day);
    assert_eq!(times[5..10], a_day.iter().map(|at| at + DAY).collect::<Vec<_>>());
    assert_eq!(times.len(), 15);
}

#[test]
fn d7_setting_a_password_does_not_begin_the_count_anew() {
    let office = Office::new();
    for n in 0..5 {
        let token = asked(&office, NOW + n * QUARTER).remove(0);
        office.accounts.set_password(&token, &secret(GOOD), NOW + n * QUARTER).unwrap();
        office.mailed(NOW + n * QUARTER);
        assert!(asked(&office, NOW + n * QUARTER + 1).is_empty());
    }
    assert!(asked(&office, NOW + DAY - 1).is_empty());
    // The owner helps meanwhile.
    office.accounts.reset_password(owner_of(&office), &name("anna"), NOW + DAY - 1).unwrap();
    assert!(works(&office, &office.mailed(NOW + DAY - 1).pop().unwrap().2.unwrap(), NOW + DAY - 1));
    assert_eq!(asked(&office, NOW + DAY).len(), 1);
}

#[test]
fn d7_a_clock_that_was_wrong_keeps_nobody_out() {
    let office = Office::new();
    let ahead = asked(&office, NOW + 400 * DAY).remove(0);
    // The mails of that time are not due now; that a link was made is told by its count.
    office.accounts.forgot_password(ANNA, CODE, NOW).unwrap();
    assert_eq!(office.mailed(NOW).len(), 1);
    assert!(works(&office, &ahead, NOW));
    assert_eq!(rule(office.accounts.password_link(&ahead, NOW + 401 * DAY)), Rule::LinkGone);
}

/// Pages that strangers may open wait for nobody, and nobody waits for them.
#[test]
fn d7_a_stranger_who_asks_holds_up_no_change() {
    let office = Office::new();
    let other = rusqlite::Connection::open(office.fixture.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for (login, code) in [(ANNA, "VRDLGI80A01H501W"), ("nobody/ufficio@pec.example.it", CODE), ("anna/x@b.it", CODE)] {
        office.accounts.forgot_password(login, code, NOW).unwrap();
    }
    assert!(!other.is_autocommit(), "the lock was not held");
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(asked(&office, NOW).len(), 1);
}
