//! What is done behind the answer. Whoever says they forgot their password hears the same at once whether there is such an
//! account or not (S5): the looking up, and the mail, come after.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc;

use super::{ERRANDS, now_secs};
use crate::accounts::Accounts;

/// Somebody says they forgot their password; all of it as they typed it.
pub(super) enum Forgotten {
    /// A delegate's.
    Delegates { login: String, fiscal_code: SecretString },
    /// A postmaster's.
    Postmasters { domain: String, email: String },
}

/// What waits to be done, one after the other.
pub struct Errands {
    accounts: Arc<Accounts>,
    waiting: mpsc::Receiver<Forgotten>,
}

/// Where errands are given.
#[derive(Clone)]
pub(super) struct Desk(mpsc::Sender<Forgotten>);

impl Errands {
    pub(super) fn new(accounts: Arc<Accounts>) -> (Desk, Errands) {
        let (sender, waiting) = mpsc::channel(ERRANDS);
        (Desk(sender), Errands { accounts, waiting })
    }

    /// Does them until nobody can give any more, and all are done.
    pub async fn run(mut self) {
        while let Some(forgotten) = self.waiting.recv().await {
            let accounts = self.accounts.clone();
            let done = tokio::task::spawn_blocking(move || match forgotten {
                Forgotten::Delegates { login, fiscal_code } => {
                    accounts.forgot_password(&login, fiscal_code.expose_secret(), now_secs())
                }
                Forgotten::Postmasters { domain, email } => {
                    accounts.forgot_postmaster_password(&domain, &email, now_secs())
                }
            });
            match done.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "a link for a new password could not be sent"),
                Err(error) => tracing::error!(%error, "a link for a new password could not be sent"),
            }
        }
    }
}

impl std::fmt::Debug for Errands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Errands").finish_non_exhaustive()
    }
}

impl Desk {
    /// Takes one on. Where too many wait, it is dropped: the accounts bound how often each may ask, and a queue without
    /// an end would be filled by strangers.
    pub(super) fn take(&self, forgotten: Forgotten) {
        if self.0.try_send(forgotten).is_err() {
            tracing::warn!("somebody asked for a new password and was not heard: too many ask at once");
        }
    }
}
