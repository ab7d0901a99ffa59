//! The server's bytes → replies (RFC 5321 §4.2, RFC 2034, RFC 3463), and replies of the gateway's own.
//!
//! ```text
//! Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
//! status-code = ( "2" / "4" / "5" ) "." 1*3digit "." 1*3digit
//! ```
//!
//! A reply is never copied: it is written anew from what was parsed, printable and bounded, so that an upstream's words
//! can be nothing but words.

use std::fmt;

use crate::domain::limits;

/// A reply of the gateway's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    /// The code, such as 550.
    pub code: u16,
    /// The enhanced status code, such as `5.7.1`; empty where none belongs there.
    pub enhanced: &'static str,
    /// Plain words, in ASCII; in English and Italian where a person may come to see them.
    pub text: &'static str,
}

/// `550 5.7.1 text`, without CRLF.
impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = if self.enhanced.is_empty() { "" } else { " " };
        write!(f, "{} {}{space}{}", self.code, self.enhanced, self.text)
    }
}

/// A server's reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The code, 200 to 599.
    pub code: u16,
    /// The text of its lines, without codes; there is one at least. Printable ASCII.
    pub lines: Vec<String>,
    /// The enhanced status code of the last line, where it has one that suits the code.
    enhanced: Option<String>,
}

/// What a reply is by its first digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 2yz
    Done,
    /// 3yz
    GoOn,
    /// 4yz
    NotNow,
    /// 5yz
    Never,
}

/// The upstream broke the grammar or a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(pub &'static str);

/// Cuts the server's bytes into replies.
#[derive(Debug, Default)]
pub struct Scanner {
    line: Vec<u8>,
    so_far: Option<Reply>,
}

impl Reply {
    /// What it is by its first digit.
    pub fn kind(&self) -> Kind {
        match self.code {
            ..300 => Kind::Done,
            300..400 => Kind::GoOn,
            400..500 => Kind::NotNow,
            500.. => Kind::Never,
        }
    }

    /// In one line, for the record: `250 2.0.0 Ok: queued as 4F2A`.
    pub fn summary(&self) -> String {
        self.relayed().pop().unwrap_or_default()
    }

    /// For the client, lines with codes and without CRLF. Every line has an enhanced status code, since the gateway
    /// offers them: the upstream's, or the general one of its class. Of the first lines some may be left out.
    pub fn relayed(&self) -> Vec<String> {
        let general = match self.kind() {
            Kind::Done => "2.0.0 ",
            Kind::NotNow => "4.0.0 ",
            Kind::Never => "5.0.0 ",
            // RFC 2034 §4 has none for these.
            Kind::GoOn => "",
        };
        let enhanced = self.enhanced.as_ref().map_or(general.to_owned(), |enhanced| format!("{enhanced} "));
        let skipped = self.lines.len().saturating_sub(limits::RELAYED_REPLY_LINES);
        let shown: Vec<&String> = self.lines.iter().skip(skipped).collect();
        let last = shown.len().saturating_sub(1);
        let line = |(n, text): (usize, &&String)| {
            let mark = if n == last { ' ' } else { '-' };
            let text: String = text.chars().take(limits::RELAYED_REPLY_CHARS).collect();
            format!("{}{mark}{enhanced}{}", self.code, if text.is_empty() { "-" } else { &text })
        };
        shown.iter().enumerate().map(line).collect()
    }
}

impl Scanner {
    /// Whether nothing of a reply has come.
    pub fn is_fresh(&self) -> bool {
        self.line.is_empty() && self.so_far.is_none()
    }

    /// Takes bytes from the front of `input` up to the end of a reply; none where more is needed.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Reply>, Fault> {
        loop {
            let room = (limits::REPLY_LINE_BYTES + 2).saturating_sub(self.line.len());
            let window = input.get(..room).unwrap_or(input);
            let end = memchr::memchr(b'\n', window);
            let (text, rest) = input.split_at(end.map_or(window.len(), |at| at + 1));
            self.line.extend_from_slice(text);
            *input = rest;
            if end.is_none() {
                return match self.line.len() > limits::REPLY_LINE_BYTES + 1 {
                    true => Err(Fault("the upstream sent a line that is too long")),
                    false => Ok(None),
                };
            }
            let line = std::mem::take(&mut self.line);
            let Some(text) = line.strip_suffix(b"\r\n").filter(|text| !text.contains(&b'\r')) else {
                return Err(Fault("the upstream ended a line without CRLF"));
            };
            if let Some(reply) = self.take(text)? {
                return Ok(Some(reply));
            }
        }
    }

    fn take(&mut self, line: &[u8]) -> Result<Option<Reply>, Fault> {
        const NO_REPLY: Fault = Fault("the upstream did not answer as SMTP does");
        let (code, rest) = line.split_at_checked(3).ok_or(NO_REPLY)?;
        let code = match code {
            [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9'] => code.iter().fold(0, |n, digit| n * 10 + u16::from(digit - b'0')),
            _ => return Err(NO_REPLY),
        };
        let (more, text) = match rest.split_first() {
            None => (false, rest),
            Some((b' ', text)) => (false, text),
            Some((b'-', text)) => (true, text),
            Some(_) => return Err(NO_REPLY),
        };
        let mut reply = self.so_far.take().unwrap_or(Reply { code, lines: Vec::new(), enhanced: None });
        if reply.code != code {
            return Err(Fault("the upstream changed its mind within a reply"));
        }
        if reply.lines.len() >= limits::REPLY_LINES {
            return Err(Fault("the upstream sent a reply that is too long"));
        }
        let (enhanced, text) = enhanced(code, text);
        reply.enhanced = enhanced;
        reply.lines.push(text.iter().map(|b| if matches!(b, b' '..=b'~') { char::from(*b) } else { '?' }).collect());
        if more {
            self.so_far = Some(reply);
            return Ok(None);
        }
        Ok(Some(reply))
    }
}

/// The enhanced status code at a text's beginning, where it suits the code (RFC 2034 §3), and the rest.
fn enhanced(code: u16, text: &[u8]) -> (Option<String>, &[u8]) {
    let word = text.split(|b| *b == b' ').next().unwrap_or_default();
    let parts: Vec<&[u8]> = word.split(|b| *b == b'.').collect();
    let number = |part: &[u8]| (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
    match parts.as_slice() {
        [class, subject, detail] if number(subject) && number(detail) => {
            let rest = text.get(word.len() + 1..).unwrap_or_default();
            let suits = matches!((*class, code / 100), (b"2", 2) | (b"4", 4) | (b"5", 5));
            (suits.then(|| String::from_utf8_lossy(word).into_owned()), if suits { rest } else { text })
        }
        _ => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &[u8], size: usize) -> Result<Vec<Reply>, Fault> {
        let mut scanner = Scanner::default();
        let mut found = Vec::new();
        for mut piece in text.chunks(size) {
            while let Some(reply) = scanner.next(&mut piece)? {
                found.push(reply);
            }
        }
        Ok(found)
    }

    #[test]
    fn replies_are_read_however_they_are_cut() {
        let text = b"250-first\r\n250-SIZE 10\r\n250 last\r\n354\r\n550 5.7.1 <x>: no\r\n";
        for size in [1, 2, 5, 1000] {
            let replies = scan(text, size).unwrap();
            let codes: Vec<_> = replies.iter().map(|reply| (reply.code, reply.lines.len())).collect();
            assert_eq!(codes, [(250, 3), (354, 1), (550, 1)]);
            assert_eq!(replies[2].relayed(), ["550 5.7.1 <x>: no"]);
        }
    }

    #[test]
    fn what_is_relayed_is_printable_bounded_and_has_an_enhanced_code() {
        let relayed = |text: &[u8]| scan(text, 1000).unwrap().remove(0).relayed();
        assert_eq!(relayed(b"250 Ok\x07\xc3\xa8\tx\r\n"), ["250 2.0.0 Ok????x"]);
        assert_eq!(relayed(b"250 5.7.1 Ok\r\n"), ["250 2.0.0 5.7.1 Ok"]);
        assert_eq!(relayed(b"450\r\n"), ["450 4.0.0 -"]);
        assert_eq!(relayed(b"550-5.1.1 a\r\n550 5.1.1 b\r\n"), ["550-5.1.1 a", "550 5.1.1 b"]);
        let long = [b"250 ", &[b'x'; limits::REPLY_LINE_BYTES - 4][..], b"\r\n"].concat();
        assert_eq!(relayed(&long)[0].len(), "250 2.0.0 ".len() + limits::RELAYED_REPLY_CHARS);
        let many = "250-x\r\n".repeat(limits::REPLY_LINES - 1) + "250 y\r\n";
        assert_eq!(relayed(many.as_bytes()).len(), limits::RELAYED_REPLY_LINES);
    }

    #[test]
    fn what_is_no_reply_is_a_fault() {
        let long = [b"250 ", &[b'x'; limits::REPLY_LINE_BYTES - 3][..], b"\r\n"].concat();
        let many = "250-x\r\n".repeat(limits::REPLY_LINES) + "250 y\r\n";
        for text in [
            &b"250 Ok\n"[..],
            b"250 O\rk\r\n",
            b"hello\r\n",
            b"25 x\r\n",
            b"\r\n",
            b"650 x\r\n",
            b"150 x\r\n",
            b"250x\r\n",
            b"2500 x\r\n",
            b"250-a\r\n550 b\r\n",
            &long,
            many.as_bytes(),
        ] {
            for size in [1, 7, 10_000] {
                assert!(scan(text, size).is_err(), "{:?} by {size}", String::from_utf8_lossy(text));
            }
        }
    }
}
