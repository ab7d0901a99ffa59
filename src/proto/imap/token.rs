//! A command's text → tokens (RFC 3501 §9: atom, quoted, literal, parenthesized list; section of `fetch-att`).
//!
//! The tokenizer is lenient in what an atom may hold, since each argument's own grammar is stricter, and strict in how
//! arguments are set apart: one space, none at the end, none inside parentheses' edges.

use std::borrow::Cow;
use std::ops::Range;

use crate::domain::limits;

use super::framer::{self, Raw};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Characters without a delimiter: atoms, numbers, flags, sequence sets, patterns.
    Atom,
    /// A quoted string; the span is what stands between the quotes, escapes and all.
    Quoted,
    /// A literal; the span is its octets.
    Literal {
        /// Whether it is a literal8.
        binary: bool,
    },
    /// The announcement of a message that is yet to stream. Always the last token.
    Message,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `BODY[`, `BINARY.PEEK[` and the like; the span is the name, without the bracket.
    SectionOpen,
    /// `]`, with a partial behind it where there is one; the span is the partial, `<0.100>`.
    SectionClose,
}

/// One token, and where in the command's bytes it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Range<usize>,
}

/// The command is not IMAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxFault {
    /// A character where it must not be, or none where there must be one.
    #[error("syntax error")]
    Character,
    /// Parentheses deeper than [`limits::NESTING`], or unbalanced.
    #[error("parentheses are unbalanced or nested too deep")]
    Nesting,
}

/// The names after which `[` opens a section.
const SECTIONS: [&str; 5] = ["BODY", "BODY.PEEK", "BINARY", "BINARY.PEEK", "BINARY.SIZE"];

/// Reads the arguments that begin at `from`. `sections` says whether `[` may open a section, as in FETCH;
/// `message` whether the text may end in the announcement of a message.
pub fn tokenize(raw: &Raw, from: usize, sections: bool, message: bool) -> Result<Vec<Token>, SyntaxFault> {
    let mut tokenizer =
        Tokenizer { raw, at: from, literals: raw.literals.iter(), tokens: Vec::with_capacity(8), sections };
    tokenizer.run(message)?;
    Ok(tokenizer.tokens)
}

/// Which octets belong to a class, so that a look at each costs one step.
pub(super) type Table = [bool; 256];

/// The printable characters of ASCII but these, the space among them.
pub(super) const fn table(but: &[u8]) -> Table {
    let mut table = [false; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        table[byte] = true;
        byte += 1;
    }
    let mut rest = but;
    while let [first, others @ ..] = rest {
        table[*first as usize] = false;
        rest = others;
    }
    table
}

pub(super) fn is_in(table: &Table, byte: u8) -> bool {
    table.get(usize::from(byte)).copied().unwrap_or(false)
}

struct Tokenizer<'a> {
    raw: &'a Raw,
    at: usize,
    literals: std::slice::Iter<'a, Range<usize>>,
    tokens: Vec<Token>,
    sections: bool,
}

impl Tokenizer<'_> {
    fn peek(&self) -> Option<u8> {
        self.raw.bytes.get(self.at).copied()
    }

    fn push(&mut self, kind: Kind, span: Range<usize>) {
        self.tokens.push(Token { kind, span });
    }

    fn run(&mut self, message: bool) -> Result<(), SyntaxFault> {
        let mut open: Vec<Kind> = Vec::new();
        loop {
            // An argument begins here.
            match self.peek().ok_or(SyntaxFault::Character)? {
                b'(' => {
                    self.push(Kind::Open, self.at..self.at + 1);
                    self.at += 1;
                    open.push(Kind::Open);
                    self.deep(&open)?;
                    if self.peek() != Some(b')') {
                        continue;
                    }
                }
                b'"' => self.quoted()?,
                b'{' => self.literal(false, message)?,
                b'~' if self.raw.bytes.get(self.at + 1) == Some(&b'{') => self.literal(true, message)?,
                _ => {
                    if self.atom(open.last())? {
                        open.push(Kind::SectionOpen);
                        self.deep(&open)?;
                        if self.peek() != Some(b']') {
                            continue;
                        }
                    }
                }
            }
            // An argument has ended here.
            loop {
                match (self.peek(), open.last()) {
                    (None, None) => return Ok(()),
                    (None, Some(_)) => return Err(SyntaxFault::Nesting),
                    (Some(b')'), Some(Kind::Open)) => {
                        self.push(Kind::Close, self.at..self.at + 1);
                        self.at += 1;
                        open.pop();
                    }
                    (Some(b')'), _) => return Err(SyntaxFault::Nesting),
                    (Some(b']'), Some(Kind::SectionOpen)) => {
                        self.at += 1;
                        self.partial();
                        open.pop();
                    }
                    (Some(b' '), _) => {
                        self.at += 1;
                        break;
                    }
                    _ => return Err(SyntaxFault::Character),
                }
            }
        }
    }

    fn deep(&self, open: &[Kind]) -> Result<(), SyntaxFault> {
        if open.len() > limits::NESTING { Err(SyntaxFault::Nesting) } else { Ok(()) }
    }

    /// Takes an atom; true where it turned out to open a section.
    fn atom(&mut self, within: Option<&Kind>) -> Result<bool, SyntaxFault> {
        /// What ends no atom and opens nothing.
        const PLAIN: Table = table(b"(){\"[]");
        let start = self.at;
        loop {
            let rest = self.raw.bytes.get(self.at..).unwrap_or_default();
            let plain = rest.iter().position(|byte| !is_in(&PLAIN, *byte));
            self.at += plain.unwrap_or(rest.len());
            let Some(byte) = self.peek() else { break };
            match byte {
                b' ' | b'(' | b')' | b'{' | b'"' => break,
                b']' if within == Some(&Kind::SectionOpen) => break,
                b'[' if self.sections => {
                    let name = self.raw.bytes.get(start..self.at).unwrap_or_default();
                    if SECTIONS.iter().any(|section| name.eq_ignore_ascii_case(section.as_bytes())) {
                        self.push(Kind::SectionOpen, start..self.at);
                        self.at += 1;
                        return Ok(true);
                    }
                    self.at += 1;
                }
                0x21..=0x7e => self.at += 1,
                _ => return Err(SyntaxFault::Character),
            }
        }
        if self.at == start {
            return Err(SyntaxFault::Character);
        }
        self.push(Kind::Atom, start..self.at);
        Ok(false)
    }

    /// `quoted = DQUOTE *QUOTED-CHAR DQUOTE`; octets above 127 are taken, since programs send UTF-8 so.
    fn quoted(&mut self) -> Result<(), SyntaxFault> {
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.peek().ok_or(SyntaxFault::Character)? {
                b'"' => break,
                b'\\' => match self.raw.bytes.get(self.at + 1) {
                    Some(b'"' | b'\\') => self.at += 2,
                    _ => return Err(SyntaxFault::Character),
                },
                b'\r' | b'\n' | 0 => return Err(SyntaxFault::Character),
                _ => self.at += 1,
            }
        }
        self.push(Kind::Quoted, start..self.at);
        self.at += 1;
        Ok(())
    }

    fn literal(&mut self, binary: bool, message: bool) -> Result<(), SyntaxFault> {
        let start = self.at;
        let close =
            memchr::memchr(b'}', self.raw.bytes.get(start..).unwrap_or_default()).ok_or(SyntaxFault::Character)?;
        let end = start + close + 1;
        // `{x}` announces nothing: the framer took it for the end of the command, and no octets follow.
        let announced = || framer::announces(self.raw.bytes.get(start..end).unwrap_or_default());
        if message && end == self.raw.bytes.len() && announced() {
            self.push(Kind::Message, start..end);
            self.at = end;
            return Ok(());
        }
        // The framer has seen this announcement too, or it is none.
        let octets = self.literals.next().filter(|octets| octets.start == end).ok_or(SyntaxFault::Character)?;
        self.push(Kind::Literal { binary }, octets.clone());
        self.at = octets.end;
        Ok(())
    }

    /// `["<" number ["." nz-number] ">"]` behind a section (RFC 3501 `fetch-att`).
    fn partial(&mut self) {
        let start = self.at;
        if self.peek() == Some(b'<') {
            let rest = self.raw.bytes.get(start..).unwrap_or_default();
            let length =
                rest.iter().position(|b| !(b.is_ascii_digit() || matches!(b, b'<' | b'.'))).unwrap_or(rest.len());
            if rest.get(length) == Some(&b'>') {
                self.at = start + length + 1;
            }
        }
        self.push(Kind::SectionClose, start..self.at);
    }
}

/// A quoted string's octets, its escapes undone.
pub fn unescape(quoted: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', quoted).is_none() {
        return Cow::Borrowed(quoted);
    }
    let mut plain = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.iter();
    while let Some(byte) = bytes.next() {
        plain.extend(if *byte == b'\\' { bytes.next() } else { Some(byte) });
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Result<Vec<(Kind, String)>, SyntaxFault> {
        let raw = Raw { bytes: text.as_bytes().to_vec(), literals: Vec::new() };
        let tokens = tokenize(&raw, 0, true, false)?;
        Ok(tokens.into_iter().map(|t| (t.kind, text[t.span].to_owned())).collect())
    }

    #[test]
    fn a_fetch_with_a_section() {
        use Kind::*;
        let expected = [
            (Atom, "1:*,7"),
            (Open, "("),
            (Atom, "UID"),
            (SectionOpen, "BODY.PEEK"),
            (Atom, "HEADER.FIELDS"),
            (Open, "("),
            (Atom, "FROM"),
            (Quoted, "X-\\\"Y"),
            (Close, ")"),
            (SectionClose, "<0.10>"),
            (SectionOpen, "body"),
            (SectionClose, ""),
            (Close, ")"),
        ];
        let read = tokens(r#"1:*,7 (UID BODY.PEEK[HEADER.FIELDS (FROM "X-\"Y")]<0.10> body[])"#).unwrap();
        assert_eq!(read, expected.map(|(kind, text)| (kind, text.to_owned())));
    }

    #[test]
    fn spaces_are_single_and_inside() {
        for text in ["", " a", "a ", "a  b", "( a)", "(a )", "()()", "(a)b", "\"a\"b", "a\"b\"", "a(b)", "BODY[]x"] {
            assert!(tokens(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn quoted_strings() {
        assert!(tokens(r#""a\\b""#).is_ok());
        for text in [r#""a"#, r#""a\"#, r#""a\b""#, "\"a\rb\"", "\"", r#""a"b"c""#] {
            assert!(tokens(text).is_err(), "{text:?}");
        }
        assert_eq!(unescape(br#"a\"b\\"#), Cow::<[u8]>::Owned(b"a\"b\\".to_vec()));
    }

    #[test]
    fn a_literal_that_the_framer_did_not_see_is_none() {
        assert!(tokens("{3}abc").is_err());
        let raw = Raw { bytes: b"{3}a)b x".to_vec(), literals: std::iter::once(3..6).collect() };
        let tokens = tokenize(&raw, 0, false, false).unwrap();
        assert_eq!(tokens.first().map(|t| t.span.clone()), Some(3..6));
    }

    #[test]
    fn nesting_at_its_bound_and_past_it() {
        let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        assert!(tokens(&nested(limits::NESTING)).is_ok());
        assert_eq!(tokens(&nested(limits::NESTING + 1)), Err(SyntaxFault::Nesting));
        assert_eq!(tokens(&"(".repeat(60_000)), Err(SyntaxFault::Nesting));
        assert_eq!(tokens("(a"), Err(SyntaxFault::Nesting));
        assert_eq!(tokens("a)"), Err(SyntaxFault::Nesting));
    }
}
