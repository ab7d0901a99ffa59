//! Before login: the greeting, CAPABILITY, ID, STARTTLS, LOGIN and AUTHENTICATE, all answered here (G1, L1, L3, S5).

use std::time::Instant;

use secrecy::SecretString;

use super::entry::Entered;
use super::{End, ID, Settings, bad, program, unreadable};
use crate::policy::imap::{self as policy, Answer, Channel, Decision};
use crate::proto::imap::capability::Capabilities;
use crate::proto::imap::command::{self, Command};
use crate::proto::imap::framer::{Frame, Framer, Raw};
use crate::proto::sasl;
use crate::session::patience::Patience;
use crate::session::{Denial, Ending, Leg, NOT_ACCEPTED, Note, Request, Sink, earlier};

const FULL: &str = "[LIMIT] The mailbox has too many connections, close a program or try later (la casella ha troppe connessioni: chiudi un programma o riprova)";
const UNAVAILABLE: &str = "[UNAVAILABLE] The mailbox cannot be reached now, try again later";

/// For what a web browser was made to send.
const HTTP: End = End { ending: Ending::ClientFault("HTTP"), bye: Some("This is a mail server") };

/// A session before login.
#[derive(Debug)]
pub(super) struct Front {
    channel: Channel,
    state: State,
    patience: Patience,
}

#[derive(Debug)]
enum State {
    /// A command is awaited.
    Command,
    /// The line with the SASL response is awaited.
    Sasl { tag: Vec<u8> },
    /// The credentials are being checked.
    Verifying { tag: Vec<u8>, since: Instant },
    /// A refusal is kept back until its time (S5).
    Refusing { tag: Vec<u8>, at: Instant },
    /// The handshake after STARTTLS.
    StartingTls,
}

impl Front {
    pub fn new(settings: Settings, now: Instant) -> Front {
        Front {
            channel: if settings.starttls { Channel::BeforeStartTls } else { Channel::Private },
            state: State::Command,
            patience: Patience::new(&settings.timeouts, now),
        }
    }

    pub fn greet(&self, out: &mut dyn Sink) {
        let offered = policy::offered_before_login(self.channel);
        out.downstream(format!("* OK [CAPABILITY {offered}] delega ready\r\n").as_bytes());
    }

    pub fn wants_command(&self) -> bool {
        matches!(self.state, State::Command | State::Sasl { .. })
    }

    /// Whether nothing may come but a handshake.
    pub fn is_starting_tls(&self) -> bool {
        matches!(self.state, State::StartingTls)
    }

    pub fn deadline(&self) -> Option<Instant> {
        let refusal = match self.state {
            State::Refusing { at, .. } => Some(at),
            _ => None,
        };
        earlier(Some(self.patience.login_deadline()), refusal)
    }

    pub fn tick(&mut self, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        if let State::Refusing { tag, at } = &self.state
            && now >= *at
        {
            out.downstream(&[tag, format!(" NO [AUTHENTICATIONFAILED] {NOT_ACCEPTED}\r\n").as_bytes()].concat());
            self.state = State::Command;
            if self.patience.is_spent() {
                return Err(End::client_fault("Too many failed logins"));
            }
        }
        if now >= self.patience.login_deadline() {
            return Err(End { ending: Ending::ClientTimeout, bye: Some("Not logged in in time") });
        }
        Ok(())
    }

    pub fn tls_started(&mut self) {
        self.channel = Channel::Private;
        self.state = State::Command;
    }

    /// The credentials were not accepted, or could not be checked.
    pub fn denied(&mut self, denial: Denial, now: Instant, out: &mut dyn Sink) {
        let State::Verifying { tag, since } = std::mem::replace(&mut self.state, State::Command) else { return };
        match denial {
            Denial::Refused => self.state = State::Refusing { tag, at: self.patience.refusal_time(since, now) },
            Denial::Full => out.downstream(&[&tag, b" NO ".as_slice(), FULL.as_bytes(), b"\r\n"].concat()),
            Denial::Unavailable => {
                out.downstream(&[&tag, b" NO ".as_slice(), UNAVAILABLE.as_bytes(), b"\r\n"].concat())
            }
        }
    }

    /// The upstream did not let us in. Where the client typed the password itself (L3), the upstream's refusal is ours.
    pub fn not_entered(&mut self, entered: &Entered, typed: bool, now: Instant, out: &mut dyn Sink) {
        match entered {
            Entered::Refused if typed => {
                out.request(Request::Note(Note::UpstreamRefusedOwner));
                self.denied(Denial::Refused, now, out);
            }
            Entered::Refused => {
                out.request(Request::Note(Note::UpstreamRefusedLogin));
                self.denied(Denial::Unavailable, now, out);
            }
            Entered::Full(why) => {
                out.request(Request::Note(Note::UpstreamUnavailable(why)));
                self.denied(Denial::Full, now, out);
            }
            Entered::Unavailable(why) => {
                out.request(Request::Note(Note::UpstreamUnavailable(why)));
                self.denied(Denial::Unavailable, now, out);
            }
            Entered::Open(_) => {}
        }
    }

    /// The upstream is open: the client is logged in.
    pub fn admitted(&mut self, offered: Capabilities, out: &mut dyn Sink) {
        if let State::Verifying { tag, .. } = &self.state {
            out.downstream(&[tag, format!(" OK [CAPABILITY {offered}] Logged in\r\n").as_bytes()].concat());
        }
    }

    /// Takes one command from the client's bytes; false when there is no more to take.
    pub fn take(
        &mut self,
        framer: &mut Framer,
        input: &mut &[u8],
        now: Instant,
        out: &mut dyn Sink,
    ) -> Result<bool, End> {
        match framer.next(input) {
            Frame::Incomplete => return Ok(false),
            Frame::Discarded => {}
            Frame::Fault(fault) => return Err(fault.into()),
            Frame::Unreadable(..) if matches!(self.state, State::Sasl { .. }) => self.sasl_fault(out)?,
            // Of a line that is too long the beginning and the end are there, which is where HTTP shows.
            Frame::Unreadable(raw, _) if is_http(&raw.bytes) => return Err(HTTP),
            Frame::Unreadable(raw, why) => self.fault(command::tag(&raw.bytes), unreadable(why), out)?,
            Frame::Announced(announcement) => {
                if matches!(self.state, State::Sasl { .. }) {
                    framer.refuse()?;
                    self.sasl_fault(out)?;
                } else if let Some(answer) = self.early(framer.so_far()) {
                    framer.refuse()?;
                    out.downstream(&answer);
                    self.count_fault()?;
                } else if framer.fits(announcement) {
                    framer.collect();
                    if announcement.synchronizing {
                        out.downstream(b"+ OK\r\n");
                    }
                } else {
                    let tag = command::tag(&framer.so_far().bytes).map(<[u8]>::to_vec);
                    framer.refuse()?;
                    self.fault(tag.as_deref(), "The literal is too long or cannot be read", out)?;
                }
            }
            Frame::Command(raw) => match std::mem::replace(&mut self.state, State::Command) {
                State::Sasl { tag } => self.sasl(tag, raw, now, out)?,
                _ => self.command(raw, now, out)?,
            },
        }
        Ok(true)
    }

    /// The answer to a command that is refused before its literal is taken.
    fn early(&self, raw: &Raw) -> Option<Vec<u8>> {
        match command::head(raw) {
            Err(misunderstood) => Some(bad(misunderstood.tag.as_deref(), misunderstood.text)),
            Ok(head) => match policy::before_login(self.channel, head.verb) {
                Decision::Refuse(refusal) => Some(refused(&head.tag, refusal)),
                Decision::Answer(_) | Decision::Forward(_) => None,
            },
        }
    }

    fn command(&mut self, raw: Raw, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        // What a web browser can be made to send here is not answered, and nothing of it is echoed.
        if command::head(&raw).is_err() && is_http(&raw.bytes) {
            return Err(HTTP);
        }
        let mut command = match Command::parse(raw) {
            Ok(command) => command,
            Err(misunderstood) => return self.fault(misunderstood.tag.as_deref(), misunderstood.text, out),
        };
        let tag = command.tag().to_vec();
        let reply = |text: &str| [&tag, text.as_bytes(), b"\r\n".as_slice()].concat();
        match policy::before_login(self.channel, command.verb) {
            Decision::Refuse(refusal) => {
                out.downstream(&refused(&tag, refusal));
                self.count_fault()?;
            }
            Decision::Answer(Answer::Capability) => {
                let offered = policy::offered_before_login(self.channel);
                out.downstream(format!("* CAPABILITY {offered}\r\n").as_bytes());
                out.downstream(&reply(" OK Done"));
            }
            Decision::Answer(Answer::Id) => {
                if let Some(program) = program(&command) {
                    out.request(Request::Note(Note::Program(program)));
                }
                out.downstream(ID);
                out.downstream(&reply(" OK Done"));
            }
            Decision::Answer(Answer::Logout) => {
                out.downstream(b"* BYE Logging out\r\n");
                out.downstream(&reply(" OK Done"));
                return Err(End { ending: Ending::Logout, bye: None });
            }
            Decision::Answer(Answer::StartTls) => {
                out.downstream(&reply(" OK Begin TLS now"));
                self.state = State::StartingTls;
                out.request(Request::StartTls(Leg::Downstream));
            }
            Decision::Answer(Answer::Login) => {
                let login = command.argument(0).map(|name| String::from_utf8_lossy(&name).into_owned());
                let password = command.argument(1).and_then(|password| String::from_utf8(password.into_owned()).ok());
                command.wipe();
                self.verify(tag, login.unwrap_or_default(), SecretString::from(password.unwrap_or_default()), now, out);
            }
            Decision::Answer(Answer::Authenticate) => {
                let plain = command.argument(0).is_some_and(|name| name.eq_ignore_ascii_case(b"PLAIN"));
                let initial = command.argument(1).map(std::borrow::Cow::into_owned);
                command.wipe();
                match (plain, initial) {
                    (false, _) => out.downstream(&reply(" NO [CANNOT] Only PLAIN is offered")),
                    (true, None) => {
                        out.downstream(b"+ \r\n");
                        self.state = State::Sasl { tag };
                    }
                    (true, Some(initial)) => self.plain(tag, &initial, now, out)?,
                }
            }
            Decision::Answer(Answer::Nothing) => out.downstream(&reply(" OK Done")),
            // None of these exists before login.
            Decision::Answer(Answer::NothingEnabled | Answer::MyRights) | Decision::Forward(_) => {
                self.fault(Some(&tag), "Log in first", out)?;
            }
        }
        Ok(())
    }

    fn sasl(&mut self, tag: Vec<u8>, mut raw: Raw, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        if raw.bytes == b"*" {
            return self.fault(Some(&tag), "Cancelled", out);
        }
        let result = self.plain(tag, &raw.bytes, now, out);
        zeroize::Zeroize::zeroize(&mut raw.bytes);
        result
    }

    fn plain(&mut self, tag: Vec<u8>, base64: &[u8], now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        match sasl::decode_plain(base64) {
            Ok(plain) => {
                self.verify(tag, plain.authcid, plain.password, now, out);
                Ok(())
            }
            Err(sasl::PlainFault::Malformed) => self.fault(Some(&tag), "Not a SASL PLAIN message", out),
            Err(sasl::PlainFault::Authzid) => {
                out.downstream(
                    &[&tag, b" NO [AUTHORIZATIONFAILED] Nobody may act for another\r\n".as_slice()].concat(),
                );
                self.count_fault()
            }
        }
    }

    fn sasl_fault(&mut self, out: &mut dyn Sink) -> Result<(), End> {
        match std::mem::replace(&mut self.state, State::Command) {
            State::Sasl { tag } => self.fault(Some(&tag), "Not a SASL PLAIN message", out),
            other => {
                self.state = other;
                Ok(())
            }
        }
    }

    fn verify(&mut self, tag: Vec<u8>, login: String, password: SecretString, now: Instant, out: &mut dyn Sink) {
        self.patience.attempt();
        self.state = State::Verifying { tag, since: now };
        out.request(Request::Verify { login, password });
    }

    fn fault(&mut self, tag: Option<&[u8]>, text: &str, out: &mut dyn Sink) -> Result<(), End> {
        out.downstream(&bad(tag, text));
        self.count_fault()
    }

    fn count_fault(&mut self) -> Result<(), End> {
        if self.patience.fault() { Err(End::client_fault("Too many bad commands")) } else { Ok(()) }
    }
}

/// `tag NO [CODE] text` or `tag BAD text`.
pub(super) fn refused(tag: &[u8], refusal: policy::Refusal) -> Vec<u8> {
    match refusal.code {
        Some(code) => [tag, format!(" NO [{code}] {}\r\n", refusal.text).as_bytes()].concat(),
        None => bad(Some(tag), refusal.text),
    }
}

/// `METHOD SP target SP "HTTP/" …` (RFC 9112 §3)
fn is_http(line: &[u8]) -> bool {
    let mut words = line.split(|b| *b == b' ');
    let method = words.next().is_some_and(|word| !word.is_empty() && word.iter().all(u8::is_ascii_uppercase));
    method && words.next().is_some() && words.next().is_some_and(|word| word.starts_with(b"HTTP/"))
}
