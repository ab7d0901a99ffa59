//! A person with an account of their own on one mailbox.

use std::fmt;

use super::{MailboxId, Permissions, Protocols, Username};

/// The row number of a delegate in the store. Never used again after deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DelegateId(pub i64);

/// Where a delegate stands in their life (D4). The states of an invitation come with invitations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DelegateState {
    /// May log in.
    Active,
    /// May do nothing until re-enabled (D5).
    Suspended,
}

/// The language that a person is written to in (D1, N).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Italian.
    Italian,
    /// English.
    English,
}

/// Who a delegate is (D1, S1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// The person's own e-mail address, for notifications.
    pub email: String,
}

/// A delegate as the store knows them, the password apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegate {
    /// Their row.
    pub id: DelegateId,
    /// The mailbox they work in.
    pub mailbox: MailboxId,
    /// Their name within the mailbox (L1).
    pub username: Username,
    /// Who they are.
    pub person: Person,
    /// The language they asked for, if any.
    pub language: Option<Language>,
    /// Whether they may log in.
    pub state: DelegateState,
    /// What they were granted. Ask [`Permissions::under`] the operator's profile before use.
    pub permissions: Permissions,
    /// The retrieval protocols open to their mail program (P7).
    pub protocols: Protocols,
    /// When they were added: seconds since 1970-01-01 UTC.
    pub created_at_secs: i64,
    /// When this row was last changed, likewise.
    pub changed_at_secs: i64,
}

impl DelegateState {
    /// The word used in the store and in listings.
    pub fn name(self) -> &'static str {
        match self {
            DelegateState::Active => "active",
            DelegateState::Suspended => "suspended",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<DelegateState> {
        [DelegateState::Active, DelegateState::Suspended].into_iter().find(|state| state.name() == name)
    }
}

impl fmt::Display for DelegateState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Language {
    /// The word used in the store and in listings: the ISO 639-1 code.
    pub fn name(self) -> &'static str {
        match self {
            Language::Italian => "it",
            Language::English => "en",
        }
    }

    /// The language of that name.
    pub fn from_name(name: &str) -> Option<Language> {
        [Language::Italian, Language::English].into_iter().find(|language| language.name() == name)
    }
}
