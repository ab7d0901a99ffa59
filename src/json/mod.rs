//! What programs see: `--json` of the command line, and the API. The names of the fields are an interface that stays.
//!
//! Nothing here holds a secret, but for what is shown once to whoever has just made it.

mod delegate;
mod mailbox;
mod operator;
mod record;

use jiff::Timestamp;

pub use delegate::{AppPasswordJson, DelegateJson, actions};
pub use mailbox::MailboxJson;
pub use operator::{ApiTokenJson, ClosedJson, PlanJson, PostmasterJson};
pub use record::{AccessJson, SendJson};

/// ISO 8601, UTC.
pub fn time(secs: i64) -> String {
    Timestamp::from_second(secs).map_or_else(|_| secs.to_string(), |time| time.to_string())
}

/// The same, to the millisecond.
pub fn time_ms(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |time| format!("{time:.3}"))
}
