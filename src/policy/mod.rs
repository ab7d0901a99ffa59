//! What each permission allows on the wire: (grant, state, command) → decision. Pure; one file for each protocol, to be
//! read in one sitting.
//!
//! Deny by default: a verb that the grammar learns does not compile until it is named here.

pub mod imap;
pub mod pop3;
pub mod smtp;
