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
