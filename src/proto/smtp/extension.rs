//! The service extensions that delega knows (RFC 5321 §4.1.1.1 and the extensions' own documents).
//!
//! An allow-list: a keyword that is not here does not exist for delega, is never offered and never counted on. CHUNKING
//! is not here: BDAT would be a second way for a message to come in.

use std::fmt;

macro_rules! extensions {
    ($($variant:ident $keyword:literal $source:literal,)*) => {
        /// One extension, or one mechanism of AUTH.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Extension {
            $(#[doc = concat!("`", $keyword, "`, ", $source)] $variant,)*
        }

        impl Extension {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Extension] = &[$(Extension::$variant,)*];

            /// The keyword on the wire; of a mechanism, its name.
            pub fn keyword(self) -> &'static str {
                match self {
                    $(Extension::$variant => $keyword,)*
                }
            }
        }
    };
}

extensions! {
    Pipelining "PIPELINING" "RFC 2920",
    Size "SIZE" "RFC 1870",
    EightBitMime "8BITMIME" "RFC 6152",
    SmtpUtf8 "SMTPUTF8" "RFC 6531",
    Dsn "DSN" "RFC 3461",
    EnhancedStatusCodes "ENHANCEDSTATUSCODES" "RFC 2034",
    StartTls "STARTTLS" "RFC 3207",
    AuthPlain "PLAIN" "RFC 4954, RFC 4616",
    AuthLogin "LOGIN" "RFC 4954, draft-murchison-sasl-login",
}

/// A set of extensions, and the largest message where SIZE tells it.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Extensions {
    set: u16,
    /// In octets; 0 where SIZE tells no limit.
    size: u64,
}

impl Extensions {
    /// None.
    pub const NONE: Extensions = Extensions { set: 0, size: 0 };

    /// What next to every server has: counted on for one that was not heard yet. What it lacks after all is refused when
    /// it is asked for.
    pub const USUAL: Extensions =
        Extensions::of(&[Extension::Pipelining, Extension::EightBitMime, Extension::EnhancedStatusCodes]);

    /// The set of those named.
    pub const fn of(list: &[Extension]) -> Extensions {
        let mut set = 0;
        let mut rest = list;
        while let [first, others @ ..] = rest {
            set |= 1 << *first as u16;
            rest = others;
        }
        Extensions { set, size: 0 }
    }

    /// Reads the lines of an answer to EHLO behind the first, without codes; unknown keywords are passed over.
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Extensions {
        lines.into_iter().fold(Extensions::NONE, Extensions::and_line)
    }

    /// `ehlo-line = ehlo-keyword *( SP ehlo-param )`
    fn and_line(self, line: &str) -> Extensions {
        let mut words = line.split(' ').filter(|word| !word.is_empty());
        let Some(keyword) = words.next() else { return self };
        // `AUTH=PLAIN LOGIN` is how servers spoke before RFC 2554, and some still do beside the other.
        let (keyword, first) = match keyword.split_once('=') {
            Some((keyword, first)) if keyword.eq_ignore_ascii_case("AUTH") => (keyword, Some(first)),
            _ => (keyword, None),
        };
        if keyword.eq_ignore_ascii_case("AUTH") {
            const MECHANISMS: [Extension; 2] = [Extension::AuthPlain, Extension::AuthLogin];
            let named = |word: &str| MECHANISMS.into_iter().find(|m| m.keyword().eq_ignore_ascii_case(word));
            return first.into_iter().chain(words).filter_map(named).fold(self, Extensions::with);
        }
        match Extension::ALL.iter().copied().find(|extension| extension.keyword().eq_ignore_ascii_case(keyword)) {
            None | Some(Extension::AuthPlain | Extension::AuthLogin) => self,
            Some(Extension::Size) => {
                let size = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
                self.with_size(size)
            }
            Some(other) => self.with(other),
        }
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, extension: Extension) -> Extensions {
        Extensions { set: self.set | 1 << extension as u16, ..self }
    }

    /// These and SIZE with a limit, 0 for none.
    #[must_use]
    pub const fn with_size(self, size: u64) -> Extensions {
        Extensions { size, ..self.with(Extension::Size) }
    }

    /// Those in both sets, without a limit on the size.
    #[must_use]
    pub const fn and(self, other: Extensions) -> Extensions {
        Extensions { set: self.set & other.set, size: 0 }
    }

    /// Those in either set, with the limit of these.
    #[must_use]
    pub const fn or(self, other: Extensions) -> Extensions {
        Extensions { set: self.set | other.set, size: self.size }
    }

    /// Those here that `other` has not.
    #[must_use]
    pub const fn without(self, other: Extensions) -> Extensions {
        Extensions { set: self.set & !other.set, size: self.size }
    }

    /// Whether `extension` is among them.
    pub const fn has(self, extension: Extension) -> bool {
        self.set & (1 << extension as u16) != 0
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.set == 0
    }

    /// The largest message, where a limit is told.
    pub fn size(self) -> Option<u64> {
        Some(self.size).filter(|size| *size > 0)
    }

    /// The lines of an answer to EHLO, without codes.
    pub fn lines(self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut mechanisms = String::new();
        for extension in Extension::ALL.iter().copied().filter(|extension| self.has(*extension)) {
            match extension {
                Extension::AuthPlain | Extension::AuthLogin => {
                    mechanisms.push(' ');
                    mechanisms.push_str(extension.keyword());
                }
                Extension::Size if self.size > 0 => lines.push(format!("SIZE {}", self.size)),
                Extension::Size
                | Extension::Pipelining
                | Extension::EightBitMime
                | Extension::SmtpUtf8
                | Extension::Dsn
                | Extension::EnhancedStatusCodes
                | Extension::StartTls => lines.push(extension.keyword().to_owned()),
            }
        }
        if !mechanisms.is_empty() {
            lines.push(format!("AUTH{mechanisms}"));
        }
        lines
    }
}

/// For people: the lines, with commas between.
impl fmt::Display for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join(", "))
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_there() {
        let set = Extensions::parse(["pipelining", "SIZE 35882577", "CHUNKING", "AUTH XOAUTH2 plain", "PLAIN", "X-Y"]);
        assert_eq!(set.to_string(), "PIPELINING, SIZE 35882577, AUTH PLAIN");
        assert_eq!(set.size(), Some(35_882_577));
        assert_eq!(Extensions::parse(["SIZE", "AUTH=LOGIN PLAIN"]).to_string(), "SIZE, AUTH PLAIN LOGIN");
        assert_eq!(Extensions::parse(["SIZE x"]).size(), None);
        assert!(Extensions::parse(["", " ", "AUTH"]).is_empty());
    }
}
