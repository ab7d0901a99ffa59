//! The command line as an operator uses it: processes, files, exit statuses.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "cli/check.rs"]
mod check;
#[path = "cli/two_factor.rs"]
mod two_factor;

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};
use tempfile::TempDir;

const MAILBOX: &str = "ufficio@pec.example.it";
const UPSTREAM_PASSWORD: &str = "upstream-p4ssword";
const ANNAS_PASSWORD: &str = "annas-own-p4ssword";

/// An operator's folder with a configuration.
struct Site {
    dir: TempDir,
}

/// How a command ended.
#[derive(Debug)]
struct Ended {
    status: Option<i32>,
    out: String,
    err: String,
}

impl Site {
    fn new() -> Site {
        Site::with("")
    }

    /// With `more` at the end of the configuration, from line 12.
    fn with(more: &str) -> Site {
        let site = Site { dir: tempfile::tempdir().unwrap() };
        let text = format!(
            "[store]\nurl = \"sqlite:delega.db\"\nkey_file = \"delega.key\"\n\n\
             [[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:1143\"\ntls = \"none\"\n\n\
             [upstream.provider]\nimap = \"imaps://imap.pec.example.it\"\n{more}"
        );
        fs::write(site.path("delega.toml"), text).unwrap();
        site
    }

    /// With a mailbox and its delegate anna.
    fn furnished(more: &str) -> Site {
        let site = Site::with(more);
        site.add_mailbox(MAILBOX).done();
        site.add_delegate("anna", "client").done();
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(cargo_bin!("delega"));
        command.args(args).current_dir(self.dir.path()).env_remove("CREDENTIALS_DIRECTORY").stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Ended {
        ended(self.command(args).output().unwrap())
    }

    /// With `input` on stdin.
    fn fed(&self, args: &[&str], input: &str) -> Ended {
        let path = self.path("stdin");
        fs::write(&path, input).unwrap();
        ended(self.command(args).stdin(fs::File::open(&path).unwrap()).output().unwrap())
    }

    fn start(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.run(&[args, &["--json"]].concat()).done().out).unwrap()
    }

    fn anna(&self) -> Value {
        self.json(&["delegate", "show", MAILBOX, "anna"])
    }

    fn add_mailbox(&self, address: &str) -> Ended {
        self.fed(&add_mailbox(address), &format!("{UPSTREAM_PASSWORD}\n"))
    }

    fn add_delegate(&self, username: &str, permissions: &str) -> Ended {
        self.fed(&add_delegate(username, permissions), &format!("{ANNAS_PASSWORD}\n"))
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o7777
    }

    fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path("delega.db")).unwrap()
    }

    /// A connection that has read: while it is open, the write-ahead log is not folded into the file and removed.
    fn held_database(&self) -> rusqlite::Connection {
        let held = self.database();
        held.query_row("SELECT count(*) FROM mailboxes", [], |row| row.get::<_, i64>(0)).unwrap();
        held
    }

    /// Every byte in the folder, but for the stand-in for stdin.
    fn everything(&self) -> Vec<u8> {
        let files = fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| !path.ends_with("stdin")).flat_map(|path| fs::read(path).unwrap()).collect()
    }
}

fn add_mailbox(address: &str) -> Vec<&str> {
    let mut args = vec!["mailbox", "add", address, "--upstream", "provider", "--plan", "Premium"];
    args.extend(["--owner-name", "Carla Bianchi", "--owner-email", "carla@example.it"]);
    args
}

fn add_delegate<'a>(username: &'a str, permissions: &'a str) -> Vec<&'a str> {
    let mut args = vec!["delegate", "add", MAILBOX, username, "--first-name", "Anna", "--last-name", "Verdi"];
    args.extend(["--email", "anna@example.it", "--permissions", permissions]);
    args
}

fn ended(output: Output) -> Ended {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

impl Ended {
    #[track_caller]
    fn done(self) -> Ended {
        assert_eq!((self.status, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self
    }

    #[track_caller]
    fn failed(self, status: i32, part: &str) -> Ended {
        assert_eq!((self.status, self.out.as_str()), (Some(status), ""), "{}", self.err);
        assert!(self.err.contains(part), "no `{part}` in: {}", self.err);
        assert!(self.err.lines().all(|line| line.starts_with("delega: ")), "{}", self.err);
        self
    }

    #[track_caller]
    fn refused(self, part: &str) {
        self.failed(1, part);
    }
}

/// Takes the times out of a row, and checks that they are.
#[track_caller]
fn without_times(mut row: Value) -> Value {
    for field in ["created_at", "changed_at"] {
        let time = row.as_object_mut().unwrap().remove(field).unwrap();
        let time = time.as_str().unwrap();
        assert!(time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    }
    row
}

#[test]
fn g7_a_mailbox_from_its_entry_to_its_removal() {
    let site = Site::new();
    assert_eq!(site.json(&["mailbox", "list"]), json!([]));
    site.add_mailbox("Ufficio@PEC.example.it").done();
    assert_eq!(
        without_times(site.json(&["mailbox", "show", MAILBOX])),
        json!({
            "address": MAILBOX, "aliases": [], "upstream": "provider", "upstream_user": MAILBOX, "has_password": true,
            "password_refused_at": null, "plan": "Premium", "packs": 0, "seats": 3, "seats_taken": 0, "grace_until": null, "multi_user": true,
            "password_management": true, "app_passwords": "delegate", "owner_name": "Carla Bianchi", "owner_email": "carla@example.it",
            "owner_phone": null, "owner_language": "it", "owner_fiscal_code": null, "owner_two_factor_since": null,
            "delegates_active": 0, "delegates_waiting": 0, "delegates_suspended": 0,
        })
    );
    site.run(&["mailbox", "set", MAILBOX, "--plan", "pro-3", "--owner-name", "Dario", "--upstream-user", "u7"]).done();
    let row = &site.json(&["mailbox", "list"])[0];
    assert_eq!([&row["plan"], &row["owner_name"], &row["upstream_user"]], ["Pro-3", "Dario", "u7"]);
    let table = site.run(&["mailbox", "list"]).done().out;
    let lines: Vec<_> = table.lines().collect();
    assert!(lines.len() == 2 && lines[0].find("PLAN") == lines[1].find("Pro-3"), "{table}");
    let shown = site.run(&["mailbox", "show", MAILBOX]).done().out;
    assert!(shown.lines().any(|line| line.starts_with("Upstream user ") && line.ends_with(" u7")), "{shown}");
    site.run(&["mailbox", "remove", MAILBOX]).failed(2, "--yes");
    site.run(&["mailbox", "remove", MAILBOX, "--yes"]).done();
    site.run(&["mailbox", "show", MAILBOX]).refused("there is no mailbox ufficio@pec.example.it");
}

#[test]
fn g2_aliases_come_and_go() {
    const OTHER: &str = "altro@pec.example.it";
    let site = Site::new();
    site.add_mailbox(MAILBOX).done();
    site.add_mailbox(OTHER).done();
    let set = |args: &[&str]| site.run(&[&["mailbox", "set", MAILBOX], args].concat());
    let aliases = || site.json(&["mailbox", "show", MAILBOX])["aliases"].clone();
    set(&["--alias", "Info@PEC.example.it", "--alias", "a@pec.example.it", "--plan", "Premium"]).done();
    assert_eq!(aliases(), json!(["a@pec.example.it", "info@pec.example.it"]));
    assert_eq!(site.json(&["mailbox", "list"])[1]["aliases"], aliases());
    let shown = site.run(&["mailbox", "show", MAILBOX]).done().out;
    assert!(
        shown
            .lines()
            .any(|line| line.starts_with("Aliases ") && line.ends_with(" a@pec.example.it, info@pec.example.it")),
        "{shown}"
    );
    set(&["--no-alias", "a@pec.example.it", "--alias", "b@pec.example.it"]).done();
    assert_eq!(aliases(), json!(["b@pec.example.it", "info@pec.example.it"]));
    set(&["--alias", MAILBOX]).refused("ufficio@pec.example.it is the address of a mailbox");
    set(&["--alias", OTHER]).refused("altro@pec.example.it is the address of a mailbox");
    set(&["--no-alias", "a@pec.example.it"]).refused("a@pec.example.it is no alias of the mailbox ufficio@");
    site.run(&["mailbox", "set", OTHER, "--alias", "info@pec.example.it"])
        .refused("info@pec.example.it is an alias of the mailbox ufficio@pec.example.it");
    site.add_mailbox("info@pec.example.it").refused("info@pec.example.it is an alias of the mailbox ufficio@");
    set(&["--alias", "c@pec.example.it", "--no-alias", "c@pec.example.it"]).failed(2, "at once");
    set(&["--alias", "info"]).status.filter(|status| *status == 2).unwrap();
    assert_eq!(aliases(), json!(["b@pec.example.it", "info@pec.example.it"]), "a refused change left something");
}

#[test]
fn g7_the_life_of_a_delegate() {
    let site = Site::new();
    site.add_mailbox(MAILBOX).done();
    let added = site.add_delegate("Anna", "client").done();
    assert_eq!(added.out, "added anna/ufficio@pec.example.it with read,write,send,client\n");
    assert_eq!(
        without_times(site.anna()),
        json!({
            "mailbox": MAILBOX, "username": "anna", "login": "anna/ufficio@pec.example.it", "first_name": "Anna",
            "last_name": "Verdi", "email": "anna@example.it", "phone": null, "language": null, "state": "active",
            "permissions": ["read", "write", "send", "client"], "granted": ["read", "write", "send", "client"],
            "protocols": ["imap"], "invited_until": null, "password_reset_at": null, "two_factor_since": null,
            "actions": ["permissions", "suspend", "reset-password", "deactivate", "delete"],
        })
    );
    let permissions = |args: &[&str]| {
        site.run(&[&["delegate", "permissions", MAILBOX, "anna"], args].concat()).done();
        site.anna()["permissions"].clone()
    };
    assert_eq!(permissions(&["--revoke", "send"]), json!(["read", "write"]));
    assert_eq!(permissions(&["--grant", "client,settings"]), json!(["read", "write", "send", "client", "settings"]));
    assert_eq!(permissions(&["--permissions", "read-only"]), json!(["read"]));
    permissions(&["--protocol", "imap,pop3"]);
    assert_eq!(site.anna()["protocols"], json!(["imap", "pop3"]));
    site.run(&["delegate", "suspend", MAILBOX, "anna"]).done();
    assert_eq!(site.anna()["state"], "suspended");
    assert!(site.run(&["delegate", "suspend", MAILBOX, "anna"]).done().out.contains("already"));
    assert_eq!(site.json(&["mailbox", "show", MAILBOX])["delegates_suspended"], 1);
    site.run(&["delegate", "resume", MAILBOX, "anna"]).done();
    assert_eq!(site.anna()["state"], "active");
    assert!(site.run(&["delegate", "list", MAILBOX]).done().out.contains("anna      Anna Verdi  active"));
    site.run(&["mailbox", "remove", MAILBOX, "--yes"]).refused("has 1 delegate: ");
    site.run(&["delegate", "delete", MAILBOX, "anna"]).failed(2, "--yes");
    site.run(&["delegate", "delete", MAILBOX, "anna", "--yes"]).done();
    site.run(&["delegate", "delete", MAILBOX, "anna", "--yes"]).refused("there is no delegate anna/");
    assert_eq!(site.json(&["delegate", "list", MAILBOX]), json!([]));
    site.add_delegate("anna", "read").done();
    site.run(&["mailbox", "remove", MAILBOX, "--with-delegates", "--yes"]).done();
}

#[test]
fn what_cannot_be_meant_is_usage() {
    let site = Site::furnished("");
    for args in [
        &[][..],
        &["mailbox"],
        &["mailbox", "show"],
        &["mailbox", "show", "ufficio"],
        &["mailbox", "set", MAILBOX],
        &["mailbox", "set", MAILBOX, "--password", "--password-file", "-"],
        &["delegate", "show", MAILBOX, "anna/anna"],
        &["delegate", "permissions", MAILBOX, "anna"],
        &["delegate", "permissions", MAILBOX, "anna", "--grant", "all"],
        &["delegate", "permissions", MAILBOX, "anna", "--permissions", "read,writ"],
        &["delegate", "permissions", MAILBOX, "anna", "--permissions", "read", "--grant", "send"],
        &["delegate", "permissions", MAILBOX, "anna", "--protocol", "smtp"],
        &["delegate", "suspend", MAILBOX],
    ] {
        let ended = site.run(args);
        assert_eq!((ended.status, ended.out.as_str()), (Some(2), ""), "{args:?}: {}", ended.err);
        assert!(!ended.err.is_empty(), "{args:?}");
    }
    let on_the_command_line = [add_delegate("bruno", "read").as_slice(), &["--password", "bruno's password"]].concat();
    assert_eq!(site.run(&on_the_command_line).status, Some(2));
    assert_eq!(site.run(&["--version"]).done().out, format!("delega {}\n", env!("CARGO_PKG_VERSION")));
    site.run(&["--help"]).done();
}

#[test]
fn refusals_say_what_to_do() {
    let site = Site::furnished("");
    site.add_mailbox(MAILBOX).refused("is there already");
    site.add_delegate("anna", "read").refused("is there already");
    site.fed(&add_delegate("bruno", "read"), "short\n").refused("at least 10 characters");
    site.fed(&add_delegate("bruno", "read"), "").refused("stdin is empty");
    site.fed(&add_delegate("bruno", "read"), "tab\tin the middle\n").refused("control character");
    site.fed(&add_delegate("bruno", "read"), &"x".repeat(2000)).refused("too long");
    site.run(&["mailbox", "set", MAILBOX, "--upstream", "elsewhere"]).refused("it has provider");
    site.run(&["mailbox", "set", MAILBOX, "--owner-name", "a\nb"]).refused("control character");
    site.run(&["mailbox", "set", MAILBOX, "--owner-email", "nobody"]).refused("name@domain");
    site.run(&["--config", "absent.toml", "mailbox", "list"]).refused("absent.toml cannot be read");
}

#[test]
fn a_faulty_configuration_is_told_whole_and_with_lines() {
    let site = Site::with("colour = \"red\"\n[limits]\nidle_timeout_secs = 60\n");
    let ended = site.run(&["mailbox", "list"]).failed(1, "");
    let lines: Vec<_> = ended.err.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].starts_with("delega: delega.toml:12: ") && lines[0].contains("colour"), "{lines:#?}");
    assert!(lines[1].starts_with("delega: delega.toml:14: ") && lines[1].contains("1800"), "{lines:#?}");
    assert!(!site.path("delega.db").exists() && !site.path("delega.key").exists(), "it went on nevertheless");
}

#[test]
fn files_are_private_whatever_the_umask() {
    let site = Site::new();
    let script = format!("umask 000; exec '{}' mailbox list", cargo_bin!("delega").display());
    let status = Command::new("sh").args(["-c", &script]).current_dir(site.dir.path()).output().unwrap().status;
    assert!(status.success());
    assert_eq!((site.mode("delega.db"), site.mode("delega.key")), (0o600, 0o600));
    assert_eq!(fs::read(site.path("delega.key")).unwrap().len(), 32);
    let _held = site.held_database();
    site.add_mailbox(MAILBOX).done();
    assert_eq!((site.mode("delega.db-wal"), site.mode("delega.db-shm")), (0o600, 0o600));
    site.chmod("delega.db", 0o644);
    let ended = site.run(&["mailbox", "list"]);
    assert_eq!((ended.status, site.mode("delega.db")), (Some(0), 0o600));
    assert!(ended.err.starts_with("delega: ") && ended.err.contains("it is private now"), "{}", ended.err);
    site.chmod("delega.key", 0o644);
    site.run(&["mailbox", "list"]).refused("chmod 600");
}

#[test]
fn secrets_are_neither_shown_nor_stored_in_clear() {
    let site = Site::new();
    site.run(&["mailbox", "list"]).done();
    let held = site.held_database();
    let mut shown = site.add_mailbox(MAILBOX).done().out;
    shown += &site.add_delegate("anna", "client").done().out;
    let hash: String = held.query_row("SELECT password_hash FROM delegates", [], |row| row.get(0)).unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    for args in [
        &["mailbox", "list"][..],
        &["mailbox", "show", MAILBOX],
        &["delegate", "list", MAILBOX],
        &["delegate", "show", MAILBOX, "anna"],
    ] {
        shown += &site.run(args).done().out;
        shown += &site.json(args).to_string();
    }
    assert!(site.path("delega.db-wal").exists());
    let stored = site.everything();
    assert!(holds(&stored, "carla@example.it"), "the wrong place was looked at");
    for secret in [UPSTREAM_PASSWORD, ANNAS_PASSWORD] {
        assert!(!holds(&stored, secret), "{secret} is stored in clear");
        assert!(!shown.contains(secret), "{secret} is shown");
    }
    assert!(!shown.contains("argon2"), "{shown}");
}

#[test]
fn a_deleted_secret_is_gone_from_the_files() {
    let site = Site::furnished("");
    let ask = "SELECT substr(password_hash, 40) FROM delegates";
    let hash: String = site.database().query_row(ask, [], |row| row.get(0)).unwrap();
    assert!(holds(&site.everything(), &hash));
    site.run(&["mailbox", "remove", MAILBOX, "--with-delegates", "--yes"]).done();
    assert!(!holds(&site.everything(), &hash), "the hash of a deleted delegate is still there");
}

#[test]
fn a_password_comes_from_a_file_too() {
    let site = Site::new();
    fs::write(site.path("secret"), format!("{UPSTREAM_PASSWORD}\r\n")).unwrap();
    site.run(&[add_mailbox(MAILBOX).as_slice(), &["--password-file", "secret"]].concat()).done();
    site.fed(&["mailbox", "set", MAILBOX, "--password-file", "-"], "another\n").done();
    site.fed(&["mailbox", "set", MAILBOX, "--password"], "another still\n").done();
    site.run(&["mailbox", "set", MAILBOX, "--password-file", "absent"]).refused("absent cannot be read");
}

#[test]
fn g5_a_master_user_makes_passwords_needless() {
    let more = "[upstream.mastered]\nimap = \"imaps://m\"\nmaster_user = \"m\"\nmaster_password_file = \"m.secret\"\n";
    let site = Site::with(more);
    site.run(&["mailbox", "list"]).refused("m.secret cannot be read");
    fs::write(site.path("m.secret"), "m4ster-p4ssword\n").unwrap();
    site.chmod("m.secret", 0o644);
    site.run(&["mailbox", "list"]).refused("chmod 600");
    site.chmod("m.secret", 0o600);
    let mut args = add_mailbox(MAILBOX);
    site.run(&args).refused("stdin is empty");
    args[4] = "mastered";
    site.run(&args).done();
    assert_eq!(site.json(&["mailbox", "show", MAILBOX])["has_password"], false);
    site.run(&["mailbox", "set", MAILBOX, "--upstream", "provider"]).refused("--password-file");
    site.fed(&["mailbox", "set", MAILBOX, "--upstream", "provider", "--password"], "own\n").done();
    assert_eq!(site.json(&["mailbox", "show", MAILBOX])["has_password"], true);
}

#[test]
fn the_key_belongs_to_the_database() {
    let site = Site::furnished("");
    let key = fs::read(site.path("delega.key")).unwrap();
    fs::write(site.path("delega.key"), [7; 32]).unwrap();
    site.run(&["mailbox", "list"]).refused("is not the one that this database's passwords are sealed with");
    fs::write(site.path("delega.key"), [7; 31]).unwrap();
    site.run(&["mailbox", "list"]).refused("has 31 bytes");
    fs::remove_file(site.path("delega.key")).unwrap();
    site.run(&["mailbox", "list"]).refused("restore it");
    assert!(!site.path("delega.key").exists(), "another key was made");
    let credentials = tempfile::tempdir().unwrap();
    let credential = credentials.path().join("delega.key");
    fs::write(&credential, key).unwrap();
    fs::set_permissions(&credential, Permissions::from_mode(0o440)).unwrap();
    let mut command = site.command(&["mailbox", "list"]);
    ended(command.env("CREDENTIALS_DIRECTORY", credentials.path()).output().unwrap()).done();
}

#[test]
fn a_database_that_is_not_ours_is_refused() {
    let site = Site::furnished("");
    site.database().pragma_update(None, "user_version", 1000).unwrap();
    site.run(&["mailbox", "list"]).refused("has version 1000");
    let site = Site::new();
    site.database().execute_batch("CREATE TABLE customers (name TEXT)").unwrap();
    site.run(&["mailbox", "list"]).refused("not one of delega's");
}

#[test]
fn x17_the_operators_profile_decides() {
    let site = Site::furnished("[permissions]\nclient = \"apart\"\n");
    site.run(&["delegate", "permissions", MAILBOX, "anna", "--permissions", "read,client"]).done();
    assert_eq!(site.anna()["permissions"], json!(["read", "client"]));
    let path: &Path = &site.path("delega.toml");
    fs::write(path, fs::read_to_string(path).unwrap().replace("apart", "nested")).unwrap();
    assert_eq!(site.anna()["permissions"], json!(["read"]));
    assert_eq!(site.anna()["granted"], json!(["read", "client"]));
}

#[test]
fn processes_at_once_lose_nothing() {
    let site = Site::new();
    let addresses: Vec<String> = (0..8).map(|n| format!("m{n}@pec.example.it")).collect();
    fs::write(site.path("secret"), UPSTREAM_PASSWORD).unwrap();
    let add = |address| [add_mailbox(address).as_slice(), &["--password-file", "secret"]].concat();
    let started: Vec<_> = addresses.iter().map(|address| site.start(&add(address))).collect();
    for child in started {
        ended(child.wait_with_output().unwrap()).done();
    }
    let listed = site.json(&["mailbox", "list"]);
    let listed: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["address"].as_str().unwrap()).collect();
    assert_eq!(listed, addresses);
}

#[test]
fn grants_made_at_once_add_up() {
    let site = Site::furnished("");
    site.run(&["delegate", "permissions", MAILBOX, "anna", "--permissions", "read"]).done();
    let changes = [["--grant", "settings"], ["--grant", "send"], ["--protocol", "imap,pop3"]];
    let start = |change: [&str; 2]| site.start(&[&["delegate", "permissions", MAILBOX, "anna"][..], &change].concat());
    let started: Vec<_> = changes.into_iter().map(start).collect();
    for child in started {
        ended(child.wait_with_output().unwrap()).done();
    }
    assert_eq!(site.anna()["permissions"], json!(["read", "write", "send", "settings"]));
    assert_eq!(site.anna()["protocols"], json!(["imap", "pop3"]));
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let site = Site::furnished("");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ended = ended(site.command(&["delegate", "list", MAILBOX, "--json"]).stdout(writer).output().unwrap());
    assert_eq!((ended.status, ended.err.as_str()), (Some(0), ""));
}

#[test]
fn what_a_row_holds_cannot_speak_to_the_terminal() {
    let site = Site::furnished("");
    site.database().execute("UPDATE mailboxes SET owner_name = 'x' || char(27) || '[2J' || char(10)", []).unwrap();
    for args in [&["mailbox", "list"][..], &["mailbox", "show", MAILBOX]] {
        let out = site.run(args).done().out;
        assert!(out.contains("x\\u{1b}[2J\\n") && !out.contains('\u{1b}'), "{out}");
    }
}

#[test]
fn a_token_of_the_api_is_shown_once_and_stored_as_a_hash() {
    let site = Site::new();
    let made = site.json(&["api-token", "create", "crm"]);
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("delega_") && token.len() == 7 + 43, "{token}");
    assert_eq!((&made["scope"], &made["expires_at"]), (&json!("full"), &Value::Null));
    let brief = site.run(&["api-token", "create", "audit", "--read-only", "--days", "3"]);
    assert!(brief.out.contains("a read-only token until 20"), "{brief:?}");
    let held = site.held_database();
    let listed = site.json(&["api-token", "list"]);
    let shown: Vec<_> = listed.as_array().unwrap().iter().map(|one| (&one["name"], &one["scope"])).collect();
    assert_eq!(shown, [(&json!("audit"), &json!("read-only")), (&json!("crm"), &json!("full"))]);
    assert!(listed.as_array().unwrap().iter().all(|one| one.get("token").is_none() && one["last_used_at"].is_null()));
    assert!(site.run(&["api-token", "list"]).out.contains("never"));
    let stored = site.everything();
    assert!(holds(&stored, "audit") && !holds(&stored, &token[7..]), "the token is stored in clear");
    drop(held);
    site.run(&["api-token", "create", "crm"]).refused("there is an API token `crm` already");
    assert!(site.run(&["api-token", "revoke", "crm"]).done().out.contains("opens nothing any more"));
    site.run(&["api-token", "revoke", "crm"]).refused("there is no API token `crm`");
    for days in ["0", "3651", "x"] {
        let usage = site.run(&["api-token", "create", "x", "--days", days]);
        assert_eq!((usage.status, usage.out.as_str()), (Some(2), ""), "{days}: {}", usage.err);
    }
}
