//! M1, S1: how a postmaster comes by a password, and by another one.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::accounts::fixture::{NOW, Office, secret};
use crate::accounts::life_tests::{DAY, GOOD, rule};
use crate::accounts::{PasswordHolder, ProfileChange};
use crate::store::PasswordHash;

const EMAIL: &str = "posta@example.it";
const QUARTER: i64 = 15 * 60;

fn domain() -> MailDomain {
    "pec.example.it".parse().unwrap()
}

fn found(office: &Office) -> Postmaster {
    office.accounts.postmaster(&domain(), EMAIL).unwrap()
}

fn kept(office: &Office) -> Option<PasswordHash> {
    let account = found(office).account();
    store::read(office.accounts.store.as_ref(), |reads| reads.password_hash(account)).unwrap()
}

fn matches(office: &Office, password: &str) -> bool {
    office.accounts.passwords.matches(&secret(password), kept(office).as_ref()).unwrap()
}

/// The tokens that were mailed because somebody asked at that time.
fn forgot(office: &Office, domain: &str, email: &str, now: i64) -> Vec<Token> {
    office.accounts.forgot_postmaster_password(domain, email, now).unwrap();
    office.mailed(now).into_iter().filter_map(|(_, _, token)| token).collect()
}

#[test]
fn a_postmaster_sets_their_first_password_by_a_link_of_seven_days() {
    let office = Office::new();
    let (added, token) = office.postmaster(EMAIL);
    assert!(!added.has_password);
    let link = |now| office.accounts.password_link(&token, now);
    assert_eq!(link(NOW + 7 * DAY - 1).unwrap(), PasswordHolder::Postmaster(added.clone()));
    assert_eq!(rule(link(NOW + 7 * DAY)), Rule::LinkGone);
    let weak = office.accounts.set_password(&token, &secret("posta@example.it1"), NOW);
    assert_eq!(rule(weak), Rule::PasswordWeak);
    let set = office.accounts.set_password(&token, &secret(GOOD), NOW + 6 * DAY).unwrap();
    assert!(matches!(&set, PasswordHolder::Postmaster(one) if one.has_password && one.password != added.password));
    assert_eq!(office.kinds(NOW + 6 * DAY), [(EMAIL.to_owned(), "postmaster-password-changed")]);
    assert!(matches(&office, GOOD));
    assert_eq!(rule(office.accounts.set_password(&token, &secret(GOOD), NOW)), Rule::LinkGone);
}

#[test]
fn a_reset_takes_the_password_away_and_mails_a_link_of_a_day() {
    let office = Office::new();
    let (_, first) = office.postmaster(EMAIL);
    // Without one: another link for the first, in place of the one that was lost.
    office.accounts.reset_postmaster_password(&domain(), EMAIL, NOW).unwrap();
    let mailed = office.mailed(NOW);
    let [(_, "postmaster-invited", Some(second))] = mailed.as_slice() else { panic!("{mailed:?}") };
    assert_eq!(rule(office.accounts.password_link(&first, NOW)), Rule::LinkGone);
    office.accounts.set_password(second, &secret(GOOD), NOW).unwrap();
    office.kinds(NOW);
    let before = found(&office).password;
    let reset = office.accounts.reset_postmaster_password(&domain(), " Posta@Example.it", NOW).unwrap();
    assert!(!reset.has_password && reset.password != before, "sessions go on");
    let mailed = office.mailed(NOW);
    let [(_, "postmaster-password-taken", Some(third))] = mailed.as_slice() else { panic!("{mailed:?}") };
    assert_eq!(rule(office.accounts.password_link(third, NOW + DAY)), Rule::LinkGone);
    office.accounts.set_password(third, &secret(GOOD), NOW + DAY - 1).unwrap();
    let nobody = office.accounts.reset_postmaster_password(&domain(), "altra@example.it", NOW);
    assert!(matches!(rule(nobody), Rule::UnknownPostmaster { .. }));
}

#[test]
fn the_operator_sets_one_and_links_work_no_more() {
    let office = Office::new();
    let (_, token) = office.postmaster(EMAIL);
    let set = |password: &str| office.accounts.set_postmaster_password(&domain(), EMAIL, &secret(password), NOW);
    assert_eq!(rule(set("short")), Rule::PasswordTooShort);
    let first = set("for provisioning").unwrap();
    let second = set("for provisioning too").unwrap();
    assert!(second.has_password && second.password != first.password);
    assert!(matches(&office, "for provisioning too"));
    assert_eq!(rule(office.accounts.password_link(&token, NOW)), Rule::LinkGone);
    assert_eq!(office.kinds(NOW).len(), 2);
}

#[test]
fn without_mail_a_postmaster_is_added_and_the_operator_sets_the_password() {
    let office = Office::new();
    let mute = office.fixture.reopened(crate::domain::Profile::Nested);
    let (posta, _) = office.postmaster(EMAIL);
    assert_eq!(rule(mute.reset_postmaster_password(&domain(), EMAIL, NOW)), Rule::NoMail);
    mute.set_postmaster_password(&domain(), EMAIL, &secret("for provisioning"), NOW).unwrap();
    assert_eq!(rule(mute.reset_postmaster_password(&domain(), EMAIL, NOW)), Rule::NoMail);
    assert!(matches(&office, "for provisioning"), "it was taken away, and nobody could be told");
    assert_eq!(posta.id, found(&office).id);
}

/// As a delegate's: whoever asks takes nothing from them, and they are not written to without end.
#[test]
fn a_forgotten_password_is_asked_for_by_domain_and_address() {
    let office = Office::new();
    let (_, invited) = office.postmaster(EMAIL);
    for (domain, email) in [
        ("pec.example.it", "nobody@example.it"),
        ("example.org", EMAIL),
        ("", ""),
        ("pec.example.it\r\n", "posta@example.it\r\nx"),
        ("<b>", "<b>"),
    ] {
        assert!(forgot(&office, domain, email, NOW).is_empty(), "{domain} {email}");
    }
    let mut sent = Vec::new();
    for now in (NOW..NOW + 2 * DAY).step_by(300) {
        sent.extend(
            forgot(&office, " PEC.example.it ", " Posta@example.it", now).into_iter().map(|token| (now, token)),
        );
    }
    let times: Vec<i64> = sent.iter().map(|(at, _)| at - NOW).collect();
    let a_day: Vec<i64> = (0..5).map(|n| n * QUARTER).collect();
    assert_eq!(times, [a_day.clone(), a_day.iter().map(|at| at + DAY).collect()].concat());
    // The link that they were invited by works beside those that were asked for.
    office.accounts.password_link(&invited, NOW + 2 * DAY).unwrap();
    let newest = &sent.last().unwrap().1;
    office.accounts.set_password(newest, &secret(GOOD), NOW + 2 * DAY).unwrap();
    assert_eq!(rule(office.accounts.password_link(&invited, NOW + 2 * DAY)), Rule::LinkGone);
}

/// Who was removed has no link that works, nor does one go to an address that is no longer theirs.
#[test]
fn links_go_with_the_postmaster_and_with_the_address() {
    let office = Office::new();
    let (posta, token) = office.postmaster(EMAIL);
    let change = ProfileChange { email: Some("nuova@example.it".into()), ..ProfileChange::default() };
    office.accounts.set_profile(posta.account(), change, NOW).unwrap();
    assert_eq!(rule(office.accounts.password_link(&token, NOW)), Rule::LinkGone);
    let (_, token) = office.postmaster(EMAIL);
    office.accounts.remove_postmaster(&domain(), EMAIL).unwrap();
    assert_eq!(rule(office.accounts.set_password(&token, &secret(GOOD), NOW)), Rule::LinkGone);
}

#[test]
fn a_stranger_who_asks_holds_up_no_change() {
    let office = Office::new();
    office.postmaster(EMAIL);
    let other = rusqlite::Connection::open(office.fixture.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for (domain, email) in [("pec.example.it", "nobody@example.it"), ("example.org", EMAIL)] {
        office.accounts.forgot_postmaster_password(domain, email, NOW).unwrap();
    }
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(forgot(&office, "pec.example.it", EMAIL, NOW).len(), 1);
}
