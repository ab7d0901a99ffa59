//! Python's imaplib, which raises for whatever it did not expect.

use std::time::Duration;

use super::*;

/// Runs one of the scripts beside this file.
fn python(office: &Office, script: &str, username: &str) {
    let home = folder();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/clients");
    let mut command = program(installed("python3"), home.path());
    command.arg("-B").arg(scripts.join(script));
    command.args([office.delega.port().to_string(), office.delega.starttls_port().to_string()]);
    command.arg(office.delega.ca_file()).args([login(username), password(username)]);
    command.args([ADDRESS, OWNERS_PASSWORD]);
    run(&mut command, Duration::from_secs(60)).succeeded(office);
}

#[test]
fn a_reader_reads_and_leaves_no_trace() {
    let office = Office::open();
    let before = office.snapshot();
    python(&office, "imaplib_reader.py", READER);
    before.assert_unchanged(&office.snapshot());
}

#[test]
fn a_writer_works() {
    let office = Office::open();
    python(&office, "imaplib_writer.py", WRITER);
    let state = office.snapshot();
    assert!(state.folders.contains_key("Pratiche chiuse &AOg-"), "{:?}", state.folders.keys());
    assert!(!state.folders.contains_key("Pratiche"));
    assert!(state.subscriptions.contains("Pratiche chiuse &AOg-"));
    assert_eq!(state.folder("Pratiche chiuse &AOg-").messages.len(), 2);
    assert!(!state.folder("INBOX").messages.values().any(|message| [Some(1), Some(2)].contains(&message.uid)));
}

#[test]
fn idling_readers_and_writers_hear_of_new_mail() {
    let office = Office::open();
    python(&office, "imaplib_idle.py", READER);
    python(&office, "imaplib_idle.py", WRITER);
}
