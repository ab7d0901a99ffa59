//! An upstream that goes wrong: whoever downloads is told, takes no part of a message for the whole, and nothing is
//! deleted unasked.

use super::*;
use crate::programs::downloading::{Downloader, fetchmail, getmail, poplib};
use crate::upstream::fault::{Act, Fault};
use crate::upstream::pop3::Pop3;

const LETTER: &str = "From: a@pec.example.it\r\nSubject: x\r\n\r\nuno\r\ndue\r\ntre\r\n";
const TEMPORARY: &str = "-ERR [SYS/TEMP] ";

/// A delega before an upstream in which this goes wrong, with a reader and a writer.
fn before(fault: Fault) -> (Pop3, Delega) {
    let upstream = Pop3::start(&[LETTER, LETTER], fault);
    let delega = before_port(upstream.port());
    (upstream, delega)
}

fn before_port(port: u16) -> Delega {
    with_limits(port, "")
}

fn with_limits(port: u16, limits: &str) -> Delega {
    let options = Options {
        imap: format!("imap+insecure://127.0.0.1:{port}"),
        starttls_imap: String::new(),
        submission: None,
        pop3: Some(format!("pop3+insecure://127.0.0.1:{port}")),
        ca_file: None,
        upstream: String::new(),
        connections: "connections_per_mailbox = 0\nwarm_sessions = 0\n".to_owned(),
        client_apart: true,
        limits: format!("refusal_delay_secs = 1\nshutdown_grace_secs = 5\nupstream_timeout_secs = 1\n{limits}"),
        proxy_protocol: false,
        is_public: false,
        files: Vec::new(),
        bounded_files: false,
    };
    let delega = options.start();
    delega.add_mailbox(ADDRESS, PASSWORD);
    for (username, permissions, protocols) in [READER, WRITER] {
        delega.add_delegate_by(ADDRESS, username, permissions, protocols);
    }
    delega
}

/// What curl, fetchmail, getmail and poplib do with a message that breaks off in the middle, over TLS.
#[test]
fn a_message_that_breaks_off_is_no_message() {
    for (step, username) in [("TOP", "anna"), ("RETR", "bruno")] {
        // Within the header, within a line of the body, between two lines, within the end
        for part in [12, 54, 57, "+OK\r\n".len() + LETTER.len() + 1] {
            let (upstream, delega) = before(Some((step, Act::Part(part))));
            let settings = Settings::of(&delega, username);
            let account = settings.account(&delega, Tls::Implicit);
            let retrieved = curl_command(&account, "1", &[]);
            assert_eq!(retrieved.status, Some(56), "curl, {part} octets: {}", retrieved.said());
            if part == 54 {
                // 2 is fetchmail's "error opening a socket", 1 a Python error
                for ((name, download), status) in
                    [("fetchmail", fetchmail as Downloader), ("getmail", getmail), ("poplib", poplib)]
                        .into_iter()
                        .zip([2, 127, 1])
                {
                    let Downloaded { finished, messages } = download(&account, After::Delete);
                    assert_eq!(finished.status, Some(status), "{name}: {}", finished.said());
                    // fetchmail hands on what it has got; what it says, and that it does not delete, tell
                    assert!(messages.is_empty() || name == "fetchmail", "{name}: {messages:?}");
                }
            }
            let ended = delega.wait_logged("session end", 1);
            assert_eq!(ended[0]["ending"], "the upstream: the upstream closed the connection");
            assert_eq!((upstream.heard.count("DELE"), upstream.heard.count("QUIT")), (0, 0));
        }
    }
}

/// A status line that is none, or one too many.
#[test]
fn g3_odd_answers_end_the_session_and_the_client_is_told() {
    for (step, said) in [
        ("STAT", "* OK IMAP4rev1\r\n"),
        ("LIST", "+OKAY\r\n"),
        ("UIDL", "-ERRATUM\r\n"),
        ("STAT", "+OK\rbare\r\n"),
        ("DELE", "+ \r\n"),
        ("RSET", "220 smtp\r\n"),
    ] {
        let (upstream, delega) = before(Some((step, Act::Say(said))));
        let mut writer = Pop3Client::delegate(&delega, "bruno", ADDRESS);
        let command = if step == "DELE" { "DELE 1" } else { step };
        let answer = writer.cmd(command);
        assert!(answer.starts_with(TEMPORARY), "{step} {said:?}: {answer}");
        assert_eq!(writer.rest(), (String::new(), End::Whole));
        assert_eq!(upstream.heard.count("QUIT"), 0);
    }
}

#[test]
fn g3_an_upstream_that_breaks_off_at_a_command_is_told_of() {
    for step in ["STAT", "LIST", "UIDL", "RETR", "DELE", "RSET"] {
        let (_upstream, delega) = before(Some((step, Act::Close)));
        let mut writer = Pop3Client::delegate(&delega, "bruno", ADDRESS);
        let answer =
            writer.cmd(if matches!(step, "RETR" | "DELE") { format!("{step} 1") } else { step.to_owned() }.as_str());
        assert!(answer.starts_with(TEMPORARY), "{step}: {answer}");
        assert_eq!(writer.rest(), (String::new(), End::Whole));
    }
    let (_upstream, delega) = before(Some(("QUIT", Act::Close)));
    let mut writer = Pop3Client::delegate(&delega, "bruno", ADDRESS);
    writer.ok("DELE 1");
    let quit = writer.cmd("QUIT");
    assert!(quit.starts_with("-ERR [SYS/TEMP] It is not known whether the messages were deleted"), "{quit}");
}

/// Within a message it is not waited for as long as for the next command, and the client can tell that the rest is missing.
#[test]
fn g3_an_upstream_that_falls_silent_within_a_message_is_given_up() {
    for (step, username) in [("TOP", "anna"), ("RETR", "bruno")] {
        let upstream = Pop3::start(&[LETTER, LETTER], Some((step, Act::Say("+OK\r\nSubject: x\r\n"))));
        let delega = with_limits(upstream.port(), "command_timeout_secs = 1\n");
        let mut client = Pop3Client::delegate(&delega, username, ADDRESS);
        client.send("RETR 1\r\n");
        assert_eq!(client.rest(), ("+OK\r\nSubject: x\r\n".to_owned(), End::Cut));
        let ended = delega.wait_logged("session end", 1);
        assert_eq!(ended[0]["ending"], "the upstream: the upstream did not answer in time");
    }
}

/// What is said to a delegate who logs in, and what to the owner, whose password the upstream itself judges (L3).
#[test]
fn g3_an_upstream_that_cannot_be_entered_is_told_of() {
    let temporary = "-ERR [SYS/TEMP] The mailbox cannot be reached now, try again later";
    let refused = format!("-ERR [AUTH] {NOT_ACCEPTED}");
    let refused = refused.as_str();
    for (step, act, owner) in [
        ("greeting", Act::Close, temporary),
        ("greeting", Act::Stall, temporary),
        ("greeting", Act::Say("* OK IMAP4rev1\r\n"), temporary),
        ("greeting", Act::SayAndClose("-ERR [SYS/TEMP] poi\r\n"), temporary),
        ("CAPA", Act::Stall, temporary),
        ("AUTH", Act::Close, temporary),
        ("AUTH", Act::Say("-ERR [SYS/TEMP] poi\r\n"), temporary),
        ("AUTH", Act::Say("-ERR [AUTH] no\r\n"), refused),
        ("AUTH", Act::Say("-ERR no\r\n"), refused),
    ] {
        let (_upstream, delega) = before(Some((step, act)));
        let enter =
            |login: &str, password: &str| Pop3Client::connect(delega.pop3().implicit, &delega).login(login, password);
        let said = enter(&format!("anna/{ADDRESS}"), &password("anna"));
        assert!(said.starts_with(temporary), "{step} {act:?}: {said}");
        let said = enter(ADDRESS, PASSWORD);
        assert!(said.starts_with(owner), "{step} {act:?}, the owner: {said}");
    }
    // Nobody listens
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let delega = before_port(port);
    let settings = Settings::of(&delega, "anna");
    for ((_, download), status) in DOWNLOADERS.into_iter().zip([3, 127, 67, 1]) {
        let finished = download(&settings.account(&delega, Tls::Implicit), After::Keep).finished;
        finished.failed(status, "[SYS/TEMP] The mailbox cannot be reached now, try again later");
    }
}
