//! What goes into the store and has no place in `domain`: new rows, and secrets that the store keeps but cannot read.

use std::fmt;

use zeroize::Zeroize;

use crate::domain::{
    DelegateState, Language, MailboxAddress, MailboxId, Owner, Permissions, Person, PlanName, Protocols, Username,
};

/// A secret encrypted by somebody else. To the store it is bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(pub Vec<u8>);

/// An argon2id hash in PHC string form. It is no password, but it lets passwords be guessed, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

/// A mailbox that has no row yet.
#[derive(Clone, Debug)]
pub struct NewMailbox {
    /// Its address.
    pub address: MailboxAddress,
    /// The `[upstream.NAME]` where it lives.
    pub upstream: String,
    /// What the upstream knows it as, where that is not its address.
    pub upstream_user: Option<String>,
    /// The plan.
    pub plan: PlanName,
    /// Packs of seats beside it.
    pub packs: u32,
    /// Whether several people may work in it.
    pub multi_user: bool,
    /// Whether it has the option that this needs.
    pub password_management: bool,
    /// Who the owner is.
    pub owner: Owner,
    /// Seconds since 1970-01-01 UTC.
    pub created_at_secs: i64,
}

/// A delegate that has no row yet.
#[derive(Clone, Debug)]
pub struct NewDelegate {
    /// The mailbox they work in.
    pub mailbox: MailboxId,
    /// Their name within it.
    pub username: Username,
    /// Who they are.
    pub person: Person,
    /// The language they asked for, if any.
    pub language: Option<Language>,
    /// Where they stand.
    pub state: DelegateState,
    /// Until when the invitation of one who is pending may be answered.
    pub invited_until_secs: Option<i64>,
    /// What they were granted.
    pub permissions: Permissions,
    /// The retrieval protocols open to their mail program.
    pub protocols: Protocols,
    /// What their password is checked against, where they have one already.
    pub password_hash: Option<PasswordHash>,
    /// Seconds since 1970-01-01 UTC. They have their seat from then on.
    pub created_at_secs: i64,
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret([redacted])")
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([redacted])")
    }
}

impl Drop for PasswordHash {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        assert!(!format!("{:?}", PasswordHash("$argon2id$".into())).contains("argon2id"));
        assert!(!format!("{:?}", SealedSecret(vec![123])).contains("123"));
    }
}
