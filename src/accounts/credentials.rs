//! With which credentials a mailbox is opened upstream, for the operator's `delega check` (G5).

use super::authenticate::Credentials;
use super::{Accounts, AccountsError, look};
use crate::domain::MailboxAddress;
use crate::store;

impl Accounts {
    /// The credentials that a delegate's session would use: the mailbox's own password, or the upstream's master user.
    pub fn credentials_of(&self, address: &MailboxAddress) -> Result<Credentials, AccountsError> {
        let (mailbox, sealed) = store::read(self.store.as_ref(), |reads| {
            let mailbox = look::mailbox(reads, address)?;
            let sealed = reads.sealed_password(mailbox.id)?;
            Ok::<_, AccountsError>((mailbox, sealed))
        })?;
        self.credentials(&mailbox, sealed.as_ref())
    }
}
