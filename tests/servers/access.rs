//! The access history by the real programs: who came in, from where, by what, and who was not let in (S4).

use std::time::Duration;

use serde_json::Value;

use super::delega::password;
use super::imap::Client;
use super::office::{ADDRESS, Office, PASSWORD, wait_until};

fn history(office: &Office, more: &[&str]) -> Vec<Value> {
    let told = office.delega.cli(&[&["log", "access", "--json"], more].concat(), "");
    serde_json::from_str(&told).unwrap()
}

/// Waits for so many rows; the latest first.
fn rows(office: &Office, count: usize) -> Vec<Value> {
    wait_until(Duration::from_secs(10), "the history has it", || history(office, &[]).len() >= count);
    let rows = history(office, &[]);
    assert_eq!(rows.len(), count, "{rows:#?}");
    rows
}

#[test]
fn s4_who_came_in_by_what_and_who_did_not() {
    let office = Office::open(&[("anna", "read,client"), ("lettura", "read")]);
    let login = format!("anna/{ADDRESS}");
    let mut client = Client::connect(&office.delega);
    client.login(&login, "wrong password").is("NO [AUTHENTICATIONFAILED]");
    client.login(&login, &password("anna")).ok();
    client.cmd("ID (\"name\" \"Thunderbird\" \"version\" \"140.5\")").ok();
    Client::connect(&office.delega).login(&format!("lettura/{ADDRESS}"), &password("lettura")).is("NO");
    Client::connect(&office.delega).login(&format!("nobody/{ADDRESS}"), "whatever it is").is("NO");
    Client::connect(&office.delega).login(ADDRESS, "wrong password").is("NO");
    Client::connect(&office.delega).login(ADDRESS, PASSWORD).ok();
    let rows = rows(&office, 5);
    let told = |login: &str, refusal: Option<&str>| {
        let fits = |row: &&Value| row["login"] == login && row["refusal"].as_str() == refusal;
        rows.iter().find(fits).unwrap_or_else(|| panic!("{login} {refusal:?}: {rows:#?}"))
    };
    let anna = told(&login, None);
    assert_eq!(
        (&anna["address"], &anna["protocol"], &anna["kind"]),
        (&"127.0.0.1".into(), &"imap".into(), &"client".into())
    );
    let program = anna["program"].as_str().unwrap();
    assert!(program.contains("Thunderbird") && program.contains("140.5"), "{program}");
    told(&login, Some("wrong password"));
    told(&format!("lettura/{ADDRESS}"), Some("no client permission"));
    told(ADDRESS, Some("wrong password"));
    assert_eq!(told(ADDRESS, None)["username"], Value::Null);
    assert_eq!(history(&office, &["--by", "anna", "--result", "refused"]).len(), 1);

    // Again and again is a count.
    for _ in 0..3 {
        Client::connect(&office.delega).login(&login, "wrong password").is("NO");
    }
    wait_until(Duration::from_secs(10), "they are counted", || {
        history(&office, &["--by", "anna", "--result", "refused"])[0]["count"] == 4
    });
    let table = office.delega.cli(&["log", "access", ADDRESS, "--limit", "2"], "");
    assert!(table.contains("refused: wrong password") && table.lines().count() == 3, "{table}");
}

/// S5, at a real door: after some guesses the right password is refused as well, by every protocol, with the answer that a
/// wrong one gets; who is in stays in, and the operator opens again.
#[test]
fn s5_guessing_closes_the_door_and_tells_nothing() {
    let office = Office::with(&[("anna", "read,client"), ("bruno", "read,client")], |options| {
        // A restart must not be needed to forget, nor make it forget.
        options.limits = "refusal_delay_secs = 1\n".to_owned();
    });
    let login = format!("anna/{ADDRESS}");
    let mut at_work = office.enter_inbox("anna");
    // From where Anna has come in lately she has a count of her own; all of this is one address.
    rows(&office, 1);
    let wrong = Client::connect(&office.delega).login(&login, "guess 0").status;
    for n in 1..5 {
        let said = Client::connect(&office.delega).login(&login, &format!("guess {n}")).status;
        assert_eq!(said, wrong);
    }
    let said = Client::connect(&office.delega).login(&login, &password("anna")).status;
    assert_eq!(said, wrong, "the answer tells that the door is closed");
    at_work.cmd("NOOP").ok();
    office.enter("bruno");
    let closed: Value = serde_json::from_str(&office.delega.cli(&["lock", "list", "--json"], "")).unwrap();
    assert_eq!(closed[0]["who"], format!("{login} 127.0.0.1"), "{closed}");
    let mut office = office;
    office.delega.crash_and_restart();
    Client::connect(&office.delega).login(&login, &password("anna")).is("NO");
    office.delega.cli(&["lock", "release", &login], "");
    office.enter("anna");
}

/// A program with an old password keeps trying, and its person can come in with the new one all the time.
#[test]
fn s5_an_old_password_again_and_again_closes_nothing() {
    let office =
        Office::with(&[("anna", "read,client")], |options| options.limits = "refusal_delay_secs = 1\n".to_owned());
    for _ in 0..8 {
        Client::connect(&office.delega).login(&format!("anna/{ADDRESS}"), "the old one").is("NO");
    }
    office.enter("anna");
}

/// S3, X14: a program comes in with a password of its own, which is seen to be used, and is taken back.
#[test]
fn s3_a_mail_program_comes_in_with_an_app_password() {
    let office = Office::open(&[("anna", "read,client")]);
    let app = |action: &str, more: &[&str]| -> Value {
        let told = office.delega.cli(&[&["app-password", action, ADDRESS, "anna", "--json"], more].concat(), "");
        serde_json::from_str(&told).unwrap()
    };
    let made = app("create", &["--name", "Outlook in ufficio", "--protocol", "imap"]);
    let secret = made["password"].as_str().unwrap();
    let login = format!("anna/{ADDRESS}");
    let mut client = Client::connect(&office.delega);
    client.login(&login, secret).ok();
    client.cmd("ID (\"name\" \"Outlook\")").ok();
    client.cmd("EXAMINE INBOX").ok();
    wait_until(Duration::from_secs(10), "its use is seen", || {
        let listed = app("list", &[]);
        listed[0]["last_used_by"].as_str().is_some_and(|by| by.contains("Outlook"))
            && listed[0]["last_used_from"] == "127.0.0.1"
    });
    let curl = std::process::Command::new("curl")
        .args(["--silent", "--show-error", "--cacert"])
        .arg(office.delega.ca_file())
        .args(["--user", &format!("{login}:{}", secret.to_uppercase().replace('-', ""))])
        .arg(format!("imaps://localhost:{}/INBOX;UID=1", office.delega.port()))
        .output()
        .unwrap();
    assert!(curl.status.success(), "{}", String::from_utf8_lossy(&curl.stderr));
    client.idle();
    app("revoke", &["--name", "Outlook in ufficio"]);
    assert!(client.rest().contains("* BYE"));
    Client::connect(&office.delega).login(&login, secret).is("NO [AUTHENTICATIONFAILED]");
    office.enter("anna");
}
