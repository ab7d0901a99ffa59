//! One command, parsed (RFC 3501 §9 `command`).

use std::fmt;

use super::capability::Capabilities;
use super::framer::Raw;
use super::grammar;
use super::token::{self, Kind, Token};
use super::verb::Verb;
use crate::domain::limits;

/// A folder's name as IMAP writes it (modified UTF-7), `INBOX` in capitals whatever the client wrote.
///
/// The names of the wire are ASCII as long as UTF8=ACCEPT is not offered, so one folder has no second name in UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Folder(Vec<u8>);

impl Folder {
    /// Reads a folder's name; refuses octets above 127 and control characters.
    pub fn parse(name: &[u8]) -> Option<Folder> {
        if !name.iter().all(|b| (0x20..0x7f).contains(b)) {
            return None;
        }
        Some(Folder(if name.eq_ignore_ascii_case(b"INBOX") { b"INBOX".to_vec() } else { name.to_vec() }))
    }

    /// The name on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Whether a FETCH sets `\Seen` in a folder that is open for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, PartialOrd, Ord)]
pub enum Marking {
    /// It does not.
    #[default]
    None,
    /// It does, by items that have a `.PEEK` form.
    Peekable,
    /// It does, by items that have none (`RFC822`, `RFC822.TEXT`).
    Whole,
}

/// A parsed command. What goes upstream is written from this by [`super::encode`].
#[derive(Clone)]
pub struct Command {
    /// Its name.
    pub verb: Verb,
    /// Whether `UID` stood before it.
    pub uid: bool,
    /// The folder that it names first, where it names one.
    pub folder: Option<Folder>,
    /// For FETCH.
    pub marking: Marking,
    /// The capabilities that the upstream needs for the command to be understood there.
    pub requires: Capabilities,
    /// For SETMETADATA and GETMETADATA with the empty name: the server's own annotations are meant.
    pub server_wide: bool,
    tag: usize,
    raw: Raw,
    tokens: Vec<Token>,
}

/// Why a command was not understood, with the tag where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misunderstood {
    /// The client's tag; without it the answer is untagged.
    pub tag: Option<Vec<u8>>,
    /// The verb, where that much was understood.
    pub verb: Option<Verb>,
    /// For the client. Holds nothing that the client sent.
    pub text: &'static str,
}

/// The tag and the verb of a command that may not be complete yet, for a verdict before its literals are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The client's tag.
    pub tag: Vec<u8>,
    /// Its verb.
    pub verb: Verb,
    /// Whether `UID` stood before it.
    pub uid: bool,
    /// Where the arguments begin, behind their space; none where there are no arguments.
    arguments: Option<usize>,
}

impl Head {
    /// Whether a literal announced at the end of `raw` would be the folder's name, for a verb that brings a message:
    /// the first argument of APPEND, the second of REPLACE.
    pub fn wants_folder(&self, raw: &Raw) -> bool {
        let before = match self.verb {
            Verb::Replace => 1,
            _ => 0,
        };
        let tokens = self.arguments.and_then(|from| token::tokenize(raw, from, false, true).ok());
        tokens.is_some_and(|tokens| tokens.len() == before + 1)
    }
}

/// Reads `tag SP ["UID" SP] verb`.
pub fn head(raw: &Raw) -> Result<Head, Misunderstood> {
    beginning(raw).map(|(tag, verb, uid, arguments)| Head { tag: tag.to_vec(), verb, uid, arguments })
}

/// What a [`Head`] is made of.
type Beginning<'a> = (&'a [u8], Verb, bool, Option<usize>);

fn beginning(raw: &Raw) -> Result<Beginning<'_>, Misunderstood> {
    let bytes = raw.bytes.as_slice();
    let Some(tag) = tag(bytes) else {
        return Err(Misunderstood { tag: None, verb: None, text: "Every command begins with a tag" });
    };
    let misunderstood = |text| Misunderstood { tag: Some(tag.to_vec()), verb: None, text };
    // Legal, but Dovecot takes it for no tag, and its untagged answer would leave the client waiting.
    if tag.contains(&b']') {
        return Err(misunderstood("Tags with a ] are not understood by every mail server"));
    }
    let (mut word, mut at) = word(bytes, tag.len() + 1).ok_or_else(|| misunderstood("A command is missing"))?;
    let uid = word.eq_ignore_ascii_case(b"UID");
    if uid {
        (word, at) = self::word(bytes, at).ok_or_else(|| misunderstood("A command is missing after UID"))?;
    }
    let verb =
        Verb::named(word).filter(|verb| !uid || verb.has_uid_form()).ok_or_else(|| misunderstood("Unknown command"))?;
    Ok((tag, verb, uid, (at <= bytes.len()).then_some(at)))
}

/// The tag that `bytes` begin with: `1*<any ASTRING-CHAR except "+">`, bounded.
pub fn tag(bytes: &[u8]) -> Option<&[u8]> {
    let length = bytes.iter().take(limits::TAG_BYTES + 1).take_while(|b| is_astring_char(**b) && **b != b'+').count();
    if length == 0 || length > limits::TAG_BYTES || !matches!(bytes.get(length), None | Some(b' ')) {
        return None;
    }
    bytes.get(..length)
}

/// The word at `from` and where what follows its space begins (beyond the end where nothing follows).
fn word(bytes: &[u8], from: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(from..)?;
    let length = memchr::memchr(b' ', rest).unwrap_or(rest.len());
    if length == 0 { None } else { Some((rest.get(..length)?, from + length + 1)) }
}

/// `ASTRING-CHAR = ATOM-CHAR / "]"`
pub(super) fn is_astring_char(byte: u8) -> bool {
    const CHARS: token::Table = token::table(b"(){%*\"\\");
    token::is_in(&CHARS, byte)
}

impl Command {
    /// Parses a whole command; for [`Verb::brings_message`] the text up to and with the message's announcement.
    pub fn parse(raw: Raw) -> Result<Command, Misunderstood> {
        let (tag, verb, uid, arguments) = beginning(&raw)?;
        let misunderstood = |tag: &[u8], text| Misunderstood { tag: Some(tag.to_vec()), verb: Some(verb), text };
        let tokens = match arguments {
            Some(from) => token::tokenize(&raw, from, verb == Verb::Fetch, verb.brings_message()).map_err(|fault| {
                let text = match fault {
                    token::SyntaxFault::Character => "Syntax error in the arguments",
                    token::SyntaxFault::Nesting => "Parentheses are unbalanced or nested too deep",
                };
                misunderstood(tag, text)
            })?,
            None => Vec::new(),
        };
        let mut command = Command {
            verb,
            uid,
            folder: None,
            marking: Marking::None,
            requires: Capabilities::NONE,
            server_wide: false,
            tag: tag.len(),
            raw,
            tokens,
        };
        let facts = grammar::check(&command).map_err(|fault| misunderstood(command.tag(), fault.0))?;
        command.folder = facts.folder;
        command.marking = facts.marking;
        command.requires = facts.requires;
        command.server_wide = facts.server_wide;
        Ok(command)
    }

    /// The client's tag.
    pub fn tag(&self) -> &[u8] {
        self.raw.bytes.get(..self.tag).unwrap_or_default()
    }

    /// How long the command is, its literals included.
    pub(super) fn octets(&self) -> usize {
        self.raw.bytes.len()
    }

    /// The arguments.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The octets that a token stands for, as written.
    pub fn span(&self, token: &Token) -> &[u8] {
        self.raw.bytes.get(token.span.clone()).unwrap_or_default()
    }

    /// The string that a token stands for: an atom as written, a quoted string without its escapes, a literal's octets.
    pub fn string(&self, token: &Token) -> std::borrow::Cow<'_, [u8]> {
        match token.kind {
            Kind::Quoted => token::unescape(self.span(token)),
            _ => self.span(token).into(),
        }
    }

    /// The string that argument number `n` stands for, where it is a string or an atom.
    pub fn argument(&self, n: usize) -> Option<std::borrow::Cow<'_, [u8]>> {
        self.tokens
            .get(n)
            .filter(|token| matches!(token.kind, Kind::Atom | Kind::Quoted | Kind::Literal { .. }))
            .map(|token| self.string(token))
    }

    /// Overwrites the command's text, for those that carry a password.
    pub fn wipe(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.raw.bytes);
    }
}

/// Shows the verb alone: the rest may hold a password or the name of a folder.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({}{})", if self.uid { "UID " } else { "" }, self.verb.name())
    }
}

/// What stands between two messages of one APPEND, or behind the last (RFC 3502).
#[derive(Debug)]
pub enum Onward {
    /// Nothing: the command is complete.
    End,
    /// Flags and date of a further message, then its announcement.
    Message(Command),
}

/// Reads what follows a message within its APPEND: nothing, or `SP [flag-list SP] [date-time SP] literal`.
pub fn onward(raw: Raw) -> Result<Onward, Misunderstood> {
    let misunderstood = |text| Misunderstood { tag: None, verb: Some(Verb::Append), text };
    if raw.bytes.is_empty() {
        return Ok(Onward::End);
    }
    if raw.bytes.first() != Some(&b' ') {
        return Err(misunderstood("Syntax error after the message"));
    }
    let tokens = token::tokenize(&raw, 1, false, true).map_err(|_| misunderstood("Syntax error after the message"))?;
    let mut command = Command {
        verb: Verb::Append,
        uid: false,
        folder: None,
        marking: Marking::None,
        requires: Capabilities::NONE,
        server_wide: false,
        tag: 0,
        raw,
        tokens,
    };
    command.requires = grammar::check_message(&command).map_err(|fault| misunderstood(fault.0))?;
    Ok(Onward::Message(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_was_not_announced_is_none() {
        for line in ["a APPEND INBOX {x}", "a APPEND INBOX {3x}", "a APPEND INBOX ~{x}", "a UID REPLACE 4 INBOX {x}"] {
            let raw = Raw { bytes: line.as_bytes().to_vec(), literals: Vec::new() };
            let misunderstood = Command::parse(raw).unwrap_err();
            assert_eq!(misunderstood.tag.as_deref(), Some(b"a".as_slice()), "{line}");
        }
        let raw = Raw { bytes: b" {x}".to_vec(), literals: Vec::new() };
        assert!(onward(raw).is_err());
    }
}
