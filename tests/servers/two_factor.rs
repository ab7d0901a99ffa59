//! Two-step verification with an app of somebody else's making, and what an owner's does to sessions that are open (S2).

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::delega::{Delega, password};
use super::imap::Client;
use super::office::{ADDRESS, Office};

/// What oathtool shows for a secret so many seconds from now.
fn oathtool(secret: &Value, secs: i64) -> String {
    let secret = secret.as_str().unwrap();
    let at = format!("now {secs:+} seconds");
    let output = Command::new("oathtool").args(["--totp", "--base32", "--now", &at, secret]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn two_factor(delega: &Delega, arguments: &[&str], input: &str) -> Value {
    let told = delega.cli(&[&["two-factor"], arguments, &["--json"]].concat(), input);
    serde_json::from_str(&told).unwrap()
}

/// Sets it up; the secret.
pub fn enrol(delega: &Delega, whose: &[&str]) -> Value {
    let act = |what: &str, input: &str| two_factor(delega, &[&["enrol"], whose, &[what]].concat(), input);
    let secret = act("--begin", "")["secret"].clone();
    act("--confirm", &oathtool(&secret, 0));
    secret
}

#[test]
fn s2_the_codes_of_oathtool_are_accepted_once() {
    let office = Office::open(&[("anna", "read,client")]);
    let anna = [ADDRESS, "anna"];
    let secret = enrol(&office.delega, &anna);
    let codes = |code: &str| office.delega.run(&["two-factor", "codes", ADDRESS, "anna"], code);
    let refused = |code: &str| {
        let output = codes(code);
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stderr.contains("not right, or was used"), "{stderr}");
    };
    // However the steps fall while this runs, one and a half minutes from now is two steps off at least.
    refused(&oathtool(&secret, 90));
    refused(&oathtool(&secret, -90));
    let next = oathtool(&secret, 30);
    assert!(codes(&next).status.success());
    refused(&next);
    let mut office = office;
    office.delega.crash_and_restart();
    let again = office.delega.run(&["two-factor", "codes", ADDRESS, "anna"], &next);
    assert_eq!(again.status.code(), Some(1), "after a restart");
    assert_eq!(two_factor(&office.delega, &["status", ADDRESS, "anna"], "")["recovery_codes_left"], 10);
}

/// X2: from the moment that the owner has it.
#[test]
fn s2_whoever_has_not_enrolled_is_out_and_whoever_has_stays() {
    let office = Office::open(&[("anna", "read,client"), ("bruno", "read,client")]);
    enrol(&office.delega, &[ADDRESS, "bruno"]);
    let made = ["app-password", "create", ADDRESS, "bruno", "--name", "Thunderbird", "--json"];
    let made: Value = serde_json::from_str(&office.delega.cli(&made, "")).unwrap();
    let mut bruno = Client::connect(&office.delega);
    bruno.login(&format!("bruno/{ADDRESS}"), made["password"].as_str().unwrap()).ok();
    bruno.cmd("SELECT INBOX").ok();
    let mut idling = office.enter_inbox("anna");
    idling.idle();
    let mut webmail = Client::tls(office.delega.webmail_port(), &office.delega.ca_file()).unwrap();
    webmail.login(&format!("anna/{ADDRESS}"), &password("anna")).ok();

    enrol(&office.delega, &[ADDRESS]);
    let since = Instant::now();
    for mut client in [idling, webmail] {
        let said = client.rest();
        assert!(said.starts_with("* BYE "), "{said:?}");
    }
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    assert!(bruno.cmd("FETCH 1 BODY[]").ok().all().contains("corpo 1"));
    let mut anna = Client::connect(&office.delega);
    anna.login(&format!("anna/{ADDRESS}"), &password("anna")).is("NO");
    let history = ["log", "access", ADDRESS, "--by", "anna", "--result", "refused"];
    super::office::wait_until(Duration::from_secs(10), "the history says why", || {
        office.delega.cli(&history, "").contains("two-step verification not set up")
    });
    // With it, Anna is back.
    enrol(&office.delega, &[ADDRESS, "anna"]);
    let made = ["app-password", "create", ADDRESS, "anna", "--name", "Thunderbird", "--json"];
    let made: Value = serde_json::from_str(&office.delega.cli(&made, "")).unwrap();
    Client::connect(&office.delega).login(&format!("anna/{ADDRESS}"), made["password"].as_str().unwrap()).ok();
}
