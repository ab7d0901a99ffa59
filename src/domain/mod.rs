//! What delegation is: mailboxes, delegates, permissions, logins, and the record of what was sent.
//!
//! Pure: no I/O, no clock, no async, no randomness of its own. Every other module may import this one; it imports
//! none of them. A value that exists here is a valid one: parse, don't validate.

pub mod address;
pub mod copy;
pub mod delegate;
pub mod door;
pub mod grant;
pub mod limits;
pub mod login;
pub mod mailbox;
pub mod permission;
pub mod sending;

pub use address::MailboxAddress;
pub use copy::{CopyState, SentCopy, SpoolName};
pub use delegate::{Delegate, DelegateId, DelegateState, Language, Person};
pub use door::{Door, ListenerKind, Protocol, Protocols};
pub use grant::Grant;
pub use login::{Login, Username};
pub use mailbox::{Mailbox, MailboxId};
pub use permission::{Permission, Permissions, Preset, Profile};
pub use sending::{OutcomeKind, SendFilter, SendId, SendOutcome, SendRecord, Sending, SentBy};
