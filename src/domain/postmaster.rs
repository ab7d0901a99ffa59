//! Who administers every mailbox of a domain (M1–M3).

use std::fmt;
use std::str::FromStr;

use super::{AccountId, Language, MailboxAddress, PasswordVersion, Phone};

/// The row number of a postmaster in the store. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostmasterId(pub i64);

/// The domain of mailboxes' addresses, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailDomain(String);

/// Why a text is no domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a domain, such as pec.example.it")]
pub struct BadMailDomain;

/// Somebody who administers a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postmaster {
    /// Their row.
    pub id: PostmasterId,
    /// The domain.
    pub domain: MailDomain,
    /// Their own address, by which they log in and are known within the domain, in lower case.
    pub email: String,
    /// Their name.
    pub name: String,
    /// The language that they are written to in.
    pub language: Language,
    /// Their phone number (S1).
    pub phone: Option<Phone>,
    /// Which password they have now.
    pub password: PasswordVersion,
    /// Whether they have one: not before they have set it by the link that was mailed.
    pub has_password: bool,
    /// Since when they have had a second factor: seconds since 1970-01-01 UTC (S2).
    pub two_factor_since_secs: Option<i64>,
    /// When they were added: seconds since 1970-01-01 UTC.
    pub created_at_secs: i64,
}

impl Postmaster {
    /// Their account.
    pub fn account(&self) -> AccountId {
        AccountId::Postmaster(self.id)
    }
}

impl MailDomain {
    /// The domain as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domain of an address.
    pub fn of(address: &MailboxAddress) -> MailDomain {
        MailDomain(address.domain().to_owned())
    }
}

impl FromStr for MailDomain {
    type Err = BadMailDomain;

    fn from_str(text: &str) -> Result<Self, BadMailDomain> {
        // What can stand in an address can stand here.
        let address: MailboxAddress = format!("postmaster@{text}").parse().map_err(|_| BadMailDomain)?;
        if text.contains('@') { Err(BadMailDomain) } else { Ok(MailDomain::of(&address)) }
    }
}

impl fmt::Display for MailDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_that_of_addresses() {
        let domain: MailDomain = "PEC.Example.it".parse().unwrap();
        assert_eq!(domain, MailDomain::of(&"ufficio@pec.example.it".parse().unwrap()));
        for text in ["", "@", "a@b.it", "-a.it", "a..it", "a b.it"] {
            assert_eq!(text.parse::<MailDomain>(), Err(BadMailDomain), "{text:?}");
        }
    }
}
