//! The client's bytes → lines (RFC 1939 §3, RFC 2449 §4).
//!
//! Strict: a line ends in CRLF and nothing else. Where it is not certain where the next one begins, the answer is a
//! [`Fault`], after which the session must end. Lines may hold passwords: what held them is wiped.

use zeroize::Zeroizing;

use crate::domain::limits;

/// Why the place where the next line begins is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A CR without LF, or a LF without CR.
    BareLineEnd,
    /// A line that does not end within any bound.
    EndlessLine,
}

/// A line that cannot be read, though it is certain where it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Over [`limits::LOGIN_LINE_BYTES`]. RFC 2449 allows 255 octets, RFC 5034 as much as a mechanism needs.
    LongLine,
    /// A NUL.
    Nul,
}

/// What came out of the bytes so far.
#[derive(PartialEq, Eq)]
pub enum Frame {
    /// Everything was taken and no line is complete.
    Incomplete,
    /// A line, without its CRLF.
    Line(Zeroizing<Vec<u8>>),
    /// A line that cannot be read has ended; its beginning.
    Unreadable(Zeroizing<Vec<u8>>, Unreadable),
    /// The session must end.
    Fault(Fault),
}

/// Cuts the client's bytes into lines.
#[derive(Default)]
pub struct Framer {
    line: Zeroizing<Vec<u8>>,
    /// Whether the CR has come.
    ending: bool,
    /// Octets of the line beyond those kept.
    dropped: usize,
    nul: bool,
}

impl Framer {
    /// Whether the last byte taken was the end of a line.
    pub fn between_lines(&self) -> bool {
        self.line.is_empty() && !self.ending && self.dropped == 0 && !self.nul
    }

    /// Takes bytes from the front of `input` up to the next thing to tell.
    pub fn next(&mut self, input: &mut &[u8]) -> Frame {
        loop {
            let stop = memchr::memchr3(b'\r', b'\n', 0, input);
            let (text, rest) =
                if self.ending { input.split_at(0) } else { input.split_at(stop.unwrap_or(input.len())) };
            self.keep(text);
            *input = rest;
            if self.dropped > limits::DISCARD_LINE_BYTES {
                return Frame::Fault(Fault::EndlessLine);
            }
            let Some((octet, rest)) = rest.split_first() else { return Frame::Incomplete };
            match (octet, self.ending) {
                (b'\n', true) => {
                    *input = rest;
                    return self.end_of_line();
                }
                (_, true) | (b'\n', false) => return Frame::Fault(Fault::BareLineEnd),
                (b'\r', false) => self.ending = true,
                (_, false) => self.nul = true,
            }
            *input = rest;
        }
    }

    /// Adds to the line. It moves to a larger place by way of one that is wiped, not as a `Vec` grows.
    fn keep(&mut self, text: &[u8]) {
        let room = limits::LOGIN_LINE_BYTES - self.line.len();
        let (kept, dropped) = text.split_at(room.min(text.len()));
        self.dropped += dropped.len();
        let length = self.line.len() + kept.len();
        if length > self.line.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(length.next_power_of_two()));
            larger.extend_from_slice(&self.line);
            self.line = larger;
        }
        self.line.extend_from_slice(kept);
    }

    fn end_of_line(&mut self) -> Frame {
        let Framer { line, dropped, nul, .. } = std::mem::take(self);
        match (dropped, nul) {
            (0, false) => Frame::Line(line),
            (0, true) => Frame::Unreadable(line, Unreadable::Nul),
            _ => Frame::Unreadable(line, Unreadable::LongLine),
        }
    }
}

/// Tells nothing of the line: it may hold a password.
impl std::fmt::Debug for Framer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Framer").field("octets", &self.line.len()).finish_non_exhaustive()
    }
}

/// Likewise.
impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Frame::Incomplete => f.write_str("Incomplete"),
            Frame::Line(_) => f.write_str("Line"),
            Frame::Unreadable(_, why) => write!(f, "Unreadable({why:?})"),
            Frame::Fault(fault) => write!(f, "Fault({fault:?})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of `input` in pieces of `size`.
    fn frames(input: &[u8], size: usize) -> Vec<Frame> {
        let mut framer = Framer::default();
        let mut frames = Vec::new();
        for mut piece in input.chunks(size) {
            loop {
                match framer.next(&mut piece) {
                    Frame::Incomplete => break,
                    Frame::Fault(fault) => {
                        frames.push(Frame::Fault(fault));
                        return frames;
                    }
                    frame => frames.push(frame),
                }
            }
        }
        frames
    }

    fn line(text: &[u8]) -> Frame {
        Frame::Line(Zeroizing::new(text.to_vec()))
    }

    #[test]
    fn lines_are_the_same_however_they_are_split() {
        for size in 1..20 {
            let read = frames(b"USER anna\r\n\r\nPASS a b  \r\nX\0Y\r\nNOO", size);
            let nul = Frame::Unreadable(Zeroizing::new(b"XY".to_vec()), Unreadable::Nul);
            assert_eq!(read, [line(b"USER anna"), line(b""), line(b"PASS a b  "), nul]);
        }
    }

    #[test]
    fn a_line_ends_in_crlf_and_nothing_else() {
        for input in [&b"NOOP\n"[..], b"\n", b"NO\rOP\r\n", b"\r\r\n", b"NOOP\r\0\n"] {
            for size in 1..8 {
                assert_eq!(frames(input, size), [Frame::Fault(Fault::BareLineEnd)], "{input:?} by {size}");
            }
        }
    }

    #[test]
    fn lines_are_bounded() {
        let of = |length: usize| [vec![b'x'; length], b"\r\n".to_vec()].concat();
        for size in [1000, 4096, usize::MAX] {
            let longest = of(limits::LOGIN_LINE_BYTES);
            assert_eq!(frames(&longest, size), [line(&longest[..longest.len() - 2])]);
            let kept = Zeroizing::new(vec![b'x'; limits::LOGIN_LINE_BYTES]);
            let too_long = Frame::Unreadable(kept, Unreadable::LongLine);
            let most = limits::LOGIN_LINE_BYTES + limits::DISCARD_LINE_BYTES;
            assert_eq!(frames(&of(limits::LOGIN_LINE_BYTES + 1), size), [too_long]);
            assert!(matches!(frames(&of(most), size)[..], [Frame::Unreadable(..)]));
            assert_eq!(frames(&of(most + 1), size), [Frame::Fault(Fault::EndlessLine)]);
        }
    }

    #[test]
    fn nothing_of_a_line_is_printed() {
        let mut framer = Framer::default();
        let mut input = &b"PASS segreta"[..];
        assert_eq!(framer.next(&mut input), Frame::Incomplete);
        assert!(!format!("{framer:?}{:?}", line(b"PASS segreta")).contains("segreta"));
        assert!(!framer.between_lines());
    }
}
