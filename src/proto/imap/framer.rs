//! The client's bytes → whole commands (RFC 3501 §2.2, §4.3; RFC 7888; RFC 3516 for `~{n}`).
//!
//! Strict: a line ends in CRLF and nothing else. Whenever it is not certain where the next command begins, the answer
//! is [`Fault`], after which the session must end.

use crate::domain::limits;

/// Bounds on one command, messages apart. Smaller before login.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The longest line, its CRLF apart.
    pub line_bytes: usize,
    /// The longest literal that is collected.
    pub literal_bytes: usize,
    /// The most that lines and collected literals may come to.
    pub command_bytes: usize,
}

impl Bounds {
    /// Before login.
    pub const BEFORE_LOGIN: Bounds = Bounds {
        line_bytes: limits::LOGIN_LINE_BYTES,
        literal_bytes: limits::LOGIN_LINE_BYTES,
        command_bytes: 2 * limits::LOGIN_LINE_BYTES,
    };
    /// After login.
    pub const AFTER_LOGIN: Bounds = Bounds {
        line_bytes: limits::LINE_BYTES,
        literal_bytes: limits::LITERAL_BYTES,
        command_bytes: limits::COMMAND_BYTES,
    };
}

/// A literal that the client has announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// How many octets will follow.
    pub octets: u64,
    /// Whether the client waits for a continuation before it sends them.
    pub synchronizing: bool,
    /// Whether it is a literal8 (`~{n}`, RFC 3516).
    pub binary: bool,
}

/// A command's text without its CRLFs, each literal's octets standing right behind its announcement.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Raw {
    /// Text and literals.
    pub bytes: Vec<u8>,
    /// Where in `bytes` the collected literals stand, in order.
    pub literals: Vec<std::ops::Range<usize>>,
}

/// Without what the client typed, which may hold a password.
impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raw").field("bytes", &self.bytes.len()).field("literals", &self.literals).finish()
    }
}

/// Why the place where the next command begins is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A CR without LF, or a LF without CR.
    BareLineEnd,
    /// A line that does not end within any bound.
    EndlessLine,
    /// An announcement of octets that follow unasked, but how many cannot be read or is over any bound.
    Announcement,
}

/// A command that cannot be read, though it is certain where it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Over the bound on a line.
    LongLine,
    /// A literal, or all of the command, over its bound.
    LongLiteral,
    /// More literals than [`limits::COMMAND_LITERALS`].
    ManyLiterals,
    /// A NUL.
    Nul,
}

/// What came out of the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    /// Everything was taken and no command is complete.
    Incomplete,
    /// A whole command.
    Command(Raw),
    /// The command so far ends in an announcement. Answer with [`Framer::collect`], [`Framer::stream`] or
    /// [`Framer::refuse`].
    Announced(Announcement),
    /// A command that cannot be read has ended; its beginning, for the tag.
    Unreadable(Raw, Unreadable),
    /// A refused command, the octets that it brought along included, has ended.
    Discarded,
    /// The session must end.
    Fault(Fault),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Within a line.
    Line,
    /// An announcement waits for its answer.
    Decide(Announcement),
    /// Octets of a literal still to collect.
    Collect(usize),
    /// Octets of a refused command's literal still to throw away.
    DiscardLiteral(u64),
    /// A refused command's line, to throw away.
    DiscardLine,
}

/// Cuts the client's bytes into commands.
#[derive(Debug)]
pub struct Framer {
    bounds: Bounds,
    /// How many octets may come unasked with a refused command.
    discard_octets: u64,
    raw: Raw,
    /// Where in `raw.bytes` the current line begins.
    line_start: usize,
    state: State,
    unreadable: Option<Unreadable>,
    /// Bytes of the current line beyond what is kept of it.
    dropped: usize,
    /// Whether a refused command's answer is already given, so that its end is [`Frame::Discarded`].
    answered: bool,
}

impl Framer {
    /// A framer at the beginning of a command. `discard_octets` bounds what a refused command may bring along unasked.
    pub fn new(bounds: Bounds, discard_octets: u64) -> Framer {
        Framer {
            bounds,
            discard_octets,
            raw: Raw::default(),
            line_start: 0,
            state: State::Line,
            unreadable: None,
            dropped: 0,
            answered: false,
        }
    }

    /// Whether the last byte taken was the end of a command.
    pub fn between_commands(&self) -> bool {
        self.state == State::Line && self.raw.bytes.is_empty() && self.dropped == 0 && !self.answered
    }

    /// The command so far, while [`Frame::Announced`] waits for its answer.
    pub fn so_far(&self) -> &Raw {
        &self.raw
    }

    /// Takes bytes from the front of `input` up to the next thing to tell.
    pub fn next(&mut self, input: &mut &[u8]) -> Frame {
        loop {
            match self.state {
                State::Decide(announcement) => return Frame::Announced(announcement),
                State::Collect(left) => {
                    let (taken, rest) = input.split_at(left.min(input.len()));
                    self.raw.bytes.extend_from_slice(taken);
                    *input = rest;
                    if taken.len() < left {
                        self.state = State::Collect(left - taken.len());
                        return Frame::Incomplete;
                    }
                    self.line_start = self.raw.bytes.len();
                    self.state = State::Line;
                }
                State::DiscardLiteral(left) => {
                    let taken = left.min(input.len() as u64);
                    *input = input.get(taken as usize..).unwrap_or_default();
                    if taken < left {
                        self.state = State::DiscardLiteral(left - taken);
                        return Frame::Incomplete;
                    }
                    self.state = State::DiscardLine;
                }
                State::Line | State::DiscardLine => match self.line(input) {
                    Ok(false) => return Frame::Incomplete,
                    Ok(true) => {
                        if let Some(frame) = self.end_of_line() {
                            return frame;
                        }
                    }
                    Err(fault) => return Frame::Fault(fault),
                },
            }
        }
    }

    /// Takes the announced literal into the command. The caller asks a waiting client to go on.
    pub fn collect(&mut self) {
        if let State::Decide(announcement) = self.state {
            let octets = usize::try_from(announcement.octets).unwrap_or(usize::MAX);
            self.raw.bytes.reserve_exact(octets.min(self.bounds.literal_bytes));
            let start = self.raw.bytes.len();
            self.raw.literals.push(start..start + octets);
            self.state = State::Collect(octets);
        }
    }

    /// Hands out the command so far; the caller takes the announced octets itself, and the framer goes on behind them,
    /// with what follows in the same command as a [`Frame::Command`] of its own.
    pub fn stream(&mut self) -> Raw {
        self.begin();
        std::mem::take(&mut self.raw)
    }

    /// Gives up the command so far, which the caller answers. What it brings along unasked is thrown away and then told
    /// by [`Frame::Discarded`]; a waiting client brings nothing.
    pub fn refuse(&mut self) -> Result<(), Fault> {
        if let State::Decide(announcement) = self.state {
            let synchronizing = announcement.synchronizing;
            self.begin();
            self.raw = Raw::default();
            if !synchronizing {
                self.answered = true;
                return self.discard(announcement.octets);
            }
        }
        Ok(())
    }

    /// Throws away `octets` and the rest of the command behind them, which was answered already.
    pub fn discard(&mut self, octets: u64) -> Result<(), Fault> {
        if octets > self.discard_octets {
            return Err(Fault::Announcement);
        }
        self.answered = true;
        self.state = State::DiscardLiteral(octets);
        Ok(())
    }

    fn begin(&mut self) {
        self.state = State::Line;
        self.line_start = 0;
        self.unreadable = None;
        self.dropped = 0;
        self.answered = false;
    }

    /// Takes input up to a line's end. The CR stays in `raw.bytes` until its LF has come.
    fn line(&mut self, input: &mut &[u8]) -> Result<bool, Fault> {
        loop {
            if self.raw.bytes.len() > self.line_start && self.raw.bytes.last() == Some(&b'\r') {
                match input.split_first() {
                    None => return Ok(false),
                    Some((b'\n', rest)) => {
                        *input = rest;
                        self.raw.bytes.pop();
                        return Ok(true);
                    }
                    Some(_) => return Err(Fault::BareLineEnd),
                }
            }
            if input.is_empty() {
                return Ok(false);
            }
            let stop = memchr::memchr3(b'\r', b'\n', 0, input);
            let (text, rest) = input.split_at(stop.unwrap_or(input.len()));
            self.keep(text)?;
            *input = rest;
            match rest.split_first() {
                None => {}
                Some((b'\r', rest)) => {
                    self.raw.bytes.push(b'\r');
                    *input = rest;
                }
                Some((0, rest)) => {
                    self.unreadable = self.unreadable.or(Some(Unreadable::Nul));
                    // No character of a tag, so that the answer bears none that the client did not send.
                    self.keep(b"*")?;
                    *input = rest;
                }
                Some(_) => return Err(Fault::BareLineEnd),
            }
        }
    }

    /// Adds text to the current line. Of a line that is too long only the beginning (for the tag) and the end (for an
    /// announcement) are kept.
    fn keep(&mut self, text: &[u8]) -> Result<(), Fault> {
        const HEAD: usize = limits::TAG_BYTES + 1;
        const TAIL: usize = 32;
        // Room for the CR, too.
        self.raw.bytes.reserve(text.len() + 1);
        self.raw.bytes.extend_from_slice(text);
        let length = self.raw.bytes.len() - self.line_start;
        let discarding = self.state == State::DiscardLine || self.unreadable == Some(Unreadable::LongLine);
        if discarding || length > self.bounds.line_bytes {
            if self.state == State::Line {
                self.unreadable = self.unreadable.or(Some(Unreadable::LongLine));
            }
            if length > HEAD + TAIL {
                let (from, to) = (self.line_start + HEAD, self.raw.bytes.len() - TAIL);
                self.raw.bytes.drain(from..to);
                self.dropped += to - from;
            }
            if self.dropped > limits::DISCARD_LINE_BYTES {
                return Err(Fault::EndlessLine);
            }
        }
        Ok(())
    }

    fn end_of_line(&mut self) -> Option<Frame> {
        let line = self.raw.bytes.get(self.line_start..).unwrap_or_default();
        let announcement = announcement(line);
        match announcement {
            Announced::No => Some(self.end_of_command()),
            Announced::Unreadable { synchronizing: false } => Some(Frame::Fault(Fault::Announcement)),
            Announced::Unreadable { synchronizing: true } => {
                self.unreadable = self.unreadable.or(Some(Unreadable::LongLiteral));
                Some(self.end_of_command())
            }
            Announced::Yes(announcement) => self.announced(announcement),
        }
    }

    fn announced(&mut self, announcement: Announcement) -> Option<Frame> {
        if self.unreadable.is_none() && self.raw.literals.len() >= limits::COMMAND_LITERALS {
            self.unreadable = Some(Unreadable::ManyLiterals);
        }
        if self.unreadable.is_none() && self.raw.bytes.len() > self.bounds.command_bytes {
            self.unreadable = Some(Unreadable::LongLiteral);
        }
        if self.answered || self.unreadable.is_some() {
            if announcement.synchronizing {
                // The client waits, and is answered with the refusal of its command: no octets will come.
                return Some(self.end_of_command());
            }
            // Only the tag is still of use, however many more literals follow.
            self.raw.literals.clear();
            self.raw.bytes.truncate(limits::TAG_BYTES + 1);
            self.line_start = self.raw.bytes.len();
            let answered = self.answered;
            if let Err(fault) = self.discard(announcement.octets) {
                return Some(Frame::Fault(fault));
            }
            self.answered = answered;
            return None;
        }
        self.state = State::Decide(announcement);
        Some(Frame::Announced(announcement))
    }

    fn end_of_command(&mut self) -> Frame {
        let raw = std::mem::take(&mut self.raw);
        let (answered, unreadable) = (self.answered, self.unreadable);
        self.begin();
        match (answered, unreadable) {
            (true, _) => Frame::Discarded,
            (false, Some(why)) => Frame::Unreadable(raw, why),
            (false, None) => Frame::Command(raw),
        }
    }

    /// Whether the announced literal can be collected within the bounds.
    pub fn fits(&self, announcement: Announcement) -> bool {
        announcement.octets <= self.bounds.literal_bytes as u64
            && self.raw.bytes.len() as u64 + announcement.octets <= self.bounds.command_bytes as u64
    }
}

enum Announced {
    No,
    Yes(Announcement),
    Unreadable { synchronizing: bool },
}

/// Whether a line that ends like this has announced a literal.
pub(super) fn announces(line: &[u8]) -> bool {
    matches!(announcement(line), Announced::Yes(_))
}

/// `literal = "{" number ["+"] "}"`, `literal8 = "~" literal`, at the end of a line. A number is at most 2^32-1
/// (RFC 3501 §9) and has no leading zero: whoever writes one has something in mind.
fn announcement(line: &[u8]) -> Announced {
    let Some(inner) = line.strip_suffix(b"}") else { return Announced::No };
    // The longest announcement that can be read is `{4294967295+}`; look a little further for those that cannot.
    let Some(open) = memchr::memrchr(b'{', inner) else { return Announced::No };
    let (before, inner) = (inner.get(..open).unwrap_or_default(), inner.get(open + 1..).unwrap_or_default());
    let (digits, synchronizing) = match inner.strip_suffix(b"+") {
        Some(digits) => (digits, false),
        None => (inner, true),
    };
    let looks_like_one = digits.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b' '));
    if !looks_like_one {
        return Announced::No;
    }
    let canonical = digits.iter().all(u8::is_ascii_digit) && (digits == b"0" || !digits.starts_with(b"0"));
    let octets = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u32>().ok());
    match octets {
        Some(octets) if canonical => {
            Announced::Yes(Announcement { octets: u64::from(octets), synchronizing, binary: before.ends_with(b"~") })
        }
        _ => Announced::Unreadable { synchronizing },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Bounds = Bounds::AFTER_LOGIN;

    fn first(input: &[u8]) -> Frame {
        Framer::new(ALL, 1000).next(&mut &input[..])
    }

    fn text(frame: Frame) -> String {
        match frame {
            Frame::Command(raw) => String::from_utf8(raw.bytes).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn announced(octets: u64, synchronizing: bool, binary: bool) -> Frame {
        Frame::Announced(Announcement { octets, synchronizing, binary })
    }

    #[test]
    fn a_line_is_a_command_however_it_is_split() {
        let mut framer = Framer::new(ALL, 0);
        for byte in b"a1 NOOP\r" {
            assert_eq!(framer.next(&mut &[*byte][..]), Frame::Incomplete);
        }
        assert!(!framer.between_commands());
        assert_eq!(text(framer.next(&mut &b"\n"[..])), "a1 NOOP");
        assert!(framer.between_commands());
    }

    #[test]
    fn only_crlf_ends_a_line() {
        for input in [&b"a NOOP\n"[..], b"a NO\rOP\r\n", b"\n", b"a NOOP\r\r\n"] {
            assert_eq!(first(input), Frame::Fault(Fault::BareLineEnd), "{input:?}");
        }
        assert!(matches!(first(b"a NO\0OP\r\n"), Frame::Unreadable(_, Unreadable::Nul)));
    }

    #[test]
    fn announcements() {
        assert_eq!(first(b"a X {0}\r\n"), announced(0, true, false));
        assert_eq!(first(b"a X {12+}\r\n"), announced(12, false, false));
        assert_eq!(first(b"a X ~{4294967295}\r\n"), announced(4_294_967_295, true, true));
        assert_eq!(text(first(b"a X {3}x\r\n")), "a X {3}x");
        assert_eq!(text(first(b"a X {abc}\r\n")), "a X {abc}");
    }

    #[test]
    fn announcements_that_cannot_be_read() {
        for waiting in ["{-1}", "{03}", "{4294967296}", "{18446744073709551617}", "{}"] {
            let frame = first(format!("a X {waiting}\r\n").as_bytes());
            assert!(matches!(frame, Frame::Unreadable(..)), "{waiting}: {frame:?}");
        }
        for unasked in ["{-1+}", "{03+}", "{4294967296+}", "{18446744073709551617+}", "{+}"] {
            assert_eq!(first(format!("a X {unasked}\r\n").as_bytes()), Frame::Fault(Fault::Announcement), "{unasked}");
        }
    }

    #[test]
    fn a_collected_literal_stands_behind_its_announcement() {
        let mut framer = Framer::new(ALL, 0);
        let mut input = &b"a X {3+}\r\n)\r\n y\r\nb"[..];
        assert_eq!(framer.next(&mut input), announced(3, false, false));
        framer.collect();
        let Frame::Command(raw) = framer.next(&mut input) else { panic!() };
        assert_eq!(raw, Raw { bytes: b"a X {3+})\r\n y".to_vec(), literals: std::iter::once(8..11).collect() });
        assert_eq!(input, b"b");
    }

    #[test]
    fn what_a_refused_command_brings_along_is_thrown_away() {
        let mut framer = Framer::new(ALL, 100);
        let mut input = &b"a APPEND x {10+}\r\nx LOGOUT\r\n {2+}\r\nzz\r\nb NOOP\r\n"[..];
        assert!(matches!(framer.next(&mut input), Frame::Announced(_)));
        framer.refuse().unwrap();
        assert_eq!(framer.next(&mut input), Frame::Discarded);
        assert_eq!(text(framer.next(&mut input)), "b NOOP");

        let mut input = &b"a APPEND x {10}\r\nb NOOP\r\n"[..];
        assert!(matches!(framer.next(&mut input), Frame::Announced(_)));
        framer.refuse().unwrap();
        assert_eq!(text(framer.next(&mut input)), "b NOOP", "a waiting client sends no octets");

        let mut input = &b"a APPEND x {101+}\r\n"[..];
        assert!(matches!(framer.next(&mut input), Frame::Announced(_)));
        assert_eq!(framer.refuse(), Err(Fault::Announcement));
    }

    #[test]
    fn a_line_at_its_bound_and_past_it() {
        let line = |length: usize| [b"a ".to_vec(), vec![b'x'; length - 2], b"\r\n".to_vec()].concat();
        assert!(matches!(first(&line(ALL.line_bytes)), Frame::Command(_)));
        let Frame::Unreadable(raw, Unreadable::LongLine) = first(&line(ALL.line_bytes + 1)) else { panic!() };
        assert!(raw.bytes.starts_with(b"a x") && raw.bytes.len() < 300);

        let mut framer = Framer::new(ALL, 0);
        let chunk = vec![b'x'; 60_000];
        let mut frame = Frame::Incomplete;
        for _ in 0..20 {
            frame = framer.next(&mut &chunk[..]);
            assert!(framer.so_far().bytes.len() <= ALL.line_bytes + 60_000);
        }
        assert_eq!(frame, Frame::Fault(Fault::EndlessLine));
    }

    #[test]
    fn a_long_line_takes_its_literal_along() {
        let mut framer = Framer::new(ALL, 100);
        let long = [b"a ".to_vec(), vec![b'x'; ALL.line_bytes], b" {5+}\r\nb X\r\n\r\nc NOOP\r\n".to_vec()].concat();
        let mut input = &long[..];
        assert!(matches!(framer.next(&mut input), Frame::Unreadable(_, Unreadable::LongLine)));
        assert_eq!(text(framer.next(&mut input)), "c NOOP");
    }

    #[test]
    fn ten_thousand_literals_cost_no_memory() {
        let mut framer = Framer::new(ALL, 100);
        let mut input = b"a SEARCH".to_vec();
        for _ in 0..10_000 {
            input.extend_from_slice(b" SUBJECT {1+}\r\nx");
        }
        input.extend_from_slice(b"\r\nb NOOP\r\n");
        let mut input = &input[..];
        let mut asked = 0;
        let frame = loop {
            match framer.next(&mut input) {
                Frame::Announced(_) => {
                    asked += 1;
                    framer.collect();
                }
                frame => break frame,
            }
        };
        assert_eq!(asked, limits::COMMAND_LITERALS);
        let Frame::Unreadable(raw, Unreadable::ManyLiterals) = frame else { panic!("{frame:?}") };
        assert!(raw.bytes.len() < 1000);
        assert_eq!(text(framer.next(&mut input)), "b NOOP");
    }
}
