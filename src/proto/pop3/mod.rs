//! POP3 (RFC 1939, RFC 2449, RFC 2595 §4, RFC 3206, RFC 5034), as far as a gateway has to read it.
//!
//! - [`framer`]: the client's bytes → lines, with bounds
//! - [`command`]: a line → a [`Command`](command::Command) of the verb table in [`verb`]
//! - [`encode`]: the commands that can go upstream, and how they are written
//! - [`capability`]: the capabilities that delega knows
//! - [`scanner`]: the server's bytes → status lines ([`reply`]) and multi-line responses that stream by

pub mod capability;
pub mod command;
pub mod encode;
pub mod framer;
pub mod reply;
pub mod scanner;
pub mod verb;
