//! The commands that can go upstream, and how they are written. The type holds no others, and nothing of the client's but
//! numbers.

use super::command::MessageNumber;

/// A command as it goes upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forwarded {
    /// STAT
    Stat,
    /// LIST, of all or of one.
    List(Option<MessageNumber>),
    /// UIDL, of all or of one.
    Uidl(Option<MessageNumber>),
    /// RETR
    Retr(MessageNumber),
    /// TOP, with the count of lines.
    Top(MessageNumber, u32),
    /// DELE
    Dele(MessageNumber),
    /// NOOP
    Noop,
    /// RSET
    Rset,
    /// QUIT
    Quit,
}

impl Forwarded {
    /// The line, CRLF included.
    pub fn encode(self) -> String {
        let of = |verb: &str, message: MessageNumber| format!("{verb} {}\r\n", message.number());
        match self {
            Forwarded::Stat => "STAT\r\n".to_owned(),
            Forwarded::List(None) => "LIST\r\n".to_owned(),
            Forwarded::List(Some(message)) => of("LIST", message),
            Forwarded::Uidl(None) => "UIDL\r\n".to_owned(),
            Forwarded::Uidl(Some(message)) => of("UIDL", message),
            Forwarded::Retr(message) => of("RETR", message),
            Forwarded::Top(message, lines) => format!("TOP {} {lines}\r\n", message.number()),
            Forwarded::Dele(message) => of("DELE", message),
            Forwarded::Noop => "NOOP\r\n".to_owned(),
            Forwarded::Rset => "RSET\r\n".to_owned(),
            Forwarded::Quit => "QUIT\r\n".to_owned(),
        }
    }

    /// Whether a positive answer has more lines than one.
    pub fn is_multi_line(self) -> bool {
        match self {
            Forwarded::List(None) | Forwarded::Uidl(None) | Forwarded::Retr(_) | Forwarded::Top(..) => true,
            Forwarded::Stat
            | Forwarded::List(Some(_))
            | Forwarded::Uidl(Some(_))
            | Forwarded::Dele(_)
            | Forwarded::Noop
            | Forwarded::Rset
            | Forwarded::Quit => false,
        }
    }
}
