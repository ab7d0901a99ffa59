//! Login to the panel and its sessions: what is judged, what it costs, and when it ends.

#![allow(clippy::unwrap_used)]

use crate::accounts::fixture::{CLIENT, Fixture, KNOCK, NOW, Office, secret};
use crate::accounts::passwords::RUNS;
use crate::accounts::*;
use crate::domain::panel_session::{SESSION_IDLE_MS, SESSION_MOST_MS, Stage};
use crate::domain::{AccessFilter, AccountFacts, AccountId, Language, Notice, Way};

const ANNA: &str = "anna/ufficio@pec.example.it";
const AT: PanelKnock<'_> = PanelKnock { knock: KNOCK, own_address: true, program: Some("Chromium") };
const OWNER: &str = "ufficio@pec.example.it";

fn name(login: &str) -> SignInName {
    SignInName::Login(login.to_owned())
}

fn postmaster(domain: &str) -> SignInName {
    SignInName::Postmaster { domain: domain.to_owned(), email: " Posta@Example.it".to_owned() }
}

impl Fixture {
    fn signs_in(&self, name: &SignInName, password: &str) -> SignIn {
        self.accounts.sign_in(name, &secret(password), AT).unwrap()
    }

    fn passes(&self, name: &SignInName, password: &str) -> Passed {
        match self.signs_in(name, password) {
            SignIn::Passed(passed) => passed,
            other => panic!("{other:?}"),
        }
    }

    fn stays_out(&self, name: &SignInName, password: &str) -> Refusal {
        match self.signs_in(name, password) {
            SignIn::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    /// Anna's session, from a moment on.
    fn session(&self, at_ms: i64) -> SessionToken {
        let passed = self.passes(&name(ANNA), Fixture::ANNAS);
        let begun = self.accounts.begin_panel_session(passed, Knock { at_ms, ..KNOCK }, Some("Chromium")).unwrap();
        begun.unwrap().0
    }

    fn signed(&self, token: &SessionToken, at_ms: i64) -> Option<SignedIn> {
        self.accounts.panel_session(token, at_ms).unwrap()
    }

    fn add_postmaster(&self) -> AccountId {
        let entry = PostmasterEntry {
            domain: "pec.example.it".parse().unwrap(),
            email: "posta@example.it".into(),
            name: "Ufficio posta".into(),
            phone: None,
            language: Language::Italian,
        };
        let account = self.accounts.add_postmaster(entry, NOW).unwrap().account();
        let hash = self.accounts.passwords.hash(&secret("tre lune di carta")).unwrap();
        store::change(self.accounts.store.as_ref(), |writes| writes.set_password_hash(account, Some(&hash))).unwrap();
        account
    }
}

const START: i64 = NOW * 1000;

#[test]
fn l1_a_delegate_logs_in_to_the_panel_whatever_they_may_do_in_the_mailbox() {
    let fixture = Fixture::new();
    let revoke = vec![crate::domain::Permission::Write];
    let change = PermissionChange { revoke, ..PermissionChange::default() };
    let _ = fixture.accounts.change_permissions(Actor::Operator, &fixture.anna_login(), change, NOW).unwrap();
    let signed = fixture.signed(&fixture.session(START), START).unwrap();
    assert_eq!((signed.login.as_str(), signed.name.as_str(), signed.stage), (ANNA, "Anna Verdi", Stage::In));
    assert_eq!(signed.actor, Actor::Account(fixture.anna()));
    assert_eq!(signed.place, Place::Mailbox { address: fixture.address(), manages: false });
}

#[test]
fn s5_whatever_is_wrong_costs_one_run_of_argon2() {
    let fixture = Fixture::new();
    fixture.add_postmaster();
    let app = AppPasswordEntry {
        login: fixture.anna_login().login(),
        label: "Outlook".into(),
        scope: crate::domain::Scope::ALL,
        valid_secs: APP_PASSWORD_SECS,
    };
    let (app, _) = fixture.accounts.create_app_password(Actor::Operator, app, NOW).unwrap();
    let app = secrecy::ExposeSecret::expose_secret(&app.shown()).to_owned();
    for (name, password) in [
        (name(ANNA), "wrong"),
        (name(ANNA), app.as_str()),
        (name("nobody/ufficio@pec.example.it"), Fixture::ANNAS),
        (name("anna/altro@pec.example.it"), Fixture::ANNAS),
        (name("no login"), Fixture::ANNAS),
        (postmaster("pec.example.it"), "wrong"),
        (postmaster("pec.example.org"), "tre lune di carta"),
        (postmaster("no domain"), "tre lune di carta"),
    ] {
        RUNS.set(0);
        assert_eq!(fixture.stays_out(&name, password), Refusal::WrongPassword, "{name:?}");
        assert_eq!(RUNS.get(), 1, "{name:?}");
    }
}

#[test]
fn s5_the_panel_and_mail_programs_share_one_count() {
    let fixture = Fixture::new();
    for n in 0..5 {
        assert_eq!(fixture.stays_out(&name(ANNA), &format!("wrong {n}")), Refusal::WrongPassword);
    }
    RUNS.set(0);
    assert_eq!(fixture.stays_out(&name(ANNA), Fixture::ANNAS), Refusal::Closed);
    assert_eq!(RUNS.get(), 1);
    assert_eq!(fixture.refuse(ANNA, Fixture::ANNAS, CLIENT), Refusal::Closed);
}

/// Whoever has many addresses guesses no more for it.
#[test]
fn s5_a_postmasters_wrong_passwords_are_counted_for_the_account() {
    let fixture = Fixture::new();
    fixture.add_postmaster();
    let from = |n: u8, password: &str| {
        let knock = Knock { from: [192, 0, 2, n].into(), ..KNOCK };
        fixture.accounts.sign_in(&postmaster("pec.example.it"), &secret(password), PanelKnock { knock, ..AT }).unwrap()
    };
    for n in 0..5 {
        let outcome = from(n, &format!("wrong {n}"));
        assert!(matches!(outcome, SignIn::Refused(Refusal::WrongPassword)), "{outcome:?}");
    }
    let outcome = from(9, "tre lune di carta");
    assert!(matches!(outcome, SignIn::Refused(Refusal::Closed)), "{outcome:?}");
}

/// By mail, once it is for an hour; and the operator opens it again.
#[test]
fn s5_a_postmaster_is_told_of_guesses_at_their_password() {
    let office = Office::new();
    let account = office.postmaster("posta@example.it").0.account();
    let from = |n: u8, at_ms| {
        let knock = Knock { from: [192, 0, 2, n].into(), at_ms };
        let name = postmaster("pec.example.it");
        office.accounts.sign_in(&name, &secret(&format!("wrong {n}")), PanelKnock { knock, ..AT }).unwrap()
    };
    let mut now = START;
    for n in 1..=14 {
        let outcome = from(n, now);
        assert!(matches!(outcome, SignIn::Refused(Refusal::WrongPassword)), "{n}: {outcome:?}");
        now = office.accounts.closed(now, 1).unwrap().first().map_or(now, |closed| closed.until_ms) + 1;
    }
    assert_eq!(office.kinds(now / 1000 + 1), [("posta@example.it".to_owned(), "guessed")]);
    let row = office.accounts.mails(None, 9).unwrap().rows.remove(0);
    let Notice::Guessed { of: AccountFacts::Postmaster(facts), address, .. } = row.notice else { panic!() };
    assert_eq!((facts.email.as_str(), address.to_string().as_str()), ("posta@example.it", "192.0.2.11"));

    let _ = from(15, now);
    let closed = office.accounts.closed(now, 9).unwrap().remove(0).who;
    assert_eq!(closed, "pec.example.it posta@example.it", "{account}");
    office.accounts.release(&closed).unwrap();
    assert_eq!(office.accounts.closed(now, 9).unwrap(), []);
}

#[test]
fn s5_behind_a_reverse_proxy_nobody_closes_the_panel_to_all() {
    let fixture = Fixture::new();
    fixture.add_postmaster();
    let at = PanelKnock { own_address: false, ..AT };
    let tries = |name: &SignInName, password: &str| fixture.accounts.sign_in(name, &secret(password), at).unwrap();
    for n in 0..40 {
        let strangers = [name(&format!("nobody{n}/ufficio@pec.example.it")), postmaster("pec.example.org"), name("x")];
        for stranger in strangers {
            let _ = tries(&stranger, &format!("wrong {n}"));
        }
    }
    assert!(matches!(tries(&name(ANNA), Fixture::ANNAS), SignIn::Passed(_)));
    for n in 0..5 {
        let _ = tries(&name(ANNA), &format!("wrong {n}"));
    }
    assert!(matches!(tries(&name(ANNA), Fixture::ANNAS), SignIn::Refused(Refusal::Closed)));
}

#[test]
fn an_owner_is_who_the_mail_server_lets_in() {
    let fixture = Fixture::new();
    for right in [false, true] {
        let SignIn::Ask { upstream, credentials, trial } = fixture.signs_in(&name(OWNER), "typed") else {
            panic!("nobody is asked")
        };
        assert_eq!((upstream.as_str(), credentials.authcid.as_str()), ("provider", OWNER));
        match fixture.accounts.owner_signed_in(*trial, right, KNOCK, None).unwrap() {
            SignIn::Passed(passed) if right => assert_eq!(passed.account, AccountId::Owner(fixture.mailbox())),
            SignIn::Refused(Refusal::WrongPassword) if !right => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(fixture.stays_out(&name("altro@pec.example.it"), "typed"), Refusal::UnknownMailbox);
}

#[test]
fn m1_a_postmaster_logs_in_with_domain_and_address() {
    let fixture = Fixture::new();
    let account = fixture.add_postmaster();
    let passed = fixture.passes(&postmaster(" PEC.example.it"), "tre lune di carta");
    let (token, stage) = fixture.accounts.begin_panel_session(passed, KNOCK, None).unwrap().unwrap();
    let signed = fixture.signed(&token, START).unwrap();
    assert_eq!((signed.account, stage), (account, Stage::In));
    assert_eq!(signed.place, Place::Domain("pec.example.it".parse().unwrap()));
    let AccountId::Postmaster(id) = account else { panic!("{account}") };
    let filter = AccessFilter { account: Some(AccountId::Postmaster(id)), ..AccessFilter::default() };
    let history = fixture.accounts.accesses(Actor::Operator, &filter, 9, NOW).unwrap().rows;
    assert_eq!((history.len(), history[0].access.way), (1, Way::Panel));
    fixture.accounts.remove_postmaster(&"pec.example.it".parse().unwrap(), "posta@example.it").unwrap();
    assert!(fixture.signed(&token, START).is_none());
}

#[test]
fn a_session_ends_by_time_by_logging_out_and_with_what_it_stands_on() {
    let fixture = Fixture::new();
    let accounts = &fixture.accounts;
    let token = fixture.session(START);
    assert!(fixture.signed(&token, START + SESSION_IDLE_MS - 1).is_some(), "seen, and so it goes on");
    assert!(fixture.signed(&token, START + 2 * SESSION_IDLE_MS - 2).is_some());
    assert!(fixture.signed(&token, START + 3 * SESSION_IDLE_MS).is_none());
    assert!(fixture.signed(&token, START + SESSION_MOST_MS).is_none());
    accounts.settle(NOW + SESSION_MOST_MS / 1000).unwrap();
    assert!(fixture.signed(&token, START).is_none(), "it is gone");

    let (one, two) = (fixture.session(START), fixture.session(START + 1));
    assert_eq!(accounts.panel_sessions(fixture.anna().id(), START + 2).unwrap().len(), 2);
    accounts.end_panel_session(&one).unwrap();
    assert!(fixture.signed(&one, START + 2).is_none() && fixture.signed(&two, START + 2).is_some());

    accounts.suspend(Actor::Operator, &fixture.anna_login(), Suspension::Suspend, NOW).unwrap();
    assert!(fixture.signed(&two, START + 2).is_none());
    accounts.suspend(Actor::Operator, &fixture.anna_login(), Suspension::Resume, NOW).unwrap();
    assert!(fixture.signed(&two, START + 2).is_none(), "it does not come back");
    let two = fixture.session(START + 1);
    accounts.sign_out_everywhere(fixture.anna().id()).unwrap();
    assert!(fixture.signed(&two, START + 2).is_none());
    assert_eq!(accounts.panel_sessions(fixture.anna().id(), START + 2).unwrap(), []);
}

#[test]
fn a_step_further_is_another_session_and_another_persons_is_none() {
    let fixture = Fixture::new();
    let first = fixture.session(START);
    let owner = AccountId::Owner(fixture.mailbox());
    let raise = |from, account| fixture.accounts.raise_panel_session(from, account, KNOCK, None).unwrap();
    assert!(raise(&first, owner).is_none(), "of another account");
    let second = raise(&first, fixture.anna().id()).unwrap();
    assert!(fixture.signed(&first, START).is_none());
    let (signed, again) = (fixture.signed(&second, START).unwrap(), fixture.session(START));
    assert!(raise(&first, fixture.anna().id()).is_none(), "twice");
    assert_ne!(signed.form_key, fixture.signed(&again, START).unwrap().form_key);
}

#[test]
fn a_password_that_was_changed_meanwhile_begins_no_session() {
    let fixture = Fixture::new();
    let passed = fixture.passes(&name(ANNA), Fixture::ANNAS);
    fixture.accounts.sign_out_everywhere(passed.account).unwrap();
    assert!(fixture.accounts.begin_panel_session(passed, KNOCK, None).unwrap().is_none());
}

#[test]
fn the_oldest_of_too_many_sessions_end() {
    let fixture = Fixture::new();
    let first = fixture.session(START);
    (1..20).for_each(|n| drop(fixture.session(START + n)));
    let last = fixture.session(START + 20);
    assert!(fixture.signed(&first, START + 21).is_none() && fixture.signed(&last, START + 21).is_some());
    assert_eq!(fixture.accounts.panel_sessions(fixture.anna().id(), START + 21).unwrap().len(), 20);
}

#[test]
fn what_the_browser_holds_lies_nowhere_in_the_clear() {
    let fixture = Fixture::new();
    let token = fixture.session(START);
    for file in ["", "-wal"] {
        let bytes = std::fs::read(format!("{}{file}", fixture.database().display())).unwrap_or_default();
        assert!(!bytes.windows(43).any(|window| window == token.expose().as_bytes()));
    }
    assert!(!format!("{token:?}").contains(token.expose()));
}
