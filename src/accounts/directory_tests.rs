//! Lists for those who administer: who sees what, and which actions are offered.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::accounts::fixture::{CLIENT, Fixture, NOW, anna};
use crate::accounts::{AccessEntry, AccountRef, DelegateEntry, PostmasterEntry, Rule};
use crate::domain::{Login, Permissions, Profile};

impl Fixture {
    fn adds(&self, username: &str, permissions: &str) -> Actor {
        let name = DelegateName { address: self.address(), username: username.parse().unwrap() };
        let permissions = Permissions::parse(permissions, Profile::Nested).unwrap();
        let added = self.accounts.add_delegate(DelegateEntry { name, permissions, ..anna() }, NOW).unwrap().delegate;
        Actor::Account(AccountRef::Delegate(added.mailbox, added.id, added.password))
    }

    fn row(&self, actor: Actor, username: &str) -> ListedDelegate {
        let filter = DelegateFilter { text: username.to_owned(), ..DelegateFilter::default() };
        let (_, page) = self.accounts.list_delegates(actor, &self.address(), &filter, 0, NOW).unwrap();
        page.rows.into_iter().find(|row| row.view.delegate.username.as_str() == username).unwrap()
    }
}

#[test]
fn p5_the_owners_codice_fiscale_is_not_for_other_delegates() {
    let fixture = Fixture::new();
    let manager = fixture.adds("capo", "settings");
    let shown =
        |actor| fixture.accounts.show_mailbox(actor, &fixture.address(), NOW).unwrap().mailbox.owner.fiscal_code;
    assert!(shown(Actor::Operator).is_some());
    assert_eq!(shown(manager), None);
    assert_eq!(fixture.accounts.mailboxes(manager, NOW).unwrap()[0].mailbox.owner.fiscal_code, None);
}

#[test]
fn d4_what_is_offered_is_what_is_done_and_nothing_else() {
    use Action::{
        ChangePermissions, Deactivate, Delete, Look, MakeAppPassword, Reinvite, ResetPassword, Resume, Suspend,
    };
    let fixture = Fixture::new();
    let manager = fixture.adds("capo", "write,settings");
    fixture.adds("bruno", "client");
    let offered = |actor, username: &str| {
        let mut actions = fixture.row(actor, username).actions;
        actions.retain(|action| *action != Action::RevokeAppPassword && *action != Action::AskForReset);
        actions
    };
    assert_eq!(
        offered(Actor::Operator, "bruno"),
        [Look, ChangePermissions, ResetPassword, MakeAppPassword, Suspend, Deactivate, Delete]
    );
    assert_eq!(offered(manager, "bruno"), [Look, ChangePermissions, ResetPassword, Suspend, Deactivate]);
    assert_eq!(offered(manager, "capo"), [Look, MakeAppPassword], "nobody touches their own grant");
    let name = DelegateName { address: fixture.address(), username: "bruno".parse().unwrap() };
    fixture.accounts.suspend(manager, &name, crate::accounts::Suspension::Suspend, NOW).unwrap();
    assert!(offered(Actor::Operator, "bruno").contains(&Resume));
    assert!(!offered(manager, "bruno").contains(&Resume), "it would give what they do not have");
    assert!(!offered(Actor::Operator, "bruno").contains(&Reinvite));
}

#[test]
fn whoever_does_not_look_after_a_mailbox_learns_nothing_of_it() {
    let fixture = Fixture::new();
    let delegate = fixture.adds("bruno", "client");
    let name = fixture.anna_login();
    let no_right = |error: AccountsError| matches!(error, AccountsError::Refused(Rule::NoRight { .. }));
    let filter = DelegateFilter::default();
    assert!(no_right(fixture.accounts.list_delegates(delegate, &fixture.address(), &filter, 0, NOW).unwrap_err()));
    assert!(no_right(fixture.accounts.managed_mailbox(delegate, &fixture.address(), NOW).unwrap_err()));
    assert!(no_right(fixture.accounts.delegate_details(delegate, &name, NOW).unwrap_err()));
    let unknown = "nessuna@pec.example.it".parse().unwrap();
    assert!(no_right(fixture.accounts.managed_mailbox(delegate, &unknown, NOW).unwrap_err()));
}

#[test]
fn s4_somebody_was_last_seen_when_they_were_last_let_in() {
    let fixture = Fixture::new();
    let entry = |at_ms, refusal: Option<&str>| AccessEntry {
        login: Login::Delegate("anna".parse().unwrap(), fixture.address()),
        address: "192.0.2.7".parse().unwrap(),
        door: CLIENT,
        program: None,
        refusal: refusal.map(str::to_owned),
        app_password: None,
        by_stored: false,
        at_ms,
    };
    assert_eq!(fixture.row(Actor::Operator, "anna").admitted_at_ms, None);
    let (first, last, refused) = (NOW * 1000, NOW * 1000 + 7_200_000, NOW * 1000 + 9_000_000);
    let entries = [entry(first, None), entry(last, None), entry(refused, Some("wrong password"))];
    fixture.accounts.note_accesses(&entries).unwrap();
    assert_eq!(fixture.row(Actor::Operator, "anna").admitted_at_ms, Some(last));
    let accesses = fixture.accounts.delegate_details(Actor::Operator, &fixture.anna_login(), NOW).unwrap().accesses;
    assert_eq!(accesses.len(), 3);
    // Somebody else with the name has a history of their own.
    fixture.accounts.delete_delegate(Actor::Operator, &fixture.anna_login(), NOW).unwrap();
    fixture.add_anna();
    assert_eq!(fixture.row(Actor::Operator, "anna").admitted_at_ms, None);
    let anew = fixture.accounts.delegate_details(Actor::Operator, &fixture.anna_login(), NOW).unwrap();
    assert_eq!(anew.accesses, []);
}

#[test]
fn a_postmaster_who_is_gone_sees_no_mailboxes() {
    let fixture = Fixture::new();
    let entry = PostmasterEntry {
        domain: "pec.example.it".parse().unwrap(),
        email: "posta@example.it".into(),
        name: "Posta".into(),
        phone: None,
        language: Language::Italian,
    };
    let postmaster = fixture.accounts.add_postmaster(entry, NOW).unwrap();
    let seen = || fixture.accounts.list_mailboxes(postmaster.id, "", 0, NOW).unwrap().0.rows.len();
    assert_eq!(seen(), 1);
    fixture.accounts.remove_postmaster(&postmaster.domain, &postmaster.email).unwrap();
    assert_eq!(seen(), 0);
}

#[test]
fn a_page_beyond_the_last_is_the_last() {
    let of = |rows: usize, page| {
        let page = Page::of((0..rows).collect(), page);
        (page.number, page.pages, page.rows.first().copied(), page.rows.len())
    };
    assert_eq!(of(0, 7), (0, 1, None, 0));
    assert_eq!(of(PAGE_ROWS, 0), (0, 1, Some(0), PAGE_ROWS));
    assert_eq!(of(PAGE_ROWS + 1, 1), (1, 2, Some(PAGE_ROWS), 1));
    assert_eq!(of(PAGE_ROWS + 1, usize::MAX), (1, 2, Some(PAGE_ROWS), 1));
}
