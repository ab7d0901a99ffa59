//! The address of a mailbox, `local@domain`.

use std::fmt;
use std::str::FromStr;

/// A certified address, in lower case: two spellings that differ in case alone are one mailbox.
///
/// RFC 5321 leaves the case of the local part to the server that owns it. No certified-mail provider tells mailboxes
/// apart by case, and people type addresses as they like, so delega folds both sides.
/// A `/` in the local part is refused, since it separates a delegate's username from the mailbox (L1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxAddress(String);

/// Why a text is not the address of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address of the form mailbox@domain")]
pub struct BadAddress;

impl MailboxAddress {
    /// The address as text, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl FromStr for MailboxAddress {
    type Err = BadAddress;

    /// Accepts the dot-string form of RFC 5321 §4.1.2 with a domain name of letters, digits and hyphens; at most 254
    /// octets (RFC 5321 §4.5.3.1).
    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let (local, domain) = text.rsplit_once('@').ok_or(BadAddress)?;
        let local_ok = (1..=64).contains(&local.len())
            && local.split('.').all(|atom| {
                !atom.is_empty()
                    && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-=?^_`{|}~".contains(&b))
            });
        let domain_ok = domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        });
        if text.len() <= 254 && local_ok && domain_ok { Ok(Self(text.to_ascii_lowercase())) } else { Err(BadAddress) }
    }
}

impl fmt::Display for MailboxAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_folded() {
        let address: MailboxAddress = "Ufficio@PEC.Example.it".parse().unwrap();
        assert_eq!(address.as_str(), "ufficio@pec.example.it");
        assert_eq!(address.domain(), "pec.example.it");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.it", "a".repeat(65));
        for text in
            ["", "a", "@", "a@", "@b", "a b@c", "a/b@c.it", "a@b@c", "a..b@c", "a@-c", "a@c-", "a\r@c", "è@c", &long]
        {
            assert_eq!(text.parse::<MailboxAddress>(), Err(BadAddress), "{text:?}");
        }
    }
}
