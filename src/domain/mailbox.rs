//! A mailbox as the operator entered it.

use super::{AccountId, Delegate, FiscalCode, Language, MailboxAddress, PasswordVersion, Phone, PlanName};

/// The row number of a mailbox in the store. Never used again after removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxId(pub i64);

/// One certified address that lives on an upstream server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its row.
    pub id: MailboxId,
    /// Its address.
    pub address: MailboxAddress,
    /// Further addresses that it may send from (G2), in order. Nobody logs in by them.
    pub aliases: Vec<MailboxAddress>,
    /// The `[upstream.NAME]` of the configuration where it lives.
    pub upstream: String,
    /// What the upstream server knows it as, where that is not its address.
    pub upstream_user: Option<String>,
    /// The plan that the owner subscribed to (D9).
    pub plan: PlanName,
    /// How many packs of seats they have beside it.
    pub packs: u32,
    /// While there are more delegates than seats: when the newest beyond them are suspended, in seconds since 1970-01-01
    /// UTC; none is never (D10).
    pub grace_until_secs: Option<i64>,
    /// Whether several people may work in it (M2).
    pub multi_user: bool,
    /// Whether it has the option without which multi-user cannot be turned on (M2).
    pub password_management: bool,
    /// Whether its delegates may make app passwords for themselves, or their owner alone (S3).
    pub own_app_passwords: bool,
    /// Since when the upstream refuses the password that delega holds, as far as is known: seconds since 1970-01-01 UTC.
    pub password_refused_at_secs: Option<i64>,
    /// Who the owner is.
    pub owner: Owner,
    /// Another one whenever all who came in as the owner must come in anew.
    pub owner_password: PasswordVersion,
    /// Since when the owner has had a second factor: seconds since 1970-01-01 UTC. Then every delegate needs one (S2).
    pub owner_two_factor_since_secs: Option<i64>,
    /// When it was entered: seconds since 1970-01-01 UTC.
    pub created_at_secs: i64,
    /// When this row was last changed, likewise.
    pub changed_at_secs: i64,
}

/// Whose mailbox it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Their name, of a person or an organization.
    pub name: String,
    /// Their own e-mail address, for notifications.
    pub email: String,
    /// The language that they are written to in.
    pub language: Language,
    /// Their codice fiscale, by which a delegate asks for a new password (D7). Without one nobody can.
    pub fiscal_code: Option<FiscalCode>,
    /// Their phone number.
    pub phone: Option<Phone>,
}

impl Mailbox {
    /// Its owner's account.
    pub fn owner_account(&self) -> AccountId {
        AccountId::Owner(self.id)
    }

    /// Whether a delegate of its can do nothing until they have set up two-step verification, as its owner has (S2).
    pub fn must_enrol(&self, delegate: &Delegate) -> bool {
        self.owner_two_factor_since_secs.is_some() && delegate.two_factor_since_secs.is_none()
    }

    /// The name to log in with upstream.
    pub fn upstream_login(&self) -> &str {
        self.upstream_user.as_deref().unwrap_or(self.address.as_str())
    }

    /// The addresses that it sends from: its own first, then its aliases (G2).
    pub fn addresses(&self) -> Vec<MailboxAddress> {
        std::iter::once(&self.address).chain(&self.aliases).cloned().collect()
    }
}
