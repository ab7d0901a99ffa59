//! A line → a command (RFC 5321 §4.1.1).
//!
//! ```text
//! mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF
//! rcpt = "RCPT TO:" Forward-path [SP Rcpt-parameters] CRLF
//! Path = "<" [ A-d-l ":" ] Mailbox ">"
//! auth = "AUTH" SP sasl-mech [SP initial-response]
//! ```
//!
//! Bytes are the client's; a line may hold a password, so nothing here is printed.

use super::address::Address;
use super::parameter::{self, MailParameters, RcptParameters};
use super::reply::Own;
use super::verb::Verb;

/// A command's arguments, parsed. What is refused by its verb has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// Of verbs without arguments, and of those that are refused whatever they are.
    None,
    /// Of MAIL. No path: the null sender, `<>`.
    Mail(Option<Address>, MailParameters),
    /// Of RCPT.
    Rcpt(Address, RcptParameters),
    /// Of BDAT: how many octets follow.
    Bdat(u64),
}

/// A command of the verb table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its verb.
    pub verb: Verb,
    /// Its arguments. AUTH's are not among them ([`mechanism`]).
    pub arguments: Arguments,
}

const UNKNOWN: Own = Own { code: 500, enhanced: "5.5.2", text: "Command not known" };
const SYNTAX: Own = Own { code: 501, enhanced: "5.5.4", text: "Syntax error in the arguments" };
const FROM: Own = Own { code: 501, enhanced: "5.5.4", text: "MAIL FROM:<address> is expected" };
const TO: Own = Own { code: 501, enhanced: "5.5.4", text: "RCPT TO:<address> is expected" };
const SENDER: Own = Own { code: 501, enhanced: "5.1.7", text: "Not an address of the form local@domain" };
const RECIPIENT: Own = Own { code: 501, enhanced: "5.1.3", text: "Not an address of the form local@domain" };
const ROUTE: Own = Own { code: 501, enhanced: "5.1.3", text: "Source routes are not taken" };
const PARAMETER: Own = Own { code: 555, enhanced: "5.5.4", text: "A parameter is not known here" };

/// The verb of a line, and what stands behind it.
pub fn head(line: &[u8]) -> Result<(Verb, &[u8]), Own> {
    let word = line.split(|b| *b == b' ').next().unwrap_or_default();
    let verb = Verb::named(word).ok_or(UNKNOWN)?;
    let rest = line.get(word.len() + 1..).unwrap_or_default();
    Ok((verb, rest.trim_ascii_end()))
}

impl Command {
    /// Reads the arguments of a command.
    pub fn parse(verb: Verb, rest: &[u8]) -> Result<Command, Own> {
        let arguments = match verb {
            Verb::Mail => mail(rest)?,
            Verb::Rcpt => rcpt(rest)?,
            Verb::Bdat => Arguments::Bdat(bdat(rest).ok_or(SYNTAX)?),
            Verb::Ehlo | Verb::Helo if !is_name(rest) => return Err(SYNTAX),
            Verb::Data | Verb::Rset | Verb::Quit | Verb::StartTls if !rest.is_empty() => return Err(SYNTAX),
            Verb::Ehlo
            | Verb::Helo
            | Verb::StartTls
            | Verb::Auth
            | Verb::Data
            | Verb::Rset
            | Verb::Noop
            | Verb::Quit
            | Verb::Help
            | Verb::Vrfy
            | Verb::Expn
            | Verb::Etrn
            | Verb::Turn
            | Verb::Burl
            | Verb::Xclient
            | Verb::Xforward => Arguments::None,
        };
        Ok(Command { verb, arguments })
    }
}

/// AUTH's mechanism and its initial response, still in base64; `=` stands for an empty one (RFC 4954 §4).
pub fn mechanism(rest: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let mut words = rest.split(|b| *b == b' ');
    let name = words.next().filter(|name| !name.is_empty())?;
    let initial = words.next().map(|word| if word == b"=" { b"".as_slice() } else { word });
    if words.next().is_some() { None } else { Some((name, initial)) }
}

/// Whether a line is what a web browser can be made to send: `METHOD SP target SP "HTTP/" …` (RFC 9112 §3). Of a long one
/// the end is not there, and no verb is called like a method.
pub fn is_http(line: &[u8]) -> bool {
    const METHODS: [&[u8]; 9] =
        [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"];
    let word = line.split(|b| *b == b' ').next().unwrap_or_default();
    METHODS.contains(&word)
}

/// A client's name for itself; it goes nowhere.
fn is_name(text: &[u8]) -> bool {
    (1..=255).contains(&text.len()) && text.iter().all(|b| *b > b' ' && *b != 0x7f)
}

/// `chunk-size [SP "LAST"]` (RFC 3030 §2)
fn bdat(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let (size, last) = match text.split_once(' ') {
        Some((size, last)) => (size, Some(last)),
        None => (text, None),
    };
    if last.is_some_and(|last| !last.eq_ignore_ascii_case("LAST")) || !size.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    size.parse().ok()
}

fn mail(rest: &[u8]) -> Result<Arguments, Own> {
    let (path, parameters) = path(rest, "FROM:").ok_or(FROM)?;
    let parameters = MailParameters::parse(parameters).map_err(refused)?;
    if path.is_empty() {
        return Ok(Arguments::Mail(None, parameters));
    }
    let address = address(path, SENDER)?;
    if !address.is_ascii() && !parameters.utf8 {
        return Err(Own { code: 553, enhanced: "5.6.7", text: "Addresses beyond ASCII need SMTPUTF8" });
    }
    Ok(Arguments::Mail(Some(address), parameters))
}

fn rcpt(rest: &[u8]) -> Result<Arguments, Own> {
    let (path, parameters) = path(rest, "TO:").ok_or(TO)?;
    let parameters = RcptParameters::parse(parameters).map_err(refused)?;
    Ok(Arguments::Rcpt(address(path, RECIPIENT)?, parameters))
}

fn refused(fault: parameter::Fault) -> Own {
    match fault {
        parameter::Fault::Malformed => SYNTAX,
        parameter::Fault::Unknown => PARAMETER,
    }
}

fn address(path: &str, otherwise: Own) -> Result<Address, Own> {
    if path.starts_with('@') {
        return Err(ROUTE);
    }
    Address::parse(path).map_err(|_| otherwise)
}

/// What stands between the angle brackets behind `keyword`, and what follows them. Spaces between the two, which real
/// programs send, are taken: what goes upstream has none.
fn path<'a>(rest: &'a [u8], keyword: &str) -> Option<(&'a str, &'a str)> {
    let text = std::str::from_utf8(rest).ok()?;
    let begins = text.get(..keyword.len())?.eq_ignore_ascii_case(keyword);
    let inner = text.get(keyword.len()..).filter(|_| begins)?.trim_start_matches(' ').strip_prefix('<')?;
    let (mut quoted, mut escaped) = (false, false);
    let end = inner.bytes().position(|byte| {
        let ends = byte == b'>' && !quoted;
        quoted ^= byte == b'"' && !escaped;
        escaped = quoted && byte == b'\\' && !escaped;
        ends
    })?;
    let (path, behind) = (inner.get(..end)?, inner.get(end + 1..)?);
    if behind.is_empty() || behind.starts_with(' ') { Some((path, behind)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, Own> {
        let (verb, rest) = head(line.as_bytes())?;
        Command::parse(verb, rest)
    }

    fn code(line: &str) -> u16 {
        parse(line).map_or_else(|own| own.code, |_| 0)
    }

    #[test]
    fn paths() {
        let path = |line: &str| match parse(line).unwrap().arguments {
            Arguments::Mail(path, _) => path.map_or("<>".to_owned(), |path| path.to_string()),
            Arguments::Rcpt(path, _) => path.to_string(),
            other => panic!("{other:?}"),
        };
        for (line, expected) in [
            ("MAIL FROM:<a@b.it>", "a@b.it"),
            ("mail from: <a@b.it> size=3 ", "a@b.it"),
            ("MAIL FROM:<>", "<>"),
            ("MAIL FROM:<è@b.it> SMTPUTF8", "è@b.it"),
            ("RCPT TO:<\"a>b\"@c.it>", "\"a>b\"@c.it"),
            ("RCPT TO:<\"a\\\">b\"@c.it> NOTIFY=NEVER", "\"a\\\">b\"@c.it"),
            ("RCPT TO:<è@b.it>", "è@b.it"),
        ] {
            assert_eq!(path(line), expected, "{line}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for line in [
            "MAIL",
            "MAIL FROM",
            "MAIL FROM:",
            "MAIL FROM:a@b.it",
            "MAIL FROM <a@b.it>",
            "MAIL TO:<a@b.it>",
            "MAIL FROM:<a@b.it",
            "MAIL FROM:<a@b.it>x",
            "MAIL FROM:<a@b.it> <c@d.it>",
            "MAIL FROM:<<a@b.it>>",
            "MAIL FROM:< a@b.it>",
            "RCPT TO:<>",
            "MAIL FROM:<a@b.it>\tSIZE=1",
            "MAIL FROM:\t<a@b.it>",
            "RCPT TO:<postmaster>",
            "RCPT TO:<@x.it:a@b.it>",
            "RCPT TO:<@x.it,@y.it:a@b.it>",
            "MAIL FROM:<a\0@b.it>",
            "DATA x",
            "QUIT x",
            "RSET x",
            "STARTTLS x",
            "EHLO",
            "EHLO a b",
            "EHLO a\0",
            "BDAT",
            "BDAT x",
            "BDAT -1",
            "BDAT 1 FIRST",
            "BDAT 18446744073709551616",
        ] {
            assert_eq!(code(line), 501, "{line:?}");
        }
        for line in ["", " ", " NOOP", "NOOP\t", "FROB", "MAILFROM:<a@b.it>", "NOOP\0", "GET / HTTP/1.1", "\u{ff2d}AIL"]
        {
            assert_eq!(code(line), 500, "{line:?}");
        }
        assert_eq!(code("MAIL FROM:<è@b.it>"), 553);
        assert_eq!(code("MAIL FROM:<a@b.it> BODY=BINARYMIME"), 555);
        assert_eq!(code("NOOP anything"), 0);
        assert_eq!(code("DATA  "), 0);
        assert_eq!(code("BDAT 10 last"), 0);
    }

    #[test]
    fn mechanisms() {
        assert_eq!(mechanism(b"PLAIN AGE="), Some((&b"PLAIN"[..], Some(&b"AGE="[..]))));
        assert_eq!(mechanism(b"LOGIN"), Some((&b"LOGIN"[..], None)));
        assert_eq!(mechanism(b"PLAIN ="), Some((&b"PLAIN"[..], Some(&b""[..]))));
        assert_eq!(mechanism(b""), None);
        assert_eq!(mechanism(b"PLAIN a b"), None);
    }
}
