//! Holds a [`Driver`] to a [`Script`]: what is listed must happen, in its order on each leg, and nothing else.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use delega::domain::{SendOutcome, Sending};
use delega::session::Leg;

use super::script::{Event, Script, Step};
use super::text::{Fit, Template, Variables, readable};
use super::witness::{Shown, Witness, witness};

/// A session to play against: the bare state machine, or delega's sockets.
pub trait Driver {
    /// One end sends octets.
    fn say(&mut self, leg: Leg, octets: &[u8]) -> Result<(), String>;
    /// Something else happens.
    fn happen(&mut self, event: &Event) -> Result<(), String>;
    /// Takes what has come out of delega; false where nothing more will come without a further [`Self::say`] or
    /// [`Self::happen`].
    fn listen(&mut self, heard: &mut Heard, wait: Wait) -> bool;
    /// Whether this happens only when it is told to. If not it comes by itself, in its time, and what follows from it may
    /// be here already.
    fn causes(&self, _: &Event) -> bool {
        true
    }
    /// Whether it can be told from here that this was asked for. If not, only what follows from it shows.
    fn sees(&mut self, _: &Asked) -> bool {
        true
    }
    /// Whether this note can be seen from here.
    fn sees_note(&mut self, _: &str) -> bool {
        true
    }
    /// The transcript is over: brings the session to an end, and takes what comes out until then.
    fn finish(&mut self, _: &mut Heard) -> Result<(), String> {
        Ok(())
    }
}

/// How long to listen, for a driver that cannot know whether more will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Something must come.
    Expected,
    /// Nothing should.
    Settled,
}

/// What has come out and was not yet expected.
#[derive(Debug, Default)]
pub struct Heard {
    /// For the client.
    pub downstream: Vec<u8>,
    /// For the server.
    pub upstream: Vec<u8>,
    /// What was asked of the gateway, in order.
    pub asked: VecDeque<Asked>,
    /// What the log was told.
    pub notes: Vec<String>,
    /// The message that is being sent, as whoever keeps copies is given it.
    pub copied: Vec<u8>,
}

/// What delega asks of the gateway that drives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Verify {
        login: Vec<u8>,
        password: Vec<u8>,
    },
    Connect,
    StartTls(Leg),
    CloseUpstream,
    RecordSending(Record),
    RecordOutcome(SendOutcome),
    /// Why the session ends.
    Close(String),
    /// Why it ends in the middle of a response.
    BreakOff(String),
}

/// What is recorded of a message, by the names of its fields: from, to, id, subject, bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record(BTreeMap<String, String>);

impl Record {
    /// Reads `FIELD=VALUE …`, with spaces as `\s`; `FIELD=` where there must be nothing.
    pub fn parse(text: &str) -> Result<Record, String> {
        let field = |word: &str| {
            let (name, value) = word.split_once('=').ok_or("FIELD=VALUE")?;
            if !["from", "to", "id", "subject", "bytes"].contains(&name) {
                return Err(format!("nothing is recorded as {name}"));
            }
            let value = String::from_utf8(super::script::octets(value)?).map_err(|_| "not UTF-8")?;
            Ok((name.to_owned(), value))
        };
        text.split(' ').filter(|word| !word.is_empty()).map(field).collect::<Result<_, String>>().map(Record)
    }

    /// Whether all that is said here is so in `other`.
    fn holds_of(&self, other: &Record) -> bool {
        self.0.iter().all(|(name, value)| other.0.get(name) == Some(value))
    }
}

impl From<&Sending> for Record {
    fn from(sending: &Sending) -> Record {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let fields = [
            ("from", sending.reverse_path.clone()),
            ("to", sending.forward_paths.join(",")),
            ("id", text(&sending.message_id)),
            ("subject", text(&sending.subject)),
            ("bytes", sending.bytes.to_string()),
        ];
        Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// How what one end says is cut into pieces.
#[derive(Clone, Copy, Debug)]
pub enum Pieces {
    /// Adjacent lines in one piece.
    Whole,
    /// One octet each.
    Octets,
    /// As this seed has it.
    Random(u64),
}

/// What came out of a play.
#[derive(Debug, Default)]
pub struct Played {
    /// Which verbs it shows.
    pub shown: Shown,
    /// All that was said and asked, for a comparison between plays.
    pub outcome: Outcome,
}

/// All that delega said and asked.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub downstream: Vec<u8>,
    pub upstream: Vec<u8>,
    pub asked: Vec<Asked>,
}

/// Where a play went wrong.
#[derive(Debug)]
pub struct Failure {
    place: String,
    pieces: Pieces,
    what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?}): {}", self.place, self.pieces, self.what)
    }
}

/// Plays `script`.
pub fn play(script: &Script, driver: &mut dyn Driver, pieces: Pieces) -> Result<Played, Failure> {
    let mut player = Player {
        driver,
        heard: Heard::default(),
        variables: Variables::new(),
        played: Played::default(),
        witness: witness(script.protocol),
        random: match pieces {
            Pieces::Random(seed) => seed | 1,
            Pieces::Whole | Pieces::Octets => 1,
        },
    };
    let mut steps = script.steps.iter().peekable();
    let mut line = 0;
    while let Some((number, step)) = steps.next() {
        let failed = |what: String| Failure { place: format!("{}:{number}", script.name), pieces, what };
        line = *number;
        match step {
            Step::Say(leg, first) => {
                player.quiet().map_err(failed)?;
                let mut octets = player.octets(*leg, first).map_err(failed)?;
                let mut leg = *leg;
                // Adjacent lines of one end in one piece; of both ends, one after the other.
                while let Some((_, Step::Say(next, text))) = steps.peek() {
                    if *next != leg {
                        player.say(leg, &std::mem::take(&mut octets), pieces).map_err(failed)?;
                        leg = *next;
                    }
                    octets.extend(player.octets(leg, text).map_err(failed)?);
                    steps.next();
                }
                player.say(leg, &octets, pieces).map_err(failed)?;
            }
            Step::Event(event) => {
                if player.driver.causes(event) {
                    player.quiet().map_err(failed)?;
                    player.heard.notes.clear();
                }
                player.driver.happen(event).map_err(failed)?;
            }
            Step::Hear(leg, expected) => player.hear(*leg, expected).map_err(failed)?,
            Step::Verify { login, password } => {
                player.asked(&Asked::Verify { login: login.clone(), password: password.clone() }).map_err(failed)?;
            }
            Step::Connect => player.asked(&Asked::Connect).map_err(failed)?,
            Step::StartTls(leg) => player.asked(&Asked::StartTls(*leg)).map_err(failed)?,
            Step::CloseUpstream => player.asked(&Asked::CloseUpstream).map_err(failed)?,
            Step::RecordSending(record) => player.asked(&Asked::RecordSending(record.clone())).map_err(failed)?,
            Step::RecordOutcome(outcome) => player.asked(&Asked::RecordOutcome(outcome.clone())).map_err(failed)?,
            Step::Copied(message) => player.copied(message).map_err(failed)?,
            Step::Close(why) => player.asked(&Asked::Close(why.clone())).map_err(failed)?,
            Step::BreakOff(why) => player.asked(&Asked::BreakOff(why.clone())).map_err(failed)?,
            Step::Note(note) => player.noted(note).map_err(failed)?,
            Step::Quiet => player.quiet().map_err(failed)?,
        }
    }
    let ended = |what: String| Failure { place: format!("{}:{line} (end)", script.name), pieces, what };
    player.quiet().map_err(ended)?;
    player.driver.finish(&mut player.heard).map_err(ended)?;
    player.unlisted().map_err(ended)?;
    Ok(player.played)
}

struct Player<'a> {
    driver: &'a mut dyn Driver,
    heard: Heard,
    variables: Variables,
    played: Played,
    witness: Box<dyn Witness>,
    random: u64,
}

impl Player<'_> {
    fn octets(&mut self, leg: Leg, text: &Template) -> Result<Vec<u8>, String> {
        let octets = text.octets(&self.variables)?;
        if leg == Leg::Downstream {
            self.witness.said(&octets);
        }
        Ok(octets)
    }

    fn say(&mut self, leg: Leg, octets: &[u8], pieces: Pieces) -> Result<(), String> {
        self.heard.notes.clear();
        let mut rest = octets;
        while !rest.is_empty() {
            let length = match pieces {
                Pieces::Whole => rest.len(),
                Pieces::Octets => 1,
                Pieces::Random(_) => {
                    // Mostly a few octets, now and then many.
                    let bound = if self.next_random().is_multiple_of(4) { 4096 } else { 24 };
                    1 + (self.next_random() % bound) as usize
                }
            };
            let (piece, others) = rest.split_at(length.min(rest.len()));
            self.driver.say(leg, piece)?;
            rest = others;
        }
        Ok(())
    }

    /// xorshift64
    fn next_random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 8
    }

    fn hear(&mut self, leg: Leg, expected: &Template) -> Result<(), String> {
        loop {
            let heard = match leg {
                Leg::Downstream => &mut self.heard.downstream,
                Leg::Upstream => &mut self.heard.upstream,
            };
            match expected.fit(heard, &mut self.variables) {
                Fit::Whole(length) => {
                    let octets: Vec<u8> = heard.drain(..length).collect();
                    self.witness(leg, &octets);
                    return Ok(());
                }
                Fit::Partly if self.driver.listen(&mut self.heard, Wait::Expected) => {}
                Fit::Partly | Fit::Not => break,
            }
        }
        Err(format!("this was not said. What was:\n{}", self.shown()))
    }

    /// Notes what the transcript shows of a verb.
    fn witness(&mut self, leg: Leg, octets: &[u8]) {
        self.witness.heard(leg, octets, &mut self.played.shown);
        match leg {
            Leg::Upstream => self.played.outcome.upstream.extend_from_slice(octets),
            Leg::Downstream => self.played.outcome.downstream.extend_from_slice(octets),
        }
    }

    fn asked(&mut self, expected: &Asked) -> Result<(), String> {
        if !self.driver.sees(expected) {
            return Ok(());
        }
        while self.heard.asked.is_empty() && self.driver.listen(&mut self.heard, Wait::Expected) {}
        match (self.heard.asked.front(), expected) {
            (Some(Asked::Close(why)), Asked::Close(expected))
            | (Some(Asked::BreakOff(why)), Asked::BreakOff(expected))
                if why.contains(expected.as_str()) => {}
            (Some(Asked::RecordSending(record)), Asked::RecordSending(expected)) if expected.holds_of(record) => {}
            (Some(asked), expected) if asked == expected => {}
            _ => return Err(format!("{expected:?} was not asked for. What was:\n{}", self.shown())),
        }
        let asked = self.heard.asked.pop_front().ok_or("nothing was asked")?;
        self.played.outcome.asked.push(asked);
        Ok(())
    }

    fn noted(&mut self, expected: &str) -> Result<(), String> {
        if !self.driver.sees_note(expected) {
            return Ok(());
        }
        while self.driver.listen(&mut self.heard, Wait::Settled) {}
        match self.heard.notes.iter().position(|note| note.contains(expected)) {
            Some(at) => {
                self.heard.notes.remove(at);
                Ok(())
            }
            None => Err(format!("{expected:?} was not noted, but {:?}", self.heard.notes)),
        }
    }

    fn copied(&mut self, expected: &Template) -> Result<(), String> {
        let expected = expected.octets(&self.variables)?;
        while self.driver.listen(&mut self.heard, Wait::Settled) {}
        if self.heard.copied == expected {
            return Ok(());
        }
        Err(format!("this is not what was copied, but:\n      {}", readable(&self.heard.copied)))
    }

    /// Nothing was said or asked that is not listed.
    fn quiet(&mut self) -> Result<(), String> {
        while self.driver.listen(&mut self.heard, Wait::Settled) {}
        self.unlisted()
    }

    /// What was said or asked and is not listed.
    fn unlisted(&self) -> Result<(), String> {
        let heard = &self.heard;
        if heard.downstream.is_empty() && heard.upstream.is_empty() && heard.asked.is_empty() {
            return Ok(());
        }
        Err(format!("before this, something was not listed:\n{}", self.shown()))
    }

    fn shown(&self) -> String {
        let Heard { downstream, upstream, asked, .. } = &self.heard;
        format!("   >C {}\n   >U {}\n   asked {asked:?}", readable(downstream), readable(upstream))
    }
}
