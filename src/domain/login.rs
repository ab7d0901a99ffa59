//! The name that a person logs in with (L1, L3).

use std::fmt;
use std::str::FromStr;

use super::MailboxAddress;

/// A delegate's name within one mailbox: 1 to 64 of `a-z 0-9 . _ -`, beginning with a letter or digit, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Username(String);

/// Why a text is not a username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a username is 1 to 64 letters, digits, dots, hyphens or underscores, and begins with a letter or digit")]
pub struct BadUsername;

/// Why a text is not a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a login of the form username/mailbox@domain or mailbox@domain")]
pub struct BadLogin;

/// Who says they are logging in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Login {
    /// `mailbox@domain`: the owner, with the mailbox's own password (L3).
    Owner(MailboxAddress),
    /// `username/mailbox@domain`: a delegate, with a password of their own (L1).
    Delegate(Username, MailboxAddress),
}

impl Username {
    /// The username as text, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Login {
    /// The mailbox that is meant.
    pub fn mailbox(&self) -> &MailboxAddress {
        match self {
            Login::Owner(mailbox) | Login::Delegate(_, mailbox) => mailbox,
        }
    }
}

impl FromStr for Username {
    type Err = BadUsername;

    fn from_str(text: &str) -> Result<Self, BadUsername> {
        let ok = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if ok { Ok(Self(text.to_ascii_lowercase())) } else { Err(BadUsername) }
    }
}

impl FromStr for Login {
    type Err = BadLogin;

    fn from_str(text: &str) -> Result<Self, BadLogin> {
        match text.split_once('/') {
            None => Ok(Login::Owner(text.parse().map_err(|_| BadLogin)?)),
            Some((username, mailbox)) => {
                Ok(Login::Delegate(username.parse().map_err(|_| BadLogin)?, mailbox.parse().map_err(|_| BadLogin)?))
            }
        }
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Login::Owner(mailbox) => write!(f, "{mailbox}"),
            Login::Delegate(username, mailbox) => write!(f, "{username}/{mailbox}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l1_the_two_forms_are_told_apart() {
        let delegate: Login = "Anna/Ufficio@pec.example.it".parse().unwrap();
        assert!(matches!(&delegate, Login::Delegate(name, _) if name.as_str() == "anna"));
        assert_eq!(delegate.to_string(), "anna/ufficio@pec.example.it");
        let owner: Login = "ufficio@pec.example.it".parse().unwrap();
        assert!(matches!(&owner, Login::Owner(_)));
        assert_eq!(owner.mailbox(), delegate.mailbox());
    }

    #[test]
    fn what_is_no_login_is_refused() {
        for text in ["", "/", "a/", "/a@b.it", "a/b/c@d.it", "-a/b@c.it", "a b/c@d.it", "anna", "a\0/b@c.it"] {
            assert_eq!(text.parse::<Login>(), Err(BadLogin), "{text:?}");
        }
        let name = "a".repeat(65);
        assert!(name.parse::<Username>().is_err());
        assert!(name[..64].parse::<Username>().is_ok());
    }
}
