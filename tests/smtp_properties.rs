//! What holds for every SMTP session: one message in is one message out or none, what passes has one reading, and how the
//! octets are cut changes nothing. The upstream is a model that reads strictly and owes nothing to the gateway's own parsers.
//!
//! `PROPTEST_CASES=10000 cargo test --release --test smtp_properties` looks harder. A failure prints its seed and shrinks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod imap;
#[path = "smtp/play.rs"]
mod play;
#[path = "smtp/reader.rs"]
mod reader;

use imap::config;
use play::{Cut, Outcome, play, play_up_to};
use proptest::prelude::*;

const OWN: &str = "ufficio@pec.example.it";

fn cut() -> impl Strategy<Value = Cut> {
    prop_oneof![Just(Cut::Whole), Just(Cut::Octets), any::<u64>().prop_map(Cut::Random)]
}

/// The session up to the octets behind DATA, these, and QUIT.
fn sent(message: &[u8], cut: Cut) -> Outcome {
    sent_up_to(64 * 1024, message, cut)
}

fn sent_up_to(message_bytes: u64, message: &[u8], cut: Cut) -> Outcome {
    let before = format!("MAIL FROM:<{OWN}>\r\nRCPT TO:<b@example.it>\r\nDATA\r\n");
    play_up_to(message_bytes, &[before.as_bytes(), message, b"QUIT\r\n"].concat(), cut)
}

/// RFC 5321 §4.5.2, read by searching: the message up to its end, and what follows it.
fn reference(data: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let framed = [b"\r\n", data].concat();
    let end = framed.windows(5).position(|octets| octets == b"\r\n.\r\n")?;
    let message = &framed[..end + 2];
    let clean = message.iter().enumerate().all(|(at, octet)| match octet {
        b'\r' => message.get(at + 1) == Some(&b'\n'),
        b'\n' => at > 0 && message[at - 1] == b'\r',
        octet => *octet != 0,
    });
    let text = String::from_utf8_lossy(&message[2..]).into_owned();
    let lines = text.split_inclusive("\r\n").map(|line| line.strip_prefix('.').unwrap_or(line));
    clean.then(|| (lines.collect::<String>().into_bytes(), &data[end + 3..]))
}

/// What must hold of every outcome.
fn sound(outcome: &Outcome) {
    let shown = || format!("{outcome:#?}");
    // No other server can find an end, or a line, where the model finds none.
    for (at, octet) in outcome.upstream.iter().enumerate() {
        let ok = match octet {
            b'\r' => outcome.upstream.get(at + 1).is_none_or(|next| *next == b'\n'),
            b'\n' => at > 0 && outcome.upstream[at - 1] == b'\r',
            octet => *octet != 0,
        };
        assert!(ok, "at {at}: {}", shown());
    }
    for line in &outcome.server.senders {
        assert!(line.to_ascii_lowercase().starts_with(&format!("mail from:<{OWN}>")), "{}", shown());
    }
    // 250 to the end of a message is said for each message that was taken, recorded before and after, and for no other.
    let taken = outcome.replies().iter().filter(|reply| reply.starts_with("250 2.6.0")).count();
    assert_eq!(taken, outcome.server.messages.len(), "{}", shown());
    assert_eq!(outcome.recorded, outcome.server.messages.len(), "{}", shown());
    assert_eq!(outcome.accepted, outcome.server.messages.len(), "{}", shown());
    for (copy, message) in outcome.copies.iter().zip(&outcome.server.messages) {
        assert_eq!(copy, message, "{}", shown());
    }
}

/// Every mix of CR, LF, dot and another octet, up to `longest` of them.
fn mixes(longest: u32) -> impl Iterator<Item = Vec<u8>> {
    let digits = |length: u32, mut n: usize| {
        (0..length)
            .map(|_| {
                let octet = b"\r\n.x"[n % 4];
                n /= 4;
                octet
            })
            .collect()
    };
    (0..=longest).flat_map(move |length| (0..4_usize.pow(length)).map(move |n| digits(length, n)))
}

/// CVE-2023-51764, -51765, -51766, CVE-2026-33604.
#[test]
fn one_message_in_is_one_message_out_whatever_is_around_the_dot() {
    const SMUGGLED: &str =
        "MAIL FROM:<x@example.it>\r\nRCPT TO:<y@example.it>\r\nDATA\r\nFrom: x@example.it\r\n\r\nb\r\n.\r\n";
    let (mut taken, mut refused) = (0, 0);
    for mix in mixes(6) {
        let data = [format!("From: {OWN}\r\n\r\na").as_bytes(), &mix, SMUGGLED.as_bytes()].concat();
        let outcome = sent(&data, Cut::Whole);
        sound(&outcome);
        let shown = mix.escape_ascii().to_string();
        match reference(&data) {
            Some((message, _)) => {
                assert_eq!(outcome.server.messages, [message], "{shown}");
                taken += 1;
            }
            None => {
                assert_eq!(outcome.server.messages.len(), 0, "{shown}");
                let replies = outcome.replies();
                let last: Vec<&str> = replies.iter().rev().take(2).map(|reply| &reply[..9]).collect();
                assert_eq!(last, ["421 4.7.0", "550 5.6.0"], "{shown}");
                refused += 1;
            }
        }
    }
    assert!(taken > 100 && refused > 1000, "{taken} {refused}");
}

/// What an octet-wise client or network can make of an end.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"\r\n",
        b".",
        b"\r",
        b"\n",
        b"\0",
        b"x",
        b"..",
        b"\r\n.\r\n",
        b".\r\n",
        b"\r\n.",
        b"MAIL FROM:<x@example.it>\r\n",
        b"\xe8",
        b" ",
    ];
    let piece = prop::sample::select(PIECES);
    let weighted = prop_oneof![6 => Just(&b"\r\n"[..]), 4 => Just(&b"abc"[..]), 3 => Just(&b"."[..]), 3 => piece];
    prop::collection::vec(weighted, 0..24).prop_map(|pieces| pieces.concat())
}

/// A header that is right, with something put in somewhere.
fn header() -> impl Strategy<Value = String> {
    let right = prop::sample::select(
        &[
            "From: ufficio@pec.example.it\r\nSubject: x\r\n",
            "From: Ufficio <ufficio@pec.example.it>\r\nTo: b@example.it\r\n",
            "From: \"Ufficio, x\" <ufficio@pec.example.it>\r\nSender: ufficio@pec.example.it\r\n",
            "Subject: y\r\n z\r\nFrom:\r\n =?utf-8?q?Uff=C3=A8?=\r\n <ufficio@pec.example.it>\r\n",
            "X: y\r\nResent-From: ufficio@pec.example.it\r\nFrom: ufficio@pec.example.it\r\n",
        ][..],
    );
    let fragment = prop::sample::select(
        &[
            "\r\n",
            "\r\n ",
            " ",
            "\t",
            "\r",
            "\n",
            "\0",
            ":",
            ";",
            ",",
            "<",
            ">",
            "\"",
            "\\",
            "(",
            ")",
            "@",
            ".",
            "=?utf-8?q?",
            "?=",
            "=40",
            "=3C",
            "x",
            "capo@example.it",
            "<capo@example.it>",
            "capo@example.it,",
            "(capo@example.it)",
            "From: capo@example.it",
            "\r\nFrom: capo@example.it\r\n",
            "\r\nfrom : capo@example.it\r\n",
            "\r\nSender: capo@example.it\r\n",
            "\r\nAuthor: capo@example.it\r\n",
            "\r\n>From: capo@example.it\r\n",
            "=?utf-8?q?capo=40example.it?= ",
            "\x0b",
            "\x0c",
            "\x1c",
            "\u{85}",
            "\u{2028}",
            "\u{ff20}",
            "\u{200b}",
            "g:",
            "[",
            "]",
            "capo",
            "%",
            "\"capo@example.it\" ",
        ][..],
    );
    (right, prop::collection::vec((fragment, any::<prop::sample::Index>()), 0..4)).prop_map(|(right, fragments)| {
        let mut text = right.to_owned();
        for (fragment, place) in fragments {
            let mut at = place.index(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            text.insert_str(at, fragment);
        }
        text
    })
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn one_message_in_is_one_message_out(body in pieces(), cut in cut()) {
        let data = [format!("From: {OWN}\r\n\r\n").as_bytes(), &body, b"\r\n.\r\n"].concat();
        let outcome = sent(&data, cut);
        sound(&outcome);
        match reference(&data) {
            // The model's octets are those of the message, whatever characters they are.
            Some((message, _)) => prop_assert_eq!(
                outcome.server.messages.first().map(|octets| String::from_utf8_lossy(octets).into_owned()),
                Some(String::from_utf8_lossy(&message).into_owned())
            ),
            None => prop_assert_eq!(outcome.server.messages.len(), 0),
        }
    }

    #[test]
    fn what_passes_has_one_reading(header in header(), utf8: bool, cut in cut()) {
        let mail = format!("MAIL FROM:<{OWN}>{}\r\nRCPT TO:<b@example.it>\r\nDATA\r\n", if utf8 { " SMTPUTF8" } else { "" });
        let outcome = play(&[mail.as_bytes(), header.as_bytes(), b"\r\nbody\r\n.\r\nQUIT\r\n"].concat(), cut);
        sound(&outcome);
        for message in &outcome.server.messages {
            let named = reader::originators(message);
            prop_assert!(named.contains(&OWN.to_owned()), "{named:?}");
            prop_assert!(named.iter().all(|address| address == OWN), "{named:?}");
        }
    }

    #[test]
    fn the_same_however_the_octets_are_cut(
        header in header(), body in pieces(), noise in pieces(), limit in 40_u64..200, seed: u64,
    ) {
        let data = [header.as_bytes(), b"\r\n", &body, b"\r\n.\r\n", &noise].concat();
        let whole = sent_up_to(limit, &data, Cut::Whole);
        sound(&whole);
        for cut in [Cut::Octets, Cut::Random(seed)] {
            let split = sent_up_to(limit, &data, cut);
            prop_assert_eq!(split.replies(), whole.replies());
            prop_assert_eq!(split.upstream.escape_ascii().to_string(), whole.upstream.escape_ascii().to_string());
            prop_assert_eq!(&split.requests, &whole.requests);
        }
    }

    #[test]
    fn every_command_has_one_reply(
        commands in prop::collection::vec(prop::sample::select(&[
            "NOOP", "RSET", "EHLO x", "HELO x", "HELP", "VRFY x", "MAIL FROM:<ufficio@pec.example.it>", "MAIL FROM:<capo@example.it>",
            "MAIL FROM:<>", "RCPT TO:<b@example.it>", "RCPT TO:<c@example.it>", "RCPT TO:<>", "STARTTLS", "AUTH PLAIN", "XCLIENT x", "", "x",
        ][..]), 0..40),
        cut in cut(),
    ) {
        let text: String = commands.iter().map(|command| format!("{command}\r\n")).collect();
        let outcome = play(text.as_bytes(), cut);
        sound(&outcome);
        prop_assert_eq!(outcome.replies().len(), commands.len());
        prop_assert!(!outcome.closed);
    }
}
