//! What time brings by itself (D3, D10), every few seconds: the accounts write it down, and the mails about it with it.
//! Beside the outbox, since those mails are what comes of it; and on a gateway that sends none all the same, since a grace
//! period ends there too.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::outbox::now_ms;
use crate::accounts::{Accounts, AccountsError};

/// How often is looked.
const EVERY: Duration = Duration::from_secs(5);
/// How often mails are forgotten that ended long ago.
const FORGETTING: Duration = Duration::from_secs(60 * 60);

/// Settles until `stop`.
pub async fn settle(accounts: Arc<Accounts>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut forget_at = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let forgetting = Instant::now() >= forget_at;
        let accounts = accounts.clone();
        let settled = tokio::task::spawn_blocking(move || {
            let now_ms = now_ms();
            accounts.settle(now_ms.div_euclid(1000))?;
            if forgetting {
                accounts.forget_old_mails(now_ms)?;
            }
            Ok::<_, AccountsError>(())
        });
        match settled.await {
            Ok(Ok(())) if forgetting => forget_at = Instant::now() + FORGETTING,
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "what time has brought cannot be written down"),
            Err(error) => tracing::error!(%error, "what time has brought cannot be written down"),
        }
    }
}
