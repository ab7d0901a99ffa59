//! The owner changes something on the command line while sessions are open (P9, D5, D8, X2): it binds within a second,
//! in whatever those sessions are doing, and by what is on disk.

use std::time::{Duration, Instant};

use super::delega::{Delega, password};
use super::imap::{Client, PATIENCE};
use super::office::{ADDRESS, Office, PASSWORD, deliver, large, wait_until};

/// Within this a change must have bound every session (X2).
const BOUND: Duration = Duration::from_secs(1);
const LARGE_BYTES: usize = 20 * 1024 * 1024;

/// Changes something; the moment when the command line was done.
fn change(delega: &Delega, arguments: &[&str]) -> Instant {
    delega.cli(arguments, "");
    Instant::now()
}

#[track_caller]
#[allow(clippy::print_stdout, reason = "the figure is of interest where it is within the bound, too")]
fn within_bound(what: &str, since: Instant) {
    let after = since.elapsed();
    println!("{what}: bound after {after:?}");
    assert!(after < BOUND, "{what}: {after:?}");
}

/// Asks for the large message, of which only the beginning is read.
fn streaming(client: &mut Client, number: u32) -> String {
    let tag = client.begin(&format!("FETCH {number} BODY.PEEK[]"));
    client.skip(1000);
    tag
}

fn office_with_large_message(delegates: &[(&str, &str)]) -> Office {
    let office = Office::open(delegates);
    deliver(&office.dovecot, ADDRESS, "4.M4.pec", &large(LARGE_BYTES));
    office.dovecot.settle(ADDRESS);
    office
}

#[test]
fn p9_write_taken_away_binds_sessions_that_are_open() {
    let office = office_with_large_message(&[("anna", "read,write,client")]);
    let mut working = office.enter_inbox("anna");
    let mut idling = office.enter_inbox("anna");
    let mut reading = office.enter_inbox("anna");
    let mut unselected = office.enter("anna");
    working.cmd("STORE 3 +FLAGS.SILENT (\\Deleted)").ok();
    let idle = idling.idle();
    let fetch = streaming(&mut reading, 4);

    let since = change(&office.delega, &["delegate", "permissions", ADDRESS, "anna", "--revoke", "write"]);
    idling.wait_for("[READ-ONLY]");
    within_bound("write taken away, heard in IDLE", since);
    let mut tries = 0;
    loop {
        let answer = working.cmd("STORE 1 +FLAGS.SILENT (Urgente)");
        if answer.status.starts_with("NO [NOPERM]") {
            break;
        }
        answer.ok();
        tries += 1;
    }
    within_bound(&format!("write taken away, seen at the STORE number {tries}"), since);
    let before = office.dovecot.snapshot(ADDRESS);

    // Reading marks nothing any more, though the folder is open for writing upstream
    for items in ["BODY[]", "BODY[TEXT]", "BODY[HEADER]<0.10>", "(FLAGS BODY[1])", "RFC822", "RFC822.TEXT", "BINARY[1]"]
    {
        let answer = working.cmd(&format!("UID FETCH 1 {items}"));
        let refused = answer.status.starts_with("NO [NOPERM]");
        assert!(refused || answer.status.starts_with("OK") && answer.all().contains("FETCH"), "{items}: {answer:?}");
    }
    assert!(working.cmd("UID FETCH 1 BODY[]").ok().all().contains("corpo 1"));
    for command in [
        "EXPUNGE",
        "UID EXPUNGE 3",
        "COPY 1 INBOX",
        "UID MOVE 1 Trash",
        "CREATE Nuova",
        "DELETE INBOX",
        "RENAME INBOX Altra",
        "SUBSCRIBE INBOX",
        "APPEND INBOX {3+}\r\nabc",
        "UID STORE 1 FLAGS ()",
    ] {
        working.cmd(command).is("NO [NOPERM]");
        unselected.cmd(command).is("NO [NOPERM]");
    }
    working.cmd("CLOSE").ok();
    working.cmd("FETCH 1 FLAGS").is("BAD");
    idling.send(b"DONE\r\n");
    idling.answer(&idle).ok();
    idling.cmd("CLOSE").ok();
    // What was under way ends as it should, and only then does the client hear of it
    let answer = reading.answer(&fetch);
    assert!(answer.status.starts_with("OK"), "{}", answer.status);
    let last = answer.untagged.iter().position(|response| response == ")\r\n").unwrap();
    let told = answer.untagged[last + 1..].concat();
    assert!(told.contains("[PERMANENTFLAGS ()]") && told.contains("[READ-ONLY]"), "{told:?}");
    reading.cmd("STORE 1 +FLAGS (\\Flagged)").is("NO [NOPERM]");
    reading.cmd("LOGOUT").ok();
    before.assert_unchanged(&office.dovecot.snapshot(ADDRESS));

    // Given back: after the folder is opened again everything works
    let since = change(&office.delega, &["delegate", "permissions", ADDRESS, "anna", "--grant", "write"]);
    wait_until(BOUND, "the folder opens for writing", || {
        working.cmd("SELECT INBOX").ok().status.contains("[READ-WRITE]")
    });
    within_bound("write given", since);
    working.cmd("STORE 1 +FLAGS (\\Flagged)").ok();
    assert!(office.flags(1).contains(&"\\Flagged".to_owned()));
    working.cmd("CLOSE").ok();
    assert_eq!(office.messages(), 3, "CLOSE expunges again");
}

#[test]
fn p9_an_append_under_way_when_write_is_taken_away_leaves_nothing() {
    let office = Office::open(&[("anna", "read,write,client"), ("bruno", "read,write,client")]);
    let mut anna = office.enter("anna");
    let mut bruno = office.enter("bruno");
    for client in [&mut anna, &mut bruno] {
        client.send(b"a APPEND INBOX {200000}\r\n");
        assert!(client.response().starts_with("+ "));
        client.send(&[b'x'; 100_000]);
    }
    let since = change(&office.delega, &["delegate", "permissions", ADDRESS, "anna", "--revoke", "write"]);
    let said = anna.rest();
    within_bound("an APPEND under way", since);
    assert!(!said.contains("a OK"), "{said}");
    // Whom it does not concern is not disturbed
    bruno.send(&[b"x".repeat(100_000).as_slice(), b"\r\n"].concat());
    bruno.answer("a").ok();
    assert_eq!(office.messages(), 4);
}

/// Every session of the delegate and none of the others' is told to go, whatever it does.
fn everyone_out(what: &str, arguments: &[&str]) -> Office {
    let office = office_with_large_message(&[("anna", "read,write,client"), ("bruno", "read,client")]);
    let selected = office.enter_inbox("anna");
    let mut idling = office.enter_inbox("anna");
    let mut reading = office.enter_inbox("anna");
    let entered = office.enter("anna");
    let mut webmail = Client::tls(office.delega.webmail_port(), &office.delega.ca_file()).unwrap();
    webmail.login(&format!("anna/{ADDRESS}"), &password("anna")).ok();
    let mut bruno = office.enter_inbox("bruno");
    idling.idle();
    let fetch = streaming(&mut reading, 4);

    let since = change(&office.delega, arguments);
    for (name, mut client) in [("selected", selected), ("idling", idling), ("entered", entered), ("webmail", webmail)] {
        let said = client.rest();
        assert!(said.starts_with("* BYE ") && said.ends_with("\r\n"), "{what}, {name}: {said:?}");
        assert!(client.try_send(b"x NOOP\r\n").is_err() || client.rest().is_empty(), "{what}, {name}");
    }
    within_bound(what, since);
    // The client that does not read cannot tell when it was cut off; the log can
    let ended = office.delega.wait_logged("session end", 5);
    within_bound(&format!("{what}, to one that does not read"), since);
    assert!(ended.iter().all(|event| event["ending"] == "access was taken away"), "{ended:?}");
    let rest = reading.rest();
    assert!(rest.len() < LARGE_BYTES && !rest.contains(&fetch) && !rest.contains("BYE"), "{what}: {}", rest.len());
    Client::connect(&office.delega)
        .login(&format!("anna/{ADDRESS}"), &password("anna"))
        .is("NO [AUTHENTICATIONFAILED]");
    if arguments[0] == "delegate" {
        assert!(bruno.cmd("FETCH 1 BODY[]").ok().all().contains("corpo 1"), "{what}");
    }
    office
}

#[test]
fn d5_suspension_ends_sessions_and_resuming_lets_in_again() {
    let office = everyone_out("suspended", &["delegate", "suspend", ADDRESS, "anna"]);
    office.delega.cli(&["delegate", "resume", ADDRESS, "anna"], "");
    assert!(office.enter("anna").cmd("SELECT INBOX").ok().status.contains("[READ-WRITE]"));
}

#[test]
fn d8_deletion_ends_sessions() {
    let office = everyone_out("deleted", &["delegate", "delete", ADDRESS, "anna", "--yes"]);
    // A new anna has nothing of the old one
    office.delega.add_delegate(ADDRESS, "anna", "read,client");
    office.enter_inbox("anna").cmd("STORE 1 +FLAGS (\\Flagged)").is("NO [NOPERM]");
}

#[test]
fn d8_client_taken_away_ends_mail_programs_and_leaves_webmail() {
    let office = Office::open(&[("anna", "read,client")]);
    let mut program = office.enter_inbox("anna");
    program.idle();
    let mut webmail = Client::tls(office.delega.webmail_port(), &office.delega.ca_file()).unwrap();
    webmail.login(&format!("anna/{ADDRESS}"), &password("anna")).ok();
    let since = change(&office.delega, &["delegate", "permissions", ADDRESS, "anna", "--revoke", "client"]);
    assert!(program.rest().starts_with("* BYE "));
    within_bound("client taken away", since);
    webmail.cmd("SELECT INBOX").ok();
}

#[test]
fn d8_a_mailbox_that_is_removed_is_closed_to_everybody_its_owner_too() {
    let office = Office::open(&[("anna", "read,client"), ("bruno", "read,client")]);
    let mut owner = Client::connect(&office.delega);
    owner.login(ADDRESS, PASSWORD).ok();
    owner.cmd("SELECT INBOX").ok();
    let mut clients = [office.enter_inbox("anna"), office.enter("bruno"), owner];
    clients[0].idle();
    let since = change(&office.delega, &["mailbox", "remove", ADDRESS, "--with-delegates", "--yes"]);
    for client in &mut clients {
        let said = client.response_within(PATIENCE).unwrap().unwrap();
        assert!(said.starts_with(b"* BYE "), "{}", String::from_utf8_lossy(&said));
    }
    within_bound("mailbox removed", since);
    Client::connect(&office.delega).login(ADDRESS, PASSWORD).is("NO [AUTHENTICATIONFAILED]");
    // On the upstream server the mailbox stays as it is
    assert_eq!(office.messages(), 3);
}
