//! What the client still waits for, in the order in which it asked.
//!
//! The gateway's own answers stand in the same queue as the commands that were sent upstream, so that every command has
//! one answer and answers come in order.

use std::collections::VecDeque;

use crate::domain::limits;
use crate::policy::imap::Mode;
use crate::proto::imap::verb::Verb;

/// For how many there is room while nothing is pending.
const RESTING: usize = 4;

/// One thing that the client waits for.
#[derive(Debug)]
pub(super) enum Pending {
    /// A command that was sent upstream.
    Sent(Sent),
    /// The gateway's own answer.
    Own(Vec<u8>),
    /// The gateway's own continuation, which asks for a literal.
    GoOn,
    /// The gateway's own answer, after which the session ends.
    Last(Vec<u8>),
}

/// A command that was sent upstream, under the client's tag.
#[derive(Debug)]
pub(super) struct Sent {
    pub tag: Vec<u8>,
    /// As which it went upstream.
    pub verb: Verb,
    /// IDLE that was broken off by something other than DONE: its answer becomes `BAD`.
    pub broken: bool,
    /// How the selected folder is open once this has succeeded, for a command that changes it.
    pub opens: Option<Mode>,
}

impl Sent {
    /// A command that changes nothing about the selected folder.
    pub fn new(tag: &[u8], verb: Verb) -> Sent {
        Sent { tag: tag.to_vec(), verb, broken: false, opens: None }
    }

    /// Whether it is a SELECT or an EXAMINE.
    pub fn opens_folder(&self) -> bool {
        matches!(self.opens, Some(Mode::ReadOnly | Mode::ReadWrite))
    }
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pending: VecDeque<Pending>,
    /// What the gateway's own answers come to.
    own_bytes: usize,
}

impl Queue {
    pub fn push(&mut self, pending: Pending) {
        if let Pending::Own(answer) | Pending::Last(answer) = &pending {
            self.own_bytes += answer.len();
        }
        self.pending.push_back(pending);
    }

    pub fn is_full(&self) -> bool {
        self.pending.len() >= limits::PENDING_COMMANDS || self.own_bytes >= limits::PENDING_BYTES
    }

    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Whether the client waits for nothing but new data in IDLE.
    pub fn is_idle(&self) -> bool {
        self.pending.iter().all(|pending| matches!(pending, Pending::Sent(Sent { verb: Verb::Idle, .. })))
    }

    /// Whether the client waits to be asked for a literal.
    pub fn has_to_go_on(&self) -> bool {
        self.pending.iter().any(|pending| matches!(pending, Pending::GoOn))
    }

    /// The own answer whose turn has come.
    pub fn next_own(&mut self) -> Option<Pending> {
        match self.pending.front() {
            Some(Pending::Own(answer) | Pending::Last(answer)) => {
                self.own_bytes -= answer.len();
                self.pending.pop_front()
            }
            Some(Pending::GoOn) => self.pending.pop_front(),
            _ => None,
        }
    }

    /// Whether the command that `tag` answers opens a folder.
    pub fn opens_folder(&self, tag: &[u8]) -> bool {
        let sent = self.pending.iter().find_map(|pending| match pending {
            Pending::Sent(sent) if sent.tag == tag => Some(sent),
            _ => None,
        });
        sent.is_some_and(Sent::opens_folder)
    }

    /// Takes out the sent command that `tag` answers, the oldest with that tag, and tells whether it was sent last.
    pub fn answered(&mut self, tag: &[u8]) -> Option<(Sent, bool)> {
        let at = self.pending.iter().position(|pending| matches!(pending, Pending::Sent(sent) if sent.tag == tag))?;
        let last = !self.pending.iter().skip(at + 1).any(|pending| matches!(pending, Pending::Sent(_)));
        match self.pending.remove(at) {
            Some(Pending::Sent(sent)) => Some((sent, last)),
            _ => None,
        }
    }

    /// The command sent last.
    pub fn last_sent(&mut self) -> Option<&mut Sent> {
        self.pending.iter_mut().rev().find_map(|pending| match pending {
            Pending::Sent(sent) => Some(sent),
            _ => None,
        })
    }

    /// Whether a command is under way that opens a folder for writing.
    pub fn opens_for_writing(&self) -> bool {
        let opens = |pending: &Pending| matches!(pending, Pending::Sent(Sent { opens: Some(Mode::ReadWrite), .. }));
        self.pending.iter().any(opens)
    }

    /// Gives memory back while nothing is pending: all but what a client needs that sends one command after the other.
    pub fn shrink(&mut self) {
        if self.pending.is_empty() && self.pending.capacity() > RESTING {
            self.pending = VecDeque::with_capacity(RESTING);
        }
    }
}
