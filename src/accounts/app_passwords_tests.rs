//! App passwords with the clock moved by hand.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::accounts::fixture::{CLIENT, Fixture, NOW, Office, POP3, SUBMISSION, WEBMAIL, anna};
use crate::accounts::passwords::RUNS;
use crate::accounts::{AccountRef, Knock, MailboxChange, Refusal, Standing, Verdict};
use crate::domain::{Door, PasswordVersion};

const DAY: i64 = 24 * 60 * 60;
const ANNA: &str = "anna/ufficio@pec.example.it";

impl Office {
    /// The owner, as they stand now.
    fn owner_account(&self) -> AccountRef {
        let view = self.accounts.show_mailbox(Actor::Operator, &self.fixture.address(), NOW).unwrap();
        AccountRef::Owner(view.mailbox.id, view.mailbox.owner_password)
    }

    fn owner(&self) -> Actor {
        Actor::Account(self.owner_account())
    }

    fn makes(&self, actor: Actor, label: &str, scope: &str) -> Result<String, AccountsError> {
        let entry = AppPasswordEntry {
            login: anna().name.login(),
            label: label.into(),
            scope: scope.parse().unwrap(),
            valid_secs: APP_PASSWORD_SECS,
        };
        let (secret, _) = self.accounts.create_app_password(actor, entry, NOW)?;
        Ok(secret.shown().expose_secret().to_owned())
    }

    fn tries(&self, password: &str, door: Door, at_secs: i64) -> Result<AccountRef, Refusal> {
        let knock = Knock { from: "192.0.2.1".parse().unwrap(), at_ms: at_secs * 1000 };
        match self.accounts.authenticate(ANNA, &password.to_owned().into(), door, knock).unwrap() {
            Verdict::Admitted(entry) => Ok(entry.account),
            Verdict::Refused(why) => Err(why),
            Verdict::Unjudged(_) => panic!("for the mail server to judge"),
        }
    }
}

fn rule<T: fmt::Debug>(outcome: Result<T, AccountsError>) -> Rule {
    match outcome {
        Err(AccountsError::Refused(rule)) => rule,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_app_password_is_long_easy_to_type_and_not_printed() {
    let secret = AppSecret::random().unwrap();
    let shown = secret.shown().expose_secret().to_owned();
    let groups: Vec<usize> = shown.split('-').map(str::len).collect();
    assert_eq!(groups, [5, 5, 5, 5]);
    assert!(!format!("{secret:?}").contains(&shown[..5]));
    let same = |text: &str| text.parse::<AppSecret>().unwrap().0.expose_secret() == secret.0.expose_secret();
    assert!(
        same(&shown) && same(&shown.to_uppercase()) && same(&shown.replace('-', "")) && same(&format!(" {shown} "))
    );
    assert!(same(&shown.replace('0', "O").replace('1', "l")));
    for text in ["", "password", &shown[1..], &format!("{shown}a"), &shown.replace(&shown[..1], "u"), &"è".repeat(20)]
    {
        assert!(text.parse::<AppSecret>().is_err(), "{text}");
    }
}

#[test]
fn s3_it_opens_its_protocols_for_mail_programs_without_argon2() {
    let office = Office::new();
    let password = office.makes(office.owner(), "Thunderbird", "imap,submission").unwrap();
    let before = RUNS.get();
    assert!(office.tries(&password, CLIENT, NOW).is_ok());
    assert!(office.tries(&password.to_uppercase().replace('-', " "), SUBMISSION, NOW).is_ok());
    assert_eq!(RUNS.get(), before, "argon2 was run");
    assert_eq!(office.tries(&password, WEBMAIL, NOW), Err(Refusal::WrongPassword));
    assert_eq!(office.tries(&password, POP3, NOW), Err(Refusal::WrongPassword));
    assert_eq!(RUNS.get(), before + 2);
    // Anna's own goes on to work.
    assert!(office.tries(Fixture::ANNAS, CLIENT, NOW).is_ok());
}

#[test]
fn s3_it_opens_what_the_permissions_open_and_no_more() {
    let office = Office::new();
    let password = office.makes(office.owner(), "Fetchmail", "pop3").unwrap();
    assert_eq!(office.tries(&password, POP3, NOW), Err(Refusal::NoProtocol), "Anna has IMAP alone");
    let of_anna = office.makes(office.owner(), "Thunderbird", "imap").unwrap();
    let suspend = crate::accounts::Suspension::Suspend;
    office.accounts.suspend(Actor::Operator, &anna().name, suspend, NOW).unwrap();
    assert_eq!(office.tries(&of_anna, CLIENT, NOW), Err(Refusal::Suspended));
}

#[test]
fn s3_it_ends_after_ninety_days_and_can_be_extended() {
    let office = Office::new();
    let password = office.makes(office.owner(), "Thunderbird", "imap").unwrap();
    office.kinds(NOW);
    let end = NOW + 90 * DAY;
    let account = office.tries(&password, CLIENT, end - 1).unwrap();
    assert_eq!(office.tries(&password, CLIENT, end), Err(Refusal::WrongPassword));
    let mut told = Vec::new();
    for day in 70..92 {
        office.accounts.settle(NOW + day * DAY).unwrap();
        told.extend(office.kinds(NOW + day * DAY).into_iter().map(|(_, kind)| (90 - day, kind)));
    }
    assert_eq!(told, [14, 3, 1].map(|days| (days, "app-password-ends")));
    let standing = office.accounts.standing(account, CLIENT).unwrap();
    assert_eq!(standing, Standing::Out(Refusal::PasswordChanged), "its sessions go on");
    let extended = office
        .accounts
        .extend_app_password(office.owner(), &anna().name.login(), "Thunderbird", 10 * DAY, end + DAY)
        .unwrap();
    assert_eq!(extended.expires_at_secs, end + 11 * DAY);
    assert!(office.tries(&password, CLIENT, end + 2 * DAY).is_ok());
    for days in [0, -1, 3651] {
        let outcome =
            office.accounts.extend_app_password(office.owner(), &anna().name.login(), "Thunderbird", days * DAY, NOW);
        assert_eq!(rule(outcome), Rule::AppPasswordTooLong);
    }
}

#[test]
fn x14_revoked_it_opens_nothing_and_its_sessions_end() {
    let office = Office::new();
    let [one, two] = ["Outlook", "Telefono"].map(|label| office.makes(office.owner(), label, "imap").unwrap());
    let account = office.tries(&one, CLIENT, NOW).unwrap();
    office.accounts.revoke_app_password(office.owner(), &anna().name.login(), " Outlook ", NOW).unwrap();
    assert_eq!(office.tries(&one, CLIENT, NOW), Err(Refusal::WrongPassword));
    assert_eq!(office.accounts.standing(account, CLIENT).unwrap(), Standing::Out(Refusal::PasswordChanged));
    assert!(office.tries(&two, CLIENT, NOW).is_ok());
    let again = office.accounts.revoke_app_password(office.owner(), &anna().name.login(), "Outlook", NOW);
    assert!(matches!(rule(again), Rule::UnknownAppPassword { .. }));
    // A reset leaves none: whoever has been in there may have made one.
    office.accounts.reset_password(office.owner(), &anna().name, NOW).unwrap();
    assert_eq!(office.accounts.app_passwords(office.owner(), &anna().name.login(), NOW).unwrap(), []);
}

#[test]
fn s3_who_may_make_them() {
    let office = Office::new();
    let me = Actor::Account(office.fixture.anna());
    office.makes(me, "mine", "imap").unwrap();
    let change = MailboxChange { own_app_passwords: Some(false), ..MailboxChange::default() };
    office.accounts.set_mailbox(&office.fixture.address(), change, NOW).unwrap();
    assert!(matches!(rule(office.makes(me, "another", "imap")), Rule::AppPasswordsByOwner(_)));
    let extended = office.accounts.extend_app_password(me, &anna().name.login(), "mine", DAY, NOW);
    assert!(matches!(rule(extended), Rule::AppPasswordsByOwner(_)));
    office.makes(office.owner(), "another", "imap").unwrap();
    office.accounts.revoke_app_password(me, &anna().name.login(), "mine", NOW).unwrap();
    let twice = rule(office.makes(Actor::Operator, "another", "imap"));
    assert!(matches!(twice, Rule::AppPasswordExists { .. }));
    assert!(matches!(rule(office.makes(Actor::Operator, "a\nb", "imap")), Rule::BadText { .. }));
    for n in 1..APP_PASSWORDS {
        office.makes(Actor::Operator, &format!("number {n}"), "imap").unwrap();
    }
    assert_eq!(rule(office.makes(Actor::Operator, "one too many", "imap")), Rule::TooManyAppPasswords);
}

#[test]
fn nothing_of_it_lies_in_the_store_in_the_clear() {
    let office = Office::new();
    let password = office.makes(office.owner(), "Thunderbird", "imap").unwrap().replace('-', "");
    for file in ["", "-wal"] {
        let bytes = std::fs::read(format!("{}{file}", office.fixture.database().display())).unwrap();
        assert!(!bytes.windows(password.len()).any(|part| part == password.as_bytes()));
    }
}

const OWNER: &str = "ufficio@pec.example.it";

/// S3, L2: the mailbox's own password need not lie in the owner's mail programs.
#[test]
fn s3_an_owners_opens_the_upstream_as_it_is_opened_for_delegates() {
    let office = Office::new();
    let me: Login = OWNER.parse().unwrap();
    let makes = |actor, label: &str| {
        let valid_secs = APP_PASSWORD_SECS;
        let entry =
            AppPasswordEntry { login: me.clone(), label: label.into(), scope: "imap".parse().unwrap(), valid_secs };
        office.accounts.create_app_password(actor, entry, NOW).map(|(secret, _)| secret.shown())
    };
    let secret = makes(office.owner(), "Thunderbird").unwrap();
    assert_eq!(office.kinds(NOW), [("carla@example.it".to_owned(), "app-password-made")]);
    let knock = |at_secs: i64| Knock { from: "192.0.2.1".parse().unwrap(), at_ms: at_secs * 1000 };
    let tries = |door, at_secs| match office.accounts.authenticate(OWNER, &secret, door, knock(at_secs)).unwrap() {
        Verdict::Admitted(entry) => *entry,
        other => panic!("{other:?}"),
    };
    let entry = tries(CLIENT, NOW);
    assert_eq!((entry.account, entry.grant), (office.owner_account(), crate::domain::Grant::OWNER));
    assert_eq!((entry.credentials.password.expose_secret(), entry.credentials.typed), (Fixture::MAILBOXS, false));
    assert!(entry.app_password.is_some() && entry.tried.is_none());
    // Anywhere else, and once it has ended, it is what the mail server makes of it.
    for (door, at) in [(SUBMISSION, NOW), (WEBMAIL, NOW), (CLIENT, NOW + APP_PASSWORD_SECS)] {
        assert!(tries(door, at).credentials.typed, "{door:?} {at}");
    }

    let ends = NOW + APP_PASSWORD_SECS;
    office.accounts.settle(ends - 3 * DAY).unwrap();
    assert_eq!(office.kinds(ends - 3 * DAY), [("carla@example.it".to_owned(), "app-password-ends")]);
    assert_eq!(office.accounts.standing(entry.account, CLIENT).unwrap(), Standing::In(crate::domain::Grant::OWNER));
    office.accounts.settle(ends).unwrap();
    assert_eq!(office.accounts.standing(entry.account, CLIENT).unwrap(), Standing::Out(Refusal::PasswordChanged));
    office.accounts.extend_app_password(office.owner(), &me, "Thunderbird", DAY, ends).unwrap();
    let entry = tries(CLIENT, ends);
    assert!(!entry.credentials.typed);
    office.accounts.revoke_app_password(office.owner(), &me, "Thunderbird", ends).unwrap();
    assert!(tries(CLIENT, ends).credentials.typed);
    assert_eq!(office.accounts.standing(entry.account, CLIENT).unwrap(), Standing::Out(Refusal::PasswordChanged));
}

/// Of an owner's nobody but they and the operator makes, sees or takes any.
#[test]
fn s3_an_owners_are_their_own_matter() {
    let office = Office::new();
    let me: Login = OWNER.parse().unwrap();
    let replace = Some(crate::domain::Permissions::ALL);
    let change = crate::accounts::PermissionChange { replace, ..Default::default() };
    let _ = office.accounts.change_permissions(Actor::Operator, &anna().name, change, NOW).unwrap();
    let postmaster = crate::accounts::PostmasterEntry {
        domain: "pec.example.it".parse().unwrap(),
        email: "pm@example.it".into(),
        name: "Piero".into(),
        phone: None,
        language: crate::domain::Language::Italian,
    };
    let postmaster = office.accounts.add_postmaster(postmaster, NOW).unwrap().id;
    let manager = Actor::Account(office.fixture.anna());
    let stranger = Actor::Account(AccountRef::Owner(office.fixture.mailbox(), PasswordVersion(99)));
    let entry = |label: &str| AppPasswordEntry {
        login: me.clone(),
        label: label.into(),
        scope: Scope::ALL,
        valid_secs: APP_PASSWORD_SECS,
    };
    office.accounts.create_app_password(Actor::Operator, entry("of the operator"), NOW).unwrap();
    for actor in [manager, Actor::Postmaster(postmaster), stranger] {
        for outcome in [
            office.accounts.create_app_password(actor, entry("another"), NOW).map(drop),
            office.accounts.app_passwords(actor, &me, NOW).map(drop),
            office.accounts.extend_app_password(actor, &me, "of the operator", DAY, NOW).map(drop),
            office.accounts.revoke_app_password(actor, &me, "of the operator", NOW).map(drop),
        ] {
            assert!(matches!(rule(outcome), Rule::NoRight { .. }), "{actor:?}");
        }
    }
    assert_eq!(office.accounts.app_passwords(office.owner(), &me, NOW).unwrap().len(), 1);
    // One of the same name is Anna's own, and opens nothing of the owner's.
    let annas = office.makes(office.owner(), "of the operator", "imap").unwrap();
    let knock = Knock { from: "192.0.2.1".parse().unwrap(), at_ms: NOW * 1000 };
    let Verdict::Admitted(entry) = office.accounts.authenticate(OWNER, &annas.into(), CLIENT, knock).unwrap() else {
        panic!()
    };
    assert!(entry.credentials.typed);
}

/// Where delega cannot open the mailbox by itself, an owner's would open nothing.
#[test]
fn s3_an_owners_needs_a_stored_way_in() {
    let office = Office::new();
    let raw = rusqlite::Connection::open(office.fixture.database()).unwrap();
    raw.execute("UPDATE mailboxes SET sealed_password = NULL", []).unwrap();
    let entry = AppPasswordEntry {
        login: OWNER.parse().unwrap(),
        label: "Thunderbird".into(),
        scope: Scope::ALL,
        valid_secs: APP_PASSWORD_SECS,
    };
    let outcome = office.accounts.create_app_password(office.owner(), entry, NOW);
    assert!(matches!(outcome, Err(AccountsError::NoUpstreamPassword(_))), "{outcome:?}");
}
