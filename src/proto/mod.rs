//! Wire grammars, bytes ↔ types. Pure: no I/O, no clock, no decision about who may do what.
//!
//! Every byte that comes in here is untrusted, the server's as well as the client's.

pub mod imap;
pub mod pop3;
pub mod sasl;
pub mod smooth;
pub mod smtp;
