//! Message submission (RFC 6409 over RFC 5321) and the extensions that real programs use, as far as a gateway has to
//! read them.
//!
//! - [`line`](mod@line): the client's bytes → commands' lines, with bounds
//! - [`command`]: a line → a [`Command`](command::Command) of the verb table in [`verb`]; [`parameter`] has what stands
//!   behind an address, [`address`] the address itself
//! - [`extension`]: the extensions that delega knows
//! - [`reply`]: the server's bytes → replies
//! - [`data`]: the client's bytes behind DATA → a message and its end
//! - [`header`]: a message's header → its fields; [`originator`] for those that say who wrote it, [`encoded_word`] for
//!   words in other characters
//!
//! This grammar is the only authority on what a command and a message's header mean. It is stricter than the standards
//! allow a server to be: what two programs might read in two ways has no reading here.

pub mod address;
pub mod command;
pub mod data;
pub mod encoded_word;
pub mod extension;
pub mod header;
pub mod line;
pub mod originator;
pub mod parameter;
pub mod punycode;
pub mod reply;
pub mod verb;
