//! The whole of a delegate's life as a table: who may do what to whom in which state, and what becomes of them (D2–D8, P5).
//!
//! `tests/golden/delegate-life.txt` is read by reviewers: a change of the rule shows there, and nowhere unnoticed.
//! `UPDATE_GOLDEN=1` writes it anew.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use delega::domain::DelegateState;
use delega::domain::life::{Action, After, No, Role, beyond, judge, protocols_beyond};
use delega::domain::{Permissions, Profile, Protocols};

/// The states, and none at all.
fn states() -> impl Iterator<Item = Option<DelegateState>> {
    std::iter::once(None).chain(DelegateState::ALL.map(Some))
}

fn table() -> String {
    let mut text = String::from(
        "# What becomes of a delegate, by role, action and state. \"-\" is no such delegate, before or after; \"right\" is\n\
         # refused for want of the right, \"state\" because nobody does that in this state.\n",
    );
    for role in Role::ALL {
        writeln!(text, "\n## {}\n", role.name()).unwrap();
        write!(text, "{:<30}", "").unwrap();
        for state in states() {
            write!(text, "{:<11}", state.map_or("-", DelegateState::name)).unwrap();
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        for action in Action::ALL {
            write!(text, "{:<30}", action.name()).unwrap();
            for state in states() {
                let after = match judge(role, action, state) {
                    Ok(After::In(after)) => after.name(),
                    Ok(After::Gone) => "-",
                    Err(No::Right) => "right",
                    Err(No::State) => "state",
                };
                write!(text, "{after:<11}").unwrap();
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
    }
    text
}

#[test]
fn the_table_is_the_one_that_was_agreed_on() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/delegate-life.txt");
    let now = table();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &now).unwrap();
    }
    let agreed = fs::read_to_string(&file).unwrap_or_default();
    assert!(agreed == now, "the rule has changed; look at the difference after UPDATE_GOLDEN=1\n{now}");
}

/// D4, as requirements.md has it, for the owner.
#[test]
fn d4_what_can_be_done_in_each_state() {
    use DelegateState::{Active, Inactive, Pending, Rejected, Suspended};
    let possible = |state| -> Vec<&str> {
        let all = Action::ALL.into_iter().filter(|action| judge(Role::Owner, *action, Some(state)).is_ok());
        all.map(Action::name).collect()
    };
    // "Suspend" and "resume" are D5's, app passwords S3's, two-step verification S2's.
    let active = ["look at", "change permissions", "reset the password", "make an app password"];
    let taken = ["revoke an app password", "remove two-step verification"];
    assert_eq!(possible(Active), [&active[..], &taken, &["suspend", "deactivate"]].concat());
    assert_eq!(possible(Pending), ["look at", "reject"]);
    assert_eq!(possible(Inactive), ["look at", "delete"]);
    assert_eq!(possible(Suspended), [&["look at"][..], &taken, &["resume", "deactivate"]].concat());
    assert_eq!(possible(Rejected), ["look at", "invite again", "delete"]);
}

/// Nobody comes to be active but by a link of their own, by the operator's hand, or because they were active before.
#[test]
fn nobody_else_makes_somebody_active() {
    for role in Role::ALL {
        for action in Action::ALL {
            for state in states() {
                let active = judge(role, action, state) == Ok(After::In(DelegateState::Active));
                let by_right = match state {
                    Some(DelegateState::Active) => true,
                    Some(DelegateState::Pending) => role == Role::LinkHolder && action == Action::Accept,
                    Some(DelegateState::Suspended) => action == Action::Resume || action == Action::Look,
                    None => role == Role::Operator && action == Action::Add,
                    Some(DelegateState::Inactive | DelegateState::Rejected) => false,
                };
                assert!(!active || by_right, "{role:?} {action:?} {state:?}");
            }
        }
    }
}

/// P5: a delegate with settings never grants what they do not have.
#[test]
fn p5_nobody_gives_more_than_their_own() {
    let set = |text| Permissions::parse(text, Profile::Nested).unwrap();
    let beyond = |own, before, after| beyond(set(own), set(before), set(after)).map(|one| one.name());
    assert_eq!(beyond("write,settings", "read", "write"), None);
    assert_eq!(beyond("write,settings", "read", "send"), Some("send"));
    assert_eq!(beyond("write,settings", "read", "settings"), None);
    // What somebody has already from the owner may stay when something is taken away.
    assert_eq!(beyond("read,settings", "client", "send"), None);
    assert_eq!(beyond("read,settings", "write", "client"), Some("send"));
    let protocols = |own: &str, before: &str, after: &str| {
        let set = |text: &str| text.parse::<Protocols>().unwrap();
        protocols_beyond(set(own), set(before), set(after))
    };
    assert!(protocols("imap", "imap", "imap,pop3") && protocols("imap", "imap", "pop3"));
    assert!(!protocols("imap", "pop3", "imap,pop3") && !protocols("imap,pop3", "imap", "pop3"));
}
