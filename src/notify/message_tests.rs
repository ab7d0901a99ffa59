//! The messages, as a reader of somebody else's making finds them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use html5gum::{Token, Tokenizer};
use mail_parser::{Addr, HeaderValue, Message, MessageParser, MimeHeaders};
use proptest::prelude::*;

use super::super::letter::{Block, Places, write};
use super::super::preview;
use super::*;
use crate::domain::{Facts, Language, Notice};

const PLACES: Places<'static> =
    Places { public_url: "https://delega.example.it", webmail_url: Some("https://mail.example.it/?a=b&c=<d>") };

fn sender() -> Sender {
    Sender { name: Some("Posta di “Prova”, è".into()), address: "noreply@example.it".parse().unwrap() }
}

fn octets(notice: &Notice, language: Language) -> Vec<u8> {
    let letter = write(notice, language, PLACES, Some(preview::TOKEN)).unwrap();
    let to = Address::parse("anna.verdi@example.org").unwrap();
    build(&letter, &Head { from: &sender(), to: &to, id: MailId(7), created_at_ms: 1_796_376_600_123 })
}

fn all() -> Vec<(Notice, Language)> {
    let notices = preview::notices().unwrap();
    notices.into_iter().flat_map(|n| [(n.clone(), Language::Italian), (n, Language::English)]).collect()
}

fn parsed(octets: &[u8]) -> Message<'_> {
    MessageParser::new().parse(octets).unwrap()
}

/// The names of the header's fields, in order.
fn fields(message: &Message<'_>) -> Vec<String> {
    message.headers().iter().map(|header| header.name().to_owned()).collect()
}

fn only(address: Option<&mail_parser::Address<'_>>) -> Addr<'static> {
    let list = address.unwrap().clone().into_list();
    assert_eq!(list.len(), 1, "{list:?}");
    list.into_iter().next().unwrap().into_owned()
}

#[test]
fn n_every_mail_has_a_head_of_its_own_and_two_parts_of_one_meaning() {
    for (notice, language) in all() {
        let octets = octets(&notice, language);
        let message = parsed(&octets);
        let expected = [
            "Date",
            "From",
            "To",
            "Subject",
            "Message-ID",
            "Auto-Submitted",
            "Content-Language",
            "MIME-Version",
            "Content-Type",
        ];
        assert_eq!(fields(&message), expected);
        assert_eq!(message.message_id(), Some("delega.7.1796376600123@example.it"));
        assert_eq!(message.date().unwrap().to_rfc3339(), "2026-12-04T09:30:00Z");
        let from = only(message.from());
        assert_eq!((from.name(), from.address()), (Some("Posta di “Prova”, è"), Some("noreply@example.it")));
        assert_eq!(only(message.to()).address(), Some("anna.verdi@example.org"));
        assert!(matches!(message.header("Auto-Submitted"), Some(HeaderValue::Text(text)) if text == "auto-generated"));
        assert!(message.content_type().unwrap().ctype() == "multipart");
        assert_eq!(message.content_type().unwrap().subtype(), Some("alternative"));
        assert_eq!((message.parts.len(), message.text_body_count(), message.html_body_count()), (3, 1, 1));
        let text = message.body_text(0).unwrap().replace("\r\n", "\n");
        let html = message.body_html(0).unwrap().replace("\r\n", "\n");
        let letter = write(&notice, language, PLACES, Some(preview::TOKEN)).unwrap();
        assert_eq!(text, plain::render(&letter));
        assert_eq!(html, html::render(&letter));
        for said in [&*text, &*html, message.subject().unwrap()] {
            assert!(
                !said.contains("{$") && !said.contains("{ $") && !said.contains("[mail-") && !said.contains("[word-"),
                "{said}"
            );
        }
    }
}

/// RFC 5322 §2.1.1, §2.3; RFC 5321 §4.1.1.4
fn is_fit_for_the_wire(octets: &[u8]) {
    let text = String::from_utf8(octets.to_vec()).unwrap();
    assert!(text.is_ascii() && text.ends_with("\r\n"));
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert!(lines.iter().all(|line| line.len() <= 998 && !line.contains(['\r', '\n', '\0'])));
}

#[test]
fn every_mail_is_fit_for_the_wire() {
    for (notice, language) in all() {
        is_fit_for_the_wire(&octets(&notice, language));
    }
}

#[test]
fn a_mail_that_is_tried_again_is_known_by_its_message_id() {
    let (notice, language) = all().remove(0);
    let first = octets(&notice, language);
    let again = octets(&notice, language);
    assert_eq!(parsed(&first).message_id(), parsed(&again).message_id());
    assert_eq!(parsed(&first).date(), parsed(&again).date());
}

/// What somebody might enter for a name or their own words, and worse.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        "\\PC{0,12}",
        any::<String>(),
        prop::sample::select(vec![
            "\r\nBcc: x@y.it\r\n\r\n",
            "\n",
            "\r",
            "\u{2028}",
            "\u{85}",
            "\0",
            "<script>alert(1)</script>",
            "\"><a href=\"http://x\">",
            "&amp;",
            "=?utf-8?q?=0D=0ABcc:?=",
            "\r\n.\r\n",
            "\n.\nMAIL FROM:<>",
            "--",
            "{ $owner }",
            "\u{202e}",
            "' onclick='",
            "(",
            ",",
            "\\",
            "<x@y.it>",
            "è",
            "日本語",
            "\r\n--boundary\r\n",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat())
}

fn with(notice: &Notice, first: &str, last: &str, owner: &str, words: &str) -> Notice {
    let facts = |facts: &Facts| Facts {
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        owner_name: owner.to_owned(),
        ..facts.clone()
    };
    match notice.clone() {
        Notice::Invitation { facts: f, until_secs, .. } => {
            Notice::Invitation { facts: facts(&f), message: Some(format!("Ciao {words}")), until_secs }
        }
        Notice::Activated { facts: f, two_factor } => Notice::Activated { facts: facts(&f), two_factor },
        Notice::Answered { facts: f, answer } => Notice::Answered { facts: facts(&f), answer },
        Notice::OverSeats { mailbox, seats, taken, until_secs, .. } => Notice::OverSeats {
            mailbox,
            owner_name: owner.to_owned(),
            plan: words.to_owned(),
            seats,
            taken,
            until_secs,
        },
        other => other,
    }
}

/// The tags of a page with their attributes, the breaks between lines apart, and its text on one line, as a reader of HTML
/// finds them (WHATWG HTML §13.2.5).
fn page(html: &str) -> (Vec<String>, String) {
    let (mut tags, mut text) = (Vec::new(), String::new());
    for token in Tokenizer::new(html) {
        match token.unwrap() {
            Token::StartTag(tag) if **tag.name == *b"br" => text.push(' '),
            Token::StartTag(tag) => tags.push(format!("{:?} {:?}", tag.name, tag.attributes)),
            Token::EndTag(tag) => tags.push(format!("/{:?}", tag.name)),
            Token::String(string) => text.push_str(std::str::from_utf8(&string).unwrap()),
            Token::Comment(comment) => tags.push(format!("{comment:?}")),
            Token::Doctype(doctype) => tags.push(format!("{doctype:?}")),
            // Of characters that stand for nothing in Unicode. What is wrong with a tag shows in the tags.
            Token::Error(_) => {}
        }
    }
    (tags, text.split_whitespace().collect::<Vec<_>>().join(" "))
}

proptest! {
    /// threats: CR, LF in names and personal texts of mails; markup in names and messages
    #[test]
    fn nobody_s_words_break_header_or_page(first in hostile(), last in hostile(), owner in hostile(), words in hostile()) {
        for (plainly, language) in all() {
            let notice = with(&plainly, &first, &last, &owner, &words);
            let octets = octets(&notice, language);
            is_fit_for_the_wire(&octets);
            let message = parsed(&octets);
            let usual = self::octets(&plainly, language);
            let usual = parsed(&usual);
            prop_assert_eq!(fields(&message), fields(&usual));
            prop_assert_eq!(message.parts.len(), 3);
            prop_assert_eq!(message.subject(), usual.subject());
            let letter = write(&notice, language, PLACES, Some(preview::TOKEN)).unwrap();
            let to = only(message.to());
            prop_assert_eq!(to.address(), Some("anna.verdi@example.org"));
            prop_assert_eq!(to.name().unwrap_or_default(), letter.name.replace("=?", "= ?"));
            let html = message.body_html(0).unwrap().replace("\r\n", "\n");
            prop_assert_eq!(&html, &html::render(&letter));
            prop_assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n"), plain::render(&letter));
            let (tags, text) = page(&html);
            prop_assert_eq!(tags, page(&usual.body_html(0).unwrap()).0);
            prop_assert!(text.contains(letter.name.trim()), "{:?} is not in {}", letter.name, text);
            let quoted = letter.blocks.iter().find_map(|block| match block {
                Block::Quote(lines) => Some(lines.join(" ")),
                _ => None,
            });
            let quoted = quoted.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert!(text.contains(&quoted), "{:?} is not in {}", quoted, text);
        }
    }
}
