//! What holds for every session, whatever the client sends and whatever the server answers.
//!
//! `PROPTEST_CASES=10000 cargo test --release --test properties` looks harder. A failure prints its seed and shrinks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod imap;

use std::time::Instant;

use delega::domain::limits;
use delega::proto::imap::command::Command;
use delega::proto::imap::encode::{self, Rewriting};
use delega::proto::imap::token::Kind;
use delega::session::imap::Session;
use delega::session::{Admission, Denial, Input, Machine as _, UpstreamLogin};
use imap::config;
use imap::generate::{self, Bytes, Flavour, Made};
use imap::parse::parsed;
use imap::play::{Client, Cut, Game, Outcome, grant, play, play_bytes, play_with_news, settings};
use imap::server::{BARE, DOVECOT, RICH};
use imap::wire::{self, Piece, Response};
use proptest::prelude::*;

fn cut() -> impl Strategy<Value = Cut> {
    prop_oneof![Just(Cut::Whole), Just(Cut::Bytes), any::<u64>().prop_map(Cut::Random)]
}

fn permissions() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["read", "read,client", "write", "send", "send,client", "read,settings"][..])
}

fn upstream() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&[RICH, DOVECOT, BARE][..])
}

/// The verbs that the policy lets a person with **read** alone send upstream, SELECT as EXAMINE.
const READING: [&str; 25] = [
    "ENABLE",
    "EXAMINE",
    "LIST",
    "LSUB",
    "XLIST",
    "NAMESPACE",
    "STATUS",
    "IDLE",
    "FETCH",
    "UID FETCH",
    "SEARCH",
    "UID SEARCH",
    "SORT",
    "UID SORT",
    "THREAD",
    "UID THREAD",
    "CHECK",
    "UNSELECT",
    "CLOSE",
    "GETQUOTA",
    "GETQUOTAROOT",
    "GETMETADATA",
    "MYRIGHTS",
    "NOOP",
    "LOGOUT",
];

/// What nobody ever sends upstream.
const NEVER: [&str; 16] = [
    "SETACL",
    "DELETEACL",
    "LISTRIGHTS",
    "GETACL",
    "SETQUOTA",
    "COMPRESS",
    "UNAUTHENTICATE",
    "GENURLAUTH",
    "RESETKEY",
    "URLFETCH",
    "NOTIFY",
    "STARTTLS",
    "LOGIN",
    "AUTHENTICATE",
    "CAPABILITY",
    "ID",
];

/// The verbs that the server was told, of commands that it cut short too.
fn verbs_told(outcome: &Outcome) -> Vec<String> {
    let whole = outcome.server.commands.iter().map(|command| command.verb.clone());
    let short = outcome.server.cut_short.iter().map(|head| {
        let mut words = head.to_ascii_uppercase().split([' ', '\r']).skip(1).map(str::to_owned).collect::<Vec<_>>();
        if words[0] == "UID" { format!("UID {}", words.swap_remove(1)) } else { words.swap_remove(0) }
    });
    whole.chain(short).collect()
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn every_command_gets_one_tagged_reply_in_its_turn(
        commands in generate::session(Flavour::Any, 20), permissions in permissions(), rich: bool, cut in cut(),
    ) {
        let outcome = play_with_news(grant(permissions), if rich { RICH } else { DOVECOT }, &commands, cut);
        prop_assert_eq!(&outcome.server.fault, &None);
        prop_assert_eq!(&outcome.stuck, &None);
        prop_assert!(!outcome.closed, "{:?}", outcome.requests);
        let tags: Vec<_> = commands.iter().map(|command| command.tag.clone()).collect();
        prop_assert_eq!(outcome.tags(), tags);
    }

    #[test]
    fn what_is_legal_is_understood(commands in generate::session(Flavour::Legal, 20)) {
        let outcome = play(grant("write"), RICH, &commands, Cut::Whole);
        for response in outcome.responses() {
            if let Response::Tagged(tag, text) = response {
                let command = commands.iter().find(|command| command.tag == tag).unwrap();
                let misunderstood = text.starts_with("BAD") && text != "BAD Not so" && text != "BAD Not after login";
                prop_assert!(!misunderstood, "{command:?}: {text}");
            }
        }
    }

    #[test]
    fn the_same_however_the_bytes_are_split(
        commands in generate::session(Flavour::Any, 20), permissions in permissions(), seed: u64,
    ) {
        let whole = play(grant(permissions), RICH, &commands, Cut::Whole);
        for cut in [Cut::Bytes, Cut::Random(seed)] {
            let split = play(grant(permissions), RICH, &commands, cut);
            prop_assert_eq!(text(&split.downstream), text(&whole.downstream));
            prop_assert_eq!(text(&split.upstream), text(&whole.upstream));
            prop_assert_eq!(&split.requests, &whole.requests);
        }
    }

    /// A session that ends by a fault may end before or after an answer that is under way; all else is the same.
    #[test]
    fn the_same_however_noise_is_split(
        bytes in generate::bytes(8), permissions in permissions(), upstream in upstream(), seed: u64,
    ) {
        let whole = play_bytes(grant(permissions), upstream, &bytes.0, Cut::Whole);
        for cut in [Cut::Bytes, Cut::Random(seed)] {
            let split = play_bytes(grant(permissions), upstream, &bytes.0, cut);
            prop_assert_eq!(text(&split.upstream), text(&whole.upstream));
            prop_assert_eq!(split.closed, whole.closed);
            if !whole.closed {
                prop_assert_eq!(text(&split.downstream), text(&whole.downstream));
            }
        }
    }

    #[test]
    fn encoding_and_parsing_again_changes_nothing(made in generate::command(Flavour::Any)) {
        let Ok(command) = parsed(&made.parts[..made.parts.len() - usize::from(made.idle)].concat()) else {
            return Ok(());
        };
        let octets = message_announced(&command).then_some(7);
        let written: Vec<u8> = encode::encode(&command, Rewriting::Same, octets).0.into_iter().flatten().collect();
        let again = parsed(&written);
        prop_assert!(again.is_ok(), "{}: {again:?}", text(&written));
        let again = again.unwrap();
        prop_assert_eq!(meaning(&again), meaning(&command));
        let twice: Vec<u8> = encode::encode(&again, Rewriting::Same, octets).0.into_iter().flatten().collect();
        prop_assert_eq!(text(&twice), text(&written));
    }

    #[test]
    fn what_the_server_is_told_is_what_the_client_said(
        commands in generate::session(Flavour::Any, 20), permissions in permissions(), cut in cut(),
    ) {
        let outcome = play(grant(permissions), RICH, &commands, cut);
        prop_assert_eq!(&outcome.server.fault, &None);
        let mut said = commands.iter();
        for told in &outcome.server.commands {
            let made = said.find(|made| made.tag == told.tag);
            prop_assert!(made.is_some(), "told out of turn or unasked: {told:?}");
            let same = corresponds(made.unwrap(), told, permissions);
            prop_assert!(same.is_ok(), "{}", same.unwrap_err());
        }
    }

    #[test]
    fn a_reader_changes_nothing_and_selects_nothing(
        commands in generate::session(Flavour::Any, 30), cut in cut(), upstream in upstream(), client: bool,
    ) {
        let outcome = play(grant(if client { "read,client" } else { "read,settings" }), upstream, &commands, cut);
        prop_assert_eq!(&outcome.server.effects, &Vec::<String>::new());
        for verb in verbs_told(&outcome) {
            prop_assert!(READING.contains(&verb.as_str()), "{verb}");
        }
    }

    #[test]
    fn a_reader_changes_nothing_with_noise(bytes in generate::bytes(12), cut in cut(), upstream in upstream()) {
        let outcome = play_bytes(grant("read"), upstream, &bytes.0, cut);
        prop_assert_eq!(&outcome.server.fault, &None);
        prop_assert_eq!(&outcome.server.effects, &Vec::<String>::new());
        for verb in verbs_told(&outcome) {
            prop_assert!(READING.contains(&verb.as_str()), "{verb}");
        }
    }

    #[test]
    fn nobody_sends_more_than_the_policy_names(
        bytes in generate::bytes(12), cut in cut(), upstream in upstream(), permissions in permissions(),
    ) {
        let outcome = play_bytes(grant(permissions), upstream, &bytes.0, cut);
        prop_assert_eq!(&outcome.server.fault, &None);
        for verb in verbs_told(&outcome) {
            prop_assert!(!NEVER.contains(&verb.as_str()), "{verb}");
        }
        let tags = outcome.server.commands.iter().map(|command| command.tag.as_bytes());
        for tag in tags.filter(|tag| *tag != b"D0123456789abcdef") {
            prop_assert!(bytes.0.windows(tag.len()).any(|window| window == tag), "{}", text(tag));
        }
    }

    /// P9: from the moment that **write** is taken away nothing of what is sent upstream changes anything.
    #[test]
    fn who_has_lost_write_changes_nothing_any_more(
        commands in prop_oneof![1 => generate::session(Flavour::Any, 20).boxed(), 2 => generate::openings(20).boxed()],
        cut in cut(), upstream in upstream(), turns in 0usize..60,
    ) {
        let mut client = Client::new(&commands);
        let mut game = Game::new(grant("write"), upstream, cut);
        for _ in 0..turns {
            game.turn(|outcome| client.next(outcome));
        }
        let effects = game.outcome.server.effects.clone();
        game.input(Input::GrantChanged(grant("read")));
        while game.turn(|outcome| client.next(outcome)) {}
        let outcome = game.end();
        prop_assert_eq!(&outcome.server.fault, &None);
        prop_assert_eq!(&outcome.server.effects, &effects);
    }

    #[test]
    fn nothing_goes_upstream_before_the_login(
        bytes in generate::bytes(12), logins in 0usize..3, starttls: bool, denial: bool, pieces in 1usize..50,
    ) {
        let now = Instant::now();
        let mut session = Session::new(settings(starttls), now);
        let mut outcome = Outcome::default();
        session.handle(Input::Start, now, &mut outcome);
        let mut typed = b"l LOGIN anna/a@pec.example.it secret\r\na SELECT INBOX\r\n".repeat(logins);
        typed.extend(bytes.0);
        for piece in typed.chunks(pieces) {
            session.handle(Input::Downstream(piece), now, &mut outcome);
            if outcome.requests.iter().any(|request| request.starts_with("Verify")) {
                outcome.requests.clear();
                let denied = if denial { Denial::Refused } else { Denial::Unavailable };
                session.handle(Input::Verified(Err(denied)), now, &mut outcome);
                session.handle(Input::Tick, session.deadline().unwrap_or(now), &mut outcome);
            }
            // Whatever arrives on a leg that does not exist yet is nothing.
            session.handle(Input::Upstream(b"x OK done\r\n"), now, &mut outcome);
        }
        prop_assert_eq!(text(&outcome.upstream), "");
        prop_assert!(!outcome.requests.iter().any(|request| request == "Connect"), "{:?}", outcome.requests);
    }

    /// Whatever the client sends along with its login waits until the gateway is logged in upstream, and its password is
    /// never told there.
    #[test]
    fn the_login_upstream_is_the_gateways_own(bytes in generate::bytes(6), pieces in 1usize..50) {
        let now = Instant::now();
        let mut session = Session::new(settings(false), now);
        let mut outcome = Outcome::default();
        session.handle(Input::Start, now, &mut outcome);
        let typed = [b"l LOGIN \"anna/a@pec.example.it\" {9+}\r\nzq-typed!\r\n".to_vec(), bytes.0].concat();
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
        session.handle(Input::Verified(Ok(Admission { grant: grant("read"), addresses: Vec::new(), upstream })), now, &mut outcome);
        session.handle(Input::UpstreamConnected { starttls: false }, now, &mut outcome);
        prop_assert_eq!(text(&outcome.upstream), "");
        session.handle(Input::Upstream(b"* OK [CAPABILITY IMAP4rev1] hi\r\n"), now, &mut outcome);
        prop_assert_eq!(&outcome.upstream[..], b"D0123456789abcdef1 LOGIN \"a@pec.example.it\" \"stored\"\r\n");
        session.handle(Input::Upstream(b"D0123456789abcdef1 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n"), now, &mut outcome);
        prop_assert!(!text(&outcome.upstream).contains("zq-typed!"));
        prop_assert!(text(&outcome.downstream).contains("l OK [CAPABILITY "));
    }

    #[test]
    fn no_server_makes_the_client_see_a_reply_that_it_does_not_wait_for(
        said in prop::collection::vec(server_says(), 1..20), cut in cut(), permissions in permissions(), waiting in 0usize..5,
    ) {
        let mut game = Game::new(grant(permissions), RICH, cut);
        let commands: [&[u8]; 5] = [
            b"",
            b"a1 SELECT INBOX\r\na2 FETCH 1 BODY[]\r\na3 NOOP\r\n",
            b"a1 NOOP\r\na2 IDLE\r\nDONE\r\na3 NOOP\r\n",
            b"a1 STORE 1 FLAGS (\\Seen)\r\na2 APPEND INBOX {3+}\r\nabc\r\na3 NOOP\r\n",
            b"a1 MYRIGHTS INBOX\r\na2 XYZZY\r\na3 SEARCH SUBJECT {2+}\r\n\r\n\r\n",
        ];
        let mut commands = Some(commands[waiting].to_vec());
        // The model of a server is not asked here.
        let mut said: Vec<u8> = said.into_iter().flat_map(|said| said.0).collect();
        loop {
            game.outcome.server = Default::default();
            game.outcome.server.outbox = std::mem::take(&mut said);
            let more = game.turn(|_| commands.take());
            said = std::mem::take(&mut game.outcome.server.outbox);
            if !more {
                break;
            }
        }
        let outcome = game.end();
        let mut seen = Vec::new();
        let mut rest = outcome.downstream.as_slice();
        loop {
            match wire::response(rest) {
                Ok(Some((response, length))) => {
                    if let Response::Tagged(tag, _) = response {
                        // An IDLE that the server refuses leaves its DONE to be a command, and none that exists.
                        prop_assert!(["a1", "a2", "a3", "DONE"].contains(&tag.as_str()), "{tag}");
                        prop_assert!(!seen.contains(&tag), "{tag} twice");
                        seen.push(tag);
                    }
                    rest = &rest[length..];
                }
                Ok(None) => break,
                // Some of a line is passed on before it can be told that it is none; then nothing more.
                Err(_) => {
                    prop_assert!(outcome.closed);
                    break;
                }
            }
        }
        prop_assert!(waiting > 0 || seen.is_empty());
    }
}

/// Fragments of what servers say, and of what none should.
fn server_says() -> impl Strategy<Value = Bytes> {
    const SAYINGS: [&[u8]; 36] = [
        b"* 1 EXISTS\r\n",
        b"* 1 FETCH (BODY[] {3}\r\nabc)\r\n",
        b"* 1 FETCH (BODY[] {12}\r\n",
        b"* LIST () \"/\" \"",
        b"\"\r\n",
        b"a1 OK done\r\n",
        b"a2 OK [READ-WRITE] done\r\n",
        b"a3 NO [CAPABILITY IMAP4rev1] x\r\n",
        b"a3 BAD no\r\n",
        b"a9 OK done\r\n",
        b"D0123456789abcdef OK done\r\n",
        b"+ go\r\n",
        b"+\r\n",
        b"+ go {5}\r\n",
        b"* OK text {5}\r\n",
        b"* OK [PERMANENTFLAGS (\\*)] x\r\n",
        b"* OK [",
        b"* PREAUTH hello\r\n",
        b"* BYE\r\n",
        b"* CAPABILITY IMAP4rev1 {3}\r\n",
        b"* MYRIGHTS INBOX lrs\r\n",
        b"* MYRIGHTS {5}\r\n",
        b"* ENABLED CONDSTORE\r\n",
        b"* XYZZY {3}\r\nabc\r\n",
        b"* XYZZY \"a1 OK\r\n",
        b"a1 OK",
        b" ",
        b"\r\n",
        b"\r",
        b"\n",
        b"{4294967296}\r\n",
        b"{007}\r\n",
        b"\\",
        b"\0\x80\xff",
        b"* 1 FETCH (X ~{5}\r\n",
        b"OK OK OK\r\n",
    ];
    prop_oneof![
        6 => prop::sample::select(&SAYINGS[..]).prop_map(|saying| Bytes(saying.to_vec())),
        1 => prop::collection::vec(any::<u8>(), 0..300).prop_map(Bytes),
        1 => (1usize..600).prop_map(|n| Bytes(vec![b'x'; n])),
    ]
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn message_announced(command: &Command) -> bool {
    command.tokens().last().is_some_and(|token| token.kind == Kind::Message)
}

/// What a command means, whatever form its strings have.
fn meaning(command: &Command) -> impl PartialEq + std::fmt::Debug + use<> {
    let tokens: Vec<(String, String)> = command
        .tokens()
        .iter()
        .map(|token| match token.kind {
            Kind::Quoted | Kind::Literal { .. } => ("string".to_owned(), text(&command.string(token))),
            Kind::Message => ("message".to_owned(), command.span(token).starts_with(b"~").to_string()),
            kind => (format!("{kind:?}"), text(command.span(token))),
        })
        .collect();
    let facts = (command.marking, command.requires, command.server_wide, command.folder.clone());
    (text(command.tag()), command.verb, command.uid, facts, tokens)
}

/// Whether the server was told what the client said, apart from what the policy rewrites.
fn corresponds(made: &Made, told: &wire::Command, permissions: &str) -> Result<(), String> {
    let mut said = wire::command(&made.parts[..made.parts.len() - usize::from(made.idle)].concat())?;
    let writes = !permissions.starts_with("read");
    if said.verb == "SELECT" && !writes {
        said.verb = "EXAMINE".to_owned();
    }
    if said.verb == "ENABLE" {
        said.arguments.retain(|piece| matches!(piece, Piece::Atom(name) if name == "CONDSTORE" || name == "QRESYNC"));
        said.arguments.sort_by_key(|piece| format!("{piece:?}"));
    }
    if said == *told { Ok(()) } else { Err(format!("{told:?} for {said:?}")) }
}

/// What a session holds stays within its limits, whatever is thrown at it while the server does not answer.
#[test]
fn memory_is_bounded() {
    let most = limits::COMMAND_BYTES + limits::LITERAL_BYTES + limits::HELD_RESPONSE_BYTES;
    let name = "x".repeat(60_000);
    let floods: [(&str, Vec<u8>); 10] = [
        ("an endless line", vec![b'x'; 4_000_000]),
        ("an endless quoted string", [b"a SELECT \"".to_vec(), vec![b'x'; 4_000_000]].concat()),
        ("literals without end", [b"a SEARCH".to_vec(), b" SUBJECT {1+}\r\nx".repeat(300_000)].concat()),
        (
            "large literals",
            [b"a SEARCH".to_vec(), [b" SUBJECT {60000+}\r\n", name.as_bytes()].concat().repeat(60)].concat(),
        ),
        ("parentheses", [b"a SEARCH ".to_vec(), b"(".repeat(60_000), b"\r\n".to_vec()].concat()),
        ("commands without end", b"a NOOP\r\n".repeat(100_000)),
        ("refusals without end", [b"a NOOP\r\n".to_vec(), b"a XYZZY\r\n".repeat(100_000)].concat()),
        (
            "long tags",
            [b"a NOOP\r\n".to_vec(), format!("{} XYZZY\r\n", "t".repeat(128)).repeat(10_000).into()].concat(),
        ),
        ("long answers", [b"a NOOP\r\n".to_vec(), format!("b MYRIGHTS {name}\r\n").repeat(100).into_bytes()].concat()),
        ("a message", [b"a APPEND INBOX {60000+}\r\n".to_vec(), vec![b'x'; 60_000]].concat()),
    ];
    for (what, bytes) in floods {
        let mut game = Game::new(grant("write"), BARE, Cut::Whole);
        let mut heaviest = 0;
        for piece in bytes.chunks(16 * 1024) {
            let mut piece = Some(piece.to_vec());
            // The server never answers.
            while game.turn(|_| piece.take()) {
                game.outcome.server = Default::default();
            }
            game.outcome.downstream.clear();
            heaviest = heaviest.max(game.weight());
        }
        assert!(heaviest <= most, "{what}: {heaviest} octets");
    }
    for (what, piece) in
        [("a line", &b"x"[..]), ("an answer to hold", b"* OK [CAPABILITY "), ("a string", b"* LIST \"")]
    {
        let mut game = Game::new(grant("read"), RICH, Cut::Whole);
        for n in 0..100 {
            let said = if n == 0 { piece.to_vec() } else { b"yyy ".repeat(4096) };
            game.input(Input::Upstream(&said));
            assert!(game.weight() <= most, "{what}: {} octets", game.weight());
        }
    }
}

/// The session asks for bytes of the client's again once the server has caught up.
#[test]
fn a_full_queue_is_emptied() {
    let mut game = Game::new(grant("read"), RICH, Cut::Whole);
    let mut typed = Some((0..2000).flat_map(|n| format!("a{n} NOOP\r\n").into_bytes()).collect::<Vec<u8>>());
    while game.turn(|_| typed.take()) {}
    let outcome = game.end();
    assert_eq!(outcome.tags().len(), 2000);
}

/// A folder stays open for writing when the upstream answers EXAMINE or CLOSE with `BAD` or `NO`, and so whoever has lost
/// **write** by then still marks and expunges nothing.
#[test]
fn a_folder_that_was_not_closed_is_still_open() {
    for (command, answer) in [("EXAMINE INBOX (QRESYNC (1 1))", "BAD"), ("CLOSE", "NO"), ("UNSELECT", "BAD")] {
        let mut game = Game::new(grant("write"), RICH, Cut::Whole);
        game.input(Input::Downstream(b"a1 SELECT INBOX\r\n"));
        game.input(Input::Upstream(b"a1 OK [READ-WRITE] x\r\n"));
        game.input(Input::Downstream(format!("a2 {command}\r\n").as_bytes()));
        game.input(Input::Upstream(format!("a2 {answer} x\r\n").as_bytes()));
        game.input(Input::GrantChanged(grant("read")));
        let before = game.outcome.upstream.len();
        game.input(Input::Downstream(b"a3 FETCH 1 BODY[]\r\na4 FETCH 1 RFC822\r\na5 CLOSE\r\n"));
        assert_eq!(
            text(&game.outcome.upstream[before..]),
            text(b"a3 FETCH 1 BODY.PEEK[]\r\na5 UNSELECT\r\n"),
            "{command}"
        );
    }
}

/// RFC 4314 section 3.8: rights are a string, and so none of them are `""`.
#[test]
fn no_rights_at_all_are_written_so() {
    for none in ["\"\"", "a", "\"xa\""] {
        let mut game = Game::new(grant("read"), RICH, Cut::Whole);
        game.input(Input::Downstream(b"a1 MYRIGHTS \"x y\"\r\n"));
        game.input(Input::Upstream(format!("* MYRIGHTS \"x y\" {none}\r\na1 OK x\r\n").as_bytes()));
        assert_eq!(text(&game.outcome.downstream), text(b"* MYRIGHTS \"x y\" \"\"\r\na1 OK x\r\n"));
    }
}
