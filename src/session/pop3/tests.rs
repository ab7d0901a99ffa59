//! What transcripts cannot show of a session.

use std::time::Duration;

use super::*;
use crate::domain::{Permissions, Protocols};
use crate::proto::pop3::capability::Capability;
use crate::session::UpstreamLogin;

#[derive(Default)]
struct Said(Vec<u8>, Vec<u8>, Vec<Request>);

impl Sink for Said {
    fn downstream(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn upstream(&mut self, bytes: &[u8]) {
        self.1.extend_from_slice(bytes);
    }

    fn request(&mut self, request: Request) {
        self.2.push(request);
    }
}

const SECOND: Duration = Duration::from_secs(1);

fn settings() -> Settings {
    let timeouts = Timeouts {
        login: SECOND * 60,
        command: SECOND * 60,
        idle: SECOND * 600,
        upstream: SECOND,
        shutdown: SECOND,
        refusal: SECOND,
    };
    Settings { starttls: false, timeouts }
}

fn admitted() -> Input<'static> {
    let upstream =
        UpstreamLogin { authzid: None, authcid: "x".to_owned(), password: "y".to_owned().into(), typed: false };
    Input::Verified(Ok(Admission { grant: Grant::OWNER, addresses: Vec::new(), upstream }))
}

/// The upstream's time is over, and then the gateway's attempt to reach it comes to its own end.
#[test]
fn an_upstream_that_turns_out_unreachable_too_late_changes_nothing() {
    let now = Instant::now();
    let mut session = Session::new(settings(), now);
    let mut said = Said::default();
    session.handle(Input::Downstream(b"USER x\r\nPASS y\r\n"), now, &mut said);
    session.handle(admitted(), now, &mut said);
    session.handle(Input::Tick, now + SECOND, &mut said);
    session.handle(Input::UpstreamUnreachable, now + SECOND, &mut said);
    session.handle(Input::Downstream(b"USER x\r\n"), now + SECOND, &mut said);
    let said = String::from_utf8(said.0).unwrap();
    assert!(said.starts_with("+OK\r\n-ERR [SYS/TEMP]") && said.ends_with("\r\n+OK\r\n"), "{said}");
    assert!(session.wants(Leg::Downstream));
}

/// Passwords are in no debug form, wherever they have got to.
#[test]
fn a_password_is_not_printed() {
    let now = Instant::now();
    let mut session = Session::new(settings(), now);
    let mut said = Said::default();
    let shows = |session: &Session| {
        let shown = format!("{session:?}");
        // As bytes of a list, too.
        shown.contains("segreta") || shown.contains("115, 101, 103")
    };
    session.handle(Input::Downstream(b"USER x\r\nPASS segr"), now, &mut said);
    assert!(!shows(&session));
    session.handle(Input::Downstream(b"eta\r\nPASS segreta\r\n"), now, &mut said);
    assert!(!shows(&session) && matches!(said.2[..], [Request::Verify { .. }]));
    assert!(!format!("{:?}", said.2).contains("segreta"));
}

/// RFC 1939 §6: what QUIT deletes is deleted whether the client waits for the answer or not.
#[test]
fn a_client_that_quits_and_goes_has_quit() {
    let now = Instant::now();
    let mut said = Said::default();
    let mut session = Session::logged_in(settings(), Grant::OWNER, Capabilities::NONE, now);
    session.handle(Input::Downstream(b"QUIT\r\n"), now, &mut said);
    session.handle(Input::DownstreamClosed, now, &mut said);
    assert!(!session.is_closed());
    assert_eq!(said.1, b"QUIT\r\n");
    session.handle(Input::Upstream(b"+OK\r\n"), now, &mut said);
    assert!(session.is_closed());
    assert!(matches!(said.2[..], [Request::Note(Note::Ended(Ending::Logout)), Request::Close]));
}

/// An idle session holds no buffer, and one whose client sends much at once no more than that.
#[test]
fn what_is_kept_is_given_back() {
    let now = Instant::now();
    let mut said = Said::default();
    let mut session = Session::logged_in(settings(), Grant::OWNER, Capabilities::NONE, now);
    session.handle(Input::Downstream(&b"NOOP\r\n".repeat(100)), now, &mut said);
    assert!(!session.wants(Leg::Downstream));
    for n in 1..=100 {
        assert_eq!(said.1, b"NOOP\r\n".repeat(n));
        session.handle(Input::Upstream(b"+OK\r\n"), now, &mut said);
    }
    assert_eq!(said.0, b"+OK\r\n".repeat(100));
    assert!(session.wants(Leg::Downstream));
    assert_eq!(session.kept.capacity(), 0);
}

/// P1: a whole message, as TOP, of any length; and back pressure by the gateway alone, since nothing is held.
#[test]
fn a_large_message_streams() {
    let now = Instant::now();
    let mut said = Said::default();
    let reader = Grant { permissions: Permissions::READ, protocols: Protocols { imap: false, pop3: true } };
    let offered = Capabilities::of(&[Capability::Top]);
    let mut session = Session::logged_in(settings(), reader, offered, now);
    session.handle(Input::Downstream(b"RETR 1\r\n"), now, &mut said);
    assert_eq!(said.1, b"TOP 1 99999999\r\n");
    session.handle(Input::Upstream(b"+OK\r\n"), now, &mut said);
    let line = [b"x".repeat(76).as_slice(), b"\r\n"].concat();
    let piece = line.repeat(1000);
    let mut told = 0;
    for _ in 0..100 {
        said.0.clear();
        session.handle(Input::Upstream(&piece), now, &mut said);
        told += said.0.len();
    }
    assert_eq!(told, 100 * piece.len());
    said.0.clear();
    session.handle(Input::Upstream(b".\r\n"), now, &mut said);
    assert_eq!(said.0, b".\r\n");
}
