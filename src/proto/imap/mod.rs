//! IMAP4rev1 (RFC 3501) and the extensions that real programs use, as far as a gateway has to read them.
//!
//! - [`framer`]: the client's bytes → whole commands, with bounds on lines and literals
//! - [`token`]: a command's text → tokens
//! - [`command`]: tokens → a [`Command`](command::Command) of the verb table in [`verb`]; [`grammar`] has the arguments
//! - [`encode`]: a command, written anew for the upstream
//! - [`capability`]: the capabilities that delega knows
//! - [`scanner`]: the server's bytes → responses that stream by, and [`response`] for the heads that matter
//! - [`data`]: the responses that the gateway itself asks for, and [`date`] for their dates
//!
//! This grammar is the only authority on what a command means: what goes upstream is written from what was parsed here,
//! so there are never two readings of one command. imap-codec serves the tests as an oracle and no more: it knows too
//! few of the commands that real programs send, and two grammars in the program would be the very gap that a gateway
//! must not have.

pub mod capability;
pub mod command;
pub mod data;
pub mod date;
pub mod encode;
pub mod framer;
pub mod grammar;
pub mod response;
pub mod scanner;
pub mod token;
pub mod verb;
