//! One POP3 session, from the greeting to the end, both legs.
//!
//! A session is in one of three phases: `front` (before login), `entry` (the gateway logs in upstream) and `relay` (commands
//! go up one at a time, responses stream down). This file holds what they share and passes inputs on.
//!
//! POP3 has no word for a server that leaves: a session ends at the end of a response, after `-ERR` where the client waits
//! for an answer, and in silence elsewhere; where it has to end within one, the client can tell. Upstream, nothing is deleted but by QUIT (the UPDATE state of RFC 1939 §6), and
//! only the client's own QUIT is ever sent there: whatever else ends a session deletes nothing.

mod entry;
mod front;
mod relay;

use std::time::Instant;

use zeroize::Zeroizing;

use crate::domain::Grant;
use crate::proto::pop3::capability::Capabilities;
use crate::proto::pop3::framer::{self, Framer};
use crate::proto::pop3::scanner;
use crate::session::{Admission, Ending, Input, Leg, Machine, Note, Request, Sink, Timeouts, earlier};

use entry::{Entered, Entry};
use front::Front;
use relay::Relay;

/// What a session has to know of where it runs.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whether the connection begins in the clear, with STLS to come.
    pub starttls: bool,
    /// When patience ends.
    pub timeouts: Timeouts,
}

/// The state machine of one POP3 connection.
pub struct Session {
    settings: Settings,
    framer: Framer,
    /// Bytes of the client's that were given and not yet taken; passwords may be among them.
    kept: Zeroizing<Vec<u8>>,
    phase: Phase,
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
            (Phase::Relay(relay), Leg::Downstream) => self.kept.is_empty() && relay.wants_command(),
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
            Input::DownstreamClosed => match &self.phase {
                // What QUIT deletes was ordered; how it comes out is of interest to the log still.
                Phase::Relay(relay) if relay.is_quitting() => {}
                Phase::Front(_) | Phase::Entry(_) | Phase::Relay(_) | Phase::Closed => {
                    self.end(Ending::ClientGone, None, out);
                }
            },
            Input::Start => {
                if let Phase::Front(_) = &self.phase {
                    // Without a timestamp: APOP is not offered (RFC 1939 §7).
                    out.downstream(b"+OK delega ready\r\n");
                }
            }
            Input::Upstream(bytes) => self.upstream(bytes, now, out),
            Input::UpstreamClosed => match &mut self.phase {
                Phase::Entry(_) => self.entered(Entered::Unavailable("the upstream closed during login"), now, out),
                Phase::Relay(_) => self.end_with(End::upstream_fault("the upstream closed the connection"), out),
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
            // POP3 connections are not handed on.
            Input::UpstreamReady(_) => self.entered(Entered::Unavailable("the upstream is of another kind"), now, out),
            Input::UpstreamFull => {
                self.entered(Entered::Full("the mailbox has as many connections as it may have"), now, out)
            }
            Input::UpstreamUnreachable => {
                self.entered(Entered::Unavailable("the upstream cannot be reached"), now, out)
            }
            Input::GrantChanged(grant) => match &mut self.phase {
                Phase::Entry(entry) => entry.grant = grant,
                Phase::Relay(relay) => relay.regrant(grant, now, out),
                Phase::Front(_) | Phase::Closed => {}
            },
            Input::Revoked => self.end(
                Ending::Revoked,
                Some("[SYS/PERM] You no longer have access to this mailbox (non hai accesso a questa casella)"),
                out,
            ),
            Input::Dismissed => self.end(
                Ending::Dismissed,
                Some("[SYS/TEMP] Your session was ended (la tua sessione e' stata chiusa)"),
                out,
            ),
            // POP3 sends no mail.
            Input::SendingRecorded(_) | Input::OutcomeRecorded => {}
            Input::Shutdown => match &mut self.phase {
                Phase::Front(_) | Phase::Entry(_) => self.end_with(End::SHUTDOWN, out),
                Phase::Relay(relay) => {
                    if relay.shutdown(now) {
                        self.end_with(End::SHUTDOWN, out);
                    }
                }
                Phase::Closed => {}
            },
            Input::Tick => self.tick(now, out),
        }
        self.pump(now, out);
    }
}

impl Session {
    /// A session that waits for [`Input::Start`].
    pub fn new(settings: Settings, now: Instant) -> Session {
        Session {
            settings,
            framer: Framer::default(),
            kept: Zeroizing::default(),
            phase: Phase::Front(Front::new(settings, now)),
        }
    }

    /// A session that is logged in already. `upstream` is what the upstream offers. For benchmarks and tests of what comes
    /// after login.
    pub fn logged_in(settings: Settings, grant: Grant, upstream: Capabilities, now: Instant) -> Session {
        let mut session = Session::new(settings, now);
        session.phase = Phase::Relay(Box::new(Relay::new(settings, grant, upstream, now)));
        session
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
                    Err(End { ending: Ending::ClientFault("bytes in the clear after STLS"), text: None })
                }
                Phase::Front(front) if front.wants_command() => front.take(&mut self.framer, input, now, out),
                Phase::Relay(relay) if relay.wants_command() => relay.take(&mut self.framer, input, now, out),
                Phase::Front(_) | Phase::Entry(_) | Phase::Relay(_) => return,
                Phase::Closed => {
                    *input = &[];
                    return;
                }
            };
            match flow {
                Ok(true) => {}
                Ok(false) => return,
                Err(end) => self.end_with(end, out),
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
                if let Err(end) = relay.upstream(bytes, now, out) {
                    self.end_with(end, out);
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
                out.downstream(b"+OK Logged in\r\n");
                out.request(Request::Note(Note::LoggedIn));
                self.phase = Phase::Relay(Box::new(Relay::new(self.settings, grant, upstream, now)));
            }
            Entered::Refused | Entered::Full(_) | Entered::Unavailable(_) => {
                out.request(Request::CloseUpstream);
                front.not_entered(&entered, typed, now, out);
                self.phase = Phase::Front(front);
            }
        }
    }

    fn tick(&mut self, now: Instant, out: &mut dyn Sink) {
        let end = match &mut self.phase {
            Phase::Front(front) => front.tick(now, out),
            Phase::Entry(entry) => {
                if now >= entry.deadline() {
                    self.entered(Entered::Unavailable("the upstream took too long to log in"), now, out);
                }
                return;
            }
            Phase::Relay(relay) => relay.tick(now),
            Phase::Closed => return,
        };
        if let Err(end) = end {
            self.end_with(end, out);
        }
    }

    fn end_with(&mut self, end: End, out: &mut dyn Sink) {
        self.end(end.ending, end.text, out);
    }

    /// Ends the session. `text` goes to a client that waits for an answer; to what breaks the rules it is the answer.
    fn end(&mut self, ending: Ending, text: Option<&str>, out: &mut dyn Sink) {
        let waits = match &self.phase {
            Phase::Closed => return,
            Phase::Front(front) => front.awaits_answer(),
            Phase::Entry(_) => true,
            Phase::Relay(relay) => relay.awaits_answer(),
        };
        let text = match &self.phase {
            Phase::Relay(relay) if relay.is_quitting() => Some(
                "[SYS/TEMP] It is not known whether the messages were deleted (non si sa se i messaggi sono stati \
                 cancellati)",
            ),
            Phase::Front(_) | Phase::Entry(_) | Phase::Relay(_) | Phase::Closed => text,
        };
        if let (true, Some(text)) = (waits || matches!(ending, Ending::ClientFault(_)), text) {
            out.downstream(format!("-ERR {text}\r\n").as_bytes());
        }
        out.request(Request::Note(Note::Ended(ending)));
        // Not every client waits for the line with the dot: curl takes a message for whole when its connection closes.
        let within = matches!(&self.phase, Phase::Relay(relay) if relay.is_within_lines());
        out.request(if within { Request::BreakOff } else { Request::Close });
        self.phase = Phase::Closed;
        self.kept = Zeroizing::default();
        self.framer = Framer::default();
    }
}

/// Why a phase wants the session to end.
#[derive(Debug)]
struct End {
    ending: Ending,
    /// Said to the client behind `-ERR`, where it waits for an answer.
    text: Option<&'static str>,
}

impl End {
    const SHUTDOWN: End =
        End { ending: Ending::Shutdown, text: Some("[SYS/TEMP] The gateway is being restarted, try again") };

    fn client_fault(why: &'static str) -> End {
        End { ending: Ending::ClientFault(why), text: Some(why) }
    }

    fn upstream_fault(why: &'static str) -> End {
        End {
            ending: Ending::UpstreamFault(why),
            text: Some("[SYS/TEMP] The mail server broke off, try again later (il server di posta ha interrotto)"),
        }
    }
}

impl From<framer::Fault> for End {
    fn from(fault: framer::Fault) -> End {
        End::client_fault(match fault {
            framer::Fault::BareLineEnd => "Lines end in CR LF",
            framer::Fault::EndlessLine => "The line is too long",
        })
    }
}

impl From<scanner::Fault> for End {
    fn from(fault: scanner::Fault) -> End {
        End::upstream_fault(fault.0)
    }
}

/// What a line that cannot be read is told.
fn unreadable(why: framer::Unreadable) -> &'static str {
    match why {
        framer::Unreadable::LongLine => "The line is too long",
        framer::Unreadable::Nul => "NUL is not allowed",
    }
}

#[cfg(test)]
mod tests;
