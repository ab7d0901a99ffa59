//! App passwords (S3, X14): generated ones, each for one mail program, with a name, a scope and an end.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::{AccountId, Protocol};

/// The row number of an app password in the store. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppPasswordId(pub i64);

/// A keyed hash of an app password. They are random and long, so that a fast one will do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AppPasswordHash(pub [u8; 32]);

/// The protocols that an app password opens; one at least.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope(u8);

/// Why a text is no list of protocols.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no protocol of a mail program: use imap, pop3, submission, or several of them")]
pub struct BadScope(String);

/// An app password as the store knows it, the password itself apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPassword {
    /// Its row.
    pub id: AppPasswordId,
    /// Whose it is: a delegate's or an owner's.
    pub account: AccountId,
    /// For which program, as its person calls it; theirs have different names.
    pub name: String,
    /// What it opens.
    pub scope: Scope,
    /// When it was made: seconds since 1970-01-01 UTC.
    pub created_at_secs: i64,
    /// From when on it opens nothing any more, likewise.
    pub expires_at_secs: i64,
    /// What its person was told of its end.
    pub told: Told,
    /// When it was last used.
    pub last_use: Option<LastUse>,
}

/// The last time that an app password was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// Milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Where from.
    pub address: IpAddr,
    /// What the program said of itself.
    pub program: Option<String>,
}

/// What somebody was told of the end of an app password; each step comes after those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Told {
    /// Nothing.
    Nothing,
    /// That it comes within 14 days.
    Fortnight,
    /// That it comes within 3 days.
    ThreeDays,
    /// That it comes within a day.
    Day,
    /// It has come, and sessions were ended by it.
    Ended,
}

const DAY_SECS: i64 = 24 * 60 * 60;

impl Told {
    /// All of them.
    pub const ALL: [Told; 5] = [Told::Nothing, Told::Fortnight, Told::ThreeDays, Told::Day, Told::Ended];

    /// What should have been told at a moment, of one that ends then.
    pub fn due(expires_at_secs: i64, now_secs: i64) -> Told {
        match expires_at_secs.saturating_sub(now_secs) {
            ..=0 => Told::Ended,
            left if left <= DAY_SECS => Told::Day,
            left if left <= 3 * DAY_SECS => Told::ThreeDays,
            left if left <= 14 * DAY_SECS => Told::Fortnight,
            _ => Told::Nothing,
        }
    }

    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            Told::Nothing => "nothing",
            Told::Fortnight => "fortnight",
            Told::ThreeDays => "three-days",
            Told::Day => "day",
            Told::Ended => "ended",
        }
    }

    /// That of this name.
    pub fn from_name(name: &str) -> Option<Told> {
        Told::ALL.into_iter().find(|told| told.name() == name)
    }
}

impl Scope {
    /// Every protocol.
    pub const ALL: Scope = Scope(0b111);

    fn bit(protocol: Protocol) -> u8 {
        match protocol {
            Protocol::Imap => 1,
            Protocol::Submission => 2,
            Protocol::Pop3 => 4,
        }
    }

    /// Whether it opens this protocol.
    pub fn opens(self, protocol: Protocol) -> bool {
        self.0 & Scope::bit(protocol) != 0
    }

    /// Its protocols.
    pub fn iter(self) -> impl Iterator<Item = Protocol> {
        Protocol::ALL.into_iter().filter(move |protocol| self.opens(*protocol))
    }
}

impl FromStr for Scope {
    type Err = BadScope;

    fn from_str(text: &str) -> Result<Self, BadScope> {
        text.split(',').map(str::trim).try_fold(Scope(0), |all, word| {
            let protocol = Protocol::ALL.into_iter().find(|protocol| protocol.to_string() == word);
            Ok(Scope(all.0 | Scope::bit(protocol.ok_or_else(|| BadScope(word.to_owned()))?)))
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, protocol) in self.iter().enumerate() {
            write!(f, "{}{protocol}", if n == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for AppPasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppPasswordHash([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_list_of_protocols() {
        let scope: Scope = "pop3, imap".parse().unwrap();
        assert_eq!(scope.to_string(), "imap,pop3");
        assert!(scope.opens(Protocol::Pop3) && !scope.opens(Protocol::Submission));
        assert_eq!(Scope::ALL.to_string().parse(), Ok(Scope::ALL));
        for text in ["", "smtp", "imap,", "imap imap"] {
            assert!(text.parse::<Scope>().is_err(), "{text}");
        }
    }

    #[test]
    fn n4_its_end_is_told_fourteen_and_three_days_before_and_on_the_day() {
        let at = |left| Told::due(1_000_000_000, 1_000_000_000 - left);
        assert_eq!(at(14 * DAY_SECS + 1), Told::Nothing);
        assert_eq!(at(14 * DAY_SECS), Told::Fortnight);
        assert_eq!(at(3 * DAY_SECS + 1), Told::Fortnight);
        assert_eq!(at(3 * DAY_SECS), Told::ThreeDays);
        assert_eq!(at(DAY_SECS), Told::Day);
        assert_eq!((at(1), at(0), at(-5)), (Told::Day, Told::Ended, Told::Ended));
    }
}
