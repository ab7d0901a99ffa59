//! Invitations, resets, seats and who may do what, with the clock moved by hand.
#![allow(clippy::unwrap_used)]

pub(super) use super::fixture::Office;
use super::fixture::{CLIENT, Fixture, KNOCK, NOW, entry, secret};
use super::*;
use crate::domain::{
    Delegate, DelegateState, INVITATION_SECS, Language, MailboxAddress, Notice, PasswordVersion, Permission,
    Permissions, Person, Plan, Protocols,
};

pub(super) const GOOD: &str = "correct horse battery staple";
const BRUNO: &str = "bruno/ufficio@pec.example.it";
pub(super) const DAY: i64 = 24 * 60 * 60;

pub(super) fn name(username: &str) -> DelegateName {
    DelegateName { address: "ufficio@pec.example.it".parse().unwrap(), username: username.parse().unwrap() }
}

pub(super) fn invitee(username: &str, permissions: &str) -> Invitee {
    Invitee {
        name: name(username),
        person: Person {
            first_name: "Bruno".into(),
            last_name: "Neri".into(),
            email: "bruno@example.it".into(),
            phone: None,
        },
        language: Some(Language::English),
        message: Some("Ciao,\r\nti aspetto".into()),
        permissions: Permissions::parse(permissions, Profile::Nested).unwrap(),
        protocols: Protocols::default(),
    }
}

pub(super) fn rule<T: std::fmt::Debug>(outcome: Result<T, AccountsError>) -> Rule {
    match outcome {
        Err(AccountsError::Refused(rule)) => rule,
        other => panic!("{other:?}"),
    }
}

impl Office {
    pub(super) fn invite(&self, username: &str, now: i64) -> Token {
        self.accounts.invite(Actor::Operator, invitee(username, "client"), now).unwrap();
        self.mailed(now).pop().unwrap().2.unwrap()
    }

    pub(super) fn accept(&self, token: &Token, now: i64) -> Result<DelegateView, AccountsError> {
        self.accounts.accept_invitation(token, &secret(GOOD), now)
    }

    pub(super) fn state(&self, username: &str, now: i64) -> DelegateState {
        self.accounts.show_delegate(Actor::Operator, &name(username), now).unwrap().delegate.state
    }

    pub(super) fn delegate(&self, username: &str) -> Delegate {
        self.accounts.show_delegate(Actor::Operator, &name(username), NOW).unwrap().delegate
    }

    fn let_in(&self, login: &str, password: &str) -> bool {
        matches!(self.accounts.authenticate(login, &secret(password), CLIENT, KNOCK).unwrap(), Verdict::Admitted(_))
    }

    pub(super) fn set(&self, change: MailboxChange, now: i64) -> Result<MailboxView, AccountsError> {
        self.accounts.set_mailbox(&self.fixture.address(), change, now)
    }
}

pub(super) fn owner_of(office: &Office) -> Actor {
    Actor::Account(AccountRef::Owner(office.fixture.mailbox(), PasswordVersion(0)))
}

/// A delegate who has come in with the password that they have now.
pub(super) fn delegate_of(office: &Office, username: &str) -> Actor {
    let found = office.delegate(username);
    Actor::Account(AccountRef::Delegate(found.mailbox, found.id, found.password))
}

#[test]
fn d2_an_invitation_leads_to_an_active_delegate_once() {
    let office = Office::new();
    let view = office.accounts.invite(owner_of(&office), invitee("bruno", "client"), NOW).unwrap();
    assert_eq!((view.delegate.state, view.delegate.invited_until_secs), (DelegateState::Pending, Some(NOW + 7 * DAY)));
    assert!(!office.let_in(BRUNO, GOOD), "let in before the answer");
    let mailed = office.mailed(NOW);
    let [(recipient, "invitation", Some(token))] = mailed.as_slice() else { panic!("{mailed:?}") };
    assert_eq!(recipient, "bruno@example.it");
    let invitation = office.accounts.invitation(token, NOW + 1).unwrap();
    assert_eq!((invitation.owner_name.as_str(), invitation.until_secs), ("Carla Bianchi", NOW + 7 * DAY));
    assert_eq!(invitation.delegate.effective.to_string(), "read,write,send,client");
    // Looking changes nothing.
    assert_eq!(office.accounts.invitation(token, NOW + 1).unwrap(), invitation);
    assert_eq!(office.accept(token, NOW + 2).unwrap().delegate.state, DelegateState::Active);
    assert!(office.let_in(BRUNO, GOOD) && !office.let_in(BRUNO, "another password altogether"));
    let told = [("carla@example.it".to_owned(), "accepted"), ("bruno@example.it".to_owned(), "activated")];
    assert_eq!(office.kinds(NOW + 2), told);
    assert_eq!(rule(office.accept(token, NOW + 3)), Rule::LinkGone);
    assert_eq!(rule(office.accounts.refuse_invitation(token, NOW + 3)), Rule::LinkGone);
    assert_eq!(rule(office.accounts.invitation(token, NOW + 3)), Rule::LinkGone);
    assert_eq!(rule(office.accounts.password_link(token, NOW + 3)), Rule::LinkGone);
}

#[test]
fn d1_the_mail_has_the_owners_words_and_the_facts() {
    let office = Office::new();
    office.accounts.invite(Actor::Operator, invitee("bruno", "write"), NOW).unwrap();
    let row = office.accounts.mails(None, 9).unwrap().rows.pop().unwrap();
    let Notice::Invitation { facts, message, until_secs } = row.notice else { panic!("{row:?}") };
    assert_eq!((row.language, message.as_deref()), (Language::English, Some("Ciao,\nti aspetto")));
    assert_eq!((facts.login.to_string().as_str(), facts.first_name.as_str()), (BRUNO, "Bruno"));
    assert_eq!((facts.owner_name.as_str(), until_secs), ("Carla Bianchi", NOW + INVITATION_SECS));
    assert_eq!(facts.grant.permissions.to_string(), "read,write");
}

#[test]
fn the_token_lies_nowhere_in_the_clear() {
    let office = Office::new();
    let token = {
        office.accounts.invite(Actor::Operator, invitee("bruno", "read"), NOW).unwrap();
        office.accounts.begin_mail(NOW * 1000).unwrap().unwrap().token.unwrap()
    };
    let database = office.fixture.database();
    let wal = std::path::PathBuf::from(format!("{}-wal", database.display()));
    for file in [database, wal] {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(token.expose().len()).any(|part| part == token.expose().as_bytes());
        assert!(!found, "{}", file.display());
    }
}

#[test]
fn d3_after_seven_days_it_is_rejected_by_itself_and_the_owner_is_told_once() {
    let office = Office::new();
    let token = office.invite("bruno", NOW);
    let (last, past) = (NOW + 7 * DAY - 1, NOW + 7 * DAY);
    assert!(office.accounts.invitation(&token, last).is_ok());
    assert_eq!(office.state("bruno", last), DelegateState::Pending);
    assert_eq!(office.state("bruno", past), DelegateState::Rejected, "whoever looks, before anybody wrote it down");
    assert_eq!(rule(office.accept(&token, past)), Rule::LinkGone);
    let view = office.accounts.show_mailbox(Actor::Operator, &office.fixture.address(), past).unwrap();
    assert_eq!((view.delegates_waiting, view.seats.taken), (0, 1));
    office.accounts.settle(last).unwrap();
    assert_eq!(office.kinds(last), []);
    for _ in 0..2 {
        office.accounts.settle(past).unwrap();
    }
    assert_eq!(office.kinds(past), [("carla@example.it".to_owned(), "expired")]);
    // The name is free again, and the new one is another person.
    let before = office.delegate("bruno").id;
    let again = office.invite("bruno", past);
    assert_ne!(office.delegate("bruno").id, before);
    office.accept(&again, past + 1).unwrap();
    assert_eq!(rule(office.accept(&token, past + 1)), Rule::LinkGone);
}

#[test]
fn a_lapsed_invitation_is_written_down_by_the_next_change_too() {
    let office = Office::new();
    office.invite("bruno", NOW);
    let past = NOW + 7 * DAY;
    office.accounts.reinvite(Actor::Operator, &name("bruno"), None, past).unwrap();
    let told = office.kinds(past);
    assert!(told.contains(&("carla@example.it".to_owned(), "expired")), "{told:?}");
    assert_eq!(office.state("bruno", past + 7 * DAY - 1), DelegateState::Pending);
}

#[test]
fn d6_the_invitee_may_refuse_and_the_owner_invite_again() {
    let office = Office::new();
    let token = office.invite("bruno", NOW);
    office.accounts.refuse_invitation(&token, NOW + 1).unwrap();
    assert_eq!(office.kinds(NOW + 1), [("carla@example.it".to_owned(), "refused")]);
    assert_eq!(rule(office.accept(&token, NOW + 1)), Rule::LinkGone);
    assert_eq!(office.state("bruno", NOW + 1), DelegateState::Rejected);
    let again = office.accounts.reinvite(owner_of(&office), &name("bruno"), Some("dai"), NOW + 2).unwrap();
    assert_eq!(again.effective.to_string(), "read,write,send,client");
    let token = office.mailed(NOW + 2).pop().unwrap().2.unwrap();
    office.accept(&token, NOW + 3).unwrap();
    assert!(office.let_in(BRUNO, GOOD));
}

#[test]
fn d4_an_invitation_can_be_withdrawn() {
    let office = Office::new();
    let token = office.invite("bruno", NOW);
    office.accounts.reject(Actor::Operator, &name("bruno"), NOW + 1).unwrap();
    assert_eq!(office.kinds(NOW + 1), [("bruno@example.it".to_owned(), "invitation-withdrawn")]);
    assert_eq!(rule(office.accept(&token, NOW + 2)), Rule::LinkGone);
    let again = office.accounts.reject(Actor::Operator, &name("bruno"), NOW + 2);
    assert!(matches!(rule(again), Rule::NotInState { state: DelegateState::Rejected, .. }));
}

#[test]
fn of_two_who_answer_at_once_one_does() {
    let office = Office::new();
    for round in 0..3 {
        let username = format!("bruno{round}");
        let token = office.invite(&username, NOW);
        let other = office.fixture.reopened(Profile::Nested).with_mails(true);
        let start = std::sync::Barrier::new(3);
        let answered = std::thread::scope(|threads| {
            let answer = |accounts: &Accounts, refuse: bool| {
                start.wait();
                match refuse {
                    true => accounts.refuse_invitation(&token, NOW + 1).is_ok(),
                    false => accounts.accept_invitation(&token, &secret(GOOD), NOW + 1).is_ok(),
                }
            };
            let all = [(&office.accounts, false), (&other, false), (&other, true)];
            let threads = all.map(|(accounts, refuse)| threads.spawn(move || answer(accounts, refuse)));
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(answered.iter().filter(|done| **done).count(), 1, "{answered:?}");
        office.accounts.delete_delegate(Actor::Operator, &name(&username), NOW + 2).unwrap();
    }
}

#[test]
fn d2_a_password_must_not_be_easily_guessed() {
    let office = Office::new();
    let token = office.invite("bruno", NOW);
    for (password, expected) in [
        ("", Rule::PasswordEmpty),
        ("short", Rule::PasswordTooShort),
        ("password123", Rule::PasswordWeak),
        ("brunoneri1", Rule::PasswordWeak),
        ("ufficio@pec.example.it", Rule::PasswordWeak),
        ("a\tb tab in the middle", Rule::PasswordControl),
    ] {
        let outcome = office.accounts.accept_invitation(&token, &secret(password), NOW + 1);
        assert_eq!(rule(outcome), expected, "{password}");
    }
    assert_eq!(office.state("bruno", NOW + 1), DelegateState::Pending, "a refused password uses the link up");
    let long = format!("{GOOD} {}", "x".repeat(900));
    office.accounts.accept_invitation(&token, &secret(&long), NOW + 1).unwrap();
    assert!(office.let_in(BRUNO, &long));
}

#[test]
fn without_a_relay_nobody_is_invited() {
    let fixture = Fixture::new();
    let outcome = fixture.accounts.invite(Actor::Operator, invitee("bruno", "read"), NOW);
    assert_eq!(rule(outcome), Rule::NoMail);
    assert_eq!(
        fixture.accounts.delegates(Actor::Operator, &fixture.address(), NOW).unwrap().len(),
        1,
        "half of it was kept"
    );
    assert_eq!(rule(fixture.accounts.reset_password(Actor::Operator, &name("anna"), NOW)), Rule::NoMail);
    fixture.admit("anna/ufficio@pec.example.it", Fixture::ANNAS, CLIENT);
    assert_eq!(fixture.accounts.mails(None, 9).unwrap().rows, []);
}

#[test]
fn d7_reset_by_the_owner_locks_out_until_a_new_password_is_set() {
    let office = Office::new();
    let anna = "anna/ufficio@pec.example.it";
    assert!(office.let_in(anna, Fixture::ANNAS));
    office.accounts.reset_password(owner_of(&office), &name("anna"), NOW).unwrap();
    assert!(!office.let_in(anna, Fixture::ANNAS));
    let standing = office.accounts.standing(office.fixture.anna(), CLIENT).unwrap();
    assert_eq!(standing, Standing::Out(Refusal::PasswordChanged));
    let first = office.mailed(NOW).pop().unwrap().2.unwrap();
    // A second one takes the first one's place.
    office.accounts.reset_password(owner_of(&office), &name("anna"), NOW + 1).unwrap();
    let second = office.mailed(NOW + 1).pop().unwrap().2.unwrap();
    assert_eq!(rule(office.accounts.set_password(&first, &secret(GOOD), NOW + 2)), Rule::LinkGone);
    assert_eq!(office.accounts.password_link(&second, NOW + 2).unwrap().login().to_string(), anna);
    assert_eq!(rule(office.accounts.set_password(&second, &secret(GOOD), NOW + 1 + DAY)), Rule::LinkGone);
    office.accounts.set_password(&second, &secret(GOOD), NOW + DAY).unwrap();
    assert!(office.let_in(anna, GOOD) && !office.let_in(anna, Fixture::ANNAS));
    assert_eq!(office.kinds(NOW + DAY), [("anna@example.it".to_owned(), "password-changed")]);
    assert_eq!(rule(office.accounts.set_password(&second, &secret(GOOD), NOW + DAY)), Rule::LinkGone);
}

#[test]
fn d7_who_forgot_it_gives_the_owners_codice_fiscale() {
    let office = Office::new();
    let (anna, code) = ("anna/ufficio@pec.example.it", "RSSMRA85T10A562S");
    let ask = |login: &str, code: &str, now| office.accounts.forgot_password(login, code, now).unwrap();
    for (login, code) in [
        (anna, "VRDLGI80A01H501W"),
        (anna, ""),
        ("nobody/ufficio@pec.example.it", code),
        ("anna/other@pec.example.it", code),
        ("ufficio@pec.example.it", code),
        ("\r\n", "\0"),
    ] {
        ask(login, code, NOW);
    }
    assert_eq!(office.kinds(NOW), []);
    ask(anna, code, NOW);
    ask(" Anna/Ufficio@PEC.example.it ", "rss mra 85t10 a562s", NOW + 1);
    let mailed = office.mailed(NOW + 1);
    let [(recipient, "password-forgotten", Some(token))] = mailed.as_slice() else { panic!("{mailed:?}") };
    assert_eq!(recipient, "anna@example.it");
    assert!(office.let_in(anna, Fixture::ANNAS), "the old password stays until there is another");
    ask(anna, code, NOW + 15 * 60 - 1);
    assert_eq!(office.kinds(NOW + 15 * 60), [], "one mail at most");
    let before = office.fixture.anna();
    assert!(matches!(office.accounts.standing(before, CLIENT).unwrap(), Standing::In(_)));
    office.accounts.set_password(token, &secret(GOOD), NOW + 2).unwrap();
    assert!(office.let_in(anna, GOOD) && !office.let_in(anna, Fixture::ANNAS));
    // Whoever came in with the old one is out.
    assert_eq!(office.accounts.standing(before, CLIENT).unwrap(), Standing::Out(Refusal::PasswordChanged));
    office.mailed(NOW + 2);
    office.accounts.suspend(Actor::Operator, &name("anna"), Suspension::Suspend, NOW + 3).unwrap();
    office.mailed(NOW + 3);
    ask(anna, code, NOW + DAY);
    assert_eq!(office.kinds(NOW + DAY), [], "a suspended delegate can do nothing");
}

#[test]
fn a_link_for_a_password_works_no_more_once_suspended() {
    let office = Office::new();
    office.accounts.reset_password(Actor::Operator, &name("anna"), NOW).unwrap();
    let token = office.mailed(NOW).pop().unwrap().2.unwrap();
    office.accounts.suspend(Actor::Operator, &name("anna"), Suspension::Suspend, NOW).unwrap();
    assert_eq!(rule(office.accounts.set_password(&token, &secret(GOOD), NOW + 1)), Rule::LinkGone);
    office.accounts.suspend(Actor::Operator, &name("anna"), Suspension::Resume, NOW).unwrap();
    assert!(!office.let_in("anna/ufficio@pec.example.it", Fixture::ANNAS), "re-enabled is not reset");
    office.accounts.set_password(&token, &secret(GOOD), NOW + 1).unwrap();
    assert!(office.let_in("anna/ufficio@pec.example.it", GOOD));
}

#[test]
fn d8_a_revoked_delegate_is_out_and_frees_their_seat() {
    let office = Office::new();
    let anna = office.fixture.anna();
    office.accounts.deactivate(owner_of(&office), &name("anna"), NOW).unwrap();
    assert_eq!(office.accounts.standing(anna, CLIENT).unwrap(), Standing::Out(Refusal::NotActive));
    assert!(!office.let_in("anna/ufficio@pec.example.it", Fixture::ANNAS));
    assert_eq!(office.kinds(NOW), [("anna@example.it".to_owned(), "revoked")]);
    assert_eq!(office.accounts.show_mailbox(Actor::Operator, &office.fixture.address(), NOW).unwrap().seats.taken, 0);
    let taken = rule(office.accounts.invite(Actor::Operator, invitee("anna", "read"), NOW));
    assert!(taken.to_string().contains("delete them first"), "{taken}");
    office.accounts.delete_delegate(owner_of(&office), &name("anna"), NOW).unwrap();
    office.invite("anna", NOW);
}

#[test]
fn d4_only_the_operator_deletes_who_is_active() {
    let office = Office::new();
    let refused = office.accounts.delete_delegate(owner_of(&office), &name("anna"), NOW);
    let Rule::NotInState { possible_in, .. } = rule(refused) else { panic!() };
    assert_eq!(possible_in, [DelegateState::Inactive, DelegateState::Rejected]);
    office.accounts.delete_delegate(Actor::Operator, &name("anna"), NOW).unwrap();
    assert_eq!(office.kinds(NOW), [("anna@example.it".to_owned(), "revoked")]);
}

#[test]
fn d9_no_more_delegates_than_seats() {
    let office = Office::new();
    office.invite("bruno", NOW);
    office.invite("clia", NOW);
    let full = rule(office.accounts.invite(Actor::Operator, invitee("dario", "read"), NOW));
    let text = full.to_string();
    assert!(matches!(full, Rule::NoSeat { seats: 3, taken: 3, packs_left: 30, pack_seats: 5, .. }), "{full:?}");
    assert!(text.contains("Premium gives ufficio@pec.example.it 3 delegates") && text.contains("pack of 5"), "{text}");
    // Suspended and pending ones have a seat, rejected ones have none.
    office.accounts.suspend(Actor::Operator, &name("anna"), Suspension::Suspend, NOW).unwrap();
    assert!(matches!(
        rule(office.accounts.invite(Actor::Operator, invitee("dario", "read"), NOW)),
        Rule::NoSeat { .. }
    ));
    office.accounts.reject(Actor::Operator, &name("bruno"), NOW).unwrap();
    office.invite("dario", NOW);
    assert!(matches!(rule(office.accounts.reinvite(Actor::Operator, &name("bruno"), None, NOW)), Rule::NoSeat { .. }));
    office.set(MailboxChange { packs: Some(1), ..MailboxChange::default() }, NOW).unwrap();
    office.accounts.reinvite(Actor::Operator, &name("bruno"), None, NOW).unwrap();
    let many = MailboxChange { packs: Some(31), ..MailboxChange::default() };
    assert!(matches!(rule(office.set(many, NOW)), Rule::TooManyPacks { most: 30, .. }));
    let unknown = MailboxChange { plan: Some("Gold".parse().unwrap()), ..MailboxChange::default() };
    assert!(matches!(rule(office.set(unknown, NOW)), Rule::UnknownPlan { .. }));
}

#[test]
fn d10_a_lowered_plan_gives_time_and_then_suspends_the_newest() {
    let office = Office::new();
    for (username, at) in [("bruno", NOW + 10), ("clia", NOW + 20)] {
        let token = office.invite(username, at);
        office.accept(&token, at).unwrap();
    }
    office.mailed(NOW + 20);
    let lower = || MailboxChange { plan: Some("pro".parse().unwrap()), ..MailboxChange::default() };
    let at = NOW + 30;
    office.set(lower(), at).unwrap();
    assert_eq!(office.kinds(at), [("carla@example.it".to_owned(), "over-seats")]);
    let end = at + GRACE_SECS;
    let seats = office.accounts.show_mailbox(Actor::Operator, &office.fixture.address(), at).unwrap().seats;
    assert_eq!((seats.all(), seats.taken, seats.grace_until_secs), (1, 3, Some(end)));
    office.accounts.settle(end - 1).unwrap();
    assert_eq!(office.state("clia", end - 1), DelegateState::Active);
    office.accounts.settle(end).unwrap();
    let states = ["anna", "bruno", "clia"].map(|one| office.state(one, end));
    assert_eq!(states, [DelegateState::Active, DelegateState::Suspended, DelegateState::Suspended]);
    let told = office.kinds(end);
    assert_eq!(told.iter().filter(|(_, kind)| *kind == "suspended-over-seats").count(), 2, "{told:?}");
    assert!(told.contains(&("carla@example.it".to_owned(), "seats-enforced")), "{told:?}");
    office.accounts.settle(end + 1).unwrap();
    assert_eq!(office.kinds(end + 1), [], "told twice");
    // Nobody comes back while there are too many; who stays is the owner's choice.
    let resume = |who| office.accounts.suspend(owner_of(&office), &name(who), Suspension::Resume, end + 2);
    assert!(matches!(rule(resume("clia")), Rule::NoSeat { .. }));
    office.accounts.deactivate(owner_of(&office), &name("anna"), end + 2).unwrap();
    office.accounts.deactivate(owner_of(&office), &name("bruno"), end + 2).unwrap();
    assert!(resume("clia").unwrap().changed);
}

#[test]
fn d10_the_operator_sets_the_date_and_a_higher_plan_ends_it() {
    let office = Office::new();
    office.invite("bruno", NOW);
    let date = |at| MailboxChange { grace_until_secs: Some(at), ..MailboxChange::default() };
    assert!(matches!(rule(office.set(date(NOW + 5), NOW)), Rule::NotOverSeats(_)));
    let lower = MailboxChange { plan: Some("Pro".parse().unwrap()), ..date(NOW + 50) };
    office.set(lower, NOW + 1).unwrap();
    office.mailed(NOW + 1);
    let until = |now| {
        office.accounts.show_mailbox(Actor::Operator, &office.fixture.address(), now).unwrap().mailbox.grace_until_secs
    };
    assert_eq!(until(NOW + 1), Some(NOW + 50));
    office.set(date(NOW + 90), NOW + 2).unwrap();
    assert_eq!(until(NOW + 2), Some(NOW + 90));
    // The invitation that is beyond is withdrawn in the end.
    office.accounts.settle(NOW + 90).unwrap();
    assert_eq!(office.state("bruno", NOW + 90), DelegateState::Rejected);
    let higher = MailboxChange { plan: Some("Pro-3".parse().unwrap()), ..MailboxChange::default() };
    office.set(higher, NOW + 91).unwrap();
    assert_eq!(until(NOW + 91), None);
}

#[test]
fn d9_a_plan_that_changes_changes_every_mailbox_that_has_it() {
    let office = Office::new();
    office.invite("bruno", NOW);
    let premium = Plan { name: "premium".parse().unwrap(), seats: 1, pack_seats: 0, most_packs: 0 };
    office.accounts.set_plan(premium.clone(), NOW).unwrap();
    let seats = office.accounts.show_mailbox(Actor::Operator, &office.fixture.address(), NOW).unwrap().seats;
    assert!(seats.over() && seats.grace_until_secs == Some(NOW + GRACE_SECS), "{seats:?}");
    assert!(matches!(rule(office.accounts.remove_plan(&premium.name)), Rule::PlanInUse { mailboxes: 1, .. }));
    let vast = Plan { name: "Vast".parse().unwrap(), seats: 1, pack_seats: 1000, most_packs: 1000 };
    assert_eq!(rule(office.accounts.set_plan(vast, NOW)), Rule::TooManySeats);
    office.accounts.remove_plan(&"Standard".parse().unwrap()).unwrap();
}

/// P5: who has settings manages the others, never themself, never beyond their own.
#[test]
fn p5_a_delegate_with_settings_stays_within_their_own() {
    let office = Office::new();
    let token = {
        office.accounts.invite(Actor::Operator, invitee("bruno", "write,settings"), NOW).unwrap();
        office.mailed(NOW).pop().unwrap().2.unwrap()
    };
    office.accept(&token, NOW).unwrap();
    let (anna, bruno) = (delegate_of(&office, "anna"), delegate_of(&office, "bruno"));
    let grant = |what| PermissionChange { grant: vec![what], ..PermissionChange::default() };
    let change = |actor, who: &str, change| office.accounts.change_permissions(actor, &name(who), change, NOW + 1);
    // Anna has no settings.
    assert!(matches!(rule(change(anna, "bruno", grant(Permission::Send))), Rule::NoRight { .. }));
    assert!(
        matches!(rule(change(anna, "nobody", grant(Permission::Send))), Rule::NoRight { .. }),
        "tells who there is"
    );
    // Bruno has, and not for himself.
    assert!(matches!(rule(change(bruno, "bruno", grant(Permission::Send))), Rule::NoRight { .. }));
    let suspend = |who| office.accounts.suspend(bruno, &name(who), Suspension::Suspend, NOW + 1);
    assert!(matches!(rule(suspend("bruno")), Rule::NoRight { .. }));
    // Anna has more than he; what he takes he cannot give back.
    let read = PermissionChange { replace: Some(Permissions::READ), ..PermissionChange::default() };
    change(bruno, "anna", read).unwrap();
    assert_eq!(rule(change(bruno, "anna", grant(Permission::Send))), Rule::GivesMoreThanOwn { what: "send" });
    change(bruno, "anna", grant(Permission::Write)).unwrap();
    let invite = |permissions| office.accounts.invite(bruno, invitee("clia", permissions), NOW + 1);
    assert!(matches!(rule(invite("send")), Rule::GivesMoreThanOwn { .. }));
    invite("write").unwrap();
    // Nor does he manage anything once he is out himself.
    office.accounts.reset_password(Actor::Operator, &name("bruno"), NOW + 2).unwrap();
    assert!(matches!(rule(change(bruno, "anna", grant(Permission::Write))), Rule::NoRight { .. }));
}

#[test]
fn m3_a_postmaster_acts_within_their_domain() {
    let office = Office::new();
    office.accounts.add_mailbox(entry("altro@pec.example.org"), NOW).unwrap();
    let add = |domain: &str| {
        let entry = PostmasterEntry {
            domain: domain.parse().unwrap(),
            email: "Posta@Example.it".into(),
            name: "Ufficio posta".into(),
            phone: None,
            language: Language::Italian,
        };
        Actor::Postmaster(office.accounts.add_postmaster(entry, NOW).unwrap().id)
    };
    let (here, elsewhere) = (add("pec.example.it"), add("pec.example.org"));
    office.accounts.invite(here, invitee("bruno", "client,settings"), NOW).unwrap();
    assert!(matches!(rule(office.accounts.invite(elsewhere, invitee("clia", "read"), NOW)), Rule::NoRight { .. }));
    let seen = |actor| {
        let views = office.accounts.mailboxes(actor, NOW).unwrap().into_iter();
        views.map(|view| (view.mailbox.address.to_string(), view.delegates_active, view.delegates_waiting)).collect()
    };
    let here_seen: Vec<_> = seen(here);
    assert_eq!(here_seen, [("ufficio@pec.example.it".to_owned(), 1, 1)]);
    let owners: Vec<_> = seen(owner_of(&office));
    assert_eq!(owners, here_seen);
    let nobodys: Vec<_> = seen(delegate_of(&office, "anna"));
    assert_eq!(nobodys, []);
    office.accounts.remove_postmaster(&"pec.example.it".parse().unwrap(), "posta@example.it").unwrap();
    assert!(matches!(rule(office.accounts.reject(here, &name("bruno"), NOW)), Rule::NoRight { .. }));
}

#[test]
fn m2_multi_user_has_two_preconditions() {
    let office = Office::new();
    let address: MailboxAddress = office.fixture.address();
    let switch = |actor, on| office.accounts.set_multi_user(actor, &address, on, NOW);
    assert!(matches!(rule(switch(Actor::Operator, false)), Rule::HasCollaborations { count: 1, .. }));
    assert!(matches!(rule(switch(owner_of(&office), false)), Rule::NoRight { .. }));
    office.accounts.deactivate(Actor::Operator, &name("anna"), NOW).unwrap();
    switch(Actor::Operator, false).unwrap();
    assert!(matches!(
        rule(office.accounts.invite(Actor::Operator, invitee("bruno", "read"), NOW)),
        Rule::NotMultiUser(_)
    ));
    let option = |on| MailboxChange { password_management: Some(on), ..MailboxChange::default() };
    office.set(option(false), NOW).unwrap();
    assert!(matches!(rule(switch(Actor::Operator, true)), Rule::NeedsPasswordManagement(_)));
    office.set(option(true), NOW).unwrap();
    switch(Actor::Operator, true).unwrap();
    assert!(matches!(rule(office.set(option(false), NOW)), Rule::NeedsPasswordManagement(_)));
    office.invite("bruno", NOW);
}

#[test]
fn n4_changes_are_told_in_their_order_and_only_where_something_changed() {
    let office = Office::new();
    let grant = |what| PermissionChange { grant: vec![what], ..PermissionChange::default() };
    office.accounts.change_permissions(Actor::Operator, &name("anna"), grant(Permission::Read), NOW).unwrap();
    office.accounts.change_permissions(Actor::Operator, &name("anna"), grant(Permission::Settings), NOW).unwrap();
    for what in [Suspension::Suspend, Suspension::Suspend, Suspension::Resume] {
        office.accounts.suspend(Actor::Operator, &name("anna"), what, NOW).unwrap();
    }
    let kinds: Vec<_> = office.mailed(NOW).into_iter().map(|(_, kind, _)| kind).collect();
    assert_eq!(kinds, ["permissions-changed", "suspended", "resumed"]);
}

#[test]
fn a_mailbox_that_is_removed_tells_its_delegates() {
    let office = Office::new();
    office.invite("bruno", NOW);
    office.accounts.remove_mailbox(&office.fixture.address(), true, NOW).unwrap();
    let told = [("anna@example.it".to_owned(), "revoked"), ("bruno@example.it".to_owned(), "invitation-withdrawn")];
    assert_eq!(office.kinds(NOW), told);
}
