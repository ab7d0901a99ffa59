//! A mailbox as the operator entered it.

use super::MailboxAddress;

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
    /// The plan that the owner subscribed to (D9). Kept as the operator wrote it.
    pub plan: String,
    /// The owner's name.
    pub owner_name: String,
    /// The owner's own e-mail address, for notifications.
    pub owner_email: String,
    /// When it was entered: seconds since 1970-01-01 UTC.
    pub created_at_secs: i64,
    /// When this row was last changed, likewise.
    pub changed_at_secs: i64,
}

impl Mailbox {
    /// The name to log in with upstream.
    pub fn upstream_login(&self) -> &str {
        self.upstream_user.as_deref().unwrap_or(self.address.as_str())
    }

    /// The addresses that it sends from: its own first, then its aliases (G2).
    pub fn addresses(&self) -> Vec<MailboxAddress> {
        std::iter::once(&self.address).chain(&self.aliases).cloned().collect()
    }
}
