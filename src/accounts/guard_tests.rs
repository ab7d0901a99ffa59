//! Guessing, with the clock moved by hand: from one address and from many, at one account and at many, by people and by
//! programs with an old password.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::accounts::fixture::{CLIENT, Fixture, NOW, Office, WEBMAIL, secret};
use crate::accounts::{AccessEntry, Refusal, Verdict};
use crate::domain::Profile;

const ANNA: &str = "anna/ufficio@pec.example.it";
const START: i64 = NOW * 1000;
const MINUTE: i64 = 60 * 1000;

impl Office {
    fn knocks(&self, login: &str, password: &str, from: &str, at_ms: i64) -> Option<Refusal> {
        let knock = Knock { from: from.parse().unwrap(), at_ms };
        match self.accounts.authenticate(login, &secret(password), CLIENT, knock).unwrap() {
            Verdict::Admitted(_) => None,
            Verdict::Refused(why) => Some(why),
            Verdict::Unjudged(_) => panic!("for the mail server to judge"),
        }
    }

    /// So many different wrong passwords at one moment; what came of the last.
    fn guesses(&self, login: &str, count: u32, from: &str, at_ms: i64) -> Option<Refusal> {
        let outcomes = (0..count).map(|n| self.knocks(login, &format!("guess {n} at {at_ms}"), from, at_ms));
        outcomes.fold(None, |_, last| last)
    }

    /// Anna has come in from there.
    fn has_come_in(&self, from: &str, at_ms: i64) {
        let entry = AccessEntry {
            login: ANNA.parse().unwrap(),
            address: from.parse().unwrap(),
            door: CLIENT,
            program: None,
            refusal: None,
            app_password: None,
            by_stored: true,
            at_ms,
        };
        self.accounts.note_accesses(&[entry]).unwrap();
    }
}

#[test]
fn s5_the_door_is_closed_after_some_guesses_even_to_the_right_password() {
    let office = Office::new();
    assert_eq!(office.guesses(ANNA, 4, "192.0.2.1", START), Some(Refusal::WrongPassword));
    assert_eq!(office.guesses(ANNA, 1, "192.0.2.2", START + 1), Some(Refusal::WrongPassword));
    for (from, at) in [("192.0.2.1", START + 2), ("198.51.100.9", START + MINUTE)] {
        assert_eq!(office.knocks(ANNA, Fixture::ANNAS, from, at), Some(Refusal::Closed));
    }
    // A minute later it is open, and the right password forgets it all.
    assert_eq!(office.knocks(ANNA, Fixture::ANNAS, "192.0.2.1", START + MINUTE + 1), None);
    assert_eq!(office.guesses(ANNA, 4, "192.0.2.3", START + MINUTE + 2), Some(Refusal::WrongPassword));
    assert_eq!(office.knocks(ANNA, Fixture::ANNAS, "192.0.2.1", START + MINUTE + 3), None);
}

#[test]
fn s5_it_holds_after_a_restart_and_in_another_process() {
    let office = Office::new();
    office.guesses(ANNA, 5, "192.0.2.1", START);
    let other = Office { accounts: office.fixture.reopened(Profile::Nested), fixture: office.fixture };
    assert_eq!(other.knocks(ANNA, Fixture::ANNAS, "192.0.2.1", START + 1), Some(Refusal::Closed));
}

#[test]
fn s5_a_program_with_an_old_password_does_not_escalate() {
    let office = Office::new();
    for n in 0..500 {
        let at = START + n * MINUTE;
        assert_eq!(office.knocks(ANNA, "the old password", "192.0.2.1", at), Some(Refusal::WrongPassword));
    }
    assert_eq!(office.knocks(ANNA, Fixture::ANNAS, "192.0.2.1", START + 500 * MINUTE), None);
}

#[test]
fn s5_who_guesses_from_far_away_does_not_lock_the_person_out_at_their_desk() {
    let office = Office::new();
    office.has_come_in("192.0.2.1", START);
    for hour in 1..30 {
        office.guesses(ANNA, 12, "203.0.113.66", START + hour * 61 * MINUTE);
    }
    let now = START + 30 * 61 * MINUTE;
    office.guesses(ANNA, 1, "203.0.113.66", now);
    assert_eq!(office.knocks(ANNA, Fixture::ANNAS, "203.0.113.66", now + 1), Some(Refusal::Closed));
    assert_eq!(office.knocks(ANNA, Fixture::ANNAS, "192.0.2.1", now + 1), None);
    // Guesses from the desk close the door of the desk.
    office.guesses(ANNA, 5, "192.0.2.1", now + 2);
    assert_eq!(office.knocks(ANNA, Fixture::ANNAS, "192.0.2.1", now + 3), Some(Refusal::Closed));
    // A month later it is a desk like any other.
    let later = START + LATELY_MS + 1;
    office.guesses(ANNA, 5, "203.0.113.66", later);
    assert_eq!(office.knocks(ANNA, Fixture::ANNAS, "192.0.2.1", later + 1), Some(Refusal::Closed));
}

#[test]
fn s5_an_address_that_tries_many_logins_is_closed() {
    let office = Office::new();
    for n in 0..20 {
        let login = format!("user{n}/ufficio@pec.example.it");
        assert_eq!(office.knocks(&login, "password", "2001:db8:1:2::7", START), Some(Refusal::UnknownDelegate));
    }
    // Its neighbours of the same network are it; those of another are not.
    assert_eq!(office.knocks(ANNA, Fixture::ANNAS, "2001:db8:1:2:ffff::9", START + 1), Some(Refusal::Closed));
    assert_eq!(office.knocks(ANNA, Fixture::ANNAS, "2001:db8:1:3::7", START + 1), None);
    assert_eq!(office.knocks(ANNA, Fixture::ANNAS, "2001:db8:1:2::7", START + MINUTE + 1), None);
}

#[test]
fn s5_by_webmail_everybody_comes_from_one_address() {
    let office = Office::new();
    let knock = |at_ms| Knock { from: "127.0.0.1".parse().unwrap(), at_ms };
    let tries = |login: &str, password: &str, at| {
        office.accounts.authenticate(login, &secret(password), WEBMAIL, knock(at)).unwrap()
    };
    for n in 0..100 {
        let login = format!("user{n}/ufficio@pec.example.it");
        assert!(matches!(tries(&login, "password", START), Verdict::Refused(Refusal::UnknownDelegate)));
    }
    assert!(matches!(tries(ANNA, Fixture::ANNAS, START), Verdict::Admitted(_)));
    // Her account is closed there all the same, and nowhere else.
    for n in 0..5 {
        assert!(matches!(tries(ANNA, &format!("guess {n}"), START), Verdict::Refused(Refusal::WrongPassword)));
    }
    assert!(matches!(tries(ANNA, Fixture::ANNAS, START + 1), Verdict::Refused(Refusal::Closed)));
    assert_eq!(office.knocks(ANNA, Fixture::ANNAS, "192.0.2.1", START + 1), None);
    office.accounts.release(ANNA).unwrap();
    assert!(matches!(tries(ANNA, Fixture::ANNAS, START + 2), Verdict::Admitted(_)));
}

#[test]
fn s5_the_person_is_told_once_when_it_is_for_an_hour() {
    let office = Office::new();
    let mut now = START;
    for n in 1..=14 {
        office.guesses(ANNA, 1, &format!("192.0.2.{n}"), now);
        now = office.accounts.closed(now, 1).unwrap().first().map_or(now, |closed| closed.until_ms) + 1;
    }
    assert_eq!(office.kinds(now / 1000 + 1), [("anna@example.it".to_owned(), "guessed")]);
    let row = office.accounts.mails(None, 9).unwrap().rows.remove(0);
    let Notice::Guessed { address, until_secs, .. } = row.notice else { panic!() };
    assert_eq!((address.to_string().as_str(), until_secs - row.created_at_ms / 1000), ("192.0.2.11", 3600));
}

#[test]
fn s5_an_owners_password_is_counted_as_the_mail_server_judges_it() {
    let office = Office::new();
    let owner = "ufficio@pec.example.it";
    let mut now = START;
    for n in 0..11 {
        let knock = Knock { from: "192.0.2.1".parse().unwrap(), at_ms: now };
        let typed = secret(&format!("guess {n}"));
        let Verdict::Admitted(entry) = office.accounts.authenticate(owner, &typed, CLIENT, knock).unwrap() else {
            panic!("refused before the mail server was asked, at {n}")
        };
        let tried = entry.tried.unwrap();
        assert!(!format!("{tried:?}").contains("guess "));
        office.accounts.owner_tried(&tried, false).unwrap();
        now = office.accounts.closed(now, 1).unwrap().first().map_or(now, |closed| closed.until_ms);
    }
    assert_eq!(office.kinds(now / 1000 + 1), [("carla@example.it".to_owned(), "guessed")]);
    assert_eq!(office.knocks(owner, "guess x", "192.0.2.1", now - 2), Some(Refusal::Closed));
    // The right one opens it for the next.
    let knock = Knock { from: "192.0.2.1".parse().unwrap(), at_ms: now };
    let Verdict::Admitted(entry) = office.accounts.authenticate(owner, &secret("right"), CLIENT, knock).unwrap() else {
        panic!()
    };
    office.accounts.owner_tried(&entry.tried.unwrap(), true).unwrap();
    let counted = store::read(office.accounts.store.as_ref(), |reads| reads.guesses(owner)).unwrap();
    assert_eq!(counted, None);
    let unknown = office.knocks("altro@pec.example.it", "x", "192.0.2.1", now);
    assert_eq!(unknown, Some(Refusal::UnknownMailbox));
}

#[test]
fn the_operator_sees_who_is_closed_out_and_opens_again() {
    let office = Office::new();
    office.has_come_in("192.0.2.1", START);
    office.guesses(ANNA, 5, "192.0.2.1", START);
    office.guesses(ANNA, 5, "203.0.113.66", START);
    let closed: Vec<String> = office.accounts.closed(START, 9).unwrap().into_iter().map(|one| one.who).collect();
    assert_eq!(closed, [ANNA.to_owned(), format!("{ANNA} 192.0.2.1")]);
    assert_eq!(office.accounts.closed(START + MINUTE, 9).unwrap(), []);
    office.accounts.release(" Anna/Ufficio@pec.example.it").unwrap_err();
    office.accounts.release("Anna/Ufficio@pec.example.it").unwrap();
    assert_eq!(office.accounts.closed(START, 9).unwrap(), []);
    let again = office.accounts.release("203.0.113.99");
    assert!(matches!(again, Err(AccountsError::Refused(Rule::NotClosed(_)))), "{again:?}");
    office.accounts.release("203.0.113.66").unwrap();
    assert_eq!(office.knocks(ANNA, Fixture::ANNAS, "203.0.113.66", START + 1), None);
}

#[test]
fn what_is_counted_is_bounded_and_holds_no_password() {
    let office = Office::new();
    office.knocks(ANNA, "a typo of the right one", "192.0.2.1", START);
    for file in ["", "-wal"] {
        let path = format!("{}{file}", office.fixture.database().display());
        let bytes = std::fs::read(path).unwrap();
        assert!(!bytes.windows(10).any(|part| part == b"a typo of "), "a wrong password lies in the store");
    }
    let put = |who: &str, last_at_ms| {
        let guesses = Guesses { count: 1, last_at_ms, ..Guesses::default() };
        store::change(office.accounts.store.as_ref(), |writes| writes.put_guesses(who, &guesses)).unwrap();
    };
    put("old", START - FORGOTTEN_MS - 1);
    put("young", START - FORGOTTEN_MS);
    assert_eq!(office.accounts.forget_guesses(START).unwrap(), 1);
    let removed = store::change(office.accounts.store.as_ref(), |writes| writes.delete_old_guesses(0, 1)).unwrap();
    assert_eq!(removed, 2, "all but the newest");
}
