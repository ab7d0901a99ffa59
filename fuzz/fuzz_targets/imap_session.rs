//! A session as a list of operations.
#![no_main]

use std::time::{Duration, Instant};

use delega::domain::{Grant, Permissions, Protocols};
use delega::proto::imap::capability::{Capabilities, Capability};
use delega::session::imap::{Session, Settings};
use delega::session::{Machine as _, Admission, Denial, Input, Leg, Request, Sink, Timeouts, UpstreamLogin};
use libfuzzer_sys::fuzz_target;

#[derive(Default)]
struct Out {
    said: usize,
    closed: bool,
}

impl Sink for Out {
    fn downstream(&mut self, bytes: &[u8]) {
        self.said += bytes.len();
    }
    fn upstream(&mut self, bytes: &[u8]) {
        self.said += bytes.len();
    }
    fn request(&mut self, request: Request) {
        self.closed |= matches!(request, Request::Close | Request::BreakOff);
    }
}

const READ: Grant = Grant { permissions: Permissions::READ, protocols: Protocols { imap: true, pop3: false } };

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
    let settings = Settings { starttls: false, message_bytes: 4096, timeouts, nonce: 7 };
    let mut now = Instant::now();
    let Some((first, mut rest)) = operations.split_first() else { return };
    let mut out = Out::default();
    let mut session = match first % 3 {
        0 => Session::new(settings, now),
        1 => Session::logged_in(settings, READ, Capabilities::of(Capability::ALL), now),
        _ => Session::logged_in(settings, Grant::OWNER, Capabilities::of(Capability::ALL), now),
    };
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
            _ => continue,
        };
        let (was_closed, said) = (out.closed, out.said);
        session.handle(input, now, &mut out);
        assert!(!was_closed || out.said == said, "a closed session has spoken");
        assert_eq!(session.is_closed(), out.closed);
    }
});
