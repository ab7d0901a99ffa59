//! The command line of a delegate's life, in processes of its own: what it says, what it refuses and why, and that a
//! process that is killed in the midst of an invitation leaves nothing, or a delegate, a link and a mail.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use delega::accounts::{Accounts, Actor, Upstreams};
use delega::domain::{About, DelegateState, MailState, Profile};
use delega::store::Sqlite;
use serde_json::Value;

#[path = "invitation/profile.rs"]
mod profile;

const ADDRESS: &str = "ufficio@pec.example.it";

struct Site(tempfile::TempDir);

impl Site {
    fn new() -> Site {
        let site = Site(tempfile::tempdir().unwrap());
        let text = "[[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:1143\"\ntls = \"none\"\n\n\
                    [upstream.provider]\nimap = \"imaps://imap.pec.example.it\"\n\n\
                    [panel]\naddress = \"127.0.0.1:8443\"\ntls = \"none\"\npublic_url = \"https://delega.example.it\"\n\n\
                    [notify]\nrelay = \"smtp+insecure://127.0.0.1:2525\"\nfrom = \"delega <noreply@example.it>\"\n";
        fs::write(site.path("delega.toml"), text).unwrap();
        fs::write(site.path("password"), "casella").unwrap();
        let owner = ["--owner-name", "Comune di Prova", "--owner-email", "comune@example.it"];
        let mailbox = ["mailbox", "add", ADDRESS, "--upstream", "provider", "--plan", "premium", "--packs", "30"];
        let password = site.path("password");
        let password = ["--password-file", password.to_str().unwrap()];
        site.done(&[&mailbox[..], &owner, &password].concat());
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.start_with(arguments, Stdio::null())
    }

    fn start_with(&self, arguments: &[&str], stdin: Stdio) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_delega"));
        command.args(arguments).arg("--config").arg(self.path("delega.toml"));
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.start(arguments).wait_with_output().unwrap()
    }

    #[track_caller]
    fn done(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.run(arguments);
        assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str]) -> String {
        let Output { status, stderr, .. } = self.run(arguments);
        let text = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(1), "{arguments:?}: {text}");
        text
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[arguments, &["--json"]].concat())).unwrap()
    }

    fn accounts(&self) -> Accounts {
        let store = Sqlite::open(&self.path("delega.db")).unwrap();
        let upstreams = Upstreams::from([("provider".to_owned(), None)]);
        Accounts::open(Arc::new(store), &self.path("delega.key"), Profile::Nested, upstreams).unwrap().with_mails(true)
    }
}

fn invite(username: &str) -> Vec<&str> {
    let mut arguments = vec!["delegate", "invite", ADDRESS, username, "--first-name", "Anna", "--last-name", "Verdi"];
    arguments.extend(["--email", "anna@example.it", "--permissions", "read-and-modify", "--message", "Ciao"]);
    arguments
}

#[test]
fn g7_a_life_on_the_command_line() {
    let site = Site::new();
    let who = |action: &'static str| ["delegate", action, ADDRESS, "anna"];
    let said = site.done(&invite("anna"));
    assert!(said.starts_with("invited anna/ufficio@pec.example.it with read,write; a link goes to anna@"), "{said}");
    let shown = site.json(&who("show"));
    assert_eq!(shown["state"], "pending");
    assert!(shown["invited_until"].is_string() && shown["password_reset_at"].is_null(), "{shown}");
    let refused = site.refused(&who("suspend"));
    let why = "cannot suspend: anna/ufficio@pec.example.it is pending, not active";
    assert!(refused.contains(why), "{refused}");
    site.done(&who("reject"));
    assert_eq!(site.json(&who("show"))["state"], "rejected");
    let again = site.json(&[&who("reinvite")[..], &["--message", "dai"]].concat());
    assert_eq!(again["state"], "pending");
    // Accepted, as by the page.
    let accounts = site.accounts();
    let now = jiff::Timestamp::now();
    let mut token = None;
    while let Some(attempt) = accounts.begin_mail(now.as_millisecond()).unwrap() {
        let end = delega::accounts::MailEnd::Sent("250 ok".into());
        accounts.end_mail(attempt.row.id, end, now.as_millisecond()).unwrap();
        token = attempt.token.or(token);
    }
    let password = "correct horse battery staple".to_owned().into();
    accounts.accept_invitation(&token.unwrap(), &password, now.as_second()).unwrap();
    assert_eq!(site.json(&who("show"))["state"], "active");
    site.done(&who("suspend"));
    site.done(&who("resume"));
    let said = site.done(&who("reset-password"));
    assert!(said.contains("is out until they have set a new password"), "{said}");
    assert!(site.json(&who("show"))["password_reset_at"].is_string());
    let ended = site.run(&who("deactivate"));
    assert_eq!(ended.status.code(), Some(2), "nobody was asked, and --yes was not said");
    site.done(&[&who("deactivate")[..], &["--yes"]].concat());
    assert_eq!(site.json(&["delegate", "list", ADDRESS])[0]["state"], "inactive");
    site.done(&[&who("delete")[..], &["--yes"]].concat());
    assert_eq!(site.json(&["delegate", "list", ADDRESS]), Value::Array(Vec::new()));
}

/// Issue 5, point 8: what a subcommand did, it prints as `show` and `list` do; what is gone, as it was last.
#[test]
fn g7_every_change_has_json() {
    let site = Site::new();
    let who = |action: &'static str| ["delegate", action, ADDRESS, "anna"];
    let shown = || site.json(&who("show"));
    let first_of = |listed: Value| listed[0].clone();

    let added = ["delegate", "add", ADDRESS, "anna", "--first-name", "Anna", "--last-name", "Verdi", "--email"];
    let password = site.path("annas");
    fs::write(&password, "correct horse battery staple").unwrap();
    let password = ["--password-file", password.to_str().unwrap()];
    let added = [&added[..], &["anna@example.it", "--permissions", "read"], &password].concat();
    let added = site.json(&added);
    assert_eq!((&added["login"], &added["state"]), (&"anna/ufficio@pec.example.it".into(), &"active".into()));
    assert_eq!(added, shown());
    let states = [
        (&["permissions"][..], &["--grant", "send"][..], "active"),
        (&["suspend"], &[], "suspended"),
        (&["suspend"], &[], "suspended"),
        (&["resume"], &["--yes"], "active"),
        (&["reset-password"], &[], "active"),
        (&["deactivate"], &["--yes"], "inactive"),
    ];
    let mut last = Value::Null;
    for (action, more, state) in states {
        last = site.json(&[&["delegate"], action, &[ADDRESS, "anna"], more].concat());
        assert_eq!((&last, &last["state"]), (&shown(), &state.into()), "{action:?}");
    }
    assert_eq!(last["permissions"], serde_json::json!(["read", "write", "send"]));
    assert_eq!(site.json(&[&who("delete")[..], &["--yes"]].concat()), last);
    assert_eq!(site.json(&invite("anna")), shown());
    assert_eq!(site.json(&who("reject")), shown());
    assert_eq!(site.json(&who("reinvite")), shown());

    let plan = |name: &str| {
        let plans = site.json(&["plan", "list"]);
        plans.as_array().unwrap().iter().find(|plan| plan["name"] == name).unwrap().clone()
    };
    let set = site.json(&["plan", "set", "Ateneo", "--seats", "2", "--pack-seats", "5", "--packs", "3"]);
    assert_eq!((&set, &set["most_seats"]), (&plan("Ateneo"), &17.into()));
    let changed = site.json(&["mailbox", "set", ADDRESS, "--plan", "Ateneo", "--alias", "z@b.it", "--alias", "a@b.it"]);
    assert_eq!(changed, site.json(&["mailbox", "show", ADDRESS]));
    assert_eq!((&changed["seats_taken"], &changed["aliases"][0]), (&1.into(), &"a@b.it".into()));
    let set = site.json(&["plan", "set", "Ateneo", "--seats", "4"]);
    assert_eq!((&set, &set["mailboxes"]), (&plan("Ateneo"), &1.into()));
    assert_eq!(site.json(&["mailbox", "remove", ADDRESS, "--with-delegates", "--yes"])["delegates_waiting"], 1);
    let removed = site.json(&["plan", "remove", "Ateneo", "--yes"]);
    assert_eq!((&removed["seats"], &removed["mailboxes"]), (&4.into(), &0.into()));

    let owner = ["--owner-name", "Comune", "--owner-email", "comune@example.it"];
    let add = ["mailbox", "add", ADDRESS, "--upstream", "provider", "--plan", "premium"];
    let added = site.json(&[&add[..], &owner, &password].concat());
    assert_eq!((&added["plan"], &added["has_password"]), (&"Premium".into(), &true.into()));
    assert_eq!(added, first_of(site.json(&["mailbox", "list"])));

    let who = ["pec.example.it", "Posta@example.it"];
    let added = site.json(&[&["postmaster", "add"][..], &who, &["--name", "Ufficio posta"]].concat());
    assert_eq!((&added, &added["email"]), (&first_of(site.json(&["postmaster", "list"])), &"posta@example.it".into()));
    assert_eq!(site.json(&[&["postmaster", "remove"][..], &who, &["--yes"]].concat()), added);
}

/// D5: with confirmation, where there is somebody to ask. Without, `g7_every_change_has_json` goes on.
#[test]
fn d5_suspending_is_asked_about_on_a_terminal() {
    let site = Site::new();
    let said = site.done(&[&invite("anna")[..], &["--json"]].concat());
    assert!(said.contains("pending"), "{said}");
    let accounts = site.accounts();
    let now = jiff::Timestamp::now();
    let attempt = accounts.begin_mail(now.as_millisecond()).unwrap().unwrap();
    let password = "correct horse battery staple".to_owned().into();
    accounts.accept_invitation(&attempt.token.unwrap(), &password, now.as_second()).unwrap();
    let state = || site.json(&["delegate", "show", ADDRESS, "anna"])["state"].clone();
    for (action, answer, question, after) in [
        ("suspend", "\n", "Suspend anna/ufficio@pec.example.it (Anna Verdi)? They are out at once", "active"),
        ("suspend", "s\n", "Suspend anna/", "suspended"),
        ("resume", "n\n", "Let anna/ufficio@pec.example.it (Anna Verdi) work again", "suspended"),
        ("resume", "yes\n", "Let anna/", "active"),
    ] {
        let before = state();
        let nix::pty::OpenptyResult { master, slave } = nix::pty::openpty(None, None).unwrap();
        fs::File::from(master.try_clone().unwrap()).write_all(answer.as_bytes()).unwrap();
        let child = site.start_with(&["delegate", action, ADDRESS, "anna"], slave.into());
        let Output { status, stderr, .. } = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(stderr.starts_with(question), "{stderr}");
        assert_eq!((status.success(), state()), (before != after, after.into()), "{stderr}");
        assert_eq!(stderr.contains("nothing was done"), before == after, "{stderr}");
    }
    // Who says --yes is not asked.
    let nix::pty::OpenptyResult { master: _terminal, slave } = nix::pty::openpty(None, None).unwrap();
    let child = site.start_with(&["delegate", "suspend", ADDRESS, "anna", "--yes"], slave.into());
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert!(status.success() && stderr.is_empty(), "{}", String::from_utf8_lossy(&stderr));
}

#[test]
fn d9_plans_on_the_command_line() {
    let site = Site::new();
    let plans = site.json(&["plan", "list"]);
    let most: Vec<(&str, u64)> = plans
        .as_array()
        .unwrap()
        .iter()
        .map(|plan| (plan["name"].as_str().unwrap(), plan["most_seats"].as_u64().unwrap()))
        .collect();
    assert_eq!(most, [("Plus", 1), ("Premium", 153), ("Pro", 1), ("Pro-3", 3), ("Standard", 0)]);
    site.done(&["mailbox", "set", ADDRESS, "--plan", "Standard"]);
    let refused = site.refused(&invite("anna"));
    assert!(refused.contains("the plan Standard gives ufficio@pec.example.it no delegates"), "{refused}");
    let unknown = site.refused(&["mailbox", "set", ADDRESS, "--plan", "Gold"]);
    assert!(unknown.contains("there is no plan `Gold`; there are Plus, Premium, Pro, Pro-3, Standard"), "{unknown}");
    site.done(&["plan", "set", "Ateneo", "--seats", "2"]);
    site.done(&["mailbox", "set", ADDRESS, "--plan", "ateneo"]);
    site.done(&invite("anna"));
    site.done(&invite("bruno"));
    let refused = site.refused(&invite("clia"));
    assert!(refused.contains("gives ufficio@pec.example.it 2 delegates, and 2 are taken"), "{refused}");
    site.done(&["mailbox", "set", ADDRESS, "--plan", "Pro", "--grace-until", "2027-12-31"]);
    let shown = site.json(&["mailbox", "show", ADDRESS]);
    assert_eq!(
        (&shown["seats"], &shown["seats_taken"], &shown["delegates_waiting"]),
        (&1.into(), &2.into(), &2.into())
    );
    assert_eq!(shown["grace_until"], "2028-01-01T00:00:00Z");
    assert!(site.refused(&["plan", "remove", "Pro", "--yes"]).contains("is that of 1 mailbox"));
    site.done(&["plan", "remove", "Ateneo", "--yes"]);
    let off = site.refused(&["mailbox", "set", ADDRESS, "--multi-user", "off"]);
    assert!(off.contains("has 2 collaborations: end them before multi-user is turned off"), "{off}");
}

#[test]
fn m1_postmasters_on_the_command_line() {
    let site = Site::new();
    let who = ["pec.example.it", "Posta@example.it"];
    site.done(&[&["postmaster", "add"][..], &who, &["--name", "Ufficio posta", "--language", "en"]].concat());
    site.done(&invite("anna"));
    let listed = site.json(&["postmaster", "list"]);
    assert_eq!(
        [&listed[0]["domain"], &listed[0]["email"], &listed[0]["language"]],
        ["pec.example.it", "posta@example.it", "en"]
    );
    let seen = site.json(&[&["postmaster", "mailboxes"][..], &who].concat());
    assert_eq!(
        (&seen[0]["address"], &seen[0]["delegates_active"], &seen[0]["delegates_waiting"]),
        (&ADDRESS.into(), &0.into(), &1.into())
    );
    site.done(&[&["postmaster", "remove"][..], &who, &["--yes"]].concat());
    let gone = site.refused(&[&["postmaster", "mailboxes"][..], &who].concat());
    assert!(gone.contains("posta@example.it is no postmaster of pec.example.it"), "{gone}");
}

/// kill -9 at any point of an invitation: afterwards there is nothing, or a delegate, an invitation and a mail.
#[test]
fn an_invitation_that_is_cut_off_is_whole_or_not_there() {
    let site = Site::new();
    let begun = Instant::now();
    site.done(&invite("whole"));
    let whole = begun.elapsed();
    let mut ended = vec!["whole/ufficio@pec.example.it".to_owned()];
    let mut cut_off = 0;
    // Over the whole time that one takes, and a little beyond; then on until one has come to its end.
    let delays = (0..60).map(|n| whole * n / 50).chain((1..20).map(|n| whole * 2_u32.pow(n)));
    for (n, delay) in delays.enumerate() {
        if n >= 60 && ended.len() > 1 {
            break;
        }
        let name = format!("anna{n}");
        let mut child = site.start(&invite(&name));
        thread::sleep(delay);
        let _ = child.kill();
        match child.wait().unwrap().success() {
            true => ended.push(format!("{name}/{ADDRESS}")),
            false => cut_off += 1,
        }
    }
    let accounts = site.accounts();
    let now = jiff::Timestamp::now();
    let address = ADDRESS.parse().unwrap();
    let delegates = accounts.delegates(Actor::Operator, &address, now.as_second()).unwrap();
    assert!(delegates.iter().all(|view| view.delegate.state == DelegateState::Pending));
    let invited: Vec<String> = delegates.iter().map(|view| view.login().to_string()).collect();
    let mails = accounts.mails(Some(MailState::Waiting), 1000).unwrap().rows;
    let mut mailed: Vec<String> = mails
        .iter()
        .map(|mail| match &mail.notice {
            delega::domain::Notice::Invitation { facts, .. } => facts.login.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    mailed.sort();
    assert_eq!(mailed, invited);
    // Each has a link that works.
    let mut links = 0;
    while let Some(attempt) = accounts.begin_mail(now.as_millisecond()).unwrap() {
        let token = attempt.token.unwrap();
        let view = accounts.invitation(&token, now.as_second()).unwrap();
        assert_eq!(attempt.row.notice.about(), About::Mailbox(&view.delegate.address));
        accounts.end_mail(attempt.row.id, delega::accounts::MailEnd::Sent("250".into()), now.as_millisecond()).unwrap();
        links += 1;
    }
    assert_eq!(links, invited.len());
    // What was said to be done is.
    assert!(ended.iter().all(|login| invited.contains(login)), "{ended:?} of {invited:?}");
    assert!(ended.len() > 1 && cut_off > 0, "{cut_off} were cut off, {} were not", ended.len());
}
