//! The bare state machine as a [`Driver`]: no sockets, and a clock that the transcript moves.

use std::time::{Duration, Instant};

use delega::domain::Protocol;
use delega::proto::imap::capability::Capabilities;
use delega::proto::pop3;
use delega::proto::smtp::extension::Extensions;
use delega::session::{self, imap, smtp};
use delega::session::{Admission, Denial, Input, Leg, Note, Piece, Request, Sink, Timeouts, UpstreamLogin};
use secrecy::{ExposeSecret, SecretString};

use super::player::{Asked, Driver, Heard, Record, Wait};
use super::script::{Connection, Event, Script, Setup, Start, Verdict};

/// The timeouts of every transcript; its README names them.
const TIMEOUTS: Timeouts = Timeouts {
    login: Duration::from_secs(120),
    command: Duration::from_secs(60),
    idle: Duration::from_secs(30 * 60),
    upstream: Duration::from_secs(30),
    shutdown: Duration::from_secs(10),
    refusal: Duration::from_secs(2),
};

/// Whether octets are given to the session when it does not want them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// At once; the session keeps them.
    Pushy,
    /// As [`session::Machine::wants`] says, as a gateway would do it.
    Polite,
}

/// A session, its clock, and what came out of it.
pub struct Machine {
    setup: Setup,
    session: Box<dyn session::Machine>,
    now: Instant,
    manners: Manners,
    /// What was said and the session did not want yet.
    waiting: [Vec<u8>; 2],
    /// The password that the client typed, where the mailbox's own login was with it (L3).
    typed: Option<SecretString>,
    out: Out,
}

#[derive(Default)]
struct Out {
    heard: Heard,
    /// Why the session ended.
    ending: String,
    /// What the client typed, and whether with the mailbox's own login.
    typed: Option<(bool, SecretString)>,
}

impl Machine {
    /// A session as `script` has it.
    pub fn new(script: &Script, manners: Manners) -> Machine {
        let setup = &script.setup;
        let now = Instant::now();
        let session: Box<dyn session::Machine> = match script.protocol {
            Protocol::Imap => Box::new(imap(setup, now)),
            Protocol::Submission => Box::new(smtp(setup, now)),
            Protocol::Pop3 => Box::new(pop3(setup, now)),
        };
        let mut machine = Machine {
            setup: setup.clone(),
            session,
            now,
            manners,
            waiting: [Vec::new(), Vec::new()],
            typed: None,
            out: Out::default(),
        };
        if setup.start == Start::Login {
            machine.handle(Input::Start);
        }
        machine
    }

    fn handle(&mut self, input: Input) {
        self.session.handle(input, self.now, &mut self.out);
        if let Some((owner, password)) = self.out.typed.take() {
            self.typed = Some(password).filter(|_| owner);
        }
    }

    /// Gives what waited, as far as it is wanted.
    fn give(&mut self) {
        for leg in [Leg::Downstream, Leg::Upstream, Leg::Downstream] {
            let octets = std::mem::take(&mut self.waiting[leg as usize]);
            let mut rest = octets.as_slice();
            while !rest.is_empty() && self.session.wants(leg) {
                let (piece, others) = rest.split_at(rest.len().min(16 * 1024));
                rest = others;
                self.handle(input(leg, piece));
            }
            self.waiting[leg as usize] = rest.to_vec();
        }
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        for _ in 0..10_000 {
            match self.session.deadline() {
                Some(deadline) if deadline <= until => {
                    self.now = self.now.max(deadline);
                    self.handle(Input::Tick);
                }
                _ => {
                    self.now = until;
                    return;
                }
            }
        }
        panic!("the session asks for a tick again and again at the same time");
    }

    fn verified(&mut self, verdict: Verdict) {
        let answer = match verdict {
            Verdict::Refused => Err(Denial::Refused),
            Verdict::Unavailable => Err(Denial::Unavailable),
            Verdict::Ok => {
                let (authcid, password, authzid) = self.setup.upstream_login.clone();
                let typed = self.typed.take();
                Ok(Admission {
                    grant: self.setup.grant,
                    addresses: self.setup.addresses.clone(),
                    upstream: UpstreamLogin {
                        authzid,
                        authcid,
                        typed: typed.is_some(),
                        password: typed.unwrap_or_else(|| SecretString::from(password)),
                    },
                })
            }
        };
        self.handle(Input::Verified(answer));
    }
}

impl Driver for Machine {
    fn say(&mut self, leg: Leg, octets: &[u8]) -> Result<(), String> {
        match self.manners {
            Manners::Pushy => self.handle(input(leg, octets)),
            Manners::Polite => {
                self.waiting[leg as usize].extend_from_slice(octets);
                self.give();
            }
        }
        Ok(())
    }

    fn happen(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::Time(time) => self.pass(*time),
            Event::Grant(grant) => {
                self.setup.grant = *grant;
                self.handle(Input::GrantChanged(*grant));
            }
            Event::Revoke => self.handle(Input::Revoked),
            Event::Dismiss => self.handle(Input::Dismissed),
            Event::Shutdown => self.handle(Input::Shutdown),
            Event::Closes(Leg::Downstream) => self.handle(Input::DownstreamClosed),
            Event::Closes(Leg::Upstream) => self.handle(Input::UpstreamClosed),
            Event::Handshake(leg) => self.handle(Input::TlsStarted(*leg)),
            Event::Verified(verdict) => self.verified(*verdict),
            Event::Connected(Connection::Ok) => self.handle(Input::UpstreamConnected { starttls: false }),
            Event::Connected(Connection::StartTls) => self.handle(Input::UpstreamConnected { starttls: true }),
            Event::Connected(Connection::Full) => self.handle(Input::UpstreamFull),
            Event::SendingRecorded(recording) => self.handle(Input::SendingRecorded(*recording)),
            Event::OutcomeRecorded => self.handle(Input::OutcomeRecorded),
            Event::Connected(Connection::Unreachable) => self.handle(Input::UpstreamUnreachable),
        }
        self.give();
        Ok(())
    }

    fn listen(&mut self, heard: &mut Heard, _: Wait) -> bool {
        let new = std::mem::take(&mut self.out.heard);
        let any =
            !(new.downstream.is_empty() && new.upstream.is_empty() && new.asked.is_empty() && new.notes.is_empty());
        heard.downstream.extend(new.downstream);
        heard.upstream.extend(new.upstream);
        heard.asked.extend(new.asked);
        heard.notes.extend(new.notes);
        // What was copied stays: a message begins anew where there was one.
        heard.copied.clone_from(&new.copied);
        self.out.heard.copied = new.copied;
        any
    }
}

/// An IMAP session.
fn imap(setup: &Setup, now: Instant) -> imap::Session {
    let settings = imap::Settings {
        starttls: setup.starttls,
        message_bytes: setup.message_bytes,
        timeouts: TIMEOUTS,
        nonce: 0x0de1_e6a0,
    };
    match setup.start {
        Start::Login => imap::Session::new(settings, now),
        Start::Authenticated => {
            imap::Session::logged_in(settings, setup.grant, Capabilities::parse(setup.upstream.as_bytes()), now)
        }
    }
}

/// A POP3 session.
fn pop3(setup: &Setup, now: Instant) -> session::pop3::Session {
    let settings = session::pop3::Settings { starttls: setup.starttls, timeouts: TIMEOUTS };
    match setup.start {
        Start::Login => session::pop3::Session::new(settings, now),
        Start::Authenticated => {
            let upstream = pop3::capability::Capabilities::parse(setup.upstream.replace(' ', "\r\n").as_bytes());
            session::pop3::Session::logged_in(settings, setup.grant, upstream, now)
        }
    }
}

/// An SMTP session. Before login it offers what its upstream has.
fn smtp(setup: &Setup, now: Instant) -> smtp::Session {
    let lines: Vec<String> = setup.upstream.split(' ').map(|word| word.replace('=', " ")).collect();
    let upstream = Extensions::parse(lines.iter().map(String::as_str));
    let settings = smtp::Settings {
        starttls: setup.starttls,
        message_bytes: setup.message_bytes,
        recipients: delega::domain::limits::RECIPIENTS,
        offered: upstream,
        timeouts: TIMEOUTS,
    };
    match setup.start {
        Start::Login => smtp::Session::new(settings, now),
        Start::Authenticated => smtp::Session::logged_in(settings, setup.grant, setup.addresses.clone(), upstream, now),
    }
}

fn input(leg: Leg, octets: &[u8]) -> Input<'_> {
    match leg {
        Leg::Downstream => Input::Downstream(octets),
        Leg::Upstream => Input::Upstream(octets),
    }
}

impl Sink for Out {
    fn downstream(&mut self, bytes: &[u8]) {
        self.heard.downstream.extend_from_slice(bytes);
    }

    fn upstream(&mut self, bytes: &[u8]) {
        self.heard.upstream.extend_from_slice(bytes);
    }

    fn message(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Begin => self.heard.copied.clear(),
            Piece::Octets(octets) => self.heard.copied.extend_from_slice(octets),
        }
    }

    fn request(&mut self, request: Request) {
        self.heard.asked.push_back(match request {
            Request::RecordSending(sending) => Asked::RecordSending(Record::from(&*sending)),
            Request::RecordOutcome(outcome) => Asked::RecordOutcome(outcome),
            Request::Verify { login, password } => {
                let octets = password.expose_secret().as_bytes().to_vec();
                self.typed = Some((!login.contains('/'), password));
                Asked::Verify { login: login.into_bytes(), password: octets }
            }
            Request::Connect => Asked::Connect,
            Request::StartTls(leg) => Asked::StartTls(leg),
            Request::CloseUpstream => Asked::CloseUpstream,
            // What becomes of the upstream connection is the gateway's concern.
            Request::Park(_) => {
                self.heard.notes.push("Park".to_owned());
                return;
            }
            Request::Close => Asked::Close(std::mem::take(&mut self.ending)),
            Request::BreakOff => Asked::BreakOff(std::mem::take(&mut self.ending)),
            Request::Note(note) => {
                if let Note::Ended(ending) = &note {
                    self.ending = format!("{ending:?}");
                }
                self.heard.notes.push(format!("{note:?}"));
                return;
            }
        });
    }
}
