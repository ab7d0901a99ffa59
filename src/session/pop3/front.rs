//! Before login: the greeting, CAPA, STLS, USER and PASS, AUTH PLAIN, QUIT, all answered here (G3, L1, L3, S5).
//!
//! Every command has one answer; where it is the one fault too many, that answer is the last.

use std::time::Instant;

use secrecy::{ExposeSecret, SecretString};

use super::entry::Entered;
use super::{End, Settings, unreadable};
use crate::policy::pop3::{self as policy, Answer, Channel, Refusal};
use crate::proto::pop3::command::{Command, Mechanism};
use crate::proto::pop3::framer::{Frame, Framer};
use crate::proto::sasl;
use crate::session::patience::Patience;
use crate::session::{Denial, Ending, Leg, NOT_ACCEPTED, Note, Request, Sink, earlier};

/// Within the 512 octets of RFC 2449, as every answer is.
const FULL: &[u8] = b"-ERR [IN-USE] The mailbox has too many connections, close a program or try later (la casella ha troppe connessioni: chiudi un programma o riprova)\r\n";
const UNAVAILABLE: &[u8] = b"-ERR [SYS/TEMP] The mailbox cannot be reached now, try again later (la casella ora non si raggiunge: riprova)\r\n";

/// For what a web browser was made to send; nothing of it is echoed.
const HTTP: End = End { ending: Ending::ClientFault("HTTP"), text: Some("This is a mail server") };

/// A session before login.
#[derive(Debug)]
pub(super) struct Front {
    channel: Channel,
    state: State,
    /// What USER said, until a password has come.
    user: Option<String>,
    patience: Patience,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// A command is awaited.
    Command,
    /// The line with the SASL response is awaited.
    Sasl,
    /// The credentials are being checked.
    Verifying { since: Instant },
    /// A refusal is kept back until its time (S5).
    Refusing { at: Instant },
    /// The handshake after STLS.
    StartingTls,
}

impl Front {
    pub fn new(settings: Settings, now: Instant) -> Front {
        Front {
            channel: if settings.starttls { Channel::BeforeStls } else { Channel::Private },
            state: State::Command,
            user: None,
            patience: Patience::new(&settings.timeouts, now),
        }
    }

    pub fn wants_command(&self) -> bool {
        matches!(self.state, State::Command | State::Sasl)
    }

    /// Whether nothing may come but a handshake.
    pub fn is_starting_tls(&self) -> bool {
        matches!(self.state, State::StartingTls)
    }

    /// Whether the client has said something whose answer is still due.
    pub fn awaits_answer(&self) -> bool {
        matches!(self.state, State::Sasl | State::Verifying { .. } | State::Refusing { .. })
    }

    pub fn deadline(&self) -> Option<Instant> {
        let refusal = match self.state {
            State::Refusing { at } => Some(at),
            State::Command | State::Sasl | State::Verifying { .. } | State::StartingTls => None,
        };
        earlier(Some(self.patience.login_deadline()), refusal)
    }

    pub fn tick(&mut self, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        if let State::Refusing { at } = self.state
            && now >= at
        {
            out.downstream(format!("-ERR [AUTH] {NOT_ACCEPTED}\r\n").as_bytes());
            self.state = State::Command;
            if self.patience.is_spent() {
                return Err(End { ending: Ending::ClientFault("Too many failed logins"), text: None });
            }
        }
        if now >= self.patience.login_deadline() {
            return Err(End { ending: Ending::ClientTimeout, text: Some("[SYS/TEMP] Not logged in in time") });
        }
        Ok(())
    }

    pub fn tls_started(&mut self) {
        self.channel = Channel::Private;
        self.state = State::Command;
        self.user = None;
    }

    /// The credentials were not accepted, or could not be checked.
    pub fn denied(&mut self, denial: Denial, now: Instant, out: &mut dyn Sink) {
        let State::Verifying { since } = self.state else { return };
        self.state = State::Command;
        match denial {
            Denial::Refused => self.state = State::Refusing { at: self.patience.refusal_time(since, now) },
            Denial::Full => out.downstream(FULL),
            Denial::Unavailable => out.downstream(UNAVAILABLE),
        }
    }

    /// The upstream did not let us in. Where the client typed the password itself (L3), the upstream's refusal is ours.
    pub fn not_entered(&mut self, entered: &Entered, typed: bool, now: Instant, out: &mut dyn Sink) {
        let (note, denial) = match entered {
            Entered::Refused if typed => (Note::UpstreamRefusedOwner, Denial::Refused),
            Entered::Refused => (Note::UpstreamRefusedLogin, Denial::Unavailable),
            Entered::Full(why) => (Note::UpstreamUnavailable(why), Denial::Full),
            Entered::Unavailable(why) => (Note::UpstreamUnavailable(why), Denial::Unavailable),
            Entered::Open(_) => return,
        };
        out.request(Request::Note(note));
        self.denied(denial, now, out);
    }

    /// Takes one line from the client's bytes; false when there is no more to take.
    pub fn take(
        &mut self,
        framer: &mut Framer,
        input: &mut &[u8],
        now: Instant,
        out: &mut dyn Sink,
    ) -> Result<bool, End> {
        let state = self.state;
        match (framer.next(input), state) {
            (Frame::Incomplete, _) => return Ok(false),
            (Frame::Fault(fault), _) => return Err(fault.into()),
            (frame, State::Sasl) => {
                self.state = State::Command;
                match frame {
                    Frame::Line(line) if line.as_slice() == b"*" => self.fault("Cancelled", out)?,
                    Frame::Line(line) => self.plain(&line, now, out)?,
                    _ => self.fault("Not a SASL PLAIN message", out)?,
                }
            }
            (Frame::Unreadable(line, _), _) if is_http(&line) => return Err(HTTP),
            (Frame::Unreadable(_, why), _) => self.fault(unreadable(why), out)?,
            (Frame::Line(line), _) => match Command::parse(&line) {
                Ok(command) => self.command(command, now, out)?,
                Err(misunderstood) if misunderstood.verb.is_none() && is_http(&line) => return Err(HTTP),
                // Before TLS the answer to a login is the same whether it can be read or not.
                Err(misunderstood) => match misunderstood.verb.map(|verb| policy::before_login(self.channel, verb)) {
                    Some(Err(Refusal(text))) => self.fault(text, out)?,
                    Some(Ok(_)) | None => self.fault(misunderstood.text, out)?,
                },
            },
        }
        Ok(true)
    }

    fn command(&mut self, command: Command, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        let answer = match policy::before_login(self.channel, command.verb()) {
            Ok(answer) => answer,
            Err(Refusal(text)) => return self.fault(text, out),
        };
        match (answer, command) {
            (Answer::Capa, _) => {
                let offered = policy::offered_before_login(self.channel);
                out.downstream(format!("+OK\r\n{offered}").as_bytes());
            }
            (Answer::Stls, _) => {
                out.downstream(b"+OK Begin TLS now\r\n");
                self.state = State::StartingTls;
                out.request(Request::StartTls(Leg::Downstream));
            }
            (Answer::Quit, _) => {
                out.downstream(b"+OK Logging out\r\n");
                return Err(End { ending: Ending::Logout, text: None });
            }
            (Answer::User, Command::User(name)) => {
                self.user = Some(name);
                out.downstream(b"+OK\r\n");
            }
            (Answer::Pass, Command::Pass(password)) => match (self.user.take(), password) {
                (None, _) => return self.fault("USER comes first", out),
                (Some(login), Some(password)) => self.verify(login, password, now, out),
                (Some(_), None) => {
                    self.patience.attempt();
                    self.state = State::Refusing { at: self.patience.refusal_time(now, now) };
                }
            },
            (Answer::Auth, Command::Auth(Mechanism::List)) => out.downstream(b"+OK\r\nPLAIN\r\n.\r\n"),
            (Answer::Auth, Command::Auth(Mechanism::Other)) => out.downstream(b"-ERR Only PLAIN is offered\r\n"),
            (Answer::Auth, Command::Auth(Mechanism::Plain(None))) => {
                out.downstream(b"+ \r\n");
                self.state = State::Sasl;
            }
            (Answer::Auth, Command::Auth(Mechanism::Plain(Some(initial)))) => {
                return self.plain(initial.expose_secret().as_bytes(), now, out);
            }
            // The answers of other commands.
            (Answer::User | Answer::Pass | Answer::Auth | Answer::Nothing, _) => {
                return self.fault("Log in first", out);
            }
        }
        Ok(())
    }

    fn plain(&mut self, base64: &[u8], now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        match sasl::decode_plain(base64) {
            Ok(plain) => {
                self.verify(plain.authcid, plain.password, now, out);
                Ok(())
            }
            Err(sasl::PlainFault::Malformed) => self.fault("Not a SASL PLAIN message", out),
            Err(sasl::PlainFault::Authzid) => self.fault("[AUTH] Nobody may act for another", out),
        }
    }

    fn verify(&mut self, login: String, password: SecretString, now: Instant, out: &mut dyn Sink) {
        self.user = None;
        self.patience.attempt();
        self.state = State::Verifying { since: now };
        out.request(Request::Verify { login, password });
    }

    /// The answer to what is refused or broken; an end where it is one too many.
    fn fault(&mut self, text: &str, out: &mut dyn Sink) -> Result<(), End> {
        if self.patience.fault() {
            return Err(End::client_fault("Too many bad commands"));
        }
        out.downstream(format!("-ERR {text}\r\n").as_bytes());
        Ok(())
    }
}

/// `METHOD SP target SP "HTTP/" …` (RFC 9112 §3); of a line that is too long the method and the beginning of the target
/// tell.
fn is_http(line: &[u8]) -> bool {
    let mut words = line.split(|b| *b == b' ');
    let method = words.next().is_some_and(|word| !word.is_empty() && word.iter().all(u8::is_ascii_uppercase));
    let path = words.next().is_some_and(|target| target.starts_with(b"/"));
    method && (path || words.next().is_some_and(|word| word.starts_with(b"HTTP/")))
}
