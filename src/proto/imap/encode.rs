//! A command, written anew for the upstream from what was parsed. The client's own bytes never pass.
//!
//! Strings that a quoted string can hold go as quoted strings. Others go as *synchronizing* literals, whatever the
//! upstream offers: an upstream that does not understand the command then says so before the octets are sent, and can
//! never take them for the next command, as Dovecot does with the literal of a command that it does not know.

use std::collections::VecDeque;

use super::command::Command;
use super::token::{self, Kind};
use super::verb::Verb;

/// A command on its way upstream: all but the last part end in the announcement of a literal, behind which the
/// upstream's continuation must be waited for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parts(pub VecDeque<Vec<u8>>);

/// How a command goes upstream where it does not go as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewriting {
    /// As the verb that it has.
    Same,
    /// With another verb.
    As(Verb),
    /// FETCH with `BODY[…]` as `BODY.PEEK[…]`, `BINARY[…]` as `BINARY.PEEK[…]`.
    Peek,
    /// ENABLE with these arguments alone, of those that the client named.
    Enable(super::capability::Capabilities),
}

/// By how much a command may grow without its buffer having to: another verb, `.PEEK`, quotes.
const ROOM_BYTES: usize = 32;

/// A literal8 cannot be quoted, and what is longer than this is not worth it.
const QUOTED_BYTES: usize = 1024;

/// Writes `command`; for a command that brings a message, up to and with the announcement of `octets`.
pub fn encode(command: &Command, rewriting: Rewriting, octets: Option<u64>) -> Parts {
    let mut writer = Writer::for_command(command);
    writer.text.extend_from_slice(command.tag());
    writer.text.extend_from_slice(if command.uid { b" UID " } else { b" " });
    let verb = match rewriting {
        Rewriting::As(verb) => verb,
        Rewriting::Same | Rewriting::Peek | Rewriting::Enable(_) => command.verb,
    };
    writer.text.extend_from_slice(verb.name().as_bytes());
    if let Rewriting::Enable(extensions) = rewriting {
        for extension in extensions.iter() {
            writer.text.push(b' ');
            writer.text.extend_from_slice(extension.name().as_bytes());
        }
    } else {
        writer.arguments(command, rewriting, octets);
    }
    writer.finish()
}

/// Writes what announces a further message of one APPEND, from behind the message before.
pub fn encode_onward(command: &Command, octets: u64) -> Parts {
    let mut writer = Writer::for_command(command);
    writer.arguments(command, Rewriting::Same, Some(octets));
    writer.finish()
}

/// Appends a string in the form in which it can stand in a response: quoted, or as a literal.
pub fn push_string(out: &mut Vec<u8>, string: &[u8]) {
    if can_be_quoted(string) {
        push_quoted(out, string);
    } else {
        out.extend_from_slice(format!("{{{}}}\r\n", string.len()).as_bytes());
        out.extend_from_slice(string);
    }
}

struct Writer {
    parts: VecDeque<Vec<u8>>,
    text: Vec<u8>,
}

impl Writer {
    /// With room for all of the command, as it mostly comes out about as long as it came in.
    fn for_command(command: &Command) -> Writer {
        Writer { parts: VecDeque::with_capacity(1), text: Vec::with_capacity(command.octets() + ROOM_BYTES) }
    }

    fn arguments(&mut self, command: &Command, rewriting: Rewriting, octets: Option<u64>) {
        let mut space = true;
        for token in command.tokens() {
            if space && !matches!(token.kind, Kind::Close | Kind::SectionClose) {
                self.text.push(b' ');
            }
            space = !matches!(token.kind, Kind::Open | Kind::SectionOpen);
            let span = command.span(token);
            match token.kind {
                Kind::Atom | Kind::Open | Kind::Close => self.text.extend_from_slice(span),
                Kind::Quoted => self.string(&token::unescape(span)),
                Kind::Literal { .. } => self.string(span),
                Kind::Message => {
                    self.text.extend_from_slice(if span.starts_with(b"~") { b"~{" } else { b"{" });
                    self.text.extend_from_slice(octets.unwrap_or(0).to_string().as_bytes());
                    self.text.push(b'}');
                }
                Kind::SectionOpen => {
                    self.text.extend_from_slice(span);
                    let peeks = [&b"BODY"[..], b"BINARY"].iter().any(|name| span.eq_ignore_ascii_case(name));
                    if rewriting == Rewriting::Peek && peeks {
                        self.text.extend_from_slice(b".PEEK");
                    }
                    self.text.push(b'[');
                }
                Kind::SectionClose => {
                    self.text.push(b']');
                    self.text.extend_from_slice(span);
                }
            }
        }
    }

    fn string(&mut self, string: &[u8]) {
        if can_be_quoted(string) {
            push_quoted(&mut self.text, string);
        } else {
            self.text.extend_from_slice(format!("{{{}}}\r\n", string.len()).as_bytes());
            self.parts.push_back(std::mem::take(&mut self.text));
            self.text.extend_from_slice(string);
        }
    }

    fn finish(mut self) -> Parts {
        self.text.extend_from_slice(b"\r\n");
        self.parts.push_back(self.text);
        Parts(self.parts)
    }
}

/// `QUOTED-CHAR` is a 7-bit character other than CR and LF (RFC 3501 §9).
fn can_be_quoted(string: &[u8]) -> bool {
    string.len() <= QUOTED_BYTES && string.iter().all(|b| matches!(b, 0x20..=0x7e | b'\t'))
}

fn push_quoted(out: &mut Vec<u8>, string: &[u8]) {
    out.push(b'"');
    for byte in string {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::imap::framer::{Bounds, Frame, Framer};

    fn command(text: &str) -> Command {
        let mut framer = Framer::new(Bounds::AFTER_LOGIN, 0);
        let mut input = text.as_bytes();
        loop {
            match framer.next(&mut input) {
                Frame::Announced(_) => framer.collect(),
                Frame::Command(raw) => return Command::parse(raw).unwrap(),
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }

    fn encoded(text: &str, rewriting: Rewriting) -> Vec<String> {
        let parts = encode(&command(text), rewriting, None).0;
        parts.into_iter().map(|part| String::from_utf8(part).unwrap()).collect()
    }

    #[test]
    fn a_plain_command_is_written_as_it_was_meant() {
        for line in [
            "a NOOP\r\n",
            "0.0.jYT8D4u5 UID FETCH 1:*,7 (UID BODY.PEEK[HEADER.FIELDS (FROM TO)]<0.100> BODY[])\r\n",
            "a LIST (SUBSCRIBED) \"\" (\"*\" \"%\") RETURN (CHILDREN STATUS (UNSEEN))\r\n",
            "a STORE 1 +FLAGS ()\r\n",
            "a SEARCH OR (SUBJECT \"a \\\"b\\\\\") NOT (SEEN)\r\n",
        ] {
            assert_eq!(encoded(line, Rewriting::Same).concat(), line);
        }
    }

    #[test]
    fn a_literal_goes_as_a_quoted_string_where_it_can() {
        assert_eq!(encoded("a SELECT {5+}\r\nI\"BOX\r\n", Rewriting::Same), ["a SELECT \"I\\\"BOX\"\r\n"]);
    }

    #[test]
    fn other_strings_wait_for_the_upstream() {
        let parts = encoded("a SEARCH CHARSET UTF-8 SUBJECT \"perché\" BODY {2}\r\n\r\n SEEN\r\n", Rewriting::Same);
        assert_eq!(parts, ["a SEARCH CHARSET UTF-8 SUBJECT {7}\r\n", "perché BODY {2}\r\n", "\r\n SEEN\r\n"]);
    }

    #[test]
    fn rewritings() {
        assert_eq!(
            encoded("a select INBOX (condstore)\r\n", Rewriting::As(Verb::Examine)),
            ["a EXAMINE INBOX (condstore)\r\n"]
        );
        assert_eq!(
            encoded("a FETCH 1 (body[] BODY.PEEK[1] BINARY[2] BINARY.SIZE[2] BODY)\r\n", Rewriting::Peek),
            ["a FETCH 1 (body.PEEK[] BODY.PEEK[1] BINARY.PEEK[2] BINARY.SIZE[2] BODY)\r\n"]
        );
    }
}
