//! The capabilities that delega knows (RFC 2449 §6 and the extensions' own documents).
//!
//! An allow-list: what is not here does not exist for delega, is never offered and never counted on. EXPIRE and LOGIN-DELAY
//! are the upstream's affair, UTF8 and LANG (RFC 6856) change what the other commands mean and are not policed.

use std::fmt;

macro_rules! capabilities {
    ($($variant:ident $name:literal $source:literal,)*) => {
        /// One capability.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Capability {
            $(#[doc = concat!("`", $name, "`, ", $source)] $variant,)*
        }

        impl Capability {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Capability] = &[$(Capability::$variant,)*];

            /// The line on the wire.
            pub fn name(self) -> &'static str {
                match self {
                    $(Capability::$variant => $name,)*
                }
            }
        }
    };
}

capabilities! {
    Top "TOP" "RFC 2449 §6.1",
    Uidl "UIDL" "RFC 2449 §6.8",
    User "USER" "RFC 2449 §6.2",
    SaslPlain "SASL PLAIN" "RFC 5034 §3; of the mechanisms that are listed behind SASL, the one that matters",
    RespCodes "RESP-CODES" "RFC 2449 §6.4",
    AuthRespCode "AUTH-RESP-CODE" "RFC 3206 §6",
    Pipelining "PIPELINING" "RFC 2449 §6.6",
    Stls "STLS" "RFC 2595 §4",
}

/// A set of capabilities.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities(u16);

impl Capabilities {
    /// None.
    pub const NONE: Capabilities = Capabilities(0);

    /// The set of those named.
    pub const fn of(list: &[Capability]) -> Capabilities {
        let mut bits = 0;
        let mut rest = list;
        while let [first, others @ ..] = rest {
            bits |= 1 << *first as u16;
            rest = others;
        }
        Capabilities(bits)
    }

    /// Reads a capability list, a line for each; unknown ones are passed over.
    ///
    /// `capa-response = single-line *capability "." CRLF`, `capability = capa-tag *(SP param) CRLF` (RFC 2449 §4); here
    /// without the first and the last line.
    pub fn parse(lines: &[u8]) -> Capabilities {
        let lines = lines.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        lines.fold(Capabilities::NONE, |set, line| match Capability::in_line(line) {
            Some(capability) => Capabilities(set.0 | Capabilities::of(&[capability]).0),
            None => set,
        })
    }

    /// Those in both sets.
    #[must_use]
    pub const fn and(self, other: Capabilities) -> Capabilities {
        Capabilities(self.0 & other.0)
    }

    /// Those in either set.
    #[must_use]
    pub const fn or(self, other: Capabilities) -> Capabilities {
        Capabilities(self.0 | other.0)
    }

    /// Whether `capability` is among them.
    pub const fn has(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u16) != 0
    }

    /// They, in the order of [`Capability::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.iter().copied().filter(move |capability| self.has(*capability))
    }
}

impl Capability {
    fn in_line(line: &[u8]) -> Option<Capability> {
        let mut words = line.split(|b| *b == b' ');
        let tag = words.next()?;
        if tag.eq_ignore_ascii_case(b"SASL") {
            return words.any(|mechanism| mechanism.eq_ignore_ascii_case(b"PLAIN")).then_some(Capability::SaslPlain);
        }
        Capability::ALL.iter().copied().find(|capability| tag.eq_ignore_ascii_case(capability.name().as_bytes()))
    }
}

/// As they stand in the answer to CAPA: a line for each, and the last line.
impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|capability| write!(f, "{}\r\n", capability.name()))?;
        f.write_str(".\r\n")
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_there() {
        let list = b"CAPA\r\ntop\r\nUIDL\r\nEXPIRE 0\r\nSASL LOGIN plain\r\nX-SPECIAL TOP\r\nUTF8 USER\r\nLANG\r\n";
        assert_eq!(Capabilities::parse(list).to_string(), "TOP\r\nUIDL\r\nSASL PLAIN\r\n.\r\n");
        assert_eq!(Capabilities::parse(b"SASL LOGIN CRAM-MD5\r\nPLAIN\r\n"), Capabilities::NONE);
    }

    #[test]
    fn there_is_room_for_all() {
        assert!(Capability::ALL.len() <= 16);
        assert_eq!(Capabilities::of(Capability::ALL).iter().count(), Capability::ALL.len());
    }
}
