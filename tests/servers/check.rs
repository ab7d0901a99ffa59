//! What the operator is told: `delega check` finds everything that is wrong at once, and `delega serve` says what keeps
//! it from running.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Output};

use super::delega::Options;
use super::office::{ADDRESS, Office, PASSWORD};
use super::support::certs::Authority;
use super::support::dovecot::Dovecot;
use super::support::postfix::Postfix;

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn check_is_content_where_everything_works() {
    for starttls in [false, true] {
        let office = Office::with(&[("anna", "read,client")], |options| {
            if starttls {
                options.imap = options.starttls_imap.clone();
            }
        });
        let output = office.delega.run(&["check"], "");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let told = stdout(&output);
        assert!(
            told.contains("upstream main") && told.contains(&format!("mailbox {ADDRESS}: can be opened")),
            "{told}"
        );
        assert!(!told.contains("WRONG"), "{told}");
        let json: serde_json::Value =
            serde_json::from_slice(&office.delega.run(&["check", "--json"], "").stdout).unwrap();
        assert!(json.as_array().unwrap().iter().all(|finding| finding["ok"] == true), "{json}");
        // Looking leaves no trace
        assert!(office.flags(1).is_empty());
    }
}

/// Sending and downloading are reached by TLS whichever way it begins, and the certificate is looked at.
#[test]
fn check_reaches_sending_and_downloading_through_tls() {
    let dovecot = Dovecot::start();
    let postfix = Postfix::before(&dovecot);
    let folder = tempfile::tempdir().unwrap();
    let other_ca = folder.path().join("other.pem");
    fs::write(&other_ca, Authority::new("Another CA").unwrap().pem).unwrap();
    let (starttls, stls) = (postfix.submission_port(), dovecot.pop3_port());
    let mut options = Options::before(&dovecot).sending(&postfix).downloading(&dovecot);
    options.upstream = format!(
        "\n[upstream.poi]\nimap = {:?}\nsubmission = \"smtp://localhost:{starttls}\"\n\
         pop3 = \"pop3://localhost:{stls}\"\nca_file = {:?}\n\
         \n[upstream.estraneo]\nimap = {0:?}\nsubmission = \"smtp://localhost:{starttls}\"\n\
         pop3 = \"pop3://localhost:{stls}\"\nca_file = {other_ca:?}\n",
        options.starttls_imap,
        dovecot.ca_file()
    );
    let told = stdout(&options.start().run(&["check"], ""));
    for protocol in ["imap", "submission", "pop3"] {
        for name in ["main", "poi"] {
            let line = format!("ok    upstream {name}: {protocol} can be reached");
            assert!(told.lines().any(|told| told == line), "{line}: {told}");
        }
        let begins = format!("WRONG upstream estraneo: {protocol}: ");
        let line = told.lines().find(|line| line.starts_with(&begins)).unwrap_or_else(|| panic!("{begins}: {told}"));
        assert!(line.contains("issued by nobody who is trusted"), "{line}");
    }
}

/// A port of this machine at which nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn check_names_everything_that_is_wrong_at_once() {
    const OTHER: &str = "cambiata@pec.example.it";
    const LOST: &str = "persa@pec.example.it";
    let folder = tempfile::tempdir().unwrap();
    let other_ca = folder.path().join("other.pem");
    fs::write(&other_ca, Authority::new("Another CA").unwrap().pem).unwrap();
    let mut imap = String::new();
    let gone = "\n[upstream.sparito]\nimap = \"imaps://localhost:1\"\n";
    let office = Office::with(&[], |options: &mut Options| {
        imap = options.imap.clone();
        options.upstream = format!(
            "\n[upstream.lontano]\nimap = \"imaps://localhost:{}\"\n\
             \n[upstream.estraneo]\nimap = {:?}\nca_file = {other_ca:?}\n{gone}",
            closed_port(),
            options.imap
        );
    });
    office.dovecot.add_mailbox(OTHER, "di-oggi-non-di-ieri");
    office.delega.add_mailbox(OTHER, "di-ieri");
    let owner = ["--plan", "Premium", "--owner-name", "N", "--owner-email", "n@example.it", "--password-file", "-"];
    office.delega.cli(&[&["mailbox", "add", LOST, "--upstream", "sparito"][..], &owner].concat(), "qualcosa");
    let config = office.delega.folder().join("delega.toml");
    fs::write(&config, fs::read_to_string(&config).unwrap().replace(gone, "")).unwrap();

    let output = office.delega.run(&["check"], "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = stdout(&output);
    let line = |what: &str| told.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}: {told}"));
    for (what, why) in [
        ("upstream lontano", "cannot be reached"),
        ("upstream estraneo", "issued by nobody who is trusted"),
        (OTHER, "refuses the stored credentials"),
        (LOST, "`sparito` is not in the configuration"),
    ] {
        assert!(line(what).starts_with("WRONG") && line(what).contains(why), "{what}: {told}");
    }
    assert!(line("upstream main").starts_with("ok") && line(ADDRESS).starts_with("ok"), "{told}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("4 things are wrong"), "{output:?}");

    let output = office.delega.run(&["check", "--json"], "");
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let wrong: Vec<&str> =
        json.as_array().unwrap().iter().filter(|f| f["ok"] == false).map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(wrong.len(), 4, "{json}");
    for name in ["lontano", "estraneo", OTHER, LOST] {
        assert!(wrong.contains(&name), "{name} in {json}");
    }
    let all = format!("{told}{json}{:?}", office.delega.log());
    for secret in [PASSWORD, "di-ieri", "qualcosa"] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[test]
fn check_says_so_when_the_certificate_cannot_be_shown() {
    let office = Office::open(&[]);
    fs::write(office.delega.folder().join("certs/delega.key"), "no key\n").unwrap();
    let output = office.delega.run(&["check"], "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = stdout(&output);
    assert!(told.lines().any(|line| line.starts_with("WRONG certificate") && line.contains("delega.key")), "{told}");
}

#[test]
fn serve_lists_every_fault_of_its_configuration_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("delega.toml");
    let text = "[store]\nurl = \"mysql:x\"\n\n[[listen]]\nprotocol = \"imap\"\naddress = \"everywhere\"\n\
                tls = \"sometimes\"\n\n[upstream.main]\nimap = \"http://x\"\n\n[limits]\nidle_timeout_secs = 5\nspeed = 9\n";
    fs::write(&file, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_delega")).args(["serve", "--config"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    for (line, words) in [
        (2, "mysql:x"),
        (6, "everywhere"),
        (7, "sometimes"),
        (10, "http://x"),
        (13, "idle_timeout_secs"),
        (14, "speed"),
    ] {
        let place = format!("delega.toml:{line}:");
        assert!(told.lines().any(|said| said.contains(&place) && said.contains(words)), "{place} {words}: {told}");
    }
    assert!(!folder.path().join("delega.db").exists(), "nothing was begun");
}
