//! The gateway logs in upstream on the client's behalf (G5).
//!
//! The upstream is met with care: nothing of what it said before TLS counts after it, and a wrong turn ends the attempt,
//! never the encryption.

use std::collections::VecDeque;
use std::time::Instant;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::Settings;
use super::front::Front;
use crate::domain::{Grant, MailboxAddress};
use crate::proto::sasl;
use crate::proto::smtp::extension::{Extension as E, Extensions};
use crate::proto::smtp::reply::{Kind, Reply, Scanner};
use crate::session::{Admission, Leg, Request, Sink};

/// What the gateway calls itself to the upstream: it knows no name of its host's, and a literal is what RFC 5321 §4.1.4
/// has for that case. The client's own name for itself goes no further.
const EHLO: &[u8] = b"EHLO [127.0.0.1]\r\n";

const IN_THE_CLEAR: &str = "the upstream sent more in the clear after STARTTLS";

/// How the attempt came out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// The mailbox is open; what the upstream offers.
    Open(Extensions),
    /// The upstream did not accept the credentials.
    Refused,
    /// The mailbox has as many connections as it may have (X4).
    Full(&'static str),
    /// Something else is in the way.
    Unavailable(&'static str),
}

/// A session while the gateway logs in upstream.
#[derive(Debug)]
pub(super) struct Entry {
    pub front: Front,
    pub grant: Grant,
    pub addresses: Vec<MailboxAddress>,
    /// Whether the client typed the upstream's password (L3).
    pub typed: bool,
    authzid: Option<String>,
    authcid: String,
    password: SecretString,
    scanner: Scanner,
    state: State,
    starttls: bool,
    offered: Extensions,
    deadline: Instant,
}

#[derive(Debug)]
enum State {
    Connecting,
    Greeting,
    Ehlo,
    StartTls,
    Handshake,
    /// Credentials are on their way; what is still to be sent, each part when it is asked for.
    Login(VecDeque<Secret>),
}

/// Bytes that hold a password.
struct Secret(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Entry {
    pub fn new(front: Front, admission: Admission, settings: Settings, now: Instant) -> Entry {
        Entry {
            front,
            grant: admission.grant,
            addresses: admission.addresses,
            typed: admission.upstream.typed,
            authzid: admission.upstream.authzid,
            authcid: admission.upstream.authcid,
            password: admission.upstream.password,
            scanner: Scanner::default(),
            state: State::Connecting,
            starttls: false,
            offered: Extensions::NONE,
            deadline: now + settings.timeouts.upstream,
        }
    }

    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    pub fn connected(&mut self, starttls: bool) {
        self.starttls = starttls;
        self.state = State::Greeting;
    }

    pub fn tls_started(&mut self, out: &mut dyn Sink) {
        if matches!(self.state, State::Handshake) {
            self.starttls = false;
            out.upstream(EHLO);
            self.state = State::Ehlo;
        }
    }

    /// Takes bytes from the front of the upstream's; tells when the attempt has come out. What is left then belongs to
    /// the session that follows.
    pub fn upstream(&mut self, input: &mut &[u8], out: &mut dyn Sink) -> Option<Entered> {
        loop {
            // Not even part of a line may come between the answer to STARTTLS and the handshake.
            if matches!(self.state, State::Handshake) && !input.is_empty() {
                return Some(Entered::Unavailable(IN_THE_CLEAR));
            }
            let reply = match self.scanner.next(input) {
                Ok(Some(reply)) => reply,
                Ok(None) => return None,
                Err(fault) => return Some(Entered::Unavailable(fault.0)),
            };
            if let Some(entered) = self.reply(&reply, out) {
                return Some(entered);
            }
        }
    }

    fn reply(&mut self, reply: &Reply, out: &mut dyn Sink) -> Option<Entered> {
        match (&mut self.state, reply.code) {
            (State::Greeting, 220) => {
                out.upstream(EHLO);
                self.state = State::Ehlo;
                None
            }
            (State::Connecting | State::Greeting, _) => {
                Some(Entered::Unavailable("the upstream did not greet as SMTP does"))
            }
            (State::Ehlo, 250) => {
                self.offered = Extensions::parse(reply.lines.iter().skip(1).map(String::as_str));
                if self.starttls { self.begin_tls(out) } else { self.log_in(out) }
            }
            (State::Ehlo, _) => Some(Entered::Unavailable("the upstream does not say what it offers")),
            (State::StartTls, 220) => {
                self.state = State::Handshake;
                // Whatever it said of itself in the clear is forgotten.
                self.offered = Extensions::NONE;
                out.request(Request::StartTls(Leg::Upstream));
                None
            }
            (State::StartTls, _) => Some(Entered::Unavailable("the upstream refused STARTTLS")),
            (State::Handshake, _) => Some(Entered::Unavailable(IN_THE_CLEAR)),
            (State::Login(parts), 334) => match parts.pop_front() {
                Some(part) => {
                    out.upstream(&part.0);
                    None
                }
                None => Some(Entered::Unavailable("the upstream asks for more than the mechanism has")),
            },
            (State::Login(parts), 235) if parts.is_empty() => Some(Entered::Open(self.offered)),
            (State::Login(_), 535) => Some(Entered::Refused),
            (State::Login(_), _) => Some(Entered::Unavailable(match reply.kind() {
                Kind::Done | Kind::GoOn => "the upstream answered AUTH as nobody does",
                Kind::NotNow | Kind::Never => "the upstream could not log us in",
            })),
        }
    }

    /// STARTTLS is asked for even where it is not offered: what is said in the clear may have been changed on its way.
    fn begin_tls(&mut self, out: &mut dyn Sink) -> Option<Entered> {
        out.upstream(b"STARTTLS\r\n");
        self.state = State::StartTls;
        None
    }

    fn log_in(&mut self, out: &mut dyn Sink) -> Option<Entered> {
        let line = |text: &str| Secret(Zeroizing::new([text.as_bytes(), b"\r\n"].concat()));
        if self.offered.has(E::AuthPlain) {
            let message = sasl::encode_plain(self.authzid.as_deref(), &self.authcid, &self.password);
            out.upstream(b"AUTH PLAIN ");
            out.upstream(&line(&message).0);
            self.state = State::Login(VecDeque::new());
            return None;
        }
        // LOGIN has no way to say whom one acts for.
        if !self.offered.has(E::AuthLogin) || self.authzid.is_some() {
            return Some(Entered::Unavailable("the upstream offers no way to log in that delega knows"));
        }
        let name = sasl::encode_login(&self.authcid);
        let password = sasl::encode_login(self.password.expose_secret());
        out.upstream(b"AUTH LOGIN\r\n");
        self.state = State::Login(VecDeque::from([line(&name), line(&password)]));
        None
    }
}
