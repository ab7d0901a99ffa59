//! A session as a list of operations, between a client and an upstream that both say anything.
#![no_main]

use std::time::{Duration, Instant};

use delega::domain::{Grant, Permissions, Protocols};
use delega::proto::smtp::extension::{Extension, Extensions};
use delega::session::smtp::{Session, Settings};
use delega::session::{Admission, Denial, Input, Leg, Machine as _, Recording, Request, Sink, Timeouts, UpstreamLogin};
use libfuzzer_sys::fuzz_target;

#[derive(Default)]
struct Out {
    said: usize,
    closed: bool,
    recording: bool,
    /// A send was recorded, and its outcome not yet.
    open_record: bool,
    outcome: bool,
}

impl Sink for Out {
    fn downstream(&mut self, bytes: &[u8]) {
        self.said += bytes.len();
        assert!(bytes.iter().all(|b| matches!(b, b' '..=b'~' | b'\r' | b'\n')), "{}", bytes.escape_ascii());
    }
    fn upstream(&mut self, bytes: &[u8]) {
        self.said += bytes.len();
    }
    fn request(&mut self, request: Request) {
        match request {
            Request::Close => self.closed = true,
            Request::RecordSending(_) => {
                assert!(!self.recording && !self.open_record, "two records at once");
                self.recording = true;
            }
            Request::RecordOutcome(_) => {
                assert!(self.open_record, "an outcome without a record");
                self.outcome = true;
            }
            _ => {}
        }
    }
}

const READ: Grant = Grant { permissions: Permissions::READ, protocols: Protocols { imap: true, pop3: false } };

/// What brings a session forward, so that the fuzzer need not find it: said by the client or by the upstream.
const CLIENT: [&[u8]; 6] = [
    b"MAIL FROM:<a@pec.example.it>\r\n",
    b"RCPT TO:<b@example.it>\r\n",
    b"DATA\r\n",
    b"From: a@pec.example.it\r\n\r\n",
    b"x\r\n",
    b".\r\n",
];
const SERVER: [&[u8]; 4] = [b"250 2.0.0 Ok\r\n", b"354 go\r\n", b"550 5.7.1 no\r\n", b"421 4.3.0 bye\r\n"];

fn admission() -> Admission {
    let upstream = UpstreamLogin {
        authzid: None,
        authcid: "a@pec.example.it".to_owned(),
        password: "segreta".to_owned().into(),
        typed: false,
    };
    Admission { grant: Grant::OWNER, addresses: vec!["a@pec.example.it".parse().unwrap()], upstream }
}

// Each operation is one byte that says which, and for bytes of a leg one more that says how many follow.
fuzz_target!(|operations: &[u8]| {
    let second = Duration::from_secs(1);
    let timeouts = Timeouts {
        login: 60 * second,
        command: 60 * second,
        idle: 1800 * second,
        upstream: 30 * second,
        shutdown: 10 * second,
        refusal: second,
    };
    let all = Extensions::of(Extension::ALL);
    let settings = Settings { starttls: false, message_bytes: 4096, recipients: 100, offered: all, timeouts };
    let mut now = Instant::now();
    let Some((first, mut rest)) = operations.split_first() else { return };
    let mut out = Out::default();
    let mut session = match first % 2 {
        0 => Session::new(settings, now),
        _ => Session::logged_in(settings, Grant::OWNER, admission().addresses, all, now),
    };
    session.handle(Input::Start, now, &mut out);
    while let Some((operation, after)) = rest.split_first() {
        rest = after;
        let mut bytes = |n: usize| {
            let (bytes, after) = rest.split_at(n.min(rest.len()));
            rest = after;
            bytes
        };
        let length = if operation % 32 < 8 { bytes(1).first().map_or(0, |n| usize::from(*n)) } else { 0 };
        let input = match operation % 32 {
            0..4 if session.wants(Leg::Downstream) => Input::Downstream(bytes(length)),
            4..8 if session.wants(Leg::Upstream) => Input::Upstream(bytes(length)),
            8 => Input::GrantChanged(READ),
            9 => Input::GrantChanged(Grant::OWNER),
            10 => Input::Verified(Ok(admission())),
            11 => Input::Verified(Err(Denial::Refused)),
            12 => Input::UpstreamConnected { starttls: false },
            13 => {
                now += second;
                Input::Tick
            }
            14 => Input::Shutdown,
            15 => Input::UpstreamClosed,
            16 => Input::DownstreamClosed,
            17 | 18 if std::mem::take(&mut out.recording) => {
                out.open_record = operation % 2 == 1;
                Input::SendingRecorded(match operation / 32 % 2 {
                    _ if out.open_record => Recording::Recorded,
                    0 => Recording::Forbidden,
                    _ => Recording::Failed,
                })
            }
            19 if std::mem::take(&mut out.outcome) => {
                out.open_record = false;
                Input::OutcomeRecorded
            }
            n @ 20..26 => Input::Downstream(CLIENT[usize::from(n) - 20]),
            n @ 26..30 => Input::Upstream(SERVER[usize::from(n) - 26]),
            30 => Input::Revoked,
            _ => continue,
        };
        let (was_closed, said) = (out.closed, out.said);
        session.handle(input, now, &mut out);
        assert!(!was_closed || out.said == said, "a closed session has spoken");
        assert_eq!(session.is_closed(), out.closed);
    }
});
