//! No sequence of actions, by whomever and whenever, leads to a login that should be refused, or keeps out somebody who
//! may come in; nor to more delegates than seats, to two delegates of one name, or to a link that works twice. What may be is told from the history of what was done
//! ("since they were suspended nobody has resumed them"), not by doing the same steps again.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use delega::accounts::{
    AccountRef, Accounts, Actor, DelegateName, DelegateView, Invitee, Knock, MailAttempt, MailEnd, MailboxChange,
    MailboxEntry, PasswordHolder, PermissionChange, PostmasterEntry, Suspension, Token, Upstreams, Vault, Verdict,
};
use delega::domain::{
    DelegateState, Door, Language, ListenerKind, Notice, Owner, PasswordVersion, Permission, Permissions, Person,
    Profile, Protocol, Protocols, SuspensionCause,
};
use delega::store::Sqlite;
use proptest::prelude::*;
use secrecy::SecretString;

const ADDRESS: &str = "ufficio@pec.example.it";
const START: i64 = 1_800_000_000;
/// From another address each time would be as good: nobody guesses here.
const KNOCK: Knock = Knock { from: IpAddr::V4(Ipv4Addr::LOCALHOST), at_ms: START * 1000 };
const WEBMAIL: Door = Door { protocol: Protocol::Imap, kind: ListenerKind::Webmail };
const CLIENT: Door = Door { protocol: Protocol::Imap, kind: ListenerKind::Client };
const USERNAMES: [&str; 4] = ["anna", "bruno", "clia", "dario"];
const PASSWORDS: [&str; 2] = ["correct horse battery staple", "tre tigri contro tre altre tigri"];
const CODE: &str = "RSSMRA85T10A562S";

/// Who acts.
#[derive(Clone, Copy, Debug)]
enum Who {
    Operator,
    Owner,
    Postmaster,
    OtherPostmaster,
    Delegate(usize),
}

#[derive(Clone, Debug)]
enum Step {
    Invite(Who, usize, bool),
    Reinvite(Who, usize),
    Reject(Who, usize),
    /// With any link that was ever mailed.
    Accept(usize, usize),
    Refuse(usize),
    SetPassword(usize, usize),
    /// To **send**, with **client** or without.
    Permit(Who, usize, bool),
    Suspend(Who, usize),
    Resume(Who, usize),
    Reset(Who, usize),
    Forgot(usize),
    Deactivate(Who, usize),
    Delete(Who, usize),
    Plan(&'static str, u32),
    MultiUser(bool),
    Later(i64),
    Settle,
}

/// What was done to one person, in order; only what succeeded.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Done {
    Invited,
    Accepted(usize),
    /// With **client**, or without.
    Permitted(bool),
    /// By somebody, or for want of a seat.
    Suspended,
    Resumed,
    Reset,
    PasswordSet(usize),
    Ended,
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        4 => Just(Who::Operator),
        3 => Just(Who::Owner),
        1 => Just(Who::Postmaster),
        1 => Just(Who::OtherPostmaster),
        2 => (0..USERNAMES.len()).prop_map(Who::Delegate),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let person = || 0..USERNAMES.len();
    let password = || 0..PASSWORDS.len();
    prop_oneof![
        6 => (who(), person(), any::<bool>()).prop_map(|(who, person, settings)| Step::Invite(who, person, settings)),
        2 => (who(), person()).prop_map(|(who, person)| Step::Reinvite(who, person)),
        1 => (who(), person()).prop_map(|(who, person)| Step::Reject(who, person)),
        6 => (0..64_usize, password()).prop_map(|(link, password)| Step::Accept(link, password)),
        1 => (0..64_usize).prop_map(Step::Refuse),
        3 => (0..64_usize, password()).prop_map(|(link, password)| Step::SetPassword(link, password)),
        3 => (who(), person(), any::<bool>()).prop_map(|(who, person, client)| Step::Permit(who, person, client)),
        2 => (who(), person()).prop_map(|(who, person)| Step::Suspend(who, person)),
        2 => (who(), person()).prop_map(|(who, person)| Step::Resume(who, person)),
        2 => (who(), person()).prop_map(|(who, person)| Step::Reset(who, person)),
        1 => person().prop_map(Step::Forgot),
        1 => (who(), person()).prop_map(|(who, person)| Step::Deactivate(who, person)),
        1 => (who(), person()).prop_map(|(who, person)| Step::Delete(who, person)),
        2 => prop_oneof![Just(("Standard", 0)), Just(("Pro", 0)), Just(("Pro-3", 0)), Just(("Premium", 1))]
            .prop_map(|(plan, packs)| Step::Plan(plan, packs)),
        1 => any::<bool>().prop_map(Step::MultiUser),
        2 => prop_oneof![Just(1), Just(60 * 60), Just(24 * 60 * 60), Just(7 * 24 * 60 * 60), Just(61 * 24 * 60 * 60)]
            .prop_map(Step::Later),
        1 => Just(Step::Settle),
    ]
}

struct World {
    _dir: tempfile::TempDir,
    accounts: Accounts,
    now: i64,
    postmasters: [Actor; 2],
    links: Vec<Token>,
    /// The links that did something.
    used: BTreeSet<usize>,
    history: BTreeMap<usize, Vec<Done>>,
}

fn name(person: usize) -> DelegateName {
    DelegateName { address: ADDRESS.parse().unwrap(), username: USERNAMES[person].parse().unwrap() }
}

fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

impl World {
    fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Sqlite::open(&dir.path().join("delega.db")).unwrap());
        let vault = Vault::open_or_create(&dir.path().join("delega.key")).unwrap();
        let upstreams = Upstreams::from([("provider".to_owned(), None)]);
        let accounts = Accounts::new(store, vault, Profile::Nested, upstreams).unwrap().with_mails(true);
        let entry = MailboxEntry {
            address: ADDRESS.parse().unwrap(),
            upstream: "provider".into(),
            upstream_user: None,
            password: Some(secret("casella")),
            plan: "Pro-3".parse().unwrap(),
            packs: 0,
            multi_user: true,
            owner: Owner {
                name: "Comune".into(),
                email: "comune@example.it".into(),
                language: Language::Italian,
                fiscal_code: Some(CODE.parse().unwrap()),
                phone: None,
            },
        };
        accounts.add_mailbox(entry, START).unwrap();
        let postmasters = ["pec.example.it", "pec.example.org"].map(|domain| {
            let entry = PostmasterEntry {
                domain: domain.parse().unwrap(),
                email: "posta@example.it".into(),
                name: "Posta".into(),
                phone: None,
                language: Language::Italian,
            };
            Actor::Postmaster(accounts.add_postmaster(entry, START).unwrap().id)
        });
        // Their own links are no delegate's.
        while let Some(MailAttempt { row, .. }) = accounts.begin_mail(START * 1000).unwrap() {
            accounts.end_mail(row.id, MailEnd::Sent("250".into()), START * 1000).unwrap();
        }
        let (links, used, history) = Default::default();
        World { _dir: dir, accounts, now: START, postmasters, links, used, history }
    }

    fn actor(&self, who: Who) -> Option<Actor> {
        Some(match who {
            Who::Operator => Actor::Operator,
            Who::Owner => Actor::Account(AccountRef::Owner(self.view().mailbox.id, PasswordVersion(0))),
            Who::Postmaster => self.postmasters[0],
            Who::OtherPostmaster => self.postmasters[1],
            Who::Delegate(person) => {
                let found = self.accounts.show_delegate(Actor::Operator, &name(person), self.now).ok()?.delegate;
                Actor::Account(AccountRef::Delegate(found.mailbox, found.id, found.password))
            }
        })
    }

    fn view(&self) -> delega::accounts::MailboxView {
        self.accounts.show_mailbox(Actor::Operator, &ADDRESS.parse().unwrap(), self.now).unwrap()
    }

    fn done(&mut self, person: usize, what: Done) {
        self.history.entry(person).or_default().push(what);
    }

    /// Does one step, and notes what came of it.
    fn take(&mut self, step: &Step) {
        let (accounts, now) = (&self.accounts, self.now);
        match step {
            Step::Invite(who, person, settings) => {
                let Some(actor) = self.actor(*who) else { return };
                let permissions = if *settings { "send,settings" } else { "send" };
                let permissions = Permissions::parse(permissions, Profile::Nested).unwrap();
                let invitee = Invitee {
                    name: name(*person),
                    person: Person {
                        first_name: "A".into(),
                        last_name: "B".into(),
                        email: "a@example.it".into(),
                        phone: None,
                    },
                    language: None,
                    message: None,
                    permissions,
                    protocols: Protocols::default(),
                };
                if accounts.invite(actor, invitee, now).is_ok() {
                    assert!(!matches!(who, Who::OtherPostmaster), "a postmaster of another domain has invited");
                    self.seated();
                    self.done(*person, Done::Invited);
                }
            }
            Step::Reinvite(who, person) => {
                let Some(actor) = self.actor(*who) else { return };
                if accounts.reinvite(actor, &name(*person), None, now).is_ok() {
                    self.seated();
                    self.done(*person, Done::Invited);
                }
            }
            Step::Reject(who, person) => {
                let Some(actor) = self.actor(*who) else { return };
                if accounts.reject(actor, &name(*person), now).is_ok() {
                    self.done(*person, Done::Ended);
                }
            }
            Step::Accept(link, password) => {
                let Some((link, token)) = self.link(*link) else { return };
                if let Ok(view) = accounts.accept_invitation(&token, &secret(PASSWORDS[*password]), now) {
                    let person = self.person(view.delegate.username.as_str());
                    self.use_up(link);
                    self.done(person, Done::Accepted(*password));
                }
            }
            Step::Refuse(link) => {
                let Some((link, token)) = self.link(*link) else { return };
                if let Ok(view) = accounts.refuse_invitation(&token, now) {
                    let person = self.person(view.delegate.username.as_str());
                    self.use_up(link);
                    self.done(person, Done::Ended);
                }
            }
            Step::SetPassword(link, password) => {
                let Some((link, token)) = self.link(*link) else { return };
                if let Ok(PasswordHolder::Delegate(view)) =
                    accounts.set_password(&token, &secret(PASSWORDS[*password]), now)
                {
                    let person = self.person(view.delegate.username.as_str());
                    self.use_up(link);
                    self.done(person, Done::PasswordSet(*password));
                }
            }
            Step::Permit(who, person, client) => {
                let Some(actor) = self.actor(*who) else { return };
                let list = if *client { "client" } else { "send" };
                let replace = Some(Permissions::parse(list, Profile::Nested).unwrap());
                let change = PermissionChange { replace, ..PermissionChange::default() };
                if accounts.change_permissions(actor, &name(*person), change, now).is_ok() {
                    self.done(*person, Done::Permitted(*client));
                }
            }
            Step::Suspend(who, person) => {
                let Some(actor) = self.actor(*who) else { return };
                if matches!(accounts.suspend(actor, &name(*person), Suspension::Suspend, now), Ok(done) if done.changed)
                {
                    self.done(*person, Done::Suspended);
                }
            }
            Step::Resume(who, person) => {
                let Some(actor) = self.actor(*who) else { return };
                if matches!(accounts.suspend(actor, &name(*person), Suspension::Resume, now), Ok(done) if done.changed)
                {
                    self.done(*person, Done::Resumed);
                }
            }
            Step::Reset(who, person) => {
                let Some(actor) = self.actor(*who) else { return };
                if accounts.reset_password(actor, &name(*person), now).is_ok() {
                    self.done(*person, Done::Reset);
                }
            }
            Step::Forgot(person) => accounts.forgot_password(&name(*person).login().to_string(), CODE, now).unwrap(),
            Step::Deactivate(who, person) => {
                let Some(actor) = self.actor(*who) else { return };
                if accounts.deactivate(actor, &name(*person), now).is_ok() {
                    self.done(*person, Done::Ended);
                }
            }
            Step::Delete(who, person) => {
                let Some(actor) = self.actor(*who) else { return };
                if accounts.delete_delegate(actor, &name(*person), now).is_ok() {
                    self.done(*person, Done::Ended);
                }
            }
            Step::Plan(plan, packs) => {
                let change = MailboxChange {
                    plan: Some(plan.parse().unwrap()),
                    packs: Some(*packs),
                    ..MailboxChange::default()
                };
                accounts.set_mailbox(&ADDRESS.parse().unwrap(), change, now).unwrap();
            }
            Step::MultiUser(on) => {
                let taken = self.view().seats.taken;
                let switched = accounts.set_multi_user(Actor::Operator, &ADDRESS.parse().unwrap(), *on, now);
                assert!(switched.is_ok() || taken > 0);
            }
            Step::Later(secs) => self.now += secs,
            Step::Settle => accounts.settle(now).unwrap(),
        }
    }

    /// A new seat is never one too many.
    fn seated(&self) {
        let seats = self.view().seats;
        assert!(seats.taken <= seats.all(), "{seats:?}");
    }

    fn link(&self, which: usize) -> Option<(usize, Token)> {
        let which = which.checked_rem(self.links.len())?;
        Some((which, self.links[which].clone()))
    }

    fn use_up(&mut self, link: usize) {
        assert!(self.used.insert(link), "a link has worked twice");
    }

    fn person(&self, username: &str) -> usize {
        USERNAMES.iter().position(|one| *one == username).unwrap()
    }

    /// Takes the links out of the mails that are due, and notes what nobody has done but a rule.
    fn deliver(&mut self) {
        while let Some(MailAttempt { row, token }) = self.accounts.begin_mail(self.now * 1000).unwrap() {
            self.links.extend(token);
            if let Notice::Suspended { facts, cause: SuspensionCause::Seats } = &row.notice {
                let person = (0..USERNAMES.len()).find(|person| name(*person).login() == facts.login).unwrap();
                self.done(person, Done::Suspended);
            }
            self.accounts.end_mail(row.id, MailEnd::Sent("250".into()), self.now * 1000).unwrap();
        }
    }

    /// What must hold whenever anybody looks.
    fn hold(&mut self) {
        let delegates = self.accounts.delegates(Actor::Operator, &ADDRESS.parse().unwrap(), self.now).unwrap();
        let names: BTreeSet<_> = delegates.iter().map(|view| view.delegate.username.clone()).collect();
        assert_eq!(names.len(), delegates.len(), "two of one name");
        let view = self.view();
        let taken = delegates.iter().filter(|view| view.delegate.state.takes_seat()).count();
        assert_eq!(view.seats.taken as usize, taken);
        // More than there are is possible by a lowered plan alone, and then there is an end to it.
        assert!(!view.seats.over() || view.seats.grace_until_secs.is_some(), "{:?}", view.seats);
        if let Some(until) = view.seats.grace_until_secs.filter(|until| *until <= self.now && view.seats.over()) {
            self.accounts.settle(self.now).unwrap();
            self.deliver();
            let after = self.accounts.delegates(Actor::Operator, &ADDRESS.parse().unwrap(), self.now).unwrap();
            let active = after.iter().filter(|view| view.delegate.state == DelegateState::Active).count();
            assert!(active <= view.seats.all() as usize, "{active} are active after {until}");
        }
    }

    /// Whether the history allows that somebody logs in, and with which password.
    fn password(&self, person: usize) -> Option<usize> {
        let history = self.history.get(&person).map_or(&[][..], Vec::as_slice);
        let begun = history.iter().rposition(|one| matches!(one, Done::Invited | Done::Ended))?;
        let since = &history[begun + 1..];
        let suspended = since.iter().rfind(|one| matches!(one, Done::Suspended | Done::Resumed));
        if suspended == Some(&Done::Suspended) {
            return None;
        }
        let last = since.iter().rfind(|one| matches!(one, Done::Accepted(_) | Done::PasswordSet(_) | Done::Reset));
        match last {
            Some(Done::Accepted(password) | Done::PasswordSet(password)) => Some(*password),
            _ => None,
        }
    }

    /// Whether it allows that they come with a mail program. Invitations here are without.
    fn client(&self, person: usize) -> bool {
        let history = self.history.get(&person).map_or(&[][..], Vec::as_slice);
        let last = history.iter().rfind(|one| matches!(one, Done::Invited | Done::Permitted(_)));
        last == Some(&Done::Permitted(true))
    }

    fn comes_in(&self, person: usize, password: usize, door: Door) -> bool {
        let (login, password) = (name(person).login().to_string(), secret(PASSWORDS[password]));
        matches!(self.accounts.authenticate(&login, &password, door, KNOCK).unwrap(), Verdict::Admitted(_))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_actions_breaks_a_promise(steps in prop::collection::vec(step(), 1..50)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.deliver();
            world.hold();
        }
        for (person, username) in USERNAMES.iter().enumerate() {
            let right = world.password(person);
            for which in 0..PASSWORDS.len() {
                let comes = world.comes_in(person, which, WEBMAIL);
                prop_assert_eq!(comes, right == Some(which), "{}: {:?}", username, world.history);
            }
            if let Some(right) = right {
                let comes = world.comes_in(person, right, CLIENT);
                prop_assert_eq!(comes, world.client(person), "{}: {:?}", username, world.history);
            }
        }
    }
}

/// The property would notice: sequences do come to where somebody is let in.
#[test]
fn somebody_does_come_in() {
    let mut world = World::new();
    for step in [Step::Invite(Who::Owner, 0, false), Step::Accept(0, 1), Step::Permit(Who::Owner, 0, true)] {
        world.take(&step);
        world.deliver();
    }
    assert!(world.password(0) == Some(1) && world.client(0));
    assert!(world.comes_in(0, 1, WEBMAIL) && world.comes_in(0, 1, CLIENT));
    world.take(&Step::Suspend(Who::Owner, 0));
    assert_eq!(world.password(0), None);
}

/// What somebody with **settings** does to others.
#[derive(Clone, Debug)]
enum Managed {
    Invite(usize, Permissions, Protocols),
    Replace(usize, Permissions),
    Grant(usize, Permission),
    Revoke(usize, Permission),
    Protocols(usize, Protocols),
    Suspend(usize),
    Resume(usize),
    Reject(usize),
    Reinvite(usize),
    Deactivate(usize),
    Delete(usize),
}

/// The manager is the last of [`USERNAMES`].
const MANAGER: usize = 3;

fn permission() -> impl Strategy<Value = Permission> {
    prop::sample::select(&Permission::ALL[..])
}

fn permissions() -> impl Strategy<Value = Permissions> {
    let granting =
        |all: Vec<Permission>| all.into_iter().fold(Permissions::READ, |all, one| all.granting(one, Profile::Nested));
    prop::collection::vec(permission(), 0..3).prop_map(granting)
}

fn some_protocols() -> impl Strategy<Value = Protocols> {
    prop::sample::select(vec!["imap", "pop3", "imap,pop3"]).prop_map(|list| list.parse().unwrap())
}

fn managed() -> impl Strategy<Value = Managed> {
    let person = || 0..=MANAGER;
    prop_oneof![
        2 => (person(), permissions(), some_protocols()).prop_map(|(who, what, by)| Managed::Invite(who, what, by)),
        2 => (person(), permissions()).prop_map(|(who, what)| Managed::Replace(who, what)),
        3 => (person(), permission()).prop_map(|(who, what)| Managed::Grant(who, what)),
        2 => (person(), permission()).prop_map(|(who, what)| Managed::Revoke(who, what)),
        3 => (person(), some_protocols()).prop_map(|(who, by)| Managed::Protocols(who, by)),
        2 => person().prop_map(Managed::Suspend),
        2 => person().prop_map(Managed::Resume),
        1 => person().prop_map(Managed::Reject),
        2 => person().prop_map(Managed::Reinvite),
        1 => person().prop_map(Managed::Deactivate),
        1 => person().prop_map(Managed::Delete),
    ]
}

/// What somebody can do now, or once they have taken their invitation.
fn powers(view: &DelegateView) -> BTreeSet<String> {
    if !matches!(view.delegate.state, DelegateState::Active | DelegateState::Pending) {
        return BTreeSet::new();
    }
    let mut powers: BTreeSet<String> = view.effective.iter().map(|one| one.name().to_owned()).collect();
    if view.effective.contains(Permission::Client) {
        powers.extend(view.delegate.protocols.to_string().split(',').map(|one| format!("client by {one}")));
    }
    powers
}

impl World {
    fn powers(&self, person: usize) -> BTreeSet<String> {
        self.accounts
            .show_delegate(Actor::Operator, &name(person), self.now)
            .map(|view| powers(&view))
            .unwrap_or_default()
    }

    fn invited(person: usize, permissions: Permissions, protocols: Protocols) -> Invitee {
        let who = Person { first_name: "A".into(), last_name: "B".into(), email: "a@example.it".into(), phone: None };
        Invitee { name: name(person), person: who, language: None, message: None, permissions, protocols }
    }

    /// Whether it was done.
    fn manages(&self, actor: Actor, step: &Managed) -> bool {
        let (accounts, now) = (&self.accounts, self.now);
        let change = |person, change| accounts.change_permissions(actor, &name(person), change, now).is_ok();
        let nothing = PermissionChange::default;
        match *step {
            Managed::Invite(person, what, by) => accounts.invite(actor, World::invited(person, what, by), now).is_ok(),
            Managed::Replace(person, what) => change(person, PermissionChange { replace: Some(what), ..nothing() }),
            Managed::Grant(person, what) => change(person, PermissionChange { grant: vec![what], ..nothing() }),
            Managed::Revoke(person, what) => change(person, PermissionChange { revoke: vec![what], ..nothing() }),
            Managed::Protocols(person, by) => change(person, PermissionChange { protocols: Some(by), ..nothing() }),
            Managed::Suspend(person) => accounts.suspend(actor, &name(person), Suspension::Suspend, now).is_ok(),
            Managed::Resume(person) => accounts.suspend(actor, &name(person), Suspension::Resume, now).is_ok(),
            Managed::Reject(person) => accounts.reject(actor, &name(person), now).is_ok(),
            Managed::Reinvite(person) => accounts.reinvite(actor, &name(person), None, now).is_ok(),
            Managed::Deactivate(person) => accounts.deactivate(actor, &name(person), now).is_ok(),
            Managed::Delete(person) => accounts.delete_delegate(actor, &name(person), now).is_ok(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// P5: by no sequence of what somebody with **settings** does has anybody more than the owner gave them and the manager
    /// has; and of the manager's own nothing changes.
    #[test]
    fn p5_a_manager_spreads_nothing_but_their_own(
        given in prop::collection::vec((permissions(), some_protocols(), any::<bool>()), MANAGER + 1),
        steps in prop::collection::vec(managed(), 1..30),
    ) {
        let mut world = World::new();
        let change = MailboxChange { plan: Some("Premium".parse().unwrap()), packs: Some(1), ..MailboxChange::default() };
        world.accounts.set_mailbox(&ADDRESS.parse().unwrap(), change, START).unwrap();
        for (person, (what, by, suspended)) in given.into_iter().enumerate() {
            let what = if person == MANAGER { what.granting(Permission::Settings, Profile::Nested) } else { what };
            world.accounts.invite(Actor::Operator, World::invited(person, what, by), START).unwrap();
            world.deliver();
            world.accounts.accept_invitation(world.links.last().unwrap(), &secret(PASSWORDS[0]), START).unwrap();
            if suspended && person != MANAGER {
                world.accounts.suspend(Actor::Operator, &name(person), Suspension::Suspend, START).unwrap();
            }
        }
        let manager = world.actor(Who::Delegate(MANAGER)).unwrap();
        let start: Vec<_> = (0..=MANAGER).map(|person| world.powers(person)).collect();
        for step in &steps {
            world.manages(manager, step);
            prop_assert_eq!(&world.powers(MANAGER), &start[MANAGER]);
            for (person, given) in start.iter().enumerate() {
                let may: BTreeSet<_> = given.union(&start[MANAGER]).cloned().collect();
                let has = world.powers(person);
                prop_assert!(has.is_subset(&may), "{} has {has:?} after {step:?}", USERNAMES[person]);
            }
        }
    }
}

/// The property would notice: a manager does get things done.
#[test]
fn a_manager_does_manage() {
    let mut world = World::new();
    let all = Permissions::ALL;
    world.accounts.invite(Actor::Operator, World::invited(MANAGER, all, Protocols::default()), START).unwrap();
    world.deliver();
    world.accounts.accept_invitation(&world.links[0], &secret(PASSWORDS[0]), START).unwrap();
    let manager = world.actor(Who::Delegate(MANAGER)).unwrap();
    assert!(world.manages(manager, &Managed::Invite(0, all, Protocols::default())));
    assert_eq!(world.powers(0), world.powers(MANAGER));
}
