//! What real programs send: `tests/corpus/pop3`.

use std::path::Path;
use std::time::Instant;

use delega::domain::Grant;
use delega::session::pop3::Session;
use delega::session::{Admission, Denial, Input, Machine as _, UpstreamLogin};

use super::imap::play::Cut;
use super::play::{Outcome, answers, grant, play, settings};

/// What is refused though the owner gives it: how the line begins, and why.
const REFUSED: [(&str, &str); 1] = [("LAST", "it has not been in the standard since RFC 1460")];

/// The lines of each session, by its name.
fn sessions() -> Vec<(String, Vec<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/pop3");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let session = |file: &std::path::PathBuf| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect())
    };
    let sessions: Vec<_> = files.iter().map(session).collect();
    assert!(sessions.len() >= 4, "the corpus is not all there");
    sessions
}

/// The lines before the client is logged in, and those behind.
fn halves(lines: &[String]) -> (&[String], &[String]) {
    let password = lines.iter().position(|line| line.starts_with("PASS ") || line == "AUTH PLAIN").unwrap();
    lines.split_at(if lines[password] == "AUTH PLAIN" { password + 2 } else { password + 1 })
}

fn typed(lines: &[String]) -> Vec<u8> {
    lines.iter().flat_map(|line| format!("{line}\r\n").into_bytes()).collect()
}

#[test]
fn every_program_gets_in() {
    for (name, lines) in sessions() {
        let now = Instant::now();
        let mut session = Session::new(settings(false), now);
        let mut outcome = Outcome::default();
        session.handle(Input::Start, now, &mut outcome);
        for octet in typed(halves(&lines).0) {
            session.handle(Input::Downstream(&[octet]), now, &mut outcome);
        }
        assert!(outcome.requests[0].starts_with("Verify cli"), "{name}: {:?}", outcome.requests);
        let upstream = UpstreamLogin {
            authzid: None,
            authcid: "contabilita@pec.example.it".to_owned(),
            password: "casella".to_owned().into(),
            typed: false,
        };
        let admission = Admission { grant: grant("read,client"), addresses: Vec::new(), upstream };
        session.handle(Input::Verified(Ok(admission)), now, &mut outcome);
        session.handle(Input::UpstreamConnected { starttls: false }, now, &mut outcome);
        for said in ["+OK\r\n", "+OK\r\nSASL PLAIN\r\n.\r\n", "+ \r\n", "+OK\r\n"] {
            session.handle(Input::Upstream(said.as_bytes()), now, &mut outcome);
        }
        assert!(outcome.downstream.ends_with(b"+OK Logged in\r\n"), "{name}");
        assert!(!outcome.downstream.windows(4).any(|window| window == b"-ERR"), "{name}");
        // A late denial of what is long settled.
        session.handle(Input::Verified(Err(Denial::Refused)), now, &mut outcome);
        assert!(!session.is_closed());
    }
}

#[test]
fn every_program_works_as_owner() {
    for (name, lines) in sessions() {
        let commands = halves(&lines).1;
        for cut in [Cut::Whole, Cut::Bytes, Cut::Random(7)] {
            let outcome = play(Grant::OWNER, &typed(commands), cut);
            assert_eq!(outcome.server.fault, None, "{name}");
            assert!(outcome.closed, "{name}");
            let answers = answers(&outcome.downstream, commands).unwrap();
            for (answer, command) in answers.iter().zip(commands) {
                let judged = REFUSED.iter().any(|(start, _)| command.starts_with(start));
                let refused = answer.starts_with(b"-ERR") && !answer.starts_with(b"-ERR There's no such message");
                assert_eq!(refused, judged, "{name}: {command}");
            }
        }
    }
}

#[test]
fn every_program_leaves_no_trace_as_reader() {
    for (name, lines) in sessions() {
        let commands = halves(&lines).1;
        let outcome = play(grant("read,client"), &typed(commands), Cut::Random(7));
        assert_eq!(outcome.server.fault, None, "{name}");
        assert_eq!(outcome.server.effects, Vec::<String>::new(), "{name}");
        for (answer, command) in answers(&outcome.downstream, commands).unwrap().iter().zip(commands) {
            let refused = ["LAST", "DELE"].iter().any(|verb| command.starts_with(verb));
            let missing = answer.starts_with(b"-ERR There's no such message");
            assert_eq!(answer.starts_with(b"-ERR") && !missing, refused, "{name}: {command}");
        }
    }
}
