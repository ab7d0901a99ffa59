//! Texts that people enter and others will read: names, addresses, plans. They end up in listings, mails and headers,
//! so a control character never gets in (threats: CR and LF in names).

use super::{Rule, TextFault};
use crate::domain::deceives;

const TEXT_MAX_CHARS: usize = 200;
const LINES_MAX_CHARS: usize = 2000;
const EMAIL_MAX_BYTES: usize = 254;

/// One line of text, without the blanks around it.
pub(super) fn line(field: &'static str, text: &str) -> Result<String, Rule> {
    let text = text.trim();
    let fault = if text.is_empty() {
        TextFault::Empty
    } else if text.chars().count() > TEXT_MAX_CHARS {
        TextFault::LongerThan(TEXT_MAX_CHARS)
    } else if text.chars().any(deceives) {
        TextFault::Control
    } else {
        return Ok(text.to_owned());
    };
    Err(Rule::BadText { field, fault })
}

/// Words of somebody's own, of several lines perhaps; nothing at all is none.
pub(super) fn lines(field: &'static str, text: &str) -> Result<Option<String>, Rule> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim();
    let fault = if text.chars().count() > LINES_MAX_CHARS {
        TextFault::LongerThan(LINES_MAX_CHARS)
    } else if text.chars().any(|c| c != '\n' && deceives(c)) {
        TextFault::Control
    } else {
        return Ok(Some(text.to_owned()).filter(|text| !text.is_empty()));
    };
    Err(Rule::BadText { field, fault })
}

/// An e-mail address to write to: `Dot-string "@" Domain` (RFC 5321 §4.1.2), since nobody would hear of another before the
/// mail is given up. Whether it can be delivered, only a delivery tells.
pub(super) fn email(field: &'static str, text: &str) -> Result<String, Rule> {
    let text = line(field, text)?;
    let fine = text.len() <= EMAIL_MAX_BYTES
        && text.split_once('@').is_some_and(|(local, domain)| {
            let is_label = |label: &str| {
                let name = |c: char| c.is_ascii_alphanumeric() || c == '-' || !c.is_ascii();
                !label.is_empty() && label.chars().all(name) && !label.starts_with('-') && !label.ends_with('-')
            };
            local.split('.').all(|atom| !atom.is_empty()) && domain.split('.').all(is_label)
        })
        && !text.chars().any(|c| c.is_whitespace() || "<>(),;:\\\"[]".contains(c));
    if fine { Ok(text) } else { Err(Rule::BadText { field, fault: TextFault::NoAddress }) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line("name", " Zoë d'Èze ").unwrap(), "Zoë d'Èze");
        for bad in ["", "  ", "a\nb", "a\u{1b}[31mb", "a\u{202e}b", &"x".repeat(201)] {
            assert!(line("name", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_email_is_one_address() {
        assert_eq!(email("e-mail", "anna@example.it").unwrap(), "anna@example.it");
        for bad in ["anna", "@b", "a@", "a@b@c", "a b@c", "<a@b>", "a@b,c@d", "a@b\r\nBcc: c@d"] {
            assert!(email("e-mail", bad).is_err(), "{bad:?}");
        }
        // No relay would take these, and nobody would hear of it before.
        for bad in [".anna@b.it", "anna.@b.it", "a..b@c.it", "anna@b..it", "anna@b.it.", "anna@-b.it", "anna@b_c.it"] {
            assert!(email("e-mail", bad).is_err(), "{bad:?}");
        }
    }
}
