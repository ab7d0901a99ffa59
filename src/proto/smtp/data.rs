//! The client's bytes behind DATA → a message, without the dots of transport, and its end (RFC 5321 §4.1.1.4, §4.5.2).
//!
//! A line ends in CRLF and nothing else; the end is `<CRLF>.<CRLF>` and nothing else, the CRLF before the dot being that
//! of the last line or of DATA itself. Servers that see further ends, or hand on what others see as ends, are what SMTP
//! smuggling lives on (CVE-2023-51764, -51765, -51766, CVE-2026-33604). So nothing here is repaired: a bare CR, a bare LF
//! or a NUL breaks the message, and it goes nowhere.
//!
//! Where the end of a broken message is cannot be known: client, gateway and whoever taught the client may think of three
//! places. From the break on, whatever any program might take for the end is told as [`Step::End`], and the session must
//! end there: none of the bytes that follow may count, neither as a message nor as commands. So a client that ends its
//! lines in LF is answered at once, not when its patience is over.

use crate::domain::limits;
use crate::proto::smooth;

// No line that is told as smooth can be too long.
const _: () = assert!(smooth::LONGEST_LINE_BYTES <= limits::MESSAGE_LINE_BYTES);

/// What comes next in the client's bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Everything was taken.
    More,
    /// Octets of the message.
    Octets(&'a [u8]),
    /// The message is broken: nothing of it may go further. More of it follows up to [`Step::End`], and is not told.
    Broken(Break),
    /// The message has ended.
    End,
}

/// How a message is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// A bare CR, a bare LF or a NUL: where the message ends is not certain.
    LineEnd,
    /// A line is too long. Where the message ends is certain.
    LongLine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the beginning of a line.
    Start,
    /// Behind a dot at the beginning of a line.
    Dot,
    /// Behind that and CR.
    DotCarriageReturn,
    /// Within a line.
    Line,
    /// Behind CR.
    CarriageReturn,
    /// Behind a break of [`Break::LineEnd`].
    Adrift(Lenient),
    /// Behind the end.
    End,
}

/// How far the most lenient reader is in seeing an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lenient {
    Line,
    /// Behind CR or LF.
    LineEnd,
    /// Behind that and a dot.
    Dot,
}

/// Finds the end of one message.
#[derive(Debug)]
pub struct Framer {
    state: State,
    /// Octets of the line so far, dot-stuffing apart.
    length: usize,
    broken: Option<Break>,
}

impl Default for Framer {
    fn default() -> Self {
        Framer { state: State::Start, length: 0, broken: None }
    }
}

impl Framer {
    /// How the message is broken, if it is.
    pub fn broken(&self) -> Option<Break> {
        self.broken
    }

    /// Takes bytes from the front of `input` up to the next thing to tell. Behind [`Step::End`] nothing is taken.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Step<'a> {
        loop {
            let Some((first, rest)) = input.split_first() else { return Step::More };
            match (self.state, *first) {
                (State::End, _) => return Step::End,
                (State::Adrift(_), _) if self.tell(Break::LineEnd) => return Step::Broken(Break::LineEnd),
                (State::Adrift(lenient), byte) => {
                    *input = rest;
                    if self.drift(lenient, byte) {
                        self.state = State::End;
                        return Step::End;
                    }
                }
                // The dot is no part of the message, whatever follows it.
                (State::Start, b'.') => {
                    *input = rest;
                    self.state = State::Dot;
                }
                (State::Dot, b'\r') => {
                    *input = rest;
                    self.state = State::DotCarriageReturn;
                }
                (State::DotCarriageReturn, b'\n') => {
                    *input = rest;
                    self.state = State::End;
                    return Step::End;
                }
                // `<CRLF>.<CR>` and `<CRLF>.<LF>` are ends for some; the octet at hand shows which.
                (State::DotCarriageReturn, _) => {
                    self.state = State::End;
                    self.tell(Break::LineEnd);
                    return Step::Broken(Break::LineEnd);
                }
                (State::Dot, b'\n') => self.state = State::Adrift(Lenient::Dot),
                (State::CarriageReturn, b'\n') => {
                    *input = rest;
                    self.state = State::Start;
                    self.length = 0;
                    if self.broken.is_none() {
                        return Step::Octets(b"\r\n");
                    }
                }
                (State::CarriageReturn, _) => self.state = State::Adrift(Lenient::LineEnd),
                (State::Start | State::Dot | State::Line, _) => {
                    if let Some(step) = self.lines(input) {
                        return step;
                    }
                }
            }
        }
    }

    /// As many lines, or parts of them, as can be told in one piece: up to a dot at the beginning of a line, to what is
    /// broken, or to the end of the input.
    fn lines<'a>(&mut self, input: &mut &'a [u8]) -> Option<Step<'a>> {
        let bytes = *input;
        let behind_dot = self.state == State::Dot;
        let mut at = 0;
        self.state = State::Line;
        // Where the piece ends, and what of the input is taken with it.
        let (told, taken) = loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let found = memchr::memchr3(b'\r', b'\n', 0, rest);
            let end = at + found.unwrap_or(rest.len());
            let room = limits::MESSAGE_LINE_BYTES - self.length;
            if end - at > room && self.broken.is_none() {
                if at + room == 0 {
                    self.tell(Break::LongLine);
                    return Some(Step::Broken(Break::LongLine));
                }
                self.length = limits::MESSAGE_LINE_BYTES;
                break (at + room, at + room);
            }
            self.length = (self.length + end - at).min(limits::MESSAGE_LINE_BYTES);
            match (bytes.get(end), bytes.get(end + 1)) {
                (None, _) => break (end, end),
                (Some(b'\r'), Some(b'\n')) => {
                    self.length = 0;
                    at = end + 2;
                    if matches!(bytes.get(at), None | Some(b'.')) {
                        self.state = State::Start;
                        break (at, at);
                    }
                    let told = smooth::smooth(bytes, at);
                    self.length = smooth::of_last_line(bytes.get(at..at + told).unwrap_or_default());
                    at += told;
                }
                (Some(b'\r'), _) => {
                    self.state = State::CarriageReturn;
                    break (end, end + 1);
                }
                (Some(_), _) => {
                    self.state = State::Adrift(match self.length {
                        0 if behind_dot && at == 0 => Lenient::Dot,
                        0 => Lenient::LineEnd,
                        _ => Lenient::Line,
                    });
                    break (end, end);
                }
            }
        };
        *input = bytes.get(taken..).unwrap_or_default();
        let octets = bytes.get(..told).unwrap_or_default();
        (self.broken.is_none() && !octets.is_empty()).then_some(Step::Octets(octets))
    }

    /// Notes a break; true where it is news. One that leaves the end uncertain weighs more than one that does not.
    fn tell(&mut self, found: Break) -> bool {
        match (self.broken, found) {
            (None, _) | (Some(Break::LongLine), Break::LineEnd) => {
                self.broken = Some(found);
                true
            }
            (Some(_), _) => false,
        }
    }

    /// Reads on as the most lenient would; true at what is an end for one of them. NUL is nothing to some.
    fn drift(&mut self, lenient: Lenient, byte: u8) -> bool {
        let next = match (lenient, byte) {
            (Lenient::Dot, b'\r' | b'\n') => return true,
            (_, b'\r' | b'\n') => Lenient::LineEnd,
            (Lenient::LineEnd, b'.') => Lenient::Dot,
            (same, 0) => same,
            (Lenient::Line | Lenient::LineEnd | Lenient::Dot, _) => Lenient::Line,
        };
        self.state = State::Adrift(next);
        false
    }
}

/// Puts a dot before each that begins a line (RFC 5321 §4.5.2). Lines that come in must end in CRLF.
#[derive(Debug)]
pub struct Stuffer {
    /// Whether the next octet begins a line.
    at_start: bool,
}

impl Default for Stuffer {
    fn default() -> Self {
        Stuffer { at_start: true }
    }
}

impl Stuffer {
    /// Gives out the octets of a message as they go over the wire.
    pub fn stuff(&mut self, octets: &[u8], mut out: impl FnMut(&[u8])) {
        let mut rest = octets;
        while let Some(first) = rest.first() {
            if self.at_start && *first == b'.' {
                out(b".");
            }
            let end = memchr::memmem::find(rest, b"\n.").map_or(rest.len(), |at| at + 1);
            let (piece, others) = rest.split_at(end);
            self.at_start = piece.ends_with(b"\n");
            out(piece);
            rest = others;
        }
    }

    /// What ends the message: a line must end before the dot.
    pub fn end(&self) -> &'static [u8] {
        if self.at_start { b".\r\n" } else { b"\r\n.\r\n" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message, how it is broken, and what is left behind its end.
    fn frame(text: &[u8], size: usize) -> (Vec<u8>, Option<Break>, Option<Vec<u8>>) {
        let mut framer = Framer::default();
        let mut message = Vec::new();
        for (n, piece) in text.chunks(size).enumerate() {
            let mut input = piece;
            loop {
                match framer.next(&mut input) {
                    Step::More => break,
                    Step::Octets(octets) => message.extend_from_slice(octets),
                    Step::Broken(found) => assert_eq!(framer.broken(), Some(found)),
                    Step::End => {
                        let behind = [input, text.get((n + 1) * size..).unwrap_or_default()].concat();
                        return (message, framer.broken(), Some(behind));
                    }
                }
            }
        }
        (message, framer.broken(), None)
    }

    #[test]
    fn the_end_is_crlf_dot_crlf() {
        for (text, message, behind) in [
            (&b".\r\nQUIT"[..], &b""[..], Some(&b"QUIT"[..])),
            (b"a\r\n.\r\n", b"a\r\n", Some(b"")),
            (b"a\r\n..\r\n.\r\n", b"a\r\n.\r\n", Some(b"")),
            (b"..a\r\n.b\r\n...\r\n.\r\nx", b".a\r\nb\r\n..\r\n", Some(b"x")),
            (b"a.\r\nb.c\r\n", b"a.\r\nb.c\r\n", None),
            (b"a\r\n\r\n.\r\n.\r\n", b"a\r\n\r\n", Some(b".\r\n")),
            (b"a", b"a", None),
        ] {
            for size in 1..=text.len() {
                let expected = (message.to_vec(), None, behind.map(<[u8]>::to_vec));
                assert_eq!(frame(text, size), expected, "{:?} by {size}", text.escape_ascii().to_string());
            }
        }
    }

    #[test]
    fn what_some_take_for_the_end_breaks_the_message_and_ends_it() {
        let mixes = [
            "\n.\n",
            "\n.\r\n",
            "\r.\r",
            "\r.\n",
            "\r.\r\n",
            "\n.\r",
            "\r\n.\n",
            "\r\n.\r",
            "\r\n.\rx",
            "\r\r\n.\r\n",
            "\n\0.\r\n",
            "\0\r\n.\r\n",
            "\r\n\0.\r\n",
            "\r\n.\0\r\n",
        ];
        for mix in mixes {
            let text = format!("a\r\nb{mix}MAIL FROM:<x>\r\n.\r\n");
            for size in 1..=text.len() {
                let (_, broken, behind) = frame(text.as_bytes(), size);
                assert_eq!(broken, Some(Break::LineEnd), "{mix:?} by {size}");
                assert!(behind.unwrap().ends_with(b"MAIL FROM:<x>\r\n.\r\n"), "{mix:?} by {size}");
            }
        }
    }

    #[test]
    fn large_pieces_are_read_as_single_octets_are() {
        let line = format!("{}\r\n", "x".repeat(76)).repeat(12);
        let rough = ["", "\n", "\r", "\0", "\r\n..", "\r\n.x", "\r\n.\r\n", "\n.\n", "\r\n\r\n", "\r\n\0.\r\n"];
        for (rough, at) in rough.into_iter().flat_map(|rough| (70..700).step_by(3).map(move |at| (rough, at))) {
            let (before, behind) = line.split_at(at);
            let text = [before, rough, behind, ".\r\nQUIT"].concat();
            let expected = frame(text.as_bytes(), 1);
            for size in [300, 777, usize::MAX] {
                assert_eq!(frame(text.as_bytes(), size), expected, "{rough:?} at {at} by {size}");
            }
        }
    }

    #[test]
    fn a_line_is_bounded() {
        let bound = limits::MESSAGE_LINE_BYTES;
        for size in [100, usize::MAX] {
            let text = |length: usize| [&vec![b'x'; length][..], b"\r\n.\r\nQUIT"].concat();
            let behind = Some(b"QUIT".to_vec());
            assert_eq!(frame(&text(bound), size), ([&vec![b'x'; bound][..], b"\r\n"].concat(), None, behind.clone()));
            let (_, broken, end) = frame(&text(bound + 1), size);
            assert_eq!((broken, end), (Some(Break::LongLine), behind));
        }
    }

    #[test]
    fn dots_are_put_before_dots() {
        let stuffed = |text: &[u8], size: usize| {
            let (mut stuffer, mut out) = (Stuffer::default(), Vec::new());
            for piece in text.chunks(size) {
                stuffer.stuff(piece, |octets| out.extend_from_slice(octets));
            }
            out.extend_from_slice(stuffer.end());
            String::from_utf8(out).unwrap()
        };
        for size in 1..10 {
            assert_eq!(stuffed(b"", size), ".\r\n");
            assert_eq!(stuffed(b".\r\n..a\r\nb.\r\n", size), "..\r\n...a\r\nb.\r\n.\r\n");
            assert_eq!(stuffed(b"a", size), "a\r\n.\r\n");
        }
    }
}
