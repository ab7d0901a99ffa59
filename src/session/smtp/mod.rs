//! One SMTP submission session, from the greeting to the end, both legs.
//!
//! A session is in one of three phases: `front` (before login), `entry` (the gateway logs in upstream) and `relay` with
//! `message` (commands and messages go up, replies come down). This file holds what they share and passes inputs on.
//!
//! One command at a time goes upstream, and its reply is waited for: so every reply has one command that it can belong to.
//! The client may pipeline all the same; what it sends meanwhile is not read, or kept.

mod entry;
mod front;
mod message;
mod relay;

use std::time::Instant;

use zeroize::Zeroizing;

use crate::domain::{Grant, MailboxAddress};
pub use crate::proto::smtp::extension::Extensions;
use crate::proto::smtp::line::Lines;
use crate::proto::smtp::reply::{self, Own};
use crate::session::{Admission, Ending, Input, Leg, Machine, Note, Request, Sink, Timeouts};

use entry::{Entered, Entry};
use front::Front;
use relay::Relay;

/// What a session has to know of where it runs.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whether the connection begins in the clear, with STARTTLS to come.
    pub starttls: bool,
    /// The largest message that may be sent, in octets.
    pub message_bytes: u64,
    /// The most recipients of one message.
    pub recipients: usize,
    /// What the configured upstreams are known to have, for EHLO before login; after login it is what the mailbox's own
    /// upstream has.
    pub offered: Extensions,
    /// When patience ends.
    pub timeouts: Timeouts,
}

/// The state machine of one SMTP connection.
pub struct Session {
    settings: Settings,
    lines: Lines,
    /// Bytes of the client's that were given and not yet taken; passwords may be among them.
    kept: Zeroizing<Vec<u8>>,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Front(Box<Front>),
    Entry(Box<Entry>),
    Relay(Box<Relay>),
    Closed,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Session");
        shown.field("lines", &self.lines).field("kept_bytes", &self.kept.len()).field("phase", &self.phase).finish()
    }
}

const STOPS: Own = Own { code: 421, enhanced: "4.3.2", text: "The gateway is being restarted" };
const NO_ACCESS: Own = Own {
    code: 421,
    enhanced: "4.7.0",
    text: "You no longer have access to this mailbox (non hai accesso a questa casella)",
};

const DISMISSED: Own =
    Own { code: 421, enhanced: "4.3.2", text: "Your session was ended (la tua sessione e' stata chiusa)" };

impl Machine for Session {
    fn wants(&self, leg: Leg) -> bool {
        match (&self.phase, leg) {
            (Phase::Front(front), Leg::Downstream) => self.kept.is_empty() && front.wants_bytes(),
            (Phase::Relay(relay), Leg::Downstream) => self.kept.is_empty() && relay.wants_downstream(),
            (Phase::Entry(_) | Phase::Relay(_), Leg::Upstream) => true,
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
            Phase::Relay(relay) => relay.deadline(&self.lines),
            Phase::Closed => None,
        }
    }

    fn handle(&mut self, input: Input<'_>, now: Instant, out: &mut dyn Sink) {
        let done = match input {
            Input::Downstream(bytes) => {
                self.downstream(bytes, now, out);
                Ok(())
            }
            Input::DownstreamClosed => match &mut self.phase {
                Phase::Relay(relay) => relay.client_closed(),
                Phase::Front(_) | Phase::Entry(_) | Phase::Closed => Err(End::silent(Ending::ClientGone)),
            },
            Input::Start => {
                if let Phase::Front(_) = &self.phase {
                    say(out, &[format!("220 {NAME} ESMTP")]);
                }
                Ok(())
            }
            Input::Upstream(bytes) => self.upstream(bytes, now, out),
            Input::UpstreamClosed => match &mut self.phase {
                Phase::Entry(_) => self.entered(Entered::Unavailable("the upstream closed during login"), now, out),
                Phase::Relay(relay) => relay.upstream_closed(now, out),
                Phase::Front(_) | Phase::Closed => Ok(()),
            },
            Input::TlsStarted(leg) => {
                match (&mut self.phase, leg) {
                    (Phase::Front(front), Leg::Downstream) => front.tls_started(),
                    (Phase::Entry(entry), Leg::Upstream) => entry.tls_started(out),
                    (Phase::Front(_) | Phase::Entry(_) | Phase::Relay(_) | Phase::Closed, _) => {}
                }
                Ok(())
            }
            Input::Verified(Ok(admission)) => {
                self.enter(admission, now, out);
                Ok(())
            }
            Input::Verified(Err(denial)) => {
                if let Phase::Front(front) = &mut self.phase {
                    front.denied(denial, now, out);
                }
                Ok(())
            }
            Input::UpstreamConnected { starttls } => {
                if let Phase::Entry(entry) = &mut self.phase {
                    entry.connected(starttls);
                }
                Ok(())
            }
            // Nobody has such a session: connections for SMTP are not handed on.
            Input::UpstreamReady(_) => {
                self.entered(Entered::Unavailable("the upstream session is not one of SMTP"), now, out)
            }
            Input::UpstreamFull => {
                self.entered(Entered::Full("the mailbox has as many connections as it may have"), now, out)
            }
            Input::UpstreamUnreachable => {
                self.entered(Entered::Unavailable("the upstream cannot be reached"), now, out)
            }
            Input::GrantChanged(grant) => {
                match &mut self.phase {
                    Phase::Entry(entry) => entry.grant = grant,
                    // It binds from the next command on, and before the end of a message goes upstream.
                    Phase::Relay(relay) => relay.grant = grant,
                    Phase::Front(_) | Phase::Closed => {}
                }
                Ok(())
            }
            Input::Revoked => self.end_when_answered(End { ending: Ending::Revoked, reply: Some(NO_ACCESS) }),
            Input::Dismissed => self.end_when_answered(End { ending: Ending::Dismissed, reply: Some(DISMISSED) }),
            Input::SendingRecorded(recording) => match &mut self.phase {
                Phase::Relay(relay) => relay.sending_recorded(recording, now, out),
                Phase::Front(_) | Phase::Entry(_) | Phase::Closed => Ok(()),
            },
            Input::OutcomeRecorded => match &mut self.phase {
                Phase::Relay(relay) => relay.outcome_recorded(now, out),
                Phase::Front(_) | Phase::Entry(_) | Phase::Closed => Ok(()),
            },
            Input::Shutdown => match &mut self.phase {
                Phase::Relay(relay) => relay.shutdown(now),
                Phase::Front(_) | Phase::Entry(_) | Phase::Closed => {
                    Err(End { ending: Ending::Shutdown, reply: Some(STOPS) })
                }
            },
            Input::Tick => self.tick(now, out),
        };
        if let Err(end) = done {
            self.end(end, out);
        }
        self.pump(now, out);
    }
}

impl Session {
    /// A session that waits for [`Input::Start`].
    pub fn new(settings: Settings, now: Instant) -> Session {
        let phase = Phase::Front(Box::new(Front::new(settings, now)));
        Session { settings, lines: Lines::default(), kept: Zeroizing::default(), phase }
    }

    fn end_when_answered(&mut self, end: End) -> Result<(), End> {
        match &mut self.phase {
            Phase::Relay(relay) => relay.end_when_answered(end),
            Phase::Front(_) | Phase::Entry(_) | Phase::Closed => Err(end),
        }
    }

    /// A session that is logged in already. `upstream` is what the upstream offers. For benchmarks and tests of what
    /// comes after login.
    pub fn logged_in(
        settings: Settings,
        grant: Grant,
        addresses: Vec<MailboxAddress>,
        upstream: Extensions,
        now: Instant,
    ) -> Session {
        let mut session = Session::new(settings, now);
        session.phase = Phase::Relay(Box::new(Relay::new(settings, grant, addresses, upstream, now)));
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
            let more = match &mut self.phase {
                // What was typed before the handshake must not count after it (NO STARTTLS, CVE-2021-33515).
                Phase::Front(front) if front.is_starting_tls() && !input.is_empty() => {
                    Err(End::silent(Ending::ClientFault("bytes in the clear after STARTTLS")))
                }
                Phase::Front(front) if front.wants_bytes() => front.take(&mut self.lines, input, now, out),
                Phase::Relay(relay) if relay.wants_downstream() => relay.take(&mut self.lines, input, now, out),
                Phase::Front(_) | Phase::Entry(_) | Phase::Relay(_) => return,
                Phase::Closed => {
                    *input = &[];
                    return;
                }
            };
            match more {
                Ok(true) => {}
                Ok(false) => return,
                Err(end) => self.end(end, out),
            }
        }
    }

    fn upstream(&mut self, bytes: &[u8], now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        let mut bytes = bytes;
        if let Phase::Entry(entry) = &mut self.phase {
            match entry.upstream(&mut bytes, out) {
                Some(entered) => self.entered(entered, now, out)?,
                None => return Ok(()),
            }
        }
        match &mut self.phase {
            Phase::Relay(relay) => relay.upstream(bytes, now, out),
            Phase::Front(_) | Phase::Entry(_) | Phase::Closed => Ok(()),
        }
    }

    /// The credentials were accepted: on to the upstream.
    fn enter(&mut self, admission: Admission, now: Instant, out: &mut dyn Sink) {
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Front(front) => {
                self.phase = Phase::Entry(Box::new(Entry::new(*front, admission, self.settings, now)));
                out.request(Request::Connect);
            }
            other => self.phase = other,
        }
    }

    /// The upstream login has come out, one way or the other.
    fn entered(&mut self, entered: Entered, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        let entry = match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Entry(entry) => entry,
            // It comes too late: the login was given up meanwhile.
            other => {
                self.phase = other;
                return Ok(());
            }
        };
        let Entry { mut front, grant, addresses, typed, .. } = *entry;
        match entered {
            Entered::Open(upstream) => {
                out.request(Request::Note(Note::UpstreamOffers(upstream)));
                out.request(Request::Note(Note::LoggedIn));
                say_own(out, Own { code: 235, enhanced: "2.7.0", text: "Logged in" });
                self.phase = Phase::Relay(Box::new(Relay::new(self.settings, grant, addresses, upstream, now)));
            }
            Entered::Refused | Entered::Full(_) | Entered::Unavailable(_) => {
                out.request(Request::CloseUpstream);
                front.not_entered(&entered, typed, now, out);
                self.phase = Phase::Front(Box::new(front));
            }
        }
        Ok(())
    }

    fn tick(&mut self, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        match &mut self.phase {
            Phase::Front(front) => front.tick(now, out),
            Phase::Entry(entry) if now >= entry.deadline() => {
                self.entered(Entered::Unavailable("the upstream took too long to log in"), now, out)
            }
            Phase::Relay(relay) => relay.tick(&self.lines, now, out),
            Phase::Entry(_) | Phase::Closed => Ok(()),
        }
    }

    /// Ends the session. A reply may stand anywhere: to a command, to the end of a message or instead of it.
    fn end(&mut self, end: End, out: &mut dyn Sink) {
        if self.is_closed() {
            return;
        }
        if let Some(reply) = end.reply {
            say_own(out, reply);
        }
        if let (Phase::Relay(relay), Ending::Logout) = (&self.phase, end.ending) {
            relay.take_leave(out);
        }
        out.request(Request::Note(Note::Ended(end.ending)));
        out.request(Request::Close);
        self.phase = Phase::Closed;
        self.kept = Zeroizing::default();
    }
}

/// What delega calls itself. The host's name is nobody's concern, and no address of it is known here.
const NAME: &str = "delega";

/// Why a phase wants the session to end.
#[derive(Clone, Copy, Debug)]
struct End {
    ending: Ending,
    /// Said to the client first.
    reply: Option<Own>,
}

impl End {
    fn silent(ending: Ending) -> End {
        End { ending, reply: None }
    }

    fn client_fault(why: &'static str) -> End {
        End { ending: Ending::ClientFault(why), reply: Some(Own { code: 421, enhanced: "4.7.0", text: why }) }
    }

    fn upstream_fault(why: &'static str) -> End {
        const BROKE_OFF: Own = Own { code: 421, enhanced: "4.4.2", text: "The mail server broke off" };
        End { ending: Ending::UpstreamFault(why), reply: Some(BROKE_OFF) }
    }
}

/// Says the lines of a reply to the client.
fn say(out: &mut dyn Sink, lines: &[String]) {
    for line in lines {
        out.downstream(line.as_bytes());
        out.downstream(b"\r\n");
    }
}

fn say_own(out: &mut dyn Sink, own: Own) {
    say(out, &[own.to_string()]);
}

/// The answer to EHLO (RFC 5321 §4.1.1.1).
fn say_offered(out: &mut dyn Sink, offered: Extensions) {
    let extensions = offered.lines();
    let last = extensions.len();
    let lines = std::iter::once(NAME.to_owned()).chain(extensions);
    let marked = |(n, line): (usize, String)| format!("250{}{line}", if n == last { ' ' } else { '-' });
    say(out, &lines.enumerate().map(marked).collect::<Vec<_>>());
}

const HELP: Own = Own { code: 214, enhanced: "2.0.0", text: "delega relays what this mailbox may send" };
const DONE: Own = Own { code: 250, enhanced: "2.0.0", text: "Ok" };
const BYE: End = End { ending: Ending::Logout, reply: Some(Own { code: 221, enhanced: "2.0.0", text: "Bye" }) };
const LONG_LINE: Own = Own { code: 500, enhanced: "5.5.2", text: "The line is too long" };

/// The octets of a BDAT chunk that are thrown away; more than that, or a chunk of unknown size, ends the session.
fn thrown_away(command: Result<u64, Own>, bound: u64) -> Result<u64, End> {
    match command {
        Ok(octets) if octets <= bound => Ok(octets),
        Ok(_) | Err(_) => Err(End::client_fault("CHUNKING is not offered")),
    }
}

impl From<reply::Fault> for End {
    fn from(fault: reply::Fault) -> End {
        End::upstream_fault(fault.0)
    }
}

#[cfg(test)]
#[path = "bounds_tests.rs"]
mod tests;
