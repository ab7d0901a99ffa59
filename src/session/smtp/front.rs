//! Before login: the greeting, EHLO, STARTTLS, AUTH and what else needs nobody, all answered here (G2, L1, L3, S5).

use std::time::Instant;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::entry::Entered;
use super::{BYE, DONE, End, HELP, LONG_LINE, NAME, Settings, say, say_offered, say_own, thrown_away};
use crate::domain::limits;
use crate::policy::smtp::{self as policy, Answer, Channel, Decision};
use crate::proto::sasl;
use crate::proto::smtp::command::{self, Arguments, Command};
use crate::proto::smtp::line::{Lines, Step};
use crate::proto::smtp::reply::Own;
use crate::proto::smtp::verb::Verb;
use crate::session::patience::Patience;
use crate::session::{Denial, Ending, Leg, NOT_ACCEPTED, Note, Request, Sink, earlier};

const REFUSED: Own = Own { code: 535, enhanced: "5.7.8", text: NOT_ACCEPTED };
const UNAVAILABLE: Own =
    Own { code: 454, enhanced: "4.7.0", text: "The mailbox cannot be reached now, try again later" };
const FULL: Own = Own {
    code: 454,
    enhanced: "4.7.0",
    text: "The mailbox has too many connections, close a program or try later (la casella ha troppe connessioni: chiudi un programma o riprova)",
};
const AUTHZID: Own = Own { code: 535, enhanced: "5.7.8", text: "Nobody may act for another" };
const CANCELLED: Own = Own { code: 501, enhanced: "5.7.0", text: "Cancelled" };
const NOT_SASL: Own = Own { code: 501, enhanced: "5.5.2", text: "Not a response of this mechanism" };
const LONG_SASL: Own = Own { code: 500, enhanced: "5.5.6", text: "The response is too long" };
const MECHANISM: Own = Own { code: 504, enhanced: "5.5.4", text: "Only PLAIN and LOGIN are offered" };
const HELLO_FIRST: Own = Own { code: 503, enhanced: "5.5.1", text: "Say EHLO first" };
const BEGIN_TLS: Own = Own { code: 220, enhanced: "2.0.0", text: "Begin TLS now" };

/// For what a web browser was made to send.
const HTTP: End = End {
    ending: Ending::ClientFault("HTTP"),
    reply: Some(Own { code: 421, enhanced: "4.7.0", text: "This is a mail server" }),
};

/// A session before login.
#[derive(Debug)]
pub(super) struct Front {
    settings: Settings,
    channel: Channel,
    state: State,
    /// Whether EHLO or HELO was said on this channel.
    hello: bool,
    patience: Patience,
}

enum State {
    /// A command is awaited.
    Command,
    /// So many octets of a refused chunk are thrown away.
    Chunk(u64, Own),
    /// The response of PLAIN is awaited.
    Plain,
    /// The name of LOGIN is awaited.
    LoginName,
    /// The password of LOGIN is awaited.
    LoginPassword(Zeroizing<String>),
    /// The credentials are being checked.
    Verifying { since: Instant },
    /// A refusal is kept back until its time (S5).
    Refusing { at: Instant },
    /// The handshake after STARTTLS.
    StartingTls,
}

/// Without what the client typed.
impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            State::Command => "Command",
            State::Chunk(..) => "Chunk",
            State::Plain => "Plain",
            State::LoginName => "LoginName",
            State::LoginPassword(_) => "LoginPassword",
            State::Verifying { .. } => "Verifying",
            State::Refusing { .. } => "Refusing",
            State::StartingTls => "StartingTls",
        })
    }
}

impl Front {
    pub fn new(settings: Settings, now: Instant) -> Front {
        Front {
            settings,
            channel: if settings.starttls { Channel::BeforeStartTls } else { Channel::Private },
            state: State::Command,
            hello: false,
            patience: Patience::new(&settings.timeouts, now),
        }
    }

    pub fn wants_bytes(&self) -> bool {
        match self.state {
            State::Command | State::Chunk(..) | State::Plain | State::LoginName | State::LoginPassword(_) => true,
            State::Verifying { .. } | State::Refusing { .. } | State::StartingTls => false,
        }
    }

    /// Whether nothing may come but a handshake.
    pub fn is_starting_tls(&self) -> bool {
        matches!(self.state, State::StartingTls)
    }

    pub fn deadline(&self) -> Option<Instant> {
        let refusal = match self.state {
            State::Refusing { at } => Some(at),
            _ => None,
        };
        earlier(Some(self.patience.login_deadline()), refusal)
    }

    pub fn tick(&mut self, now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        if let State::Refusing { at } = self.state
            && now >= at
        {
            say_own(out, REFUSED);
            self.state = State::Command;
            if self.patience.is_spent() {
                return Err(End::client_fault("Too many failed logins"));
            }
        }
        if now >= self.patience.login_deadline() {
            const LATE: Own = Own { code: 421, enhanced: "4.4.2", text: "Not logged in in time" };
            return Err(End { ending: Ending::ClientTimeout, reply: Some(LATE) });
        }
        Ok(())
    }

    /// RFC 3207 §4.2: what was said before is forgotten.
    pub fn tls_started(&mut self) {
        self.channel = Channel::Private;
        self.state = State::Command;
        self.hello = false;
    }

    /// The credentials were not accepted, or could not be checked.
    pub fn denied(&mut self, denial: Denial, now: Instant, out: &mut dyn Sink) {
        let State::Verifying { since } = std::mem::replace(&mut self.state, State::Command) else { return };
        match denial {
            Denial::Refused => self.state = State::Refusing { at: self.patience.refusal_time(since, now) },
            Denial::Full => say_own(out, FULL),
            Denial::Unavailable => say_own(out, UNAVAILABLE),
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
        lines: &mut Lines,
        input: &mut &[u8],
        now: Instant,
        out: &mut dyn Sink,
    ) -> Result<bool, End> {
        if let State::Chunk(left, refusal) = self.state {
            let taken = left.min(input.len() as u64);
            *input = input.get(taken as usize..).unwrap_or_default();
            if taken < left {
                self.state = State::Chunk(left - taken, refusal);
                return Ok(false);
            }
            self.state = State::Command;
            self.fault(refusal, out)?;
            return Ok(true);
        }
        match lines.next(input) {
            Step::More => return Ok(false),
            Step::Fault(why) => return Err(End::client_fault(why)),
            Step::Long(line) => match std::mem::replace(&mut self.state, State::Command) {
                State::Command if command::is_http(&line) => return Err(HTTP),
                State::Command => self.fault(LONG_LINE, out)?,
                _ => self.fault(LONG_SASL, out)?,
            },
            Step::Line(line) => match std::mem::replace(&mut self.state, State::Command) {
                State::Plain | State::LoginName | State::LoginPassword(_) if line.as_slice() == b"*" => {
                    self.fault(CANCELLED, out)?;
                }
                State::Plain => self.plain(&line, now, out)?,
                State::LoginName => self.login_name(&line, out)?,
                State::LoginPassword(name) => self.login_password(&name, &line, now, out)?,
                _ => self.command(&line, now, out)?,
            },
        }
        Ok(true)
    }

    fn command(&mut self, line: &[u8], now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        // What a web browser can be made to send here is not answered, and nothing of it is echoed.
        if command::is_http(line) {
            return Err(HTTP);
        }
        let (verb, rest) = match command::head(line) {
            Ok(head) => head,
            Err(refusal) => return self.fault(refusal, out),
        };
        let parsed = Command::parse(verb, rest);
        let answer = match policy::before_login(self.channel, verb) {
            Decision::Refuse(refusal) => {
                if verb == Verb::Bdat {
                    let octets = parsed.map(|command| match command.arguments {
                        Arguments::Bdat(octets) => octets,
                        Arguments::None | Arguments::Mail(..) | Arguments::Rcpt(..) => 0,
                    });
                    let octets = thrown_away(octets, limits::SMTP_LINE_BYTES as u64)?;
                    self.state = State::Chunk(octets, refusal);
                    return Ok(());
                }
                return self.fault(refusal, out);
            }
            // Nothing goes upstream before login.
            Decision::Forward => return self.fault(HELLO_FIRST, out),
            Decision::Answer(answer) => answer,
        };
        if let Err(refusal) = parsed {
            return self.fault(refusal, out);
        }
        match answer {
            Answer::Ehlo => {
                if !self.hello {
                    // All that a mail program says of itself here (S4).
                    let name = String::from_utf8_lossy(rest).chars().take(limits::PROGRAM_CHARS).collect();
                    out.request(Request::Note(Note::Program(name)));
                }
                self.hello = true;
                let Settings { offered, message_bytes, .. } = self.settings;
                say_offered(out, policy::offered_before_login(self.channel, offered, message_bytes));
            }
            Answer::Helo => {
                self.hello = true;
                say(out, &[format!("250 {NAME}")]);
            }
            Answer::Help => say_own(out, HELP),
            Answer::Nothing => say_own(out, DONE),
            Answer::Quit => return Err(BYE),
            Answer::StartTls => {
                say_own(out, BEGIN_TLS);
                self.state = State::StartingTls;
                out.request(Request::StartTls(Leg::Downstream));
            }
            Answer::Auth if !self.hello => return self.fault(HELLO_FIRST, out),
            Answer::Auth => return self.auth(rest, now, out),
        }
        Ok(())
    }

    /// RFC 4954 §4
    fn auth(&mut self, rest: &[u8], now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        let Some((name, initial)) = command::mechanism(rest) else {
            return self.fault(NOT_SASL, out);
        };
        match (name.to_ascii_uppercase().as_slice(), initial) {
            (b"PLAIN", Some(response)) => return self.plain(response, now, out),
            (b"PLAIN", None) => {
                say(out, &["334 ".to_owned()]);
                self.state = State::Plain;
            }
            (b"LOGIN", Some(response)) => return self.login_name(response, out),
            (b"LOGIN", None) => {
                say(out, &[format!("334 {}", sasl::encode_login("Username:").as_str())]);
                self.state = State::LoginName;
            }
            _ => return self.fault(MECHANISM, out),
        }
        Ok(())
    }

    fn plain(&mut self, base64: &[u8], now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        match sasl::decode_plain(base64) {
            Ok(plain) => {
                self.verify(plain.authcid, plain.password, now, out);
                Ok(())
            }
            Err(sasl::PlainFault::Malformed) => self.fault(NOT_SASL, out),
            Err(sasl::PlainFault::Authzid) => self.fault(AUTHZID, out),
        }
    }

    fn login_name(&mut self, base64: &[u8], out: &mut dyn Sink) -> Result<(), End> {
        let Some(name) = sasl::decode_login(base64) else { return self.fault(NOT_SASL, out) };
        say(out, &[format!("334 {}", sasl::encode_login("Password:").as_str())]);
        self.state = State::LoginPassword(name);
        Ok(())
    }

    fn login_password(&mut self, name: &str, base64: &[u8], now: Instant, out: &mut dyn Sink) -> Result<(), End> {
        let Some(password) = sasl::decode_login(base64) else { return self.fault(NOT_SASL, out) };
        self.verify(name.to_owned(), SecretString::from(password.as_str()), now, out);
        Ok(())
    }

    fn verify(&mut self, login: String, password: SecretString, now: Instant, out: &mut dyn Sink) {
        self.patience.attempt();
        self.state = State::Verifying { since: now };
        out.request(Request::Verify { login, password });
    }

    fn fault(&mut self, refusal: Own, out: &mut dyn Sink) -> Result<(), End> {
        say_own(out, refusal);
        if self.patience.fault() { Err(End::client_fault("Too many bad commands")) } else { Ok(()) }
    }
}
