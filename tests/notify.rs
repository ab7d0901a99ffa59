//! `delega notify` as an operator uses it, without a server.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;
use mail_parser::MessageParser;

const CONFIG: &str = "[[listen]]\nprotocol = \"imap\"\naddress = \"127.0.0.1:0\"\ntls = \"none\"\n\
                      [upstream.main]\nimap = \"imaps://imap.pec.example.it\"\n\
                      [panel]\naddress = \"127.0.0.1:0\"\ntls = \"none\"\npublic_url = \"https://pec.comune.example.it\"\n\
                      [notify]\nrelay = \"smtps://relay.example.it\"\nfrom = \"Comune <avvisi@comune.example.it>\"\n";

fn delega(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin!("delega"));
    command.args(arguments).current_dir(folder).env_remove("CREDENTIALS_DIRECTORY").stdin(Stdio::null());
    command.output().unwrap()
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = delega(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(folder: &Path, arguments: &[&str], status: i32) -> String {
    let output = delega(folder, arguments);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn every_mail_can_be_looked_at_without_store_or_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let told = refused(folder.path(), &["notify", "preview", "invitatoin"], 1);
    let kinds: Vec<&str> = told.trim().split_once(": use ").unwrap().1.split(", ").collect();
    assert_eq!(kinds.len(), 34, "{told}");
    for kind in kinds {
        for language in ["it", "en"] {
            let shown = |part: &[&str]| {
                let arguments = ["notify", "preview", kind, "--language", language];
                done(folder.path(), &[&arguments[..], part].concat())
            };
            let (text, html, message) = (shown(&["--text"]), shown(&["--html"]), shown(&["--eml"]));
            assert_eq!(text, shown(&[]));
            assert!(
                html.starts_with("<!DOCTYPE html>") && html.contains(&format!("<html lang=\"{language}\">")),
                "{html}"
            );
            let message = MessageParser::new().parse(message.as_bytes()).unwrap();
            assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n"), text);
            assert_eq!(message.body_html(0).unwrap().replace("\r\n", "\n"), html);
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "a preview left something behind");
}

#[test]
fn a_preview_has_the_addresses_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("delega.toml"), CONFIG).unwrap();
    let text = done(folder.path(), &["notify", "preview", "invitation"]);
    assert!(text.contains("https://pec.comune.example.it/invitation/"), "{text}");
    let message = done(folder.path(), &["notify", "preview", "activated", "--eml"]);
    assert!(message.contains("From: \"Comune\" <avvisi@comune.example.it>\r\n"), "{message}");
    assert!(!message.contains("webmail.example.it"), "{message}");
}

#[test]
fn what_is_asked_for_wrongly_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("delega.toml"), CONFIG).unwrap();
    assert_eq!(done(folder.path(), &["notify", "list", "--json"]).trim(), "[]");
    assert!(done(folder.path(), &["notify", "list"]).starts_with("ID"));
    assert_eq!(done(folder.path(), &["notify", "retry", "--failed"]), "0 mails are due now\n");
    let unknown = refused(folder.path(), &["notify", "retry", "7"], 1);
    assert!(unknown.contains('7'), "{unknown}");
    refused(folder.path(), &["notify", "retry"], 2);
    refused(folder.path(), &["notify", "retry", "7", "--failed"], 2);
    refused(folder.path(), &["notify", "list", "--state", "lost"], 2);
    refused(folder.path(), &["notify", "preview", "invitation", "--html", "--eml"], 2);
    refused(folder.path(), &["notify", "preview", "invitation", "--language", "fr"], 2);
}
