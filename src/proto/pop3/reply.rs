//! A server's status line (RFC 1939 §3, RFC 2449 §8, RFC 3206), and the same written anew.

use std::fmt;

/// The longest status line that RFC 2449 §4 allows, its CRLF included.
const LINE_BYTES: usize = 512;

/// A status line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it says.
    pub status: Status,
    /// The response code, where it is a known one.
    pub code: Option<Code>,
    /// The rest, printable ASCII.
    pub text: String,
}

/// The first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `+OK`
    Ok,
    /// `-ERR`
    Err,
    /// `+`, within AUTH.
    Continuation,
}

/// The response codes that delega knows. Any other is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// `IN-USE`, RFC 2449 §8.1.2
    InUse,
    /// `LOGIN-DELAY`, RFC 2449 §8.1.1
    LoginDelay,
    /// `SYS/TEMP`, RFC 3206 §4
    SysTemp,
    /// `SYS/PERM`, RFC 3206 §4
    SysPerm,
    /// `AUTH`, RFC 3206 §5
    Auth,
}

impl Code {
    const ALL: [Code; 5] = [Code::InUse, Code::LoginDelay, Code::SysTemp, Code::SysPerm, Code::Auth];

    fn name(self) -> &'static str {
        match self {
            Code::InUse => "IN-USE",
            Code::LoginDelay => "LOGIN-DELAY",
            Code::SysTemp => "SYS/TEMP",
            Code::SysPerm => "SYS/PERM",
            Code::Auth => "AUTH",
        }
    }
}

impl Reply {
    /// Reads a line without its CRLF; nothing where it is no status line.
    ///
    /// `response = ("+OK" / "-ERR") [SP ["[" resp-code "]"] text]` (RFC 2449 §4, §8; servers must write the first word in
    /// capitals, RFC 1939 §3), `continue-req = "+" SP [base64]` (RFC 5034 §6; a bare `+` is seen, too).
    pub fn parse(line: &[u8]) -> Option<Reply> {
        let (first, rest) = match memchr::memchr(b' ', line) {
            Some(at) => (line.get(..at)?, line.get(at + 1..)?),
            None => (line, &b""[..]),
        };
        let status = match first {
            b"+OK" => Status::Ok,
            b"-ERR" => Status::Err,
            b"+" => Status::Continuation,
            _ => return None,
        };
        let (code, text) = code(rest);
        // A tab is a space to a reader; all else that is not ASCII text nobody was promised to be able to read.
        let printable = |b: &u8| match b {
            b' '..=b'~' => char::from(*b),
            b'\t' => ' ',
            _ => '?',
        };
        Some(Reply { status, code, text: text.iter().map(printable).collect() })
    }
}

/// The response code at the beginning of a text, and what follows it.
fn code(text: &[u8]) -> (Option<Code>, &[u8]) {
    let Some(inner) = text.strip_prefix(b"[") else { return (None, text) };
    let Some(end) = memchr::memchr(b']', inner) else { return (None, text) };
    let (name, rest) = (inner.get(..end).unwrap_or_default(), inner.get(end + 1..).unwrap_or_default());
    let known = Code::ALL.into_iter().find(|code| name.eq_ignore_ascii_case(code.name().as_bytes()));
    (known, rest.strip_prefix(b" ").unwrap_or(rest))
}

/// As the client is told: one line, CRLF included, within the 512 octets of RFC 2449 §4.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::from(match self.status {
            Status::Ok => "+OK",
            Status::Err => "-ERR",
            Status::Continuation => "+",
        });
        if let Some(code) = self.code {
            line = format!("{line} [{}]", code.name());
        }
        if !self.text.is_empty() {
            line = format!("{line} {}", self.text);
        }
        // ASCII: every place is one between characters.
        line.truncate(LINE_BYTES - 2);
        write!(f, "{line}\r\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anew(line: &str) -> Option<String> {
        Reply::parse(line.as_bytes()).map(|reply| reply.to_string())
    }

    #[test]
    fn status_lines_are_written_anew() {
        for (line, written) in [
            ("+OK", "+OK\r\n"),
            ("+OK ", "+OK\r\n"),
            ("+OK 2 320", "+OK 2 320\r\n"),
            ("-ERR", "-ERR\r\n"),
            (
                "-ERR [IN-USE] Do you have another POP session running?",
                "-ERR [IN-USE] Do you have another POP session running?\r\n",
            ),
            ("-ERR [sys/temp]later", "-ERR [SYS/TEMP] later\r\n"),
            ("-ERR [X-OWN 5] text", "-ERR text\r\n"),
            ("-ERR [open", "-ERR [open\r\n"),
            ("+OK a\tb\u{0}c\u{e8}", "+OK a b?c??\r\n"),
            ("+ ", "+\r\n"),
        ] {
            assert_eq!(anew(line).as_deref(), Some(written), "{line:?}");
        }
        for line in ["", "OK", "+ok", "+OKAY", "-err no", "* OK", "+OK\ttext", " +OK"] {
            assert_eq!(anew(line), None, "{line:?}");
        }
    }

    #[test]
    fn a_status_line_is_no_longer_than_the_standard_allows() {
        let line = |length: usize| anew(&format!("+OK {}", "x".repeat(length - 6))).unwrap();
        assert_eq!(line(512).len(), 512);
        assert_eq!(line(513), line(512));
    }
}
