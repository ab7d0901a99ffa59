//! What delegation is: mailboxes, delegates and their lives, permissions, plans, logins, what people are told, and the
//! record of what was sent.
//!
//! Pure: no I/O, no clock, no async, no randomness of its own. Every other module may import this one; it imports
//! none of them. A value that exists here is a valid one: parse, don't validate.

pub mod access;
pub mod account;
pub mod address;
pub mod api_token;
pub mod app_password;
pub mod copy;
pub mod deceiving;
pub mod delegate;
pub mod door;
pub mod fiscal_code;
pub mod grant;
pub mod guessing;
pub mod life;
pub mod limits;
pub mod link;
pub mod login;
pub mod mailbox;
pub mod notice;
pub mod oversight;
pub mod panel_session;
pub mod permission;
pub mod phone;
pub mod plan;
pub mod position;
pub mod postmaster;
pub mod sending;
pub mod two_factor;

pub use access::{Access, AccessFilter, AccessId, AccessRecord, Visitor, Way};
pub use account::AccountId;
pub use address::MailboxAddress;
pub use api_token::{ApiScope, ApiToken, ApiTokenId};
pub use app_password::{AppPassword, AppPasswordId, LastUse, Scope};
pub use copy::{CopyState, SentCopy, SpoolName};
pub use deceiving::deceives;
pub use delegate::{Delegate, DelegateId, DelegateState, INVITATION_SECS, Language, PasswordVersion, Person};
pub use door::{Door, ListenerKind, Protocol, Protocols};
pub use fiscal_code::FiscalCode;
pub use grant::Grant;
pub use link::{LinkHash, LinkPurpose};
pub use login::{Login, Username};
pub use mailbox::{Mailbox, MailboxId, Owner};
pub use notice::{
    About, AccountFacts, Answer, Facts, MailId, MailRow, MailState, Notice, PostmasterFacts, SuspensionCause,
    TurnedOffBy,
};
pub use permission::{Permission, Permissions, Preset, Profile};
pub use phone::{BadPhone, Phone};
pub use plan::{Plan, PlanName};
pub use position::Position;
pub use postmaster::{MailDomain, Postmaster, PostmasterId};
pub use sending::{OutcomeKind, SendFilter, SendId, SendOutcome, SendRecord, Sending, SentBy};
pub use two_factor::{RecoveryHash, Step, TwoFactor};
