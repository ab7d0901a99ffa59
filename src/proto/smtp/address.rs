//! Addresses of the envelope (RFC 5321 §4.1.2, RFC 6531 §3.3).
//!
//! ```text
//! Mailbox = Local-part "@" ( Domain / address-literal )
//! Local-part = Dot-string / Quoted-string
//! Dot-string = Atom *("." Atom)
//! Domain = sub-domain *("." sub-domain)
//! address-literal = "[" ( IPv4-address-literal / IPv6-address-literal ) "]"
//! ```
//!
//! What is kept of a local part is what it means, without quotes and backslashes; it is written anew with as few of them
//! as it needs. So `"ufficio"@…`, `"u\fficio"@…` and `ufficio@…` are one address, as RFC 5321 has it, and the upstream is
//! told the last.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::punycode;
use crate::domain::MailboxAddress;

/// The longest address (RFC 5321 §4.5.3.1.3, the angle brackets apart).
const ADDRESS_BYTES: usize = 254;
/// The longest local part (RFC 5321 §4.5.3.1.1).
const LOCAL_BYTES: usize = 64;
/// The longest label of a domain (RFC 1035 §2.3.4).
const LABEL_BYTES: usize = 63;

/// An address with a domain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// What the local part means.
    local: String,
    domain: Domain,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Domain {
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address of the form local@domain")]
pub struct BadAddress;

impl Address {
    /// Reads `Mailbox`. Characters beyond ASCII are taken; whether they may be there says [`Address::is_ascii`].
    pub fn parse(text: &str) -> Result<Address, BadAddress> {
        if text.len() > ADDRESS_BYTES {
            return Err(BadAddress);
        }
        let (local, domain) = match text.strip_prefix('"') {
            Some(quoted) => quoted_string(quoted)?,
            None => {
                let (local, domain) = text.split_once('@').ok_or(BadAddress)?;
                if !is_dot_string(local) {
                    return Err(BadAddress);
                }
                (local.to_owned(), domain)
            }
        };
        if local.len() > LOCAL_BYTES {
            return Err(BadAddress);
        }
        Ok(Address { local, domain: Domain::parse(domain)? })
    }

    /// Reads an address of a message's header, which is held to less: `dot-atom "@" dot-atom` (RFC 5322 §3.4.1).
    pub fn parse_plain(text: &str) -> Result<Address, BadAddress> {
        if text.contains(['"', '[']) { Err(BadAddress) } else { Address::parse(text) }
    }

    /// Whether it can be sent to a server without SMTPUTF8.
    pub fn is_ascii(&self) -> bool {
        self.local.is_ascii() && !matches!(&self.domain, Domain::Name(name) if !name.is_ascii())
    }

    /// Whether this is the address of that mailbox. The case of ASCII letters does not matter, in the local part neither
    /// ([`MailboxAddress`] says why); of an internationalized label both forms are the same (RFC 5890 §2.3.2.4).
    pub fn is(&self, mailbox: &MailboxAddress) -> bool {
        let Some((local, domain)) = mailbox.as_str().rsplit_once('@') else { return false };
        let Domain::Name(own) = &self.domain else { return false };
        let (mut labels, mut others) = (own.split('.'), domain.split('.'));
        self.local.eq_ignore_ascii_case(local)
            && loop {
                match (labels.next(), others.next()) {
                    (None, None) => break true,
                    (Some(label), Some(other)) if is_label(label, other) => {}
                    _ => break false,
                }
            }
    }
}

/// Whether `label`, in whichever form, is `other`, which is in ASCII.
fn is_label(label: &str, other: &str) -> bool {
    if label.is_ascii() {
        return label.eq_ignore_ascii_case(other);
    }
    let decoded = other.strip_prefix("xn--").and_then(punycode::decode);
    decoded.is_some_and(|decoded| decoded == label.to_lowercase())
}

/// `Quoted-string` behind its first quote, and what follows its `@`.
///
/// ```text
/// Quoted-string = DQUOTE *QcontentSMTP DQUOTE
/// QcontentSMTP = qtextSMTP / quoted-pairSMTP
/// quoted-pairSMTP = %d92 %d32-126
/// qtextSMTP = %d32-33 / %d35-91 / %d93-126
/// ```
fn quoted_string(text: &str) -> Result<(String, &str), BadAddress> {
    let mut local = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next().ok_or(BadAddress)? {
            '"' => break,
            '\\' => match chars.next() {
                Some(c @ ' '..='~') => local.push(c),
                _ => return Err(BadAddress),
            },
            c @ ' '..='~' => local.push(c),
            c if is_plain(c) => local.push(c),
            _ => return Err(BadAddress),
        }
    }
    let domain = chars.as_str().strip_prefix('@').ok_or(BadAddress)?;
    if local.is_empty() { Err(BadAddress) } else { Ok((local, domain)) }
}

/// `Dot-string`; an `Atom` is of `atext` (RFC 5322 §3.2.3) or beyond ASCII.
fn is_dot_string(text: &str) -> bool {
    let is_atext = |c: char| {
        c.is_ascii_alphanumeric()
            || (c.is_ascii() && "!#$%&'*+-/=?^_`{|}~".contains(c))
            || (!c.is_ascii() && is_plain(c))
    };
    text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

/// Whether a character beyond ASCII is one that can be seen, and is not taken for another by those who normalize.
pub(super) fn is_plain(c: char) -> bool {
    !c.is_ascii()
        && !c.is_control()
        && !c.is_whitespace()
        && !matches!(c,
            // Invisible, or turning the direction of text
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}'
            // Other full stops (UTS #46), and the wide and small forms of ASCII
            | '\u{3002}' | '\u{ff61}' | '\u{ff01}'..='\u{ff5e}' | '\u{fe50}'..='\u{fe6f}')
}

impl Domain {
    fn parse(text: &str) -> Result<Domain, BadAddress> {
        if let Some(literal) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            let v6 = literal.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:")).and(literal.get(5..));
            return match v6 {
                Some(v6) => v6.parse().map(Domain::V6).map_err(|_| BadAddress),
                None => literal.parse().map(Domain::V4).map_err(|_| BadAddress),
            };
        }
        let is_let_dig = |c: char| c.is_ascii_alphanumeric() || is_plain(c);
        let fits = |label: &str| {
            (1..=LABEL_BYTES).contains(&label.len())
                && label.chars().all(|c| is_let_dig(c) || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.split('.').all(fits) { Ok(Domain::Name(text.to_owned())) } else { Err(BadAddress) }
    }
}

/// As it goes upstream, without angle brackets.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dot_string(&self.local) {
            f.write_str(&self.local)?;
        } else {
            f.write_str("\"")?;
            for c in self.local.chars() {
                if matches!(c, '"' | '\\') {
                    f.write_str("\\")?;
                }
                write!(f, "{c}")?;
            }
            f.write_str("\"")?;
        }
        match &self.domain {
            Domain::Name(name) => write!(f, "@{name}"),
            Domain::V4(address) => write!(f, "@[{address}]"),
            Domain::V6(address) => write!(f, "@[IPv6:{address}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Option<String> {
        Address::parse(text).ok().map(|address| address.to_string())
    }

    #[test]
    fn rfc_5321_addresses_are_written_anew() {
        for (text, expected) in [
            ("a@b", "a@b"),
            ("anna.bianchi+x@PEC.example.it", "anna.bianchi+x@PEC.example.it"),
            ("\"anna\"@b.it", "anna@b.it"),
            ("\"an\\na\"@b.it", "anna@b.it"),
            ("\"a b\"@c.it", "\"a b\"@c.it"),
            ("\"a@b\\\"\\\\\"@c.it", "\"a@b\\\"\\\\\"@c.it"),
            ("\"a..b\"@c.it", "\"a..b\"@c.it"),
            ("\"a>b\"@c.it", "\"a>b\"@c.it"),
            ("a@[192.0.2.1]", "a@[192.0.2.1]"),
            ("a@[ipv6:2001:DB8::1]", "a@[IPv6:2001:db8::1]"),
            ("perché@città.it", "perché@città.it"),
        ] {
            assert_eq!(written(text).as_deref(), Some(expected), "{text}");
            assert_eq!(written(expected).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = [
            format!("{}@b.it", "a".repeat(65)),
            format!("\"{}\"@b.it", "a".repeat(65)),
            format!("a@{}.it", "b".repeat(64)),
            format!("a@{}it", "bcdefghij.".repeat(26)),
        ];
        let texts = [
            "",
            "a",
            "@",
            "a@",
            "@b",
            "a@b@c",
            "a..b@c",
            ".a@c",
            "a.@c",
            "a b@c",
            " a@c",
            "a@c ",
            "a@c.",
            "a@.c",
            "a@-c",
            "a@c-",
            "a@c_d",
            "a@[c]",
            "a@[192.0.2]",
            "a@[192.0.2.1",
            "a@[IPv6:x]",
            "a@[x:y]",
            "\"\"@c",
            "\"a@c",
            "\"a\"c",
            "\"a\" @c",
            "\"a\"@",
            "\"a\tb\"@c",
            "\"a\r\n\"@c",
            "a\0@c",
            "a(b)@c",
            "<a@c>",
            "a@c>",
            "a,b@c",
            "a:b@c",
            "a;@c",
            "@x:a@c",
            "a\u{200b}@c",
            "a@c\u{3002}it",
            "a\u{ff20}b@c",
            "a@c\u{202e}it",
            "a@c\u{85}",
        ];
        for text in texts.into_iter().chain(long.iter().map(String::as_str)) {
            assert_eq!(written(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_address_is_compared_by_what_it_means() {
        let is = |text: &str, mailbox: &str| Address::parse(text).unwrap().is(&mailbox.parse().unwrap());
        assert!(is("Ufficio@PEC.Example.IT", "ufficio@pec.example.it"));
        assert!(is("\"uffi\\cio\"@pec.example.it", "ufficio@pec.example.it"));
        for other in
            ["ufficio@example.it", "ufficio@x.pec.example.it", "ufficio@pec.example.it.x", "uffici@pec.example.it"]
        {
            assert!(!is(other, "ufficio@pec.example.it"), "{other}");
        }
        assert!(!is("\"ufficio \"@pec.example.it", "ufficio@pec.example.it"));
        // RFC 5890: the two forms of a label are one; the long s and the Kelvin sign are other letters.
        assert!(is("ufficio@città.it", "ufficio@xn--citt-3na.it"));
        assert!(is("ufficio@CITTÀ.it", "ufficio@xn--citt-3na.it"));
        assert!(is("ufficio@XN--CITT-3NA.it", "ufficio@xn--citt-3na.it"));
        assert!(!is("ufficio@citta\u{300}.it", "ufficio@xn--citt-3na.it"));
        assert!(!is("ufficio@cittá.it", "ufficio@xn--citt-3na.it"));
        assert!(!is("uffi\u{17f}io@pec.it", "uffisio@pec.it"));
        assert!(!is("kilo@pe\u{212a}.it", "kilo@pek.it"));
    }
}
