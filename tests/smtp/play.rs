//! Plays a session without sockets: what a client sends, the session, and the model of a server that reads strictly.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use delega::domain::{Grant, SendOutcome};
use delega::proto::smtp::extension::{Extension, Extensions};
use delega::session::smtp::{Session, Settings};
use delega::session::{Input, Leg, Machine as _, Note, Piece, Recording, Request, Sink, Timeouts};

/// Into which pieces the octets of both legs are cut.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    Whole,
    Octets,
    /// As this number has it.
    Random(u64),
}

impl Cut {
    fn piece(&mut self, most: usize) -> usize {
        let length = match self {
            Cut::Whole => most,
            Cut::Octets => 1,
            Cut::Random(state) => {
                *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                1 + (*state >> 33) as usize % 40
            }
        };
        length.min(most)
    }
}

/// What came of a session.
#[derive(Debug, Default)]
pub struct Outcome {
    pub downstream: Vec<u8>,
    pub upstream: Vec<u8>,
    /// What was asked of the gateway.
    pub requests: Vec<String>,
    pub server: Server,
    /// How many sends were recorded, and how many of them as accepted.
    pub recorded: usize,
    pub accepted: usize,
    /// The messages as whoever keeps copies was given them.
    pub copies: Vec<Vec<u8>>,
    pub closed: bool,
    copy: Vec<u8>,
    waiting: VecDeque<Request>,
}

impl Outcome {
    /// The last lines of the replies.
    pub fn replies(&self) -> Vec<String> {
        let text = String::from_utf8(self.downstream.clone()).unwrap();
        assert!(text.is_empty() || text.ends_with("\r\n"), "{text:?}");
        text.split_terminator("\r\n").filter(|line| line.as_bytes()[3] == b' ').map(str::to_owned).collect()
    }
}

impl Sink for Outcome {
    fn downstream(&mut self, bytes: &[u8]) {
        self.downstream.extend_from_slice(bytes);
    }

    fn upstream(&mut self, bytes: &[u8]) {
        self.upstream.extend_from_slice(bytes);
        self.server.waiting.extend_from_slice(bytes);
    }

    fn message(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Begin => self.copy.clear(),
            Piece::Octets(octets) => self.copy.extend_from_slice(octets),
        }
    }

    fn request(&mut self, request: Request) {
        if let Request::Note(Note::Refused { .. }) = &request {
            return;
        }
        self.requests.push(format!("{request:?}"));
        self.waiting.push_back(request);
    }
}

/// A server that takes everything, and reads as RFC 5321 has it.
#[derive(Debug, Default)]
pub struct Server {
    waiting: Vec<u8>,
    in_message: bool,
    gone: bool,
    /// The messages that it took, without the dots of transport.
    pub messages: Vec<Vec<u8>>,
    /// The lines that named a sender.
    pub senders: Vec<String>,
}

impl Server {
    /// Its answer to what it has been sent, if there is one to be given.
    fn answer(&mut self) -> Option<&'static str> {
        if self.in_message {
            let framed = [b"\r\n", self.waiting.as_slice()].concat();
            let end = framed.windows(5).position(|octets| octets == b"\r\n.\r\n")?;
            let mut message = Vec::new();
            for line in framed[2..end + 2].split_inclusive(|octet| *octet == b'\n') {
                message.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
            }
            self.messages.push(message);
            self.waiting.drain(..end + 3);
            self.in_message = false;
            return Some("250 2.6.0 Taken");
        }
        let end = self.waiting.windows(2).position(|octets| octets == b"\r\n")?;
        let line: Vec<u8> = self.waiting.drain(..end + 2).collect();
        let line = String::from_utf8(line).unwrap();
        match &line[..4] {
            "MAIL" => {
                self.senders.push(line);
                Some("250 2.1.0 Ok")
            }
            "RCPT" => Some("250 2.1.5 Ok"),
            "RSET" | "NOOP" => Some("250 2.0.0 Ok"),
            "DATA" => {
                self.in_message = true;
                Some("354 Go on")
            }
            "QUIT" => None,
            _ => panic!("the server was told {line:?}"),
        }
    }
}

/// Plays what a client sends, for the mailbox's owner.
pub fn play(client: &[u8], cut: Cut) -> Outcome {
    play_up_to(64 * 1024, client, cut)
}

/// The same, with a limit on messages.
pub fn play_up_to(message_bytes: u64, client: &[u8], mut cut: Cut) -> Outcome {
    let long = Duration::from_secs(3600);
    let timeouts = Timeouts { login: long, command: long, idle: long, upstream: long, shutdown: long, refusal: long };
    let all = Extensions::of(Extension::ALL);
    let settings = Settings { starttls: false, message_bytes, recipients: 100, offered: all, timeouts };
    let now = Instant::now();
    let addresses = vec!["ufficio@pec.example.it".parse().unwrap()];
    let mut session = Session::logged_in(settings, Grant::OWNER, addresses, all, now);
    let mut outcome = Outcome::default();
    let mut rest = client;
    loop {
        if let Some(request) = outcome.waiting.pop_front() {
            match request {
                Request::RecordSending(_) => {
                    outcome.recorded += 1;
                    session.handle(Input::SendingRecorded(Recording::Recorded), now, &mut outcome);
                }
                Request::RecordOutcome(sent) => {
                    if let SendOutcome::Accepted(_) = sent {
                        outcome.accepted += 1;
                        let copy = std::mem::take(&mut outcome.copy);
                        outcome.copies.push(copy);
                    }
                    session.handle(Input::OutcomeRecorded, now, &mut outcome);
                }
                Request::CloseUpstream => outcome.server.gone = true,
                Request::Close => outcome.closed = true,
                Request::Note(_) => {}
                other => panic!("{other:?}"),
            }
        } else if let Some(reply) = Some(()).filter(|()| !outcome.server.gone).and_then(|()| outcome.server.answer()) {
            let reply = format!("{reply}\r\n");
            let mut octets = reply.as_bytes();
            while !octets.is_empty() {
                let (piece, others) = octets.split_at(cut.piece(octets.len()));
                octets = others;
                session.handle(Input::Upstream(piece), now, &mut outcome);
            }
        } else if !rest.is_empty() && session.wants(Leg::Downstream) {
            let (piece, others) = rest.split_at(cut.piece(rest.len()));
            rest = others;
            session.handle(Input::Downstream(piece), now, &mut outcome);
        } else {
            assert!(rest.is_empty() || session.is_closed(), "the session wants nothing any more");
            assert_eq!(session.is_closed(), outcome.closed);
            return outcome;
        }
    }
}
