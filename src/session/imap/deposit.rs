//! A message that was sent is put into the mailbox's folder of sent messages, by an upstream session of its own that is
//! logged in already (X13). Sans I/O, as all sessions: bytes come in, bytes go out.
//!
//! 1. The folder is looked for: LIST, with SPECIAL-USE where the upstream has it (RFC 6154).
//! 2. It is searched, so that a message lies there once, whoever put it there: an attempt whose end nobody heard of, the
//!    sender's own mail program, or the provider. So the search is made on the first attempt, too. What is still on its
//!    way in at that moment cannot be seen, and therefore the first attempt comes a little after the message was accepted
//!    (`accounts` has the times).
//! 3. Where it is not there, APPEND, with `\Seen` and the moment of acceptance as its date.
//!
//! It is searched for by its Message-ID, among what has come since the day before its acceptance: programs that give every
//! message the same one still get a copy on another day. Who reuses one on purpose keeps a copy out of the folder; they
//! could as well delete it there, since **send** includes **write**, and the record of sends has both messages.
//!
//! A message without a Message-ID that can be searched for is looked for only where there was an attempt before, as a copy
//! of the sender's program could not be told from others; an attempt of our own can, by its exact size and the second that
//! APPEND has given it. An upstream that keeps its own dates would hold such a message twice after a crash, which is
//! better than not at all.
//!
//! No folder is made where there is none. What it would be called and where it would be is for the provider and the mail
//! programs to say (language, prefix); one more beside theirs would hide half of what was sent from everybody who looks
//! into the other. The attempt is postponed, and the operator told.
//!
//! Untrusted are the upstream's bytes. It is not told anything of the message's, but the message and its Message-ID.

#[path = "deposit/folder.rs"]
mod folder;

use super::parked::Parked;
use crate::domain::limits;
use crate::proto::imap::capability::{Capabilities, Capability as C};
use crate::proto::imap::encode::push_string;
use crate::proto::imap::response::{self, Code, Data, Head, Status};
use crate::proto::imap::scanner::{Fault, Scanner, Step};
use crate::proto::imap::{data, date};

use folder::Choice;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Messages that may be the one without a Message-ID: of that size, and of those days.
const ALIKE: usize = 64;
/// What is told of an upstream's answer.
const SAID_CHARS: usize = 200;

/// The message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its Message-ID with the angle brackets, where it has one.
    pub message_id: Option<String>,
    /// How many octets it has.
    pub octets: u64,
    /// When the upstream accepted it: milliseconds since 1970-01-01 UTC.
    pub accepted_at_ms: i64,
    /// Whether it was tried before to put it there.
    pub tried_before: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deposited {
    /// It was there already.
    Found,
    /// It is there now.
    Stored,
    /// Not now; the text says why, for the operator.
    Postponed(String),
    /// Never; the text says why.
    Failed(String),
}

/// An upstream session that puts one message into its folder.
#[derive(Debug)]
pub struct Deposit {
    letter: Letter,
    offered: Capabilities,
    scanner: Scanner,
    state: State,
    /// The response that is being read whole.
    gathered: Option<Gathered>,
    /// Where it goes, once that is known.
    folder: Vec<u8>,
    commands: u32,
    /// Whether the upstream and we know where in the dialogue we are.
    in_step: bool,
}

#[derive(Debug)]
enum State {
    /// What the session did before comes to its end.
    Settling(Parked),
    Listing(Choice),
    Opening,
    Searching(Key, Vec<u32>),
    /// The dates of messages that look alike are asked for; whether one is ours.
    Comparing(bool),
    /// APPEND was said, and the go-ahead is awaited.
    Announced,
    /// So many octets are still to go.
    Streaming(u64),
    /// All was said.
    Storing,
    Ended(Deposited),
}

/// What the message is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    MessageId(String),
    SizeAndDate,
}

#[derive(Debug)]
struct Gathered {
    data: Data,
    bytes: Vec<u8>,
    /// Whether it is longer than what is kept.
    cut: bool,
}

impl Deposit {
    /// Begins, with a session that is or will soon be ready to be used.
    pub fn new(parked: Parked, letter: Letter, out: &mut Vec<u8>) -> Deposit {
        let offered = parked.capabilities();
        let is_ready = parked.is_ready();
        let mut deposit = Deposit {
            letter,
            offered,
            scanner: Scanner::default(),
            state: State::Settling(parked),
            gathered: None,
            folder: Vec::new(),
            commands: 0,
            in_step: true,
        };
        if is_ready {
            deposit.list(out);
        }
        deposit
    }

    /// What came of it, once that is known.
    pub fn end(&self) -> Option<&Deposited> {
        match &self.state {
            State::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// Whether the message is on its way, so that it may be there whatever comes.
    pub fn has_begun(&self) -> bool {
        matches!(self.state, State::Streaming(_) | State::Storing)
    }

    /// How many octets of the message are wanted next.
    pub fn wants(&self) -> u64 {
        match self.state {
            State::Streaming(left) => left,
            _ => 0,
        }
    }

    /// The folder's name as it stands on the wire; none before it is known.
    pub fn folder(&self) -> Option<&[u8]> {
        (!self.folder.is_empty()).then_some(&self.folder)
    }

    /// What the upstream is told at the end, where it would understand it.
    pub fn farewell(&self) -> Option<&'static [u8]> {
        self.in_step.then_some(b"S LOGOUT\r\n")
    }

    /// Takes octets of the message, no more than are [wanted](Self::wants).
    pub fn octets(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        let State::Streaming(left) = &mut self.state else { return };
        let taken = octets.get(..usize::try_from(*left).unwrap_or(usize::MAX).min(octets.len())).unwrap_or_default();
        out.extend_from_slice(taken);
        *left -= taken.len() as u64;
        if *left == 0 {
            out.extend_from_slice(b"\r\n");
            self.state = State::Storing;
            self.in_step = true;
        }
    }

    /// The upstream has closed, or the connection broke.
    pub fn closed(&mut self) {
        self.break_off("the mail server closed the connection");
    }

    /// Takes bytes from the upstream.
    pub fn upstream(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if let State::Settling(parked) = &mut self.state {
            match parked.upstream(bytes) {
                Err(spoilt) => self.break_off(spoilt.0),
                Ok(()) if parked.is_ready() => self.list(out),
                Ok(()) => {}
            }
            return;
        }
        let mut input = bytes;
        while self.end().is_none() {
            match self.step(&mut input, out) {
                Ok(true) => {}
                Ok(false) => return,
                Err(fault) => self.break_off(fault.0),
            }
        }
    }

    /// False once everything was taken.
    fn step(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<bool, Fault> {
        match self.scanner.next(input)? {
            Step::More => return Ok(false),
            Step::Data(bytes) => {
                if let Some(gathered) = &mut self.gathered {
                    gathered.add(bytes);
                }
            }
            Step::End => {
                if let Some(gathered) = self.gathered.take() {
                    self.data(&gathered);
                }
            }
            Step::Head { bytes, .. } => match response::head(&bytes) {
                Head::Data(data @ (Data::List | Data::Search | Data::Fetch)) => {
                    let mut gathered = Gathered { data, bytes: Vec::new(), cut: false };
                    gathered.add(&bytes);
                    self.gathered = Some(gathered);
                    self.scanner.pass(&bytes, true)?;
                }
                Head::Status(Status::Bye, _) => return Err(Fault("the mail server said BYE")),
                Head::Status(..) => self.scanner.skip(&bytes, false)?,
                Head::Data(_) => self.scanner.skip(&bytes, true)?,
                Head::Unknown if bytes.starts_with(b"* ") => self.scanner.skip(&bytes, true)?,
                Head::Unknown => return Err(Fault("the mail server sent what is no response")),
                Head::Continuation => {
                    self.scanner.skip(&bytes, false)?;
                    self.go_ahead(out)?;
                }
                Head::Tagged(tag, status, code) => {
                    if tag != self.tag().as_bytes() {
                        return Err(Fault("the mail server answered a command that was not sent"));
                    }
                    self.scanner.skip(&bytes, false)?;
                    self.answered(status, code, &bytes, out)?;
                }
            },
        }
        Ok(true)
    }

    fn data(&mut self, gathered: &Gathered) {
        match (&mut self.state, gathered.data) {
            // A folder with so long a name is not the one.
            (State::Listing(choice), Data::List) if !gathered.cut => {
                if let Some(folder) = data::listed(&gathered.bytes) {
                    choice.consider(&folder);
                }
            }
            (State::Searching(_, found), Data::Search) => {
                // The last number may be half of one.
                let whole = gathered.bytes.iter().rposition(|byte| *byte == b' ').filter(|_| gathered.cut);
                let numbers = gathered.bytes.get(..whole.unwrap_or(gathered.bytes.len())).unwrap_or_default();
                let room = ALIKE.saturating_sub(found.len());
                found.extend(data::found(numbers).take(room));
            }
            (State::Comparing(ours), Data::Fetch) => {
                let at_secs = data::internal_date(&gathered.bytes).and_then(date::parse_date_time);
                *ours |= at_secs == Some(self.letter.accepted_at_ms.div_euclid(1000));
            }
            // Others tell what they do in the folder.
            _ => {}
        }
    }

    fn answered(
        &mut self,
        status: Status,
        code: Option<Code<'_>>,
        line: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        match (&mut self.state, status) {
            (State::Listing(choice), Status::Ok) => match choice.folder() {
                Some(folder) => {
                    self.folder = folder;
                    self.look(out);
                }
                None => self.postpone(folder::NONE.to_owned()),
            },
            (State::Listing(_), _) => self.refused("does not list its folders", line),
            (State::Opening, Status::Ok) => self.search(out),
            (State::Opening, _) => self.refused("does not open the folder of sent messages", line),
            (State::Searching(_, found), Status::Ok) if found.is_empty() => self.append(out),
            (State::Searching(Key::MessageId(_), _), Status::Ok) => self.state = State::Ended(Deposited::Found),
            (State::Searching(Key::SizeAndDate, found), Status::Ok) => {
                let uids: Vec<String> = found.iter().map(u32::to_string).collect();
                self.state = State::Comparing(false);
                self.send(format!("UID FETCH {} (INTERNALDATE)", uids.join(",")).as_bytes(), out);
            }
            (State::Searching(..) | State::Comparing(_), Status::No | Status::Bad) => {
                self.refused("does not search the folder of sent messages", line);
            }
            (State::Comparing(true), Status::Ok) => self.state = State::Ended(Deposited::Found),
            (State::Comparing(false), Status::Ok) => self.append(out),
            (State::Storing, Status::Ok) => self.state = State::Ended(Deposited::Stored),
            (State::Announced | State::Streaming(_) | State::Storing, Status::No | Status::Bad) => {
                // RFC 4469 §4.2, RFC 7889 §5
                if code.is_some_and(|code| code.name.eq_ignore_ascii_case(b"TOOBIG")) {
                    let why = "the mail server takes no message of this size into a folder".to_owned();
                    self.state = State::Ended(Deposited::Failed(why));
                } else {
                    self.refused("does not take the message into the folder of sent messages", line);
                }
            }
            _ => return Err(Fault("the mail server answered out of turn")),
        }
        Ok(())
    }

    fn list(&mut self, out: &mut Vec<u8>) {
        self.state = State::Listing(Choice::default());
        // Without RETURN many tell of the uses all the same (RFC 6154 §2).
        let asks = self.offered.has(C::SpecialUse) && self.offered.has(C::ListExtended);
        let command: &[u8] = if asks { b"LIST \"\" \"*\" RETURN (SPECIAL-USE)" } else { b"LIST \"\" \"*\"" };
        self.send(command, out);
    }

    /// Opens the folder if anything is to be looked for in it. It is not to be changed by that.
    fn look(&mut self, out: &mut Vec<u8>) {
        if self.key().is_none() {
            return self.append(out);
        }
        self.state = State::Opening;
        let mut command = b"EXAMINE ".to_vec();
        push_string(&mut command, &self.folder);
        self.send(&command, out);
    }

    fn key(&self) -> Option<Key> {
        let id = self.letter.message_id.as_deref().filter(|id| is_searchable(id));
        match id {
            Some(id) => Some(Key::MessageId(id.to_owned())),
            None => self.letter.tried_before.then_some(Key::SizeAndDate),
        }
    }

    fn search(&mut self, out: &mut Vec<u8>) {
        let Some(key) = self.key() else { return self.append(out) };
        let Letter { accepted_at_ms, octets, .. } = self.letter;
        // The upstream goes by the day where it is itself.
        let since = date::date(accepted_at_ms.saturating_sub(DAY_MS));
        let mut command = format!("UID SEARCH SINCE {since} ").into_bytes();
        match &key {
            Key::MessageId(id) => {
                command.extend_from_slice(b"HEADER Message-ID ");
                push_string(&mut command, id.as_bytes());
            }
            Key::SizeAndDate => {
                let before = date::date(accepted_at_ms.saturating_add(2 * DAY_MS));
                let (more, fewer) = (octets.saturating_sub(1), octets.saturating_add(1));
                command.extend_from_slice(format!("BEFORE {before} LARGER {more} SMALLER {fewer}").as_bytes());
            }
        }
        self.state = State::Searching(key, Vec::new());
        self.send(&command, out);
    }

    fn append(&mut self, out: &mut Vec<u8>) {
        let mut command = b"APPEND ".to_vec();
        push_string(&mut command, &self.folder);
        let (at, octets) = (date::date_time(self.letter.accepted_at_ms), self.letter.octets);
        command.extend_from_slice(format!(" (\\Seen) \"{at}\" {{{octets}}}").as_bytes());
        self.state = State::Announced;
        self.send(&command, out);
    }

    fn go_ahead(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        if !matches!(self.state, State::Announced) {
            return Err(Fault("the mail server asked for something out of turn"));
        }
        self.state = State::Streaming(self.letter.octets);
        self.in_step = false;
        self.octets(b"", out);
        Ok(())
    }

    fn send(&mut self, command: &[u8], out: &mut Vec<u8>) {
        self.commands += 1;
        out.extend_from_slice(self.tag().as_bytes());
        out.push(b' ');
        out.extend_from_slice(command);
        out.extend_from_slice(b"\r\n");
    }

    fn tag(&self) -> String {
        format!("S{}", self.commands)
    }

    fn refused(&mut self, what: &str, line: &[u8]) {
        self.postpone(format!("the mail server {what}: {}", said(line)));
    }

    fn postpone(&mut self, why: String) {
        self.state = State::Ended(Deposited::Postponed(why));
    }

    /// The connection is given up, for this reason. An end that is known stays.
    pub fn break_off(&mut self, why: &str) {
        if self.end().is_none() {
            self.in_step = false;
            self.postpone(why.to_owned());
        }
    }
}

impl Gathered {
    fn add(&mut self, bytes: &[u8]) {
        let room = limits::HELD_RESPONSE_BYTES.saturating_sub(self.bytes.len());
        self.cut |= bytes.len() > room;
        self.bytes.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
    }
}

/// A search finds what has the text anywhere in the field, so that only one in its brackets is found as a whole. Beyond
/// ASCII, what is searched and what is stored may be written in two ways.
fn is_searchable(message_id: &str) -> bool {
    let inner = message_id.strip_prefix('<').and_then(|id| id.strip_suffix('>'));
    inner.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// An answer as it is told to the operator: without its tag, and without what a terminal would obey.
fn said(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r\n").unwrap_or(line);
    let text = line.split_at(memchr::memchr(b' ', line).map_or(0, |at| at + 1)).1;
    String::from_utf8_lossy(text).chars().filter(|c| !c.is_control()).take(SAID_CHARS).collect()
}

#[cfg(test)]
#[path = "deposit/tests.rs"]
mod tests;
