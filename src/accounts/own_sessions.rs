//! One's own sessions at the panel: to be looked at, and ended one by one (S1).

use std::net::IpAddr;

use super::{Accounts, AccountsError, SessionToken};
use crate::domain::AccountId;
use crate::domain::panel_session::{PanelSession, SessionHash};
use crate::store;

/// A session of the panel, as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanelVisit {
    /// What it is ended by: 32 hexadecimal digits, of which nobody else's session can be made.
    pub name: String,
    /// When they logged in: milliseconds since 1970-01-01 UTC.
    pub began_at_ms: i64,
    /// When they were last seen, to within a minute, likewise.
    pub seen_at_ms: i64,
    /// Where they logged in from.
    pub address: IpAddr,
    /// What their browser said of itself.
    pub program: Option<String>,
    /// Whether it is the one that asks.
    pub this: bool,
}

impl Accounts {
    /// The sessions of the panel that an account has, the latest login first; `token` is the one that asks.
    pub fn own_panel_sessions(
        &self,
        account: AccountId,
        token: &SessionToken,
        now_ms: i64,
    ) -> Result<Vec<PanelVisit>, AccountsError> {
        let visit = |session: PanelSession| PanelVisit {
            name: self.panel_session_name(&session.hash),
            began_at_ms: session.began_at_ms,
            seen_at_ms: session.seen_at_ms,
            address: session.address,
            program: session.program,
            this: session.hash == token.hash(),
        };
        Ok(self.panel_sessions(account, now_ms)?.into_iter().map(visit).collect())
    }

    /// Ends one of them; false where there is none of that name.
    pub fn end_own_panel_session(&self, account: AccountId, name: &str) -> Result<bool, AccountsError> {
        store::change(self.store.as_ref(), |writes| {
            let own = writes.panel_sessions(account)?;
            match own.iter().find(|session| self.panel_session_name(&session.hash) == name) {
                None => Ok(false),
                Some(found) => Ok(writes.delete_panel_session(&found.hash)?),
            }
        })
    }

    /// The hash itself stays where it is.
    fn panel_session_name(&self, hash: &SessionHash) -> String {
        let mark = self.vault.mark(b"panel session", &hash.0);
        mark.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
