//! Mails to people (N1–N5): what they say, how they are written, and how they get to the relay.
//!
//! - `letter`: what a notice says, block by block
//! - `plain`, `html`: the two renderings of it
//! - `message`: the message around them
//! - `relay`: SMTP, as a client
//! - `outbox`: takes what is due from the accounts, and tells them what came of it
//! - `settling`: what time brings by itself
//! - `preview`: one notice of each kind, to look at
//!
//! It imports [`accounts`](crate::accounts) and not the store: the token of a link lies sealed in the outbox, and the key
//! is the accounts'.

mod html;
mod letter;
mod message;
mod outbox;
mod plain;
pub mod preview;
mod relay;
mod settling;

pub use outbox::Notifier;
pub use settling::settle;

use crate::config::NotifyConfig;

/// Goes as far as the relay lets anybody in: whether mails could be sent, or why not.
pub async fn reach(config: &NotifyConfig) -> Result<(), String> {
    let relay = relay::Relay::new(config).map_err(|error| error.to_string())?;
    match relay.reach().await {
        Ok(served) => {
            served.leave().await;
            Ok(())
        }
        Err(relay::Trouble::Away(why) | relay::Trouble::NotNow(why) | relay::Trouble::Never(why)) => Err(why),
    }
}
