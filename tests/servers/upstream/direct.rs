//! The scripted servers are what they say to curl, and what goes wrong in them shows.

use std::io::{ErrorKind, Read as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use super::fault::Act;
use super::pop3::Pop3;
use super::submission::{self, Submission};
use crate::programs::{Finished, folder, installed, program, run};

const LETTER: &str = "From: a@pec.example.it\r\nSubject: x\r\n\r\nuno\r\n.\r\ndue\r\n";

/// Runs curl in the clear, as somebody whom any password lets in.
fn curl(url: &str, arguments: &[&str]) -> Finished {
    let home = folder();
    std::fs::write(home.path().join("letter"), LETTER).unwrap();
    let mut command = program(installed("curl"), home.path());
    command.args(["--silent", "--show-error", "--max-time", "2", "--user", "a:b"]).args(arguments).arg(url);
    run(&mut command, Duration::from_secs(20))
}

fn send(server: &Submission) -> Finished {
    let envelope = ["--mail-from", "a@pec.example.it", "--mail-rcpt", "b@pec.example.it", "--upload-file", "letter"];
    curl(&format!("smtp://127.0.0.1:{}/client", server.port()), &envelope)
}

#[test]
fn a_message_is_taken_unless_something_goes_wrong_before_its_end() {
    let server = Submission::start(None);
    send(&server).well();
    assert_eq!(server.messages(), [LETTER.replace("\r\n.", "\r\n..")]);
    for step in submission::STEPS {
        let server = Submission::start(Some((step, Act::Close)));
        assert_eq!(send(&server).status == Some(0), step == "QUIT", "{step}");
        assert_eq!(server.messages().len(), usize::from(["QUIT", "."].contains(&step)), "{step}");
    }
    let refusing = |step| Submission::start(Some((step, Act::Say("452 4.3.1 pieno\r\n"))));
    for step in ["MAIL", "RCPT", "DATA", "."] {
        assert_eq!(send(&refusing(step)).status, Some(if step == "." { 8 } else { 55 }), "{step}");
    }
    let lost = Act::SayAndClose("421 4.3.2 chiudo\r\n");
    let server = Submission::with(move |session| (session == 0).then_some((".", lost)));
    assert_ne!(send(&server).status, Some(0));
    send(&server).well();
    assert_eq!((server.heard.count("DATA"), server.messages().len()), (2, 2));
}

#[test]
fn messages_are_there_unless_something_goes_wrong() {
    let retrieve = |server: &Pop3, number: usize| curl(&format!("pop3://127.0.0.1:{}/{number}", server.port()), &[]);
    let server = Pop3::start(&[LETTER, "\r\n"], None);
    assert_eq!(retrieve(&server, 1).well().stdout, LETTER);
    assert_eq!(retrieve(&server, 3).status, Some(8));
    assert_eq!((server.heard.count("RETR"), server.heard.count("QUIT")), (2, 2));
    let listed = curl(&format!("pop3://127.0.0.1:{}/", server.port()), &["--request", "UIDL"]).well().stdout;
    assert_eq!(listed, "1 uid1\r\n2 uid2\r\n");
    let top = curl(&format!("pop3://127.0.0.1:{}/", server.port()), &["--request", "TOP 1 1"]).well().stdout;
    assert_eq!(top, "From: a@pec.example.it\r\nSubject: x\r\n\r\nuno\r\n");
    for (step, act) in [
        ("greeting", Act::Close),
        ("AUTH", Act::Say("-ERR [AUTH] no\r\n")),
        ("RETR", Act::Say("-ERR [SYS/TEMP] no\r\n")),
    ] {
        let server = Pop3::start(&[LETTER], Some((step, act)));
        assert_ne!(retrieve(&server, 1).status, Some(0), "{step} {act:?}");
    }
    // curl takes what it has got for the whole
    let server = Pop3::start(&[LETTER], Some(("RETR", Act::Part(20))));
    assert_eq!(retrieve(&server, 1).well().stdout, LETTER[..15]);
}

#[test]
fn a_server_that_stalls_says_nothing_and_stays() {
    let server = Submission::start(Some(("greeting", Act::Stall)));
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}
