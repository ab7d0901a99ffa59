//! S1: what is somebody's own they change themself, whoever they are, and nobody who could not log in does.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::accounts::fixture::{NOW, Office, secret};
use crate::accounts::life_tests::{GOOD, name, rule};
use crate::accounts::{Actor, MailboxChange, Suspension};
use crate::domain::{DelegateId, MailboxId, PostmasterId};
use crate::store::StoreError;

#[test]
fn s1_phone_and_language_are_changed_by_whomever_they_belong_to() {
    let office = Office::new();
    for account in office.everybody() {
        let before = office.accounts.profile(account, NOW).unwrap();
        let phone: Phone = "+39 055 123456".parse().unwrap();
        office.accounts.set_phone(account, Some(phone.clone()), NOW).unwrap();
        let language = match before.language {
            Language::Italian => Language::English,
            Language::English => Language::Italian,
        };
        let changed = office.accounts.set_language(account, language, NOW).unwrap();
        assert_eq!(changed, ProfileView { phone: Some(phone), language, ..before.clone() });
        assert_eq!(office.accounts.profile(account, NOW).unwrap(), changed);
        let without = office.accounts.set_phone(account, None, NOW).unwrap();
        assert_eq!(without, ProfileView { language, ..before });
        assert_eq!(office.kinds(NOW), [], "nobody needs to be told");
    }
}

#[test]
fn an_account_is_seen_with_what_it_logs_in_with() {
    let office = Office::new();
    let [owner, anna, posta] = office.everybody().map(|account| office.accounts.profile(account, NOW).unwrap());
    let seen = |view: &ProfileView| (view.facts.name(), view.facts.login(), view.email.clone(), view.has_password);
    let as_text = |(name, login, email, has): (&str, &str, &str, bool)| {
        (name.to_owned(), login.to_owned(), email.to_owned(), has)
    };
    assert_eq!(seen(&owner), as_text(("Carla Bianchi", "ufficio@pec.example.it", "carla@example.it", false)));
    assert_eq!(seen(&anna), as_text(("Anna Verdi", "anna/ufficio@pec.example.it", "anna@example.it", true)));
    assert_eq!(seen(&posta), as_text(("Ufficio posta", "posta@example.it", "posta@example.it", false)));
}

/// threats.md: acting while invited, rejected, suspended, reset.
#[test]
fn who_could_not_log_in_changes_nothing_of_theirs() {
    let office = Office::new();
    let anna = office.anna();
    let refused = || {
        let accounts = &office.accounts;
        assert_eq!(rule(accounts.profile(anna, NOW)), Rule::NoAccount);
        assert_eq!(rule(accounts.set_phone(anna, None, NOW)), Rule::NoAccount);
        assert_eq!(rule(accounts.set_language(anna, Language::English, NOW)), Rule::NoAccount);
        assert_eq!(rule(accounts.ask_email(anna, "nuova@example.it", NOW)), Rule::NoAccount);
    };
    let suspend = |what| office.accounts.suspend(Actor::Operator, &name("anna"), what, NOW).unwrap();
    suspend(Suspension::Suspend);
    refused();
    suspend(Suspension::Resume);
    office.accounts.profile(anna, NOW).unwrap();
    office.accounts.reset_password(Actor::Operator, &name("anna"), NOW).unwrap();
    refused();
    office.accounts.deactivate(Actor::Operator, &name("anna"), NOW).unwrap();
    refused();
    office.accounts.delete_delegate(Actor::Operator, &name("anna"), NOW).unwrap();
    refused();
    office.invite("bruno", NOW);
    assert_eq!(rule(office.accounts.profile(office.delegate("bruno").account(), NOW)), Rule::NoAccount);
    for nobody in
        [AccountId::Owner(MailboxId(99)), AccountId::Delegate(DelegateId(99)), AccountId::Postmaster(PostmasterId(99))]
    {
        assert_eq!(rule(office.accounts.profile(nobody, NOW)), Rule::NoAccount);
    }
}

#[test]
fn the_operators_change_is_believed_and_the_address_before_is_told() {
    let office = Office::new();
    let everybody = office.everybody();
    let domain = "pec.example.it".parse().unwrap();
    office.accounts.set_postmaster_password(&domain, "posta@example.it", &secret(GOOD), NOW).unwrap();
    office.kinds(NOW);
    for account in everybody {
        let before = office.accounts.profile(account, NOW).unwrap();
        let change = ProfileChange {
            email: Some("Nuova@example.it".into()),
            phone: Some(Some("055 123456".parse().unwrap())),
            language: None,
        };
        let after = office.accounts.set_profile(account, change.clone(), NOW).unwrap();
        let kept = if matches!(account, AccountId::Postmaster(_)) { "nuova@example.it" } else { "Nuova@example.it" };
        assert_eq!((after.email.as_str(), after.language), (kept, before.language));
        assert_eq!(after.phone.unwrap().as_str(), "055123456");
        assert_eq!(office.kinds(NOW), [(before.email, "email-changed")]);
        // The same again is no change to be told of.
        office.accounts.set_profile(account, change, NOW).unwrap();
        assert_eq!(office.kinds(NOW), []);
    }
    let bad = ProfileChange { email: Some("a@b.it\r\nBcc: c@d.it".into()), ..ProfileChange::default() };
    assert!(matches!(rule(office.accounts.set_profile(office.anna(), bad, NOW)), Rule::BadText { .. }));
}

/// The link lies in another's mail, perhaps.
#[test]
fn an_invitation_stays_with_the_address_that_it_went_to() {
    let office = Office::new();
    let token = office.invite("bruno", NOW);
    let bruno = office.delegate("bruno");
    let change = ProfileChange { email: Some("altro@example.it".into()), ..ProfileChange::default() };
    let set = || office.accounts.set_profile(bruno.account(), change.clone(), NOW);
    assert_eq!(rule(set()), Rule::StillInvited("bruno/ufficio@pec.example.it".parse().unwrap()));
    office.accounts.invitation(&token, NOW).unwrap();
    office.accounts.reject(Actor::Operator, &name("bruno"), NOW).unwrap();
    set().unwrap();
    office.kinds(NOW);
    office.accounts.reinvite(Actor::Operator, &name("bruno"), None, NOW).unwrap();
    assert_eq!(office.kinds(NOW), [("altro@example.it".to_owned(), "invitation")]);
    assert_eq!(rule(office.accounts.invitation(&token, NOW)), Rule::LinkGone);
}

/// Nobody is left without a link because the operator mends an address that was mistyped.
#[test]
fn a_link_for_a_password_goes_to_the_new_address_and_works_there_alone() {
    let office = Office::new();
    office.accounts.reset_password(Actor::Operator, &name("anna"), NOW).unwrap();
    let annas = office.mailed(NOW).pop().unwrap().2.unwrap();
    let (posta, postas) = office.postmaster("posta@example.it");
    for (account, before, kind) in
        [(office.anna(), annas, "password-taken"), (posta.account(), postas, "postmaster-invited")]
    {
        let change = ProfileChange { email: Some("nuova@example.it".into()), ..ProfileChange::default() };
        office.accounts.set_profile(account, change, NOW).unwrap();
        assert_eq!(rule(office.accounts.password_link(&before, NOW)), Rule::LinkGone);
        let mailed = office.mailed(NOW);
        let (recipient, what, token) = mailed.iter().find(|(_, what, _)| *what != "email-changed").unwrap();
        assert_eq!((recipient.as_str(), *what), ("nuova@example.it", kind));
        office.accounts.password_link(token.as_ref().unwrap(), NOW).unwrap();
    }
}

#[test]
fn the_owner_is_told_when_the_operator_sets_the_mailbox() {
    let office = Office::new();
    let set = |change| office.set(change, NOW).unwrap();
    let phone = Some(Some("+39055123456".parse().unwrap()));
    set(MailboxChange { owner_phone: phone, ..MailboxChange::default() });
    assert_eq!(office.kinds(NOW), []);
    set(MailboxChange { owner_email: Some("titolare@example.it".into()), ..MailboxChange::default() });
    assert_eq!(office.kinds(NOW), [("carla@example.it".to_owned(), "email-changed")]);
    let view = office.accounts.profile(office.owners_account(), NOW).unwrap();
    assert_eq!((view.email.as_str(), view.phone.unwrap().as_str()), ("titolare@example.it", "+39055123456"));
    set(MailboxChange { owner_phone: Some(None), ..MailboxChange::default() });
    assert_eq!(office.accounts.profile(office.owners_account(), NOW).unwrap().phone, None);
}

#[test]
fn a_phone_number_that_the_store_holds_and_is_none_is_found_out() {
    let office = Office::new();
    let store = rusqlite::Connection::open(office.fixture.database()).unwrap();
    store.execute("UPDATE delegates SET phone = '055 12' || char(10) || '34'", []).unwrap();
    let outcome = office.accounts.show_delegate(Actor::Operator, &name("anna"), NOW);
    assert!(matches!(&outcome, Err(AccountsError::Store(StoreError::Corrupt(_)))), "{outcome:?}");
}
