//! A [`Letter`] → a message as it goes over the wire: RFC 5322, MIME with a text and an HTML part of one meaning
//! (RFC 2046 §5.1.4), encoded words (RFC 2047), lines of at most 998 octets that end in CRLF.
//!
//! The same mail has the same Message-ID and Date however often it is tried, so that whoever gets it twice can tell.
//! RFC 3834 §5 marks it as nobody's own: no program answers it, and there is no list to leave.

use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address as Written;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;

use super::letter::Letter;
use super::{html, plain};
use crate::config::Sender;
use crate::domain::MailId;
use crate::proto::smtp::address::Address;

/// What a message's header says beside the letter.
pub(super) struct Head<'a> {
    pub from: &'a Sender,
    pub to: &'a Address,
    pub id: MailId,
    pub created_at_ms: i64,
}

/// The message of a letter.
pub(super) fn build(letter: &Letter, head: &Head<'_>) -> Vec<u8> {
    let Head { from, to, id, created_at_ms } = head;
    // What looks like an encoded word within a quoted string is none (RFC 2047 §5), and yet many programs decode it.
    let to_name = Some(letter.name.replace("=?", "= ?")).filter(|name| !name.is_empty());
    let message = MessageBuilder::new()
        .date(Date::new(created_at_ms.div_euclid(1000)))
        .from(Written::new_address(from.name.as_deref(), from.address.as_str()))
        .to(Written::new_address(to_name, to.to_string()))
        .subject(letter.subject.as_str())
        .message_id(format!("delega.{}.{created_at_ms}@{}", id.0, from.address.domain()))
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .header("Content-Language", Raw::new(letter.language.name()))
        .text_body(plain::render(letter).replace('\n', "\r\n"))
        .html_body(html::render(letter).replace('\n', "\r\n"));
    let mut octets = Vec::new();
    message.serialize(&mut octets);
    octets
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
