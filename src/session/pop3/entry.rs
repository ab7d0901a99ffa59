//! The gateway logs in upstream on the client's behalf (G5).
//!
//! The upstream is met with care: nothing of what it said before TLS counts after it, so it is not even asked for its
//! capabilities before; and a wrong turn ends the attempt, never the encryption. SASL PLAIN goes without an initial
//! response, which servers of the time of RFC 1734 do not know.

use std::time::Instant;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::Settings;
use super::front::Front;
use crate::domain::{Grant, limits};
use crate::proto::pop3::capability::{Capabilities, Capability as C};
use crate::proto::pop3::reply::{Code, Reply, Status};
use crate::proto::pop3::scanner::{Scanner, Step};
use crate::proto::sasl;
use crate::session::{Admission, Leg, Request, Sink};

const IN_THE_CLEAR: Entered = Entered::Unavailable("the upstream sent more in the clear after STLS");
const NO_WAY: Entered = Entered::Unavailable("the upstream offers no way to log in that delega knows");

/// How the attempt came out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// The mailbox is open; what the upstream offers.
    Open(Capabilities),
    /// The upstream did not accept the credentials.
    Refused,
    /// The mailbox has as many connections as it may have (X4), or is locked by another session.
    Full(&'static str),
    /// Something else is in the way.
    Unavailable(&'static str),
}

/// A session while the gateway logs in upstream.
#[derive(Debug)]
pub(super) struct Entry {
    pub front: Front,
    pub grant: Grant,
    /// Whether the client typed the upstream's password (L3).
    pub typed: bool,
    authzid: Option<String>,
    authcid: String,
    password: SecretString,
    scanner: Scanner,
    state: State,
    starttls: bool,
    /// The answer to CAPA so far.
    list: Vec<u8>,
    capabilities: Capabilities,
    deadline: Instant,
}

/// What the upstream is to say next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Connecting,
    Greeting,
    Stls,
    Handshake,
    Capa,
    /// The continuation of AUTH PLAIN.
    Challenge,
    /// The answer to USER.
    User,
    /// The answer to the credentials.
    Login,
}

impl Entry {
    pub fn new(front: Front, admission: Admission, settings: Settings, now: Instant) -> Entry {
        Entry {
            front,
            grant: admission.grant,
            typed: admission.upstream.typed,
            authzid: admission.upstream.authzid,
            authcid: admission.upstream.authcid,
            password: admission.upstream.password,
            scanner: Scanner::default(),
            state: State::Connecting,
            starttls: false,
            list: Vec::new(),
            capabilities: Capabilities::NONE,
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
        if self.state == State::Handshake {
            self.scanner = Scanner::default();
            self.send(b"CAPA", State::Capa, out);
        }
    }

    /// Takes bytes from the front of the upstream's; tells when the attempt has come out. What is left then belongs to
    /// the session that follows.
    pub fn upstream(&mut self, input: &mut &[u8], out: &mut dyn Sink) -> Option<Entered> {
        loop {
            // Not even part of a line may come between the answer to STLS and the handshake.
            if self.state == State::Handshake && !input.is_empty() {
                return Some(IN_THE_CLEAR);
            }
            let entered = match self.scanner.next(input) {
                Err(fault) => Some(Entered::Unavailable(fault.0)),
                Ok(Step::More) => return None,
                Ok(Step::Status(reply)) => self.reply(&reply, out),
                Ok(Step::Data(data)) if self.list.len() + data.len() > limits::CAPA_BYTES => {
                    Some(Entered::Unavailable("the upstream's list of capabilities is too long"))
                }
                Ok(Step::Data(data)) => {
                    self.list.extend_from_slice(data);
                    None
                }
                Ok(Step::End) => {
                    self.capabilities = Capabilities::parse(&std::mem::take(&mut self.list));
                    self.log_in(out)
                }
            };
            if entered.is_some() {
                return entered;
            }
        }
    }

    fn reply(&mut self, reply: &Reply, out: &mut dyn Sink) -> Option<Entered> {
        match (self.state, reply.status) {
            (State::Greeting, Status::Ok) if self.starttls => self.send(b"STLS", State::Stls, out),
            (State::Greeting, Status::Ok) => self.send(b"CAPA", State::Capa, out),
            (State::Stls, Status::Ok) => {
                self.state = State::Handshake;
                out.request(Request::StartTls(Leg::Upstream));
            }
            (State::Stls, Status::Err) => return Some(Entered::Unavailable("the upstream refused STLS")),
            (State::Capa, Status::Ok) => self.scanner.expect_lines(),
            // A server of RFC 1939 alone; what is optional there is not counted on.
            (State::Capa, Status::Err) => {
                self.capabilities = Capabilities::of(&[C::User]);
                return self.log_in(out);
            }
            (State::Challenge, Status::Continuation) => {
                let message = sasl::encode_plain(self.authzid.as_deref(), &self.authcid, &self.password);
                self.send(message.as_bytes(), State::Login, out);
            }
            (State::User, Status::Ok) => {
                let line = Zeroizing::new(format!("PASS {}", self.password.expose_secret()));
                self.send(line.as_bytes(), State::Login, out);
            }
            (State::Login, Status::Ok) => return Some(Entered::Open(self.capabilities)),
            (State::Greeting | State::Challenge | State::User | State::Login, Status::Err) => {
                return Some(self.refused(reply.code));
            }
            _ => return Some(Entered::Unavailable("the upstream spoke out of turn")),
        }
        None
    }

    /// What an upstream means that does not let us in.
    fn refused(&self, code: Option<Code>) -> Entered {
        match code {
            Some(Code::InUse) => Entered::Full("the upstream says that the mailbox is in use"),
            Some(Code::SysTemp | Code::SysPerm | Code::LoginDelay) => {
                Entered::Unavailable("the upstream could not log us in")
            }
            Some(Code::Auth) | None => match self.state {
                State::User | State::Login => Entered::Refused,
                // It has seen no credentials yet.
                _ => Entered::Unavailable("the upstream does not take us in"),
            },
        }
    }

    fn log_in(&mut self, out: &mut dyn Sink) -> Option<Entered> {
        let fits_a_line = |text: &str| !text.is_empty() && !text.contains(['\r', '\n', '\0']);
        if self.capabilities.has(C::SaslPlain) {
            self.send(b"AUTH PLAIN", State::Challenge, out);
            None
        } else if self.authzid.is_some() || !self.capabilities.has(C::User) {
            Some(NO_WAY)
        } else if fits_a_line(&self.authcid) && fits_a_line(self.password.expose_secret()) {
            let line = format!("USER {}", self.authcid);
            self.send(line.as_bytes(), State::User, out);
            None
        } else {
            Some(Entered::Unavailable("USER and PASS cannot carry this name or password"))
        }
    }

    fn send(&mut self, line: &[u8], next: State, out: &mut dyn Sink) {
        out.upstream(line);
        out.upstream(b"\r\n");
        self.state = next;
    }
}
