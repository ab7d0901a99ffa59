//! Two-step verification, with the clock moved by hand: one code once, by whomever and however often it is shown; and what
//! an owner's asks of the delegates.
#![allow(clippy::unwrap_used)]

use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::accounts::fixture::{CLIENT, Fixture, NOW, POP3, WEBMAIL, secret};
use crate::accounts::life_tests::{GOOD, Office, invitee, name, rule};
use crate::accounts::{AccountRef, AppPasswordEntry, MailboxChange, Refusal, Standing, Suspension};
use crate::domain::{AccountId, PasswordVersion, Profile, Scope};

/// The address that they come from.
const FROM: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

fn at(secs: i64) -> Knock {
    Knock { from: FROM, at_ms: secs * 1000 }
}

/// Somebody's app: what it shows at a moment.
struct App(totp_rs::Totp);

impl App {
    fn scan(enrolment: &Enrolment) -> App {
        let secret = enrolment.secret.expose_secret().replace(' ', "");
        let secret = totp_rs::Secret::try_from_base32(&secret).unwrap();
        App(totp_rs::Builder::new().with_secret(secret).build().unwrap())
    }

    fn shows(&self, secs: i64) -> SecretString {
        self.0.generate(secs.try_into().unwrap()).to_string().into()
    }

    /// A code that is none of its around that moment.
    fn never_shows(&self, secs: i64, n: u32) -> SecretString {
        let shown: Vec<String> = (-2..=2).map(|step| self.shows(secs + step * 30).expose_secret().to_owned()).collect();
        (n * 20..).map(|guess| format!("{guess:06}")).find(|guess| !shown.contains(guess)).unwrap().into()
    }
}

/// Sets a second factor up, at that moment.
fn enrol(accounts: &Accounts, account: AccountId, secs: i64) -> (App, RecoveryCodes) {
    let app = App::scan(&accounts.begin_enrolment(account, secs).unwrap());
    let codes = accounts.confirm_enrolment(account, &app.shows(secs), None, at(secs)).unwrap();
    (app, codes)
}

impl Office {
    fn check(&self, account: AccountId, code: &SecretString, secs: i64) -> CodeVerdict {
        self.accounts.check_code(account, code, at(secs)).unwrap()
    }
}

#[test]
fn s2_a_second_factor_is_in_force_once_a_code_of_it_was_shown() {
    let office = Office::new();
    let anna = office.anna();
    let standing = |secs| (office.accounts.two_factor(anna).unwrap(), office.accounts.enrolment(anna, secs).is_ok());
    let off = TwoFactor { since_secs: None, recovery_left: 0, required: false };
    assert_eq!(standing(NOW), (off, false));
    assert_eq!(rule(office.accounts.check_code(anna, &secret("123456"), at(NOW))), Rule::NoTwoFactor);

    let first = office.accounts.begin_enrolment(anna, NOW).unwrap();
    let enrolment = office.accounts.begin_enrolment(anna, NOW).unwrap();
    assert_ne!(first.secret.expose_secret(), enrolment.secret.expose_secret(), "begun anew is another secret");
    let again = office.accounts.enrolment(anna, NOW).unwrap();
    assert_eq!(again.uri.expose_secret(), enrolment.uri.expose_secret(), "it can be looked at once more");
    assert!(again.uri.expose_secret().starts_with("otpauth://totp/delega:anna%2Fufficio%40pec.example.it?secret="));
    assert_eq!(standing(NOW), (off, true));
    let confirm = |app: &App, secs| {
        office.accounts.confirm_enrolment(anna, &app.shows(secs), None, at(secs)).map(|codes| codes.0)
    };
    assert_eq!(rule(confirm(&App::scan(&first), NOW)), Rule::WrongCode, "of the secret that was replaced");
    assert_eq!(standing(NOW), (off, true));

    let app = App::scan(&enrolment);
    let before = office.fixture.anna();
    let codes = confirm(&app, NOW).unwrap();
    assert_eq!(codes.len(), 10);
    let typed: std::collections::BTreeSet<_> = codes.iter().map(|code| code.expose_secret().to_owned()).collect();
    assert!(typed.len() == 10 && typed.iter().all(|code| code.len() == 11 && code.as_bytes()[5] == b'-'), "{typed:?}");
    let on = TwoFactor { since_secs: Some(NOW), recovery_left: 10, required: false };
    assert_eq!(standing(NOW), (on, false));
    assert_eq!(
        office.accounts.standing(before, CLIENT).unwrap(),
        Standing::Out(Refusal::PasswordChanged),
        "who came in before comes in anew"
    );
    assert_eq!(office.check(anna, &app.shows(NOW), NOW), CodeVerdict::Wrong, "the code of the enrolment is used up");
    assert_eq!(office.check(anna, &app.shows(NOW + 30), NOW + 30), CodeVerdict::Right);
    assert_eq!(office.kinds(NOW), [("anna@example.it".to_owned(), "two-factor-on")]);
}

#[test]
fn s2_an_enrolment_lapses_after_an_hour() {
    let office = Office::new();
    let anna = office.anna();
    let app = App::scan(&office.accounts.begin_enrolment(anna, NOW).unwrap());
    let late = NOW + 3600;
    let confirm = |secs| office.accounts.confirm_enrolment(anna, &app.shows(secs), None, at(secs));
    assert_eq!(rule(confirm(late)), Rule::NotEnrolling);
    assert_eq!(rule(office.accounts.enrolment(anna, late)), Rule::NotEnrolling);
    confirm(late - 1).unwrap();
    assert_eq!(rule(confirm(late - 1)), Rule::NotEnrolling, "once");
}

#[test]
fn s2_a_clock_may_be_a_step_off_either_way_and_a_code_works_once() {
    let office = Office::new();
    let anna = office.anna();
    let (app, _) = enrol(&office.accounts, anna, NOW);
    // A step begins here.
    let now = NOW + 600;
    assert_eq!(now % 30, 0);
    for (off, expected) in [(-2, CodeVerdict::Wrong), (2, CodeVerdict::Wrong), (-1, CodeVerdict::Right)] {
        assert_eq!(office.check(anna, &app.shows(now + off * 30), now), expected, "{off} steps off");
    }
    assert_eq!(office.check(anna, &app.shows(now - 30), now), CodeVerdict::Wrong, "twice");
    assert_eq!(office.check(anna, &app.shows(now + 30), now), CodeVerdict::Right);
    assert_eq!(office.check(anna, &app.shows(now), now), CodeVerdict::Wrong, "one that is earlier than what was used");
    assert_eq!(office.check(anna, &app.shows(now + 30), now + 59), CodeVerdict::Wrong);
    assert_eq!(office.check(anna, &app.shows(now + 60), now + 60), CodeVerdict::Right);
    let again = office.fixture.reopened(Profile::Nested);
    assert_eq!(
        again.check_code(anna, &app.shows(now + 60), at(now + 60)).unwrap(),
        CodeVerdict::Wrong,
        "nor after a restart"
    );
}

/// CVE-2026-27855
#[test]
fn s2_of_two_who_show_one_code_at_once_one_is_right() {
    let office = Office::new();
    let anna = office.anna();
    let (app, codes) = enrol(&office.accounts, anna, NOW);
    let nodes = [office.fixture.reopened(Profile::Nested), office.fixture.reopened(Profile::Nested)];
    for round in 1..=10_i64 {
        let secs = NOW + round * 30;
        let shown = [app.shows(secs), codes.0[round as usize - 1].clone()];
        for code in &shown {
            let gate = std::sync::Barrier::new(nodes.len());
            let verdicts: Vec<CodeVerdict> = std::thread::scope(|scope| {
                let show = |accounts| {
                    let gate = &gate;
                    scope.spawn(move || {
                        gate.wait();
                        Accounts::check_code(accounts, anna, code, at(secs)).unwrap()
                    })
                };
                let shown: Vec<_> = nodes.iter().map(show).collect();
                shown.into_iter().map(|one| one.join().unwrap()).collect()
            });
            let passed = verdicts.iter().filter(|verdict| verdict.passed().is_ok()).count();
            assert_eq!(passed, 1, "round {round}: {verdicts:?}");
        }
    }
}

#[test]
fn s2_a_recovery_code_works_once_however_it_is_typed_and_its_person_is_told() {
    let office = Office::new();
    let anna = office.anna();
    let (app, codes) = enrol(&office.accounts, anna, NOW);
    let first = codes.0[0].expose_secret().to_owned();
    let typed = secret(&format!(" {} ", first.replace('-', " ").to_uppercase()));
    assert_eq!(office.check(anna, &typed, NOW), CodeVerdict::Recovery { left: 9 });
    assert_eq!(office.check(anna, &codes.0[0], NOW), CodeVerdict::Wrong);
    let told = [("anna@example.it".to_owned(), "two-factor-on"), ("anna@example.it".to_owned(), "recovery-code-used")];
    assert_eq!(office.kinds(NOW), told);

    let bruno = office.invite("bruno", NOW);
    office.accept(&bruno, NOW).unwrap();
    let bruno = office.accounts.show_delegate(Actor::Operator, &name("bruno"), NOW).unwrap().delegate.account();
    enrol(&office.accounts, bruno, NOW);
    assert_eq!(office.check(bruno, &codes.0[1], NOW), CodeVerdict::Wrong, "of somebody else");

    let later = NOW + 30;
    let renewed = office.accounts.renew_recovery_codes(anna, &app.shows(later), at(later)).unwrap();
    assert_eq!(office.check(anna, &codes.0[1], later), CodeVerdict::Wrong, "of those that were replaced");
    assert_eq!(office.check(anna, &renewed.0[1], later), CodeVerdict::Recovery { left: 9 });
    assert_eq!(rule(office.accounts.renew_recovery_codes(anna, &app.shows(later), at(later))), Rule::WrongCode);
    assert_eq!(office.accounts.two_factor(anna).unwrap().recovery_left, 9, "and nothing was replaced");
}

#[test]
fn s2_a_secret_that_was_changed_or_moved_is_found_out() {
    let office = Office::new();
    let (anna, owner) = (office.anna(), office.owners_account());
    let (app, _) = enrol(&office.accounts, anna, NOW);
    let (of_owner, _) = enrol(&office.accounts, owner, NOW);
    let store = office.accounts.store.as_ref();
    let found = |account| store::read(store, |r| r.second_factor(account)).unwrap().unwrap();
    let put = |account, factor: &SecondFactor| store::change(store, |w| w.put_second_factor(account, factor)).unwrap();
    let (annas, owners) = (found(anna), found(owner));
    let tampered = |account, code: &SecretString, secs| {
        let outcome = office.accounts.check_code(account, code, at(secs));
        assert!(
            matches!(outcome, Err(AccountsError::Vault(VaultError::TamperedFactor(of))) if of == account),
            "{outcome:?}"
        );
    };
    put(owner, &annas);
    tampered(owner, &app.shows(NOW + 30), NOW + 30);
    put(owner, &owners);
    assert_eq!(office.check(owner, &of_owner.shows(NOW + 30), NOW + 30), CodeVerdict::Right);
    let mut changed = annas.clone();
    changed.secret.0[30] ^= 1;
    put(anna, &changed);
    tampered(anna, &app.shows(NOW + 30), NOW + 30);
    // Nor does one that was begun stand for one that is in force.
    let begun = App::scan(&office.accounts.begin_enrolment(anna, NOW).unwrap());
    let enrolling = store::read(store, |r| r.enrolling(anna)).unwrap().unwrap();
    put(anna, &SecondFactor { secret: enrolling.secret, ..annas });
    tampered(anna, &begun.shows(NOW + 30), NOW + 30);
}

/// CVE-2026-27801
#[test]
fn s2_s5_guessing_at_codes_is_stopped_on_a_count_of_its_own() {
    let office = Office::new();
    let anna = office.anna();
    let (app, codes) = enrol(&office.accounts, anna, NOW);
    let login = "anna/ufficio@pec.example.it";
    let entry =
        AppPasswordEntry { login: name("anna").login(), label: "mutt".into(), scope: Scope::ALL, valid_secs: 86_400 };
    let app_password = office.accounts.create_app_password(Actor::Operator, entry, NOW).unwrap().0.shown();
    office.mailed(NOW);
    let mut now = NOW + 60;
    for n in 0..4 {
        assert_eq!(office.check(anna, &app.never_shows(now, n), now), CodeVerdict::Wrong);
    }
    // Whoever has a password does not begin anew by it.
    assert_eq!(office.fixture.refuse(login, "wrong", CLIENT), Refusal::WrongPassword);
    office.fixture.admit(login, app_password.expose_secret(), CLIENT);
    assert_eq!(office.check(anna, &app.never_shows(now, 4), now), CodeVerdict::Wrong);
    assert_eq!(office.check(anna, &app.shows(now), now), CodeVerdict::Closed, "with any code");
    assert_eq!(office.check(anna, &codes.0[0], now + 59), CodeVerdict::Closed);
    assert_eq!(rule(office.accounts.remove_two_factor(anna, &app.shows(now), at(now))), Rule::TooManyCodes);
    assert_eq!(office.accounts.closed(now * 1000, 10).unwrap()[0].who, format!("{login} code"));
    office.fixture.admit(login, app_password.expose_secret(), CLIENT);

    now += 60;
    assert_eq!(office.check(anna, &app.shows(now), now), CodeVerdict::Right, "and it is forgotten");
    for n in 0..4 {
        assert_eq!(office.check(anna, &app.never_shows(now, n), now), CodeVerdict::Wrong);
    }
    assert_eq!(office.check(anna, &codes.0[0], now), CodeVerdict::Recovery { left: 9 }, "by a recovery code too");

    assert_eq!(office.kinds(now), [("anna@example.it".to_owned(), "recovery-code-used")]);
    for n in 0..11 {
        let closed = office.accounts.closed(now * 1000, 1).unwrap().pop();
        now = closed.map_or(now, |closed| closed.until_ms / 1000 + 1);
        assert_eq!(office.check(anna, &app.never_shows(now, n), now), CodeVerdict::Wrong, "{n}");
    }
    assert_eq!(office.kinds(now), [("anna@example.it".to_owned(), "codes-guessed")]);
    assert_eq!(office.check(anna, &app.shows(now), now), CodeVerdict::Closed);
    for named in [login.to_owned(), format!("{login} code")] {
        office.accounts.release(&named).unwrap();
        assert_eq!(office.check(anna, &app.shows(now), now), CodeVerdict::Right, "{named}");
        assert_eq!(rule(office.accounts.release(&named)), Rule::NotClosed(named));
        now += 30;
        for n in 0..5 {
            assert_eq!(office.check(anna, &app.never_shows(now, n), now), CodeVerdict::Wrong);
        }
    }
}

#[test]
fn s2_s5_what_counts_as_a_guess() {
    let office = Office::new();
    let anna = office.anna();
    let (app, _) = enrol(&office.accounts, anna, NOW);
    let now = NOW + 60;
    let used = app.shows(now);
    assert_eq!(office.check(anna, &used, now), CodeVerdict::Right);
    // Two windows of one program show one code, and a finger slips.
    for _ in 0..20 {
        assert_eq!(office.check(anna, &used, now), CodeVerdict::Wrong);
        assert_eq!(office.check(anna, &secret(""), now), CodeVerdict::Wrong);
        assert_eq!(office.check(anna, &app.never_shows(now, 1), now), CodeVerdict::Wrong);
    }
    assert_eq!(office.accounts.closed(now * 1000, 1).unwrap(), []);
    // One code again and again is right one day: each step is another guess.
    for step in 1..=4 {
        let _ = office.check(anna, &app.never_shows(now, 1), now + step * 90);
    }
    assert_eq!(office.check(anna, &app.shows(now + 360), now + 360), CodeVerdict::Closed);
}

#[test]
fn s2_a_second_factor_is_replaced_by_whoever_has_it() {
    let office = Office::new();
    let anna = office.anna();
    let (old, codes) = enrol(&office.accounts, anna, NOW);
    let later = NOW + 60;
    let new = App::scan(&office.accounts.begin_enrolment(anna, later).unwrap());
    let confirm = |present: Option<&SecretString>| {
        office.accounts.confirm_enrolment(anna, &new.shows(later), present, at(later)).map(|codes| codes.0)
    };
    assert_eq!(rule(confirm(None)), Rule::HasTwoFactor);
    assert_eq!(rule(confirm(Some(&new.shows(later)))), Rule::WrongCode);
    assert_eq!(office.check(anna, &old.shows(later), later), CodeVerdict::Right, "the old one is in force still");
    let renewed = confirm(Some(&codes.0[0])).unwrap();
    assert_eq!(office.check(anna, &old.shows(later + 30), later + 30), CodeVerdict::Wrong);
    assert_eq!(office.check(anna, &new.shows(later + 30), later + 30), CodeVerdict::Right);
    assert_eq!(office.check(anna, &codes.0[1], later), CodeVerdict::Wrong, "its recovery codes are gone with it");
    assert_eq!(office.check(anna, &renewed[0], later), CodeVerdict::Recovery { left: 9 });
    // Guesses at the present one count, though nothing comes of the enrolment.
    office.accounts.begin_enrolment(anna, later).map(drop).unwrap();
    let newer = App::scan(&office.accounts.enrolment(anna, later).unwrap());
    for n in 0..6 {
        let present = new.never_shows(later, n);
        let refused = office.accounts.confirm_enrolment(anna, &newer.shows(later), Some(&present), at(later));
        let expected = if n < 4 { Rule::WrongCode } else { Rule::TooManyCodes };
        if n != 4 {
            assert_eq!(rule(refused), expected, "{n}");
        }
    }
}

/// X2: the owner's decision binds sessions that are open.
#[test]
fn s2_when_the_owner_has_it_delegates_without_it_do_nothing_more() {
    let office = Office::new();
    let token = office.invite("bruno", NOW);
    office.accept(&token, NOW).unwrap();
    let account = |username| {
        let found = office.accounts.show_delegate(Actor::Operator, &name(username), NOW).unwrap().delegate;
        AccountRef::Delegate(found.mailbox, found.id, found.password)
    };
    enrol(&office.accounts, account("bruno").id(), NOW);
    let (anna, bruno) = (account("anna"), account("bruno"));
    let owner = AccountRef::Owner(office.fixture.mailbox(), PasswordVersion(0));
    let standing = |who, door| office.accounts.standing(who, door).unwrap();
    assert!(matches!(standing(anna, CLIENT), Standing::In(_)));
    office.mailed(NOW);

    let marker = office.accounts.change_marker().unwrap();
    let (owners_app, _) = enrol(&office.accounts, owner.id(), NOW);
    assert_ne!(office.accounts.change_marker().unwrap(), marker, "open sessions are looked at again");
    for door in [CLIENT, POP3, WEBMAIL] {
        assert_eq!(standing(anna, door), Standing::Out(Refusal::MustEnrol));
        assert_eq!(standing(owner, door), Standing::Out(Refusal::PasswordChanged));
    }
    assert!(matches!(standing(bruno, CLIENT), Standing::In(_)), "who has it stays");
    assert_eq!(office.fixture.refuse("anna/ufficio@pec.example.it", Fixture::ANNAS, WEBMAIL), Refusal::MustEnrol);
    let told =
        [("carla@example.it".to_owned(), "two-factor-on"), ("anna@example.it".to_owned(), "two-factor-required")];
    assert_eq!(office.kinds(NOW), told);

    // Nor on the panel.
    let looks = |who| office.accounts.show_delegate(Actor::Account(who), &name("anna"), NOW).map(drop);
    assert!(matches!(rule(looks(anna)), Rule::NoRight { .. }));
    assert!(office.accounts.two_factor(anna.id()).unwrap().required);

    // But to set it up, and then they are back.
    let (app, _) = enrol(&office.accounts, anna.id(), NOW);
    assert!(matches!(standing(account("anna"), WEBMAIL), Standing::In(_)));
    looks(account("anna")).unwrap();
    let remove = |who: AccountId, code| office.accounts.remove_two_factor(who, &code, at(NOW + 30));
    let needed = Rule::TwoFactorRequired(office.fixture.address());
    assert_eq!(rule(remove(anna.id(), app.shows(NOW + 30))), needed);

    // Who is invited now hears of it in the mail that says that they are in (N2), and who was suspended when they resume.
    let carlo = office.accounts.invite(Actor::Operator, invitee("carlo", "client"), NOW);
    carlo.unwrap();
    let token = office.mailed(NOW).pop().unwrap().2.unwrap();
    office.accept(&token, NOW).unwrap();
    assert!(office.kinds(NOW).iter().any(|(_, kind)| *kind == "activated-two-factor"));
    for (what, told) in
        [(Suspension::Suspend, &["suspended"][..]), (Suspension::Resume, &["resumed", "two-factor-required"])]
    {
        office.accounts.suspend(Actor::Operator, &name("carlo"), what, NOW).unwrap();
        assert_eq!(office.kinds(NOW).iter().map(|(_, kind)| *kind).collect::<Vec<_>>(), told);
    }

    remove(owner.id(), owners_app.shows(NOW + 30)).unwrap();
    assert!(!office.accounts.two_factor(anna.id()).unwrap().required);
    remove(anna.id(), app.shows(NOW + 30)).unwrap();
    let off = |address: &str| (address.to_owned(), "two-factor-off");
    assert_eq!(office.kinds(NOW + 30), [off("carla@example.it"), off("anna@example.it")]);
    office.fixture.admit("carlo/ufficio@pec.example.it", GOOD, CLIENT);
}

#[test]
fn s2_an_owner_needs_something_that_opens_the_mailbox_upstream() {
    let office = Office::new();
    let owner = office.owners_account();
    let begin = || office.accounts.begin_enrolment(owner, NOW).map(drop);
    begin().unwrap();
    let store = office.accounts.store.as_ref();
    store::change(store, |w| w.set_sealed_password(office.fixture.mailbox(), None)).unwrap();
    let missing = Rule::TwoFactorNeedsPassword(office.fixture.address());
    assert_eq!(rule(begin()), missing);
    let app = App::scan(&office.accounts.enrolment(owner, NOW).unwrap());
    let confirm = || office.accounts.confirm_enrolment(owner, &app.shows(NOW), None, at(NOW)).map(|codes| codes.0);
    assert_eq!(rule(confirm()), missing, "gone in between");
    let mastered = MailboxChange { upstream: Some("mastered".into()), ..MailboxChange::default() };
    office.accounts.set_mailbox(&office.fixture.address(), mastered, NOW).unwrap();
    confirm().unwrap();
}

#[test]
fn s2_who_has_lost_theirs_has_it_taken_away() {
    let office = Office::new();
    let anna = office.fixture.anna();
    let token = office.invite("bruno", NOW);
    office.accept(&token, NOW).unwrap();
    let bruno = office.accounts.show_delegate(Actor::Operator, &name("bruno"), NOW).unwrap().delegate;
    let bruno = Actor::Account(AccountRef::Delegate(bruno.mailbox, bruno.id, bruno.password));
    let owner = Actor::Account(AccountRef::Owner(anna.mailbox(), PasswordVersion(0)));
    let reset = |actor| office.accounts.reset_two_factor(actor, &name("anna"), NOW).map(drop);
    assert_eq!(rule(reset(owner)), Rule::NoTwoFactor);
    for (actor, kind) in [(owner, "two-factor-off-by-administrator"), (Actor::Operator, "two-factor-off-by-operator")] {
        let (app, codes) = enrol(&office.accounts, anna.id(), NOW);
        for n in 0..5 {
            let _ = office.check(anna.id(), &app.never_shows(NOW, n), NOW);
        }
        let before = office.fixture.anna();
        assert!(matches!(office.accounts.standing(before, CLIENT).unwrap(), Standing::In(_)));
        office.mailed(NOW);
        assert!(matches!(rule(reset(bruno)), Rule::NoRight { .. }));
        reset(actor).unwrap();
        assert_eq!(office.accounts.standing(before, CLIENT).unwrap(), Standing::Out(Refusal::PasswordChanged));
        assert_eq!(office.kinds(NOW), [("anna@example.it".to_owned(), kind)]);
        // Nothing of the old one is left.
        let (_, _) = enrol(&office.accounts, anna.id(), NOW);
        assert_eq!(office.check(anna.id(), &codes.0[0], NOW), CodeVerdict::Wrong);
        reset(actor).unwrap();
        office.mailed(NOW);
    }
    let (_, codes) = enrol(&office.accounts, office.owners_account(), NOW);
    assert_eq!(office.check(office.owners_account(), &codes.0[0], NOW), CodeVerdict::Recovery { left: 9 });
    office.accounts.reset_two_factor_of(office.owners_account(), NOW).unwrap();
    assert_eq!(office.accounts.two_factor(office.owners_account()).unwrap().since_secs, None);
}
