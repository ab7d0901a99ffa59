//! Every bound on what the outside may send, in one place. Each is tested at the limit and one past it.
//!
//! What an operator may change stands in the configuration, with these as defaults where both exist.

/// The longest line of a command, its CRLF apart.
pub const LINE_BYTES: usize = 64 * 1024;
/// The longest literal that is not a message.
pub const LITERAL_BYTES: usize = 64 * 1024;
/// The most that one command may hold, all its lines and literals together, messages apart.
pub const COMMAND_BYTES: usize = 256 * 1024;
/// The most literals in one command, messages apart.
pub const COMMAND_LITERALS: usize = 64;
/// The deepest nesting of parentheses.
pub const NESTING: usize = 32;
/// How much of a line that is too long is read and thrown away before the session ends.
pub const DISCARD_LINE_BYTES: usize = 1024 * 1024;
/// The most wildcards in one LIST pattern: matching costs the upstream exponential time in their number.
pub const LIST_WILDCARDS: usize = 16;
/// The longest client tag.
pub const TAG_BYTES: usize = 128;
/// The longest command before login, and the longest line of a SASL exchange.
pub const LOGIN_LINE_BYTES: usize = 8 * 1024;
/// Commands sent and not yet answered; past it the client is not read until the upstream has caught up.
pub const PENDING_COMMANDS: usize = 256;
/// The most that the gateway's own answers to those may come to, one answer apart; past it likewise.
pub const PENDING_BYTES: usize = 64 * 1024;
/// Login attempts on one connection.
pub const LOGIN_ATTEMPTS: u32 = 5;
/// Refused or broken commands before login, after which the session ends.
pub const BAD_BEFORE_LOGIN: u32 = 10;
/// The longest upstream line that has to be held whole because it may be rewritten.
pub const HELD_RESPONSE_BYTES: usize = 16 * 1024;
/// The longest POP3 status line of an upstream's; the standard allows 512 octets, and the client is told no more.
pub const STATUS_LINE_BYTES: usize = 4 * 1024;
/// The longest answer of a POP3 upstream's to CAPA.
pub const CAPA_BYTES: usize = 16 * 1024;
/// The default for the largest message that may be appended: 100 MiB, as certified mail allows.
pub const MESSAGE_BYTES: u64 = 100 * 1024 * 1024;
/// The default for the recipients of one message; RFC 5321 §4.5.3.1.8 asks for 100 at least.
pub const RECIPIENTS: usize = 500;
/// The most aliases of one mailbox.
pub const ALIASES: usize = 100;
/// The most that the record of a send keeps of one text. Twice what a line of a header may have, in octets.
pub const RECORDED_TEXT_BYTES: usize = 2000;
