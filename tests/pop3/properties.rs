//! What holds for every POP3 session, whatever the client sends and whatever the server answers.
//!
//! `PROPTEST_CASES=10000 cargo test --release --test pop3` looks harder. A failure prints its seed and shrinks.

use std::time::Instant;

use delega::domain::limits;
use delega::session::pop3::Session;
use delega::session::{Admission, Denial, Input, Machine as _, UpstreamLogin};
use proptest::prelude::*;

use super::imap::config;
use super::imap::play::Cut;
use super::play::{Game, Outcome, answers, grant, play, settings};

fn cut() -> impl Strategy<Value = Cut> {
    prop_oneof![Just(Cut::Whole), Just(Cut::Bytes), any::<u64>().prop_map(Cut::Random)]
}

fn permissions() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["read", "read,client", "write", "send", "send,client", "read,settings"][..])
}

fn number() -> impl Strategy<Value = String> {
    const ODD: &[&str] =
        &["0", "-1", "+1", "01", "4294967295", "4294967296", "18446744073709551615", "1 ", " 1", "x", "", "1:*"];
    prop_oneof![
        6 => (1u32..6).prop_map(|n| n.to_string()),
        1 => prop::sample::select(ODD).prop_map(str::to_owned),
    ]
}

/// A command, mostly one that there is; QUIT not among them.
fn command() -> impl Strategy<Value = String> {
    const ALONE: &[&str] = &["STAT", "LIST", "UIDL", "NOOP", "RSET", "CAPA"];
    const ODD: &[&str] = &[
        "",
        " ",
        "LAST",
        "XTND XMIT",
        "APOP a b",
        "STLS",
        "USER x",
        "PASS x",
        "AUTH",
        "AUTH PLAIN",
        "AUTH PLAIN AGEAeA==",
        "a1 DELE 1",
        "DELE",
        "RETR 1;DELE 1",
        "UTF8",
        "GET / HTTP/1.1",
        "QUIT now",
        "STAT\t",
        "\u{1}DELE 1",
        "DELE\u{a0}1",
    ];
    let case = |text: String, lower: bool| if lower { text.to_ascii_lowercase() } else { text };
    prop_oneof![
        3 => prop::sample::select(ALONE).prop_map(str::to_owned),
        6 => (prop::sample::select(&["LIST", "UIDL", "RETR", "DELE"][..]), number()).prop_map(|(verb, n)| format!("{verb} {n}")),
        2 => (number(), number()).prop_map(|(n, lines)| format!("TOP {n} {lines}")),
        2 => prop::sample::select(ODD).prop_map(str::to_owned),
        1 => "[ -~]{0,20}".prop_filter("it is the end", |text| !text.eq_ignore_ascii_case("QUIT")),
    ]
    .prop_flat_map(move |text| any::<bool>().prop_map(move |lower| case(text.clone(), lower)))
}

fn commands() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(command(), 0..20)
}

fn typed(commands: &[String]) -> Vec<u8> {
    commands.iter().flat_map(|command| format!("{command}\r\n").into_bytes()).collect()
}

/// Octets that mean something here, in any order.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => command().prop_map(|text| format!("{text}\r\n").into_bytes()),
        1 => prop::sample::select(&["\r\n", "\n", "\r", "\0", ".\r\n", "+OK\r\n", "QUIT\r\n"][..]).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Whether the policy lets a person with **read** alone send this upstream.
fn is_for_readers(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    let numbers = words[1..].iter().all(|word| word.parse::<u32>().is_ok_and(|n| n.to_string() == *word));
    let form = match (words[0], words.len()) {
        ("STAT" | "LIST" | "UIDL" | "NOOP" | "QUIT", 1) | ("LIST" | "UIDL", 2) => true,
        ("TOP", 3) => words[2].parse::<u32>().is_ok_and(|lines| lines <= 99_999_999),
        _ => false,
    };
    numbers && form
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn every_command_gets_one_answer_in_its_turn(commands in commands(), permissions in permissions(), cut in cut()) {
        let outcome = play(grant(permissions), &typed(&commands), cut);
        prop_assert_eq!(&outcome.server.fault, &None);
        prop_assert!(!outcome.closed, "{:?}", outcome.requests);
        prop_assert_eq!(answers(&outcome.downstream, &commands).map(|answers| answers.len()), Ok(commands.len()));
    }

    #[test]
    fn the_same_however_the_bytes_are_split(bytes in noise(), permissions in permissions(), seed: u64) {
        let whole = play(grant(permissions), &bytes, Cut::Whole);
        for cut in [Cut::Bytes, Cut::Random(seed)] {
            let split = play(grant(permissions), &bytes, cut);
            prop_assert_eq!(split.downstream.escape_ascii().to_string(), whole.downstream.escape_ascii().to_string());
            prop_assert_eq!(split.upstream.escape_ascii().to_string(), whole.upstream.escape_ascii().to_string());
            prop_assert_eq!(&split.requests, &whole.requests);
        }
    }

    #[test]
    fn a_reader_leaves_no_trace(bytes in noise(), cut in cut(), client: bool, quits: bool) {
        let quit: &[u8] = if quits { b"\r\nQUIT\r\n" } else { b"" };
        let bytes = [&bytes[..], quit].concat();
        let outcome = play(grant(if client { "read,client" } else { "read,settings" }), &bytes, cut);
        prop_assert_eq!(&outcome.server.fault, &None);
        prop_assert_eq!(&outcome.server.effects, &Vec::<String>::new());
        for line in &outcome.server.lines {
            prop_assert!(is_for_readers(line), "{line}");
        }
    }

    /// P9: nothing is deleted, nor marked as read, at the QUIT of who has lost write by then, and QUIT tells that.
    #[test]
    fn who_has_lost_write_changes_nothing_any_more(commands in commands(), cut in cut(), turns in 0usize..200) {
        let mut game = Game::new(grant("write"), &typed(&commands), cut);
        for _ in 0..turns {
            game.turn();
        }
        game.input(Input::GrantChanged(grant("read")));
        while game.turn() {}
        game.input(Input::Downstream(b"QUIT\r\n"));
        let outcome = game.end();
        prop_assert_eq!(&outcome.server.fault, &None);
        prop_assert_eq!(&outcome.server.effects, &Vec::<String>::new());
        prop_assert!(outcome.closed);
        prop_assert_eq!(outcome.server.lines.last().map(String::as_str), Some("QUIT"));
        let all = [&commands[..], &["QUIT".to_owned()]].concat();
        prop_assert_eq!(answers(&outcome.downstream, &all).map(|answers| answers.len()), Ok(all.len()));
    }

    /// RFC 1939 section 6: the UPDATE state is for QUIT alone.
    #[test]
    fn nothing_is_changed_without_quit(commands in commands(), cut in cut(), turns in 0usize..200, how in 0..4) {
        let mut game = Game::new(grant("write"), &typed(&commands), cut);
        for _ in 0..turns {
            game.turn();
        }
        game.input(match how {
            0 => Input::DownstreamClosed,
            1 => Input::Revoked,
            2 => Input::Shutdown,
            _ => Input::UpstreamClosed,
        });
        let outcome = game.end();
        prop_assert!(outcome.closed);
        prop_assert_eq!(&outcome.server.effects, &Vec::<String>::new());
        prop_assert!(!outcome.server.lines.iter().any(|line| line == "QUIT"));
    }

    #[test]
    fn nothing_goes_upstream_before_the_login(
        bytes in noise(), logins in 0usize..3, starttls: bool, denial: bool, pieces in 1usize..50,
    ) {
        let now = Instant::now();
        let mut session = Session::new(settings(starttls), now);
        let mut outcome = Outcome::default();
        session.handle(Input::Start, now, &mut outcome);
        let mut typed = b"USER anna/a@pec.example.it\r\nPASS secret\r\nDELE 1\r\n".repeat(logins);
        typed.extend(bytes);
        for piece in typed.chunks(pieces) {
            session.handle(Input::Downstream(piece), now, &mut outcome);
            if outcome.requests.iter().any(|request| request.starts_with("Verify")) {
                outcome.requests.clear();
                let denied = if denial { Denial::Refused } else { Denial::Unavailable };
                session.handle(Input::Verified(Err(denied)), now, &mut outcome);
                session.handle(Input::Tick, session.deadline().unwrap_or(now), &mut outcome);
            }
            // Whatever arrives on a leg that does not exist yet is nothing.
            session.handle(Input::Upstream(b"+OK\r\n"), now, &mut outcome);
        }
        prop_assert!(outcome.upstream.is_empty());
        prop_assert!(!outcome.requests.iter().any(|request| request == "Connect"), "{:?}", outcome.requests);
    }

    /// Whatever the client sends along with its login waits until the gateway is logged in upstream, and its password is
    /// never told there.
    #[test]
    fn the_login_upstream_is_the_gateways_own(commands in commands(), pieces in 1usize..50) {
        let now = Instant::now();
        let mut session = Session::new(settings(false), now);
        let mut outcome = Outcome::default();
        session.handle(Input::Start, now, &mut outcome);
        let typed = [b"USER anna/a@pec.example.it\r\nPASS zq-typed!\r\n".to_vec(), typed(&commands)].concat();
        for piece in typed.chunks(pieces) {
            session.handle(Input::Downstream(piece), now, &mut outcome);
        }
        prop_assert_eq!(&outcome.requests, &["Verify anna/a@pec.example.it"]);
        let upstream = UpstreamLogin {
            authzid: None,
            authcid: "a@pec.example.it".to_owned(),
            password: "stored".to_owned().into(),
            typed: false,
        };
        let admission = Admission { grant: grant("read"), addresses: Vec::new(), upstream };
        session.handle(Input::Verified(Ok(admission)), now, &mut outcome);
        session.handle(Input::UpstreamConnected { starttls: false }, now, &mut outcome);
        for said in ["+OK\r\n", "+OK\r\nUSER\r\nTOP\r\n.\r\n", "+OK\r\n"] {
            session.handle(Input::Upstream(said.as_bytes()), now, &mut outcome);
        }
        prop_assert_eq!(&outcome.upstream[..], b"CAPA\r\nUSER a@pec.example.it\r\nPASS stored\r\n");
        prop_assert_eq!(&outcome.downstream[..], b"+OK delega ready\r\n+OK\r\n");
        session.handle(Input::Upstream(b"+OK\r\n"), now, &mut outcome);
        prop_assert!(!String::from_utf8_lossy(&outcome.upstream).contains("zq-typed!"));
        prop_assert!(outcome.downstream.starts_with(b"+OK delega ready\r\n+OK\r\n+OK Logged in\r\n"));
    }

    /// Whatever a server says, the client sees no answer that it does not wait for, and none that is none.
    #[test]
    fn no_server_makes_the_client_see_what_is_no_answer(
        said in prop::collection::vec(prop_oneof![
            Just(b"+OK\r\n".to_vec()), Just(b".\r\n".to_vec()), Just(b"-ERR\r\n".to_vec()), Just(b"+OK 1\r+OK 2\r\n".to_vec()),
            Just(b"\n.\n-ERR\n".to_vec()), Just(b"\r.\r".to_vec()), Just(b"+ \r\n".to_vec()), Just(b"+OK [CODE".to_vec()),
            prop::collection::vec(any::<u8>(), 0..12),
        ], 0..12),
        waiting in 0usize..4, piece in 1usize..20,
    ) {
        let commands = ["STAT", "RETR 1", "NOOP"].map(str::to_owned);
        let commands = &commands[..waiting];
        let mut game = Game::new(grant("write"), &typed(commands), Cut::Whole);
        game.input(Input::Downstream(&typed(commands)));
        for piece in said.concat().chunks(piece) {
            game.outcome.server = Default::default();
            if game.session.is_closed() {
                break;
            }
            game.input(Input::Upstream(piece));
        }
        let outcome = game.outcome;
        // All of them, or as many as there are and the beginning of one.
        let read = answers(&outcome.downstream, commands);
        let right = read.as_ref().err().is_none_or(|why| why.starts_with("an answer is missing"));
        prop_assert!(right, "{read:?}: {:?}", outcome.downstream.escape_ascii().to_string());
    }

    /// Memory stays bounded, whatever the client sends.
    #[test]
    fn nothing_that_a_client_sends_is_held_beyond_bounds(octet: u8, times in 1usize..200) {
        let mut game = Game::new(grant("write"), b"", Cut::Whole);
        for _ in 0..times {
            if game.session.wants(delega::session::Leg::Downstream) {
                game.input(Input::Downstream(&[octet; 16 * 1024]));
            }
        }
        let shown = format!("{:?}", game.session);
        let octets = shown.split("octets: ").nth(1).and_then(|rest| rest.split([' ', ',']).next()).and_then(|n| n.parse::<usize>().ok());
        prop_assert!(octets.is_some_and(|octets| octets <= limits::LOGIN_LINE_BYTES), "{shown}");
    }
}
