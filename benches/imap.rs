//! What the relay itself costs, without sockets and TLS: `cargo bench --bench imap`, or with `-- --quick` for a look.
//!
//! Each step of a command's path is measured apart, then all of them together as the session takes them; times of
//! commands are for one command, streams are in bytes for a second.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

use delega::domain::{Grant, Permissions, Protocols, limits};
use delega::policy::imap::{Decision, Mode, decide};
use delega::proto::imap::capability::Capabilities;
use delega::proto::imap::command::Command;
use delega::proto::imap::encode::{Rewriting, encode};
use delega::proto::imap::framer::{Bounds, Frame, Framer, Raw};
use delega::proto::imap::scanner::{Scanner, Step};
use delega::session::imap::{Session, Settings};
use delega::session::{Input, Machine as _, Request, Sink, Timeouts};

/// What real programs send most, and what they send longest.
const COMMANDS: [(&str, &str); 6] = [
    ("NOOP", "A142 NOOP"),
    ("UID FETCH FLAGS", "A142 UID FETCH 1:* (UID FLAGS)"),
    (
        "UID FETCH envelope",
        "A142 UID FETCH 1024,1026:1030 (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Cc Bcc Subject Date \
         Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type Reply-To)])",
    ),
    ("UID STORE", "A142 UID STORE 7 +FLAGS.SILENT (\\Seen $Forwarded)"),
    ("UID SEARCH", "A142 UID SEARCH UNDELETED SINCE 1-Jan-2024 OR FROM \"ufficio\" SUBJECT \"posta certificata\""),
    ("LIST", "A142 LIST (SUBSCRIBED) \"\" (\"*\") RETURN (CHILDREN SPECIAL-USE)"),
];
const CAPABILITIES: &[u8] =
    b"IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE UIDPLUS NAMESPACE UNSELECT LIST-EXTENDED SPECIAL-USE CONDSTORE QRESYNC";
/// One read of the gateway's.
const READ_BYTES: usize = 64 * 1024;

/// Counts what comes out, as a socket's buffer would copy it.
#[derive(Default)]
struct Out {
    downstream: Vec<u8>,
    upstream: Vec<u8>,
}

impl Sink for Out {
    fn downstream(&mut self, bytes: &[u8]) {
        self.downstream.extend_from_slice(bytes);
    }

    fn upstream(&mut self, bytes: &[u8]) {
        self.upstream.extend_from_slice(bytes);
    }

    fn request(&mut self, request: Request) {
        black_box(request);
    }
}

fn reader() -> Grant {
    Grant { permissions: Permissions::READ, protocols: Protocols { imap: true, pop3: false } }
}

fn framer() -> Framer {
    Framer::new(Bounds::AFTER_LOGIN, limits::MESSAGE_BYTES)
}

fn raw(command: &str) -> Raw {
    let line = format!("{command}\r\n");
    match framer().next(&mut line.as_bytes()) {
        Frame::Command(raw) => raw,
        other => panic!("{other:?}"),
    }
}

fn session() -> Session {
    let hour = Duration::from_secs(3600);
    let timeouts = Timeouts { login: hour, command: hour, idle: hour, upstream: hour, shutdown: hour, refusal: hour };
    let settings = Settings { starttls: false, message_bytes: limits::MESSAGE_BYTES, timeouts, nonce: 1 };
    Session::logged_in(settings, Grant::OWNER, Capabilities::parse(CAPABILITIES), Instant::now())
}

/// The steps of one command.
fn steps(c: &mut Criterion) {
    let upstream = Capabilities::parse(CAPABILITIES);
    for (name, text) in COMMANDS {
        let mut group = c.benchmark_group(name);
        let line = format!("{text}\r\n");
        group.throughput(Throughput::Bytes(line.len() as u64));
        let mut one = framer();
        group.bench_function("frame", |b| {
            b.iter(|| one.next(&mut black_box(line.as_bytes())));
        });
        let raw = raw(text);
        group.bench_function("parse", |b| {
            b.iter_batched(|| raw.clone(), |raw| Command::parse(raw).unwrap(), BatchSize::SmallInput);
        });
        let command = Command::parse(raw).unwrap();
        for (who, grant) in [("reader", reader()), ("owner", Grant::OWNER)] {
            group.bench_function(format!("decide, {who}"), |b| {
                b.iter(|| -> Decision { decide(black_box(&grant), upstream, Mode::ReadWrite, black_box(&command)) });
            });
        }
        group.bench_function("encode", |b| b.iter(|| encode(black_box(&command), Rewriting::Same, None)));
        group.finish();
    }
}

/// All steps of a command and of its answer, as the session takes them.
fn whole(c: &mut Criterion) {
    let now = Instant::now();
    let mut group = c.benchmark_group("session");
    for (name, command, answer) in [
        ("NOOP and its answer", "a1 NOOP\r\n", "a1 OK NOOP completed.\r\n"),
        (
            "UID FETCH FLAGS and its answer",
            "a1 UID FETCH 7 (UID FLAGS)\r\n",
            "* 7 FETCH (UID 7 FLAGS (\\Seen))\r\na1 OK Fetch completed.\r\n",
        ),
    ] {
        for at_once in [1, 16] {
            let (commands, answers) = (command.repeat(at_once), answer.repeat(at_once));
            let (mut session, mut out) = (session(), Out::default());
            group.throughput(Throughput::Elements(at_once as u64));
            group.bench_function(format!("{name}, {at_once} at once"), |b| {
                b.iter(|| {
                    out.downstream.clear();
                    out.upstream.clear();
                    session.handle(Input::Downstream(commands.as_bytes()), now, &mut out);
                    session.handle(Input::Upstream(answers.as_bytes()), now, &mut out);
                    assert_eq!(out.downstream.len(), answers.len());
                });
            });
        }
    }
    group.finish();
}

/// Answers that a server sends, by the read.
fn answers() -> Vec<(&'static str, Vec<u8>)> {
    let flags: String = (1..4000).map(|n| format!("* {n} FETCH (UID {n} FLAGS (\\Seen) MODSEQ ({n}))\r\n")).collect();
    let envelope = "(\"Mon, 3 Mar 2025 10:11:12 +0100\" \"POSTA CERTIFICATA: fattura \\\"12\\\"\" ((\"Per conto di: a@b.it\" NIL \
                    \"posta-certificata\" \"pec.example.it\")) NIL NIL ((NIL NIL \"ufficio\" \"pec.example.it\")) NIL NIL \
                    NIL \"<opec12.20250303101112.12345.678.1.1@pec.example.it>\")";
    let envelopes: String = (1..400).map(|n| format!("* {n} FETCH (UID {n} ENVELOPE {envelope})\r\n")).collect();
    let octets = 4 * 1024 * 1024;
    let line = b"JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURl\r\n";
    let mut message = format!("* 1 FETCH (UID 1 BODY[] {{{octets}}}\r\n").into_bytes();
    message.extend(line.iter().copied().cycle().take(octets));
    message.extend_from_slice(b")\r\n");
    vec![
        ("one message of 4 MiB", message),
        ("4000 messages' flags", flags.into_bytes()),
        ("400 envelopes", envelopes.into_bytes()),
    ]
}

/// Streams: the scanner by itself, the session with it, and a message on its way up.
fn streams(c: &mut Criterion) {
    let now = Instant::now();
    let mut group = c.benchmark_group("stream");
    for (name, answer) in answers() {
        group.throughput(Throughput::Bytes(answer.len() as u64));
        let mut scanner = Scanner::default();
        group.bench_function(format!("scanner, {name}"), |b| {
            b.iter(|| answer.chunks(READ_BYTES).map(|piece| scan(&mut scanner, piece)).sum::<usize>());
        });
        let (mut session, mut out) = (session(), Out::default());
        group.bench_function(format!("session, {name}"), |b| {
            b.iter(|| {
                for piece in answer.chunks(READ_BYTES) {
                    out.downstream.clear();
                    session.handle(Input::Upstream(piece), now, &mut out);
                }
            });
        });
    }

    let octets = 4 * 1024 * 1024;
    let message = vec![b'm'; octets];
    group.throughput(Throughput::Bytes(octets as u64));
    let (mut session, mut out) = (session(), Out::default());
    group.bench_function("session, APPEND of 4 MiB", |b| {
        b.iter(|| {
            let head = format!("a1 APPEND Archive (\\Seen) {{{octets}}}\r\n");
            session.handle(Input::Downstream(head.as_bytes()), now, &mut out);
            session.handle(Input::Upstream(b"+ OK\r\n"), now, &mut out);
            for piece in message.chunks(READ_BYTES) {
                out.upstream.clear();
                session.handle(Input::Downstream(piece), now, &mut out);
            }
            session.handle(Input::Downstream(b"\r\n"), now, &mut out);
            out.downstream.clear();
            session.handle(Input::Upstream(b"a1 OK [APPENDUID 1 1] Append completed.\r\n"), now, &mut out);
            assert!(out.downstream.starts_with(b"a1 OK"));
        });
    });
    group.finish();
}

/// Lets everything pass; tells how many bytes came out.
fn scan(scanner: &mut Scanner, mut piece: &[u8]) -> usize {
    let mut passed = 0;
    loop {
        match scanner.next(&mut piece).unwrap() {
            Step::More => return passed,
            Step::End => {}
            Step::Data(bytes) => passed += bytes.len(),
            Step::Head { bytes, .. } => {
                passed += bytes.len();
                scanner.pass(&bytes, true).unwrap();
            }
        }
    }
}

criterion_group! {
    name = imap;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = steps, whole, streams
}
criterion_main!(imap);
