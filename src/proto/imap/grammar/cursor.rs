//! Walks over a command's tokens.

use std::borrow::Cow;

use super::Fault;
use crate::proto::imap::command::{Command, Folder, is_astring_char};
use crate::proto::imap::token::{Kind, Token};

/// The next token to read. Every method reads one thing and moves on, or says what was expected.
pub(super) struct Cursor<'a> {
    command: &'a Command,
    tokens: std::iter::Peekable<std::slice::Iter<'a, Token>>,
}

impl<'a> Cursor<'a> {
    pub fn new(command: &'a Command) -> Cursor<'a> {
        Cursor { command, tokens: command.tokens().iter().peekable() }
    }

    pub fn at_end(&mut self) -> bool {
        self.tokens.peek().is_none()
    }

    pub fn end(&mut self) -> Result<(), Fault> {
        if self.at_end() { Ok(()) } else { Err(Fault("Too many arguments")) }
    }

    pub fn kind(&mut self) -> Option<Kind> {
        self.tokens.peek().map(|token| token.kind)
    }

    /// Whether a list comes that begins with this word.
    pub fn opens_with(&self, word: &str) -> bool {
        let mut ahead = self.tokens.clone();
        let is_word = |token: &Token| self.text(token).eq_ignore_ascii_case(word.as_bytes());
        ahead.next().is_some_and(|token| token.kind == Kind::Open) && ahead.next().is_some_and(is_word)
    }

    fn take(&mut self) -> Result<&'a Token, Fault> {
        self.tokens.next().ok_or(Fault("An argument is missing"))
    }

    fn text(&self, token: &Token) -> &'a [u8] {
        self.command.span(token)
    }

    /// Takes the next token if it is an atom that `accept` wants.
    pub fn atom_if(&mut self, accept: impl FnOnce(&[u8]) -> bool) -> bool {
        let command = self.command;
        self.tokens.next_if(|token| token.kind == Kind::Atom && accept(command.span(token))).is_some()
    }

    /// Takes the next token if it is this word, case apart.
    pub fn word(&mut self, word: &str) -> bool {
        self.atom_if(|atom| atom.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// `1*ATOM-CHAR`, loosely: a mechanism, an extension's name, initial SASL data.
    pub fn atom(&mut self) -> Result<&'a [u8], Fault> {
        let token = self.take()?;
        let text = self.text(token);
        if token.kind == Kind::Atom && text.iter().all(|b| is_astring_char(*b)) {
            Ok(text)
        } else {
            Err(Fault("An atom was expected"))
        }
    }

    /// `astring = 1*ASTRING-CHAR / string`. A NUL is no character of any string.
    pub fn astring(&mut self) -> Result<Cow<'a, [u8]>, Fault> {
        let token = self.take()?;
        let fine = match token.kind {
            Kind::Atom => self.text(token).iter().all(|b| is_astring_char(*b)),
            Kind::Quoted => true,
            Kind::Literal { binary } => !binary && !self.text(token).contains(&0),
            _ => false,
        };
        if fine { Ok(self.command.string(token)) } else { Err(Fault("A string was expected")) }
    }

    /// `nstring = string / nil`; an atom that is not NIL is no string.
    pub fn nstring(&mut self) -> Result<Option<Cow<'a, [u8]>>, Fault> {
        if self.word("NIL") {
            return Ok(None);
        }
        match self.kind() {
            Some(Kind::Quoted | Kind::Literal { .. }) => self.astring().map(Some),
            _ => Err(Fault("A string or NIL was expected")),
        }
    }

    /// `mailbox = "INBOX" / astring`
    pub fn folder(&mut self) -> Result<Folder, Fault> {
        let name = self.astring()?;
        Folder::parse(&name).ok_or(Fault("Folder names are in modified UTF-7 (RFC 3501 section 5.1.3)"))
    }

    /// `list-mailbox = 1*list-char / string`
    pub fn pattern(&mut self) -> Result<Cow<'a, [u8]>, Fault> {
        let token = self.take()?;
        let text = self.text(token);
        let fine = match token.kind {
            Kind::Atom => text.iter().all(|b| is_astring_char(*b) || matches!(b, b'%' | b'*')),
            Kind::Quoted | Kind::Literal { binary: false } => true,
            _ => false,
        };
        let pattern = self.command.string(token);
        if !fine || !pattern.iter().all(|b| (0x20..0x7f).contains(b)) {
            return Err(Fault("A folder pattern in modified UTF-7 was expected"));
        }
        let wildcards = pattern.iter().filter(|b| matches!(b, b'%' | b'*')).count();
        if wildcards > crate::domain::limits::LIST_WILDCARDS {
            return Err(Fault("Too many wildcards in the pattern"));
        }
        Ok(pattern)
    }

    /// `number`, at most 2^63-1 so that it serves for `mod-sequence-value` too (RFC 7162 §7).
    pub fn number(&mut self) -> Result<u64, Fault> {
        let token = self.take()?;
        number(token.kind, self.text(token)).ok_or(Fault("A number was expected"))
    }

    /// `flag-keyword / "\" atom`
    pub fn flag(&mut self) -> Result<(), Fault> {
        let token = self.take()?;
        let text = self.text(token);
        let name = text.strip_prefix(b"\\").unwrap_or(text);
        if token.kind == Kind::Atom && !name.is_empty() && name.iter().all(|b| is_astring_char(*b)) {
            Ok(())
        } else {
            Err(Fault("A flag was expected"))
        }
    }

    /// `sequence-set` (RFC 3501 §9), or `$` (RFC 5182 §2.1).
    pub fn sequence_set(&mut self) -> Result<(), Fault> {
        let token = self.take()?;
        let text = self.text(token);
        if token.kind == Kind::Atom && (text == b"$" || is_sequence_set(text)) {
            Ok(())
        } else {
            Err(Fault("A set of message numbers was expected"))
        }
    }

    /// `"(" [item *(SP item)] ")"`
    pub fn list(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.take()?.kind != Kind::Open {
            return Err(Fault("A parenthesized list was expected"));
        }
        loop {
            match self.kind() {
                Some(Kind::Close) => {
                    self.take()?;
                    return Ok(());
                }
                Some(_) => item(self)?,
                None => return Err(Fault("A parenthesis is missing")),
            }
        }
    }

    /// Like [`Self::list`], with at least one item.
    pub fn list1(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut empty = true;
        self.list(|cursor| {
            empty = false;
            item(cursor)
        })?;
        if empty { Err(Fault("The list is empty")) } else { Ok(()) }
    }

    /// Takes the next token if it is of this kind, and tells its text.
    pub fn take_kind(&mut self, kind: Kind) -> Option<&'a [u8]> {
        let token = self.tokens.next_if(|token| token.kind == kind)?;
        Some(self.text(token))
    }

    /// Takes the next token if it announces a message; true where it is a literal8.
    pub fn message(&mut self) -> Option<bool> {
        self.take_kind(Kind::Message).map(|text| text.starts_with(b"~"))
    }
}

fn number(kind: Kind, text: &[u8]) -> Option<u64> {
    if kind != Kind::Atom || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok().filter(|n| *n <= i64::MAX as u64)
}

/// `sequence-set = (seq-number / seq-range) *("," sequence-set)`, numbers from 1 to 2^32-1.
pub(super) fn is_sequence_set(text: &[u8]) -> bool {
    let is_number =
        |text: &[u8]| text == b"*" || number(Kind::Atom, text).is_some_and(|n| (1..=u64::from(u32::MAX)).contains(&n));
    !text.is_empty()
        && text.split(|b| *b == b',').all(|range| {
            let mut ends = range.split(|b| *b == b':');
            ends.next().is_some_and(is_number) && ends.next().is_none_or(is_number) && ends.next().is_none()
        })
}
