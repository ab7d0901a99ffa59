//! The gateway logs in upstream on the client's behalf (G5).
//!
//! The upstream is met with care: no PREAUTH, nothing of what it said before TLS counts after it, and a wrong turn ends
//! the attempt, never the encryption.

use std::collections::VecDeque;
use std::time::Instant;

use secrecy::{ExposeSecret, SecretString};

use super::Settings;
use super::front::Front;
use crate::domain::Grant;
use crate::proto::imap::capability::{Capabilities, Capability as C};
use crate::proto::imap::encode::push_string;
use crate::proto::imap::response::{self, Data, Head, Status};
use crate::proto::imap::scanner::{Scanner, Step};
use crate::proto::sasl;
use crate::session::{Admission, Leg, Request, Sink};

const IN_THE_CLEAR: &str = "the upstream sent more in the clear after STARTTLS";

/// How the attempt came out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// The mailbox is open; what the upstream offers.
    Open(Capabilities),
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
    /// Whether the client typed the upstream's password (L3).
    pub typed: bool,
    authzid: Option<String>,
    authcid: String,
    password: SecretString,
    scanner: Scanner,
    state: State,
    starttls: bool,
    capabilities: Option<Capabilities>,
    deadline: Instant,
    nonce: u64,
    commands: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Connecting,
    Greeting,
    StartTls,
    Handshake,
    Capability,
    /// Credentials are on their way; what is still to be sent, each part after a continuation.
    Login(VecDeque<Secret>),
    /// Logged in; capabilities are asked for once more.
    Last,
}

/// Bytes that hold a password.
#[derive(PartialEq, Eq)]
struct Secret(zeroize::Zeroizing<Vec<u8>>);

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
            typed: admission.upstream.typed,
            authzid: admission.upstream.authzid,
            authcid: admission.upstream.authcid,
            password: admission.upstream.password,
            scanner: Scanner::default(),
            state: State::Connecting,
            starttls: false,
            capabilities: None,
            deadline: now + settings.timeouts.upstream,
            nonce: settings.nonce,
            commands: 0,
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
            self.starttls = false;
            self.scanner = Scanner::default();
            self.ask_capabilities(State::Capability, out);
        }
    }

    /// Takes bytes from the front of the upstream's; tells when the attempt has come out. What is left then belongs to
    /// the session that follows.
    pub fn upstream(&mut self, input: &mut &[u8], out: &mut dyn Sink) -> Option<Entered> {
        // Not even part of a line may come between the answer to STARTTLS and the handshake.
        if self.state == State::Handshake && !input.is_empty() {
            return Some(Entered::Unavailable(IN_THE_CLEAR));
        }
        loop {
            let step = match self.scanner.next(input) {
                Ok(step) => step,
                Err(fault) => return Some(Entered::Unavailable(fault.0)),
            };
            match step {
                Step::More => return None,
                Step::End | Step::Data(_) => {}
                Step::Head { bytes, complete: false } => {
                    if let Err(fault) = self.scanner.hold(bytes) {
                        return Some(Entered::Unavailable(fault.0));
                    }
                }
                Step::Head { bytes, complete: true } => {
                    self.scanner.done();
                    if let Some(entered) = self.response(response::head(&bytes), &bytes, out) {
                        return Some(entered);
                    }
                    if self.state == State::Handshake && !input.is_empty() {
                        return Some(Entered::Unavailable(IN_THE_CLEAR));
                    }
                }
            }
        }
    }

    fn response(&mut self, head: Head<'_>, line: &[u8], out: &mut dyn Sink) -> Option<Entered> {
        match head {
            Head::Status(Status::Ok, code) if self.state == State::Greeting => {
                self.state = State::Capability;
                let shown = code.filter(|code| code.name.eq_ignore_ascii_case(b"CAPABILITY"));
                if self.starttls {
                    self.send(b"STARTTLS", out);
                    self.state = State::StartTls;
                } else if let Some(code) = shown {
                    self.capabilities = Some(Capabilities::parse(code.arguments));
                    return self.log_in(out);
                } else {
                    self.ask_capabilities(State::Capability, out);
                }
                None
            }
            Head::Status(Status::PreAuth, _) => {
                Some(Entered::Unavailable("the upstream says that we are logged in already (PREAUTH)"))
            }
            Head::Status(Status::Bye, _) => Some(Entered::Unavailable("the upstream said BYE")),
            _ if self.state == State::Greeting => Some(Entered::Unavailable("the upstream did not greet as IMAP does")),
            Head::Data(Data::Capability) => {
                self.capabilities = Some(Capabilities::parse(response::arguments(line)));
                None
            }
            Head::Continuation => self.go_on(out),
            Head::Tagged(tag, status, code) if tag == self.tag().as_bytes() => self.answered(status, code, out),
            Head::Tagged(..) => Some(Entered::Unavailable("the upstream answered a command that was not sent")),
            Head::Status(..) | Head::Data(_) | Head::Unknown => None,
        }
    }

    fn answered(&mut self, status: Status, code: Option<response::Code<'_>>, out: &mut dyn Sink) -> Option<Entered> {
        let code_is = |names: &[&str]| {
            code.is_some_and(|code| names.iter().any(|name| code.name.eq_ignore_ascii_case(name.as_bytes())))
        };
        match (&self.state, status) {
            (State::StartTls, Status::Ok) => {
                self.state = State::Handshake;
                // Whatever it said of itself in the clear is forgotten.
                self.capabilities = None;
                out.request(Request::StartTls(Leg::Upstream));
                None
            }
            (State::StartTls, _) => Some(Entered::Unavailable("the upstream refused STARTTLS")),
            (State::Capability, Status::Ok) => self.log_in(out),
            (State::Login(_), Status::Ok) => match code.filter(|code| code.name.eq_ignore_ascii_case(b"CAPABILITY")) {
                Some(code) => Some(Entered::Open(Capabilities::parse(code.arguments))),
                None => {
                    self.capabilities = None;
                    self.ask_capabilities(State::Last, out);
                    None
                }
            },
            (State::Login(_), Status::No)
                if !code_is(&["UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG", "CONTACTADMIN", "PRIVACYREQUIRED"]) =>
            {
                Some(Entered::Refused)
            }
            (State::Login(_), _) if code_is(&["LIMIT"]) => {
                Some(Entered::Full("the upstream allows no more connections to this mailbox"))
            }
            (State::Login(_), _) => Some(Entered::Unavailable("the upstream could not log us in")),
            (State::Last, Status::Ok) => Some(match self.capabilities {
                Some(capabilities) => Entered::Open(capabilities),
                None => Entered::Unavailable("the upstream does not say what it offers"),
            }),
            _ => Some(Entered::Unavailable("the upstream does not say what it offers")),
        }
    }

    fn log_in(&mut self, out: &mut dyn Sink) -> Option<Entered> {
        let Some(offered) = self.capabilities else {
            return Some(Entered::Unavailable("the upstream does not say what it offers"));
        };
        if offered.has(C::AuthPlain) {
            let message = sasl::encode_plain(self.authzid.as_deref(), &self.authcid, &self.password);
            if offered.has(C::SaslIr) {
                let command = zeroize::Zeroizing::new(format!("AUTHENTICATE PLAIN {}", message.as_str()));
                self.send(command.as_bytes(), out);
                self.state = State::Login(VecDeque::new());
            } else {
                let line = zeroize::Zeroizing::new([message.as_bytes(), b"\r\n"].concat());
                self.send(b"AUTHENTICATE PLAIN", out);
                self.state = State::Login(VecDeque::from([Secret(line)]));
            }
            return None;
        }
        if offered.has(C::LoginDisabled) || self.authzid.is_some() {
            return Some(Entered::Unavailable("the upstream offers no way to log in that delega knows"));
        }
        // Strings that cannot be quoted go as literals, each octet sequence after its continuation.
        let mut parts = VecDeque::new();
        let mut text = zeroize::Zeroizing::new(b"LOGIN ".to_vec());
        for (n, string) in [self.authcid.as_str(), self.password.expose_secret()].into_iter().enumerate() {
            text.extend_from_slice(if n == 0 { b"" } else { b" " });
            let mut encoded = zeroize::Zeroizing::new(Vec::new());
            push_string(&mut encoded, string.as_bytes());
            match encoded.first() {
                Some(b'{') => {
                    text.extend_from_slice(format!("{{{}}}\r\n", string.len()).as_bytes());
                    parts.push_back(Secret(std::mem::replace(&mut text, zeroize::Zeroizing::new(Vec::new()))));
                    text.extend_from_slice(string.as_bytes());
                }
                _ => text.extend_from_slice(&encoded),
            }
        }
        text.extend_from_slice(b"\r\n");
        parts.push_back(Secret(text));
        self.commands += 1;
        out.upstream(format!("{} ", self.tag()).as_bytes());
        self.state = State::Login(parts);
        self.go_on(out)
    }

    /// Sends the next part of the credentials.
    fn go_on(&mut self, out: &mut dyn Sink) -> Option<Entered> {
        match &mut self.state {
            State::Login(parts) => match parts.pop_front() {
                Some(part) => {
                    out.upstream(&part.0);
                    None
                }
                None => Some(Entered::Unavailable("the upstream asks for more than SASL PLAIN has")),
            },
            _ => Some(Entered::Unavailable("the upstream asked for something out of turn")),
        }
    }

    fn ask_capabilities(&mut self, next: State, out: &mut dyn Sink) {
        self.send(b"CAPABILITY", out);
        self.state = next;
    }

    fn send(&mut self, command: &[u8], out: &mut dyn Sink) {
        self.commands += 1;
        out.upstream(format!("{} ", self.tag()).as_bytes());
        out.upstream(command);
        out.upstream(b"\r\n");
    }

    fn tag(&self) -> String {
        format!("D{:016x}{}", self.nonce, self.commands)
    }
}
