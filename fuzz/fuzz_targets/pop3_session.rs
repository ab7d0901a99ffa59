//! A POP3 session as a list of operations.
#![no_main]

use std::time::{Duration, Instant};

use delega::domain::{Grant, Permissions, Protocols};
use delega::proto::pop3::capability::{Capabilities, Capability};
use delega::session::pop3::{Session, Settings};
use delega::session::{Admission, Denial, Input, Leg, Machine as _, Request, Sink, Timeouts, UpstreamLogin};
use libfuzzer_sys::fuzz_target;

#[derive(Default)]
struct Out {
    said: usize,
    upstream: Vec<u8>,
    closed: bool,
}

impl Sink for Out {
    fn downstream(&mut self, bytes: &[u8]) {
        self.said += bytes.len();
    }
    fn upstream(&mut self, bytes: &[u8]) {
        self.said += bytes.len();
        self.upstream.extend_from_slice(bytes);
    }
    fn request(&mut self, request: Request) {
        self.closed |= matches!(request, Request::Close | Request::BreakOff);
    }
}

const READ: Grant = Grant { permissions: Permissions::READ, protocols: Protocols { imap: false, pop3: true } };

fn admission() -> Admission {
    let upstream = UpstreamLogin {
        authzid: None,
        authcid: "a@pec.example.it".to_owned(),
        password: "segreta".to_owned().into(),
        typed: false,
    };
    Admission { grant: READ, addresses: Vec::new(), upstream }
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
    let settings = Settings { starttls: false, timeouts };
    let mut now = Instant::now();
    let Some((first, mut rest)) = operations.split_first() else { return };
    let mut out = Out::default();
    let offered = Capabilities::of(Capability::ALL);
    let mut session = match first % 3 {
        0 => Session::new(settings, now),
        1 => Session::logged_in(settings, READ, offered, now),
        _ => Session::logged_in(settings, Grant::OWNER, offered, now),
    };
    let mut has_had_write = first % 3 == 2;
    session.handle(Input::Start, now, &mut out);
    while let Some((operation, after)) = rest.split_first() {
        rest = after;
        let mut bytes = |n: usize| {
            let (bytes, after) = rest.split_at(n.min(rest.len()));
            rest = after;
            bytes
        };
        let length = if operation % 16 < 8 { bytes(1).first().map_or(0, |n| usize::from(*n)) } else { 0 };
        let input = match operation % 16 {
            0..4 if session.wants(Leg::Downstream) => Input::Downstream(bytes(length)),
            4..8 if session.wants(Leg::Upstream) => Input::Upstream(bytes(length)),
            8 => Input::GrantChanged(READ),
            9 => {
                has_had_write = true;
                Input::GrantChanged(Grant::OWNER)
            }
            10 => Input::Verified(Ok(admission())),
            11 => Input::Verified(Err(Denial::Refused)),
            12 => Input::UpstreamConnected { starttls: false },
            13 => {
                now += second;
                Input::Tick
            }
            14 => Input::Shutdown,
            15 => Input::UpstreamClosed,
            _ => continue,
        };
        let (was_closed, said) = (out.closed, out.said);
        session.handle(input, now, &mut out);
        assert!(!was_closed || out.said == said, "a closed session has spoken");
        assert_eq!(session.is_closed(), out.closed);
    }
    for line in out.upstream.split(|b| *b == b'\n') {
        let changes = [b"DELE".as_slice(), b"RETR", b"RSET"].iter().any(|verb| line.starts_with(verb));
        assert!(has_had_write || !changes, "a reader would leave a trace");
    }
});
