//! Coming in with two-step verification, by web mail and by mail programs, with the clock moved by hand.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::accounts::fixture::{CLIENT, Fixture, NOW, WEBMAIL, anna, secret};
use crate::accounts::passwords::RUNS;
use crate::accounts::{
    AccountRef, Actor, AppPasswordEntry, Entry, MailboxChange, PostmasterEntry, Refusal, Standing, Suspension,
    Unjudged, Verdict,
};
use crate::domain::{Language, Profile};

const ANNA: &str = "anna/ufficio@pec.example.it";
const OWNER: &str = "ufficio@pec.example.it";
const START: i64 = NOW * 1000;
const MINUTE: i64 = 60 * 1000;
/// Where the web mail's people sit.
const DESK: &str = "192.0.2.7";
/// What a web mail makes up.
const WORD: &str = "a-word-of-the-web-mail-s";

struct Office {
    fixture: Fixture,
    accounts: Accounts,
}

/// The code of a moment: RFC 6238 §4 over RFC 4226 §5.3, with SHA-1, six digits and half a minute.
fn code(base32: &str, at_ms: i64) -> String {
    use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
    let mut bits = String::new();
    for c in base32.chars().filter(char::is_ascii_alphanumeric) {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c.to_ascii_uppercase()).unwrap();
        bits += &format!("{value:05b}");
    }
    let key: Vec<u8> =
        bits.as_bytes().chunks_exact(8).map(|bits| bits.iter().fold(0, |n, bit| n << 1 | (bit - b'0'))).collect();
    let tag = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), &(at_ms / 30_000).to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

fn knock(from: &str, at_ms: i64) -> Knock {
    Knock { from: from.parse().unwrap(), at_ms }
}

fn judged(verdict: Verdict) -> Result<Entry, Refusal> {
    match verdict {
        Verdict::Admitted(entry) => Ok(*entry),
        Verdict::Refused(why) => Err(why),
        Verdict::Unjudged(_) => panic!("for the mail server to judge"),
    }
}

/// Comes in, or why not.
fn tries(accounts: &Accounts, login: &str, said: &str, door: Door, from: &str, at_ms: i64) -> Result<Entry, Refusal> {
    judged(accounts.authenticate(login, &secret(said), door, knock(from, at_ms)).unwrap())
}

impl Office {
    fn new() -> Office {
        let fixture = Fixture::new();
        let accounts = fixture.reopened(Profile::Nested);
        Office { fixture, accounts }
    }

    fn anna(&self) -> AccountId {
        self.fixture.anna().id()
    }

    fn owner(&self) -> AccountId {
        AccountId::Owner(self.fixture.mailbox())
    }

    /// Turns two-step verification on, an hour before the start; what the codes are made of.
    fn enrols(&self, account: AccountId) -> String {
        let at_ms = START - 60 * MINUTE;
        let shown = self.accounts.begin_enrolment(account, at_ms / 1000).unwrap();
        let base32 = shown.secret.expose_secret().to_owned();
        let first = secret(&code(&base32, at_ms));
        let _ = self.accounts.confirm_enrolment(account, &first, None, knock(DESK, at_ms)).unwrap();
        base32
    }

    fn anna_tries(&self, said: &str, door: Door, at_ms: i64) -> Result<Entry, Refusal> {
        tries(&self.accounts, ANNA, said, door, DESK, at_ms)
    }

    fn app_password(&self, login: &str) -> String {
        let entry = AppPasswordEntry {
            login: login.parse().unwrap(),
            label: "Thunderbird".into(),
            scope: "imap".parse().unwrap(),
            valid_secs: 1000,
        };
        let (made, _) = self.accounts.create_app_password(Actor::Operator, entry, NOW).unwrap();
        made.shown().expose_secret().to_owned()
    }

    /// An owner who comes by web mail, up to where the mail server is asked.
    fn owner_says(&self, said: &str, from: &str, at_ms: i64) -> Unjudged {
        match self.accounts.authenticate(OWNER, &secret(said), WEBMAIL, knock(from, at_ms)).unwrap() {
            Verdict::Unjudged(unjudged) => *unjudged,
            other => panic!("{other:?}"),
        }
    }

    fn sign_on(&self, account: AccountId, at_ms: i64) -> String {
        self.accounts.create_sign_on(account, at_ms).unwrap().token.expose().to_owned()
    }
}

fn admitted(outcome: Result<Entry, Refusal>) -> bool {
    match outcome {
        Ok(entry) => {
            assert_eq!(entry.credentials.password.expose_secret(), Fixture::MAILBOXS);
            assert!(!entry.credentials.typed && entry.tried.is_none());
            true
        }
        Err(_) => false,
    }
}

fn refused(outcome: Result<Entry, Refusal>) -> Refusal {
    outcome.map(|entry| entry.login).unwrap_err()
}

#[test]
fn s3_a_mail_program_needs_an_app_password_then() {
    let office = Office::new();
    office.enrols(office.anna());
    let app = office.app_password(ANNA);
    for n in 0..4 {
        let wrong = refused(office.anna_tries(&format!("guess {n}"), CLIENT, START));
        assert_eq!(wrong, Refusal::WrongPassword);
    }
    // The right one costs what a wrong one costs, and counts for nothing, either way.
    for _ in 0..10 {
        RUNS.set(0);
        assert_eq!(refused(office.anna_tries(Fixture::ANNAS, CLIENT, START)), Refusal::NeedsAppPassword);
        assert_eq!(RUNS.get(), 1);
    }
    assert_eq!(refused(office.anna_tries("guess 4", CLIENT, START)), Refusal::WrongPassword);
    assert_eq!(refused(office.anna_tries(&app, CLIENT, START)), Refusal::Closed, "what was counted was forgotten");
    assert!(admitted(office.anna_tries(&app, CLIENT, START + MINUTE)));
    office.accounts.suspend(Actor::Operator, &anna().name, Suspension::Suspend, NOW).unwrap();
    let why = refused(office.anna_tries(Fixture::ANNAS, CLIENT, START + MINUTE));
    assert_eq!(why, Refusal::Suspended, "an app password would not help");
}

#[test]
fn s3_nothing_of_an_owners_goes_upstream_from_a_mail_program_then() {
    let office = Office::new();
    office.enrols(office.owner());
    let app = office.app_password(OWNER);
    for n in 0..30 {
        let said = if n == 0 { Fixture::MAILBOXS.to_owned() } else { format!("guess {n}") };
        let outcome = tries(&office.accounts, OWNER, &said, CLIENT, DESK, START);
        assert_eq!(refused(outcome), Refusal::NeedsAppPassword);
    }
    assert!(admitted(tries(&office.accounts, OWNER, &app, CLIENT, DESK, START)));
    let by_webmail = tries(&office.accounts, OWNER, Fixture::MAILBOXS, WEBMAIL, DESK, START);
    assert_eq!(refused(by_webmail), Refusal::NeedsCode);
}

/// S2: a web mail says the same text at each click.
#[test]
fn s2_by_web_mail_a_code_follows_the_password_and_opens_a_login_of_its_own() {
    let office = Office::new();
    let key = office.enrols(office.anna());
    let both = format!("{}{}", Fixture::ANNAS, code(&key, START));
    assert_eq!(refused(office.anna_tries(Fixture::ANNAS, WEBMAIL, START)), Refusal::NeedsCode);
    assert!(admitted(office.anna_tries(&both, WEBMAIL, START)));
    RUNS.set(0);
    // After a restart, and in another process.
    let other = office.fixture.reopened(Profile::Nested);
    assert!(admitted(tries(&other, ANNA, &both, WEBMAIL, DESK, START + MINUTE)));
    assert!(admitted(tries(&other, ANNA, &both, WEBMAIL, "::ffff:192.0.2.7", START + MINUTE)));
    assert_eq!(RUNS.get(), 0, "a click costs no run of argon2");
    // From anywhere else, by another door, or for somebody else, it is a code that was used.
    for from in ["192.0.2.8", "2001:db8::7"] {
        let outcome = tries(&office.accounts, ANNA, &both, WEBMAIL, from, START + MINUTE);
        assert_eq!(refused(outcome), Refusal::WrongCode);
    }
    assert_eq!(refused(office.anna_tries(&both, CLIENT, START + MINUTE)), Refusal::WrongPassword);
    assert!(admitted(office.anna_tries(&both, WEBMAIL, START + 2 * MINUTE)));
}

#[test]
fn s2_a_web_mail_login_ends_when_it_is_not_used_and_after_half_a_day() {
    let office = Office::new();
    let key = office.enrols(office.anna());
    let both = |at_ms| format!("{}{}", Fixture::ANNAS, code(&key, at_ms));
    assert!(admitted(office.anna_tries(&both(START), WEBMAIL, START)));
    assert!(admitted(office.anna_tries(&both(START), WEBMAIL, START + IDLE_MS - 1)));
    let idle = START + IDLE_MS - 1 + IDLE_MS;
    assert_eq!(refused(office.anna_tries(&both(START), WEBMAIL, idle)), Refusal::WrongCode);
    // Anew, and used all day.
    let again = both(idle);
    let mut at_ms = idle;
    while at_ms < idle + LONGEST_MS {
        assert!(admitted(office.anna_tries(&again, WEBMAIL, at_ms)), "{} minutes", (at_ms - idle) / MINUTE);
        at_ms += 20 * MINUTE;
    }
    assert_eq!(refused(office.anna_tries(&again, WEBMAIL, at_ms)), Refusal::WrongCode);
    let count = |accounts: &Accounts| {
        store::read(accounts.store.as_ref(), |reads| reads.any_webmail_login_ended(i64::MAX)).unwrap()
    };
    assert!(count(&office.accounts));
    office.accounts.settle(at_ms / 1000 + 1).unwrap();
    assert!(!count(&office.accounts), "what has ended is forgotten");
}

#[test]
fn s2_a_network_of_ipv6_is_one_address() {
    let office = Office::new();
    let key = office.enrols(office.anna());
    let both = format!("{}{}", Fixture::ANNAS, code(&key, START));
    let from = |from: &str| tries(&office.accounts, ANNA, &both, WEBMAIL, from, START);
    assert!(admitted(from("2001:db8:1:2::7")));
    assert!(admitted(from("2001:db8:1:2:ffff::9")));
    assert_eq!(refused(from("2001:db8:1:3::7")), Refusal::WrongCode);
}

#[test]
fn s2_a_wrong_password_uses_up_no_code_and_a_wrong_code_is_told_from_it() {
    let office = Office::new();
    let key = office.enrols(office.anna());
    let now = code(&key, START);
    let other = code(&key, START + 60 * MINUTE);
    for n in 0..4 {
        let wrong = office.anna_tries(&format!("guess {n}{now}"), WEBMAIL, START);
        assert_eq!(refused(wrong), Refusal::WrongPassword);
    }
    // The same wrong password with another code is the same guess.
    for n in 0..10 {
        let wrong = office.anna_tries(&format!("guess 3{n}{now}", now = &now[1..]), WEBMAIL, START);
        assert_eq!(refused(wrong), Refusal::WrongPassword);
    }
    assert_eq!(refused(office.anna_tries(&format!("{}{other}", Fixture::ANNAS), WEBMAIL, START)), Refusal::WrongCode);
    assert_eq!(refused(office.anna_tries(&now, WEBMAIL, START)), Refusal::WrongPassword, "a code alone");
    let closed = refused(office.anna_tries(&format!("{}{now}", Fixture::ANNAS), WEBMAIL, START));
    assert_eq!(closed, Refusal::Closed, "the code alone was the fifth guess");
    let later = code(&key, START + MINUTE);
    assert!(admitted(office.anna_tries(&format!("{}{later}", Fixture::ANNAS), WEBMAIL, START + MINUTE)));
}

#[test]
fn s2_of_two_at_once_with_one_code_one_comes_in() {
    let office = Office::new();
    let key = office.enrols(office.anna());
    let both = format!("{}{}", Fixture::ANNAS, code(&key, START));
    let desks: Vec<String> = (1..=4).map(|n| format!("192.0.2.{n}")).collect();
    let outcomes: Vec<Result<Entry, Refusal>> = std::thread::scope(|scope| {
        let (fixture, both) = (&office.fixture, &both);
        let asked: Vec<_> = desks
            .iter()
            .map(|from| {
                scope.spawn(move || tries(&fixture.reopened(Profile::Nested), ANNA, both, WEBMAIL, from, START))
            })
            .collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let refusals: Vec<Refusal> = outcomes.into_iter().filter_map(Result::err).collect();
    assert_eq!(refusals, [Refusal::WrongCode; 3]);
}

#[test]
fn s2_it_ends_with_the_password_and_with_the_right_to_come() {
    let office = Office::new();
    let key = office.enrols(office.anna());
    let both = |at_ms| format!("{}{}", Fixture::ANNAS, code(&key, at_ms));
    assert!(admitted(office.anna_tries(&both(START), WEBMAIL, START)));
    let set = |how| office.accounts.suspend(Actor::Operator, &anna().name, how, NOW).unwrap();
    set(Suspension::Suspend);
    assert_eq!(refused(office.anna_tries(&both(START), WEBMAIL, START)), Refusal::Suspended);
    set(Suspension::Resume);
    assert_eq!(refused(office.anna_tries(&both(START), WEBMAIL, START)), Refusal::WrongCode);
    let later = START + MINUTE;
    assert!(admitted(office.anna_tries(&both(later), WEBMAIL, later)));
    // Whatever makes everybody come in anew, such as an app password that is taken back.
    office.app_password(ANNA);
    let login = ANNA.parse().unwrap();
    office.accounts.revoke_app_password(Actor::Operator, &login, "Thunderbird", NOW).unwrap();
    assert_eq!(refused(office.anna_tries(&both(later), WEBMAIL, later)), Refusal::WrongCode);
}

/// S5: what a web mail says at each click neither opens a closed door nor forgets what was counted.
#[test]
fn s5_a_closed_door_is_closed_to_what_was_let_in_before() {
    let office = Office::new();
    let key = office.enrols(office.anna());
    let both = format!("{}{}", Fixture::ANNAS, code(&key, START));
    assert!(admitted(office.anna_tries(&both, WEBMAIL, START)));
    for n in 0..5 {
        assert!(admitted(office.anna_tries(&both, WEBMAIL, START)));
        let wrong = tries(&office.accounts, ANNA, &format!("guess {n}"), WEBMAIL, "203.0.113.66", START);
        assert_eq!(refused(wrong), Refusal::WrongPassword);
    }
    assert_eq!(refused(office.anna_tries(&both, WEBMAIL, START)), Refusal::Closed);
    assert!(admitted(office.anna_tries(&both, WEBMAIL, START + MINUTE)));
}

/// L3, S2: the mail server judges the password before the code is looked at.
#[test]
fn s2_an_owners_code_is_looked_at_once_the_mail_server_has_taken_the_password() {
    let office = Office::new();
    let key = office.enrols(office.owner());
    let now = code(&key, START);
    let unjudged = office.owner_says(&format!("mistyped{now}"), DESK, START);
    assert_eq!((unjudged.upstream.as_str(), unjudged.credentials.authcid.as_str()), ("provider", OWNER));
    assert_eq!((unjudged.credentials.password.expose_secret(), unjudged.credentials.typed), ("mistyped", true));
    let printed = format!("{unjudged:?}");
    assert!(!printed.contains("mistyped") && !printed.contains(&now), "{printed}");
    assert_eq!(refused(judged(office.accounts.owner_judged(unjudged, false).unwrap())), Refusal::WrongPassword);
    // The code is still good; of two at once, one comes in by it.
    let both = format!("{}{now}", Fixture::MAILBOXS);
    let [one, two] = [DESK, "192.0.2.9"].map(|from| office.owner_says(&both, from, START));
    assert!(admitted(judged(office.accounts.owner_judged(one, true).unwrap())));
    assert_eq!(refused(judged(office.accounts.owner_judged(two, true).unwrap())), Refusal::WrongCode);
    // And from then on nobody is asked.
    assert!(admitted(tries(&office.accounts, OWNER, &both, WEBMAIL, DESK, START + MINUTE)));
    let elsewhere = office.owner_says(&both, "192.0.2.9", START + MINUTE);
    assert_eq!(refused(judged(office.accounts.owner_judged(elsewhere, true).unwrap())), Refusal::WrongCode);
}

#[test]
fn s5_an_owners_wrong_passwords_by_web_mail_are_counted() {
    let office = Office::new();
    let key = office.enrols(office.owner());
    for n in 0..5 {
        let unjudged = office.owner_says(&format!("guess {n}{}", code(&key, START)), DESK, START);
        assert_eq!(refused(judged(office.accounts.owner_judged(unjudged, false).unwrap())), Refusal::WrongPassword);
    }
    let both = format!("{}{}", Fixture::MAILBOXS, code(&key, START));
    assert_eq!(refused(tries(&office.accounts, OWNER, &both, WEBMAIL, DESK, START)), Refusal::Closed);
}

/// L2: what an owner has typed takes the place of a stored password that is refused, also with a code behind it.
#[test]
fn l2_an_owner_with_two_steps_renews_the_stored_password_too() {
    let fixture = Fixture::new();
    let accounts = fixture.reopened(Profile::Nested);
    let accounts = accounts.with_passwords_renewed_by_owners(["provider".to_owned()].into());
    let office = Office { fixture, accounts };
    let key = office.enrols(office.owner());
    office.accounts.password_refused(office.fixture.mailbox(), NOW).unwrap();
    let stored = || office.accounts.credentials_of(&office.fixture.address()).unwrap().password;
    let unjudged = office.owner_says(&format!("the new one{}", code(&key, START + 60 * MINUTE)), DESK, START);
    assert_eq!(refused(judged(office.accounts.owner_judged(unjudged, true).unwrap())), Refusal::WrongCode);
    assert_eq!(stored().expose_secret(), Fixture::MAILBOXS, "half of the way");
    let unjudged = office.owner_says(&format!("the new one{}", code(&key, START)), DESK, START);
    let entry = judged(office.accounts.owner_judged(unjudged, true).unwrap()).unwrap();
    assert_eq!(entry.credentials.password.expose_secret(), "the new one");
    assert_eq!(stored().expose_secret(), "the new one");
}

/// The panel opens the web mail, for people with two-step verification and without.
#[test]
fn a_sign_on_is_taken_once_and_opens_a_login_of_its_own() {
    for two_steps in [false, true] {
        let office = Office::new();
        for (account, login) in [(office.anna(), ANNA), (office.owner(), OWNER)] {
            if two_steps {
                office.enrols(account);
            }
            let made = office.accounts.create_sign_on(account, START).unwrap();
            assert_eq!(made.login.to_string(), login);
            let token = made.token.expose().to_owned();
            assert!(!format!("{made:?}").contains(&token));
            let says = |said: &str, from: &str, at_ms| {
                let verdict = office.accounts.authenticate(login, &secret(said), WEBMAIL, knock(from, at_ms)).unwrap();
                matches!(verdict, Verdict::Admitted(entry) if !entry.credentials.typed)
            };
            // Without a word of the web mail's it is nothing, and is not used up.
            assert!(!says(&token, DESK, START) && !says(&format!("{token}.short"), DESK, START));
            let said = format!("{token}.{WORD}");
            RUNS.set(0);
            assert!(says(&said, DESK, START + SIGN_ON_MS - 1));
            assert!(says(&said, DESK, START + 20 * MINUTE), "{login}");
            assert_eq!(RUNS.get(), 0);
            // Whoever finds the token has nothing, wherever they are; nor has whoever finds all of it somewhere else.
            assert!(!says(&format!("{token}.{}", WORD.to_uppercase()), DESK, START + 1));
            assert!(!says(&said, "192.0.2.8", START + 20 * MINUTE));
            assert!(!says(&said, DESK, START + 51 * MINUTE));
        }
    }
}

#[test]
fn a_sign_on_goes_to_the_web_mail_as_a_link() {
    let made = SignOn { login: "a.b/c+d&e@pec.example.it".parse().unwrap(), token: "A".repeat(43).parse().unwrap() };
    let query = format!("_sso={}&_login=a.b%2Fc%2Bd%26e%40pec.example.it", "A".repeat(43));
    for (webmail, expected) in [
        ("https://mail.example.it/", format!("https://mail.example.it/?{query}")),
        ("https://example.it/mail/?skin=x", format!("https://example.it/mail/?skin=x&{query}")),
    ] {
        assert_eq!(made.url(webmail).expose_secret(), expected);
    }
}

#[test]
fn a_sign_on_is_for_a_minute_one_door_one_account_and_one_password() {
    let office = Office::new();
    let says = |login: &str, token: &str, door, at_ms| {
        let said = secret(&format!("{token}.{WORD}"));
        let verdict = office.accounts.authenticate(login, &said, door, knock(DESK, at_ms)).unwrap();
        matches!(verdict, Verdict::Admitted(entry) if !entry.credentials.typed)
    };
    let late = office.sign_on(office.anna(), START);
    assert!(!says(ANNA, &late, WEBMAIL, START + SIGN_ON_MS));
    let token = office.sign_on(office.anna(), START);
    assert!(!says(ANNA, &token, CLIENT, START));
    assert!(!says(OWNER, &token, WEBMAIL, START));
    store::change(office.accounts.store.as_ref(), |writes| writes.renew_password_version(office.anna())).unwrap();
    assert!(!says(ANNA, &token, WEBMAIL, START));
}

#[test]
fn of_two_at_once_with_one_sign_on_one_comes_in() {
    let office = Office::new();
    let token = office.sign_on(office.anna(), START);
    let admitted: usize = std::thread::scope(|scope| {
        let (fixture, token) = (&office.fixture, &token);
        let asked: Vec<_> = (0..4)
            .map(|n| {
                let said = format!("{token}.{n}{WORD}");
                scope
                    .spawn(move || tries(&fixture.reopened(Profile::Nested), ANNA, &said, WEBMAIL, DESK, START).is_ok())
            })
            .collect();
        asked.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
    });
    assert_eq!(admitted, 1);
}

#[test]
fn a_sign_on_is_for_those_who_may_come_by_web_mail() {
    let office = Office::new();
    let refused = |account| match office.accounts.create_sign_on(account, START) {
        Err(error) => error.to_string(),
        Ok(made) => panic!("{made:?}"),
    };
    let postmaster = PostmasterEntry {
        domain: "pec.example.it".parse().unwrap(),
        email: "pm@example.it".into(),
        name: "Piero".into(),
        phone: None,
        language: Language::Italian,
    };
    let postmaster = office.accounts.add_postmaster(postmaster, NOW).unwrap().id;
    let none = Rule::NoWebmail.to_string();
    assert_eq!(refused(AccountId::Postmaster(postmaster)), none);
    office.accounts.suspend(Actor::Operator, &anna().name, Suspension::Suspend, NOW).unwrap();
    assert_eq!(refused(office.anna()), none);
    office.accounts.suspend(Actor::Operator, &anna().name, Suspension::Resume, NOW).unwrap();
    office.sign_on(office.anna(), START);
    // S2: the owner has it, and Anna has not set hers up.
    office.enrols(office.owner());
    assert_eq!(refused(office.anna()), none);
    let change = MailboxChange { multi_user: Some(false), ..MailboxChange::default() };
    assert!(office.accounts.set_mailbox(&office.fixture.address(), change, NOW).is_err());
    office.sign_on(office.owner(), START);
    let raw = rusqlite::Connection::open(office.fixture.database()).unwrap();
    raw.execute("UPDATE mailboxes SET sealed_password = NULL", []).unwrap();
    assert!(refused(office.owner()).contains("no password is stored"));
}

#[test]
fn the_oldest_go_where_somebody_has_many_and_nothing_lies_there_in_the_clear() {
    let office = Office::new();
    let tokens: Vec<String> = (0..=MOST).map(|n| office.sign_on(office.anna(), START + n as i64)).collect();
    let says = |token: &str| admitted(office.anna_tries(&format!("{token}.{WORD}"), WEBMAIL, START + 100));
    assert!(!says(&tokens[0]) && says(&tokens[1]) && says(&tokens[MOST]));
    for file in ["", "-wal"] {
        let bytes = std::fs::read(format!("{}{file}", office.fixture.database().display())).unwrap();
        for clear in [tokens[2].as_bytes(), WORD.as_bytes()] {
            assert!(!bytes.windows(clear.len()).any(|part| part == clear));
        }
    }
}

/// S2: the owner turns it on, and whoever has none is out, whatever they came in by.
#[test]
fn s2_a_delegate_who_must_enrol_comes_in_by_nothing() {
    let office = Office::new();
    let app = office.app_password(ANNA);
    let said = format!("{}.{WORD}", office.sign_on(office.anna(), START));
    assert!(admitted(office.anna_tries(&said, WEBMAIL, START)) && admitted(office.anna_tries(&app, CLIENT, START)));
    office.enrols(office.owner());
    for (said, door) in [(said.as_str(), WEBMAIL), (&app, CLIENT), (Fixture::ANNAS, CLIENT), (Fixture::ANNAS, WEBMAIL)]
    {
        assert_eq!(refused(office.anna_tries(said, door, START)), Refusal::MustEnrol);
    }
    let standing = office.accounts.standing(office.fixture.anna(), CLIENT).unwrap();
    assert_eq!(standing, Standing::Out(Refusal::MustEnrol));
    assert!(matches!(office.fixture.anna(), AccountRef::Delegate(..)));
}

#[test]
fn a_code_is_six_digits_behind_a_password() {
    let split = |typed: &str| {
        let both = password_and_code(&secret(typed))?;
        Some((both.0.expose_secret().to_owned(), both.1.expose_secret().to_owned()))
    };
    assert_eq!(split("password123456"), Some(("password".into(), "123456".into())));
    assert_eq!(split("1234567"), Some(("1".into(), "234567".into())));
    assert_eq!(split("pässwörd 000000"), Some(("pässwörd ".into(), "000000".into())));
    for none in [
        "",
        "123456",
        "12345",
        "password",
        "password12345",
        "password 12345x",
        "pass1234é6",
        "xé23456",
        "password１２３４５６",
    ] {
        assert_eq!(split(none), None, "{none}");
    }
}
