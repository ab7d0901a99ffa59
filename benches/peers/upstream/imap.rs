//! IMAP. UID *n* is a message of *n* KiB, whatever *n*. Each answer is sent by itself, however many commands wait; those
//! to CHECK and to what is asked of an even UID are gathered while more commands wait, as Dovecot does to some degree.

use std::io::{self, Read, Write};

use crate::text::LINE;
use crate::wire::{PIECE_BYTES, Wire};

const CAPABILITIES: &str = "IMAP4rev1 SASL-IR LITERAL+ ID IDLE UIDPLUS NAMESPACE UNSELECT AUTH=PLAIN";

/// One connection.
pub struct Session<S> {
    wire: Wire<S>,
}

impl<S: Read + Write> Session<S> {
    pub fn new(stream: S) -> Session<S> {
        Session { wire: Wire::new(stream) }
    }

    pub fn run(&mut self) -> io::Result<()> {
        self.say(&format!("* OK [CAPABILITY {CAPABILITIES}] ready\r\n"));
        while let Some(line) = self.wire.line()? {
            let mut words = line.splitn(3, ' ');
            let (tag, verb) = (words.next().unwrap_or("*"), words.next().unwrap_or(""));
            let rest = words.next().unwrap_or("");
            match verb.to_ascii_uppercase().as_str() {
                "CHECK" => {
                    self.done(tag);
                    continue;
                }
                "UID" => {
                    if self.uid(tag, rest)?.is_multiple_of(2) {
                        continue;
                    }
                }
                "NOOP" | "UNSELECT" => self.done(tag),
                "CAPABILITY" => {
                    self.say(&format!("* CAPABILITY {CAPABILITIES}\r\n"));
                    self.done(tag);
                }
                "LOGIN" => {
                    self.strings(rest)?;
                    self.logged_in(tag);
                }
                "AUTHENTICATE" => {
                    if !rest.contains(' ') {
                        self.say("+ \r\n");
                        self.wire.line()?;
                    }
                    self.logged_in(tag);
                }
                "SELECT" | "EXAMINE" => {
                    self.say(
                        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n\
                         * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags permitted.\r\n\
                         * 20000 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1] UIDs valid\r\n\
                         * OK [UIDNEXT 20001] Predicted next UID\r\n",
                    );
                    let mode = if verb.eq_ignore_ascii_case("SELECT") { "READ-WRITE" } else { "READ-ONLY" };
                    self.say(&format!("{tag} OK [{mode}] done\r\n"));
                }
                "APPEND" => {
                    self.strings(rest)?;
                    self.say(&format!("{tag} OK [APPENDUID 1 1] done\r\n"));
                }
                "IDLE" => {
                    self.say("+ idling\r\n");
                    self.wire.line()?;
                    self.done(tag);
                }
                "ID" => {
                    self.say("* ID NIL\r\n");
                    self.done(tag);
                }
                "LOGOUT" => {
                    self.say("* BYE see you\r\n");
                    self.done(tag);
                    return self.wire.send();
                }
                _ => self.say(&format!("{tag} BAD not here\r\n")),
            }
            self.wire.send()?;
        }
        Ok(())
    }

    fn say(&mut self, text: &str) {
        self.wire.say(text);
    }

    fn done(&mut self, tag: &str) {
        self.say(&format!("{tag} OK done\r\n"));
    }

    fn logged_in(&mut self, tag: &str) {
        self.say(&format!("{tag} OK [CAPABILITY {CAPABILITIES}] logged in\r\n"));
    }

    /// `UID FETCH n (FLAGS)`, `UID FETCH n (BODY.PEEK[])`; tells the UID.
    fn uid(&mut self, tag: &str, rest: &str) -> io::Result<usize> {
        let mut words = rest.split(' ');
        let (Some(_), Some(Ok(uid))) = (words.next(), words.next().map(str::parse::<usize>)) else {
            self.say(&format!("{tag} BAD which message?\r\n"));
            return Ok(1);
        };
        if rest.contains("BODY") {
            let octets = uid * 1024;
            self.say(&format!("* {uid} FETCH (UID {uid} BODY[] {{{octets}}}\r\n"));
            self.wire.send()?;
            self.literal(octets)?;
            self.say(")\r\n");
        } else {
            self.say(&format!("* {uid} FETCH (UID {uid} FLAGS (\\Seen))\r\n"));
        }
        self.done(tag);
        Ok(uid)
    }

    /// Lines as of a base64 attachment.
    fn literal(&mut self, octets: usize) -> io::Result<()> {
        thread_local! {
            static TEXT: Vec<u8> = LINE.iter().copied().cycle().take(PIECE_BYTES).collect();
        }
        TEXT.with(|text| {
            let mut left = octets;
            while left > 0 {
                let piece = &text[..left.min(PIECE_BYTES)];
                self.wire.pass(piece)?;
                left -= piece.len();
            }
            Ok(())
        })
    }

    /// Takes the rest of a command whose strings may be literals, and forgets it.
    fn strings(&mut self, first: &str) -> io::Result<()> {
        let mut rest = first.to_owned();
        while let Some((octets, waits)) = announced(&rest) {
            if waits {
                self.say("+ go on\r\n");
            }
            self.wire.skip(octets)?;
            rest = self.wire.line()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        }
        Ok(())
    }
}

/// `{n}` or `{n+}` at the end of a line, and whether the client waits for a continuation.
pub fn announced(line: &str) -> Option<(usize, bool)> {
    let (_, number) = line.strip_suffix('}')?.rsplit_once('{')?;
    match number.strip_suffix('+') {
        Some(number) => Some((number.parse().ok()?, false)),
        None => Some((number.parse().ok()?, true)),
    }
}
