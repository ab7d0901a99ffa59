//! Plays a session: a client that sends all at once, the session, and the model of a server.

use std::time::{Duration, Instant};

use delega::domain::{Grant, Permissions, Profile, Protocols};
use delega::proto::pop3::capability::{Capabilities, Capability};
use delega::session::pop3::{Session, Settings};
use delega::session::{Input, Leg, Machine as _, Note, Request, Sink, Timeouts};

use super::imap::play::Cut;
use super::server::Server;

/// Timeouts that do not matter here.
pub fn settings(starttls: bool) -> Settings {
    let long = Duration::from_secs(3600);
    let timeouts = Timeouts {
        login: long,
        command: long,
        idle: long,
        upstream: long,
        shutdown: long,
        refusal: Duration::from_millis(10),
    };
    Settings { starttls, timeouts }
}

/// A grant by its words.
pub fn grant(permissions: &str) -> Grant {
    let permissions = Permissions::parse(permissions, Profile::ClientApart).unwrap();
    Grant { permissions, protocols: Protocols { imap: false, pop3: true } }
}

/// What came of a session.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What the client was sent.
    pub downstream: Vec<u8>,
    /// What the server was sent.
    pub upstream: Vec<u8>,
    /// What was asked of the gateway.
    pub requests: Vec<String>,
    /// Whether the session ended.
    pub closed: bool,
    /// The server.
    pub server: Server,
}

impl Sink for Outcome {
    fn downstream(&mut self, bytes: &[u8]) {
        self.downstream.extend_from_slice(bytes);
    }

    fn upstream(&mut self, bytes: &[u8]) {
        self.upstream.extend_from_slice(bytes);
    }

    fn request(&mut self, request: Request) {
        if !matches!(request, Request::Note(Note::Refused { .. })) {
            self.requests.push(match request {
                Request::Verify { login, .. } => format!("Verify {login}"),
                other => format!("{other:?}"),
            });
        }
    }
}

/// A session under way.
pub struct Game {
    pub session: Session,
    pub outcome: Outcome,
    cut: Cut,
    typed: Vec<u8>,
    told: usize,
    now: Instant,
}

impl Game {
    /// A session that is logged in, whose client has this to say.
    pub fn new(grant: Grant, typed: &[u8], cut: Cut) -> Game {
        let now = Instant::now();
        let session = Session::logged_in(settings(false), grant, Capabilities::of(Capability::ALL), now);
        Game { session, outcome: Outcome::default(), cut, typed: typed.to_vec(), told: 0, now }
    }

    /// One of the two speaks; false where neither has anything to say that is wanted.
    pub fn turn(&mut self) -> bool {
        if !self.outcome.server.outbox.is_empty() && self.session.wants(Leg::Upstream) {
            let mut said = std::mem::take(&mut self.outcome.server.outbox);
            self.outcome.server.outbox = said.split_off(self.cut.piece(said.len()));
            self.input(Input::Upstream(&said));
        } else if !self.typed.is_empty() && self.session.wants(Leg::Downstream) {
            let later = self.typed.split_off(self.cut.piece(self.typed.len()));
            let said = std::mem::replace(&mut self.typed, later);
            self.input(Input::Downstream(&said));
        } else {
            return false;
        }
        true
    }

    /// Something happens.
    pub fn input(&mut self, input: Input<'_>) {
        self.session.handle(input, self.now, &mut self.outcome);
        let upstream = self.outcome.upstream[self.told..].to_vec();
        self.told = self.outcome.upstream.len();
        self.outcome.server.take(&upstream);
    }

    /// To the end.
    pub fn end(mut self) -> Outcome {
        while self.turn() {}
        self.outcome.closed = self.session.is_closed();
        self.outcome
    }
}

/// Plays a client's bytes.
pub fn play(grant: Grant, typed: &[u8], cut: Cut) -> Outcome {
    Game::new(grant, typed, cut).end()
}

/// Whether a positive answer to this line has more lines (RFC 1939, RFC 2449).
fn has_more(command: &str) -> bool {
    let command = command.to_ascii_uppercase();
    let verb = command.split(' ').next().unwrap_or_default();
    matches!(verb, "RETR" | "TOP" | "CAPA") || matches!(command.as_str(), "LIST" | "UIDL" | "AUTH")
}

/// A client's reading of the answers to these commands: the status line of each, with the lines behind it.
pub fn answers(downstream: &[u8], commands: &[String]) -> Result<Vec<Vec<u8>>, String> {
    let mut rest = downstream;
    let mut answers = Vec::new();
    let mut line = || {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").ok_or("an answer is missing or not whole")? + 2;
        let (line, behind) = rest.split_at(end);
        rest = behind;
        Ok::<_, String>(line)
    };
    for command in commands {
        let mut answer = line()?.to_vec();
        let ok = answer.starts_with(b"+OK");
        if !ok && !answer.starts_with(b"-ERR") {
            return Err(format!("no status line: {:?}", answer.escape_ascii().to_string()));
        }
        while ok && has_more(command) {
            let more = line()?;
            answer.extend_from_slice(more);
            if more == b".\r\n" {
                break;
            }
        }
        answers.push(answer);
    }
    if rest.is_empty() { Ok(answers) } else { Err(format!("more: {:?}", rest.escape_ascii().to_string())) }
}
