//! Stopping, and starting again after a crash (issue "Graceful life"): what is under way finishes, nothing is left half
//! done in the mailbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::delega::{Delega, password};
use super::imap::{Client, PATIENCE, connect_tcp};
use super::office::{ADDRESS, Office, PASSWORD, deliver, large, wait_until};
use super::upstream::Upstream;

const LARGE_BYTES: usize = 20 * 1024 * 1024;

fn office_with_large_message() -> Office {
    let office = Office::open(&[("anna", "read,write,client")]);
    deliver(&office.dovecot, ADDRESS, "4.M4.pec", &large(LARGE_BYTES));
    office.dovecot.settle(ADDRESS);
    office
}

/// Tells the server to stop, and waits until it takes no more connections.
fn stop(delega: &mut Delega) -> Instant {
    let begun = Instant::now();
    delega.process().signal("TERM", false);
    delega.wait_logged("stopping", 1);
    let port = delega.port();
    wait_until(Duration::from_secs(2), "new connections are refused", || connect_tcp(port).is_err());
    begun
}

#[test]
fn sigterm_lets_commands_finish_and_says_goodbye_to_who_waits() {
    let mut office = office_with_large_message();
    let mut reading = office.enter_inbox("anna");
    let mut writing = office.enter_inbox("anna");
    let mut idling = office.enter_inbox("anna");
    let mut resting = office.enter("anna");
    let mut knocking = Client::connect(&office.delega);
    let mut in_the_clear = Client::plain(office.delega.starttls_port()).unwrap();
    idling.idle();
    let fetch = reading.begin("FETCH 4 BODY.PEEK[]");
    reading.skip(1000);
    writing.send(b"w APPEND INBOX {1000}\r\n");
    assert!(writing.response().starts_with("+ "));

    let begun = stop(&mut office.delega);
    for (name, client) in [
        ("idling", &mut idling),
        ("resting", &mut resting),
        ("knocking", &mut knocking),
        ("in the clear", &mut in_the_clear),
    ] {
        let said = client.rest();
        assert!(said.starts_with("* BYE [UNAVAILABLE]") && said.ends_with("\r\n"), "{name}: {said:?}");
    }
    writing.send(&[[b'x'; 1000].as_slice(), b"\r\n"].concat());
    writing.answer("w").ok();
    assert!(writing.rest().starts_with("* BYE [UNAVAILABLE]"));
    let answer = reading.answer(&fetch).ok();
    assert!(answer.untagged.iter().map(String::len).sum::<usize>() > LARGE_BYTES - 2000);
    assert!(reading.rest().starts_with("* BYE [UNAVAILABLE]"));
    drop((idling, resting, knocking, in_the_clear, reading, writing));
    let status = office.delega.process().wait(Duration::from_secs(8));
    println!("stopped after {:?}", begun.elapsed());
    assert_eq!(status.code(), Some(0), "{}", office.delega.log());
    // All that took place within the grace
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(office.messages(), 5);
    assert_eq!(office.delega.logged("stopped").len(), 1);
}

#[test]
fn sigterm_waits_no_longer_than_the_grace_for_who_does_not_read() {
    let office = Office::with(&[("anna", "read,client")], |options| {
        options.limits = "shutdown_grace_secs = 1\n".to_owned();
    });
    deliver(&office.dovecot, ADDRESS, "4.M4.pec", &large(LARGE_BYTES));
    let mut office = office;
    let mut stuck = office.enter_inbox("anna");
    stuck.begin("FETCH 4 BODY.PEEK[]");
    stuck.skip(1000);
    // One that has agreed to TLS and does not begin with it
    let mut silent = Client::plain(office.delega.starttls_port()).unwrap();
    silent.cmd("STARTTLS").ok();
    let begun = stop(&mut office.delega);
    let status = office.delega.process().wait(Duration::from_secs(20));
    let after = begun.elapsed();
    println!("stopped after {after:?}");
    assert_eq!(status.code(), Some(0));
    // The grace, and the bound on a farewell; nobody had to be cut off
    assert!(after < Duration::from_millis(4500), "{after:?}");
    assert_eq!(office.delega.logged("sessions were cut off").len(), 0);
}

#[test]
fn a_second_sigterm_ends_it_at_once() {
    let office = Office::with(&[("anna", "read,client")], |options| {
        options.limits = "shutdown_grace_secs = 60\n".to_owned();
    });
    deliver(&office.dovecot, ADDRESS, "4.M4.pec", &large(LARGE_BYTES));
    let mut office = office;
    let mut stuck = office.enter_inbox("anna");
    stuck.begin("FETCH 4 BODY.PEEK[]");
    stuck.skip(1000);
    stop(&mut office.delega);
    assert!(office.delega.process().ended().is_none());
    let begun = Instant::now();
    office.delega.process().signal("TERM", false);
    let status = office.delega.process().wait(Duration::from_secs(5));
    println!("stopped after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(status.code().is_some(), "{status}");
    let ended = office.delega.wait_logged("session end", 1);
    assert_eq!(ended[0]["ending"], "the gateway stops");
    assert!(stuck.ends_in_a_reset(), "what it has got looks like everything");
}

/// Waits until the mailbox is as it was: Dovecot notices a lost connection in its own time.
fn mailbox_is_as_it_was(office: &Office, before: &super::support::state::State) {
    wait_until(Duration::from_secs(10), "nothing is left of the APPEND", || {
        let changes = before.changes(&office.dovecot.snapshot(ADDRESS));
        assert!(!changes.iter().any(|change| change.starts_with("+ message")), "{changes:?}");
        changes.is_empty()
    });
}

/// Begins to append a message, and waits until some of it has come as far as Dovecot's disk.
fn append_half(office: &Office, client: &mut Client) {
    let before = office.dovecot.snapshot(ADDRESS);
    client.send(b"a APPEND INBOX {4000000}\r\n");
    assert!(client.response().starts_with("+ "));
    client.send(&vec![b'x'; 2_000_000]);
    wait_until(Duration::from_secs(10), "some of the message is on disk", || {
        office.dovecot.snapshot(ADDRESS).files.keys().any(|file| file.starts_with("tmp/"))
    });
    let messages = |state: &super::support::state::State| state.folder("INBOX").messages.len();
    assert_eq!(messages(&before), messages(&office.dovecot.snapshot(ADDRESS)));
}

#[test]
fn a_crash_in_the_middle_of_an_append_leaves_nothing_and_the_store_is_good() {
    let mut office = Office::open(&[("anna", "read,write,client")]);
    let mut client = office.enter_inbox("anna");
    let before = office.dovecot.snapshot(ADDRESS);
    append_half(&office, &mut client);
    office.delega.crash_and_restart();
    assert!(!client.rest().contains("a OK"));
    mailbox_is_as_it_was(&office, &before);
    let mut client = office.enter_inbox("anna");
    client.cmd("APPEND INBOX {3+}\r\nabc").ok();
    assert_eq!(office.messages(), 4);
}

#[test]
fn a_client_that_goes_away_in_the_middle_of_an_append_leaves_nothing() {
    let office = Office::open(&[("anna", "read,write,client")]);
    let mut client = office.enter_inbox("anna");
    let before = office.dovecot.snapshot(ADDRESS);
    append_half(&office, &mut client);
    client.vanish();
    mailbox_is_as_it_was(&office, &before);
    let ended = office.delega.wait_logged("session end", 1);
    assert_eq!(ended[0]["ending"], "the client went away");
}

#[test]
fn nothing_acknowledged_is_lost_when_delega_crashes() {
    let mut office = Office::open(&[("anna", "read,write,client")]);
    let mut client = office.enter_inbox("anna");
    for n in 0..5 {
        let body = format!("Subject: {n}\r\n\r\n{n}\r\n");
        client.cmd(&format!("APPEND INBOX {{{}+}}\r\n{body}", body.len())).ok();
    }
    office.delega.process().kill();
    assert_eq!(office.messages(), 8);
}

#[test]
fn dovecot_dies_under_open_sessions_and_comes_back() {
    let mut office = office_with_large_message();
    let mut idling = office.enter_inbox("anna");
    let mut resting = office.enter("anna");
    let mut reading = office.enter_inbox("anna");
    idling.idle();
    let fetch = reading.begin("FETCH 4 BODY.PEEK[]");
    reading.skip(1000);
    office.dovecot.kill();
    for (name, client) in [("idling", &mut idling), ("resting", &mut resting)] {
        let said = client.rest();
        assert!(said.starts_with("* BYE [UNAVAILABLE]"), "{name}: {said:?}");
    }
    let rest = reading.rest();
    assert!(rest.len() < LARGE_BYTES && !rest.contains(&fetch) && !rest.contains("BYE"), "{}", rest.len());
    let ended = office.delega.wait_logged("session end", 3);
    assert!(ended.iter().all(|end| end["ending"].as_str().unwrap().starts_with("the upstream: ")), "{ended:?}");

    let mut client = Client::connect(&office.delega);
    client.login(&format!("anna/{ADDRESS}"), &password("anna")).is("NO [UNAVAILABLE]");
    client.login(ADDRESS, PASSWORD).is("NO [UNAVAILABLE]");
    let logged = office.delega.logged("the upstream cannot be reached");
    assert!(logged[0]["error"].as_str().unwrap().contains("refused"), "{logged:?}");
    office.dovecot.revive();
    client.login(&format!("anna/{ADDRESS}"), &password("anna")).ok();
    client.cmd("SELECT INBOX").ok();
}

#[test]
fn an_upstream_that_says_nothing_or_the_wrong_thing_is_told_clearly() {
    type Script = fn(super::upstream::Conversation);
    let scripts: [(&str, Script, &str); 6] = [
        ("never greets", |mut c| c.wait_for_end(), "took too long"),
        ("closes", drop, "closed during login"),
        (
            "is no mail server",
            |mut c| assert!(c.send("HTTP/1.1 400 Bad Request\r\n\r\n")),
            "did not greet as IMAP does",
        ),
        ("preauth", |mut c| assert!(c.send("* PREAUTH benvenuti\r\n")), "PREAUTH"),
        ("says bye", |mut c| assert!(c.send("* BYE troppi\r\n")), "said BYE"),
        (
            "never answers the login",
            |mut c| {
                c.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ok\r\n");
                c.wait_for_end();
            },
            "took too long",
        ),
    ];
    for (name, script, cause) in scripts {
        let delega = Upstream::start(script).delega_with(|options| options.limits += "upstream_timeout_secs = 2\n");
        let mut client = Client::connect(&delega);
        let begun = Instant::now();
        client.login(&format!("anna/{ADDRESS}"), &password("anna")).is("NO [UNAVAILABLE]");
        assert!(begun.elapsed() < Duration::from_secs(4), "{name}: {:?}", begun.elapsed());
        client.cmd("NOOP").ok();
        let logged = delega.wait_logged("the upstream could not be entered", 1);
        assert!(logged[0]["why"].as_str().unwrap().contains(cause), "{name}: {logged:?}");
        assert_eq!(logged[0]["login"], format!("anna/{ADDRESS}"));
    }
}

#[test]
fn an_upstream_that_stalls_in_its_tls_handshake_costs_one_answer_and_no_connection() {
    let handshakes = Arc::new(AtomicUsize::new(0));
    let (of_tls, of_starttls) = (handshakes.clone(), handshakes.clone());
    // Late, so that the handshake's own bound would end after the login's
    let late = Duration::from_millis(300);
    let silent = Upstream::start(move |mut c| {
        of_tls.fetch_add(1, Ordering::Relaxed);
        c.wait_for_end();
    });
    let upgrading = Upstream::start(move |mut c| {
        std::thread::sleep(late);
        c.send("* OK [CAPABILITY IMAP4rev1 STARTTLS] ok\r\n");
        let Some((tag, _)) = c.command() else { return };
        c.send(&format!("{tag} OK avanti\r\n"));
        of_starttls.fetch_add(1, Ordering::Relaxed);
        c.wait_for_end();
    });
    for (scheme, upstream) in [("imaps", &silent), ("imap", &upgrading)] {
        handshakes.store(0, Ordering::Relaxed);
        let mut delega = upstream.delega_with(|options| {
            options.imap = format!("{scheme}://127.0.0.1:{}", upstream.port());
            options.limits += "upstream_timeout_secs = 1\n";
        });
        let mut client = Client::connect(&delega);
        for _ in 0..2 {
            client.login(&format!("anna/{ADDRESS}"), &password("anna")).is("NO [UNAVAILABLE]");
            client.cmd("NOOP").ok();
        }
        // Nobody waits for that upstream when delega stops
        client.begin(&format!("LOGIN anna/{ADDRESS} {}", password("anna")));
        wait_until(PATIENCE, "the third handshake", || handshakes.load(Ordering::Relaxed) == 3);
        let begun = stop(&mut delega);
        assert!(client.rest().contains("* BYE"), "{scheme}");
        drop(client);
        assert_eq!(delega.process().wait(Duration::from_secs(5)).code(), Some(0), "{scheme}");
        assert!(begun.elapsed() < Duration::from_millis(700), "{scheme}: {:?}", begun.elapsed());
        assert_eq!(delega.logged("sessions were cut off").len(), 0, "{scheme}");
    }
}

#[test]
fn an_upstream_that_breaks_off_in_a_literal_ends_the_session_without_another_word() {
    let upstream = Upstream::after_login(|mut c| {
        if let Some(_tag) = c.obey_until("FETCH") {
            c.send("* 1 FETCH (BODY[] {1000}\r\nSubject: meta\r\n");
        }
    });
    let delega = upstream.delega();
    let mut client = Client::delegate(&delega, "anna", ADDRESS);
    client.cmd("SELECT INBOX").ok();
    client.send(b"f FETCH 1 BODY[]\r\n");
    assert_eq!(client.rest(), "* 1 FETCH (BODY[] {1000}\r\nSubject: meta\r\n");
    let ended = delega.wait_logged("session end", 1);
    assert_eq!(ended[0]["ending"], "the upstream: the upstream closed the connection");
}

#[test]
fn an_upstream_that_breaks_off_between_responses_is_taken_leave_of_once() {
    let upstream = Upstream::after_login(|mut c| {
        if c.obey_until("FETCH").is_some() {
            c.send("* 1 FETCH (FLAGS ())\r\n");
        }
    });
    let delega = upstream.delega();
    let mut client = Client::delegate(&delega, "anna", ADDRESS);
    client.send(b"f FETCH 1:2 FLAGS\r\n");
    let said = client.rest();
    assert!(said.starts_with("* 1 FETCH (FLAGS ())\r\n* BYE [UNAVAILABLE]") && !said.contains("f OK"), "{said}");

    let farewell = Upstream::after_login(|mut c| {
        if c.obey_until("FETCH").is_some() {
            c.send("* BYE si chiude\r\n");
        }
    });
    let delega = farewell.delega();
    let mut client = Client::delegate(&delega, "anna", ADDRESS);
    client.send(b"f FETCH 1:2 FLAGS\r\n");
    let said = client.rest();
    assert_eq!(said.matches("* BYE").count(), 1, "{said}");
}

#[test]
fn an_upstream_that_does_not_read_stops_the_client_and_then_the_session() {
    let upstream = Upstream::after_login(|mut c| {
        if c.obey_until("APPEND").is_some() {
            c.send("+ avanti\r\n");
            std::thread::sleep(Duration::from_secs(30));
        }
    });
    let delega = upstream.delega_with(|options| options.limits += "command_timeout_secs = 2\n");
    let mut client = Client::delegate(&delega, "anna", ADDRESS);
    client.send(b"a APPEND INBOX {90000000}\r\n");
    assert!(client.response().starts_with("+ "));
    let begun = Instant::now();
    while client.try_send(&[b'x'; 64 * 1024]).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    let ended = delega.wait_logged("session end", 1);
    assert_eq!(ended[0]["ending"], "the upstream: the upstream does not read");
    assert!(ended[0]["from_client"].as_u64().unwrap() < 16 * 1024 * 1024, "{ended:?}");
}
