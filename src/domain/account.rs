//! The accounts of people: whoever logs in has one, whatever they may do with it (S1).

use std::fmt;
use std::str::FromStr;

use super::{DelegateId, MailboxId, PostmasterId};

/// Whose account it is. Row numbers are never used again, so an account that was deleted and added anew is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountId {
    /// The owner of a mailbox. They have no password of delega's: the mailbox's own is theirs (L3).
    Owner(MailboxId),
    /// A delegate.
    Delegate(DelegateId),
    /// A postmaster.
    Postmaster(PostmasterId),
}

/// Why a text names no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an account, such as delegate:7")]
pub struct BadAccountId;

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AccountId::Owner(MailboxId(id)) => write!(f, "owner:{id}"),
            AccountId::Delegate(DelegateId(id)) => write!(f, "delegate:{id}"),
            AccountId::Postmaster(PostmasterId(id)) => write!(f, "postmaster:{id}"),
        }
    }
}

impl FromStr for AccountId {
    type Err = BadAccountId;

    fn from_str(text: &str) -> Result<Self, BadAccountId> {
        let (kind, id) = text.split_once(':').ok_or(BadAccountId)?;
        let id: i64 = id.parse().map_err(|_| BadAccountId)?;
        let account = match kind {
            "owner" => AccountId::Owner(MailboxId(id)),
            "delegate" => AccountId::Delegate(DelegateId(id)),
            "postmaster" => AccountId::Postmaster(PostmasterId(id)),
            _ => return Err(BadAccountId),
        };
        if account.to_string() == text { Ok(account) } else { Err(BadAccountId) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_written_in_one_way() {
        for text in ["owner:1", "delegate:20", "postmaster:3"] {
            assert_eq!(text.parse().map(|account: AccountId| account.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "owner", "owner:", "owner:01", "owner:+1", "Owner:1", "owner:1:2", "operator:1"] {
            assert_eq!(text.parse::<AccountId>(), Err(BadAccountId), "{text}");
        }
    }
}
