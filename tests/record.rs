//! The record of sends as an operator sees it, and what is left of it when processes are killed or work at once.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use assert_cmd::cargo::cargo_bin;
use delega::accounts::{AccountRef, Accounts, Actor, MailboxEntry, SendingEntry, Upstreams};
use delega::domain::{
    Door, Language, ListenerKind, Login, MailboxAddress, Owner, PasswordVersion, Profile, Protocol, SendFilter, SendId,
    SendOutcome, Sending,
};
use delega::store::Sqlite;
use serde_json::{Value, json};

const ADDRESS: &str = "ufficio@pec.example.it";
/// Set for a test that runs as a process of its own: the folder that it works in.
const CHILD: &str = "DELEGA_TEST_FOLDER";
/// 2027-01-15T08:00:00Z
const NOW_MS: i64 = 1_800_000_000_000;

/// An operator's folder.
struct Site {
    dir: tempfile::TempDir,
}

fn open(folder: &Path) -> Accounts {
    let store = Arc::new(Sqlite::open(&folder.join("delega.db")).unwrap());
    let upstreams = Upstreams::from([("provider".to_owned(), None)]);
    Accounts::open(store, &folder.join("delega.key"), Profile::Nested, upstreams).unwrap()
}

impl Site {
    fn new() -> Site {
        let site = Site { dir: tempfile::tempdir().unwrap() };
        let text = "[[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:1143\"\ntls = \"none\"\n\n\
                    [upstream.provider]\nimap = \"imaps://imap.pec.example.it\"\n";
        fs::write(site.path("delega.toml"), text).unwrap();
        for address in [ADDRESS, "altro@pec.example.it"] {
            let entry = MailboxEntry {
                address: address.parse().unwrap(),
                upstream: "provider".into(),
                upstream_user: None,
                password: Some("s3cret".to_owned().into()),
                plan: "Premium".parse().unwrap(),
                packs: 0,
                multi_user: true,
                owner: Owner {
                    name: "Carla".into(),
                    email: "carla@example.it".into(),
                    language: Language::Italian,
                    fiscal_code: None,
                    phone: None,
                },
            };
            open(site.dir.path()).add_mailbox(entry, NOW_MS / 1000).unwrap();
        }
        site.delega(&add_delegate("anna"), Some("annas own password"));
        site.delega(&add_delegate("owner"), Some("owners own password"));
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Exit status, stdout, stderr.
    fn run(&self, args: &[&str], input: Option<&str>) -> (Option<i32>, String, String) {
        let stdin = match input {
            None => Stdio::null(),
            Some(text) => {
                fs::write(self.path("stdin"), text).unwrap();
                fs::File::open(self.path("stdin")).unwrap().into()
            }
        };
        let mut command = Command::new(cargo_bin!("delega"));
        let output = command.args(args).current_dir(self.dir.path()).stdin(stdin).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    #[track_caller]
    fn delega(&self, args: &[&str], input: Option<&str>) -> String {
        let (status, out, err) = self.run(args, input);
        assert_eq!((status, err.as_str()), (Some(0), ""), "{out}");
        out
    }

    #[track_caller]
    fn sends(&self, args: &[&str]) -> Vec<Value> {
        let out = self.delega(&[&["log", "sends", "--json"], args].concat(), None);
        serde_json::from_str(&out).unwrap()
    }

    #[track_caller]
    fn ids(&self, args: &[&str]) -> Vec<i64> {
        self.sends(args).iter().map(|send| send["id"].as_i64().unwrap()).collect()
    }

    fn send(&self, login: &str, to: &[&str], at_ms: i64, outcome: Option<SendOutcome>) -> i64 {
        let accounts = open(self.dir.path());
        let mut entry = sending(&accounts, login);
        entry.sending.forward_paths = to.iter().map(|to| (*to).to_owned()).collect();
        let id = accounts.record_sending(entry, None, at_ms).unwrap();
        if let Some(outcome) = outcome {
            accounts.record_outcome(id, outcome, None, at_ms + 250).unwrap();
        }
        id.0
    }
}

fn add_delegate(username: &str) -> Vec<&str> {
    let mut args = vec!["delegate", "add", ADDRESS, username, "--first-name", "Anna", "--last-name", "Verdi"];
    args.extend(["--email", "anna@example.it", "--permissions", "send,client", "--password-file", "-"]);
    args
}

/// The next message of somebody who has logged in.
fn sending(accounts: &Accounts, login: &str) -> SendingEntry {
    let login: Login = login.parse().unwrap();
    let address: MailboxAddress = login.mailbox().clone();
    let mailbox = accounts.show_mailbox(Actor::Operator, &address, NOW_MS / 1000).unwrap().mailbox.id;
    let account = match &login {
        Login::Owner(_) => AccountRef::Owner(mailbox, PasswordVersion(0)),
        Login::Delegate(username, _) => {
            let delegates = accounts.delegates(Actor::Operator, &address, NOW_MS / 1000).unwrap();
            let found = &delegates.iter().find(|view| view.delegate.username == *username).unwrap().delegate;
            AccountRef::Delegate(mailbox, found.id, found.password)
        }
    };
    SendingEntry {
        account,
        login,
        peer: "192.0.2.7:40123".parse().unwrap(),
        door: Door { protocol: Protocol::Submission, kind: ListenerKind::Client },
        sending: Sending {
            reverse_path: address.to_string(),
            forward_paths: vec!["comune@pec.example.org".into()],
            message_id: Some("<1@pec.example.it>".into()),
            subject: Some("Domanda di accesso agli atti".into()),
            bytes: 2048,
        },
        addresses: vec![address],
    }
}

fn accepted() -> Option<SendOutcome> {
    Some(SendOutcome::Accepted("250 2.0.0 Ok: queued as 4F2A".into()))
}

#[test]
fn o2_who_sent_what_to_whom_and_what_became_of_it() {
    let site = Site::new();
    assert_eq!(site.sends(&[]), [] as [Value; 0]);
    let anna = "anna/ufficio@pec.example.it";
    let first = site.send(anna, &["comune@pec.example.org", "Mario.Rossi@Example.org"], NOW_MS + 7, accepted());
    let refused = Some(SendOutcome::Refused("554 5.7.1 no".into()));
    let second = site.send(ADDRESS, &["comune@pec.example.org"], NOW_MS + 86_400_000, refused);
    let third = site.send("altro@pec.example.it", &["x@example.org"], NOW_MS + 1_000, None);
    let fourth = site.send("owner/ufficio@pec.example.it", &["y@example.org"], NOW_MS - 1, accepted());

    assert_eq!(
        site.sends(&["--by", "anna"]),
        [json!({
            "id": first, "at": "2027-01-15T08:00:00.007Z", "mailbox": ADDRESS, "username": "anna", "login": anna,
            "peer": "192.0.2.7:40123", "kind": "client", "from": ADDRESS,
            "to": ["comune@pec.example.org", "Mario.Rossi@Example.org"], "message_id": "<1@pec.example.it>",
            "subject": "Domanda di accesso agli atti", "bytes": 2048, "outcome": "accepted",
            "reply": "250 2.0.0 Ok: queued as 4F2A", "outcome_at": "2027-01-15T08:00:00.257Z", "copy": null,
        })]
    );
    let unknown = &site.sends(&["--outcome", "unknown"])[0];
    assert_eq!([&unknown["username"], &unknown["reply"], &unknown["outcome_at"]], [&Value::Null; 3]);

    assert_eq!(site.ids(&[]), [second, third, first, fourth], "newest first");
    for (args, expected) in [
        (&["UFFICIO@pec.example.it"][..], &[second, first, fourth][..]),
        (&["altro@pec.example.it"], &[third]),
        (&["--by", "owner"], &[second, third]),
        (&[ADDRESS, "--by", "owner"], &[second]),
        (&["--by", "owner/ufficio@pec.example.it"], &[fourth]),
        (&["--by", ADDRESS], &[second]),
        (&["--by", "bruno"], &[]),
        (&["--to", "mario.rossi@example.ORG"], &[first]),
        (&["--to", "comune@pec.example.org"], &[second, first]),
        (&["--to", "comune"], &[]),
        (&["--since", "2027-01-15T08:00:00Z"], &[second, third, first]),
        (&["--since", "2027-01-15T09:00:01+01:00"], &[second, third]),
        (&["--since", "2027-01-16"], &[second]),
        (&["--until", "2027-01-15"], &[third, first, fourth]),
        (&["--until", "2027-01-15T08:00"], &[fourth]),
        (&["--since", "2027-01-15", "--until", "2027-01-15", "--by", "anna"], &[first]),
        (&["--outcome", "accepted"], &[first, fourth]),
        (&["--outcome", "refused"], &[second]),
        (&["--outcome", "unknown"], &[third]),
        (&["--limit", "4"], &[second, third, first, fourth]),
    ] {
        assert_eq!(site.ids(args), expected, "{args:?}");
    }

    let table = site.delega(&["log", "sends"], None);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("WHEN (UTC)           LOGIN"), "{table}");
    assert!(lines[1].starts_with("2027-01-16 08:00:00  ufficio@pec.example.it"), "{table}");
    assert!(lines[1].ends_with("refused: 554 5.7.1 no") && lines[2].ends_with("unknown"), "{table}");
    assert!(lines[3].contains("comune@pec.example.org and 1 more  Domanda di accesso agli atti  2048"), "{table}");
}

#[test]
fn what_is_left_out_is_said_and_found() {
    let site = Site::new();
    let all: Vec<i64> = (0..5).map(|n| site.send(ADDRESS, &["x@example.org"], NOW_MS + n, None)).collect();
    let (status, out, err) = site.run(&["log", "sends", "--limit", "2", "--json"], None);
    let shown: Vec<Value> = serde_json::from_str(&out).unwrap();
    assert_eq!((status, shown.len()), (Some(0), 2));
    let hint = "delega: there are older ones: raise --limit 2, or go on with --until 2027-01-15T08:00:00.003Z\n";
    assert_eq!(err, hint);
    assert_eq!(site.ids(&["--until", "2027-01-15T08:00:00.003Z"]), [all[3], all[2], all[1], all[0]]);
    let (_, out, err) = site.run(&["log", "sends", "--limit", "2"], None);
    assert_eq!((out.lines().count(), err.as_str()), (3, hint));
    assert_eq!(site.ids(&["--limit", "5"]).len(), 5);
}

#[test]
fn what_cannot_be_meant_is_usage_and_what_is_not_there_is_refused() {
    let site = Site::new();
    for args in [
        &["log"][..],
        &["log", "sends", "ufficio"],
        &["log", "sends", "--by", "an na"],
        &["log", "sends", "--since", "yesterday"],
        &["log", "sends", "--outcome", "sent"],
        &["log", "sends", "--limit", "0"],
        &["log", "sends", "--limit", "10001"],
        &["log", "sends", "altro@pec.example.it", "--by", "anna/ufficio@pec.example.it"],
    ] {
        let (status, out, err) = site.run(args, None);
        assert_eq!((status, out.as_str(), err.is_empty()), (Some(2), "", false), "{args:?}");
    }
    let (status, out, err) = site.run(&["log", "sends", "mai@pec.example.it"], None);
    assert_eq!((status, out.as_str()), (Some(1), ""));
    assert_eq!(err, "delega: there is no mailbox mai@pec.example.it\n");
    assert!(site.delega(&["log", "sends", "--help"], None).contains("Times are shown in UTC"));
}

#[test]
fn the_record_outlives_the_mailbox_and_its_delegates() {
    let site = Site::new();
    let id = site.send("anna/ufficio@pec.example.it", &["x@example.org"], NOW_MS, accepted());
    site.delega(&["mailbox", "remove", ADDRESS, "--with-delegates", "--yes"], None);
    assert_eq!(site.ids(&[ADDRESS, "--by", "anna"]), [id]);
}

/// Subjects and addresses come from strangers, replies from servers.
#[test]
fn what_a_stranger_wrote_cannot_speak_to_the_terminal() {
    let site = Site::new();
    let accounts = open(site.dir.path());
    let evil = "\u{1b}[2J\u{9b}31m\r\nWHEN\u{202e}\u{2028}\0";
    let mut entry = sending(&accounts, ADDRESS);
    entry.sending = Sending {
        reverse_path: format!("a{evil}"),
        forward_paths: vec![format!("b{evil}"), "c@d".into()],
        message_id: Some(format!("c{evil}")),
        subject: Some(format!("d{evil}")),
        bytes: 1,
    };
    let id = accounts.record_sending(entry, None, NOW_MS).unwrap();
    accounts.record_outcome(id, SendOutcome::Refused(format!("554 {evil}")), None, NOW_MS).unwrap();
    let table = site.delega(&["log", "sends"], None);
    assert_eq!(table.lines().count(), 2, "{table}");
    assert!(table.contains(r"d\u{1b}[2J\u{9b}31m\r\nWHEN\u{202e}\u{2028}\0"), "{table}");
    let obeyed = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202e}' | '\u{2028}'));
    assert!(!table.contains(obeyed), "{table:?}");
    let csv = site.delega(&["log", "sends", "--csv"], None);
    assert!(csv.lines().count() == 2 && !csv.replace('\r', "").contains(obeyed), "{csv:?}");
    let json = site.delega(&["log", "sends", "--json"], None);
    assert!(!json.contains(obeyed), "{json:?}");
    assert_eq!(site.sends(&[])[0]["subject"], format!("d{evil}"), "programs get it as it is");
}

#[test]
fn a_damaged_row_is_said() {
    let site = Site::new();
    site.send(ADDRESS, &["x@example.org"], NOW_MS, accepted());
    let raw = rusqlite::Connection::open(site.path("delega.db")).unwrap();
    raw.execute("UPDATE sends SET outcome = 'perhaps'", []).unwrap();
    let (status, out, err) = site.run(&["log", "sends"], None);
    assert_eq!((status, out.as_str()), (Some(1), ""));
    assert!(err.contains("the outcome `perhaps`, which this delega cannot read"), "{err}");
}

/// Runs a test of this file as a process of its own.
fn child(test: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// kill -9 between the record and the outcome: the message is known, and that nobody knows what became of it. What was
/// kept of it for a copy goes at the next start, for nobody knows whether it was sent.
#[test]
fn a_process_that_is_killed_leaves_an_unknown_outcome() {
    if let Some(folder) = std::env::var_os(CHILD) {
        let accounts = open(Path::new(&folder));
        let spool = accounts.open_spool(&Path::new(&folder).join("delega.db")).unwrap();
        let send = |subject: &str| {
            let mut draft = spool.create().unwrap();
            draft.append(subject.as_bytes()).unwrap();
            let spooled = spool.seal(draft).unwrap();
            let mut entry = sending(&accounts, ADDRESS);
            entry.sending.subject = Some(subject.into());
            (accounts.record_sending(entry, Some(&spooled), NOW_MS).unwrap(), spooled)
        };
        let (id, spooled) = send("sent");
        accounts.record_outcome(id, accepted().unwrap(), Some(spooled), NOW_MS + 1).unwrap();
        let _under_way = send("under way");
        let mut half = spool.create().unwrap();
        half.append(b"half a mess").unwrap();
        println!("\nrecorded");
        // Until it is killed.
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        return;
    }
    let site = Site::new();
    let mut child = child("a_process_that_is_killed_leaves_an_unknown_outcome", site.dir.path());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "recorded"));
    child.kill().unwrap();
    child.wait().unwrap();

    let rows = site.sends(&[]);
    let told: Vec<_> = rows.iter().map(|row| [&row["subject"], &row["outcome"], &row["copy"]["state"]]).collect();
    assert_eq!(told, [["under way", "unknown", "waiting"], ["sent", "accepted", "due"]]);
    assert_eq!(rows[0]["outcome_at"], Value::Null);
    let files = || fs::read_dir(site.path("delega.db.spool")).unwrap().count();
    assert_eq!(files(), 3);
    let accounts = open(site.dir.path());
    let spool = accounts.open_spool(&site.path("delega.db")).unwrap();
    assert_eq!(files(), 1);
    assert_eq!(site.sends(&[])[0]["copy"], Value::Null);
    let attempt = accounts.begin_copy(&[], NOW_MS + 60_000).unwrap().unwrap();
    let mut text = String::new();
    spool.read(&attempt.spool).unwrap().0.read_to_string(&mut text).unwrap();
    assert_eq!(text, "sent");
}

#[test]
fn processes_at_once_record_everything() {
    const EACH: i64 = 25;
    if let Some(folder) = std::env::var_os(CHILD) {
        let accounts = open(Path::new(&folder));
        for n in 0..EACH {
            let id: SendId = accounts.record_sending(sending(&accounts, ADDRESS), None, NOW_MS + n).unwrap();
            let reply = SendOutcome::Accepted(format!("250 {}", id.0));
            accounts.record_outcome(id, reply, None, NOW_MS + n).unwrap();
        }
        return;
    }
    let site = Site::new();
    let marker = open(site.dir.path()).change_marker().unwrap();
    let mut children = [(); 3].map(|()| child("processes_at_once_record_everything", site.dir.path()));
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let accounts = open(site.dir.path());
    let rows = accounts.sends(Actor::Operator, &SendFilter::default(), 1000, NOW_MS / 1000).unwrap().rows;
    assert_eq!(rows.iter().map(|row| row.id).collect::<BTreeSet<_>>().len(), 3 * EACH as usize);
    assert!(rows.iter().all(|row| row.outcome == SendOutcome::Accepted(format!("250 {}", row.id.0))));
    assert_eq!(accounts.change_marker().unwrap(), marker, "sending looks like a change of somebody's standing");
}

/// The columns of the tables are an interface that stays.
#[test]
fn g7_records_are_tables_for_spreadsheets_too() {
    let site = Site::new();
    let id = site.send("anna/ufficio@pec.example.it", &["x@example.org", "+y@example.org"], NOW_MS, accepted());
    let csv = site.delega(&["log", "sends", "--csv"], None);
    let head = "\"id\",\"at\",\"login\",\"peer\",\"kind\",\"from\",\"to\",\"message_id\",\"subject\",\"bytes\",\"outcome\",\
                \"reply\",\"outcome_at\",\"copy\"";
    assert_eq!(csv.lines().next(), Some(head), "{csv}");
    let row = csv.lines().nth(1).unwrap();
    assert!(row.starts_with(&format!("\"{id}\",\"2")) && row.contains("\"x@example.org +y@example.org\""), "{row}");
    assert_eq!(
        site.delega(&["log", "access", "--csv"], None),
        "\"id\",\"first_at\",\"last_at\",\"count\",\"login\",\"address\",\"way\",\"program\",\"refusal\"\r\n"
    );
    assert_eq!(site.run(&["log", "sends", "--csv", "--json"], None).0, Some(2));
}

#[test]
fn g7_the_command_line_signs_people_out() {
    let site = Site::new();
    let accounts = open(site.dir.path());
    let before = accounts.change_marker().unwrap();
    let said = site.delega(&["delegate", "sign-out", ADDRESS, "anna"], None);
    assert_eq!(said, "anna/ufficio@pec.example.it is signed out everywhere\n");
    let between = accounts.change_marker().unwrap();
    assert_ne!(between, before, "open sessions are looked at again");
    site.delega(&["mailbox", "sign-out", ADDRESS], None);
    assert_ne!(accounts.change_marker().unwrap(), between);
    assert_eq!(site.run(&["delegate", "sign-out", ADDRESS, "nobody"], None).0, Some(1));
}
