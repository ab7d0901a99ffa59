//! What a client does, a list of which can be played, repeated and made shorter.

use std::fmt;

use crate::support::mail::Dice;

/// One thing that one of the sessions does.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Which of the sessions.
    pub session: usize,
    /// In the even phases the person of [`Cast::Loser`](super::world::Cast) has **write**, in the odd ones no longer;
    /// always 1 where permissions do not change.
    pub phase: usize,
    /// What the counts are kept by.
    pub name: String,
    /// What it is.
    pub deed: Deed,
    /// How writes are cut.
    pub cuts: u64,
}

/// What a client can do.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Says a command.
    Command(Command),
    /// Says LOGOUT, and what follows it in the same segment; then reads on to the end.
    LogOut(Vec<u8>),
    /// Says this, whatever it is, and is gone.
    Vanish(Vec<Piece>),
}

/// A command to be said.
#[derive(Clone, Debug)]
pub struct Command {
    /// What the answer begins with.
    pub tag: Vec<u8>,
    /// What is said.
    pub pieces: Vec<Piece>,
    /// Whether one who may only read must be told NO or BAD.
    pub refused: bool,
    /// Whether it is certain that there is one tagged answer. If not, the client finds its feet again with NOOPs.
    pub certain: bool,
    /// Whether the client now waits for all answers.
    pub waits: bool,
}

/// A piece of what is said.
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// Bytes.
    Text(Vec<u8>),
    /// Wait for the continuation; if the command's answer comes instead, the rest is not said.
    Wait,
}

/// Puts a command together.
#[derive(Debug, Default)]
pub struct Writer {
    pieces: Vec<Piece>,
    text: Vec<u8>,
}

impl Writer {
    pub fn text(&mut self, text: impl AsRef<[u8]>) -> &mut Writer {
        self.text.extend_from_slice(text.as_ref());
        self
    }

    /// A literal (RFC 3501 §4.3; RFC 7888; RFC 3516).
    pub fn literal(&mut self, octets: &[u8], synchronizing: bool, binary: bool) -> &mut Writer {
        self.text(if binary { "~{" } else { "{" });
        self.text(format!("{}{}}}\r\n", octets.len(), if synchronizing { "" } else { "+" }));
        if synchronizing {
            self.wait();
        }
        self.text(octets)
    }

    pub fn wait(&mut self) -> &mut Writer {
        self.pieces.push(Piece::Text(std::mem::take(&mut self.text)));
        self.pieces.push(Piece::Wait);
        self
    }

    /// A string in one of the forms that can hold it.
    pub fn string(&mut self, dice: &mut Dice, string: &[u8]) -> &mut Writer {
        let is_atom = |b: &u8| matches!(b, 0x21..=0x7e) && !b"(){%*\"\\".contains(b);
        let atom = !string.is_empty() && string.iter().all(is_atom);
        let quoted = string.iter().all(|b| *b != 0 && *b != b'\r' && *b != b'\n');
        match dice.below(10) {
            0 => self.literal(string, true, false),
            1 => self.literal(string, false, false),
            2..=6 if atom => self.text(string),
            _ if quoted => self.quoted(string),
            _ => self.literal(string, dice.below(2) == 0, false),
        }
    }

    pub fn quoted(&mut self, string: &[u8]) -> &mut Writer {
        self.text("\"");
        for byte in string {
            self.text(if matches!(byte, b'"' | b'\\') { "\\" } else { "" }).text([*byte]);
        }
        self.text("\"")
    }

    pub fn finish(mut self) -> Vec<Piece> {
        self.pieces.push(Piece::Text(self.text));
        self.pieces
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Piece::Text(text) if text.len() > 600 => {
                write!(
                    f,
                    "{}…({} bytes)…{}",
                    text[..200].escape_ascii(),
                    text.len(),
                    text[text.len() - 60..].escape_ascii()
                )
            }
            Piece::Text(text) => write!(f, "{}", text.escape_ascii()),
            Piece::Wait => f.write_str("⟨waits for +⟩"),
        }
    }
}

/// A line for whoever looks for the fault.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "session {}{}: ",
            self.session,
            if self.phase.is_multiple_of(2) { ", still with write" } else { "" }
        )?;
        let pieces = match &self.deed {
            Deed::Command(Command { pieces, certain, waits, .. }) => {
                f.write_str(if *certain { "" } else { "(broken) " })?;
                f.write_str(if *waits { "" } else { "(pipelined) " })?;
                pieces
            }
            Deed::LogOut(bytes) => return write!(f, "LOGOUT and more: {}", bytes.escape_ascii()),
            Deed::Vanish(pieces) => {
                f.write_str("vanishes after: ")?;
                pieces
            }
        };
        pieces.iter().try_for_each(|piece| write!(f, "{piece:?}"))
    }
}
