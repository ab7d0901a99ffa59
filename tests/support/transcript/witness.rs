//! Which commands a transcript shows allowed, and which refused.

use std::collections::{HashMap, HashSet, VecDeque};

use delega::domain::Protocol;
use delega::proto::imap::command;
use delega::proto::imap::framer::Raw;
use delega::session::Leg;

/// The verbs that a transcript shows.
#[derive(Debug, Default)]
pub struct Shown {
    /// A command of this verb was answered as it wished.
    pub allowed: HashSet<String>,
    /// A command of this verb was refused, and nothing of it went upstream.
    pub refused: HashSet<String>,
}

/// Watches a session, in the manner of its protocol.
pub trait Witness {
    /// The client says a line.
    fn said(&mut self, line: &[u8]);
    /// delega says a line.
    fn heard(&mut self, leg: Leg, line: &[u8], shown: &mut Shown);
}

/// The witness for a protocol.
pub fn witness(protocol: Protocol) -> Box<dyn Witness> {
    match protocol {
        Protocol::Imap => Box::new(Tagged::default()),
        Protocol::Submission => Box::new(Replies::default()),
        Protocol::Pop3 => Box::new(Answers::default()),
    }
}

/// IMAP: answers have the tags of their commands.
#[derive(Default)]
struct Tagged {
    /// The client's tags and their verbs.
    commands: HashMap<Vec<u8>, &'static str>,
    /// The tags of what went upstream.
    forwarded: HashSet<Vec<u8>>,
}

impl Witness for Tagged {
    fn said(&mut self, line: &[u8]) {
        let line = line.split(|b| *b == b'\r').next().unwrap_or_default().to_vec();
        if let Ok(head) = command::head(&Raw { bytes: line, literals: Vec::new() }) {
            self.forwarded.remove(&head.tag);
            self.commands.insert(head.tag, head.verb.name());
        }
    }

    fn heard(&mut self, leg: Leg, line: &[u8], shown: &mut Shown) {
        let mut words = line.split(|b| matches!(b, b' ' | b'\r'));
        let tag = words.next().unwrap_or_default();
        let second = words.next().unwrap_or_default();
        match leg {
            Leg::Upstream => {
                self.forwarded.insert(tag.to_vec());
            }
            Leg::Downstream => {
                let Some(verb) = self.commands.get(tag) else { return };
                match second {
                    b"OK" => shown.allowed.insert((*verb).to_owned()),
                    b"NO" | b"BAD" if !self.forwarded.contains(tag) => shown.refused.insert((*verb).to_owned()),
                    _ => false,
                };
            }
        }
    }
}

/// SMTP: one reply for each command, in their order.
#[derive(Default)]
struct Replies {
    commands: VecDeque<String>,
    forwarded: HashSet<String>,
    /// The lines that come are those of a message.
    message: bool,
    /// What comes next is a chunk of BDAT.
    chunk: bool,
}

impl Witness for Replies {
    fn said(&mut self, line: &[u8]) {
        let verb = line.split(|b| matches!(b, b' ' | b'\r')).next().unwrap_or_default().to_ascii_uppercase();
        if std::mem::take(&mut self.chunk) || (self.message && verb != b".") {
            return;
        }
        self.chunk = verb == b"BDAT" && !line.starts_with(b"BDAT 0");
        self.message = false;
        let verb = String::from_utf8_lossy(&verb).into_owned();
        self.forwarded.remove(&verb);
        self.commands.push_back(verb);
    }

    fn heard(&mut self, leg: Leg, line: &[u8], shown: &mut Shown) {
        match leg {
            Leg::Upstream => {
                let verb = line.split(|b| matches!(b, b' ' | b'\r')).next().unwrap_or_default();
                self.forwarded.insert(String::from_utf8_lossy(verb).into_owned());
            }
            // The last line of a reply alone has a space behind its code; the greeting answers nothing.
            Leg::Downstream if line.get(3) == Some(&b' ') && !line.starts_with(b"220 delega") => {
                let Some(verb) = self.commands.pop_front() else { return };
                self.message = line.starts_with(b"354");
                match line.first() {
                    Some(b'2' | b'3') => shown.allowed.insert(verb),
                    Some(b'4' | b'5') if !self.forwarded.contains(&verb) => shown.refused.insert(verb),
                    _ => false,
                };
            }
            Leg::Downstream => {}
        }
    }
}

/// POP3: one answer for each command, in their order; some go on to a line with a dot.
#[derive(Default)]
struct Answers {
    commands: VecDeque<(String, bool)>,
    /// Something went upstream since the last answer.
    forwarded: bool,
    /// The lines that come are more of an answer.
    lines: bool,
    /// The client's next line is no command.
    sasl: bool,
}

impl Witness for Answers {
    fn said(&mut self, line: &[u8]) {
        if std::mem::take(&mut self.sasl) {
            return;
        }
        let mut words = line.split(|b| matches!(b, b' ' | b'\r'));
        let verb = String::from_utf8_lossy(words.next().unwrap_or_default()).to_ascii_uppercase();
        let alone = words.next().is_none_or(<[u8]>::is_empty);
        let more = match verb.as_str() {
            "CAPA" | "RETR" | "TOP" => true,
            "LIST" | "UIDL" | "AUTH" => alone,
            _ => false,
        };
        self.commands.push_back((verb, more));
    }

    fn heard(&mut self, leg: Leg, line: &[u8], shown: &mut Shown) {
        match leg {
            Leg::Upstream => self.forwarded = true,
            Leg::Downstream if self.lines => self.lines = line != b".\r\n",
            Leg::Downstream if line.starts_with(b"+ ") => self.sasl = true,
            Leg::Downstream if line.starts_with(b"+OK delega") => {}
            Leg::Downstream => {
                let Some((verb, more)) = self.commands.pop_front() else { return };
                let forwarded = std::mem::take(&mut self.forwarded);
                if line.starts_with(b"+OK") {
                    self.lines = more;
                    shown.allowed.insert(verb);
                } else if !forwarded {
                    shown.refused.insert(verb);
                }
            }
        }
    }
}
