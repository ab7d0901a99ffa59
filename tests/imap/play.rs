//! Plays a session without sockets: a client, the session, and the model of a server.

use std::time::{Duration, Instant};

use delega::domain::{Grant, Permissions, Profile, Protocols};
use delega::proto::imap::capability::Capabilities;
use delega::session::imap::parked::Parked;
use delega::session::imap::{Session, Settings};
use delega::session::{Admission, Input, Leg, Machine as _, Note, Request, Sink, Timeouts, UpstreamLogin};

use super::generate::Made;
use super::server::Server;
use super::wire::{self, Response};

/// Timeouts that do not matter here, and a small bound on messages.
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
    Settings { starttls, message_bytes: 64 * 1024, timeouts, nonce: 0x0123_4567_89ab_cdef }
}

/// A grant by its words.
pub fn grant(permissions: &str) -> Grant {
    let permissions = Permissions::parse(permissions, Profile::ClientApart).unwrap();
    Grant { permissions, protocols: Protocols::default() }
}

/// Into which pieces each leg's bytes are cut, and who speaks first.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// Not at all; the client's bytes go before the server's.
    Whole,
    /// By the byte; likewise.
    Bytes,
    /// Anywhere, both legs in turn, decided by this number.
    Random(u64),
}

impl Cut {
    /// How many of so many bytes go at once.
    pub fn piece(&mut self, most: usize) -> usize {
        match self {
            Cut::Whole => most,
            Cut::Bytes => 1.min(most),
            Cut::Random(state) => 1 + (draw(state) as usize) % most.clamp(1, 40),
        }
        .min(most)
    }

    fn server_may_speak(&mut self) -> bool {
        match self {
            Cut::Whole | Cut::Bytes => false,
            Cut::Random(state) => draw(state).is_multiple_of(2),
        }
    }
}

fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// What came of a session.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What the client was sent.
    pub downstream: Vec<u8>,
    /// What the server was sent.
    pub upstream: Vec<u8>,
    /// What was asked of the gateway, passwords apart.
    pub requests: Vec<String>,
    /// Whether the session ended.
    pub closed: bool,
    /// The server, with what it understood.
    pub server: Server,
    /// The tags of the commands that the client sent to the end.
    pub completed: Vec<String>,
    /// The tag of a command that the client waits for in vain.
    pub stuck: Option<String>,
    /// The upstream session, where it may serve the next client.
    pub parked: Option<Parked>,
}

impl Outcome {
    /// The client's reading of what it was sent.
    pub fn responses(&self) -> Vec<Response> {
        let (responses, rest) = wire::responses(&self.downstream).unwrap();
        assert!(rest.is_empty() || self.closed, "half a response: {:?}", String::from_utf8_lossy(&rest));
        responses
    }

    /// The tags of the tagged responses, in order.
    pub fn tags(&self) -> Vec<String> {
        let responses = self.responses().into_iter();
        responses.filter_map(|r| if let Response::Tagged(tag, _) = r { Some(tag) } else { None }).collect()
    }
}

impl Sink for Outcome {
    fn downstream(&mut self, bytes: &[u8]) {
        self.downstream.extend_from_slice(bytes);
    }

    fn upstream(&mut self, bytes: &[u8]) {
        self.upstream.extend_from_slice(bytes);
    }

    fn request(&mut self, request: Request) {
        if let Request::Note(Note::Refused { .. }) = &request {
            return;
        }
        self.requests.push(match request {
            Request::Verify { login, .. } => format!("Verify {login}"),
            Request::Park(parked) => {
                self.parked = Some(parked);
                "Park".to_owned()
            }
            other => format!("{other:?}"),
        });
    }
}

/// Plays commands of a client that waits where it has to.
pub fn play(grant: Grant, upstream: &str, commands: &[Made], cut: Cut) -> Outcome {
    let mut client = Client::new(commands);
    let mut game = Game::new(grant, upstream, cut);
    while game.turn(|outcome| client.next(outcome)) {}
    game.end()
}

/// Likewise, with a server that tells news unasked.
pub fn play_with_news(grant: Grant, upstream: &str, commands: &[Made], cut: Cut) -> Outcome {
    let mut client = Client::new(commands);
    let mut game = Game::new(grant, upstream, cut);
    game.outcome.server.chatty = true;
    while game.turn(|outcome| client.next(outcome)) {}
    game.end()
}

/// Plays bytes of a client that waits for nothing.
pub fn play_bytes(grant: Grant, upstream: &str, bytes: &[u8], cut: Cut) -> Outcome {
    let mut bytes = Some(bytes.to_vec());
    let mut game = Game::new(grant, upstream, cut);
    while game.turn(|_| bytes.take()) {}
    game.end()
}

/// A session under way.
pub struct Game {
    session: Session,
    /// What came of it so far.
    pub outcome: Outcome,
    cut: Cut,
    typed: Vec<u8>,
    told: usize,
    now: Instant,
}

impl Game {
    /// A session that is logged in.
    pub fn new(grant: Grant, upstream: &str, cut: Cut) -> Game {
        let now = Instant::now();
        let session = Session::logged_in(settings(false), grant, Capabilities::parse(upstream.as_bytes()), now);
        Game { session, outcome: Outcome::default(), cut, typed: Vec::new(), told: 0, now }
    }

    /// A session that has just logged in, on an upstream connection that was `handed_on` or on a new one. What was said
    /// so far is forgotten.
    pub fn enter(grant: Grant, upstream: &str, handed_on: bool, nonce: u64, cut: Cut) -> Game {
        let now = Instant::now();
        let session = Session::new(Settings { nonce, ..settings(false) }, now);
        let mut game = Game { session, outcome: Outcome::default(), cut, typed: Vec::new(), told: 0, now };
        let said = |game: &mut Game, input| game.session.handle(input, now, &mut game.outcome);
        said(&mut game, Input::Downstream(b"l LOGIN anna/a@pec.example.it secret\r\n"));
        let login = UpstreamLogin {
            authzid: None,
            authcid: "a@pec.example.it".to_owned(),
            password: "stored".to_owned().into(),
            typed: false,
        };
        said(&mut game, Input::Verified(Ok(Admission { grant, addresses: Vec::new(), upstream: login })));
        if handed_on {
            said(&mut game, Input::UpstreamReady(Capabilities::parse(upstream.as_bytes())));
        } else {
            said(&mut game, Input::UpstreamConnected { starttls: false });
            said(&mut game, Input::Upstream(b"* OK [CAPABILITY IMAP4rev1] hi\r\n"));
            said(&mut game, Input::Upstream(format!("D{nonce:016x}1 OK [CAPABILITY {upstream}] in\r\n").as_bytes()));
        }
        assert!(String::from_utf8_lossy(&game.outcome.downstream).contains("l OK "));
        game.outcome = Outcome::default();
        game
    }

    /// Lets one of the two speak; false where neither has anything to say that is wanted.
    pub fn turn(&mut self, mut client: impl FnMut(&mut Outcome) -> Option<Vec<u8>>) -> bool {
        while let Some(part) = client(&mut self.outcome) {
            self.typed.extend(part);
        }
        let server_has = !self.outcome.server.outbox.is_empty() && self.session.wants(Leg::Upstream);
        let client_has = !self.typed.is_empty() && self.session.wants(Leg::Downstream);
        if server_has && (!client_has || self.cut.server_may_speak()) {
            let mut said = std::mem::take(&mut self.outcome.server.outbox);
            let later = said.split_off(self.cut.piece(said.len()));
            self.outcome.server.outbox = later;
            self.outcome.server.delivered.extend_from_slice(&said);
            self.input(Input::Upstream(&said));
        } else if client_has {
            let later = self.typed.split_off(self.cut.piece(self.typed.len()));
            let said = std::mem::replace(&mut self.typed, later);
            self.input(Input::Downstream(&said));
        } else {
            return false;
        }
        true
    }

    /// Something else happens.
    pub fn input(&mut self, input: Input<'_>) {
        self.session.handle(input, self.now, &mut self.outcome);
        let upstream = self.outcome.upstream[self.told..].to_vec();
        self.told = self.outcome.upstream.len();
        self.outcome.server.take(&upstream);
    }

    /// What came of it.
    pub fn end(mut self) -> Outcome {
        self.outcome.closed = self.session.is_closed();
        self.outcome
    }

    /// Roughly the memory that the session holds: what its debug form takes, octets being four characters there.
    pub fn weight(&self) -> usize {
        format!("{:?}", self.session).len() / 4
    }
}

/// A client that reads what it is sent and waits where it has to.
pub struct Client<'a> {
    commands: &'a [Made],
    command: usize,
    part: usize,
    /// How much of what it was sent it has read.
    seen: usize,
    /// Continuations that it has not made use of.
    continuations: usize,
    answered: Vec<String>,
}

impl<'a> Client<'a> {
    /// A client that has these to say.
    pub fn new(commands: &'a [Made]) -> Client<'a> {
        Client { commands, command: 0, part: 0, seen: 0, continuations: 0, answered: Vec::new() }
    }

    /// What it says next, if it need not wait.
    pub fn next(&mut self, outcome: &mut Outcome) -> Option<Vec<u8>> {
        while let Some((response, length)) = wire::response(&outcome.downstream[self.seen..]).unwrap() {
            self.seen += length;
            match response {
                Response::Continuation => self.continuations += 1,
                Response::Tagged(tag, _) => self.answered.push(tag),
                Response::Untagged(_) => {}
            }
        }
        let made = self.commands.get(self.command)?;
        if self.part > 0 {
            if self.answered.contains(&made.tag) {
                self.command += 1;
                self.part = 0;
                outcome.completed.push(made.tag.clone());
                outcome.stuck = None;
                return self.next(outcome);
            }
            if self.continuations == 0 {
                outcome.stuck = Some(made.tag.clone());
                return None;
            }
            self.continuations -= 1;
            outcome.stuck = None;
        }
        let part = made.parts[self.part].clone();
        self.part += 1;
        if self.part == made.parts.len() {
            self.command += 1;
            self.part = 0;
            outcome.completed.push(made.tag.clone());
        }
        Some(part)
    }
}
