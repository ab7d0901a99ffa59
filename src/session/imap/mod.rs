//! One IMAP session, from the greeting to the end, both legs.
//!
//! [`deposit`] is another user of upstream sessions, and [`parked`] what lies between two of them.
//!
//! A session is in one of three phases: `front` (before login), `entry` (the gateway logs in upstream) and
//! `relay`+`answers` (commands go up, responses come down). This file holds what they share and passes inputs on.

mod answers;
pub mod deposit;
mod entry;
mod front;
pub mod parked;
mod pending;
mod relay;

use std::time::Instant;

use zeroize::Zeroizing;

use crate::domain::{Grant, limits};
use crate::proto::imap::capability::Capabilities;
use crate::proto::imap::framer::{self, Bounds, Framer};
use crate::session::{Admission, Ending, Input, Leg, Machine, Note, Request, Sink, Timeouts, earlier};

use entry::{Entered, Entry};
use front::Front;
use relay::Relay;

/// What a session has to know of where it runs.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whether the connection begins in the clear, with STARTTLS to come.
    pub starttls: bool,
    /// The largest message that may be appended, in bytes.
    pub message_bytes: u64,
    /// When patience ends.
    pub timeouts: Timeouts,
    /// Makes the gateway's own tags unguessable for the client.
    pub nonce: u64,
}

/// The state machine of one IMAP connection.
pub struct Session {
    settings: Settings,
    framer: Framer,
    /// Bytes of the client's that were given and not yet taken; passwords may be among them.
    kept: Zeroizing<Vec<u8>>,
    phase: Phase,
    /// Whether somebody wants the upstream connection afterwards.
    parks: bool,
}

#[derive(Debug)]
enum Phase {
    Front(Front),
    Entry(Box<Entry>),
    Relay(Box<Relay>),
    Closed,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Session");
        shown.field("framer", &self.framer).field("kept_bytes", &self.kept.len()).field("phase", &self.phase).finish()
    }
}

impl Machine for Session {
    fn wants(&self, leg: Leg) -> bool {
        match (&self.phase, leg) {
            (Phase::Front(front), Leg::Downstream) => self.kept.is_empty() && front.wants_command(),
            (Phase::Entry(_), Leg::Upstream) => true,
            (Phase::Relay(relay), Leg::Downstream) => self.kept.is_empty() && relay.wants_downstream(),
            (Phase::Relay(_), Leg::Upstream) => true,
            (Phase::Front(_), Leg::Upstream) | (Phase::Entry(_), Leg::Downstream) | (Phase::Closed, _) => false,
        }
    }

    fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Front(front) => front.deadline(),
            Phase::Entry(entry) => Some(entry.deadline()),
            Phase::Relay(relay) => earlier(relay.deadline(), relay.command_deadline()),
            Phase::Closed => None,
        }
    }

    fn handle(&mut self, input: Input<'_>, now: Instant, out: &mut dyn Sink) {
        match input {
            Input::Downstream(bytes) => {
                self.downstream(bytes, now, out);
                return;
            }
            Input::DownstreamClosed => self.end(Ending::ClientGone, None, out),
            Input::Start => {
                if let Phase::Front(front) = &self.phase {
                    front.greet(out);
                }
            }
            Input::Upstream(bytes) => self.upstream(bytes, now, out),
            Input::UpstreamClosed => match &mut self.phase {
                Phase::Entry(_) => self.entered(Entered::Unavailable("the upstream closed during login"), now, out),
                Phase::Relay(relay) => {
                    let bye =
                        (!relay.upstream_said_bye).then_some("[UNAVAILABLE] The mail server closed the connection");
                    self.end(Ending::UpstreamFault("the upstream closed the connection"), bye, out);
                }
                Phase::Front(_) | Phase::Closed => {}
            },
            Input::TlsStarted(Leg::Downstream) => {
                if let Phase::Front(front) = &mut self.phase {
                    front.tls_started();
                }
            }
            Input::TlsStarted(Leg::Upstream) => {
                if let Phase::Entry(entry) = &mut self.phase {
                    entry.tls_started(out);
                }
            }
            Input::Verified(Ok(admission)) => self.enter(admission, now, out),
            Input::Verified(Err(denial)) => {
                if let Phase::Front(front) = &mut self.phase {
                    front.denied(denial, now, out);
                }
            }
            Input::UpstreamConnected { starttls } => {
                if let Phase::Entry(entry) = &mut self.phase {
                    entry.connected(starttls);
                }
            }
            Input::UpstreamReady(capabilities) => self.entered(Entered::Open(capabilities), now, out),
            Input::UpstreamFull => {
                self.entered(Entered::Full("the mailbox has as many connections as it may have"), now, out)
            }
            Input::UpstreamUnreachable => {
                self.entered(Entered::Unavailable("the upstream cannot be reached"), now, out)
            }
            Input::GrantChanged(grant) => match &mut self.phase {
                Phase::Entry(entry) => entry.grant = grant,
                Phase::Relay(relay) => {
                    if relay.regrant(grant, out).is_err() {
                        self.end(
                            Ending::Revoked,
                            Some("Your permissions have changed (i tuoi permessi sono cambiati)"),
                            out,
                        );
                    }
                }
                Phase::Front(_) | Phase::Closed => {}
            },
            Input::Revoked => self.end(
                Ending::Revoked,
                Some("You no longer have access to this mailbox (non hai accesso a questa casella)"),
                out,
            ),
            Input::Dismissed => {
                self.end(Ending::Dismissed, Some("Your session was ended (la tua sessione è stata chiusa)"), out)
            }
            // IMAP sends no mail.
            Input::SendingRecorded(_) | Input::OutcomeRecorded => {}
            Input::Shutdown => self.shutdown(now, out),
            Input::Tick => self.tick(now, out),
        }
        self.pump(now, out);
    }

    fn park_afterwards(&mut self, parks: bool) {
        self.parks = parks;
    }
}

impl Session {
    /// A session that waits for [`Input::Start`].
    pub fn new(settings: Settings, now: Instant) -> Session {
        Session {
            settings,
            framer: Framer::new(Bounds::BEFORE_LOGIN, limits::LOGIN_LINE_BYTES as u64),
            kept: Zeroizing::default(),
            phase: Phase::Front(Front::new(settings, now)),
            parks: true,
        }
    }

    /// A session that is logged in already. `upstream` is what the upstream offers. For benchmarks and tests of what
    /// comes after login.
    pub fn logged_in(settings: Settings, grant: Grant, upstream: Capabilities, now: Instant) -> Session {
        let mut session = Session::new(settings, now);
        session.open(Relay::new(settings, grant, upstream, now));
        session
    }

    fn open(&mut self, relay: Relay) {
        self.framer = Framer::new(Bounds::AFTER_LOGIN, self.settings.message_bytes);
        self.phase = Phase::Relay(Box::new(relay));
    }

    /// The client's bytes: straight from the gateway's buffer where nothing was kept back.
    fn downstream(&mut self, bytes: &[u8], now: Instant, out: &mut dyn Sink) {
        if self.kept.is_empty() {
            let mut input = bytes;
            self.take(&mut input, now, out);
            self.kept.extend_from_slice(input);
        } else {
            self.kept.extend_from_slice(bytes);
            self.pump(now, out);
        }
    }

    /// Goes on with the client's bytes that were kept back, now that something has changed.
    fn pump(&mut self, now: Instant, out: &mut dyn Sink) {
        if self.kept.is_empty() {
            return;
        }
        let mut kept = std::mem::take(&mut self.kept);
        let mut input = kept.as_slice();
        self.take(&mut input, now, out);
        let taken = kept.len() - input.len();
        if taken < kept.len() {
            kept.drain(..taken);
            self.kept = kept;
        }
    }

    fn take(&mut self, input: &mut &[u8], now: Instant, out: &mut dyn Sink) {
        loop {
            let flow = match &mut self.phase {
                // What was typed before the handshake must not count after it (NO STARTTLS, CVE-2021-33515).
                Phase::Front(front) if front.is_starting_tls() && !input.is_empty() => {
                    Err(End { ending: Ending::ClientFault("bytes in the clear after STARTTLS"), bye: None })
                }
                Phase::Front(front) if front.wants_command() => front.take(&mut self.framer, input, now, out),
                Phase::Relay(relay) if relay.wants_downstream() => relay.take(&mut self.framer, input, now, out),
                Phase::Front(_) | Phase::Entry(_) | Phase::Relay(_) => return,
                Phase::Closed => {
                    *input = &[];
                    return;
                }
            };
            match flow {
                Ok(true) => {}
                Ok(false) => return,
                Err(end) => self.end(end.ending, end.bye, out),
            }
        }
    }

    fn upstream(&mut self, bytes: &[u8], now: Instant, out: &mut dyn Sink) {
        let mut bytes = bytes;
        if let Phase::Entry(entry) = &mut self.phase {
            match entry.upstream(&mut bytes, out) {
                Some(entered) => self.entered(entered, now, out),
                None => return,
            }
        }
        match &mut self.phase {
            Phase::Relay(relay) => {
                if let Err(end) = relay.upstream(&mut self.framer, bytes, now, out) {
                    self.end(end.ending, end.bye, out);
                }
            }
            Phase::Front(_) | Phase::Entry(_) | Phase::Closed => {}
        }
    }

    /// The credentials were accepted: on to the upstream.
    fn enter(&mut self, admission: Admission, now: Instant, out: &mut dyn Sink) {
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Front(front) => {
                self.phase = Phase::Entry(Box::new(Entry::new(front, admission, self.settings, now)));
                out.request(Request::Connect);
            }
            other => self.phase = other,
        }
    }

    /// The upstream login has come out, one way or the other.
    fn entered(&mut self, entered: Entered, now: Instant, out: &mut dyn Sink) {
        let entry = match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Entry(entry) => entry,
            // It comes too late: the login was given up meanwhile.
            other => {
                self.phase = other;
                return;
            }
        };
        let Entry { mut front, grant, typed, .. } = *entry;
        match entered {
            Entered::Open(upstream) => {
                let mut relay = Relay::new(self.settings, grant, upstream, now);
                // With a password that the client typed, nobody but its owner may go on.
                relay.can_be_parked = self.parks && !typed;
                front.admitted(relay.offered(), out);
                out.request(Request::Note(Note::LoggedIn));
                self.open(relay);
            }
            Entered::Refused | Entered::Full(_) | Entered::Unavailable(_) => {
                out.request(Request::CloseUpstream);
                front.not_entered(&entered, typed, now, out);
                self.phase = Phase::Front(front);
            }
        }
    }

    fn shutdown(&mut self, now: Instant, out: &mut dyn Sink) {
        const BYE: &str = "[UNAVAILABLE] The gateway is being restarted";
        match &mut self.phase {
            Phase::Front(_) | Phase::Entry(_) => self.end(Ending::Shutdown, Some(BYE), out),
            Phase::Relay(relay) => {
                if relay.shutdown(now) {
                    self.end(Ending::Shutdown, Some(BYE), out);
                }
            }
            Phase::Closed => {}
        }
    }

    fn tick(&mut self, now: Instant, out: &mut dyn Sink) {
        match &mut self.phase {
            Phase::Front(front) => {
                if let Err(end) = front.tick(now, out) {
                    self.end(end.ending, end.bye, out);
                }
            }
            Phase::Entry(entry) => {
                if now >= entry.deadline() {
                    self.entered(Entered::Unavailable("the upstream took too long to log in"), now, out);
                }
            }
            Phase::Relay(relay) => {
                if let Err(end) = relay.tick(now) {
                    self.end(end.ending, end.bye, out);
                }
            }
            Phase::Closed => {}
        }
    }

    /// Ends the session. Within a response of the upstream's nothing can be said any more: the client would take it for
    /// part of that response.
    fn end(&mut self, ending: Ending, bye: Option<&str>, out: &mut dyn Sink) {
        let speak = match &self.phase {
            Phase::Closed => return,
            Phase::Front(_) | Phase::Entry(_) => true,
            Phase::Relay(relay) => relay.at_boundary(),
        };
        if let (true, Some(text)) = (speak, bye) {
            out.downstream(format!("* BYE {text}\r\n").as_bytes());
        }
        if let (Phase::Relay(relay), Ending::Logout | Ending::ClientGone) = (&self.phase, ending) {
            match relay.park(out) {
                Some(parked) => out.request(Request::Park(parked)),
                None if ending == Ending::Logout => relay.log_out_upstream(out),
                None => {}
            }
        }
        out.request(Request::Note(Note::Ended(ending)));
        out.request(if speak { Request::Close } else { Request::BreakOff });
        self.phase = Phase::Closed;
        self.kept = Zeroizing::default();
    }
}

/// Why a phase wants the session to end.
#[derive(Debug)]
struct End {
    ending: Ending,
    /// Said to the client, where something can still be said.
    bye: Option<&'static str>,
}

impl End {
    fn client_fault(why: &'static str) -> End {
        End { ending: Ending::ClientFault(why), bye: Some(why) }
    }

    fn upstream_fault(why: &'static str) -> End {
        End { ending: Ending::UpstreamFault(why), bye: Some("[UNAVAILABLE] The mail server broke off") }
    }
}

impl From<framer::Fault> for End {
    fn from(fault: framer::Fault) -> End {
        End::client_fault(match fault {
            framer::Fault::BareLineEnd => "Lines end in CR LF",
            framer::Fault::EndlessLine => "The line is too long",
            framer::Fault::Announcement => "The literal is too long",
        })
    }
}

impl From<crate::proto::imap::scanner::Fault> for End {
    fn from(fault: crate::proto::imap::scanner::Fault) -> End {
        End::upstream_fault(fault.0)
    }
}

/// What a command that cannot be read is told.
fn unreadable(why: framer::Unreadable) -> &'static str {
    match why {
        framer::Unreadable::LongLine => "The line is too long",
        framer::Unreadable::LongLiteral => "The literal is too long or cannot be read",
        framer::Unreadable::ManyLiterals => "Too many literals in one command",
        framer::Unreadable::Nul => "NUL is not allowed",
    }
}

/// `tag BAD text`, untagged where no tag could be read.
fn bad(tag: Option<&[u8]>, text: &str) -> Vec<u8> {
    [tag.unwrap_or(b"*"), b" BAD ", text.as_bytes(), b"\r\n"].concat()
}

/// The answer to ID (RFC 2971). The version is not told before login, nor to anybody: it helps attackers alone.
const ID: &[u8] = b"* ID (\"name\" \"delega\")\r\n";

/// What a client said of itself, for the access history: name and version, printable, bounded.
fn program(command: &crate::proto::imap::command::Command) -> Option<String> {
    let strings: Vec<_> = (1..command.tokens().len().saturating_sub(1)).filter_map(|n| command.argument(n)).collect();
    let field = |name: &str| {
        strings
            .chunks_exact(2)
            .find(|pair| pair.first().is_some_and(|key| key.eq_ignore_ascii_case(name.as_bytes())))
            .and_then(|pair| pair.get(1))
            .map(|value| {
                String::from_utf8_lossy(value).chars().filter(|c| !c.is_control()).take(60).collect::<String>()
            })
    };
    let name = field("name")?;
    Some(match field("version") {
        Some(version) => format!("{name} {version}"),
        None => name,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::session::UpstreamLogin;

    #[derive(Default)]
    struct Said(Vec<u8>, Vec<Request>);

    impl Sink for Said {
        fn downstream(&mut self, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }

        fn upstream(&mut self, _: &[u8]) {}

        fn request(&mut self, request: Request) {
            self.1.push(request);
        }
    }

    fn settings() -> Settings {
        let second = Duration::from_secs(1);
        let timeouts = Timeouts {
            login: second * 60,
            command: second,
            idle: second,
            upstream: second,
            shutdown: second,
            refusal: second,
        };
        Settings { starttls: false, message_bytes: 0, timeouts, nonce: 0 }
    }

    fn admitted() -> Input<'static> {
        let upstream =
            UpstreamLogin { authzid: None, authcid: "x".to_owned(), password: "y".to_owned().into(), typed: false };
        Input::Verified(Ok(Admission { grant: Grant::OWNER, addresses: Vec::new(), upstream }))
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
        session.handle(Input::Downstream(b"a LOGIN x segreta"), now, &mut said);
        assert!(!shows(&session), "in a line that is not complete");
        session.handle(Input::Downstream(b"\r\nb LOGIN x segreta\r\n"), now, &mut said);
        assert!(!shows(&session), "in what was kept");
    }

    /// RFC 7162 section 3.1: what switches CONDSTORE on lasts, and the next person asked for none of it.
    #[test]
    fn x4_a_session_with_condstore_serves_nobody_else() {
        for (command, parked) in [
            ("FETCH 1 (FLAGS)", true),
            ("FETCH 1 (MODSEQ)", false),
            ("FETCH 1 (FLAGS) (CHANGEDSINCE 1)", false),
            ("SEARCH MODSEQ 1", false),
            ("STATUS INBOX (HIGHESTMODSEQ)", false),
            ("EXAMINE INBOX (CONDSTORE)", false),
            ("STORE 1 (UNCHANGEDSINCE 1) FLAGS ()", false),
            ("ENABLE CONDSTORE", false),
        ] {
            let now = Instant::now();
            let mut session = Session::new(settings(), now);
            let mut said = Said::default();
            session.handle(Input::Downstream(b"a LOGIN x y\r\n"), now, &mut said);
            session.handle(admitted(), now, &mut said);
            let offered = Capabilities::parse(b"IMAP4rev1 ENABLE CONDSTORE UNSELECT");
            session.handle(Input::UpstreamReady(offered), now, &mut said);
            session.handle(Input::Downstream(format!("b {command}\r\n").as_bytes()), now, &mut said);
            session.handle(Input::Upstream(b"b OK done\r\n"), now, &mut said);
            session.handle(Input::Downstream(b"c LOGOUT\r\n"), now, &mut said);
            assert!(session.is_closed(), "{command}");
            assert_eq!(said.1.iter().any(|request| matches!(request, Request::Park(_))), parked, "{command}");
        }
    }

    /// The upstream's time is over, and then the gateway's attempt to reach it comes to its own end.
    #[test]
    fn an_upstream_that_turns_out_unreachable_too_late_changes_nothing() {
        let now = Instant::now();
        let second = Duration::from_secs(1);
        let mut session = Session::new(settings(), now);
        let mut said = Said::default();
        session.handle(Input::Downstream(b"a LOGIN x y\r\n"), now, &mut said);
        session.handle(admitted(), now, &mut said);
        session.handle(Input::Tick, now + second, &mut said);
        session.handle(Input::UpstreamUnreachable, now + second, &mut said);
        session.handle(Input::Downstream(b"b NOOP\r\n"), now + second, &mut said);
        let said = String::from_utf8(said.0).unwrap_or_default();
        assert!(said.starts_with("a NO [UNAVAILABLE]") && said.ends_with("b OK Done\r\n"), "{said}");
        assert!(session.wants(Leg::Downstream));
    }
}
