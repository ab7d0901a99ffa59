//! Every command that real programs were seen to send gets through the grammar, or is refused for a reason that stands
//! here. See `tests/corpus/README.md`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod imap;

use delega::domain::Grant;
use delega::proto::imap::command::{self, Command, Onward};
use delega::proto::imap::framer::{Bounds, Frame, Framer};
use delega::proto::imap::verb::Verb;
use delega::proto::sasl;
use imap::corpus::{Exchange, exchanges};
use imap::generate::Made;
use imap::play::{Cut, play};
use imap::server::DOVECOT;
use imap::wire::{self, Read, Response};

/// What the grammar refuses: program, what the command holds behind its tag, and why.
const REFUSED: [(&str, &str, &str); 3] = [
    ("offlineimap", "SELECT \"Clienti/Rossi (ex) \"Bianchi\" S.r.l.\"", "quotes within a quoted string, not escaped"),
    ("imaplib", "SELECT Sent {20}", "the message of an APPEND that failed before hangs on to the next command"),
    ("thunderbird", "COMPRESS DEFLATE", "COMPRESS is not offered, and unknown"),
];

/// What the owner is refused though it is understood: program, how the command begins, and why.
const NOT_FOR_ANYBODY: [(&str, &str); 2] =
    [("GETACL", "rights are not shown behind the owner's back"), ("STARTTLS", "it belongs before the login")];

fn is_refused(exchange: &Exchange) -> bool {
    let behind_tag = exchange.text.split_once(' ').map_or("", |(_, rest)| rest);
    REFUSED.iter().any(|(program, start, _)| *program == exchange.program && behind_tag.starts_with(start))
}

/// Reads one exchange as a session does, and tells its verb and how many messages it brought.
fn read(bytes: &[u8]) -> Result<(Verb, usize), String> {
    let mut framer = Framer::new(Bounds::AFTER_LOGIN, 0);
    let mut input = bytes;
    let mut verb = None;
    let mut messages = 0;
    loop {
        let before = input;
        match (framer.next(&mut input), verb) {
            (Frame::Incomplete, Some(verb)) if framer.between_commands() => return Ok((verb, messages)),
            (Frame::Command(raw), None) => {
                verb = Some(Command::parse(raw).map_err(|misunderstood| misunderstood.text)?.verb);
            }
            (Frame::Announced(announcement), None | Some(Verb::Append)) => {
                let streams = match (verb, command::head(framer.so_far())) {
                    (Some(_), _) => true,
                    (None, head) => {
                        let head = head.map_err(|misunderstood| misunderstood.text)?;
                        head.verb.brings_message() && !head.wants_folder(framer.so_far())
                    }
                };
                if !streams {
                    framer.collect();
                    continue;
                }
                let raw = framer.stream();
                match verb {
                    None => verb = Some(Command::parse(raw).map_err(|misunderstood| misunderstood.text)?.verb),
                    Some(_) => drop(command::onward(raw).map_err(|misunderstood| misunderstood.text)?),
                }
                if input.is_empty() && announcement.synchronizing {
                    // The server refused it there and then.
                    return Ok((Verb::Append, messages));
                }
                messages += 1;
                input = &input[announcement.octets as usize..];
            }
            (Frame::Command(raw), Some(Verb::Append)) => match command::onward(raw) {
                Ok(Onward::End) if input.is_empty() => return Ok((Verb::Append, messages)),
                other => return Err(format!("behind a message: {other:?}")),
            },
            (Frame::Command(raw), Some(Verb::Authenticate)) => {
                let plain = bytes.windows(5).any(|window| window.eq_ignore_ascii_case(b"PLAIN"));
                if plain {
                    sasl::decode_plain(&raw.bytes).map_err(|fault| fault.to_string())?;
                }
            }
            (Frame::Command(raw), Some(Verb::Idle)) if raw.bytes.eq_ignore_ascii_case(b"DONE") => {}
            (other, _) => return Err(format!("{other:?} at {:?}", before.escape_ascii().to_string())),
        }
    }
}

#[test]
fn every_command_is_understood_or_rightly_refused() {
    let exchanges = exchanges();
    let mut refused = 0;
    for exchange in &exchanges {
        match read(&exchange.bytes) {
            Ok(_) => assert!(!is_refused(exchange), "no longer refused: {}: {}", exchange.program, exchange.text),
            Err(why) => {
                assert!(is_refused(exchange), "{}: {}: {why}", exchange.program, exchange.text);
                refused += 1;
            }
        }
    }
    for (program, start, _) in REFUSED {
        let found = |exchange: &&Exchange| exchange.program == program && exchange.text.contains(start);
        assert!(exchanges.iter().any(|exchange| found(&exchange)), "not in the corpus: {program}: {start}");
    }
    assert_eq!(refused, REFUSED.len());
}

/// The commands of one program after its login, in its order, in sessions in which no tag occurs twice.
#[test]
fn every_program_works_as_owner() {
    let exchanges = exchanges();
    let mut session: Vec<(&Exchange, Made)> = Vec::new();
    let mut sessions = Vec::new();
    for exchange in &exchanges {
        let made = made(&exchange.bytes);
        let verb = exchange.text.split(' ').nth(1).unwrap_or_default().to_ascii_uppercase();
        if ["LOGIN", "AUTHENTICATE"].contains(&verb.as_str()) || exchange.text.ends_with('}') {
            continue;
        }
        let goes_on = session.iter().all(|(other, earlier)| {
            other.program == exchange.program && earlier.tag != made.tag && !is_logout(earlier)
        });
        if !goes_on {
            sessions.push(std::mem::take(&mut session));
        }
        session.push((exchange, made));
    }
    sessions.push(session);
    for session in sessions {
        let commands: Vec<Made> = session.iter().map(|(_, made)| made.clone()).collect();
        for cut in [Cut::Whole, Cut::Bytes, Cut::Random(7)] {
            let outcome = play(Grant::OWNER, DOVECOT, &commands, cut);
            assert_eq!(outcome.server.fault, None);
            assert_eq!(outcome.stuck, None);
            let tags: Vec<_> = commands.iter().map(|made| made.tag.clone()).collect();
            assert_eq!(outcome.tags(), tags);
            for (response, (exchange, _)) in tagged(&outcome.responses()).zip(&session) {
                let not_for_anybody =
                    NOT_FOR_ANYBODY.iter().any(|(verb, _)| exchange.text.to_ascii_uppercase().contains(verb));
                let not_upstream = exchange.text.to_ascii_uppercase().contains("GETQUOTA");
                let judged = is_refused(exchange) || not_for_anybody || not_upstream;
                let refused =
                    response.starts_with("NO [NOPERM]") || (response.starts_with("BAD") && response != "BAD Not so");
                assert_eq!(refused, judged, "{}: {}: {response}", exchange.program, exchange.text);
            }
        }
    }
}

fn tagged(responses: &[Response]) -> impl Iterator<Item = &String> {
    responses.iter().filter_map(|response| match response {
        Response::Tagged(_, text) => Some(text),
        _ => None,
    })
}

fn is_logout(made: &Made) -> bool {
    made.bytes().to_ascii_uppercase().ends_with(b" LOGOUT\r\n")
}

/// An exchange as a client plays it that waits where it has to.
fn made(bytes: &[u8]) -> Made {
    let tag = String::from_utf8_lossy(bytes.split(|b| *b == b' ').next().unwrap()).into_owned();
    let idle = bytes.to_ascii_uppercase().windows(7).any(|window| window == b" IDLE\r\n");
    let mut parts = Vec::new();
    let (mut rest, mut answered) = (bytes, 0);
    let mut from = 0;
    while let Ok(Read::Announced(_)) = wire::frame(rest, answered, true) {
        answered += 1;
        let end = from + rest[from..].windows(3).position(|window| window == b"}\r\n").unwrap() + 3;
        parts.push(rest[from..end].to_vec());
        from = end;
    }
    rest = &rest[from..];
    if idle {
        let (command, done) = rest.split_at(rest.windows(2).position(|window| window == b"\r\n").unwrap() + 2);
        parts.push(command.to_vec());
        parts.push(if done.is_empty() { b"DONE\r\n".to_vec() } else { done.to_vec() });
    } else if !rest.is_empty() {
        parts.push(rest.to_vec());
    }
    Made { tag, parts, idle }
}
