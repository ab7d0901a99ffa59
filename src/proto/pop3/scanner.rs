//! The server's bytes → status lines, and multi-line responses that stream by (RFC 1939 §3).
//!
//! A status line is held whole, bounded, and told as what was parsed of it. A multi-line response is never held: a message
//! of 50 MB costs no memory and no parse.
//!
//! # Where a response ends
//!
//! At `CRLF "." CRLF` and nowhere else. In a status line a bare CR or LF is a [`Fault`], and ends the session. Within a
//! message that would be wrong: mail with a bare CR in it exists, Dovecot hands it on as it is (measured: `CR "." CRLF` in
//! a message is not stuffed), and one such message would keep its readers from every message behind it. But mail programs
//! differ in what they take for the end of a line, Python's poplib a LF, so such a message must not end for some of them
//! where the sender wanted it to. Hence a dot behind a bare CR or LF gets another one before it, and so does a lone dot
//! before such a one: whatever a program takes for the end of a line, it finds one end of the response, the same as ours.
//! Programs that know CRLF alone see one dot more in a message that broke the rules; all else passes untouched.

use crate::domain::limits;

use super::reply::Reply;
use crate::proto::smooth;

/// The upstream broke the grammar or a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(pub &'static str);

/// What comes next in the server's bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Everything was taken.
    More,
    /// A status line. If more lines follow, [`Scanner::expect_lines`] is to be called.
    Status(Reply),
    /// More of a multi-line response, dots before dots included.
    Data(&'a [u8]),
    /// The multi-line response has ended; its last line, the dot, was not told.
    End,
}

/// Where in a multi-line response the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Behind a CRLF.
    Start,
    /// Behind a dot at the start of a line, not told yet.
    Dot,
    /// Behind such a dot and a CR, neither told yet.
    DotCr,
    /// Within a line.
    Inside,
    /// Behind a CR.
    Cr,
    /// Behind a LF that had no CR.
    BareLf,
}

/// Cuts the server's bytes into responses.
#[derive(Debug, Default)]
pub struct Scanner {
    /// None: in or before a status line.
    place: Option<Place>,
    /// The status line so far.
    held: Vec<u8>,
    /// To be told before anything else.
    owed: &'static [u8],
}

impl Scanner {
    /// The lines of a multi-line response follow.
    pub fn expect_lines(&mut self) {
        self.place = Some(Place::Start);
    }

    /// Takes bytes from the front of `input` up to the next thing to tell.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Step<'a>, Fault> {
        match self.place {
            None => self.status(input),
            Some(place) => Ok(self.line(place, input)),
        }
    }

    fn status<'a>(&mut self, input: &mut &'a [u8]) -> Result<Step<'a>, Fault> {
        let end = memchr::memchr(b'\n', input).map(|at| at + 1);
        let (taken, rest) = input.split_at(end.unwrap_or(input.len()));
        *input = rest;
        if self.held.len() + taken.len() > limits::STATUS_LINE_BYTES {
            return Err(Fault("the upstream sent a line that is too long"));
        }
        self.held.extend_from_slice(taken);
        if end.is_none() {
            return Ok(Step::More);
        }
        let line = std::mem::take(&mut self.held);
        let line = line.strip_suffix(b"\r\n").filter(|line| !line.contains(&b'\r'));
        let line = line.ok_or(Fault("the upstream ended a line without CRLF"))?;
        Reply::parse(line).map(Step::Status).ok_or(Fault("the upstream sent what is no response"))
    }

    fn line<'a>(&mut self, mut place: Place, input: &mut &'a [u8]) -> Step<'a> {
        loop {
            if !self.owed.is_empty() {
                self.place = Some(place);
                return Step::Data(std::mem::take(&mut self.owed));
            }
            let Some((first, rest)) = input.split_first() else {
                self.place = Some(place);
                return Step::More;
            };
            place = match (place, first) {
                (Place::Start, b'.') => {
                    *input = rest;
                    Place::Dot
                }
                (Place::Dot, b'\r') => {
                    *input = rest;
                    Place::DotCr
                }
                (Place::DotCr, b'\n') => {
                    *input = rest;
                    self.place = None;
                    return Step::End;
                }
                (Place::DotCr, _) => {
                    self.owed = b"..\r";
                    Place::Cr
                }
                (Place::Dot, b'\n') => {
                    self.owed = b"..";
                    Place::Inside
                }
                (Place::Dot, _) | (Place::Cr | Place::BareLf, b'.') => {
                    self.owed = b".";
                    Place::Inside
                }
                (Place::Start | Place::Inside | Place::Cr | Place::BareLf, _) => {
                    let (run, end) = run(place, input);
                    let (run, rest) = input.split_at(run);
                    *input = rest;
                    self.place = Some(end);
                    return Step::Data(run);
                }
            };
        }
    }
}

/// How many octets pass as they are, at least one, and where that leads: up to a dot that has to be looked at.
fn run(mut place: Place, input: &[u8]) -> (usize, Place) {
    let mut at = 0;
    while let Some(octet) = input.get(at) {
        place = match (place, octet) {
            (Place::Start | Place::Cr | Place::BareLf, b'.') => break,
            (Place::Cr, b'\n') => match smooth::smooth(input, at + 1) {
                0 => Place::Start,
                told => {
                    at += told;
                    Place::Inside
                }
            },
            (_, b'\n') => Place::BareLf,
            (_, b'\r') => Place::Cr,
            _ => {
                let rest = input.get(at..).unwrap_or_default();
                // To the octet before the one that decides.
                at += memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len()) - 1;
                Place::Inside
            }
        };
        at += 1;
    }
    (at, place)
}

#[cfg(test)]
#[path = "scanner_tests.rs"]
mod tests;
