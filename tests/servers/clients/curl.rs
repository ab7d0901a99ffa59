//! curl: one command a run, and the exit status says how it went.

use std::time::Duration;

use super::*;

/// Exit statuses (curl(1), EXIT CODES).
const QUOTE_ERROR: Option<i32> = Some(21);
const UPLOAD_FAILED: Option<i32> = Some(25);
const CERTIFICATE: Option<i32> = Some(60);
const LOGIN_DENIED: Option<i32> = Some(67);

/// Runs curl as a delegate: `url` comes after the host and port of `door`, `imaps:PORT` or `imap:PORT`.
fn curl(office: &Office, username: &str, door: &str, url: &str, arguments: &[&str]) -> Finished {
    let home = folder();
    let (scheme, port) = door.split_once(':').unwrap();
    let mut command = program(installed("curl"), home.path());
    command.args(["--silent", "--show-error", "--verbose", "--cacert"]).arg(office.delega.ca_file());
    command.args(["--user", &format!("{}:{}", login(username), password(username))]);
    command.args(arguments).arg(format!("{scheme}://localhost:{port}/{url}"));
    run(&mut command, Duration::from_secs(30))
}

/// With TLS from the first byte.
fn implicit(office: &Office, username: &str, url: &str, arguments: &[&str]) -> Finished {
    curl(office, username, &format!("imaps:{}", office.delega.port()), url, arguments)
}

fn request(office: &Office, username: &str, folder: &str, command: &str) -> Finished {
    implicit(office, username, folder, &["--request", command])
}

const LETTER: &[u8] = b"From: bruno@pec.example.it\r\nSubject: bozza\r\n\r\nda finire\r\n";

fn upload(office: &Office, username: &str, folder: &str) -> Finished {
    // curl has to know the size beforehand
    let letter = tempfile::NamedTempFile::new().unwrap();
    fs::write(&letter, LETTER).unwrap();
    implicit(office, username, folder, &["--upload-file", letter.path().to_str().unwrap()])
}

/// What everybody may do.
fn reads(office: &Office, username: &str, door: &str, arguments: &[&str]) {
    let ask = |url: &str| curl(office, username, door, url, arguments).succeeded(office).stdout;
    let listed = ask("");
    for folder in ["INBOX", "Attivit&AOA-", "Fatture/2026/Primo trimestre", "Gare/Lotto {12} [bis]"] {
        assert!(listed.contains(folder), "{folder} in {listed}");
    }
    let messages = office.messages("Fatture/2026/Primo trimestre");
    for (uid, raw) in &messages[..3] {
        let url = format!("Fatture%2F2026%2FPrimo%20trimestre;UID={uid}");
        assert_eq!(ask(&url).as_bytes(), String::from_utf8_lossy(raw).as_bytes());
    }
    let found = ask("Drafts?DRAFT%20SEEN");
    assert_eq!(found, "* SEARCH 1 2 3\r\n");
    let found = ask("INBOX?UNSEEN");
    let state = office.snapshot();
    let unseen = state.folder("INBOX").messages.values().filter(|message| !message.flags.contains("\\Seen")).count();
    assert_eq!(found.split_whitespace().count(), 2 + unseen, "{found}");
}

#[test]
fn a_reader_reads_by_each_door_and_leaves_no_trace() {
    let office = Office::open();
    let before = office.snapshot();
    reads(&office, READER, &format!("imaps:{}", office.delega.port()), &[]);
    reads(&office, READER, &format!("imap:{}", office.delega.starttls_port()), &["--ssl-reqd"]);
    reads(&office, WEBMAIL, &format!("imaps:{}", office.delega.webmail_port()), &[]);
    before.assert_unchanged(&office.snapshot());
}

#[test]
fn a_reader_is_refused_the_rest_in_plain_words() {
    let office = Office::open();
    let before = office.snapshot();
    let by_webmail = format!("imaps:{}", office.delega.webmail_port());
    let star = ["--request", "STORE 1 +FLAGS (\\Flagged)"];
    let refused = [
        (curl(&office, WEBMAIL, &by_webmail, "INBOX", &star), QUOTE_ERROR),
        (request(&office, READER, "INBOX", "STORE 1 +FLAGS (\\Flagged)"), QUOTE_ERROR),
        (request(&office, READER, "INBOX", "UID COPY 1 Trash"), QUOTE_ERROR),
        (request(&office, READER, "INBOX", "UID MOVE 1 Trash"), QUOTE_ERROR),
        (request(&office, READER, "INBOX", "EXPUNGE"), QUOTE_ERROR),
        (request(&office, READER, "", "CREATE Pratiche"), QUOTE_ERROR),
        (request(&office, READER, "", "DELETE Junk"), QUOTE_ERROR),
        (upload(&office, READER, "Drafts"), UPLOAD_FAILED),
    ];
    for (finished, status) in refused {
        assert_eq!(finished.status, status, "{}", finished.stderr);
        let said = "NO [NOPERM] You may read this mailbox but not change it";
        assert!(finished.stderr.contains(said), "{}", finished.stderr);
    }
    let rights = request(&office, READER, "", "GETACL INBOX");
    assert_eq!(rights.status, QUOTE_ERROR);
    assert!(rights.stderr.contains("NO [NOPERM] Rights and quotas"), "{}", rights.stderr);
    before.assert_unchanged(&office.snapshot());
}

#[test]
fn a_writer_works() {
    let office = Office::open();
    reads(&office, WRITER, &format!("imaps:{}", office.delega.port()), &[]);
    reads(&office, WRITER, &format!("imap:{}", office.delega.starttls_port()), &["--ssl-reqd"]);

    upload(&office, WRITER, "Drafts").succeeded(&office);
    assert_eq!(office.messages("Drafts").last().unwrap().1, LETTER);
    request(&office, WRITER, "INBOX", "UID STORE 1 FLAGS (\\Flagged Protocollato)").succeeded(&office);
    let flags = office.snapshot().folder("INBOX").message(1).flags.clone();
    assert_eq!(flags.iter().map(String::as_str).collect::<Vec<_>>(), ["Protocollato", "\\Flagged"]);
    request(&office, WRITER, "", "CREATE \"Pratiche &AOg- 2026\"").succeeded(&office);
    assert!(office.snapshot().folders.contains_key("Pratiche &AOg- 2026"));
    request(&office, WRITER, "INBOX", "UID MOVE 1 \"Pratiche &AOg- 2026\"").succeeded(&office);
    assert_eq!(office.messages("Pratiche è 2026").len(), 1);
}

#[test]
fn a_wrong_password_a_missing_permission_and_a_missing_starttls_are_refused_alike() {
    let office = Office::open();
    let implicit_door = format!("imaps:{}", office.delega.port());
    let wrong = ["--user", &format!("{}:sbagliata", login(READER))];
    for finished in [
        implicit(&office, READER, "", &wrong),
        // Not for mail programs
        implicit(&office, WEBMAIL, "", &[]),
        // Nobody
        implicit(&office, "dario", "", &[]),
        // Before TLS there is no login
        curl(&office, READER, &format!("imap:{}", office.delega.starttls_port()), "", &[]),
    ] {
        assert_eq!(finished.status, LOGIN_DENIED, "{}", finished.stderr);
        assert_eq!(finished.stdout, "");
    }
    // Whoever does not know delega's authority does not get as far as saying a password
    let stranger = ["--cacert", office.dovecot.ca_file().to_str().unwrap()];
    let finished = curl(&office, READER, &implicit_door, "", &stranger);
    assert_eq!(finished.status, CERTIFICATE, "{}", finished.stderr);
}
