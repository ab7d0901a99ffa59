//! A person with an account of their own on one mailbox.

use std::fmt;

use super::{AccountId, Grant, MailboxId, Permissions, Phone, Profile, Protocols, Username};

/// The row number of a delegate in the store. Never used again after deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DelegateId(pub i64);

/// Which of their passwords a delegate has logged in with: another one at each that is set, or taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PasswordVersion(pub i64);

/// Where a delegate stands in their life (D4); [`life`](super::life) says how they get from one to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DelegateState {
    /// Was invited and has not answered (D2).
    Pending,
    /// May log in.
    Active,
    /// May do nothing until re-enabled (D5).
    Suspended,
    /// The delegation was ended (D8).
    Inactive,
    /// The invitation was refused, withdrawn, or not answered in time (D3, D6).
    Rejected,
}

/// The language that a person is written to in (D1, N).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Italian.
    #[default]
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
    /// Their phone number.
    pub phone: Option<Phone>,
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
    /// Where they stand, as it was last written down; ask [`Delegate::state_at`].
    pub state: DelegateState,
    /// Until when the invitation of one who is pending may be answered, and not then any more: seconds since 1970-01-01
    /// UTC.
    pub invited_until_secs: Option<i64>,
    /// When their password was taken away, where they have not set another yet: likewise. Until then they may do nothing
    /// (D7).
    pub reset_at_secs: Option<i64>,
    /// Which password they have now. Whoever came in with another one must go (D7).
    pub password: PasswordVersion,
    /// Since when they have had a second factor, likewise (S2).
    pub two_factor_since_secs: Option<i64>,
    /// Since when they have had their seat, likewise: the last invitation, or when they were added (D9).
    pub seated_at_secs: i64,
    /// What they were granted. Ask [`Permissions::under`] the operator's profile before use.
    pub permissions: Permissions,
    /// The retrieval protocols open to their mail program (P7).
    pub protocols: Protocols,
    /// When they were added: seconds since 1970-01-01 UTC.
    pub created_at_secs: i64,
    /// When this row was last changed, likewise.
    pub changed_at_secs: i64,
}

/// How long an invitation may be answered (D2).
pub const INVITATION_SECS: i64 = 7 * 24 * 60 * 60;

impl Delegate {
    /// Their account.
    pub fn account(&self) -> AccountId {
        AccountId::Delegate(self.id)
    }

    /// Where they stand at this moment: an invitation lapses by itself (D3), whether or not anybody has written it down.
    pub fn state_at(&self, now_secs: i64) -> DelegateState {
        match (self.state, self.invited_until_secs) {
            (DelegateState::Pending, Some(until)) if now_secs < until => DelegateState::Pending,
            (DelegateState::Pending, _) => DelegateState::Rejected,
            (state, _) => state,
        }
    }

    /// What is written down that they were granted. Not all of it need hold: ask [`Delegate::grant_under`] before use.
    pub fn granted(&self) -> Grant {
        Grant { permissions: self.permissions, protocols: self.protocols }
    }

    /// What of it holds under the operator's profile.
    pub fn grant_under(&self, profile: Profile) -> Grant {
        Grant { permissions: self.permissions.under(profile), protocols: self.protocols }
    }

    /// Their name, as people say it.
    pub fn full_name(&self) -> String {
        self.person.full_name()
    }
}

impl Person {
    /// Given name and family name.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

impl DelegateState {
    /// All of them.
    pub const ALL: [DelegateState; 5] = [
        DelegateState::Pending,
        DelegateState::Active,
        DelegateState::Suspended,
        DelegateState::Inactive,
        DelegateState::Rejected,
    ];

    /// Whether somebody in this state takes one of the plan's seats (D9).
    pub fn takes_seat(self) -> bool {
        match self {
            DelegateState::Pending | DelegateState::Active | DelegateState::Suspended => true,
            DelegateState::Inactive | DelegateState::Rejected => false,
        }
    }

    /// The word used in the store and in listings.
    pub fn name(self) -> &'static str {
        match self {
            DelegateState::Pending => "pending",
            DelegateState::Active => "active",
            DelegateState::Suspended => "suspended",
            DelegateState::Inactive => "inactive",
            DelegateState::Rejected => "rejected",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<DelegateState> {
        DelegateState::ALL.into_iter().find(|state| state.name() == name)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Permissions;

    #[test]
    fn d3_an_invitation_lapses_after_seven_days_by_itself() {
        let invited = Delegate {
            id: DelegateId(1),
            mailbox: MailboxId(1),
            username: "anna".parse().unwrap(),
            person: Person {
                first_name: "Anna".into(),
                last_name: "Verdi".into(),
                email: "anna@example.it".into(),
                phone: None,
            },
            language: None,
            state: DelegateState::Pending,
            invited_until_secs: Some(1000 + INVITATION_SECS),
            reset_at_secs: None,
            password: PasswordVersion(0),
            two_factor_since_secs: None,
            seated_at_secs: 1000,
            permissions: Permissions::READ,
            protocols: Protocols::default(),
            created_at_secs: 1000,
            changed_at_secs: 1000,
        };
        assert_eq!(INVITATION_SECS, 604_800);
        assert_eq!(invited.state_at(1000 + 604_799), DelegateState::Pending);
        assert_eq!(invited.state_at(1000 + 604_800), DelegateState::Rejected);
        let active = Delegate { state: DelegateState::Active, ..invited };
        assert_eq!(active.state_at(i64::MAX), DelegateState::Active);
    }
}
