//! Asks a mail server whether it lets somebody in, on behalf of those who do not come by a protocol of mail.

use std::sync::Arc;

use super::Shared;
use super::probe::{self, Probed};
use crate::accounts::Credentials;
use crate::session::UpstreamLogin;

/// Asks the gateway's mail servers.
#[derive(Clone)]
pub struct Asker(pub(super) Arc<Shared>);

impl Asker {
    /// Whether that upstream lets somebody in; none where it cannot be asked, and the log has why.
    pub async fn lets_in(&self, upstream: &str, credentials: Credentials) -> Option<bool> {
        let Some(found) = self.0.upstreams.get(upstream) else {
            tracing::error!(upstream, "a mail server that is not in the configuration cannot be asked");
            return None;
        };
        // A session that began with what somebody typed is handed to nobody; this one is closed as soon as it is there.
        let login = UpstreamLogin { typed: false, ..credentials.into() };
        match probe::log_in(found, login, self.0.limits.upstream_timeout).await {
            Probed::LoggedIn(opened) => {
                opened.0.close().await;
                Some(true)
            }
            Probed::Refused => Some(false),
            Probed::Failed(why) => {
                tracing::warn!(upstream, why, "a mail server could not be asked");
                None
            }
        }
    }
}

impl std::fmt::Debug for Asker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asker").finish_non_exhaustive()
    }
}
