//! The client's bytes → the lines of commands (RFC 5321 §2.3.8: a line ends in CRLF and nothing else).
//!
//! The bytes are the client's, and may hold a password: what was held is wiped.

use zeroize::Zeroizing;

use crate::domain::limits;

/// What comes next in the client's bytes.
#[derive(PartialEq, Eq)]
pub enum Step {
    /// Everything was taken, and no line is complete.
    More,
    /// A line, without its CRLF.
    Line(Zeroizing<Vec<u8>>),
    /// A line over [`limits::SMTP_LINE_BYTES`] has ended; what it began with.
    Long(Zeroizing<Vec<u8>>),
    /// Where a line ends is no longer certain.
    Fault(&'static str),
}

/// Cuts the client's bytes into lines.
#[derive(Default)]
pub struct Lines {
    held: Zeroizing<Vec<u8>>,
    /// Octets of this line so far.
    length: usize,
    carriage_return: bool,
}

/// Without what the client typed.
impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::More => f.write_str("More"),
            Step::Line(line) => write!(f, "Line({} bytes)", line.len()),
            Step::Long(line) => write!(f, "Long({} bytes)", line.len()),
            Step::Fault(why) => write!(f, "Fault({why})"),
        }
    }
}

/// Without what the client typed.
impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("length", &self.length).field("carriage_return", &self.carriage_return).finish()
    }
}

impl Lines {
    /// Whether no part of a line has come.
    pub fn between_lines(&self) -> bool {
        self.length == 0 && !self.carriage_return
    }

    /// Takes bytes from the front of `input` up to the next thing to tell.
    pub fn next(&mut self, input: &mut &[u8]) -> Step {
        if self.carriage_return {
            match input.split_first() {
                None => return Step::More,
                Some((b'\n', rest)) => {
                    *input = rest;
                    return self.ended();
                }
                Some(_) => return Step::Fault("Lines end in CR LF"),
            }
        }
        let end = memchr::memchr2(b'\r', b'\n', input);
        let (text, rest) = input.split_at(end.unwrap_or(input.len()));
        self.length += text.len();
        let room = limits::SMTP_LINE_BYTES.saturating_sub(self.held.len());
        self.hold(text.get(..room).unwrap_or(text));
        if self.length > limits::DISCARD_LINE_BYTES {
            return Step::Fault("The line is too long");
        }
        match rest {
            [] => {
                *input = &[];
                Step::More
            }
            [b'\r', rest @ ..] => {
                *input = rest;
                self.carriage_return = true;
                self.next(input)
            }
            _ => Step::Fault("Lines end in CR LF"),
        }
    }

    /// Grows by copying into a new vector, so that no freed memory keeps what was held.
    fn hold(&mut self, text: &[u8]) {
        if self.held.capacity() - self.held.len() < text.len() {
            let mut grown = Zeroizing::new(Vec::with_capacity((self.held.len() + text.len()).next_power_of_two()));
            grown.extend_from_slice(&self.held);
            self.held = grown;
        }
        self.held.extend_from_slice(text);
    }

    fn ended(&mut self) -> Step {
        let long = self.length > limits::SMTP_LINE_BYTES;
        let line = std::mem::take(self).held;
        if long { Step::Long(line) } else { Step::Line(line) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of `text` given in pieces of `size`; `!` for a long one, `#` for a fault.
    fn lines(text: &[u8], size: usize) -> Vec<String> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for mut piece in text.chunks(size) {
            loop {
                match lines.next(&mut piece) {
                    Step::More => break,
                    Step::Line(line) => found.push(String::from_utf8(line.to_vec()).unwrap()),
                    Step::Long(line) => found.push(format!("!{}", line.len())),
                    Step::Fault(_) => {
                        found.push("#".to_owned());
                        return found;
                    }
                }
            }
        }
        found
    }

    #[test]
    fn lines_end_in_crlf_alone() {
        for (text, expected) in [
            ("NOOP\r\n\r\nQUIT\r\nRS", &["NOOP", "", "QUIT"][..]),
            ("NOOP\nQUIT\r\n", &["#"]),
            ("NOOP\rQUIT\r\n", &["#"]),
            ("NOOP\r\r\n", &["#"]),
            ("NOOP\r\n\nQUIT\r\n", &["NOOP", "#"]),
        ] {
            for size in [1, 2, 3, 100] {
                assert_eq!(lines(text.as_bytes(), size), expected, "{text:?} by {size}");
            }
        }
    }

    #[test]
    fn lines_are_bounded() {
        let bound = limits::SMTP_LINE_BYTES;
        for size in [1000, usize::MAX] {
            let line = |length: usize| [&vec![b'x'; length][..], b"\r\n"].concat();
            assert_eq!(lines(&line(bound), size)[0].len(), bound);
            assert_eq!(lines(&line(bound + 1), size), [format!("!{bound}")]);
            assert_eq!(lines(&line(limits::DISCARD_LINE_BYTES), size), [format!("!{bound}")]);
            assert_eq!(lines(&line(limits::DISCARD_LINE_BYTES + 1), size), ["#"]);
        }
    }
}
