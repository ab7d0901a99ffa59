//! The server's bytes → responses that stream by (RFC 3501 §2.2.2).
//!
//! Only the head of a response is ever held, until it can be told what it is; a message of 50 MB costs no memory and no
//! parse. Between [`Step::End`] and the next [`Step::Head`] the stream is at a boundary: there, and only there, may
//! something of the gateway's own be put between.
//!
//! An upstream that breaks the grammar (a bare CR or LF, a line that ends within a quoted string) would be understood in
//! two ways by two programs, so that is a [`Fault`], and ends the session.

use std::borrow::Cow;

use crate::domain::limits;

/// Long enough for `tag OK [NAME `, whatever the tag.
const HEAD_BYTES: usize = limits::TAG_BYTES + 64;

/// Longer than any announcement of a literal and its CRLF.
const TAIL_BYTES: usize = 32;

/// The upstream broke the grammar or a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(pub &'static str);

/// What comes next in the server's bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Everything was taken.
    More,
    /// A response begins. These are its first bytes: all of its first line if `complete`, CRLF included. Answer with
    /// [`Scanner::pass`], [`Scanner::skip`], [`Scanner::hold`] or, where the line is complete, [`Scanner::done`].
    Head {
        /// The first bytes.
        bytes: Cow<'a, [u8]>,
        /// Whether the line's end is there.
        complete: bool,
    },
    /// More of a response that passes.
    Data(&'a [u8]),
    /// The response has ended.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the beginning of a response, or with some of its first line held; the bound on what may be.
    Head(usize),
    /// The head was told; an answer is due.
    Decide { complete: bool },
    /// In a line of a response.
    Line,
    /// In a literal.
    Literal(u64),
    /// Behind the last line.
    End,
    /// At an octet that breaks the grammar; all before it was passed on, however the bytes came in.
    Broken(Fault),
}

/// Cuts the server's bytes into responses.
#[derive(Debug)]
pub struct Scanner {
    state: State,
    held: Vec<u8>,
    /// Whether the response passes, or is thrown away.
    passing: bool,
    /// Whether lines of this response may end in a literal and hold quoted strings.
    structured: bool,
    line: Line,
}

/// What must be known of a line's earlier part.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    quote: Quote,
    carriage_return: bool,
    /// The line's last bytes, for the announcement of a literal.
    tail: [u8; TAIL_BYTES],
    tail_length: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Quote {
    #[default]
    Outside,
    Inside,
    Escaped,
}

impl Default for Scanner {
    fn default() -> Self {
        Scanner {
            state: State::Head(HEAD_BYTES),
            held: Vec::new(),
            passing: true,
            structured: false,
            line: Line::default(),
        }
    }
}

impl Scanner {
    /// Whether the stream is between two responses, and nothing of the next one has come.
    pub fn is_fresh(&self) -> bool {
        matches!(self.state, State::Head(_)) && self.held.is_empty()
    }

    /// Whether the stream is between two responses.
    pub fn at_boundary(&self) -> bool {
        // What is held of a head has not been passed on yet.
        matches!(self.state, State::Head(_) | State::Decide { .. })
    }

    /// Takes bytes from the front of `input` up to the next thing to tell.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Step<'a>, Fault> {
        loop {
            if let Some(step) = self.step(input)? {
                return Ok(step);
            }
        }
    }

    /// As [`Scanner::next`]; nothing where what was taken is thrown away.
    fn step<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Step<'a>>, Fault> {
        match self.state {
            State::Head(bound) => self.head(input, bound).map(Some),
            State::Decide { .. } => Err(Fault("internal: a head was not answered")),
            State::Line => self.line(input),
            State::Literal(left) => {
                if input.is_empty() {
                    return Ok(Some(Step::More));
                }
                let taken = left.min(input.len() as u64);
                let (octets, rest) = input.split_at(taken as usize);
                *input = rest;
                self.state = if taken == left { State::Line } else { State::Literal(left - taken) };
                Ok(self.passing.then_some(Step::Data(octets)))
            }
            State::End => {
                self.state = State::Head(HEAD_BYTES);
                Ok(Some(Step::End))
            }
            State::Broken(fault) => Err(fault),
        }
    }

    fn head<'a>(&mut self, input: &mut &'a [u8], bound: usize) -> Result<Step<'a>, Fault> {
        if input.is_empty() {
            return Ok(Step::More);
        }
        let room = bound.saturating_sub(self.held.len());
        let window = input.get(..room.min(input.len())).unwrap_or_default();
        // The held part has no LF; a CR may be its last byte.
        let end = match memchr::memchr(b'\n', window) {
            Some(at) => Some(at + 1),
            None if window.len() < room => {
                self.held.extend_from_slice(window);
                *input = &[];
                return Ok(Step::More);
            }
            None => None,
        };
        let taken = end.unwrap_or(window.len());
        let (bytes, rest) = input.split_at(taken);
        *input = rest;
        let bytes = if self.held.is_empty() {
            Cow::Borrowed(bytes)
        } else {
            self.held.extend_from_slice(bytes);
            Cow::Owned(std::mem::take(&mut self.held))
        };
        let complete = end.is_some();
        if complete && !bytes.ends_with(b"\r\n") {
            return Err(Fault("the upstream ended a line without CRLF"));
        }
        self.state = State::Decide { complete };
        Ok(Step::Head { bytes, complete })
    }

    /// Lets the response pass whose head was `bytes`, which the caller passes on itself. `structured` says whether its
    /// lines may hold quoted strings and end in literals, as data does and status text does not.
    pub fn pass(&mut self, bytes: &[u8], structured: bool) -> Result<(), Fault> {
        self.follow(bytes, structured, true)
    }

    /// Throws away the response whose head was `bytes`.
    pub fn skip(&mut self, bytes: &[u8], structured: bool) -> Result<(), Fault> {
        self.follow(bytes, structured, false)
    }

    /// The complete line was dealt with.
    pub fn done(&mut self) {
        self.state = State::End;
    }

    /// Gathers the whole line, whose head is `bytes`, to tell it once more.
    pub fn hold(&mut self, bytes: Cow<[u8]>) -> Result<(), Fault> {
        if bytes.len() >= limits::HELD_RESPONSE_BYTES {
            return Err(Fault("the upstream sent a line that is too long"));
        }
        self.held = bytes.into_owned();
        self.state = State::Head(limits::HELD_RESPONSE_BYTES);
        Ok(())
    }

    fn follow(&mut self, bytes: &[u8], structured: bool, passing: bool) -> Result<(), Fault> {
        self.structured = structured;
        self.passing = passing;
        self.line = Line::default();
        let ended = self.line.take(bytes, structured).map_err(|(_, fault)| fault)?;
        self.state = match ended {
            None => State::Line,
            Some(_) => self.after_line()?,
        };
        Ok(())
    }

    fn line<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Step<'a>>, Fault> {
        if input.is_empty() {
            return Ok(Some(Step::More));
        }
        let (taken, state) = match self.line.take(input, self.structured) {
            Ok(None) => (input.len(), State::Line),
            Ok(Some(ended)) => match self.after_line() {
                Ok(state) => (ended, state),
                // It is the line's last octet that makes a literal of it.
                Err(fault) => (ended - 1, State::Broken(fault)),
            },
            Err((before, fault)) => (before, State::Broken(fault)),
        };
        let (bytes, rest) = input.split_at(taken);
        *input = rest;
        self.state = state;
        Ok((self.passing && !bytes.is_empty()).then_some(Step::Data(bytes)))
    }

    fn after_line(&mut self) -> Result<State, Fault> {
        let literal = if self.structured { self.line.literal()? } else { None };
        self.line = Line::default();
        Ok(match literal {
            Some(octets) => State::Literal(octets),
            None => State::End,
        })
    }
}

impl Line {
    /// Takes bytes up to and with the line's CRLF; tells how many, if it is there. With a fault comes how many bytes are
    /// before the one that breaks the grammar.
    fn take(&mut self, bytes: &[u8], structured: bool) -> Result<Option<usize>, (usize, Fault)> {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(next) = rest.first() else {
                self.remember(bytes);
                return Ok(None);
            };
            if self.carriage_return {
                if *next != b'\n' {
                    return Err((at, Fault("the upstream sent a bare CR")));
                }
                if self.quote != Quote::Outside {
                    return Err((at, Fault("the upstream ended a line within a quoted string")));
                }
                self.carriage_return = false;
                at += 1;
                self.remember(bytes.get(..at).unwrap_or_default());
                return Ok(Some(at));
            }
            if self.quote == Quote::Escaped && !matches!(next, b'\r' | b'\n') {
                self.quote = Quote::Inside;
                at += 1;
                continue;
            }
            let stop = if structured { next_special(rest, self.quote) } else { memchr::memchr2(b'\r', b'\n', rest) };
            let Some(stop) = stop else {
                self.remember(bytes);
                return Ok(None);
            };
            at += stop + 1;
            match (rest.get(stop), self.quote) {
                (Some(b'\r'), _) => self.carriage_return = true,
                (Some(b'"'), Quote::Outside) => self.quote = Quote::Inside,
                (Some(b'"'), _) => self.quote = Quote::Outside,
                (Some(b'\\'), Quote::Inside) => self.quote = Quote::Escaped,
                _ => return Err((at - 1, Fault("the upstream sent a bare LF"))),
            }
        }
    }

    /// Keeps the last bytes of the line so far, whose newest are `bytes`.
    fn remember(&mut self, bytes: &[u8]) {
        let kept = bytes.get(bytes.len().saturating_sub(TAIL_BYTES)..).unwrap_or_default();
        let old = self.tail_length.min(TAIL_BYTES - kept.len());
        self.tail.copy_within(self.tail_length - old..self.tail_length, 0);
        self.tail_length = old + kept.len();
        if let Some(room) = self.tail.get_mut(old..self.tail_length) {
            room.copy_from_slice(kept);
        }
    }

    /// `{n}` or `~{n}` at the end of the line, its CRLF apart; a number is at most 2^32-1 (RFC 3501 §9). One beyond would
    /// be read by the client in who knows what way.
    fn literal(&self) -> Result<Option<u64>, Fault> {
        const BEYOND: Fault = Fault("the upstream announced a literal beyond all bounds");
        let tail = self.tail.get(..self.tail_length).unwrap_or_default();
        let Some(tail) = tail.strip_suffix(b"}\r\n") else { return Ok(None) };
        let open = memchr::memrchr(b'{', tail);
        let digits = tail.get(open.map_or(0, |at| at + 1)..).unwrap_or_default();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Ok(None);
        }
        let octets = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u32>().ok()).ok_or(BEYOND);
        match open {
            Some(_) => octets.map(|octets| Some(u64::from(octets))),
            None if tail.len() + 3 < TAIL_BYTES => Ok(None),
            None => Err(BEYOND),
        }
    }
}

fn next_special(bytes: &[u8], quote: Quote) -> Option<usize> {
    match quote {
        Quote::Outside => memchr::memchr3(b'"', b'\r', b'\n', bytes),
        _ => bytes.iter().position(|b| matches!(b, b'"' | b'\\' | b'\r' | b'\n')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays `input` in pieces of `size`; data responses pass. Tells each response, whole.
    fn scan(input: &[u8], size: usize) -> Result<Vec<String>, Fault> {
        let mut scanner = Scanner::default();
        let mut responses = Vec::new();
        let mut current = Vec::new();
        for piece in input.chunks(size) {
            let mut piece = piece;
            loop {
                match scanner.next(&mut piece)? {
                    Step::More => break,
                    Step::Head { bytes, .. } => {
                        current.extend_from_slice(&bytes);
                        let structured = !bytes.starts_with(b"* OK") && bytes.starts_with(b"*");
                        scanner.pass(&bytes, structured)?;
                    }
                    Step::Data(bytes) => current.extend_from_slice(bytes),
                    Step::End => responses.push(String::from_utf8(std::mem::take(&mut current)).unwrap()),
                }
            }
        }
        assert!(current.is_empty() || !scanner.at_boundary());
        Ok(responses)
    }

    #[test]
    fn responses_are_the_same_however_they_are_split() {
        let responses = [
            "* OK hello {12}\r\n",
            "* 1 FETCH (UID 7 BODY[] {14}\r\na1 OK\r\n\"\r\n)(\r\n FLAGS (\\Seen) X ~{0}\r\n)\r\n",
            "* LIST () \"/\" \"a\\\"b\\\\\"\r\n",
            "a1 OK done \"\r\n",
        ];
        let long = format!("* SEARCH{}\r\n", " 123456".repeat(500));
        let input = responses.concat() + &long;
        for size in 1..200 {
            let read = scan(input.as_bytes(), size).unwrap();
            assert_eq!(read.len(), 5, "{size}: {read:#?}");
            assert_eq!(read.concat(), input);
            assert_eq!(read.first().map(String::as_str), Some(responses[0]));
        }
    }

    #[test]
    fn an_upstream_that_breaks_the_grammar_is_told() {
        for input in [
            &b"* OK hello\n"[..],
            b"* 1 FETCH (X\rY)\r\n",
            b"* LIST () \"/\" \"foo\r\na1 OK done\"\r\n",
            b"* LIST () \"/\" \"foo\\\r\n",
            b"* 1 FETCH (BODY[] {4294967296}\r\n",
            b"* 1 FETCH (BODY[] {18446744073709551616}\r\n",
            b"* 1 FETCH (BODY[] {0000000000000000000000000000000000000003}\r\n",
        ] {
            for size in 1..input.len() {
                assert!(scan(input, size).is_err(), "{:?} by {size}", String::from_utf8_lossy(input));
            }
        }
    }

    #[test]
    fn a_held_line_is_told_once_more_and_bounded() {
        let mut scanner = Scanner::default();
        let line = format!("* CAPABILITY{}\r\n", " IDLE".repeat(100));
        let mut input = line.as_bytes();
        let Ok(Step::Head { bytes, complete: false }) = scanner.next(&mut input) else { panic!() };
        scanner.hold(bytes).unwrap();
        let Ok(Step::Head { bytes, complete: true }) = scanner.next(&mut input) else { panic!() };
        assert_eq!(bytes.as_ref(), line.as_bytes());
        scanner.done();
        assert_eq!(scanner.next(&mut input), Ok(Step::End));

        let endless = vec![b'x'; limits::HELD_RESPONSE_BYTES + 1];
        let mut input = &endless[..];
        let Ok(Step::Head { bytes, .. }) = scanner.next(&mut input) else { panic!() };
        scanner.hold(bytes).unwrap();
        let Ok(Step::Head { bytes, complete: false }) = scanner.next(&mut input) else { panic!() };
        assert!(scanner.hold(bytes).is_err());
    }
}
