//! A client's line → a command (RFC 1939, RFC 2449 §4, RFC 5034 §4).
//!
//! This is the only reading of a command that there is: what goes upstream is written from what was parsed here.

use secrecy::SecretString;

use super::verb::Verb;

/// A whole message, as TOP has it: more lines than any message has that is not far over every bound.
///
/// It is what fetchmail has asked of every kind of server for decades. More would be worse: a server that adds to the
/// largest number of its own may wrap around, and Dovecot 2.3 takes `TOP 1 18446744073709551615` for RETR, `\Seen` and all.
/// So no count above this one is written.
pub const ALL_LINES: u32 = 99_999_999;

/// A message's number in this session, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageNumber(u32);

impl MessageNumber {
    /// The number.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// A command.
#[derive(Debug)]
pub enum Command {
    /// CAPA
    Capa,
    /// STLS
    Stls,
    /// USER, with the name.
    User(String),
    /// PASS; none where the password is not UTF-8, and so nobody's.
    Pass(Option<SecretString>),
    /// AUTH
    Auth(Mechanism),
    /// NOOP
    Noop,
    /// QUIT
    Quit,
    /// STAT
    Stat,
    /// LIST, of all or of one.
    List(Option<MessageNumber>),
    /// UIDL, of all or of one.
    Uidl(Option<MessageNumber>),
    /// RETR
    Retr(MessageNumber),
    /// TOP, with the count of lines, which is at most [`ALL_LINES`].
    Top(MessageNumber, u32),
    /// DELE
    Dele(MessageNumber),
    /// RSET
    Rset,
}

/// What AUTH names.
#[derive(Debug)]
pub enum Mechanism {
    /// Nothing: what is there is to be listed, as servers did before there was CAPA.
    List,
    /// PLAIN, with the initial response in base64 where there is one.
    Plain(Option<SecretString>),
    /// Any other.
    Other,
}

/// A line that is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misunderstood {
    /// The verb, where that is known.
    pub verb: Option<Verb>,
    /// What the client is told.
    pub text: &'static str,
}

impl Command {
    /// `command = keyword *(SP param) CRLF`, `keyword = 3*4VCHAR` (RFC 2449 §4), case apart; the line comes without its CRLF.
    pub fn parse(line: &[u8]) -> Result<Command, Misunderstood> {
        let (keyword, arguments) = match memchr::memchr(b' ', line) {
            Some(at) => (line.get(..at).unwrap_or_default(), line.get(at + 1..)),
            None => (line, None),
        };
        let verb = Verb::named(keyword).ok_or(Misunderstood { verb: None, text: "Unknown command" })?;
        let command = match verb {
            Verb::Capa => nothing(arguments).map(|()| Command::Capa),
            Verb::Stls => nothing(arguments).map(|()| Command::Stls),
            Verb::Noop => nothing(arguments).map(|()| Command::Noop),
            Verb::Quit => nothing(arguments).map(|()| Command::Quit),
            Verb::Stat => nothing(arguments).map(|()| Command::Stat),
            Verb::Rset => nothing(arguments).map(|()| Command::Rset),
            Verb::User => user(arguments),
            Verb::Pass => pass(arguments),
            Verb::Auth => auth(arguments).map(Command::Auth),
            Verb::List => arguments.map(message).transpose().map(Command::List),
            Verb::Uidl => arguments.map(message).transpose().map(Command::Uidl),
            Verb::Retr => message(arguments.unwrap_or_default()).map(Command::Retr),
            Verb::Dele => message(arguments.unwrap_or_default()).map(Command::Dele),
            Verb::Top => top(arguments.unwrap_or_default()),
        };
        command.map_err(|text| Misunderstood { verb: Some(verb), text })
    }

    /// Its verb.
    pub fn verb(&self) -> Verb {
        match self {
            Command::Capa => Verb::Capa,
            Command::Stls => Verb::Stls,
            Command::User(_) => Verb::User,
            Command::Pass(_) => Verb::Pass,
            Command::Auth(_) => Verb::Auth,
            Command::Noop => Verb::Noop,
            Command::Quit => Verb::Quit,
            Command::Stat => Verb::Stat,
            Command::List(_) => Verb::List,
            Command::Uidl(_) => Verb::Uidl,
            Command::Retr(_) => Verb::Retr,
            Command::Top(..) => Verb::Top,
            Command::Dele(_) => Verb::Dele,
            Command::Rset => Verb::Rset,
        }
    }
}

fn nothing(arguments: Option<&[u8]>) -> Result<(), &'static str> {
    if arguments.is_some() { Err("There is nothing to say behind this command") } else { Ok(()) }
}

/// `USER SP name`; the name is all that is left of the line, for accounts to judge.
fn user(arguments: Option<&[u8]>) -> Result<Command, &'static str> {
    match std::str::from_utf8(arguments.unwrap_or_default()) {
        Ok(name) if !name.is_empty() => Ok(Command::User(name.to_owned())),
        _ => Err("A name is missing"),
    }
}

/// `PASS SP string`; RFC 1939 §7: spaces are part of the password.
fn pass(arguments: Option<&[u8]>) -> Result<Command, &'static str> {
    match arguments {
        None | Some(b"") => Err("A password is missing"),
        Some(password) => Ok(Command::Pass(text(password))),
    }
}

/// `AUTH [SP mechanism [SP initial-response]]`, `initial-response = base64 / "="` (RFC 5034 §4, §6)
fn auth(arguments: Option<&[u8]>) -> Result<Mechanism, &'static str> {
    let Some(arguments) = arguments else { return Ok(Mechanism::List) };
    let mut words = arguments.splitn(2, |b| *b == b' ');
    let mechanism = words.next().unwrap_or_default();
    if mechanism.is_empty() {
        return Err("A mechanism is missing");
    }
    if !mechanism.eq_ignore_ascii_case(b"PLAIN") {
        return Ok(Mechanism::Other);
    }
    match words.next() {
        None => Ok(Mechanism::Plain(None)),
        Some(initial) => match text(initial) {
            Some(initial) => Ok(Mechanism::Plain(Some(initial))),
            None => Err("Not a SASL PLAIN message"),
        },
    }
}

fn text(octets: &[u8]) -> Option<SecretString> {
    std::str::from_utf8(octets).ok().map(SecretString::from)
}

/// A number that the standard leaves without bound: decimal digits, here at most 2^32-1, and no leading zero: whoever
/// writes one has something in mind.
fn number(digits: &[u8]) -> Option<u32> {
    let canonical = digits.iter().all(u8::is_ascii_digit) && (digits == b"0" || !digits.starts_with(b"0"));
    std::str::from_utf8(digits).ok().filter(|_| canonical)?.parse().ok()
}

/// The message-number of RFC 1939 §5: from 1.
fn message(digits: &[u8]) -> Result<MessageNumber, &'static str> {
    match number(digits) {
        Some(number) if number > 0 => Ok(MessageNumber(number)),
        _ => Err("That is no message number"),
    }
}

/// `TOP SP msg SP n` (RFC 1939 §7)
fn top(arguments: &[u8]) -> Result<Command, &'static str> {
    let mut words = arguments.splitn(2, |b| *b == b' ');
    let message = message(words.next().unwrap_or_default())?;
    let lines = words.next().and_then(number).ok_or("That is no count of lines")?;
    Ok(Command::Top(message, lines.min(ALL_LINES)))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn commands_are_understood_case_apart() {
        let understood = |line: &str| format!("{:?}", Command::parse(line.as_bytes()).unwrap());
        assert_eq!(understood("stat"), "Stat");
        assert_eq!(understood("LIST"), "List(None)");
        assert_eq!(understood("List 12"), "List(Some(MessageNumber(12)))");
        assert_eq!(understood("UIDL 4294967295"), "Uidl(Some(MessageNumber(4294967295)))");
        assert_eq!(understood("TOP 1 0"), "Top(MessageNumber(1), 0)");
        assert_eq!(understood("TOP 1 4294967295"), "Top(MessageNumber(1), 99999999)");
        assert_eq!(understood("USER anna bianchi"), "User(\"anna bianchi\")");
        assert_eq!(understood("AUTH"), "Auth(List)");
        assert_eq!(understood("AUTH plain"), "Auth(Plain(None))");
        assert_eq!(understood("AUTH CRAM-MD5 x"), "Auth(Other)");
    }

    #[test]
    fn a_password_is_all_of_the_rest() {
        for password in ["segreta", " two  words ", "perché", "\t"] {
            let Ok(Command::Pass(Some(read))) = Command::parse(format!("PASS {password}").as_bytes()) else { panic!() };
            assert_eq!(read.expose_secret(), password);
        }
        assert!(matches!(Command::parse(b"PASS perch\xe9"), Ok(Command::Pass(None))));
        let Ok(secret) = Command::parse(b"AUTH PLAIN AGEAc2VncmV0YQ==") else { panic!() };
        assert!(!format!("{secret:?}").contains("AGEA"));
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for line in [
            "",
            " ",
            "XYZZY",
            "APOP anna c4c9",
            "LAST",
            "XTND XMIT",
            "STAT ",
            "STAT 1",
            "QUIT now",
            "LIST ",
            "LIST 0",
            "LIST 01",
            "LIST -1",
            "LIST +1",
            "LIST 1 2",
            "LIST 4294967296",
            "LIST 18446744073709551617",
            "RETR",
            "RETR ",
            "RETR x",
            "RETR 1 ",
            "RETR  1",
            "DELE",
            "DELE 1,2",
            "DELE 1\t",
            "TOP",
            "TOP 1",
            "TOP 1 ",
            "TOP 1 -1",
            "TOP 1 2 3",
            "TOP 1 18446744073709551615",
            "TOP 0 1",
            "USER",
            "USER ",
            "PASS",
            "PASS ",
            "AUTH ",
            " STAT",
            "STAT\t",
            "UIDL 1;2",
            "RETR \u{661}",
        ] {
            assert!(Command::parse(line.as_bytes()).is_err(), "{line:?}");
        }
    }
}
