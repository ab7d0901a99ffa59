//! Every bound on what the outside may send, in one place. Each is tested at the limit and one past it.
//!
//! What an operator may change stands in the configuration, with these as defaults where both exist.

use std::time::Duration;

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
/// The most characters of a name that a mail program gives itself in EHLO.
pub const PROGRAM_CHARS: usize = 256;
/// The most that the record of a send keeps of one text. Twice what a line of a header may have, in octets.
pub const RECORDED_TEXT_BYTES: usize = 2000;
/// The longest SMTP command, and the longest line of a SASL exchange in it, its CRLF apart (RFC 5321 §4.5.3.1.4 asks for
/// 512, and extensions for a little more).
pub const SMTP_LINE_BYTES: usize = 8 * 1024;
/// Refused or broken SMTP commands after login, after which the session ends.
pub const BAD_AFTER_LOGIN: u32 = 100;
/// The longest header of a message that is sent: it is held until it was judged.
pub const HEADER_BYTES: usize = 256 * 1024;
/// The longest line in it, its CRLF apart (RFC 5322 §2.1.1): where a server cuts longer ones, a new field can begin.
pub const HEADER_LINE_BYTES: usize = 998;
/// The most fields in it.
pub const HEADER_FIELDS: usize = 1000;
/// The longest of its fields that says who wrote or sent the message.
pub const ORIGINATOR_BYTES: usize = 4 * 1024;
/// The longest line of a message that is sent, its CRLF apart. RFC 5321 §4.5.3.1.6 asks for 998, and real programs go
/// beyond.
pub const MESSAGE_LINE_BYTES: usize = 64 * 1024;
/// The most octets of a BDAT chunk that are read and thrown away before the session ends.
pub const CHUNK_BYTES: u64 = 1024 * 1024;
/// How long an SMTP upstream may take to reply to MAIL, RCPT (RFC 5321 §4.5.3.2.2 and 3) and what is done as fast.
pub const SMTP_REPLY_TIME: Duration = Duration::from_secs(5 * 60);
/// The same to DATA (§4.5.3.2.4).
pub const SMTP_DATA_REPLY_TIME: Duration = Duration::from_secs(2 * 60);
/// The same to the end of a message (§4.5.3.2.6): one that has taken it and is not heard may be sent it again.
pub const SMTP_END_REPLY_TIME: Duration = Duration::from_secs(10 * 60);
/// The longest line of an upstream's SMTP reply.
pub const REPLY_LINE_BYTES: usize = 2 * 1024;
/// The most lines of it.
pub const REPLY_LINES: usize = 128;
/// The most lines of an upstream's SMTP reply that are relayed.
pub const RELAYED_REPLY_LINES: usize = 10;
/// The most characters of such a line.
pub const RELAYED_REPLY_CHARS: usize = 400;
/// The most characters of a subject that are recorded (O2).
pub const SUBJECT_CHARS: usize = 256;
/// The most characters of a Message-ID that are recorded.
pub const MESSAGE_ID_CHARS: usize = 512;
/// The most that the body of a request to the pages may have.
pub const REQUEST_BODY_BYTES: usize = 32 * 1024;
/// The same of a request to the API: a mailbox's aliases, all of them at once, are the most that it has to hold.
pub const API_BODY_BYTES: usize = 64 * 1024;
/// The most members of such a body, and parameters of a query there.
pub const API_MEMBERS: usize = 32;
/// How much of the head of such a request, its line and its headers, is read before one that does not end is refused.
pub const REQUEST_HEAD_BYTES: usize = 16 * 1024;
/// The most headers of it.
pub const REQUEST_HEADERS: usize = 64;
/// The most fields of a form.
pub const FORM_FIELDS: usize = 32;
/// The most nodes, elements and texts together, of the XML in which Outlook asks for its settings.
pub const AUTODISCOVER_NODES: u32 = 128;
