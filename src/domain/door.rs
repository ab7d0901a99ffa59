//! The doors into the gateway: which protocol, and which kind of listener (P4, P7, G4).

use std::fmt;
use std::str::FromStr;

/// A protocol that delega serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// IMAP4rev1 (RFC 3501).
    Imap,
    /// Message submission (RFC 6409).
    Submission,
    /// POP3 (RFC 1939).
    Pop3,
}

/// Who is expected at a listener (G4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListenerKind {
    /// Mail programs: a delegate needs **client**.
    Client,
    /// A web mail front end that the operator trusts: **client** is not asked for.
    Webmail,
}

/// Where somebody knocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Door {
    /// The protocol spoken.
    pub protocol: Protocol,
    /// The kind of listener.
    pub kind: ListenerKind,
}

/// The retrieval protocols that a delegate with **client** may use (P7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocols {
    /// Messages stay on the server.
    pub imap: bool,
    /// Messages are downloaded.
    pub pop3: bool,
}

/// Why a text is not a list of retrieval protocols.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a retrieval protocol: use imap, pop3 or imap,pop3")]
pub struct BadProtocols(String);

impl Protocol {
    /// All of them.
    pub const ALL: [Protocol; 3] = [Protocol::Imap, Protocol::Submission, Protocol::Pop3];
}

impl Default for Protocols {
    fn default() -> Self {
        Protocols { imap: true, pop3: false }
    }
}

impl FromStr for Protocols {
    type Err = BadProtocols;

    fn from_str(text: &str) -> Result<Self, BadProtocols> {
        let mut protocols = Protocols { imap: false, pop3: false };
        for word in text.split(',') {
            match word.trim() {
                "imap" => protocols.imap = true,
                "pop3" => protocols.pop3 = true,
                other => return Err(BadProtocols(other.to_owned())),
            }
        }
        Ok(protocols)
    }
}

impl fmt::Display for Protocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.imap, self.pop3) {
            (true, true) => "imap,pop3",
            (true, false) => "imap",
            (false, true) => "pop3",
            (false, false) => "",
        })
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::Imap => "imap",
            Protocol::Submission => "submission",
            Protocol::Pop3 => "pop3",
        })
    }
}

impl fmt::Display for ListenerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ListenerKind::Client => "client",
            ListenerKind::Webmail => "webmail",
        })
    }
}
