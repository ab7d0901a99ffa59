//! An upstream session that is handed on carries nothing from one client to the next but the mailbox itself (X4).
//!
//! Clients come one after the other and do what they like; the model of a server remembers what a server would. Either
//! its connection is not handed on, or the next client finds it as after a fresh login: by what the model remembers, and
//! by all that the client is told from then on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod imap;

use delega::session::Input;
use imap::config;
use imap::generate::{self, Bytes, Flavour, Made};
use imap::play::{Client, Cut, Game, Outcome, grant};
use imap::server::{BARE, DOVECOT, RICH, Server, Visible};
use imap::wire::{self, Response};
use proptest::prelude::*;

/// One client's stay.
#[derive(Clone, Debug)]
struct Visit {
    permissions: &'static str,
    commands: Vec<Made>,
    cut: Cut,
    /// After so many turns it vanishes, whatever it was saying; else it says LOGOUT.
    vanishes: Option<usize>,
    /// After so many turns the server says this, whatever it was saying.
    stray: Option<(usize, Bytes)>,
    nonce: u64,
}

fn logout() -> Made {
    Made { tag: "bye".to_owned(), parts: vec![b"bye LOGOUT\r\n".to_vec()], idle: false }
}

fn visit() -> impl Strategy<Value = Visit> {
    let commands = prop_oneof![
        2 => generate::session(Flavour::Any, 8).boxed(),
        2 => generate::openings(8).boxed(),
        3 => lasting(6).boxed(),
    ];
    let cut = prop_oneof![Just(Cut::Whole), Just(Cut::Bytes), any::<u64>().prop_map(Cut::Random)];
    let stray = prop::option::weighted(0.2, (0usize..40, stray()));
    let vanishes = prop::option::weighted(0.3, 0usize..60);
    let permissions = prop::sample::select(&["write", "read,client", "read,write,client"][..]);
    (permissions, commands, cut, vanishes, stray, any::<u64>()).prop_map(
        |(permissions, mut commands, cut, vanishes, stray, nonce)| {
            commands.push(logout());
            Visit { permissions, commands, cut, vanishes, stray, nonce }
        },
    )
}

/// What leaves something behind in the server, and what takes it away again.
const LASTING: [&str; 22] = [
    "NOOP",
    "SELECT INBOX",
    "EXAMINE INBOX",
    "CLOSE",
    "UNSELECT",
    "SEARCH RETURN (SAVE) ALL",
    "SEARCH $",
    "IDLE",
    "ENABLE CONDSTORE",
    "ENABLE QRESYNC",
    "SELECT INBOX (CONDSTORE)",
    "EXAMINE INBOX (QRESYNC (1 2))",
    "STATUS INBOX (MESSAGES)",
    "STATUS INBOX (HIGHESTMODSEQ)",
    "LIST \"\" % RETURN (STATUS (HIGHESTMODSEQ))",
    "FETCH 1 MODSEQ",
    "UID FETCH 1 (FLAGS MODSEQ)",
    "FETCH 1 FLAGS (CHANGEDSINCE 3)",
    "UID FETCH 1 FLAGS (CHANGEDSINCE 3 VANISHED)",
    "SEARCH MODSEQ 3",
    "SORT (DATE) UTF-8 NOT MODSEQ 3",
    "STORE 1 (UNCHANGEDSINCE 3) FLAGS ()",
];

fn lasting(commands: usize) -> impl Strategy<Value = Vec<Made>> {
    prop::collection::vec((0..LASTING.len(), 0..100), 1..commands).prop_map(|all| {
        let all = all.into_iter().enumerate();
        all.map(|(n, (command, tag))| made(&format!("a{n}.{tag}"), LASTING[command])).collect()
    })
}

fn made(tag: &str, command: &str) -> Made {
    let mut parts = vec![format!("{tag} {command}\r\n").into_bytes()];
    let idle = command == "IDLE";
    if idle {
        parts.push(b"DONE\r\n".to_vec());
    }
    Made { tag: tag.to_owned(), parts, idle }
}

/// What servers say unasked, and what none should.
fn stray() -> impl Strategy<Value = Bytes> {
    const SAYINGS: [&[u8]; 10] = [
        b"* 7 EXISTS\r\n",
        b"* OK [ALERT] The server goes down\r\n",
        b"* BYE Autologout\r\n",
        b"* 4 EX",
        b"* 1 FETCH (BODY[] {11}\r\n",
        b"* LIST () \"/\" \"",
        b"+ go on\r\n",
        b"zz OK Done\r\n",
        b"\r\n",
        b"*",
    ];
    prop::sample::select(&SAYINGS[..]).prop_map(|bytes| Bytes(bytes.to_vec()))
}

fn server(chatty: bool) -> Server {
    let mut server = Server::default();
    server.chatty = chatty;
    server.stateful = true;
    server
}

/// Plays a client's stay to its end, on a new connection or on one that was handed on.
fn stay(server: Server, is_new: bool, offered: &str, visit: &Visit) -> Outcome {
    let mut game = Game::enter(grant(visit.permissions), offered, !is_new, visit.nonce, visit.cut);
    game.outcome.server = server;
    let mut client = Client::new(&visit.commands);
    for turn in 0.. {
        if visit.vanishes == Some(turn) {
            game.input(Input::DownstreamClosed);
        }
        if let Some((at, stray)) = &visit.stray
            && *at == turn
        {
            game.outcome.server.outbox.extend_from_slice(&stray.0);
        }
        if !game.turn(|outcome| client.next(outcome)) {
            break;
        }
    }
    // It waits for something that does not come.
    game.input(Input::DownstreamClosed);
    game.end()
}

/// What the gateway does with a session that may be handed on: it reads until the session is ready, and then looks
/// whether there is more. None where the server said something else, or nothing.
fn settle(mut outcome: Outcome, mut cut: Cut) -> Option<Server> {
    let mut parked = outcome.parked.take()?;
    let mut server = outcome.server;
    while !parked.is_ready() {
        let mut said = std::mem::take(&mut server.outbox);
        if said.is_empty() {
            return None;
        }
        server.outbox = said.split_off(cut.piece(said.len()));
        server.delivered.extend_from_slice(&said);
        parked.upstream(&said).ok()?;
    }
    server.outbox.is_empty().then_some(server)
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn the_next_client_finds_what_it_would_after_a_fresh_login(
        visits in prop::collection::vec(visit(), 1..6), chatty in prop::bool::weighted(0.1), offered in offered(),
    ) {
        let mut waiting = None;
        for visit in &visits {
            let fresh = stay(server(chatty), true, offered, visit);
            let outcome = match waiting.take() {
                Some(server) => {
                    let outcome = stay(server, false, offered, visit);
                    prop_assert_eq!(text(&outcome.downstream), text(&fresh.downstream));
                    prop_assert_eq!(&outcome.requests, &fresh.requests);
                    outcome
                }
                None => fresh,
            };
            waiting = settle(outcome, visit.cut);
            if let Some(server) = &waiting {
                prop_assert_eq!(&server.fault, &None);
                prop_assert_eq!(server.visible(), Visible::default());
                // What leaves the folder expunges nothing.
                let last = server.commands.last().map(|command| command.verb.as_str());
                prop_assert!(matches!(last, Some("UNSELECT" | "NOOP")), "{last:?}");
                // Where the gateway reads on is where a response begins.
                let (said, rest) = wire::responses(&server.delivered).unwrap();
                prop_assert_eq!(text(&rest), "");
                let bye = |said: &Response| matches!(said, Response::Untagged(text) if text.starts_with(b"* BYE"));
                prop_assert!(!said.iter().any(bye), "it has said farewell");
            }
        }
    }
}

fn offered() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&[RICH, DOVECOT, BARE][..])
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether the session of a client who says this is handed on, vanished or not, where before its answers the server says
/// something else.
fn handed_on(commands: &[&str], offered: &str, vanishes: bool, stray: &[u8]) -> bool {
    let mut commands: Vec<Made> = commands.iter().enumerate().map(|(n, line)| made(&format!("t{n}"), line)).collect();
    if !vanishes {
        commands.push(logout());
    }
    let stray = Some((0, Bytes(stray.to_vec())));
    let visit = Visit { permissions: "write", commands, cut: Cut::Whole, vanishes: None, stray, nonce: 7 };
    settle(stay(server(false), true, offered, &visit), Cut::Whole).is_some()
}

/// Each thing by itself, so that the property is not satisfied by handing on nothing.
#[test]
fn what_is_handed_on_and_what_is_not() {
    for vanishes in [false, true] {
        let handed_on = |commands: &[&str], offered: &str| handed_on(commands, offered, vanishes, b"");
        for clean in [
            &[][..],
            &["NOOP"],
            &["SELECT INBOX"],
            &["EXAMINE INBOX", "SELECT INBOX", "FETCH 1 BODY[]"],
            &["SELECT INBOX", "CLOSE"],
            &["SELECT INBOX", "SEARCH RETURN (SAVE) ALL"],
            &["SELECT INBOX", "STORE 1 +FLAGS (\\Deleted)"],
            &["LIST \"\" *", "STATUS INBOX (MESSAGES)", "ENABLE XYZZY"],
            &["SELECT INBOX", "IDLE", "XYZZY"],
        ] {
            assert!(handed_on(clean, RICH), "{clean:?}");
        }
        for lasting in LASTING.into_iter().filter(|command| command.contains("MODSEQ") || command.contains('3')) {
            assert!(!handed_on(&["SELECT INBOX", lasting, "UNSELECT"], RICH), "{lasting}");
        }
        for lasting in ["ENABLE CONDSTORE", "SELECT INBOX (CONDSTORE)", "EXAMINE INBOX (QRESYNC (1 2))"] {
            assert!(!handed_on(&[lasting], RICH), "{lasting}");
        }
        assert!(handed_on(&["SELECT INBOX", "CLOSE"], BARE));
        assert!(!handed_on(&["SELECT INBOX"], BARE), "there is no UNSELECT");
    }
}

#[test]
fn a_server_that_broke_the_protocol_is_not_handed_on() {
    let after = |stray: &[u8]| handed_on(&["NOOP", "SELECT INBOX", "NOOP"], RICH, false, stray);
    assert!(after(b"") && after(b"* 7 EXISTS\r\n") && after(b"* OK Still here\r\n"));
    for stray in [&b"+ go on\r\n"[..], b"zz OK Done\r\n", b"* BYE Autologout\r\n", b"\r\n", b"* PREAUTH\r\n"] {
        assert!(!after(stray), "{}", text(stray));
    }
}
