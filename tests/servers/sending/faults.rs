//! The upstream does something wrong, at every step of a send. The client is told the truth in time or its connection
//! ends, and the record says what happened.

use super::*;
use crate::upstream::Upstream;
use crate::upstream::fault::Act;
use crate::upstream::submission::{STEPS, Submission};

/// In front of this server, with the usual mailbox and a delegate who may send.
pub fn delega(upstream_port: u16, limits: &str) -> Delega {
    let no_imap = Upstream::start(|mut c| c.wait_for_end());
    let delega = no_imap.delega_with(|options| {
        options.submission = Some(format!("smtp+insecure://127.0.0.1:{upstream_port}"));
        options.limits = format!("refusal_delay_secs = 1\n{limits}");
    });
    delega.add_delegate(ADDRESS, "carla", "read,write,send,client");
    delega
}

/// A message of four lines: something can go wrong behind the third.
fn message(n: usize) -> String {
    format!("From: {ADDRESS}\r\nMessage-ID: <{n}@pec.example.it>\r\n\r\nciao\r\n")
}

/// How far a client comes that sends one message.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    /// Where it was, and the reply that was not the one it hoped for.
    step: &'static str,
    reply: String,
    /// What the connection said from there on, to its end.
    rest: String,
}

/// Sends a message like a program that pipelines nothing; then QUIT.
fn send(delega: &Delega, n: usize, at_most: Duration) -> Told {
    let mut smtp = Smtp::connect(delega.submission().implicit, delega);
    let (login, password) = (ADDRESS, PASSWORD);
    let auth = format!("AUTH PLAIN {}", crate::imap::sasl_plain("", login, password));
    let commands = [
        ("EHLO", "EHLO client.example.it".to_owned(), '2'),
        ("AUTH", auth, '2'),
        ("MAIL", format!("MAIL FROM:<{ADDRESS}>"), '2'),
        ("RCPT", format!("RCPT TO:<{OTHER}>"), '2'),
        ("DATA", "DATA".to_owned(), '3'),
        (".", message(n) + ".", '2'),
    ];
    for (step, command, hoped) in commands {
        let begun = Instant::now();
        smtp.try_send(format!("{command}\r\n").as_bytes());
        let reply = smtp.next(at_most).map(|reply| reply.0).unwrap_or_default();
        assert!(begun.elapsed() < at_most, "{step} took {:?}", begun.elapsed());
        if !reply.starts_with(hoped) {
            smtp.try_send(b"QUIT\r\n");
            return Told { step, reply, rest: smtp.rest() };
        }
    }
    smtp.try_send(b"QUIT\r\n");
    Told { step: "QUIT", reply: String::new(), rest: smtp.rest() }
}

/// What goes wrong, but for stalls.
const ACTS: [Act; 14] = [
    Act::Close,
    Act::Part(0),
    Act::Part(2),
    Act::Part(5),
    Act::SayAndClose("421 4.3.2 chiudo\r\n"),
    Act::Say("421 4.3.2 chiudo\r\n"),
    Act::Say("452 4.3.1 pieno\r\n"),
    Act::Say("550 5.7.1 no\r\n"),
    Act::Say("999 che cosa?\r\n"),
    Act::Say("250\n"),
    Act::Say("HTTP/1.1 400 Bad Request\r\n\r\n"),
    Act::Say("250-uno\r\n550 due\r\n"),
    Act::Say("354 avanti\r\n354 avanti\r\n"),
    Act::Say("250 2.0.0 \0\r\n"),
];

/// Whether this is the server's word that it has the message.
fn accepts(act: Act) -> bool {
    matches!(act, Act::Say(text) | Act::SayAndClose(text) if text.starts_with("250 "))
}

/// Whether this is the server's word that it has not.
fn refuses(act: Act) -> bool {
    matches!(act, Act::Say(text) | Act::SayAndClose(text) if ["421 ", "452 ", "550 "].iter().any(|code| text.starts_with(code)))
}

#[test]
fn o2_the_client_and_the_record_know_the_truth_whatever_goes_wrong_upstream() {
    let plan: Vec<(&str, Act)> = STEPS.iter().flat_map(|step| ACTS.map(|act| (*step, act))).collect();
    let faults = plan.clone();
    // One delega and one server: each session has its own fault
    let server = Submission::with(move |session| faults.get(session).copied());
    let delega = delega(server.port(), "");
    let mut records = 0;
    for (n, (step, act)) in plan.iter().enumerate() {
        let told = send(&delega, n, Duration::from_secs(8));
        let what = format!("{n}: {step} {act:?}: {told:?}");
        let recorded = sends(&delega);
        let record = (recorded.len() > records).then(|| recorded.last().unwrap().clone());
        assert!(recorded.len() - records <= 1, "{what}");
        records = recorded.len();
        let outcome = record.as_ref().map(|row| row["outcome"].as_str().unwrap().to_owned());
        if let Some(row) = &record {
            assert_eq!(row["message_id"], id(n), "{what}");
        }
        let has_it = server.messages().iter().any(|message| message.contains(&id(n)));
        let good = told.step == "QUIT";
        // Whoever was told 250 has sent it, and nobody else was
        assert_eq!(good, outcome.as_deref() == Some("accepted"), "{what} {outcome:?}");
        assert!(!good || has_it && (*step != "." || accepts(*act)), "{what}");
        // A message whose end the server has is recorded, and refused only by the server's own word
        if has_it {
            assert!(outcome.is_some(), "{what}");
            assert!(outcome.as_deref() != Some("refused") || *step == "." && refuses(*act), "{what}");
        }
        if *step == "." {
            assert!(has_it, "{what}");
            let expected = match (accepts(*act), refuses(*act)) {
                (true, _) => "accepted",
                (_, true) => "refused",
                _ => "unknown",
            };
            assert_eq!(outcome.as_deref(), Some(expected), "{what}");
        } else {
            // The end of the message is answered as usual, where it comes to that. Whether delega has sent it when it
            // sees that the server breaks off within the message is a matter of luck: it says what it knows
            let possible: &[Option<&str>] = match (good, *step) {
                (true, _) => &[Some("accepted")],
                (false, "message") => &[None, Some("refused"), Some("unknown")],
                (false, _) => &[None],
            };
            // A server that talks nonsense within the message may have all of it: then nobody knows, and that is said
            let unknown = *step == "message" && outcome.as_deref() == Some("unknown");
            assert!((has_it == good || unknown) && possible.contains(&outcome.as_deref()), "{what} {outcome:?}");
        }
        // There was an answer to the command, and a refusal that the server gave is what the client reads
        if !good {
            assert!(told.reply.starts_with(['4', '5']), "{what}");
            let is_word = refuses(*act) && ["MAIL", "RCPT", "DATA", "."].contains(step);
            let words = match act {
                Act::Say(text) | Act::SayAndClose(text) => text.trim_end(),
                _ => "",
            };
            assert!(!is_word || told.reply.trim_end() == words, "{what}");
            let unknown = told.reply.contains("it is not known whether the message was sent");
            assert_eq!(unknown, outcome.as_deref() == Some("unknown"), "{what} {outcome:?}");
        }
    }
    // Nothing is left behind: the next one is sent
    assert_eq!(send(&delega, plan.len(), Duration::from_secs(8)).step, "QUIT");
}

#[test]
fn an_upstream_that_stalls_is_given_up_and_the_client_is_told() {
    let stalls = ["greeting", "EHLO", "AUTH"];
    let server = Submission::with(move |session| stalls.get(session).map(|step| (*step, Act::Stall)));
    let delega = delega(server.port(), "upstream_timeout_secs = 1\n");
    for (n, step) in stalls.into_iter().enumerate() {
        let told = send(&delega, n, Duration::from_secs(4));
        assert!(told.step == "AUTH" && told.reply.starts_with("454 4.7.0 "), "{step}: {told:?}");
    }
    assert_eq!(sends(&delega), [Value::Null; 0]);
    assert_eq!(send(&delega, 9, Duration::from_secs(4)).step, "QUIT");
}

/// After login an upstream may take its time: minutes are usual (RFC 5321 §4.5.3.2). When delega stops they are over.
#[test]
fn an_upstream_that_stalls_holds_nobody_up_when_delega_stops() {
    let stalls = ["MAIL", "RCPT", "DATA", "message", "."];
    let server = Submission::with(move |session| stalls.get(session).map(|step| (*step, Act::Stall)));
    let mut delega = delega(server.port(), "shutdown_grace_secs = 1\n");
    let mut waiting: Vec<Smtp> = Vec::new();
    for (n, step) in stalls.into_iter().enumerate() {
        let mut smtp = Smtp::owner(&delega);
        for (at, command) in [
            ("MAIL", format!("MAIL FROM:<{ADDRESS}>\r\n")),
            ("RCPT", format!("RCPT TO:<{OTHER}>\r\n")),
            ("DATA", "DATA\r\n".to_owned()),
            (".", message(n) + ".\r\n"),
        ] {
            smtp.send(command.as_bytes());
            if at == step {
                break;
            }
            // 354 is delega's own; what follows it waits for the upstream
            if at != "." {
                smtp.next(Duration::from_secs(5)).unwrap().is(if at == "DATA" { "354" } else { "250" });
            }
        }
        if step == "DATA" {
            smtp.send((message(n) + ".\r\n").as_bytes());
            smtp.next(Duration::from_secs(5)).unwrap().is("354");
        }
        waiting.push(smtp);
    }
    // Whoever was to be recorded before the end went upstream is
    crate::office::wait_until(Duration::from_secs(10), "the ends are upstream", || {
        sends(&delega).len() == 2 && server.messages().len() == 1
    });
    assert_eq!(outcomes(&delega), ["unknown", "unknown"]);
    let begun = Instant::now();
    delega.process().signal("TERM", false);
    let said: Vec<String> = waiting.iter_mut().map(Smtp::rest).collect();
    println!("{:?}: {said:#?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    for (step, said) in stalls.iter().zip(&said) {
        let unknown = said.starts_with("451 4.4.2 The mail server broke off: it is not known");
        assert_eq!(unknown, ["message", "."].contains(step), "{step}: {said}");
        assert!(said.lines().all(|line| line.starts_with('4')) && said.contains("421 4.3.2"), "{step}: {said}");
    }
    assert_eq!(delega.process().wait(Duration::from_secs(5)).code(), Some(0));
    assert_eq!(outcomes(&delega), ["unknown", "unknown"]);
}
