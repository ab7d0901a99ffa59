//! What goes wrong in a scripted session, and where: every other answer is the usual one.

use std::sync::{Arc, Mutex};

use super::Conversation;

/// What happens in place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The connection is closed.
    Close,
    /// Nothing, until the other side closes.
    Stall,
    /// This is said. The session goes on as if it had been the usual answer.
    Say(&'static str),
    /// This is said, and then the connection is closed.
    SayAndClose(&'static str),
    /// So many bytes of the usual answer are sent, and then the connection is closed.
    Part(usize),
}

/// Where it happens: a step's name, from a protocol's `STEPS`.
pub type Fault = Option<(&'static str, Act)>;

/// What all connections to a scripted server have said.
#[derive(Clone, Debug, Default)]
pub struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    /// The lines so far, without CRLF.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// How many lines begin so.
    pub fn count(&self, start: &str) -> usize {
        self.lines().iter().filter(|line| line.starts_with(start)).count()
    }

    pub fn note(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

/// Answers at a step as usual, or does what is to happen there. Whether the session goes on.
pub fn answer(conversation: &mut Conversation, fault: Fault, step: &str, usual: &str) -> bool {
    match fault.filter(|(at, _)| *at == step).map(|(_, act)| act) {
        None => conversation.send(usual),
        Some(Act::Close) => false,
        Some(Act::Stall) => {
            conversation.wait_for_end();
            false
        }
        Some(Act::Say(text)) => conversation.send(text),
        Some(Act::SayAndClose(text)) => {
            conversation.send(text);
            false
        }
        Some(Act::Part(bytes)) => {
            conversation.send(&usual[..bytes.min(usual.len())]);
            false
        }
    }
}
